/* links: config */
/*
 * edit-config: a datastore, an edit and a default operation come in; the tree or the error that RFC 6241 asks for is
 * expected. The candidate serves as target, so that no ids are added.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

#define NS                                                                                                             \
	" xmlns='urn:portcullis:yang:portcullis' xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0'"                   \
	" xmlns:wd='urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults' "                                          \
	"xmlns:yang='urn:ietf:params:xml:ns:yang:1'"
#define ACM                                                                                                            \
	" xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' xmlns:a='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'" \
	" xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0' xmlns:yang='urn:ietf:params:xml:ns:yang:1'"

#define GROUP_A "<group" NS "><name>a</name><id>1</id><address>10.0.0.0/24</address><zone>inside</zone></group>"
#define GROUP_B "<group" NS "><name>b</name><id>2</id></group>"
#define JSON_A "{\"name\":\"a\",\"id\":1,\"address\":[\"10.0.0.0/24\"],\"zone\":\"inside\"}"
#define JSON_B "{\"name\":\"b\",\"id\":2}"
#define GROUPS(x) "{\"portcullis:group\":[" x "]}"
#define LISTS                                                                                                          \
	"<nacm" ACM "><rule-list><name>x</name></rule-list><rule-list><name>y</name></rule-list>"                      \
	"<rule-list><name>z</name></rule-list></nacm>"
#define INSERT(attributes, name) "<nacm" ACM "><rule-list " attributes "><name>" name "</name></rule-list></nacm>"
#define JSON_LISTS(x) "{\"ietf-netconf-acm:nacm\":{\"rule-list\":[" x "]}}"

static const struct edit_case {
	const char *name, *before, *edit;
	enum edit_operation operation;
	const char *after; /* NULL: refused */
	enum error_code code; /* when refused: */
	const char *where, *text;
} cases[] = {
        {"merge_creates", "", GROUP_A, EDIT_MERGE, GROUPS(JSON_A), 0, NULL, NULL},
        {"merge_adds_beside", GROUP_A, GROUP_B, EDIT_MERGE, GROUPS(JSON_A "," JSON_B), 0, NULL, NULL},
        {"merge_changes_leaf", GROUP_B, "<group" NS "><name>b</name><id>3</id></group>", EDIT_MERGE,
                GROUPS("{\"name\":\"b\",\"id\":3}"), 0, NULL, NULL},
        {"merge_adds_to_leaf_list", GROUP_A, "<group" NS "><name>a</name><address>fd00::/64</address></group>",
                EDIT_MERGE,
                GROUPS("{\"name\":\"a\",\"id\":1,\"address\":[\"10.0.0.0/24\",\"fd00::/64\"],\"zone\":\"inside\"}"), 0,
                NULL, NULL},
        {"merge_same_is_no_change", GROUP_A, GROUP_A, EDIT_MERGE, GROUPS(JSON_A), 0, NULL, NULL},
        {"empty_edit_is_no_change", GROUP_A, "", EDIT_MERGE, GROUPS(JSON_A), 0, NULL, NULL},
        {"default_replace_drops_the_rest", GROUP_A, GROUP_B, EDIT_REPLACE, GROUPS(JSON_B), 0, NULL, NULL},
        {"default_replace_with_nothing_empties", GROUP_A, "", EDIT_REPLACE, "{}", 0, NULL, NULL},
        {"default_none_changes_nothing", GROUP_A, GROUP_A, EDIT_NONE, GROUPS(JSON_A), 0, NULL, NULL},
        {"default_none_needs_the_entry", GROUP_A, GROUP_B, EDIT_NONE, NULL, ERR_NOT_FOUND,
                "/portcullis:group[name='b']", "does not exist"},
        {"default_none_with_create_below", GROUP_B,
                "<group" NS "><name>b</name><zone nc:operation='create'>dmz</zone></group>", EDIT_NONE,
                GROUPS("{\"name\":\"b\",\"id\":2,\"zone\":\"dmz\"}"), 0, NULL, NULL},
        {"replace_entry_keeps_others", GROUP_A GROUP_B,
                "<group" NS " nc:operation='replace'><name>a</name><id>9</id></group>", EDIT_MERGE,
                GROUPS("{\"name\":\"a\",\"id\":9}," JSON_B), 0, NULL, NULL},
        {"replace_of_missing_creates", "", "<group" NS " nc:operation='replace'><name>b</name><id>2</id></group>",
                EDIT_NONE, GROUPS(JSON_B), 0, NULL, NULL},
        {"replace_container", "<notification" NS "><hold-down>5</hold-down><per-flow>true</per-flow></notification>",
                "<notification" NS " nc:operation='replace'><hold-down>6</hold-down></notification>", EDIT_MERGE,
                "{\"portcullis:notification\":{\"hold-down\":6}}", 0, NULL, NULL},
        {"create_new", GROUP_A, "<group" NS " nc:operation='create'><name>b</name><id>2</id></group>", EDIT_MERGE,
                GROUPS(JSON_A "," JSON_B), 0, NULL, NULL},
        {"create_existing_is_refused", GROUP_A, "<group" NS " nc:operation='create'><name>a</name></group>", EDIT_MERGE,
                NULL, ERR_EXISTS, "/portcullis:group[name='a']", "exists already"},
        {"create_existing_leaf_is_refused", GROUP_A,
                "<group" NS "><name>a</name><id nc:operation='create'>1</id></group>", EDIT_MERGE, NULL, ERR_EXISTS,
                "/portcullis:group[name='a']/id", "exists already"},
        {"create_over_a_default", "", "<notification" NS "><enable nc:operation='create'>true</enable></notification>",
                EDIT_MERGE, "{\"portcullis:notification\":{\"enable\":true}}", 0, NULL, NULL},
        {"delete_entry", GROUP_A GROUP_B, "<group" NS " nc:operation='delete'><name>a</name></group>", EDIT_MERGE,
                GROUPS(JSON_B), 0, NULL, NULL},
        {"delete_missing_is_refused", GROUP_A, "<group" NS " nc:operation='delete'><name>b</name></group>", EDIT_MERGE,
                NULL, ERR_NOT_FOUND, "/portcullis:group[name='b']", "cannot be deleted"},
        {"delete_of_a_default_is_refused", "",
                "<notification" NS "><enable nc:operation='delete'>true</enable></notification>", EDIT_MERGE, NULL,
                ERR_NOT_FOUND, "/portcullis:notification/enable", "cannot be deleted"},
        {"remove_missing_is_no_change", GROUP_A, "<group" NS " nc:operation='remove'><name>b</name></group>",
                EDIT_MERGE, GROUPS(JSON_A), 0, NULL, NULL},
        {"delete_leaf_without_value", GROUP_A,
                "<group" NS "><name>a</name><id nc:operation='delete'/><zone nc:operation='delete'/></group>",
                EDIT_MERGE, GROUPS("{\"name\":\"a\",\"address\":[\"10.0.0.0/24\"]}"), 0, NULL, NULL},
        {"delete_missing_leaf_without_value_is_refused", "<group" NS "><name>c</name></group>",
                "<group" NS "><name>c</name><id nc:operation='delete'/></group>", EDIT_MERGE, NULL, ERR_NOT_FOUND,
                "/portcullis:group[name='c']/id", "cannot be deleted"},
        {"remove_missing_leaf_without_value", GROUP_B,
                "<group" NS "><name>b</name><zone nc:operation='remove'/></group>", EDIT_MERGE, GROUPS(JSON_B), 0, NULL,
                NULL},
        {"delete_leaf_list_entry", GROUP_A,
                "<group" NS "><name>a</name><address nc:operation='delete'>10.0.0.0/24</address></group>", EDIT_MERGE,
                GROUPS("{\"name\":\"a\",\"id\":1,\"zone\":\"inside\"}"), 0, NULL, NULL},
        {"delete_container", "<firewall" NS "><mode>observe</mode></firewall>",
                "<firewall" NS " nc:operation='delete'/>", EDIT_MERGE, "{}", 0, NULL, NULL},
        {"delete_inherits_downwards", GROUP_A GROUP_B,
                "<group" NS " nc:operation='remove'><name>a</name><id>77</id></group>", EDIT_MERGE, GROUPS(JSON_B), 0,
                NULL, NULL},
        {"operation_on_a_key_is_refused", GROUP_A, "<group" NS "><name nc:operation='delete'>a</name></group>",
                EDIT_MERGE, NULL, ERR_INVALID, "/portcullis:group[name='a']/name", "is a key"},
        {"nested_list_entry_created_and_deleted",
                "<group" NS
                "><name>a</name><id>1</id><member-of><product>p</product><role>r1</role></member-of></group>",
                "<group" NS
                "><name>a</name><member-of nc:operation='delete'><product>p</product><role>r1</role></member-of>"
                "<member-of nc:operation='create'><product>p</product><role>r2</role></member-of></group>",
                EDIT_NONE, GROUPS("{\"name\":\"a\",\"id\":1,\"member-of\":[{\"product\":\"p\",\"role\":\"r2\"}]}"), 0,
                NULL, NULL},
        {"keys_in_any_place", "", "<group" NS "><id>2</id><name>b</name></group>", EDIT_MERGE, GROUPS(JSON_B), 0, NULL,
                NULL},
        {"children_in_any_order", "",
                "<group" NS "><name>a</name><zone>inside</zone><address>10.0.0.0/24</address><id>1</id></group>",
                EDIT_MERGE, GROUPS(JSON_A), 0, NULL, NULL},
        {"top_level_in_any_order", "", "<zone" NS "><name>z</name><id>4</id><interface>eth0</interface></zone>" GROUP_B,
                EDIT_MERGE,
                "{\"portcullis:group\":[" JSON_B
                "],\"portcullis:zone\":[{\"name\":\"z\",\"id\":4,\"interface\":[\"eth0\"]}]}",
                0, NULL, NULL},
        {"unknown_element_is_refused", "", "<group" NS "><name>a</name><bogus>1</bogus></group>", EDIT_MERGE, NULL,
                ERR_UNKNOWN_ELEMENT, "/portcullis:group[name='a']/bogus", "unknown element bogus"},
        {"unknown_top_element_is_refused", "", "<grup" NS "/>", EDIT_MERGE, NULL, ERR_UNKNOWN_ELEMENT,
                "/portcullis:grup", "unknown element grup"},
        {"unknown_namespace_is_refused", "", "<group xmlns='urn:nobody'/>", EDIT_MERGE, NULL, ERR_UNKNOWN_NAMESPACE,
                "/group", "urn:nobody"},
        {"missing_namespace_is_refused", "", "<group/>", EDIT_MERGE, NULL, ERR_INVALID, NULL, "namespace"},
        {"empty_namespace_is_refused", "", "<group xmlns=''><name>a</name><name>b</name></group>", EDIT_MERGE, NULL,
                ERR_INVALID, NULL, NULL},
        {"wrong_type_is_refused", "", "<group" NS "><name>a</name><id>many</id></group>", EDIT_MERGE, NULL, ERR_INVALID,
                "/portcullis:group[name='a']/id", "many"},
        {"wrong_range_is_refused", "", "<group" NS "><name>a</name><id>0</id></group>", EDIT_MERGE, NULL, ERR_INVALID,
                "/portcullis:group[name='a']/id", "range"},
        {"missing_key_is_refused", "", "<group" NS "><id>1</id></group>", EDIT_MERGE, NULL, ERR_MISSING_ELEMENT,
                "/portcullis:group", "list group has no key name; give every key"},
        {"invalid_key_is_refused", "", "<group" NS "><name>-</name><id>1</id></group>", EDIT_MERGE, NULL, ERR_INVALID,
                "/portcullis:group/name", "characters that the model permits"},
        {"state_is_refused", "", "<conformance" NS "/>", EDIT_MERGE, NULL, ERR_INVALID, NULL, "conformance"},
        {"state_below_configuration_is_refused", "", "<nacm" ACM "><denied-operations>3</denied-operations></nacm>",
                EDIT_MERGE, NULL, ERR_INVALID, "/ietf-netconf-acm:nacm/denied-operations",
                "is state, which no edit changes; leave it out"},
        {"rpc_is_refused", "", "<verify" NS "/>", EDIT_MERGE, NULL, ERR_INVALID, NULL, "verify"},
        {"broken_xml_is_refused", "", "<group" NS "><name>a</na", EDIT_MERGE, NULL, ERR_FORMAT, NULL, NULL},
        {"dtd_is_refused", "", "<!DOCTYPE a [<!ENTITY b 'c'>]><group" NS "><name>&b;</name></group>", EDIT_MERGE, NULL,
                ERR_FORMAT, NULL, NULL},
        {"unknown_operation_is_refused", "", "<group" NS " nc:operation='frob'><name>a</name></group>", EDIT_MERGE,
                NULL, ERR_BAD_ATTRIBUTE, "/portcullis:group[name='a']",
                "nc:operation of group has the unknown value \"frob\"; use merge, replace"},
        {"unqualified_operation_is_refused", GROUP_A, "<group" NS " operation='delete'><name>a</name></group>",
                EDIT_MERGE, NULL, ERR_UNKNOWN_ATTRIBUTE, "/portcullis:group[name='a']",
                "has no namespace; write nc:operation"},
        {"unknown_attribute_is_refused", "",
                "<group" NS "><name>a</name><address xmlns:x='urn:x' x:y='1'>10.0.0.0/8</address></group>", EDIT_MERGE,
                NULL, ERR_UNKNOWN_ATTRIBUTE, "/portcullis:group[name='a']/address",
                "the attribute y of address in namespace urn:x is unknown; remove it"},
        {"unknown_place_is_refused", LISTS, INSERT("yang:insert='middle'", "x"), EDIT_MERGE, NULL, ERR_BAD_ATTRIBUTE,
                "/ietf-netconf-acm:nacm/rule-list[name='x']", "use first, last, before or after"},
        {"unknown_operation_of_an_empty_leaf_is_refused", "",
                "<notification" NS "><enable nc:operation='frob'/></notification>", EDIT_MERGE, NULL, ERR_BAD_ATTRIBUTE,
                "/portcullis:notification/enable", "use merge, replace, create, delete or remove"},
        {"element_in_a_leaf_is_refused", "", "<notification" NS "><enable><a/></enable></notification>", EDIT_MERGE,
                NULL, ERR_UNKNOWN_ELEMENT, "/portcullis:notification/enable/a",
                "a stands in enable, which holds a value"},
        {"text_in_a_container_is_refused", "", "<notification" NS ">yes</notification>", EDIT_MERGE, NULL,
                ERR_BAD_ELEMENT, "/portcullis:notification", "holds the text \"yes\""},
        {"what_may_be_is_said", "", "<notification" NS "><enable>yes</enable></notification>", EDIT_MERGE, NULL,
                ERR_INVALID, "/portcullis:notification/enable", "\"yes\"; use true or false"},
        {"leaf_of_what_is_there_given_twice_is_refused", "<notification" NS "><hold-down>5</hold-down></notification>",
                "<notification" NS "><enable>true</enable><enable>false</enable></notification>", EDIT_MERGE, NULL,
                ERR_INVALID, "/portcullis:notification/enable", "given twice; give it once"},
        {"too_few_entries_are_refused_where_they_are", "<zone" NS "><name>a</name><interface>e</interface></zone>",
                "<zone" NS "><name>b</name></zone>", EDIT_MERGE, NULL, ERR_INVALID,
                "/portcullis:zone[name='b']/interface",
                "zone[name='b'] has 0 of interface, and needs 1 at least; add one, or delete the zone"},
        {"mandatory_leaf_is_asked_for", "", "<deployment" NS "><name>d</name></deployment>", EDIT_MERGE, NULL,
                ERR_INVALID, "/portcullis:deployment[name='d']/product",
                "deployment[name='d'] has no product; add it, or delete the deployment"},
        {"must_is_checked", "",
                "<deployment" NS "><name>d</name><product>p</product><port-override><requirement>r</requirement>"
                "<variant>0</variant><lower>9</lower><upper>8</upper></port-override></deployment>",
                EDIT_MERGE, NULL, ERR_INVALID, NULL, "upper port is below"},
        {"leaf_given_twice_is_refused", "", "<group" NS "><name>a</name><id>5</id><id>6</id></group>", EDIT_MERGE, NULL,
                ERR_INVALID, NULL, "uplicate"},
        {"entry_given_twice_is_merged", "",
                "<group" NS "><name>b</name><id>2</id></group><group" NS "><name>b</name><zone>dmz</zone></group>",
                EDIT_MERGE, GROUPS("{\"name\":\"b\",\"id\":2,\"zone\":\"dmz\"}"), 0, NULL, NULL},
        {"host_bits_are_refused", "", "<group" NS "><name>a</name><address>10.0.0.5/8</address></group>", EDIT_MERGE,
                NULL, ERR_INVALID, "/portcullis:group[name='a']/address[.='10.0.0.0/8']", "10.0.0.0/8"},
        {"tagged_default_is_not_set", "<notification" NS "><enable>false</enable></notification>",
                "<notification" NS "><enable wd:default='true'>true</enable></notification>", EDIT_MERGE, "{}", 0, NULL,
                NULL},
        {"tagged_default_is_the_default", "<notification" NS "><enable>false</enable></notification>",
                "<notification" NS "><enable wd:default='true'>false</enable></notification>", EDIT_MERGE, NULL,
                ERR_INVALID, "/portcullis:notification/enable",
                "the value false, but its default is true; give this value"},
        {"tagged_default_of_none_is_refused", "",
                "<group" NS "><name>b</name><zone wd:default='true'>dmz</zone></group>", EDIT_MERGE, NULL, ERR_INVALID,
                "/portcullis:group[name='b']/zone", "the value dmz, but that is no default of it; remove"},
        {"value_not_tagged_is_set", "", "<notification" NS "><enable wd:default='false'>true</enable></notification>",
                EDIT_MERGE, "{\"portcullis:notification\":{\"enable\":true}}", 0, NULL, NULL},
        {"new_case_takes_the_place_of_the_old",
                "<nacm" ACM
                "><rule-list><name>x</name><rule><name>r</name><rpc-name>get</rpc-name><action>permit</action></rule>"
                "</rule-list></nacm>",
                "<nacm" ACM
                "><rule-list><name>x</name><rule><name>r</name><notification-name>n</notification-name></rule>"
                "</rule-list></nacm>",
                EDIT_MERGE,
                JSON_LISTS("{\"name\":\"x\",\"rule\":[{\"name\":\"r\",\"notification-name\":\"n\",\"action\":"
                           "\"permit\"}]}"),
                0, NULL, NULL},
        {"prefixed_path_is_kept_by_module_name", "",
                "<nacm" ACM "><rule-list><name>x</name><rule><name>r</name>"
                "<path "
                "xmlns:p='urn:portcullis:yang:portcullis'>/p:group</path><action>deny</action></rule></rule-list></"
                "nacm>",
                EDIT_MERGE,
                JSON_LISTS("{\"name\":\"x\",\"rule\":[{\"name\":\"r\",\"path\":\"/"
                           "portcullis:group\",\"action\":\"deny\"}]}"),
                0, NULL, NULL},
        {"user_order_new_goes_last", LISTS, INSERT("", "w"), EDIT_MERGE,
                JSON_LISTS("{\"name\":\"x\"},{\"name\":\"y\"},{\"name\":\"z\"},{\"name\":\"w\"}"), 0, NULL, NULL},
        {"user_order_insert_first", LISTS, INSERT("yang:insert='first'", "w"), EDIT_MERGE,
                JSON_LISTS("{\"name\":\"w\"},{\"name\":\"x\"},{\"name\":\"y\"},{\"name\":\"z\"}"), 0, NULL, NULL},
        {"user_order_move_last", LISTS, INSERT("yang:insert='last'", "x"), EDIT_MERGE,
                JSON_LISTS("{\"name\":\"y\"},{\"name\":\"z\"},{\"name\":\"x\"}"), 0, NULL, NULL},
        {"user_order_insert_before", LISTS, INSERT("yang:insert='before' yang:key=\"[a:name='y']\"", "w"), EDIT_MERGE,
                JSON_LISTS("{\"name\":\"x\"},{\"name\":\"w\"},{\"name\":\"y\"},{\"name\":\"z\"}"), 0, NULL, NULL},
        {"user_order_move_after", LISTS, INSERT("yang:insert='after' yang:key=\"[a:name='y']\"", "x"), EDIT_MERGE,
                JSON_LISTS("{\"name\":\"y\"},{\"name\":\"x\"},{\"name\":\"z\"}"), 0, NULL, NULL},
        {"user_order_insert_beside_itself", LISTS, INSERT("yang:insert='after' yang:key=\"[a:name='y']\"", "y"),
                EDIT_MERGE, JSON_LISTS("{\"name\":\"x\"},{\"name\":\"y\"},{\"name\":\"z\"}"), 0, NULL, NULL},
        {"user_order_missing_anchor_is_refused", LISTS, INSERT("yang:insert='after' yang:key=\"[a:name='q']\"", "x"),
                EDIT_MERGE, NULL, ERR_BAD_ATTRIBUTE, "/ietf-netconf-acm:nacm/rule-list[name='x']", "does not exist"},
        {"user_order_anchor_without_key_is_refused", LISTS, INSERT("yang:insert='before'", "x"), EDIT_MERGE, NULL,
                ERR_MISSING_ATTRIBUTE, "/ietf-netconf-acm:nacm/rule-list[name='x']", "add the attribute key or value"},
        {"user_order_replace_keeps_the_place", LISTS, INSERT("nc:operation='replace'", "y"), EDIT_MERGE,
                JSON_LISTS("{\"name\":\"x\"},{\"name\":\"y\"},{\"name\":\"z\"}"), 0, NULL, NULL},
        {"insert_in_a_system_ordered_list_is_refused", GROUP_A,
                "<group" NS " yang:insert='first'><name>b</name></group>", EDIT_MERGE, NULL, ERR_UNKNOWN_ATTRIBUTE,
                "/portcullis:group[name='b']", "not ordered by the user"},
};

