/* links: commit base */
/*
 * The state machine of commits: sequences of events, each with what it has to lead to. Session 4 is alice's, 5 is bob's.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/commit.h"

static struct commit commit;
static struct error err;
static int64_t now;

static void setup(void)
{
	commit = (struct commit){0};
	memset(&err, 0, sizeof(err));
	now = 1000000;
}

static void teardown(void)
{
	commit_fini(&commit);
}

/* What an event leads to, or the code of its error. */
struct result {
	enum commit_action action;
	enum error_code code;
};

static struct result step(const struct commit_event *event)
{
	struct result r = {COMMIT_NOTHING, ERR_NONE};
	if (commit_step(&commit, event, now, &r.action, &err) != 0)
		r.code = err.code;
	return r;
}

#define ck_does(want, ...)                                                                                             \
	do {                                                                                                           \
		struct result r_ = step(&(struct commit_event){__VA_ARGS__});                                          \
		ck_assert_msg(r_.code == ERR_NONE, "%s", err.text);                                                    \
		ck_assert_int_eq(r_.action, want);                                                                     \
	} while (0)
#define ck_refuses(want, says, ...)                                                                                    \
	do {                                                                                                           \
		struct result r_ = step(&(struct commit_event){__VA_ARGS__});                                          \
		ck_assert_int_eq(r_.code, want);                                                                       \
		ck_assert_int_eq(r_.action, COMMIT_NOTHING);                                                           \
		ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);                                         \
	} while (0)
#define DONE() ck_does(COMMIT_NOTHING, .kind = COMMIT_DONE)

static void confirmed(uint32_t session, uint32_t seconds, const char *persist, const char *persist_id)
{
	ck_does(COMMIT_APPLY_UNCONFIRMED, .kind = COMMIT_ASKED, .session = session,
	        .user = session == 4 ? "alice" : "bob", .confirmed = true, .timeout_s = seconds, .persist = persist,
	        .persist_id = persist_id);
	DONE();
	ck_assert_int_eq(commit.phase, COMMIT_UNCONFIRMED);
	ck_assert_uint_eq(commit_seconds_left(&commit, now), seconds);
}

START_TEST(plain_commit_is_done_or_leaves_nothing)
{
	ck_does(COMMIT_APPLY, .kind = COMMIT_ASKED, .session = 4);
	DONE();
	ck_assert_int_eq(commit.phase, COMMIT_IDLE);
	ck_does(COMMIT_APPLY, .kind = COMMIT_CHANGE_ASKED, .session = 4);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_FAILED);
	ck_assert_int_eq(commit.phase, COMMIT_IDLE);
	ck_assert_int_eq(commit_due(&commit), INT64_MAX);
}
END_TEST

START_TEST(confirmation_ends_the_wait)
{
	confirmed(4, 60, NULL, NULL);
	ck_assert_int_eq(commit_due(&commit), now + 60000);
	now += 59000;
	ck_does(COMMIT_NOTHING, .kind = COMMIT_TIME);
	ck_does(COMMIT_APPLY_CONFIRM, .kind = COMMIT_ASKED, .session = 4);
	DONE();
	now += 10000;
	ck_does(COMMIT_NOTHING, .kind = COMMIT_TIME);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_SESSION_ENDED, .session = 4);
	ck_refuses(ERR_INVALID, "none to cancel", .kind = COMMIT_CANCEL_ASKED, .session = 4);
}
END_TEST

/* A peer armed its timer all the same, and a later edit vanished when it fired. */
START_TEST(confirmed_commit_that_failed_arms_nothing)
{
	ck_does(COMMIT_APPLY_UNCONFIRMED, .kind = COMMIT_ASKED, .session = 4, .confirmed = true, .timeout_s = 1);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_FAILED);
	ck_assert_int_eq(commit_due(&commit), INT64_MAX);
	now += 100000;
	ck_does(COMMIT_NOTHING, .kind = COMMIT_TIME);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_SESSION_ENDED, .session = 4);
	ck_does(COMMIT_APPLY, .kind = COMMIT_CHANGE_ASKED, .session = 5);
}
END_TEST

