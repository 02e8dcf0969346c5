/* links: deployment catalog base */
/*
 * Which rule covers which: random rules over a small world, in which every packet is tried on every rule, must say the same
 * as the search over boxes; and 100,000 rules of several shapes come to an end, with what was not compared told.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_firewall.h"
#include "portcullis/alloc.h"
#include "portcullis/review.h"
#include "run_suite.h"

static uint32_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* The world: of each kind of value a few that rules name, and a last one that none names. */

#define ADDRESSES 4
#define PORTS 4
#define TYPES 3
#define INTERFACES 3
#define SETS 3

static const uint8_t protocols[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_ICMP, PROTO_ICMPV6, 47};
#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))
/* Of packets that rules are asked about: others were let in. */
static const unsigned states[] = {STATE_NEW, STATE_INVALID, STATE_UNTRACKED};
#define STATES (sizeof(states) / sizeof(states[0]))
static char *const interfaces[INTERFACES] = {(char[]){"eth0"}, (char[]){"eth1"}, (char[]){"eth2"}};
static char *const set_names[SETS] = {(char[]){"s0"}, (char[]){"s1"}, (char[]){"s2"}};

struct packet {
	enum path path;
	enum family family;
	unsigned source, destination, source_port, destination_port, type, in, out;
	uint8_t proto;
	unsigned state;
};

static u128 address_of(enum family family, unsigned i)
{
	return family == FAMILY_IPV4 ? (u128)0x0a000000 + i : ((u128)0xfd << 120) + i;
}

static bool has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

