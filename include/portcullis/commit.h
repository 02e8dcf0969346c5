#ifndef PORTCULLIS_COMMIT_H
#define PORTCULLIS_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "portcullis/error.h"

/*
 * The one state machine of changes to running, plain ones and confirmed commits (RFC 6241 section 8.4). Pure: an event
 * comes in, out goes what its owner has to do, and the owner says how that ended. The owner writes the journal before it
 * does anything.
 */

enum commit_phase {
	COMMIT_IDLE,
	COMMIT_PREPARED, /**< something is being done; COMMIT_DONE or COMMIT_FAILED comes next */
	COMMIT_UNCONFIRMED /**< a confirmed commit waits for its confirmation */
};

enum commit_event_kind {
	COMMIT_ASKED, /**< <commit>, with confirmed or without */
	COMMIT_CHANGE_ASKED, /**< any other change of running */
	COMMIT_CANCEL_ASKED, /**< <cancel-commit> */
	COMMIT_SESSION_ENDED,
	COMMIT_TIME, /**< time went by */
	COMMIT_DONE, /**< what was to be done is done, durably */
	COMMIT_FAILED /**< it is not, and everything is as it was */
};

struct commit_event {
	enum commit_event_kind kind;
	uint32_t session; /**< who asks, or ended */
	const char *user; /**< who asks */
	bool confirmed; /**< COMMIT_ASKED */
	uint32_t timeout_s; /**< with confirmed; 1 or more */
	const char *persist; /**< with confirmed: the token that a later session confirms with; NULL: none */
	const char *persist_id; /**< COMMIT_ASKED, COMMIT_CANCEL_ASKED: the token of the pending commit; NULL: none */
};

enum commit_action {
	COMMIT_NOTHING,
	COMMIT_APPLY, /**< put the new configuration in place; it stays */
	COMMIT_APPLY_UNCONFIRMED, /**< the same, and keep what there was until it is confirmed */
	COMMIT_APPLY_CONFIRM, /**< put the new configuration in place, if there is one; what was pending stays */
	COMMIT_REVERT /**< put back what there was before the pending commit */
};

/** Why a revert happens. */
enum commit_cause { COMMIT_BY_CANCEL, COMMIT_BY_TIMEOUT, COMMIT_BY_SESSION_END };

#define COMMIT_TIMEOUT_S 600u /**< RFC 6241 section 8.4.5.1 */
#define COMMIT_PERSIST_MAX 1024u /**< bytes of a token */

struct commit {
	enum commit_phase phase;
	bool pending; /**< a confirmed commit waits, or something is done while it does */
	bool reverting; /**< a revert failed and is tried again: no longer to be confirmed */
	uint32_t session; /**< of the pending commit; its end reverts it unless it is persistent */
	char user[64];
	char *persist; /**< token; NULL: not persistent */
	int64_t due_ms; /**< when it is reverted, or the revert is tried again */
	unsigned failures; /**< of the revert */
	enum commit_action action; /**< PREPARED: what is being done */
	enum commit_cause cause; /**< of COMMIT_REVERT */
	uint32_t next_session; /**< PREPARED with a confirmed commit: what it will be when it is done */
	char next_user[64], *next_persist;
	int64_t next_due_ms;
};

void commit_fini(struct commit *c);
/**
 * Step the machine.
 *
 * @param now_ms  monotonic.
 * @param action  what the owner has to do now. Unless it is COMMIT_NOTHING, COMMIT_DONE or COMMIT_FAILED has to follow.
 * @return 0, or -1: ERR_IN_USE (somebody's confirmed commit is pending: err->where is the session, and the text says how
 *         many seconds are left), ERR_INVALID (a token that is wrong or missing, nothing to cancel), ERR_LIMIT.
 */
int commit_step(struct commit *c, const struct commit_event *event, int64_t now_ms, enum commit_action *action,
        struct error *err) MUST_USE;
/** May the session lock running: while a confirmed commit is pending only its own may. @return as commit_step(). */
int commit_check_lock(const struct commit *c, uint32_t session, int64_t now_ms, struct error *err) MUST_USE;
/** When COMMIT_TIME has to be told, or INT64_MAX. */
int64_t commit_due(const struct commit *c);
/** Whole seconds until the pending commit is reverted; 0 when none is. */
uint32_t commit_seconds_left(const struct commit *c, int64_t now_ms);

#endif
