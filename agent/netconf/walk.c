/*
 * Walks over state: a container's sections come in, each in pieces, and go out as nodes or as XML, as much at a time as is
 * asked for. What the filter does not select is left out where that can be told from its schema node.
 */
#include "netconf/walk.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

static size_t section_of(const struct walk_top *top, const char *node)
{
	size_t leaves = 0;
	for (size_t i = 0; i < top->n; i++)
		if (top->section[i].node == NULL)
			leaves = i;
		else if (strcmp(top->section[i].node, node) == 0)
			return i;
	return leaves;
}

bool walk_wants(const struct state_walk *w, const char *node)
{
	return w->wanted[section_of(w->top, node)];
}

/* What of each child of the top the filter takes. @return whether only all of it or nothing. */
static bool look_at_children(struct state_walk *w, const struct lysc_node *top, const struct filter *filter)
{
	const struct lysc_node *node;
	bool whole = true;
	for (node = lysc_node_child(top); node != NULL; node = node->next) {
		enum filter_extent extent = filter_extent(filter, node);
		size_t s = section_of(w->top, node->name);
		whole = whole && extent != FILTER_PART;
		w->wanted[s] |= extent != FILTER_NOTHING;
		if (w->top->section[s].node != NULL || extent != FILTER_NOTHING)
			continue;
		if (w->n_omitted < LEAVES_MAX)
			w->omitted[w->n_omitted++] = node->name;
		else
			whole = false;
	}
	return whole;
}

struct state_walk *state_walk_new(const struct netconf *n, const struct walk_top *top, struct snapshot *snap,
        const struct filter *filter, bool *whole)
{
	const struct lysc_node *node = lys_find_path(n->ctx, NULL, top->path, 0);
	*whole = false;
	if (!filter_wants(filter, node))
		return NULL;
	struct state_walk *w = xcalloc(1, sizeof(*w));
	w->top = top;
	w->snap = snapshot_ref(snap);
	w->module = node->module;
	w->whole = look_at_children(w, node, filter);
	*whole = w->whole;
	top->begin(w, n, node, filter);
	return w;
}

struct state_walk *state_walk_join(struct state_walk *first, struct state_walk *then)
{
	struct state_walk *last = first;
	if (first == NULL)
		return then;
	while (last->next != NULL)
		last = last->next;
	last->next = then;
	return first;
}

void state_walk_free(struct state_walk *w)
{
	while (w != NULL) {
		struct state_walk *next = w->next;
		selection_fini(&w->selection);
		ipsec_findings_fini(&w->ipsec);
		usage_reading_unref(w->usage);
		box_users_free(w->users);
		snapshot_unref(w->snap);
		free(w);
		w = next;
	}
}

/* The next piece. @return false when there is none. */
static bool walk_next(struct state_walk *w, struct rows *b, struct lyd_node *root)
{
	for (; w->at < w->top->n; w->at++, w->i = 0)
		if (w->wanted[w->at] && !b->failed && w->top->section[w->at].give(w, b, root, w->i)) {
			w->i++;
			return true;
		}
	return false;
}

struct lyd_node *state_walk_tree(struct state_walk *w, struct rows *b)
{
	b->module = w->module;
	struct lyd_node *root = row_container(b, NULL, w->top->name);
	while (walk_next(w, b, root))
		;
	return root;
}

static bool omits(const void *ctx, const char *leaf)
{
	const struct state_walk *w = ctx;
	for (size_t i = 0; i < w->n_omitted; i++)
		if (strcmp(w->omitted[i], leaf) == 0)
			return true;
	return false;
}

static void begin_text(struct state_walk *w, struct rows *b)
{
	w->begun = true;
	b->module = w->module;
	b->xml->omits = omits;
	b->xml->omits_ctx = w;
	(void)row_container(b, NULL, w->top->name);
}

bool state_walk_text(struct state_walk *w, struct rows *b, size_t enough)
{
	for (; w != NULL; w = w->next) {
		if (!w->done && !w->begun)
			begin_text(w, b);
		while (!w->done) {
			if (b->xml->text.len >= enough)
				return true;
			w->done = !walk_next(w, b, NULL);
			if (w->done)
				row_end(b);
		}
	}
	return false;
}
