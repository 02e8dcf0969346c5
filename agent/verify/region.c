/*
 * Does a rule that changed concern a question: in come the region of the rule and the packets of a leg, or of a scan for
 * openings, out goes whether the rule may match one of them somewhere on their way. In doubt it does.
 */
#include "verify/region.h"

#include <stdlib.h>

#include "portcullis/alloc.h"
#include "verify/difference.h"

#define IPV6_SHIFT 16
#define BIT(hook) (1u << (hook))

/* Chains whose hooks grew and that hand them on. */
struct growth {
	uint32_t *hooks;
	size_t *stack;
	size_t n, cap;
};

static void reach(struct growth *g, size_t chain, uint32_t hooks)
{
	if ((g->hooks[chain] | hooks) == g->hooks[chain])
		return;
	g->hooks[chain] |= hooks;
	g->stack = xgrow(g->stack, g->n, &g->cap, sizeof(*g->stack));
	g->stack[g->n++] = chain;
}

static void reach_verdict(struct growth *g, const struct rs_verdict *v, uint32_t hooks)
{
	if (v->code == RS_JUMP || v->code == RS_GOTO)
		reach(g, v->chain, hooks);
}

uint32_t *region_hooks(const struct engine *e)
{
	struct growth g = {.hooks = xcalloc(e->rs->n_chain + 1, sizeof(*g.hooks))};

	for (int f = 0; f < 2; f++)
		for (int h = 0; h <= RS_HOOK_POSTROUTING; h++)
			for (size_t i = 0; i < e->base[f][h].n; i++)
				reach(&g, e->base[f][h].chain[i], BIT(h) << (f * IPV6_SHIFT));
	while (g.n > 0) {
		size_t chain = g.stack[--g.n];
		const struct rs_chain *c = &e->rs->chain[chain];

		for (size_t i = 0; i < c->n_rule; i++) {
			reach_verdict(&g, &c->rule[i].verdict, g.hooks[chain]);
			const struct rs_set *map = c->rule[i].vmap ? &e->rs->set[c->rule[i].vmap_set] : NULL;
			for (size_t k = 0; map != NULL && k < map->n_element; k++)
				reach_verdict(&g, &map->element[k].verdict, g.hooks[chain]);
		}
	}
	free(g.stack);
	return g.hooks;
}

static bool on_the_way(const struct region *r, const struct packet_set *set)
{
	static const uint32_t hooks[] = {
	        [PATH_FORWARD] = BIT(RS_HOOK_PREROUTING) | BIT(RS_HOOK_FORWARD) | BIT(RS_HOOK_POSTROUTING),
	        [PATH_INPUT] = BIT(RS_HOOK_PREROUTING) | BIT(RS_HOOK_INPUT),
	        [PATH_OUTPUT] = BIT(RS_HOOK_OUTPUT) | BIT(RS_HOOK_POSTROUTING),
	        [PATH_NONE] = UINT16_MAX,
	};

	return (r->hooks >> (set->family == FAMILY_IPV4 ? 0 : IPV6_SHIFT) & hooks[set->path]) != 0;
}

/* Of the fields that do not change on the way; those that may differ from packet to packet hold. */
static bool fixed_hold(const struct line *line, const struct packet_set *set)
{
	for (size_t i = 0; i < line->n_test && line->test[i].how == HOW_FIXED; i++) {
		const struct test *t = &line->test[i];

		if (t->field == RS_FIELD_NFPROTO && !match_test_holds(t, set->family == FAMILY_IPV4 ? 2 : 10))
			return false;
		if (t->field == RS_FIELD_L4PROTO && !match_test_holds(t, set->proto))
			return false;
		if (t->field == RS_FIELD_IIFNAME && (set->path == PATH_OUTPUT || set->iif[0] != '\0') &&
		        !match_test_holds(t, set->path == PATH_OUTPUT ? 0 : ifname_value(set->iif)))
			return false;
		/* Before the packet is routed there is none. */
		if (t->field == RS_FIELD_OIFNAME && (set->path == PATH_INPUT || set->oif[0] != '\0') &&
		        !match_test_holds(t, 0) &&
		        (set->path == PATH_INPUT || !match_test_holds(t, ifname_value(set->oif))))
			return false;
	}
	return true;
}

