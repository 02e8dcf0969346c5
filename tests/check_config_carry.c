/* links: config journal deployment catalog base */
/*
 * Commits and the kernel, with a carrier that can be told to fail: first the kernel, then the journal; whatever fails, the
 * kernel, the journal and running say the same, now and after the next start.
 */
#include <signal.h>
#include <sys/resource.h>

#include "config_scene.h"
#include "portcullis/text.h"

#define A GROUP("a", "<id>7</id><address>10.0.0.1/32</address>")
#define WITH_A "{\"portcullis:group\":[{\"name\":\"a\",\"id\":7,\"address\":[\"10.0.0.1/32\"]}]}"
#define B GROUP("b", "<id>8</id><address>10.0.0.2/32</address>")

/* A kernel whose table is the names of the groups. */
static struct text steps;
static char kernel[64], fails;

struct plan {
	struct config_plan plan;
	char text[32], before[32];
};

/* What the same configuration comes to beside its groups. */
static const char *upgrade = "";

static int prepare(void *ctx, const struct config_push *push, struct config_plan **out, struct error *e)
{
	(void)ctx;
	text_addf(&steps, "prepare%s%s%s ", push->confirmed ? "-confirmed" : "", push->taken_back ? "-back" : "",
	        push->actor->user != NULL ? "" : "-nobody");
	if (fails == 'p')
		return error_set(e, ERR_DENIED, "here", "no");
	struct plan *p = xcalloc(1, sizeof(*p));
	for (size_t i = 0; i < push->next->n_group; i++)
		strcat(p->text, push->next->group[i].name);
	strcat(p->text, upgrade);
	if (push->next == push->now && strcmp(p->text, kernel) == 0) {
		free(p);
		return 0;
	}
	p->plan = (struct config_plan){p->text[0] != '\0' ? p->text : NULL, strlen(p->text)};
	*out = &p->plan;
	return 0;
}

static int apply(void *ctx, struct config_plan *plan, struct error *e)
{
	struct plan *p = (struct plan *)plan;
	(void)ctx;
	text_add(&steps, "apply ");
	if (fails == 'a')
		return error_set(e, ERR_UNAVAILABLE, "kernel", "refused");
	strcpy(p->before, kernel);
	strcpy(kernel, p->text);
	return 0;
}

static void undo(void *ctx, struct config_plan *plan)
{
	(void)ctx;
	text_add(&steps, "undo ");
	strcpy(kernel, ((struct plan *)plan)->before);
}

static void done(void *ctx, struct config_plan *plan, bool stays)
{
	(void)ctx;
	text_addf(&steps, "done%s%s ", plan == NULL ? "-nothing" : "", stays ? "" : "-waits");
	free(plan);
}

static void drop(void *ctx, struct config_plan *plan)
{
	(void)ctx;
	text_add(&steps, "drop ");
	free(plan);
}

static const struct config_carrier carrier = {NULL, prepare, apply, undo, done, drop};

static void begin(void)
{
	setup();
	steps = (struct text){0};
	kernel[0] = fails = '\0';
	config_set_carrier(config, &carrier);
}

static void end(void)
{
	teardown();
	text_fini(&steps);
}

static void ck_steps(const char *want, const char *in_kernel)
{
	ck_assert_str_eq(text_str(&steps), want);
	ck_assert_str_eq(kernel, in_kernel);
	text_fini(&steps);
}

static void ck_journal(const char *want)
{
	void *bytes;
	size_t n;

	ck_ok(journal_table(journal, &bytes, &n, &err));
	ck_assert((bytes == NULL) == (want == NULL));
	if (want != NULL)
		ck_assert(n == strlen(want) && memcmp(bytes, want, n) == 0);
	free(bytes);
}

static int confirmed(uint32_t seconds)
{
	return config_commit(
	        config, &one, &(struct config_commit){.confirmed = true, .timeout_s = seconds, .persist = "p"}, &err);
}

START_TEST(commit_without_a_change_takes_what_is_new)
{
	struct journal_entry *before, *after;
	size_t n_before, n_after;

	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_steps("prepare apply done ", "a");
	ck_ok(config_history(config, 0, 100, &before, &n_before, &err));
	upgrade = "!";
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_steps("", "a");
	fails = 'p';
	ck_assert_int_eq(config_commit(config, &one, NULL, &err), -1);
	fails = 'a';
	ck_assert_int_eq(config_commit(config, &one, NULL, &err), -1);
	ck_steps("prepare prepare apply drop ", "a");
	fails = '\0';
	ck_journal("a");
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_steps("prepare apply done ", "a!");
	ck_journal("a!");
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_steps("prepare ", "a!");
	ck_ok(config_history(config, 0, 100, &after, &n_after, &err));
	ck_assert_uint_eq(n_after, n_before + 1);
	journal_entries_free(before, n_before);
	journal_entries_free(after, n_after);
	upgrade = "";
}
END_TEST

START_TEST(commit_goes_through_the_kernel_into_the_journal)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_steps("", "");
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_steps("prepare apply done ", "a");
	ck_journal("a");
	ck_ok(edit(&one, DATASTORE_RUNNING, B));
	ck_steps("prepare apply done ", "ab");
	ck_ok(config_rollback(config, &one, 1, NULL, &err));
	ck_steps("prepare apply done ", "a");
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, NULL, &err));
	ck_steps("prepare apply done ", "");
	ck_journal(NULL);
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_steps("prepare ", "");
}
END_TEST

