/* links: netconf config */
/*
 * An rpc from a client: any bytes as one message, which goes through the guard and, only if that lets it through, the
 * way that the library and the operations go: parsed with the models, validated, its filter and its inline configuration
 * read. Whatever gets past the guard must not crash what is behind.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "config/draft.h"
#include "netconf/filter.h"
#include "netconf/guard.h"
#include "portcullis/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct guard_limits limits = {
        .message = 65536,
        .xml = {.depth = 64, .children = 200, .attributes = 32},
        .hello_ms = 1000,
        .progress_ms = 1000,
};

static struct ly_ctx *ctx;
static struct model model;

static struct ly_ctx *context(void)
{
	struct error err;
	if (context_server_new(SOURCE_DIR "/yang", &ctx, &err) != 0)
		abort();
	model_init(&model, ctx);
	return ctx;
}

/* A filter of get on a tree of one group. */
static void run_filter(const struct lyd_node *rpc)
{
	struct lyd_node *tree = NULL;
	struct filter f;
	struct error err;
	if (filter_init(&f, ctx, rpc, &err) != 0)
		return;
	if (lyd_new_path(NULL, ctx, "/portcullis:group[name='a']/address", "10.0.0.0/8", 0, &tree) != LY_SUCCESS)
		abort();
	if (filter_apply(&f, ctx, &tree, &err) != 0 && err.text[0] == '\0')
		abort();
	filter_fini(&f);
	lyd_free_siblings(tree);
}

/* The configuration that was taken out of the message. */
static void run_config(const struct text *content)
{
	struct draft draft;
	struct error err;
	draft_init(&draft, &model, NULL);
	if (edit_apply(&draft, text_str(content), EDIT_MERGE, NULL, NULL, &err) != 0 && err.text[0] == '\0')
		abort();
	draft_fini(&draft);
}

static void run_rpc(const char *message, const struct text *content)
{
	struct lyd_node *envelope = NULL, *rpc = NULL;
	struct ly_in *in = NULL;
	if (ly_in_new_memory(message, &in) != LY_SUCCESS)
		abort();
	if (lyd_parse_op(ctx, NULL, in, LYD_XML, LYD_TYPE_RPC_NETCONF, &envelope, &rpc) == LY_SUCCESS &&
	        lyd_validate_op(rpc, NULL, LYD_TYPE_RPC_YANG, NULL) == LY_SUCCESS) {
		run_filter(rpc);
		run_config(content);
	}
	ly_in_free(in, 0);
	lyd_free_all(envelope);
	lyd_free_all(rpc);
	ly_err_clean(ctx, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard g;
	struct error err;
	if (ctx == NULL)
		ctx = context();
	guard_init(&g, &limits, 0);
	g.operation = (struct operation){.knows = context_has_rpc, .ctx = ctx};
	g.stage = GUARD_SESSION;
	g.hello_due = 0;
	struct text bytes = {0};
	text_addn(&bytes, (const char *)data, size);
	frame_write_end(&bytes, false);
	for (size_t at = 0, used; at < bytes.len; at += used) {
		enum guard_event e = guard_feed(&g, bytes.s + at, bytes.len - at, &used, 1, &err);
		if (e == GUARD_RPC)
			run_rpc(text_str(&g.message), &g.content);
		if (e == GUARD_OVER)
			break;
		guard_next(&g);
	}
	text_fini(&bytes);
	guard_fini(&g);
	return 0;
}
