/*
 * What requests are answered from: one snapshot for all that arrive together; where there is none yet, instances do not
 * exist. What comes by the library's own way, beside direct.c, may read alone; a set there is refused.
 */
#include "snmp/subagent.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/agent_sysORTable.h>
#include <string.h>

#include "portcullis/clock.h"
#include "snmp/answer.h"

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

void responder_source(struct snmp *s, struct answers *out)
{
	int64_t now_ms = clock_monotonic_ms();

	*out = (struct answers){.control.lock = s->set.lock};
	out->source = (struct table_source){
	        &s->view, &out->notify, &out->control, &s->rules, now_ms, answer_boot_ms(&s->boot_ms, now_ms)};
}

void responder_need(struct snmp *s, size_t table, struct answers *out)
{
	if (table == TABLE_NOTIFY)
		notify_row_fill(s, &out->notify);
	else if (table == TABLE_RULE)
		rules_refresh(s);
}

static int answer(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
        netsnmp_request_info *requests)
{
	const struct binding *b = handler->myvoid;
	struct answers answers;

	/* A set that meets a ping of the library: writer.c would not hear of its other phases. */
	if (info->mode == MODE_SET_RESERVE1)
		netsnmp_set_request_error(info, requests, SNMP_ERR_RESOURCEUNAVAILABLE);
	if (info->mode != MODE_GET && info->mode != MODE_GETNEXT)
		return SNMP_ERR_NOERROR;
	responder_source(b->s, &answers);
	responder_need(b->s, b->table, &answers);
	answer_requests(&answers.source, b->table, reg, info, requests);
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
	for (size_t t = 0; t < TABLE_N; t++) {
		struct binding *b = &s->binding[t];
		*b = (struct binding){.s = s, .table = t};
		b->n = answer_entry(t, b->entry);
		const struct answer_registration how = {
		        answer, b, is_writable(t) ? HANDLER_CAN_RWRITE : HANDLER_CAN_RONLY, 0};
		if (answer_register(t, &how) != 0)
			return -1;
	}
	register_sysORTable(s->root, s->n_root, "Portcullis: port conformance of this device (PORTCULLIS-MIB)");
	return 0;
}
