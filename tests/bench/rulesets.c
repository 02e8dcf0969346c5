/*
 * Rulesets and flows to measure with: a family and a size come in, out go a model of so many rules, and flows. The same
 * numbers give the same rules on every machine.
 */
#include "bench/rulesets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/model.h"

#define NET_10 ((u128)10 << 24)
#define NET_172 ((u128)172 << 24)
#define ESTABLISHED_RELATED 6
#define SERVER_NETS 16

const char *bench_family_name(enum bench_family f)
{
	static const char *const names[] = {"pairs of hosts", "slabs", "random pairs", "three fields", "from anywhere"};

	return names[f];
}

/** Addresses and ports of one rule, or of one flow. */
struct shape {
	struct range source, destination, ports;
	bool drop;
};

/** A generator of numbers (xorshift64*, Vigna 2014). */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

static unsigned random_below(uint64_t *state, unsigned n)
{
	return (unsigned)(random_next(state) >> 33) % n;
}

static struct range prefix(u128 base, unsigned wild, uint64_t *state, unsigned bits)
{
	u128 at = (u128)random_next(state) & (((u128)1 << bits) - 1), low = ((u128)1 << wild) - 1;

	return (struct range){base | (at & ~low), base | at | low};
}

/** At most so wide, somewhere in so many bits behind the base. */
static struct range slab(u128 base, unsigned bits, unsigned width, uint64_t *state)
{
	unsigned space = 1u << bits, n = 1 + random_below(state, width), at = random_below(state, space - n);

	return (struct range){base + at, base + at + n};
}

static struct range ports_random(unsigned width, uint64_t *state)
{
	unsigned n = random_below(state, width), at = 1 + random_below(state, UINT16_MAX - n);

	return (struct range){at, at + n};
}

static struct shape rule_shape(enum bench_family f, size_t i, uint64_t *state)
{
	static const unsigned services[] = {443, 5061, 8057, 5070};
	struct shape s = {.ports = {0, UINT16_MAX}, .drop = i % 2 == 1};
	bool across = i % 2 == 0;

	switch (f) {
	case BENCH_PAIRS_OF_HOSTS:
		s.source = (struct range){NET_10 + (i << 8 & 0xffff00), NET_10 + (i << 8 & 0xffff00) + 255};
		s.destination = (struct range){NET_172 + (i & 0xffffff), NET_172 + (i & 0xffffff)};
		s.ports = (struct range){services[i % 4], services[i % 4]};
		s.drop = false;
		break;
	case BENCH_SLABS:
		s.source = slab(NET_10, 24, across ? 1u << 23 : 1u << 14, state);
		s.destination = slab(NET_172, 24, across ? 1u << 14 : 1u << 23, state);
		s.ports = ports_random(30000, state);
		break;
	case BENCH_RANDOM_PAIRS:
	case BENCH_THREE_FIELDS:
		s.source = prefix(NET_10, random_below(state, 20), state, 24);
		s.destination = prefix(NET_172, random_below(state, 20), state, 24);
		if (f == BENCH_THREE_FIELDS)
			s.ports = ports_random(5000, state);
		break;
	case BENCH_ANYWHERE:
	default:
		s.source = prefix(0, 8 + random_below(state, 8), state, 32);
		s.destination = prefix(NET_172, 8, state, 12);
		s.ports.lo = s.ports.hi = services[random_below(state, 4)];
		break;
	}
	return s;
}

static struct shape flow_shape(enum bench_family f, size_t i, size_t n_rule, uint64_t *state)
{
	uint64_t of_rule = 0;
	struct shape s = {.ports = {443, 443}};

	switch (f) {
	case BENCH_PAIRS_OF_HOSTS:
		/* One in fifty has no rule. */
		s = rule_shape(f, i % n_rule, &of_rule);
		s.ports.lo = s.ports.hi += i % 50 == 49;
		break;
	case BENCH_ANYWHERE:
		s.source = (struct range){0, UINT32_MAX};
		s.destination = prefix(NET_172, 0, state, 12);
		break;
	default:
		s.source = prefix(NET_10, 10, state, 24);
		s.destination = prefix(NET_172, 8, state, 24);
		s.ports = ports_random(100, state);
		break;
	}
	return s;
}

static void match(struct builder *b, enum rs_field field, struct range r)
{
	struct ranges ranges = {0};

	ranges_add(&ranges, r.lo, r.hi);
	builder_ranges(b, field, NULL, &ranges, false);
}

static void rule_end(struct builder *b, enum rs_verdict_code code)
{
	struct error err;

	builder_verdict(b, code);
	if (builder_end(b, &err) == 0)
		return;
	fprintf(stderr, "bench: %s\n", err.text);
	exit(1);
}

