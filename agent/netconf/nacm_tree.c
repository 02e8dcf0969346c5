/*
 * Access control of whole trees: a tree comes in and what may not be read is taken out, or two trees come in and the
 * first change that is not permitted goes out. Refused is a write of which one node is denied.
 */
#include <stdlib.h>
#include <string.h>

#include "config/changes.h"
#include "config/datastore.h"
#include "netconf/nacm.h"
#include "portcullis/alloc.h"

/* Reading */

bool nacm_reads(struct nacm_view *v, const struct lyd_node *node)
{
	const struct lyd_node *key;
	if (!nacm_permits(v, node, NACM_READ))
		return false;
	if (node->schema == NULL || node->schema->nodetype != LYS_LIST)
		return true;
	LY_LIST_FOR(lyd_child(node), key)
	{
		if (!lysc_is_key(key->schema))
			break;
		if (!nacm_permits(v, key, NACM_READ))
			return false;
	}
	return true;
}

bool nacm_prune(struct nacm_view *view, struct lyd_node **tree)
{
	struct lyd_node *node, *next;
	bool any = false;
	if (nacm_permits_all(view))
		return false;
	LY_LIST_FOR_SAFE(*tree, next, node)
	{
		if (nacm_reads(view, node)) {
			struct lyd_node *child = lyd_child(node);
			if (child != NULL && !nacm_reads_below(view, node->schema))
				any |= nacm_prune(view, &child);
			continue;
		}
		any = true;
		if (*tree == node)
			*tree = next;
		lyd_free_tree(node);
	}
	return any;
}

/* Writing */

struct check {
	struct nacm_view *view;
	struct error *err;
	int result;
};

/* The path of a node as far as the user may read it; "" when he may not even see where it is. */
static char *path_shown(struct nacm_view *view, const struct lyd_node *node)
{
	const struct lyd_node *shown = node;
	for (const struct lyd_node *up = node; up != NULL; up = lyd_parent(up))
		if (!nacm_reads(view, up))
			shown = lyd_parent(up);
	return shown != NULL ? tree_path(shown) : xstrdup("");
}

int nacm_deny(struct nacm_view *view, const struct lyd_node *node, enum nacm_op op, struct error *err)
{
	static const char *const verbs[] = {
	        [NACM_READ] = "read", [NACM_CREATE] = "create", [NACM_UPDATE] = "change", [NACM_DELETE] = "delete"};
	char *path = path_shown(view, node);
	bool fits = strlen(path) < sizeof(err->where);
	(void)error_set(err, ERR_DENIED, fits ? path : "",
	        "this user may not %s %s of module %s here; ask for a rule in /ietf-netconf-acm:nacm that permits it",
	        verbs[op], LYD_NAME(node), node->schema->module->name);
	free(path);
	return -1;
}

static int need(const struct check *c, const struct lyd_node *node, enum nacm_op op)
{
	return nacm_permits(c->view, node, op) ? 0 : nacm_deny(c->view, node, op, c->err);
}

static bool is_set(const struct lyd_node *node)
{
	return node->schema != NULL && (node->flags & LYD_DEFAULT) == 0;
}

/* Everything at and below a node comes into being, or goes. */
static int need_whole(const struct check *c, const struct lyd_node *node, enum nacm_op op)
{
	const struct lyd_node *child;
	if (!is_set(node))
		return 0;
	if (!lysc_is_np_cont(node->schema) && need(c, node, op) != 0)
		return -1;
	LY_LIST_FOR(lyd_child(node), child)
	{
		if (need_whole(c, child, op) != 0)
			return -1;
	}
	return 0;
}

static bool need_change(
        void *ctx, enum tree_operation operation, const struct lyd_node *old, const struct lyd_node *new)
{
	struct check *c = ctx;
	if (operation == TREE_CREATE)
		c->result = need_whole(c, new, NACM_CREATE);
	else if (operation == TREE_DELETE)
		c->result = need_whole(c, old, NACM_DELETE);
	else
		c->result = need(c, new, NACM_UPDATE);
	return c->result == 0;
}

int nacm_may_write(
        struct nacm_view *view, const struct lyd_node *before, const struct lyd_node *after, struct error *err)
{
	struct check c = {view, err, 0};
	if (!nacm_permits_all(view))
		tree_changes(before, after, need_change, &c);
	return c.result;
}
