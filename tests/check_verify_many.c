/* links: verify ruleset deployment base */
/*
 * Rulesets of hundreds of rules and sets of hundreds of elements, wide and narrow: what the verifier says of a flow holds for
 * packets of it that are tried against the rules one by one. The rules come and go while an engine follows them, and what
 * it finds is what a new one finds.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mutation_site.h"
#include "portcullis/alloc.h"
#include "ruleset/model.h"
#include "verify/cell.h"

#define NET_10 ((u128)10 << 24)
#define NET_172 ((u128)172 << 24)
#define SOURCES 65536u
#define DESTINATIONS 4096u
#define PORTS 64u
#define FLOWS 20
/* All of them in the release build. */
#ifdef __SANITIZE_ADDRESS__
#define PACKETS 100
#define STEPS 4
#else
#define PACKETS 400
#define STEPS 10
#endif
#define ESTABLISHED_RELATED 6

static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % below);
}

/* Rules and flows by shape: narrow in all fields, wide in one by turns, wide in all, and for each destination many sources. */
enum shape { NARROW, SLABS, WIDE, MANY_SOURCES, SHAPES };

static struct range span(unsigned space, unsigned width)
{
	unsigned n = draw(width), at = draw(space - n);
	return (struct range){at, at + n};
}

struct box3 {
	struct range source, destination, ports;
};

static struct box3 box_draw(enum shape shape, bool odd)
{
	bool source = shape == WIDE || (shape == SLABS && odd), destination = shape == WIDE || (shape == SLABS && !odd);
	struct box3 b = {span(SOURCES, source ? SOURCES / 2 : 256),
	        span(DESTINATIONS, destination ? DESTINATIONS / 2 : 64), span(PORTS, shape == NARROW ? 8 : PORTS)};
	if (shape == MANY_SOURCES)
		b.destination = (struct range){DESTINATIONS / 2, DESTINATIONS / 2 + draw(3) * 256 + 255};
	b.source = (struct range){NET_10 + b.source.lo, NET_10 + b.source.hi};
	b.destination = (struct range){NET_172 + b.destination.lo, NET_172 + b.destination.hi};
	return b;
}

static void match_add(struct builder *b, enum rs_field field, struct range r)
{
	struct ranges ranges = {0};
	ranges_add(&ranges, r.lo, r.hi);
	builder_ranges(b, field, NULL, &ranges, false);
}

static struct ruleset *house(void)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct error err;
	for (int i = 0; i < 2; i++) {
		struct rs_chain *c = ruleset_chain_add(rs, &err);
		ck_assert_ptr_nonnull(c);
		c->family = RS_INET;
		c->table = xstrdup("filter");
		c->name = xstrdup(i == 0 ? "forward" : "more");
	}
	rs->chain[0].base = true;
	rs->chain[0].hook = RS_HOOK_FORWARD;
	rs->chain[0].policy = RS_DROP;
	return rs;
}

/* A verdict map or set of elements that share nothing: each has its own slice of the sources. */
static size_t set_make(struct ruleset *rs, unsigned n, bool map)
{
	struct error err;
	struct rs_set *set = ruleset_set_add(rs, &err);
	set->family = RS_INET;
	set->table = xstrdup("filter");
	set->name = xasprintf("s%zu", rs->n_set);
	set->interval = true;
	set->map = map;
	set->n_field = 3;
	set->field[0] = RS_FIELD_IP_SADDR;
	set->field[1] = RS_FIELD_IP_DADDR;
	set->field[2] = RS_FIELD_DPORT;
	for (unsigned i = 0; i < n; i++) {
		struct box3 b = box_draw(draw(2) == 0 ? SLABS : NARROW, draw(2) == 0);
		struct rs_element *e = set_element_add(set);
		unsigned width = SOURCES / n;
		e->key[0] = (struct range){NET_10 + i * width, NET_10 + i * width + draw(width)};
		e->key[1] = b.destination;
		e->key[2] = b.ports;
		if (map)
			e->verdict.code = draw(2) == 0 ? RS_ACCEPT : RS_DROP;
	}
	set_sort(set);
	set_share(set);
	return rs->n_set - 1;
}

