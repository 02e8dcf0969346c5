#ifndef PORTCULLIS_TESTS_MUTATION_SITE_H
#define PORTCULLIS_TESTS_MUTATION_SITE_H

/*
 * For tests: flows and a site in the addresses and ports that mutation.h draws from, and the comparison of all that two
 * verifications found.
 */
#include "verify_support.h"

static const char *const mutation_flows[] = {
        "tcp 10.0.0.0/24 1024-65535 10.1.0.1 5061",
        "tcp 10.0.1.0/24 1024-65535 10.1.0.1-10.1.0.3 5062-5064",
        "tcp 10.0.0.0/16 1024-65535 10.1.2.0/24 5061",
        "tcp 10.0.2.3 1024-65535 10.1.3.2 5066 forward",
        "tcp 10.0.0.0/16 0-65535 10.2.0.0/16 5060-5071",
        "udp 10.0.0.0/16 1024-65535 10.1.1.0/24 5060-5065",
        "udp 10.0.3.0/24 5060 10.2.2.4 5060",
        "icmp 10.0.0.0/16 0 10.1.0.0/16 0",
        "tcp 10.2.0.0/24 1024-65535 10.1.0.5 5063 forward s0 c0",
        "tcp 10.0.0.0/16 1024-65535 10.1.0.6 5065 forward ? ?",
        "tcp 10.0.0.0/16 1024-65535 10.1.0.7 5067 input",
        "udp 10.0.1.7 1024-65535 10.1.0.7 5069 input",
        "tcp 10.1.0.7 1024-65535 10.0.1.0/24 5061 output",
        "tcp fd00::/64 1024-65535 fd01::5 5061",
        "udp fd00::/64 1024-65535 fd01::5 5062 forward",
        "tcp 10.0.1.0/24 1024-65535 10.2.1.1 5061 forward c0 s0 inside 10.1.0.2 5062",
        "tcp 10.0.1.0/24 1024-65535 10.2.1.2 5061 forward c0 s0 inside 10.1.0.2-10.1.0.3 5061",
        "tcp 10.0.0.1 1024-65535 10.1.0.4 5068",
        "tcp 10.0.0.2 1024-65535 10.1.0.4 5068",
        "tcp 10.0.2.0/24 1024-65535 10.1.0.4-10.1.3.4 5060-5071",
};
#define MUTATION_FLOWS (sizeof(mutation_flows) / sizeof(mutation_flows[0]))

struct mutation_site {
	struct flow flow[MUTATION_FLOWS];
	struct flows flows;
	struct site site;
	struct network net;
	struct group group[3];
	struct prefix address[3][3];
	struct zone zone[2];
	char *interface[2][2];
	struct deployment deployment;
	char *bound[2];
	struct allowance allowance;
	struct assumption assumption;
	struct net_route route[6];
};

static inline void mutation_route(struct mutation_site *s, size_t i, const char *text, const char *ifname)
{
	struct net_route *r = &s->route[i];

	r->destination = text_range(text, &r->family);
	r->prefix_length = range_prefix_length(r->family, r->destination);
	snprintf(r->ifname, sizeof(r->ifname), "%s", ifname);
}

static inline void mutation_group(struct mutation_site *s, size_t i, char *name, char *zone, const char *const *list)
{
	struct group *g = &s->group[i];

	*g = (struct group){.name = name, .zone = zone, .id = (uint32_t)i + 1, .address = s->address[i]};
	for (; *list != NULL; list++) {
		s->address[i][g->n_address].range = text_range(*list, &s->address[i][g->n_address].family);
		g->n_address++;
	}
}

static inline void mutation_site_make(struct mutation_site *s, bool routes)
{
	static char servers[] = "servers", others[] = "others", nobody[] = "nobody", inside[] = "inside",
	            outside[] = "outside", voice[] = "voice", c0[] = "c0", s0[] = "s0", s1[] = "s1", all[] = "limit@*",
	            fixed[] = "fixed";
	static const char *const of_servers[] = {"10.1.0.0/24", "fd01::5", NULL},
	                         *const of_others[] = {"10.2.2.4", "10.1.2.0/24", NULL},
	                         *const of_nobody[] = {"10.2.3.0/24", NULL};

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < MUTATION_FLOWS; i++)
		flow_make(&s->flow[i], mutation_flows[i]);
	s->flow[3].state = FLOW_WAIVED;
	s->flows = (struct flows){s->flow, MUTATION_FLOWS, MUTATION_FLOWS};
	mutation_group(s, 0, servers, inside, of_servers);
	mutation_group(s, 1, others, inside, of_others);
	mutation_group(s, 2, nobody, inside, of_nobody);
	s->interface[0][0] = s0;
	s->interface[0][1] = s1;
	s->interface[1][0] = c0;
	s->zone[0] = (struct zone){.name = inside, .interface = s->interface[0], .n_interface = 2};
	s->zone[1] = (struct zone){.name = outside, .interface = s->interface[1], .n_interface = 1};
	s->bound[0] = servers;
	s->bound[1] = others;
	s->deployment = (struct deployment){.name = voice, .group = s->bound, .n_group = 2};
	s->allowance = (struct allowance){.proto = PROTO_TCP, .ports = {5070, 5071}};
	s->assumption = (struct assumption){.name = fixed, .pattern = all, .value = true};
	s->site = (struct site){.group = s->group,
	        .n_group = 3,
	        .zone = s->zone,
	        .n_zone = 2,
	        .deployment = &s->deployment,
	        .n_deployment = 1,
	        .allowance = &s->allowance,
	        .n_allowance = 1,
	        .assumption = &s->assumption,
	        .n_assumption = routes ? 1 : 0};
	if (!routes)
		return;
	mutation_route(s, 0, "10.0.0.0/16", "c0");
	mutation_route(s, 1, "10.1.0.0/16", "s0");
	mutation_route(s, 2, "10.2.0.0/16", "s1");
	mutation_route(s, 3, "::/0", "c0");
	mutation_route(s, 4, "fd01::/64", "s0");
	mutation_route(s, 5, "192.0.2.0/24", "m0");
	s->net = (struct network){.known = true, .route = s->route, .n_route = 6};
}