static void rule_add(struct ruleset *rs, uint64_t handle, const struct shape *s)
{
	struct builder b;

	builder_begin(&b, rs, 0, handle);
	builder_point(&b, RS_FIELD_NFPROTO, NULL, 2);
	match(&b, RS_FIELD_IP_SADDR, s->source);
	match(&b, RS_FIELD_IP_DADDR, s->destination);
	if (s->ports.lo > 0 || s->ports.hi < UINT16_MAX) {
		builder_point(&b, RS_FIELD_L4PROTO, NULL, PROTO_TCP);
		match(&b, RS_FIELD_DPORT, s->ports);
	}
	rule_end(&b, s->drop ? RS_DROP : RS_ACCEPT);
}

static struct ruleset *ruleset_of_chain(void)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct error err;
	struct rs_chain *c = ruleset_chain_add(rs, &err);

	if (c == NULL)
		exit(1);
	c->family = RS_INET;
	c->table = xstrdup("filter");
	c->name = xstrdup("forward");
	c->base = true;
	c->hook = RS_HOOK_FORWARD;
	c->policy = RS_DROP;
	return rs;
}

struct ruleset *bench_ruleset(enum bench_family f, size_t n)
{
	struct ruleset *rs = ruleset_of_chain();
	uint64_t state = 88172645463325252u;
	struct builder b;

	builder_begin(&b, rs, 0, 1);
	builder_mask(&b, RS_FIELD_CT_STATE, NULL, ESTABLISHED_RELATED, 0, true);
	builder_tracks(&b);
	rule_end(&b, RS_ACCEPT);
	for (size_t i = 0; i < n; i++) {
		struct shape s = rule_shape(f, i, &state);

		rule_add(rs, i + 2, &s);
	}
	for (size_t i = 0; i < rs->chain[0].n_rule; i++)
		rule_share(&rs->chain[0].rule[i], NULL);
	return rs;
}

struct ruleset *bench_ruleset_without(const struct ruleset *rs, size_t rule)
{
	struct ruleset *out = ruleset_of_chain();
	struct rs_chain *c = &out->chain[0];

	c->rule = xcalloc(rs->chain[0].n_rule, sizeof(*c->rule));
	c->cap_rule = rs->chain[0].n_rule;
	for (size_t i = 0; i < rs->chain[0].n_rule; i++)
		if (i != rule)
			c->rule[c->n_rule++] = rule_copy(&rs->chain[0].rule[i]);
	out->n_rule = c->n_rule;
	out->uses_conntrack = rs->uses_conntrack;
	memcpy(out->tracks, rs->tracks, sizeof(out->tracks));
	return out;
}

struct site *bench_site(void)
{
	struct site *site = xcalloc(1, sizeof(*site));
	struct group *g = site->group = xcalloc(1, sizeof(*g));
	struct deployment *d = site->deployment = xcalloc(1, sizeof(*d));

	site->n_group = site->n_deployment = 1;
	g->name = xstrdup("servers");
	g->zone = xstrdup("");
	g->address = xcalloc(1, sizeof(*g->address));
	g->address[g->n_address++] = (struct prefix){FAMILY_IPV4, {NET_172, NET_172 + 0xffffff}};
	d->name = xstrdup("bench");
	d->group = xcalloc(1, sizeof(*d->group));
	d->group[d->n_group++] = xstrdup("servers");
	return site;
}

void bench_flows(enum bench_family f, size_t n, size_t n_rule, struct flows *out)
{
	uint64_t state = 362436069362436069u;

	*out = (struct flows){.flow = xcalloc(n, sizeof(*out->flow)), .n = n, .cap = n};
	for (size_t i = 0; i < n; i++) {
		/* Not in the order of the rules. */
		struct shape s = flow_shape(f, i * 7919 % n, n_rule, &state);
		struct flow *flow = &out->flow[i];

		flow->family = FAMILY_IPV4;
		flow->proto = PROTO_TCP;
		flow->path = PATH_FORWARD;
		flow->source_ports = (struct port_range){0, UINT16_MAX};
		flow->ports = (struct port_range){(uint16_t)s.ports.lo, (uint16_t)s.ports.hi};
		flow->leg = xcalloc(1, sizeof(*flow->leg));
		flow->n_leg = 1;
		flow->leg[0] = (struct flow_leg){
		        .source = s.source, .destination = s.destination, .iif = "lan0", .oif = "srv0"};
	}
}

void bench_flows_free(struct flows *flows)
{
	for (size_t i = 0; i < flows->n; i++)
		free(flows->flow[i].leg);
	free(flows->flow);
	*flows = (struct flows){0};
}
