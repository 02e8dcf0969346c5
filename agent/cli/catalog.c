/*
 * `portcullis catalog`: packs on disk come in; lists, one product, differences and single requirements go to standard
 * output, as tables or JSON. `build` makes packs from documents and overlays, `check` validates pack files.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/catalog_print.h"
#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

struct arguments {
	const char *catalog_dir, *own_dir, *yang_dir, *language, *documents, *overlay, *output;
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
	     "  check FILE...           validate pack files; what their overrides change\n"
	     "  build --documents DIR --overlay DIR --output DIR\n"
	     "                          make packs from documents\n\n"
	     "  --catalog-dir DIR       packs (" PORTCULLIS_CATALOG_DIR ")\n"
	     "  --own-catalog-dir DIR   packs and overrides of your own (" PORTCULLIS_OWN_CATALOG_DIR
	     ", if it is there)\n"
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
	if (a->json)
		return json_done(catalog_list_json(catalog));
	catalog_print(catalog);
	return EXIT_OK;
}

static const struct pack *pack_named(const struct catalog *catalog, const char *name, struct error *err)
{
	const struct pack *pack = catalog_find(catalog, name);
	if (pack == NULL)
		(void)error_set(err, ERR_NOT_FOUND, name, "no such product; see portcullis catalog list");
	return pack;
}

static int action_show(const struct arguments *a, const struct catalog *catalog)
{
	struct error err = {0};
	const struct pack *pack = pack_named(catalog, a->word[1], &err);
	if (pack == NULL)
		return cli_fail("catalog", &err);
	if (a->json)
		return json_done(pack_show_json(pack, a->language));
	pack_print(pack, a->language);
	return EXIT_OK;
}

static int load(const struct arguments *a, struct catalog **out, struct error *err)
{
	return catalog_load(
	        a->catalog_dir, catalog_own_dir(a->own_dir, PORTCULLIS_OWN_CATALOG_DIR), a->yang_dir, out, err);
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
	if (load(a, loaded, err) != 0)
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
		diff_print(&diff);
		result = EXIT_OK;
	}
	pack_diff_fini(&diff);
out:
	catalog_free(old_catalog);
	catalog_free(new_catalog);
	return result;
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
	requirement_print(pack, r, a->language);
	return EXIT_OK;
}

static void pack_add(json_t *list, const struct pack *pack)
{
	json_array_append_new(
	        list, json_pack("{sssssssIss}", "file", pack->file, "product", pack->name, "version", pack->version,
	                      "requirements", (json_int_t)pack->n_requirement, "digest", pack->digest));
}

static json_t *counts_json(size_t services, size_t roles, size_t requirements)
{
	return json_pack("{sIsIsI}", "services", (json_int_t)services, "roles", (json_int_t)roles, "requirements",
	        (json_int_t)requirements);
}

static void override_add(json_t *list, const char *file, const struct catalog_override *o)
{
	json_array_append_new(
	        list, json_pack("{sssssoso}", "file", file, "product", o->pack, "added",
	                      counts_json(o->service.added, o->role.added, o->requirement.added), "replaced",
	                      counts_json(o->service.replaced, o->role.replaced, o->requirement.replaced)));
}

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* "2 requirements, 1 role", or "nothing"; the caller frees it. */
static char *counts_text(const json_t *counts)
{
	static const char *const key[] = {"requirements", "roles", "services"};
	struct text t = {0};
	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		long long n = (long long)json_integer_value(json_object_get(counts, key[i]));
		if (n > 0)
			text_addf(&t, "%s%lld %.*s", t.len > 0 ? ", " : "", n, (int)strlen(key[i]) - (n == 1), key[i]);
	}
	if (t.len == 0)
		text_add(&t, "nothing");
	return text_take(&t);
}

static void override_print(const json_t *o)
{
	char *added = counts_text(json_object_get(o, "added")), *replaced = counts_text(json_object_get(o, "replaced"));
	cli_line("%s: changes %s: added %s; replaced %s", member(o, "file"), member(o, "product"), added, replaced);
	free(added);
	free(replaced);
}

/* What a check or a build found, for people or for programs; the lists are released. */
static void packs_print(const struct arguments *a, json_t *packs, json_t *overrides)
{
	json_t *root = json_pack("{so}", "packs", packs), *o;
	size_t i;
	char *text;
	if (overrides != NULL)
		json_object_set_new(root, "overrides", overrides);
	if (a->json) {
		text = json_dumps(root, JSON_INDENT(1));
		cli_json(text != NULL ? text : "{}");
		free(text);
	} else {
		json_array_foreach(packs, i, o) cli_line("%s: %s %s, %lld requirements, digest %s", member(o, "file"),
		        member(o, "product"), member(o, "version"),
		        (long long)json_integer_value(json_object_get(o, "requirements")), member(o, "digest"));
		json_array_foreach(overrides, i, o) override_print(o);
	}
	json_decref(root);
}

static int action_check(const struct arguments *a)
{
	json_t *packs = json_array(), *overrides = json_array();
	const char *own_dir = catalog_own_dir(a->own_dir, PORTCULLIS_OWN_CATALOG_DIR);
	int result = EXIT_OK;
	for (int i = 1; i < a->n; i++) {
		struct catalog_check check;
		struct error err = {0};
		if (catalog_check(a->word[i], a->catalog_dir, own_dir, a->yang_dir, &check, &err) != 0) {
			result = cli_fail("catalog", &err);
			continue;
		}
		for (size_t k = 0; k < check.catalog->n_pack; k++)
			if (strcmp(check.catalog->pack[k].file, a->word[i]) == 0)
				pack_add(packs, &check.catalog->pack[k]);
		for (size_t k = 0; k < check.n_override; k++)
			override_add(overrides, a->word[i], &check.override[k]);
		catalog_check_fini(&check);
	}
	packs_print(a, packs, overrides);
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
	if (catalog_load(a->output, NULL, a->yang_dir, &catalog, &err) != 0)
		return cli_fail("catalog", &err);
	json_t *packs = json_array();
	for (size_t i = 0; i < catalog->n_pack; i++)
		pack_add(packs, &catalog->pack[i]);
	catalog_free(catalog);
	packs_print(a, packs, NULL);
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
	if (load(a, &catalog, &err) != 0)
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
	        {"catalog-dir", required_argument, NULL, 'c'}, {"own-catalog-dir", required_argument, NULL, 'w'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"lang", required_argument, NULL, 'l'},
	        {"documents", required_argument, NULL, 'd'}, {"overlay", required_argument, NULL, 'o'},
	        {"output", required_argument, NULL, 'O'}, {0}};
	int c;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		const char **into = c == 'c'   ? &a->catalog_dir
		                    : c == 'w' ? &a->own_dir
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
