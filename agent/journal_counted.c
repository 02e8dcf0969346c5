/*
 * Since when what the own table counts has been counted: lines come in, all of them at once, and go out as they were
 * written. What cannot be read is an error; its lines are then not known.
 */
#include <stdlib.h>

#include "journal_db.h"
#include "portcullis/alloc.h"

#define COUNTED_OF "counted-table"

static int put_lines(
        struct journal *j, const struct journal_counted *line, size_t n, sqlite3_stmt *s, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3_bind_int64(s, 1, (int64_t)line[i].id);
		sqlite3_bind_int64(s, 2, line[i].since_ms);
		sqlite3_bind_int64(s, 3, (int64_t)line[i].packets);
		int rc = sqlite3_step(s);
		if (rc != SQLITE_DONE)
			return journal_error(j, err, rc);
		sqlite3_reset(s);
	}
	return 0;
}

static int put_all(
        struct journal *j, const char *table, const struct journal_counted *line, size_t n, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (journal_run(j, "DELETE FROM counted", err) != 0 ||
	        journal_prepare(
	                j, "INSERT OR REPLACE INTO setting(name, value) VALUES('" COUNTED_OF "', ?)", &s, err) != 0)
		return -1;
	journal_bind(s, 1, table);
	if (journal_finish(j, s, err) != 0 ||
	        journal_prepare(j, "INSERT OR REPLACE INTO counted(id, since, packets) VALUES(?, ?, ?)", &s, err) != 0)
		return -1;
	int result = put_lines(j, line, n, s, err);
	sqlite3_finalize(s);
	return result;
}

int journal_counted_set(
        struct journal *j, const char *table, const struct journal_counted *line, size_t n, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = put_all(j, table, line, n, err);
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_counted(struct journal *j, char **table, struct journal_counted **out, size_t *n, struct error *err)
{
	sqlite3_stmt *s = NULL;
	size_t cap = 0;
	int rc = SQLITE_ERROR;

	*out = NULL;
	*n = 0;
	int result = journal_setting_get(j, COUNTED_OF, table, err);
	pthread_mutex_lock(&j->mutex);
	if (result == 0)
		result = journal_prepare(j, "SELECT id, since, packets FROM counted ORDER BY id", &s, err);
	while (result == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		*out = xgrow(*out, *n, &cap, sizeof(**out));
		(*out)[(*n)++] = (struct journal_counted){.id = (uint64_t)sqlite3_column_int64(s, 0),
		        .since_ms = sqlite3_column_int64(s, 1),
		        .packets = (uint64_t)sqlite3_column_int64(s, 2)};
	}
	if (result == 0 && rc != SQLITE_DONE)
		result = journal_error(j, err, rc);
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	return result;
}
