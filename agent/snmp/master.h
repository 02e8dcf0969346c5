#ifndef PORTCULLIS_SNMP_MASTER_H
#define PORTCULLIS_SNMP_MASTER_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include <net-snmp/library/large_fd_set.h>

/* The session with the master agent, as the thread of the AgentX face goes on with it. Times are monotonic milliseconds. */

#define SILENCE_MS 60000 /* a question that has no answer for so long has none */

struct snmp;
struct wish;

struct master {
	char *agentx; /* where the master listens */
	cpu_set_t processors; /* those of the thread, wherever the master runs */
	enum { MASTER_AWAY, MASTER_OPENING, MASTER_REGISTERING, MASTER_JOINED } state;
	void *handle; /* the library's; NULL while there is no connection */
	int fd; /* of it; -1 */
	uint32_t id; /* h.sessionID */
	bool broken; /* to be ended */
	enum { SAID_NOTHING, SAID_AWAY, SAID_JOINED } said; /* in the log */
	bool refused; /* something in this session */
	bool asked; /* an answer is still to come */
	int64_t asked_ms, heard_ms;
	int64_t open_ms; /* 0: not yet */
	int64_t again_ms; /* when what was refused is asked for again */
	int64_t next_ms, pause_ms; /* the next try, and how long after the one before */
	int64_t now_ms;
	struct wish *wish;
	size_t n_wish;
};

/** @param agentx  "/var/agentx/master", "unix:/var/agentx/master" or "tcp:localhost:705". The processors are those of the caller. */
void master_init(struct master *c, const char *agentx);
/** After master_end(). */
void master_fini(struct master *c);

/** Do what is due: connect, ask, ping, or end. */
void master_go_on(struct snmp *s, int64_t now_ms);
/** When master_go_on() has something to do. */
int64_t master_due_ms(const struct master *c);
/** Something has arrived. @param fds  empty */
void master_read(struct snmp *s, netsnmp_large_fd_set *fds);
/** The master lives. @param response  to a question of ours, or NULL */
void master_heard(struct snmp *s, const netsnmp_pdu *response, int64_t now_ms);
/** Say so to the master, and close. */
void master_end(struct snmp *s);

#endif
