/*
 * `portcullis verify --json`: what was found comes in, JSON as INTERFACES fixes it goes out. Texts of a ruleset that are no
 * UTF-8 lose what is none; nothing is refused.
 */
#include <jansson.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/live.h"
#include "cli/verify.h"

static json_t *json_ports(struct port_range p)
{
	char buf[16];
	return json_string(port_range_print(p, buf, sizeof(buf)));
}

static json_t *json_ports_of(struct range r)
{
	return json_ports((struct port_range){(uint16_t)r.lo, (uint16_t)r.hi});
}

static void append_cidr(void *ctx, const char *cidr)
{
	json_array_append_new(ctx, json_string(cidr));
}

static json_t *json_box(enum family f, const struct box *b)
{
	json_t *source = json_array(), *destination = json_array();
	range_each_prefix(f, b->source, append_cidr, source);
	range_each_prefix(f, b->destination, append_cidr, destination);
	return json_pack("{sosososo}", "source", source, "destination", destination, "source_ports",
	        json_ports_of(b->source_ports), "ports", json_ports_of(b->ports));
}

/* Source and destination of a flow, cut where the interfaces change. */
static json_t *json_legs(const struct flow *flow)
{
	json_t *legs = json_array();
	for (size_t i = 0; i < flow->n_leg; i++) {
		const struct flow_leg *leg = &flow->leg[i];
		json_t *source = json_array(), *destination = json_array();
		range_each_prefix(flow->family, leg->source, append_cidr, source);
		range_each_prefix(flow->family, leg->destination, append_cidr, destination);
		json_array_append_new(
		        legs, json_pack("{sosososo}", "source", source, "destination", destination, "input_interface",
		                      json_text(leg->iif), "output_interface", json_text(leg->oif)));
	}
	return legs;
}

static json_t *json_strings(char *const *s, size_t n)
{
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_text(s[i]));
	return array;
}

static void set_text(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_text(value));
}

static json_t *json_or_null(const char *value)
{
	return value != NULL ? json_text(value) : json_null();
}

static json_t *json_flow(const struct flow *flow, const struct finding *f)
{
	const struct evidence *evidence = f->evidence;
	json_t *remainder = json_array();
	for (size_t i = 0; i < evidence->n_remainder; i++)
		json_array_append_new(remainder, json_box(flow->family, &evidence->remainder[i]));
	json_t *o = json_object();
	set_text(o, "deployment", flow->deployment);
	set_text(o, "product", flow->pack->name);
	set_text(o, "requirement", flow->requirement->label);
	set_text(o, "label", flow->label);
	json_object_set_new(o, "variant", json_integer(flow->id.variant));
	set_text(o, "source", flow->source);
	set_text(o, "destination", flow->destination);
	set_text(o, "family", family_name(flow->family));
	set_text(o, "transport", proto_name(flow->proto));
	json_object_set_new(o, "source_ports", json_ports(flow->source_ports));
	json_object_set_new(o, "ports", json_ports(flow->ports));
	set_text(o, "path", path_name(flow->path));
	set_text(o, "severity", severity_name(finding_severity(flow, f)));
	set_text(o, "verdict", verdict_name(f->verdict));
	json_object_set_new(o, "legs", json_legs(flow));
	json_object_set_new(o, "rule", json_blame(&evidence->blame));
	json_object_set_new(o, "witness", evidence->has_witness ? json_witness(&evidence->witness) : json_null());
	json_object_set_new(o, "remainder", remainder);
	json_object_set_new(o, "atoms", json_strings(evidence->atom, evidence->n_atom));
	json_object_set_new(o, "assumed", json_strings(evidence->assumed, evidence->n_assumed));
	if (evidence->reason != NULL)
		set_text(o, "reason", evidence->reason);
	json_object_set_new(o, "caveat", json_or_null(flow->caveat));
	return o;
}

static json_t *json_opening(const struct opening *op)
{
	json_t *o = json_object();
	json_object_set_new(o, "id", json_integer((json_int_t)op->id));
	set_text(o, "label", op->label);
	json_object_set_new(o, "rule", json_blame(&op->blame));
	json_object_set_new(o, "box", json_box(op->family, &op->box));
	set_text(o, "family", family_name(op->family));
	set_text(o, "transport", op->proto == 0 ? "other" : proto_name(op->proto));
	set_text(o, "listener", op->listener);
	set_text(o, "packets", op->packets);
	json_object_set_new(o, "witness", json_witness(&op->witness));
	json_object_set_new(o, "acknowledged", json_boolean(op->acknowledged));
	return o;
}

/* As `portcullis conformance` has it. */
static json_t *json_ipsec(const struct ipsec_finding *f)
{
	const struct ipsec_exemption *e = f->exemption;
	json_t *o = json_object();
	set_text(o, "deployment", f->deployment);
	set_text(o, "exemption", e->name);
	set_text(o, "direction", e->direction);
	set_text(o, "source", e->source);
	set_text(o, "destination", e->destination);
	set_text(o, "transports", ipsec_transports(e));
	set_text(o, "source_ports", e->source_port);
	set_text(o, "ports", e->destination_port);
	set_text(o, "state", ipsec_state_name(f->state));
	json_object_set_new(o, "advisory", json_boolean(f->advisory));
	json_object_set_new(o, "policy", json_or_null(f->policy));
	json_object_set_new(o, "witness", f->has_witness ? json_witness(&f->witness) : json_null());
	json_object_set_new(o, "reason", json_or_null(f->reason));
	return o;
}

static json_t *json_summary(const struct work *w)
{
	json_t *o = json_object();
	for (size_t v = 0; v < VERDICT_N; v++)
		json_object_set_new(
		        o, verdict_summary_key((enum verdict)v), json_integer((json_int_t)w->summary.count[v]));
	json_object_set_new(o, "overall", json_string(overall_name(w->summary.overall)));
	json_object_set_new(o, "openings", json_integer((json_int_t)w->summary.openings));
	json_object_set_new(o, "openings_incomplete", json_boolean(w->openings.incomplete));
	set_text(o, "forward_default", default_kind_name(w->openings.by_default));
	json_object_set_new(o, "rules", json_integer((json_int_t)w->summary.rules));
	json_object_set_new(o, "undecoded_rules", json_integer((json_int_t)w->summary.undecoded_rules));
	return o;
}

void verify_print_json(const struct work *w)
{
	json_t *flows = json_array(), *openings = json_array();
	for (size_t i = 0; i < w->flows.n; i++)
		json_array_append_new(flows, json_flow(&w->flows.flow[i], &w->findings.finding[i]));
	for (size_t i = 0; i < w->openings.n; i++)
		json_array_append_new(openings, json_opening(&w->openings.opening[i]));
	json_t *o = json_pack("{sososo}", "summary", json_summary(w), "flows", flows, "openings", openings);
	json_object_set_new(o, "caveats", json_strings(w->caveat, w->n_caveat));
	if (w->live) {
		json_t *ipsec = json_array();
		for (size_t i = 0; i < w->ipsec.n; i++)
			json_array_append_new(ipsec, json_ipsec(&w->ipsec.finding[i]));
		json_object_set_new(o, "ipsec", ipsec);
	}
	char *s = json_dumps(o, JSON_INDENT(1));
	cli_json(s);
	free(s);
	json_decref(o);
}
