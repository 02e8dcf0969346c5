/*
 * The steps of one packet's walk: in come the engine's events, out go sentences with the place in the ruleset: chains
 * with hook and priority, rules that match or the condition that failed, translations, policies. Rules of a long chain
 * that do not match are told by their number; a walk longer than the bound is cut, and says so.
 */
#include "verify/trace.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "verify/blame.h"
#include "verify/program.h"
#include "verify/run.h"

#define TRACE_MAX_STEPS 4096
#define TRACE_LONG_CHAIN 64

static struct trace_step *step_new(struct recorder *r, char *note)
{
	struct trace *t = r->trace;
	struct trace_step *step;

	t->step = xgrow(t->step, t->n, &t->cap, sizeof(*t->step));
	step = &t->step[t->n++];
	memset(step, 0, sizeof(*step));
	step->note = note;
	return step;
}

/** The assumption that fixes a condition of this name, as a remark; "" while it is open or when it is none. */
static char *assumption_note(const struct engine *e, const char *what)
{
	for (size_t i = 1; i < e->n_atom; i++)
		if (e->atom[i].assumption != NULL && strcmp(e->atom[i].name, what) == 0)
			return xasprintf(", which assumption %s takes to be %s", e->atom[i].assumption,
			        e->atom[i].value ? "true" : "false");
	return xstrdup("");
}

static char *chain_note(const struct rs_chain *c)
{
	if (!c->base)
		return xstrdup("enters");
	return xasprintf("enters at hook %s, priority %d", rs_hook_name(c->hook), c->priority);
}

static char *match_note(const struct rs_rule *rule)
{
	if (rule->verdict.code == RS_NAT_DST || rule->verdict.code == RS_NAT_SRC)
		return xasprintf("matches: %s is translated: %s",
		        rule->verdict.code == RS_NAT_DST ? "destination" : "source",
		        rule->undecided != NULL ? rule->undecided : "as the rule says");
	return xstrdup(rule->notrack ? "matches: not tracked from here on" : "matches");
}

static char *event_note(const struct recorder *r, enum trace_event event, size_t chain, size_t rule, const char *what)
{
	const struct rs_chain *c = &r->e->rs->chain[chain];
	char *assumed = NULL, *note = NULL;

	switch (event) {
	case TRACE_CHAIN:
		return chain_note(c);
	case TRACE_AGAIN:
		return xstrdup("enters, and leaves as before");
	case TRACE_MATCH:
		return match_note(&c->rule[rule]);
	case TRACE_POLICY:
		return xstrdup("policy");
	case TRACE_MAYBE:
	case TRACE_MISS:
		assumed = assumption_note(r->e, what);
		note = xasprintf("%s%s%s", event == TRACE_MAYBE ? "matches if " : "does not match: ", what, assumed);
		break;
	}
	free(assumed);
	return note;
}

static void place(const struct ruleset *rs, enum trace_event event, size_t chain, size_t rule, struct blame *where)
{
	const struct rs_chain *c = &rs->chain[chain];

	blame_fill(rs, chain, rule, OUTCOME_ACCEPT, where);
	if (event == TRACE_CHAIN || event == TRACE_AGAIN) {
		free(where->text);
		where->text = xasprintf("chain %s", c->name);
		where->policy = false;
		where->verdict = RS_CONTINUE;
	} else if (event == TRACE_POLICY) {
		where->verdict = c->policy;
	} else {
		where->verdict = c->rule[rule].verdict.code;
	}
}

/** What conntrack does to every packet but the first, where it does it. */
static void tell_translation(struct recorder *r, const struct rs_chain *c)
{
	const struct packet_set *set = r->set;
	bool first = c->hook == RS_HOOK_PREROUTING || c->hook == RS_HOOK_OUTPUT;
	bool last = c->hook == RS_HOOK_POSTROUTING || c->hook == RS_HOOK_INPUT;
	u128 to = set->phase == PHASE_REPLY ? set->nat.published : set->nat.target;
	char address[64];

	if (!set->nat.wanted || set->phase == PHASE_NEW || r->inside || !c->base)
		return;
	if (set->phase == PHASE_ESTABLISHED ? first && c->priority <= NAT_DST_PRIORITY
	                                    : !last || c->priority <= NAT_SRC_PRIORITY)
		return;
	r->inside = true;
	step_new(r, xasprintf("connection tracking translates the %s to %s, as for the connection's first packet",
	                    set->phase == PHASE_REPLY ? "source" : "destination",
	                    addr_print(set->family, to, address, sizeof(address))));
}

void trace_flush(struct recorder *r)
{
	size_t n = r->missed;

	r->missed = 0;
	if (n == 0)
		return;
	struct trace_step *step = step_new(
	        r, n == 1 ? xstrdup("does not match") : xasprintf("does not match, nor do the %zu behind it", n - 1));
	place(r->e->rs, TRACE_MISS, r->missed_chain, r->missed_rule, &step->where);
}

void trace_record(void *ctx, enum trace_event event, size_t chain, size_t rule, const char *what)
{
	struct recorder *r = ctx;
	const struct rs_chain *c = &r->e->rs->chain[chain];

	if (event == TRACE_MISS && c->n_rule > TRACE_LONG_CHAIN) {
		if (r->missed++ == 0) {
			r->missed_chain = chain;
			r->missed_rule = rule;
		}
		return;
	}
	r->cut = r->cut || r->trace->n >= TRACE_MAX_STEPS;
	if (r->cut)
		return;
	trace_flush(r);
	if (event == TRACE_CHAIN)
		tell_translation(r, c);
	struct trace_step *step = step_new(r, event_note(r, event, chain, rule, what));
	place(r->e->rs, event, chain, rule, &step->where);
}

void trace_fini(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++) {
		blame_fini(&t->step[i].where);
		free(t->step[i].note);
	}
	free(t->step);
	free(t->reason);
	blame_fini(&t->blame);
	memset(t, 0, sizeof(*t));
}
