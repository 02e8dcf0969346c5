/*
 * What is said of a leg: results come in, out go the one part to blame and, of an answer to a wider question, the part that
 * lies in a cell. Nothing is decided here.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/leg.h"

void leg_result_fini(struct leg_result *r)
{
	cells_fini(&r->rest);
	free(r->share);
	free(r->open.id);
	free(r->remark.id);
	free(r->assumed.id);
	memset(r, 0, sizeof(*r));
}

void atoms_add(struct atoms *a, uint32_t id)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->id[i] == id)
			return;
	a->id = xgrow(a->id, a->n, &a->cap, sizeof(*a->id));
	a->id[a->n++] = id;
}

/* The same of a part of the first share. */
static bool part_before(const struct share *a, const struct cell *part, const struct share *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind;
	if (a->phase != b->phase)
		return a->phase < b->phase;
	for (int i = 0; i < AXIS_N; i++)
		if (part->axis[i].lo != b->cell.axis[i].lo)
			return part->axis[i].lo < b->cell.axis[i].lo;
	return false;
}

bool share_before(const struct share *a, const struct share *b)
{
	return part_before(a, &a->cell, b);
}

static void blame_part(struct leg_result *r, const struct share *s, const struct cell *part)
{
	if (s->kind == SHARE_ELSEWHERE || (r->has_first && !part_before(s, part, &r->first)))
		return;
	r->first = *s;
	r->first.cell = *part;
	r->has_first = true;
}

void leg_result_blame(struct leg_result *r, const struct share *s)
{
	blame_part(r, s, &s->cell);
}

static void atoms_copy(struct atoms *out, const struct atoms *in)
{
	for (size_t i = 0; i < in->n; i++)
		atoms_add(out, in->id[i]);
}

void leg_result_cut(const struct leg_result *r, const struct cell *cell, struct leg_result *out)
{
	struct cell part;

	*out = *r;
	out->share = NULL;
	out->n_share = 0;
	out->has_first = false;
	out->open = out->remark = out->assumed = (struct atoms){0};
	out->rest = (struct cells){0};
	atoms_copy(&out->open, &r->open);
	atoms_copy(&out->remark, &r->remark);
	atoms_copy(&out->assumed, &r->assumed);
	for (size_t i = 0; i < r->n_share; i++) {
		if (cell_intersect(&r->share[i].cell, cell, &part))
			blame_part(out, &r->share[i], &part);
	}
	for (size_t i = 0; i < r->rest.n; i++)
		if (cell_intersect(&r->rest.item[i], cell, &part))
			cells_add(&out->rest, &part);
}
