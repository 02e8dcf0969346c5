#ifndef MANY_SNAPSHOT_H
#define MANY_SNAPSHOT_H

/*
 * A snapshot of any number of results, made by hand: the sample's, then flows of many requirements between many groups.
 * With a seed every optional part of a row is there or not by chance; without one rows are like those of a real site, one
 * in 10,000 blocked. many_new() gives it with one reference.
 */
#include <stdlib.h>

#include "sample_snapshot.h"

#define MANY_PER_REQUIREMENT 100u
#define MANY_BLOCKED 10000u

struct many_random {
	uint64_t state;
};

static inline unsigned many_draw(struct many_random *r, unsigned below)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((r->state >> 33) % below);
}

static inline bool many_coin(struct many_random *r)
{
	return many_draw(r, 2) == 1;
}

/* Text of all kinds that XML and UTF-8 have trouble with. */
static inline char *many_text(struct many_random *r)
{
	static const char *const texts[] = {"a", "tcp dport 5061 drop", "<&>\"'", "]]>", "größer als Δ", " spaces ",
	        "two\nlines\tand tabs", "x &amp; y"};
	return xstrdup(texts[many_draw(r, sizeof(texts) / sizeof(texts[0]))]);
}

static inline struct packet many_packet(struct many_random *r)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_SCTP};
	struct packet p = sample_packet();
	p.proto = protos[many_draw(r, 4)];
	p.source += many_draw(r, 250);
	p.source_port = (uint16_t)many_draw(r, 65536);
	p.phase = (enum phase)many_draw(r, 3);
	if (many_coin(r)) {
		p.family = FAMILY_IPV6;
		p.destination = ((u128)0x20010db8 << 96) + many_draw(r, 1000);
	}
	return p;
}

static inline struct blame many_blame(struct many_random *r)
{
	struct blame b = {.present = many_coin(r)};
	if (!b.present)
		return b;
	b.family = (enum rs_family)many_draw(r, 3);
	b.table = many_text(r);
	b.chain = many_text(r);
	b.policy = many_coin(r);
	b.verdict = many_coin(r) ? RS_DROP : RS_ACCEPT;
	b.handle = many_draw(r, 100);
	b.text = many_text(r);
	return b;
}

static inline char **many_list(struct many_random *r, size_t *n)
{
	*n = many_draw(r, 4);
	char **list = xcalloc(*n + 1, sizeof(*list));
	for (size_t i = 0; i < *n; i++)
		list[i] = xasprintf("%zu: limit@filter/forward#%u <&>", i, many_draw(r, 100));
	return list;
}

/* A row with chance in it. */
static inline void many_vary(struct snapshot *s, size_t i, struct many_random *r)
{
	struct flow *flow = &s->inputs->flows.flow[i];
	struct finding *finding = &s->findings.finding[i];
	struct evidence e = {.blame = many_blame(r), .has_witness = many_coin(r)};
	e.witness = many_packet(r);
	e.atom = many_list(r, &e.n_atom);
	e.assumed = many_list(r, &e.n_assumed);
	e.reason = many_coin(r) ? many_text(r) : NULL;
	finding->verdict = (enum verdict)many_draw(r, VERDICT_N);
	finding_say(finding, &e);
	flow->caveat = many_coin(r) ? "its interface is <not> known" : NULL;
	flow->path = (enum path)many_draw(r, 3);
	flow->family = many_draw(r, 3) == 0 ? FAMILY_NONE : many_coin(r) ? FAMILY_IPV4 : FAMILY_IPV6;
	flow->source_ports.lo = (uint16_t)many_draw(r, 100);
	flow->source_ports.hi = (uint16_t)(flow->source_ports.lo + many_draw(r, 100));
	s->changed_ms[i] = many_coin(r) ? s->verified_ms - many_draw(r, 100000) : 0;
}

/* A row as of a real site. */
static inline void many_plain(struct snapshot *s, size_t i)
{
	if (i % MANY_BLOCKED != 0)
		return;
	s->findings.finding[i].verdict = VERDICT_BLOCKED;
	finding_say(&s->findings.finding[i], &(struct evidence){.blame = sample_blame("tcp dport 5061 drop", 12),
	                                             .has_witness = true,
	                                             .witness = sample_packet()});
}

