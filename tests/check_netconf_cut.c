/* links: netconf config conformance catalog base */
/*
 * Who may not read a node is not told that it changed: notifications of changes are cut for each subscriber, when they
 * happen and when they are replayed, and filters see no more than that.
 */
#include "access_scene.h"
#include "netconf/cut.h"
#include "netconf/event.h"
#include "subscribe_scene.h"

#define DENY(path) LIST("l", "nogroup", RULE("r", PATH(path), "deny"))
#define NC "xmlns:nc=\"" BASE "\""
#define CHANGES_ONLY "<filter><netconf-config-change " NCN "/></filter>"
#define EDIT_OF(path)                                                                                                  \
	"<edit><target xmlns:pc=\"urn:portcullis:yang:portcullis\">" path                                              \
	"</target><operation>create</operation></edit>"

/* Targets of the edits in messages, those of access rules left out, with blanks between. The caller frees it. */
static char *targets_in(const char *xml)
{
	struct text t = {0};
	for (const char *edit; (edit = strstr(xml, "<edit>")) != NULL;) {
		const char *end = strstr(edit, "</edit>"), *target = strstr(edit, "<target");
		ck_assert_ptr_nonnull(end);
		xml = end;
		if (target == NULL || target > end) {
			text_addf(&t, "%s?", t.len > 0 ? " " : "");
			continue;
		}
		target = strchr(target, '>') + 1;
		if (strncmp(target, "/nacm:", 6) != 0)
			text_addf(&t, "%s%.*s", t.len > 0 ? " " : "", (int)strcspn(target, "<"), target);
	}
	return text_take(&t);
}

/* Everything that one is told until root has made the zone "end", which everybody may read. */
static char *told_until_end(int fd)
{
	bool ended;
	char *xml = read_until(fd, "pc:zone[pc:name='end']", 1, &ended);
	ck_assert_msg(!ended, "%s", xml);
	char *targets = targets_in(xml);
	free(xml);
	return targets;
}

#define END "/pc:zone[pc:name='end']"
#define A "/pc:zone[pc:name='a']"
#define B "/pc:zone[pc:name='b']"
#define BOTH ZONE("a", "eth8") ZONE("b", "eth9")
#define A8 A "/pc:interface[.='eth8']"
#define B9 B "/pc:interface[.='eth9']"

static const struct {
	const char *name, *rules, *edit;
	const char *told; /* before END */
} changes[] = {
        {"all_without_a_rule", "", BOTH, A8 " " B9 " "},
        {"not_of_an_entry", DENY("/p:zone[p:name='a']"), BOTH, B9 " "},
        {"not_of_a_value", DENY("/p:zone/p:interface[.='eth9']"), BOTH, A8 " "},
        {"not_of_a_leaf_list", DENY("/p:zone/p:interface"), BOTH, ""},
        {"not_of_an_entry_whose_key_is_denied", DENY("/p:zone[p:name='b']/p:name"), BOTH, A8 " "},
        {"not_of_what_the_models_protect", "", "<firewall " PC "><mode>observe</mode></firewall>" BOTH, A8 " " B9 " "},
        {"of_what_a_rule_permits_beside_them", LIST("l", "nogroup", RULE("r", PATH("/p:firewall"), "permit")),
                "<firewall " PC "><mode>observe</mode></firewall>", "/pc:firewall/pc:mode "},
        {"of_an_entry_that_goes", DENY("/p:zone[p:name='a']"),
                "<zone " PC " " NC " nc:operation=\"delete\"><name>a</name></zone>"
                "<zone " PC " " NC " nc:operation=\"delete\"><name>b</name></zone>",
                B " "},
        {"of_the_entry_of_the_user_alone",
                LIST("l", "nogroup",
                        RULE("m", PATH("/p:zone[p:name=$USER]"), "permit")
                                RULE("e", PATH("/p:zone[p:name='end']"), "permit") RULE("o", PATH("/p:zone"), "deny")),
                ZONE(ONE, "eth1") ZONE(TWO, "eth1"), "/pc:zone[pc:name='" ONE "'] "},
};

/* Made by root, and then the end. */
static void change(const char *config)
{
	char *edit = xasprintf(EDIT("running", "", "%s"), config);
	ask_ok(root, edit);
	free(edit);
	ask_ok(root, EDIT("running", "", ZONE("end", "eth0")));
}

static int subscribed_as(const char *name, const char *parameters)
{
	become(uid_of(name));
	int fd = subscribed(parameters);
	become(0);
	return fd;
}

static void is_told(int fd, const char *name, const char *targets)
{
	char *got = told_until_end(fd), *want = xasprintf("%s" END, targets);
	ck_assert_msg(strcmp(got, want) == 0, "%s: told %s, not %s", name, got, want);
	free(got);
	free(want);
	close(fd);
}