START_TEST(time_end_of_session_and_cancel_revert)
{
	confirmed(4, 60, NULL, NULL);
	now += 60000;
	ck_does(COMMIT_REVERT, .kind = COMMIT_TIME);
	ck_assert_int_eq(commit.cause, COMMIT_BY_TIMEOUT);
	DONE();
	confirmed(4, 60, NULL, NULL);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_SESSION_ENDED, .session = 5);
	ck_does(COMMIT_REVERT, .kind = COMMIT_SESSION_ENDED, .session = 4);
	ck_assert_int_eq(commit.cause, COMMIT_BY_SESSION_END);
	DONE();
	confirmed(4, 60, NULL, NULL);
	ck_does(COMMIT_REVERT, .kind = COMMIT_CANCEL_ASKED, .session = 4);
	ck_assert_int_eq(commit.cause, COMMIT_BY_CANCEL);
	DONE();
	ck_assert_int_eq(commit.phase, COMMIT_IDLE);
	ck_assert_uint_eq(commit_seconds_left(&commit, now), 0);
}
END_TEST

START_TEST(others_neither_change_nor_confirm_nor_cancel)
{
	confirmed(4, 60, NULL, NULL);
	now += 17500;
	ck_refuses(ERR_IN_USE, "session 4 (alice) is pending for 43 seconds", .kind = COMMIT_ASKED, .session = 5);
	ck_assert_str_eq(err.where, "4");
	ck_refuses(ERR_IN_USE, "pending", .kind = COMMIT_ASKED, .session = 5, .confirmed = true, .timeout_s = 1);
	ck_refuses(ERR_IN_USE, "pending", .kind = COMMIT_CANCEL_ASKED, .session = 5);
	ck_refuses(ERR_IN_USE, "pending", .kind = COMMIT_CHANGE_ASKED, .session = 5);
	/* Its own session too: what else it changes would be lost by a revert. */
	ck_refuses(ERR_IN_USE, "pending", .kind = COMMIT_CHANGE_ASKED, .session = 4);
	ck_refuses(ERR_INVALID, "no persist token", .kind = COMMIT_ASKED, .session = 5, .persist_id = "x");
	now += 42500;
	ck_does(COMMIT_REVERT, .kind = COMMIT_TIME);
}
END_TEST

START_TEST(token_is_for_any_session)
{
	confirmed(4, 60, "secret", NULL);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_SESSION_ENDED, .session = 4);
	ck_refuses(ERR_INVALID, "made with <persist>", .kind = COMMIT_ASKED, .session = 4);
	ck_refuses(ERR_INVALID, "wrong is not the token", .kind = COMMIT_ASKED, .session = 5, .persist_id = "wrong");
	ck_refuses(ERR_INVALID, "wrong is not the token", .kind = COMMIT_CANCEL_ASKED, .session = 5,
	        .persist_id = "wrong");
	ck_refuses(ERR_INVALID, "made with <persist>", .kind = COMMIT_CANCEL_ASKED, .session = 5);
	confirmed(5, 30, "other", "secret");
	ck_refuses(ERR_INVALID, "secret is not the token", .kind = COMMIT_ASKED, .session = 4, .persist_id = "secret");
	ck_does(COMMIT_APPLY_CONFIRM, .kind = COMMIT_ASKED, .session = 6, .persist_id = "other");
	DONE();
	ck_refuses(ERR_INVALID, "no confirmed commit is pending", .kind = COMMIT_ASKED, .session = 5,
	        .persist_id = "other");
	ck_refuses(ERR_INVALID, "none to cancel", .kind = COMMIT_CANCEL_ASKED, .session = 5, .persist_id = "other");
	ck_assert_int_eq(commit.phase, COMMIT_IDLE);
}
END_TEST

