/* links: verify ruleset base */
/*
 * Single packets, as `explain` answers for them, where conntrack does not call the first packet new, or does not see it:
 * what the kernel was found to do with them. Rulesets are those of tests/data/verify.
 */
#include "verify_support.h"

static const struct {
	const char *ruleset, *packet;
	enum verdict verdict;
	const char *reason; /**< part of it */
} cases[] = {
        {"untracked", "icmp 10.0.0.5 > 10.1.0.10", VERDICT_CONFORMANT, NULL},
        {"untracked", "icmp 10.0.0.5 > 10.1.0.10 type 13", VERDICT_CONFORMANT, NULL},
        /* An answer that nobody asked for, and a type that there is not, are invalid. */
        {"untracked", "icmp 10.0.0.5 > 10.1.0.10 type 0", VERDICT_BLOCKED, NULL},
        {"untracked", "icmp 10.0.0.5 > 10.1.0.10 type 150", VERDICT_BLOCKED, NULL},
        {"untracked", "icmpv6 fd00::5 > fd01::10 type 129", VERDICT_BLOCKED, NULL},
        {"untracked", "icmpv6 fd00::5 > fd01::10 type 139", VERDICT_CONFORMANT, NULL},
        /* An error is related to the connection that it quotes. */
        {"untracked", "icmp 10.0.0.5 > 10.1.0.10 type 3", VERDICT_INDETERMINATE, "connection of an ICMP error"},
        {"untracked", "icmpv6 fd00::5 > fd01::10 type 2", VERDICT_INDETERMINATE, "connection of an ICMP error"},
        {"untracked", "icmpv6 fd00::5 > fd01::10 type 1", VERDICT_INDETERMINATE, "icmp code"},
        /* Messages between neighbours are left alone. */
        {"untracked", "icmpv6 fd00::5 > fd01::10 type 135", VERDICT_CONFORMANT, NULL},
        {"untracked", "icmpv6 fd00::5 > fd01::10 type 136", VERDICT_BLOCKED, NULL},
        /* `th dport` reads whatever stands there, unless a protocol was asked for. */
        {"untracked", "icmp 10.0.0.5 > 10.1.0.40", VERDICT_INDETERMINATE, "port match on a protocol without ports"},
        {"untracked", "89 10.0.0.5 > 10.1.0.40", VERDICT_INDETERMINATE, "port match on a protocol without ports"},
        {"untracked", "icmp 10.0.0.5 > 10.1.0.50", VERDICT_CONFORMANT, NULL},
        {"untracked", "icmp 10.0.0.5 > 10.1.0.60", VERDICT_CONFORMANT, NULL},
        {"untracked", "udp 10.0.0.5:1000 > 10.1.0.60:53", VERDICT_CONFORMANT, NULL},
        {"untracked", "tcp 10.0.0.5:1000 > 10.1.0.60:53", VERDICT_BLOCKED, NULL},
        /* notrack acts also where the verdict map, or a later match, does not. */
        {"untracked", "udp 10.0.0.5:1024 > 10.2.0.1:7001", VERDICT_CONFORMANT, NULL},
        {"untracked", "udp 10.0.0.5:80 > 10.2.0.1:7001", VERDICT_CONFORMANT, NULL},
        {"untracked", "udp 10.0.0.5:80 > 10.2.0.1:7002", VERDICT_CONFORMANT, NULL},
        {"untracked", "udp 10.0.0.5:80 > 10.2.0.1:7003", VERDICT_BLOCKED, NULL},
        /* A second packet may come before the first is answered. */
        {"untracked", "udp 10.0.0.5:80 > 10.2.0.1:9000", VERDICT_INDETERMINATE, "ct status"},
        /* Nothing makes the kernel track IPv4 here: the chain runs only if something else does. */
        {"idle-nat", "tcp 10.0.0.5:1000 > 10.1.0.10:80", VERDICT_INDETERMINATE, "connection tracking in use"},
        {"idle-nat", "tcp 10.0.0.5:1000 > 10.1.0.10:81", VERDICT_CONFORMANT, NULL},
};

START_TEST(packet_meets_what_the_kernel_does)
{
	struct ruleset *rs = ruleset_load(cases[_i].ruleset);
	struct packet p;
	struct trace trace;
	struct error err;

	ck_assert_msg(packet_parse(cases[_i].packet, &p, &err) == 0, "%s", cases[_i].packet);
	snprintf(p.iif, sizeof(p.iif), "c0");
	snprintf(p.oif, sizeof(p.oif), "s0");
	ck_assert_int_eq(verify_explain(&p, NULL, NULL, rs, NULL, 0, &trace, &err), 0);
	ck_assert_msg(trace.verdict == cases[_i].verdict, "%s: %s (%s)", cases[_i].packet, verdict_name(trace.verdict),
	        trace.reason != NULL ? trace.reason : "");
	if (cases[_i].reason != NULL)
		ck_assert_msg(strstr(trace.reason, cases[_i].reason) != NULL, "%s", trace.reason);
	trace_fini(&trace);
	ruleset_free(rs);
}
END_TEST

/** A published flow whose replies conntrack does not see: they come back with the inside address. */
START_TEST(untracked_reply_of_a_translated_flow_is_misdirected)
{
	static const char *const text[] = {"tcp 10.0.0.8 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443",
	        "tcp 10.0.0.9 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443"};
	static const enum verdict want[] = {VERDICT_CONFORMANT, VERDICT_MISDIRECTED};

	for (int i = 0; i < 2; i++) {
		struct ruleset *rs = ruleset_load("untracked");
		struct flow flow;
		struct findings out;

		flow_make(&flow, text[i]);
		out = flow_verify(&flow, rs, NULL);
		ck_assert_msg(
		        out.finding[0].verdict == want[i], "%s: %s", text[i], verdict_name(out.finding[0].verdict));
		findings_fini(&out);
		flow_free(&flow);
		ruleset_free(rs);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify_packet");
	TCase *t = tcase_create("conntrack");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, packet_meets_what_the_kernel_does, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, untracked_reply_of_a_translated_flow_is_misdirected);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
