/*
 * In: the firewall part of a site, whose groups and zones are sound. Out: whether rules can be made of it. Refused: names
 * that nothing has, ranges that end before they begin, and rules that no packet can match; each with the rule's name, the
 * value and a remedy.
 */
#include <string.h>

#include "flow_firewall.h"
#include "flow_site.h"

/* One side of a rule while it is checked. */
struct side_check {
	struct checker *c;
	const struct rule_names *names;
	const struct firewall_rule *rule;
	const struct firewall_side *side;
	const char *label; /* source or destination */
	unsigned families; /* of its addresses, as bits; all where none is asked */
};

static int place_error(struct side_check *s, const char *leaf, const char *name, const char *what)
{
	checker_at(s->c, "/portcullis:firewall/rule[name='%s']/matches/%s/%s[.='%s']", s->rule->name, s->label, leaf,
	        name);
	return error_set(s->c->err, ERR_INVALID, s->c->where,
	        "rule %s names the %s %s as %s, which does not exist; add the %s or remove the name from the rule",
	        s->rule->name, what, name, s->label, what);
}

/* The first name of a side's addresses, for messages about all of them. */
static const char *first_of(const struct firewall_side *s)
{
	return s->n_address_set ? s->address_set[0] : s->group[0];
}

static int addresses_check(struct side_check *s)
{
	const struct firewall_side *side = s->side;

	s->families = rule_families(side->address, side->n_address);
	for (size_t i = 0; i < side->n_address_set; i++)
		if (!rule_set_families(s->names, side->address_set[i], &s->families))
			return place_error(s, "address-set", side->address_set[i], "address set");
	for (size_t i = 0; i < side->n_group; i++)
		if (!rule_group_families(s->names, side->group[i], &s->families))
			return place_error(s, "group", side->group[i], "group");
	if (!(side->n_address + side->n_address_set + side->n_group)) {
		s->families = RULE_FAMILIES_ALL;
		return 0;
	}
	checker_at(s->c, "/portcullis:firewall/rule[name='%s']/matches/%s", s->rule->name, s->label);
	return s->families ? 0
	                   : error_set(s->c->err, ERR_INVALID, s->c->where,
	                             "the %s of rule %s, %s, has no address, so that no packet matches the rule; add "
	                             "an address to it or remove the rule",
	                             s->label, s->rule->name, first_of(side));
}

static int ports_check(struct side_check *s)
{
	const struct firewall_side *side = s->side;
	size_t n = side->n_ports;

	for (size_t i = 0; i < side->n_ports; i++) {
		const struct port_range *p = &side->ports[i];

		checker_at(s->c, "/portcullis:firewall/rule[name='%s']/matches/%s/port[lower='%u']", s->rule->name,
		        s->label, p->lo);
		if (p->hi < p->lo)
			return error_set(s->c->err, ERR_INVALID, s->c->where,
			        "rule %s has the %s ports %u-%u; give an upper port that is not below the lower one",
			        s->rule->name, s->label, p->lo, p->hi);
	}
	for (size_t i = 0; i < side->n_port_set; i++) {
		const struct port_set *set = rule_port_set(s->names, side->port_set[i]);

		if (!set)
			return place_error(s, "port-set", side->port_set[i], "port set");
		n += set->n_ports;
	}
	checker_at(s->c, "/portcullis:firewall/rule[name='%s']/matches/%s/port-set", s->rule->name, s->label);
	if (side->n_port_set && !n)
		return error_set(s->c->err, ERR_INVALID, s->c->where,
		        "the port set %s that rule %s names as %s has no port, so that no packet matches the rule; add "
		        "a port to it or remove the rule",
		        side->port_set[0], s->rule->name, s->label);
	return 0;
}

/* A packet to this device leaves through no interface, and one from it arrives on none. */
static int zones_check(struct side_check *s)
{
	bool source = s->side == &s->rule->source;

	for (size_t i = 0; i < s->side->n_zone; i++)
		if (!rule_zone(s->names, s->side->zone[i]))
			return place_error(s, "zone", s->side->zone[i], "zone");
	checker_at(s->c, "/portcullis:firewall/rule[name='%s']/matches/%s/zone", s->rule->name, s->label);
	if (s->side->n_zone && s->rule->path == (source ? PATH_OUTPUT : PATH_INPUT))
		return error_set(s->c->err, ERR_INVALID, s->c->where,
		        "rule %s has path %s and the %s zone %s, but packets %s this device have no %s interface; "
		        "remove the zone or choose path forward",
		        s->rule->name, source ? "output" : "input", s->label, s->side->zone[0], source ? "from" : "to",
		        source ? "input" : "output");
	return 0;
}

static int side_check(struct side_check *s)
{
	return addresses_check(s) || ports_check(s) || zones_check(s) ? -1 : 0;
}

static bool has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

