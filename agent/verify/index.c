/*
 * Boxes come in once, cells come in often; for each cell the positions of the boxes that overlap it go out, in ascending
 * order. A tree over the boxes is cut where it does not meet the cell; what overlaps everything is found all the same.
 */
#include "verify/index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define LEAF_SIZE 8
/* So few positions are sorted; more are swept from marks. */
#define SORT_MAX 128

struct entry {
	struct cell box;
	size_t position;
};

/** An inner node has two children, at `first` and `first` + 1; a leaf has n entries from `first` on. */
struct node {
	struct cell hull;
	uint32_t first, n; /* n: 0 for inner nodes */
};

struct box_index {
	struct entry *entry;
	struct node *node;
	size_t n_entry, n_node, cap_node;
};

void positions_fini(struct positions *p)
{
	free(p->item);
	free(p->mark);
	memset(p, 0, sizeof(*p));
}

static long double middle(const struct cell *box, enum axis axis)
{
	return ((long double)box->axis[axis].lo + (long double)box->axis[axis].hi) / 2;
}

static struct cell hull_of(const struct entry *entry, size_t n)
{
	struct cell hull = entry[0].box;
	for (size_t i = 1; i < n; i++)
		for (int a = 0; a < AXIS_N; a++) {
			const struct range *r = &entry[i].box.axis[a];
			if (r->lo < hull.axis[a].lo)
				hull.axis[a].lo = r->lo;
			if (r->hi > hull.axis[a].hi)
				hull.axis[a].hi = r->hi;
		}
	return hull;
}

/* The axis on which boxes are short in comparison to what they spread over. */
static enum axis axis_choose(const struct entry *entry, size_t n, const struct cell *hull)
{
	enum axis best = AXIS_DESTINATION;
	long double least = 2;
	for (int a = 0; a < AXIS_N; a++) {
		long double spread = (long double)(hull->axis[a].hi - hull->axis[a].lo), width = 0;
		for (size_t i = 0; i < n; i++)
			width += (long double)(entry[i].box.axis[a].hi - entry[i].box.axis[a].lo);
		width = spread > 0 ? width / spread / (long double)n : 1;
		if (width < least) {
			least = width;
			best = (enum axis)a;
		}
	}
	return best;
}

static void swap_entries(struct entry *a, struct entry *b)
{
	struct entry c = *a;
	*a = *b;
	*b = c;
}

/* Entries are moved until the k-th by its middle stands at k, none greater before it and none smaller behind it. */
static void entries_part(struct entry *entry, size_t n, size_t k, enum axis axis)
{
	size_t lo = 0, hi = n - 1;
	while (lo < hi) {
		long double pivot = middle(&entry[lo + (hi - lo) / 2].box, axis);
		size_t i = lo, j = hi;
		for (;;) {
			while (middle(&entry[i].box, axis) < pivot)
				i++;
			while (middle(&entry[j].box, axis) > pivot)
				j--;
			if (i >= j)
				break;
			swap_entries(&entry[i++], &entry[j--]);
		}
		/* Everything up to j is at most the pivot, everything behind it at least. */
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
}

static void node_build(struct box_index *index, size_t at, size_t first, size_t n)
{
	struct entry *entry = index->entry + first;
	struct cell hull = hull_of(entry, n);
	size_t half = n / 2, child;
	index->node[at].hull = hull;
	if (n <= LEAF_SIZE) {
		index->node[at].first = (uint32_t)first;
		index->node[at].n = (uint32_t)n;
		return;
	}
	entries_part(entry, n, half, axis_choose(entry, n, &hull));
	child = index->n_node;
	index->n_node += 2;
	index->node[at].first = (uint32_t)child;
	index->node[at].n = 0;
	node_build(index, child, first, half);
	node_build(index, child + 1, first + half, n - half);
}

struct box_index *box_index_new(size_t n, const struct cell *(*box)(const void *ctx, size_t i), const void *ctx)
{
	struct box_index *index = xcalloc(1, sizeof(*index));
	if (n == 0)
		return index;
	index->entry = xcalloc(n, sizeof(*index->entry));
	index->n_entry = n;
	for (size_t i = 0; i < n; i++)
		index->entry[i] = (struct entry){*box(ctx, i), i};
	/* Leaves are more than half full, so twice as many nodes as half-full leaves are enough. */
	index->node = xcalloc(n / (LEAF_SIZE / 4) + 2, sizeof(*index->node));
	index->n_node = 1;
	node_build(index, 0, 0, n);
	return index;
}

void box_index_free(struct box_index *index)
{
	if (index == NULL)
		return;
	free(index->entry);
	free(index->node);
	free(index);
}

static void find(const struct box_index *index, const struct node *node, const struct cell *cell, struct positions *out)
{
	while (node->n == 0) {
		const struct node *child = &index->node[node->first];
		bool left = cell_overlaps(&child[0].hull, cell), right = cell_overlaps(&child[1].hull, cell);
		if (left && right)
			find(index, &child[0], cell, out);
		else if (!left && !right)
			return;
		node = right ? &child[1] : &child[0];
	}
	for (size_t i = node->first; i < node->first + node->n; i++)
		if (cell_overlaps(&index->entry[i].box, cell)) {
			out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
			out->item[out->n++] = index->entry[i].position;
		}
}

static int position_cmp(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return (x > y) - (x < y);
}

static void sweep(struct positions *p, size_t n)
{
	size_t k = 0;
	if (p->n_mark < n) {
		free(p->mark);
		p->mark = xcalloc(n, 1);
		p->n_mark = n;
	}
	for (size_t i = 0; i < p->n; i++)
		p->mark[p->item[i]] = 1;
	for (size_t i = 0; i < n; i++)
		if (p->mark[i] != 0) {
			p->mark[i] = 0;
			p->item[k++] = i;
		}
}

void box_index_find(const struct box_index *index, const struct cell *cell, struct positions *out)
{
	out->n = 0;
	if (index->n_entry == 0 || !cell_overlaps(&index->node[0].hull, cell))
		return;
	find(index, &index->node[0], cell, out);
	if (out->n > SORT_MAX)
		sweep(out, index->n_entry);
	else if (out->n > 1)
		qsort(out->item, out->n, sizeof(*out->item), position_cmp);
}
