/*
 * The kernel's connection tracking table: one fixed request goes out (IPCTNL_MSG_CT_GET, a dump of both families), the kernel's
 * own messages come back as bytes and are handed on undecoded. What is to end comes in as records of one form, each of which
 * becomes one deletion by a whole tuple and the entry's id, made here: no message from outside goes to the kernel. A dump
 * above the limit, and a record that is not in order, are refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "nft/source.h"

#define ATTEMPTS 5
#define WHERE "connection tracking"
/* Deletions in one datagram: all their answers fit into a socket's buffer. */
#define AT_ONCE 64
#define MESSAGE_ROOM 256
#define FIRST_SEQUENCE 1000u

static enum nft_outcome fail_errno(const char *what, int error, struct error *err)
{
	if (error == EINTR || error == ENOBUFS)
		return NFT_AGAIN;
	if (error == EINVAL || error == EOPNOTSUPP || error == EPROTONOSUPPORT || error == EAFNOSUPPORT)
		error_set(err, ERR_UNSUPPORTED, WHERE,
		        "%s: the kernel does not answer (%s): load the module nf_conntrack_netlink", what,
		        strerror(error));
	else if (error == EPERM || error == EACCES)
		error_set(err, ERR_DENIED, WHERE,
		        "%s needs CAP_NET_ADMIN: start it as root, or give its service "
		        "AmbientCapabilities=CAP_NET_ADMIN",
		        what);
	else
		error_set(err, ERR_IO, WHERE, "%s: %s", what, strerror(error));
	return NFT_FAILED;
}

static bool is_entry(uint16_t type)
{
	return type == (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW);
}

static struct nlmsghdr *request_new(void *buffer, unsigned type, uint16_t flags, uint8_t family)
{
	return nft_request_new(buffer, NFNL_SUBSYS_CTNETLINK << 8 | type, flags, family);
}

static struct nft_asker asker(int peer)
{
	return (struct nft_asker){.protocol = NETLINK_NETFILTER,
	        .where = WHERE,
	        .peer = peer,
	        .limit = NFT_CONNECTIONS_MAX,
	        .keeps = is_entry,
	        .fails = fail_errno};
}

static enum nft_outcome dump_once(struct nft_asker *a, struct nft_bytes *out, struct error *err)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	out->len = 0;
	enum nft_outcome o = nft_asker_open(a, err);
	if (o == NFT_DONE)
		o = nft_ask(a, "listing connections", request_new(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC),
		        out, err);
	nft_asker_close(a);
	return o;
}

int nft_connections_read(int peer, struct nft_bytes *out, struct error *err)
{
	struct nft_asker a = asker(peer);
	struct error why = {0};
	enum nft_outcome o = NFT_AGAIN;
	for (int i = 0; i < ATTEMPTS && o == NFT_AGAIN; i++)
		o = dump_once(&a, out, &why);
	if (o == NFT_AGAIN)
		error_set(
		        &why, ERR_UNAVAILABLE, WHERE, "it was interrupted in each of %d attempts to read it", ATTEMPTS);
	if (why.code == ERR_LIMIT)
		error_set(&why, ERR_LIMIT, WHERE, "there are more connections than %zu MB of messages hold",
		        NFT_CONNECTIONS_MAX >> 20);
	if (o == NFT_DONE)
		return 0;
	nft_bytes_fini(out);
	if (err != NULL)
		*err = why;
	return -1;
}

int nft_connections_check(const uint8_t *bytes, size_t len, struct error *err)
{
	for (size_t at = 0, n = 1; at < len; n++) {
		struct nlmsghdr m = {0};
		if (len - at >= sizeof(m) + sizeof(struct nfgenmsg))
			memcpy(&m, bytes + at, sizeof(m));
		if (!is_entry(m.nlmsg_type) || m.nlmsg_len < sizeof(m) + sizeof(struct nfgenmsg) ||
		        m.nlmsg_len > len - at || nft_netlink_aligned(m.nlmsg_len) > len - at)
			return error_set(err, ERR_FORMAT, WHERE,
			        "netlink message %zu at byte %zu is cut or is not one of a connection", n, at);
		at += nft_netlink_aligned(m.nlmsg_len);
	}
	return 0;
}

