/* links: verify catalog deployment base */
/*
 * Exemptions from IPsec: what policies of this device do to them, as tables of policies and states, and the decoding of
 * the kernel's messages, whole and cut.
 */
#include <arpa/inet.h>
#include <check.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/ipsec.h"

#define S(text) ((char[]){text})

/* An edge server at 10.3.0.10 and a mediation server at 10.1.0.5; clients with a media range of 50020-50039. */
static char *edge_member[] = {S("edge-server")}, *names[] = {S("edge"), S("mediation")};
static struct role roles[] = {{.name = S("av-edge"), .include = edge_member, .n_include = 1},
        {.name = S("edge-server")}, {.name = S("mediation-server")}};
static struct requirement_flow media_flow[] = {
        {.proto = PROTO_UDP, .ports = {1024, 65535}}, {.proto = PROTO_TCP, .ports = {1024, 65535}}};
static struct requirement requirements[] = {
        {.id = 1, .label = S("p/client/audio"), .class = CLASS_CLIENT_MEDIA, .flow = media_flow, .n_flow = 2}};
static struct port_override media = {.requirement = S("p/client/audio"), .variant = 1, .ports = {50020, 50039}};
static struct prefix addresses[] = {{FAMILY_IPV4, {0x0a03000a, 0x0a03000a}}, {FAMILY_IPV4, {0x0a010005, 0x0a010005}}};
static struct membership members[] = {
        {S("p"), S("edge-server"), INTERFACE_ANY}, {S("p"), S("mediation-server"), INTERFACE_ANY}};
static struct group groups[] = {
        {.name = S("edge"), .member_of = &members[0], .n_member_of = 1, .address = &addresses[0], .n_address = 1},
        {.name = S("mediation"), .member_of = &members[1], .n_member_of = 1, .address = &addresses[1], .n_address = 1}};
enum { INBOUND, OUTBOUND, CLIENTS, ELSEWHERE, N };
static struct ipsec_exemption exemptions[N] = {[INBOUND] = {1, S("in"), S("inbound"), S("any"), S("av-edge"), S("any"),
                                                       S("any"), S("x"), .tcp = true, .udp = true},
        [OUTBOUND] = {2, S("out"), S("outbound"), S("mediation-server"), S("any"), S("any"), S("any"), S("x"),
                .tcp = true, .udp = true},
        [CLIENTS] = {3, S("clients"), S("both"), S("any"), S("any"), S("media-range"), S("any"), S("x"), .udp = true},
        [ELSEWHERE] = {4, S("no"), S("inbound"), S("any"), S("exchange"), S("any"), S("any"), S("x"), .udp = true}};
static struct pack pack = {.name = S("p"),
        .role = roles,
        .n_role = 3,
        .requirement = requirements,
        .n_requirement = 1,
        .ipsec = exemptions,
        .n_ipsec = N};
static struct catalog catalog = {.pack = &pack, .n_pack = 1};
static struct deployment deployment = {.pack_digest = (char *)"",
        .name = S("d"),
        .product = S("p"),
        .group = names,
        .n_group = 2,
        .port_override = &media,
        .n_port_override = 1};
static struct site site = {.group = groups, .n_group = 2, .deployment = &deployment, .n_deployment = 1};

/** What a policy says, short. */
struct line {
	const char *source, *destination;
	uint8_t proto;
	struct port_range source_ports;
	enum ipsec_direction direction;
	enum ipsec_mode mode[3]; /**< of n templates */
	size_t n;
	uint32_t mark, if_id;
	bool block;
};

static struct ipsec_policies *policies_of(const struct line *line, size_t n)
{
	struct ipsec_policies *p = ipsec_unreadable("");

