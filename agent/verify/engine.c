/*
 * The walk: in comes a set of packets, out go its parts with what the ruleset does to each, and who decided. It follows
 * nf_tables: base chains of a hook in priority order, accept ends one of them, drop ends all, jumps return. Too many
 * parts or too many rules tried end the walk with a reason instead of a result.
 */
#include "verify/engine.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/run.h"

#define FIRST_LINES 2
#define TRACED_PATIENCE 10000 /* rules of a trace, then chains are not told again */

void outcomes_fini(struct outcomes *o)
{
	free(o->item);
	free(o->note);
	memset(o, 0, sizeof(*o));
}

void outcomes_each_note(const struct outcomes *o, uint32_t notes, void (*each)(void *ctx, uint32_t atom), void *ctx)
{
	for (uint32_t i = notes; i != 0; i = o->note[i].next)
		each(ctx, o->note[i].atom);
}

void outcomes_reset(struct outcomes *o)
{
	o->n = 0;
	o->n_note = 1;
	if (o->note == NULL)
		o->note = xgrow(o->note, 0, &o->cap_note, sizeof(*o->note));
	o->note[0] = (struct note){0};
	o->forked = false;
	o->limit = NULL;
}

struct run *run_new(const struct engine *e)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->e = e;
	run->relevant = xcalloc(e->rs->n_chain, sizeof(*run->relevant));
	run->passed = xcalloc(e->rs->n_chain, sizeof(*run->passed));
	run->set_index = xcalloc(e->rs->n_set, sizeof(*run->set_index));
	return run;
}

void run_free(struct run *run)
{
	if (run == NULL)
		return;
	for (size_t i = 0; i < run->e->rs->n_chain; i++) {
		free(run->relevant[i].line);
		free(run->passed[i].item);
		free(run->passed[i].depth);
	}
	free(run->relevant);
	free(run->passed);
	for (size_t i = 0; i < run->e->rs->n_set; i++)
		box_index_free(run->set_index[i]);
	free(run->set_index);
	for (size_t i = 0; i < sizeof(run->level) / sizeof(run->level[0]); i++) {
		free(run->level[i].work.item);
		free(run->level[i].hit.item);
		free(run->level[i].spare.item);
		free(run->level[i].rest.item);
		free(run->level[i].fall.item);
	}
	free(run->now.item);
	free(run->accepted.item);
	free(run->pending.item);
	free(run->pending_next.item);
	cells_fini(&run->parts);
	positions_fini(&run->found);
	positions_fini(&run->candidate);
	free(run);
}

static void trace(struct run *run, enum trace_event event, size_t chain, size_t rule, const char *what)
{
	if (run->trace != NULL)
		run->trace(run->trace_ctx, event, chain, rule, what);
}

void run_finish(struct run *run, const struct piece *piece, enum outcome_code code, size_t chain, size_t rule)
{
	struct outcomes *o = run->out;

	o->item = xgrow(o->item, o->n, &o->cap, sizeof(*o->item));
	o->item[o->n++] = (struct outcome){
	        .cell = piece_origin(run, piece),
	        .code = code,
	        .chain = chain,
	        .rule = rule,
	        .notes = piece->notes,
	        .listed = piece->listed,
	        .untracked = piece->untracked,
	        .translated = piece->translated,
	        .target = piece->target,
	};
}

static bool hook_is_main(enum rs_hook hook)
{
	return hook == RS_HOOK_FORWARD || hook == RS_HOOK_INPUT || hook == RS_HOOK_OUTPUT;
}

void run_accept(struct run *run, struct piece *piece, size_t chain, size_t rule)
{
	/* A rule says more than a policy, so a later chain's policy does not take its place. */
	if (hook_is_main(run->e->rs->chain[run->base].hook) &&
	        (piece->by_chain == OUTCOME_NO_CHAIN || rule != OUTCOME_POLICY || piece->by_rule == OUTCOME_POLICY)) {
		piece->by_chain = chain;
		piece->by_rule = rule;
	}
	pieces_add(&run->accepted, piece);
}

