/*
 * One rule against one part of the packet set: in come a piece and a prepared rule, out go the parts that match, with
 * the verdict they meet, and the parts that do not. What nobody can decide goes both ways under the name of its atom.
 */
#include "verify/run.h"

#include <string.h>

#include "portcullis/alloc.h"

#define IPS_SEEN_REPLY 2
#define IPS_ASSURED 4
#define IPS_CONFIRMED 8
#define IPS_SNAT 16
#define IPS_DNAT 32
#define IPS_NAT_DONE (128 | 256)
#define CT_STATE_INVALID 1
#define CT_STATE_UNTRACKED 64

void pieces_add(struct pieces *p, const struct piece *piece)
{
	p->item = xgrow(p->item, p->n, &p->cap, sizeof(*p->item));
	p->item[p->n++] = *piece;
}

void run_limit(struct run *run, const char *why)
{
	if (run->out->limit == NULL)
		run->out->limit = why;
}

uint32_t run_note(struct run *run, uint32_t notes, uint32_t atom)
{
	struct outcomes *o = run->out;

	for (uint32_t i = notes; i != 0; i = o->note[i].next)
		if (o->note[i].atom == atom)
			return notes;
	o->note = xgrow(o->note, o->n_note, &o->cap_note, sizeof(*o->note));
	o->note[o->n_note] = (struct note){atom, notes};
	return (uint32_t)o->n_note++;
}

void run_emit(struct run *run, struct pieces *to, const struct piece *piece)
{
	if (++run->boxes > VERIFY_MAX_BOXES)
		run_limit(run, "more than 65536 boxes: too many overlapping rules for this flow");
	else
		pieces_add(to, piece);
}

bool run_field_missing(const struct run *run, const struct piece *piece, enum rs_field f)
{
	if ((run->env.missing & 1u << f) != 0)
		return true;
	return (f == RS_FIELD_CT_STATUS || f == RS_FIELD_CT_DIRECTION) && (piece->untracked || run->env.untracked_yet);
}

bool run_value(const struct run *run, const struct piece *piece, enum rs_field f, u128 *value, uint32_t *why)
{
	const struct engine *e = run->e;

	*value = run->env.value[f];
	if (f == RS_FIELD_CT_STATUS && nat_status(run, piece))
		*value |= IPS_DNAT;
	if ((run->env.unknown & 1u << f) != 0) {
		*why = f == RS_FIELD_IIFNAME   ? e->atom_iif
		       : f == RS_FIELD_OIFNAME ? e->atom_oif
		       : f == RS_FIELD_MARK    ? e->atom_mark
		                               : e->atom_code;
		return false;
	}
	if (f == RS_FIELD_CT_STATE && (piece->untracked || run->env.untracked_yet)) {
		*value = piece->untracked ? CT_STATE_UNTRACKED : CT_STATE_INVALID;
		return true;
	}
	if (field_is_tracking(f) && run->env.perhaps_related) {
		*why = e->atom_related;
		return false;
	}
	if (field_is_tracking(f) && (run->env.tracking_unsure || run->set->mixed_tracking)) {
		*why = e->atom_tracking;
		return false;
	}
	return true;
}

/** Of ct status only some bits follow from the phase; NAT's own are known where there is no NAT. */
static bool status_is_known(const struct run *run, const struct test *t)
{
	u128 unknown = 0;

	if (t->field != RS_FIELD_CT_STATUS)
		return true;
	if (run->set->phase != PHASE_NEW)
		unknown |= IPS_ASSURED;
	else if (run->set->proto != PROTO_TCP)
		/* A second packet may come before the reply. */
		unknown |= IPS_CONFIRMED;
	if (run->e->has_nat)
		unknown |= IPS_SNAT | IPS_NAT_DONE;
	return t->masked && (t->match->mask & unknown) == 0;
}

static bool in_ranges(const struct range *range, size_t n, u128 value)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (range[mid].hi < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && range[lo].lo <= value;
}

