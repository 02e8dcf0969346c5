/*
 * Packet sets as boxes over four axes: in come boxes, out come their differences, unions and exact sizes. Lists stay
 * disjoint wherever they were disjoint. Growth beyond a stated number of boxes is refused, never endured.
 */
#include "verify/cell.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define UNCOVERED_MAX_STEPS 1000000

void cells_fini(struct cells *c)
{
	free(c->item);
	memset(c, 0, sizeof(*c));
}

void cells_add(struct cells *c, const struct cell *cell)
{
	c->item = xgrow(c->item, c->n, &c->cap, sizeof(*c->item));
	c->item[c->n++] = *cell;
}

bool cell_overlaps(const struct cell *a, const struct cell *b)
{
	for (int i = AXIS_N - 1; i >= 0; i--)
		if (a->axis[i].lo > b->axis[i].hi || a->axis[i].hi < b->axis[i].lo)
			return false;
	return true;
}

bool cell_covers(const struct cell *a, const struct cell *b)
{
	for (int i = AXIS_N - 1; i >= 0; i--)
		if (a->axis[i].lo > b->axis[i].lo || a->axis[i].hi < b->axis[i].hi)
			return false;
	return true;
}

bool cell_intersect(const struct cell *a, const struct cell *b, struct cell *out)
{
	for (int i = 0; i < AXIS_N; i++) {
		out->axis[i].lo = a->axis[i].lo > b->axis[i].lo ? a->axis[i].lo : b->axis[i].lo;
		out->axis[i].hi = a->axis[i].hi < b->axis[i].hi ? a->axis[i].hi : b->axis[i].hi;
		if (out->axis[i].lo > out->axis[i].hi)
			return false;
	}
	return true;
}

void cell_subtract(const struct cell *a, const struct cell *b, struct cells *out)
{
	/* Source ports first: most rules leave them alone, and what a flow's 1024-65535 leaves over then stays one box. */
	static const enum axis order[AXIS_N] = {AXIS_SPORT, AXIS_DPORT, AXIS_DESTINATION, AXIS_SOURCE};
	struct cell rest = *a;

	for (int i = 0; i < AXIS_N; i++) {
		struct range *r = &rest.axis[order[i]];
		const struct range *cut = &b->axis[order[i]];

		if (r->lo < cut->lo) {
			struct cell part = rest;

			part.axis[order[i]].hi = cut->lo - 1;
			cells_add(out, &part);
			r->lo = cut->lo;
		}
		if (r->hi > cut->hi) {
			struct cell part = rest;

			part.axis[order[i]].lo = cut->hi + 1;
			cells_add(out, &part);
			r->hi = cut->hi;
		}
	}
}

bool cells_subtract(struct cells *set, const struct cell *cut, size_t max)
{
	size_t n = set->n;

	for (size_t i = 0; i < n;) {
		if (!cell_overlaps(&set->item[i], cut)) {
			i++;
			continue;
		}
		struct cell whole = set->item[i];

		/* Close the gap with the last cell not yet looked at; the parts go behind them and need no second look. */
		set->item[i] = set->item[--n];
		set->item[n] = set->item[--set->n];
		cell_subtract(&whole, cut, set);
		if (set->n > max)
			return false;
	}
	return true;
}

static int range_cmp(const struct range *a, const struct range *b)
{
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	return 0;
}

/** Order by every axis but one, then by that one: neighbours along it become adjacent. */
static int cell_cmp_last(const struct cell *a, const struct cell *b, enum axis last)
{
	for (int i = 0; i < AXIS_N; i++) {
		int c = i == (int)last ? 0 : range_cmp(&a->axis[i], &b->axis[i]);

		if (c != 0)
			return c;
	}
	return range_cmp(&a->axis[last], &b->axis[last]);
}

static int cmp_source(const void *a, const void *b)
{
	return cell_cmp_last(a, b, AXIS_SOURCE);
}

static int cmp_destination(const void *a, const void *b)
{
	return cell_cmp_last(a, b, AXIS_DESTINATION);
}

static int cmp_sport(const void *a, const void *b)
{
	return cell_cmp_last(a, b, AXIS_SPORT);
}

static int cmp_dport(const void *a, const void *b)
{
	return cell_cmp_last(a, b, AXIS_DPORT);
}

static bool joins(const struct cell *a, const struct cell *b, enum axis along)
{
	for (int i = 0; i < AXIS_N; i++)
		if (i != (int)along && range_cmp(&a->axis[i], &b->axis[i]) != 0)
			return false;
	return a->axis[along].hi != U128_MAX && a->axis[along].hi + 1 == b->axis[along].lo;
}

/** Boxes that are alike on an axis have no neighbours along it. */
static bool differ_along(const struct cells *set, enum axis along)
{
	for (size_t i = 1; i < set->n; i++)
		if (range_cmp(&set->item[i].axis[along], &set->item[0].axis[along]) != 0)
			return true;
	return false;
}

static void merge_along(struct cells *set, enum axis along)
{
	static int (*const cmp[AXIS_N])(const void *, const void *) = {
	        cmp_source, cmp_destination, cmp_sport, cmp_dport};
	size_t n = 0;

	qsort(set->item, set->n, sizeof(*set->item), cmp[along]);
	for (size_t i = 0; i < set->n; i++) {
		if (n > 0 && joins(&set->item[n - 1], &set->item[i], along))
			set->item[n - 1].axis[along].hi = set->item[i].axis[along].hi;
		else
			set->item[n++] = set->item[i];
	}
	set->n = n;
}

