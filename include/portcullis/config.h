#ifndef PORTCULLIS_CONFIG_H
#define PORTCULLIS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "portcullis/deployment.h"
#include "portcullis/error.h"
#include "portcullis/flow.h"
#include "portcullis/journal.h"

/*
 * Configuration: the datastores running and candidate as libyang trees (only inside), kept in the journal, and the step
 * from a tree to a struct site. No NETCONF library here. Safe from any thread: writers take turns, each from the look at
 * the locks to the end of its step; readers get the last whole version and wait for nobody.
 */
struct config;
struct ly_ctx; /* libyang's, opaque here */
struct lyd_node; /* libyang's, opaque here */

enum datastore { DATASTORE_RUNNING, DATASTORE_CANDIDATE, DATASTORE_STARTUP, DATASTORE_N };
const char *datastore_name(enum datastore d);
/** @return false: none has this name. */
bool datastore_find(const char *name, enum datastore *out);

enum edit_operation { EDIT_MERGE, EDIT_REPLACE, EDIT_NONE };
enum test_option { TEST_THEN_SET, TEST_SET, TEST_ONLY };

enum config_right { RIGHT_READ, RIGHT_CREATE, RIGHT_UPDATE, RIGHT_DELETE };
/** What a user may do to the content of datastores, asked before anything is changed. */
struct config_access {
	void *ctx;
	/** Take out of a tree that is to be copied, and is the caller's own, what may not be read. @return whether there was any. */
	bool (*hide)(void *ctx, struct lyd_node **tree);
	/** May `after` take the place of `before`, which others read too? @return 0, or -1 with ERR_DENIED. */
	int (*may_write)(void *ctx, const struct lyd_node *before, const struct lyd_node *after, struct error *err);
	/** Has he this right to a node, without what is above and below? To read an entry of a list is to read its keys. */
	bool (*permits)(void *ctx, enum config_right right, const struct lyd_node *node);
	/** He is told that he has not. @return -1, ERR_DENIED. */
	int (*deny)(void *ctx, enum config_right right, const struct lyd_node *node, struct error *err);
};

/** Who asks: for locks and the journal. */
struct config_actor {
	uint32_t session; /**< NETCONF session id; 0: the daemon itself */
	const char *user;
	const struct config_access *access; /**< NULL: he may do everything */
	const struct flow_peer *peer; /**< the other end of the session's connection; NULL: it is on this device */
};

/**
 * Make the schema context (our modules, the IETF modules of the server) and load running from the journal.
 *
 * @param journal  borrowed; NULL: nothing is kept.
 * @param catalog  for site_check(), NULL: only the model is checked; borrowed until config_set_catalog() or
 *                 config_close().
 * @return 0, or -1: ERR_NOT_FOUND (a YANG module is missing: which, and the Debian package that brings it),
 *         ERR_INVALID (the stored configuration no longer fits the model: where).
 */
int config_open(const char *yang_dir, struct journal *journal, struct catalog *catalog, struct config **out,
        struct error *err) MUST_USE;
void config_close(struct config *c);
void config_set_catalog(struct config *c, struct catalog *catalog);
/** Where copies of pinned packs are: commits make and use them. Borrowed until config_close(); NULL: there are none. */
struct pins;
void config_set_pins(struct config *c, struct pins *pins);

/** The schema context; lives as long as the config. All server modules are implemented in it. */
const struct ly_ctx *config_context(const struct config *c);
/** A context with our modules alone, for offline commands; free it with config_context_free(). */
int config_context_new(const char *yang_dir, struct ly_ctx **out, struct error *err) MUST_USE;
void config_context_free(struct ly_ctx *ctx);

/** A copy of a datastore's tree (NULL when empty); the caller frees it (lyd_free_siblings). */
struct lyd_node *config_get(struct config *c, enum datastore d);
/** A copy of one node at the top of a datastore, or NULL; the caller frees it. */
struct lyd_node *config_get_top(struct config *c, enum datastore d, const char *module, const char *name);
/** Grows whenever running has changed: what was read after a call is not older than its result. */
uint64_t config_version(struct config *c);

