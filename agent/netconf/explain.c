/*
 * The rpc explain: a flow's label or a packet comes in, its walk through the newest snapshot's ruleset goes out. A packet
 * to a published address is followed to the listener. Refused are labels that no flow has, packets that are none, and
 * interfaces that this device does not have.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/reply.h"
#include "netconf/row.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

/** What is walked. */
struct subject {
	struct packet packet;
	const struct flow *flow; /**< whose destination NAT is followed, or NULL */
	const struct finding *finding; /**< whose witness the packet is, or NULL */
	struct flow published; /**< for a published address that no flow needs; only what the walk looks at */
	size_t cap_leg;
};

/* A packet of a flow: the witness of what does not pass, else a packet of its first box. */
static int subject_of_flow(const struct snapshot *snap, const char *label, struct subject *out, struct error *err)
{
	const struct flows *flows = &snap->inputs->flows;
	const struct flow *flow = flows_find(flows, label);
	if (flow == NULL)
		return error_set(err, ERR_NOT_FOUND, NULL,
		        "no flow is labelled '%.200s'; /conformance/result lists the labels", label);
	const struct finding *finding = &snap->findings.finding[flow - flows->flow];
	out->flow = flow;
	if (finding->evidence->has_witness) {
		out->finding = finding;
		out->packet = finding->evidence->witness;
		return 0;
	}
	if (flow->n_leg == 0)
		return error_set(err, ERR_INVALID, NULL, "'%.200s' is %s: it has no packets that could be followed",
		        label, verdict_name(finding->verdict));
	flow_packet(flow, 0, &out->packet);
	return 0;
}

static bool in_range(struct range r, u128 value)
{
	return value >= r.lo && value <= r.hi;
}

/* A required flow that reaches this address and port through destination NAT. */
static const struct flow *translated_flow(const struct flows *flows, const struct packet *p)
{
	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *f = &flows->flow[i];
		if (f->family != p->family || f->proto != p->proto || p->destination_port < f->ports.lo ||
		        p->destination_port > f->ports.hi)
			continue;
		for (size_t k = 0; k < f->n_leg; k++)
			if (f->leg[k].translated && in_range(f->leg[k].source, p->source) &&
			        in_range(f->leg[k].destination, p->destination))
				return f;
	}
	return NULL;
}

static void add_leg(void *ctx, struct range part, const char *ifname)
{
	struct subject *s = ctx;
	struct flow *f = &s->published;
	f->leg = xgrow(f->leg, f->n_leg, &s->cap_leg, sizeof(*f->leg));
	struct flow_leg *leg = &f->leg[f->n_leg++];
	*leg = (struct flow_leg){.source = {s->packet.source, s->packet.source},
	        .destination = {s->packet.destination, s->packet.destination},
	        .translated = true,
	        .inside = part};
	snprintf(leg->iif, sizeof(leg->iif), "%s", s->packet.iif);
	snprintf(leg->oif, sizeof(leg->oif), "%s", ifname);
}

static bool publishes(const struct published *p, const struct packet *packet)
{
	return p->family == packet->family && p->address == packet->destination &&
	       (p->proto == 0 || (p->proto == packet->proto && packet->destination_port >= p->external.lo &&
	                                 packet->destination_port <= p->external.hi));
}

/* The same for a published address that no flow needs for this packet. */
static void published_flow(const struct site *site, const struct network *net, struct subject *s)
{
	const struct packet *p = &s->packet;
	for (size_t i = 0; i < site->n_group && s->published.n_leg == 0; i++) {
		const struct group *g = &site->group[i];
		for (size_t k = 0; k < g->n_published && s->published.n_leg == 0; k++) {
			const struct published *pub = &g->published[k];
			int shift = pub->proto != 0 ? (int)pub->internal.lo - (int)pub->external.lo : 0;
			if (!publishes(pub, p))
				continue;
			s->published.family = p->family;
			s->published.proto = p->proto;
			s->published.ports.lo = s->published.ports.hi = p->destination_port;
			s->published.inside_ports.lo = (uint16_t)((int)p->destination_port + shift);
			s->published.inside_ports.hi = s->published.inside_ports.lo;
			for (size_t a = 0; a < g->n_address; a++) {
				if (g->address[a].family != p->family)
					continue;
				if (net->known)
					network_each_route(net, p->family, g->address[a].range, add_leg, s);
				else
					add_leg(s, g->address[a].range, "");
			}
			s->flow = s->published.n_leg > 0 ? &s->published : NULL;
		}
	}
}

