/* links: verify ruleset base */
/*
 * The verification against a second engine of another kind (bdd_engine.c), in spaces too large to try every packet: what
 * either says of random flows and models, and how many packets they let pass, is the same.
 */
#include "bdd_engine.h"
#include "verify_generate.h"

/* All of them in the release build: under the sanitizers a case takes ten times as long. */
#ifdef __SANITIZE_ADDRESS__
#define CASES 500
#else
#define CASES 6000
#endif

static double boxes_size(const struct finding *f)
{
	double n = 0;

	for (size_t i = 0; i < f->evidence->n_remainder; i++) {
		const struct box *b = &f->evidence->remainder[i];

		n += (double)(b->source.hi - b->source.lo + 1) * (double)(b->destination.hi - b->destination.lo + 1) *
		     (double)(b->source_ports.hi - b->source_ports.lo + 1) * (double)(b->ports.hi - b->ports.lo + 1);
	}
	return n;
}

static enum verdict verdict_of(const struct bdd_answer *a)
{
	return a->surely == a->size ? VERDICT_CONFORMANT : a->perhaps > 0 ? VERDICT_PARTIAL : VERDICT_BLOCKED;
}

struct tally {
	unsigned verdict[VERDICT_N], counted;
};

static void compare(unsigned number, const struct ruleset *rs, struct flow *flow, struct tally *tally)
{
	struct bdd_answer a = bdd_engine_ask(rs, flow);
	struct findings out = flow_verify(flow, rs, NULL);
	const struct finding *f = &out.finding[0];
	char *text = ruleset_print(rs);

	ck_assert_msg(a.unsupported == NULL && !a.open, "case %u: %s", number, a.unsupported);
	ck_assert_msg(f->verdict == verdict_of(&a), "case %u: %s: %s, but %.0f of %.0f pass\n%s", number, flow->label,
	        verdict_name(f->verdict), a.surely, a.size, text);
	tally->verdict[f->verdict]++;
	if (!f->evidence->remainder_cut) {
		ck_assert_msg(a.size - a.surely == boxes_size(f), "case %u: %s: %.0f do not pass, boxes hold %.0f\n%s",
		        number, flow->label, a.size - a.surely, boxes_size(f), text);
		tally->counted++;
	}
	free(text);
	findings_fini(&out);
}

/* Counts up to 2^53 are exact in the second engine's numbers. */
static const unsigned spans[] = {16, 256, 4096};

START_TEST(verdicts_and_counts_are_those_of_decision_diagrams)
{
	struct tally tally = {{0}, 0};

	span = spans[_i];
	seed = 20120101 + (unsigned)_i;
	bdd_engine_start(400000);
	for (unsigned i = 0; i < CASES / 3; i++) {
		struct ruleset *rs = ruleset_draw();

		for (int k = 0; k < 3; k++) {
			struct flow flow;

			flow_draw(&flow);
			compare(i, rs, &flow, &tally);
			flow_free(&flow);
		}
		ruleset_free(rs);
	}
	bdd_engine_stop();
	fprintf(stderr, "span %u: %u conformant, %u partial, %u blocked; %u counts compared\n", span,
	        tally.verdict[VERDICT_CONFORMANT], tally.verdict[VERDICT_PARTIAL], tally.verdict[VERDICT_BLOCKED],
	        tally.counted);
	ck_assert_uint_gt(tally.verdict[VERDICT_CONFORMANT], CASES / 50);
	ck_assert_uint_gt(tally.verdict[VERDICT_PARTIAL], CASES / 20);
	ck_assert_uint_gt(tally.verdict[VERDICT_BLOCKED], CASES / 20);
	ck_assert_uint_gt(tally.counted, CASES / 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify_bdd");
	TCase *t = tcase_create("second engine");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, verdicts_and_counts_are_those_of_decision_diagrams, 0, 3);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
