/*
 * `portcullis deployment`: `init` writes a deployment of a product to fill in, `check` reviews one. Packs, a deployment
 * file and what `ip` prints come in; JSON instance data, or remarks with place and remedy, go out. Needs no daemon.
 */
#include "cli/deployment.h"
#include "cli/live.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/compile.h"
#include "portcullis/config.h"
#include "portcullis/review.h"
#include "portcullis/text.h"

static const char help[] =
        "Usage: portcullis deployment init PRODUCT [OPTION]...\n"
        "       portcullis deployment check FILE [OPTION]...\n"
        "\n"
        "  init PRODUCT        write a deployment of the product to fill in: a group per role that its requirements\n"
        "                      need, zones, the ranges to decide, the roles taken to be absent\n"
        "  check FILE          review a deployment (instance data of portcullis.yang, JSON): what is wrong, what is\n"
        "                      open, what ends soon, and how many flows follow\n"
        "\n"
        "  --output FILE       init: a new file, not standard output\n"
        "  --network FILE      check: addresses, routes and routing policy: {\"addr\": `ip -d -j addr`, \"route\":\n"
        "                      `ip -4 -j route show table all`, \"route6\": the same with -6, \"rule\": `ip -j rule`,\n"
        "                      \"rule6\": `ip -j -6 rule`}; without it zones decide\n"
        "  --catalog-dir DIR   catalog packs (default " PORTCULLIS_CATALOG_DIR ")\n"
        "  --own-catalog-dir DIR\n"
        "                      packs of your own (default " PORTCULLIS_OWN_CATALOG_DIR ", if it is there)\n"
        "  --yang-dir DIR      YANG modules (default " PORTCULLIS_YANG_DIR ")\n"
        "  --json              for programs\n"
        "  --help              this text\n"
        "\n"
        "Exit codes: 0 done, nothing to say but notes, 1 warnings, 3 errors, of the deployment or of usage.\n";

struct request {
	const char *output, *network, *catalog_dir, *own_dir, *yang_dir;
	bool json;
	int n;
	char **word;
};

struct work {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *site;
	struct network network;
	struct flows flows;
	struct review review;
};

static void work_fini(struct work *w)
{
	review_fini(&w->review);
	flows_fini(&w->flows);
	network_fini(&w->network);
	site_free(w->site);
	config_context_free(w->ctx);
	catalog_free(w->catalog);
}

static int load_catalog(const struct request *r, struct catalog **out, struct error *err)
{
	return catalog_load(
	        r->catalog_dir, catalog_own_dir(r->own_dir, PORTCULLIS_OWN_CATALOG_DIR), r->yang_dir, out, err);
}

/* init */

/* What was there is not overwritten: it may be a day's work. */
static int write_new(const char *path, const char *text, struct error *err)
{
	if (access(path, F_OK) == 0)
		return error_set(err, ERR_EXISTS, path, "there is a file already; remove it or choose another name");
	return file_replace(path, text, strlen(text), err);
}

static void tell_what_to_replace(const struct pack *pack, const char *output)
{
	cli_warn("deployment: %s for %s: every address is a placeholder of RFC 5737 or RFC 3849, every interface a "
	         "guess",
	        output != NULL ? output : "a skeleton", pack->name);
	cli_warn("deployment: put your own there, remove groups that the site does not have and add their roles to "
	         "role-absent, then run `portcullis deployment check`");
}

static int init(const struct request *r, struct work *w, struct error *err)
{
	if (load_catalog(r, &w->catalog, err) != 0)
		return -1;
	const struct pack *pack = catalog_find(w->catalog, r->word[1]);
	if (pack == NULL)
		return error_set(err, ERR_NOT_FOUND, r->word[1], "no such product; see portcullis catalog list");
	json_t *root = skeleton_build(pack);
	char *json = json_dumps(root, JSON_INDENT(2)), *text = xasprintf("%s\n", json);
	json_decref(root);
	free(json);
	int result = 0;
	if (r->output != NULL)
		result = write_new(r->output, text, err);
	else
		fputs(text, stdout);
	free(text);
	if (result == 0 && !r->json)
		tell_what_to_replace(pack, r->output);
	return result;
}

/* check */

