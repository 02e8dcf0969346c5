/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * The own table exchanged in two transactions, over a real kernel: when one of them is refused, lost or never done, the
 * table is what it was or what it is to be, and no set is left over. Where the kernel has not what was put there, one does.
 */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <signal.h>

#include "push_scene.h"

/* A set of its own. */
#define PORTS RULE("z", "\"transport\":[\"tcp\"],\"destination\":{\"port\":[{\"lower\":9},{\"lower\":11}]}", "accept")
#define ONE_PORT RULE("z", "\"transport\":[\"tcp\"],\"destination\":{\"port\":[{\"lower\":9}]}", "accept")

#define OF_PATH(name, path)                                                                                            \
	"{\"name\":\"" name "\",\"matches\":{\"path\":\"" path "\",\"source\":{\"address\":[\"192.0.2.1\"]}},"         \
	"\"actions\":{\"forwarding\":\"drop\"}}"
#define OUTPUT ",\"rule\":[" OF_PATH("out", "output") "]"
#define INPUT_AND_OUTPUT ",\"rule\":[" OF_PATH("in", "input") "," OF_PATH("out", "output") "]"

static bool has_type(const struct nft_batch *b, unsigned type)
{
	struct nlmsghdr h;

	for (size_t at = 0; at < b->len; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, b->bytes + at, sizeof(h));
		if (NFNL_MSG_TYPE(h.nlmsg_type) == type)
			return true;
	}
	return false;
}

enum kind { WHOLE, ADDS, EXCHANGES, WITHDRAWS, KINDS };

static enum kind kind_of(const struct nft_batch *b)
{
	if (has_type(b, NFT_MSG_DELTABLE))
		return WHOLE;
	if (has_type(b, NFT_MSG_NEWSET))
		return ADDS;
	return has_type(b, NFT_MSG_DELRULE) ? EXCHANGES : WITHDRAWS;
}

/* What becomes of each kind, and how many came. */
enum fate { PASSES, IS_REFUSED, REQUEST_LOST, ANSWER_LOST, KILLS };
static enum fate fate[KINDS];
static int came[KINDS];
static bool elements_came;

static int replace_by_fate(void *self, const struct nft_batch *b, struct nft_answer *answer, struct error *e)
{
	enum kind kind = kind_of(b);
	int result = 0;

	came[kind]++;
	elements_came = elements_came || has_type(b, NFT_MSG_NEWSETELEM);
	memset(answer, 0, sizeof(*answer));
	if (fate[kind] == KILLS)
		raise(SIGKILL);
	if (fate[kind] == IS_REFUSED)
		return error_set(e, ERR_INVALID, "inet portcullis", "the kernel refuses it");
	if (fate[kind] != REQUEST_LOST)
		result = real_replace(self, b, answer, e);
	if (fate[kind] == PASSES)
		return result;
	memset(answer, 0, sizeof(*answer));
	return error_set(e, ERR_IO, NULL, "lost");
}

static int (*real_dump)(void *self, struct nft_dump *out, struct error *err);
static bool unreadable;

static int dump_or_not(void *self, struct nft_dump *out, struct error *e)
{
	return unreadable ? error_set(e, ERR_UNAVAILABLE, NULL, "the other process has ended")
	                  : real_dump(self, out, e);
}

static void begin_exchange(void)
{
	begin();
	memset(fate, 0, sizeof(fate));
	nft.replace = replace_by_fate;
	real_dump = nft.dump;
	nft.dump = dump_or_not;
	unreadable = false;
	begin_push();
	ck_assert_msg(commit("", ENFORCE) == DONE, "%s", err.text);
	memset(came, 0, sizeof(came));
	elements_came = false;
}

static void came_are(int whole, int adds, int exchanges, int withdraws)
{
	const int want[KINDS] = {whole, adds, exchanges, withdraws};

	for (int i = 0; i < KINDS; i++)
		ck_assert_msg(came[i] == want[i], "%d batches of kind %d came, not %d", came[i], i, want[i]);
	memset(came, 0, sizeof(came));
}

static void listed_is(const char *want)
{
	char *now = listed();

	ck_assert_str_eq(now, want);
	free(now);
}

