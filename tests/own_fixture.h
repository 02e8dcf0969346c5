#ifndef PORTCULLIS_TESTS_OWN_FIXTURE_H
#define PORTCULLIS_TESTS_OWN_FIXTURE_H

/* Own tables that tests give to the kernel: one with every construct, next to its text, and large ones. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/compile.h"

#define OWN_N(a) (sizeof(a) / sizeof((a)[0]))

static inline struct range own_address(const char *prefix)
{
	enum family f;
	struct range r;
	struct error err = {0};
	ck_assert_msg(prefix_parse(prefix, &f, &r, &err) == 0, "%s", err.text);
	return r;
}

static inline struct range own_between(const char *lo, const char *hi)
{
	return (struct range){own_address(lo).lo, own_address(hi).lo};
}

static inline struct range own_number(u128 lo, u128 hi)
{
	return (struct range){lo, hi};
}

/* "eth*": the names that begin so. */
static inline struct range own_interface(const char *name)
{
	char plain[17];
	size_t len = strcspn(name, "*");
	snprintf(plain, sizeof(plain), "%.*s", (int)len, name);
	struct range r = {ifname_value(plain), ifname_value(plain)};
	if (name[len] == '*')
		r.hi |= U128_MAX >> (8 * len);
	return r;
}

static inline struct own_match own_range(enum rs_field f, struct range r)
{
	return (struct own_match){.kind = OWN_RANGE, .field = {f}, .n_field = 1, .range = r, .set = OWN_NO_SET};
}

static inline struct own_match own_is(enum rs_field f, u128 value)
{
	return own_range(f, own_number(value, value));
}

static inline struct own_match own_bits(enum rs_field f, uint64_t bits)
{
	return (struct own_match){.kind = OWN_BITS, .field = {f}, .n_field = 1, .bits = bits, .set = OWN_NO_SET};
}

static inline struct own_match own_in(const struct own_table *t, size_t set)
{
	struct own_match m = {.kind = OWN_SET, .n_field = t->set[set].n_field, .set = set};
	memcpy(m.field, t->set[set].field, sizeof(m.field));
	return m;
}

static inline void own_put_set(struct own_table *t, const char *name, bool counts, size_t n, ...)
{
	va_list fields;
	if (t->n_set == t->cap_set) {
		t->cap_set = t->cap_set * 2 + 8;
		t->set = xrealloc(t->set, t->cap_set, sizeof(*t->set));
	}
	struct own_set *s = &t->set[t->n_set++];
	*s = (struct own_set){.name = xstrdup(name), .counts = counts, .n_field = n};
	va_start(fields, n);
	for (size_t i = 0; i < n; i++)
		s->field[i] = (enum rs_field)va_arg(fields, int);
	va_end(fields);
}

static inline struct own_element *own_put_element(struct own_table *t, const char *comment)
{
	struct own_set *s = &t->set[t->n_set - 1];
	if (s->n_element % 64 == 0)
		s->element = xrealloc(s->element, s->n_element + 64, sizeof(*s->element));
	struct own_element *e = &s->element[s->n_element++];
	*e = (struct own_element){.comment = comment != NULL ? xstrdup(comment) : NULL};
	return e;
}

static inline void own_put_one(struct own_table *t, struct range r, const char *comment)
{
	own_put_element(t, comment)->key[0] = r;
}

static inline void own_put_chain(struct own_table *t, const char *name, enum rs_hook hook)
{
	if (t->n_chain == t->cap_chain) {
		t->cap_chain += 4;
		t->chain = xrealloc(t->chain, t->cap_chain, sizeof(*t->chain));
	}
	t->chain[t->n_chain++] = (struct own_chain){.name = name, .hook = hook};
}

static inline struct own_rule *own_put_rule(struct own_table *t, enum rs_verdict_code verdict, const char *comment)
{
	struct own_chain *c = &t->chain[t->n_chain - 1];
	if (c->n_rule == c->cap_rule) {
		c->cap_rule = c->cap_rule * 2 + 8;
		c->rule = xrealloc(c->rule, c->cap_rule, sizeof(*c->rule));
	}
	struct own_rule *r = &c->rule[c->n_rule++];
	*r = (struct own_rule){
	        .verdict = verdict, .comment = comment != NULL ? xstrdup(comment) : NULL, .from = SIZE_MAX};
	return r;
}

