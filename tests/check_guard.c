/* links: netconf base */
/*
 * The guard and its parts, without I/O: bytes in, verdicts out. What a client must not get through to the library is
 * listed here byte by byte.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/envelope.h"
#include "netconf/guard.h"
#include "portcullis/alloc.h"

#define NOTIFICATION "urn:ietf:params:xml:ns:netconf:notification:1.0"
#define OWN_FILTER "portcullis-filter:filter xmlns:portcullis-filter=\"" NOTIFICATION "\""
#define BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define CAP10 "<capability>urn:ietf:params:netconf:base:1.0</capability>"
#define CAP11 "<capability>urn:ietf:params:netconf:base:1.1</capability>"
#define HELLO(caps) "<hello xmlns=\"" BASE "\"><capabilities>" caps "</capabilities></hello>"
#define HELLO10 HELLO(CAP10) "]]>]]>"
#define HELLO11 HELLO(CAP10 CAP11) "]]>]]>"
#define RPC "<rpc xmlns=\"" BASE "\" message-id=\"7\"><get/></rpc>"

/* Small limits, so that a test can reach them. */
static const struct guard_limits small = {
        .message = 2000,
        .xml = {.depth = 5, .children = 10, .attributes = 4},
        .hello_ms = 10000,
        .progress_ms = 30000,
};

/* What a guard said to some bytes, one letter per event: H hello, R rpc, F refused, O over. */
struct told {
	char event[64];
	size_t n;
	struct text message, reply;
	struct error err;
};

static void tell(struct told *t, char c)
{
	if (t->n + 1 < sizeof(t->event))
		t->event[t->n++] = c;
}

static bool feed(struct guard *g, const char *data, size_t n, struct told *t)
{
	static const char letter[] = {
	        [GUARD_HELLO_OK] = 'H', [GUARD_RPC] = 'R', [GUARD_REFUSED] = 'F', [GUARD_OVER] = 'O'};
	for (;;) {
		size_t used;
		enum guard_event e = guard_feed(g, data, n, &used, 1000, &t->err);
		data += used;
		n -= used;
		if (e == GUARD_MORE) {
			ck_assert_uint_eq(n, 0);
			return true;
		}
		tell(t, letter[e]);
		text_addn(&t->message, text_str(&g->message), e == GUARD_RPC ? g->message.len : 0);
		text_addn(&t->reply, text_str(&g->reply), g->reply.len);
		if (e == GUARD_OVER)
			return false;
		guard_next(g);
	}
}

static void told_fini(struct told *t)
{
	text_fini(&t->message);
	text_fini(&t->reply);
}

/* The same bytes whole, then one by one: the events must not differ. */
static void expect(const char *bytes, size_t n, const char *events, const char *text)
{
	for (size_t step = n; step > 0; step = step > 1 ? 1 : 0) {
		struct guard g;
		struct told t = {0};
		guard_init(&g, &small, 0);
		for (size_t i = 0; i < n; i += step) {
			char *copy = xmalloc(step);
			memcpy(copy, bytes + i, step);
			bool on = feed(&g, copy, step, &t);
			free(copy);
			if (!on)
				break;
		}
		ck_assert_msg(strcmp(t.event, events) == 0, "%.80s: events %s, not %s (%s)", bytes, t.event, events,
		        t.err.text);
		if (text != NULL)
			ck_assert_msg(strstr(t.err.text, text) != NULL || strstr(text_str(&t.reply), text) != NULL ||
			                      strstr(text_str(&t.message), text) != NULL,
			        "%.80s: '%s' not in '%s', '%s', '%s'", bytes, text, t.err.text, text_str(&t.reply),
			        text_str(&t.message));
		told_fini(&t);
		guard_fini(&g);
	}
}

