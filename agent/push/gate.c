/*
 * The gate of a commit: in come the configuration and ruleset of now and those that it would make, out goes whether a flow
 * that passes would pass no more. Pure. What cannot be told is refused like what would break, where breaking is.
 */
#include <stdlib.h>

#include "conformance_why.h"
#include "portcullis/alloc.h"
#include "portcullis/push.h"

#define WARNINGS_MAX 16

/* "LABEL would be blocked by inet filter forward: drop, for example PACKET; insert rule ... would let it pass" */
static void regression_print(struct text *t, const struct whatif_flow *f)
{
	const struct evidence *e = f->then != NULL ? f->then->evidence : &evidence_none;

	text_addf(t, "%s would be %s", f->flow->label, f->then != NULL ? verdict_name(f->then->verdict) : "gone");
	why_add(t, e);
	if (f->cure.n > 0)
		text_addf(t, "; 'nft %s' would let it pass", f->cure.line[0]);
}

/** The first of those that are listed and count, or NULL. */
static const struct whatif_flow *first_break(const struct whatif *w)
{
	const struct whatif_flows *list = &w->flows[WHATIF_REGRESSION];

	for (size_t i = 0; i < list->n; i++)
		if (whatif_counts(&list->item[i]))
			return &list->item[i];
	return NULL;
}

static int refuse(const struct whatif *w, struct error *err)
{
	const struct whatif_flow *first = first_break(w);
	size_t n = whatif_breaks(w);
	struct text t = {0};

	if (first == NULL)
		return error_set(err, ERR_LIMIT, NULL,
		        "the commit gate rejects this: %zu flows would pass no more, of which it looks at none; commit "
		        "in parts, or set commit-gate to warn",
		        n);
	regression_print(&t, first);
	if (n > 1)
		text_addf(&t, "; and %zu more", n - 1);
	error_set(err, ERR_DENIED, first->flow->label,
	        "the commit gate rejects this: %.800s; see what-if, or set commit-gate to warn", text_str(&t));
	text_fini(&t);
	return -1;
}

static void warn(const struct whatif *w, struct text *warnings)
{
	const struct whatif_flows *list = &w->flows[WHATIF_REGRESSION];
	size_t n = whatif_breaks(w), told = 0;

	if (w->reason != NULL)
		text_addf(warnings, "what this does cannot be told: %s\n", w->reason);
	for (size_t i = 0; i < list->n && told < WARNINGS_MAX; i++) {
		if (!whatif_counts(&list->item[i]))
			continue;
		regression_print(warnings, &list->item[i]);
		text_add(warnings, "\n");
		told++;
	}
	if (n > told)
		text_addf(warnings, "%zu more\n", n - told);
}

/* What is open besides is nothing to a gate, and takes longer to find than all the rest. */
static int compare(const struct whatif_state *now, const struct whatif_state *then, int64_t time,
        struct findings found[2], struct whatif *out, struct error *err)
{
	static const struct openings none;
	struct whatif_state state[2] = {*now, *then};

	for (int i = 0; i < 2; i++) {
		if (state[i].findings != NULL)
			continue;
		if (verify_flows(state[i].flows, state[i].rs, state[i].why, state[i].site, time, &found[i], err) != 0)
			return -1;
		state[i].findings = &found[i];
		state[i].openings = &none;
	}
	return whatif_compare(&state[0], &state[1], time, out, err);
}

int gate_check(const struct whatif_state *now, const struct whatif_state *then, enum firewall_gate gate, int64_t time,
        struct text *warnings, struct error *err)
{
	struct findings found[2] = {0};
	struct whatif w = {0};
	int result;

	if (gate == GATE_OFF)
		return 0;
	result = compare(now, then, time, found, &w, err);
	if (result != 0)
		goto out;
	if (gate == GATE_WARN)
		warn(&w, warnings);
	else if (w.reason != NULL)
		result = error_set(err, ERR_UNAVAILABLE, NULL,
		        "the commit gate cannot tell what this does: %s; try again, or set commit-gate to warn",
		        w.reason);
	else if (whatif_breaks(&w) > 0)
		result = refuse(&w, err);
out:
	whatif_fini(&w);
	findings_fini(&found[0]);
	findings_fini(&found[1]);
	return result;
}
