/*
 * Random matches in nft syntax: where a rule stands comes in, text goes out that nft takes there. Every construct that
 * the readers decode has its turn, and some that they do not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/generate.h"

const char *const oracle_names[DEVICES] = {"lan0", "wan0", "lan1", "dmz0"};

static const char *prefix_of(bool four)
{
	static const char *const v4[] = {"10.0.0.", "10.0.0.", "10.1.0.", "10.1.0.", "10.77.0."};
	static const char *const v6[] = {"fd00::", "fd00::", "fd01::", "fd01::", "fd77::"};
	uint32_t i = draw(5);

	return four ? v4[i] : v6[i];
}

static void host_add(struct text *t, bool four, const char *prefix, unsigned host)
{
	text_addf(t, four ? "%s%u" : "%s%x", prefix, host);
}

void address_add(struct text *t, bool four, bool ranges)
{
	const char *prefix = prefix_of(four);
	unsigned a = 1 + draw(40), b = 1 + draw(40), bits = 1 + draw(5);

	switch (ranges ? draw(4) : 0) {
	case 1:
		host_add(t, four, prefix, a & ~((1u << bits) - 1));
		text_addf(t, "/%u", (four ? 32 : 128) - bits);
		break;
	case 2:
		host_add(t, four, prefix, a < b ? a : b);
		text_add(t, "-");
		host_add(t, four, prefix, a < b ? b : a + 1);
		break;
	case 3:
		text_addf(t, four ? "%s0/24" : "%s/112", prefix);
		break;
	default:
		host_add(t, four, prefix, a);
	}
}

static unsigned port_number(void)
{
	static const unsigned known[] = {22, 53, 80, 443, 1024, 5060, 8080, 65535};

	return chance(40) ? known[draw(8)] : 1000 + draw(40);
}

void port_add(struct text *t, bool ranges)
{
	unsigned a = port_number(), b = port_number();

	if (!ranges || chance(50) || a == b)
		text_addf(t, "%u", a);
	else
		text_addf(t, "%u-%u", a < b ? a : b, a < b ? b : a);
}

/** Disjoint, ascending. */
static void elements_add(struct text *t, void (*add)(struct text *t, bool four, unsigned lo, unsigned hi), bool four,
        bool ranges, const char *(*verdict)(void *ctx), void *ctx)
{
	unsigned n = 1 + draw(4), at = draw(10);

	for (unsigned i = 0; i < n; i++) {
		unsigned width = ranges && chance(50) ? draw(8) : 0;

		text_add(t, i > 0 ? ", " : "");
		add(t, four, at, at + width);
		if (verdict != NULL)
			text_addf(t, " : %s", verdict(ctx));
		at += width + 2 + draw(8);
	}
}

static void add_address(struct text *t, bool four, unsigned lo, unsigned hi)
{
	/* Ascending hosts of one network keep the elements disjoint; every second one is in another network. */
	const char *prefix = four ? (lo % 2 == 0 ? "10.0.0." : "10.1.0.") : lo % 2 == 0 ? "fd00::" : "fd01::";

	host_add(t, four, prefix, lo);
	if (hi > lo) {
		text_add(t, "-");
		host_add(t, four, prefix, hi);
	}
}

static void add_port(struct text *t, bool four, unsigned lo, unsigned hi)
{
	(void)four;
	text_addf(t, hi > lo ? "%u-%u" : "%u", 1000 + lo, 1000 + hi);
}

static void pair_elements(
        struct text *t, bool four, bool second_is_port, bool ranges, const char *(*verdict)(void *ctx), void *ctx)
{
	unsigned n = 1 + draw(3), at = draw(8);

	for (unsigned i = 0; i < n; i++) {
		unsigned width = ranges && chance(50) ? draw(12) : 0, other = draw(20);

		text_add(t, i > 0 ? ", " : "");
		add_address(t, four, at, at + width);
		text_add(t, " . ");
		if (second_is_port)
			add_port(t, four, other, other + (ranges ? draw(10) : 0));
		else
			add_address(t, four, other, other + (ranges ? draw(10) : 0));
		if (verdict != NULL)
			text_addf(t, " : %s", verdict(ctx));
		at += width + 2 + draw(6);
	}
}

