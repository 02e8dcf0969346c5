/* links: netconf config conformance catalog base */
/*
 * RFC 8341 sections 3.2.5 and 3.4.5: the answer to an edit that a user may not do is the same whether the node is there or
 * not, byte for byte. Every operation on every kind of node, in every state, by a user who can do nothing there, by one who
 * can read, and by one who can do everything.
 */
#include "access_scene.h"

#define ACM_PATH(path) "<path xmlns:a=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\">" path "</path>"
#define NC "xmlns:nc=\"" BASE "\""

enum state { NOWHERE, ABSENT, SAME, OTHER, STATES };

static const char *const state_names[STATES] = {"not even its parent is there", "absent", "the same", "another"};

/* Nodes below group b and allowance q. %s: the attribute with the operation. */
static const struct object {
	const char *name, *edit;
	const char *state[STATES];
} objects[] = {
#define Z(content) "<group " PC "><name>b</name>" content "</group>"
#define Q(content) "<allowance " PC "><name>q</name>" content "<reason>r</reason><owner>o</owner></allowance>"
#define IN_Q(content) "<allowance " PC "><name>q</name>" content "</allowance>"
        {"entry", "<group " PC " %s><name>b</name></group>", {"", "", Z(""), Z("<address>10.0.0.1</address>")}},
        {"entry with content", "<group " PC " %s><name>b</name><address>10.0.0.1</address></group>",
                {"", "", Z("<address>10.0.0.1</address>"), Z("<address>10.0.0.2</address>")}},
        {"leaf", Z("<description %s>same</description>"),
                {"", Z(""), Z("<description>same</description>"), Z("<description>other</description>")}},
        {"leaf without value", IN_Q("<transport %s/>"),
                {"", Q(""), Q("<transport>tcp</transport>"), Q("<transport>udp</transport>")}},
        {"value of a leaf-list", Z("<address %s>10.0.0.1</address>"),
                {"", Z(""), Z("<address>10.0.0.1</address>"), Z("<address>10.0.0.2</address>")}},
        {"container", IN_Q("<port %s><lower>5</lower></port>"),
                {"", Q(""), Q("<port><lower>5</lower></port>"), Q("<port><lower>6</lower></port>")}},
};

enum { ENTRY, FULL, LEAF, EMPTY, VALUE, CONTAINER };

/* o: done, d: denied, x: exists already, m: is missing; of absent, the same, another. Hidden is always denied. */
static const struct {
	int object;
	const char *operation; /* "": none */
	const char *read, *all;
} cases[] = {
        {ENTRY, "create", "ddd", "oxx"},
        {ENTRY, "delete", "ddd", "moo"},
        {ENTRY, "remove", "ddd", "ooo"},
        {ENTRY, "merge", "doo", "ooo"},
        {ENTRY, "replace", "ddd", "ooo"}, /* it has an id by now */
        {ENTRY, "", "moo", "moo"},
        {FULL, "create", "ddd", "oxx"},
        {FULL, "delete", "ddd", "moo"},
        {FULL, "remove", "ddd", "ooo"},
        {FULL, "merge", "dod", "ooo"},
        {FULL, "replace", "ddd", "ooo"},
        {FULL, "", "mom", "mom"},
        {LEAF, "create", "ddd", "oxx"},
        {LEAF, "delete", "ddd", "moo"},
        {LEAF, "remove", "ddd", "ooo"},
        {LEAF, "merge", "dod", "ooo"},
        {LEAF, "replace", "dod", "ooo"},
        {LEAF, "", "moo", "moo"},
        {EMPTY, "delete", "ddd", "moo"},
        {EMPTY, "remove", "ddd", "ooo"},
        {VALUE, "create", "ddd", "oxo"},
        {VALUE, "delete", "ddd", "mom"},
        {VALUE, "remove", "ddd", "ooo"},
        {VALUE, "merge", "dod", "ooo"},
        {VALUE, "replace", "dod", "ooo"},
        {VALUE, "", "mom", "mom"},
        {CONTAINER, "create", "ddd", "oxx"},
        {CONTAINER, "delete", "ddd", "moo"},
        {CONTAINER, "remove", "ddd", "ooo"},
        {CONTAINER, "merge", "dod", "ooo"},
        {CONTAINER, "replace", "dod", "ooo"},
        {CONTAINER, "", "moo", "moo"},
};

