#ifndef SAMPLE_SNAPSHOT_H
#define SAMPLE_SNAPSHOT_H

/*
 * A small snapshot made by hand: one pack, one deployment of two groups, four flows of which one is blocked, one problem,
 * one opening and two entries of history. sample_new() gives it with one reference; snapshot_unref() frees all of it.
 */
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/firewall.h"
#include "portcullis/flat.h"
#include "portcullis/snapshot.h"

#define SAMPLE_PACKETS "340282366920938463463374607431768211456"
#define SAMPLE_RULE "inet filter forward handle 12: tcp dport 5061 drop"
#define SAMPLE_WITNESS "tcp 10.0.0.5:40000 > 10.1.0.10:5061"

static inline char **sample_list(const char *item)
{
	char **list = xcalloc(1, sizeof(*list));
	list[0] = xstrdup(item);
	return list;
}

static inline void sample_requirement(
        struct requirement *r, uint32_t id, const char *label, uint8_t proto, uint16_t port)
{
	r->id = id;
	r->label = xstrdup(label);
	r->listener = xstrdup("front-end-server");
	r->initiator = xcalloc(1, sizeof(*r->initiator));
	r->n_initiator = 1;
	r->initiator[0].role = xstrdup("client");
	r->initiator[0].basis = id == 2 ? BASIS_INFERRED : BASIS_STATED;
	r->service = xstrdup("front-end-service");
	r->reach = REACH_SITE;
	r->condition = xstrdup("");
	r->lb_need = LB_NEED_HLB_IF_NO_DNS_LB;
	r->purpose = xstrdup("Signalling of the clients.");
	r->flow = xcalloc(1, sizeof(*r->flow));
	r->n_flow = 1;
	r->flow[0] = (struct requirement_flow){proto, {port, port}, {1024, 65535}, SECURITY_TLS, xstrdup("sip")};
	r->provenance = xcalloc(1, sizeof(*r->provenance));
	r->n_provenance = 1;
	r->provenance[0] = (struct provenance){xstrdup("a.md"), xstrdup("de"), xstrdup("server-ports"), 7, 60,
	        xstrdup(""), xstrdup(""), xstrdup(""), xstrdup(""), xstrdup(""), xstrdup("")};
}

static inline struct catalog *sample_catalog(void)
{
	struct catalog *c = xcalloc(1, sizeof(*c));
	struct pack *p = c->pack = xcalloc(1, sizeof(*c->pack));
	c->n_pack = 1;
	c->refs = 1;
	p->id = 2;
	p->name = xstrdup("lync-server-2013");
	p->title = xstrdup("Lync Server 2013");
	p->version = xstrdup("1.0");
	memset(p->digest, 'a', 64);
	p->file = xstrdup("lync.json");
	p->json =
	        xstrdup("{\"name\":\"lync-server-2013\",\"id\":2,\"title\":\"Lync Server 2013\",\"version\":\"1.0\","
	                "\"requirement\":[{\"id\":1,\"label-name\":\"lync/front-end-server/front-end-service/"
	                "5061-tcp\",\"listener\":\"front-end-server\",\"reach\":\"site\",\"class\":\"signalling\"}]}");
	p->role = xcalloc(2, sizeof(*p->role));
	p->n_role = 2;
	p->role[0] = (struct role){.id = 9, .name = xstrdup("client"), .kind = ROLE_CLIENT};
	p->role[1] = (struct role){.id = 4, .name = xstrdup("front-end-server"), .kind = ROLE_SERVER};
	p->role[1].include = sample_list("registrar");
	p->role[1].n_include = 1;
	p->role[1].label = xcalloc(2, sizeof(*p->role[1].label));
	p->role[1].n_label = 2;
	p->role[1].label[0] = (struct label){xstrdup("de"), xstrdup("Front-End")};
	p->role[1].label[1] = (struct label){xstrdup("en"), xstrdup("Front End Server")};
	p->requirement = xcalloc(2, sizeof(*p->requirement));
	p->n_requirement = 2;
	sample_requirement(&p->requirement[0], 1, "lync/front-end-server/front-end-service/5061-tcp", PROTO_TCP, 5061);
	sample_requirement(&p->requirement[1], 2, "lync/front-end-server/front-end-service/3478-udp", PROTO_UDP, 3478);
	return c;
}

static inline void sample_group(struct group *g, uint32_t id, const char *name, const char *role, u128 lo, u128 hi)
{
	*g = (struct group){.name = xstrdup(name), .id = id, .zone = xstrdup("")};
	g->member_of = xcalloc(1, sizeof(*g->member_of));
	g->n_member_of = 1;
	g->member_of[0] = (struct membership){.product = xstrdup("lync-server-2013"), .role = xstrdup(role)};
	g->address = xcalloc(1, sizeof(*g->address));
	g->n_address = 1;
	g->address[0] = (struct prefix){FAMILY_IPV4, {lo, hi}};
}

