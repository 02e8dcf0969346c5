/*
 * In: the groups and zones of a site, and the device's network. Out: remarks on addresses that stand for others, overlap or
 * are the device's own, and on places that no route or interface is for. Nothing is refused.
 */
#include <stdio.h>
#include <string.h>

#include "flow_derive.h"
#include "flow_review.h"

/* RFC 5737, 3849, 9637: addresses for documents alone. */
static const char *const placeholders[] = {
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"};

static bool is_placeholder(enum family family, struct range range)
{
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		enum family f;
		struct range r;

		if (!prefix_parse(placeholders[i], &f, &r, NULL) && f == family && r.lo <= range.lo && range.hi <= r.hi)
			return true;
	}
	return false;
}

static void group_where(char *out, size_t size, const struct group *g)
{
	snprintf(out, size, "/portcullis:group[name='%s']", g->name);
}

static void placeholders_review(const struct reviewer *r, const struct group *g)
{
	const struct {
		const struct prefix *prefix;
		size_t n;
	} list[] = {{g->address, g->n_address}, {g->virtual_address, g->n_virtual_address},
	        {g->source_nat_address, g->n_source_nat_address}};
	char where[256], first[96];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		for (size_t k = 0; k < list[i].n; k++)
			if (is_placeholder(list[i].prefix[k].family, list[i].prefix[k].range) && !n++)
				range_print(list[i].prefix[k].family, list[i].prefix[k].range, first, sizeof(first));
	for (size_t i = 0; i < g->n_published; i++)
		if (is_placeholder(
		            g->published[i].family, (struct range){g->published[i].address, g->published[i].address}) &&
		        !n++)
			addr_print(g->published[i].family, g->published[i].address, first, sizeof(first));
	group_where(where, sizeof(where), g);
	if (n)
		review_add(r->out, REMARK_WARNING, "placeholder-address", where,
		        "group %s has %zu addresses that are reserved for documents (%s); put the real ones there",
		        g->name, n, first);
}

static void own_addresses_review(const struct reviewer *r, const struct group *g)
{
	char where[256], text[64];

	for (size_t i = 0; i < g->n_address; i++) {
		const struct prefix *p = &g->address[i];

		if (p->range.lo != p->range.hi || !network_is_local(r->net, p->family, p->range.lo))
			continue;
		addr_print(p->family, p->range.lo, text, sizeof(text));
		snprintf(where, sizeof(where), "/portcullis:group[name='%s']/address[.='%s']", g->name, text);
		review_add(r->out, REMARK_WARNING, "device-address", where,
		        "%s is an address of this device: the flows of group %s are checked as input and output; if "
		        "the product does not run here, correct the address",
		        text, g->name);
	}
}

/* The group that has the next wider prefix around this one. */
static const struct group *around(const struct site *site, const struct group *g, const struct prefix *p)
{
	const struct group *found = NULL;
	u128 size = 0;

	for (size_t i = 0; i < site->n_group; i++) {
		for (size_t k = 0; &site->group[i] != g && k < site->group[i].n_address; k++) {
			const struct prefix *o = &site->group[i].address[k];

			if (o->family != p->family || o->range.lo > p->range.lo || o->range.hi < p->range.hi ||
			        (found && o->range.hi - o->range.lo >= size))
				continue;
			found = &site->group[i];
			size = o->range.hi - o->range.lo;
		}
	}
	return found;
}

static void overlap_review(const struct reviewer *r, const struct group *g)
{
	char where[256], text[96];

	for (size_t i = 0; i < g->n_address; i++) {
		const struct group *outer = around(r->site, g, &g->address[i]);

		if (!outer)
			continue;
		range_print(g->address[i].family, g->address[i].range, text, sizeof(text));
		snprintf(where, sizeof(where), "/portcullis:group[name='%s']/address[.='%s']", g->name, text);
		review_add(r->out, REMARK_WARNING, "overlap", where,
		        "%s lies inside a prefix of group %s: these addresses count as group %s alone; give %s the "
		        "roles of both, or narrow the prefix",
		        text, outer->name, g->name, g->name);
	}
}

