/*
 * RFC 8526: get-data and edit-data come in, with datastores named by identities, and go the ways of get and edit-config.
 * The operational datastore is running with the defaults in use, and the state. Refused are datastores that there are
 * not, and edits of the operational one.
 */
#include "netconf/nmda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/get.h"

#define PREFIX "ietf-datastores:"
#define OPERATIONAL PREFIX "operational"
#define LIBRARY_SCHEMA "complete" /* libyang's name for all modules together */

int nmda_datastore(const char *identity, enum datastore *out, struct error *err)
{
	if (strncmp(identity, PREFIX, strlen(PREFIX)) == 0 && datastore_find(identity + strlen(PREFIX), out))
		return 0;
	return error_set(err, ERR_INVALID, NULL,
	        "%.100s is no datastore of this server that has a configuration; see the yang-library for those that "
	        "it has",
	        identity);
}

static int library_add(struct lyd_node *library, const char *name, struct error *err)
{
	char identity[64];
	struct lyd_node *entry = NULL;
	snprintf(identity, sizeof(identity), PREFIX "%s", name);
	if (lyd_new_list(library, NULL, "datastore", 0, &entry, identity) == LY_SUCCESS &&
	        lyd_new_term(entry, NULL, "schema", LIBRARY_SCHEMA, 0, NULL) == LY_SUCCESS)
		return 0;
	return error_set(err, ERR_INTERNAL, NULL, "datastore %s cannot be listed", name);
}

int nmda_library(struct lyd_node *library, struct error *err)
{
	if (strcmp(LYD_NAME(library), "yang-library") != 0)
		return 0;
	for (int d = 0; d < DATASTORE_N; d++)
		if (library_add(library, datastore_name((enum datastore)d), err) != 0)
			return -1;
	return library_add(library, "operational", err);
}

/* Origins: what is set is intended, the rest is by default. */

struct origins {
	const struct lyd_node *rpc;
	const struct lys_module *module;
	bool show, filters; /* annotate; there is an origin filter */
	bool negated;
};

static const char *origin_of(const struct lyd_node *node)
{
	return (node->flags & LYD_DEFAULT) != 0 ? "ietf-origin:default" : "ietf-origin:intended";
}

static bool passes(const struct origins *o, const struct lyd_node *node)
{
	const struct lyd_node *f;
	bool named = false;
	LY_LIST_FOR(lyd_child(o->rpc), f)
	{
		if (strcmp(LYD_NAME(f), o->negated ? "negated-origin-filter" : "origin-filter") == 0)
			named = named || strcmp(lyd_get_value(f), origin_of(node)) == 0;
	}
	return named != o->negated;
}

static bool is_configuration(const struct lyd_node *node)
{
	return node->schema != NULL && (node->schema->flags & LYS_CONFIG_W) != 0;
}

/* Containers that say nothing by being there have no origin of their own. */
static bool has_origin(const struct lyd_node *node)
{
	return node->schema->nodetype != LYS_CONTAINER || (node->schema->flags & LYS_PRESENCE) != 0;
}

/* Cut configuration of other origins off. @return whether anything but keys is left. */
static bool filter_origins(const struct origins *o, struct lyd_node **first)
{
	struct lyd_node *node, *next;
	bool any = false;
	LY_LIST_FOR_SAFE(*first, next, node)
	{
		struct lyd_node *child = lyd_child(node);
		bool key = node->parent != NULL && node->schema != NULL && lysc_is_key(node->schema);
		if (key || !is_configuration(node)) {
			any = any || !key;
			continue;
		}
		bool keep = child != NULL && filter_origins(o, &child);
		keep = keep || (has_origin(node) && passes(o, node));
		any = any || keep;
		if (keep)
			continue;
		if (*first == node)
			*first = next;
		lyd_free_tree(node);
	}
	return any;
}

/* Where a node's origin is another than that of the node above. */
static void show_origins(const struct origins *o, struct lyd_node *first, const char *above)
{
	struct lyd_node *node;
	LY_LIST_FOR(first, node)
	{
		if (!is_configuration(node))
			continue;
		const char *origin = origin_of(node);
		if (strcmp(origin, above) != 0 &&
		        lyd_new_meta(NULL, node, o->module, "origin", origin, 0, NULL) != LY_SUCCESS)
			origin = above;
		show_origins(o, lyd_child(node), origin);
	}
}

static void finish(const void *ctx, struct lyd_node **tree)
{
	const struct origins *o = ctx;
	if (o->filters)
		(void)filter_origins(o, tree);
	if (o->show)
		show_origins(o, *tree, "");
}

static int get_operational(const struct call *call, struct reading *r, struct origins *o)
{
	bool negated = child_find(call->rpc, "negated-origin-filter") != NULL;
	*o = (struct origins){.rpc = call->rpc,
	        .module = ly_ctx_get_module_implemented(call->n->ctx, "ietf-origin"),
	        .show = child_find(call->rpc, "with-origin") != NULL,
	        .filters = negated || child_find(call->rpc, "origin-filter") != NULL,
	        .negated = negated};
	*r = (struct reading){
	        .datastore = DATASTORE_RUNNING, .config = true, .state = true, .in_use = true, .defaults = NC_WD_ALL};
	r->finish = finish;
	r->ctx = o;
	return 0;
}

struct nc_server_reply *rpc_get_data(const struct call *call)
{
	const char *datastore = child_value(call->rpc, "datastore"), *kind = child_value(call->rpc, "config-filter");
	const char *depth = child_value(call->rpc, "max-depth");
	struct reading r = {.config = true};
	struct origins origins;
	struct error err;
	if (datastore != NULL && strcmp(datastore, OPERATIONAL) == 0)
		(void)get_operational(call, &r, &origins);
	else if (nmda_datastore(datastore != NULL ? datastore : "", &r.datastore, &err) != 0)
		return reply_error(call, &err);
	/* What is in use is shown unless the request says otherwise. */
	if (!r.in_use || child_value(call->rpc, "with-defaults") != NULL)
		r.defaults = call_defaults(call);
	if (r.in_use && kind != NULL && strcmp(kind, "false") == 0)
		origins.show = origins.filters = false; /* they are of configuration alone */
	r.config = kind == NULL || strcmp(kind, "true") == 0;
	r.state = r.state && (kind == NULL || strcmp(kind, "false") == 0);
	r.depth = depth != NULL ? (unsigned)strtoul(depth, NULL, 10) : 0; /* "unbounded" is 0 */
	return reading_answer(call, &r);
}

struct nc_server_reply *rpc_edit_data(const struct call *call)
{
	const char *datastore = child_value(call->rpc, "datastore");
	enum datastore target;
	struct error err;
	if (nmda_datastore(datastore != NULL ? datastore : "", &target, &err) != 0)
		return reply_error(call, &err);
	return reply_edit(call, target);
}