static inline void many_requirements(struct snapshot *s, size_t n)
{
	struct pack *pack = &s->inputs->catalog->pack[0];
	size_t had = pack->n_requirement;
	pack->requirement = xrealloc(pack->requirement, had + n, sizeof(*pack->requirement));
	memset(pack->requirement + had, 0, n * sizeof(*pack->requirement));
	for (size_t i = had; i < had + n; i++) {
		char *label = xasprintf("lync/front-end-server/service-%zu/%zu-tcp", i, 1024 + i);
		sample_requirement(&pack->requirement[i], (uint32_t)i + 1, label, i % 3 == 0 ? PROTO_UDP : PROTO_TCP,
		        (uint16_t)(1024 + i));
		free(label);
	}
	pack->n_requirement += n;
	for (size_t i = 0; i < s->inputs->flows.n; i++)
		s->inputs->flows.flow[i].requirement = &pack->requirement[s->inputs->flows.flow[i].id.requirement - 1];
}

static inline void many_flow(struct snapshot *s, size_t i, size_t k)
{
	struct flow *flow = &s->inputs->flows.flow[i];
	const struct pack *pack = &s->inputs->catalog->pack[0];
	const struct requirement *r = &pack->requirement[2 + k / MANY_PER_REQUIREMENT];
	unsigned pair = (unsigned)k % MANY_PER_REQUIREMENT;
	*flow = (struct flow){.id = {5, r->id, 1 + pair % 2, 100 + pair, 2, 4}, .pack = pack, .requirement = r};
	flow->deployment = s->inputs->site->deployment[0].name;
	flow->source = xasprintf("clients-%u", pair);
	flow->destination = xstrdup("fe-pool");
	flow->label = xasprintf("hq/%s#%u %s>fe-pool ipv4", r->label, 1 + pair % 2, flow->source);
	flow->family = FAMILY_IPV4;
	flow->proto = r->flow[0].proto;
	flow->ports = r->flow[0].ports;
	flow->source_ports = r->flow[0].source_ports;
	s->findings.finding[i] = (struct finding){.evidence = &evidence_none};
	s->changed_ms[i] = s->verified_ms - 1000;
}

/* Beside the results: what other lists may hold. */
static inline void many_others(struct snapshot *s, struct many_random *r)
{
	struct deployment *d = &s->inputs->site->deployment[0];
	struct pack *pack = &s->inputs->catalog->pack[0];
	struct opening *o = &s->openings.opening[0];
	s->own = (struct own_state){
	        .deviates = true, .why = "<&>\"'", .paused_until = 1800000000, .paused_by = "somebody"};
	if (many_coin(r)) {
		free(d->pack_digest);
		d->pack_digest = xstrdup(many_coin(r) ? pack->digest : "0123");
	}
	free(o->blame.table);
	free(o->blame.chain);
	free(o->blame.text);
	o->blame = many_blame(r);
	o->proto = many_coin(r) ? PROTO_UDP : many_coin(r) ? PROTO_ICMP : 0;
	o->acknowledged = many_coin(r);
	o->witness = many_packet(r);
	pack->ipsec = xcalloc(1, sizeof(*pack->ipsec));
	pack->n_ipsec = 1;
	pack->ipsec[0] = (struct ipsec_exemption){.id = 1,
	        .name = xstrdup("av-edge-internal-inbound"),
	        .direction = xstrdup("inbound"),
	        .source = xstrdup("any"),
	        .destination = xstrdup("front-end-server"),
	        .source_port = xstrdup("any"),
	        .destination_port = xstrdup("3478"),
	        .action = xstrdup("do-not-authenticate"),
	        .tcp = many_coin(r),
	        .udp = true};
	if (many_coin(r)) {
		s->unreadable = xstrdup("the ruleset <changes> & changes");
		ruleset_free(s->ruleset);
		s->ruleset = NULL;
	}
}

/** n further results. seed 0: without chance. */
static inline struct snapshot *many_new(uint64_t generation, int64_t now_ms, size_t n, uint64_t seed)
{
	struct snapshot *s = sample_new(generation, now_ms);
	struct flows *f = &s->inputs->flows;
	struct many_random r = {seed};
	size_t had = f->n, all = had + n;
	many_requirements(s, n / MANY_PER_REQUIREMENT + 1);
	f->flow = xrealloc(f->flow, all, sizeof(*f->flow));
	f->cap = f->n = s->findings.n = all;
	s->findings.finding = xrealloc(s->findings.finding, all, sizeof(*s->findings.finding));
	s->changed_ms = xrealloc(s->changed_ms, all, sizeof(*s->changed_ms));
	for (size_t k = 0; k < n; k++) {
		many_flow(s, had + k, k);
		if (seed != 0)
			many_vary(s, had + k, &r);
		else
			many_plain(s, had + k);
	}
	if (seed != 0)
		many_others(s, &r);
	summary_build(f, &s->findings, &s->openings, s->ruleset, &s->summary);
	return s;
}

#endif