static void walk(struct run *run, size_t depth, size_t chain, const struct piece *first, struct pieces *fall);

static void enter(
        struct run *run, size_t depth, size_t chain, struct piece *piece, const struct line *line, struct pieces *fall)
{
	if (depth >= RUN_JUMP_MAX) {
		run_finish(run, piece, OUTCOME_UNKNOWN, chain, line->index);
		run_limit(run, "jumps nested deeper than 16 chains");
		return;
	}
	const struct piece before = *piece;
	size_t to = piece->verdict.chain, first = fall->n, forks = run->forks;

	/* A trace tells each walk, as long as somebody may read it. */
	if ((run->trace == NULL || run->work > TRACED_PATIENCE) && passed_before(run, depth, to, piece)) {
		trace(run, TRACE_AGAIN, to, OUTCOME_POLICY, "");
		pieces_add(fall, piece);
		return;
	}
	piece->at = 0;
	walk(run, depth + 1, to, piece, fall);
	/* What was left open is open anew each time. */
	for (size_t i = first; i < fall->n && run->forks == forks && run->out->limit == NULL; i++)
		if (piece_alike(&fall->item[i], &before))
			passed_add(run, depth, to, &fall->item[i]);
}

/** What a matching rule does with its piece; pieces that go on in this chain return to level->work. */
static void act(struct run *run, size_t depth, size_t chain, struct piece *piece, const struct line *line, size_t next,
        struct pieces *fall)
{
	struct level *level = &run->level[depth];

	/* Once conntrack has seen the packet, notrack does nothing. */
	if (line->notrack && run->env.tracking_unsure) {
		piece->notes = run_note(run, piece->notes, run->e->atom_tracking);
		piece->verdict.code = RS_UNKNOWN;
	}
	piece->untracked = piece->untracked || (line->notrack && run->env.untracked_yet);
	piece->at = next;
	switch (piece->verdict.code) {
	case RS_CONTINUE:
		pieces_add(&level->work, piece);
		break;
	case RS_ACCEPT:
		run_accept(run, piece, chain, line->index);
		break;
	case RS_DROP:
		run_finish(run, piece, OUTCOME_DROP, chain, line->index);
		break;
	case RS_JUMP:
		level->fall.n = 0;
		enter(run, depth, chain, piece, line, &level->fall);
		for (size_t i = 0; i < level->fall.n; i++) {
			level->fall.item[i].at = next;
			pieces_add(&level->work, &level->fall.item[i]);
		}
		break;
	case RS_GOTO:
		enter(run, depth, chain, piece, line, fall);
		break;
	case RS_RETURN:
		pieces_add(fall, piece);
		break;
	case RS_NAT_DST:
		nat_destination(run, piece, chain, line);
		break;
	case RS_NAT_SRC:
		/* A reply that conntrack takes for the first packet comes back from somebody else. */
		if (run->set->phase == PHASE_REPLY) {
			run_finish(run, piece, OUTCOME_MISDIRECT, chain, line->index);
			break;
		}
		piece->translated = piece->nat_done = true;
		run_accept(run, piece, chain, line->index);
		break;
	case RS_UNKNOWN:
		if (line->atom != 0)
			piece->notes = run_note(run, piece->notes, line->atom);
		run_finish(run, piece, OUTCOME_UNKNOWN, chain, line->index);
		break;
	}
}

/** Nothing of the run gets past this line, so the rest of the chain is of no interest. */
static bool takes_all(const struct run *run, const struct line *line)
{
	enum rs_verdict_code v = line_verdict(line).code;

	if (line->vmap || v == RS_CONTINUE || v == RS_JUMP || !match_hull_covers(line, &run->set->cell))
		return false;
	for (size_t i = 0; i < line->n_test; i++) {
		const struct test *t = &line->test[i];
		bool fixed, holds = match_holds(run, t, &fixed);

		/* Behind a translation the rule may see other values than the hull was compared with. */
		if (fixed && !holds)
			return false;
		if (!fixed &&
		        (t->how != HOW_AXIS || t->negate || t->n_range != 1 || run->e->has_nat || run->env.portless))
			return false;
	}
	return true;
}

