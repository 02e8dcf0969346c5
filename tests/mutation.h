#ifndef PORTCULLIS_TESTS_MUTATION_H
#define PORTCULLIS_TESTS_MUTATION_H

/*
 * For tests: random changes of the ruleset of the caller's network namespace, as text for `nft -f` or commands of
 * iptables-nft, drawn from what the ruleset has at the moment. Not all of them are accepted by the kernel.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/range.h"
#include "portcullis/ruleset.h"
#include "portcullis/text.h"

static uint64_t mutation_seed = 1;

static unsigned draw(unsigned below)
{
	mutation_seed = mutation_seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((mutation_seed >> 33) % below);
}

static const char *pick(const char *const *list, size_t n)
{
	return list[draw((unsigned)n)];
}
#define PICK(list) pick(list, sizeof(list) / sizeof(list[0]))

static const char *const mutation_tables[] = {"inet t0", "inet t1", "ip t2", "inet t0", "inet t0"};
static const char *const mutation_chains[] = {"c0", "c1", "c2", "c3", "c4"};
/* name, type, further flags, and what an element looks like is found by the name */
static const char *const mutation_sets[] = {
        "plain", "wide", "pairs", "ports", "verdicts", "places", "listed", "targets"};

static const struct rs_chain *mutation_chain(const struct ruleset *rs)
{
	for (int i = 0; i < 8 && rs->n_chain > 0; i++) {
		const struct rs_chain *c = &rs->chain[draw((unsigned)rs->n_chain)];

		if (c->name[0] == 'c' && c->table[0] == 't')
			return c;
	}
	return NULL;
}

static void mutation_address(struct text *t)
{
	text_addf(t, "10.%u.%u.%u", draw(3), draw(4), draw(8));
}

static void mutation_range(struct text *t)
{
	unsigned b = draw(3), c = draw(4), from = draw(8);

	if (draw(3) == 0)
		text_addf(t, "10.%u.%u.0/24", b, c);
	else if (draw(3) == 0)
		text_addf(t, "10.%u.0.0/16", b);
	else
		text_addf(t, "10.%u.%u.%u-10.%u.%u.%u", b, c, from, b, c, from + 1 + draw(8));
}

static void mutation_element(struct text *t, const char *set)
{
	static const char *const verdicts[] = {"accept", "drop", "jump c1", "goto c2", "return", "continue"};
	unsigned lo;

	switch (set[0]) {
	case 'w':
		mutation_range(t);
		break;
	case 'v':
		if (draw(8) == 0)
			text_add(t, "*");
		else
			text_addf(t, "%u", 5060 + draw(8));
		text_addf(t, " : %s", PICK(verdicts));
		break;
	case 't':
		mutation_address(t);
		text_add(t, " : ");
		mutation_address(t);
		break;
	case 'l':
		mutation_address(t);
		text_add(t, draw(2) == 0 ? "" : " timeout 1h");
		break;
	default:
		if (strcmp(set, "ports") == 0) {
			lo = 5060 + draw(12);
			text_addf(t, draw(2) == 0 ? "%u" : "%u-%u", lo, lo + 1 + draw(4));
		} else if (strcmp(set, "plain") == 0) {
			mutation_address(t);
		} else {
			mutation_range(t);
			lo = 5060 + draw(12);
			text_addf(t, draw(2) == 0 ? " . %u" : " . %u-%u", lo, lo + 1 + draw(4));
			if (set[1] == 'l')
				text_addf(t, " : %s", PICK(verdicts));
		}
	}
}

static void mutation_elements(struct text *t, const char *set, unsigned n)
{
	text_add(t, "{ ");
	for (unsigned i = 0; i < n; i++) {
		text_add(t, i > 0 ? ", " : "");
		mutation_element(t, set);
	}
	text_add(t, " }");
}

