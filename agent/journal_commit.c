/*
 * Datastores and commits in the journal: contents come in, with who changed them, and go out again, those of now and those
 * before each commit of running that is kept. Each commit says what the content before it had where the one after it
 * differs; from the content of now all earlier ones are made, and compared with their digests.
 */
#include <stdlib.h>
#include <string.h>

#include "journal_db.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/range.h"

#define RUNNING "running"

/* What running is, its last commit says. */
static int put_datastore(struct journal *j, const char *datastore, const char *json, struct error *err)
{
	sqlite3_stmt *s = NULL;
	char digest[65];

	if (journal_prepare(j, "INSERT OR REPLACE INTO datastore(name, content, digest) VALUES(?, ?, ?)", &s, err) != 0)
		return -1;
	journal_bind(s, 1, datastore);
	journal_bind(s, 2, json);
	if (strcmp(datastore, RUNNING) != 0) {
		sha256_hex(json, strlen(json), digest);
		journal_bind(s, 3, digest);
	}
	return journal_finish(j, s, err);
}

/* The one text that a statement with one parameter gives; *out is NULL when it gives none. */
static int get_text(struct journal *j, const char *sql, const char *parameter, char **out, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int result = -1;

	*out = NULL;
	if (journal_prepare(j, sql, &s, err) == 0) {
		if (parameter != NULL)
			journal_bind(s, 1, parameter);
		int rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			*out = journal_text(s, 0);
		result = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
	}
	sqlite3_finalize(s);
	return result;
}

static int get_datastore(struct journal *j, const char *datastore, char **json, struct error *err)
{
	return get_text(j, "SELECT content FROM datastore WHERE name = ?", datastore, json, err);
}

/* What two texts have in common at their beginning and, behind that, at their end. */
struct common {
	size_t head, tail;
};

static struct common common_find(const char *a, const char *b)
{
	struct common c = {0, 0};
	size_t n = strlen(a), m = strlen(b), most = n < m ? n : m;

	while (c.head < most && a[c.head] == b[c.head])
		c.head++;
	while (c.tail < most - c.head && a[n - 1 - c.tail] == b[m - 1 - c.tail])
		c.tail++;
	return c;
}

static int put_commit(struct journal *j, const struct journal_commit *commit, const char *before, struct error *err)
{
	bool kept = before != NULL && commit->json != NULL;
	struct common same = kept ? common_find(before, commit->json) : (struct common){0, 0};
	sqlite3_stmt *s = NULL;
	char digest[65];

	if (journal_prepare(j,
	            "INSERT INTO commit_log(time, datastore, user, session, comment, head, tail, middle, digest) "
	            "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
	            &s, err) != 0)
		return -1;
	sqlite3_bind_int64(s, 1, clock_wall_s());
	journal_bind(s, 2, commit->datastore);
	journal_bind(s, 3, commit->user);
	sqlite3_bind_int64(s, 4, commit->session);
	journal_bind(s, 5, commit->comment);
	if (kept) {
		sha256_hex(commit->json, strlen(commit->json), digest);
		sqlite3_bind_int64(s, 6, (sqlite3_int64)same.head);
		sqlite3_bind_int64(s, 7, (sqlite3_int64)same.tail);
		sqlite3_bind_blob64(s, 8, before + same.head, strlen(before) - same.head - same.tail, SQLITE_STATIC);
		journal_bind(s, 9, digest);
	}
	if (journal_finish(j, s, err) != 0)
		return -1;
	return journal_trim(j, "commit_log", "id", j->retention.commits, JOURNAL_COMMITS_LEFT, err);
}

static int put_retired(struct journal *j, const struct retired_id *retired, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (journal_prepare(j, "INSERT OR IGNORE INTO retired_id(kind, id, name) VALUES(?, ?, ?)", &s, err) != 0)
		return -1;
	sqlite3_bind_int64(s, 1, retired->kind);
	sqlite3_bind_int64(s, 2, retired->id);
	journal_bind(s, 3, retired->name);
	return journal_finish(j, s, err);
}

