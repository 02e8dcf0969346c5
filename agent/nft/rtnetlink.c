/*
 * Local addresses, routes, VRFs and routing policy from the kernel by rtnetlink, and a socket that tells when they change.
 * The main table and those of VRFs are read, and the local table for what this device answers to; routes of other kinds,
 * and those that hold for some sources or types of service only, are left out. A read that a change interrupts is made
 * again.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft/netlink.h"
#include "nft/rtnetlink.h"
#include "portcullis/alloc.h"

#define ATTEMPTS 20
#define ROUTES_MAX ((size_t)4000000)
#define RULES_MAX ((size_t)10000)
#define RECEIVE_SIZE ((size_t)65536)
#define WHERE "rtnetlink"

struct link {
	int index, master;
	char name[IFNAME_SIZE];
	bool is_vrf;
	uint32_t table; /* of a VRF */
};

struct reader {
	struct mnl_socket *socket;
	uint32_t sequence;
	struct link *link; /* sorted by index once all are read */
	size_t n_link, cap_link;
	struct network *net;
	uint8_t rp_filter_of_all;
	struct error *err;
	_Alignas(struct nlmsghdr) uint8_t buffer[RECEIVE_SIZE];
};

static int link_cmp(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	return (x->index > y->index) - (x->index < y->index);
}

static const struct link *link_find(const struct reader *r, int index)
{
	struct link key = {.index = index};
	return r->n_link == 0 ? NULL : bsearch(&key, r->link, r->n_link, sizeof(key), link_cmp);
}

static const char *link_name(const struct reader *r, int index)
{
	const struct link *found = link_find(r, index);
	return found != NULL ? found->name : "";
}

/* The VRF whose table it is, "" for the main table, NULL for any other. */
static const char *table_name(const struct reader *r, uint32_t table)
{
	if (table == RT_TABLE_MAIN)
		return "";
	for (size_t i = 0; i < r->n_link; i++)
		if (r->link[i].is_vrf && r->link[i].table == table)
			return r->link[i].name;
	return NULL;
}

static void add_members(struct reader *r)
{
	struct network *net = r->net;
	for (size_t i = 0; i < r->n_link; i++) {
		const struct link *link = &r->link[i], *vrf = link->is_vrf ? link : link_find(r, link->master);
		if (vrf == NULL || !vrf->is_vrf)
			continue;
		net->member = xgrow(net->member, net->n_member, &net->cap_member, sizeof(*net->member));
		struct net_member *m = &net->member[net->n_member++];
		memset(m, 0, sizeof(*m));
		memcpy(m->ifname, link->name, sizeof(m->ifname));
		memcpy(m->vrf, vrf->name, sizeof(m->vrf));
	}
}

