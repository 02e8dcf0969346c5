/*
 * Opening the journal: a state directory comes in, a journal that is locked, ours, whole and of this version goes out. One
 * that cannot be written, or is damaged, is refused or, where that is asked for, opened as far as it can be read: then its
 * files are left as they are. Refused in any case are the directory of another daemon and the file of another program.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_db.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"
#include "portcullis/range.h"
#include "portcullis/text.h"

#define APPLICATION_ID 0x50544353 /* "PTCS" */
#define SCHEMA_VERSION 7
#define BUSY_MS 2000
#define EVENTS_KEPT 100000u
#define COMMITS_KEPT 1000u

#define STRING_OF(x) STRING_OF_(x)
#define STRING_OF_(x) #x

#define RETIRED_ID_TABLE                                                                                               \
	"CREATE TABLE retired_id(kind INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL,"                      \
	" PRIMARY KEY(kind, id)) WITHOUT ROWID;"
/* Made after change_log and number; the changes that a journal has without it are the first events. */
#define EVENT_LOG_TABLE                                                                                                \
	"CREATE TABLE event_log(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, change INTEGER NOT NULL,"               \
	" content TEXT NOT NULL);"                                                                                     \
	"INSERT INTO event_log(time, change, content) SELECT time, sequence, '' FROM change_log ORDER BY sequence;"    \
	"INSERT INTO number SELECT '" JOURNAL_EVENTS_CREATED                                                           \
	"', coalesce(min(time), CAST(strftime('%s', 'now') AS INTEGER)) FROM change_log;"
/* A commit of running says how the content before it is made of the content after it; NULL: not known. */
#define COMMIT_LOG_TABLE                                                                                               \
	"CREATE TABLE commit_log(id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, datastore TEXT NOT "     \
	"NULL,"                                                                                                        \
	" user TEXT NOT NULL, session INTEGER NOT NULL, comment TEXT NOT NULL, head INTEGER, tail INTEGER, middle "    \
	"BLOB,"                                                                                                        \
	" digest TEXT);"
#define PENDING_TABLE "CREATE TABLE pending(slot INTEGER PRIMARY KEY CHECK(slot = 1), content TEXT NOT NULL);"
/* Slot 0 goes with running, slot 1 with what running was before the commit that waits. */
#define OWN_TABLE_TABLE "CREATE TABLE own_table(slot INTEGER PRIMARY KEY CHECK(slot IN (0, 1)), bytes BLOB NOT NULL);"
#define COUNTED_TABLE "CREATE TABLE counted(id INTEGER PRIMARY KEY, since INTEGER NOT NULL, packets INTEGER NOT NULL);"
#define OPENING_TABLE "CREATE TABLE opening(id INTEGER PRIMARY KEY, told INTEGER NOT NULL, label TEXT NOT NULL);"
#define SETTING_TABLE "CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
#define VERSION_MARK "PRAGMA user_version=" STRING_OF(SCHEMA_VERSION) ";"

/* What makes a version of the one before; the first is from 1 to 2. */
static const char *const upgrades[SCHEMA_VERSION - 1] = {
        RETIRED_ID_TABLE,
        "ALTER TABLE commit_log ADD COLUMN head INTEGER; ALTER TABLE commit_log ADD COLUMN tail INTEGER;"
        "ALTER TABLE commit_log ADD COLUMN middle BLOB;"
        "ALTER TABLE commit_log ADD COLUMN digest TEXT;" PENDING_TABLE SETTING_TABLE EVENT_LOG_TABLE,
        "ALTER TABLE datastore ADD COLUMN digest TEXT;",
        OWN_TABLE_TABLE,
        COUNTED_TABLE,
        OPENING_TABLE "ALTER TABLE change_log ADD COLUMN unsent INTEGER NOT NULL DEFAULT 0;",
};

