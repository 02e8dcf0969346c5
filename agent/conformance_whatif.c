/*
 * What-if: in come two states, a configuration on a ruleset each; out go the flows whose verdicts differ, the openings that
 * come and go, and what would cure each regression. Where a ruleset cannot be read nothing is told but why.
 */
#include "conformance_whatif.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/blame.h"

/* Rules compiled in the search for cures: some seconds. */
#define BUDGET_RULES 4000000u

/** A state that was verified here. */
struct whatif_found {
	struct findings findings[2];
	struct openings openings[2];
};

/** Whether a flow is required to pass here, and does. */
enum standing { NOT_ASKED, PASSES, FAILS };

static bool nothing_found_against(const struct finding *f)
{
	const struct evidence *e = f->evidence;

	return !e->has_witness && !e->blame.present && e->reason == NULL;
}

/* A waived flow keeps what was found of it. */
static bool passes(const struct flow *flow, const struct finding *f)
{
	return f->verdict == VERDICT_CONFORMANT ||
	       (f->verdict == VERDICT_WAIVED && flow->n_leg > 0 && nothing_found_against(f));
}

static enum standing standing(const struct flow *flow, const struct finding *f)
{
	switch (f->verdict) {
	case VERDICT_CONFORMANT:
	case VERDICT_WAIVED:
		return passes(flow, f) ? PASSES : NOT_ASKED;
	case VERDICT_PARTIAL:
	case VERDICT_BLOCKED:
	case VERDICT_INDETERMINATE:
	case VERDICT_UNKNOWN:
	case VERDICT_MISDIRECTED:
		return FAILS;
	case VERDICT_UNBOUND:
	case VERDICT_NOT_TRANSIT:
	case VERDICT_NEEDS_RANGE:
	case VERDICT_NO_COMMON_FAMILY:
	case VERDICT_N:
		break;
	}
	return NOT_ASKED;
}

/* Numbers of requirements are unique in their pack alone. */
static int cmp(const struct flow *a, const struct flow *b)
{
	int by_id = flow_id_cmp(&a->id, &b->id);

	return by_id != 0 ? by_id : strcmp(a->requirement->label, b->requirement->label);
}

bool whatif_counts(const struct whatif_flow *f)
{
	return !f->flow->advisory;
}

size_t whatif_breaks(const struct whatif *w)
{
	return w->flows[WHATIF_REGRESSION].total - w->n_advisory;
}

static void add(struct whatif *w, enum whatif_kind kind, const struct whatif_flow *row)
{
	struct whatif_flows *list = &w->flows[kind];

	list->total++;
	if (list->n == WHATIF_MAX_ROWS)
		return;
	list->item = xgrow(list->item, list->n, &list->cap, sizeof(*list->item));
	list->item[list->n++] = *row;
}

static void compare_flow(struct whatif *w, const struct flow *now, const struct finding *before,
        const struct flow *then, const struct finding *after)
{
	const struct whatif_flow row = {.flow = then != NULL ? then : now, .now = before, .then = after};
	enum standing was, will;

	w->n_new += now == NULL;
	w->n_gone += then == NULL;
	if (now == NULL || then == NULL) {
		add(w, WHATIF_CHANGE, &row);
		return;
	}
	was = standing(now, before);
	will = standing(then, after);
	if (was == PASSES && will == FAILS) {
		add(w, WHATIF_REGRESSION, &row);
		w->n_advisory += !whatif_counts(&row);
	} else if (before->verdict == after->verdict) {
		return;
	} else if (was == FAILS && after->verdict == VERDICT_CONFORMANT) {
		add(w, WHATIF_REPAIR, &row);
	} else {
		add(w, WHATIF_CHANGE, &row);
	}
}

