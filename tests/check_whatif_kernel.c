/* links: conformance verify ruleset base */
/*
 * Cures in the kernel: rulesets are loaded in a network namespace, what does not pass there though it would without them is a
 * regression, and nft puts the lines of its cure into the kernel's ruleset. What is read back then lets the flow pass, no
 * other flow passes less, and nothing else is open. Needs root and nft; skipped with the reason otherwise.
 */
#include <sched.h>
#include <unistd.h>

#include "verify_generate.h"
#include "whatif_scene.h"

static bool nft(const char *commands)
{
	FILE *f = popen("nft -f - 2>/dev/null", "w");

	ck_assert_ptr_nonnull(f);
	fputs(commands, f);
	return pclose(f) == 0;
}

static struct ruleset *kernel_ruleset(void)
{
	struct text json = {0};
	struct ruleset *rs;
	struct error err = {0};
	char buf[4096];
	size_t n;
	FILE *f = popen("nft -j list ruleset", "r");

	ck_assert_ptr_nonnull(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&json, buf, n);
	ck_assert_int_eq(pclose(f), 0);
	ck_assert_msg(ruleset_parse_json(text_str(&json), json.len, &rs, &err) == 0, "%s: %s", err.where, err.text);
	text_fini(&json);
	return rs;
}

struct tally {
	unsigned regressions, cured, uncured, lines, unread;
};

/** 0: passes; the larger the worse. */
static int badness(enum verdict v)
{
	return v == VERDICT_CONFORMANT ? 0 : v == VERDICT_PARTIAL ? 1 : 2;
}

/** Cure one regression in the kernel, which has the ruleset `text`, and look what that did. */
static void cure(const char *text, const struct place *p, const struct ruleset *then, const struct whatif_flow *bad)
{
	struct text commands = {0};
	struct ruleset *cured;
	struct whatif w;
	const struct whatif_cure *c = &bad->cure;

	for (size_t i = 0; i < c->n; i++)
		text_addf(&commands, "%s\n", c->line[i]);
	ck_assert_msg(nft(text_str(&commands)), "nft refuses\n%s for\n%s", text_str(&commands), text);
	cured = kernel_ruleset();
	compare(p, then, p, cured, &w);
	ck_assert_uint_eq(w.flows[WHATIF_REGRESSION].total, 0);
	for (size_t i = 0; i < w.flows[WHATIF_CHANGE].n; i++) {
		const struct whatif_flow *f = &w.flows[WHATIF_CHANGE].item[i];

		ck_assert_msg(badness(f->then->verdict) <= badness(f->now->verdict), "%s is worse with\n%s",
		        f->flow->label, text_str(&commands));
	}
	bool passes = false;
	for (size_t i = 0; i < w.flows[WHATIF_REPAIR].n; i++)
		passes = passes || w.flows[WHATIF_REPAIR].item[i].flow == bad->flow;
	ck_assert_msg(passes, "%s does not pass with\n%sin\n%s", bad->flow->label, text_str(&commands), text);
	ck_assert_msg(w.opened.n == 0, "%s is open with\n%sin\n%s", w.opened.n > 0 ? w.opened.item[0]->label : "",
	        text_str(&commands), text);
	whatif_fini(&w);
	ruleset_free(cured);
	text_fini(&commands);
}

/** What a ruleset would be if nothing in it dropped. */
static struct ruleset *kernel_ruleset_without_drops(void)
{
	struct ruleset *rs = kernel_ruleset();

	for (size_t i = 0; i < rs->n_chain; i++) {
		rs->chain[i].policy = RS_ACCEPT;
		for (size_t k = 0; k < rs->chain[i].n_rule; k++)
			if (rs->chain[i].rule[k].verdict.code == RS_DROP)
				rs->chain[i].rule[k].verdict.code = RS_CONTINUE;
	}
	for (size_t i = 0; i < rs->n_set; i++)
		for (size_t k = 0; k < rs->set[i].n_element; k++)
			if (rs->set[i].element[k].verdict.code == RS_DROP)
				rs->set[i].element[k].verdict.code = RS_CONTINUE;
	return rs;
}

/** All regressions that a ruleset is, against the same without what it drops. */
static void cures_are_true(const char *text, struct place *p, struct tally *tally)
{
	struct ruleset *now, *then;
	struct text anew = {0};
	struct whatif w;

	text_addf(&anew, "flush ruleset\n%s", text);
	if (!nft(text_str(&anew))) {
		tally->unread++;
		text_fini(&anew);
		return;
	}
	then = kernel_ruleset();
	now = kernel_ruleset_without_drops();
	compare(p, now, p, then, &w);
	for (size_t i = 0; i < w.flows[WHATIF_REGRESSION].n; i++) {
		const struct whatif_flow *bad = &w.flows[WHATIF_REGRESSION].item[i];

		tally->regressions++;
		tally->uncured += bad->cure.n == 0;
		ck_assert_msg((bad->cure.n > 0) == (bad->cure.why == NULL), "%s", bad->flow->label);
		if (bad->cure.n == 0 || bad->cure.n_more > 0)
			fprintf(stderr, "%s: %s, and %zu more lines\n", bad->flow->label, bad->cure.why,
			        bad->cure.n_more);
		if (bad->cure.n == 0 || bad->cure.n_more > 0)
			continue;
		tally->cured++;
		tally->lines += (unsigned)bad->cure.n;
		/* Handles of a ruleset that is loaded again are the same. */
		ck_assert(nft(text_str(&anew)));
		cure(text, p, then, bad);
	}
	whatif_fini(&w);
	text_fini(&anew);
	ruleset_free(now);
	ruleset_free(then);
}

