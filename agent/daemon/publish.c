/*
 * What the monitor gives away: a snapshot for the faces out of what it knows, and what is told into journal and history,
 * journal first. A journal that cannot be written is told once, as is its recovery; the faces are served all the same.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "daemon/state.h"
#include "portcullis/alloc.h"
#include "portcullis/flat.h"
#include "portcullis/log.h"
#include "portcullis/push.h"

/* So often it is looked whether the journal can be written again. */
#define PROBE_MS 5000
/* The event of a change that was read comes within milliseconds, unless it is lost. */
#define AUTHOR_MS 1000

void monitor_history_add(struct monitor *m, const struct change *change)
{
	if (m->n_history == SNAPSHOT_HISTORY) {
		change_fini(&m->history[0]);
		memmove(m->history, m->history + 1, (SNAPSHOT_HISTORY - 1) * sizeof(*m->history));
		m->n_history--;
	}
	change_copy(&m->history[m->n_history++], change);
}

static void problem_copy(struct problem *out, const struct problem *in)
{
	*out = *in;
	out->flow = xcalloc(in->n_flow, sizeof(*out->flow));
	memcpy(out->flow, in->flow, in->n_flow * sizeof(*out->flow));
	out->label = xstrdup(in->label);
	out->rule = xstrdup(in->rule);
	out->witness = xstrdup(in->witness);
}

/* A poller that sees the same time twice need not read the tables again. */
static void stamp_tables(struct monitor *m, struct snapshot *s)
{
	struct snapshot *last = hub_get(m->parts.hub);

	if (last == NULL || !flat_same_tables(last->flat, s->flat))
		m->tables_ms = m->now_ms;
	snapshot_unref(last);
	flat_stamp(s->flat, m->tables_ms, m->sure_ms);
}

/* All but what is the same for SNMP. */
static struct snapshot *snapshot_of(const struct monitor *m)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));
	const struct flows *flows = &m->inputs->flows;

	s->refs = 1;
	s->generation = m->generation;
	s->inputs = inputs_ref(m->inputs);
	s->evaluation = evaluation_ref(m->evaluation);
	s->ruleset = m->evaluation->ruleset;
	s->findings = m->evaluation->findings;
	s->openings = m->evaluation->openings;
	if (s->ruleset == NULL)
		s->unreadable = xstrdup(monitor_why_unknown(m) != NULL ? monitor_why_unknown(m) : "not read yet");
	s->unwritable = m->journal.why[0] != '\0' ? xstrdup(m->journal.why) : NULL;
	s->unkept = m->journal.unkept;
	s->own = m->own;
	summary_build(flows, &s->findings, &s->openings, s->ruleset, &s->summary);
	s->changed_ms = xcalloc(flows->n, sizeof(*s->changed_ms));
	for (size_t i = 0; i < flows->n; i++)
		s->changed_ms[i] = conformance_changed_ms(&m->conformance, &flows->flow[i].id);
	s->n_problem = m->conformance.n_problem;
	s->problem = xcalloc(s->n_problem, sizeof(*s->problem));
	for (size_t i = 0; i < s->n_problem; i++)
		problem_copy(&s->problem[i], &m->conformance.problem[i]);
	s->n_history = m->n_history;
	s->history = xcalloc(s->n_history, sizeof(*s->history));
	for (size_t i = 0; i < s->n_history; i++)
		change_copy(&s->history[i], &m->history[i]);
	s->started_ms = m->started_ms;
	s->verified_ms = m->verified_ms;
	s->sure_ms = m->sure_ms;
	s->verified_wall = m->verified_wall;
	s->changed_last_ms = m->changed_ms;
	s->changed_last_wall = m->changed_wall;
	s->oldest_sequence = m->n_history > 0 ? m->history[0].sequence : 0;
	s->newest_sequence = m->conformance.sequence;
	s->verify_us = m->verify_us;
	s->version = xstrdup(PORTCULLIS_VERSION);
	return s;
}

void monitor_publish(struct monitor *m)
{
	struct snapshot *s = snapshot_of(m);

	if (flat_build(s, &s->flat, &s->flat_size) != 0)
		log_error("SNMP: more rows than its tables hold; the tables stay empty");
	else
		stamp_tables(m, s);
	hub_set(m->parts.hub, s);
}

/* To build the tables anew would cost a quiet device more than all else that it does. */
void monitor_publish_again(struct monitor *m)
{
	struct snapshot *last = hub_get(m->parts.hub), *s;

	if (last->flat != NULL) {
		s = snapshot_of(m);
		s->flat = xmalloc(last->flat_size);
		memcpy(s->flat, last->flat, last->flat_size);
		s->flat_size = last->flat_size;
		flat_stamp(s->flat, m->tables_ms, m->sure_ms);
		hub_set(m->parts.hub, s);
	}
	snapshot_unref(last);
}