static struct config *config;
static const struct config_actor actor = {.session = 7, .user = "tester"};

static void open_config(void)
{
	struct error err = {0};
	ck_assert_msg(config_open(SOURCE_DIR "/yang", NULL, NULL, &config, &err) == 0, "%s: %s", err.where, err.text);
}

static void close_config(void)
{
	config_close(config);
}

static char *print(enum datastore d)
{
	struct error err = {0};
	struct lyd_node *root = config_get(config, d);
	char *json = NULL;
	ck_assert_int_eq(tree_print(root, &json, &err), 0);
	lyd_free_siblings(root);
	return json;
}

static void ck_edit(enum datastore d, const char *xml, enum edit_operation operation)
{
	struct error err = {0};
	ck_assert_msg(config_edit(config, &actor, &(struct config_edit){d, xml, operation, TEST_THEN_SET, false}, NULL,
	                      &err) == 0,
	        "%s: %s", err.where, err.text);
}

START_TEST(edits_as_rfc_6241_says)
{
	const struct edit_case *c = &cases[_i];
	struct error err = {0};

	ck_edit(DATASTORE_CANDIDATE, c->before, EDIT_REPLACE);
	char *before = print(DATASTORE_CANDIDATE);
	int result = config_edit(config, &actor,
	        &(struct config_edit){DATASTORE_CANDIDATE, c->edit, c->operation, TEST_THEN_SET, false}, NULL, &err);
	char *after = print(DATASTORE_CANDIDATE);
	if (c->after != NULL) {
		ck_assert_msg(result == 0, "%s: %s: %s", c->name, err.where, err.text);
		ck_assert_msg(strcmp(after, c->after) == 0, "%s: %s", c->name, after);
	} else {
		ck_assert_msg(result == -1, "%s: %s", c->name, after);
		ck_assert_msg(err.code == c->code, "%s: code %d, %s: %s", c->name, err.code, err.where, err.text);
		if (c->where != NULL)
			ck_assert_msg(
			        strcmp(err.where, c->where) == 0, "%s: where %s: %s", c->name, err.where, err.text);
		if (c->text != NULL)
			ck_assert_msg(strstr(err.text, c->text) != NULL, "%s: text %s", c->name, err.text);
		ck_assert_msg(strcmp(after, before) == 0, "%s: a refused edit changed something: %s", c->name, after);
	}
	free(before);
	free(after);
}
END_TEST

