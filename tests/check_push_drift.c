/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * The own table in a real kernel, changed by somebody else: told, put back, later each time, and left alone while it is paused
 * or the agent only observes.
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "portcullis/clock.h"
#include "push_scene.h"

#define DELAY 1000u
/* As nft lists the elements that are there. */
#define ELEMENT "add element inet portcullis " REQUIRED " { 192.0.2.1 . 192.0.2.2 . tcp . 1-65535 . 5 }"
static int64_t now_ms = 1000000;

/** As the monitor looks: at what it has read. */
static int look(void)
{
	struct ruleset *rs;
	int wait;

	ck_assert_msg(nft_ruleset(&nft, NULL, &rs, &err) == 0, "%s", err.text);
	ruleset_share(rs);
	wait = push_look(push, rs, DELAY, now_ms, clock_wall_s());
	ruleset_free(rs);
	return wait;
}

static bool deviates(const char *words)
{
	struct own_state state;

	push_state(push, &state);
	ck_assert_msg(!state.deviates || strstr(state.why, words) != NULL, "%s", state.why);
	return state.deviates;
}

START_TEST(changes_of_others_are_told_and_put_back)
{
	static const char *const cases[] = {
	        "add rule inet portcullis forward ip saddr 10.10.0.7 drop", "flush chain inet portcullis forward",
	        "delete table inet portcullis", ELEMENT, "chain inet portcullis forward { policy drop; }",
	        "add table inet portcullis { flags dormant; }",
	        "add chain inet portcullis more", /* of no hook, and without a rule */
	};
	char *before, *after;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	before = listed();
	ck_assert_int_eq(look(), INT_MAX);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		now_ms += 3600000;
		run(cases[i]);
		ck_assert_int_eq(look(), DELAY);
		ck_assert_msg(deviates(""), "%s", cases[i]);
		now_ms += DELAY - 1;
		ck_assert_int_eq(look(), 1);
		now_ms++;
		ck_assert_int_eq(look(), INT_MAX);
		ck_assert_msg(!deviates(""), "%s", cases[i]);
		after = listed();
		ck_assert_str_eq(after, before);
		free(after);
	}
	free(before);
}
END_TEST

START_TEST(what_is_different_is_named)
{
	ck_assert_int_eq(commit("", ENFORCE), DONE);
	run("add rule inet portcullis forward ip saddr 10.10.0.7 drop");
	look();
	ck_assert(deviates("there is now 'ip saddr 10.10.0.7 drop'"));
	run("flush chain inet portcullis forward");
	now_ms += DELAY;
	ck_assert_int_eq(look(), INT_MAX);
	run("flush chain inet portcullis forward");
	look();
	ck_assert(deviates("lines more is gone"));
	run("delete table inet portcullis");
	now_ms += 10 * DELAY;
	look();
	ck_assert(!deviates(""));
	run("add chain inet portcullis more");
	look();
	ck_assert(deviates("there is now 'chain more'"));
	now_ms += 100 * DELAY;
	look();
	ck_assert(!deviates(""));
	run(ELEMENT);
	look();
	ck_assert(deviates("elements of 'set required-forward4-") && deviates("' became elements of"));
}
END_TEST

START_TEST(it_is_put_back_later_each_time)
{
	int delay = (int)DELAY;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	for (int i = 0; i < 12; i++) {
		run("flush chain inet portcullis forward");
		ck_assert_int_eq(look(), delay);
		now_ms += delay;
		ck_assert_int_eq(look(), INT_MAX);
		delay = delay * 2 < 300000 ? delay * 2 : 300000;
	}
	now_ms += 600000;
	run("flush chain inet portcullis forward");
	ck_assert_int_eq(look(), DELAY);
}
END_TEST

START_TEST(what_was_read_before_the_last_change_is_not_told)
{
	struct ruleset *old;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	ck_assert_int_eq(nft_ruleset(&nft, NULL, &old, &err), 0);
	ruleset_share(old);
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), DONE);
	ck_assert_int_eq(push_look(push, old, DELAY, now_ms, clock_wall_s()), INT_MAX);
	ck_assert(!deviates(""));
	ck_assert_int_eq(push_look(push, NULL, DELAY, now_ms, clock_wall_s()), INT_MAX);
	ruleset_free(old);
}
END_TEST

START_TEST(somebody_elses_table_is_told_under_observe)
{
	struct site *site = site_of("");

	ck_assert_int_eq(push_start(push, site, catalog, &err), 0);
	site_free(site);
	run("table inet portcullis {\n\tchain forward {\n\t\ttype filter hook forward priority 0;\n\t}\n}\n");
	ck_assert_int_eq(look(), INT_MAX);
	ck_assert(deviates("not of this agent's making"));
	now_ms += 10 * DELAY;
	ck_assert_int_eq(look(), INT_MAX);
	ck_assert(has("table inet portcullis"));
	run("delete table inet portcullis");
	ck_assert_int_eq(look(), INT_MAX);
	ck_assert(!deviates(""));
}
END_TEST

