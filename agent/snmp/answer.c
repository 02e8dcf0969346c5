/*
 * What table.c calls by numbers has OIDs and values of the SNMP library outside: where the tables are, what is registered of
 * them, how a value goes into a varbind. The same for the subagent and the plugin inside snmpd.
 */
#include "snmp/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

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

/* sysUpTime is the master's and jumps when that starts again; else its rounding must not move the time of events. */
int64_t answer_boot_ms(int64_t *last, int64_t now_ms, uint32_t uptime)
{
	int64_t boot = now_ms - (int64_t)uptime * 10, moved = boot - *last;
	if (moved > UPTIME_SLACK_MS || moved < -UPTIME_SLACK_MS)
		*last = boot;
	return *last;
}
