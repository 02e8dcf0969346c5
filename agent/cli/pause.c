/*
 * `portcullis pause`: the running daemon leaves its own table alone for a while, or no longer. Refused are times that are none,
 * and a pause without a reason.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "portcullis/text.h"

#define PC "xmlns=\"urn:portcullis:yang:portcullis\""
#define LONGEST 604800 /* seconds (portcullis.yang) */

static const char help[] =
        "Usage: portcullis pause --for TIME --reason TEXT [OPTION]...\n"
        "       portcullis pause --end [OPTION]...\n"
        "Leave the table of the agent, 'inet portcullis', alone for a while, whoever changes it. That is told, and "
        "put\n"
        "back when the time is over. Commits still go into the kernel.\n"
        "\n"
        "  --for TIME          how long, at most a week: 45s, 90m, 12h, 7d\n"
        "  --reason TEXT       why, for people\n"
        "  --end               end the pause: what was changed is put back at once\n" DAEMON_HELP "\n"
        "Exit codes: 0 done, 3 usage or error.\n";

struct request {
	struct daemon_options daemon;
	int64_t seconds; /* 0: the end */
	const char *reason;
	bool end;
};

/* @return -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct request *r)
{
	static const struct option options[] = {{"for", required_argument, NULL, 'f'},
	        {"reason", required_argument, NULL, 'r'}, {"end", no_argument, NULL, 'e'},
	        {"socket", required_argument, NULL, 's'}, {"yang-dir", required_argument, NULL, 'y'},
	        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;)
		switch (c) {
		case 'f':
			if (!cli_time(optarg, LONGEST, &r->seconds) || r->seconds == 0)
				return cli_usage("pause",
				        "--for '%s' is no time of at most a week; write 45s, 90m, 12h or 7d", optarg);
			break;
		case 'r':
			r->reason = optarg;
			break;
		case 'e':
			r->end = true;
			break;
		case 's':
			r->daemon.socket = optarg;
			break;
		case 'y':
			r->daemon.yang_dir = optarg;
			break;
		case 'j':
			r->daemon.json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			return cli_option_fault("pause", c, argc, argv);
		}
	if (optind < argc)
		return cli_usage("pause", "'%s' is one argument too many", argv[optind]);
	if (r->end ? r->seconds != 0 || r->reason != NULL : r->seconds == 0 || r->reason == NULL)
		return cli_usage("pause", "give --for and --reason, or --end");
	return -1;
}

int verb_pause(int argc, char **argv)
{
	struct request r = {0};
	struct text rpc = {0};
	struct error err;
	xmlDoc *doc = NULL;
	int code = read_options(argc, argv, &r), result;

	if (code >= 0)
		return code;
	if (r.end) {
		text_add(&rpc, "<resume-enforcement " PC "/>");
	} else {
		text_addf(&rpc, "<pause-enforcement " PC "><duration>%lld</duration><reason>", (long long)r.seconds);
		text_add_xml(&rpc, r.reason);
		text_add(&rpc, "</reason></pause-enforcement>");
	}
	result = daemon_ask(&r.daemon, rpc.s, &doc, &err);
	text_fini(&rpc);
	xmlFreeDoc(doc);
	if (result != 0)
		return cli_fail("pause", &err);
	if (r.daemon.json)
		json_show(json_pack("{sI}", "paused_for_s", (json_int_t)r.seconds));
	else if (r.end)
		cli_line("the pause is over: what was changed is put back");
	else
		cli_line("the table is left alone for %lld seconds", (long long)r.seconds);
	return EXIT_OK;
}
