/*
 * In: the groups of a site, and the device's addresses and routes. Out: per party the effective addresses of each
 * family, cut where the route changes. Refused: a group whose routes contradict its zone, a group that mixes this
 * device's own addresses with others, more parts than the limit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "portcullis/alloc.h"

/* A prefix of a group (or, with owner NOBODY, of a balancer): it takes its addresses from wider prefixes around it. */
struct entry {
	enum family family;
	struct range range;
	size_t owner;
};

struct entries {
	struct entry *item;
	size_t n, cap;
};

#define NOBODY SIZE_MAX

/* IANA special-purpose address registries (RFC 6890 and its updates), and what is not unicast. */
static const char *const not_external[] = {
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/3",
        "4000::/2",
        "8000::/1",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
};

static void entries_add(struct entries *e, enum family family, struct range range, size_t owner)
{
	e->item = xgrow(e->item, e->n, &e->cap, sizeof(*e->item));
	e->item[e->n++] = (struct entry){family, range, owner};
}

/* Around before inside: by start, the wider first. */
static int entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->range.lo != y->range.lo)
		return x->range.lo < y->range.lo ? -1 : 1;
	if (x->range.hi != y->range.hi)
		return x->range.hi > y->range.hi ? -1 : 1;
	return x->owner < y->owner ? -1 : x->owner > y->owner;
}

static void entries_build(const struct site *site, struct entries *out)
{
	for (size_t i = 0; i < site->n_group; i++) {
		const struct group *g = &site->group[i];

		for (size_t k = 0; k < g->n_address; k++)
			entries_add(out, g->address[k].family, g->address[k].range, i);
		for (size_t k = 0; k < g->n_virtual_address; k++)
			entries_add(out, g->virtual_address[k].family, g->virtual_address[k].range, NOBODY);
		for (size_t k = 0; k < g->n_source_nat_address; k++)
			entries_add(out, g->source_nat_address[k].family, g->source_nat_address[k].range, NOBODY);
	}
	if (out->n)
		qsort(out->item, out->n, sizeof(*out->item), entry_cmp);
}

/* What lies directly inside entry i: prefixes nest, so the widest ones inside are enough. */
static void entries_inside(const struct entries *e, size_t i, struct ranges *out)
{
	const struct entry *outer = &e->item[i];

	for (size_t k = i + 1; k < e->n; k++) {
		const struct entry *inner = &e->item[k];

		if (inner->family != outer->family || inner->range.lo > outer->range.hi)
			break;
		if (inner->range.lo == outer->range.lo && inner->range.hi == outer->range.hi)
			continue;
		if (!out->n || inner->range.hi > out->item[out->n - 1].hi)
			ranges_add(out, inner->range.lo, inner->range.hi);
	}
	ranges_normalise(out);
}

static void local_addresses(const struct network *net, struct ranges out[2])
{
	for (size_t i = 0; net->known && i < net->n_address; i++)
		ranges_add(
		        &out[family_index(net->address[i].family)], net->address[i].address, net->address[i].address);
	ranges_normalise(&out[0]);
	ranges_normalise(&out[1]);
}

static void side_add(struct flow_side *side, const struct ranges *add)
{
	for (size_t i = 0; i < add->n; i++)
		ranges_add(&side->addr, add->item[i].lo, add->item[i].hi);
}

static void take_out(struct ranges *r, const struct ranges *what)
{
	struct ranges rest = {0};

	ranges_subtract(&rest, r, what);
	ranges_fini(r);
	*r = rest;
}

/* Members: the longest prefix owns an address; a wider prefix does not mean this device itself, a host address does. */
static void members_add(const struct entries *e, const struct ranges local[2], struct parties *p)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct entry *entry = &e->item[i];
		size_t f = family_index(entry->family);
		struct ranges own = {0}, inside = {0};

		if (entry->owner == NOBODY)
			continue;
		ranges_add(&own, entry->range.lo, entry->range.hi);
		entries_inside(e, i, &inside);
		take_out(&own, &inside);
		if (entry->range.lo != entry->range.hi)
			take_out(&own, &local[f]);
		side_add(&p->item[2 * entry->owner].destination[f], &own);
		ranges_fini(&own);
		ranges_fini(&inside);
	}
}

static void prefixes_add(struct flow_side side[2], const struct prefix *prefix, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ranges_add(&side[family_index(prefix[i].family)].addr, prefix[i].range.lo, prefix[i].range.hi);
}

