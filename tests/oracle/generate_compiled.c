/*
 * Tables that compile makes: a random configuration (flows, explicit rules, scope, defaults) comes to nft text, for the
 * kernel to say that its packets go where the verification says they go.
 */
#include <stdlib.h>
#include <string.h>

#include "oracle/oracle.h"
#include "portcullis/alloc.h"
#include "portcullis/compile.h"

#define FLOWS 24
#define RULES 10

struct config {
	struct site site;
	struct flow flow[FLOWS];
	struct flow_leg leg[FLOWS];
	struct flows flows;
	struct firewall_rule rule[RULES];
	struct prefix address[RULES][2][3];
	struct port_range ports[RULES][2][2];
	uint8_t proto[RULES][2], type[RULES][2];
	char *zone[RULES][2];
	struct prefix bound[2], manager[2];
	struct group group;
	struct deployment deployment;
	char *group_name;
	struct zone zones[DEVICES];
	struct management_access management;
};

static const uint8_t protos[] = {PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_ICMP};

/** @param side  0: sources, 1: servers, 2: the device itself. */
static struct range addresses(enum family f, int side)
{
	static const uint32_t base4[] = {0x0a000000u, 0x0a010000u, 0x0a4d0000u};
	static const uint16_t base6[] = {0xfd00, 0xfd01, 0xfd77};
	u128 base = f == FAMILY_IPV4 ? (u128)base4[side] : (u128)base6[side] << 112;
	uint32_t low = 1 + draw(40), more = chance(40) ? draw(30) : 0;

	if (chance(10))
		return (struct range){base & ~(u128)0xff, base | 0xff};
	return (struct range){base + low, base + low + more};
}

static struct port_range ports(void)
{
	uint16_t low = (uint16_t)(1 + draw(chance(50) ? 100 : 60000)), more = (uint16_t)(chance(40) ? draw(5000) : 0);

	return (struct port_range){low, (uint16_t)(low + more)};
}

static void flow_make(struct config *c, size_t i)
{
	struct flow *f = &c->flow[i];
	int to = chance(20) ? 2 : 1, from = chance(10) ? 2 : 0;

	f->family = chance(70) ? FAMILY_IPV4 : FAMILY_IPV6;
	f->proto = protos[draw(4)];
	if (f->proto == PROTO_ICMP && f->family == FAMILY_IPV6)
		f->proto = PROTO_ICMPV6;
	f->path = from == 2 ? PATH_OUTPUT : to == 2 ? PATH_INPUT : PATH_FORWARD;
	f->source_ports = chance(50) ? (struct port_range){1024, 65535} : (struct port_range){0, 65535};
	f->ports = f->inside_ports = ports();
	f->leg = &c->leg[i];
	f->n_leg = 1;
	c->leg[i] = (struct flow_leg){
	        .source = addresses(f->family, from), .destination = addresses(f->family, from == 2 ? 1 : to)};
	f->label = xasprintf("flow %zu", i);
}

static void side_make(struct config *c, size_t i, int end, struct firewall_side *side, enum family family)
{
	size_t n = chance(60) ? 1 + draw(3) : 0;

	side->address = c->address[i][end];
	for (side->n_address = 0; side->n_address < n; side->n_address++)
		side->address[side->n_address] = (struct prefix){family, addresses(family, (int)draw(3))};
	if (chance(20)) {
		c->zone[i][end] = c->zones[draw(DEVICES)].name;
		side->zone = &c->zone[i][end];
		side->n_zone = 1;
	}
	side->ports = c->ports[i][end];
}

