/*
 * `portcullis what-if`: what a configuration or a ruleset would change, from the running daemon, or from files without one.
 * Both answers become the same JSON, and tables for people are printed from that. Its exit code says whether anything breaks.
 */
#include "cli/whatif.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

/* What the daemon takes (portcullis.yang). */
#define RULESET_MAX (16u * 1024 * 1024)

static const char help[] =
        "Usage: portcullis what-if [--candidate | --running] [--ruleset DUMP] [OPTION]...\n"
        "       portcullis what-if --deployment FILE --ruleset DUMP\n"
        "                          (--now-deployment FILE | --now-ruleset DUMP) [OPTION]...\n"
        "What a change would break, repair, open and close, whom it would cut off from management, and which rules\n"
        "would cure what it breaks; from the daemon also which established connections would be lost. Nothing is\n"
        "applied.\n"
        "The first form asks the running daemon, the second compares files.\n"
        "\n"
        "  --candidate         the flows of candidate (default without --ruleset)\n"
        "  --running           the flows of running (default with --ruleset)\n"
        "  --ruleset DUMP      output of `nft -j list ruleset`; '-' reads standard input\n"
        "                      (default: the live ruleset)\n"
        "  --deployment FILE   instance data of portcullis.yang (JSON), as it would be\n"
        "  --now-deployment FILE\n"
        "                      the same as it is now (default: as it would be)\n"
        "  --now-ruleset DUMP  the ruleset as it is now (default: as it would be)\n"
        "  --network FILE      with --deployment: addresses and routes, as for `portcullis verify`\n"
        "  --catalog-dir DIR   with --deployment: catalog packs (default " PORTCULLIS_CATALOG_DIR ")\n"
        "  --own-catalog-dir DIR\n"
        "                      with --deployment: packs and overrides of your own\n"
        "                      (default " PORTCULLIS_OWN_CATALOG_DIR ", if it is there)\n" DAEMON_HELP "\n"
        "Exit codes: 0 nothing breaks, 1 a flow that is not advisory passes now and then not, or somebody would be\n"
        "cut off, 2 cannot tell, 3 usage or error.\n";

/* The daemon's answer */

static json_t *change_json(const xmlNode *r)
{
	json_t *o = json_pack("{sososososo}", "label", json_leaf(r, "label"), "transport", json_leaf(r, "transport"),
	        "ports", json_leaf(r, "ports"), "before", json_leaf(r, "before"), "after", json_leaf(r, "after"));

	json_object_update_new(
	        o, json_pack("{sososososo}", "severity", json_leaf(r, "severity"), "rule", json_rule_of(r), "witness",
	                   json_witness_of(r), "atoms", json_leaves(r, "condition"), "reason", json_leaf(r, "reason")));
	return o;
}

static json_t *flow_json(const xmlNode *r, bool regression)
{
	json_t *o = change_json(r);

	json_object_update_new(o, json_pack("{sosososososo}", "deployment", json_leaf(r, "deployment"), "requirement",
	                                  json_leaf(r, "requirement"), "variant", json_number(r, "variant"), "source",
	                                  json_leaf(r, "initiator"), "destination", json_leaf(r, "listener"), "family",
	                                  json_leaf(r, "family")));
	if (regression) {
		json_object_set_new(o, "advisory", json_boolean(strcmp(node_leaf(r, "advisory"), "true") == 0));
		json_object_set_new(o, "cure", json_leaves(r, "cure"));
		json_object_set_new(o, "cure_more",
		        node_child(r, "cure-more") != NULL ? json_number(r, "cure-more") : json_integer(0));
		json_object_set_new(o, "no_cure", json_leaf(r, "no-cure"));
	}
	return o;
}

static json_t *flows_json(const xmlNode *reply, const char *name)
{
	json_t *list = json_array();

	for (const xmlNode *r = node_child(reply, name); r != NULL; r = node_next(r))
		json_array_append_new(list, flow_json(r, strcmp(name, "regression") == 0));
	return list;
}

static json_t *openings_json(const xmlNode *reply, const char *state)
{
	json_t *list = json_array();

	for (const xmlNode *o = node_child(reply, "opening"); o != NULL; o = node_next(o))
		if (strcmp(node_leaf(o, "state"), state) == 0)
			json_array_append_new(list, json_pack("{sososososbsoso}", "id", json_number(o, "id"), "label",
			                                    json_leaf(o, "label"), "listener", json_leaf(o, "listener"),
			                                    "packets", json_leaf(o, "packets"), "acknowledged",
			                                    strcmp(node_leaf(o, "acknowledged"), "true") == 0, "rule",
			                                    json_rule_of(o), "witness", json_witness_of(o)));
	return list;
}

