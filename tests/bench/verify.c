/*
 * Verification: so many rules and flows of several families come in, out go the time and memory of all verdicts, of those
 * after one rule changed, and of the openings, beside decision diagrams on the same input in the same run. Where both
 * engines answer, their answers are compared: a difference ends the bench.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bdd_engine.h"
#include "bench/bench.h"
#include "bench/rulesets.h"
#include "portcullis/alloc.h"

#define NOW 1000
#define CHANGES 50
#define PEER_SECONDS 60
#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

struct work {
	enum bench_family family;
	size_t n;
	struct ruleset *rs;
	struct flows flows;
	const struct site *site;
	unsigned char *verdict; /* of the peer, per flow; shared with its process */
	double *open; /* packets that are open by the peer's count, shared too */
	const struct work *friendly; /* the friendly family of this size; NULL: this is it */
};

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(int result, const struct error *err)
{
	if (result == 0)
		return;
	fprintf(stderr, "bench: %s\n", err->text);
	exit(1);
}

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		fail("no memory to share");
	return p;
}

/* ---- what is measured ---- */

static void verify_all(void *arg)
{
	struct work *w = arg;
	struct findings findings;
	struct error err;
	must(verify_flows(&w->flows, w->rs, NULL, NULL, NOW, &findings, &err), &err);
	findings_fini(&findings);
}

static void find_openings(void *arg)
{
	struct work *w = arg;
	struct openings openings;
	struct error err;
	must(verify_openings(&w->flows, w->rs, w->site, NULL, NOW, &openings, &err), &err);
	openings_fini(&openings);
}

/* A table that need not grow often, and takes no time to set up. */
static size_t peer_nodes(size_t n)
{
	return n < 200 ? 100000 : n < 8000 ? n * 500 : 4000000;
}

static void peer_verify(void *arg)
{
	struct work *w = arg;
	int summary;
	bdd_engine_start(peer_nodes(w->n));
	if ((summary = bdd_engine_summarise(w->rs, &w->flows.flow[0])) < 0)
		fail("the peer does not know what a rule does");
	for (size_t i = 0; i < w->flows.n; i++)
		w->verdict[i] = (unsigned char)bdd_engine_verdict(summary, &w->flows.flow[i]);
	bdd_engine_stop();
}

static void peer_openings(void *arg)
{
	struct work *w = arg;
	int summary;
	bdd_engine_start(peer_nodes(w->n));
	if ((summary = bdd_engine_accepted(w->rs, &w->flows.flow[0])) < 0)
		fail("the peer does not know what a rule does");
	*w->open = bdd_engine_beyond(summary, &w->flows, w->site->group[0].address[0].range);
	bdd_engine_stop();
}

/* ---- the report ---- */

struct line {
	const char *work, *family;
	size_t n;
	double ours, memory, theirs, their_memory; /* memory: 0: not measured; theirs: 0: not within the bound */
	double per_flow, slower; /* microseconds, and times the friendly family; 0: not told */
};

static void print_json(const struct line *l, double ratio)
{
	printf("{\"work\":\"%s\",\"family\":\"%s\",\"size\":%zu,\"ours\":%.4f,\"memory_mb\":%.1f,\"peer\":\"buddy\","
	       "\"theirs\":%.3f,\"peer_memory_mb\":%.1f,\"unit\":\"ms\",\"ratio\":%.6f,\"us_per_flow\":%.2f,"
	       "\"times_friendly\":%.2f}\n",
	        l->work, l->family, l->n, l->ours, l->memory / 1e6, l->theirs, l->their_memory / 1e6, ratio,
	        l->per_flow, l->slower);
}

static void cell(int width, int digits, double value)
{
	if (value > 0)
		printf(" %*.*f", width, digits, value);
	else
		printf(" %*s", width, "-");
}

static void print_table(const struct line *l, double ratio)
{
	static bool headed;
	if (!headed)
		printf("%-16s %-14s %7s %10s %7s %10s %8s %9s %8s %6s\n", "work", "family", "rules", "ms", "MB",
		        "peer ms", "peer MB", "ratio", "us/flow", "times");
	headed = true;
	printf("%-16s %-14s %7zu", l->work, l->family, l->n);
	cell(10, 3, l->ours);
	cell(7, 1, l->memory / 1e6);
	if (l->theirs > 0)
		cell(10, 1, l->theirs);
	else
		printf(" %8s s", "> " STRING(PEER_SECONDS));
	cell(8, 1, l->their_memory / 1e6);
	cell(9, 6, ratio);
	cell(8, 2, l->per_flow);
	cell(6, 2, l->slower);
	printf("\n");
}

static void print(const struct line *l, bool json)
{
	double ratio = l->theirs > 0 ? l->ours / l->theirs : 0;
	if (json)
		print_json(l, ratio);
	else
		print_table(l, ratio);
	fflush(stdout);
}

static unsigned runs_of(size_t n)
{
	return n >= 100000 ? 3 : 9;
}

static void measure(void (*work)(void *), void (*peer)(void *), struct work *w, struct line *l)
{
	struct bench_cost ours, theirs = {0, 0};
	if (bench_measure(work, w, runs_of(w->n), &ours) != 0)
		exit(1);
	int result = bench_measure_within(peer, w, PEER_SECONDS, &theirs);
	if (result < 0)
		exit(1);
	l->n = w->n;
	l->family = bench_family_name(w->family);
	l->ours = ours.ms;
	l->memory = ours.peak;
	l->theirs = result == 0 ? theirs.ms : 0;
	l->their_memory = theirs.peak;
}

