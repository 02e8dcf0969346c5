/*
 * Connections through the namespace: in come connections with what is predicted of their packets, step by step the packets
 * go out, and what the kernel does with each is compared, with its own trace for some. A connection ends where a packet
 * does not arrive.
 */
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/oracle.h"
#include "portcullis/alloc.h"

void connection_fini(struct connection *c)
{
	free(c->words);
	c->words = NULL;
}

static bool is_reply(const struct connection *c, size_t step)
{
	const struct step_kind *kind;

	connection_steps(c->key.proto, &kind);
	return kind[step].phase == PHASE_REPLY;
}

static int expected_device(const struct connection *c, bool reply)
{
	return reply ? c->in : c->out;
}

static struct sending sending_of(const struct connection *c, size_t step)
{
	const struct step_kind *kind;
	bool reply = is_reply(c, step);
	struct sending s = {.wire = c->first};

	connection_steps(c->key.proto, &kind);
	s.wire.tcp_flags = kind[step].flags;
	s.wire.seq = kind[step].seq;
	s.wire.ack = kind[step].ack;
	s.wire.traced = c->traced;
	if (reply) {
		s.wire.source = c->seen_destination;
		s.wire.destination = c->seen_source;
		s.wire.sport = c->seen_dport;
		s.wire.dport = c->seen_sport;
		s.wire.icmp_type = c->key.proto == PROTO_ICMP ? 0 : 129;
		if (!wire_has_ports(c->key.proto))
			s.wire.sport = c->seen_sport;
	}
	s.device = reply ? c->out : c->in;
	s.local = s.device < 0;
	if (s.local)
		s.device = expected_device(c, reply);
	s.expected = c->step[step].definite && c->step[step].code == OUTCOME_ACCEPT;
	return s;
}

/** Did it come out where it should, with the addresses that it should have? */
static bool arrived_well(const struct connection *c, bool reply, const struct arrival *a)
{
	const struct wire *w = &a->wire;
	bool ports = wire_has_ports(c->key.proto);
	u128 published = c->key.cell.axis[AXIS_DESTINATION].lo;
	struct range inside = c->key.translated ? c->key.inside : c->key.cell.axis[AXIS_DESTINATION];

	if (!a->arrived || a->device != expected_device(c, reply))
		return false;
	if (reply)
		return w->destination == c->first.source && w->source == published &&
		       (!ports || (w->dport == c->first.sport && w->sport == c->first.dport));
	return w->destination >= inside.lo && w->destination <= inside.hi &&
	       (!ports || (int)w->dport == (int)c->first.dport + (c->key.translated ? c->key.shift : 0));
}

static bool agrees(const struct prediction *p, const struct arrival *a, bool well)
{
	switch (p->code) {
	case OUTCOME_ACCEPT:
		return well;
	case OUTCOME_DROP:
		return !a->arrived;
	case OUTCOME_MISDIRECT:
	case OUTCOME_ELSEWHERE:
		return !well;
	default:
		return true;
	}
}

static void judge(struct connection *c, size_t step, const struct sending *s, struct tally *tally)
{
	const struct prediction *p = &c->step[step];
	bool reply = is_reply(c, step), well = arrived_well(c, reply, &s->arrival);

	tally->packets++;
	tally->definite += p->definite;
	tally->accepted += s->arrival.arrived;
	tally->dropped += !s->arrival.arrived;
	if (p->definite && !agrees(p, &s->arrival, well)) {
		c->mismatch = true;
		c->at = step;
		c->arrival = s->arrival;
	}
	c->alive = well && !c->mismatch;
	if (step == 0) {
		c->seen_source = s->arrival.wire.source;
		c->seen_destination = s->arrival.wire.destination;
		c->seen_sport = s->arrival.wire.sport;
		c->seen_dport = s->arrival.wire.dport;
	}
}

/* ---- blame ---- */

static const struct rs_chain *step_chain(const struct ruleset *rs, const struct step *s)
{
	return ruleset_chain_find(rs, s->family, s->table, s->chain);
}

