/*
 * `portcullis import`: documents on the command line come in, their rows go to standard output as tables or JSON. A file
 * that cannot be read is told on standard error and the others are still read; what was not understood gives exit code 1.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

#define CELL_SHOWN ((size_t)100)

static void help(void)
{
	puts("Usage: portcullis import [OPTION]... FILE...\n\n"
	     "Read documents (Markdown, HTML, plain text) that list ports, and show every row as it was understood. "
	     "Names in\n"
	     "a language that is not known are understood through an edition of the same article that the catalog "
	     "knows.\n\n"
	     "  --catalog-dir DIR      packs (" PORTCULLIS_CATALOG_DIR ")\n"
	     "  --own-catalog-dir DIR  packs of your own (" PORTCULLIS_OWN_CATALOG_DIR ")\n"
	     "  --yang-dir DIR         YANG modules (" PORTCULLIS_YANG_DIR ")\n"
	     "  --json                 for programs\n"
	     "  --help                 this text\n\n"
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

static void alignment_print(const struct import *import)
{
	if (import->aligned_with == NULL)
		return;
	putchar('\n');
	cli_line("understood by the place that it has in %s:", import->aligned_with);
	for (size_t i = 0; i < import->n_aligned; i++)
		cli_line("  line %u: %s \"%s\" is %s", import->aligned[i].line,
		        import_field_name(import->aligned[i].field), import->aligned[i].text,
		        import->aligned[i].meaning);
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
	alignment_print(import);
	for (size_t i = 0; i < import->n_problem; i++)
		problem_print(doc->file, &import->problem[i]);
	putchar('\n');
}

struct arguments {
	const char *catalog_dir, *own_dir, *yang_dir;
	bool json, catalog_named;
};

/* @return -1 to go on, else an exit code. */
static int arguments_read(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'},
	        {"catalog-dir", required_argument, NULL, 'c'}, {"yang-dir", required_argument, NULL, 'y'},
	        {"own-catalog-dir", required_argument, NULL, 'w'}, {0}};
	int c;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h') {
			help();
			return EXIT_OK;
		}
		if (c == 'j')
			a->json = true;
		else if (c == 'y')
			a->yang_dir = optarg;
		else if (c == 'w') {
			a->own_dir = optarg;
			a->catalog_named = true;
		} else if (c == 'c') {
			a->catalog_dir = optarg;
			a->catalog_named = true;
		} else
			return cli_option_fault("import", c, argc, argv);
	}
	return optind < argc ? -1 : cli_usage("import", "name at least one document");
}

/* Documents with unknown names are held against the catalog, which is loaded only for them. */
static int align(const struct arguments *a, struct import *import, size_t n)
{
	struct import_known *known;
	struct catalog *catalog;
	struct error err = {0};
	bool wanted = a->catalog_named;
	for (size_t i = 0; i < n; i++)
		wanted = wanted || import_is_alignable(&import[i]);
	if (!wanted)
		return EXIT_OK;
	if (catalog_load(a->catalog_dir, catalog_own_dir(a->own_dir, PORTCULLIS_OWN_CATALOG_DIR), a->yang_dir, &catalog,
	            &err) != 0) {
		if (a->catalog_named)
			return cli_fail("import", &err);
		cli_warn("import: no catalog to compare with (%s: %s)", err.where, err.text);
		return EXIT_OK;
	}
	known = import_known_new();
	import_known_add_catalog(known, catalog);
	for (size_t i = 0; i < n; i++)
		(void)import_align(&import[i], known);
	import_known_free(known);
	catalog_free(catalog);
	return EXIT_OK;
}

int verb_import(int argc, char **argv)
{
	struct arguments a = {.catalog_dir = PORTCULLIS_CATALOG_DIR, .yang_dir = PORTCULLIS_YANG_DIR};
	struct import *import;
	size_t n = 0, problems = 0;
	bool failed = false;
	int result = arguments_read(argc, argv, &a);
	if (result >= 0)
		return result;
	import = xcalloc((size_t)(argc - optind), sizeof(*import));
	for (int i = optind; i < argc; i++) {
		struct document doc;
		struct error err = {0};
		if (document_read(argv[i], &doc, &err) != 0)
			failed = cli_fail("import", &err) != EXIT_OK;
		else
			import_build(&doc, &import[n++]);
	}
	failed = align(&a, import, n) != EXIT_OK || failed;
	for (size_t i = 0; i < n; i++) {
		problems += import[i].n_problem;
		if (!a.json)
			import_print(&import[i]);
	}
	if (a.json) {
		char *text = import_json(import, n);
		cli_json(text);
		free(text);
	}
	for (size_t i = 0; i < n; i++)
		import_fini(&import[i]);
	free(import);
	return failed ? EXIT_ERROR : problems > 0 ? EXIT_NOT_CONFORMANT : EXIT_OK;
}
