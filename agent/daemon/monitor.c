/*
 * From "something changed" to a published snapshot and to what is told: reads what changed and only that, verifies,
 * publishes at once, tells after the hold-down. A ruleset or site that cannot be read makes every verdict unknown.
 */
#include "daemon/monitor.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/state.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/push.h"
#include "portcullis/text.h"
#include "portcullis/thread.h"

/* What comes together is read once; the next reading waits for as long as the last one took. */
#define SETTLE_MS 1
#define SETTLE_FACTOR 1
#define SETTLE_MAX_MS 2000
/* So often it is looked whether something changed without an event. */
#define PERIODIC_MS 30000
#define RETRY_MS 1000

/* What was told before a restart, so that it is neither told twice nor left uncleared. */
static int restore(struct monitor *m, struct error *err)
{
	struct problem *problem;
	struct told_opening *opening;
	size_t n, n_opening;
	bool known;
	uint64_t overall, unreadable, deviates;

	if (journal_number_get(m->parts.journal, "overall", &overall, err) != 0 ||
	        journal_number_get(m->parts.journal, "unreadable", &unreadable, err) != 0 ||
	        journal_number_get(m->parts.journal, "deviates", &deviates, err) != 0 ||
	        journal_openings(m->parts.journal, &known, &opening, &n_opening, err) != 0)
		return -1;
	if (known)
		conformance_restore_openings(&m->conformance, opening, n_opening);
	else
		told_openings_free(opening, n_opening);
	if (journal_problems(m->parts.journal, &problem, &n, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		problem[i].since_ms = m->started_ms - (clock_wall_s() - problem[i].since_wall) * 1000;
	conformance_restore(&m->conformance, problem, n,
	        overall <= OVERALL_CANNOT_TELL ? (enum overall)overall : OVERALL_OK, unreadable == 0);
	m->conformance.deviates = deviates != 0;
	return 0;
}

int monitor_new(const struct monitor_parts *parts, struct monitor **out, struct error *err)
{
	struct changes old = {0};
	uint64_t sequence, problem, after;

	if (journal_number_get(parts->journal, "sequence", &sequence, err) != 0 ||
	        journal_number_get(parts->journal, "next-problem-id", &problem, err) != 0)
		return -1;
	after = sequence > SNAPSHOT_HISTORY ? sequence - SNAPSHOT_HISTORY : 0;
	if (journal_changes(parts->journal, after, SNAPSHOT_HISTORY, &old, err) != 0)
		return -1;
	struct monitor *m = xcalloc(1, sizeof(*m));
	m->parts = *parts;
	m->reading = reading_new(&m->parts.nft);
	m->verification = verification_new();
	m->history = xcalloc(SNAPSHOT_HISTORY, sizeof(*m->history));
	for (size_t i = 0; i < old.n; i++)
		monitor_history_add(m, &old.change[i]);
	/* The journal may be one step ahead of the number after a crash between the two. */
	if (old.n > 0 && old.change[old.n - 1].sequence > sequence)
		sequence = old.change[old.n - 1].sequence;
	changes_fini(&old);
	conformance_init(&m->conformance, sequence, (uint32_t)problem);
	m->started_ms = parts->clock_ms();
	m->dirty_inputs = true;
	m->tell_ms = m->probe_ms = m->own_ms = INT64_MAX;
	m->cause = (struct cause){.kind = CAUSE_START};
	m->cause_set = true;
	pthread_mutex_init(&m->mutex, NULL);
	thread_cond_init(&m->served_cond);
	if (restore(m, err) != 0) {
		m->parts.catalog = NULL; /* stays the caller's */
		monitor_free(m);
		return -1;
	}
	*out = m;
	return 0;
}

void monitor_free(struct monitor *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n_history; i++)
		change_fini(&m->history[i]);
	free(m->history);
	verification_free(m->verification);
	evaluation_unref(m->evaluation);
	conformance_fini(&m->conformance);
	ruleset_free(m->ruleset);
	reading_free(m->reading);
	inputs_unref(m->inputs);
	free(m->inputs_error);
	free(m->unreadable);
	catalog_free(m->parts.catalog);
	pthread_cond_destroy(&m->served_cond);
	pthread_mutex_destroy(&m->mutex);
	free(m);
}

/* The first cause counts until it is told; a look without an event gives way to the event that names an author. */
static bool cause_gives_way(const struct monitor *m, const struct nft_event *event)
{
	return !m->cause_set ||
	       (event != NULL && event->author_pid != 0 && m->cause.kind == CAUSE_RULESET && m->cause.author_pid == 0);
}

void monitor_changed(struct monitor *m, enum cause_kind kind, const struct nft_event *event, int64_t now_ms)
{
	int64_t pause = m->cost_ms * SETTLE_FACTOR;
	int64_t due = m->verified_ms + (pause > SETTLE_MAX_MS ? SETTLE_MAX_MS : pause);
	if (due < now_ms + SETTLE_MS)
		due = now_ms + SETTLE_MS;
	if (kind != CAUSE_RULESET)
		m->dirty_inputs = true;
	if (kind == CAUSE_ROUTES)
		reading_interfaces(m->reading);
	if (event != NULL)
		reading_event(m->reading, event);
	if (event != NULL && event->generation != 0)
		m->event_generation = event->generation;
	if (event != NULL && event->author_pid != 0 && event->author_pid != (uint32_t)m->parts.own_pid) {
		m->stranger = (struct cause){.kind = kind, .author_pid = event->author_pid};
		memcpy(m->stranger.author, event->author, sizeof(m->stranger.author));
	}
	if (cause_gives_way(m, event)) {
		m->cause_set = true;
		m->cause = (struct cause){.kind = kind};
		if (event != NULL) {
			m->cause.author_pid = event->author_pid;
			memcpy(m->cause.author, event->author, sizeof(m->cause.author));
		}
	}
	if (m->due_ms > due)
		m->due_ms = due;
}

void monitor_catalog(struct monitor *m, struct catalog *catalog, int64_t now_ms)
{
	config_set_catalog(m->parts.config, catalog);
	catalog_free(m->parts.catalog);
	m->parts.catalog = catalog;
	monitor_changed(m, CAUSE_CATALOG, NULL, now_ms);
}

struct catalog *monitor_installed(const struct monitor *m)
{
	return m->parts.catalog;
}

uint64_t monitor_request(struct monitor *m)
{
	pthread_mutex_lock(&m->mutex);
	uint64_t ticket = ++m->requested;
	pthread_mutex_unlock(&m->mutex);
	return ticket;
}

int monitor_wait(struct monitor *m, uint64_t ticket, int timeout_ms, struct error *err)
{
	struct timespec until;
	int result = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&m->mutex);
	while (m->served < ticket && result == 0)
		result = pthread_cond_timedwait(&m->served_cond, &m->mutex, &until);
	bool done = m->served >= ticket;
	pthread_mutex_unlock(&m->mutex);
	return done ? 0 : error_set(err, ERR_UNAVAILABLE, NULL, "no verification within %d ms; try again", timeout_ms);
}

