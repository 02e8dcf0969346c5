/*
 * For tests: a rule of the model as one line that shows every match as it is held, so that two readers can be compared and
 * a test can say what it expects. Anonymous sets are written out, names of sets and handles are left out.
 */
#ifndef PORTCULLIS_TEST_RULESET_DUMP_H
#define PORTCULLIS_TEST_RULESET_DUMP_H

#include <stdlib.h>
#include <string.h>

#include "portcullis/ruleset.h"
#include "portcullis/text.h"

static void number_dump(struct text *t, u128 v)
{
	uint64_t hi = (uint64_t)(v >> 64), lo = (uint64_t)v;
	if (hi != 0)
		text_addf(t, "%llx:%016llx", (unsigned long long)hi, (unsigned long long)lo);
	else
		text_addf(t, "%llx", (unsigned long long)lo);
}

static void range_dump(struct text *t, struct range r)
{
	number_dump(t, r.lo);
	if (r.lo != r.hi) {
		text_add(t, "-");
		number_dump(t, r.hi);
	}
}

static void verdict_dump(struct text *t, const struct ruleset *rs, struct rs_verdict v)
{
	static const char *const names[] = {
	        "continue", "accept", "drop", "jump", "goto", "return", "nat-dst", "nat-src", "unknown"};
	text_add(t, v.reject ? "reject" : names[v.code]);
	if (v.code == RS_JUMP || v.code == RS_GOTO)
		text_addf(t, " %s", rs->chain[v.chain].name);
}

static void target_dump(struct text *t, const struct rs_target *target)
{
	if (target->has_address) {
		text_add(t, " to ");
		range_dump(t, (struct range){target->address_lo, target->address_hi});
	}
	if (target->has_port)
		text_addf(t, " port %u-%u", target->port.lo, target->port.hi);
}

static void set_dump(struct text *t, const struct ruleset *rs, const struct rs_set *set)
{
	if (!set->anonymous) {
		text_addf(t, "@%s", set->name);
		return;
	}
	text_add(t, "{");
	for (size_t i = 0; i < set->n_element; i++) {
		const struct rs_element *e = &set->element[i];
		text_add(t, i > 0 ? ", " : "");
		text_add(t, e->catch_all ? "*" : "");
		for (size_t k = 0; !e->catch_all && k < set->n_field; k++) {
			text_add(t, k > 0 ? " . " : "");
			range_dump(t, e->key[k]);
		}
		if (set->map) {
			text_add(t, ": ");
			verdict_dump(t, rs, e->verdict);
			target_dump(t, &e->target);
		}
	}
	text_add(t, "}");
}

static void fields_dump(struct text *t, const enum rs_field *field, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_addf(t, "%s%s", i > 0 ? " . " : "", rs_field_name(field[i]));
}

static void match_dump(struct text *t, const struct ruleset *rs, const struct rs_match *m)
{
	if (m->kind == RS_MATCH_ATOM) {
		text_addf(t, "atom %s", m->atom);
		return;
	}
	fields_dump(t, m->field, m->n_field);
	text_add(t, m->negate ? " not " : " ");
	if (m->kind == RS_MATCH_SET) {
		set_dump(t, rs, &rs->set[m->set]);
	} else if (m->kind == RS_MATCH_MASK) {
		text_add(t, "& ");
		number_dump(t, m->mask);
		text_add(t, " == ");
		number_dump(t, m->value);
	} else {
		for (size_t i = 0; i < m->ranges.n; i++) {
			text_add(t, i > 0 ? "," : "");
			range_dump(t, m->ranges.item[i]);
		}
	}
}

/* "meta l4proto 6; th dport 16; accept"; the caller frees it. */
static char *rule_dump(const struct ruleset *rs, const struct rs_rule *rule)
{
	struct text t = {0};
	for (size_t i = 0; i < rule->n_match; i++) {
		match_dump(&t, rs, &rule->match[i]);
		text_add(&t, "; ");
	}
	if (rule->notrack)
		text_add(&t, "notrack; ");
	if (rule->vmap && !rule->nat_map) {
		fields_dump(&t, rule->vmap_field, rule->n_vmap_field);
		text_add(&t, " vmap ");
		set_dump(&t, rs, &rs->set[rule->vmap_set]);
	} else {
		verdict_dump(&t, rs, rule->verdict);
	}
	target_dump(&t, &(struct rs_target){rule->nat_has_address, rule->nat_has_port, rule->nat_address_lo,
	                        rule->nat_address_hi, rule->nat_port});
	if (rule->nat_map) {
		text_add(&t, " by ");
		fields_dump(&t, rule->vmap_field, rule->vmap ? rule->n_vmap_field : 0);
		if (!rule->vmap)
			range_dump(&t, rule->nat_key);
		text_add(&t, " in ");
		set_dump(&t, rs, &rs->set[rule->vmap_set]);
	}
	return text_take(&t);
}

#endif