START_TEST(rules_alone_send_no_elements)
{
	ck_assert_msg(commit(ENFORCE, ENFORCE ONE_PORT) == DONE, "%s", err.text);
	came_are(0, 0, 1, 0);
	ck_assert(!elements_came && has("rule z"));
}
END_TEST

START_TEST(new_set_comes_before_its_rules_and_goes_with_them)
{
	char *before = listed();

	ck_assert_msg(commit(ENFORCE, ENFORCE PORTS) == DONE, "%s", err.text);
	came_are(0, 1, 1, 0);
	ck_assert(has("set z-destination-ports-"));
	ck_assert_msg(commit(ENFORCE PORTS, ENFORCE) == DONE, "%s", err.text);
	came_are(0, 0, 1, 0);
	listed_is(before);
	free(before);
}
END_TEST

/* The kernel lists chains as they came, which is not as they are compiled. */
START_TEST(chain_that_comes_later_is_no_other_table)
{
	ck_assert_msg(commit(ENFORCE, ENFORCE OUTPUT) == DONE, "%s", err.text);
	ck_assert_msg(commit(ENFORCE OUTPUT, ENFORCE INPUT_AND_OUTPUT) == DONE, "%s", err.text);
	came_are(0, 1, 2, 0);
	ck_assert(has("rule in") && has("rule out"));
	ck_assert_int_eq(change(ENFORCE INPUT_AND_OUTPUT, ENFORCE OUTPUT, true, false, false, NULL), WAITS);
	ck_assert_int_eq(change(ENFORCE OUTPUT, ENFORCE INPUT_AND_OUTPUT, false, true, false, NULL), DONE);
	came_are(0, 0, 2, 0);
}
END_TEST

START_TEST(way_back_takes_two_steps_too)
{
	char *before = listed();

	ck_assert_int_eq(change(ENFORCE, ENFORCE PORTS, false, false, true, NULL), UNDONE);
	came_are(0, 1, 2, 0);
	listed_is(before);
	ck_assert_int_eq(change(ENFORCE, ENFORCE PORTS, true, false, false, NULL), WAITS);
	ck_assert_int_eq(change(ENFORCE PORTS, ENFORCE, false, true, false, NULL), DONE);
	came_are(0, 1, 2, 0);
	listed_is(before);
	free(before);
}
END_TEST

START_TEST(table_that_somebody_changed_is_made_anew)
{
	static const char *const changes[] = {
	        "add rule inet portcullis forward ip saddr 10.10.0.7 drop",
	        "delete element inet portcullis " REQUIRED " { 10.10.0.0/16 . 10.20.1.100 . tcp . 1024-65535 . 443 }\n"
	        "add element inet portcullis " REQUIRED " { 10.10.0.0/16 . 10.20.1.100 . tcp . 1024-65535 . 444 }",
	        "set inet portcullis more { type ipv4_addr; }",
	        "delete table inet portcullis",
	};
	const char *now = ENFORCE;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *next = i % 2 == 0 ? ENFORCE PORTS : ENFORCE;

		run(changes[i]);
		ck_assert_msg(commit(now, next) == DONE, "%s", err.text);
		came_are(1, 0, 0, 0);
		ck_assert(!has("10.10.0.7") && !has("1024-65535 . 444") && !has("set more"));
		now = next;
	}
}
END_TEST

START_TEST(what_is_refused_leaves_nothing)
{
	char *before = listed();

	fate[EXCHANGES] = fate[WHOLE] = IS_REFUSED;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE PORTS), FAILED);
	came_are(1, 1, 1, 1);
	listed_is(before);
	fate[EXCHANGES] = PASSES;
	fate[ADDS] = IS_REFUSED;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE PORTS), FAILED);
	came_are(1, 1, 0, 0);
	listed_is(before);
	free(before);
}
END_TEST

/* The table may not be what it was: in one transaction it is made anew. */
START_TEST(what_is_refused_in_two_is_done_in_one)
{
	fate[EXCHANGES] = IS_REFUSED;
	ck_assert_msg(commit(ENFORCE, ENFORCE PORTS) == DONE, "%s", err.text);
	came_are(1, 1, 1, 1);
	ck_assert(has("set z-destination-ports-") && has("rule z"));
}
END_TEST

