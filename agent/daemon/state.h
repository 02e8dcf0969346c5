#ifndef PORTCULLIS_DAEMON_STATE_H
#define PORTCULLIS_DAEMON_STATE_H

#include <pthread.h>

#include "daemon/monitor.h"
#include "daemon/reading.h"

/* What the parts of the monitor share. */

struct monitor {
	struct monitor_parts parts;
	struct reading *reading;
	struct conformance conformance;
	struct inputs *inputs;
	char *inputs_error; /* why the site cannot be turned into flows; NULL: it can */
	struct ruleset *ruleset; /* read, not yet verified */
	char *unreadable;
	struct journal_health journal; /* as it was published */
	struct own_state own; /* as it was published */
	struct cause stranger; /* the last one beside the agent who changed the ruleset since the last look */
	uint32_t event_generation; /* of the last event; 0: there was none */
	int64_t author_ms; /* until when it is waited for who changed what was read; 0: it is not */
	int64_t own_ms; /* when to look at the own table again */
	int64_t probe_ms; /* when to try to write the journal again; INT64_MAX: it can be written */
	struct verification *verification; /* of the evaluation's ruleset */
	struct evaluation *evaluation;
	uint64_t generation;
	unsigned verify_us;
	int64_t cost_ms; /* of the last reading and verification */

	bool dirty_inputs;
	int64_t due_ms; /* when to verify; INT64_MAX: nothing is due */
	int64_t tell_ms; /* when to tell; INT64_MAX: nothing is to be told */
	int64_t told_ms; /* when something was told; 0: never */
	int64_t periodic_ms; /* when to read the ruleset again without an event */
	struct cause cause; /* the first since the last telling */
	bool cause_set;
	int64_t last_wall;

	struct change *history;
	size_t n_history;
	int64_t started_ms, verified_ms, verified_wall, changed_ms, changed_wall;
	int64_t sure_ms; /* when it was verified, or found that nothing had changed since */
	int64_t now_ms; /* of the step */
	int64_t tables_ms; /* when a row of SNMP's tables was other than before */

	pthread_mutex_t mutex; /* the fields below; everything above belongs to main's thread */
	pthread_cond_t served_cond;
	uint64_t requested, served;
	unsigned tests_wanted;
};

/** Why nothing can be said of the flows, or NULL. */
const char *monitor_why_unknown(const struct monitor *m);
/**
 * Whether the journal can be written, tried again where that is due; what changed is told.
 *
 * @return whether there is something to publish.
 */
bool monitor_look_at_journal(struct monitor *m, int64_t now_ms, int64_t now_wall, struct changes *out);
/**
 * The own table against what was installed, where the ruleset was read or a look at it is due, and what became of changes
 * of it, told.
 *
 * @return whether there is something to publish.
 */
bool monitor_look_at_own_table(struct monitor *m, bool renewed, int64_t now_ms, int64_t now_wall, struct changes *out);
/** A snapshot of what is known goes to the hub. */
void monitor_publish(struct monitor *m);
/** The same where nothing is other than in the one before: that it still holds. */
void monitor_publish_again(struct monitor *m);
/** What is told goes into the journal, which gives it its place there, and into the history. */
void monitor_keep(struct monitor *m, struct changes *changes);
void monitor_history_add(struct monitor *m, const struct change *change);

#endif
