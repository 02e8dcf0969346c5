/*
 * Whole configuration trees: copied, printed, parsed, validated, and found by key at the top level. libyang 2 keeps no
 * index there, so that ten thousand groups would cost a hundred million comparisons; what is linked by hand here is
 * the list of siblings and nothing else. Refused is what libyang refuses.
 */
#include "config/datastore.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

struct top_slot {
	struct lyd_node *node; /* NULL: never taken; &gone: was taken */
};

static struct lyd_node gone;

static bool is_entry(const struct lyd_node *node)
{
	return node->schema != NULL && (node->schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) != 0;
}

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
		if (is_entry(node))
			node->flags &= ~(uint32_t)LYD_NEW;
	}
	if (lyd_validate_all(root, ctx, LYD_VALIDATE_NO_STATE, NULL) != LY_SUCCESS)
		return context_error(ctx, ERR_INVALID, NULL, err);
	return 0;
}

/* Slots: linear probing, a power of two, at most half taken. */
static size_t slot_start(const struct top *top, const struct lyd_node *node)
{
	return (node->hash * 2654435761u) & (top->n_slot - 1);
}

static void slot_put(struct top *top, struct lyd_node *node)
{
	size_t i = slot_start(top, node);
	while (top->slot[i].node != NULL)
		i = (i + 1) & (top->n_slot - 1);
	top->slot[i].node = node;
	top->n_used++;
}

static void top_index(struct top *top)
{
	struct lyd_node *node;
	size_t n = 0;

	LY_LIST_FOR(top->root, node)
	{
		n++;
	}
	free(top->slot);
	for (top->n_slot = 64; top->n_slot < 4 * n; top->n_slot *= 2)
		;
	top->slot = xcalloc(top->n_slot, sizeof(*top->slot));
	top->n_used = 0;
	LY_LIST_FOR(top->root, node)
	{
		if (is_entry(node))
			slot_put(top, node);
	}
}

void top_init(struct top *top, struct lyd_node *root)
{
	memset(top, 0, sizeof(*top));
	top->root = root;
	top_index(top);
}

struct lyd_node *top_fini(struct top *top)
{
	struct lyd_node *root = top->root;
	free(top->slot);
	memset(top, 0, sizeof(*top));
	return root;
}

struct lyd_node *top_find(const struct top *top, const struct lyd_node *like)
{
	struct lyd_node *match = NULL;

	if (!is_entry(like)) {
		if (lyd_find_sibling_first(top->root, like, &match) != LY_SUCCESS)
			return NULL;
		return match;
	}
	for (size_t i = slot_start(top, like); top->slot[i].node != NULL; i = (i + 1) & (top->n_slot - 1)) {
		match = top->slot[i].node;
		if (match != &gone && match->hash == like->hash && lyd_compare_single(match, like, 0) == LY_SUCCESS)
			return match;
	}
	return NULL;
}

static struct lyd_node **last_slot(struct top *top, const struct lysc_node *schema)
{
	return &top->last[(uintptr_t)schema / sizeof(*schema) % TOP_LAST];
}

static struct lyd_node *last_of(struct top *top, const struct lysc_node *schema)
{
	struct lyd_node *node, *last = *last_slot(top, schema);

	if (last != NULL && last->schema == schema)
		return last;
	last = NULL;
	LY_LIST_FOR(top->root, node)
	{
		if (node->schema == schema)
			last = node;
	}
	return last;
}

int top_insert(struct top *top, struct lyd_node *node)
{
	struct lyd_node *last = is_entry(node) ? last_of(top, node->schema) : NULL;

	if (last != NULL)
		link_after(top->root, last, node);
	else if (lyd_insert_sibling(top->root, node, &top->root) != LY_SUCCESS)
		return -1;
	if (!is_entry(node))
		return 0;
	*last_slot(top, node->schema) = node;
	if (2 * (top->n_used + 1) > top->n_slot)
		top_index(top);
	else
		slot_put(top, node);
	return 0;
}

void top_remove(struct top *top, struct lyd_node *node)
{
	if (top->root == node)
		top->root = node->next;
	if (is_entry(node)) {
		*last_slot(top, node->schema) = NULL;
		size_t i = slot_start(top, node);
		while (top->slot[i].node != node)
			i = (i + 1) & (top->n_slot - 1);
		top->slot[i].node = &gone;
	}
	lyd_free_tree(node);
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
static int arrange(struct lyd_node **root, struct error *err)
{
	struct lyd_node *rest = *root;
	struct top top;
	int result = 0;

	top_init(&top, NULL);
	while (rest != NULL && result == 0) {
		struct lyd_node *node = rest;
		rest = node->next;
		lyd_unlink_tree(node);
		if (is_entry(node) && top_find(&top, node) != NULL) {
			char *path = tree_path(node);
			result = error_set(err, ERR_INVALID, path, "the entry is there twice; remove one");
			free(path);
			lyd_free_tree(node);
		} else if (top_insert(&top, node) != 0) {
			result = context_error(LYD_CTX(node), ERR_INTERNAL, NULL, err);
			lyd_free_tree(node);
		}
	}
	lyd_free_siblings(rest);
	*root = top_fini(&top);
	return result;
}

int tree_parse(const struct ly_ctx *ctx, const char *json, struct lyd_node **out, struct error *err)
{
	const char *rest = "";

	if (parse_json(ctx, json, out, &rest) != 0)
		return context_error(ctx, ERR_INVALID, NULL, err);
	int result = rest[strspn(rest, " \t\r\n")] == '\0'
	                     ? arrange(out, err)
	                     : error_set(err, ERR_FORMAT, NULL, "text follows the JSON object; remove it");
	if (result != 0) {
		lyd_free_siblings(*out);
		*out = NULL;
	}
	return result;
}
