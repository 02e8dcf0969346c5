/*
 * Sets of numbers as sorted, disjoint, inclusive ranges of at most 128 bits: sources, destinations, ports, interface
 * names. Pure arithmetic.
 */
#include "portcullis/range.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

void ranges_fini(struct ranges *r)
{
	if (r->cap > 0)
		free(r->item);
	memset(r, 0, sizeof(*r));
}

void ranges_add(struct ranges *r, u128 lo, u128 hi)
{
	if (r->cap < r->n)
		ranges_copy(r, &(const struct ranges){.item = r->item, .n = r->n});
	r->item = xgrow(r->item, r->n, &r->cap, sizeof(*r->item));
	r->item[r->n++] = (struct range){lo, hi};
}

static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->hi < y->hi ? -1 : x->hi > y->hi;
}

void ranges_normalise(struct ranges *r)
{
	size_t out = 0;
	if (r->n < 2)
		return;
	qsort(r->item, r->n, sizeof(*r->item), compare);
	for (size_t i = 1; i < r->n; i++) {
		struct range *last = &r->item[out];
		if (last->hi == U128_MAX || r->item[i].lo <= last->hi + 1) {
			if (r->item[i].hi > last->hi)
				last->hi = r->item[i].hi;
		} else {
			r->item[++out] = r->item[i];
		}
	}
	r->n = out + 1;
}

void ranges_copy(struct ranges *out, const struct ranges *in)
{
	memset(out, 0, sizeof(*out));
	if (in->n == 0)
		return;
	out->item = xcalloc(in->n, sizeof(*out->item));
	memcpy(out->item, in->item, in->n * sizeof(*out->item));
	out->n = out->cap = in->n;
}

void ranges_subtract(struct ranges *out, const struct ranges *a, const struct ranges *b)
{
	size_t j = 0;
	for (size_t i = 0; i < a->n; i++) {
		u128 lo = a->item[i].lo, hi = a->item[i].hi;
		bool rest = true;
		while (j < b->n && b->item[j].hi < lo)
			j++;
		for (size_t k = j; k < b->n && b->item[k].lo <= hi; k++) {
			if (b->item[k].lo > lo)
				ranges_add(out, lo, b->item[k].lo - 1);
			if (b->item[k].hi >= hi) {
				rest = false;
				break;
			}
			lo = b->item[k].hi + 1;
		}
		if (rest)
			ranges_add(out, lo, hi);
	}
}

void ranges_intersect(struct ranges *out, const struct ranges *a, const struct ranges *b)
{
	size_t i = 0, j = 0;
	while (i < a->n && j < b->n) {
		u128 lo = a->item[i].lo > b->item[j].lo ? a->item[i].lo : b->item[j].lo;
		u128 hi = a->item[i].hi < b->item[j].hi ? a->item[i].hi : b->item[j].hi;
		if (lo <= hi)
			ranges_add(out, lo, hi);
		if (a->item[i].hi < b->item[j].hi)
			i++;
		else
			j++;
	}
}

size_t ranges_first(const struct ranges *r, u128 value)
{
	size_t lo = 0, hi = r->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (r->item[mid].hi < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool ranges_contain(const struct ranges *r, u128 value)
{
	size_t i = ranges_first(r, value);
	return i < r->n && r->item[i].lo <= value;
}

bool ranges_cover(const struct ranges *r, struct range q)
{
	size_t i = ranges_first(r, q.lo);
	return i < r->n && r->item[i].lo <= q.lo && r->item[i].hi >= q.hi;
}

bool ranges_overlap(const struct ranges *r, struct range q)
{
	size_t i = ranges_first(r, q.lo);
	return i < r->n && r->item[i].lo <= q.hi;
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->item[i].lo != b->item[i].lo || a->item[i].hi != b->item[i].hi)
			return false;
	return true;
}
