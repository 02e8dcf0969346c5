#ifndef PORTCULLIS_VERIFY_H
#define PORTCULLIS_VERIFY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/deployment.h"
#include "portcullis/flow.h"
#include "portcullis/ruleset.h"

/** Verdict of a flow; the names are fixed points (INTERFACES). */
enum verdict {
	VERDICT_CONFORMANT,
	VERDICT_PARTIAL,
	VERDICT_BLOCKED,
	VERDICT_INDETERMINATE,
	VERDICT_UNKNOWN,
	VERDICT_MISDIRECTED,
	VERDICT_WAIVED,
	VERDICT_UNBOUND,
	VERDICT_NOT_TRANSIT,
	VERDICT_NEEDS_RANGE,
	VERDICT_NO_COMMON_FAMILY,
	VERDICT_N
};
const char *verdict_name(enum verdict v); /**< "no-common-family" */
const char *verdict_summary_key(enum verdict v); /**< "no_common_family" */

enum phase { PHASE_NEW, PHASE_REPLY, PHASE_ESTABLISHED, PHASE_N };
const char *phase_name(enum phase p);

/** A concrete packet, in the coordinates of the packet itself (a reply has the listener as source). */
struct packet {
	enum family family;
	uint8_t proto;
	u128 source, destination;
	uint16_t source_port, destination_port;
	uint8_t icmp_type;
	char iif[IFNAME_SIZE], oif[IFNAME_SIZE];
	enum phase phase;
	enum path path;
};

/** Bytes: a rule with 100,000 elements of its own is no text that anybody reads, in 10,000 rows. */
#define BLAME_TEXT_MAX 4096

/** The rule or policy that decides. */
struct blame {
	bool present, policy; /**< policy: the chain's policy, handle and text unused */
	enum rs_family family;
	char *table, *chain;
	enum rs_hook hook;
	uint64_t handle;
	char *text; /**< rule in nft syntax, of one longer than BLAME_TEXT_MAX its beginning; for a policy "policy drop" */
	enum rs_verdict_code verdict; /**< RS_ACCEPT, RS_DROP, RS_NAT_DST or RS_UNKNOWN */
};

/** A set of packets of one flow: all combinations of the four ranges. */
struct box {
	struct range source, destination, source_ports, ports;
};

/** What there is to say of a verdict; findings that say the same share one, which nobody changes. */
struct evidence {
	struct blame blame; /**< for partial, blocked, misdirected; for indeterminate the first undecided rule */
	bool has_witness;
	struct packet witness; /**< a packet that does not pass (for indeterminate: that may not) */
	struct box *remainder; /**< what does not pass, in flow coordinates, disjoint; at most VERIFY_MAX_REMAINDER */
	size_t n_remainder;
	bool remainder_cut; /**< more boxes exist */
	char **atom; /**< for indeterminate: the conditions; for conformant: those that only a blocklist decides */
	size_t n_atom;
	char **assumed; /**< names of the assumptions that this verdict rests on */
	size_t n_assumed;
	char *reason; /**< for unknown, indeterminate by a limit, misdirected for want of a rule: why; else NULL */
	atomic_uint refs;
};

struct finding {
	enum verdict verdict;
	const struct evidence *evidence; /**< never NULL; evidence_none where there is nothing to say */
};

extern const struct evidence evidence_none;
/** What was filled in goes to the finding, which owns one reference. */
void finding_say(struct finding *f, struct evidence *filled);
/** One more finding that says the same. */
void finding_copy(struct finding *out, const struct finding *in);
void finding_fini(struct finding *f);

#define VERIFY_MAX_REMAINDER 64
#define VERIFY_MAX_BOXES 65536 /**< live boxes per flow and phase; past it: indeterminate with the reason */

struct findings {
	struct finding *finding; /**< one per flow, same order */
	size_t n;
};

#define OPENING_PARTS_MAX 65536 /**< boxes that all openings of a list keep beside their own */

struct opening {
	uint32_t id; /**< hash of rule and box; 1..2147483647 */
	char *label;
	struct blame blame; /**< the accepting rule or policy */
	enum family family;
	uint8_t proto; /**< 0: any other protocol */
	bool source_ports_only; /**< what differs from required flows in nothing but the source port: one opening for each
	                             rule and range of source ports, and its label says so */
	size_t n_box; /**< boxes that `packets` counts; `box` is around them: itself where there is one */
	struct box box; /**< ports 0-0 where the protocol has none */
	struct box *part; /**< the boxes, where there are several; NULL: one, or more than OPENING_PARTS_MAX in all */
	uint64_t protocol[4]; /**< bits of the protocols that it is about: one, or several without ports */
	char iif[IFNAME_SIZE], oif[IFNAME_SIZE];
	char *listener; /**< the bound group */
	char *packets; /**< exact count of tuples, decimal */
	struct packet witness;
	bool acknowledged; /**< in the baseline */
};

