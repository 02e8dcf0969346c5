/* links: netconf config */
/*
 * Access control of whole trees, without a server: what is left of a tree that is read, which change of a write is refused,
 * and what ten thousand rules cost.
 */
#include "nacm_scene.h"

/* Reading */

#define ZONES                                                                                                          \
	"{'portcullis:group':[{'name':'g','id':1}],'portcullis:zone':[{'name':'a','id':1,'interface':['eth0','eth1']}" \
	","                                                                                                            \
	"{'name':'b','id':2,'interface':['eth2']}]}"

static const struct {
	const char *name, *rules, *left;
} reads[] = {
        {"all_by_default", "", ZONES},
        {"nothing", "'read-default':'deny'", "{}"},
        {"without_a_list", LIST("ops", RULE("a", PATH("/portcullis:zone") DENY)),
                "{'portcullis:group':[{'name':'g','id':1}]}"},
        {"without_an_entry", LIST("ops", RULE("a", PATH("/portcullis:zone[name=^b^]") DENY)),
                "{'portcullis:group':[{'name':'g','id':1}],'portcullis:zone':[{'name':'a','id':1,'interface':['eth0',"
                "'eth1']}]}"},
        {"without_a_leaf", LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]/id") DENY)),
                "{'portcullis:group':[{'name':'g','id':1}],'portcullis:zone':[{'name':'a','interface':['eth0','eth1']},"
                "{'name':'b','id':2,'interface':['eth2']}]}"},
        {"without_a_value", LIST("ops", RULE("a", PATH("/portcullis:zone/interface[.=^eth0^]") DENY)),
                "{'portcullis:group':[{'name':'g','id':1}],'portcullis:zone':[{'name':'a','id':1,'interface':['eth1']},"
                "{'name':'b','id':2,'interface':['eth2']}]}"},
        {"an_entry_goes_with_its_key", LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]/name") DENY)),
                "{'portcullis:group':[{'name':'g','id':1}],'portcullis:zone':[{'name':'b','id':2,'interface':['eth2']}]"
                "}"},
        {"nothing_below_what_is_denied",
                "'read-default':'deny'," LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]/id") PERMIT)), "{}"},
        {"one_entry_alone", "'read-default':'deny'," LIST("ops", RULE("a", PATH("/portcullis:zone[name=^b^]") PERMIT)),
                "{'portcullis:zone':[{'name':'b','id':2,'interface':['eth2']}]}"},
};

START_TEST(leaves_out_what_may_not_be_read)
{
	struct nacm_view *view = view_of(reads[_i].rules);
	struct lyd_node *tree = tree_of(ZONES);
	struct error err;
	char *have, *want = json_of(reads[_i].left);
	nacm_prune(view, &tree);
	ck_assert_int_eq(tree_print(tree, &have, &err), 0);
	ck_assert_msg(strcmp(have, want) == 0, "%s: %s, not %s", reads[_i].name, have, want);
	free(have);
	free(want);
	lyd_free_siblings(tree);
	nacm_view_free(view);
}
END_TEST

START_TEST(knows_what_need_not_be_looked_at)
{
	static const struct {
		const char *rules, *node;
		bool all, below;
	} cases[] = {
	        {"", "/portcullis:zone", true, true},
	        {"", "/portcullis:conformance", false, false},
	        {LIST("ops", RULE("a", PATH("/") OPS("read") PERMIT)), "/portcullis:conformance", true, true},
	        {LIST("ops", RULE("a", PATH("/portcullis:zone/id") DENY)), "/portcullis:zone", false, false},
	        {LIST("ops", RULE("a", PATH("/portcullis:zone/id") DENY)), "/portcullis:group", true, true},
	        {LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]") DENY)), "/portcullis:zone", false, false},
	        {LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]") OPS("create") DENY)), "/portcullis:zone",
	                true, true},
	        {LIST("ops", RULE("a", OPS("read") PERMIT) "," RULE("b", PATH("/portcullis:zone[name=^a^]") DENY)),
	                "/portcullis:zone", true, true},
	        {LIST("ops", RULE("a", PATH("/portcullis:conformance/summary") PERMIT)),
	                "/portcullis:conformance/summary", false, true},
	        {LIST("ops", RULE("a", PATH("/portcullis:conformance/result/rule/text") DENY) "," RULE("b", PERMIT)),
	                "/portcullis:conformance/result", false, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nacm_view *view = view_of(cases[i].rules);
		for (int twice = 0; twice < 2; twice++) {
			ck_assert_msg(
			        nacm_reads_all(view, schema(cases[i].node)) == cases[i].all, "%s", cases[i].rules);
			ck_assert_msg(
			        nacm_reads_below(view, schema(cases[i].node)) == cases[i].below, "%s", cases[i].rules);
		}
		nacm_view_free(view);
	}
}
END_TEST