/* What the kernel is to have: under observe it would only be refused later. */
static void review_table(struct work *w)
{
	const struct compile_input in = {w->site, &w->flows, w->catalog};
	bool enforce = w->site->firewall.mode == FIREWALL_ENFORCE;
	struct own_table *table = NULL;
	struct error err = {0};
	if (compile(&in, &table, &err) != 0)
		review_add(&w->review, enforce ? REMARK_ERROR : REMARK_NOTE, "compile", err.where, "%s%s",
		        enforce ? "" : "under mode enforce this would be refused: ", err.text);
	own_table_free(table);
}

/* @return false when there are no flows to count. */
static bool review(const struct request *r, struct work *w)
{
	int64_t now = clock_wall_s();
	struct error err = {0};
	if (config_site_read(w->ctx, r->word[1], &w->site, &err) != 0)
		review_error(&w->review, "file", &err);
	else if (site_check(w->site, w->catalog, &err) != 0)
		review_error(&w->review, "site", &err);
	else if (flows_derive(w->site, w->catalog, &w->network, now, &w->flows, &err) != 0)
		review_error(&w->review, "flows", &err);
	if (err.code != ERR_NONE)
		return false;
	review_site(w->site, w->catalog, &w->network, &w->flows, now, &w->review);
	review_table(w);
	return true;
}

#define STATES (FLOW_NO_COMMON_FAMILY + 1)
#define CLASSES (CLASS_MANAGEMENT + 1)

struct counts {
	size_t state[STATES], class[CLASSES], advisory;
};

static const char *const state_names[STATES] = {
        "to_check", "waived", "unbound", "not_transit", "needs_range", "no_common_family"};

static void count(const struct flows *flows, const char *deployment, struct counts *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *f = &flows->flow[i];
		if (deployment != NULL && strcmp(f->deployment, deployment) != 0)
			continue;
		out->state[f->state]++;
		out->class[f->requirement->class]++;
		out->advisory += f->advisory;
	}
}

static json_t *json_counts(const struct counts *c)
{
	json_t *o = json_object(), *classes = json_object();
	json_int_t all = 0;
	for (int i = 0; i < STATES; i++)
		all += (json_int_t)c->state[i];
	json_object_set_new(o, "flows", json_integer(all));
	for (int i = 0; i < STATES; i++)
		json_object_set_new(o, state_names[i], json_integer((json_int_t)c->state[i]));
	json_object_set_new(o, "advisory", json_integer((json_int_t)c->advisory));
	for (int i = 0; i < CLASSES; i++)
		json_object_set_new(classes, requirement_class_name((enum requirement_class)i),
		        json_integer((json_int_t)c->class[i]));
	json_object_set_new(o, "classes", classes);
	return o;
}

static json_t *json_deployments(const struct work *w)
{
	json_t *list = json_array();
	for (size_t i = 0; i < w->site->n_deployment; i++) {
		const struct deployment *d = &w->site->deployment[i];
		struct counts c;
		count(&w->flows, d->name, &c);
		json_t *o = json_counts(&c);
		json_object_set_new(o, "name", json_string(d->name));
		json_object_set_new(o, "product", json_string(d->product));
		json_array_append_new(list, o);
	}
	return list;
}

static void print_json(const struct work *w, bool has_flows)
{
	static const char *const keys[] = {"notes", "warnings", "errors"};
	json_int_t number[] = {0, 0, 0};
	json_t *remarks = json_array(), *root = json_object();
	for (size_t i = 0; i < w->review.n; i++) {
		const struct remark *m = &w->review.remark[i];
		number[m->level]++;
		json_t *o = json_pack("{ssss}", "level", remark_level_name(m->level), "kind", m->kind);
		/* A file can name itself and its values with any bytes; JSON is UTF-8. */
		json_t *where = json_string(m->where), *text = json_string(m->text);
		json_object_set_new(o, "where", where != NULL ? where : json_string("?"));
		json_object_set_new(o, "text", text != NULL ? text : json_string("?"));
		json_array_append_new(remarks, o);
	}
	for (int i = REMARK_ERROR; i >= REMARK_NOTE; i--)
		json_object_set_new(root, keys[i], json_integer(number[i]));
	struct counts c;
	count(&w->flows, NULL, &c);
	json_object_set_new(root, "remarks", remarks);
	json_object_set_new(root, "summary", has_flows ? json_counts(&c) : json_null());
	json_object_set_new(root, "deployments", has_flows ? json_deployments(w) : json_array());
	char *text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	cli_json(text);
	free(text);
}

