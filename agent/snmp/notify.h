#ifndef PORTCULLIS_SNMP_NOTIFY_H
#define PORTCULLIS_SNMP_NOTIFY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/conformance.h"
#include "snmp/table.h"

/*
 * Notifications without any SNMP library: what each carries, and the queue that holds them until the master has
 * answered. A notification leaves the queue when it is acknowledged, not when it is sent: what was on its way when the
 * master went is sent again, and its sequence number tells a receiver that has seen it.
 */

#define NOTIFY_QUEUE_MAX 1024
#define NOTIFY_WINDOW 20 /* sent and not yet acknowledged; hundreds at once lock agent and master in send(2) */

/** Objects below portcullisNotifyData, with their numbers in the MIB. */
enum notify_object {
	NOTIFY_SEQUENCE = 1,
	NOTIFY_PROBLEM,
	NOTIFY_LABEL,
	NOTIFY_AFFECTED,
	NOTIFY_SEVERITY,
	NOTIFY_VERDICT,
	NOTIFY_RULE,
	NOTIFY_WITNESS,
	NOTIFY_CAUSE,
	NOTIFY_AUTHOR,
	NOTIFY_AUTHOR_PID,
	NOTIFY_OVERALL,
	NOTIFY_OLD_OVERALL,
	NOTIFY_REASON,
	NOTIFY_LOST,
	NOTIFY_TIME,
	NOTIFY_UNKEPT
};

#define NOTIFY_NODE 11u /* portcullisNotifyData is portcullisObjects.11 */
#define NOTIFY_VARBINDS_MAX 13

struct notify_form {
	uint32_t number; /* below portcullisNotifications */
	const char *name; /* descriptor in the MIB */
	uint8_t object[NOTIFY_VARBINDS_MAX + 1]; /* enum notify_object in order; 0 ends */
};

/** Forms by enum change_kind, then the digest that tells of lost ones. */
enum { NOTIFY_DIGEST = CHANGE_N, NOTIFY_FORM_N };
extern const struct notify_form notify_forms[NOTIFY_FORM_N];

struct notification {
	struct change change;
	bool digest; /* tells of lost ones */
	uint32_t lost; /* how many */
};
void notification_fini(struct notification *n);
const struct notify_form *notification_form(const struct notification *n);
/** The value of one object; octets point into *n or v->buf. */
void notification_value(const struct notification *n, enum notify_object object, struct value *v);

/** Safe from any thread. */
struct notify_queue;
struct notify_queue *notify_queue_new(void);
void notify_queue_free(struct notify_queue *q);
/** Copy a change in; when the queue is full the oldest that is not on its way is dropped and counted. */
void notify_queue_add(struct notify_queue *q, const struct change *change);
/**
 * Take the next one to send, if the window allows.
 *
 * @param ticket  names it in notify_queue_ack().
 * @return false when there is none. *out is a copy; release with notification_fini().
 */
bool notify_queue_next(struct notify_queue *q, struct notification *out, uint64_t *ticket);
/** The master answered for this one: it and those before it leave the queue. @return the last one's sequence; 0: none left. */
uint64_t notify_queue_ack(struct notify_queue *q, uint64_t ticket);
/** The master went or did not answer: what was on its way is to be sent again. */
void notify_queue_rewind(struct notify_queue *q);
void notify_queue_count(struct notify_queue *q, struct notify_row *out);

#endif
