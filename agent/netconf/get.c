/*
 * Reading: get, get-config and get-schema, and what get-data shares with them. The configuration and the state that the filter may select are put together
 * and cut to the filter; a filter that cannot be evaluated, and a schema that is not there, are refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/get.h"
#include "netconf/nacm.h"
#include "netconf/nmda.h"
#include "netconf/walk.h"

/* Put a tree of one root beside the others. */
static void join(struct rows *b, struct lyd_node **tree, struct lyd_node *add)
{
	if (add == NULL)
		return;
	if (lyd_insert_sibling(*tree, add, tree) != LY_SUCCESS) {
		b->failed = true;
		(void)error_set(&b->err, ERR_INTERNAL, NULL, "the reply cannot be put together");
		lyd_free_all(add);
	}
}

static bool wants_path(const struct filter *f, const struct ly_ctx *ctx, const char *path)
{
	return filter_wants(f, lys_find_path(ctx, NULL, path, 0));
}

static void add_library(struct rows *b, const struct ly_ctx *ctx, const struct filter *f, struct lyd_node **tree)
{
	struct lyd_node *library = NULL;
	if (!wants_path(f, ctx, "/ietf-yang-library:yang-library") &&
	        !wants_path(f, ctx, "/ietf-yang-library:modules-state"))
		return;
	/* The content id of the hello (libnetconf2's default). */
	if (ly_ctx_get_yanglib_data(ctx, &library, "%u", ly_ctx_get_change_count(ctx)) != LY_SUCCESS) {
		b->failed = true;
		(void)error_set(&b->err, ERR_INTERNAL, NULL, "the YANG library cannot be listed");
		return;
	}
	while (library != NULL) {
		struct lyd_node *next = library->next;
		lyd_unlink_tree(library);
		if (!b->failed && nmda_library(library, &b->err) != 0)
			b->failed = true;
		join(b, tree, library);
		library = next;
	}
}

/* May all instances of this schema node be written without a look at each? Else they are built, pruned and filtered. */
static bool may_stream(const struct call *call, const struct lysc_node *node)
{
	return node != NULL && nacm_reads_all(call->view, node);
}

/* A container as nodes or, where the filter takes all that it touches, as what the pump writes by itself. */
static struct state_walk *add_walk(struct rows *b, const struct call *call, const struct reading *r,
        const struct walk_top *top, struct snapshot *snap, const struct filter *f, struct lyd_node **tree)
{
	bool whole;
	struct state_walk *walk = state_walk_new(call->n, top, snap, f, &whole);
	if (walk == NULL ||
	        (whole && r->depth == 0 && may_stream(call, lys_find_path(call->n->ctx, NULL, top->path, 0))))
		return walk;
	join(b, tree, state_walk_tree(walk, b));
	state_walk_free(walk);
	return NULL;
}

/* What is of the newest verification. */
static struct state_walk *add_snapshot(struct rows *b, const struct call *call, const struct reading *r,
        const struct filter *f, struct lyd_node **tree)
{
	struct netconf *n = call->n;
	struct snapshot *snap = hub_get(n->hub);
	struct state_walk *walk;
	if (snap == NULL)
		return NULL;
	walk = add_walk(b, call, r, &walk_conformance, snap, f, tree);
	walk = state_walk_join(walk, add_walk(b, call, r, &walk_firewall_use, snap, f, tree));
	if (wants_path(f, n->ctx, "/portcullis-catalog:catalog"))
		join(b, tree, state_catalog(b, n->ctx, snap));
	if (wants_path(f, n->ctx, "/portcullis:firewall/rule"))
		state_add_rules(b, n, snap, r->config, tree);
	snapshot_unref(snap);
	return walk;
}

static struct state_walk *add_state(struct rows *b, const struct call *call, const struct reading *r,
        const struct filter *f, struct lyd_node **tree)
{
	struct netconf *n = call->n;
	struct state_walk *walk = add_snapshot(b, call, r, f, tree);
	if (wants_path(f, n->ctx, "/ietf-netconf-monitoring:netconf-state"))
		join(b, tree, state_monitoring(b, n));
	if (wants_path(f, n->ctx, "/portcullis:history"))
		join(b, tree, state_history(b, n));
	if (wants_path(f, n->ctx, "/nc-notifications:netconf"))
		join(b, tree, state_streams(b, n));
	if (wants_path(f, n->ctx, "/ietf-netconf-acm:nacm"))
		access_add_state(b, n, tree);
	add_library(b, n->ctx, f, tree);
	return walk;
}

/* May the filter select any configuration? */
static bool wants_configuration(const struct filter *f, const struct ly_ctx *ctx)
{
	const struct lys_module *m;
	uint32_t i = 0;
	while ((m = ly_ctx_get_module_iter(ctx, &i)) != NULL) {
		const struct lysc_node *node = NULL;
		while (m->implemented && (node = lys_getnext(node, NULL, m->compiled, 0)) != NULL)
			if ((node->flags & LYS_CONFIG_W) != 0 && filter_wants(f, node))
				return true;
	}
	return false;
}

/* A datastore's tree, where the filter may select anything of it. */
static struct lyd_node *configuration(
        struct rows *b, const struct call *call, const struct reading *r, const struct filter *f)
{
	bool all = r->in_use || r->defaults == NC_WD_ALL || r->defaults == NC_WD_ALL_TAG;
	struct lyd_node *tree = NULL;
	if (!r->config || !wants_configuration(f, call->n->ctx))
		return NULL;
	tree = config_get(call->n->config, r->datastore);
	if (all && lyd_new_implicit_all(&tree, call->n->ctx, LYD_IMPLICIT_NO_STATE, NULL) != LY_SUCCESS) {
		b->failed = true;
		(void)error_set(&b->err, ERR_INTERNAL, NULL, "defaults cannot be filled in");
	}
	return tree;
}

