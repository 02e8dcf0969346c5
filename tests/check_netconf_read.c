/* links: netconf config conformance catalog base */
/*
 * Reading over NETCONF: state that is streamed or selected from the snapshot is the same, node for node, as what libyang
 * makes of all rows and cuts to the filter; clients that stall or leave in the middle; the limits of messages.
 */
#include "many_snapshot.h"
#include "netconf/filter.h"
#include "netconf/names.h"
#include "netconf/select.h"
#include "netconf_scene.h"

#define XPATH "<filter type=\"xpath\" xmlns:p=\"urn:portcullis:yang:portcullis\" select=\""
#define SUBTREE(body) "<filter><conformance " PC ">" body "</conformance></filter>"
#define RESULT(body) SUBTREE("<result>" body "</result>")
#define R "/p:conformance/p:result"
#define REQUIREMENT "lync/front-end-server/service-2/1026-tcp"

/* The data of a reply, parsed with the models. */
static struct lyd_node *parse(const char *reply)
{
	const struct ly_ctx *ctx = config_context(server.config);
	struct lyd_node *tree = NULL;
	char *from = strchr(strstr(reply, "<data"), '>') + 1, *to = strstr(reply, "</data>");
	if (to == NULL)
		return NULL;
	char *xml = xstrndup(from, (size_t)(to - from));
	LY_ERR result = lyd_parse_data_mem(ctx, xml, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &tree);
	ck_assert_msg(result == LY_SUCCESS, "%s %s", ly_errmsg(ctx), ly_errpath(ctx));
	free(xml);
	return tree;
}

static struct lyd_node *get(struct netconf_client *c, const char *filter)
{
	char *operation = xasprintf("<get>%s</get>", filter), *reply = ask(c, operation);
	struct lyd_node *tree = parse(reply);
	free(operation);
	free(reply);
	return tree;
}

/* Everything, as nodes: a content match at the top keeps the filter from being taken for a whole. */
static struct lyd_node *get_all_as_nodes(struct netconf_client *c)
{
	char *filter = xasprintf(SUBTREE("<generation>%lu</generation>"), atomic_load(&server.generation));
	struct lyd_node *tree = get(c, filter);
	ck_assert_ptr_nonnull(tree);
	free(filter);
	return tree;
}

static void check_same(const struct lyd_node *got, const struct lyd_node *want, const char *what)
{
	char *a = NULL, *b = NULL;
	if ((got == NULL && want == NULL) || lyd_compare_siblings(got, want, LYD_COMPARE_FULL_RECURSION) == LY_SUCCESS)
		return;
	lyd_print_mem(&a, got, LYD_XML, LYD_PRINT_WITHSIBLINGS);
	lyd_print_mem(&b, want, LYD_XML, LYD_PRINT_WITHSIBLINGS);
	ck_abort_msg("%s:\n%.3000s\n-- is not --\n%.3000s", what, a != NULL ? a : "", b != NULL ? b : "");
}

static void publish(size_t rows, uint64_t seed)
{
	hub_set(server.hub, many_new(++server.generation, clock_monotonic_ms(), rows, seed));
}

/* The request as the server's library parses it. */
struct request {
	struct lyd_node *envelope, *rpc;
	struct filter filter;
};

static void request_init(struct request *r, const char *filter)
{
	const struct ly_ctx *ctx = config_context(server.config);
	struct ly_in *in;
	struct error err;
	const struct names_visitor nobody = {.depth = 0};
	struct text xml = {0}, content = {0};
	text_addf(&xml, "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get>%s</get></rpc>", filter);
	ck_assert_int_eq(names_check(&xml, &nobody, &content, &err), 0); /* as the guard does */
	ck_assert_int_eq(ly_in_new_memory(text_str(&xml), &in), LY_SUCCESS);
	ck_assert_msg(lyd_parse_op(ctx, NULL, in, LYD_XML, LYD_TYPE_RPC_NETCONF, &r->envelope, &r->rpc) == LY_SUCCESS,
	        "%s: %s", filter, ly_errmsg(ctx));
	ck_assert_msg(filter_init(&r->filter, ctx, r->rpc, &err) == 0, "%s: %s", filter, err.text);
	ly_in_free(in, 0);
	text_fini(&xml);
}