START_TEST(another_confirmed_commit_extends_the_wait)
{
	confirmed(4, 60, NULL, NULL);
	now += 50000;
	confirmed(4, 100, NULL, NULL);
	now += 99000;
	ck_does(COMMIT_NOTHING, .kind = COMMIT_TIME);
	/* One that fails leaves the time there was. */
	ck_does(COMMIT_APPLY_UNCONFIRMED, .kind = COMMIT_ASKED, .session = 4, .confirmed = true, .timeout_s = 500);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_FAILED);
	ck_assert_uint_eq(commit_seconds_left(&commit, now), 1);
	ck_does(COMMIT_APPLY_CONFIRM, .kind = COMMIT_ASKED, .session = 4);
	ck_does(COMMIT_NOTHING, .kind = COMMIT_FAILED);
	now += 1000;
	ck_does(COMMIT_REVERT, .kind = COMMIT_TIME);
}
END_TEST

/* "Kept" from one commit to the next: the second one has no token, so its session's end reverts it. */
START_TEST(persistent_commit_that_is_extended_without_token_is_its_sessions)
{
	confirmed(4, 60, "secret", NULL);
	confirmed(5, 60, NULL, "secret");
	ck_does(COMMIT_NOTHING, .kind = COMMIT_SESSION_ENDED, .session = 4);
	ck_does(COMMIT_REVERT, .kind = COMMIT_SESSION_ENDED, .session = 5);
}
END_TEST

START_TEST(revert_that_fails_is_tried_again_and_cannot_be_confirmed)
{
	int64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	confirmed(4, 60, NULL, NULL);
	ck_does(COMMIT_REVERT, .kind = COMMIT_SESSION_ENDED, .session = 4);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		ck_does(COMMIT_NOTHING, .kind = COMMIT_FAILED);
		ck_assert_int_eq(commit_due(&commit), now + waits[i]);
		ck_refuses(ERR_IN_USE, "being taken back", .kind = COMMIT_ASKED, .session = 4);
		ck_refuses(ERR_IN_USE, "being taken back", .kind = COMMIT_CANCEL_ASKED, .session = 4);
		ck_refuses(ERR_IN_USE, "being taken back", .kind = COMMIT_CHANGE_ASKED, .session = 5);
		ck_does(COMMIT_NOTHING, .kind = COMMIT_SESSION_ENDED, .session = 4);
		now += waits[i];
		ck_does(COMMIT_REVERT, .kind = COMMIT_TIME);
		ck_assert_int_eq(commit.cause, COMMIT_BY_SESSION_END);
	}
	DONE();
	ck_does(COMMIT_APPLY, .kind = COMMIT_ASKED, .session = 5);
}
END_TEST

START_TEST(bad_requests_are_refused)
{
	char *token = calloc(1, COMMIT_PERSIST_MAX + 2);
	memset(token, 'x', COMMIT_PERSIST_MAX + 1);
	ck_refuses(ERR_LIMIT, "1025 bytes", .kind = COMMIT_ASKED, .confirmed = true, .timeout_s = 1, .persist = token);
	ck_refuses(ERR_INVALID, "needs <confirmed>", .kind = COMMIT_ASKED, .persist = "x");
	ck_refuses(ERR_INTERNAL, "out of turn", .kind = COMMIT_DONE);
	ck_refuses(ERR_INTERNAL, "out of turn", .kind = COMMIT_FAILED);
	ck_does(COMMIT_APPLY, .kind = COMMIT_ASKED, .session = 4);
	ck_refuses(ERR_INTERNAL, "out of turn", .kind = COMMIT_ASKED, .session = 4);
	free(token);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("commit");
	TCase *tc = tcase_create("machine");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, plain_commit_is_done_or_leaves_nothing);
	tcase_add_test(tc, confirmation_ends_the_wait);
	tcase_add_test(tc, confirmed_commit_that_failed_arms_nothing);
	tcase_add_test(tc, time_end_of_session_and_cancel_revert);
	tcase_add_test(tc, others_neither_change_nor_confirm_nor_cancel);
	tcase_add_test(tc, token_is_for_any_session);
	tcase_add_test(tc, another_confirmed_commit_extends_the_wait);
	tcase_add_test(tc, persistent_commit_that_is_extended_without_token_is_its_sessions);
	tcase_add_test(tc, revert_that_fails_is_tried_again_and_cannot_be_confirmed);
	tcase_add_test(tc, bad_requests_are_refused);
	suite_add_tcase(s, tc);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
