#ifndef PORTCULLIS_FLOW_H
#define PORTCULLIS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/catalog.h"
#include "portcullis/deployment.h"
#include "portcullis/network.h"

/** Ids of parties that no group is: fixed, so that an index is the same on every device. */
#define PARTY_UNBOUND                                                                                                  \
	0u /**< the role that nobody is bound to; party name = role name. Where a
                                                requirement has bound initiators too, each unbound one has a row of its own
                                                whose listener is the number of the unbound role in the pack. */
#define PARTY_BALANCER(group_id) (0x80000000u | (group_id)) /**< load balancer of a group, "fe-pool/balancer" */
#define PARTY_EXTERNAL 0xfffffffeu /**< "external": global unicast minus the bound groups */
#define PARTY_ANY 0xffffffffu /**< "any" */

const char *path_name(enum path p); /**< "forward", "input", "output", "none" */

/** What derivation already knows about a flow; FLOW_CHECK means: ask the verifier. */
enum flow_state { FLOW_CHECK, FLOW_WAIVED, FLOW_UNBOUND, FLOW_NOT_TRANSIT, FLOW_NEEDS_RANGE, FLOW_NO_COMMON_FAMILY };

struct flow_id {
	uint32_t deployment, requirement, variant, initiator, listener, family; /**< family: 0, 4 or 6 */
};

/** One box of a flow: source range x destination range on one pair of interfaces. */
struct flow_leg {
	struct range source, destination;
	char iif[IFNAME_SIZE], oif[IFNAME_SIZE]; /**< "": not known */
	bool translated; /**< destination is a published address, which destination NAT must lead to one of inside */
	struct range inside; /**< then: own addresses of the listener behind oif */
};

struct flow {
	struct flow_id id;
	const struct pack *pack; /**< borrowed from the catalog */
	const struct requirement *requirement; /**< borrowed */
	const char *deployment; /**< borrowed from the site */
	char *source, *destination; /**< party names */
	char *label; /**< unique: "DEPLOYMENT/REQUIREMENT#VARIANT SOURCE>DESTINATION FAMILY" */
	enum family family;
	enum basis basis; /**< of the initiator: stated by a document, or inferred (then never above `warning`) */
	uint8_t proto;
	struct port_range source_ports, ports;
	struct port_range
	        inside_ports; /**< of the listener itself: where `ports` are those of a published address, what
	                                     each of them is translated to, in order; else the same */
	bool advisory; /**< rests on a correction of less than high confidence, or is the side of server media that need
	                  not open it: never above `info`, never compiled */
	enum path path;
	enum flow_state state;
	const char *caveat; /**< why an interface of a leg is not known though the network is, static; NULL: nothing */
	struct ranges source_addr, destination_addr;
	struct flow_leg *leg; /**< only where state is FLOW_CHECK, or FLOW_WAIVED unless the row is unbound */
	size_t n_leg;
};

struct flows {
	struct flow *flow; /**< sorted by id */
	size_t n, cap;
};

int flow_id_cmp(const struct flow_id *a, const struct flow_id *b);
void flows_fini(struct flows *flows);
/** By label; NULL when there is none. */
const struct flow *flows_find(const struct flows *flows, const char *label);

/**
 * Derive the required flows of every deployment (DESIGN: "Deployment and flows").
 *
 * @param net   local addresses and routes; decides the path. Where !net->known the path is forward, and interfaces come
 *              from the zones of the groups, or are left unknown.
 * @param now   seconds since 1970, for expiries.
 * @param out   borrows from site and catalog; release with flows_fini() before these.
 * @return 0, or -1 with ERR_LIMIT (more than 1,000,000 flows) or ERR_INVALID (routes contradict the zones: which).
 */
int flows_derive(const struct site *site, const struct catalog *catalog, const struct network *net, int64_t now,
        struct flows *out, struct error *err) MUST_USE;

/** Who is at the other end of a TCP connection to this device. */
struct flow_peer {
	enum family family;
	u128 address, local;
	uint16_t port; /**< of this device */
};
/**
 * What must always reach this device: for each peer of the management plane, and for the session if there is one, a flow to
 * each address of the device that is not its loopback's nor a link's own. None where !net->known.
 *
 * @param out  its requirement is NULL; borrows nothing; release with flows_fini().
 * @return as flows_derive().
 */
int flows_of_management(const struct firewall *firewall, const struct network *net, const struct flow_peer *session,
        struct flows *out, struct error *err) MUST_USE;

/**
 * What, beside the ruleset, can keep the packets of flows from passing, or makes their path less than certain: one text
 * each, with network_each_caveat() of the network. Where that is not known, this is the only one.
 */
void flows_each_caveat(
        const struct flows *flows, const struct network *net, void (*each)(void *ctx, const char *text), void *ctx);
/** How many flows have a caveat of their own, with an example; NULL: none. The caller frees it. */
char *flows_open_caveat(const struct flows *flows);

#endif
