/*
 * In: routes of the main table and of VRFs, and rules of the routing policy. Out: where each part of a destination range
 * leaves by, and whether a rule can lead packets past that. The longest prefix wins, then the smallest metric, then the
 * route that stands first; next hops of equal cost are all told. Nothing is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/network.h"

#define ORDER(a, b)                                                                                                    \
	do {                                                                                                           \
		if ((a) != (b))                                                                                        \
			return (a) < (b) ? -1 : 1;                                                                     \
	} while (0)

/* A route that counts here, with its place for routes that are otherwise equal: qsort() keeps no order. */
struct candidate {
	const struct net_route *route;
	size_t place;
};

static bool same_range(const struct net_route *a, const struct net_route *b)
{
	return a->destination.lo == b->destination.lo && a->destination.hi == b->destination.hi;
}

/* Outer ranges before those inside them, better routes before worse ones to the same range. */
static int candidate_cmp(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	ORDER(a->route->destination.lo, b->route->destination.lo);
	ORDER(b->route->destination.hi, a->route->destination.hi);
	ORDER(a->route->metric, b->route->metric);
	ORDER(a->place, b->place);
	return 0;
}

/* The next hops that packets to one range may take: neighbours among the candidates. */
struct hops {
	const struct candidate *first;
	size_t n;
};

static bool has_hop(const struct candidate *first, size_t n, const struct net_route *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(first[i].route->ifname, wanted->ifname) == 0 && first[i].route->unknown == wanted->unknown)
			return true;
	return false;
}

/*
 * Do packets take either of two routes to one range? In IPv6 also where two routes of one metric stand side by side, but
 * not to what never leaves its link.
 */
static bool share(const struct net_route *a, const struct net_route *b)
{
	static const u128 link_local = (u128)0xfe80 << 112;
	if (a->metric != b->metric || a->passes_on || b->passes_on)
		return false;
	return (a->multipath && b->multipath) || (a->family == FAMILY_IPV6 && a->destination.lo < link_local);
}

/* Sorted, with the best route to each range alone, or all its next hops, each interface once. */
static size_t keep_best(struct candidate *list, size_t n)
{
	size_t kept = 0, start = 0;
	for (size_t i = 0; i < n; i++) {
		const struct net_route *best = kept > 0 ? list[start].route : NULL, *this = list[i].route;
		if (best == NULL || !same_range(best, this)) {
			start = kept;
			list[kept++] = list[i];
		} else if (share(best, this) && !has_hop(&list[start], kept - start, this)) {
			list[kept++] = list[i];
		}
	}
	return kept;
}

static struct candidate *candidates(
        const struct network *net, enum family f, const char *vrf, struct range destination, size_t *n)
{
	struct candidate *list = NULL;
	size_t count = 0, cap = 0;
	for (size_t i = 0; i < net->n_route; i++) {
		const struct net_route *r = &net->route[i];
		if (r->family != f || r->destination.hi < destination.lo || r->destination.lo > destination.hi ||
		        strcmp(r->vrf, vrf) != 0)
			continue;
		list = xgrow(list, count, &cap, sizeof(*list));
		list[count++] = (struct candidate){.route = r, .place = i};
	}
	if (count > 1)
		qsort(list, count, sizeof(*list), candidate_cmp);
	*n = keep_best(list, count);
	return list;
}

/* The sweep: what is already cut off, and a part that waits for the next one to have other next hops. */
struct sweep {
	struct range destination;
	u128 next; /**< first address not yet given to a route */
	bool done, has_part;
	struct range part;
	struct hops hops;
	void (*each)(void *ctx, struct range part, const struct net_route *route);
	void *ctx;
};

static bool same_hops(struct hops a, struct hops b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		const struct net_route *x = a.first[i].route, *y = b.first[i].route;
		if (strcmp(x->ifname, y->ifname) != 0 || x->unknown != y->unknown || x->passes_on != y->passes_on)
			return false;
	}
	return true;
}

static void flush(struct sweep *s)
{
	for (size_t i = 0; s->has_part && i < s->hops.n; i++)
		s->each(s->ctx, s->part, s->hops.first[i].route);
	if (s->has_part && s->hops.n == 0)
		s->each(s->ctx, s->part, NULL);
	s->has_part = false;
}

/* Everything up to `hi` takes these next hops. */
static void give(struct sweep *s, u128 hi, struct hops hops)
{
	if (s->done || hi < s->next)
		return;
	if (hi > s->destination.hi)
		hi = s->destination.hi;
	if (s->has_part && same_hops(s->hops, hops)) {
		s->part.hi = hi;
	} else {
		flush(s);
		s->part = (struct range){s->next, hi};
		s->hops = hops;
		s->has_part = true;
	}
	/* The last address of all has no next one. */
	if (hi == s->destination.hi)
		s->done = true;
	else
		s->next = hi + 1;
}