static const struct {
	const char *bytes, *events, *text;
} streams[] = {
        {HELLO10, "H", NULL},
        {HELLO11, "H", NULL},
        {"portcullis-relay 1 192.0.2.7 50000 192.0.2.1 22\n" HELLO11, "H", NULL},
        {"portcullis-relay 1 UNKNOWN\n" HELLO11, "H", NULL},
        {"portcullis-relay 2 192.0.2.7\n" HELLO11, "O", "neither the relay's"},
        {"p" HELLO11 "\n", "O", "longer than 200"},
        {"\n" HELLO11, "H", NULL},
        {HELLO10 RPC "]]>]]>", "HR", RPC},
        {HELLO10 RPC "]]>]]>\n" RPC "]]>]]>\n", "HRR", RPC},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\" a=\"]]>]]\"><get>]</get></rpc>]]>]]>", "HR",
                "]]>]]\"><get>]</get></rpc>"},
        {HELLO11 "\n#4\n<rpc\n#71\n xmlns=\"" BASE "\" message-id=\"1\"><x></x>\n##\n", "HF", "not closed"},
        {HELLO11 "\n#4\n<rpc\n#76\n xmlns=\"" BASE "\" message-id=\"1\"><get/></rpc>\n##\n", "HR",
                "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get/></rpc>"},
        /* Framing that must not reach the library */
        {HELLO11 "\n#0\n", "HO", "1 to 9"},
        {HELLO11 "\n##\n", "HO", "no chunk"},
        {HELLO11 "\n#abc\n", "HO", "1 to 9"},
        {HELLO11 "\n#05\nabcde", "HO", "1 to 9"},
        {HELLO11 "\n#1a\n", "HO", "not a number"},
        {HELLO11 "\n#-1\n", "HO", "1 to 9"},
        {HELLO11 "\n#18446744073709551615\n", "HO", NULL},
        {HELLO11 "\n#4294967296\n", "HO", NULL},
        {HELLO11 "\n#4294967295\n", "HO", "longer than 2000"},
        {HELLO11 "\n#2001\nx", "HO", "longer than 2000"},
        {HELLO11 "\n#1\n<x", "HO", "line feed"},
        {HELLO11 "\n#1\n<\n##x", "HO", "line feed"},
        {HELLO11 "\n\n#4\n", "HO", "no '#'"},
        {HELLO11 RPC "]]>]]>", "HO", "line feed"},
        /* Messages */
        {HELLO10 "]]>]]>", "HF", "no element"},
        {HELLO10 " \n ]]>]]>", "HF", "no element"},
        {HELLO10 "<!-- nothing -->]]>]]>" RPC "]]>]]>", "HFR", "no element"},
        {HELLO10 "<?xml version=\"1.0\"?>]]>]]>", "HF", "no element"},
        {HELLO11 "\n#1\n \n##\n", "HF", "malformed-message"},
        {HELLO10 " ]]>]]>", "HF", "operation-failed"},
        {HELLO10 "<?xml version=\"1.0\"?><!-- a -->" RPC "]]>]]>", "HR", RPC},
        {HELLO10 "<!DOCTYPE rpc []>" RPC "]]>]]>", "HF", "document type"},
        {HELLO10 RPC RPC "]]>]]>", "HF", "more than one"},
        {HELLO10 RPC "x]]>]]>", "HF", "outside"},
        {HELLO10 "<rpc message-id=\"1\"/>]]>]]>", "HF", "not an &lt;rpc&gt;"},
        {HELLO10 "<hello xmlns=\"" BASE "\"/>]]>]]>", "HF", "not an &lt;rpc&gt;"},
        {HELLO10 "<n:rpc xmlns:n=\"" BASE "\" message-id='9'><n:get/></n:rpc>]]>]]>", "HR", "message-id='9'"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"5\"><a><b><c><d><e/></d></c></b></a></rpc>]]>]]>" RPC "]]>]]>",
                "HFR", "message-id=\"5\""},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"5\"><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/></rpc>]]>]]>",
                "HF", "too-big"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" a=\"\" b=\"\" c=\"\" d=\"\"/>]]>]]>", "HF", "attributes"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><a></rpc>]]>]]>", "HF", "not closed"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><a b=\"<\"/></rpc>]]>]]>", "HF", "inside a tag"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get><![CDATA[</rpc>]]></get></rpc>]]>]]>", "HR", NULL},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><![CDATA[</rpc></rpc>]]>]]>", "HF", NULL},
        {HELLO10 "<rpc xmlns=\"" BASE "\"\x01/>]]>]]>", "HF", "0x01"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>\xff</get></rpc>]]>]]>", "HF", "message-id=\"1\""},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>\xff</get></rpc>]]>]]>", "HF",
                "0xff at 73 is not UTF-8; encode the whole message in UTF-8"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get a=\"\xc0\x80\"/></rpc>]]>]]>", "HF", "0xc0"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>\xed\xa0\x80</get></rpc>]]>]]>", "HF", "0xed"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>\xef\xbf\xbe</get></rpc>]]>]]>", "HF", "U+FFFE"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>\xc3\xa4\xf0\x9f\x98\x80</get></rpc>]]>]]>", "HR",
                NULL},
        {HELLO10 "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" RPC "]]>]]>", "HF",
                "ISO-8859-1; encode it in UTF-8"},
        {HELLO10 "\n<?xml version='1.0' encoding='utf-8'?>" RPC "]]>]]>", "HR", NULL},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>&foo;</get></rpc>]]>]]>", "HF", "&foo; is neither"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get a=\"&#1;\"/></rpc>]]>]]>", "HF", "&#1; is neither"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>a & b</get></rpc>]]>]]>", "HF", "& is neither"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>&#xd800;</get></rpc>]]>]]>", "HF", "&#xd800;"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>&#x10ffff;&#65;&lt;</get></rpc>]]>]]>", "HR", NULL},
        {HELLO10 "<>]]>]]>", "HF", "no name"},
        {HELLO10 "<", "H", NULL},
        {HELLO10 "]]>]]", "H", NULL},
        /* Namespaces */
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"6\"><a xmlns=\"\"/></rpc>]]>]]>" RPC "]]>]]>", "HFR",
                "message-id=\"6\""},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><a xmlns = ''/></rpc>]]>]]>", "HF",
                "takes a namespace away"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><p:a xmlns:p=\"\"/></rpc>]]>]]>", "HF",
                "takes a namespace away"},
        {HELLO10 "<n:rpc xmlns:n=\"" BASE "\" message-id=\"1\"><a/></n:rpc>]]>]]>", "HF", "<a> has no namespace"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><p:a/></rpc>]]>]]>", "HF",
                "prefix p of <p:a> is not declared"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><a><b xmlns:p=\"urn:x\"/><p:a/></a></rpc>]]>]]>", "HF",
                "not declared"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><a><b xmlns:p=\"urn:x\"></b><p:a/></a></rpc>]]>]]>", "HF",
                "not declared"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><xml:a/></rpc>]]>]]>", "HF", "not declared"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><xmlns:a/></rpc>]]>]]>", "HF", "not declared"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><a p:b=\"\"/></rpc>]]>]]>", "HF",
                "prefix p of an attribute"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><:a/></rpc>]]>]]>", "HF", "has the name ':a'"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><a xmlns:=\"urn:x\"/></rpc>]]>]]>", "HF",
                "has the name 'xmlns:'"},
        {HELLO10 "<rpc xmlns=\"" BASE
                 "\" message-id=\"1\"><a p:b=\"\" xml:lang=\"en\" xmlns:p=\"urn:x\"><p:c/></a></rpc>]]>]]>",
                "HR", NULL},
        {HELLO10 "<rpc xmlns=\"" BASE
                 "\" message-id=\"1\"><get><filter><a xmlns=\"\"><b/></a></filter></get></rpc>]]>]]>",
                "HR", "<filter><a xmlns=\"urn:portcullis:any-namespace\"><b/></a>"},
        {HELLO10 "<n:rpc xmlns:n=\"" BASE
                 "\" message-id=\"1\"><n:get><n:filter><a><b/></a><c/></n:filter></n:get></n:rpc>]]>]]>",
                "HR", "<a xmlns=\"urn:portcullis:any-namespace\"><b/></a><c xmlns=\"urn:portcullis:any-namespace\"/>"},
        {HELLO10 "<n:rpc xmlns:n=\"" BASE "\" message-id=\"1\"><n:get><n:filter/><a/></n:get></n:rpc>]]>]]>", "HF",
                "<a> has no"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get><filter><p:a/></filter></get></rpc>]]>]]>", "HF",
                "not declared"},
        /* The filter of a subscription */
        {HELLO10 "<n:rpc xmlns:n=\"" BASE "\" message-id=\"1\"><create-subscription xmlns=\"" NOTIFICATION
                 "\"><n:filter type=\"a\"><n:filter/></n:filter><stream/></create-subscription></n:rpc>]]>]]>",
                "HR",
                "<" OWN_FILTER " type=\"a\"><n:filter/></portcullis-filter:filter><stream/></create-subscription>"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><s:create-subscription xmlns:s=\"" NOTIFICATION
                 "\"><filter/></s:create-subscription></rpc>]]>]]>",
                "HR", "<" OWN_FILTER "/></s:create-subscription>"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><create-subscription xmlns=\"" NOTIFICATION
                 "\"><filter><a/></filter></create-subscription></rpc>]]>]]>",
                "HR", "\"><filter><a/></filter>"},
        {HELLO10 "<rpc xmlns=\"" BASE
                 "\" message-id=\"1\"><get><filter><a xmlns=\"urn:x\"/></filter></get></rpc>]]>]]>",
                "HR", "<get><filter><a xmlns=\"urn:x\"/></filter></get>"},
        /* What every rpc has */
        {HELLO10 "<rpc xmlns=\"" BASE "\" a=\"1\"><get/></rpc>]]>]]>" RPC "]]>]]>", "HFR",
                "a=\"1\"><rpc-error><error-type>rpc</error-type><error-tag>missing-attribute</error-tag>"},
        {HELLO10 "<rpc xmlns=\"" BASE "\"><get/></rpc>]]>]]>", "HF",
                "<error-info><bad-attribute>message-id</bad-attribute><bad-element>rpc</bad-element></error-info>"},
        {HELLO10 "<n:rpc xmlns:n=\"" BASE "\" n:message-id=\"1\"><n:get/></n:rpc>]]>]]>", "HF", "missing-attribute"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"\"><get/></rpc>]]>]]>", "HR", NULL},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"/>]]>]]>", "HF",
                "<error-type>protocol</error-type><error-tag>missing-element</error-tag>"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\">get</rpc>]]>]]>", "HF",
                "text stands beside the operation; leave it out"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"> </rpc>]]>]]>", "HF", "holds no operation; put one into it"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get/><commit/></rpc>]]>]]>", "HF",
                "unknown-element</error-tag><error-severity>error</error-severity><error-message "
                "xml:lang=\"en\">&lt;commit&gt; is a second operation"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get/><commit/></rpc>]]>]]>", "HF",
                "<error-info><bad-element>commit</bad-element></error-info>"},
        /* What is not supported */
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"8\"><commit><confirmed/></commit></rpc>]]>]]>", "HR", NULL},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"8\"><copy-config><url/></copy-config></rpc>]]>]]>", "HF",
                "message-id=\"8\"><rpc-error><error-type>protocol</error-type><error-tag>operation-not-supported"},
        {HELLO10 "<rpc xmlns=\"" BASE
                 "\" message-id=\"1\"><edit-config><target><startup/></target></edit-config></rpc>]]>]]>",
                "HF", "copy it to startup"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><lock><target><other/></target></lock></rpc>]]>]]>", "HF",
                "running, candidate or startup"},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><lock><x/><target><running/></target></lock></rpc>]]>]]>",
                "HR", NULL},
        {HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><commit xmlns=\"urn:x\"><confirmed/></commit></rpc>]]>]]>",
                "HR", NULL},
        /* Hellos */
        {HELLO(""), "", NULL},
        {HELLO("") "]]>]]>", "O", "neither"},
        {HELLO("<capability>urn:x</capability>") "]]>]]>", "O", "neither"},
        {HELLO("<capability> urn:ietf:params:netconf:base:1.1?a=b\n</capability>") "]]>]]>\n#1\n", "H", NULL},
        {"<hello xmlns=\"" BASE "\"><capabilities>" CAP11 "</capabilities><session-id>4</session-id></hello>]]>]]>",
                "O", "session-id"},
        {"<hello xmlns=\"" BASE "\"><capabilities>" CAP11 "</capabilities><get xmlns=\"" BASE "\"/></hello>]]>]]>", "O",
                "<get>"},
        {"<hello xmlns=\"" BASE "\"><capabilities><capability><a/></capability></capabilities></hello>]]>]]>", "O",
                "nest"},
        {"<hello xmlns=\"urn:x\"><capabilities>" CAP11 "</capabilities></hello>]]>]]>", "O", "not a <hello>"},
        {RPC "]]>]]>", "O", "not a <hello>"},
        {"]]>]]>", "O", "no element"},
        {"<!-- x -->]]>]]>", "O", "no element"},
};

