/*
 * Push: a commit of a deployment with some hundred to some thousand required flows, from the configuration to a verified ruleset in the kernel,
 * beside `nft -f` of the same table in the same run; then its parts. Works in a network namespace of its own; refuses to run
 * without root.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/push.h"

#define RUNS 5

struct scene {
	char directory[64];
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *empty, *site;
	struct flows flows;
	struct nft_ops nft;
	struct push *push;
	struct config_carrier carrier;
};

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(int result, const struct error *err)
{
	if (result == 0)
		return;
	fprintf(stderr, "bench: %s: %s\n", err->where, err->text);
	exit(1);
}

static int network_unknown(struct network *out, struct error *err)
{
	(void)err;
	*out = (struct network){0};
	return 0;
}

/** The example with `groups` further groups of clients, each with an address of its own. */
static struct site *site_make(struct scene *s, size_t groups)
{
	char *json, path[96];
	struct text t = {0};
	struct site *site;
	struct error err;
	size_t len;

	must(file_read(SOURCE_DIR "/contrib/example/deployment.json", 1 << 20, &json, &len, &err), &err);
	const char *list = strstr(json, "\"portcullis:group\": [") + strlen("\"portcullis:group\": [");
	const char *members = strstr(json, "\"group\": [") + strlen("\"group\": [");
	text_add(&t, "{\"portcullis:firewall\":{\"mode\":\"enforce\"},");
	text_addn(&t, strchr(json, '{') + 1, (size_t)(list - strchr(json, '{') - 1));
	for (size_t i = 0; i < groups; i++)
		text_addf(&t,
		        "{\"name\":\"c%zu\",\"id\":%zu,\"member-of\":[{\"product\":\"skype-for-business-server\","
		        "\"role\":\"uc-client\"}],\"address\":[\"10.%zu.%zu.%zu\"],\"zone\":\"clients\"},",
		        i, 1000 + i, 128 + i / 32 / 250, i / 32 % 250, i % 32 * 8 + 1);
	text_addn(&t, list, (size_t)(members - list));
	for (size_t i = 0; i < groups; i++)
		text_addf(&t, "\"c%zu\",", i);
	text_add(&t, members);
	snprintf(path, sizeof(path), "%s/site.json", s->directory);
	must(file_replace(path, text_str(&t), t.len, &err), &err);
	must(config_site_read(s->ctx, path, &site, &err), &err);
	unlink(path);
	text_fini(&t);
	free(json);
	return site;
}

static void scene_open(struct scene *s)
{
	struct push_parts parts = {.network = network_unknown};
	struct error err;

	*s = (struct scene){.directory = "/tmp/portcullis-bench-XXXXXX"};
	if (unshare(CLONE_NEWNET) != 0 || mkdtemp(s->directory) == NULL) {
		fprintf(stderr, "bench: push needs root, for a network namespace\n");
		exit(1);
	}
	must(config_context_new(SOURCE_DIR "/yang", &s->ctx, &err), &err);
	must(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &s->catalog, &err), &err);
	must(nft_open_direct(&s->nft, &err), &err);
	parts.nft = s->nft;
	s->push = push_new(&parts);
	s->carrier = push_carrier(s->push);
	s->empty = xcalloc(1, sizeof(*s->empty));
}

static void scene_close(struct scene *s)
{
	push_free(s->push);
	s->nft.close(s->nft.self);
	site_free(s->empty);
	catalog_free(s->catalog);
	config_context_free(s->ctx);
	rmdir(s->directory);
}

/* One commit, as config/ makes it: @return milliseconds. */
static double commit(struct scene *s, const struct site *now, const struct site *next)
{
	const struct config_actor actor = {.user = "bench"};
	const struct config_push push = {.now = now, .next = next, .catalog = s->catalog, .actor = &actor};
	struct config_plan *plan;
	struct error err;
	double from = now_ms();

	must(s->carrier.prepare(s->carrier.ctx, &push, &plan, &err), &err);
	must(s->carrier.apply(s->carrier.ctx, plan, &err), &err);
	s->carrier.done(s->carrier.ctx, plan, true);
	return now_ms() - from;
}

/* @return milliseconds that nft takes for a file. */
static double nft_takes(const struct scene *s, const char *text)
{
	char path[96], command[128];
	struct error err;
	double from;

	snprintf(path, sizeof(path), "%s/table.nft", s->directory);
	must(file_replace(path, text, strlen(text), &err), &err);
	snprintf(command, sizeof(command), "nft -f %s", path);
	from = now_ms();
	if (system(command) != 0)
		exit(1);
	from = now_ms() - from;
	unlink(path);
	return from;
}

static void print(const char *work, size_t size, double ours, double theirs, bool json)
{
	static bool headed;

	if (json) {
		printf("{\"work\":\"%s\",\"size\":%zu,\"ours\":%.3f,\"peer\":\"nft\",\"theirs\":%.3f,\"unit\":\"ms\","
		       "\"ratio\":%.3f}\n",
		        work, size, ours, theirs, ours / theirs);
	} else {
		if (!headed)
			printf("%-52s %7s %10s %10s %7s\n", "work", "flows", "ms", "nft ms", "ratio");
		headed = true;
		printf("%-52s %7zu %10.1f %10.1f %7.2f\n", work, size, ours, theirs, ours / theirs);
	}
	fflush(stdout);
}

static void measure(struct scene *s, size_t groups, bool json)
{
	double whole[RUNS], again[RUNS], compiled[RUNS], replaced[RUNS], peer[RUNS];
	struct own_table *table;
	struct nft_batch batch;
	struct nft_answer answer;
	struct error err;
	size_t n = 0;
	char *text;

	s->site = site_make(s, groups);
	must(flows_derive(s->site, s->catalog, &(struct network){0}, 0, &s->flows, &err), &err);
	for (size_t i = 0; i < s->flows.n; i++)
		n += s->flows.flow[i].state == FLOW_CHECK && !s->flows.flow[i].advisory;
	for (int i = 0; i < RUNS; i++) {
		const struct compile_input in = {s->site, &s->flows, s->catalog};
		double from = now_ms();

		must(compile(&in, &table, &err), &err);
		compiled[i] = now_ms() - from;
		text = own_table_text(table);
		peer[i] = nft_takes(s, text);
		free(text);
		from = now_ms();
		must(nft_encode_table(table, &batch, &err), &err);
		must(s->nft.replace(s->nft.self, &batch, &answer, &err), &err);
		replaced[i] = now_ms() - from;
		nft_batch_fini(&batch);
		own_table_free(table);
		whole[i] = commit(s, s->empty, s->site);
		again[i] = commit(s, s->site, s->site);
		(void)commit(s, s->site, s->empty);
	}
	print("commit of a deployment, verified before and after", n, bench_median(whole, RUNS),
	        bench_median(peer, RUNS), json);
	print("commit that changes nothing of it", n, bench_median(again, RUNS), bench_median(peer, RUNS), json);
	print("compile alone", n, bench_median(compiled, RUNS), bench_median(peer, RUNS), json);
	print("replace alone", n, bench_median(replaced, RUNS), bench_median(peer, RUNS), json);
	flows_fini(&s->flows);
	site_free(s->site);
}

int bench_push(bool json)
{
	/* Groups of clients; what they need of each other grows with their square, though it is not this device's. */
	static const size_t sizes[] = {1, 34, 110};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		measure(&s, sizes[i], json);
	scene_close(&s);
	return 0;
}
