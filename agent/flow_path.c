/*
 * In: two parties and what is known of the device's addresses, routes and routing policy. Out: the path of a flow and its
 * legs, one per source range, destination range and pair of interfaces; an interface that cannot be told is left open.
 * Refused: more legs than the limit.
 */
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "portcullis/alloc.h"

/* A zone, or that nothing is known: one empty name. */
struct interfaces {
	char *const *name;
	size_t n;
};

static char *const unknown_interface[] = {(char[]){""}};

static struct interfaces zone_interfaces(const struct parties *p, const struct party *party)
{
	const struct zone *zone = NULL;

	if (party->group && party->group->zone[0])
		zone = site_zone_find(p->site, party->group->zone);
	if (!zone || !zone->n_interface)
		return (struct interfaces){unknown_interface, 1};
	return (struct interfaces){zone->interface, zone->n_interface};
}

/* Where no routes are known, one group or one zone on both sides is taken to be one place. */
static bool same_place(const struct party *from, const struct party *to)
{
	if (!from->group || !to->group)
		return false;
	return from->group == to->group || (from->group->zone[0] && !strcmp(from->group->zone, to->group->zone));
}

static void parts_add(struct flow_side *side, struct range range, const char *ifname)
{
	struct flow_part *part;

	side->part = xgrow(side->part, side->n_part, &side->cap_part, sizeof(*side->part));
	part = &side->part[side->n_part++];
	*part = (struct flow_part){.range = range};
	memcpy(part->ifname, ifname, strnlen(ifname, IFNAME_SIZE - 1));
}

/* Without routes: every range behind every interface of the party's zone. */
static void parts_of_zone(
        const struct parties *p, const struct party *party, const struct ranges *addr, struct flow_side *out)
{
	struct interfaces in = zone_interfaces(p, party);

	for (size_t i = 0; i < addr->n; i++)
		for (size_t k = 0; k < in.n; k++)
			parts_add(out, addr->item[i], in.name[k]);
}

static void part_published(struct flow_side *out, u128 address, struct range inside, const char *ifname)
{
	parts_add(out, (struct range){address, address}, ifname);
	out->part[out->n_part - 1].inside = inside;
}

static void part_translated(struct flow_side *out, u128 address, const struct flow_part *own)
{
	part_published(out, address, own->range, own->ifname);
	memcpy(out->part[out->n_part - 1].vrf, own->vrf, IFNAME_SIZE);
	out->part[out->n_part - 1].unknown = own->unknown;
	out->part[out->n_part - 1].hidden = own->hidden;
}

/* The published address leads to wherever the listener is: destination NAT comes before the routing decision. */
static void parts_of_published(const struct parties *p, const struct party *to, const struct flow_side *own,
        u128 address, struct flow_side *out)
{
	struct interfaces in = zone_interfaces(p, to);

	for (size_t i = 0; own->local && i < own->addr.n; i++)
		part_published(out, address, own->addr.item[i], "");
	for (size_t i = 0; !own->local && !p->net->known && i < own->addr.n; i++)
		for (size_t k = 0; k < in.n; k++)
			part_published(out, address, own->addr.item[i], in.name[k]);
	for (size_t i = 0; p->net->known && i < own->n_part; i++)
		part_translated(out, address, &own->part[i]);
}

/* Why the routes do not say which interface it is. */
enum opening { OPEN_NOT, OPEN_HIDDEN, OPEN_HOP, OPEN_RULE };

/* The interfaces of a leg, as far as the routes tell them. */
struct way {
	const char *iif, *oif;
	enum opening in, out;
};

static enum opening opening_of(const struct flow_part *part, bool moved)
{
	return moved ? OPEN_RULE : part->unknown ? OPEN_HOP : part->hidden ? OPEN_HIDDEN : OPEN_NOT;
}

