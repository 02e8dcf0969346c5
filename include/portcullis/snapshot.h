#ifndef PORTCULLIS_SNAPSHOT_H
#define PORTCULLIS_SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/conformance.h"
#include "portcullis/ipsec.h"

/* What the faces read: immutable once published, reference-counted, never waited for. */

/** Inputs that many snapshots share: owned together because flows borrow from site and catalog. */
struct inputs {
	atomic_int refs;
	struct site *site;
	struct catalog *catalog;
	struct network network;
	struct flows flows;
	_Atomic(struct flow_runs *) runs; /**< once inputs_runs() was called */
};
struct inputs *inputs_ref(struct inputs *in);
void inputs_unref(struct inputs *in);

/** Where flows of one deployment and requirement, which lie side by side, begin. */
struct flow_runs {
	size_t n;
	size_t first[]; /**< n of them and the number of flows */
};
/** Made when it is first asked for; lives as long as the inputs. From any thread. */
const struct flow_runs *inputs_runs(struct inputs *in);

/** One verification's results, shared by the snapshots that are published of it. */
struct evaluation {
	atomic_int refs;
	struct ruleset *ruleset;
	struct findings findings;
	struct openings openings;
};
struct evaluation *evaluation_ref(struct evaluation *e);
void evaluation_unref(struct evaluation *e);

struct snapshot {
	atomic_int refs;
	uint64_t generation; /**< counts verifications since the start */
	struct inputs *inputs;
	struct evaluation *evaluation; /**< owns ruleset, findings and openings below; NULL: the snapshot itself does */
	struct ruleset *ruleset; /**< NULL: unreadable */
	char *unreadable; /**< why, when ruleset is NULL */
	char *unwritable; /**< why the journal cannot be written; NULL: it can */
	struct own_state own;
	uint64_t unkept; /**< events that it did not take since the start */
	struct findings findings;
	struct openings openings;
	struct summary summary;
	struct problem *problem; /**< copies of the active problems */
	size_t n_problem;
	int64_t *changed_ms; /**< per flow: monotonic ms of the last verdict change */
	struct change *history; /**< newest last; at most SNAPSHOT_HISTORY */
	size_t n_history;
	int64_t started_ms, verified_ms, changed_last_ms; /**< monotonic */
	int64_t sure_ms; /**< when it was last verified, or found that nothing had changed since */
	int64_t verified_wall, changed_last_wall;
	uint64_t oldest_sequence, newest_sequence;
	unsigned verify_us; /**< how long the verification took */
	char *version; /**< of the agent */
	void *flat; /**< struct flat (flat.h): the same for SNMP, without pointers */
	size_t flat_size;
};

#define SNAPSHOT_HISTORY 256

struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s);

/** Where the newest snapshot is. Safe from any thread. */
struct hub;
struct hub *hub_new(void);
void hub_free(struct hub *hub);
/** Publish; takes over the caller's reference. */
void hub_set(struct hub *hub, struct snapshot *s);
/** A reference to the newest, or NULL before the first; give it back with snapshot_unref(). */
struct snapshot *hub_get(struct hub *hub);
/** Publish what the kernel does about IPsec; takes over the caller's reference. */
void hub_set_ipsec(struct hub *hub, struct ipsec_policies *p);
/** A reference, or NULL before the first; give it back with ipsec_policies_unref(). */
struct ipsec_policies *hub_get_ipsec(struct hub *hub);

#endif
