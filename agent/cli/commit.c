/*
 * What the verbs share that are about commits of the running daemon: a command line comes in, a request goes out. Refused is a
 * number that no commit can have.
 */
#include "cli/commit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

static int read_number(const char *verb, const char *text, unsigned long long *out)
{
	char *end;

	*out = strtoull(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out > 0)
		return -1;
	return cli_usage(verb, "'%s' is no number of a commit; `portcullis history` shows them", text);
}

/* -1: go on; else the exit code. */
static int read_option(struct commit_request *r, int c, int argc, char **argv)
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

int commit_options(int argc, char **argv, const struct option *options, struct commit_request *r)
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