START_TEST(tells_good_bytes_from_bad_ones)
{
	expect(streams[_i].bytes, strlen(streams[_i].bytes), streams[_i].events, streams[_i].text);
}
END_TEST

START_TEST(refuses_a_byte_zero)
{
	static const char bytes[] = HELLO10 "<rpc xmlns=\"" BASE "\"/>\0]]>]]>";
	expect(bytes, sizeof(bytes) - 1, "HF", "0x00");
}
END_TEST

START_TEST(ends_a_session_whose_message_is_too_long_and_names_the_rpc)
{
	struct text t = {0};
	text_add(&t, HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"12\"><a>");
	for (int i = 0; i < 300; i++)
		text_add(&t, "0123456789");
	expect(t.s, t.len, "HO", "message-id=\"12\"");
	text_fini(&t);
}
END_TEST

/* n times a text in an rpc; the limits are the default ones. */
static void expect_repeated(
        const char *head, const char *what, size_t n, const char *tail, char event, const char *text)
{
	struct guard g;
	struct told t = {0};
	struct text bytes = {0};
	text_add(&bytes, HELLO10);
	text_add(&bytes, head);
	for (size_t i = 0; i < n; i++) {
		text_add(&bytes, what);
		text_addf(&bytes, strstr(what, "xmlns:n") != NULL ? "%zu=\"u\"" : "<!--%zu-->", i);
	}
	text_add(&bytes, tail);
	text_add(&bytes, "]]>]]>");
	guard_init(&g, &guard_limits_default, 0);
	(void)feed(&g, bytes.s, bytes.len, &t);
	ck_assert_msg(t.n == 2 && t.event[1] == event, "%s%s: %s %s", head, what, t.event, t.err.text);
	ck_assert_msg(text == NULL || strstr(t.err.text, text) != NULL, "%s", t.err.text);
	text_fini(&bytes);
	told_fini(&t);
	guard_fini(&g);
}

