/*
 * What changed between two rulesets, as packets can meet it: in come two prepared rulesets, out go the regions of the
 * rules that only one of them has and of the elements that only one of them holds. A change of what all packets meet
 * (base chains, translation, fields that decide which packets are tried) is a difference of everything.
 */
#include "verify/difference.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/region.h"
#include "verify/same.h"

#define REGIONS_MAX 4096
#define ELEMENTS_MAX 64 /* of one set that are told apart; more are one region */

struct diff {
	const struct engine *a, *b;
	struct pairs pairs;
	uint32_t *hooks_a, *hooks_b; /* per chain */
	struct difference *out;
};

void difference_add(struct difference *d, const struct line *line, uint32_t hooks, bool nat, const struct cell *part)
{
	const struct cell hull = hull_cell(&line->hull);
	struct region r = {.line = line, .hooks = hooks, .nat = nat, .cell = hull};

	if (!line->effect || hooks == 0 || (part != NULL && !cell_intersect(&hull, part, &r.cell)))
		return;
	if (d->n >= REGIONS_MAX) {
		d->everything = true;
		return;
	}
	d->region = xgrow(d->region, d->n, &d->cap, sizeof(*d->region));
	d->region[d->n++] = r;
}

static void line_add(struct diff *d, bool after, size_t chain, const struct line *line, const struct cell *part)
{
	difference_add(d->out, line, (after ? d->hooks_b : d->hooks_a)[chain], d->a->has_nat || d->b->has_nat, part);
}

/* A rule is one line, or two where notrack is apart. */
static void region_add(struct diff *d, bool after, size_t chain, size_t rule, const struct cell *part)
{
	const struct program_chain *c = &(after ? d->b : d->a)->chain[chain];

	for (size_t i = rule; i < c->n_line && c->line[i].index <= rule; i++)
		if (c->line[i].index == rule)
			line_add(d, after, chain, &c->line[i], part);
}

static bool flags_differ(const struct engine *a, const struct engine *b)
{
	return a->has_nat != b->has_nat || a->has_notrack != b->has_notrack || a->rs->tracks[0] != b->rs->tracks[0] ||
	       a->rs->tracks[1] != b->rs->tracks[1] || a->sets_mark != b->sets_mark ||
	       ((a->asks_ipsec || b->asks_ipsec) && !ipsec_policies_same(a->rs->policies, b->rs->policies)) ||
	       !ranges_equal(&a->tolerated[0], &b->tolerated[0]) || !ranges_equal(&a->tolerated[1], &b->tolerated[1]) ||
	       ((a->uses ^ b->uses) & DIFFERENCE_DECIDING) != 0;
}

static bool base_chain_differs(const struct rs_chain *a, const struct rs_chain *b)
{
	return a->policy != b->policy || a->priority != b->priority || a->type != b->type || a->hook != b->hook;
}

static bool base_chains_differ(const struct diff *d)
{
	for (int f = 0; f < 2; f++) {
		for (int h = 0; h <= RS_HOOK_POSTROUTING; h++) {
			const struct base_list *x = &d->a->base[f][h], *y = &d->b->base[f][h];

			if (x->n != y->n)
				return true;
			for (size_t i = 0; i < x->n; i++)
				if (d->pairs.chain[x->chain[i]] != y->chain[i] ||
				        base_chain_differs(
				                &d->a->rs->chain[x->chain[i]], &d->b->rs->chain[y->chain[i]]))
					return true;
		}
	}
	return false;
}

static bool foreign_differs(const struct diff *d)
{
	if (d->a->n_foreign != d->b->n_foreign)
		return true;
	for (size_t i = 0; i < d->a->n_foreign; i++) {
		const struct foreign *x = &d->a->foreign[i], *y = &d->b->foreign[i];

		if (d->pairs.chain[x->chain] != y->chain || x->on_output != y->on_output ||
		        strcmp(x->device, y->device) != 0)
			return true;
	}
	return false;
}

