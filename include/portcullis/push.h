#ifndef PORTCULLIS_PUSH_H
#define PORTCULLIS_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/compile.h"
#include "portcullis/config.h"
#include "portcullis/conformance.h"
#include "portcullis/connection.h"
#include "portcullis/error.h"
#include "portcullis/flow.h"
#include "portcullis/network.h"
#include "portcullis/nft.h"
#include "portcullis/pins.h"
#include "portcullis/plane.h"
#include "portcullis/text.h"
#include "portcullis/usage.h"
#include "portcullis/whatif.h"

/* A change of the configuration on its way into the kernel: what it may not do, and what becomes of it. */

/**
 * May the change be made, as far as flows go (DESIGN: "Commit", the gate)? GATE_OFF: whatever it does.
 *
 * @param warnings  GATE_WARN: a line for each thing that GATE_REJECT would have refused it for is added.
 * @return 0, or -1 with ERR_DENIED: a flow that passes now and would not then, a packet, who stops it and what would cure it;
 *         ERR_UNAVAILABLE: it cannot be told; ERR_LIMIT as whatif_compare().
 */
int gate_check(const struct whatif_state *now, const struct whatif_state *then, enum firewall_gate gate, int64_t time,
        struct text *warnings, struct error *err) MUST_USE;

/**
 * Who carries configurations into the kernel: compiles, asks the gate, has the kernel check and replace the own table,
 * reads it back and proves it.
 */
struct push;

struct push_parts {
	struct nft_ops nft; /**< with check and replace */
	struct journal *journal; /**< NULL: nothing is kept */
	struct pins *pins; /**< NULL: there are none */
	/** Addresses and routes; network_read(), but for tests. */
	int (*network)(struct network *out, struct error *err);
	struct usage *usage; /**< is told what the kernel counts; NULL: nobody is */
};

struct push *push_new(const struct push_parts *parts);
void push_free(struct push *p);
/** For config_set_carrier(). */
struct config_carrier push_carrier(struct push *p);

/**
 * The first step after a start: the kernel is to have the table that goes with running, whatever happened before. That is
 * the very one that was written, if one was; an upgrade opens and closes nothing. A boot that began with startup gets a new
 * one. Nobody is asked: what is not as it was has been decided before.
 *
 * @param site     of running.
 * @param catalog  installed.
 * @return 0, or -1: the kernel has what it had; the reason. The own table deviates then, and is tried again.
 */
int push_start(struct push *p, const struct site *site, struct catalog *catalog, struct error *err) MUST_USE;

/**
 * For a boot, before the network is up: the table of the last confirmed commit goes into the kernel as it was written, and
 * nothing else is looked at. The agent that starts later decides whether running begins otherwise.
 *
 * @param any  whether there is one.
 */
int push_restore(const struct nft_ops *nft, struct journal *journal, bool *any, struct error *err) MUST_USE;

/* The rest is safe from any thread, but waits where a change is on its way. */

/**
 * Compare what the kernel has with what it is to have. What somebody else made of the own table is put back after a delay,
 * which doubles, up to five minutes, each time that it happens again within ten; where this agent could not put it back, at
 * once. Without a table of the agent's (mode observe), and while it is paused, it is only said.
 *
 * @param rs        ruleset as it was read last; what seems to deviate is read again from the kernel. NULL: nothing is known.
 * @param delay_ms  the first delay.
 * @return milliseconds after which it is to be called again; INT_MAX: when the ruleset has changed.
 */
int push_look(struct push *p, const struct ruleset *rs, uint32_t delay_ms, int64_t now_ms, int64_t now_wall);
void push_state(struct push *p, struct own_state *out);
/** Note whether running, with the packs and the network of now, comes to another table than was installed. */
void push_compare(struct push *p, const struct compile_input *running);

/** Leave the own table alone until then, and over restarts. Changes of the configuration go on into the kernel. */
int push_pause(struct push *p, const char *user, int64_t until, const char *reason, struct error *err) MUST_USE;
/** ERR_INVALID: it is not paused. */
int push_resume(struct push *p, struct error *err) MUST_USE;

/** What became of a change. */
struct push_news {
	enum change_kind kind; /**< CHANGE_COMMIT, CHANGE_ROLLBACK or CHANGE_ROLLBACK_FAILED */
	char user[64]; /**< whose change it was */
	char *comment, *reason; /**< never NULL; free both */
};
/** The oldest that was not taken yet. @return false: there is none. */
bool push_news_take(struct push *p, struct push_news *out);
/** Becomes readable (eventfd) when there is news, or something to look at. */
int push_event_fd(const struct push *p);

/**
 * Which of the connections that the kernel tracks at this moment would a ruleset no longer admit? See connections_judge().
 * May be asked before the change, for what it would cut, and behind it with the ruleset that was before.
 *
 * @param question  its `connections` are read here.
 * @param out       release with connection_report_fini(); all 0 on failure.
 * @return 0, or -1 as nft_connections().
 */
int push_connections(const struct nft_ops *nft, const struct connection_question *question,
        struct connection_report *out, struct error *err) MUST_USE;
/**
 * End the connections that a report has as lost, and no others; for a ruleset that is in place, else they begin anew.
 *
 * @param ended  how many there still were.
 * @return 0, or -1 as nft_ops.connections_end: some may have ended.
 */
int push_connections_end(
        const struct nft_ops *nft, const struct connection_report *report, size_t *ended, struct error *err) MUST_USE;

#endif