static void mutation_set(struct text *t, const char *table, const char *set)
{
	static const struct {
		const char *name, *body;
	} bodies[] = {{"plain", "type ipv4_addr;"}, {"wide", "type ipv4_addr; flags interval;"},
	        {"pairs", "type ipv4_addr . inet_service; flags interval;"},
	        {"ports", "type inet_service; flags interval;"}, {"verdicts", "type inet_service : verdict;"},
	        {"places", "type ipv4_addr . inet_service : verdict; flags interval;"},
	        {"listed", "type ipv4_addr; flags dynamic,timeout; size 1000;"},
	        {"targets", "type ipv4_addr : ipv4_addr;"}};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (strcmp(bodies[i].name, set) != 0)
			continue;
		text_addf(t, "add %s %s %s { %s", strstr(bodies[i].body, " : ") != NULL ? "map" : "set", table, set,
		        bodies[i].body);
		if (draw(2) == 0) {
			text_add(t, " elements = ");
			mutation_elements(t, set, 1 + draw(3));
			text_add(t, ";");
		}
		text_add(t, " }\n");
	}
}

/* Whether what "@set", "jump chain" and the like name is there: most of what is not would be refused. */
static bool mutation_fits(const struct ruleset *rs, const struct rs_chain *c, const char *text)
{
	const char *set = strchr(text, '@'), *to = strstr(text, "jump "), *go = strstr(text, "goto ");

	if (to != NULL || go != NULL) {
		const struct rs_chain *target = ruleset_chain_find(rs, c->family, c->table, (to != NULL ? to : go) + 5);
		return target != NULL && !target->base && target > c;
	}
	if (set == NULL)
		return true;
	for (size_t i = 0; i < rs->n_set; i++) {
		size_t len = strlen(rs->set[i].name);

		if (rs->set[i].family == c->family && strcmp(rs->set[i].table, c->table) == 0 &&
		        strncmp(set + 1, rs->set[i].name, len) == 0 && strchr(" ", set[1 + len]) != NULL)
			return true;
	}
	return false;
}

static const char *mutation_pick(const struct ruleset *rs, const struct rs_chain *c, const char *const *list, size_t n)
{
	const char *text = pick(list, n);

	for (int i = 0; i < 20 && !mutation_fits(rs, c, text); i++)
		text = pick(list, n);
	return text;
}
#define FITTING(rs, c, list) mutation_pick(rs, c, list, sizeof(list) / sizeof(list[0]))

static void mutation_match(struct text *t, const struct ruleset *rs, const struct rs_chain *c)
{
	static const char *const other[] = {"ct state established,related", "ct state new", "iifname \"c0\"",
	        "oifname \"s0\"", "iifname { \"c0\", \"x*\" }", "tcp flags syn / fin,syn,rst,ack", "meta mark 0x5",
	        "udp sport 1024-65535", "limit rate 10/second", "ct status dnat", "tcp sport != 80", "meta l4proto udp",
	        "ip saddr @wide", "ip daddr @plain", "ip daddr . tcp dport @pairs", "tcp dport @ports",
	        "ip saddr != @wide", "ip saddr @listed", "ip saddr != @listed", "ip saddr & 0.0.0.7 == 0.0.0.1",
	        "iif lo", "fib daddr type local", "icmp type echo-request", "tcp dport != @ports", "th dport 5063",
	        "th sport 1024-40000", "icmp code 0", "ip daddr & 0.0.1.0 == 0.0.1.0"};

	switch (draw(8)) {
	case 0:
		text_add(t, "ip daddr ");
		mutation_address(t);
		break;
	case 1:
		text_add(t, "ip saddr ");
		mutation_range(t);
		break;
	case 2:
		text_addf(t, "tcp dport %u", 5060 + draw(12));
		break;
	case 3:
		text_add(t, "ip daddr ");
		mutation_elements(t, "wide", 1);
		break;
	case 4:
		text_add(t, "tcp dport ");
		mutation_elements(t, "ports", 1);
		break;
	default:
		text_add(t, FITTING(rs, c, other));
	}
	text_add(t, " ");
}

