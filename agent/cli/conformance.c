/*
 * `portcullis conformance`: the required flows of the running daemon with their verdicts, and on request the openings and
 * what nothing used.
 * Its exit code is the device's state.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/unused.h"
#include "portcullis/alloc.h"

static const char help[] =
        "Usage: portcullis conformance [OPTION]...\n"
        "Required flows and their verdicts, from the running daemon. Without an option the table\n"
        "leaves out what is conformant or does not cross this device.\n"
        "\n"
        "  --all               every flow\n"
        "  --problems          only flows that do not pass or of which nothing certain is known\n"
        "  --openings          also what passes though nothing requires it\n"
        "  --ipsec             also what products want exempted from IPsec\n"
        "  --unused            also what the agent's own table lets in and nothing used, and explicit\n"
        "                      rules that matched nothing, each with the time since when\n"
        "  --unused-for TIME   the same, of what has been unused for so long: 45s, 90m, 12h, 30d, 4w\n" DAEMON_HELP "\n"
        "Exit codes: 0 ok, 1 violated or degraded, 2 incomplete or cannot tell, 3 usage or error.\n";

enum selection { SELECT_DEFAULT, SELECT_ALL, SELECT_PROBLEMS };

struct request {
	struct daemon_options daemon;
	enum selection selection;
	bool openings, ipsec, unused;
	int64_t unused_s; /* and that for so long */
};

static bool is_selected(const xmlNode *result, enum selection selection)
{
	static const enum verdict bad[] = {
	        VERDICT_PARTIAL, VERDICT_BLOCKED, VERDICT_MISDIRECTED, VERDICT_INDETERMINATE, VERDICT_UNKNOWN};
	const char *verdict = node_leaf(result, "verdict");
	if (selection == SELECT_ALL)
		return true;
	if (selection == SELECT_DEFAULT)
		return strcmp(verdict, verdict_name(VERDICT_CONFORMANT)) != 0 &&
		       strcmp(verdict, verdict_name(VERDICT_NOT_TRANSIT)) != 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strcmp(verdict, verdict_name(bad[i])) == 0)
			return true;
	return false;
}

static json_t *flow_json(const xmlNode *r)
{
	json_t *flow = json_pack("{sosososososososososo}", "deployment", json_leaf(r, "deployment"), "requirement",
	        json_leaf(r, "requirement"), "variant", json_number(r, "variant"), "source", json_leaf(r, "initiator"),
	        "destination", json_leaf(r, "listener"), "family", json_leaf(r, "family"), "label",
	        json_leaf(r, "label"), "transport", json_leaf(r, "transport"), "source_ports",
	        json_leaf(r, "source-ports"), "ports", json_leaf(r, "ports"));
	json_object_update_new(flow,
	        json_pack("{sosososososososososo}", "path", json_leaf(r, "path"), "severity", json_leaf(r, "severity"),
	                "assumed", json_leaves(r, "assumed"), "verdict", json_leaf(r, "verdict"), "rule",
	                json_rule_of(r), "witness", json_witness_of(r), "atoms", json_leaves(r, "condition"), "changed",
	                json_leaf(r, "changed"), "reason", json_leaf(r, "reason"), "caveat", json_leaf(r, "caveat")));
	return flow;
}

static json_t *opening_json(const xmlNode *o)
{
	json_t *box =
	        json_pack("{sosososo}", "source", json_leaf(o, "source"), "destination", json_leaf(o, "destination"),
	                "source_ports", json_leaf(o, "source-ports"), "ports", json_leaf(o, "ports"));
	return json_pack("{sosososososososososb}", "id", json_number(o, "id"), "label", json_leaf(o, "label"), "family",
	        json_leaf(o, "family"), "transport", json_leaf(o, "transport"), "listener", json_leaf(o, "listener"),
	        "rule", json_rule_of(o), "box", box, "packets", json_leaf(o, "packets"), "witness", json_witness_of(o),
	        "acknowledged", strcmp(node_leaf(o, "acknowledged"), "true") == 0);
}

