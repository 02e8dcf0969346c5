/*
 * SetRequests in the library's phases come in, set.c hears of values of objects, and the first error of a phase goes back
 * with the value that it is about. Refused by name are columns that are not there, cannot be written, or have no such
 * instance (RFC 3416 section 4.2.5).
 */
#include "snmp/subagent.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "portcullis/clock.h"

static struct set_value value_of(const netsnmp_variable_list *vb)
{
	struct set_value v = {SET_IS_OTHER, 0};

	if (vb->type == ASN_INTEGER && vb->val.integer != NULL)
		v = (struct set_value){SET_IS_INTEGER, *vb->val.integer};
	else if (vb->type == ASN_UNSIGNED && vb->val.integer != NULL)
		v = (struct set_value){SET_IS_UNSIGNED, (int64_t)(uint32_t)*vb->val.integer};
	return v;
}

/* Objects that can be written are scalars: the name ends in column and 0. */
static enum set_error object_of(const struct binding *b, const netsnmp_handler_registration *reg,
        const netsnmp_variable_list *vb, enum set_object *out)
{
	size_t at = reg->rootoid_len;

	*out = vb->name_length > at ? table_settable(b->table, (uint32_t)vb->name[at]) : SET_NOTHING;
	if (*out == SET_NOTHING)
		return SET_NOT_WRITABLE;
	return vb->name_length == at + 2 && vb->name[at + 1] == 0 ? SET_NO_ERROR : SET_NO_CREATION;
}

static enum set_error check(
        const struct binding *b, const netsnmp_handler_registration *reg, const netsnmp_variable_list *vb)
{
	const struct set_value value = value_of(vb);
	enum set_object object;
	enum set_error e = object_of(b, reg, vb, &object);

	return e != SET_NO_ERROR ? e : set_check(object, &value);
}

static enum set_error collect(
        const struct binding *b, const netsnmp_handler_registration *reg, uint32_t id, const netsnmp_variable_list *vb)
{
	const struct set_value value = value_of(vb);
	enum set_object object;
	enum set_error e = object_of(b, reg, vb, &object);

	return e != SET_NO_ERROR ? e : set_collect(&b->s->set, id, object, &value, clock_monotonic_ms());
}

void writer_answer(const struct binding *b, netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
        netsnmp_request_info *requests)
{
	struct set *set = &b->s->set;
	const uint32_t id = (uint32_t)info->asp->pdu->transid;
	enum set_error e = SET_NO_ERROR;

	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		e = SET_NO_ERROR;
		if (r->processed)
			continue;
		if (info->mode == MODE_SET_RESERVE1)
			e = check(b, reg, r->requestvb);
		else if (info->mode == MODE_SET_RESERVE2)
			e = collect(b, reg, id, r->requestvb);
		else if (info->mode == MODE_SET_ACTION)
			e = set_commit(set, clock_monotonic_ms());
		else if (info->mode == MODE_SET_COMMIT)
			set_finish(set, clock_monotonic_ms());
		else if (info->mode == MODE_SET_UNDO)
			e = set_undo(set);
		else if (info->mode == MODE_SET_FREE && set->id == id)
			set_drop(set);
		if (e != SET_NO_ERROR) {
			netsnmp_set_request_error(info, r, (int)e);
			return;
		}
	}
}
