/*
 * Where to halve a set of packets: a cell and the rules that a walk with it met come in, two halves go out, such that few
 * rules concern both. Without an end of a rule within the cell there are none.
 */
#include <stdlib.h>
#include <string.h>

#include "verify/run.h"

#define SAMPLE_MAX 128 /* lines, and elements of a set, that are looked at */

/** Places to cut one side of the cell, and how many boxes that concerns. */
struct cuts {
	u128 at[4 * SAMPLE_MAX];
	size_t n, boxes;
};

static void cuts_add(struct cuts *c, struct range side, struct range box)
{
	size_t n = c->n;

	if (n + 2 > sizeof(c->at) / sizeof(c->at[0]))
		return;
	if (box.lo > side.lo && box.lo <= side.hi)
		c->at[c->n++] = box.lo;
	if (box.hi >= side.lo && box.hi < side.hi)
		c->at[c->n++] = box.hi + 1;
	c->boxes += c->n > n;
}

/** The chain whose lines keep the walk busy. */
static size_t busiest(const struct run *run)
{
	size_t chain = SIZE_MAX;

	for (size_t i = 0; i < run->e->rs->n_chain; i++)
		if (run->relevant[i].visit == run->visit &&
		        (chain == SIZE_MAX || run->relevant[i].n > run->relevant[chain].n))
			chain = i;
	return chain;
}

static void cuts_of_set(struct cuts cuts[AXIS_N], const struct cell *cell, const struct rs_set *set,
        const enum rs_field *field, size_t n)
{
	size_t step = set->n_element / SAMPLE_MAX + 1;
	enum axis axis;

	for (size_t i = 0; i < set->n_element; i += step)
		for (size_t f = 0; f < n && !set->element[i].catch_all; f++)
			if (field_axis(field[f], &axis))
				cuts_add(&cuts[axis], cell->axis[axis], set->element[i].key[f]);
}

static void cuts_of_line(
        struct cuts cuts[AXIS_N], const struct cell *cell, const struct run *run, const struct line *line)
{
	const struct rs_set *set = run->e->rs->set;

	for (int a = 0; a < AXIS_N; a++)
		cuts_add(&cuts[a], cell->axis[a], hull_range(&line->hull, (enum axis)a));
	for (size_t i = 0; i < line->n_test; i++)
		if (line->test[i].how == HOW_SET)
			cuts_of_set(cuts, cell, &set[line->test[i].match->set], line->test[i].match->field,
			        line->test[i].match->n_field);
	if (line->vmap)
		cuts_of_set(cuts, cell, &set[line->rule->vmap_set], line->rule->vmap_field, line->rule->n_vmap_field);
}

static int value_cmp(const void *a, const void *b)
{
	u128 x = *(const u128 *)a, y = *(const u128 *)b;

	return (x > y) - (x < y);
}

bool divide(const struct run *run, const struct cell *cell, struct cell *low, struct cell *high)
{
	struct cuts cuts[AXIS_N];
	size_t chain = busiest(run), step;
	enum axis best = AXIS_SOURCE;
	u128 at;

	for (int a = 0; a < AXIS_N; a++)
		cuts[a].n = cuts[a].boxes = 0;
	if (chain == SIZE_MAX)
		return false;
	step = run->relevant[chain].n / SAMPLE_MAX + 1;
	for (size_t i = 0; i < run->relevant[chain].n; i += step)
		cuts_of_line(cuts, cell, run, &run->e->chain[chain].line[run->relevant[chain].line[i]]);
	for (int a = 0; a < AXIS_N; a++)
		if (cuts[a].boxes > cuts[best].boxes)
			best = (enum axis)a;
	if (cuts[best].n == 0)
		return false;
	qsort(cuts[best].at, cuts[best].n, sizeof(cuts[best].at[0]), value_cmp);
	at = cuts[best].at[cuts[best].n / 2];
	*low = *high = *cell;
	low->axis[best].hi = at - 1;
	high->axis[best].lo = at;
	return true;
}
