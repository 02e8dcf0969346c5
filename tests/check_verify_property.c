/* links: verify ruleset base */
/*
 * Random small rulesets and flows: what the verifier says of a flow is what a plain evaluation of the model says of each
 * of its packets, one by one, in every phase. The space is small (four bits per address and port), so that all packets
 * can be tried.
 */
#include "verify_generate.h"

/* All of them in the release build. */
#ifdef __SANITIZE_ADDRESS__
#define CASES 1500
#else
#define CASES 4000
#endif

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

struct tally {
	unsigned verdict[VERDICT_N], cut;
};

static bool in_remainder(const struct finding *f, const struct packet *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->evidence->n_remainder; i++)
		n += box_has(
		        &f->evidence->remainder[i], p->source, p->destination, p->source_port, p->destination_port);
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

					if (f->evidence->remainder_cut ? in && pass : in == pass)
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
	ck_assert_msg(
	        f->evidence->has_witness == !all && (all || !passes(rs, &f->evidence->witness)), "witness of %s", what);
	for (size_t i = 0; i < f->evidence->n_remainder; i++)
		size += box_size(&f->evidence->remainder[i]);
	ck_assert_msg(size == held, "remainder beyond the flow: %s", what);
	tally->verdict[f->verdict]++;
	tally->cut += f->evidence->remainder_cut;
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
