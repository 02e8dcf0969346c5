/*
 * For tests: the ruleset of the caller's network namespace as the netlink messages of nf_tables, one dump after the other,
 * and the helpers that load a ruleset there. Not part of the product: it trusts the kernel and aborts on surprise.
 */
#ifndef PORTCULLIS_TEST_NETLINK_DUMP_H
#define PORTCULLIS_TEST_NETLINK_DUMP_H

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "portcullis/alloc.h"

struct dumped {
	uint8_t *bytes;
	size_t len, cap;
};

static void dumped_add(struct dumped *d, const void *bytes, size_t len)
{
	while (d->len + len > d->cap) {
		d->cap = d->cap == 0 ? 65536 : 2 * d->cap;
		d->bytes = xrealloc(d->bytes, d->cap, 1);
	}
	memcpy(d->bytes + d->len, bytes, len);
	d->len += len;
}

static struct nlmsghdr *dump_request(char *buf, unsigned type, unsigned family, bool dump)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0));
	h->nlmsg_seq = 1;
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(h, sizeof(*nfg));
	nfg->nfgen_family = (uint8_t)family;
	return h;
}

static void dump_run(struct mnl_socket *s, struct nlmsghdr *request, bool dump, struct dumped *out)
{
	static char buf[262144] __attribute__((aligned(8)));
	bool more = true;
	if (mnl_socket_sendto(s, request, request->nlmsg_len) < 0)
		abort();
	while (more) {
		ssize_t n = mnl_socket_recvfrom(s, buf, sizeof(buf));
		int left = (int)n;
		if (n < 0)
			abort();
		struct nlmsghdr *h = (struct nlmsghdr *)buf;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
				more = false;
				break;
			}
			dumped_add(out, h, h->nlmsg_len);
		}
		more &= dump;
	}
}

/* The elements of every set that messages in `sets` announce. */
static void dump_elements(struct mnl_socket *s, const struct dumped *sets, struct dumped *out)
{
	char buf[4096];
	for (size_t at = 0; at < sets->len;) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)(sets->bytes + at);
		const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(h);
		const char *table = NULL, *name = NULL;
		const struct nlattr *attr = mnl_nlmsg_get_payload_offset(h, sizeof(*nfg));
		int left = (int)mnl_nlmsg_get_payload_len(h) - (int)sizeof(*nfg);
		for (; mnl_attr_ok(attr, left); left -= MNL_ALIGN(attr->nla_len), attr = mnl_attr_next(attr)) {
			if (mnl_attr_get_type(attr) == NFTA_SET_TABLE)
				table = mnl_attr_get_str(attr);
			if (mnl_attr_get_type(attr) == NFTA_SET_NAME)
				name = mnl_attr_get_str(attr);
		}
		struct nlmsghdr *request = dump_request(buf, NFT_MSG_GETSETELEM, nfg->nfgen_family, true);
		mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_TABLE, table);
		mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, name);
		dump_run(s, request, true, out);
		at += h->nlmsg_len;
	}
}

static inline struct dumped netlink_dump(void)
{
	static const unsigned types[] = {
	        NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETSET, NFT_MSG_GETFLOWTABLE, NFT_MSG_GETRULE};
	struct dumped out = {0};
	char buf[4096];
	struct mnl_socket *s = mnl_socket_open(12 /* NETLINK_NETFILTER */);
	if (s == NULL || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0)
		abort();
	dump_run(s, dump_request(buf, NFT_MSG_GETGEN, 0, false), false, &out);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct dumped part = {0};
		dump_run(s, dump_request(buf, types[i], 0, true), true, &part);
		if (part.len > 0)
			dumped_add(&out, part.bytes, part.len);
		if (types[i] == NFT_MSG_GETSET)
			dump_elements(s, &part, &out);
		free(part.bytes);
	}
	mnl_socket_close(s);
	return out;
}

/* Run a command with the text on its standard input. @return its exit status. */
static inline int run_with_input(const char *command, const char *input)
{
	FILE *f = popen(command, "w");
	if (f == NULL)
		return -1;
	fputs(input, f);
	return pclose(f);
}

/* What a command prints; the caller frees it. */
static inline char *run_output(const char *command)
{
	struct dumped out = {0};
	char buf[4096];
	size_t n;
	FILE *f = popen(command, "r");
	if (f == NULL)
		abort();
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		dumped_add(&out, buf, n);
	pclose(f);
	dumped_add(&out, "", 1);
	return (char *)out.bytes;
}

/* Can this process make network namespaces and load rulesets into them? */
static inline bool can_load_rulesets(void)
{
	pid_t pid = fork();
	int status;
	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) == 0 && system("nft list ruleset >/dev/null 2>&1") == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