void sets_add(struct text *t, enum rs_family family)
{
	for (int four = 0; four < 2; four++) {
		const char *type = four ? "ipv4_addr" : "ipv6_addr";

		if ((family == RS_IP && !four) || (family == RS_IP6 && four))
			continue;
		text_addf(t, "\tset a%d { type %s; flags interval; elements = { ", four ? 4 : 6, type);
		elements_add(t, add_address, four, true, NULL, NULL);
		text_addf(t, " } }\n\tset h%d { type %s; elements = { ", four ? 4 : 6, type);
		elements_add(t, add_address, four, false, NULL, NULL);
		text_addf(t, " } }\n\tset c%d { type %s . inet_service; flags interval; elements = { ", four ? 4 : 6,
		        type);
		pair_elements(t, four, true, true, NULL, NULL);
		text_addf(t, " } }\n\tset p%d { type %s . %s; flags interval; elements = { ", four ? 4 : 6, type, type);
		pair_elements(t, four, false, true, NULL, NULL);
		text_add(t, " } }\n");
	}
	text_add(t, "\tset ports { type inet_service; flags interval; elements = { ");
	elements_add(t, add_port, true, true, NULL, NULL);
	text_add(t, " } }\n\tset names { type ifname; elements = { \"lan0\", \"dmz0\" } }\n");
	text_add(t, "\tset wild { type ifname; flags interval; elements = { \"lan*\", \"other\" } }\n");
}

static const char * not(unsigned percent)
{
	return chance(percent) ? "!= " : "";
}

/** The family that addresses of the rule may have. */
static bool is_four(struct place *p)
{
	if (p->family == RS_INET && p->four == -1)
		p->four = chance(60);
	return p->family == RS_INET ? p->four == 1 : p->family == RS_IP;
}

static void match_address(struct text *t, struct place *p)
{
	bool four = is_four(p);
	const char *field = draw(2) == 0 ? "saddr" : "daddr", *ip = four ? "ip" : "ip6";

	text_addf(t, "%s %s ", ip, field);
	switch (draw(8)) {
	case 0:
		text_addf(t, "%s{ ", not(25));
		elements_add(t, add_address, four, chance(60), NULL, NULL);
		text_add(t, " }");
		break;
	case 1:
		text_addf(t, "%s@%c%d", not(25), draw(2) == 0 ? 'a' : 'h', four ? 4 : 6);
		break;
	case 2:
		if (four)
			text_addf(t, "& 0.0.0.%u %s 0.0.0.%u", 7u, draw(3) == 0 ? "!=" : "==", draw(8));
		else
			text_addf(t, "& ::7 %s ::%u", draw(3) == 0 ? "!=" : "==", draw(8));
		break;
	case 3:
		text_addf(t, "%s ", draw(2) == 0 ? "<" : ">=");
		address_add(t, four, false);
		break;
	default:
		text_add(t, not(20));
		address_add(t, four, true);
	}
}

static const char *proto_of(struct place *p)
{
	if (p->proto == NULL)
		p->proto = draw(2) == 0 ? "tcp" : "udp";
	return p->proto;
}

static bool is_without_ports(const struct place *p)
{
	return p->proto != NULL && strcmp(p->proto, "tcp") != 0 && strcmp(p->proto, "udp") != 0;
}

static void match_port(struct text *t, struct place *p)
{
	const char *field = chance(30) ? "sport" : "dport";

	if (is_without_ports(p))
		return;
	/* Without a protocol the kernel looks at the same bytes of any. */
	text_addf(t, "%s %s ", p->proto == NULL && chance(12) ? "th" : proto_of(p), field);
	switch (draw(7)) {
	case 0:
		text_addf(t, "%s{ ", not(25));
		elements_add(t, add_port, true, chance(50), NULL, NULL);
		text_add(t, " }");
		break;
	case 1:
		text_addf(t, "%s@ports", not(25));
		break;
	case 2:
		text_addf(t, "%s ", (const char *[]){"<", ">", "<=", ">="}[draw(4)]);
		port_add(t, false);
		break;
	case 3:
		text_addf(t, "& %u %s %u", 3u, draw(2) == 0 ? "==" : "!=", draw(4));
		break;
	default:
		text_add(t, not(20));
		port_add(t, true);
	}
}

static void match_flags(struct text *t, struct place *p)
{
	static const char *const flags[] = {"syn", "!= syn", "& (fin | syn | rst | ack) == syn",
	        "& (fin | syn | rst | ack) != syn", "{ syn, syn | ack }", "syn,ack / syn,ack", "! fin",
	        "& (syn | ack) == ack", "& (fin | psh) != 0x0", "fin,psh"};

	if (p->proto != NULL && strcmp(p->proto, "tcp") != 0)
		return;
	p->proto = "tcp";
	text_addf(t, "tcp flags %s", flags[draw(sizeof(flags) / sizeof(flags[0]))]);
}

