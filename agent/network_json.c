/*
 * The offline form of addresses and routes: `ip -j addr`, `ip -j route` and `ip -j -6 route` in one JSON document
 * {"addr":[...],"route":[...],"route6":[...]}. What `ip` does not print but the kernel's local table has follows from the
 * addresses. Anything that is not in this form is refused with its place; routes of other tables and dead ones are left
 * out, as the kernel's reader does.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/network.h"

#define BYTES_MAX ((size_t)256 << 20)

static int copy_ifname(const char *name, char out[IFNAME_SIZE], const char *where, struct error *err)
{
	size_t len = strlen(name);
	if (len == 0 || len >= IFNAME_SIZE)
		return error_set(err, ERR_INVALID, where, "'%.40s' is no interface name (1 to %d characters)", name,
		        IFNAME_SIZE - 1);
	memcpy(out, name, len + 1);
	return 0;
}

static void add_address(struct network *net, enum family f, u128 address, const char *ifname)
{
	struct net_address a = {.family = f, .address = address};
	memcpy(a.ifname, ifname, strlen(ifname));
	net->address = xgrow(net->address, net->n_address, &net->cap_address, sizeof(a));
	net->address[net->n_address++] = a;
}

static void add_route(struct network *net, const struct net_route *route)
{
	net->route = xgrow(net->route, net->n_route, &net->cap_route, sizeof(*route));
	net->route[net->n_route++] = *route;
}

static bool has_flag(const json_t *item, const char *flag)
{
	size_t i;
	json_t *value;
	json_array_foreach(json_object_get(item, "flags"), i, value)
	{
		const char *name = json_string_value(value);
		if (name != NULL && strcmp(name, flag) == 0)
			return true;
	}
	return false;
}

/* What else of an IPv4 subnet the kernel's local table has: the loopback's range, its last address, the broadcast one. */
static int read_subnet4(const json_t *item, bool loopback, struct range subnet, int length, const char *ifname,
        struct network *net, const char *where, struct error *err)
{
	const char *broadcast = json_string_value(json_object_get(item, "broadcast"));
	struct net_route route = {
	        .family = FAMILY_IPV4, .destination = subnet, .prefix_length = length, .ifname = "lo"};
	enum family f = FAMILY_NONE;
	u128 address;
	if (broadcast != NULL) {
		if (!addr_parse(broadcast, &f, &address) || f != FAMILY_IPV4)
			return error_set(err, ERR_INVALID, where, "\"broadcast\" must be an IPv4 address, not '%.60s'",
			        broadcast);
		if (address != family_max(FAMILY_IPV4))
			add_address(net, FAMILY_IPV4, address, ifname);
	}
	if (subnet.lo >> 24 == 0)
		return 0;
	if (length < 31)
		add_address(net, FAMILY_IPV4, subnet.hi, ifname);
	if (loopback && length < 32)
		add_route(net, &route);
	return 0;
}

/*
 * The addresses of a subnet that are no host's and the device's own, as in the kernel's local table. Whoever asks about
 * paths through a device has one that forwards: it answers to the subnet-router anycast address (RFC 4291, 2.6.1).
 */
static int read_subnet(const json_t *item, const json_t *link, const struct net_address *a, struct network *net,
        const char *where, struct error *err)
{
	const json_t *length = json_object_get(item, "prefixlen");
	const char *peer = json_string_value(json_object_get(item, "address"));
	int bits = a->family == FAMILY_IPV4 ? 32 : 128;
	u128 inside = a->address;
	enum family f = a->family;
	if (length == NULL || (json_object_get(link, "flags") != NULL && !has_flag(link, "UP")))
		return 0;
	if (!json_is_integer(length) || json_integer_value(length) < 0 || json_integer_value(length) > bits)
		return error_set(err, ERR_INVALID, where, "\"prefixlen\" must be a number from 0 to %d", bits);
	/* The subnet of a point-to-point link is the other end's. */
	if (f == FAMILY_IPV4 && peer != NULL && (!addr_parse(peer, &f, &inside) || f != FAMILY_IPV4))
		return error_set(err, ERR_INVALID, where, "\"address\" must be an IPv4 address, not '%.60s'", peer);
	int host_bits = bits - (int)json_integer_value(length);
	u128 host = host_bits == 128 ? family_max(f) : ((u128)1 << host_bits) - 1;
	struct range subnet = {inside & ~host, inside | host};
	if (f == FAMILY_IPV4)
		return read_subnet4(
		        item, has_flag(link, "LOOPBACK"), subnet, bits - host_bits, a->ifname, net, where, err);
	if (host_bits > 1 && subnet.lo != 0)
		add_address(net, f, subnet.lo, a->ifname);
	return 0;
}

