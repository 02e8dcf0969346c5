/*
 * The rpc what-if: a datastore, a ruleset or both come in, and what would differ from the newest snapshot goes out, with the
 * connections that would be lost. Refused are a configuration that could not be committed, a ruleset that is none, and users
 * who may not read what this tells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/nacm.h"
#include "netconf/reply.h"
#include "netconf/row.h"
#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/plane.h"
#include "portcullis/whatif.h"

/** What would be, as far as it is not the snapshot's. */
struct future {
	struct site *site;
	struct catalog *catalog;
	struct flows flows;
	struct ruleset *ruleset; /**< NULL: the live one */
	struct ruleset *enforced; /**< the same with what the configuration installs; NULL: it does not */
};

static void future_fini(struct future *f)
{
	ruleset_free(f->enforced);
	ruleset_free(f->ruleset);
	flows_fini(&f->flows);
	site_free(f->site);
	catalog_free(f->catalog);
}

/* What flows and openings come from. */
static const char *const of_configuration[] = {"/portcullis:group", "/portcullis:deployment", "/portcullis:zone",
        "/portcullis:allowance", "/portcullis:tolerated-source", "/portcullis:assumption", "/portcullis:baseline"};

static int check_readable(const struct call *call, const char *path, struct error *err)
{
	const struct lysc_node *node = lys_find_path(call->n->ctx, NULL, path, 0);

	if (node == NULL)
		return error_set(err, ERR_INTERNAL, path, "the model has no such node");
	if (nacm_permits_all(call->view) || nacm_reads_all(call->view, node))
		return 0;
	return error_set(err, ERR_DENIED, path,
	        "what-if tells of all of it, and %s may not read all of it; ask for a rule in /ietf-netconf-acm:nacm "
	        "that "
	        "permits it",
	        call->s->user);
}

static int check_access(const struct call *call, enum datastore d, struct error *err)
{
	int result = check_readable(call, "/portcullis:conformance", err);

	for (size_t i = 0; d == DATASTORE_CANDIDATE && i < sizeof(of_configuration) / sizeof(of_configuration[0]); i++)
		if (result == 0)
			result = check_readable(call, of_configuration[i], err);
	if (result != 0)
		atomic_fetch_add(&call->n->access.denied_operations, 1);
	return result;
}

/* Candidate is asked for, or nothing is. */
static enum datastore datastore_of(const struct call *call)
{
	if (child_find(call->rpc, "candidate") != NULL)
		return DATASTORE_CANDIDATE;
	if (child_find(call->rpc, "running") != NULL || child_find(call->rpc, "ruleset") != NULL)
		return DATASTORE_RUNNING;
	return DATASTORE_CANDIDATE;
}

/* What beside nf_tables decides about packets stays as it is. */
static void surroundings_add(const struct call *call, const struct snapshot *snap, struct ruleset *rs)
{
	if (rs->policies == NULL)
		rs->policies = hub_get_ipsec(call->n->hub);
	if (rs->legacy == NULL && snap->ruleset != NULL && snap->ruleset->legacy != NULL)
		rs->legacy = xstrdup(snap->ruleset->legacy);
}

static int read_ruleset(const char *json, struct ruleset **out, struct error *err)
{
	struct error why;
	char line[sizeof(why.where) + sizeof(why.text)];

	if (ruleset_parse_json(json, strlen(json), out, &why) == 0)
		return 0;
	return error_set(err, why.code == ERR_LIMIT ? ERR_LIMIT : ERR_INVALID, NULL,
	        "the ruleset cannot be used: %.500s; give what 'nft -j list ruleset' prints",
	        error_line(&why, line, sizeof(line)));
}

/* The own table comes and goes with the configuration, whatever the ruleset has of it. */
static int enforce(const struct snapshot *snap, struct future *f, struct error *err)
{
	const struct compile_input in = {f->site, &f->flows, f->catalog};
	const struct ruleset *live = f->ruleset != NULL ? f->ruleset : snap->ruleset;
	bool enforced = snap->inputs->site->firewall.mode == FIREWALL_ENFORCE;

	if (f->ruleset != NULL)
		ruleset_share(f->ruleset);
	return live != NULL ? ruleset_of_configuration(live, &in, enforced, &f->enforced, err) : 0;
}

static int future_find(
        const struct call *call, enum datastore d, const struct snapshot *snap, struct future *out, struct error *err)
{
	const char *json = child_value(call->rpc, "ruleset");

	if (json != NULL && read_ruleset(json, &out->ruleset, err) != 0)
		return -1;
	if (json != NULL)
		surroundings_add(call, snap, out->ruleset);
	if (config_site_of(call->n->config, d, &out->site, &out->catalog, err) != 0)
		return -1;
	if (flows_derive(out->site, out->catalog, &snap->inputs->network, snap->verified_wall, &out->flows, err) != 0)
		return -1;
	if (enforce(snap, out, err) != 0)
		return -1;
	/* What would stop a packet tells the rules of candidate. */
	if (out->enforced == NULL || d != DATASTORE_CANDIDATE || check_readable(call, "/portcullis:firewall", err) == 0)
		return 0;
	atomic_fetch_add(&call->n->access.denied_operations, 1);
	return -1;
}