/* Writing */

#define RULES(order) "{'ietf-netconf-acm:nacm':{'rule-list':[" order "]}}"
#define NAMED(name) "{'name':'" name "'}"
#define CAN(ops, path) LIST("ops", RULE("a", PATH(path) OPS(ops) PERMIT))

static const struct {
	const char *name, *rules, *before, *after;
	const char *where; /* NULL: permitted */
} writes[] = {
        {"nothing_changes", "", ZONES, ZONES, NULL},
        {"another_order_of_the_system", "", "{'portcullis:zone':[{'name':'a','id':1},{'name':'b'}]}",
                "{'portcullis:zone':[{'name':'b'},{'name':'a','id':1}]}", NULL},
        {"an_entry_comes", CAN("create", "/portcullis:zone"), "{}", "{'portcullis:zone':[{'name':'a','id':1}]}", NULL},
        {"an_entry_comes_and_may_not", CAN("update delete", "/portcullis:zone"), "{}",
                "{'portcullis:zone':[{'name':'a','id':1}]}", "/portcullis:zone[name='a']"},
        {"a_leaf_of_a_new_entry_may_not_come",
                LIST("ops", RULE("a", PATH("/portcullis:zone/id") DENY) "," RULE("b", PERMIT)), "{}",
                "{'portcullis:zone':[{'name':'a','id':1}]}", "/portcullis:zone[name='a']"},
        {"an_entry_goes", CAN("delete", "/portcullis:zone"), "{'portcullis:zone':[{'name':'a','id':1}]}", "{}", NULL},
        {"an_entry_goes_and_may_not", CAN("update create", "/portcullis:zone"),
                "{'portcullis:zone':[{'name':'a','id':1},{'name':'b'}]}", "{'portcullis:zone':[{'name':'b'}]}",
                "/portcullis:zone[name='a']"},
        {"a_leaf_of_an_entry_may_not_go",
                LIST("ops", RULE("a", PATH("/portcullis:zone/id") OPS("delete") DENY) "," RULE("b", PERMIT)),
                "{'portcullis:zone':[{'name':'a','id':1}]}", "{}", "/portcullis:zone[name='a']/id"},
        {"a_leaf_changes", CAN("update", "/portcullis:zone/id"), "{'portcullis:zone':[{'name':'a','id':1}]}",
                "{'portcullis:zone':[{'name':'a','id':2}]}", NULL},
        {"a_leaf_changes_and_may_not", CAN("create delete", "/portcullis:zone"),
                "{'portcullis:zone':[{'name':'a','id':1}]}", "{'portcullis:zone':[{'name':'a','id':2}]}",
                "/portcullis:zone[name='a']/id"},
        {"a_leaf_changes_of_one_entry", CAN("update", "/portcullis:zone[name=^a^]"),
                "{'portcullis:zone':[{'name':'a','id':1},{'name':'b','id':2}]}",
                "{'portcullis:zone':[{'name':'a','id':3},{'name':'b','id':2}]}", NULL},
        {"a_leaf_changes_of_the_other_entry", CAN("update", "/portcullis:zone[name=^a^]"),
                "{'portcullis:zone':[{'name':'a','id':1},{'name':'b','id':2}]}",
                "{'portcullis:zone':[{'name':'a','id':1},{'name':'b','id':4}]}", "/portcullis:zone[name='b']/id"},
        {"a_value_of_a_leaf_list_comes_and_one_goes", CAN("create delete", "/portcullis:zone/interface"),
                "{'portcullis:zone':[{'name':'a','interface':['eth0','eth1']}]}",
                "{'portcullis:zone':[{'name':'a','interface':['eth1','eth2']}]}", NULL},
        {"a_value_of_a_leaf_list_goes_and_may_not", CAN("create", "/portcullis:zone/interface"),
                "{'portcullis:zone':[{'name':'a','interface':['eth0','eth1']}]}",
                "{'portcullis:zone':[{'name':'a','interface':['eth1','eth2']}]}",
                "/portcullis:zone[name='a']/interface[.='eth0']"},
        {"a_container_without_presence_is_always_there", CAN("create", "/portcullis:baseline/opening"), "{}",
                "{'portcullis:baseline':{'opening':[{'id':1,'reason':'r','owner':'o'}]}}", NULL},
        {"a_container_with_presence_is_not", CAN("create", "/portcullis:allowance/port/lower"),
                "{'portcullis:allowance':[{'name':'a'}]}", "{'portcullis:allowance':[{'name':'a','port':{'lower':1}}]}",
                "/portcullis:allowance[name='a']/port"},
        {"what_may_not_be_read_is_not_named", LIST("ops", RULE("a", PATH("/portcullis:zone[name=^b^]") DENY)),
                "{'portcullis:zone':[{'name':'a'},{'name':'b'}]}", "{'portcullis:zone':[{'name':'a'}]}", ""},
        {"what_is_below_the_unreadable_is_not_named",
                LIST("ops", RULE("a", PATH("/portcullis:deployment/waiver") DENY)),
                "{'portcullis:deployment':[{'name':'d','waiver':[{'name':'secret','reason':'r'}]}]}",
                "{'portcullis:deployment':[{'name':'d','waiver':[{'name':'secret','reason':'s'}]}]}",
                "/portcullis:deployment[name='d']"},
        {"an_order_of_the_user_changes", CAN("read update", NACM "/rule-list[name=^a^]"),
                RULES(NAMED("a") "," NAMED("b") "," NAMED("c")), RULES(NAMED("b") "," NAMED("c") "," NAMED("a")), NULL},
        {"an_entry_moves_to_the_front_alone", CAN("read update", NACM "/rule-list[name=^c^]"),
                RULES(NAMED("a") "," NAMED("b") "," NAMED("c")), RULES(NAMED("c") "," NAMED("a") "," NAMED("b")), NULL},
        {"an_order_of_the_user_changes_and_may_not", CAN("read", "/"), RULES(NAMED("a") "," NAMED("b") "," NAMED("c")),
                RULES(NAMED("b") "," NAMED("c") "," NAMED("a")), NACM "/rule-list[name='a']"},
        {"entries_come_between_without_moving_others", CAN("create read", "/"), RULES(NAMED("a") "," NAMED("b")),
                RULES(NAMED("x") "," NAMED("a") "," NAMED("y") "," NAMED("b")), NULL},
        {"entries_go_without_moving_others", CAN("delete read", "/"), RULES(NAMED("a") "," NAMED("b") "," NAMED("c")),
                RULES(NAMED("a") "," NAMED("c")), NULL},
};

