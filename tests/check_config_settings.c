/* links: config journal deployment catalog base */
/*
 * The settings of notifications, as SNMP sets them: what holds, who may write meanwhile, what the journal has of it, and
 * that a change of settings is no change of the table in the kernel.
 */
#include "config_scene.h"

#define A GROUP("a", "<id>7</id><address>10.0.0.1/32</address>")
#define RETENTION "<retention" NS "><commits>50</commits></retention>"

static unsigned prepared;

static int prepare(void *ctx, const struct config_push *push, struct config_plan **out, struct error *e)
{
	(void)ctx;
	(void)push;
	(void)e;
	prepared++;
	*out = NULL;
	return 0;
}

static void done(void *ctx, struct config_plan *plan, bool stays)
{
	(void)ctx;
	(void)plan;
	(void)stays;
}

static void begin(void)
{
	const struct config_carrier carrier = {.prepare = prepare, .done = done};

	setup();
	prepared = 0;
	config_set_carrier(config, &carrier);
}

static struct notification_settings settings(void)
{
	struct notification_settings s;

	config_notification(config, &s);
	return s;
}

START_TEST(what_is_not_configured_has_its_default)
{
	struct notification_settings s = settings();

	ck_assert(s.enable && !s.per_flow);
	ck_assert_uint_eq(s.hold_down_ms, 200);
	ck_assert_uint_eq(s.minimum_interval_ms, 0);
}
END_TEST

START_TEST(settings_hold_at_once_and_after_a_restart)
{
	struct notification_settings s = {.enable = false, .per_flow = true, .hold_down_ms = 1000};

	ck_ok(config_notification_reserve(config, &err));
	ck_ok(config_notification_set(config, "snmp", &s, &err));
	config_notification_release(config);
	ck_assert_uint_eq(settings().hold_down_ms, 1000);
	char *json = print(DATASTORE_RUNNING);
	ck_assert_str_eq(json, "{\"portcullis:notification\":{\"enable\":false,\"hold-down\":1000,\"per-flow\":true}}");
	free(json);
	reopen();
	ck_assert_uint_eq(settings().hold_down_ms, 1000);
	ck_assert(!settings().enable && settings().per_flow);
}
END_TEST

START_TEST(what_does_not_differ_is_no_commit)
{
	struct journal_entry *entry;
	struct notification_settings s = settings();
	size_t n;

	ck_ok(config_notification_set(config, "snmp", &s, &err));
	ck_ok(config_history(config, 0, 100, &entry, &n, &err));
	ck_assert_uint_eq(n, 0);
	journal_entries_free(entry, n);
	s.hold_down_ms = 300;
	ck_ok(config_notification_set(config, "snmp", &s, &err));
	ck_ok(config_history(config, 0, 100, &entry, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(entry[0].user, "snmp");
	journal_entries_free(entry, n);
}
END_TEST

START_TEST(between_reserve_and_release_nobody_else_writes)
{
	ck_ok(config_notification_reserve(config, &err));
	ck_assert_int_eq(edit(&one, DATASTORE_RUNNING, A), -1);
	ck_assert_int_eq(err.code, ERR_IN_USE);
	ck_assert_str_eq(err.where, "0"); /* RFC 6241 section 7.5: it is no NETCONF session */
	ck_assert_ptr_nonnull(strstr(err.text, "SNMP"));
	ck_assert_int_eq(config_lock(config, &one, DATASTORE_RUNNING, &err), -1);
	ck_assert_str_eq(err.where, "0");
	config_notification_release(config);
	config_notification_release(config);
	ck_ok(edit(&one, DATASTORE_RUNNING, A));
}
END_TEST

START_TEST(lock_of_a_session_refuses_a_reservation_and_stays)
{
	ck_ok(config_lock(config, &one, DATASTORE_RUNNING, &err));
	ck_assert_int_eq(config_notification_reserve(config, &err), -1);
	ck_assert_int_eq(err.code, ERR_IN_USE);
	ck_assert_str_eq(err.where, "1");
	config_notification_release(config);
	ck_assert_uint_eq(config_lock_holder(config, DATASTORE_RUNNING), 1);
}
END_TEST

START_TEST(pending_commit_refuses_a_reservation)
{
	const struct config_commit wait = {.confirmed = true, .timeout_s = 60, .persist = "p"};

	ck_ok(edit(&one, DATASTORE_CANDIDATE, A));
	ck_ok(config_commit(config, &one, &wait, &err));
	ck_assert_int_eq(config_notification_reserve(config, &err), -1);
	ck_assert_int_eq(err.code, ERR_IN_USE);
	ck_ok(config_commit(config, &one, &(struct config_commit){.persist_id = "p"}, &err));
	ck_ok(config_notification_reserve(config, &err));
	config_notification_release(config);
}
END_TEST

START_TEST(settings_leave_the_table_alone_and_anything_else_does_not)
{
	struct notification_settings s = {.enable = true, .hold_down_ms = 700};

	ck_ok(edit(&one, DATASTORE_RUNNING, A));
	ck_assert_uint_eq(prepared, 1);
	ck_ok(config_notification_set(config, "snmp", &s, &err));
	ck_ok(edit(&one, DATASTORE_RUNNING, RETENTION));
	ck_assert_uint_eq(prepared, 1);
	ck_assert_uint_eq(settings().hold_down_ms, 700);
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "<address>10.0.0.2/32</address>")));
	ck_assert_uint_eq(prepared, 2);
	/* A commit asks for what an upgrade brings, whatever it changes. */
	ck_ok(edit(&one, DATASTORE_CANDIDATE, "<retention" NS "><commits>60</commits></retention>"));
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_assert_uint_eq(prepared, 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("config settings");
	TCase *t = tcase_create("settings");

	tcase_add_checked_fixture(t, begin, teardown);
	tcase_add_test(t, what_is_not_configured_has_its_default);
	tcase_add_test(t, settings_hold_at_once_and_after_a_restart);
	tcase_add_test(t, what_does_not_differ_is_no_commit);
	tcase_add_test(t, between_reserve_and_release_nobody_else_writes);
	tcase_add_test(t, lock_of_a_session_refuses_a_reservation_and_stays);
	tcase_add_test(t, pending_commit_refuses_a_reservation);
	tcase_add_test(t, settings_leave_the_table_alone_and_anything_else_does_not);
	suite_add_tcase(s, t);
	return run_suite(s);
}
