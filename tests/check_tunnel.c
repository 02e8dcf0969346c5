/* links: nft verify ruleset base */
/*
 * Rules that ask how IPsec treats a packet, against policies of a real kernel in a network namespace of its own: what the
 * verifier says of flows, as a table of rules, policies and verdicts, and what of it changes when the policies do. Needs
 * root, nft, ip and iptables-nft.
 */
#include "tunnel_scene.h"

static const struct {
	const char *name, *rule, *policies, *flow;
	enum verdict verdict;
	const char *atom; /**< part of its name, for indeterminate */
	bool accept; /**< the chain's policy */
} cases[] = {
        {"no policy: nothing comes through a tunnel", "meta ipsec missing accept", "", ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, false},
        {"no policy: asked for the tunnel", "meta ipsec exists accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL, false},
        {"no policy: what comes through a tunnel is dropped", "meta ipsec exists drop", "", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"no policy: nothing leaves through one", "rt ipsec exists accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL,
                false},
        {"no policy: no number", "ipsec in reqid 7 accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL, false},
        {"no policy: no other number either", "ipsec in reqid != 7 accept", "", ALL_FORWARD, VERDICT_BLOCKED, NULL,
                false},
        {"no policy: iptables none", "-m policy --dir in --pol none -j ACCEPT", "", ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, false},
        {"no policy: iptables ipsec", "-m policy --dir in --pol ipsec -j ACCEPT", "", ALL_FORWARD, VERDICT_BLOCKED,
                NULL, false},
        {"no policy: iptables not out", "-m policy --dir out --pol ipsec --reqid 7 -j DROP", "", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a tunnel", "meta ipsec exists accept", FORWARD "; " BACK " dir fwd " ESP, ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, false},
        {"a tunnel one way: replies come plain", "meta ipsec exists accept", FORWARD, ALL_FORWARD, VERDICT_BLOCKED,
                NULL, false},
        {"a tunnel, plain wanted", "meta ipsec missing accept", FORWARD, ALL_FORWARD, VERDICT_BLOCKED, NULL, false},
        {"a tunnel for half of the sources", "meta ipsec missing accept",
                "src 10.0.0.0/25 dst 10.1.0.0/16 dir fwd " ESP, ALL_FORWARD, VERDICT_PARTIAL, NULL, false},
        {"a tunnel for half of the sources, dropped", "meta ipsec exists drop",
                "src 10.0.0.0/25 dst 10.1.0.0/16 dir fwd " ESP, ALL_FORWARD, VERDICT_PARTIAL, NULL, true},
        {"a tunnel for another protocol", "meta ipsec exists drop", THERE " proto udp dir fwd " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a tunnel for another port", "meta ipsec exists drop", THERE " proto tcp dport 443 dir fwd " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a tunnel for the port", "meta ipsec exists drop", THERE " proto tcp dport 5061 dir fwd " ESP, ALL_FORWARD,
                VERDICT_BLOCKED, NULL, true},
        {"a tunnel in the other direction of the host", "meta ipsec exists drop", THERE " dir in " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"bypass before the tunnel", "meta ipsec exists drop",
                THERE " dir fwd priority 20 " ESP "; src 10.0.0.0/16 dst 10.1.0.10 dir fwd priority 10", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"bypass behind the tunnel", "meta ipsec exists drop",
                THERE " dir fwd priority 20 " ESP "; src 10.0.0.0/16 dst 10.1.0.10 dir fwd priority 30", ALL_FORWARD,
                VERDICT_BLOCKED, NULL, true},
        {"bypass of equal priority, the older first", "meta ipsec exists drop",
                "src 10.0.0.0/16 dst 10.1.0.10 dir fwd priority 20; " THERE " dir fwd priority 20 " ESP, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"a block", "meta ipsec exists drop", THERE " dir fwd action block", ALL_FORWARD, VERDICT_INDETERMINATE,
                "meta ipsec@filter/forward#2: blocking policy", true},
        {"out through a tunnel", "rt ipsec exists drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED, NULL,
                true},
        {"replies out through a tunnel", "rt ipsec exists drop", BACK " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED,
                NULL, true},
        {"its number", "ipsec out reqid 8 drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"another number", "ipsec out reqid 9 drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_CONFORMANT, NULL,
                true},
        {"not another number", "ipsec out reqid != 9 drop", THERE " dir out " ESP_OUT, ALL_FORWARD, VERDICT_BLOCKED,
                NULL, true},
        {"no number on the way out is none", "ipsec out reqid 9 drop",
                THERE " dir out tmpl src 192.0.2.2 dst 192.0.2.1 proto esp mode tunnel", ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"no number on the way in is any", "ipsec in reqid 9 drop",
                THERE " dir fwd tmpl src 192.0.2.2 dst 192.0.2.1 proto esp mode tunnel", ALL_FORWARD,
                VERDICT_INDETERMINATE, "ipsec@filter/forward#2: template that leaves it open", true},
        {"the end of the tunnel", "ipsec in ip saddr 192.0.2.1 drop", FORWARD, ALL_FORWARD, VERDICT_BLOCKED, NULL,
                true},
        {"another end", "ipsec in ip saddr 192.0.2.9 drop", FORWARD, ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"an end of the other family", "ipsec in ip6 saddr != fd00::1 drop", FORWARD, ALL_FORWARD, VERDICT_CONFORMANT,
                NULL, true},
        {"the other transformation", "ipsec in spnum 1 reqid 7 drop", FORWARD, ALL_FORWARD, VERDICT_CONFORMANT, NULL,
                true},
        {"the SPI", "ipsec in spi 7 drop", FORWARD, ALL_FORWARD, VERDICT_INDETERMINATE, "template that leaves it open",
                true},
        {"two templates, the outermost first on the way in", "ipsec in spnum 0 reqid 7 drop",
                THERE " dir fwd tmpl proto ah reqid 6 mode transport " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"two templates, the innermost first on the way out", "ipsec out spnum 0 reqid 6 drop",
                THERE " dir out tmpl proto ah reqid 6 mode transport " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"iptables with everything",
                "-m policy --dir in --pol ipsec --strict --reqid 7 --proto esp --mode tunnel "
                "--tunnel-src 192.0.2.0/24 --tunnel-dst 192.0.2.2 -j DROP",
                FORWARD, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"iptables with another protocol", "-m policy --dir in --pol ipsec --proto ah -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"iptables with not this protocol", "-m policy --dir in --pol ipsec ! --proto ah -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_BLOCKED, NULL, true},
        {"iptables with another end",
                "-m policy --dir in --pol ipsec --strict --mode tunnel --tunnel-src 192.0.2.9 -j DROP", FORWARD,
                ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"iptables in transport mode", "-m policy --dir in --pol ipsec --mode transport -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"iptables strict with one too many",
                "-m policy --dir in --pol ipsec --strict --reqid 7 --next --reqid 8 -j DROP", FORWARD, ALL_FORWARD,
                VERDICT_CONFORMANT, NULL, true},
        {"iptables strict on the way out, in order",
                "-m policy --dir out --pol ipsec --strict --reqid 6 --next --reqid 7 -j DROP",
                THERE " dir out tmpl proto ah reqid 6 mode transport " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL, true},
        {"iptables none in a tunnel", "-m policy --dir in --pol none -j DROP", FORWARD "; " BACK " dir fwd " ESP,
                ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"optional", "meta ipsec exists drop",
                THERE " dir fwd tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel level use", ALL_FORWARD,
                VERDICT_INDETERMINATE, "meta ipsec@filter/forward#2: optional template", true},
        {"optional compression in a tunnel that is not", "meta ipsec exists drop",
                THERE " dir fwd tmpl proto comp mode transport level use " ESP, ALL_FORWARD, VERDICT_BLOCKED, NULL,
                true},
        {"optional compression, asked for the number", "ipsec in reqid 7 drop",
                THERE " dir fwd tmpl proto comp mode transport level use " ESP, ALL_FORWARD, VERDICT_INDETERMINATE,
                "optional template", true},
        {"a mark", "meta ipsec exists drop", THERE " dir fwd mark 5 mask 0xff " ESP, ALL_FORWARD, VERDICT_INDETERMINATE,
                "policy with a mark", true},
        {"a virtual interface", "meta ipsec exists drop", THERE " dir fwd if_id 5 " ESP, ALL_FORWARD,
                VERDICT_INDETERMINATE, "policy of a virtual interface (if_id)", true},
        {"an interface", "meta ipsec exists drop", THERE " dev c0 dir fwd " ESP, ALL_FORWARD, VERDICT_INDETERMINATE,
                "policy of one interface", true},
        {"a mark elsewhere", "meta ipsec exists drop", "src 10.9.0.0/16 dst 10.1.0.0/16 dir fwd mark 5 " ESP,
                ALL_FORWARD, VERDICT_CONFORMANT, NULL, true},
        {"transport mode to the device", "meta ipsec exists accept",
                "src 10.0.0.0/16 dst 10.0.255.254 dir in tmpl proto esp mode transport", ALL_INPUT, VERDICT_CONFORMANT,
                NULL, false},
        {"transport mode of the way out is not of the way in", "meta ipsec exists accept",
                "src 10.0.255.254 dst 10.0.0.0/16 dir out tmpl proto esp mode transport", ALL_INPUT, VERDICT_BLOCKED,
                NULL, false},
        {"a forward policy says nothing of input", "meta ipsec exists accept",
                "src 0.0.0.0/0 dst 0.0.0.0/0 dir fwd " ESP, ALL_INPUT, VERDICT_BLOCKED, NULL, false},
        {"replies of the device leave in transport mode", "rt ipsec exists accept",
                "src 10.0.255.254 dst 10.0.0.0/16 dir out tmpl proto esp mode transport", ALL_INPUT, VERDICT_CONFORMANT,
                NULL, false},
        {"icmp has no ports to compare", "meta ipsec exists drop", THERE " proto icmp type 8 dir fwd " ESP,
                "icmp 10.0.0.0/24 0-0 10.1.0.10 0-0", VERDICT_INDETERMINATE, "ports that cannot be compared", true},
};

static const char *chain_of(const char *rule, const char *flow)
{
	bool out = strstr(rule, "rt ipsec") != NULL || strstr(rule, "--dir out") != NULL;

	return strstr(flow, " input") == NULL ? "forward" : out ? "output" : "input";
}

START_TEST(flows_are_decided_by_policies)
{
	struct flow flow;
	struct ruleset *rs;
	struct findings found;

	namespace_make();
	policies_set(cases[_i].policies);
	rules_set(cases[_i].rule, chain_of(cases[_i].rule, cases[_i].flow), !cases[_i].accept);
	flow_make(&flow, cases[_i].flow);
	rs = kernel_read(true);
	found = flow_verify(&flow, rs, NULL);
	ck_assert_msg(found.finding[0].verdict == cases[_i].verdict, "%s: %s%s%s", cases[_i].name,
	        verdict_name(found.finding[0].verdict), found.finding[0].evidence->n_atom > 0 ? ", " : "",
	        found.finding[0].evidence->n_atom > 0 ? found.finding[0].evidence->atom[0] : "");
	ck_assert_msg(cases[_i].atom == NULL || strstr(found.finding[0].evidence->atom[0], cases[_i].atom) != NULL,
	        "%s: %s", cases[_i].name, found.finding[0].evidence->atom[0]);
	findings_fini(&found);
	flow_free(&flow);
	ruleset_free(rs);
	namespace_close();
}
END_TEST

START_TEST(without_policies_it_stays_open)
{
	static const struct {
		const char *rule, *atom;
		bool known; /* that they cannot be read */
	} open[] = {{"meta ipsec missing accept", "meta ipsec@filter/forward#2", false},
	        {"meta ipsec missing accept", "meta ipsec@filter/forward#2: IPsec policies cannot be read", true},
	        {"-m policy --dir in --pol none -j ACCEPT", "policy@ip filter/FORWARD#2", false}};
	struct assumption fixed = {.name = (char[]){"no tunnels"}, .pattern = (char[]){"meta ipsec@*"}, .value = true};
	struct site site = {.assumption = &fixed, .n_assumption = 1};

	namespace_make();
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		struct flow flow;
		struct findings found;

		rules_set(open[i].rule, "forward", true);
		struct ruleset *rs = kernel_read(false);
		rs->policies = open[i].known ? ipsec_unreadable("denied") : NULL;
		flow_make(&flow, ALL_FORWARD);
		found = flow_verify(&flow, rs, NULL);
		ck_assert_int_eq(found.finding[0].verdict, VERDICT_INDETERMINATE);
		ck_assert_str_eq(found.finding[0].evidence->atom[0], open[i].atom);
		findings_fini(&found);
		if (i < 2) {
			found = flow_verify(&flow, rs, &site);
			ck_assert_int_eq(found.finding[0].verdict, VERDICT_CONFORMANT);
			ck_assert_str_eq(found.finding[0].evidence->assumed[0], "no tunnels");
			findings_fini(&found);
		}
		flow_free(&flow);
		ruleset_free(rs);
	}
	namespace_close();
}
END_TEST

/* What the kernel lets in though no policy asks for it: packets that an association in transport mode protects. */
START_TEST(associations_beside_policies_leave_it_open)
{
	static const struct {
		const char *policies, *flow, *atom; /* NULL: conformant */
	} open[] = {{"", ALL_INPUT, "security associations without a policy"}, {"", ALL_FORWARD, NULL},
	        {"src 10.0.0.0/25 dst 10.0.255.254 proto udp dir in tmpl proto esp mode transport", ALL_INPUT,
	                "transport mode outside its policy"},
	        {"src 10.9.0.0/25 dst 10.0.255.254 proto udp dir in tmpl proto esp mode transport", ALL_INPUT, NULL},
	        {"src 10.9.0.0/25 dst 10.0.0.0/8 dir in " ESP, ALL_INPUT, NULL}};

	namespace_make();
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		struct flow flow;
		struct findings found;
		struct ruleset *rs;

		policies_set(open[i].policies);
		rules_set("meta ipsec exists drop", chain_of("", open[i].flow), false);
		rs = kernel_read(true);
		ck_assert_uint_eq(rs->policies->n_association, 0);
		rs->policies->n_association = 1;
		flow_make(&flow, open[i].flow);
		found = flow_verify(&flow, rs, NULL);
		ck_assert_msg(
		        found.finding[0].verdict == (open[i].atom != NULL ? VERDICT_INDETERMINATE : VERDICT_CONFORMANT),
		        "%zu: %s", i, verdict_name(found.finding[0].verdict));
		if (open[i].atom != NULL)
			ck_assert_ptr_nonnull(strstr(found.finding[0].evidence->atom[0], open[i].atom));
		findings_fini(&found);
		flow_free(&flow);
		ruleset_free(rs);
	}
	namespace_close();
}
END_TEST

/* A published flow: on the way in the policy is for what arrives, on the way out for what the listener sees. */
START_TEST(translated_packets_are_looked_up_as_the_kernel_does)
{
	static const struct {
		const char *rule, *policies;
		enum verdict verdict;
	} want[] = {{"meta ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 dir fwd " ESP, VERDICT_BLOCKED},
	        {"meta ipsec exists drop", THERE " dir fwd " ESP, VERDICT_CONFORMANT},
	        {"meta ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 proto tcp dport 443 dir fwd " ESP,
	                VERDICT_BLOCKED},
	        {"meta ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 proto tcp dport 5061 dir fwd " ESP,
	                VERDICT_CONFORMANT},
	        {"rt ipsec exists drop", THERE " proto tcp dport 5061 dir out " ESP_OUT, VERDICT_BLOCKED},
	        {"rt ipsec exists drop", "src 10.0.0.0/16 dst 203.0.113.9 dir out " ESP_OUT, VERDICT_CONFORMANT}};

	namespace_make();
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct flow flow;
		struct findings found;
		struct ruleset *rs;

		policies_set(want[i].policies);
		rules_set(want[i].rule, "forward", false);
		ck_assert_int_eq(shell("nft 'add table ip n; add chain ip n p { type nat hook prerouting priority "
		                       "-100; }; add rule ip n p ip daddr 203.0.113.9 tcp dport 443 dnat to "
		                       "10.1.0.10:5061'"),
		        0);
		rs = kernel_read(true);
		flow_make(&flow, "tcp 10.0.0.0/24 1024-65535 203.0.113.9 443 forward c0 s0 inside 10.1.0.10 5061");
		found = flow_verify(&flow, rs, NULL);
		ck_assert_msg(found.finding[0].verdict == want[i].verdict, "%zu: %s", i,
		        verdict_name(found.finding[0].verdict));
		findings_fini(&found);
		flow_free(&flow);
		ruleset_free(rs);
	}
	namespace_close();
}
END_TEST

