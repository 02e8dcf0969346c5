/*
 * The operator's rules as rules of the own table: each comes to one for every family and protocol that it is about. Refused
 * is what names a thing that is not there, and what no packet can be: nothing is left out silently.
 */
#include "compile/rules.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

void prefixes_take(struct ranges *out, const struct prefix *prefix, size_t n, enum family family)
{
	for (size_t i = 0; i < n; i++)
		if (prefix[i].family == family)
			ranges_add(out, prefix[i].range.lo, prefix[i].range.hi);
}

/** A rule on its way: what it asks of one side, looked up. */
struct side {
	bool any; /**< no address is asked for */
	struct ranges address[2]; /**< IPv4, IPv6 */
	struct ranges interface, port;
};

static void side_fini(struct side *s)
{
	ranges_fini(&s->address[0]);
	ranges_fini(&s->address[1]);
	ranges_fini(&s->interface);
	ranges_fini(&s->port);
}

static int missing(const struct firewall_rule *rule, const char *list, const char *name, struct error *err)
{
	char *where = xasprintf("/portcullis:firewall/rule[name='%s']", rule->name);

	error_set(err, ERR_INVALID, where, "there is no %s '%s'; define it, or take it out of the rule", list, name);
	free(where);
	return -1;
}

static int cannot_be(const struct firewall_rule *rule, const char *why, struct error *err)
{
	char *where = xasprintf("/portcullis:firewall/rule[name='%s']", rule->name);

	error_set(err, ERR_INVALID, where, "%s", why);
	free(where);
	return -1;
}

static void add_prefixes(struct side *s, const struct prefix *prefix, size_t n)
{
	for (int f = 0; f < 2; f++)
		prefixes_take(&s->address[f], prefix, n, families[f]);
}

static int add_address_sets(struct side *s, const struct site *site, const struct firewall_rule *rule,
        const struct firewall_side *of, struct error *err)
{
	for (size_t i = 0; i < of->n_address_set; i++) {
		const struct address_set *set = NULL;

		for (size_t k = 0; k < site->firewall.n_address_set && set == NULL; k++)
			if (strcmp(site->firewall.address_set[k].name, of->address_set[i]) == 0)
				set = &site->firewall.address_set[k];
		if (set == NULL)
			return missing(rule, "address-set", of->address_set[i], err);
		add_prefixes(s, set->address, set->n_address);
	}
	return 0;
}

static int add_groups(struct side *s, const struct site *site, const struct firewall_rule *rule,
        const struct firewall_side *of, struct error *err)
{
	for (size_t i = 0; i < of->n_group; i++) {
		const struct group *g = site_group_find(site, of->group[i]);

		if (g == NULL)
			return missing(rule, "group", of->group[i], err);
		add_prefixes(s, g->address, g->n_address);
		add_prefixes(s, g->virtual_address, g->n_virtual_address);
	}
	return 0;
}

static int add_zones(struct side *s, const struct site *site, const struct firewall_rule *rule,
        const struct firewall_side *of, struct error *err)
{
	for (size_t i = 0; i < of->n_zone; i++) {
		const struct zone *z = site_zone_find(site, of->zone[i]);

		if (z == NULL)
			return missing(rule, "zone", of->zone[i], err);
		for (size_t k = 0; k < z->n_interface; k++) {
			u128 name = ifname_value(z->interface[k]);

			ranges_add(&s->interface, name, name);
		}
	}
	ranges_normalise(&s->interface);
	return 0;
}

static int add_ports(struct side *s, const struct site *site, const struct firewall_rule *rule,
        const struct firewall_side *of, struct error *err)
{
	for (size_t i = 0; i < of->n_ports; i++)
		ranges_add(&s->port, of->ports[i].lo, of->ports[i].hi);
	for (size_t i = 0; i < of->n_port_set; i++) {
		const struct port_set *set = NULL;

		for (size_t k = 0; k < site->firewall.n_port_set && set == NULL; k++)
			if (strcmp(site->firewall.port_set[k].name, of->port_set[i]) == 0)
				set = &site->firewall.port_set[k];
		if (set == NULL)
			return missing(rule, "port-set", of->port_set[i], err);
		for (size_t k = 0; k < set->n_ports; k++)
			ranges_add(&s->port, set->ports[k].lo, set->ports[k].hi);
	}
	ranges_normalise(&s->port);
	return 0;
}

