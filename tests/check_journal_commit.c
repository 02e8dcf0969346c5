/* links: journal deployment base */
/*
 * Commits in the journal: whatever was committed, in whatever order, can be shown and gone back to as long as it is kept;
 * what was pending is there after a reopen; and what is damaged is refused.
 */
#include <dirent.h>

#include "journal_scene.h"

#define MANY 60

static struct journal *j;

static void setup_open(void)
{
	setup();
	j = open_journal();
}

static void teardown_open(void)
{
	journal_close(j);
	teardown();
}

static void reopen(void)
{
	journal_close(j);
	j = open_journal();
}

static void commit(const char *datastore, const char *json, const char *revert_to)
{
	const struct journal_commit c = {.datastore = datastore,
	        .json = json,
	        .user = "u",
	        .session = 4,
	        .comment = "why",
	        .revert_to = revert_to};
	ck_assert_msg(journal_commit(j, &c, &err) == 0, "%s", err.text);
}

static unsigned draw(unsigned below)
{
	static uint64_t seed = 1;
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

/* Something before, something after, something between: also nothing of them, and letters of several bytes. */
static char *content(void)
{
	static const char *const pieces[] = {
	        "", "a", "aa", "{\"x\":1}", "\xc3\xa4", "\xe2\x82\xac", "aaaaaaaaaaaaaaaa"};
	const unsigned n = sizeof(pieces) / sizeof(pieces[0]);
	return xasprintf("%s%s%s%s", pieces[draw(n)], pieces[draw(n)], pieces[draw(n)], pieces[draw(n)]);
}

START_TEST(every_commit_can_be_gone_back_to)
{
	char *text[MANY], *before, *after;
	for (size_t i = 0; i < MANY; i++) {
		text[i] = content();
		commit("running", text[i], NULL);
		if (i % 7 == 0)
			commit("startup", "s", NULL);
	}
	reopen();
	for (size_t i = 0, number = 1; i < MANY; i++, number++) {
		ck_assert_msg(journal_contents(j, number, &before, &after, &err) == 0, "%zu: %s", i, err.text);
		ck_assert_str_eq(before, i > 0 ? text[i - 1] : "{}");
		ck_assert_str_eq(after, text[i]);
		free(before);
		free(after);
		number += i % 7 == 0;
	}
	for (size_t i = 0; i < MANY; i++)
		free(text[i]);
	/* The second is one of startup. */
	ck_assert_int_eq(journal_contents(j, 2, &before, &after, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(journal_contents(j, 1000, NULL, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(history_says_who_and_in_which_order)
{
	struct journal_entry *entry;
	size_t n;
	commit("running", "a", NULL);
	commit("startup", "a", NULL);
	commit("running", "b", NULL);
	ck_assert_int_eq(journal_history(j, 0, 10, &entry, &n, &err), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(entry[0].number, 3);
	ck_assert_str_eq(entry[1].datastore, "startup");
	ck_assert(!entry[1].kept && entry[0].kept);
	ck_assert_str_eq(entry[2].user, "u");
	ck_assert_str_eq(entry[2].comment, "why");
	ck_assert_uint_eq(entry[2].session, 4);
	ck_assert_int_gt(entry[2].wall_s, 1700000000);
	journal_entries_free(entry, n);
	ck_assert_int_eq(journal_history(j, 3, 1, &entry, &n, &err), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(entry[0].number, 2);
	journal_entries_free(entry, n);
}
END_TEST

START_TEST(no_more_is_kept_than_was_asked_for)
{
	struct journal_entry *entry;
	char *after;
	size_t n;
	journal_retain(j, &(struct journal_retention){5, 100, 0});
	for (int i = 0; i < 9; i++)
		commit("running", i % 2 == 0 ? "even" : "odd", NULL);
	ck_assert_int_eq(journal_history(j, 0, 100, &entry, &n, &err), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(entry[4].number, 5);
	journal_entries_free(entry, n);
	ck_assert_int_eq(journal_contents(j, 5, NULL, &after, &err), 0);
	ck_assert_str_eq(after, "even");
	free(after);
	ck_assert_int_eq(journal_contents(j, 4, NULL, &after, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

/* Those before the oldest that is young enough go, though the clock was wrong for a while. */
START_TEST(commits_that_are_too_old_go)
{
	struct journal_entry *entry;
	size_t n;
	for (int i = 0; i < 19; i++)
		commit("running", i % 2 == 0 ? "even" : "odd", NULL);
	change("UPDATE commit_log SET time = 1000 WHERE id IN (1, 2, 3, 4, 6)");
	journal_retain(j, &(struct journal_retention){100, 100, 30});
	commit("running", "new", NULL);
	ck_assert_int_eq(journal_history(j, 0, 100, &entry, &n, &err), 0);
	ck_assert_uint_eq(n, 16);
	ck_assert_uint_eq(entry[15].number, 5);
	journal_entries_free(entry, n);
}
END_TEST

/* A clock that jumps ahead makes all of them old. */
START_TEST(the_newest_commits_are_never_too_old)
{
	struct journal_entry *entry;
	char *after;
	size_t n;
	for (int i = 0; i < 30; i++)
		commit("running", i % 2 == 0 ? "even" : "odd", NULL);
	change("UPDATE commit_log SET time = time - 100000 * 86400");
	journal_retain(j, &(struct journal_retention){100, 100, 30});
	commit("running", "new", NULL);
	ck_assert_int_eq(journal_history(j, 0, 100, &entry, &n, &err), 0);
	ck_assert_uint_eq(n, 10);
	ck_assert_uint_eq(entry[9].number, 22);
	journal_entries_free(entry, n);
	ck_assert_int_eq(journal_contents(j, 22, NULL, &after, &err), 0);
	ck_assert_str_eq(after, "odd");
	free(after);
}
END_TEST

START_TEST(what_is_pending_waits_for_the_next_commit)
{
	char *json;
	commit("running", "a", NULL);
	ck_assert_int_eq(journal_pending(j, &json, &err), 0);
	ck_assert_ptr_null(json);
	commit("running", "b", "a");
	commit("startup", "x", NULL);
	reopen();
	ck_assert_int_eq(journal_pending(j, &json, &err), 0);
	ck_assert_str_eq(json, "a");
	free(json);
	commit("running", "c", "a");
	ck_assert_int_eq(journal_pending(j, &json, &err), 0);
	ck_assert_str_eq(json, "a");
	free(json);
	commit("running", "c", NULL);
	ck_assert_int_eq(journal_pending(j, &json, &err), 0);
	ck_assert_ptr_null(json);
}
END_TEST

START_TEST(deleted_datastore_was_never_written)
{
	const struct journal_commit gone = {.datastore = "startup", .user = "u", .comment = "delete-config"};
	struct journal_entry *entry;
	char *json;
	size_t n;
	commit("startup", "x", NULL);
	ck_assert_int_eq(journal_delete(j, &gone, &err), 0);
	reopen();
	ck_assert_int_eq(journal_load(j, "startup", &json, &err), 0);
	ck_assert_ptr_null(json);
	ck_assert_int_eq(journal_history(j, 0, 10, &entry, &n, &err), 0);
	ck_assert_str_eq(entry[0].comment, "delete-config");
	journal_entries_free(entry, n);
}
END_TEST

START_TEST(settings_survive)
{
	char *value;
	ck_assert_int_eq(journal_setting_get(j, "boot-id", &value, &err), 0);
	ck_assert_ptr_null(value);
	ck_assert_int_eq(journal_setting_set(j, "boot-id", "first", &err), 0);
	ck_assert_int_eq(journal_setting_set(j, "boot-id", "second", &err), 0);
	reopen();
	ck_assert_int_eq(journal_setting_get(j, "boot-id", &value, &err), 0);
	ck_assert_str_eq(value, "second");
	free(value);
}
END_TEST

START_TEST(damaged_commits_are_refused)
{
	static const char *const damages[] = {
	        "UPDATE commit_log SET middle = x'41' WHERE id = 2",
	        "UPDATE commit_log SET head = 1000 WHERE id = 3",
	        "UPDATE commit_log SET head = -1 WHERE id = 3",
	        "UPDATE commit_log SET tail = 1000000000000 WHERE id = 3",
	        "UPDATE commit_log SET tail = -5, head = 0 WHERE id = 3",
	        "UPDATE commit_log SET digest = 'x' WHERE id = 2",
	        "UPDATE datastore SET content = 'other'",
	};
	char *after = NULL;
	commit("running", "first", NULL);
	commit("running", "second", NULL);
	commit("running", "third", NULL);
	change(damages[_i]);
	ck_assert_int_eq(journal_contents(j, 1, NULL, &after, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("journal commits");
	TCase *tc = tcase_create("commits");
	tcase_add_checked_fixture(tc, setup_open, teardown_open);
	tcase_add_test(tc, every_commit_can_be_gone_back_to);
	tcase_add_test(tc, history_says_who_and_in_which_order);
	tcase_add_test(tc, no_more_is_kept_than_was_asked_for);
	tcase_add_test(tc, commits_that_are_too_old_go);
	tcase_add_test(tc, the_newest_commits_are_never_too_old);
	tcase_add_test(tc, what_is_pending_waits_for_the_next_commit);
	tcase_add_test(tc, deleted_datastore_was_never_written);
	tcase_add_test(tc, settings_survive);
	tcase_add_loop_test(tc, damaged_commits_are_refused, 0, 7);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
