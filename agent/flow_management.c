/*
 * The management plane as flows: in come the peers that must always reach this device, perhaps the session that asks, and
 * the device's addresses and routes; out goes a flow for each of them to each address of the device. Refused is what the
 * derivation of required flows refuses.
 */
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "portcullis/alloc.h"

static bool is_loopback(enum family f, u128 a)
{
	return f == FAMILY_IPV4 ? a >> 24 == 127 : a == 1;
}

/* Of such an address only the interface says where it is. */
static bool is_link_local(enum family f, u128 a)
{
	return f == FAMILY_IPV6 && a >> 118 == 0xfe80 >> 6;
}

/** Everybody as groups of a site of its own: peers, then addresses of the device. */
struct plane {
	struct site site;
	struct prefix *address; /* one for each address group */
	size_t n_peer;
	struct parties parties;
	struct flows *out;
	size_t n_leg;
};

static void group_add(struct plane *p, const char *kind, struct prefix *address, size_t n)
{
	struct group *g = &p->site.group[p->site.n_group++];

	*g = (struct group){.id = (uint32_t)p->site.n_group,
	        .name = xasprintf("%s %zu", kind, p->site.n_group),
	        .zone = xstrdup(""),
	        .address = address,
	        .n_address = n};
}

static void peers_add(struct plane *p, const struct firewall *firewall, struct prefix *session)
{
	for (size_t i = 0; i < firewall->n_management; i++)
		group_add(p, "peer", firewall->management[i].source, firewall->management[i].n_source);
	group_add(p, "peer", session, session->family != FAMILY_NONE ? 1 : 0);
	p->n_peer = p->site.n_group;
}

static void addresses_add(struct plane *p, const struct network *net)
{
	for (size_t i = 0; i < net->n_address; i++) {
		const struct net_address *a = &net->address[i];

		if (is_loopback(a->family, a->address) || is_link_local(a->family, a->address) ||
		        (i > 0 && a[-1].family == a->family && a[-1].address == a->address))
			continue;
		p->address[i] = (struct prefix){a->family, {a->address, a->address}};
		group_add(p, "address", &p->address[i], 1);
	}
}

static void plane_fini(struct plane *p)
{
	parties_fini(&p->parties);
	for (size_t i = 0; i < p->site.n_group; i++) {
		free(p->site.group[i].name);
		free(p->site.group[i].zone);
	}
	free(p->site.group);
	free(p->address);
}

static bool has_family(const struct group *g, enum family f)
{
	for (size_t i = 0; i < g->n_address; i++)
		if (g->address[i].family == f)
			return true;
	return false;
}

static int flow_add(struct plane *p, const char *name, const struct group *peer, const struct group *device,
        uint8_t proto, struct port_range ports, struct error *err)
{
	enum family f = device->address->family;
	struct flow *flow;
	char address[48];

	p->out->flow = xgrow(p->out->flow, p->out->n, &p->out->cap, sizeof(*p->out->flow));
	flow = &p->out->flow[p->out->n++];
	*flow = (struct flow){.family = f,
	        .proto = proto,
	        .deployment = "",
	        .source_ports = {0, UINT16_MAX},
	        .ports = ports,
	        .inside_ports = ports,
	        .state = FLOW_CHECK};
	flow->source = xstrdup(name);
	flow->destination = xstrdup(addr_print(f, device->address->range.lo, address, sizeof(address)));
	flow->label = xasprintf("management %s>%s %s", name, address, family_name(f));
	return flow_route(&p->parties, parties_group(&p->parties, peer->name), parties_group(&p->parties, device->name),
	        NULL, flow, &p->n_leg, err);
}

static int flows_add(
        struct plane *p, const struct firewall *firewall, const struct flow_peer *session, struct error *err)
{
	for (size_t i = 0; i < p->n_peer; i++) {
		const struct management_access *m = i < firewall->n_management ? &firewall->management[i] : NULL;
		const struct port_range own = {
		        session != NULL ? session->port : 0, session != NULL ? session->port : 0};

		for (size_t k = p->n_peer; k < p->site.n_group; k++) {
			const struct group *peer = &p->site.group[i], *device = &p->site.group[k];

			/* A session speaks to one address. */
			if (!has_family(peer, device->address->family) ||
			        (m == NULL && device->address->range.lo != session->local))
				continue;
			if (flow_add(p, m != NULL ? m->name : "session", peer, device, m != NULL ? m->proto : PROTO_TCP,
			            m != NULL ? m->ports : own, err) != 0)
				return -1;
		}
	}
	return 0;
}

int flows_of_management(const struct firewall *firewall, const struct network *net, const struct flow_peer *session,
        struct flows *out, struct error *err)
{
	struct plane p = {.out = out};
	struct prefix peer = {FAMILY_NONE, {0, 0}};
	int result;

	*out = (struct flows){0};
	if (!net->known)
		return 0;
	if (session != NULL)
		peer = (struct prefix){session->family, {session->address, session->address}};
	p.site.group = xcalloc(firewall->n_management + 1 + net->n_address, sizeof(*p.site.group));
	p.address = xcalloc(net->n_address + 1, sizeof(*p.address));
	peers_add(&p, firewall, &peer);
	addresses_add(&p, net);
	result = parties_build(&p.site, net, &p.parties, err);
	if (result == 0)
		result = flows_add(&p, firewall, session, err);
	plane_fini(&p);
	if (result != 0)
		flows_fini(out);
	return result;
}