START_TEST(replace_with_what_is_there_changes_nothing)
{
	char event[8], *xml = NULL;
	struct error err = {0};

	ck_edit(DATASTORE_RUNNING, GROUP_A GROUP_B LISTS "<zone" NS "><name>z</name><interface>eth0</interface></zone>",
	        EDIT_MERGE);
	ck_assert_int_eq(read(config_event_fd(config), event, sizeof(event)), 8);
	char *before = print(DATASTORE_RUNNING);
	struct lyd_node *root = config_get(config, DATASTORE_RUNNING);
	ck_assert_int_eq(lyd_print_mem(&xml, root, LYD_XML, LYD_PRINT_WITHSIBLINGS), LY_SUCCESS);
	lyd_free_siblings(root);
	ck_edit(DATASTORE_RUNNING, xml, EDIT_REPLACE);
	ck_edit(DATASTORE_RUNNING, xml, EDIT_MERGE);
	ck_assert_int_eq(config_replace(config, &actor, DATASTORE_RUNNING, xml, &err), 0);
	char *after = print(DATASTORE_RUNNING);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(read(config_event_fd(config), event, sizeof(event)), -1);
	free(before);
	free(after);
	free(xml);
}
END_TEST

START_TEST(test_only_changes_nothing)
{
	struct error err = {0};

	ck_assert_int_eq(
	        config_edit(config, &actor,
	                &(struct config_edit){DATASTORE_RUNNING, GROUP_A, EDIT_MERGE, TEST_ONLY, false}, NULL, &err),
	        0);
	ck_assert_int_eq(
	        config_edit(config, &actor,
	                &(struct config_edit){DATASTORE_CANDIDATE, GROUP_A, EDIT_MERGE, TEST_ONLY, false}, NULL, &err),
	        0);
	char *running = print(DATASTORE_RUNNING), *candidate = print(DATASTORE_CANDIDATE);
	ck_assert_str_eq(running, "{}");
	ck_assert_str_eq(candidate, "{}");
	free(running);
	free(candidate);
}
END_TEST