START_TEST(bounds_what_namespaces_cost)
{
	static const char open[] = "<n:rpc xmlns:n=\"" BASE "\" message-id=\"1\"><n:get><n:filter>",
	                  end[] = "</n:filter></n:get></n:rpc>";
	expect_repeated("<rpc xmlns=\"" BASE "\" message-id=\"1\"><a", " xmlns:n", 63, "/></rpc>", 'R', NULL);
	expect_repeated("<rpc xmlns=\"" BASE "\" message-id=\"1\"><a", " xmlns:n", 64, "/></rpc>", 'F',
	        "64 namespace declarations");
	expect_repeated(open, "<a/>", 1000, end, 'R', NULL);
	expect_repeated(open, "<a/>", 1001, end, 'F', "1000 elements of a filter");
	expect_repeated("<rpc xmlns=\"" BASE "\" a=\"", "0123456789", 1000, "\"/>", 'F', "a '<' stands");
	for (int n = 800; n <= 820; n += 20) {
		struct text value = {0};
		for (int i = 0; i < n; i++)
			text_add(&value, "0123456789");
		text_add(&value, "\"><get/></rpc>");
		expect_repeated("<rpc xmlns=\"" BASE "\" message-id=\"1\" a=\"", "", 0, value.s, n == 800 ? 'R' : 'F',
		        n == 800 ? NULL : "attributes of <rpc> are longer than 8192");
		text_fini(&value);
	}
}
END_TEST

