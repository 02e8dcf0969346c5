/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Pushes on devices whose kernel has rules of others: Docker's and a classic firewall's, as iptables-nft makes them, real
 * rulesets of a corpus. Others stay as they are to the byte, and what they stop is told with their chain and rule.
 */
#include <dirent.h>

#include "coexist_iptables.h"

START_TEST(rules_of_iptables_stay_and_let_pass_what_they_did)
{
	static const char *const rules[] = {DOCKER(LET_IN), CLASSIC};
	struct live passes;

	restore(rules[_i]);
	passes = live_of("");
	ck_assert_msg(
	        passes.conformant == passes.checked, "%zu of %zu: %s", passes.conformant, passes.checked, passes.by);
	push_all_kinds();
}
END_TEST

/* A push is no way around a policy that drops: a chain that accepts does not speak for the others. */
START_TEST(policy_of_docker_is_told_as_what_stops_flows)
{
	struct live live;

	restore(DOCKER(""));
	push_all_kinds();
	ck_assert_int_eq(commit("", REJECT), DONE);
	live = live_of(REJECT);
	ck_assert_uint_lt(live.conformant, live.checked);
	/* Docker does not touch IPv6 here. */
	ck_assert_uint_gt(live.conformant, 0);
	ck_assert_str_eq(live.by, "ip filter FORWARD: policy drop");
}
END_TEST

static void docker_forgets_the_operator(void)
{
	shell("iptables -F DOCKER-USER");
}

static void classic_stops_some(void)
{
	shell("iptables -I FORWARD -p tcp -m multiport --dports 5061,443 -j REJECT --reject-with tcp-reset");
}

static void policy_becomes_drop(void)
{
	shell("ip6tables -P FORWARD DROP");
}

START_TEST(what_iptables_stops_meanwhile_is_told_and_goes_back)
{
	static const struct {
		const char *rules;
		void (*meanwhile)(void);
		const char *by;
	} cases[] = {
	        {DOCKER(LET_IN), docker_forgets_the_operator, "is blocked by ip filter FORWARD: policy drop"},
	        {CLASSIC, classic_stops_some,
	                "is blocked by ip filter FORWARD: tcp dport { 443, 5061 } counter reject"},
	        {CLASSIC, policy_becomes_drop, "is blocked by ip6 filter FORWARD: policy drop"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *before, *after;

		restore(cases[i].rules);
		ck_assert_int_eq(commit("", REJECT), DONE);
		before = said("nft list table inet portcullis");
		meanwhile = cases[i].meanwhile;
		ck_assert_int_eq(commit(REJECT, REJECT ANOTHER), FAILED);
		ck_assert_int_eq(err.code, ERR_DENIED);
		ck_assert_msg(strstr(err.text, cases[i].by) != NULL, "%s", err.text);
		after = said("nft list table inet portcullis");
		ck_assert_str_eq(after, before);
		free(before);
		free(after);
		/* What is so is no reason against the next commit. */
		ck_assert_msg(commit(REJECT, REJECT ANOTHER) == DONE, "%s", err.text);
		ck_assert(has("rule y"));
	}
}
END_TEST

START_TEST(what_iptables_stops_meanwhile_is_told_where_the_gate_warns)
{
	struct push_news news;
	bool told = false;

	restore(CLASSIC);
	ck_assert_int_eq(commit("", ENFORCE), DONE);
	meanwhile = policy_becomes_drop;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE ANOTHER), DONE);
	ck_assert(has("rule y"));
	while (push_news_take(push, &news)) {
		told = told || strstr(news.reason, "is blocked by ip6 filter FORWARD: policy drop") != NULL;
		free(news.comment);
		free(news.reason);
	}
	ck_assert(told);
}
END_TEST

/* ---- real rulesets ---- */

#define CORPUS SOURCE_DIR "/../shared/corpus"
#define EVERY 6 /* of the corpus: all of it takes minutes under sanitizers */

static int is_ruleset(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".nft") == 0;
}

/* Files that this kernel and this nft take. */
static size_t push_on(const char *directory, size_t every)
{
	struct dirent **file;
	char *path, *before;
	size_t pushed = 0;
	int n = scandir(directory, &file, is_ruleset, alphasort);

	for (int i = 0; i < n; i++) {
		path = xasprintf("nft -f '%s/%s' 2>/dev/null", directory, file[i]->d_name);
		if ((size_t)i % every == 0) {
			run("flush ruleset");
			if (system(path) == 0) {
				before = others();
				ck_assert_msg(commit("", ENFORCE) == DONE, "%s: %s", path, err.text);
				others_are(before, path);
				ck_assert_msg(commit(ENFORCE, "") == DONE, "%s: %s", path, err.text);
				others_are(before, path);
				free(before);
				pushed++;
			}
		}
		free(path);
		free(file[i]);
	}
	if (n >= 0)
		free(file);
	return pushed;
}

START_TEST(real_rulesets_stay_to_the_byte)
{
	if (access(CORPUS, R_OK) != 0) {
		puts("skipped: no " CORPUS);
		return;
	}
	ck_assert_uint_gt(push_on(CORPUS "/docker", 1), 0);
	ck_assert_uint_gt(push_on(CORPUS "/openwrt-fw4", EVERY), 0);
	ck_assert_uint_gt(push_on(CORPUS "/nft-dumps", EVERY * 6), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-coexist");
	TCase *t = tcase_create("push-coexist");

	if (geteuid() != 0 || system("command -v iptables-nft iptables-restore >/dev/null") != 0) {
		puts("skipped: needs root, for network namespaces, and iptables");
		return 77;
	}
	tcase_add_checked_fixture(t, begin_device, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, rules_of_iptables_stay_and_let_pass_what_they_did);
	tcase_add_test(t, policy_of_docker_is_told_as_what_stops_flows);
	tcase_add_test(t, what_iptables_stops_meanwhile_is_told_and_goes_back);
	tcase_add_test(t, what_iptables_stops_meanwhile_is_told_where_the_gate_warns);
	tcase_add_test(t, real_rulesets_stay_to_the_byte);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