static void match_icmp(struct text *t, struct place *p)
{
	static const char *const four[] = {"type echo-request", "type != echo-request",
	        "type { echo-request, echo-reply }", "type echo-reply", "type 13", "code 0", "type > 8", "id 7",
	        "code != 1"};
	static const char *const six[] = {"type echo-request", "type != echo-reply",
	        "type { echo-request, echo-reply }", "type { nd-neighbor-solicit, nd-router-advert, echo-request }",
	        "type 129", "code 0", "type >= 129", "id 7", "type { 1-4, 129 }"};

	if (p->proto != NULL)
		return;
	p->proto = "icmp";
	if (is_four(p))
		text_addf(t, "icmp %s", four[draw(9)]);
	else
		text_addf(t, "icmpv6 %s", six[draw(9)]);
}

static void match_proto(struct text *t, struct place *p)
{
	static const char *const values[] = {"tcp", "udp", "!= tcp", "{ tcp, udp }", "!= { udp, icmp }", "89", "> 50",
	        "{ icmp, ipv6-icmp, 89 }", "!= 17"};
	const char *value = values[draw(9)];

	text_addf(t, "%s %s", draw(3) == 0 ? "meta l4proto" : is_four(p) ? "ip protocol" : "ip6 nexthdr", value);
	/* nft refuses a header behind another protocol, or a choice of them. */
	if (p->proto == NULL && (strcmp(value, "tcp") == 0 || strcmp(value, "udp") == 0))
		p->proto = value;
	else if (value[0] == '{' || value[0] == '8' || value[0] == 't' || value[0] == 'u')
		p->proto = "several";
}

static void match_family(struct text *t, struct place *p)
{
	static const char *const values[] = {"meta nfproto ipv4", "meta nfproto ipv6", "meta nfproto != ipv6",
	        "meta protocol ip", "meta protocol ip6", "meta protocol { ip, ip6 }"};
	uint32_t v = draw(6);

	if (p->family != RS_INET || p->four != -1)
		return;
	text_add(t, values[v]);
	p->four = v == 0 || v == 2 || v == 3 ? 1 : v == 5 ? -1 : 0;
}

static void match_state(struct text *t, struct place *p)
{
	static const char *const values[] = {"ct state new", "ct state established", "ct state established,related",
	        "ct state != established", "ct state { new, established }", "ct state invalid", "ct state untracked",
	        "ct state != new", "ct state != { established, related }", "ct state & (new | invalid) != 0",
	        "ct status dnat", "ct status & dnat == dnat", "ct status != dnat", "ct status seen-reply",
	        "ct status confirmed", "ct direction original", "ct direction reply", "ct status snat",
	        "ct status assured", "ct direction != original", "ct status & (seen-reply | dnat) == 0"};

	(void)p;
	text_add(t, values[chance(60) ? draw(6) : draw(sizeof(values) / sizeof(values[0]))]);
}

static void match_device(struct text *t, struct place *p)
{
	bool in = p->where == WHERE_PREROUTING || p->where == WHERE_INPUT     ? true
	          : p->where == WHERE_OUTPUT || p->where == WHERE_POSTROUTING ? chance(15)
	                                                                      : draw(2) == 0;
	const char *dir = in ? "iif" : "oif", *name = oracle_names[draw(DEVICES)];

	switch (draw(7)) {
	case 0:
		text_addf(t, "%s %s\"%s\"", dir, not(25), name);
		break;
	case 1:
		text_addf(t, "%sname %s\"%.*s*\"", dir, not(20), 1 + (int)draw(4), name);
		break;
	case 2:
		text_addf(t, "%sname %s{ \"%s\", \"none\" }", dir, not(25), name);
		break;
	case 3:
		text_addf(t, "%sname %s@%s", dir, not(25), draw(2) == 0 ? "names" : "wild");
		break;
	case 4:
		text_addf(t, "%s %s{ \"lan0\", \"dmz0\" }", dir, not(25));
		break;
	default:
		text_addf(t, "%sname %s\"%s\"", dir, not(20), name);
	}
}

static void match_mark(struct text *t, struct place *p)
{
	static const char *const values[] = {"meta mark 0", "meta mark != 0", "meta mark 0x1", "meta mark & 0x3 == 0",
	        "meta mark { 0-7 }", "meta mark >= 2"};

	(void)p;
	text_add(t, values[draw(6)]);
}

