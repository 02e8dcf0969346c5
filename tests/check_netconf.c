/* links: netconf config conformance catalog base */
/*
 * The NETCONF server over its UNIX socket: operations, filters, state and notifications. With --serve SOCKET it only
 * serves until its standard input ends, for clients that are programs of their own.
 */
#include <errno.h>

#include "netconf_scene.h"

/* Facts */

START_TEST(answers_a_hello_and_an_rpc_in_one_write)
{
	static const char rpc[] = RPC("1", "<get-config><source><running/></source></get-config>");
	char *bytes[] = {xasprintf(HELLO10 "%s]]>]]>", rpc), xasprintf(HELLO11 "\n#%zu\n%s\n##\n", strlen(rpc), rpc)};
	for (size_t i = 0; i < 2; i++) {
		bool ended;
		int fd = raw();
		put_text(fd, bytes[i]);
		char *reply = read_until(fd, "</rpc-reply>", 1, &ended);
		ck_assert_msg(!ended && strstr(reply, "message-id=\"1\"") != NULL, "%s", reply);
		free(reply);
		free(bytes[i]);
		close(fd);
	}
}
END_TEST

START_TEST(answers_in_the_order_of_the_requests)
{
	bool ended;
	int fd = raw();
	put_text(fd, HELLO10);
	put_text(fd, RPC("a", GET_SUMMARY) "]]>]]>"
	                                   "<rpc xmlns=\"" BASE
	                                   "\" message-id=\"b\"><x></rpc>]]>]]>" RPC("c", GET_SUMMARY) "]]>]]>");
	char *reply = read_until(fd, "</rpc-reply>", 3, &ended);
	char *a = strstr(reply, "message-id=\"a\""), *b = strstr(reply, "message-id=\"b\"><rpc-error><error-type>rpc"),
	     *c = strstr(reply, "message-id=\"c\"");
	ck_assert_msg(a != NULL && b != NULL && c != NULL && a < b && b < c, "%s", reply);
	free(reply);
	close(fd);
}
END_TEST

START_TEST(says_what_it_can_in_its_hello)
{
	static const char *const capabilities[] = {"base:1.0<", "base:1.1<", ":writable-running:1.0<",
	        ":candidate:1.0<", ":rollback-on-error:1.0<", ":validate:1.1<", ":xpath:1.0<", ":with-defaults:1.0?",
	        ":notification:1.0<", ":interleave:1.0<", "yang-library:1.", "content-id="};
	bool ended;
	int fd = raw();
	char *hello = read_until(fd, "]]>]]>", 1, &ended);
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		ck_assert_msg(strstr(hello, capabilities[i]) != NULL, "no %s in %s", capabilities[i], hello);
	ck_assert_ptr_nonnull(strstr(hello, "confirmed-commit:1.1"));
	ck_assert_ptr_nonnull(strstr(hello, "capability:startup:1.0"));
	free(hello);
	close(fd);
}
END_TEST

START_TEST(reads_only_what_a_filter_selects)
{
	static const struct {
		const char *filter, *has, *has_not;
	} cases[] = {
	        {"<filter><conformance " PC "><summary/></conformance></filter>", "<blocked>1</blocked>", "<result>"},
	        {"<filter><conformance " PC "><generation/></conformance></filter>", "<generation>1<", "<summary>"},
	        {"<filter><conformance " PC "/></filter>", "<opening>", "<netconf-state"},
	        {"<filter><conformance " PC "><result><verdict>blocked</verdict></result></conformance></filter>",
	                "<text>tcp dport 5061 drop</text>", "<verdict>conformant"},
	        {"<filter><conformance " PC
	         "><result><verdict>blocked</verdict><label/></result></conformance></filter>",
	                "<requirement>lync/", "<path>"},
	        {"<filter><conformance " PC
	         "><result><verdict>blocked</verdict><nothing/></result></conformance></filter>",
	                "<verdict>blocked", "<label>"},
	        {"<filter><conformance " PC "><result><verdict>waived</verdict></result></conformance></filter>", NULL,
	                "<result>"},
	        {"<filter><conformance " PC "><result><family> ipv6 </family></result></conformance></filter>", "ipv6<",
	                "ipv4<"},
	        {"<filter><conformance xmlns=\"urn:x\"/></filter>", NULL, "<conformance"},
	        {"<filter><catalog xmlns=\"urn:portcullis:yang:portcullis-catalog\"/></filter>",
	                "<title>Lync Server 2013</title>", "<conformance"},
	        {"<filter/>", NULL, "<conformance"},
	        {"", "<netconf-state", NULL},
	        {"", "<title>Lync Server 2013</title>", NULL},
	        {"<filter><conformance xmlns=\"\"><generation/></conformance></filter>", "<generation>1<", "<summary>"},
	        {"<filter><conformance xmlns=\"\"/><netconf-state xmlns=\"\"/></filter>", "<summary>", "<catalog"},
	        {"<filter><zone xmlns=\"\"><name>a</name><name>b</name></zone></filter>", NULL, "<zone"},
	        {"<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" "
	         "select=\"/p:conformance/p:result[p:verdict='"
	         "blocked']/p:ports\"/>",
	                "<ports>5061</ports>", "<path>"},
	        {"<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" "
	         "select=\"/p:conformance/p:summary\"/>",
	                "<overall>", "<result>"},
	        {"<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" select=\"/p:conformance\"/>",
	                "<problem>", "<modules-state"},
	        {"<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" select=\"/p:deployment\"/>", NULL,
	                "<conformance"},
	        {"<filter type=\"xpath\" select=\"/*\"/>", "<catalog", NULL},
	};
	struct netconf_client *c = client();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *operation = xasprintf("<get>%s</get>", cases[i].filter);
		ask_has(c, operation, cases[i].has, cases[i].has_not);
		free(operation);
	}
	netconf_client_close(c);
}
END_TEST

