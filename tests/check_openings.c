/* links: verify deployment ruleset base */
/*
 * What is open though nobody needs it: planted openings are found, exactly those, with exact counts; required flows,
 * allowances, answers and traffic inside a zone are none.
 */
#include "verify_support.h"

/** A site of two servers behind s0 with clients behind c0, management behind m0, and routes that say so. */
struct place {
	struct site site;
	struct network net;
	struct flow flow[2];
	struct flows flows;
	struct openings out;
};

static void prefix_add(struct prefix **list, size_t *n, const char *text)
{
	*list = xrealloc(*list, *n + 1, sizeof(**list));
	(*list)[*n].range = text_range(text, &(*list)[*n].family);
	(*n)++;
}

static void group_add(struct site *site, const char *name, const char *zone, const char *const *address)
{
	struct group *g;

	site->group = xrealloc(site->group, site->n_group + 1, sizeof(*site->group));
	g = &site->group[site->n_group++];
	memset(g, 0, sizeof(*g));
	g->name = xstrdup(name);
	g->zone = xstrdup(zone);
	g->id = (uint32_t)site->n_group;
	for (; *address != NULL; address++)
		prefix_add(&g->address, &g->n_address, *address);
}

static void zone_add(struct site *site, const char *name, const char *a, const char *b)
{
	struct zone *z;

	site->zone = xrealloc(site->zone, site->n_zone + 1, sizeof(*site->zone));
	z = &site->zone[site->n_zone++];
	memset(z, 0, sizeof(*z));
	z->name = xstrdup(name);
	z->n_interface = b != NULL ? 2 : 1;
	z->interface = xcalloc(z->n_interface, sizeof(*z->interface));
	z->interface[0] = xstrdup(a);
	if (b != NULL)
		z->interface[1] = xstrdup(b);
}

static void route_add(struct network *net, const char *text, const char *ifname)
{
	struct net_route *r;

	net->route = xgrow(net->route, net->n_route, &net->cap_route, sizeof(*net->route));
	r = &net->route[net->n_route++];
	memset(r, 0, sizeof(*r));
	r->destination = text_range(text, &r->family);
	r->prefix_length = range_prefix_length(r->family, r->destination);
	snprintf(r->ifname, sizeof(r->ifname), "%s", ifname);
	net->known = true;
}

static void place_make(struct place *p)
{
	static const char *const servers[] = {"10.1.0.10", "10.1.0.11", "fd01::10", NULL}, *const unbound[] = {
	                                                                                           "10.1.0.99", NULL};

	memset(p, 0, sizeof(*p));
	group_add(&p->site, "servers", "inside", servers);
	group_add(&p->site, "nobody", "inside", unbound);
	zone_add(&p->site, "inside", "s0", "s1");
	zone_add(&p->site, "outside", "c0", NULL);
	p->site.deployment = xcalloc(1, sizeof(*p->site.deployment));
	p->site.n_deployment = 1;
	p->site.deployment[0].name = xstrdup("voice");
	p->site.deployment[0].group = xcalloc(1, sizeof(char *));
	p->site.deployment[0].group[0] = xstrdup("servers");
	p->site.deployment[0].n_group = 1;
	route_add(&p->net, "10.0.0.0/16", "c0");
	route_add(&p->net, "192.0.2.0/24", "m0");
	route_add(&p->net, "10.1.0.0/24", "s0");
	route_add(&p->net, "10.1.1.0/24", "s1");
	route_add(&p->net, "::/0", "c0");
	route_add(&p->net, "fd01::/64", "s0");
	flow_make(&p->flow[0], "tcp 10.0.0.0/16 1024-65535 10.1.0.10 5061");
	flow_make(&p->flow[1], "udp 10.0.0.0/25 0-65535 10.1.0.10 100-149");
	p->flows = (struct flows){p->flow, 2, 2};
}

