/* links: netconf config conformance catalog base */
/*
 * What the server tells of itself: sessions that begin and end, what is edited, what becomes of confirmed commits.
 */
#include "subscribe_scene.h"

/* Sessions */

#define SESSIONS_ONLY "<filter><netconf-session-start " NCN "/><netconf-session-end " NCN "/></filter>"

static void expect_message(int fd, bool validate, const char *const *words, size_t n)
{
	char *text = message(fd);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strstr(text, words[i]) != NULL, "no %s in %s", words[i], text);
	check_notification_as(text, validate);
	free(text);
}

#define WORDS(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)
#define EXPECT(fd, ...) expect_message(fd, true, WORDS(__VA_ARGS__))
/* Targets that are gone, and a `when` of RFC 6470 that looks for its leaf a level too high, fail in a validation. */
#define EXPECT_SYNTAX(fd, ...) expect_message(fd, false, WORDS(__VA_ARGS__))

START_TEST(tells_of_sessions_that_begin_and_end)
{
	int fd = subscribed(SESSIONS_ONLY);
	struct netconf_client *c = client();
	EXPECT(fd, "<netconf-session-start", "<username>root</username><session-id>2</session-id></netconf");
	ask_ok(c, "<close-session/>");
	EXPECT(fd, "<netconf-session-end", "<session-id>2<", "<termination-reason>closed<");
	netconf_client_close(c);
	c = client();
	EXPECT(fd, "<netconf-session-start", "<session-id>3<");
	netconf_client_close(c);
	EXPECT(fd, "<netconf-session-end", "<session-id>3<", "<termination-reason>dropped<");
	c = client();
	EXPECT(fd, "<netconf-session-start", "<session-id>4<");
	struct netconf_client *killer = client();
	EXPECT(fd, "<netconf-session-start", "<session-id>5<");
	ask_ok(killer, "<kill-session><session-id>4</session-id></kill-session>");
	EXPECT(fd, "<netconf-session-end", "<session-id>4<", "<killed-by>5<", "<termination-reason>killed<");
	netconf_client_close(c);
	netconf_client_close(killer);
	EXPECT(fd, "<netconf-session-end", "<session-id>5<");
	/* One that breaks the framing. */
	int bad = raw();
	put_text(bad, HELLO11);
	EXPECT(fd, "<netconf-session-start", "<session-id>6<");
	put_text(bad, "\n#0\n");
	EXPECT(fd, "<netconf-session-end", "<session-id>6<", "<termination-reason>other<");
	close(bad);
	close(fd);
}
END_TEST

START_TEST(tells_where_a_session_comes_from)
{
	int fd = subscribed(SESSIONS_ONLY), relayed = raw();
	put_text(relayed, "portcullis-relay 1 2001:db8::7 50000 2001:db8::1 22\n" HELLO10);
	EXPECT(fd, "<netconf-session-start", "<source-host>2001:db8::7</source-host>");
	close(relayed);
	EXPECT(fd, "<netconf-session-end", "<source-host>2001:db8::7</source-host>", "dropped");
	close(fd);
}
END_TEST

START_TEST(a_bad_hello_is_no_session)
{
	bool ended;
	int fd = subscribed(SESSIONS_ONLY), bad = raw();
	put_text(bad, "<hello xmlns=\"" BASE "\"/>]]>]]>");
	free(read_until(bad, NULL, 0, &ended));
	close(bad);
	struct netconf_client *c = client();
	EXPECT(fd, "<netconf-session-start");
	netconf_client_close(c);
	close(fd);
}
END_TEST

/* Sessions that were ended by a stop are known after it. */
START_TEST(keeps_its_events_over_a_restart)
{
	struct netconf_client *c = client();
	struct error err = {0};
	ask_ok(c, EDIT("running", "", ZONE("inside", "eth1")));
	halt(&server);
	netconf_client_close(c);
	ck_assert_msg(start(&server, server.path, &err) == 0, "%s: %s", err.where, err.text);
	int fd = subscribed(LONG_AGO);
	char *all = next(fd, "replayComplete");
	const char *at = strstr(all, "<netconf-session-start");
	ck_assert(at != NULL && strstr(at, "<username>root<") != NULL);
	at = strstr(at, "<netconf-config-change");
	ck_assert_ptr_nonnull(at);
	at = strstr(at, "<termination-reason>other<");
	ck_assert_msg(at != NULL, "%s", all);
	/* The session that asks began after that. */
	ck_assert_ptr_nonnull(strstr(at, "<netconf-session-start"));
	free(all);
	close(fd);
}
END_TEST

/* Datastores */

#define TARGET(path, operation)                                                                                        \
	"<edit><target xmlns:pc=\"urn:portcullis:yang:portcullis\">" path "</target><operation>" operation             \
	"</operation></edit>"

