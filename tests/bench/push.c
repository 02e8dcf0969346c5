/*
 * Push: commits of deployments with some hundred to ten thousand required flows, from the configuration to a verified ruleset
 * in the kernel, whole and in parts, beside `nft -f` of the same table in the same run. Works in network namespaces of its
 * own; refuses to run without root.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/push.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/compile.h"

#define RUNS 5

/** What is measured of one commit, in the order of the report. */
enum part { FIRST, NEXT, DERIVE, COMPILE, WHAT_IF, CHECK, REPLACE, PROVE, PARTS };
static const char *const part_names[PARTS] = {
        [FIRST] = "commit of a deployment where none was",
        [NEXT] = "commit of one rule more",
        [DERIVE] = "of which: required flows, now and then",
        [COMPILE] = "of which: compile",
        [WHAT_IF] = "of which: what-if, for the gate",
        [CHECK] = "of which: the kernel checks",
        [REPLACE] = "of which: the kernel replaces",
        [PROVE] = "of which: read back and verified",
};

/** What the parts are measured with, outside of a commit. */
struct state {
	struct site *site;
	struct flows flows;
	struct ruleset *rs;
};

static void state_make(struct push_scene *s, struct site *site, struct state *out)
{
	struct own_table *table;
	struct ruleset *live;
	struct error err;

	out->site = site;
	push_must(flows_derive(site, s->catalog, &(struct network){0}, clock_wall_s(), &out->flows, &err), &err);
	push_must(compile(&(struct compile_input){site, &out->flows, s->catalog}, &table, &err), &err);
	push_must(nft_ruleset(&s->nft, NULL, &live, &err), &err);
	ruleset_share(live);
	push_must(ruleset_with_own_table(live, table, &out->rs, &err), &err);
	ruleset_free(live);
	own_table_free(table);
}

static void state_fini(struct state *s)
{
	ruleset_free(s->rs);
	flows_fini(&s->flows);
	site_free(s->site);
}

/* What a commit does before the kernel is asked. */
static void measure_parts(struct push_scene *s, const struct state *now, const struct state *then, double *part)
{
	const struct network unknown = {0};
	const struct whatif_state a = {.site = now->site, .flows = &now->flows, .network = &unknown, .rs = now->rs},
	                          b = {.site = then->site, .flows = &then->flows, .network = &unknown, .rs = then->rs};
	struct text warnings = {0};
	struct own_table *table;
	struct flows flows;
	struct error err;
	double from = push_now_ms();

	for (int i = 0; i < 2; i++) {
		push_must(flows_derive(
		                  i == 0 ? now->site : then->site, s->catalog, &unknown, clock_wall_s(), &flows, &err),
		        &err);
		flows_fini(&flows);
	}
	part[DERIVE] = push_now_ms() - from;
	from = push_now_ms();
	push_must(compile(&(struct compile_input){then->site, &then->flows, s->catalog}, &table, &err), &err);
	part[COMPILE] = push_now_ms() - from;
	own_table_free(table);
	from = push_now_ms();
	push_must(gate_check(&a, &b, GATE_REJECT, clock_wall_s(), &warnings, &err), &err);
	part[WHAT_IF] = push_now_ms() - from;
	text_fini(&warnings);
}

/* @return milliseconds that nft takes for the table in place of what is there. */
static double nft_takes(const struct push_scene *s, const struct state *state)
{
	char path[96], command[128], *text;
	struct own_table *table;
	struct error err;
	double from;

	push_must(compile(&(struct compile_input){state->site, &state->flows, s->catalog}, &table, &err), &err);
	text = own_table_text(table);
	snprintf(path, sizeof(path), "%s/table.nft", s->directory);
	push_must(file_replace(path, text, strlen(text), &err), &err);
	snprintf(command, sizeof(command), "nft -f %s", path);
	from = push_now_ms();
	if (system(command) != 0)
		exit(1);
	from = push_now_ms() - from;
	unlink(path);
	own_table_free(table);
	free(text);
	return from;
}

static void measure(struct push_scene *s, size_t deployments, bool json)
{
	double took[PARTS][RUNS], peer[RUNS], part[PARTS];
	struct state now, then;
	double theirs;

	state_make(s, push_site(s, deployments, ""), &now);
	state_make(s, push_site(s, deployments, PUSH_RULE), &then);
	for (int i = 0; i < RUNS; i++) {
		push_commit(s, s->empty, now.site);
		part[FIRST] = s->took.whole;
		push_commit(s, now.site, then.site);
		part[NEXT] = s->took.whole;
		part[CHECK] = s->took.check;
		part[REPLACE] = s->took.replace;
		part[PROVE] = s->took.prove;
		measure_parts(s, &now, &then, part);
		peer[i] = nft_takes(s, &then);
		push_commit(s, then.site, s->empty);
		for (int k = 0; k < PARTS; k++)
			took[k][i] = part[k];
	}
	theirs = bench_median(peer, RUNS);
	for (int k = 0; k < PARTS; k++)
		push_print(part_names[k], push_flows(&then.flows), bench_median(took[k], RUNS), "nft -f", theirs, "ms",
		        json);
	state_fini(&now);
	state_fini(&then);
}

static void commits(bool json)
{
	static const size_t sizes[] = {2, 15, 152};
	struct push_scene s;

	push_scene_open(&s);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		measure(&s, sizes[i], json);
	push_scene_close(&s);
}

/* In namespaces of its own, which end with it. */
static bool in_child(void (*work)(bool json), bool json)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNET) != 0) {
			fprintf(stderr, "bench: push needs root, for network namespaces\n");
			_exit(1);
		}
		work(json);
		fflush(stdout);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int bench_push(bool json)
{
	return in_child(commits, json) && in_child(bench_push_losses, json) && in_child(bench_push_rates, json) ? 0 : 1;
}
