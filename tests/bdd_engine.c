/*
 * Flows against a ruleset by decision diagrams: a flow comes in, the number of its packets that pass every phase goes out.
 * Variables are the bits of the flow's addresses and ports, and one for each look at a condition that nobody decides.
 * Conntrack's finer points (notrack, status, translated sources) are refused by name.
 */
#include "bdd_engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bdd_sets.h"
#include "portcullis/alloc.h"

#define DEPTH_MAX 16
#define KINDS 6 /* of packets in a connection */

/** One kind of packet on its way through the chains. */
struct question {
	const struct ruleset *rs;
	enum family family;
	uint8_t proto, tcp_flags, icmp_type;
	bool reply, first;
	const char *iif, *oif;
	enum path path; /**< of this packet itself */
	enum rs_hook hook;
	bool untracked; /**< before conntrack */
	int looks;
	struct bdd_answer *answer;
	BDD astray;
};

static void refuse(struct question *q, const char *why)
{
	if (q->answer->unsupported == NULL)
		q->answer->unsupported = why;
}

/** A condition that nobody decides: another variable for every look. */
static BDD look(struct question *q)
{
	q->answer->open = true;
	if (q->looks == LOOKS_MAX) {
		refuse(q, "too many conditions");
		return bddtrue;
	}
	return keep(bdd_ithvar(LOOK_FIRST + q->looks++));
}

/* ---- fields ---- */

enum kind { KIND_BLOCK, KIND_VALUE, KIND_MISSING, KIND_OPEN };

struct field {
	enum kind kind;
	enum block block;
	unsigned width;
	u128 value;
};

static struct field field_address(const struct question *q, bool four, bool source)
{
	struct field f = {.kind = KIND_BLOCK, .width = four ? 32 : 128};

	if (four != (q->family == FAMILY_IPV4))
		f.kind = KIND_MISSING;
	f.block = source != q->reply ? BLOCK_SOURCE : BLOCK_DESTINATION;
	return f;
}

static struct field field_port(const struct question *q, bool source)
{
	struct field f = {.kind = KIND_BLOCK, .width = 16};

	/* Something else stands there. */
	if (q->proto != PROTO_TCP && q->proto != PROTO_UDP)
		f.kind = KIND_OPEN;
	f.block = source != q->reply ? BLOCK_SPORT : BLOCK_DPORT;
	return f;
}

static struct field field_value(u128 value, bool exists)
{
	return (struct field){.kind = exists ? KIND_VALUE : KIND_MISSING, .value = value};
}

static bool hook_has_output(enum rs_hook hook)
{
	return hook != RS_HOOK_PREROUTING && hook != RS_HOOK_INPUT;
}

static struct field field_of(struct question *q, enum rs_field f)
{
	switch (f) {
	case RS_FIELD_IP_SADDR:
	case RS_FIELD_IP_DADDR:
		return field_address(q, true, f == RS_FIELD_IP_SADDR);
	case RS_FIELD_IP6_SADDR:
	case RS_FIELD_IP6_DADDR:
		return field_address(q, false, f == RS_FIELD_IP6_SADDR);
	case RS_FIELD_SPORT:
	case RS_FIELD_DPORT:
		return field_port(q, f == RS_FIELD_SPORT);
	case RS_FIELD_NFPROTO:
		return field_value(q->family == FAMILY_IPV4 ? 2 : 10, true);
	case RS_FIELD_L4PROTO:
		return field_value(q->proto, true);
	case RS_FIELD_IIFNAME:
		return field_value(ifname_value(q->iif), true);
	case RS_FIELD_OIFNAME:
		return field_value(hook_has_output(q->hook) ? ifname_value(q->oif) : 0, true);
	case RS_FIELD_CT_STATE:
		return field_value(q->untracked ? 1 : q->first ? 8 : 2, true);
	case RS_FIELD_CT_DIRECTION:
		return field_value(q->reply, !q->untracked);
	case RS_FIELD_TCP_FLAGS:
		return field_value(q->tcp_flags, q->proto == PROTO_TCP);
	case RS_FIELD_ICMP_TYPE:
		return field_value(q->icmp_type, q->proto == PROTO_ICMP);
	case RS_FIELD_ICMPV6_TYPE:
		return field_value(q->icmp_type, q->proto == PROTO_ICMPV6);
	case RS_FIELD_ICMP_CODE:
		return field_value(0, q->proto == PROTO_ICMP);
	case RS_FIELD_ICMPV6_CODE:
		return field_value(0, q->proto == PROTO_ICMPV6);
	case RS_FIELD_MARK:
		return field_value(0, true);
	case RS_FIELD_CT_STATUS:
	default:
		refuse(q, "ct status");
		return (struct field){.kind = KIND_OPEN};
	}
}