static void place_free(struct place *p)
{
	openings_fini(&p->out);
	for (size_t i = 0; i < 2; i++)
		flow_free(&p->flow[i]);
	for (size_t i = 0; i < p->site.n_group; i++) {
		free(p->site.group[i].name);
		free(p->site.group[i].zone);
		free(p->site.group[i].address);
	}
	for (size_t i = 0; i < p->site.n_zone; i++) {
		for (size_t k = 0; k < p->site.zone[i].n_interface; k++)
			free(p->site.zone[i].interface[k]);
		free(p->site.zone[i].interface);
		free(p->site.zone[i].name);
	}
	for (size_t i = 0; i < p->site.n_allowance; i++) {
		free(p->site.allowance[i].source);
		free(p->site.allowance[i].destination);
	}
	free(p->site.allowance);
	free(p->site.deployment[0].name);
	free(p->site.deployment[0].group[0]);
	free(p->site.deployment[0].group);
	free(p->site.deployment);
	free(p->site.group);
	free(p->site.zone);
	network_fini(&p->net);
}

static void search(struct place *p, const struct ruleset *rs)
{
	struct error err;

	openings_fini(&p->out);
	ck_assert_int_eq(verify_openings(&p->flows, rs, &p->site, &p->net, 1000, &p->out, &err), 0);
	for (size_t i = 0; i < p->out.n; i++) {
		const struct opening *o = &p->out.opening[i];

		ck_assert(o->id >= 1 && o->id <= 2147483647u);
		ck_assert(i == 0 || o->id > p->out.opening[i - 1].id);
		ck_assert_str_eq(o->listener, "servers");
		ck_assert(o->witness.source >= o->box.source.lo && o->witness.source <= o->box.source.hi);
	}
}

static void allow(struct place *p, const char *source, uint8_t proto, struct port_range ports, int64_t expires)
{
	struct allowance *a;

	p->site.allowance = xrealloc(p->site.allowance, p->site.n_allowance + 1, sizeof(*p->site.allowance));
	a = &p->site.allowance[p->site.n_allowance++];
	memset(a, 0, sizeof(*a));
	if (source != NULL)
		prefix_add(&a->source, &a->n_source, source);
	a->proto = proto;
	a->ports = ports;
	a->expires = expires;
}

static const struct opening *find(const struct openings *o, uint8_t proto, unsigned port, const char *source)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct opening *x = &o->opening[i];
		enum family f;

		if (x->proto == proto && x->box.ports.lo == port &&
		        (source == NULL || x->box.source.lo == text_range(source, &f).lo))
			return x;
	}
	return NULL;
}

/** Of openings.nft; source NULL: the lowest there is. */
static const struct {
	uint8_t proto;
	unsigned port;
	const char *source, *packets;
} planted[] = {
        {PROTO_TCP, 22, "192.0.2.7", "131072"}, /* two servers: 2 x 2^16 */
        {PROTO_UDP, 100, "10.0.0.128", "419430400"}, /* the sources that the flow does not have: 128 x 2^16 x 50 */
        {PROTO_UDP, 150, "10.0.0.0", "838860800"}, /* the ports that it does not have: 256 x 2^16 x 50 */
        {PROTO_ICMP, 0, "10.0.0.1", "1"},
        {47, 0, "10.0.0.2", "1"},
        {PROTO_TCP, 80, "10.0.0.3", "65536"}, /* may be accepted: that is open */
        {PROTO_TCP, 8080, "192.0.2.0", "16777216"},
};

