/* links: nft ruleset base */
/*
 * The own table exchanged in two transactions, in real kernels: what is there then is what one transaction would have put
 * there, what both tables have stays, and what the first has added can be taken out again.
 */
#include "nft/walk.h"
#include "replace_scene.h"

static const char listing[] = "nft list ruleset | sort";

/* Another address in one set, another port in a second, one rule more and another comment. */
static void next_make(struct own_table *t)
{
	own_every(t);
	free(t->comment);
	t->comment = xstrdup("deployment lync, catalog 4");
	for (size_t i = 0; i < t->n_set; i++) {
		struct own_set *set = &t->set[i];
		if (strcmp(set->name, "flows6") != 0 && strcmp(set->name, "sources") != 0)
			continue;
		char *name = xasprintf("%s-next", set->name);
		free(set->name);
		set->name = name;
		set->element[0].key[0] = own_address("2001:db8:7::/48");
	}
	t->n_chain--; /* forward is the last but one */
	own_rule1(t, RS_DROP, own_is(RS_FIELD_MARK, 7))->comment = xstrdup("one more");
	t->n_chain++;
}

static struct nft_exchange exchange(const struct own_table *old, const struct own_table *next)
{
	struct nft_batch a = encode(old), b = encode(next);
	struct nft_exchange x;
	struct error err = {0};
	const struct nft_batch kept = {.bytes = a.bytes, .len = a.len};
	ck_assert_msg(nft_batch_exchange(&kept, &b, &x, &err) == 0, "%s: %s", err.where, err.text);
	nft_batch_fini(&a);
	nft_batch_fini(&b);
	return x;
}

static int give(const struct nft_ops *ops, const struct nft_batch *b, struct error *err)
{
	struct nft_answer answer;
	memset(err, 0, sizeof(*err));
	return ops->replace(ops->self, b, &answer, err);
}

static void must_give(const struct nft_ops *ops, const struct nft_batch *b)
{
	struct error err;
	ck_assert_msg(give(ops, b, &err) == 0, "%s: %s", err.where, err.text);
}

static size_t count_type(const struct nft_batch *b, unsigned type)
{
	struct nlmsghdr h;
	size_t n = 0;
	for (size_t at = 0; at < b->len; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, b->bytes + at, sizeof(h));
		n += NFNL_MSG_TYPE(h.nlmsg_type) == type;
	}
	return n;
}

START_TEST(the_kernel_has_what_one_transaction_would_have_put)
{
	struct own_table old, next;
	struct nft_ops ops = open_either(_i);
	own_every(&old);
	next_make(&next);
	replace(&ops, &next);
	char *want = output(listing);
	ops.close(ops.self);
	new_namespace();
	ops = open_either(_i);
	replace(&ops, &old);
	struct nft_exchange x = exchange(&old, &next);
	ck_assert_uint_eq(count_type(&x.first, NFT_MSG_NEWSET), 2);
	ck_assert_uint_eq(count_type(&x.second, NFT_MSG_DELSET), 2);
	must_give(&ops, &x.first);
	must_give(&ops, &x.second);
	char *got = output(listing);
	same(got, want);
	nft_exchange_fini(&x);
	free(got);
	free(want);
	ops.close(ops.self);
	own_fini(&old);
	own_fini(&next);
}
END_TEST

START_TEST(rules_alone_send_no_elements_and_sets_go_on_counting)
{
	struct own_table old, next;
	struct nft_ops ops = open_either(0);
	own_every(&old);
	own_every(&next);
	own_put_rule(&next, RS_DROP, "one more");
	next.set[0].element[0].packets = 1;
	replace(&ops, &old);
	char *before = output("nft -a list sets inet");
	struct nft_exchange x = exchange(&old, &next);
	ck_assert_uint_eq(x.first.len, 0);
	ck_assert_uint_eq(x.withdrawal.len, 0);
	ck_assert_uint_eq(count_type(&x.second, NFT_MSG_NEWSETELEM) + count_type(&x.second, NFT_MSG_NEWSET), 0);
	ck_assert_uint_eq(count_type(&x.second, NFT_MSG_NEWCHAIN) + count_type(&x.second, NFT_MSG_DELCHAIN), 0);
	must_give(&ops, &x.second);
	char *after = output("nft -a list sets inet");
	same(after, before);
	ck_assert_ptr_nonnull(strstr(after, "counter packets 7 bytes 700 comment \"box one\""));
	char *rules = output("nft list chain inet portcullis output");
	ck_assert_ptr_nonnull(strstr(rules, "one more"));
	free(rules);
	free(before);
	free(after);
	nft_exchange_fini(&x);
	ops.close(ops.self);
	own_fini(&old);
	own_fini(&next);
}
END_TEST