static BDD field_in(struct question *q, const struct field *f, struct range r)
{
	if (f->kind == KIND_BLOCK)
		return in_range(f->block, f->width, r);
	if (f->kind == KIND_OPEN)
		return look(q);
	return f->kind == KIND_VALUE && f->value >= r.lo && f->value <= r.hi ? bddtrue : bddfalse;
}

/* ---- matches ---- */

/** One element's packets; false where a field is missing. */
static BDD element_of(struct question *q, const struct rs_element *e, const enum rs_field *field, size_t n)
{
	BDD b = bddtrue;

	for (size_t i = 0; i < n; i++) {
		struct field f = field_of(q, field[i]);

		if (f.kind == KIND_MISSING)
			return bddfalse;
		if (f.kind != KIND_OPEN && !e->catch_all)
			b = both(b, field_in(q, &f, e->key[i]));
	}
	/* What is not known matters only where the rest fits. */
	for (size_t i = 0; i < n && b != bddfalse && !e->catch_all; i++) {
		struct field f = field_of(q, field[i]);

		if (f.kind == KIND_OPEN)
			b = both(b, look(q));
	}
	return b;
}

static bool some_missing(struct question *q, const enum rs_field *field, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (field_of(q, field[i]).kind == KIND_MISSING)
			return true;
	return false;
}

static BDD match_holds(struct question *q, const struct rs_match *m)
{
	struct field f = field_of(q, m->field[0]);
	BDD b = bddfalse;

	if (m->kind == RS_MATCH_SET) {
		const struct rs_set *set = &q->rs->set[m->set];

		for (size_t i = 0; i < set->n_element; i++)
			b = either(b, element_of(q, &set->element[i], m->field, m->n_field));
		return b;
	}
	if (f.kind == KIND_OPEN)
		return look(q);
	if (m->kind == RS_MATCH_MASK)
		return f.kind == KIND_BLOCK              ? under_mask(f.block, f.width, m->mask, m->value)
		       : (f.value & m->mask) == m->value ? bddtrue
		                                         : bddfalse;
	for (size_t i = 0; i < m->ranges.n; i++)
		b = either(b, field_in(q, &f, m->ranges.item[i]));
	return b;
}

/** The type that a unicast packet's path gives an address, or its link the packet. @return false: not such a question. */
static bool type_answer(const struct question *q, const char *text, bool *holds)
{
	bool source = strncmp(text, "fib saddr type ", 15) == 0;
	bool local = q->path == (source ? PATH_OUTPUT : PATH_INPUT);
	const char *type = local ? "local" : "unicast", *list = text + 15, *at;

	if (strncmp(text, "meta pkttype ", 13) == 0) {
		type = "host";
		list = text + 13;
	} else if (!source && strncmp(text, "fib daddr type ", 15) != 0) {
		return false;
	}
	at = strstr(list, type);
	*holds = (at != NULL) != (strncmp(list, "!=", 2) == 0);
	return true;
}

static BDD match_of(struct question *q, const struct rs_match *m)
{
	bool holds;
	BDD b;

	if (m->kind == RS_MATCH_ATOM && m->text != NULL && type_answer(q, m->text, &holds))
		return holds ? bddtrue : bddfalse;
	if (m->kind == RS_MATCH_ATOM)
		return some_missing(q, m->field, m->n_field) ? bddfalse : look(q);
	if (some_missing(q, m->field, m->n_field))
		return bddfalse;
	b = match_holds(q, m);
	return m->negate ? keep(bdd_not(b)) : b;
}

static bool is_open(struct question *q, const struct rs_match *m)
{
	bool open = m->kind == RS_MATCH_ATOM;

	for (size_t k = 0; k < m->n_field && !open; k++)
		open = (m->field[k] == RS_FIELD_SPORT || m->field[k] == RS_FIELD_DPORT) &&
		       field_of(q, m->field[k]).kind == KIND_OPEN;
	return open;
}

