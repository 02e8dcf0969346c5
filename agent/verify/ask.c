/*
 * A question for the engine: in comes a set of packets, out go its parts with their ends. A set whose kind is known to meet
 * one end is not walked with; one that meets many rules is walked with in parts, within bounds that end in a reason.
 */
#include <stdlib.h>

#include "portcullis/alloc.h"
#include "verify/grid.h"
#include "verify/run.h"
#include "verify/uniform.h"

#define DIVIDE_DEPTH 1024 /* where the first rules are about one end of a set, its other end is halved often */
#define PARTS_WORK_MAX 20000000u /* rules tried with all parts together */
#define ENDS_MAX 500000 /* of all parts together */

const char engine_in_parts[] = "too many rules for a walk in one";
/* True of the trace and of the others. */
const char run_tired[] = "more than 1000000 rules tried for this flow";

static const struct bounds whole = {.work = 5000000, .relevant = SIZE_MAX, .lines = SIZE_MAX};
/* Where each rule that is tried is told. */
static const struct bounds traced = {.work = 1000000, .relevant = SIZE_MAX, .lines = SIZE_MAX};
/* Before a part is halved: about what looking for the middle costs. */
static const struct bounds of_part = {.work = 512, .relevant = 256, .lines = SIZE_MAX};
static const struct bounds in_one = {.work = 512, .relevant = 64, .lines = SIZE_MAX};
/* Packets of a kind that meet one end meet it soon. */
static const struct bounds of_kind = {.work = 256, .relevant = 256, .lines = 256};

static void walk_kind(void *ctx, const struct packet_set *all, struct outcomes *out)
{
	outcomes_reset(out);
	engine_walk(ctx, all, &of_kind, out, NULL, NULL);
}

/** A part of a set that waits. */
struct part {
	struct cell cell;
	unsigned depth; /**< how often the set was halved for it */
};

struct parts {
	struct part *item;
	size_t n, cap;
};

static void parts_add(struct parts *p, const struct cell *cell, unsigned depth)
{
	p->item = xgrow(p->item, p->n, &p->cap, sizeof(*p->item));
	p->item[p->n++] = (struct part){*cell, depth};
}

/** Walk with the whole set where that is soon done, else with its halves, for fewer rules concern each of them. */
static void walk_divided(struct engine *e, const struct packet_set *set, struct outcomes *out)
{
	struct packet_set part = *set;
	struct parts todo = {0};
	size_t work = 0;
	unsigned depth = 0;

	for (;;) {
		size_t n = out->n, n_note = out->n_note;
		bool forked = out->forked;
		struct cell low, high;

		engine_walk(e, &part,
		        set->in_one            ? &in_one
		        : depth < DIVIDE_DEPTH ? &of_part
		                               : &whole,
		        out, NULL, NULL);
		work += e->run->work;
		if (out->limit == run_tired && set->in_one) {
			out->limit = engine_in_parts;
		} else if (out->limit == run_tired && depth < DIVIDE_DEPTH) {
			bool divided = divide(e->run, &part.cell, &low, &high);

			out->n = n;
			out->n_note = n_note;
			out->forked = forked;
			out->limit = NULL;
			if (divided) {
				parts_add(&todo, &high, depth + 1);
				parts_add(&todo, &low, depth + 1);
			} else {
				engine_walk(e, &part, &whole, out, NULL, NULL);
				work += e->run->work;
			}
		}
		if (work > PARTS_WORK_MAX)
			out->limit = "more than 20000000 rules tried for this question";
		if (out->limit == NULL && out->n > ENDS_MAX)
			out->limit = "more than 500000 boxes: too many rules for this question";
		if (todo.n == 0 || out->limit != NULL)
			break;
		depth = todo.item[--todo.n].depth;
		part.cell = todo.item[todo.n].cell;
	}
	free(todo.item);
}

bool engine_round(struct engine *e, enum family family, const struct cell *cell, struct cell *out)
{
	if (e->grid == NULL)
		e->grid = grid_new(e);
	return grid_round(e->grid, family, cell, out);
}

const struct outcome *engine_kind_end(struct engine *e, const struct packet_set *set)
{
	return uniform_find(e->uniform, set, walk_kind, e);
}

bool engine_kind_holds(struct engine *e, const struct packet_set *set, bool (*ask)(void *ctx), void *ctx)
{
	return uniform_holds(e->uniform, set, ask, ctx);
}

void engine_run(struct engine *e, const struct packet_set *set, struct outcomes *out, engine_trace *trace_fn, void *ctx)
{
	const struct outcome *end = trace_fn == NULL ? engine_kind_end(e, set) : NULL;

	outcomes_reset(out);
	if (end != NULL) {
		out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
		out->item[out->n] = *end;
		out->item[out->n++].cell = set->cell;
	} else if (trace_fn != NULL || set->nat.wanted) {
		engine_walk(e, set, trace_fn != NULL ? &traced : &whole, out, trace_fn, ctx);
	} else {
		walk_divided(e, set, out);
	}
}