static bool has_types(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

/* A site of it */

static void *some(size_t n, size_t size)
{
	return xcalloc(n + 1, size);
}

static void random_prefixes(struct prefix **out, size_t *n, size_t most)
{
	*n = below((uint32_t)most + 1);
	*out = some(*n, sizeof(**out));
	for (size_t i = 0; i < *n; i++) {
		enum family f = below(3) ? FAMILY_IPV4 : FAMILY_IPV6;
		u128 a = address_of(f, below(ADDRESSES - 1));

		(*out)[i] = (struct prefix){f, {a, below(3) ? a : address_of(f, ADDRESSES - 2)}};
	}
}

static void random_ports(struct port_range **out, size_t *n, size_t most)
{
	*n = below((uint32_t)most + 1);
	*out = some(*n, sizeof(**out));
	for (size_t i = 0; i < *n; i++) {
		uint16_t lo = (uint16_t)(10 + below(PORTS - 1));

		(*out)[i] = (struct port_range){lo, below(3) ? lo : 10 + PORTS - 2};
	}
}

static void random_names(char ***out, size_t *n, uint32_t chance)
{
	*n = below(chance) ? 0 : 1 + below(2);
	*out = some(*n, sizeof(**out));
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = set_names[below(SETS)];
}

static void random_side(struct firewall_side *s, bool ports, bool zone)
{
	if (below(2))
		random_prefixes(&s->address, &s->n_address, 2);
	random_names(&s->address_set, &s->n_address_set, 4);
	random_names(&s->group, &s->n_group, 5);
	if (zone)
		random_names(&s->zone, &s->n_zone, 4);
	if (ports) {
		random_ports(&s->ports, &s->n_ports, 1);
		random_names(&s->port_set, &s->n_port_set, 6);
	}
}

static void random_rule(struct firewall_rule *r)
{
	uint32_t kind = below(4);

	*r = (struct firewall_rule){
	        .name = (char[]){"r"}, .action = ACTION_DROP, .path = below(4) ? PATH_FORWARD : PATH_INPUT};
	r->proto = some(PROTOCOLS, 1);
	for (size_t i = 0; kind < 3 && i < PROTOCOLS - 1; i++)
		if (below(2) && (kind == 2 || has_ports(protocols[i]) == (kind == 0)))
			r->proto[r->n_proto++] = protocols[i];
	random_side(&r->source, kind == 0 && r->n_proto, true);
	random_side(&r->destination, kind == 0 && r->n_proto, r->path == PATH_FORWARD);
	r->icmp_type = some(TYPES, 1);
	for (uint8_t i = 0; kind == 1 && r->n_proto && i < TYPES - 1; i++)
		if (below(3) == 0)
			r->icmp_type[r->n_icmp_type++] = i;
	r->states = below(2) ? 0 : below(32);
}

static void side_free(struct firewall_side *s)
{
	free(s->address);
	free(s->address_set);
	free(s->group);
	free(s->zone);
	free(s->ports);
	free(s->port_set);
}

#define RULES 40

struct world {
	struct site site;
	struct address_set address_set[SETS];
	struct port_set port_set[SETS];
	struct group group[SETS];
	struct zone zone[SETS];
	struct firewall_rule rule[RULES];
};

static void world_build(struct world *w)
{
	*w = (struct world){0};
	for (size_t i = 0; i < SETS; i++) {
		w->address_set[i].name = w->port_set[i].name = w->group[i].name = w->zone[i].name = set_names[i];
		random_prefixes(&w->address_set[i].address, &w->address_set[i].n_address, 3);
		random_prefixes(&w->group[i].address, &w->group[i].n_address, 2);
		random_prefixes(&w->group[i].virtual_address, &w->group[i].n_virtual_address, 1);
		random_ports(&w->port_set[i].ports, &w->port_set[i].n_ports, 2);
		w->zone[i].interface = some(1, sizeof(char *));
		w->zone[i].interface[w->zone[i].n_interface++] = interfaces[i % (INTERFACES - 1)];
	}
	for (size_t i = 0; i < RULES; i++)
		random_rule(&w->rule[i]);
	w->site.group = w->group;
	w->site.zone = w->zone;
	w->site.n_group = w->site.n_zone = SETS;
	w->site.firewall = (struct firewall){.address_set = w->address_set,
	        .port_set = w->port_set,
	        .rule = w->rule,
	        .n_address_set = SETS,
	        .n_port_set = SETS,
	        .n_rule = RULES};
}

static void world_fini(struct world *w)
{
	for (size_t i = 0; i < SETS; i++) {
		free(w->address_set[i].address);
		free(w->group[i].address);
		free(w->group[i].virtual_address);
		free(w->port_set[i].ports);
		free(w->zone[i].interface);
	}
	for (size_t i = 0; i < RULES; i++) {
		side_free(&w->rule[i].source);
		side_free(&w->rule[i].destination);
		free(w->rule[i].proto);
		free(w->rule[i].icmp_type);
	}
}

/* Does a rule take a packet: straight from the words of the model */

static bool prefixes_take(const struct prefix *p, size_t n, enum family family, u128 address)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].family == family && p[i].range.lo <= address && address <= p[i].range.hi)
			return true;
	return false;
}

static bool ports_take(const struct port_range *p, size_t n, unsigned port)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].lo <= port && port <= p[i].hi)
			return true;
	return false;
}

static size_t set_at(const char *name)
{
	return (size_t)(name[1] - '0');
}

static bool side_takes(const struct world *w, const struct firewall_side *s, const struct packet *p, unsigned address,
        unsigned port, unsigned interface)
{
	u128 a = address_of(p->family, address);
	bool any = !(s->n_address + s->n_address_set + s->n_group);
	bool taken = any || prefixes_take(s->address, s->n_address, p->family, a);

	for (size_t i = 0; i < s->n_address_set; i++)
		taken = taken || prefixes_take(w->address_set[set_at(s->address_set[i])].address,
		                         w->address_set[set_at(s->address_set[i])].n_address, p->family, a);
	for (size_t i = 0; i < s->n_group; i++) {
		const struct group *g = &w->group[set_at(s->group[i])];

		taken = taken || prefixes_take(g->address, g->n_address, p->family, a) ||
		        prefixes_take(g->virtual_address, g->n_virtual_address, p->family, a);
	}
	if (!taken)
		return false;
	taken = !s->n_zone;
	for (size_t i = 0; i < s->n_zone; i++)
		taken = taken || !strcmp(w->zone[set_at(s->zone[i])].interface[0], interfaces[interface]);
	if (!taken || !(s->n_ports + s->n_port_set))
		return taken;
	taken = has_ports(p->proto) && ports_take(s->ports, s->n_ports, 10 + port);
	for (size_t i = 0; i < s->n_port_set; i++)
		taken = taken ||
		        (has_ports(p->proto) && ports_take(w->port_set[set_at(s->port_set[i])].ports,
		                                        w->port_set[set_at(s->port_set[i])].n_ports, 10 + port));
	return taken;
}

