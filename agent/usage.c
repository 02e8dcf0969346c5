/*
 * Since when the own table has counted what it counts: the kernel's counters come in when somebody asks and whenever the
 * table is replaced, out go readings, which many share, and lines for the journal. Times are those of the monotonic clock,
 * so that a wall clock that jumps makes nothing older than it is; after a start of the device nothing of before is believed.
 */
#include "portcullis/usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/log.h"
#include "usage_reading.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
/* How long a reading is of now; one that costs much longer, so that the privileged process has time for the rest. */
#define FRESH_MS 1000
#define FRESH_COSTS 4
/* A wall clock that is so much off from what it was has been set. */
#define JUMP_MS 2000

struct usage {
	struct usage_parts parts;
	char boot[64];
	pthread_mutex_t mutex; /* what follows */
	pthread_cond_t free; /* nobody reads, and nobody replaces */
	bool reading;
	unsigned replacing;
	uint64_t epoch; /* counts replaces: a dump from before one says nothing of after it */
	bool recalled; /* lines are those of the journal still: what came between is not known */
	bool active; /* the agent may have a table in the kernel */
	uint64_t table; /* handle of the table that the lines are of */
	struct journal_counted *line; /* by id */
	size_t n_line;
	int64_t offset_ms; /* from the monotonic to the wall clock */
	struct usage_reading *last; /* NULL: err says why there is none */
	struct error err;
	bool known; /* last or err are of a reading: it ended then, and goes stale then */
	int64_t stale_ms;
};

/* ---- lines ---- */

