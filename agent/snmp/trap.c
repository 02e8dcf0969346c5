/*
 * Queued notifications go to the master as Notify PDUs (RFC 2741, 6.2.10), a small window at a time, each until the master
 * has answered. While the master is away nothing is sent; what it did not answer is sent again in the next session, and only
 * there: on a stream nothing is lost but with the connection, and what is sent twice arrives twice.
 */
#include "snmp/subagent.h"

#include <string.h>

#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "snmp/agentx.h"

/* The library calls this more than once for a request (sent again, failed, timed out): nothing may be freed here. */
static int on_answer(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic)
{
	struct snmp *s = magic;
	(void)session;
	if (op != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		return 1;
	master_heard(s, pdu, clock_monotonic_ms());
	if (pdu->errstat == AGENTX_NOT_OPEN) {
		s->master.broken = true;
		return 1;
	}
	for (size_t i = 0; i < NOTIFY_WINDOW; i++) {
		if (s->waiting[i].reqid != reqid)
			continue;
		s->waiting[i].reqid = 0;
		if (pdu->errstat != 0)
			log_warning("the SNMP agent refused a notification: AgentX error %ld", pdu->errstat);
		uint64_t sequence = notify_queue_ack(s->queue, s->waiting[i].ticket);
		if (sequence != 0)
			delivery_answered(s->delivery, sequence);
	}
	return 1;
}

static void add_value(netsnmp_pdu *pdu, const oid *name, size_t len, const struct value *v)
{
	long number = (long)v->number;
	if (v->type == VALUE_OCTETS)
		snmp_pdu_add_variable(pdu, name, len, ASN_OCTET_STR, v->octets, v->len);
	else
		snmp_pdu_add_variable(
		        pdu, name, len, v->type == VALUE_INTEGER ? ASN_INTEGER : ASN_GAUGE, &number, sizeof(number));
}

static netsnmp_pdu *pdu_build(const struct snmp *s, const struct notification *n)
{
	static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
	const struct notify_form *form = notification_form(n);
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_NOTIFY);
	oid name[MAX_OID_LEN];
	size_t len = s->n_root;
	if (pdu == NULL)
		return NULL;
	memcpy(name, s->root, len * sizeof(*name));
	name[len] = 0;
	name[len + 1] = form->number;
	snmp_pdu_add_variable(pdu, trap_oid, OID_LENGTH(trap_oid), ASN_OBJECT_ID, name, (len + 2) * sizeof(*name));
	name[len] = 1;
	name[len + 1] = NOTIFY_NODE;
	name[len + 3] = 0;
	for (size_t i = 0; form->object[i] != 0; i++) {
		struct value v;
		name[len + 2] = form->object[i];
		notification_value(n, form->object[i], &v);
		add_value(pdu, name, len + 4, &v);
	}
	return pdu;
}

/* @return where to note one more, or NOTIFY_WINDOW. */
static size_t free_slot(const struct snmp *s)
{
	size_t i = 0;
	while (i < NOTIFY_WINDOW && s->waiting[i].reqid != 0)
		i++;
	return i;
}

static bool send_one(struct snmp *s, const struct notification *n, uint64_t ticket, size_t slot)
{
	netsnmp_pdu *pdu = pdu_build(s, n);
	if (pdu == NULL)
		return false;
	pdu->sessid = s->master.id;
	int reqid = snmp_sess_async_send(s->master.handle, pdu, on_answer, s);
	if (reqid == 0)
		snmp_free_pdu(pdu);
	s->waiting[slot].reqid = reqid;
	s->waiting[slot].ticket = ticket;
	s->waiting[slot].sent_ms = s->master.now_ms;
	return reqid != 0;
}

void trap_send(struct snmp *s)
{
	struct notification n;
	uint64_t ticket;
	size_t slot;
	for (size_t i = 0; i < NOTIFY_WINDOW; i++)
		if (s->waiting[i].reqid != 0 && s->master.now_ms - s->waiting[i].sent_ms >= SILENCE_MS)
			s->master.broken = true;
	while (s->sends && !s->master.broken && (slot = free_slot(s)) < NOTIFY_WINDOW &&
	        notify_queue_next(s->queue, &n, &ticket)) {
		if (!send_one(s, &n, ticket, slot))
			s->master.broken = true;
		notification_fini(&n);
	}
}

void trap_begin(struct snmp *s)
{
	s->sends = true;
}

void trap_end(struct snmp *s)
{
	s->sends = false;
	memset(s->waiting, 0, sizeof(s->waiting));
	notify_queue_rewind(s->queue);
}