static struct rs_rule rule_make(struct ruleset *rs, size_t chain, uint64_t handle, enum shape shape)
{
	static const unsigned fields[] = {RS_FIELD_IP_SADDR, RS_FIELD_IP_DADDR, RS_FIELD_DPORT};
	struct box3 box = box_draw(shape, draw(2) == 0);
	unsigned kind = draw(40);
	struct error err;
	struct builder b;
	builder_begin(&b, rs, chain, handle);
	builder_point(&b, RS_FIELD_NFPROTO, NULL, 2);
	builder_point(&b, RS_FIELD_L4PROTO, NULL, PROTO_TCP);
	if (kind == 0 && rs->n_set > 0) {
		builder_vmap(&b, fields, 3, 0);
	} else if (kind == 1 && rs->n_set > 1) {
		builder_set(&b, fields, 3, NULL, 1, draw(4) == 0);
		builder_verdict(&b, draw(2) == 0 ? RS_ACCEPT : RS_DROP);
	} else {
		match_add(&b, RS_FIELD_IP_SADDR, box.source);
		match_add(&b, RS_FIELD_IP_DADDR, box.destination);
		match_add(&b, RS_FIELD_DPORT, box.ports);
		builder_verdict(&b, chain == 0 && kind < 5 ? RS_JUMP : draw(2) == 0 ? RS_ACCEPT : RS_DROP);
		b.rule.verdict.chain = 1;
	}
	ck_assert_int_eq(builder_end(&b, &err), 0);
	struct rs_chain *c = &rs->chain[chain];
	rule_share(&c->rule[--c->n_rule], NULL);
	rs->n_rule = 0;
	return c->rule[c->n_rule];
}

static void rule_insert(struct rs_chain *c, size_t at, struct rs_rule rule)
{
	c->rule = xgrow(c->rule, c->n_rule, &c->cap_rule, sizeof(*c->rule));
	memmove(&c->rule[at + 1], &c->rule[at], (c->n_rule - at) * sizeof(*c->rule));
	c->rule[at] = rule;
	c->n_rule++;
}

static struct ruleset *ruleset_make(enum shape shape, unsigned n)
{
	struct ruleset *rs = house();
	struct error err;
	struct builder b;
	set_make(rs, 50 + draw(200), true);
	set_make(rs, 50 + draw(200), false);
	builder_begin(&b, rs, 0, 1);
	builder_mask(&b, RS_FIELD_CT_STATE, NULL, ESTABLISHED_RELATED, 0, true);
	builder_tracks(&b);
	builder_verdict(&b, RS_ACCEPT);
	ck_assert_int_eq(builder_end(&b, &err), 0);
	rule_share(&rs->chain[0].rule[0], NULL);
	for (unsigned i = 0; i < n; i++) {
		size_t chain = draw(4) == 0;
		struct rs_rule r = rule_make(rs, chain, i + 2, shape);
		rule_insert(&rs->chain[chain], rs->chain[chain].n_rule, r);
	}
	return rs;
}

/* Everything again, what can be shared is. */
static struct ruleset *ruleset_again(const struct ruleset *rs)
{
	struct ruleset *out = house();
	for (size_t i = 0; i < rs->n_set; i++) {
		out->set = xgrow(out->set, out->n_set, &out->cap_set, sizeof(*out->set));
		out->set[out->n_set++] = set_copy(&rs->set[i]);
	}
	for (size_t c = 0; c < 2; c++)
		for (size_t i = 0; i < rs->chain[c].n_rule; i++)
			rule_insert(&out->chain[c], i, rule_copy(&rs->chain[c].rule[i]));
	out->uses_conntrack = rs->uses_conntrack;
	memcpy(out->tracks, rs->tracks, sizeof(out->tracks));
	return out;
}

