#ifndef PORTCULLIS_CONFORMANCE_H
#define PORTCULLIS_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/verify.h"

enum severity { SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_MAJOR, SEVERITY_CRITICAL };
const char *severity_name(enum severity s);

enum overall { OVERALL_OK, OVERALL_DEGRADED, OVERALL_VIOLATED, OVERALL_INCOMPLETE, OVERALL_CANNOT_TELL };
const char *overall_name(enum overall o); /**< "cannot-tell" */
/** Exit code of the commands: 0 ok, 1 violated or degraded, 2 incomplete or cannot tell. */
int overall_exit_code(enum overall o);

/** The one table: severity of a verdict for a flow (optional requirement, inferred initiators, advisory erratum). */
enum severity finding_severity(const struct flow *flow, const struct finding *finding);

struct summary {
	size_t count[VERDICT_N];
	size_t n_flow, openings, unacknowledged_openings, rules, undecoded_rules;
	enum overall overall;
};
/** Count; overall follows from the counts and severities. rs may be NULL (unknown). */
void summary_build(const struct flows *flows, const struct findings *findings, const struct openings *openings,
        const struct ruleset *rs, struct summary *out);

/**
 * What the verdicts and openings of a verification do not see, and what makes them worth little: one text each.
 *
 * @param rs   NULL: unreadable; then nothing is told.
 * @param net  that the flows were derived with.
 */
void conformance_each_caveat(const struct ruleset *rs, const struct openings *openings, const struct flows *flows,
        const struct network *net, void (*each)(void *ctx, const char *text), void *ctx);

/** Why verdicts changed. */
enum cause_kind { CAUSE_START, CAUSE_RULESET, CAUSE_DEPLOYMENT, CAUSE_CATALOG, CAUSE_ROUTES, CAUSE_ASSUMPTION };
const char *cause_kind_name(enum cause_kind k);

struct cause {
	enum cause_kind kind;
	uint32_t author_pid;
	char author[64];
};

/** An active problem: the flows that one cause broke. */
struct problem {
	uint32_t id; /**< stable while it lives; unique on this device */
	struct cause cause;
	struct flow_id *flow; /**< those still broken, sorted */
	size_t n_flow, n_flow_raised;
	enum severity severity; /**< worst */
	enum verdict verdict; /**< of the first flow */
	char *label; /**< first flow's label */
	char *rule; /**< deciding rule or policy, one line: "inet filter forward handle 12: tcp dport 5061 drop" */
	char *witness; /**< packet_print() of the witness, or "" */
	int64_t since_ms, since_wall;
};

enum change_kind {
	CHANGE_VIOLATED,
	CHANGE_CLEARED,
	CHANGE_OVERALL,
	CHANGE_UNREADABLE,
	CHANGE_READABLE,
	CHANGE_OPENING,
	CHANGE_OPENING_CLOSED,
	CHANGE_TEST,
	CHANGE_JOURNAL_UNWRITABLE, /**< affected: events that were not kept since the start */
	CHANGE_JOURNAL_WRITABLE, /**< likewise */
	CHANGE_DEVIATION, /**< of the own table from what was installed; reason: which */
	CHANGE_DEVIATION_OVER,
	CHANGE_COMMIT, /**< into the kernel; author: who, label: his comment, reason: what there is to say of it */
	CHANGE_ROLLBACK, /**< out of the kernel again; author: whose commit, reason: why */
	CHANGE_ROLLBACK_FAILED, /**< likewise; reason: why, and why not */
	CHANGE_FLOW_VIOLATED, /**< one flow of what CHANGE_VIOLATED tells, where that is wanted */
	CHANGE_FLOW_CLEARED, /**< it is none of a problem any more */
	CHANGE_N
};
const char *change_kind_name(enum change_kind k);

/** One thing to tell: trap, NETCONF notification and journal entry alike. All strings non-NULL, owned. */
struct change {
	enum change_kind kind;
	uint64_t sequence;
	uint32_t problem_id; /**< VIOLATED, CLEARED, also of a flow: the problem; OPENING: the opening's id */
	struct cause cause;
	size_t affected;
	enum severity severity;
	enum verdict verdict;
	enum overall old_overall, new_overall;
	char *label, *rule, *witness, *reason;
	int64_t wall_s;
	uint16_t wall_ms; /**< of that second */
	uint64_t event; /**< place among all that the journal keeps for replay; 0: not kept (yet) */
	bool unsent; /**< kept, and not to be sent to anybody: notification/enable was false */
};