START_TEST(names_the_first_change_that_is_denied)
{
	struct nacm_view *view = view_of(writes[_i].rules);
	struct lyd_node *before = tree_of(writes[_i].before), *after = tree_of(writes[_i].after);
	struct error err = {0};
	int result = nacm_may_write(view, before, after, &err);
	ck_assert_msg(result == (writes[_i].where == NULL ? 0 : -1), "%s: %d %s", writes[_i].name, result, err.where);
	if (result != 0) {
		ck_assert_int_eq(err.code, ERR_DENIED);
		ck_assert_msg(strcmp(err.where, writes[_i].where) == 0, "%s: %s", writes[_i].name, err.where);
		ck_assert_ptr_null(strstr(err.text, "secret"));
	}
	lyd_free_siblings(before);
	lyd_free_siblings(after);
	nacm_view_free(view);
}
END_TEST

START_TEST(asks_nothing_about_defaults)
{
	struct nacm_view *view = view_of("");
	struct lyd_node *before = tree_of(ZONES), *after = tree_of(ZONES);
	struct error err;
	ck_assert_int_eq(lyd_new_implicit_all(&before, ctx, LYD_IMPLICIT_NO_STATE, NULL), LY_SUCCESS);
	ck_assert_int_eq(nacm_may_write(view, before, after, &err), 0);
	ck_assert_int_eq(nacm_may_write(view, after, before, &err), 0);
	lyd_free_siblings(before);
	lyd_free_siblings(after);
	nacm_view_free(view);
}
END_TEST

/* Cost */

/* n rules of a list of n entries, one for each, and n groups of n users in all. */
static char *many_rules(unsigned n)
{
	struct text t = {0};
	text_add(&t, "'groups':{'group':[");
	for (unsigned i = 0; i < n; i++)
		text_addf(&t, "%s{'name':'g%u','user-name':['u%u']}", i > 0 ? "," : "", i, i);
	text_add(&t, "]},'rule-list':[");
	for (unsigned k = 0; k < n / 100; k++) {
		text_addf(&t, "%s{'name':'l%u','group':['ops','g%u'],'rule':[", k > 0 ? "," : "", k, k);
		for (unsigned i = 100 * k; i < 100 * k + 100; i++)
			text_addf(&t, "%s{'name':'r%u','path':'/portcullis:zone[name=^z%u^]','action':'permit'}",
			        i > 100 * k ? "," : "", i, i);
		text_add(&t, "]}");
	}
	text_add(&t, "]");
	return text_take(&t);
}

