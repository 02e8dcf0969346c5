/*
 * The offline form of addresses and routes: `ip -j addr`, `ip -j route`, `ip -j -6 route` and, if they are given, the
 * policy of `ip -j rule` in one JSON document {"addr":[...],"route":[...],"route6":[...],"rule":[...],"rule6":[...]}. What
 * `ip` does not print but the kernel's local table has follows from the addresses. Anything that is not in this form is
 * refused with its place; routes of other tables than main and those of VRFs, and dead ones, are left out.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network_json.h"
#include "portcullis/alloc.h"

#define BYTES_MAX ((size_t)256 << 20)
#define VRF_MAX 256

/* What is being made, and the tables that belong to VRFs, which the agent itself needs no longer. */
struct reading {
	struct network *net;
	struct error *err;
	struct {
		uint32_t table;
		char name[IFNAME_SIZE];
	} vrf[VRF_MAX];
	size_t n_vrf;
};

int network_json_ifname(const char *name, char out[IFNAME_SIZE], const char *where, struct error *err)
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
	if (network_json_ifname(ifname, a.ifname, where, err) != 0)
		return -1;
	add_address(net, a.family, a.address, a.ifname);
	return read_subnet(item, link, &a, net, where, err);
}

/* `ip -d` says what is a VRF and what belongs to one; without it interfaces of a VRF look as if in the main table. */
static int read_vrf(const json_t *link, const char *ifname, const char *where, struct reading *r)
{
	const json_t *info = json_object_get(link, "linkinfo");
	const char *kind = json_string_value(json_object_get(info, "info_kind"));
	const char *slave = json_string_value(json_object_get(info, "info_slave_kind"));
	const char *master = json_string_value(json_object_get(link, "master"));
	const json_t *table = json_object_get(json_object_get(info, "info_data"), "table");
	struct network *net = r->net;
	if (kind != NULL && strcmp(kind, "vrf") == 0) {
		if (!json_is_integer(table) || r->n_vrf >= VRF_MAX)
			return error_set(r->err, ERR_INVALID, where,
			        "a VRF needs its \"table\", and at most %d are read", VRF_MAX);
		r->vrf[r->n_vrf].table = (uint32_t)json_integer_value(table);
		if (network_json_ifname(ifname, r->vrf[r->n_vrf++].name, where, r->err) != 0)
			return -1;
		master = ifname;
	} else if (slave == NULL || master == NULL || strcmp(slave, "vrf") != 0) {
		return 0;
	}
	net->member = xgrow(net->member, net->n_member, &net->cap_member, sizeof(*net->member));
	struct net_member *m = &net->member[net->n_member++];
	*m = (struct net_member){0};
	if (network_json_ifname(ifname, m->ifname, where, r->err) != 0)
		return -1;
	return network_json_ifname(master, m->vrf, where, r->err);
}