static bool bytes_have(const uint8_t *item, size_t n, unsigned value)
{
	return !n || memchr(item, (int)value, n);
}

static bool rule_takes(const struct world *w, const struct firewall_rule *r, const struct packet *p)
{
	return r->path == p->path && bytes_have(r->proto, r->n_proto, p->proto) &&
	       (!r->states || (r->states & p->state)) &&
	       (!r->n_icmp_type || (has_types(p->proto) && bytes_have(r->icmp_type, r->n_icmp_type, p->type))) &&
	       side_takes(w, &r->source, p, p->source, p->source_port, p->in) &&
	       side_takes(w, &r->destination, p, p->destination, p->destination_port, p->out);
}

/* What of a packet its protocol does not have is counted once. */
static bool packet_at(size_t i, struct packet *p)
{
	size_t proto;

	p->path = i % 2 ? PATH_INPUT : PATH_FORWARD;
	i /= 2;
	p->family = i % 2 ? FAMILY_IPV6 : FAMILY_IPV4;
	i /= 2;
	p->source = (unsigned)(i % ADDRESSES);
	i /= ADDRESSES;
	p->destination = (unsigned)(i % ADDRESSES);
	i /= ADDRESSES;
	p->in = (unsigned)(i % INTERFACES);
	i /= INTERFACES;
	p->out = (unsigned)(i % INTERFACES);
	i /= INTERFACES;
	proto = i % PROTOCOLS;
	i /= PROTOCOLS;
	p->state = states[i % STATES];
	i /= STATES;
	p->source_port = (unsigned)(i % PORTS);
	i /= PORTS;
	p->destination_port = (unsigned)(i % PORTS);
	p->proto = protocols[proto];
	p->type = p->source_port;
	if (has_types(p->proto) && (p->type >= TYPES || p->destination_port))
		return false;
	if (!has_ports(p->proto) && !has_types(p->proto) && (p->source_port || p->destination_port))
		return false;
	return p->proto != (p->family == FAMILY_IPV4 ? PROTO_ICMPV6 : PROTO_ICMP);
}
#define PACKETS ((size_t)2 * 2 * ADDRESSES * ADDRESSES * INTERFACES * INTERFACES * PROTOCOLS * STATES * PORTS * PORTS)

/* first[i]: of the rules before i that take all its packets; SIZE_MAX: none. empty[i]: it takes none. */
static void try_all(const struct world *w, size_t first[RULES], bool empty[RULES])
{
	bool covers[RULES][RULES];

	for (size_t i = 0; i < RULES; i++) {
		empty[i] = true;
		for (size_t k = 0; k < RULES; k++)
			covers[k][i] = true;
	}
	for (size_t n = 0; n < PACKETS; n++) {
		bool taken[RULES];
		struct packet p;

		if (!packet_at(n, &p))
			continue;
		for (size_t i = 0; i < RULES; i++)
			taken[i] = rule_takes(w, &w->rule[i], &p);
		for (size_t i = 0; i < RULES; i++) {
			empty[i] = empty[i] && !taken[i];
			for (size_t k = 0; taken[i] && k < i; k++)
				covers[k][i] = covers[k][i] && taken[k];
		}
	}
	for (size_t i = 0; i < RULES; i++) {
		first[i] = SIZE_MAX;
		for (size_t k = i; k-- > 0;)
			if (covers[k][i])
				first[i] = k;
	}
}