static json_t *ipsec_json(const xmlNode *x)
{
	json_t *json = json_pack("{sosososososososo}", "deployment", json_leaf(x, "deployment"), "exemption",
	        json_leaf(x, "exemption"), "direction", json_leaf(x, "direction"), "source", json_leaf(x, "source"),
	        "destination", json_leaf(x, "destination"), "transports", json_leaf(x, "transports"), "source_ports",
	        json_leaf(x, "source-ports"), "ports", json_leaf(x, "ports"));
	json_object_update_new(
	        json, json_pack("{sosbsososo}", "state", json_leaf(x, "state"), "advisory",
	                      strcmp(node_leaf(x, "advisory"), "true") == 0, "policy", json_leaf(x, "policy"),
	                      "witness", json_witness_of(x), "reason", json_leaf(x, "reason")));
	return json;
}

static void show_json(const xmlNode *c, const struct unused *unused, const struct request *request)
{
	json_t *flows = json_array(), *openings = json_array(), *ipsec = json_array();
	enum selection selection = request->selection == SELECT_PROBLEMS ? SELECT_PROBLEMS : SELECT_ALL;
	for (const xmlNode *r = node_child(c, "result"); r != NULL; r = node_next(r))
		if (is_selected(r, selection))
			json_array_append_new(flows, flow_json(r));
	for (const xmlNode *o = node_child(c, "opening"); o != NULL; o = node_next(o))
		json_array_append_new(openings, opening_json(o));
	for (const xmlNode *x = node_child(c, "ipsec"); x != NULL; x = node_next(x))
		json_array_append_new(ipsec, ipsec_json(x));
	json_t *json = json_pack("{sososososososo}", "generation", json_number(c, "generation"), "summary",
	        json_summary(c), "flows", flows, "openings", openings, "ipsec", ipsec, "caveats",
	        json_leaves(c, "caveat"), "deployments", json_deployments(c));
	if (request->unused)
		json_object_set_new(json, "unused", unused_json(unused));
	json_show(json);
}

static void show_flows(const xmlNode *c, enum selection selection)
{
	static const char *const header[] = {"VERDICT", "SEVERITY", "FLOW", "PORTS", "RULE OR REASON"};
	struct cli_table *table = cli_table_new(5, header);
	size_t hidden = 0, n = 0;
	for (const xmlNode *r = node_child(c, "result"); r != NULL; r = node_next(r)) {
		n++;
		if (!is_selected(r, selection)) {
			hidden++;
			continue;
		}
		char *rule = node_rule(node_child(r, "rule"));
		char *ports = xasprintf("%s/%s", node_leaf(r, "ports"), node_leaf(r, "transport"));
		const char *why = rule[0] != '\0'
		                          ? rule
		                          : node_leaf(r, node_child(r, "condition") != NULL ? "condition" : "reason");
		const char *const cells[] = {
		        node_leaf(r, "verdict"), node_leaf(r, "severity"), node_leaf(r, "label"), ports, why};
		cli_table_row(table, cells);
		free(rule);
		free(ports);
	}
	cli_table_print(table, stdout);
	if (hidden > 0)
		printf("%zu of %zu flows are not shown; --all shows them\n", hidden, n);
}

static void show_caveats(const xmlNode *c)
{
	if (node_child(c, "caveat") != NULL)
		putchar('\n');
	for (const xmlNode *x = node_child(c, "caveat"); x != NULL; x = node_next(x))
		cli_line("caveat: %s", x->children != NULL ? (const char *)x->children->content : "");
}

static void show_openings(const xmlNode *c)
{
	static const char *const header[] = {"OPENING", "BASELINE", "FLOW", "SOURCE", "PORTS", "PACKETS", "RULE"};
	struct cli_table *table = cli_table_new(7, header);
	for (const xmlNode *o = node_child(c, "opening"); o != NULL; o = node_next(o)) {
		char *rule = node_rule(node_child(o, "rule"));
		bool known = strcmp(node_leaf(o, "acknowledged"), "true") == 0;
		const char *const cells[] = {node_leaf(o, "id"), known ? "yes" : "no", node_leaf(o, "label"),
		        node_leaf(o, "source"), node_leaf(o, "ports"), node_leaf(o, "packets"), rule};
		cli_table_row(table, cells);
		free(rule);
	}
	if (node_child(c, "opening") != NULL)
		putchar('\n');
	cli_table_print(table, stdout);
}