static void flows_make(struct flows *out, enum shape shape)
{
	static const char *const names[] = {"a", "b"};
	*out = (struct flows){.flow = xcalloc(FLOWS, sizeof(*out->flow)), .n = FLOWS, .cap = FLOWS};
	for (size_t i = 0; i < FLOWS; i++) {
		struct flow *f = &out->flow[i];
		struct box3 b = box_draw(draw(3) == 0 ? WIDE : shape, draw(2) == 0);
		if (draw(5) == 0)
			b.source = (struct range){NET_10, NET_10 + SOURCES - 1};
		f->family = FAMILY_IPV4;
		f->proto = PROTO_TCP;
		f->path = PATH_FORWARD;
		f->deployment = names[0];
		f->source_ports = (struct port_range){1024, UINT16_MAX};
		f->ports = (struct port_range){(uint16_t)b.ports.lo, (uint16_t)b.ports.hi};
		f->leg = xcalloc(1, sizeof(*f->leg));
		f->n_leg = 1;
		f->leg[0] = (struct flow_leg){
		        .source = b.source, .destination = b.destination, .iif = "lan0", .oif = "srv0"};
	}
}

static void flows_drop(struct flows *flows)
{
	for (size_t i = 0; i < flows->n; i++)
		free(flows->flow[i].leg);
	free(flows->flow);
}

/* ---- one packet, rule by rule ---- */

struct point {
	u128 source, destination, port;
};

static u128 value(const struct point *p, enum rs_field f)
{
	return f == RS_FIELD_IP_SADDR   ? p->source
	       : f == RS_FIELD_IP_DADDR ? p->destination
	       : f == RS_FIELD_DPORT    ? p->port
	       : f == RS_FIELD_L4PROTO  ? PROTO_TCP
	       : f == RS_FIELD_NFPROTO  ? 2
	                                : 8; /* a new connection */
}

static const struct rs_element *element_of(const struct rs_set *set, const struct point *p)
{
	for (size_t i = 0; i < set->n_element; i++) {
		bool in = true;
		for (size_t f = 0; f < set->n_field; f++) {
			u128 v = value(p, set->field[f]);
			in = in && v >= set->element[i].key[f].lo && v <= set->element[i].key[f].hi;
		}
		if (in)
			return &set->element[i];
	}
	return NULL;
}

static bool meets(const struct ruleset *rs, const struct rs_rule *r, const struct point *p)
{
	for (size_t i = 0; i < r->n_match; i++) {
		const struct rs_match *m = &r->match[i];
		u128 v = value(p, m->field[0]);
		bool holds = m->kind == RS_MATCH_SET    ? element_of(&rs->set[m->set], p) != NULL
		             : m->kind == RS_MATCH_MASK ? (v & m->mask) == m->value
		                                        : ranges_contain(&m->ranges, v);
		if (holds == m->negate)
			return false;
	}
	return true;
}

/* RS_CONTINUE: the chain ends. */
static enum rs_verdict_code end_of(const struct ruleset *rs, size_t chain, const struct point *p, uint64_t *handle)
{
	for (size_t i = 0; i < rs->chain[chain].n_rule; i++) {
		const struct rs_rule *r = &rs->chain[chain].rule[i];
		const struct rs_element *e = r->vmap ? element_of(&rs->set[r->vmap_set], p) : NULL;
		enum rs_verdict_code code = r->vmap ? e != NULL ? e->verdict.code : RS_CONTINUE : r->verdict.code;
		if (!meets(rs, r, p))
			continue;
		*handle = r->handle;
		if (code == RS_JUMP)
			code = end_of(rs, 1, p, handle);
		if (code != RS_CONTINUE)
			return code;
	}
	*handle = 0;
	return RS_CONTINUE;
}

static bool in_box(const struct box *b, const struct point *p)
{
	return p->source >= b->source.lo && p->source <= b->source.hi && p->destination >= b->destination.lo &&
	       p->destination <= b->destination.hi && p->port >= b->ports.lo && p->port <= b->ports.hi;
}

static u128 draw_in(struct range r)
{
	unsigned where = draw(8);
	return where == 0 ? r.lo : where == 1 ? r.hi : r.lo + draw((unsigned)(r.hi - r.lo) + 1);
}

