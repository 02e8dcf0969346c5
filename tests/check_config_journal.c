/* links: config journal deployment catalog base */
/*
 * Datastores over a journal that cannot be written, and under clocks that jump: commits are refused with the reason and
 * leave all as it was, a start goes on with what it can know, and the wall clock ends no confirmed commit. Both clocks are
 * this test's own.
 */
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "config_scene.h"
#include "portcullis/clock.h"

#define A GROUP("a", "<id>1</id><address>10.0.0.1/32</address>")
#define WITH_A "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1,\"address\":[\"10.0.0.1/32\"]}]}"
#define HOURS 3600

static int64_t monotonic_ms = 5000000, wall_s = 1700000000;

int64_t clock_monotonic_ms(void)
{
	return monotonic_ms;
}

int64_t clock_wall_s(void)
{
	return wall_s;
}

static struct rlimit before;

/* No file grows any more. */
static void disk_breaks(void)
{
	struct rlimit none;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 1;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void disk_is_mended(void)
{
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	journal_probe(journal);
}

static void reopen_anyway(void)
{
	close_config();
	ck_assert_msg(journal_open_anyway(state, &journal, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_msg(config_open(YANG_DIR, journal, NULL, &config, &err) == 0, "%s: %s", err.where, err.text);
}

static int confirmed(uint32_t seconds)
{
	return config_commit(
	        config, &one, &(struct config_commit){.confirmed = true, .timeout_s = seconds, .persist = "p"}, &err);
}

static void ck_unwritten(int result)
{
	ck_assert_int_eq(result, -1);
	ck_assert_msg(err.code == ERR_IO && strstr(err.text, "the journal cannot be") != NULL &&
	                      strstr(err.text, "check the disk") != NULL,
	        "code %d: %s", err.code, err.text);
	ck_assert_str_eq(error_tag(err.code), "operation-failed");
}

START_TEST(every_change_is_refused_and_leaves_all_as_it_was)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "<id>1</id><address>10.0.0.9/32</address>")));
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, A, &err));
	disk_breaks();
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("b", "<address>10.0.0.2/32</address>")));
	ck_unwritten(config_commit(config, &one, NULL, &err));
	ck_unwritten(confirmed(60));
	ck_unwritten(edit(&one, DATASTORE_RUNNING, GROUP("c", "<address>10.0.0.3/32</address>")));
	ck_unwritten(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_unwritten(config_rollback(config, &one, 1, NULL, &err));
	ck_content(DATASTORE_RUNNING, WITH_A);
	char *candidate = print(DATASTORE_CANDIDATE);
	ck_assert_ptr_nonnull(strstr(candidate, "10.0.0.2"));
	free(candidate);
	disk_is_mended();
	ck_ok(config_commit(config, &one, NULL, &err));
	char *running = print(DATASTORE_RUNNING);
	ck_assert_ptr_nonnull(strstr(running, "10.0.0.2"));
	free(running);
}
END_TEST

START_TEST(a_start_takes_back_what_was_pending_though_it_cannot_be_written)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(600));
	disk_breaks();
	for (int start = 0; start < 2; start++) {
		reopen_anyway();
		ck_content(DATASTORE_RUNNING, "{}");
	}
	disk_is_mended();
	reopen();
	ck_content(DATASTORE_RUNNING, "{}");
	/* From here on it is written. */
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	reopen();
	ck_content(DATASTORE_RUNNING, WITH_A);
}
END_TEST

