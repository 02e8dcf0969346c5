#ifndef VERIFY_ENGINE_H
#define VERIFY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/ruleset.h"
#include "portcullis/verify.h"
#include "verify/cell.h"

/*
 * The narrow waist of the room: a set of packets goes in, what the ruleset does with each part of it comes out. Findings,
 * openings and explanations are made above it; how the answer is computed stays below.
 */
struct engine;

/**
 * Destination NAT that a published address needs. Packets of the original direction begin with the published address
 * and end with an inside one, replies begin with the inside address and port: that is how the cell of a set and of its
 * outcomes is meant.
 */
struct translation {
	bool wanted; /**< else none: NAT may only lead to where the packet goes anyway */
	const struct range *inside; /**< new: where it may lead to on this leg */
	size_t n_inside;
	const struct range *elsewhere; /**< new: right too, but another leg's */
	size_t n_elsewhere;
	u128 published; /**< the address that the initiator sees */
	u128 target; /**< reply, established: where it was led to */
	int shift; /**< inside port - published port */
};

/** One kind of packet on one path: everything is concrete but the cell's four ranges. */
struct packet_set {
	enum family family;
	uint8_t proto, tcp_flags, icmp_type;
	enum path path; /**< of these packets themselves: the reply of an input flow is on the output path */
	enum phase phase;
	const char *iif, *oif; /**< "": not known (where the path has one) */
	bool translated; /**< the connection's source was translated by its first packet */
	bool mixed_tracking; /**< tracked in one direction only: what conntrack says is not known */
	struct translation nat;
	struct cell cell; /**< packet coordinates */
	bool in_one; /**< give up where the walk would be done in parts: the limit is then engine_in_parts */
};

/** OUTCOME_ELSEWHERE: led to an inside address of another leg. */
enum outcome_code { OUTCOME_ACCEPT, OUTCOME_DROP, OUTCOME_MISDIRECT, OUTCOME_UNKNOWN, OUTCOME_ELSEWHERE };

#define OUTCOME_NO_CHAIN SIZE_MAX
#define OUTCOME_POLICY SIZE_MAX

struct outcome {
	struct cell cell;
	enum outcome_code code;
	size_t chain, rule; /**< the decider; for OUTCOME_ACCEPT of the main hook (forward, input, output) */
	uint32_t notes; /**< atoms that were met: outcomes_each_note() */
	bool listed; /**< only if an address is in a dynamic or timeout set */
	bool untracked; /**< notrack was met */
	bool translated; /**< snat or masquerade was met */
	u128 target; /**< where the wanted destination NAT led, for what is accepted */
};

struct note {
	uint32_t atom, next; /**< next: index into note[], 0 ends */
};

struct outcomes {
	struct outcome *item;
	size_t n, cap;
	struct note *note;
	size_t n_note, cap_note;
	bool forked; /**< some atom was left open: cells may overlap, one per possible outcome */
	const char *limit; /**< a bound was reached and the outcomes are not complete: why (static); else NULL */
};

void outcomes_fini(struct outcomes *o);
void outcomes_each_note(const struct outcomes *o, uint32_t notes, void (*each)(void *ctx, uint32_t atom), void *ctx);

struct engine *engine_new(const struct ruleset *rs, const struct site *site, int64_t now);
void engine_free(struct engine *e);

/** The limit of a walk that was to be done in one. */
extern const char engine_in_parts[];
/**
 * Widen a cell of flow coordinates as far as no packet is added that could be treated otherwise than one that was there.
 *
 * @return false: it cannot be.
 */
bool engine_round(struct engine *e, enum family family, const struct cell *cell, struct cell *out);

/** Sources that the site tolerates because a set has them, sorted. */
const struct ranges *engine_tolerated(const struct engine *e, enum family family);

enum trace_event { TRACE_CHAIN, TRACE_AGAIN, TRACE_MATCH, TRACE_MAYBE, TRACE_MISS, TRACE_POLICY };
/**
 * What a walk meets: the chain (AGAIN: that one more time does nothing; told so in long walks only), the rule
 * (OUTCOME_POLICY for a policy), and for MAYBE and MISS the condition.
 */
typedef void engine_trace(void *ctx, enum trace_event event, size_t chain, size_t rule, const char *what);

/** Fill *out (reset first). trace may be NULL. */
void engine_run(struct engine *e, const struct packet_set *set, struct outcomes *out, engine_trace *trace, void *ctx);
/** The end of all packets like those of the set, whatever their addresses and ports; NULL: not one, or not known. */
const struct outcome *engine_kind_end(struct engine *e, const struct packet_set *set);
/**
 * Does a statement hold that is about packets like those of the set, whatever their addresses and ports? It is asked once
 * for each kind of packet. A caller has one statement, and marks its sets with a phase that no packet has: PHASE_N.
 */
bool engine_kind_holds(struct engine *e, const struct packet_set *set, bool (*ask)(void *ctx), void *ctx);

const char *engine_atom_name(const struct engine *e, uint32_t atom);
/** The assumption that fixes the atom, or NULL while it is open. */
const char *engine_atom_assumption(const struct engine *e, uint32_t atom);
/** Some rule looks at this field, directly or in a set. */
bool engine_uses(const struct engine *e, enum rs_field field);
bool engine_has_nat(const struct engine *e);
/** starts[p] is set where protocol p may be treated unlike p - 1 by some rule. */
void engine_protocol_classes(const struct engine *e, bool starts[256]);

#endif
