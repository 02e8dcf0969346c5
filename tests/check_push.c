/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Configurations on their way into a real kernel, in network namespaces of the tests' own: the example deployment with a
 * firewall part is put in place, refused, taken back and undone, while another table stays as it is.
 */
#include <libyang/libyang.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "portcullis/push.h"
#include "run_suite.h"
#include "scratch_dir.h"
#include "verify_support.h"

static char base[64], boot[96];
static struct ly_ctx *ctx;
static struct catalog *catalog;
static struct nft_ops nft;
static struct journal *journal;
static struct push *push;
static struct config_carrier carrier;
static struct error err;
static const struct config_actor somebody = {.session = 1, .user = "somebody"};
static struct network network;

/* ---- the scene ---- */

static int network_known(struct network *out, struct error *e)
{
	(void)e;
	*out = (struct network){.known = network.known};
	for (size_t i = 0; i < network.n_address; i++) {
		out->address = xgrow(out->address, out->n_address, &out->cap_address, sizeof(*out->address));
		out->address[out->n_address++] = network.address[i];
	}
	for (size_t i = 0; i < network.n_route; i++) {
		out->route = xgrow(out->route, out->n_route, &out->cap_route, sizeof(*out->route));
		out->route[out->n_route++] = network.route[i];
	}
	return 0;
}

/* ops.check or ops.replace are looked at, or fail, before the kernel is asked. */
static void (*meanwhile)(void);
static int (*real_replace)(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e);

static int replace_meanwhile(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	void (*once)(void) = meanwhile;

	meanwhile = NULL;
	if (once != NULL)
		once();
	return real_replace(self, batch, answer, e);
}

static void begin_push(void)
{
	const struct push_parts parts = {.nft = nft, .journal = journal, .boot_file = boot, .network = network_known};

	push_free(push);
	push = push_new(&parts);
	carrier = push_carrier(push);
}

static void begin(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	snprintf(base, sizeof(base), "/tmp/portcullis-push-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(boot, sizeof(boot), "%s/boot.nft", base);
	ck_assert_int_eq(config_context_new(SOURCE_DIR "/yang", &ctx, &err), 0);
	ck_assert_int_eq(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &catalog, &err), 0);
	ck_assert_msg(nft_open_direct(&nft, &err) == 0, "%s", err.text);
	real_replace = nft.replace;
	nft.replace = replace_meanwhile;
	meanwhile = NULL;
	network = (struct network){0};
	ck_assert_int_eq(journal_open(base, &journal, &err), 0);
	begin_push();
}

static void end(void)
{
	push_free(push);
	push = NULL;
	journal_close(journal);
	nft.close(nft.self);
	catalog_free(catalog);
	config_context_free(ctx);
	network_fini(&network);
	remove_all(base);
}

/** The example deployment with a firewall part ("": none). */
static struct site *site_of(const char *firewall)
{
	char *json, *whole, path[96];
	struct site *site;
	size_t len;

	ck_assert_int_eq(file_read(SOURCE_DIR "/contrib/example/deployment.json", 1 << 20, &json, &len, &err), 0);
	whole = firewall[0] != '\0' ? xasprintf("{\"portcullis:firewall\":{%s},%s", firewall, strchr(json, '{') + 1)
	                            : xstrdup(json);
	snprintf(path, sizeof(path), "%s/site.json", base);
	ck_assert_int_eq(file_replace(path, whole, strlen(whole), &err), 0);
	ck_assert_msg(config_site_read(ctx, path, &site, &err) == 0, "%s: %s", err.where, err.text);
	free(whole);
	free(json);
	return site;
}

