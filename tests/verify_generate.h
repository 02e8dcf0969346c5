#ifndef TESTS_VERIFY_GENERATE_H
#define TESTS_VERIFY_GENERATE_H

#include "verify_support.h"

/* Random models of rulesets, and flows that they cut through: for properties of the verification. */

#define CHAINS 5
#define SOURCES 0x0a000000u
#define DESTINATIONS 0x0a010000u
#define ESTABLISHED 2
#define NEW 8

static uint64_t seed;
/** How many addresses and ports there are: 16, so that all packets can be tried, to 65536. */
static unsigned span = 16;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % below);
}

static u128 field_base(enum rs_field f, bool reply)
{
	if (f == RS_FIELD_IP_SADDR)
		return reply ? DESTINATIONS : SOURCES;
	if (f == RS_FIELD_IP_DADDR)
		return reply ? SOURCES : DESTINATIONS;
	return 0;
}

/** Ranges that cut through the values that occur, for packets of either direction. */
static struct range draw_range(enum rs_field f)
{
	u128 base = field_base(f, draw(4) == 0);
	unsigned a = draw(span), b = draw(3) == 0 ? a : draw(span);

	return (struct range){base + (a < b ? a : b), base + (a < b ? b : a)};
}

static enum rs_field draw_field(void)
{
	static const enum rs_field field[] = {RS_FIELD_IP_SADDR, RS_FIELD_IP_DADDR, RS_FIELD_SPORT, RS_FIELD_DPORT};

	return field[draw(4)];
}

static struct rs_set *set_new(struct ruleset *rs, size_t n_field)
{
	struct rs_set *s;

	rs->set = xgrow(rs->set, rs->n_set, &rs->cap_set, sizeof(*rs->set));
	s = &rs->set[rs->n_set++];
	*s = (struct rs_set){.family = RS_INET,
	        .table = xstrdup("t"),
	        .name = xasprintf("__set%zu", rs->n_set),
	        .anonymous = true,
	        .interval = true,
	        .n_field = n_field};
	return s;
}

static struct rs_element *element_new(struct rs_set *s)
{
	s->element = xgrow(s->element, s->n_element, &s->cap_element, sizeof(*s->element));
	s->element[s->n_element] = (struct rs_element){.verdict.code = RS_CONTINUE};
	return &s->element[s->n_element++];
}

static void match_set(struct ruleset *rs, struct rs_match *m)
{
	struct rs_set *s = set_new(rs, 1 + draw(3));

	m->kind = RS_MATCH_SET;
	m->set = rs->n_set - 1;
	m->n_field = s->n_field;
	for (size_t i = 0; i < s->n_field; i++) {
		enum rs_field f = (enum rs_field[]){RS_FIELD_IP_SADDR, RS_FIELD_IP_DADDR, RS_FIELD_DPORT}[i];

		m->field[i] = s->field[i] = s->n_field == 1 ? draw_field() : f;
	}
	for (unsigned n = 1 + draw(4); n > 0; n--) {
		struct rs_element *e = element_new(s);

		for (size_t i = 0; i < s->n_field; i++)
			e->key[i] = draw_range(m->field[i]);
	}
}

static void match_other(struct rs_match *m)
{
	u128 name = ifname_value(draw(2) == 0 ? "c0" : "s0");

	m->n_field = 1;
	switch (draw(4)) {
	case 0:
		m->kind = RS_MATCH_MASK;
		m->field[0] = RS_FIELD_CT_STATE;
		m->mask = draw(2) == 0 ? ESTABLISHED : NEW;
		m->value = draw(2) == 0 ? 0 : m->mask;
		break;
	case 1:
		m->field[0] = RS_FIELD_CT_STATE;
		ranges_add(&m->ranges, ESTABLISHED, ESTABLISHED);
		break;
	case 2:
		m->field[0] = draw(2) == 0 ? RS_FIELD_IIFNAME : RS_FIELD_OIFNAME;
		ranges_add(&m->ranges, name, name);
		break;
	default:
		m->field[0] = RS_FIELD_L4PROTO;
		ranges_add(&m->ranges, PROTO_TCP, PROTO_TCP);
	}
}