void cells_merge(struct cells *set)
{
	static const enum axis order[] = {AXIS_DESTINATION, AXIS_DPORT, AXIS_SPORT};
	size_t before;

	if (set->n < 2)
		return;
	do {
		before = set->n;
		for (size_t i = 0; i < AXIS_N - 1; i++)
			if (differ_along(set, order[i]))
				merge_along(set, order[i]);
		/* Whatever they differ in, they are told in this order. */
		merge_along(set, AXIS_SOURCE);
	} while (set->n < before);
}

/** A part of the cell that was searched up to cover[next]. */
struct search {
	struct cells todo;
	size_t *next, cap_next;
};

static void search_push(struct search *s, size_t first, size_t next)
{
	while (s->cap_next < s->todo.n) {
		size_t cap = s->cap_next;

		s->next = xgrow(s->next, cap, &s->cap_next, sizeof(*s->next));
	}
	for (size_t i = first; i < s->todo.n; i++)
		s->next[i] = next;
}

bool cells_find_uncovered(const struct cell *whole, const struct cell *cover, size_t n, struct cell *out, bool *limit)
{
	struct search s = {0};
	size_t steps = 0;
	bool found = false;

	*limit = false;
	cells_add(&s.todo, whole);
	search_push(&s, 0, 0);
	while (s.todo.n > 0 && !found && !*limit) {
		struct cell cell = s.todo.item[--s.todo.n];
		size_t i = s.next[s.todo.n], first = s.todo.n;

		while (i < n && !cell_overlaps(&cell, &cover[i])) {
			i++;
			steps++;
		}
		if (i == n) {
			*out = cell;
			found = true;
		} else {
			cell_subtract(&cell, &cover[i], &s.todo);
			search_push(&s, first, i + 1);
		}
		*limit = !found && ++steps > UNCOVERED_MAX_STEPS;
	}
	cells_fini(&s.todo);
	free(s.next);
	return found;
}

#define COUNT_LIMBS 13 /* 2^128 * 2^128 * 2^16 * 2^16 * 2^32 fits 12 x 32 bits, and 2^32 times that 13 */

static void count_multiply(uint32_t limb[COUNT_LIMBS], uint32_t by)
{
	uint64_t carry = 0;

	for (int i = 0; i < COUNT_LIMBS; i++) {
		carry += (uint64_t)limb[i] * by;
		limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/** total = total * (width + 1), where width is a range's hi - lo, so that 2^128 needs no wider type. */
static void count_multiply_range(uint32_t total[COUNT_LIMBS], u128 width)
{
	uint32_t sum[COUNT_LIMBS];

	memcpy(sum, total, sizeof(sum));
	for (int w = 0; w < 4; w++) {
		uint32_t part[COUNT_LIMBS];
		uint64_t carry = 0;

		memcpy(part, total, sizeof(part));
		count_multiply(part, (uint32_t)(width >> (32 * w)));
		for (int i = w; i < COUNT_LIMBS; i++) {
			carry += (uint64_t)sum[i] + part[i - w];
			sum[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	memcpy(total, sum, sizeof(sum));
}

static uint32_t count_divide(uint32_t limb[COUNT_LIMBS], uint32_t by)
{
	uint64_t rest = 0;

	for (int i = COUNT_LIMBS - 1; i >= 0; i--) {
		rest = rest << 32 | limb[i];
		limb[i] = (uint32_t)(rest / by);
		rest %= by;
	}
	return (uint32_t)rest;
}

static void count_add(uint32_t sum[COUNT_LIMBS], const uint32_t part[COUNT_LIMBS])
{
	uint64_t carry = 0;

	for (int i = 0; i < COUNT_LIMBS; i++) {
		carry += (uint64_t)sum[i] + part[i];
		sum[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

char *cells_count(const struct cell *cell, size_t n, unsigned factor)
{
	uint32_t total[COUNT_LIMBS] = {0};
	char digits[COUNT_LIMBS * 10 + 1];
	size_t at = sizeof(digits) - 1;

	for (size_t k = 0; k < n; k++) {
		uint32_t limb[COUNT_LIMBS] = {factor};

		for (int i = 0; i < AXIS_N; i++)
			count_multiply_range(limb, cell[k].axis[i].hi - cell[k].axis[i].lo);
		count_add(total, limb);
	}
	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + count_divide(total, 10));
	} while (at > 0 && memcmp(total, (uint32_t[COUNT_LIMBS]){0}, sizeof(total)) != 0);
	return xstrdup(digits + at);
}

struct cell cell_hull(const struct cell *a, const struct cell *b)
{
	struct cell hull = *a;

	for (int i = 0; i < AXIS_N; i++) {
		if (b->axis[i].lo < hull.axis[i].lo)
			hull.axis[i].lo = b->axis[i].lo;
		if (b->axis[i].hi > hull.axis[i].hi)
			hull.axis[i].hi = b->axis[i].hi;
	}
	return hull;
}

struct box cell_box(const struct cell *cell)
{
	return (struct box){
	        cell->axis[AXIS_SOURCE], cell->axis[AXIS_DESTINATION], cell->axis[AXIS_SPORT], cell->axis[AXIS_DPORT]};
}

struct cell cell_reverse(const struct cell *cell)
{
	return (struct cell){{cell->axis[AXIS_DESTINATION], cell->axis[AXIS_SOURCE], cell->axis[AXIS_DPORT],
	        cell->axis[AXIS_SPORT]}};
}