START_TEST(refuses_filters_that_are_none)
{
	static const struct {
		const char *filter;
		const char *word;
	} cases[] = {
	        {"<filter type=\"xpath\"/>", "select"},
	        {"<filter type=\"xpath\" select=\"1 + 1\"/>", ""},
	        {"<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" select=\"/p:conformance[\"/>", ""},
	};
	struct netconf_client *c = client();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = {0};
		char *reply = NULL, *operation = xasprintf("<get>%s</get>", cases[i].filter);
		ck_assert_msg(netconf_client_rpc(c, operation, 20000, &reply, &err) != 0, "%s: %s", operation, reply);
		ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s: %s", operation, err.text);
		free(operation);
	}
	ask_has(c, GET_SUMMARY, "<overall>", NULL);
	netconf_client_close(c);
}
END_TEST

/* Everything that an XPath of all gives, parsed with the models again. The caller frees it. */
static char *read_valid_state(void)
{
	struct netconf_client *c = client();
	char *reply = ask(c, "<get><filter type=\"xpath\" select=\"/*\"/></get>");
	char *from = strchr(strstr(reply, "<data"), '>') + 1, *to = strstr(reply, "</data>");
	struct lyd_node *tree = NULL;
	const struct ly_ctx *ctx = config_context(server.config);
	*to = '\0';
	LY_ERR result = lyd_parse_data_mem(ctx, from, LYD_XML, LYD_PARSE_STRICT, LYD_VALIDATE_PRESENT, &tree);
	ck_assert_msg(result == LY_SUCCESS, "%s %s", ly_errmsg(ctx), ly_errpath(ctx));
	lyd_free_all(tree);
	netconf_client_close(c);
	return reply;
}

START_TEST(gives_state_that_fits_the_models)
{
	char *state = read_valid_state();
	ck_assert_ptr_nonnull(strstr(state, "portcullis-transport"));
	ck_assert_ptr_nonnull(strstr(state, "<username>root</username>"));
	free(state);
}
END_TEST

/* Every row, correction and place of the packs is there: nothing of a catalog is left out over NETCONF. */
static void catalog_is_whole(const char *state, const struct catalog *c)
{
	size_t requirements = 0, errata = 0, provenance = 0, stated = 0, documents = 0, labels = 0;
	for (size_t i = 0; i < c->n_pack; i++) {
		const struct pack *p = &c->pack[i];
		requirements += p->n_requirement;
		documents += p->n_document;
		for (size_t k = 0; k < p->n_role; k++)
			labels += p->role[k].n_label;
		for (size_t k = 0; k < p->n_service; k++)
			labels += p->service[k].n_label;
		for (size_t k = 0; k < p->n_ipsec; k++) {
			provenance += p->ipsec[k].n_provenance;
			errata += p->ipsec[k].n_erratum;
		}
		for (size_t k = 0; k < p->n_requirement; k++) {
			errata += p->requirement[k].n_erratum;
			provenance += p->requirement[k].n_provenance;
			for (size_t m = 0; m < p->requirement[k].n_initiator; m++)
				stated += p->requirement[k].initiator[m].n_stated;
		}
	}
	ck_assert_uint_eq(count_of(state, "<pack>"), c->n_pack);
	ck_assert_uint_eq(count_of(state, "<requirement>"), requirements);
	ck_assert_uint_eq(count_of(state, "<document><"), documents);
	ck_assert_uint_eq(count_of(state, "<label><"), labels);
	ck_assert_uint_eq(count_of(state, "<erratum>"), errata);
	ck_assert_uint_eq(count_of(state, "<provenance>"), provenance);
	ck_assert_uint_eq(count_of(state, "<stated-in>"), stated);
	ck_assert(errata > 0 && stated > 0 && documents > 0);
}