static inline void own_put_match(struct own_rule *r, struct own_match m)
{
	ck_assert_uint_lt(r->n_match, OWN_MATCHES);
	r->match[r->n_match++] = m;
}

static inline struct own_rule *own_rule1(struct own_table *t, enum rs_verdict_code verdict, struct own_match m)
{
	struct own_rule *r = own_put_rule(t, verdict, NULL);
	own_put_match(r, m);
	return r;
}

static inline struct own_rule *own_rule2(
        struct own_table *t, enum rs_verdict_code verdict, struct own_match a, struct own_match b)
{
	struct own_rule *r = own_rule1(t, verdict, a);
	own_put_match(r, b);
	return r;
}

static inline void own_log(struct own_rule *r, const char *prefix, uint32_t rate)
{
	r->log = true;
	r->log_prefix = xstrdup(prefix);
	r->log_rate = rate;
}

static inline void own_fini(struct own_table *t)
{
	for (size_t i = 0; i < t->n_set; i++) {
		for (size_t k = 0; k < t->set[i].n_element; k++)
			free(t->set[i].element[k].comment);
		free(t->set[i].element);
		free(t->set[i].name);
	}
	for (size_t i = 0; i < t->n_chain; i++) {
		for (size_t k = 0; k < t->chain[i].n_rule; k++) {
			free(t->chain[i].rule[k].comment);
			free(t->chain[i].rule[k].log_prefix);
		}
		free(t->chain[i].rule);
	}
	free(t->set);
	free(t->chain);
	free(t->comment);
	memset(t, 0, sizeof(*t));
}

/* ---- every construct ---- */

static inline void own_every_set(struct own_table *t)
{
	struct own_element *e;
	own_put_set(t, "flows4", true, 5, RS_FIELD_IP_SADDR, RS_FIELD_L4PROTO, RS_FIELD_SPORT, RS_FIELD_IP_DADDR,
	        RS_FIELD_DPORT);
	e = own_put_element(t, "box one");
	e->key[0] = own_address("10.1.0.0/24");
	e->key[1] = own_number(PROTO_TCP, PROTO_TCP);
	e->key[2] = own_number(1024, 65535);
	e->key[3] = own_between("10.2.0.1", "10.2.0.9");
	e->key[4] = own_number(5061, 5061);
	e->packets = 7;
	e->bytes = 700;
	e = own_put_element(t, NULL);
	e->key[0] = own_address("10.1.1.7");
	e->key[1] = own_number(PROTO_UDP, PROTO_UDP);
	e->key[2] = own_number(0, 65535);
	e->key[3] = own_address("0.0.0.0/0");
	e->key[4] = own_number(50000, 59999);
	own_put_set(t, "flows6", true, 5, RS_FIELD_IP6_SADDR, RS_FIELD_L4PROTO, RS_FIELD_SPORT, RS_FIELD_IP6_DADDR,
	        RS_FIELD_DPORT);
	e = own_put_element(t, "Grüße");
	e->key[0] = own_address("2001:db8::/33");
	e->key[1] = own_number(PROTO_TCP, PROTO_TCP);
	e->key[2] = own_number(0, 65535);
	e->key[3] = own_between("2001:db8:8000::1", "2001:db8:8000::9");
	e->key[4] = own_number(443, 443);
	own_put_set(t, "ways", false, 3, RS_FIELD_IIFNAME, RS_FIELD_IP_DADDR, RS_FIELD_ICMP_TYPE);
	e = own_put_element(t, NULL);
	e->key[0] = own_interface("eth0");
	e->key[1] = own_address("10.0.0.0/8");
	e->key[2] = own_number(8, 8);
	own_put_set(t, "ports", true, 1, RS_FIELD_DPORT);
	own_put_one(t, own_number(0, 10), NULL);
	own_put_one(t, own_number(11, 20), "next to it");
	own_put_one(t, own_number(80, 80), NULL);
	own_put_one(t, own_number(65530, 65535), "to the end");
	own_put_set(t, "zone", false, 1, RS_FIELD_OIFNAME);
	own_put_one(t, own_interface("eth0"), NULL);
	own_put_one(t, own_interface("wan*"), NULL);
	own_put_set(t, "sources", false, 1, RS_FIELD_IP6_SADDR);
	own_put_one(t, own_address("2001:db8::/32"), NULL);
	own_put_one(t, own_address("ff00::/8"), NULL);
	own_put_set(t, "protocols", false, 1, RS_FIELD_L4PROTO);
	own_put_one(t, own_number(PROTO_TCP, PROTO_TCP), NULL);
	own_put_one(t, own_number(PROTO_UDP, PROTO_UDP), NULL);
	own_put_set(t, "empty", false, 1, RS_FIELD_IP_DADDR);
	own_put_set(t, "inside", true, 1, RS_FIELD_IIFNAME);
	own_put_one(t, own_interface("eth0"), "uplink");
	own_put_one(t, own_interface("eth1"), NULL);
	t->set[t->n_set - 1].element[0].packets = 21;
	own_put_set(t, "pairs", false, 2, RS_FIELD_IIFNAME, RS_FIELD_IP_SADDR);
	e = own_put_element(t, NULL);
	e->key[0] = own_interface("eth0");
	e->key[1] = own_address("10.0.0.1");
}