static void request_fini(struct request *r)
{
	filter_fini(&r->filter);
	lyd_free_all(r->envelope);
	lyd_free_all(r->rpc);
}

/* Not strstr(), which costs all of the rest each time under the address sanitizer. */
static size_t count(const char *s, const char *tag)
{
	size_t n = 0, len = strlen(tag);
	for (; (s = strchr(s, '<')) != NULL; s++)
		n += strncmp(s, tag, len) == 0;
	return n;
}

/* Facts */

START_TEST(streams_just_what_the_nodes_are)
{
	struct netconf_client *c = client();
	for (uint64_t seed = 1; seed <= 12; seed++) {
		publish(seed * 9, seed);
		struct lyd_node *want = get_all_as_nodes(c), *got = get(c, SUBTREE(""));
		check_same(got, want, "streamed");
		ck_assert_int_eq(lyd_validate_all(&got, NULL, LYD_VALIDATE_PRESENT, NULL), LY_SUCCESS);
		lyd_free_all(got);
		lyd_free_all(want);
	}
	netconf_client_close(c);
}
END_TEST

/* A filter, what its results must be found by (rows: how many of the snapshot's; -1: all are built), and whether some
 * must be left in the end. */
static const struct {
	const char *filter;
	int rows;
	bool some;
} filters[] = {
        /* Whole */
        {SUBTREE(""), -1, true},
        {SUBTREE("<result/>"), -1, true},
        {SUBTREE("<summary/><generation/><opening/>"), 0, true},
        {SUBTREE("<problem/><ipsec/><deployment-state/><caveat/>"), 0, true},
        {SUBTREE("<own-table/>"), 0, true},
        {SUBTREE("<nothing/>"), 0, false},
        {XPATH "/p:conformance\"/>", -1, true},
        {XPATH R "\"/>", -1, true},
        {XPATH R " | /p:conformance/p:generation\"/>", -1, true},
        {XPATH "/p:conformance/p:summary\"/>", 0, true},
        /* Rows by their keys and by other leaves */
        {RESULT("<requirement>" REQUIREMENT "</requirement>"), 100, true},
        {RESULT("<requirement>" REQUIREMENT "</requirement><initiator> clients-7 </initiator>"), 1, true},
        {RESULT("<requirement>" REQUIREMENT "</requirement><initiator>clients-7</initiator><label/><rule/>"), 1, true},
        {RESULT("<deployment>hq</deployment><initiator>clients-7</initiator><verdict/>"), 3, true},
        {RESULT("<deployment>none</deployment>"), 0, false},
        {RESULT("<deployment>hq</deployment><deployment>other</deployment>"), 0, false},
        {RESULT("<initiator>clients-7</initiator><variant>2</variant><transport>tcp</transport>"), -2, true},
        {RESULT("<ports>1026</ports>"), 100, true},
        {RESULT("<verdict>blocked</verdict>"), -2, true},
        {RESULT("<verdict>blocked</verdict><severity>critical</severity><nothing/>"), -2, true},
        {RESULT("<reason>a</reason>"), -1, true},
        {RESULT("<witness><phase>reply</phase></witness>"), -1, true},
        {RESULT("<requirement>" REQUIREMENT "</requirement><witness><phase>reply</phase></witness>"), 100, true},
        {RESULT("<label/>"), -1, true},
        {RESULT("<requirement/><initiator>clients-7</initiator>"), 3, true},
        {SUBTREE("<result><initiator>clients-7</initiator></result><result><initiator>clients-8</initiator><label/>"
                 "</result><summary/>"),
                6, true},
        {SUBTREE("<result><initiator>clients-7</initiator></result><result/>"), -1, true},
        {SUBTREE("<summary/><opening><id>2147483647</id></opening>"), 0, true},
        {"<filter><conformance " PC "><result><initiator>clients-7</initiator></result></conformance><conformance " PC
         "><result><initiator>clients-9</initiator></result></conformance></filter>",
                6, true},
        /* Attributes, namespaces */
        {"<filter><conformance " PC "><result a=\"b\"/></conformance></filter>", 0, false},
        {"<filter><conformance " PC " x:a=\"b\" xmlns:x=\"urn:x\"/></filter>", 0, false},
        {"<filter><conformance " PC "><result><initiator a=\"1\">clients-7</initiator></result></conformance></filter>",
                3, false},
        {"<filter><conformance " PC "><result xmlns=\"urn:x\"/></conformance></filter>", 0, false},
        {"<filter "
         "xmlns:q=\"urn:portcullis:yang:portcullis\"><q:conformance><q:result><q:initiator>clients-7</q:initiator>"
         "</q:result></q:conformance></filter>",
                3, true},
        {"<filter><conformance " PC "><result><initiator xmlns=\"urn:x\">clients-7</initiator></result></conformance>"
         "</filter>",
                3, false},
        /* XPath that is understood */
        {XPATH R "[p:requirement='" REQUIREMENT "']\"/>", 100, true},
        {XPATH R "[p:requirement='" REQUIREMENT "'][p:initiator='clients-7']/p:label\"/>", 1, true},
        {XPATH R "[ p:deployment = 'hq' and p:initiator = 'clients-7' ]\"/>", 3, true},
        {XPATH R "[p:initiator='clients-7'][p:variant=2]\"/>", 3, true},
        {XPATH R "[p:initiator='clients-7'][p:variant=01]\"/>", 0, false},
        {XPATH R "[p:initiator='clients-7'] | " R "[p:initiator='clients-8']/p:rule\"/>", 6, true},
        {XPATH R "[p:verdict='blocked']\"/>", -2, true},
        {XPATH R "[p:label=5]\"/>", -1, false},
        {XPATH R "[p:ports=1026]/p:verdict\"/>", -1, true},
        {XPATH "/p:conformance/p:opening[p:id=2147483647]\"/>", 0, true},
        /* XPath that is not */
        {XPATH R "[3]\"/>", -1, true},
        {XPATH R "[p:initiator='clients-7'][2]\"/>", -1, true},
        {XPATH R "[p:initiator='clients-7' or p:initiator='clients-8']\"/>", -1, true},
        {XPATH R "[starts-with(p:requirement, 'lync/front-end-server/service-2/')]\"/>", -1, true},
        {XPATH R "[p:variant &gt; 1]/p:label\"/>", -1, true},
        {XPATH R "/p:rule/../p:label\"/>", -1, true},
        {XPATH "//p:result[p:initiator='clients-7']\"/>", -1, true},
        {XPATH "/p:conformance/*[p:initiator='clients-7']\"/>", -1, true},
        {XPATH R "[p:initiator=../p:agent-version]\"/>", -1, false},
        {XPATH R "[count(../p:result) &gt; 10]/p:label\"/>", -1, true},
};

