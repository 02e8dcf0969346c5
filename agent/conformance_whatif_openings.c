/*
 * Openings of two states: two lists come in, out go those of the first with packets that the second has nowhere. What was
 * open through another rule is not new. Packets are compared box by box, up to a bound; past it nothing counts as covered.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance_whatif.h"
#include "portcullis/alloc.h"
#include "verify/cell.h"

static struct cell box_cell(const struct box *b)
{
	struct cell c;

	c.axis[AXIS_SOURCE] = b->source;
	c.axis[AXIS_DESTINATION] = b->destination;
	c.axis[AXIS_SPORT] = b->source_ports;
	c.axis[AXIS_DPORT] = b->ports;
	return c;
}

/* The exact boxes, or the one around them. */
static const struct box *boxes_of(const struct opening *o, size_t *n)
{
	*n = o->part != NULL ? o->n_box : 1;
	return o->part != NULL ? o->part : &o->box;
}

static bool is_exact(const struct opening *o)
{
	return o->n_box <= 1 || o->part != NULL;
}

static bool has_protocol(const struct opening *o, unsigned proto)
{
	return (o->protocol[proto / 64] >> proto % 64 & 1) != 0;
}

/* Boxes that may be taken from others, in all: a second or two. */
#define WORK_MAX 100000000u

/** The openings of the other list that one shares packets with. */
struct near {
	const struct opening **item;
	size_t n, cap;
	size_t work; /**< boxes that may still be taken from others */
	bool unsure; /**< something could not be compared */
};

static bool is_near(const struct opening *a, const struct opening *b)
{
	const struct cell x = box_cell(&a->box), y = box_cell(&b->box);
	uint64_t common = 0;

	if (a->family != b->family || strcmp(a->iif, b->iif) != 0 || strcmp(a->oif, b->oif) != 0)
		return false;
	for (int i = 0; i < 4; i++)
		common |= a->protocol[i] & b->protocol[i];
	return common != 0 && cell_overlaps(&x, &y);
}

static void near_find(const struct opening *o, const struct openings *other, struct near *out)
{
	out->n = 0;
	out->unsure = !is_exact(o);
	for (size_t i = 0; i < other->n; i++) {
		const struct opening *b = &other->opening[i];

		if (!is_near(o, b))
			continue;
		out->unsure = out->unsure || !is_exact(b);
		if (!is_exact(b))
			continue;
		out->item = xgrow(out->item, out->n, &out->cap, sizeof(const struct opening *));
		out->item[out->n++] = b;
	}
}

static bool take(struct cells *left, const struct opening *from, struct near *near)
{
	size_t n;
	const struct box *box = boxes_of(from, &n);

	for (size_t i = 0; i < n && left->n > 0; i++) {
		const struct cell cut = box_cell(&box[i]);

		if (near->work < left->n || !cells_subtract(left, &cut, VERIFY_MAX_BOXES)) {
			near->unsure = true;
			return false;
		}
		near->work -= left->n;
	}
	return true;
}

static bool is_covered_of(const struct opening *o, unsigned proto, struct near *near)
{
	struct cells left = {0};
	size_t n;
	const struct box *box = boxes_of(o, &n);
	bool fits = true, covered;

	for (size_t i = 0; i < n; i++) {
		const struct cell c = box_cell(&box[i]);

		cells_add(&left, &c);
	}
	for (size_t i = 0; i < near->n && left.n > 0 && fits; i++)
		if (has_protocol(near->item[i], proto))
			fits = take(&left, near->item[i], near);
	covered = fits && left.n == 0;
	cells_fini(&left);
	return covered;
}

/* Protocols that none of those nearby tells apart have one answer. */
static bool same_answer(const struct near *near, unsigned a, unsigned b)
{
	for (size_t i = 0; i < near->n; i++)
		if (has_protocol(near->item[i], a) != has_protocol(near->item[i], b))
			return false;
	return true;
}

static bool is_covered(const struct opening *o, struct near *near)
{
	unsigned asked = 256;

	for (unsigned proto = 0; proto < 256; proto++) {
		if (!has_protocol(o, proto) || (asked < 256 && same_answer(near, asked, proto)))
			continue;
		if (!is_covered_of(o, proto, near))
			return false;
		asked = proto;
	}
	return asked < 256;
}

static int id_cmp(const void *key, const void *item)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct opening *)item)->id;

	return a < b ? -1 : a > b;
}

/* The id stands for rule and box; the label tells where two hashes are one. */
static bool is_there(const struct opening *o, const struct openings *other, size_t *unsure)
{
	const struct opening *same =
	        other->n == 0 ? NULL : bsearch(&o->id, other->opening, other->n, sizeof(*other->opening), id_cmp);

	if (same == NULL || strcmp(same->label, o->label) != 0 || same->n_box != o->n_box ||
	        strcmp(same->packets, o->packets) != 0)
		return false;
	if (o->part != NULL && same->part != NULL)
		return memcmp(o->part, same->part, o->n_box * sizeof(*o->part)) == 0;
	*unsure += !is_exact(o) || !is_exact(same);
	return true;
}

size_t whatif_openings_beyond(const struct openings *list, const struct openings *other, struct whatif_openings *out)
{
	struct near near = {.work = WORK_MAX};
	size_t unsure = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct opening *o = &list->opening[i];

		if (is_there(o, other, &unsure))
			continue;
		near_find(o, other, &near);
		if (is_covered(o, &near))
			continue;
		unsure += near.unsure;
		out->item = xgrow(out->item, out->n, &out->cap, sizeof(const struct opening *));
		out->item[out->n++] = o;
	}
	free(near.item);
	return unsure;
}
