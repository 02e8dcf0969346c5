/* links: ruleset base */
/*
 * Rulesets are loaded with nft and iptables into network namespaces of the tests' own, dumped as raw netlink, and the model,
 * the printed text and the JSON reader are compared with what was loaded and with what nft itself lists.
 */
#include <check.h>
#include <dirent.h>
#include <limits.h>

#include "netlink_dump.h"
#include "portcullis/ruleset.h"
#include "ruleset_dump.h"

static void namespace_setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(system("ip link set lo up"), 0);
}

static void load(const char *text)
{
	ck_assert_msg(run_with_input("nft -f -", text) == 0, "nft refuses: %s", text);
}

static struct ruleset *read_netlink(void)
{
	struct dumped d = netlink_dump();
	struct ruleset *rs;
	struct error err = {0};
	int result = ruleset_parse_netlink(d.bytes, d.len, &rs, &err);
	ck_assert_msg(result == 0, "%s: %s", err.where, err.text);
	free(d.bytes);
	return rs;
}

static struct ruleset *read_json(void)
{
	char *json = run_output("nft -j list ruleset 2>/dev/null");
	struct ruleset *rs;
	struct error err = {0};
	int result = ruleset_parse_json(json, strlen(json), &rs, &err);
	ck_assert_msg(result == 0, "%s: %s", err.where, err.text);
	free(json);
	return rs;
}

static const struct rs_chain *chain_of(
        const struct ruleset *rs, enum rs_family family, const char *table, const char *name)
{
	const struct rs_chain *c = ruleset_chain_find(rs, family, table, name);
	ck_assert_msg(c != NULL, "no chain %s %s", table, name);
	return c;
}

static const char objects[] =
        "table inet t {\n"
        " limit l1 { rate 400/minute\n }\n counter c1 { }\n quota q1 { 25 mbytes\n }\n"
        " set pl { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 1.2.3.4-1.2.3.9 } }\n"
        " set nets { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80-90, 1.2.3.4 . 22 } }\n"
        " set dyn { type ipv4_addr; flags dynamic,timeout; size 100; }\n"
        " set macs { type ether_addr; elements = { 00:11:22:33:44:55 } }\n"
        " set mk { type mark; elements = { 1, 256 } }\n"
        " set mki { type mark; flags interval; elements = { 1-5, 256 } }\n"
        " map vm { type inet_service : verdict; elements = { 22 : accept, 80 : jump sub, * : drop } }\n"
        " map inside { type ipv4_addr : ipv4_addr; flags interval; elements = { 1.0.0.0/8 : 10.0.0.1 } }\n"
        " map ranges { type inet_service : interval ipv4_addr . inet_service; elements = { 80 : "
        "10.0.0.1-10.0.0.9 . 8000-8009 } }\n"
        " map ivm { type ipv4_addr : verdict; flags interval; elements = { 10.0.0.0/8 : accept, 11.0.0.0/8 : drop } }\n"
        " chain sub { }\n chain other { }\n"
        " chain pre { type nat hook prerouting priority dstnat; }\n"
        " chain post { type nat hook postrouting priority srcnat; }\n"
        " chain f { type filter hook forward priority 10; policy drop; }\n"
        "}\n";

/* Rules that nft lists exactly as they are written here; rule_print() writes them so too. */
static const char *const common[] = {
        "tcp dport 5061 accept",
        "iifname \"eth0\" ip saddr 10.0.0.0/8 ct state established,related accept",
        "ct state vmap { invalid : drop, established : accept, related : accept }",
        "ct state new accept",
        "ct state != new accept",
        "ct state { established, new } accept",
        "ct state new,untracked accept",
        "ct status dnat accept",
        "ct status assured,confirmed accept",
        "ct direction reply accept",
        "ip saddr 10.0.0.0/12 ip daddr 1.2.3.4 accept",
        "ip saddr 1.2.3.4 ip daddr 1.2.3.5 accept",
        "ip saddr != 10.0.0.0/8 ip daddr != 1.2.3.4 accept",
        "ip saddr 10.0.0.1-10.0.0.9 drop",
        "ip saddr != 10.0.0.1-10.0.0.9 drop",
        "ip saddr & 0.0.0.255 == 0.0.0.1 accept",
        "ip daddr { 1.1.1.1, 10.0.0.0/8, 192.168.1.1-192.168.1.9 } accept",
        "ip6 saddr 2001:db8::/32 accept",
        "ip6 daddr { 2001:db8::1, 2001:db8:1::/48 } udp dport 3478 accept",
        "tcp sport 22 tcp dport 23 accept",
        "tcp dport { 22, 80, 1000-2000 } accept",
        "tcp dport != { 22, 80 } accept",
        "tcp dport != 1-1023 accept",
        "udp sport 1024-65535 udp dport 49152-57500 accept",
        "sctp dport 9 accept",
        "ip saddr . tcp dport @nets accept",
        "ip saddr . ip daddr . tcp dport { 10.0.0.1 . 10.0.0.2 . 80, 10.0.1.0/24 . 10.0.2.0/24 . 443 } accept",
        "ip saddr @pl accept",
        "ip saddr != @pl accept",
        "iifname . oifname { \"eth0\" . \"eth1\" } accept",
        "iifname \"eth*\" oifname != \"ppp*\" accept",
        "iifname { \"eth*\", \"lo\" } accept",
        "iif \"lo\" accept",
        "iif != \"lo\" accept",
        "oif \"lo\" accept",
        "meta mark 0x00000005 accept",
        "meta mark != 0x00000007 accept",
        "meta mark & 0x000000ff == 0x00000005 accept",
        "meta mark 0x00000001-0x00000005 accept",
        "meta mark @mk accept",
        "meta mark @mki accept",
        "icmp type echo-request accept",
        "icmp type { echo-reply, echo-request } accept",
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
        "tcp flags syn / fin,syn,rst,ack accept",
        "ct state & established == established accept",
        "tcp flags & syn != syn drop",
        "ct state established,related / established,related accept",
        "tcp flags != syn / fin,syn,rst,ack ct state new drop",
        "tcp flags syn accept",
        "tcp flags ! fin,syn accept",
        "meta protocol ip accept",
        "meta protocol { ip, ip6 } accept",
        "meta nfproto ipv6 accept",
        "meta nfproto ipv4 tcp dport 22 accept",
        "ip protocol tcp accept",
        "ip protocol { tcp, udp } accept",
        "ip6 nexthdr ipv6-icmp accept",
        "meta l4proto tcp accept",
        "meta l4proto != tcp accept",
        "meta l4proto { tcp, udp } th dport 53 accept",
        "meta l4proto . th dport { tcp . 53, udp . 53 } accept",
        "meta l4proto . th dport { tcp . 5060-5061, udp . 3478 } accept",
        "th dport 53 accept",
        "ip saddr @dyn drop",
        "ip daddr @dyn drop",
        "ip saddr != @dyn drop",
        "ether saddr @macs drop",
        "ether type ip accept",
        "tcp dport vmap { 22 : accept, 80 : jump sub, 443 : goto other }",
        "tcp dport vmap @vm",
        "ip saddr vmap @ivm",
        "limit rate 10/second burst 20 packets accept",
        "limit rate over 1 mbytes/second drop",
        "limit name \"l1\" accept",
        "counter name \"c1\" accept",
        "quota name \"q1\" drop",
        "quota over 10 mbytes drop",
        "ct count over 10 drop",
        "log prefix \"hello \" level info accept",
        "log prefix \"x\" group 5 accept",
        "tcp dport 22 limit rate 3/minute log prefix \"ssh \" accept",
        "udp dport 53 counter log prefix \"a\" accept comment \"my comment\"",
        "counter drop",
        "reject",
        "meta l4proto tcp reject with tcp reset",
        "reject with icmp host-unreachable",
        "reject with icmpx admin-prohibited",
        "reject with icmpv6 no-route",
        "add @dyn { ip saddr } accept",
        "meta pkttype broadcast drop",
        "meta skuid 1000 accept",
        "ip ttl 64 accept",
        "ip6 hoplimit 255 accept",
        "ct mark 0x00000005 accept",
        "fib daddr type local accept",
        "fib saddr . iif oif missing drop",
        "fib daddr . iif type != { local, broadcast, multicast } drop",
        "numgen inc mod 2 0 accept",
        "jump sub",
        "goto other",
        "return",
        "accept",
};
#define N_COMMON (sizeof(common) / sizeof(common[0]))

