#ifndef PORTCULLIS_NETWORK_H
#define PORTCULLIS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/error.h"
#include "portcullis/range.h"

#define IFNAME_SIZE 16

/** A local address with its interface. */
struct net_address {
	enum family family;
	u128 address;
	char ifname[IFNAME_SIZE];
};

/** A unicast route, or a refusal, of the main table or of a VRF's; longest prefix wins. */
struct net_route {
	enum family family;
	struct range destination;
	int prefix_length;
	uint32_t metric;
	char ifname[IFNAME_SIZE]; /**< "" for blackhole, unreachable, prohibit, and where `unknown` */
	char vrf[IFNAME_SIZE]; /**< VRF device whose table has the route; "" for the main table */
	bool multipath; /**< one of several next hops of equal cost; each is a route of its own here */
	bool unknown; /**< a unicast route whose next hop cannot be told */
	bool passes_on; /**< `throw`: the search goes on as if the table had no route */
};

/** An interface that belongs to a VRF: packets that arrive there are looked up in the VRF's table. */
struct net_member {
	char ifname[IFNAME_SIZE], vrf[IFNAME_SIZE];
};

/** A rule of the routing policy (`ip rule`), but for the kernel's own on the tables local and default and on VRFs. */
struct net_rule {
	enum family family;
	uint32_t priority;
	struct range source, destination; /**< selects these */
	char iif[IFNAME_SIZE]; /**< and what arrives there; "": anywhere */
	uint8_t proto; /**< and this protocol; 0: any */
	bool exact; /**< selects all of that, not only some of it */
	bool to_main; /**< looks up the main table */
	bool marked; /**< selects marked packets or those of some users only: none that a verdict speaks of */
};

/** What decides over IPv4 packets that arrive on an interface, before routes and beside the ruleset. */
struct net_setting {
	char ifname[IFNAME_SIZE];
	bool forwards; /**< else what arrives there goes nowhere else */
	uint8_t rp_filter; /**< 0: off, 1: strict, 2: loose; the higher one of the interface's and that of all */
};

/** What the device's addresses and routes say; known == false: nothing is known (offline without --network). */
struct network {
	bool known;
	struct net_address *address;
	size_t n_address, cap_address;
	struct net_route *route; /**< any order; next hops of one multipath route side by side */
	size_t n_route, cap_route;
	struct net_member *member;
	size_t n_member, cap_member;
	struct net_rule *rule; /**< in order of priority; empty: the kernel's own alone */
	size_t n_rule, cap_rule;
	struct net_setting *setting; /**< sorted by name; empty: not known */
	size_t n_setting, cap_setting;
	bool no_forwarding6; /**< IPv6 packets are not forwarded; false where that is not known */
};

void network_fini(struct network *net);
/** Sort the addresses and keep each once per interface: sources name some of them twice. */
void network_addresses_unique(struct network *net);
/** Sort the settings by name, with what holds for all interfaces in them. */
void network_settings_finish(struct network *net, uint8_t rp_filter_of_all);
const struct net_setting *network_setting_find(const struct network *net, const char *ifname); /**< or NULL */
/** Sort the rules by priority, in the order of arrival where it is the same. */
void network_rules_sort(struct network *net);
bool network_is_local(const struct network *net, enum family f, u128 address);
bool network_equal(const struct network *a, const struct network *b);
/** The VRF that an interface belongs to; "" for the main table, where everything else is looked up. */
const char *network_vrf_of(const struct network *net, const char *ifname);

/**
 * Cut a destination range where the chosen route changes, as a table sees it. What a VRF's table does not know is looked
 * up in the main table, as the kernel does.
 *
 * @param vrf   "" for the main table.
 * @param each  called for each part in ascending order, once per next hop; route is NULL where there is none.
 */
void network_each_hop(const struct network *net, enum family f, const char *vrf, struct range destination,
        void (*each)(void *ctx, struct range part, const struct net_route *route), void *ctx);
/**
 * The same over all tables: main first, then each VRF's own routes.
 *
 * @param each  called with the interface ("" when the main table leads nowhere, or nobody knows where).
 */
void network_each_route(const struct network *net, enum family f, struct range destination,
        void (*each)(void *ctx, struct range part, const char *ifname), void *ctx);
/**
 * Can a rule of the routing policy lead packets from source to destination past the main table's route?
 *
 * @param routed  the main table has a route to all of destination.
 * @return the rule, or NULL.
 */
const struct net_rule *network_rule_against(const struct network *net, enum family f, struct range source,
        struct range destination, const char *iif, uint8_t proto, bool routed);
/** What of the network verdicts do not see or cannot decide, one text each. */
void network_each_caveat(const struct network *net, void (*each)(void *ctx, const char *text), void *ctx);

/**
 * `ip -j addr` and `ip -j route` (and -6) output, as one JSON document {"addr":[...],"route":[...],"route6":[...]}; with
 * VRFs `ip -d -j addr` and `ip -4 -j route show table all`; with a routing policy also "rule" and "rule6" (`ip -j rule`),
 * and for what the device does not forward "netconf" (`ip -j netconf`).
 */
int network_parse_json(const char *json, size_t len, struct network *out, struct error *err) MUST_USE;

#endif