START_TEST(lost_request_is_taken_back_by_a_withdrawal)
{
	char *before = listed();

	fate[EXCHANGES] = REQUEST_LOST;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE PORTS), FAILED);
	came_are(0, 1, 1, 1);
	listed_is(before);
	fate[EXCHANGES] = PASSES;
	fate[ADDS] = ANSWER_LOST;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE PORTS), FAILED);
	came_are(0, 1, 0, 1);
	listed_is(before);
	/* Where even that is lost, all is put back. */
	fate[ADDS] = PASSES;
	fate[EXCHANGES] = fate[WITHDRAWS] = REQUEST_LOST;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE PORTS), FAILED);
	came_are(1, 1, 1, 1);
	listed_is(before);
	free(before);
}
END_TEST

START_TEST(answer_that_is_lost_is_found_in_the_table)
{
	fate[EXCHANGES] = ANSWER_LOST;
	ck_assert_msg(commit(ENFORCE, ENFORCE PORTS) == DONE, "%s", err.text);
	came_are(0, 1, 1, 0);
	ck_assert(has("rule z"));
}
END_TEST

/* The privileged process has ended: what nobody saw is not done, neither a commit nor a way back. */
START_TEST(lost_request_that_cannot_be_looked_at_is_not_done)
{
	char *waits;

	ck_assert_int_eq(change(ENFORCE, ENFORCE PORTS, true, false, false, NULL), WAITS);
	waits = listed();
	for (int i = 0; i < KINDS; i++)
		fate[i] = REQUEST_LOST;
	unreadable = true;
	ck_assert_int_eq(change(ENFORCE PORTS, ENFORCE, false, true, false, NULL), FAILED);
	listed_is(waits);
	free(waits);
}
END_TEST

static void record(const char *now, const char *next)
{
	struct site *a = site_of(now), *b = site_of(next);
	struct config_push p = {.now = a, .next = b, .catalog = catalog, .actor = &somebody};
	struct journal_commit commit = {.datastore = "running", .json = "{}", .table = JOURNAL_TABLE_IS};
	struct config_plan *plan;

	ck_assert_msg(carrier.prepare(carrier.ctx, &p, &plan, &err) == 0, "%s", err.text);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	commit.bytes = plan->bytes;
	commit.n_byte = plan->n_byte;
	ck_assert_int_eq(journal_commit(journal, &commit, &err), 0);
	carrier.done(carrier.ctx, plan, true);
	site_free(a);
	site_free(b);
}

static void start(const char *running)
{
	struct site *site = site_of(running);

	begin_push();
	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s: %s", err.where, err.text);
	site_free(site);
}

/* Between the steps the agent is killed, and started again. */
START_TEST(kill_between_the_steps_is_put_right_by_the_start)
{
	char *before;
	pid_t pid;
	int status;

	record(ENFORCE, ENFORCE ONE_PORT);
	before = listed();
	journal_close(journal);
	if ((pid = fork()) == 0) {
		fate[EXCHANGES] = KILLS;
		if (journal_open(base, &journal, &err) != 0)
			_exit(1);
		start(ENFORCE ONE_PORT);
		(void)commit(ENFORCE ONE_PORT, ENFORCE PORTS);
		_exit(2);
	}
	ck_assert(waitpid(pid, &status, 0) == pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert(has("set z-destination-ports-") && !has("@z-destination-ports-"));
	ck_assert_int_eq(journal_open(base, &journal, &err), 0);
	start(ENFORCE ONE_PORT);
	listed_is(before);
	free(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-exchange");
	TCase *t = tcase_create("push-exchange");

	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, begin_exchange, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, rules_alone_send_no_elements);
	tcase_add_test(t, new_set_comes_before_its_rules_and_goes_with_them);
	tcase_add_test(t, chain_that_comes_later_is_no_other_table);
	tcase_add_test(t, way_back_takes_two_steps_too);
	tcase_add_test(t, table_that_somebody_changed_is_made_anew);
	tcase_add_test(t, what_is_refused_leaves_nothing);
	tcase_add_test(t, what_is_refused_in_two_is_done_in_one);
	tcase_add_test(t, lost_request_is_taken_back_by_a_withdrawal);
	tcase_add_test(t, answer_that_is_lost_is_found_in_the_table);
	tcase_add_test(t, lost_request_that_cannot_be_looked_at_is_not_done);
	tcase_add_test(t, kill_between_the_steps_is_put_right_by_the_start);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