static void match_draw(struct ruleset *rs, struct rs_match *m)
{
	unsigned kind = draw(8);

	m->negate = draw(4) == 0;
	if (kind == 0) {
		match_set(rs, m);
	} else if (kind == 1) {
		match_other(m);
	} else {
		m->kind = RS_MATCH_RANGES;
		m->n_field = 1;
		m->field[0] = draw_field();
		for (unsigned n = 1 + draw(3); n > 0; n--) {
			struct range r = draw_range(m->field[0]);

			ranges_add(&m->ranges, r.lo, r.hi);
		}
		ranges_normalise(&m->ranges);
	}
}

/** Jumps lead to later chains only, which are not base chains. */
static struct rs_verdict verdict_draw(const struct ruleset *rs, size_t chain, size_t first_plain)
{
	size_t next = chain + 1 > first_plain ? chain + 1 : first_plain;
	struct rs_verdict v = {.code = (const enum rs_verdict_code[]){RS_ACCEPT, RS_DROP, RS_ACCEPT, RS_DROP, RS_JUMP,
	                               RS_JUMP, RS_GOTO, RS_RETURN, RS_CONTINUE}[draw(9)]};

	if (v.code != RS_JUMP && v.code != RS_GOTO)
		return v;
	if (next >= rs->n_chain)
		v.code = RS_ACCEPT;
	else
		v.chain = next + draw((unsigned)(rs->n_chain - next));
	return v;
}

/** Disjoint keys, as in every map. */
static void vmap_draw(struct ruleset *rs, struct rs_rule *r, size_t chain, size_t first_plain)
{
	struct rs_set *s = set_new(rs, 1);
	enum rs_field f = draw_field();
	u128 base = field_base(f, false);

	s->map = true;
	s->field[0] = r->vmap_field[0] = f;
	r->vmap = true;
	r->n_vmap_field = 1;
	r->vmap_set = rs->n_set - 1;
	for (unsigned at = draw(4); at < 16; at += 1 + draw(5)) {
		struct rs_element *e = element_new(s);
		unsigned width = draw(4), scale = span / 16;

		e->key[0] = (struct range){base + at * scale, base + (at + width + 1) * scale - 1};
		e->verdict = verdict_draw(rs, chain, first_plain);
		at += width;
	}
}

static void rule_draw(struct ruleset *rs, size_t chain, size_t first_plain)
{
	struct rs_chain *c = &rs->chain[chain];
	struct rs_rule *r;

	c->rule = xgrow(c->rule, c->n_rule, &c->cap_rule, sizeof(*c->rule));
	r = &c->rule[c->n_rule++];
	*r = (struct rs_rule){.handle = c->n_rule};
	r->n_match = draw(10) == 0 ? 0 : 1 + draw(3);
	r->match = xcalloc(r->n_match + 1, sizeof(*r->match));
	for (size_t i = 0; i < r->n_match; i++)
		match_draw(rs, &r->match[i]);
	r->verdict = verdict_draw(rs, chain, first_plain);
	if (draw(8) == 0)
		vmap_draw(rs, r, chain, first_plain);
}

/** Rules about other packets, between the others: of a long chain the verifier looks at what can match. */
static void rules_of_others(struct ruleset *rs, size_t chain, unsigned n)
{
	struct rs_chain *c = &rs->chain[chain];

	for (; n > 0; n--) {
		struct rs_rule *r;
		u128 address = 0x0a090000u + draw(4096);
		enum rs_field f = draw(2) == 0 ? RS_FIELD_IP_SADDR : RS_FIELD_IP_DADDR;

		c->rule = xgrow(c->rule, c->n_rule, &c->cap_rule, sizeof(*c->rule));
		r = &c->rule[c->n_rule++];
		*r = (struct rs_rule){.handle = c->n_rule, .n_match = 1};
		r->verdict.code = draw(2) == 0 ? RS_ACCEPT : RS_DROP;
		r->match = xcalloc(1, sizeof(*r->match));
		r->match[0] = (struct rs_match){.kind = RS_MATCH_RANGES, .n_field = 1, .field = {f}};
		ranges_add(&r->match[0].ranges, address, address + draw(64));
	}
}

