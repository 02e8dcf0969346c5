/*
 * The plugin's way to the tables: handlers of snmpd's own agent, to which requests come one registered name at a time. What is
 * not there is refused by name; where a name's instances end the library goes on with what is registered next.
 */
#include "snmp/handler.h"

#include <string.h>

#include "snmp/answer.h"

/* Enough of an OID to tell where it lies among instances. */
#define SUFFIX_MAX (TABLE_OID_MAX + 1)

static int register_one(size_t table, size_t i, const struct handler_registration *how)
{
	oid name[MAX_OID_LEN];
	size_t len = answer_name(table, i, name);
	netsnmp_handler_registration *reg =
	        netsnmp_create_handler_registration(tables[table].entry, how->handler, name, len, HANDLER_CAN_RONLY);

	if (reg == NULL)
		return -1;
	reg->handler->myvoid = how->magic;
	reg->priority = how->priority;
	return netsnmp_register_handler(reg) == MIB_REGISTERED_OK ? 0 : -1;
}

int handler_register(size_t table, const struct handler_registration *how)
{
	int result = 0;

	for (size_t i = 0; i < answer_names(table) && result == 0; i++)
		result = register_one(table, i, how);
	return result;
}

/* Length of the entry's OID in what is registered. */
static size_t entry_len(const netsnmp_handler_registration *reg, size_t table)
{
	return reg->rootoid_len - (answer_names(table) > 1 ? 1 : 0);
}

/*
 * What of the requested name follows the entry's OID; where it sorts before what is registered (*outside -1), the
 * beginning of that.
 */
static size_t suffix_of(const netsnmp_handler_registration *reg, size_t table, const netsnmp_variable_list *vb,
        uint32_t suffix[SUFFIX_MAX], int *outside)
{
	size_t n = 0, from = entry_len(reg, table);
	*outside = snmp_oid_ncompare(vb->name, vb->name_length, reg->rootoid, reg->rootoid_len, reg->rootoid_len);
	if (*outside == 0 && vb->name_length < reg->rootoid_len)
		*outside = -1;
	if (*outside < 0 && answer_names(table) > 1)
		suffix[n++] = (uint32_t)reg->rootoid[from];
	for (size_t i = from; *outside == 0 && i < vb->name_length && n < SUFFIX_MAX; i++)
		suffix[n++] = (uint32_t)vb->name[i];
	return n;
}

static void answer_get(const struct table_source *source, size_t table, netsnmp_agent_request_info *info,
        netsnmp_request_info *request, const uint32_t *suffix, size_t n)
{
	struct value v;
	switch (table_get(source, table, suffix, n, &v)) {
	case TABLE_OK:
		answer_value(request->requestvb, &v);
		return;
	case TABLE_NO_OBJECT:
		netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
		return;
	case TABLE_NO_INSTANCE:
	case TABLE_END:
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
		return;
	}
}

/* Without an answer the library goes on with what is registered next. */
static void answer_next(const struct table_source *source, size_t table, const netsnmp_handler_registration *reg,
        netsnmp_request_info *request, const uint32_t *suffix, size_t n)
{
	uint32_t next[TABLE_OID_MAX];
	oid name[MAX_OID_LEN];
	size_t n_next, len = entry_len(reg, table);
	struct value v;
	/* An inclusive search (RFC 2741, 5.2) may end where it begins. */
	if (request->inclusive && n > 1 && table_get(source, table, suffix, n, &v) == TABLE_OK) {
		answer_value(request->requestvb, &v);
		return;
	}
	if (table_next(source, table, suffix, n, next, &n_next, &v) != TABLE_OK ||
	        (answer_names(table) > 1 && next[0] != reg->rootoid[len]))
		return;
	memcpy(name, reg->rootoid, len * sizeof(*name));
	for (size_t i = 0; i < n_next; i++)
		name[len++] = next[i];
	snmp_set_var_objid(request->requestvb, name, len);
	answer_value(request->requestvb, &v);
}

void handler_answer(const struct table_source *source, size_t table, const netsnmp_handler_registration *reg,
        netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		uint32_t suffix[SUFFIX_MAX];
		int outside;
		if (r->processed)
			continue;
		size_t n = suffix_of(reg, table, r->requestvb, suffix, &outside);
		if (info->mode == MODE_GET && outside == 0)
			answer_get(source, table, info, r, suffix, n);
		else if (info->mode == MODE_GETNEXT && outside <= 0)
			answer_next(source, table, reg, r, suffix, n);
		else if (info->mode == MODE_GET)
			netsnmp_set_request_error(info, r, SNMP_NOSUCHOBJECT);
	}
}
