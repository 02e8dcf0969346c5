#ifndef BENCH_RULESET_H
#define BENCH_RULESET_H

#include "portcullis/verify.h"

/* Rulesets and flows made for measuring: one inet forward chain that drops what no rule accepts. */

enum bench_family {
	BENCH_FRIENDLY, /**< a rule for each flow, as a firewall that grew with its services */
	BENCH_SLABS, /**< wide ranges that overlap in both directions */
	BENCH_PAIRS, /**< random pairs of prefixes, accept and drop */
	BENCH_FIELDS, /**< three fields in ranges: source, destination, port */
	BENCH_ANYWHERE, /**< sources without limit, many ports */
	BENCH_FAMILY_N
};
const char *bench_family_name(enum bench_family f);

/** New; ruleset_free() it. The same arguments give the same rules. */
struct ruleset *bench_ruleset(enum bench_family f, size_t rules);
/** Flows toward the same addresses; release with bench_flows_fini(). */
void bench_flows(enum bench_family f, size_t n, struct flows *out);
void bench_flows_fini(struct flows *flows);

#endif
