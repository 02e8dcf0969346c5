/*
 * Queued notifications go to the master as Notify PDUs (RFC 2741, 6.2.10), a small window at a time, each until the master
 * has answered. While the master is away nothing is sent; what it did not answer is sent again.
 */
#include "snmp/subagent.h"

#include <string.h>

#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "snmp/agentx.h"

#define TIMEOUT_US 5000000 /* a master that is silent for so long is gone */
#define RESEND_MS 1000 /* pause after a notification that was not answered */

static void again_later(struct snmp *s)
{
	memset(s->waiting, 0, sizeof(s->waiting));
	notify_queue_rewind(s->queue);
	s->resend_ms = clock_monotonic_ms() + RESEND_MS;
}

/* The library calls this more than once for a request (resent, failed, timed out): nothing may be freed here. */
static int on_answer(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic)
{
	struct snmp *s = magic;
	(void)session;
	if (op == NETSNMP_CALLBACK_OP_TIMED_OUT ||
	        (op == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu->errstat == AGENTX_NOT_OPEN))
		again_later(s);
	if (op != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		return 1;
	for (size_t i = 0; i < NOTIFY_WINDOW; i++) {
		if (s->waiting[i].reqid != reqid)
			continue;
		s->waiting[i].reqid = 0;
		if (pdu->errstat != 0)
			log_warning("the SNMP agent refused a notification: AgentX error %ld", pdu->errstat);
		notify_queue_ack(s->queue, s->waiting[i].ticket);
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

static bool send_one(struct snmp *s, const struct notification *n, uint64_t ticket)
{
	size_t free_slot = 0;
	netsnmp_pdu *pdu = pdu_build(s, n);
	if (pdu == NULL)
		return false;
	while (free_slot < NOTIFY_WINDOW && s->waiting[free_slot].reqid != 0)
		free_slot++;
	if (free_slot == NOTIFY_WINDOW) {
		snmp_free_pdu(pdu);
		return false;
	}
	pdu->sessid = s->master->sessid;
	int reqid = snmp_async_send(s->master, pdu, on_answer, s);
	if (reqid == 0) {
		snmp_free_pdu(pdu);
		return false;
	}
	s->waiting[free_slot].reqid = reqid;
	s->waiting[free_slot].ticket = ticket;
	return true;
}

void trap_send(struct snmp *s, int64_t now_ms)
{
	struct notification n;
	uint64_t ticket;
	if (s->master == NULL || now_ms < s->resend_ms)
		return;
	while (notify_queue_next(s->queue, &n, &ticket)) {
		bool sent = send_one(s, &n, ticket);
		notification_fini(&n);
		if (!sent) {
			again_later(s);
			return;
		}
	}
}

void trap_master(struct snmp *s, netsnmp_session *session)
{
	s->master = session;
	s->resend_ms = 0;
	memset(s->waiting, 0, sizeof(s->waiting));
	if (session != NULL) {
		/* Over a stream nothing is lost but with the connection: a request that is sent again arrives twice. */
		session->retries = 0;
		session->timeout = TIMEOUT_US;
	}
	notify_queue_rewind(s->queue);
}