/** The part of `in` that meets all matches: those that are known first, and by themselves, for `in` may be large. */
static BDD rule_meets(struct question *q, const struct rs_rule *r, size_t n, BDD in)
{
	BDD known = bddtrue;

	for (size_t i = 0; i < n && known != bddfalse; i++)
		if (!is_open(q, &r->match[i]))
			known = both(known, match_of(q, &r->match[i]));
	in = both(in, known);
	for (size_t i = 0; i < n && in != bddfalse; i++)
		if (is_open(q, &r->match[i]))
			in = both(in, match_of(q, &r->match[i]));
	return in;
}

/* ---- chains ---- */

/** Where packets of one chain end. */
struct ends {
	BDD accept, fall;
};

static struct ends walk(struct question *q, size_t chain, BDD in, int depth);

/** Destination NAT that leaves a packet as it is accepts it. */
static BDD translate(struct question *q, const struct rs_rule *r, BDD in)
{
	struct field address = field_address(q, q->family == FAMILY_IPV4, false), port = field_port(q, false);
	BDD same = bddtrue;

	if ((!r->nat_has_address && !r->nat_has_port) || r->nat_map || r->nat_redirect ||
	        r->nat_address_lo != r->nat_address_hi ||
	        (r->nat_has_port && (r->nat_port.lo != r->nat_port.hi || port.kind != KIND_BLOCK))) {
		refuse(q, "translation to no constant");
		return bddfalse;
	}
	if (r->nat_has_address)
		same = in_range(address.block, address.width, (struct range){r->nat_address_lo, r->nat_address_lo});
	if (r->nat_has_port)
		same = both(same, in_range(port.block, port.width, (struct range){r->nat_port.lo, r->nat_port.lo}));
	q->astray = either(q->astray, without(in, same));
	return both(in, same);
}

/** @return what goes on with the next rule; *ends grows. */
static BDD apply(struct question *q, const struct rs_rule *r, struct rs_verdict v, BDD in, int depth, struct ends *ends)
{
	struct ends inner;

	if (in == bddfalse)
		return bddfalse;
	switch (v.code) {
	case RS_CONTINUE:
		return in;
	case RS_ACCEPT:
		ends->accept = either(ends->accept, in);
		return bddfalse;
	case RS_RETURN:
		ends->fall = either(ends->fall, in);
		return bddfalse;
	case RS_JUMP:
	case RS_GOTO:
		inner = walk(q, v.chain, in, depth + 1);
		ends->accept = either(ends->accept, inner.accept);
		if (v.code == RS_JUMP)
			return inner.fall;
		ends->fall = either(ends->fall, inner.fall);
		return bddfalse;
	case RS_NAT_DST:
		ends->accept = either(ends->accept, translate(q, r, in));
		return bddfalse;
	case RS_NAT_SRC:
		refuse(q, "translated source");
		return bddfalse;
	case RS_UNKNOWN:
		refuse(q, "verdict");
		return bddfalse;
	default:
		return bddfalse;
	}
}

static BDD apply_map(struct question *q, const struct rs_rule *r, BDD in, int depth, struct ends *ends)
{
	const struct rs_set *set = &q->rs->set[r->vmap_set];
	BDD rest = in, on = bddfalse;

	if (some_missing(q, r->vmap_field, r->n_vmap_field))
		return in;
	for (size_t i = 0; i < set->n_element; i++) {
		BDD hit = both(rest, element_of(q, &set->element[i], r->vmap_field, r->n_vmap_field));

		rest = without(rest, hit);
		on = either(on, apply(q, r, set->element[i].verdict, hit, depth, ends));
	}
	return either(rest, on);
}

static struct ends walk(struct question *q, size_t chain, BDD in, int depth)
{
	const struct rs_chain *c = &q->rs->chain[chain];
	struct ends ends = {bddfalse, bddfalse};