static struct point point_draw(const struct flow *f)
{
	struct range ports = {f->ports.lo, f->ports.hi};
	return (struct point){draw_in(f->leg[0].source), draw_in(f->leg[0].destination), draw_in(ports)};
}

static void packets_agree(const struct ruleset *rs, const struct flow *f, const struct finding *finding, unsigned *n)
{
	uint64_t handle;
	for (int i = 0; i < PACKETS; i++) {
		struct point p = point_draw(f);
		bool passes = end_of(rs, 0, &p, &handle) == RS_ACCEPT, listed = false;
		ck_assert(finding->verdict != VERDICT_CONFORMANT || passes);
		ck_assert(finding->verdict != VERDICT_BLOCKED || !passes);
		for (size_t k = 0; k < finding->evidence->n_remainder; k++)
			listed = listed || in_box(&finding->evidence->remainder[k], &p);
		ck_assert(!listed || !passes);
		ck_assert_msg(listed || passes || finding->evidence->remainder_cut,
		        "%s of %zu boxes: %llx to %llx port %u is dropped by rule %llu and not told",
		        verdict_name(finding->verdict), finding->evidence->n_remainder, (unsigned long long)p.source,
		        (unsigned long long)p.destination, (unsigned)p.port, (unsigned long long)handle);
		n[passes]++;
	}
	if (!finding->evidence->has_witness)
		return;
	struct point w = {finding->evidence->witness.source, finding->evidence->witness.destination,
	        finding->evidence->witness.destination_port};
	ck_assert_int_ne(end_of(rs, 0, &w, &handle), RS_ACCEPT);
	ck_assert_uint_eq(finding->evidence->blame.policy ? 0 : finding->evidence->blame.handle, handle);
}

/* Boxes that are told share no packet. */
static void remainder_is_disjoint(const struct finding *f)
{
	for (size_t i = 0; i < f->evidence->n_remainder; i++)
		for (size_t k = 0; k < i; k++) {
			const struct box *a = &f->evidence->remainder[i], *b = &f->evidence->remainder[k];
			ck_assert(a->source.lo > b->source.hi || a->source.hi < b->source.lo ||
			          a->destination.lo > b->destination.hi || a->destination.hi < b->destination.lo ||
			          a->ports.lo > b->ports.hi || a->ports.hi < b->ports.lo);
		}
}

static struct cell cell_of(const struct box *b)
{
	return (struct cell){{b->source, b->destination, b->source_ports, b->ports}};
}

static bool covers(const struct finding *a, const struct finding *b)
{
	struct cells left = {0};
	for (size_t i = 0; i < b->evidence->n_remainder; i++) {
		struct cell c = cell_of(&b->evidence->remainder[i]);
		cells_add(&left, &c);
	}
	for (size_t i = 0; i < a->evidence->n_remainder; i++) {
		struct cell c = cell_of(&a->evidence->remainder[i]);
		ck_assert(cells_subtract(&left, &c, SIZE_MAX));
	}
	size_t n = left.n;
	cells_fini(&left);
	return n == 0;
}

/* What is not passed may be told in other boxes. */
static void same_words(const struct findings *a, const struct findings *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct finding *x = &a->finding[i], *y = &b->finding[i];
		char *what = xasprintf("flow %zu", i);
		ck_assert_msg(x->verdict == y->verdict, "%s: %s, should be %s", what, verdict_name(x->verdict),
		        verdict_name(y->verdict));
		same_blame(&x->evidence->blame, &y->evidence->blame, what);
		ck_assert_msg(
		        x->evidence->remainder_cut || y->evidence->remainder_cut || (covers(x, y) && covers(y, x)),
		        "%s: remainder", what);
		free(what);
	}
}

#ifdef __SANITIZE_ADDRESS__
static const unsigned sizes[] = {20, 60};
#else
static const unsigned sizes[] = {20, 100, 150};
#endif
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

