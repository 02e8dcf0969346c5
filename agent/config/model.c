/*
 * What of the schema matters to whole datastores: a context comes in, out go the configuration nodes at the top, in the
 * order of modules and definitions, and whether each can be validated without the others. In doubt it cannot.
 */
#include "config/model.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

bool model_is_entry(const struct lysc_node *schema)
{
	return (schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) != 0;
}

static bool type_points(const struct lysc_type *type)
{
	const struct lysc_type_union *u = (const struct lysc_type_union *)type;

	if (type->basetype == LY_TYPE_LEAFREF || type->basetype == LY_TYPE_INST)
		return true;
	for (LY_ARRAY_COUNT_TYPE i = 0; type->basetype == LY_TYPE_UNION && i < LY_ARRAY_COUNT(u->types); i++)
		if (type_points(u->types[i]))
			return true;
	return false;
}

static const struct lysc_node *top_of(const struct lysc_node *node)
{
	while (node->parent != NULL)
		node = node->parent;
	return node;
}

/* Does an expression look below another node at the top than its own, or perhaps at other entries of that? */
static bool leads_out(const struct lysc_node *node, const struct lysc_node *context, const struct lyxp_expr *cond,
        const struct lysc_prefix *prefixes)
{
	struct ly_set *atoms = NULL;
	bool out =
	        context == NULL || lys_find_expr_atoms(context, node->module, cond, prefixes, 0, &atoms) != LY_SUCCESS;

	for (uint32_t i = 0; !out && i < atoms->count; i++)
		out = top_of(atoms->snodes[i]) != top_of(node) ||
		      (atoms->snodes[i]->parent == NULL && model_is_entry(atoms->snodes[i]));
	ly_set_free(atoms, NULL);
	return out;
}

static bool asks_others(const struct lysc_node *node)
{
	const struct lysc_must *must = lysc_node_musts(node);
	struct lysc_when **when = lysc_node_when(node);

	for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(must); i++)
		if (leads_out(node, node, must[i].cond, must[i].prefixes))
			return true;
	for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(when); i++)
		if (leads_out(node, when[i]->context, when[i]->cond, when[i]->prefixes))
			return true;
	if (node->nodetype == LYS_LEAF)
		return type_points(((const struct lysc_node_leaf *)node)->type);
	return node->nodetype == LYS_LEAFLIST && type_points(((const struct lysc_node_leaflist *)node)->type);
}

/* Must there be one wherever there is its parent? A container that only orders things is there always. */
static bool is_mandatory(const struct lysc_node *node)
{
	const struct lysc_node *child;

	if ((node->flags & LYS_CONFIG_W) == 0)
		return false;
	if (node->nodetype == LYS_LIST)
		return ((const struct lysc_node_list *)node)->min > 0;
	if (node->nodetype == LYS_LEAFLIST)
		return ((const struct lysc_node_leaflist *)node)->min > 0;
	if (!lysc_is_np_cont(node))
		return node->nodetype != LYS_CONTAINER && (node->flags & LYS_MAND_TRUE) != 0;
	LY_LIST_FOR(lysc_node_child(node), child)
	{
		if (is_mandatory(child))
			return true;
	}
	return false;
}

/* What the entries, or the alternatives, of a node at the top owe each other. */
static bool is_bound(const struct lysc_node *node)
{
	const struct lysc_node_list *list = (const struct lysc_node_list *)node;
	const struct lysc_node_leaflist *leaves = (const struct lysc_node_leaflist *)node;

	if (is_mandatory(node) || (node->nodetype & (LYS_CHOICE | LYS_CASE)) != 0 || lysc_is_userordered(node))
		return true;
	if (node->nodetype == LYS_LIST)
		return list->max < UINT32_MAX || list->uniques != NULL;
	return node->nodetype == LYS_LEAFLIST && (leaves->max < UINT32_MAX || leaves->dflts != NULL);
}

static LY_ERR look(struct lysc_node *node, void *data, ly_bool *skip)
{
	bool *local = data;

	*skip = (node->flags & LYS_CONFIG_R) != 0 || (node->nodetype & (LYS_RPC | LYS_ACTION | LYS_NOTIF)) != 0;
	if (!*skip && (asks_others(node) || (node->parent == NULL && is_bound(node))))
		*local = false;
	return LY_SUCCESS;
}

void model_init(struct model *m, const struct ly_ctx *ctx)
{
	const struct lys_module *module;
	uint32_t index = 0;
	size_t cap = 0;

	*m = (struct model){.ctx = ctx, .local = true};
	while ((module = ly_ctx_get_module_iter(ctx, &index)) != NULL) {
		const struct lysc_node *node = NULL;

		if (!module->implemented || module->compiled == NULL)
			continue;
		lysc_module_dfs_full(module, look, &m->local);
		while ((node = lys_getnext(node, NULL, module->compiled, 0)) != NULL) {
			if ((node->flags & LYS_CONFIG_W) == 0 || (node->nodetype & (LYS_RPC | LYS_NOTIF)) != 0)
				continue;
			m->top = xgrow(m->top, m->n_top, &cap, sizeof(struct lysc_node *));
			m->top[m->n_top++] = node;
		}
	}
}

void model_fini(struct model *m)
{
	free(m->top);
	*m = (struct model){0};
}

size_t model_place(const struct model *m, const struct lysc_node *schema)
{
	size_t i = 0;

	while (i < m->n_top && m->top[i] != schema)
		i++;
	return i;
}

size_t model_place_named(const struct model *m, const char *module, const char *name)
{
	size_t i = 0;

	while (i < m->n_top && (strcmp(m->top[i]->name, name) != 0 || strcmp(m->top[i]->module->name, module) != 0))
		i++;
	return i;
}
