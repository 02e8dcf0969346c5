/*
 * The rows of a requirement come in, its flows and its need for a load balancer go out. Refused are two readings of one
 * requirement and flows of the overlay's own, where no erratum says what they correct.
 */
#include <string.h>

#include "catalog/builder.h"
#include "catalog/vocabulary.h"

#define MAX_PRINTED_FLOWS 32

struct printed_flow {
	bool udp;
	struct port_range ports;
	const char *security, *application;
};

static void printed_add(struct printed_flow *flow, size_t *n, struct printed_flow one)
{
	if (*n < MAX_PRINTED_FLOWS)
		flow[(*n)++] = one;
}

/* TLS and mutual TLS on one port are one flow; HTTPS beside plain TCP are two. */
static size_t printed_flows(const struct import_row *row, const char *application, struct printed_flow *out)
{
	const struct protocol *p = &row->means;
	bool tls = false, mtls = false, none = p->n_security == 0;
	size_t n = 0;
	const char *own = *application != '\0' ? application : p->n_application > 0 ? p->application[0] : "";
	/* NTLM authenticates inside another protocol; on these ports that is HTTP. */
	own = strcmp(own, "ntlm") == 0 ? "http" : own;
	for (size_t i = 0; i < p->n_security; i++) {
		tls = tls || p->security[i] == IMPORT_TLS;
		mtls = mtls || p->security[i] == IMPORT_MTLS;
		none = none || p->security[i] == IMPORT_NONE;
	}
	for (size_t r = 0; r < row->ports.n; r++)
		for (int udp = 0; udp <= 1; udp++) {
			struct printed_flow flow = {udp != 0, row->ports.range[r], "none", own};
			if (!(udp != 0 ? p->udp : p->tcp))
				continue;
			if (tls || mtls) {
				flow.security = tls && mtls ? "tls+mtls" : tls ? "tls" : "mtls";
				printed_add(out, &n, flow);
			}
			flow.security = "none";
			flow.application = tls || mtls ? "" : own;
			if (none)
				printed_add(out, &n, flow);
		}
	return n;
}

static json_t *range_json(struct port_range range)
{
	json_t *object = json_pack("{s:i}", "lower", (int)range.lo);
	if (range.hi != range.lo)
		json_object_set_new(object, "upper", json_integer(range.hi));
	return object;
}

static json_t *flow_json(size_t variant, const struct printed_flow *f, const struct port_range *source)
{
	json_t *flow = json_pack("{s:i,s:s,s:o}", "variant", (int)variant, "transport", f->udp ? "udp" : "tcp", "port",
	        range_json(f->ports));
	if (source != NULL)
		json_object_set_new(flow, "source-port", range_json(*source));
	if (strcmp(f->security, "none") != 0)
		json_object_set_new(flow, "security", json_string(f->security));
	if (f->application[0] != '\0')
		json_object_set_new(flow, "application", json_string(f->application));
	return flow;
}

static int overlay_flow(struct builder *b, const char *label, const json_t *from, size_t variant, json_t *flows)
{
	struct port_range source, *with_source = NULL;
	const char *security = string_of(from, "security");
	struct printed_flow f = {.udp = strcmp(string_of(from, "transport"), "udp") == 0,
	        .security = *security != '\0' ? security : "none",
	        .application = string_of(from, "application")};
	if (port_range_parse(string_of(from, "port"), &f.ports, b->err) != 0)
		return error_prefix(b->err, "%s: requirement %s", b->where, label);
	if (json_object_get(from, "source-port") != NULL) {
		if (port_range_parse(string_of(from, "source-port"), &source, b->err) != 0)
			return error_prefix(b->err, "%s: requirement %s", b->where, label);
		with_source = &source;
	}
	json_array_append_new(flows, flow_json(variant, &f, with_source));
	return 0;
}

