#ifndef PORTCULLIS_SNMP_SUBAGENT_H
#define PORTCULLIS_SNMP_SUBAGENT_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "portcullis/snmp.h"
#include "snmp/notify.h"
#include "snmp/rules.h"
#include "snmp/set.h"
#include "snmp/table.h"

/* Inside the AgentX face: what the files that use the SNMP library share. */

/** A table as the library's handler finds it. */
struct binding {
	struct snmp *s;
	size_t table;
	oid entry[MAX_OID_LEN]; /* OID of it */
	size_t n;
};

struct snmp {
	atomic_int refs; /* the owner's and the thread's: the last one frees */
	pthread_t thread;
	pthread_mutex_t mutex; /* for hub */
	struct hub *hub; /* NULL after snmp_stop() */
	atomic_bool stop;
	int wake; /* eventfd: something is queued, or stop */
	char *agentx, *persistent_dir;
	struct notify_queue *queue;
	struct control *control;
	struct share *share; /* NULL: none is written */

	/* Of the thread alone: */
	oid root[MAX_OID_LEN];
	size_t n_root;
	struct binding binding[TABLE_N];
	int (*library)(int, netsnmp_session *, int, netsnmp_pdu *, void *); /* what else the master sends */
	void *library_magic;
	netsnmp_session *master; /* NULL while it is away */
	struct {
		int reqid; /* 0: free */
		uint64_t ticket;
	} waiting[NOTIFY_WINDOW]; /* notifications on their way */
	int64_t resend_ms; /* send nothing before */
	struct snapshot *snapshot;
	struct flat_view view;
	struct rule_rows rules;
	struct set set;
	int64_t boot_ms; /* monotonic time when sysUpTime was 0 */
};

/** Register every table and the sysORTable entry. @return 0, or -1 when the library refused. */
int responder_register(struct snmp *s) MUST_USE;
/** Take the newest snapshot for the requests that follow, and give it back after them. */
void responder_begin(struct snmp *s);
void responder_end(struct snmp *s);

/** What requests are answered from at one moment. */
struct answers {
	struct notify_row notify;
	struct control_row control;
	struct table_source source;
};
void responder_source(struct snmp *s, struct answers *out);
/** Before a table is looked at: what it has beside the snapshot. */
void responder_need(struct snmp *s, size_t table, struct answers *out);
/** Answer GET and GETNEXT of the session that begins, here and not through the library. */
void direct_begin(struct snmp *s, netsnmp_session *session);

/** A phase of a set request: what there is to say of it goes into the response. */
void writer_answer(struct snmp *s, const netsnmp_pdu *pdu, netsnmp_pdu *out);

/** Send what is queued, as far as the window allows. */
void trap_send(struct snmp *s, int64_t now_ms);
/** The master came (session) or went (NULL). */
void trap_master(struct snmp *s, netsnmp_session *session);

#endif
