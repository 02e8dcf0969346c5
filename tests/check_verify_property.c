/* links: verify ruleset base */
/*
 * Random small rulesets and flows: what the verifier says of a flow is what a plain evaluation of the model says of each
 * of its packets, one by one, in every phase. The space is small (four bits per address and port), so that all packets
 * can be tried.
 */
#include "verify_support.h"

#define CASES 4000
#define CHAINS 5
#define SOURCES 0x0a000000u
#define DESTINATIONS 0x0a010000u
#define BITS 16
#define ESTABLISHED 2
#define NEW 8

static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % below);
}

/** Concrete values of one packet in one hook. */
struct values {
	u128 field[RS_FIELD_N];
};

static bool in_key(const struct rs_element *e, const enum rs_field *field, size_t n, const struct values *v)
{
	for (size_t i = 0; i < n; i++)
		if (v->field[field[i]] < e->key[i].lo || v->field[field[i]] > e->key[i].hi)
			return false;
	return true;
}

static const struct rs_element *look_up(
        const struct rs_set *set, const enum rs_field *field, size_t n, const struct values *v)
{
	for (size_t i = 0; i < set->n_element; i++)
		if (in_key(&set->element[i], field, n, v))
			return &set->element[i];
	return NULL;
}

static bool matches(const struct ruleset *rs, const struct rs_match *m, const struct values *v)
{
	bool holds = false;

	switch (m->kind) {
	case RS_MATCH_RANGES:
		for (size_t i = 0; i < m->ranges.n; i++)
			holds = holds || (v->field[m->field[0]] >= m->ranges.item[i].lo &&
			                         v->field[m->field[0]] <= m->ranges.item[i].hi);
		break;
	case RS_MATCH_MASK:
		holds = (v->field[m->field[0]] & m->mask) == m->value;
		break;
	case RS_MATCH_SET:
		holds = look_up(&rs->set[m->set], m->field, m->n_field, v) != NULL;
		break;
	case RS_MATCH_ATOM:
		ck_abort_msg("no atom was made");
	}
	return holds != m->negate;
}

/** RS_ACCEPT, RS_DROP, or RS_CONTINUE where the chain ends. */
static enum rs_verdict_code chain_run(const struct ruleset *rs, size_t chain, const struct values *v)
{
	const struct rs_chain *c = &rs->chain[chain];

	for (size_t i = 0; i < c->n_rule; i++) {
		const struct rs_rule *r = &c->rule[i];
		struct rs_verdict verdict = r->verdict;
		bool hit = true;

		for (size_t k = 0; k < r->n_match && hit; k++)
			hit = matches(rs, &r->match[k], v);
		if (hit && r->vmap) {
			const struct rs_element *e = look_up(&rs->set[r->vmap_set], r->vmap_field, r->n_vmap_field, v);

			hit = e != NULL;
			verdict = hit ? e->verdict : verdict;
		}
		if (!hit || verdict.code == RS_CONTINUE)
			continue;
		if (verdict.code == RS_RETURN)
			return RS_CONTINUE;
		if (verdict.code == RS_JUMP || verdict.code == RS_GOTO) {
			enum rs_verdict_code end = chain_run(rs, verdict.chain, v);

			if (end != RS_CONTINUE || verdict.code == RS_GOTO)
				return end;
			continue;
		}
		return verdict.code;
	}
	return RS_CONTINUE;
}

/** Is the packet, as it is seen on the wire, let through: base chains are made in the order in which they run. */
static bool passes(const struct ruleset *rs, const struct packet *p)
{
	struct values v = {{0}};

	v.field[RS_FIELD_NFPROTO] = 2;
	v.field[RS_FIELD_L4PROTO] = p->proto;
	v.field[RS_FIELD_IP_SADDR] = p->source;
	v.field[RS_FIELD_IP_DADDR] = p->destination;
	v.field[RS_FIELD_SPORT] = p->source_port;
	v.field[RS_FIELD_DPORT] = p->destination_port;
	v.field[RS_FIELD_IIFNAME] = ifname_value(p->iif);
	v.field[RS_FIELD_CT_STATE] = p->phase == PHASE_NEW ? NEW : ESTABLISHED;
	for (size_t i = 0; i < rs->n_chain; i++) {
		const struct rs_chain *c = &rs->chain[i];
		enum rs_verdict_code end;

		if (!c->base)
			continue;
		v.field[RS_FIELD_OIFNAME] = c->hook == RS_HOOK_PREROUTING ? 0 : ifname_value(p->oif);
		end = chain_run(rs, i, &v);
		if (end == RS_DROP || (end == RS_CONTINUE && c->policy == RS_DROP))
			return false;
	}
	return true;
}

