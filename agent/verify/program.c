/*
 * The ruleset prepared for walking: in comes the model, out go per chain the rules with their matches classified and
 * sorted, sets turned into ranges, and per family and hook the base chains in running order. Nothing is refused here: a
 * match that cannot be decided becomes an atom with a name.
 */
#include "verify/program.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* Chains shorter than this are gone through faster than they are looked up in. */
#define INDEX_MIN 32
#define NAT_PRIORITY_DST (-100)
#define NAT_PRIORITY_SRC 100

bool field_axis(enum rs_field f, enum axis *out)
{
	switch (f) {
	case RS_FIELD_IP_SADDR:
	case RS_FIELD_IP6_SADDR:
		*out = AXIS_SOURCE;
		return true;
	case RS_FIELD_IP_DADDR:
	case RS_FIELD_IP6_DADDR:
		*out = AXIS_DESTINATION;
		return true;
	case RS_FIELD_SPORT:
		*out = AXIS_SPORT;
		return true;
	case RS_FIELD_DPORT:
		*out = AXIS_DPORT;
		return true;
	default:
		return false;
	}
}

bool field_is_tracking(enum rs_field f)
{
	return f == RS_FIELD_CT_STATE || f == RS_FIELD_CT_STATUS || f == RS_FIELD_CT_DIRECTION;
}

static const struct assumption *assumption_find(const struct engine *e, const char *name)
{
	for (size_t i = 0; e->site != NULL && i < e->site->n_assumption; i++) {
		const struct assumption *a = &e->site->assumption[i];

		if ((a->expires == 0 || a->expires > e->now) && fnmatch(a->pattern, name, 0) == 0)
			return a;
	}
	return NULL;
}

/** Takes over the name. Equal names are one atom in reports; each look at it is decided anew. */
static uint32_t atom_add(struct engine *e, char *name, enum listed listed)
{
	const struct assumption *a = assumption_find(e, name);

	if (e->n_atom == 0) {
		e->atom = xgrow(e->atom, 0, &e->cap_atom, sizeof(*e->atom));
		e->atom[e->n_atom++] = (struct atom){.name = xstrdup("")};
	}
	e->atom = xgrow(e->atom, e->n_atom, &e->cap_atom, sizeof(*e->atom));
	e->atom[e->n_atom] = (struct atom){name, a != NULL ? a->name : NULL, a != NULL && a->value, listed};
	return (uint32_t)e->n_atom++;
}

/** "filter" in the inet family, "ip filter" elsewhere: as the readers name the places of their atoms. */
static char *table_name(enum rs_family family, const char *table)
{
	return family == RS_INET ? xstrdup(table) : xasprintf("%s %s", rs_family_name(family), table);
}

static char *place_name(const char *what, const struct rs_chain *chain, const struct rs_rule *rule, size_t index)
{
	char *table = table_name(chain->family, chain->table);
	unsigned long long number = rule->handle != 0 ? rule->handle : index + 1;
	char *name = xasprintf("%.*s@%s/%s#%s%llu", (int)strcspn(what, " "), what, table, chain->name,
	        rule->handle != 0 ? "" : "p", number);

	free(table);
	return name;
}

static bool set_is_open(const struct rs_set *set)
{
	return set->undecided || set->dynamic || set->timeout;
}

static uint32_t set_atom(struct engine *e, const struct rs_set *set)
{
	char *table = table_name(set->family, set->table);
	char *name = xasprintf("set %s@%s", set->name, table);

	free(table);
	return atom_add(e, name, set->dynamic || set->timeout ? LISTED_WHEN_TRUE : LISTED_NEVER);
}

/** Readers turn a look-up in a dynamic set into an atom, and an inverted one into "not set NAME@TABLE". */
static enum listed atom_listed(const struct engine *e, const struct rs_match *m)
{
	const struct rs_set *set;

	if (m->n_field == 0 || m->set >= e->rs->n_set)
		return LISTED_NEVER;
	set = &e->rs->set[m->set];
	if (!set->dynamic && !set->timeout)
		return LISTED_NEVER;
	return strncmp(m->atom, "set ", 4) == 0   ? LISTED_WHEN_TRUE
	       : strncmp(m->atom, "not ", 4) == 0 ? LISTED_WHEN_FALSE
	                                          : LISTED_NEVER;
}