static int read_link(const json_t *link, size_t number, struct reading *r)
{
	struct network *net = r->net;
	struct error *err = r->err;
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
	if (read_vrf(link, ifname, where, r) != 0)
		return -1;
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

/* The VRF whose table it is, "" for the main table, NULL for any other. */
static const char *table_of(const json_t *item, const struct reading *r)
{
	static const char *const main_names[] = {"main", "254", NULL};
	const char *table = json_string_value(json_object_get(item, "table"));
	char number[16];
	if (table == NULL || is_one_of(table, main_names))
		return "";
	for (size_t i = 0; i < r->n_vrf; i++) {
		snprintf(number, sizeof(number), "%u", r->vrf[i].table);
		if (strcmp(table, number) == 0 || strcmp(table, r->vrf[i].name) == 0)
			return r->vrf[i].name;
	}
	return NULL;
}

/* Unicast or a refusal, for every source. */
static bool counts(const json_t *item)
{
	static const char *const types[] = {"unicast", "blackhole", "unreachable", "prohibit", "throw", NULL};
	const char *type = json_string_value(json_object_get(item, "type"));
	if (type != NULL && !is_one_of(type, types))
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

static int add_hop(struct net_route *route, const char *dev, struct reading *r, const char *where)
{
	memset(route->ifname, 0, sizeof(route->ifname));
	if (network_json_ifname(dev, route->ifname, where, r->err) != 0)
		return -1;
	add_route(r->net, route);
	return 0;
}

/* One route for each live next hop; a next-hop object that is not spelled out leads nobody knows where. */
static int add_hops(const json_t *item, struct net_route *route, struct reading *r, const char *where)
{
	const char *dev = json_string_value(json_object_get(item, "dev"));
	const json_t *hops = json_object_get(item, "nexthops");
	size_t i, live = 0;
	json_t *hop;
	json_array_foreach(hops, i, hop)
	{
		if (json_string_value(json_object_get(hop, "dev")) == NULL)
			return error_set(r->err, ERR_INVALID, where, "next hop %zu needs \"dev\"", i);
		live += !has_flag(hop, "dead");
	}
	route->multipath = live > 1;
	json_array_foreach(hops, i, hop)
	{
		const char *name = json_string_value(json_object_get(hop, "dev"));
		if (!has_flag(hop, "dead") && add_hop(route, name, r, where) != 0)
			return -1;
	}
	if (live > 0)
		return 0;
	if (dev != NULL)
		return add_hop(route, dev, r, where);
	if (json_object_get(item, "nhid") == NULL)
		return error_set(r->err, ERR_INVALID, where, "a unicast route needs \"dev\" or \"nexthops\"");
	route->unknown = true;
	add_route(r->net, route);
	return 0;
}

static int read_route(const json_t *item, const char *list, size_t number, enum family f, struct reading *r)
{
	char where[64];
	struct net_route route = {0};
	const json_t *metric = json_object_get(item, "metric");
	snprintf(where, sizeof(where), "%s[%zu]", list, number);
	if (!json_is_object(item))
		return error_set(r->err, ERR_INVALID, where, "a route must be an object");
	const char *type = json_string_value(json_object_get(item, "type"));
	const char *vrf = table_of(item, r);
	if (vrf == NULL || !counts(item))
		return 0;
	memcpy(route.vrf, vrf, strlen(vrf));
	if (read_destination(item, f, &route, where, r->err) != 0)
		return -1;
	if (metric != NULL) {
		json_int_t value = json_integer_value(metric);
		if (!json_is_integer(metric) || value < 0 || value > (json_int_t)UINT32_MAX)
			return error_set(
			        r->err, ERR_INVALID, where, "\"metric\" must be a number from 0 to 4294967295");
		route.metric = (uint32_t)value;
	}
	if (type == NULL || strcmp(type, "unicast") == 0)
		return add_hops(item, &route, r, where);
	route.passes_on = strcmp(type, "throw") == 0;
	add_route(r->net, &route);
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

static int read_routes(const json_t *list, const char *name, enum family f, struct reading *r)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		if (read_route(item, name, i, f, r) != 0)
			return -1;
	}
	return 0;
}

static int read_rules(const json_t *list, const char *name, enum family f, struct reading *r)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		if (network_json_rule(item, name, i, f, r->net, r->err) != 0)
			return -1;
	}
	return 0;
}

static int read_document(const json_t *root, struct reading *r)
{
	const json_t *addr, *route, *route6, *rule, *rule6, *netconf;
	size_t i;
	json_t *item;
	if (list_of(root, "addr", true, &addr, r->err) != 0 || list_of(root, "route", true, &route, r->err) != 0 ||
	        list_of(root, "route6", false, &route6, r->err) != 0 ||
	        list_of(root, "rule", false, &rule, r->err) != 0 ||
	        list_of(root, "rule6", false, &rule6, r->err) != 0 ||
	        list_of(root, "netconf", false, &netconf, r->err) != 0 ||
	        network_json_settings(netconf, r->net, r->err) != 0)
		return -1;
	json_array_foreach(addr, i, item)
	{
		if (read_link(item, i, r) != 0)
			return -1;
	}
	if (read_routes(route, "route", FAMILY_IPV4, r) != 0 || read_routes(route6, "route6", FAMILY_IPV6, r) != 0 ||
	        read_rules(rule, "rule", FAMILY_IPV4, r) != 0)
		return -1;
	return read_rules(rule6, "rule6", FAMILY_IPV6, r);
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
	struct reading *r = xcalloc(1, sizeof(*r));
	r->net = &net;
	r->err = err;
	int result = read_document(root, r);
	free(r);
	json_decref(root);
	if (result != 0) {
		network_fini(&net);
		return -1;
	}
	network_addresses_unique(&net);
	network_rules_sort(&net);
	net.known = true;
	*out = net;
	return 0;
}
