/*
 * The ruleset prepared for walking: in comes the model, out go per chain the rules with their matches classified and
 * sorted, sets turned into ranges, and per family and hook the base chains in running order. Nothing is refused here: a
 * match that cannot be decided becomes an atom with a name.
 */
#include "verify/program.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/ahead.h"
#include "verify/grid.h"
#include "verify/tolerated.h"
#include "verify/uniform.h"

/* Chains shorter than this are gone through faster than they are looked up in. */
#define INDEX_MIN 32
#define HARMLESS_MAX_DEPTH 16
#define NAT_PRIORITY_DST (-100)
#define NAT_PRIORITY_SRC 100

/** A rule's matches lie apart from it, and their ranges apart from them. */
static void rules_ahead(const struct rs_chain *chain, size_t k)
{
	const struct rs_rule *r = &chain->rule[k];

	if (k + 2 * AHEAD < chain->n_rule)
		ahead(r[2 * AHEAD].match, r[2 * AHEAD].n_match * sizeof(*r->match));
	for (size_t i = 0; k + AHEAD < chain->n_rule && i < r[AHEAD].n_match; i++)
		ahead(r[AHEAD].match[i].ranges.item, 1);
}

static void compile_chain(struct engine *e, struct program_chain *to, const struct rs_chain *chain)
{
	size_t n_line = chain->n_rule, n_test = 0;
	struct test *test;

	for (size_t k = 0; k < chain->n_rule; k++) {
		const struct rs_rule *rule = &chain->rule[k];

		n_line += !rule_is_single(rule);
		n_test += rule->n_match + (rule_is_single(rule) ? 0 : rule->notrack_at);
	}
	to->line = xcalloc(n_line, sizeof(*to->line));
	to->cap_line = n_line;
	to->test = test = xcalloc(n_test, sizeof(*to->test));
	for (size_t k = 0; k < chain->n_rule; k++) {
		rules_ahead(chain, k);
		compile_rule(e, to, chain, k, &test);
	}
}

static void compile_sets(struct engine *e)
{
	e->set_ranges = xcalloc(e->rs->n_set, sizeof(*e->set_ranges));
	e->set_hull = xcalloc(e->rs->n_set, sizeof(*e->set_hull));
	for (size_t s = 0; s < e->rs->n_set; s++) {
		const struct rs_set *set = &e->rs->set[s];

		for (size_t f = 0; f < RS_CONCAT_MAX; f++)
			e->set_hull[s][f] = (struct range){U128_MAX, 0};
		for (size_t i = 0; i < set->n_element; i++) {
			const struct rs_element *el = &set->element[i];

			for (size_t f = 0; f < set->n_field && f < RS_CONCAT_MAX; f++) {
				struct range *h = &e->set_hull[s][f], k = el->key[f];

				if (el->catch_all)
					k = (struct range){0, U128_MAX};
				h->lo = k.lo < h->lo ? k.lo : h->lo;
				h->hi = k.hi > h->hi ? k.hi : h->hi;
				if (set->n_field == 1)
					ranges_add(&e->set_ranges[s], k.lo, k.hi);
			}
		}
		ranges_normalise(&e->set_ranges[s]);
	}
}

/** Where the kernel runs the chain: nat chains all run from conntrack's own hooks. */
static int32_t running_priority(const struct rs_chain *c)
{
	if (c->type != RS_CHAIN_NAT)
		return c->priority;
	return c->hook == RS_HOOK_PREROUTING || c->hook == RS_HOOK_OUTPUT ? NAT_PRIORITY_DST : NAT_PRIORITY_SRC;
}

static int chain_cmp(const struct rs_chain *a, const struct rs_chain *b)
{
	if (running_priority(a) != running_priority(b))
		return running_priority(a) < running_priority(b) ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return a->order > b->order ? -1 : 1;
}

static void base_insert(struct engine *e, struct base_list *list, size_t chain)
{
	size_t i;

	list->chain = xgrow(list->chain, list->n, &list->cap, sizeof(*list->chain));
	for (i = list->n; i > 0 && chain_cmp(&e->rs->chain[chain], &e->rs->chain[list->chain[i - 1]]) < 0; i--)
		list->chain[i] = list->chain[i - 1];
	list->chain[i] = chain;
	list->n++;
}

