/*
 * The datastores: edits, copies, commits and locks come in, immutable trees and a site go out. A writer works on a
 * copy, has it validated and written to the journal, and only then puts it in place, so that readers never wait for it
 * and a failure leaves everything as it was. Refused are writes to what another session has locked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/acm_path.h"
#include "config/store.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"
#include "portcullis/pins.h"

const char *datastore_name(enum datastore d)
{
	static const char *const names[] = {
	        [DATASTORE_RUNNING] = "running", [DATASTORE_CANDIDATE] = "candidate", [DATASTORE_STARTUP] = "startup"};

	return names[d];
}

bool datastore_find(const char *name, enum datastore *out)
{
	for (enum datastore d = DATASTORE_RUNNING; d < DATASTORE_N; d++)
		if (strcmp(name, datastore_name(d)) == 0) {
			*out = d;
			return true;
		}
	return false;
}

struct version *version_current(struct config *c, enum datastore d)
{
	static struct version empty = {.refs = 1};
	struct version *v;

	pthread_mutex_lock(&c->state);
	v = c->version[d];
	/* Candidate is running until it is changed. */
	if (v == NULL)
		v = d == DATASTORE_CANDIDATE ? c->version[DATASTORE_RUNNING] : &empty;
	version_ref(v);
	pthread_mutex_unlock(&c->state);
	return v;
}

struct lyd_node *config_get(struct config *c, enum datastore d)
{
	struct version *v = version_current(c, d);
	struct lyd_node *copy = version_tree(v);
	version_unref(v);
	return copy;
}

struct lyd_node *config_get_top(struct config *c, enum datastore d, const char *module, const char *name)
{
	struct version *v = version_current(c, d);
	const struct part *part = version_part(v, model_place_named(&c->model, module, name));
	struct lyd_node *copy = part != NULL ? tree_dup(part->node) : NULL;
	version_unref(v);
	return copy;
}

uint64_t config_version(struct config *c)
{
	return atomic_load(&c->n_running);
}

void config_limits(struct config *c, struct config_limits *out)
{
	struct version *v = version_current(c, DATASTORE_RUNNING);
	const struct part *server = version_part(v, model_place_named(&c->model, "portcullis", "netconf-server"));
	limits_read(server != NULL ? server->node : NULL, out);
	version_unref(v);
}

void candidate_set(struct config *c, struct version *version, struct site *site)
{
	struct version *old;

	pthread_mutex_lock(&c->state);
	old = c->version[DATASTORE_CANDIDATE];
	c->version[DATASTORE_CANDIDATE] = version;
	pthread_mutex_unlock(&c->state);
	site_free(c->checked);
	c->checked = site;
	c->n_checked = config_version(c);
	version_unref(old);
}

bool version_is_set(struct config *c, enum datastore d)
{
	pthread_mutex_lock(&c->state);
	bool set = c->version[d] != NULL;
	pthread_mutex_unlock(&c->state);
	return set;
}

uint32_t config_lock_holder(struct config *c, enum datastore d)
{
	pthread_mutex_lock(&c->state);
	uint32_t holder = c->holder[d];
	pthread_mutex_unlock(&c->state);
	return holder;
}

static void holder_set(struct config *c, enum datastore d, uint32_t session)
{
	pthread_mutex_lock(&c->state);
	c->holder[d] = session;
	pthread_mutex_unlock(&c->state);
}

static int in_use(enum datastore d, uint32_t holder, struct error *err)
{
	char session[16];

	/* RFC 6241 section 7.5: 0 is somebody who is no NETCONF session. */
	if (holder == SETTINGS_SESSION)
		return error_set(err, ERR_IN_USE, "0", "datastore %s is being changed over SNMP; try again in a moment",
		        datastore_name(d));
	snprintf(session, sizeof(session), "%u", holder);
	return error_set(err, ERR_IN_USE, session,
	        "datastore %s is locked by session %u; wait for its unlock or end that session", datastore_name(d),
	        holder);
}

int check_writable(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err)
{
	uint32_t holder = config_lock_holder(c, d);
	return holder == 0 || holder == actor->session ? 0 : in_use(d, holder, err);
}

