/*
 * The kernel's own account of a packet: messages of `meta nftrace` come in, the steps that ended a chain go out in their
 * order. Messages that are not understood are passed over.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oracle/kernel.h"

bool trace_open(struct kernel *k)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int group = NFNLGRP_NFTRACE, size = 16 << 20;

	k->trace = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (k->trace < 0 || bind(k->trace, (struct sockaddr *)&a, sizeof(a)) != 0)
		return false;
	setsockopt(k->trace, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return setsockopt(k->trace, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;
}

static enum rs_family family_of(uint8_t f)
{
	switch (f) {
	case NFPROTO_IPV4:
		return RS_IP;
	case NFPROTO_IPV6:
		return RS_IP6;
	case NFPROTO_INET:
		return RS_INET;
	case NFPROTO_ARP:
		return RS_ARP;
	case NFPROTO_BRIDGE:
		return RS_BRIDGE;
	default:
		return RS_NETDEV;
	}
}

static int verdict_of(const struct nlattr *nested)
{
	const struct nlattr *a = mnl_attr_get_payload(nested);
	int left = mnl_attr_get_payload_len(nested);
	uint32_t v;

	for (; mnl_attr_ok(a, left); left -= (int)MNL_ALIGN(a->nla_len), a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) != NFTA_VERDICT_CODE)
			continue;
		v = ntohl(mnl_attr_get_u32(a));
		return v == NF_ACCEPT || v == NF_DROP ? (int)v : -1;
	}
	return -1;
}

static bool step_read(const struct nlmsghdr *h, struct step *out)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(h);
	const struct nlattr *a = mnl_nlmsg_get_payload_offset(h, sizeof(*nfg));
	int left = (int)mnl_nlmsg_get_payload_len(h) - (int)sizeof(*nfg);
	uint32_t type = NFT_TRACETYPE_UNSPEC;

	*out = (struct step){.family = family_of(nfg->nfgen_family), .verdict = -1};
	for (; mnl_attr_ok(a, left); left -= (int)MNL_ALIGN(a->nla_len), a = mnl_attr_next(a)) {
		switch (mnl_attr_get_type(a)) {
		case NFTA_TRACE_TABLE:
			snprintf(out->table, sizeof(out->table), "%s", mnl_attr_get_str(a));
			break;
		case NFTA_TRACE_CHAIN:
			snprintf(out->chain, sizeof(out->chain), "%s", mnl_attr_get_str(a));
			break;
		case NFTA_TRACE_RULE_HANDLE:
			out->handle = be64toh(mnl_attr_get_u64(a));
			break;
		case NFTA_TRACE_ID:
			out->id = mnl_attr_get_u32(a);
			break;
		case NFTA_TRACE_TYPE:
			type = ntohl(mnl_attr_get_u32(a));
			break;
		case NFTA_TRACE_VERDICT:
			out->verdict = verdict_of(a);
			break;
		case NFTA_TRACE_POLICY:
			out->policy = true;
			out->verdict = (int)ntohl(mnl_attr_get_u32(a));
			break;
		default:
			break;
		}
	}
	out->policy = type == NFT_TRACETYPE_POLICY;
	if (out->policy)
		out->handle = 0;
	return type != NFT_TRACETYPE_UNSPEC;
}

size_t kernel_trace(struct kernel *k, struct step *out)
{
	_Alignas(struct nlmsghdr) uint8_t buf[16384];
	size_t n_step = 0;
	ssize_t n;

	while ((n = recv(k->trace, buf, sizeof(buf), 0)) > 0 || (n < 0 && errno == ENOBUFS)) {
		int left = (int)n;

		for (const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)buf; mnl_nlmsg_ok(h, left);
		        h = mnl_nlmsg_next(h, &left))
			if (h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE) && n_step < STEPS_MAX &&
			        step_read(h, &out[n_step]) && out[n_step].id == out[0].id)
				n_step++;
	}
	return n_step;
}
