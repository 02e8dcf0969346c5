#ifndef PORTCULLIS_CLI_QUESTION_H
#define PORTCULLIS_CLI_QUESTION_H

#include <getopt.h>

#include "cli/daemon.h"

/* What `explain` and `prove` are asked: a flow by its label, or a packet. */

struct question {
	struct daemon_options daemon;
	const char *flow, *packet; /**< one of them; the other is NULL */
	const char *iif, *oif; /**< interfaces that are given, or NULL */
};

/**
 * Read a verb's command line.
 *
 * @param options  its long options: s socket, y yang-dir, j json, p packet, i iif, o oif, h help.
 * @return -1: go on; else the exit code.
 */
int question_read(
        const char *verb, const char *help, const struct option *options, int argc, char **argv, struct question *out);
/** The daemon's answer (rpc explain); *out as daemon_ask() gives it. */
int question_ask(const struct question *q, xmlDoc **out, struct error *err) MUST_USE;

#endif
