/*
 * The conformance of a snapshot as data of portcullis.yang, in the pieces of a walk: rows in the order of their ids, so that
 * two readings of one generation are the same. Results that the filter does not select are left out where it can be told
 * from the snapshot.
 */
#include <stdio.h>
#include <string.h>

#include "netconf/walk.h"
#include "portcullis/pins.h"

/* A monotonic time as wall time, relative to the verification, so that it does not jump from read to read. */
static int64_t wall_of(const struct snapshot *snap, int64_t ms)
{
	return ms == 0 ? 0 : snap->verified_wall - (snap->verified_ms - ms) / 1000;
}

static void add_summary(struct rows *b, struct lyd_node *root, const struct snapshot *snap)
{
	static const enum verdict order[] = {VERDICT_CONFORMANT, VERDICT_PARTIAL, VERDICT_BLOCKED,
	        VERDICT_INDETERMINATE, VERDICT_UNKNOWN, VERDICT_MISDIRECTED, VERDICT_WAIVED, VERDICT_UNBOUND,
	        VERDICT_NOT_TRANSIT, VERDICT_NEEDS_RANGE, VERDICT_NO_COMMON_FAMILY};
	const struct summary *s = &snap->summary;
	struct lyd_node *summary = row_container(b, root, "summary");
	row_leaf(b, summary, "overall", overall_name(s->overall));
	row_number(b, summary, "flows", s->n_flow);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		row_number(b, summary, verdict_name(order[i]), s->count[order[i]]);
	row_number(b, summary, "active-problems", snap->n_problem);
	row_number(b, summary, "openings", s->openings);
	row_number(b, summary, "openings-unacknowledged", s->unacknowledged_openings);
	if (snap->ruleset != NULL)
		row_leaf(b, summary, "forward-default", default_kind_name(snap->openings.by_default));
	row_number(b, summary, "rules", s->rules);
	row_number(b, summary, "undecoded-rules", s->undecoded_rules);
	row_end(b);
}

static void add_own_table(struct rows *b, struct lyd_node *root, const struct own_state *own)
{
	struct lyd_node *node;

	if (!own->deviates && !own->available && own->paused_until == 0)
		return;
	node = row_container(b, root, "own-table");
	row_leaf(b, node, "deviation", own->deviates ? own->why : NULL);
	if (own->available)
		row_bool(b, node, "available-change", true);
	if (own->paused_until != 0) {
		row_time(b, node, "paused-until", own->paused_until);
		row_leaf(b, node, "paused-by", own->paused_by);
		row_leaf(b, node, "pause-reason", own->pause_reason);
	}
	row_end(b);
}

static void add_scalars(struct rows *b, struct lyd_node *root, const struct snapshot *snap)
{
	const struct ruleset *rs = snap->ruleset;
	row_number(b, root, "generation", snap->generation);
	if (rs != NULL) {
		row_number(b, root, "ruleset-generation", rs->generation);
		row_leaf(b, root, "ruleset-digest", rs->digest);
	} else {
		row_leaf(b, root, "unreadable",
		        snap->unreadable != NULL ? snap->unreadable : "the ruleset was not read");
	}
	row_leaf(b, root, "journal-unwritable", snap->unwritable);
	row_number(b, root, "events-unkept", snap->unkept);
	row_time(b, root, "last-change", snap->changed_last_wall);
	row_time(b, root, "last-verify", snap->verified_wall);
	row_number(b, root, "verify-time", snap->verify_us);
	row_leaf(b, root, "agent-version", snap->version);
	row_number(b, root, "oldest-sequence", snap->oldest_sequence);
	row_number(b, root, "newest-sequence", snap->newest_sequence);
}

struct caveats {
	struct rows *b;
	struct lyd_node *root;
};

static void add_caveat(void *ctx, const char *text)
{
	const struct caveats *c = ctx;
	row_leaf(c->b, c->root, "caveat", text);
}