bool has_erratum(const json_t *requirement, const char *field)
{
	size_t i;
	json_t *erratum;
	json_array_foreach(json_object_get(requirement, "errata"), i, erratum)
	{
		if (strcmp(string_of(erratum, "field"), field) == 0)
			return true;
	}
	return false;
}

static bool flows_have(const struct printed_flow *flow, size_t n, const struct printed_flow *one, bool security)
{
	for (size_t i = 0; i < n; i++)
		if (flow[i].udp == one->udp && flow[i].ports.lo == one->ports.lo && flow[i].ports.hi == one->ports.hi &&
		        (!security || strcmp(flow[i].security, one->security) == 0))
			return true;
	return false;
}

/* Every further row says nothing but what the first one says, or an erratum tells which of them holds. */
static int rows_agree(struct builder *b, const json_t *requirement, const struct matches *rows,
        const struct printed_flow *flow, size_t n)
{
	const char *label = string_of(requirement, "label");
	bool any_security = has_erratum(requirement, "security") || has_erratum(requirement, "load-balancer-security");
	bool any_transport =
	        has_erratum(requirement, "transport") || has_erratum(requirement, "load-balancer-transport");
	for (size_t i = 0; i < rows->n; i++) {
		const struct match *m = &rows->item[i];
		struct printed_flow other[MAX_PRINTED_FLOWS];
		size_t n_other = printed_flows(m->row, "", other);
		/* Client and load-balancer rows of one port leave out what the server row says about its protection. */
		bool security = !any_security && m->table->kind == IMPORT_SERVER_PORTS;
		for (size_t k = 0; k < n_other; k++)
			if (!any_transport && !flows_have(flow, n, &other[k], security))
				return error_set(b->err, ERR_INVALID, b->where,
				        "requirement %s: %s line %u reads it otherwise; add an erratum for transport "
				        "or security, or a "
				        "requirement of its own",
				        label, b->import[m->import]->document.file, m->row->line);
	}
	return 0;
}

/* The first reading, and whether the overlay's own flows need an erratum to differ from it. */
int flows_build(struct builder *b, const json_t *requirement, const struct matches *rows, json_t *flows)
{
	const char *label = string_of(requirement, "label");
	struct printed_flow printed[MAX_PRINTED_FLOWS];
	const struct match *first = matches_defining(rows);
	size_t n = first != NULL ? printed_flows(first->row, string_of(requirement, "application"), printed) : 0, i;
	json_t *own = json_object_get(requirement, "flow"), *flow;
	if (n > 0 && rows_agree(b, requirement, rows, printed, n) != 0)
		return -1;
	if (own == NULL) {
		for (i = 0; i < n; i++)
			json_array_append_new(flows, flow_json(i + 1, &printed[i], NULL));
		if (n == 0)
			return error_set(b->err, ERR_INVALID, b->where,
			        "requirement %s: its rows give no transport; add \"flow\" and an erratum", label);
		return 0;
	}
	if (!has_erratum(requirement, "row") && !has_erratum(requirement, "port") &&
	        !has_erratum(requirement, "transport") && !has_erratum(requirement, "security") &&
	        !has_erratum(requirement, "application"))
		return error_set(b->err, ERR_INVALID, b->where,
		        "requirement %s: its own flows need an erratum that says what they correct", label);
	json_array_foreach(own, i, flow)
	{
		if (overlay_flow(b, label, flow, i + 1, flows) != 0)
			return -1;
	}
	return 0;
}

const char *lb_need(const struct matches *rows)
{
	const char *need = NULL;
	for (size_t i = 0; i < rows->n; i++) {
		const struct match *m = &rows->item[i];
		/* The product of 2007 knows no DNS load balancing: what its balancer rows list is always balanced. */
		if (m->table->kind == IMPORT_DNS_LB_PORTS ||
		        (m->table->kind == IMPORT_OCS_PORTS && match_is_balancer(m)))
			return "hlb-always";
		if (m->table->kind == IMPORT_HLB_ONLY_PORTS)
			need = "hlb-if-no-dns-lb";
	}
	return need;
}
