/*
 * What lies around a group: the interfaces that packets come from and go to, with the addresses behind each, from routes
 * or, where these are not known, from zones. The device's own addresses are on no side.
 */
#include "verify/sides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

void sides_fini(struct sides *s)
{
	for (size_t i = 0; i < s->n; i++)
		ranges_fini(&s->item[i].addresses);
	free(s->item);
}

static struct side *side_get(struct sides *s, const char *ifname)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->item[i].ifname, ifname) == 0)
			return &s->item[i];
	s->item = xgrow(s->item, s->n, &s->cap, sizeof(*s->item));
	s->item[s->n] = (struct side){0};
	snprintf(s->item[s->n].ifname, IFNAME_SIZE, "%s", ifname);
	return &s->item[s->n++];
}

static void add_routed(void *ctx, struct range part, const char *ifname)
{
	if (ifname[0] != '\0' && strcmp(ifname, "lo") != 0)
		ranges_add(&side_get(ctx, ifname)->addresses, part.lo, part.hi);
}

/** Addresses that are this device's own, anycast and broadcast ones of its subnets too. */
static void own_addresses(const struct surroundings *s, enum family family, struct ranges *out)
{
	for (size_t i = 0; s->net != NULL && s->net->known && i < s->net->n_address; i++)
		if (s->net->address[i].family == family)
			ranges_add(out, s->net->address[i].address, s->net->address[i].address);
	ranges_normalise(out);
}

static void remove_ranges(struct ranges *from, const struct ranges *what)
{
	struct ranges rest = {0};
	ranges_normalise(from);
	ranges_subtract(&rest, from, what);
	ranges_fini(from);
	*from = rest;
}

void sources_find(const struct surroundings *s, enum family family, struct sides *out)
{
	const struct range all = {0, family_max(family)};

	if (s->net != NULL && s->net->known) {
		network_each_route(s->net, family, all, add_routed, out);
	} else if (s->group->zone[0] != '\0') {
		for (size_t z = 0; z < s->site->n_zone; z++) {
			const struct zone *zone = &s->site->zone[z];

			for (size_t i = 0; strcmp(zone->name, s->group->zone) != 0 && i < zone->n_interface; i++)
				ranges_add(&side_get(out, zone->interface[i])->addresses, all.lo, all.hi);
		}
	}
	if (out->n == 0 && (s->net == NULL || !s->net->known))
		ranges_add(&side_get(out, "")->addresses, all.lo, all.hi);
	struct ranges own = {0};
	own_addresses(s, family, &own);
	for (size_t i = 0; i < out->n; i++)
		remove_ranges(&out->item[i].addresses, &own);
	ranges_fini(&own);
}

/** The group's addresses that lie behind this device, not on it. */
static void group_addresses(const struct surroundings *s, enum family family, struct ranges *out)
{
	struct ranges own = {0};

	for (size_t i = 0; i < s->group->n_address; i++)
		if (s->group->address[i].family == family)
			ranges_add(out, s->group->address[i].range.lo, s->group->address[i].range.hi);
	for (size_t i = 0; i < s->group->n_virtual_address; i++)
		if (s->group->virtual_address[i].family == family)
			ranges_add(out, s->group->virtual_address[i].range.lo, s->group->virtual_address[i].range.hi);
	own_addresses(s, family, &own);
	remove_ranges(out, &own);
	ranges_fini(&own);
}

void destinations_find(const struct surroundings *s, enum family family, struct sides *out)
{
	const struct zone *zone = s->group->zone[0] != '\0' ? site_zone_find(s->site, s->group->zone) : NULL;
	struct ranges addresses = {0};

	group_addresses(s, family, &addresses);
	for (size_t i = 0; i < addresses.n; i++) {
		struct range r = addresses.item[i];

		if (s->net != NULL && s->net->known) {
			network_each_route(s->net, family, r, add_routed, out);
			continue;
		}
		for (size_t k = 0; zone != NULL && k < zone->n_interface; k++)
			ranges_add(&side_get(out, zone->interface[k])->addresses, r.lo, r.hi);
		if (zone == NULL || zone->n_interface == 0)
			ranges_add(&side_get(out, "")->addresses, r.lo, r.hi);
	}
	for (size_t i = 0; i < out->n; i++)
		ranges_normalise(&out->item[i].addresses);
	ranges_fini(&addresses);
}
