/*
 * A batch as one transaction of the kernel: messages that were let through are framed and sent, and what the kernel says
 * comes out. Without the end of the frame the kernel looks at everything and puts it all back: a check. An answer that
 * does not say whether it was done is an error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "nft/source.h"
#include "nft/walk.h"

#define WHERE "nf_tables transaction"
#define RECEIVE_BUFFER (1 << 20)

struct transaction {
	struct mnl_socket *socket;
	size_t n; /* messages */
	struct nft_verdict *verdict;
	bool answered, lost; /* the last message was; the kernel had no room for all it had to say */
};

static int fail(const char *what, int error, struct error *err)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return error_set(err, ERR_DENIED, WHERE,
		        "changing the ruleset needs CAP_NET_ADMIN: start it as root, or give its service "
		        "AmbientCapabilities=CAP_NET_ADMIN");
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return error_set(err, ERR_UNAVAILABLE, WHERE,
		        "%s: the kernel does not answer for nf_tables (%s): load the module nf_tables", what,
		        strerror(error));
	default:
		return error_set(err, ERR_IO, WHERE, "%s: %s", what, strerror(error));
	}
}

/* The kernel takes the batch as one datagram, which the send buffer must hold. */
static int buffers_set(int fd, size_t len, struct error *err)
{
	const int on = 1, receive = RECEIVE_BUFFER, room = (int)(len + NFT_RECEIVE_SIZE);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	/* What does not fit is told as lost; the first refusals always fit. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof(receive)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
	/* Without these the kernel sends each refused message back whole and does not say which attribute it is. */
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) != 0 ||
	        setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) != 0)
		return error_set(err, ERR_IO, WHERE, "a netlink socket without extended answers: %s", strerror(errno));
	return 0;
}

static void frame(void *buffer, uint16_t type)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST;
	m->nlmsg_seq = NFT_BATCH_FRAME;
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = AF_UNSPEC;
	g->version = NFNETLINK_V0;
	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

static void put_flag(uint8_t *message, uint16_t flag)
{
	struct nlmsghdr m;
	memcpy(&m, message, sizeof(m));
	m.nlmsg_flags |= flag;
	memcpy(message, &m, sizeof(m));
}

/*
 * The last message is to be answered even if there is nothing against it. By the flags of the first one behind the frame the
 * kernel sends the report of the generation that a commit makes to this socket, too: the id of this transaction and of no
 * other.
 */
static void ask_answers(uint8_t *bytes, size_t len)
{
	struct nlmsghdr m = {0};
	size_t at = 0, last = 0;
	while (at < len) {
		last = at;
		memcpy(&m, bytes + at, sizeof(m));
		at += nft_netlink_aligned(m.nlmsg_len);
	}
	put_flag(bytes, NLM_F_ECHO);
	put_flag(bytes + last, NLM_F_ACK);
}

static int send_batch(const struct transaction *t, uint8_t *bytes, size_t len, bool commit, struct error *err)
{
	_Alignas(8) uint8_t begin[64], end[64];
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const size_t size = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	frame(begin, NFNL_MSG_BATCH_BEGIN);
	frame(end, NFNL_MSG_BATCH_END);
	ask_answers(bytes, len);
	struct iovec part[] = {{begin, size}, {bytes, len}, {end, size}};
	const struct msghdr m = {
	        .msg_name = (void *)(uintptr_t)&kernel,
	        .msg_namelen = sizeof(kernel),
	        .msg_iov = part,
	        .msg_iovlen = commit ? 3 : 2,
	};
	if (sendmsg(mnl_socket_get_fd(t->socket), &m, 0) < 0)
		return fail("sending it", errno, err);
	return 0;
}

