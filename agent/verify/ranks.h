#ifndef VERIFY_RANKS_H
#define VERIFY_RANKS_H

#include <stddef.h>
#include <stdint.h>

#include "portcullis/range.h"

/*
 * Small numbers for the values of one axis: the ends of many ranges cut it into intervals, and a value's rank is the number
 * of its interval. Ranges that share no value share no rank, so they can be compared by their ranks.
 */
struct ranks {
	u128 *start; /**< of every interval but the first, ascending */
	uint32_t n;
	/* Where to look: per value above start[0], less its low bits, how many intervals begin before such values. */
	uint32_t *bucket, n_bucket;
	unsigned shift;
};

/** Inclusive. */
struct rank_range {
	uint32_t lo, hi;
};

/** n ranges, `range(ctx, i)` is the i-th; out[i] are its ranks. At most 2^30 ranges. Release with ranks_fini(). */
void ranks_build(struct ranks *r, size_t n, struct range (*range)(const void *ctx, size_t i), const void *ctx,
        struct rank_range *out);
void ranks_fini(struct ranks *r);
/** The ranks of the intervals that a range meets. */
struct rank_range ranks_find(const struct ranks *r, struct range of);

#endif