/* -2: some, fewer than all. */
static void check_selection(const struct request *r, const char *filter, int rows, const struct snapshot *snap)
{
	const struct lysc_node *top = lys_find_path(config_context(server.config), NULL, "/portcullis:conformance", 0);
	struct selection s;
	select_results(&r->filter, top, snap, &s);
	bool all = s.all || s.n == snap->inputs->flows.n;
	ck_assert_msg(all == (rows == -1), "%s: all rows are %sbuilt", filter, all ? "" : "not ");
	if (rows == -2)
		ck_assert_msg(s.n > 0 && s.n < snap->inputs->flows.n / 2, "%s: %zu rows", filter, s.n);
	else if (rows >= 0)
		ck_assert_msg(s.n == (size_t)rows, "%s: %zu rows", filter, s.n);
	selection_fini(&s);
}

START_TEST(selects_as_libyang_does_from_all_rows)
{
	struct netconf_client *c = client();
	const struct ly_ctx *ctx = config_context(server.config);
	publish(300, 1000 + (uint64_t)_i);
	struct snapshot *snap = hub_get(server.hub);
	struct lyd_node *all = get_all_as_nodes(c);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct lyd_node *want = NULL, *got = get(c, filters[i].filter);
		struct request r;
		struct error err;
		request_init(&r, filters[i].filter);
		check_selection(&r, filters[i].filter, filters[i].rows, snap);
		ck_assert_int_eq(lyd_dup_siblings(all, NULL, LYD_DUP_RECURSIVE, &want), LY_SUCCESS);
		ck_assert_int_eq(filter_apply(&r.filter, ctx, &want, &err), 0);
		check_same(got, want, filters[i].filter);
		ck_assert_msg((got != NULL) == filters[i].some, "%s: %s", filters[i].filter,
		        got != NULL ? "something" : "nothing");
		request_fini(&r);
		lyd_free_all(got);
		lyd_free_all(want);
	}
	lyd_free_all(all);
	snapshot_unref(snap);
	netconf_client_close(c);
}
END_TEST

