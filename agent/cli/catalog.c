/*
 * `portcullis catalog`: packs on disk come in; lists, one product, differences and single requirements go to standard
 * output, as tables or JSON. `build` makes packs from documents and overlays, `check` validates pack files.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

struct arguments {
	const char *catalog_dir, *yang_dir, *language, *documents, *overlay, *output;
	bool json;
	int n;
	char **word;
};

static void help(void)
{
	puts("Usage: portcullis catalog ACTION [OPTION]...\n\n"
	     "  list                    the products\n"
	     "  show PRODUCT            what one product needs, by role\n"
	     "  diff A B                what product B (or pack file B) needs more, less or otherwise than A\n"
	     "  explain LABEL           one requirement: where it is printed, what was corrected\n"
	     "  check FILE...           validate pack files\n"
	     "  build --documents DIR --overlay DIR --output DIR\n"
	     "                          make packs from documents\n\n"
	     "  --catalog-dir DIR       packs (" PORTCULLIS_CATALOG_DIR ")\n"
	     "  --yang-dir DIR          YANG modules (" PORTCULLIS_YANG_DIR ")\n"
	     "  --lang en|de|pt         language of role names\n"
	     "  --json                  for programs\n"
	     "  --help                  this text\n\n"
	     "Exit codes: 0 done, 3 usage or error (build, check: a file that is refused).");
}

static int json_done(char *text)
{
	cli_json(text);
	free(text);
	return EXIT_OK;
}

static int action_list(const struct arguments *a, const struct catalog *catalog)
{
	static const char *const header[] = {"PRODUCT", "ID", "VERSION", "ROLES", "REQUIREMENTS", "DIGEST", "TITLE"};
	struct cli_table *t;
	if (a->json)
		return json_done(catalog_list_json(catalog));
	t = cli_table_new(7, header);
	for (size_t i = 0; i < catalog->n_pack; i++) {
		const struct pack *p = &catalog->pack[i];
		char id[16], roles[24], requirements[24], digest[13];
		const char *cell[] = {p->name, id, p->version, roles, requirements, digest, p->title};
		snprintf(id, sizeof(id), "%u", p->id);
		snprintf(roles, sizeof(roles), "%zu", p->n_role);
		snprintf(requirements, sizeof(requirements), "%zu", p->n_requirement);
		snprintf(digest, sizeof(digest), "%.12s", p->digest);
		cli_table_row(t, cell);
	}
	cli_table_print(t, stdout);
	return EXIT_OK;
}

static void flow_add(struct text *t, const struct requirement_flow *f)
{
	char buf[16];
	text_addf(t, "%s%s/%s", t->len > 0 ? " " : "", port_range_print(f->ports, buf, sizeof(buf)),
	        proto_name(f->proto));
	if (f->security != SECURITY_NONE)
		text_addf(t, " (%s)", security_name(f->security));
}

static const char *role_text(const struct pack *pack, const char *name, const char *language)
{
	const struct role *role = pack_role_find(pack, name);
	return role != NULL ? role_label(role, language) : name;
}

static void requirement_row(
        struct cli_table *t, const struct pack *pack, const struct requirement *r, const char *language)
{
	struct text ports = {0}, from = {0}, marks = {0};
	for (size_t i = 0; i < r->n_flow; i++)
		flow_add(&ports, &r->flow[i]);
	for (size_t i = 0; i < r->n_initiator; i++)
		text_addf(&from, "%s%s%s", i > 0 ? "; " : "", role_text(pack, r->initiator[i].role, language),
		        r->initiator[i].basis == BASIS_INFERRED ? " (?)" : "");
	text_addf(&marks, "%s%s%s", r->optional ? "o" : "", r->n_erratum > 0 ? "c" : "",
	        requirement_is_advisory(r) ? "a" : "");
	const char *cell[] = {text_str(&ports), requirement_class_name(r->class), reach_name(r->reach),
	        text_str(&marks), r->label, text_str(&from)};
	cli_table_row(t, cell);
	text_fini(&ports);
	text_fini(&from);
	text_fini(&marks);
}

static int listener_cmp(const void *a, const void *b)
{
	const struct requirement *x = *(const struct requirement *const *)a, *y = *(const struct requirement *const *)b;
	int order = strcmp(x->listener, y->listener);
	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

static const struct pack *pack_named(const struct catalog *catalog, const char *name, struct error *err)
{
	const struct pack *pack = catalog_find(catalog, name);
	if (pack == NULL)
		(void)error_set(err, ERR_NOT_FOUND, name, "no such product; see portcullis catalog list");
	return pack;
}

/* One table per listener: the requirements from `first` on that have the same one. @return the index after them. */
static size_t listener_print(
        const struct pack *pack, const struct requirement *const *order, size_t first, const char *language)
{
	static const char *const header[] = {"PORTS", "CLASS", "REACH", "", "LABEL", "FROM"};
	struct cli_table *t = cli_table_new(6, header);
	const char *listener = order[first]->listener;
	size_t i = first;
	putchar('\n');
	cli_line("%s (%s)", role_text(pack, listener, language), listener);
	for (; i < pack->n_requirement && strcmp(order[i]->listener, listener) == 0; i++)
		requirement_row(t, pack, order[i], language);
	cli_table_print(t, stdout);
	return i;
}