START_TEST(tells_what_was_edited)
{
	int fd = subscribed("<filter><netconf-config-change " NCN "/></filter>");
	struct netconf_client *c = client();
	ask_ok(c, EDIT("candidate", "", ZONE("inside", "eth1")));
	ask_ok(c, "<commit/>");
	EXPECT_SYNTAX(fd,
	        "<netconf-config-change " NCN "><changed-by><username>root</username><session-id>2</session-id>"
	        "</changed-by><datastore>running</datastore>" TARGET(
	                "/pc:zone[pc:name='inside']", "create") "</netconf-config-change>");
	ask_ok(c, EDIT("running", "",
	                  "<zone " PC "><name>inside</name><description>a &lt; b</description></zone>"
	                  "<notification " PC "><hold-down>300</hold-down></notification>"));
	EXPECT_SYNTAX(fd, TARGET("/pc:zone[pc:name='inside']/pc:description", "create"),
	        TARGET("/pc:notification/pc:hold-down", "create"));
	ask_ok(c, EDIT("running", "", "<zone " PC "><name>inside</name><description>c</description></zone>"));
	EXPECT_SYNTAX(fd, TARGET("/pc:zone[pc:name='inside']/pc:description", "replace"));
	/* What changes nothing is not told. */
	ask_ok(c, EDIT("running", "", ZONE("inside", "eth1")));
	ask_ok(c, "<copy-config><target><running/></target><source><config/></source></copy-config>");
	EXPECT_SYNTAX(
	        fd, TARGET("/pc:zone[pc:name='inside']", "delete"), TARGET("/pc:notification/pc:hold-down", "delete"));
	netconf_client_close(c);
	close(fd);
}
END_TEST

/* A group with as many addresses, or as many zones, on running. */
static void edit_many(struct netconf_client *c, bool zones, int n)
{
	struct text t = {0};
	text_add(&t, "<edit-config><target><running/></target><config>");
	text_add(&t, zones ? "" : "<group " PC "><name>a</name>");
	for (int i = 0; i < n; i++)
		if (zones)
			text_addf(&t, "<zone " PC "><name>z%d</name><interface>eth%d</interface></zone>", i, i);
		else
			text_addf(&t, "<address>10.%d.%d.0/24</address>", i / 256, i % 256);
	text_add(&t, zones ? "</config></edit-config>" : "</group></config></edit-config>");
	ask_ok(c, t.s);
	text_fini(&t);
}

START_TEST(many_edits_are_told_as_edits_of_what_is_above_them)
{
	int fd = subscribed("<filter><netconf-config-change " NCN "/></filter>");
	struct netconf_client *c = client();
	edit_many(c, false, 1);
	EXPECT_SYNTAX(fd, TARGET("/pc:group[pc:name='a']", "create"));
	edit_many(c, false, 101);
	char *text = message(fd);
	ck_assert_uint_eq(count_of(text, "<edit>"), EVENT_EDITS);
	free(text);
	edit_many(c, false, 300);
	EXPECT_SYNTAX(fd, "</datastore>" TARGET("/pc:group[pc:name='a']", "merge") "</netconf-config-change>");
	edit_many(c, true, 1000);
	text = message(fd);
	ck_assert_uint_eq(count_of(text, "<edit>"), EVENT_EDITS + 1);
	ck_assert_ptr_nonnull(strstr(text, "<edit><operation>merge</operation></edit></netconf-config-change>"));
	check_notification_as(text, false);
	free(text);
	netconf_client_close(c);
	close(fd);
}
END_TEST

/* The key of an entry may be as long as a message. */
START_TEST(leaves_out_the_path_of_a_node_with_a_long_key)
{
	char name[5001];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	int fd = subscribed("<filter><netconf-config-change " NCN "/></filter>");
	struct netconf_client *c = client();
	char *edit = xasprintf(
	        EDIT("running", "",
	                "<nacm xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\"><rule-list><name>%s</name>"
	                "</rule-list></nacm>" ZONE("inside", "eth1")),
	        name);
	ask_ok(c, edit);
	char *text = message(fd);
	ck_assert_msg(strstr(text, "<edit><operation>create</operation></edit>") != NULL, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "pc:zone[pc:name='inside']"));
	check_notification_as(text, false);
	free(text);
	free(edit);
	netconf_client_close(c);
	close(fd);
}
END_TEST

#define CONFIRMED_ONLY "<filter><netconf-confirmed-commit " NCN "/><netconf-config-change " NCN "/></filter>"

