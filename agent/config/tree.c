/*
 * Whole configuration trees: copied, printed, parsed and validated, in linear time where libyang would look for the place of
 * each node among its siblings. Refused is what libyang refuses, and an entry that is there twice.
 */
#include "config/datastore.h"
#include "config/draft.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* Neighbour by neighbour: lyd_insert_sibling() would look for the place from the first sibling on. */
static void link_after(struct lyd_node *first, struct lyd_node *before, struct lyd_node *node)
{
	node->prev = before;
	node->next = before->next;
	if (before->next != NULL)
		before->next->prev = node;
	else
		first->prev = node;
	before->next = node;
}

void tree_append(struct lyd_node **first, struct lyd_node *node)
{
	if (*first == NULL)
		*first = node;
	else if (node != NULL)
		link_after(*first, (*first)->prev, node);
}

struct lyd_node *tree_dup(const struct lyd_node *root)
{
	struct lyd_node *first = NULL, *copy = NULL;
	const struct lyd_node *node;

	LY_LIST_FOR(root, node)
	{
		if (lyd_dup_single(node, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &copy) != LY_SUCCESS)
			abort();
		tree_append(&first, copy);
	}
	return first;
}

const char *tree_value(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (strcmp(LYD_NAME(child), name) == 0)
			return lyd_get_value(child);
	}
	return NULL;
}

char *tree_path(const struct lyd_node *node)
{
	char *path = lyd_path(node, LYD_PATH_STD, NULL, 0);
	return path != NULL ? path : xstrdup("");
}

int tree_print(const struct lyd_node *root, char **out, struct error *err)
{
	*out = NULL;
	if (root == NULL) {
		*out = xstrdup("{}");
		return 0;
	}
	if (lyd_print_mem(out, root, LYD_JSON, LYD_PRINT_WITHSIBLINGS | LYD_PRINT_SHRINK) != LY_SUCCESS)
		return context_error(LYD_CTX(root), ERR_INTERNAL, NULL, err);
	if (*out == NULL)
		*out = xstrdup("{}");
	return 0;
}

int tree_validate(const struct ly_ctx *ctx, struct lyd_node **root, struct error *err)
{
	struct lyd_node *node;

	/* A new node makes libyang look for its twin among all siblings. */
	LY_LIST_FOR(*root, node)
	{
		if (model_is_entry(node->schema))
			node->flags &= ~(uint32_t)LYD_NEW;
	}
	if (lyd_validate_all(root, ctx, LYD_VALIDATE_NO_STATE, NULL) != LY_SUCCESS) {
		context_error(ctx, ERR_INVALID, NULL, err);
		remedy_few(ctx, *root, err);
		return -1;
	}
	return 0;
}

static bool is_ordered(const struct lyd_node *node)
{
	const struct lyd_node *child;
	const struct lysc_node *at = NULL;

	LY_LIST_FOR(lyd_child(node), child)
	{
		while (at != child->schema) {
			at = lys_getnext(at, node->schema, node->schema->module->compiled, 0);
			if (at == NULL)
				return false;
		}
		if ((child->schema->nodetype & LYD_NODE_INNER) != 0 && !is_ordered(child))
			return false;
	}
	return true;
}

/* *rest: what follows the first JSON value, where libyang stops. */
static int parse_once(
        const struct ly_ctx *ctx, const char *json, uint32_t options, struct lyd_node **out, const char **rest)
{
	struct ly_in *in = NULL;
	LY_ERR r = ly_in_new_memory(json, &in);

	*out = NULL;
	if (r == LY_SUCCESS)
		r = lyd_parse_data(ctx, NULL, in, LYD_JSON, options, 0, out);
	if (r == LY_SUCCESS)
		*rest = json + ly_in_parsed(in);
	ly_in_free(in, 0);
	if (r == LY_SUCCESS)
		return 0;
	lyd_free_siblings(*out);
	*out = NULL;
	return -1;
}

/* Told that data are in order, libyang need not look for the place of each node, but fails on keys that come late. */
static int parse_json(const struct ly_ctx *ctx, const char *json, struct lyd_node **out, const char **rest)
{
	const uint32_t options = LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE;
	const struct lyd_node *node;
	bool ordered = parse_once(ctx, json, options | LYD_PARSE_ORDERED, out, rest) == 0;

	LY_LIST_FOR(*out, node)
	{
		ordered = ordered && is_ordered(node);
	}
	if (ordered)
		return 0;
	ly_err_clean((struct ly_ctx *)ctx, NULL);
	lyd_free_siblings(*out);
	return parse_once(ctx, json, options, out, rest);
}

/* Put the top level in the order of the schema and refuse an entry that is there twice. */
static int arrange(const struct ly_ctx *ctx, struct lyd_node **root, struct error *err)
{
	struct lyd_node *rest = *root;
	struct model model;
	struct draft draft;
	int result = 0;

	model_init(&model, ctx);
	draft_init(&draft, &model, NULL);
	while (rest != NULL && result == 0) {
		struct lyd_node *node = rest;
		rest = node->next;
		lyd_unlink_tree(node);
		if (draft_find(&draft, node) != NULL) {
			char *path = tree_path(node);
			result = error_set(err, ERR_INVALID, path, "the entry is there twice; remove one");
			free(path);
			lyd_free_tree(node);
		} else {
			draft_insert(&draft, node);
		}
	}
	lyd_free_siblings(rest);
	*root = draft_tree(&draft);
	model_fini(&model);
	return result;
}

int tree_parse(const struct ly_ctx *ctx, const char *json, struct lyd_node **out, struct error *err)
{
	const char *rest = "";

	if (parse_json(ctx, json, out, &rest) != 0)
		return context_error(ctx, ERR_INVALID, NULL, err);
	int result = rest[strspn(rest, " \t\r\n")] == '\0'
	                     ? arrange(ctx, out, err)
	                     : error_set(err, ERR_FORMAT, NULL, "text follows the JSON object; remove it");
	if (result != 0) {
		lyd_free_siblings(*out);
		*out = NULL;
	}
	return result;
}