static bool has_types(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

/* What a part of a rule asks of its transports: there is one, and all have it. */
static int part_check(struct checker *c, const struct firewall_rule *r, const char *leaf, const char *what,
        bool (*has)(uint8_t proto), const char *choice)
{
	checker_at(c, "/portcullis:firewall/rule[name='%s']/matches/%s", r->name, leaf);
	if (!r->n_proto)
		return error_set(c->err, ERR_INVALID, c->where,
		        "rule %s has %s, but no transport that they are of; add the transport %s", r->name, what,
		        choice);
	for (size_t i = 0; i < r->n_proto; i++)
		if (!has(r->proto[i]))
			return error_set(c->err, ERR_INVALID, c->where,
			        "rule %s has %s and the transport %s, which has none; make a rule of its own for %s",
			        r->name, what, proto_name(r->proto[i]), proto_name(r->proto[i]));
	return 0;
}

static int transports_check(struct checker *c, const struct firewall_rule *r)
{
	const struct {
		const char *leaf, *what;
		bool asked;
	} ports[] = {
	        {"source/port", "source ports", r->source.n_ports > 0},
	        {"source/port-set", "source ports", r->source.n_port_set > 0},
	        {"destination/port", "destination ports", r->destination.n_ports > 0},
	        {"destination/port-set", "destination ports", r->destination.n_port_set > 0},
	};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i].asked && part_check(c, r, ports[i].leaf, ports[i].what, has_ports, "tcp, udp or sctp"))
			return -1;
	return r->n_icmp_type ? part_check(c, r, "icmp-type", "ICMP types", has_types, "icmp or icmpv6") : 0;
}

/* The families that a transport can be of. */
static unsigned transport_families(uint8_t proto)
{
	if (proto == PROTO_ICMP)
		return RULE_FAMILY(FAMILY_IPV4);
	return proto == PROTO_ICMPV6 ? RULE_FAMILY(FAMILY_IPV6) : RULE_FAMILIES_ALL;
}

static const char *families_text(unsigned families)
{
	return families == RULE_FAMILY(FAMILY_IPV6) ? "IPv6" : "IPv4";
}

static int families_check(struct checker *c, const struct firewall_rule *r, unsigned source, unsigned destination)
{
	checker_at(c, "/portcullis:firewall/rule[name='%s']/matches", r->name);
	if (!(source & destination))
		return error_set(c->err, ERR_INVALID, c->where,
		        "rule %s has a source of %s and a destination of %s alone, so that no packet matches it; give "
		        "both addresses of one family",
		        r->name, families_text(source), families_text(destination));
	for (size_t i = 0; i < r->n_proto; i++)
		if (!(transport_families(r->proto[i]) & source & destination))
			return error_set(c->err, ERR_INVALID, c->where,
			        "rule %s is for addresses of %s alone, and its transport %s is of the other family; "
			        "choose %s",
			        r->name, families_text(source & destination), proto_name(r->proto[i]),
			        r->proto[i] == PROTO_ICMP ? "icmpv6" : "icmp");
	return 0;
}

static int rule_check(struct checker *c, const struct rule_names *names, const struct firewall_rule *r)
{
	struct side_check source = {c, names, r, &r->source, "source", 0};
	struct side_check destination = {c, names, r, &r->destination, "destination", 0};

	if (side_check(&source) || side_check(&destination) || transports_check(c, r))
		return -1;
	return families_check(c, r, source.families, destination.families);
}

static int sets_check(struct checker *c, const struct firewall *f)
{
	for (size_t i = 0; i < f->n_port_set; i++)
		for (size_t k = 0; k < f->port_set[i].n_ports; k++) {
			const struct port_range *p = &f->port_set[i].ports[k];

			checker_at(c, "/portcullis:firewall/port-set[name='%s']/port[lower='%u']", f->port_set[i].name,
			        p->lo);
			if (p->hi < p->lo)
				return error_set(c->err, ERR_INVALID, c->where,
				        "port set %s has the ports %u-%u; give an upper port that is not below the "
				        "lower one",
				        f->port_set[i].name, p->lo, p->hi);
		}
	return 0;
}

static int management_check(struct checker *c, const struct management_access *m)
{
	checker_at(c, "/portcullis:firewall/management-access[name='%s']", m->name);
	if (!m->n_source)
		return error_set(c->err, ERR_INVALID, c->where,
		        "management access %s has no source; name the addresses that manage this device", m->name);
	checker_at(c, "/portcullis:firewall/management-access[name='%s']/port", m->name);
	if (m->ports.hi < m->ports.lo)
		return error_set(c->err, ERR_INVALID, c->where,
		        "management access %s has the ports %u-%u; give an upper port that is not below the lower one",
		        m->name, m->ports.lo, m->ports.hi);
	return 0;
}

int checker_firewall(struct checker *c)
{
	const struct firewall *f = &c->site->firewall;
	struct rule_names names;
	int result = sets_check(c, f);

	rule_names_build(c->site, &names);
	for (size_t i = 0; !result && i < f->n_management; i++)
		result = management_check(c, &f->management[i]);
	for (size_t i = 0; !result && i < f->n_rule; i++)
		result = rule_check(c, &names, &f->rule[i]);
	rule_names_fini(&names);
	return result;
}
