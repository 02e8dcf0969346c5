/*
 * Filters: a request's filter and a tree of our own come in, the tree without what is not selected goes out. Nodes are
 * marked first and the rest is cut off, so that the cost is that of one walk. Refused are expressions that are no XPath
 * or that give no nodes.
 */
#include "netconf/filter.h"

#include <stdint.h>
#include <string.h>

#include "config/datastore.h"
#include "netconf/names.h"

/* Marks in a node's priv, which libyang leaves alone. */
enum mark { MARK_NONE, MARK_PATH, MARK_WHOLE };

static void mark_set(struct lyd_node *node, enum mark mark)
{
	if ((enum mark)(uintptr_t)node->priv < mark)
		node->priv = (void *)(uintptr_t)mark;
}

static enum mark mark_get(const struct lyd_node *node)
{
	return (enum mark)(uintptr_t)node->priv;
}

static void prune(struct lyd_node **first)
{
	struct lyd_node *node, *next;
	LY_LIST_FOR_SAFE(*first, next, node)
	{
		enum mark mark = mark_get(node);
		node->priv = NULL;
		if (mark == MARK_WHOLE || (mark == MARK_NONE && node->parent != NULL && lysc_is_key(node->schema)))
			continue;
		if (mark == MARK_PATH) {
			struct lyd_node *child = lyd_child(node);
			prune(&child);
			continue;
		}
		if (*first == node)
			*first = next;
		lyd_free_tree(node);
	}
}

/* Subtree */

static struct xml_span trimmed(const char *s)
{
	struct xml_span t = {s, strlen(s)};
	while (t.n > 0 && xml_is_space((struct xml_span){t.s, 1})) {
		t.s++;
		t.n--;
	}
	while (t.n > 0 && xml_is_space((struct xml_span){t.s + t.n - 1, 1}))
		t.n--;
	return t;
}

static const char *filter_ns(const struct lyd_node *f)
{
	if (f->schema != NULL)
		return f->schema->module->ns;
	return ((const struct lyd_node_opaq *)f)->name.module_ns;
}

/* The value that a filter node asks for; n 0: none, it selects. */
static struct xml_span filter_value(const struct lyd_node *f)
{
	const char *value = f->schema == NULL ? ((const struct lyd_node_opaq *)f)->value : lyd_get_value(f);
	return trimmed(value != NULL ? value : "");
}

static bool is_content_match(const struct lyd_node *f)
{
	return lyd_child(f) == NULL && filter_value(f).n > 0;
}

/* Same name, and same namespace unless the filter leaves it open. No node of ours has attributes to match. */
static bool same_name(const struct lyd_node *f, const struct lysc_node *schema)
{
	const char *ns = filter_ns(f);
	if (f->schema == NULL && ((const struct lyd_node_opaq *)f)->attr != NULL)
		return false;
	return strcmp(LYD_NAME(f), schema->name) == 0 &&
	       (ns == NULL || strcmp(ns, NAMES_ANY) == 0 || strcmp(ns, schema->module->ns) == 0);
}

static bool same_value(const struct lyd_node *f, const struct lyd_node *d)
{
	const char *value = lyd_get_value(d);
	return value != NULL && xml_span_is(filter_value(f), value);
}

/* Every content match among the filter's children is met by a child of d; those are marked. */
static bool content_matches(const struct lyd_node *f, struct lyd_node *d, bool *others)
{
	const struct lyd_node *cf;
	*others = false;
	LY_LIST_FOR(lyd_child(f), cf)
	{
		struct lyd_node *c;
		bool met = false;
		if (!is_content_match(cf)) {
			*others = true;
			continue;
		}
		LY_LIST_FOR(lyd_child(d), c)
		{
			if (same_name(cf, c->schema) && same_value(cf, c)) {
				met = true;
				mark_set(c, MARK_WHOLE);
			}
		}
		if (!met)
			return false;
	}
	return true;
}

/* Mark what f selects at d, which has its name. @return whether anything. */
static bool mark_subtree(const struct lyd_node *f, struct lyd_node *d)
{
	const struct lyd_node *cf;
	bool others, any = false, matched = false;
	if (lyd_child(f) == NULL) {
		mark_set(d, MARK_WHOLE);
		return true;
	}
	if (!content_matches(f, d, &others))
		return false;
	if (!others) {
		mark_set(d, MARK_WHOLE);
		return true;
	}
	LY_LIST_FOR(lyd_child(f), cf)
	{
		struct lyd_node *c;
		if (is_content_match(cf)) {
			matched = true;
			continue;
		}
		LY_LIST_FOR(lyd_child(d), c)
		{
			if (same_name(cf, c->schema))
				any |= mark_subtree(cf, c);
		}
	}
	if (any || matched)
		mark_set(d, MARK_PATH);
	return any || matched;
}