START_TEST(gives_the_shipped_catalog)
{
	struct snapshot *snap = xcalloc(1, sizeof(*snap));
	struct error err = {0};
	atomic_init(&snap->refs, 1);
	snap->inputs = xcalloc(1, sizeof(*snap->inputs));
	atomic_init(&snap->inputs->refs, 1);
	int result = catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &snap->inputs->catalog, &err);
	ck_assert_msg(result == 0, "%s: %s", err.where, err.text);
	hub_set(server.hub, snap);
	char *state = read_valid_state();
	ck_assert_ptr_nonnull(strstr(state, "<unreadable>"));
	catalog_is_whole(state, snap->inputs->catalog);
	free(state);
}
END_TEST

START_TEST(reads_the_same_bytes_twice)
{
	struct netconf_client *c = client();
	char *once = ask(c, "<get><filter><conformance " PC "/></filter></get>");
	char *twice = ask(c, "<get><filter><conformance " PC "/></filter></get>");
	ck_assert_str_eq(once, twice);
	free(once);
	free(twice);
	netconf_client_close(c);
}
END_TEST

START_TEST(edits_commits_and_discards)
{
	struct netconf_client *c = client();
	ask_ok(c, EDIT("candidate", "", ZONE("inside", "eth1")));
	ask_has(c, GET_CONFIG("candidate"), "<interface>eth1<", NULL);
	ask_has(c, GET_CONFIG("running"), NULL, "eth1");
	ask_ok(c, "<validate><source><candidate/></source></validate>");
	ask_ok(c, "<commit/>");
	ask_has(c, GET_CONFIG("running"), "<interface>eth1<", NULL);
	ask_ok(c, EDIT("candidate", "",
	                  "<zone " PC " xmlns:nc=\"" BASE "\" nc:operation=\"delete\"><name>inside</name></zone>"));
	ask_has(c, GET_CONFIG("candidate"), NULL, "eth1");
	ask_ok(c, "<discard-changes/>");
	ask_has(c, GET_CONFIG("candidate"), "eth1", NULL);
	ask_ok(c, "<copy-config><target><running/></target><source><config>" ZONE(
	                  "outside", "eth0") "</config></source></copy-config>");
	ask_has(c, GET_CONFIG("running"), "eth0", "eth1");
	ask_ok(c, EDIT("running", "<test-option>test-only</test-option>", ZONE("third", "eth2")));
	ask_has(c, GET_CONFIG("running"), NULL, "eth2");
	ask_ok(c, EDIT("running", "<default-operation>replace</default-operation>", ""));
	ask_has(c, GET_CONFIG("running"), NULL, "eth0");
	ask_has(c,
	        "<get-config><source><running/></source><with-defaults "
	        "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-"
	        "defaults\">report-all</with-defaults></get-config>",
	        "<hold-down>200</hold-down>", NULL);
	netconf_client_close(c);
}
END_TEST

START_TEST(removes_a_container_that_is_given_empty)
{
	struct netconf_client *c = client();
	ask_ok(c, EDIT("running", "", "<notification " PC "><enable>false</enable></notification>"));
	ask_has(c, GET_CONFIG("running"), "<enable>false<", NULL);
	ask_ok(c, EDIT("running", "", "<notification " PC " xmlns:nc=\"" BASE "\" nc:operation=\"delete\"/>"));
	ask_has(c, GET_CONFIG("running"), NULL, "<enable>");
	netconf_client_close(c);
}
END_TEST

START_TEST(says_what_is_wrong_with_an_edit)
{
	struct netconf_client *c = client();
	struct error err = {0};
	char *reply;
	ck_assert_int_ne(netconf_client_rpc(c, EDIT("candidate", "", "<zone " PC "><name>a</name><id>abc</id></zone>"),
	                         20000, &reply, &err),
	        0);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_msg(strstr(err.where, "/portcullis:zone[name='a']/id") != NULL, "%s: %s", err.where, err.text);
	ask_error(c,
	        EDIT("candidate", "",
	                "<zone " PC " xmlns:nc=\"" BASE "\" nc:operation=\"delete\"><name>x</name></zone>"),
	        ERR_NOT_FOUND, "zone");
	ask_ok(c, EDIT("candidate", "", ZONE("inside", "eth1")));
	ask_error(c,
	        EDIT("candidate", "",
	                "<zone " PC " xmlns:nc=\"" BASE "\" nc:operation=\"create\"><name>inside</name></zone>"),
	        ERR_EXISTS, "exists");
	ask_error(c, EDIT("candidate", "", "<nonsense " PC "/>"), ERR_UNKNOWN_ELEMENT, "nonsense");
	ask_error(c, "<validate><source><config>" ZONE("a b", "eth1") "</config></source></validate>", ERR_INVALID, "");
	netconf_client_close(c);
}
END_TEST

