/*
 * One leg of a flow through the phases new, reply and established: in comes a box, out go its parts that do not pass,
 * disjoint, each with phase and decider, and whether anything passes. What depends on an open atom is a part that may
 * not pass. Where a bound is reached the leg is not decided, and says why.
 */
#include "verify/leg.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/shares.h"

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_PSH 8
#define TCP_ACK 16
#define FORKED_MAX 4096 /* outcomes that are compared pairwise */
#define JOIN_MAX 4096 /* parts that are joined; a few of them are told */

static const char too_many[] = "more than 65536 boxes: too many overlapping rules for this flow";

static struct range shifted(struct range r, int by)
{
	return (struct range){(u128)((int)r.lo + by), (u128)((int)r.hi + by)};
}

static struct translation leg_translation(const struct leg_key *key, enum phase phase, u128 target)
{
	struct translation nat = {.wanted = key->translated};

	if (!key->translated)
		return nat;
	nat.published = key->cell.axis[AXIS_DESTINATION].lo;
	nat.shift = key->shift;
	nat.inside = &key->inside;
	nat.n_inside = 1;
	nat.elsewhere = key->siblings->item;
	nat.n_elsewhere = key->siblings->n;
	nat.target = phase == PHASE_NEW ? 0 : target;
	return nat;
}

struct packet_set leg_packets(const struct leg_key *key, enum phase phase, const struct cell *cell, u128 target)
{
	static const enum path back[] = {[PATH_FORWARD] = PATH_FORWARD,
	        [PATH_INPUT] = PATH_OUTPUT,
	        [PATH_OUTPUT] = PATH_INPUT,
	        [PATH_NONE] = PATH_NONE};
	bool reply = phase == PHASE_REPLY;
	struct packet_set set = {
	        .family = key->family,
	        .proto = key->proto,
	        .path = reply ? back[key->path] : key->path,
	        .phase = phase,
	        .iif = reply ? key->oif : key->iif,
	        .oif = reply ? key->iif : key->oif,
	        .nat = leg_translation(key, phase, target),
	        .cell = reply ? cell_reverse(cell) : *cell,
	};

	if (reply && key->translated) {
		set.cell.axis[AXIS_SOURCE] = (struct range){target, target};
		set.cell.axis[AXIS_SPORT] = shifted(set.cell.axis[AXIS_SPORT], key->shift);
	}
	if (key->proto == PROTO_ICMP)
		set.icmp_type = reply ? 0 : 8;
	if (key->proto == PROTO_ICMPV6)
		set.icmp_type = reply ? 129 : 128;
	return set;
}

struct packet_set share_packets(const struct leg_key *key, const struct share *s)
{
	struct packet_set set = leg_packets(key, s->phase, &s->cell, s->target);

	set.tcp_flags = s->tcp_flags;
	set.translated = s->source_translated;
	set.mixed_tracking = s->mixed_tracking;
	return set;
}

/** Where a part of a translated leg was led to by its first packet. */
struct aim {
	struct cell cell; /**< flow coordinates */
	u128 target;
};

/** One phase's outcomes on their way into the result. */
struct check {
	struct engine *e;
	const struct leg_key *key;
	struct outcomes *o;
	struct leg_result *out;
	struct share_list shares; /**< that do not pass, disjoint */
	struct cells tolerated; /**< that do not pass either */
	size_t n_tolerated;
	struct share_list maybe; /**< that may not pass, disjoint */
	struct positions found; /**< scratch */
	struct cells untracked[PHASE_N]; /**< flow coordinates */
	enum phase phase;
	uint8_t tcp_flags; /**< of the probe at hand, as the next two */
	bool source_translated, mixed;
	bool translated, in_one;
	struct aim *aim; /**< of a translated leg */
	size_t n_aim, cap_aim;
	u128 target; /**< of the phase at hand */
	bool aim_open; /**< which way the first packet is led depends on open atoms: */
	struct atoms aim_atoms;
	bool surveys; /**< what passes, whichever of the targets, is collected and no more: */
	struct cells passing; /**< of the packets of the phase at hand, flow coordinates */
};