static inline void own_every_rule(struct own_table *t)
{
	struct own_rule *r;
	own_put_chain(t, "input", RS_HOOK_INPUT);
	own_rule1(t, RS_ACCEPT, own_is(RS_FIELD_IIFNAME, ifname_value("lo")));
	r = own_rule1(t, RS_ACCEPT, own_bits(RS_FIELD_CT_STATE, 2 | 4));
	r->counts = true;
	r->packets = 3;
	r->bytes = 333;
	r->comment = xstrdup("established, related");
	own_rule2(t, RS_ACCEPT, own_is(RS_FIELD_L4PROTO, PROTO_ICMP), own_is(RS_FIELD_ICMP_TYPE, 8));
	own_rule1(t, RS_ACCEPT, own_is(RS_FIELD_ICMPV6_TYPE, 135));
	own_rule1(t, RS_ACCEPT, own_range(RS_FIELD_ICMP_TYPE, own_number(11, 12)));
	r = own_rule2(t, RS_DROP, own_range(RS_FIELD_IP_SADDR, own_address("10.0.0.0/8")),
	        own_is(RS_FIELD_L4PROTO, PROTO_TCP));
	own_put_match(r, own_is(RS_FIELD_DPORT, 22));
	r->reject = true;
	r->counts = true;
	own_log(r, "no ssh: ", 7);
	r->comment = xstrdup("rule no-ssh");
	own_put_chain(t, "forward", RS_HOOK_FORWARD);
	own_rule2(t, RS_ACCEPT, own_is(RS_FIELD_NFPROTO, 2), own_in(t, 0))->counts = true;
	own_rule2(t, RS_ACCEPT, own_is(RS_FIELD_NFPROTO, 10), own_in(t, 1));
	own_rule1(t, RS_ACCEPT, own_in(t, 2));
	own_rule2(t, RS_ACCEPT, own_is(RS_FIELD_L4PROTO, PROTO_UDP), own_in(t, 3));
	own_rule1(t, RS_DROP, own_in(t, 4));
	own_rule1(t, RS_DROP, own_in(t, 5));
	own_rule1(t, RS_ACCEPT, own_in(t, 6));
	own_rule1(t, RS_ACCEPT, own_in(t, 8));
	own_rule1(t, RS_ACCEPT, own_in(t, 9));
	own_rule1(t, RS_ACCEPT, own_range(RS_FIELD_IIFNAME, own_interface("wan*")));
	own_rule1(t, RS_ACCEPT, own_range(RS_FIELD_IP_DADDR, own_address("10.128.0.0/9")));
	own_rule1(t, RS_ACCEPT, own_range(RS_FIELD_IP_DADDR, own_between("10.0.0.1", "10.0.0.9")));
	own_rule1(t, RS_ACCEPT, own_is(RS_FIELD_IP6_DADDR, own_address("2001:db8::5").lo));
	own_rule1(t, RS_ACCEPT, own_range(RS_FIELD_IP6_SADDR, own_address("2001:db8::/33")));
	own_rule1(t, RS_ACCEPT, own_range(RS_FIELD_IP6_SADDR, own_address("2001:db8::/48")));
	own_rule2(
	        t, RS_ACCEPT, own_is(RS_FIELD_L4PROTO, PROTO_TCP), own_range(RS_FIELD_SPORT, own_number(1024, 65535)));
	own_rule2(t, RS_ACCEPT, own_is(RS_FIELD_L4PROTO, PROTO_TCP), own_bits(RS_FIELD_TCP_FLAGS, 2));
	own_rule1(t, RS_ACCEPT, own_range(RS_FIELD_L4PROTO, own_number(6, 17)));
	own_rule1(t, RS_ACCEPT, own_bits(RS_FIELD_CT_STATUS, 32));
	own_rule1(t, RS_ACCEPT, own_is(RS_FIELD_CT_DIRECTION, 1));
	own_rule1(t, RS_ACCEPT, own_is(RS_FIELD_MARK, 0x1234));
	own_put_chain(t, "output", RS_HOOK_OUTPUT);
	r = own_put_rule(t, RS_CONTINUE, NULL);
	own_log(r, "out: ", 100);
	r->counts = true;
	own_put_rule(t, RS_DROP, "default")->reject = true;
}

