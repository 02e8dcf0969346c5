/*
 * Exemptions from IPsec against this device's policies: in come the site, the catalog and the policies, out goes one
 * state per exemption, with the policy that decides and a packet that it catches. What the hosts themselves do is never
 * claimed.
 */
#include "portcullis/ipsec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/pins.h"
#include "portcullis/text.h"
#include "verify/blame.h"
#include "verify/cell.h"

#define BOXES_MAX 4096

const char *ipsec_state_name(enum ipsec_state s)
{
	static const char *const names[] = {[IPSEC_CLEAR] = "clear",
	        [IPSEC_NOT_OBSERVABLE] = "not-observable",
	        [IPSEC_TUNNELLED] = "carried-in-a-tunnel",
	        [IPSEC_VIOLATED] = "violated",
	        [IPSEC_UNBOUND] = "unbound"};

	return names[s];
}

/** The packets of one exemption, in one family and direction. */
struct packets {
	struct ranges source, destination, source_ports, ports;
};

struct decision {
	const struct site *site;
	const struct network *net;
	const struct ipsec_policies *policies;
	const struct deployment *deployment;
	const struct pack *pack;
	struct ipsec_finding *out;
	const char *maybe; /**< what could catch a packet but is not decided here */
};

static bool group_has_role(const struct decision *d, const struct group *g, const char *role)
{
	for (size_t i = 0; i < g->n_member_of; i++)
		if (strcmp(g->member_of[i].product, d->pack->name) == 0 &&
		        pack_role_includes(d->pack, role, g->member_of[i].role))
			return true;
	return false;
}

static void add_prefixes(struct ranges *out, enum family f, const struct prefix *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].family == f)
			ranges_add(out, p[i].range.lo, p[i].range.hi);
}

/** Addresses of an end. @return whether any group of the deployment has the role. */
static bool end_addresses(const struct decision *d, const char *end, enum family f, struct ranges *out)
{
	bool bound = strcmp(end, "any") == 0;

	if (bound)
		ranges_add(out, 0, family_max(f));
	for (size_t i = 0; i < d->deployment->n_group; i++) {
		const struct group *g = site_group_find(d->site, d->deployment->group[i]);

		if (strcmp(end, "any") == 0 || g == NULL || !group_has_role(d, g, end))
			continue;
		bound = true;
		add_prefixes(out, f, g->address, g->n_address);
	}
	ranges_normalise(out);
	return bound;
}

static bool listed(char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], s) == 0)
			return true;
	return false;
}

/** The ports that the deployment gave its clients for media. */
static void media_ports(const struct decision *d, uint8_t proto, struct ranges *out)
{
	const struct deployment *dep = d->deployment;

	for (size_t i = 0; i < d->pack->n_requirement; i++) {
		const struct requirement *r = &d->pack->requirement[i];
		bool accepted = listed(dep->accept_default_range, dep->n_accept_default_range, r->label);

		for (size_t k = 0; r->class == CLASS_CLIENT_MEDIA && k < r->n_flow; k++) {
			const struct port_range *ports = accepted ? &r->flow[k].ports : NULL;

			for (size_t o = 0; o < dep->n_port_override; o++)
				if (strcmp(dep->port_override[o].requirement, r->label) == 0 &&
				        (dep->port_override[o].variant == 0 || dep->port_override[o].variant == k + 1))
					ports = &dep->port_override[o].ports;
			if (ports != NULL && r->flow[k].proto == proto)
				ranges_add(out, ports->lo, ports->hi);
		}
	}
	ranges_normalise(out);
}

/** "any", "media-range", "5061" or "49152-57500". @return whether there are ports. */
static bool end_ports(const struct decision *d, const char *text, uint8_t proto, struct ranges *out)
{
	struct port_range r;
	struct error err;

	if (strcmp(text, "any") == 0 || text[0] == '\0')
		ranges_add(out, 0, UINT16_MAX);
	else if (strcmp(text, "media-range") == 0)
		media_ports(d, proto, out);
	else if (port_range_parse(text, &r, &err) == 0)
		ranges_add(out, r.lo, r.hi);
	return out->n > 0;
}

