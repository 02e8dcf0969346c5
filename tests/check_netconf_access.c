/* links: netconf config conformance catalog base */
/*
 * Access control in the server, with sessions of root and of two users without rights of their own: operations, reads,
 * writes, copies, commits and notifications, denied and counted, and rules that change under an open session.
 */
#include "access_scene.h"

START_TEST(without_rules_of_its_own_a_device_lets_others_read_what_is_not_marked)
{
	struct netconf_client *one = client_as(ONE);
	ask_has(one, GET_ZONES, "eth1", NULL);
	ask_has(one, "<get/>", "<netconf-state", "<conformance ");
	ask_has(one, "<get/>", "eth1", "denied-operations");
	ask_has(one, GET_SUMMARY, NULL, "<overall>");
	ask_has(one,
	        "<get-schema xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><identifier>portcullis"
	        "</identifier></get-schema>",
	        "module portcullis ", NULL);
	ask_ok(one, SUBSCRIBE);
	ask_denied(one, EDIT("candidate", "", ZONE("c", "eth2")), "");
	ask_denied(one, "<lock><target><running/></target></lock>", "");
	ask_denied(one, "<commit/>", "");
	ask_denied(one, "<verify " PC "/>", "");
	ask_denied(one, "<kill-session><session-id>1</session-id></kill-session>", "");
	ask_has(root, GET_SUMMARY, "<overall>", NULL);
	has_counter("denied-operations", 5);
	has_counter("denied-data-writes", 0);
	ask_ok(one, "<close-session/>");
	netconf_client_close(one);
}
END_TEST

START_TEST(rules_hold_from_the_next_request_on)
{
	struct netconf_client *one = client_as(ONE), *two = client_as(TWO);
	ask_denied(one, "<verify " PC "/>", "");
	ask_ok(root,
	        RULES(MEMBER("testers", ONE) LIST("l", "testers", RULE("r", "<rpc-name>verify</rpc-name>", "permit"))));
	ask_has(one, "<verify " PC "/>", "<overall", NULL);
	ask_denied(two, "<verify " PC "/>", "");
	/* What is set takes the place of the shipped rules. */
	ask_ok(two, "<lock><target><candidate/></target></lock>");
	ask_ok(two, "<unlock><target><candidate/></target></unlock>");
	ask_ok(root, EDIT("running", "", "<nacm " ACM " xmlns:nc=\"" BASE "\" nc:operation=\"remove\"/>"));
	ask_has(root, GET_CONFIG("running"), NULL, "rule-list");
	ask_denied(one, "<verify " PC "/>", "");
	ask_denied(two, "<lock><target><candidate/></target></lock>", "");
	netconf_client_close(one);
	netconf_client_close(two);
}
END_TEST

START_TEST(unix_groups_are_groups_unless_switched_off)
{
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES(LIST("l", "nogroup", RULE("r", PATH("/p:zone"), "deny"))));
	ask_has(one, GET_ZONES, NULL, "eth");
	ask_has(root, GET_ZONES, "eth1", NULL);
	ask_ok(root, RULES("<enable-external-groups>false</enable-external-groups>"));
	ask_has(one, GET_ZONES, "eth1", NULL);
	ask_ok(root, RULES("<read-default>deny</read-default>"));
	ask_has(one, GET_ZONES, NULL, "eth");
	ask_ok(root, RULES("<enable-nacm>false</enable-nacm>"));
	ask_has(one, GET_ZONES, "eth1", NULL);
	ask_has(one, GET_SUMMARY, "<overall>", NULL);
	netconf_client_close(one);
}
END_TEST

