/*
 * The effective catalog as data of portcullis-catalog.yang: the packs of a snapshot, as they were loaded. Names that a
 * pack does not have are left out, never made up.
 */
#include <stdio.h>

#include "netconf/state.h"

static void add_ports(struct rows *b, struct lyd_node *parent, const char *name, struct port_range ports)
{
	struct lyd_node *node = row_container(b, parent, name);
	row_number(b, node, "lower", ports.lo);
	if (ports.hi != ports.lo)
		row_number(b, node, "upper", ports.hi);
}

static void add_role(struct rows *b, struct lyd_node *pack, const struct role *role)
{
	struct lyd_node *row = row_list(b, pack, "role", role->name);
	row_number(b, row, "id", role->id);
	row_leaf(b, row, "kind", role_kind_name(role->kind));
	for (size_t i = 0; i < role->n_include; i++)
		row_leaf(b, row, "include", role->include[i]);
	for (size_t i = 0; i < role->n_label; i++) {
		struct lyd_node *label = row_list(b, row, "label", role->label[i].language);
		row_leaf(b, label, "text", role->label[i].text);
	}
}

static void add_flow(struct rows *b, struct lyd_node *requirement, const struct requirement_flow *flow, size_t i)
{
	char variant[24];
	snprintf(variant, sizeof(variant), "%zu", i + 1);
	struct lyd_node *row = row_list(b, requirement, "flow", variant);
	row_leaf(b, row, "transport", proto_name(flow->proto));
	add_ports(b, row, "port", flow->ports);
	if (flow->source_ports.lo != 1024 || flow->source_ports.hi != 65535)
		add_ports(b, row, "source-port", flow->source_ports);
	row_leaf(b, row, "security", security_name(flow->security));
	row_leaf(b, row, "application", flow->application);
}

static void add_provenance(struct rows *b, struct lyd_node *requirement, const struct provenance *p)
{
	char number[16];
	if (p->document == NULL || p->table == NULL || p->table[0] == '\0')
		return;
	snprintf(number, sizeof(number), "%u", p->row);
	struct lyd_node *row = row_list(b, requirement, "provenance", p->document, p->table, number);
	row_number(b, row, "line", p->line);
	row_leaf(b, row, "language", p->language);
	row_leaf(b, row, "role", p->role);
	row_leaf(b, row, "service", p->service);
	row_leaf(b, row, "port", p->port);
	row_leaf(b, row, "protocol", p->protocol);
}

static void add_erratum(struct rows *b, struct lyd_node *requirement, const struct erratum *e)
{
	struct lyd_node *row = row_list(b, requirement, "erratum", e->field);
	row_leaf(b, row, "as-printed", e->as_printed);
	row_leaf(b, row, "effective", e->effective);
	row_leaf(b, row, "why", e->why);
	row_leaf(b, row, "confidence", confidence_name(e->confidence));
}

static void add_requirement(struct rows *b, struct lyd_node *pack, const struct requirement *r)
{
	char id[16];
	snprintf(id, sizeof(id), "%u", r->id);
	struct lyd_node *row = row_list(b, pack, "requirement", id);
	row_leaf(b, row, "label-name", r->label);
	row_leaf(b, row, "listener", r->listener);
	for (size_t i = 0; i < r->n_initiator; i++) {
		struct lyd_node *initiator = row_list(b, row, "initiator", r->initiator[i].role);
		row_leaf(b, initiator, "basis", basis_name(r->initiator[i].basis));
	}
	row_leaf(b, row, "service", r->service);
	row_leaf(b, row, "reach", reach_name(r->reach));
	row_leaf(b, row, "class", requirement_class_name(r->class));
	row_leaf(b, row, "interface", requirement_interface_name(r->interface));
	row_leaf(b, row, "condition", r->condition);
	row_bool(b, row, "optional", r->optional);
	if (r->configurable_minimum != 0)
		row_number(b, row, "configurable-minimum", r->configurable_minimum);
	row_leaf(b, row, "load-balancer", lb_need_name(r->lb_need));
	row_leaf(b, row, "purpose", r->purpose);
	for (size_t i = 0; i < r->n_flow; i++)
		add_flow(b, row, &r->flow[i], i);
	for (size_t i = 0; i < r->n_provenance; i++)
		add_provenance(b, row, &r->provenance[i]);
	for (size_t i = 0; i < r->n_erratum; i++)
		add_erratum(b, row, &r->erratum[i]);
}

static void add_ipsec(struct rows *b, struct lyd_node *pack, const struct ipsec_exemption *e)
{
	char id[16];
	snprintf(id, sizeof(id), "%u", e->id);
	struct lyd_node *row = row_list(b, pack, "ipsec-exemption", id);
	row_leaf(b, row, "name", e->name);
	row_leaf(b, row, "direction", e->direction);
	row_leaf(b, row, "source", e->source);
	row_leaf(b, row, "destination", e->destination);
	if (e->tcp)
		row_leaf(b, row, "transport", "tcp");
	if (e->udp)
		row_leaf(b, row, "transport", "udp");
	row_leaf(b, row, "source-port", e->source_port);
	row_leaf(b, row, "destination-port", e->destination_port);
	row_leaf(b, row, "action", e->action);
}

static void add_pack(struct rows *b, struct lyd_node *root, const struct pack *pack)
{
	struct lyd_node *row = row_list(b, root, "pack", pack->name);
	row_number(b, row, "id", pack->id);
	row_leaf(b, row, "title", pack->title);
	row_leaf(b, row, "version", pack->version);
	for (size_t i = 0; i < pack->n_document; i++)
		(void)row_list(b, row, "document", pack->document[i]);
	for (size_t i = 0; i < pack->n_role && !b->failed; i++)
		add_role(b, row, &pack->role[i]);
	for (size_t i = 0; i < pack->n_requirement && !b->failed; i++)
		add_requirement(b, row, &pack->requirement[i]);
	for (size_t i = 0; i < pack->n_ipsec && !b->failed; i++)
		add_ipsec(b, row, &pack->ipsec[i]);
	row_leaf(b, row, "digest", pack->digest);
}

struct lyd_node *state_catalog(struct rows *b, const struct ly_ctx *ctx, const struct snapshot *snap)
{
	const struct catalog *catalog = snap->inputs->catalog;
	b->module = ly_ctx_get_module_implemented(ctx, "portcullis-catalog");
	struct lyd_node *root = row_container(b, NULL, "catalog");
	for (size_t i = 0; catalog != NULL && i < catalog->n_pack && !b->failed; i++)
		add_pack(b, root, &catalog->pack[i]);
	return root;
}