/* A boot of which the journal does not know would begin with startup at the next start again. */
START_TEST(what_is_committed_after_such_a_boot_stays)
{
	ck_ok(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_ok(journal_setting_set(journal, "boot-id", "another", &err));
	disk_breaks();
	reopen_anyway();
	ck_content(DATASTORE_RUNNING, "{}");
	ck_unwritten(edit(&one, DATASTORE_RUNNING, A));
	disk_is_mended();
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	reopen();
	ck_content(DATASTORE_RUNNING, WITH_A);
}
END_TEST

/* A boot begins with startup, unless that is not what was written to it: then with running as it was. */
START_TEST(a_boot_does_not_begin_with_a_damaged_startup)
{
	char path[128];
	sqlite3 *db = NULL;
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_ok(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_STARTUP, &err));
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("b", "<id>2</id><address>10.0.0.2/32</address>")));
	char *running = print(DATASTORE_RUNNING);
	ck_ok(journal_setting_set(journal, "boot-id", "another", &err));
	close_config();
	snprintf(path, sizeof(path), "%s/journal.db", state);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
	                         "UPDATE datastore SET content = replace(content, '10.0.0.1', '10.0.0.7') WHERE name = "
	                         "'startup'",
	                         NULL, NULL, NULL),
	        SQLITE_OK);
	sqlite3_close(db);
	reopen_anyway();
	ck_content(DATASTORE_RUNNING, running);
	struct journal_health health;
	journal_health(journal, &health);
	ck_assert_msg(strstr(health.why, "startup is not what was written to it, and is not loaded") != NULL, "%s",
	        health.why);
	ck_assert_int_eq(edit(&one, DATASTORE_RUNNING, GROUP("c", "")), -1);
	ck_assert_msg(err.code == ERR_IO && strstr(err.text, "startup") != NULL, "%s", err.text);
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(config_copy(config, &one, DATASTORE_STARTUP, DATASTORE_CANDIDATE, &err), -1);
	ck_assert_msg(err.code == ERR_UNAVAILABLE && strstr(err.text, "damaged") != NULL, "%s", err.text);
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(config_delete(config, &one, DATASTORE_STARTUP, &err), -1);
	ck_assert_msg(err.code == ERR_UNAVAILABLE && strstr(err.text, "damaged") != NULL, "%s", err.text);
	free(running);
}
END_TEST

/* What is not known is not taken for empty. */
START_TEST(a_lost_configuration_is_neither_loaded_nor_overwritten)
{
	char path[128];
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	snprintf(path, sizeof(path), "%s/journal.db", state);
	close_config();
	FILE *f = fopen(path, "r+");
	ck_assert_ptr_nonnull(f);
	fputs("no database at all", f);
	fclose(f);
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(WITH_A, f);
	fclose(f);
	reopen_anyway();
	ck_ok(config_load_file(config, file, &err));
	ck_content(DATASTORE_RUNNING, "{}");
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_assert_int_eq(config_commit(config, &one, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "move it away"));
}
END_TEST

static void ck_pending(bool pending)
{
	config_tick(config);
	memset(&err, 0, sizeof(err));
	const struct config_actor third = {.session = 3, .user = "three"};
	int result = config_lock(config, &third, DATASTORE_RUNNING, &err);
	ck_assert_msg((result != 0) == pending, "%d: %s", result, err.text);
	ck_content(DATASTORE_RUNNING, pending ? WITH_A : "{}");
}

/* Forward, back behind the beginning and forward again: only time that passed counts. */
START_TEST(a_wall_clock_that_jumps_ends_no_confirmed_commit)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(confirmed(60));
	wall_s += 10 * HOURS;
	ck_pending(true);
	wall_s -= 1000000 * (int64_t)HOURS;
	monotonic_ms += 59000;
	ck_pending(true);
	ck_ok(config_commit(config, &two,
	        &(struct config_commit){.confirmed = true, .timeout_s = 60, .persist = "p", .persist_id = "p"}, &err));
	wall_s += 2000000 * (int64_t)HOURS;
	monotonic_ms += 59000;
	ck_pending(true);
	monotonic_ms += 1000;
	ck_pending(false);
}
END_TEST

/* The list has the order in which it happened, and each entry the time that the clock showed. */
START_TEST(the_history_keeps_its_order)
{
	struct journal_entry *entry;
	size_t n;
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	wall_s -= 10 * HOURS;
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("b", "<address>10.0.0.2/32</address>")));
	ck_ok(config_history(config, 0, 10, &entry, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(entry[0].number, 2);
	ck_assert_int_eq(entry[0].wall_s, wall_s);
	ck_assert_int_eq(entry[1].wall_s, wall_s + 10 * HOURS);
	journal_entries_free(entry, n);
	ck_ok(config_rollback(config, &one, 1, NULL, &err));
	ck_content(DATASTORE_RUNNING, WITH_A);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config and journal");
	TCase *tc = tcase_create("journal");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_change_is_refused_and_leaves_all_as_it_was);
	tcase_add_test(tc, a_start_takes_back_what_was_pending_though_it_cannot_be_written);
	tcase_add_test(tc, what_is_committed_after_such_a_boot_stays);
	tcase_add_test(tc, a_boot_does_not_begin_with_a_damaged_startup);
	tcase_add_test(tc, a_lost_configuration_is_neither_loaded_nor_overwritten);
	tcase_add_test(tc, a_wall_clock_that_jumps_ends_no_confirmed_commit);
	tcase_add_test(tc, the_history_keeps_its_order);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