/* What the stream leaves to nobody else: if a leaf gets a default, with-defaults has to see its rows. */
static LY_ERR no_default(struct lysc_node *node, void *data, ly_bool *dfs_continue)
{
	(void)data;
	(void)dfs_continue;
	ck_assert_msg(node->nodetype != LYS_LEAF || ((struct lysc_node_leaf *)node)->dflt == NULL, "%s", node->name);
	return LY_SUCCESS;
}

START_TEST(has_no_defaults_in_what_is_streamed)
{
	const struct ly_ctx *ctx = config_context(server.config);
	ck_assert_int_eq(lysc_tree_dfs_full(lys_find_path(ctx, NULL, "/portcullis:conformance", 0), no_default, NULL),
	        LY_SUCCESS);
}
END_TEST

START_TEST(puts_the_stream_beside_the_rest)
{
	struct netconf_client *c = client();
	publish(500, 0);
	ask_ok(c, EDIT("running", "", ZONE("inside", "eth1")));
	char *reply = ask(c, "<get/>");
	struct lyd_node *all = parse(reply), *node;
	char *zone = strstr(reply, "<zone"), *state = strstr(reply, "<netconf-state");
	ck_assert(zone != NULL && state != NULL && strstr(reply, "<inlay") == NULL);
	size_t rows = 0, tops = 0;
	LY_LIST_FOR(all, node)
	{
		tops += strcmp(LYD_NAME(node), "conformance") == 0;
	}
	rows += count(reply, "<result>");
	ck_assert_uint_eq(tops, 1);
	ck_assert_uint_eq(rows, 504);
	lyd_free_all(all);
	free(reply);
	netconf_client_close(c);
}
END_TEST

#define GET_CONFORMANCE "<get>" SUBTREE("") "</get>"

