/*
 * Random rulesets in nft syntax: a seed comes in, the text of one to three tables goes out, a rule a line, with base
 * chains of every hook and priority, chains to jump to, sets and maps. Jumps lead forward only, so that nft takes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/generate.h"

#define PLAIN_MAX 4

/** A table on its way. */
struct table {
	struct text *t;
	enum rs_family family;
	unsigned n_plain;
	unsigned next; /**< first chain that may be jumped to */
	bool base;
	char verdict[32];
};

static const char *verdict_draw(void *ctx)
{
	struct table *table = ctx;
	uint32_t r = draw(100);

	if (r < 38)
		return "accept";
	if (r < 70)
		return "drop";
	if (r < 76)
		return "continue";
	if (r < 84)
		return "return";
	if (table->next >= table->n_plain)
		return draw(2) == 0 ? "accept" : "drop";
	snprintf(table->verdict, sizeof(table->verdict), "%s r%u", r < 94 ? "jump" : "goto",
	        table->next + draw(table->n_plain - table->next));
	return table->verdict;
}

static void statements_add(struct text *t, const struct place *p)
{
	if (chance(30))
		text_add(t, "counter ");
	if (chance(4))
		text_add(t, "log prefix \"o \" ");
	if (chance(4))
		text_addf(t, "meta mark set 0x%x ", draw(3));
	if (p->raw && chance(20))
		text_add(t, "notrack ");
}

static void rule_add(struct table *table, struct place p)
{
	struct text *t = table->t;

	text_add(t, "\t\t");
	for (unsigned n = draw(10) == 0 ? 0 : 1 + draw(3); n > 0; n--)
		match_add(t, &p);
	statements_add(t, &p);
	if (chance(12)) {
		vmap_add(t, &p, verdict_draw, table);
	} else if (table->base && !p.nat && chance(5) && p.where != WHERE_POSTROUTING && p.where != WHERE_PREROUTING) {
		text_add(t, "reject");
	} else {
		text_add(t, verdict_draw(table));
	}
	text_add(t, "\n");
}

static void target_add(struct text *t, bool four, bool port)
{
	address_add(t, four, false);
	if (port)
		text_addf(t, " . %u", 1000 + draw(40));
}

/** A map of targets: by a field of the packet, or by what has nothing to do with it. */
static void destination_map_add(struct text *t, bool four, const char *proto)
{
	bool port = proto != NULL && draw(2) == 0;
	const char *first, *second;

	if (proto != NULL && draw(2) == 0) {
		text_addf(t, "%s dport", proto);
		first = "1000-1019";
		second = "1020-1039";
	} else if (draw(3) == 0) {
		text_add(t, draw(2) == 0 ? "numgen inc mod 2" : "symhash mod 2");
		first = "0";
		second = "1";
	} else {
		text_addf(t, "%s saddr", four ? "ip" : "ip6");
		first = four ? "10.0.0.0-10.0.0.4" : "fd00::-fd00::4";
		second = four ? "10.0.0.5-10.255.255.255" : "fd00::5-fdff::";
	}
	text_addf(t, " map { %s : ", first);
	target_add(t, four, port);
	if (draw(3) > 0) {
		text_addf(t, ", %s : ", second);
		target_add(t, four, port);
	}
	text_add(t, " }");
}

static void destination_add(struct text *t, const char *ip, bool four, const char *proto)
{
	bool ports = proto != NULL;

	text_addf(t, "dnat %sto ", ip);
	if (chance(25)) {
		destination_map_add(t, four, proto);
		return;
	}
	if (chance(85)) {
		text_add(t, !four && ports ? "[" : "");
		address_add(t, four, false);
		text_add(t, !four && ports ? "]" : "");
	} else {
		text_add(t, four ? "10.1.0.3-10.1.0.6" : "fd01::3-fd01::6");
		return;
	}
	if (ports && chance(70))
		text_addf(t, ":%u", 1000 + draw(40));
}

/** One rule of address translation. */
static void nat_add(struct table *table, struct place p)
{
	struct text *t = table->t;
	bool four = table->family == RS_INET ? draw(2) == 0 : table->family == RS_IP;
	bool ports = chance(60), to = p.where == WHERE_PREROUTING || p.where == WHERE_OUTPUT;
	const char *ip = table->family == RS_INET ? (four ? "ip " : "ip6 ") : "";

	p.four = four;
	text_add(t, "\t\t");
	if (table->family == RS_INET)
		text_addf(t, "meta nfproto %s ", four ? "ipv4" : "ipv6");
	if (ports) {
		p.proto = draw(2) == 0 ? "tcp" : "udp";
		text_addf(t, "%s dport ", p.proto);
		port_add(t, true);
		text_add(t, " ");
	}
	if (chance(60))
		match_add(t, &p);
	if (to && chance(85)) {
		destination_add(t, ip, four, ports ? p.proto : NULL);
	} else if (to) {
		text_addf(t, ports && draw(2) == 0 ? "redirect to :%u" : "redirect", 1000 + draw(40));
	} else if (draw(2) == 0 || p.where == WHERE_INPUT) {
		text_addf(t, "snat %sto ", ip);
		/* Behind the input hook the device would take an address of its own for the sender's. */
		if (p.where == WHERE_INPUT || draw(2) == 0)
			text_add(t, four ? "10.98.0.1" : "fd98::1");
		else
			text_add(t, four ? "10.99.0.1" : "fd99::1");
	} else {
		text_add(t, "masquerade");
	}
	text_add(t, "\n");
}

