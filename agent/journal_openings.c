/*
 * Openings outside the baseline, and which of them were told: all of them come in, and go out as they were written.
 */
#include <stdlib.h>

#include "journal_db.h"
#include "portcullis/alloc.h"

#define KNOWN "openings-known"

static int put_openings(struct journal *j, const struct told_opening *opening, size_t n, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int result = 0;

	if (journal_run(j, "DELETE FROM opening; INSERT OR REPLACE INTO number(name, value) VALUES('" KNOWN "', 1)",
	            err) != 0 ||
	        journal_prepare(j, "INSERT OR REPLACE INTO opening(id, told, label) VALUES(?, ?, ?)", &s, err) != 0)
		return -1;
	for (size_t i = 0; i < n && result == 0; i++) {
		sqlite3_bind_int64(s, 1, opening[i].id);
		sqlite3_bind_int(s, 2, opening[i].told);
		journal_bind(s, 3, opening[i].label);
		int rc = sqlite3_step(s);
		if (rc != SQLITE_DONE)
			result = journal_error(j, err, rc);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return result;
}

int journal_openings_set(struct journal *j, const struct told_opening *opening, size_t n, struct error *err)
{
	pthread_mutex_lock(&j->mutex);
	int result = journal_begin(j, err);
	if (result == 0)
		result = put_openings(j, opening, n, err);
	result = journal_end(j, result, err);
	pthread_mutex_unlock(&j->mutex);
	return result;
}

int journal_openings(struct journal *j, bool *known, struct told_opening **out, size_t *n, struct error *err)
{
	sqlite3_stmt *s = NULL;
	size_t cap = 0;
	uint64_t any = 0;
	int rc = SQLITE_ERROR;

	*out = NULL;
	*n = 0;
	int result = journal_number_get(j, KNOWN, &any, err);
	*known = any != 0;
	pthread_mutex_lock(&j->mutex);
	if (result == 0)
		result = journal_prepare(j, "SELECT id, told, label FROM opening ORDER BY id", &s, err);
	while (result == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		*out = xgrow(*out, *n, &cap, sizeof(**out));
		(*out)[(*n)++] = (struct told_opening){.id = (uint32_t)sqlite3_column_int64(s, 0),
		        .told = sqlite3_column_int(s, 1) != 0,
		        .label = journal_text(s, 2)};
	}
	if (result == 0 && rc != SQLITE_DONE)
		result = journal_error(j, err, rc);
	sqlite3_finalize(s);
	pthread_mutex_unlock(&j->mutex);
	if (result != 0) {
		told_openings_free(*out, *n);
		*out = NULL;
		*n = 0;
	}
	return result;
}
