/* links: verify ruleset base */
/*
 * The verification against the second engine on rulesets as the kernel holds them: the oracle's generators make them, nft
 * and iptables load them into a network namespace, the reader reads them back. Needs root; skipped with the reason
 * otherwise.
 */
#include "bdd_engine.h"
#include "netlink_dump.h"
#include "oracle/oracle.h"
#include "verify_support.h"

#define RULESETS 250
#define FLOWS 16

static struct ruleset *ruleset_loaded(void)
{
	uint32_t kind = draw(10);
	char *text = kind < 7 ? generate_nft() : generate_iptables(kind < 9 ? KIND_IPTABLES : KIND_IP6TABLES), *all;
	const char *restore = kind < 9 ? "iptables-nft-restore 2>/dev/null" : "ip6tables-nft-restore 2>/dev/null";
	struct ruleset *rs = NULL;
	struct error err;
	bool loaded;

	all = xasprintf("flush ruleset\n%s", kind < 7 ? text : "");
	loaded = run_with_input("nft -f - 2>/dev/null", all) == 0 && (kind < 7 || run_with_input(restore, text) == 0);
	free(all);
	free(text);
	if (loaded) {
		struct dumped d = netlink_dump();

		ck_assert_int_eq(ruleset_parse_netlink(d.bytes, d.len, &rs, &err), 0);
		free(d.bytes);
	}
	return rs;
}

static void flow_draw(struct flow *f)
{
	static const char *const paths[] = {"forward", "forward", "forward", "input", "output"};
	const char *path = paths[draw(5)], *in = oracle_names[draw(DEVICES)], *out = oracle_names[draw(DEVICES)];
	bool four = draw(5) < 3;
	const char *proto = (const char *[]){"tcp", "tcp", "udp", "udp", four ? "icmp" : "icmpv6"}[draw(5)];
	unsigned a = 1 + draw(30), b = 1 + draw(30), p = 995 + draw(40), q = 1000 + draw(40);
	char text[256];

	snprintf(text, sizeof(text),
	        four ? "%s 10.%u.0.%u-10.%u.0.%u %u-%u 10.%u.0.%u-10.%u.0.%u %u-%u %s %s %s"
	             : "%s fd0%u::%x-fd0%u::%x %u-%u fd0%u::%x-fd0%u::%x %u-%u %s %s %s",
	        proto, a % 2, a, a % 2, a + draw(12), q, q + draw(2000), b % 2, b, b % 2, b + draw(12), p, p + draw(20),
	        path, in, out);
	flow_make(f, text);
	/* Now and then wider than what any rule speaks of. */
	if (draw(4) == 0)
		f->leg[0].source.hi += draw(200);
	if (draw(4) == 0)
		f->leg[0].destination.hi += draw(200);
}

struct comparison {
	unsigned compared, open, unsupported, narrower, verdict[VERDICT_N];
};

/** Where a condition is open the one engine may know more than the other, but never the opposite. */
static bool agree(const struct bdd_answer *a, enum verdict v)
{
	switch (v) {
	case VERDICT_CONFORMANT:
		return a->surely == a->size && !a->astray;
	case VERDICT_BLOCKED:
		/* Some may go astray as well, where it takes a later phase to say that none passes. */
		return a->perhaps == 0;
	case VERDICT_PARTIAL:
		return a->perhaps > 0 && a->surely < a->size && !a->astray;
	case VERDICT_MISDIRECTED:
		return a->astray;
	default:
		return v == VERDICT_INDETERMINATE;
	}
}

static void compare(uint64_t ruleset_seed, const struct ruleset *rs, struct flow *flow, struct comparison *tally)
{
	struct bdd_answer a = bdd_engine_ask(rs, flow);
	struct findings out;
	const struct finding *f;

	tally->unsupported += a.unsupported != NULL;
	if (a.unsupported != NULL)
		return;
	out = flow_verify(flow, rs, NULL);
	f = &out.finding[0];
	if (!agree(&a, f->verdict)) {
		char *text = ruleset_print(rs);

		ck_abort_msg("seed %llu: %s: %s, but %.0f to %.0f of %.0f pass%s\n%s", (unsigned long long)ruleset_seed,
		        flow->label, verdict_name(f->verdict), a.surely, a.perhaps, a.size,
		        a.astray ? ", some go astray" : "", text);
	}
	tally->compared++;
	tally->open += a.open;
	tally->narrower += f->verdict == VERDICT_INDETERMINATE && a.surely == a.perhaps && !a.astray;
	tally->verdict[f->verdict]++;
	findings_fini(&out);
}

START_TEST(verdicts_on_loaded_rulesets_are_those_of_decision_diagrams)
{
	struct comparison tally = {0};

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	for (int d = 0; d < DEVICES; d++) {
		char *command = xasprintf("ip tuntap add %s mode tun", oracle_names[d]);

		ck_assert_int_eq(system(command), 0);
		free(command);
	}
	oracle_seed = 31337;
	bdd_engine_start(400000);
	for (unsigned i = 0; i < RULESETS; i++) {
		uint64_t ruleset_seed = oracle_seed;
		struct ruleset *rs = ruleset_loaded();

		for (unsigned k = 0; rs != NULL && k < FLOWS; k++) {
			struct flow flow;

			flow_draw(&flow);
			compare(ruleset_seed, rs, &flow, &tally);
			flow_free(&flow);
		}
		ruleset_free(rs);
	}
	bdd_engine_stop();
	fprintf(stderr,
	        "%u compared (%u with open conditions), %u not supported, %u that only the second engine decides; ",
	        tally.compared, tally.open, tally.unsupported, tally.narrower);
	fprintf(stderr, "%u conformant, %u partial, %u blocked, %u misdirected\n", tally.verdict[VERDICT_CONFORMANT],
	        tally.verdict[VERDICT_PARTIAL], tally.verdict[VERDICT_BLOCKED], tally.verdict[VERDICT_MISDIRECTED]);
	ck_assert_uint_gt(tally.compared, RULESETS * FLOWS / 2);
	ck_assert_uint_lt(tally.narrower, tally.compared / 50);
	ck_assert_uint_gt(tally.verdict[VERDICT_PARTIAL], 20);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify_bdd_rulesets");
	TCase *t = tcase_create("second engine");
	SRunner *r = srunner_create(s);
	int failed;

	if (!can_load_rulesets()) {
		fprintf(stderr, "skipped: needs root and nft to load rulesets into a network namespace\n");
		srunner_free(r);
		return 77;
	}
	tcase_set_timeout(t, 240);
	tcase_add_test(t, verdicts_on_loaded_rulesets_are_those_of_decision_diagrams);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