static void base_chain(struct table *table, enum where where, bool nat)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output", "postrouting"};
	static const int priorities[] = {-300, -250, -150, -110, -50, 0, 0, 0, 10, 50, 110, 150, 300};
	int priority = nat && chance(70) ? (where == WHERE_PREROUTING || where == WHERE_OUTPUT ? -100 : 100)
	                                 : priorities[draw(13)];
	struct place p = {.family = table->family, .where = where, .nat = nat, .four = -1};
	struct text *t = table->t;
	bool early = where == WHERE_PREROUTING || where == WHERE_OUTPUT;

	/* Of equal priority with the translation: where that matters nothing is definite. */
	if (!nat && chance(3))
		priority = early ? -100 : 100;
	/* Before conntrack a chain of type nat does not load. */
	if (nat && priority <= -200)
		priority = -150;
	p.raw = !nat && early && priority < -200;
	text_addf(t, "\tchain %s_%s_%u {\n\t\ttype %s hook %s priority %d; policy %s;\n", nat ? "n" : "f", hooks[where],
	        draw(1000000),
	        nat                                           ? "nat"
	        : !nat && where == WHERE_OUTPUT && chance(20) ? "route"
	                                                      : "filter",
	        hooks[where], priority,
	        !nat && chance(early || where == WHERE_POSTROUTING ? 10 : 60) ? "drop" : "accept");
	table->base = true;
	table->next = 0;
	if (!nat && !p.raw && chance(65))
		text_add(t,
		        chance(50) ? "\t\tct state established,related accept\n" : "\t\tct state established accept\n");
	for (unsigned n = 1 + draw(nat ? 3 : 9); n > 0; n--) {
		if (nat && chance(70))
			nat_add(table, p);
		else
			rule_add(table, p);
	}
	text_add(t, "\t}\n");
}

static void plain_chains(struct table *table)
{
	struct place p = {.family = table->family, .where = WHERE_ANY, .four = -1};

	/* nft takes a jump to a chain that stands later in the text. */
	for (unsigned i = 0; i < table->n_plain; i++) {
		text_addf(table->t, "\tchain r%u {\n", i);
		table->base = false;
		table->next = i + 1;
		for (unsigned n = draw(6); n > 0; n--)
			rule_add(table, p);
		text_add(table->t, "\t}\n");
	}
}

static void table_add(struct text *t, unsigned number, bool nat)
{
	static const enum rs_family families[] = {RS_INET, RS_INET, RS_INET, RS_IP, RS_IP6};
	static const enum where filters[] = {
	        WHERE_FORWARD, WHERE_INPUT, WHERE_OUTPUT, WHERE_PREROUTING, WHERE_POSTROUTING, WHERE_FORWARD};
	static const unsigned odds[] = {100, 70, 60, 25, 20, 15};
	struct table table = {.t = t, .family = families[draw(number == 0 ? 4 : 5)], .n_plain = draw(PLAIN_MAX + 1)};

	text_addf(t, "table %s t%u {\n", rs_family_name(table.family), number);
	sets_add(t, table.family);
	plain_chains(&table);
	for (size_t i = 0; i < sizeof(odds) / sizeof(odds[0]); i++)
		if (chance(number > 0 ? odds[i] / 2 : odds[i]))
			base_chain(&table, filters[i], false);
	if (nat && chance(80))
		base_chain(&table, WHERE_PREROUTING, true);
	if (nat && chance(30))
		base_chain(&table, WHERE_OUTPUT, true);
	if (nat && chance(40))
		base_chain(&table, WHERE_POSTROUTING, true);
	if (nat && chance(10))
		base_chain(&table, WHERE_INPUT, true);
	text_add(t, "}\n");
}

char *generate_nft(void)
{
	struct text t = {0};
	bool nat = chance(30);
	unsigned n = 1 + (chance(40) ? 1 + draw(2) : 0);

	for (unsigned i = 0; i < n; i++)
		table_add(&t, i, nat);
	return text_take(&t);
}