/* @return flows that no verdict was found for. */
static size_t compare(const struct work *w)
{
	struct findings findings;
	struct error err;
	size_t undecided = 0;
	must(verify_flows(&w->flows, w->rs, NULL, NULL, NOW, &findings, &err), &err);
	for (size_t i = 0; i < w->flows.n; i++) {
		enum verdict v = findings.finding[i].verdict;
		undecided += v == VERDICT_INDETERMINATE;
		if (v != VERDICT_INDETERMINATE && v != (enum verdict)w->verdict[i]) {
			fprintf(stderr, "bench: %s, %zu rules, flow %zu: %s here, %s by the peer\n",
			        bench_family_name(w->family), w->n, i, verdict_name(v),
			        verdict_name((enum verdict)w->verdict[i]));
			exit(1);
		}
	}
	findings_fini(&findings);
	return undecided;
}

static double ours_once(struct work *w)
{
	struct bench_cost cost;
	if (bench_measure(verify_all, w, 1, &cost) != 0)
		exit(1);
	return cost.ms;
}

/* A machine that is shared is now fast and now slow, so both are measured in turn; the median. */
static double times_friendly(struct work *w)
{
	double ratio[9];
	unsigned runs = runs_of(w->n);
	for (unsigned i = 0; i < runs; i++)
		ratio[i] = ours_once(w) / ours_once((struct work *)w->friendly);
	return bench_median(ratio, runs);
}

/* @return the peer's time. */
static double measure_flows(struct work *w, bool json)
{
	struct line l = {.work = "flows"};
	measure(verify_all, peer_verify, w, &l);
	if (l.theirs > 0 && compare(w) > 0)
		fprintf(stderr, "bench: some flows are not decided\n");
	l.per_flow = l.ours * 1e3 / (double)w->n;
	l.slower = w->friendly != NULL ? times_friendly(w) : 1;
	print(&l, json);
	return l.theirs;
}

/* ---- one rule changed ---- */

static double run_after(struct verification *v, struct work *w, const struct ruleset *rs, struct findings *findings)
{
	struct verification_input in = {&w->flows, rs, w->site, NULL, NOW};
	struct findings before = *findings;
	struct openings openings;
	struct error err;
	double from = now_ms();
	must(verification_run(v, &in, &before, findings, &openings, &err), &err);
	from = now_ms() - from;
	openings_fini(&openings);
	findings_fini(&before);
	return from;
}

/* A rule is taken away and put back, again and again; the mean of both. The peer does all anew. */
static void measure_change(struct work *w, double theirs, bool json)
{
	struct site none = {0};
	struct work plain = *w;
	struct verification *v = verification_new();
	struct findings findings = {0};
	struct ruleset *last = NULL;
	double sum = 0;
	plain.site = &none;
	run_after(v, &plain, w->rs, &findings);
	for (size_t i = 0; i < CHANGES; i++) {
		struct ruleset *without = bench_ruleset_without(w->rs, 1 + (i * 7919 + 13) % w->n);
		struct ruleset *whole = bench_ruleset_without(w->rs, SIZE_MAX);
		sum += run_after(v, &plain, without, &findings);
		sum += run_after(v, &plain, whole, &findings);
		ruleset_free(without);
		ruleset_free(last);
		last = whole;
	}
	verification_free(v);
	ruleset_free(last);
	findings_fini(&findings);
	struct line l = {.work = "one rule changed",
	        .family = bench_family_name(w->family),
	        .n = w->n,
	        .ours = sum / (2 * CHANGES),
	        .theirs = theirs};
	print(&l, json);
}

/* ---- openings ---- */

static double opened(const struct work *w, bool *incomplete)
{
	struct openings openings;
	struct error err;
	double sum = 0;
	must(verify_openings(&w->flows, w->rs, w->site, NULL, NOW, &openings, &err), &err);
	*incomplete = openings.incomplete;
	if (openings.incomplete)
		fprintf(stderr, "bench: openings are incomplete: %s\n", openings.reason);
	for (size_t i = 0; i < openings.n; i++)
		sum += strtod(openings.opening[i].packets, NULL);
	openings_fini(&openings);
	return sum;
}

static void measure_openings(struct work *w, bool json)
{
	struct line l = {.work = "openings"};
	measure(find_openings, peer_openings, w, &l);
	bool incomplete;
	double ours = opened(w, &incomplete);
	if (l.theirs > 0 && !incomplete && fabs(ours - *w->open) > 1e-6 * *w->open) {
		fprintf(stderr, "bench: %zu rules: %.0f packets are open here, %.0f by the peer\n", w->n, ours,
		        *w->open);
		exit(1);
	}
	print(&l, json);
}

static void work_make(struct work *w, enum bench_family family)
{
	w->family = family;
	w->verdict = shared(w->n);
	w->open = shared(sizeof(*w->open));
	w->rs = bench_ruleset(family, w->n);
	bench_flows(family, w->n, w->n, &w->flows);
}

static void work_free(struct work *w)
{
	ruleset_free(w->rs);
	bench_flows_free(&w->flows);
	munmap(w->verdict, w->n);
	munmap(w->open, sizeof(*w->open));
}

int bench_verify(bool json)
{
	static const size_t sizes[] = {100, 1000, 10000, 100000};
	struct site *site = bench_site();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct work friendly = {.n = sizes[i], .site = site};
		work_make(&friendly, BENCH_PAIRS_OF_HOSTS);
		double theirs = measure_flows(&friendly, json);
		measure_change(&friendly, theirs, json);
		measure_openings(&friendly, json);
		for (int f = 0; f < BENCH_FAMILIES; f++) {
			struct work w = {.n = sizes[i], .site = site, .friendly = &friendly};
			if (f == BENCH_PAIRS_OF_HOSTS)
				continue;
			work_make(&w, (enum bench_family)f);
			measure_flows(&w, json);
			work_free(&w);
		}
		work_free(&friendly);
	}
	site_free(site);
	return 0;
}
