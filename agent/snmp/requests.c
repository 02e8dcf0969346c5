/*
 * Requests of the master come in as PDUs of AgentX (RFC 2741, section 7.2.3) and are answered at once, GET, GETNEXT and
 * GETBULK from the tables, sets by writer.c. Refused are requests in another context than the default one, and in a session
 * that is not this one. What else a master sends is none of its business, or the end of the session.
 */
#include "snmp/subagent.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "snmp/agentx.h"
#include "snmp/answer.h"

/* In an answer to GETBULK; whoever wants more asks again (RFC 3416, section 4.2.3). */
#define BULK_MAX 100

/* The numbers of AgentX are 32 bits wide; the library reads large ones as negative. */
static int number_cmp(oid a, oid b)
{
	uint32_t x = (uint32_t)a, y = (uint32_t)b;
	return (x > y) - (x < y);
}

static int name_cmp(const oid *a, size_t n_a, const oid *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && i < n_b; i++)
		if (a[i] != b[i] && number_cmp(a[i], b[i]) != 0)
			return number_cmp(a[i], b[i]);
	return (n_a > n_b) - (n_a < n_b);
}

/* Where a name lies: 0 at or below the entry, -1 before it, 1 after it. */
static int side_of(const struct binding *b, const netsnmp_variable_list *vb)
{
	if (vb->name_length < b->n)
		return name_cmp(vb->name, vb->name_length, b->entry, b->n);
	return name_cmp(vb->name, b->n, b->entry, b->n);
}

/* What of a name follows the entry. A longer one than any instance's is cut after one number too many. */
static size_t suffix_of(const struct binding *b, const netsnmp_variable_list *vb, uint32_t suffix[TABLE_OID_MAX + 1])
{
	size_t n = 0;
	for (size_t i = b->n; i < vb->name_length && n < TABLE_OID_MAX + 1; i++)
		suffix[n++] = (uint32_t)vb->name[i];
	return n;
}

static void add(netsnmp_pdu *out, const oid *name, size_t n, const struct value *v)
{
	netsnmp_variable_list *vb = snmp_pdu_add_variable(out, name, n, ASN_NULL, NULL, 0);
	if (vb != NULL)
		answer_value(vb, v);
}

static void add_absent(netsnmp_pdu *out, const netsnmp_variable_list *vb, u_char exception)
{
	snmp_pdu_add_variable(out, vb->name, vb->name_length, exception, NULL, 0);
}

static void get(struct snmp *s, struct answers *answers, const netsnmp_variable_list *vb, netsnmp_pdu *out)
{
	uint32_t suffix[TABLE_OID_MAX + 1];
	enum table_result result = TABLE_NO_OBJECT;
	struct value v;
	for (size_t t = 0; t < TABLE_N; t++) {
		const struct binding *b = &s->binding[t];
		if (vb->name_length < b->n || side_of(b, vb) != 0)
			continue;
		responder_need(s, t, answers);
		result = table_get(&answers->source, b->table, suffix, suffix_of(b, vb, suffix), &v);
		break;
	}
	if (result == TABLE_OK)
		add(out, vb->name, vb->name_length, &v);
	else
		add_absent(out, vb, result == TABLE_NO_OBJECT ? SNMP_NOSUCHOBJECT : SNMP_NOSUCHINSTANCE);
}

/* The first instance of a table after a name, or at it where it is included. */
static enum table_result next_of(const struct binding *b, const struct table_source *source,
        const netsnmp_variable_list *vb, oid name[MAX_OID_LEN], size_t *n, struct value *v)
{
	uint32_t suffix[TABLE_OID_MAX + 1], next[TABLE_OID_MAX];
	size_t n_suffix = side_of(b, vb) == 0 ? suffix_of(b, vb, suffix) : 0, n_next = n_suffix;
	enum table_result result = TABLE_END;
	if (vb->type == ASN_PRIV_INCL_RANGE && n_suffix > 0 && n_suffix <= TABLE_OID_MAX) {
		memcpy(next, suffix, n_suffix * sizeof(*next));
		result = table_get(source, b->table, suffix, n_suffix, v);
	}
	if (result != TABLE_OK)
		result = table_next(source, b->table, suffix, n_suffix, next, &n_next, v);
	if (result != TABLE_OK)
		return result;
	memcpy(name, b->entry, b->n * sizeof(*name));
	for (size_t i = 0; i < n_next; i++)
		name[b->n + i] = next[i];
	*n = b->n + n_next;
	return TABLE_OK;
}

/*
 * The name goes before the end of the range, which comes as the value. The null object identifier, which the library reads as
 * 0.0, ends nothing (RFC 2741, section 5.2).
 */
static bool in_range(const netsnmp_variable_list *vb, const oid *name, size_t n)
{
	const oid *end = vb->val.objid;
	size_t n_end = vb->val_len / sizeof(oid);
	bool none = n_end == 0 || (n_end == 2 && end[0] == 0 && end[1] == 0);
	return none || name_cmp(name, n, end, n_end) < 0;
}