/* Chunks are of whole rows and about 16 KB; both framings carry the same bytes. */
START_TEST(streams_in_both_framings)
{
	static const char rpc[] = RPC("a&amp;b", GET_CONFORMANCE);
	bool ended;
	publish(2000, 0);
	int old = raw(), new = raw();
	put_text(old, HELLO10 RPC("a&amp;b", GET_CONFORMANCE) "]]>]]>");
	char *bytes = xasprintf(HELLO11 "\n#%zu\n%s\n##\n", strlen(rpc), rpc);
	put_text(new, bytes);
	free(bytes);
	char *plain = read_until(old, "</rpc-reply>]]>]]>", 1, &ended);
	char *chunked = read_until(new, "\n##\n", 1, &ended);
	ck_assert_ptr_nonnull(strstr(plain, "message-id=\"a&amp;b\""));
	struct text joined = {0};
	size_t chunks = 0, large = 0;
	for (const char *p = strstr(chunked, "]]>]]>") + 6; p[2] != '#'; chunks++) {
		char *end;
		unsigned long n = strtoul(p + 2, &end, 10);
		ck_assert(n > 0 && n <= 16384);
		large += n > 8192;
		text_addn(&joined, end + 1, n);
		p = end + 1 + n;
	}
	ck_assert_uint_gt(large, chunks / 2);
	char *from = strstr(plain, "]]>]]>") + 6;
	*strstr(from, "]]>]]>") = '\0';
	ck_assert_str_eq(from, text_str(&joined));
	text_fini(&joined);
	free(plain);
	free(chunked);
	close(old);
	close(new);
}
END_TEST

static const struct {
	const char *expression;
	bool allowed;
} costs[] = {
        {"/a/b[c='//'][count(d) > 2]/../e", true},
        {"//a[b/c = 'x']", true},
        {"//a[child::b] | //c[self::d]", true},
        {"//a[../b='x']", true},
        {"/a/b[c > 1 and /d/e]", true},
        {"//a[//b]", true},
        {"//*[//*[//*]]", false},
        {"//a[../b][../c]", false},
        {"/a[b = /c/d or b = /e]", false},
        {"//a[b or/c][d and/e]", false},
        {"//a[2 */b][c]/*/d[2 * /e]", false},
        {"/a[b = '['][count(following::c | preceding::c)]", false},
        {"/a[descendant::b[ancestor::c]]", false},
        {"//a//b//c//d//e", false},
        {"/a[b[c[d[e]]]]", true},
        {"/a[b[c[d[e[f]]]]]", false},
        {"/a[b = \"unended", true},
};

START_TEST(bounds_what_a_filter_searches)
{
	struct error err = {0};
	int result = filter_cost_check(costs[_i].expression, &err);
	ck_assert_msg((result == 0) == costs[_i].allowed, "%s: %s", costs[_i].expression, err.text);
	ck_assert_int_eq(err.code, costs[_i].allowed ? ERR_NONE : ERR_LIMIT);
}
END_TEST

/* At once, and not after as many looks at the tree as it has nodes to the power of 60. */
START_TEST(refuses_a_filter_that_would_search_for_ever)
{
	struct text t = {0};
	bool ended;
	int fd = raw();
	text_add(&t, HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><get><filter type=\"xpath\" select=\"//*");
	for (int i = 0; i < 60; i++)
		text_add(&t, "[//*");
	for (int i = 0; i < 60; i++)
		text_add(&t, "]");
	text_add(&t, "\"/></get></rpc>]]>]]>");
	put_text(fd, text_str(&t));
	shutdown(fd, SHUT_WR);
	char *reply = read_until(fd, NULL, 0, &ended);
	ck_assert_msg(strstr(reply, "too-big") != NULL && strstr(reply, "searches too much") != NULL, "%s", reply);
	free(reply);
	text_fini(&t);
	close(fd);
}
END_TEST

START_TEST(answers_what_follows_a_stream)
{
	bool ended;
	publish(3000, 0);
	int fd = raw();
	put_text(fd, HELLO10 RPC("1", GET_CONFORMANCE) "]]>]]>" RPC("2", GET_CONFORMANCE) "]]>]]>" RPC(
	                     "3", "<get><filter type=\"xpath\" select=\"/nothing[\"/></get>") "]]>]]>" RPC("4",
	                     GET_SUMMARY) "]]>]]>" RPC("5", "<close-session/>") "]]>]]>");
	char *all = read_until(fd, NULL, 0, &ended);
	size_t rows = 0;
	rows += count(all, "</result>");
	ck_assert_uint_eq(rows, 2 * 3004);
	char *third = strstr(all, "message-id=\"3\"");
	ck_assert(third != NULL && strstr(third, "<rpc-error>") != NULL && strstr(third, "message-id=\"4\"") != NULL);
	free(all);
	close(fd);
}
END_TEST