START_TEST(tells_of_what_may_be_read_alone)
{
	set_rules(changes[_i].rules);
	int live = subscriber_as(ONE), filtered = subscribed_as(ONE, CHANGES_ONLY);
	change(changes[_i].edit);
	is_told(live, changes[_i].name, changes[_i].told);
	is_told(filtered, changes[_i].name, changes[_i].told);
	/* What the test began with comes before: the zones themselves, where they may be read. */
	int replayed = subscribed_as(ONE, CHANGES_ONLY LONG_AGO);
	char *got = told_until_end(replayed), *want = xasprintf("%s" END, changes[_i].told);
	size_t n = strlen(got), m = strlen(want);
	ck_assert_msg(n >= m && strcmp(got + n - m, want) == 0, "%s: replayed %s, not %s", changes[_i].name, got, want);
	free(got);
	free(want);
	close(replayed);
}
END_TEST

/* One event, and for each what is his. */
START_TEST(tells_each_of_his_own)
{
	set_rules(LIST("l", "nogroup",
	        RULE("m", PATH("/p:zone[p:name=$USER]"), "permit") RULE("e", PATH("/p:zone[p:name='end']"), "permit")
	                RULE("o", PATH("/p:zone"), "deny")));
	int one = subscriber_as(ONE), again = subscriber_as(ONE), two = subscriber_as(TWO), all = subscriber();
	change(ZONE(ONE, "eth1") ZONE(TWO, "eth1"));
	is_told(one, "one", "/pc:zone[pc:name='" ONE "'] ");
	is_told(again, "one again", "/pc:zone[pc:name='" ONE "'] ");
	is_told(two, "two", "/pc:zone[pc:name='" TWO "'] ");
	is_told(all, "root", "/pc:zone[pc:name='" ONE "'] /pc:zone[pc:name='" TWO "'] ");
}
END_TEST

START_TEST(a_notification_of_which_nothing_is_left_is_denied)
{
	set_rules(DENY("/p:zone[p:name='a']"));
	int one = subscriber_as(ONE);
	ask_ok(root, EDIT("running", "", ZONE("a", "eth8")));
	has_counter("denied-notifications", 1);
	ask_ok(root, EDIT("running", "", BOTH));
	has_counter("denied-notifications", 1);
	change("");
	is_told(one, "one", B9 " ");
}
END_TEST

/* A filter that asks for the node that is hidden gets nothing, live and from the journal. */
START_TEST(filters_do_not_see_the_rest)
{
	static const char filter[] =
	        "<filter type=\"xpath\" " PREFIXES
	        " xmlns:n=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\" "
	        "select=\"/n:netconf-config-change[n:edit[contains(n:target, 'eth8')] or n:edit[contains(n:target, "
	        "'end')]]\"/>";
	char *replay = xasprintf("%s" LONG_AGO, filter);
	set_rules(DENY("/p:zone/p:interface[.='eth8']"));
	int one = subscribed_as(ONE, filter), two = subscribed_as("root", filter);
	change(BOTH);
	is_told(one, "one", "");
	is_told(two, "root", A8 " " B9 " ");
	is_told(subscribed_as(ONE, replay), "one, replay", "");
	free(replay);
}
END_TEST

/* More edits than a notification names: what stands for them needs permission for all that it can stand for. */
START_TEST(tells_nothing_by_what_stands_for_many)
{
	struct text many = {0};
	text_add(&many, "<zone " PC "><name>a</name>");
	for (unsigned i = 0; i <= EVENT_EDITS; i++)
		text_addf(&many, "<interface>if%u</interface>", i);
	text_add(&many, "</zone>" ZONE("c", "eth1"));
	set_rules(LIST("l", "nogroup", RULE("r", PATH("/p:zone/p:interface[.='if7']"), "deny")));
	int one = subscriber_as(ONE), all = subscriber();
	change(text_str(&many));
	is_told(one, "one", "/pc:zone[pc:name='c'] ");
	is_told(all, "root", A " /pc:zone[pc:name='c'] ");
	text_fini(&many);
}
END_TEST

/* An edit without a target stays with others, and tells nothing alone. */
START_TEST(what_names_no_node_stays_beside_what_does)
{
	struct text many = {0};
	for (unsigned i = 0; i <= EVENT_EDITS; i++)
		text_addf(&many, ZONE("z%u", "eth1"), i);
	set_rules(LIST("l", "nogroup",
	        RULE("a", PATH("/p:zone[p:name='z7']"), "permit") RULE("e", PATH("/p:zone[p:name='end']"), "permit")
	                RULE("o", PATH("/p:zone"), "deny")));
	int one = subscriber_as(ONE);
	change(text_str(&many));
	is_told(one, "one", "/pc:zone[pc:name='z7'] ? ");
	text_fini(&many);
}
END_TEST

