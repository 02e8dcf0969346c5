/* links: netconf config */
/*
 * Access control by RFC 8341, without a server: what rules say of operations, notifications and single data nodes, what the
 * shipped rules say, and which paths a rule may have.
 */
#include "nacm_scene.h"

/* A value that the leaf at the end of this path can have. */
static const char *value_for(const char *path)
{
	static const char *const values[][2] = {
	        {"/id", "1"}, {"/mode", "observe"}, {"/overall", "ok"}, {"/enable-nacm", "true"}, {"/reason", "r"}};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(strrchr(path, '/'), values[i][0]) == 0)
			return values[i][1];
	return NULL;
}

/* Is an operation on the node at this path permitted, the node alone? */
static bool permits(struct nacm_view *view, const char *path, enum nacm_op op)
{
	struct lyd_node *tree = NULL, *node = NULL;
	ck_assert_msg(lyd_new_path2(NULL, ctx, path, value_for(path), 0, 0, 0, &tree, &node) == LY_SUCCESS, "%s: %s",
	        path, ly_errmsg(ctx));
	bool result = nacm_permits(view, node, op);
	lyd_free_all(tree);
	return result;
}

#define GET "/ietf-netconf:get"
#define EDIT "/ietf-netconf:edit-config"
#define CLOSE "/ietf-netconf:close-session"
#define KILL "/ietf-netconf:kill-session"
#define VERIFY "/portcullis:verify"
#define CHANGE "/portcullis:conformance-change"
#define CONFIRMED "/ietf-netconf-notifications:netconf-config-change"
#define COMPLETE "/nc-notifications:replayComplete"

