/*
 * What the measurements of pushes share: deployments like the example's, as many as asked for, commits with a watch in hand,
 * and the lines of the report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/push.h"
#include "portcullis/alloc.h"

double push_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void push_must(int result, const struct error *err)
{
	if (result == 0)
		return;
	fprintf(stderr, "bench: %s: %s\n", err->where, err->text);
	exit(1);
}

void push_print(
        const char *work, size_t size, double ours, const char *peer, double theirs, const char *unit, bool json)
{
	static bool headed;
	double ratio = theirs > 0 ? ours / theirs : 0;

	if (json) {
		printf("{\"work\":\"%s\",\"size\":%zu,\"ours\":%.3f,\"peer\":\"%s\",\"theirs\":%.3f,\"unit\":\"%s\","
		       "\"ratio\":%.3f}\n",
		        work, size, ours, peer, theirs, unit, ratio);
	} else {
		if (!headed)
			printf("%-44s %8s %11s %11s %8s  %-10s %s\n", "work", "size", "ours", "theirs", "ratio", "unit",
			        "theirs is of");
		headed = true;
		printf("%-44s %8zu %11.1f %11.1f %8.2f  %-10s %s\n", work, size, ours, theirs, ratio, unit, peer);
	}
	fflush(stdout);
}

/* ---- sites ---- */

struct substitution {
	const char *from;
	char to[32];
};

static void substitute(struct text *out, const char *s, const char *end, const struct substitution *list, size_t n)
{
	while (s < end) {
		size_t i = 0;

		while (i < n && strncmp(s, list[i].from, strlen(list[i].from)) != 0)
			i++;
		if (i < n) {
			text_add(out, list[i].to);
			s += strlen(list[i].from);
		} else {
			text_addn(out, s++, 1);
		}
	}
}

/* Parts of the example's text. */
struct template
{
	const char *groups, *groups_end, *deployment, *deployment_end;
};

static struct template template_find(const char *json)
{
	static const char groups[] = "\"portcullis:group\": [", deployments[] = "\"portcullis:deployment\": [";
	struct template t = {.groups = strstr(json, groups) + strlen(groups),
	        .groups_end = strstr(json, "\n  ],\n  \"portcullis:deployment\""),
	        .deployment = strstr(json, deployments) + strlen(deployments),
	        .deployment_end = strstr(json, "\n  ],\n  \"portcullis:zone\"")};

	return t;
}

/* Names, numbers and addresses of the k-th; the first keeps the example's addresses. */
static void groups_add(struct text *out, const struct template *t, size_t k)
{
	struct substitution list[] = {{"\"name\": \"", ""}, {"\"id\": ", ""}, {"\"10.10.", ""}, {"\"10.11.", ""},
	        {"\"10.20.", ""}, {"\"10.30.", ""}, {"\"fd00:", ""}};
	static const unsigned here[] = {10, 11, 20, 30};
	unsigned first = 11 + (unsigned)k / 60, second = (unsigned)k % 60 * 4;

	snprintf(list[0].to, sizeof(list[0].to), "\"name\": \"s%zu-", k);
	snprintf(list[1].to, sizeof(list[1].to), "\"id\": %zu", 1000 + k);
	for (unsigned i = 0; i < 4; i++)
		snprintf(list[2 + i].to, sizeof(list[2 + i].to), "\"%u.%u.", k > 0 ? first : 10,
		        k > 0 ? second + i : here[i]);
	snprintf(list[6].to, sizeof(list[6].to), "\"fd%02x:", (unsigned)k);
	substitute(out, t->groups, t->groups_end, list, sizeof(list) / sizeof(list[0]));
}

static void deployment_add(struct text *out, const struct template *t, size_t k)
{
	static const char *const groups[] = {"\"clients\"", "\"pstn-gateway\"", "\"fe-pool\"", "\"director-pool\"",
	        "\"mediation-pool\"", "\"persistent-chat-pool\"", "\"office-web-apps\"", "\"file-share\""};
	struct substitution list[10] = {{"\"site-a\"", ""}, {"\"id\": ", ""}};

	snprintf(list[0].to, sizeof(list[0].to), "\"site-%zu\"", k);
	snprintf(list[1].to, sizeof(list[1].to), "\"id\": %zu", 1000 + k);
	for (size_t i = 0; i < 8; i++) {
		list[2 + i].from = groups[i];
		snprintf(list[2 + i].to, sizeof(list[2 + i].to), "\"s%zu-%s", k, groups[i] + 1);
	}
	substitute(out, t->deployment, t->deployment_end, list, 10);
}