bool match_test_holds(const struct test *t, u128 value)
{
	bool holds = t->masked ? (value & t->match->mask) == t->match->value
	             : t->one  ? value >= t->only.lo && value <= t->only.hi
	                       : in_ranges(t->range, t->n_range, value);

	return holds != t->negate;
}

bool match_hull_meets(const struct run *run, const struct line *line, const struct cell *cell, bool source_translated)
{
	const struct hull *h = &line->hull;
	const struct range *c = cell->axis;
	bool source = run->env.source_blurred || source_translated, destination = run->env.destination_blurred;
	bool sport = source || run->env.portless, dport = destination || run->env.portless;

	return (destination ||
	               (h->address[1].lo <= c[AXIS_DESTINATION].hi && h->address[1].hi >= c[AXIS_DESTINATION].lo)) &&
	       (source || (h->address[0].lo <= c[AXIS_SOURCE].hi && h->address[0].hi >= c[AXIS_SOURCE].lo)) &&
	       (dport || (h->port[1].lo <= c[AXIS_DPORT].hi && h->port[1].hi >= c[AXIS_DPORT].lo)) &&
	       (sport || (h->port[0].lo <= c[AXIS_SPORT].hi && h->port[0].hi >= c[AXIS_SPORT].lo));
}

bool match_hull_covers(const struct line *line, const struct cell *cell)
{
	const struct cell hull = hull_cell(&line->hull);

	return cell_covers(&hull, cell);
}

struct cell match_query(const struct run *run)
{
	static const struct range all = {0, U128_MAX};
	const struct environment *env = &run->env;
	struct cell cell = run->set->cell;

	if (env->destination_blurred || run->set->nat.wanted)
		cell.axis[AXIS_DESTINATION] = cell.axis[AXIS_DPORT] = all;
	if (env->source_blurred || env->source_may_blur || run->set->nat.wanted)
		cell.axis[AXIS_SOURCE] = cell.axis[AXIS_SPORT] = all;
	if (env->portless)
		cell.axis[AXIS_SPORT] = cell.axis[AXIS_DPORT] = all;
	return cell;
}

/** A value that is the same for all packets of the run. */
static bool is_settled(const struct run *run, const struct test *t)
{
	return t->how == HOW_FIXED && (run->env.unknown & 1u << t->field) == 0;
}

/* The state of a connection is the same for all packets of a run as long as no rule can take some of them out of it. */
bool match_holds(const struct run *run, const struct test *t, bool *known)
{
	const struct environment *env = &run->env;

	*known = is_settled(run, t);
	if (!*known)
		*known = t->how == HOW_TRACKING && t->field == RS_FIELD_CT_STATE && !run->e->has_notrack &&
		         !env->untracked_yet && !env->untracked_now && !env->perhaps_related && !env->tracking_unsure &&
		         !run->set->mixed_tracking;
	return *known && match_test_holds(t, env->value[t->field]);
}

bool match_relevant(const struct run *run, const struct line *line)
{
	/* Behind a wanted translation the rules see other addresses than the set began with. */
	if (!line->effect || (line->needs & run->env.missing) != 0 ||
	        (!run->set->nat.wanted && !match_hull_meets(run, line, &run->set->cell, run->env.source_may_blur)))
		return false;
	for (size_t i = 0; i < line->n_test && line->test[i].how <= HOW_TRACKING; i++) {
		bool known, holds = match_holds(run, &line->test[i], &known);

		if (known && !holds)
			return false;
	}
	return true;
}

static void fork_piece(
        struct run *run, uint32_t atom, bool negate, const struct piece *piece, struct pieces *hit, struct pieces *rest)
{
	const struct atom *a = &run->e->atom[atom];
	struct piece p = *piece;

	p.notes = run_note(run, p.notes, atom);
	if (a->assumption != NULL) {
		pieces_add(a->value != negate ? hit : rest, &p);
		return;
	}
	run->out->forked = true;
	run->forks++;
	p.listed = piece->listed || a->listed == LISTED_WHEN_FALSE;
	pieces_add(negate ? hit : rest, &p);
	p.listed = piece->listed || a->listed == LISTED_WHEN_TRUE;
	run_emit(run, negate ? rest : hit, &p);
}