static void balancer_add(const struct group *g, struct party *party)
{
	prefixes_add(party->destination, g->virtual_address, g->n_virtual_address);
	for (size_t f = 0; f < 2; f++) {
		for (size_t i = 0; i < g->n_source_nat_address; i++)
			if (g->source_nat_address[i].family == family_at(f))
				prefixes_add(party->source, &g->source_nat_address[i], 1);
		if (!party->source[f].addr.n)
			side_add(&party->source[f], &party->destination[f].addr);
	}
}

static void any_add(const struct ranges local[2], struct party *party)
{
	for (size_t f = 0; f < 2; f++) {
		ranges_add(&party->destination[f].addr, 0, family_max(family_at(f)));
		take_out(&party->destination[f].addr, &local[f]);
	}
}

static int external_add(const struct entries *e, const struct ranges local[2], struct party *party, struct error *err)
{
	struct ranges special[2] = {{0}, {0}};
	int result = 0;

	for (size_t i = 0; !result && i < sizeof(not_external) / sizeof(not_external[0]); i++) {
		enum family family;
		struct range range;

		result = prefix_parse(not_external[i], &family, &range, err);
		if (!result)
			ranges_add(&special[family_index(family)], range.lo, range.hi);
	}
	for (size_t i = 0; i < e->n; i++)
		ranges_add(&special[family_index(e->item[i].family)], e->item[i].range.lo, e->item[i].range.hi);
	for (size_t f = 0; f < 2; f++) {
		ranges_normalise(&special[f]);
		ranges_add(&party->destination[f].addr, 0, family_max(family_at(f)));
		take_out(&party->destination[f].addr, &special[f]);
		take_out(&party->destination[f].addr, &local[f]);
		ranges_fini(&special[f]);
	}
	return result;
}

static void tolerated(const struct site *site, struct ranges out[2])
{
	for (size_t i = 0; i < site->n_tolerated_source; i++) {
		const struct tolerated_source *t = &site->tolerated_source[i];

		for (size_t k = 0; k < t->n_prefix; k++)
			ranges_add(
			        &out[family_index(t->prefix[k].family)], t->prefix[k].range.lo, t->prefix[k].range.hi);
	}
	ranges_normalise(&out[0]);
	ranges_normalise(&out[1]);
}

struct cut {
	struct parties *parties;
	const struct zone *zone; /* of the party, or NULL */
	struct flow_side *side;
	const char *vrf;
	bool source; /* packets come from here: over an interface of the table itself */
};

/* Can the party be behind an interface of that VRF: its zone says, or nobody does. */
static bool stands_in(const struct cut *cut, const char *vrf)
{
	for (size_t i = 0; cut->zone && i < cut->zone->n_interface; i++)
		if (!strcmp(network_vrf_of(cut->parties->net, cut->zone->interface[i]), vrf))
			return true;
	return !cut->zone;
}

static bool same_part(const struct flow_part *a, const struct flow_part *b)
{
	return a->range.hi + 1 == b->range.lo && a->unknown == b->unknown && !strcmp(a->ifname, b->ifname) &&
	       !strcmp(a->vrf, b->vrf);
}

static void cut_add(void *ctx, struct range range, const struct net_route *route)
{
	struct cut *cut = ctx;
	struct flow_side *side = cut->side;
	const char *ifname = route ? route->ifname : "", *vrf = network_vrf_of(cut->parties->net, ifname);
	struct flow_part part = {.range = range, .unknown = route && route->unknown, .hidden = vrf[0] != '\0'};

	/* Beside the main table nothing but a route means anything. */
	if (cut->vrf[0] && !ifname[0] && !part.unknown)
		return;
	if ((cut->source && ifname[0] && strcmp(vrf, cut->vrf) != 0) || !stands_in(cut, vrf))
		return;
	memcpy(part.ifname, ifname, strnlen(ifname, IFNAME_SIZE - 1));
	memcpy(part.vrf, cut->vrf, strnlen(cut->vrf, IFNAME_SIZE - 1));
	/* A route to a VRF device starts a second look-up in that VRF. */
	if (part.hidden && !strcmp(vrf, ifname))
		part.unknown = true;
	if (side->n_part && same_part(&side->part[side->n_part - 1], &part)) {
		side->part[side->n_part - 1].range.hi = range.hi;
		return;
	}
	if (++cut->parties->n_part > FLOW_MAX_LEGS)
		return;
	side->part = xgrow(side->part, side->n_part, &side->cap_part, sizeof(*side->part));
	side->part[side->n_part++] = part;
}

