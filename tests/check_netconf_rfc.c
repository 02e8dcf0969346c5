/* links: netconf config conformance catalog base */
/*
 * What the RFCs ask of a server to the letter: namespaces, attributes and tags that clients compare.
 */
#include "netconf/defaults.h"
#include "netconf/envelope.h"
#include "netconf_scene.h"
#include "portcullis/alloc.h"

/* with-defaults: RFC 6243 sections 4.5 and 6 */

#define NS_DEFAULT "urn:ietf:params:xml:ns:netconf:default:1.0"
#define NS_MODULE "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
#define NMDA "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"

static const struct {
	const char *in, *out;
} answers[] = {
        {"<r><a xmlns:n=\"" NS_MODULE "\" n:default=\"true\">1</a></r>",
                "<r><a xmlns:n=\"" NS_DEFAULT "\" n:default=\"true\">1</a></r>"},
        {"<r><a xmlns:n=\"" NS_MODULE "\"/><b xmlns:n=\"" NS_MODULE "\"/></r>",
                "<r><a xmlns:n=\"" NS_DEFAULT "\"/><b xmlns:n=\"" NS_DEFAULT "\"/></r>"},
        /* What the client said in the request, a text, and the beginning of another name stay. */
        {"<r xmlns:n=\"" NS_MODULE "\"><a/></r>", "<r xmlns:n=\"" NS_MODULE "\"><a/></r>"},
        {"<r><a>\"" NS_MODULE "\"</a></r>", "<r><a>\"" NS_MODULE "\"</a></r>"},
        {"<r><a xmlns:n=\"" NS_MODULE "x\"/></r>", "<r><a xmlns:n=\"" NS_MODULE "x\"/></r>"},
        {"<r><a xmlns:n=\"urn:ietf:\"/><b xmlns:n=\"" NS_MODULE "\"/></r>",
                "<r><a xmlns:n=\"urn:ietf:\"/><b xmlns:n=\"" NS_DEFAULT "\"/></r>"},
};

START_TEST(gives_the_attribute_its_namespace_wherever_pieces_end)
{
	const char *in = answers[_i].in;
	size_t n = strlen(in);
	for (size_t i = 0; i <= n; i++)
		for (size_t k = i; k <= n; k++) {
			struct defaults_answer x = {0};
			struct text out = {0};
			defaults_answer(&x, in, i, &out);
			defaults_answer(&x, in + i, k - i, &out);
			defaults_answer(&x, in + k, n - k, &out);
			ck_assert_str_eq(text_str(&out), answers[_i].out);
			text_fini(&out);
		}
}
END_TEST

START_TEST(takes_the_attribute_in_its_namespace)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"<a xmlns:w='" NS_DEFAULT "' w:default='true'>1</a>",
	                "<a xmlns:w='" NS_MODULE "' w:default='true'>1</a>"},
	        {"<a><b xmlns:w=\"" NS_DEFAULT "\"/></a><c xmlns:w = \"" NS_DEFAULT "\"/>",
	                "<a><b xmlns:w=\"" NS_MODULE "\"/></a><c xmlns:w = \"" NS_MODULE "\"/>"},
	        {"<a x=\"" NS_DEFAULT "\">" NS_DEFAULT "<!-- xmlns:w=\"" NS_DEFAULT "\" --></a>", NULL},
	        {"<a xmlns=\"" NS_DEFAULT "\"/>", NULL},
	        {"<a/>", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *xml = xstrdup(cases[i].in);
		defaults_accept(&xml);
		ck_assert_str_eq(xml, cases[i].out != NULL ? cases[i].out : cases[i].in);
		free(xml);
	}
}
END_TEST

#define TAGGED "<with-defaults xmlns=\"" NS_MODULE "\">report-all-tagged</with-defaults>"
#define COMMENT "&quot;" NS_MODULE "&quot; is text"

/* An answer with tagged defaults: no tag but the envelope's has the namespace of the module. */
static void check_tagged(struct netconf_client *c, const char *operation, bool state)
{
	char *reply = ask(c, operation);
	const char *tag = strstr(reply, "<enable xmlns:ncwd=\"" NS_DEFAULT "\" ncwd:default=\"true\">true</enable>");
	ck_assert_msg(tag != NULL, "%.300s: %.3000s", operation, reply);
	ck_assert_msg(strstr(reply, "=\"" NS_MODULE) == NULL, "%.300s", operation);
	ck_assert_msg(strstr(reply, "\"" NS_MODULE "\" is text") != NULL, "%.300s: %.3000s", operation, reply);
	if (state)
		ck_assert_msg(strstr(reply, "<verdict>blocked<") != NULL && strstr(reply, ">" NS_MODULE "<") != NULL,
		        "%.300s", operation);
	free(reply);
}

