#ifndef JOURNAL_SCENE_H
#define JOURNAL_SCENE_H

/* What the tests of the journal share: a state directory of their own, and hands on the file itself. */
#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/journal.h"
#include "portcullis/text.h"
#include "run_suite.h"
#include "scratch_dir.h"

/* Each makes the version of the file before its own. */
#define UNDO_VERSION_7                                                                                                 \
	"DROP TABLE opening; DELETE FROM number WHERE name = 'openings-known';"                                        \
	"ALTER TABLE change_log DROP COLUMN unsent; PRAGMA user_version=6;"
#define UNDO_VERSION_6 "DROP TABLE counted; PRAGMA user_version=5;"
#define UNDO_VERSION_5 "DROP TABLE own_table; PRAGMA user_version=4;"
#define UNDO_VERSION_4 "ALTER TABLE datastore DROP COLUMN digest; PRAGMA user_version=3;"
#define UNDO_VERSION_3                                                                                                 \
	"DROP TABLE pending; DROP TABLE setting; DROP TABLE event_log; DELETE FROM number;"                            \
	"ALTER TABLE commit_log DROP COLUMN head; ALTER TABLE commit_log DROP COLUMN tail;"                            \
	"ALTER TABLE commit_log DROP COLUMN middle; ALTER TABLE commit_log DROP COLUMN digest; PRAGMA user_version=2;"
#define UNDO_VERSION_2 "DROP TABLE retired_id; PRAGMA user_version=1;"

static char base[64], state[80], file[96];
static struct error err;

static inline void setup(void)
{
	snprintf(base, sizeof(base), "/tmp/portcullis-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(state, sizeof(state), "%s/state", base);
	snprintf(file, sizeof(file), "%s/journal.db", state);
	memset(&err, 0, sizeof(err));
}

static inline void teardown(void)
{
	remove_all(base);
}

/* What somebody else does to the file. */
static inline void change(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static inline struct journal *open_journal(void)
{
	struct journal *j = NULL;
	ck_assert_msg(journal_open(state, &j, &err) == 0, "%s: %s", err.where, err.text);
	return j;
}

#endif
