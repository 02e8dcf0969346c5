/*
 * `portcullis status`: the summary and the active problems of the running daemon. Its exit code is the device's state.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "portcullis/text.h"

static const char help[] = "Usage: portcullis status [OPTION]...\n"
                           "State of this device, from the running daemon: verdicts, openings, active problems.\n"
                           "\n" DAEMON_HELP "\n"
                           "Exit codes: 0 ok, 1 violated or degraded, 2 incomplete or cannot tell, 3 usage or error.\n";

static json_t *problem_json(const xmlNode *p)
{
	return json_pack("{sososososososososososo}", "id", json_number(p, "id"), "cause", json_leaf(p, "cause"),
	        "author", json_leaf(p, "author"), "author_pid", json_number(p, "author-pid"), "affected",
	        json_number(p, "affected"), "severity", json_leaf(p, "severity"), "verdict", json_leaf(p, "verdict"),
	        "label", json_leaf(p, "label"), "rule", json_leaf(p, "rule"), "witness", json_leaf(p, "witness"),
	        "since", json_leaf(p, "since"));
}

static void show_json(const xmlNode *c)
{
	json_t *problems = json_array();
	for (const xmlNode *p = node_child(c, "problem"); p != NULL; p = node_next(p))
		json_array_append_new(problems, problem_json(p));
	const xmlNode *own = node_child(c, "own-table");
	json_show(json_pack("{sososososososososososososososososososo}", "summary", json_summary(c), "generation",
	        json_number(c, "generation"), "ruleset_generation", json_number(c, "ruleset-generation"),
	        "ruleset_digest", json_leaf(c, "ruleset-digest"), "unreadable", json_leaf(c, "unreadable"),
	        "journal_unwritable", json_leaf(c, "journal-unwritable"), "events_unkept",
	        json_number(c, "events-unkept"), "firewall_deviation", json_leaf(own, "deviation"),
	        "firewall_available", json_boolean(strcmp(node_leaf(own, "available-change"), "true") == 0),
	        "paused_until", json_leaf(own, "paused-until"), "pause_reason", json_leaf(own, "pause-reason"),
	        "last_change", json_leaf(c, "last-change"), "last_verify", json_leaf(c, "last-verify"),
	        "verify_time_us", json_number(c, "verify-time"), "agent_version", json_leaf(c, "agent-version"),
	        "newest_sequence", json_number(c, "newest-sequence"), "caveats", json_leaves(c, "caveat"), "problems",
	        problems, "deployments", json_deployments(c)));
}

static void line(const char *name, const char *value)
{
	if (value[0] != '\0')
		cli_line("%-14s %s", name, value);
}

/* "12: 9 conformant, 3 blocked": the verdicts that occur. */
static void show_flows(const xmlNode *summary)
{
	struct text t = {0};
	const char *separator = ": ";
	text_add(&t, node_leaf(summary, "flows"));
	for (int v = 0; v < VERDICT_N; v++) {
		const char *name = verdict_name((enum verdict)v), *count = node_leaf(summary, name);
		if (count[0] == '\0' || strcmp(count, "0") == 0)
			continue;
		text_addf(&t, "%s%s %s", separator, count, name);
		separator = ", ";
	}
	line("flows", text_str(&t));
	text_fini(&t);
}