START_TEST(reads_are_filtered_and_filters_cannot_ask_about_the_rest)
{
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES(LIST("l", "nogroup", RULE("r", PATH("/p:zone[p:name='b']"), "deny"))));
	ask_has(one, GET_ZONES, "eth0", "eth1");
	ask_has(one, "<get/>", "eth0", "eth1");
	ask_has(one, "<get><filter><zone " PC "><interface>eth1</interface></zone></filter></get>", NULL, "zone");
	ask_has(one,
	        "<get><filter type=\"xpath\" " PREFIXES
	        " select=\"/p:zone[p:name='a' and /p:zone/p:interface='eth1']\"/></get>",
	        NULL, "eth0");
	ask_has(root,
	        "<get><filter type=\"xpath\" " PREFIXES
	        " select=\"/p:zone[p:name='a' and /p:zone/p:interface='eth1']\"/></get>",
	        "eth0", NULL);
	/* Where there is nothing, nothing is selected. */
	ask_has(one,
	        "<get><filter type=\"xpath\" " PREFIXES
	        " select=\"/p:deployment[p:name='a' or p:name='b']/p:id\"/></get>",
	        "<data", "deployment");
	netconf_client_close(one);
}
END_TEST

/* Root's is streamed; whoever may not have all of it gets what is left, and cannot ask for rows by what is not. */
START_TEST(state_is_streamed_only_to_whom_may_read_all_of_it)
{
	static const char all[] = "<get><filter><conformance " PC "/></filter></get>";
	static const char some[] = "<get><filter><conformance " PC "><result><source-ports>1024-65535</source-ports>"
	                           "</result></conformance></filter></get>";
	static const char path[] = "<get><filter type=\"xpath\" " PREFIXES
	                           " select=\"/p:conformance/p:result[p:source-ports='1024-65535']\"/></get>";
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES(LIST("l", "nogroup",
	                     RULE("r", PATH("/p:conformance/p:result/p:source-ports"), "deny")
	                             RULE("s", PATH("/p:conformance"), "permit"))));
	ask_has(one, all, "<verdict>blocked</verdict>", "<source-ports>1024-65535<");
	ask_has(one, some, NULL, "<result>");
	ask_has(one, path, NULL, "<result>");
	ask_has(root, all, "<source-ports>1024-65535<", NULL);
	ask_has(root, some, "<result>", NULL);
	ask_has(root, path, "<result>", NULL);
	netconf_client_close(one);
}
END_TEST

START_TEST(a_denied_write_changes_nothing)
{
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES(LIST("l", "nogroup",
	                     RULE("a", PATH("/p:zone[p:name='a']") OPS("create update delete"), "permit"))));
	ask_ok(one, EDIT("running", "", ZONE("a", "eth7")));
	ask_denied(one, EDIT("running", "", ZONE("a", "eth8") ZONE("b", "eth9")),
	        "/portcullis:zone[name='b']/interface[.='eth9']");
	ask_has(one, GET_ZONES, "eth7", "eth8");
	ask_denied(one, EDIT("candidate", "", ZONE("c", "eth8")), "/portcullis:zone[name='c']");
	ask_denied(one, EDIT("running", "<test-option>test-only</test-option>", ZONE("c", "eth8")),
	        "/portcullis:zone[name='c']");
	ask_denied(one,
	        EDIT("running", "<error-option>continue-on-error</error-option>", ZONE("a", "eth8") ZONE("c", "eth8")),
	        "/portcullis:zone[name='c']");
	ask_has(one, GET_ZONES, "eth7", "eth8");
	/* Elements that only say where, and values that are there already, are no changes. */
	ask_ok(one, EDIT("running", "", ZONE("a", "eth8") ZONE("b", "eth1")));
	/* These would delete access rules, which the user may not even see. */
	ask_denied(one, EDIT("running", "<default-operation>replace</default-operation>", ZONE("a", "eth8")), "");
	ask_denied(one,
	        "<copy-config><target><running/></target><source><config>" ZONE(
	                "a", "eth0") "</config></source></copy-config>",
	        "");
	ask_denied(one, EDIT("running", "", "<nacm " ACM "><enable-nacm>false</enable-nacm></nacm>"), "");
	has_counter("denied-data-writes", 7);
	has_counter("denied-operations", 0);
	netconf_client_close(one);
}
END_TEST