START_TEST(what_is_refused_changes_nothing)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	text_fini(&steps);
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	fails = 'p';
	ck_fails(config_commit(config, &one, NULL, &err), ERR_DENIED, "here");
	ck_steps("prepare ", "a");
	ck_fails(edit(&one, DATASTORE_RUNNING, B), ERR_DENIED, "here");
	ck_steps("prepare ", "a");
	fails = 'a';
	ck_fails(config_commit(config, &one, NULL, &err), ERR_UNAVAILABLE, "kernel");
	ck_steps("prepare apply drop ", "a");
	ck_fails(confirmed(60), ERR_UNAVAILABLE, "kernel");
	ck_steps("prepare-confirmed apply drop ", "a");
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_journal("a");
	fails = '\0';
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_steps("prepare apply done ", "ab");
}
END_TEST

START_TEST(validate_asks_and_does_nothing)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(config_validate(config, &one, DATASTORE_CANDIDATE, &err));
	ck_steps("prepare drop ", "");
	ck_ok(config_validate_xml(config, &one, B, &err));
	ck_steps("prepare drop ", "");
	ck_ok(config_validate(config, &one, DATASTORE_RUNNING, &err));
	ck_steps("", "");
	fails = 'p';
	ck_fails(config_validate(config, &one, DATASTORE_CANDIDATE, &err), ERR_DENIED, "here");
	ck_fails(config_validate_xml(config, &one, A, &err), ERR_DENIED, "here");
	ck_steps("prepare prepare ", "");
	ck_content(DATASTORE_RUNNING, "{}");
}
END_TEST

START_TEST(startup_is_asked_for_as_running_would_be)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_steps("prepare apply done ", "a");
	ck_ok(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_steps("", "a"); /* the same */
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	fails = 'p';
	ck_fails(config_copy(config, &one, DATASTORE_CANDIDATE, DATASTORE_STARTUP, &err), ERR_DENIED, "here");
	ck_steps("prepare ", "a");
	ck_content(DATASTORE_STARTUP, WITH_A);
	fails = '\0';
	ck_ok(config_copy(config, &one, DATASTORE_CANDIDATE, DATASTORE_STARTUP, &err));
	ck_steps("prepare drop ", "a");
}
END_TEST

START_TEST(edit_that_is_only_tested_asks_and_does_nothing)
{
	const struct config_edit test = {DATASTORE_RUNNING, A, EDIT_MERGE, TEST_ONLY, false};

	ck_ok(config_edit(config, &one, &test, NULL, &err));
	ck_steps("prepare drop ", "");
	fails = 'p';
	ck_assert_int_eq(config_edit(config, &one, &test, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_steps("prepare ", "");
	const struct config_edit other = {DATASTORE_CANDIDATE, A, EDIT_MERGE, TEST_ONLY, false};
	ck_ok(config_edit(config, &one, &other, NULL, &err));
	ck_steps("", "");
}
END_TEST

START_TEST(kernel_goes_back_where_the_journal_cannot_be_written)
{
	struct rlimit before, none;

	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	text_fini(&steps);
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 1;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_fails(config_commit(config, &one, NULL, &err), ERR_IO, err.where);
	ck_steps("prepare apply undo drop ", "a");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	journal_probe(journal);
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_journal("a");
}
END_TEST

START_TEST(confirmed_commit_goes_back_or_stays)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	text_fini(&steps);
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	ck_ok(confirmed(60));
	ck_steps("prepare-confirmed apply done-waits ", "ab");
	ck_journal("ab");
	ck_ok(config_cancel_commit(config, &one, "p", &err));
	ck_steps("prepare-back apply done ", "a");
	ck_journal("a");
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	ck_ok(confirmed(60));
	ck_ok(config_commit(config, &one, &(struct config_commit){.persist_id = "p"}, &err));
	ck_steps("prepare-confirmed apply done-waits done-nothing ", "ab");
	ck_journal("ab");
}
END_TEST

START_TEST(way_back_that_fails_is_tried_again)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(60));
	text_fini(&steps);
	fails = 'a';
	ck_fails(config_cancel_commit(config, &one, "p", &err), ERR_UNAVAILABLE, "kernel");
	ck_steps("prepare-back apply drop ", "a");
	ck_content(DATASTORE_RUNNING, WITH_A);
	fails = '\0';
	for (int i = 0; i < 300 && kernel[0] != '\0'; i++) {
		usleep(10000);
		config_tick(config);
	}
	ck_steps("prepare-back apply done ", "");
	ck_content(DATASTORE_RUNNING, "{}");
}
END_TEST

START_TEST(next_start_has_the_table_of_its_running)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, B));
	ck_ok(confirmed(60));
	ck_journal("ab");
	reopen();
	ck_content(DATASTORE_RUNNING, WITH_A);
	ck_journal("a");
	/* A device that boots makes the table of startup anew. */
	ck_ok(config_replace(config, &one, DATASTORE_STARTUP, B, &err));
	ck_ok(journal_setting_set(journal, "boot-id", "another", &err));
	reopen();
	ck_journal(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config-carry");
	TCase *t = tcase_create("config-carry");

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, commit_goes_through_the_kernel_into_the_journal);
	tcase_add_test(t, commit_without_a_change_takes_what_is_new);
	tcase_add_test(t, what_is_refused_changes_nothing);
	tcase_add_test(t, validate_asks_and_does_nothing);
	tcase_add_test(t, edit_that_is_only_tested_asks_and_does_nothing);
	tcase_add_test(t, startup_is_asked_for_as_running_would_be);
	tcase_add_test(t, kernel_goes_back_where_the_journal_cannot_be_written);
	tcase_add_test(t, confirmed_commit_goes_back_or_stays);
	tcase_add_test(t, way_back_that_fails_is_tried_again);
	tcase_add_test(t, next_start_has_the_table_of_its_running);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