START_TEST(says_what_is_supported_instead)
{
	static const struct {
		const char *operation, *word;
	} cases[] = {
	        {"<delete-config><target><candidate/></target></delete-config>", "copy an empty <config>"},
	        {"<edit-config><target><startup/></target><config/></edit-config>", "copy it to startup"},
	        {"<edit-config><target><running/></target><url>file:///x</url></edit-config>", "into <config>"},
	        {"<get-config><source><other/></source></get-config>", "other; use running, candidate or startup"},
	        {"<lock><target><other/></target></lock>", "other; use running, candidate or startup"},
	        {"<copy-config><target><url>x</url></target><source><running/></source></copy-config>", "url; use"},
	        {"<nonsense xmlns=\"urn:x\"/>", "no operation nonsense in namespace urn:x"},
	        {"<nonsense " PC "/>", "no operation nonsense"},
	        {"<conformance " PC "/>", "no operation conformance"},
	};
	struct netconf_client *c = client();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ask_error(c, cases[i].operation, ERR_UNSUPPORTED, cases[i].word);
	netconf_client_close(c);
}
END_TEST

/* The whole reply to an operation, errors and all. */
static char *raw_reply(const char *operation)
{
	char *rpc = xasprintf(RPC("1", "%s"), operation), *reply = last_word(rpc);
	free(rpc);
	return reply;
}

