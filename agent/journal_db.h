#ifndef JOURNAL_DB_H
#define JOURNAL_DB_H

#include <pthread.h>
#include <sqlite3.h>

#include "portcullis/journal.h"

/* What the files of the journal share: one connection, one thread at a time. */

/* Names of numbers. */
#define JOURNAL_EVENTS_CREATED "events-created" /**< when the log of events was begun */
#define JOURNAL_EVENTS_AGED "events-aged" /**< time of the last event that it no longer has */

#define JOURNAL_DAY_S 86400

struct journal {
	pthread_mutex_t mutex;
	sqlite3 *db;
	int lock_fd;
	char *path;
	struct journal_retention retention; /**< under mutex */
};

/** What SQLite says, as an error that says what to do. @return -1. */
int journal_error(const struct journal *j, struct error *err, int rc);
int journal_run(struct journal *j, const char *sql, struct error *err) MUST_USE;
int journal_prepare(struct journal *j, const char *sql, sqlite3_stmt **out, struct error *err) MUST_USE;
/** Run a statement that gives no rows, and release it. */
int journal_finish(struct journal *j, sqlite3_stmt *s, struct error *err) MUST_USE;
/** One number that a statement without parameters gives; 0 when it gives none. */
int journal_query_number(struct journal *j, const char *sql, int64_t *out, struct error *err) MUST_USE;
/** End the transaction without it. @return -1. */
int journal_rollback(struct journal *j);
/** Rows beyond those that are kept, and those that are too old, go: by their `number` and their time. */
int journal_trim(struct journal *j, const char *table, const char *number, uint32_t kept, struct error *err) MUST_USE;
/** NULL: "". The text must live until the statement is released. */
void journal_bind(sqlite3_stmt *s, int column, const char *text);
/** A copy. */
char *journal_text(sqlite3_stmt *s, int column);

#endif
