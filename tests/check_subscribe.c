/* links: netconf config conformance catalog base */
/*
 * Subscriptions on a server with a journal: filters, replay and its seam to what happens meanwhile, times, slow readers.
 */
#include "subscribe_scene.h"

/* Errors */

START_TEST(refuses_what_rfc_5277_says)
{
	static const struct {
		const char *parameters, *tag, *bad_element, *word;
	} cases[] = {
	        {"<stream>other</stream>", "invalid-value", NULL, "NETCONF is the only one"},
	        {"<stopTime>2036-01-01T00:00:00Z</stopTime>", "missing-element", "startTime", "add one"},
	        {"<startTime>2136-01-01T00:00:00Z</startTime>", "bad-element", "startTime", "in the future"},
	        {"<startTime>2136-01-01T00:00:00Z</startTime><stopTime>2135-01-01T00:00:00Z</stopTime>", "bad-element",
	                "startTime", "2136-01-01"},
	        {"<startTime>2026-01-01T00:00:00Z</startTime><stopTime>2025-01-01T00:00:00Z</stopTime>", "bad-element",
	                "stopTime", "2025-01-01"},
	        {"<startTime>2026-01-01T00:00:00+01:00</startTime><stopTime>2025-12-31T23:00:00Z</stopTime>",
	                "bad-element", "stopTime", "give a later one"},
	        {"<startTime>2026-01-01T00:00:00.25Z</startTime><stopTime>2026-01-01T00:00:00.2Z</stopTime>",
	                "bad-element", "stopTime", "give a later one"},
	        {"<startTime>yesterday</startTime>", "invalid-value", NULL, "yesterday"},
	        {"<filter type=\"xpath\"/>", "invalid-value", NULL, "select"},
	        {"<filter type=\"xpath\" select=\"1 + 1\"/>", "invalid-value", NULL, ""},
	        {"<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" "
	         "select=\"/p:conformance-change[\"/>",
	                "invalid-value", NULL, ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = raw();
		char *request = xasprintf(HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><create-subscription "
		                                  "xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\">%s"
		                                  "</create-subscription></rpc>]]>]]>",
		        cases[i].parameters);
		char *tag = xasprintf("<error-tag>%s</error-tag>", cases[i].tag);
		char *bad = cases[i].bad_element != NULL
		                    ? xasprintf("<bad-element>%s</bad-element>", cases[i].bad_element)
		                    : xstrdup("");
		put_text(fd, request);
		char *reply = next(fd, "</rpc-reply>]]>]]>");
		ck_assert_msg(strstr(reply, tag) != NULL && strstr(reply, bad) != NULL &&
		                      strstr(reply, cases[i].word) != NULL,
		        "%s: %s", cases[i].parameters, reply);
		ck_assert(cases[i].bad_element == NULL || strstr(reply, "<error-type>protocol<") != NULL);
		/* It can still be done right. */
		put_text(fd, RPC("2", SUBSCRIBE_TO("<stream>NETCONF</stream>")) "]]>]]>");
		free(reply);
		reply = next(fd, "</rpc-reply>]]>]]>");
		ck_assert_msg(strstr(reply, "<ok/>") != NULL, "%s", reply);
		put_text(fd, RPC("3", SUBSCRIBE) "]]>]]>");
		free(reply);
		reply = next(fd, "</rpc-reply>]]>]]>");
		ck_assert_msg(strstr(reply, "in-use") != NULL, "%s", reply);
		free(reply);
		free(request);
		free(tag);
		free(bad);
		close(fd);
	}
}
END_TEST

START_TEST(says_that_it_replays)
{
	struct netconf_client *c = client();
	char *state = ask(c, "<get><filter><netconf " NN "/></filter></get>");
	ck_assert_msg(strstr(state, "<replaySupport>true<") != NULL &&
	                      strstr(state, "<replayLogCreationTime>20") != NULL &&
	                      strstr(state, "replayLogAgedTime") == NULL,
	        "%s", state);
	free(state);
	netconf_client_close(c);
}
END_TEST

/* Filters */

#define XPATH(select)                                                                                                  \
	"<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" "                                           \
	"xmlns:n=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\" select=\"" select "\"/>"

static const struct filter_case {
	const char *filter;
	const char *
	        passes; /* sequences that pass: of 1 violated, 2 unreadable, 3 overall, 4 violated; and s: a session starts */
} filter_cases[] = {
        {"", "1 2 3 4 s"},
        {"<filter><conformance-change " PC "/></filter>", "1 3 4"},
        {"<filter><conformance-change " PC "><kind>violated</kind></conformance-change></filter>", "1 4"},
        {"<filter><conformance-change " PC "><kind>violated</kind><sequence>4</sequence></conformance-change></filter>",
                "4"},
        {"<filter><conformance-change " PC "><kind>violated</kind><label/></conformance-change></filter>", "1 4"},
        {"<filter><conformance-change " PC "><kind>overall</kind></conformance-change><ruleset-unreadable " PC
         "/></filter>",
                "2 3"},
        {"<filter><netconf-session-start " NCN "/></filter>", "s"},
        {"<filter><netconf-session-start " NCN "><username>root</username></netconf-session-start></filter>", "s"},
        {"<filter><conformance-change xmlns=\"\"/></filter>", "1 3 4"},
        /* Some clients have the filter in the namespace of the protocol. */
        {"<nc:filter xmlns:nc=\"" BASE "\" type=\"subtree\"><conformance-change " PC
         "><kind>violated</kind></conformance-change></nc:filter>",
                "1 4"},
        {"<filter xmlns=\"" BASE "\"><p:ruleset-unreadable xmlns:p=\"urn:portcullis:yang:portcullis\"/></filter>", "2"},
        {"<filter xmlns=\"" BASE "\" xmlns:p=\"urn:portcullis:yang:portcullis\" type=\"xpath\" "
         "select=\"/p:conformance-change\"/>",
                "1 3 4"},
        {XPATH("/p:conformance-change"), "1 3 4"},
        {XPATH("/p:conformance-change[p:kind='violated']"), "1 4"},
        {XPATH("/p:conformance-change[p:sequence &gt; 3] | /p:ruleset-unreadable"), "2 4"},
        {XPATH("/n:netconf-session-start[n:username='root']"), "s"},
        {XPATH("/p:conformance-change[p:kind='violated' or p:kind='overall']"), "1 3 4"},
        {XPATH("/p:conformance-change[p:kind='violated' and p:sequence &gt; 3]"), "4"},
        {XPATH("/*[starts-with(local-name(), 'ruleset')]"), "2"},
};

/* Sequences of the notifications, and s for the start of a session. */
static char *passed(const char *text)
{
	struct text t = {0};
	for (const char *p = text; (p = strchr(p, '<')) != NULL; p++)
		if (strncmp(p, "<sequence>", 10) == 0)
			text_addf(&t, "%s%lu", t.len > 0 ? " " : "", strtoul(p + 10, NULL, 10));
		else if (strncmp(p, "<netconf-session-start", 22) == 0)
			text_addf(&t, "%ss", t.len > 0 ? " " : "");
	return text_take(&t);
}

/* All of a replay; what the sessions of the test itself were is left out by the times. */
START_TEST(filters_what_is_replayed)
{
	const struct filter_case *c = &filter_cases[_i];
	static const enum change_kind kinds[] = {CHANGE_VIOLATED, CHANGE_UNREADABLE, CHANGE_OVERALL, CHANGE_VIOLATED};
	const struct event_by by = {.session = 9, .user = "root"};
	struct error err = {0};
	uint64_t id;
	for (uint64_t i = 0; i < 4; i++)
		tell(kinds[i], i + 1, 1000000);
	char *content = event_session_start(&by);
	ck_assert_int_eq(journal_event_add(server.journal, 1000000000, content, &id, &err), 0);
	free(content);
	char *parameters = xasprintf("%s" LONG_AGO "<stopTime>2001-01-01T00:00:00Z</stopTime>", c->filter);
	int fd = subscribed(parameters);
	char *all = next(fd, "notificationComplete"), *got = passed(all);
	ck_assert_msg(strcmp(got, c->passes) == 0, "%s: got %s, want %s: %s", c->filter, got, c->passes, all);
	ck_assert_ptr_nonnull(strstr(all, "<replayComplete " NN "/>"));
	free(all);
	free(got);
	free(parameters);
	close(fd);
}
END_TEST

START_TEST(filters_what_happens)
{
	int fd = subscribed("<filter><conformance-change " PC "><kind>cleared</kind></conformance-change></filter>");
	for (uint64_t i = 1; i <= 100; i++)
		tell(i == 50 || i == 100 ? CHANGE_CLEARED : CHANGE_VIOLATED, i, 2000000000);
	char *all = next(fd, "<sequence>100<"), *got = passed(all);
	ck_assert_str_eq(got, "50 100");
	free(got);
	free(all);
	/* Rpcs go on beside it. */
	put_text(fd, RPC("2", GET_SUMMARY) "]]>]]>");
	free(next(fd, "message-id=\"2\""));
	close(fd);
}
END_TEST

/* Replay */

START_TEST(replays_further_back_than_a_page)
{
	keep(1, 2300, 1000000);
	int fd = subscribed(LONG_AGO);
	char *all = next(fd, "replayComplete");
	ck_assert_uint_eq(count_in_order(all), 2300);
	free(all);
	/* What comes now follows, and nothing again. */
	tell(CHANGE_TEST, 2301, clock_wall_s());
	all = message(fd);
	free(all);
	all = message(fd);
	char *got = passed(all);
	ck_assert_str_eq(got, "2301");
	check_notification(all);
	free(all);
	free(got);
	close(fd);
}
END_TEST

START_TEST(replays_from_and_until_the_times_that_are_asked)
{
	for (uint64_t i = 1; i <= 9; i++)
		tell(CHANGE_VIOLATED, i, 1000000000 + (int64_t)i);
	/* 1000000003 to 1000000006. */
	int fd =
	        subscribed("<startTime>2001-09-09T03:46:43+02:00</startTime><stopTime>2001-09-09T01:46:46Z</stopTime>");
	char *all = next(fd, "notificationComplete " NN "/></notification>]]>]]>"), *got = passed(all);
	ck_assert_str_eq(got, "3 4 5 6");
	ck_assert_ptr_nonnull(strstr(strstr(all, "<sequence>6<"), "<replayComplete " NN "/>"));
	free(all);
	free(got);
	/* The session is an ordinary one again: it is told nothing, and may subscribe. */
	tell(CHANGE_VIOLATED, 10, clock_wall_s());
	put_text(fd, RPC("2", GET_SUMMARY) "]]>]]>");
	all = next(fd, "</rpc-reply>]]>]]>");
	ck_assert_msg(strstr(all, "<sequence>") == NULL && strstr(all, "message-id=\"2\"") != NULL, "%s", all);
	free(all);
	put_text(fd, RPC("3", SUBSCRIBE_TO("<startTime>2001-09-09T01:46:48Z</startTime>")) "]]>]]>");
	all = next(fd, "replayComplete");
	got = passed(strstr(all, "<ok/>"));
	ck_assert_msg(strncmp(got, "8 9 ", 4) == 0 && strstr(got, "10") != NULL, "%s", got);
	free(all);
	free(got);
	close(fd);
}
END_TEST

static char *time_in(int64_t seconds, char *buf)
{
	time_print(clock_wall_s() + seconds, buf, 32);
	return buf;
}

START_TEST(ends_a_subscription_at_its_stop_time)
{
	char from[32], until[32];
	char *parameters = xasprintf("<filter><conformance-change " PC "/></filter><startTime>%s</startTime>"
	                             "<stopTime>%s</stopTime>",
	        time_in(-1, from), time_in(2, until));
	int fd = subscribed(parameters);
	free(next(fd, "replayComplete " NN "/></notification>]]>]]>"));
	tell(CHANGE_VIOLATED, 1, clock_wall_s());
	char *text = message(fd), *got = passed(text);
	ck_assert_str_eq(got, "1");
	free(text);
	free(got);
	text = message(fd);
	ck_assert_msg(strstr(text, "<notificationComplete " NN "/>") != NULL, "%s", text);
	check_notification(text);
	int64_t stop;
	ck_assert(time_parse(until, &stop));
	ck_assert_int_ge(clock_wall_s(), stop);
	free(text);
	free(parameters);
	put_text(fd, RPC("2", SUBSCRIBE) "]]>]]>");
	free(next(fd, "<ok/>"));
	tell(CHANGE_VIOLATED, 2, clock_wall_s());
	free(next(fd, "<sequence>2<"));
	close(fd);
}
END_TEST

/* Times: RFC 5277 section 2.2.1 */

static int64_t time_told(const char *notification)
{
	const char *from = strstr(notification, "<eventTime>");
	int64_t seconds = 0;
	ck_assert_msg(from != NULL, "%s", notification);
	char *text = xstrndup(from + strlen("<eventTime>"), strcspn(from + strlen("<eventTime>"), "<"));
	ck_assert_msg(time_parse(text, &seconds), "%s", text);
	ck_assert_msg(strlen(text) == strlen("2026-01-31T12:00:00.250Z") && text[19] == '.', "%s", text);
	int64_t ms = seconds * 1000 + atoi(text + 20);
	free(text);
	return ms;
}

START_TEST(tells_milliseconds_when_it_happens_and_when_it_is_replayed)
{
	const struct event_by by = {.session = 9, .user = "root"};
	struct change change;
	struct error err = {0};
	char start[40], stop[40];
	int fd = subscribed("");
	int64_t before = clock_wall_ms();
	netconf_notify_event(server.netconf, event_session_start(&by));
	char *live = next(fd, "</notification>");
	int64_t at = time_told(live);
	ck_assert_int_ge(at, before);
	ck_assert_int_le(at, clock_wall_ms());
	free(live);
	close(fd);
	/* One millisecond before and after it. */
	sample_change(&change, CHANGE_VIOLATED, 1);
	for (int i = -1; i <= 1; i += 2) {
		change.wall_s = (at + i) / 1000;
		change.wall_ms = (uint16_t)((at + i) % 1000);
		change.sequence = (uint64_t)(i + 2);
		ck_assert_msg(journal_change_add(server.journal, &change, &err) == 0, "%s", err.text);
	}
	change_fini(&change);
	time_print_ms(at, start, sizeof(start));
	while (clock_wall_ms() <= at + 2)
		sched_yield();
	for (int to = 0; to < 2; to++) {
		time_print_ms(at + 1, stop, sizeof(stop));
		char *parameters = xasprintf("<filter><netconf-session-start " NCN "><session-id>9</session-id>"
		                             "</netconf-session-start><conformance-change " PC "/></filter>"
		                             "<startTime>%s</startTime><stopTime>%s</stopTime>",
		        to == 0 ? start : stop, to == 0 ? stop : "2120-01-01T00:00:00Z");
		fd = subscribed(parameters);
		char *all = next(fd, "replayComplete");
		ck_assert_msg((strstr(all, "session-start") != NULL) == (to == 0), "%s", all);
		ck_assert_msg(strstr(all, "<sequence>3<") != NULL && strstr(all, "<sequence>1<") == NULL, "%s", all);
		ck_assert_int_eq(time_told(all), to == 0 ? at : at + 1);
		free(all);
		free(parameters);
		close(fd);
	}
}
END_TEST

/* Between replay and what happens */

#define BEFORE 1200u
#define SEAM 2400u
#define SUBSCRIBERS 8

static atomic_ulong told;

static void *produce(void *arg)
{
	(void)arg;
	for (uint64_t i = BEFORE + 1; i <= SEAM; i++) {
		struct change change;
		struct error err = {0};
		sample_change(&change, CHANGE_VIOLATED, i);
		change.wall_s = 1000000;
		if (journal_change_add(server.journal, &change, &err) == 0)
			netconf_notify(server.netconf, &change);
		change_fini(&change);
		atomic_store(&told, i);
	}
	return NULL;
}

START_TEST(loses_and_repeats_nothing_at_the_seam)
{
	pthread_t producer;
	int fd[SUBSCRIBERS];
	atomic_store(&told, BEFORE);
	keep(1, BEFORE, 1000000);
	ck_assert_int_eq(pthread_create(&producer, NULL, produce, NULL), 0);
	for (unsigned i = 0; i < SUBSCRIBERS; i++) {
		while (atomic_load(&told) < BEFORE + i * (SEAM - BEFORE) / SUBSCRIBERS)
			sched_yield();
		fd[i] = subscribed(i % 2 == 0 ? LONG_AGO : "<filter><conformance-change " PC "/></filter>" LONG_AGO);
	}
	for (unsigned i = 0; i < SUBSCRIBERS; i++) {
		char *all = next(fd[i], "<sequence>2400<");
		ck_assert_uint_eq(count_in_order(all), SEAM);
		char *complete = strstr(all, "<replayComplete");
		ck_assert(complete == NULL || strstr(complete + 1, "<replayComplete") == NULL);
		free(all);
	}
	pthread_join(producer, NULL);
	for (unsigned i = 0; i < SUBSCRIBERS; i++)
		close(fd[i]);
}
END_TEST

START_TEST(a_slow_reader_of_a_replay_stalls_nobody)
{
	keep(1, 6000, 1000000);
	int fd = subscribed(LONG_AGO), quick = subscribed("");
	struct netconf_client *c = client();
	for (uint64_t i = 6001; i <= 6100; i++)
		tell(CHANGE_VIOLATED, i, 1000000);
	char *all = next(quick, "<sequence>6100<");
	free(all);
	int64_t before = clock_monotonic_ms();
	ask_ok(c, EDIT("running", "", ZONE("inside", "eth1")));
	ask_has(c, GET_SUMMARY, "<overall>", NULL);
	ck_assert_int_lt(clock_monotonic_ms() - before, 2000);
	netconf_client_close(c);
	/* It has lost nothing by that. */
	all = next(fd, "<sequence>6100<");
	ck_assert_uint_eq(count_in_order(all), 6100);
	free(all);
	close(fd);
	close(quick);
}
END_TEST

/* More happens during a replay than a queue holds: what the journal has is read from there. */
START_TEST(a_replay_that_is_overtaken_loses_only_what_is_not_kept)
{
	struct subscription s;
	subscription_init(&s);
	ck_assert(subscription_begin(&s, GATE_COLLECT));
	struct notice *kept = notice_of(1, "<a/>", 1), *lost = notice_of(1, "<a/>", 0);
	for (unsigned i = 0; i < NOTICE_QUEUE; i++)
		subscription_put(&s, kept);
	ck_assert_uint_eq(s.incoming.n, NOTICE_QUEUE);
	subscription_put(&s, kept);
	ck_assert_int_eq(s.gate, GATE_SHUT);
	ck_assert_uint_eq(s.incoming.n, 0);
	subscription_put(&s, kept);
	ck_assert_uint_eq(s.suppressed, 0);
	/* The journal does not have this one. */
	subscription_put(&s, lost);
	ck_assert_uint_eq(s.suppressed, 1);
	notice_unref(kept);
	notice_unref(lost);
	subscription_fini(&s);
}
END_TEST

/* Those of RFC 6470 have no leaf for it. */
START_TEST(what_was_lost_is_told_before_a_notification_that_cannot_say_it)
{
	struct subscription s;
	struct change change;
	struct text t = {0};
	sample_change(&change, CHANGE_VIOLATED, 1);
	struct notice *session = notice_of(1, "<netconf-session-start " NCN "/>", 0), *counting = notice_new(&change);
	ck_assert_str_eq(session->module, "ietf-netconf-notifications");
	ck_assert_str_eq(session->name, "netconf-session-start");
	subscription_init(&s);
	ck_assert(subscription_begin(&s, GATE_DIRECT));
	atomic_store(&s.state, SUBSCRIPTION_ACTIVE);
	for (unsigned i = 0; i < NOTICE_QUEUE + 3; i++)
		subscription_put(&s, session);
	ck_assert(subscription_take(&s, &t));
	ck_assert_ptr_nonnull(strstr(t.s, "<notifications-suppressed " PC "><suppressed>3</suppressed>"));
	check_notification(t.s);
	t.len = 0;
	ck_assert(subscription_take(&s, &t));
	ck_assert_ptr_nonnull(strstr(t.s, "<netconf-session-start"));
	ring_clear(&s.ready);
	for (unsigned i = 0; i < NOTICE_QUEUE + 3; i++)
		subscription_put(&s, counting);
	t.len = 0;
	ck_assert(subscription_take(&s, &t));
	ck_assert_ptr_nonnull(strstr(t.s, "<suppressed>3</suppressed></conformance-change>"));
	text_fini(&t);
	notice_unref(session);
	notice_unref(counting);
	subscription_fini(&s);
	change_fini(&change);
}
END_TEST

START_TEST(a_filter_that_is_overrun_counts_what_it_loses)
{
	int fd = subscribed("<filter><conformance-change " PC "/></filter>");
	struct change change;
	sample_change(&change, CHANGE_VIOLATED, 0);
	for (change.sequence = 1; change.sequence <= 40000; change.sequence++)
		netconf_notify(server.netconf, &change);
	char *all = next(fd, "</suppressed>");
	ck_assert_uint_lt(count_in_order(all), 40000);
	free(all);
	change_fini(&change);
	close(fd);
}
END_TEST

/* Many */

#define BURST 10000u

/* Ten that read, one after the other only when all is sent: what their sockets do not take is kept for them. */
START_TEST(loses_nothing_of_a_burst_to_ten_subscribers)
{
	int fd[10];
	struct change change;
	for (unsigned i = 0; i < 10; i++)
		fd[i] = subscriber();
	sample_change(&change, CHANGE_VIOLATED, 0);
	int64_t begun = clock_monotonic_ms();
	for (change.sequence = 1; change.sequence <= BURST; change.sequence++)
		netconf_notify(server.netconf, &change);
	int64_t handed = clock_monotonic_ms();
	for (unsigned i = 0; i < 10; i++) {
		char *all = next(fd[i], "<sequence>10000<");
		ck_assert_uint_eq(count_in_order(all), BURST);
		ck_assert_ptr_null(strstr(all, "<suppressed>"));
		free(all);
		close(fd[i]);
	}
	int64_t ended = clock_monotonic_ms();
	fprintf(stderr, "10,000 notifications to 10 subscribers: handed over in %lld ms, read in %lld ms\n",
	        (long long)(handed - begun), (long long)(ended - begun));
	change_fini(&change);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("subscribe");
	TCase *t = tcase_create("subscribe");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, refuses_what_rfc_5277_says);
	tcase_add_test(t, says_that_it_replays);
	tcase_add_loop_test(t, filters_what_is_replayed, 0, sizeof(filter_cases) / sizeof(filter_cases[0]));
	tcase_add_test(t, filters_what_happens);
	tcase_add_test(t, replays_further_back_than_a_page);
	tcase_add_test(t, replays_from_and_until_the_times_that_are_asked);
	tcase_add_test(t, ends_a_subscription_at_its_stop_time);
	tcase_add_test(t, loses_and_repeats_nothing_at_the_seam);
	tcase_add_test(t, tells_milliseconds_when_it_happens_and_when_it_is_replayed);
	tcase_add_test(t, a_slow_reader_of_a_replay_stalls_nobody);
	tcase_add_test(t, a_replay_that_is_overtaken_loses_only_what_is_not_kept);
	tcase_add_test(t, what_was_lost_is_told_before_a_notification_that_cannot_say_it);
	tcase_add_test(t, a_filter_that_is_overrun_counts_what_it_loses);
	suite_add_tcase(s, t);
	t = tcase_create("burst");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, loses_nothing_of_a_burst_to_ten_subscribers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
