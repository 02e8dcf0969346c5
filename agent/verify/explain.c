/*
 * What becomes of one packet: in comes a packet, alone or of a flow, out go its walk, the verdict and who decides. It is
 * the engine that verifies flows, with the flow's own destination NAT; where a phase has several kinds of packets the
 * one that does not pass is walked. A packet without a path through the device is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "verify/blame.h"
#include "verify/leg.h"
#include "verify/trace.h"

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_PSH 8
#define TCP_ACK 16
#define KINDS_MAX 3

/** Names of open atoms, collected over all outcomes. */
struct names {
	const struct engine *e;
	char **name;
	size_t n;
};

/** The packet as one of a flow's leg; sets point into it. */
struct question {
	struct leg_key key;
	struct ranges siblings; /**< what key.siblings points to */
};

struct explain {
	struct engine *e;
	const struct ruleset *rs;
	const struct packet *packet;
	const struct flow *flow; /**< NULL: a packet alone */
	const struct finding *finding; /**< what was said of the packet, or NULL */
	struct outcomes o;
	struct question *question; /**< one per leg of the flow */
	struct packet_set best;
	bool found;
	struct trace *out;
};

static void collect_open(void *ctx, uint32_t atom)
{
	struct names *names = ctx;

	if (engine_atom_assumption(names->e, atom) == NULL)
		names_add(&names->name, &names->n, engine_atom_name(names->e, atom));
}

static char *depends_on(const struct engine *e, const struct outcomes *o)
{
	struct names names = {.e = e};
	struct text t = {0};

	for (size_t i = 0; i < o->n; i++)
		outcomes_each_note(o, o->item[i].notes, collect_open, &names);
	text_add(&t, "depends on");
	for (size_t i = 0; i < names.n; i++)
		text_addf(&t, "%s %s", i > 0 ? "," : "", names.name[i]);
	names_fini(names.name, names.n);
	return text_take(&t);
}

static bool is_remark(const struct outcome *o)
{
	return o->code == OUTCOME_DROP && o->listed;
}

static enum verdict outcomes_verdict(const struct outcomes *o)
{
	static const enum verdict verdict[] = {
	        [OUTCOME_ACCEPT] = VERDICT_CONFORMANT,
	        [OUTCOME_DROP] = VERDICT_BLOCKED,
	        [OUTCOME_MISDIRECT] = VERDICT_MISDIRECTED,
	        [OUTCOME_UNKNOWN] = VERDICT_INDETERMINATE,
	        [OUTCOME_ELSEWHERE] = VERDICT_MISDIRECTED,
	};
	enum verdict v = VERDICT_N;

	for (size_t i = 0; i < o->n && o->limit == NULL; i++) {
		enum verdict one = verdict[o->item[i].code];

		if (is_remark(&o->item[i]))
			continue;
		if (v != VERDICT_N && v != one)
			return VERDICT_INDETERMINATE;
		v = one;
	}
	return v == VERDICT_N ? VERDICT_INDETERMINATE : v;
}

/** The outcome to blame: as in findings the first one that is not that the packet passes. */
static const struct outcome *decisive(const struct outcomes *o)
{
	const struct outcome *first = NULL;

	for (size_t i = 0; i < o->n; i++) {
		if (is_remark(&o->item[i]))
			continue;
		if (o->item[i].code != OUTCOME_ACCEPT)
			return &o->item[i];
		if (first == NULL)
			first = &o->item[i];
	}
	return first;
}

static bool blame_is(const struct ruleset *rs, const struct outcome *o, const struct blame *b)
{
	if (o == NULL || o->chain == OUTCOME_NO_CHAIN)
		return !b->present;
	const struct rs_chain *c = &rs->chain[o->chain];

	return b->present && b->policy == (o->rule == OUTCOME_POLICY) && c->family == b->family &&
	       strcmp(c->table, b->table) == 0 && strcmp(c->name, b->chain) == 0 &&
	       (b->policy || c->rule[o->rule].handle == b->handle);
}

