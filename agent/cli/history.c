/*
 * `portcullis history`, `diff` and `rollback`: the commits of the running daemon, what one of them changed, and going back to
 * what one of them made of the configuration. Refused is a number that no kept commit has.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define PC "xmlns=\"urn:portcullis:yang:portcullis\""

static const char history_help[] =
        "Usage: portcullis history [OPTION]...\n"
        "Commits that changed the daemon's configuration, the newest first.\n"
        "\n"
        "  --limit N           the newest N alone (default: all that are kept)\n" DAEMON_HELP "\n"
        "Exit codes: 0 done, 3 usage or error.\n";
static const char diff_help[] = "Usage: portcullis diff NUMBER [OPTION]...\n"
                                "What a commit changed in running: + came, - went, ~ has another value, > has another\n"
                                "place. NUMBER is one that `portcullis history` shows.\n"
                                "\n" DAEMON_HELP "\n"
                                "Exit codes: 0 done, 3 usage or error.\n";
static const char rollback_help[] = "Usage: portcullis rollback NUMBER [OPTION]...\n"
                                    "Make running what it was after a commit. That is a commit like any other.\n"
                                    "\n"
                                    "  --comment TEXT      why, for the history\n" DAEMON_HELP "\n"
                                    "Exit codes: 0 done, 3 usage or error.\n";

struct request {
	const char *verb, *help;
	struct daemon_options daemon;
	bool numbered; /* one argument: a commit */
	unsigned long long number;
	unsigned long limit; /* 0: all */
	const char *comment;
};

static int read_number(const char *verb, const char *text, unsigned long long *out)
{
	char *end;

	*out = strtoull(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out > 0)
		return -1;
	return cli_usage(verb, "'%s' is no number of a commit; `portcullis history` shows them", text);
}

/* -1: go on; else the exit code. */
static int read_option(struct request *r, int c, int argc, char **argv)
{
	unsigned long long limit;
	int code;

	switch (c) {
	case 's':
		r->daemon.socket = optarg;
		return -1;
	case 'y':
		r->daemon.yang_dir = optarg;
		return -1;
	case 'j':
		r->daemon.json = true;
		return -1;
	case 'c':
		r->comment = optarg;
		return -1;
	case 'l':
		code = read_number(r->verb, optarg, &limit);
		r->limit = (unsigned long)limit;
		return code;
	case 'h':
		return fputs(r->help, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
	default:
		return cli_option_fault(r->verb, c, argc, argv);
	}
}

static int read_options(int argc, char **argv, const struct option *options, struct request *r)
{
	int code = -1;

	opterr = 0;
	for (int c; code < 0 && (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;)
		code = read_option(r, c, argc, argv);
	if (code >= 0)
		return code;
	if (r->numbered && optind == argc)
		return cli_usage(r->verb, "no commit is named; `portcullis history` shows them");
	if (argc - optind > (r->numbered ? 1 : 0))
		return cli_usage(r->verb, "'%s' is one argument too many", argv[argc - 1]);
	return r->numbered ? read_number(r->verb, argv[optind], &r->number) : -1;
}

#define DAEMON_OPTIONS                                                                                                 \
	{"socket", required_argument, NULL, 's'}, {"yang-dir", required_argument, NULL, 'y'},                          \
	        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'},                                    \
	{                                                                                                              \
		NULL, 0, NULL, 0                                                                                       \
	}

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

static void show_history(const struct request *r, const xmlNode *history)
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
	static const struct option options[] = {{"limit", required_argument, NULL, 'l'}, DAEMON_OPTIONS};
	struct request r = {.verb = "history", .help = history_help};
	struct error err;
	xmlDoc *doc;
	int code = read_options(argc, argv, options, &r);

	if (code >= 0)
		return code;
	if (daemon_ask(&r.daemon, "<get><filter><history " PC "/></filter></get>", &doc, &err) != 0)
		return cli_fail(r.verb, &err);
	const xmlNode *data = node_child(xmlDocGetRootElement(doc), "data");
	show_history(&r, data != NULL ? node_child(data, "history") : NULL);
	xmlFreeDoc(doc);
	return EXIT_OK;
}

static void show_change(const xmlNode *c)
{
	static const struct {
		const char *operation;
		char sign;
	} signs[] = {{"create", '+'}, {"delete", '-'}, {"modify", '~'}, {"move", '>'}};
	const char *operation = node_leaf(c, "operation"), *old = node_leaf(c, "old"), *new = node_leaf(c, "new");
	char sign = '?';

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strcmp(signs[i].operation, operation) == 0)
			sign = signs[i].sign;
	if (sign == '~')
		cli_line("%c %s: %s -> %s", sign, node_leaf(c, "path"), old, new);
	else if (old[0] != '\0' || new[0] != '\0')
		cli_line("%c %s: %s", sign, node_leaf(c, "path"), new[0] != '\0' ? new : old);
	else
		cli_line("%c %s", sign, node_leaf(c, "path"));
}

int verb_diff(int argc, char **argv)
{
	static const struct option options[] = {DAEMON_OPTIONS};
	struct request r = {.verb = "diff", .help = diff_help, .numbered = true};
	json_t *list;
	struct error err;
	xmlDoc *doc;
	int code = read_options(argc, argv, options, &r);

	if (code >= 0)
		return code;
	char *rpc = xasprintf("<commit-changes " PC "><number>%llu</number></commit-changes>", r.number);
	int result = daemon_ask(&r.daemon, rpc, &doc, &err);
	free(rpc);
	if (result != 0)
		return cli_fail(r.verb, &err);
	list = json_array();
	for (const xmlNode *c = node_child(xmlDocGetRootElement(doc), "change"); c != NULL; c = node_next(c)) {
		json_array_append_new(
		        list, json_pack("{sosososo}", "operation", json_leaf(c, "operation"), "path",
		                      json_leaf(c, "path"), "old", json_leaf(c, "old"), "new", json_leaf(c, "new")));
		if (!r.daemon.json)
			show_change(c);
	}
	if (r.daemon.json)
		json_show(json_pack("{sIso}", "number", (json_int_t)r.number, "changes", list));
	else
		json_decref(list);
	xmlFreeDoc(doc);
	return EXIT_OK;
}

int verb_rollback(int argc, char **argv)
{
	static const struct option options[] = {{"comment", required_argument, NULL, 'c'}, DAEMON_OPTIONS};
	struct request r = {.verb = "rollback", .help = rollback_help, .numbered = true};
	struct text rpc = {0};
	struct error err;
	xmlDoc *doc = NULL;
	int code = read_options(argc, argv, options, &r);

	if (code >= 0)
		return code;
	text_addf(&rpc, "<rollback-to " PC "><number>%llu</number>", r.number);
	if (r.comment != NULL) {
		text_add(&rpc, "<comment>");
		text_add_xml(&rpc, r.comment);
		text_add(&rpc, "</comment>");
	}
	text_add(&rpc, "</rollback-to>");
	int result = daemon_ask(&r.daemon, rpc.s, &doc, &err);
	text_fini(&rpc);
	xmlFreeDoc(doc);
	if (result != 0)
		return cli_fail(r.verb, &err);
	if (r.daemon.json)
		json_show(json_pack("{sI}", "rolled_back_to", (json_int_t)r.number));
	else
		printf("running is what it was after commit %llu\n", r.number);
	return EXIT_OK;
}
