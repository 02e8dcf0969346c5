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

/** @param nodes  to begin with; the table grows by as many at a time. */
void bdd_engine_start(size_t nodes);
void bdd_engine_stop(void);
/** A flow of one leg, known interfaces and no published address. */
struct bdd_answer bdd_engine_ask(const struct ruleset *rs, const struct flow *flow);

/**
 * What the ruleset passes in all phases of any flow of the protocol, path and interfaces of `like`, as one diagram.
 *
 * @return the diagram, or -1: not without a condition or something that this engine does not say.
 */
int bdd_engine_summarise(const struct ruleset *rs, const struct flow *like);
/** The same of new packets alone. */
int bdd_engine_accepted(const struct ruleset *rs, const struct flow *like);
/** Packets of a summary to a destination that no flow has. */
double bdd_engine_beyond(int summary, const struct flows *flows, struct range destination);
/** Conformant, partial or blocked. */
enum verdict bdd_engine_verdict(int summary, const struct flow *flow);

#endif