/* A group of which two leaves are wrong, one that exists, one that does not, an unknown element, and two that are fine. */
#define FAULTY                                                                                                         \
	"<group" NS "><name>a</name><address>10.0.0.1</address><address>x</address><id>abc</id></group>"               \
	"<group" NS " nc:operation='create'><name>old</name></group>"                                                  \
	"<group" NS " nc:operation='delete'><name>none</name></group>"                                                 \
	"<bogus" NS "/><group" NS "><name>b</name><id>8</id></group>"

static int edit_faulty(bool goes_on, enum test_option test, struct errors *faults)
{
	struct error err = {0};

	ck_edit(DATASTORE_CANDIDATE, "<group" NS "><name>old</name><id>9</id></group>", EDIT_REPLACE);
	*faults = (struct errors){0};
	int result = config_edit(config, &actor,
	        &(struct config_edit){DATASTORE_CANDIDATE, FAULTY, EDIT_MERGE, test, goes_on}, faults, &err);
	ck_assert(faults->n == 0 || strcmp(err.where, faults->error[0].where) == 0);
	return result;
}

START_TEST(everything_that_is_wrong_is_told)
{
	static const struct {
		const char *where;
		enum error_code code;
	} want[] = {{"/portcullis:group[name='a']/address", ERR_INVALID},
	        {"/portcullis:group[name='a']/id", ERR_INVALID}, {"/portcullis:group[name='old']", ERR_EXISTS},
	        {"/portcullis:group[name='none']", ERR_NOT_FOUND}, {"/portcullis:bogus", ERR_UNKNOWN_ELEMENT}};
	struct errors faults;

	for (int goes_on = 0; goes_on < 2; goes_on++) {
		ck_assert_int_eq(edit_faulty(goes_on != 0, TEST_THEN_SET, &faults), -1);
		ck_assert_uint_eq(faults.n, 5);
		for (size_t i = 0; i < faults.n; i++) {
			ck_assert_str_eq(faults.error[i].where, want[i].where);
			ck_assert_int_eq(faults.error[i].code, want[i].code);
		}
		errors_fini(&faults);
		char *after = print(DATASTORE_CANDIDATE);
		ck_assert_str_eq(
		        after, goes_on ? "{\"portcullis:group\":[{\"name\":\"old\",\"id\":9},"
		                         "{\"name\":\"a\",\"address\":[\"10.0.0.1\"]},{\"name\":\"b\",\"id\":8}]}"
		                       : "{\"portcullis:group\":[{\"name\":\"old\",\"id\":9}]}");
		free(after);
	}
	ck_assert_int_eq(edit_faulty(true, TEST_ONLY, &faults), -1);
	ck_assert_uint_eq(faults.n, 5);
	errors_fini(&faults);
	char *after = print(DATASTORE_CANDIDATE);
	ck_assert_str_eq(after, "{\"portcullis:group\":[{\"name\":\"old\",\"id\":9}]}");
	free(after);
}
END_TEST

