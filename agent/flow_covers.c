/*
 * In: the boxes of rules, in order. Out: for each the first one before it that takes all its packets. A tree over the hulls
 * of the boxes leaves out most of those that cannot; where it does not, a bound on steps ends the search, and that is said.
 */
#include <stdlib.h>
#include <string.h>

#include "flow_firewall.h"
#include "portcullis/alloc.h"

#define PORT_MAX 65535
#define TYPE_MAX 255 /* of ICMP */
#define AXES 4 /* source and destination addresses, source and destination ports */
#define LEAF 8 /* items that are looked at one by one */
#define SHARE_MIN 64

/* *left: steps that may still be taken; without one nothing is known to be covered. */
static bool ranges_in(const struct ranges *inner, const struct ranges *outer, size_t *left)
{
	if (inner->item == outer->item && inner->n == outer->n)
		return true;
	for (size_t i = 0; i < inner->n; i++) {
		if (!*left || !ranges_cover(outer, inner->item[i]))
			return false;
		--*left;
	}
	return true;
}

/* max: the last value that there is; what goes from 0 to it asks nothing. */
static bool part_covers(
        bool asks_a, const struct ranges *a, bool asks_b, const struct ranges *b, u128 max, size_t *left)
{
	if (!asks_a || (a->n == 1 && !a->item[0].lo && a->item[0].hi >= max))
		return true;
	return asks_b && ranges_in(b, a, left);
}

/* Without the addresses, which depend on the family. */
static bool side_covers(const struct rule_side *a, const struct rule_side *b, size_t *left)
{
	return part_covers(a->asks_port, &a->port, b->asks_port, &b->port, PORT_MAX, left) &&
	       part_covers(a->asks_interface, &a->interface, b->asks_interface, &b->interface, U128_MAX, left);
}

static u128 address_max(size_t family)
{
	return family_max(family ? FAMILY_IPV6 : FAMILY_IPV4);
}

static bool addresses_cover(const struct rule_side *a, const struct rule_side *b, size_t family, size_t *left)
{
	return part_covers(
	        a->asks_address, &a->address[family], b->asks_address, &b->address[family], address_max(family), left);
}

bool rule_box_covers(const struct rule_box *a, const struct rule_box *b, size_t *left)
{
	if (a->is_open || b->is_open || a->path != b->path || (b->states & ~a->states))
		return false;
	for (size_t f = 0; f < RULE_FAMILIES; f++)
		if (b->protocols[f] & ~a->protocols[f])
			return false;
	if (!part_covers(a->asks_type, &a->icmp_type, b->asks_type, &b->icmp_type, TYPE_MAX, left) ||
	        !side_covers(&a->source, &b->source, left) || !side_covers(&a->destination, &b->destination, left))
		return false;
	for (size_t f = 0; f < RULE_FAMILIES; f++)
		if (b->protocols[f] && (!addresses_cover(&a->source, &b->source, f, left) ||
		                               !addresses_cover(&a->destination, &b->destination, f, left)))
			return false;
	return true;
}

/* The hull of a box of one family. What covers a box has a hull that covers the box's. */
struct hull {
	u128 lo[AXES], hi[AXES];
	size_t at; /* of a box; of a node: the first of all */
};

struct node {
	struct hull hull; /* the least lo and the greatest hi */
	size_t left, right; /* children; 0: none */
	size_t from, to; /* its items */
};

/* All boxes of one path and family. */
struct tree {
	struct hull *item;
	size_t n;
	struct node *node;
	size_t n_node, cap_node;
};

static void axis_set(struct hull *h, size_t axis, bool asks, const struct ranges *r, u128 max)
{
	h->lo[axis] = asks && r->n ? r->item[0].lo : 0;
	h->hi[axis] = asks && r->n ? r->item[r->n - 1].hi : max;
}

static struct hull hull_of(const struct rule_box *b, size_t at, size_t family)
{
	u128 max = address_max(family);
	struct hull h = {.at = at};

	axis_set(&h, 0, b->source.asks_address, &b->source.address[family], max);
	axis_set(&h, 1, b->destination.asks_address, &b->destination.address[family], max);
	axis_set(&h, 2, b->source.asks_port, &b->source.port, PORT_MAX);
	axis_set(&h, 3, b->destination.asks_port, &b->destination.port, PORT_MAX);
	return h;
}

static bool hull_covers(const struct hull *a, const struct hull *b)
{
	for (size_t i = 0; i < AXES; i++)
		if (a->lo[i] > b->lo[i] || a->hi[i] < b->hi[i])
			return false;
	return true;
}

/* Each axis has two coordinates: where a hull begins, and where it ends. */
static u128 coordinate(const struct hull *h, size_t c)
{
	return c % 2 ? h->hi[c / 2] : h->lo[c / 2];
}

