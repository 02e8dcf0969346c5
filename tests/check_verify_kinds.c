/* links: verify ruleset deployment base */
/*
 * What is found once for many questions holds for each of them: kinds of packets that meet one end, answers to wider
 * questions that are cut. One flow is asked for after another that could be taken for its like.
 */
#include "portcullis/alloc.h"
#include "ruleset/model.h"
#include "verify_support.h"

#define ESTABLISHED_RELATED 6

static struct ruleset *ruleset_new(void)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct error err;
	struct rs_chain *c = ruleset_chain_add(rs, &err);

	c->family = RS_INET;
	c->table = xstrdup("t");
	c->name = xstrdup("f");
	c->base = true;
	c->hook = RS_HOOK_FORWARD;
	c->policy = RS_DROP;
	return rs;
}

static void rule_end(struct builder *b, enum rs_verdict_code code)
{
	struct error err;

	builder_verdict(b, code);
	ck_assert_int_eq(builder_end(b, &err), 0);
}

static void established(struct ruleset *rs)
{
	struct builder b;

	builder_begin(&b, rs, 0, 1);
	builder_mask(&b, RS_FIELD_CT_STATE, NULL, ESTABLISHED_RELATED, 0, true);
	builder_tracks(&b);
	rule_end(&b, RS_ACCEPT);
}

static void verdicts_are(const struct ruleset *rs, const char *const *text, const enum verdict *want, size_t n)
{
	struct flow flow[4];
	struct flows flows = {flow, n, n};
	struct findings out;
	struct error err;

	for (size_t i = 0; i < n; i++)
		flow_make(&flow[i], text[i]);
	ck_assert_int_eq(verify_flows(&flows, rs, NULL, NULL, 1000, &out, &err), 0);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(
		        out.finding[i].verdict == want[i], "%s: %s", text[i], verdict_name(out.finding[i].verdict));
		flow_free(&flow[i]);
	}
	findings_fini(&out);
}

/* Port 0 is a port: what meets it is not the kind of all packets of the protocol. */
START_TEST(a_flow_of_port_zero_is_no_kind)
{
	static const char *const text[] = {"tcp 10.0.0.1/32 0-0 10.1.0.10/32 0 forward c0 s0",
	        "tcp 10.0.0.2/32 1024-65535 10.1.0.10/32 5061 forward c0 s0"};
	static const enum verdict want[] = {VERDICT_CONFORMANT, VERDICT_BLOCKED};
	struct ruleset *rs = ruleset_new();
	struct builder b;

	established(rs);
	builder_begin(&b, rs, 0, 2);
	builder_point(&b, RS_FIELD_L4PROTO, NULL, PROTO_TCP);
	builder_point(&b, RS_FIELD_DPORT, NULL, 0);
	rule_end(&b, RS_ACCEPT);
	verdicts_are(rs, text, want, 2);
	ruleset_free(rs);
}
END_TEST

/* Interfaces, protocols and phases are each a kind of their own. */
START_TEST(kinds_are_told_apart)
{
	static const char *const text[] = {"tcp 10.0.0.0/24 1024-65535 10.1.0.10/32 5061 forward c0 s0",
	        "tcp 10.0.0.0/24 1024-65535 10.1.0.10/32 5061 forward c1 s0",
	        "udp 10.0.0.0/24 1024-65535 10.1.0.10/32 5061 forward c0 s0",
	        "tcp 10.0.0.0/24 1024-65535 10.1.0.10/32 5061 input c0 s0"};
	static const enum verdict want[] = {VERDICT_CONFORMANT, VERDICT_BLOCKED, VERDICT_BLOCKED, VERDICT_CONFORMANT};
	struct ruleset *rs = ruleset_new();
	struct builder b;

	established(rs);
	builder_begin(&b, rs, 0, 2);
	builder_point(&b, RS_FIELD_L4PROTO, NULL, PROTO_TCP);
	builder_point(&b, RS_FIELD_IIFNAME, NULL, ifname_value("c0"));
	rule_end(&b, RS_ACCEPT);
	verdicts_are(rs, text, want, 4);
	ruleset_free(rs);
}
END_TEST

/* So many rules that the answer is given to all that no rule tells apart; a mask, or a prefix under one, tells them apart. */
static struct ruleset *many_rules(u128 mask, u128 value)
{
	struct ruleset *rs = ruleset_new();
	struct builder b;

	established(rs);
	builder_begin(&b, rs, 0, 2);
	builder_point(&b, RS_FIELD_NFPROTO, NULL, 2);
	builder_mask(&b, RS_FIELD_IP_DADDR, NULL, mask, value, false);
	rule_end(&b, RS_DROP);
	for (unsigned i = 0; i < 200; i++) {
		struct ranges r = {0};

		builder_begin(&b, rs, 0, 3 + i);
		builder_point(&b, RS_FIELD_NFPROTO, NULL, 2);
		ranges_add(&r, 0x0a000000 + i * 256, 0x0a000000 + i * 256 + 127);
		builder_ranges(&b, RS_FIELD_IP_SADDR, NULL, &r, false);
		rule_end(&b, i % 2 == 0 ? RS_ACCEPT : RS_DROP);
	}
	return rs;
}

static const struct {
	u128 mask, value;
	enum verdict even, odd; /* of a flow to an even, to an odd address */
} masks[] = {
        /* 0.0.0.1 under 0.0.0.1: odd addresses are dropped; no prefix. */
        {1, 1, VERDICT_PARTIAL, VERDICT_BLOCKED},
        /* The prefix 10.1.0.11/32, written as a mask. */
        {0xffffffff, 0x0a01000b, VERDICT_PARTIAL, VERDICT_BLOCKED},
        /* Another network. */
        {0xffff0000, 0x0a020000, VERDICT_PARTIAL, VERDICT_PARTIAL},
};

START_TEST(a_wide_answer_is_cut_where_a_mask_tells_apart)
{
	static const char *const text[] = {"tcp 10.0.0.0/8 1024-65535 10.1.0.10/32 5061 forward c0 s0",
	        "tcp 10.0.0.0/8 1024-65535 10.1.0.11/32 5061 forward c0 s0"};
	const enum verdict want[] = {masks[_i].even, masks[_i].odd};
	struct ruleset *rs = many_rules(masks[_i].mask, masks[_i].value);

	verdicts_are(rs, text, want, 2);
	ruleset_free(rs);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify_kinds");
	TCase *t = tcase_create("all");

	tcase_add_test(t, a_flow_of_port_zero_is_no_kind);
	tcase_add_test(t, kinds_are_told_apart);
	tcase_add_loop_test(t, a_wide_answer_is_cut_where_a_mask_tells_apart, 0, sizeof(masks) / sizeof(masks[0]));
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