static const struct {
	const char *name, *rules, *node;
	bool permit;
} operations[] = {
        {"default_of_exec_is_permit", "", EDIT, true},
        {"exec_default_denies", "'exec-default':'deny'", EDIT, false},
        {"close_session_is_always_permitted", "'exec-default':'deny'," LIST("*", RULE("r", DENY)), CLOSE, true},
        {"kill_session_is_denied_by_default", "'exec-default':'permit'", KILL, false},
        {"delete_config_is_denied_by_default", "'exec-default':'permit'", "/ietf-netconf:delete-config", false},
        {"kill_session_is_permitted_by_a_rule", LIST("ops", RULE("r", RPC("kill-session") PERMIT)), KILL, true},
        {"marked_rpc_is_denied_by_default", "'exec-default':'permit'", VERIFY, false},
        {"marked_rpc_is_permitted_by_a_rule", LIST("ops", RULE("r", RPC("verify") PERMIT)), VERIFY, true},
        {"rule_names_the_rpc", LIST("ops", RULE("r", RPC("edit-config") DENY)), EDIT, false},
        {"rule_names_another_rpc", LIST("ops", RULE("r", RPC("commit") DENY)), EDIT, true},
        {"rule_of_any_rpc", LIST("ops", RULE("r", RPC("*") DENY)), EDIT, false},
        {"rule_without_a_type", LIST("ops", RULE("r", DENY)), EDIT, false},
        {"rule_of_the_module", LIST("ops", RULE("r", MODULE("ietf-netconf") RPC("*") DENY)), EDIT, false},
        {"rule_of_another_module", LIST("ops", RULE("r", MODULE("portcullis") RPC("*") DENY)), EDIT, true},
        {"rule_of_a_module_that_is_not_there", LIST("ops", RULE("r", MODULE("none") DENY)), EDIT, true},
        {"rule_of_data_is_not_asked", LIST("ops", RULE("r", PATH("/") DENY)), EDIT, true},
        {"rule_of_notifications_is_not_asked", LIST("ops", RULE("r", NOTIFICATION("*") DENY)), EDIT, true},
        {"rule_with_exec", LIST("ops", RULE("r", RPC("*") OPS("read exec") DENY)), EDIT, false},
        {"rule_without_exec", LIST("ops", RULE("r", RPC("*") OPS("create read update delete") DENY)), EDIT, true},
        {"rule_of_no_operation", LIST("ops", RULE("r", OPS("") DENY)), EDIT, true},
        {"first_rule_counts", LIST("ops", RULE("a", RPC("get") PERMIT) "," RULE("b", DENY)), GET, true},
        {"later_rule_counts_for_the_rest", LIST("ops", RULE("a", RPC("get") PERMIT) "," RULE("b", DENY)), EDIT, false},
        {"first_list_counts", TWO("staff", RULE("a", DENY), "ops", RULE("b", PERMIT)), EDIT, false},
        {"list_of_another_group_is_passed_over", TWO("none", RULE("a", DENY), "ops", RULE("b", PERMIT)), VERIFY, true},
        {"list_of_all_groups", LIST("*", RULE("a", DENY)), EDIT, false},
        {"external_groups_can_be_ignored", "'enable-external-groups':false," LIST("ops", RULE("a", DENY)), EDIT, true},
        {"without_a_group_even_the_list_of_all_is_passed_over",
                "'enable-external-groups':false," LIST("*", RULE("a", DENY)), EDIT, true},
        {"group_of_the_configuration", "'enable-external-groups':false," ALICE_IS_IN("g") LIST("g", RULE("a", DENY)),
                EDIT, false},
        {"group_of_others", "'enable-external-groups':false," BOB_IS_IN("g") LIST("g", RULE("a", DENY)), EDIT, true},
        {"both_kinds_of_groups", ALICE_IS_IN("g") TWO("g", RULE("a", RPC("get") DENY), "ops", RULE("b", DENY)), EDIT,
                false},
        {"everything_is_permitted_while_disabled",
                "'enable-nacm':false,'exec-default':'deny'," LIST("*", RULE("a", DENY)), VERIFY, true},
        {"notifications_are_received_by_default", "", CHANGE, true},
        {"read_default_denies_notifications", "'read-default':'deny'", CHANGE, false},
        {"replay_complete_is_always_received", "'read-default':'deny'," LIST("*", RULE("a", DENY)), COMPLETE, true},
        {"rule_names_the_notification", LIST("ops", RULE("a", NOTIFICATION("conformance-change") DENY)), CHANGE, false},
        {"rule_names_another_notification", LIST("ops", RULE("a", NOTIFICATION("other") DENY)), CHANGE, true},
        {"rule_of_any_notification_of_a_module", LIST("ops", RULE("a", MODULE("portcullis") NOTIFICATION("*") DENY)),
                CHANGE, false},
        {"notification_of_another_module", LIST("ops", RULE("a", MODULE("portcullis") NOTIFICATION("*") DENY)),
                CONFIRMED, true},
        {"notification_needs_read", LIST("ops", RULE("a", NOTIFICATION("*") OPS("exec update") DENY)), CHANGE, true},
        {"rule_of_rpcs_is_not_asked_for_a_notification", LIST("ops", RULE("a", RPC("*") DENY)), CHANGE, true},
};

START_TEST(decides_operations_and_notifications)
{
	struct nacm_view *view = view_of(operations[_i].rules);
	const struct lysc_node *node = schema(operations[_i].node);
	for (int twice = 0; twice < 2; twice++) {
		bool permit = node->nodetype == LYS_RPC ? nacm_executes(view, node) : nacm_notifies(view, node);
		ck_assert_msg(permit == operations[_i].permit, "%s", operations[_i].name);
	}
	nacm_view_free(view);
}
END_TEST

#define ZONE_A "/portcullis:zone[name='a']"
#define ZONE_B "/portcullis:zone[name='b']"

