#ifndef TESTS_BDD_ENGINE_H
#define TESTS_BDD_ENGINE_H

#include "portcullis/verify.h"

/*
 * A second opinion on flows, by binary decision diagrams (BuDDy): own code for matches, chains and verdicts, which shares
 * nothing with agent/verify but the model of the ruleset.
 */

/** What becomes of a flow's packets. */
struct bdd_answer {
	const char *unsupported; /**< why this engine does not say; else NULL */
	bool open; /**< some condition that nobody decides was met */
	bool astray; /**< destination NAT leads some elsewhere */
	double size; /**< packets of the flow */
	double surely, perhaps; /**< pass in all phases whatever the conditions are; pass for some of them */
};

void bdd_engine_start(void);
void bdd_engine_stop(void);
/** A flow of one leg, known interfaces and no published address. */
struct bdd_answer bdd_engine_ask(const struct ruleset *rs, const struct flow *flow);

#endif
