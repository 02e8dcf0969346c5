/*
 * Requests come in with OIDs, values go out: the library's side of table.c. What is not there is refused by name; where a
 * table ends the library goes on with what is registered next.
 */
#include "snmp/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

/* Enough of an OID to tell where it lies among instances. */
#define SUFFIX_MAX (TABLE_OID_MAX + 1)
#define UPTIME_SLACK_MS 1000

size_t answer_root(oid root[MAX_OID_LEN])
{
	const char *p = PORTCULLIS_OID_ROOT;
	size_t n = 0;

	while (*p != '\0' && n < MAX_OID_LEN - TABLE_OID_MAX - 8) {
		char *end;
		errno = 0;
		unsigned long sub = strtoul(p, &end, 10);
		if (end == p || errno != 0 || sub > UINT32_MAX || (*end != '.' && *end != '\0'))
			break;
		root[n++] = sub;
		p = *end == '.' ? end + 1 : end;
	}
	return *p != '\0' || n < 2 ? 0 : n;
}

size_t answer_entry(size_t table, oid name[MAX_OID_LEN])
{
	size_t len = answer_root(name);

	for (size_t i = 0; i < tables[table].n_suffix; i++)
		name[len++] = tables[table].suffix[i];
	return len;
}

/*
 * The one table with rows by the ten thousand is registered column by column: snmpd passes over a column that a view hides
 * as a whole, and else would ask for every cell of it (its answer to GETNEXT is the next instance that may be seen). Each
 * name costs a request of its own when the agent joins.
 */
static bool has_columns(size_t table)
{
	return table == FLAT_FLOW;
}

size_t answer_names(size_t table)
{
	return has_columns(table) ? tables[table].n_column : 1;
}

size_t answer_name(size_t table, size_t i, oid name[MAX_OID_LEN])
{
	size_t len = answer_entry(table, name);

	if (has_columns(table))
		name[len++] = tables[table].column[i].number;
	return len;
}

static int register_one(size_t table, size_t i, const struct answer_registration *how)
{
	oid name[MAX_OID_LEN];
	size_t len = answer_name(table, i, name);
	netsnmp_handler_registration *reg =
	        netsnmp_create_handler_registration(tables[table].entry, how->handler, name, len, how->modes);

	if (reg == NULL)
		return -1;
	reg->handler->myvoid = how->magic;
	if (how->priority != 0)
		reg->priority = how->priority;
	return netsnmp_register_handler(reg) == MIB_REGISTERED_OK ? 0 : -1;
}

int answer_register(size_t table, const struct answer_registration *how)
{
	int result = 0;

	for (size_t i = 0; i < answer_names(table) && result == 0; i++)
		result = register_one(table, i, how);
	return result;
}

void answer_value(netsnmp_variable_list *vb, const struct value *v)
{
	static const u_char asn[] = {
	        [VALUE_INTEGER] = ASN_INTEGER,
	        [VALUE_GAUGE] = ASN_GAUGE,
	        [VALUE_COUNTER] = ASN_COUNTER,
	        [VALUE_TICKS] = ASN_TIMETICKS,
	};
	const struct counter64 wide = {(u_long)(v->wide >> 32), (u_long)(v->wide & UINT32_MAX)};
	if (v->type == VALUE_OCTETS)
		snmp_set_var_typed_value(vb, ASN_OCTET_STR, v->octets, v->len);
	else if (v->type == VALUE_COUNTER64)
		snmp_set_var_typed_value(vb, ASN_COUNTER64, &wide, sizeof(wide));
	else
		snmp_set_var_typed_integer(vb, asn[v->type], (long)v->number);
}

/* Length of the entry's OID in what is registered. */
static size_t entry_len(const netsnmp_handler_registration *reg, size_t table)
{
	return reg->rootoid_len - (has_columns(table) ? 1 : 0);
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
	if (*outside < 0 && has_columns(table))
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
	        (has_columns(table) && next[0] != reg->rootoid[len]))
		return;
	memcpy(name, reg->rootoid, len * sizeof(*name));
	for (size_t i = 0; i < n_next; i++)
		name[len++] = next[i];
	snmp_set_var_objid(request->requestvb, name, len);
	answer_value(request->requestvb, &v);
}

/* sysUpTime is the master's and jumps when that starts again; else its rounding must not move the time of events. */
int64_t answer_boot_ms(int64_t *last, int64_t now_ms)
{
	int64_t boot = now_ms - (int64_t)netsnmp_get_agent_uptime() * 10, moved = boot - *last;
	if (moved > UPTIME_SLACK_MS || moved < -UPTIME_SLACK_MS)
		*last = boot;
	return *last;
}

void answer_requests(const struct table_source *source, size_t table, const netsnmp_handler_registration *reg,
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