START_TEST(tells_everything_that_is_wrong_with_tags_and_paths)
{
	static const struct {
		const char *operation;
		unsigned errors;
		const char *words[6];
	} cases[] = {
	        {EDIT("candidate", "<error-option>continue-on-error</error-option>",
	                 "<zone " PC " xmlns:nc=\"" BASE "\" nc:operation=\"delete\"><name>none</name></zone>"
	                 "<zone " PC "><name>b</name><id>x</id></zone><bogus " PC "/>" ZONE("good", "eth9")),
	                4,
	                {"<error-tag>data-missing<", "<error-tag>invalid-value<", "<error-tag>unknown-element<",
	                        "<bad-element>bogus<", "zone[name='none']</error-path>",
	                        "<error-app-tag>too-few-elements<"}},
	        {EDIT("running", "", "<zone " PC "><name>a</name></zone>"), 1,
	                {"<error-tag>operation-failed<", "<error-app-tag>too-few-elements<", "/interface", NULL}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *reply = raw_reply(cases[i].operation), *p = reply;
		unsigned n = 0;
		while ((p = strstr(p, "<rpc-error>")) != NULL && p++ != NULL)
			n++;
		ck_assert_msg(n == cases[i].errors, "%u errors: %s", n, reply);
		for (size_t k = 0; k < 6 && cases[i].words[k] != NULL; k++)
			ck_assert_msg(
			        strstr(reply, cases[i].words[k]) != NULL, "no %s in %s", cases[i].words[k], reply);
		free(reply);
	}
	struct netconf_client *c = client();
	ask_ok(c, EDIT("candidate", "", ZONE("there", "eth1")));
	char *reply = raw_reply(EDIT("candidate", "<error-option>continue-on-error</error-option>",
	        "<zone " PC " xmlns:nc=\"" BASE
	        "\" nc:operation=\"create\"><name>there</name></zone>" ZONE("good", "eth9")));
	ck_assert_ptr_nonnull(strstr(reply, "data-exists"));
	free(reply);
	ask_has(c, GET_CONFIG("candidate"), "eth9", NULL);
	netconf_client_close(c);
}
END_TEST

static void ask_verify(int fd)
{
	put_text(fd, HELLO10 RPC("1", "<verify " PC "/>") "]]>]]>");
}

/* The third of one user is refused while two are running; what costs little goes on. */
START_TEST(costly_operations_are_limited)
{
	bool ended;
	int first = raw(), second = raw();
	struct netconf_client *c = client();
	atomic_store(&server.held, true);
	ask_verify(first);
	ask_verify(second);
	char *reply = NULL;
	struct error err = {0};
	/* Both, before anything else that is costly: setup() has asked once. */
	for (int i = 0; i < 2000 && atomic_load(&server.asked) < 3; i++)
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	for (int i = 0; i < 2000; i++) {
		free(reply);
		/* Explaining is costly too, and is not held. */
		int result = netconf_client_rpc(
		        c, "<commit-changes " PC "><number>1</number></commit-changes>", 20000, &reply, &err);
		ck_assert_int_eq(result, -1);
		reply = NULL;
		if (err.code == ERR_UNAVAILABLE)
			break;
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert_msg(strstr(err.text, "2 costly operations of root are running") != NULL, "%s", err.text);
	ask_has(c, GET_SUMMARY, "<overall>", NULL);
	atomic_store(&server.held, false);
	free(read_until(first, "</rpc-reply>", 1, &ended));
	free(read_until(second, "</rpc-reply>", 1, &ended));
	ask_error(c, "<commit-changes " PC "><number>1</number></commit-changes>", ERR_NOT_FOUND, "no commit 1");
	close(first);
	close(second);
	netconf_client_close(c);
}
END_TEST

START_TEST(reads_a_document)
{
	static const char document[] = "# Ports\n\n## Ports of the servers\n\n"
	                               "| Role | Service | Port | Protocol |\n|---|---|---|---|\n"
	                               "| Front End Servers | Front-End Service | 5061 | TCP (TLS) |\n";
	struct netconf_client *c = client();
	struct text rpc = {0};
	text_add(&rpc, "<import-document " PC "><name>ports.md</name><content>");
	text_add_xml(&rpc, document);
	text_add(&rpc, "</content></import-document>");
	char *reply = ask(c, rpc.s);
	ck_assert_msg(strstr(reply, "ports.md") != NULL && strstr(reply, "5061") != NULL, "%s", reply);
	free(reply);
	ask_error(c, "<import-document " PC "><name>x</name><content></content></import-document>", ERR_INVALID, "");
	ask_error(c, "<import-document " PC "><content>a</content></import-document>", ERR_MISSING_ELEMENT, "<name>");
	text_fini(&rpc);
	netconf_client_close(c);
}
END_TEST

#define CONFIRMED(more) "<commit><confirmed/>" more "</commit>"

START_TEST(confirmed_commits_over_two_sessions)
{
	struct netconf_client *a = client(), *b = client();
	ask_ok(a, EDIT("candidate", "", ZONE("inside", "eth1")));
	ask_ok(a, CONFIRMED("<confirm-timeout>60</confirm-timeout>"));
	ask_error(b, "<commit/>", ERR_IN_USE, "a confirmed commit of session 1 (root) is pending for");
	ask_error(b, "<lock><target><running/></target></lock>", ERR_IN_USE, "pending");
	ask_error(b, EDIT("running", "", ZONE("third", "eth2")), ERR_IN_USE, "pending");
	ask_error(b, "<cancel-commit/>", ERR_IN_USE, "pending");
	ask_error(b, "<commit><persist-id>x</persist-id></commit>", ERR_INVALID, "no persist token");
	ask_ok(a, CONFIRMED("<persist>my token</persist>"));
	netconf_client_close(a);
	ask_has(b, GET_CONFIG("running"), "eth1", NULL);
	ask_error(b, "<cancel-commit><persist-id>wrong</persist-id></cancel-commit>", ERR_INVALID, "not the token");
	ask_ok(b, "<cancel-commit><persist-id>my token</persist-id></cancel-commit>");
	ask_has(b, GET_CONFIG("running"), NULL, "eth1");
	ask_error(b, "<cancel-commit/>", ERR_INVALID, "none to cancel");
	ask_error(b, "<commit><persist>a</persist></commit>", ERR_INVALID, "needs <confirmed>");
	netconf_client_close(b);
}
END_TEST

START_TEST(confirmed_commit_ends_with_its_session)
{
	struct netconf_client *a = client(), *b = client();
	ask_ok(a, EDIT("candidate", "", ZONE("inside", "eth1")));
	ask_ok(a, CONFIRMED(""));
	ask_has(b, GET_CONFIG("running"), "eth1", NULL);
	ask_ok(b, "<kill-session><session-id>1</session-id></kill-session>");
	ask_has(b, GET_CONFIG("running"), NULL, "eth1");
	ask_has(b, "<get><filter><history " PC "/></filter></get>", "session of the confirmed commit ended", NULL);
	netconf_client_close(a);
	netconf_client_close(b);
}
END_TEST

START_TEST(startup_history_and_rollback)
{
	struct netconf_client *c = client();
	ask_ok(c, EDIT("candidate", "", ZONE("inside", "eth1")));
	ask_ok(c,
	        "<commit><comment xmlns=\"urn:portcullis:yang:portcullis-commit\">first &amp; best</comment></commit>");
	ask_ok(c, "<copy-config><target><startup/></target><source><running/></source><with-defaults "
	          "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">explicit</with-defaults>"
	          "</copy-config>");
	ask_has(c, GET_CONFIG("startup"), "eth1", NULL);
	ask_ok(c, EDIT("running", "", ZONE("inside", "eth2")));
	ask_has(c, "<commit-changes " PC "><number>3</number></commit-changes>",
	        "<operation>create</operation><path>/portcullis:zone[name='inside']/interface[.='eth2']</path>", NULL);
	ask_has(c, "<get><filter><history " PC "/></filter></get>", "<comment>commit: first &amp; best</comment>",
	        NULL);
	ask_ok(c, "<rollback-to " PC "><number>1</number><comment>why</comment></rollback-to>");
	ask_has(c, GET_CONFIG("running"), "eth1", "eth2");
	ask_error(c, "<rollback-to " PC "><number>99</number></rollback-to>", ERR_NOT_FOUND, "no commit 99");
	ask_error(c, "<commit-changes " PC "><number>2</number></commit-changes>", ERR_NOT_FOUND,
	        "no commit 2 of running");
	ask_ok(c, "<validate><source><startup/></source></validate>");
	ask_ok(c, "<delete-config><target><startup/></target></delete-config>");
	ask_error(c, "<delete-config><target><startup/></target></delete-config>", ERR_NOT_FOUND, "never written");
	ask_has(c, GET_CONFIG("startup"), NULL, "eth1");
	netconf_client_close(c);
}
END_TEST

START_TEST(names_the_element_that_is_unknown)
{
	char *reply = raw_reply(EDIT("candidate", "", "<zone " PC "><name>a</name><bogus>1</bogus></zone>"));
	ck_assert_msg(strstr(reply, "<error-tag>unknown-element</error-tag>") != NULL &&
	                      strstr(reply, "<error-info><bad-element>bogus</bad-element></error-info>") != NULL &&
	                      strstr(reply, "portcullis\">/portcullis:zone[name='a']/bogus</error-path>") != NULL,
	        "%s", reply);
	free(reply);
}
END_TEST

/* Values that the library echoes when an rpc does not fit its models, which no operation of ours sees. */
START_TEST(cuts_long_values_out_of_errors)
{
	static const size_t lengths[] = {199, 3000, 300000};
	struct netconf_client *c = client();
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct error err = {0};
		char *reply = NULL, *value = xcalloc(1, lengths[i] + 1);
		memset(value, '<', lengths[i]);
		struct text operation = {0};
		text_add(&operation, "<edit-config><target><running/></target><default-operation>");
		text_add_xml(&operation, value);
		text_add(&operation, "</default-operation><config/></edit-config>");
		ck_assert_int_ne(netconf_client_rpc(c, operation.s, 20000, &reply, &err), 0);
		ck_assert_int_eq(err.code, ERR_INVALID);
		size_t shown = strspn(strchr(err.text, '<'), "<");
		ck_assert_msg(shown == (lengths[i] < 200 ? lengths[i] : 200), "%zu: %s", shown, err.text);
		text_fini(&operation);
		free(value);
		/* The session is in order. */
		ask_has(c, GET_SUMMARY, "<overall>", NULL);
	}
	netconf_client_close(c);
}
END_TEST

START_TEST(names_the_session_that_holds_a_lock)
{
	struct netconf_client *a = client(), *b = client();
	ask_ok(a, "<lock><target><running/></target></lock>");
	ask_ok(a, "<lock><target><candidate/></target></lock>");
	ask_error(b, "<lock><target><running/></target></lock>", ERR_IN_USE, "session 1");
	ask_error(b, EDIT("running", "", ZONE("inside", "eth1")), ERR_IN_USE, "session 1");
	ask_error(b, "<unlock><target><running/></target></unlock>", ERR_IN_USE, "session 1");
	ask_has(b,
	        "<get><filter><netconf-state "
	        "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><datastores/>"
	        "</netconf-state></filter></get>",
	        "<locked-by-session>1</locked-by-session><locked-time>", NULL);
	ask_ok(a, "<unlock><target><running/></target></unlock>");
	ask_ok(b, "<lock><target><running/></target></lock>");
	ask_ok(a, EDIT("candidate", "", ZONE("inside", "eth1")));
	netconf_client_close(a);
	/* Its end frees the lock and throws its changes away. */
	for (int i = 0; i < 200 && config_lock_holder(server.config, DATASTORE_CANDIDATE) != 0; i++)
		poll(NULL, 0, 10);
	ask_ok(b, "<lock><target><candidate/></target></lock>");
	ask_has(b, GET_CONFIG("candidate"), NULL, "eth1");
	netconf_client_close(b);
}
END_TEST

START_TEST(kills_a_session_and_frees_its_locks_at_once)
{
	struct netconf_client *a = client(), *b = client();
	struct error err;
	char *reply;
	ask_ok(a, "<lock><target><running/></target></lock>");
	ask_error(b, "<kill-session><session-id>2</session-id></kill-session>", ERR_INVALID, "close-session");
	ask_error(b, "<kill-session><session-id>99</session-id></kill-session>", ERR_INVALID, "no session 99");
	ask_ok(b, "<kill-session><session-id>1</session-id></kill-session>");
	ask_ok(b, "<lock><target><running/></target></lock>");
	ck_assert_int_ne(netconf_client_rpc(a, GET_SUMMARY, 5000, &reply, &err), 0);
	netconf_client_close(a);
	ask_ok(b, "<close-session/>");
	ck_assert_int_ne(netconf_client_rpc(b, GET_SUMMARY, 5000, &reply, &err), 0);
	netconf_client_close(b);
}
END_TEST

START_TEST(gives_every_schema_as_yang_and_yin)
{
	const struct lys_module *m;
	struct netconf_client *c = client();
	uint32_t i = 0;
	while ((m = ly_ctx_get_module_iter(config_context(server.config), &i)) != NULL) {
		char *plain = xasprintf(
		        "<get-schema xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><identifier>%s"
		        "</identifier></get-schema>",
		        m->name);
		char *yin = xasprintf(
		        "<get-schema xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><identifier>%s"
		        "</identifier><version>%s</version><format>yin</format></get-schema>",
		        m->name, m->revision);
		ask_has(c, plain, "module ", NULL);
		ask_has(c, yin, "&lt;module ", NULL);
		free(plain);
		free(yin);
	}
	ask_error(c,
	        "<get-schema "
	        "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><identifier>none</identifier>"
	        "</get-schema>",
	        ERR_INVALID, "no schema none");
	netconf_client_close(c);
}
END_TEST

START_TEST(verifies_and_explains)
{
	struct netconf_client *c = client();
	ask_has(c, "<verify " PC "/>", ">2</generation>", NULL);
	ask_has(c, "<verify " PC "/>", "violated</overall>", NULL);
	ask_has(c,
	        "<explain " PC
	        "><flow>hq/lync/front-end-server/front-end-service/5061-tcp#1 clients&gt;fe-pool ipv4</flow></explain>",
	        "tcp 10.0.0.5:40000", NULL);
	ask_has(c, "<explain " PC "><packet>tcp 10.0.0.9:40000 &gt; 10.1.0.10:5061</packet></explain>", "<verdict",
	        NULL);
	ask_error(c, "<explain " PC "><flow>none</flow></explain>", ERR_NOT_FOUND, "none");
	ask_error(c, "<explain " PC "><packet>none</packet></explain>", ERR_FORMAT, "none");
	ask_error(c, "<explain " PC "/>", ERR_MISSING_ELEMENT, "<packet>");
	netconf_client_close(c);
}
END_TEST

/* Notifications */

START_TEST(sends_every_kind_of_change_to_subscribers_alone)
{
	struct netconf_client *silent = client();
	int fd = subscriber();
	for (int kind = CHANGE_VIOLATED; kind < CHANGE_N; kind++) {
		struct change change;
		bool ended;
		sample_change(&change, (enum change_kind)kind, 100 + (uint64_t)kind);
		netconf_notify(server.netconf, &change);
		char *xml = read_until(fd, "]]>]]>", 1, &ended);
		char *sequence = xasprintf("<sequence>%d</sequence>", 100 + kind);
		ck_assert_msg(!ended && strstr(xml, sequence) != NULL, "%s", xml);
		*strstr(xml, "]]>]]>") = '\0';
		check_notification(xml);
		free(sequence);
		free(xml);
		change_fini(&change);
	}
	/* Its reply would follow a notification, if one had been sent. */
	ask_has(silent, GET_SUMMARY, "<overall>", NULL);
	netconf_client_close(silent);
	close(fd);
}
END_TEST

START_TEST(goes_on_answering_a_subscriber)
{
	bool ended;
	int fd = subscriber();
	put_text(fd, RPC("3", "<test-notification " PC "/>") "]]>]]>");
	char *xml = read_until(fd, "]]>]]>", 2, &ended);
	ck_assert_msg(strstr(xml, "<kind>test</kind>") != NULL && strstr(xml, "message-id=\"3\"") != NULL, "%s", xml);
	free(xml);
	put_text(fd, RPC("4", SUBSCRIBE) "]]>]]>");
	xml = read_until(fd, "]]>]]>", 1, &ended);
	ck_assert_msg(strstr(xml, "in-use") != NULL, "%s", xml);
	free(xml);
	close(fd);
}
END_TEST

START_TEST(refuses_replay_without_a_journal)
{
	struct error err = {0};
	stop(&server);
	server.forgets = true;
	ck_assert_msg(start(&server, server.path, &err) == 0, "%s: %s", err.where, err.text);
	struct netconf_client *c = client();
	ask_error(c, SUBSCRIBE_TO("<startTime>2026-01-01T00:00:00Z</startTime>"), ERR_IO, "leave out startTime");
	ask_has(c, "<get><filter><netconf xmlns=\"urn:ietf:params:xml:ns:netmod:notification\"/></filter></get>",
	        "<replaySupport>false<", "replayLog");
	ask_ok(c, SUBSCRIBE_TO("<stream>NETCONF</stream>"));
	netconf_client_close(c);
}
END_TEST

START_TEST(loses_nothing_in_a_burst_and_counts_what_it_cannot_keep)
{
	int fd = subscriber(), slow = subscriber();
	struct change change;
	bool ended;
	sample_change(&change, CHANGE_VIOLATED, 0);
	for (change.sequence = 1; change.sequence <= 9000; change.sequence++)
		netconf_notify(server.netconf, &change);
	char *all = read_until(fd, "<sequence>9000</sequence>", 1, &ended);
	ck_assert_uint_eq(count_in_order(all), 9000);
	free(all);
	/* The other one has read nothing: what fits is sent, then 10,000 are kept, then the rest is counted. */
	for (; change.sequence <= 25000; change.sequence++)
		netconf_notify(server.netconf, &change);
	all = read_until(slow, "</suppressed>", 1, &ended);
	ck_assert(!ended);
	ck_assert_uint_lt(count_in_order(all), 9000);
	free(all);
	change_fini(&change);
	close(fd);
	close(slow);
	expect_alive();
}
END_TEST

static int serve(const char *path)
{
	struct error err = {0};
	log_init("check_netconf", LOG_LEVEL_INFO, false);
	if (start(&server, path, &err) != 0 || verify_now(&server, &err) != 0) {
		fprintf(stderr, "%s: %s\n", err.where, err.text);
		return EXIT_FAILURE;
	}
	puts("ready");
	fflush(stdout);
	struct pollfd fds[] = {
	        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = config_timer_fd(server.config), .events = POLLIN}};
	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents != 0)
			break;
		if (fds[1].revents != 0)
			config_tick(server.config);
	}
	stop(&server);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--serve") == 0)
		return serve(argv[2]);
	Suite *s = suite_create("netconf");
	TCase *t = tcase_create("server");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers_a_hello_and_an_rpc_in_one_write);
	tcase_add_test(t, answers_in_the_order_of_the_requests);
	tcase_add_test(t, says_what_it_can_in_its_hello);
	tcase_add_test(t, reads_only_what_a_filter_selects);
	tcase_add_test(t, refuses_filters_that_are_none);
	tcase_add_test(t, gives_state_that_fits_the_models);
	tcase_add_test(t, gives_the_shipped_catalog);
	tcase_add_test(t, reads_the_same_bytes_twice);
	tcase_add_test(t, edits_commits_and_discards);
	tcase_add_test(t, removes_a_container_that_is_given_empty);
	tcase_add_test(t, says_what_is_wrong_with_an_edit);
	tcase_add_test(t, says_what_is_supported_instead);
	tcase_add_test(t, tells_everything_that_is_wrong_with_tags_and_paths);
	tcase_add_test(t, costly_operations_are_limited);
	tcase_add_test(t, reads_a_document);
	tcase_add_test(t, confirmed_commits_over_two_sessions);
	tcase_add_test(t, confirmed_commit_ends_with_its_session);
	tcase_add_test(t, startup_history_and_rollback);
	tcase_add_test(t, names_the_element_that_is_unknown);
	tcase_add_test(t, cuts_long_values_out_of_errors);
	tcase_add_test(t, names_the_session_that_holds_a_lock);
	tcase_add_test(t, kills_a_session_and_frees_its_locks_at_once);
	tcase_add_test(t, gives_every_schema_as_yang_and_yin);
	tcase_add_test(t, verifies_and_explains);
	tcase_add_test(t, sends_every_kind_of_change_to_subscribers_alone);
	tcase_add_test(t, goes_on_answering_a_subscriber);
	tcase_add_test(t, refuses_replay_without_a_journal);
	tcase_add_test(t, loses_nothing_in_a_burst_and_counts_what_it_cannot_keep);
	suite_add_tcase(s, t);
	return run_suite(s);
}