/* The mark is put among the data last, where no filter sees it. */
static void add_mark(struct rows *b, const struct call *call, struct state_walk *walk, struct lyd_node **tree)
{
	struct lyd_node *mark;
	if (walk == NULL)
		return;
	if (!b->failed && (mark = inlay_mark(call->n->ctx)) == NULL) {
		b->failed = true;
		(void)error_set(&b->err, ERR_INTERNAL, NULL, "the reply cannot be put together");
	}
	if (b->failed) {
		state_walk_free(walk);
		return;
	}
	join(b, tree, mark);
	inlay_offer(call->s, walk);
}

struct nc_server_reply *reading_answer(const struct call *call, const struct reading *r)
{
	struct rows b = {0};
	struct filter f;
	struct state_walk *walk = NULL;
	if (filter_init(&f, call->n->ctx, call->rpc, &b.err) != 0)
		return reply_error(call, &b.err);
	struct lyd_node *tree = configuration(&b, call, r, &f);
	if (r->state)
		walk = add_state(&b, call, r, &f, &tree);
	/* RFC 8341, "<get> and <get-config> Operations": a filter selects from what may be read, and cannot ask about the rest. */
	nacm_prune(call->view, &tree);
	if (!b.failed && filter_apply_depth(&f, call->n->ctx, r->depth, &tree, &b.err) != 0)
		b.failed = true;
	filter_fini(&f);
	if (!b.failed && r->finish != NULL)
		r->finish(r->ctx, &tree);
	add_mark(&b, call, walk, &tree);
	if (!b.failed)
		return reply_data(call, tree, r->defaults);
	lyd_free_siblings(tree);
	return reply_error(call, &b.err);
}

struct nc_server_reply *rpc_get(const struct call *call)
{
	const struct reading r = {
	        .datastore = DATASTORE_RUNNING, .config = true, .state = true, .defaults = call_defaults(call)};
	return reading_answer(call, &r);
}

struct nc_server_reply *rpc_get_config(const struct call *call)
{
	const struct lyd_node *source = child_find(call->rpc, "source");
	enum datastore d;
	if (lyd_child(source) == NULL || !datastore_find(LYD_NAME(lyd_child(source)), &d)) {
		struct error err;
		(void)error_set(
		        &err, ERR_UNSUPPORTED, NULL, "there is no such datastore; use running, candidate or startup");
		return reply_error(call, &err);
	}
	const struct reading r = {.datastore = d, .config = true, .defaults = call_defaults(call)};
	return reading_answer(call, &r);
}

/* A module by name and revision; without a revision there must be one only. */
static const struct lys_module *schema_find(
        const struct ly_ctx *ctx, const char *name, const char *revision, struct error *err)
{
	const struct lys_module *found = NULL, *m;
	uint32_t i = 0;
	while ((m = ly_ctx_get_module_iter(ctx, &i)) != NULL) {
		if (strcmp(m->name, name) != 0)
			continue;
		if (revision != NULL && strcmp(m->revision != NULL ? m->revision : "", revision) != 0)
			continue;
		if (found != NULL) {
			(void)error_set(err, ERR_INVALID, NULL,
			        "there are several revisions of %.100s; name one in <version>", name);
			snprintf(err->app_tag, sizeof(err->app_tag), "data-not-unique"); /* RFC 6022 section 3.1 */
			return NULL;
		}
		found = m;
	}
	if (found == NULL)
		(void)error_set(err, ERR_INVALID, NULL,
		        "there is no schema %.100s%s%.20s; netconf-state/schemas lists them", name,
		        revision != NULL ? "@" : "", revision != NULL ? revision : "");
	return found;
}

struct nc_server_reply *rpc_get_schema(const struct call *call)
{
	const char *name = child_value(call->rpc, "identifier"), *revision = child_value(call->rpc, "version");
	const char *format = child_value(call->rpc, "format");
	struct lyd_node *output = NULL;
	struct error err;
	char *text = NULL;
	const char *local = format != NULL && strchr(format, ':') != NULL ? strchr(format, ':') + 1 : format;
	bool yin = local != NULL && strcmp(local, "yin") == 0;
	const struct lys_module *m = NULL;
	if (local != NULL && !yin && strcmp(local, "yang") != 0)
		(void)error_set(&err, ERR_INVALID, NULL, "schemas are not kept as %.40s; use yang or yin", local);
	else
		m = schema_find(call->n->ctx, name != NULL ? name : "", revision, &err);
	if (m == NULL)
		return reply_error(call, &err);
	/* The library takes a value over by putting it into its dictionary: it is given a copy. */
	if (lys_print_mem(&text, m, yin ? LYS_OUT_YIN : LYS_OUT_YANG, 0) != LY_SUCCESS ||
	        lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS ||
	        lyd_new_any(output, NULL, "data", text, 0, LYD_ANYDATA_STRING, 1, NULL) != LY_SUCCESS) {
		(void)error_set(&err, ERR_INTERNAL, NULL, "schema %.100s cannot be printed", m->name);
		lyd_free_all(output);
		free(text);
		return reply_error(call, &err);
	}
	free(text);
	return reply_output(output);
}