/** Answers pass: without that, few of the random connections would. */
static void rule_established(struct ruleset *rs, size_t chain)
{
	struct rs_chain *c = &rs->chain[chain];
	struct rs_rule *r;

	c->rule = xgrow(c->rule, c->n_rule, &c->cap_rule, sizeof(*c->rule));
	r = &c->rule[c->n_rule++];
	*r = (struct rs_rule){.handle = c->n_rule, .verdict.code = RS_ACCEPT, .n_match = 1};
	r->match = xcalloc(1, sizeof(*r->match));
	r->match[0] = (struct rs_match){.kind = RS_MATCH_RANGES, .n_field = 1, .field = {RS_FIELD_CT_STATE}};
	ranges_add(&r->match[0].ranges, ESTABLISHED, ESTABLISHED);
}

/** One to three base chains in their running order, the other chains behind them. */
static struct ruleset *ruleset_draw(void)
{
	static const enum rs_hook hook[] = {RS_HOOK_PREROUTING, RS_HOOK_FORWARD, RS_HOOK_FORWARD, RS_HOOK_POSTROUTING};
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	size_t n_base = 0;
	unsigned others = draw(4) == 0 ? 16 : 0;

	rs->chain = xcalloc(CHAINS + 4, sizeof(*rs->chain));
	rs->cap_chain = CHAINS + 4;
	for (size_t i = 0; i < 4; i++) {
		if (i != 1 && draw(4) > 0)
			continue;
		rs->chain[n_base] = (struct rs_chain){.base = true, .hook = hook[i], .priority = (int32_t)i};
		rs->chain[n_base].family = draw(2) == 0 ? RS_INET : RS_IP;
		rs->chain[n_base++].policy = i != 1 || draw(2) == 0 ? RS_ACCEPT : RS_DROP;
	}
	rs->n_chain = n_base + draw(CHAINS - 1);
	for (size_t i = 0; i < rs->n_chain; i++) {
		struct rs_chain *c = &rs->chain[i];

		c->table = xstrdup("t");
		c->name = xasprintf("chain%zu", i);
		c->order = i;
		if (c->base && draw(4) > 0)
			rule_established(rs, i);
		for (unsigned n = draw(i == 0 || !c->base ? 6 : 3); n > 0; n--) {
			rules_of_others(rs, i, others);
			rule_draw(rs, i, n_base);
		}
		rules_of_others(rs, i, others);
	}
	return rs;
}

/** Of the whole span's width, or narrow in the middle of it. */
static void flow_draw(struct flow *f)
{
	unsigned lo[4], hi[4], scale = span / 16;
	const char *proto = draw(2) == 0 ? "tcp" : "udp";
	char text[160];

	for (int i = 0; i < 4; i++) {
		lo[i] = draw((i % 2 == 0 ? 9 : 5) * scale);
		hi[i] = lo[i] + draw((i % 2 == 0 ? 8 : 12) * scale);
		hi[i] = hi[i] > 65535 ? 65535 : hi[i];
	}
	snprintf(text, sizeof(text), "%s 10.0.%u.%u-10.0.%u.%u %u-%u 10.1.%u.%u-10.1.%u.%u %u-%u", proto, lo[0] >> 8,
	        lo[0] & 255, hi[0] >> 8, hi[0] & 255, lo[2], hi[2], lo[1] >> 8, lo[1] & 255, hi[1] >> 8, hi[1] & 255,
	        lo[3], hi[3]);
	flow_make(f, text);
}

#endif