int config_check_access(const struct config_actor *actor, const struct lyd_node *before, const struct lyd_node *after,
        struct error *err)
{
	if (actor->access == NULL)
		return 0;
	return actor->access->may_write(actor->access->ctx, before, after, err);
}

int config_check_draft_access(const struct config_actor *actor, const struct draft *draft, struct error *err)
{
	if (actor->access == NULL)
		return 0;
	struct lyd_node *before = draft_before(draft);
	int result = config_check_access(actor, before, draft->root, err);
	lyd_free_siblings(before);
	return result;
}

void draft_of_tree(struct draft *draft, const struct model *model, struct version *base, struct lyd_node **root)
{
	struct lyd_node *node = *root, *next;

	*root = NULL;
	draft_init(draft, model, base);
	draft_clear(draft);
	for (; node != NULL; node = next) {
		next = node->next;
		lyd_unlink_tree(node);
		draft_insert(draft, node);
	}
}

/* With what is installed, and with what the site pins otherwise. */
int config_check_packs(struct config *c, const struct site *site, struct error *err)
{
	struct catalog *catalog;

	if (c->catalog == NULL)
		return 0;
	if (pins_catalog(c->pins, site, c->catalog, &catalog, err) != 0)
		return -1;
	int result = site_check(site, catalog, err);
	catalog_free(catalog);
	return result;
}

int config_check(struct config *c, struct draft *draft, struct version **version, struct site **site, struct error *err)
{
	*version = NULL;
	*site = NULL;
	if (draft_validate(draft, err) != 0 || acm_check(draft->root, err) != 0)
		return -1;
	*version = draft_version(draft, true);
	if (version_site(*version, site, err) == 0 && ids_derive(*site, c->site, &c->retired, err) == 0 &&
	        config_check_packs(c, *site, err) == 0)
		return 0;
	site_free(*site);
	version_unref(*version);
	*site = NULL;
	*version = NULL;
	return -1;
}

bool datastore_is_empty(const struct config *c)
{
	return strcmp(c->stored, "{}") == 0;
}

/* Where a draft goes, after the test that the options ask for. */
static int store(struct config *c, const struct config_actor *actor, enum datastore target, enum test_option test,
        const char *comment, struct draft *draft, struct error *err)
{
	struct version *version = NULL;
	struct site *site = NULL;

	if (target == DATASTORE_RUNNING && test != TEST_ONLY)
		return running_change(c, actor, draft, comment, err);
	if (target == DATASTORE_STARTUP && test != TEST_ONLY)
		return startup_write(c, actor, draft, comment, err);
	if (test == TEST_SET) {
		if (draft_complete(draft, err) != 0)
			return -1;
		version = draft_version(draft, false);
	} else if (config_check(c, draft, &version, &site, err) != 0) {
		return -1;
	}
	if (test == TEST_ONLY) {
		/* What would be refused then is refused now (RFC 6241 section 7.2, test-option). */
		int result = target == DATASTORE_RUNNING ? carry_try(c, actor, site, err) : 0;
		site_free(site);
		version_unref(version);
		return result;
	}
	candidate_set(c, version, site);
	return 0;
}

/* The draft of what is in a datastore now. */
static void draft_begin(struct draft *draft, struct config *c, enum datastore d)
{
	struct version *v = version_current(c, d);

	draft_init(draft, &c->model, v);
	version_unref(v);
}

static int edit_locked(struct config *c, const struct config_actor *actor, const struct config_edit *edit,
        const char *comment, struct errors *faults, struct error *err)
{
	struct draft draft;
	size_t before = faults->n;
	int result = -1;

	if (check_writable(c, actor, edit->target, err) != 0)
		return -1;
	draft_begin(&draft, c, edit->target);
	bool whole = edit_apply(&draft, edit->xml, edit->default_operation, actor->access, faults, err) == 0;
	if (whole || (edit->goes_on && faults->n > before)) {
		struct error other;
		result = config_check_draft_access(actor, &draft, &other);
		if (result == 0)
			result = store(c, actor, edit->target, edit->test, comment, &draft, &other);
		if (result != 0)
			errors_add(faults, &other);
		if (result != 0 && whole && err != NULL)
			*err = other;
	} else if (faults->n == before && err != NULL) {
		errors_add(faults, err);
	}
	draft_fini(&draft);
	return whole ? result : -1;
}

