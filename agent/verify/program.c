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
#include "verify/grid.h"
#include "verify/uniform.h"

/* Chains shorter than this are gone through faster than they are looked up in. */
#define INDEX_MIN 32
#define HARMLESS_MAX_DEPTH 16
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

/** @param on_axis  how it is decided where the field is an axis. */
static void test_field(struct test *t, enum rs_field f, enum how on_axis)
{
	enum axis axis = AXIS_SOURCE;

	t->how = (uint8_t)(field_axis(f, &axis) ? on_axis : field_is_tracking(f) ? HOW_TRACKING : HOW_FIXED);
	t->field = (uint8_t)f;
	t->axis = (uint8_t)axis;
}

static void compile_ranges(struct test *t, enum rs_field f, const struct range *range, size_t n)
{
	t->range = range;
	t->n_range = (uint32_t)n;
	test_field(t, f, HOW_AXIS);
}

static u128 field_max(enum rs_field f)
{
	if (f == RS_FIELD_IP_SADDR || f == RS_FIELD_IP_DADDR)
		return family_max(FAMILY_IPV4);
	if (f == RS_FIELD_IP6_SADDR || f == RS_FIELD_IP6_DADDR)
		return family_max(FAMILY_IPV6);
	return UINT16_MAX;
}

bool mask_prefix(const struct rs_match *m, struct range *out)
{
	u128 wild = ~m->mask & field_max(m->field[0]);

	*out = (struct range){m->value, m->value | wild};
	return (wild & (wild + 1)) == 0;
}

/** Memory that lives as long as the engine. */
static void *owned_add(struct engine *e, size_t size)
{
	e->owned = xgrow(e->owned, e->n_owned, &e->cap_owned, sizeof(*e->owned));
	return e->owned[e->n_owned++] = xcalloc(1, size);
}

static void compile_mask(struct engine *e, const struct rs_match *m, struct test *t, const struct rs_chain *chain,
        const struct rs_rule *rule, size_t index)
{
	struct range prefix;

	t->match = m;
	test_field(t, m->field[0], HOW_MASK);
	if (t->how != HOW_MASK) {
		t->masked = true;
	} else if (!mask_prefix(m, &prefix)) {
		t->atom = atom_add(e, place_name("mask", chain, rule, index), LISTED_NEVER);
	} else {
		struct range *range = owned_add(e, sizeof(*range));

		*range = prefix;
		compile_ranges(t, m->field[0], range, 1);
	}
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

/** An assumption on the match holds whatever the reason is. */
static void compile_ipsec(struct engine *e, const struct rs_match *m, struct test *t)
{
	t->how = HOW_IPSEC;
	t->match = m;
	t->atom = atom_add(e, xstrdup(m->atom), LISTED_NEVER);
	for (int why = OPEN_NOT_READ + 1; why < OPEN_N; why++) {
		char *name = xasprintf("%s: %s", m->atom, ipsec_open_text((enum ipsec_open)why));
		uint32_t atom = atom_add(e, name, LISTED_NEVER);

		if (e->atom[atom].assumption == NULL) {
			e->atom[atom].assumption = e->atom[t->atom].assumption;
			e->atom[atom].value = e->atom[t->atom].value;
		}
	}
	e->asks_ipsec = true;
}

static void compile_match(struct engine *e, struct line *line, const struct rs_match *m, const struct rs_chain *chain)
{
	struct test *t = &line->test[line->n_test++];
	unsigned types = 0;

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
		t->negate = false;
		if (m->ipsec != NULL) {
			compile_ipsec(e, m, t);
			break;
		}
		t->fib = (uint8_t)routing_question(m, &types);
		t->types = (uint8_t)types;
		t->how = t->fib != FIB_NONE ? HOW_FIB : HOW_ATOM;
		t->atom = atom_add(e, xstrdup(m->atom), atom_listed(e, m));
		break;
	}
}

struct range hull_range(const struct hull *h, enum axis axis)
{
	if (axis == AXIS_SOURCE || axis == AXIS_DESTINATION)
		return h->address[axis];
	return (struct range){h->port[axis - AXIS_SPORT].lo, h->port[axis - AXIS_SPORT].hi};
}