static int subject_of_packet(const struct snapshot *snap, const char *text, struct subject *out, struct error *err)
{
	const struct inputs *in = snap->inputs;
	struct packet *p = &out->packet;
	if (packet_parse(text, p, err) != 0)
		return -1;
	packet_route(&in->network, p);
	out->flow = translated_flow(&in->flows, p);
	if (out->flow == NULL && p->path != PATH_OUTPUT)
		published_flow(in->site, &in->network, out);
	if (out->flow != NULL) {
		/* The routing decision comes behind the translation. */
		p->path = out->flow->path;
		p->oif[0] = '\0';
	}
	return 0;
}

/* Interfaces are looked up where the daemon is, which is where the packet would be. */
static int interface_set(const struct network *net, const char *name, char *out, struct error *err)
{
	struct if_nameindex *list = net->known && name != NULL ? if_nameindex() : NULL;
	struct text names = {0};
	bool found = list == NULL;
	if (name != NULL)
		snprintf(out, IFNAME_SIZE, "%s", name);
	for (size_t i = 0; list != NULL && list[i].if_name != NULL; i++) {
		found = found || strcmp(list[i].if_name, name) == 0;
		if (names.len < 400)
			text_addf(&names, "%s%s", i > 0 ? ", " : "", list[i].if_name);
	}
	if (list != NULL)
		if_freenameindex(list);
	int result = found ? 0
	                   : error_set(err, ERR_INVALID, NULL, "this device has no interface '%s'; it has %s", name,
	                             text_str(&names));
	text_fini(&names);
	return result;
}

static int subject_of_request(
        const struct call *call, const struct snapshot *snap, struct subject *out, struct error *err)
{
	const char *label = child_value(call->rpc, "flow"), *text = child_value(call->rpc, "packet");
	const struct network *net = &snap->inputs->network;
	int result = label != NULL  ? subject_of_flow(snap, label, out, err)
	             : text != NULL ? subject_of_packet(snap, text, out, err)
	                            : error_set(err, ERR_INVALID, NULL, "neither flow nor packet is given; give one");
	if (result == 0)
		result = interface_set(net, child_value(call->rpc, "input-interface"), out->packet.iif, err);
	if (result == 0)
		result = interface_set(net, child_value(call->rpc, "output-interface"), out->packet.oif, err);
	return result;
}

static int walk(const struct snapshot *snap, const struct subject *s, struct trace *out, struct error *err)
{
	if (snap->ruleset != NULL)
		return verify_explain(&s->packet, s->flow, s->finding, snap->ruleset, snap->inputs->site,
		        snap->verified_wall, out, err);
	*out = (struct trace){.verdict = VERDICT_UNKNOWN, .packet = s->packet, .end = s->packet, .first = s->packet};
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

static void row_packets(struct rows *b, struct lyd_node *output, const struct trace *trace)
{
	char *text = packet_print(&trace->packet), *end = packet_print(&trace->end);
	char *first = packet_print(&trace->first);
	row_leaf(b, output, "packet", text);
	row_leaf(b, output, "phase", phase_name(trace->packet.phase));
	row_leaf(b, output, "path", path_name(trace->packet.path));
	row_leaf(b, output, "input-interface", trace->packet.iif);
	row_leaf(b, output, "output-interface", trace->packet.oif);
	row_leaf(b, output, "first-packet", first);
	if (strcmp(text, end) != 0)
		row_leaf(b, output, "leaves-as", end);
	free(text);
	free(end);
	free(first);
}

struct nc_server_reply *rpc_explain(const struct call *call)
{
	struct error err;
	struct subject subject = {.packet = {.family = FAMILY_NONE}};
	struct trace trace = {0};
	struct lyd_node *output = NULL;
	struct rows b = {.output = true};
	struct snapshot *snap = call_newest(call, &err);
	struct nc_server_reply *reply = NULL;
	if (snap == NULL || subject_of_request(call, snap, &subject, &err) != 0 ||
	        walk(snap, &subject, &trace, &err) != 0) {
		reply = reply_error(call, &err);
		goto out;
	}
	if (lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS)
		b.failed = true;
	row_packets(&b, output, &trace);
	row_leaf(&b, output, "verdict", verdict_name(trace.verdict));
	row_leaf(&b, output, "reason", snap->ruleset != NULL ? trace.reason : snap->unreadable);
	row_rule(&b, output, &trace.blame);
	row_trace(&b, output, &trace);
	reply = reply_built(call, &b, output);
out:
	trace_fini(&trace);
	free(subject.published.leg);
	snapshot_unref(snap);
	return reply;
}