static inline void own_every(struct own_table *t)
{
	*t = (struct own_table){.comment = xstrdup("deployment lync, catalog 3")};
	own_every_set(t);
	own_every_rule(t);
}

static const char own_every_text[] =
        "table inet portcullis {\n"
        "	comment \"" OWN_TABLE_COMMENT "\"\n"
        "	set flows4 { type ipv4_addr . inet_proto . inet_service . ipv4_addr . inet_service; flags interval; "
        "counter;\n"
        "		elements = { 10.1.0.0/24 . tcp . 1024-65535 . 10.2.0.1-10.2.0.9 . 5061 counter packets 7 bytes "
        "700 "
        "comment \"box one\", 10.1.1.7 . udp . 0-65535 . 0.0.0.0/0 . 50000-59999 } }\n"
        "	set flows6 { type ipv6_addr . inet_proto . inet_service . ipv6_addr . inet_service; flags interval; "
        "counter;\n"
        "		elements = { 2001:db8::/33 . tcp . 0-65535 . 2001:db8:8000::1-2001:db8:8000::9 . 443 "
        "comment \"Grüße\" } }\n"
        "	set ways { type ifname . ipv4_addr . icmp_type; flags interval;\n"
        "		elements = { \"eth0\" . 10.0.0.0/8 . echo-request } }\n"
        "	set ports { type inet_service; flags interval; counter; elements = { 0-10, 11-20 comment \"next to "
        "it\", 80,\n"
        "		65530-65535 comment \"to the end\" } }\n"
        "	set zone { type ifname; flags interval; elements = { \"eth0\", \"wan*\" } }\n"
        "	set sources { type ipv6_addr; flags interval; elements = { 2001:db8::/32, ff00::/8 } }\n"
        "	set protocols { type inet_proto; flags interval; elements = { tcp, udp } }\n"
        "	set empty { type ipv4_addr; flags interval; }\n"
        "	set inside { type ifname; counter; elements = { \"eth0\" counter packets 21 bytes 0 comment "
        "\"uplink\",\n"
        "		\"eth1\" } }\n"
        "	set pairs { type ifname . ipv4_addr; elements = { \"eth0\" . 10.0.0.1 } }\n"
        "	chain input { type filter hook input priority filter; policy accept;\n"
        "		iifname \"lo\" accept\n"
        "		ct state established,related counter packets 3 bytes 333 accept comment \"established, "
        "related\"\n"
        "		icmp type echo-request accept\n"
        "		icmpv6 type nd-neighbor-solicit accept\n"
        "		icmp type 11-12 accept\n"
        "		ip saddr 10.0.0.0/8 tcp dport 22 limit rate 7/second log prefix \"no ssh: \"\n"
        "		ip saddr 10.0.0.0/8 tcp dport 22 counter reject with tcp reset comment \"rule no-ssh\"\n"
        "	}\n"
        "	chain forward { type filter hook forward priority filter; policy accept;\n"
        "		ip saddr . meta l4proto . th sport . ip daddr . th dport @flows4 counter accept\n"
        "		ip6 saddr . meta l4proto . th sport . ip6 daddr . th dport @flows6 accept\n"
        "		iifname . ip daddr . icmp type @ways accept\n"
        "		udp dport @ports accept\n"
        "		oifname @zone drop\n"
        "		ip6 saddr @sources drop\n"
        "		meta l4proto @protocols accept\n"
        "		iifname @inside accept\n"
        "		iifname . ip saddr @pairs accept\n"
        "		iifname \"wan*\" accept\n"
        "		ip daddr 10.128.0.0/9 accept\n"
        "		ip daddr 10.0.0.1-10.0.0.9 accept\n"
        "		ip6 daddr 2001:db8::5 accept\n"
        "		ip6 saddr 2001:db8::/33 accept\n"
        "		ip6 saddr 2001:db8::/48 accept\n"
        "		tcp sport 1024-65535 accept\n"
        "		tcp flags syn accept\n"
        "		meta l4proto 6-17 accept\n"
        "		ct status dnat accept\n"
        "		ct direction reply accept\n"
        "		meta mark 0x1234 accept\n"
        "	}\n"
        "	chain output { type filter hook output priority filter; policy accept;\n"
        "		counter limit rate 100/second log prefix \"out: \"\n"
        "		reject comment \"default\"\n"
        "	}\n"
        "	chain origin { comment \"deployment lync, catalog 3\"; }\n"
        "}\n";

