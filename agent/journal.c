/*
 * What survives a restart, in one SQLite file: datastores, the list of commits, the notifications for replay and audit,
 * and a few numbers; each step is one transaction that is on disk when the call returns. Refused are a state directory
 * that another daemon holds, a file that is not this agent's or is damaged, and a disk that takes no more.
 */
#include "journal_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"

#define APPLICATION_ID 0x50544353 /* "PTCS" */
#define SCHEMA_VERSION 3
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
#define SETTING_TABLE "CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
#define VERSION_MARK "PRAGMA user_version=" STRING_OF(SCHEMA_VERSION) ";"

/* What makes a version of the one before; the first is from 1 to 2. */
static const char *const upgrades[SCHEMA_VERSION - 1] = {
        RETIRED_ID_TABLE,
        "ALTER TABLE commit_log ADD COLUMN head INTEGER; ALTER TABLE commit_log ADD COLUMN tail INTEGER;"
        "ALTER TABLE commit_log ADD COLUMN middle BLOB;"
        "ALTER TABLE commit_log ADD COLUMN digest TEXT;" PENDING_TABLE SETTING_TABLE EVENT_LOG_TABLE,
};

static const char schema[] =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE datastore(name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;" COMMIT_LOG_TABLE
        "CREATE TABLE change_log(sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL,"
        " problem INTEGER NOT NULL, cause INTEGER NOT NULL, author_pid INTEGER NOT NULL, author TEXT NOT NULL,"
        " affected INTEGER NOT NULL, severity INTEGER NOT NULL, verdict INTEGER NOT NULL, old_overall INTEGER NOT NULL,"
        " new_overall INTEGER NOT NULL, label TEXT NOT NULL, rule TEXT NOT NULL, witness TEXT NOT NULL,"
        " reason TEXT NOT NULL);"
        "CREATE TABLE problem(id INTEGER PRIMARY KEY, cause INTEGER NOT NULL, author_pid INTEGER NOT NULL,"
        " author TEXT NOT NULL, severity INTEGER NOT NULL, verdict INTEGER NOT NULL, raised INTEGER NOT NULL,"
        " since INTEGER NOT NULL, label TEXT NOT NULL, rule TEXT NOT NULL, witness TEXT NOT NULL,"
        " flows BLOB NOT NULL);"
        "CREATE TABLE number(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;" RETIRED_ID_TABLE
                PENDING_TABLE SETTING_TABLE EVENT_LOG_TABLE
        "PRAGMA application_id=" STRING_OF(APPLICATION_ID) ";" VERSION_MARK "COMMIT";

int journal_error(const struct journal *j, struct error *err, int rc)
{
	const char *why = j->db != NULL ? sqlite3_errmsg(j->db) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return error_set(err, ERR_FORMAT, j->path,
		        "the journal is damaged or no SQLite file (%s); move it away and start again: the "
		        "configuration is then empty",
		        why);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(err, ERR_UNAVAILABLE, j->path,
		        "another program holds the journal (%s); close it and try again", why);
	case SQLITE_FULL:
		return error_set(
		        err, ERR_IO, j->path, "the journal cannot be written: disk full; make room and try again");
	case SQLITE_READONLY:
	case SQLITE_IOERR:
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

int journal_trim(struct journal *j, const char *table, const char *number, uint32_t kept, struct error *err)
{
	char *sql = xasprintf(
	        "DELETE FROM %s WHERE %s <= (SELECT max(%s) FROM %s) - %u", table, number, number, table, kept);
	int result = journal_run(j, sql, err);

	free(sql);
	if (result != 0 || j->retention.days == 0)
		return result;
	/* In their order: a clock that was wrong for a while leaves no gap. */
	sql = xasprintf("DELETE FROM %s WHERE %s < (SELECT min(%s) FROM %s WHERE time >= %lld)", table, number, number,
	        table, (long long)(clock_wall_s() - (int64_t)j->retention.days * JOURNAL_DAY_S));
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

static int lock_directory(struct journal *j, const char *state_dir, struct error *err)
{
	char *path = xasprintf("%s/lock", state_dir);
	char holder[32] = "";
	int result = -1;

	j->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (j->lock_fd < 0) {
		error_set(err, ERR_IO, path, "cannot open the lock file: %s", strerror(errno));
	} else if (flock(j->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = errno == EWOULDBLOCK ? pread(j->lock_fd, holder, sizeof(holder) - 1, 0) : -1;
		holder[n > 0 ? strcspn(holder, "\n") : 0] = '\0';
		error_set(err, ERR_IN_USE, state_dir,
		        "process %s uses this state directory; stop it or choose another --state-dir",
		        holder[0] != '\0' ? holder : "(unknown)");
	} else if (ftruncate(j->lock_fd, 0) != 0 || dprintf(j->lock_fd, "%ld\n", (long)getpid()) < 0) {
		error_set(err, ERR_IO, path, "cannot write the lock file: %s", strerror(errno));
	} else {
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

static int check_content(struct journal *j, struct error *err)
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

static int open_database(struct journal *j, struct error *err)
{
	/* Made here for its mode: SQLite gives the files beside it the same. */
	int fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return error_set(err, ERR_IO, j->path, "cannot open the journal: %s", strerror(errno));
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
	return check_content(j, err);
}

int journal_open(const char *state_dir, struct journal **out, struct error *err)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	*out = NULL;
	j->lock_fd = -1;
	j->retention = (struct journal_retention){COMMITS_KEPT, EVENTS_KEPT, 0};
	j->path = xasprintf("%s/journal.db", state_dir);
	pthread_mutex_init(&j->mutex, NULL);
	if (mkdir(state_dir, 0750) != 0 && errno != EEXIST)
		error_set(err, ERR_IO, state_dir, "cannot make the state directory: %s", strerror(errno));
	else if (lock_directory(j, state_dir, err) == 0 && open_database(j, err) == 0) {
		*out = j;
		return 0;
	}
	journal_close(j);
	return -1;
}

void journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	sqlite3_close(j->db);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	pthread_mutex_destroy(&j->mutex);
	free(j->path);
	free(j);
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
	int result = -1;

	pthread_mutex_lock(&j->mutex);
	if (journal_prepare(j, "INSERT OR REPLACE INTO number(name, value) VALUES(?, ?)", &s, err) == 0) {
		journal_bind(s, 1, name);
		sqlite3_bind_int64(s, 2, (int64_t)value);
		result = journal_finish(j, s, err);
	}
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
	int result = journal_run(j, "BEGIN IMMEDIATE", err);
	if (result == 0)
		result = journal_run(j, "DELETE FROM problem", err);
	for (size_t i = 0; i < n && result == 0; i++)
		result = put_problem(j, &problem[i], err);
	if (result == 0)
		result = journal_run(j, "COMMIT", err);
	if (result != 0)
		result = journal_rollback(j);
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