static struct whatif_state state_now(const struct snapshot *snap)
{
	return (struct whatif_state){.site = snap->inputs->site,
	        .flows = &snap->inputs->flows,
	        .network = &snap->inputs->network,
	        .rs = snap->ruleset,
	        .why = snap->unreadable,
	        .findings = &snap->findings,
	        .openings = &snap->openings};
}

static struct whatif_state state_then(const struct snapshot *snap, const struct future *f)
{
	return (struct whatif_state){.site = f->site,
	        .flows = &f->flows,
	        .network = &snap->inputs->network,
	        .rs = f->enforced != NULL  ? f->enforced
	              : f->ruleset != NULL ? f->ruleset
	                                   : snap->ruleset,
	        .why = f->ruleset != NULL ? NULL : snap->unreadable};
}

static void row_summary(struct rows *b, struct lyd_node *output, const struct whatif *w)
{
	struct lyd_node *summary = row_container(b, output, "summary");

	row_leaf(b, summary, "overall-now", overall_name(w->now.overall));
	row_leaf(b, summary, "overall-then", overall_name(w->then.overall));
	row_number(b, summary, "flows-now", w->now.n_flow);
	row_number(b, summary, "flows-then", w->then.n_flow);
	if (w->reason != NULL)
		return;
	row_number(b, summary, "regressions", whatif_breaks(w));
	row_number(b, summary, "regressions-advisory", w->n_advisory);
	row_number(b, summary, "repairs", w->flows[WHATIF_REPAIR].total);
	row_number(b, summary, "changes", w->flows[WHATIF_CHANGE].total);
	row_number(b, summary, "flows-new", w->n_new);
	row_number(b, summary, "flows-gone", w->n_gone);
	row_number(b, summary, "openings-new", w->opened.n);
	row_number(b, summary, "openings-closed", w->closed.n);
}

static void row_cure(struct rows *b, struct lyd_node *row, const struct whatif_cure *c)
{
	for (size_t i = 0; i < c->n; i++)
		row_leaf(b, row, "cure", c->line[i]);
	if (c->n_more > 0)
		row_number(b, row, "cure-more", c->n_more);
	row_leaf(b, row, "no-cure", c->why);
}

/** What of a flow is another then, but its label where that is the key. */
static void row_change(struct rows *b, struct lyd_node *row, const struct whatif_flow *f, const struct evidence *e)
{
	const struct flow *flow = f->flow;
	char ports[16];

	row_leaf(b, row, "transport", proto_name(flow->proto));
	row_leaf(b, row, "ports", port_range_print(flow->ports, ports, sizeof(ports)));
	row_leaf(b, row, "before", f->now != NULL ? verdict_name(f->now->verdict) : NULL);
	row_leaf(b, row, "after", f->then != NULL ? verdict_name(f->then->verdict) : NULL);
	if (f->then != NULL)
		row_leaf(b, row, "severity", severity_name(finding_severity(flow, f->then)));
	row_rule(b, row, &e->blame);
	if (e->has_witness)
		row_witness(b, row, &e->witness);
	for (size_t i = 0; i < e->n_atom; i++)
		row_leaf(b, row, "condition", e->atom[i]);
	row_leaf(b, row, "reason", e->reason);
}

static void row_flow(struct rows *b, struct lyd_node *output, const char *list, const struct whatif_flow *f)
{
	const struct flow *flow = f->flow;
	const struct finding *told = strcmp(list, "repair") == 0 || f->then == NULL ? f->now : f->then;
	char variant[DECIMAL_SIZE];
	struct lyd_node *row = row_list(b, output, list, flow->deployment, flow->requirement->label,
	        decimal_print(flow->id.variant, variant), flow->source, flow->destination,
	        flow->family != FAMILY_NONE ? family_name(flow->family) : "none");

	row_leaf(b, row, "label", flow->label);
	row_change(b, row, f, told->evidence);
	if (strcmp(list, "regression") == 0)
		row_bool(b, row, "advisory", !whatif_counts(f));
	row_cure(b, row, &f->cure);
}

static void row_openings(struct rows *b, struct lyd_node *output, const char *state, const struct whatif_openings *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opening *o = list->item[i];
		char id[DECIMAL_SIZE];
		struct lyd_node *row = row_list(b, output, "opening", state, decimal_print(o->id, id));

		row_leaf(b, row, "label", o->label);
		row_leaf(b, row, "listener", o->listener);
		row_leaf(b, row, "packets", o->packets);
		row_bool(b, row, "acknowledged", o->acknowledged);
		row_rule(b, row, &o->blame);
		row_witness(b, row, &o->witness);
	}
}