void run_fork(struct run *run, uint32_t atom, const struct piece *piece, struct pieces *yes, struct pieces *no)
{
	fork_piece(run, atom, false, piece, yes, no);
}

bool run_axis_blurred(const struct run *run, const struct piece *piece, enum axis axis, uint32_t *why)
{
	bool source = axis == AXIS_SOURCE || axis == AXIS_SPORT;

	*why = run->e->atom_ports;
	if (run->env.portless && (axis == AXIS_SPORT || axis == AXIS_DPORT))
		return true;
	*why = source ? run->e->atom_source : run->e->atom_destination;
	return source ? run->env.source_blurred || piece->translated : run->env.destination_blurred;
}

static void split_axis(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *in, struct pieces *out)
{
	struct range whole = piece->cell.axis[t->axis], only;
	const struct range *range = test_ranges(t, &only);
	size_t k = 0, hi = t->n_range;

	while (k < hi) {
		size_t mid = k + (hi - k) / 2;

		if (range[mid].hi < whole.lo)
			k = mid + 1;
		else
			hi = mid;
	}
	if (k == t->n_range || range[k].lo > whole.hi) {
		pieces_add(out, piece);
		return;
	}
	if (range[k].lo <= whole.lo && range[k].hi >= whole.hi) {
		pieces_add(in, piece);
		return;
	}
	struct piece p = *piece;
	struct range *side = &p.cell.axis[t->axis];

	for (; k < t->n_range && range[k].lo <= whole.hi; k++) {
		if (side->lo < range[k].lo) {
			side->hi = range[k].lo - 1;
			run_emit(run, out, &p);
			side->lo = range[k].lo;
		}
		side->hi = range[k].hi < whole.hi ? range[k].hi : whole.hi;
		run_emit(run, in, &p);
		if (side->hi == whole.hi)
			return;
		side->lo = side->hi + 1;
	}
	side->hi = whole.hi;
	run_emit(run, out, &p);
}

static void split_set(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *in, struct pieces *out)
{
	const struct key key = {t->match->field, t->match->n_field};
	struct look l = lookup_key(run, &key, piece);

	if (l.decided)
		lookup_split(run, t->match->set, &key, l.value, piece, in, out);
	else if (lookup_may_hit(run, t->match->set, &key, &l, &piece->cell))
		fork_piece(run, l.why, false, piece, in, out);
	else
		pieces_add(out, piece);
}

static void split_value(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *hit, struct pieces *rest)
{
	u128 value;
	uint32_t why;

	if (run_field_missing(run, piece, (enum rs_field)t->field))
		pieces_add(rest, piece);
	else if (!run_value(run, piece, (enum rs_field)t->field, &value, &why))
		fork_piece(run, why, false, piece, hit, rest);
	else if (!status_is_known(run, t))
		fork_piece(run, run->e->atom_status, false, piece, hit, rest);
	else
		pieces_add(match_test_holds(t, value) ? hit : rest, piece);
}

static void split_mask(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *in, struct pieces *out)
{
	struct range runs[MASK_RUNS];
	struct test ranges = *t;

	size_t n = mask_runs(t, piece->cell.axis[t->axis], runs);

	if (n > MASK_RUNS) {
		fork_piece(run, t->atom, false, piece, in, out);
		return;
	}
	test_set_ranges(&ranges, runs, n);
	split_axis(run, &ranges, piece, in, out);
}