#define OVERRIDE "/portcullis:deployment/port-override"
#define MODE "/portcullis:firewall/mode"
#define OVERALL "/portcullis:conformance/summary/overall"
#define DIGEST "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *name, *rules, *path;
	enum nacm_op op;
	bool permit;
} data[] = {
        {"reading_is_permitted_by_default", "", ZONE_A, NACM_READ, true},
        {"read_default_denies", "'read-default':'deny'", ZONE_A, NACM_READ, false},
        {"creating_is_denied_by_default", "", ZONE_A, NACM_CREATE, false},
        {"write_default_permits", "'write-default':'permit'", ZONE_A, NACM_DELETE, true},
        {"marked_data_are_not_read_by_default", "'read-default':'permit'", MODE, NACM_READ, false},
        {"marked_data_are_not_written_by_default", "'write-default':'permit'", MODE, NACM_UPDATE, false},
        {"what_is_below_marked_data_is_marked", "'read-default':'permit'", OVERALL, NACM_READ, false},
        {"marked_data_are_read_by_a_rule", LIST("ops", RULE("a", PATH("/portcullis:conformance") PERMIT)), OVERALL,
                NACM_READ, true},
        {"access_rules_are_marked_themselves", "", NACM "/enable-nacm", NACM_READ, false},
        {"path_of_everything", LIST("ops", RULE("a", PATH("/") PERMIT)), MODE, NACM_CREATE, true},
        {"path_of_the_node", LIST("ops", RULE("a", PATH("/portcullis:zone") DENY)), ZONE_A, NACM_READ, false},
        {"path_above_the_node", LIST("ops", RULE("a", PATH("/portcullis:zone") DENY)), ZONE_A "/id", NACM_READ, false},
        {"path_below_the_node", LIST("ops", RULE("a", PATH("/portcullis:zone/id") DENY)), ZONE_A, NACM_READ, true},
        {"path_beside_the_node", LIST("ops", RULE("a", PATH("/portcullis:group") DENY)), ZONE_A, NACM_READ, true},
        {"key_is_that_of_the_node", LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]") DENY)), ZONE_A, NACM_READ,
                false},
        {"key_is_that_of_what_is_above", LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]/id") PERMIT)),
                ZONE_A "/id", NACM_CREATE, true},
        {"key_is_another", LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]") DENY)), ZONE_B, NACM_READ, true},
        {"both_keys_of_a_list",
                LIST("ops",
                        RULE("a", PATH("/portcullis:deployment/port-override[requirement=^r^][variant=^7^]") PERMIT)),
                "/portcullis:deployment[name='d']/port-override[requirement='r'][variant='7']", NACM_CREATE, true},
        {"keys_in_another_order",
                LIST("ops",
                        RULE("a", PATH("/portcullis:deployment/port-override[variant=^7^][requirement=^r^]") PERMIT)),
                "/portcullis:deployment[name='d']/port-override[requirement='r'][variant='7']", NACM_CREATE, true},
        {"one_of_both_keys_is_another",
                LIST("ops",
                        RULE("a", PATH("/portcullis:deployment/port-override[requirement=^r^][variant=^7^]") PERMIT)),
                "/portcullis:deployment[name='d']/port-override[requirement='r'][variant='8']", NACM_CREATE, false},
        {"keys_of_two_lists", LIST("ops", RULE("a", PATH("/portcullis:deployment[name=^d^]/waiver[name=^w^]") PERMIT)),
                "/portcullis:deployment[name='d']/waiver[name='w']", NACM_CREATE, true},
        {"keys_of_two_lists_one_of_them_another",
                LIST("ops", RULE("a", PATH("/portcullis:deployment[name=^d^]/waiver[name=^w^]") PERMIT)),
                "/portcullis:deployment[name='e']/waiver[name='w']", NACM_CREATE, false},
        {"one_of_both_keys_alone", LIST("ops", RULE("a", PATH(OVERRIDE "[variant=^7^]") PERMIT)),
                "/portcullis:deployment[name='d']/port-override[requirement='r'][variant='7']", NACM_CREATE, true},
        {"one_of_both_keys_alone_is_another", LIST("ops", RULE("a", PATH(OVERRIDE "[variant=^7^]") PERMIT)),
                "/portcullis:deployment[name='d']/port-override[requirement='r'][variant='8']", NACM_CREATE, false},
        {"other_of_both_keys_alone", LIST("ops", RULE("a", PATH(OVERRIDE "[requirement=^r^]") DENY)),
                "/portcullis:deployment[name='d']/port-override[requirement='r'][variant='8']", NACM_READ, false},
        {"no_key_of_a_list_below_one_with_a_key",
                LIST("ops", RULE("a", PATH("/portcullis:deployment[name=^d^]/port-override") PERMIT)),
                "/portcullis:deployment[name='d']/port-override[requirement='r'][variant='8']", NACM_CREATE, true},
        {"no_key_of_a_list_below_another",
                LIST("ops", RULE("a", PATH("/portcullis:deployment[name=^d^]/port-override") PERMIT)),
                "/portcullis:deployment[name='e']/port-override[requirement='r'][variant='8']", NACM_CREATE, false},
        {"user_is_the_key", LIST("ops", RULE("a", PATH("/portcullis:zone[name=$USER]") PERMIT)),
                "/portcullis:zone[name='alice']", NACM_CREATE, true},
        {"user_is_not_the_key", LIST("ops", RULE("a", PATH("/portcullis:zone[name=$USER]") PERMIT)),
                "/portcullis:zone[name='bob']", NACM_CREATE, false},
        {"user_is_the_key_and_may_not", LIST("ops", RULE("a", PATH("/portcullis:zone[name=$USER]/id") DENY)),
                "/portcullis:zone[name='alice']/id", NACM_READ, false},
        {"user_is_one_key_of_two",
                LIST("ops", RULE("a", PATH("/portcullis:deployment[name=$USER]/waiver[name=^w^]") PERMIT)),
                "/portcullis:deployment[name='alice']/waiver[name='w']", NACM_DELETE, true},
        {"user_is_a_value_of_a_leaf_list", LIST("ops", RULE("a", PATH("/portcullis:zone/interface[.=$USER]") PERMIT)),
                ZONE_A "/interface[.='alice']", NACM_CREATE, true},
        {"user_is_not_a_value_of_a_leaf_list",
                LIST("ops", RULE("a", PATH("/portcullis:zone/interface[.=$USER]") PERMIT)),
                ZONE_A "/interface[.='eth0']", NACM_CREATE, false},
        {"user_by_name_first",
                LIST("ops", RULE("a", PATH("/portcullis:zone[name=^alice^]") DENY) "," RULE(
                                    "b", PATH("/portcullis:zone[name=$USER]") PERMIT)),
                "/portcullis:zone[name='alice']", NACM_READ, false},
        {"user_is_text_in_quotation_marks",
                LIST("ops", RULE("a", PATH("/portcullis:zone/interface[.=^$USER^]") PERMIT)),
                ZONE_A "/interface[.='$USER']", NACM_CREATE, true},
        {"value_of_a_leaf_list", LIST("ops", RULE("a", PATH("/portcullis:zone/interface[.=^eth0^]") PERMIT)),
                ZONE_A "/interface[.='eth0']", NACM_CREATE, true},
        {"other_value_of_a_leaf_list", LIST("ops", RULE("a", PATH("/portcullis:zone/interface[.=^eth0^]") PERMIT)),
                ZONE_A "/interface[.='eth1']", NACM_CREATE, false},
        {"first_rule_has_the_key",
                LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]") DENY) "," RULE("b", PERMIT)), ZONE_A,
                NACM_CREATE, false},
        {"first_rule_has_no_key",
                LIST("ops", RULE("a", OPS("read") PERMIT) "," RULE("b", PATH("/portcullis:zone[name=^a^]") DENY)),
                ZONE_A, NACM_READ, true},
        {"second_rule_of_the_same_key_for_another_operation",
                LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]") OPS("read") DENY) "," RULE(
                                    "b", PATH("/portcullis:zone[name=^a^]") OPS("create") PERMIT)),
                ZONE_A, NACM_CREATE, true},
        {"second_rule_of_the_same_key_has_nothing_to_say",
                LIST("ops", RULE("a", PATH("/portcullis:zone[name=^a^]") DENY) "," RULE(
                                    "b", PATH("/portcullis:zone[name=^a^]") PERMIT)),
                ZONE_A, NACM_CREATE, false},
        {"deeper_key_after_a_shallow_one",
                LIST("ops", RULE("a", PATH("/portcullis:deployment[name=^d^]/waiver[name=^w^]") DENY) "," RULE(
                                    "b", PATH("/portcullis:deployment[name=^d^]") PERMIT)),
                "/portcullis:deployment[name='d']/waiver[name='w']/reason", NACM_UPDATE, false},
        {"rule_of_the_module_of_the_node", LIST("ops", RULE("a", MODULE("portcullis") DENY)), ZONE_A, NACM_READ, false},
        {"rule_of_another_module", LIST("ops", RULE("a", MODULE("ietf-netconf") DENY)), ZONE_A, NACM_READ, true},
        {"module_of_a_node_that_another_one_added",
                LIST("ops", RULE("a", MODULE("portcullis") PATH("/portcullis-catalog:catalog") DENY)),
                "/portcullis-catalog:catalog/portcullis:other-pack[name='a'][digest='" DIGEST "']", NACM_READ, false},
        {"module_of_a_node_with_a_key",
                LIST("ops", RULE("a", MODULE("ietf-netconf") PATH("/portcullis:zone[name=^a^]") DENY)), ZONE_A,
                NACM_READ, true},
        {"rule_of_rpcs_is_not_asked_for_data", LIST("ops", RULE("a", RPC("*") DENY)), ZONE_A, NACM_READ, true},
        {"update_alone", LIST("ops", RULE("a", OPS("update") PERMIT)), ZONE_A "/id", NACM_UPDATE, true},
        {"update_is_not_delete", LIST("ops", RULE("a", OPS("update") PERMIT)), ZONE_A "/id", NACM_DELETE, false},
        {"everything_is_permitted_while_disabled", "'enable-nacm':false", NACM, NACM_DELETE, true},
};