static int action_show(const struct arguments *a, const struct catalog *catalog)
{
	struct error err = {0};
	const struct pack *pack = pack_named(catalog, a->word[1], &err);
	const struct requirement **order;
	if (pack == NULL)
		return cli_fail("catalog", &err);
	if (a->json)
		return json_done(pack_show_json(pack, a->language));
	order = xcalloc(pack->n_requirement + 1, sizeof(*order));
	for (size_t i = 0; i < pack->n_requirement; i++)
		order[i] = &pack->requirement[i];
	qsort(order, pack->n_requirement, sizeof(*order), listener_cmp);
	cli_line("%s (%s), version %s, digest %.12s", pack->title, pack->name, pack->version, pack->digest);
	puts("(?) concluded, not printed in a document; o optional, c corrected, a advisory");
	for (size_t i = 0; i < pack->n_requirement;)
		i = listener_print(pack, order, i, a->language);
	if (pack->n_ipsec > 0)
		putchar('\n');
	for (size_t i = 0; i < pack->n_ipsec; i++)
		cli_line("IPsec exemption %s: %s > %s", pack->ipsec[i].name, pack->ipsec[i].source,
		        pack->ipsec[i].destination);
	free(order);
	return EXIT_OK;
}

static void changes_print(const char *title, const struct pack_change *change, size_t n)
{
	printf("%s %zu\n", title, n);
	for (size_t i = 0; i < n; i++) {
		char buf[16];
		bool both = change[i].before != NULL;
		cli_line("  %s %s/%s%s%s%s%s", change[i].role, port_range_print(change[i].ports, buf, sizeof(buf)),
		        proto_name(change[i].proto), both ? "  " : "", both ? change[i].before : "", both ? " > " : "",
		        both ? change[i].after : "");
	}
}

/* A product of the catalog, or a pack file: another version of a pack is not in the catalog. */
static const struct pack *pack_or_file(
        const struct arguments *a, const char *name, struct catalog **loaded, struct error *err)
{
	const struct pack *pack;
	bool is_file = strchr(name, '/') != NULL || strstr(name, ".json") != NULL;
	if (is_file) {
		if (catalog_load_file(name, a->yang_dir, loaded, err) != 0)
			return NULL;
		return (*loaded)->pack;
	}
	if (catalog_load(a->catalog_dir, a->yang_dir, loaded, err) != 0)
		return NULL;
	pack = pack_named(*loaded, name, err);
	return pack;
}

static int action_diff(const struct arguments *a)
{
	struct catalog *old_catalog = NULL, *new_catalog = NULL;
	const struct pack *old, *new;
	struct pack_diff diff;
	struct error err = {0};
	int result;
	if ((old = pack_or_file(a, a->word[1], &old_catalog, &err)) == NULL ||
	        (new = pack_or_file(a, a->word[2], &new_catalog, &err)) == NULL) {
		result = cli_fail("catalog", &err);
		goto out;
	}
	pack_diff_build(old, new, &diff);
	if (a->json) {
		result = json_done(pack_diff_json(&diff));
	} else {
		changes_print("added", diff.added, diff.n_added);
		changes_print("removed", diff.removed, diff.n_removed);
		changes_print("changed", diff.changed, diff.n_changed);
		for (size_t i = 0; i < diff.n_not_compared; i++)
			cli_line("not compared %s: one of the products leaves its ports to other pages",
			        diff.not_compared[i]);
		result = EXIT_OK;
	}
	pack_diff_fini(&diff);
out:
	catalog_free(old_catalog);
	catalog_free(new_catalog);
	return result;
}

