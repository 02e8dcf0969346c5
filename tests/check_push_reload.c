/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Firewalls that load their rules anew while a push is under way, or later: `flush ruleset` takes our table with it, and
 * iptables-restore does not. A push ends in the table that was there or in the new one, never in none, and a start brings it
 * back.
 */
#include "coexist_iptables.h"

#define FIREWALL                                                                                                       \
	"table inet filter {\n\tset inside {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\t"                            \
	"elements = { 10.0.0.0/8 }\n\t}\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n\t" \
	"\tct state established,related accept\n\t\tip saddr @inside ip daddr @inside accept\n\t\t"                    \
	"ip6 saddr fd00::/8 accept\n\t}\n}\ntable ip nat {\n\tchain post {\n\t\t"                                      \
	"type nat hook postrouting priority 100;\n\t\toifname \"lan0\" ip saddr 192.168.0.0/16 masquerade\n\t}\n}\n"

/* As nftables.service and most scripts do it. */
static void reloads(void)
{
	run("flush ruleset\n" FIREWALL);
}

static void reloads_without_ipv6(void)
{
	run("flush ruleset\n" FIREWALL "flush chain inet filter forward\n"
	    "add rule inet filter forward ip saddr 10.0.0.0/8 accept\n");
}

START_TEST(firewall_loaded_anew_before_the_kernel_is_asked_changes_nothing)
{
	char *with, *after;

	run(FIREWALL);
	push_all_kinds();
	ck_assert_int_eq(commit("", REJECT), DONE);
	meanwhile = reloads;
	ck_assert_msg(commit(REJECT, REJECT ANOTHER) == DONE, "%s", err.text);
	with = said("nft -s list table inet portcullis");
	ck_assert(has("rule y") && has("table inet filter") && has("masquerade"));
	/* The same again, alone. */
	run("flush ruleset\n" FIREWALL);
	ck_assert_msg(commit(REJECT ANOTHER, REJECT ANOTHER) == DONE, "%s", err.text);
	after = said("nft -s list table inet portcullis");
	ck_assert_str_eq(after, with);
	free(with);
	free(after);
}
END_TEST

START_TEST(firewall_that_comes_back_stricter_is_told)
{
	run(FIREWALL);
	ck_assert_int_eq(commit("", REJECT), DONE);
	meanwhile = reloads_without_ipv6;
	ck_assert_int_eq(commit(REJECT, REJECT ANOTHER), FAILED);
	ck_assert_msg(strstr(err.text, "ipv6 is blocked by inet filter forward: policy drop") != NULL, "%s", err.text);
	ck_assert(!has("rule y") && has("required-forward4") && has("masquerade"));
}
END_TEST

static void (*afterwards)(void);

static int replace_then(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	void (*once)(void) = afterwards;
	int result = real_replace(self, batch, answer, e);

	afterwards = NULL;
	if (once != NULL)
		once();
	return result;
}

/* Our table goes with the rest, between the kernel's answer and the look at it. */
START_TEST(firewall_loaded_anew_after_the_kernel_was_asked_is_a_failed_commit)
{
	char *before, *after, *others_before;

	run(FIREWALL);
	nft.replace = replace_then;
	begin_push();
	ck_assert_int_eq(commit("", REJECT), DONE);
	before = said("nft -s list table inet portcullis");
	others_before = listed();
	afterwards = reloads;
	ck_assert_int_eq(commit(REJECT, REJECT ANOTHER), FAILED);
	ck_assert_msg(
	        strstr(err.text, "read back") != NULL && strstr(err.text, "commit again") != NULL, "%s", err.text);
	/* What was there before is there again. */
	after = said("nft -s list table inet portcullis");
	ck_assert_str_eq(after, before);
	free(after);
	after = listed();
	ck_assert_str_eq(after, others_before);
	ck_assert_msg(commit(REJECT, REJECT ANOTHER) == DONE, "%s", err.text);
	free(others_before);
	free(before);
	free(after);
}
END_TEST

START_TEST(start_brings_back_what_another_firewall_flushed)
{
	char *before, *others_before;
	struct site *site = site_of(ENFORCE);

	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s", err.text);
	before = said("nft -s list table inet portcullis");
	reloads();
	ck_assert(!has("portcullis"));
	others_before = others();
	begin_push();
	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s", err.text);
	others_are(others_before, "start");
	char *after = said("nft -s list table inet portcullis");
	ck_assert_str_eq(after, before);
	free(others_before);
	free(before);
	free(after);
	site_free(site);
}
END_TEST

static void docker_restores(void)
{
	restore(DOCKER(LET_IN));
}

START_TEST(iptables_restore_leaves_our_table_and_we_leave_its_rules)
{
	char *before, *restored;

	/* What iptables-restore makes, without us. */
	restore(CLASSIC);
	restore(DOCKER(LET_IN));
	restored = said("iptables-save " WITHOUT_COUNTERS);
	restore(CLASSIC);
	ck_assert_int_eq(commit("", REJECT), DONE);
	meanwhile = docker_restores;
	ck_assert_msg(commit(REJECT, REJECT ANOTHER) == DONE, "%s", err.text);
	char *now = said("iptables-save " WITHOUT_COUNTERS);
	ck_assert_str_eq(now, restored);
	before = said("nft -s list table inet portcullis");
	restore(CLASSIC);
	char *after = said("nft -s list table inet portcullis");
	ck_assert_str_eq(after, before);
	free(restored);
	free(before);
	free(after);
	free(now);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-reload");
	TCase *t = tcase_create("push-reload");

	if (geteuid() != 0 || system("command -v iptables-nft iptables-restore >/dev/null") != 0) {
		puts("skipped: needs root, for network namespaces, and iptables");
		return 77;
	}
	tcase_add_checked_fixture(t, begin_device, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, firewall_loaded_anew_before_the_kernel_is_asked_changes_nothing);
	tcase_add_test(t, firewall_that_comes_back_stricter_is_told);
	tcase_add_test(t, firewall_loaded_anew_after_the_kernel_was_asked_is_a_failed_commit);
	tcase_add_test(t, start_brings_back_what_another_firewall_flushed);
	tcase_add_test(t, iptables_restore_leaves_our_table_and_we_leave_its_rules);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