static void set_state(const char *content)
{
	char *edit = xasprintf(EDIT("running", "",
	        "<group " PC " " NC " nc:operation=\"remove\"><name>b</name></group>"
	        "<allowance " PC " " NC " nc:operation=\"remove\"><name>q</name></allowance>"));
	ask_ok(root, edit);
	free(edit);
	edit = xasprintf(EDIT("running", "", "%s"), content);
	ask_ok(root, edit);
	free(edit);
}

/* The whole answer; every request has the same id. */
static char *answer(int fd, const char *edit)
{
	bool ended;
	char *request = xasprintf(
	        RPC("7", EDIT("running", "<default-operation>none</default-operation>", "%s")) "]]>]]>", edit);
	put_text(fd, request);
	char *reply = read_until(fd, "]]>]]>", 1, &ended);
	ck_assert_msg(!ended, "%s: %s", request, reply);
	free(request);
	return reply;
}

static int session_as(const char *name)
{
	become(uid_of(name));
	int fd = raw_session();
	become(0);
	return fd;
}

static char outcome(const char *reply)
{
	return strstr(reply, "<ok/>") != NULL           ? 'o'
	       : strstr(reply, "access-denied") != NULL ? 'd'
	       : strstr(reply, "data-exists") != NULL   ? 'x'
	       : strstr(reply, "data-missing") != NULL  ? 'm'
	                                                : '?';
}

static char *edit_of(int i)
{
	char *operation =
	        cases[i].operation[0] != '\0' ? xasprintf(NC " nc:operation=\"%s\"", cases[i].operation) : xstrdup("");
	const char *edit = objects[cases[i].object].edit, *at = strstr(edit, "%s");
	char *out = xasprintf("%.*s%s%s", (int)(at - edit), edit, operation, at + 2);
	free(operation);
	return out;
}

#define ON(action, ops)                                                                                                \
	LIST("l", "nogroup",                                                                                           \
	        RULE("z", PATH("/p:group[p:name='b']") ops, action)                                                    \
	                RULE("q", PATH("/p:allowance[p:name='q']") ops, action))

START_TEST(what_is_hidden_is_the_same_in_every_state)
{
	const struct object *o = &objects[cases[_i].object];
	char *edit = edit_of(_i), *first = NULL;
	set_rules(ON("deny", ""));
	int fd = session_as(ONE);
	for (int s = 0; s < STATES; s++) {
		set_state(o->state[s]);
		char *reply = answer(fd, edit);
		ck_assert_msg(
		        outcome(reply) == 'd', "%s of %s, %s: %s", cases[_i].operation, o->name, state_names[s], reply);
		ck_assert_msg(first == NULL || strcmp(reply, first) == 0, "%s of %s, %s: %s, and not %s",
		        cases[_i].operation, o->name, state_names[s], reply, first);
		if (first == NULL)
			first = reply;
		else
			free(reply);
	}
	free(first);
	free(edit);
	close(fd);
}
END_TEST

static void has_outcomes(int i, const char *rules, const char *want)
{
	const struct object *o = &objects[cases[i].object];
	char *edit = edit_of(i), *denied = NULL;
	set_rules(rules);
	int fd = session_as(ONE);
	for (int s = ABSENT; s < STATES; s++) {
		set_state(o->state[s]);
		char *reply = answer(fd, edit);
		ck_assert_msg(outcome(reply) == want[s - ABSENT], "%s of %s, %s: %s", cases[i].operation, o->name,
		        state_names[s], reply);
		/* He reads what a replace would take away. */
		if (strcmp(want, "ddd") == 0 && strcmp(cases[i].operation, "replace") != 0 && denied != NULL)
			ck_assert_str_eq(denied, reply);
		free(denied);
		denied = reply;
	}
	free(denied);
	free(edit);
	close(fd);
}

START_TEST(what_is_readable_tells_no_more_than_a_read)
{
	has_outcomes(_i, "", cases[_i].read);
}
END_TEST

START_TEST(what_is_permitted_is_done_and_told)
{
	has_outcomes(_i, ON("permit", ""), cases[_i].all);
}
END_TEST