static inline void mutation_site_free(struct mutation_site *s)
{
	for (size_t i = 0; i < MUTATION_FLOWS; i++)
		flow_free(&s->flow[i]);
}

static inline bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static inline void same_blame(const struct blame *a, const struct blame *b, const char *what)
{
	ck_assert_msg(a->present == b->present && a->policy == b->policy && a->family == b->family &&
	                      same_text(a->table, b->table) && same_text(a->chain, b->chain) && a->hook == b->hook &&
	                      a->handle == b->handle && same_text(a->text, b->text) && a->verdict == b->verdict,
	        "%s: blame is %s %s %llu %s, should be %s %s %llu %s", what, a->table, a->chain,
	        (unsigned long long)a->handle, a->text, b->table, b->chain, (unsigned long long)b->handle, b->text);
}

static inline void same_packet(const struct packet *a, const struct packet *b, const char *what)
{
	char *x = packet_print(a), *y = packet_print(b);

	ck_assert_msg(strcmp(x, y) == 0 && strcmp(a->iif, b->iif) == 0 && strcmp(a->oif, b->oif) == 0 &&
	                      a->phase == b->phase && a->path == b->path && a->icmp_type == b->icmp_type,
	        "%s: the witness is %s, should be %s", what, x, y);
	free(x);
	free(y);
}

static inline bool same_range(struct range a, struct range b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static inline bool same_box(const struct box *a, const struct box *b)
{
	return same_range(a->source, b->source) && same_range(a->destination, b->destination) &&
	       same_range(a->source_ports, b->source_ports) && same_range(a->ports, b->ports);
}

static inline void same_findings(const struct findings *a, const struct findings *b, const char *after)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct finding *x = &a->finding[i], *y = &b->finding[i];
		char *what = xasprintf("flow %s after %s", mutation_flows[i], after);

		ck_assert_msg(x->verdict == y->verdict, "%s: %s, should be %s", what, verdict_name(x->verdict),
		        verdict_name(y->verdict));
		same_blame(&x->evidence->blame, &y->evidence->blame, what);
		ck_assert_msg(x->evidence->has_witness == y->evidence->has_witness, "%s: witness", what);
		if (x->evidence->has_witness)
			same_packet(&x->evidence->witness, &y->evidence->witness, what);
		ck_assert_msg(x->evidence->n_remainder == y->evidence->n_remainder &&
		                      x->evidence->remainder_cut == y->evidence->remainder_cut,
		        "%s: remainder", what);
		for (size_t k = 0; k < x->evidence->n_remainder; k++)
			ck_assert_msg(same_box(&x->evidence->remainder[k], &y->evidence->remainder[k]),
			        "%s: remainder %zu", what, k);
		ck_assert_msg(
		        x->evidence->n_atom == y->evidence->n_atom && x->evidence->n_assumed == y->evidence->n_assumed,
		        "%s: atoms", what);
		for (size_t k = 0; k < x->evidence->n_atom; k++)
			ck_assert_str_eq(x->evidence->atom[k], y->evidence->atom[k]);
		for (size_t k = 0; k < x->evidence->n_assumed; k++)
			ck_assert_str_eq(x->evidence->assumed[k], y->evidence->assumed[k]);
		ck_assert_msg(same_text(x->evidence->reason, y->evidence->reason), "%s: reason %s, should be %s", what,
		        x->evidence->reason, y->evidence->reason);
		free(what);
	}
}

static inline void same_openings(const struct openings *a, const struct openings *b, const char *after)
{
	ck_assert_msg(a->n == b->n, "%zu openings, should be %zu, after %s", a->n, b->n, after);
	ck_assert_msg(a->incomplete == b->incomplete && same_text(a->reason, b->reason),
	        "%s: openings are %s, should be %s", after, a->reason, b->reason);
	for (size_t i = 0; i < a->n; i++) {
		const struct opening *x = &a->opening[i], *y = &b->opening[i];
		char *what = xasprintf("opening %s after %s", y->label, after);

		ck_assert_msg(x->id == y->id && strcmp(x->label, y->label) == 0, "%s: it is %s", what, x->label);
		same_blame(&x->blame, &y->blame, what);
		ck_assert_msg(x->family == y->family && x->proto == y->proto &&
		                      x->source_ports_only == y->source_ports_only && x->n_box == y->n_box &&
		                      same_box(&x->box, &y->box) && strcmp(x->iif, y->iif) == 0 &&
		                      strcmp(x->oif, y->oif) == 0 && strcmp(x->listener, y->listener) == 0 &&
		                      strcmp(x->packets, y->packets) == 0 && x->acknowledged == y->acknowledged,
		        "%s differs", what);
		same_packet(&x->witness, &y->witness, what);
		free(what);
	}
}

#endif