bool monitor_look_at_journal(struct monitor *m, int64_t now_ms, int64_t now_wall, struct changes *out)
{
	struct journal_health now;

	if (now_ms >= m->probe_ms)
		journal_probe(m->parts.journal);
	journal_health(m->parts.journal, &now);
	if (now.why[0] == '\0')
		m->probe_ms = INT64_MAX;
	else if (m->probe_ms == INT64_MAX || now_ms >= m->probe_ms)
		m->probe_ms = now_ms + PROBE_MS;
	bool told = conformance_journal(&m->conformance, now.why, now.unkept, now_wall, out);
	bool differs = told || now.unkept != m->journal.unkept || strcmp(now.why, m->journal.why) != 0;
	m->journal = now;
	return differs;
}

void monitor_look_at_push(struct monitor *m)
{
	m->own_ms = 0;
}

static bool tell_news(struct monitor *m, int64_t now_wall, struct changes *out)
{
	struct push_news news;
	bool any = false;

	while (push_news_take(m->parts.push, &news)) {
		conformance_firewall(&m->conformance, news.kind, news.user, news.comment, news.reason, now_wall, out);
		free(news.comment);
		free(news.reason);
		any = true;
	}
	return any;
}

/* A whole reading may have a change of which the event, and with it who did it, is still on its way. */
static bool author_is_on_its_way(struct monitor *m, int64_t now_ms)
{
	const struct ruleset *rs = m->evaluation->ruleset;

	if (rs != NULL && m->event_generation == 0)
		m->event_generation = rs->generation;
	if (rs == NULL || (int32_t)(rs->generation - m->event_generation) <= 0) {
		m->author_ms = 0;
		return false;
	}
	if (m->author_ms == 0)
		m->author_ms = now_ms + AUTHOR_MS;
	return now_ms < m->author_ms;
}

/* @return whether it was looked at. */
static bool look_at_own_table(struct monitor *m, int64_t now_ms, int64_t now_wall)
{
	const struct firewall *fw = &m->inputs->site->firewall;
	int wait;

	if (author_is_on_its_way(m, now_ms)) {
		m->own_ms = m->author_ms;
		return false;
	}
	wait = push_look(m->parts.push, m->evaluation->ruleset, fw->put_back_after_ms, now_ms, now_wall);
	m->own_ms = wait == INT_MAX ? INT64_MAX : now_ms + wait;
	return true;
}

bool monitor_look_at_own_table(struct monitor *m, bool renewed, int64_t now_ms, int64_t now_wall, struct changes *out)
{
	static const struct cause nobody = {.kind = CAUSE_START};
	struct own_state now;
	bool told, looked;

	if (m->parts.push == NULL)
		return false;
	looked = (renewed || now_ms >= m->own_ms) && look_at_own_table(m, now_ms, now_wall);
	told = tell_news(m, now_wall, out);
	push_state(m->parts.push, &now);
	told = conformance_own_table(&m->conformance, &now, now.deviates ? &m->stranger : &nobody, now_wall, out) ||
	       told;
	if (renewed && looked)
		m->stranger = nobody;
	told = memcmp(&now, &m->own, sizeof(now)) != 0 || told;
	m->own = now;
	return told;
}

/* After what is told of them: an end in between tells it twice, and not never. What cannot be written is tried again. */
static void keep_openings(struct monitor *m)
{
	struct conformance *c = &m->conformance;
	struct error err;

	if (!c->openings_changed)
		return;
	c->openings_changed = journal_openings_set(m->parts.journal, c->opening, c->n_opening, &err) != 0;
	if (c->openings_changed)
		log_debug("journal: %s", err.text);
}

static void keep_changes(struct monitor *m, struct changes *changes)
{
	struct journal *journal = m->parts.journal;
	const struct conformance *c = &m->conformance;
	struct error err;

	for (size_t i = 0; i < changes->n; i++) {
		if (journal_change_add(journal, &changes->change[i], &err) != 0)
			log_debug("journal: %s", err.text);
		monitor_history_add(m, &changes->change[i]);
	}
	if (journal_problems_set(journal, c->problem, c->n_problem, &err) != 0 ||
	        journal_number_set(journal, "overall", c->overall, &err) != 0 ||
	        journal_number_set(journal, "unreadable", !c->readable, &err) != 0 ||
	        journal_number_set(journal, "deviates", c->deviates, &err) != 0 ||
	        journal_number_set(journal, "sequence", c->sequence, &err) != 0 ||
	        journal_number_set(journal, "next-problem-id", c->next_problem_id, &err) != 0)
		log_debug("journal: %s", err.text);
}

/* Journal first: what an NMS hears of is always there to be looked up. A failure of it is told by its health. */
void monitor_keep(struct monitor *m, struct changes *changes)
{
	if (changes->n > 0)
		keep_changes(m, changes);
	keep_openings(m);
}
