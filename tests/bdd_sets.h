#ifndef TESTS_BDD_SETS_H
#define TESTS_BDD_SETS_H

#include <bdd.h>
#include <stddef.h>

#include "portcullis/range.h"

/* Sets of packets as decision diagrams, and who keeps them: BuDDy forgets what nobody refers to. */

/* Blocks of variables, the most significant bit first. */
enum block { BLOCK_DESTINATION, BLOCK_DPORT, BLOCK_SPORT, BLOCK_SOURCE, BLOCKS };
#define LOOK_FIRST 288
#define LOOKS_MAX 48

/** Results live until they are forgotten. */
BDD keep(BDD b);
void forget(void);
/** How many are kept. */
size_t kept_count(void);
/** Forget all from a place on but n results, which are moved to the place. */
void forget_but(size_t first, BDD *const result[], size_t n);
BDD both(BDD a, BDD b);
BDD either(BDD a, BDD b);
BDD without(BDD a, BDD b);
/** Numbers of so many bits at the end of a block. */
BDD in_range(enum block block, unsigned width, struct range r);
BDD under_mask(enum block block, unsigned width, u128 mask, u128 value);

#endif
