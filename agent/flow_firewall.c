/*
 * In: the explicit rules of a site, with the sets, groups and zones that they name. Out: for each rule the packets that it
 * matches, as products of ranges. What is past a bound stays open and is marked so; nothing is refused.
 */
#include "flow_firewall.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* What is established or related was let in, and passes before any rule. */
#define STATES_DECIDED (STATE_NEW | STATE_INVALID | STATE_UNTRACKED)

/* Names */

static int entry_cmp(const void *a, const void *b)
{
	return strcmp(((const struct name_entry *)a)->name, ((const struct name_entry *)b)->name);
}

/* Each object begins with its name. */
static void table_build(const void *object, size_t size, size_t n, struct name_table *out)
{
	out->item = xcalloc(n + 1, sizeof(*out->item));
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		memcpy(&out->item[i].name, (const char *)object + i * size, sizeof(out->item[i].name));
		out->item[i].at = i;
	}
	qsort(out->item, n, sizeof(*out->item), entry_cmp);
}

static size_t table_find(const struct name_table *t, const char *name)
{
	const struct name_entry key = {name, 0}, *found = bsearch(&key, t->item, t->n, sizeof(*t->item), entry_cmp);

	return found ? found->at : SIZE_MAX;
}

unsigned rule_families(const struct prefix *p, size_t n)
{
	unsigned families = 0;

	for (size_t i = 0; i < n; i++)
		families |= RULE_FAMILY(p[i].family);
	return families;
}

void rule_names_build(const struct site *site, struct rule_names *out)
{
	const struct firewall *f = &site->firewall;

	_Static_assert(offsetof(struct address_set, name) == 0 && offsetof(struct port_set, name) == 0 &&
	                       offsetof(struct group, name) == 0 && offsetof(struct zone, name) == 0,
	        "named objects begin with their names");
	out->site = site;
	table_build(f->address_set, sizeof(*f->address_set), f->n_address_set, &out->address_set);
	table_build(f->port_set, sizeof(*f->port_set), f->n_port_set, &out->port_set);
	table_build(site->group, sizeof(*site->group), site->n_group, &out->group);
	table_build(site->zone, sizeof(*site->zone), site->n_zone, &out->zone);
	out->set_families = xcalloc(f->n_address_set + 1, sizeof(*out->set_families));
	out->group_families = xcalloc(site->n_group + 1, sizeof(*out->group_families));
	for (size_t i = 0; i < f->n_address_set; i++)
		out->set_families[i] = rule_families(f->address_set[i].address, f->address_set[i].n_address);
	for (size_t i = 0; i < site->n_group; i++)
		out->group_families[i] =
		        rule_families(site->group[i].address, site->group[i].n_address) |
		        rule_families(site->group[i].virtual_address, site->group[i].n_virtual_address);
}

void rule_names_fini(struct rule_names *n)
{
	free(n->address_set.item);
	free(n->port_set.item);
	free(n->group.item);
	free(n->zone.item);
	free(n->set_families);
	free(n->group_families);
	*n = (struct rule_names){0};
}

const struct address_set *rule_address_set(const struct rule_names *n, const char *name)
{
	size_t i = table_find(&n->address_set, name);
	return i != SIZE_MAX ? &n->site->firewall.address_set[i] : NULL;
}

const struct port_set *rule_port_set(const struct rule_names *n, const char *name)
{
	size_t i = table_find(&n->port_set, name);
	return i != SIZE_MAX ? &n->site->firewall.port_set[i] : NULL;
}

const struct zone *rule_zone(const struct rule_names *n, const char *name)
{
	size_t i = table_find(&n->zone, name);
	return i != SIZE_MAX ? &n->site->zone[i] : NULL;
}

bool rule_set_families(const struct rule_names *n, const char *name, unsigned *families)
{
	size_t i = table_find(&n->address_set, name);

	*families |= i != SIZE_MAX ? n->set_families[i] : 0;
	return i != SIZE_MAX;
}

bool rule_group_families(const struct rule_names *n, const char *name, unsigned *families)
{
	size_t i = table_find(&n->group, name);

	*families |= i != SIZE_MAX ? n->group_families[i] : 0;
	return i != SIZE_MAX;
}

/* Ranges */

static void addresses_add(struct ranges out[RULE_FAMILIES], const struct prefix *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ranges_add(&out[p[i].family == FAMILY_IPV6], p[i].range.lo, p[i].range.hi);
}

