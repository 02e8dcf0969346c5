/*
 * What cures a regression: in come a flow and a ruleset on which it does not pass; out go rules that accept its own packets
 * where they are stopped, as commands of nft(8), tried on the model first. What no such rule helps is said to have no cure.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance_whatif.h"
#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/text.h"

#define STOPS_MAX 8 /* rules and policies, one behind the other, that stop packets of one flow */
#define RULES_MAX 256 /* of one cure at one place */
#define BUILD_COST 1000 /* rules: what an engine costs without any */
#define CT_ESTABLISHED 2
#define PRIORITY_DSTNAT (-100) /* NF_IP_PRI_NAT_DST */
#define NFPROTO_V4 2
#define NFPROTO_V6 10

/** A ruleset with rules put into it; it borrows everything else. */
struct patch {
	struct ruleset rs;
	bool *own; /**< chains whose rules are an array of the patch's */
	struct rs_rule *added; /**< what has to be released */
	size_t n_added, cap_added;
};

static void patch_init(struct patch *p, const struct ruleset *rs)
{
	*p = (struct patch){.rs = *rs};
	p->own = xcalloc(rs->n_chain + 1, sizeof(*p->own));
	p->rs.chain = xmalloc(rs->n_chain * sizeof(*rs->chain) + 1);
	memcpy(p->rs.chain, rs->chain, rs->n_chain * sizeof(*rs->chain));
}

static void rule_release(struct rs_rule *rule)
{
	for (size_t i = 0; i < rule->n_match; i++)
		ranges_fini(&rule->match[i].ranges);
	free(rule->match);
}

/* Give back what was added behind the first n. */
static void added_drop(struct patch *p, size_t n)
{
	while (p->n_added > n)
		rule_release(&p->added[--p->n_added]);
}

static void patch_fini(struct patch *p)
{
	for (size_t i = 0; i < p->rs.n_chain; i++)
		if (p->own[i])
			free(p->rs.chain[i].rule);
	added_drop(p, 0);
	free(p->added);
	free(p->rs.chain);
	free(p->own);
}

/* The n rules that were added last go into a chain. @return its rules until then, for patch_undo(). */
static struct rs_chain patch_insert(struct patch *p, size_t chain, size_t at, size_t n)
{
	struct rs_chain *c = &p->rs.chain[chain], before = *c;

	c->n_rule = before.n_rule + n;
	c->rule = xmalloc(c->n_rule * sizeof(*c->rule));
	for (size_t i = 0; i < at; i++)
		c->rule[i] = before.rule[i];
	memcpy(&c->rule[at], &p->added[p->n_added - n], n * sizeof(*c->rule));
	for (size_t i = at; i < before.n_rule; i++)
		c->rule[n + i] = before.rule[i];
	p->rs.n_rule += n;
	return before;
}

static void patch_undo(struct patch *p, size_t chain, const struct rs_chain *before)
{
	struct rs_chain *c = &p->rs.chain[chain];

	p->rs.n_rule -= c->n_rule - before->n_rule;
	added_drop(p, p->n_added - (c->n_rule - before->n_rule));
	free(c->rule);
	*c = *before;
}

static void patch_keep(struct patch *p, size_t chain, const struct rs_chain *before)
{
	if (p->own[chain])
		free(before->rule);
	p->own[chain] = true;
}

/* Rules */

/** Packets that a rule is to accept. */
struct pass {
	enum family family;
	uint8_t proto;
	struct range source, destination, source_ports, ports;
	const char *iif, *oif; /**< "": any */
	bool established;
};

static struct rs_match *match_add(struct rs_rule *rule, enum rs_field field, struct range r)
{
	struct rs_match *m = &rule->match[rule->n_match++];

	*m = (struct rs_match){.kind = RS_MATCH_RANGES, .n_field = 1, .field = {field}, .set = SIZE_MAX};
	ranges_add(&m->ranges, r.lo, r.hi);
	return m;
}

static void match_interface(struct rs_rule *rule, enum rs_field field, const char *name)
{
	u128 value = ifname_value(name);

	if (name[0] != '\0')
		(void)match_add(rule, field, (struct range){value, value});
}

static bool is_all(enum family f, struct range r)
{
	return r.lo == 0 && r.hi == family_max(f);
}

static void match_addresses(struct rs_rule *rule, const struct pass *p, enum rs_family family)
{
	bool v4 = p->family == FAMILY_IPV4;

	if (family == RS_INET && is_all(p->family, p->source) && is_all(p->family, p->destination)) {
		u128 nfproto = v4 ? NFPROTO_V4 : NFPROTO_V6;

		(void)match_add(rule, RS_FIELD_NFPROTO, (struct range){nfproto, nfproto});
	}
	if (!is_all(p->family, p->source))
		(void)match_add(rule, v4 ? RS_FIELD_IP_SADDR : RS_FIELD_IP6_SADDR, p->source);
	if (!is_all(p->family, p->destination))
		(void)match_add(rule, v4 ? RS_FIELD_IP_DADDR : RS_FIELD_IP6_DADDR, p->destination);
}