START_TEST(tags_defaults_in_the_namespace_of_the_rfc)
{
	static const struct {
		const char *operation;
		bool state;
	} cases[] = {
	        {"<get-config><source><running/></source>" TAGGED "</get-config>", false},
	        {"<get>" TAGGED "</get>", true},
	        {"<get-data xmlns=\"" NMDA "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\">"
	         "<datastore>ds:running</datastore><with-defaults>report-all-tagged</with-defaults></get-data>",
	                false},
	        {"<get-data xmlns=\"" NMDA "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\">"
	         "<datastore>ds:operational</datastore><with-defaults>report-all-tagged</with-defaults></get-data>",
	                true},
	};
	struct netconf_client *c = client();
	ask_ok(c, EDIT("running", "",
	                  "<nacm xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\"><rule-list><name>x</name><rule>"
	                  "<name>r</name><action>permit</action><comment>" COMMENT
	                  "</comment></rule></rule-list></nacm>"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_tagged(c, cases[i].operation, cases[i].state);
		/* The answer after it is again as it is. */
		ask_has(c, "<get-config><source><running/></source></get-config>", "is text", "default=");
	}
	netconf_client_close(c);
}
END_TEST

#define ENABLE(attribute, value)                                                                                       \
	"<notification " PC " xmlns:wd=\"" NS_DEFAULT "\"><enable " attribute ">" value "</enable></notification>"
#define COPY(config)                                                                                                   \
	"<copy-config><target><running/></target><source><config>" config "</config></source></copy-config>"
#define VALIDATE(config) "<validate><source><config>" config "</config></source></validate>"
#define EDIT_DATA(config)                                                                                              \
	"<edit-data xmlns=\"" NMDA "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\">"                      \
	"<datastore>ds:running</datastore><config>" config "</config></edit-data>"

START_TEST(takes_what_is_tagged_as_default_as_not_set)
{
	static const char good[] = ENABLE("wd:default=\"true\"", "true"),
	                  bad[] = ENABLE("wd:default=\"true\"", "false");
	static const char *const accepted[] = {EDIT("running", "", "%s"), COPY("%s"), EDIT_DATA("%s")};
	static const char *const checked[] = {EDIT("running", "", "%s"), COPY("%s"), EDIT_DATA("%s"), VALIDATE("%s")};
	struct netconf_client *c = client();
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		char *operation = xasprintf(accepted[i], good);
		ask_ok(c, EDIT("running", "", ENABLE("wd:default=\"false\"", "false")));
		ask_has(c, GET_CONFIG("running"), "<enable>false</enable>", NULL);
		ask_ok(c, operation);
		ask_has(c, GET_CONFIG("running"), NULL, "<enable>");
		free(operation);
	}
	for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++) {
		char *operation = xasprintf(checked[i], bad);
		ask_error(c, operation, ERR_INVALID, "its default is true; give this value, or remove");
		free(operation);
	}
	/* Declared around the operation, as some clients do. */
	bool ended;
	int fd = raw();
	put_text(fd, HELLO10 "<nc:rpc xmlns:nc=\"" BASE "\" xmlns:wd=\"" NS_DEFAULT
	                     "\" message-id=\"1\"><nc:edit-config><nc:target><nc:running/></nc:target><nc:config>"
	                     "<notification " PC "><enable wd:default=\"true\">false</enable></notification>"
	                     "</nc:config></nc:edit-config></nc:rpc>]]>]]>");
	char *reply = read_until(fd, "</rpc-reply>", 1, &ended);
	ck_assert_msg(strstr(reply, ">invalid-value<") != NULL, "%s", reply);
	free(reply);
	close(fd);
	netconf_client_close(c);
}
END_TEST

/* The rpc and its reply: RFC 6241 section 4 */

