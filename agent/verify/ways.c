/*
 * Paths of single connections: the device's addresses, routes and routing policy come in, and where a first packet comes from
 * and leaves by goes out. As for flows the interfaces are those that the routes give; where several are possible, or a VRF
 * or another table has a say, the interface stays open.
 */
#include "verify/ways.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/** Addresses that one interface leads to. */
struct stretch {
	struct range range;
	char ifname[IFNAME_SIZE]; /**< "": none, or more than one */
};

struct family_ways {
	struct ranges local, vrf; /**< the device's own; what some VRF has a route to */
	struct stretch *stretch; /**< of the main table, ascending, without gaps */
	size_t n, cap;
};

struct ways {
	const struct network *net;
	struct family_ways family[2];
};

static struct family_ways *of_family(const struct ways *w, enum family f)
{
	return (struct family_ways *)&w->family[f == FAMILY_IPV6];
}

static void add_hop(void *ctx, struct range part, const struct net_route *route)
{
	struct family_ways *f = ctx;
	const char *ifname = route != NULL ? route->ifname : "";

	/* Next hops of equal cost are told one after the other. */
	if (f->n > 0 && f->stretch[f->n - 1].range.lo == part.lo) {
		if (strcmp(f->stretch[f->n - 1].ifname, ifname) != 0)
			f->stretch[f->n - 1].ifname[0] = '\0';
		return;
	}
	f->stretch = xgrow(f->stretch, f->n, &f->cap, sizeof(*f->stretch));
	f->stretch[f->n] = (struct stretch){.range = part};
	memcpy(f->stretch[f->n++].ifname, ifname, strnlen(ifname, IFNAME_SIZE - 1));
}

static void local_find(const struct network *net, enum family f, struct ranges *out)
{
	for (size_t i = 0; i < net->n_address; i++)
		if (net->address[i].family == f)
			ranges_add(out, net->address[i].address, net->address[i].address);
	for (size_t i = 0; i < net->n_route; i++) {
		const struct net_route *r = &net->route[i];

		/* As network_is_local() has it. */
		if (r->family == f && r->prefix_length > 0 && strcmp(r->ifname, "lo") == 0)
			ranges_add(out, r->destination.lo, r->destination.hi);
	}
	if (f == FAMILY_IPV4)
		ranges_add(out, (u128)127 << 24, ((u128)128 << 24) - 1);
	ranges_normalise(out);
}

struct ways *ways_new(const struct network *net)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct ways *w = xcalloc(1, sizeof(*w));

	w->net = net;
	for (size_t i = 0; i < 2 && net->known; i++) {
		enum family f = families[i];
		struct family_ways *to = of_family(w, f);
		struct range all = {0, family_max(f)};

		local_find(net, f, &to->local);
		network_each_hop(net, f, "", all, add_hop, to);
		for (size_t r = 0; r < net->n_route; r++)
			if (net->route[r].family == f && net->route[r].vrf[0] != '\0')
				ranges_add(&to->vrf, net->route[r].destination.lo, net->route[r].destination.hi);
		ranges_normalise(&to->vrf);
	}
	return w;
}

void ways_free(struct ways *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < 2; i++) {
		ranges_fini(&w->family[i].local);
		ranges_fini(&w->family[i].vrf);
		free(w->family[i].stretch);
	}
	free(w);
}

static const char *interface_to(const struct ways *w, enum family family, u128 address)
{
	const struct family_ways *f = of_family(w, family);
	size_t lo = 0, hi = f->n;

	/* Such addresses are on every link. */
	if (family == FAMILY_IPV6 && address >> 118 == 0xfe80 >> 6)
		return "";
	if (ranges_contain(&f->vrf, address))
		return "";
	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->stretch[mid].range.lo <= address)
			lo = mid;
		else
			hi = mid;
	}
	if (lo >= f->n || network_vrf_of(w->net, f->stretch[lo].ifname)[0] != '\0')
		return "";
	return f->stretch[lo].ifname;
}

/** Addresses of many: where packets to them go is not for unicast routes to say. */
static bool is_many(enum family f, u128 address)
{
	return f == FAMILY_IPV4 ? address >> 28 >= 14 : address >> 120 == 0xff;
}

static bool moved(
        const struct ways *w, const struct connection *c, u128 from, u128 to, const char *iif, const char *oif)
{
	struct range source = {from, from}, destination = {to, to};

	return network_rule_against(w->net, c->family, source, destination, iif, c->proto, oif[0] != '\0') != NULL;
}

/** Where the routes lead there and back, but for what the routing policy leads elsewhere. */
static void interfaces_find(const struct ways *w, const struct connection *c, struct way *out)
{
	const char *in = interface_to(w, c->family, c->source), *there = interface_to(w, c->family, c->answerer);
	bool comes = out->path != PATH_OUTPUT, leaves = out->path != PATH_INPUT;

	if (c->zone != 0)
		return;
	if (comes && !moved(w, c, c->answerer, c->source, leaves ? there : "lo", in))
		memcpy(out->iif, in, strnlen(in, IFNAME_SIZE - 1));
	if (leaves && !moved(w, c, c->source, c->answerer, comes ? in : "lo", there))
		memcpy(out->oif, there, strnlen(there, IFNAME_SIZE - 1));
}

size_t ways_find(const struct ways *w, const struct connection *c, struct way out[WAYS_MAX])
{
	const struct family_ways *f = of_family(w, c->family);
	bool from_here = ranges_contain(&f->local, c->source), to_here = ranges_contain(&f->local, c->answerer);

	if (!w->net->known || (is_many(c->family, c->answerer) && !from_here))
		return 0;
	if (from_here && to_here) {
		out[0] = (struct way){PATH_OUTPUT, "", "lo"};
		out[1] = (struct way){PATH_INPUT, "lo", ""};
		return 2;
	}
	out[0] = (struct way){to_here ? PATH_INPUT : from_here ? PATH_OUTPUT : PATH_FORWARD, "", ""};
	interfaces_find(w, c, &out[0]);
	return 1;
}
