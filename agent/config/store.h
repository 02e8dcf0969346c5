#ifndef CONFIG_STORE_H
#define CONFIG_STORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "config/datastore.h"
#include "config/draft.h"
#include "portcullis/clock.h"
#include "portcullis/commit.h"

/* What the files of the datastores share: datastore.c, running.c, start.c. */

/** Running as it was before a confirmed commit. */
struct former {
	struct version *version; /**< NULL: nothing is pending */
	char *stored;
	struct site *site; /**< NULL: the same as now */
};

struct config {
	struct ly_ctx *ctx;
	struct model model;
	struct journal *journal;
	int event_fd, timer_fd;
	atomic_ullong n_running; /**< how often running has changed */
	pthread_mutex_t writer; /**< one writer at a time, from the look at the locks to the swap; it also guards: */
	struct catalog *catalog; /**< installed, or NULL */
	struct pins *pins; /**< or NULL */
	char *stored; /**< running as the journal has it, or will have it */
	bool boot_unknown; /**< the journal does not know yet of which boot this is */
	struct site *site; /**< of running, for the ids; NULL while running does not convert */
	struct retired retired; /**< ids of what running had once */
	struct site *checked; /**< what config_check() made of candidate; NULL: it was not checked */
	uint64_t n_checked; /**< n_running when it did */
	struct commit commit;
	struct former former;
	config_confirmed *on_confirmed; /**< or NULL */
	void *on_confirmed_ctx;
	config_changed *on_changed; /**< or NULL */
	void *on_changed_ctx;
	struct config_carrier carrier; /**< prepare NULL: there is none */
	pthread_mutex_t state; /**< what follows; taken after writer, for moments only */
	struct version *version[DATASTORE_N]; /**< candidate NULL: it is running; startup NULL: never written */
	uint32_t holder[DATASTORE_N];
};

/** Holds the lock on running between the two steps of a change of settings (settings.c); no session has this number. */
#define SETTINGS_SESSION UINT32_MAX

/** What is there now; the caller unrefs it. */
struct version *version_current(struct config *c, enum datastore d);
/** Candidate is that from here on; takes both over. version NULL: it is running; site NULL: it was not checked. */
void candidate_set(struct config *c, struct version *version, struct site *site);
bool version_is_set(struct config *c, enum datastore d);
/** May the actor write to it, as far as locks go? @return 0, or -1 with ERR_IN_USE. */
int check_writable(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err) MUST_USE;
/** May the actor make of `before` what `after` is? Both of what differs at the top. Asked before the model completes it. */
int config_check_access(const struct config_actor *actor, const struct lyd_node *before, const struct lyd_node *after,
        struct error *err) MUST_USE;
/** The same of a draft of the datastore. */
int config_check_draft_access(const struct config_actor *actor, const struct draft *draft, struct error *err) MUST_USE;
/**
 * Model first, then what the model cannot say. The ids of the site are those that the version will get. The draft is used up
 * on success.
 */
int config_check(struct config *c, struct draft *draft, struct version **version, struct site **site,
        struct error *err) MUST_USE;
/** The draft of a datastore that is to become *root, which is used up. */
void draft_of_tree(struct draft *draft, const struct model *model, struct version *base, struct lyd_node **root);
/** What the model cannot say alone, with the packs that are there now. */
int config_check_packs(struct config *c, const struct site *site, struct error *err) MUST_USE;

/* start.c */

/**
 * Before running is written: the journal knows of which boot that is, or the next start would begin with startup.
 * c->writer is held.
 */
int start_boot_note(struct config *c, struct error *err) MUST_USE;
/** Startup is not there: never written, or lost with the journal. @param remedy  for the former. @return -1. */
int startup_missing(const struct config *c, const char *remedy, struct error *err);

/* carry.c; all with c->writer held. Without a carrier nothing happens, and *plan is NULL. */

/**
 * Whether a change of running may be one of the table. Whoever sets an interval has not asked for another one, which an upgrade
 * may have made of the same configuration.
 */
bool carry_concerns(const struct config *c, const struct version *next);
int carry_prepare(
        struct config *c, const struct config_push *push, struct config_plan **plan, struct error *err) MUST_USE;
/** Would a plain commit of the actor be carried. */
int carry_try(struct config *c, const struct config_actor *actor, const struct site *next, struct error *err) MUST_USE;
/** @return -1: the plan is used up. */
int carry_apply(struct config *c, struct config_plan *plan, struct error *err) MUST_USE;
/** The journal refused: the plan is used up. */
void carry_undo(struct config *c, struct config_plan *plan);
void carry_done(struct config *c, struct config_plan *plan, bool stays);
/** What the journal is told of a plan. */
void carry_note(const struct config_plan *plan, struct journal_commit *commit);

/* running.c; all with c->writer held */

/** Put what was drafted in the place of running, by a step of the commit machine. Uses the draft up. */
int running_change(struct config *c, const struct config_actor *actor, struct draft *draft, const char *comment,
        struct error *err) MUST_USE;
/** The journal keeps as much as running says. */
void running_retain(struct config *c);
/** A session is gone, and what it left unconfirmed with it. */
void running_session_ended(struct config *c, uint32_t session);
/** Put what was drafted in the place of startup. Uses the draft up. */
int startup_write(struct config *c, const struct config_actor *actor, struct draft *draft, const char *comment,
        struct error *err) MUST_USE;
int startup_delete(struct config *c, const struct config_actor *actor, enum datastore d, struct error *err) MUST_USE;
void former_fini(struct former *f);

#endif