static void ports_add(struct ranges *out, const struct port_range *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ranges_add(out, p[i].lo, p[i].hi);
}

static void interfaces_add(struct ranges *out, const struct zone *z)
{
	for (size_t i = 0; i < z->n_interface; i++)
		ranges_add(out, ifname_value(z->interface[i]), ifname_value(z->interface[i]));
}

/* What is borrowed is in order. */
static void own_normalise(struct ranges *r)
{
	if (r->cap)
		ranges_normalise(r);
}

static void side_normalise(struct rule_side *s)
{
	own_normalise(&s->address[0]);
	own_normalise(&s->address[1]);
	own_normalise(&s->port);
	own_normalise(&s->interface);
}

static void side_fini(struct rule_side *s)
{
	ranges_fini(&s->address[0]);
	ranges_fini(&s->address[1]);
	ranges_fini(&s->port);
	ranges_fini(&s->interface);
}

/* While boxes are made. */
struct maker {
	const struct rule_names *names;
	struct rule_boxes *out;
	size_t at_group, at_port_set, at_zone; /* where those begin among the sets; address sets are first */
	size_t room; /* for ranges of their own */
};

static void sets_build(struct maker *m)
{
	const struct site *site = m->names->site;
	const struct firewall *f = &site->firewall;
	struct rule_side *set;

	m->at_group = f->n_address_set;
	m->at_port_set = m->at_group + site->n_group;
	m->at_zone = m->at_port_set + f->n_port_set;
	m->out->n_set = m->at_zone + site->n_zone;
	m->out->set = set = xcalloc(m->out->n_set + 1, sizeof(*set));
	for (size_t i = 0; i < f->n_address_set; i++)
		addresses_add(set[i].address, f->address_set[i].address, f->address_set[i].n_address);
	for (size_t i = 0; i < site->n_group; i++) {
		const struct group *g = &site->group[i];

		addresses_add(set[m->at_group + i].address, g->address, g->n_address);
		addresses_add(set[m->at_group + i].address, g->virtual_address, g->n_virtual_address);
	}
	for (size_t i = 0; i < f->n_port_set; i++)
		ports_add(&set[m->at_port_set + i].port, f->port_set[i].ports, f->port_set[i].n_ports);
	for (size_t i = 0; i < site->n_zone; i++)
		interfaces_add(&set[m->at_zone + i].interface, &site->zone[i]);
	for (size_t i = 0; i < m->out->n_set; i++)
		side_normalise(&set[i]);
}

static struct ranges borrowed(const struct ranges *r)
{
	return (struct ranges){.item = r->item, .n = r->n};
}

/* @return false: there is no room. */
static bool ranges_join(struct maker *m, struct ranges *out, const struct ranges *in)
{
	if (in->n > m->room)
		return false;
	m->room -= in->n;
	for (size_t i = 0; i < in->n; i++)
		ranges_add(out, in->item[i].lo, in->item[i].hi);
	return true;
}

/* The ranges of one kind that named objects have. A single one is borrowed. */
static bool named_join(struct maker *m, const struct name_table *t, size_t first, char *const *name, size_t n,
        size_t offset, bool alone, struct ranges *out)
{
	bool whole = true;

	for (size_t i = 0; whole && i < n; i++) {
		size_t at = table_find(t, name[i]);
		const struct ranges *in;

		if (at == SIZE_MAX)
			continue;
		in = (const struct ranges *)((const char *)&m->out->set[first + at] + offset);
		if (n == 1 && alone)
			*out = borrowed(in);
		else
			whole = ranges_join(m, out, in);
	}
	return whole;
}

static bool addresses_make(struct maker *m, const struct firewall_side *from, size_t family, struct ranges *out)
{
	size_t offset = offsetof(struct rule_side, address) + family * sizeof(struct ranges);
	const struct rule_names *n = m->names;
	size_t own = from->n_address;

	for (size_t i = 0; i < from->n_address; i++)
		if ((from->address[i].family == FAMILY_IPV6) == family)
			ranges_add(out, from->address[i].range.lo, from->address[i].range.hi);
	return named_join(m, &n->address_set, 0, from->address_set, from->n_address_set, offset,
	               own + from->n_group == 0, out) &&
	       named_join(m, &n->group, m->at_group, from->group, from->n_group, offset, own + from->n_address_set == 0,
	               out);
}