/* Where the routes and the routing policy lead a packet of this pair and its reply. @return false: not through here. */
static bool way_find(const struct parties *p, const struct flow *f, const struct flow_part *from,
        const struct flow_part *to, struct way *out)
{
	const struct range target = to->inside.hi ? to->inside : to->range;
	bool in = f->path != PATH_OUTPUT, through = f->path != PATH_INPUT;
	bool moved, reply_moved;

	if (f->path == PATH_FORWARD && strcmp(from->vrf, to->vrf) != 0)
		return false;
	moved = through && network_rule_against(p->net, f->family, from->range, target, in ? from->ifname : "lo",
	                           f->proto, to->ifname[0] != '\0');
	reply_moved = in && network_rule_against(p->net, f->family, target, from->range, through ? to->ifname : "lo",
	                            f->proto, from->ifname[0] != '\0');
	if (in && !from->ifname[0] && !from->unknown && !reply_moved)
		return false;
	if (through && !to->ifname[0] && !to->unknown && !moved)
		return false;
	if (f->path == PATH_FORWARD && from->ifname[0] && !strcmp(from->ifname, to->ifname) &&
	        ((!moved && !reply_moved) || !strcmp(f->source, f->destination)))
		return false;
	*out = (struct way){from->ifname, to->ifname, in ? opening_of(from, reply_moved) : OPEN_NOT,
	        through ? opening_of(to, moved) : OPEN_NOT};
	return true;
}

static bool is_transit(const struct parties *p, const struct flow *f, const struct flow_part *from,
        const struct flow_part *to, struct way *out)
{
	if (p->net->known)
		return way_find(p, f, from, to, out);
	*out = (struct way){from->ifname, to->ifname, OPEN_NOT, OPEN_NOT};
	return f->path != PATH_FORWARD || !from->ifname[0] || strcmp(from->ifname, to->ifname) != 0;
}

/* What is open is behind one of the interfaces of the party's zone; a VRF's names say nothing about what rules see. */
static struct interfaces interfaces_of(
        const struct parties *p, const struct party *party, enum opening opening, char *const *name)
{
	if (opening == OPEN_NOT)
		return (struct interfaces){name, 1};
	if (opening == OPEN_HIDDEN)
		return (struct interfaces){unknown_interface, 1};
	return zone_interfaces(p, party);
}

static const char *caveat_of(const struct way *way, bool told)
{
	static const char *const text[][2] = {
	        [OPEN_NOT] = {NULL, NULL},
	        [OPEN_HIDDEN] = {"in a VRF rules see two names of one interface",
	                "in a VRF rules see two names of one interface"},
	        [OPEN_HOP] = {"the next hop of a route cannot be told",
	                "the next hop of a route cannot be told: the interfaces of the zone are taken"},
	        [OPEN_RULE] = {"a rule of the routing policy (`ip rule`) looks up another table than main",
	                "a rule of the routing policy (`ip rule`) looks up another table than main: the interfaces of "
	                "the zone are taken"},
	};

	return text[way->in > way->out ? way->in : way->out][told];
}

static int leg_add(struct flow *f, const struct flow_leg *leg, size_t *cap, size_t *n_leg, struct error *err)
{
	if (++*n_leg > FLOW_MAX_LEGS)
		return error_set(err, ERR_LIMIT, f->label,
		        "the flows have more than %d combinations of source range, destination range and interfaces; "
		        "give the groups %s and %s fewer and larger prefixes",
		        FLOW_MAX_LEGS, f->source, f->destination);
	f->leg = xgrow(f->leg, f->n_leg, cap, sizeof(*f->leg));
	f->leg[f->n_leg++] = *leg;
	return 0;
}

/* Where the legs of a flow are being made. */
struct builder {
	const struct parties *p;
	const struct party *from, *to;
	bool translated;
	struct flow *f;
	size_t cap, *n_leg;
	struct error *err;
};

static int part_legs_add(
        struct builder *b, const struct flow_part *from, const struct flow_part *to, const struct way *way)
{
	char iif[IFNAME_SIZE], oif[IFNAME_SIZE];
	char *const iif_name[] = {iif}, *const oif_name[] = {oif};
	struct interfaces in = interfaces_of(b->p, b->from, way->in, iif_name);
	struct interfaces out = interfaces_of(b->p, b->to, way->out, oif_name);