/** Ask without a trace. @return whether the search is over: this is what the finding speaks of, or does not pass. */
static bool try_set(struct explain *x, const struct packet_set *set)
{
	engine_run(x->e, set, &x->o, NULL, NULL);
	bool passes = x->o.limit == NULL && outcomes_verdict(&x->o) == VERDICT_CONFORMANT;
	const struct outcome *o = decisive(&x->o);
	bool elsewhere = o != NULL && o->code == OUTCOME_ELSEWHERE;
	bool over = x->finding != NULL && x->finding->evidence->has_witness
	                    ? blame_is(x->rs, o, &x->finding->evidence->blame)
	                    : !passes;

	if (!x->found || over) {
		x->best = *set;
		x->found = true;
	}
	/* Led to another leg's address: that leg has the answer. */
	return over && !elsewhere;
}

static size_t phase_kinds(enum phase phase, uint8_t proto, uint8_t flags[KINDS_MAX])
{
	static const uint8_t all[PHASE_N][KINDS_MAX] = {
	        {TCP_SYN}, {TCP_SYN | TCP_ACK, TCP_ACK}, {TCP_ACK, TCP_PSH | TCP_ACK, TCP_FIN | TCP_ACK}};
	size_t n = 0;

	while (n < KINDS_MAX && all[phase][n] != 0 && (n == 0 || proto == PROTO_TCP)) {
		flags[n] = all[phase][n];
		n++;
	}
	return n;
}

/** Every kind of packet that the phase has, with and without what the connection's other packets may have caused. */
static bool try_kinds(struct explain *x, struct packet_set *set, bool translated, bool maybe_translated)
{
	uint8_t flags[KINDS_MAX];
	size_t n = phase_kinds(x->packet->phase, x->packet->proto, flags);
	bool found = false;

	for (int mixed = 0; mixed < (x->finding != NULL ? 2 : 1) && !found; mixed++) {
		for (size_t i = 0; i < n && !found; i++) {
			set->tcp_flags = flags[i];
			set->mixed_tracking = mixed;
			set->translated = translated;
			found = try_set(x, set);
			if (found || !maybe_translated || translated)
				continue;
			set->translated = true;
			found = try_set(x, set);
		}
	}
	return found;
}

static struct cell packet_cell(const struct packet *p)
{
	return (struct cell){{{p->source, p->source}, {p->destination, p->destination},
	        {p->source_port, p->source_port}, {p->destination_port, p->destination_port}}};
}

static void ask_alone(struct explain *x)
{
	const struct packet *p = x->packet;
	struct packet_set set = {.family = p->family,
	        .proto = p->proto,
	        .icmp_type = p->icmp_type,
	        .path = p->path,
	        .phase = p->phase,
	        .iif = p->iif,
	        .oif = p->oif,
	        .cell = packet_cell(p)};

	try_kinds(x, &set, false, false);
}

static bool in_range(struct range r, u128 value)
{
	return value >= r.lo && value <= r.hi;
}

/** Is the packet, of whatever phase, one of the leg: by its addresses, and when asked by its interfaces. */
static bool leg_holds(const struct flow_leg *leg, const struct packet *p, bool interfaces)
{
	bool reply = p->phase == PHASE_REPLY;
	u128 from = reply ? p->destination : p->source, to = reply ? p->source : p->destination;
	const char *iif = reply ? p->oif : p->iif, *oif = reply ? p->iif : p->oif;

	if (interfaces &&
	        ((iif[0] != '\0' && strcmp(leg->iif, iif) != 0) || (oif[0] != '\0' && strcmp(leg->oif, oif) != 0)))
		return false;
	return in_range(leg->source, from) && in_range(reply && leg->translated ? leg->inside : leg->destination, to);
}

static bool same_origin(const struct flow_leg *a, const struct flow_leg *b)
{
	return a->translated && a->source.lo == b->source.lo && a->source.hi == b->source.hi &&
	       strcmp(a->iif, b->iif) == 0;
}

/** The leg's question narrowed to the packet's connection, in flow coordinates. */
static void question_key(const struct explain *x, size_t i, struct question *q)
{
	const struct flow *flow = x->flow;
	const struct flow_leg *leg = &flow->leg[i];
	const struct packet *p = x->packet;
	struct leg_key *k = &q->key;

	*k = (struct leg_key){.family = flow->family, .proto = flow->proto, .path = flow->path};
	memcpy(k->iif, leg->iif, sizeof(k->iif));
	memcpy(k->oif, leg->oif, sizeof(k->oif));
	k->shift = leg->translated ? (int)flow->inside_ports.lo - (int)flow->ports.lo : 0;
	k->translated = leg->translated;
	k->inside = leg->inside;
	k->cell = packet_cell(p);
	if (p->phase == PHASE_REPLY) {
		k->cell = cell_reverse(&k->cell);
		if (leg->translated) {
			struct range *port = &k->cell.axis[AXIS_DPORT];

			k->cell.axis[AXIS_DESTINATION] = leg->destination;
			port->lo = port->hi = (u128)((int)port->lo - k->shift);
		}
	}
	for (size_t s = 0; s < flow->n_leg && leg->translated; s++)
		if (s != i && same_origin(&flow->leg[s], leg))
			ranges_add(&q->siblings, flow->leg[s].inside.lo, flow->leg[s].inside.hi);
	ranges_normalise(&q->siblings);
	k->siblings = &q->siblings;
}