/* Without a server: what is made for one serves all who may read the same, and nothing that cannot be read is told. */
START_TEST(makes_each_cut_once)
{
	static const char *const groups[] = {"ops"};
	const struct nacm_user alice = {"alice", false, groups, 1}, admin = {"admin", true, NULL, 0};
	const struct ly_ctx *ctx = config_context(server.config);
	struct nacm *rules = nacm_compile(ctx, NULL);
	struct nacm_view *one = nacm_view_new(rules, &alice), *same = nacm_view_new(rules, &alice);
	struct nacm_view *all = nacm_view_new(rules, &admin);
	struct cuts cuts = {0};
	char *text =
	        xasprintf("<netconf-config-change " NCN
	                  "><changed-by><server/></changed-by><datastore>running</datastore>" EDIT_OF(
	                          "/pc:zone[pc:name='b']/pc:interface[.='&lt;edit>']") EDIT_OF("/pc:firewall/pc:mode")
	                          EDIT_OF("/pc:zone[pc:name='b']") "</netconf-config-change>");
	struct notice *notice = notice_of(7, text, 9), *lost = notice_of(7, "<netconf-config-change " NCN ">", 10);
	struct notice *cut = cuts_for(&cuts, ctx, notice, one);
	ck_assert(cut != notice && cut->event == 9 && cut->wall_ms == 7);
	ck_assert_ptr_null(strstr(cut->head, "firewall"));
	ck_assert_ptr_nonnull(strstr(cut->head, "'b'"));
	ck_assert_ptr_eq(cuts_for(&cuts, ctx, notice, same), cut);
	ck_assert_ptr_eq(cuts_for(&cuts, ctx, notice, all), notice);
	cuts_fini(&cuts);
	ck_assert_ptr_null(cuts_for(&cuts, ctx, lost, one));
	ck_assert_ptr_eq(cuts_for(&cuts, ctx, lost, all), lost);
	cuts_fini(&cuts);
	notice_unref(notice);
	notice_unref(lost);
	nacm_view_free(one);
	nacm_view_free(same);
	nacm_view_free(all);
	nacm_unref(rules);
	free(text);
}
END_TEST

#define MANY 64

START_TEST(a_large_change_for_many_users_takes_a_moment)
{
	static const char *const groups[] = {"ops"};
	const struct ly_ctx *ctx = config_context(server.config);
	struct nacm *rules = nacm_compile(ctx, NULL);
	struct nacm_view *view[MANY];
	struct text t = {0};
	struct cuts cuts = {0};
	text_add(&t, "<netconf-config-change " NCN "><changed-by><server/></changed-by><datastore>running</datastore>");
	for (unsigned i = 0; i < EVENT_EDITS; i++)
		text_addf(&t, EDIT_OF("/pc:zone[pc:name='z%u']/pc:interface[.='eth1']"), i);
	text_add(&t, EDIT_OF("/pc:firewall/pc:mode") "</netconf-config-change>");
	struct notice *notice = notice_of(7, text_str(&t), 9);
	for (size_t i = 0; i < MANY; i++)
		view[i] = nacm_view_new(rules, &(struct nacm_user){"alice", false, groups, 1});
	int64_t begun = clock_monotonic_ms();
	for (size_t i = 0; i < MANY; i++)
		ck_assert_ptr_eq(cuts_for(&cuts, ctx, notice, view[i]), cuts_for(&cuts, ctx, notice, view[0]));
	int64_t took = clock_monotonic_ms() - begun;
	printf("a change of 101 nodes for 64 users: %lld ms\n", (long long)took);
	ck_assert_int_lt(took, 1000);
	for (size_t i = 0; i < MANY; i++)
		nacm_view_free(view[i]);
	cuts_fini(&cuts);
	notice_unref(notice);
	nacm_unref(rules);
	text_fini(&t);
}
END_TEST

int main(void)
{
	skip_without_users();
	Suite *s = suite_create("netconf cut");
	TCase *t = tcase_create("cut");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup_open, teardown_open);
	tcase_add_loop_test(t, tells_of_what_may_be_read_alone, 0, sizeof(changes) / sizeof(changes[0]));
	tcase_add_test(t, tells_each_of_his_own);
	tcase_add_test(t, a_notification_of_which_nothing_is_left_is_denied);
	tcase_add_test(t, filters_do_not_see_the_rest);
	tcase_add_test(t, tells_nothing_by_what_stands_for_many);
	tcase_add_test(t, what_names_no_node_stays_beside_what_does);
	tcase_add_test(t, makes_each_cut_once);
	tcase_add_test(t, a_large_change_for_many_users_takes_a_moment);
	suite_add_tcase(s, t);
	return run_suite(s);
}