START_TEST(decides_about_data)
{
	struct nacm_view *view = view_of(data[_i].rules);
	for (int twice = 0; twice < 2; twice++)
		ck_assert_msg(permits(view, data[_i].path, data[_i].op) == data[_i].permit, "%s", data[_i].name);
	nacm_view_free(view);
}
END_TEST

START_TEST(asks_nothing_of_a_recovery_session)
{
	const struct nacm_user root = {"root", true, NULL, 0};
	struct nacm *nacm = rules_of("'read-default':'deny','exec-default':'deny'," LIST("*", RULE("a", DENY)));
	struct nacm_view *view = nacm_view_new(nacm, &root);
	ck_assert(nacm_permits_all(view) && nacm_executes(view, schema(KILL)) && nacm_notifies(view, schema(CHANGE)));
	ck_assert(permits(view, NACM, NACM_DELETE) && permits(view, OVERALL, NACM_READ));
	nacm_view_free(view);
	nacm_unref(nacm);
}
END_TEST

/* Shipped rules */

static struct nacm_view *shipped_view(const char *group, bool of_default_tree)
{
	const struct nacm_user user = {"alice", false, &group, 1};
	struct lyd_node *tree = NULL;
	if (of_default_tree)
		ck_assert_int_eq(lyd_new_implicit_all(&tree, ctx, LYD_IMPLICIT_NO_STATE, NULL), LY_SUCCESS);
	while (tree != NULL && strcmp(LYD_NAME(tree), "nacm") != 0)
		tree = tree->next;
	struct nacm *nacm = nacm_compile(ctx, tree);
	struct nacm_view *view = nacm_view_new(nacm, &user);
	nacm_unref(nacm);
	lyd_free_all(tree);
	return view;
}

