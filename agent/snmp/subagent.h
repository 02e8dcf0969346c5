#ifndef PORTCULLIS_SNMP_SUBAGENT_H
#define PORTCULLIS_SNMP_SUBAGENT_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "portcullis/snmp.h"
#include "snmp/delivery.h"
#include "snmp/master.h"
#include "snmp/notify.h"
#include "snmp/rules.h"
#include "snmp/set.h"
#include "snmp/table.h"

/* Inside the AgentX face: what the files that use the SNMP library share. */

/** Where a table is: OID of its entry. */
struct binding {
	size_t table;
	oid entry[MAX_OID_LEN];
	size_t n;
};

struct snmp {
	atomic_int refs; /* the owner's and the thread's: the last one frees */
	pthread_t thread;
	pthread_mutex_t mutex; /* for hub, ended */
	struct hub *hub; /* NULL after snmp_stop() */
	bool ended; /* the thread has nothing more to do */
	pthread_cond_t end;
	atomic_bool stop;
	int wake; /* eventfd: something is queued, or stop */
	struct notify_queue *queue;
	struct control *control;
	struct share *share; /* NULL: none is written */
	struct delivery *delivery;

	/* Of the thread alone: */
	oid root[MAX_OID_LEN];
	size_t n_root;
	struct binding binding[TABLE_N];
	struct master master;
	struct {
		int reqid; /* 0: free */
		uint64_t ticket;
		int64_t sent_ms;
	} waiting[NOTIFY_WINDOW]; /* notifications on their way */
	bool sends; /* there is a session to send them in */
	struct snapshot *snapshot;
	struct flat_view view;
	struct rule_rows rules;
	struct set set;
	int64_t boot_ms; /* monotonic time when sysUpTime was 0 */
};

/** Where the tables are. */
void responder_init(struct snmp *s);
/** Take the newest snapshot for the requests that follow, and give it back after them. */
void responder_begin(struct snmp *s);
void responder_end(struct snmp *s);

/** What requests are answered from at one moment. */
struct answers {
	struct notify_row notify;
	struct control_row control;
	struct table_source source;
};
void responder_source(struct snmp *s, int64_t now_ms, struct answers *out);
/** Before a table is looked at: what it has beside the snapshot. */
void responder_need(struct snmp *s, size_t table, struct answers *out);
/** The response to a request of the master, Get to CleanupSet; NULL without memory. The caller frees it. */
netsnmp_pdu *requests_answer(struct snmp *s, const netsnmp_pdu *pdu, int64_t now_ms);
/** What arrives in the session and answers no question of ours: a callback of the library. @param magic  struct snmp */
int requests_arrive(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic);

/** A phase of a set request: what there is to say of it goes into the response. */
void writer_answer(struct snmp *s, const netsnmp_pdu *pdu, netsnmp_pdu *out);

/** A session begins: what is queued can be sent. */
void trap_begin(struct snmp *s);
/** It ends: what was not answered is sent in the next one. */
void trap_end(struct snmp *s);
/** Send what is queued, as far as the window allows. */
void trap_send(struct snmp *s);

#endif
