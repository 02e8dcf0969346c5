/*
 * Ranges as ranks: ranges of one axis come in, out go the intervals that their ends cut it into and the ranks of each. The
 * ends are sorted byte by byte, for addresses differ in few of their bytes.
 */
#include "verify/ranks.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define RADIX 256
/* Fewer are found faster without buckets. */
#define BUCKETS_MIN 16

/** The first value of a range, or the first behind it. */
struct edge {
	uint64_t high, low;
	uint32_t range;
	bool behind;
};

struct edges {
	struct edge *item, *spare;
	size_t n, n_range; /* of some ranges an end is none, for nothing lies behind it */
};

static void edge_add(struct edges *e, u128 value, size_t range, bool behind)
{
	e->item[e->n++] = (struct edge){(uint64_t)(value >> 64), (uint64_t)value, (uint32_t)range, behind};
}

static unsigned edge_byte(const struct edge *e, unsigned byte)
{
	return (unsigned)((byte < 8 ? e->low : e->high) >> byte % 8 * 8) & (RADIX - 1);
}

/** Stable, by one byte. */
static void sort_byte(struct edges *e, unsigned byte)
{
	size_t at[RADIX] = {0}, sum = 0;
	struct edge *swap = e->item;

	for (size_t i = 0; i < e->n; i++)
		at[edge_byte(&e->item[i], byte)]++;
	for (unsigned k = 0; k < RADIX; k++) {
		size_t n = at[k];

		at[k] = sum;
		sum += n;
	}
	for (size_t i = 0; i < e->n; i++)
		e->spare[at[edge_byte(&e->item[i], byte)]++] = e->item[i];
	e->item = e->spare;
	e->spare = swap;
}

/** The same for keys: by the byte that begins at `shift`. */
static void sort_key_byte(const uint64_t *key, uint64_t *out, size_t n, unsigned shift)
{
	size_t at[RADIX] = {0}, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[key[i] >> shift & (RADIX - 1)]++;
	for (unsigned k = 0; k < RADIX; k++) {
		size_t of_byte = at[k];

		at[k] = sum;
		sum += of_byte;
	}
	for (size_t i = 0; i < n; i++)
		out[at[key[i] >> shift & (RADIX - 1)]++] = key[i];
}

static unsigned width(uint64_t bits)
{
	return bits == 0 ? 0 : 64 - (unsigned)__builtin_clzll(bits);
}

/**
 * Where the bits that differ leave room in 64 for the number of a range, an edge is one word while it is sorted.
 *
 * @param low  bits in which values differ.
 * @return false: there is no room.
 */
static bool edges_sort_packed(struct edges *e, uint64_t low)
{
	unsigned bits = width(low), of_range = width(e->n_range);
	uint64_t *key = (uint64_t *)(void *)e->spare, *sorted = key + e->n, *swap;
	uint64_t mask = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX, high, rest;

	/* The spare memory has room for three words of each. */
	if (e->n == 0 || bits + of_range + 1 > 64)
		return e->n == 0;
	high = e->item[0].high;
	rest = e->item[0].low & ~mask;
	for (size_t i = 0; i < e->n; i++)
		key[i] =
		        (e->item[i].low & mask) << (of_range + 1) | (uint64_t)e->item[i].range << 1 | e->item[i].behind;
	for (unsigned shift = 0; shift < bits; shift += 8) {
		if ((low >> shift & (RADIX - 1)) == 0)
			continue;
		sort_key_byte(key, sorted, e->n, shift + of_range + 1);
		swap = key;
		key = sorted;
		sorted = swap;
	}
	for (size_t i = 0; i < e->n; i++)
		e->item[i] = (struct edge){high, rest | key[i] >> (of_range + 1),
		        (uint32_t)(key[i] >> 1 & (((uint64_t)1 << of_range) - 1)), (key[i] & 1) != 0};
	return true;
}

