/*
 * What nf_tables tells of packets that are traced (meta nftrace): netlink messages of NFNLGRP_NFTRACE come in, the place
 * and verdict of each step goes out. Messages that the kernel did not send, or that are cut, are left out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft/netlink.h"
#include "portcullis/nft.h"

#define DATAGRAM ((size_t)65536)
#define WHERE "nf_tables trace"

int nft_trace_open(struct error *err)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	const int group = NFNLGRP_NFTRACE;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	        setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
		error_set(err, errno == EPERM ? ERR_DENIED : ERR_IO, WHERE, "no subscription: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static void take_string(const struct nlattr *a, char *out, size_t size)
{
	if (a != NULL)
		snprintf(out, size, "%.*s", (int)mnl_attr_get_payload_len(a), (const char *)mnl_attr_get_payload(a));
}

static uint32_t take_u32(const struct nlattr *a)
{
	uint32_t value = 0;
	if (a != NULL && mnl_attr_get_payload_len(a) >= sizeof(value))
		memcpy(&value, mnl_attr_get_payload(a), sizeof(value));
	return ntohl(value);
}

static uint64_t take_u64(const struct nlattr *a)
{
	uint8_t byte[8] = {0};
	uint64_t value = 0;
	if (a != NULL && mnl_attr_get_payload_len(a) >= sizeof(byte))
		memcpy(byte, mnl_attr_get_payload(a), sizeof(byte));
	for (size_t i = 0; i < sizeof(byte); i++)
		value = value << 8 | byte[i];
	return value;
}

static int take_code(const struct nlattr *attr, void *ctx)
{
	if (mnl_attr_get_type(attr) == NFTA_VERDICT_CODE)
		*(int *)ctx = (int)take_u32(attr);
	return MNL_CB_OK;
}

static int take_verdict(const struct nlattr *verdict)
{
	int code = NFT_CONTINUE;
	if (verdict != NULL)
		(void)mnl_attr_parse_nested(verdict, take_code, &code);
	return code;
}

static bool family_take(uint8_t nfproto, enum rs_family *out)
{
	static const struct {
		uint8_t nfproto;
		enum rs_family family;
	} families[] = {{1, RS_INET}, {2, RS_IP}, {3, RS_ARP}, {5, RS_NETDEV}, {7, RS_BRIDGE}, {10, RS_IP6}};
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (families[i].nfproto == nfproto) {
			*out = families[i].family;
			return true;
		}
	}
	return false;
}

static bool event_take(const struct nlmsghdr *m, struct nft_trace_event *out)
{
	const struct nlattr *a[NFTA_TRACE_MAX + 1] = {NULL};
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(m);
	memset(out, 0, sizeof(*out));
	if (m->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE) || mnl_nlmsg_get_payload_len(m) < sizeof(*g) ||
	        !family_take(g->nfgen_family, &out->family))
		return false;
	nft_netlink_attributes(m, sizeof(*g), a, NFTA_TRACE_MAX + 1);
	take_string(a[NFTA_TRACE_TABLE], out->table, sizeof(out->table));
	take_string(a[NFTA_TRACE_CHAIN], out->chain, sizeof(out->chain));
	out->handle = take_u64(a[NFTA_TRACE_RULE_HANDLE]);
	uint32_t type = take_u32(a[NFTA_TRACE_TYPE]);
	int verdict = type == NFT_TRACETYPE_POLICY ? (int)take_u32(a[NFTA_TRACE_POLICY])
	                                           : take_verdict(a[NFTA_TRACE_VERDICT]);
	out->policy = type == NFT_TRACETYPE_POLICY;
	out->dropped = verdict == 0;
	out->accepted = verdict == 1;
	return type == NFT_TRACETYPE_POLICY || type == NFT_TRACETYPE_RULE;
}

size_t nft_trace_read(int fd, struct nft_trace_event *out, size_t max)
{
	_Alignas(struct nlmsghdr) uint8_t datagram[DATAGRAM];
	size_t n = 0;
	while (n < max) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t len = recvfrom(fd, datagram, sizeof(datagram), MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return n;
		int left = (int)len;
		for (const struct nlmsghdr *m = (const struct nlmsghdr *)datagram;
		        from.nl_pid == 0 && n < max && mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			if (event_take(m, &out[n]))
				n++;
	}
	return n;
}
