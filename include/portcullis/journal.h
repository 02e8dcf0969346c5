#ifndef PORTCULLIS_JOURNAL_H
#define PORTCULLIS_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/conformance.h"
#include "portcullis/error.h"

/* Datastores, commits and notifications on disk: one SQLite file, one transaction per step. Safe from any thread. */
struct journal;

/**
 * Open STATE_DIR/journal.db, made when it is not there, and lock the state directory.
 *
 * @return 0, or -1: ERR_IN_USE (another daemon: its pid), ERR_IO, ERR_FORMAT (corrupt: what to do).
 */
int journal_open(const char *state_dir, struct journal **out, struct error *err) MUST_USE;
/**
 * Open it as far as it goes. A file that cannot be written is open for reading, one that cannot be read either stays as it
 * is and an empty journal takes its place; both have a fault, and nothing is written to a file that is damaged.
 *
 * @return 0, or -1: ERR_IN_USE, ERR_FORMAT (the file is another program's, or of a newer version), ERR_IO or
 *         ERR_UNAVAILABLE (there is no file yet, and none can be made).
 */
int journal_open_anyway(const char *state_dir, struct journal **out, struct error *err) MUST_USE;
void journal_close(struct journal *j);

/** Whether it can be written, and what became of that which could not. */
struct journal_health {
	char why[1040]; /**< why it cannot be written; "": it can */
	uint64_t unkept; /**< changes and other events that it did not take since the start */
	bool lost; /**< what was in it is not known, running neither */
	bool startup_lost; /**< startup is not what was written to it: nobody gets it */
};
void journal_health(struct journal *j, struct journal_health *out);
/** Becomes readable (eventfd) when a fault came or went; read 8 bytes to clear. */
int journal_event_fd(const struct journal *j);
/** Try to write, where that failed; what is damaged stays so until the next start. */
void journal_probe(struct journal *j);

/** What has an id of its own in the configuration. */
enum named_kind { NAMED_GROUP, NAMED_DEPLOYMENT, NAMED_ZONE, NAMED_KIND_N };

/** An id whose owner was deleted: it is no other's. */
struct retired_id {
	enum named_kind kind;
	uint32_t id;
	char *name;
};

/** The own table in the kernel that goes with running, as bytes of whoever makes it. */
enum journal_table {
	JOURNAL_TABLE_STAYS, /**< as before the commit */
	JOURNAL_TABLE_IS, /**< what the commit says */
	JOURNAL_TABLE_NONE,
	JOURNAL_TABLE_FORMER /**< as before the commit that waits for its confirmation, and that this one takes back */
};

struct journal_commit {
	const char *datastore, *json; /**< its content from here on */
	const char *user, *comment; /**< NULL: "" */
	uint32_t session;
	const struct retired_id *retired; /**< by this commit */
	size_t n_retired;
	const char *
	        revert_to; /**< of running: what a restart goes back to, for this waits for its confirmation; NULL: nothing */
	enum journal_table table; /**< of running */
	const void *bytes; /**< JOURNAL_TABLE_IS */
	size_t n_byte;
};

/** Replace the content of a datastore, add a commit entry and the retired ids, in one transaction. */
int journal_commit(struct journal *j, const struct journal_commit *commit, struct error *err) MUST_USE;
/** All retired ids; the caller frees the names and the list. */
int journal_retired(struct journal *j, struct retired_id **out, size_t *n, struct error *err) MUST_USE;
/** *json is NULL when the datastore was never written; the caller frees it. */
int journal_load(struct journal *j, const char *datastore, char **json, struct error *err) MUST_USE;
/** The datastore was never written from here on; noted as a commit. */
int journal_delete(struct journal *j, const struct journal_commit *commit, struct error *err) MUST_USE;
/** What running was before the commit that waits for its confirmation; *json is NULL when none waits, else the caller's. */
int journal_pending(struct journal *j, char **json, struct error *err) MUST_USE;

/** The table that goes with running; *bytes is NULL when none does, else the caller's. */
int journal_table(struct journal *j, void **bytes, size_t *n, struct error *err) MUST_USE;
/** That of what running goes back to where a commit waits for its confirmation; else the same. */
int journal_table_confirmed(struct journal *j, void **bytes, size_t *n, struct error *err) MUST_USE;
/** Running has this table from here on, without a commit. */
int journal_table_set(struct journal *j, const void *bytes, size_t n, struct error *err) MUST_USE;

/** Since when a counter of that table has been counted. */
struct journal_counted {
	uint64_t id; /**< of the box or rule; of two that are the same the last is kept */
	int64_t since_ms; /**< as who wrote it counts time */
	uint64_t packets; /**< when this was written */
};
/** Replace what is kept of these. table: which table in the kernel it is about, as who wrote it tells tables apart. */
int journal_counted_set(
        struct journal *j, const char *table, const struct journal_counted *line, size_t n, struct error *err) MUST_USE;
