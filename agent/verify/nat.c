/*
 * Destination NAT on the walk: in comes a piece that meets such a rule, out go its parts, led to where they should be, to
 * another leg, astray, or nobody knows where. Packets after the first are translated as their connection was. A rule
 * with several targets leads to each of them perhaps: every one is followed, under the name of the rule; more than can be
 * followed one by one are never taken for the right ones.
 */
#include "verify/run.h"

static bool in_any(const struct range *range, size_t n, u128 lo, u128 hi)
{
	for (size_t i = 0; i < n; i++)
		if (range[i].lo <= hi && range[i].hi >= lo)
			return true;
	return false;
}

static struct range shifted(struct range r, int by)
{
	return (struct range){(u128)((int)r.lo + by), (u128)((int)r.hi + by)};
}

struct cell piece_origin(const struct run *run, const struct piece *piece)
{
	const struct translation *nat = &run->set->nat;
	struct cell cell = piece->cell;

	if (!nat->wanted)
		return cell;
	if (run->set->phase == PHASE_REPLY && !piece->inside) {
		cell.axis[AXIS_SOURCE] = (struct range){nat->target, nat->target};
		cell.axis[AXIS_SPORT] = shifted(cell.axis[AXIS_SPORT], nat->shift);
	} else if (run->set->phase != PHASE_REPLY && piece->inside) {
		cell.axis[AXIS_DESTINATION] = (struct range){nat->published, nat->published};
		cell.axis[AXIS_DPORT] = shifted(cell.axis[AXIS_DPORT], -nat->shift);
	}
	return cell;
}

bool nat_status(const struct run *run, const struct piece *piece)
{
	const struct translation *nat = &run->set->nat;

	return nat->wanted && piece->aimed && (piece->target != nat->published || nat->shift != 0);
}

#define TARGETS_MAX 64 /* of one rule that are followed one by one */

/** Where a rule may lead to. */
struct targets {
	struct rs_target item[TARGETS_MAX];
	size_t n;
	bool too_many;
};

static bool is_open(const struct rs_rule *rule, const struct rs_target *t)
{
	return (!t->has_address && !t->has_port) || rule->nat_redirect ||
	       (t->has_address && t->address_lo != t->address_hi) || (t->has_port && t->port.lo != t->port.hi);
}

static bool target_same(const struct rs_target *a, const struct rs_target *b)
{
	return a->has_address == b->has_address && a->has_port == b->has_port && a->address_lo == b->address_lo &&
	       a->address_hi == b->address_hi && a->port.lo == b->port.lo && a->port.hi == b->port.hi;
}

static void targets_add(struct targets *list, const struct rs_target *t)
{
	for (size_t i = 0; i < list->n; i++)
		if (target_same(&list->item[i], t))
			return;
	if (list->n < TARGETS_MAX)
		list->item[list->n++] = *t;
	else
		list->too_many = true;
}

/** Each address with each port, where these are few. */
static void targets_spread(struct targets *list, const struct rs_target *t)
{
	u128 addresses = t->address_hi - t->address_lo;
	unsigned ports = t->port.hi - t->port.lo;

	if (addresses >= TARGETS_MAX || ports >= TARGETS_MAX || (addresses + 1) * (ports + 1) > TARGETS_MAX) {
		targets_add(list, t);
		return;
	}
	for (u128 a = 0; a <= addresses; a++) {
		for (unsigned p = 0; p <= ports; p++) {
			struct rs_target one = *t;

			one.address_lo = one.address_hi = t->address_lo + a;
			one.port.lo = one.port.hi = (uint16_t)(t->port.lo + p);
			targets_add(list, &one);
		}
	}
}

/** The rule's own constants, and what an element of its map says of the rest. */
static struct rs_target rule_target(const struct rs_rule *rule, const struct rs_target *led)
{
	struct rs_target t = {
	        rule->nat_has_address, rule->nat_has_port, rule->nat_address_lo, rule->nat_address_hi, rule->nat_port};

	if (led != NULL && led->has_address) {
		t.has_address = true;
		t.address_lo = led->address_lo;
		t.address_hi = led->address_hi;
	}
	if (led != NULL && led->has_port) {
		t.has_port = true;
		t.port = led->port;
	}
	if (!t.has_address)
		t.address_lo = t.address_hi = 0;
	if (!t.has_port)
		t.port = (struct port_range){0, 0};
	return t;
}