static void compile_ranges(struct test *t, enum rs_field f, const struct range *range, size_t n)
{
	t->field = f;
	t->range = range;
	t->n_range = n;
	t->how = field_axis(f, &t->axis) ? HOW_AXIS : field_is_tracking(f) ? HOW_TRACKING : HOW_FIXED;
}

static u128 field_max(enum rs_field f)
{
	if (f == RS_FIELD_IP_SADDR || f == RS_FIELD_IP_DADDR)
		return family_max(FAMILY_IPV4);
	if (f == RS_FIELD_IP6_SADDR || f == RS_FIELD_IP6_DADDR)
		return family_max(FAMILY_IPV6);
	return UINT16_MAX;
}

static void compile_mask(struct engine *e, const struct rs_match *m, struct test *t, const struct rs_chain *chain,
        const struct rs_rule *rule, size_t index)
{
	u128 all = field_max(m->field[0]), wild;

	t->field = m->field[0];
	t->mask = m->mask;
	t->wanted = m->value;
	if (!field_axis(t->field, &t->axis)) {
		t->how = field_is_tracking(t->field) ? HOW_TRACKING : HOW_FIXED;
		t->masked = true;
		return;
	}
	wild = ~m->mask & all;
	if ((wild & (wild + 1)) != 0) {
		t->how = HOW_MASK;
		t->atom = atom_add(e, place_name("mask", chain, rule, index), LISTED_NEVER);
		return;
	}
	e->owned = xgrow(e->owned, e->n_owned, &e->cap_owned, sizeof(*e->owned));
	e->owned[e->n_owned] = xmalloc(sizeof(struct range));
	*e->owned[e->n_owned] = (struct range){m->value, m->value | wild};
	compile_ranges(t, t->field, e->owned[e->n_owned], (m->value & wild) == 0 ? 1 : 0);
	e->n_owned++;
}

static void compile_set(struct engine *e, const struct rs_match *m, struct test *t)
{
	const struct rs_set *set = &e->rs->set[m->set];

	if (set_is_open(set)) {
		t->how = HOW_ATOM;
		t->atom = set_atom(e, set);
	} else if (m->n_field == 1) {
		compile_ranges(t, m->field[0], e->set_ranges[m->set].item, e->set_ranges[m->set].n);
	} else {
		t->how = HOW_SET;
		t->match = m;
	}
}

static void compile_match(struct engine *e, struct line *line, const struct rs_match *m, const struct rs_chain *chain)
{
	struct test *t = &line->test[line->n_test++];

	for (size_t i = 0; i < m->n_field; i++)
		line->needs |= 1u << m->field[i];
	t->negate = m->negate;
	switch (m->kind) {
	case RS_MATCH_RANGES:
		compile_ranges(t, m->field[0], m->ranges.item, m->ranges.n);
		break;
	case RS_MATCH_MASK:
		compile_mask(e, m, t, chain, line->rule, line->index);
		break;
	case RS_MATCH_SET:
		compile_set(e, m, t);
		break;
	case RS_MATCH_ATOM:
		t->fib = routing_question(m, &t->types);
		t->how = t->fib != FIB_NONE ? HOW_FIB : HOW_ATOM;
		t->atom = atom_add(e, xstrdup(m->atom), atom_listed(e, m));
		t->negate = false;
		break;
	}
}

static void hull_cut(struct line *line, enum axis axis, struct range r)
{
	struct range *h = &line->hull.axis[axis];

	if (r.lo > h->lo)
		h->lo = r.lo;
	if (r.hi < h->hi)
		h->hi = r.hi;
	if (h->lo > h->hi)
		line->effect = false;
}

static void hull_cut_set(const struct engine *e, struct line *line, const enum rs_field *field, size_t n, size_t set)
{
	enum axis axis;

	for (size_t i = 0; i < n; i++)
		if (field_axis(field[i], &axis))
			hull_cut(line, axis, e->set_hull[set][i]);
}