START_TEST(planted_openings_are_found_and_no_others)
{
	struct place p;
	struct ruleset *rs = ruleset_load("openings");

	place_make(&p);
	search(&p, rs);
	ck_assert(!p.out.incomplete);
	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		const struct opening *o = find(&p.out, planted[i].proto, planted[i].port, planted[i].source);

		ck_assert_msg(o != NULL, "%u/%u from %s", planted[i].proto, planted[i].port, planted[i].source);
		ck_assert_msg(strcmp(o->packets, planted[i].packets) == 0, "%s: %s packets", o->label, o->packets);
		ck_assert(o->blame.present && !o->blame.policy);
	}
	/* IPv6: every address but those behind s0 itself: (2^128 - 2^64) x 2^16, in two boxes. */
	ck_assert_uint_eq(p.out.n, sizeof(planted) / sizeof(planted[0]) + 2);
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(allowance_takes_an_opening_away_until_it_expires)
{
	static const struct {
		const char *source;
		uint8_t proto;
		struct port_range ports;
		int64_t expires;
		bool gone;
	} table[] = {
	        {"192.0.2.0/24", PROTO_TCP, {22, 22}, 0, true},
	        {"192.0.2.0/24", PROTO_TCP, {22, 22}, 1001, true},
	        {"192.0.2.0/24", PROTO_TCP, {22, 22}, 999, false},
	        {"192.0.2.0/24", PROTO_TCP, {23, 23}, 0, false},
	        {"192.0.2.0/24", PROTO_UDP, {22, 22}, 0, false},
	        {"192.0.2.0/24", 0, {22, 22}, 0, true},
	        {"192.0.2.0/24", 0, {0, 65535}, 0, true},
	        {NULL, PROTO_TCP, {22, 22}, 0, true},
	        {"fd00::/8", PROTO_TCP, {22, 22}, 0, false},
	};
	struct ruleset *rs = ruleset_load("openings");

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct place p;

		place_make(&p);
		allow(&p, table[i].source, table[i].proto, table[i].ports, table[i].expires);
		search(&p, rs);
		ck_assert_msg((find(&p.out, PROTO_TCP, 22, "192.0.2.7") == NULL) == table[i].gone, "row %zu", i);
		place_free(&p);
	}
	ruleset_free(rs);
}
END_TEST

static struct ruleset *accept_all(void)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct rs_chain *c;

	rs->chain = xcalloc(1, sizeof(*rs->chain));
	rs->n_chain = rs->cap_chain = 1;
	c = &rs->chain[0];
	c->family = RS_INET;
	c->table = xstrdup("filter");
	c->name = xstrdup("forward");
	c->base = true;
	c->hook = RS_HOOK_FORWARD;
	c->policy = RS_DROP;
	c->rule = xcalloc(1, sizeof(*c->rule));
	c->n_rule = c->cap_rule = 1;
	c->rule[0].verdict.code = RS_ACCEPT;
	return rs;
}

static void ports_accept(struct rs_rule *r, enum rs_field address, u128 lo, u128 hi)
{
	const enum rs_field field[] = {address, RS_FIELD_L4PROTO, RS_FIELD_DPORT};
	const struct range value[] = {{lo, hi}, {PROTO_TCP, PROTO_TCP}, {5061, 5062}};

	r->match = xcalloc(3, sizeof(*r->match));
	r->n_match = 3;
	for (size_t i = 0; i < 3; i++) {
		r->match[i].field[0] = field[i];
		r->match[i].n_field = 1;
		ranges_add(&r->match[i].ranges, value[i].lo, value[i].hi);
	}
}

static size_t beside_count(const struct openings *o, const struct opening **one)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (!o->opening[i].source_ports_only)
			continue;
		*one = &o->opening[i];
		n++;
	}
	return n;
}