struct cell hull_cell(const struct hull *h)
{
	struct cell c;

	for (int i = 0; i < AXIS_N; i++)
		c.axis[i] = hull_range(h, (enum axis)i);
	return c;
}

static void hull_cut(struct line *line, enum axis axis, struct range r)
{
	struct range *address = axis == AXIS_SOURCE || axis == AXIS_DESTINATION ? &line->hull.address[axis] : NULL;
	struct port_range *port = address == NULL ? &line->hull.port[axis - AXIS_SPORT] : NULL;

	if (address != NULL) {
		address->lo = r.lo > address->lo ? r.lo : address->lo;
		address->hi = r.hi < address->hi ? r.hi : address->hi;
		line->effect = line->effect && address->lo <= address->hi;
		return;
	}
	port->lo = r.lo > port->lo ? (uint16_t)(r.lo < UINT16_MAX ? r.lo : UINT16_MAX) : port->lo;
	port->hi = r.hi < port->hi ? (uint16_t)r.hi : port->hi;
	line->effect = line->effect && port->lo <= port->hi;
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
	for (int i = 0; i < 2; i++) {
		line->hull.address[i] = (struct range){0, U128_MAX};
		line->hull.port[i] = (struct port_range){0, UINT16_MAX};
	}
	for (size_t i = 0; i < line->n_test; i++) {
		const struct test *t = &line->test[i];

		if (t->negate)
			continue;
		if (t->how == HOW_AXIS && t->n_range == 0)
			line->effect = false;
		else if (t->how == HOW_AXIS)
			hull_cut(line, (enum axis)t->axis, (struct range){t->range[0].lo, t->range[t->n_range - 1].hi});
		else if (t->how == HOW_SET)
			hull_cut_set(e, line, t->match->field, t->match->n_field, t->match->set);
	}
	if (line->vmap && !set_is_open(&e->rs->set[line->rule->vmap_set]))
		hull_cut_set(e, line, line->rule->vmap_field, line->rule->n_vmap_field, line->rule->vmap_set);
}

/** A rule has a handful of them. */
static void tests_sort(struct test *test, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct test t = test[i];
		size_t k = i;

		for (; k > 0 && test[k - 1].how > t.how; k--)
			test[k] = test[k - 1];
		test[k] = t;
	}
}

static bool sets_mark(const char *statements)
{
	return statements != NULL && strstr(statements, "mark set") != NULL &&
	       strstr(statements, "ct mark set") == NULL;
}

struct rs_verdict line_verdict(const struct line *line)
{
	return line->apart ? (struct rs_verdict){.code = RS_CONTINUE} : line->rule->verdict;
}

/** The rule's first n matches. */
static void compile_line(struct engine *e, struct line *line, const struct rs_chain *chain, size_t n)
{
	const struct rs_rule *rule = line->rule;

	line->effect = line->vmap || line->notrack || line_verdict(line).code != RS_CONTINUE;
	for (size_t i = 0; i < n; i++)
		compile_match(e, line, &rule->match[i], chain);
	for (size_t i = 0; line->vmap && i < rule->n_vmap_field; i++)
		line->needs |= 1u << rule->vmap_field[i];
	compile_hull(e, line);
	tests_sort(line->test, line->n_test);
	line->marks = sets_mark(rule->statements);
}

/** Does notrack happen to packets that the rule's end does not. */
static bool notrack_is_apart(const struct rs_rule *rule)
{
	return rule->notrack && (rule->vmap || rule->notrack_at < rule->n_match);
}

static void class_start(struct engine *e, struct range r, bool comes)
{
	uint32_t by = comes ? 1 : UINT32_MAX;

	if (r.lo < 256)
		e->class_starts[(size_t)r.lo] += by;
	if (r.hi < 255)
		e->class_starts[(size_t)r.hi + 1] += by;
}

