/*
 * Sets of packets as decision diagrams: ranges and masks of a block of variables come in, diagrams go out. Nothing is refused:
 * what lies outside a block is in no set.
 */
#include "bdd_sets.h"

#include <stdlib.h>

#include "bdd_engine.h"
#include "portcullis/alloc.h"

static const int block_first[BLOCKS] = {0, 128, 144, 160}, block_width[BLOCKS] = {128, 16, 16, 128};

static struct {
	BDD *item;
	size_t n, cap;
} kept;

BDD keep(BDD b)
{
	kept.item = xgrow(kept.item, kept.n, &kept.cap, sizeof(*kept.item));
	kept.item[kept.n++] = bdd_addref(b);
	return b;
}

/** All results from a place in the list on. */
static void forget_from(size_t first)
{
	for (size_t i = first; i < kept.n; i++)
		bdd_delref(kept.item[i]);
	kept.n = first;
}

void forget(void)
{
	forget_from(0);
}

void forget_but(size_t first, BDD *const result[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		bdd_addref(*result[i]);
	forget_from(first);
	for (size_t i = 0; i < n; i++) {
		keep(*result[i]);
		bdd_delref(*result[i]);
	}
}

void bdd_engine_start(size_t nodes)
{
	bdd_init((int)nodes, (int)nodes / 4);
	bdd_setmaxincrease((int)nodes);
	bdd_gbc_hook(NULL);
	bdd_setvarnum(LOOK_FIRST + LOOKS_MAX);
}

void bdd_engine_stop(void)
{
	free(kept.item);
	kept.item = NULL;
	kept.cap = 0;
	bdd_done();
}

size_t kept_count(void)
{
	return kept.n;
}

BDD both(BDD a, BDD b)
{
	return keep(bdd_and(a, b));
}

BDD either(BDD a, BDD b)
{
	return keep(bdd_or(a, b));
}

BDD without(BDD a, BDD b)
{
	return keep(bdd_apply(a, b, bddop_diff));
}

/** Numbers of a block from v up, or down to zero. */
static BDD bound(enum block block, unsigned width, u128 v, bool up)
{
	int first = block_first[block] + block_width[block] - (int)width;
	BDD b = bddtrue;

	for (unsigned i = 0; i < width; i++) {
		int var = first + (int)(width - 1 - i);
		bool one = (v >> i & 1) != 0;

		if (up)
			b = one ? both(keep(bdd_ithvar(var)), b) : either(keep(bdd_ithvar(var)), b);
		else
			b = one ? either(keep(bdd_nithvar(var)), b) : both(keep(bdd_nithvar(var)), b);
	}
	return b;
}

BDD in_range(enum block block, unsigned width, struct range r)
{
	u128 max = width == 128 ? U128_MAX : ((u128)1 << width) - 1;

	if (r.lo > max || r.lo > r.hi)
		return bddfalse;
	return both(bound(block, width, r.lo, true), bound(block, width, r.hi > max ? max : r.hi, false));
}

BDD under_mask(enum block block, unsigned width, u128 mask, u128 value)
{
	int first = block_first[block] + block_width[block] - (int)width;
	BDD b = bddtrue;

	for (unsigned i = 0; i < width; i++) {
		int var = first + (int)(width - 1 - i);

		if ((mask >> i & 1) != 0)
			b = both(b, (value >> i & 1) != 0 ? keep(bdd_ithvar(var)) : keep(bdd_nithvar(var)));
	}
	return (value & ~mask) != 0 ? bddfalse : b;
}