static void split_test(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *hit, struct pieces *rest)
{
	struct pieces *in = t->negate ? rest : hit, *out = t->negate ? hit : rest;
	uint32_t why;

	if ((t->how == HOW_AXIS || t->how == HOW_MASK) && run_axis_blurred(run, piece, (enum axis)t->axis, &why)) {
		fork_piece(run, why, false, piece, hit, rest);
		return;
	}
	switch ((enum how)t->how) {
	case HOW_FIXED:
	case HOW_TRACKING:
		split_value(run, t, piece, hit, rest);
		break;
	case HOW_AXIS:
		split_axis(run, t, piece, in, out);
		break;
	case HOW_SET:
		split_set(run, t, piece, in, out);
		break;
	case HOW_MASK:
		split_mask(run, t, piece, in, out);
		break;
	case HOW_FIB:
		fib_split(run, t, piece, hit, rest);
		break;
	case HOW_IPSEC:
		ipsec_split(run, t, piece, hit, rest);
		break;
	case HOW_ATOM:
		fork_piece(run, t->atom, t->negate, piece, hit, rest);
		break;
	}
}

static const char *test_name(const struct run *run, const struct test *t)
{
	switch ((enum how)t->how) {
	case HOW_SET:
		return rs_field_name(t->match->field[0]);
	case HOW_FIB:
	case HOW_IPSEC:
	case HOW_ATOM:
		return run->e->atom[t->atom].name;
	default:
		return rs_field_name((enum rs_field)t->field);
	}
}

static void swap_pieces(struct pieces *a, struct pieces *b)
{
	struct pieces c = *a;

	*a = *b;
	*b = c;
}

/** Give each matching piece its verdict; where a map gives it, pieces outside the map go to rest. */
static void apply_verdict(
        struct run *run, const struct line *line, struct pieces *hit, struct pieces *spare, struct pieces *rest)
{
	const struct rs_rule *rule = line->rule;
	const struct key key = {rule->vmap_field, rule->n_vmap_field};

	if (!line->vmap) {
		for (size_t i = 0; i < hit->n; i++)
			hit->item[i].verdict = line_verdict(line);
		return;
	}
	/* The atom of a map of destinations is for what it leaves open. */
	const uint32_t open = rule->nat_map ? 0 : line->atom;

	spare->n = 0;
	for (size_t i = 0; i < hit->n && run->out->limit == NULL; i++) {
		struct piece *p = &hit->item[i];
		struct look l = lookup_key(run, &key, p);

		if (open == 0 && l.decided) {
			lookup_split(run, rule->vmap_set, &key, l.value, p, spare, rest);
		} else if (open == 0 && !lookup_may_hit(run, rule->vmap_set, &key, &l, &p->cell)) {
			pieces_add(rest, p);
		} else {
			p->notes = run_note(run, p->notes, open != 0 ? open : l.why);
			p->verdict = (struct rs_verdict){.code = RS_UNKNOWN};
			pieces_add(spare, p);
		}
	}
	for (size_t i = 0; rule->nat_map && i < spare->n; i++)
		if (spare->item[i].verdict.code != RS_UNKNOWN)
			spare->item[i].verdict = line_verdict(line);
	swap_pieces(hit, spare);
}

static bool line_field_missing(
        const struct run *run, const struct line *line, const struct piece *piece, const char **why)
{
	for (unsigned f = 0; f < RS_FIELD_N; f++) {
		if ((line->needs & 1u << f) != 0 && run_field_missing(run, piece, (enum rs_field)f)) {
			*why = rs_field_name((enum rs_field)f);
			return true;
		}
	}
	return false;
}

void match_split(struct run *run, const struct line *line, const struct piece *piece, struct pieces *hit,
        struct pieces *spare, struct pieces *rest, const char **why)
{
	hit->n = rest->n = 0;
	if (line_field_missing(run, line, piece, why)) {
		pieces_add(rest, piece);
		return;
	}
	pieces_add(hit, piece);
	for (size_t i = 0; i < line->n_test && hit->n > 0; i++) {
		/* It holds, or the line would not have been relevant. */
		if (run->trace == NULL && is_settled(run, &line->test[i]))
			continue;
		*why = test_name(run, &line->test[i]);
		spare->n = 0;
		for (size_t k = 0; k < hit->n && run->out->limit == NULL; k++)
			split_test(run, &line->test[i], &hit->item[k], spare, rest);
		swap_pieces(hit, spare);
	}
	if (hit->n > 0)
		apply_verdict(run, line, hit, spare, rest);
}
