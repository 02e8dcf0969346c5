/*
 * Required flows as disjoint boxes: legs of flows come in, out go elements of a set. The kernel refuses an element inside
 * another one, so what an earlier box has is cut out of the later ones; the wide ones come first, that little is cut. Too
 * many boxes are refused.
 */
#include "compile/boxes.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/index.h"

static bool is_ping(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

static bool is_compiled(const struct flow *flow, enum path path, enum family family)
{
	return flow->state == FLOW_CHECK && !flow->advisory && flow->path == path && flow->family == family;
}

static struct need need_of(const struct flows *flows, size_t f, size_t leg)
{
	const struct flow *flow = &flows->flow[f];
	const struct flow_leg *l = &flow->leg[leg];
	struct need n = {.proto = flow->proto, .flow = f};
	struct port_range to = l->translated ? flow->inside_ports : flow->ports;

	n.cell.axis[AXIS_SOURCE] = l->source;
	n.cell.axis[AXIS_DESTINATION] = l->translated ? l->inside : l->destination;
	if (!is_ping(flow->proto)) {
		n.cell.axis[AXIS_SPORT] = (struct range){flow->source_ports.lo, flow->source_ports.hi};
		n.cell.axis[AXIS_DPORT] = (struct range){to.lo, to.hi};
	}
	return n;
}

static double size_of(const struct cell *c)
{
	double size = 1;

	for (int a = 0; a < AXIS_N; a++)
		size *= (double)(c->axis[a].hi - c->axis[a].lo) + 1;
	return size;
}

static int cell_cmp(const struct cell *a, const struct cell *b)
{
	for (int i = 0; i < AXIS_N; i++) {
		const struct range *x = &a->axis[i], *y = &b->axis[i];

		if (x->lo != y->lo)
			return x->lo < y->lo ? -1 : 1;
		if (x->hi != y->hi)
			return x->hi < y->hi ? -1 : 1;
	}
	return 0;
}

/* By protocol, then the widest first. */
static int need_cmp(const void *a, const void *b)
{
	const struct need *x = a, *y = b;
	double wide = size_of(&x->cell), other = size_of(&y->cell);

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (wide != other)
		return wide > other ? -1 : 1;
	if (cell_cmp(&x->cell, &y->cell) != 0)
		return cell_cmp(&x->cell, &y->cell);
	return (x->flow > y->flow) - (x->flow < y->flow);
}

void needs_collect(const struct flows *flows, enum path path, enum family family, bool pings, struct needs *out)
{
	for (size_t f = 0; f < flows->n; f++) {
		const struct flow *flow = &flows->flow[f];

		if (!is_compiled(flow, path, family) || is_ping(flow->proto) != pings)
			continue;
		for (size_t l = 0; l < flow->n_leg; l++) {
			out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
			out->item[out->n++] = need_of(flows, f, l);
		}
	}
	if (out->n > 0)
		qsort(out->item, out->n, sizeof(*out->item), need_cmp);
}

struct range need_side(const void *ctx, size_t i, enum axis axis)
{
	return ((const struct need *)ctx)[i].cell.axis[axis];
}

/** What is left of a need that the ones before it have not. */
struct cut {
	const struct need *need;
	size_t at;
	struct cells *rest;
	bool too_many;
};

static bool cut_visit(void *ctx, size_t position)
{
	struct cut *c = ctx;

	if (position >= c->at || c->rest->n == 0)
		return false;
	c->too_many = !cells_subtract(c->rest, &c->need[position].cell, OWN_ELEMENTS_MAX);
	return !c->too_many;
}

static int too_many(const struct flow *flow, struct error *err)
{
	return error_set(err, ERR_LIMIT, "/portcullis:firewall",
	        "the required flows come to more than %u boxes at %s; write the addresses of its groups as prefixes",
	        OWN_ELEMENTS_MAX, flow->label);
}

/* Of needs of one protocol. */
static int disjoint(const struct flows *flows, const struct need *need, size_t n, const struct box_index *index,
        struct cells *out, struct error *err)
{
	struct positions scratch = {0};
	struct cells rest = {0};
	int result = 0;

	for (size_t i = 0; i < n && result == 0; i++) {
		struct cut cut = {need, i, &rest, false};

		rest.n = 0;
		cells_add(&rest, &need[i].cell);
		box_index_each(index, &need[i].cell, &scratch, cut_visit, &cut);
		for (size_t k = 0; k < rest.n && !cut.too_many; k++)
			cells_add(out, &rest.item[k]);
		if (cut.too_many || out->n > OWN_ELEMENTS_MAX)
			result = too_many(&flows->flow[need[i].flow], err);
	}
	cells_fini(&rest);
	positions_fini(&scratch);
	return result;
}

/** The flows that a box is for. */
struct users {
	const struct need *need;
	size_t *flow, n, cap;
};

static bool user_visit(void *ctx, size_t position)
{
	struct users *u = ctx;

	u->flow = xgrow(u->flow, u->n, &u->cap, sizeof(*u->flow));
	u->flow[u->n++] = u->need[position].flow;
	return true;
}

static int flow_cmp(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static char *users_comment(struct users *u, const struct flows *flows)
{
	size_t others = 0;

	qsort(u->flow, u->n, sizeof(*u->flow), flow_cmp);
	for (size_t i = 1; i < u->n; i++)
		others += u->flow[i] != u->flow[i - 1];
	if (others == 0)
		return own_comment("%s", flows->flow[u->flow[0]].label);
	return own_comment("+%zu: %s", others, flows->flow[u->flow[0]].label);
}

static void add_elements(const struct flows *flows, const struct cells *boxes, const struct need *need,
        const struct box_index *index, struct own_set *out)
{
	struct users users = {.need = need};
	struct positions scratch = {0};

	out->element = xrealloc(out->element, out->n_element + boxes->n + 1, sizeof(*out->element));
	for (size_t i = 0; i < boxes->n; i++) {
		struct own_element *e = &out->element[out->n_element++];
		const struct range *axis = boxes->item[i].axis;

		users.n = 0;
		box_index_each(index, &boxes->item[i], &scratch, user_visit, &users);
		*e = (struct own_element){.key = {axis[AXIS_SOURCE], axis[AXIS_DESTINATION], {need->proto, need->proto},
		                                  axis[AXIS_SPORT], axis[AXIS_DPORT]},
		        .comment = users_comment(&users, flows)};
	}
	free(users.flow);
	positions_fini(&scratch);
}

static int of_protocol(
        const struct flows *flows, const struct need *need, size_t n, struct own_set *out, struct error *err)
{
	struct box_index *index = box_index_new(n, need_side, need);
	struct cells boxes = {0};
	int result = disjoint(flows, need, n, index, &boxes, err);

	if (result == 0) {
		cells_merge(&boxes);
		add_elements(flows, &boxes, need, index, out);
	}
	if (result == 0 && out->n_element > OWN_ELEMENTS_MAX)
		result = too_many(&flows->flow[need->flow], err);
	cells_fini(&boxes);
	box_index_free(index);
	return result;
}

static int boxes(const struct flows *flows, enum path path, enum family family, bool pings, struct own_set *out,
        struct error *err)
{
	struct needs needs = {0};
	size_t end;
	int result = 0;

	needs_collect(flows, path, family, pings, &needs);
	for (size_t i = 0; i < needs.n && result == 0; i = end) {
		for (end = i; end < needs.n && needs.item[end].proto == needs.item[i].proto; end++)
			;
		result = of_protocol(flows, &needs.item[i], end - i, out, err);
	}
	free(needs.item);
	out->counts = true;
	return result;
}

int boxes_of_flows(
        const struct flows *flows, enum path path, enum family family, struct own_set *out, struct error *err)
{
	*out = (struct own_set){0};
	out->n_field = own_required_fields(family, false, out->field);
	return boxes(flows, path, family, false, out, err);
}

int boxes_of_pings(
        const struct flows *flows, enum path path, enum family family, struct own_set *out, struct error *err)
{
	*out = (struct own_set){0};
	out->n_field = own_required_fields(family, true, out->field);
	return boxes(flows, path, family, true, out, err);
}
