/*
 * The shares of a leg while they are found: shares come in, out goes what of some cells none of them has. Those of earlier
 * walks are looked up by what they overlap. More cells than the bound are refused.
 */
#include "verify/shares.h"

#include <stdlib.h>

#include "portcullis/alloc.h"

/* Fewer shares are gone through faster than they are looked up in. */
#define INDEX_MIN 32

void shares_fini(struct share_list *list)
{
	box_index_free(list->index);
	free(list->item);
	*list = (struct share_list){0};
}

void shares_add(struct share_list *list, const struct share *s)
{
	list->item = xgrow(list->item, list->n, &list->cap, sizeof(*list->item));
	list->item[list->n++] = *s;
}

static struct range share_side(const void *shares, size_t i, enum axis axis)
{
	return ((const struct share *)shares)[i].cell.axis[axis];
}

void shares_mark(struct share_list *list)
{
	box_index_free(list->index);
	list->n_before = list->n;
	list->index = list->n >= INDEX_MIN ? box_index_new(list->n, share_side, list->item) : NULL;
}

/** Cells while shares are taken from them. */
struct cutting {
	const struct share *list;
	struct cells *cells;
	bool fits;
};

static bool cutting_visit(void *ctx, size_t i)
{
	struct cutting *c = ctx;

	c->fits = cells_subtract(c->cells, &c->list[i].cell, VERIFY_MAX_BOXES);
	return c->fits && c->cells->n > 0;
}

bool shares_subtract(const struct share_list *list, bool all, struct cells *cells, struct positions *scratch)
{
	struct cutting cutting = {list->item, cells, true};
	size_t i = 0, n = all ? list->n : list->n_before;

	if (list->index != NULL && cells->n > 0) {
		struct cell hull = cells->item[0];

		for (size_t k = 1; k < cells->n; k++)
			hull = cell_hull(&hull, &cells->item[k]);
		box_index_each(list->index, &hull, scratch, cutting_visit, &cutting);
		i = list->n_before;
	}
	for (; i < n && cells->n > 0 && cutting.fits; i++)
		cutting_visit(&cutting, i);
	return cutting.fits;
}