static void packets_fini(struct packets *p)
{
	ranges_fini(&p->source);
	ranges_fini(&p->destination);
	ranges_fini(&p->source_ports);
	ranges_fini(&p->ports);
}

static void packets_cells(const struct packets *p, bool reverse, struct cells *out)
{
	for (size_t s = 0; s < p->source.n; s++)
		for (size_t d = 0; d < p->destination.n; d++)
			for (size_t sp = 0; sp < p->source_ports.n; sp++)
				for (size_t dp = 0; dp < p->ports.n && out->n < BOXES_MAX; dp++) {
					struct cell c = {{p->source.item[s], p->destination.item[d],
					        p->source_ports.item[sp], p->ports.item[dp]}};

					if (reverse)
						c = cell_reverse(&c);
					cells_add(out, &c);
				}
}

/** The state that a policy gives what it catches; templates that are all optional leave it as it is. */
static enum ipsec_state policy_state(const struct ipsec_policy *p)
{
	bool tunnel = false;

	if (p->block)
		return IPSEC_VIOLATED;
	for (size_t i = 0; i < p->n_template; i++) {
		if (p->template[i].mode != IPSEC_TUNNEL)
			return IPSEC_VIOLATED;
		tunnel = true;
	}
	return tunnel ? IPSEC_TUNNELLED : IPSEC_CLEAR;
}

static void blame_policy(struct decision *d, const struct ipsec_policy *p, enum ipsec_state state, uint8_t proto,
        const struct cell *cell)
{
	struct packet_set set = {.family = p->family, .proto = proto, .iif = "", .oif = ""};
	struct ipsec_finding *f = d->out;

	if (f->has_witness && (f->state == IPSEC_VIOLATED || state != IPSEC_VIOLATED))
		return;
	free(f->policy);
	f->policy = ipsec_policy_print(p);
	f->state = state;
	f->has_witness = true;
	f->witness = cell_witness(&set, cell);
	f->witness.path = PATH_NONE;
}

/** Does it apply to packets without a mark that no virtual interface leads into IPsec? */
static bool applies(struct decision *d, const struct ipsec_policy *p)
{
	if (p->if_id != 0)
		d->maybe = "a policy of a virtual interface (if_id) could catch packets of it";
	else if (p->masked_ports)
		d->maybe = "a policy with a port mask could catch packets of it";
	return p->if_id == 0 && !p->masked_ports && (p->mark & p->mark_mask) == 0;
}

/** What the policies of one direction do with the packets, the first that catches one deciding. */
static void consult(
        struct decision *d, enum ipsec_direction direction, enum family f, uint8_t proto, struct cells *left)
{
	bool fits = true;

	for (size_t i = 0; i < d->policies->n && left->n > 0 && fits; i++) {
		const struct ipsec_policy *p = &d->policies->policy[i];
		struct cell caught = {{p->source, p->destination, p->source_ports, p->ports}}, part;
		enum ipsec_state state = policy_state(p);
		bool hit = false;

		if (p->direction != direction || p->family != f || (p->proto != 0 && p->proto != proto))
			continue;
		for (size_t k = 0; k < left->n && !hit; k++)
			hit = cell_intersect(&left->item[k], &caught, &part);
		if (!hit || !applies(d, p))
			continue;
		if (state != IPSEC_CLEAR)
			blame_policy(d, p, state, proto, &part);
		/* A policy of one interface leaves the packets of the others. */
		if (p->ifname[0] == '\0')
			fits = cells_subtract(left, &caught, BOXES_MAX);
	}
	if (!fits)
		d->maybe = "more than 4096 boxes: too many overlapping policies";
}

static void consult_all(struct decision *d, const struct packets *p, enum family f, uint8_t proto)
{
	bool both = strcmp(d->out->exemption->direction, "both") == 0;

	for (int direction = IPSEC_IN; direction <= IPSEC_FORWARD; direction++) {
		for (int reverse = 0; reverse < (both ? 2 : 1); reverse++) {
			struct cells left = {0};

			packets_cells(p, reverse, &left);
			consult(d, (enum ipsec_direction)direction, f, proto, &left);
			cells_fini(&left);
		}
	}
}

