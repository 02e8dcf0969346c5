#ifndef TESTS_PUSH_SCENE_H
#define TESTS_PUSH_SCENE_H

/*
 * Pushes to test with: the example deployment with a firewall part, a network namespace of its own with a real kernel, and
 * one change as config/ makes it.
 */
#include <libyang/libyang.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "portcullis/push.h"
#include "run_suite.h"
#include "scratch_dir.h"
#include "verify_support.h"

static char base[64];
static struct ly_ctx *ctx;
static struct catalog *catalog;
static struct nft_ops nft;
static struct journal *journal;
static struct push *push;
static struct usage *usage; /* NULL: nobody counts */
static struct config_carrier carrier;
static struct error err;
static const struct config_actor somebody = {.session = 1, .user = "somebody"};
static struct network network;

static inline int network_known(struct network *out, struct error *e)
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

static inline int replace_meanwhile(
        void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	void (*once)(void) = meanwhile;

	meanwhile = NULL;
	if (once != NULL)
		once();
	return real_replace(self, batch, answer, e);
}

static inline void begin_push(void)
{
	const struct push_parts parts = {.nft = nft, .journal = journal, .network = network_known, .usage = usage};

	push_free(push);
	push = push_new(&parts);
	carrier = push_carrier(push);
}

static inline void begin(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	snprintf(base, sizeof(base), "/tmp/portcullis-push-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
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

static inline void end(void)
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

/** What becomes of the example deployment that goes with a firewall part: takes and gives a string. NULL: it stays. */
static char *(*site_edit)(char *json, const char *firewall);

/** The example deployment with a firewall part ("": none). */
static inline struct site *site_of(const char *firewall)
{
	char *json, *whole, path[96];
	struct site *site;
	size_t len;

	ck_assert_int_eq(file_read(SOURCE_DIR "/contrib/example/deployment.json", 1 << 20, &json, &len, &err), 0);
	if (site_edit != NULL)
		json = site_edit(json, firewall);
	whole = firewall[0] != '\0' ? xasprintf("{\"portcullis:firewall\":{%s},%s", firewall, strchr(json, '{') + 1)
	                            : xstrdup(json);
	snprintf(path, sizeof(path), "%s/site.json", base);
	ck_assert_int_eq(file_replace(path, whole, strlen(whole), &err), 0);
	ck_assert_msg(config_site_read(ctx, path, &site, &err) == 0, "%s: %s", err.where, err.text);
	free(whole);
	free(json);
	return site;
}

/* What nft lists, without counters. */
static inline char *listed(void)
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

static inline bool has(const char *words)
{
	char *list = listed();
	bool found = strstr(list, words) != NULL;

	free(list);
	return found;
}

/** In what run() takes: the set of required flows, which has a digest of its content behind its name. */
#define REQUIRED "required-forward4-*"

static inline void run(const char *text)
{
	char *list = strstr(text, REQUIRED) != NULL ? listed() : xstrdup("");
	const char *name = strstr(list, "required-forward4-"), *rest = text, *place;
	FILE *f = popen("nft -f -", "w");

	ck_assert_ptr_nonnull(f);
	for (; (place = strstr(rest, REQUIRED)) != NULL; rest = place + strlen(REQUIRED))
		fprintf(f, "%.*s%.*s", (int)(place - rest), rest, name != NULL ? (int)strcspn(name, " ") : 0, name);
	fputs(rest, f);
	ck_assert_msg(pclose(f) == 0, "nft refuses: %s", text);
	free(list);
}

enum outcome { REFUSED, FAILED, DONE, WAITS, UNDONE };

/** One change, as config/ makes it. */
static inline enum outcome change(
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

static inline enum outcome commit(const char *now, const char *next)
{
	return change(now, next, false, false, false, NULL);
}

#define ENFORCE "\"mode\":\"enforce\""
#define REJECT ENFORCE ",\"commit-gate\":\"reject\""
#define RULE(name, matches, action)                                                                                    \
	",\"rule\":[{\"name\":\"" name "\",\"matches\":{" matches "},\"actions\":{\"forwarding\":\"" action "\"}}]"
#define CLIENTS_DROPPED RULE("x", "\"source\":{\"group\":[\"clients\"]}", "drop")
#define OTHER "table inet other {\n\tchain c {\n\t\ttype filter hook forward priority 0; policy accept;\n\t}\n}\n"

#endif