/* What a user may not write he is not told of either: it makes no difference whether it exists. */
START_TEST(a_denied_write_does_not_tell_what_exists)
{
#define DO(operation, name)                                                                                            \
	"<zone " PC " xmlns:nc=\"" BASE "\" nc:operation=\"" operation "\"><name>" name "</name></zone>"
	struct netconf_client *one = client_as(ONE);
	ask_ok(root,
	        RULES(LIST("l", "nogroup", RULE("a", PATH("/p:zone[p:name='a']") OPS("create delete"), "permit"))));
	ask_denied(one, EDIT("running", "", DO("create", "b")), "/portcullis:zone[name='b']");
	ask_denied(one, EDIT("running", "", DO("create", "c")), "/portcullis:zone[name='c']");
	ask_denied(one, EDIT("running", "", DO("delete", "b")), "/portcullis:zone[name='b']");
	ask_denied(one, EDIT("running", "", DO("delete", "c")), "/portcullis:zone[name='c']");
	has_counter("denied-data-writes", 4);
	/* Whoever may write it is told. */
	ask_error(one, EDIT("running", "", DO("create", "a")), ERR_EXISTS, "exists already");
	ask_ok(one, EDIT("running", "", DO("delete", "a")));
	ask_error(one, EDIT("running", "", DO("delete", "a")), ERR_NOT_FOUND, "does not exist");
	netconf_client_close(one);
#undef DO
}
END_TEST

START_TEST(a_commit_needs_permission_for_what_differs)
{
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES(LIST("l", "nogroup",
	                     RULE("a", PATH("/p:zone[p:name='a']") OPS("create update delete"), "permit"))));
	ask_ok(one, EDIT("candidate", "", ZONE("a", "eth7")));
	ask_ok(one, "<commit/>");
	ask_has(root, GET_ZONES, "eth7", NULL);
	ask_ok(root, EDIT("candidate", "", ZONE("c", "eth5")));
	ask_ok(one, EDIT("candidate", "", ZONE("a", "eth6")));
	ask_denied(one, "<commit/>", "/portcullis:zone[name='c']");
	ask_has(root, GET_ZONES, "eth7", "eth6");
	/* RFC 8341, "<discard-changes> Operation". */
	ask_ok(one, "<discard-changes/>");
	ask_ok(one, "<commit/>");
	netconf_client_close(one);
}
END_TEST

START_TEST(a_copy_leaves_out_what_may_not_be_read)
{
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES("<write-default>permit</write-default>" LIST(
	                     "l", "nogroup", RULE("a", PATH("/p:zone[p:name='b']") OPS("read"), "deny"))));
	/* The access rules are not read, so that the copy would delete them from the candidate. */
	ask_denied(one, "<copy-config><target><candidate/></target><source><running/></source></copy-config>", "");
	ask_ok(root, RULES(LIST("m", "nogroup", RULE("all", "", "permit"))));
	ask_ok(one, "<copy-config><target><candidate/></target><source><running/></source></copy-config>");
	ask_has(root, GET_CONFIG("candidate"), "eth0", "eth1");
	ask_has(root, GET_CONFIG("running"), "eth1", NULL);
	ask_ok(root, "<discard-changes/>");
	netconf_client_close(one);
}
END_TEST

START_TEST(startup_is_written_by_whoever_may_copy_and_deleted_by_whom_a_rule_permits)
{
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES(LIST("l", "nogroup", RULE("r", PATH("/p:zone[p:name='b']"), "deny"))));
	/* RFC 8341, "<copy-config> Operation": running to startup needs no permission for data. */
	ask_ok(one, "<copy-config><target><startup/></target><source><running/></source></copy-config>");
	ask_has(root, GET_CONFIG("startup"), "eth1", NULL);
	ask_has(one, GET_CONFIG("startup"), "eth0", "eth1");
	ask_denied(one, "<delete-config><target><startup/></target></delete-config>", "");
	ask_denied(one, "<copy-config><target><startup/></target><source><config/></source></copy-config>", "");
	ask_ok(root, RULES(LIST("m", "nogroup", RULE("r", "<rpc-name>delete-config</rpc-name>", "permit"))));
	ask_ok(one, "<delete-config><target><startup/></target></delete-config>");
	netconf_client_close(one);
}
END_TEST

