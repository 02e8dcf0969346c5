/*
 * `portcullis rollback`: running becomes what it was after a commit. Refused is a number that no kept commit has.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/commit.h"
#include "cli/daemon.h"
#include "portcullis/text.h"

#define PC "xmlns=\"urn:portcullis:yang:portcullis\""

static const char help[] = "Usage: portcullis rollback NUMBER [OPTION]...\n"
                           "Make running what it was after a commit. That is a commit like any other.\n"
                           "\n"
                           "  --comment TEXT      why, for the history\n" DAEMON_HELP "\n"
                           "Exit codes: 0 done, 3 usage or error.\n";

int verb_rollback(int argc, char **argv)
{
	static const struct option options[] = {{"comment", required_argument, NULL, 'c'},
	        {"socket", required_argument, NULL, 's'}, {"yang-dir", required_argument, NULL, 'y'},
	        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct commit_request r = {.verb = "rollback", .help = help, .numbered = true};
	struct text rpc = {0};
	struct error err;
	xmlDoc *doc = NULL;
	int code = commit_options(argc, argv, options, &r);

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
