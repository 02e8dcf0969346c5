/* links: netconf usage nft config conformance catalog compile ruleset base */
/*
 * The own table over NETCONF: boxes as XML and as nodes, statistics of explicit rules, what is shown where the kernel has no
 * table or cannot be read, who may see it, and ten thousand boxes at once.
 */
#include "access_scene.h"
#include "usage_scene.h"

#define USE_OF(inner) "<get><filter><firewall-use " PC ">" inner "</firewall-use></filter></get>"
#define GET_USE "<get><filter><firewall-use " PC "/></filter></get>"
#define GET_RULES "<get><filter><firewall " PC "><rule/></firewall></filter></get>"
#define FIREWALL_RULE(name) "<rule><name>" name "</name><actions><forwarding>drop</forwarding></actions></rule>"
#define FIREWALL(rules) "<firewall " PC ">" rules "</firewall>"

static void begin_with(size_t n_box)
{
	kernel_begin(n_box);
	kernel_rule("rule a")->packets = 12;
	kernel_rule("rule b: c");
	kernel_rule("rule nowhere");
	kernel.table.set[0].element[1].packets = 18446744073709551615u;
	kernel.table.set[0].element[1].bytes = 99;
	scene_usage = usage_begun(NULL, "boot");
	setup_open();
	ask_ok(root, EDIT("running", "", FIREWALL(FIREWALL_RULE("b") FIREWALL_RULE("a") FIREWALL_RULE("z"))));
}

static void begin(void)
{
	begin_with(3);
}

static void end(void)
{
	teardown_open();
	usage_free(scene_usage);
	scene_usage = NULL;
	kernel_end();
}

/* libyang writes times in its own way. */
static char *ask_utc(const char *operation)
{
	char *reply = ask(root, operation), *to = reply;

	for (const char *from = reply; *from != '\0'; to++) {
		bool zone = strncmp(from, "+00:00", 6) == 0;

		*to = zone ? 'Z' : *from;
		from += zone ? 6 : 1;
	}
	*to = '\0';
	return reply;
}

START_TEST(boxes_are_told)
{
	char *streamed, *built;

	kernel_pushed(scene_usage);
	streamed = ask(root, GET_USE);
	ck_assert_ptr_nonnull(strstr(streamed, "<status>present</status>"));
	ck_assert_uint_eq(count_of(streamed, "<box>"), 3);
	ck_assert_ptr_nonnull(
	        strstr(streamed, "<comment>some/label</comment><path>forward</path><family>ipv4</family>"
	                         "<transport>tcp</transport><source>10.0.0.0/8</source><destination>10.1.0.0/16"
	                         "</destination><source-ports>1024-65535</source-ports><ports>5001</ports>"
	                         "<matched-packets>18446744073709551615</matched-packets>"
	                         "<matched-octets>99</matched-octets><since>2023-11-14T22:13:20Z</since>"));
	/* The same as nodes, where a filter selects parts. */
	built = ask_utc(USE_OF("<status/><read/><box><family>ipv4</family></box>"));
	ck_assert_str_eq(built, streamed);
	free(built);
	free(streamed);
	ask_has(root, USE_OF("<box><ports>5002</ports></box>"), "5002", "5001");
	ask_has(root, USE_OF("<read/>"), "<read>2023-11-14T22:13:20Z</read>", "box");
	ask_has(root, "<get/>", "<firewall-use", NULL);
	ask_has(root, "<get/>", "<conformance", NULL);
	ck_assert_uint_eq(kernel.dumps, 1);
}
END_TEST