/* Only policies are others now: rules that ask about them give other verdicts, and nothing is asked again otherwise. */
START_TEST(other_policies_are_verified_again)
{
	static const struct {
		const char *rule;
		size_t flows; /* verified again */
		enum verdict verdict;
	} rules[] = {{"meta ipsec exists drop", 1, VERDICT_BLOCKED}, {"tcp dport 5061 accept", 0, VERDICT_CONFORMANT}};
	struct network net = {.known = false};
	struct site site = {.group = NULL};

	namespace_make();
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct verification *v = verification_new();
		struct flow flow;
		struct flows flows = {&flow, 1, 1};
		struct findings before, after;
		struct openings openings;
		struct error err;
		struct ruleset *old, *new;

		flow_make(&flow, ALL_FORWARD);
		policies_set("");
		rules_set(rules[i].rule, "forward", false);
		old = kernel_read(true);
		struct verification_input in = {&flows, old, &site, &net, 1000};
		ck_assert_int_eq(verification_run(v, &in, NULL, &before, &openings, &err), 0);
		openings_fini(&openings);
		ck_assert_int_eq(before.finding[0].verdict, VERDICT_CONFORMANT);
		policies_set(FORWARD);
		new = kernel_read(true);
		in.rs = new;
		ck_assert_int_eq(verification_run(v, &in, &before, &after, &openings, &err), 0);
		ck_assert_uint_eq(verification_flows(v), rules[i].flows);
		ck_assert_int_eq(after.finding[0].verdict, rules[i].verdict);
		openings_fini(&openings);
		findings_fini(&before);
		findings_fini(&after);
		verification_free(v);
		ruleset_free(old);
		ruleset_free(new);
		flow_free(&flow);
	}
	namespace_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tunnel");
	TCase *c = tcase_create("tunnel");
	SRunner *r;
	int failed;

	if (geteuid() != 0) {
		puts("not root: skipped");
		return 77;
	}
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, flows_are_decided_by_policies, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(c, without_policies_it_stays_open);
	tcase_add_test(c, associations_beside_policies_leave_it_open);
	tcase_add_test(c, translated_packets_are_looked_up_as_the_kernel_does);
	tcase_add_test(c, other_policies_are_verified_again);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
