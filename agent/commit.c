/*
 * Changes to running: who asks for what, time and ends of sessions come in, out goes the one thing to do next. Refused is
 * everything that would touch running behind the back of a confirmed commit, and a token that is not its own.
 */
#include "portcullis/commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* A revert that failed is tried again after so long, then after twice as long, and so on. */
#define RETRY_MS 1000
#define RETRY_MOST_MS 60000

void commit_fini(struct commit *c)
{
	free(c->persist);
	free(c->next_persist);
	*c = (struct commit){0};
}

int64_t commit_due(const struct commit *c)
{
	return c->phase == COMMIT_UNCONFIRMED ? c->due_ms : INT64_MAX;
}

uint32_t commit_seconds_left(const struct commit *c, int64_t now_ms)
{
	if (!c->pending || c->due_ms <= now_ms)
		return 0;
	return (uint32_t)((c->due_ms - now_ms + 999) / 1000);
}

static int in_use(const struct commit *c, int64_t now_ms, struct error *err)
{
	char session[16];

	snprintf(session, sizeof(session), "%u", c->session);
	if (c->reverting)
		return error_set(err, ERR_IN_USE, session,
		        "the confirmed commit of session %u (%s) is being taken back, which failed %u times; the log "
		        "says why, "
		        "and it is tried again",
		        c->session, c->user, c->failures);
	return error_set(err, ERR_IN_USE, session,
	        "a confirmed commit of session %u (%s) is pending for %u seconds more; wait, or have it confirmed or "
	        "cancelled",
	        c->session, c->user, commit_seconds_left(c, now_ms));
}

/* Does who asks speak for the pending commit: by its token, or by being its session. */
static int check_token(const struct commit *c, const struct commit_event *event, int64_t now_ms, struct error *err)
{
	if (c->reverting)
		return in_use(c, now_ms, err);
	if (c->persist == NULL && event->persist_id != NULL)
		return error_set(err, ERR_INVALID, "persist-id",
		        "the pending confirmed commit has no persist token; leave out <persist-id> in session %u, "
		        "which made it",
		        c->session);
	if (c->persist == NULL)
		return event->session == c->session ? 0 : in_use(c, now_ms, err);
	if (event->persist_id == NULL)
		return error_set(err, ERR_INVALID, "persist-id",
		        "the pending confirmed commit was made with <persist>; give its token as <persist-id>");
	if (strcmp(event->persist_id, c->persist) != 0)
		return error_set(err, ERR_INVALID, "persist-id",
		        "%.64s is not the token of the pending confirmed commit; give the one of its <persist>",
		        event->persist_id);
	return 0;
}

int commit_check_lock(const struct commit *c, uint32_t session, int64_t now_ms, struct error *err)
{
	return !c->pending || (session == c->session && !c->reverting) ? 0 : in_use(c, now_ms, err);
}

static void begin(struct commit *c, enum commit_action action, enum commit_action *out)
{
	c->phase = COMMIT_PREPARED;
	c->action = *out = action;
}

static int check_request(const struct commit_event *event, struct error *err)
{
	if (event->persist != NULL && !event->confirmed)
		return error_set(
		        err, ERR_INVALID, "persist", "<persist> needs <confirmed>; add it or leave out <persist>");
	if (event->persist != NULL && strlen(event->persist) > COMMIT_PERSIST_MAX)
		return error_set(err, ERR_LIMIT, "persist", "the token has %zu bytes, at most %u are kept",
		        strlen(event->persist), COMMIT_PERSIST_MAX);
	return 0;
}

