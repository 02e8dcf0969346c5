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

/* Ageing alone leaves these newest ones: a clock that jumps must not take the whole history with it. */
#define JOURNAL_COMMITS_LEFT 10u
#define JOURNAL_CHANGES_LEFT 1000u

struct journal {
	pthread_mutex_t mutex; /**< what follows */
	sqlite3 *db;
	int lock_fd;
	int event_fd; /**< news of its health */
	char *state_dir, *path;
	struct journal_retention retention;
	struct error fault; /**< why it cannot be written; code ERR_NONE: it can */
	uint64_t unkept; /**< events that it did not take */
	bool opened; /**< from here on its health is told */
	bool damaged; /**< it is not written any more until the next start */
	bool reading; /**< the file is open for reading alone */
	bool lost; /**< the file is not open: what there is instead is empty */
	bool startup_lost; /**< startup is not what was written, and is not given out */
	bool foreign; /**< the file is none of this agent's, or of a newer one's */
};

/** What SQLite says, as an error that says what to do; damage is remembered. @return -1. */
int journal_error(struct journal *j, struct error *err, int rc);
int journal_run(struct journal *j, const char *sql, struct error *err) MUST_USE;
int journal_prepare(struct journal *j, const char *sql, sqlite3_stmt **out, struct error *err) MUST_USE;
/** Run a statement that gives no rows, and release it. */
int journal_finish(struct journal *j, sqlite3_stmt *s, struct error *err) MUST_USE;
/** One number that a statement without parameters gives; 0 when it gives none. */
int journal_query_number(struct journal *j, const char *sql, int64_t *out, struct error *err) MUST_USE;
/** End the transaction without it. @return -1. */
int journal_rollback(struct journal *j);

/* journal_health.c */

/** Begin a transaction that writes. @return 0, or -1: why it cannot be; end it in both cases. */
int journal_begin(struct journal *j, struct error *err) MUST_USE;
/** Commit where result is 0, else leave all as it was; the outcome is what the journal's health is known by. */
int journal_end(struct journal *j, int result, struct error *err) MUST_USE;
/** From here on it is known that the journal cannot be written. */
void journal_fault(struct journal *j, const struct error *err);

/* journal_open.c */

/** Leave the file that is open for reading alone, and open it as at a start. @return 0, or -1: it is as before. */
int journal_reopen(struct journal *j, struct error *err) MUST_USE;

/**
 * Rows beyond those that are kept, and those that are too old, go: by their `number` and their time. The newest `left` are
 * never too old.
 */
int journal_trim(struct journal *j, const char *table, const char *number, uint32_t kept, uint32_t left,
        struct error *err) MUST_USE;
/** NULL: "". The text must live until the statement is released. */
void journal_bind(sqlite3_stmt *s, int column, const char *text);
/** A copy. */
char *journal_text(sqlite3_stmt *s, int column);

#endif