/* Attributes of an rpc, and the start tag of its reply. */
static const struct {
	const char *rpc, *reply;
	int result; /* of xml_check() */
} envelopes[] = {
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\"/>", " message-id=\"1\"", 0},
        {"<rpc message-id='1' xmlns:x=\"urn:x\" x:a='\"' xmlns='" BASE "' b=\"&lt;&#38;>\"/>",
                " message-id='1' xmlns:x=\"urn:x\" x:a='\"' b=\"&lt;&#38;>\"", 0},
        {"<n:rpc xmlns:n=\"" BASE "\" xmlns=\"urn:x\" message-id=\"1\" xml:lang=\"de\"/>",
                " xmlns:n=\"" BASE "\" message-id=\"1\" xml:lang=\"de\"", 0},
        /* What would not be well-formed. */
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" x:a=\"\"/>", " message-id=\"1\"", 0},
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" a=\"\" a=\"\"/>", " message-id=\"1\"", 0},
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" a=\"&b;\"/>", " message-id=\"1\"", -1},
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" a=\"&#1;\"/>", " message-id=\"1\"", -1},
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" a/>", " message-id=\"1\"", -1},
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" 1=\"\"/>", " message-id=\"1\"", 0},
        {"<rpc xmlns=\"" BASE "\" message-id=\"&\"/>", "", -1},
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" a=\"\xff\"/>", " message-id=\"1\"", -1},
        {"<rpc xmlns=\"" BASE "\" message-id=\"\x01\"/>", "", -1},
        {"<rpc xmlns=\"" BASE "\" message-id=\"1\" a=\"2\">\xff</rpc>", " message-id=\"1\" a=\"2\"", -1},
};

START_TEST(repeats_the_attributes_of_the_rpc)
{
	const struct xml_limits limits = {.depth = 2, .children = 1, .attributes = 8};
	const char *rpc = envelopes[_i].rpc;
	char *want = xasprintf("<rpc-reply xmlns=\"" BASE "\"%s", envelopes[_i].reply);
	struct xml_root root;
	struct error err;
	struct text open = {0};
	ck_assert_int_eq(xml_check(rpc, strlen(rpc), &limits, &root, &err), envelopes[_i].result);
	envelope_open(&open, &root);
	ck_assert_str_eq(text_str(&open), want);
	text_fini(&open);
	free(want);
}
END_TEST

START_TEST(replaces_a_start_tag_wherever_pieces_end)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"<rpc-reply a=\"1\"><ok/></rpc-reply>", "<x y=\"2\"><ok/></rpc-reply>"},
	        {"<rpc-reply a=\"1/\"/>", "<x y=\"2\"/>"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t n = strlen(cases[i].in), k = 0; k <= n; k++) {
			struct envelope e = {0};
			struct text buffer = {0}, out = {0};
			text_add(&e.open, "<x y=\"2\"");
			struct xml_span own = envelope_put(&e, (struct xml_span){cases[i].in, k}, &buffer);
			text_addn(&out, own.s, own.n);
			own = envelope_put(&e, (struct xml_span){cases[i].in + k, n - k}, &buffer);
			text_addn(&out, own.s, own.n);
			ck_assert_str_eq(text_str(&out), cases[i].out);
			text_fini(&e.open);
			text_fini(&buffer);
			text_fini(&out);
		}
}
END_TEST

/* What a session of its own is told, in either framing; the caller frees it. */
static char *raw_reply(const char *rpc, bool chunked)
{
	bool ended;
	int fd = raw();
	char *bytes =
	        chunked ? xasprintf(HELLO11 "\n#%zu\n%s\n##\n", strlen(rpc), rpc) : xasprintf(HELLO10 "%s]]>]]>", rpc);
	put_text(fd, bytes);
	char *reply = read_until(fd, "</rpc-reply>", 1, &ended);
	free(bytes);
	close(fd);
	return reply;
}

#define ATTRIBUTES                                                                                                     \
	"xmlns:ex=\"http://example.net/content/1.0\" ex:user-id=\"fred\" message-id='1' xmlns:unused=\"urn:u\""

