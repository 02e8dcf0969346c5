/*
 * One packet's walk through the chains: in comes a packet, out go the chains it enters, the rules that match or may
 * match, and the policies. Rules that do not match are told only in short chains. A walk longer than the bound is cut,
 * and says so.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/verify.h"
#include "verify/blame.h"

#define TRACE_MAX_STEPS 4096
#define TRACE_SHORT_CHAIN 16

struct recorder {
	const struct ruleset *rs;
	struct trace *trace;
	bool cut;
};

static char *event_note(enum trace_event event, const char *what)
{
	switch (event) {
	case TRACE_CHAIN:
		return xstrdup("enters");
	case TRACE_MATCH:
		return xstrdup("matches");
	case TRACE_MAYBE:
		return xasprintf("matches if %s", what);
	case TRACE_MISS:
		return xasprintf("does not match: %s", what);
	case TRACE_POLICY:
		break;
	}
	return xstrdup("policy");
}

static void record(void *ctx, enum trace_event event, size_t chain, size_t rule, const char *what)
{
	struct recorder *r = ctx;
	struct trace *t = r->trace;
	const struct rs_chain *c = &r->rs->chain[chain];
	struct trace_step *step;

	if (event == TRACE_MISS && c->n_rule > TRACE_SHORT_CHAIN)
		return;
	r->cut = r->cut || t->n >= TRACE_MAX_STEPS;
	if (r->cut)
		return;
	t->step = xgrow(t->step, t->n, &t->cap, sizeof(*t->step));
	step = &t->step[t->n++];
	blame_fill(r->rs, chain, rule, OUTCOME_ACCEPT, &step->where);
	step->note = event_note(event, what);
	if (event == TRACE_CHAIN) {
		free(step->where.text);
		step->where.text = xasprintf("chain %s", c->name);
		step->where.policy = false;
		step->where.verdict = RS_CONTINUE;
	} else if (event == TRACE_POLICY) {
		step->where.verdict = c->policy;
	} else {
		step->where.verdict = c->rule[rule].verdict.code;
	}
}

static struct packet_set explain_set(const struct packet *p)
{
	static const uint8_t flags[PHASE_N] = {2, 18, 16}; /* SYN, SYN+ACK, ACK */
	struct packet_set set = {
	        .family = p->family,
	        .proto = p->proto,
	        .tcp_flags = flags[p->phase],
	        .icmp_type = p->icmp_type,
	        .path = p->path,
	        .phase = p->phase,
	        .iif = p->iif,
	        .oif = p->oif,
	        .cell = {{{p->source, p->source}, {p->destination, p->destination}, {p->source_port, p->source_port},
	                {p->destination_port, p->destination_port}}},
	};

	return set;
}

/** Names of open atoms, collected over all outcomes. */
struct names {
	const struct engine *e;
	char **name;
	size_t n;
};

static void collect_open(void *ctx, uint32_t atom)
{
	struct names *names = ctx;

	if (engine_atom_assumption(names->e, atom) == NULL)
		names_add(&names->name, &names->n, engine_atom_name(names->e, atom));
}

static char *depends_on(const struct engine *e, const struct outcomes *o)
{
	struct names names = {.e = e};
	struct text t = {0};

	for (size_t i = 0; i < o->n; i++)
		outcomes_each_note(o, o->item[i].notes, collect_open, &names);
	text_add(&t, "depends on");
	for (size_t i = 0; i < names.n; i++)
		text_addf(&t, "%s %s", i > 0 ? "," : "", names.name[i]);
	names_fini(names.name, names.n);
	return text_take(&t);
}

static void conclude(const struct engine *e, const struct outcomes *o, struct trace *t)
{
	bool end[OUTCOME_UNKNOWN + 1] = {false};
	bool listed = false;
	int ends = 0;

	for (size_t i = 0; i < o->n; i++) {
		bool remark = o->item[i].code == OUTCOME_DROP && o->item[i].listed;

		listed = listed || remark;
		if (!remark && !end[o->item[i].code]) {
			end[o->item[i].code] = true;
			ends++;
		}
	}
	t->verdict = VERDICT_INDETERMINATE;
	if (o->limit != NULL) {
		t->reason = xstrdup(o->limit);
		return;
	}
	if (ends == 1 && !end[OUTCOME_UNKNOWN])
		t->verdict = end[OUTCOME_ACCEPT] ? VERDICT_CONFORMANT
		             : end[OUTCOME_DROP] ? VERDICT_BLOCKED
		                                 : VERDICT_MISDIRECTED;
	if (t->verdict == VERDICT_INDETERMINATE)
		t->reason = depends_on(e, o);
	else if (t->verdict == VERDICT_CONFORMANT && listed)
		t->reason = xstrdup("unless its address is listed in a dynamic set");
}

int verify_explain(const struct packet *packet, const struct ruleset *rs, const struct site *site, int64_t now,
        struct trace *out, struct error *err)
{
	struct recorder r = {rs, out, false};
	struct packet_set set = explain_set(packet);
	struct outcomes o = {0};
	struct engine *e;

	memset(out, 0, sizeof(*out));
	if (packet->path == PATH_NONE)
		return error_set(err, ERR_INVALID, "packet", "it has no path through this device: name its interfaces");
	if (rs == NULL) {
		out->verdict = VERDICT_UNKNOWN;
		out->reason = xstrdup("the ruleset cannot be read");
		return 0;
	}
	e = engine_new(rs, site, now);
	engine_run(e, &set, &o, record, &r);
	conclude(e, &o, out);
	if (rs->legacy != NULL) {
		out->verdict = VERDICT_INDETERMINATE;
		free(out->reason);
		out->reason = xasprintf("iptables-legacy tables exist that nf_tables does not show: %s", rs->legacy);
	} else if (r.cut && out->reason == NULL) {
		out->reason = xstrdup("more than 4096 steps: the rest is not shown");
	}
	outcomes_fini(&o);
	engine_free(e);
	return 0;
}

void trace_fini(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++) {
		blame_fini(&t->step[i].where);
		free(t->step[i].note);
	}
	free(t->step);
	free(t->reason);
	memset(t, 0, sizeof(*t));
}