START_TEST(other_source_ports_of_required_flows_are_one_opening_per_rule)
{
	static const struct {
		const char *other, *label, *packets;
		size_t boxes;
	} table[] = {
	        {"udp 10.0.0.0/25 1024-65535 10.1.0.11 5062",
	                "servers tcp 10.0.0.0/16>10.1.0.10:5061 source ports 0-1023 of required flows", "67108864", 1},
	        {"tcp 10.0.0.0/25 1024-65535 10.1.0.11 5062",
	                "servers tcp 10.0.0.0/16>10.1.0.10/31:5061-5062 source ports 0-1023 of required flows",
	                "67239936", 2},
	        {"tcp 10.0.0.0/25 0-65535 10.1.0.10 5061",
	                "servers tcp 10.0.0.128-10.0.255.255>10.1.0.10:5061 source ports 0-1023 of required flows",
	                "66977792", 1},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct place p;
		struct ruleset *rs = accept_all();
		const struct opening *one = NULL;
		unsigned long long sum = 0;

		ports_accept(&rs->chain[0].rule[0], RS_FIELD_IP_DADDR, 0x0a01000a, 0x0a01000b);
		place_make(&p);
		p.net.n_route = 0;
		route_add(&p.net, "10.0.0.0/16", "c0");
		route_add(&p.net, "10.1.0.0/24", "s0");
		flow_free(&p.flow[1]);
		flow_make(&p.flow[1], table[i].other);
		search(&p, rs);
		ck_assert_uint_eq(beside_count(&p.out, &one), 1);
		ck_assert_str_eq(one->label, table[i].label);
		ck_assert_str_eq(one->packets, table[i].packets);
		ck_assert_uint_eq(one->n_box, table[i].boxes);
		ck_assert_uint_le(one->witness.source_port, 1023);
		for (size_t k = 0; k < p.out.n; k++)
			sum += strtoull(p.out.opening[k].packets, NULL, 10);
		/* accepted: 2^16 sources x 2 servers x 2^16 source ports x 2 ports; needed: what the flows have */
		ck_assert_uint_eq(sum,
		        (1ull << 34) - 65536ull * 64512 - (i == 1 ? 128ull * 64512 : 0) - (i == 2 ? 128ull * 1024 : 0));
		place_free(&p);
		ruleset_free(rs);
	}
}
END_TEST

