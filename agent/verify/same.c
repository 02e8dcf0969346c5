/*
 * Two rulesets side by side: in come the models, out goes which chain and set is which, and whether two rules say the
 * same. Nothing is refused; what cannot be paired has no pair.
 */
#include "verify/same.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/model.h"

static bool text_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool target_same(const struct rs_target *a, const struct rs_target *b)
{
	return a->has_address == b->has_address && a->has_port == b->has_port && a->address_lo == b->address_lo &&
	       a->address_hi == b->address_hi && a->port.lo == b->port.lo && a->port.hi == b->port.hi;
}

bool pairs_element_same(const struct pairs *p, const struct rs_element *a, const struct rs_element *b)
{
	return pairs_verdict_same(p, &a->verdict, &b->verdict) && target_same(&a->target, &b->target);
}

bool pairs_verdict_same(const struct pairs *p, const struct rs_verdict *a, const struct rs_verdict *b)
{
	if (a->code != b->code || a->reject != b->reject)
		return false;
	return (a->code != RS_JUMP && a->code != RS_GOTO) || p->chain[a->chain] == b->chain;
}

int element_cmp(const struct rs_element *a, const struct rs_element *b, size_t n_field)
{
	if (a->catch_all != b->catch_all)
		return a->catch_all ? 1 : -1;
	for (size_t i = 0; i < n_field && !a->catch_all; i++) {
		if (a->key[i].lo != b->key[i].lo)
			return a->key[i].lo < b->key[i].lo ? -1 : 1;
		if (a->key[i].hi != b->key[i].hi)
			return a->key[i].hi < b->key[i].hi ? -1 : 1;
	}
	return 0;
}

bool pairs_set_form_same(const struct rs_set *a, const struct rs_set *b)
{
	return a->map == b->map && a->interval == b->interval && a->dynamic == b->dynamic && a->timeout == b->timeout &&
	       a->undecided == b->undecided && a->n_field == b->n_field &&
	       memcmp(a->field, b->field, a->n_field * sizeof(a->field[0])) == 0 && text_same(a->type, b->type);
}

/* Who shares, shares with the same chains and sets at the same positions. */
static bool shared(const struct rs_share *a, const struct rs_share *b)
{
	return a != NULL && a == b;
}

static bool elements_same(const struct pairs *p, const struct rs_set *a, const struct rs_set *b)
{
	if (shared(a->share, b->share))
		return true;
	if (a->n_element != b->n_element)
		return false;
	for (size_t i = 0; i < a->n_element; i++)
		if (element_cmp(&a->element[i], &b->element[i], a->n_field) != 0 ||
		        !pairs_element_same(p, &a->element[i], &b->element[i]))
			return false;
	return true;
}

static bool set_same(const struct pairs *p, size_t a, size_t b)
{
	const struct rs_set *x, *y;

	if (a == SIZE_MAX || b == SIZE_MAX)
		return a == b;
	x = &p->a->set[a];
	y = &p->b->set[b];
	if (!x->anonymous || !y->anonymous)
		return p->set[a] == b;
	return x->family == y->family && pairs_set_form_same(x, y) && elements_same(p, x, y);
}

static bool match_same(const struct pairs *p, const struct rs_match *a, const struct rs_match *b)
{
	return a->kind == b->kind && a->negate == b->negate && a->n_field == b->n_field &&
	       memcmp(a->field, b->field, a->n_field * sizeof(a->field[0])) == 0 && a->mask == b->mask &&
	       a->value == b->value && ranges_equal(&a->ranges, &b->ranges) && text_same(a->atom, b->atom) &&
	       text_same(a->text, b->text) && text_same(a->as, b->as) && set_same(p, a->set, b->set);
}

static bool nat_same(const struct rs_rule *a, const struct rs_rule *b)
{
	return a->nat_has_address == b->nat_has_address && a->nat_has_port == b->nat_has_port &&
	       a->nat_redirect == b->nat_redirect && a->nat_address_lo == b->nat_address_lo &&
	       a->nat_address_hi == b->nat_address_hi && a->nat_port.lo == b->nat_port.lo &&
	       a->nat_port.hi == b->nat_port.hi && a->nat_map == b->nat_map && a->nat_key.lo == b->nat_key.lo &&
	       a->nat_key.hi == b->nat_key.hi;
}

bool pairs_rule_same(const struct pairs *p, const struct rs_rule *a, const struct rs_rule *b)
{
	if (shared(a->share, b->share))
		return true;
	if (a->handle != b->handle || a->n_match != b->n_match || a->vmap != b->vmap || a->notrack != b->notrack ||
	        (a->notrack && a->notrack_at != b->notrack_at) || !pairs_verdict_same(p, &a->verdict, &b->verdict) ||
	        !nat_same(a, b) || !text_same(a->undecided, b->undecided) || !text_same(a->statements, b->statements) ||
	        !text_same(a->comment, b->comment) || !text_same(a->reject_with, b->reject_with))
		return false;
	if (a->nat_map && !set_same(p, a->vmap_set, b->vmap_set))
		return false;
	if (a->vmap && (a->n_vmap_field != b->n_vmap_field || !set_same(p, a->vmap_set, b->vmap_set) ||
	                       memcmp(a->vmap_field, b->vmap_field, a->n_vmap_field * sizeof(a->vmap_field[0])) != 0))
		return false;
	for (size_t i = 0; i < a->n_match; i++)
		if (!match_same(p, &a->match[i], &b->match[i]))
			return false;
	return true;
}

void pairs_init(struct pairs *p, const struct ruleset *a, const struct ruleset *b)
{
	struct name_index chains = {0}, sets = {0};

	*p = (struct pairs){.a = a, .b = b};
	p->chain = xcalloc(a->n_chain + 1, sizeof(*p->chain));
	p->set = xcalloc(a->n_set + 1, sizeof(*p->set));
	p->chain_of_b = xcalloc(b->n_chain + 1, sizeof(*p->chain_of_b));
	p->changed = xcalloc(a->n_set + 1, sizeof(*p->changed));
	for (size_t i = 0; i < b->n_chain; i++)
		name_index_add(&chains, b->chain[i].family, b->chain[i].table, b->chain[i].name, i);
	for (size_t i = 0; i < b->n_set; i++)
		if (!b->set[i].anonymous)
			name_index_add(&sets, b->set[i].family, b->set[i].table, b->set[i].name, i);
	for (size_t i = 0; i < a->n_chain; i++) {
		const struct rs_chain *c = &a->chain[i];

		if (!name_index_find(&chains, c->family, c->table, c->name, &p->chain[i]))
			p->chain[i] = SAME_NONE;
		else
			p->chain_of_b[p->chain[i]] = true;
	}
	for (size_t i = 0; i < a->n_set; i++) {
		const struct rs_set *s = &a->set[i];

		if (s->anonymous || !name_index_find(&sets, s->family, s->table, s->name, &p->set[i]))
			p->set[i] = SAME_NONE;
		else
			p->changed[i] =
			        !pairs_set_form_same(s, &b->set[p->set[i]]) || !elements_same(p, s, &b->set[p->set[i]]);
	}
	name_index_fini(&chains);
	name_index_fini(&sets);
}

void pairs_fini(struct pairs *p)
{
	free(p->chain);
	free(p->set);
	free(p->chain_of_b);
	free(p->changed);
}
