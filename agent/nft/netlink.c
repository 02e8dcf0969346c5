/*
 * Netlink messages as bytes: the kernel is asked and its answers are kept, runs of nf_tables messages are checked for
 * whole messages, and asked for the generation and its author (NFT_MSG_NEWGEN). What the messages say about rules is not
 * looked at here. Bytes that are not whole messages of nf_tables, and answers above a limit, are refused.
 */
#include "nft/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "portcullis/alloc.h"

void nft_bytes_fini(struct nft_bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

int nft_bytes_add(struct nft_bytes *b, const void *data, size_t len, size_t limit, struct error *err)
{
	if (len > limit || b->len > limit - len)
		return error_set(
		        err, ERR_LIMIT, "nf_tables", "the kernel's messages are larger than %zu MB", limit >> 20);
	if (len == 0)
		return 0;
	if (b->len + len > b->cap) {
		size_t cap = b->cap == 0 ? 4096 : b->cap;
		while (cap < b->len + len)
			cap *= 2;
		b->data = xrealloc(b->data, cap, 1);
		b->cap = cap;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

struct nlmsghdr *nft_request_new(void *buffer, unsigned type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = (uint16_t)type;
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	g->res_id = 0;
	return m;
}

bool nft_peer_gone(int peer, int wait_ms)
{
	struct pollfd p = {.fd = peer, .events = 0};
	return poll(&p, 1, wait_ms) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

enum nft_outcome nft_asker_open(struct nft_asker *a, struct error *err)
{
	static const struct timeval patience = {.tv_sec = 10};
	a->socket = mnl_socket_open2(a->protocol, SOCK_CLOEXEC);
	if (a->socket == NULL)
		return a->fails("opening a netlink socket", errno, err);
	if (mnl_socket_bind(a->socket, 0, MNL_SOCKET_AUTOPID) != 0)
		return a->fails("binding a netlink socket", errno, err);
	/* The kernel answers at once or never: without this a lost answer would wait for ever. */
	if (setsockopt(mnl_socket_get_fd(a->socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
		return a->fails("setting a receive time-out", errno, err);
	return NFT_DONE;
}

void nft_asker_close(struct nft_asker *a)
{
	if (a->socket != NULL)
		mnl_socket_close(a->socket);
	a->socket = NULL;
}

/* One datagram of answers; *end is set at the last one. */
static enum nft_outcome keep(struct nft_asker *a, const char *what, size_t len, bool single, struct nft_bytes *to,
        bool *end, struct error *err)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)a->buffer;
	int left = (int)len;
	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		if (m->nlmsg_seq != a->sequence)
			continue;
		if (m->nlmsg_flags & NLM_F_DUMP_INTR)
			return NFT_AGAIN;
		if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE) {
			int code = 0;
			*end = true;
			if (mnl_nlmsg_get_payload_len(m) >= sizeof(code))
				memcpy(&code, mnl_nlmsg_get_payload(m), sizeof(code));
			return code < 0 ? a->fails(what, -code, err) : NFT_DONE;
		}
		if (!a->keeps(m->nlmsg_type))
			continue;
		if (nft_bytes_add(to, m, nft_netlink_aligned(m->nlmsg_len), a->limit, err) != 0)
			return NFT_FAILED;
		if (single) {
			*end = true;
			return NFT_DONE;
		}
	}
	return NFT_DONE;
}

enum nft_outcome nft_ask(
        struct nft_asker *a, const char *what, struct nlmsghdr *request, struct nft_bytes *to, struct error *err)
{
	bool single = (request->nlmsg_flags & NLM_F_DUMP) == 0, end = false;
	request->nlmsg_seq = ++a->sequence;
	if (mnl_socket_sendto(a->socket, request, request->nlmsg_len) < 0)
		return a->fails(what, errno, err);
	while (!end) {
		ssize_t n = mnl_socket_recvfrom(a->socket, a->buffer, sizeof(a->buffer));
		if (n < 0)
			return a->fails(what, errno, err);
		enum nft_outcome outcome = keep(a, what, (size_t)n, single, to, &end, err);
		if (outcome != NFT_DONE)
			return outcome;
		if (nft_peer_gone(a->peer, 0)) {
			error_set(err, ERR_UNAVAILABLE, a->where, "the process that asked has ended");
			return NFT_FAILED;
		}
	}
	return NFT_DONE;
}

/* A copy of the header, so that bytes from a socket need no alignment; false where no whole message of ours lies. */
static bool message_at(const uint8_t *bytes, size_t len, size_t at, struct nlmsghdr *out)
{
	if (len - at < sizeof(*out) + sizeof(struct nfgenmsg))
		return false;
	memcpy(out, bytes + at, sizeof(*out));
	return out->nlmsg_len >= sizeof(*out) + sizeof(struct nfgenmsg) && out->nlmsg_len <= len - at &&
	       NFNL_SUBSYS_ID(out->nlmsg_type) == NFNL_SUBSYS_NFTABLES;
}

size_t nft_netlink_aligned(size_t len)
{
	return (len + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO;
}

static size_t aligned(const struct nlmsghdr *header)
{
	return nft_netlink_aligned(header->nlmsg_len);
}

struct attributes {
	const struct nlattr **table;
	size_t n;
};

static int on_attribute(const struct nlattr *attr, void *ctx)
{
	const struct attributes *a = ctx;
	uint16_t type = mnl_attr_get_type(attr);
	if (type < a->n)
		a->table[type] = attr;
	return MNL_CB_OK;
}

void nft_netlink_attributes(const struct nlmsghdr *m, size_t offset, const struct nlattr **table, size_t n)
{
	struct attributes a = {table, n};
	(void)mnl_attr_parse(m, (unsigned)offset, on_attribute, &a);
}

int nft_netlink_check(const uint8_t *bytes, size_t len, struct error *err)
{
	struct nlmsghdr header;
	size_t at = 0;
	for (size_t n = 1; at < len; n++) {
		if (!message_at(bytes, len, at, &header) || aligned(&header) > len - at)
			return error_set(err, ERR_FORMAT, "nf_tables",
			        "netlink message %zu at byte %zu is cut or is not one of nf_tables", n, at);
		at += aligned(&header);
	}
	return 0;
}

struct author {
	bool present;
	uint32_t generation, pid;
	char name[sizeof(((struct nft_event *)0)->author)];
};

/* The name is what the process calls itself: any bytes, so only printable ASCII is let through. */
static void take_name(const uint8_t *value, size_t len, char *out, size_t size)
{
	size_t n = 0;
	while (n < len && n + 1 < size && value[n] != '\0') {
		out[n] = (char)(value[n] < 0x20 || value[n] > 0x7e ? '?' : value[n]);
		n++;
	}
	out[n] = '\0';
}

static uint32_t take_u32(const uint8_t *value)
{
	return (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 | (uint32_t)value[2] << 8 | value[3];
}

static void read_newgen(const uint8_t *message, size_t len, struct author *out)
{
	size_t at = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	memset(out, 0, sizeof(*out));
	while (at < len && len - at >= sizeof(struct nlattr)) {
		struct nlattr attr;
		memcpy(&attr, message + at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > len - at)
			return;
		const uint8_t *value = message + at + sizeof(attr);
		size_t n = attr.nla_len - sizeof(attr);
		unsigned type = attr.nla_type & (unsigned)NLA_TYPE_MASK;
		if (type == NFTA_GEN_ID && n == sizeof(uint32_t)) {
			out->generation = take_u32(value);
			out->present = true;
		} else if (type == NFTA_GEN_PROC_PID && n == sizeof(uint32_t)) {
			out->pid = take_u32(value);
		} else if (type == NFTA_GEN_PROC_NAME) {
			take_name(value, n, out->name, sizeof(out->name));
		}
		at += nft_netlink_aligned(attr.nla_len);
	}
}

static bool is_newgen(const struct nlmsghdr *header)
{
	return NFNL_MSG_TYPE(header->nlmsg_type) == NFT_MSG_NEWGEN;
}

int nft_netlink_generation(const uint8_t *bytes, size_t len, uint32_t *generation, struct error *err)
{
	struct nlmsghdr header;
	struct author author;
	if (!message_at(bytes, len, 0, &header) || !is_newgen(&header))
		return error_set(err, ERR_FORMAT, "nf_tables", "the dump does not begin with its generation");
	read_newgen(bytes, header.nlmsg_len, &author);
	if (!author.present)
		return error_set(err, ERR_FORMAT, "nf_tables", "the generation message has no generation id");
	*generation = author.generation;
	return 0;
}

bool nft_netlink_ends_transaction(const uint8_t *bytes, size_t len)
{
	struct nlmsghdr header = {.nlmsg_type = 0};
	size_t at = 0;
	while (at < len && message_at(bytes, len, at, &header))
		at += aligned(&header);
	return at > 0 && is_newgen(&header);
}

void nft_netlink_event(struct nft_bytes *b, bool overrun, struct nft_event *out)
{
	struct nlmsghdr header;
	memset(out, 0, sizeof(*out));
	out->overrun = overrun;
	out->changed = b->len > 0;
	for (size_t at = 0; at < b->len && message_at(b->data, b->len, at, &header); at += aligned(&header)) {
		struct author author;
		if (!is_newgen(&header))
			continue;
		read_newgen(b->data + at, header.nlmsg_len, &author);
		out->generation = author.generation;
		out->author_pid = author.pid;
		snprintf(out->author, sizeof(out->author), "%s", author.name);
	}
	out->bytes = b->data;
	out->len = b->len;
	memset(b, 0, sizeof(*b));
}

bool nft_event_is(const struct nft_event *event, uint32_t generation)
{
	struct nlmsghdr header;
	size_t reports = 0;
	for (size_t at = 0; at < event->len && message_at(event->bytes, event->len, at, &header);
	        at += aligned(&header))
		reports += is_newgen(&header);
	return !event->overrun && reports == 1 && event->generation == generation &&
	       nft_netlink_ends_transaction(event->bytes, event->len);
}

void nft_dump_fini(struct nft_dump *dump)
{
	if (dump == NULL)
		return;
	free(dump->bytes);
	free(dump->legacy);
	memset(dump, 0, sizeof(*dump));
}

void nft_event_fini(struct nft_event *event)
{
	if (event == NULL)
		return;
	free(event->bytes);
	memset(event, 0, sizeof(*event));
}