/** What the connection's first packet met. */
struct first_packet {
	bool translated; /**< its source, of this very connection */
	bool maybe_translated; /**< of some connection of the leg */
	u128 target;
};

static void ask_first(struct explain *x, const struct question *q, const struct cell *cell, struct first_packet *out)
{
	struct packet_set set = leg_packets(&q->key, PHASE_NEW, cell, 0);

	set.tcp_flags = TCP_SYN;
	engine_run(x->e, &set, &x->o, NULL, NULL);
	for (size_t i = 0; i < x->o.n; i++) {
		out->translated = out->translated || x->o.item[i].translated;
		if (x->o.item[i].code == OUTCOME_ACCEPT)
			out->target = x->o.item[i].target;
	}
}

static void learn_first(struct explain *x, size_t i, const struct question *q, struct first_packet *first)
{
	const struct flow_leg *leg = &x->flow->leg[i];
	struct first_packet wide = {0};
	struct cell whole = {{leg->source, leg->destination, {x->flow->source_ports.lo, x->flow->source_ports.hi},
	        {x->flow->ports.lo, x->flow->ports.hi}}};

	*first = (struct first_packet){0};
	if (x->packet->phase == PHASE_NEW)
		return;
	ask_first(x, q, &q->key.cell, first);
	ask_first(x, q, &whole, &wide);
	first->maybe_translated = wide.translated;
	if (x->packet->phase == PHASE_REPLY)
		first->target = x->packet->source;
}

/** The packet that began the connection, by the leg's question. */
static void first_fill(struct explain *x, const struct leg_key *key)
{
	struct packet_set set = leg_packets(key, PHASE_NEW, &key->cell, 0);

	set.icmp_type = x->packet->phase == PHASE_REPLY ? set.icmp_type : x->packet->icmp_type;
	x->out->first = (struct packet){.family = key->family,
	        .proto = key->proto,
	        .source = key->cell.axis[AXIS_SOURCE].lo,
	        .destination = key->cell.axis[AXIS_DESTINATION].lo,
	        .source_port = (uint16_t)key->cell.axis[AXIS_SPORT].lo,
	        .destination_port = (uint16_t)key->cell.axis[AXIS_DPORT].lo,
	        .icmp_type = set.icmp_type,
	        .path = key->path};
	snprintf(x->out->first.iif, IFNAME_SIZE, "%s", set.iif);
	snprintf(x->out->first.oif, IFNAME_SIZE, "%s", set.oif);
}

/** @return as try_set(). */
static bool ask_leg(struct explain *x, size_t i)
{
	struct question *q = &x->question[i];
	struct first_packet first;
	struct packet_set set;

	question_key(x, i, q);
	learn_first(x, i, q, &first);
	set = leg_packets(&q->key, x->packet->phase, &q->key.cell, first.target);
	first_fill(x, &q->key);
	if (x->packet->iif[0] != '\0')
		set.iif = x->packet->iif;
	if (x->packet->oif[0] != '\0')
		set.oif = x->packet->oif;
	return try_kinds(x, &set, first.translated, first.maybe_translated);
}

static void ask_flow(struct explain *x)
{
	bool over = false;

	x->question = xcalloc(x->flow->n_leg, sizeof(*x->question));
	for (int interfaces = 1; interfaces >= 0 && !x->found; interfaces--)
		for (size_t i = 0; i < x->flow->n_leg && !over; i++)
			if (leg_holds(&x->flow->leg[i], x->packet, interfaces))
				over = ask_leg(x, i);
	if (!x->found)
		ask_alone(x);
}