/** Packets from tolerated sources are nobody's concern: they are taken out, and remembered as not passing. */
static bool tolerate(struct check *c, struct cells *cells)
{
	const struct ranges *list = engine_tolerated(c->e, c->key->family);
	struct cell part, cut = {{{0, U128_MAX}, {0, U128_MAX}, {0, U128_MAX}, {0, U128_MAX}}};
	bool fits = true;
	size_t n = cells->n;

	for (size_t i = 0; i < n && list->n > 0; i++) {
		struct range source = cells->item[i].axis[AXIS_SOURCE];

		for (size_t k = ranges_first(list, source.lo); k < list->n && list->item[k].lo <= source.hi; k++) {
			cut.axis[AXIS_SOURCE] = list->item[k];
			if (cell_intersect(&cells->item[i], &cut, &part))
				cells_add(&c->tolerated, &part);
		}
	}
	for (size_t i = c->n_tolerated; i < c->tolerated.n && fits; i++)
		fits = cells_subtract(cells, &c->tolerated.item[i], VERIFY_MAX_BOXES);
	c->n_tolerated = c->tolerated.n;
	return fits && c->tolerated.n <= VERIFY_MAX_BOXES;
}

/** Append the parts of the cells that no share has yet. */
static void share_rest(struct check *c, struct cells *cells, const struct outcome *o, enum share_kind kind)
{
	/* Where nothing was left open the outcomes of one probe are disjoint, and so are the aims that cut them. */
	bool disjoint = !c->o->forked && !c->aim_open;
	struct share_list *list = kind == SHARE_MAYBE ? &c->maybe : &c->shares;
	bool fits = tolerate(c, cells) && shares_subtract(list, !disjoint, cells, &c->found);

	if (!fits || list->n + cells->n > VERIFY_MAX_BOXES)
		c->out->limit = too_many;
	for (size_t i = 0; i < cells->n && c->out->limit == NULL; i++) {
		struct share s = {.cell = cells->item[i],
		        .kind = kind,
		        .phase = c->phase,
		        .code = o->code,
		        .chain = o->chain,
		        .rule = o->rule,
		        .target = c->target,
		        .tcp_flags = c->tcp_flags,
		        .forked = c->o->forked,
		        .source_translated = c->source_translated,
		        .mixed_tracking = c->mixed};

		shares_add(list, &s);
	}
}

static struct cell flow_cell(const struct check *c, const struct outcome *o)
{
	struct cell cell = c->phase == PHASE_REPLY ? cell_reverse(&o->cell) : o->cell;

	if (c->phase == PHASE_REPLY && c->key->translated) {
		cell.axis[AXIS_DESTINATION] = c->key->cell.axis[AXIS_DESTINATION];
		cell.axis[AXIS_DPORT] = shifted(cell.axis[AXIS_DPORT], -c->key->shift);
	}
	return cell;
}

/** The packets of an outcome in flow coordinates: behind a translation only those that were led to its target. */
static void outcome_cells(const struct check *c, const struct outcome *o, struct cells *out)
{
	struct cell whole = flow_cell(c, o), part;

	if (!c->key->translated || c->phase == PHASE_NEW) {
		cells_add(out, &whole);
		return;
	}
	for (size_t i = 0; i < c->n_aim; i++)
		if (c->aim[i].target == c->target && cell_intersect(&whole, &c->aim[i].cell, &part))
			cells_add(out, &part);
}

static void note_assumed(void *ctx, uint32_t atom)
{
	struct check *c = ctx;

	if (engine_atom_assumption(c->e, atom) != NULL)
		atoms_add(&c->out->assumed, atom);
}

static void note_open(void *ctx, uint32_t atom)
{
	struct check *c = ctx;

	if (engine_atom_assumption(c->e, atom) == NULL)
		atoms_add(&c->out->open, atom);
}

static void note_remark(void *ctx, uint32_t atom)
{
	struct check *c = ctx;

	if (engine_atom_assumption(c->e, atom) == NULL)
		atoms_add(&c->out->remark, atom);
}

/** Another end that the same packet may have, when atoms were left open. */
static bool contradicts(const struct outcome *a, const struct outcome *b)
{
	return a->code != b->code && !(b->code == OUTCOME_DROP && b->listed);
}

/** The part of an outcome that happens whatever the open atoms are; what is left may happen. */
static void take_forked(struct check *c, const struct outcome *o, enum share_kind kind)
{
	struct cells sure = {0}, maybe = {0};
	bool fits = true;

	outcome_cells(c, o, &sure);
	for (size_t i = 0; i < c->o->n && sure.n > 0 && fits; i++) {
		struct cell other = flow_cell(c, &c->o->item[i]);

		if (contradicts(o, &c->o->item[i]))
			fits = cells_subtract(&sure, &other, VERIFY_MAX_BOXES);
	}
	outcome_cells(c, o, &maybe);
	for (size_t i = 0; i < sure.n && fits; i++)
		fits = cells_subtract(&maybe, &sure.item[i], VERIFY_MAX_BOXES);
	if (!fits)
		c->out->limit = too_many;
	/* What may go through another leg does not fail here. */
	if (maybe.n > 0 && kind != SHARE_ELSEWHERE && c->out->limit == NULL) {
		size_t before = c->maybe.n;

		share_rest(c, &maybe, o, SHARE_MAYBE);
		if (c->maybe.n > before)
			outcomes_each_note(c->o, o->notes, note_open, c);
	}
	if (c->out->limit == NULL)
		share_rest(c, &sure, o, kind);
	cells_fini(&sure);
	cells_fini(&maybe);
}