static bool has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

static void rule_make(const struct pass *p, enum rs_family family, struct rs_rule *out)
{
	*out = (struct rs_rule){.verdict.code = RS_ACCEPT, .vmap_set = SIZE_MAX};
	out->match = xcalloc(9, sizeof(*out->match));
	match_interface(out, RS_FIELD_IIFNAME, p->iif);
	match_interface(out, RS_FIELD_OIFNAME, p->oif);
	match_addresses(out, p, family);
	(void)match_add(out, RS_FIELD_L4PROTO, (struct range){p->proto, p->proto});
	if (has_ports(p->proto) && (p->source_ports.lo > 0 || p->source_ports.hi < UINT16_MAX))
		(void)match_add(out, RS_FIELD_SPORT, p->source_ports);
	if (has_ports(p->proto) && (p->ports.lo > 0 || p->ports.hi < UINT16_MAX))
		(void)match_add(out, RS_FIELD_DPORT, p->ports);
	if (p->established) {
		struct rs_match *m = &out->match[out->n_match++];

		*m = (struct rs_match){.kind = RS_MATCH_MASK,
		        .negate = true,
		        .n_field = 1,
		        .field = {RS_FIELD_CT_STATE},
		        .mask = CT_ESTABLISHED,
		        .set = SIZE_MAX};
	}
}

/* The search */

/** How rules for one stop are written. */
struct manner {
	bool first; /**< at the beginning of the chain, which every packet passes that comes there */
	bool any_interface;
	bool any_state; /**< of packets that answer */
};

static const struct manner manners[] = {{false, false, false}, {true, false, false}, {false, true, false},
        {true, true, false}, {false, true, true}, {true, true, true}};

/** Where packets are stopped. */
struct stop {
	size_t chain, rule; /**< rule n_rule: the chain's policy */
	bool reply; /**< packets that answer are */
	enum rs_hook hook;
	int32_t priority;
	bool hooked; /**< the chain is a base chain; else its hook is not known */
};

struct search {
	const struct whatif_state *then;
	int64_t at;
	const struct flow *flow;
	struct box *box; /**< what is to pass */
	size_t n_box;
	struct patch patch;
	struct whatif_budget *budget;
	struct whatif_cure *out;
	bool own; /* what stops the packets is of the own table */
};

/* nft has no quotation marks for names: what it does not read as one is not told. */
static bool is_plain(const char *name)
{
	if (!isalpha((unsigned char)name[0]) && name[0] != '_')
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && strchr("_./-", *name) == NULL)
			return false;
	return true;
}

static bool is_quotable(const char *ifname)
{
	for (; *ifname != '\0'; ifname++)
		if (!isgraph((unsigned char)*ifname) || strchr("\"\\'`$*;", *ifname) != NULL)
			return false;
	return true;
}