static void mutation_rule(struct text *t, const struct ruleset *rs, const struct rs_chain *c)
{
	static const char *const ends[] = {"accept", "accept", "accept", "drop", "drop", "jump c1", "goto c2",
	        "jump c3", "return", "counter", "log prefix \"x\" accept", "tcp dport vmap @verdicts",
	        "ip daddr . tcp dport vmap @places", "tcp dport vmap { 5061 : accept, 5062-5063 : drop }",
	        "reject with tcp reset", "queue", "notrack", "notrack tcp dport 5063 accept",
	        "notrack ip daddr 10.1.0.0/16", "notrack udp dport vmap { 5060-5064 : drop }",
	        "add @listed { ip saddr }", "meta mark set 0x7", "counter comment \"shop\"",
	        "limit name \"slow\" accept", "ct mark set 3 accept"};

	static const char *const nats[] = {"dnat ip to ip daddr map @targets", "dnat ip to ip daddr map @targets",
	        "dnat ip to 10.1.0.1-10.1.0.3", "dnat ip to tcp dport map { 5061 : 10.1.0.1, 5062 : 10.1.0.2 }",
	        "dnat ip to numgen inc mod 2 map { 0 : 10.1.0.1, 1 : 10.1.0.2 }", "dnat ip to 10.1.0.1"};

	for (unsigned n = draw(4); n > 0; n--)
		mutation_match(t, rs, c);
	if (c->base && c->type == RS_CHAIN_NAT && c->hook == RS_HOOK_PREROUTING && draw(2) == 0)
		text_addf(t, "%s\n", FITTING(rs, c, nats));
	else
		text_addf(t, "%s\n", FITTING(rs, c, ends));
}

static void mutation_of_rule(struct text *t, const struct ruleset *rs)
{
	const struct rs_chain *c = mutation_chain(rs);
	static const char *const verbs[] = {"add", "insert"};

	if (c == NULL)
		return;
	const char *family = rs_family_name(c->family);
	const struct rs_rule *r = c->n_rule > 0 ? &c->rule[draw((unsigned)c->n_rule)] : NULL;
	switch (draw(r == NULL ? 2 : 8)) {
	case 0:
	case 1:
		text_addf(t, "%s rule %s %s %s ", PICK(verbs), family, c->table, c->name);
		mutation_rule(t, rs, c);
		break;
	case 2:
	case 3:
		text_addf(t, "%s rule %s %s %s position %llu ", PICK(verbs), family, c->table, c->name,
		        (unsigned long long)r->handle);
		mutation_rule(t, rs, c);
		break;
	case 4:
	case 5:
		text_addf(t, "replace rule %s %s %s handle %llu ", family, c->table, c->name,
		        (unsigned long long)r->handle);
		mutation_rule(t, rs, c);
		break;
	default:
		text_addf(t, "delete rule %s %s %s handle %llu\n", family, c->table, c->name,
		        (unsigned long long)r->handle);
	}
}

/* An element that the set has, as far as it is easily written. */
static bool mutation_of_element(struct text *t, const struct rs_set *set)
{
	const struct rs_element *e = set->n_element > 0 ? &set->element[draw((unsigned)set->n_element)] : NULL;
	char address[96];

	if (e == NULL || set->n_field != 1 || e->catch_all || set->dynamic)
		return false;
	text_addf(t, "delete element %s %s %s { ", rs_family_name(set->family), set->table, set->name);
	if (set->field[0] == RS_FIELD_DPORT || set->field[0] == RS_FIELD_SPORT)
		text_addf(t, "%u-%u", (unsigned)e->key[0].lo, (unsigned)e->key[0].hi);
	else
		text_add(t, range_print(FAMILY_IPV4, e->key[0], address, sizeof(address)));
	text_add(t, " }\n");
	return true;
}

static void mutation_of_set(struct text *t, const struct ruleset *rs)
{
	const char *set = PICK(mutation_sets);
	const struct rs_set *known = rs->n_set > 0 ? &rs->set[draw((unsigned)rs->n_set)] : NULL;
	char table[64];

	snprintf(table, sizeof(table), "%s", PICK(mutation_tables));
	if (known != NULL && !known->anonymous && draw(4) > 0) {
		snprintf(table, sizeof(table), "%s %s", rs_family_name(known->family), known->table);
		set = known->name;
	}
	if (known == NULL || known->anonymous)
		text_addf(t, "add table %s\n", table);
	else if (draw(4) == 0 && mutation_of_element(t, known))
		return;
	switch (known == NULL ? 0 : draw(12)) {
	case 0:
	case 1:
		mutation_set(t, table, set);
		break;
	case 2:
		text_addf(t, "flush set %s %s\n", table, set);
		break;
	case 3:
		text_addf(t, "delete set %s %s\n", table, set);
		break;
	case 4:
	case 5:
	case 6:
		text_addf(t, "delete element %s %s ", table, set);
		mutation_elements(t, set, 1);
		text_add(t, "\n");
		break;
	default:
		text_addf(t, "add element %s %s ", table, set);
		mutation_elements(t, set, 1 + draw(2));
		text_add(t, "\n");
	}
}