static void add_result(struct rows *b, struct lyd_node *root, const struct snapshot *snap, size_t i)
{
	const struct flow *flow = &snap->inputs->flows.flow[i];
	const struct finding *finding = &snap->findings.finding[i];
	const struct evidence *evidence = finding->evidence;
	char variant[DECIMAL_SIZE], ports[16];
	struct lyd_node *row = row_list(b, root, "result", flow->deployment, flow->requirement->label,
	        decimal_print(flow->id.variant, variant), flow->source, flow->destination,
	        flow->family != FAMILY_NONE ? family_name(flow->family) : "none");
	row_leaf(b, row, "label", flow->label);
	row_leaf(b, row, "transport", proto_name(flow->proto));
	row_leaf(b, row, "source-ports", port_range_print(flow->source_ports, ports, sizeof(ports)));
	row_leaf(b, row, "ports", port_range_print(flow->ports, ports, sizeof(ports)));
	row_leaf(b, row, "path", path_name(flow->path));
	row_leaf(b, row, "verdict", verdict_name(finding->verdict));
	row_leaf(b, row, "severity", severity_name(finding_severity(flow, finding)));
	row_time(b, row, "changed", snap->changed_ms != NULL ? wall_of(snap, snap->changed_ms[i]) : 0);
	row_rule(b, row, &evidence->blame);
	if (evidence->has_witness)
		row_witness(b, row, &evidence->witness);
	for (size_t k = 0; k < evidence->n_atom; k++)
		row_leaf(b, row, "condition", evidence->atom[k]);
	for (size_t k = 0; k < evidence->n_assumed; k++)
		row_leaf(b, row, "assumed", evidence->assumed[k]);
	row_leaf(b, row, "reason", evidence->reason);
	row_leaf(b, row, "caveat", flow->caveat);
	row_end(b);
}

static void add_opening(struct rows *b, struct lyd_node *root, const struct opening *o)
{
	char id[16], text[128];
	snprintf(id, sizeof(id), "%u", o->id);
	struct lyd_node *row = row_list(b, root, "opening", id);
	row_leaf(b, row, "label", o->label);
	row_leaf(b, row, "family", family_name(o->family));
	row_leaf(b, row, "transport", o->proto != 0 ? proto_name(o->proto) : "any");
	row_leaf(b, row, "listener", o->listener);
	row_leaf(b, row, "source", range_print(o->family, o->box.source, text, sizeof(text)));
	row_leaf(b, row, "destination", range_print(o->family, o->box.destination, text, sizeof(text)));
	if (o->proto == PROTO_TCP || o->proto == PROTO_UDP || o->proto == PROTO_SCTP) {
		struct port_range source = {(uint16_t)o->box.source_ports.lo, (uint16_t)o->box.source_ports.hi};
		struct port_range ports = {(uint16_t)o->box.ports.lo, (uint16_t)o->box.ports.hi};
		row_leaf(b, row, "source-ports", port_range_print(source, text, sizeof(text)));
		row_leaf(b, row, "ports", port_range_print(ports, text, sizeof(text)));
	}
	row_leaf(b, row, "packets", o->packets);
	row_bool(b, row, "acknowledged", o->acknowledged);
	row_rule(b, row, &o->blame);
	row_witness(b, row, &o->witness);
	row_end(b);
}

static void add_problem(struct rows *b, struct lyd_node *root, const struct problem *p)
{
	char id[16];
	snprintf(id, sizeof(id), "%u", p->id);
	struct lyd_node *row = row_list(b, root, "problem", id);
	row_leaf(b, row, "cause", cause_kind_name(p->cause.kind));
	row_leaf(b, row, "author", p->cause.author);
	if (p->cause.author_pid != 0)
		row_number(b, row, "author-pid", p->cause.author_pid);
	row_number(b, row, "affected", p->n_flow);
	row_leaf(b, row, "severity", severity_name(p->severity));
	row_leaf(b, row, "verdict", verdict_name(p->verdict));
	row_leaf(b, row, "label", p->label);
	row_leaf(b, row, "rule", p->rule);
	row_leaf(b, row, "witness", p->witness);
	row_time(b, row, "since", p->since_wall);
	row_end(b);
}

