#ifndef VERIFY_REGION_H
#define VERIFY_REGION_H

#include "verify/run.h"

/* Packets that one rule may treat otherwise than the other ruleset does. */

struct region {
	const struct line *line; /**< borrowed from its engine */
	struct cell cell; /**< within its hull */
	uint32_t hooks; /**< that the rule's chain is reached from, as region_hooks() has them */
	bool nat; /**< the ruleset translates addresses */
};

/** Per chain of the engine: bits (1 << hook) for IPv4, (1 << (hook + 16)) for IPv6. The caller frees it. */
uint32_t *region_hooks(const struct engine *e);

#endif