	if (depth > DEPTH_MAX) {
		refuse(q, "depth");
		return ends;
	}
	for (size_t i = 0; i < c->n_rule && in != bddfalse && q->answer->unsupported == NULL; i++) {
		const struct rs_rule *r = &c->rule[i];
		BDD *const results[] = {&in, &ends.accept, &ends.fall, &q->astray};
		size_t first = kept_count();
		BDD hit, on;

		if (!r->vmap && !r->notrack && r->verdict.code == RS_CONTINUE)
			continue;
		if (r->notrack && q->untracked && rule_meets(q, r, r->notrack_at, in) != bddfalse)
			refuse(q, "notrack");
		hit = rule_meets(q, r, r->n_match, in);
		in = without(in, hit);
		on = r->vmap && !r->nat_map ? apply_map(q, r, hit, depth, &ends)
		                            : apply(q, r, r->verdict, hit, depth, &ends);
		in = either(in, on);
		forget_but(first, results, sizeof(results) / sizeof(results[0]));
	}
	ends.fall = either(ends.fall, in);
	return ends;
}

/* ---- hooks ---- */

static int32_t runs_at(const struct rs_chain *c)
{
	bool early = c->hook == RS_HOOK_PREROUTING || c->hook == RS_HOOK_OUTPUT;

	return c->type != RS_CHAIN_NAT ? c->priority : early ? -100 : 100;
}

static const struct ruleset *sorted;

static int chain_cmp(const void *a, const void *b)
{
	const struct rs_chain *x = &sorted->chain[*(const size_t *)a], *y = &sorted->chain[*(const size_t *)b];

	if (runs_at(x) != runs_at(y))
		return runs_at(x) < runs_at(y) ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->order > y->order ? -1 : 1;
}

static bool sees(const struct question *q, const struct rs_chain *c)
{
	return c->base && c->hook == q->hook &&
	       (c->family == RS_INET || c->family == (q->family == FAMILY_IPV4 ? RS_IP : RS_IP6));
}

static BDD base_chain(struct question *q, size_t chain, BDD in)
{
	const struct rs_chain *c = &q->rs->chain[chain];
	bool early = c->hook == RS_HOOK_PREROUTING || c->hook == RS_HOOK_OUTPUT;
	struct ends ends;

	if (c->type == RS_CHAIN_NAT && !q->first)
		return in;
	if (c->type == RS_CHAIN_NAT && !q->rs->tracks[q->family == FAMILY_IPV6])
		refuse(q, "tracking");
	if (c->type != RS_CHAIN_NAT && ((early && c->priority == -200) || c->priority == -100 || c->priority == 100))
		refuse(q, "order with conntrack");
	q->untracked = early && c->type != RS_CHAIN_NAT && c->priority < -200;
	ends = walk(q, chain, in, 0);
	return c->policy == RS_DROP ? ends.accept : either(ends.accept, ends.fall);
}

static BDD hook_passes(struct question *q, BDD in)
{
	size_t *list = xcalloc(q->rs->n_chain + 1, sizeof(*list)), n = 0;

	for (size_t i = 0; i < q->rs->n_chain; i++)
		if (sees(q, &q->rs->chain[i]))
			list[n++] = i;
	sorted = q->rs;
	qsort(list, n, sizeof(*list), chain_cmp);
	for (size_t i = 0; i < n && in != bddfalse; i++)
		in = base_chain(q, list[i], in);
	free(list);
	return in;
}

/** What of `in` one kind of packet passes. */
static BDD kind_passes(struct question *q, enum path path, BDD in)
{
	static const enum rs_hook hooks[3][3] = {
	        [PATH_FORWARD] = {RS_HOOK_PREROUTING, RS_HOOK_FORWARD, RS_HOOK_POSTROUTING},
	        [PATH_INPUT] = {RS_HOOK_PREROUTING, RS_HOOK_INPUT, RS_HOOK_INGRESS},
	        [PATH_OUTPUT] = {RS_HOOK_OUTPUT, RS_HOOK_POSTROUTING, RS_HOOK_INGRESS},
	};

	q->path = path;
	for (int h = 0; h < (path == PATH_FORWARD ? 3 : 2); h++) {
		q->hook = hooks[path][h];
		in = hook_passes(q, in);
	}
	return in;
}

static enum path path_back(enum path p)
{
	return p == PATH_INPUT ? PATH_OUTPUT : p == PATH_OUTPUT ? PATH_INPUT : p;
}

static BDD flow_packets(const struct flow *f)
{
	unsigned width = f->family == FAMILY_IPV4 ? 32 : 128;
	BDD b = both(in_range(BLOCK_SOURCE, width, f->leg[0].source),
	        in_range(BLOCK_DESTINATION, width, f->leg[0].destination));

	b = both(b, in_range(BLOCK_SPORT, 16, (struct range){f->source_ports.lo, f->source_ports.hi}));
	return both(b, in_range(BLOCK_DPORT, 16, (struct range){f->ports.lo, f->ports.hi}));
}

