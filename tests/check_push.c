/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Configurations on their way into a real kernel: put in place, refused, taken back and undone, while another table stays as
 * it is.
 */
#include "push_scene.h"

START_TEST(observe_writes_nothing)
{
	ck_assert_int_eq(commit("", ""), DONE);
	ck_assert(!has("portcullis"));
}
END_TEST

START_TEST(enforce_puts_the_table_in_and_observe_takes_it_out)
{
	char *before, *after;

	run(OTHER);
	before = listed();
	ck_assert_msg(commit("", ENFORCE) == DONE, "%s", err.text);
	ck_assert(has("required-forward4") && has("table inet other"));
	ck_assert_msg(commit(ENFORCE, "") == DONE, "%s", err.text);
	after = listed();
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
}
END_TEST

START_TEST(gate_rejects_what_breaks_a_flow)
{
	char *before, *after;

	ck_assert_int_eq(commit("", REJECT), DONE);
	before = listed();
	ck_assert_int_eq(commit(REJECT, REJECT CLIENTS_DROPPED), REFUSED);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_msg(strstr(err.where, " clients>") != NULL, "%s", err.where);
	ck_assert_msg(strstr(err.text, "would be blocked by inet portcullis forward: ip") != NULL &&
	                      strstr(err.text, "for example tcp 10.10.") != NULL && strstr(err.text, " more") != NULL,
	        "%s", err.text);
	/* A gate that is opened by the same commit is still closed. */
	ck_assert_int_eq(commit(REJECT, ENFORCE ",\"commit-gate\":\"off\"" CLIENTS_DROPPED), REFUSED);
	after = listed();
	ck_assert_str_eq(after, before);
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), DONE);
	ck_assert(has("rule x"));
	free(before);
	free(after);
}
END_TEST

static void other_table_drops(void)
{
	run("insert rule inet other c ip saddr 10.10.0.0/16 drop");
}

START_TEST(what_another_table_drops_meanwhile_is_told_and_goes_back)
{
	char *before, *after;

	run(OTHER);
	ck_assert_int_eq(commit("", REJECT), DONE);
	before = listed();
	meanwhile = other_table_drops;
	ck_assert_int_eq(
	        commit(REJECT, REJECT RULE("y", "\"transport\":[\"tcp\"],\"destination\":{\"port\":[{\"lower\":9}]}",
	                               "accept")),
	        FAILED);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_msg(strstr(err.text, "by inet other c: ip saddr 10.10.0.0/16 drop") != NULL, "%s", err.text);
	ck_assert(!has("rule y"));
	run("delete table inet other");
	run(OTHER);
	after = listed();
	ck_assert_int_eq((int)strlen(after), (int)strlen(before));
	free(before);
	free(after);
	/* Where the gate warns it stays. */
	meanwhile = other_table_drops;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE RULE("y", "\"transport\":[\"tcp\"]", "accept")), DONE);
	ck_assert(has("rule y"));
}
END_TEST

START_TEST(way_back_is_the_very_table_that_was)
{
	char *before, *after;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	before = listed();
	ck_assert_int_eq(change(ENFORCE, ENFORCE CLIENTS_DROPPED, true, false, false, NULL), WAITS);
	ck_assert_int_eq(change(ENFORCE, ENFORCE ",\"scope\":\"all\"", true, false, false, NULL), WAITS);
	ck_assert(!has("scope bound-groups"));
	ck_assert_msg(change(ENFORCE, ENFORCE, false, true, false, NULL) == DONE, "%s", err.text);
	after = listed();
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
	/* To none at all, too. */
	ck_assert_int_eq(commit(ENFORCE, ""), DONE);
	ck_assert_int_eq(change("", ENFORCE, true, false, false, NULL), WAITS);
	ck_assert(has("portcullis"));
	ck_assert_int_eq(change(ENFORCE, "", false, true, false, NULL), DONE);
	ck_assert(!has("portcullis"));
}
END_TEST