/** All lines, in no order; the caller frees them and *table, which is NULL when none were ever written. */
int journal_counted(
        struct journal *j, char **table, struct journal_counted **out, size_t *n, struct error *err) MUST_USE;

/** A line of the list of commits. */
struct journal_entry {
	uint64_t number;
	int64_t wall_s;
	char *datastore, *user, *comment;
	uint32_t session;
	bool kept; /**< of running: what it changed is kept */
};
void journal_entries_free(struct journal_entry *entry, size_t n);
/** Commits with number < before (0: all), the newest first, at most max. */
int journal_history(struct journal *j, uint64_t before, size_t max, struct journal_entry **out, size_t *n,
        struct error *err) MUST_USE;
/**
 * Running before and after a commit of it; the caller frees both, either may be NULL when it is not wanted.
 *
 * @return 0, or -1: ERR_NOT_FOUND (no such commit of running, or its content is no longer kept), ERR_IO (damaged).
 */
int journal_contents(struct journal *j, uint64_t number, char **before, char **after, struct error *err) MUST_USE;

/** How much is kept. Age alone never takes the newest 10 commits and 1,000 changes: clocks jump. */
struct journal_retention {
	uint32_t commits, changes; /**< the newest of them; as many events as changes */
	uint32_t days; /**< older ones go too; 0: whatever their age */
};
/** From the next commit and the next event on. */
void journal_retain(struct journal *j, const struct journal_retention *retention);

/** Keep a change for replay and audit and set its `event`. */
int journal_change_add(struct journal *j, struct change *change, struct error *err) MUST_USE;
/** Changes with sequence > after, ascending, at most max; release with changes_fini(). */
int journal_changes(struct journal *j, uint64_t after, size_t max, struct changes *out, struct error *err) MUST_USE;

/* The log of events: everything that is told over NETCONF, changes and others in one order. */

#define JOURNAL_EVENTS_PAGE 500

struct journal_event {
	uint64_t id; /**< its place in the order, from 1, without gaps */
	int64_t wall_ms;
	char *content; /**< XML of what is no change; NULL: the change */
	struct change change;
};

struct journal_events {
	struct journal_event *event;
	size_t n, cap;
	uint64_t last; /**< looked at up to here */
	bool end; /**< there was nothing behind it */
};

/** Keep a notification that is no change. @param id its place; 0 on failure. */
int journal_event_add(
        struct journal *j, int64_t wall_ms, const char *content, uint64_t *id, struct error *err) MUST_USE;
/**
 * A page: those among the JOURNAL_EVENTS_PAGE after `after` whose time is from `from_ms` to `until_ms`, ascending.
 * Times in milliseconds since 1970.
 *
 * @param out  release with journal_events_fini(). Go on with out->last until out->end.
 */
int journal_events(struct journal *j, uint64_t after, int64_t from_ms, int64_t until_ms, struct journal_events *out,
        struct error *err) MUST_USE;
void journal_events_fini(struct journal_events *events);
/** When the log was begun, and the time of the last event that it no longer has (0: it has all). */
int journal_events_span(struct journal *j, int64_t *created, int64_t *aged, struct error *err) MUST_USE;

/** Replace the active problems that are kept, in one transaction. */
int journal_problems_set(struct journal *j, const struct problem *problem, size_t n, struct error *err) MUST_USE;
/** The active problems that were kept last, by id; each with problem_fini(), the array with free(). since_ms is not set. */
int journal_problems(struct journal *j, struct problem **out, size_t *n, struct error *err) MUST_USE;
/** Openings outside the baseline at the last look, in place of those before. */
int journal_openings_set(struct journal *j, const struct told_opening *opening, size_t n, struct error *err) MUST_USE;
/**
 * They, sorted by id.
 *
 * @param known  whether there was ever a look.
 * @param out    release with told_openings_free().
 */
int journal_openings(struct journal *j, bool *known, struct told_opening **out, size_t *n, struct error *err) MUST_USE;

/** Short texts that survive: "boot-id"; *value is NULL when not set, else the caller's. */
int journal_setting_get(struct journal *j, const char *name, char **value, struct error *err) MUST_USE;
int journal_setting_set(struct journal *j, const char *name, const char *value, struct error *err) MUST_USE;

/** Small values that survive: "sequence", "next-problem-id", ...; 0 when not set. */
int journal_number_get(struct journal *j, const char *name, uint64_t *out, struct error *err) MUST_USE;
int journal_number_set(struct journal *j, const char *name, uint64_t value, struct error *err) MUST_USE;

#endif