/** RFC 6241 section 7.2. */
struct config_edit {
	enum datastore target;
	const char *xml; /**< the children of <config>, with nc:operation attributes */
	enum edit_operation default_operation;
	enum test_option test;
	bool goes_on; /**< continue-on-error: what is not wrong is done, if it fits the model; else all or nothing */
};
/**
 * Edit a datastore.
 *
 * @param faults  everything that is wrong with the edit is added, as far as it can be told; NULL: it is not wanted.
 * @return 0, or -1: ERR_INVALID/ERR_FORMAT with err->where the instance path, ERR_EXISTS (data-exists), ERR_NOT_FOUND
 *         (data-missing), ERR_IN_USE (locked by another session: err->where is its session id).
 */
int config_edit(struct config *c, const struct config_actor *actor, const struct config_edit *edit,
        struct errors *faults, struct error *err) MUST_USE;
/** Replace a datastore by a whole configuration (copy-config from inline XML); xml NULL: delete everything. */
int config_replace(struct config *c, const struct config_actor *actor, enum datastore target, const char *xml,
        struct error *err) MUST_USE;
int config_copy(struct config *c, const struct config_actor *actor, enum datastore source, enum datastore target,
        struct error *err) MUST_USE;
/** Would it do as running: the model, the packs, and of candidate what a carrier says to a plain commit of the actor. */
int config_validate(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err) MUST_USE;
/** The same of a whole configuration. */
int config_validate_xml(
        struct config *c, const struct config_actor *actor, const char *xml, struct error *err) MUST_USE;
/** How a commit is asked for (RFC 6241 section 8.4). */
struct config_commit {
	bool confirmed; /**< taken back unless it is confirmed by another commit within timeout_s */
	uint32_t timeout_s;
	const char *
	        persist; /**< token with which any session may confirm; NULL: only this session, whose end takes it back */
	const char *persist_id; /**< token of the pending commit; NULL: none */
	const char *comment; /**< for the history; NULL: none */
	const char *override; /**< why, although a carrier would refuse what breaks flows; NULL: it may refuse */
};
/** Candidate becomes running, durably; what was pending is confirmed. options NULL: a plain commit. */
int config_commit(struct config *c, const struct config_actor *actor, const struct config_commit *options,
        struct error *err) MUST_USE;
/** Take the pending confirmed commit back. */
int config_cancel_commit(
        struct config *c, const struct config_actor *actor, const char *persist_id, struct error *err) MUST_USE;
/** Running becomes what it was after commit `number`: an ordinary commit. ERR_NOT_FOUND: it is no longer kept. */
int config_rollback(struct config *c, const struct config_actor *actor, uint64_t number, const char *comment,
        struct error *err) MUST_USE;
/** The list of commits, as journal_history(). */
int config_history(struct config *c, uint64_t before, size_t max, struct journal_entry **out, size_t *n,
        struct error *err) MUST_USE;
/** Running before and after a commit of it, as journal_contents(); the caller frees both trees (lyd_free_siblings). */
int config_contents(struct config *c, uint64_t number, struct lyd_node **before, struct lyd_node **after,
        struct error *err) MUST_USE;
/** Startup was never written from here on. */
int config_delete(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err) MUST_USE;

/** What happens to a confirmed commit (RFC 6470, netconf-confirmed-commit). */
enum config_news { CONFIG_UNCONFIRMED, CONFIG_EXTENDED, CONFIG_CONFIRMED, CONFIG_CANCELLED, CONFIG_TIMED_OUT };
/** Called in the thread of whoever made it happen, inside the step: it must not call config_*(). timeout_s: seconds left. */
typedef void config_confirmed(void *ctx, enum config_news news, const struct config_actor *actor, uint32_t timeout_s);
void config_on_confirmed(struct config *c, config_confirmed *each, void *ctx);

/** Readable when a confirmed commit has run out of time; config_tick() takes it back. */
int config_timer_fd(const struct config *c);
void config_tick(struct config *c);
int config_discard(struct config *c, const struct config_actor *actor, struct error *err) MUST_USE;
int config_lock(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err) MUST_USE;
int config_unlock(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err) MUST_USE;
/** A session ended: its unconfirmed commit is taken back, its locks go, and an unlocked changed candidate that it locked is discarded (RFC 6241 8.3.5.2). */
void config_session_end(struct config *c, uint32_t session);
/** Session that holds the lock; 0: none. */
uint32_t config_lock_holder(struct config *c, enum datastore d);

/** /portcullis:netconf-server/limits of running: what a message of a client may be. */
struct config_limits {
	uint32_t message; /**< bytes */
	uint32_t depth, children; /**< levels of elements; children of one of them */
};
void config_limits(struct config *c, struct config_limits *out);

