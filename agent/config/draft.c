/*
 * Drafts: a version comes in, is changed node by node, and a new version goes out, which shares with the old one what was
 * not touched. Only what was touched is copied, validated and completed. What is linked by hand is the list of siblings
 * and nothing else. Refused is what libyang refuses.
 */
#include "config/draft.h"

#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

enum { STAYS, TAKEN_OUT, GONE };

/* A node at the top: as it is in the base, or taken out, or new. */
struct slot {
	struct lyd_node *node; /* NULL: it stays in the base; &removed: it was there */
	uint32_t hash;
	uint32_t base; /* index + 1; 0 where node is NULL: a free slot */
};

static struct lyd_node removed;

static size_t slot_start(const struct draft *d, uint32_t hash)
{
	return hash * 2654435761u & (d->n_slot - 1);
}

static void slot_put(struct draft *d, struct slot s)
{
	size_t i = slot_start(d, s.hash);

	while (d->slot[i].node != NULL || d->slot[i].base != 0)
		i = (i + 1) & (d->n_slot - 1);
	d->slot[i] = s;
	d->n_used++;
}

/* The part of base that a node was taken from: index + 1; 0: it is new. */
static uint32_t origin(const struct lyd_node *node)
{
	return (uint32_t)(uintptr_t)node->priv;
}

static void index_build(struct draft *d, size_t n)
{
	struct lyd_node *node;

	free(d->slot);
	for (d->n_slot = 64; d->n_slot < 3 * n; d->n_slot *= 2)
		;
	d->slot = xcalloc(d->n_slot, sizeof(*d->slot));
	d->n_used = 0;
	for (size_t i = 0; i < d->base->n; i++)
		if (d->state[i] == STAYS)
			slot_put(d, (struct slot){NULL, d->base->held[i].hash, (uint32_t)i + 1});
	LY_LIST_FOR(d->root, node)
	{
		slot_put(d, (struct slot){node, node->hash, origin(node)});
	}
}

static void take_out_all(struct draft *d)
{
	for (size_t i = 0; i < d->base->n; i++)
		if (d->state[i] == STAYS)
			(void)draft_take_out(d, i);
}

void draft_init(struct draft *d, const struct model *model, struct version *base)
{
	*d = (struct draft){.model = model, .base = base != NULL ? version_ref(base) : version_new()};
	d->state = xcalloc(d->base->n + 1, 1);
	index_build(d, d->base->n);
	if (!model->local)
		take_out_all(d);
}

void draft_fini(struct draft *d)
{
	lyd_free_siblings(d->root);
	version_unref(d->base);
	free(d->state);
	free(d->slot);
	*d = (struct draft){0};
}

static bool is_like(const struct lyd_node *node, const struct lyd_node *like)
{
	return node->schema == like->schema &&
	       (!model_is_entry(like->schema) || lyd_compare_single(node, like, 0) == LY_SUCCESS);
}

static struct lyd_node *take_out(struct draft *d, struct slot *s)
{
	struct lyd_node *copy = tree_dup(d->base->held[s->base - 1].part->node);

	copy->priv = (void *)(uintptr_t)s->base;
	d->state[s->base - 1] = TAKEN_OUT;
	tree_append(&d->root, copy);
	s->node = copy;
	return copy;
}

struct lyd_node *draft_find(struct draft *d, const struct lyd_node *like)
{
	for (size_t i = slot_start(d, like->hash); d->slot[i].node != NULL || d->slot[i].base != 0;
	        i = (i + 1) & (d->n_slot - 1)) {
		struct slot *s = &d->slot[i];

		if (s->hash != like->hash || s->node == &removed)
			continue;
		if (is_like(s->node != NULL ? s->node : d->base->held[s->base - 1].part->node, like))
			return s->node != NULL ? s->node : take_out(d, s);
	}
	return NULL;
}

static struct slot *slot_of(const struct draft *d, const struct lyd_node *node)
{
	size_t i = slot_start(d, node->hash);

	while (d->slot[i].node != node)
		i = (i + 1) & (d->n_slot - 1);
	return &d->slot[i];
}

struct lyd_node *draft_take_out(struct draft *d, size_t i)
{
	uint32_t base = (uint32_t)i + 1;
	size_t k = slot_start(d, d->base->held[i].hash);

	while (d->slot[k].base != base)
		k = (k + 1) & (d->n_slot - 1);
	return take_out(d, &d->slot[k]);
}

struct lyd_node *draft_find_schema(struct draft *d, const struct lysc_node *schema)
{
	size_t place = model_place(d->model, schema);
	struct lyd_node *node;

	LY_LIST_FOR(d->root, node)
	{
		if (node->schema == schema)
			return node;
	}
	for (size_t i = 0; i < d->base->n; i++)
		if (d->state[i] == STAYS && d->base->held[i].place == place)
			return draft_take_out(d, i);
	return NULL;
}

void draft_insert(struct draft *d, struct lyd_node *node)
{
	node->priv = NULL;
	tree_append(&d->root, node);
	if (2 * (d->n_used + 1) > d->n_slot)
		index_build(d, d->n_slot);
	else
		slot_put(d, (struct slot){node, node->hash, 0});
}

