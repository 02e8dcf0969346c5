#ifndef PORTCULLIS_SNMP_HANDLER_H
#define PORTCULLIS_SNMP_HANDLER_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "snmp/table.h"

/* Tables behind handlers of the SNMP library's own agent, as snmpd is one. */

struct handler_registration {
	Netsnmp_Node_Handler *handler;
	void *magic; /* for the handler */
	int priority; /* a smaller one than that of others goes before them */
};

/** Register a table for reading. @return 0, or -1 when the library refused. */
int handler_register(size_t table, const struct handler_registration *how);

/** GET and GETNEXT of one table. */
void handler_answer(const struct table_source *source, size_t table, const netsnmp_handler_registration *reg,
        netsnmp_agent_request_info *info, netsnmp_request_info *requests);

#endif
