/*
 * Random rulesets for iptables-nft-restore and ip6tables-nft-restore: a seed comes in, the text of the tables raw, mangle,
 * nat and filter goes out, a rule a line, with the matches and targets that rulesets in use have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/generate.h"

struct rule {
	struct text *t;
	bool four;
	const char *table, *chain;
	const char *proto; /**< or NULL */
};

static const char *negation(unsigned percent)
{
	return chance(percent) ? "! " : "";
}

static void address(struct rule *r)
{
	text_addf(r->t, "%s%s ", negation(15), draw(2) == 0 ? "-s" : "-d");
	if (r->four && chance(8)) {
		text_addf(r->t, "10.0.0.%u/255.255.255.249 ", draw(8) & 1);
		return;
	}
	for (;;) {
		struct text one = {0};
		bool ok;

		address_add(&one, r->four, true);
		ok = strchr(text_str(&one), '-') == NULL;
		if (ok)
			text_addf(r->t, "%s ", text_str(&one));
		text_fini(&one);
		if (ok)
			return;
	}
}

static void device(struct rule *r)
{
	bool in = strcmp(r->chain, "PREROUTING") == 0 || strcmp(r->chain, "INPUT") == 0 ||
	          (strcmp(r->chain, "FORWARD") == 0 && draw(2) == 0);

	if (r->chain[0] == 'u')
		return;
	text_addf(r->t, "%s%s %.*s ", negation(20), in ? "-i" : "-o", chance(30) ? 2 : 4, oracle_names[draw(DEVICES)]);
	if (chance(25)) {
		r->t->len--;
		text_add(r->t, "+ ");
	}
}

static void ports_of(struct rule *r)
{
	unsigned a = 1000 + draw(30), b = a + draw(12);
	const char *dir = draw(3) == 0 ? "s" : "d";

	if (r->proto == NULL || strcmp(r->proto, "icmp") == 0 || strcmp(r->proto, "icmpv6") == 0)
		return;
	switch (draw(5)) {
	case 0:
		text_addf(r->t, "-m multiport %s--%sports %u,%u:%u,443 ", negation(20), dir, a, b + 2, b + 9);
		break;
	case 1:
		text_addf(r->t, "-m multiport %s--ports %u,%u ", negation(30), a, b + 2);
		break;
	case 2:
		text_addf(r->t, "-m %s %s--%sport %u:%u ", r->proto, negation(20), dir, a, b);
		break;
	case 3:
		text_addf(r->t, "-m %s --sport 1024:65535 --dport %u ", r->proto, a);
		break;
	default:
		text_addf(r->t, "-m %s %s--%sport %u ", r->proto, negation(20), dir, chance(30) ? 80 : a);
	}
}

static void flags(struct rule *r)
{
	static const char *const values[] = {"--syn", "! --syn", "--tcp-flags FIN,SYN,RST,ACK SYN",
	        "--tcp-flags ALL NONE", "--tcp-flags SYN,ACK SYN,ACK", "! --tcp-flags ACK ACK",
	        "--tcp-flags FIN,SYN FIN,SYN"};

	if (r->proto != NULL && strcmp(r->proto, "tcp") == 0)
		text_addf(r->t, "-m tcp %s ", values[draw(7)]);
}

static void icmp(struct rule *r)
{
	static const char *const four[] = {"8", "0", "3/1", "8/0", "any", "13", "8/1"};
	static const char *const six[] = {"128", "129", "1/0", "128/0", "135", "128/3", "3"};

	if (r->proto == NULL || strncmp(r->proto, "icmp", 4) != 0)
		return;
	text_addf(r->t, "-m %s %s--%s-type %s ", r->four ? "icmp" : "icmp6", negation(15), r->four ? "icmp" : "icmpv6",
	        (r->four ? four : six)[draw(7)]);
}