static void match_concat(struct text *t, struct place *p)
{
	bool four = is_four(p);
	const char *ip = four ? "ip" : "ip6", *field = draw(3) == 0 ? "saddr" : "daddr";

	if (is_without_ports(p))
		return;
	switch (draw(7)) {
	case 0:
		text_addf(t, "%s %s . %s dport %s@c%d", ip, field, proto_of(p), not(20), four ? 4 : 6);
		break;
	case 1:
		text_addf(t, "%s saddr . %s daddr %s@p%d", ip, ip, not(20), four ? 4 : 6);
		break;
	case 2:
		text_addf(t, "%s %s . %s dport %s{ ", ip, field, proto_of(p), not(20));
		pair_elements(t, four, true, chance(60), NULL, NULL);
		text_add(t, " }");
		break;
	case 3:
		text_addf(t, "%s saddr . %s daddr { ", ip, ip);
		pair_elements(t, four, false, chance(60), NULL, NULL);
		text_add(t, " }");
		break;
	case 4:
		text_addf(t, "meta l4proto . th dport %s{ tcp . %u, udp . %u-%u, 89 . 0-65535 }", not(20),
		        port_number(), 1000u, 1001 + draw(30));
		break;
	case 5:
		text_addf(t, "%sname . meta l4proto { \"%s\" . tcp, \"%s\" . udp }",
		        p->where == WHERE_OUTPUT ? "oif" : "iif", oracle_names[draw(DEVICES)],
		        oracle_names[draw(DEVICES)]);
		break;
	default:
		text_addf(t, "ct state . %s saddr { new . ", ip);
		address_add(t, four, false);
		text_add(t, ", established . ");
		address_add(t, four, false);
		text_add(t, " }");
	}
}

static void match_undecided(struct text *t, struct place *p)
{
	static const char *const values[] = {"limit rate 1000000/second", "meta cpu < 64", "meta length > 10",
	        "numgen inc mod 2 == 1", "meta pkttype host", "meta iiftype != ether", "meta random < 0x80000000",
	        "meta time > \"2020-01-01\"", "meta priority none", "ct mark 0", "ct zone 0"};
	uint32_t v = draw(13);

	/* Decided by the path. */
	if (chance(40)) {
		static const char *const paths[] = {"fib daddr type local", "fib daddr type != local",
		        "fib daddr type { broadcast, multicast }", "fib saddr type local", "fib saddr type != local",
		        "meta pkttype { broadcast, multicast }", "meta pkttype != host", "fib daddr type != broadcast"};

		text_add(t, paths[draw(8)]);
		return;
	}
	if (v == 11)
		text_add(t, is_four(p) ? "ip ttl > 1" : "ip6 hoplimit > 1");
	else if (v == 12)
		text_add(t, is_four(p) ? "ip length < 200" : "ip6 length < 200");
	else
		text_add(t, values[v]);
}

void match_add(struct text *t, struct place *p)
{
	static const struct {
		unsigned weight;
		void (*fn)(struct text *t, struct place *p);
	} matches[] = {{24, match_address}, {22, match_port}, {8, match_device}, {9, match_state}, {6, match_proto},
	        {5, match_flags}, {5, match_icmp}, {4, match_family}, {2, match_mark}, {12, match_concat},
	        {3, match_undecided}};
	uint32_t r = draw(100);
	size_t i = 0;

	while (r >= matches[i].weight)
		r -= matches[i++].weight;
	matches[i].fn(t, p);
	text_add(t, " ");
}

void vmap_add(struct text *t, struct place *p, const char *(*verdict)(void *ctx), void *ctx)
{
	bool four = is_four(p);
	const char *ip = four ? "ip" : "ip6";

	switch (is_without_ports(p) ? 0 : draw(6)) {
	case 0:
		text_addf(t, "%s %s vmap { ", ip, draw(2) == 0 ? "saddr" : "daddr");
		elements_add(t, add_address, four, chance(60), verdict, ctx);
		break;
	case 1:
		text_addf(t, "%s dport vmap { ", proto_of(p));
		elements_add(t, add_port, true, chance(60), verdict, ctx);
		break;
	case 2:
		text_addf(t, "%s daddr . %s dport vmap { ", ip, proto_of(p));
		pair_elements(t, four, true, chance(60), verdict, ctx);
		break;
	case 3:
		text_addf(t, "ct state vmap { established : %s, ", verdict(ctx));
		text_addf(t, "new : %s, ", verdict(ctx));
		text_addf(t, "invalid : %s", verdict(ctx));
		break;
	case 4:
		text_addf(t, "%sname vmap { \"%s\" : %s",
		        p->where == WHERE_OUTPUT || p->where == WHERE_POSTROUTING ? "oif" : "iif",
		        oracle_names[draw(DEVICES)], verdict(ctx));
		break;
	default:
		text_addf(t, "meta l4proto vmap { tcp : %s, ", verdict(ctx));
		text_addf(t, "icmp : %s, ", verdict(ctx));
		text_addf(t, "89 : %s", verdict(ctx));
	}
	if (chance(20))
		text_addf(t, ", * : %s", verdict(ctx));
	text_add(t, " }");
}