/* What stands in a message beside the configuration, the configuration, and how it is given on; NULL: it stays. */
static const struct {
	const char *before, *config, *after, *content;
} contents[] = {
        {"<edit-config><target><candidate/></target><config>", "<a xmlns=\"urn:a\"><b/></a>", "</config></edit-config>",
                "<a xmlns=\"urn:a\"><b/></a>"},
        /* Declarations around it that it uses, or may use in values, but for those that it makes itself. */
        {"<edit-config xmlns:p=\"urn:p\" xmlns:q='urn:\"q'><config xmlns:p=\"urn:p2\">",
                " <p:a q:x=\"1\"/><!-- c --> <b xmlns=\"urn:b\" xmlns:q=\"urn:q2\">p:t</b>\n",
                "</config></edit-config>",
                "<p:a xmlns=\"" BASE "\" xmlns:q='urn:\"q' xmlns:p=\"urn:p2\" q:x=\"1\"/><b xmlns:p=\"urn:p2\" "
                "xmlns=\"urn:b\" xmlns:q=\"urn:q2\">p:t</b>"},
        {"<copy-config><target><candidate/></target><source><config>", "<a xmlns=\"urn:a\">&lt;<![CDATA[<]]></a>",
                "</config></source></copy-config>", "<a xmlns=\"urn:a\">&lt;<![CDATA[<]]></a>"},
        {"<validate><source><config>", "<a xmlns=\"urn:a\"><config/></a>", "</config></source></validate>",
                "<a xmlns=\"urn:a\"><config/></a>"},
        {"<edit-data xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-nmda\"><config>", "<a xmlns=\"urn:a\"/>",
                "</config></edit-data>", "<a xmlns=\"urn:a\"/>"},
        /* Not a configuration, none, and text beside it. */
        {"<get><config>", "<a xmlns=\"urn:a\"/>", "</config></get>", NULL},
        {"<edit-config><x><config>", "<a xmlns=\"urn:a\"/>", "</config></x></edit-config>", NULL},
        {"<edit-config><config>", " ", "</config></edit-config>", NULL},
        {"<edit-config><config>", "<a xmlns=\"urn:a\"/>x", "</config></edit-config>", NULL},
        {"<edit-config><config>", "<a xmlns=\"urn:a\"/><![CDATA[ ]]>", "</config></edit-config>", NULL},
};