/** Keep a line if the run can meet it. @return true: nothing gets past it. A trace also tells why the others do not match. */
static bool relevant_add(const struct run *run, struct relevant *r, const struct program_chain *c, size_t i)
{
	if (run->trace == NULL && !match_relevant(run, &c->line[i]))
		return false;
	r->line[r->n++] = i;
	r->taken = run->trace == NULL && takes_all(run, &c->line[i]);
	return r->taken;
}

/** Lines that the index gives for a run. */
struct search {
	struct run *run;
	struct relevant *relevant;
	const struct program_chain *chain;
	size_t first, n; /**< lines before are known; so many were given */
	size_t beside; /**< the next of those that the index does not know */
};

/** @return false: no more. */
static bool search_add(struct search *s, size_t line)
{
	s->n++;
	if (line >= s->first && relevant_add(s->run, s->relevant, s->chain, line))
		return false;
	if (s->relevant->n > s->run->bounds->relevant || s->n > s->run->bounds->lines)
		run_limit(s->run, run_tired);
	return s->run->out->limit == NULL;
}

/** Lines before `end` that the index does not know. */
static bool search_beside(struct search *s, size_t end)
{
	while (s->beside < s->chain->n_beside && s->chain->beside[s->beside] < end)
		if (!search_add(s, s->chain->beside[s->beside++]))
			return false;
	return true;
}

static bool search_visit(void *ctx, size_t position)
{
	struct search *s = ctx;
	size_t line = s->chain->slot != NULL ? s->chain->slot[position] : position;

	return line == LINE_GONE || (search_beside(s, line) && search_add(s, line));
}

/** The same for what the index knows of the lines from `first` on. */
static void relevant_find(struct run *run, struct relevant *r, const struct program_chain *c, size_t first)
{
	struct search search = {run, r, c, first, 0, 0};
	struct cell query = match_query(run);

	run->found.thing = c->slot == NULL ? c->line : NULL;
	run->found.thing_size = sizeof(*c->line);
	if (box_index_each(c->index, &query, &run->found, search_visit, &search))
		search_beside(&search, SIZE_MAX);
	run->found.thing = NULL;
	run->work += search.n / 8;
}

/** The lines of a chain that this run can meet; computed once per visit of a base chain. */
static const struct relevant *relevant_lines(struct run *run, size_t chain)
{
	struct relevant *r = &run->relevant[chain];
	const struct program_chain *c = &run->e->chain[chain];
	bool indexed = c->index != NULL && run->trace == NULL;
	/* What is known already is accepted by a chain's first lines: then the index is not asked. */
	size_t n = indexed && c->n_line > FIRST_LINES ? FIRST_LINES : c->n_line;

	if (r->visit == run->visit)
		return r;
	if (r->line == NULL)
		r->line = xcalloc(c->n_line, sizeof(*r->line));
	r->visit = run->visit;
	r->n = 0;
	r->taken = false;
	for (size_t i = 0; i < n && !r->taken; i++)
		relevant_add(run, r, c, i);
	run->work += n / 8;
	if (!r->taken && n < c->n_line)
		relevant_find(run, r, c, n);
	return r;
}

static void trace_split(struct run *run, size_t chain, const struct line *line, const struct piece *piece,
        const struct level *level, const char *why)
{
	if (level->hit.n == 0)
		trace(run, TRACE_MISS, chain, line->index, why);
	else if (level->hit.item[0].notes != piece->notes)
		trace(run, TRACE_MAYBE, chain, line->index,
		        run->e->atom[run->out->note[level->hit.item[0].notes].atom].name);
	else
		trace(run, TRACE_MATCH, chain, line->index, "");
}

