/* links: nft ruleset base */
/*
 * Own tables that are not put into the kernel: what it refuses is told with the object's name, what would hold it too long
 * or what it would cut is refused before it, and without the right to it nothing is done.
 */
#include <sys/wait.h>

#include "replace_scene.h"

/* ---- refusals of the kernel ---- */

static void overlap(struct own_table *t)
{
	struct own_set *s = &t->set[0];
	struct own_element e = s->element[0];
	e.comment = xstrdup("box two");
	e.key[0].hi--; /* within the first one */
	s->element = xrealloc(s->element, s->n_element + 1, sizeof(*s->element));
	s->element[s->n_element++] = e;
}

static void overlap_later(struct own_table *t)
{
	for (unsigned i = 0; i < 3000; i++) {
		struct own_set *s = &t->set[0];
		struct own_element e = s->element[1];
		e.comment = NULL;
		e.key[0] = own_number(own_address("10.9.0.0").lo + i, own_address("10.9.0.0").lo + i);
		s->element = xrealloc(s->element, s->n_element + 1, sizeof(*s->element));
		s->element[s->n_element++] = e;
	}
	overlap(t);
}

static void overlap_interval(struct own_table *t)
{
	t->set[3].element[1].key[0] = own_number(5, 20);
}

static void two_sets(struct own_table *t)
{
	free(t->set[5].name);
	t->set[5].name = xstrdup(t->set[4].name);
}

static void two_chains(struct own_table *t)
{
	t->chain[2].name = "forward";
}

static void wide_lookup(struct own_table *t)
{
	struct own_rule *r = &t->chain[1].rule[3];
	free(r->comment);
	r->comment = xstrdup("rule wide");
	r->from = 41;
	r->match[1].set = 4; /* interfaces: sixteen bytes, of which two are loaded */
}

static const struct {
	const char *name;
	void (*spoil)(struct own_table *t);
	enum nft_object_kind kind;
	const char *words;
} refusals[] = {
        {"an element in another", overlap, NFT_OBJECT_ELEMENTS, "element 3 \"box two\" (10.1.0.0"},
        {"an element in another, in a later message", overlap_later, NFT_OBJECT_ELEMENTS, "element 3003 \"box two\""},
        {"an interval in another", overlap_interval, NFT_OBJECT_ELEMENTS, "of set ports: "},
        {"two sets of one name", two_sets, NFT_OBJECT_SET, "set zone: File exists: there are two of that name"},
        {"two chains of one name", two_chains, NFT_OBJECT_CHAIN, "chain forward"},
        {"a lookup of what is not loaded", wide_lookup, NFT_OBJECT_RULE, "rule 4 \"rule wide\" of chain forward"},
};

START_TEST(a_refusal_names_the_object)
{
	struct own_table t, good;
	struct nft_answer answer;
	struct error err;
	struct nft_ops ops = open_either(1);
	own_every(&t);
	own_every(&good);
	replace(&ops, &good);
	char *before = listed();
	uint32_t g = generation(&ops);
	refusals[_i].spoil(&t);
	struct nft_batch b = encode(&t);
	for (int commit = 0; commit < 2; commit++) {
		memset(&err, 0, sizeof(err));
		ck_assert_int_eq((commit ? ops.replace : ops.check)(ops.self, &b, &answer, &err), -1);
		ck_assert_msg(strstr(err.text, refusals[_i].words) != NULL, "%s: %s", refusals[_i].name, err.text);
		ck_assert(answer.refused);
		ck_assert_uint_lt(answer.message, b.n);
		ck_assert_int_eq(b.object[answer.message].kind, refusals[_i].kind);
		if (refusals[_i].kind == NFT_OBJECT_ELEMENTS)
			ck_assert_ptr_nonnull(strstr(err.text, "it overlaps another one"));
		if (refusals[_i].kind == NFT_OBJECT_RULE)
			ck_assert_uint_eq(b.object[answer.message].from, 41);
	}
	ck_assert_uint_eq(generation(&ops), g);
	char *after = listed();
	same(after, before);
	free(before);
	free(after);
	nft_batch_fini(&b);
	ops.close(ops.self);
	own_fini(&t);
	own_fini(&good);
}
END_TEST

