/* links: journal deployment base */
/*
 * What is told is kept: changes and other events come back in one order, in pages, until they are too many; and a
 * journal of an earlier version gets its events from its changes.
 */
#include "journal_scene.h"
#include "portcullis/clock.h"

static void make_change(struct change *c, uint64_t sequence)
{
	memset(c, 0, sizeof(*c));
	c->kind = CHANGE_VIOLATED;
	c->sequence = sequence;
	c->problem_id = 9;
	c->cause = (struct cause){CAUSE_RULESET, 4242, "nft"};
	c->affected = 100;
	c->severity = SEVERITY_MAJOR;
	c->verdict = VERDICT_BLOCKED;
	c->old_overall = OVERALL_OK;
	c->new_overall = OVERALL_VIOLATED;
	c->label = xstrdup("lync/x/5061-tcp");
	c->rule = xstrdup("inet filter forward handle 12: drop");
	c->witness = xstrdup("tcp 10.0.0.1:1024 > 10.1.0.1:5061");
	c->reason = NULL;
	c->wall_s = 1700000000;
	c->unsent = sequence == 4;
}

static void drop_change(struct change *c)
{
	free(c->label);
	free(c->rule);
	free(c->witness);
	free(c->reason);
}

START_TEST(changes_come_back_in_order_after_a_sequence)
{
	struct journal *j = open_journal();
	struct changes got;
	struct change c;

	for (uint64_t s = 1; s <= 10; s++) {
		make_change(&c, s);
		ck_assert_int_eq(journal_change_add(j, &c, &err), 0);
		drop_change(&c);
	}
	ck_assert_int_eq(journal_changes(j, 3, 5, &got, &err), 0);
	ck_assert_uint_eq(got.n, 5);
	for (size_t i = 0; i < got.n; i++)
		ck_assert_uint_eq(got.change[i].sequence, i + 4);
	const struct change *g = &got.change[0];
	ck_assert(g->unsent);
	ck_assert(!got.change[1].unsent);
	ck_assert_int_eq(g->kind, CHANGE_VIOLATED);
	ck_assert_uint_eq(g->problem_id, 9);
	ck_assert_int_eq(g->cause.kind, CAUSE_RULESET);
	ck_assert_uint_eq(g->cause.author_pid, 4242);
	ck_assert_str_eq(g->cause.author, "nft");
	ck_assert_uint_eq(g->affected, 100);
	ck_assert_int_eq(g->severity, SEVERITY_MAJOR);
	ck_assert_int_eq(g->verdict, VERDICT_BLOCKED);
	ck_assert_int_eq(g->new_overall, OVERALL_VIOLATED);
	ck_assert_str_eq(g->label, "lync/x/5061-tcp");
	ck_assert_str_eq(g->witness, "tcp 10.0.0.1:1024 > 10.1.0.1:5061");
	ck_assert_str_eq(g->reason, "");
	ck_assert_int_eq(g->wall_s, 1700000000);
	changes_fini(&got);
	ck_assert_int_eq(journal_changes(j, UINT64_MAX, 5, &got, &err), 0);
	ck_assert_uint_eq(got.n, 0);
	journal_close(j);
}
END_TEST

START_TEST(only_the_newest_changes_stay)
{
	struct journal *j = open_journal();
	struct changes got;
	struct change c;
	const uint64_t sequences[] = {1, 2, 50000, 100001, 100002};

	for (size_t i = 0; i < 5; i++) {
		make_change(&c, sequences[i]);
		ck_assert_int_eq(journal_change_add(j, &c, &err), 0);
		drop_change(&c);
	}
	ck_assert_int_eq(journal_changes(j, 0, SIZE_MAX, &got, &err), 0);
	ck_assert_uint_eq(got.n, 3);
	ck_assert_uint_eq(got.change[0].sequence, 50000);
	changes_fini(&got);
	journal_close(j);
}
END_TEST

