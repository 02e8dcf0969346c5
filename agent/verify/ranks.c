/*
 * Ranges as ranks: ranges of one axis come in, out go the intervals that their ends cut it into and the ranks of each. The
 * ends are sorted byte by byte, for addresses differ in few of their bytes.
 */
#include "verify/ranks.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/radix.h"

/* Fewer are found faster without buckets. */
#define BUCKETS_MIN 16

static unsigned width(uint64_t bits)
{
	return bits == 0 ? 0 : 64 - (unsigned)__builtin_clzll(bits);
}

static void look_at(struct ranking *s, u128 value)
{
	if (s->n_end++ == 0)
		s->some = value;
	s->differ |= value ^ s->some;
}

void ranking_look(struct ranking *s, struct range of)
{
	s->n++;
	if (of.lo > 0)
		look_at(s, of.lo);
	if (of.hi < U128_MAX)
		look_at(s, of.hi + 1);
}

void ranking_begin(struct ranking *s)
{
	unsigned bits = width((uint64_t)s->differ), of_range = width(s->n);

	s->packed = s->differ >> 64 == 0 && bits + of_range + 1 <= 64;
	s->shift = of_range + 1;
	s->mask = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
	s->n = 0;
	if (s->packed)
		s->key = xmalloc((2 * s->n_end + 1) * sizeof(*s->key));
	else
		s->edge = xcalloc(s->n_end, 2 * sizeof(*s->edge));
	s->n_end = 0;
}

static void take_end(struct ranking *s, u128 value, bool behind)
{
	if (s->packed)
		s->key[s->n_end++] = ((uint64_t)value & s->mask) << s->shift | (uint64_t)s->n << 1 | behind;
	else
		s->edge[s->n_end++] = (struct edge){value, (uint32_t)s->n, behind};
}

void ranking_take(struct ranking *s, struct range of)
{
	if (of.lo > 0)
		take_end(s, of.lo, false);
	if (of.hi < U128_MAX)
		take_end(s, of.hi + 1, true);
	s->n++;
}

/** Stable, by the byte that begins at `shift`. */
static void sort_keys_byte(const uint64_t *key, uint64_t *out, size_t n, unsigned shift)
{
	size_t at[RADIX] = {0};

	for (size_t i = 0; i < n; i++)
		at[key[i] >> shift & (RADIX - 1)]++;
	radix_places(at);
	for (size_t i = 0; i < n; i++)
		out[at[key[i] >> shift & (RADIX - 1)]++] = key[i];
}

static void sort_edges_byte(const struct edge *edge, struct edge *out, size_t n, unsigned shift)
{
	size_t at[RADIX] = {0};

	for (size_t i = 0; i < n; i++)
		at[(size_t)(edge[i].value >> shift) & (RADIX - 1)]++;
	radix_places(at);
	for (size_t i = 0; i < n; i++)
		out[at[(size_t)(edge[i].value >> shift) & (RADIX - 1)]++] = edge[i];
}

static bool byte_differs(const struct ranking *s, unsigned shift)
{
	return ((size_t)(s->differ >> shift) & (RADIX - 1)) != 0;
}

/** The next end in ascending order. */
static void rank_end(struct ranks *r, struct rank_range *out, u128 value, uint32_t range, bool behind)
{
	if (r->n == 0 || r->start[r->n - 1] != value)
		r->start[r->n++] = value;
	if (behind)
		out[range].hi = r->n - 1;
	else
		out[range].lo = r->n;
}

static void rank_keys(struct ranking *s, struct ranks *r, struct rank_range *out)
{
	uint64_t *key = s->key, *sorted = key + s->n_end;
	size_t n_start = s->n_end > 0;
	u128 rest = s->some & ~(u128)s->mask;

	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint64_t *swap = key;

		if (!byte_differs(s, shift))
			continue;
		sort_keys_byte(key, sorted, s->n_end, shift + s->shift);
		key = sorted;
		sorted = swap;
	}
	for (size_t i = 1; i < s->n_end; i++)
		n_start += key[i] >> s->shift != key[i - 1] >> s->shift;
	r->start = xmalloc((n_start + 1) * sizeof(*r->start));
	for (size_t i = 0; i < s->n_end; i++)
		rank_end(r, out, rest | key[i] >> s->shift, (uint32_t)((key[i] & (((uint64_t)1 << s->shift) - 1)) >> 1),
		        (key[i] & 1) != 0);
	free(s->key);
}

static void rank_edges(struct ranking *s, struct ranks *r, struct rank_range *out)
{
	struct edge *edge = s->edge, *sorted = edge + s->n_end;

	for (unsigned shift = 0; shift < 128; shift += 8) {
		struct edge *swap = edge;

		if (!byte_differs(s, shift))
			continue;
		sort_edges_byte(edge, sorted, s->n_end, shift);
		edge = sorted;
		sorted = swap;
	}
	r->start = xcalloc(s->n_end + 1, sizeof(*r->start));
	for (size_t i = 0; i < s->n_end; i++)
		rank_end(r, out, edge[i].value, edge[i].range, edge[i].behind);
	r->start = xrealloc(r->start, r->n + 1, sizeof(*r->start));
	free(s->edge);
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

void ranking_end(struct ranking *s, struct ranks *r, struct rank_range *out)
{
	*r = (struct ranks){0};
	for (size_t i = 0; i < s->n; i++)
		out[i] = (struct rank_range){0, UINT32_MAX};
	if (s->packed)
		rank_keys(s, r, out);
	else
		rank_edges(s, r, out);
	for (size_t i = 0; i < s->n; i++)
		if (out[i].hi == UINT32_MAX)
			out[i].hi = r->n;
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