/* Twenty are enough for anybody. */
START_TEST(faults_are_bounded)
{
	struct errors faults = {0};
	struct error err = {0};
	struct text xml = {0};

	for (int i = 0; i < 1000; i++)
		text_addf(&xml, "<group" NS " nc:operation='delete'><name>g%d</name></group>", i);
	ck_assert_int_eq(config_edit(config, &actor,
	                         &(struct config_edit){DATASTORE_CANDIDATE, xml.s, EDIT_MERGE, TEST_THEN_SET, true},
	                         &faults, &err),
	        -1);
	ck_assert_uint_eq(faults.n, 20);
	ck_assert_str_eq(err.where, "/portcullis:group[name='g0']");
	errors_fini(&faults);
	text_fini(&xml);
}
END_TEST

/* What is left does not fit the model: nothing of it is done. */
START_TEST(what_goes_on_still_has_to_be_valid)
{
	struct errors faults = {0};
	struct error err = {0};
	const char *xml =
	        "<group" NS " nc:operation='delete'><name>none</name></group><zone" NS "><name>z</name></zone>";

	ck_assert_int_eq(config_edit(config, &actor,
	                         &(struct config_edit){DATASTORE_CANDIDATE, xml, EDIT_MERGE, TEST_THEN_SET, true},
	                         &faults, &err),
	        -1);
	ck_assert_uint_eq(faults.n, 2);
	ck_assert_int_eq(faults.error[0].code, ERR_NOT_FOUND);
	ck_assert_str_eq(faults.error[1].app_tag, "too-few-elements");
	errors_fini(&faults);
	char *after = print(DATASTORE_CANDIDATE);
	ck_assert_str_eq(after, "{}");
	free(after);
	ck_assert_int_eq(
	        config_edit(config, &actor,
	                &(struct config_edit){DATASTORE_CANDIDATE, "<group" NS, EDIT_MERGE, TEST_THEN_SET, true},
	                &faults, &err),
	        -1);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_int_eq(faults.error[0].code, ERR_FORMAT);
	errors_fini(&faults);
}
END_TEST

