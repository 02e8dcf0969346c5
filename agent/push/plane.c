/*
 * The management plane before and after a change: in come two rulesets, out goes whether a peer or the session that asks
 * would be cut off. Pure. What passes now has to pass then; what does not pass now is nobody's loss.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/push.h"
#include "portcullis/text.h"
#include "push/why.h"
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

static int say(const struct flow *flow, const struct finding *then, struct error *err)
{
	struct text why = {0};

	why_add(&why, then->evidence);
	error_set(err, ERR_DENIED, flow->label,
	        "this would cut off %s%s%.400s; let it in, or make it a confirmed commit, which is taken back by "
	        "itself",
	        flow->label, then->verdict == VERDICT_INDETERMINATE ? ", as far as can be told," : "", text_str(&why));
	text_fini(&why);
	return -1;
}

static int compare(const struct plane_input *in, const struct flows *flows, struct error *err)
{
	struct findings now = {0}, then = {0};
	int result = verify_flows(flows, in->ruleset_now, NULL, in->now, in->time, &now, err);

	if (result == 0)
		result = verify_flows(flows, in->ruleset_then, NULL, in->then, in->time, &then, err);
	for (size_t i = 0; i < flows->n && result == 0; i++)
		if (is_cut(&now.finding[i], &then.finding[i]))
			result = say(&flows->flow[i], &then.finding[i], err);
	findings_fini(&now);
	findings_fini(&then);
	return result;
}

static int check_peers(
        const struct plane_input *in, const struct site *site, const struct flow_peer *session, struct error *err)
{
	struct flows flows;
	int result = flows_of_management(&site->firewall, in->net, session, &flows, err);

	if (result != 0)
		return -1;
	result = compare(in, &flows, err);
	flows_fini(&flows);
	return result;
}

int plane_check(const struct plane_input *in, struct error *err)
{
	/* A peer that the change takes out of the list was to be reached until now. */
	if (check_peers(in, in->now, in->session, err) != 0)
		return -1;
	return check_peers(in, in->then, NULL, err);
}