START_TEST(openings_on_some_source_ports_say_so)
{
	struct place p;
	struct ruleset *rs = ruleset_load("openings");
	struct rs_match *more;
	struct rs_rule *r;

	place_make(&p);
	r = &rs->chain[0].rule[2]; /* ip saddr 192.0.2.7 ip daddr 10.1.0.0/24 tcp dport 22 */
	more = xcalloc(r->n_match + 1, sizeof(*more));
	for (size_t i = 0; i < r->n_match; i++) {
		more[i] = r->match[i];
		ranges_copy(&more[i].ranges, &r->match[i].ranges);
	}
	free(r->match);
	r->match = more;
	r->match[r->n_match] = (struct rs_match){.n_field = 1, .field = {RS_FIELD_SPORT}};
	ranges_add(&r->match[r->n_match++].ranges, 20, 21);
	search(&p, rs);
	ck_assert_str_eq(find(&p.out, PROTO_TCP, 22, "192.0.2.7")->label,
	        "servers tcp 192.0.2.7>10.1.0.10/31:22 source ports 20-21");
	ck_assert_str_eq(find(&p.out, PROTO_TCP, 22, "192.0.2.7")->packets, "4");
	ck_assert_str_eq(find(&p.out, PROTO_TCP, 8080, "192.0.2.0")->label, "servers tcp 192.0.2.0/24>10.1.0.11:8080");
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(allowance_of_icmp_is_for_both_families)
{
	static const struct {
		uint8_t proto;
		bool icmp, icmpv6; /**< still open */
	} table[] = {
	        {PROTO_TCP, true, true},
	        {PROTO_ICMP, false, false},
	        {0, false, false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct place p;
		struct ruleset *rs = accept_all();

		place_make(&p);
		allow(&p, NULL, table[i].proto, (struct port_range){0, 65535}, 0);
		search(&p, rs);
		ck_assert_msg((find(&p.out, PROTO_ICMP, 0, NULL) != NULL) == table[i].icmp, "row %zu", i);
		ck_assert_msg((find(&p.out, PROTO_ICMPV6, 0, NULL) != NULL) == table[i].icmpv6, "row %zu", i);
		place_free(&p);
		ruleset_free(rs);
	}
}
END_TEST

START_TEST(translated_packets_of_a_published_flow_are_needed)
{
	struct place p;
	struct ruleset *rs = accept_all();

	ports_accept(&rs->chain[0].rule[0], RS_FIELD_IP_DADDR, 0x0a01000a, 0x0a01000a);
	place_make(&p);
	p.net.n_route = 0;
	route_add(&p.net, "10.0.0.0/16", "c0");
	route_add(&p.net, "10.1.0.0/24", "s0");
	flow_free(&p.flow[0]);
	flow_make(&p.flow[0], "tcp 10.0.0.0/16 0-65535 198.51.100.7 8061-8062 inside 10.1.0.10 5061-5062");
	search(&p, rs);
	ck_assert_uint_eq(p.out.n, 0);
	p.flow[0].inside_ports.lo++;
	search(&p, rs);
	ck_assert_uint_eq(p.out.n, 1);
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(default_deny_in_name_only_is_open_and_exactly_counted)
{
	struct place p;
	struct ruleset *rs = accept_all();
	const struct opening *o;

	place_make(&p);
	p.net.n_route = 0;
	route_add(&p.net, "0.0.0.0/0", "c0");
	route_add(&p.net, "10.1.0.10/31", "s0");
	route_add(&p.net, "::/0", "c0");
	route_add(&p.net, "fd01::10", "s0");
	p.flows.n = 0;
	search(&p, rs);
	ck_assert(!p.out.incomplete);
	for (size_t i = 0; i < p.out.n; i++) {
		ck_assert(p.out.opening[i].blame.present);
		ck_assert_str_eq(p.out.opening[i].blame.text, "accept");
	}
	o = find(&p.out, PROTO_TCP, 0, "0.0.0.0");
	ck_assert_ptr_nonnull(o);
	/* 10.1.0.10 x 2 destinations x 2^32 ports x (0.0.0.0 to 10.1.0.9) */
	ck_assert_str_eq(o->packets, "1441714916611325952");
	o = find(&p.out, 0, 0, "0.0.0.0");
	ck_assert_ptr_nonnull(o);
	ck_assert(o->box.ports.hi == 0);
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(count_of_a_whole_family_has_no_overflow)
{
	struct place p;
	struct ruleset *rs = accept_all();
	const struct opening *o;

	place_make(&p);
	p.net.known = false;
	p.flows.n = 0;
	search(&p, rs);
	for (size_t i = 0; i < p.out.n; i++)
		if (p.out.opening[i].family == FAMILY_IPV6 && p.out.opening[i].proto == PROTO_TCP)
			ck_assert_str_eq(p.out.opening[i].packets, "1461501637330902918203684832716283019655932542976");
	o = find(&p.out, PROTO_UDP, 0, NULL);
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(o->iif, "c0");
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(traffic_inside_a_zone_crosses_nothing)
{
	struct place p;
	struct ruleset *rs = accept_all();

	place_make(&p);
	search(&p, rs);
	ck_assert_uint_gt(p.out.n, 0);
	for (size_t i = 0; i < p.out.n; i++)
		ck_assert_str_ne(p.out.opening[i].iif, "s1");
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(hundred_planted_rules_give_hundred_openings)
{
	struct place p;
	struct ruleset *rs = accept_all();
	struct rs_chain *c = &rs->chain[0];

	c->rule = xrealloc(c->rule, 100, sizeof(*c->rule));
	memset(c->rule, 0, 100 * sizeof(*c->rule));
	c->n_rule = c->cap_rule = 100;
	for (size_t i = 0; i < 100; i++) {
		const enum rs_field field[] = {RS_FIELD_IP_SADDR, RS_FIELD_IP_DADDR, RS_FIELD_L4PROTO, RS_FIELD_DPORT};
		const u128 value[] = {0x0a000000u + i * 3, 0x0a01000au + i % 2, PROTO_TCP, 7000 + i * 2};

		c->rule[i].verdict.code = RS_ACCEPT;
		c->rule[i].match = xcalloc(4, sizeof(*c->rule[i].match));
		c->rule[i].n_match = 4;
		for (size_t k = 0; k < 4; k++) {
			c->rule[i].match[k].field[0] = field[k];
			c->rule[i].match[k].n_field = 1;
			ranges_add(&c->rule[i].match[k].ranges, value[k], value[k]);
		}
	}
	place_make(&p);
	search(&p, rs);
	ck_assert_uint_eq(p.out.n, 100);
	for (size_t i = 0; i < 100; i++) {
		const struct opening *o = find(&p.out, PROTO_TCP, (unsigned)(7000 + i * 2), NULL);

		ck_assert_ptr_nonnull(o);
		ck_assert_str_eq(o->packets, "65536");
		ck_assert(o->box.source.lo == 0x0a000000u + i * 3 && o->box.source.hi == o->box.source.lo);
	}
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

#define JSON_MATCH(field, right)                                                                                       \
	"{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":" field "}},\"right\":" right "}}"
#define JSON_RULE(expr)                                                                                                \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":%d,\"expr\":[" expr "]}}"
#define JSON_ACCEPT "{\"accept\":null}"
#define JSON_ESTABLISHED                                                                                               \
	"{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":[\"established\",\"related\"]}},"
#define JSON_FLOW                                                                                                      \
	JSON_MATCH("\"ip\",\"field\":\"saddr\"", "{\"prefix\":{\"addr\":\"%s\",\"len\":%d}}")                          \
	"," JSON_MATCH("\"ip\",\"field\":\"daddr\"", "\"10.1.0.%d\"") "," JSON_MATCH(                                  \
	        "\"%s\",\"field\":\"sport\"", "{\"range\":[%d,65535]}") "," JSON_MATCH("\"%s\",\"field\":\"dport\"",   \
	        "{\"range\":[%d,%d]}") "," JSON_ACCEPT

static void json_begin(struct text *t, const char *policy)
{
	text_addf(t,
	        "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"t\",\"handle\":1}},{\"chain\":{\"family\":"
	        "\"inet\","
	        "\"table\":\"t\",\"name\":\"f\",\"handle\":1,\"type\":\"filter\",\"hook\":\"forward\",\"prio\":0,"
	        "\"policy\":\"%s\"}}",
	        policy);
}

static struct ruleset *json_end(struct text *t)
{
	struct ruleset *rs = NULL;
	struct error err = {0};

	text_add(t, "]}");
	ck_assert_msg(ruleset_parse_json(t->s, t->len, &rs, &err) == 0, "%s", err.text);
	text_fini(t);
	return rs;
}

START_TEST(hundred_rules_planted_in_a_good_ruleset_are_found_exactly)
{
	struct place p;
	struct text t = {0};
	struct ruleset *rs;

	json_begin(&t, "drop");
	text_addf(&t, JSON_RULE(JSON_ESTABLISHED JSON_ACCEPT), 2);
	text_addf(&t, JSON_RULE(JSON_FLOW), 3, "10.0.0.0", 16, 10, "tcp", 1024, "tcp", 5061, 5061);
	text_addf(&t, JSON_RULE(JSON_FLOW), 4, "10.0.0.0", 25, 10, "udp", 0, "udp", 100, 149);
	for (int i = 0; i < 100; i++) {
		char source[32];
		const char *proto = i % 3 == 0 ? "udp" : "tcp";

		snprintf(source, sizeof(source), "10.0.%d.16", i);
		text_addf(&t, JSON_RULE(JSON_FLOW), 10 + i, source, 28, 10 + i % 2, proto, i * 100, proto,
		        20000 + 20 * i, 20000 + 20 * i + i % 10);
	}
	rs = json_end(&t);
	place_make(&p);
	search(&p, rs);
	ck_assert_uint_eq(p.out.n, 100);
	ck_assert(!p.out.incomplete);
	ck_assert_int_eq(p.out.by_default, DEFAULT_DENY);
	ck_assert_uint_eq(p.out.n_caveat, 0);
	for (unsigned i = 0; i < 100; i++) {
		const struct opening *o = find(&p.out, i % 3 == 0 ? PROTO_UDP : PROTO_TCP, 20000 + 20 * i, NULL);
		char packets[32];

		ck_assert_ptr_nonnull(o);
		ck_assert_uint_eq(o->blame.handle, 10 + i);
		snprintf(packets, sizeof(packets), "%u", 16 * (65536 - i * 100) * (i % 10 + 1));
		ck_assert_str_eq(o->packets, packets);
		ck_assert(o->box.source.lo == 0x0a000010u + (i << 8) && o->box.source.hi == o->box.source.lo + 15);
		ck_assert(
		        o->box.destination.lo == 0x0a01000au + i % 2 && o->box.destination.hi == o->box.destination.lo);
		ck_assert(o->box.source_ports.lo == i * 100 && o->box.ports.hi == 20000 + 20 * i + i % 10);
	}
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

#define FROM_PREFIX JSON_MATCH("\"ip\",\"field\":\"saddr\"", "{\"prefix\":{\"addr\":\"10.0.0.0\",\"len\":8}}") ","
#define TO_PORT JSON_MATCH("\"tcp\",\"field\":\"dport\"", "25") ","
#define FROM_INTERFACE(op)                                                                                             \
	"{\"match\":{\"op\":\"" op "\",\"left\":{\"meta\":{\"key\":\"iifname\"}},\"right\":\"lan0\"}},"
#define NEW "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":[\"new\",\"established\"]}},"
#define JSON_DROP "{\"drop\":null}"

static const struct {
	const char *name, *policy, *rule[3];
	enum default_kind want;
	const char *caveat;
} defaults[] = {
        {"nothing", "accept", {NULL}, DEFAULT_ALLOW_ALL, "every forwarded IPv4 packet passes"},
        {"accepts under policy accept", "accept", {FROM_PREFIX JSON_ACCEPT, JSON_ACCEPT}, DEFAULT_ALLOW_ALL,
                "every forwarded IPv6 packet passes"},
        {"one drop under policy accept", "accept", {TO_PORT JSON_DROP}, DEFAULT_ACCEPT, NULL},
        {"policy drop", "drop", {NULL}, DEFAULT_DENY, NULL},
        {"policy drop with accepts", "drop",
                {JSON_ESTABLISHED JSON_ACCEPT, FROM_PREFIX JSON_ACCEPT, TO_PORT JSON_ACCEPT}, DEFAULT_DENY, NULL},
        {"accept before policy drop", "drop", {JSON_ESTABLISHED JSON_ACCEPT, JSON_ACCEPT}, DEFAULT_DENY_IN_NAME,
                "accepts (handle 3: accept) before the policy drop of inet t f"},
        {"drops, then accept, before policy drop", "drop", {TO_PORT JSON_DROP, JSON_ACCEPT}, DEFAULT_DENY_IN_NAME,
                "handle 3"},
        {"accept of all that is new", "drop", {NEW JSON_ACCEPT}, DEFAULT_DENY_IN_NAME, "handle 2"},
        {"accept from one interface", "drop", {FROM_INTERFACE("==") JSON_ACCEPT}, DEFAULT_DENY, NULL},
        {"accept from every interface but one", "drop", {FROM_INTERFACE("!=") JSON_ACCEPT}, DEFAULT_DENY, NULL},
        {"accept from one interface and from every other", "drop",
                {FROM_INTERFACE("==") JSON_DROP, FROM_INTERFACE("!=") JSON_ACCEPT, JSON_ACCEPT}, DEFAULT_DENY_IN_NAME,
                "in name only"},
        {"accept behind a drop of everything", "accept", {JSON_DROP, JSON_ACCEPT}, DEFAULT_ACCEPT, NULL},
};

START_TEST(default_is_told_by_what_happens)
{
	struct place p;
	struct text t = {0};
	struct ruleset *rs;
	bool said = defaults[_i].caveat == NULL;

	json_begin(&t, defaults[_i].policy);
	for (int i = 0; i < 3 && defaults[_i].rule[i] != NULL; i++)
		text_addf(&t,
		        ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":%d,\"expr\":[%s]}}",
		        i + 2, defaults[_i].rule[i]);
	rs = json_end(&t);
	place_make(&p);
	search(&p, rs);
	ck_assert_msg(p.out.by_default == defaults[_i].want, "%s: %s", defaults[_i].name,
	        default_kind_name(p.out.by_default));
	for (size_t i = 0; i < p.out.n_caveat && !said; i++)
		said = strstr(p.out.caveat[i], defaults[_i].caveat) != NULL;
	ck_assert_msg(said && p.out.n_caveat == (defaults[_i].caveat != NULL ? 2 : 0), "%s: %s", defaults[_i].name,
	        p.out.n_caveat > 0 ? p.out.caveat[0] : "no caveat");
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(baseline_acknowledges_until_it_expires)
{
	struct place p;
	struct ruleset *rs = ruleset_load("openings");
	struct known_opening until[2];
	uint32_t known;

	place_make(&p);
	search(&p, rs);
	ck_assert_uint_gt(p.out.n, 3);
	known = p.out.opening[0].id;
	until[0] = (struct known_opening){p.out.opening[1].id, 1001};
	until[1] = (struct known_opening){p.out.opening[2].id, 1000};
	p.site.baseline = &known;
	p.site.n_baseline = 1;
	p.site.baseline_until = until;
	p.site.n_baseline_until = 2;
	search(&p, rs);
	for (size_t i = 0; i < p.out.n; i++)
		ck_assert_int_eq(p.out.opening[i].acknowledged, i < 2);
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(id_does_not_depend_on_handles)
{
	struct place p;
	struct ruleset *rs = ruleset_load("openings");
	uint32_t id[64];
	size_t n;

	place_make(&p);
	search(&p, rs);
	n = p.out.n;
	for (size_t i = 0; i < n; i++)
		id[i] = p.out.opening[i].id;
	for (size_t i = 0; i < rs->chain[0].n_rule; i++)
		rs->chain[0].rule[i].handle += 100;
	search(&p, rs);
	ck_assert_uint_eq(p.out.n, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(p.out.opening[i].id, id[i]);
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(unreadable_ruleset_is_incomplete)
{
	struct place p;

	place_make(&p);
	search(&p, NULL);
	ck_assert(p.out.incomplete);
	ck_assert_uint_eq(p.out.n, 0);
	ck_assert_ptr_nonnull(p.out.reason);
	place_free(&p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("openings");
	TCase *t = tcase_create("openings");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, planted_openings_are_found_and_no_others);
	tcase_add_test(t, allowance_takes_an_opening_away_until_it_expires);
	tcase_add_test(t, other_source_ports_of_required_flows_are_one_opening_per_rule);
	tcase_add_test(t, openings_on_some_source_ports_say_so);
	tcase_add_test(t, allowance_of_icmp_is_for_both_families);
	tcase_add_test(t, translated_packets_of_a_published_flow_are_needed);
	tcase_add_test(t, default_deny_in_name_only_is_open_and_exactly_counted);
	tcase_add_test(t, count_of_a_whole_family_has_no_overflow);
	tcase_add_test(t, traffic_inside_a_zone_crosses_nothing);
	tcase_add_test(t, hundred_planted_rules_give_hundred_openings);
	tcase_add_test(t, hundred_rules_planted_in_a_good_ruleset_are_found_exactly);
	tcase_add_loop_test(t, default_is_told_by_what_happens, 0, (int)(sizeof(defaults) / sizeof(defaults[0])));
	tcase_add_test(t, baseline_acknowledges_until_it_expires);
	tcase_add_test(t, id_does_not_depend_on_handles);
	tcase_add_test(t, unreadable_ruleset_is_incomplete);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