static const char schema[] =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE datastore(name TEXT PRIMARY KEY, content TEXT NOT NULL, digest TEXT) WITHOUT "
        "ROWID;" COMMIT_LOG_TABLE
        "CREATE TABLE change_log(sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL,"
        " problem INTEGER NOT NULL, cause INTEGER NOT NULL, author_pid INTEGER NOT NULL, author TEXT NOT NULL,"
        " affected INTEGER NOT NULL, severity INTEGER NOT NULL, verdict INTEGER NOT NULL, old_overall INTEGER NOT NULL,"
        " new_overall INTEGER NOT NULL, label TEXT NOT NULL, rule TEXT NOT NULL, witness TEXT NOT NULL,"
        " reason TEXT NOT NULL, unsent INTEGER NOT NULL DEFAULT 0);"
        "CREATE TABLE problem(id INTEGER PRIMARY KEY, cause INTEGER NOT NULL, author_pid INTEGER NOT NULL,"
        " author TEXT NOT NULL, severity INTEGER NOT NULL, verdict INTEGER NOT NULL, raised INTEGER NOT NULL,"
        " since INTEGER NOT NULL, label TEXT NOT NULL, rule TEXT NOT NULL, witness TEXT NOT NULL,"
        " flows BLOB NOT NULL);"
        "CREATE TABLE number(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;" RETIRED_ID_TABLE
                PENDING_TABLE SETTING_TABLE EVENT_LOG_TABLE OWN_TABLE_TABLE COUNTED_TABLE OPENING_TABLE
        "PRAGMA application_id=" STRING_OF(APPLICATION_ID) ";" VERSION_MARK "COMMIT";

/* Where nothing can be made, the lock is on the directory itself. */
static int lock_file_open(const char *state_dir, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0 && (errno == EROFS || errno == ENOSPC || errno == EDQUOT))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 && errno == ENOENT ? open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : fd;
}