/** For a packet that is not to be led elsewhere it is enough to know the bounds. */
static void targets_find(
        const struct run *run, const struct rs_rule *rule, const struct piece *piece, bool spread, struct targets *out)
{
	const struct rs_set *map = rule->nat_map ? &run->e->rs->set[rule->vmap_set] : NULL;

	out->n = 0;
	out->too_many = false;
	for (size_t i = 0; map == NULL || rule->vmap ? i < 1 : i < map->n_element; i++) {
		bool drawn = map != NULL && !rule->vmap;
		struct rs_target t = rule_target(rule, drawn         ? &map->element[i].target
		                                       : map != NULL ? piece->led
		                                                     : NULL);

		if (drawn && (map->element[i].catch_all || map->element[i].key[0].lo > rule->nat_key.hi ||
		                     map->element[i].key[0].hi < rule->nat_key.lo))
			continue;
		if (spread)
			targets_spread(out, &t);
		else
			targets_add(out, &t);
	}
}

/** What the rule leaves as it is, for a piece that should go where it goes anyway. @return false: nothing. */
static bool part_unchanged(const struct rs_target *t, const struct piece *piece, struct cell *part)
{
	*part = piece->cell;
	if (t->has_address)
		part->axis[AXIS_DESTINATION] = (struct range){t->address_lo, t->address_hi};
	if (t->has_port)
		part->axis[AXIS_DPORT] = (struct range){t->port.lo, t->port.hi};
	return cell_intersect(&piece->cell, part, part);
}

/** What the rule gives, or may give, an inside address and the port that belongs to it. @return false: nothing. */
static bool part_led_inside(const struct run *run, const struct rs_rule *rule, const struct rs_target *t,
        const struct piece *piece, struct cell *part, enum outcome_code *code)
{
	const struct translation *nat = &run->set->nat;
	u128 lo = t->has_address ? t->address_lo : nat->published, hi = t->has_address ? t->address_hi : nat->published;
	bool anywhere = rule->nat_redirect || (!t->has_address && !t->has_port);
	struct range *ports = &part->axis[AXIS_DPORT];
	struct {
		int lo, hi;
	} wanted;

	*part = piece->cell;
	*code = anywhere || in_any(nat->inside, nat->n_inside, lo, hi) ? OUTCOME_ACCEPT : OUTCOME_ELSEWHERE;
	if (*code == OUTCOME_ELSEWHERE && !in_any(nat->elsewhere, nat->n_elsewhere, lo, hi))
		return false;
	if (!t->has_port)
		return anywhere || nat->shift == 0;
	wanted.lo = t->port.lo - nat->shift;
	wanted.hi = t->port.hi - nat->shift;
	if (wanted.lo > (int)ports->hi || wanted.hi < (int)ports->lo)
		return false;
	if (wanted.lo > (int)ports->lo)
		ports->lo = (u128)wanted.lo;
	if (wanted.hi < (int)ports->hi)
		ports->hi = (u128)wanted.hi;
	return true;
}

static void piece_turn_inside(const struct run *run, struct piece *piece)
{
	piece->cell.axis[AXIS_DESTINATION] = (struct range){piece->target, piece->target};
	piece->cell.axis[AXIS_DPORT] = shifted(piece->cell.axis[AXIS_DPORT], run->set->nat.shift);
	piece->inside = true;
}

/** One of the targets that the rule may lead the piece to. */
static void lead(
        struct run *run, const struct piece *piece, size_t chain, const struct line *line, const struct rs_target *t)
{
	const struct rs_rule *rule = line->rule;
	bool wanted = run->set->nat.wanted && !piece->inside;
	enum outcome_code code = OUTCOME_ACCEPT;
	struct piece p = *piece;
	struct cells away = {0};

	if ((rule->nat_redirect && run->set->path == PATH_FORWARD) ||
	        !(wanted ? part_led_inside(run, rule, t, piece, &p.cell, &code) : part_unchanged(t, piece, &p.cell))) {
		run_finish(run, piece, OUTCOME_MISDIRECT, chain, line->index);
		return;
	}
	cell_subtract(&piece->cell, &p.cell, &away);
	if (is_open(rule, t)) {
		p.notes = run_note(run, p.notes, line->atom);
		run_finish(run, &p, OUTCOME_UNKNOWN, chain, line->index);
	} else if (code == OUTCOME_ELSEWHERE) {
		run_finish(run, &p, code, chain, line->index);
	} else {
		if (wanted) {
			p.aimed = true;
			p.target = t->has_address ? t->address_lo : run->set->nat.published;
			piece_turn_inside(run, &p);
		}
		p.nat_done = true;
		run_accept(run, &p, chain, line->index);
	}
	for (size_t i = 0; i < away.n; i++) {
		p = *piece;
		p.cell = away.item[i];
		run_finish(run, &p, OUTCOME_MISDIRECT, chain, line->index);
	}
	cells_fini(&away);
}