static void mutation_of_chain(struct text *t, const struct ruleset *rs)
{
	static const char *const hooks[] = {"type filter hook forward priority 0;",
	        "type filter hook input priority 0;", "type filter hook forward priority 10;",
	        "type filter hook prerouting priority -300;", "type nat hook prerouting priority -100;",
	        "type filter hook postrouting priority 0;"};
	const struct rs_chain *c = mutation_chain(rs);
	const char *table = PICK(mutation_tables), *name = PICK(mutation_chains);

	text_addf(t, "add table %s\n", table);
	switch (draw(c == NULL ? 3 : 8)) {
	case 0:
		text_addf(t, "add chain %s %s { %s policy %s; }\n", table, name, PICK(hooks),
		        draw(2) == 0 ? "accept" : "drop");
		break;
	case 1:
	case 2:
		text_addf(t, "add chain %s %s\n", table, name);
		break;
	case 3:
		text_addf(t, "flush chain %s %s %s\n", rs_family_name(c->family), c->table, c->name);
		break;
	case 4:
		text_addf(t, "delete chain %s %s %s\n", rs_family_name(c->family), c->table, c->name);
		break;
	default:
		if (c->base)
			text_addf(t, "chain %s %s %s { policy %s; }\n", rs_family_name(c->family), c->table, c->name,
			        draw(3) == 0 ? "accept" : "drop");
	}
}

static void mutation_of_table(struct text *t)
{
	const char *table = PICK(mutation_tables);

	switch (draw(14)) {
	case 0:
		text_addf(t, "delete table %s\n", table);
		break;
	case 1:
		text_addf(t, "add table %s { flags dormant; }\n", table);
		break;
	case 2:
		text_addf(t, "add table %s\ndelete table %s\nadd table %s\n", table, table, table);
		break;
	case 3:
		text_addf(t, "flush table %s\n", table);
		break;
	case 4:
		text_add(t, "flush ruleset\n");
		break;
	case 5:
		text_addf(t, "add limit %s slow { rate 10/second; }\n", table);
		break;
	default:
		text_addf(t, "add table %s\n", table);
	}
}

/* One change, or none. */
static void mutation(struct text *t, const struct ruleset *rs)
{
	unsigned n = draw(100);

	if (n < 60)
		mutation_of_rule(t, rs);
	else if (n < 80)
		mutation_of_set(t, rs);
	else if (n < 93)
		mutation_of_chain(t, rs);
	else
		mutation_of_table(t);
}

/* What iptables-nft would be told; the caller runs it with a shell. */
static char *mutation_iptables(void)
{
	static const char *const verbs[] = {
	        "-A FORWARD", "-I FORWARD", "-I FORWARD 2", "-R FORWARD 1", "-R FORWARD 2", "-A FORWARD", "-A INPUT"};
	static const char *const rules[] = {"-s 10.0.1.0/24 -p tcp --dport 5061 -j ACCEPT",
	        "-p udp -m multiport --dports 5060,5061 -j DROP", "-m state --state ESTABLISHED -j ACCEPT",
	        "-m comment --comment shop -j RETURN", "-i c0 -d 10.1.0.1 -j ACCEPT"};
	static const char *const others[] = {"-D FORWARD 1", "-D FORWARD 2", "-F FORWARD", "-P FORWARD DROP",
	        "-P FORWARD ACCEPT", "-F", "-N extra", "-A extra -j ACCEPT", "-A FORWARD -j extra",
	        "-D FORWARD -j extra"};
	struct text t = {0};

	text_addf(&t, "%s ", draw(4) == 0 ? "ip6tables-nft" : "iptables-nft");
	if (draw(3) == 0)
		text_add(&t, PICK(others));
	else
		text_addf(&t, "%s %s", PICK(verbs), PICK(rules));
	text_add(&t, " 2>/dev/null");
	return text_take(&t);
}

#endif