static void show_ipsec(const xmlNode *c)
{
	static const char *const header[] = {
	        "IPSEC EXEMPTION", "STATE", "SOURCE", "DESTINATION", "PORTS", "POLICY OR REASON"};
	struct cli_table *table = cli_table_new(6, header);
	for (const xmlNode *x = node_child(c, "ipsec"); x != NULL; x = node_next(x)) {
		char *name = xasprintf("%s/%s", node_leaf(x, "deployment"), node_leaf(x, "exemption"));
		char *ports = xasprintf("%s>%s", node_leaf(x, "source-ports"), node_leaf(x, "ports"));
		const char *const cells[] = {name, node_leaf(x, "state"), node_leaf(x, "source"),
		        node_leaf(x, "destination"), ports,
		        node_leaf(x, node_child(x, "policy") != NULL ? "policy" : "reason")};
		cli_table_row(table, cells);
		free(name);
		free(ports);
	}
	putchar('\n');
	cli_table_print(table, stdout);
}

/* -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct request *r)
{
	static const struct option options[] = {{"socket", required_argument, NULL, 's'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"json", no_argument, NULL, 'j'},
	        {"all", no_argument, NULL, 'a'}, {"problems", no_argument, NULL, 'p'},
	        {"openings", no_argument, NULL, 'o'}, {"ipsec", no_argument, NULL, 'x'},
	        {"unused", no_argument, NULL, 'u'}, {"unused-for", required_argument, NULL, 'U'},
	        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
		if (c == 's')
			r->daemon.socket = optarg;
		else if (c == 'y')
			r->daemon.yang_dir = optarg;
		else if (c == 'j')
			r->daemon.json = true;
		else if (c == 'o')
			r->openings = true;
		else if (c == 'x')
			r->ipsec = true;
		else if (c == 'u')
			r->unused = true;
		else if (c == 'U' && !unused_age(optarg, &r->unused_s))
			return cli_usage(
			        "conformance", "--unused-for '%s' is no time; write 45s, 90m, 12h, 30d or 4w", optarg);
		else if (c == 'U')
			r->unused = true;
		else if ((c == 'a' || c == 'p') && r->selection != SELECT_DEFAULT)
			return cli_usage("conformance", "give --all or --problems, and once");
		else if (c == 'a' || c == 'p')
			r->selection = c == 'a' ? SELECT_ALL : SELECT_PROBLEMS;
		else if (c == 'h')
			return fputs(help, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
		else
			return cli_option_fault("conformance", c, argc, argv);
	}
	return optind < argc ? cli_usage("conformance", "'%s' is one argument too many", argv[optind]) : -1;
}

static void show(const xmlNode *c, const struct unused *unused, const struct request *r)
{
	show_flows(c, r->selection);
	show_caveats(c);
	if (r->openings)
		show_openings(c);
	if (r->ipsec)
		show_ipsec(c);
	if (r->unused)
		unused_show(unused);
}

int verb_conformance(int argc, char **argv)
{
	struct request r = {0};
	struct unused unused = {0};
	struct error err;
	xmlDoc *doc;
	xmlNode *conformance;
	int code = read_options(argc, argv, &r);
	if (code >= 0)
		return code;
	const char *wanted = r.openings || r.ipsec || r.daemon.json
	                             ? "<summary/><generation/><caveat/><result/><opening/><ipsec/><deployment-state/>"
	                             : "<summary/><generation/><caveat/><result/>";
	if (daemon_conformance(&r.daemon, wanted, &doc, &conformance, &err) != 0)
		return cli_fail("conformance", &err);
	if (r.unused && unused_ask(&r.daemon, r.unused_s, &unused, &err) != 0) {
		xmlFreeDoc(doc);
		return cli_fail("conformance", &err);
	}
	code = daemon_exit_code(conformance);
	if (code == EXIT_OK && r.unused && unused_is_unknown(&unused))
		code = EXIT_CANNOT_TELL;
	if (r.daemon.json)
		show_json(conformance, &unused, &r);
	else
		show(conformance, &unused, &r);
	unused_fini(&unused);
	xmlFreeDoc(doc);
	return code;
}