static bool vrf_is_first(const struct network *net, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(net->member[k].vrf, net->member[i].vrf))
			return false;
	return true;
}

static const struct zone *zone_of(const struct parties *p, const struct party *party, bool members)
{
	const struct zone *zone = NULL;

	if (members && party->group->zone[0])
		zone = site_zone_find(p->site, party->group->zone);
	return zone && zone->n_interface ? zone : NULL;
}

/* Where packets of a source come from; to a destination any table may lead. */
static int side_cut(struct parties *p, const struct party *party, bool members, enum family family,
        struct flow_side *side, struct error *err)
{
	const struct network *net = p->net;
	struct cut cut = {p, zone_of(p, party, members), side, "", side == &party->source[family_index(family)]};

	if (!net->known || side->local)
		return 0;
	for (size_t i = 0; i < side->addr.n; i++)
		network_each_hop(net, family, "", side->addr.item[i], cut_add, &cut);
	for (size_t k = 0; k < net->n_member; k++) {
		cut.vrf = net->member[k].vrf;
		for (size_t i = 0; vrf_is_first(net, k) && i < side->addr.n; i++)
			network_each_hop(net, family, cut.vrf, side->addr.item[i], cut_add, &cut);
	}
	if (p->n_part > FLOW_MAX_LEGS)
		return error_set(err, ERR_LIMIT, party->name,
		        "the routes cut the addresses of the groups into more than %d parts; use fewer groups or "
		        "prefixes",
		        FLOW_MAX_LEGS);
	return 0;
}

/* Own addresses and others in one party would need two paths in one flow. */
static int side_local(const struct party *party, enum family family, const struct ranges *local, struct flow_side *side,
        struct error *err)
{
	struct ranges mine = {0};
	char where[256], text[96];
	int result = 0;

	ranges_intersect(&mine, &side->addr, local);
	side->local = mine.n && ranges_equal(&mine, &side->addr);
	if (mine.n && !side->local) {
		snprintf(where, sizeof(where), "/portcullis:group[name='%s']",
		        party->group ? party->group->name : party->name);
		result = error_set(err, ERR_INVALID, where,
		        "group %s holds this device's own address %s beside addresses of other hosts; put the own "
		        "addresses into a group of their own",
		        party->name, range_print(family, mine.item[0], text, sizeof(text)));
	}
	ranges_fini(&mine);
	return result;
}

static bool zone_has(const struct zone *zone, const char *ifname)
{
	for (size_t i = 0; i < zone->n_interface; i++)
		if (!strcmp(zone->interface[i], ifname))
			return true;
	return false;
}

static int zone_agrees(const struct parties *p, const struct party *party, enum family family,
        const struct flow_side *side, struct error *err)
{
	const struct zone *zone = party->group->zone[0] ? site_zone_find(p->site, party->group->zone) : NULL;
	char where[256], text[96];

	for (size_t i = 0; zone && i < side->n_part; i++) {
		const struct flow_part *part = &side->part[i];

		/* A rule may look elsewhere; a VRF's device stands for its interfaces. */
		if (!part->ifname[0] || part->unknown || zone_has(zone, part->ifname) ||
		        zone_has(zone, network_vrf_of(p->net, part->ifname)) ||
		        network_rule_against(
		                p->net, family, (struct range){0, family_max(family)}, part->range, "", 0, true))
			continue;
		snprintf(where, sizeof(where), "/portcullis:group[name='%s']/zone", party->group->name);
		return error_set(err, ERR_INVALID, where,
		        "group %s is in zone %s, but the route to its addresses %s leaves through interface %s, which "
		        "that zone does not have; add the interface to the zone, or change the group's zone or "
		        "addresses",
		        party->group->name, zone->name, range_print(family, part->range, text, sizeof(text)),
		        part->ifname);
	}
	return 0;
}

/* Sources are the destinations, or what the balancer set, without what is tolerated; both are cut by the routes. */
static int party_finish(struct parties *p, struct party *party, bool members, const struct ranges local[2],
        const struct ranges out[2], struct error *err)
{
	for (size_t f = 0; f < 2; f++) {
		struct flow_side *src = &party->source[f], *dst = &party->destination[f];

		ranges_normalise(&dst->addr);
		if (!src->addr.n)
			ranges_copy(&src->addr, &dst->addr);
		ranges_normalise(&src->addr);
		dst->present = dst->addr.n > 0;
		src->present = src->addr.n > 0;
		if (side_local(party, family_at(f), &local[f], dst, err) ||
		        side_local(party, family_at(f), &local[f], src, err))
			return -1;
		take_out(&src->addr, &out[f]);
		if (side_cut(p, party, members, family_at(f), dst, err) ||
		        side_cut(p, party, members, family_at(f), src, err))
			return -1;
		if (members && zone_agrees(p, party, family_at(f), dst, err))
			return -1;
	}
	return 0;
}