static int read_address(const json_t *item, const json_t *link, const char *ifname, struct network *net,
        const char *where, struct error *err)
{
	const char *local = json_string_value(json_object_get(item, "local"));
	struct net_address a = {0};
	if (local == NULL || !addr_parse(local, &a.family, &a.address))
		return error_set(err, ERR_INVALID, where, "\"local\" must be an address, not '%.60s'",
		        local != NULL ? local : "");
	if (copy_ifname(ifname, a.ifname, where, err) != 0)
		return -1;
	add_address(net, a.family, a.address, a.ifname);
	return read_subnet(item, link, &a, net, where, err);
}

static int read_link(const json_t *link, size_t number, struct network *net, struct error *err)
{
	char where[64];
	const json_t *addresses = json_object_get(link, "addr_info");
	const char *ifname = json_string_value(json_object_get(link, "ifname"));
	size_t i;
	json_t *item;
	snprintf(where, sizeof(where), "addr[%zu]", number);
	/* `ip -j addr show up` leaves empty objects where it leaves out a link. */
	if (json_is_object(link) && json_object_size(link) == 0)
		return 0;
	if (ifname == NULL || (addresses != NULL && !json_is_array(addresses)))
		return error_set(err, ERR_INVALID, where,
		        "a link needs \"ifname\" and a list \"addr_info\", as `ip -j addr` prints");
	json_array_foreach(addresses, i, item)
	{
		const char *family = json_string_value(json_object_get(item, "family"));
		snprintf(where, sizeof(where), "addr[%zu].addr_info[%zu]", number, i);
		if (family != NULL && strcmp(family, "inet") != 0 && strcmp(family, "inet6") != 0)
			continue;
		if (read_address(item, link, ifname, net, where, err) != 0)
			return -1;
	}
	return 0;
}

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

/* Main table, unicast or a refusal, for every source. */
static bool counts(const json_t *item)
{
	static const char *const tables[] = {"main", "254", NULL};
	static const char *const types[] = {"unicast", "blackhole", "unreachable", "prohibit", "throw", NULL};
	const char *table = json_string_value(json_object_get(item, "table"));
	const char *type = json_string_value(json_object_get(item, "type"));
	if ((table != NULL && !is_one_of(table, tables)) || (type != NULL && !is_one_of(type, types)))
		return false;
	return !has_flag(item, "dead") && json_object_get(item, "from") == NULL && json_object_get(item, "tos") == NULL;
}

static int read_destination(
        const json_t *item, enum family f, struct net_route *out, const char *where, struct error *err)
{
	const char *dst = json_string_value(json_object_get(item, "dst"));
	enum family found = FAMILY_NONE;
	if (dst == NULL)
		return error_set(err, ERR_INVALID, where, "a route needs \"dst\", as `ip -j route` prints");
	out->family = f;
	if (strcmp(dst, "default") == 0) {
		out->destination = (struct range){0, family_max(f)};
		out->prefix_length = 0;
		return 0;
	}
	if (prefix_parse(dst, &found, &out->destination, err) != 0)
		return error_prefix(err, "%s", where);
	if (found != f)
		return error_set(err, ERR_INVALID, where,
		        "'%s' is not %s: `ip -j route` belongs to \"route\", `ip -j -6 route` to \"route6\"", dst,
		        family_name(f));
	out->prefix_length = range_prefix_length(f, out->destination);
	return 0;
}

