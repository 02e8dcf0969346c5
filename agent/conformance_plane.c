/*
 * The management plane before and after a change: in come two rulesets, out go the peers, and the session that asks, that
 * would be cut off. Pure. What passes now has to pass then; what does not pass now is nobody's loss.
 */
#include "portcullis/plane.h"

#include <stdlib.h>
#include <string.h>

#include "conformance_why.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "verify/cell.h"

#define PARTS_MAX 4096

static struct cell cell_of(const struct box *b)
{
	return (struct cell){{b->source, b->destination, b->source_ports, b->ports}};
}

/** Something that does not pass then passes now. Where either list is cut short, or too long, that is assumed. */
static bool loses(const struct evidence *now, const struct evidence *then)
{
	struct cells rest = {0};
	bool lost = now->remainder_cut || then->remainder_cut;

	for (size_t i = 0; i < then->n_remainder && !lost; i++) {
		struct cell cell = cell_of(&then->remainder[i]);

		rest.n = 0;
		cells_add(&rest, &cell);
		for (size_t k = 0; k < now->n_remainder && !lost && rest.n > 0; k++) {
			struct cell cut = cell_of(&now->remainder[k]);

			lost = !cells_subtract(&rest, &cut, PARTS_MAX);
		}
		lost = lost || rest.n > 0;
	}
	cells_fini(&rest);
	return lost;
}

static bool same_conditions(const struct evidence *a, const struct evidence *b)
{
	if (a->n_atom != b->n_atom || (a->reason == NULL) != (b->reason == NULL) ||
	        (a->reason != NULL && strcmp(a->reason, b->reason) != 0))
		return false;
	for (size_t i = 0; i < a->n_atom; i++)
		if (strcmp(a->atom[i], b->atom[i]) != 0)
			return false;
	return true;
}

static bool is_cut(const struct finding *now, const struct finding *then)
{
	switch (then->verdict) {
	case VERDICT_CONFORMANT:
		return false;
	case VERDICT_PARTIAL:
		return now->verdict == VERDICT_CONFORMANT || now->verdict == VERDICT_INDETERMINATE ||
		       (now->verdict == VERDICT_PARTIAL && loses(now->evidence, then->evidence));
	case VERDICT_INDETERMINATE:
		return now->verdict == VERDICT_CONFORMANT || now->verdict == VERDICT_PARTIAL ||
		       (now->verdict == VERDICT_INDETERMINATE && !same_conditions(now->evidence, then->evidence));
	case VERDICT_UNKNOWN:
		return now->verdict != VERDICT_UNKNOWN;
	case VERDICT_BLOCKED:
	case VERDICT_MISDIRECTED:
		return now->verdict != VERDICT_BLOCKED && now->verdict != VERDICT_MISDIRECTED;
	default:
		return false;
	}
}

static bool is_told(const struct plane_report *r, const char *label)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->loss[i].flow->label, label) == 0)
			return true;
	return false;
}

static void loss_add(struct plane_report *r, const struct plane_loss *loss)
{
	r->loss = xgrow(r->loss, r->n, &r->cap, sizeof(*r->loss));
	r->loss[r->n++] = *loss;
}

/* Peers that the list of one site has. */
static int judge_list(const struct plane_input *in, const struct site *site, const struct flow_peer *session,
        size_t which, struct plane_report *out, struct error *err)
{
	struct flows *flows = &out->flows[which];
	struct findings *now = &out->now[which], *then = &out->then[which];

	if (flows_of_management(&site->firewall, in->net, session, flows, err) != 0)
		return -1;
	if (flows->n > 0 && (verify_flows(flows, in->ruleset_now, NULL, in->now, in->time, now, err) != 0 ||
	                            verify_flows(flows, in->ruleset_then, NULL, in->then, in->time, then, err) != 0))
		return -1;
	for (size_t i = 0; i < flows->n; i++) {
		const struct plane_loss loss = {&flows->flow[i], &now->finding[i], &then->finding[i]};

		if (is_cut(loss.now, loss.then) && !is_told(out, loss.flow->label))
			loss_add(out, &loss);
	}
	return 0;
}

static bool has_peers(const struct plane_input *in)
{
	return in->session != NULL || in->now->firewall.n_management + in->then->firewall.n_management > 0;
}

int plane_judge(const struct plane_input *in, struct plane_report *out, struct error *err)
{
	*out = (struct plane_report){0};
	if (!in->net->known && has_peers(in))
		return error_set(err, ERR_UNAVAILABLE, "management-access",
		        "the device's addresses and routes are not known, and with them not who would be cut off");
	/* A peer that the change takes out of the list was to be reached until now. */
	if (judge_list(in, in->now, in->session, 0, out, err) == 0 && judge_list(in, in->then, NULL, 1, out, err) == 0)
		return 0;
	plane_report_fini(out);
	return -1;
}

void plane_report_fini(struct plane_report *r)
{
	for (size_t i = 0; i < PLANE_LISTS; i++) {
		findings_fini(&r->now[i]);
		findings_fini(&r->then[i]);
		flows_fini(&r->flows[i]);
	}
	free(r->loss);
	*r = (struct plane_report){0};
}

static int refuse(const struct plane_loss *loss, struct error *err)
{
	struct text why = {0};

	why_add(&why, loss->then->evidence);
	error_set(err, ERR_DENIED, loss->flow->label,
	        "this would cut off %s%s%.400s; let it in, or make it a confirmed commit, which is taken back by "
	        "itself",
	        loss->flow->label, loss->then->verdict == VERDICT_INDETERMINATE ? ", as far as can be told," : "",
	        text_str(&why));
	text_fini(&why);
	return -1;
}

int plane_check(const struct plane_input *in, struct error *err)
{
	struct plane_report report;
	int result = plane_judge(in, &report, err);

	if (result != 0)
		return -1;
	if (report.n > 0)
		result = refuse(&report.loss[0], err);
	plane_report_fini(&report);
	return result;
}