	free(p->unreadable);
	p->unreadable = NULL;
	for (size_t i = 0; i < n && line[i].source != NULL; i++) {
		struct ipsec_policy *q;
		enum family f;
		struct error err;

		p->policy = xgrow(p->policy, p->n, &p->cap, sizeof(*p->policy));
		q = &p->policy[p->n++];
		*q = (struct ipsec_policy){.proto = line[i].proto,
		        .direction = line[i].direction,
		        .n_template = line[i].n,
		        .mark = line[i].mark,
		        .mark_mask = line[i].mark,
		        .if_id = line[i].if_id,
		        .block = line[i].block,
		        .source_ports = {line[i].source_ports.lo, line[i].source_ports.hi},
		        .ports = {0, UINT16_MAX}};
		if (q->source_ports.hi == 0)
			q->source_ports.hi = UINT16_MAX;
		ck_assert_int_eq(prefix_parse(line[i].source, &q->family, &q->source, &err), 0);
		ck_assert_int_eq(prefix_parse(line[i].destination, &f, &q->destination, &err), 0);
		for (size_t k = 0; k < line[i].n; k++)
			q->template[k].mode = line[i].mode[k];
	}
	return p;
}

#define TRANSPORT .mode = {IPSEC_TRANSPORT}, .n = 1
#define TUNNEL .mode = {IPSEC_TUNNEL}, .n = 1
#define ALL "0.0.0.0/0"

