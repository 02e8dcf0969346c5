#ifndef PORTCULLIS_CLI_COMMIT_H
#define PORTCULLIS_CLI_COMMIT_H

#include <getopt.h>

#include "cli/daemon.h"

/** A verb that is about commits, as it was asked for. */
struct commit_request {
	const char *verb, *help;
	struct daemon_options daemon;
	bool numbered; /**< one argument: a commit */
	unsigned long long number;
	unsigned long limit; /**< 0: all */
	const char *comment;
};

/** Fill r, whose verb, help and numbered are set. @return -1: go on; else the exit code. */
int commit_options(int argc, char **argv, const struct option *options, struct commit_request *r);

#endif
