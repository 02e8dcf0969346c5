#ifndef VERIFY_RANKS_H
#define VERIFY_RANKS_H

#include <stdbool.h>
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

/** An end of a range: its first value, or the first behind it. */
struct edge {
	u128 value;
	uint32_t range;
	bool behind;
};

/**
 * Ranges of one axis on their way to ranks. All are looked at first, then taken in the same order; start with {0}. At most
 * 2^29 ranges.
 */
struct ranking {
	size_t n, n_end; /**< ranges, and their ends: before the first value nothing lies, and behind the last */
	u128 some, differ; /**< one of the ends, and the bits in which others differ from it */
	bool packed; /**< an end is one word, for there is room in it: those bits, the range's number, whether it lies behind */
	unsigned shift; /**< of the bits */
	uint64_t mask;
	uint64_t *key;
	struct edge *edge; /**< where there is no room, as of IPv6 mostly */
};
void ranking_look(struct ranking *s, struct range of);
void ranking_begin(struct ranking *s);
void ranking_take(struct ranking *s, struct range of);
/** out[i]: the ranks of the i-th range. Release *r with ranks_fini(). */
void ranking_end(struct ranking *s, struct ranks *r, struct rank_range *out);
void ranks_fini(struct ranks *r);
/** The ranks of the intervals that a range meets. */
struct rank_range ranks_find(const struct ranks *r, struct range of);

#endif