/** Carry one piece forward until a line splits it or takes it, or the chain ends. */
static void advance(struct run *run, size_t depth, size_t chain, struct piece *piece, struct pieces *fall)
{
	struct level *level = &run->level[depth];
	const struct relevant *r = relevant_lines(run, chain);

	if (run->out->limit != NULL)
		return;
	for (size_t i = piece->at; i < r->n; i++) {
		const struct line *line = &run->e->chain[chain].line[r->line[i]];
		const char *why = "";

		if (++run->work > run->bounds->work) {
			run_limit(run, run_tired);
			return;
		}
		if (r->taken && i + 1 == r->n) {
			piece->verdict = line_verdict(line);
			act(run, depth, chain, piece, line, i + 1, fall);
			return;
		}
		if (run->trace == NULL && !match_hull_meets(run, line, &piece->cell, piece->translated))
			continue;
		match_split(run, line, piece, &level->hit, &level->spare, &level->rest, &why);
		if (run->trace != NULL)
			trace_split(run, chain, line, piece, level, why);
		if (run->out->limit != NULL)
			return;
		if (!line->effect)
			continue;
		if (level->hit.n == 0 && level->rest.n == 1) {
			*piece = level->rest.item[0];
			continue;
		}
		for (size_t k = 0; k < level->rest.n; k++) {
			level->rest.item[k].at = i + 1;
			pieces_add(&level->work, &level->rest.item[k]);
		}
		for (size_t k = 0; k < level->hit.n && run->out->limit == NULL; k++)
			act(run, depth, chain, &level->hit.item[k], line, i + 1, fall);
		return;
	}
	pieces_add(fall, piece);
}

static void walk(struct run *run, size_t depth, size_t chain, const struct piece *first, struct pieces *fall)
{
	struct level *level = &run->level[depth];

	trace(run, TRACE_CHAIN, chain, OUTCOME_POLICY, "");
	level->work.n = 0;
	pieces_add(&level->work, first);
	while (level->work.n > 0 && run->out->limit == NULL) {
		struct piece piece = level->work.item[--level->work.n];

		advance(run, depth, chain, &piece, fall);
	}
}

static void base_policy(struct run *run, size_t chain, struct piece *piece)
{
	trace(run, TRACE_POLICY, chain, OUTCOME_POLICY, "");
	if (run->e->rs->chain[chain].policy == RS_DROP)
		run_finish(run, piece, OUTCOME_DROP, chain, OUTCOME_POLICY);
	else
		run_accept(run, piece, chain, OUTCOME_POLICY);
}

/** NAT looks at tracked packets that may open a connection, and once per connection and kind. */
static bool nat_passes_by(const struct run *run, const struct piece *p)
{
	return p->untracked || p->nat_done || run->env.untracked_yet || run->env.perhaps_related;
}

/** Does a chain of type nat perhaps not see the packet; *why: what that depends on. */
static bool nat_is_unsure(const struct run *run, uint32_t *why)
{
	/* Of a connection that is tracked one way only a later packet may be the first that conntrack sees. */
	*why = run->e->atom_tracking;
	if (run->set->phase != PHASE_NEW)
		return true;
	/* Nothing in the ruleset makes the kernel track, so it tracks only if something else does. */
	*why = run->e->atom_conntrack;
	return !run->e->rs->tracks[run->set->family == FAMILY_IPV6];
}

static void base_piece(struct run *run, size_t chain, struct piece *piece)
{
	const struct rs_chain *c = &run->e->rs->chain[chain];
	struct pieces *fall = &run->level[RUN_JUMP_MAX + 1].fall;
	struct level *spare = &run->level[RUN_JUMP_MAX + 1];
	uint32_t why;

	if (c->type == RS_CHAIN_NAT && nat_is_unsure(run, &why)) {
		spare->hit.n = 0;
		run_fork(run, why, piece, &spare->hit, &run->accepted);
		if (spare->hit.n == 0)
			return;
		*piece = spare->hit.item[0];
	}
	piece->at = 0;
	fall->n = 0;
	walk(run, 0, chain, piece, fall);
	for (size_t k = 0; k < fall->n && run->out->limit == NULL; k++)
		base_policy(run, chain, &fall->item[k]);
}