static int line_cmp(const void *a, const void *b)
{
	const struct journal_counted *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static const struct journal_counted *line_find(const struct usage *u, uint64_t id)
{
	const struct journal_counted like = {.id = id};

	return u->n_line > 0 ? bsearch(&like, u->line, u->n_line, sizeof(*u->line), line_cmp) : NULL;
}

static void lines_forget(struct usage *u)
{
	free(u->line);
	u->line = NULL;
	u->n_line = 0;
	u->table = 0;
}

static void boot_read(struct usage *u)
{
	int fd = u->parts.boot == NULL ? open(BOOT_ID, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd >= 0 ? read(fd, u->boot, sizeof(u->boot) - 1) : 0;

	if (fd >= 0)
		close(fd);
	u->boot[n > 0 ? n : 0] = '\0';
	if (u->parts.boot != NULL)
		snprintf(u->boot, sizeof(u->boot), "%s", u->parts.boot);
	u->boot[strcspn(u->boot, " \n")] = '\0';
}

/* What was written in another boot is of another table, and of another clock. */
static void lines_load(struct usage *u)
{
	char boot[64], *of = NULL;
	struct error err;

	if (u->parts.journal == NULL)
		return;
	if (journal_counted(u->parts.journal, &of, &u->line, &u->n_line, &err) != 0)
		log_warning("since when the own table counts is not known: %s", err.text);
	else if (of == NULL || sscanf(of, "%63s %" SCNu64 " %" SCNd64, boot, &u->table, &u->offset_ms) != 3 ||
	         u->boot[0] == '\0' || strcmp(boot, u->boot) != 0)
		lines_forget(u);
	else if (u->n_line > 0)
		qsort(u->line, u->n_line, sizeof(*u->line), line_cmp);
	u->recalled = true;
	free(of);
}

static void lines_save(struct usage *u)
{
	struct error err;

	if (u->parts.journal == NULL)
		return;
	char *of = xasprintf("%s %" PRIu64 " %" PRId64, u->boot[0] != '\0' ? u->boot : "-", u->table, u->offset_ms);
	/* The journal itself tells when it cannot be written. */
	if (journal_counted_set(u->parts.journal, of, u->line, u->n_line, &err) != 0)
		log_debug("since when the own table counts is not kept: %s", err.text);
	free(of);
}

/* Times of before and after do not differ by what the two clocks drift apart in between. */
static void offset_look(struct usage *u, int64_t now_ms)
{
	int64_t offset = u->parts.wall_s() * 1000 - now_ms;

	if (llabs(offset - u->offset_ms) > JUMP_MS)
		u->offset_ms = offset;
}

struct usage *usage_new(const struct usage_parts *parts)
{
	struct usage *u = xcalloc(1, sizeof(*u));

	u->parts = *parts;
	pthread_mutex_init(&u->mutex, NULL);
	pthread_cond_init(&u->free, NULL);
	boot_read(u);
	u->parts.boot = NULL;
	lines_load(u);
	return u;
}

void usage_free(struct usage *u)
{
	if (u == NULL)
		return;
	/* With the counters that were seen last a break until the next start is noticed. */
	if (u->active)
		lines_save(u);
	lines_forget(u);
	usage_reading_unref(u->last);
	pthread_cond_destroy(&u->free);
	pthread_mutex_destroy(&u->mutex);
	free(u);
}

/* ---- since when ---- */

/** A counter that begins anew has a smaller number; over a replace some packets are lost, but not all. */
static bool is_broken(const struct journal_counted *line, uint64_t packets, bool replaced)
{
	return replaced ? packets == 0 && line->packets > 0 : packets < line->packets;
}

struct counting {
	const struct usage *u;
	struct journal_counted *line;
	size_t n;
	int64_t now_ms;
	bool replaced, changed;
};

static void count(struct counting *c, uint64_t id, struct usage_count *count)
{
	const struct journal_counted *line = line_find(c->u, id);
	int64_t since_ms = c->now_ms;

	if (line != NULL && line->since_ms <= c->now_ms && !is_broken(line, count->packets, c->replaced))
		since_ms = line->since_ms;
	c->changed = c->changed || line == NULL || line->since_ms != since_ms;
	c->line[c->n++] = (struct journal_counted){id, since_ms, count->packets};
	count->since = (since_ms + c->u->offset_ms) / 1000;
}

/**
 * A reading of the table becomes what is known of it, and gets its times.
 *
 * @param replaced  by the agent: the table, or its rules, go on with the counters of those before.
 * @return whether there is something to keep.
 */
static bool take(struct usage *u, uint64_t table, struct usage_reading *r, bool replaced)
{
	bool other = table != u->table;
	struct counting c = {.u = u, .now_ms = u->parts.clock_ms(), .replaced = replaced && (other || !u->recalled)};
	size_t before = u->n_line;

	if (other && !replaced)
		lines_forget(u);
	offset_look(u, c.now_ms);
	c.line = xcalloc(r->n_box + r->n_rule + 1, sizeof(*c.line));
	for (size_t i = 0; i < r->n_box; i++)
		count(&c, r->box[i].id, &r->box[i].count);
	for (size_t i = 0; i < r->n_rule; i++)
		count(&c, usage_rule_id(&r->rule[i]), &r->rule[i].count);
	free(u->line);
	u->line = c.line;
	u->n_line = c.n;
	u->table = table;
	u->recalled = false;
	if (c.n > 0)
		qsort(u->line, u->n_line, sizeof(*u->line), line_cmp);
	r->time = (c.now_ms + u->offset_ms) / 1000;
	return c.changed || other || c.n != before;
}

/* ---- reading ---- */

/** What a reading found is what there is, for a while. Takes r over. */
static void keep(struct usage *u, struct usage_reading *r, int64_t cost_ms)
{
	usage_reading_unref(u->last);
	u->last = r;
	u->known = true;
	u->stale_ms = u->parts.clock_ms() + (cost_ms * FRESH_COSTS > FRESH_MS ? cost_ms * FRESH_COSTS : FRESH_MS);
}

/* Without the mutex: it may take long. */
static int dump(struct usage *u, struct nft_counters *out, struct error *err)
{
	struct nft_dump bytes = {0};
	int result = u->parts.nft.dump(u->parts.nft.self, &bytes, err);

	if (result == 0)
		result = nft_counters_read(bytes.bytes, bytes.len, OWN_TABLE, out, err);
	nft_dump_fini(&bytes);
	return result;
}

/* With the mutex, which is given away meanwhile. */
static void read_kernel(struct usage *u)
{
	const uint64_t epoch = u->epoch;
	struct nft_counters c = {0};
	struct usage_reading *r = NULL;
	struct error err = {0};

	u->reading = true;
	pthread_mutex_unlock(&u->mutex);
	int64_t began = u->parts.clock_ms();
	int result = dump(u, &c, &err);
	int64_t cost = u->parts.clock_ms() - began;
	if (result == 0)
		r = usage_reading_new(&c);
	pthread_mutex_lock(&u->mutex);
	u->reading = false;
	if (u->epoch != epoch) {
		usage_reading_unref(r);
	} else {
		if (r != NULL && take(u, c.table, r, false))
			lines_save(u);
		u->err = err;
		keep(u, r, cost);
	}
	nft_counters_fini(&c);
	pthread_cond_broadcast(&u->free);
}

int usage_get(struct usage *u, struct usage_reading **out, struct error *err)
{
	static const struct nft_counters none = {0};
	int result = 0;

	*out = NULL;
	pthread_mutex_lock(&u->mutex);
	for (;;) {
		if (u->reading || u->replacing > 0)
			pthread_cond_wait(&u->free, &u->mutex);
		else if (u->active && (!u->known || u->parts.clock_ms() >= u->stale_ms))
			read_kernel(u);
		else
			break;
	}
	if (!u->active) {
		*out = usage_reading_new(&none);
		(*out)->time = u->parts.wall_s();
	} else if (u->last != NULL) {
		*out = usage_reading_ref(u->last);
	} else {
		*err = u->err;
		result = -1;
	}
	pthread_mutex_unlock(&u->mutex);
	return result;
}

/* ---- replacing ---- */

void usage_begin(struct usage *u, const struct nft_counters *before)
{
	pthread_mutex_lock(&u->mutex);
	u->replacing++;
	u->epoch++;
	u->known = false;
	if (before == NULL || before->table == 0 || before->table != u->table)
		lines_forget(u);
	pthread_mutex_unlock(&u->mutex);
}

void usage_end(struct usage *u, const struct nft_counters *after)
{
	struct usage_reading *r = after != NULL ? usage_reading_new(after) : NULL;

	pthread_mutex_lock(&u->mutex);
	u->active = after == NULL || after->table != 0;
	if (after != NULL) {
		(void)take(u, after->table, r, true);
		lines_save(u);
	}
	u->replacing--;
	pthread_cond_broadcast(&u->free);
	pthread_mutex_unlock(&u->mutex);
	usage_reading_unref(r);
}