/**
 * Called when running or startup has been given other content, in order, in the thread of whoever did it and inside the
 * step: it must not call config_*(). The trees are borrowed and may only be walked over, not searched; NULL: empty.
 */
typedef void config_changed(void *ctx, const struct config_actor *actor, enum datastore d,
        const struct lyd_node *before, const struct lyd_node *after);
/** each NULL: nobody is told, and none that was is called any more. */
void config_on_changed(struct config *c, config_changed *each, void *ctx);

/*
 * /portcullis:notification of running, for who sets it in two steps (RFC 3416 section 4.2.5): from reserve to release nobody
 * else changes running.
 */

/** What holds now. Waits for nobody. */
void config_notification(struct config *c, struct notification_settings *out);
/** @return 0, or -1: ERR_IN_USE (locked, or a confirmed commit is pending: by whom). Waits for a change under way. */
int config_notification_reserve(struct config *c, struct error *err) MUST_USE;
/**
 * Durable on return; a change of settings leaves the table in the kernel alone. Reserved before.
 *
 * @param user  as the history has it.
 */
int config_notification_set(
        struct config *c, const char *user, const struct notification_settings *s, struct error *err) MUST_USE;
/** Safe where nothing is reserved. */
void config_notification_release(struct config *c);

/** A change of running that is to go into the kernel, too. */
struct config_push {
	const struct site *now; /**< NULL: running does not convert, which no commit leads to */
	const struct site *next; /**< the same as now: running stays; what it comes to may be new all the same */
	struct catalog *catalog; /**< installed; NULL: not there yet */
	const struct config_actor *actor;
	bool confirmed; /**< it is taken back by itself unless it is confirmed in time */
	bool taken_back; /**< it is the way back from such a commit: what there was before cannot be refused */
	const char *comment; /**< as the history has it; NULL: none */
	const char *override; /**< why it is to be done although flows break; NULL: they may not */
};
/** What is to be done in the kernel; made by a carrier, who puts more behind it. */
struct config_plan {
	void *bytes; /**< what a restart puts into the kernel again; NULL: nothing is to be there */
	size_t n_byte;
};
/**
 * Who carries configurations into the kernel. Called in the thread of whoever changes running and inside the step: it must
 * not call config_*(). First the kernel, then the journal: what is not in the journal is not in the kernel after the next
 * start either.
 */
struct config_carrier {
	void *ctx;
	/** See what the change does, and prepare it. @param plan  NULL: nothing is to be done. @return -1: it is refused. */
	int (*prepare)(void *ctx, const struct config_push *push, struct config_plan **plan, struct error *err);
	/** Put it into the kernel. @return -1: the kernel has what it had. */
	int (*apply)(void *ctx, struct config_plan *plan, struct error *err);
	/** The journal did not take it: the kernel is to have what it had. */
	void (*undo)(void *ctx, struct config_plan *plan);
	/** It is durable. @param plan  used up; NULL: the kernel has what it had. @param stays  it waits for nothing. */
	void (*done)(void *ctx, struct config_plan *plan, bool stays);
	/** It was refused elsewhere, or undone: used up. */
	void (*drop)(void *ctx, struct config_plan *plan);
};
/** carrier NULL: nothing goes into the kernel. */
void config_set_carrier(struct config *c, const struct config_carrier *carrier);

/** Becomes readable (eventfd) when running has changed; read 8 bytes to clear. */
int config_event_fd(const struct config *c);
/** The site that running describes; the caller frees it with site_free(), before config_close(). */
int config_site(struct config *c, struct site **out, struct error *err) MUST_USE;
/**
 * The site that a datastore describes if it is committed, with the packs that it would be evaluated with.
 *
 * @param site     ids as the commit would give them; as config_site().
 * @param catalog  release with catalog_free(), after what was derived with it.
 * @return 0, or -1: what config_validate() says, ERR_UNAVAILABLE (there is no catalog). Both are NULL on failure.
 */
int config_site_of(
        struct config *c, enum datastore d, struct site **site, struct catalog **catalog, struct error *err) MUST_USE;
/** The site that a JSON instance file of portcullis.yang describes (offline); ids are derived as the daemon does. */
int config_site_read(const struct ly_ctx *ctx, const char *file, struct site **out, struct error *err) MUST_USE;
/**
 * Load a JSON instance file into running if running is empty (first start), as the daemon's own commit; not where it is
 * only not known what running was.
 */
int config_load_file(struct config *c, const char *file, struct error *err) MUST_USE;

#endif