/* One reply is of one snapshot, whatever is published meanwhile. */
START_TEST(finishes_with_the_snapshot_that_it_began_with)
{
	bool ended;
	publish(20000, 0);
	int fd = raw();
	put_text(fd, HELLO10 RPC("1", GET_CONFORMANCE) "]]>]]>");
	char *first = read_until(fd, "<result>", 1, &ended);
	publish(0, 0);
	char *rest = read_until(fd, "</rpc-reply>", 1, &ended);
	size_t rows = 0;
	rows += count(first, "</result>");
	rows += count(rest, "</result>");
	ck_assert_msg(rows >= 20003 && rows <= 20004, "%zu rows", rows); /* one end may be cut in two */
	free(first);
	free(rest);
	close(fd);
}
END_TEST

START_TEST(lets_nobody_wait_for_who_stalls_or_leaves)
{
	int stalled[5], gone;
	bool ended;
	publish(50000, 0);
	for (size_t i = 0; i < 5; i++) {
		stalled[i] = raw();
		put_text(stalled[i], HELLO10 RPC("1", GET_CONFORMANCE) "]]>]]>");
		free(read_until(stalled[i], "<result>", 1, &ended));
		expect_alive();
	}
	for (size_t i = 0; i < 20; i++) {
		gone = raw();
		put_text(gone, HELLO10 RPC("1", GET_CONFORMANCE) "]]>]]>");
		free(read_until(gone, i % 2 == 0 ? "<result>" : "<capabilities>", 1, &ended));
		close(gone);
	}
	expect_alive();
	/* One of them reads on in the end; the others are in the middle when the server stops. */
	char *rest = read_until(stalled[0], "</rpc-reply>", 1, &ended);
	ck_assert(!ended);
	free(rest);
	for (size_t i = 0; i < 5; i++)
		close(stalled[i]);
}
END_TEST

START_TEST(tells_a_killed_session_no_more)
{
	bool ended;
	publish(50000, 0);
	int fd = raw();
	put_text(fd, HELLO10 RPC("1", GET_CONFORMANCE) "]]>]]>");
	free(read_until(fd, "<result>", 1, &ended));
	struct netconf_client *c = client();
	ask_ok(c, "<kill-session><session-id>1</session-id></kill-session>");
	expect_end(fd);
	netconf_client_close(c);
}
END_TEST

/* with-defaults */

#define WD "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\""