static void compare_flows(struct whatif *w, const struct whatif_state *now, const struct whatif_state *then)
{
	const struct flows *a = now->flows, *b = then->flows;

	for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
		int order = i == a->n ? 1 : k == b->n ? -1 : cmp(&a->flow[i], &b->flow[k]);

		compare_flow(w, order <= 0 ? &a->flow[i] : NULL, order <= 0 ? &now->findings->finding[i] : NULL,
		        order >= 0 ? &b->flow[k] : NULL, order >= 0 ? &then->findings->finding[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
}

static void caveat(struct whatif *w, char *text)
{
	names_add(&w->caveat, &w->n_caveat, text);
	free(text);
}

static void compare_openings(struct whatif *w, const struct openings *now, const struct openings *then)
{
	size_t opened = whatif_openings_beyond(then, now, &w->opened);
	size_t closed = whatif_openings_beyond(now, then, &w->closed);

	if (now->incomplete && w->opened.n > 0)
		caveat(w, xasprintf("not all openings of now are known (%s): what is listed as new may be open already",
		                  now->reason != NULL ? now->reason : "a bound was reached"));
	if (then->incomplete)
		caveat(w, xasprintf("not all openings of then are known (%s): there may be more new ones, and what is "
		                    "listed as closed may be open still",
		                  then->reason != NULL ? then->reason : "a bound was reached"));
	if (opened + closed > 0)
		caveat(w, xasprintf("%zu openings of then and %zu of now are too many boxes to be compared one by one: "
		                    "they count as the same only where rule, box and packets are",
		                  opened, closed));
}

static bool same_range(struct range a, struct range b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static bool same_leg(const struct flow_leg *a, const struct flow_leg *b)
{
	return same_range(a->source, b->source) && same_range(a->destination, b->destination) &&
	       strcmp(a->iif, b->iif) == 0 && strcmp(a->oif, b->oif) == 0 && a->translated == b->translated &&
	       same_range(a->inside, b->inside);
}

/* Requirements often share their packets. */
static bool same_packets(const struct flow *a, const struct flow *b)
{
	if (a->family != b->family || a->proto != b->proto || a->path != b->path || a->n_leg != b->n_leg ||
	        memcmp(&a->source_ports, &b->source_ports, sizeof(a->source_ports)) != 0 ||
	        memcmp(&a->ports, &b->ports, sizeof(a->ports)) != 0 ||
	        memcmp(&a->inside_ports, &b->inside_ports, sizeof(a->inside_ports)) != 0)
		return false;
	for (size_t i = 0; i < a->n_leg; i++)
		if (!same_leg(&a->leg[i], &b->leg[i]))
			return false;
	return true;
}

#define LOOK_BACK 256 /* regressions whose cures may be taken over */

static void find_cures(struct whatif *w, const struct whatif_state *then, int64_t at)
{
	struct whatif_flows *list = &w->flows[WHATIF_REGRESSION];
	struct whatif_budget budget = {BUDGET_RULES};

	for (size_t i = 0; i < list->n; i++) {
		struct whatif_flow *row = &list->item[i];
		size_t k = i > LOOK_BACK ? i - LOOK_BACK : 0;

		while (k < i && !same_packets(list->item[k].flow, row->flow))
			k++;
		if (k < i)
			whatif_cure_copy(&row->cure, &list->item[k].cure);
		else
			whatif_cure_find(then, at, row->flow, row->then, &budget, &row->cure);
	}
}

/* What is not known of a state yet; *s then borrows from what was found. */
static int complete(struct whatif *w, struct whatif_state *s, size_t which, int64_t at, struct error *err)
{
	struct findings *findings = &w->found->findings[which];
	struct openings *openings = &w->found->openings[which];
	int result;

	if (s->findings != NULL)
		return 0;
	if (s->rs == NULL) {
		result = verify_flows(s->flows, NULL, s->why, s->site, at, findings, err);
	} else {
		const struct verification_input in = {s->flows, s->rs, s->site, s->network, at};
		struct verification *v = verification_new();

		result = verification_run(v, &in, NULL, findings, openings, err);
		verification_free(v);
	}
	s->findings = findings;
	s->openings = openings;
	return result;
}

int whatif_compare(const struct whatif_state *now, const struct whatif_state *then, int64_t at, struct whatif *out,
        struct error *err)
{
	struct whatif_state a = *now, b = *then;

	memset(out, 0, sizeof(*out));
	out->found = xcalloc(1, sizeof(*out->found));
	if (complete(out, &a, 0, at, err) != 0 || complete(out, &b, 1, at, err) != 0) {
		whatif_fini(out);
		return -1;
	}
	summary_build(a.flows, a.findings, a.openings, a.rs, &out->now);
	summary_build(b.flows, b.findings, b.openings, b.rs, &out->then);
	if (a.rs == NULL || b.rs == NULL) {
		const char *why = a.rs == NULL ? a.why : b.why;

		out->reason = xasprintf("the ruleset of %s is not known: %s", a.rs == NULL ? "now" : "then",
		        why != NULL ? why : "it cannot be read");
		return 0;
	}
	compare_flows(out, &a, &b);
	compare_openings(out, a.openings, b.openings);
	find_cures(out, &b, at);
	return 0;
}

void whatif_fini(struct whatif *w)
{
	for (int k = 0; k < WHATIF_KIND_N; k++) {
		for (size_t i = 0; i < w->flows[k].n; i++)
			whatif_cure_fini(&w->flows[k].item[i].cure);
		free(w->flows[k].item);
	}
	free(w->opened.item);
	free(w->closed.item);
	names_fini(w->caveat, w->n_caveat);
	for (int i = 0; w->found != NULL && i < 2; i++) {
		findings_fini(&w->found->findings[i]);
		openings_fini(&w->found->openings[i]);
	}
	free(w->found);
	free(w->reason);
	memset(w, 0, sizeof(*w));
}

int whatif_exit_code(const struct whatif *w)
{
	return w->reason != NULL ? 2 : whatif_breaks(w) > 0 ? 1 : 0;
}
