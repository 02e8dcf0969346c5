#ifndef VERIFY_INDEX_H
#define VERIFY_INDEX_H

#include <stdbool.h>

#include "verify/cell.h"

/*
 * Boxes by what they overlap: a tree of boxes around boxes, halved along the axis that parts them best. Of a long chain most
 * rules are about other packets; this finds those that are not.
 */
struct box_index;

/** Positions of boxes. Start with {0}; release with positions_fini(). */
struct positions {
	uint32_t *item;
	size_t n, cap;
	unsigned char *mark; /**< scratch */
	size_t n_mark;
	const void *thing; /**< what the positions are of, to be read soon; NULL: nothing in particular */
	size_t thing_size;
};
void positions_fini(struct positions *p);

/** One side of the i-th box. */
typedef struct range box_side(const void *ctx, size_t i, enum axis axis);
/** An index of n boxes, which may be forgotten afterwards. */
struct box_index *box_index_new(size_t n, box_side *side, const void *ctx);
void box_index_free(struct box_index *index);
/** @return false: no more. */
typedef bool box_visit(void *ctx, size_t position);
/**
 * Visit the boxes that overlap the cell, in ascending order. The first ones are found without looking for the others.
 *
 * @param scratch  kept for its memory; not meaningful afterwards.
 * @return false: a visit said that there be no more.
 */
bool box_index_each(
        const struct box_index *index, const struct cell *cell, struct positions *scratch, box_visit *visit, void *ctx);

#endif