static int put_pending(struct journal *j, const char *content, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (content == NULL)
		return journal_run(j, "DELETE FROM pending", err);
	if (journal_prepare(j, "INSERT OR REPLACE INTO pending(slot, content) VALUES(1, ?)", &s, err) != 0)
		return -1;
	journal_bind(s, 1, content);
	return journal_finish(j, s, err);
}

static int put_table(struct journal *j, const struct journal_commit *commit, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (journal_prepare(j, "INSERT OR REPLACE INTO own_table(slot, bytes) VALUES(0, ?)", &s, err) != 0)
		return -1;
	sqlite3_bind_blob64(s, 1, commit->bytes, commit->n_byte, SQLITE_STATIC);
	return journal_finish(j, s, err);
}

/* Before the content that is pending is put: a commit that does not wait yet keeps what there was. */
static int put_tables(struct journal *j, const struct journal_commit *commit, struct error *err)
{
	int result = 0;

	if (commit->revert_to != NULL)
		result = journal_run(j,
		        "DELETE FROM own_table WHERE slot = 1 AND NOT EXISTS(SELECT 1 FROM pending);"
		        "INSERT INTO own_table SELECT 1, bytes FROM own_table WHERE slot = 0 "
		        "AND NOT EXISTS(SELECT 1 FROM pending);",
		        err);
	if (result == 0 && commit->table == JOURNAL_TABLE_IS)
		result = put_table(j, commit, err);
	else if (result == 0 && commit->table != JOURNAL_TABLE_STAYS)
		result = journal_run(j, "DELETE FROM own_table WHERE slot = 0", err);
	if (result == 0 && commit->table == JOURNAL_TABLE_FORMER)
		result = journal_run(j, "UPDATE own_table SET slot = 0 WHERE slot = 1", err);
	if (result == 0 && commit->revert_to == NULL)
		result = journal_run(j, "DELETE FROM own_table WHERE slot = 1", err);
	return result;
}

static int put_running(struct journal *j, const struct journal_commit *commit, struct error *err)
{
	char *before = NULL;
	int result = get_datastore(j, RUNNING, &before, err);

	if (result == 0)
		result = put_commit(j, commit, before != NULL ? before : "{}", err);
	free(before);
	if (result == 0)
		result = put_tables(j, commit, err);
	return result == 0 ? put_pending(j, commit->revert_to, err) : -1;
}

static int put_all(struct journal *j, const struct journal_commit *commit, struct error *err)
{
	int result = strcmp(commit->datastore, RUNNING) == 0 ? put_running(j, commit, err)
	                                                     : put_commit(j, commit, NULL, err);

	if (result != 0 || put_datastore(j, commit->datastore, commit->json, err) != 0)
		return -1;
	for (size_t i = 0; i < commit->n_retired; i++)
		if (put_retired(j, &commit->retired[i], err) != 0)
			return -1;
	return 0;
}

