#ifndef VERIFY_REGION_H
#define VERIFY_REGION_H

#include "verify/leg.h"
#include "verify/run.h"

/* Packets that one rule may treat otherwise than the other ruleset does. */

struct region {
	const struct line *line; /**< borrowed from its engine */
	struct cell cell; /**< within its hull */
	uint32_t hooks; /**< that the rule's chain is reached from, as region_hooks() has them */
	bool nat; /**< the ruleset translates addresses */
};

/**
 * Where packets may be that the region concerns: addresses and ports as a packet begins or ends with them.
 *
 * @param translated  some packets are translated, whatever the ruleset does with others.
 */
struct cell region_reach(const struct region *r, bool translated);
/** The packets of a leg as its listener sees them, behind the wanted translation. */
struct cell leg_inside_cell(const struct leg_key *key);

/** Per chain of the engine: bits (1 << hook) for IPv4, (1 << (hook + 16)) for IPv6. The caller frees it. */
uint32_t *region_hooks(const struct engine *e);

#endif