static void compile_hull(const struct engine *e, struct line *line)
{
	for (int i = 0; i < AXIS_N; i++)
		line->hull.axis[i] = (struct range){0, U128_MAX};
	for (size_t i = 0; i < line->n_test; i++) {
		const struct test *t = &line->test[i];

		if (t->negate)
			continue;
		if (t->how == HOW_AXIS && t->n_range == 0)
			line->effect = false;
		else if (t->how == HOW_AXIS)
			hull_cut(line, t->axis, (struct range){t->range[0].lo, t->range[t->n_range - 1].hi});
		else if (t->how == HOW_SET)
			hull_cut_set(e, line, t->match->field, t->match->n_field, t->match->set);
	}
	if (line->vmap && !set_is_open(&e->rs->set[line->rule->vmap_set]))
		hull_cut_set(e, line, line->rule->vmap_field, line->rule->n_vmap_field, line->rule->vmap_set);
}

static int test_cmp(const void *a, const void *b)
{
	const struct test *x = a, *y = b;

	return (int)x->how - (int)y->how;
}

static bool sets_mark(const char *statements)
{
	return statements != NULL && strstr(statements, "mark set") != NULL &&
	       strstr(statements, "ct mark set") == NULL;
}

/** The rule's first n matches. */
static void compile_line(struct engine *e, struct line *line, const struct rs_chain *chain, size_t n)
{
	const struct rs_rule *rule = line->rule;

	line->effect = line->vmap || line->notrack || line->verdict.code != RS_CONTINUE;
	line->test = xcalloc(n, sizeof(*line->test));
	for (size_t i = 0; i < n; i++)
		compile_match(e, line, &rule->match[i], chain);
	for (size_t i = 0; line->vmap && i < rule->n_vmap_field; i++)
		line->needs |= 1u << rule->vmap_field[i];
	compile_hull(e, line);
	qsort(line->test, line->n_test, sizeof(*line->test), test_cmp);
	e->uses |= line->needs;
	e->has_notrack = e->has_notrack || rule->notrack;
}

/** Does notrack happen to packets that the rule's end does not. */
static bool notrack_is_apart(const struct rs_rule *rule)
{
	return rule->notrack && (rule->vmap || rule->notrack_at < rule->n_match);
}