int journal_commit(struct journal *j, const struct journal_commit *commit, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = put_all(j, commit, err);
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

static int delete_datastore(struct journal *j, const struct journal_commit *commit, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (put_commit(j, commit, NULL, err) != 0 ||
	        journal_prepare(j, "DELETE FROM datastore WHERE name = ?", &s, err) != 0)
		return -1;
	journal_bind(s, 1, commit->datastore);
	return journal_finish(j, s, err);
}

int journal_delete(struct journal *j, const struct journal_commit *commit, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = delete_datastore(j, commit, err);
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_load(struct journal *j, const char *datastore, char **json, struct error *err)
{
	bool is_startup = strcmp(datastore, "startup") == 0;
	int result = 0;

	*json = NULL;
	pthread_mutex_lock(&j->mutex);
	if (!is_startup || !j->startup_lost)
		result = get_datastore(j, datastore, json, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_pending(struct journal *j, char **json, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = get_text(j, "SELECT content FROM pending", NULL, json, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

/* A blob; without a row *bytes is NULL. */
static int get_bytes(struct journal *j, const char *sql, void **bytes, size_t *n, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int result = -1;

	*bytes = NULL;
	*n = 0;
	pthread_mutex_lock(&j->mutex);
	if (journal_prepare(j, sql, &s, err) == 0) {
		int rc = sqlite3_step(s);
		if (rc == SQLITE_ROW) {
			*n = (size_t)sqlite3_column_bytes(s, 0);
			*bytes = xmalloc(*n + 1);
			if (*n > 0)
				memcpy(*bytes, sqlite3_column_blob(s, 0), *n);
		}
		result = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
	}
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_table(struct journal *j, void **bytes, size_t *n, struct error *err)
{
	return get_bytes(j, "SELECT bytes FROM own_table WHERE slot = 0", bytes, n, err);
}

int journal_table_confirmed(struct journal *j, void **bytes, size_t *n, struct error *err)
{
	return get_bytes(j, "SELECT bytes FROM own_table WHERE slot = EXISTS(SELECT 1 FROM pending)", bytes, n, err);
}

int journal_table_set(struct journal *j, const void *bytes, size_t n, struct error *err)
{
	const struct journal_commit table = {.bytes = bytes, .n_byte = n};

	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = put_table(j, &table, err);
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_setting_get(struct journal *j, const char *name, char **value, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = get_text(j, "SELECT value FROM setting WHERE name = ?", name, value, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_setting_set(struct journal *j, const char *name, const char *value, struct error *err)
{
	sqlite3_stmt *s = NULL;

	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = journal_prepare(j, "INSERT OR REPLACE INTO setting(name, value) VALUES(?, ?)", &s, err);
	if (result == 0) {
		journal_bind(s, 1, name);
		journal_bind(s, 2, value);
		result = journal_finish(j, s, err);
	}
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

static int read_retired(struct journal *j, sqlite3_stmt *s, struct retired_id **out, size_t *n, struct error *err)
{
	size_t cap = 0;
	int rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t kind = sqlite3_column_int64(s, 0), id = sqlite3_column_int64(s, 1);

		if (kind < 0 || kind >= NAMED_KIND_N || id < 1 || id > INT32_MAX)
			return error_set(err, ERR_FORMAT, j->path,
			        "the journal has a retired id that none can be (%lld of kind %lld): it is damaged; "
			        "move it away and start again",
			        (long long)id, (long long)kind);
		*out = xgrow(*out, *n, &cap, sizeof(**out));
		(*out)[(*n)++] = (struct retired_id){(enum named_kind)kind, (uint32_t)id, journal_text(s, 2)};
	}
	return rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
}

int journal_retired(struct journal *j, struct retired_id **out, size_t *n, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int result = -1;

	*out = NULL;
	*n = 0;
	pthread_mutex_lock(&j->mutex);
	if (journal_prepare(j, "SELECT kind, id, name FROM retired_id", &s, err) == 0)
		result = read_retired(j, s, out, n, err);
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	for (size_t i = 0; result != 0 && i < *n; i++)
		free((*out)[i].name);
	if (result != 0) {
		free(*out);
		*out = NULL;
		*n = 0;
	}
	return result;
}

void journal_entries_free(struct journal_entry *entry, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(entry[i].datastore);
		free(entry[i].user);
		free(entry[i].comment);
	}
	free(entry);
}

int journal_history(
        struct journal *j, uint64_t before, size_t max, struct journal_entry **out, size_t *n, struct error *err)
{
	sqlite3_stmt *s = NULL;
	size_t cap = 0;
	int result = -1, rc;

	*out = NULL;
	*n = 0;
	pthread_mutex_lock(&j->mutex);
	if (journal_prepare(j,
	            "SELECT id, time, datastore, user, comment, session, digest IS NOT NULL FROM commit_log "
	            "WHERE id < ? ORDER BY id DESC LIMIT ?",
	            &s, err) == 0) {
		sqlite3_bind_int64(s, 1, before == 0 || before > INT64_MAX ? INT64_MAX : (int64_t)before);
		sqlite3_bind_int64(s, 2, max > INT64_MAX ? INT64_MAX : (int64_t)max);
		while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
			*out = xgrow(*out, *n, &cap, sizeof(**out));
			(*out)[(*n)++] = (struct journal_entry){
			        .number = (uint64_t)sqlite3_column_int64(s, 0),
			        .wall_s = sqlite3_column_int64(s, 1),
			        .datastore = journal_text(s, 2),
			        .user = journal_text(s, 3),
			        .comment = journal_text(s, 4),
			        .session = (uint32_t)sqlite3_column_int64(s, 5),
			        .kept = sqlite3_column_int(s, 6) != 0,
			};
		}
		result = rc == SQLITE_DONE ? 0 : journal_error(j, err, rc);
	}
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	if (result != 0) {
		journal_entries_free(*out, *n);
		*out = NULL;
		*n = 0;
	}
	return result;
}

static int damaged(const struct journal *j, uint64_t number, struct error *err)
{
	return error_set(err, ERR_IO, j->path,
	        "the content of commit %llu does not fit its digest: the journal is damaged; running is not concerned",
	        (unsigned long long)number);
}

/* The content before the commit of the row, made of the one after it. @return NULL: they do not fit. */
static char *content_before(sqlite3_stmt *s, const char *after)
{
	int64_t head = sqlite3_column_int64(s, 1), tail = sqlite3_column_int64(s, 2);
	size_t middle = (size_t)sqlite3_column_bytes(s, 3), n = strlen(after);
	const void *bytes = sqlite3_column_blob(s, 3);
	char *out;

	if (head < 0 || tail < 0 || (uint64_t)head > n || (uint64_t)tail > n - (uint64_t)head)
		return NULL;
	out = xmalloc((size_t)head + middle + (size_t)tail + 1);
	memcpy(out, after, (size_t)head);
	if (middle > 0)
		memcpy(out + head, bytes, middle);
	memcpy(out + (size_t)head + middle, after + n - (size_t)tail, (size_t)tail + 1);
	return out;
}

/* From the content of now back to those of a commit. Takes *content over. */
static int go_back(
        struct journal *j, sqlite3_stmt *s, uint64_t number, char **content, char **before, struct error *err)
{
	int rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		uint64_t at = (uint64_t)sqlite3_column_int64(s, 0);
		char digest[65];

		if (sqlite3_column_type(s, 4) == SQLITE_NULL)
			break;
		sha256_hex(*content, strlen(*content), digest);
		*before = content_before(s, *content);
		if (*before == NULL || strcmp(digest, (const char *)sqlite3_column_text(s, 4)) != 0)
			return damaged(j, at, err);
		if (at == number)
			return 0;
		free(*content);
		*content = *before;
		*before = NULL;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return journal_error(j, err, rc);
	return error_set(err, ERR_NOT_FOUND, NULL,
	        "there is no commit %llu of running, or what it changed is no longer kept; the history lists them",
	        (unsigned long long)number);
}

int journal_contents(struct journal *j, uint64_t number, char **before, char **after, struct error *err)
{
	char *content = NULL, *earlier = NULL;
	sqlite3_stmt *s = NULL;
	int result;

	pthread_mutex_lock(&j->mutex);
	result = get_datastore(j, RUNNING, &content, err);
	if (result == 0 && content == NULL)
		content = xstrdup("{}");
	if (result == 0)
		result = journal_prepare(j,
		        "SELECT id, head, tail, middle, digest FROM commit_log WHERE datastore = 'running' "
		        "ORDER BY id DESC",
		        &s, err);
	if (result == 0)
		result = go_back(j, s, number, &content, &earlier, err);
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	if (result == 0 && before != NULL) {
		*before = earlier;
		earlier = NULL;
	}
	if (result == 0 && after != NULL) {
		*after = content;
		content = NULL;
	}
	free(earlier);
	free(content);
	return result;
}