static void load_rules(const char *chain, const char *const *rules, size_t n)
{
	struct text t = {0};
	load(objects);
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "add rule inet t %s %s\n", chain, rules[i]);
	load(text_str(&t));
	text_fini(&t);
}

START_TEST(prints_common_rules_as_nft_lists_them)
{
	load_rules("f", common, N_COMMON);
	struct ruleset *rs = read_netlink();
	const struct rs_chain *c = chain_of(rs, RS_INET, "t", "f");
	ck_assert_uint_eq(c->n_rule, N_COMMON);
	char *listing = run_output("nft -s list chain inet t f"), *save;
	strtok_r(listing, "\n", &save);
	strtok_r(NULL, "\n", &save);
	strtok_r(NULL, "\n", &save);
	for (size_t i = 0; i < N_COMMON; i++) {
		const char *line = strtok_r(NULL, "\n", &save);
		char *text = rule_print(rs, c, &c->rule[i]);
		ck_assert_str_eq(line + strspn(line, "\t"), common[i]);
		ck_assert_str_eq(text, common[i]);
		free(text);
	}
	free(listing);
	ruleset_free(rs);
}
END_TEST

/* A printed rule can be loaded again and means the same. */
START_TEST(printed_rules_load_again_with_the_same_model)
{
	static const char *const rules[] = {"tcp dport >= 1024 accept", "tcp dport < 1024 accept",
	        "ip saddr { 1.2.3.4 } accept", "meta mark and 0xff00 == 0x100 accept",
	        "iifname != { \"a\", \"b*\" } accept", "tcp flags == (syn|ack) accept", "ip saddr 0.0.0.0/0 accept",
	        "continue"};
	const size_t n = sizeof(rules) / sizeof(rules[0]);
	struct text again = {0};
	load_rules("f", rules, n);
	struct ruleset *rs = read_netlink();
	const struct rs_chain *c = chain_of(rs, RS_INET, "t", "f");
	text_add(&again, "flush chain inet t f\n");
	for (size_t i = 0; i < n; i++) {
		char *text = rule_print(rs, c, &c->rule[i]);
		text_addf(&again, "add rule inet t f %s\n", text);
		free(text);
	}
	load(text_str(&again));
	struct ruleset *second = read_netlink();
	const struct rs_chain *d = chain_of(second, RS_INET, "t", "f");
	for (size_t i = 0; i < n; i++) {
		char *a = rule_dump(rs, &c->rule[i]), *b = rule_dump(second, &d->rule[i]);
		ck_assert_str_eq(a, b);
		free(a);
		free(b);
	}
	ck_assert_str_eq(rs->digest, second->digest);
	text_fini(&again);
	ruleset_free(rs);
	ruleset_free(second);
}
END_TEST

