/* links: config */
/*
 * Commits of running and what becomes of them: confirmed commits that are confirmed, extended, cancelled, run out, lose
 * their session or their agent; startup and boots; the history, and going back in it.
 */
#include <poll.h>
#include <sqlite3.h>

#include "config/changes.h"
#include "config_scene.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define WITH_A "{\"portcullis:group\":[{\"name\":\"a\",\"id\":7,\"address\":[\"10.0.0.1\"]}]}"
#define A GROUP("a", "<id>7</id><address>10.0.0.1</address>")
#define WITH_B "{\"portcullis:group\":[{\"name\":\"b\",\"id\":8}]}"
#define B GROUP("b", "<id>8</id>")

static struct text news; /* what was told about confirmed commits */

static void note(void *ctx, enum config_news what, const struct config_actor *actor, uint32_t timeout_s)
{
	static const char letter[] = "uefct"; /* unconfirmed, extended, final, cancelled, timed out */
	(void)ctx;
	text_addf(&news, "%c%u", letter[what], actor->session);
	if (timeout_s > 0)
		text_addf(&news, ":%u", timeout_s);
	text_add(&news, " ");
}

static void begin(void)
{
	setup();
	news = (struct text){0};
	config_on_confirmed(config, note, NULL);
}

static void end(void)
{
	teardown();
	text_fini(&news);
}

static void reopen_noted(void)
{
	reopen();
	config_on_confirmed(config, note, NULL);
}

static int confirmed(const struct config_actor *actor, uint32_t seconds, const char *persist, const char *persist_id)
{
	return config_commit(config, actor,
	        &(struct config_commit){
	                .confirmed = true, .timeout_s = seconds, .persist = persist, .persist_id = persist_id},
	        &err);
}

static void ck_comments(const char *want)
{
	struct journal_entry *entry;
	struct text t = {0};
	size_t n;
	ck_ok(config_history(config, 0, 100, &entry, &n, &err));
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%s", i > 0 ? "|" : "", entry[i].comment);
	ck_assert_str_eq(text_str(&t), want);
	journal_entries_free(entry, n);
	text_fini(&t);
}

/* What somebody else does to the journal. */
static void ck_sql(const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;
	snprintf(path, sizeof(path), "%s/journal.db", state);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* What edits did, as signs and paths. */
static bool sign(void *ctx, enum tree_operation operation, const struct lyd_node *old, const struct lyd_node *new)
{
	struct text *t = ctx;
	char *path = tree_path(new != NULL ? new : old);
	text_addf(t, "%c%s ", "+-~>"[operation], path);
	free(path);
	return true;
}

static void ck_changes(uint64_t number, const char *want)
{
	struct lyd_node *before, *after;
	struct text t = {0};
	ck_ok(config_contents(config, number, &before, &after, &err));
	tree_changes(before, after, sign, &t);
	ck_assert_str_eq(text_str(&t), want);
	lyd_free_siblings(before);
	lyd_free_siblings(after);
	text_fini(&t);
}

START_TEST(confirmed_commit_stays_when_it_is_confirmed)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, NULL, NULL));
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_ok(config_commit(config, &one, &(struct config_commit){.comment = "it works"}, &err));
	config_session_end(config, 1);
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_comments("commit: it works|confirmed commit, 60 s");
	ck_assert_str_eq(news.s, "u1:60 f1 ");
}
END_TEST

START_TEST(confirmation_may_bring_more)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, NULL, NULL));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_changes(2, "+/portcullis:group[name='b'] ");
	ck_fails(config_cancel_commit(config, &one, NULL, &err), ERR_INVALID, "");
}
END_TEST

START_TEST(session_that_ends_takes_its_commit_with_it)
{
	ck_ok(edit(&two, DATASTORE_RUNNING, B));
	ck_ok(config_lock(config, &one, DATASTORE_RUNNING, &err));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, NULL, NULL));
	config_session_end(config, 2);
	ck_assert_int_eq(config_lock_holder(config, DATASTORE_RUNNING), 1);
	config_session_end(config, 1);
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_assert_int_eq(config_lock_holder(config, DATASTORE_RUNNING), 0);
	ck_comments("session of the confirmed commit ended|confirmed commit, 60 s|edit-config");
	ck_changes(3, "-/portcullis:group[name='a'] ");
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_assert_str_eq(news.s, "u1:60 c1 ");
}
END_TEST

