/*
 * The engine that follows a ruleset: in come an engine and a ruleset that differs from the engine's own in a few rules, out
 * go the same engine for that ruleset, and what differs. Other chains, sets or hooks, and rules that are two lines, are
 * refused: an engine made anew has them.
 */
#include "verify/update.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/grid.h"
#include "verify/region.h"
#include "verify/uniform.h"

#define CHANGED_MAX 64 /* rules that came and went */
#define BESIDE_MAX 64 /* lines of a chain that its index may miss */
#define OWNED_MAX 65536 /* pieces of memory that only a new engine gives back */

/** Where the rules of a chain differ: those before `from` are the same, and those behind the ends. */
struct change {
	size_t chain, from, end_before, end_after;
};

struct update {
	struct engine *e;
	const struct ruleset *before, *after;
	struct change change[CHANGED_MAX];
	size_t n_change, n_rule;
	bool leads; /**< a rule that came or went leads to another chain */
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_chain(const struct rs_chain *a, const struct rs_chain *b)
{
	return a->family == b->family && a->base == b->base && a->hook == b->hook && a->type == b->type &&
	       a->priority == b->priority && a->policy == b->policy && a->order == b->order &&
	       a->dormant == b->dormant && same_text(a->table, b->table) && same_text(a->name, b->name) &&
	       same_text(a->device, b->device);
}

static bool same_frame(const struct ruleset *a, const struct ruleset *b)
{
	if (a->n_chain != b->n_chain || a->n_set != b->n_set || a->sets_mark != b->sets_mark ||
	        a->tracks[0] != b->tracks[0] || a->tracks[1] != b->tracks[1])
		return false;
	for (size_t i = 0; i < a->n_chain; i++)
		if (!same_chain(&a->chain[i], &b->chain[i]))
			return false;
	for (size_t i = 0; i < a->n_set; i++)
		if (a->set[i].share == NULL || a->set[i].share != b->set[i].share)
			return false;
	return true;
}

/** What is made of the rules of a ruleset as a whole stays as it is whatever rules come and go. */
static bool frame_is_firm(const struct engine *e, const struct ruleset *rs)
{
	if (e->asks_ipsec && !ipsec_policies_same(e->rs->policies, rs->policies))
		return false;
	return e->n_foreign == 0 && (!e->has_nat || (rs->tracks[0] && rs->tracks[1])) && e->n_owned < OWNED_MAX;
}

/** Copies of one rule; where it leads is the same too, for chains and sets are. */
static bool same_rule(const struct rs_rule *a, const struct rs_rule *b)
{
	return a->share != NULL && a->share == b->share;
}

/** @return false: too much. */
static bool chain_compare(struct update *u, size_t i)
{
	const struct rs_chain *a = &u->before->chain[i], *b = &u->after->chain[i];
	struct change c = {i, 0, a->n_rule, b->n_rule};

	while (c.from < c.end_before && c.from < c.end_after && same_rule(&a->rule[c.from], &b->rule[c.from]))
		c.from++;
	while (c.end_before > c.from && c.end_after > c.from &&
	        same_rule(&a->rule[c.end_before - 1], &b->rule[c.end_after - 1])) {
		c.end_before--;
		c.end_after--;
	}
	if (c.from == c.end_before && c.from == c.end_after)
		return true;
	u->n_rule += c.end_before - c.from + c.end_after - c.from;
	if (u->n_rule > CHANGED_MAX || u->n_change == CHANGED_MAX || u->e->chain[i].n_line != a->n_rule)
		return false;
	/* Rules that nobody shares may still be the same. */
	for (size_t k = c.from; k < c.end_after; k++)
		if (!rule_is_single(&b->rule[k]) || b->rule[k].share == NULL)
			return false;
	u->change[u->n_change++] = c;
	return true;
}

/** Where the lines that the index knows are now. */
static void slots_shift(struct program_chain *p, const struct change *c)
{
	size_t n = 0;

	if (p->slot == NULL) {
		p->n_slot = p->n_line;
		p->slot = xcalloc(p->n_slot, sizeof(*p->slot));
		for (size_t i = 0; i < p->n_slot; i++)
			p->slot[i] = (uint32_t)i;
	}
	for (size_t i = 0; i < p->n_slot; i++) {
		uint32_t *at = &p->slot[i];

		if (*at >= c->end_before && *at != LINE_GONE)
			*at = (uint32_t)(*at - c->end_before + c->end_after);
		else if (*at >= c->from && *at != LINE_GONE)
			*at = LINE_GONE;
	}
	for (size_t i = 0; i < p->n_beside; i++)
		if (p->beside[i] < c->from)
			p->beside[n++] = p->beside[i];
		else if (p->beside[i] >= c->end_before)
			p->beside[n++] = (uint32_t)(p->beside[i] - c->end_before + c->end_after);
	p->n_beside = n;
}

static void beside_add(struct program_chain *p, uint32_t line)
{
	size_t i;

	p->beside = xgrow(p->beside, p->n_beside, &p->cap_beside, sizeof(*p->beside));
	for (i = p->n_beside++; i > 0 && p->beside[i - 1] > line; i--)
		p->beside[i] = p->beside[i - 1];
	p->beside[i] = line;
}

/** Make room for the new lines in place of the old ones. */
static void lines_move(struct program_chain *p, const struct change *c)
{
	size_t n = p->n_line - c->end_before + c->end_after;

	if (n > p->cap_line) {
		p->cap_line = n + n / 8;
		p->line = xrealloc(p->line, p->cap_line, sizeof(*p->line));
	}
	memmove(&p->line[c->end_after], &p->line[c->end_before], (p->n_line - c->end_before) * sizeof(*p->line));
	p->n_line = n;
}

static void change_apply(struct update *u, const struct change *c)
{
	struct program_chain *p = &u->e->chain[c->chain];

	if (p->index != NULL)
		slots_shift(p, c);
	lines_move(p, c);
	for (size_t i = c->from; i < c->end_after; i++) {
		compile_single(u->e, &u->after->chain[c->chain], i, &p->line[i]);
		if (p->index != NULL)
			beside_add(p, (uint32_t)i);
	}
	if (p->index == NULL || p->n_beside > BESIDE_MAX)
		chain_index(p);
	/* Its room is that of the lines there were. */
	free(u->e->run->relevant[c->chain].line);
	u->e->run->relevant[c->chain] = (struct relevant){0};
}

/** Rules are those of the new ruleset from here on. */
static void rules_move(struct engine *e)
{
	for (size_t i = 0; i < e->rs->n_chain; i++) {
		struct program_chain *p = &e->chain[i];
		size_t rule = 0;

		for (size_t k = 0; k < p->n_line; k++) {
			p->line[k].rule = &e->rs->chain[i].rule[rule];
			p->line[k].index = (uint32_t)rule;
			rule += !p->line[k].apart;
		}
	}
}

static bool leads_on(const struct line *line)
{
	enum rs_verdict_code v = line->rule->verdict.code;

	return line->vmap || v == RS_JUMP || v == RS_GOTO;
}

/** Lines that go, kept until their difference is gone. @return how many. */
static size_t gone_keep(struct update *u, struct line *gone, const uint32_t *hooks, uint32_t *of_gone)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n_change; i++)
		for (size_t k = u->change[i].from; k < u->change[i].end_before; k++) {
			gone[n] = u->e->chain[u->change[i].chain].line[k];
			u->leads = u->leads || leads_on(&gone[n]);
			engine_count_classes(u->e, gone[n].rule, false);
			of_gone[n++] = hooks[u->change[i].chain];
		}
	return n;
}