START_TEST(packets_meet_what_is_said_of_their_flow)
{
	enum shape shape = (enum shape)(_i % SHAPES);
	unsigned n[2] = {0}, verdicts[VERDICT_N] = {0};
	struct findings findings;
	struct flows flows;
	struct error err;
	seed = (uint64_t)_i + 1;
	for (int round = 0; round < 2; round++) {
		struct ruleset *rs = ruleset_make(shape, sizes[_i / SHAPES]);
		flows_make(&flows, shape);
		ck_assert_int_eq(verify_flows(&flows, rs, NULL, NULL, 1000, &findings, &err), 0);
		for (size_t i = 0; i < flows.n; i++) {
			verdicts[findings.finding[i].verdict]++;
			packets_agree(rs, &flows.flow[i], &findings.finding[i], n);
			remainder_is_disjoint(&findings.finding[i]);
		}
		findings_fini(&findings);
		flows_drop(&flows);
		ruleset_free(rs);
	}
	ck_assert_uint_gt(n[0], 0);
	ck_assert_uint_gt(n[1], 0);
	ck_assert_uint_gt(verdicts[VERDICT_PARTIAL], 0);
	ck_assert_uint_eq(verdicts[VERDICT_INDETERMINATE], 0);
}
END_TEST

/* A few rules go, a few come, anywhere. */
static struct ruleset *changed(const struct ruleset *rs, enum shape shape, uint64_t *handle)
{
	struct ruleset *out = ruleset_again(rs);
	for (unsigned n = 1 + draw(4); n > 0; n--) {
		size_t chain = draw(4) == 0;
		struct rs_chain *c = &out->chain[chain];
		/* The first rule is what lets answers pass. */
		size_t at = chain == 0 ? 1 + draw((unsigned)c->n_rule) : draw((unsigned)c->n_rule + 1);
		if (draw(2) == 0 && at < c->n_rule) {
			rule_fini(&c->rule[at]);
			memmove(&c->rule[at], &c->rule[at + 1], (--c->n_rule - at) * sizeof(*c->rule));
		} else {
			struct rs_rule r = rule_make(out, chain, (*handle)++, shape);
			rule_insert(c, at < c->n_rule ? at : c->n_rule, r);
		}
	}
	return out;
}

START_TEST(an_engine_follows_rules_that_come_and_go)
{
	enum shape shape = (enum shape)(_i % SHAPES);
	struct verification *v = verification_new();
	struct findings before = {0}, found, full;
	struct openings openings;
	struct site site = {0};
	struct flows flows;
	struct error err;
	uint64_t handle = 10000;
	size_t again = 0;
	seed = (uint64_t)_i + 100;
	struct ruleset *rs = ruleset_make(shape, sizes[_i / SHAPES]);
	flows_make(&flows, shape);
	for (int step = 0; step < STEPS; step++) {
		struct ruleset *next = step == 0 ? ruleset_again(rs) : changed(rs, shape, &handle);
		struct verification_input in = {&flows, next, &site, NULL, 1000};
		ck_assert_int_eq(verification_run(v, &in, step == 0 ? NULL : &before, &found, &openings, &err), 0);
		ck_assert_int_eq(verify_flows(&flows, next, NULL, &site, 1000, &full, &err), 0);
		same_words(&found, &full);
		ck_assert_uint_eq(found.n, full.n);
		again += step > 0 ? verification_flows(v) : 0;
		openings_fini(&openings);
		findings_fini(&full);
		findings_fini(&before);
		before = found;
		ruleset_free(rs);
		rs = next;
	}
	/* Not all flows are looked at each time, and not none. */
	ck_assert_uint_gt(again, 0);
	if (shape == NARROW)
		ck_assert_uint_lt(again, STEPS * FLOWS / 2);
	verification_free(v);
	findings_fini(&before);
	flows_drop(&flows);
	ruleset_free(rs);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify_many");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, packets_meet_what_is_said_of_their_flow, 0, SIZES * SHAPES);
	tcase_add_loop_test(t, an_engine_follows_rules_that_come_and_go, 0, SIZES * SHAPES);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