START_TEST(commit_that_nobody_confirms_is_taken_back)
{
	char event[8];
	struct pollfd fd = {.fd = config_timer_fd(config), .events = POLLIN};
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 1, NULL, NULL));
	ck_assert_int_eq(read(config_event_fd(config), event, sizeof(event)), 8);
	config_tick(config);
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_assert_int_eq(poll(&fd, 1, 5000), 1);
	config_tick(config);
	ck_content(DATASTORE_RUNNING, "{}");
	ck_assert_int_eq(read(config_event_fd(config), event, sizeof(event)), 8);
	ck_assert_int_eq(poll(&fd, 1, 0), 0);
	ck_assert_str_eq(news.s, "u1:1 t1 ");
	/* Nothing is left that a later edit could lose. */
	ck_ok(edit(&two, DATASTORE_RUNNING, B));
	config_session_end(config, 1);
	ck_content(DATASTORE_RUNNING, WITH_B);
}
END_TEST

START_TEST(extended_commit_goes_back_to_before_the_first)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, B));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, NULL, NULL));
	ck_ok(confirmed(&one, 90, "token", NULL));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("c", "<id>9</id>")));
	ck_ok(confirmed(&two, 30, "other", "token"));
	config_session_end(config, 1);
	config_session_end(config, 2);
	ck_fails(config_cancel_commit(config, &one, "token", &err), ERR_INVALID, "persist-id");
	ck_ok(config_cancel_commit(config, &one, "other", &err));
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_assert_str_eq(news.s, "u1:60 e1:90 e2:30 c2 ");
}
END_TEST

/* Nothing was changed, and then something is: what is gone back to has its own numbers. */
START_TEST(confirmed_commit_without_a_change_waits_too)
{
	struct site *site = NULL;
	ck_ok(edit(&one, DATASTORE_RUNNING, B));
	ck_ok(confirmed(&one, 60, NULL, NULL));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, NULL, NULL));
	config_session_end(config, 1);
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_fails(
	        edit(&one, DATASTORE_RUNNING, GROUP("b", "<id>9</id>")), ERR_INVALID, "/portcullis:group[name='b']/id");
	ck_ok(confirmed(&one, 60, NULL, NULL));
	config_session_end(config, 1);
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site->n_group, 1);
	site_free(site);
}
END_TEST

START_TEST(nobody_changes_running_while_a_commit_is_pending)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, NULL, NULL));
	ck_fails(edit(&two, DATASTORE_RUNNING, B), ERR_IN_USE, "1");
	ck_fails(edit(&one, DATASTORE_RUNNING, B), ERR_IN_USE, "1");
	ck_fails(config_replace(config, &two, DATASTORE_RUNNING, B, &err), ERR_IN_USE, "1");
	ck_fails(config_rollback(config, &two, 1, NULL, &err), ERR_IN_USE, "1");
	ck_fails(config_lock(config, &two, DATASTORE_RUNNING, &err), ERR_IN_USE, "1");
	ck_ok(edit(&two, DATASTORE_CANDIDATE, B));
	ck_fails(config_copy(config, &two, DATASTORE_CANDIDATE, DATASTORE_RUNNING, &err), ERR_IN_USE, "1");
	ck_fails(config_commit(config, &two, NULL, &err), ERR_IN_USE, "1");
	ck_ok(config_copy(config, &two, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_ok(config_lock(config, &one, DATASTORE_RUNNING, &err));
	ck_ok(config_cancel_commit(config, &one, NULL, &err));
	ck_content(DATASTORE_RUNNING, "{}");
}
END_TEST

/* The agent is killed, or stopped: nobody is there who could confirm. */
START_TEST(restart_takes_a_pending_commit_back)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, B));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, "token", NULL));
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_fails(config_commit(config, &two, &(struct config_commit){.persist_id = "token"}, &err), ERR_INVALID,
	        "persist-id");
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_comments("the agent ended before a confirmed commit was confirmed: it is taken back|confirmed commit, 60 "
	            "s|edit-config");
}
END_TEST

START_TEST(restart_keeps_running_and_a_boot_begins_with_startup)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_ok(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, B, &err));
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_B);
	ck_content(DATASTORE_STARTUP, WITH_A);
	ck_ok(journal_setting_set(journal, "boot-id", "another", &err));
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_content(DATASTORE_STARTUP, WITH_A);
	/* Without startup the last running. */
	ck_ok(config_delete(config, &one, DATASTORE_STARTUP, &err));
	ck_content(DATASTORE_STARTUP, "{}");
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, B, &err));
	ck_ok(journal_setting_set(journal, "boot-id", "another", &err));
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_B);
	/* A commit that was pending when the power went is taken back before that. */
	ck_ok(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(&one, 60, "token", NULL));
	ck_ok(journal_setting_set(journal, "boot-id", "another", &err));
	reopen_noted();
	ck_content(DATASTORE_RUNNING, WITH_B);
}
END_TEST

