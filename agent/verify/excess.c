/*
 * What one question for openings has found: in come boxes of packets that nobody needs, out goes a list in which protocols
 * that share rule and box are one. A hash of rule and box finds them. Nothing is refused.
 */
#include "verify/excess.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/needed.h"

#define FIRST_SLOTS 64

static uint64_t mix(uint64_t h, u128 v)
{
	h = (h ^ (uint64_t)v ^ (uint64_t)(v >> 64)) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t hash(const struct excess *x)
{
	uint64_t h = mix(mix(0, x->chain), x->rule);

	for (int a = 0; a < AXIS_N; a++)
		h = mix(mix(h, x->cell.axis[a].lo), x->cell.axis[a].hi);
	return h;
}

static bool joins(const struct excess *a, const struct excess *b)
{
	return a->chain == b->chain && a->rule == b->rule && cell_covers(&a->cell, &b->cell) &&
	       cell_covers(&b->cell, &a->cell);
}

static uint32_t *slot_of(struct excesses *list, const struct excess *x)
{
	size_t i = (size_t)hash(x) & (list->n_slot - 1);

	while (list->slot[i] != 0 && !joins(&list->item[list->slot[i] - 1], x))
		i = (i + 1) & (list->n_slot - 1);
	return &list->slot[i];
}

static void slots_grow(struct excesses *list)
{
	list->n_slot = list->n_slot == 0 ? FIRST_SLOTS : list->n_slot * 2;
	free(list->slot);
	list->slot = xcalloc(list->n_slot, sizeof(*list->slot));
	for (size_t i = 0; i < list->n; i++)
		if (list->item[i].other)
			*slot_of(list, &list->item[i]) = (uint32_t)(i + 1);
}

void excesses_add(struct excesses *list, const struct excess *x)
{
	if (x->other) {
		if (list->n * 2 >= list->n_slot)
			slots_grow(list);
		uint32_t *slot = slot_of(list, x);

		if (*slot != 0) {
			struct excess *e = &list->item[*slot - 1];

			e->factor += x->factor;
			for (int i = 0; i < 4; i++)
				e->protocol[i] |= x->protocol[i];
			e->proto = PROTO_ANY;
			return;
		}
		*slot = (uint32_t)(list->n + 1);
	}
	list->item = xgrow(list->item, list->n, &list->cap, sizeof(*list->item));
	list->item[list->n++] = *x;
}

void excess_set_protocols(struct excess *x, uint8_t first)
{
	for (unsigned i = first; i < first + x->factor; i++)
		x->protocol[i / 64] |= (uint64_t)1 << i % 64;
}

void excess_keep_parts(struct excess *x, const struct cell *part, size_t *kept)
{
	if (x->parts < 2 || *kept + x->parts > OPENING_PARTS_MAX)
		return;
	x->part = xmalloc(x->parts * sizeof(*x->part));
	memcpy(x->part, part, x->parts * sizeof(*x->part));
	*kept += x->parts;
}

struct box *excess_boxes(const struct excess *x)
{
	struct box *box;

	if (x->part == NULL)
		return NULL;
	box = xmalloc(x->parts * sizeof(*box));
	for (size_t i = 0; i < x->parts; i++)
		box[i] = cell_box(&x->part[i]);
	return box;
}

void excesses_reset(struct excesses *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->item[i].packets);
		free(list->item[i].part);
	}
	list->n = 0;
	if (list->n_slot > 0)
		memset(list->slot, 0, list->n_slot * sizeof(*list->slot));
}

void excesses_fini(struct excesses *list)
{
	excesses_reset(list);
	free(list->item);
	free(list->slot);
	memset(list, 0, sizeof(*list));
}
