/* links: netconf config base */
/*
 * Expressions with "or" and "and": how they are written for libyang, and that they then give what XPath says, also where
 * there is nothing to look at.
 */
#include <libyang/libyang.h>
#include <stdio.h>
#include <string.h>

#include "netconf/filter_path.h"
#include "portcullis/alloc.h"
#include "run_suite.h"

static const struct {
	const char *from, *to; /* to NULL: as it is */
} cases[] = {
        {"", NULL},
        {"/a:z[a:n='x']", NULL},
        {"/a:z[1]", NULL},
        {"a or b", NULL}, /* gives no nodes, and must not seem to */
        {"/or/and", NULL},
        {"/a:or[a:and='or and']", NULL},
        {"/a:z[or]", NULL},
        {"/a:z[* and *]", "/a:z[(boolean(* )*boolean( *))>0]"},
        {"/a:z[2 * or]", NULL},
        {"/a:z[a or b]", "/a:z[(boolean(a )+boolean( b))>0]"},
        {"/a:z[a and b and c]", "/a:z[(boolean(a )*boolean( b )*boolean( c))>0]"},
        {"/a:z[a and b or c]", "/a:z[(boolean(a )*boolean( b )+boolean( c))>0]"},
        {"/a:z[. or ..]", "/a:z[(boolean(. )+boolean( ..))>0]"},
        {"/a:z[a='1'or'x'=b]", "/a:z[(boolean(a='1')+boolean('x'=b))>0]"},
        {"/a:z[(a or b) and c]", "/a:z[(boolean(((boolean(a )+boolean( b))>0) )*boolean( c))>0]"},
        {"/a:z[not(a or b)]", "/a:z[not((boolean(a )+boolean( b))>0)]"},
        {"/a:z[concat(a or b, c)]", "/a:z[concat((boolean(a )+boolean( b))>0, c)]"},
        {"/a:z[a-or or b]", "/a:z[(boolean(a-or )+boolean( b))>0]"},
        {"/a:z[a[b or c]]", "/a:z[a[(boolean(b )+boolean( c))>0]]"},
        {"/a:z[a = or]", NULL},
        {"/a:z[a", NULL},
        {"/a:z[a or", "/a:z[(boolean(a )+boolean())>0"},
        {"/a:z['a or b", NULL},
        {")]", NULL},
};

START_TEST(writes_logic_as_numbers)
{
	char *got = filter_logic_rewrite(cases[_i].from);
	const char *want = cases[_i].to != NULL ? cases[_i].to : cases[_i].from;
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s, not %s", cases[_i].from, got, want);
	free(got);
}
END_TEST

static const char module[] =
        "module a{namespace urn:a;prefix a;container d{list z{key n;leaf n{type string;}leaf v{type "
        "string;}leaf w{type int32;}}} container c{list z{key n;leaf n{type string;}}}}";
static const char data[] = "<d xmlns='urn:a'><z><n>p</n><v>1</v><w>7</w></z><z><n>q</n><v>2</v></z><z><n>r</n></z></d>";

static const struct {
	const char *expression;
	int nodes; /* -1: it gives none */
} expressions[] = {
        {"/a:c/a:z[a:n='p' or a:n='q']", 0},
        {"/a:c/a:z[a:n='p' and a:n='q']", 0},
        {"/a:c/a:z[not(a:n='p' or a:n='q')]/a:n", 0},
        {"/a:c/a:z[a:n='p' or a:n='q'] | /a:d/a:z", 3},
        {"/a:d/a:z[a:n='p' or a:n='q']", 2},
        {"/a:d/a:z[a:n='p' or a:n='q'][a:v='2']", 1},
        {"/a:d/a:z[a:n='x' or a:n='y']/a:v", 0},
        {"/a:d/a:z[a:n='x'][a:v='1' or a:v='2']", 0},
        {"/a:d/a:z[a:v and a:w]", 1},
        {"/a:d/a:z[a:v and not(a:w) or a:n='r']", 2},
        {"/a:d/a:z[(a:v or a:w) and (a:n='p' or a:n='r')]", 1},
        {"/a:d/a:z[a:n[.='p' or .='r']]", 2},
        {"/a:d/a:z[position()=1 or position()=3]", 2},
        {"/a:d/a:z[a:w > 5 and a:w < 8]", 1},
        {"/a:d/a:z[contains(a:n,'p') or starts-with(a:v,'2')]", 2},
        {"//a:z[a:n='p' or a:v='2']", 2},
        {"/a:d or /a:c", -1},
        {"count(/a:d)", -1},
};

START_TEST(gives_what_xpath_says)
{
	struct ly_ctx *ctx = NULL;
	struct lyd_node *tree = NULL;
	struct ly_set *set = NULL;
	ly_log_options(LY_LOSTORE_LAST);
	ck_assert_int_eq(ly_ctx_new(NULL, LY_CTX_DISABLE_SEARCHDIRS, &ctx), LY_SUCCESS);
	ck_assert_int_eq(lys_parse_mem(ctx, module, LYS_IN_YANG, NULL), LY_SUCCESS);
	ck_assert_int_eq(lyd_parse_data_mem(ctx, data, LYD_XML, LYD_PARSE_ONLY, 0, &tree), LY_SUCCESS);
	char *evaluated = filter_logic_rewrite(expressions[_i].expression);
	int got = lyd_find_xpath3(NULL, tree, evaluated, NULL, &set) == LY_SUCCESS ? (int)set->count : -1;
	ck_assert_msg(got == expressions[_i].nodes, "%s: %d nodes, not %d; %s: %s", expressions[_i].expression, got,
	        expressions[_i].nodes, evaluated, got < 0 ? ly_errmsg(ctx) : "");
	free(evaluated);
	ly_set_free(set, NULL);
	lyd_free_all(tree);
	ly_ctx_destroy(ctx);
}
END_TEST

START_TEST(leaves_alone_what_is_too_deep)
{
	char *deep = xcalloc(1, 20000);
	memset(deep, '(', 9000);
	strcpy(deep + 9000, "a or b");
	char *got = filter_logic_rewrite(deep);
	ck_assert_str_eq(got, deep);
	free(got);
	free(deep);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("filter logic");
	TCase *t = tcase_create("logic");
	tcase_add_loop_test(t, writes_logic_as_numbers, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(t, gives_what_xpath_says, 0, sizeof(expressions) / sizeof(expressions[0]));
	tcase_add_test(t, leaves_alone_what_is_too_deep);
	suite_add_tcase(s, t);
	return run_suite(s);
}
