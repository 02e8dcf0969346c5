/*
 * RFC 6241 section 7.2 by hand: an edit as XML and a tree come in, the edited tree goes out. Each node's operation is
 * its own attribute, else its parent's, else the default; `insert` places entries of lists that the user orders.
 * Refused are what exists and should not (create), what does not and should (delete, none), and what fits no schema.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "config/draft.h"
#include "config/edit.h"
#include "portcullis/alloc.h"

/* More faults of one edit are not told. */
#define FAULTS_MAX 20

struct edit {
	const struct ly_ctx *ctx;
	struct draft *draft;
	const struct config_access *access; /* NULL: the user may know everything */
	struct error *err; /* the fault at hand */
	struct errors *faults;
};

static int fail(const struct edit *e, enum error_code code, const struct lyd_node *node, const char *text)
{
	char *path = node->schema != NULL ? tree_path(node) : edit_opaque_path(node);
	error_set(e->err, code, path, "%s %s", LYD_NAME(node), text);
	free(path);
	return -1;
}

/* A fault that says whether a node exists: to those who may know (RFC 8341 section 3.2.5). */
static int fail_existence(const struct edit *e, enum config_right right, enum error_code code,
        const struct lyd_node *node, const char *text)
{
	if (e->access != NULL && node->schema != NULL && !e->access->permits(e->access->ctx, right, node))
		return e->access->deny(e->access->ctx, right, node, e->err);
	return fail(e, code, node, text);
}

/* An entry that the user cannot read is not there for him. */
static bool may_know(const struct edit *e, const struct lyd_node *node)
{
	return e->access == NULL || e->access->permits(e->access->ctx, RIGHT_READ, node);
}

static int operation_of(const struct edit *e, const struct lyd_node *node, enum op inherited, enum op *out)
{
	if (edit_operation(node, inherited, out))
		return 0;
	fail(e, ERR_BAD_ATTRIBUTE, node, "has an unknown operation; use merge, replace, create, delete or remove");
	snprintf(e->err->item, sizeof(e->err->item), "operation");
	return -1;
}

/* Keep a fault, and go on with the next node: more may be wrong. @return whether that is wanted. */
static bool goes_on(const struct edit *e)
{
	errors_add(e->faults, e->err);
	return e->faults->n < FAULTS_MAX;
}

static struct lyd_node *target_find(const struct edit *e, struct lyd_node *parent, const struct lyd_node *like)
{
	struct lyd_node *match = NULL;
	LY_ERR r;

	if (parent == NULL)
		return draft_find(e->draft, like);
	/* Only entries are looked for with their value. */
	if (model_is_entry(like->schema))
		r = lyd_find_sibling_first(lyd_child(parent), like, &match);
	else
		r = lyd_find_sibling_val(lyd_child(parent), like->schema, NULL, 0, &match);
	return r == LY_SUCCESS ? match : NULL;
}

static int target_insert(const struct edit *e, struct lyd_node *parent, struct lyd_node *node)
{
	if (parent == NULL)
		draft_insert(e->draft, node);
	if (parent == NULL || lyd_insert_child(parent, node) == LY_SUCCESS)
		return 0;
	lyd_free_tree(node);
	return context_error(e->ctx, ERR_INTERNAL, NULL, e->err);
}

static void target_remove(const struct edit *e, struct lyd_node *node)
{
	if (node->parent == NULL)
		draft_remove(e->draft, node);
	else
		lyd_free_tree(node);
}

/* RFC 7950 sections 15.7, 7.7.9 and 7.8.6: what is wrong with `value` or `key`. */
static int fail_missing(const struct edit *e, const struct lyd_node *node, const char *name)
{
	bool given = edit_meta(node, "yang", name) != NULL;

	if (given)
		fail_existence(e, RIGHT_READ, ERR_BAD_ATTRIBUTE, node,
		        "is to be inserted beside an entry that does not exist; correct key or value");
	else
		fail(e, ERR_MISSING_ATTRIBUTE, node,
		        "is to be inserted before or after an entry that is not named; add the attribute key or value");
	if (e->err->code == ERR_DENIED)
		return -1;
	snprintf(e->err->item, sizeof(e->err->item), "%s", name);
	snprintf(e->err->app_tag, sizeof(e->err->app_tag), "%s", given ? "missing-instance" : "");
	return -1;
}

static const char *anchor_attribute(const struct lyd_node *node)
{
	return node->schema->nodetype == LYS_LIST ? "key" : "value";
}

/* RFC 7950 sections 7.7.9 and 7.8.6: the entry that `value` or `key` names. */
static struct lyd_node *anchor_find(const struct lyd_node *node, struct lyd_node *target)
{
	const char *which = edit_meta(node, "yang", anchor_attribute(node));
	struct lyd_node *anchor = NULL;

	if (which == NULL ||
	        lyd_find_sibling_val(lyd_first_sibling(target), node->schema, which, 0, &anchor) != LY_SUCCESS)
		return NULL;
	return anchor;
}