static void print_counts(const char *name, const struct counts *c)
{
	struct text t = {0};
	for (int i = 0; i < STATES; i++) {
		char *label = xstrdup(state_names[i]);
		for (char *p = label; (p = strchr(p, '_')) != NULL;)
			*p = ' ';
		if (c->state[i] > 0)
			text_addf(&t, "%s%s %zu", t.len > 0 ? ", " : "", label, c->state[i]);
		free(label);
	}
	text_addf(&t, "%s", t.len > 0 ? "; " : "no flows");
	for (int i = 0; i < CLASSES; i++)
		if (c->class[i] > 0)
			text_addf(&t, "%s %zu, ", requirement_class_name((enum requirement_class)i), c->class[i]);
	text_addf(&t, "advisory %zu", c->advisory);
	cli_line("%s: %s", name, text_str(&t));
	text_fini(&t);
}

static void print_people(const struct work *w, bool has_flows)
{
	for (size_t i = 0; i < w->review.n; i++) {
		const struct remark *m = &w->review.remark[i];
		cli_line("%s: %s%s%s", remark_level_name(m->level), m->where, m->where[0] != '\0' ? ": " : "", m->text);
	}
	for (size_t i = 0; has_flows && i < w->site->n_deployment; i++) {
		struct counts c;
		count(&w->flows, w->site->deployment[i].name, &c);
		print_counts(w->site->deployment[i].name, &c);
	}
}

static int check(const struct request *r, struct work *w, struct error *err)
{
	enum remark_level worst;
	if (load_catalog(r, &w->catalog, err) != 0 || config_context_new(r->yang_dir, &w->ctx, err) != 0 ||
	        (r->network != NULL && network_file(r->network, &w->network, err) != 0))
		return -1;
	bool has_flows = review(r, w);
	(void)review_finish(&w->review, &worst);
	if (r->json)
		print_json(w, has_flows);
	else
		print_people(w, has_flows);
	return worst == REMARK_ERROR ? EXIT_ERROR : worst == REMARK_WARNING ? EXIT_NOT_CONFORMANT : EXIT_OK;
}

static int parse(int argc, char **argv, struct request *r)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
	        {"network", required_argument, NULL, 'n'}, {"catalog-dir", required_argument, NULL, 'c'},
	        {"own-catalog-dir", required_argument, NULL, 'w'}, {"yang-dir", required_argument, NULL, 'y'},
	        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	*r = (struct request){.catalog_dir = PORTCULLIS_CATALOG_DIR, .yang_dir = PORTCULLIS_YANG_DIR};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
		if (c == 'o')
			r->output = optarg;
		else if (c == 'n')
			r->network = optarg;
		else if (c == 'c')
			r->catalog_dir = optarg;
		else if (c == 'w')
			r->own_dir = optarg;
		else if (c == 'y')
			r->yang_dir = optarg;
		else if (c == 'j')
			r->json = true;
		else if (c == 'h')
			return fputs(help, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
		else
			return cli_option_fault("deployment", c, argc, argv);
	}
	r->n = argc - optind;
	r->word = argv + optind;
	return -1;
}

static int usage_of(const struct request *r)
{
	bool is_init = r->n > 0 && strcmp(r->word[0], "init") == 0;
	if (r->n == 0)
		return cli_usage("deployment", "name an action: init or check");
	if (!is_init && strcmp(r->word[0], "check") != 0)
		return cli_usage("deployment", "%s is not an action: init or check", r->word[0]);
	if (r->n != 2)
		return cli_usage("deployment", "%s takes one %s", r->word[0], is_init ? "product" : "file");
	if (is_init ? r->network != NULL : r->output != NULL)
		return cli_usage("deployment", "%s is not for %s", is_init ? "--network" : "--output", r->word[0]);
	return -1;
}

int verb_deployment(int argc, char **argv)
{
	struct request r;
	struct work w = {0};
	struct error err = {0};

	int code = parse(argc, argv, &r);
	if (code >= 0 || (code = usage_of(&r)) >= 0)
		return code;
	code = strcmp(r.word[0], "init") == 0 ? init(&r, &w, &err) : check(&r, &w, &err);
	if (code < 0)
		code = cli_fail("deployment", &err);
	work_fini(&w);
	return code;
}