struct site *push_site(struct push_scene *s, size_t deployments, const char *more)
{
	char *json, path[96];
	struct text t = {0};
	struct template parts;
	struct site *site;
	struct error err;
	size_t len;

	push_must(file_read(SOURCE_DIR "/contrib/example/deployment.json", 1 << 20, &json, &len, &err), &err);
	parts = template_find(json);
	text_addf(&t, "{\"portcullis:firewall\":{\"mode\":\"enforce\"%s},\"portcullis:group\":[", more);
	for (size_t k = 0; k < deployments; k++) {
		text_add(&t, k > 0 ? "," : "");
		groups_add(&t, &parts, k);
	}
	text_add(&t, "],\"portcullis:deployment\":[");
	for (size_t k = 0; k < deployments; k++) {
		text_add(&t, k > 0 ? "," : "");
		deployment_add(&t, &parts, k);
	}
	text_add(&t, parts.deployment_end);
	snprintf(path, sizeof(path), "%s/site.json", s->directory);
	push_must(file_replace(path, text_str(&t), t.len, &err), &err);
	push_must(config_site_read(s->ctx, path, &site, &err), &err);
	unlink(path);
	text_fini(&t);
	free(json);
	return site;
}

size_t push_flows(const struct flows *flows)
{
	size_t n = 0;

	for (size_t i = 0; i < flows->n; i++)
		n += flows->flow[i].state == FLOW_CHECK && !flows->flow[i].advisory;
	return n;
}

/* ---- commits ---- */

static struct nft_ops kernel;
static struct push_times *took;
static double replaced_at;

static int timed_check(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	double from = push_now_ms();
	int result = kernel.check(self, batch, answer, err);

	took->check = push_now_ms() - from;
	return result;
}

static int timed_replace(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	double from = push_now_ms();
	int result = kernel.replace(self, batch, answer, err);

	replaced_at = push_now_ms();
	took->replace += replaced_at - from;
	return result;
}

static int network_unknown(struct network *out, struct error *err)
{
	(void)err;
	*out = (struct network){0};
	return 0;
}

void push_scene_open(struct push_scene *s)
{
	struct push_parts parts = {.network = network_unknown};
	struct error err;

	*s = (struct push_scene){.directory = "/tmp/portcullis-bench-XXXXXX"};
	if (mkdtemp(s->directory) == NULL) {
		perror("bench: /tmp");
		exit(1);
	}
	push_must(config_context_new(SOURCE_DIR "/yang", &s->ctx, &err), &err);
	push_must(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &s->catalog, &err), &err);
	push_must(nft_open_direct(&s->nft, &err), &err);
	kernel = parts.nft = s->nft;
	took = &s->took;
	parts.nft.check = timed_check;
	parts.nft.replace = timed_replace;
	s->push = push_new(&parts);
	s->carrier = push_carrier(s->push);
	s->empty = xcalloc(1, sizeof(*s->empty));
}

void push_scene_close(struct push_scene *s)
{
	push_free(s->push);
	s->nft.close(s->nft.self);
	site_free(s->empty);
	catalog_free(s->catalog);
	config_context_free(s->ctx);
	rmdir(s->directory);
}

void push_commit(struct push_scene *s, const struct site *now, const struct site *next)
{
	const struct config_actor actor = {.user = "bench"};
	const struct config_push push = {.now = now, .next = next, .catalog = s->catalog, .actor = &actor};
	struct config_plan *plan;
	struct error err;
	double from = push_now_ms();

	s->took.replace = 0; /* of one transaction or two */
	push_must(s->carrier.prepare(s->carrier.ctx, &push, &plan, &err), &err);
	push_must(s->carrier.apply(s->carrier.ctx, plan, &err), &err);
	s->took.prove = push_now_ms() - replaced_at;
	s->carrier.done(s->carrier.ctx, plan, true);
	s->took.whole = push_now_ms() - from;
}