static void edges_sort(struct edges *e)
{
	uint64_t high = 0, low = 0;

	for (size_t i = 0; i < e->n; i++) {
		high |= e->item[i].high ^ e->item[0].high;
		low |= e->item[i].low ^ e->item[0].low;
	}
	if (high == 0 && edges_sort_packed(e, low))
		return;
	for (unsigned byte = 0; byte < 16; byte++)
		if (((byte < 8 ? low : high) >> byte % 8 * 8 & (RADIX - 1)) != 0)
			sort_byte(e, byte);
}

/** As many buckets as intervals, or up to twice as many. */
static void buckets_build(struct ranks *r)
{
	u128 span = r->n > 0 ? r->start[r->n - 1] - r->start[0] : 0;

	if (r->n < BUCKETS_MIN)
		return;
	while (span >> r->shift >= 2 * (u128)r->n)
		r->shift++;
	r->n_bucket = (uint32_t)(span >> r->shift) + 1;
	r->bucket = xcalloc((size_t)r->n_bucket + 1, sizeof(*r->bucket));
	for (uint32_t i = 0; i < r->n; i++)
		r->bucket[(uint32_t)((r->start[i] - r->start[0]) >> r->shift) + 1]++;
	for (uint32_t i = 0; i < r->n_bucket; i++)
		r->bucket[i + 1] += r->bucket[i];
}

void ranks_build(struct ranks *r, size_t n, struct range (*range)(const void *ctx, size_t i), const void *ctx,
        struct rank_range *out)
{
	struct edges e = {
	        .item = xcalloc(n, 2 * sizeof(*e.item)), .spare = xcalloc(n, 2 * sizeof(*e.item)), .n_range = n};

	for (size_t i = 0; i < n; i++) {
		struct range of = range(ctx, i);

		out[i] = (struct rank_range){0, UINT32_MAX};
		if (of.lo > 0)
			edge_add(&e, of.lo, i, false);
		if (of.hi < U128_MAX)
			edge_add(&e, of.hi + 1, i, true);
	}
	edges_sort(&e);
	*r = (struct ranks){.start = xcalloc(e.n, sizeof(*r->start))};
	for (size_t i = 0; i < e.n; i++) {
		u128 value = (u128)e.item[i].high << 64 | e.item[i].low;

		if (r->n == 0 || r->start[r->n - 1] != value)
			r->start[r->n++] = value;
		if (e.item[i].behind)
			out[e.item[i].range].hi = r->n - 1;
		else
			out[e.item[i].range].lo = r->n;
	}
	for (size_t i = 0; i < n; i++)
		if (out[i].hi == UINT32_MAX)
			out[i].hi = r->n;
	r->start = xrealloc(r->start, r->n + 1, sizeof(*r->start));
	free(e.item);
	free(e.spare);
	buckets_build(r);
}

void ranks_fini(struct ranks *r)
{
	free(r->start);
	free(r->bucket);
	*r = (struct ranks){0};
}

/** Intervals that begin at or before the value, but for the first. */
static uint32_t rank_of(const struct ranks *r, u128 value)
{
	uint32_t lo = 0, n = r->n;

	if (r->n_bucket > 0 && value >= r->start[0]) {
		u128 at = (value - r->start[0]) >> r->shift;

		if (at >= r->n_bucket)
			return r->n;
		lo = r->bucket[(uint32_t)at];
		n = r->bucket[(uint32_t)at + 1] - lo;
	}
	while (n > 0) {
		uint32_t half = n / 2;
		bool right = r->start[lo + half] <= value;

		lo = right ? lo + half + 1 : lo;
		n = right ? n - half - 1 : half;
	}
	return lo;
}

struct rank_range ranks_find(const struct ranks *r, struct range of)
{
	struct rank_range out = {.lo = rank_of(r, of.lo)};

	/* Mostly the range ends in the interval that it begins in. */
	out.hi = out.lo == r->n || of.hi < r->start[out.lo] ? out.lo : rank_of(r, of.hi);
	return out;
}
