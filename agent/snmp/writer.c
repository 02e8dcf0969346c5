/*
 * Set requests of the master come in as PDUs of AgentX (RFC 2741, section 7.2.4), set.c hears of values of objects, and the
 * first error of a phase goes back with the place of the value that it is about. Refused by name are objects that are not
 * there, cannot be written, or have no such instance (RFC 3416 section 4.2.5), and phases of a request that was not begun.
 * The library would keep requests in a cache of its own, which a master that sends phases out of turn makes it fall over.
 */
#include "portcullis/clock.h"
#include "snmp/agentx.h"
#include "snmp/subagent.h"

static struct set_value value_of(const netsnmp_variable_list *vb)
{
	struct set_value v = {SET_IS_OTHER, 0};

	if (vb->val.integer == NULL)
		return v;
	if (vb->type == ASN_INTEGER)
		v = (struct set_value){SET_IS_INTEGER, (int32_t)*vb->val.integer};
	else if (vb->type == ASN_UNSIGNED)
		v = (struct set_value){SET_IS_UNSIGNED, (uint32_t)*vb->val.integer};
	return v;
}

/* Objects that can be written are scalars: behind the entry come column and 0. */
static enum set_error object_of(const struct snmp *s, const netsnmp_variable_list *vb, enum set_object *out)
{
	*out = SET_NOTHING;
	for (size_t t = 0; t < TABLE_N; t++) {
		const struct binding *b = &s->binding[t];
		if (vb->name_length <= b->n || snmp_oid_ncompare(vb->name, b->n, b->entry, b->n, b->n) != 0)
			continue;
		*out = table_settable(t, (uint32_t)vb->name[b->n]);
		if (*out != SET_NOTHING)
			return vb->name_length == b->n + 2 && vb->name[b->n + 1] == 0 ? SET_NO_ERROR : SET_NO_CREATION;
	}
	return SET_NOT_WRITABLE;
}

static enum set_error test_one(struct snmp *s, uint32_t id, const netsnmp_variable_list *vb, bool collects)
{
	const struct set_value value = value_of(vb);
	enum set_object object;
	enum set_error e = object_of(s, vb, &object);

	if (e == SET_NO_ERROR)
		e = set_check(object, &value);
	if (e == SET_NO_ERROR && collects)
		e = set_collect(&s->set, id, object, &value, clock_monotonic_ms());
	return e;
}

/* All are looked at before the first one reserves anything. */
static void test(struct snmp *s, uint32_t id, const netsnmp_pdu *pdu, netsnmp_pdu *out)
{
	for (int collects = 0; collects < 2; collects++) {
		long index = 1;
		for (const netsnmp_variable_list *vb = pdu->variables; vb != NULL; vb = vb->next_variable, index++) {
			enum set_error e = test_one(s, id, vb, collects != 0);
			if (e == SET_NO_ERROR)
				continue;
			out->errstat = (long)e;
			out->errindex = index;
			if (s->set.id == id)
				set_drop(&s->set);
			return;
		}
	}
}

void writer_answer(struct snmp *s, const netsnmp_pdu *pdu, netsnmp_pdu *out)
{
	const uint32_t id = (uint32_t)pdu->transid;
	const bool begun = s->set.open && s->set.id == id;
	const int64_t now_ms = clock_monotonic_ms();

	if (pdu->command == AGENTX_TESTSET)
		test(s, id, pdu, out);
	else if (pdu->command == AGENTX_COMMITSET)
		out->errstat = begun ? (long)set_commit(&s->set, now_ms) : SET_COMMIT_FAILED;
	else if (pdu->command == AGENTX_UNDOSET && begun)
		out->errstat = (long)set_undo(&s->set);
	else if (pdu->command == AGENTX_CLEANUPSET && begun && s->set.done)
		set_finish(&s->set, now_ms);
	else if (pdu->command == AGENTX_CLEANUPSET && begun)
		set_drop(&s->set);
	/* All values of a request share its fate; snmpd wants to hear of one. */
	if (out->errstat != 0 && out->errindex == 0)
		out->errindex = 1;
}
