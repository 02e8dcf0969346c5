/*
 * Numbers of rules and flows come in; a ruleset and flows of several shapes go out, the same every time. They are made in
 * memory as the readers would make them, so that only the work to be measured is.
 */
#include "bench/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* Servers live in 10.128.0.0/9, clients in 10.0.0.0/9. */
#define SERVERS 0x0a800000u
#define CLIENTS 0x0a000000u

static uint64_t state;

static uint32_t draw(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % below);
}

const char *bench_family_name(enum bench_family f)
{
	static const char *const names[] = {"friendly", "slabs", "pairs", "fields", "anywhere"};
	return names[f];
}

/** What a rule or a flow is about. */
struct shape {
	struct range source, destination, port;
	bool drop;
};

static struct range span(uint32_t base, uint32_t size, uint32_t longest)
{
	uint32_t from = draw(size), n = draw(longest) + 1;
	uint32_t to = from + n < size ? from + n : size - 1;
	return (struct range){base + from, base + to};
}

static struct range prefix(uint32_t base, uint32_t size)
{
	uint32_t n = 1u << draw(12), from = draw(size) & ~(n - 1);
	return (struct range){base + from, base + from + n - 1};
}

static struct shape shape_draw(enum bench_family f, size_t i)
{
	const uint32_t half = 1u << 23;
	uint32_t server = SERVERS + (uint32_t)(i * 7) % half, port = 1024 + (uint32_t)(i % 60000);
	struct shape s = {{CLIENTS, CLIENTS + half - 1}, {server, server}, {port, port}, false};
	switch (f) {
	case BENCH_SLABS:
		s.source = span(CLIENTS, half, half / 2);
		s.destination = span(SERVERS, half, half / 2);
		s.port = (struct range){0, 65535};
		s.drop = draw(2) == 0;
		break;
	case BENCH_PAIRS:
		s.source = prefix(CLIENTS, half);
		s.destination = prefix(SERVERS, half);
		s.drop = draw(3) == 0;
		break;
	case BENCH_FIELDS:
		s.source = span(CLIENTS, half, half / 64);
		s.destination = span(SERVERS, half, half / 64);
		s.port = span(0, 65536, 4096);
		s.drop = draw(2) == 0;
		break;
	case BENCH_ANYWHERE:
		s.source = (struct range){0, UINT32_MAX};
		s.port = span(0, 65536, 64);
		break;
	default:
		s.source.hi = s.source.lo + (1u << (8 + i % 15)) - 1;
		break;
	}
	return s;
}

static void match_add(struct rs_rule *rule, enum rs_field field, struct range r)
{
	struct rs_match *m = &rule->match[rule->n_match++];
	m->kind = RS_MATCH_RANGES;
	m->field[0] = field;
	m->n_field = 1;
	ranges_add(&m->ranges, r.lo, r.hi);
	ranges_normalise(&m->ranges);
}

static void rule_make(struct rs_rule *rule, const struct shape *s, uint64_t handle)
{
	rule->handle = handle;
	rule->match = xcalloc(4, sizeof(*rule->match));
	rule->verdict.code = s->drop ? RS_DROP : RS_ACCEPT;
	match_add(rule, RS_FIELD_L4PROTO, (struct range){PROTO_TCP, PROTO_TCP});
	match_add(rule, RS_FIELD_IP_SADDR, s->source);
	match_add(rule, RS_FIELD_IP_DADDR, s->destination);
	match_add(rule, RS_FIELD_DPORT, s->port);
}

/* First rule: what is known passes. */
static void established_make(struct rs_rule *rule)
{
	rule->handle = 1;
	rule->match = xcalloc(1, sizeof(*rule->match));
	rule->n_match = 1;
	rule->match[0].kind = RS_MATCH_MASK;
	rule->match[0].negate = true;
	rule->match[0].field[0] = RS_FIELD_CT_STATE;
	rule->match[0].n_field = 1;
	rule->match[0].mask = 6;
	rule->verdict.code = RS_ACCEPT;
}

struct ruleset *bench_ruleset(enum bench_family f, size_t rules)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct rs_chain *chain = rs->chain = xcalloc(1, sizeof(*rs->chain));
	state = 1;
	rs->n_chain = rs->cap_chain = 1;
	rs->n_rule = rules + 1;
	rs->uses_conntrack = true;
	*chain = (struct rs_chain){.family = RS_INET,
	        .table = xstrdup("filter"),
	        .name = xstrdup("forward"),
	        .base = true,
	        .hook = RS_HOOK_FORWARD,
	        .policy = RS_DROP,
	        .n_rule = rules + 1,
	        .cap_rule = rules + 1};
	chain->rule = xcalloc(rules + 1, sizeof(*chain->rule));
	established_make(&chain->rule[0]);
	for (size_t i = 0; i < rules; i++) {
		struct shape s = shape_draw(f, i);
		rule_make(&chain->rule[i + 1], &s, i + 2);
	}
	return rs;
}

void bench_flows(enum bench_family f, size_t n, struct flows *out)
{
	state = 2;
	*out = (struct flows){xcalloc(n, sizeof(struct flow)), n, n};
	for (size_t i = 0; i < n; i++) {
		struct flow *flow = &out->flow[i];
		struct shape s = shape_draw(f, i);
		*flow = (struct flow){.id = {1, (uint32_t)i + 1, 1, 1, 2, 4},
		        .family = FAMILY_IPV4,
		        .proto = PROTO_TCP,
		        .source_ports = {1024, 65535},
		        .ports = {(uint16_t)s.port.lo, (uint16_t)s.port.hi},
		        .path = PATH_FORWARD,
		        .n_leg = 1};
		flow->inside_ports = flow->ports;
		flow->label = xasprintf("flow %zu", i);
		flow->leg = xcalloc(1, sizeof(*flow->leg));
		flow->leg[0].source = s.source;
		flow->leg[0].destination = s.destination;
		strcpy(flow->leg[0].iif, "c0");
		strcpy(flow->leg[0].oif, "s0");
	}
}

void bench_flows_fini(struct flows *flows)
{
	for (size_t i = 0; i < flows->n; i++) {
		free(flows->flow[i].label);
		free(flows->flow[i].leg);
	}
	free(flows->flow);
	memset(flows, 0, sizeof(*flows));
}
