/*
 * Chains that let a part of the packet set through unchanged: in come such parts, out goes whether another part is in one of
 * them. What depends on an open condition is not kept, and past the bound nothing more is.
 */
#include "portcullis/alloc.h"
#include "verify/run.h"

#define PASSED_MAX 64 /* parts per chain */

bool piece_alike(const struct piece *a, const struct piece *b)
{
	return a->notes == b->notes && a->listed == b->listed && a->untracked == b->untracked &&
	       a->translated == b->translated && a->nat_done == b->nat_done && a->inside == b->inside &&
	       a->aimed == b->aimed && a->target == b->target;
}

bool passed_before(const struct run *run, size_t depth, size_t chain, const struct piece *piece)
{
	const struct passed *p = &run->passed[chain];

	for (size_t i = 0; p->visit == run->visit && i < p->n; i++)
		if (p->depth[i] >= depth && piece_alike(&p->item[i], piece) &&
		        cell_covers(&p->item[i].cell, &piece->cell))
			return true;
	return false;
}

void passed_add(struct run *run, size_t depth, size_t chain, const struct piece *piece)
{
	struct passed *p = &run->passed[chain];
	size_t cap = p->cap;

	if (p->visit != run->visit)
		p->n = 0;
	p->visit = run->visit;
	if (p->n == PASSED_MAX)
		return;
	p->item = xgrow(p->item, p->n, &cap, sizeof(*p->item));
	p->depth = xgrow(p->depth, p->n, &p->cap, sizeof(*p->depth));
	p->item[p->n] = *piece;
	p->depth[p->n++] = depth;
}