static void apply_subtree(const struct filter *f, struct lyd_node *tree)
{
	const struct lyd_node *top;
	LY_LIST_FOR(f->subtree, top)
	{
		struct lyd_node *d;
		LY_LIST_FOR(tree, d)
		{
			if (same_name(top, d->schema) && !is_content_match(top))
				mark_subtree(top, d);
		}
	}
}

static bool subtree_wants(const struct lyd_node *first, const struct lysc_node *node)
{
	const struct lyd_node *f, *cf;
	const struct lysc_node *top = node->parent != NULL ? node->parent : node;
	LY_LIST_FOR(first, f)
	{
		bool selects = true;
		if (!same_name(f, top))
			continue;
		if (top == node)
			return true;
		LY_LIST_FOR(lyd_child(f), cf)
		{
			if (same_name(cf, node))
				return true;
			selects = selects && is_content_match(cf);
		}
		if (selects)
			return true;
	}
	return false;
}

/* XPath */

static int apply_xpath(const struct filter *f, const struct ly_ctx *ctx, struct lyd_node *tree, struct error *err)
{
	struct ly_set *set = NULL;
	if (lyd_find_xpath3(NULL, tree, f->xpath, NULL, &set) != LY_SUCCESS)
		return context_error(ctx, ERR_INVALID, "", err);
	for (uint32_t i = 0; i < set->count; i++) {
		mark_set(set->dnodes[i], MARK_WHOLE);
		for (struct lyd_node *p = lyd_parent(set->dnodes[i]); p != NULL && mark_get(p) == MARK_NONE;
		        p = lyd_parent(p))
			mark_set(p, MARK_PATH);
	}
	ly_set_free(set, NULL);
	return 0;
}

static bool xpath_wants(const struct filter *f, const struct lysc_node *node)
{
	if (ly_set_contains(f->touched, (void *)node, NULL) || ly_set_contains(f->result, (void *)node, NULL))
		return true;
	return node->parent != NULL && ly_set_contains(f->result, (void *)node->parent, NULL);
}

bool filter_wants(const struct filter *f, const struct lysc_node *node)
{
	if (node == NULL)
		return false;
	if (f->kind == FILTER_NONE)
		return true;
	return f->kind == FILTER_SUBTREE ? subtree_wants(f->subtree, node) : xpath_wants(f, node);
}

static const char *filter_attribute(const struct lyd_node *filter, const char *name)
{
	const struct lyd_meta *meta;
	LY_LIST_FOR(filter->meta, meta)
	{
		if (strcmp(meta->name, name) == 0)
			return lyd_get_meta_value(meta);
	}
	return NULL;
}

static int init_xpath(struct filter *f, const struct ly_ctx *ctx, struct error *err)
{
	f->kind = FILTER_XPATH;
	if (f->xpath == NULL)
		return error_set(err, ERR_INVALID, NULL, "a filter of type xpath needs the attribute select");
	if (lys_find_xpath(ctx, NULL, f->xpath, 0, &f->result) != LY_SUCCESS ||
	        lys_find_xpath_atoms(ctx, NULL, f->xpath, 0, &f->touched) != LY_SUCCESS) {
		filter_fini(f);
		return context_error(ctx, ERR_INVALID, "", err);
	}
	return 0;
}

int filter_init(struct filter *f, const struct ly_ctx *ctx, const struct lyd_node *rpc, struct error *err)
{
	const struct lyd_node *child, *filter = NULL;
	memset(f, 0, sizeof(*f));
	LY_LIST_FOR(lyd_child(rpc), child)
	{
		if (strcmp(LYD_NAME(child), "filter") == 0)
			filter = child;
	}
	if (filter == NULL)
		return 0;
	const char *type = filter_attribute(filter, "type");
	if (type != NULL && strcmp(type, "xpath") == 0) {
		f->xpath = filter_attribute(filter, "select");
		return init_xpath(f, ctx, err);
	}
	const struct lyd_node_any *any = (const struct lyd_node_any *)filter;
	f->kind = FILTER_SUBTREE;
	if (any->value_type == LYD_ANYDATA_DATATREE)
		f->subtree = any->value.tree;
	return 0;
}

void filter_fini(struct filter *f)
{
	ly_set_free(f->result, NULL);
	ly_set_free(f->touched, NULL);
	memset(f, 0, sizeof(*f));
}

int filter_apply(const struct filter *f, const struct ly_ctx *ctx, struct lyd_node **tree, struct error *err)
{
	if (f->kind == FILTER_NONE || *tree == NULL)
		return 0;
	if (f->kind == FILTER_SUBTREE)
		apply_subtree(f, *tree);
	else if (apply_xpath(f, ctx, *tree, err) != 0)
		return -1;
	prune(tree);
	return 0;
}