static void explain_print(const struct pack *pack, const struct requirement *r, const char *language)
{
	static const char *const header[] = {"DOCUMENT", "TABLE", "ROW", "LINE", "ROLE", "PORT", "PROTOCOL"};
	struct text ports = {0};
	struct cli_table *t;
	for (size_t i = 0; i < r->n_flow; i++)
		flow_add(&ports, &r->flow[i]);
	cli_line("%s", r->label);
	cli_line("%s", r->purpose);
	putchar('\n');
	cli_line("listener   %s", role_text(pack, r->listener, language));
	cli_line("ports      %s", text_str(&ports));
	cli_line("class      %s, reach %s, interface %s, load balancer %s%s", requirement_class_name(r->class),
	        reach_name(r->reach), requirement_interface_name(r->interface), lb_need_name(r->lb_need),
	        r->optional ? ", optional" : "");
	text_fini(&ports);
	for (size_t i = 0; i < r->n_initiator; i++)
		cli_line("from       %s (%s)", role_text(pack, r->initiator[i].role, language),
		        basis_name(r->initiator[i].basis));
	for (size_t i = 0; i < r->n_erratum; i++)
		cli_line("corrected  %s: printed \"%s\", holds \"%s\" (confidence %s): %s", r->erratum[i].field,
		        r->erratum[i].as_printed, r->erratum[i].effective, confidence_name(r->erratum[i].confidence),
		        r->erratum[i].why);
	putchar('\n');
	t = cli_table_new(7, header);
	for (size_t i = 0; i < r->n_provenance; i++) {
		const struct provenance *p = &r->provenance[i];
		char row[16], line[16];
		const char *cell[] = {p->document, p->table, row, line, p->role, p->port, p->protocol};
		snprintf(row, sizeof(row), "%u", p->row);
		snprintf(line, sizeof(line), "%u", p->line);
		cli_table_row(t, cell);
	}
	cli_table_print(t, stdout);
}

static int action_explain(const struct arguments *a, const struct catalog *catalog)
{
	const struct pack *pack = NULL;
	const struct requirement *r = catalog_requirement_by_label(catalog, a->word[1], &pack);
	struct error err = {0};
	if (r == NULL) {
		(void)error_set(
		        &err, ERR_NOT_FOUND, a->word[1], "no requirement has this label; see portcullis catalog show");
		return cli_fail("catalog", &err);
	}
	if (a->json)
		return json_done(requirement_explain_json(pack, r, a->language));
	explain_print(pack, r, a->language);
	return EXIT_OK;
}

static void pack_add(json_t *list, const struct pack *pack)
{
	json_array_append_new(
	        list, json_pack("{sssssssIss}", "file", pack->file, "product", pack->name, "version", pack->version,
	                      "requirements", (json_int_t)pack->n_requirement, "digest", pack->digest));
}

/* The packs of a check or a build, for people or for programs; the list is released. */
static void packs_print(const struct arguments *a, json_t *packs)
{
	size_t i;
	json_t *p;
	json_array_foreach(packs, i, p)
	{
		if (!a->json)
			cli_line("%s: %s %s, %lld requirements, digest %s",
			        json_string_value(json_object_get(p, "file")),
			        json_string_value(json_object_get(p, "product")),
			        json_string_value(json_object_get(p, "version")),
			        (long long)json_integer_value(json_object_get(p, "requirements")),
			        json_string_value(json_object_get(p, "digest")));
	}
	json_t *root = json_pack("{so}", "packs", packs);
	char *text = a->json ? json_dumps(root, JSON_INDENT(1)) : NULL;
	if (text != NULL)
		cli_json(text);
	free(text);
	json_decref(root);
}

