#ifndef PUSH_PLAN_H
#define PUSH_PLAN_H

#include <pthread.h>

#include "portcullis/compile.h"
#include "portcullis/push.h"

/* What the files of a push share: a table on its way, and the kernel's side of it. */

/** An own table as it went into the kernel. */
struct kept {
	struct config_plan plan; /**< bytes NULL: none */
	char *print; /**< as a reader finds it; "": none, NULL: not known */
};

/** The own table is not what it is to be. */
struct drift {
	bool urgent; /**< our own doing: it is put back at once */
	int64_t since_ms; /**< when it was seen */
	unsigned unsettled; /**< looks in a row that found the kernel ahead of what was read */
	int64_t due_ms; /**< when to put it back */
	int64_t put_ms; /**< when it was put back last; 0: never */
	int64_t delay_ms; /**< how long it was waited then */
};

struct push {
	struct push_parts parts;
	struct kept applied; /**< what the kernel is to have */
	struct kept settled; /**< what it goes back to where that waits for a confirmation; else the same */
	bool touched; /**< the journal knows that the kernel may have a table of ours */
	/** Held from apply to done or undo, and while the own table is looked at; of everything here but parts. */
	pthread_mutex_t turn;
	bool unstarted; /**< neither the start nor a change since has brought running into the kernel */
	bool rollback_failing; /**< told already */
	struct connection_report lost; /**< `lost` alone: connections to end when what waits is confirmed */
	struct drift drift;
	struct own_state state;
	struct push_news *news;
	size_t n_news, cap_news;
	int event_fd;
};

/** A configuration with what follows from it. */
struct state {
	const struct site *site;
	struct catalog *catalog;
	struct flows flows;
};

struct plan {
	struct config_plan plan;
	struct own_table *table; /**< NULL: there is to be none */
	struct nft_batch batch;
	struct network network;
	struct state now, then;
	struct ruleset *live, *promised;
	struct nft_counters counters; /**< of the own table in `live` */
	struct kept next, before; /**< next.plan is `plan` */
	enum firewall_gate gate;
	struct connection_report connections; /**< that it no longer admits */
	bool ends; /**< them, when it stays */
	struct push_news news; /**< what there is to tell when it is done */
	bool confirmed, taken_back;
	bool holds; /**< the turn */
	bool judged; /**< the gate and the management plane were asked: what was promised is to hold */
	bool done;
};

void kept_fini(struct kept *k);
struct kept kept_copy(const struct kept *k);
void plan_free(struct plan *plan);
/** Which connections it no longer admits, as there is to tell; once it is in place. */
void plan_connections(struct push *p, struct plan *plan);
/** A change is durable. @param plan  NULL: what waited was confirmed. */
void push_connections_settle(struct push *p, const struct plan *plan, bool stays);
/** One line more of what there is to tell. */
void plan_remark(struct plan *plan, const char *text);
void plan_bytes(struct config_plan *out, const void *bytes, size_t n);

/** What the kernel has, with counters of the own table where these are asked for. Release both. */
int plan_read(struct push *p, struct ruleset **out, struct nft_counters *counters, struct error *err) MUST_USE;
/** The counters of the own table alone, as they are now. */
int plan_counters(struct push *p, struct nft_counters *out, struct error *err) MUST_USE;
/** The own table as a reader finds it; "": there is none. The caller frees it. */
char *own_print(const struct ruleset *rs);
/** Flows of a site. @param installed  NULL: they are not there yet, ERR_UNAVAILABLE. */
int plan_state(struct push *p, struct catalog *installed, const struct site *site, const struct network *network,
        int64_t time, struct state *out, struct error *err) MUST_USE;
/** plan->table of plan->then, on what the kernel has now. */
int plan_compile(struct push *p, struct plan *plan, struct error *err) MUST_USE;
/** The messages for it, which the kernel would take. */
int plan_ask(struct push *p, struct plan *plan, struct error *err) MUST_USE;

/**
 * Put a table in place that was made before; what the kernel has by now goes on counting.
 *
 * @param batch   its counters are renewed.
 * @param before  NULL: not known.
 */
int push_put(
        struct push *p, const struct nft_batch *batch, const struct nft_counters *before, struct error *err) MUST_USE;
/** As usage_begin() and usage_end(), where somebody counts. */
void push_count_begin(struct push *p, const struct nft_counters *before);
void push_count_end(struct push *p, const struct nft_counters *after);
/** The same, of what the kernel counts now. */
void push_count_read(struct push *p);
/**
 * plan->batch into the kernel: in two transactions around the sets that stay, where the kernel has what is known of before,
 * so that no packet meets rules without their sets; else in one, which makes the table anew.
 *
 * @return as nft_ops.replace(). What was refused left nothing.
 */
int exchange_apply(struct push *p, const struct plan *plan, struct error *err) MUST_USE;
/** plan->before into the kernel again, whatever became of exchange_apply(). */
int exchange_back(struct push *p, const struct plan *plan, struct error *err) MUST_USE;

/** The journal's setting that says whether the kernel may have a table of ours. */
#define PUSH_NOTE "own-table"
/** Before the kernel is touched the journal knows it. */
int push_note(struct push *p, bool touched, struct error *err) MUST_USE;
/** Tell it, and wake who waits. Takes the strings over. */
void push_tell(struct push *p, struct push_news *news);
void push_wake(struct push *p);
/** The own table is not in the kernel as it is to be; `why` is said, and it is tried again. */
void push_deviates(struct push *p, const char *why);
/** until 0: it is over. With the turn held. */
int pause_set(struct push *p, const char *user, int64_t until, const char *reason, struct error *err) MUST_USE;
/** What was paused before the start. */
int push_recall_pause(struct push *p, struct error *err) MUST_USE;
/** What is applied stays. */
void push_settle(struct push *p);

#endif
