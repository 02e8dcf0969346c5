/*
 * Look-ups in sets of concatenations and in verdict maps: in come a piece and what is known of the key, out go the parts that
 * elements take, each with its element's verdict, and the rest. Large sets are asked by an index, and a piece that meets many
 * elements is cut into slices first, so that the time follows the number of elements. Past the bound the run ends.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/run.h"

/* Sets smaller than this are gone through faster than they are looked up in. */
#define INDEX_MIN 32
/* So few elements are cut out one after the other. */
#define FEW 16
/* Slices of slices; what is entangled more than that is cut out element by element, within the bounds. */
#define DEPTH_MAX 32

/* The first fields of a key are the axes of the index, whatever they are. */
static size_t indexed_fields(size_t n_field)
{
	return n_field < AXIS_N ? n_field : AXIS_N;
}

static size_t plain_elements(const struct rs_set *set)
{
	size_t n = set->n_element;

	while (n > 0 && set->element[n - 1].catch_all)
		n--;
	return n;
}

static struct range key_side(const void *set, size_t i, enum axis axis)
{
	const struct rs_set *s = set;

	return (size_t)axis < indexed_fields(s->n_field) ? s->element[i].key[axis] : (struct range){0, 0};
}

static const struct box_index *index_of(struct run *run, size_t index)
{
	const struct rs_set *set = &run->e->rs->set[index];
	size_t n = plain_elements(set);

	if (run->set_index[index] != NULL || n < INDEX_MIN)
		return run->set_index[index];
	run->set_index[index] = box_index_new(n, key_side, set);
	return run->set_index[index];
}

static bool candidate_add(void *ctx, size_t position)
{
	struct positions *p = ctx;

	p->item = xgrow(p->item, p->n, &p->cap, sizeof(*p->item));
	p->item[p->n++] = (uint32_t)position;
	return true;
}

/** Elements that the key may meet, in the set's order, go to run->candidate; `known` NULL: all fields are. */
static void candidates(struct run *run, size_t index, const struct key *key, const u128 *value, const bool *known,
        const struct cell *cell)
{
	const struct rs_set *set = &run->e->rs->set[index];
	const struct box_index *x = index_of(run, index);
	struct cell query = {{{0, 0}}};
	enum axis axis;

	if (x == NULL) {
		size_t n = plain_elements(set);

		run->candidate.n = 0;
		for (size_t i = 0; i < n; i++)
			candidate_add(&run->candidate, i);
		return;
	}
	for (size_t f = 0; f < indexed_fields(key->n); f++)
		query.axis[f] = known != NULL && !known[f]         ? (struct range){0, U128_MAX}
		                : field_axis(key->field[f], &axis) ? cell->axis[axis]
		                                                   : (struct range){value[f], value[f]};
	run->candidate.n = 0;
	box_index_each(x, &query, &run->found, candidate_add, &run->candidate);
	run->work += run->candidate.n / 8;
}

/** The element's box inside the cell; fields that are no axis must hold. */
static bool element_meets(const struct rs_element *el, const struct key *key, const u128 *value,
        const struct cell *cell, struct cell *box)
{
	*box = *cell;
	for (size_t i = 0; i < key->n; i++) {
		enum axis axis;

		if (field_axis(key->field[i], &axis)) {
			struct range *r = &box->axis[axis];

			if (el->key[i].lo > r->lo)
				r->lo = el->key[i].lo;
			if (el->key[i].hi < r->hi)
				r->hi = el->key[i].hi;
			if (r->lo > r->hi)
				return false;
		} else if (value[i] < el->key[i].lo || value[i] > el->key[i].hi) {
			return false;
		}
	}
	return true;
}

void pending_take(struct run *run, const struct cell *box, struct pieces *taken)
{
	run->pending_next.n = 0;
	run->work += run->pending.n;
	if (run->work > run->bounds->work)
		run_limit(run, run_tired);
	for (size_t i = 0; i < run->pending.n && run->out->limit == NULL; i++) {
		struct piece p = run->pending.item[i];
		struct cell whole = p.cell;

		if (!cell_intersect(&whole, box, &p.cell)) {
			p.cell = whole;
			pieces_add(&run->pending_next, &p);
			continue;
		}
		run->parts.n = 0;
		cell_subtract(&whole, box, &run->parts);
		pieces_add(taken, &p);
		for (size_t k = 0; k < run->parts.n; k++) {
			p.cell = run->parts.item[k];
			run_emit(run, &run->pending_next, &p);
		}
	}
	struct pieces swap = run->pending;

	run->pending = run->pending_next;
	run->pending_next = swap;
}