START_TEST(rules_have_statistics)
{
	char *reply;

	ask_has(root, GET_RULES, "<name>a</name>", "statistics");
	kernel_pushed(scene_usage);
	reply = ask_utc(GET_RULES);
	ck_assert_uint_eq(count_of(reply, "<statistics>"), 2);
	const char *b = strstr(reply, "<name>b</name>"), *a = strstr(reply, "<name>a</name>"),
	           *z = strstr(reply, "<name>z</name>");
	ck_assert(b != NULL && a != NULL && z != NULL && b < a && a < z);
	ck_assert_ptr_nonnull(
	        strstr(a, "<statistics><matched-packets>12</matched-packets><matched-octets>0</matched-octets>"
	                  "<since>2023-11-14T22:13:20Z</since></statistics></rule>"));
	ck_assert_ptr_null(strstr(z, "statistics"));
	free(reply);
	reply = ask(root, "<get><filter><firewall " PC
	                  "><rule><statistics><matched-packets/></statistics></rule></firewall></filter></get>");
	ck_assert_uint_eq(count_of(reply, "<matched-packets>"), 2);
	ck_assert_uint_eq(count_of(reply, "<forwarding>"), 0);
	free(reply);
	ask_has(root, "<get-config><source><running/></source></get-config>", "<name>a</name>", "statistics");
}
END_TEST

START_TEST(kernel_that_cannot_be_read_is_told)
{
	ask_has(root, GET_USE, "<status>absent</status>", "<box>");
	kernel_pushed(scene_usage);
	kernel.fails = true;
	ask_has(root, GET_USE, "<status>unreadable</status><unreadable>nf_tables is gone</unreadable>", "<read>");
	ask_has(root, GET_RULES, "<name>a</name>", "statistics");
	kernel.fails = false;
	kernel.handle = 0;
	pass_ms(2000);
	ask_has(root, GET_USE, "<status>absent</status>", "<box>");
}
END_TEST

/* All of it, or parts; the protected ones are default-deny-all. */
START_TEST(who_may_not_read_gets_nothing)
{
	struct netconf_client *one;

	kernel_pushed(scene_usage);
	one = client_as(ONE);
	ask_has(one, GET_USE, NULL, "firewall-use");
	ask_has(one, GET_RULES, NULL, "firewall");
	ask_has(one, "<get/>", NULL, "matched-packets");
	ask_ok(root, RULES(MEMBER("g", ONE) LIST("l", "g",
	                     RULE("count", PATH("/p:firewall-use/p:box/p:matched-packets") OPS("read"), "deny")
	                             RULE("table", PATH("/p:firewall-use") OPS("read"), "permit") RULE(
	                                     "firewall", PATH("/p:firewall/p:rule/p:name") OPS("read"), "permit"))));
	ask_has(one, GET_USE, "<matched-octets>99</matched-octets>", "matched-packets");
	ask_has(one, GET_RULES, NULL, "statistics");
	netconf_client_close(one);
}
END_TEST

static void begin_many(void)
{
	begin_with(10000);
}

START_TEST(ten_thousand_boxes_are_streamed)
{
	struct timespec from, to;
	char *reply;

	kernel_pushed(scene_usage);
	clock_gettime(CLOCK_MONOTONIC, &from);
	reply = ask(root, GET_USE);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_uint_eq(count_of(reply, "<box>"), 10000);
	printf("10000 boxes, %zu bytes: %.0f ms\n", strlen(reply),
	        (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	free(reply);
	reply = ask(root, USE_OF("<box><ports>14999</ports></box>"));
	ck_assert_uint_eq(count_of(reply, "<box>"), 1);
	free(reply);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netconf-firewall-use");
	TCase *t = tcase_create("use"), *many = tcase_create("many");

	if (geteuid() != 0) {
		puts("skipped: needs root, to be other users");
		return 77;
	}
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, boxes_are_told);
	tcase_add_test(t, rules_have_statistics);
	tcase_add_test(t, kernel_that_cannot_be_read_is_told);
	tcase_add_test(t, who_may_not_read_gets_nothing);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(many, begin_many, end);
	tcase_set_timeout(many, 120);
	tcase_add_test(many, ten_thousand_boxes_are_streamed);
	suite_add_tcase(s, many);
	return run_suite(s);
}
