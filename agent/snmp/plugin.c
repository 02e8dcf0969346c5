/*
 * A module for snmpd (dlmod): the tables of the newest snapshot, from the file that the agent writes for it. For devices whose
 * NMS walks large tables; what can be set, what counts notifications, and the rules' counters stay with the subagent. Nothing
 * is served while there is no agent: instances do not exist then.
 *
 *   dlmod portcullis /usr/local/lib/portcullis/snmp-plugin.so
 *   portcullisSnapshot /run/portcullis/snmp/snapshot
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "build.h"
#include "snmp/answer.h"
#include "snmp/handler.h"
#include "snmp/share.h"

/* snmpd finds them by the name that dlmod gives. */
#define EXPORTED __attribute__((visibility("default")))
void init_portcullis(void);
void deinit_portcullis(void);

/* Before the subagent, which registers the same. */
#define PRIORITY (DEFAULT_MIB_PRIORITY - 1)

static struct share_reader reader;
static struct flat_view view; /* of the request at hand */
static const netsnmp_agent_session *request;
static long request_id, request_pass;
static int64_t boot_ms;
static size_t binding[FLAT_TABLE_N];

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One request is answered from one snapshot, also when it asks several times, as a GETBULK does. */
static void look_once(const netsnmp_agent_request_info *info)
{
	const netsnmp_agent_session *asp = info->asp;
	long id = asp->pdu != NULL ? asp->pdu->reqid : 0, pass = asp->pdu != NULL ? asp->pdu->transid : 0;

	if (asp == request && id == request_id && pass == request_pass)
		return;
	request = asp;
	request_id = id;
	request_pass = pass;
	view = *share_reader_look(&reader);
}

static int answer(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
        netsnmp_request_info *requests)
{
	const size_t *table = handler->myvoid;
	int64_t now_ms = now();

	look_once(info);
	const struct table_source source = {.view = &view,
	        .now_ms = now_ms,
	        .boot_ms = answer_boot_ms(&boot_ms, now_ms, (uint32_t)netsnmp_get_agent_uptime())};
	handler_answer(&source, *table, reg, info, requests);
	return SNMP_ERR_NOERROR;
}

static void parse_path(const char *token, char *line)
{
	(void)token;
	share_reader_fini(&reader);
	share_reader_init(&reader, line);
	request = NULL;
}

EXPORTED void init_portcullis(void)
{
	oid root[MAX_OID_LEN];

	if (answer_root(root) == 0) {
		snmp_log(LOG_ERR, "portcullis: '%s' is not an object identifier\n", PORTCULLIS_OID_ROOT);
		return;
	}
	share_reader_init(&reader, PORTCULLIS_SNAPSHOT);
	snmpd_register_config_handler("portcullisSnapshot", parse_path, NULL, "FILE");
	for (size_t t = 0; t < FLAT_TABLE_N; t++) {
		binding[t] = t;
		const struct handler_registration how = {answer, &binding[t], PRIORITY};
		if (handler_register(t, &how) != 0)
			snmp_log(LOG_ERR, "portcullis: %s cannot be registered\n", tables[t].entry);
	}
}

EXPORTED void deinit_portcullis(void)
{
	oid name[MAX_OID_LEN];

	for (size_t t = 0; t < FLAT_TABLE_N; t++)
		for (size_t i = 0; i < answer_names(t); i++) {
			size_t n = answer_name(t, i, name);
			unregister_mib_priority(name, n, PRIORITY);
		}
	snmpd_unregister_config_handler("portcullisSnapshot");
	share_reader_fini(&reader);
}