/* @return false: there is no room. */
static bool side_make(struct maker *m, const struct firewall_side *from, struct rule_side *out)
{
	bool whole = true;

	out->asks_address = from->n_address + from->n_address_set + from->n_group > 0;
	out->asks_port = from->n_ports + from->n_port_set > 0;
	out->asks_interface = from->n_zone > 0;
	for (size_t f = 0; whole && f < RULE_FAMILIES; f++)
		whole = addresses_make(m, from, f, &out->address[f]);
	ports_add(&out->port, from->ports, from->n_ports);
	whole = whole && named_join(m, &m->names->port_set, m->at_port_set, from->port_set, from->n_port_set,
	                         offsetof(struct rule_side, port), from->n_ports == 0, &out->port);
	whole = whole && named_join(m, &m->names->zone, m->at_zone, from->zone, from->n_zone,
	                         offsetof(struct rule_side, interface), true, &out->interface);
	side_normalise(out);
	return whole;
}

/* Boxes */

static uint8_t protocol_bit(uint8_t proto)
{
	switch (proto) {
	case PROTO_ICMP:
		return RULE_PROTO_ICMP;
	case PROTO_TCP:
		return RULE_PROTO_TCP;
	case PROTO_UDP:
		return RULE_PROTO_UDP;
	case PROTO_ICMPV6:
		return RULE_PROTO_ICMPV6;
	case PROTO_SCTP:
		return RULE_PROTO_SCTP;
	default:
		return RULE_PROTO_OTHER;
	}
}

/* A family that one of the sides has no address of has no packet. */
static void families_make(struct rule_box *b, uint8_t protocols)
{
	static const uint8_t foreign[RULE_FAMILIES] = {RULE_PROTO_ICMPV6, RULE_PROTO_ICMP};

	for (size_t f = 0; f < RULE_FAMILIES; f++)
		if ((!b->source.asks_address || b->source.address[f].n) &&
		        (!b->destination.asks_address || b->destination.address[f].n))
			b->protocols[f] = (uint8_t)(protocols & ~foreign[f]);
}

static void rule_make(struct maker *m, const struct firewall_rule *r, struct rule_box *b)
{
	uint8_t protocols = r->n_proto ? 0 : RULE_PROTO_ALL;

	*b = (struct rule_box){.name = r->name, .path = r->path, .action = r->action};
	b->states = r->states ? r->states & STATES_DECIDED : STATES_DECIDED;
	b->asks_type = r->n_icmp_type > 0;
	for (size_t i = 0; i < r->n_icmp_type; i++)
		ranges_add(&b->icmp_type, r->icmp_type[i], r->icmp_type[i]);
	ranges_normalise(&b->icmp_type);
	for (size_t i = 0; i < r->n_proto; i++)
		protocols |= protocol_bit(r->proto[i]);
	b->is_open = !side_make(m, &r->source, &b->source) || !side_make(m, &r->destination, &b->destination);
	m->out->n_open += b->is_open;
	families_make(b, b->states ? protocols : 0);
}

static void management_make(const struct management_access *a, struct rule_box *b)
{
	*b = (struct rule_box){.name = a->name, .path = PATH_INPUT, .action = ACTION_ACCEPT, .is_management = true};
	b->states = STATES_DECIDED;
	b->source.asks_address = b->destination.asks_port = true;
	addresses_add(b->source.address, a->source, a->n_source);
	ports_add(&b->destination.port, &a->ports, 1);
	side_normalise(&b->source);
	families_make(b, protocol_bit(a->proto));
}

void rule_boxes_build(const struct rule_names *names, struct rule_boxes *out)
{
	const struct firewall *f = &names->site->firewall;
	struct maker m = {.names = names, .out = out, .room = RULE_RANGES_MAX};

	*out = (struct rule_boxes){.n = f->n_management + f->n_rule};
	out->item = xcalloc(out->n + 1, sizeof(*out->item));
	sets_build(&m);
	for (size_t i = 0; i < f->n_management; i++)
		management_make(&f->management[i], &out->item[i]);
	for (size_t i = 0; i < f->n_rule; i++)
		rule_make(&m, &f->rule[i], &out->item[f->n_management + i]);
}

void rule_boxes_fini(struct rule_boxes *b)
{
	for (size_t i = 0; i < b->n; i++) {
		side_fini(&b->item[i].source);
		side_fini(&b->item[i].destination);
		ranges_fini(&b->item[i].icmp_type);
	}
	for (size_t i = 0; i < b->n_set; i++)
		side_fini(&b->set[i]);
	free(b->item);
	free(b->set);
	*b = (struct rule_boxes){0};
}