/** All of it are addresses of this device. */
static bool is_local(const struct decision *d, enum family f, const struct ranges *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->item[i].lo != r->item[i].hi || !network_is_local(d->net, f, r->item[i].lo))
			return false;
	return r->n > 0;
}

static bool is_advisory(const struct ipsec_exemption *e)
{
	for (size_t i = 0; i < e->n_erratum; i++)
		if (strcmp(e->erratum[i].field, "row") == 0 && e->erratum[i].confidence != CONFIDENCE_HIGH)
			return true;
	return false;
}

/** The packets of a family and protocol. @return false with the reason in the finding: there are none. */
static bool packets_find(struct decision *d, enum family f, uint8_t proto, struct packets *p, const char **why)
{
	const struct ipsec_exemption *e = d->out->exemption;

	if (!end_addresses(d, e->source, f, &p->source) || !end_addresses(d, e->destination, f, &p->destination))
		*why = "no group is bound to one of its ends";
	else if (!end_ports(d, e->source_port, proto, &p->source_ports) ||
	         !end_ports(d, e->destination_port, proto, &p->ports))
		*why = "the deployment has no media range: set it or accept the default one";
	else
		return true;
	return false;
}

static void decide(struct decision *d)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	const struct ipsec_exemption *e = d->out->exemption;
	const uint8_t protos[] = {e->tcp ? PROTO_TCP : 0, e->udp ? PROTO_UDP : 0};
	bool asked = false, local = true;
	const char *why = NULL;

	for (size_t f = 0; f < 2; f++) {
		for (size_t k = 0; k < 2; k++) {
			struct packets p = {.source = {0}};

			if (protos[k] != 0 && packets_find(d, families[f], protos[k], &p, &why)) {
				asked = true;
				if (p.source.n > 0 && p.destination.n > 0)
					local = local && (is_local(d, families[f], &p.source) ||
					                         is_local(d, families[f], &p.destination));
				if (d->policies->unreadable == NULL)
					consult_all(d, &p, families[f], protos[k]);
			}
			packets_fini(&p);
		}
	}
	if (d->out->has_witness)
		return;
	d->out->state = !asked ? IPSEC_UNBOUND : IPSEC_NOT_OBSERVABLE;
	if (!asked)
		d->out->reason = xstrdup(why != NULL ? why : "it names no protocol");
	else if (d->policies->unreadable != NULL)
		d->out->reason = xasprintf("the IPsec policies cannot be read: %s", d->policies->unreadable);
	else if (d->maybe != NULL)
		d->out->reason = xstrdup(d->maybe);
	else if (local)
		d->out->state = IPSEC_CLEAR;
	else
		d->out->reason = xstrdup("no policy of this device catches it; what its hosts do, only they know");
}

const char *ipsec_transports(const struct ipsec_exemption *e)
{
	return e->tcp && e->udp ? "tcp, udp" : e->tcp ? "tcp" : "udp";
}

void ipsec_decide(const struct site *site, const struct catalog *catalog, const struct network *net,
        const struct ipsec_policies *policies, struct ipsec_findings *out)
{
	char unread[] = "they were not read yet";
	const struct ipsec_policies none = {.unreadable = unread};

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < site->n_deployment; i++) {
		const struct pack *pack = deployment_pack(catalog, &site->deployment[i]);

		for (size_t k = 0; pack != NULL && k < pack->n_ipsec; k++) {
			struct decision d = {.site = site,
			        .net = net,
			        .policies = policies != NULL ? policies : &none,
			        .deployment = &site->deployment[i],
			        .pack = pack};

			out->finding = xgrow(out->finding, out->n, &out->cap, sizeof(*out->finding));
			d.out = &out->finding[out->n++];
			*d.out = (struct ipsec_finding){.deployment = site->deployment[i].name,
			        .exemption = &pack->ipsec[k],
			        .advisory = is_advisory(&pack->ipsec[k])};
			decide(&d);
		}
	}
}

void ipsec_findings_fini(struct ipsec_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->finding[i].policy);
		free(f->finding[i].reason);
	}
	free(f->finding);
	memset(f, 0, sizeof(*f));
}
