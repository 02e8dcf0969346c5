#ifndef BENCH_NETCONF_H
#define BENCH_NETCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A NETCONF server that is measured: ours or the peer's, on a UNIX socket, in a process of its own. */
struct bench_server {
	pid_t pid; /**< 0: there is none */
	char directory[64], path[108];
	const char *prelude; /**< what a connection begins with, before the hello; "" nothing */
	const char *ns; /**< namespace of its rows */
	const char *rows; /**< element around the rows; NULL: they stand at the top */
	const char *row, *key; /**< element of a row; its leaf that tells 100 rows from the others */
	int command; /**< ours: a byte makes it send the notifications; its end makes the server end */
};

/** Start ours with so many rows of state. @return whether it is there. */
bool bench_ours_start(struct bench_server *s, size_t rows);
/** Start netconfd with so many rows of configuration. @return whether it is there; without a word when not installed. */
bool bench_peer_start(struct bench_server *s, size_t rows);
void bench_server_stop(struct bench_server *s);
double bench_now_ms(void);

#define BENCH_NOTIFICATIONS 10000u
#define BENCH_CAPABILITY(v) "<capability>urn:ietf:params:netconf:base:" v "</capability>"
#define BENCH_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"

#endif