static int side_find(struct side *s, const struct site *site, const struct firewall_rule *rule,
        const struct firewall_side *of, struct error *err)
{
	s->any = of->n_address + of->n_address_set + of->n_group == 0;
	add_prefixes(s, of->address, of->n_address);
	if (add_address_sets(s, site, rule, of, err) != 0 || add_groups(s, site, rule, of, err) != 0 ||
	        add_zones(s, site, rule, of, err) != 0)
		return -1;
	for (int f = 0; f < 2; f++)
		ranges_normalise(&s->address[f]);
	return add_ports(s, site, rule, of, err);
}

/** One rule for one family, or any, and one protocol, or any. */
struct variant {
	struct own_table *table;
	size_t chain, index; /**< of the explicit rule */
	const struct firewall_rule *rule;
	const struct side *source, *destination;
	int family; /**< index into families; -1: any */
	int proto; /**< -1: any */
};

static void match_side(const struct variant *v, struct own_rule *r, bool source)
{
	const struct side *s = source ? v->source : v->destination;
	char *name = xasprintf("%s-%s%s", v->rule->name, source ? "source" : "destination", v->family == 0 ? "4" : "6");

	own_match_ranges(r, v->table, own_address_field(families[v->family], source), &s->address[v->family], name);
	free(name);
}

static void match_ports(const struct variant *v, struct own_rule *r, bool source)
{
	const struct side *s = source ? v->source : v->destination;
	char *name = xasprintf("%s-%s-ports", v->rule->name, source ? "source" : "destination");

	if (s->port.n > 0)
		own_match_ranges(r, v->table, source ? RS_FIELD_SPORT : RS_FIELD_DPORT, &s->port, name);
	free(name);
}

static void match_interface(const struct variant *v, struct own_rule *r, bool source)
{
	const struct side *s = source ? v->source : v->destination;
	char *name = xasprintf("%s-%s-interfaces", v->rule->name, source ? "source" : "destination");

	if (s->interface.n > 0)
		own_match_ranges(r, v->table, source ? RS_FIELD_IIFNAME : RS_FIELD_OIFNAME, &s->interface, name);
	free(name);
}

static void match_icmp(const struct variant *v, struct own_rule *r)
{
	struct ranges types = {0};
	char *name = xasprintf("%s-types", v->rule->name);

	for (size_t i = 0; i < v->rule->n_icmp_type; i++)
		ranges_add(&types, v->rule->icmp_type[i], v->rule->icmp_type[i]);
	ranges_normalise(&types);
	if (types.n > 0)
		own_match_ranges(
		        r, v->table, v->proto == PROTO_ICMP ? RS_FIELD_ICMP_TYPE : RS_FIELD_ICMPV6_TYPE, &types, name);
	ranges_fini(&types);
	free(name);
}

static void variant_add(const struct variant *v)
{
	const struct firewall_rule *rule = v->rule;
	struct own_rule r = {.counts = true,
	        .log = rule->log,
	        .log_rate = rule->log_rate,
	        .verdict = rule->action == ACTION_ACCEPT ? RS_ACCEPT : RS_DROP,
	        .reject = rule->action == ACTION_REJECT,
	        .from = v->index};

	match_interface(v, &r, true);
	match_interface(v, &r, false);
	if (rule->states != 0)
		own_match_bits(&r, RS_FIELD_CT_STATE, own_states(rule->states));
	if (!v->source->any)
		match_side(v, &r, true);
	if (!v->destination->any)
		match_side(v, &r, false);
	if (v->proto >= 0)
		own_match_range(&r, RS_FIELD_L4PROTO, (struct range){(u128)v->proto, (u128)v->proto});
	if (v->proto == PROTO_ICMP || v->proto == PROTO_ICMPV6) {
		match_icmp(v, &r);
	} else {
		match_ports(v, &r, true);
		match_ports(v, &r, false);
	}
	if (rule->log)
		r.log_prefix = rule->log_prefix != NULL && rule->log_prefix[0] != '\0'
		                       ? own_comment("%s", rule->log_prefix)
		                       : own_comment("%s: ", rule->name);
	r.comment = rule->comment != NULL && rule->comment[0] != '\0'
	                    ? own_comment("rule %s: %s", rule->name, rule->comment)
	                    : own_comment("rule %s", rule->name);
	own_rule_add(v->table, v->chain, &r);
}

static bool has_family(const struct side *s, int family)
{
	return s->any || s->address[family].n > 0;
}

static bool proto_is_of(int proto, int family)
{
	return proto == PROTO_ICMP ? family == 0 : proto == PROTO_ICMPV6 ? family == 1 : true;
}