static bool hook_is_main(enum rs_hook hook)
{
	return hook == RS_HOOK_FORWARD || hook == RS_HOOK_INPUT || hook == RS_HOOK_OUTPUT;
}

/** The step that decides: the last one of a drop, the last accepting rule (else policy) of the main hook otherwise. */
static const struct step *decider(const struct ruleset *rs, const struct step *s, size_t n, bool dropped)
{
	const struct rs_chain *base = NULL;
	const struct step *by = NULL;

	if (dropped)
		return n > 0 && s[n - 1].verdict == NF_DROP ? &s[n - 1] : NULL;
	for (size_t i = 0; i < n; i++) {
		/* A base chain's first step stands in the chain itself. */
		if (base == NULL)
			base = step_chain(rs, &s[i]);
		if (base == NULL || (!s[i].policy && s[i].verdict != NF_ACCEPT))
			continue;
		if (base->base && hook_is_main(base->hook) && (by == NULL || !s[i].policy || by->policy) &&
		        strcmp(base->table, TRACE_TABLE) != 0)
			by = &s[i];
		base = NULL;
	}
	return by;
}

static void words_add(struct connection *c, const struct step *s, size_t n)
{
	struct text t = {0};

	for (size_t i = 0; i < n; i++)
		text_addf(&t, "    %s %s %s %s#%llu %s\n", rs_family_name(s[i].family), s[i].table, s[i].chain,
		        s[i].policy ? "policy " : "", (unsigned long long)s[i].handle,
		        s[i].verdict == NF_ACCEPT ? "accept"
		        : s[i].verdict == NF_DROP ? "drop"
		                                  : "goes on");
	free(c->words);
	c->words = text_take(&t);
}

/** Chains of one priority with those of type nat in the main hook: which of them is last is not told. */
static bool order_is_open(const struct ruleset *rs)
{
	bool nat[2] = {false, false}, tied[2] = {false, false};

	for (size_t i = 0; i < rs->n_chain; i++) {
		const struct rs_chain *c = &rs->chain[i];
		bool output = c->hook == RS_HOOK_OUTPUT;

		if (!c->base || (!output && c->hook != RS_HOOK_INPUT))
			continue;
		nat[output] = nat[output] || c->type == RS_CHAIN_NAT;
		tied[output] = tied[output] || (c->type != RS_CHAIN_NAT && c->priority == (output ? -100 : 100));
	}
	return (nat[0] && tied[0]) || (nat[1] && tied[1]);
}

static void compare_blame(struct kernel *k, const struct ruleset *rs, struct connection *c, size_t step,
        const struct sending *s, struct tally *tally)
{
	const struct prediction *p = &c->step[step];
	struct step steps[STEPS_MAX];
	size_t n = kernel_trace(k, steps);
	const struct step *by;
	const struct rs_chain *chain;
	bool same;

	if (c->mismatch && c->at == step)
		words_add(c, steps, n);
	if (c->mismatch || !p->definite || !p->blame_definite || p->chain == OUTCOME_NO_CHAIN ||
	        (p->code != OUTCOME_ACCEPT && p->code != OUTCOME_DROP))
		return;
	by = decider(rs, steps, n, !s->arrival.arrived);
	/* The kernel drops some messages when it has none left to give. */
	if (by == NULL || n == STEPS_MAX || order_is_open(rs))
		return;
	chain = &rs->chain[p->chain];
	same = chain == step_chain(rs, by) && by->policy == (p->rule == OUTCOME_POLICY) &&
	       (by->policy || chain->rule[p->rule].handle == by->handle);
	tally->blame_compared++;
	if (same)
		return;
	tally->blame_mismatches++;
	c->mismatch = c->by_blame = true;
	c->alive = false;
	c->at = step;
	c->arrival = s->arrival;
	words_add(c, steps, n);
}