START_TEST(startup_is_a_datastore_like_others)
{
	ck_fails(config_delete(config, &one, DATASTORE_STARTUP, &err), ERR_NOT_FOUND, "");
	ck_fails(config_copy(config, &one, DATASTORE_STARTUP, DATASTORE_RUNNING, &err), ERR_NOT_FOUND, "");
	ck_fails(config_delete(config, &one, DATASTORE_CANDIDATE, &err), ERR_UNSUPPORTED, "");
	ck_ok(config_replace(config, &one, DATASTORE_STARTUP, GROUP("a", "<address>10.0.0.1</address>"), &err));
	ck_fails(config_replace(config, &one, DATASTORE_STARTUP, GROUP("a", "<address>10.0.0.1/8</address>"), &err),
	        ERR_INVALID, "/portcullis:group[name='a']/address[.='10.0.0.0/8']");
	ck_ok(config_lock(config, &one, DATASTORE_STARTUP, &err));
	ck_fails(config_copy(config, &two, DATASTORE_CANDIDATE, DATASTORE_STARTUP, &err), ERR_IN_USE, "1");
	ck_fails(config_delete(config, &two, DATASTORE_STARTUP, &err), ERR_IN_USE, "1");
	ck_ok(config_copy(config, &two, DATASTORE_STARTUP, DATASTORE_CANDIDATE, &err));
	ck_ok(config_commit(config, &two, NULL, &err));
	ck_ok(config_validate(config, &(const struct config_actor){0}, DATASTORE_STARTUP, &err));
	config_session_end(config, 1);
	ck_ok(config_copy(config, &two, DATASTORE_CANDIDATE, DATASTORE_STARTUP, &err));
	ck_comments("copy-config|commit|copy-config");
}
END_TEST

START_TEST(rollback_is_a_commit_like_any_other)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "<description>x</description><address>10.0.0.2</address>")));
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "<description>y</description>") B));
	ck_changes(3, "~/portcullis:group[name='a']/description +/portcullis:group[name='b'] ");
	ck_ok(config_rollback(config, &two, 1, "it broke", &err));
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_changes(4, "-/portcullis:group[name='a']/description -/portcullis:group[name='a']/address[.='10.0.0.2'] "
	              "-/portcullis:group[name='b'] ");
	ck_ok(config_rollback(config, &two, 3, NULL, &err));
	ck_changes(5, "+/portcullis:group[name='a']/description +/portcullis:group[name='a']/address[.='10.0.0.2'] "
	              "+/portcullis:group[name='b'] ");
	ck_comments("rollback to commit 3|rollback to commit 1: it broke|edit-config|edit-config|edit-config");
	ck_fails(config_rollback(config, &two, 77, NULL, &err), ERR_NOT_FOUND, "");
	ck_ok(config_lock(config, &one, DATASTORE_RUNNING, &err));
	ck_fails(config_rollback(config, &two, 1, NULL, &err), ERR_IN_USE, "1");
}
END_TEST

/* The candidate was right when it was edited, and is not any more: the name has another id in running since. */
START_TEST(what_was_checked_is_checked_again_when_running_is_another)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(edit(&two, DATASTORE_RUNNING, GROUP("a", "<id>9</id>")));
	ck_fails(config_commit(config, &one, NULL, &err), ERR_INVALID, "/portcullis:group[name='a']/id");
	ck_content(DATASTORE_CANDIDATE, WITH_A);
	ck_ok(config_discard(config, &one, &err));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	ck_ok(config_commit(config, &one, NULL, &err));
}
END_TEST

/* Disk full, at each moment of a confirmed commit: nothing is armed, and going back is tried again. */
START_TEST(journal_that_cannot_be_written_leaves_all_as_it_was)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_sql("CREATE TRIGGER full BEFORE INSERT ON commit_log BEGIN SELECT RAISE(FAIL, 'full'); END");
	ck_assert_int_eq(confirmed(&one, 1, NULL, NULL), -1);
	ck_content(DATASTORE_RUNNING, "{}");
	ck_content(DATASTORE_CANDIDATE, WITH_A);
	ck_sql("DROP TRIGGER full");
	config_session_end(config, 1);
	ck_ok(confirmed(&one, 60, NULL, NULL));
	ck_sql("CREATE TRIGGER full BEFORE INSERT ON commit_log BEGIN SELECT RAISE(FAIL, 'full'); END");
	config_session_end(config, 1);
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_fails(config_commit(config, &one, NULL, &err), ERR_IN_USE, "1");
	ck_assert_ptr_nonnull(strstr(err.text, "being taken back"));
	ck_sql("DROP TRIGGER full");
	struct pollfd fd = {.fd = config_timer_fd(config), .events = POLLIN};
	ck_assert_int_eq(poll(&fd, 1, 5000), 1);
	config_tick(config);
	ck_content(DATASTORE_RUNNING, "{}");
	ck_assert_str_eq(news.s, "u1:60 c1 ");
}
END_TEST