START_TEST(tells_what_becomes_of_confirmed_commits)
{
	int fd = subscribed(CONFIRMED_ONLY);
	struct netconf_client *c = client();
	ask_ok(c, EDIT("candidate", "", ZONE("inside", "eth1")));
	ask_ok(c, "<commit><confirmed/><confirm-timeout>500</confirm-timeout></commit>");
	EXPECT_SYNTAX(fd, "<netconf-config-change", TARGET("/pc:zone[pc:name='inside']", "create"));
	EXPECT_SYNTAX(fd, "<username>root</username><session-id>2</session-id>",
	        "<confirm-event>start</confirm-event><timeout>500</timeout>");
	ask_ok(c, "<commit><confirmed/><confirm-timeout>400</confirm-timeout></commit>");
	EXPECT_SYNTAX(fd, "<confirm-event>extend</confirm-event><timeout>400</timeout>");
	ask_ok(c, "<commit/>");
	EXPECT_SYNTAX(fd, "<confirm-event>complete</confirm-event></netconf-confirmed-commit>");
	ask_ok(c, EDIT("candidate", "", ZONE("outside", "eth2")));
	ask_ok(c, "<commit><confirmed/></commit>");
	EXPECT_SYNTAX(fd, TARGET("/pc:zone[pc:name='outside']", "create"));
	EXPECT_SYNTAX(fd, "<confirm-event>start</confirm-event><timeout>600</timeout>");
	ask_ok(c, "<cancel-commit/>");
	EXPECT_SYNTAX(fd, "<session-id>2</session-id></changed-by>", TARGET("/pc:zone[pc:name='outside']", "delete"));
	EXPECT_SYNTAX(fd, "<session-id>2</session-id>", "<confirm-event>cancel</confirm-event></netconf-confirmed");
	/* The end of its session takes it back as well; that is the doing of the server. */
	ask_ok(c, EDIT("candidate", "", ZONE("outside", "eth2")));
	ask_ok(c, "<commit><confirmed/></commit>");
	EXPECT_SYNTAX(fd, TARGET("/pc:zone[pc:name='outside']", "create"));
	EXPECT_SYNTAX(fd, "<confirm-event>start</confirm-event>");
	netconf_client_close(c);
	EXPECT_SYNTAX(fd, "<changed-by><server/></changed-by>", TARGET("/pc:zone[pc:name='outside']", "delete"));
	EXPECT_SYNTAX(fd, "<confirm-event>cancel</confirm-event>");
	close(fd);
}
END_TEST

START_TEST(tells_of_a_time_out_without_a_session)
{
	const struct event_by by = {.session = 7, .user = "alice", .source = "192.0.2.7"};
	int fd = subscribed(CONFIRMED_ONLY);
	netconf_notify_event(server.netconf, event_confirmed(&by, CONFIG_TIMED_OUT, 0));
	EXPECT_SYNTAX(fd,
	        "<netconf-confirmed-commit " NCN "><confirm-event>timeout</confirm-event></netconf-confirmed-commit>");
	netconf_notify_event(server.netconf, event_confirmed(&by, CONFIG_CONFIRMED, 0));
	EXPECT_SYNTAX(fd, "<session-id>7</session-id><source-host>192.0.2.7</source-host>", "complete");
	close(fd);
}
END_TEST

START_TEST(tells_of_startup)
{
	int fd = subscribed("<filter><netconf-config-change " NCN "/></filter>");
	struct netconf_client *c = client();
	ask_ok(c, "<copy-config><target><startup/></target><source><config>" ZONE(
	                  "inside", "eth1") "</config></source></copy-config>");
	EXPECT_SYNTAX(fd, "<datastore>startup</datastore>" TARGET("/pc:zone[pc:name='inside']", "create"));
	ask_ok(c, "<delete-config><target><startup/></target></delete-config>");
	EXPECT_SYNTAX(fd, "<datastore>startup</datastore>" TARGET("/pc:zone[pc:name='inside']", "delete"));
	netconf_client_close(c);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("events");
	TCase *t = tcase_create("events");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, leaves_out_the_path_of_a_node_with_a_long_key);
	tcase_add_test(t, tells_of_sessions_that_begin_and_end);
	tcase_add_test(t, tells_where_a_session_comes_from);
	tcase_add_test(t, a_bad_hello_is_no_session);
	tcase_add_test(t, keeps_its_events_over_a_restart);
	tcase_add_test(t, tells_what_was_edited);
	tcase_add_test(t, many_edits_are_told_as_edits_of_what_is_above_them);
	tcase_add_test(t, tells_what_becomes_of_confirmed_commits);
	tcase_add_test(t, tells_of_a_time_out_without_a_session);
	tcase_add_test(t, tells_of_startup);
	suite_add_tcase(s, t);
	return run_suite(s);
}