static bool take_u32(const struct nlattr *attr, uint32_t *out)
{
	if (attr == NULL || mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return false;
	*out = mnl_attr_get_u32(attr);
	return true;
}

struct nested {
	const struct nlattr *attr[4];
};

static int on_nested(const struct nlattr *attr, void *ctx)
{
	struct nested *n = ctx;
	if (mnl_attr_get_type(attr) < sizeof(n->attr) / sizeof(n->attr[0]))
		n->attr[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void take_vrf(const struct nlattr *linkinfo, struct link *link)
{
	struct nested info = {{NULL}}, data = {{NULL}};
	if (linkinfo == NULL || mnl_attr_parse_nested(linkinfo, on_nested, &info) < 0)
		return;
	const struct nlattr *kind = info.attr[IFLA_INFO_KIND];
	if (kind == NULL || mnl_attr_validate(kind, MNL_TYPE_STRING) < 0 ||
	        strncmp(mnl_attr_get_str(kind), "vrf", mnl_attr_get_payload_len(kind)) != 0)
		return;
	if (info.attr[IFLA_INFO_DATA] == NULL || mnl_attr_parse_nested(info.attr[IFLA_INFO_DATA], on_nested, &data) < 0)
		return;
	link->is_vrf = take_u32(data.attr[IFLA_VRF_TABLE], &link->table);
}

static int on_link(const struct nlmsghdr *m, void *ctx)
{
	struct reader *r = ctx;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(m);
	const struct nlattr *attr[IFLA_LINKINFO + 1] = {NULL};
	uint32_t master = 0;
	nft_netlink_attributes(m, sizeof(*info), attr, IFLA_LINKINFO + 1);
	if (attr[IFLA_IFNAME] == NULL || mnl_attr_validate(attr[IFLA_IFNAME], MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	const char *name = mnl_attr_get_str(attr[IFLA_IFNAME]);
	r->link = xgrow(r->link, r->n_link, &r->cap_link, sizeof(*r->link));
	struct link *link = &r->link[r->n_link++];
	memset(link, 0, sizeof(*link));
	link->index = info->ifi_index;
	(void)take_u32(attr[IFLA_MASTER], &master);
	link->master = (int)master;
	take_vrf(attr[IFLA_LINKINFO], link);
	memcpy(link->name, name, strnlen(name, sizeof(link->name) - 1));
	return MNL_CB_OK;
}

static enum family family_of(unsigned char af)
{
	return af == AF_INET ? FAMILY_IPV4 : af == AF_INET6 ? FAMILY_IPV6 : FAMILY_NONE;
}

bool rtnetlink_address(const struct nlattr *attr, enum family f, u128 *out)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	size_t len = f == FAMILY_IPV4 ? 4 : 16;
	if (mnl_attr_get_payload_len(attr) != len)
		return false;
	*out = 0;
	for (size_t i = 0; i < len; i++)
		*out = *out << 8 | bytes[i];
	return true;
}

static void add_address(struct reader *r, enum family f, u128 address, const char *ifname)
{
	struct network *net = r->net;
	struct net_address a = {.family = f, .address = address};
	memcpy(a.ifname, ifname, strnlen(ifname, sizeof(a.ifname) - 1));
	net->address = xgrow(net->address, net->n_address, &net->cap_address, sizeof(a));
	net->address[net->n_address++] = a;
}

static int on_address(const struct nlmsghdr *m, void *ctx)
{
	struct reader *r = ctx;
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(m);
	enum family f = family_of(info->ifa_family);
	const struct nlattr *attr[IFA_LOCAL + 1] = {NULL};
	u128 address;
	nft_netlink_attributes(m, sizeof(*info), attr, IFA_LOCAL + 1);
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	const struct nlattr *own = attr[IFA_LOCAL] != NULL ? attr[IFA_LOCAL] : attr[IFA_ADDRESS];
	if (f != FAMILY_NONE && own != NULL && rtnetlink_address(own, f, &address))
		add_address(r, f, address, link_name(r, (int)info->ifa_index));
	return MNL_CB_OK;
}

struct route {
	u128 destination;
	uint32_t table, metric;
	uint32_t oif;
	const struct nlattr *hops; /* RTA_MULTIPATH, or NULL */
	bool has_oif, has_object;
};

static void take_route(const struct nlmsghdr *m, enum family f, struct route *out)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(m);
	const struct nlattr *attr[RTA_NH_ID + 1] = {NULL};
	nft_netlink_attributes(m, sizeof(*info), attr, RTA_NH_ID + 1);
	memset(out, 0, sizeof(*out));
	out->table = info->rtm_table;
	(void)take_u32(attr[RTA_TABLE], &out->table);
	(void)take_u32(attr[RTA_PRIORITY], &out->metric);
	if (attr[RTA_DST] != NULL)
		(void)rtnetlink_address(attr[RTA_DST], f, &out->destination);
	out->has_oif = take_u32(attr[RTA_OIF], &out->oif);
	out->hops = attr[RTA_MULTIPATH];
	out->has_object = attr[RTA_NH_ID] != NULL;
}

struct range rtnetlink_prefix(enum family f, u128 address, int length)
{
	int bits = f == FAMILY_IPV4 ? 32 : 128;
	u128 host = length == 0 ? family_max(f) : length >= bits ? 0 : (((u128)1 << (bits - length)) - 1);
	return (struct range){address & ~host, address | host};
}

static int add_route(struct reader *r, struct net_route *route, const char *ifname)
{
	struct network *net = r->net;
	if (net->n_route >= ROUTES_MAX) {
		error_set(r->err, ERR_LIMIT, WHERE, "the tables have more than %zu routes", ROUTES_MAX);
		return MNL_CB_ERROR;
	}
	memset(route->ifname, 0, sizeof(route->ifname));
	memcpy(route->ifname, ifname, strnlen(ifname, sizeof(route->ifname) - 1));
	net->route = xgrow(net->route, net->n_route, &net->cap_route, sizeof(*route));
	net->route[net->n_route++] = *route;
	return MNL_CB_OK;
}

/* One route for each live next hop. */
static int add_multipath(struct reader *r, struct net_route *route, const struct nlattr *attr)
{
	const struct rtnexthop *first = mnl_attr_get_payload(attr), *hop = first;
	int left = mnl_attr_get_payload_len(attr), live = 0, result = MNL_CB_OK;
	for (int pass = 0; pass < 2; pass++) {
		int rest = left;
		for (hop = first; rest >= (int)sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= rest;
		        rest -= (int)RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
			if ((hop->rtnh_flags & RTNH_F_DEAD) != 0)
				continue;
			if (pass == 0)
				live++;
			else if (result == MNL_CB_OK)
				result = add_route(r, route, link_name(r, hop->rtnh_ifindex));
		}
		route->multipath = live > 1;
	}
	return result;
}

static int add_unicast(struct reader *r, struct net_route *n, const struct route *route)
{
	if (route->hops != NULL)
		return add_multipath(r, n, route->hops);
	if (route->has_oif)
		return add_route(r, n, link_name(r, (int)route->oif));
	/* A next-hop object that the kernel does not spell out. */
	n->unknown = true;
	return route->has_object ? add_route(r, n, "") : MNL_CB_OK;
}

static bool is_refusal(unsigned char type)
{
	return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT || type == RTN_THROW;
}

/* Packets to these stay here: no host behind this device has a subnet's anycast or broadcast address. */
static bool is_own(unsigned char type)
{
	return type == RTN_LOCAL || type == RTN_ANYCAST || type == RTN_BROADCAST;
}

static int on_route(const struct nlmsghdr *m, void *ctx)
{
	struct reader *r = ctx;
	const struct rtmsg *info = mnl_nlmsg_get_payload(m);
	enum family f = family_of(info->rtm_family);
	struct route route;
	if (f == FAMILY_NONE || info->rtm_dst_len > (f == FAMILY_IPV4 ? 32 : 128))
		return MNL_CB_OK;
	if (info->rtm_src_len != 0 || info->rtm_tos != 0 || (info->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD)) != 0)
		return MNL_CB_OK;
	take_route(m, f, &route);
	const char *vrf = table_name(r, route.table);
	struct net_route n = {
	        .family = f,
	        .destination = rtnetlink_prefix(f, route.destination, info->rtm_dst_len),
	        .prefix_length = info->rtm_dst_len,
	        .metric = route.metric,
	        .passes_on = info->rtm_type == RTN_THROW,
	};
	/* A VRF's table has its local addresses too. */
	if (is_own(info->rtm_type)) {
		if (route.table != RT_TABLE_LOCAL && (vrf == NULL || vrf[0] == '\0'))
			return MNL_CB_OK;
		if (info->rtm_dst_len == (f == FAMILY_IPV4 ? 32 : 128))
			add_address(r, f, route.destination, link_name(r, (int)route.oif));
		else if (info->rtm_type == RTN_LOCAL)
			return add_route(r, &n, "lo");
		return MNL_CB_OK;
	}
	if (vrf == NULL)
		return MNL_CB_OK;
	memcpy(n.vrf, vrf, strnlen(vrf, sizeof(n.vrf) - 1));
	if (info->rtm_type == RTN_UNICAST)
		return add_unicast(r, &n, &route);
	return is_refusal(info->rtm_type) ? add_route(r, &n, "") : MNL_CB_OK;
}

/* 1: done; 0: a change came in between; -1: failed. */
static int list(struct reader *r, uint16_t type, unsigned char af, mnl_cb_t each, const char *what)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m->nlmsg_seq = ++r->sequence;
	/* All requests begin with the family. */
	struct rtmsg *info =
	        mnl_nlmsg_put_extra_header(m, type == RTM_GETLINK ? sizeof(struct ifinfomsg) : sizeof(*info));
	info->rtm_family = af;
	unsigned port = mnl_socket_get_portid(r->socket);
	if (mnl_socket_sendto(r->socket, m, m->nlmsg_len) < 0)
		return error_set(r->err, ERR_IO, WHERE, "%s: %s", what, strerror(errno));
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(r->socket, r->buffer, sizeof(r->buffer));
		int result = n < 0 ? MNL_CB_ERROR : mnl_cb_run(r->buffer, (size_t)n, r->sequence, port, each, r);
		if (result == MNL_CB_STOP)
			return 1;
		if (result == MNL_CB_OK)
			continue;
		if (r->err->code != ERR_NONE)
			return -1;
		if (errno == EINTR || errno == ENOBUFS)
			return 0;
		/* A kernel without routing policy has only the rules that go without saying; one that does not say what
		   it forwards leaves that open. */
		if ((type == RTM_GETRULE || type == RTM_GETNETCONF) && (errno == EAFNOSUPPORT || errno == EOPNOTSUPP))
			return 1;
		return error_set(r->err, ERR_IO, WHERE, "%s: %s", what, strerror(errno));
	}
}

