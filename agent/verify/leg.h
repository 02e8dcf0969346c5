#ifndef VERIFY_LEG_H
#define VERIFY_LEG_H

#include "verify/engine.h"

/* One leg of a flow through the three phases of a connection. */

/** SHARE_ELSEWHERE: goes through another leg of the flow, which says what becomes of it. */
enum share_kind { SHARE_MISDIRECTED, SHARE_DROPPED, SHARE_MAYBE, SHARE_ELSEWHERE };

/** A part of the leg that does not pass, or may not, in flow coordinates; shares of a leg are disjoint. */
struct share {
	struct cell cell;
	enum share_kind kind;
	enum phase phase;
	enum outcome_code code;
	size_t chain, rule;
	u128 target; /**< where destination NAT led, in the phases after new */
};

/** Atom numbers, each once. */
struct atoms {
	uint32_t *id;
	size_t n, cap;
};

struct leg_result {
	struct share *share;
	size_t n, cap;
	bool passes; /**< some packet passes in all phases */
	struct atoms open, remark, assumed;
	const char *limit; /**< not decided: why (static); else NULL */
};

/** What identifies a leg's question; equal ones have equal answers. */
struct leg_key {
	enum family family;
	uint8_t proto;
	enum path path;
	char iif[IFNAME_SIZE], oif[IFNAME_SIZE];
	struct cell cell; /**< flow coordinates */
	bool translated; /**< the destination is one published address, to be led to inside with the ports shifted */
	struct range inside;
	int shift; /**< inside port - published port */
	const struct ranges *siblings; /**< inside addresses of other legs of the same sources; one list, one pointer */
};

void leg_result_fini(struct leg_result *r);
/** *out must be zero. scratch is reused from call to call. */
void leg_check(struct engine *e, const struct leg_key *key, struct outcomes *scratch, struct leg_result *out);
/**
 * The packets of a part of a leg in one phase, with interfaces, path and addresses as the packet sees them.
 *
 * @param cell    flow coordinates.
 * @param target  where destination NAT led; for a translated leg and the phases after new.
 */
struct packet_set leg_packets(const struct leg_key *key, enum phase phase, const struct cell *cell, u128 target);

#endif