static void verdict_give(struct piece *piece, const struct rs_element *el)
{
	piece->verdict = el->verdict;
	piece->led = &el->target;
}

/** What an element's box takes goes to hit with the element's verdict. */
static void take_element(struct run *run, const struct rs_element *el, const struct cell *box, struct pieces *hit)
{
	size_t first = hit->n;

	pending_take(run, box, hit);
	for (size_t i = first; i < hit->n; i++)
		verdict_give(&hit->item[i], el);
}

/** An element on its way through the slices. */
struct slice_item {
	size_t position; /**< in the set */
	struct cell box; /**< inside the piece */
};

static int position_cmp(const void *a, const void *b)
{
	const struct slice_item *x = a, *y = b;

	return x->position < y->position ? -1 : x->position > y->position;
}

static int low_cmp(const struct slice_item *x, const struct slice_item *y, enum axis axis)
{
	u128 a = x->box.axis[axis].lo, b = y->box.axis[axis].lo;

	return a < b ? -1 : a > b;
}

static int source_cmp(const void *a, const void *b)
{
	return low_cmp(a, b, AXIS_SOURCE);
}

static int destination_cmp(const void *a, const void *b)
{
	return low_cmp(a, b, AXIS_DESTINATION);
}

static int sport_cmp(const void *a, const void *b)
{
	return low_cmp(a, b, AXIS_SPORT);
}

static int dport_cmp(const void *a, const void *b)
{
	return low_cmp(a, b, AXIS_DPORT);
}

static void sort_along(struct slice_item *item, size_t n, enum axis axis)
{
	static int (*const cmp[AXIS_N])(const void *, const void *) = {
	        [AXIS_SOURCE] = source_cmp,
	        [AXIS_DESTINATION] = destination_cmp,
	        [AXIS_SPORT] = sport_cmp,
	        [AXIS_DPORT] = dport_cmp,
	};

	qsort(item, n, sizeof(*item), cmp[axis]);
}

/** The end of the slice that begins at `first`: no box behind it reaches into it. *hi: where it ends. */
static size_t slice_end(const struct slice_item *item, size_t n, size_t first, enum axis axis, u128 *hi)
{
	size_t end = first + 1;

	*hi = item[first].box.axis[axis].hi;
	for (; end < n && item[end].box.axis[axis].lo <= *hi; end++)
		if (item[end].box.axis[axis].hi > *hi)
			*hi = item[end].box.axis[axis].hi;
	return end;
}

static size_t slices_along(struct slice_item *item, size_t n, enum axis axis)
{
	size_t slices = 0;
	u128 hi;

	sort_along(item, n, axis);
	for (size_t i = 0; i < n; i = slice_end(item, n, i, axis, &hi))
		slices++;
	return slices;
}

/** The axis that parts the elements into the fewest slices: fewer pieces are left over. @return false: none does. */
static bool axis_choose(struct slice_item *item, size_t n, enum axis *out)
{
	size_t fewest = SIZE_MAX;

	for (int a = 0; a < AXIS_N; a++) {
		size_t slices = slices_along(item, n, (enum axis)a);

		if (slices > 1 && slices < fewest) {
			fewest = slices;
			*out = (enum axis)a;
		}
	}
	return fewest < SIZE_MAX;
}

/** What an element's look-up leaves over: the pieces that are in no element. */
struct cut {
	struct run *run;
	const struct rs_set *set;
	struct pieces *hit, *rest;
};

static void cut_out(const struct cut *c, const struct piece *piece, struct slice_item *item, size_t n)
{
	struct run *run = c->run;

	/* Where elements of a dump overlap the first one counts. */
	qsort(item, n, sizeof(*item), position_cmp);
	run->pending.n = 0;
	pieces_add(&run->pending, piece);
	for (size_t i = 0; i < n && run->pending.n > 0 && run->out->limit == NULL; i++)
		take_element(run, &c->set->element[item[i].position], &item[i].box, c->hit);
	for (size_t i = 0; i < run->pending.n; i++)
		pieces_add(c->rest, &run->pending.item[i]);
}