START_TEST(what_the_first_added_is_taken_out_again)
{
	struct own_table old, next;
	struct nft_ops ops = open_either(_i);
	struct error err;
	own_every(&old);
	next_make(&next);
	replace(&ops, &old);
	char *before = output("nft -a list ruleset");
	struct nft_exchange x = exchange(&old, &next);
	must_give(&ops, &x.first);
	char *between = output("nft -a list ruleset");
	ck_assert_str_ne(between, before);
	must_give(&ops, &x.withdrawal);
	char *after = output("nft -a list ruleset");
	same(after, before);
	/* Not while rules look into them, and not what is not there. */
	ck_assert_int_ne(give(&ops, &x.withdrawal, &err), 0);
	must_give(&ops, &x.first);
	must_give(&ops, &x.second);
	char *done = output(listing);
	ck_assert_int_ne(give(&ops, &x.withdrawal, &err), 0);
	char *still = output(listing);
	same(still, done);
	free(before);
	free(between);
	free(after);
	free(done);
	free(still);
	nft_exchange_fini(&x);
	ops.close(ops.self);
	own_fini(&old);
	own_fini(&next);
}
END_TEST

START_TEST(second_is_refused_where_the_table_is_another)
{
	static const char *const others[] = {"flush chain inet portcullis output\ndelete chain inet portcullis output",
	        "delete table inet portcullis"};
	struct own_table old, next;
	struct nft_ops ops = open_either(0);
	struct error err;
	own_every(&old);
	next_make(&next);
	struct nft_exchange x = exchange(&old, &next);
	for (size_t i = 0; i < OWN_N(others); i++) {
		replace(&ops, &old);
		nft(others[i]);
		char *before = output("nft -a list ruleset");
		ck_assert_int_ne(give(&ops, &x.second, &err), 0);
		char *after = output("nft -a list ruleset");
		same(after, before);
		free(before);
		free(after);
	}
	nft_exchange_fini(&x);
	ops.close(ops.self);
	own_fini(&old);
	own_fini(&next);
}
END_TEST

/* Sets that nobody looks into would fill the kernel. */
START_TEST(the_privileged_process_does_not_add_without_end)
{
	struct own_table old, next;
	struct nft_ops ops = open_either(1);
	struct error err;
	own_every(&old);
	next_make(&next);
	struct nft_exchange x = exchange(&old, &next);
	for (int round = 0; round < 2; round++) {
		replace(&ops, &old);
		for (int i = 0; i < 256; i++) {
			must_give(&ops, &x.first);
			must_give(&ops, &x.withdrawal);
		}
		ck_assert_int_ne(give(&ops, &x.first, &err), 0);
		ck_assert_int_eq(err.code, ERR_LIMIT);
		ck_assert_msg(strstr(err.text, "replace it as a whole") != NULL, "%s", err.text);
	}
	nft_exchange_fini(&x);
	ops.close(ops.self);
	own_fini(&old);
	own_fini(&next);
}
END_TEST

/* What is not let through by the guard of the privileged side would be of no use. */
START_TEST(each_step_is_let_through)
{
	struct own_table old, next;
	struct error err = {0};
	own_every(&old);
	next_make(&next);
	struct nft_exchange x = exchange(&old, &next);
	struct nft_batch *const all[] = {&x.first, &x.second, &x.withdrawal};
	for (size_t i = 0; i < OWN_N(all); i++) {
		size_t n;
		ck_assert_msg(nft_batch_walk(all[i]->bytes, all[i]->len, &n, &err) == 0, "%zu: %s", i, err.text);
		ck_assert_uint_eq(n, all[i]->n);
	}
	nft_exchange_fini(&x);
	own_fini(&old);
	own_fini(&next);
}
END_TEST

START_TEST(refuses_what_puts_no_table_in_place)
{
	struct own_table t;
	struct nft_exchange x;
	struct error err;
	own_every(&t);
	struct nft_batch good = encode(&t), removal = encode(NULL), nothing = {0};
	const struct nft_batch cut = {.bytes = good.bytes, .len = good.len - 4};
	const struct nft_batch *const bad[] = {&removal, &nothing, &cut};
	for (size_t i = 0; i < OWN_N(bad); i++) {
		ck_assert_int_ne(nft_batch_exchange(bad[i], &good, &x, &err), 0);
		ck_assert_int_eq(err.code, ERR_FORMAT);
		ck_assert_int_ne(nft_batch_exchange(&good, bad[i], &x, &err), 0);
		ck_assert_int_eq(err.code, ERR_FORMAT);
		ck_assert(x.first.bytes == NULL && x.second.bytes == NULL && x.withdrawal.bytes == NULL);
	}
	nft_batch_fini(&good);
	nft_batch_fini(&removal);
	own_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft_exchange");
	TCase *c = tcase_create("exchange");
	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(c, setup, NULL);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, the_kernel_has_what_one_transaction_would_have_put, 0, 2);
	tcase_add_test(c, rules_alone_send_no_elements_and_sets_go_on_counting);
	tcase_add_loop_test(c, what_the_first_added_is_taken_out_again, 0, 2);
	tcase_add_test(c, second_is_refused_where_the_table_is_another);
	tcase_add_test(c, each_step_is_let_through);
	tcase_add_test(c, the_privileged_process_does_not_add_without_end);
	tcase_add_test(c, refuses_what_puts_no_table_in_place);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
