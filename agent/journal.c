/*
 * What survives a restart, in one SQLite file: datastores, the list of commits, the notifications for replay and audit,
 * and a few numbers; each step is one transaction that is on disk when the call returns. Here are the steps that the rooms
 * of the file share, the numbers and the problems. Refused is what SQLite refuses, with what to do about it.
 */
#include "journal_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"

/* What is damaged is not written any more, wherever that was seen. */
static int damage_found(struct journal *j, struct error *err, const char *why)
{
	struct error fault = {0};

	error_set(&fault, ERR_IO, j->path,
	        "the journal is damaged or no SQLite file (%s); move it away and start again: the configuration is "
	        "then empty",
	        why);
	if (err != NULL) {
		*err = fault;
		err->code = j->opened ? ERR_IO : ERR_FORMAT; /* malformed is what comes from a client */
	}
	j->damaged = true;
	if (j->opened)
		journal_fault(j, &fault);
	return -1;
}

static int disk_full(const struct journal *j, struct error *err)
{
	return error_set(
	        err, ERR_UNAVAILABLE, j->path, "the journal cannot be written: disk full; make room and try again");
}

int journal_error(struct journal *j, struct error *err, int rc)
{
	const char *why = j->db != NULL ? sqlite3_errmsg(j->db) : sqlite3_errstr(rc);
	int no = j->db != NULL ? sqlite3_system_errno(j->db) : 0;

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return damage_found(j, err, why);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(err, ERR_UNAVAILABLE, j->path,
		        "another program holds the journal (%s); close it and try again", why);
	case SQLITE_FULL:
		return disk_full(j, err);
	case SQLITE_IOERR:
		if (no == ENOSPC || no == EDQUOT)
			return disk_full(j, err);
		return error_set(err, ERR_IO, j->path,
		        "the journal cannot be read or written (%s: %s); check the disk and the permissions", why,
		        no != 0 ? strerror(no) : "the system does not say why");
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return error_set(err, ERR_IO, j->path,
		        "the journal cannot be read or written (%s); check the disk and the permissions", why);
	default:
		return error_set(err, ERR_INTERNAL, j->path, "the journal refused a step: %s", why);
	}
}

int journal_run(struct journal *j, const char *sql, struct error *err)
{
	int rc = sqlite3_exec(j->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : journal_error(j, err, rc);
}

int journal_prepare(struct journal *j, const char *sql, sqlite3_stmt **out, struct error *err)
{
	int rc = sqlite3_prepare_v2(j->db, sql, -1, out, NULL);
	return rc == SQLITE_OK ? 0 : journal_error(j, err, rc);
}

void journal_bind(sqlite3_stmt *s, int column, const char *text)
{
	sqlite3_bind_text64(
	        s, column, text != NULL ? text : "", text != NULL ? strlen(text) : 0, SQLITE_STATIC, SQLITE_UTF8);
}

char *journal_text(sqlite3_stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s, column);
	return xstrdup(text != NULL ? (const char *)text : "");
}

/* Run a statement that gives no rows, and release it. */
int journal_finish(struct journal *j, sqlite3_stmt *s, struct error *err)
{
	int rc = sqlite3_step(s);
	int result = rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
	sqlite3_finalize(s);
	return result;
}

int journal_query_number(struct journal *j, const char *sql, int64_t *out, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (journal_prepare(j, sql, &s, err) != 0)
		return -1;
	int rc = sqlite3_step(s);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	int result = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
	sqlite3_finalize(s);
	return result;
}