static bool may_match(const struct region *r, const struct packet_set *set)
{
	return on_the_way(r, set) && (r->line->needs & packet_missing_fields(set)) == 0 && fixed_hold(r->line, set);
}

static uint32_t hooks_of_both(const struct region *r)
{
	return r->hooks | r->hooks >> IPV6_SHIFT;
}

/* Where translation shows a rule other addresses than the packet began with. */
static bool source_is_blurred(const struct region *r)
{
	return (hooks_of_both(r) & (BIT(RS_HOOK_INPUT) | BIT(RS_HOOK_POSTROUTING))) != 0;
}

static bool destination_is_blurred(const struct region *r)
{
	return (hooks_of_both(r) & (BIT(RS_HOOK_PREROUTING) | BIT(RS_HOOK_OUTPUT))) != 0;
}

static bool range_meets(struct range a, struct range b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

/* A protocol without ports meets what it is asked about them by what stands at their place: any value. */
static bool cell_meets(const struct region *r, const struct cell *cell, uint8_t proto, bool nat)
{
	const struct range *h = r->cell.axis, *c = cell->axis;
	const bool ports = proto_has_ports(proto);

	if (!(nat && destination_is_blurred(r)) && !(range_meets(h[AXIS_DESTINATION], c[AXIS_DESTINATION]) &&
	                                                   (!ports || range_meets(h[AXIS_DPORT], c[AXIS_DPORT]))))
		return false;
	return (nat && source_is_blurred(r)) ||
	       (range_meets(h[AXIS_SOURCE], c[AXIS_SOURCE]) && (!ports || range_meets(h[AXIS_SPORT], c[AXIS_SPORT])));
}

struct cell region_reach(const struct region *r, bool translated)
{
	const struct range all = {0, U128_MAX};
	struct cell cell = r->cell;
	bool nat = r->nat || translated;

	if (nat && destination_is_blurred(r))
		cell.axis[AXIS_DESTINATION] = cell.axis[AXIS_DPORT] = all;
	if (nat && source_is_blurred(r))
		cell.axis[AXIS_SOURCE] = cell.axis[AXIS_SPORT] = all;
	return cell;
}

struct cell leg_inside_cell(const struct leg_key *key)
{
	struct cell cell = key->cell;
	struct range *ports = &cell.axis[AXIS_DPORT];

	cell.axis[AXIS_DESTINATION] = key->inside;
	ports->lo = (u128)((int)ports->lo + key->shift);
	ports->hi = (u128)((int)ports->hi + key->shift);
	return cell;
}

static bool region_touches_leg(const struct region *r, const struct leg_key *key)
{
	const struct cell inside = leg_inside_cell(key);

	for (enum phase phase = PHASE_NEW; phase < PHASE_N; phase++) {
		struct packet_set set = leg_packets(key, phase, &key->cell, key->inside.lo);
		bool reply = phase == PHASE_REPLY, nat = r->nat || key->translated;
		struct cell outer = reply ? cell_reverse(&key->cell) : key->cell;
		struct cell inner = reply ? cell_reverse(&inside) : inside;

		if (may_match(r, &set) && (cell_meets(r, &outer, set.proto, nat) ||
		                                  (key->translated && cell_meets(r, &inner, set.proto, nat))))
			return true;
	}
	return false;
}

bool difference_touches_leg(const struct difference *d, const struct leg_key *key)
{
	for (size_t i = 0; i < d->n && !d->everything; i++)
		if (region_touches_leg(&d->region[i], key))
			return true;
	return d->everything;
}

static bool region_touches_set(const struct region *r, const struct packet_set *set, const struct ranges *source,
        const struct ranges *destination)
{
	return may_match(r, set) &&
	       ((r->nat && source_is_blurred(r)) || ranges_overlap(source, r->cell.axis[AXIS_SOURCE])) &&
	       ((r->nat && destination_is_blurred(r)) || ranges_overlap(destination, r->cell.axis[AXIS_DESTINATION]));
}

bool difference_touches_set(const struct difference *d, const struct packet_set *set, const struct ranges *source,
        const struct ranges *destination)
{
	for (size_t i = 0; i < d->n && !d->everything; i++)
		if (region_touches_set(&d->region[i], set, source, destination))
			return true;
	return d->everything;
}