int monitor_test_notification(struct monitor *m, struct error *err)
{
	pthread_mutex_lock(&m->mutex);
	bool fits = m->tests_wanted < MONITOR_TESTS;
	if (fits)
		m->tests_wanted++;
	pthread_mutex_unlock(&m->mutex);
	return fits ? 0
	            : error_set(err, ERR_UNAVAILABLE, NULL,
	                      "%u test notifications wait to be sent already; ask again in a moment", MONITOR_TESTS);
}

/* The packs are those of the site: what it pins, as it was when it was pinned. */
static int read_inputs(struct monitor *m, struct inputs *in, int64_t now_wall, struct error *err)
{
	struct catalog *catalog;

	struct journal_health journal;

	if (config_site(m->parts.config, &in->site, err) != 0)
		return -1;
	journal_health(m->parts.journal, &journal);
	if (journal.lost)
		return error_set(err, ERR_UNAVAILABLE, NULL, "the configuration is not known: %s", journal.why);
	if (network_read(&in->network, err) != 0 ||
	        pins_catalog(m->parts.pins, in->site, m->parts.catalog, &catalog, err) != 0)
		return -1;
	catalog_free(in->catalog);
	in->catalog = catalog;
	if (site_check(in->site, catalog, err) != 0)
		return -1;
	return flows_derive(in->site, catalog, &in->network, now_wall, &in->flows, err);
}

