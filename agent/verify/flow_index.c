/*
 * Flows that a difference may concern: flows come in once, differences come in often, out go the flows with a leg whose
 * addresses and ports meet a region of the difference in one direction or the other. Nothing is decided here.
 */
#include "verify/flow_index.h"

#include <stdlib.h>

#include "portcullis/alloc.h"
#include "verify/findings.h"
#include "verify/index.h"
#include "verify/region.h"

/** A box of a leg: as the initiator sees it, or as the listener does. */
struct leg_box {
	uint32_t flow;
	struct cell cell;
};

struct flow_index {
	struct leg_box *box;
	size_t n, cap;
	bool translated; /**< some leg is */
	struct box_index *index;
	struct positions scratch;
};

static void box_add(struct flow_index *x, size_t flow, struct cell cell, bool has_ports)
{
	/* What stands at the place of the ports is not known. */
	if (!has_ports)
		cell.axis[AXIS_SPORT] = cell.axis[AXIS_DPORT] = (struct range){0, U128_MAX};
	x->box = xgrow(x->box, x->n, &x->cap, sizeof(*x->box));
	x->box[x->n++] = (struct leg_box){(uint32_t)flow, cell};
}

static struct range box_range(const void *ctx, size_t i, enum axis axis)
{
	return ((const struct leg_box *)ctx)[i].cell.axis[axis];
}

struct flow_index *flow_index_new(const struct flows *flows)
{
	struct flow_index *x = xcalloc(1, sizeof(*x));

	for (size_t i = 0; i < flows->n; i++)
		for (size_t k = 0; k < flows->flow[i].n_leg; k++) {
			struct leg_key key = flow_leg_key(&flows->flow[i], k);

			box_add(x, i, key.cell, proto_has_ports(key.proto));
			if (key.translated)
				box_add(x, i, leg_inside_cell(&key), proto_has_ports(key.proto));
			x->translated = x->translated || key.translated;
		}
	x->index = box_index_new(x->n, box_range, x->box);
	return x;
}

void flow_index_free(struct flow_index *x)
{
	if (x == NULL)
		return;
	box_index_free(x->index);
	positions_fini(&x->scratch);
	free(x->box);
	free(x);
}

struct touching {
	const struct flow_index *index;
	bool *touched;
};

static bool touch(void *ctx, size_t i)
{
	struct touching *t = ctx;

	t->touched[t->index->box[i].flow] = true;
	return true;
}

void flow_index_touch(struct flow_index *x, const struct difference *d, bool *touched)
{
	struct touching t = {x, touched};

	for (size_t i = 0; i < d->n; i++) {
		struct cell there = region_reach(&d->region[i], x->translated), back = cell_reverse(&there);

		box_index_each(x->index, &there, &x->scratch, touch, &t);
		box_index_each(x->index, &back, &x->scratch, touch, &t);
	}
}