int config_edit(struct config *c, const struct config_actor *actor, const struct config_edit *edit,
        struct errors *faults, struct error *err)
{
	struct errors own = {0};

	pthread_mutex_lock(&c->writer);
	int result = edit_locked(c, actor, edit, "edit-config", faults != NULL ? faults : &own, err);
	pthread_mutex_unlock(&c->writer);
	errors_fini(&own);
	return result;
}

int config_replace(
        struct config *c, const struct config_actor *actor, enum datastore target, const char *xml, struct error *err)
{
	const struct config_edit edit = {target, xml != NULL ? xml : "", EDIT_REPLACE, TEST_THEN_SET, false};
	const char *comment = xml != NULL ? "copy-config" : "delete-config";
	struct errors faults = {0};

	pthread_mutex_lock(&c->writer);
	int result = edit_locked(c, actor, &edit, comment, &faults, err);
	pthread_mutex_unlock(&c->writer);
	errors_fini(&faults);
	return result;
}

int config_copy(struct config *c, const struct config_actor *actor, enum datastore source, enum datastore target,
        struct error *err)
{
	bool whole = actor->access == NULL, hidden = false;
	struct lyd_node *root;
	struct version *old;
	struct draft draft = {0};
	int result;

	/* RFC 8341, "<copy-config> Operation": whoever may execute this keeps what is there, and sees nothing of it. */
	whole |= source == DATASTORE_RUNNING && target == DATASTORE_STARTUP;
	if (source == target)
		return error_set(err, ERR_INVALID, NULL, "source and target are both %s; name two datastores",
		        datastore_name(source));
	pthread_mutex_lock(&c->writer);
	result = check_writable(c, actor, target, err);
	if (result == 0 && source == DATASTORE_STARTUP && !version_is_set(c, source))
		result = startup_missing(c, "; copy running to it first", err);
	if (result == 0) {
		root = config_get(c, source);
		hidden = !whole && actor->access->hide(actor->access->ctx, &root);
		old = version_current(c, target);
		draft_of_tree(&draft, &c->model, old, &root);
		version_unref(old);
		result = whole ? 0 : config_check_draft_access(actor, &draft, err);
	}
	if (result == 0 && target == DATASTORE_CANDIDATE && source == DATASTORE_RUNNING && !hidden)
		candidate_set(c, NULL, NULL);
	else if (result == 0)
		result = store(c, actor, target, TEST_THEN_SET, "copy-config", &draft, err);
	pthread_mutex_unlock(&c->writer);
	draft_fini(&draft);
	return result;
}

int config_delete(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err)
{
	pthread_mutex_lock(&c->writer);
	int result = check_writable(c, actor, d, err);
	if (result == 0)
		result = startup_delete(c, actor, d, err);
	pthread_mutex_unlock(&c->writer);
	return result;
}

int config_validate(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err)
{
	struct version *version = NULL;
	struct site *site = NULL;
	struct draft draft;

	pthread_mutex_lock(&c->writer);
	draft_begin(&draft, c, d);
	int result = config_check(c, &draft, &version, &site, err);
	if (result == 0 && d == DATASTORE_CANDIDATE)
		result = carry_try(c, actor, site, err);
	pthread_mutex_unlock(&c->writer);
	site_free(site);
	version_unref(version);
	draft_fini(&draft);
	return result;
}

int config_site_of(struct config *c, enum datastore d, struct site **site, struct catalog **catalog, struct error *err)
{
	struct version *version = NULL;
	struct draft draft;

	*catalog = NULL;
	pthread_mutex_lock(&c->writer);
	draft_begin(&draft, c, d);
	int result = config_check(c, &draft, &version, site, err);
	if (result == 0 && c->catalog == NULL)
		result = error_set(err, ERR_UNAVAILABLE, NULL, "there is no catalog yet; try again in a moment");
	else if (result == 0)
		result = pins_catalog(c->pins, *site, c->catalog, catalog, err);
	pthread_mutex_unlock(&c->writer);
	if (result != 0) {
		site_free(*site);
		*site = NULL;
	}
	version_unref(version);
	draft_fini(&draft);
	return result;
}

