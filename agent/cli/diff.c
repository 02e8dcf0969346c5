/*
 * `portcullis diff`: what a commit of the running daemon changed, a node a line. Refused is a number that no kept commit has.
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

static const char help[] = "Usage: portcullis diff NUMBER [OPTION]...\n"
                           "What a commit changed in running: + came, - went, ~ has another value, > has another\n"
                           "place. NUMBER is one that `portcullis history` shows.\n"
                           "\n" DAEMON_HELP "\n"
                           "Exit codes: 0 done, 3 usage or error.\n";

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
	static const struct option options[] = {{"socket", required_argument, NULL, 's'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"json", no_argument, NULL, 'j'},
	        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct commit_request r = {.verb = "diff", .help = help, .numbered = true};
	json_t *list;
	struct error err;
	xmlDoc *doc;
	int code = commit_options(argc, argv, options, &r);

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