/** Slice by slice; what lies between two slices meets no element. */
static void cut_slices(const struct cut *c, const struct piece *piece, struct slice_item *item, size_t n, int depth)
{
	struct piece p = *piece;
	enum axis axis;
	u128 hi;

	if (n <= FEW || depth == DEPTH_MAX || !axis_choose(item, n, &axis)) {
		cut_out(c, piece, item, n);
		return;
	}
	sort_along(item, n, axis);
	struct range *side = &p.cell.axis[axis];
	u128 at = side->lo, last = side->hi;

	for (size_t i = 0, end; i < n && c->run->out->limit == NULL; i = end) {
		end = slice_end(item, n, i, axis, &hi);
		if (at < item[i].box.axis[axis].lo) {
			*side = (struct range){at, item[i].box.axis[axis].lo - 1};
			run_emit(c->run, c->rest, &p);
		}
		*side = (struct range){item[i].box.axis[axis].lo, hi};
		cut_slices(c, &p, &item[i], end - i, depth + 1);
		if (hi == last)
			return;
		at = hi + 1;
	}
	*side = (struct range){at, last};
	run_emit(c->run, c->rest, &p);
}

static const struct rs_element *catch_all_of(const struct rs_set *set)
{
	const struct rs_element *last = set->n_element > 0 ? &set->element[set->n_element - 1] : NULL;

	return last != NULL && last->catch_all ? last : NULL;
}

void lookup_split(struct run *run, size_t index, const struct key *key, const u128 *value, const struct piece *piece,
        struct pieces *hit, struct pieces *rest)
{
	const struct rs_set *set = &run->e->rs->set[index];
	const struct rs_element *catch_all = catch_all_of(set);
	struct pieces others = {0};
	struct cut c = {run, set, hit, catch_all != NULL ? &others : rest};
	struct slice_item *item;
	size_t n = 0;

	candidates(run, index, key, value, NULL, &piece->cell);
	item = xcalloc(run->candidate.n + 1, sizeof(*item));
	for (size_t i = 0; i < run->candidate.n; i++) {
		item[n].position = run->candidate.item[i];
		n += element_meets(&set->element[item[n].position], key, value, &piece->cell, &item[n].box);
	}
	cut_slices(&c, piece, item, n, 0);
	for (size_t i = 0; i < others.n; i++) {
		verdict_give(&others.item[i], catch_all);
		pieces_add(hit, &others.item[i]);
	}
	free(others.item);
	free(item);
}

struct look lookup_key(const struct run *run, const struct key *key, const struct piece *piece)
{
	struct look l = {.decided = true};

	for (size_t i = 0; i < key->n; i++) {
		enum axis axis;
		uint32_t why = run->e->atom_status;

		/* Not all bits of ct status follow from the phase. */
		if (field_axis(key->field[i], &axis))
			l.known[i] = !run_axis_blurred(run, piece, axis, &why);
		else
			l.known[i] = run_value(run, piece, key->field[i], &l.value[i], &why) &&
			             key->field[i] != RS_FIELD_CT_STATUS;
		if (!l.known[i] && l.decided)
			l.why = why;
		l.decided = l.decided && l.known[i];
	}
	return l;
}

bool lookup_may_hit(struct run *run, size_t index, const struct key *key, const struct look *l, const struct cell *cell)
{
	const struct rs_set *set = &run->e->rs->set[index];

	if (catch_all_of(set) != NULL)
		return true;
	candidates(run, index, key, l->value, l->known, cell);
	for (size_t i = 0; i < run->candidate.n; i++) {
		const struct rs_element *el = &set->element[run->candidate.item[i]];
		bool may = true;

		for (size_t k = 0; k < key->n && may; k++) {
			enum axis axis;
			bool is_axis = field_axis(key->field[k], &axis);
			struct range r = is_axis ? cell->axis[axis] : (struct range){l->value[k], l->value[k]};

			may = !l->known[k] || (el->key[k].lo <= r.hi && el->key[k].hi >= r.lo);
		}
		if (may)
			return true;
	}
	return false;
}