static void nothing_left_review(const struct reviewer *r, const struct parties *parties, const struct group *g)
{
	const struct party *party = parties_group(parties, g->name);
	char where[256];

	group_where(where, sizeof(where), g);
	if (!g->n_address && !g->n_virtual_address)
		review_add(r->out, REMARK_WARNING, "no-address", where,
		        "group %s has no address: its flows have nothing to check; add its addresses", g->name);
	else if (g->n_address && !party->destination[0].present && !party->destination[1].present)
		review_add(r->out, REMARK_WARNING, "no-address", where,
		        "every address of group %s belongs to more specific groups or to this device; correct its "
		        "addresses or remove it",
		        g->name);
	for (size_t f = 0; r->net->known && f < 2; f++) {
		const struct flow_side *side = &party->destination[f];
		bool routed = side->local || !side->present;

		for (size_t i = 0; i < side->n_part; i++)
			routed = routed || side->part[i].ifname[0] || side->part[i].unknown;
		if (!routed)
			review_add(r->out, REMARK_WARNING, "no-route", where,
			        "no route leads to the %s addresses of group %s%s%s: its flows count as not crossing "
			        "this device; correct the addresses, the zone or the routes",
			        family_name(family_at(f)), g->name, g->zone[0] ? " in zone " : "", g->zone);
	}
}

static bool interface_known(const struct network *net, const char *ifname)
{
	for (size_t i = 0; i < net->n_address; i++)
		if (!strcmp(net->address[i].ifname, ifname))
			return true;
	for (size_t i = 0; i < net->n_route; i++)
		if (!strcmp(net->route[i].ifname, ifname))
			return true;
	return network_vrf_of(net, ifname)[0] != '\0';
}

static void zone_review(const struct reviewer *r, const struct zone *z)
{
	char where[256];
	bool used = false;

	for (size_t i = 0; i < r->site->n_group; i++) {
		const struct group *g = &r->site->group[i];

		used = used || !strcmp(g->zone, z->name);
		for (size_t k = 0; k < g->n_published; k++)
			used = used || !strcmp(g->published[k].seen_from, z->name);
	}
	snprintf(where, sizeof(where), "/portcullis:zone[name='%s']", z->name);
	if (!z->n_interface)
		review_add(r->out, REMARK_WARNING, "zone-without-interface", where,
		        "zone %s has no interface; add its interfaces or remove it", z->name);
	if (!used)
		review_add(r->out, REMARK_NOTE, "zone-unused", where, "no group is in zone %s", z->name);
	for (size_t i = 0; r->net->known && i < z->n_interface; i++) {
		snprintf(where, sizeof(where), "/portcullis:zone[name='%s']/interface[.='%s']", z->name,
		        z->interface[i]);
		if (!interface_known(r->net, z->interface[i]))
			review_add(r->out, REMARK_WARNING, "interface-unknown", where,
			        "interface %s of zone %s has no address and no route on this device; correct its name",
			        z->interface[i], z->name);
	}
}

static bool takes_part(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->n_deployment; i++)
		for (size_t k = 0; k < site->deployment[i].n_group; k++)
			if (!strcmp(site->deployment[i].group[k], name))
				return true;
	return false;
}

/** Sources that no verdict speaks of: said, since nothing else shows them. */
static void review_tolerated(const struct reviewer *r, const struct tolerated_source *t)
{
	char where[128], first[64];

	snprintf(where, sizeof(where), "/portcullis:tolerated-source[name='%s']", t->name);
	if (t->set[0])
		review_add(r->out, REMARK_NOTE, "tolerated", where,
		        "no verdict speaks of sources that set %s of the ruleset has (tolerated source %s)", t->set,
		        t->name);
	if (t->n_prefix == 0)
		return;
	review_add(r->out, REMARK_NOTE, "tolerated", where,
	        "no verdict speaks of the sources of tolerated source %s: %zu prefixes, the first is %s", t->name,
	        t->n_prefix, range_print(t->prefix[0].family, t->prefix[0].range, first, sizeof(first)));
}

void review_places(const struct reviewer *r)
{
	struct parties parties;
	struct error err;
	char where[256];

	if (parties_build(r->site, r->net, &parties, &err)) {
		review_error(r->out, "places", &err);
		return;
	}
	for (size_t i = 0; i < r->site->n_group; i++) {
		const struct group *g = &r->site->group[i];

		group_where(where, sizeof(where), g);
		if (!takes_part(r->site, g->name))
			review_add(r->out, REMARK_WARNING, "group-unused", where,
			        "no deployment lists group %s; add it to one or remove it", g->name);
		placeholders_review(r, g);
		own_addresses_review(r, g);
		overlap_review(r, g);
		nothing_left_review(r, &parties, g);
	}
	for (size_t i = 0; i < r->site->n_zone; i++)
		zone_review(r, &r->site->zone[i]);
	parties_fini(&parties);
	for (size_t i = 0; i < r->site->n_tolerated_source; i++)
		review_tolerated(r, &r->site->tolerated_source[i]);
}
