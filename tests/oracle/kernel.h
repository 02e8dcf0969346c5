#ifndef TESTS_ORACLE_KERNEL_H
#define TESTS_ORACLE_KERNEL_H

#include "oracle/oracle.h"

/* What the files of the kernel's side share. */

#define LISTENED 7

struct kernel {
	char name[DEVICES][IFNAME_SIZE];
	int tun[DEVICES];
	int raw[2][LISTENED], out[2][DEVICES]; /**< [0] IPv4, [1] IPv6 */
	int trace;
	uint32_t next_marker, first_marker;
	size_t n_arrived;
};

/** Run a program with the text on its standard input. @return its exit status; *said: its standard error (may be NULL). */
int tool_run(const char *const *argv, const char *input, char **said);
bool trace_open(struct kernel *k);

#endif
