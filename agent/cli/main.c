/*
 * The `portcullis` command: picks the verb, hands the rest of the command line to it, and sees to it that what it printed
 * has arrived. What is no verb is a usage error.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
        {"deployment", verb_deployment, "write a deployment to fill in, review one"},
        {"compile", verb_compile, "print the table that a deployment comes to, for nft"},
        {"verify", verb_verify, "check a deployment against a ruleset, offline or live"},
        {"status", verb_status, "state of the device, from the running daemon"},
        {"conformance", verb_conformance, "required flows and their verdicts, from the running daemon"},
        {"explain", verb_explain, "which rules a flow or packet meets, from the running daemon"},
        {"what-if", verb_whatif, "what a configuration or a ruleset would change; nothing is applied"},
        {"prove", verb_prove, "ask the kernel: send a flow or packet through the live ruleset, elsewhere"},
        {"baseline", verb_baseline, "openings that are known and accepted, in the running daemon"},
        {"history", verb_history, "commits that changed the running daemon's configuration"},
        {"diff", verb_diff, "what a commit changed"},
        {"rollback", verb_rollback, "make the configuration what it was after a commit"},
        {"pause", verb_pause, "leave the agent's own table alone for a while, in the running daemon"},
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

/* A file or socket on the descriptor of a closed standard output would get what is printed. */
static void hold_standard_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Output that was lost is an error, whatever the verb found out. */
static int finish(int code)
{
	bool lost = ferror(stdout) != 0;
	errno = 0;
	if (fflush(stdout) == 0 && !lost)
		return code;
	fprintf(stderr, "portcullis: standard output: not everything could be written%s%s\n", errno != 0 ? ": " : "",
	        errno != 0 ? strerror(errno) : "");
	return EXIT_ERROR;
}

static int run(int argc, char **argv)
{
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

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_DFL);
	log_init("portcullis", LOG_LEVEL_WARNING, false);
	return finish(run(argc, argv));
}
