/* links: snmp conformance base */
/*
 * Requests of a master: any bytes as payloads of AgentX packets, one behind the other as in a session, with whatever type and
 * flags. Each is read by the library, answered from a snapshot or by the phases of a set, and the answer is written by the
 * library again. Every request has an answer, and one that is no longer than the limits.
 */
#include <stdlib.h>
#include <string.h>

#include "../sample_snapshot.h"
#include "../snmp_host.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "snmp/agentx.h"
#include "snmp/answer.h"
#include "snmp/subagent.h"

#define PAYLOAD_MAX 4096u
#define SESSION 7u
#define VARBINDS_MAX (PAYLOAD_MAX / 8 + 100)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct snmp *face(void)
{
	struct snmp *s = calloc(1, sizeof(*s));
	struct snapshot *snapshot = sample_firewall(sample_new(1, 200000));
	if (s == NULL || flat_build(snapshot, &snapshot->flat, &snapshot->flat_size) != 0)
		abort();
	log_init("fuzz_agentx", LOG_LEVEL_ERROR, false);
	pthread_mutex_init(&s->mutex, NULL);
	s->hub = hub_new();
	hub_set(s->hub, snapshot);
	s->queue = notify_queue_new();
	s->control = s->set.control = control_new(&snmp_host);
	s->n_root = answer_root(s->root);
	s->master.id = SESSION;
	s->master.state = MASTER_JOINED;
	responder_init(s);
	return s;
}

/* @return how many octets of the input it took. */
static size_t packet_make(const uint8_t *data, size_t size, u_char *packet, size_t *len)
{
	size_t payload = data[2] | (size_t)data[3] << 8;
	payload = payload % PAYLOAD_MAX;
	payload = payload < size - 4 ? payload : size - 4;
	memset(packet, 0, AGENTX_HEADER);
	packet[0] = 1;
	packet[1] = (u_char)(data[0] & 31);
	packet[AGENTX_FLAGS_AT] = data[1];
	/* Mostly the session that there is, and few transactions. */
	bool big_endian = (data[1] & AGENTX_BIG_ENDIAN) != 0;
	packet[big_endian ? 7 : 4] = data[0] >> 5 == 7 ? 9 : SESSION;
	packet[big_endian ? 11 : 8] = (u_char)(data[0] >> 5);
	packet[big_endian ? 18 : 17] = (u_char)(payload >> 8);
	packet[big_endian ? 19 : 16] = (u_char)payload;
	memcpy(packet + AGENTX_HEADER, data + 4, payload);
	*len = AGENTX_HEADER + payload;
	return payload + 4;
}

static void answer_check(netsnmp_session *session, const netsnmp_pdu *pdu, netsnmp_pdu *out)
{
	size_t buf_len = 16, out_len = 0, n = 0;
	u_char *buf = malloc(buf_len);
	for (const netsnmp_variable_list *vb = out->variables; vb != NULL; vb = vb->next_variable)
		n++;
	if (n > VARBINDS_MAX || out->transid != pdu->transid || out->sessid != pdu->sessid)
		abort();
	if (agentx_realloc_build(session, out, &buf, &buf_len, &out_len) != 0 || out_len < AGENTX_HEADER)
		abort();
	free(buf);
}

static void answer_one(struct snmp *s, netsnmp_session *session, const u_char *packet, size_t len)
{
	netsnmp_pdu *pdu = snmp_pdu_create(0);
	u_char *copy = malloc(len); /* no longer than it is */
	memcpy(copy, packet, len);
	if (agentx_parse(session, pdu, copy, len) == 0 && pdu->command >= AGENTX_GET &&
	        pdu->command <= AGENTX_CLEANUPSET) {
		netsnmp_pdu *out = requests_answer(s, pdu, 300000);
		if (out == NULL)
			abort();
		answer_check(session, pdu, out);
		snmp_free_pdu(out);
	}
	free(copy);
	snmp_free_pdu(pdu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct snmp *s;
	static u_char packet[AGENTX_HEADER + PAYLOAD_MAX];
	netsnmp_session session;
	if (s == NULL)
		s = face();
	snmp_sess_init(&session);
	session.version = AGENTX_VERSION_1;
	responder_begin(s);
	while (size > 4) {
		size_t len, used = packet_make(data, size, packet, &len);
		answer_one(s, &session, packet, len);
		data += used;
		size -= used;
	}
	responder_end(s);
	set_drop(&s->set);
	return 0;
}