static int commit_asked(struct commit *c, const struct commit_event *event, int64_t now_ms, enum commit_action *action,
        struct error *err)
{
	if (check_request(event, err) != 0)
		return -1;
	if (!c->pending && event->persist_id != NULL)
		return error_set(err, ERR_INVALID, "persist-id",
		        "no confirmed commit is pending that %.64s could be the token of; leave out <persist-id>",
		        event->persist_id);
	if (c->pending && check_token(c, event, now_ms, err) != 0)
		return -1;
	if (!event->confirmed) {
		begin(c, c->pending ? COMMIT_APPLY_CONFIRM : COMMIT_APPLY, action);
		return 0;
	}
	c->next_session = event->session;
	snprintf(c->next_user, sizeof(c->next_user), "%s", event->user != NULL ? event->user : "");
	free(c->next_persist);
	c->next_persist = event->persist != NULL ? xstrdup(event->persist) : NULL;
	c->next_due_ms = now_ms + (int64_t)event->timeout_s * 1000;
	begin(c, COMMIT_APPLY_UNCONFIRMED, action);
	return 0;
}

static void revert(struct commit *c, enum commit_cause cause, enum commit_action *action)
{
	if (!c->reverting)
		c->cause = cause;
	begin(c, COMMIT_REVERT, action);
}

static int cancel_asked(struct commit *c, const struct commit_event *event, int64_t now_ms, enum commit_action *action,
        struct error *err)
{
	if (!c->pending)
		return error_set(err, ERR_INVALID, NULL, "no confirmed commit is pending, so there is none to cancel");
	if (check_token(c, event, now_ms, err) != 0)
		return -1;
	revert(c, COMMIT_BY_CANCEL, action);
	return 0;
}

static void nothing_pending(struct commit *c)
{
	free(c->persist);
	c->persist = NULL;
	c->pending = c->reverting = false;
	c->failures = 0;
	c->session = 0;
	c->user[0] = '\0';
}

static void done(struct commit *c)
{
	c->phase = COMMIT_IDLE;
	if (c->action != COMMIT_APPLY_UNCONFIRMED) {
		nothing_pending(c);
		return;
	}
	nothing_pending(c);
	c->phase = COMMIT_UNCONFIRMED;
	c->pending = true;
	c->session = c->next_session;
	memcpy(c->user, c->next_user, sizeof(c->user));
	c->persist = c->next_persist;
	c->next_persist = NULL;
	c->due_ms = c->next_due_ms;
}

/* A change that failed leaves what was pending, and its time. A revert that failed is tried again. */
static void failed(struct commit *c, int64_t now_ms)
{
	int64_t wait = RETRY_MS;

	c->phase = c->pending ? COMMIT_UNCONFIRMED : COMMIT_IDLE;
	if (c->action != COMMIT_REVERT)
		return;
	c->reverting = true;
	for (unsigned i = 0; i < c->failures && wait < RETRY_MOST_MS; i++)
		wait *= 2;
	c->failures++;
	c->due_ms = now_ms + (wait < RETRY_MOST_MS ? wait : RETRY_MOST_MS);
}

int commit_step(struct commit *c, const struct commit_event *event, int64_t now_ms, enum commit_action *action,
        struct error *err)
{
	bool ends = event->kind == COMMIT_DONE || event->kind == COMMIT_FAILED;

	*action = COMMIT_NOTHING;
	if (ends != (c->phase == COMMIT_PREPARED))
		return error_set(err, ERR_INTERNAL, NULL, "a commit was stepped out of turn");
	switch (event->kind) {
	case COMMIT_ASKED:
		return commit_asked(c, event, now_ms, action, err);
	case COMMIT_CHANGE_ASKED:
		if (c->pending)
			return in_use(c, now_ms, err);
		begin(c, COMMIT_APPLY, action);
		return 0;
	case COMMIT_CANCEL_ASKED:
		return cancel_asked(c, event, now_ms, action, err);
	case COMMIT_SESSION_ENDED:
		if (c->pending && c->persist == NULL && c->session == event->session && !c->reverting)
			revert(c, COMMIT_BY_SESSION_END, action);
		return 0;
	case COMMIT_TIME:
		if (c->pending && now_ms >= c->due_ms)
			revert(c, COMMIT_BY_TIMEOUT, action);
		return 0;
	case COMMIT_DONE:
		done(c);
		return 0;
	case COMMIT_FAILED:
		failed(c, now_ms);
		return 0;
	}
	return 0;
}