/* @return length of the name that was found, 0 for none. */
static size_t get_next(struct snmp *s, struct answers *answers, const netsnmp_variable_list *vb, netsnmp_pdu *out,
        oid best[MAX_OID_LEN])
{
	size_t n_best = 0;
	struct value value;
	for (size_t t = 0; t < TABLE_N; t++) {
		const struct binding *b = &s->binding[t];
		oid name[MAX_OID_LEN];
		size_t n;
		struct value v;
		/* An entry that begins after what was found has nothing before it. */
		if (side_of(b, vb) > 0 || !in_range(vb, b->entry, b->n) ||
		        (n_best > 0 && name_cmp(b->entry, b->n, best, n_best) > 0))
			continue;
		responder_need(s, t, answers);
		if (next_of(b, &answers->source, vb, name, &n, &v) != TABLE_OK)
			continue;
		memcpy(best, name, n * sizeof(*name));
		n_best = n;
		value = v;
		if (v.type == VALUE_OCTETS && v.octets == v.buf)
			value.octets = value.buf;
	}
	if (n_best == 0 || !in_range(vb, best, n_best)) {
		add_absent(out, vb, SNMP_ENDOFMIBVIEW);
		return 0;
	}
	add(out, best, n_best, &value);
	return n_best;
}

/* A range of a GETBULK, and how far it has come. */
struct repeater {
	netsnmp_variable_list at;
	oid name[MAX_OID_LEN];
	bool over;
};

/* @return false when there is nothing more in any range. */
static bool repeat(struct snmp *s, struct answers *answers, struct repeater *r, size_t n, netsnmp_pdu *out)
{
	bool more = false;
	for (size_t i = 0; i < n; i++) {
		size_t len = r[i].over ? 0 : get_next(s, answers, &r[i].at, out, r[i].name);
		if (r[i].over)
			add_absent(out, &r[i].at, SNMP_ENDOFMIBVIEW);
		r[i].over = len == 0;
		more = more || len > 0;
		if (len == 0)
			continue;
		r[i].at.name = r[i].name;
		r[i].at.name_length = len;
		r[i].at.type = ASN_PRIV_EXCL_RANGE;
	}
	return more;
}

static void get_bulk(struct snmp *s, struct answers *answers, const netsnmp_pdu *pdu, netsnmp_pdu *out)
{
	const netsnmp_variable_list *vb = pdu->variables;
	struct repeater *r = xcalloc(BULK_MAX, sizeof(*r));
	size_t n = 0;
	oid name[MAX_OID_LEN];
	for (long i = 0; i < pdu->non_repeaters && vb != NULL; i++, vb = vb->next_variable)
		get_next(s, answers, vb, out, name);
	for (; vb != NULL && n < BULK_MAX; vb = vb->next_variable, n++) {
		r[n].at = *vb;
		r[n].over = false;
	}
	long most = n > 0 ? (long)(BULK_MAX / n) : 0;
	for (long k = 0; k < pdu->max_repetitions && k < most; k++)
		if (!repeat(s, answers, r, n, out))
			break;
	free(r);
}

static netsnmp_pdu *response_to(const struct snmp *s, const netsnmp_pdu *pdu, int64_t now_ms)
{
	netsnmp_pdu *out = snmp_pdu_create(AGENTX_RESPONSE);
	if (out == NULL)
		return NULL;
	out->version = pdu->version;
	out->flags = (pdu->flags & AGENTX_BIG_ENDIAN) | UCD_MSG_FLAG_RESPONSE_PDU;
	out->sessid = pdu->sessid;
	out->transid = pdu->transid;
	out->reqid = pdu->reqid;
	out->msgid = pdu->msgid;
	out->errstat = out->errindex = 0;
	out->time = (uint32_t)((now_ms - s->boot_ms) / 10);
	return out;
}

static void read_tables(struct snmp *s, const netsnmp_pdu *pdu, netsnmp_pdu *out, int64_t now_ms)
{
	struct answers answers;
	oid name[MAX_OID_LEN];
	responder_source(s, now_ms, &answers);
	if (pdu->command == AGENTX_GETBULK) {
		get_bulk(s, &answers, pdu, out);
		return;
	}
	for (const netsnmp_variable_list *vb = pdu->variables; vb != NULL; vb = vb->next_variable) {
		if (pdu->command == AGENTX_GET)
			get(s, &answers, vb, out);
		else
			get_next(s, &answers, vb, out, name);
	}
}

netsnmp_pdu *requests_answer(struct snmp *s, const netsnmp_pdu *pdu, int64_t now_ms)
{
	netsnmp_pdu *out = response_to(s, pdu, now_ms);
	if (out == NULL)
		return NULL;
	/* Nothing is registered in another context. */
	if (s->master.state == MASTER_OPENING || (uint32_t)pdu->sessid != s->master.id)
		out->errstat = AGENTX_NOT_OPEN;
	else if (pdu->community_len > 0)
		out->errstat = AGENTX_UNSUPPORTED_CONTEXT;
	else if (pdu->command >= AGENTX_TESTSET)
		writer_answer(s, pdu, out);
	else
		read_tables(s, pdu, out, now_ms);
	return out;
}

static void answer(struct snmp *s, const netsnmp_pdu *pdu)
{
	int64_t now_ms = clock_monotonic_ms();
	netsnmp_pdu *out = requests_answer(s, pdu, now_ms);
	master_heard(s, NULL, now_ms);
	if (out == NULL || snmp_sess_send(s->master.handle, out) == 0) {
		snmp_free_pdu(out);
		s->master.broken = true;
	}
}

static bool is_request(const netsnmp_pdu *pdu)
{
	return pdu->command >= AGENTX_GET && pdu->command <= AGENTX_CLEANUPSET;
}

int requests_arrive(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic)
{
	struct snmp *s = magic;
	(void)session;
	(void)reqid;
	if (op == NETSNMP_CALLBACK_OP_DISCONNECT)
		s->master.broken = true;
	if (op != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		return 1;
	if (pdu->command == AGENTX_CLOSE && (uint32_t)pdu->sessid == s->master.id)
		s->master.broken = true;
	else if (is_request(pdu))
		answer(s, pdu);
	return 1;
}