static void sweep_table(const struct network *net, enum family f, const char *vrf, struct sweep *s)
{
	static const struct hops none = {0};
	size_t n = 0, depth = 0;
	struct candidate *list = candidates(net, f, vrf, s->destination, &n);
	/* The routes that the sweep is inside of, from the widest to the longest prefix: prefixes nest or are apart. */
	struct hops *inside = xcalloc(n, sizeof(*inside));
	for (size_t i = 0; i < n;) {
		const struct net_route *r = list[i].route;
		struct hops hops = {&list[i], 0};
		for (; i < n && same_range(list[i].route, r); i++)
			hops.n++;
		for (; depth > 0 && inside[depth - 1].first->route->destination.hi < r->destination.lo; depth--)
			give(s, inside[depth - 1].first->route->destination.hi, inside[depth - 1]);
		if (r->destination.lo > s->destination.lo)
			give(s, r->destination.lo - 1, depth > 0 ? inside[depth - 1] : none);
		inside[depth++] = hops;
	}
	for (; depth > 0; depth--)
		give(s, inside[depth - 1].first->route->destination.hi, inside[depth - 1]);
	give(s, s->destination.hi, none);
	flush(s);
	free(inside);
	free(list);
}

/* A look-up in a VRF that goes on in the main table where the VRF's own has nothing. */
struct vrf_sweep {
	const struct network *net;
	enum family family;
	void (*each)(void *ctx, struct range part, const struct net_route *route);
	void *ctx;
};

static void each_of_main(void *ctx, struct range part, const struct net_route *route)
{
	const struct vrf_sweep *v = ctx;
	v->each(v->ctx, part, route != NULL && route->passes_on ? NULL : route);
}

static void each_of_vrf(void *ctx, struct range part, const struct net_route *route)
{
	struct vrf_sweep *v = ctx;
	struct sweep rest = {.destination = part, .next = part.lo, .each = each_of_main, .ctx = v};
	if (route != NULL && !route->passes_on)
		v->each(v->ctx, part, route);
	else
		sweep_table(v->net, v->family, "", &rest);
}

void network_each_hop(const struct network *net, enum family f, const char *vrf, struct range destination,
        void (*each)(void *ctx, struct range part, const struct net_route *route), void *ctx)
{
	struct vrf_sweep v = {net, f, each, ctx};
	struct sweep s = {.destination = destination, .next = destination.lo, .ctx = &v};
	s.each = vrf[0] != '\0' ? each_of_vrf : each_of_main;
	sweep_table(net, f, vrf, &s);
}

struct by_name {
	bool main;
	void (*each)(void *ctx, struct range part, const char *ifname);
	void *ctx;
	bool has_part;
	struct range part;
	const char *ifname;
};

static void tell_name(struct by_name *n)
{
	if (n->has_part)
		n->each(n->ctx, n->part, n->ifname);
	n->has_part = false;
}

/* Without a route and with a route that leads nowhere are one answer here. */
static void each_name(void *ctx, struct range part, const struct net_route *route)
{
	struct by_name *n = ctx;
	const char *ifname = route != NULL ? route->ifname : "";
	if (!n->main && ifname[0] == '\0')
		return;
	if (n->has_part && n->part.hi + 1 == part.lo && strcmp(n->ifname, ifname) == 0) {
		n->part.hi = part.hi;
		return;
	}
	tell_name(n);
	n->part = part;
	n->ifname = ifname;
	n->has_part = true;
}

static bool told_before(const struct network *net, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(net->member[k].vrf, net->member[i].vrf) == 0)
			return true;
	return false;
}

void network_each_route(const struct network *net, enum family f, struct range destination,
        void (*each)(void *ctx, struct range part, const char *ifname), void *ctx)
{
	struct by_name n = {.main = true, .each = each, .ctx = ctx};
	struct sweep s = {.destination = destination, .next = destination.lo, .each = each_name, .ctx = &n};
	sweep_table(net, f, "", &s);
	tell_name(&n);
	n.main = false;
	for (size_t i = 0; i < net->n_member; i++) {
		struct sweep vrf = {.destination = destination, .next = destination.lo, .each = each_name, .ctx = &n};
		if (!told_before(net, i))
			sweep_table(net, f, net->member[i].vrf, &vrf);
		tell_name(&n);
	}
}

static bool meet(struct range a, struct range b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

static bool covers(struct range a, struct range b)
{
	return a.lo <= b.lo && b.hi <= a.hi;
}

const struct net_rule *network_rule_against(const struct network *net, enum family f, struct range source,
        struct range destination, const char *iif, uint8_t proto, bool routed)
{
	for (size_t i = 0; i < net->n_rule; i++) {
		const struct net_rule *r = &net->rule[i];
		bool whole = r->exact && covers(r->source, source) && covers(r->destination, destination);
		if (r->family != f || r->marked || !meet(r->source, source) || !meet(r->destination, destination) ||
		        (r->iif[0] != '\0' && strcmp(r->iif, iif) != 0) || (r->proto != 0 && r->proto != proto))
			continue;
		if (!r->to_main)
			return r;
		/* What the main table has a route to is decided there; later rules are not asked. */
		if (whole && routed)
			return NULL;
	}
	return NULL;
}