static void show_problems(const xmlNode *c)
{
	static const char *const header[] = {
	        "PROBLEM", "SEVERITY", "VERDICT", "FLOWS", "CAUSE", "SINCE", "FIRST FLOW", "RULE"};
	const xmlNode *p = node_child(c, "problem");
	if (p == NULL)
		return;
	putchar('\n');
	struct cli_table *table = cli_table_new(8, header);
	for (; p != NULL; p = node_next(p)) {
		const char *const cells[] = {node_leaf(p, "id"), node_leaf(p, "severity"), node_leaf(p, "verdict"),
		        node_leaf(p, "affected"), node_leaf(p, "cause"), node_leaf(p, "since"), node_leaf(p, "label"),
		        node_leaf(p, "rule")};
		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
}

/* What an upgrade brought and no deployment of it uses. */
static void show_available(const xmlNode *c)
{
	struct text t = {0};
	for (const xmlNode *d = node_child(c, "deployment-state"); d != NULL; d = node_next(d)) {
		if (node_child(d, "available-digest") == NULL)
			continue;
		t.len = 0;
		text_addf(&t, "%s: %s %s with digest %s; pin it to use it", node_leaf(d, "name"),
		        node_leaf(d, "product"), node_leaf(d, "available-version"), node_leaf(d, "available-digest"));
		line("available", t.s);
	}
	text_fini(&t);
}

/* Commits are refused, and events are lost. */
static void show_journal(const xmlNode *c)
{
	const char *unkept = node_leaf(c, "events-unkept");
	line("journal", node_leaf(c, "journal-unwritable"));
	if (strcmp(unkept, "0") != 0)
		line("not kept", unkept);
}

/* The own table, where it is not what it should be, or is left alone. */
static void show_own_table(const xmlNode *c)
{
	const xmlNode *own = node_child(c, "own-table");
	struct text t = {0};

	line("firewall", node_leaf(own, "deviation"));
	if (strcmp(node_leaf(own, "available-change"), "true") == 0)
		line("firewall",
		        "running comes to another table by now; see what-if --running, and commit to install it");
	if (node_leaf(own, "paused-until")[0] == '\0')
		return;
	text_addf(&t, "until %s, by %s: %s", node_leaf(own, "paused-until"), node_leaf(own, "paused-by"),
	        node_leaf(own, "pause-reason"));
	line("paused", t.s);
	text_fini(&t);
}

static void show_table(const xmlNode *c)
{
	const xmlNode *summary = node_child(c, "summary");
	struct text t = {0};
	line("overall", node_leaf(summary, "overall"));
	show_flows(summary);
	text_addf(&t, "%s, %s of them outside the baseline", node_leaf(summary, "openings"),
	        node_leaf(summary, "openings-unacknowledged"));
	line("openings", t.s);
	t.len = 0;
	text_addf(&t, "%s, %s of them with conditions that are not decided", node_leaf(summary, "rules"),
	        node_leaf(summary, "undecoded-rules"));
	line("rules", t.s);
	line("unreadable", node_leaf(c, "unreadable"));
	show_journal(c);
	show_own_table(c);
	for (const xmlNode *caveat = node_child(c, "caveat"); caveat != NULL; caveat = node_next(caveat))
		line("caveat", caveat->children != NULL ? (const char *)caveat->children->content : "");
	t.len = 0;
	text_addf(&t, "%s, verification %s in %s us", node_leaf(c, "last-verify"), node_leaf(c, "generation"),
	        node_leaf(c, "verify-time"));
	line("verified", t.s);
	line("last change", node_leaf(c, "last-change"));
	line("agent", node_leaf(c, "agent-version"));
	show_available(c);
	text_fini(&t);
	show_problems(c);
}

int verb_status(int argc, char **argv)
{
	static const struct option options[] = {{"socket", required_argument, NULL, 's'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"json", no_argument, NULL, 'j'},
	        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct daemon_options o = {0};
	struct error err;
	xmlDoc *doc;
	xmlNode *conformance;
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;)
		switch (c) {
		case 's':
			o.socket = optarg;
			break;
		case 'y':
			o.yang_dir = optarg;
			break;
		case 'j':
			o.json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			return cli_option_fault("status", c, argc, argv);
		}
	if (optind < argc)
		return cli_usage("status", "'%s' is one argument too many", argv[optind]);
	if (daemon_conformance(&o,
	            "<summary/><problem/><generation/><ruleset-generation/><ruleset-digest/><unreadable/><last-change/>"
	            "<journal-unwritable/><events-unkept/><own-table/>"
	            "<last-verify/><verify-time/><agent-version/><newest-sequence/><caveat/>"
	            "<deployment-state/>",
	            &doc, &conformance, &err) != 0)
		return cli_fail("status", &err);
	int code = daemon_exit_code(conformance);
	if (o.json)
		show_json(conformance);
	else
		show_table(conformance);
	xmlFreeDoc(doc);
	return code;
}