static void note_aim(void *ctx, uint32_t atom)
{
	struct check *c = ctx;

	if (engine_atom_assumption(c->e, atom) == NULL)
		atoms_add(&c->aim_atoms, atom);
}

static void take_aim(struct check *c, const struct outcome *o)
{
	if (!c->key->translated || c->phase != PHASE_NEW)
		return;
	c->aim = xgrow(c->aim, c->n_aim, &c->cap_aim, sizeof(*c->aim));
	c->aim[c->n_aim++] = (struct aim){o->cell, o->target};
	c->aim_open = c->aim_open || (c->o->forked && o->target != c->aim[0].target);
	outcomes_each_note(c->o, o->notes, note_aim, c);
}

static enum share_kind outcome_kind(enum outcome_code code)
{
	switch (code) {
	case OUTCOME_DROP:
		return SHARE_DROPPED;
	case OUTCOME_MISDIRECT:
		return SHARE_MISDIRECTED;
	case OUTCOME_ELSEWHERE:
		return SHARE_ELSEWHERE;
	default:
		return SHARE_MAYBE;
	}
}

/** What does not pass for one target may pass for another: it is lost for certain where it passes for none. */
static void take_share_of_target(struct check *c, const struct outcome *o, enum share_kind kind)
{
	struct cells sure = {0}, maybe = {0};
	bool fits = true;

	outcome_cells(c, o, &sure);
	outcome_cells(c, o, &maybe);
	for (size_t i = 0; i < c->passing.n && sure.n > 0 && fits; i++)
		fits = cells_subtract(&sure, &c->passing.item[i], VERIFY_MAX_BOXES);
	for (size_t i = 0; i < sure.n && fits; i++)
		fits = cells_subtract(&maybe, &sure.item[i], VERIFY_MAX_BOXES);
	if (!fits)
		c->out->limit = too_many;
	if (maybe.n > 0 && c->out->limit == NULL) {
		share_rest(c, &maybe, o, SHARE_MAYBE);
		for (size_t i = 0; i < c->aim_atoms.n; i++)
			atoms_add(&c->out->open, c->aim_atoms.id[i]);
		outcomes_each_note(c->o, o->notes, note_open, c);
	}
	if (c->out->limit == NULL)
		share_rest(c, &sure, o, kind);
	cells_fini(&sure);
	cells_fini(&maybe);
}

/** A part that does not pass, or may not. */
static void take_share(struct check *c, const struct outcome *o)
{
	enum share_kind kind = outcome_kind(o->code);
	struct cells cells = {0};

	if (c->aim_open && c->phase != PHASE_NEW && kind != SHARE_MAYBE) {
		take_share_of_target(c, o, kind);
		return;
	}
	if (c->o->forked && kind != SHARE_MAYBE) {
		take_forked(c, o, kind);
		return;
	}
	if (kind == SHARE_MAYBE)
		outcomes_each_note(c->o, o->notes, note_open, c);
	outcome_cells(c, o, &cells);
	share_rest(c, &cells, o, kind);
	cells_fini(&cells);
}

static void take_outcome(struct check *c, const struct outcome *o)
{
	if (c->surveys) {
		if (o->code == OUTCOME_ACCEPT || o->code == OUTCOME_UNKNOWN)
			outcome_cells(c, o, &c->passing);
		return;
	}
	outcomes_each_note(c->o, o->notes, note_assumed, c);
	c->translated = c->translated || o->translated;
	/* What is not tracked cannot be led to where it should: of that only the way astray is told. */
	if (o->untracked && (!c->key->translated || o->code == OUTCOME_ACCEPT))
		outcome_cells(c, o, &c->untracked[c->phase]);
	if (o->code == OUTCOME_ACCEPT)
		take_aim(c, o);
	else if (o->code == OUTCOME_DROP && o->listed)
		outcomes_each_note(c->o, o->notes, note_remark, c);
	else
		take_share(c, o);
}