/* Whoever writes and cannot read does write, and names what it lies in. */
START_TEST(what_may_be_written_alone_is_written)
{
	set_rules(LIST("l", "nogroup",
	        RULE("i", PATH("/p:group[p:name='b']/p:address") OPS("create update delete"), "permit")
	                RULE("z", PATH("/p:group[p:name='b']"), "deny")));
	int fd = session_as(ONE);
	set_state(Z("<address>10.0.0.1</address>"));
	for (int twice = 0; twice < 2; twice++) {
		char *reply = answer(fd, Z("<address " NC " nc:operation=\"merge\">10.0.0.5</address>"));
		ck_assert_msg(outcome(reply) == 'o', "%s", reply);
		free(reply);
	}
	ask_has(root, GET_CONFIG("running"), "10.0.0.5", NULL);
	/* To name it and do nothing is to ask. */
	char *here = answer(fd, Z("")), *value = answer(fd, Z("<address>10.0.0.1</address>"));
	set_state("");
	char *gone = answer(fd, Z("")), *none = answer(fd, Z("<address>10.0.0.1</address>"));
	ck_assert_str_eq(here, gone);
	ck_assert_str_eq(value, none);
	ck_assert(outcome(here) == 'd' && outcome(value) == 'd');
	free(here);
	free(value);
	free(gone);
	free(none);
	close(fd);
}
END_TEST

/* With continue-on-error as well, nothing of an edit is done of which a part is denied, in whatever state it is. */
START_TEST(a_part_that_is_denied_stops_all)
{
	static const char *const states[] = {"", Z("")};
	set_rules(LIST("l", "nogroup",
	        RULE("a", PATH("/p:zone[p:name='a']"), "permit") RULE("z", PATH("/p:group[p:name='b']"), "deny")));
	struct netconf_client *one = client_as(ONE);
	for (size_t i = 0; i < 2; i++) {
		set_state(states[i]);
		ask_denied(one,
		        EDIT("running", "<error-option>continue-on-error</error-option>",
		                ZONE("a", "eth7") "<group " PC " " NC
		                                  " nc:operation=\"create\"><name>b</name></group>"),
		        "");
		ask_has(root, GET_ZONES, NULL, "eth7");
	}
	netconf_client_close(one);
}
END_TEST

/* An entry beside which another is to be put, and which cannot be read, is not there. */
START_TEST(what_is_hidden_is_no_place_to_insert_at)
{
#define SECRET "<rule-list><name>secret</name></rule-list>"
	static const char edit[] =
	        "<nacm " ACM "><rule-list " NC " xmlns:yang=\"urn:ietf:params:xml:ns:yang:1\" "
	        "xmlns:a=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\" nc:operation=\"create\" "
	        "yang:insert=\"after\" yang:key=\"[a:name='secret']\"><name>mine</name></rule-list></nacm>";
	set_rules(LIST("l", "nogroup",
	        RULE("m", ACM_PATH("/a:nacm/a:rule-list[a:name='mine']"), "permit")
	                RULE("s", ACM_PATH("/a:nacm/a:rule-list[a:name='secret']"), "deny")));
	int fd = session_as(ONE);
	char *without = answer(fd, edit);
	ask_ok(root, EDIT("running", "", "<nacm " ACM ">" SECRET "</nacm>"));
	char *with = answer(fd, edit);
	ck_assert_str_eq(with, without);
	ck_assert_msg(strstr(with, "missing-instance") != NULL, "%s", with);
	free(with);
	free(without);
	close(fd);
}
END_TEST

int main(void)
{
	skip_without_users();
	const int n = (int)(sizeof(cases) / sizeof(cases[0]));
	Suite *s = suite_create("netconf existence");
	TCase *t = tcase_create("existence");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup_open, teardown_open);
	tcase_add_loop_test(t, what_is_hidden_is_the_same_in_every_state, 0, n);
	tcase_add_loop_test(t, what_is_readable_tells_no_more_than_a_read, 0, n);
	tcase_add_loop_test(t, what_is_permitted_is_done_and_told, 0, n);
	tcase_add_test(t, what_may_be_written_alone_is_written);
	tcase_add_test(t, a_part_that_is_denied_stops_all);
	tcase_add_test(t, what_is_hidden_is_no_place_to_insert_at);
	suite_add_tcase(s, t);
	return run_suite(s);
}