START_TEST(shows_defaults_in_four_modes)
{
	static const struct {
		const char *mode, *has, *has_not;
	} cases[] = {
	        {"explicit", "<hold-down>200</hold-down>", "<enable>"},
	        {"trim", "<zone", "<hold-down>"},
	        {"report-all", "<enable>true</enable>", "default=\"true\""},
	        {"report-all-tagged", ":default=\"true\">200</hold-down>", NULL},
	};
	struct netconf_client *c = client();
	ask_ok(c, EDIT("running", "",
	                  ZONE("inside", "eth1") "<notification " PC "><hold-down>200</hold-down></notification>"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *config = xasprintf("<get-config><source><running/></source><with-defaults " WD
		                         ">%s</with-defaults></get-config>",
		        cases[i].mode);
		char *get = xasprintf("<get><with-defaults " WD ">%s</with-defaults></get>", cases[i].mode);
		ask_has(c, config, cases[i].has, cases[i].has_not);
		ask_has(c, get, cases[i].has, cases[i].has_not);
		ask_has(c, get, "<conformance", NULL);
		free(config);
		free(get);
	}
	ask_has(c, GET_CONFIG("running"), "<hold-down>200</hold-down>", "<enable>");
	netconf_client_close(c);
	bool ended;
	int fd = raw();
	char *hello = read_until(fd, "]]>]]>", 1, &ended);
	ck_assert_ptr_nonnull(strstr(hello, ":with-defaults:1.0?basic-mode=explicit&amp;also-supported="));
	free(hello);
	close(fd);
}
END_TEST

/* Limits */

#define LIMITS(body) "<netconf-server " PC "><limits>" body "</limits></netconf-server>"

static void check_too_big(const char *rpc, const char *text)
{
	char *reply = last_word(rpc);
	ck_assert_msg(strstr(reply, "<error-tag>too-big</error-tag>") != NULL && strstr(reply, text) != NULL,
	        "'%s' is not in %s", text, reply);
	free(reply);
}

static char *rpc_of(const char *before, const char *unit, size_t n, const char *after)
{
	struct text t = {0};
	text_add(&t, "<rpc xmlns=\"" BASE "\" message-id=\"1\">");
	text_add(&t, before);
	for (size_t i = 0; i < n; i++)
		text_add(&t, unit);
	text_add(&t, after);
	text_add(&t, "</rpc>");
	return text_take(&t);
}

START_TEST(takes_its_limits_from_the_configuration)
{
	struct netconf_client *c = client();
	char *wide = rpc_of("<get><filter>", "<a " PC "/>", 101, "</filter></get>");
	char *deep = rpc_of("<get><filter>", "<a xmlns=\"urn:x\">", 15, "");
	char *long_one = rpc_of("<get><filter><a xmlns=\"urn:x\">", "0123456789", 7000, "</a></filter></get>");
	char *reply = last_word(wide);
	ck_assert_msg(strstr(reply, "<data") != NULL, "%s", reply);
	free(reply);
	ask_ok(c, EDIT("running", "",
	                  LIMITS("<message-size>65536</message-size><depth>16</depth><children>100</children>")));
	check_too_big(wide, "child number 101; the limit of children is 100");
	check_too_big(deep, "nest 17 deep; the limit is 16");
	check_too_big(long_one, "more bytes is longer than 65536, the limit");
	ask_ok(c, EDIT("running", "<default-operation>replace</default-operation>", ""));
	reply = last_word(wide);
	ck_assert_msg(strstr(reply, "<data") != NULL, "%s", reply);
	free(reply);
	ask_error(c, EDIT("running", "", LIMITS("<depth>3</depth>")), ERR_INVALID, "3");
	free(wide);
	free(deep);
	free(long_one);
	netconf_client_close(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netconf_read");
	TCase *t = tcase_create("read");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, streams_just_what_the_nodes_are);
	tcase_add_loop_test(t, selects_as_libyang_does_from_all_rows, 1, 3);
	tcase_add_test(t, has_no_defaults_in_what_is_streamed);
	tcase_add_test(t, puts_the_stream_beside_the_rest);
	tcase_add_test(t, streams_in_both_framings);
	tcase_add_loop_test(t, bounds_what_a_filter_searches, 0, (int)(sizeof(costs) / sizeof(costs[0])));
	tcase_add_test(t, refuses_a_filter_that_would_search_for_ever);
	tcase_add_test(t, answers_what_follows_a_stream);
	tcase_add_test(t, finishes_with_the_snapshot_that_it_began_with);
	tcase_add_test(t, tells_a_killed_session_no_more);
	tcase_add_test(t, shows_defaults_in_four_modes);
	tcase_add_test(t, takes_its_limits_from_the_configuration);
	suite_add_tcase(s, t);
	TCase *away = tcase_create("away");
	tcase_set_timeout(away, 120);
	tcase_add_checked_fixture(away, setup, teardown);
	tcase_add_test(away, lets_nobody_wait_for_who_stalls_or_leaves);
	suite_add_tcase(s, away);
	return run_suite(s);
}