/* The interface of the first live next hop; refusals have none. */
static int read_hop(const json_t *item, struct net_route *out, const char *where, struct error *err)
{
	const char *type = json_string_value(json_object_get(item, "type"));
	const char *dev = json_string_value(json_object_get(item, "dev"));
	const json_t *hops = json_object_get(item, "nexthops");
	size_t i, live = 0;
	json_t *hop;
	if (type != NULL && strcmp(type, "unicast") != 0)
		return 0;
	json_array_foreach(hops, i, hop)
	{
		const char *name = json_string_value(json_object_get(hop, "dev"));
		if (name == NULL)
			return error_set(err, ERR_INVALID, where, "next hop %zu needs \"dev\"", i);
		if (has_flag(hop, "dead"))
			continue;
		if (live++ == 0)
			dev = name;
	}
	out->multipath = live > 1;
	if (dev == NULL)
		return error_set(err, ERR_INVALID, where, "a unicast route needs \"dev\" or \"nexthops\"");
	return copy_ifname(dev, out->ifname, where, err);
}

static int read_route(
        const json_t *item, const char *list, size_t number, enum family f, struct network *net, struct error *err)
{
	char where[64];
	struct net_route r = {0};
	const json_t *metric = json_object_get(item, "metric");
	snprintf(where, sizeof(where), "%s[%zu]", list, number);
	if (!json_is_object(item))
		return error_set(err, ERR_INVALID, where, "a route must be an object");
	if (!counts(item))
		return 0;
	if (read_destination(item, f, &r, where, err) != 0 || read_hop(item, &r, where, err) != 0)
		return -1;
	if (metric != NULL) {
		json_int_t value = json_integer_value(metric);
		if (!json_is_integer(metric) || value < 0 || value > (json_int_t)UINT32_MAX)
			return error_set(err, ERR_INVALID, where, "\"metric\" must be a number from 0 to 4294967295");
		r.metric = (uint32_t)value;
	}
	add_route(net, &r);
	return 0;
}

static int list_of(const json_t *root, const char *name, bool needed, const json_t **out, struct error *err)
{
	*out = json_object_get(root, name);
	if (*out == NULL && !needed)
		return 0;
	if (!json_is_array(*out))
		return error_set(err, ERR_INVALID, name,
		        "must be a list: {\"addr\": `ip -j addr`, \"route\": `ip -j route`, \"route6\": `ip -j -6 "
		        "route`}");
	return 0;
}

static int read_routes(const json_t *list, const char *name, enum family f, struct network *net, struct error *err)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		if (read_route(item, name, i, f, net, err) != 0)
			return -1;
	}
	return 0;
}

static int read_document(const json_t *root, struct network *net, struct error *err)
{
	const json_t *addr, *route, *route6;
	size_t i;
	json_t *item;
	if (list_of(root, "addr", true, &addr, err) != 0 || list_of(root, "route", true, &route, err) != 0 ||
	        list_of(root, "route6", false, &route6, err) != 0)
		return -1;
	json_array_foreach(addr, i, item)
	{
		if (read_link(item, i, net, err) != 0)
			return -1;
	}
	if (read_routes(route, "route", FAMILY_IPV4, net, err) != 0)
		return -1;
	return read_routes(route6, "route6", FAMILY_IPV6, net, err);
}

int network_parse_json(const char *json, size_t len, struct network *out, struct error *err)
{
	json_error_t fault;
	struct network net = {0};
	memset(out, 0, sizeof(*out));
	if (len > BYTES_MAX)
		return error_set(err, ERR_LIMIT, "network", "%zu bytes, at most %zu are read", len, BYTES_MAX);
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &fault);
	if (root == NULL)
		return error_set(
		        err, ERR_FORMAT, "network", "line %d, column %d: %s", fault.line, fault.column, fault.text);
	int result = read_document(root, &net, err);
	json_decref(root);
	if (result != 0) {
		network_fini(&net);
		return -1;
	}
	network_addresses_unique(&net);
	net.known = true;
	*out = net;
	return 0;
}