static inline struct site *sample_site(void)
{
	struct site *s = xcalloc(1, sizeof(*s));
	s->group = xcalloc(2, sizeof(*s->group));
	s->n_group = 2;
	sample_group(&s->group[0], 1, "clients", "client", 0x0a000000, 0x0a0000ff);
	sample_group(&s->group[1], 2, "fe-pool", "front-end-server", 0x0a01000a, 0x0a01000b);
	struct deployment *d = s->deployment = xcalloc(1, sizeof(*s->deployment));
	s->n_deployment = 1;
	*d = (struct deployment){.name = xstrdup("hq"),
	        .id = 5,
	        .product = xstrdup("lync-server-2013"),
	        .pack_version = xstrdup(""),
	        .pack_digest = xstrdup("")};
	d->group = sample_list("clients");
	d->n_group = 1;
	return s;
}

/* requirement: 1 or 2; the finding is conformant unless the caller changes it. */
static inline void sample_flow(struct snapshot *s, uint32_t requirement, uint32_t initiator, uint32_t family)
{
	struct flows *f = &s->inputs->flows;
	const struct pack *pack = &s->inputs->catalog->pack[0];
	const struct requirement *r = &pack->requirement[requirement - 1];
	f->flow = xgrow(f->flow, f->n, &f->cap, sizeof(*f->flow));
	struct flow *flow = &f->flow[f->n];
	memset(flow, 0, sizeof(*flow));
	flow->id = (struct flow_id){5, requirement, 1, initiator, 2, family};
	flow->pack = pack;
	flow->requirement = r;
	flow->deployment = s->inputs->site->deployment[0].name;
	flow->source = xstrdup(initiator == PARTY_ANY ? "any" : initiator == PARTY_UNBOUND ? "director" : "clients");
	flow->destination = xstrdup("fe-pool");
	flow->label = xasprintf("hq/%s#1 %s>fe-pool %s", r->label, flow->source, family == 6 ? "ipv6" : "ipv4");
	flow->family = (enum family)family;
	flow->proto = r->flow[0].proto;
	flow->ports = r->flow[0].ports;
	flow->source_ports = r->flow[0].source_ports;
	f->n++;
	s->findings.finding = xrealloc(s->findings.finding, f->n, sizeof(*s->findings.finding));
	s->findings.finding[f->n - 1] = (struct finding){.evidence = &evidence_none};
	s->findings.n = f->n;
	s->changed_ms = xrealloc(s->changed_ms, f->n, sizeof(*s->changed_ms));
	s->changed_ms[f->n - 1] = 0;
}

static inline struct packet sample_packet(void)
{
	return (struct packet){.family = FAMILY_IPV4,
	        .proto = PROTO_TCP,
	        .source = 0x0a000005,
	        .source_port = 40000,
	        .destination = 0x0a01000a,
	        .destination_port = 5061};
}

static inline struct blame sample_blame(const char *text, uint64_t handle)
{
	return (struct blame){.present = true,
	        .family = RS_INET,
	        .table = xstrdup("filter"),
	        .chain = xstrdup("forward"),
	        .hook = RS_HOOK_FORWARD,
	        .handle = handle,
	        .text = xstrdup(text),
	        .verdict = RS_DROP};
}

static inline void sample_change(struct change *c, enum change_kind kind, uint64_t sequence)
{
	memset(c, 0, sizeof(*c));
	c->kind = kind;
	c->sequence = sequence;
	c->problem_id = 77;
	c->cause = (struct cause){CAUSE_RULESET, 4321, "nft"};
	c->affected = 1;
	c->severity = SEVERITY_CRITICAL;
	c->verdict = kind == CHANGE_CLEARED ? VERDICT_CONFORMANT : VERDICT_BLOCKED;
	c->old_overall = OVERALL_OK;
	c->new_overall = OVERALL_VIOLATED;
	c->label = xstrdup("hq/lync/front-end-server/front-end-service/5061-tcp#1 clients>fe-pool ipv4");
	c->rule = xstrdup(SAMPLE_RULE);
	c->witness = xstrdup(SAMPLE_WITNESS);
	c->reason = xstrdup("");
	c->wall_s = 1700000000;
}

