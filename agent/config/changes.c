/*
 * What differs between two configurations: two trees of one context come in, the nodes that were made, deleted, changed or
 * moved go out, the topmost of each, in the order of the trees. Values that are only defaults count as absent. Time grows
 * with the number of nodes: siblings are found by their hashes.
 */
#include "config/changes.h"

#include <stdlib.h>
#include <string.h>

#include "config/model.h"
#include "portcullis/alloc.h"

struct walk {
	tree_change *each;
	void *ctx;
	bool over; /* who listens has enough */
};

/* Siblings, to be found by what they are. */
struct siblings {
	const struct lyd_node **node;
	size_t *slot; /* index + 1; 0: free */
	size_t n, n_slot;
	bool *met;
	size_t *twin; /* index among the others; SIZE_MAX: none */
};

static bool is_default(const struct lyd_node *node)
{
	return (node->flags & LYD_DEFAULT) != 0;
}

static bool is_plain_container(const struct lyd_node *node)
{
	return node->schema->nodetype == LYS_CONTAINER && (node->schema->flags & LYS_PRESENCE) == 0;
}

/* The same place in the model, and for entries the same keys or value. */
static bool is_same_instance(const struct lyd_node *a, const struct lyd_node *b)
{
	return a->schema == b->schema && (!model_is_entry(a->schema) || lyd_compare_single(a, b, 0) == LY_SUCCESS);
}

static void siblings_init(struct siblings *s, const struct lyd_node *first)
{
	const struct lyd_node *node;
	size_t cap = 0;

	*s = (struct siblings){0};
	LY_LIST_FOR(first, node)
	{
		if (node->schema == NULL || (is_default(node) && !is_plain_container(node)))
			continue;
		s->node = xgrow(s->node, s->n, &cap, sizeof(struct lyd_node *));
		s->node[s->n++] = node;
	}
	for (s->n_slot = 8; s->n_slot < 2 * s->n; s->n_slot *= 2)
		;
	s->slot = xcalloc(s->n_slot, sizeof(*s->slot));
	s->met = xcalloc(s->n + 1, sizeof(*s->met));
	s->twin = xcalloc(s->n + 1, sizeof(*s->twin));
	for (size_t i = 0; i < s->n; i++) {
		size_t k = (s->node[i]->hash * 2654435761u) & (s->n_slot - 1);

		while (s->slot[k] != 0)
			k = (k + 1) & (s->n_slot - 1);
		s->slot[k] = i + 1;
	}
}

static void siblings_fini(struct siblings *s)
{
	free(s->node);
	free(s->slot);
	free(s->met);
	free(s->twin);
}

/* @return its index, or SIZE_MAX. */
static size_t siblings_find(const struct siblings *s, const struct lyd_node *like)
{
	for (size_t k = (like->hash * 2654435761u) & (s->n_slot - 1); s->slot[k] != 0; k = (k + 1) & (s->n_slot - 1)) {
		size_t i = s->slot[k] - 1;

		if (!s->met[i] && s->node[i]->hash == like->hash && is_same_instance(s->node[i], like))
			return i;
	}
	return SIZE_MAX;
}

static void tell(struct walk *w, enum tree_operation operation, const struct lyd_node *old, const struct lyd_node *new)
{
	w->over = w->over || !w->each(w->ctx, operation, old, new);
}

static void compare(struct walk *w, const struct lyd_node *before, const struct lyd_node *after);

/* A node that one side has alone. */
static void lone(struct walk *w, const struct lyd_node *old, const struct lyd_node *new)
{
	/* A container that only orders things is there whether it is written or not. */
	if (is_plain_container(old != NULL ? old : new))
		compare(w, old != NULL ? lyd_child(old) : NULL, new != NULL ? lyd_child(new) : NULL);
	else
		tell(w, old != NULL ? TREE_DELETE : TREE_CREATE, old, new);
}

static void both(struct walk *w, const struct lyd_node *old, const struct lyd_node *new, bool moved)
{
	if (moved)
		tell(w, TREE_MOVE, old, new);
	if ((new->schema->nodetype &LYD_NODE_TERM) != 0) {
		if (new->schema->nodetype == LYS_LEAF && strcmp(lyd_get_value(old), lyd_get_value(new)) != 0)
			tell(w, TREE_MODIFY, old, new);
		return;
	}
	compare(w, lyd_child(old), lyd_child(new));
}

/*
 * Mark the entries of one list, from `from` to `to`, that changed their places: the fewest without which the others are in
 * their old order, all but those of a longest row whose places ascend.
 */
static void mark_moved(const struct siblings *s, size_t from, size_t to, bool *moved)
{
	size_t *end = xcalloc(to - from, sizeof(*end)), *previous = xcalloc(to - from, sizeof(*previous)), n = 0;

	for (size_t i = from; i < to; i++) {
		size_t low = 0, high = n;

		if (s->twin[i] == SIZE_MAX)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (s->twin[end[middle]] < s->twin[i])
				low = middle + 1;
			else
				high = middle;
		}
		previous[i - from] = low > 0 ? end[low - 1] : SIZE_MAX;
		end[low] = i;
		n += low == n;
		moved[i] = true;
	}
	for (size_t i = n > 0 ? end[n - 1] : SIZE_MAX; i != SIZE_MAX; i = previous[i - from])
		moved[i] = false;
	free(end);
	free(previous);
}

/* @return for each of them whether it changed its place among the entries of a list that the user orders; NULL: none. */
static bool *find_moved(const struct siblings *s)
{
	bool *moved = NULL;

	for (size_t from = 0, to; from < s->n; from = to) {
		const struct lysc_node *list = s->node[from]->schema;

		for (to = from + 1; to < s->n && s->node[to]->schema == list;)
			to++;
		if (!model_is_entry(list) || !lysc_is_userordered(list))
			continue;
		if (moved == NULL)
			moved = xcalloc(s->n, sizeof(*moved));
		mark_moved(s, from, to, moved);
	}
	return moved;
}

static void compare(struct walk *w, const struct lyd_node *before, const struct lyd_node *after)
{
	struct siblings a, b;
	bool *moved;

	siblings_init(&a, before);
	siblings_init(&b, after);
	for (size_t i = 0; i < b.n; i++) {
		b.twin[i] = siblings_find(&a, b.node[i]);
		if (b.twin[i] != SIZE_MAX)
			a.met[b.twin[i]] = true;
	}
	moved = find_moved(&b);
	for (size_t i = 0; i < b.n && !w->over; i++)
		if (b.twin[i] == SIZE_MAX)
			lone(w, NULL, b.node[i]);
		else
			both(w, a.node[b.twin[i]], b.node[i], moved != NULL && moved[i]);
	for (size_t i = 0; i < a.n && !w->over; i++)
		if (!a.met[i])
			lone(w, a.node[i], NULL);
	free(moved);
	siblings_fini(&a);
	siblings_fini(&b);
}

void tree_changes(const struct lyd_node *before, const struct lyd_node *after, tree_change *each, void *ctx)
{
	struct walk w = {each, ctx, false};

	compare(&w, before, after);
}