static void unlink_first(struct draft *d, struct lyd_node *node)
{
	if (d->root == node)
		d->root = node->next;
}

void draft_remove(struct draft *d, struct lyd_node *node)
{
	if (origin(node) != 0)
		d->state[origin(node) - 1] = GONE;
	slot_of(d, node)->node = &removed;
	unlink_first(d, node);
	lyd_free_tree(node);
}

void draft_clear(struct draft *d)
{
	lyd_free_siblings(d->root);
	d->root = NULL;
	memset(d->state, GONE, d->base->n);
	index_build(d, 0);
}

static void append(struct lyd_node **first, struct lyd_node *node)
{
	node->next = NULL;
	node->prev = node;
	tree_append(first, node);
}

/* The nodes that were taken out, by their parts; where the model is local, or else they may have changed places. */
static struct lyd_node **by_origin(const struct draft *d)
{
	struct lyd_node **out = xcalloc(d->base->n + 1, sizeof(struct lyd_node *)), *node;

	LY_LIST_FOR(d->root, node)
	{
		if (d->model->local && origin(node) != 0)
			out[origin(node) - 1] = node;
	}
	return out;
}

/* In the order of the version: libyang wants the nodes of a module, and the entries of a list, side by side. */
static void arrange(struct draft *d)
{
	struct lyd_node **first = xcalloc(d->model->n_top + 1, sizeof(struct lyd_node *)), **out = by_origin(d);
	struct lyd_node *rest = d->root, *next;
	size_t i = 0;

	for (; rest != NULL; rest = next) {
		next = rest->next;
		if (!d->model->local || origin(rest) == 0)
			append(&first[model_place(d->model, rest->schema)], rest);
	}
	d->root = NULL;
	for (size_t place = 0; place <= d->model->n_top; place++) {
		for (; i < d->base->n && d->base->held[i].place <= place; i++)
			if (out[i] != NULL)
				append(&d->root, out[i]);
		for (rest = first[place]; rest != NULL; rest = next) {
			next = rest->next;
			append(&d->root, rest);
		}
	}
	free(first);
	free(out);
}

/* What libyang has added because it saw only what was taken out. */
static void drop_twins(struct draft *d)
{
	struct lyd_node *node, *next;

	LY_LIST_FOR_SAFE(d->root, next, node)
	{
		bool twin = false;

		if (origin(node) != 0 || model_is_entry(node->schema))
			continue;
		for (size_t i = 0, place = model_place(d->model, node->schema); i < d->base->n && !twin; i++)
			twin = d->state[i] == STAYS && d->base->held[i].place == place;
		if (twin) {
			unlink_first(d, node);
			lyd_free_tree(node);
		}
	}
}

int draft_validate(struct draft *d, struct error *err)
{
	for (size_t i = 0; i < d->base->n; i++)
		if (d->state[i] == STAYS && !d->base->held[i].valid)
			(void)draft_take_out(d, i);
	arrange(d);
	if (tree_validate(d->model->ctx, &d->root, err) != 0)
		return -1;
	drop_twins(d);
	return 0;
}

int draft_complete(struct draft *d, struct error *err)
{
	arrange(d);
	if (lyd_new_implicit_all(&d->root, d->model->ctx, LYD_IMPLICIT_NO_STATE, NULL) != LY_SUCCESS)
		return context_error(d->model->ctx, ERR_INTERNAL, NULL, err);
	drop_twins(d);
	return 0;
}

struct lyd_node *draft_before(const struct draft *d)
{
	struct lyd_node *first = NULL;

	for (size_t i = 0; i < d->base->n; i++)
		if (d->state[i] != STAYS)
			tree_append(&first, tree_dup(d->base->held[i].part->node));
	return first;
}

/* A node that was taken out goes back to where it was, a new one behind those of its schema. */
struct version *draft_version(struct draft *d, bool valid)
{
	struct version *v = version_new();
	struct lyd_node **out, *node, *next;
	size_t i = 0;

	arrange(d);
	out = by_origin(d);
	for (size_t place = 0; place < d->model->n_top; place++) {
		for (; i < d->base->n && d->base->held[i].place == place; i++) {
			if (d->state[i] == STAYS)
				version_add(v, part_ref(d->base->held[i].part), place);
			else if (out[i] != NULL)
				version_add(v, part_new(out[i], valid), place);
		}
		for (node = d->root; node != NULL && node->schema == d->model->top[place]; node = next) {
			next = node->next;
			if (!d->model->local || origin(node) == 0)
				version_add(v, part_new(node, valid), place);
			node->next = NULL;
			node->prev = node;
			node->priv = NULL;
			d->root = next;
		}
	}
	free(out);
	draft_fini(d);
	return v;
}

struct lyd_node *draft_tree(struct draft *d)
{
	struct lyd_node *root;

	arrange(d);
	root = d->root;
	d->root = NULL;
	draft_fini(d);
	return root;
}