static const struct {
	const char *ruleset;
	const char *flow[WHATIF_FLOWS];
} scenarios[] = {
        {"stateful",
                {"tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061", "tcp 10.0.0.0/23 1024-65535 10.1.0.8-10.1.0.15 440-446",
                        "udp 10.0.0.0/23 1024-65535 10.1.0.0/28 3477-3479",
                        "tcp fd00::1:0/112 1024-65535 fd01::1:0/112 442-444"}},
        {"stateless", {"tcp 10.0.0.0/16 1024-65535 10.1.0.0/28 5060-5062", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/28 443",
                              "udp 10.0.0.0/24 1024-65535 10.1.0.0/28 3477-3479"}},
        {"jumps", {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/22 5060-5066", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/28 440-446",
                          "tcp 10.0.0.0/24 1024-65535 10.1.2.0/23 24-26",
                          "udp 10.0.0.0/24 1024-65535 10.1.2.0/23 52-54"}},
        {"vmaps",
                {"tcp 10.0.0.0/22 1024-65535 10.1.0.0/24 5058-5064", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 990-2010",
                        "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 1-100"}},
        {"concats",
                {"tcp 10.0.0.0/23 1024-65535 10.1.0.8-10.1.0.12 5060-5062", "tcp 10.0.0.0/27 1024-65535 10.1.0.0/24 22",
                        "tcp 10.0.0.0/20 1024-65535 10.1.0.10-10.1.0.11 80"}},
        {"priorities",
                {"tcp 10.0.0.0/22 1024-65535 10.1.0.0/24 22-26", "udp 10.0.0.0/24 1024-65535 10.1.0.0/25 1899-1903",
                        "tcp fd00::1:0/112 1024-65535 fd01::1:0/112 442-444"}},
        {"notrack", {"udp 10.0.0.0/23 1024-65535 10.1.0.0/24 5059-5061",
                            "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 5000-5001"}},
        {"published", {"tcp 10.0.0.0/28 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443",
                              "tcp 10.0.0.0/24 1024-65535 198.51.100.7 5059-5063 inside 10.1.0.20 5059-5063"}},
        {"negations",
                {"tcp 10.0.0.0/22 1024-65535 10.1.0.0/24 990-1110", "udp 10.0.0.0/24 1024-65535 10.1.0.0/24 499-501"}},
        {"local", {"udp 10.0.0.0/23 1024-65535 10.0.255.254 990-1110 input",
                          "udp 10.1.255.254 1024-65535 10.1.0.0/24 1990-2110 output"}},
        {"atoms", {"tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1000", "tcp 10.0.0.0/24 1024-65535 10.1.0.0/24 1003-1004"}},
};

START_TEST(cures_of_rulesets_are_true)
{
	char *path = xasprintf("%s/tests/data/verify/%s.nft", SOURCE_DIR, scenarios[_i].ruleset), *text;
	struct tally tally = {0};
	struct place p;
	struct error err;
	size_t len;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(file_read(path, 1 << 20, &text, &len, &err), 0);
	place_make(&p);
	for (uint32_t i = 0; i < WHATIF_FLOWS && scenarios[_i].flow[i] != NULL; i++)
		place_add(&p, i + 1, scenarios[_i].flow[i]);
	cures_are_true(text, &p, &tally);
	fprintf(stderr, "%s: %u regressions, %u cured with %u lines\n", scenarios[_i].ruleset, tally.regressions,
	        tally.cured, tally.lines);
	ck_assert_uint_gt(tally.regressions, 0);
	ck_assert_uint_eq(tally.unread, 0);
	ck_assert_uint_eq(tally.uncured, 0);
	place_free(&p);
	free(text);
	free(path);
}
END_TEST

#define RANDOM_CASES 60

START_TEST(cures_of_random_rulesets_are_true)
{
	struct tally tally = {0};

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	seed = 20071203;
	for (unsigned i = 0; i < RANDOM_CASES; i++) {
		struct ruleset *rs = ruleset_draw();
		char *text = ruleset_print(rs);
		struct place p;

		place_make(&p);
		for (uint32_t k = 1; k <= 3; k++) {
			flow_draw(&p.flow[p.flows.n]);
			place_number(&p, k);
		}
		cures_are_true(text, &p, &tally);
		place_free(&p);
		free(text);
		ruleset_free(rs);
	}
	fprintf(stderr, "random: %u regressions, %u cured with %u lines; nft does not read %u of %u rulesets\n",
	        tally.regressions, tally.cured, tally.lines, tally.unread, RANDOM_CASES);
	ck_assert_uint_eq(tally.uncured, 0);
	ck_assert_uint_gt(tally.cured, RANDOM_CASES / 4);
}
END_TEST

static const char *why_not(void)
{
	if (geteuid() != 0)
		return "needs root for network namespaces";
	if (system("nft --version >/dev/null 2>&1") != 0)
		return "needs nft";
	return NULL;
}

int main(void)
{
	Suite *s = suite_create("whatif_kernel");
	TCase *t = tcase_create("cures");
	SRunner *r = srunner_create(s);
	int failed;

	if (why_not() != NULL) {
		fprintf(stderr, "skipped: %s\n", why_not());
		srunner_free(r);
		return 77;
	}
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, cures_of_rulesets_are_true, 0, (int)(sizeof(scenarios) / sizeof(scenarios[0])));
	tcase_add_test(t, cures_of_random_rulesets_are_true);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