void nat_destination(struct run *run, const struct piece *piece, size_t chain, const struct line *line)
{
	struct piece p = *piece;
	struct targets targets;

	targets_find(run, line->rule, piece, run->set->nat.wanted && !piece->inside, &targets);
	if (targets.too_many) {
		p.notes = run_note(run, p.notes, line->atom);
		run_finish(run, &p, OUTCOME_UNKNOWN, chain, line->index);
		return;
	}
	if (targets.n > 1) {
		p.notes = run_note(run, p.notes, line->atom);
		run->out->forked = true;
		run->boxes += targets.n;
		if (run->boxes > VERIFY_MAX_BOXES)
			run_limit(run, "more than 65536 boxes: too many overlapping rules for this flow");
	}
	for (size_t i = 0; i < targets.n && run->out->limit == NULL; i++)
		lead(run, &p, chain, line, &targets.item[i]);
}

void nat_before(struct run *run, const struct rs_chain *chain)
{
	const struct translation *nat = &run->set->nat;
	bool first = chain->hook == RS_HOOK_PREROUTING || chain->hook == RS_HOOK_OUTPUT;
	bool last = chain->hook == RS_HOOK_POSTROUTING || chain->hook == RS_HOOK_INPUT;

	if (!nat->wanted || run->set->phase == PHASE_NEW)
		return;
	for (size_t i = 0; i < run->now.n; i++) {
		struct piece *p = &run->now.item[i];

		/* What conntrack does not see it does not translate. */
		if (p->untracked)
			continue;
		if (run->set->phase == PHASE_ESTABLISHED && !p->inside &&
		        (!first || chain->priority > NAT_DST_PRIORITY)) {
			piece_turn_inside(run, p);
		} else if (run->set->phase == PHASE_REPLY && p->inside && last && chain->priority > NAT_SRC_PRIORITY) {
			p->cell.axis[AXIS_SOURCE] = (struct range){nat->published, nat->published};
			p->cell.axis[AXIS_SPORT] = shifted(p->cell.axis[AXIS_SPORT], -nat->shift);
			p->inside = false;
		}
	}
}

/** The policy of the last chain that could have translated. */
static size_t last_nat_chain(const struct run *run)
{
	enum rs_hook hook = run->set->path == PATH_OUTPUT ? RS_HOOK_OUTPUT : RS_HOOK_PREROUTING;
	const struct base_list *list = &run->e->base[run->set->family == FAMILY_IPV4 ? 0 : 1][hook];

	for (size_t i = list->n; i > 0; i--)
		if (run->e->rs->chain[list->chain[i - 1]].type == RS_CHAIN_NAT)
			return list->chain[i - 1];
	return OUTCOME_NO_CHAIN;
}

/** Is the connection's translation more than leaving everything as it is. */
static bool translates(const struct translation *nat)
{
	return nat->wanted && (nat->target != nat->published || nat->shift != 0);
}

void nat_settle_untracked(struct run *run, bool last)
{
	bool reply = run->set->phase == PHASE_REPLY;
	size_t n = 0;

	for (size_t i = 0; i < run->now.n; i++) {
		struct piece *p = &run->now.item[i];

		if (!p->untracked || run->set->phase == PHASE_NEW || reply != last) {
			run->now.item[n++] = *p;
		} else if (translates(&run->set->nat)) {
			run_finish(run, p, OUTCOME_MISDIRECT, OUTCOME_NO_CHAIN, OUTCOME_POLICY);
		} else if (reply && run->set->translated) {
			p->notes = run_note(run, p->notes, run->e->atom_source);
			run_finish(run, p, OUTCOME_UNKNOWN, OUTCOME_NO_CHAIN, OUTCOME_POLICY);
		} else {
			run->now.item[n++] = *p;
		}
	}
	run->now.n = n;
}

void nat_settle(struct run *run)
{
	const struct translation *nat = &run->set->nat;
	bool same = nat->shift == 0 && in_any(nat->inside, nat->n_inside, nat->published, nat->published);
	bool others = nat->shift == 0 && in_any(nat->elsewhere, nat->n_elsewhere, nat->published, nat->published);
	size_t n = 0;

	for (size_t i = 0; i < run->now.n; i++) {
		struct piece p = run->now.item[i];

		if (!p.aimed && !same) {
			run_finish(run, &p, others ? OUTCOME_ELSEWHERE : OUTCOME_MISDIRECT, last_nat_chain(run),
			        OUTCOME_POLICY);
			continue;
		}
		if (!p.aimed)
			p.target = nat->published;
		p.aimed = true;
		run->now.item[n++] = p;
	}
	run->now.n = n;
}