static void classes_of_set(struct engine *e, size_t index, const enum rs_field *field, size_t n, bool comes)
{
	const struct rs_set *set = &e->rs->set[index];

	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; field[f] == RS_FIELD_L4PROTO && i < set->n_element; i++)
			if (!set->element[i].catch_all)
				class_start(e, set->element[i].key[f], comes);
}

void engine_count_classes(struct engine *e, const struct rs_rule *rule, bool comes)
{
	for (size_t k = 0; k < rule->n_match; k++) {
		const struct rs_match *m = &rule->match[k];

		if (m->kind == RS_MATCH_SET)
			classes_of_set(e, m->set, m->field, m->n_field, comes);
		if (m->field[0] != RS_FIELD_L4PROTO)
			continue;
		for (size_t i = 0; m->kind == RS_MATCH_RANGES && i < m->ranges.n; i++)
			class_start(e, m->ranges.item[i], comes);
		/* Under a mask neighbours may differ: each protocol stands for itself. */
		for (u128 p = 0; m->kind == RS_MATCH_MASK && p < 256; p++)
			class_start(e, (struct range){p, UINT8_MAX}, comes);
	}
	if (rule->vmap)
		classes_of_set(e, rule->vmap_set, rule->vmap_field, rule->n_vmap_field, comes);
}

bool rule_is_single(const struct rs_rule *rule)
{
	return !notrack_is_apart(rule);
}

/** The line that the rule ends in. */
static void compile_end(struct engine *e, const struct rs_chain *chain, struct line *line)
{
	const struct rs_rule *rule = line->rule;

	line->vmap = rule->vmap;
	line->notrack = rule->notrack && rule_is_single(rule);
	compile_line(e, line, chain, rule->n_match);
	if (rule->vmap && set_is_open(&e->rs->set[rule->vmap_set]))
		line->atom = set_atom(e, &e->rs->set[rule->vmap_set]);
	else if (rule->verdict.code == RS_UNKNOWN || rule->verdict.code == RS_NAT_DST)
		line->atom = atom_add(e,
		        place_name(rule->undecided != NULL ? rule->undecided : "verdict", chain, rule, line->index),
		        LISTED_NEVER);
}

/** *test: the chain's next free one. */
static void compile_rule(
        struct engine *e, struct program_chain *to, const struct rs_chain *chain, size_t index, struct test **test)
{
	const struct rs_rule *rule = &chain->rule[index];
	struct line *line;

	if (!rule_is_single(rule)) {
		line = &to->line[to->n_line++];
		*line = (struct line){
		        .rule = rule, .test = *test, .index = (uint32_t)index, .notrack = true, .apart = true};
		compile_line(e, line, chain, rule->notrack_at);
		*test += line->n_test;
	}
	line = &to->line[to->n_line++];
	*line = (struct line){.rule = rule, .test = *test, .index = (uint32_t)index};
	engine_count_classes(e, rule, true);
	compile_end(e, chain, line);
	*test += line->n_test;
}

void compile_single(struct engine *e, const struct rs_chain *chain, size_t index, struct line *line)
{
	const struct rs_rule *rule = &chain->rule[index];

	*line = (struct line){.rule = rule, .index = (uint32_t)index};
	line->test = owned_add(e, (rule->n_match + 1) * sizeof(*line->test));
	engine_count_classes(e, rule, true);
	compile_end(e, chain, line);
}

static void compile_chain(struct engine *e, struct program_chain *to, const struct rs_chain *chain)
{
	size_t n_line = chain->n_rule, n_test = 0;
	struct test *test;

	for (size_t k = 0; k < chain->n_rule; k++) {
		const struct rs_rule *rule = &chain->rule[k];

		n_line += notrack_is_apart(rule);
		n_test += rule->n_match + (notrack_is_apart(rule) ? rule->notrack_at : 0);
	}
	to->line = xcalloc(n_line, sizeof(*to->line));
	to->cap_line = n_line;
	to->test = test = xcalloc(n_test, sizeof(*to->test));
	for (size_t k = 0; k < chain->n_rule; k++)
		compile_rule(e, to, chain, k, &test);
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
