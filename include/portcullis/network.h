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

/** A unicast route of the main table: destination and out interface; longest prefix wins. */
struct net_route {
	enum family family;
	struct range destination;
	int prefix_length;
	uint32_t metric;
	char ifname[IFNAME_SIZE]; /**< "" for blackhole, unreachable, prohibit */
	bool multipath; /**< further next hops exist: the path is not certain */
};

/** What the device's addresses and routes say; known == false: nothing is known (offline without --network). */
struct network {
	bool known;
	struct net_address *address;
	size_t n_address, cap_address;
	struct net_route *route; /**< any order */
	size_t n_route, cap_route;
};

void network_fini(struct network *net);
/** Sort the addresses and keep each once per interface: sources name some of them twice. */
void network_addresses_unique(struct network *net);
bool network_is_local(const struct network *net, enum family f, u128 address);
bool network_equal(const struct network *a, const struct network *b);

/**
 * Cut a destination range where the chosen route changes.
 *
 * @param each  called for each part in ascending order with its interface ("" when no route leads there).
 */
void network_each_route(const struct network *net, enum family f, struct range destination,
        void (*each)(void *ctx, struct range part, const char *ifname), void *ctx);

/** `ip -j addr` and `ip -j route` (and -6) output, as one JSON document {"addr":[...],"route":[...],"route6":[...]}. */
int network_parse_json(const char *json, size_t len, struct network *out, struct error *err) MUST_USE;

#endif
