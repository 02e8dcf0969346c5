/*
 * What is told, kept for replay and audit: changes and other notifications come in and get one order, pages of them go
 * out. The newest stay, 100,000 unless told otherwise. An entry that is damaged is refused, or left out of a page for replay.
 */
#include "journal_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"

#define CHANGE_COLUMNS                                                                                                 \
	"sequence, time, kind, problem, cause, author_pid, affected, severity, verdict, old_overall, new_overall, "    \
	"author, label, rule, witness, reason, unsent"
/* Columns of a joined row that follow those. */
enum { COLUMN_ID = 17, COLUMN_AT, COLUMN_CHANGE, COLUMN_CONTENT };

/* Times: whole seconds, as all were once, are integers, others numbers with a fraction, which SQLite compares as well. */

static void bind_time(sqlite3_stmt *s, int column, int64_t ms)
{
	if (ms % 1000 == 0)
		sqlite3_bind_int64(s, column, ms / 1000);
	else
		sqlite3_bind_double(s, column, (double)ms / 1000);
}

static int64_t time_read(sqlite3_stmt *s, int column)
{
	double seconds = sqlite3_column_double(s, column);
	/* What is damaged is any number. */
	return seconds >= 0 && seconds < 1e15 ? (int64_t)(seconds * 1000 + 0.5) : 0;
}

static int64_t time_of(const struct change *c)
{
	return c->wall_s * 1000 + c->wall_ms;
}

/* Writing */

static void bind_change(sqlite3_stmt *s, const struct change *c)
{
	const int64_t numbers[] = {(int64_t)c->sequence, c->wall_s, c->kind, c->problem_id, c->cause.kind,
	        c->cause.author_pid, (int64_t)c->affected, c->severity, c->verdict, c->old_overall, c->new_overall};
	const char *const texts[] = {c->cause.author, c->label, c->rule, c->witness, c->reason};
	int column = 1;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sqlite3_bind_int64(s, column++, numbers[i]);
	bind_time(s, 2, time_of(c));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		journal_bind(s, column++, texts[i]);
	sqlite3_bind_int(s, column, c->unsent);
}

static int put_change(struct journal *j, const struct change *change, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (journal_prepare(j,
	            "INSERT OR REPLACE INTO change_log(" CHANGE_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	            &s, err) != 0)
		return -1;
	bind_change(s, change);
	if (journal_finish(j, s, err) != 0)
		return -1;
	return journal_trim(j, "change_log", "sequence", j->retention.changes, JOURNAL_CHANGES_LEFT, err);
}

/* Ids have no gaps, so that mostly one goes for each that comes; as journal_trim(), but the time of the last is noted. */
static int trim_events(struct journal *j, int64_t newest, struct error *err)
{
	int64_t last = newest - j->retention.changes, young = 0;

	if (j->retention.days != 0) {
		char *sql = xasprintf("SELECT min(id) FROM event_log WHERE time >= %lld",
		        (long long)(clock_wall_s() - (int64_t)j->retention.days * JOURNAL_DAY_S));
		int result = journal_query_number(j, sql, &young, err);
		free(sql);
		if (result != 0)
			return -1;
	}
	if (young > newest - JOURNAL_CHANGES_LEFT)
		young = newest - JOURNAL_CHANGES_LEFT + 1;
	if (young - 1 > last)
		last = young - 1;
	if (last <= 0)
		return 0;
	char *sql = xasprintf("INSERT OR REPLACE INTO number(name, value) SELECT '" JOURNAL_EVENTS_AGED
	                      "', time FROM event_log WHERE id = %lld; DELETE FROM event_log WHERE id <= %lld",
	        (long long)last, (long long)last);
	int result = journal_run(j, sql, err);
	free(sql);
	return result;
}

static int put_event(
        struct journal *j, int64_t wall_ms, uint64_t change, const char *content, uint64_t *id, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (journal_prepare(j, "INSERT INTO event_log(time, change, content) VALUES(?, ?, ?)", &s, err) != 0)
		return -1;
	bind_time(s, 1, wall_ms);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)change);
	journal_bind(s, 3, content);
	if (journal_finish(j, s, err) != 0)
		return -1;
	int64_t newest = sqlite3_last_insert_rowid(j->db);
	*id = (uint64_t)newest;
	return trim_events(j, newest, err);
}

