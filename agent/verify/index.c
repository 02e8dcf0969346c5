/*
 * Boxes come in once, cells come in often; for each cell the positions of the boxes that overlap it go out, in ascending
 * order. A tree over the boxes is cut where it does not meet the cell; what overlaps everything is found all the same.
 */
#include "verify/index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/ahead.h"
#include "verify/ranks.h"

#define LEAF_SIZE 8
/* So few positions are inserted in order, so few are sorted; more are swept from marks. */
#define INSERT_MAX 16
#define SORT_MAX 128
/* Boxes of the first tree, and how many times more the next ones have. */
#define BLOCK_FIRST 64
#define BLOCK_GROWTH 4
#define BLOCKS_MAX 16
/* So many times shorter than what all spread over is narrow; of so many, one is few; fewer are of one kind. */
#define NARROW 16
#define FEW_OF 8
#define KINDS_MIN 64
/* Of more boxes than this every so-manieth is looked at where they are cut. */
#define SAMPLE_MAX 128
/* Boxes that have no more than this share of the spread are short. */
#define SHORT 0.3
#define ALL_AXES ((1u << AXIS_N) - 1)

/**
 * A box by its ranks: the low ends on all axes, then the high ends with the sign turned, so that less is more on every side
 * and all sides are worked on alike.
 */
struct rank_box {
	int32_t at[2 * AXIS_N];
};

struct entry {
	struct rank_box box;
	uint32_t position;
};

/** An inner node has two children, at `first` and `first` + 1; a leaf has n entries from `first` on. */
struct node {
	struct rank_box hull;
	uint32_t first, n; /* n: 0 for inner nodes */
};

/** Trees over the first boxes, over some more behind them, and so on, each of many times the size of the last. */
struct box_index {
	struct ranks ranks[AXIS_N];
	struct entry *entry;
	struct node *node;
	size_t n_entry, n_node;
	uint32_t root[BLOCKS_MAX], first[BLOCKS_MAX + 1]; /* first: positions that begin a tree */
	size_t n_block;
};

void positions_fini(struct positions *p)
{
	free(p->item);
	free(p->mark);
	memset(p, 0, sizeof(*p));
}

static int64_t side_low(const struct rank_box *s, enum axis axis)
{
	return s->at[axis];
}

static int64_t side_high(const struct rank_box *s, enum axis axis)
{
	return -(int64_t)s->at[AXIS_N + axis];
}

static void side_set(struct rank_box *s, int axis, struct rank_range r)
{
	s->at[axis] = (int32_t)r.lo;
	s->at[AXIS_N + axis] = -(int32_t)r.hi;
}

static int64_t middle(const struct entry *e, enum axis axis)
{
	return side_low(&e->box, axis) + side_high(&e->box, axis);
}

static void hull_join(struct rank_box *hull, const struct rank_box *with)
{
	for (int i = 0; i < 2 * AXIS_N; i++)
		hull->at[i] = with->at[i] < hull->at[i] ? with->at[i] : hull->at[i];
}

/* The hull of every step-th entry. */
static struct rank_box hull_find(const struct entry *entry, size_t n, size_t step)
{
	struct rank_box hull = entry[0].box;
	for (size_t i = step; i < n; i += step)
		hull_join(&hull, &entry[i].box);
	return hull;
}

/** How a tree was cut from its root to a node. */
struct way {
	unsigned to_part; /* axes on which boxes of different kinds were not parted yet */
	uint8_t times[AXIS_N]; /* it was cut on each axis */
};

/* The share that a box has, in the mean, of what the boxes spread over on an axis; more than 1: all lie at one place. */
static double share_find(const struct entry *entry, size_t n, size_t step, const struct rank_box *hull, enum axis axis)
{
	double spread = (double)(side_high(hull, axis) - side_low(hull, axis)),
	       looked_at = (double)((n + step - 1) / step);
	int64_t width = 0;
	if (spread <= 0)
		return 2;
	for (size_t i = 0; i < n; i += step)
		width += side_high(&entry[i].box, axis) - side_low(&entry[i].box, axis);
	/* Short on many different intervals is better than on few. */
	return ((double)width + looked_at) / ((spread + 1) * looked_at);
}

/*
 * The axes on which boxes are short take turns: a tree cut on one axis alone would be of no help to a cell that is wide on
 * it. Where there are none, it is the one on which they are the shortest.
 */