static int action_check(const struct arguments *a)
{
	json_t *packs = json_array();
	int result = EXIT_OK;
	for (int i = 1; i < a->n; i++) {
		struct catalog *catalog;
		struct error err = {0};
		if (catalog_load_file(a->word[i], a->yang_dir, &catalog, &err) != 0) {
			result = cli_fail("catalog", &err);
			continue;
		}
		for (size_t k = 0; k < catalog->n_pack; k++)
			pack_add(packs, &catalog->pack[k]);
		catalog_free(catalog);
	}
	packs_print(a, packs);
	return result;
}

static int action_build(const struct arguments *a)
{
	struct catalog *catalog;
	struct error err = {0};
	if (a->documents == NULL || a->overlay == NULL || a->output == NULL)
		return cli_usage("catalog", "build needs --documents, --overlay and --output");
	if (catalog_build(a->documents, a->overlay, a->output, &err) != 0)
		return cli_fail("catalog", &err);
	/* What the overlay says has not met the model yet. */
	if (catalog_load(a->output, a->yang_dir, &catalog, &err) != 0)
		return cli_fail("catalog", &err);
	json_t *packs = json_array();
	for (size_t i = 0; i < catalog->n_pack; i++)
		pack_add(packs, &catalog->pack[i]);
	catalog_free(catalog);
	packs_print(a, packs);
	return EXIT_OK;
}

static const struct action {
	const char *name;
	int least, most;
	int (*run)(const struct arguments *a);
	int (*run_on)(const struct arguments *a, const struct catalog *catalog);
} actions[] = {
        {"list", 1, 1, NULL, action_list},
        {"show", 2, 2, NULL, action_show},
        {"explain", 2, 2, NULL, action_explain},
        {"diff", 3, 3, action_diff, NULL},
        {"check", 2, 10000, action_check, NULL},
        {"build", 1, 1, action_build, NULL},
};

static int action_run(const struct arguments *a, const struct action *action)
{
	struct catalog *catalog;
	struct error err = {0};
	int result;
	if (a->n < action->least || a->n > action->most)
		return cli_usage("catalog", "%s takes %s%d argument%s", action->name,
		        action->most > action->least ? "at least " : "", action->least - 1,
		        action->least == 2 ? "" : "s");
	if (action->run != NULL)
		return action->run(a);
	if (catalog_load(a->catalog_dir, a->yang_dir, &catalog, &err) != 0)
		return cli_fail("catalog", &err);
	result = action->run_on(a, catalog);
	catalog_free(catalog);
	return result;
}

static bool is_language(const char *name)
{
	return strcmp(name, "en") == 0 || strcmp(name, "de") == 0 || strcmp(name, "pt") == 0;
}

/* @return -1 to go on, else an exit code. */
static int arguments_read(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'},
	        {"catalog-dir", required_argument, NULL, 'c'}, {"yang-dir", required_argument, NULL, 'y'},
	        {"lang", required_argument, NULL, 'l'}, {"documents", required_argument, NULL, 'd'},
	        {"overlay", required_argument, NULL, 'o'}, {"output", required_argument, NULL, 'O'}, {0}};
	int c;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		const char **into = c == 'c'   ? &a->catalog_dir
		                    : c == 'y' ? &a->yang_dir
		                    : c == 'l' ? &a->language
		                    : c == 'd' ? &a->documents
		                    : c == 'o' ? &a->overlay
		                    : c == 'O' ? &a->output
		                               : NULL;
		if (c == 'h') {
			help();
			return EXIT_OK;
		}
		if (c == 'j')
			a->json = true;
		else if (into != NULL)
			*into = optarg;
		else
			return cli_option_fault("catalog", c, argc, argv);
	}
	if (!is_language(a->language))
		return cli_usage("catalog", "'%s' is no language of role names: en, de or pt", a->language);
	a->n = argc - optind;
	a->word = argv + optind;
	return -1;
}

int verb_catalog(int argc, char **argv)
{
	struct arguments a = {.catalog_dir = PORTCULLIS_CATALOG_DIR, .yang_dir = PORTCULLIS_YANG_DIR, .language = "en"};
	int result = arguments_read(argc, argv, &a);
	if (result >= 0)
		return result;
	if (a.n == 0)
		return cli_usage("catalog", "name an action: list, show, diff, explain, check or build");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].name, a.word[0]) == 0)
			return action_run(&a, &actions[i]);
	return cli_usage("catalog", "%s is not an action: list, show, diff, explain, check or build", a.word[0]);
}