int journal_rollback(struct journal *j)
{
	/* The failure that led here is the one to tell; a transaction that is over already needs no rollback. */
	if (sqlite3_get_autocommit(j->db) == 0)
		sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

int journal_trim(
        struct journal *j, const char *table, const char *number, uint32_t kept, uint32_t left, struct error *err)
{
	char *sql = xasprintf(
	        "DELETE FROM %s WHERE %s <= (SELECT max(%s) FROM %s) - %u", table, number, number, table, kept);
	int result = journal_run(j, sql, err);

	free(sql);
	if (result != 0 || j->retention.days == 0)
		return result;
	/* In their order: a clock that was wrong for a while leaves no gap. */
	sql = xasprintf("DELETE FROM %s WHERE %s < (SELECT min(%s) FROM %s WHERE time >= %lld) AND "
	                "%s <= (SELECT max(%s) FROM %s) - %u",
	        table, number, number, table, (long long)(clock_wall_s() - (int64_t)j->retention.days * JOURNAL_DAY_S),
	        number, number, table, left);
	result = journal_run(j, sql, err);
	free(sql);
	return result;
}

void journal_retain(struct journal *j, const struct journal_retention *retention)
{
	pthread_mutex_lock(&j->mutex);
	j->retention = *retention;
	pthread_mutex_unlock(&j->mutex);
}

int journal_number_get(struct journal *j, const char *name, uint64_t *out, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int result = -1;

	*out = 0;
	pthread_mutex_lock(&j->mutex);
	if (journal_prepare(j, "SELECT value FROM number WHERE name = ?", &s, err) == 0) {
		journal_bind(s, 1, name);
		int rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			*out = (uint64_t)sqlite3_column_int64(s, 0);
		result = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
	}
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_number_set(struct journal *j, const char *name, uint64_t value, struct error *err)
{
	sqlite3_stmt *s = NULL;

	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = journal_prepare(j, "INSERT OR REPLACE INTO number(name, value) VALUES(?, ?)", &s, err);
	if (result == 0) {
		journal_bind(s, 1, name);
		sqlite3_bind_int64(s, 2, (int64_t)value);
		result = journal_finish(j, s, err);
	}
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

static int put_problem(struct journal *j, const struct problem *p, struct error *err)
{
	sqlite3_stmt *s;
	if (journal_prepare(j, "INSERT INTO problem VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s, err) != 0)
		return -1;
	sqlite3_bind_int64(s, 1, p->id);
	sqlite3_bind_int(s, 2, (int)p->cause.kind);
	sqlite3_bind_int64(s, 3, p->cause.author_pid);
	journal_bind(s, 4, p->cause.author);
	sqlite3_bind_int(s, 5, (int)p->severity);
	sqlite3_bind_int(s, 6, (int)p->verdict);
	sqlite3_bind_int64(s, 7, (sqlite3_int64)p->n_flow_raised);
	sqlite3_bind_int64(s, 8, p->since_wall);
	journal_bind(s, 9, p->label);
	journal_bind(s, 10, p->rule);
	journal_bind(s, 11, p->witness);
	sqlite3_bind_blob64(s, 12, p->flow, p->n_flow * sizeof(*p->flow), SQLITE_STATIC);
	return journal_finish(j, s, err);
}

int journal_problems_set(struct journal *j, const struct problem *problem, size_t n, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = journal_run(j, "DELETE FROM problem", err);
	for (size_t i = 0; i < n && result == 0; i++)
		result = put_problem(j, &problem[i], err);
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

static bool take_problem(sqlite3_stmt *s, struct problem *out)
{
	int cause = sqlite3_column_int(s, 1), severity = sqlite3_column_int(s, 4), verdict = sqlite3_column_int(s, 5);
	size_t size = (size_t)sqlite3_column_bytes(s, 11);
	if (cause < 0 || cause > CAUSE_ASSUMPTION || severity < 0 || severity > SEVERITY_CRITICAL || verdict < 0 ||
	        verdict >= VERDICT_N || size == 0 || size % sizeof(struct flow_id) != 0)
		return false;
	*out = (struct problem){
	        .id = (uint32_t)sqlite3_column_int64(s, 0),
	        .cause = {.kind = (enum cause_kind)cause, .author_pid = (uint32_t)sqlite3_column_int64(s, 2)},
	        .severity = (enum severity)severity,
	        .verdict = (enum verdict)verdict,
	        .n_flow_raised = (size_t)sqlite3_column_int64(s, 6),
	        .since_wall = sqlite3_column_int64(s, 7),
	        .label = journal_text(s, 8),
	        .rule = journal_text(s, 9),
	        .witness = journal_text(s, 10),
	        .flow = xmalloc(size),
	        .n_flow = size / sizeof(struct flow_id),
	};
	char *author = journal_text(s, 3);
	snprintf(out->cause.author, sizeof(out->cause.author), "%s", author);
	free(author);
	memcpy(out->flow, sqlite3_column_blob(s, 11), size);
	return true;
}

int journal_problems(struct journal *j, struct problem **out, size_t *n, struct error *err)
{
	sqlite3_stmt *s = NULL;
	size_t cap = 0;
	int rc = SQLITE_ERROR;

	*out = NULL;
	*n = 0;
	pthread_mutex_lock(&j->mutex);
	int result = journal_prepare(j, "SELECT * FROM problem ORDER BY id", &s, err);
	while (result == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		*out = xgrow(*out, *n, &cap, sizeof(**out));
		/* What cannot be understood is found again by the next verification. */
		*n += take_problem(s, &(*out)[*n]);
	}
	if (result == 0 && rc != SQLITE_DONE)
		result = journal_error(j, err, rc);
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	return result;
}