START_TEST(as_much_is_kept_as_running_says)
{
	struct journal_entry *entry;
	size_t n;
	ck_ok(edit(&one, DATASTORE_RUNNING, "<retention" NS "><commits>10</commits></retention>"));
	reopen_noted();
	for (int i = 0; i < 15; i++)
		ck_ok(edit(&one, DATASTORE_RUNNING, i % 2 == 0 ? A : GROUP("a", "<address>10.0.0.9</address>") B));
	for (int i = 0; i < 15; i++)
		ck_ok(config_replace(config, &one, DATASTORE_RUNNING,
		        i % 2 == 0 ? "<retention" NS "><commits>10</commits></retention>"
		                   : A "<retention" NS "><commits>10</commits></retention>",
		        &err));
	ck_ok(config_history(config, 0, 100, &entry, &n, &err));
	ck_assert_uint_eq(n, 10);
	journal_entries_free(entry, n);
	ck_fails(edit(&one, DATASTORE_RUNNING, "<retention" NS "><commits>9</commits></retention>"), ERR_INVALID,
	        "/portcullis:retention/commits");
}
END_TEST

/* Rules of the firewall and numbers of groups: order counts in one of them alone. */
START_TEST(changes_are_the_topmost_nodes)
{
	static const struct {
		const char *before, *after, *want;
	} cases[] = {
	        {"", "", ""},
	        {A, A, ""},
	        {"", A B, "+/portcullis:group[name='a'] +/portcullis:group[name='b'] "},
	        {A B, B A, ""},
	        {A, "", "-/portcullis:group[name='a'] "},
	        {"<notification" NS "><hold-down>5</hold-down></notification>", "",
	                "-/portcullis:notification/hold-down "},
	        {"<notification" NS "><hold-down>5</hold-down></notification>",
	                "<notification" NS "><hold-down>6</hold-down><enable>false</enable></notification>",
	                "+/portcullis:notification/enable ~/portcullis:notification/hold-down "},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_ok(config_replace(config, &one, DATASTORE_CANDIDATE, cases[i].before, &err));
		struct lyd_node *before = config_get(config, DATASTORE_CANDIDATE), *after;
		struct text t = {0};
		ck_ok(config_replace(config, &one, DATASTORE_CANDIDATE, cases[i].after, &err));
		after = config_get(config, DATASTORE_CANDIDATE);
		tree_changes(before, after, sign, &t);
		ck_assert_msg(strcmp(text_str(&t), cases[i].want) == 0, "case %zu: %s", i, text_str(&t));
		text_fini(&t);
		lyd_free_siblings(before);
		lyd_free_siblings(after);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("config commits");
	TCase *tc = tcase_create("commits");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, confirmed_commit_stays_when_it_is_confirmed);
	tcase_add_test(tc, confirmation_may_bring_more);
	tcase_add_test(tc, session_that_ends_takes_its_commit_with_it);
	tcase_add_test(tc, commit_that_nobody_confirms_is_taken_back);
	tcase_add_test(tc, extended_commit_goes_back_to_before_the_first);
	tcase_add_test(tc, confirmed_commit_without_a_change_waits_too);
	tcase_add_test(tc, nobody_changes_running_while_a_commit_is_pending);
	tcase_add_test(tc, restart_takes_a_pending_commit_back);
	tcase_add_test(tc, restart_keeps_running_and_a_boot_begins_with_startup);
	tcase_add_test(tc, startup_is_a_datastore_like_others);
	tcase_add_test(tc, rollback_is_a_commit_like_any_other);
	tcase_add_test(tc, what_was_checked_is_checked_again_when_running_is_another);
	tcase_add_test(tc, journal_that_cannot_be_written_leaves_all_as_it_was);
	tcase_add_test(tc, as_much_is_kept_as_running_says);
	tcase_add_test(tc, changes_are_the_topmost_nodes);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