START_TEST(pause_leaves_it_alone_over_restarts)
{
	struct own_state state;
	char *before, *after;
	struct site *site = site_of(ENFORCE);

	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s", err.text);
	before = listed();
	ck_assert_int_eq(push_resume(push, &err), -1);
	ck_assert_int_eq(push_pause(push, "root", clock_wall_s(), "why", &err), -1);
	ck_assert_int_eq(push_pause(push, "root", clock_wall_s() + 100, "why not", &err), 0);
	run("flush chain inet portcullis forward");
	ck_assert(look() > 50000);
	now_ms += 10 * DELAY;
	ck_assert(look() > 50000);
	ck_assert(deviates("is gone"));
	begin_push();
	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s", err.text);
	push_state(push, &state);
	ck_assert_str_eq(state.paused_by, "root");
	ck_assert_str_eq(state.pause_reason, "why not");
	ck_assert(!has("established"));
	ck_assert(look() > 50000);
	ck_assert_int_eq(push_resume(push, &err), 0);
	ck_assert_int_eq(look(), INT_MAX);
	after = listed();
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
	/* The longest reason, in characters of two bytes. */
	char reason[511] = "";
	for (int i = 0; i < 255; i++)
		memcpy(reason + strlen(reason), "\xc3\xbc", 3);
	ck_assert_int_eq(push_pause(push, "root", clock_wall_s() + 100, reason, &err), 0);
	begin_push();
	ck_assert_int_eq(push_start(push, site, catalog, &err), 0);
	push_state(push, &state);
	ck_assert_str_eq(state.pause_reason, reason);
	/* It ends by itself, too. */
	int64_t until = clock_wall_s() + 100;
	struct ruleset *rs;
	ck_assert_int_eq(push_pause(push, "root", until, "short", &err), 0);
	run("flush chain inet portcullis forward");
	ck_assert(look() > 50000);
	ck_assert_int_eq(nft_ruleset(&nft, NULL, &rs, &err), 0);
	ruleset_share(rs);
	ck_assert_int_eq(push_look(push, rs, DELAY, now_ms, until), INT_MAX);
	ruleset_free(rs);
	ck_assert(has("established"));
	site_free(site);
}
END_TEST

static int refuse_replace(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	(void)self;
	(void)batch;
	*answer = (struct nft_answer){.refused = true};
	return error_set(e, ERR_INVALID, NULL, "the kernel is not in the mood");
}

static bool news(enum change_kind kind, const char *words)
{
	struct push_news n;
	bool found = false;

	while (!found && push_news_take(push, &n)) {
		found = n.kind == kind && strstr(n.reason, words) != NULL;
		free(n.comment);
		free(n.reason);
	}
	return found;
}

static void kernel_refuses(void)
{
	real_replace = refuse_replace;
}

START_TEST(what_cannot_be_put_back_is_an_alarm_and_tried_again)
{
	char *before, *after;
	int (*kernel)(void *, const struct nft_batch *, struct nft_answer *, struct error *) = real_replace;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	before = listed();
	/* The journal does not take a change, and then the kernel does not take the way back. */
	struct site *a = site_of(ENFORCE), *b = site_of(ENFORCE CLIENTS_DROPPED);
	struct config_push p = {.now = a, .next = b, .catalog = catalog, .actor = &somebody};
	struct config_plan *plan;
	ck_assert_int_eq(carrier.prepare(carrier.ctx, &p, &plan, &err), 0);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	meanwhile = kernel_refuses;
	carrier.undo(carrier.ctx, plan);
	carrier.drop(carrier.ctx, plan);
	ck_assert(deviates("cannot be put back"));
	ck_assert(news(CHANGE_ROLLBACK_FAILED, "not in the mood"));
	look();
	ck_assert(look() > 0);
	ck_assert(deviates("not in the mood"));
	real_replace = kernel;
	now_ms += 5000;
	ck_assert_int_eq(look(), INT_MAX);
	ck_assert(!deviates(""));
	after = listed();
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
	site_free(a);
	site_free(b);
}
END_TEST

