/*
 * The `portcullis` command: picks the verb and hands the rest of the command line to it. What is no verb is a usage
 * error.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "portcullis/log.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} verbs[] = {
        {"import", verb_import, "read documents that list ports and show their rows"},
        {"catalog", verb_catalog, "list, show, compare, build and check port catalogs"},
        {"verify", verb_verify, "check a deployment against a ruleset, offline or live"},
        {"status", verb_status, "state of the device, from the running daemon"},
        {"conformance", verb_conformance, "required flows and their verdicts, from the running daemon"},
        {"explain", verb_explain, "which rules a flow or packet meets, from the running daemon"},
};

static void usage(FILE *out)
{
	fputs("Usage: portcullis VERB [OPTION]...\n\n", out);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(out, "  %-12s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n`portcullis VERB --help` says more. Exit codes: 0 conformant (or done), 1 not conformant,\n"
	      "2 cannot tell, 3 usage or error.\n",
	        out);
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_DFL);
	log_init("portcullis", LOG_LEVEL_WARNING, false);
	if (argc < 2) {
		usage(stderr);
		return EXIT_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("portcullis " PORTCULLIS_VERSION);
		return EXIT_OK;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	return cli_usage(NULL, "'%s' is not a verb", argv[1]);
}
