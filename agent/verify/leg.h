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
	uint8_t tcp_flags;
	bool forked; /**< some condition was left open for the packets it comes from */
	bool source_translated, mixed_tracking; /**< as they were asked for */
};

/** Atom numbers, each once. */
struct atoms {
	uint32_t *id;
	size_t n, cap;
};

/** Parts of a leg that are told, of those that do not pass. */
#define LEG_REST_MAX VERIFY_MAX_REMAINDER

struct leg_result {
	bool passes; /**< some packet passes in all phases */
	bool dropped, maybe, misdirected; /**< some packet is, or may not pass */
	bool has_first;
	struct share first; /**< who is to blame: the worst kind, then the first phase, then the lowest addresses */
	struct atoms open, remark, assumed;
	const char *limit; /**< not decided: why (static); else NULL */
	struct cells rest; /**< what does not pass, joined where possible, sorted; the first ones where `rest_cut` */
	bool rest_cut;
	struct share
	        *share; /**< all that does not pass, or may not, for leg_result_cut(); may be freed and NULL before */
	size_t n_share;
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
void atoms_add(struct atoms *a, uint32_t id);
/** A part of the leg: the one to blame is where the lowest packet is, however the parts were cut. */
void leg_result_blame(struct leg_result *r, const struct share *s);
/** Which one to blame of two that do not pass. */
bool share_before(const struct share *a, const struct share *b);
/**
 * *out must be zero. scratch is reused from call to call.
 *
 * @param in_one  give up where a walk would be done in parts: the limit is then engine_in_parts.
 */
void leg_check(
        struct engine *e, const struct leg_key *key, bool in_one, struct outcomes *scratch, struct leg_result *out);
/** The part of a result that lies in a cell, which the result's own question must contain. *out must be zero. */
void leg_result_cut(const struct leg_result *r, const struct cell *cell, struct leg_result *out);
/**
 * The packets of a part of a leg in one phase, with interfaces, path and addresses as the packet sees them.
 *
 * @param cell    flow coordinates.
 * @param target  where destination NAT led; for a translated leg and the phases after new.
 */
struct packet_set leg_packets(const struct leg_key *key, enum phase phase, const struct cell *cell, u128 target);
/** The packets that a share comes from. */
struct packet_set share_packets(const struct leg_key *key, const struct share *s);
/**
 * One packet of a share.
 *
 * @param set  share_packets() of it.
 * @return who decides about that packet, where that may be another than of the whole share; in scratch. NULL: as the share.
 */
const struct outcome *witness_find(struct engine *e, const struct packet_set *set, const struct share *s,
        struct outcomes *scratch, struct packet *out);

#endif