START_TEST(start_that_fails_is_an_alarm_and_tried_again)
{
	struct site *site = site_of(ENFORCE);
	int (*kernel)(void *, const struct nft_batch *, struct nft_answer *, struct error *) = real_replace;

	real_replace = refuse_replace;
	ck_assert_int_eq(push_start(push, site, catalog, &err), -1);
	ck_assert(deviates("not in the mood"));
	ck_assert_int_eq(look(), INT_MAX);
	ck_assert(deviates("not in the mood"));
	real_replace = kernel;
	ck_assert_int_eq(push_start(push, site, catalog, &err), 0);
	ck_assert_int_eq(look(), INT_MAX);
	ck_assert(!deviates(""));
	ck_assert(has("table inet portcullis"));
	/* What is in the kernel is not touched by another one. */
	ck_assert_int_eq(commit(ENFORCE, ENFORCE CLIENTS_DROPPED), DONE);
	ck_assert_int_eq(push_start(push, site, catalog, &err), 0);
	ck_assert(has("rule x"));
	site_free(site);
}
END_TEST

/* What the daemon does beside commits, in another thread. */
static void *watch(void *arg)
{
	const atomic_bool *over = arg;
	struct nft_ops own;
	struct error e;

	ck_assert_int_eq(nft_open_direct(&own, &e), 0);
	while (!atomic_load(over)) {
		struct push_news n;
		struct own_state state;
		struct ruleset *rs;

		ck_assert_msg(nft_ruleset(&own, NULL, &rs, &e) == 0, "%s", e.text);
		ruleset_share(rs);
		push_look(push, rs, 0, clock_monotonic_ms(), clock_wall_s());
		ruleset_free(rs);
		push_state(push, &state);
		ck_assert_msg(!state.deviates, "%s", state.why);
		while (push_news_take(push, &n)) {
			ck_assert_int_eq(n.kind, CHANGE_COMMIT);
			free(n.comment);
			free(n.reason);
		}
	}
	own.close(own.self);
	return NULL;
}

START_TEST(commits_are_no_deviation_for_who_looks_meanwhile)
{
	atomic_bool over = false;
	pthread_t watcher;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	ck_assert_int_eq(pthread_create(&watcher, NULL, watch, &over), 0);
	for (int i = 0; i < 5; i++) {
		ck_assert_msg(commit(ENFORCE, ENFORCE CLIENTS_DROPPED) == DONE, "%s", err.text);
		ck_assert_msg(commit(ENFORCE CLIENTS_DROPPED, ENFORCE) == DONE, "%s", err.text);
		ck_assert_int_eq(change(ENFORCE, ENFORCE CLIENTS_DROPPED, false, false, true, NULL), UNDONE);
	}
	atomic_store(&over, true);
	pthread_join(watcher, NULL);
	ck_assert(!has("rule x"));
}
END_TEST

static bool available(void)
{
	struct own_state state;

	push_state(push, &state);
	return state.available;
}

static void compare(const char *running)
{
	struct site *site = site_of(running);
	struct compile_input in = {.site = site, .catalog = catalog};
	struct flows flows;

	ck_assert_int_eq(flows_derive(site, catalog, &network, clock_wall_s(), &flows, &err), 0);
	in.flows = &flows;
	push_compare(push, &in);
	flows_fini(&flows);
	site_free(site);
}

START_TEST(upgrade_changes_nothing_and_is_told)
{
	char *before, *after;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	before = listed();
	compare(ENFORCE);
	ck_assert(!available());
	/* As if a new pack asked for more. */
	compare(ENFORCE CLIENTS_DROPPED);
	ck_assert(available());
	ck_assert_int_eq(look(), INT_MAX);
	ck_assert(!deviates(""));
	after = listed();
	ck_assert_str_eq(after, before);
	/* A commit takes it, even one without a change. */
	struct site *site = site_of(ENFORCE CLIENTS_DROPPED);
	struct config_push p = {.now = site, .next = site, .catalog = catalog, .actor = &somebody};
	struct config_plan *plan;
	ck_assert_int_eq(carrier.prepare(carrier.ctx, &p, &plan, &err), 0);
	ck_assert_ptr_nonnull(plan);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	carrier.done(carrier.ctx, plan, true);
	ck_assert(!available());
	ck_assert(has("rule x"));
	ck_assert_int_eq(carrier.prepare(carrier.ctx, &p, &plan, &err), 0);
	ck_assert_ptr_null(plan);
	site_free(site);
	free(before);
	free(after);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-drift");
	TCase *t = tcase_create("push-drift");

	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, changes_of_others_are_told_and_put_back);
	tcase_add_test(t, what_is_different_is_named);
	tcase_add_test(t, it_is_put_back_later_each_time);
	tcase_add_test(t, what_was_read_before_the_last_change_is_not_told);
	tcase_add_test(t, somebody_elses_table_is_told_under_observe);
	tcase_add_test(t, pause_leaves_it_alone_over_restarts);
	tcase_add_test(t, what_cannot_be_put_back_is_an_alarm_and_tried_again);
	tcase_add_test(t, start_that_fails_is_an_alarm_and_tried_again);
	tcase_add_test(t, upgrade_changes_nothing_and_is_told);
	tcase_add_test(t, commits_are_no_deviation_for_who_looks_meanwhile);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