static void run(const char *text)
{
	FILE *f = popen("nft -f -", "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_msg(pclose(f) == 0, "nft refuses: %s", text);
}

/* What nft lists, without counters. */
static char *listed(void)
{
	struct text t = {0};
	char buf[4096];
	FILE *f = popen("nft -s list ruleset", "r");

	ck_assert_ptr_nonnull(f);
	for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		text_addn(&t, buf, n);
	ck_assert_int_eq(pclose(f), 0);
	return text_take(&t);
}

static bool has(const char *words)
{
	char *list = listed();
	bool found = strstr(list, words) != NULL;

	free(list);
	return found;
}

enum outcome { REFUSED, FAILED, DONE, WAITS, UNDONE };

/** One change, as config/ makes it. */
static enum outcome change(
        const char *now, const char *next, bool confirmed, bool taken_back, bool undo, const struct flow_peer *peer)
{
	struct site *a = site_of(now), *b = site_of(next);
	struct config_actor actor = somebody;
	struct config_push p = {.now = a,
	        .next = b,
	        .catalog = catalog,
	        .actor = &actor,
	        .confirmed = confirmed,
	        .taken_back = taken_back};
	struct config_plan *plan = NULL;
	enum outcome outcome = confirmed ? WAITS : DONE;

	actor.peer = peer;
	memset(&err, 0, sizeof(err));
	if (carrier.prepare(carrier.ctx, &p, &plan, &err) != 0) {
		outcome = REFUSED;
	} else if (plan != NULL && carrier.apply(carrier.ctx, plan, &err) != 0) {
		carrier.drop(carrier.ctx, plan);
		outcome = FAILED;
	} else if (undo) {
		carrier.undo(carrier.ctx, plan);
		carrier.drop(carrier.ctx, plan);
		outcome = UNDONE;
	} else {
		carrier.done(carrier.ctx, plan, !confirmed);
	}
	site_free(a);
	site_free(b);
	return outcome;
}

static enum outcome commit(const char *now, const char *next)
{
	return change(now, next, false, false, false, NULL);
}

#define ENFORCE "\"mode\":\"enforce\""
#define REJECT ENFORCE ",\"commit-gate\":\"reject\""
#define RULE(name, matches, action)                                                                                    \
	",\"rule\":[{\"name\":\"" name "\",\"matches\":{" matches "},\"actions\":{\"forwarding\":\"" action "\"}}]"
#define CLIENTS_DROPPED RULE("x", "\"source\":{\"group\":[\"clients\"]}", "drop")
#define OTHER "table inet other {\n\tchain c {\n\t\ttype filter hook forward priority 0; policy accept;\n\t}\n}\n"

/* ---- what becomes of it ---- */

START_TEST(observe_writes_nothing)
{
	ck_assert_int_eq(commit("", ""), DONE);
	ck_assert(!has("portcullis"));
	ck_assert_int_ne(access(boot, F_OK), 0);
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

START_TEST(table_that_stays_is_kept_for_the_next_boot)
{
	char *before, *after, command[128];

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	before = listed();
	ck_assert_int_eq(change(ENFORCE, ENFORCE CLIENTS_DROPPED, true, false, false, NULL), WAITS);
	ck_assert(has("rule x"));
	run("flush ruleset");
	snprintf(command, sizeof(command), "nft -f %s", boot);
	ck_assert_int_eq(system(command), 0);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	/* Confirmed. */
	carrier.done(carrier.ctx, NULL, true);
	ck_assert_int_eq(system(command), 0);
	ck_assert(has("rule x"));
	free(before);
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

/* ---- starts ---- */

/** A start of the agent with this running: nothing is known but what the journal has. */
static void start(const char *running)
{
	struct site *site = site_of(running);

	begin_push();
	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s: %s", err.where, err.text);
	site_free(site);
}

/** What config/ writes of a commit. */
static void recorded(const char *next, bool waits)
{
	struct site *a = site_of(ENFORCE), *b = site_of(next);
	struct config_push p = {.now = a, .next = b, .catalog = catalog, .actor = &somebody, .confirmed = waits};
	struct config_plan *plan;
	struct journal_commit commit = {.datastore = "running", .json = "{}", .revert_to = waits ? "{}" : NULL};

	ck_assert_msg(carrier.prepare(carrier.ctx, &p, &plan, &err) == 0, "%s", err.text);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	commit.table = plan->bytes != NULL ? JOURNAL_TABLE_IS : JOURNAL_TABLE_NONE;
	commit.bytes = plan->bytes;
	commit.n_byte = plan->n_byte;
	ck_assert_int_eq(journal_commit(journal, &commit, &err), 0);
	carrier.done(carrier.ctx, plan, !waits);
	site_free(a);
	site_free(b);
}

START_TEST(start_puts_back_the_very_table_that_was_written)
{
	char *before, *after;

	recorded(ENFORCE, false);
	before = listed();
	/* Somebody else's doing, and a running that comes to another table by now. */
	run("flush chain inet portcullis forward");
	run("chain inet portcullis forward { policy drop; }");
	start(ENFORCE CLIENTS_DROPPED);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	run("flush ruleset");
	start(ENFORCE);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	/* A policy alone is a difference, and a file for the next boot that is not there is made. */
	run("chain inet portcullis forward { policy drop; }");
	start(ENFORCE);
	ck_assert_int_eq(unlink(boot), 0);
	start(ENFORCE);
	ck_assert_int_eq(access(boot, F_OK), 0);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	free(before);
}
END_TEST

/* One element goes, another one of the same size comes. */
static void element_goes(void)
{
	run("delete element inet portcullis required-forward4 { 10.10.0.0/16 . 10.20.1.100 . tcp . 1024-65535 . 443 }\n"
	    "add element inet portcullis required-forward4 { 10.10.0.0/16 . 10.20.1.100 . tcp . 1024-65535 . 444 }");
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

START_TEST(start_takes_back_what_was_not_recorded)
{
	char *before, *after;

	recorded(ENFORCE, false);
	before = listed();
	/* The agent dies between the kernel and the journal. */
	struct site *a = site_of(ENFORCE), *b = site_of(ENFORCE CLIENTS_DROPPED);
	struct config_push p = {.now = a, .next = b, .catalog = catalog, .actor = &somebody};
	struct config_plan *plan;
	ck_assert_int_eq(carrier.prepare(carrier.ctx, &p, &plan, &err), 0);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	carrier.drop(carrier.ctx, plan);
	site_free(a);
	site_free(b);
	ck_assert(has("rule x"));
	start(ENFORCE);
	after = listed();
	ck_assert_str_eq(after, before);
	free(after);
	free(before);
}
END_TEST

START_TEST(start_takes_out_a_table_that_nobody_recorded)
{
	ck_assert_int_eq(change("", ENFORCE, false, false, false, NULL), DONE);
	ck_assert(has("portcullis"));
	start("");
	ck_assert(!has("portcullis"));
	/* One that was never ours is left alone. */
	run("table inet portcullis");
	start("");
	ck_assert(has("portcullis"));
}
END_TEST

START_TEST(boot_with_startup_gets_a_new_table)
{
	void *bytes;
	size_t n;

	start(ENFORCE);
	ck_assert(has("required-forward4"));
	ck_assert_int_eq(journal_table(journal, &bytes, &n, &err), 0);
	ck_assert_ptr_nonnull(bytes);
	free(bytes);
	ck_assert_int_eq(access(boot, F_OK), 0);
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), DONE);
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
	tcase_add_test(t, table_that_stays_is_kept_for_the_next_boot);
	tcase_add_test(t, gate_rejects_what_breaks_a_flow);
	tcase_add_test(t, what_another_table_drops_meanwhile_is_told_and_goes_back);
	tcase_add_test(t, way_back_is_the_very_table_that_was);
	tcase_add_test(t, what_the_journal_does_not_take_is_undone);
	tcase_add_test(t, session_is_never_cut_off_but_by_a_confirmed_commit);
	tcase_add_test(t, counters_go_on);
	tcase_add_test(t, what_the_kernel_refuses_is_not_tried);
	tcase_add_test(t, answer_that_is_lost_says_nothing);
	tcase_add_test(t, start_puts_back_the_very_table_that_was_written);
	tcase_add_test(t, what_is_read_back_is_compared_to_the_element);
	tcase_add_test(t, start_takes_back_what_was_not_recorded);
	tcase_add_test(t, start_takes_out_a_table_that_nobody_recorded);
	tcase_add_test(t, boot_with_startup_gets_a_new_table);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
