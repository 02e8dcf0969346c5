#ifndef PORTCULLIS_SNMP_AGENTX_H
#define PORTCULLIS_SNMP_AGENTX_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

/* AgentX of the SNMP library: its PDUs come in and go out by these functions, which it exports and shows in no header. */
int agentx_parse(netsnmp_session *session, netsnmp_pdu *pdu, u_char *data, size_t len);
int agentx_realloc_build(netsnmp_session *session, netsnmp_pdu *pdu, u_char **buf, size_t *buf_len, size_t *out_len);

/** Version of a session that speaks AgentX. */
#define AGENTX_VERSION_1 (0xc0 | 1)

/* What RFC 2741 numbers: */

/* h.type, section 6.1 */
#define AGENTX_OPEN 1
#define AGENTX_CLOSE 2
#define AGENTX_REGISTER 3
#define AGENTX_GET 5
#define AGENTX_GETNEXT 6
#define AGENTX_GETBULK 7
#define AGENTX_TESTSET 8
#define AGENTX_COMMITSET 9
#define AGENTX_UNDOSET 10
#define AGENTX_CLEANUPSET 11 /* the last of the requests */
#define AGENTX_NOTIFY 12
#define AGENTX_PING 13
#define AGENTX_ADD_AGENT_CAPS 16
#define AGENTX_RESPONSE 18

/* h.flags */
#define AGENTX_BIG_ENDIAN 0x10 /* NETWORK_BYTE_ORDER */

/* The header, section 6.1 */
#define AGENTX_HEADER 20
#define AGENTX_FLAGS_AT 2
#define AGENTX_LENGTH_AT 16 /* octets that follow the header */

/* c.reason, section 6.2.2 */
#define AGENTX_SHUTDOWN 5

/* r.priority, section 6.2.3 */
#define AGENTX_PRIORITY 127

/* res.error, section 6.2.16 */
#define AGENTX_NOT_OPEN 257
#define AGENTX_UNSUPPORTED_CONTEXT 262

#endif
