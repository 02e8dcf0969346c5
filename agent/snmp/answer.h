#ifndef PORTCULLIS_SNMP_ANSWER_H
#define PORTCULLIS_SNMP_ANSWER_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include "snmp/table.h"

/* The library's side of table.c, the same for the subagent and for the plugin inside snmpd. */

/** PORTCULLIS_OID_ROOT in numbers. @return how many, or 0 when it is none. */
size_t answer_root(oid root[MAX_OID_LEN]);

/** OID of a table's entry. @return its length. */
size_t answer_entry(size_t table, oid name[MAX_OID_LEN]);

/** Put a value into a varbind. */
void answer_value(netsnmp_variable_list *vb, const struct value *v);

/** How many names are registered for a table, and each. @return the length of the name. */
size_t answer_names(size_t table);
size_t answer_name(size_t table, size_t i, oid name[MAX_OID_LEN]);

/**
 * When sysUpTime was 0, on the monotonic clock.
 *
 * @param last    what was said last, 0 at first.
 * @param uptime  sysUpTime now, hundredths of a second.
 */
int64_t answer_boot_ms(int64_t *last, int64_t now_ms, uint32_t uptime);

#endif
