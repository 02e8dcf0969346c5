/*
 * Changes of running: a whole valid tree comes in, goes through the state machine of commits into the journal, and then
 * takes the place of the one before, which is kept as long as a confirmed commit waits. Nothing is refused here but what
 * the machine, the model or the journal refuses, and then everything is as it was.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "config/store.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"
#include "portcullis/pins.h"

void former_fini(struct former *f)
{
	version_unref(f->version);
	free(f->stored);
	site_free(f->site);
	*f = (struct former){0};
}

static void running_changed(struct config *c)
{
	uint64_t one = 1;

	atomic_fetch_add(&c->n_running, 1);
	/* Only a full counter refuses, and then the reader has been told already. */
	if (write(c->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warning("configuration: event not delivered: %s", strerror(errno));
}

/* The timer that wakes whoever calls config_tick(). */
static void timer_set(struct config *c)
{
	int64_t due = commit_due(&c->commit), left = due == INT64_MAX ? 0 : due - clock_monotonic_ms();
	struct itimerspec t = {0};

	if (due != INT64_MAX && left < 1)
		left = 1;
	t.it_value.tv_sec = left / 1000;
	t.it_value.tv_nsec = left % 1000 * 1000000;
	if (timerfd_settime(c->timer_fd, 0, &t, NULL) != 0)
		log_error("configuration: the timer of a confirmed commit cannot be set: %s", strerror(errno));
}

/* A version on its way into running. */
struct successor {
	struct version *version; /* NULL: running stays, and only what is pending is settled */
	struct site *site;
	char *json;
	const char *comment, *override;
	const struct config_actor *actor;
	bool renews; /* asked for by a commit: where nothing differs, a carrier may have something new all the same */
	bool returns; /* it is what there was before the pending commit */
};

static void successor_fini(struct successor *next)
{
	version_unref(next->version);
	site_free(next->site);
	free(next->json);
}

/* What is given an id with this change is told it. */
static int store_ids(struct config *c, struct successor *next, struct error *err)
{
	struct version *named;
	struct site *site = NULL;
	struct draft draft;
	int result;

	draft_init(&draft, &c->model, next->version);
	for (size_t i = 0; i < next->version->n; i++)
		if (next->version->held[i].without_id && c->model.local)
			(void)draft_take_out(&draft, i);
	result = draft.root != NULL ? ids_store(draft.root, next->site, err) : 0;
	if (result == 0 && draft.root != NULL) {
		named = draft_version(&draft, true);
		result = version_site(named, &site, err);
		site_free(site);
		version_unref(next->version);
		next->version = named;
	}
	draft_fini(&draft);
	return result;
}

/* next has a version, with its site where that was checked already. */
static int successor_prepare(struct config *c, struct successor *next, struct error *err)
{
	if (config_check_packs(c, next->site, err) != 0 || store_ids(c, next, err) != 0 ||
	        version_print(&c->model, next->version, &next->json, err) != 0)
		return -1;
	return c->catalog != NULL ? pins_keep(c->pins, next->site, c->catalog, err) : 0;
}

/* Into the journal before anybody sees it; *gone are the ids that go with it. */
static int record(struct config *c, const struct successor *next, const char *revert_to, const struct config_plan *plan,
        struct error *err)
{
	struct retired gone = {0};
	int result = 0;

	if (c->site != NULL && next->site != NULL)
		ids_retire(c->site, next->site, &gone);
	struct journal_commit commit = {.datastore = "running",
	        .json = next->json != NULL ? next->json : c->stored,
	        .user = next->actor->user,
	        .session = next->actor->session,
	        .comment = next->comment,
	        .retired = gone.id,
	        .n_retired = gone.n,
	        .revert_to = revert_to,
	        .table = next->returns ? JOURNAL_TABLE_FORMER : JOURNAL_TABLE_STAYS};
	if (!next->returns)
		carry_note(plan, &commit);
	if (c->journal != NULL)
		result = start_boot_note(c, err);
	if (c->journal != NULL && result == 0)
		result = journal_commit(c->journal, &commit, err);
	if (result == 0)
		retired_join(&c->retired, &gone);
	retired_fini(&gone);
	return result;
}

void running_retain(struct config *c)
{
	const struct retention_settings *s = &c->site->retention;

	if (c->journal != NULL)
		journal_retain(c->journal, &(struct journal_retention){s->commits, s->notifications, s->days});
}

static void tell_changed(struct config *c, const struct config_actor *actor, enum datastore d,
        const struct version *before, const struct version *after)
{
	static const struct version none;
	struct lyd_node *gone, *come;

	if (c->on_changed == NULL || before == after)
		return;
	version_difference(before != NULL ? before : &none, after != NULL ? after : &none, &gone, &come);
	c->on_changed(c->on_changed_ctx, actor, d, gone, come);
	lyd_free_siblings(gone);
	lyd_free_siblings(come);
}

/* What there is goes to *old, and the change takes its place. */
static void take_place(struct config *c, struct successor *next, struct former *old)
{
	*old = (struct former){NULL, c->stored, c->site};
	pthread_mutex_lock(&c->state);
	old->version = c->version[DATASTORE_RUNNING];
	c->version[DATASTORE_RUNNING] = next->version;
	pthread_mutex_unlock(&c->state);
	c->stored = next->json;
	c->site = next->site;
	*next = (struct successor){.actor = next->actor};
	running_retain(c);
	running_changed(c);
	tell_changed(c, next->actor, DATASTORE_RUNNING, old->version, c->version[DATASTORE_RUNNING]);
}

/* Kernel first, then the journal; what it does not take is taken out of the kernel again. */
static int carry(struct config *c, const struct successor *next, const struct config_push *push, const char *revert_to,
        struct config_plan **plan, struct error *err)
{
	*plan = NULL;
	if (push->next != NULL && (carry_prepare(c, push, plan, err) != 0 || carry_apply(c, *plan, err) != 0))
		return -1;
	if (record(c, next, revert_to, *plan, err) == 0)
		return 0;
	carry_undo(c, *plan);
	return -1;
}

/* Running stays, and comes to something else in the kernel, for packs or the agent were upgraded. */
static int renew(struct config *c, const struct successor *next, struct error *err)
{
	const struct config_push push = {.now = c->site,
	        .next = c->site,
	        .catalog = c->catalog,
	        .actor = next->actor,
	        .comment = next->comment,
	        .override = next->override};
	struct config_plan *plan;

	if (c->site == NULL || carry_prepare(c, &push, &plan, err) != 0)
		return c->site == NULL ? 0 : -1;
	if (plan == NULL)
		return 0;
	if (carry_apply(c, plan, err) != 0)
		return -1;
	if (record(c, next, NULL, plan, err) != 0) {
		carry_undo(c, plan);
		return -1;
	}
	carry_done(c, plan, true);
	return 0;
}

static int apply(struct config *c, struct successor *next, enum commit_action action, struct error *err)
{
	bool keeps = action == COMMIT_APPLY_UNCONFIRMED;
	bool same = next->version == NULL || (next->json != NULL && strcmp(next->json, c->stored) == 0);
	const char *revert_to = !keeps ? NULL : c->former.version != NULL ? c->former.stored : c->stored;
	struct config_push push = {.now = c->site,
	        .next = same || (!next->renews && !carry_concerns(c, next->version)) ? NULL : next->site,
	        .catalog = c->catalog,
	        .actor = next->actor,
	        .confirmed = keeps,
	        .comment = next->comment,
	        .override = next->override};
	struct config_plan *plan;
	struct former before = {0};

	if (same && action == COMMIT_APPLY)
		return next->renews ? renew(c, next, err) : 0;
	if (carry(c, next, &push, revert_to, &plan, err) != 0)
		return -1;
	carry_done(c, plan, !keeps);
	if (!keeps)
		former_fini(&c->former);
	if (same && keeps && c->former.version == NULL) {
		/* It goes back to what it is: to nothing new, but the wait has an end all the same. */
		successor_fini(next);
		*next = (struct successor){.actor = next->actor};
		pthread_mutex_lock(&c->state);
		c->former.version = version_ref(c->version[DATASTORE_RUNNING]);
		pthread_mutex_unlock(&c->state);
		c->former.stored = xstrdup(c->stored);
		return 0;
	}
	if (same)
		return 0;
	take_place(c, next, &before);
	if (keeps && c->former.version == NULL) {
		c->former = before;
		return 0;
	}
	if (keeps && c->former.site == NULL) {
		c->former.site = before.site;
		before.site = NULL;
	}
	former_fini(&before);
	return 0;
}

static const char *const causes[] = {
        [COMMIT_BY_CANCEL] = "confirmed commit cancelled",
        [COMMIT_BY_TIMEOUT] = "confirmed commit not confirmed in time",
        [COMMIT_BY_SESSION_END] = "session of the confirmed commit ended",
};

/* What there was before is valid: it is not asked again. */
static int revert(struct config *c, struct error *err)
{
	const struct config_actor actor = {.session = c->commit.session, .user = c->commit.user}, server = {0};
	struct former *f = &c->former;
	struct successor next = {.version = f->version,
	        .site = f->site,
	        .json = f->stored,
	        .comment = causes[c->commit.cause],
	        .actor = &actor,
	        .returns = true};
	struct config_push push = {.now = c->site,
	        .next = f->site,
	        .catalog = c->catalog,
	        .actor = &actor,
	        .taken_back = true,
	        .comment = next.comment};
	struct config_plan *plan;
	struct version *reverted;

	if (carry(c, &next, &push, NULL, &plan, err) != 0)
		return -1;
	carry_done(c, plan, true);
	pthread_mutex_lock(&c->state);
	reverted = c->version[DATASTORE_RUNNING];
	c->version[DATASTORE_RUNNING] = f->version;
	pthread_mutex_unlock(&c->state);
	/* What nobody asked for is the doing of the server. */
	tell_changed(
	        c, c->commit.cause == COMMIT_BY_CANCEL ? &actor : &server, DATASTORE_RUNNING, reverted, f->version);
	version_unref(reverted);
	free(c->stored);
	c->stored = f->stored;
	/* NULL: it was the same, and still is. */
	if (f->site != NULL) {
		site_free(c->site);
		c->site = f->site;
	}
	*f = (struct former){0};
	running_retain(c);
	running_changed(c);
	return 0;
}

static void tell(struct config *c, enum config_news news, const struct config_actor *actor, uint32_t timeout_s)
{
	if (c->on_confirmed != NULL)
		c->on_confirmed(c->on_confirmed_ctx, news, actor, timeout_s);
}

/* Do what the machine says, and tell it how that ended. */
static int perform(struct config *c, enum commit_action action, struct successor *next, struct error *err)
{
	struct commit_event end = {.kind = COMMIT_DONE};
	bool was_pending = c->commit.pending;
	const char *way = action == COMMIT_REVERT ? causes[c->commit.cause] : NULL;
	struct config_actor of = {.session = c->commit.session};
	char user[sizeof(c->commit.user)];
	int result;

	memcpy(user, c->commit.user, sizeof(user));
	of.user = user;
	if (action == COMMIT_REVERT)
		result = revert(c, err);
	else
		result = apply(c, next, action, err);
	if (result != 0)
		end.kind = COMMIT_FAILED;
	if (commit_step(&c->commit, &end, clock_monotonic_ms(), &action, NULL) != 0)
		log_error("configuration: a commit ended out of turn");
	timer_set(c);
	if (way != NULL && result != 0)
		log_error("configuration: %s, and going back failed: %s; it is tried again", way, err->text);
	else if (way != NULL)
		log_warning("configuration: %s: running is again what it was before session %u (%s)", way, of.session,
		        of.user);
	if (result != 0)
		return -1;
	if (way != NULL)
		tell(c, strcmp(way, causes[COMMIT_BY_TIMEOUT]) == 0 ? CONFIG_TIMED_OUT : CONFIG_CANCELLED, &of, 0);
	else if (c->commit.pending)
		tell(c, was_pending ? CONFIG_EXTENDED : CONFIG_UNCONFIRMED, next->actor,
		        commit_seconds_left(&c->commit, clock_monotonic_ms()));
	else if (was_pending)
		tell(c, CONFIG_CONFIRMED, next->actor, 0);
	return 0;
}

static int step(struct config *c, const struct commit_event *event, struct successor *next, struct error *err)
{
	enum commit_action action;

	if (commit_step(&c->commit, event, clock_monotonic_ms(), &action, err) != 0)
		return -1;
	return action != COMMIT_NOTHING ? perform(c, action, next, err) : 0;
}

int running_change(
        struct config *c, const struct config_actor *actor, struct draft *draft, const char *comment, struct error *err)
{
	const struct commit_event event = {.kind = COMMIT_CHANGE_ASKED, .session = actor->session, .user = actor->user};
	struct successor next = {.comment = comment, .actor = actor};
	int result;

	result = config_check(c, draft, &next.version, &next.site, err);
	if (result == 0)
		result = successor_prepare(c, &next, err);
	if (result == 0)
		result = step(c, &event, &next, err);
	successor_fini(&next);
	return result;
}

/* The comment that the history shows. */
static char *commit_comment(const struct config_commit *options)
{
	const char *said = options->comment != NULL ? options->comment : "";
	const char *between = said[0] != '\0' ? ": " : "";

	const char *why = options->override != NULL ? options->override : "";
	const char *over = options->override != NULL ? ", override: " : "";

	if (options->confirmed)
		return xasprintf("confirmed commit, %u s%s%s%s%s", options->timeout_s, over, why, between, said);
	return xasprintf("commit%s%s%s%s", over, why, between, said);
}

/* What was checked when candidate was edited need not be checked again, unless running is another one since. */
static int candidate_check(struct config *c, struct successor *next, struct error *err)
{
	struct version *candidate = version_current(c, DATASTORE_CANDIDATE);
	struct draft draft;
	int result = 0;

	if (c->checked != NULL && c->n_checked == config_version(c)) {
		next->version = candidate;
		next->site = c->checked;
		c->checked = NULL;
		return 0;
	}
	draft_init(&draft, &c->model, candidate);
	version_unref(candidate);
	result = config_check(c, &draft, &next->version, &next->site, err);
	draft_fini(&draft);
	return result;
}

static int candidate_may(struct config *c, const struct config_actor *actor, struct error *err)
{
	struct version *before, *after;
	struct lyd_node *gone, *come;

	if (actor->access == NULL)
		return 0;
	before = version_current(c, DATASTORE_RUNNING);
	after = version_current(c, DATASTORE_CANDIDATE);
	version_difference(before, after, &gone, &come);
	version_unref(before);
	version_unref(after);
	int result = config_check_access(actor, gone, come, err);
	lyd_free_siblings(gone);
	lyd_free_siblings(come);
	return result;
}

static int commit_locked(
        struct config *c, const struct config_actor *actor, const struct config_commit *options, struct error *err)
{
	const struct commit_event event = {.kind = COMMIT_ASKED,
	        .session = actor->session,
	        .user = actor->user,
	        .confirmed = options->confirmed,
	        .timeout_s = options->timeout_s,
	        .persist = options->persist,
	        .persist_id = options->persist_id};
	char *comment = commit_comment(options);
	struct successor next = {.comment = comment, .override = options->override, .actor = actor, .renews = true};
	int result = 0;

	if (version_is_set(c, DATASTORE_CANDIDATE)) {
		result = candidate_may(c, actor, err);
		if (result == 0)
			result = candidate_check(c, &next, err);
		if (result == 0)
			result = successor_prepare(c, &next, err);
	}
	if (result == 0)
		result = step(c, &event, &next, err);
	if (result == 0)
		candidate_set(c, NULL, NULL);
	successor_fini(&next);
	free(comment);
	return result;
}

int config_commit(
        struct config *c, const struct config_actor *actor, const struct config_commit *options, struct error *err)
{
	static const struct config_commit plain;
	int result;

	pthread_mutex_lock(&c->writer);
	result = check_writable(c, actor, DATASTORE_RUNNING, err);
	if (result == 0)
		result = check_writable(c, actor, DATASTORE_CANDIDATE, err);
	if (result == 0)
		result = commit_locked(c, actor, options != NULL ? options : &plain, err);
	pthread_mutex_unlock(&c->writer);
	return result;
}

int config_cancel_commit(struct config *c, const struct config_actor *actor, const char *persist_id, struct error *err)
{
	const struct commit_event event = {
	        .kind = COMMIT_CANCEL_ASKED, .session = actor->session, .user = actor->user, .persist_id = persist_id};
	struct successor nothing = {.actor = actor};

	pthread_mutex_lock(&c->writer);
	int result = step(c, &event, &nothing, err);
	pthread_mutex_unlock(&c->writer);
	return result;
}

void running_session_ended(struct config *c, uint32_t session)
{
	const struct commit_event event = {.kind = COMMIT_SESSION_ENDED, .session = session};
	struct successor nothing = {0};
	struct error err;

	/* A failure is logged, and tried again. */
	if (step(c, &event, &nothing, &err) != 0)
		return;
}

void config_tick(struct config *c)
{
	const struct commit_event event = {.kind = COMMIT_TIME};
	struct successor nothing = {0};
	struct error err;
	uint64_t times;

	if (read(c->timer_fd, &times, sizeof(times)) < 0 && errno != EAGAIN)
		log_warning("configuration: timer: %s", strerror(errno));
	pthread_mutex_lock(&c->writer);
	if (step(c, &event, &nothing, &err) == 0)
		timer_set(c);
	pthread_mutex_unlock(&c->writer);
}

int config_timer_fd(const struct config *c)
{
	return c->timer_fd;
}

void config_on_changed(struct config *c, config_changed *each, void *ctx)
{
	pthread_mutex_lock(&c->writer);
	c->on_changed = each;
	c->on_changed_ctx = ctx;
	pthread_mutex_unlock(&c->writer);
}

void config_on_confirmed(struct config *c, config_confirmed *each, void *ctx)
{
	pthread_mutex_lock(&c->writer);
	c->on_confirmed = each;
	c->on_confirmed_ctx = ctx;
	pthread_mutex_unlock(&c->writer);
}

/* NULL: never written. */
static void startup_set(struct config *c, const struct config_actor *actor, struct version *v)
{
	pthread_mutex_lock(&c->state);
	struct version *old = c->version[DATASTORE_STARTUP];
	c->version[DATASTORE_STARTUP] = v;
	pthread_mutex_unlock(&c->state);
	tell_changed(c, actor, DATASTORE_STARTUP, old, v);
	version_unref(old);
}

int startup_write(
        struct config *c, const struct config_actor *actor, struct draft *draft, const char *comment, struct error *err)
{
	struct successor next = {.comment = comment, .actor = actor};
	int result;

	result = config_check(c, draft, &next.version, &next.site, err);
	if (result == 0)
		result = successor_prepare(c, &next, err);
	/* A boot cannot ask anybody: whom it would cut off is refused while somebody can still do something about it. */
	if (result == 0 && strcmp(next.json, c->stored) != 0 && carry_concerns(c, next.version))
		result = carry_try(c, actor, next.site, err);
	if (result == 0 && c->journal != NULL)
		result = journal_commit(c->journal,
		        &(struct journal_commit){.datastore = "startup",
		                .json = next.json,
		                .user = actor->user,
		                .session = actor->session,
		                .comment = comment},
		        err);
	if (result == 0) {
		startup_set(c, actor, next.version);
		next.version = NULL;
	}
	successor_fini(&next);
	return result;
}

int startup_delete(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err)
{
	const struct journal_commit commit = {
	        .datastore = "startup", .user = actor->user, .session = actor->session, .comment = "delete-config"};

	if (d != DATASTORE_STARTUP)
		return error_set(err, ERR_UNSUPPORTED, NULL,
		        "%s cannot be deleted, only startup can; copy an empty <config> to it instead",
		        datastore_name(d));
	if (!version_is_set(c, d))
		return startup_missing(c, ", so there is nothing to delete", err);
	if (c->journal != NULL && journal_delete(c->journal, &commit, err) != 0)
		return -1;
	startup_set(c, actor, NULL);
	return 0;
}