/** All pieces through one base chain: run->now in, run->now out. */
static void base_chain(struct run *run, size_t chain)
{
	const struct rs_chain *c = &run->e->rs->chain[chain];
	struct pieces swap;

	nat_before(run, c);
	environment_set(run, c);
	run->base = chain;
	run->visit++;
	run->accepted.n = 0;
	for (size_t i = 0; i < run->now.n && run->out->limit == NULL; i++) {
		struct piece *p = &run->now.item[i];

		p->untracked = p->untracked || run->env.untracked_now;
		if (c->type == RS_CHAIN_NAT && nat_passes_by(run, p)) {
			pieces_add(&run->accepted, p);
			continue;
		}
		base_piece(run, chain, p);
	}
	swap = run->now;
	run->now = run->accepted;
	run->accepted = swap;
}

/** Chains of the link layers that may see the packets: what they do is open, and has a name. */
static void foreign_chains(struct run *run)
{
	const struct engine *e = run->e;

	for (size_t i = 0; i < e->n_foreign; i++) {
		const struct foreign *f = &e->foreign[i];
		const struct atom *a = &e->atom[f->atom];
		const char *seen = f->on_output ? run->set->oif : run->set->iif;
		struct piece *p = &run->now.item[0];

		if (f->device[0] != '\0' && seen[0] != '\0' && strcmp(f->device, seen) != 0)
			continue;
		if (f->device[0] != '\0' && run->set->path == (f->on_output ? PATH_INPUT : PATH_OUTPUT))
			continue;
		p->notes = run_note(run, p->notes, f->atom);
		if (a->assumption != NULL && a->value) {
			run_finish(run, p, OUTCOME_DROP, f->chain, OUTCOME_POLICY);
			run->now.n = 0;
			return;
		}
		if (a->assumption == NULL) {
			run->out->forked = true;
			run_finish(run, p, OUTCOME_UNKNOWN, f->chain, OUTCOME_POLICY);
		}
	}
}

void engine_walk(struct engine *e, const struct packet_set *set, const struct bounds *bounds, struct outcomes *out,
        engine_trace *trace_fn, void *ctx)
{
	static const enum rs_hook hooks[3][3] = {
	        [PATH_FORWARD] = {RS_HOOK_PREROUTING, RS_HOOK_FORWARD, RS_HOOK_POSTROUTING},
	        [PATH_INPUT] = {RS_HOOK_PREROUTING, RS_HOOK_INPUT, RS_HOOK_INPUT},
	        [PATH_OUTPUT] = {RS_HOOK_OUTPUT, RS_HOOK_POSTROUTING, RS_HOOK_POSTROUTING},
	};
	struct run *run = e->run;
	struct piece first = {.cell = set->cell,
	        .by_chain = OUTCOME_NO_CHAIN,
	        .by_rule = OUTCOME_POLICY,
	        .inside = set->nat.wanted && set->phase == PHASE_REPLY,
	        .aimed = set->nat.wanted && set->phase != PHASE_NEW,
	        .target = set->nat.target};

	run->set = set;
	run->out = out;
	run->trace = trace_fn;
	run->trace_ctx = ctx;
	run->boxes = run->work = 0;
	run->bounds = bounds;
	run->now.n = 0;
	pieces_add(&run->now, &first);
	foreign_chains(run);
	for (int h = 0; h < (set->path == PATH_FORWARD ? 3 : 2); h++) {
		const struct base_list *list = &e->base[set->family == FAMILY_IPV4 ? 0 : 1][hooks[set->path][h]];

		for (size_t i = 0; i < run->now.n; i++)
			run->now.item[i].nat_done = false;
		for (size_t i = 0; i < list->n && out->limit == NULL; i++)
			if (e->rs->chain[list->chain[i]].type != RS_CHAIN_NAT || set->phase == PHASE_NEW ||
			        set->mixed_tracking)
				base_chain(run, list->chain[i]);
		if (h == 0)
			nat_settle_untracked(run, false);
		if (h == 0 && set->nat.wanted && out->limit == NULL)
			nat_settle(run);
	}
	nat_settle_untracked(run, true);
	for (size_t i = 0; i < run->now.n && out->limit == NULL; i++)
		run_finish(run, &run->now.item[i], OUTCOME_ACCEPT, run->now.item[i].by_chain, run->now.item[i].by_rule);
}