START_TEST(search_says_what_trying_every_packet_says)
{
	size_t n_covered = 0, n_not = 0;

	for (seed = 1 + 1000u * (uint32_t)_i; seed && n_covered + n_not < 150;) {
		struct world w;
		struct rule_names names;
		struct rule_boxes boxes;
		struct rule_cover cover[RULES];
		size_t first[RULES];
		bool empty[RULES];

		world_build(&w);
		rule_names_build(&w.site, &names);
		rule_boxes_build(&names, &boxes);
		rule_covers_find(&boxes, 100000000, cover);
		try_all(&w, first, empty);
		ck_assert_uint_eq(boxes.n_open, 0);
		for (size_t i = 0; i < RULES; i++) {
			if (empty[i])
				continue;
			ck_assert(!cover[i].is_bound);
			ck_assert_msg(cover[i].by == first[i], "rule %zu: %zu, not %zu", i, cover[i].by, first[i]);
			*(first[i] == SIZE_MAX ? &n_not : &n_covered) += 1;
		}
		rule_boxes_fini(&boxes);
		rule_names_fini(&names);
		world_fini(&w);
	}
	ck_assert_uint_gt(n_covered, 20);
	ck_assert_uint_gt(n_not, 20);
}
END_TEST

/* Many rules */

/* Sanitizers make it last. */
#ifdef __SANITIZE_ADDRESS__
#define MANY 8000
#else
#define MANY 100000
#endif
#define BIG_SET 20000

struct many {
	struct site site;
	struct address_set big[2];
	struct firewall_rule *rule;
	struct prefix *source, *destination;
	char *name;
};

#define NAME_SIZE 16
static char *big_names[] = {(char[]){"s0"}, (char[]){"s1"}};

static void many_build(struct many *m)
{
	*m = (struct many){0};
	m->rule = xcalloc(MANY, sizeof(*m->rule));
	m->source = xcalloc(MANY, sizeof(*m->source));
	m->destination = xcalloc(3 * MANY, sizeof(*m->destination));
	m->name = xcalloc(MANY, NAME_SIZE);
	for (size_t i = 0; i < MANY; i++) {
		struct firewall_rule *r = &m->rule[i];

		snprintf(m->name + i * NAME_SIZE, NAME_SIZE, "r%zu", i);
		*r = (struct firewall_rule){.name = m->name + i * NAME_SIZE, .action = ACTION_ACCEPT};
		m->source[i].family = m->destination[3 * i].family = FAMILY_IPV4;
		r->source.address = &m->source[i];
		r->destination.address = &m->destination[3 * i];
		r->source.n_address = r->destination.n_address = 1;
	}
	for (size_t s = 0; s < 2; s++) {
		m->big[s].name = big_names[s];
		m->big[s].n_address = BIG_SET;
		m->big[s].address = xcalloc(BIG_SET, sizeof(struct prefix));
		for (size_t i = 0; i < BIG_SET; i++)
			m->big[s].address[i] = (struct prefix){FAMILY_IPV4, {4 * i + s, 4 * i + 1}};
	}
	m->site.firewall = (struct firewall){
	        .rule = m->rule, .n_rule = MANY, .address_set = m->big, .n_address_set = 2, .mode = FIREWALL_ENFORCE};
}

static void many_fini(struct many *m)
{
	free(m->rule);
	free(m->source);
	free(m->destination);
	free(m->name);
	free(m->big[0].address);
	free(m->big[1].address);
}

/* Each between two hosts of its own. */
static void shape_hosts(struct many *m, size_t i)
{
	m->source[i].range = (struct range){i, i};
	m->destination[3 * i].range = (struct range){1000000 - i, 1000000 - i};
}