/* What a configuration pins was kept when it was committed, but for one of an earlier version of the agent. */
static void keep_pins(struct monitor *m, const struct site *site)
{
	struct error err;
	char line[1200];

	if (pins_keep(m->parts.pins, site, m->parts.catalog, &err) != 0)
		log_error("a pinned pack is not kept: %s", error_line(&err, line, sizeof(line)));
}

/* The site, the addresses and routes, and the flows that follow. */
static void refresh_inputs(struct monitor *m, int64_t now_wall)
{
	struct error err = {0};
	struct inputs *in = xcalloc(1, sizeof(*in));
	in->refs = 1;
	in->catalog = catalog_ref(m->parts.catalog);
	free(m->inputs_error);
	m->inputs_error = NULL;
	m->dirty_inputs = false;
	verification_forget(m->verification);
	if (read_inputs(m, in, now_wall, &err) != 0) {
		char line[1200];
		m->inputs_error = xstrdup(error_line(&err, line, sizeof(line)));
		log_error("the required flows cannot be derived: %s", line);
	}
	if (in->site != NULL)
		keep_pins(m, in->site);
	else
		in->site = xcalloc(1, sizeof(*in->site));
	if (m->inputs_error != NULL && m->inputs != NULL) {
		inputs_unref(in); /* the flows that were known stay listed, as unknown */
		return;
	}
	inputs_unref(m->inputs);
	m->inputs = in;
	if (m->parts.push != NULL)
		push_compare(m->parts.push, &(struct compile_input){in->site, &in->flows, in->catalog});
}

static void refresh_ruleset(struct monitor *m)
{
	struct error err = {0};
	struct ruleset *rs = NULL;
	char line[1200];

	if (reading_ruleset(m->reading, &rs, &err) != 0) {
		error_line(&err, line, sizeof(line));
		if (m->unreadable == NULL || strcmp(m->unreadable, line) != 0)
			log_error("the ruleset cannot be read: %s", line);
	}
	if (rs != NULL) {
		rs->policies = hub_get_ipsec(m->parts.hub);
		ruleset_share(rs); /* for what-if, in other threads */
	}
	ruleset_free(m->ruleset);
	m->ruleset = rs;
	free(m->unreadable);
	m->unreadable = rs == NULL ? xstrdup(line) : NULL;
}

const char *monitor_why_unknown(const struct monitor *m)
{
	return m->inputs_error != NULL ? m->inputs_error : m->unreadable;
}

static void unknown(struct evaluation *e, const struct flows *flows, const char *why, int64_t now_wall)
{
	findings_fini(&e->findings);
	if (verify_flows(flows, NULL, why, NULL, now_wall, &e->findings, NULL) != 0)
		abort(); /* every verdict unknown needs no work that could fail */
}