static struct lyd_node *many_zones(unsigned n, unsigned id)
{
	struct text t = {0};
	text_add(&t, "{'portcullis:zone':[");
	for (unsigned i = 0; i < n; i++)
		text_addf(&t, "%s{'name':'z%u','id':%u,'interface':['eth%u','eth%u']}", i > 0 ? "," : "", i, i + id, i,
		        i + 1);
	text_add(&t, "]}");
	struct lyd_node *tree = tree_of(text_str(&t));
	text_fini(&t);
	return tree;
}

START_TEST(decides_ten_thousand_changes_by_ten_thousand_rules_in_a_second)
{
	static const char *const groups[] = {"ops"};
	const struct nacm_user alice = {"alice", false, groups, 1};
	const unsigned n = 10000;
	char *content = many_rules(n), *json = xasprintf("{'ietf-netconf-acm:nacm':{%s}}", content);
	struct lyd_node *rules = tree_of(json), *before = many_zones(n, 1), *after = many_zones(n, 50000), *none = NULL;
	struct error err = {0};
	int64_t t[5] = {clock_monotonic_ms()};
	ck_assert_int_eq(acm_check(rules, &err), 0);
	t[1] = clock_monotonic_ms();
	struct nacm *nacm = nacm_compile(ctx, rules);
	struct nacm_view *view = nacm_view_new(nacm, &alice);
	t[2] = clock_monotonic_ms();
	ck_assert_int_eq(nacm_may_write(view, before, after, &err), 0);
	ck_assert_int_eq(nacm_may_write(view, none, after, &err), 0);
	ck_assert_int_eq(nacm_may_write(view, after, none, &err), 0);
	t[3] = clock_monotonic_ms();
	nacm_prune(view, &after);
	t[4] = clock_monotonic_ms();
	printf("10,000 rules: check %lld ms, compile %lld ms, three writes %lld ms, a read %lld ms\n",
	        (long long)(t[1] - t[0]), (long long)(t[2] - t[1]), (long long)(t[3] - t[2]), (long long)(t[4] - t[3]));
	/* Sanitizers and other programs make it slower; a cost of rules times entries would be minutes. */
	ck_assert_int_lt(t[4] - t[0], 5000);
	lyd_free_siblings(rules);
	lyd_free_siblings(before);
	lyd_free_siblings(after);
	nacm_view_free(view);
	nacm_unref(nacm);
	free(content);
	free(json);
}
END_TEST

/* Keys of every kind: as many sets of keys as a list has, and rules that never match. */
START_TEST(hostile_rules_cost_no_more)
{
	const unsigned n = 10000;
	struct text t = {0};
	struct error err;
	text_add(&t, "'rule-list':[{'name':'l','group':['*'],'rule':[");
	for (unsigned i = 0; i < n; i++) {
		static const char *const paths[] = {"/portcullis:zone[name=^other%u^]",
		        "/portcullis:zone/interface[.=^i%u^]", "/portcullis:zone[name=^z1^]/interface[.=^i%u^]",
		        "/portcullis:zone[name=^z1^]", "/portcullis:zone[name=^z%u^]/id"};
		text_addf(&t, "%s{'name':'r%u','access-operations':'%s','action':'permit','path':'", i > 0 ? "," : "",
		        i, i % 2 == 0 ? "create" : "delete");
		for (const char *p = paths[i % 5]; *p != '\0'; p++)
			if (p[0] == '%') {
				text_addf(&t, "%u", i % 10);
				p++;
			} else {
				text_addn(&t, p, 1);
			}
		text_add(&t, "'}");
	}
	text_add(&t, "]}],'write-default':'permit'");
	struct nacm_view *view = view_of(text_str(&t));
	struct lyd_node *before = many_zones(n, 1), *after = many_zones(n, 50000);
	int64_t start = clock_monotonic_ms();
	ck_assert_int_eq(nacm_may_write(view, before, after, &err), 0);
	ck_assert_int_lt(clock_monotonic_ms() - start, 3000);
	lyd_free_siblings(before);
	lyd_free_siblings(after);
	nacm_view_free(view);
	text_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nacm_tree");
	TCase *t = tcase_create("trees");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, leaves_out_what_may_not_be_read, 0, sizeof(reads) / sizeof(reads[0]));
	tcase_add_test(t, knows_what_need_not_be_looked_at);
	tcase_add_loop_test(t, names_the_first_change_that_is_denied, 0, sizeof(writes) / sizeof(writes[0]));
	tcase_add_test(t, asks_nothing_about_defaults);
	tcase_add_test(t, decides_ten_thousand_changes_by_ten_thousand_rules_in_a_second);
	tcase_add_test(t, hostile_rules_cost_no_more);
	suite_add_tcase(s, t);
	return run_suite(s);
}