static void state(struct rule *r)
{
	static const char *const values[] = {"-m conntrack --ctstate NEW", "-m conntrack --ctstate RELATED,ESTABLISHED",
	        "-m conntrack ! --ctstate NEW", "-m state --state NEW", "-m state --state RELATED,ESTABLISHED",
	        "-m conntrack --ctstate INVALID", "-m conntrack --ctstate DNAT", "-m conntrack --ctstate NEW,DNAT",
	        "-m conntrack ! --ctstate NEW,DNAT", "-m conntrack --ctstate UNTRACKED",
	        "-m conntrack --ctdir ORIGINAL", "-m conntrack --ctdir REPLY", "-m conntrack --ctstatus SEEN_REPLY",
	        "-m conntrack --ctstatus NONE", "-m conntrack --ctproto 6", "-m conntrack --ctorigdst 10.1.0.0/24",
	        "-m state --state INVALID", "-m conntrack --ctstatus CONFIRMED", "-m conntrack ! --ctstatus SEEN_REPLY",
	        "-m conntrack --ctstate NEW --ctorigdstport 1000:1020", "-m conntrack --ctorigsrc 10.0.0.0/25",
	        "-m conntrack ! --ctstate INVALID"};
	const char *v = values[chance(50) ? draw(5) : draw(22)];

	if (r->four || strstr(v, "10.") == NULL)
		text_addf(r->t, "%s ", v);
}

static void other(struct rule *r)
{
	static const char *const both[] = {"-m mark --mark 0", "-m mark ! --mark 0x1/0x3",
	        "-m comment --comment \"a b\"", "-m limit --limit 10000/sec", "-m addrtype --dst-type LOCAL",
	        "-m addrtype ! --dst-type LOCAL", "-m pkttype --pkt-type unicast", "-m length --length 10:400",
	        "-m statistic --mode nth --every 2 --packet 0", "-m mac --mac-source 00:11:22:33:44:55",
	        "-m addrtype --src-type UNICAST", "-m connmark --mark 0", "-m recent --name seen --rcheck",
	        "-m cpu --cpu 0", "-m dscp ! --dscp 5", "-m addrtype --dst-type MULTICAST"};
	unsigned a = 1 + draw(30);
	uint32_t v = draw(20);

	if (v >= 16 && r->four)
		text_addf(r->t, "-m iprange %s--%s-range 10.%u.0.%u-10.%u.0.%u ", negation(20),
		        draw(2) == 0 ? "src" : "dst", v % 2, a, v % 2, a + draw(12));
	else if (v >= 16)
		text_addf(r->t, "-m iprange %s--%s-range fd0%u::%x-fd0%u::%x ", negation(20),
		        draw(2) == 0 ? "src" : "dst", v % 2, a, v % 2, a + draw(12));
	else if (strstr(both[v], "mac") == NULL || strcmp(r->chain, "INPUT") == 0 || strcmp(r->chain, "FORWARD") == 0)
		text_addf(r->t, "%s ", both[v]);
}

static void matches(struct rule *r)
{
	const char *const protos[] = {"tcp", "tcp", "udp", "udp", r->four ? "icmp" : "icmpv6", "89"};
	bool negated = chance(6);

	if (chance(50))
		address(r);
	if (chance(25))
		device(r);
	if (chance(60)) {
		r->proto = protos[draw(6)];
		text_addf(r->t, "%s-p %s ", negated ? "! " : "", r->proto);
		if (negated)
			r->proto = NULL;
	}
	if (r->proto != NULL && strcmp(r->proto, "89") == 0)
		r->proto = NULL;
	if (chance(60))
		ports_of(r);
	if (chance(15))
		flags(r);
	if (chance(60))
		icmp(r);
	if (chance(25))
		state(r);
	if (chance(20))
		other(r);
}

static void filter_target(struct rule *r, unsigned chains, unsigned next)
{
	uint32_t v = draw(100);

	if (v < 40)
		text_add(r->t, "-j ACCEPT");
	else if (v < 66)
		text_add(r->t, "-j DROP");
	else if (v < 72)
		text_add(r->t, "-j RETURN");
	else if (v < 76)
		text_add(r->t, "-j LOG --log-prefix \"x \"");
	else if (v < 79 && strcmp(r->table, "mangle") == 0)
		text_add(r->t, v < 78 ? "-j MARK --set-xmark 0x1/0xffffffff" : "-j CONNMARK --save-mark");
	else if (v < 82 && strcmp(r->table, "filter") == 0)
		text_addf(r->t, "-j REJECT%s",
		        r->proto != NULL && strcmp(r->proto, "tcp") == 0 ? " --reject-with tcp-reset" : "");
	else if (v < 96 && next < chains)
		text_addf(r->t, "%s u%u", v < 92 ? "-j" : "-g", next + draw(chains - next));
	else
		text_add(r->t, draw(2) == 0 ? "-j ACCEPT" : "-j DROP");
}

