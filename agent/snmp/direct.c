/*
 * Requests of the master come in as PDUs of AgentX and are answered at once, GET and GETNEXT from the tables, sets by
 * writer.c. The library would lead each through its own agent: two pipes and three turns of the loop, for most of the time
 * that a request takes. What else comes is left to it; requests in another context than the default one are refused.
 */
#include "snmp/subagent.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <string.h>

#include "snmp/agentx.h"
#include "snmp/answer.h"

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

/* The name goes before the end of the range, which comes as the value; without one nothing ends it. */
static bool in_range(const netsnmp_variable_list *vb, const oid *name, size_t n)
{
	size_t n_end = vb->val_len / sizeof(oid);
	return n_end == 0 || name_cmp(name, n, vb->val.objid, n_end) < 0;
}

static void get_next(struct snmp *s, struct answers *answers, const netsnmp_variable_list *vb, netsnmp_pdu *out)
{
	oid best[MAX_OID_LEN] = {0};
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
	if (n_best > 0 && in_range(vb, best, n_best))
		add(out, best, n_best, &value);
	else
		add_absent(out, vb, SNMP_ENDOFMIBVIEW);
}

static netsnmp_pdu *response_to(const netsnmp_pdu *pdu)
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
	out->time = netsnmp_get_agent_uptime();
	return out;
}

/* @return the response, or NULL for what is the library's. */
static netsnmp_pdu *answer_to(struct snmp *s, const netsnmp_pdu *pdu)
{
	bool request = pdu->command >= AGENTX_GET && pdu->command <= AGENTX_CLEANUPSET;
	bool read = pdu->command == AGENTX_GET || pdu->command == AGENTX_GETNEXT;
	bool set = pdu->command >= AGENTX_TESTSET && pdu->command <= AGENTX_CLEANUPSET;
	struct answers answers;
	netsnmp_pdu *out;
	if (!request || (!read && !set && pdu->community_len == 0) || (out = response_to(pdu)) == NULL)
		return NULL;
	/* Nothing is registered in another context, and the library reads beyond the end of one that has a zero in it. */
	if (pdu->community_len > 0) {
		out->errstat = AGENTX_UNSUPPORTED_CONTEXT;
		return out;
	}
	if (set) {
		writer_answer(s, pdu, out);
		return out;
	}
	responder_source(s, &answers);
	for (const netsnmp_variable_list *vb = pdu->variables; vb != NULL; vb = vb->next_variable) {
		if (pdu->command == AGENTX_GET)
			get(s, &answers, vb, out);
		else
			get_next(s, &answers, vb, out);
	}
	return out;
}

static int on_packet(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic)
{
	struct snmp *s = magic;
	netsnmp_pdu *out = op == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE ? answer_to(s, pdu) : NULL;
	if (out == NULL)
		return s->library(op, session, reqid, pdu, s->library_magic);
	if (snmp_send(session, out) == 0)
		snmp_free_pdu(out);
	return 1;
}

void direct_begin(struct snmp *s, netsnmp_session *session)
{
	s->library = session->callback;
	s->library_magic = session->callback_magic;
	session->callback = on_packet;
	session->callback_magic = s;
}
