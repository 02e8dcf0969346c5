#ifndef PORTCULLIS_AGENT_FLOW_DERIVE_H
#define PORTCULLIS_AGENT_FLOW_DERIVE_H

#include "portcullis/flow.h"

/* What the files of the derivation share: parties with their addresses, the binding of roles, the legs of a flow. */

#define FLOW_MAX_FLOWS 1000000
#define FLOW_MAX_LEGS 1000000 /**< of all flows together, and of all parties' route parts */

/** A range behind one interface ("": no route leads there, or `unknown`); next hops of equal cost have a part each. */
struct flow_part {
	struct range range;
	struct range inside; /**< of a published address: own addresses of the listener behind the interface */
	char ifname[IFNAME_SIZE];
	char vrf[IFNAME_SIZE]; /**< whose table says so; "": the main table */
	bool unknown; /**< there is a route, but nobody knows over which interface */
	bool hidden; /**< the interface belongs to a VRF: a rule may see another name */
};

/** The addresses of one family that a party uses on one side of a flow. */
struct flow_side {
	bool present; /**< has an address of the family, before tolerated sources are taken out */
	bool local; /**< every address is this device's own */
	struct ranges addr;
	struct flow_part *part; /**< addr cut where the route changes; only where the network is known and !local */
	size_t n_part, cap_part;
};

/** Who can stand on a side of a flow: a group, the balancer of a group, any, external. */
struct party {
	uint32_t id;
	char *name;
	const struct group *group; /**< NULL: any, external */
	struct flow_side source[2], destination[2]; /**< [0] IPv4, [1] IPv6 */
};

struct parties {
	struct party *item; /**< members of site->group[i] at 2i, their balancer at 2i + 1, then any and external */
	size_t n, n_part;
	size_t *by_name; /**< indexes into site->group, sorted by name */
	const struct site *site;
	const struct network *net;
};

int parties_build(const struct site *site, const struct network *net, struct parties *out, struct error *err) MUST_USE;
void parties_fini(struct parties *p);
/** Members of the group of that name, or NULL. */
const struct party *parties_group(const struct parties *p, const char *name);
/** The balancer of these members; it has no address where the group has no virtual one. */
const struct party *party_balancer(const struct party *members);
const struct party *parties_any(const struct parties *p);
const struct party *parties_external(const struct parties *p);

/**
 * Is the party behind an interface of the zone: by its own zone, else by the routes. Without either a group is not, and
 * any and external may be.
 */
bool party_is_in_zone(const struct parties *p, const struct party *party, enum family family, const char *zone);

/** Index of a family in struct party, and back. */
static inline size_t family_index(enum family f)
{
	return f == FAMILY_IPV6;
}
static inline enum family family_at(size_t i)
{
	return i ? FAMILY_IPV6 : FAMILY_IPV4;
}

struct bound {
	const struct party *party;
	bool foreign; /**< comes from a deployment that this one coexists with */
	enum basis basis; /**< as an initiator: whether a document says so; BASIS_STATED otherwise */
};

struct bound_set {
	struct bound *item;
	size_t n, cap;
};

/** One deployment with the roles that its groups, and those of deployments beside it, have. */
struct binding {
	const struct deployment *deployment;
	const struct pack *pack;
	const struct parties *parties;
	struct bound_set member; /**< groups that take part */
	const struct catalog *catalog;
	struct bound_set *role; /**< per role of the pack; made when first asked for */
	bool *known;
};

int binding_build(const struct site *site, const struct catalog *catalog, const struct parties *parties,
        const struct deployment *deployment, struct binding *out, struct error *err) MUST_USE;
void binding_fini(struct binding *b);
/** Add who has a role; adds nothing when nobody has. */
void binding_role(struct binding *b, const char *role, struct bound_set *out);
/**
 * Keep of those who have a role the ones that take part in a requirement with it: groups that are the addresses of one
 * interface are asked only for what is on that side.
 */
void binding_keep(const struct binding *b, const struct requirement *r, const char *role, struct bound_set *set);
/** Is the role declared absent, by its own name, by a role that includes it or by all that it includes. */
bool binding_absent(const struct binding *b, const char *role);
/** The balancer that initiators use for a requirement of this listener, or NULL: they use the members. */
const struct party *binding_balancer(
        const struct binding *b, const struct party *listener, const struct requirement *r);
void bound_set_add(struct bound_set *set, const struct party *party, bool foreign);
/** Sort by the order of the groups and keep each party once, as the deployment's own where it is both. */
void bound_set_unique(struct bound_set *set);
/** In a set that bound_set_unique() has sorted. */
const struct bound *bound_set_find(const struct bound_set *set, const struct party *party);
void bound_set_fini(struct bound_set *set);

/** One transport and port range of a requirement, as it holds under an errata policy. */
struct flow_variant {
	uint32_t number;
	uint8_t proto;
	struct port_range ports, source_ports;
	bool advisory; /**< rests on a correction of less than high confidence */
};

struct flow_variants {
	struct flow_variant *item;
	size_t n, cap;
};

/** Free out->item. */
void flow_variants_build(const struct requirement *r, enum errata_policy policy, struct flow_variants *out);

/**
 * Set path, addresses and legs of a flow whose family and ports are set; where no leg crosses the device, the state
 * becomes FLOW_NOT_TRANSIT.
 *
 * @param published  destination that initiators see instead of the listener's own, or NULL.
 * @param n_leg      in/out: legs of all flows so far.
 */
int flow_route(const struct parties *p, const struct party *from, const struct party *to, const u128 *published,
        struct flow *f, size_t *n_leg, struct error *err) MUST_USE;

#endif