static enum axis axis_choose(
        const struct entry *entry, size_t n, size_t step, const struct rank_box *hull, struct way *way)
{
	enum axis best = AXIS_DESTINATION;
	double least = 2;
	for (int a = 0; a < AXIS_N; a++) {
		double share = share_find(entry, n, step, hull, (enum axis)a);
		bool both_short = share <= SHORT && least <= SHORT;
		if (both_short && way->times[a] != way->times[best] ? way->times[a] < way->times[best]
		                                                    : share < least) {
			least = share;
			best = (enum axis)a;
		}
	}
	way->times[best]++;
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
	/* Rules come in all kinds of orders: a pivot at a fixed place would meet its worst one. */
	uint32_t random = 1;
	while (lo < hi) {
		random = random * 1664525 + 1013904223;
		int64_t pivot = middle(&entry[lo + (random >> 8) % (hi - lo + 1)], axis);
		size_t i = lo, j = hi;
		while (i <= j) {
			while (middle(&entry[i], axis) < pivot)
				i++;
			while (middle(&entry[j], axis) > pivot)
				j--;
			if (i <= j) {
				swap_entries(&entry[i++], &entry[j]);
				if (j-- == 0)
					break;
			}
		}
		/* What lies between j and i is the pivot. */
		if (j != SIZE_MAX && k <= j)
			hi = j;
		else if (k >= i)
			lo = i;
		else
			return;
	}
}

static bool is_narrow(const struct entry *e, enum axis axis, const struct rank_box *hull)
{
	return (side_high(&e->box, axis) - side_low(&e->box, axis)) * NARROW <
	       side_high(hull, axis) - side_low(hull, axis);
}

/* Boxes that are narrow on an axis go before the others, where neither are few. @return how many; 0: all are alike. */
static size_t narrow_part(struct entry *entry, size_t n, enum axis axis, const struct rank_box *hull)
{
	size_t narrow = 0, k = 0;
	for (size_t i = 0; i < n; i++)
		narrow += is_narrow(&entry[i], axis, hull);
	if (narrow < n / FEW_OF || n - narrow < n / FEW_OF)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (is_narrow(&entry[i], axis, hull))
			swap_entries(&entry[k++], &entry[i]);
	return narrow;
}

/*
 * Where entry[0..n) is cut in two. Boxes of different kinds would hide each other in every hull, so they are parted first,
 * once on each axis. Of many, some are looked at to see where they are short.
 */
static size_t entries_cut(struct entry *entry, size_t n, struct way *way)
{
	size_t half = n / 2, step = n / SAMPLE_MAX + 1;
	struct rank_box hull = hull_find(entry, n, step);
	for (unsigned a = 0; a < AXIS_N && n >= KINDS_MIN; a++) {
		size_t narrow = (way->to_part & 1u << a) != 0 ? narrow_part(entry, n, (enum axis)a, &hull) : 0;
		way->to_part &= ~(1u << a);
		if (narrow > 0)
			return narrow;
	}
	entries_part(entry, n, half, axis_choose(entry, n, step, &hull, way));
	return half;
}

static void node_build(struct box_index *index, size_t at, size_t first, size_t n, struct way way)
{
	struct entry *entry = index->entry + first;
	struct node *node = &index->node[at];
	size_t cut, child;
	if (n <= LEAF_SIZE) {
		node->hull = hull_find(entry, n, 1);
		node->first = (uint32_t)first;
		node->n = (uint32_t)n;
		return;
	}
	cut = entries_cut(entry, n, &way);
	child = index->n_node;
	index->n_node += 2;
	node->first = (uint32_t)child;
	node->n = 0;
	node_build(index, child, first, cut, way);
	node_build(index, child + 1, first + cut, n - cut, way);
	node->hull = index->node[child].hull;
	hull_join(&node->hull, &index->node[child + 1].hull);
}

static void blocks_build(struct box_index *index)
{
	size_t size = BLOCK_FIRST, n = index->n_entry;
	/* Leaves are more than half full, so twice as many nodes as half-full leaves are enough. */
	index->node = xcalloc(n / (LEAF_SIZE / 4) + 2 * BLOCKS_MAX, sizeof(*index->node));
	for (size_t at = 0; at < n; size *= BLOCK_GROWTH) {
		size_t k = index->n_block++, len = size < n - at ? size : n - at;
		index->root[k] = (uint32_t)index->n_node++;
		node_build(index, index->root[k], at, len, (struct way){.to_part = ALL_AXES});
		at += len;
		index->first[k + 1] = (uint32_t)at;
	}
}