int journal_change_add(struct journal *j, struct change *change, struct error *err)
{
	uint64_t id = 0;

	change->event = 0;
	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = put_change(j, change, err);
	if (result == 0)
		result = put_event(j, time_of(change), change->sequence, NULL, &id, err);
	result = journal_end(j, result, err);
	if (result == 0)
		change->event = id;
	else
		j->unkept++;
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_event_add(struct journal *j, int64_t wall_ms, const char *content, uint64_t *id, struct error *err)
{
	*id = 0;
	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = put_event(j, wall_ms, 0, content, id, err);
	result = journal_end(j, result, err);
	if (result != 0) {
		*id = 0;
		j->unkept++;
	}
	pthread_mutex_unlock(&j->mutex);
	return result;
}

/* Reading */

/* Others index tables by these. */
static int check_change(const struct journal *j, const struct change *c, struct error *err)
{
	if (c->kind < CHANGE_N && c->cause.kind <= CAUSE_ASSUMPTION && c->severity <= SEVERITY_CRITICAL &&
	        c->verdict < VERDICT_N && c->old_overall <= OVERALL_CANNOT_TELL &&
	        c->new_overall <= OVERALL_CANNOT_TELL)
		return 0;
	return error_set(err, ERR_FORMAT, j->path,
	        "notification %llu in the journal is damaged; move the file away and start again",
	        (unsigned long long)c->sequence);
}

static void change_read(sqlite3_stmt *s, struct change *c)
{
	memset(c, 0, sizeof(*c));
	c->sequence = (uint64_t)sqlite3_column_int64(s, 0);
	c->wall_s = time_read(s, 1) / 1000;
	c->wall_ms = (uint16_t)(time_read(s, 1) % 1000);
	c->kind = (enum change_kind)sqlite3_column_int(s, 2);
	c->problem_id = (uint32_t)sqlite3_column_int64(s, 3);
	c->cause.kind = (enum cause_kind)sqlite3_column_int(s, 4);
	c->cause.author_pid = (uint32_t)sqlite3_column_int64(s, 5);
	c->affected = (size_t)sqlite3_column_int64(s, 6);
	c->severity = (enum severity)sqlite3_column_int(s, 7);
	c->verdict = (enum verdict)sqlite3_column_int(s, 8);
	c->old_overall = (enum overall)sqlite3_column_int(s, 9);
	c->new_overall = (enum overall)sqlite3_column_int(s, 10);
	char *author = journal_text(s, 11);
	snprintf(c->cause.author, sizeof(c->cause.author), "%s", author);
	free(author);
	c->label = journal_text(s, 12);
	c->rule = journal_text(s, 13);
	c->witness = journal_text(s, 14);
	c->reason = journal_text(s, 15);
	c->unsent = sqlite3_column_int(s, 16) != 0;
}

int journal_changes(struct journal *j, uint64_t after, size_t max, struct changes *out, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_ROW;
	int result = -1;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&j->mutex);
	if (journal_prepare(j, "SELECT " CHANGE_COLUMNS " FROM change_log WHERE sequence > ? ORDER BY sequence LIMIT ?",
	            &s, err) == 0) {
		sqlite3_bind_int64(s, 1, after > INT64_MAX ? INT64_MAX : (int64_t)after);
		sqlite3_bind_int64(s, 2, max > INT64_MAX ? INT64_MAX : (int64_t)max);
		result = 0;
		while (result == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
			out->change = xgrow(out->change, out->n, &out->cap, sizeof(*out->change));
			change_read(s, &out->change[out->n]);
			result = check_change(j, &out->change[out->n++], err);
		}
		if (result == 0 && rc != SQLITE_DONE)
			result = journal_error(j, err, rc);
	}
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	if (result != 0)
		changes_fini(out);
	return result;
}

static void event_fini(struct journal_event *e)
{
	if (e->content == NULL)
		change_fini(&e->change);
	free(e->content);
}

void journal_events_fini(struct journal_events *events)
{
	for (size_t i = 0; i < events->n; i++)
		event_fini(&events->event[i]);
	free(events->event);
	memset(events, 0, sizeof(*events));
}

/* One row; a change whose own row is gone or damaged is left out. */
static void take_event(struct journal *j, sqlite3_stmt *s, struct journal_events *out)
{
	struct journal_event e = {
	        .id = (uint64_t)sqlite3_column_int64(s, COLUMN_ID), .wall_ms = time_read(s, COLUMN_AT)};

	if (sqlite3_column_int64(s, COLUMN_CHANGE) == 0) {
		e.content = journal_text(s, COLUMN_CONTENT);
	} else {
		change_read(s, &e.change);
		e.change.event = e.id;
		if (sqlite3_column_type(s, 0) == SQLITE_NULL || check_change(j, &e.change, NULL) != 0) {
			event_fini(&e);
			return;
		}
	}
	out->event = xgrow(out->event, out->n, &out->cap, sizeof(*out->event));
	out->event[out->n++] = e;
}

static int read_events(struct journal *j, uint64_t after, int64_t from_ms, int64_t until_ms, struct journal_events *out,
        struct error *err)
{
	int64_t first, last;
	int rc;
	sqlite3_stmt *s = NULL;

	if (journal_query_number(j, "SELECT min(id) FROM event_log", &first, err) != 0 ||
	        journal_query_number(j, "SELECT max(id) FROM event_log", &last, err) != 0 ||
	        journal_prepare(j,
	                "SELECT " CHANGE_COLUMNS ", id, at, change, content FROM"
	                " (SELECT id, time AS at, change, content FROM event_log) LEFT JOIN change_log ON"
	                " sequence = change WHERE id > ? AND id <= ? AND at BETWEEN ? AND ? ORDER BY id",
	                &s, err) != 0)
		return -1;
	int64_t start = after > (uint64_t)last ? last : (int64_t)after;
	if (start < first - 1)
		start = first - 1;
	int64_t stop = last - start > JOURNAL_EVENTS_PAGE ? start + JOURNAL_EVENTS_PAGE : last;
	sqlite3_bind_int64(s, 1, start);
	sqlite3_bind_int64(s, 2, stop);
	bind_time(s, 3, from_ms);
	bind_time(s, 4, until_ms);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		take_event(j, s, out);
	out->last = (uint64_t)stop > after ? (uint64_t)stop : after;
	out->end = stop == last;
	int result = rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
	sqlite3_finalize(s);
	return result;
}

int journal_events(struct journal *j, uint64_t after, int64_t from_ms, int64_t until_ms, struct journal_events *out,
        struct error *err)
{
	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&j->mutex);
	int result = read_events(j, after, from_ms, until_ms, out, err);
	pthread_mutex_unlock(&j->mutex);
	if (result != 0)
		journal_events_fini(out);
	return result;
}

int journal_events_span(struct journal *j, int64_t *created, int64_t *aged, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = journal_query_number(
	        j, "SELECT value FROM number WHERE name = '" JOURNAL_EVENTS_CREATED "'", created, err);
	if (result == 0)
		result = journal_query_number(
		        j, "SELECT value FROM number WHERE name = '" JOURNAL_EVENTS_AGED "'", aged, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}
