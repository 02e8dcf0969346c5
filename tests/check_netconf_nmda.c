/* links: netconf config conformance catalog base */
/*
 * NMDA over NETCONF (RFC 8526): get-data and edit-data on every datastore, origins, depth, and the yang-library.
 */
#include "netconf_scene.h"

#define NMDA "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-nmda\""
#define DS "xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\""
#define GET_DATA(datastore, more) "<get-data " NMDA " " DS "><datastore>" datastore "</datastore>" more "</get-data>"
#define EDIT_DATA(datastore, more) "<edit-data " NMDA " " DS "><datastore>" datastore "</datastore>" more "</edit-data>"
#define OR "xmlns:or=\"urn:ietf:params:xml:ns:yang:ietf-origin\""
#define WD "<with-defaults>"
#define NOTIFICATION "<notification " PC "><hold-down>100</hold-down></notification>"

static void prepare(struct netconf_client *c)
{
	ask_ok(c, EDIT("running", "", ZONE("inside", "eth1") ZONE("outside", "eth2") NOTIFICATION));
	ask_ok(c, "<copy-config><target><startup/></target><source><running/></source></copy-config>");
	ask_ok(c, EDIT("candidate", "", ZONE("third", "eth3")));
}

START_TEST(reads_every_datastore)
{
	static const struct {
		const char *operation, *has, *has_not;
	} cases[] = {
	        {GET_DATA("ds:running", ""), "<interface>eth1</interface>", "eth3"},
	        {GET_DATA("ds:running", ""), "<hold-down>100</hold-down>", "<conformance"},
	        {GET_DATA("ds:running", ""), NULL, "<enable>"},
	        {GET_DATA("ds:candidate", ""), "<interface>eth3</interface>", "<conformance"},
	        {GET_DATA("ds:startup", ""), "<interface>eth2</interface>", "eth3"},
	        {GET_DATA("ds:operational", ""), "<interface>eth1</interface>", "eth3"},
	        {GET_DATA("ds:operational", ""), "<result>", NULL},
	        {GET_DATA("ds:operational", ""), "<enable>true</enable>", "origin="},
	        {GET_DATA("ds:operational", ""), "<netconf-state", NULL},
	        {GET_DATA("ds:running", WD "report-all</with-defaults>"), "<enable>true</enable>", NULL},
	        {GET_DATA("ds:operational", WD "explicit</with-defaults>"), "<hold-down>100<", "<enable>"},
	        {GET_DATA("ds:operational", WD "trim</with-defaults>"), "<hold-down>100<", "<enable>"},
	        {GET_DATA("ds:operational", WD "report-all-tagged</with-defaults>"), ":default=\"true\">true</enable>",
	                NULL},
	        {GET_DATA("ds:operational", "<config-filter>true</config-filter>"), "<zone", "<conformance"},
	        {GET_DATA("ds:operational", "<config-filter>false</config-filter>"), "<conformance", "<zone"},
	        {GET_DATA("ds:running", "<config-filter>false</config-filter>"), NULL, "<zone"},
	};
	struct netconf_client *c = client();
	prepare(c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ask_has(c, cases[i].operation, cases[i].has, cases[i].has_not);
	netconf_client_close(c);
}
END_TEST

START_TEST(filters_by_subtree_path_and_depth)
{
	static const struct {
		const char *operation, *has, *has_not;
	} cases[] = {
	        {GET_DATA("ds:running", "<subtree-filter><zone " PC "><name>inside</name></zone></subtree-filter>"),
	                "eth1", "eth2"},
	        {GET_DATA("ds:running", "<subtree-filter><zone xmlns=\"\"><name>inside</name></zone></subtree-filter>"),
	                "eth1", "eth2"},
	        {GET_DATA("ds:running",
	                 "<xpath-filter xmlns:p=\"urn:portcullis:yang:portcullis\">/p:zone[p:name='outside']"
	                 "</xpath-filter>"),
	                "eth2", "eth1"},
	        {GET_DATA("ds:operational",
	                 "<subtree-filter><conformance " PC "><result><verdict>blocked</verdict></result>"
	                 "</conformance></subtree-filter>"),
	                "<verdict>blocked", "<verdict>conformant"},
	        {GET_DATA("ds:operational", "<xpath-filter xmlns:p=\"urn:portcullis:yang:portcullis\">"
	                                    "/p:conformance/p:summary</xpath-filter>"),
	                "<overall>", "<zone"},
	        /* The selected node, and no more. */
	        {GET_DATA("ds:running", "<max-depth>1</max-depth>"), "<name>inside</name>", "<interface>"},
	        {GET_DATA("ds:running", "<max-depth>2</max-depth>"), "<interface>eth1</interface>", NULL},
	        {GET_DATA("ds:operational", "<max-depth>1</max-depth>"), NULL, "<summary>"},
	        {GET_DATA("ds:operational", "<max-depth>2</max-depth>"), "<generation>1</generation>", "<overall>"},
	        {GET_DATA("ds:operational", "<max-depth>3</max-depth>"), "<overall>", "<handle>"},
	        {GET_DATA("ds:operational", "<max-depth>4</max-depth>"), "<handle>12</handle>", NULL},
	        {GET_DATA("ds:operational", "<max-depth>unbounded</max-depth>"), "<handle>12</handle>", NULL},
	        {GET_DATA("ds:operational", "<xpath-filter xmlns:p=\"urn:portcullis:yang:portcullis\">"
	                                    "/p:conformance/p:result</xpath-filter><max-depth>1</max-depth>"),
	                "<initiator>clients</initiator>", "<label>"},
	        {GET_DATA("ds:operational",
	                 "<subtree-filter><conformance " PC "><result/></conformance></subtree-filter>"
	                 "<max-depth>2</max-depth>"),
	                "<verdict>blocked</verdict>", "<handle>"},
	};
	struct netconf_client *c = client();
	prepare(c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ask_has(c, cases[i].operation, cases[i].has, cases[i].has_not);
	netconf_client_close(c);
}
END_TEST

START_TEST(tells_where_values_come_from)
{
	static const struct {
		const char *operation, *has, *has_not;
	} cases[] = {
	        {GET_DATA("ds:operational", "<with-origin/>"), "origin=\"or:intended\"><name>inside</name>", NULL},
	        {GET_DATA("ds:operational", "<with-origin/>"), "<hold-down>100</hold-down>", "<hold-down or:origin"},
	        {GET_DATA("ds:operational", "<with-origin/>"), "or:origin=\"or:default\">true</enable>", NULL},
	        {GET_DATA("ds:operational", "<with-origin/><config-filter>false</config-filter>"), "<conformance",
	                "origin="},
	        {GET_DATA("ds:operational", "<origin-filter " OR ">or:intended</origin-filter>"), "<hold-down>",
	                "<enable>"},
	        {GET_DATA("ds:operational", "<origin-filter " OR ">or:default</origin-filter>"), "<enable>",
	                "<hold-down>"},
	        {GET_DATA("ds:operational", "<origin-filter " OR ">or:default</origin-filter>"), "<conformance",
	                "<zone"},
	        {GET_DATA("ds:operational", "<origin-filter " OR ">or:learned</origin-filter>"), "<conformance",
	                "<enable>"},
	        {GET_DATA("ds:operational", "<origin-filter " OR ">or:intended</origin-filter><origin-filter " OR
	                                    ">or:default</origin-filter>"),
	                "<enable>", NULL},
	        {GET_DATA("ds:operational", "<negated-origin-filter " OR ">or:intended</negated-origin-filter>"),
	                "<enable>", "<hold-down>"},
	        {GET_DATA("ds:operational", "<negated-origin-filter " OR ">or:default</negated-origin-filter>"),
	                "<zone", "<enable>"},
	};
	struct netconf_client *c = client();
	prepare(c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ask_has(c, cases[i].operation, cases[i].has, cases[i].has_not);
	netconf_client_close(c);
}
END_TEST

START_TEST(edits_what_can_be_written)
{
	struct netconf_client *c = client();
	ask_ok(c, EDIT_DATA("ds:candidate", "<config>" ZONE("inside", "eth1") "</config>"));
	ask_has(c, GET_CONFIG("candidate"), "eth1", NULL);
	ask_has(c, GET_CONFIG("running"), NULL, "eth1");
	ask_ok(c, EDIT_DATA("ds:running", "<config>" ZONE("outside", "eth2") "</config>"));
	ask_ok(c, EDIT_DATA("ds:running",
	                  "<default-operation>replace</default-operation><config>" ZONE("third", "eth3") "</config>"));
	ask_has(c, GET_DATA("ds:running", ""), "eth3", "eth2");
	ask_error(c, EDIT_DATA("ds:operational", "<config>" ZONE("a", "b") "</config>"), ERR_INVALID, "operational");
	ask_error(c, EDIT_DATA("ds:running", "<config><zone " PC "><name>a b</name></zone></config>"), ERR_INVALID,
	        "name");
	ask_error(c, EDIT_DATA("ds:running", ""), ERR_MISSING_ELEMENT, "<config>");
	/* The older operations know the datastores by these names too. */
	ask_ok(c, "<lock><target><datastore " NMDA " " DS ">ds:running</datastore></target></lock>");
	ask_ok(c, "<unlock><target><datastore " NMDA " " DS ">ds:running</datastore></target></unlock>");
	ask_ok(c, "<validate><source><datastore " NMDA " " DS ">ds:candidate</datastore></source></validate>");
	ask_error(c, "<lock><target><datastore " NMDA " " DS ">ds:operational</datastore></target></lock>", ERR_INVALID,
	        "operational");
	netconf_client_close(c);
}
END_TEST

START_TEST(refuses_what_fits_no_datastore)
{
	static const char *const cases[] = {
	        GET_DATA("ds:intended", ""),
	        GET_DATA("ds:dynamic", ""),
	        GET_DATA("ds:none", ""),
	        GET_DATA("ds:running", "<max-depth>0</max-depth>"),
	        GET_DATA("ds:running", "<xpath-filter>/zone[</xpath-filter>"),
	        GET_DATA("ds:operational", WD "all</with-defaults>"),
	};
	struct netconf_client *c = client();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ask_error(c, cases[i], ERR_INVALID, "");
	/* Of the operational datastore alone. */
	ask_error(c, GET_DATA("ds:running", "<with-origin/>"), ERR_UNKNOWN_ELEMENT, "<with-origin>");
	ask_error(c, GET_DATA("ds:running", "<origin-filter " OR ">or:default</origin-filter>"), ERR_UNKNOWN_ELEMENT,
	        "has no place in this request");
	netconf_client_close(c);
}
END_TEST

/* The yang-library of RFC 8525 and that of RFC 7895 are valid, whole, and of the hello's content id. */
START_TEST(lists_its_modules_and_datastores)
{
	bool ended;
	struct netconf_client *c = client();
	const struct ly_ctx *ctx = config_context(server.config);
	char *reply = ask(c, "<get><filter><yang-library xmlns=\"urn:ietf:params:xml:ns:yang:ietf-yang-library\"/>"
	                     "<modules-state xmlns=\"urn:ietf:params:xml:ns:yang:ietf-yang-library\"/></filter></get>");
	int fd = raw();
	char *hello = read_until(fd, "]]>]]>", 1, &ended);
	char *from = strstr(hello, "yang-library:1.1?"), *id = strstr(hello, "content-id=");
	ck_assert_msg(from != NULL && id != NULL, "%s", hello);
	char *new = xasprintf("<content-id>%.*s</content-id>", (int)strspn(id + 11, "0123456789"), id + 11);
	char *old = xasprintf("<module-set-id>%.*s</module-set-id>", (int)strspn(id + 11, "0123456789"), id + 11);
	ck_assert_msg(strstr(reply, new) != NULL && strstr(reply, old) != NULL, "%s: %.2000s", new, reply);
	static const char *const names[] = {"running", "candidate", "startup", "operational"};
	for (size_t i = 0; i < 4; i++) {
		char *name = xasprintf(">ds:%s</name><schema>", names[i]);
		ck_assert_msg(strstr(reply, name) != NULL, "no %s in %s", name, strstr(reply, "<datastore"));
		free(name);
	}
	char *data = strchr(strstr(reply, "<data"), '>') + 1;
	*strstr(data, "</data>") = '\0';
	struct lyd_node *tree = NULL;
	ck_assert_msg(
	        lyd_parse_data_mem(ctx, data, LYD_XML, LYD_PARSE_STRICT, LYD_VALIDATE_PRESENT, &tree) == LY_SUCCESS,
	        "%s %s", ly_errmsg(ctx), ly_errpath(ctx));
	const struct lys_module *m;
	uint32_t i = 0;
	while ((m = ly_ctx_get_module_iter(ctx, &i)) != NULL) {
		char *name = xasprintf("<module><name>%s</name>", m->name);
		ck_assert_msg(!m->implemented || strstr(data, name) != NULL, "%s", name);
		free(name);
	}
	lyd_free_all(tree);
	free(new);
	free(old);
	free(hello);
	free(reply);
	close(fd);
	netconf_client_close(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netconf_nmda");
	TCase *t = tcase_create("nmda");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, reads_every_datastore);
	tcase_add_test(t, filters_by_subtree_path_and_depth);
	tcase_add_test(t, tells_where_values_come_from);
	tcase_add_test(t, edits_what_can_be_written);
	tcase_add_test(t, refuses_what_fits_no_datastore);
	tcase_add_test(t, lists_its_modules_and_datastores);
	suite_add_tcase(s, t);
	return run_suite(s);
}