START_TEST(takes_a_configuration_out_of_its_message)
{
	const char *config =
	        contents[_i].content != NULL ? "<content xmlns=\"urn:portcullis:content\"/>" : contents[_i].config;
	char *bytes = xasprintf(HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\">%s%s%s</rpc>]]>]]>",
	        contents[_i].before, contents[_i].config, contents[_i].after);
	char *message = xasprintf("<rpc xmlns=\"" BASE "\" message-id=\"1\">%s%s%s</rpc>", contents[_i].before, config,
	        contents[_i].after);
	struct guard g;
	struct error err;
	size_t used, at = 0;
	guard_init(&g, &guard_limits_default, 1000);
	ck_assert_int_eq(guard_feed(&g, bytes, strlen(bytes), &used, 1000, &err), GUARD_HELLO_OK);
	guard_next(&g);
	at += used;
	ck_assert_int_eq(guard_feed(&g, bytes + at, strlen(bytes + at), &used, 1000, &err), GUARD_RPC);
	ck_assert_str_eq(text_str(&g.message), message);
	ck_assert_str_eq(text_str(&g.content), contents[_i].content != NULL ? contents[_i].content : "");
	guard_fini(&g);
	free(bytes);
	free(message);
}
END_TEST

/* A declaration around a configuration is not written once for each of its elements, however long it is. */
START_TEST(bounds_what_a_configuration_grows_to)
{
	struct text t = {0};
	struct guard g;
	struct error err;
	size_t used, at;
	text_add(&t, HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><edit-config><config xmlns:p=\"urn:");
	for (int i = 0; i < 100000; i++)
		text_add(&t, "p");
	text_add(&t, "\">");
	for (int i = 0; i < 1000; i++)
		text_add(&t, "<p:a/>");
	text_add(&t, "</config></edit-config></rpc>]]>]]>");
	guard_init(&g, &guard_limits_default, 1000);
	ck_assert_int_eq(guard_feed(&g, t.s, t.len, &at, 1000, &err), GUARD_HELLO_OK);
	guard_next(&g);
	ck_assert_int_eq(guard_feed(&g, t.s + at, t.len - at, &used, 1000, &err), GUARD_RPC);
	ck_assert_uint_eq(g.content.len, 0);
	ck_assert_uint_gt(g.message.len, 100000);
	guard_fini(&g);
	text_fini(&t);
}
END_TEST

