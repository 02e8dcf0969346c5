/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Starts of the agent over a real kernel: it gets the table of running, whatever happened before.
 */
#include "push_scene.h"

/** A start of the agent with this running: nothing is known but what the journal has. */
static void start(const char *running)
{
	struct site *site = site_of(running);

	begin_push();
	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s: %s", err.where, err.text);
	site_free(site);
}

/** What config/ writes of a commit. */
static void recorded(const char *next, bool waits)
{
	struct site *a = site_of(ENFORCE), *b = site_of(next);
	struct config_push p = {.now = a, .next = b, .catalog = catalog, .actor = &somebody, .confirmed = waits};
	struct config_plan *plan;
	struct journal_commit commit = {.datastore = "running", .json = "{}", .revert_to = waits ? "{}" : NULL};

	ck_assert_msg(carrier.prepare(carrier.ctx, &p, &plan, &err) == 0, "%s", err.text);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	commit.table = plan->bytes != NULL ? JOURNAL_TABLE_IS : JOURNAL_TABLE_NONE;
	commit.bytes = plan->bytes;
	commit.n_byte = plan->n_byte;
	ck_assert_int_eq(journal_commit(journal, &commit, &err), 0);
	carrier.done(carrier.ctx, plan, !waits);
	site_free(a);
	site_free(b);
}

START_TEST(start_puts_back_the_very_table_that_was_written)
{
	char *before, *after;

	recorded(ENFORCE, false);
	before = listed();
	/* Somebody else's doing, and a running that comes to another table by now. */
	run("flush chain inet portcullis forward");
	run("chain inet portcullis forward { policy drop; }");
	start(ENFORCE CLIENTS_DROPPED);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	run("flush ruleset");
	start(ENFORCE);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	/* A policy alone is a difference. */
	run("chain inet portcullis forward { policy drop; }");
	start(ENFORCE);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	free(before);
}
END_TEST

START_TEST(start_takes_back_what_was_not_recorded)
{
	char *before, *after;

	recorded(ENFORCE, false);
	before = listed();
	/* The agent dies between the kernel and the journal. */
	struct site *a = site_of(ENFORCE), *b = site_of(ENFORCE CLIENTS_DROPPED);
	struct config_push p = {.now = a, .next = b, .catalog = catalog, .actor = &somebody};
	struct config_plan *plan;
	ck_assert_int_eq(carrier.prepare(carrier.ctx, &p, &plan, &err), 0);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	carrier.drop(carrier.ctx, plan);
	site_free(a);
	site_free(b);
	ck_assert(has("rule x"));
	start(ENFORCE);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	free(before);
}
END_TEST

START_TEST(start_takes_out_a_table_that_nobody_recorded)
{
	ck_assert_int_eq(change("", ENFORCE, false, false, false, NULL), DONE);
	ck_assert(has("portcullis"));
	start("");
	ck_assert(!has("portcullis"));
	/* One that was never ours is left alone. */
	run("table inet portcullis");
	start("");
	ck_assert(has("portcullis"));
}
END_TEST

START_TEST(boot_with_startup_gets_a_new_table)
{
	void *bytes;
	size_t n;

	start(ENFORCE);
	ck_assert(has("required-forward4"));
	ck_assert_int_eq(journal_table(journal, &bytes, &n, &err), 0);
	ck_assert_ptr_nonnull(bytes);
	free(bytes);
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), DONE);
}
END_TEST

START_TEST(boot_restores_what_was_confirmed_last)
{
	char *before, *after;
	bool any = true;

	ck_assert_int_eq(push_restore(&nft, journal, &any, &err), 0);
	ck_assert(!any && !has("portcullis"));
	recorded(ENFORCE, false);
	before = listed();
	recorded(ENFORCE CLIENTS_DROPPED, true);
	ck_assert(has("rule x"));
	run("flush ruleset");
	ck_assert_msg(push_restore(&nft, journal, &any, &err) == 0, "%s", err.text);
	ck_assert(any);
	after = listed();
	ck_assert_str_eq(after, before);
	/* Confirmed, and into a kernel that has other tables. */
	recorded(ENFORCE CLIENTS_DROPPED, false);
	run("flush ruleset");
	run(OTHER);
	ck_assert_int_eq(push_restore(&nft, journal, &any, &err), 0);
	ck_assert(has("rule x") && has("table inet other"));
	free(before);
	free(after);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-start");
	TCase *t = tcase_create("push-start");

	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, start_puts_back_the_very_table_that_was_written);
	tcase_add_test(t, start_takes_back_what_was_not_recorded);
	tcase_add_test(t, start_takes_out_a_table_that_nobody_recorded);
	tcase_add_test(t, boot_with_startup_gets_a_new_table);
	tcase_add_test(t, boot_restores_what_was_confirmed_last);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