static const struct {
	const char *rule, *model;
} models[] = {
        {"tcp dport 5061 accept", "meta l4proto 6; th dport 13c5; accept"},
        {"ip saddr 10.0.0.0/8 drop", "meta nfproto 2; ip saddr a000000-affffff; drop"},
        {"ip saddr 10.16.0.0/12 drop", "meta nfproto 2; ip saddr a100000-a1fffff; drop"},
        {"ip saddr & 0.0.0.255 == 0.0.0.1 drop", "meta nfproto 2; ip saddr & ff == 1; drop"},
        {"ip saddr 1.2.3.4 ip daddr 1.2.3.5 drop", "meta nfproto 2; ip saddr 1020304; ip daddr 1020305; drop"},
        {"ip6 saddr 2001:db8::/33 drop",
                "meta nfproto a; ip6 saddr 20010db800000000:0000000000000000-20010db87fffffff:ffffffffffffffff; drop"},
        {"tcp sport 22 tcp dport 23 accept", "meta l4proto 6; th sport 16; th dport 17; accept"},
        {"tcp dport >= 1024 accept", "meta l4proto 6; th dport 400-ffff; accept"},
        {"tcp dport < 1024 accept", "meta l4proto 6; th dport 0-3ff; accept"},
        {"tcp dport != 1-1023 accept", "meta l4proto 6; th dport not 1-3ff; accept"},
        {"th dport 53 accept", "th dport 35; accept"},
        {"icmp code 1 drop", "meta nfproto 2; meta l4proto 1; icmp code 1; drop"},
        {"icmpv6 type . icmpv6 code { packet-too-big . 0, 1 . 3 } accept",
                "meta nfproto a; meta l4proto 3a; icmpv6 type . icmpv6 code {1 . 3, 2 . 0}; accept"},
        {"iifname \"eth*\" accept",
                "iifname 6574680000000000:0000000000000000-657468ffffffffff:ffffffffffffffff; accept"},
        {"iifname \"eth1\" accept", "iifname 6574683100000000:0000000000000000; accept"},
        {"iif \"lo\" accept", "iifname 6c6f000000000000:0000000000000000; accept"},
        {"ct state established,related accept", "ct state not & 6 == 0; accept"},
        {"ct state != new accept", "ct state not 8; accept"},
        {"ct state { established, new } accept", "ct state {2, 8}; accept"},
        {"ct status dnat accept", "ct status not & 20 == 0; accept"},
        {"ct direction reply accept", "ct direction 1; accept"},
        {"tcp flags & (fin|syn|rst|ack) == syn accept", "meta l4proto 6; tcp flags & 17 == 2; accept"},
        {"tcp flags syn accept", "meta l4proto 6; tcp flags not & 2 == 0; accept"},
        {"meta mark 5 accept", "meta mark 5; accept"},
        {"meta mark 1-5 accept", "meta mark 1-5; accept"},
        {"meta mark & 0xff == 5 accept", "meta mark & ff == 5; accept"},
        {"meta mark { 1-5, 9 } accept", "meta mark {1-5, 9}; accept"},
        {"icmp type echo-request accept", "meta nfproto 2; meta l4proto 1; icmp type 8; accept"},
        {"icmpv6 type 135 accept", "meta nfproto a; meta l4proto 3a; icmpv6 type 87; accept"},
        {"meta protocol ip accept", "meta nfproto 2; accept"},
        {"meta protocol arp accept", "meta nfproto ; accept"},
        {"meta protocol { ip, ip6, arp } accept", "meta nfproto {2, a}; accept"},
        {"ether type ip accept", "atom ether type@t/f#%; meta nfproto 2; accept"},
        {"ip protocol udp accept", "meta nfproto 2; meta l4proto 11; accept"},
        {"ip6 nexthdr tcp accept", "meta nfproto a; meta l4proto 6; accept"},
        {"ip saddr { 1.2.3.4-255.255.255.255, 1.0.0.0/24 } drop",
                "meta nfproto 2; ip saddr {1000000-10000ff, 1020304-ffffffff}; drop"},
        {"tcp dport { 0-10, 11, 13 } drop", "meta l4proto 6; th dport {0-b, d}; drop"},
        {"tcp dport vmap { 1-9 : accept, 10-19 : drop, 80 : jump sub }",
                "meta l4proto 6; th dport vmap {1-9: accept, a-13: drop, 50: jump sub}"},
        {"tcp dport vmap { 22 : accept, * : drop }", "meta l4proto 6; th dport vmap {16: accept, *: drop}"},
        {"ip saddr . tcp dport { 10.0.0.0/8 . 80-90, 1.2.3.4 . 22 } accept",
                "meta nfproto 2; meta l4proto 6; ip saddr . th dport {1020304 . 16, a000000-affffff . 50-5a}; accept"},
        {"ip saddr != @dyn drop", "meta nfproto 2; atom not set dyn@t; drop"},
        {"ip saddr @dyn drop", "meta nfproto 2; atom set dyn@t; drop"},
        {"ip daddr @dyn drop", "meta nfproto 2; atom set dyn@t by ip daddr; drop"},
        {"limit rate 1/second limit rate 2/second accept", "atom limit@t/f#%; atom limit@t/f#%.2; accept"},
        {"flow add @nothing accept", NULL},
        {"ct mark set 1 accept", "accept"},
        {"ip ttl set 5 accept", "meta nfproto 2; accept"},
        {"ip daddr set 1.2.3.4 accept", "meta nfproto 2; unknown"},
        {"tcp dport set 80 accept", "meta l4proto 6; unknown"},
        {"reject with tcp reset", "meta l4proto 6; reject"},
        {"udp dport 53 notrack", "meta l4proto 11; th dport 35; notrack; continue"},
        {"numgen inc mod 2 vmap { 0 : accept, 1 : drop }", "unknown"},
        {"synproxy", "unknown"},
        {"tcp dport 80 log drop", "meta l4proto 6; th dport 50; drop"},
};

/* "%" in the wanted text stands for the rule's handle. */
static void assert_model(const struct ruleset *rs, const struct rs_rule *rule, const char *what, const char *want)
{
	struct text t = {0};
	char *got = rule_dump(rs, rule);
	for (; *want != '\0'; want++) {
		if (*want == '%')
			text_addf(&t, "%llu", (unsigned long long)rule->handle);
		else
			text_addn(&t, want, 1);
	}
	ck_assert_msg(strcmp(got, text_str(&t)) == 0, "%s\n got: %s\nwant: %s", what, got, text_str(&t));
	text_fini(&t);
	free(got);
}

/* Load rule by rule: what this kernel or nft does not have is passed over. */
static size_t load_one(const char *chain, const char *rule)
{
	char *text = xasprintf("add rule inet t %s %s\n", chain, rule);
	size_t loaded = run_with_input("nft -f - 2>/dev/null", text) == 0;
	free(text);
	return loaded;
}