START_TEST(ships_rules_for_two_groups_and_everybody_else)
{
	static const struct {
		const char *node;
		bool admin, read, other;
	} rpcs[] = {{GET, true, true, true}, {EDIT, true, false, false}, {KILL, true, false, false},
	        {"/ietf-netconf:lock", true, false, false}, {"/ietf-netconf:commit", true, false, false},
	        {"/ietf-netconf-monitoring:get-schema", true, true, true},
	        {"/notifications:create-subscription", true, true, true}, {VERIFY, true, true, false},
	        {"/portcullis:explain", true, true, false}, {"/portcullis:what-if", true, true, false},
	        {"/portcullis:commit-changes", true, true, false}, {"/portcullis:rollback-to", true, false, false},
	        {"/ietf-netconf:delete-config", true, false, false},
	        {"/portcullis:test-notification", true, false, false}, {CLOSE, true, true, true}};
	static const struct {
		const char *path;
		enum nacm_op op;
		bool admin, read, other;
	} nodes[] = {{ZONE_A, NACM_READ, true, true, true}, {ZONE_A, NACM_CREATE, true, false, false},
	        {OVERALL, NACM_READ, true, true, false}, {"/portcullis:history", NACM_READ, true, true, false},
	        {MODE, NACM_READ, true, true, false}, {MODE, NACM_UPDATE, true, false, false},
	        {NACM, NACM_READ, true, false, false}, {NACM, NACM_CREATE, true, false, false}};
	for (int of_default_tree = 0; of_default_tree < 2; of_default_tree++) {
		struct nacm_view *admin = shipped_view("portcullis-admin", of_default_tree != 0);
		struct nacm_view *reader = shipped_view("portcullis-read", of_default_tree != 0);
		struct nacm_view *other = shipped_view("portcullis", of_default_tree != 0);
		ck_assert(nacm_permits_all(admin) && !nacm_permits_all(reader) && !nacm_permits_all(other));
		for (size_t i = 0; i < sizeof(rpcs) / sizeof(rpcs[0]); i++) {
			const struct lysc_node *node = schema(rpcs[i].node);
			ck_assert_msg(nacm_executes(admin, node) == rpcs[i].admin, "%s", rpcs[i].node);
			ck_assert_msg(nacm_executes(reader, node) == rpcs[i].read, "%s", rpcs[i].node);
			ck_assert_msg(nacm_executes(other, node) == rpcs[i].other, "%s", rpcs[i].node);
		}
		for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
			ck_assert_msg(
			        permits(admin, nodes[i].path, nodes[i].op) == nodes[i].admin, "%s", nodes[i].path);
			ck_assert_msg(
			        permits(reader, nodes[i].path, nodes[i].op) == nodes[i].read, "%s", nodes[i].path);
			ck_assert_msg(
			        permits(other, nodes[i].path, nodes[i].op) == nodes[i].other, "%s", nodes[i].path);
		}
		/* All that what-if tells of. */
		ck_assert(nacm_reads_all(reader, schema("/portcullis:conformance")));
		ck_assert(nacm_reads_all(reader, schema("/portcullis:group")));
		ck_assert(!nacm_reads_all(other, schema("/portcullis:conformance")));
		ck_assert(nacm_notifies(reader, schema(CHANGE)) && nacm_notifies(other, schema(CHANGE)));
		nacm_view_free(admin);
		nacm_view_free(reader);
		nacm_view_free(other);
	}
}
END_TEST

