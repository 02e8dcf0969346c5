/*
 * `portcullis import`: documents on the command line come in, their rows go to standard output as tables or JSON. A file
 * that cannot be read is told on standard error and the others are still read; what was not understood gives exit code 1.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

#define CELL_SHOWN ((size_t)100)

static void help(void)
{
	puts("Usage: portcullis import FILE... [--json]\n\n"
	     "Read documents (Markdown, HTML, plain text) that list ports, and show every row as it was understood.\n"
	     "  --json   for programs\n"
	     "  --help   this text\n\n"
	     "Exit codes: 0 done, 1 some cells were not understood, 3 usage or error.");
}

static char *ports_text(const struct ports *ports)
{
	struct text t = {0};
	char buf[16];
	for (size_t i = 0; i < ports->n; i++)
		text_addf(&t, "%s%s", i > 0 ? "," : "", port_range_print(ports->range[i], buf, sizeof(buf)));
	return text_take(&t);
}

static char *security_text(const struct protocol *p)
{
	struct text t = {0};
	for (size_t i = 0; i < p->n_security; i++)
		text_addf(&t, "%s%s", i > 0 ? "," : "", import_security_name(p->security[i]));
	return text_take(&t);
}

static const char *transports_text(const struct protocol *p)
{
	return p->tcp ? (p->udp ? "tcp,udp" : "tcp") : p->udp ? "udp" : "";
}

static void port_row_print(struct cli_table *t, const struct import_row *row)
{
	char number[16], line[16], *ports = ports_text(&row->ports), *security = security_text(&row->means);
	const char *cell[] = {number, line, row->role_id, row->service_id, ports, transports_text(&row->means),
	        security, row->protocol};
	snprintf(number, sizeof(number), "%u", row->row);
	snprintf(line, sizeof(line), "%u", row->line);
	cli_table_row(t, cell);
	free(ports);
	free(security);
}

static void ipsec_row_print(struct cli_table *t, const struct import_row *row)
{
	char number[16], line[16];
	const char *cell[] = {number, line, row->role_id, row->source_id, row->destination_id,
	        transports_text(&row->means), row->source_port_id, row->destination_port_id, row->action};
	snprintf(number, sizeof(number), "%u", row->row);
	snprintf(line, sizeof(line), "%u", row->line);
	cli_table_row(t, cell);
}

static void table_print(const struct import_table *table)
{
	static const char *const ports[] = {
	        "ROW", "LINE", "ROLE", "SERVICE", "PORTS", "TRANSPORT", "SECURITY", "AS PRINTED"};
	static const char *const ipsec[] = {"ROW", "LINE", "RULE", "SOURCE", "DESTINATION", "TRANSPORT", "SOURCE PORT",
	        "DESTINATION PORT", "ACTION"};
	bool is_ipsec = table->kind == IMPORT_IPSEC_EXCEPTIONS;
	struct cli_table *t = is_ipsec ? cli_table_new(9, ipsec) : cli_table_new(8, ports);
	putchar('\n');
	cli_line("%s: %s (%zu rows)", import_kind_name(table->kind), table->caption, table->n_row);
	for (size_t i = 0; i < table->n_row; i++) {
		if (is_ipsec)
			ipsec_row_print(t, &table->row[i]);
		else
			port_row_print(t, &table->row[i]);
	}
	cli_table_print(t, stdout);
}

/* The beginning of the cell is enough to find it, cut between characters. */
static void problem_print(const char *file, const struct import_problem *p)
{
	size_t n = strlen(p->cell) > CELL_SHOWN ? CELL_SHOWN : strlen(p->cell);
	while (n > 0 && ((unsigned char)p->cell[n] & 0xc0) == 0x80)
		n--;
	cli_warn("import: %s:%u: %s: \"%.*s\"", file, p->line, p->reason, (int)n, p->cell);
}

static void import_print(const struct import *import)
{
	const struct document *doc = &import->document;
	cli_line("%s: %s, \"%s\", language %s, product %s", doc->file, document_kind_name(doc->kind), doc->title,
	        doc->language[0] != '\0' ? doc->language : "unknown",
	        import->product != NULL ? import->product : "unknown");
	for (size_t i = 0; i < import->n_table; i++)
		table_print(&import->table[i]);
	if (import->n_table == 0)
		puts("no port table");
	if (doc->n_reference > 0)
		puts("\nrefers to:");
	for (size_t i = 0; i < doc->n_reference; i++)
		cli_line("  %s (%s)", doc->reference[i].title, doc->reference[i].target);
	for (size_t i = 0; i < import->n_problem; i++)
		problem_print(doc->file, &import->problem[i]);
	putchar('\n');
}

int verb_import(int argc, char **argv)
{
	static const struct option options[] = {
	        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct import *import;
	size_t n = 0, problems = 0;
	bool json = false, failed = false;
	int c;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h') {
			help();
			return EXIT_OK;
		}
		if (c != 'j')
			return cli_option_fault("import", c, argc, argv);
		json = true;
	}
	if (optind >= argc)
		return cli_usage("import", "name at least one document");
	import = xcalloc((size_t)(argc - optind), sizeof(*import));
	for (int i = optind; i < argc; i++) {
		struct document doc;
		struct error err = {0};
		if (document_read(argv[i], &doc, &err) != 0) {
			failed = cli_fail("import", &err) != EXIT_OK;
			continue;
		}
		import_build(&doc, &import[n]);
		problems += import[n++].n_problem;
	}
	for (size_t i = 0; i < n && !json; i++)
		import_print(&import[i]);
	if (json) {
		char *text = import_json(import, n);
		cli_json(text);
		free(text);
	}
	for (size_t i = 0; i < n; i++)
		import_fini(&import[i]);
	free(import);
	return failed ? EXIT_ERROR : problems > 0 ? EXIT_NOT_CONFORMANT : EXIT_OK;
}