static inline void sample_events(struct snapshot *s)
{
	s->problem = xcalloc(1, sizeof(*s->problem));
	s->n_problem = 1;
	s->problem[0] = (struct problem){.id = 77,
	        .cause = {CAUSE_RULESET, 4321, "nft"},
	        .n_flow = 1,
	        .n_flow_raised = 3,
	        .severity = SEVERITY_CRITICAL,
	        .verdict = VERDICT_BLOCKED,
	        .label = xstrdup(s->inputs->flows.flow[0].label),
	        .rule = xstrdup(SAMPLE_RULE),
	        .witness = xstrdup(SAMPLE_WITNESS),
	        .since_ms = 5000,
	        .since_wall = 1700000000};
	s->problem[0].flow = xcalloc(1, sizeof(struct flow_id));
	s->problem[0].flow[0] = s->inputs->flows.flow[0].id;
	s->openings.opening = xcalloc(1, sizeof(*s->openings.opening));
	s->openings.n = s->openings.cap = 1;
	s->openings.opening[0] = (struct opening){.id = 2147483647,
	        .label = xstrdup("tcp 0-65535 to fe-pool"),
	        .blame = sample_blame("accept", 9),
	        .family = FAMILY_IPV4,
	        .proto = PROTO_TCP,
	        .box = {{0, 0xffffffff}, {0x0a01000a, 0x0a01000a}, {0, 65535}, {22, 22}},
	        .listener = xstrdup("fe-pool"),
	        .packets = xstrdup(SAMPLE_PACKETS),
	        .witness = sample_packet(),
	        .iif = "eth0"};
	s->history = xcalloc(2, sizeof(*s->history));
	s->n_history = 2;
	sample_change(&s->history[0], CHANGE_OVERALL, 41);
	sample_change(&s->history[1], CHANGE_VIOLATED, 42);
}

/** now_ms: monotonic; the snapshot says that it started 100 s and changed 10 s before. */
static inline struct snapshot *sample_new(uint64_t generation, int64_t now_ms)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));
	atomic_init(&s->refs, 1);
	s->generation = generation;
	s->inputs = xcalloc(1, sizeof(*s->inputs));
	atomic_init(&s->inputs->refs, 1);
	s->inputs->catalog = sample_catalog();
	s->inputs->site = sample_site();
	s->ruleset = xcalloc(1, sizeof(*s->ruleset));
	s->ruleset->generation = 17;
	memset(s->ruleset->digest, 'd', 64);
	s->ruleset->n_rule = 30;
	sample_flow(s, 1, 1, 4);
	sample_flow(s, 1, 1, 6);
	sample_flow(s, 2, PARTY_UNBOUND, 4);
	sample_flow(s, 2, PARTY_ANY, 4);
	s->findings.finding[0].verdict = VERDICT_BLOCKED;
	finding_say(&s->findings.finding[0], &(struct evidence){.blame = sample_blame("tcp dport 5061 drop", 12),
	                                             .has_witness = true,
	                                             .witness = sample_packet()});
	s->findings.finding[2].verdict = VERDICT_UNBOUND;
	s->findings.finding[3].verdict = VERDICT_INDETERMINATE;
	finding_say(&s->findings.finding[3],
	        &(struct evidence){.atom = sample_list("limit@filter/forward#7"), .n_atom = 1});
	s->changed_ms[0] = now_ms - 10000;
	sample_events(s);
	summary_build(&s->inputs->flows, &s->findings, &s->openings, s->ruleset, &s->summary);
	s->started_ms = now_ms - 100000;
	s->verified_ms = now_ms - 5000;
	s->sure_ms = now_ms - 5000;
	s->changed_last_ms = now_ms - 10000;
	s->verified_wall = s->changed_last_wall = 1700000000;
	s->oldest_sequence = 41;
	s->newest_sequence = 42;
	s->verify_us = 1234;
	s->version = xstrdup("0.1.0");
	return s;
}

#define SAMPLE_DEVIATION "rule 'a' is not there"

/** Add what enforces: two rules, a table that is not as it was installed, a pause; and an exemption from IPsec. */
static inline struct snapshot *sample_firewall(struct snapshot *s)
{
	struct firewall *f = &s->inputs->site->firewall;
	struct pack *p = &s->inputs->catalog->pack[0];

	f->mode = FIREWALL_ENFORCE;
	f->rule = xcalloc(2, sizeof(*f->rule));
	f->n_rule = 2;
	f->rule[0] = (struct firewall_rule){.name = xstrdup("b"), .action = ACTION_DROP, .comment = xstrdup("no more")};
	f->rule[1] = (struct firewall_rule){.name = xstrdup("a"), .path = PATH_INPUT, .action = ACTION_ACCEPT};
	s->own = (struct own_state){
	        .deviates = true, .why = SAMPLE_DEVIATION, .paused_until = 1700000000, .pause_reason = "a look"};
	p->ipsec = xcalloc(1, sizeof(*p->ipsec));
	p->n_ipsec = 1;
	p->ipsec[0] = (struct ipsec_exemption){.id = 1,
	        .name = xstrdup("media"),
	        .direction = xstrdup("both"),
	        .source = xstrdup("edge-server"),
	        .destination = xstrdup("any"),
	        .source_port = xstrdup("any"),
	        .destination_port = xstrdup("media-range"),
	        .action = xstrdup("permit"),
	        .tcp = true,
	        .udp = true};
	return s;
}

#endif
