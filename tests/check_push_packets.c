/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Replaces of the own table under load: a stream of packets that both tables let pass, and of some that neither does, goes
 * through a router while its table is replaced. None of the first may be lost, none of the second let through.
 */
#include "coexist_scene.h"
#include "router_scene.h"

#define RATE 20000 /* packets per second, in these namespaces alone */
#define REPLACES 10

static struct router router;

static void begin_router(void)
{
	begin();
	ck_assert_int_eq(router_open(&router), 0);
	nft.close(nft.self);
	ck_assert_int_eq(nft_open_direct(&nft, &err), 0);
	real_replace = nft.replace;
	begin_push();
	ck_assert_int_eq(network_read(&network, &err), 0);
}

static void end_router(void)
{
	router_close(&router);
	end();
}

/* The stream goes by while configurations take turns. */
static struct router_seen replaces(int n, unsigned long *sent)
{
	struct router_stream stream;
	const char *now = ENFORCE;

	ck_assert_msg(commit("", ENFORCE) == DONE, "%s", err.text);
	ck_assert_int_eq(router_start(&router, RATE, &stream), 0);
	for (int i = 0; i < n; i++) {
		const char *next = i % 2 == 0 ? ENFORCE ANOTHER : ENFORCE;

		router_await(&stream, 10);
		ck_assert_msg(commit(now, next) == DONE, "%s", err.text);
		now = next;
	}
	router_await(&stream, 10);
	*sent = router_stop(&stream);
	return router_look(&router);
}

START_TEST(replace_loses_nothing_and_lets_nothing_through)
{
	unsigned long sent;
	struct router_seen seen = replaces(REPLACES, &sent);

	printf("%lu packets sent, %lu came to be forwarded during %d replaces, %lu went on, %lu arrived\n", sent,
	        seen.came, REPLACES, seen.went, seen.arrived);
	ck_assert_uint_gt(seen.came, 1000);
	ck_assert_uint_eq(seen.went, seen.came);
	ck_assert_uint_eq(seen.leaked, 0);
	ck_assert_uint_eq(seen.arrived, seen.went);
}
END_TEST

/* What replaces would be in two transactions: the table is gone for a moment. */
static int replace_in_two(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	if (has("table inet portcullis")) {
		run("delete table inet portcullis");
		shell("nft list ruleset >/dev/null");
	}
	return real_replace(self, batch, answer, e);
}

/* Or a chain that drops until its rules are there. */
static int replace_behind_a_drop(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	if (has("table inet portcullis"))
		run("chain inet portcullis forward { policy drop; }\nflush chain inet portcullis forward");
	shell("nft list ruleset >/dev/null");
	return real_replace(self, batch, answer, e);
}

/* The measure is one: what is not done at once is seen. */
START_TEST(replace_in_two_transactions_would_be_seen)
{
	unsigned long sent;
	struct router_seen seen;

	nft.replace = replace_in_two;
	begin_push();
	seen = replaces(2, &sent);
	ck_assert_uint_gt(seen.leaked, 0);
	nft.replace = real_replace;
	begin_push();
}
END_TEST

START_TEST(chain_that_drops_meanwhile_would_be_seen)
{
	unsigned long sent;
	struct router_seen seen;

	nft.replace = replace_behind_a_drop;
	begin_push();
	seen = replaces(2, &sent);
	ck_assert_uint_lt(seen.went, seen.came);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-packets");
	TCase *t = tcase_create("push-packets");

	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, begin_router, end_router);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, replace_loses_nothing_and_lets_nothing_through);
	tcase_add_test(t, replace_in_two_transactions_would_be_seen);
	tcase_add_test(t, chain_that_drops_meanwhile_would_be_seen);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