/** What is known of chains: each is looked at once, however many paths lead to it. */
enum harm { HARM_UNKNOWN, HARM_ASKED, HARM_NONE, HARM_SOME };

static bool chain_is_harmless(const struct ruleset *rs, size_t chain, uint8_t *known, int depth);

static bool rule_is_harmless(const struct ruleset *rs, const struct rs_rule *r, uint8_t *known, int depth)
{
	enum rs_verdict_code v = r->verdict.code;

	if (r->vmap || (v != RS_CONTINUE && v != RS_ACCEPT && v != RS_RETURN && v != RS_JUMP && v != RS_GOTO))
		return false;
	return (v != RS_JUMP && v != RS_GOTO) || chain_is_harmless(rs, r->verdict.chain, known, depth + 1);
}

/** A loop, and what is nested too deep, does harm. */
static bool chain_is_harmless(const struct ruleset *rs, size_t chain, uint8_t *known, int depth)
{
	const struct rs_chain *c = &rs->chain[chain];
	bool harmless =
	        known[chain] != HARM_ASKED && depth <= HARMLESS_MAX_DEPTH && !(c->base && c->policy != RS_ACCEPT);

	if (known[chain] == HARM_NONE || known[chain] == HARM_SOME)
		return known[chain] == HARM_NONE;
	known[chain] = HARM_ASKED;
	for (size_t i = 0; i < c->n_rule && harmless; i++)
		harmless = rule_is_harmless(rs, &c->rule[i], known, depth);
	known[chain] = harmless ? HARM_NONE : HARM_SOME;
	return harmless;
}

static void foreign_add(struct engine *e, size_t index, uint8_t *harm)
{
	const struct rs_chain *c = &e->rs->chain[index];

	if (chain_is_harmless(e->rs, index, harm, 0))
		return;
	e->foreign = xgrow(e->foreign, e->n_foreign, &e->cap_foreign, sizeof(*e->foreign));
	e->foreign[e->n_foreign++] = (struct foreign){
	        .chain = index,
	        .atom = atom_add(
	                e, xasprintf("chain %s %s/%s", rs_family_name(c->family), c->table, c->name), LISTED_NEVER),
	        .device = c->family != RS_BRIDGE && c->device != NULL ? c->device : "",
	        .on_output = c->hook == RS_HOOK_EGRESS,
	};
}

static void sort_chains(struct engine *e)
{
	uint8_t *harm = xcalloc(e->rs->n_chain, sizeof(*harm));

	for (size_t i = 0; i < e->rs->n_chain; i++) {
		const struct rs_chain *c = &e->rs->chain[i];

		if (!c->base || c->family == RS_ARP)
			continue;
		if (c->family == RS_BRIDGE || c->family == RS_NETDEV || c->hook > RS_HOOK_POSTROUTING) {
			foreign_add(e, i, harm);
			continue;
		}
		e->has_nat = e->has_nat || c->type == RS_CHAIN_NAT;
		for (int six = 0; six < 2; six++) {
			if (c->family == (six ? RS_IP : RS_IP6))
				continue;
			/* Without conntrack it would not run. */
			if (c->type == RS_CHAIN_NAT && !e->rs->tracks[six] && chain_is_harmless(e->rs, i, harm, 0))
				continue;
			base_insert(e, &e->base[six][c->hook], i);
		}
	}
	free(harm);
}

static struct range line_range(const void *lines, size_t i, enum axis axis)
{
	return hull_range(&((const struct line *)lines)[i].hull, axis);
}

void chain_index(struct program_chain *c)
{
	box_index_free(c->index);
	free(c->slot);
	c->index = NULL;
	c->slot = NULL;
	c->n_slot = c->n_beside = 0;
	if (c->n_line >= INDEX_MIN)
		c->index = box_index_new(c->n_line, line_range, c->line);
}

