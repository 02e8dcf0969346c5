/*
 * `portcullis explain`: the running daemon walks a flow's packet, or one that is given, through the chains. Its exit code
 * says whether the packet passes.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/question.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

static const char help[] =
        "Usage: portcullis explain FLOW [OPTION]...\n"
        "       portcullis explain --packet PACKET [OPTION]...\n"
        "Which rules a packet meets on this device, from the running daemon. FLOW is a label that\n"
        "`portcullis conformance` shows; a packet of it that does not pass is taken, if there is one.\n"
        "A packet to a published address is followed to the listener's own.\n"
        "\n"
        "  --packet PACKET     'tcp 10.0.0.5:40000 > 10.1.0.10:5061'; IPv6 addresses in brackets\n"
        "  --iif NAME          interface it arrives on (default: as the routes say)\n"
        "  --oif NAME          interface it leaves on (default: as the routes say)\n" DAEMON_HELP "\n"
        "Exit codes: 0 it passes, 1 it does not, 2 cannot tell, 3 usage or error.\n";

static int exit_code(const xmlNode *reply)
{
	const char *verdict = node_leaf(reply, "verdict");
	if (strcmp(verdict, verdict_name(VERDICT_CONFORMANT)) == 0)
		return EXIT_OK;
	bool unsure = strcmp(verdict, verdict_name(VERDICT_INDETERMINATE)) == 0 ||
	              strcmp(verdict, verdict_name(VERDICT_UNKNOWN)) == 0;
	return unsure ? EXIT_CANNOT_TELL : EXIT_NOT_CONFORMANT;
}

static void show_json(const xmlNode *reply)
{
	json_t *steps = json_array();
	for (const xmlNode *s = node_child(reply, "step"); s != NULL; s = node_next(s))
		json_array_append_new(steps, json_pack("{sososo}", "number", json_number(s, "number"), "note",
		                                     json_leaf(s, "note"), "rule", json_rule_of(s)));
	json_t *json = json_pack("{sososososososo}", "packet", json_leaf(reply, "packet"), "phase",
	        json_leaf(reply, "phase"), "path", json_leaf(reply, "path"), "input_interface",
	        json_leaf(reply, "input-interface"), "output_interface", json_leaf(reply, "output-interface"),
	        "first_packet", json_leaf(reply, "first-packet"), "leaves_as", json_leaf(reply, "leaves-as"));
	json_object_update_new(json, json_pack("{sosososo}", "verdict", json_leaf(reply, "verdict"), "reason",
	                                     json_leaf(reply, "reason"), "rule", json_rule_of(reply), "steps", steps));
	json_show(json);
}

static const char *or_unknown(const char *name)
{
	return name[0] != '\0' ? name : "an unknown interface";
}

static void show_head(const xmlNode *reply)
{
	const char *reason = node_leaf(reply, "reason"), *phase = node_leaf(reply, "phase");
	const char *path = node_leaf(reply, "path");
	bool first = strcmp(phase, phase_name(PHASE_NEW)) == 0;
	cli_line("%s%s%s%s: %s%s%s", node_leaf(reply, "packet"), first ? "" : " (", first ? "" : phase,
	        first ? "" : ")", node_leaf(reply, "verdict"), reason[0] != '\0' ? ": " : "", reason);
	if (strcmp(path, path_name(PATH_FORWARD)) == 0)
		cli_line("forwarded from %s to %s", or_unknown(node_leaf(reply, "input-interface")),
		        or_unknown(node_leaf(reply, "output-interface")));
	else if (strcmp(path, path_name(PATH_INPUT)) == 0)
		cli_line("to this device, from %s", or_unknown(node_leaf(reply, "input-interface")));
	else if (strcmp(path, path_name(PATH_OUTPUT)) == 0)
		cli_line("from this device, to %s", or_unknown(node_leaf(reply, "output-interface")));
}

/* How it ended, and by whom. */
static void show_end(const xmlNode *reply)
{
	const char *verdict = node_leaf(reply, "verdict"), *leaves = node_leaf(reply, "leaves-as");
	char *rule = node_rule(node_child(reply, "rule"));
	const char *end = strcmp(verdict, verdict_name(VERDICT_CONFORMANT)) == 0    ? "accepted"
	                  : strcmp(verdict, verdict_name(VERDICT_BLOCKED)) == 0     ? "dropped"
	                  : strcmp(verdict, verdict_name(VERDICT_MISDIRECTED)) == 0 ? "led elsewhere"
	                                                                            : "not decided";
	cli_line("end: %s by %s", end, rule[0] != '\0' ? rule : "no rule: no chain is in its way");
	if (leaves[0] != '\0')
		cli_line("leaves as %s", leaves);
	free(rule);
}

static void show_table(const xmlNode *reply)
{
	static const char *const header[] = {"STEP", "WHAT HAPPENS", "RULE"};
	show_head(reply);
	if (node_child(reply, "step") != NULL) {
		struct cli_table *table = cli_table_new(3, header);
		putchar('\n');
		for (const xmlNode *s = node_child(reply, "step"); s != NULL; s = node_next(s)) {
			char *rule = node_rule(node_child(s, "rule"));
			const char *const cells[] = {node_leaf(s, "number"), node_leaf(s, "note"), rule};
			cli_table_row(table, cells);
			free(rule);
		}
		cli_table_print(table, stdout);
		putchar('\n');
	}
	if (strcmp(node_leaf(reply, "verdict"), verdict_name(VERDICT_UNKNOWN)) != 0)
		show_end(reply);
}

int verb_explain(int argc, char **argv)
{
	static const struct option options[] = {{"socket", required_argument, NULL, 's'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"json", no_argument, NULL, 'j'},
	        {"packet", required_argument, NULL, 'p'}, {"iif", required_argument, NULL, 'i'},
	        {"oif", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct question q = {.flow = NULL};
	struct error err;
	xmlDoc *doc;
	int code = question_read("explain", help, options, argc, argv, &q);
	if (code >= 0)
		return code;
	if (question_ask(&q, &doc, &err) != 0)
		return cli_fail("explain", &err);
	const xmlNode *reply = xmlDocGetRootElement(doc);
	code = exit_code(reply);
	if (q.daemon.json)
		show_json(reply);
	else
		show_table(reply);
	xmlFreeDoc(doc);
	return code;
}