static json_t *summary_json(const xmlNode *reply)
{
	static const char *const numbers[] = {"flows-now", "flows-then", "regressions", "regressions-advisory",
	        "repairs", "changes", "flows-new", "flows-gone", "openings-new", "openings-closed"};
	const xmlNode *s = node_child(reply, "summary");
	json_t *o = json_pack(
	        "{soso}", "overall_now", json_leaf(s, "overall-now"), "overall_then", json_leaf(s, "overall-then"));

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char *key = xstrdup(numbers[i]), *dash = strchr(key, '-');

		if (dash != NULL)
			*dash = '_';
		json_object_set_new(
		        o, key, node_child(s, numbers[i]) != NULL ? json_number(s, numbers[i]) : json_integer(0));
		free(key);
	}
	return o;
}

/* Whom it would cut off. */
static json_t *management_json(const xmlNode *reply)
{
	const xmlNode *m = node_child(reply, "management");
	json_t *list = json_array();

	if (m == NULL || node_child(m, "reason") != NULL) {
		json_decref(list);
		return m == NULL ? json_null() : json_pack("{so}", "reason", json_leaf(m, "reason"));
	}
	for (const xmlNode *l = node_child(m, "loss"); l != NULL; l = node_next(l))
		json_array_append_new(list, change_json(l));
	return json_pack("{soso}", "lost", json_number(m, "lost"), "losses", list);
}

/* The daemon's alone: files say nothing of connections. */
static json_t *connections_json(const xmlNode *reply)
{
	const xmlNode *c = node_child(reply, "connections");
	json_t *list = json_array();

	if (c == NULL || node_child(c, "reason") != NULL) {
		json_decref(list);
		return c == NULL ? json_null() : json_pack("{so}", "reason", json_leaf(c, "reason"));
	}
	for (const xmlNode *d = node_child(c, "destination"); d != NULL; d = node_next(d))
		json_array_append_new(list,
		        json_pack("{sosososososo}", "transport", json_leaf(d, "transport"), "destination",
		                json_leaf(d, "address"), "port", json_leaf(d, "port"), "lost", json_number(d, "lost"),
		                "example", json_leaf(d, "example"), "rule", json_leaf(d, "rule")));
	return json_pack("{sosososo}", "total", json_number(c, "total"), "lost", json_number(c, "lost"), "cannot_tell",
	        json_number(c, "cannot-tell"), "destinations", list);
}

static char *operation(const struct whatif_request *r, const char *ruleset)
{
	struct text t = {0};

	text_add(&t, "<what-if xmlns=\"urn:portcullis:yang:portcullis\">");
	if (r->candidate || r->running)
		text_addf(&t, "<%s/>", r->candidate ? "candidate" : "running");
	if (ruleset != NULL) {
		text_add(&t, "<ruleset>");
		text_add_xml(&t, ruleset);
		text_add(&t, "</ruleset>");
	}
	text_add(&t, "</what-if>");
	return text_take(&t);
}

static int ask(const struct whatif_request *r, json_t **out, struct error *err)
{
	char *ruleset = NULL, *rpc;
	size_t len;
	xmlDoc *doc;
	const char *path = r->ruleset != NULL && strcmp(r->ruleset, "-") == 0 ? "/dev/stdin" : r->ruleset;

	if (path != NULL && file_read(path, RULESET_MAX, &ruleset, &len, err) != 0)
		return -1;
	rpc = operation(r, ruleset);
	int result = daemon_ask(&r->daemon, rpc, &doc, err);
	free(rpc);
	free(ruleset);
	if (result != 0)
		return -1;
	const xmlNode *reply = xmlDocGetRootElement(doc);
	*out = json_pack("{sosososo}", "reason", json_leaf(reply, "reason"), "summary", summary_json(reply),
	        "regressions", flows_json(reply, "regression"), "repairs", flows_json(reply, "repair"));
	json_object_update_new(*out, json_pack("{sosososo}", "changes", flows_json(reply, "change"), "openings_new",
	                                     openings_json(reply, "new"), "openings_closed",
	                                     openings_json(reply, "closed"), "caveats", json_leaves(reply, "caveat")));
	json_object_set_new(*out, "management", management_json(reply));
	json_object_set_new(*out, "connections", connections_json(reply));
	xmlFreeDoc(doc);
	return 0;
}

/* For people */

static const char *str(const json_t *o, const char *key, const char *otherwise)
{
	const char *value = json_string_value(json_object_get(o, key));

	return value != NULL ? value : otherwise;
}

