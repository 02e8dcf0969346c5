/* links: config */
/*
 * Who watches the datastores is told of each change of running and startup, with who did it and what it was before.
 */
#include "config/changes.h"
#include "config_scene.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define A GROUP("a", "<id>7</id>")
#define B GROUP("b", "<id>8</id>")
#define CREATE_A "+/portcullis:group[name='a']\n"
#define DELETE_A "-/portcullis:group[name='a']\n"
#define CREATE_B "+/portcullis:group[name='b']\n"

static struct text told;

static bool note_edit(void *ctx, enum tree_operation operation, const struct lyd_node *old, const struct lyd_node *new)
{
	char *path = tree_path(new != NULL ? new : old);
	(void)ctx;
	text_addf(&told, "%c%s\n", "+-~^"[operation], path);
	free(path);
	return true;
}

static void note(void *ctx, const struct config_actor *actor, enum datastore d, const struct lyd_node *before,
        const struct lyd_node *after)
{
	(void)ctx;
	text_addf(&told, "%s by %u: ", datastore_name(d), actor->session);
	tree_changes(before, after, note_edit, NULL);
}

static void begin(void)
{
	setup();
	config_on_changed(config, note, NULL);
}

static void end(void)
{
	teardown();
	text_fini(&told);
}

static void ck_told(const char *want)
{
	ck_assert_str_eq(text_str(&told), want);
	text_fini(&told);
}

START_TEST(tells_of_running_alone_and_once)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_told("");
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_told("running by 1: " CREATE_A);
	ck_ok(edit(&two, DATASTORE_RUNNING, A)); /* nothing new */
	ck_told("");
	ck_ok(config_replace(config, &two, DATASTORE_RUNNING, "", &err));
	ck_told("running by 2: " DELETE_A);
	ck_fails(
	        edit(&two, DATASTORE_RUNNING, GROUP("a", "<id>x</id>")), ERR_INVALID, "/portcullis:group[name='a']/id");
	ck_told("");
	config_on_changed(config, NULL, NULL);
	ck_ok(edit(&two, DATASTORE_RUNNING, A));
	ck_told("");
}
END_TEST

START_TEST(tells_of_startup)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	text_fini(&told);
	ck_ok(config_copy(config, &two, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_told("startup by 2: " CREATE_A);
	ck_ok(config_delete(config, &one, DATASTORE_STARTUP, &err));
	ck_told("startup by 1: " DELETE_A);
}
END_TEST

/* What is taken back because of an end or of time, nobody has asked for. */
START_TEST(tells_who_takes_a_confirmed_commit_back)
{
	const struct config_commit confirmed = {.confirmed = true, .timeout_s = 600};
	ck_ok(edit(&one, DATASTORE_RUNNING, B));
	text_fini(&told);
	for (int i = 0; i < 2; i++) {
		ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
		ck_ok(config_commit(config, &one, &confirmed, &err));
		ck_told("running by 1: " CREATE_A);
		if (i == 0)
			ck_ok(config_cancel_commit(config, &one, NULL, &err));
		else
			config_session_end(config, 1);
		ck_told(i == 0 ? "running by 1: " DELETE_A : "running by 0: " DELETE_A);
	}
	/* A commit of nothing changes nothing, and nor does its end. */
	ck_ok(config_commit(config, &one, &confirmed, &err));
	ck_ok(config_cancel_commit(config, &one, NULL, &err));
	ck_told("");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config-watch");
	TCase *tc = tcase_create("watch");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, tells_of_running_alone_and_once);
	tcase_add_test(tc, tells_of_startup);
	tcase_add_test(tc, tells_who_takes_a_confirmed_commit_back);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