void engine_sum_lines(struct engine *e)
{
	e->uses = 0;
	e->has_notrack = e->sets_mark = false;
	for (size_t i = 0; i < e->rs->n_chain; i++)
		for (size_t k = 0; k < e->chain[i].n_line; k++) {
			const struct line *line = &e->chain[i].line[k];

			e->uses |= line->needs;
			e->has_notrack = e->has_notrack || line->notrack;
			e->sets_mark = e->sets_mark || line->marks;
		}
}

struct engine *engine_new(const struct ruleset *rs, const struct site *site, int64_t now)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->rs = rs;
	e->site = site;
	e->now = now;
	e->atom_iif = atom_add(e, xstrdup("iifname unknown"), LISTED_NEVER);
	e->atom_oif = atom_add(e, xstrdup("oifname unknown"), LISTED_NEVER);
	e->atom_tracking = atom_add(e, xstrdup("connection tracking in one direction only"), LISTED_NEVER);
	e->atom_source = atom_add(e, xstrdup("translated source"), LISTED_NEVER);
	e->atom_destination = atom_add(e, xstrdup("translated destination"), LISTED_NEVER);
	e->atom_mark = atom_add(e, xstrdup("mark set by a rule"), LISTED_NEVER);
	e->atom_status = atom_add(e, xstrdup("ct status"), LISTED_NEVER);
	e->atom_related = atom_add(e, xstrdup("connection of an ICMP error"), LISTED_NEVER);
	e->atom_ports = atom_add(e, xstrdup("port match on a protocol without ports"), LISTED_NEVER);
	e->atom_code = atom_add(e, xstrdup("icmp code"), LISTED_NEVER);
	e->atom_conntrack = atom_add(e, xstrdup("connection tracking in use"), LISTED_NEVER);
	compile_sets(e);
	e->chain = xcalloc(rs->n_chain, sizeof(*e->chain));
	for (size_t i = 0; i < rs->n_chain; i++)
		compile_chain(e, &e->chain[i], &rs->chain[i]);
	for (size_t i = 0; i < rs->n_chain; i++)
		chain_index(&e->chain[i]);
	engine_sum_lines(e);
	tolerated_find(rs, site, e->tolerated);
	sort_chains(e);
	e->run = run_new(e);
	e->uniform = uniform_new();
	return e;
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	run_free(e->run);
	uniform_free(e->uniform);
	grid_free(e->grid);
	free(e->hooks);
	ranges_fini(&e->tolerated[0]);
	ranges_fini(&e->tolerated[1]);
	for (size_t i = 0; i < e->rs->n_chain; i++) {
		free(e->chain[i].line);
		free(e->chain[i].test);
		box_index_free(e->chain[i].index);
		free(e->chain[i].slot);
		free(e->chain[i].beside);
	}
	free(e->chain);
	for (size_t s = 0; s < e->rs->n_set; s++)
		ranges_fini(&e->set_ranges[s]);
	free(e->set_ranges);
	free(e->set_hull);
	for (size_t i = 0; i < e->n_owned; i++)
		free(e->owned[i]);
	free(e->owned);
	for (size_t i = 0; i < e->n_atom; i++)
		free(e->atom[i].name);
	free(e->atom);
	free(e->foreign);
	for (int f = 0; f < 2; f++)
		for (int h = 0; h <= RS_HOOK_POSTROUTING; h++)
			free(e->base[f][h].chain);
	free(e);
}

const char *engine_atom_name(const struct engine *e, uint32_t atom)
{
	return e->atom[atom].name;
}

const char *engine_atom_assumption(const struct engine *e, uint32_t atom)
{
	return e->atom[atom].assumption;
}

const struct ranges *engine_tolerated(const struct engine *e, enum family family)
{
	return &e->tolerated[family == FAMILY_IPV6];
}

bool engine_uses(const struct engine *e, enum rs_field field)
{
	return (e->uses & 1u << field) != 0;
}

bool engine_has_nat(const struct engine *e)
{
	return e->has_nat;
}

void engine_protocol_classes(const struct engine *e, bool starts[256])
{
	for (size_t p = 0; p < 256; p++)
		starts[p] = starts[p] || e->class_starts[p] > 0;
}
