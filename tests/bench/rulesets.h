#ifndef BENCH_RULESETS_H
#define BENCH_RULESETS_H

#include "portcullis/deployment.h"
#include "portcullis/flow.h"
#include "portcullis/ruleset.h"

/** How rules and flows lie to each other. */
enum bench_family {
	BENCH_PAIRS_OF_HOSTS, /**< the friendly case: a rule for each flow, apart from all others */
	BENCH_SLABS, /**< wide in one address and narrow in the other, by turns, with wide ranges of ports */
	BENCH_RANDOM_PAIRS, /**< prefixes of any length to prefixes of any length */
	BENCH_THREE_FIELDS, /**< the same with ranges of ports */
	BENCH_ANYWHERE, /**< flows from every address, rules for some of the sources */
	BENCH_FAMILIES
};
const char *bench_family_name(enum bench_family f);

/** n rules of one chain behind "established accept", policy drop: accept and drop by turns but in the friendly case. */
struct ruleset *bench_ruleset(enum bench_family f, size_t n);
/** A site whose bound group has all destinations of the rules. */
struct site *bench_site(void);
/** The ruleset without the rule at this position of its chain (SIZE_MAX: with all); what they have in common is shared. */
struct ruleset *bench_ruleset_without(const struct ruleset *rs, size_t rule);
/** n flows of one leg each for a ruleset of n_rule rules. Release with bench_flows_free(). */
void bench_flows(enum bench_family f, size_t n, size_t n_rule, struct flows *out);
void bench_flows_free(struct flows *flows);

#endif