/* ---- many ---- */

/* n boxes in one set that is looked up once; every one has a comment. */
static inline void own_many(struct own_table *t, bool ipv6, size_t n)
{
	*t = (struct own_table){.comment = xstrdup("many")};
	if (ipv6)
		own_put_set(t, "flows6", true, 5, RS_FIELD_IP6_SADDR, RS_FIELD_L4PROTO, RS_FIELD_SPORT,
		        RS_FIELD_IP6_DADDR, RS_FIELD_DPORT);
	else
		own_put_set(t, "flows4", true, 5, RS_FIELD_IP_SADDR, RS_FIELD_L4PROTO, RS_FIELD_SPORT,
		        RS_FIELD_IP_DADDR, RS_FIELD_DPORT);
	u128 from = own_address(ipv6 ? "2001:db8::" : "10.0.0.0").lo,
	     to = own_address(ipv6 ? "2001:db8:1::" : "172.16.0.0").lo;
	struct own_set *s = &t->set[0];
	s->element = xcalloc(n + 1, sizeof(*s->element));
	s->n_element = n;
	for (size_t i = 0; i < n; i++) {
		char comment[64];
		u128 place = (u128)i * 16;
		snprintf(comment, sizeof(comment), "box %zu", i);
		s->element[i] = (struct own_element){
		        .key = {{from + place, from + place + 7}, {PROTO_TCP, PROTO_TCP}, {1024, 65535},
		                {to + place, to + place + 3}, {1000 + i % 50000, 1000 + i % 50000 + i % 3}},
		        .comment = xstrdup(comment)};
	}
	own_put_chain(t, "forward", RS_HOOK_FORWARD);
	own_rule1(t, RS_ACCEPT, own_in(t, 0))->comment = xstrdup("required flows");
}

#endif