static void parties_name(const struct site *site, struct parties *p)
{
	for (size_t i = 0; i < site->n_group; i++) {
		const struct group *g = &site->group[i];

		p->item[2 * i].id = g->id;
		p->item[2 * i].name = xstrdup(g->name);
		p->item[2 * i + 1].id = PARTY_BALANCER(g->id);
		p->item[2 * i + 1].name = xasprintf("%s/balancer", g->name);
		p->item[2 * i].group = p->item[2 * i + 1].group = g;
		balancer_add(g, &p->item[2 * i + 1]);
	}
	p->item[p->n - 2].id = PARTY_ANY;
	p->item[p->n - 2].name = xstrdup("any");
	p->item[p->n - 1].id = PARTY_EXTERNAL;
	p->item[p->n - 1].name = xstrdup("external");
}

struct named {
	const char *name;
	size_t index;
};

static int named_cmp(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void parties_index(const struct site *site, struct parties *p)
{
	struct named *named = xcalloc(site->n_group + 1, sizeof(*named));

	p->by_name = xcalloc(site->n_group + 1, sizeof(*p->by_name));
	for (size_t i = 0; i < site->n_group; i++)
		named[i] = (struct named){site->group[i].name, i};
	qsort(named, site->n_group, sizeof(*named), named_cmp);
	for (size_t i = 0; i < site->n_group; i++)
		p->by_name[i] = named[i].index;
	free(named);
}

int parties_build(const struct site *site, const struct network *net, struct parties *out, struct error *err)
{
	struct parties p = {.site = site, .net = net, .n = 2 * site->n_group + 2};
	struct ranges local[2] = {{0}, {0}}, without[2] = {{0}, {0}};
	struct entries entries = {0};
	int result;

	p.item = xcalloc(p.n, sizeof(*p.item));
	parties_name(site, &p);
	parties_index(site, &p);
	local_addresses(net, local);
	tolerated(site, without);
	entries_build(site, &entries);
	members_add(&entries, local, &p);
	any_add(local, &p.item[p.n - 2]);
	result = external_add(&entries, local, &p.item[p.n - 1], err);
	for (size_t i = 0; !result && i < p.n; i++)
		result = party_finish(&p, &p.item[i], i < 2 * site->n_group && !(i & 1), local, without, err);
	for (size_t f = 0; f < 2; f++) {
		ranges_fini(&local[f]);
		ranges_fini(&without[f]);
	}
	free(entries.item);
	if (result)
		parties_fini(&p);
	else
		*out = p;
	return result;
}

void parties_fini(struct parties *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->item[i].name);
		for (size_t f = 0; f < 2; f++) {
			ranges_fini(&p->item[i].source[f].addr);
			ranges_fini(&p->item[i].destination[f].addr);
			free(p->item[i].source[f].part);
			free(p->item[i].destination[f].part);
		}
	}
	free(p->item);
	free(p->by_name);
	*p = (struct parties){0};
}

const struct party *parties_group(const struct parties *p, const char *name)
{
	size_t lo = 0, hi = p->site->n_group;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(name, p->site->group[p->by_name[mid]].name);

		if (!order)
			return &p->item[2 * p->by_name[mid]];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool party_is_in_zone(const struct parties *p, const struct party *party, enum family family, const char *name)
{
	const struct zone *zone = site_zone_find(p->site, name);
	const struct flow_side *side = &party->source[family_index(family)];

	if (party->group && party->group->zone[0])
		return !strcmp(party->group->zone, name);
	for (size_t i = 0; zone && i < side->n_part; i++)
		if (side->part[i].ifname[0] && zone_has(zone, side->part[i].ifname))
			return true;
	return !p->net->known && !party->group;
}

const struct party *party_balancer(const struct party *members)
{
	return members + 1;
}

const struct party *parties_any(const struct parties *p)
{
	return &p->item[p->n - 2];
}

const struct party *parties_external(const struct parties *p)
{
	return &p->item[p->n - 1];
}