static bool same_name(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool stop_find(const struct ruleset *rs, const struct evidence *e, struct stop *out)
{
	const struct blame *b = &e->blame;

	if (!b->present || !e->has_witness)
		return false;
	for (size_t i = 0; i < rs->n_chain; i++) {
		const struct rs_chain *c = &rs->chain[i];

		if (c->family != b->family || !same_name(c->table, b->table) || !same_name(c->name, b->chain))
			continue;
		*out = (struct stop){i, 0, e->witness.phase == PHASE_REPLY, c->hook, c->priority, c->base};
		while (out->rule < c->n_rule && (b->policy || c->rule[out->rule].handle != b->handle))
			out->rule++;
		return (b->policy || out->rule < c->n_rule) && c->family <= RS_IP6 && is_plain(c->table) &&
		       is_plain(c->name);
	}
	return false;
}

/* Behind the translation of a published address the packets have the listener's own. */
static void translate(const struct flow *flow, const struct flow_leg *leg, const struct stop *stop, struct pass *p)
{
	int shift = (int)flow->inside_ports.lo - (int)flow->ports.lo;

	if (!leg->translated ||
	        (stop->hooked && stop->hook == RS_HOOK_PREROUTING && !stop->reply && stop->priority <= PRIORITY_DSTNAT))
		return;
	p->destination = leg->inside;
	p->ports.lo = (u128)((int)p->ports.lo + shift);
	p->ports.hi = (u128)((int)p->ports.hi + shift);
}

static void turn(struct pass *p)
{
	struct pass was = *p;

	p->source = was.destination;
	p->destination = was.source;
	p->source_ports = was.ports;
	p->ports = was.source_ports;
	p->iif = was.oif;
	p->oif = was.iif;
}

/* Interfaces that a packet has where it is stopped. */
static void limit_interfaces(const struct stop *stop, struct pass *p)
{
	if (stop->hooked && (stop->hook == RS_HOOK_PREROUTING || stop->hook == RS_HOOK_INPUT))
		p->oif = "";
	if (stop->hooked && (stop->hook == RS_HOOK_OUTPUT || stop->hook == RS_HOOK_POSTROUTING))
		p->iif = "";
}

static bool intersect(struct range *r, struct range with)
{
	r->lo = r->lo > with.lo ? r->lo : with.lo;
	r->hi = r->hi < with.hi ? r->hi : with.hi;
	return r->lo <= r->hi;
}

/* The rule for what a leg has of a box; none where it has nothing. @return false: there are too many. */
static bool add_rule(struct search *s, const struct stop *stop, const struct manner *manner, const struct box *box,
        const struct flow_leg *leg, size_t first)
{
	struct pass p = {.family = s->flow->family,
	        .proto = s->flow->proto,
	        .source = box->source,
	        .destination = box->destination,
	        .source_ports = box->source_ports,
	        .ports = box->ports,
	        .iif = manner->any_interface ? "" : leg->iif,
	        .oif = manner->any_interface ? "" : leg->oif,
	        .established = stop->reply && !manner->any_state};

	if (!intersect(&p.source, leg->source) || !intersect(&p.destination, leg->destination))
		return true;
	translate(s->flow, leg, stop, &p);
	if (stop->reply)
		turn(&p);
	limit_interfaces(stop, &p);
	if (s->patch.n_added - first == RULES_MAX || !is_quotable(p.iif) || !is_quotable(p.oif))
		return false;
	s->patch.added = xgrow(s->patch.added, s->patch.n_added, &s->patch.cap_added, sizeof(*s->patch.added));
	rule_make(&p, s->patch.rs.chain[stop->chain].family, &s->patch.added[s->patch.n_added++]);
	return true;
}

static bool add_rules(struct search *s, const struct stop *stop, const struct manner *manner)
{
	const size_t first = s->patch.n_added;

	for (size_t i = 0; i < s->n_box; i++)
		for (size_t k = 0; k < s->flow->n_leg; k++)
			if (!add_rule(s, stop, manner, &s->box[i], &s->flow->leg[k], first)) {
				added_drop(&s->patch, first);
				return false;
			}
	return s->patch.n_added > first;
}

static bool verify_patched(struct search *s, struct findings *out)
{
	const struct flow flow = *s->flow;
	const struct flows one = {(struct flow *)&flow, 1, 1};
	size_t cost = s->patch.rs.n_rule + BUILD_COST;

	if (s->budget->rules < cost)
		return false;
	s->budget->rules -= cost;
	return verify_flows(&one, &s->patch.rs, NULL, s->then->site, s->at, out, NULL) == 0;
}

static bool same_stop(const struct evidence *a, const struct evidence *b)
{
	return a->blame.policy == b->blame.policy && a->blame.handle == b->blame.handle &&
	       a->blame.family == b->blame.family && same_name(a->blame.table, b->blame.table) &&
	       same_name(a->blame.chain, b->blame.chain) && a->witness.phase == b->witness.phase;
}

static void tell(struct search *s, const struct stop *stop, const struct manner *manner, uint64_t handle, size_t n)
{
	const struct rs_chain *c = &s->patch.rs.chain[stop->chain];
	struct whatif_cure *out = s->out;
	bool policy = handle == 0;

	for (size_t i = s->patch.n_added - n; i < s->patch.n_added; i++) {
		char before[48] = "", *text;

		if (out->n == WHATIF_MAX_LINES) {
			out->n_more++;
			continue;
		}
		if (!manner->first && !policy)
			snprintf(before, sizeof(before), " handle %llu", (unsigned long long)handle);
		text = rule_print(&s->patch.rs, c, &s->patch.added[i]);
		out->line = xrealloc(out->line, out->n + 1, sizeof(*out->line));
		out->line[out->n++] = xasprintf("%s rule %s %s %s%s %s", policy && !manner->first ? "add" : "insert",
		        rs_family_name(c->family), c->table, c->name, before, text);
		free(text);
	}
}

/**
 * Put rules where packets are stopped, in one manner after the other, until they are stopped there no more.
 *
 * @param now  in/out: what is found of the flow with the rules that are there.
 */
static bool pass_stop(struct search *s, const struct stop *stop, struct findings *now)
{
	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		const struct manner *m = &manners[i];
		const size_t had = s->patch.n_added;
		const struct rs_chain *c = &s->patch.rs.chain[stop->chain];
		uint64_t handle = stop->rule < c->n_rule ? c->rule[stop->rule].handle : 0;
		struct findings found = {0};

		if ((m->any_state && !stop->reply) || (!m->first && stop->rule < c->n_rule && handle == 0) ||
		        !add_rules(s, stop, m))
			continue;
		const size_t n = s->patch.n_added - had;
		const struct rs_chain before = patch_insert(&s->patch, stop->chain, m->first ? 0 : stop->rule, n);
		if (!verify_patched(s, &found)) {
			patch_undo(&s->patch, stop->chain, &before);
			return false;
		}
		if (found.finding[0].verdict == VERDICT_CONFORMANT ||
		        !same_stop(found.finding[0].evidence, now->finding[0].evidence)) {
			patch_keep(&s->patch, stop->chain, &before);
			tell(s, stop, m, handle, n);
			findings_fini(now);
			*now = found;
			return true;
		}
		patch_undo(&s->patch, stop->chain, &before);
		findings_fini(&found);
	}
	return false;
}