/* ---- what is to end ---- */

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* What is wrong with a record; NULL: nothing. Whatever it says, it names one entry at most. */
static const char *fault_of(const struct nft_ending *e)
{
	const bool icmp = e->proto == (e->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	const bool other_icmp = e->proto == (e->family == 4 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (e->family != 4 && e->family != 6)
		return "family is neither 4 nor 6";
	if (e->family == 4 && (!is_zero(e->source + 4, 12) || !is_zero(e->destination + 4, 12)))
		return "an IPv4 address is longer than four bytes";
	if (other_icmp)
		return "protocol is that of the other family";
	if (!icmp && (e->icmp_type != 0 || e->icmp_code != 0 || e->icmp_id != 0))
		return "there is an ICMP type, code or id, and the protocol has none";
	if (!connection_has_ports(e->proto) && (e->source_port != 0 || e->destination_port != 0))
		return "there are ports, and the protocol has none";
	return NULL;
}

int nft_endings_check(const uint8_t *bytes, size_t len, size_t *n, struct error *err)
{
	struct nft_ending e;
	*n = len / sizeof(e);
	if (len % sizeof(e) != 0)
		return error_set(
		        err, ERR_FORMAT, WHERE, "%zu bytes are no whole number of records of %zu", len, sizeof(e));
	if (*n > NFT_ENDINGS_MAX)
		return error_set(err, ERR_LIMIT, WHERE, "%zu connections are to end at once, at most %zu may", *n,
		        NFT_ENDINGS_MAX);
	for (size_t i = 0; i < *n; i++) {
		memcpy(&e, bytes + i * sizeof(e), sizeof(e));
		const char *fault = fault_of(&e);
		if (fault != NULL)
			return error_set(err, ERR_FORMAT, WHERE, "record %zu: %s", i + 1, fault);
	}
	return 0;
}

static void put_u16(struct nlmsghdr *m, uint16_t type, uint16_t value)
{
	mnl_attr_put_u16(m, type, htons(value));
}

static void put_protocol(struct nlmsghdr *m, const struct nft_ending *e)
{
	struct nlattr *nest = mnl_attr_nest_start(m, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(m, CTA_PROTO_NUM, e->proto);
	if (e->proto == IPPROTO_ICMP) {
		put_u16(m, CTA_PROTO_ICMP_ID, e->icmp_id);
		mnl_attr_put_u8(m, CTA_PROTO_ICMP_TYPE, e->icmp_type);
		mnl_attr_put_u8(m, CTA_PROTO_ICMP_CODE, e->icmp_code);
	} else if (e->proto == IPPROTO_ICMPV6) {
		put_u16(m, CTA_PROTO_ICMPV6_ID, e->icmp_id);
		mnl_attr_put_u8(m, CTA_PROTO_ICMPV6_TYPE, e->icmp_type);
		mnl_attr_put_u8(m, CTA_PROTO_ICMPV6_CODE, e->icmp_code);
	} else if (connection_has_ports(e->proto)) {
		put_u16(m, CTA_PROTO_SRC_PORT, e->source_port);
		put_u16(m, CTA_PROTO_DST_PORT, e->destination_port);
	}
	mnl_attr_nest_end(m, nest);
}

/* A deletion without a tuple would be one of everything: here each has one. */
static size_t put_deletion(uint8_t *at, const struct nft_ending *e, uint32_t sequence)
{
	const bool four = e->family == 4;
	const size_t size = four ? 4 : 16;
	struct nlmsghdr *m = request_new(at, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, four ? AF_INET : AF_INET6);
	m->nlmsg_seq = sequence;
	struct nlattr *tuple = mnl_attr_nest_start(m, CTA_TUPLE_ORIG), *ip = mnl_attr_nest_start(m, CTA_TUPLE_IP);
	mnl_attr_put(m, four ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, size, e->source);
	mnl_attr_put(m, four ? CTA_IP_V4_DST : CTA_IP_V6_DST, size, e->destination);
	mnl_attr_nest_end(m, ip);
	put_protocol(m, e);
	mnl_attr_nest_end(m, tuple);
	if (e->zone != 0)
		put_u16(m, CTA_ZONE, e->zone);
	mnl_attr_put_u32(m, CTA_ID, htonl(e->id));
	return nft_netlink_aligned(m->nlmsg_len);
}

static void count_answer(int error, struct nft_ended *out)
{
	if (error == 0)
		out->ended++;
	else if (error == ENOENT)
		out->gone++;
	else if (out->number == 0)
		out->number = (uint32_t)error;
}

/* The answers to n deletions, of which the first has this sequence. */
static enum nft_outcome take_answers(
        struct nft_asker *a, uint32_t first, size_t n, struct nft_ended *out, struct error *err)
{
	for (size_t got = 0; got < n;) {
		ssize_t len = mnl_socket_recvfrom(a->socket, a->buffer, sizeof(a->buffer));
		if (len < 0)
			return a->fails("ending connections", errno, err);
		const struct nlmsghdr *m = (const struct nlmsghdr *)a->buffer;
		for (int left = (int)len; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
			int code = 0;
			if (m->nlmsg_type != NLMSG_ERROR || m->nlmsg_seq - first >= n ||
			        mnl_nlmsg_get_payload_len(m) < sizeof(code))
				continue;
			memcpy(&code, mnl_nlmsg_get_payload(m), sizeof(code));
			count_answer(-code, out);
			got++;
		}
	}
	return NFT_DONE;
}

static enum nft_outcome end_some(
        struct nft_asker *a, const uint8_t *records, size_t n, uint32_t first, struct nft_ended *out, struct error *err)
{
	_Alignas(struct nlmsghdr) uint8_t messages[AT_ONCE * MESSAGE_ROOM];
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		struct nft_ending e;
		memcpy(&e, records + i * sizeof(e), sizeof(e));
		len += put_deletion(messages + len, &e, first + (uint32_t)i);
	}
	if (mnl_socket_sendto(a->socket, messages, len) < 0)
		return a->fails("ending connections", errno, err);
	return take_answers(a, first, n, out, err);
}

int nft_connections_end(const uint8_t *records, size_t len, struct nft_ended *out, struct error *err)
{
	static const int on = 1;
	struct nft_asker a = asker(-1);
	size_t n = 0;
	*out = (struct nft_ended){0};
	if (nft_endings_check(records, len, &n, err) != 0)
		return -1;
	enum nft_outcome o = n > 0 ? nft_asker_open(&a, err) : NFT_DONE;
	/* Without it each refusal brings the message back whole. */
	if (n > 0 && o == NFT_DONE &&
	        setsockopt(mnl_socket_get_fd(a.socket), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) != 0)
		o = a.fails("setting up a netlink socket", errno, err);
	for (size_t i = 0; i < n && o == NFT_DONE; i += AT_ONCE)
		o = end_some(&a, records + i * sizeof(struct nft_ending), n - i < AT_ONCE ? n - i : AT_ONCE,
		        FIRST_SEQUENCE + (uint32_t)i, out, err);
	nft_asker_close(&a);
	if (o == NFT_AGAIN)
		return error_set(err, ERR_IO, WHERE, "the kernel's answers were lost: some connections may have ended");
	return o == NFT_DONE ? 0 : -1;
}