START_TEST(takes_the_address_of_the_relay)
{
	static const char bytes[] = "portcullis-relay 1 2001:DB8::7 50000 2001:db8::1 22\n";
	struct guard g;
	struct told t = {0};
	guard_init(&g, &small, 0);
	ck_assert(feed(&g, bytes, sizeof(bytes) - 1, &t));
	ck_assert_str_eq(g.source, "2001:db8::7");
	guard_fini(&g);
}
END_TEST

static const struct {
	const char *line, *local; /* "": both ends are not known */
} connections[] = {
        {"10.0.0.7 50000 10.0.0.1 830", "10.0.0.1:830"},
        {"2001:DB8::7 50000 2001:db8::1 22", "2001:db8::1:22"},
        {"10.0.0.7", ""},
        {"10.0.0.7 50000", ""},
        {"10.0.0.7 50000 10.0.0.1", ""},
        {"10.0.0.7 50000 10.0.0.1 x", ""},
        {"10.0.0.7 50000 10.0.0.1 22-23", ""},
        {"10.0.0.7 50000 10.0.0.1 99999", ""},
        {"10.0.0.7 50000 fd00::1 22", ""},
        {"host 50000 10.0.0.1 22", ""},
        {"", ""},
};

START_TEST(takes_both_ends_of_the_connection)
{
	struct guard g;
	struct told t = {0};
	char line[200], local[48], have[64] = "";
	snprintf(line, sizeof(line), "portcullis-relay 1 %s\n", connections[_i].line);
	guard_init(&g, &small, 0);
	ck_assert(feed(&g, line, strlen(line), &t));
	if (g.peer.family != FAMILY_NONE)
		snprintf(have, sizeof(have), "%s:%u", addr_print(g.peer.family, g.peer.local, local, sizeof(local)),
		        (unsigned)g.peer.port);
	ck_assert_str_eq(have, connections[_i].local);
	guard_fini(&g);
}
END_TEST

START_TEST(gives_a_hello_ten_seconds)
{
	struct guard g;
	struct error err;
	guard_init(&g, &small, 5000);
	ck_assert_int_eq(guard_due(&g), 15000);
	ck_assert_int_eq(guard_late(&g, 14999, &err), 0);
	ck_assert_int_eq(guard_late(&g, 15000, &err), -1);
	guard_fini(&g);
}
END_TEST

START_TEST(ends_a_message_that_drips)
{
	struct guard g;
	struct told t = {0};
	size_t used;
	guard_init(&g, &small, 0);
	ck_assert(feed(&g, HELLO11, strlen(HELLO11), &t));
	ck_assert_int_eq(guard_due(&g), INT64_MAX);
	int64_t now = 20000;
	ck_assert_int_eq(guard_feed(&g, "\n#9\n<", 5, &used, now, &t.err), GUARD_MORE);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(guard_late(&g, now += 5000, &t.err), 0);
		ck_assert_int_eq(guard_feed(&g, "a", 1, &used, now, &t.err), GUARD_MORE);
	}
	ck_assert_int_eq(guard_due(&g), 50000);
	ck_assert_int_eq(guard_late(&g, 50000, &t.err), -1);
	told_fini(&t);
	guard_fini(&g);
}
END_TEST