/** The packet as it leaves: behind the flow's own destination NAT. */
static void end_fill(const struct explain *x, const struct outcome *o)
{
	const struct translation *nat = &x->best.nat;
	struct packet *end = &x->out->end;

	snprintf(x->out->packet.iif, IFNAME_SIZE, "%s", x->best.iif);
	snprintf(x->out->packet.oif, IFNAME_SIZE, "%s", x->best.oif);
	*end = x->out->packet;
	if (!nat->wanted || o == NULL || o->code != OUTCOME_ACCEPT)
		return;
	if (x->packet->phase == PHASE_REPLY) {
		end->source = nat->published;
		end->source_port = (uint16_t)((int)end->source_port - nat->shift);
	} else {
		end->destination = o->target;
		end->destination_port = (uint16_t)((int)end->destination_port + nat->shift);
	}
}

static void conclude(struct explain *x)
{
	struct trace *t = x->out;
	const struct outcome *o = decisive(&x->o);
	bool listed = false;

	for (size_t i = 0; i < x->o.n; i++)
		listed = listed || is_remark(&x->o.item[i]);
	t->verdict = outcomes_verdict(&x->o);
	end_fill(x, o);
	if (o != NULL)
		blame_fill(x->rs, o->chain, o->rule, o->code, &t->blame);
	if (x->o.limit != NULL)
		t->reason = xstrdup(x->o.limit);
	else if (t->verdict == VERDICT_INDETERMINATE)
		t->reason = depends_on(x->e, &x->o);
	else if (t->verdict == VERDICT_CONFORMANT && listed)
		t->reason = xstrdup("unless its address is listed in a dynamic set");
	else if (t->verdict == VERDICT_MISDIRECTED && (!t->blame.present || t->blame.policy))
		t->reason = xstrdup("no rule translates the published address to the listener's own address and port");
}

static void legacy_note(const struct ruleset *rs, struct trace *t)
{
	if (rs->legacy == NULL)
		return;
	t->verdict = VERDICT_INDETERMINATE;
	free(t->reason);
	t->reason = xasprintf("iptables-legacy tables exist that nf_tables does not show: %s", rs->legacy);
}

int verify_explain(const struct packet *packet, const struct flow *flow, const struct finding *finding,
        const struct ruleset *rs, const struct site *site, int64_t now, struct trace *out, struct error *err)
{
	struct explain x = {.rs = rs, .packet = packet, .flow = flow, .finding = finding, .out = out};

	memset(out, 0, sizeof(*out));
	out->packet = out->end = out->first = *packet;
	if (packet->path == PATH_NONE)
		return error_set(err, ERR_INVALID, "packet", "it has no path through this device: name its interfaces");
	if (rs == NULL) {
		out->verdict = VERDICT_UNKNOWN;
		out->reason = xstrdup("the ruleset cannot be read");
		return 0;
	}
	x.e = engine_new(rs, site, now);
	if (flow != NULL && flow->n_leg > 0)
		ask_flow(&x);
	else
		ask_alone(&x);
	struct recorder r = {.e = x.e, .set = &x.best, .trace = out};
	engine_run(x.e, &x.best, &x.o, trace_record, &r);
	trace_flush(&r);
	conclude(&x);
	legacy_note(rs, out);
	if (r.cut && out->reason == NULL)
		out->reason = xstrdup("more than 4096 steps: the rest is not shown");
	outcomes_fini(&x.o);
	for (size_t i = 0; x.question != NULL && i < flow->n_leg; i++)
		ranges_fini(&x.question[i].siblings);
	free(x.question);
	engine_free(x.e);
	return 0;
}

void flow_packet(const struct flow *flow, size_t leg, struct packet *out)
{
	const struct flow_leg *l = &flow->leg[leg];
	struct packet_set set = {
	        .family = flow->family, .proto = flow->proto, .path = flow->path, .iif = l->iif, .oif = l->oif};
	struct cell cell = {{l->source, l->destination, {0, 0}, {0, 0}}};

	if (flow->proto != PROTO_ICMP && flow->proto != PROTO_ICMPV6) {
		cell.axis[AXIS_SPORT] = (struct range){flow->source_ports.lo, flow->source_ports.hi};
		cell.axis[AXIS_DPORT] = (struct range){flow->ports.lo, flow->ports.hi};
	}
	set.icmp_type = flow->proto == PROTO_ICMP ? 8 : flow->proto == PROTO_ICMPV6 ? 128 : 0;
	*out = cell_witness(&set, &cell);
}