static void verify(struct monitor *m, int64_t now_wall)
{
	struct error err = {0};
	struct timespec a, b;
	const char *why = monitor_why_unknown(m);
	const struct evaluation *old = m->evaluation;
	struct evaluation *e = xcalloc(1, sizeof(*e));
	const struct inputs *in = m->inputs;

	clock_gettime(CLOCK_MONOTONIC, &a);
	e->refs = 1;
	if (why == NULL) {
		e->ruleset = m->ruleset;
		m->ruleset = NULL; /* moved */
		struct verification_input input = {&in->flows, e->ruleset, in->site, &in->network, now_wall};
		const struct findings *before = old != NULL && old->ruleset != NULL ? &old->findings : NULL;
		if (verification_run(m->verification, &input, before, &e->findings, &e->openings, &err) != 0) {
			log_error("verification: %s", err.text);
			why = err.text;
		}
	} else {
		verification_forget(m->verification);
	}
	if (why != NULL)
		unknown(e, &in->flows, why, now_wall);
	clock_gettime(CLOCK_MONOTONIC, &b);
	m->verify_us = (unsigned)((b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
	evaluation_unref(m->evaluation);
	m->evaluation = e;
}

static void tell(struct monitor *m, int64_t now_ms, int64_t now_wall, struct changes *out)
{
	const struct evaluation *e = m->evaluation;

	m->conformance.per_flow = m->inputs->site->notification.per_flow;
	if (conformance_update(&m->conformance, &m->inputs->flows, &e->findings,
	            e->ruleset != NULL ? &e->openings : NULL, e->ruleset,
	            e->ruleset == NULL ? monitor_why_unknown(m) : NULL, &m->cause, now_ms, now_wall, out)) {
		m->changed_ms = now_ms;
		m->changed_wall = now_wall;
	}
	if (out->n > 0)
		m->told_ms = now_ms;
	m->tell_ms = INT64_MAX;
	m->cause_set = false;
}

/* What is seen now is told when it has settled, and not too soon after what was told before. */
static int64_t when_to_tell(const struct monitor *m, int64_t now_ms)
{
	const struct notification_settings *s = &m->inputs->site->notification;
	int64_t settled, apart;

	if (!m->conformance.told)
		return now_ms;
	settled = now_ms + s->hold_down_ms;
	apart = m->told_ms == 0 ? 0 : m->told_ms + s->minimum_interval_ms;
	return settled > apart ? settled : apart;
}

/* @return whether it was found that nothing had changed. */
static bool look_at_time(struct monitor *m, int64_t now_ms, int64_t now_wall)
{
	if (m->inputs != NULL && m->last_wall != 0 && site_expiry_between(m->inputs->site, m->last_wall, now_wall))
		monitor_changed(m, CAUSE_ASSUMPTION, NULL, now_ms);
	m->last_wall = now_wall;
	if (now_ms < m->periodic_ms)
		return false;
	m->periodic_ms = now_ms + PERIODIC_MS;
	if (reading_look(m->reading))
		monitor_changed(m, CAUSE_RULESET, NULL, now_ms);
	if (m->due_ms != INT64_MAX)
		return false;
	m->sure_ms = now_ms;
	return true;
}

static int next_step(const struct monitor *m, int64_t now_ms)
{
	int64_t next = m->due_ms < m->tell_ms ? m->due_ms : m->tell_ms;
	if (m->periodic_ms < next)
		next = m->periodic_ms;
	if (m->probe_ms < next)
		next = m->probe_ms;
	if (m->own_ms < next)
		next = m->own_ms;
	int64_t wait = next - now_ms;
	return wait < 0 ? 0 : wait > PERIODIC_MS ? PERIODIC_MS : (int)wait;
}

/* What was known before a verification, to see whether it changed anything. */
struct before {
	struct inputs *inputs; /* NULL: nothing was verified yet */
	struct evaluation *evaluation;
};

static struct before before_take(const struct monitor *m)
{
	struct before b = {0};
	if (m->evaluation != NULL) {
		b.inputs = inputs_ref(m->inputs);
		b.evaluation = evaluation_ref(m->evaluation);
	}
	return b;
}

static bool before_differs(const struct before *b, const struct monitor *m)
{
	const struct evaluation *old = b->evaluation, *new = m->evaluation;
	if (old == NULL || (old->ruleset == NULL) != (new->ruleset == NULL) ||
	        b->inputs->flows.n != m->inputs->flows.n || old->openings.n != new->openings.n)
		return true;
	for (size_t i = 0; i < new->findings.n; i++)
		if (flow_id_cmp(&b->inputs->flows.flow[i].id, &m->inputs->flows.flow[i].id) != 0 ||
		        old->findings.finding[i].verdict != new->findings.finding[i].verdict)
			return true;
	for (size_t i = 0; i < new->openings.n; i++)
		if (old->openings.opening[i].id != new->openings.opening[i].id ||
		        old->openings.opening[i].acknowledged != new->openings.opening[i].acknowledged)
			return true;
	return false;
}

static void before_fini(struct before *b)
{
	inputs_unref(b->inputs);
	evaluation_unref(b->evaluation);
}

/* Read what changed and verify; what changes nothing is no cause of anything later. */
static void renew(struct monitor *m, int64_t now_ms, int64_t now_wall)
{
	const int64_t begun = m->parts.clock_ms();
	struct before before = before_take(m);

	if (m->dirty_inputs)
		refresh_inputs(m, now_wall);
	/* The evaluation owns the ruleset it used: read it again for the next one. */
	refresh_ruleset(m);
	verify(m, now_wall);
	m->cost_ms = m->parts.clock_ms() - begun;
	m->generation++;
	m->verified_ms = m->sure_ms = now_ms;
	m->verified_wall = now_wall;
	m->due_ms = INT64_MAX;
	m->periodic_ms = now_ms + (m->unreadable != NULL ? RETRY_MS : PERIODIC_MS);
	if (m->tell_ms == INT64_MAX) {
		if (before_differs(&before, m) || m->conformance.per_flow != m->inputs->site->notification.per_flow)
			m->tell_ms = when_to_tell(m, now_ms);
		else
			m->cause_set = false;
	}
	before_fini(&before);
}

/* Milliseconds of the second in which the step begins. */
static uint16_t fraction_of(int64_t now_wall)
{
	int64_t ms = clock_wall_ms() - now_wall * 1000;
	return (uint16_t)(ms < 0 ? 0 : ms > 999 ? 999 : ms);
}

/* A test is sent in any case: who asks for one wants to see it arrive. */
static void mark_unsent(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->change[i].unsent = c->change[i].kind != CHANGE_TEST;
}

static void drop_unsent(struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!c->change[i].unsent)
			c->change[n++] = c->change[i];
		else
			change_fini(&c->change[i]);
	c->n = n;
}

int monitor_step(struct monitor *m, int64_t now_ms, int64_t now_wall, struct changes *out)
{
	memset(out, 0, sizeof(*out));
	m->now_ms = now_ms;
	m->conformance.wall_ms = fraction_of(now_wall);
	bool same = look_at_time(m, now_ms, now_wall);
	pthread_mutex_lock(&m->mutex);
	uint64_t requested = m->requested;
	bool asked = requested > m->served;
	unsigned tests = m->tests_wanted;
	m->tests_wanted = 0;
	pthread_mutex_unlock(&m->mutex);

	bool renewed = asked || now_ms >= m->due_ms, told = now_ms >= m->tell_ms;
	if (asked)
		reading_doubt(m->reading, "somebody asked for it");
	if (renewed)
		renew(m, now_ms, now_wall);
	told = told || now_ms >= m->tell_ms;
	if (told)
		tell(m, now_ms, now_wall, out);
	for (unsigned i = 0; i < tests; i++)
		conformance_test(&m->conformance, now_wall, out);
	bool own = monitor_look_at_own_table(m, renewed, now_ms, now_wall, out);
	bool journal = monitor_look_at_journal(m, now_ms, now_wall, out);
	if (!m->inputs->site->notification.enable)
		mark_unsent(out);
	monitor_keep(m, out);
	if (renewed || told || tests > 0 || own || journal)
		monitor_publish(m);
	else if (same)
		monitor_publish_again(m);
	if (asked) {
		pthread_mutex_lock(&m->mutex);
		m->served = requested;
		pthread_cond_broadcast(&m->served_cond);
		pthread_mutex_unlock(&m->mutex);
	}
	drop_unsent(out);
	return next_step(m, now_ms);
}