static int on_rule(const struct nlmsghdr *m, void *ctx)
{
	struct reader *r = ctx;
	struct net_rule rule;
	struct network *net = r->net;
	if (!rtnetlink_rule(m, &rule))
		return MNL_CB_OK;
	if (net->n_rule >= RULES_MAX) {
		error_set(r->err, ERR_LIMIT, WHERE, "the routing policy has more than %zu rules", RULES_MAX);
		return MNL_CB_ERROR;
	}
	net->rule = xgrow(net->rule, net->n_rule, &net->cap_rule, sizeof(rule));
	net->rule[net->n_rule++] = rule;
	return MNL_CB_OK;
}

static int on_setting(const struct nlmsghdr *m, void *ctx)
{
	struct reader *r = ctx;
	struct network *net = r->net;
	const struct netconfmsg *info = mnl_nlmsg_get_payload(m);
	struct net_setting setting = {.forwards = false};
	int index;
	if (!rtnetlink_setting(m, &index, &setting))
		return MNL_CB_OK;
	if (info->ncm_family == AF_INET6) {
		if (index == NETCONFA_IFINDEX_ALL)
			net->no_forwarding6 = !setting.forwards;
		return MNL_CB_OK;
	}
	const char *name = link_name(r, index);
	if (index == NETCONFA_IFINDEX_ALL)
		r->rp_filter_of_all = setting.rp_filter;
	if (index <= 0 || name == NULL || name[0] == '\0')
		return MNL_CB_OK;
	memcpy(setting.ifname, name, strnlen(name, IFNAME_SIZE - 1));
	net->setting = xgrow(net->setting, net->n_setting, &net->cap_setting, sizeof(setting));
	net->setting[net->n_setting++] = setting;
	return MNL_CB_OK;
}