static void nat_target(struct rule *r)
{
	const char *open = r->four ? "" : "[", *close = r->four ? "" : "]";
	bool ports = r->proto != NULL && strncmp(r->proto, "icmp", 4) != 0;
	struct text a = {0};

	address_add(&a, r->four, false);
	if (strcmp(r->chain, "POSTROUTING") == 0) {
		if (draw(2) == 0)
			text_add(r->t, "-j MASQUERADE");
		else
			text_addf(r->t, "-j SNAT --to-source %s", r->four ? "10.99.0.1" : "fd99::1");
	} else if (chance(15)) {
		text_add(r->t, "-j REDIRECT");
		if (ports && chance(50))
			text_addf(r->t, " --to-ports %u", 1000 + draw(30));
	} else if (ports && chance(60)) {
		text_addf(r->t, "-j DNAT --to-destination %s%s%s:%u", open, text_str(&a), close, 1000 + draw(30));
	} else {
		text_addf(r->t, "-j DNAT --to-destination %s", text_str(&a));
	}
	text_fini(&a);
}

static void rule(struct text *t, bool four, const char *table, const char *chain, unsigned chains, unsigned next)
{
	struct rule r = {t, four, table, chain, NULL};

	text_addf(t, "-A %s ", chain);
	matches(&r);
	if (strcmp(table, "nat") == 0 && chance(75))
		nat_target(&r);
	else if (strcmp(table, "nat") == 0)
		text_add(t, draw(2) == 0 ? "-j ACCEPT" : "-j RETURN");
	else if (strcmp(table, "raw") == 0 && chance(25))
		text_add(t, "-j CT --notrack");
	else
		filter_target(&r, chains, next);
	text_add(t, "\n");
}

static void table_add(struct text *t, bool four, const char *table, const char *const *chains, unsigned rules)
{
	bool filter = strcmp(table, "filter") == 0, nat = strcmp(table, "nat") == 0;
	unsigned plain = nat ? 0 : draw(4);
	char name[16];

	text_addf(t, "*%s\n", table);
	for (size_t i = 0; chains[i] != NULL; i++)
		text_addf(t, ":%s %s [0:0]\n", chains[i], filter && chance(45) ? "DROP" : "ACCEPT");
	for (unsigned i = 0; i < plain; i++)
		text_addf(t, ":u%u - [0:0]\n", i);
	for (size_t i = 0; chains[i] != NULL; i++) {
		if (filter && chance(60))
			text_addf(t, "-A %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", chains[i]);
		for (unsigned n = draw(rules + 1); n > 0; n--)
			rule(t, four, table, chains[i], plain, 0);
	}
	for (unsigned i = 0; i < plain; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		for (unsigned n = draw(5); n > 0; n--)
			rule(t, four, table, name, plain, i + 1);
	}
	text_add(t, "COMMIT\n");
}

char *generate_iptables(enum ruleset_kind kind)
{
	static const char *const filter[] = {"INPUT", "FORWARD", "OUTPUT", NULL},
	                         *const raw[] = {"PREROUTING", "OUTPUT", NULL},
	                         *const nat[] = {"PREROUTING", "OUTPUT", "POSTROUTING", NULL},
	                         *const mangle[] = {"PREROUTING", "FORWARD", "POSTROUTING", NULL};
	bool four = kind == KIND_IPTABLES;
	struct text t = {0};

	if (chance(20))
		table_add(&t, four, "raw", raw, 3);
	if (chance(25))
		table_add(&t, four, "mangle", mangle, 3);
	if (chance(35))
		table_add(&t, four, "nat", nat, 4);
	table_add(&t, four, "filter", filter, 10);
	return text_take(&t);
}