/* What does not pass, or the whole flow where that is too much in pieces. */
static void boxes_find(struct search *s, const struct evidence *e)
{
	const struct flow *flow = s->flow;

	if (!e->remainder_cut && e->n_remainder > 0 && e->n_remainder <= WHATIF_MAX_LINES) {
		s->n_box = e->n_remainder;
		s->box = xmalloc(s->n_box * sizeof(*s->box));
		memcpy(s->box, e->remainder, s->n_box * sizeof(*s->box));
		return;
	}
	s->n_box = 1;
	s->box = xcalloc(1, sizeof(*s->box));
	s->box[0] = (struct box){.source = {0, family_max(flow->family)},
	        .destination = {0, family_max(flow->family)},
	        .source_ports = {flow->source_ports.lo, flow->source_ports.hi},
	        .ports = {flow->ports.lo, flow->ports.hi}};
}

static bool search_run(struct search *s, const struct finding *finding)
{
	struct findings now = {.finding = xmalloc(sizeof(*now.finding)), .n = 1};
	bool cured = false;

	finding_copy(&now.finding[0], finding);
	for (int i = 0; i < STOPS_MAX && !cured; i++) {
		const struct blame *blame = &now.finding[0].evidence->blame;
		struct stop stop;

		s->own = blame->present && blame->family == RS_INET && strcmp(blame->table, OWN_TABLE) == 0 &&
		         s->then->site->firewall.mode == FIREWALL_ENFORCE;
		if (s->own || !stop_find(&s->patch.rs, now.finding[0].evidence, &stop) || !pass_stop(s, &stop, &now))
			break;
		cured = now.finding[0].verdict == VERDICT_CONFORMANT;
	}
	findings_fini(&now);
	return cured;
}

void whatif_cure_find(const struct whatif_state *then, int64_t at, const struct flow *flow,
        const struct finding *finding, struct whatif_budget *budget, struct whatif_cure *out)
{
	struct search s = {.then = then, .at = at, .flow = flow, .budget = budget, .out = out};

	*out = (struct whatif_cure){0};
	if (finding->verdict == VERDICT_MISDIRECTED)
		out->why = "the packets are led elsewhere: no rule that accepts them helps";
	else if (!finding->evidence->blame.present)
		out->why = "it is not known which rule decides";
	else if (budget->rules < then->rs->n_rule + BUILD_COST)
		out->why = "not looked for: too many regressions; ask again when some are cured";
	if (out->why != NULL)
		return;
	boxes_find(&s, finding->evidence);
	patch_init(&s.patch, then->rs);
	if (!search_run(&s, finding)) {
		whatif_cure_fini(out);
		out->why = s.own ? "the agent's own table stops it: what the configuration says has to change"
		           : budget->rules < then->rs->n_rule + BUILD_COST
		                   ? "not looked for: too many regressions; ask again when some are cured"
		                   : "no rule that accepts its packets alone helps";
	}
	patch_fini(&s.patch);
	free(s.box);
}

void whatif_cure_copy(struct whatif_cure *out, const struct whatif_cure *in)
{
	*out = *in;
	out->line = in->n > 0 ? xcalloc(in->n, sizeof(*out->line)) : NULL;
	for (size_t i = 0; i < in->n; i++)
		out->line[i] = xstrdup(in->line[i]);
}

void whatif_cure_fini(struct whatif_cure *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->line[i]);
	free(c->line);
	*c = (struct whatif_cure){0};
}