static int hull_cmp(const void *a, const void *b, void *which)
{
	const struct hull *x = a, *y = b;
	u128 left = coordinate(x, *(size_t *)which), right = coordinate(y, *(size_t *)which);

	if (left != right)
		return left < right ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The next coordinate in which the items of a node differ; none: any, so that their order decides. */
static size_t coordinate_choose(const struct tree *t, const struct node *n, size_t after)
{
	for (size_t k = 1; k <= 2 * AXES; k++) {
		size_t c = (after + k) % (2 * AXES);

		for (size_t i = n->from + 1; i < n->to; i++)
			if (coordinate(&t->item[i], c) != coordinate(&t->item[n->from], c))
				return c;
	}
	return after;
}

static struct hull hull_around(const struct hull *item, size_t n)
{
	struct hull h = item[0];

	for (size_t i = 1; i < n; i++) {
		h.at = item[i].at < h.at ? item[i].at : h.at;
		for (size_t k = 0; k < AXES; k++) {
			h.lo[k] = item[i].lo[k] < h.lo[k] ? item[i].lo[k] : h.lo[k];
			h.hi[k] = item[i].hi[k] > h.hi[k] ? item[i].hi[k] : h.hi[k];
		}
	}
	return h;
}

/* As deep as the logarithm of the number of items. */
static size_t node_build(struct tree *t, size_t from, size_t to, size_t c)
{
	size_t self = t->n_node++, middle = from + (to - from) / 2, left, right;

	t->node = xgrow(t->node, self, &t->cap_node, sizeof(*t->node));
	t->node[self] = (struct node){.hull = hull_around(&t->item[from], to - from), .from = from, .to = to};
	if (to - from <= LEAF)
		return self;
	c = coordinate_choose(t, &t->node[self], c);
	qsort_r(&t->item[from], to - from, sizeof(*t->item), hull_cmp, &c);
	left = node_build(t, from, middle, c);
	right = node_build(t, middle, to, c);
	t->node[self].left = left;
	t->node[self].right = right;
	return self;
}

static void tree_build(const struct rule_boxes *boxes, enum path path, size_t family, struct tree *out)
{
	*out = (struct tree){.item = xcalloc(boxes->n + 1, sizeof(*out->item))};
	for (size_t i = 0; i < boxes->n; i++) {
		const struct rule_box *b = &boxes->item[i];

		if (b->path == path && b->protocols[family] && !b->is_open)
			out->item[out->n++] = hull_of(b, i, family);
	}
	if (out->n)
		(void)node_build(out, 0, out->n, 2 * AXES - 1);
}

static void tree_fini(struct tree *t)
{
	free(t->item);
	free(t->node);
}

struct search {
	const struct rule_boxes *boxes;
	const struct tree *tree;
	struct hull of; /* the hull of the box, which is at of.at */
	size_t best, left; /* the first that covers it so far; steps that may still be taken */
};

/* What comes first is looked at first: it ends most of the rest. */
static void node_search(struct search *s, size_t at)
{
	const struct node *n = &s->tree->node[at];
	size_t first = n->left, second = n->right;

	if (!s->left || n->hull.at >= s->best || n->hull.at >= s->of.at || !hull_covers(&n->hull, &s->of))
		return;
	s->left--;
	for (size_t i = n->from; !n->left && i < n->to; i++) {
		const struct hull *h = &s->tree->item[i];

		if (h->at < s->best && h->at < s->of.at && hull_covers(h, &s->of) &&
		        rule_box_covers(&s->boxes->item[h->at], &s->boxes->item[s->of.at], &s->left))
			s->best = h->at;
	}
	if (!n->left)
		return;
	if (s->tree->node[second].hull.at < s->tree->node[first].hull.at) {
		first = n->right;
		second = n->left;
	}
	node_search(s, first);
	node_search(s, second);
}

/* Both families of a box are covered by the same rule, so that one tree, of the first family that it has, is enough. */
static void covers_of(
        const struct rule_boxes *boxes, enum path path, size_t family, size_t *room, struct rule_cover *cover)
{
	struct tree tree;

	tree_build(boxes, path, family, &tree);
	for (size_t i = 0; tree.n && i < boxes->n; i++) {
		const struct rule_box *b = &boxes->item[i];
		size_t share = *room / (boxes->n - i);
		struct search s = {.boxes = boxes, .tree = &tree, .best = SIZE_MAX};

		if (b->path != path || !b->protocols[family] || (family && b->protocols[0]) || b->is_open)
			continue;
		s.of = hull_of(b, i, family);
		share = share > SHARE_MIN ? share : SHARE_MIN;
		s.left = share;
		node_search(&s, 0);
		cover[i] = (struct rule_cover){s.best, !s.left};
		*room -= share - s.left < *room ? share - s.left : *room;
	}
	tree_fini(&tree);
}

void rule_covers_find(const struct rule_boxes *boxes, size_t limit, struct rule_cover *cover)
{
	for (size_t i = 0; i < boxes->n; i++)
		cover[i] = (struct rule_cover){SIZE_MAX, boxes->item[i].is_open};
	for (enum path path = PATH_FORWARD; path < PATH_NONE; path++)
		for (size_t family = 0; family < RULE_FAMILIES; family++)
			covers_of(boxes, path, family, &limit, cover);
}