static void rule_make(struct config *c, size_t i)
{
	struct firewall_rule *r = &c->rule[i];
	enum family family = chance(70) ? FAMILY_IPV4 : FAMILY_IPV6;
	bool pings = chance(15), has_proto = chance(75);

	r->name = xasprintf("r%zu", i);
	r->path = (enum path)draw(PATH_N);
	r->action = ACTION_ACCEPT + draw(3);
	side_make(c, i, 0, &r->source, family);
	side_make(c, i, 1, &r->destination, family);
	r->source.n_zone = r->path == PATH_OUTPUT ? 0 : r->source.n_zone;
	r->destination.n_zone = r->path == PATH_INPUT ? 0 : r->destination.n_zone;
	r->proto = c->proto[i];
	if (pings) {
		r->proto[r->n_proto++] = family == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6;
		r->icmp_type = c->type[i];
		for (uint32_t n = draw(3); r->n_icmp_type < n;)
			r->icmp_type[r->n_icmp_type++] =
			        family == FAMILY_IPV4 ? (uint8_t)(8 + 5 * draw(2)) : (uint8_t)128;
	} else if (has_proto) {
		r->proto[r->n_proto++] = chance(60) ? PROTO_TCP : PROTO_UDP;
		for (uint32_t n = draw(3); r->destination.n_ports < n;)
			r->destination.ports[r->destination.n_ports++] = ports();
		for (uint32_t n = chance(20) ? 1 : 0; r->source.n_ports < n;)
			r->source.ports[r->source.n_ports++] = (struct port_range){1024, 65535};
	}
	if (chance(20))
		r->states = STATE_NEW | (chance(30) ? STATE_INVALID : 0u);
	r->log = chance(10);
	r->log_rate = 5;
}

static void site_make(struct config *c)
{
	struct firewall *fw = &c->site.firewall;

	for (size_t i = 0; i < DEVICES; i++) {
		c->zones[i] = (struct zone){.name = xasprintf("z%zu", i), .n_interface = 1};
		c->zones[i].interface = xcalloc(1, sizeof(char *));
		c->zones[i].interface[0] = xstrdup(oracle_names[i]);
	}
	c->bound[0] = (struct prefix){FAMILY_IPV4, addresses(FAMILY_IPV4, 1)};
	c->bound[1] = (struct prefix){FAMILY_IPV6, addresses(FAMILY_IPV6, 1)};
	c->group = (struct group){.name = "servers", .address = c->bound, .n_address = 2};
	c->group_name = c->group.name;
	c->deployment = (struct deployment){.name = "d", .product = "p", .group = &c->group_name, .n_group = 1};
	c->manager[0] = (struct prefix){FAMILY_IPV4, addresses(FAMILY_IPV4, 0)};
	c->manager[1] = (struct prefix){FAMILY_IPV6, addresses(FAMILY_IPV6, 0)};
	c->management = (struct management_access){
	        .name = "nms", .source = c->manager, .n_source = 2, .proto = PROTO_TCP, .ports = ports()};
	c->site.group = &c->group;
	c->site.deployment = &c->deployment;
	c->site.zone = c->zones;
	c->site.n_group = c->site.n_deployment = 1;
	c->site.n_zone = DEVICES;
	fw->rule = c->rule;
	fw->n_rule = draw(RULES);
	fw->management = &c->management;
	fw->n_management = draw(2);
	fw->scope = chance(50) ? SCOPE_ALL : SCOPE_BOUND_GROUPS;
	for (int p = 0; p < PATH_N; p++)
		fw->by_default[p] = chance(50) ? ACTION_FALL_THROUGH : ACTION_ACCEPT + draw(3);
	if (fw->scope == SCOPE_ALL && fw->by_default[PATH_FORWARD] == ACTION_ACCEPT)
		fw->by_default[PATH_FORWARD] = ACTION_DROP;
}

static void config_free(struct config *c)
{
	for (size_t i = 0; i < c->flows.n; i++)
		free(c->flow[i].label);
	for (size_t i = 0; i < c->site.firewall.n_rule; i++)
		free(c->rule[i].name);
	for (size_t i = 0; i < DEVICES; i++) {
		free(c->zones[i].interface[0]);
		free(c->zones[i].interface);
		free(c->zones[i].name);
	}
	free(c);
}

char *generate_compiled(void)
{
	struct own_table *table = NULL;
	struct error err;
	char *text;

	/* A rule that cannot be is refused: another configuration is drawn. */
	while (table == NULL) {
		struct config *c = xcalloc(1, sizeof(*c));

		site_make(c);
		for (size_t i = 0; i < c->site.firewall.n_rule; i++)
			rule_make(c, i);
		c->flows = (struct flows){.flow = c->flow, .n = draw(FLOWS)};
		for (size_t i = 0; i < c->flows.n; i++)
			flow_make(c, i);
		if (compile(&(struct compile_input){&c->site, &c->flows, NULL}, &table, &err) != 0)
			table = NULL;
		config_free(c);
	}
	text = own_table_text(table);
	own_table_free(table);
	return text;
}