START_TEST(what_the_journal_does_not_take_is_undone)
{
	char *before, *after;

	ck_assert_int_eq(change("", ENFORCE, false, false, true, NULL), UNDONE);
	ck_assert(!has("portcullis"));
	ck_assert_int_eq(commit("", ENFORCE), DONE);
	before = listed();
	ck_assert_int_eq(change(ENFORCE, ENFORCE CLIENTS_DROPPED, false, false, true, NULL), UNDONE);
	after = listed();
	ck_assert_str_eq(after, before);
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), DONE);
	ck_assert(has("rule x"));
	free(before);
	free(after);
}
END_TEST

#define INPUT_DROPPED RULE("all", "\"path\":\"input\"", "drop")

static void network_is(const char *address, const char *route)
{
	struct net_route *r;

	network.address = xgrow(network.address, network.n_address, &network.cap_address, sizeof(*network.address));
	network.address[network.n_address] = (struct net_address){0};
	snprintf(network.address[network.n_address].ifname, IFNAME_SIZE, "e0");
	network.address[network.n_address].address = text_range(address, &network.address[network.n_address].family).lo;
	network.n_address++;
	network.route = xgrow(network.route, network.n_route, &network.cap_route, sizeof(*network.route));
	r = &network.route[network.n_route++];
	*r = (struct net_route){0};
	r->destination = text_range(route, &r->family);
	r->prefix_length = range_prefix_length(r->family, r->destination);
	snprintf(r->ifname, sizeof(r->ifname), "e0");
	network.known = true;
}

START_TEST(session_is_never_cut_off_but_by_a_confirmed_commit)
{
	struct flow_peer peer = {.family = FAMILY_IPV4, .port = 22};
	enum family f;

	peer.address = text_range("10.40.0.3", &f).lo;
	peer.local = text_range("10.40.0.1", &f).lo;
	network_is("10.40.0.1", "10.40.0.0/24");
	ck_assert_int_eq(change(ENFORCE, ENFORCE INPUT_DROPPED, false, false, false, &peer), REFUSED);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_str_eq(err.where, "management session>10.40.0.1 ipv4");
	ck_assert(!has("portcullis"));
	ck_assert_int_eq(change(ENFORCE, ENFORCE INPUT_DROPPED, true, false, false, &peer), WAITS);
	ck_assert(has("rule all"));
	ck_assert_int_eq(change(ENFORCE, "", false, true, false, NULL), DONE);
	ck_assert(!has("portcullis"));
	/* Whatever the gate says. */
	ck_assert_int_eq(change(ENFORCE ",\"commit-gate\":\"off\"", ENFORCE ",\"commit-gate\":\"off\"" INPUT_DROPPED,
	                         false, false, false, &peer),
	        REFUSED);
	/* A peer that is listed is let in before any rule. */
	ck_assert_int_eq(change(ENFORCE,
	                         ENFORCE ",\"management-access\":[{\"name\":\"a\",\"source\":[\"10.40.0.0/28\"],"
	                                 "\"port\":{\"lower\":22}}]" INPUT_DROPPED,
	                         false, false, false, &peer),
	        DONE);
}
END_TEST

START_TEST(counters_go_on)
{
	char command[] = "ip link set lo up && for i in 1 2 3; do echo x > /dev/udp/127.0.0.1/9; done";
	char *argv[] = {"bash", "-c", command, NULL};
	pid_t pid;
	int status;
	FILE *f;
	long packets = 0;

	ck_assert_int_eq(commit("", ENFORCE INPUT_DROPPED), DONE);
	if ((pid = fork()) == 0) {
		execvp("bash", argv);
		_exit(1);
	}
	ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
	ck_assert_int_eq(commit(ENFORCE INPUT_DROPPED, ENFORCE INPUT_DROPPED ",\"scope\":\"all\""), DONE);
	f = popen("nft list chain inet portcullis input | sed -n 's/.*packets \\([0-9]*\\) .*loopback.*/\\1/p'", "r");
	ck_assert_int_eq(fscanf(f, "%ld", &packets), 1);
	pclose(f);
	ck_assert_int_ge(packets, 3);
}
END_TEST

static int refuse(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	(void)self;
	(void)batch;
	memset(answer, 0, sizeof(*answer));
	return error_set(e, ERR_INVALID, "rule x", "the kernel refuses it");
}