static void probe(struct check *c, uint8_t tcp_flags, bool mixed)
{
	struct packet_set set = leg_packets(c->key, c->phase, &c->key->cell, c->target);

	if (c->out->limit != NULL)
		return;
	set.tcp_flags = c->tcp_flags = tcp_flags;
	set.translated = c->source_translated = c->translated && c->phase != PHASE_NEW;
	set.mixed_tracking = c->mixed = mixed;
	set.in_one = c->in_one;
	engine_run(c->e, &set, c->o, NULL, NULL);
	c->out->limit = c->o->limit;
	shares_mark(&c->shares);
	shares_mark(&c->maybe);
	if (c->o->forked && c->o->n > FORKED_MAX)
		c->out->limit = "more than 4096 outcomes that depend on undecided conditions";
	for (size_t i = 0; i < c->o->n && c->out->limit == NULL; i++)
		take_outcome(c, &c->o->item[i]);
}

static void probe_each_target(struct check *c, uint8_t tcp_flags, bool mixed)
{
	for (size_t i = 0; i < c->n_aim; i++) {
		bool seen = false;

		for (size_t k = 0; k < i && !seen; k++)
			seen = c->aim[k].target == c->aim[i].target;
		c->target = c->aim[i].target;
		if (!seen)
			probe(c, tcp_flags, mixed);
	}
}

/** Once, or behind a translation once for each target. */
static void probe_targets(struct check *c, uint8_t tcp_flags, bool mixed)
{
	c->target = 0;
	if (!c->key->translated || c->phase == PHASE_NEW) {
		probe(c, tcp_flags, mixed);
		return;
	}
	c->passing.n = 0;
	c->surveys = c->aim_open;
	if (c->surveys)
		probe_each_target(c, tcp_flags, mixed);
	c->surveys = false;
	probe_each_target(c, tcp_flags, mixed);
}

static const uint8_t phase_flags[PHASE_N][3] = {
        {TCP_SYN}, {TCP_SYN | TCP_ACK, TCP_ACK}, {TCP_ACK, TCP_PSH | TCP_ACK, TCP_FIN | TCP_ACK}};

/** Is every packet after the first let through, whatever its addresses and ports, and nothing else to be said of it? */
static bool ask_later(void *ctx)
{
	const struct check *c = ctx;

	for (enum phase phase = PHASE_NEW + 1; phase < PHASE_N; phase++)
		for (int i = 0; i < 3 && (i == 0 || phase_flags[phase][i] != 0); i++) {
			struct packet_set set = leg_packets(c->key, phase, &c->key->cell, 0);
			const struct outcome *end;

			set.tcp_flags = phase_flags[phase][i];
			end = engine_kind_end(c->e, &set);
			if (end == NULL || end->code != OUTCOME_ACCEPT || end->untracked || end->listed ||
			        end->translated)
				return false;
		}
	return true;
}

static bool later_pass(struct check *c)
{
	struct packet_set set = leg_packets(c->key, PHASE_NEW, &c->key->cell, 0);

	set.phase = PHASE_N;
	return engine_kind_holds(c->e, &set, ask_later, c);
}

/** Every kind of packet that a phase has; those that no rule can tell apart are one. */
static void check_phases(struct check *c, bool mixed)
{
	bool by_flags = c->key->proto == PROTO_TCP && engine_uses(c->e, RS_FIELD_TCP_FLAGS);
	bool by_tracking =
	        engine_uses(c->e, RS_FIELD_CT_STATE) || engine_uses(c->e, RS_FIELD_CT_STATUS) || engine_has_nat(c->e);

	for (c->phase = PHASE_NEW; c->phase < PHASE_N; c->phase++) {
		if (c->phase == PHASE_REPLY && !mixed && !c->translated && !c->key->translated && later_pass(c))
			break;
		if (c->phase == PHASE_ESTABLISHED && !by_flags && !by_tracking && !mixed) {
			c->untracked[PHASE_ESTABLISHED] = c->untracked[PHASE_NEW];
			c->untracked[PHASE_NEW] = (struct cells){0};
			for (size_t i = 0; i < c->untracked[PHASE_ESTABLISHED].n; i++)
				cells_add(&c->untracked[PHASE_NEW], &c->untracked[PHASE_ESTABLISHED].item[i]);
			break;
		}
		for (int i = 0; i < 3 && (i == 0 || (by_flags && phase_flags[c->phase][i] != 0)); i++)
			probe_targets(c, phase_flags[c->phase][i], mixed);
	}
}

static bool covers(const struct cells *a, const struct cells *b)
{
	struct cell left;
	bool limit;

	for (size_t i = 0; i < b->n; i++)
		if (cells_find_uncovered(&b->item[i], a->item, a->n, &left, &limit) || limit)
			return false;
	return true;
}

