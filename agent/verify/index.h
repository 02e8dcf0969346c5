#ifndef VERIFY_INDEX_H
#define VERIFY_INDEX_H

#include "verify/cell.h"

/*
 * Boxes by what they overlap: a tree of boxes around boxes, halved along the axis that parts them best. Of a long chain most
 * rules are about other packets; this finds those that are not.
 */
struct box_index;

/** Positions in ascending order. Start with {0}; release with positions_fini(). */
struct positions {
	size_t *item;
	size_t n, cap;
	unsigned char *mark; /**< scratch */
	size_t n_mark;
};
void positions_fini(struct positions *p);

/** An index of n boxes; box(ctx, i) gives the i-th and may be forgotten afterwards. */
struct box_index *box_index_new(size_t n, const struct cell *(*box)(const void *ctx, size_t i), const void *ctx);
void box_index_free(struct box_index *index);
/** The positions of all boxes that overlap the cell replace those in *out. */
void box_index_find(const struct box_index *index, const struct cell *cell, struct positions *out);

#endif