START_TEST(repeats_all_attributes_in_the_reply)
{
	static const struct {
		const char *operation, *has;
	} cases[] = {
	        {"<get-config><source><running/></source></get-config>", "<data"},
	        {"<get><filter><conformance " PC "/></filter></get>", "<verdict>blocked<"},
	        {"<close-session/>", "<ok/>"},
	        {"<unlock><target><running/></target></unlock>", "<error-tag>"},
	        /* Answers of the guard and of the library. */
	        {"<none/>", ">operation-not-supported<"},
	        {"<lock><target/></lock>", "<error-tag>"},
	        {"<kill-session><session-id>x</session-id></kill-session>", ">invalid-value<"},
	        {"<x></y>", "<error-tag>"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int chunked = 0; chunked < 2; chunked++) {
			char *rpc = xasprintf("<rpc xmlns=\"" BASE "\" " ATTRIBUTES ">%s</rpc>", cases[i].operation);
			char *reply = raw_reply(rpc, chunked);
			ck_assert_msg(
			        strstr(reply, "<rpc-reply xmlns=\"" BASE "\" " ATTRIBUTES ">") != NULL, "%s", reply);
			ck_assert_msg(strstr(reply, cases[i].has) != NULL, "%s", reply);
			free(reply);
			free(rpc);
		}
}
END_TEST

/* Errors: RFC 6241 appendix A, RFC 7950 section 8.3.1 */

#define INFO(name, value) "<" name ">" value "</" name ">"

static const struct {
	const char *operation, *tag, *path, *info, *words;
} refused[] = {
        {"<copy-config><target><candidate/></target><source><running/></source><with-defaults xmlns=\"" NS_MODULE
         "\">report-all</with-defaults></copy-config>",
                "operation-not-supported", NULL, NULL, "can only be explicit"},
        {"<copy-config><target><candidate/></target><source><config/></source><with-defaults xmlns=\"" NS_MODULE
         "\">trim</with-defaults></copy-config>",
                "operation-not-supported", NULL, NULL, "can only be explicit"},
        {"<get><bogus/></get>", "unknown-element", "/ietf-netconf:get/bogus", INFO("bad-element", "bogus"),
                "&lt;get&gt; has no element &lt;bogus&gt;; use &lt;filter&gt; or &lt;with-defaults&gt;"},
        {"<kill-session><session-id>abc</session-id></kill-session>", "invalid-value",
                "/ietf-netconf:kill-session/session-id", NULL, "&quot;abc&quot;; use a number of 1 to 4294967295"},
        {"<kill-session/>", "missing-element", "/ietf-netconf:kill-session/session-id",
                INFO("bad-element", "session-id"), "add it"},
        {"<get-config/>", "missing-element", "/ietf-netconf:get-config", INFO("bad-element", "source"),
                "or &lt;startup&gt; into it"},
        {"<edit-config><target><candidate/></target></edit-config>", "missing-element", "/ietf-netconf:edit-config",
                INFO("bad-element", "config"), "&lt;config&gt;"},
        {"<get-config><source><running/><candidate/></source></get-config>", "bad-element", "/ietf-netconf:get-config",
                INFO("bad-element", "running"), "exclude each other"},
        {"<edit-config><target><candidate/></target><target><candidate/></target><config/></edit-config>",
                "bad-element", "/ietf-netconf:edit-config/target", INFO("bad-element", "target"), "give it once"},
        {"<get><filter type=\"x\"/></get>", "bad-attribute", "/ietf-netconf:get/filter",
                INFO("bad-attribute", "type") INFO("bad-element", "filter"), "use subtree or xpath"},
        {"<discard-changes>x</discard-changes>", "bad-element", NULL, INFO("bad-element", "discard-changes"),
                "&quot;x&quot; where elements alone may stand"},
        {"<edit-config><target><candidate/></target><error-option>x</error-option><config/></edit-config>",
                "invalid-value", "/ietf-netconf:edit-config/error-option", NULL,
                "use stop-on-error, continue-on-error or rollback-on-error"},
        {"<commit><confirmed/><confirm-timeout>0</confirm-timeout></commit>", "invalid-value",
                "/ietf-netconf:commit/confirm-timeout", NULL, "use a number of 1 to 4294967295"},
        {EDIT("candidate", "", ZONE("a", "e") "x"), "malformed-message", NULL, NULL, "leave it out"},
        {EDIT("candidate", "", "<zone xmlns=\"urn:none\"/>"), "unknown-namespace", "/zone",
                INFO("bad-element", "zone") INFO("bad-namespace", "urn:none"), "the unknown namespace urn:none"},
        {EDIT("candidate", "", "<zone " PC " operation=\"merge\"><name>a</name></zone>"), "unknown-attribute",
                "/portcullis:zone[name='a']", INFO("bad-attribute", "operation") INFO("bad-element", "zone"),
                "write nc:operation"},
        {EDIT("candidate", "", "<zone " PC "><interface>e</interface></zone>"), "missing-element", "/portcullis:zone",
                INFO("bad-element", "name"), "give every key"},
        {EDIT("candidate", "", "<zone " PC "><name>a</name></zone>"), "operation-failed",
                "/portcullis:zone[name='a']/interface", NULL, "add one, or delete the zone"},
        {"<get><filter type=\"xpath\" select=\"/q:zone\"/></get>", "invalid-value", "/ietf-netconf:get", NULL,
                "the prefix q is not bound to a namespace; declare it with xmlns:q"},
        {"<get><filter type=\"xpath\" select=\"\"/></get>", "invalid-value", "/ietf-netconf:get", NULL,
                "select is no XPath expression; give one"},
        {"<get-config><source><running/></source><filter/><with-defaults xmlns=\"" NS_MODULE
         "\">all</with-defaults></get-config>",
                "invalid-value", "/ietf-netconf:get-config/ietf-netconf-with-defaults:with-defaults", NULL,
                "use report-all, report-all-tagged, trim or explicit"},
        {"<get-data xmlns=\"" NMDA "\" xmlns:ds=\"urn:ietf:params:xml:ns:yang:ietf-datastores\">"
         "<datastore>ds:running</datastore><with-origin/></get-data>",
                "unknown-element", "/ietf-netconf-nmda:get-data/with-origin", INFO("bad-element", "with-origin"),
                "leave it out"},
        {"<none/>", "operation-not-supported", NULL, NULL, "there is no operation none"},
};

START_TEST(tells_an_old_client_of_no_malformed_message)
{
	static const char *const rpcs[] = {RPC("1", "<x>"), RPC("1", "<get>\xff</get>"),
	        RPC("1", EDIT("candidate", "", ZONE("a", "e") "x")),
	        RPC("1", "<explain " PC "><packet>none</packet></explain>")};
	for (size_t i = 0; i < sizeof(rpcs) / sizeof(rpcs[0]); i++)
		for (int chunked = 0; chunked < 2; chunked++) {
			char *reply = raw_reply(rpcs[i], chunked);
			const char *tag = chunked ? ">malformed-message<" : ">operation-failed<";
			ck_assert_msg(strstr(reply, tag) != NULL, "no %s: %s", tag, reply);
			free(reply);
		}
}
END_TEST

START_TEST(says_what_is_wrong_and_where)
{
	char *tag = xasprintf("<error-tag>%s</error-tag>", refused[_i].tag);
	char *path = refused[_i].path != NULL ? xasprintf(">%s</error-path>", refused[_i].path) : NULL;
	const char *module = refused[_i].path == NULL ? NULL
	                     : strstr(refused[_i].path, "ietf-netconf:") != NULL
	                             ? "<error-path xmlns:ietf-netconf=\"" BASE "\""
	                     : strstr(refused[_i].path, "portcullis:") != NULL
	                             ? "<error-path xmlns:portcullis=\"urn:portcullis:yang:portcullis\""
	                             : NULL;

	char *info = refused[_i].info != NULL ? xasprintf("<error-info>%s</error-info>", refused[_i].info) : NULL;
	char *rpc = xasprintf(RPC("1", "%s"), refused[_i].operation);
	char *reply = raw_reply(rpc, true);
	ck_assert_msg(strstr(reply, tag) != NULL, "no %s: %s", tag, reply);
	ck_assert_msg(path == NULL || strstr(reply, path) != NULL, "no %s: %s", path, reply);
	ck_assert_msg(module == NULL || strstr(reply, module) != NULL, "no %s: %s", module, reply);
	ck_assert_msg(info == NULL ? strstr(reply, "<error-info>") == NULL : strstr(reply, info) != NULL, "no %s: %s",
	        info, reply);
	ck_assert_msg(strstr(reply, refused[_i].words) != NULL, "no %s: %s", refused[_i].words, reply);
	free(reply);
	free(rpc);
	free(info);
	free(path);
	free(tag);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netconf_rfc");
	TCase *t = tcase_create("pure");
	tcase_add_loop_test(t, gives_the_attribute_its_namespace_wherever_pieces_end, 0,
	        (int)(sizeof(answers) / sizeof(answers[0])));
	tcase_add_test(t, takes_the_attribute_in_its_namespace);
	tcase_add_loop_test(t, repeats_the_attributes_of_the_rpc, 0, (int)(sizeof(envelopes) / sizeof(envelopes[0])));
	tcase_add_test(t, replaces_a_start_tag_wherever_pieces_end);
	suite_add_tcase(s, t);
	t = tcase_create("server");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tags_defaults_in_the_namespace_of_the_rfc);
	tcase_add_test(t, takes_what_is_tagged_as_default_as_not_set);
	tcase_add_test(t, repeats_all_attributes_in_the_reply);
	tcase_add_test(t, tells_an_old_client_of_no_malformed_message);
	tcase_add_loop_test(t, says_what_is_wrong_and_where, 0, (int)(sizeof(refused) / sizeof(refused[0])));
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