/* Paths */

/* One rule, in XML. */
static char *rule_of(const char *path)
{
	return xasprintf(
	        "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' xmlns:p='urn:portcullis:yang:portcullis' "
	        "xmlns:c='urn:portcullis:yang:portcullis-catalog'><rule-list><name>l</name><rule><name>r</name>"
	        "<path>%s</path><action>deny</action></rule></rule-list></nacm>",
	        path);
}

START_TEST(reads_paths_and_says_what_is_wrong_with_others)
{
	static const struct {
		const char *path, *word; /* word NULL: it is one */
	} cases[] = {
	        {"/", NULL},
	        {"/portcullis:zone", NULL},
	        {"/portcullis:zone[name='a']/id", NULL},
	        {"/portcullis:zone[portcullis:name=\"a\"]/portcullis:id", NULL},
	        {"/portcullis:zone[ name = 'a' ]", NULL},
	        {"/portcullis-catalog:catalog/portcullis:other-pack", NULL},
	        {"/ietf-netconf-acm:nacm/rule-list/rule/path", NULL},
	        {"", "does not begin"},
	        {"zone", "does not begin"},
	        {"/zone", "a module is missing in front of zone"},
	        {"/none:zone", "no module none"},
	        {"/portcullis:nothing", "no node nothing"},
	        {"/portcullis:zone/nothing", "no node nothing"},
	        {"/portcullis:zone/", "a name is missing"},
	        {"//portcullis:zone", "a name is missing"},
	        {"/portcullis:zone[1]", "not by their place"},
	        {"/portcullis:zone[id='1']", "not a key"},
	        {"/portcullis:zone[name='a'][name='b']", "twice"},
	        {"/portcullis:zone[name='a b']", "cannot have the value a b"},
	        {"/portcullis:zone[name='a'", "']' is missing"},
	        {"/portcullis:zone[name=$USER]", NULL},
	        {"/portcullis:zone[name=$USER ]/id", NULL},
	        {"/portcullis:deployment/port-override[variant='7']", NULL},
	        {"/portcullis:deployment[name=$USER]/waiver", NULL},
	        {"/portcullis:zone[name='a", "quotation marks"},
	        {"/portcullis:zone[name=a]", "quotation marks"},
	        {"/portcullis:zone[name=$OTHER]", "the only variable is $USER, not $OTHER"},
	        {"/portcullis:zone[name=$USERS]", "not $USERS"},
	        {"/portcullis:zone[name=$]", "the only variable"},
	        {"/portcullis:zone[$USER=name]", "a name is missing"},
	        {"/portcullis:zone/$USER", "a name is missing"},
	        {"/portcullis:zone[name=concat('a','b')]", "quotation marks"},
	        {"/portcullis:zone[name]", "'=' is missing"},
	        {"/portcullis:firewall[mode='observe']", "only a list"},
	        {"/portcullis:zone | /portcullis:group", "'/' is missing"},
	        {"/portcullis:verify", "rpc-name"},
	        {"/portcullis:conformance-change", "notification-name"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct acm_path path;
		struct error err = {0};
		int result = acm_path_parse(ctx, cases[i].path, &path, &err);
		ck_assert_msg((result == 0) == (cases[i].word == NULL), "%s: %s", cases[i].path, err.text);
		ck_assert_msg(
		        result == 0 || strstr(err.text, cases[i].word) != NULL, "%s: %s", cases[i].path, err.text);
		acm_path_fini(&path);
	}
}
END_TEST

/* In XML with its prefixes, in JSON with names of modules: what was set comes back, whatever it says. */
START_TEST(spells_paths_in_both_encodings)
{
	static const struct {
		const char *xml, *json; /* json NULL: refused, */
		const char *word; /* with this */
	} cases[] = {
	        {"/", "/", NULL},
	        {"/p:zone", "/portcullis:zone", NULL},
	        {" /p:zone [ p:name = 'a' ] / p:id ", "/portcullis:zone[name='a']/id", NULL},
	        {"/p:zone[p:name=$USER]/p:id", "/portcullis:zone[name=$USER]/id", NULL},
	        {"/p:deployment/p:port-override[p:variant='7']", "/portcullis:deployment/port-override[variant='7']",
	                NULL},
	        {"/c:catalog/p:other-pack[p:name='c:a']",
	                "/portcullis-catalog:catalog/portcullis:other-pack[name='c:a']", NULL},
	        {"/p:zone/p:interface[.='a &lt; \"b\"']", "/portcullis:zone/interface[.='a < \"b\"']", NULL},
	        {"/p:zone[1]", "/portcullis:zone[1]", NULL},
	        {"/p:zone | /p:group", "/portcullis:zone|/group", NULL},
	        {"/q:zone", NULL, "no module has the namespace of prefix q"},
	        {"/zone", NULL, "a prefix is missing in front of zone"},
	        {"/p:zone[name='a']", NULL, "a prefix is missing in front of name"},
	        {"/p:/p:zone", NULL, "a name is missing behind prefix p"},
	        {"/p:zo ne", NULL, "a prefix is missing in front of ne"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *xml = rule_of(cases[i].xml), *again = NULL;
		struct lyd_node *tree = NULL, *leaf = NULL;
		LY_ERR result = lyd_parse_data_mem(ctx, xml, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &tree);
		ck_assert_msg((result == LY_SUCCESS) == (cases[i].json != NULL), "%s: %s", xml, ly_errmsg(ctx));
		for (int twice = 0; result == LY_SUCCESS && twice < 2; twice++) {
			ck_assert_int_eq(lyd_find_path(tree, "rule-list[name='l']/rule[name='r']/path", 0, &leaf), 0);
			ck_assert_str_eq(lyd_get_value(leaf), cases[i].json);
			ck_assert_int_eq(lyd_print_mem(&again, tree, LYD_XML, 0), LY_SUCCESS);
			lyd_free_all(tree);
			ck_assert_msg(
			        lyd_parse_data_mem(ctx, again, LYD_XML, LYD_PARSE_ONLY, 0, &tree) == 0, "%s", again);
			free(again);
		}
		if (result != LY_SUCCESS)
			ck_assert_msg(strstr(ly_errmsg(ctx), cases[i].word) != NULL, "%s", ly_errmsg(ctx));
		lyd_free_all(tree);
		free(xml);
	}
}
END_TEST

/* What a configuration older than the models names stays as it was. */
START_TEST(keeps_names_that_no_module_has)
{
	static const char path[] = "/gone:a/portcullis:zone[gone:b='c']";
	struct lyd_node *tree = tree_of("{'ietf-netconf-acm:nacm':{'rule-list':[{'name':'l','rule':[{'name':'r','path':"
	                                "'/gone:a/portcullis:zone[gone:b=^c^]','action':'deny'}]}]}}");
	struct lyd_node *leaf = NULL;
	struct error err = {0};
	ck_assert_int_eq(lyd_find_path(tree, "rule-list[name='l']/rule[name='r']/path", 0, &leaf), LY_SUCCESS);
	ck_assert_str_eq(lyd_get_value(leaf), path);
	ck_assert_int_eq(acm_check(tree, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "no module gone"));
	ck_assert_str_eq(err.where, NACM "/rule-list[name='l']/rule[name='r']/path");
	lyd_free_all(tree);
}
END_TEST

START_TEST(refuses_a_path_without_end)
{
	char *path = xcalloc(1, 5001), *xml;
	struct lyd_node *tree = NULL;
	memset(path, 'p', 5000);
	path[0] = '/';
	path[2] = ':';
	xml = rule_of(path);
	ck_assert_int_ne(lyd_parse_data_mem(ctx, xml, LYD_XML, LYD_PARSE_ONLY, 0, &tree), LY_SUCCESS);
	ck_assert_msg(strstr(ly_errmsg(ctx), "5000 bytes; give at most 4096") != NULL, "%s", ly_errmsg(ctx));
	free(xml);
	free(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nacm");
	TCase *t = tcase_create("rules");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, decides_operations_and_notifications, 0, sizeof(operations) / sizeof(operations[0]));
	tcase_add_loop_test(t, decides_about_data, 0, sizeof(data) / sizeof(data[0]));
	tcase_add_test(t, asks_nothing_of_a_recovery_session);
	tcase_add_test(t, ships_rules_for_two_groups_and_everybody_else);
	tcase_add_test(t, reads_paths_and_says_what_is_wrong_with_others);
	tcase_add_test(t, spells_paths_in_both_encodings);
	tcase_add_test(t, keeps_names_that_no_module_has);
	tcase_add_test(t, refuses_a_path_without_end);
	suite_add_tcase(s, t);
	return run_suite(s);
}