static int handle_cmp(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static uint64_t *handles_sorted(const struct rs_chain *c, size_t from, size_t to)
{
	uint64_t *handle = xcalloc(to - from + 1, sizeof(*handle));

	for (size_t i = from; i < to; i++)
		handle[i - from] = c->rule[i].handle;
	qsort(handle, to - from, sizeof(*handle), handle_cmp);
	return handle;
}

/* The rules of the two lists that have no rule of the same handle and words at the same place among the others. */
static void middle_differs(struct diff *d, size_t a, size_t b, size_t from, size_t end_a, size_t end_b)
{
	const struct rs_chain *x = &d->a->rs->chain[a], *y = &d->b->rs->chain[b];
	uint64_t *of_x = handles_sorted(x, from, end_a), *of_y = handles_sorted(y, from, end_b);
	size_t i = from, k = from;

	while (i < end_a || k < end_b) {
		bool only_x =
		        i < end_a && bsearch(&x->rule[i].handle, of_y, end_b - from, sizeof(*of_y), handle_cmp) == NULL;
		bool only_y =
		        k < end_b && bsearch(&y->rule[k].handle, of_x, end_a - from, sizeof(*of_x), handle_cmp) == NULL;

		if (!only_x && !only_y && i < end_a && k < end_b &&
		        pairs_rule_same(&d->pairs, &x->rule[i], &y->rule[k])) {
			i++;
			k++;
			continue;
		}
		if (i < end_a && (only_x || !only_y))
			region_add(d, false, a, i++, NULL);
		if (k < end_b && (only_y || !only_x))
			region_add(d, true, b, k++, NULL);
	}
	free(of_x);
	free(of_y);
}

static void chain_differs(struct diff *d, size_t a, size_t b)
{
	const struct rs_chain *x = &d->a->rs->chain[a], *y = &d->b->rs->chain[b];
	size_t from = 0, end_a = x->n_rule, end_b = y->n_rule;

	while (from < end_a && from < end_b && pairs_rule_same(&d->pairs, &x->rule[from], &y->rule[from]))
		from++;
	while (end_a > from && end_b > from && pairs_rule_same(&d->pairs, &x->rule[end_a - 1], &y->rule[end_b - 1])) {
		end_a--;
		end_b--;
	}
	middle_differs(d, a, b, from, end_a, end_b);
}

static void rules_differ(struct diff *d)
{
	for (size_t i = 0; i < d->a->rs->n_chain; i++) {
		if (d->pairs.chain[i] != SAME_NONE)
			chain_differs(d, i, d->pairs.chain[i]);
		for (size_t k = 0; d->pairs.chain[i] == SAME_NONE && k < d->a->rs->chain[i].n_rule; k++)
			region_add(d, false, i, k, NULL);
	}
	for (size_t i = 0; i < d->b->rs->n_chain; i++)
		for (size_t k = 0; !d->pairs.chain_of_b[i] && k < d->b->rs->chain[i].n_rule; k++)
			region_add(d, true, i, k, NULL);
}

/* The packets whose look-up the element answers. */
static struct cell element_cell(const struct rs_element *el, const enum rs_field *field, size_t n)
{
	struct cell cell;
	enum axis axis;

	for (int i = 0; i < AXIS_N; i++)
		cell.axis[i] = (struct range){0, U128_MAX};
	for (size_t i = 0; i < n && !el->catch_all; i++)
		if (field_axis(field[i], &axis))
			cell.axis[axis] = el->key[i];
	return cell;
}

/* Elements that only one of two sets has, as positions; past ELEMENTS_MAX the list says nothing. */
struct elements {
	const struct rs_element *item[ELEMENTS_MAX];
	bool after[ELEMENTS_MAX];
	size_t n;
	bool all;
};

static void elements_add(struct elements *e, const struct rs_element *el, bool after)
{
	e->all = e->all || e->n == ELEMENTS_MAX || el->catch_all;
	if (e->all)
		return;
	e->item[e->n] = el;
	e->after[e->n++] = after;
}

static void elements_differ(const struct diff *d, size_t a, size_t b, struct elements *out)
{
	const struct rs_set *x = &d->a->rs->set[a], *y = &d->b->rs->set[b];
	size_t i = 0, k = 0;

	out->n = 0;
	out->all = !pairs_set_form_same(x, y);
	while (!out->all && (i < x->n_element || k < y->n_element)) {
		int c = i == x->n_element   ? 1
		        : k == y->n_element ? -1
		                            : element_cmp(&x->element[i], &y->element[k], x->n_field);

		if (c < 0)
			elements_add(out, &x->element[i++], false);
		else if (c > 0)
			elements_add(out, &y->element[k++], true);
		else if (pairs_element_same(&d->pairs, &x->element[i], &y->element[k])) {
			i++;
			k++;
		} else {
			elements_add(out, &x->element[i++], false);
			elements_add(out, &y->element[k++], true);
		}
	}
}

/* One rule of one of the rulesets looks into the set. */
static void look_up_differs(struct diff *d, bool after, size_t chain, size_t rule, const enum rs_field *field, size_t n,
        const struct elements *elements)
{
	if (elements->all)
		region_add(d, after, chain, rule, NULL);
	for (size_t i = 0; !elements->all && i < elements->n; i++) {
		struct cell cell = element_cell(elements->item[i], field, n);

		if (elements->after[i] == after)
			region_add(d, after, chain, rule, &cell);
	}
}

static void set_differs(struct diff *d, bool after, size_t set, const struct elements *elements)
{
	const struct ruleset *rs = after ? d->b->rs : d->a->rs;

	for (size_t c = 0; c < rs->n_chain; c++) {
		for (size_t i = 0; i < rs->chain[c].n_rule; i++) {
			const struct rs_rule *r = &rs->chain[c].rule[i];

			for (size_t k = 0; k < r->n_match; k++)
				if (r->match[k].kind == RS_MATCH_SET && r->match[k].set == set)
					look_up_differs(
					        d, after, c, i, r->match[k].field, r->match[k].n_field, elements);
			if (r->vmap && r->vmap_set == set)
				look_up_differs(d, after, c, i, r->vmap_field, r->n_vmap_field, elements);
			if (r->nat_map && !r->vmap && r->vmap_set == set)
				region_add(d, after, c, i, NULL);
		}
	}
}

static void sets_differ(struct diff *d)
{
	struct elements elements;

	for (size_t i = 0; i < d->a->rs->n_set && !d->out->everything; i++) {
		if (d->pairs.set[i] == SAME_NONE || !d->pairs.changed[i])
			continue;
		elements_differ(d, i, d->pairs.set[i], &elements);
		set_differs(d, false, i, &elements);
		set_differs(d, true, d->pairs.set[i], &elements);
	}
}

void difference_find(const struct engine *before, const struct engine *after, struct difference *out)
{
	struct diff d = {.a = before, .b = after, .out = out};

	memset(out, 0, sizeof(*out));
	pairs_init(&d.pairs, before->rs, after->rs);
	out->everything = flags_differ(before, after) || base_chains_differ(&d) || foreign_differs(&d);
	d.hooks_a = region_hooks(before);
	d.hooks_b = region_hooks(after);
	if (!out->everything) {
		rules_differ(&d);
		sets_differ(&d);
	}
	free(d.hooks_a);
	free(d.hooks_b);
	pairs_fini(&d.pairs);
}

void difference_fini(struct difference *d)
{
	free(d->region);
	free(d->gone);
	memset(d, 0, sizeof(*d));
}
