/* links: conformance verify deployment catalog base */
/*
 * What verdicts do not see is told: each scene has a device's routes and settings and the flows that cross it, and each
 * verification what its ruleset hides. What does not concern a flow is not told.
 */
#include "flow_scene.h"
#include "portcullis/conformance.h"
#include "portcullis/text.h"

#define SITE                                                                                                           \
	"role 1 server server\nrole 2 client client\nrequirement 1 p/a listener=server from=client flow=tcp:443\n"     \
	"group 1 clients roles=client address=10.1.0.0/24\ngroup 2 servers roles=server address=10.2.0.10\n"           \
	"group 3 clients6 roles=client address=2001:db8:1::/64\ngroup 4 servers6 roles=server "                        \
	"address=2001:db8:2::10\ndeployment 1 site groups=clients,servers%s\n"
#define ROUTES                                                                                                         \
	"route 10.1.0.0/24 lan0\nroute 10.2.0.0/24 srv0\nroute 2001:db8:1::/64 lan0\nroute 2001:db8:2::/64 srv0\n"

static void add_line(void *ctx, const char *text)
{
	text_addf(ctx, "%s|", text);
}

static const struct {
	const char *name, *groups, *lines, *want;
} scenes[] = {
        {"nothing_is_hidden", "", ROUTES "setting lan0\nsetting srv0 off=1 rp=1\n", ""},
        {"settings_are_not_known", "", ROUTES, ""},
        {"loose_is_no_caveat", "", ROUTES "setting lan0 rp=2\n", ""},
        {"does_not_forward", "", ROUTES "setting lan0 off=1\nsetting srv0\n",
                "IPv4 packets that arrive on lan0 are not forwarded, whatever the ruleset says: forwarding is off "
                "there|"},
        {"strict", "", ROUTES "setting lan0 rp=1\nsetting srv0 rp=1\n",
                "IPv4 packets that arrive on lan0 are dropped when the route back to their "
                "source leads elsewhere: rp_filter is strict there|"},
        {"ipv6_without_a_flow_of_it", "", ROUTES "setting ipv6 off=1\n", ""},
        {"ipv6", ",clients6,servers6", ROUTES "setting ipv6 off=1\n",
                "IPv6 packets are not forwarded, whatever the ruleset says: net.ipv6.conf.all.forwarding is off|"},
        {"input_needs_no_forwarding", "", "local 10.2.0.10 srv0\n" ROUTES "setting lan0 off=1\n", ""},
        {"an_interface_that_is_not_known_may_be_each", "",
                "route 10.1.0.0/24 ?\nroute 10.2.0.0/24 srv0\nsetting lo off=1\nsetting lan0 off=1\nsetting dmz0 "
                "off=1\n",
                "IPv4 packets that arrive on dmz0, lan0 are not forwarded, whatever the ruleset says: forwarding is "
                "off "
                "there|1 routes have next hops that cannot be told: flows over these are indeterminate|"},
        {"no_network", "", "",
                "addresses and routes of the device are not known: the path is taken as forward, between the zones of "
                "the groups|"},
};

START_TEST(tells_what_can_keep_flows_from_passing)
{
	struct text told = {0};
	struct error err = {0};
	struct flows flows;
	struct scene s;
	char *site = xasprintf(SITE, scenes[_i].groups), *in = xasprintf("%s%s", site, scenes[_i].lines);

	scene_read(&s, in);
	ck_assert_msg(!flows_derive(&s.site, &s.catalog, &s.net, 0, &flows, &err), "%s: %s", scenes[_i].name, err.text);
	flows_each_caveat(&flows, &s.net, add_line, &told);
	ck_assert_msg(!strcmp(text_str(&told), scenes[_i].want), "%s: %s", scenes[_i].name, text_str(&told));
	text_fini(&told);
	flows_fini(&flows);
	scene_fini(&s);
	free(site);
	free(in);
}
END_TEST

START_TEST(names_few_of_many_interfaces)
{
	struct text in = {0}, told = {0};
	struct error err = {0};
	struct flows flows;
	struct scene s;

	text_addf(&in, SITE "route 10.1.0.0/24 ?\nroute 10.2.0.0/24 srv0\n", "");
	for (int i = 10; i < 22; i++)
		text_addf(&in, "setting e%d off=1\n", i);
	scene_read(&s, in.s);
	ck_assert_int_eq(flows_derive(&s.site, &s.catalog, &s.net, 0, &flows, &err), 0);
	flows_each_caveat(&flows, &s.net, add_line, &told);
	ck_assert_ptr_nonnull(strstr(told.s, "on e10, e11, e12, e13, e14, e15, e16, e17 and 4 more are"));
	text_fini(&in);
	text_fini(&told);
	flows_fini(&flows);
	scene_fini(&s);
}
END_TEST

START_TEST(a_verification_tells_what_it_hides)
{
	char site[1024] = "", *caveat[] = {(char *)"in name only"};
	struct openings openings = {.caveat = caveat, .n_caveat = 1, .incomplete = true, .reason = (char *)"so many"};
	struct ruleset rs = {.legacy = (char *)"filter", .foreign_flowtable = (char *)"f"};
	struct text told = {0};
	struct error err = {0};
	struct flows flows;
	struct scene s;

	snprintf(site, sizeof(site), SITE "route 10.1.0.0/24 ?\nroute 10.2.0.0/24 srv0\n", "");
	scene_read(&s, site);
	ck_assert_int_eq(flows_derive(&s.site, &s.catalog, &s.net, 0, &flows, &err), 0);
	conformance_each_caveat(NULL, &openings, &flows, &s.net, add_line, &told);
	ck_assert_str_eq(text_str(&told), "");
	conformance_each_caveat(&rs, &openings, &flows, &s.net, add_line, &told);
	ck_assert_str_eq(text_str(&told),
	        "rules of iptables-legacy exist and cannot be seen: filter|"
	        "flowtable f lets established connections bypass the chains|"
	        "1 routes have next hops that cannot be told: flows over these are indeterminate|"
	        "1 flows have an interface that cannot be told, for example site/p/a#1 clients>servers ipv4: the next "
	        "hop of a "
	        "route cannot be told|"
	        "in name only|there may be more openings than are listed: so many|");
	text_fini(&told);
	flows_fini(&flows);
	scene_fini(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("caveat");
	TCase *tc = tcase_create("caveat");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, tells_what_can_keep_flows_from_passing, 0, sizeof(scenes) / sizeof(scenes[0]));
	tcase_add_test(tc, names_few_of_many_interfaces);
	tcase_add_test(tc, a_verification_tells_what_it_hides);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
