/*
 * The rpcs of portcullis.yang: verify now, explain a flow or packet on the newest snapshot, send a test notification.
 * Refused are labels that no flow has, packets that are none, and everything before the first verification.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/reply.h"
#include "netconf/row.h"

static struct snapshot *newest(const struct call *call, struct error *err)
{
	struct snapshot *snap = hub_get(call->n->hub);
	if (snap == NULL)
		(void)error_set(err, ERR_UNAVAILABLE, NULL, "nothing has been verified yet; ask again in a moment");
	return snap;
}

static struct nc_server_reply *built(const struct call *call, struct rows *b, struct lyd_node *output)
{
	if (!b->failed)
		return reply_output(output);
	lyd_free_all(output);
	return reply_error(call, &b->err);
}

struct nc_server_reply *rpc_verify(const struct call *call)
{
	struct error err;
	struct snapshot *snap = NULL;
	struct lyd_node *output = NULL;
	struct rows b = {.output = true};
	if (call->n->host.verify_now(call->n->host.ctx, &err) != 0 || (snap = newest(call, &err)) == NULL)
		return reply_error(call, &err);
	if (lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS)
		b.failed = true;
	row_number(&b, output, "generation", snap->generation);
	row_leaf(&b, output, "overall", overall_name(snap->summary.overall));
	snapshot_unref(snap);
	return built(call, &b, output);
}

struct nc_server_reply *rpc_test_notification(const struct call *call)
{
	call->n->host.test_notification(call->n->host.ctx);
	return nc_server_reply_ok();
}

/* A packet of a flow: the witness of what does not pass, else the first packet of its first box. */
static int packet_of_flow(const struct snapshot *snap, const char *label, struct packet *out, struct error *err)
{
	const struct flows *flows = &snap->inputs->flows;
	const struct flow *flow = flows_find(flows, label);
	memset(out, 0, sizeof(*out));
	if (flow == NULL)
		return error_set(err, ERR_NOT_FOUND, NULL,
		        "no flow is labelled '%.200s'; /conformance/result lists the labels", label);
	const struct finding *finding = &snap->findings.finding[flow - flows->flow];
	if (finding->has_witness) {
		*out = finding->witness;
		return 0;
	}
	if (flow->n_leg == 0)
		return error_set(err, ERR_INVALID, NULL, "'%.200s' is %s: it has no packets that could be followed",
		        label, verdict_name(finding->verdict));
	const struct flow_leg *leg = &flow->leg[0];
	out->family = flow->family;
	out->proto = flow->proto;
	out->source = leg->source.lo;
	out->destination = leg->destination.lo;
	out->source_port = flow->source_ports.lo;
	out->destination_port = flow->ports.lo;
	out->path = flow->path;
	memcpy(out->iif, leg->iif, sizeof(out->iif));
	memcpy(out->oif, leg->oif, sizeof(out->oif));
	return 0;
}

static void take_ifname(void *ctx, struct range part, const char *ifname)
{
	(void)part;
	snprintf(ctx, IFNAME_SIZE, "%s", ifname);
}

/* Path and interfaces as addresses and routes say. */
static void route(const struct network *net, struct packet *p)
{
	bool from_here = network_is_local(net, p->family, p->source);
	bool to_here = network_is_local(net, p->family, p->destination);
	p->path = to_here ? PATH_INPUT : from_here ? PATH_OUTPUT : PATH_FORWARD;
	if (!net->known)
		return;
	struct range source = {p->source, p->source}, destination = {p->destination, p->destination};
	if (!from_here)
		network_each_route(net, p->family, source, take_ifname, p->iif);
	if (!to_here)
		network_each_route(net, p->family, destination, take_ifname, p->oif);
}

static int packet_of_request(
        const struct call *call, const struct snapshot *snap, struct packet *out, struct error *err)
{
	const char *label = child_value(call->rpc, "flow"), *text = child_value(call->rpc, "packet");
	const char *iif = child_value(call->rpc, "input-interface"), *oif = child_value(call->rpc, "output-interface");
	if (label != NULL) {
		if (packet_of_flow(snap, label, out, err) != 0)
			return -1;
	} else if (text == NULL) {
		return error_set(err, ERR_INVALID, NULL, "neither flow nor packet is given; give one");
	} else {
		if (packet_parse(text, out, err) != 0)
			return -1;
		route(&snap->inputs->network, out);
	}
	if (iif != NULL)
		snprintf(out->iif, sizeof(out->iif), "%s", iif);
	if (oif != NULL)
		snprintf(out->oif, sizeof(out->oif), "%s", oif);
	return 0;
}

static int walk(const struct snapshot *snap, const struct packet *packet, struct trace *out, struct error *err)
{
	if (snap->ruleset != NULL)
		return verify_explain(packet, snap->ruleset, snap->inputs->site, snap->verified_wall, out, err);
	*out = (struct trace){.verdict = VERDICT_UNKNOWN};
	return 0;
}

static void row_trace(struct rows *b, struct lyd_node *output, const struct trace *trace)
{
	for (size_t i = 0; i < trace->n; i++) {
		char number[24];
		snprintf(number, sizeof(number), "%zu", i + 1);
		struct lyd_node *step = row_list(b, output, "step", number);
		row_leaf(b, step, "note", trace->step[i].note);
		row_rule(b, step, &trace->step[i].where);
	}
}

struct nc_server_reply *rpc_explain(const struct call *call)
{
	struct error err;
	struct packet packet;
	struct trace trace = {0};
	struct lyd_node *output = NULL;
	struct rows b = {.output = true};
	struct snapshot *snap = newest(call, &err);
	struct nc_server_reply *reply = NULL;
	if (snap == NULL || packet_of_request(call, snap, &packet, &err) != 0 ||
	        walk(snap, &packet, &trace, &err) != 0) {
		reply = reply_error(call, &err);
		goto out;
	}
	char *text = packet_print(&packet);
	if (lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS)
		b.failed = true;
	row_leaf(&b, output, "packet", text);
	row_leaf(&b, output, "verdict", verdict_name(trace.verdict));
	row_leaf(&b, output, "reason", snap->ruleset != NULL ? trace.reason : snap->unreadable);
	row_trace(&b, output, &trace);
	free(text);
	reply = built(call, &b, output);
out:
	trace_fini(&trace);
	snapshot_unref(snap);
	return reply;
}