static void add_ipsec(struct rows *b, struct lyd_node *root, const struct ipsec_finding *f)
{
	const struct ipsec_exemption *e = f->exemption;
	struct lyd_node *row = row_list(b, root, "ipsec", f->deployment, e->name);
	row_leaf(b, row, "direction", e->direction);
	row_leaf(b, row, "source", e->source);
	row_leaf(b, row, "destination", e->destination);
	row_leaf(b, row, "transports", ipsec_transports(e));
	row_leaf(b, row, "source-ports", e->source_port);
	row_leaf(b, row, "ports", e->destination_port);
	row_leaf(b, row, "state", ipsec_state_name(f->state));
	row_bool(b, row, "advisory", f->advisory);
	row_leaf(b, row, "policy", f->policy);
	if (f->has_witness)
		row_witness(b, row, &f->witness);
	row_leaf(b, row, "reason", f->reason);
	row_end(b);
}

static void add_deployment(struct rows *b, struct lyd_node *root, const struct inputs *in, const struct deployment *d)
{
	const struct pack *used = deployment_pack(in->catalog, d), *available = deployment_available(in->catalog, d);
	struct lyd_node *row = row_list(b, root, "deployment-state", d->name);
	if (used != NULL && d->pack_digest[0] != '\0' && strcmp(used->digest, d->pack_digest) != 0)
		used = NULL; /* what is pinned is not there, and nothing else is used in its place */
	row_leaf(b, row, "product", d->product);
	if (used != NULL) {
		row_leaf(b, row, "pack-version", used->version);
		row_leaf(b, row, "pack-digest", used->digest);
	}
	row_bool(b, row, "pinned", d->pack_digest[0] != '\0');
	row_bool(b, row, "kept", used != NULL && used->kept);
	if (available != NULL) {
		row_leaf(b, row, "available-version", available->version);
		row_leaf(b, row, "available-digest", available->digest);
	}
	row_end(b);
}

/* Pieces */

static bool give_summary(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (i > 0)
		return false;
	add_summary(b, root, w->snap);
	return true;
}

static bool give_scalars(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	const struct snapshot *snap = w->snap;
	if (i > 0)
		return false;
	add_scalars(b, root, snap);
	conformance_each_caveat(snap->ruleset, &snap->openings, &snap->inputs->flows, &snap->inputs->network,
	        add_caveat, &(struct caveats){b, root});
	return true;
}

static bool give_own_table(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (i > 0)
		return false;
	add_own_table(b, root, &w->snap->own);
	return true;
}

static bool give_deployment(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	const struct inputs *in = w->snap->inputs;
	if (in->catalog == NULL || in->site == NULL || i >= in->site->n_deployment)
		return false;
	add_deployment(b, root, in, &in->site->deployment[i]);
	return true;
}

static bool give_result(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (i >= (w->selection.all ? w->snap->inputs->flows.n : w->selection.n))
		return false;
	add_result(b, root, w->snap, w->selection.all ? i : w->selection.row[i]);
	return true;
}

static bool give_opening(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (i >= w->snap->openings.n)
		return false;
	add_opening(b, root, &w->snap->openings.opening[i]);
	return true;
}

static bool give_problem(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (i >= w->snap->n_problem)
		return false;
	add_problem(b, root, &w->snap->problem[i]);
	return true;
}

static bool give_ipsec(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (i >= w->ipsec.n)
		return false;
	add_ipsec(b, root, &w->ipsec.finding[i]);
	return true;
}

static const struct section sections[] = {
        {"summary", give_summary},
        {NULL, give_scalars},
        {"own-table", give_own_table},
        {"deployment-state", give_deployment},
        {"result", give_result},
        {"opening", give_opening},
        {"problem", give_problem},
        {"ipsec", give_ipsec},
};

static void begin(
        struct state_walk *w, const struct netconf *n, const struct lysc_node *top, const struct filter *filter)
{
	const struct inputs *in = w->snap->inputs;

	w->selection.all = true;
	if (!w->whole && walk_wants(w, "result"))
		select_results(filter, top, w->snap, &w->selection);
	if (!walk_wants(w, "ipsec") || in->catalog == NULL || in->site == NULL)
		return;
	struct ipsec_policies *policies = hub_get_ipsec(n->hub);
	ipsec_decide(in->site, in->catalog, &in->network, policies, &w->ipsec);
	ipsec_policies_unref(policies);
}

const struct walk_top walk_conformance = {
        STATE_CONFORMANCE, "conformance", sections, sizeof(sections) / sizeof(sections[0]), begin};