/** For each family that has packets of the protocol; the protocol alone tells it where no address does. */
static size_t families_add(struct variant *v)
{
	size_t n = 0;

	if (v->source->any && v->destination->any) {
		v->family = -1;
		variant_add(v);
		return 1;
	}
	for (v->family = 0; v->family < 2; v->family++) {
		if (!has_family(v->source, v->family) || !has_family(v->destination, v->family) ||
		        !proto_is_of(v->proto, v->family))
			continue;
		variant_add(v);
		n++;
	}
	return n;
}

static int check(const struct firewall_rule *rule, const struct side *from, const struct side *to, struct error *err)
{
	bool ports = from->port.n + to->port.n > 0, icmp = false, other = false;

	for (size_t i = 0; i < rule->n_proto; i++) {
		icmp = icmp || rule->proto[i] == PROTO_ICMP || rule->proto[i] == PROTO_ICMPV6;
		other = other || (rule->proto[i] != PROTO_ICMP && rule->proto[i] != PROTO_ICMPV6);
	}
	if (ports && (rule->n_proto == 0 || icmp))
		return cannot_be(
		        rule, "ports are asked for, but not with a transport that has them; name tcp or udp", err);
	if (rule->n_icmp_type > 0 && (!icmp || other))
		return cannot_be(
		        rule, "ICMP types are asked for, but the transport is not ICMP; name icmp or icmpv6", err);
	if (rule->path == PATH_INPUT && to->interface.n > 0)
		return cannot_be(
		        rule, "packets to this device leave by no interface; take out the destination's zone", err);
	if (rule->path == PATH_OUTPUT && from->interface.n > 0)
		return cannot_be(
		        rule, "packets of this device come in by no interface; take out the source's zone", err);
	return 0;
}

static int rule_add(struct own_table *t, size_t chain, const struct site *site, size_t index, struct error *err)
{
	const struct firewall_rule *rule = &site->firewall.rule[index];
	struct side from = {0}, to = {0};
	struct variant v = {t, chain, index, rule, &from, &to, -1, -1};
	int result = side_find(&from, site, rule, &rule->source, err);
	size_t n = 0;

	if (result == 0)
		result = side_find(&to, site, rule, &rule->destination, err);
	if (result == 0)
		result = check(rule, &from, &to, err);
	if (result == 0 && rule->n_proto == 0)
		n = families_add(&v);
	for (size_t i = 0; i < rule->n_proto && result == 0; i++) {
		v.proto = rule->proto[i];
		n += families_add(&v);
	}
	if (result == 0 && n == 0)
		result = cannot_be(rule,
		        "source and destination have no address family in common with its transport, so no "
		        "packet can match; name addresses of one family",
		        err);
	side_fini(&from);
	side_fini(&to);
	return result;
}

int rules_add(struct own_table *t, size_t chain, const struct site *site, enum path path, struct error *err)
{
	for (size_t i = 0; i < site->firewall.n_rule; i++) {
		if (site->firewall.rule[i].path != path)
			continue;
		if (rule_add(t, chain, site, i, err) != 0)
			return -1;
		if (t->chain[chain].n_rule > OWN_RULES_MAX)
			return error_set(err, ERR_LIMIT, "/portcullis:firewall/rule",
			        "the rules come to more than %u in the kernel at '%s', which would slow down every "
			        "packet; "
			        "put addresses into an address-set instead of a rule each",
			        OWN_RULES_MAX, site->firewall.rule[i].name);
	}
	return 0;
}

void management_add(struct own_table *t, size_t chain, const struct site *site)
{
	for (size_t i = 0; i < site->firewall.n_management; i++) {
		const struct management_access *m = &site->firewall.management[i];

		for (int f = 0; f < 2; f++) {
			struct own_rule r = {.counts = true, .verdict = RS_ACCEPT, .from = SIZE_MAX};
			struct ranges from = {0};
			char *name = xasprintf("management-%s%s", m->name, f == 0 ? "4" : "6");

			prefixes_take(&from, m->source, m->n_source, families[f]);
			ranges_normalise(&from);
			if (from.n > 0) {
				own_match_ranges(&r, t, own_address_field(families[f], true), &from, name);
				own_match_range(&r, RS_FIELD_L4PROTO, (struct range){m->proto, m->proto});
				own_match_range(&r, RS_FIELD_DPORT, (struct range){m->ports.lo, m->ports.hi});
				r.comment = own_comment("management-access %s", m->name);
				own_rule_add(t, chain, &r);
			}
			ranges_fini(&from);
			free(name);
		}
	}
}
