#ifndef PORTCULLIS_SNMP_AGENTX_H
#define PORTCULLIS_SNMP_AGENTX_H

/* What RFC 2741 numbers, and the library's headers do not show. */

/* h.type, section 6.1 */
#define AGENTX_GET 5
#define AGENTX_GETNEXT 6
#define AGENTX_TESTSET 8
#define AGENTX_COMMITSET 9
#define AGENTX_UNDOSET 10
#define AGENTX_CLEANUPSET 11 /* the last of the requests */
#define AGENTX_NOTIFY 12
#define AGENTX_RESPONSE 18

/* h.flags */
#define AGENTX_BIG_ENDIAN 0x10 /* NETWORK_BYTE_ORDER */

/* res.error, section 6.2.16 */
#define AGENTX_NOT_OPEN 257
#define AGENTX_UNSUPPORTED_CONTEXT 262

#endif