START_TEST(gives_each_construct_the_matches_it_has)
{
	const size_t n = sizeof(models) / sizeof(models[0]);
	bool loaded[sizeof(models) / sizeof(models[0])];
	size_t k = 0, skipped = 0;
	load(objects);
	for (size_t i = 0; i < n; i++)
		loaded[i] = models[i].model != NULL && load_one("f", models[i].rule) == 1;
	struct ruleset *rs = read_netlink();
	const struct rs_chain *c = chain_of(rs, RS_INET, "t", "f");
	for (size_t i = 0; i < n; i++) {
		if (loaded[i])
			assert_model(rs, &c->rule[k++], models[i].rule, models[i].model);
		else
			skipped++;
	}
	ck_assert_uint_eq(k, c->n_rule);
	ck_assert_uint_le(skipped, 3);
	ruleset_free(rs);
}
END_TEST

static const struct {
	const char *chain, *rule, *model;
} nats[] = {
        {"pre", "ip daddr 1.2.3.4 tcp dport 80 dnat ip to 10.0.0.5:8080",
                "meta nfproto 2; ip daddr 1020304; meta l4proto 6; th dport 50; nat-dst to a000005 port 8080-8080"},
        {"pre", "dnat ip to 10.0.0.5-10.0.0.9", "meta nfproto 2; nat-dst to a000005-a000009"},
        {"pre", "tcp dport 443 dnat ip6 to [2001:db8::1]:4443",
                "meta l4proto 6; th dport 1bb; meta nfproto a; nat-dst to 20010db800000000:0000000000000001 port "
                "4443-4443"},
        {"pre", "tcp dport 80 redirect to :8080", "meta l4proto 6; th dport 50; nat-dst port 8080-8080"},
        {"pre", "tcp dport 81 redirect", "meta l4proto 6; th dport 51; nat-dst"},
        {"pre", "dnat ip to ip daddr map { 1.2.3.4 : 10.0.0.1 }",
                "meta nfproto 2; ip daddr {1020304: continue to a000001}; nat-dst by ip daddr in {1020304: continue to "
                "a000001}"},
        {"pre", "dnat ip to tcp dport map { 80 : 10.0.0.1 . 8080, 81 : 10.0.0.2 . 8081 }",
                "meta l4proto 6; th dport {50: continue to a000001 port 8080-8080, 51: continue to a000002 port "
                "8081-8081}; meta nfproto 2; nat-dst by th dport in {50: continue to a000001 port 8080-8080, 51: "
                "continue to a000002 "
                "port 8081-8081}"},
        {"pre", "tcp dport 80 dnat ip to 10.0.0.1:tcp sport map { 1000-1999 : 8080, 2000 : 8081 }",
                "meta l4proto 6; th dport 50; th sport {3e8-7cf: continue port 8080-8080, 7d0: continue port "
                "8081-8081}; "
                "meta nfproto 2; nat-dst to a000001 by th sport in {3e8-7cf: continue port 8080-8080, 7d0: continue "
                "port "
                "8081-8081}"},
        {"pre", "tcp dport 82 redirect to :tcp dport map { 82 : 8082 }",
                "meta l4proto 6; th dport 52; th dport {52: continue port 8082-8082}; nat-dst by th dport in {52: "
                "continue port 8082-8082}"},
        {"pre", "dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }",
                "meta nfproto 2; nat-dst by 0-1 in {0: continue to a000001, 1: continue to a000002}"},
        {"pre", "dnat ip to jhash ip saddr mod 4 map { 0-2 : 10.0.0.1, 3 : 10.0.0.2 }",
                "meta nfproto 2; nat-dst by 0-3 in {0-2: continue to a000001, 3: continue to a000002}"},
        {"pre", "dnat ip to numgen random mod 3 offset 1 map { 1 : 10.0.0.1, 2 : 10.0.0.2 }",
                "atom numgen random mod 3 offset 1@t/pre#%; meta nfproto 2; nat-dst"},
        {"pre", "dnat ip to ip daddr map @inside", "meta nfproto 2; ip daddr @inside; nat-dst by ip daddr in @inside"},
        {"pre", "dnat ip to tcp dport map @ranges",
                "meta l4proto 6; th dport @ranges; meta nfproto 2; nat-dst by th dport in @ranges"},
        {"pre", "dnat ip prefix to ip daddr map { 10.0.0.0/24 : 10.0.1.0/24 }",
                "meta nfproto 2; ip daddr {a000000-a0000ff: continue to a000100-a0001ff}; nat-dst"},
        {"post", "oifname \"eth0\" masquerade", "oifname 6574683000000000:0000000000000000; nat-src"},
        {"post", "meta l4proto tcp snat ip to 1.2.3.4:1000-2000", "meta l4proto 6; meta nfproto 2; nat-src"},
};

START_TEST(keeps_the_constant_destination_of_translations)
{
	const size_t n = sizeof(nats) / sizeof(nats[0]);
	size_t at[2] = {0};
	load(objects);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(load_one(nats[i].chain, nats[i].rule) == 1, "%s", nats[i].rule);
	struct ruleset *rs = read_netlink();
	const struct rs_chain *pre = chain_of(rs, RS_INET, "t", "pre"), *post = chain_of(rs, RS_INET, "t", "post");
	for (size_t i = 0; i < n; i++) {
		bool is_post = strcmp(nats[i].chain, "post") == 0;
		const struct rs_chain *c = is_post ? post : pre;
		assert_model(rs, &c->rule[at[is_post]++], nats[i].rule, nats[i].model);
	}
	ck_assert(pre->rule[3].nat_redirect);
	ck_assert(!pre->rule[0].nat_redirect);
	ck_assert(rs->uses_conntrack && rs->tracks[0] && rs->tracks[1]);
	ruleset_free(rs);
}
END_TEST