	memcpy(iif, way->iif, sizeof(iif));
	memcpy(oif, way->oif, sizeof(oif));
	for (size_t i = 0; i < in.n; i++) {
		for (size_t k = 0; k < out.n; k++) {
			struct flow_leg leg = {.source = from->range,
			        .destination = to->range,
			        .translated = b->translated,
			        .inside = to->inside};

			if (b->f->path == PATH_FORWARD && in.name[i][0] && !strcmp(in.name[i], out.name[k]))
				continue;
			memcpy(leg.iif, in.name[i], strnlen(in.name[i], IFNAME_SIZE - 1));
			memcpy(leg.oif, out.name[k], strnlen(out.name[k], IFNAME_SIZE - 1));
			if (!b->f->caveat)
				b->f->caveat = caveat_of(way,
				        (way->in == OPEN_NOT || leg.iif[0]) && (way->out == OPEN_NOT || leg.oif[0]));
			if (leg_add(b->f, &leg, &b->cap, b->n_leg, b->err))
				return -1;
		}
	}
	return 0;
}

static int legs_build(struct builder *b, const struct flow_side *src, const struct flow_side *dst)
{
	for (size_t i = 0; i < src->n_part; i++) {
		for (size_t k = 0; k < dst->n_part; k++) {
			struct way way;

			if (is_transit(b->p, b->f, &src->part[i], &dst->part[k], &way) &&
			        part_legs_add(b, &src->part[i], &dst->part[k], &way))
				return -1;
		}
	}
	return 0;
}

static void set_addresses(
        const struct flow_side *src, const struct flow_side *dst, const u128 *published, struct flow *f)
{
	ranges_copy(&f->source_addr, &src->addr);
	if (published)
		ranges_add(&f->destination_addr, *published, *published);
	else
		ranges_copy(&f->destination_addr, &dst->addr);
}

/* The parts of one side in a form that has interfaces: the party's own, or a copy made in *scratch. */
static const struct flow_side *side_parts(const struct parties *p, const struct party *party,
        const struct flow_side *side, const struct ranges *addr, struct flow_side *scratch)
{
	if (side->local)
		for (size_t i = 0; i < addr->n; i++)
			parts_add(scratch, addr->item[i], "");
	else if (p->net->known)
		return side;
	else
		parts_of_zone(p, party, addr, scratch);
	return scratch;
}

int flow_route(const struct parties *p, const struct party *from, const struct party *to, const u128 *published,
        struct flow *f, size_t *n_leg, struct error *err)
{
	const struct flow_side *src = &from->source[family_index(f->family)];
	const struct flow_side *dst = &to->destination[family_index(f->family)];
	const struct flow_side *src_parts, *dst_parts = NULL;
	struct flow_side src_scratch = {0}, dst_scratch = {0};
	struct builder b = {
	        .p = p, .from = from, .to = to, .translated = published != NULL, .f = f, .n_leg = n_leg, .err = err};
	int result = 0;

	set_addresses(src, dst, published, f);
	f->path = dst->local ? PATH_INPUT : src->local ? PATH_OUTPUT : PATH_FORWARD;
	if (!(src->local && dst->local) && (p->net->known || !same_place(from, to))) {
		src_parts = side_parts(p, from, src, &f->source_addr, &src_scratch);
		if (published) {
			parts_of_published(p, to, dst, *published, &dst_scratch);
			dst_parts = &dst_scratch;
		} else {
			dst_parts = side_parts(p, to, dst, &f->destination_addr, &dst_scratch);
		}
		result = legs_build(&b, src_parts, dst_parts);
	}
	if (!f->n_leg) {
		f->state = FLOW_NOT_TRANSIT;
		f->path = PATH_NONE;
	}
	free(src_scratch.part);
	free(dst_scratch.part);
	return result;
}