START_TEST(lets_a_slow_but_steady_message_come)
{
	struct guard_progress p = {0};
	for (int64_t now = 0; now <= 300000; now += 1000) {
		guard_progress_note(&p, 200, true, now, 30000);
		ck_assert(!guard_progress_stuck(&p, now, 30000));
	}
	guard_progress_note(&p, 1, false, 300000, 30000);
	ck_assert(!guard_progress_stuck(&p, 900000, 30000));
}
END_TEST

START_TEST(writes_what_it_reads)
{
	for (int chunked = 0; chunked < 2; chunked++) {
		struct text out = {0}, in = {0}, back = {0};
		struct frame f = {.chunked = chunked};
		struct error err;
		for (int i = 0; i < 5000; i++)
			text_addf(&in, "]]><a%d>", i);
		frame_write(&out, chunked, in.s, in.len);
		frame_write_end(&out, chunked);
		for (size_t at = 0, used, len;; at += used) {
			const char *piece;
			enum frame_event e = frame_next(&f, out.s + at, out.len - at, &used, &piece, &len, &err);
			if (e == FRAME_END) {
				ck_assert_uint_eq(at + used, out.len);
				break;
			}
			ck_assert_int_eq(e, FRAME_DATA);
			ck_assert(!chunked || len <= FRAME_CHUNK);
			text_addn(&back, piece, len);
		}
		ck_assert_str_eq(text_str(&back), text_str(&in));
		text_fini(&out);
		text_fini(&in);
		text_fini(&back);
	}
}
END_TEST

START_TEST(replaces_entities)
{
	static const char in[] = "a&lt;b&gt;&amp;&quot;&apos;&#65;&#x20ac;&none;&#xZ;&",
	                  want[] = "a<b>&\"'A€&none;&#xZ;&";
	struct text t = {0};
	xml_unescape(&t, (struct xml_span){in, strlen(in)});
	ck_assert_str_eq(text_str(&t), want);
	text_fini(&t);
}
END_TEST

START_TEST(answers_with_the_error)
{
	struct text t = {0};
	struct error err;
	(void)error_set(&err, ERR_LIMIT, "x", "a < b");
	static const char id[] = "\"4&amp;2\"";
	const struct xml_root root = {.message_id = {&id[1], 7}};
	struct text open = {0};
	envelope_open(&open, &root);
	guard_error_reply(&t, &open, true, "", &err);
	ck_assert_ptr_nonnull(strstr(t.s, " message-id=\"4&amp;2\""));
	ck_assert_ptr_nonnull(strstr(t.s, "<error-tag>too-big</error-tag>"));
	ck_assert_ptr_nonnull(strstr(t.s, ">a &lt; b</error-message></rpc-error></rpc-reply>"));
	text_fini(&open);
	text_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("guard");
	tcase_add_loop_test(t, tells_good_bytes_from_bad_ones, 0, (int)(sizeof(streams) / sizeof(streams[0])));
	tcase_add_test(t, refuses_a_byte_zero);
	tcase_add_test(t, ends_a_session_whose_message_is_too_long_and_names_the_rpc);
	tcase_add_test(t, bounds_what_namespaces_cost);
	tcase_add_loop_test(
	        t, takes_a_configuration_out_of_its_message, 0, (int)(sizeof(contents) / sizeof(contents[0])));
	tcase_add_test(t, bounds_what_a_configuration_grows_to);
	tcase_add_test(t, takes_the_address_of_the_relay);
	tcase_add_loop_test(
	        t, takes_both_ends_of_the_connection, 0, (int)(sizeof(connections) / sizeof(connections[0])));
	tcase_add_test(t, gives_a_hello_ten_seconds);
	tcase_add_test(t, ends_a_message_that_drips);
	tcase_add_test(t, lets_a_slow_but_steady_message_come);
	tcase_add_test(t, writes_what_it_reads);
	tcase_add_test(t, replaces_entities);
	tcase_add_test(t, answers_with_the_error);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