START_TEST(tracking_is_of_the_tables_family)
{
	load("table ip a {\n chain x { ct state new accept; }\n}\n"
	     "table ip6 b {\n chain y { type nat hook prerouting priority -100; accept; }\n}\n");
	struct ruleset *rs = read_netlink();
	ck_assert(rs->uses_conntrack && rs->tracks[0] && !rs->tracks[1]);
	ruleset_free(rs);
	load("flush ruleset\n");
	load("table inet a {\n chain x { dnat ip6 to fd00::1; }\n}\n");
	rs = read_netlink();
	ck_assert(rs->uses_conntrack && !rs->tracks[0] && rs->tracks[1]);
	ruleset_free(rs);
}
END_TEST

START_TEST(notrack_keeps_its_place_among_the_matches)
{
	load("table inet a {\n chain x { ip saddr 10.0.0.1 notrack tcp dport 80 accept; }\n}\n");
	struct ruleset *rs = read_netlink(), *json = read_json();
	char *text = rule_print(rs, &rs->chain[0], &rs->chain[0].rule[0]);
	ck_assert_str_eq(text, "ip saddr 10.0.0.1 notrack tcp dport 80 accept");
	/* The family that the address needs is a match too. */
	ck_assert_uint_eq(rs->chain[0].rule[0].notrack_at, 2);
	ck_assert_uint_eq(json->chain[0].rule[0].notrack_at, 2);
	free(text);
	ruleset_free(rs);
	ruleset_free(json);
}
END_TEST

/* Rules in which the two sources may differ, as nft's JSON leaves something out or words it otherwise. */
static bool atoms_may_differ(const char *rule)
{
	static const char *const words[] = {"meta mark and", "ip option", "tcp option", "meta hour", "exthdr"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(rule, words[i]) != NULL)
			return true;
	return false;
}

START_TEST(both_readers_agree_on_every_construct)
{
	size_t compared = 0;
	load(objects);
	for (size_t i = 0; i < N_COMMON; i++)
		load_one("f", common[i]);
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		load_one("f", models[i].rule);
	for (size_t i = 0; i < sizeof(nats) / sizeof(nats[0]); i++)
		load_one(nats[i].chain, nats[i].rule);
	struct ruleset *a = read_netlink(), *b = read_json();
	ck_assert_uint_eq(a->n_chain, b->n_chain);
	ck_assert_uint_eq(a->n_rule, b->n_rule);
	ck_assert_uint_eq(a->n_undecoded, b->n_undecoded);
	ck_assert(a->uses_conntrack && b->uses_conntrack);
	for (size_t i = 0; i < a->n_chain; i++) {
		const struct rs_chain *c = &a->chain[i], *d = &b->chain[i];
		ck_assert_str_eq(c->name, d->name);
		ck_assert(c->base == d->base && c->hook == d->hook && c->type == d->type && c->priority == d->priority);
		ck_assert(c->policy == d->policy && c->handle == d->handle && c->n_rule == d->n_rule);
		for (size_t k = 0; k < c->n_rule; k++) {
			char *x = rule_dump(a, &c->rule[k]), *y = rule_dump(b, &d->rule[k]);
			char *text = rule_print(a, c, &c->rule[k]);
			if (!atoms_may_differ(text)) {
				ck_assert_msg(strcmp(x, y) == 0, "%s\nnetlink %s\njson    %s", text, x, y);
				compared++;
			}
			free(x);
			free(y);
			free(text);
		}
	}
	ck_assert_uint_ge(compared, 140);
	ruleset_free(a);
	ruleset_free(b);
}
END_TEST