/** What happens to new forwarded packets that no rule singles out, from good to bad. */
enum default_kind {
	DEFAULT_DENY,
	DEFAULT_ACCEPT, /**< what is not wanted is dropped, the rest passes */
	DEFAULT_DENY_IN_NAME, /**< a policy drops, but a rule accepts before it can */
	DEFAULT_ALLOW_ALL /**< nothing drops */
};
const char *default_kind_name(enum default_kind k); /**< "deny-in-name-only" */

struct openings {
	struct opening *opening; /**< sorted by id */
	size_t n, cap;
	enum default_kind by_default; /**< the worst of the families that bound groups have */
	char **caveat; /**< what by_default means here, in words */
	size_t n_caveat;
	bool incomplete; /**< the bound was reached: there are more */
	char *reason;
};

/**
 * Decide for each flow which part of it the ruleset lets pass (DESIGN: "Verification: exact").
 *
 * @param rs      NULL: the ruleset cannot be read; every checked flow is `unknown` with `why`.
 * @param why     reason for rs == NULL, else NULL.
 * @param site    for assumptions; may be NULL.
 * @param out     out->finding[i] is for flows->flow[i]; release with findings_fini().
 * @return 0, or -1 with ERR_LIMIT. Pure: no I/O, no clock but `now` (expiry of assumptions).
 */
int verify_flows(const struct flows *flows, const struct ruleset *rs, const char *why, const struct site *site,
        int64_t now, struct findings *out, struct error *err) MUST_USE;
void findings_fini(struct findings *f);

/** Openings toward the bound groups that no flow and no allowance needs; those of the baseline are acknowledged. */
int verify_openings(const struct flows *flows, const struct ruleset *rs, const struct site *site,
        const struct network *net, int64_t now, struct openings *out, struct error *err) MUST_USE;
void openings_fini(struct openings *o);

/**
 * Verifications of one site, flows and network one after the other: what a change of the ruleset cannot affect keeps its
 * answer. The results are those of verify_flows() and verify_openings().
 */
struct verification;

struct verification_input {
	const struct flows *flows;
	const struct ruleset *rs; /**< stays as it is until the next verification, or until this one is forgotten */
	const struct site *site;
	const struct network *net;
	int64_t now; /**< between two calls no waiver, allowance or assumption ends */
};

struct verification *verification_new(void);
void verification_free(struct verification *v);
/** Flows, site, network or time are others now, or the ruleset before is gone. */
void verification_forget(struct verification *v);
/**
 * @param before    what the last call found; NULL: it is not known any more.
 * @param findings  release with findings_fini(); openings with openings_fini().
 * @return 0, or -1 with ERR_LIMIT: nothing was found, and what was known is forgotten.
 */
int verification_run(struct verification *v, const struct verification_input *in, const struct findings *before,
        struct findings *findings, struct openings *openings, struct error *err) MUST_USE;
/** Flows that the last call verified, not copied. */
size_t verification_flows(const struct verification *v);

/** One step of a packet's walk: a chain entered, a rule that matched or did not, a translation, a policy. */
struct trace_step {
	struct blame where; /**< not present for what conntrack does by itself */
	char *note; /**< "matches", "does not match: th dport", "policy" */
};
struct trace {
	struct trace_step *step;
	size_t n, cap;
	enum verdict verdict; /**< conformant (accepted), blocked, misdirected, indeterminate, unknown */
	struct blame blame; /**< who decides: as in a finding, and for an accepted packet who accepts it */
	struct packet packet; /**< as it comes */
	struct packet first; /**< that began its connection: of a packet of phase new itself */
	struct packet end; /**< as it leaves, where the flow's own destination NAT translates it; else the same */
	char *reason;
};
/**
 * Walk one packet through the chains like `nft monitor trace`, with the engine that verifies.
 *
 * @param flow     the packet's flow, whose destination NAT is followed; NULL: a packet alone, which may go nowhere else.
 * @param finding  what was found for the flow, when the packet is its witness; else NULL.
 */
int verify_explain(const struct packet *packet, const struct flow *flow, const struct finding *finding,
        const struct ruleset *rs, const struct site *site, int64_t now, struct trace *out, struct error *err) MUST_USE;
/** A first packet of the flow's leg. */
void flow_packet(const struct flow *flow, size_t leg, struct packet *out);
void trace_fini(struct trace *t);

/** "tcp 10.0.0.5:40000 > 10.1.0.10:5061", IPv6 addresses in brackets. */
int packet_parse(const char *s, struct packet *out, struct error *err) MUST_USE;
char *packet_print(const struct packet *p); /**< the same form; the caller frees it */
/** Set path and interfaces as the device's addresses and routes say; without them interfaces stay as they are. */
void packet_route(const struct network *net, struct packet *p);

#endif