START_TEST(history_shows_and_takes_back_what_the_user_may_read_and_write)
{
	struct netconf_client *one = client_as(ONE);
	ask_ok(root, RULES(LIST("l", "nogroup",
	                     RULE("b", PATH("/p:zone[p:name='b']") OPS("read"), "deny")
	                             RULE("c", "<rpc-name>commit-changes</rpc-name>", "permit")
	                                     RULE("r", "<rpc-name>rollback-to</rpc-name>", "permit"))));
	ask_has(one, "<commit-changes " PC "><number>1</number></commit-changes>", "zone[name='a']", "zone[name='b']");
	ask_has(root, "<commit-changes " PC "><number>1</number></commit-changes>", "zone[name='b']", NULL);
	/* The first commit had no access rules, which are not his to delete. */
	ask_denied(one, "<rollback-to " PC "><number>1</number></rollback-to>", "");
	ask_ok(one, "<rollback-to " PC "><number>2</number></rollback-to>");
	netconf_client_close(one);
}
END_TEST

START_TEST(notifications_are_dropped_for_those_who_may_not_have_them)
{
	struct change change;
	bool ended;
	int one = subscriber_as(ONE), two = subscriber_as(TWO);
	ask_ok(root, RULES(MEMBER("deaf", ONE) LIST("l", "deaf",
	                     RULE("r", "<notification-name>conformance-change</notification-name>", "deny"))));
	sample_change(&change, CHANGE_VIOLATED, 7);
	netconf_notify(server.netconf, &change);
	change_fini(&change);
	sample_change(&change, CHANGE_READABLE, 8);
	netconf_notify(server.netconf, &change);
	change_fini(&change);
	/* The change of the rules comes first. */
	char *xml = read_until(two, "<sequence>8</sequence>", 1, &ended);
	ck_assert_ptr_nonnull(strstr(xml, "<sequence>7</sequence>"));
	free(xml);
	xml = read_until(one, "<sequence>8</sequence>", 1, &ended);
	ck_assert_msg(
	        strstr(xml, "<sequence>8</sequence>") != NULL && strstr(xml, "conformance-change") == NULL, "%s", xml);
	free(xml);
	/* One, and what was changed in the rules, for both. */
	has_counter("denied-notifications", 3);
	close(one);
	close(two);
}
END_TEST

START_TEST(a_path_that_names_nothing_is_refused)
{
	ask_error(root, RULES(LIST("l", "x", RULE("r", PATH("/p:zones"), "deny"))), ERR_INVALID, "zones");
	ask_error(root, RULES(LIST("l", "x", RULE("r", PATH("/p:zone[p:id='7']"), "deny"))), ERR_INVALID, "not a key");
	ask_error(root, RULES(LIST("l", "x", RULE("r", PATH("/p:zone[p:name=$WHO]"), "deny"))), ERR_INVALID, "$WHO");
	ask_error(root, RULES(LIST("l", "x", RULE("r", PATH("/q:zone"), "deny"))), ERR_INVALID, "prefix q");
	ask_has(root, GET_CONFIG("running"), NULL, "rule-list");
	/* In candidate it waits until somebody asks, and then the place is told. */
	ask_ok(root,
	        EDIT("candidate", "<test-option>set</test-option>",
	                "<nacm " ACM ">" LIST("l", "x", RULE("r", PATH("/p:zone[p:name=$WHO]"), "deny")) "</nacm>"));
	ask_error_at(root, "<validate><source><candidate/></source></validate>", NACM_PATH);
	ask_error_at(root, "<commit/>", NACM_PATH);
	ask_ok(root, "<discard-changes/>");
}
END_TEST

/* Each has an entry of the own name, and all have what is the second in any deployment. */
START_TEST(rules_name_the_user_and_leave_keys_out)
{
	static const char *const users[] = {ONE, TWO};
	ask_ok(root,
	        RULES(LIST("l", "nogroup",
	                RULE("own", PATH("/p:zone[p:name=$USER]"), "permit") RULE("others", PATH("/p:zone"), "deny")
	                        RULE("all", PATH("/p:deployment/p:port-override[p:variant='2']") OPS("read create"),
	                                "permit"))));
	ask_has(root, GET_CONFIG("running"), "[pc:name=$USER]", NULL);
	for (size_t i = 0; i < 2; i++) {
		struct netconf_client *c = client_as(users[i]);
		char *mine = xasprintf(EDIT("running", "", ZONE("%s", "mine%zu")), users[i], i);
		char *theirs = xasprintf(EDIT("running", "", ZONE("%s", "theirs")), users[1 - i]);
		char *seen = xasprintf("mine%zu", i);
		ask_ok(c, mine);
		ask_denied(c, theirs, "");
		ask_has(c, GET_ZONES, seen, "eth");
		ask_has(c, GET_ZONES, NULL, i == 0 ? "mine1" : "mine0");
		free(mine);
		free(theirs);
		free(seen);
		netconf_client_close(c);
	}
	ask_has(root, GET_ZONES, "mine1", "theirs");
}
END_TEST

