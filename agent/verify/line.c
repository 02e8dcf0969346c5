/*
 * A rule made ready to walk: in comes a rule of the model, out goes a line, with its matches classified and sorted, the hull of
 * what can match, and what the engine knows of all lines together. Nothing is refused: a match that cannot be decided becomes
 * an atom with a name.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/program.h"

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

uint32_t atom_add(struct engine *e, char *name, enum listed listed)
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

void test_set_ranges(struct test *t, const struct range *range, size_t n)
{
	t->n_range = (uint32_t)n;
	t->one = n == 1 && range->hi <= UINT32_MAX;
	if (t->one) {
		t->only.lo = (uint32_t)range->lo;
		t->only.hi = (uint32_t)range->hi;
	} else {
		t->range = range;
	}
}

static void compile_ranges(struct test *t, enum rs_field f, const struct range *range, size_t n)
{
	test_set_ranges(t, range, n);
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
		compile_ranges(t, m->field[0], &prefix, 1);
		if (!t->one) {
			struct range *range = owned_add(e, sizeof(*range));

			*range = prefix;
			t->range = range;
		}
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
		struct range only;
		const struct range *range = test_ranges(t, &only);

		if (t->negate)
			continue;
		if (t->how == HOW_AXIS && t->n_range == 0)
			line->effect = false;
		else if (t->how == HOW_AXIS)
			hull_cut(line, (enum axis)t->axis, (struct range){range[0].lo, range[t->n_range - 1].hi});
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
	/* The others lead to no chain. */
	if (line->code == RS_JUMP || line->code == RS_GOTO)
		return line->rule->verdict;
	return (struct rs_verdict){.code = (enum rs_verdict_code)line->code};
}

/** The rule's first n matches. */
static void compile_line(struct engine *e, struct line *line, const struct rs_chain *chain, size_t n)
{
	const struct rs_rule *rule = line->rule;

	line->code = (uint8_t)(line->apart ? RS_CONTINUE : rule->verdict.code);
	line->effect = line->vmap || line->notrack || line_verdict(line).code != RS_CONTINUE;
	for (size_t i = 0; i < n; i++)
		compile_match(e, line, &rule->match[i], chain);
	for (size_t i = 0; line->vmap && i < rule->n_vmap_field; i++)
		line->needs |= 1u << rule->vmap_field[i];
	compile_hull(e, line);
	tests_sort(line->test, line->n_test);
	line->marks = sets_mark(rule->statements);
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
	/* Notrack may happen to packets that the rule's end does not. */
	return !rule->notrack || (!rule->vmap && rule->notrack_at >= rule->n_match);
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

void compile_rule(
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
