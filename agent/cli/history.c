/*
 * `portcullis history`: the commits of the running daemon, the newest first.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/commit.h"
#include "cli/daemon.h"
#include "portcullis/alloc.h"

#define PC "xmlns=\"urn:portcullis:yang:portcullis\""

static const char help[] = "Usage: portcullis history [OPTION]...\n"
                           "Commits that changed the daemon's configuration, the newest first.\n"
                           "\n"
                           "  --limit N           the newest N alone (default: all that are kept)\n" DAEMON_HELP "\n"
                           "Exit codes: 0 done, 3 usage or error.\n";

static json_t *commit_json(const xmlNode *c)
{
	return json_pack("{sososososososb}", "number", json_number(c, "number"), "time", json_leaf(c, "time"),
	        "datastore", json_leaf(c, "datastore"), "user", json_leaf(c, "user"), "session",
	        json_number(c, "session-id"), "comment", json_leaf(c, "comment"), "kept",
	        strcmp(node_leaf(c, "content-kept"), "true") == 0);
}

/* The daemon tells the oldest first. */
static size_t commits_of(const xmlNode *history, const xmlNode ***out)
{
	size_t n = 0, cap = 0;

	*out = NULL;
	for (const xmlNode *c = history != NULL ? node_child(history, "commit") : NULL; c != NULL; c = node_next(c)) {
		*out = xgrow(*out, n, &cap, sizeof(const xmlNode *));
		(*out)[n++] = c;
	}
	return n;
}

static void show_table(const xmlNode *const *commit, size_t n, size_t least)
{
	static const char *const header[] = {"NUMBER", "TIME", "USER", "SESSION", "DATASTORE", "COMMENT"};
	struct cli_table *table = cli_table_new(6, header);

	for (size_t i = n; i-- > least;) {
		const xmlNode *c = commit[i];
		const char *const cells[] = {node_leaf(c, "number"), node_leaf(c, "time"), node_leaf(c, "user"),
		        node_leaf(c, "session-id"), node_leaf(c, "datastore"), node_leaf(c, "comment")};

		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
}

static void show_list(const xmlNode *const *commit, size_t n, size_t least)
{
	json_t *list = json_array();

	for (size_t i = n; i-- > least;)
		json_array_append_new(list, commit_json(commit[i]));
	json_show(json_pack("{so}", "commits", list));
}

static void show_history(const struct commit_request *r, const xmlNode *history)
{
	const xmlNode **commit;
	size_t n = commits_of(history, &commit), least = r->limit != 0 && r->limit < n ? n - r->limit : 0;

	if (r->daemon.json)
		show_list(commit, n, least);
	else
		show_table(commit, n, least);
	free(commit);
}

int verb_history(int argc, char **argv)
{
	static const struct option options[] = {{"limit", required_argument, NULL, 'l'},
	        {"socket", required_argument, NULL, 's'}, {"yang-dir", required_argument, NULL, 'y'},
	        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct commit_request r = {.verb = "history", .help = help};
	struct error err;
	xmlDoc *doc;
	int code = commit_options(argc, argv, options, &r);

	if (code >= 0)
		return code;
	if (daemon_ask(&r.daemon, "<get><filter><history " PC "/></filter></get>", &doc, &err) != 0)
		return cli_fail(r.verb, &err);
	const xmlNode *data = node_child(xmlDocGetRootElement(doc), "data");
	show_history(&r, data != NULL ? node_child(data, "history") : NULL);
	xmlFreeDoc(doc);
	return EXIT_OK;
}