/** @param n  kinds of packets of a connection, from the first on. */
static BDD flow_passes(struct question *q, const struct flow *f, BDD all, size_t n)
{
	static const struct {
		bool first, reply;
		uint8_t flags;
	} kinds[KINDS] = {{true, false, 2}, {false, true, 18}, {false, true, 16}, {false, false, 16},
	        {false, false, 24}, {false, false, 17}};
	const struct flow_leg *leg = &f->leg[0];
	BDD pass = all;

	for (size_t i = 0; i < n && pass != bddfalse; i++) {
		bool reply = kinds[i].reply;

		q->first = kinds[i].first;
		q->reply = reply;
		q->tcp_flags = kinds[i].flags;
		q->icmp_type = f->proto == PROTO_ICMP ? (reply ? 0 : 8) : reply ? 129 : 128;
		q->iif = reply ? leg->oif : leg->iif;
		q->oif = reply ? leg->iif : leg->oif;
		pass = both(pass, kind_passes(q, reply ? path_back(f->path) : f->path, all));
	}
	return pass;
}

/** Packets of a set over the flow's own variables. */
static double count(BDD b, enum family family)
{
	return bdd_satcount(b) / pow(2, LOOKS_MAX + (family == FAMILY_IPV4 ? 2 * 96 : 0));
}

static BDD looks_of(const struct question *q)
{
	BDD b = bddtrue;

	for (int i = 0; i < q->looks; i++)
		b = both(b, keep(bdd_ithvar(LOOK_FIRST + i)));
	return b;
}

struct bdd_answer bdd_engine_ask(const struct ruleset *rs, const struct flow *flow)
{
	struct bdd_answer answer = {0};
	struct question q = {
	        .rs = rs, .family = flow->family, .proto = flow->proto, .answer = &answer, .astray = bddfalse};
	BDD all = flow_packets(flow), pass, looks;

	for (size_t i = 0; i < rs->n_chain; i++)
		if (rs->chain[i].base && (rs->chain[i].family == RS_BRIDGE || rs->chain[i].family == RS_NETDEV))
			refuse(&q, "other layers");
	pass = flow_passes(&q, flow, all, KINDS);
	looks = looks_of(&q);
	answer.size = count(all, flow->family);
	answer.surely = count(keep(bdd_forall(pass, looks)), flow->family);
	answer.perhaps = count(keep(bdd_exist(pass, looks)), flow->family);
	answer.astray = q.astray != bddfalse;
	forget();
	return answer;
}

static int summarise(const struct ruleset *rs, const struct flow *like, size_t kinds)
{
	struct bdd_answer answer = {0};
	struct question q = {
	        .rs = rs, .family = like->family, .proto = like->proto, .answer = &answer, .astray = bddfalse};
	BDD pass = bdd_addref(flow_passes(&q, like, bddtrue, kinds));

	forget();
	return answer.unsupported == NULL && !answer.open && q.astray == bddfalse ? pass : -1;
}

int bdd_engine_summarise(const struct ruleset *rs, const struct flow *like)
{
	return summarise(rs, like, KINDS);
}

int bdd_engine_accepted(const struct ruleset *rs, const struct flow *like)
{
	return summarise(rs, like, 1);
}

double bdd_engine_beyond(int summary, const struct flows *flows, struct range destination)
{
	BDD left = bdd_addref(both(summary, in_range(BLOCK_DESTINATION, 32, destination)));
	double n;

	forget();
	for (size_t i = 0; i < flows->n; i++) {
		BDD next = bdd_addref(without(left, flow_packets(&flows->flow[i])));

		bdd_delref(left);
		left = next;
		forget();
	}
	n = count(left, FAMILY_IPV4);
	bdd_delref(left);
	return n;
}

enum verdict bdd_engine_verdict(int summary, const struct flow *flow)
{
	BDD all = flow_packets(flow), pass = both(all, summary);
	enum verdict v = pass == all ? VERDICT_CONFORMANT : pass == bddfalse ? VERDICT_BLOCKED : VERDICT_PARTIAL;

	forget();
	return v;
}