/** The table of the agent in the kernel, against what was installed. */
struct own_state {
	bool deviates;
	char why[768]; /**< "": it does not */
	bool available; /**< running comes to another table by now: packs, the agent or addresses of the device changed */
	int64_t paused_until; /**< it is not put back until then, seconds since 1970; 0: it is */
	char paused_by[64], pause_reason[1024];
};

/** The deciding rule or policy in one line; the caller frees it. */
char *blame_print(const struct blame *b);

struct changes {
	struct change *change;
	size_t n, cap;
};
void changes_fini(struct changes *c);
void change_copy(struct change *out, const struct change *in);
void change_fini(struct change *c);

/** The state that is carried from one verification to the next. */
/** An opening outside the baseline. */
struct told_opening {
	uint32_t id;
	bool told; /**< by a notification of its own */
	char *label;
};
void told_openings_free(struct told_opening *o, size_t n);

/** Openings that are told as they appear, after one verification and at any time; an NMS reads the table for more. */
#define CONFORMANCE_OPENINGS_AT_ONCE 20
#define CONFORMANCE_OPENINGS_TOLD 1000

struct conformance {
	struct problem *problem; /**< sorted by id */
	size_t n_problem, cap_problem;
	uint16_t wall_ms; /**< of the second that now_wall is, in what is told next */
	bool per_flow; /**< flows are told one by one, too */
	bool told; /**< something was verified and told before */
	bool readable;
	bool unwritable; /**< told of the journal */
	bool deviates; /**< told of the own table */
	enum overall overall; /**< told last; ok before anything was told */
	uint32_t next_problem_id;
	uint64_t sequence;
	struct flow_verdict_memory *memory; /**< last verdict per flow id, with its time */
	size_t n_memory;
	struct told_opening *opening; /**< openings outside the baseline at the last look, sorted by id */
	size_t n_opening;
	bool knows_openings; /**< there was a last look; what it found is not told */
	bool openings_changed; /**< since openings_changed was set to false */
	struct told_flow *flow; /**< those told as violated, each by itself; sorted by id */
	size_t n_flow;
};

/** Flows that are told one by one at most, at any time; the problem's notification has their number. */
#define CONFORMANCE_FLOWS_TOLD 1000

void conformance_init(struct conformance *c, uint64_t sequence, uint32_t next_problem_id);
/**
 * What was told before a restart: then only what differs from it is told.
 *
 * @param problem  sorted by id; taken over (array and contents).
 */
void conformance_restore(struct conformance *c, struct problem *problem, size_t n, enum overall overall, bool readable);
/** The same of openings. @param opening  sorted by id; taken over. */
void conformance_restore_openings(struct conformance *c, struct told_opening *opening, size_t n);
void problem_fini(struct problem *p);
void conformance_fini(struct conformance *c);
/** Monotonic ms of the last change of a flow's verdict; 0 when not known. */
int64_t conformance_changed_ms(const struct conformance *c, const struct flow_id *id);

/**
 * Take in a verification: problems raised and cleared, overall changes. Pure but for its own state.
 *
 * @param openings  NULL: not computed this time; those told stay told.
 * @param rs        NULL: unreadable; problems are neither raised nor cleared.
 * @param why       reason for rs == NULL, else NULL.
 * @param out       what is to be told, in order; release with changes_fini().
 * @return whether any verdict changed.
 */
bool conformance_update(struct conformance *c, const struct flows *flows, const struct findings *findings,
        const struct openings *openings, const struct ruleset *rs, const char *why, const struct cause *cause,
        int64_t now_ms, int64_t now_wall, struct changes *out);
/**
 * Take in whether the journal can be written: told when that changes.
 *
 * @param why     why not; "": it can.
 * @param unkept  events that it did not take since the start.
 * @return whether there was something to tell.
 */
bool conformance_journal(
        struct conformance *c, const char *why, uint64_t unkept, int64_t now_wall, struct changes *out);
/**
 * Take in whether the own table is what was installed: told when that changes.
 *
 * @return whether there was something to tell.
 */
bool conformance_own_table(struct conformance *c, const struct own_state *own, const struct cause *cause,
        int64_t now_wall, struct changes *out);
/**
 * What became of a change of the firewall.
 *
 * @param kind  CHANGE_COMMIT, CHANGE_ROLLBACK or CHANGE_ROLLBACK_FAILED.
 */
void conformance_firewall(struct conformance *c, enum change_kind kind, const char *user, const char *comment,
        const char *reason, int64_t now_wall, struct changes *out);
/** One change of kind CHANGE_TEST. */
void conformance_test(struct conformance *c, int64_t now_wall, struct changes *out);

#endif
