/*
 * One packet for a part of a flow that depends on what was left open: in comes the part, out go a packet of it that does not
 * pass and who decides about that very packet. A mask is open for a range and decided for one address, so the rule that may
 * meet the part need not meet any packet of it. Where no packet is found that is stopped, nothing is said.
 */
#include "verify/blame.h"
#include "verify/leg.h"
#include "verify/program.h"

static struct cell packet_cell(const struct packet *p)
{
	return (struct cell){{{p->source, p->source}, {p->destination, p->destination},
	        {p->source_port, p->source_port}, {p->destination_port, p->destination_port}}};
}

/** The first outcome that is not that the packet passes. */
static const struct outcome *stopper(const struct outcomes *o)
{
	for (size_t i = 0; i < o->n && o->limit == NULL; i++)
		if (o->item[i].code != OUTCOME_ACCEPT && !(o->item[i].code == OUTCOME_DROP && o->item[i].listed))
			return &o->item[i];
	return NULL;
}

/** The part of a cell that begins where the rule's masks first hold. @return false: it has none. */
static bool masks_meet(const struct engine *e, const struct share *s, struct cell *cell)
{
	const struct program_chain *c = &e->chain[s->chain];
	struct range run[MASK_RUNS];
	bool meets = false;

	for (size_t i = 0; i < c->n_line; i++) {
		const struct line *line = &c->line[i];

		for (size_t k = 0; line->index == s->rule && k < line->n_test; k++) {
			const struct test *t = &line->test[k];

			if (t->how != HOW_MASK || t->negate || mask_runs(t, cell->axis[t->axis], run) == 0)
				continue;
			cell->axis[t->axis].lo = cell->axis[t->axis].hi = run[0].lo;
			meets = true;
		}
	}
	return meets;
}

static const struct outcome *ask(
        struct engine *e, const struct packet_set *set, const struct packet *p, struct outcomes *scratch)
{
	struct packet_set point = *set;

	point.cell = packet_cell(p);
	engine_run(e, &point, scratch, NULL, NULL);
	return stopper(scratch);
}

const struct outcome *witness_find(struct engine *e, const struct packet_set *set, const struct share *s,
        struct outcomes *scratch, struct packet *out)
{
	struct cell cell = set->cell;
	const struct outcome *o;

	*out = cell_witness(set, &cell);
	if (!s->forked)
		return NULL;
	o = ask(e, set, out, scratch);
	if (o == NULL && s->chain != OUTCOME_NO_CHAIN && s->rule != OUTCOME_POLICY && masks_meet(e, s, &cell)) {
		struct packet p = cell_witness(set, &cell);

		o = ask(e, set, &p, scratch);
		if (o != NULL)
			*out = p;
	}
	return o != NULL && (o->code == s->code || s->kind == SHARE_MAYBE) ? o : NULL;
}