/** All phases of the connection that the packet begins. */
static bool connects(const struct ruleset *rs, const struct packet *first)
{
	struct packet p = *first, reply = *first;

	reply.phase = PHASE_REPLY;
	reply.source = p.destination;
	reply.destination = p.source;
	reply.source_port = p.destination_port;
	reply.destination_port = p.source_port;
	memcpy(reply.iif, p.oif, sizeof(reply.iif));
	memcpy(reply.oif, p.iif, sizeof(reply.oif));
	p.phase = PHASE_NEW;
	if (!passes(rs, &p) || !passes(rs, &reply))
		return false;
	p.phase = PHASE_ESTABLISHED;
	return passes(rs, &p);
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
	unsigned a = draw(BITS), b = draw(3) == 0 ? a : draw(BITS);

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
	for (unsigned at = draw(4); at < BITS; at += 1 + draw(5)) {
		struct rs_element *e = element_new(s);
		unsigned width = draw(4);

		e->key[0] = (struct range){base + at, base + at + width};
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

static void flow_draw(struct flow *f)
{
	unsigned lo[4], hi[4];
	const char *proto = draw(2) == 0 ? "tcp" : "udp";
	char text[160];

	for (int i = 0; i < 4; i++) {
		lo[i] = draw(i % 2 == 0 ? 9 : 5);
		hi[i] = lo[i] + draw(i % 2 == 0 ? 8 : 12);
	}
	snprintf(text, sizeof(text), "%s 10.0.0.%u-10.0.0.%u %u-%u 10.1.0.%u-10.1.0.%u %u-%u", proto, lo[0], hi[0],
	        lo[2], hi[2], lo[1], hi[1], lo[3], hi[3]);
	flow_make(f, text);
}

struct tally {
	unsigned verdict[VERDICT_N], cut;
};

static bool in_remainder(const struct finding *f, const struct packet *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->n_remainder; i++)
		n += box_has(&f->remainder[i], p->source, p->destination, p->source_port, p->destination_port);
	if (n > 1)
		ck_abort_msg("%u boxes of the remainder hold one packet", n);
	return n == 1;
}

static u128 box_size(const struct box *b)
{
	return (b->source.hi - b->source.lo + 1) * (b->destination.hi - b->destination.lo + 1) *
	       (b->source_ports.hi - b->source_ports.lo + 1) * (b->ports.hi - b->ports.lo + 1);
}

/** Every packet of the flow. @return whether all passed; *some: whether any did; *held: those in the remainder. */
static bool every_packet(const struct ruleset *rs, const struct flow *flow, const struct finding *f, const char *what,
        bool *some, u128 *held)
{
	const struct flow_leg *leg = &flow->leg[0];
	struct packet p = {.family = FAMILY_IPV4, .proto = flow->proto, .path = PATH_FORWARD, .iif = "c0", .oif = "s0"};
	bool all = true;

	for (p.source = leg->source.lo; p.source <= leg->source.hi; p.source++)
		for (p.destination = leg->destination.lo; p.destination <= leg->destination.hi; p.destination++)
			for (p.source_port = flow->source_ports.lo; p.source_port <= flow->source_ports.hi;
			        p.source_port++)
				for (p.destination_port = flow->ports.lo; p.destination_port <= flow->ports.hi;
				        p.destination_port++) {
					bool pass = connects(rs, &p), in = in_remainder(f, &p);

					if (f->remainder_cut ? in && pass : in == pass)
						ck_abort_msg("%s", what);
					*some = *some || pass;
					all = all && pass;
					*held += in;
				}
	return all;
}

static void compare(unsigned number, const struct ruleset *rs, const struct flow *flow, struct tally *tally)
{
	struct findings out = flow_verify((struct flow *)(uintptr_t)flow, rs, NULL);
	const struct finding *f = &out.finding[0];
	char *text = ruleset_print(rs), *what = xasprintf("case %u: %s\n%s", number, flow->label, text);
	bool some = false, all;
	u128 held = 0, size = 0;

	all = every_packet(rs, flow, f, what, &some, &held);
	ck_assert_msg(f->verdict == (all           ? VERDICT_CONFORMANT
	                                    : some ? VERDICT_PARTIAL
	                                           : VERDICT_BLOCKED),
	        "%s: %s", verdict_name(f->verdict), what);
	ck_assert_msg(f->has_witness == !all && (all || !passes(rs, &f->witness)), "witness of %s", what);
	for (size_t i = 0; i < f->n_remainder; i++)
		size += box_size(&f->remainder[i]);
	ck_assert_msg(size == held, "remainder beyond the flow: %s", what);
	tally->verdict[f->verdict]++;
	tally->cut += f->remainder_cut;
	free(text);
	free(what);
	findings_fini(&out);
}

START_TEST(verdict_witness_and_remainder_are_those_of_single_packets)
{
	struct tally tally = {{0}, 0};

	seed = 20070101;
	for (unsigned i = 0; i < CASES; i++) {
		struct ruleset *rs = ruleset_draw();
		struct flow flow;

		flow_draw(&flow);
		compare(i, rs, &flow, &tally);
		flow_free(&flow);
		ruleset_free(rs);
	}
	fprintf(stderr, "%u conformant, %u partial, %u blocked; %u remainders cut\n", tally.verdict[VERDICT_CONFORMANT],
	        tally.verdict[VERDICT_PARTIAL], tally.verdict[VERDICT_BLOCKED], tally.cut);
	ck_assert_uint_gt(tally.verdict[VERDICT_CONFORMANT], CASES / 20);
	ck_assert_uint_gt(tally.verdict[VERDICT_PARTIAL], CASES / 10);
	ck_assert_uint_gt(tally.verdict[VERDICT_BLOCKED], CASES / 20);
	ck_assert_uint_lt(tally.cut, CASES / 5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify_property");
	TCase *t = tcase_create("brute force");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, verdict_witness_and_remainder_are_those_of_single_packets);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