/** The hooks that chains are reached from are others where a rule that came or went leads to another chain. */
static void came_add(struct update *u, struct difference *out)
{
	for (size_t i = 0; i < u->n_change; i++)
		for (size_t k = u->change[i].from; k < u->change[i].end_after; k++)
			u->leads = u->leads || leads_on(&u->e->chain[u->change[i].chain].line[k]);
	if (u->leads) {
		free(u->e->hooks);
		u->e->hooks = region_hooks(u->e);
	}
	for (size_t i = 0; i < u->n_change; i++)
		for (size_t k = u->change[i].from; k < u->change[i].end_after; k++)
			difference_add(out, &u->e->chain[u->change[i].chain].line[k], u->e->hooks[u->change[i].chain],
			        u->e->has_nat, NULL);
}

static void update_apply(struct update *u)
{
	struct engine *e = u->e;

	e->rs = u->after;
	for (size_t i = 0; i < u->n_change; i++)
		change_apply(u, &u->change[i]);
	rules_move(e);
	engine_sum_lines(e);
	uniform_forget(e->uniform);
	grid_free(e->grid);
	e->grid = NULL;
}

bool engine_update(struct engine *e, const struct ruleset *rs, int64_t now, struct difference *out)
{
	struct update u = {.e = e, .before = e->rs, .after = rs};
	bool had_notrack = e->has_notrack, had_mark = e->sets_mark;
	uint32_t of_gone[CHANGED_MAX], uses = e->uses;
	size_t n;

	if (!same_frame(e->rs, rs) || !frame_is_firm(e, rs))
		return false;
	for (size_t i = 0; i < rs->n_chain; i++)
		if (!chain_compare(&u, i))
			return false;
	*out = (struct difference){.gone = xcalloc(CHANGED_MAX, sizeof(*out->gone))};
	if (e->hooks == NULL)
		e->hooks = region_hooks(e);
	n = gone_keep(&u, out->gone, e->hooks, of_gone);
	e->now = now;
	update_apply(&u);
	for (size_t i = 0; i < n; i++)
		difference_add(out, &out->gone[i], of_gone[i], e->has_nat, NULL);
	came_add(&u, out);
	out->everything = out->everything || had_notrack != e->has_notrack || had_mark != e->sets_mark ||
	                  ((uses ^ e->uses) & DIFFERENCE_DECIDING) != 0;
	return true;
}
