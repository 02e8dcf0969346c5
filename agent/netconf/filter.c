/*
 * Filters: a request's filter and a tree of our own come in, the tree without what is not selected goes out. Nodes are
 * marked first and the rest is cut off, so that the cost is that of one walk. Refused are expressions that are no XPath
 * or that give no nodes.
 */
#include "netconf/filter.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "netconf/names.h"
#include "portcullis/alloc.h"

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

static bool is_key(const struct lyd_node *node)
{
	return node->parent != NULL && node->schema != NULL && lysc_is_key(node->schema);
}

/*
 * Cut siblings off that are not selected. left: levels that a selected node above still takes; depth: levels that each
 * selected node takes, UINT_MAX where nothing is to be cut below it. Keys stay with their entries.
 */
static void prune(struct lyd_node **first, unsigned left, unsigned depth)
{
	struct lyd_node *node, *next;
	LY_LIST_FOR_SAFE(*first, next, node)
	{
		enum mark mark = mark_get(node);
		unsigned mine = mark == MARK_WHOLE && depth > left ? depth : left;
		node->priv = NULL;
		if (mine == UINT_MAX || is_key(node))
			continue;
		if (mine > 0 || mark == MARK_PATH) {
			struct lyd_node *child = lyd_child(node);
			prune(&child, mine > 0 ? mine - 1 : 0, depth);
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
	if (f->schema == NULL ? ((const struct lyd_node_opaq *)f)->attr != NULL : f->meta != NULL)
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

/* @return whether anything is selected. */
static bool apply_subtree(const struct filter *f, struct lyd_node *tree)
{
	const struct lyd_node *top;
	bool any = false;
	LY_LIST_FOR(f->subtree, top)
	{
		struct lyd_node *d;
		LY_LIST_FOR(tree, d)
		{
			if (same_name(top, d->schema) && !is_content_match(top))
				any |= mark_subtree(top, d);
		}
	}
	return any;
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

/* An element that selects everything of its name. */
static bool selects_whole(const struct lyd_node *f)
{
	return lyd_child(f) == NULL && filter_value(f).n == 0;
}

/* What an element of the top level says of a node below it. */
static enum filter_extent top_extent(const struct lyd_node *f, const struct lysc_node *node)
{
	const struct lyd_node *cf;
	enum filter_extent extent = FILTER_NOTHING;
	bool matches = false, others = false;
	if (lyd_child(f) == NULL)
		return selects_whole(f) ? FILTER_WHOLE : FILTER_NOTHING;
	LY_LIST_FOR(lyd_child(f), cf)
	{
		matches = matches || is_content_match(cf);
		others = others || !is_content_match(cf);
		if (!same_name(cf, node))
			continue;
		if (selects_whole(cf))
			extent = FILTER_WHOLE;
		else if (extent == FILTER_NOTHING)
			extent = FILTER_PART;
	}
	if (matches && (!others || extent == FILTER_WHOLE))
		extent = FILTER_PART;
	return extent;
}

static enum filter_extent subtree_extent(const struct lyd_node *first, const struct lysc_node *node)
{
	const struct lyd_node *f;
	enum filter_extent extent = FILTER_NOTHING;
	LY_LIST_FOR(first, f)
	{
		enum filter_extent e = same_name(f, node->parent) ? top_extent(f, node) : FILTER_NOTHING;
		extent = e > extent ? e : extent;
	}
	return extent;
}

/* Room for one more alternative; NULL: there are too many. */
static struct filter_terms *alternative_add(struct filter_terms **out, size_t *n, size_t *cap)
{
	if (*n == FILTER_ALTERNATIVES)
		return NULL;
	*out = xgrow(*out, *n, cap, sizeof(**out));
	(*out)[*n].n = 0;
	return &(*out)[(*n)++];
}

/* Terms of an element that stands for a list. @return false: it asks nothing of the entries. */
static bool entry_terms(const struct lyd_node *f, struct filter_terms *out)
{
	const struct lyd_node *cf;
	LY_LIST_FOR(lyd_child(f), cf)
	{
		const char *name = LYD_NAME(cf);
		if (is_content_match(cf) && out->n < FILTER_TERMS)
			out->term[out->n++] = (struct filter_term){{name, strlen(name)}, filter_value(cf), false};
	}
	return out->n > 0;
}

static bool subtree_terms(
        const struct lyd_node *first, const struct lysc_node *list, struct filter_terms **out, size_t *n)
{
	const struct lyd_node *f, *cf;
	size_t cap = 0;
	LY_LIST_FOR(first, f)
	{
		bool others = false;
		if (!same_name(f, list->parent))
			continue;
		LY_LIST_FOR(lyd_child(f), cf)
		{
			others = others || !is_content_match(cf);
			if (!same_name(cf, list))
				continue;
			struct filter_terms *terms = alternative_add(out, n, &cap);
			if (terms == NULL || !entry_terms(cf, terms))
				return false;
		}
		if (!others)
			return false;
	}
	return true;
}

/* XPath */

static int apply_xpath(const struct filter *f, const struct ly_ctx *ctx, struct lyd_node *tree, struct error *err)
{
	struct ly_set *set = NULL;
	struct lyd_node *nothing = NULL;
	/* An expression that gives no nodes is one whatever there is to read. */
	if (tree == NULL && lyd_new_opaq2(NULL, ctx, "nothing", NULL, NULL, NAMES_ANY, &nothing) != LY_SUCCESS)
		return error_set(err, ERR_INTERNAL, NULL, "the filter cannot be evaluated");
	LY_ERR result = lyd_find_xpath3(NULL, tree != NULL ? tree : nothing, f->evaluated, NULL, &set);
	if (result != LY_SUCCESS)
		(void)context_error(ctx, ERR_INVALID, "", err);
	else if (tree == NULL)
		set->count = 0;
	lyd_free_all(nothing);
	if (result != LY_SUCCESS)
		return -1;
	for (uint32_t i = 0; i < set->count; i++) {
		mark_set(set->dnodes[i], MARK_WHOLE);
		for (struct lyd_node *p = lyd_parent(set->dnodes[i]); p != NULL && mark_get(p) == MARK_NONE;
		        p = lyd_parent(p))
			mark_set(p, MARK_PATH);
	}
	ly_set_free(set, NULL);
	return 0;
}

/* Is one of the schema nodes of the set this one, or below it? */
static bool is_around(const struct lysc_node *node, const struct ly_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		for (const struct lysc_node *n = set->snodes[i]; n != NULL; n = n->parent)
			if (n == node)
				return true;
	return false;
}

static bool xpath_wants(const struct filter *f, const struct lysc_node *node)
{
	if (is_around(node, f->touched) || is_around(node, f->result))
		return true;
	return node->parent != NULL && ly_set_contains(f->result, (void *)node->parent, NULL);
}

static bool step_is(const struct filter_path *p, size_t i, const struct lysc_node *node)
{
	const struct filter_step *step = &p->step[i];
	return i < p->n && xml_span_is(step->name, node->name) &&
	       (i > 0 && step->module.n == 0 ? xml_span_is(p->step[i - 1].module, node->module->name)
	                                     : xml_span_is(step->module, node->module->name));
}

static enum filter_extent xpath_extent(const struct filter *f, const struct lysc_node *node)
{
	if (!xpath_wants(f, node))
		return FILTER_NOTHING;
	for (size_t i = 0; i < f->n_path; i++) {
		const struct filter_path *p = &f->path[i];
		bool top = p->n <= 2 && step_is(p, 0, node->parent) && !p->step[0].terms;
		if (top && (p->n == 1 || (step_is(p, 1, node) && !p->step[1].terms)))
			return FILTER_WHOLE;
	}
	return FILTER_PART;
}

static bool xpath_terms(const struct filter *f, const struct lysc_node *list, struct filter_terms **out, size_t *n)
{
	size_t cap = 0;
	for (size_t i = 0; i < f->n_path; i++) {
		const struct filter_path *p = &f->path[i];
		if (!xml_span_is(p->step[0].name, list->parent->name))
			continue;
		if (p->n > 1 && !xml_span_is(p->step[1].name, list->name))
			continue;
		struct filter_terms *terms = p->n > 1 && p->terms.n > 0 ? alternative_add(out, n, &cap) : NULL;
		if (terms == NULL)
			return false;
		*terms = p->terms;
	}
	return f->n_path > 0;
}

bool filter_terms(const struct filter *f, const struct lysc_node *list, struct filter_terms **out, size_t *n)
{
	*out = NULL;
	*n = 0;
	if ((f->kind == FILTER_SUBTREE && subtree_terms(f->subtree, list, out, n)) ||
	        (f->kind == FILTER_XPATH && xpath_terms(f, list, out, n)))
		return true;
	free(*out);
	*out = NULL;
	*n = 0;
	return false;
}

enum filter_extent filter_extent(const struct filter *f, const struct lysc_node *node)
{
	if (f->kind == FILTER_NONE)
		return FILTER_WHOLE;
	return f->kind == FILTER_SUBTREE ? subtree_extent(f->subtree, node) : xpath_extent(f, node);
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
	if (!filter_paths_parse(f->xpath, &f->path, &f->n_path) && filter_cost_check(f->xpath, err) != 0)
		return -1;
	if (lys_find_xpath(ctx, NULL, f->xpath, 0, &f->result) != LY_SUCCESS ||
	        lys_find_xpath_atoms(ctx, NULL, f->xpath, 0, &f->touched) != LY_SUCCESS) {
		filter_fini(f);
		return context_error(ctx, ERR_INVALID, "", err);
	}
	f->evaluated = filter_logic_rewrite(f->xpath);
	return 0;
}

static void init_subtree(struct filter *f, const struct lyd_node *filter)
{
	const struct lyd_node_any *any = (const struct lyd_node_any *)filter;
	f->kind = FILTER_SUBTREE;
	if (any->value_type == LYD_ANYDATA_DATATREE)
		f->subtree = any->value.tree;
}

/* The parameter of get, get-config and create-subscription. */
static int init_filter(struct filter *f, const struct ly_ctx *ctx, const struct lyd_node *filter, struct error *err)
{
	const char *type = filter_attribute(filter, "type");
	if (type == NULL || strcmp(type, "xpath") != 0) {
		init_subtree(f, filter);
		return 0;
	}
	f->xpath = filter_attribute(filter, "select");
	if (f->xpath == NULL)
		return error_set(err, ERR_INVALID, NULL, "a filter of type xpath needs the attribute select");
	return init_xpath(f, ctx, err);
}

int filter_init(struct filter *f, const struct ly_ctx *ctx, const struct lyd_node *rpc, struct error *err)
{
	const struct lyd_node *child;
	memset(f, 0, sizeof(*f));
	LY_LIST_FOR(lyd_child(rpc), child)
	{
		if (strcmp(LYD_NAME(child), "filter") == 0)
			return init_filter(f, ctx, child, err);
		if (strcmp(LYD_NAME(child), "subtree-filter") == 0)
			init_subtree(f, child);
		if (strcmp(LYD_NAME(child), "xpath-filter") == 0) {
			f->xpath = lyd_get_value(child);
			return init_xpath(f, ctx, err);
		}
	}
	return 0;
}

void filter_fini(struct filter *f)
{
	ly_set_free(f->result, NULL);
	ly_set_free(f->touched, NULL);
	free(f->path);
	free(f->evaluated);
	memset(f, 0, sizeof(*f));
}

int filter_selects(
        const struct filter *f, const struct ly_ctx *ctx, struct lyd_node *tree, bool *selects, struct error *err)
{
	struct ly_set *set = NULL;
	*selects = f->kind == FILTER_NONE || (f->kind == FILTER_SUBTREE && apply_subtree(f, tree));
	if (f->kind != FILTER_XPATH)
		return 0;
	if (lyd_find_xpath3(NULL, tree, f->evaluated, NULL, &set) != LY_SUCCESS)
		return context_error(ctx, ERR_INVALID, "", err);
	*selects = set->count > 0;
	ly_set_free(set, NULL);
	return 0;
}

int filter_apply_depth(
        const struct filter *f, const struct ly_ctx *ctx, unsigned depth, struct lyd_node **tree, struct error *err)
{
	struct lyd_node *node;
	if ((f->kind == FILTER_NONE && depth == 0) || (f->kind != FILTER_XPATH && *tree == NULL))
		return 0;
	LY_LIST_FOR(f->kind == FILTER_NONE ? *tree : NULL, node)
	{
		mark_set(node, MARK_WHOLE);
	}
	if (f->kind == FILTER_SUBTREE)
		(void)apply_subtree(f, *tree);
	else if (f->kind == FILTER_XPATH && apply_xpath(f, ctx, *tree, err) != 0)
		return -1;
	prune(tree, 0, depth == 0 ? UINT_MAX : depth);
	return 0;
}

int filter_apply(const struct filter *f, const struct ly_ctx *ctx, struct lyd_node **tree, struct error *err)
{
	return filter_apply_depth(f, ctx, 0, tree, err);
}