static const struct {
	const char *arguments, *model;
} iptables[] = {
        {"-p tcp --dport 22 -j ACCEPT", "meta l4proto 6; th dport 16; accept"},
        {"-p tcp -m multiport --dports 80,443,1000:2000 -j ACCEPT", "meta l4proto 6; th dport 50,1bb,3e8-7d0; accept"},
        {"-p udp -m multiport ! --sports 80,443 -j ACCEPT", "meta l4proto 11; th sport not 50,1bb; accept"},
        {"-p tcp -m multiport --ports 80,90:99 -j ACCEPT", "meta l4proto 6; th sport . th dport {0-ffff . 50, 0-ffff . "
                                                           "5a-63, 50 . 0-ffff, 5a-63 . 0-ffff}; accept"},
        {"-p tcp -m multiport ! --ports 80 -j ACCEPT", "meta l4proto 6; th sport not 50; th dport not 50; accept"},
        {"-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "ct state not & 6 == 0; accept"},
        {"-m conntrack ! --ctstate NEW -j ACCEPT", "ct state & 8 == 0; accept"},
        {"-m conntrack --ctstate DNAT -j ACCEPT", "ct status not & 20 == 0; accept"},
        {"-m conntrack --ctstate DNAT,NEW -j ACCEPT", "atom conntrack@ip filter/FORWARD#%; accept"},
        {"-m conntrack --ctstate UNTRACKED -j ACCEPT", "ct state not & 40 == 0; accept"},
        {"-m state --state NEW -j ACCEPT", "ct state not & 8 == 0; accept"},
        {"-m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP", "ip saddr a000001-a000009; drop"},
        {"-m iprange ! --dst-range 10.0.0.1-10.0.0.9 -j DROP", "ip daddr not a000001-a000009; drop"},
        {"-p icmp --icmp-type echo-request -j ACCEPT", "meta l4proto 1; icmp type 8; accept"},
        {"-p icmp --icmp-type 3/4 -j ACCEPT", "meta l4proto 1; icmp type 3; icmp code 4; accept"},
        {"-p icmp ! --icmp-type 3/4 -j ACCEPT", "meta l4proto 1; atom icmp@ip filter/FORWARD#%; accept"},
        {"-m conntrack ! --ctstate DNAT,NEW -j ACCEPT", "atom conntrack@ip filter/FORWARD#%; accept"},
        {"-m conntrack ! --ctstate DNAT,INVALID,UNTRACKED -j ACCEPT",
                "ct status & 20 == 0; ct state & 41 == 0; accept"},
        {"-m conntrack --ctstate INVALID --ctdir ORIGINAL -j DROP", "atom conntrack@ip filter/FORWARD#%; drop"},
        {"-m conntrack --ctstate NEW --ctdir ORIGINAL -j DROP", "ct state not & 8 == 0; ct direction 0; drop"},
        {"-m mac --mac-source 00:11:22:33:44:55 -j ACCEPT", "atom ether saddr@ip filter/FORWARD#%; accept"},
        {"-m addrtype --dst-type LOCAL -j ACCEPT", "atom fib@ip filter/FORWARD#%; accept"},
        {"-m limit --limit 5/min -j ACCEPT", "atom limit@ip filter/FORWARD#%; accept"},
        {"-m recent --name bad --rcheck -j DROP", "atom recent@ip filter/FORWARD#%; drop"},
        {"-m mark --mark 0x1/0xff -j ACCEPT", "meta mark & ff == 1; accept"},
        {"-p tcp --syn -j ACCEPT", "meta l4proto 6; tcp flags & 17 == 2; accept"},
        {"-p tcp ! --syn -m conntrack --ctstate NEW -j DROP",
                "meta l4proto 6; tcp flags not & 17 == 2; ct state not & 8 == 0; drop"},
        {"-p udp --sport 53 ! -s 10.0.0.0/8 -i eth+ ! -o eth1 -j ACCEPT",
                "iifname 6574680000000000:0000000000000000-657468ffffffffff:ffffffffffffffff; "
                "oifname not 6574683100000000:0000000000000000; meta l4proto 11; ip saddr not a000000-affffff; th "
                "sport 35; "
                "accept"},
        {"-m comment --comment \"hi there\" -j LOG --log-prefix \"x \"", "continue"},
        {"-p tcp -j REJECT --reject-with tcp-reset", "meta l4proto 6; reject"},
        {"-j NFQUEUE --queue-num 1", "unknown"},
        {"-j RETURN", "return"},
};

START_TEST(decodes_the_matches_of_iptables)
{
	const size_t n = sizeof(iptables) / sizeof(iptables[0]);
	size_t k = 0, loaded = 0;
	bool is_loaded[sizeof(iptables) / sizeof(iptables[0])];
	for (size_t i = 0; i < n; i++) {
		char *command = xasprintf("iptables-nft -A FORWARD %s 2>/dev/null", iptables[i].arguments);
		is_loaded[i] = system(command) == 0;
		loaded += is_loaded[i];
		free(command);
	}
	if (loaded == 0) {
		printf("decodes_the_matches_of_iptables: not run, iptables-nft cannot load a rule here\n");
		return;
	}
	struct ruleset *rs = read_netlink();
	const struct rs_chain *c = chain_of(rs, RS_IP, "filter", "FORWARD");
	for (size_t i = 0; i < n; i++)
		if (is_loaded[i])
			assert_model(rs, &c->rule[k++], iptables[i].arguments, iptables[i].model);
	ck_assert_uint_eq(k, c->n_rule);
	ck_assert_uint_ge(loaded, 15);
	ruleset_free(rs);
	rs = read_json();
	ck_assert_uint_eq(rs->n_rule, loaded);
	c = chain_of(rs, RS_IP, "filter", "FORWARD");
	ck_assert_int_eq(c->rule[1].match[1].kind, RS_MATCH_ATOM);
	ck_assert_str_eq(c->rule[1].match[1].text, "xt match \"multiport\"");
	ruleset_free(rs);
}
END_TEST

/* Of IPv6 an address of the device counts as unicast, and several types are not a choice. */
START_TEST(decodes_address_types_of_ip6tables)
{
	static const struct {
		const char *types, *text;
	} rules[] = {{"UNICAST", "fib saddr type { unicast, local }"}, {"LOCAL", "fib saddr type local"},
	        {"UNICAST,MULTICAST", "xt match \"addrtype\""}};
	const size_t n = sizeof(rules) / sizeof(rules[0]);
	for (size_t i = 0; i < n; i++) {
		char *command = xasprintf(
		        "ip6tables-nft -A FORWARD -m addrtype --src-type %s -j DROP 2>/dev/null", rules[i].types);
		int result = system(command);
		free(command);
		if (result != 0) {
			printf("decodes_address_types_of_ip6tables: not run, ip6tables-nft cannot load a rule here\n");
			return;
		}
	}
	struct ruleset *rs = read_netlink();
	const struct rs_chain *c = chain_of(rs, RS_IP6, "filter", "FORWARD");
	ck_assert_uint_eq(c->n_rule, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(c->rule[i].match[0].text, rules[i].text);
	ruleset_free(rs);
}
END_TEST

START_TEST(decodes_the_translations_of_iptables)
{
	static const struct {
		const char *chain, *arguments, *model, *text;
	} rules[] = {
	        {"PREROUTING", "-p tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080",
	                "meta l4proto 6; th dport 50; nat-dst to a000005 port 8080-8080", "dnat to 10.0.0.5:8080"},
	        {"PREROUTING", "-p tcp --dport 81 -j REDIRECT --to-ports 8080",
	                "meta l4proto 6; th dport 51; nat-dst port 8080-8080", "redirect to :8080"},
	        {"POSTROUTING", "-o eth0 -j MASQUERADE", "oifname 6574683000000000:0000000000000000; nat-src",
	                "masquerade"},
	        {"POSTROUTING", "-s 10.0.0.0/8 -j SNAT --to-source 1.2.3.4", "ip saddr a000000-affffff; nat-src",
	                "snat to 1.2.3.4"},
	};
	for (size_t i = 0; i < 4; i++) {
		char *command =
		        xasprintf("iptables-nft -t nat -A %s %s 2>/dev/null", rules[i].chain, rules[i].arguments);
		int status = system(command);
		free(command);
		if (status != 0) {
			printf("decodes_the_translations_of_iptables: not run, iptables-nft cannot load a rule here\n");
			return;
		}
	}
	struct ruleset *rs = read_netlink();
	for (size_t i = 0; i < 4; i++) {
		const struct rs_chain *c = chain_of(rs, RS_IP, "nat", rules[i].chain);
		assert_model(rs, &c->rule[i % 2], rules[i].arguments, rules[i].model);
		ck_assert_str_eq(c->rule[i % 2].undecided, rules[i].text);
	}
	ruleset_free(rs);
}
END_TEST

START_TEST(a_written_mark_makes_matches_on_it_atoms)
{
	load(objects);
	load("add rule inet t f meta mark 5 accept\nadd rule inet t f meta mark vmap { 1 : accept }\n");
	struct ruleset *rs = read_netlink();
	ck_assert(!rs->sets_mark);
	ck_assert_uint_eq(rs->n_undecoded, 0);
	ruleset_free(rs);
	load("add rule inet t pre meta mark set 1\n");
	rs = read_netlink();
	const struct rs_chain *c = chain_of(rs, RS_INET, "t", "f");
	ck_assert(rs->sets_mark);
	ck_assert_uint_eq(rs->n_undecoded, 2);
	assert_model(rs, &c->rule[0], "mark", "atom meta mark@t/f#%; accept");
	ck_assert_int_eq(c->rule[1].verdict.code, RS_UNKNOWN);
	ruleset_free(rs);
}
END_TEST

START_TEST(a_statement_that_can_end_the_rule_is_a_condition)
{
	load(objects);
	load("add rule inet t f meta mark set ct mark\nadd rule inet t f meta mark set ct mark accept\n");
	struct ruleset *rs = read_netlink(), *json = read_json();
	const struct rs_chain *c = chain_of(rs, RS_INET, "t", "f"), *d = chain_of(json, RS_INET, "t", "f");
	assert_model(rs, &c->rule[0], "set", "continue");
	assert_model(rs, &c->rule[1], "set and accept", "atom statement@t/f#%; accept");
	assert_model(json, &d->rule[1], "set and accept", "atom statement@t/f#%; accept");
	ruleset_free(rs);
	ruleset_free(json);
}
END_TEST

START_TEST(dormant_tables_have_no_base_chain)
{
	load("table inet t {\n flags dormant\n chain f { type filter hook forward priority 0; policy drop; }\n}\n");
	struct ruleset *rs = read_netlink();
	const struct rs_chain *c = chain_of(rs, RS_INET, "t", "f");
	ck_assert(!c->base && c->dormant);
	ck_assert_int_eq(c->policy, RS_DROP);
	ruleset_free(rs);
}
END_TEST

START_TEST(chains_keep_the_order_of_their_creation)
{
	load("table inet b {\n chain x { type filter hook forward priority 5; }\n}\n"
	     "table ip a {\n chain z { }\n chain y { type nat hook prerouting priority -100; }\n}\n");
	struct ruleset *rs = read_netlink();
	ck_assert_uint_eq(rs->n_chain, 3);
	ck_assert_str_eq(rs->chain[0].name, "x");
	ck_assert_str_eq(rs->chain[1].name, "z");
	ck_assert_str_eq(rs->chain[2].name, "y");
	ck_assert_uint_eq(rs->chain[2].order, 2);
	ck_assert_int_eq(rs->chain[0].priority, 5);
	ck_assert_int_eq(rs->chain[2].priority, -100);
	ck_assert_int_eq(rs->chain[2].type, RS_CHAIN_NAT);
	/* A chain of type nat alone does not make the kernel track. */
	ck_assert(!rs->uses_conntrack);
	ck_assert_uint_gt(rs->generation, 0);
	ruleset_free(rs);
}
END_TEST

START_TEST(the_digest_follows_the_rules_and_nothing_else)
{
	char first[65], second[65];
	load(objects);
	load("add rule inet t f counter accept\n");
	struct ruleset *rs = read_netlink();
	memcpy(first, rs->digest, sizeof(first));
	char *change = xasprintf("add element inet t dyn { 1.2.3.4 timeout 1h }\n"
	                         "replace rule inet t f handle %llu counter packets 5 bytes 9 accept\n",
	        (unsigned long long)chain_of(rs, RS_INET, "t", "f")->rule[0].handle);
	ruleset_free(rs);
	load(change);
	free(change);
	rs = read_netlink();
	memcpy(second, rs->digest, sizeof(second));
	ck_assert_uint_eq(strlen(second), 64);
	ck_assert_str_eq(first, second);
	ruleset_free(rs);
	load("add rule inet t f drop\n");
	rs = read_netlink();
	ck_assert_str_ne(first, rs->digest);
	ruleset_free(rs);
}
END_TEST

START_TEST(dynamic_sets_show_their_present_elements)
{
	load(objects);
	load("add element inet t dyn { 1.2.3.4 timeout 1h }\nadd rule inet t f ip saddr @dyn drop\n");
	struct ruleset *rs = read_netlink();
	const struct rs_match *m = &chain_of(rs, RS_INET, "t", "f")->rule[0].match[1];
	ck_assert_int_eq(m->kind, RS_MATCH_ATOM);
	ck_assert_uint_lt(m->set, rs->n_set);
	ck_assert_str_eq(rs->set[m->set].name, "dyn");
	ck_assert_uint_eq(rs->set[m->set].n_element, 1);
	ck_assert(rs->set[m->set].element[0].key[0].lo == 0x01020304);
	ck_assert_int_eq(m->field[0], RS_FIELD_IP_SADDR);
	ruleset_free(rs);
}
END_TEST

START_TEST(a_set_that_rules_add_to_is_dynamic_without_its_flag)
{
	load("table inet t {\n set s { type ipv4_addr; size 64; }\n"
	     " chain f { type filter hook forward priority 0; }\n}\n");
	load("add rule inet t f ip saddr @s drop\n");
	struct ruleset *rs = read_netlink();
	assert_model(rs, &chain_of(rs, RS_INET, "t", "f")->rule[0], "before", "meta nfproto 2; ip saddr @s; drop");
	ruleset_free(rs);
	if (load_one("f", "add @s { ip saddr }") == 0) {
		printf("a_set_that_rules_add_to_is_dynamic_without_its_flag: this kernel wants the flag\n");
		return;
	}
	rs = read_netlink();
	assert_model(rs, &chain_of(rs, RS_INET, "t", "f")->rule[0], "after", "meta nfproto 2; atom set s@t; drop");
	ruleset_free(rs);
}
END_TEST

/* Every cut and every changed byte gives a ruleset or an error, under the address sanitizer. */
START_TEST(broken_dumps_give_errors_or_atoms)
{
	struct ruleset *rs;
	struct error err;
	load_rules("f", common, N_COMMON);
	struct dumped d = netlink_dump();
	size_t refused = 0;
	for (size_t cut = 0; cut < d.len; cut += 61) {
		uint8_t *copy = xmalloc(cut + 1);
		memcpy(copy, d.bytes, cut);
		if (ruleset_parse_netlink(copy, cut, &rs, &err) == 0)
			ruleset_free(rs);
		else
			refused++;
		free(copy);
	}
	ck_assert_uint_gt(refused, 100);
	for (size_t i = 0; i < 1500; i++) {
		size_t at = (i * 7919) % d.len;
		uint8_t old = d.bytes[at];
		d.bytes[at] = (uint8_t)(old ^ (1u << (i % 8)));
		if (ruleset_parse_netlink(d.bytes, d.len, &rs, &err) == 0)
			ruleset_free(rs);
		d.bytes[at] = old;
	}
	free(d.bytes);
}
END_TEST

static bool find_shared(char *path)
{
	snprintf(path, PATH_MAX, "%s/../shared/corpus", SOURCE_DIR);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return false;
	closedir(dir);
	return true;
}

struct share {
	unsigned files, not_loaded, rules, undecoded, json_undecoded;
};

/* In a child, so that each file has a namespace of its own. */
static void corpus_file(const char *path, struct share *share)
{
	unsigned counts[3] = {0};
	int fds[2], status;
	ck_assert_int_eq(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char *command = xasprintf("nft -f '%s' 2>/dev/null", path);
		if (unshare(CLONE_NEWNET) != 0 || system("ip link set lo up") != 0 || system(command) != 0)
			_exit(3);
		struct ruleset *a = read_netlink(), *b = read_json();
		counts[0] = (unsigned)a->n_rule;
		counts[1] = (unsigned)a->n_undecoded;
		counts[2] = (unsigned)b->n_undecoded;
		_exit(write(fds[1], counts, sizeof(counts)) == sizeof(counts) ? 0 : 1);
	}
	close(fds[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	share->files++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3) {
		share->not_loaded++;
	} else {
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", path);
		ck_assert_int_eq(read(fds[0], counts, sizeof(counts)), sizeof(counts));
	}
	close(fds[0]);
	share->rules += counts[0];
	share->undecoded += counts[1];
	share->json_undecoded += counts[2];
}

START_TEST(reads_rulesets_that_were_written_elsewhere)
{
	static const char *const folders[] = {"docker", "openwrt-fw4", "nft-dumps"};
	char root[PATH_MAX], path[PATH_MAX + 600];
	ck_assert(find_shared(root));
	for (size_t i = 0; i < 3; i++) {
		struct share share = {0};
		struct dirent *entry;
		snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
		DIR *dir = opendir(path);
		ck_assert(dir != NULL);
		while ((entry = readdir(dir)) != NULL) {
			if (strstr(entry->d_name, ".nft") == NULL)
				continue;
			snprintf(path, sizeof(path), "%s/%s/%s", root, folders[i], entry->d_name);
			corpus_file(path, &share);
		}
		closedir(dir);
		printf("%s: %u files (%u do not load here), %u rules, undecoded %u by netlink, %u by JSON\n",
		        folders[i], share.files, share.not_loaded, share.rules, share.undecoded, share.json_undecoded);
		ck_assert_uint_gt(share.rules, 0);
		ck_assert_uint_lt(share.undecoded * 4, share.rules + 4);
	}
}
END_TEST

int main(void)
{
	if (geteuid() != 0 || !can_load_rulesets()) {
		printf("check_ruleset_netlink: not run, it needs root, unshare(2) of network namespaces and nft\n");
		return 77;
	}
	Suite *s = suite_create("ruleset_netlink");
	TCase *kernel = tcase_create("kernel"), *corpus = tcase_create("corpus");
	tcase_add_checked_fixture(kernel, namespace_setup, NULL);
	tcase_set_timeout(kernel, 120);
	tcase_set_timeout(corpus, 240);
	tcase_add_test(kernel, prints_common_rules_as_nft_lists_them);
	tcase_add_test(kernel, printed_rules_load_again_with_the_same_model);
	tcase_add_test(kernel, gives_each_construct_the_matches_it_has);
	tcase_add_test(kernel, keeps_the_constant_destination_of_translations);
	tcase_add_test(kernel, tracking_is_of_the_tables_family);
	tcase_add_test(kernel, notrack_keeps_its_place_among_the_matches);
	tcase_add_test(kernel, both_readers_agree_on_every_construct);
	tcase_add_test(kernel, decodes_the_matches_of_iptables);
	tcase_add_test(kernel, decodes_the_translations_of_iptables);
	tcase_add_test(kernel, decodes_address_types_of_ip6tables);
	tcase_add_test(kernel, a_written_mark_makes_matches_on_it_atoms);
	tcase_add_test(kernel, a_statement_that_can_end_the_rule_is_a_condition);
	tcase_add_test(kernel, dormant_tables_have_no_base_chain);
	tcase_add_test(kernel, chains_keep_the_order_of_their_creation);
	tcase_add_test(kernel, the_digest_follows_the_rules_and_nothing_else);
	tcase_add_test(kernel, dynamic_sets_show_their_present_elements);
	tcase_add_test(kernel, a_set_that_rules_add_to_is_dynamic_without_its_flag);
	tcase_add_test(kernel, broken_dumps_give_errors_or_atoms);
	char shared[PATH_MAX];
	bool has_corpus = find_shared(shared);
	if (has_corpus)
		tcase_add_test(corpus, reads_rulesets_that_were_written_elsewhere);
	suite_add_tcase(s, kernel);
	suite_add_tcase(s, corpus);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	if (failed != 0)
		return EXIT_FAILURE;
	if (!has_corpus)
		printf("skipped: the rulesets written elsewhere; needs ../shared\n");
	return has_corpus ? EXIT_SUCCESS : 77;
}