/* Put an entry of a user-ordered list where the edit says. A new one is last already. */
static int place(const struct edit *e, const struct lyd_node *node, struct lyd_node *target)
{
	const char *where = edit_meta(node, "yang", "insert");
	struct lyd_node *anchor = NULL, *sibling;
	LY_ERR r = LY_SUCCESS;

	if (where == NULL)
		return 0;
	if (!lysc_is_userordered(node->schema)) {
		fail(e, ERR_UNKNOWN_ATTRIBUTE, node, "is not ordered by the user: remove the attribute insert");
		snprintf(e->err->item, sizeof(e->err->item), "insert");
		return -1;
	}
	bool before = strcmp(where, "first") == 0 || strcmp(where, "before") == 0;
	if (strcmp(where, "before") == 0 || strcmp(where, "after") == 0) {
		anchor = anchor_find(node, target);
		ly_err_clean((struct ly_ctx *)e->ctx, NULL);
		if (anchor == NULL || !may_know(e, anchor))
			return fail_missing(e, node, anchor_attribute(node));
	} else {
		LY_LIST_FOR(lyd_first_sibling(target), sibling)
		{
			if (sibling->schema == node->schema && (anchor == NULL || !before))
				anchor = sibling;
		}
	}
	if (anchor != target)
		r = before ? lyd_insert_before(anchor, target) : lyd_insert_after(anchor, target);
	if (target->parent == NULL)
		e->draft->root = lyd_first_sibling(target);
	return r == LY_SUCCESS ? 0 : context_error(e->ctx, ERR_INTERNAL, NULL, e->err);
}

static int remove_node(const struct edit *e, struct lyd_node *match, const struct lyd_node *node, enum op op)
{
	bool exists = match != NULL && (match->flags & LYD_DEFAULT) == 0;

	if (exists)
		target_remove(e, match);
	else if (op == OP_DELETE)
		return fail_existence(e, RIGHT_DELETE, ERR_NOT_FOUND, node,
		        "does not exist, so it cannot be deleted; use operation remove");
	return 0;
}

static int edit_opaque(const struct edit *e, struct lyd_node *parent, const struct lyd_node *node, enum op op)
{
	const struct lysc_node *schema = edit_opaque_schema(node);
	const char *value = ((const struct lyd_node_opaq *)node)->value;
	struct lyd_node *match = NULL;

	/* <leaf operation="delete"/>: no value is needed, so an empty one that does not fit the type is no fault. */
	bool removal = op == OP_DELETE || op == OP_REMOVE;
	if (!removal || schema == NULL || schema->nodetype != LYS_LEAF || lysc_is_key(schema) ||
	        (value != NULL && value[0] != '\0'))
		return edit_opaque_error(node, e->err);
	if (parent == NULL)
		match = draft_find_schema(e->draft, schema);
	else if (lyd_find_sibling_val(lyd_child(parent), schema, NULL, 0, &match) != LY_SUCCESS)
		match = NULL;
	return remove_node(e, match, node, op);
}

/* RFC 6243 section 4.5.2: what is tagged as default has to be it. */
static int fail_default(const struct edit *e, const struct lyd_node *node)
{
	const struct lysc_node *schema = node->schema;
	const struct lyd_value *dflt = NULL;
	char text[320];

	if (schema->nodetype == LYS_LEAF)
		dflt = ((const struct lysc_node_leaf *)schema)->dflt;
	snprintf(text, sizeof(text), "is tagged as default with the value %.100s, but %s%.100s; %s",
	        lyd_get_value(node), dflt != NULL ? "its default is " : "that is no default of it",
	        dflt != NULL ? lyd_value_get_canonical(e->ctx, dflt) : "",
	        dflt != NULL ? "give this value, or remove the attribute default" : "remove the attribute default");
	return fail(e, ERR_INVALID, node, text);
}

static int edit_term(const struct edit *e, struct lyd_node *parent, struct lyd_node *match, const struct lyd_node *node)
{
	struct lyd_node *copy;
	bool stays = match != NULL && (node->schema->nodetype & LYD_NODE_TERM) != 0 &&
	             (match->flags & LYD_DEFAULT) == 0 && strcmp(lyd_get_value(match), lyd_get_value(node)) == 0;

	/* A node tagged as default is not set. */
	if ((node->flags & LYD_DEFAULT) != 0 && !lyd_is_default(node))
		return fail_default(e, node);
	if ((node->flags & LYD_DEFAULT) != 0)
		return match != NULL ? remove_node(e, match, node, OP_REMOVE) : 0;
	if (stays)
		return place(e, node, match);
	if (match != NULL)
		target_remove(e, match);
	if (lyd_dup_single(node, NULL, LYD_DUP_NO_META, &copy) != LY_SUCCESS)
		return context_error(e->ctx, ERR_INTERNAL, NULL, e->err);
	if (target_insert(e, parent, copy) != 0)
		return -1;
	return place(e, node, copy);
}

/* Nothing below that has to be looked at one by one. */
static bool is_plain(const struct lyd_node *node)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(node), child)
	{
		if (child->schema == NULL || child->meta != NULL || (child->flags & LYD_DEFAULT) != 0 ||
		        !is_plain(child))
			return false;
	}
	return true;
}

