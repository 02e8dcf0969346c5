/*
 * The own table against what was installed: rulesets that were read come in, a table that somebody else changed is told and
 * goes back into the kernel, later each time that it happens again. What only seems to deviate, because what was read is
 * older than the last change, is not told.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/log.h"
#include "portcullis/utf8.h"
#include "push/plan.h"

/* A change is on its way: it is looked again then. */
#define BUSY_MS 100
/* So often what was read may be older than what the kernel has. */
#define UNSETTLED_MAX 20
/* What could not be read or put back. */
#define RETRY_MS 5000
#define DELAY_MAX_MS 300000
/* Without a new deviation for so long, the delay is the first one again. */
#define CALM_MS 600000

#define LINE_MAX_LEN 200

/* ---- what is different ---- */

/* Lines of a print that the other one does not have, between what both begin and end with. */
struct middle {
	const char *from, *to;
};

static void middles(const char *a, const char *b, struct middle *of_a, struct middle *of_b)
{
	const char *end_a = a + strlen(a), *end_b = b + strlen(b), *line_a = a, *line_b = b;

	while (*a != '\0' && *a == *b) {
		if (*a == '\n') {
			line_a = a + 1;
			line_b = b + 1;
		}
		a++;
		b++;
	}
	*of_a = (struct middle){line_a, end_a};
	*of_b = (struct middle){line_b, end_b};
	while (end_a > line_a && end_b > line_b && end_a[-1] == end_b[-1]) {
		end_a--;
		end_b--;
		if (*end_a == '\n') {
			of_a->to = end_a + 1;
			of_b->to = end_b + 1;
		}
	}
	if ((end_a == line_a && (end_b == line_b || end_b[-1] == '\n')) || (end_b == line_b && end_a[-1] == '\n')) {
		of_a->to = end_a;
		of_b->to = end_b;
	}
}

/* "'ct state established accept', and 3 lines more"; of a set its name. */
static void lines_print(struct text *t, const struct middle *m)
{
	const char *end = memchr(m->from, '\n', (size_t)(m->to - m->from));
	int len = (int)((end != NULL ? end : m->to) - m->from), n = 0;
	bool set = len > 4 && memcmp(m->from, "set ", 4) == 0;

	if (set)
		len = (int)((const char *)memchr(m->from + 4, ' ', (size_t)len - 4) - m->from);
	text_addf(t, "%s'%.*s'", set ? "elements of " : "", len < LINE_MAX_LEN ? len : LINE_MAX_LEN, m->from);
	for (const char *p = end; p != NULL && p + 1 < m->to; p = memchr(p + 1, '\n', (size_t)(m->to - p - 1)))
		n++;
	if (n > 0)
		text_addf(t, " and %d lines more", n);
}

static void difference(const char *want, const char *have, char *out, size_t size)
{
	struct middle gone, come;
	struct text t = {0};

	middles(want, have, &gone, &come);
	if (have[0] == '\0') {
		text_add(&t, "the table inet " OWN_TABLE " is gone");
	} else if (want[0] == '\0') {
		text_add(&t, "there is a table inet " OWN_TABLE ", which is not of this agent's making");
	} else {
		text_add(&t, "somebody changed the table inet " OWN_TABLE ": ");
		if (gone.from < gone.to)
			lines_print(&t, &gone);
		text_add(&t, gone.from == gone.to ? "there is now " : come.from < come.to ? " became " : " is gone");
		if (come.from < come.to)
			lines_print(&t, &come);
	}
	snprintf(out, size, "%s", text_str(&t));
	text_fini(&t);
}

/* ---- the state ---- */

void push_state(struct push *p, struct own_state *out)
{
	pthread_mutex_lock(&p->turn);
	*out = p->state;
	pthread_mutex_unlock(&p->turn);
	/* Cut to fit, perhaps inside a character; and rules have comments of others. */
	utf8_clean(out->why);
	utf8_clean(out->paused_by);
	utf8_clean(out->pause_reason);
}

void push_deviates(struct push *p, const char *why)
{
	p->state.deviates = true;
	snprintf(p->state.why, sizeof(p->state.why), "%s", why);
	p->drift.urgent = true;
	push_wake(p);
}

static int over(struct push *p)
{
	if (p->state.deviates)
		log_info("the table inet %s is what was installed", OWN_TABLE);
	p->state.deviates = false;
	p->state.why[0] = '\0';
	p->drift.urgent = false;
	return INT_MAX;
}

static const char *wanted(const struct push *p)
{
	return p->applied.plan.bytes == NULL ? "" : p->applied.print;
}

static bool is_wanted(const struct push *p, const struct ruleset *rs, char **have)
{
	const char *want = wanted(p);

	*have = own_print(rs);
	return want != NULL && strcmp(want, *have) == 0;
}

/* ---- put back ---- */

static int64_t delay_of(const struct drift *d, uint32_t delay_ms, int64_t now_ms)
{
	int64_t delay = delay_ms;

	if (d->urgent)
		return 0;
	if (d->put_ms != 0 && now_ms - d->put_ms < CALM_MS)
		delay = d->delay_ms * 2 > 1000 ? d->delay_ms * 2 : 1000;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS > (int64_t)delay_ms ? DELAY_MAX_MS : delay_ms;
}