START_TEST(set_lets_a_candidate_be_incomplete_until_commit)
{
	struct error err = {0};
	const char *incomplete = "<deployment" NS "><name>d</name></deployment>";
	const char *rest = "<deployment" NS "><name>d</name><id>5</id><product>p</product></deployment>";

	ck_assert_int_eq(config_edit(config, &actor,
	                         &(struct config_edit){DATASTORE_CANDIDATE, incomplete, EDIT_MERGE, TEST_SET, false},
	                         NULL, &err),
	        0);
	ck_assert_int_eq(config_validate(config, &(const struct config_actor){0}, DATASTORE_CANDIDATE, &err), -1);
	ck_assert_int_eq(config_commit(config, &actor, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_int_eq(
	        config_edit(config, &actor,
	                &(struct config_edit){DATASTORE_RUNNING, incomplete, EDIT_MERGE, TEST_SET, false}, NULL, &err),
	        -1);
	ck_assert_int_eq(
	        config_edit(config, &actor,
	                &(struct config_edit){DATASTORE_CANDIDATE, rest, EDIT_MERGE, TEST_SET, false}, NULL, &err),
	        0);
	ck_assert_int_eq(config_commit(config, &actor, NULL, &err), 0);
	char *running = print(DATASTORE_RUNNING);
	ck_assert_str_eq(running, "{\"portcullis:deployment\":[{\"name\":\"d\",\"id\":5,\"product\":\"p\"}]}");
	free(running);
}
END_TEST

START_TEST(long_values_are_cut_in_messages)
{
	struct error err = {0};
	char *value = xmalloc(2000001);
	memset(value, 'x', 2000000);
	value[2000000] = '\0';
	char *xml = xasprintf("<group" NS "><name>a</name><id>%s</id></group>", value);

	ck_assert_int_eq(
	        config_edit(config, &actor,
	                &(struct config_edit){DATASTORE_CANDIDATE, xml, EDIT_MERGE, TEST_THEN_SET, false}, NULL, &err),
	        -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_uint_lt(strlen(err.text), 400);
	ck_assert_ptr_nonnull(strstr(err.text, "xxx...\""));
	free(xml);
	free(value);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_edit");
	TCase *tc = tcase_create("edit");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, open_config, close_config);
	tcase_add_loop_test(tc, edits_as_rfc_6241_says, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tc, replace_with_what_is_there_changes_nothing);
	tcase_add_test(tc, test_only_changes_nothing);
	tcase_add_test(tc, everything_that_is_wrong_is_told);
	tcase_add_test(tc, faults_are_bounded);
	tcase_add_test(tc, what_goes_on_still_has_to_be_valid);
	tcase_add_test(tc, set_lets_a_candidate_be_incomplete_until_commit);
	tcase_add_test(tc, long_values_are_cut_in_messages);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
