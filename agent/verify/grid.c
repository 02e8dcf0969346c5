/*
 * What a ruleset can tell apart: a prepared ruleset comes in, out go cells widened as far as no packet that is added can
 * be treated otherwise than one that was there. Addresses of both sides share their places, for replies turn them round.
 */
#include "verify/grid.h"

#include <stdlib.h>

#include "portcullis/alloc.h"
#include "verify/ranks.h"

struct grid {
	struct ranks address, port;
	bool masked;
};

/** Ranges of addresses and of ports. */
struct collection {
	const struct ruleset *rs;
	struct ranges address, port;
	bool *seen; /**< by set: its elements are among them */
	bool masked;
};

static void collect(struct collection *c, enum rs_field field, struct range r)
{
	enum axis axis;

	if (field_axis(field, &axis))
		ranges_add(axis == AXIS_SOURCE || axis == AXIS_DESTINATION ? &c->address : &c->port, r.lo, r.hi);
}

/** Whoever looks up in it does so with addresses for addresses and ports for ports. */
static void collect_set(struct collection *c, size_t index, const enum rs_field *field, size_t n)
{
	const struct rs_set *set = &c->rs->set[index];

	for (size_t i = 0; i < set->n_element && !c->seen[index]; i++)
		for (size_t f = 0; f < n && !set->element[i].catch_all; f++)
			collect(c, field[f], set->element[i].key[f]);
	c->seen[index] = true;
}

/** Where translation leaves packets as they are. */
static void collect_targets(struct collection *c, const struct rs_set *map)
{
	for (size_t i = 0; i < map->n_element; i++) {
		const struct rs_target *t = &map->element[i].target;

		if (t->has_address)
			ranges_add(&c->address, t->address_lo, t->address_hi);
		if (t->has_port)
			ranges_add(&c->port, t->port.lo, t->port.hi);
	}
}

static void collect_mask(struct collection *c, const struct rs_match *m)
{
	struct range prefix;
	enum axis axis;

	if (!field_axis(m->field[0], &axis))
		return;
	if (mask_prefix(m, &prefix))
		collect(c, m->field[0], prefix);
	else
		c->masked = true;
}

static void collect_rule(struct collection *c, const struct rs_rule *rule)
{
	if (rule->nat_has_address)
		ranges_add(&c->address, rule->nat_address_lo, rule->nat_address_hi);
	if (rule->nat_has_port)
		ranges_add(&c->port, rule->nat_port.lo, rule->nat_port.hi);
	if (rule->nat_map)
		collect_targets(c, &c->rs->set[rule->vmap_set]);
	for (size_t i = 0; i < rule->n_match; i++) {
		const struct rs_match *m = &rule->match[i];

		for (size_t k = 0; m->kind == RS_MATCH_RANGES && k < m->ranges.n; k++)
			collect(c, m->field[0], m->ranges.item[k]);
		if (m->kind == RS_MATCH_MASK)
			collect_mask(c, m);
		else if (m->kind == RS_MATCH_SET)
			collect_set(c, m->set, m->field, m->n_field);
	}
	if (rule->vmap)
		collect_set(c, rule->vmap_set, rule->vmap_field, rule->n_vmap_field);
}

static void ranks_of(struct ranks *out, struct ranges *list)
{
	struct rank_range *unused = xcalloc(list->n, sizeof(*unused));
	struct ranking ranking = {0};

	for (size_t i = 0; i < list->n; i++)
		ranking_look(&ranking, list->item[i]);
	ranking_begin(&ranking);
	for (size_t i = 0; i < list->n; i++)
		ranking_take(&ranking, list->item[i]);
	ranking_end(&ranking, out, unused);
	free(unused);
	ranges_fini(list);
}

struct grid *grid_new(const struct engine *e)
{
	struct grid *g = xcalloc(1, sizeof(*g));
	struct collection c = {.rs = e->rs, .seen = xcalloc(e->rs->n_set, sizeof(*c.seen))};

	for (size_t i = 0; i < e->rs->n_chain; i++)
		for (size_t k = 0; k < e->rs->chain[i].n_rule; k++)
			collect_rule(&c, &e->rs->chain[i].rule[k]);
	for (int six = 0; six < 2; six++)
		for (size_t i = 0; i < e->tolerated[six].n; i++)
			ranges_add(&c.address, e->tolerated[six].item[i].lo, e->tolerated[six].item[i].hi);
	/* Addresses that routes treat alike: unicast ones are 1 up to 224.0.0.0, and up to ff00::. */
	ranges_add(&c.address, 1, UNICAST_MAX_IPV4);
	ranges_add(&c.address, 1, UNICAST_MAX_IPV6);
	/* What IPsec policies tell apart is not collected. */
	g->masked = c.masked || e->asks_ipsec;
	ranks_of(&g->address, &c.address);
	ranks_of(&g->port, &c.port);
	free(c.seen);
	return g;
}

void grid_free(struct grid *g)
{
	if (g == NULL)
		return;
	ranks_fini(&g->address);
	ranks_fini(&g->port);
	free(g);
}

static struct range widened(const struct ranks *ranks, struct range r, u128 most)
{
	struct rank_range at = ranks_find(ranks, r);
	struct range out = {at.lo > 0 ? ranks->start[at.lo - 1] : 0, most};

	if (at.hi < ranks->n && ranks->start[at.hi] <= most)
		out.hi = ranks->start[at.hi] - 1;
	return out;
}

bool grid_round(const struct grid *g, enum family family, const struct cell *cell, struct cell *out)
{
	const struct range *in = cell->axis;

	if (g->masked)
		return false;
	out->axis[AXIS_SOURCE] = widened(&g->address, in[AXIS_SOURCE], family_max(family));
	out->axis[AXIS_DESTINATION] = widened(&g->address, in[AXIS_DESTINATION], family_max(family));
	out->axis[AXIS_SPORT] = in[AXIS_SPORT];
	out->axis[AXIS_DPORT] = in[AXIS_DPORT];
	/* A protocol without ports has none in the widened cell either. */
	if (in[AXIS_SPORT].hi > 0 || in[AXIS_DPORT].hi > 0) {
		out->axis[AXIS_SPORT] = widened(&g->port, in[AXIS_SPORT], UINT16_MAX);
		out->axis[AXIS_DPORT] = widened(&g->port, in[AXIS_DPORT], UINT16_MAX);
	}
	return true;
}