static void clear(const struct edit *e, struct lyd_node *node)
{
	struct lyd_node *child, *next;

	LY_LIST_FOR_SAFE(lyd_child(node), next, child)
	{
		if (!lysc_is_key(child->schema))
			target_remove(e, child);
	}
}

static int edit_node(const struct edit *e, struct lyd_node *parent, const struct lyd_node *node, enum op inherited);

static int key_check(const struct edit *e, const struct lyd_node *key, enum op op)
{
	enum op own;

	if (operation_of(e, key, op, &own) != 0)
		return -1;
	if (own == OP_DELETE || own == OP_REMOVE)
		return fail(e, ERR_INVALID, key, "is a key: put the operation on the list entry");
	return 0;
}

static void edit_children(const struct edit *e, struct lyd_node *target, const struct lyd_node *node, enum op op)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(node), child)
	{
		if (child->schema != NULL && lysc_is_key(child->schema)) {
			if (key_check(e, child, op) != 0 && !goes_on(e))
				return;
			continue;
		}
		/* libyang keeps the nodes of one leaf side by side. */
		bool twice = child->schema != NULL && child->schema->nodetype == LYS_LEAF &&
		             child->prev->next != NULL && child->prev->schema == child->schema;
		int result = twice ? fail(e, ERR_INVALID, child, "is given twice; give it once")
		                   : edit_node(e, target, child, op);
		if (result != 0 && !goes_on(e))
			return;
	}
}

static int edit_inner(
        const struct edit *e, struct lyd_node *parent, struct lyd_node *match, const struct lyd_node *node, enum op op)
{
	bool whole = match == NULL && op != OP_NONE && is_plain(node);

	if (match == NULL && op == OP_NONE && !lysc_is_np_cont(node->schema))
		return fail_existence(e, RIGHT_READ, ERR_NOT_FOUND, node,
		        "does not exist; create it or use another default-operation");
	if (match == NULL) {
		uint32_t options = LYD_DUP_NO_META | (whole ? LYD_DUP_RECURSIVE : 0);
		if (lyd_dup_single(node, NULL, options, &match) != LY_SUCCESS)
			return context_error(e->ctx, ERR_INTERNAL, NULL, e->err);
		if (target_insert(e, parent, match) != 0)
			return -1;
	} else if (op == OP_REPLACE) {
		clear(e, match);
	}
	if (!whole)
		edit_children(e, match, node, op);
	return place(e, node, match);
}

static int edit_node(const struct edit *e, struct lyd_node *parent, const struct lyd_node *node, enum op inherited)
{
	enum op op;

	if (operation_of(e, node, inherited, &op) != 0)
		return -1;
	if (node->schema == NULL)
		return edit_opaque(e, parent, node, op);
	if ((node->schema->flags & LYS_CONFIG_W) == 0)
		return fail(e, ERR_INVALID, node, "is not configuration");
	struct lyd_node *match = target_find(e, parent, node);
	if (op == OP_DELETE || op == OP_REMOVE)
		return remove_node(e, match, node, op);
	if (op == OP_CREATE && match != NULL && (match->flags & LYD_DEFAULT) == 0)
		return fail_existence(
		        e, RIGHT_CREATE, ERR_EXISTS, node, "exists already; use operation merge or replace");
	if ((node->schema->nodetype & LYD_NODE_INNER) != 0)
		return edit_inner(e, parent, match, node, op);
	if (op == OP_NONE) {
		bool same = match != NULL;
		return same ? 0
		            : fail_existence(e, RIGHT_READ, ERR_NOT_FOUND, node,
		                      "does not exist; create it or use another default-operation");
	}
	return edit_term(e, parent, match, node);
}

int edit_apply(struct draft *draft, const char *xml, enum edit_operation default_operation,
        const struct config_access *access, struct errors *faults, struct error *err)
{
	struct error at_hand;
	struct errors own = {0};
	const struct ly_ctx *ctx = draft->model->ctx;
	struct edit e = {.ctx = ctx,
	        .draft = draft,
	        .access = access,
	        .err = &at_hand,
	        .faults = faults != NULL ? faults : &own};
	enum op op = default_operation == EDIT_NONE ? OP_NONE : OP_MERGE;
	struct lyd_node *edit = NULL;
	const struct lyd_node *node;
	size_t before = e.faults->n;
	int result = 0;

	if (edit_parse(ctx, xml, faults != NULL, &edit, err) != 0)
		return -1;
	if (access != NULL && edit_access_check(edit, op, access, err) != 0) {
		lyd_free_siblings(edit);
		return -1;
	}
	/* The default operation "replace" is about the whole datastore: nothing of it stays. */
	if (default_operation == EDIT_REPLACE)
		draft_clear(draft);
	LY_LIST_FOR(edit, node)
	{
		if (edit_node(&e, NULL, node, op) != 0 && !goes_on(&e))
			break;
	}
	lyd_free_siblings(edit);
	if (e.faults->n > before) {
		if (err != NULL)
			*err = e.faults->error[before];
		result = -1;
	}
	errors_fini(&own);
	return result;
}
