/*
 * Requests of the master come in with OIDs, values go out: the library's side of table.c. Answers come from one snapshot
 * for all requests that arrive together; where there is none yet, instances do not exist. Sets of tables without an object
 * that can be set are refused by the library, the others go to writer.c.
 */
#include "snmp/subagent.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/agent_sysORTable.h>
#include <string.h>

#include "portcullis/clock.h"

/* Enough of an OID to tell where it lies among instances. */
#define SUFFIX_MAX (TABLE_OID_MAX + 1)
#define UPTIME_SLACK_MS 1000

void responder_begin(struct snmp *s)
{
	pthread_mutex_lock(&s->mutex);
	s->snapshot = s->hub != NULL ? hub_get(s->hub) : NULL;
	pthread_mutex_unlock(&s->mutex);
	/* A snapshot that is not sound has no rows. */
	if (flat_open(s->snapshot != NULL ? s->snapshot->flat : NULL, s->snapshot != NULL ? s->snapshot->flat_size : 0,
	            &s->view) != 0)
		memset(&s->view, 0, sizeof(s->view));
}

void responder_end(struct snmp *s)
{
	snapshot_unref(s->snapshot);
	s->snapshot = NULL;
	memset(&s->view, 0, sizeof(s->view));
}

static void set_value(netsnmp_variable_list *vb, const struct value *v)
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

/* What of the requested name follows the entry's OID; *before when it sorts before all of the entry. */
static size_t suffix_of(const netsnmp_handler_registration *reg, const netsnmp_variable_list *vb,
        uint32_t suffix[SUFFIX_MAX], int *outside)
{
	size_t n = 0;
	*outside = snmp_oid_ncompare(vb->name, vb->name_length, reg->rootoid, reg->rootoid_len, reg->rootoid_len);
	if (*outside == 0 && vb->name_length < reg->rootoid_len)
		*outside = -1;
	for (size_t i = reg->rootoid_len; *outside == 0 && i < vb->name_length && n < SUFFIX_MAX; i++)
		suffix[n++] = (uint32_t)vb->name[i];
	return n;
}

static void answer_get(const struct table_source *source, const struct binding *b, netsnmp_agent_request_info *info,
        netsnmp_request_info *request, const uint32_t *suffix, size_t n)
{
	struct value v;
	switch (table_get(source, b->table, suffix, n, &v)) {
	case TABLE_OK:
		set_value(request->requestvb, &v);
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
static void answer_next(const struct table_source *source, const struct binding *b,
        const netsnmp_handler_registration *reg, netsnmp_request_info *request, const uint32_t *suffix, size_t n)
{
	uint32_t next[TABLE_OID_MAX];
	oid name[MAX_OID_LEN];
	size_t n_next, len = reg->rootoid_len;
	struct value v;
	/* An inclusive search (RFC 2741, 5.2) may end where it begins. */
	if (request->inclusive && n > 0 && table_get(source, b->table, suffix, n, &v) == TABLE_OK) {
		set_value(request->requestvb, &v);
		return;
	}
	if (table_next(source, b->table, suffix, n, next, &n_next, &v) != TABLE_OK)
		return;
	memcpy(name, reg->rootoid, len * sizeof(*name));
	for (size_t i = 0; i < n_next; i++)
		name[len++] = next[i];
	snmp_set_var_objid(request->requestvb, name, len);
	set_value(request->requestvb, &v);
}

/* sysUpTime is the master's and jumps when that starts again; else its rounding must not move the time of events. */
static int64_t boot_ms(struct snmp *s, int64_t now_ms)
{
	int64_t boot = now_ms - (int64_t)netsnmp_get_agent_uptime() * 10, moved = boot - s->boot_ms;
	if (moved > UPTIME_SLACK_MS || moved < -UPTIME_SLACK_MS)
		s->boot_ms = boot;
	return s->boot_ms;
}

static void notify_row_fill(struct snmp *s, struct notify_row *row)
{
	struct notification_settings settings;

	control_settings(s->control, &settings);
	notify_queue_count(s->queue, row);
	row->enable = settings.enable;
	row->per_flow = settings.per_flow;
	row->hold_down = settings.hold_down_ms;
	row->minimum_interval = settings.minimum_interval_ms;
}

static void rules_refresh(struct snmp *s)
{
	struct usage_reading *usage = control_usage(s->control);

	rules_make(&s->rules, s->snapshot != NULL ? s->snapshot->inputs : NULL, usage);
	usage_reading_unref(usage);
}

static int answer(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
        netsnmp_request_info *requests)
{
	const struct binding *b = handler->myvoid;
	struct snmp *s = b->s;
	struct notify_row notify;
	const struct control_row control = {.lock = s->set.lock};
	int64_t now_ms = clock_monotonic_ms();
	if (info->mode != MODE_GET && info->mode != MODE_GETNEXT) {
		writer_answer(b, reg, info, requests);
		return SNMP_ERR_NOERROR;
	}
	struct table_source source = {&s->view, &notify, &control, &s->rules, now_ms, boot_ms(s, now_ms)};
	if (b->table == TABLE_NOTIFY)
		notify_row_fill(s, &notify);
	else if (b->table == TABLE_RULE)
		rules_refresh(s);
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		uint32_t suffix[SUFFIX_MAX];
		int outside;
		if (r->processed)
			continue;
		size_t n = suffix_of(reg, r->requestvb, suffix, &outside);
		if (info->mode == MODE_GET && outside == 0)
			answer_get(&source, b, info, r, suffix, n);
		else if (info->mode == MODE_GETNEXT && outside <= 0)
			answer_next(&source, b, reg, r, suffix, n);
		else if (info->mode == MODE_GET)
			netsnmp_set_request_error(info, r, SNMP_NOSUCHOBJECT);
	}
	return SNMP_ERR_NOERROR;
}

static bool is_writable(size_t table)
{
	for (size_t c = 0; c < tables[table].n_column; c++)
		if (table_settable(table, tables[table].column[c].number) != SET_NOTHING)
			return true;
	return false;
}

int responder_register(struct snmp *s)
{
	oid name[MAX_OID_LEN];
	memcpy(name, s->root, s->n_root * sizeof(*name));
	for (size_t t = 0; t < TABLE_N; t++) {
		size_t len = s->n_root;
		for (size_t i = 0; i < tables[t].n_suffix; i++)
			name[len++] = tables[t].suffix[i];
		s->binding[t] = (struct binding){s, t};
		netsnmp_handler_registration *reg = netsnmp_create_handler_registration(
		        tables[t].entry, answer, name, len, is_writable(t) ? HANDLER_CAN_RWRITE : HANDLER_CAN_RONLY);
		if (reg == NULL)
			return -1;
		reg->handler->myvoid = &s->binding[t];
		if (netsnmp_register_handler(reg) != MIB_REGISTERED_OK)
			return -1;
	}
	register_sysORTable(s->root, s->n_root, "Portcullis: port conformance of this device (PORTCULLIS-MIB)");
	return 0;
}
