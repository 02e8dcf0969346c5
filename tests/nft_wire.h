#ifndef PORTCULLIS_TESTS_NFT_WIRE_H
#define PORTCULLIS_TESTS_NFT_WIRE_H

/* What the tests of both ends of the privilege separation write: netlink messages, framed messages, a pair of sockets. */
#include <check.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "nft/message.h"
#include "nft/netlink.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define MAGIC NFT_MESSAGE_MAGIC

/* ---- netlink messages of our own making ---- */

static inline size_t put_attribute(uint8_t *at, uint16_t type, const void *value, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(sizeof(a) + len), .nla_type = type};
	memset(at, 0, nft_netlink_aligned(a.nla_len));
	memcpy(at, &a, sizeof(a));
	memcpy(at + sizeof(a), value, len);
	return nft_netlink_aligned(a.nla_len);
}

/* generation 0: left out. */
static inline size_t put_message(uint8_t *at, unsigned type, uint8_t generation, uint16_t pid, const char *name)
{
	struct nlmsghdr h = {.nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type)};
	struct nfgenmsg g = {.version = NFNETLINK_V0};
	const uint8_t id[4] = {0, 0, 0, generation}, author[4] = {0, 0, (uint8_t)(pid >> 8), (uint8_t)pid};
	size_t len = sizeof(h);
	memcpy(at + len, &g, sizeof(g));
	len += sizeof(g);
	if (generation != 0)
		len += put_attribute(at + len, NFTA_GEN_ID, id, sizeof(id));
	if (pid != 0)
		len += put_attribute(at + len, NFTA_GEN_PROC_PID, author, sizeof(author));
	if (name != NULL)
		len += put_attribute(at + len, NFTA_GEN_PROC_NAME, name, strlen(name) + 1);
	h.nlmsg_len = (uint32_t)len;
	memcpy(at, &h, sizeof(h));
	return len;
}

static inline size_t put_newgen(uint8_t *at, uint8_t generation, uint16_t pid, const char *name)
{
	return put_message(at, NFT_MSG_NEWGEN, generation, pid, name);
}

/* ---- a pair of sockets ---- */

struct pair {
	int ours, theirs; /* the side under test; the fake */
};

static inline struct pair pair_new(void)
{
	int fd[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	return (struct pair){fd[0], fd[1]};
}

static inline void put_raw(int fd, const void *data, size_t len)
{
	ck_assert_int_eq(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void put(int fd, enum nft_message_type type, uint32_t sequence, const void *payload, size_t len)
{
	struct error err = {0};
	ck_assert_msg(nft_message_send(fd, type, sequence, payload, len, &err) == 0, "%s", err.text);
}

static inline bool readable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, wait_ms) > 0;
}

#endif
