/*
 * What requests are answered from: one snapshot for all that arrive together; where there is none yet, instances do not
 * exist.
 */
#include "snmp/subagent.h"

#include <string.h>

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

void responder_init(struct snmp *s)
{
	for (size_t t = 0; t < TABLE_N; t++) {
		s->binding[t].table = t;
		s->binding[t].n = answer_entry(t, s->binding[t].entry);
	}
}

void responder_source(struct snmp *s, int64_t now_ms, struct answers *out)
{
	*out = (struct answers){.control.lock = s->set.lock};
	out->source = (struct table_source){&s->view, &out->notify, &out->control, &s->rules, now_ms, s->boot_ms};
}

void responder_need(struct snmp *s, size_t table, struct answers *out)
{
	if (table == TABLE_NOTIFY)
		notify_row_fill(s, &out->notify);
	else if (table == TABLE_RULE)
		rules_refresh(s);
}
