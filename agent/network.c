/*
 * Addresses and routes of the device as a value: which addresses are its own, whether two readings say the same, and
 * which interface each part of a destination range leaves by. The longest prefix wins, then the smallest metric, then
 * the route that stands first; nothing is refused.
 */
#include "portcullis/network.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

void network_fini(struct network *net)
{
	if (net == NULL)
		return;
	free(net->address);
	free(net->route);
	memset(net, 0, sizeof(*net));
}

bool network_is_local(const struct network *net, enum family f, u128 address)
{
	static const char loopback[] = "lo";
	if (!net->known)
		return false;
	for (size_t i = 0; i < net->n_address; i++)
		if (net->address[i].family == f && net->address[i].address == address)
			return true;
	/* Every system answers to 127.0.0.0/8; other ranges it answers to are routes of the local table. */
	if (f == FAMILY_IPV4 && address >> 24 == 127)
		return true;
	for (size_t i = 0; i < net->n_route; i++) {
		const struct net_route *r = &net->route[i];
		if (r->family == f && strcmp(r->ifname, loopback) == 0 && r->prefix_length > 0 &&
		        address >= r->destination.lo && address <= r->destination.hi)
			return true;
	}
	return false;
}

#define ORDER(a, b)                                                                                                    \
	do {                                                                                                           \
		if ((a) != (b))                                                                                        \
			return (a) < (b) ? -1 : 1;                                                                     \
	} while (0)

static int address_cmp(const void *x, const void *y)
{
	const struct net_address *a = x, *b = y;
	ORDER(a->family, b->family);
	ORDER(a->address, b->address);
	return strcmp(a->ifname, b->ifname);
}

/* Outer ranges before those inside them, better routes before worse ones to the same range. */
static int route_cmp(const void *x, const void *y)
{
	const struct net_route *a = x, *b = y;
	ORDER(a->family, b->family);
	ORDER(a->destination.lo, b->destination.lo);
	ORDER(b->destination.hi, a->destination.hi);
	ORDER(a->metric, b->metric);
	return 0;
}

static int route_full_cmp(const void *x, const void *y)
{
	const struct net_route *a = x, *b = y;
	int order = route_cmp(a, b);
	if (order != 0)
		return order;
	ORDER(a->prefix_length, b->prefix_length);
	ORDER(a->multipath, b->multipath);
	return strcmp(a->ifname, b->ifname);
}

static void *sorted(const void *items, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	void *copy = xcalloc(n, size);
	if (n > 0) {
		memcpy(copy, items, n * size);
		qsort(copy, n, size, cmp);
	}
	return copy;
}

static bool lists_equal(const void *a, const void *b, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	char *x = sorted(a, n, size, cmp), *y = sorted(b, n, size, cmp);
	bool equal = true;
	for (size_t i = 0; i < n && equal; i++)
		equal = cmp(x + i * size, y + i * size) == 0;
	free(x);
	free(y);
	return equal;
}

bool network_equal(const struct network *a, const struct network *b)
{
	return a->known == b->known && a->n_address == b->n_address && a->n_route == b->n_route &&
	       lists_equal(a->address, b->address, a->n_address, sizeof(*a->address), address_cmp) &&
	       lists_equal(a->route, b->route, a->n_route, sizeof(*a->route), route_full_cmp);
}

/* A route that counts here, with its place for routes that are otherwise equal: qsort() keeps no order. */
struct candidate {
	struct net_route route;
	size_t place;
};

static int candidate_cmp(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	int order = route_cmp(&a->route, &b->route);
	if (order != 0)
		return order;
	ORDER(a->place, b->place);
	return 0;
}

/* Sorted routes to part of the destination, one for each range. */
static struct candidate *candidates(const struct network *net, enum family f, struct range destination, size_t *n)
{
	struct candidate *list = NULL;
	size_t count = 0, cap = 0, kept = 0;
	for (size_t i = 0; i < net->n_route; i++) {
		const struct net_route *r = &net->route[i];
		if (r->family != f || r->destination.hi < destination.lo || r->destination.lo > destination.hi)
			continue;
		list = xgrow(list, count, &cap, sizeof(*list));
		list[count++] = (struct candidate){.route = *r, .place = i};
	}
	if (count > 1)
		qsort(list, count, sizeof(*list), candidate_cmp);
	for (size_t i = 0; i < count; i++) {
		const struct range *last = kept > 0 ? &list[kept - 1].route.destination : NULL;
		const struct range *this = &list[i].route.destination;
		if (last == NULL || last->lo != this->lo || last->hi != this->hi)
			list[kept++] = list[i];
	}
	*n = kept;
	return list;
}

/* The sweep: what is already cut off, and a part that waits for the next one to have another interface. */
struct sweep {
	struct range destination;
	u128 next; /**< first address not yet given to an interface */
	bool done, has_part;
	struct range part;
	const char *ifname;
	void (*each)(void *ctx, struct range part, const char *ifname);
	void *ctx;
};

static void flush(struct sweep *s)
{
	if (s->has_part)
		s->each(s->ctx, s->part, s->ifname);
	s->has_part = false;
}

/* Everything up to `hi` leaves by this interface. */
static void give(struct sweep *s, u128 hi, const char *ifname)
{
	if (s->done || hi < s->next)
		return;
	if (hi > s->destination.hi)
		hi = s->destination.hi;
	if (s->has_part && strcmp(s->ifname, ifname) == 0) {
		s->part.hi = hi;
	} else {
		flush(s);
		s->part = (struct range){s->next, hi};
		s->ifname = ifname;
		s->has_part = true;
	}
	/* The last address of all has no next one. */
	if (hi == s->destination.hi)
		s->done = true;
	else
		s->next = hi + 1;
}

void network_each_route(const struct network *net, enum family f, struct range destination,
        void (*each)(void *ctx, struct range part, const char *ifname), void *ctx)
{
	size_t n = 0, depth = 0;
	struct candidate *list = candidates(net, f, destination, &n);
	/* The routes that the sweep is inside of, from the widest to the longest prefix: prefixes nest or are apart. */
	const struct net_route **inside = xcalloc(n, sizeof(*inside));
	struct sweep s = {.destination = destination, .next = destination.lo, .each = each, .ctx = ctx};
	for (size_t i = 0; i < n; i++) {
		const struct net_route *r = &list[i].route;
		for (; depth > 0 && inside[depth - 1]->destination.hi < r->destination.lo; depth--)
			give(&s, inside[depth - 1]->destination.hi, inside[depth - 1]->ifname);
		if (r->destination.lo > destination.lo)
			give(&s, r->destination.lo - 1, depth > 0 ? inside[depth - 1]->ifname : "");
		inside[depth++] = r;
	}
	for (; depth > 0; depth--)
		give(&s, inside[depth - 1]->destination.hi, inside[depth - 1]->ifname);
	give(&s, destination.hi, "");
	flush(&s);
	free(inside);
	free(list);
}

void network_addresses_unique(struct network *net)
{
	size_t kept = 0;
	if (net->n_address > 1)
		qsort(net->address, net->n_address, sizeof(*net->address), address_cmp);
	for (size_t i = 0; i < net->n_address; i++)
		if (kept == 0 || address_cmp(&net->address[kept - 1], &net->address[i]) != 0)
			net->address[kept++] = net->address[i];
	net->n_address = kept;
}