/* More refusals than the answers' buffer holds: the first is told all the same, and nothing is done. */
START_TEST(more_refusals_than_fit_are_one_refusal)
{
	struct own_table t = {0};
	struct nft_answer answer;
	struct error err = {0};
	struct nft_ops ops = open_either(_i);
	own_put_set(&t, "wide", false, 1, RS_FIELD_OIFNAME);
	own_put_chain(&t, "forward", RS_HOOK_FORWARD);
	for (int i = 0; i < 19000; i++) {
		char comment[32];
		snprintf(comment, sizeof(comment), "rule %d", i);
		struct own_match m = own_in(&t, 0);
		m.field[0] = RS_FIELD_DPORT;
		own_put_match(own_put_rule(&t, RS_ACCEPT, comment), m);
	}
	struct nft_batch b = encode(&t);
	ck_assert_int_eq(ops.replace(ops.self, &b, &answer, &err), -1);
	ck_assert(answer.refused);
	ck_assert_msg(strstr(err.text, "rule 1 \"rule 0\" of chain forward") != NULL, "%s", err.text);
	char *after = listed();
	same(after, "");
	free(after);
	nft_batch_fini(&b);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

/* ---- limits, before the kernel ---- */

START_TEST(more_than_may_hold_the_kernel_is_refused_before_it)
{
	struct own_table t = {0};
	struct nft_answer answer;
	struct error err = {0};
	struct nft_ops ops = open_either(_i % 2);
	if (_i < 2) {
		own_put_set(&t, "sources", false, 1, RS_FIELD_IP_SADDR);
		for (size_t i = 0; i < NFT_BATCH_ELEMENTS / 2; i++)
			own_put_one(&t, own_number(4 * i + 1, 4 * i + 2), NULL);
	} else {
		own_put_chain(&t, "forward", RS_HOOK_FORWARD);
		for (size_t i = 0; i < NFT_BATCH_RULES + 1; i++)
			own_put_rule(&t, RS_ACCEPT, NULL);
	}
	struct nft_batch b = encode(&t);
	ck_assert_int_eq(ops.check(ops.self, &b, &answer, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.text, "would hold the kernel too long"));
	ck_assert(!answer.refused);
	nft_batch_fini(&b);
	/* The connection goes on. */
	ck_assert_int_eq(check(&ops, NULL, &answer, &err), 0);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

/* ---- what cannot be encoded ---- */

START_TEST(what_the_kernel_would_cut_or_misread_is_not_encoded)
{
	static const char *const words[] = {"comment", "log prefix", "no range of meta mark", "no key of ct state",
	        "hook", "accepts, drops and rejects", "a set's name"};
	struct own_table t;
	struct nft_batch b;
	struct error err = {0};
	char long_text[300];
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	own_every(&t);
	struct own_rule *rule = own_put_rule(&t, RS_ACCEPT, _i == 0 ? long_text : NULL);
	if (_i == 1)
		own_log(rule, long_text, 1);
	if (_i == 2)
		own_put_match(rule, own_range(RS_FIELD_MARK, own_number(1, 2)));
	if (_i == 3)
		own_put_set(&t, "states", false, 1, RS_FIELD_CT_STATE);
	if (_i == 4)
		own_put_chain(&t, "pre", RS_HOOK_PREROUTING);
	if (_i == 5)
		rule->verdict = RS_JUMP;
	if (_i == 6)
		own_put_set(&t, long_text, false, 1, RS_FIELD_DPORT);
	ck_assert_int_eq(nft_encode_table(&t, &b, &err), -1);
	ck_assert_msg(strstr(err.text, words[_i]) != NULL, "%s", err.text);
	ck_assert_ptr_null(b.bytes);
	nft_batch_fini(&b);
	own_fini(&t);
}
END_TEST

/* ---- without the right to it ---- */

START_TEST(a_change_without_the_right_is_denied)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct own_table t;
		struct nft_answer answer;
		struct error err = {0};
		own_every(&t);
		struct nft_batch b = encode(&t);
		struct nft_ops ops = open_either(0);
		if (setresuid(65534, 65534, 65534) != 0)
			_exit(90);
		int result = (_i == 0 ? ops.check : ops.replace)(ops.self, &b, &answer, &err);
		bool ok = result != 0 && err.code == ERR_DENIED && strstr(err.text, "needs CAP_NET_ADMIN") != NULL;
		if (!ok)
			fprintf(stderr, "%d: %s\n", (int)err.code, err.text);
		_exit(ok ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft_replace_refusal");
	TCase *c = tcase_create("kernel");
	if (geteuid() != 0 || system("nft --version >/dev/null 2>&1") != 0) {
		printf("check_nft_replace_refusal: needs root and nft\n");
		return 77;
	}
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_loop_test(c, a_refusal_names_the_object, 0, N(refusals));
	tcase_add_loop_test(c, more_refusals_than_fit_are_one_refusal, 0, 2);
	tcase_add_loop_test(c, more_than_may_hold_the_kernel_is_refused_before_it, 0, 4);
	tcase_add_loop_test(c, what_the_kernel_would_cut_or_misread_is_not_encoded, 0, 7);
	tcase_add_loop_test(c, a_change_without_the_right_is_denied, 0, 2);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