/* What was told before is asked of the rules of now. */
START_TEST(a_replay_leaves_out_what_its_user_may_not_have)
{
	struct change change;
	struct error err = {0};
	ask_ok(root,
	        RULES(LIST("l", "*", RULE("r", "<notification-name>conformance-change</notification-name>", "deny"))));
	sample_change(&change, CHANGE_VIOLATED, 7);
	ck_assert_msg(journal_change_add(server.journal, &change, &err) == 0, "%s", err.text);
	change_fini(&change);
	become(uid_of(ONE));
	int fd = raw();
	become(0);
	bool ended;
	put_text(fd, HELLO10 RPC("1", SUBSCRIBE_TO("<startTime>1970-01-02T00:00:00Z</startTime>")) "]]>]]>");
	char *xml = read_until(fd, "replayComplete", 1, &ended);
	ck_assert_msg(
	        strstr(xml, "<conformance-change") == NULL && strstr(xml, "<netconf-config-change") != NULL, "%s", xml);
	/* And the change of the rules. */
	has_counter("denied-notifications", 2);
	free(xml);
	close(fd);
}
END_TEST

/* A session that writes while rules change under it, and notifications that ask the same rules. */
START_TEST(rules_change_while_they_are_asked)
{
	struct netconf_client *one = client_as(ONE);
	int fd = subscriber_as(TWO);
	struct change change;
	bool ended;
	sample_change(&change, CHANGE_VIOLATED, 1);
	for (unsigned i = 0; i < 40; i++) {
		char *rules = xasprintf(
		        RULES(LIST("l%u", "nogroup", RULE("r", PATH("/p:zone[p:name='z%u']"), "permit"))), i, i);
		char *edit = xasprintf(EDIT("running", "", ZONE("z%u", "eth0")), i);
		ask_ok(root, rules);
		ask_ok(one, edit);
		netconf_notify(server.netconf, &change);
		free(rules);
		free(edit);
	}
	free(read_until(fd, "</notification>", 40, &ended));
	change_fini(&change);
	netconf_client_close(one);
	close(fd);
}
END_TEST

int main(void)
{
	skip_without_users();
	Suite *s = suite_create("netconf access");
	TCase *t = tcase_create("access");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup_open, teardown_open);
	tcase_add_test(t, without_rules_of_its_own_a_device_lets_others_read_what_is_not_marked);
	tcase_add_test(t, rules_hold_from_the_next_request_on);
	tcase_add_test(t, unix_groups_are_groups_unless_switched_off);
	tcase_add_test(t, reads_are_filtered_and_filters_cannot_ask_about_the_rest);
	tcase_add_test(t, state_is_streamed_only_to_whom_may_read_all_of_it);
	tcase_add_test(t, a_denied_write_changes_nothing);
	tcase_add_test(t, a_denied_write_does_not_tell_what_exists);
	tcase_add_test(t, a_commit_needs_permission_for_what_differs);
	tcase_add_test(t, a_copy_leaves_out_what_may_not_be_read);
	tcase_add_test(t, startup_is_written_by_whoever_may_copy_and_deleted_by_whom_a_rule_permits);
	tcase_add_test(t, history_shows_and_takes_back_what_the_user_may_read_and_write);
	tcase_add_test(t, notifications_are_dropped_for_those_who_may_not_have_them);
	tcase_add_test(t, a_replay_leaves_out_what_its_user_may_not_have);
	tcase_add_test(t, a_path_that_names_nothing_is_refused);
	tcase_add_test(t, rules_name_the_user_and_leave_keys_out);
	tcase_add_test(t, rules_change_while_they_are_asked);
	suite_add_tcase(s, t);
	return run_suite(s);
}