struct box_index *box_index_new(size_t n, box_side *side, const void *ctx)
{
	struct box_index *index = xcalloc(1, sizeof(*index));
	struct ranking ranking[AXIS_N] = {{0}};
	struct rank_range *rank;
	if (n == 0)
		return index;
	/* The boxes lie in much memory: each is read as seldom as can be. */
	for (size_t i = 0; i < n; i++)
		for (int a = 0; a < AXIS_N; a++)
			ranking_look(&ranking[a], side(ctx, i, (enum axis)a));
	for (int a = 0; a < AXIS_N; a++)
		ranking_begin(&ranking[a]);
	for (size_t i = 0; i < n; i++)
		for (int a = 0; a < AXIS_N; a++)
			ranking_take(&ranking[a], side(ctx, i, (enum axis)a));
	index->entry = xmalloc(n * sizeof(*index->entry));
	index->n_entry = n;
	rank = xmalloc(n * sizeof(*rank));
	for (int a = 0; a < AXIS_N; a++) {
		ranking_end(&ranking[a], &index->ranks[a], rank);
		for (size_t i = 0; i < n; i++)
			side_set(&index->entry[i].box, a, rank[i]);
	}
	free(rank);
	for (size_t i = 0; i < n; i++)
		index->entry[i].position = (uint32_t)i;
	blocks_build(index);
	return index;
}

void box_index_free(struct box_index *index)
{
	if (index == NULL)
		return;
	for (int a = 0; a < AXIS_N; a++)
		ranks_fini(&index->ranks[a]);
	free(index->entry);
	free(index->node);
	free(index);
}

/** What a box meets whose ends are not above these: the other ends of the cell, side by side. */
static struct rank_box reach_of(const struct box_index *index, const struct cell *cell)
{
	struct rank_box reach;
	for (int a = 0; a < AXIS_N; a++) {
		struct rank_range r = ranks_find(&index->ranks[a], cell->axis[a]);
		reach.at[a] = (int32_t)r.hi;
		reach.at[AXIS_N + a] = -(int32_t)r.lo;
	}
	return reach;
}

static bool meets(const struct rank_box *box, const struct rank_box *reach)
{
	/* Without branches, for which side parts them cannot be foreseen: a difference below zero shows in the sign. */
	int32_t apart = 0;
	for (int i = 0; i < 2 * AXIS_N; i++)
		apart |= reach->at[i] - box->at[i];
	return apart >= 0;
}

static void find(
        const struct box_index *index, const struct node *node, const struct rank_box *reach, struct positions *out)
{
	while (node->n == 0) {
		const struct node *child = &index->node[node->first];
		bool left = meets(&child[0].hull, reach), right = meets(&child[1].hull, reach);
		if (left && right)
			find(index, &child[0], reach, out);
		else if (!left && !right)
			return;
		node = right ? &child[1] : &child[0];
	}
	for (size_t i = node->first; i < node->first + node->n; i++)
		if (meets(&index->entry[i].box, reach)) {
			uint32_t position = index->entry[i].position;
			if (out->thing != NULL)
				ahead((const char *)out->thing + position * out->thing_size, out->thing_size);
			out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
			out->item[out->n++] = position;
		}
}

static int position_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Positions of one block, by marks. */
static void sweep(struct positions *p, uint32_t first, uint32_t end)
{
	size_t k = 0;
	if (p->n_mark < end - first) {
		free(p->mark);
		p->mark = xcalloc(end - first, 1);
		p->n_mark = end - first;
	}
	for (size_t i = 0; i < p->n; i++)
		p->mark[p->item[i] - first] = 1;
	for (uint32_t i = first; i < end; i++)
		if (p->mark[i - first] != 0) {
			p->mark[i - first] = 0;
			p->item[k++] = i;
		}
}

static void insert(struct positions *p)
{
	for (size_t i = 1; i < p->n; i++) {
		uint32_t x = p->item[i];
		size_t k = i;
		for (; k > 0 && p->item[k - 1] > x; k--)
			p->item[k] = p->item[k - 1];
		p->item[k] = x;
	}
}

static void positions_sort(struct positions *p, uint32_t first, uint32_t end)
{
	if (p->n > SORT_MAX)
		sweep(p, first, end);
	else if (p->n > INSERT_MAX)
		qsort(p->item, p->n, sizeof(*p->item), position_cmp);
	else
		insert(p);
}

bool box_index_each(
        const struct box_index *index, const struct cell *cell, struct positions *scratch, box_visit *visit, void *ctx)
{
	struct rank_box reach = reach_of(index, cell);
	for (size_t b = 0; b < index->n_block; b++) {
		const struct node *root = &index->node[index->root[b]];
		scratch->n = 0;
		if (meets(&root->hull, &reach))
			find(index, root, &reach, scratch);
		positions_sort(scratch, index->first[b], index->first[b + 1]);
		for (size_t i = 0; i < scratch->n; i++)
			if (!visit(ctx, scratch->item[i]))
				return false;
	}
	return true;
}
