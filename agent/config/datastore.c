/*
 * The datastores: edits, copies, commits and locks come in, immutable trees and a site go out. A writer works on a
 * copy, has it validated and written to the journal, and only then puts it in place, so that readers never wait for it
 * and a failure leaves everything as it was. Refused are writes to what another session has locked.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"
#include "portcullis/pins.h"

#define N_DATASTORE 2

/* A tree that nobody changes any more. Duplicating and printing one is safe from several threads, searching is not. */
struct version {
	atomic_int refs;
	struct lyd_node *root;
};

struct config {
	struct ly_ctx *ctx;
	struct journal *journal;
	int event_fd;
	pthread_mutex_t
	        writer; /* one writer at a time, from the look at the locks to the swap; also guards catalog, stored */
	struct catalog *catalog; /* installed, or NULL */
	struct pins *pins; /* or NULL */
	char *stored; /* running as the journal has it */
	struct site *site; /* of running, for the ids; NULL while running does not convert */
	struct retired retired; /* ids of what running had once */
	pthread_mutex_t state; /* what follows; taken after writer, for moments only */
	struct version *running;
	struct version *candidate; /* NULL: not changed since the last commit, so it is running */
	uint32_t holder[N_DATASTORE];
};

const char *datastore_name(enum datastore d)
{
	return d == DATASTORE_RUNNING ? "running" : "candidate";
}

static struct version *version_new(struct lyd_node *root)
{
	struct version *v = xcalloc(1, sizeof(*v));
	atomic_init(&v->refs, 1);
	v->root = root;
	return v;
}