static void read_reason(const struct nlmsghdr *m, struct nft_verdict *v)
{
	const struct nlattr *attr[NLMSGERR_ATTR_MAX + 1] = {NULL};
	size_t offset = sizeof(struct nlmsgerr);
	if (!(m->nlmsg_flags & NLM_F_ACK_TLVS) || !(m->nlmsg_flags & NLM_F_CAPPED))
		return;
	nft_netlink_attributes(m, offset, attr, NLMSGERR_ATTR_MAX + 1);
	const struct nlattr *text = attr[NLMSGERR_ATTR_MSG], *place = attr[NLMSGERR_ATTR_OFFS];
	if (place != NULL && mnl_attr_get_payload_len(place) == sizeof(v->offset))
		v->offset = mnl_attr_get_u32(place);
	for (size_t i = 0; text != NULL && i < mnl_attr_get_payload_len(text) && i + 1 < sizeof(v->reason); i++) {
		char c = ((const char *)mnl_attr_get_payload(text))[i];
		v->reason[i] = (char)(c == '\0' || (c >= 0x20 && c <= 0x7e) ? c : '?');
	}
}

static void take_error(struct transaction *t, const struct nlmsghdr *m)
{
	struct nft_verdict *v = t->verdict;
	int code;
	if (mnl_nlmsg_get_payload_len(m) < sizeof(struct nlmsgerr))
		return;
	memcpy(&code, mnl_nlmsg_get_payload(m), sizeof(code));
	if (m->nlmsg_seq == t->n - 1 + NFT_BATCH_FIRST)
		t->answered = true;
	if (code >= 0 || v->number != 0)
		return;
	v->number = (uint32_t)-code;
	/* A failed commit is told as one of the first message, which by itself fails of nothing else. */
	v->message = m->nlmsg_seq > NFT_BATCH_FIRST ? m->nlmsg_seq - NFT_BATCH_FIRST : (uint32_t)t->n;
	read_reason(m, v);
}

static void take(struct transaction *t, const void *datagram, size_t len)
{
	const struct nlmsghdr *m = datagram;
	int left = (int)len;
	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		if (m->nlmsg_type == NLMSG_ERROR)
			take_error(t, m);
		else if (m->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) &&
		         nft_netlink_generation((const uint8_t *)m, m->nlmsg_len, &t->verdict->generation, NULL) == 0)
			t->verdict->done = 1;
	}
}

/* All that the kernel has to say it has said when the batch is sent. */
static int collect(struct transaction *t, struct error *err)
{
	_Alignas(8) uint8_t buffer[NFT_RECEIVE_SIZE];
	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(t->socket), buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n > 0)
			take(t, buffer, (size_t)n);
		else if (n == 0 || errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		else if (errno == ENOBUFS)
			t->lost = true;
		else if (errno != EINTR)
			return fail("reading what the kernel says", errno, err);
	}
}

/* A refusal of the whole is mostly not about the batch. */
static int judge(const struct transaction *t, bool commit, struct error *err)
{
	const struct nft_verdict *v = t->verdict;
	if (v->number != 0 && v->message == t->n && v->number != EINVAL && v->number != EEXIST && v->number != ENOENT)
		return fail("the transaction", (int)v->number, err);
	if (v->number != 0 || (commit ? v->done != 0 : t->answered))
		return 0;
	return error_set(err, ERR_IO, WHERE,
	        "the kernel's answer is lost (%s): it is not known what it made of it: read the ruleset",
	        t->lost ? "the receive buffer is full" : "none came");
}

int nft_transaction(uint8_t *bytes, size_t len, bool commit, struct nft_verdict *out, struct error *err)
{
	struct transaction t = {.verdict = out};
	memset(out, 0, sizeof(*out));
	if (nft_batch_walk(bytes, len, &t.n, err) != 0)
		return -1;
	t.socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (t.socket == NULL)
		return fail("opening a netlink socket", errno, err);
	int result = 0;
	if (mnl_socket_bind(t.socket, 0, MNL_SOCKET_AUTOPID) != 0)
		result = fail("binding a netlink socket", errno, err);
	if (result == 0)
		result = buffers_set(mnl_socket_get_fd(t.socket), len, err);
	if (result == 0)
		result = send_batch(&t, bytes, len, commit, err);
	if (result == 0)
		result = collect(&t, err);
	if (result == 0)
		result = judge(&t, commit, err);
	mnl_socket_close(t.socket);
	return result;
}