int config_validate_xml(struct config *c, const struct config_actor *actor, const char *xml, struct error *err)
{
	struct version *version = NULL;
	struct site *site = NULL;
	struct draft draft;

	/* Reading what may be 32 MB keeps nobody from writing. */
	draft_init(&draft, &c->model, NULL);
	int result = edit_apply(&draft, xml, EDIT_REPLACE, NULL, NULL, err);
	pthread_mutex_lock(&c->writer);
	if (result == 0)
		result = config_check(c, &draft, &version, &site, err);
	if (result == 0)
		result = carry_try(c, actor, site, err);
	pthread_mutex_unlock(&c->writer);
	site_free(site);
	version_unref(version);
	draft_fini(&draft);
	return result;
}

int config_discard(struct config *c, const struct config_actor *actor, struct error *err)
{
	pthread_mutex_lock(&c->writer);
	int result = check_writable(c, actor, DATASTORE_CANDIDATE, err);
	if (result == 0)
		candidate_set(c, NULL, NULL);
	pthread_mutex_unlock(&c->writer);
	return result;
}

int config_lock(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err)
{
	int result = 0;

	pthread_mutex_lock(&c->writer);
	uint32_t holder = config_lock_holder(c, d);
	if (holder != 0)
		result = in_use(d, holder, err);
	else if (d == DATASTORE_RUNNING &&
	         commit_check_lock(&c->commit, actor->session, clock_monotonic_ms(), err) != 0)
		result = -1;
	else if (d == DATASTORE_CANDIDATE && version_is_set(c, DATASTORE_CANDIDATE))
		result = error_set(err, ERR_IN_USE, "0",
		        "datastore candidate has changes that are not committed; commit or discard them first");
	else
		holder_set(c, d, actor->session);
	pthread_mutex_unlock(&c->writer);
	return result;
}

/* RFC 6241 section 8.3.5.2: changes to candidate do not outlive its lock. */
static void release(struct config *c, enum datastore d)
{
	holder_set(c, d, 0);
	if (d == DATASTORE_CANDIDATE)
		candidate_set(c, NULL, NULL);
}

int config_unlock(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err)
{
	int result = 0;

	pthread_mutex_lock(&c->writer);
	uint32_t holder = config_lock_holder(c, d);
	if (holder == 0)
		result = error_set(err, ERR_USAGE, NULL, "datastore %s is not locked", datastore_name(d));
	else if (holder != actor->session)
		result = in_use(d, holder, err);
	else
		release(c, d);
	pthread_mutex_unlock(&c->writer);
	return result;
}

void config_session_end(struct config *c, uint32_t session)
{
	pthread_mutex_lock(&c->writer);
	if (session != 0)
		running_session_ended(c, session);
	for (enum datastore d = DATASTORE_RUNNING; session != 0 && d < DATASTORE_N; d++)
		if (config_lock_holder(c, d) == session)
			release(c, d);
	pthread_mutex_unlock(&c->writer);
}

void config_set_catalog(struct config *c, struct catalog *catalog)
{
	pthread_mutex_lock(&c->writer);
	c->catalog = catalog;
	pthread_mutex_unlock(&c->writer);
}

void config_set_pins(struct config *c, struct pins *pins)
{
	pthread_mutex_lock(&c->writer);
	c->pins = pins;
	pthread_mutex_unlock(&c->writer);
}

const struct ly_ctx *config_context(const struct config *c)
{
	return c->ctx;
}

int config_event_fd(const struct config *c)
{
	return c->event_fd;
}

int config_site(struct config *c, struct site **out, struct error *err)
{
	struct version *v = version_current(c, DATASTORE_RUNNING);
	int result = version_site(v, out, err);

	version_unref(v);
	if (result == 0 && ids_derive(*out, NULL, NULL, err) != 0) {
		site_free(*out);
		*out = NULL;
		result = -1;
	}
	return result;
}