static int list_settings(struct reader *r)
{
	r->rp_filter_of_all = 0;
	int result = list(r, RTM_GETNETCONF, AF_INET, on_setting, "listing IPv4 settings");
	if (result > 0)
		result = list(r, RTM_GETNETCONF, AF_INET6, on_setting, "listing IPv6 settings");
	if (result > 0)
		network_settings_finish(r->net, r->rp_filter_of_all);
	return result;
}

static int attempt(struct reader *r)
{
	r->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (r->socket == NULL)
		return error_set(r->err, ERR_IO, WHERE, "no socket: %s", strerror(errno));
	int result = 1;
	if (mnl_socket_bind(r->socket, 0, MNL_SOCKET_AUTOPID) != 0)
		result = error_set(r->err, ERR_IO, WHERE, "bind: %s", strerror(errno));
	if (result > 0)
		result = list(r, RTM_GETLINK, AF_UNSPEC, on_link, "listing links");
	if (result > 0 && r->n_link > 1)
		qsort(r->link, r->n_link, sizeof(*r->link), link_cmp);
	if (result > 0)
		add_members(r);
	if (result > 0)
		result = list(r, RTM_GETADDR, AF_UNSPEC, on_address, "listing addresses");
	if (result > 0)
		result = list(r, RTM_GETROUTE, AF_INET, on_route, "listing IPv4 routes");
	if (result > 0)
		result = list(r, RTM_GETROUTE, AF_INET6, on_route, "listing IPv6 routes");
	if (result > 0)
		result = list(r, RTM_GETRULE, AF_INET, on_rule, "listing IPv4 routing rules");
	if (result > 0)
		result = list(r, RTM_GETRULE, AF_INET6, on_rule, "listing IPv6 routing rules");
	if (result > 0)
		result = list_settings(r);
	mnl_socket_close(r->socket);
	return result;
}

int network_read(struct network *out, struct error *err)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	struct error own = {0};
	struct network net = {0};
	int result = 0;
	r->net = &net;
	r->err = &own;
	for (int i = 0; i < ATTEMPTS && result == 0; i++) {
		network_fini(&net);
		r->n_link = 0;
		result = attempt(r);
	}
	if (result == 0)
		error_set(
		        &own, ERR_UNAVAILABLE, WHERE, "addresses or routes changed during each of %d reads", ATTEMPTS);
	memset(out, 0, sizeof(*out));
	if (result > 0) {
		network_addresses_unique(&net);
		network_rules_sort(&net);
		net.known = true;
		*out = net;
	} else {
		network_fini(&net);
		error_set(err, own.code, own.where, "%s", own.text);
	}
	free(r->link);
	free(r);
	return result > 0 ? 0 : -1;
}

int network_watch_open(struct error *err)
{
	const struct sockaddr_nl address = {
	        .nl_family = AF_NETLINK,
	        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
	                     RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | 1u << (RTNLGRP_IPV6_RULE - 1) |
	                     1u << (RTNLGRP_IPV4_NETCONF - 1) | 1u << (RTNLGRP_IPV6_NETCONF - 1),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return error_set(err, ERR_IO, WHERE, "no socket: %s", strerror(errno));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error_set(err, ERR_IO, WHERE, "no subscription to changes: %s", strerror(errno));
	close(fd);
	return -1;
}

/* Whoever drains reads everything again, so that lost messages (ENOBUFS) lose nothing. */
void network_watch_drain(int fd)
{
	uint8_t buffer[8192];
	ssize_t n;
	do
		n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
}
