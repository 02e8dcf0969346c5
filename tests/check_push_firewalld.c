/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Pushes beside Debian's firewalld, which runs here as a library, without its service (tests/firewalld.py): its table stays
 * as it is, what it stops is told with its chain and rule, and both may begin anew while the other is there.
 */
#include "coexist_scene.h"

#define FIREWALLD                                                                                                      \
	"/usr/bin/python3 " SOURCE_DIR "/tests/firewalld.py %s/firewalld public=lan0 trusted=srv0 trusted=dmz0 "

static void firewalld(const char *more)
{
	char command[256];

	snprintf(command, sizeof(command), FIREWALLD "%s >/dev/null", base, more);
	shell(command);
}

static void stops_clients(void)
{
	firewalld("stop=10.10.0.0/16");
}

static void starts_anew(void)
{
	firewalld("");
}

START_TEST(firewalld_stays_and_lets_pass_what_it_did)
{
	struct live passes;

	firewalld("");
	passes = live_of("");
	ck_assert_msg(
	        passes.conformant == passes.checked, "%zu of %zu: %s", passes.conformant, passes.checked, passes.by);
	push_all_kinds();
	firewalld("stop=10.10.0.0/16");
	passes = live_of("");
	ck_assert_str_eq(passes.by, "inet firewalld filter_FWD_policy_inward_deny: ip saddr 10.10.0.0/16 drop");
	push_all_kinds();
}
END_TEST

START_TEST(what_firewalld_stops_meanwhile_is_told_and_goes_back)
{
	firewalld("");
	ck_assert_msg(commit("", REJECT) == DONE, "%s", err.text);
	meanwhile = stops_clients;
	ck_assert_int_eq(commit(REJECT, REJECT ANOTHER), FAILED);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_msg(
	        strstr(err.text,
	                "is blocked by inet firewalld filter_FWD_policy_inward_deny: ip saddr 10.10.0.0/16 drop") !=
	                NULL,
	        "%s", err.text);
	ck_assert(!has("rule y") && has("required-forward4"));
}
END_TEST

START_TEST(firewalld_that_starts_anew_changes_nothing)
{
	char *ours, *now;

	firewalld("");
	ck_assert_int_eq(commit("", REJECT), DONE);
	meanwhile = starts_anew;
	ck_assert_msg(commit(REJECT, REJECT ANOTHER) == DONE, "%s", err.text);
	ours = said("nft -s list table inet portcullis");
	firewalld("");
	now = said("nft -s list table inet portcullis");
	ck_assert_str_eq(now, ours);
	free(now);
	free(ours);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-firewalld");
	TCase *t = tcase_create("push-firewalld");

	if (geteuid() != 0 || system("/usr/bin/python3 -c 'import firewall, nftables' 2>/dev/null") != 0) {
		puts("skipped: needs root, for network namespaces, and python3-firewall with python3-nftables");
		return 77;
	}
	tcase_add_checked_fixture(t, begin_device, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, firewalld_stays_and_lets_pass_what_it_did);
	tcase_add_test(t, what_firewalld_stops_meanwhile_is_told_and_goes_back);
	tcase_add_test(t, firewalld_that_starts_anew_changes_nothing);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