static int lock_directory(struct journal *j, struct error *err)
{
	char *path = xasprintf("%s/lock", j->state_dir);
	char holder[32] = "";
	int result = -1;

	j->lock_fd = lock_file_open(j->state_dir, path);
	if (j->lock_fd < 0) {
		error_set(err, ERR_IO, path, "cannot open the lock file: %s", strerror(errno));
	} else if (flock(j->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = errno == EWOULDBLOCK ? pread(j->lock_fd, holder, sizeof(holder) - 1, 0) : -1;
		holder[n > 0 ? strcspn(holder, "\n") : 0] = '\0';
		error_set(err, ERR_IN_USE, j->state_dir,
		        "process %s uses this state directory; stop it or choose another --state-dir",
		        holder[0] != '\0' ? holder : "(unknown)");
	} else {
		/* The lock is what counts; on a full disk nobody is told whose it is. */
		if (ftruncate(j->lock_fd, 0) != 0 || dprintf(j->lock_fd, "%ld\n", (long)getpid()) < 0)
			log_debug("%s: %s", path, strerror(errno));
		result = 0;
	}
	free(path);
	return result;
}

static int upgrade(struct journal *j, int64_t version, struct error *err)
{
	if (journal_run(j, "BEGIN IMMEDIATE", err) != 0)
		return -1;
	for (; version < SCHEMA_VERSION; version++)
		if (journal_run(j, upgrades[version - 1], err) != 0)
			return journal_rollback(j);
	return journal_run(j, VERSION_MARK "COMMIT", err) == 0 ? 0 : journal_rollback(j);
}

/* The file is fresh, or it says that it is ours. */
static int check_identity(struct journal *j, struct error *err)
{
	int64_t application = 0, version = 0, objects = 0;

	if (journal_query_number(j, "PRAGMA application_id", &application, err) != 0 ||
	        journal_query_number(j, "PRAGMA user_version", &version, err) != 0 ||
	        journal_query_number(j, "SELECT count(*) FROM sqlite_master", &objects, err) != 0)
		return -1;
	if (application == 0 && version == 0 && objects == 0)
		return journal_run(j, schema, err) == 0 ? 0 : journal_rollback(j);
	j->foreign = application != APPLICATION_ID || version < 1 || version > SCHEMA_VERSION;
	if (application != APPLICATION_ID)
		return error_set(err, ERR_FORMAT, j->path,
		        "the file belongs to another program; move it away or choose another --state-dir");
	if (version >= 1 && version < SCHEMA_VERSION)
		return upgrade(j, version, err);
	if (version != SCHEMA_VERSION)
		return error_set(err, ERR_FORMAT, j->path,
		        "the journal has version %lld, this agent writes %d; move it away or run the agent that wrote "
		        "it",
		        (long long)version, SCHEMA_VERSION);
	return 0;
}

static int check_pages(struct journal *j, struct error *err)
{
	sqlite3_stmt *s = NULL;

	if (journal_prepare(j, "PRAGMA quick_check(1)", &s, err) != 0)
		return -1;
	int rc = sqlite3_step(s);
	const char *says = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
	int result = 0;
	if (says == NULL)
		result = journal_error(j, err, rc);
	else if (strcmp(says, "ok") != 0)
		result = error_set(err, ERR_FORMAT, j->path,
		        "the journal is damaged (%.200s); move it away and start again: the configuration is then "
		        "empty",
		        says);
	sqlite3_finalize(s);
	return result;
}

/*
 * Is a datastore what was written to it? Text that was damaged looks like other text to SQLite.
 *
 * @param sql   gives its content and its digest, where there are.
 * @param sure  where there is no digest, it is not known.
 */
static int check_content(struct journal *j, const char *sql, const char *fault, bool sure, struct error *err)
{
	sqlite3_stmt *s = NULL;
	char digest[65];

	if (journal_prepare(j, sql, &s, err) != 0)
		return -1;
	int rc = sqlite3_step(s), result = 0;
	if (rc != SQLITE_ROW) {
		result = journal_error(j, err, rc);
	} else {
		char *content = journal_text(s, 0), *want = journal_text(s, 1);
		bool written = sqlite3_column_type(s, 0) != SQLITE_NULL;
		sha256_hex(content, strlen(content), digest);
		if (want[0] != '\0' ? !written || strcmp(digest, want) != 0 : sure && written) {
			j->damaged = true;
			result = error_set(err, ERR_FORMAT, j->path,
			        "the journal is damaged (%s); move it away and start again: the configuration is then "
			        "empty",
			        fault);
		}
		free(content);
		free(want);
	}
	sqlite3_finalize(s);
	return result;
}

/* Running is what its last commit says that it is. */
static int check_running(struct journal *j, bool sure, struct error *err)
{
	return check_content(j,
	        "SELECT (SELECT content FROM datastore WHERE name = 'running'), (SELECT digest FROM "
	        "commit_log WHERE datastore = 'running' ORDER BY id DESC LIMIT 1)",
	        "running is not what the last commit made of it", sure, err);
}

/* A row that is gone with its digest was never written. */
static int check_startup(struct journal *j, bool sure, struct error *err)
{
	return check_content(j,
	        "SELECT (SELECT content FROM datastore WHERE name = 'startup'), (SELECT digest FROM datastore WHERE "
	        "name = "
	        "'startup')",
	        "startup is not what was written to it, and is not loaded", sure, err);
}

static int connect_file(struct journal *j, struct error *err)
{
	/* Made here for its mode: SQLite gives the files beside it the same. */
	int fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return error_set(err, ERR_IO, j->path,
		        "cannot open the journal for writing: %s; check the disk and the permissions", strerror(errno));
	close(fd);
	int rc = sqlite3_open_v2(j->path, &j->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL);
	if (rc != SQLITE_OK)
		return journal_error(j, err, rc);
	sqlite3_extended_result_codes(j->db, 1);
	sqlite3_busy_timeout(j->db, BUSY_MS);
	if (check_identity(j, err) != 0)
		return -1;
	if (journal_run(j, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF", err) != 0)
		return -1;
	if (check_pages(j, err) != 0 || check_running(j, false, err) != 0)
		return -1;
	return check_startup(j, false, err);
}

static void disconnect(struct journal *j)
{
	sqlite3_close(j->db);
	j->db = NULL;
}

/* A path as SQLite's URI of a file that nobody changes. */
static char *uri_of(const char *path)
{
	struct text t = {0};

	text_add(&t, "file:");
	for (; *path != '\0'; path++)
		if (strchr("%?#", *path) != NULL)
			text_addf(&t, "%%%02X", (unsigned char)*path);
		else
			text_addn(&t, path, 1);
	text_add(&t, "?immutable=1");
	return text_take(&t);
}

/*
 * A log of writes beside the file belongs to it. SQLite reads it without the index file, which could not be made, when it
 * need not share: the lock on the directory keeps others away. Without a log the file is all there is.
 */
static int connect_reading(struct journal *j)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_FULLMUTEX;
	char *log = xasprintf("%s-wal", j->path), *uri = uri_of(j->path);
	struct stat st;
	int rc;

	if (stat(log, &st) == 0 && st.st_size > 0) {
		rc = sqlite3_open_v2(j->path, &j->db, flags, "unix-none");
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(j->db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
	} else {
		rc = sqlite3_open_v2(uri, &j->db, flags | SQLITE_OPEN_URI, NULL);
	}
	free(log);
	free(uri);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(j->db, "PRAGMA trusted_schema=OFF", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : -1;
}

/* Whatever a start reads can be read. */
static int read_all(struct journal *j)
{
	static const char *const tables[] = {
	        "datastore", "pending", "setting", "number", "retired_id", "problem", "opening", "change_log"};
	int result = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && result == 0; i++) {
		char *sql = xasprintf("SELECT * FROM %s", tables[i]);
		result = journal_run(j, sql, NULL);
		free(sql);
	}
	return result;
}

/* After a failure of connect_file(): the file as far as it can be read, else an empty journal in memory. */
static int connect_otherwise(struct journal *j, const struct error *fault)
{
	int64_t version = 0;

	disconnect(j);
	j->reading = true;
	bool known = connect_reading(j) == 0 && journal_query_number(j, "PRAGMA user_version", &version, NULL) == 0 &&
	             version == SCHEMA_VERSION && read_all(j) == 0 && check_running(j, true, NULL) == 0;
	if (!known) {
		disconnect(j);
		j->lost = true;
		if (sqlite3_open_v2(":memory:", &j->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
		                SQLITE_OK ||
		        sqlite3_exec(j->db, schema, NULL, NULL, NULL) != SQLITE_OK)
			return -1;
	}
	struct error told = *fault, startup = {0};
	bool was_damaged = j->damaged;
	/* On a damaged disk a digest alone says that it can be believed. */
	j->startup_lost = known && check_startup(j, was_damaged, &startup) != 0;
	if (j->startup_lost && !was_damaged)
		told = startup;
	if (told.code == ERR_FORMAT)
		told.code = ERR_IO;
	journal_fault(j, &told);
	return 0;
}

int journal_reopen(struct journal *j, struct error *err)
{
	if (j->lost)
		return error_set(err, ERR_IO, j->path, "the configuration in it was not known at the start");
	/* One after the other: closing the one file would take the locks of the other. */
	disconnect(j);
	j->reading = false;
	if (connect_file(j, err) == 0)
		return 0;
	struct error fault = *err;
	if (connect_otherwise(j, &fault) != 0)
		j->damaged = true;
	return -1;
}

static struct journal *journal_new(const char *state_dir)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->lock_fd = -1;
	j->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	j->retention = (struct journal_retention){COMMITS_KEPT, EVENTS_KEPT, 0};
	j->state_dir = xstrdup(state_dir);
	j->path = xasprintf("%s/journal.db", state_dir);
	pthread_mutex_init(&j->mutex, NULL);
	return j;
}

static int directory_take(struct journal *j, struct error *err)
{
	if (j->event_fd < 0)
		return error_set(err, ERR_IO, NULL, "cannot make an event descriptor: %s", strerror(errno));
	if (mkdir(j->state_dir, 0750) != 0 && errno != EEXIST)
		return error_set(err, ERR_IO, j->state_dir, "cannot make the state directory: %s", strerror(errno));
	return lock_directory(j, err);
}

int journal_open(const char *state_dir, struct journal **out, struct error *err)
{
	struct journal *j = journal_new(state_dir);

	*out = NULL;
	if (directory_take(j, err) == 0 && connect_file(j, err) == 0) {
		j->opened = true;
		*out = j;
		return 0;
	}
	journal_close(j);
	return -1;
}

int journal_open_anyway(const char *state_dir, struct journal **out, struct error *err)
{
	struct journal *j = journal_new(state_dir);
	struct error fault = {0};
	struct stat st;
	int result = directory_take(j, err);

	*out = NULL;
	if (result == 0) {
		/* What this start makes itself has nothing in it. */
		bool was_there = stat(j->path, &st) == 0 ? st.st_size > 0 : errno != ENOENT;
		result = connect_file(j, &fault);
		if (result != 0 && was_there && !j->foreign)
			result = connect_otherwise(j, &fault);
		if (result != 0)
			*err = fault;
	}
	if (result != 0) {
		journal_close(j);
		return -1;
	}
	j->opened = true;
	*out = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	sqlite3_close(j->db);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	if (j->event_fd >= 0)
		close(j->event_fd);
	pthread_mutex_destroy(&j->mutex);
	free(j->state_dir);
	free(j->path);
	free(j);
}