static void version_unref(struct version *v)
{
	if (v == NULL || atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	lyd_free_siblings(v->root);
	free(v);
}

static struct version *version_current(struct config *c, enum datastore d)
{
	pthread_mutex_lock(&c->state);
	struct version *v = d == DATASTORE_CANDIDATE && c->candidate != NULL ? c->candidate : c->running;
	atomic_fetch_add(&v->refs, 1);
	pthread_mutex_unlock(&c->state);
	return v;
}

struct lyd_node *config_get(struct config *c, enum datastore d)
{
	struct version *v = version_current(c, d);
	struct lyd_node *copy = tree_dup(v->root);
	version_unref(v);
	return copy;
}

static void version_set(struct config *c, enum datastore d, struct version *v)
{
	struct version *old;

	pthread_mutex_lock(&c->state);
	old = d == DATASTORE_CANDIDATE ? c->candidate : c->running;
	if (d == DATASTORE_CANDIDATE)
		c->candidate = v;
	else
		c->running = v;
	pthread_mutex_unlock(&c->state);
	version_unref(old);
}

static bool candidate_changed(struct config *c)
{
	pthread_mutex_lock(&c->state);
	bool changed = c->candidate != NULL;
	pthread_mutex_unlock(&c->state);
	return changed;
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
	snprintf(session, sizeof(session), "%u", holder);
	return error_set(err, ERR_IN_USE, session,
	        "datastore %s is locked by session %u; wait for its unlock or end that session", datastore_name(d),
	        holder);
}

static int check_writable(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err)
{
	uint32_t holder = config_lock_holder(c, d);
	return holder == 0 || holder == actor->session ? 0 : in_use(d, holder, err);
}

/* With what is installed, and with what the site pins otherwise. */
static int packs_check(struct config *c, const struct site *site, struct error *err)
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

/* Model first, then what the model cannot say. The ids of the site are those that the tree will get. */
static int check(struct config *c, struct lyd_node **root, struct site **out, struct error *err)
{
	if (tree_validate(c->ctx, root, err) != 0 || ids_site(*root, c->site, &c->retired, out, err) != 0)
		return -1;
	if (packs_check(c, *out, err) == 0)
		return 0;
	site_free(*out);
	*out = NULL;
	return -1;
}

bool datastore_is_empty(const struct config *c)
{
	return strcmp(c->stored, "{}") == 0;
}

static void running_changed(struct config *c)
{
	uint64_t one = 1;

	/* Only a full counter refuses, and then the reader has been told already. */
	if (write(c->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warning("configuration: event not delivered: %s", strerror(errno));
}

/*
 * Put *root in the place of running: ids stored, pinned packs kept, journal written, then the swap. Takes *root over on
 * success.
 */
static int publish(struct config *c, const struct config_actor *actor, struct lyd_node **root, const char *comment,
        struct error *err)
{
	struct retired gone = {0};
	struct site *site = NULL;
	char *json = NULL;
	int result = -1;

	if (check(c, root, &site, err) != 0 || ids_store(*root, site, err) != 0 || tree_print(*root, &json, err) != 0)
		goto out;
	if (strcmp(json, c->stored) == 0) {
		result = 0;
		goto out;
	}
	if (c->catalog != NULL && pins_keep(c->pins, site, c->catalog, err) != 0)
		goto out;
	if (c->site != NULL)
		ids_retire(c->site, site, &gone);
	const struct journal_commit commit = {"running", json, actor->user, comment, actor->session, gone.id, gone.n};
	if (c->journal != NULL && journal_commit(c->journal, &commit, err) != 0)
		goto out;
	retired_join(&c->retired, &gone);
	version_set(c, DATASTORE_RUNNING, version_new(*root));
	*root = NULL;
	free(c->stored);
	c->stored = json;
	json = NULL;
	site_free(c->site);
	c->site = site;
	site = NULL;
	running_changed(c);
	result = 0;
out:
	retired_fini(&gone);
	free(json);
	site_free(site);
	return result;
}

/* Where an edited copy goes, after the test that the options ask for. Takes *root over on success. */
static int store(struct config *c, const struct config_actor *actor, enum datastore target, enum test_option test,
        const char *comment, struct lyd_node **root, struct error *err)
{
	struct site *site = NULL;

	if (target == DATASTORE_RUNNING && test != TEST_ONLY)
		return publish(c, actor, root, comment, err);
	if (test == TEST_SET) {
		if (lyd_new_implicit_all(root, c->ctx, LYD_IMPLICIT_NO_STATE, NULL) != LY_SUCCESS)
			return context_error(c->ctx, ERR_INTERNAL, NULL, err);
	} else if (check(c, root, &site, err) != 0) {
		return -1;
	}
	site_free(site);
	if (test == TEST_ONLY)
		return 0;
	version_set(c, DATASTORE_CANDIDATE, version_new(*root));
	*root = NULL;
	return 0;
}

static int edit_locked(struct config *c, const struct config_actor *actor, enum datastore target, const char *xml,
        enum edit_operation operation, enum test_option test, const char *comment, struct error *err)
{
	struct lyd_node *root = NULL;
	int result = -1;

	if (check_writable(c, actor, target, err) != 0)
		return -1;
	if (operation != EDIT_REPLACE)
		root = config_get(c, target);
	if (edit_apply(c->ctx, &root, xml, operation, err) == 0)
		result = store(c, actor, target, test, comment, &root, err);
	lyd_free_siblings(root);
	return result;
}

int config_edit(struct config *c, const struct config_actor *actor, enum datastore target, const char *xml,
        enum edit_operation default_operation, enum test_option test, struct error *err)
{
	pthread_mutex_lock(&c->writer);
	int result = edit_locked(c, actor, target, xml, default_operation, test, "edit-config", err);
	pthread_mutex_unlock(&c->writer);
	return result;
}

int config_replace(
        struct config *c, const struct config_actor *actor, enum datastore target, const char *xml, struct error *err)
{
	const char *comment = xml != NULL ? "copy-config" : "delete-config";

	pthread_mutex_lock(&c->writer);
	int result = edit_locked(c, actor, target, xml != NULL ? xml : "", EDIT_REPLACE, TEST_THEN_SET, comment, err);
	pthread_mutex_unlock(&c->writer);
	return result;
}

int config_copy(struct config *c, const struct config_actor *actor, enum datastore source, enum datastore target,
        struct error *err)
{
	struct lyd_node *root = NULL;
	int result;

	if (source == target)
		return error_set(err, ERR_INVALID, NULL, "source and target are both %s; name two datastores",
		        datastore_name(source));
	pthread_mutex_lock(&c->writer);
	result = check_writable(c, actor, target, err);
	if (result == 0 && target == DATASTORE_CANDIDATE) {
		version_set(c, DATASTORE_CANDIDATE, NULL);
	} else if (result == 0) {
		root = config_get(c, source);
		result = publish(c, actor, &root, "copy-config", err);
	}
	pthread_mutex_unlock(&c->writer);
	lyd_free_siblings(root);
	return result;
}

int config_validate(struct config *c, enum datastore d, struct error *err)
{
	struct lyd_node *root = config_get(c, d);
	struct site *site = NULL;

	pthread_mutex_lock(&c->writer);
	int result = check(c, &root, &site, err);
	pthread_mutex_unlock(&c->writer);
	site_free(site);
	lyd_free_siblings(root);
	return result;
}

int config_validate_xml(struct config *c, const char *xml, struct error *err)
{
	struct lyd_node *root = NULL;
	struct site *site = NULL;

	pthread_mutex_lock(&c->writer);
	int result = edit_apply(c->ctx, &root, xml, EDIT_REPLACE, err);
	if (result == 0)
		result = check(c, &root, &site, err);
	pthread_mutex_unlock(&c->writer);
	site_free(site);
	lyd_free_siblings(root);
	return result;
}

int config_commit(struct config *c, const struct config_actor *actor, struct error *err)
{
	struct lyd_node *root = NULL;
	int result;

	pthread_mutex_lock(&c->writer);
	result = check_writable(c, actor, DATASTORE_RUNNING, err);
	if (result == 0)
		result = check_writable(c, actor, DATASTORE_CANDIDATE, err);
	if (result == 0 && candidate_changed(c)) {
		root = config_get(c, DATASTORE_CANDIDATE);
		result = publish(c, actor, &root, "commit", err);
		if (result == 0)
			version_set(c, DATASTORE_CANDIDATE, NULL);
	}
	pthread_mutex_unlock(&c->writer);
	lyd_free_siblings(root);
	return result;
}

int config_discard(struct config *c, const struct config_actor *actor, struct error *err)
{
	pthread_mutex_lock(&c->writer);
	int result = check_writable(c, actor, DATASTORE_CANDIDATE, err);
	if (result == 0)
		version_set(c, DATASTORE_CANDIDATE, NULL);
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
	else if (d == DATASTORE_CANDIDATE && candidate_changed(c))
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
		version_set(c, DATASTORE_CANDIDATE, NULL);
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
	for (enum datastore d = DATASTORE_RUNNING; session != 0 && d <= DATASTORE_CANDIDATE; d++)
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
	struct lyd_node *root = config_get(c, DATASTORE_RUNNING);
	int result = ids_site(root, NULL, NULL, out, err);

	lyd_free_siblings(root);
	return result;
}

/* The daemon's own first commit; see config_load_file(). Takes *root over on success. */
int datastore_init(struct config *c, struct lyd_node **root, const char *file, struct error *err)
{
	struct config_actor daemon = {0, "portcullisd"};
	char comment[256];
	int result = 0;

	snprintf(comment, sizeof(comment), "load %s", file);
	pthread_mutex_lock(&c->writer);
	if (datastore_is_empty(c))
		result = publish(c, &daemon, root, comment, err);
	pthread_mutex_unlock(&c->writer);
	return result;
}

/* The catalog is not asked: a pack that went away must not keep the agent from starting. */
static int load_running(struct config *c, struct error *err)
{
	struct lyd_node *root = NULL;
	struct retired_id *id = NULL;
	size_t n = 0;
	int result = -1;

	c->stored = NULL;
	if (c->journal != NULL && (journal_load(c->journal, "running", &c->stored, err) != 0 ||
	                                  journal_retired(c->journal, &id, &n, err) != 0))
		return -1;
	retired_init(&c->retired, id, n);
	if (c->stored == NULL)
		c->stored = xstrdup("{}");
	if (tree_parse(c->ctx, c->stored, &root, err) != 0 || tree_validate(c->ctx, &root, err) != 0 ||
	        ids_site(root, NULL, NULL, &c->site, err) != 0) {
		error_prefix(err, "stored configuration");
		goto out;
	}
	c->running = version_new(root);
	root = NULL;
	result = 0;
out:
	lyd_free_siblings(root);
	return result;
}

int config_open(
        const char *yang_dir, struct journal *journal, struct catalog *catalog, struct config **out, struct error *err)
{
	struct config *c = xcalloc(1, sizeof(*c));

	*out = NULL;
	c->journal = journal;
	c->catalog = catalog;
	pthread_mutex_init(&c->writer, NULL);
	pthread_mutex_init(&c->state, NULL);
	c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->event_fd < 0)
		error_set(err, ERR_IO, NULL, "cannot make an event descriptor: %s", strerror(errno));
	else if (context_server_new(yang_dir, &c->ctx, err) == 0 && load_running(c, err) == 0) {
		*out = c;
		return 0;
	}
	config_close(c);
	return -1;
}

void config_close(struct config *c)
{
	if (c == NULL)
		return;
	version_unref(c->candidate);
	version_unref(c->running);
	site_free(c->site);
	retired_fini(&c->retired);
	free(c->stored);
	if (c->event_fd >= 0)
		close(c->event_fd);
	pthread_mutex_destroy(&c->state);
	pthread_mutex_destroy(&c->writer);
	ly_ctx_destroy(c->ctx);
	free(c);
}
