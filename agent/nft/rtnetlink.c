/*
 * Local addresses and routes from the kernel by rtnetlink, and a socket that tells when they change. Only the main
 * table is read, and the local table for what this device answers to; routes of other kinds, and those that hold for
 * some sources or types of service only, are left out. A read that a change interrupts is made again.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft/netlink.h"
#include "portcullis/alloc.h"

#define ATTEMPTS 20
#define ROUTES_MAX ((size_t)4000000)
#define RECEIVE_SIZE ((size_t)65536)
#define WHERE "rtnetlink"

struct link {
	int index;
	char name[IFNAME_SIZE];
};

struct reader {
	struct mnl_socket *socket;
	uint32_t sequence;
	struct link *link; /* sorted by index once all are read */
	size_t n_link, cap_link;
	struct network *net;
	struct error *err;
	_Alignas(struct nlmsghdr) uint8_t buffer[RECEIVE_SIZE];
};

static int link_cmp(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	return (x->index > y->index) - (x->index < y->index);
}

static const char *link_name(const struct reader *r, int index)
{
	struct link key = {.index = index};
	const struct link *found = r->n_link == 0 ? NULL : bsearch(&key, r->link, r->n_link, sizeof(key), link_cmp);
	return found != NULL ? found->name : "";
}

static int on_link(const struct nlmsghdr *m, void *ctx)
{
	struct reader *r = ctx;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(m);
	const struct nlattr *attr[IFLA_IFNAME + 1] = {NULL};
	nft_netlink_attributes(m, sizeof(*info), attr, IFLA_IFNAME + 1);
	if (attr[IFLA_IFNAME] == NULL || mnl_attr_validate(attr[IFLA_IFNAME], MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	const char *name = mnl_attr_get_str(attr[IFLA_IFNAME]);
	r->link = xgrow(r->link, r->n_link, &r->cap_link, sizeof(*r->link));
	struct link *link = &r->link[r->n_link++];
	memset(link, 0, sizeof(*link));
	link->index = info->ifi_index;
	memcpy(link->name, name, strnlen(name, sizeof(link->name) - 1));
	return MNL_CB_OK;
}

static enum family family_of(unsigned char af)
{
	return af == AF_INET ? FAMILY_IPV4 : af == AF_INET6 ? FAMILY_IPV6 : FAMILY_NONE;
}

static bool take_address(const struct nlattr *attr, enum family f, u128 *out)
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
	if (f != FAMILY_NONE && own != NULL && take_address(own, f, &address))
		add_address(r, f, address, link_name(r, (int)info->ifa_index));
	return MNL_CB_OK;
}

struct route {
	u128 destination;
	uint32_t table, metric;
	int oif;
	bool has_hop, multipath, unknown_hop;
};

static void take_multipath(const struct nlattr *attr, struct route *out)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);
	while (left >= (int)sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= left) {
		if ((hop->rtnh_flags & RTNH_F_DEAD) == 0) {
			out->multipath = out->has_hop;
			if (!out->has_hop)
				out->oif = hop->rtnh_ifindex;
			out->has_hop = true;
		}
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
}

static bool take_u32(const struct nlattr *attr, uint32_t *out)
{
	if (attr == NULL || mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return false;
	*out = mnl_attr_get_u32(attr);
	return true;
}

static void take_route(const struct nlmsghdr *m, enum family f, struct route *out)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(m);
	const struct nlattr *attr[RTA_NH_ID + 1] = {NULL};
	uint32_t oif = 0;
	nft_netlink_attributes(m, sizeof(*info), attr, RTA_NH_ID + 1);
	memset(out, 0, sizeof(*out));
	out->table = info->rtm_table;
	(void)take_u32(attr[RTA_TABLE], &out->table);
	(void)take_u32(attr[RTA_PRIORITY], &out->metric);
	if (attr[RTA_DST] != NULL)
		(void)take_address(attr[RTA_DST], f, &out->destination);
	out->has_hop = take_u32(attr[RTA_OIF], &oif);
	out->oif = (int)oif;
	if (attr[RTA_MULTIPATH] != NULL)
		take_multipath(attr[RTA_MULTIPATH], out);
	out->unknown_hop = attr[RTA_NH_ID] != NULL;
}

static struct range prefix_range(enum family f, u128 address, int length)
{
	int bits = f == FAMILY_IPV4 ? 32 : 128;
	u128 host = length == 0 ? family_max(f) : length >= bits ? 0 : (((u128)1 << (bits - length)) - 1);
	return (struct range){address & ~host, address | host};
}

static int add_route(struct reader *r, enum family f, const struct rtmsg *info, const struct route *route)
{
	struct network *net = r->net;
	struct net_route n = {
	        .family = f,
	        .destination = prefix_range(f, route->destination, info->rtm_dst_len),
	        .prefix_length = info->rtm_dst_len,
	        .metric = route->metric,
	        .multipath = route->multipath,
	};
	if (net->n_route >= ROUTES_MAX) {
		error_set(r->err, ERR_LIMIT, WHERE, "the main table has more than %zu routes", ROUTES_MAX);
		return MNL_CB_ERROR;
	}
	if (info->rtm_type == RTN_LOCAL) {
		memcpy(n.ifname, "lo", sizeof("lo"));
	} else if (info->rtm_type == RTN_UNICAST) {
		const char *name = link_name(r, route->oif);
		memcpy(n.ifname, name, strnlen(name, sizeof(n.ifname) - 1));
		/* A next-hop object that the kernel does not spell out. */
		if (!route->has_hop)
			n.multipath = route->unknown_hop;
	}
	net->route = xgrow(net->route, net->n_route, &net->cap_route, sizeof(n));
	net->route[net->n_route++] = n;
	return MNL_CB_OK;
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
	if (route.table == RT_TABLE_MAIN) {
		if (is_refusal(info->rtm_type) ||
		        (info->rtm_type == RTN_UNICAST && (route.has_hop || route.unknown_hop)))
			return add_route(r, f, info, &route);
	} else if (route.table == RT_TABLE_LOCAL && is_own(info->rtm_type)) {
		if (info->rtm_dst_len == (f == FAMILY_IPV4 ? 32 : 128))
			add_address(r, f, route.destination, link_name(r, route.oif));
		else if (info->rtm_type == RTN_LOCAL)
			return add_route(r, f, info, &route);
	}
	return MNL_CB_OK;
}

/* 1: done; 0: a change came in between; -1: failed. */
static int list(struct reader *r, uint16_t type, unsigned char af, mnl_cb_t each, const char *what)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m->nlmsg_seq = ++r->sequence;
	/* All three requests begin with the family. */
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
		return error_set(r->err, ERR_IO, WHERE, "%s: %s", what, strerror(errno));
	}
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
		result = list(r, RTM_GETADDR, AF_UNSPEC, on_address, "listing addresses");
	if (result > 0)
		result = list(r, RTM_GETROUTE, AF_INET, on_route, "listing IPv4 routes");
	if (result > 0)
		result = list(r, RTM_GETROUTE, AF_INET6, on_route, "listing IPv6 routes");
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
	        .nl_groups =
	                RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
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
