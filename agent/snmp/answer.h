#ifndef PORTCULLIS_SNMP_ANSWER_H
#define PORTCULLIS_SNMP_ANSWER_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "snmp/table.h"

/*
 * The library's side of table.c, the same for the subagent and for the plugin inside snmpd: OIDs come in, values go out.
 * Nothing else of the agent is used.
 */

/** PORTCULLIS_OID_ROOT in numbers. @return how many, or 0 when it is none. */
size_t answer_root(oid root[MAX_OID_LEN]);

/** OID of a table's entry. @return its length. */
size_t answer_entry(size_t table, oid name[MAX_OID_LEN]);

/** Put a value into a varbind. */
void answer_value(netsnmp_variable_list *vb, const struct value *v);

struct answer_registration {
	Netsnmp_Node_Handler *handler;
	void *magic; /* for the handler */
	int modes; /* HANDLER_CAN_RONLY or HANDLER_CAN_RWRITE */
	int priority; /* 0: the usual one; a smaller one than that of others goes before them */
};
/** Register a table. @return 0, or -1 when the library refused. */
int answer_register(size_t table, const struct answer_registration *how);
/** How many names are registered for a table, and each. @return the length of the name. */
size_t answer_names(size_t table);
size_t answer_name(size_t table, size_t i, oid name[MAX_OID_LEN]);

/** GET and GETNEXT of one table. */
void answer_requests(const struct table_source *source, size_t table, const netsnmp_handler_registration *reg,
        netsnmp_agent_request_info *info, netsnmp_request_info *requests);

/**
 * When sysUpTime was 0, on the monotonic clock.
 *
 * @param last  what was said last, 0 at first.
 */
int64_t answer_boot_ms(int64_t *last, int64_t now_ms);

#endif