START_TEST(damaged_change_is_refused_not_passed_on)
{
	struct journal *j = open_journal();
	struct changes got;
	struct change c;

	make_change(&c, 1);
	ck_assert_int_eq(journal_change_add(j, &c, &err), 0);
	drop_change(&c);
	change("UPDATE change_log SET verdict=77");
	ck_assert_int_eq(journal_changes(j, 0, 10, &got, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_uint_eq(got.n, 0);
	journal_close(j);
}
END_TEST

static void add_change(struct journal *j, uint64_t sequence, int64_t wall_s)
{
	struct change c;
	make_change(&c, sequence);
	c.wall_s = wall_s;
	ck_assert_msg(journal_change_add(j, &c, &err) == 0, "%s", err.text);
	ck_assert_uint_ne(c.event, 0);
	drop_change(&c);
}

/* "change 5" or the content, one a line, of a page. */
static char *page(struct journal *j, uint64_t after, int64_t from, int64_t until, uint64_t *last, bool *end)
{
	struct journal_events e;
	struct text t = {0};
	ck_assert_msg(journal_events(j, after, from * 1000, until == INT64_MAX ? until : until * 1000, &e, &err) == 0,
	        "%s", err.text);
	for (size_t i = 0; i < e.n; i++)
		if (e.event[i].content != NULL)
			text_addf(&t, "%s\n", e.event[i].content);
		else
			text_addf(&t, "change %u\n", (unsigned)e.event[i].change.sequence);
	*last = e.last;
	*end = e.end;
	journal_events_fini(&e);
	return text_take(&t);
}

static void ck_page(struct journal *j, uint64_t after, int64_t from, int64_t until, const char *want)
{
	uint64_t last;
	bool end;
	char *got = page(j, after, from, until, &last, &end);
	ck_assert_str_eq(got, want);
	ck_assert(end);
	free(got);
}

START_TEST(changes_and_other_events_have_one_order)
{
	struct journal *j = open_journal();
	uint64_t id[2] = {0};
	add_change(j, 7, 1000);
	ck_assert_int_eq(journal_event_add(j, 1001000, "<a/>", &id[0], &err), 0);
	add_change(j, 8, 1002);
	ck_assert_int_eq(journal_event_add(j, 1003000, "<b/>", &id[1], &err), 0);
	ck_assert_uint_eq(id[0], 2);
	ck_assert_uint_eq(id[1], 4);
	for (int i = 0; i < 2; i++) {
		ck_page(j, 0, 0, INT64_MAX, "change 7\n<a/>\nchange 8\n<b/>\n");
		ck_page(j, 2, 0, INT64_MAX, "change 8\n<b/>\n");
		ck_page(j, 0, 1001, 1002, "<a/>\nchange 8\n");
		ck_page(j, 4, 0, INT64_MAX, "");
		ck_page(j, UINT64_MAX, 0, INT64_MAX, "");
		journal_close(j);
		j = open_journal();
	}
	journal_close(j);
}
END_TEST

START_TEST(events_come_in_pages)
{
	struct journal *j = open_journal();
	uint64_t after = 0, next = 1;
	bool end = false;
	change("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)"
	       " INSERT INTO event_log SELECT i, i, 0, '<e' || i || '/>' FROM n");
	while (!end) {
		char *got = page(j, after, 0, INT64_MAX, &after, &end), *at = got, want[16];
		for (; *at != '\0'; at += strlen(want)) {
			snprintf(want, sizeof(want), "<e%u/>\n", (unsigned)next++);
			ck_assert_msg(strncmp(at, want, strlen(want)) == 0, "no %s in %.20s", want, at);
		}
		ck_assert_uint_eq(after, end ? 1200 : (next - 1));
		free(got);
	}
	ck_assert_uint_eq(next, 1201);
	/* Those that are outside of the time cost a page as well. */
	char *got = page(j, 0, 1100, INT64_MAX, &after, &end);
	ck_assert_str_eq(got, "");
	ck_assert(!end);
	free(got);
	journal_close(j);
}
END_TEST

START_TEST(only_the_newest_events_stay_and_the_age_is_known)
{
	struct journal *j = open_journal();
	int64_t created, aged;
	uint64_t id, last;
	bool end;
	ck_assert_int_eq(journal_events_span(j, &created, &aged, &err), 0);
	ck_assert_int_gt(created, 1700000000);
	ck_assert_int_eq(aged, 0);
	change("INSERT INTO event_log VALUES(1, 41, 0, '<a/>'); INSERT INTO event_log VALUES(2, 42, 0, '<b/>');"
	       "INSERT INTO event_log VALUES(100001, 43, 0, '<c/>')");
	ck_assert_int_eq(journal_event_add(j, 44000, "<d/>", &id, &err), 0);
	ck_assert_uint_eq(id, 100002);
	ck_assert_int_eq(journal_events_span(j, &created, &aged, &err), 0);
	ck_assert_int_eq(aged, 42);
	/* The first page begins where the log does. */
	char *got = page(j, 0, 0, INT64_MAX, &last, &end);
	ck_assert_str_eq(got, "<c/>\n<d/>\n");
	free(got);
	journal_close(j);
}
END_TEST

static void many_events(int n, int64_t wall_s)
{
	char *sql = xasprintf("WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d) "
	                      "INSERT INTO event_log(time, change, content) SELECT %lld, 0, '<many/>' FROM i",
	        n, (long long)wall_s);
	change(sql);
	free(sql);
}

/* A clock that jumps ahead makes all of them old. */
START_TEST(the_newest_events_are_never_too_old)
{
	struct journal *j = open_journal();
	const int64_t now = clock_wall_s();
	struct changes changes;
	int64_t created, aged;
	uint64_t id;
	add_change(j, 1, 2000);
	add_change(j, 2, 2001);
	many_events(1500, 2002);
	journal_retain(j, &(struct journal_retention){10, 100000, 1});
	ck_assert_int_eq(journal_event_add(j, now * 1000, "<jump/>", &id, &err), 0);
	ck_assert_uint_eq(id, 1503);
	ck_assert_int_eq(journal_events_span(j, &created, &aged, &err), 0);
	ck_assert_int_eq(aged, 2002);
	struct journal_events events;
	ck_assert_int_eq(journal_events(j, 0, 0, INT64_MAX, &events, &err), 0);
	ck_assert_uint_eq(events.event[0].id, 504);
	journal_events_fini(&events);
	add_change(j, 3, now);
	ck_assert_int_eq(journal_changes(j, 0, 10, &changes, &err), 0);
	ck_assert_uint_eq(changes.n, 3);
	changes_fini(&changes);
	journal_close(j);
}
END_TEST

/* Whole seconds are kept as they always were, so that a journal of before has the same order and limits. */
START_TEST(times_have_milliseconds)
{
	struct journal *j = open_journal();
	struct journal_events events;
	struct change c;
	uint64_t id;
	make_change(&c, 7);
	c.wall_s = 1700000001;
	c.wall_ms = 250;
	ck_assert_int_eq(journal_event_add(j, 1700000000000, "<whole/>", &id, &err), 0);
	ck_assert_int_eq(journal_event_add(j, 1700000000999, "<a/>", &id, &err), 0);
	ck_assert_int_eq(journal_change_add(j, &c, &err), 0);
	drop_change(&c);
	ck_assert_int_eq(journal_events(j, 0, 1700000000000, 1700000001250, &events, &err), 0);
	ck_assert_uint_eq(events.n, 3);
	ck_assert_int_eq(events.event[0].wall_ms, 1700000000000);
	ck_assert_int_eq(events.event[1].wall_ms, 1700000000999);
	ck_assert_int_eq(events.event[2].wall_ms, 1700000001250);
	ck_assert_int_eq(events.event[2].change.wall_s, 1700000001);
	ck_assert_uint_eq(events.event[2].change.wall_ms, 250);
	journal_events_fini(&events);
	ck_assert_int_eq(journal_events(j, 0, 1700000000001, 1700000001249, &events, &err), 0);
	ck_assert_uint_eq(events.n, 1);
	ck_assert_str_eq(events.event[0].content, "<a/>");
	journal_events_fini(&events);
	journal_close(j);
	change("UPDATE event_log SET time = 1e300");
	j = open_journal();
	ck_assert_int_eq(journal_events(j, 0, 0, INT64_MAX, &events, &err), 0);
	journal_events_fini(&events);
	journal_close(j);
}
END_TEST

/* Replay has the order in which it happened, whatever the clock said; times of the request choose among it. */
START_TEST(a_clock_that_jumps_leaves_the_order)
{
	struct journal *j = open_journal();
	uint64_t id;
	ck_assert_int_eq(journal_event_add(j, 1000000, "<first/>", &id, &err), 0);
	ck_assert_int_eq(journal_event_add(j, 90000000, "<ahead/>", &id, &err), 0);
	add_change(j, 7, 500);
	ck_assert_int_eq(journal_event_add(j, 1001000, "<back/>", &id, &err), 0);
	ck_page(j, 0, 0, INT64_MAX, "<first/>\n<ahead/>\nchange 7\n<back/>\n");
	ck_page(j, 0, 1000, 2000, "<first/>\n<back/>\n");
	ck_page(j, 2, 0, INT64_MAX, "change 7\n<back/>\n");
	journal_close(j);
}
END_TEST

START_TEST(events_that_are_too_old_go)
{
	struct journal *j = open_journal();
	const int64_t now = clock_wall_s();
	int64_t created, aged;
	uint64_t id;
	add_change(j, 1, now - 90000);
	add_change(j, 2, now - 87000);
	many_events(1000, now - 10);
	journal_retain(j, &(struct journal_retention){10, 2000, 1});
	ck_assert_int_eq(journal_event_add(j, now * 1000, "<a/>", &id, &err), 0);
	struct journal_events events;
	ck_assert_int_eq(journal_events(j, 0, 0, INT64_MAX, &events, &err), 0);
	ck_assert_uint_eq(events.event[0].id, 3);
	journal_events_fini(&events);
	ck_assert_int_eq(journal_events_span(j, &created, &aged, &err), 0);
	ck_assert_int_eq(aged, now - 87000);
	journal_retain(j, &(struct journal_retention){10, 2, 0});
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(journal_event_add(j, (now + i) * 1000, "<b/>", &id, &err), 0);
	ck_page(j, 0, 0, INT64_MAX, "<b/>\n<b/>\n");
	ck_assert_int_eq(journal_events_span(j, &created, &aged, &err), 0);
	ck_assert_int_eq(aged, now);
	journal_close(j);
}
END_TEST

START_TEST(changes_of_a_journal_without_events_become_events)
{
	struct journal *j = open_journal();
	int64_t created, aged;
	add_change(j, 3, 1700000003);
	add_change(j, 4, 1700000004);
	journal_close(j);
	change(UNDO_VERSION_7 UNDO_VERSION_6 UNDO_VERSION_5 UNDO_VERSION_4 UNDO_VERSION_3);
	for (int i = 0; i < 2; i++) {
		j = open_journal();
		ck_page(j, 0, 0, INT64_MAX, "change 3\nchange 4\n");
		ck_assert_int_eq(journal_events_span(j, &created, &aged, &err), 0);
		ck_assert_int_eq(created, 1700000003);
		ck_assert_int_eq(aged, 0);
		journal_close(j);
	}
}
END_TEST

START_TEST(damaged_change_is_left_out_of_the_events)
{
	struct journal *j = open_journal();
	for (uint64_t s = 1; s <= 3; s++)
		add_change(j, s, 1000);
	change("UPDATE change_log SET verdict=77 WHERE sequence=1; DELETE FROM change_log WHERE sequence=2");
	ck_page(j, 0, 0, INT64_MAX, "change 3\n");
	journal_close(j);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal-events");
	TCase *tc = tcase_create("events");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, changes_come_back_in_order_after_a_sequence);
	tcase_add_test(tc, only_the_newest_changes_stay);
	tcase_add_test(tc, damaged_change_is_refused_not_passed_on);
	tcase_add_test(tc, changes_and_other_events_have_one_order);
	tcase_add_test(tc, events_come_in_pages);
	tcase_add_test(tc, only_the_newest_events_stay_and_the_age_is_known);
	tcase_add_test(tc, events_that_are_too_old_go);
	tcase_add_test(tc, the_newest_events_are_never_too_old);
	tcase_add_test(tc, times_have_milliseconds);
	tcase_add_test(tc, a_clock_that_jumps_leaves_the_order);
	tcase_add_test(tc, changes_of_a_journal_without_events_become_events);
	tcase_add_test(tc, damaged_change_is_left_out_of_the_events);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