static void run_together(struct kernel *k, struct connection *c, size_t n, struct tally *tally)
{
	static struct sending sending[BATCH];
	size_t who[BATCH];

	for (size_t step = 0; step < CONNECTION_STEPS; step++) {
		size_t m = 0;

		for (size_t i = 0; i < n; i++) {
			if (!c[i].alive || step >= c[i].n_step || c[i].traced)
				continue;
			who[m] = i;
			sending[m++] = sending_of(&c[i], step);
		}
		if (m == 0)
			return;
		kernel_send(k, sending, m);
		for (size_t i = 0; i < m; i++)
			judge(&c[who[i]], step, &sending[i], tally);
	}
}

static void run_traced(struct kernel *k, const struct ruleset *rs, struct connection *c, struct tally *tally)
{
	struct step steps[STEPS_MAX];

	kernel_trace(k, steps);
	for (size_t step = 0; step < c->n_step && c->alive; step++) {
		struct sending s = sending_of(c, step);

		kernel_send(k, &s, 1);
		judge(c, step, &s, tally);
		compare_blame(k, rs, c, step, &s, tally);
	}
}

size_t connections_run(struct kernel *k, const struct ruleset *rs, struct connection *c, size_t n, struct tally *tally)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++)
		c[i].alive = !c[i].mismatch;
	for (size_t i = 0; i < n; i += BATCH)
		run_together(k, c + i, n - i < BATCH ? n - i : BATCH, tally);
	for (size_t i = 0; i < n; i++) {
		if (c[i].traced && c[i].alive)
			run_traced(k, rs, &c[i], tally);
		wrong += c[i].mismatch;
	}
	return wrong;
}

/* ---- text ---- */

static void end_print(struct text *t, enum family f, u128 a, uint16_t port)
{
	char buf[64];

	text_addf(t, "%s %u", addr_print(f, a, buf, sizeof(buf)), port);
}

static void prediction_print(struct text *t, const struct prediction *p, const struct ruleset *rs)
{
	static const char *const codes[] = {"accept", "drop", "misdirect", "unknown", "elsewhere"};

	text_addf(t, "%s%s", p->definite ? "" : "perhaps ", codes[p->code]);
	if (p->chain == OUTCOME_NO_CHAIN || p->chain >= rs->n_chain)
		return;
	text_addf(t, " by %s %s", rs->chain[p->chain].table, rs->chain[p->chain].name);
	if (p->rule == OUTCOME_POLICY)
		text_add(t, " policy");
	else
		text_addf(t, " #%llu", (unsigned long long)rs->chain[p->chain].rule[p->rule].handle);
}

void connection_print(struct text *t, const struct connection *c, const struct ruleset *rs)
{
	const struct step_kind *kind;

	connection_steps(c->key.proto, &kind);
	text_addf(t, "  connection: %s ", proto_name(c->key.proto));
	end_print(t, c->key.family, c->first.source, c->first.sport);
	text_add(t, " > ");
	end_print(t, c->key.family, c->first.destination, c->first.dport);
	text_addf(t, " type %u %s %s > %s", c->first.icmp_type, path_name(c->key.path), c->key.iif, c->key.oif);
	if (c->key.translated) {
		text_add(t, " inside ");
		end_print(t, c->key.family, c->key.inside.lo, (uint16_t)(c->first.dport + c->key.shift));
	}
	for (size_t i = 0; i < c->n_step; i++) {
		text_addf(t, "\n  %s packet %zu, %s: ", i == c->at && c->mismatch ? ">>" : "  ", i,
		        phase_name(kind[i].phase));
		prediction_print(t, &c->step[i], rs);
	}
	if (c->by_leg) {
		text_addf(t, "\n  the leg says something else than its packets: %s\n", c->words);
		return;
	}
	text_addf(t, "\n  the kernel%s: ", c->by_blame ? " names another rule" : "");
	if (!c->arrival.arrived) {
		text_add(t, "did not deliver it\n");
	} else {
		text_addf(t, "delivered it at %s ", c->arrival.device < 0 ? "the device itself" : "a device");
		end_print(t, c->key.family, c->arrival.wire.source, c->arrival.wire.sport);
		text_add(t, " > ");
		end_print(t, c->key.family, c->arrival.wire.destination, c->arrival.wire.dport);
		text_add(t, "\n");
	}
	if (c->words != NULL)
		text_add(t, c->words);
}