static void row_losses(struct rows *b, struct lyd_node *parent, const struct plane_report *r)
{
	row_number(b, parent, "lost", r->n);
	for (size_t i = 0; i < r->n; i++) {
		const struct plane_loss *l = &r->loss[i];

		row_change(b, row_list(b, parent, "loss", l->flow->label),
		        &(struct whatif_flow){.flow = l->flow, .now = l->now, .then = l->then}, l->then->evidence);
	}
}

/** Whom a commit of this would cut off. It tells of management-access. */
static void row_management(const struct call *call, struct rows *b, struct lyd_node *output, int64_t time,
        const struct whatif_state *now, const struct whatif_state *then)
{
	const struct plane_input in = {.now = now->site,
	        .then = then->site,
	        .net = now->network,
	        .ruleset_now = now->rs,
	        .ruleset_then = then->rs,
	        .session = call->actor.peer,
	        .time = time};
	struct lyd_node *parent = row_container(b, output, "management");
	struct plane_report r = {0};
	struct error err;
	char line[sizeof(err.where) + sizeof(err.text)];

	if (check_readable(call, "/portcullis:firewall", &err) != 0 || plane_judge(&in, &r, &err) != 0)
		row_leaf(b, parent, "reason", error_line(&err, line, sizeof(line)));
	else
		row_losses(b, parent, &r);
	plane_report_fini(&r);
}

static void row_group(struct rows *b, struct lyd_node *parent, const struct connection_group *g)
{
	char address[64], port[DECIMAL_SIZE];
	char *text = connection_print(&g->first);
	struct lyd_node *row = row_list(b, parent, "destination", proto_name(g->first.proto),
	        addr_print(g->first.family, g->first.destination, address, sizeof(address)),
	        decimal_print(connection_has_ports(g->first.proto) ? g->first.destination_port : 0, port));

	row_number(b, row, "lost", g->n);
	row_leaf(b, row, "example", text);
	row_leaf(b, row, "rule", g->rule);
	free(text);
}

/** Established connections that the kernel tracks now, between the two rulesets. */
static void row_connections(const struct call *call, struct rows *b, struct lyd_node *output, int64_t time,
        const struct whatif_state *now, const struct whatif_state *then)
{
	const struct netconf_host *host = &call->n->host;
	const struct connection_question q = {
	        .now = now->rs, .then = then->rs, .site = then->site, .net = now->network, .time = time};
	struct lyd_node *parent = row_container(b, output, "connections");
	struct connection_report r;
	struct error err;
	char line[sizeof(err.where) + sizeof(err.text)];

	if (host->connections(host->ctx, &q, &r, &err) != 0) {
		row_leaf(b, parent, "reason", error_line(&err, line, sizeof(line)));
		return;
	}
	row_number(b, parent, "total", r.total);
	row_number(b, parent, "lost", r.n_lost);
	row_number(b, parent, "cannot-tell", r.cannot_tell);
	for (size_t i = 0; i < r.n_group; i++)
		row_group(b, parent, &r.group[i]);
	connection_report_fini(&r);
}

static void row_whatif(struct rows *b, struct lyd_node *output, const struct whatif *w)
{
	static const char *const list[] = {
	        [WHATIF_REGRESSION] = "regression", [WHATIF_REPAIR] = "repair", [WHATIF_CHANGE] = "change"};

	row_leaf(b, output, "reason", w->reason);
	row_summary(b, output, w);
	for (int k = 0; k < WHATIF_KIND_N; k++)
		for (size_t i = 0; i < w->flows[k].n; i++)
			row_flow(b, output, list[k], &w->flows[k].item[i]);
	row_openings(b, output, "new", &w->opened);
	row_openings(b, output, "closed", &w->closed);
	for (size_t i = 0; i < w->n_caveat; i++)
		row_leaf(b, output, "caveat", w->caveat[i]);
}

struct nc_server_reply *rpc_what_if(const struct call *call)
{
	enum datastore d = datastore_of(call);
	struct future future = {0};
	struct whatif_state now, then;
	struct whatif w = {0};
	struct rows b = {.output = true};
	struct lyd_node *output = NULL;
	struct nc_server_reply *reply;
	struct error err;
	struct snapshot *snap = NULL;

	if (check_access(call, d, &err) != 0 || (snap = call_newest(call, &err)) == NULL ||
	        future_find(call, d, snap, &future, &err) != 0) {
		reply = reply_error(call, &err);
		goto out;
	}
	now = state_now(snap);
	then = state_then(snap, &future);
	if (whatif_compare(&now, &then, snap->verified_wall, &w, &err) != 0) {
		reply = reply_error(call, &err);
		goto out;
	}
	if (lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS)
		b.failed = true;
	row_whatif(&b, output, &w);
	if (w.reason == NULL) {
		row_management(call, &b, output, snap->verified_wall, &now, &then);
		row_connections(call, &b, output, snap->verified_wall, &now, &then);
	}
	reply = reply_built(call, &b, output);
out:
	whatif_fini(&w);
	future_fini(&future);
	snapshot_unref(snap);
	return reply;
}