static const struct {
	const char *name;
	struct line policy[3];
	enum ipsec_state state[N];
	const char *witness; /**< of the violated or tunnelled exemption that comes first */
} cases[] = {
        {"no policy", {{0}}, {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_UNBOUND}, NULL},
        {"transport to the edge", {{"10.1.0.0/16", "10.3.0.10", .direction = IPSEC_FORWARD, TRANSPORT}},
                {IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_UNBOUND}, "tcp 10.1.0.1:1024 > 10.3.0.10:0"},
        {"transport of signalling only", {{"10.1.0.0/16", "10.3.0.10", PROTO_TCP, .direction = IPSEC_OUT, TRANSPORT}},
                {IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_NOT_OBSERVABLE, IPSEC_UNBOUND},
                "tcp 10.1.0.1:1024 > 10.3.0.10:0"},
        {"transport elsewhere", {{"10.9.0.0/16", "10.8.0.0/16", PROTO_TCP, .direction = IPSEC_OUT, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_UNBOUND}, NULL},
        {"a protocol that is not exempted", {{ALL, ALL, PROTO_ICMP, .direction = IPSEC_OUT, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_UNBOUND}, NULL},
        {"source ports inside the media range",
                {{"10.9.0.0/16", "10.8.0.0/16", PROTO_UDP, {50030, 50030}, IPSEC_OUT, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_VIOLATED, IPSEC_UNBOUND},
                "udp 10.9.0.1:50030 > 10.8.0.1:0"},
        {"source ports beside the media range: only the way back, to media ports, is caught",
                {{"10.9.0.0/16", "10.8.0.0/16", PROTO_UDP, {50040, 50040}, IPSEC_OUT, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_VIOLATED, IPSEC_UNBOUND},
                "udp 10.9.0.1:50040 > 10.8.0.1:50020"},
        {"tunnel of the whole site", {{"10.0.0.0/8", ALL, .direction = IPSEC_OUT, TUNNEL}},
                {IPSEC_TUNNELLED, IPSEC_TUNNELLED, IPSEC_TUNNELLED, IPSEC_UNBOUND}, "tcp 10.0.0.1:1024 > 10.3.0.10:0"},
        {"transport inside a tunnel",
                {{"10.0.0.0/8", ALL, .direction = IPSEC_OUT, .mode = {IPSEC_TRANSPORT, IPSEC_TUNNEL}, .n = 2}},
                {IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_UNBOUND}, NULL},
        {"bypass before transport",
                {{ALL, "10.3.0.10", .direction = IPSEC_OUT},
                        {"10.1.0.0/16", "10.3.0.10", .direction = IPSEC_OUT, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_UNBOUND}, NULL},
        {"bypass in another direction",
                {{ALL, "10.3.0.10", .direction = IPSEC_IN},
                        {"10.1.0.0/16", "10.3.0.10", .direction = IPSEC_OUT, TRANSPORT}},
                {IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_UNBOUND}, NULL},
        {"tunnel, then transport for the rest",
                {{"10.1.0.0/16", ALL, .direction = IPSEC_OUT, TUNNEL},
                        {ALL, "10.3.0.10", .direction = IPSEC_OUT, TRANSPORT}},
                {IPSEC_VIOLATED, IPSEC_TUNNELLED, IPSEC_VIOLATED, IPSEC_UNBOUND}, NULL},
        {"block", {{ALL, "10.3.0.10", .direction = IPSEC_FORWARD, .block = true}},
                {IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_VIOLATED, IPSEC_UNBOUND}, NULL},
        {"marked packets only", {{ALL, "10.3.0.10", .direction = IPSEC_FORWARD, .mark = 7, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_UNBOUND}, NULL},
        {"a virtual interface", {{ALL, "10.3.0.10", .direction = IPSEC_FORWARD, .if_id = 7, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_UNBOUND}, NULL},
        {"the other family", {{"fd00::/8", "fd00::/8", .direction = IPSEC_FORWARD, TRANSPORT}},
                {IPSEC_NOT_OBSERVABLE, IPSEC_NOT_OBSERVABLE, IPSEC_VIOLATED, IPSEC_UNBOUND}, NULL},
};

START_TEST(policies_decide_what_they_catch)
{
	struct ipsec_policies *policies = policies_of(cases[_i].policy, 3);
	struct network net = {.known = true};
	struct ipsec_findings out;
	bool compared = cases[_i].witness == NULL;

	ipsec_decide(&site, &catalog, &net, policies, &out);
	ck_assert_uint_eq(out.n, N);
	for (size_t i = 0; i < N; i++) {
		const struct ipsec_finding *f = &out.finding[i];

		ck_assert_msg(f->state == cases[_i].state[i], "%s: %s is %s", cases[_i].name, f->exemption->name,
		        ipsec_state_name(f->state));
		ck_assert_msg(f->has_witness == (f->policy != NULL) && (f->policy == NULL) == (f->reason != NULL),
		        "%s: %s", cases[_i].name, f->exemption->name);
		if (f->has_witness && !compared) {
			char *text = packet_print(&f->witness);

			ck_assert_str_eq(text, cases[_i].witness);
			free(text);
			compared = true;
		}
	}
	ck_assert(compared);
	ipsec_findings_fini(&out);
	ipsec_policies_unref(policies);
}
END_TEST

START_TEST(a_host_that_is_this_device_can_be_clear)
{
	struct ipsec_policies *policies = policies_of(cases[0].policy, 0);
	struct net_address own = {.family = FAMILY_IPV4, .address = 0x0a03000a};
	struct network net = {.known = true, .address = &own, .n_address = 1};
	struct ipsec_findings out;

	ipsec_decide(&site, &catalog, &net, policies, &out);
	ck_assert_int_eq(out.finding[INBOUND].state, IPSEC_CLEAR);
	ck_assert_int_eq(out.finding[OUTBOUND].state, IPSEC_NOT_OBSERVABLE);
	ipsec_findings_fini(&out);
	ipsec_policies_unref(policies);
}
END_TEST

START_TEST(what_is_not_known_is_said)
{
	struct ipsec_policies *unreadable = ipsec_unreadable("no right");
	struct network net = {.known = true};
	struct ipsec_findings out;

	ipsec_decide(&site, &catalog, &net, unreadable, &out);
	ck_assert_int_eq(out.finding[INBOUND].state, IPSEC_NOT_OBSERVABLE);
	ck_assert_ptr_nonnull(strstr(out.finding[INBOUND].reason, "no right"));
	ipsec_findings_fini(&out);
	ipsec_decide(&site, &catalog, &net, NULL, &out);
	ck_assert_ptr_nonnull(strstr(out.finding[INBOUND].reason, "not read yet"));
	ipsec_findings_fini(&out);
	deployment.n_port_override = 0;
	ipsec_decide(&site, &catalog, &net, unreadable, &out);
	deployment.n_port_override = 1;
	ck_assert_int_eq(out.finding[CLIENTS].state, IPSEC_UNBOUND);
	ck_assert_ptr_nonnull(strstr(out.finding[CLIENTS].reason, "media range"));
	ipsec_findings_fini(&out);
	ipsec_policies_unref(unreadable);
}
END_TEST

/* Messages as the kernel makes them */

struct message {
	struct nlmsghdr head;
	struct xfrm_userpolicy_info info;
	struct nlattr template_head;
	struct xfrm_user_tmpl template;
	struct nlattr mark_head;
	struct xfrm_mark mark;
	struct nlattr if_head;
	uint32_t if_id;
};

static struct message message_make(uint32_t priority, uint32_t if_id)
{
	struct message m = {
	        .head = {.nlmsg_len = sizeof(m), .nlmsg_type = XFRM_MSG_NEWPOLICY},
	        .info = {.sel = {.family = AF_INET,
	                         .prefixlen_s = 8,
	                         .prefixlen_d = 32,
	                         .sport = htons(50016),
	                         .sport_mask = htons(0xfff0),
	                         .proto = PROTO_UDP},
	                .priority = priority,
	                .dir = XFRM_POLICY_FWD},
	        .template_head = {sizeof(struct nlattr) + sizeof(struct xfrm_user_tmpl), XFRMA_TMPL},
	        .template = {.id = {.proto = 50}, .family = AF_INET, .reqid = 9, .mode = XFRM_MODE_TUNNEL},
	        .mark_head = {sizeof(struct nlattr) + sizeof(struct xfrm_mark), XFRMA_MARK},
	        .mark = {.v = 1, .m = 3},
	        .if_head = {sizeof(struct nlattr) + sizeof(uint32_t), XFRMA_IF_ID},
	        .if_id = if_id,
	};

	m.info.sel.saddr.a4 = htonl(0x0a000000);
	m.info.sel.daddr.a4 = htonl(0x0a03000a);
	m.template.saddr.a4 = htonl(0xc0000201);
	m.template.id.daddr.a4 = htonl(0xc0000202);
	return m;
}

START_TEST(a_message_gives_every_field)
{
	struct message m = message_make(100, 5);
	struct ipsec_policies *p = NULL;
	struct error err;
	char *text;

	ck_assert_int_eq(ipsec_parse(&m, sizeof(m), &p, &err), 0);
	ck_assert_uint_eq(p->n, 1);
	text = ipsec_policy_print(&p->policy[0]);
	ck_assert_str_eq(text,
	        "dir fwd src 10.0.0.0/8 dst 10.3.0.10 proto udp sport 50016-50031 priority 100 mark 0x1/0x3 "
	        "if_id 5 esp tunnel 192.0.2.1>192.0.2.2 reqid 9");
	free(text);
	ipsec_policies_unref(p);
}
END_TEST

START_TEST(order_is_priority_then_age)
{
	/* The newest comes first in a dump. */
	struct message m[] = {message_make(20, 1), message_make(10, 2), message_make(20, 3), message_make(10, 4)};
	static const uint32_t want[] = {4, 2, 3, 1};
	struct ipsec_policies *p = NULL;
	struct error err;

	ck_assert_int_eq(ipsec_parse(m, sizeof(m), &p, &err), 0);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(p->policy[i].if_id, want[i]);
	ipsec_policies_unref(p);
}
END_TEST

START_TEST(policies_of_sockets_and_other_families_are_left_out)
{
	struct message m[] = {message_make(1, 1), message_make(1, 2)};
	struct ipsec_policies *p = NULL;
	struct error err;

	m[0].info.dir = 3;
	m[1].info.sel.family = AF_UNIX;
	ck_assert_int_eq(ipsec_parse(m, sizeof(m), &p, &err), 0);
	ck_assert_uint_eq(p->n, 0);
	ipsec_policies_unref(p);
	ck_assert_int_eq(ipsec_parse(NULL, 0, &p, &err), 0);
	ck_assert_uint_eq(p->n, 0);
	ipsec_policies_unref(p);
}
END_TEST

START_TEST(bytes_that_are_cut_or_bent_are_refused_or_read_in_part)
{
	struct message whole = message_make(1, 1);

	for (size_t n = 1; n < sizeof(whole); n++) {
		uint8_t *cut = xmalloc(n); /* of its own, so that reading behind it is seen */
		struct ipsec_policies *p = NULL;
		struct error err = {0};

		memcpy(cut, &whole, n);
		ck_assert_msg(ipsec_parse(cut, n, &p, &err) == -1, "%zu bytes", n);
		ck_assert_int_eq(err.code, ERR_FORMAT);
		free(cut);
	}
	for (size_t i = 0; i < sizeof(whole); i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct message *bent = xmalloc(sizeof(*bent));
			struct ipsec_policies *p = NULL;
			struct error err = {0};

			*bent = whole;
			((uint8_t *)bent)[i] ^= (uint8_t)(1u << bit);
			if (ipsec_parse(bent, sizeof(*bent), &p, &err) == 0)
				ipsec_policies_unref(p);
			free(bent);
		}
	}
}
END_TEST

START_TEST(associations_are_counted)
{
	struct {
		struct nlmsghdr head;
		uint32_t flags;
		struct nlattr count_head;
		uint32_t count;
	} m = {{.nlmsg_len = sizeof(m), .nlmsg_type = XFRM_MSG_NEWSADINFO}, UINT32_MAX,
	        {sizeof(struct nlattr) + sizeof(uint32_t), XFRMA_SAD_CNT}, 3};
	struct ipsec_policies *p = NULL;
	struct error err = {0};

	ck_assert_int_eq(ipsec_parse(&m, sizeof(m), &p, &err), 0);
	ck_assert_uint_eq(p->n_association, 3);
	ck_assert_uint_eq(p->n, 0);
	ipsec_policies_unref(p);
	ck_assert_int_eq(ipsec_parse(&m, sizeof(m) - 1, &p, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	m.head.nlmsg_type = XFRM_MSG_NEWSA; /* holds keys, and is not asked for */
	ck_assert_int_eq(ipsec_parse(&m, sizeof(m), &p, &err), -1);
}
END_TEST

/* Whatever decides a packet makes a difference; what only tells policies apart makes none. */
START_TEST(other_policies_are_not_the_same)
{
	struct message a = message_make(1, 1), b = a;
	struct ipsec_policies *p = NULL, *q = NULL, *none = NULL, *unreadable = ipsec_unreadable("x");
	struct error err;

	ck_assert_int_eq(ipsec_parse(NULL, 0, &none, &err), 0);
	ck_assert_int_eq(ipsec_parse(&a, sizeof(a), &p, &err), 0);
	ck_assert(ipsec_policies_same(p, p) && ipsec_policies_same(NULL, NULL));
	ck_assert(!ipsec_policies_same(p, NULL) && !ipsec_policies_same(none, p));
	ck_assert(!ipsec_policies_same(none, unreadable));
	for (size_t i = 0; i < 6; i++) {
		b = a;
		b.info.index = 7;
		if (i == 1)
			b.info.sel.prefixlen_d = 31;
		else if (i == 2)
			b.template.reqid = 10;
		else if (i == 3)
			b.template.optional = 1;
		else if (i == 4)
			b.info.action = XFRM_POLICY_BLOCK;
		else if (i == 5)
			b.info.dir = XFRM_POLICY_IN;
		ck_assert_int_eq(ipsec_parse(&b, sizeof(b), &q, &err), 0);
		ck_assert_msg(ipsec_policies_same(p, q) == (i == 0), "%zu", i);
		ipsec_policies_unref(q);
	}
	none->n_association = 1;
	ck_assert_int_eq(ipsec_parse(NULL, 0, &q, &err), 0);
	ck_assert(!ipsec_policies_same(none, q));
	ipsec_policies_unref(q);
	ipsec_policies_unref(p);
	ipsec_policies_unref(none);
	ipsec_policies_unref(unreadable);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ipsec");
	TCase *t = tcase_create("ipsec");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, policies_decide_what_they_catch, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, a_host_that_is_this_device_can_be_clear);
	tcase_add_test(t, what_is_not_known_is_said);
	tcase_add_test(t, a_message_gives_every_field);
	tcase_add_test(t, order_is_priority_then_age);
	tcase_add_test(t, policies_of_sockets_and_other_families_are_left_out);
	tcase_add_test(t, associations_are_counted);
	tcase_add_test(t, other_policies_are_not_the_same);
	tcase_add_test(t, bytes_that_are_cut_or_bent_are_refused_or_read_in_part);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