/* Sources that contain each other, from narrow to wide: none is covered, and all hulls overlap. */
static void shape_wider(struct many *m, size_t i)
{
	m->source[i].range = (struct range){MANY - i, MANY + i};
	m->destination[3 * i].range = (struct range){0, 0xffffffff};
}

/* From wide to narrow: every one but the first is covered by the first. */
static void shape_narrower(struct many *m, size_t i)
{
	m->source[i].range = (struct range){i, 2 * MANY - i};
	m->destination[3 * i].range = (struct range){0, 0xffffffff};
}

/* Three addresses, of which the first and the last are the same: nothing but a comparison with each tells. */
static void shape_same_hulls(struct many *m, size_t i)
{
	struct prefix *p = &m->destination[3 * i];

	p[0].range = (struct range){0, 0};
	p[1] = (struct prefix){FAMILY_IPV4, {2 * i + 2, 2 * i + 2}};
	p[2] = (struct prefix){FAMILY_IPV4, {4 * MANY, 4 * MANY}};
	m->rule[i].destination.n_address = 3;
	m->source[i].range = (struct range){0, 0xffffffff};
}

/* A large set that all share: whether it covers itself is known without a look. */
static void shape_shared(struct many *m, size_t i)
{
	m->rule[i].source = (struct firewall_side){.address_set = &big_names[0], .n_address_set = 1};
	m->destination[3 * i].range = (struct range){i / 2, i / 2};
}

/* More ranges of their own than there is room for. */
static void shape_large(struct many *m, size_t i)
{
	m->rule[i].source = (struct firewall_side){.address_set = big_names, .n_address_set = 2};
	m->destination[3 * i].range = (struct range){i, i};
}

static const struct shape {
	const char *name;
	void (*set)(struct many *m, size_t i);
	size_t covered; /* SIZE_MAX: whatever is found in time */
	bool bound;
} shapes[] = {
        {"hosts", shape_hosts, 0, false},
        {"wider", shape_wider, 0, false},
        {"narrower", shape_narrower, MANY - 1, false},
        {"same_hulls", shape_same_hulls, 0, true},
        {"shared", shape_shared, MANY / 2, false},
        {"large", shape_large, SIZE_MAX, true},
};

START_TEST(many_rules_come_to_an_end)
{
	const struct shape *shape = &shapes[_i];
	const struct catalog catalog = {0};
	const struct network net = {0};
	const struct flows flows = {0};
	struct review review = {0};
	struct error err;
	struct many m;
	size_t shadowed = 0, told = 0;
	bool bound = false;

	many_build(&m);
	for (size_t i = 0; i < MANY; i++)
		shape->set(&m, i);
	ck_assert_msg(!site_check(&m.site, &catalog, &err), "%s", err.text);
	review_site(&m.site, &catalog, &net, &flows, 0, &review);
	for (size_t i = 0; i < review.n; i++) {
		const struct remark *r = &review.remark[i];

		bound = bound || !strcmp(r->kind, "rules-not-compared");
		told += !strcmp(r->kind, "rule-shadowed");
		if (!strcmp(r->kind, "rule-shadowed") && !strcmp(r->where, "/portcullis:firewall"))
			shadowed = (size_t)strtoul(r->text, NULL, 10);
	}
	ck_assert_msg(bound == shape->bound, "%s", shape->name);
	if (shape->covered == 0)
		ck_assert_uint_eq(told, 0);
	else if (shape->covered != SIZE_MAX)
		ck_assert_uint_eq(shadowed, shape->covered);
	ck_assert_uint_lt(review.n, 1000);
	review_fini(&review);
	many_fini(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("firewall_rules");
	TCase *tc = tcase_create("covers");

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, search_says_what_trying_every_packet_says, 0, 2);
	tcase_add_loop_test(tc, many_rules_come_to_an_end, 0, sizeof(shapes) / sizeof(shapes[0]));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