/** Conntrack sees both directions of a connection or none; else what it says about the rest is not known. */
static bool tracking_is_mixed(const struct check *c)
{
	for (int p = PHASE_NEW; p < PHASE_ESTABLISHED; p++)
		if (!covers(&c->untracked[p], &c->untracked[p + 1]) || !covers(&c->untracked[p + 1], &c->untracked[p]))
			return true;
	return false;
}

/** Parts that may not pass count only where nothing definite was said. */
static void finish_maybe(struct check *c)
{
	size_t definite = c->shares.n;

	shares_mark(&c->shares);
	for (size_t i = 0; i < c->maybe.n && c->out->limit == NULL; i++) {
		struct cells rest = {0};

		cells_add(&rest, &c->maybe.item[i].cell);
		bool fits = shares_subtract(&c->shares, false, &rest, &c->found);

		for (size_t k = 0; k < rest.n && fits; k++) {
			struct share s = c->maybe.item[i];

			s.cell = rest.item[k];
			shares_add(&c->shares, &s);
		}
		if (!fits || c->shares.n > VERIFY_MAX_BOXES)
			c->out->limit = too_many;
		cells_fini(&rest);
	}
	if (c->shares.n == definite)
		c->out->open.n = 0;
}

static void find_passing(struct check *c)
{
	struct cell *cover, left;
	bool limit = false;

	if (c->shares.n + c->tolerated.n == 0) {
		c->out->passes = true;
		return;
	}
	cover = xcalloc(c->shares.n + c->tolerated.n, sizeof(*cover));
	for (size_t i = 0; i < c->shares.n; i++)
		cover[i] = c->shares.item[i].cell;
	if (c->tolerated.n > 0)
		memcpy(cover + c->shares.n, c->tolerated.item, c->tolerated.n * sizeof(*cover));
	c->out->passes = cells_find_uncovered(&c->key->cell, cover, c->shares.n + c->tolerated.n, &left, &limit);
	if (limit)
		c->out->limit = too_many;
	free(cover);
}

static void find_blame(struct check *c)
{
	struct leg_result *r = c->out;

	for (size_t i = 0; i < c->shares.n; i++) {
		const struct share *s = &c->shares.item[i];

		if (s->kind == SHARE_ELSEWHERE)
			continue;
		r->dropped = r->dropped || s->kind == SHARE_DROPPED;
		r->maybe = r->maybe || s->kind == SHARE_MAYBE;
		r->misdirected = r->misdirected || s->kind == SHARE_MISDIRECTED;
		leg_result_blame(r, s);
	}
}

static void find_rest(struct check *c)
{
	struct leg_result *r = c->out;

	r->rest_cut = c->shares.n > JOIN_MAX;
	for (size_t i = 0; i < c->shares.n && r->rest.n < JOIN_MAX; i++)
		if (c->shares.item[i].kind != SHARE_ELSEWHERE)
			cells_add(&r->rest, &c->shares.item[i].cell);
	cells_merge(&r->rest);
	r->rest_cut = r->rest_cut || r->rest.n > LEG_REST_MAX;
	if (r->rest.n <= LEG_REST_MAX)
		return;
	r->rest.n = r->rest.cap = LEG_REST_MAX;
	r->rest.item = xrealloc(r->rest.item, r->rest.cap, sizeof(*r->rest.item));
}

static void check_fini(struct check *c)
{
	for (int p = 0; p < PHASE_N; p++)
		cells_fini(&c->untracked[p]);
	positions_fini(&c->found);
	shares_fini(&c->shares);
	shares_fini(&c->maybe);
	cells_fini(&c->tolerated);
	free(c->aim);
	free(c->aim_atoms.id);
	cells_fini(&c->passing);
}

void leg_check(
        struct engine *e, const struct leg_key *key, bool in_one, struct outcomes *scratch, struct leg_result *out)
{
	struct check c = {.e = e, .key = key, .o = scratch, .out = out, .in_one = in_one};

	check_phases(&c, false);
	if (out->limit == NULL && tracking_is_mixed(&c)) {
		bool translated = c.translated;

		check_fini(&c);
		leg_result_fini(out);
		c = (struct check){
		        .e = e, .key = key, .o = scratch, .out = out, .in_one = in_one, .translated = translated};
		check_phases(&c, true);
	}
	if (out->limit == NULL)
		finish_maybe(&c);
	if (out->limit == NULL)
		find_passing(&c);
	if (out->limit == NULL)
		find_blame(&c);
	if (out->limit == NULL)
		find_rest(&c);
	out->share = c.shares.item;
	out->n_share = c.shares.n;
	c.shares.item = NULL;
	check_fini(&c);
}