START_TEST(what_the_kernel_refuses_is_not_tried)
{
	int (*check)(void *, const struct nft_batch *, struct nft_answer *, struct error *) = nft.check;

	nft.check = refuse;
	begin_push();
	ck_assert_int_eq(commit("", ENFORCE), REFUSED);
	ck_assert_str_eq(err.where, "rule x");
	ck_assert(!has("portcullis"));
	nft.check = check;
	nft.replace = refuse;
	begin_push();
	ck_assert_int_eq(commit("", ENFORCE), FAILED);
	ck_assert(!has("portcullis"));
}
END_TEST

/* The kernel did it, and its answer is lost. */
static int lose_answer(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	ck_assert_int_eq(real_replace(self, batch, answer, e), 0);
	return error_set(e, ERR_IO, NULL, "lost");
}

/* The kernel did not do it, and its answer is lost. */
static int lose_request(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	(void)self;
	(void)batch;
	memset(answer, 0, sizeof(*answer));
	return error_set(e, ERR_IO, NULL, "lost");
}

static int no_dump(void *self, struct nft_dump *out, struct error *e)
{
	(void)self;
	*out = (struct nft_dump){0};
	return error_set(e, ERR_UNAVAILABLE, "nf_tables", "the kernel does not answer: load the module nf_tables");
}

START_TEST(without_nf_tables_nothing_is_done)
{
	char *before, *after;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	before = listed();
	nft.dump = no_dump;
	begin_push();
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), REFUSED);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert(strstr(err.text, "load the module nf_tables") != NULL);
	after = listed();
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
}
END_TEST

START_TEST(answer_that_is_lost_says_nothing)
{
	nft.replace = lose_answer;
	begin_push();
	ck_assert_msg(commit("", ENFORCE) == DONE, "%s", err.text);
	ck_assert(has("portcullis"));
	run("flush ruleset");
	nft.replace = lose_request;
	begin_push();
	ck_assert_int_eq(commit("", ENFORCE), FAILED);
	ck_assert_msg(strstr(err.text, "read back") != NULL, "%s", err.text);
	ck_assert(!has("portcullis"));
}
END_TEST

/* One element goes, another one of the same size comes. */
static void element_goes(void)
{
	run("delete element inet portcullis " REQUIRED " { 10.10.0.0/16 . 10.20.1.100 . tcp . 1024-65535 . 443 }\n"
	    "add element inet portcullis " REQUIRED " { 10.10.0.0/16 . 10.20.1.100 . tcp . 1024-65535 . 444 }");
}

/* Somebody changes the table between the kernel's answer and the look at it. */
static int replace_and_meddle(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	int result = real_replace(self, batch, answer, e);

	if (meanwhile != NULL)
		meanwhile();
	meanwhile = NULL;
	return result;
}

START_TEST(what_is_read_back_is_compared_to_the_element)
{
	nft.replace = replace_and_meddle;
	begin_push();
	ck_assert_int_eq(commit("", ENFORCE), DONE);
	meanwhile = element_goes;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), FAILED);
	ck_assert_msg(strstr(err.text, "read back") != NULL, "%s", err.text);
	ck_assert(!has("rule x") && has("required-forward4"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push");
	TCase *t = tcase_create("push");

	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, observe_writes_nothing);
	tcase_add_test(t, enforce_puts_the_table_in_and_observe_takes_it_out);
	tcase_add_test(t, gate_rejects_what_breaks_a_flow);
	tcase_add_test(t, what_another_table_drops_meanwhile_is_told_and_goes_back);
	tcase_add_test(t, way_back_is_the_very_table_that_was);
	tcase_add_test(t, what_the_journal_does_not_take_is_undone);
	tcase_add_test(t, session_is_never_cut_off_but_by_a_confirmed_commit);
	tcase_add_test(t, counters_go_on);
	tcase_add_test(t, what_the_kernel_refuses_is_not_tried);
	tcase_add_test(t, answer_that_is_lost_says_nothing);
	tcase_add_test(t, without_nf_tables_nothing_is_done);
	tcase_add_test(t, what_is_read_back_is_compared_to_the_element);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