static void compile_rule(struct engine *e, struct program_chain *to, const struct rs_chain *chain, size_t index)
{
	const struct rs_rule *rule = &chain->rule[index];
	bool apart = notrack_is_apart(rule);
	struct line *line;

	if (apart) {
		line = &to->line[to->n_line++];
		*line = (struct line){.rule = rule, .index = index, .verdict = {.code = RS_CONTINUE}, .notrack = true};
		compile_line(e, line, chain, rule->notrack_at);
	}
	line = &to->line[to->n_line++];
	*line = (struct line){.rule = rule,
	        .index = index,
	        .verdict = rule->verdict,
	        .vmap = rule->vmap,
	        .notrack = rule->notrack && !apart};
	compile_line(e, line, chain, rule->n_match);
	e->sets_mark = e->sets_mark || sets_mark(rule->statements);
	if (rule->vmap && set_is_open(&e->rs->set[rule->vmap_set]))
		line->atom = set_atom(e, &e->rs->set[rule->vmap_set]);
	else if (rule->verdict.code == RS_UNKNOWN || rule->verdict.code == RS_NAT_DST)
		line->atom = atom_add(e,
		        place_name(rule->undecided != NULL ? rule->undecided : "verdict", chain, rule, index),
		        LISTED_NEVER);
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

static bool chain_is_harmless(const struct ruleset *rs, const struct rs_chain *c, int depth)
{
	if (depth > RS_CONCAT_MAX * 2 || (c->base && c->policy != RS_ACCEPT))
		return false;
	for (size_t i = 0; i < c->n_rule; i++) {
		const struct rs_rule *r = &c->rule[i];
		enum rs_verdict_code v = r->verdict.code;

		if (r->vmap || (v != RS_CONTINUE && v != RS_ACCEPT && v != RS_RETURN && v != RS_JUMP && v != RS_GOTO))
			return false;
		if ((v == RS_JUMP || v == RS_GOTO) && !chain_is_harmless(rs, &rs->chain[r->verdict.chain], depth + 1))
			return false;
	}
	return true;
}

static void foreign_add(struct engine *e, size_t index)
{
	const struct rs_chain *c = &e->rs->chain[index];

	if (chain_is_harmless(e->rs, c, 0))
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
	for (size_t i = 0; i < e->rs->n_chain; i++) {
		const struct rs_chain *c = &e->rs->chain[i];

		if (!c->base || c->family == RS_ARP)
			continue;
		if (c->family == RS_BRIDGE || c->family == RS_NETDEV || c->hook > RS_HOOK_POSTROUTING) {
			foreign_add(e, i);
			continue;
		}
		e->has_nat = e->has_nat || c->type == RS_CHAIN_NAT;
		for (int six = 0; six < 2; six++) {
			if (c->family == (six ? RS_IP : RS_IP6))
				continue;
			/* Without conntrack it would not run. */
			if (c->type == RS_CHAIN_NAT && !e->rs->tracks[six] && chain_is_harmless(e->rs, c, 0))
				continue;
			base_insert(e, &e->base[six][c->hook], i);
		}
	}
}

static const struct cell *line_hull(const void *lines, size_t i)
{
	return &((const struct line *)lines)[i].hull;
}

static void index_chains(struct engine *e)
{
	for (size_t i = 0; i < e->rs->n_chain; i++)
		if (e->chain[i].n_line >= INDEX_MIN)
			e->chain[i].index = box_index_new(e->chain[i].n_line, line_hull, e->chain[i].line);
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
	for (size_t i = 0; i < rs->n_chain; i++) {
		size_t n = rs->chain[i].n_rule;

		for (size_t k = 0; k < rs->chain[i].n_rule; k++)
			n += notrack_is_apart(&rs->chain[i].rule[k]);
		e->chain[i].line = xcalloc(n, sizeof(*e->chain[i].line));
		for (size_t k = 0; k < rs->chain[i].n_rule; k++)
			compile_rule(e, &e->chain[i], &rs->chain[i], k);
	}
	index_chains(e);
	sort_chains(e);
	e->run = run_new(e);
	return e;
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	run_free(e->run);
	for (size_t i = 0; i < e->rs->n_chain; i++) {
		for (size_t k = 0; k < e->chain[i].n_line; k++)
			free(e->chain[i].line[k].test);
		free(e->chain[i].line);
		box_index_free(e->chain[i].index);
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

bool engine_uses(const struct engine *e, enum rs_field field)
{
	return (e->uses & 1u << field) != 0;
}

bool engine_has_nat(const struct engine *e)
{
	return e->has_nat;
}

static void class_start(bool starts[256], struct range r)
{
	if (r.lo < 256)
		starts[(size_t)r.lo] = true;
	if (r.hi < 255)
		starts[(size_t)r.hi + 1] = true;
}

static void classes_of_set(const struct rs_set *set, const enum rs_field *field, size_t n, bool starts[256])
{
	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; field[f] == RS_FIELD_L4PROTO && i < set->n_element; i++)
			if (!set->element[i].catch_all)
				class_start(starts, set->element[i].key[f]);
}

void engine_protocol_classes(const struct engine *e, bool starts[256])
{
	for (size_t c = 0; c < e->rs->n_chain; c++) {
		for (size_t r = 0; r < e->rs->chain[c].n_rule; r++) {
			const struct rs_rule *rule = &e->rs->chain[c].rule[r];

			for (size_t k = 0; k < rule->n_match; k++) {
				const struct rs_match *m = &rule->match[k];

				for (size_t i = 0; m->kind == RS_MATCH_RANGES && m->field[0] == RS_FIELD_L4PROTO &&
				                   i < m->ranges.n;
				        i++)
					class_start(starts, m->ranges.item[i]);
				/* Under a mask neighbours may differ: each protocol stands for itself. */
				for (size_t p = 0;
				        m->kind == RS_MATCH_MASK && m->field[0] == RS_FIELD_L4PROTO && p < 256; p++)
					starts[p] = true;
				if (m->kind == RS_MATCH_SET)
					classes_of_set(&e->rs->set[m->set], m->field, m->n_field, starts);
			}
			if (rule->vmap)
				classes_of_set(
				        &e->rs->set[rule->vmap_set], rule->vmap_field, rule->n_vmap_field, starts);
		}
	}
}