static long long num(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static char *rule_text(const json_t *row)
{
	const json_t *rule = json_object_get(row, "rule");

	if (!json_is_object(rule))
		return xstrdup(str(row, "reason", ""));
	if (json_object_get(rule, "policy") != NULL)
		return xasprintf("%s %s %s policy %s", str(rule, "family", ""), str(rule, "table", ""),
		        str(rule, "chain", ""), str(rule, "policy", ""));
	return xasprintf("%s %s %s handle %lld: %s", str(rule, "family", ""), str(rule, "table", ""),
	        str(rule, "chain", ""), num(rule, "handle"), str(rule, "text", ""));
}

/* @param advisory  what rows that are advisory are called, where it is another thing than `kind`. */
static void show_changes(struct cli_table *t, const char *kind, const char *advisory, const json_t *list)
{
	const json_t *row;

	for (size_t i = 0; (row = json_array_get(list, i)) != NULL; i++) {
		char *rule = rule_text(row),
		     *ports = xasprintf("%s/%s", str(row, "ports", ""), str(row, "transport", ""));

		cli_table_row(t,
		        (const char *[]){json_is_true(json_object_get(row, "advisory")) ? advisory : kind,
		                str(row, "label", ""), ports, str(row, "before", "-"), str(row, "after", "-"), rule});
		free(rule);
		free(ports);
	}
}

static void show_flows(const json_t *json)
{
	static const char *const header[] = {"CHANGE", "FLOW", "PORTS", "NOW", "THEN", "RULE OR REASON"};
	struct cli_table *t = cli_table_new(6, header);

	show_changes(t, "cuts off", "", json_object_get(json_object_get(json, "management"), "losses"));
	show_changes(t, "breaks", "breaks (advisory)", json_object_get(json, "regressions"));
	show_changes(t, "repaired", "", json_object_get(json, "repairs"));
	show_changes(t, "changes", "", json_object_get(json, "changes"));
	cli_table_print(t, stdout);
}

static void show_openings(const json_t *json)
{
	static const char *const header[] = {"OPENING", "LABEL", "PACKETS", "ACCEPTED BY"};
	static const char *const kinds[][2] = {{"openings_new", "new"}, {"openings_closed", "closed"}};
	struct cli_table *t = cli_table_new(4, header);

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const json_t *list = json_object_get(json, kinds[k][0]), *row;

		for (size_t i = 0; (row = json_array_get(list, i)) != NULL; i++) {
			char *rule = rule_text(row);

			cli_table_row(
			        t, (const char *[]){kinds[k][1], str(row, "label", ""), str(row, "packets", ""), rule});
			free(rule);
		}
	}
	cli_table_print(t, stdout);
}

static void show_destinations(const json_t *connections)
{
	static const char *const header[] = {"CONNECTIONS", "TO", "FOR EXAMPLE", "STOPPED BY"};
	const json_t *list = json_object_get(connections, "destinations"), *row;
	struct cli_table *t = cli_table_new(4, header);

	for (size_t i = 0; (row = json_array_get(list, i)) != NULL; i++) {
		char *n = xasprintf("%lld", num(row, "lost")), *to;

		to = xasprintf(strcmp(str(row, "port", "0"), "0") == 0 ? "%s %s" : "%s %s port %s",
		        str(row, "transport", ""), str(row, "destination", ""), str(row, "port", ""));
		cli_table_row(t,
		        (const char *[]){n, to, str(row, "example", ""), str(row, "rule", "NAT leads it elsewhere")});
		free(n);
		free(to);
	}
	cli_table_print(t, stdout);
}

static void show_connections(const json_t *json)
{
	const json_t *c = json_object_get(json, "connections");

	if (!json_is_object(c))
		return;
	if (json_is_string(json_object_get(c, "reason"))) {
		cli_line("connections cannot be told: %s", str(c, "reason", ""));
		return;
	}
	show_destinations(c);
	cli_line("%lld established connections: %lld would no longer be admitted, %lld cannot be told", num(c, "total"),
	        num(c, "lost"), num(c, "cannot_tell"));
}

static void show_management(const json_t *json)
{
	const json_t *m = json_object_get(json, "management");

	if (json_is_string(json_object_get(m, "reason")))
		cli_line("whom it would cut off from management cannot be told: %s", str(m, "reason", ""));
	else if (num(m, "lost") > 0)
		cli_line("%lld connections of management would be cut off: a commit that does this is refused unless "
		         "it is a "
		         "confirmed commit",
		        num(m, "lost"));
}

static void show_cures(const json_t *json)
{
	const json_t *list = json_object_get(json, "regressions"), *row, *line;

	for (size_t i = 0; (row = json_array_get(list, i)) != NULL; i++) {
		const json_t *cure = json_object_get(row, "cure");

		cli_line("%s", "");
		if (json_array_size(cure) == 0)
			cli_line("no cure of %s: %s", str(row, "label", ""), str(row, "no_cure", ""));
		else
			cli_line("cure of %s (for nft -f):", str(row, "label", ""));
		for (size_t k = 0; (line = json_array_get(cure, k)) != NULL; k++)
			cli_line("  %s", json_string_value(line));
		if (num(row, "cure_more") > 0)
			cli_line("  and %lld more", num(row, "cure_more"));
	}
}