static int put(struct push *p, struct error *err)
{
	const struct nft_batch batch = {.bytes = p->applied.plan.bytes, .len = p->applied.plan.n_byte};
	struct nft_counters counters;
	struct ruleset *live;
	char *have;
	bool known = plan_counters(p, &counters, err) == 0;
	int result = push_put(p, &batch, known ? &counters : NULL, err);

	nft_counters_fini(&counters);
	if (result != 0 || plan_read(p, &live, NULL, err) != 0)
		return -1;
	/* The kernel has the very bytes: what a reader finds of them was not known yet. */
	if (p->applied.print == NULL)
		p->applied.print = own_print(live);
	if (!is_wanted(p, live, &have))
		result = error_set(err, ERR_IO, "inet " OWN_TABLE, "somebody changed it at once");
	free(have);
	ruleset_free(live);
	return result;
}

static int put_back(struct push *p, int64_t now_ms)
{
	struct drift *d = &p->drift;
	struct error err;

	if (d->put_ms == 0 || now_ms - d->put_ms >= CALM_MS)
		d->delay_ms = 0;
	d->delay_ms = d->due_ms - d->since_ms > d->delay_ms ? d->due_ms - d->since_ms : d->delay_ms;
	d->put_ms = now_ms;
	if (put(p, &err) == 0) {
		log_warning("the table inet %s was put back: %s", OWN_TABLE, p->state.why);
		return over(p);
	}
	snprintf(p->state.why, sizeof(p->state.why),
	        "the table inet %s cannot be put back, which is tried again: %.400s", OWN_TABLE, err.text);
	log_error("%s", p->state.why);
	d->due_ms = now_ms + RETRY_MS;
	return RETRY_MS;
}

/* ---- look ---- */

static void pause_over(struct push *p, int64_t now_wall)
{
	struct error err;

	if (p->state.paused_until == 0 || now_wall < p->state.paused_until)
		return;
	log_info("the pause is over: the table inet %s is put back where it was changed", OWN_TABLE);
	/* The next start finds that it has ended, too. */
	if (pause_set(p, "", 0, "", &err) != 0)
		log_debug("journal: %s", err.text);
	p->state.paused_until = 0;
	p->drift.due_ms = 0;
}

static int until_due(const struct push *p, int64_t now_ms, int64_t now_wall)
{
	int64_t wait = p->drift.due_ms - now_ms;

	if (p->applied.plan.bytes == NULL)
		return INT_MAX;
	if (p->state.paused_until != 0)
		wait = (p->state.paused_until - now_wall) * 1000;
	return wait < 0 ? 0 : wait > DELAY_MAX_MS ? DELAY_MAX_MS : (int)wait;
}

/*
 * What was read may be older than the last change: the kernel itself is asked. *read is what was read; where the kernel has
 * something else again, who did it is not known before that is read, too, and *settled is false.
 */
static int look_again(struct push *p, const char *read, bool *same, bool *settled)
{
	struct ruleset *live;
	struct error err;
	char *have;

	if (plan_read(p, &live, NULL, &err) != 0) {
		log_debug("the own table cannot be read: %s", err.text);
		return -1;
	}
	*same = is_wanted(p, live, &have);
	*settled = strcmp(read, have) == 0;
	if (!*same && wanted(p) != NULL && !p->drift.urgent)
		difference(wanted(p), have, p->state.why, sizeof(p->state.why));
	free(have);
	ruleset_free(live);
	return 0;
}

static int look(struct push *p, const struct ruleset *rs, uint32_t delay_ms, int64_t now_ms, int64_t now_wall)
{
	struct drift *d = &p->drift;
	bool known = p->state.deviates && !d->urgent, same, settled;
	char *have;
	int read;

	pause_over(p, now_wall);
	if (p->unstarted)
		return INT_MAX; /* whoever starts tries again */
	same = is_wanted(p, rs, &have);
	if ((same && !d->urgent) || (known && until_due(p, now_ms, now_wall) > 0)) {
		free(have);
		return same && !d->urgent ? over(p) : until_due(p, now_ms, now_wall);
	}
	read = look_again(p, have, &same, &settled);
	free(have);
	if (read != 0)
		return RETRY_MS;
	if (same)
		return over(p);
	if (known)
		return put_back(p, now_ms);
	if (!settled && !d->urgent && d->unsettled++ < UNSETTLED_MAX)
		return BUSY_MS;
	d->unsettled = 0;
	/* It is told before it is over. */
	p->state.deviates = true;
	d->since_ms = now_ms;
	d->due_ms = now_ms + delay_of(d, delay_ms, now_ms);
	d->urgent = false;
	return until_due(p, now_ms, now_wall);
}

int push_look(struct push *p, const struct ruleset *rs, uint32_t delay_ms, int64_t now_ms, int64_t now_wall)
{
	int wait;

	if (rs == NULL)
		return INT_MAX;
	if (pthread_mutex_trylock(&p->turn) != 0)
		return BUSY_MS;
	wait = look(p, rs, delay_ms, now_ms, now_wall);
	pthread_mutex_unlock(&p->turn);
	return wait;
}

/* ---- upgrades ---- */

static bool is_new(const struct push *p, const struct compile_input *running)
{
	struct own_table *table;
	struct ruleset *alone = NULL;
	struct error err;
	char *print;
	bool new = false;

	if (p->applied.plan.bytes == NULL || p->applied.print == NULL || compile(running, &table, &err) != 0)
		return false;
	if (own_table_ruleset(table, &alone, &err) == 0) {
		print = own_print(alone);
		new = strcmp(print, p->applied.print) != 0;
		free(print);
	}
	ruleset_free(alone);
	own_table_free(table);
	return new;
}

void push_compare(struct push *p, const struct compile_input *running)
{
	/* A change that is on its way is compared when it is there. */
	if (pthread_mutex_trylock(&p->turn) != 0)
		return;
	p->state.available = running->site->firewall.mode == FIREWALL_ENFORCE && is_new(p, running);
	pthread_mutex_unlock(&p->turn);
}
