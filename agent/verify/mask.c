/*
 * Masks that are no prefix, as ranges: a mask and one side of a flow come in, the parts that match go out in order. More
 * parts than the bound are refused.
 */
#include "verify/program.h"

/** The smallest value from `from` on that has the wanted bits under the mask. @return false: none. */
static bool mask_next(const struct test *t, u128 from, u128 *out)
{
	u128 free_bits = from > t->match->value ? from - t->match->value : 0, stuck = free_bits & t->match->mask,
	     next = free_bits;

	if (stuck != 0) {
		/* Count up in the free bits above the highest one that is not free. */
		for (unsigned shift = 1; shift < 128; shift *= 2)
			stuck |= stuck >> shift;
		next = ((free_bits | stuck | t->match->mask) + 1) & ~t->match->mask;
	}
	*out = t->match->value + next;
	return next >= free_bits;
}

size_t mask_runs(const struct test *t, struct range side, struct range run[MASK_RUNS])
{
	u128 low = ~t->match->mask & (t->match->mask - 1), at = side.lo, x;
	size_t n = 0;

	/* low: the free bits below the lowest fixed one. */
	while (at <= side.hi && mask_next(t, at, &x) && x <= side.hi) {
		u128 end = x | low;

		if (n == MASK_RUNS)
			return MASK_RUNS + 1;
		run[n++] = (struct range){x, end < side.hi ? end : side.hi};
		if (end >= side.hi)
			break;
		at = end + 1;
	}
	return n;
}
