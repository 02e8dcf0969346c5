/*
 * What people read of a decision: in come positions in the ruleset and boxes, out go the rule with its text and one
 * concrete packet.
 */
#include "verify/blame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

void blame_fill(const struct ruleset *rs, size_t chain, size_t rule, enum outcome_code code, struct blame *out)
{
	static const enum rs_verdict_code verdict[] = {
	        [OUTCOME_ACCEPT] = RS_ACCEPT,
	        [OUTCOME_DROP] = RS_DROP,
	        [OUTCOME_MISDIRECT] = RS_NAT_DST,
	        [OUTCOME_UNKNOWN] = RS_UNKNOWN,
	        [OUTCOME_ELSEWHERE] = RS_NAT_DST,
	};
	const struct rs_chain *c;

	memset(out, 0, sizeof(*out));
	out->verdict = verdict[code];
	if (chain == OUTCOME_NO_CHAIN)
		return;
	c = &rs->chain[chain];
	out->present = true;
	out->policy = rule == OUTCOME_POLICY;
	out->family = c->family;
	out->table = xstrdup(c->table);
	out->chain = xstrdup(c->name);
	out->hook = c->hook;
	if (out->policy) {
		out->text = xstrdup(c->policy == RS_DROP ? "policy drop" : "policy accept");
	} else {
		out->handle = c->rule[rule].handle;
		out->text = rule_print_within(rs, c, &c->rule[rule], BLAME_TEXT_MAX);
	}
}

static char *text_copy(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

void blame_copy(struct blame *out, const struct blame *in)
{
	*out = *in;
	out->table = text_copy(in->table);
	out->chain = text_copy(in->chain);
	out->text = text_copy(in->text);
}

void blame_fini(struct blame *b)
{
	free(b->table);
	free(b->chain);
	free(b->text);
	memset(b, 0, sizeof(*b));
}

static u128 witness_address(struct range r)
{
	/* x.x.x.0 is mostly a network's own address: nobody sends from it. */
	return r.hi > r.lo && (r.lo & 0xff) == 0 ? r.lo + 1 : r.lo;
}

struct packet cell_witness(const struct packet_set *set, const struct cell *cell)
{
	struct packet p = {.family = set->family, .proto = set->proto, .icmp_type = set->icmp_type};
	const struct range *sport = &cell->axis[AXIS_SPORT];

	p.source = witness_address(cell->axis[AXIS_SOURCE]);
	p.destination = witness_address(cell->axis[AXIS_DESTINATION]);
	p.source_port = (uint16_t)(sport->lo < 1024 && sport->hi >= 1024 ? 1024 : sport->lo);
	p.destination_port = (uint16_t)cell->axis[AXIS_DPORT].lo;
	if (set->phase == PHASE_REPLY) {
		const struct range *dport = &cell->axis[AXIS_DPORT];

		p.source_port = (uint16_t)sport->lo;
		p.destination_port = (uint16_t)(dport->lo < 1024 && dport->hi >= 1024 ? 1024 : dport->lo);
	}
	snprintf(p.iif, sizeof(p.iif), "%s", set->iif);
	snprintf(p.oif, sizeof(p.oif), "%s", set->oif);
	p.phase = set->phase;
	p.path = set->path;
	return p;
}

void names_add(char ***list, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i], name) == 0)
			return;
	*list = xrealloc(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = xstrdup(name);
}

void names_fini(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}