static void show(const json_t *json)
{
	const json_t *s = json_object_get(json, "summary"), *caveats = json_object_get(json, "caveats"), *c;

	show_flows(json);
	show_openings(json);
	show_cures(json);
	if (json_is_string(json_object_get(json, "reason")))
		cli_line("cannot tell: %s", str(json, "reason", ""));
	else
		cli_line("%s now, %s then: %lld flows break (and %lld that are only advised), %lld are repaired, %lld "
		         "change otherwise (%lld new, %lld gone); %lld openings are new, %lld closed",
		        str(s, "overall_now", ""), str(s, "overall_then", ""), num(s, "regressions"),
		        num(s, "regressions_advisory"), num(s, "repairs"), num(s, "changes"), num(s, "flows_new"),
		        num(s, "flows_gone"), num(s, "openings_new"), num(s, "openings_closed"));
	show_management(json);
	show_connections(json);
	for (size_t i = 0; (c = json_array_get(caveats, i)) != NULL; i++)
		cli_line("caveat: %s", json_string_value(c));
}

static int exit_code(const json_t *json)
{
	if (json_is_string(json_object_get(json, "reason")))
		return EXIT_CANNOT_TELL;
	return num(json_object_get(json, "summary"), "regressions") > 0 ||
	                       num(json_object_get(json, "management"), "lost") > 0
	               ? EXIT_NOT_CONFORMANT
	               : EXIT_OK;
}

/* -1: go on; else the exit code. */
static int check(const struct whatif_request *r)
{
	bool files = r->now_deployment != NULL || r->now_ruleset != NULL || r->network != NULL ||
	             r->catalog_dir != NULL || r->own_dir != NULL;

	if (r->candidate && r->running)
		return cli_usage("what-if", "give --candidate or --running");
	if (r->deployment == NULL)
		return files ? cli_usage("what-if", "files are compared with --deployment alone") : -1;
	if (r->candidate || r->running || r->daemon.socket != NULL)
		return cli_usage(
		        "what-if", "with --deployment no daemon is asked: no --candidate, --running or --socket");
	if (r->ruleset == NULL)
		return cli_usage("what-if", "--deployment needs --ruleset");
	if (r->now_deployment == NULL && r->now_ruleset == NULL)
		return cli_usage("what-if", "give --now-deployment, --now-ruleset or both: what is compared with");
	return -1;
}

static int read_options(int argc, char **argv, struct whatif_request *r)
{
	static const struct option options[] = {{"socket", required_argument, NULL, 's'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"json", no_argument, NULL, 'j'},
	        {"candidate", no_argument, NULL, 'c'}, {"running", no_argument, NULL, 'r'},
	        {"ruleset", required_argument, NULL, 'R'}, {"deployment", required_argument, NULL, 'd'},
	        {"now-deployment", required_argument, NULL, 'D'}, {"now-ruleset", required_argument, NULL, 'n'},
	        {"network", required_argument, NULL, 'N'}, {"catalog-dir", required_argument, NULL, 'C'},
	        {"own-catalog-dir", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0}};
	struct {
		int c;
		const char **value;
	} values[] = {{'s', &r->daemon.socket}, {'y', &r->daemon.yang_dir}, {'R', &r->ruleset}, {'d', &r->deployment},
	        {'D', &r->now_deployment}, {'n', &r->now_ruleset}, {'N', &r->network}, {'C', &r->catalog_dir},
	        {'o', &r->own_dir}};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
		size_t i = 0;

		while (i < sizeof(values) / sizeof(values[0]) && values[i].c != c)
			i++;
		if (i < sizeof(values) / sizeof(values[0]))
			*values[i].value = optarg;
		else if (c == 'j')
			r->daemon.json = true;
		else if (c == 'c')
			r->candidate = true;
		else if (c == 'r')
			r->running = true;
		else if (c == 'h')
			return fputs(help, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
		else
			return cli_option_fault("what-if", c, argc, argv);
	}
	return optind < argc ? cli_usage("what-if", "'%s' is one argument too many", argv[optind]) : check(r);
}

int verb_whatif(int argc, char **argv)
{
	struct whatif_request r = {.ruleset = NULL};
	struct error err;
	json_t *json;
	int code = read_options(argc, argv, &r);

	if (code >= 0)
		return code;
	if ((r.deployment != NULL ? whatif_offline(&r, &json, &err) : ask(&r, &json, &err)) != 0)
		return cli_fail("what-if", &err);
	code = exit_code(json);
	if (r.daemon.json) {
		json_show(json);
	} else {
		show(json);
		json_decref(json);
	}
	return code;
}
