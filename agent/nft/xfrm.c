/*
 * The kernel's IPsec policies: one fixed request goes out (XFRM_MSG_GETPOLICY, a dump without parameters), the kernel's
 * own messages come back as bytes and are handed on undecoded. A kernel without IPsec has no policies; bytes that are not
 * whole messages with policies, and dumps above the limit, are refused.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "nft/source.h"

#define ATTEMPTS 5
#define RECEIVE_SIZE ((size_t)65536)
#define WHERE "IPsec policies"

enum outcome { DONE, AGAIN, FAILED };

static enum outcome fail_errno(int error, struct error *err)
{
	if (error == EINTR || error == ENOBUFS)
		return AGAIN;
	if (error == EPERM || error == EACCES)
		error_set(err, ERR_DENIED, WHERE, "reading them needs CAP_NET_ADMIN");
	else
		error_set(err, ERR_IO, WHERE, "%s", strerror(error));
	return FAILED;
}

/* One datagram of answers; *end is set at the last one. */
static enum outcome keep(const void *datagram, size_t len, struct nft_bytes *out, bool *end, struct error *err)
{
	const struct nlmsghdr *m = datagram;
	int left = (int)len;
	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		if (m->nlmsg_flags & NLM_F_DUMP_INTR)
			return AGAIN;
		if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE) {
			int code = 0;
			*end = true;
			if (mnl_nlmsg_get_payload_len(m) >= sizeof(code))
				memcpy(&code, mnl_nlmsg_get_payload(m), sizeof(code));
			return code < 0 ? fail_errno(-code, err) : DONE;
		}
		if (m->nlmsg_type == XFRM_MSG_NEWPOLICY &&
		        nft_bytes_add(out, m, nft_netlink_aligned(m->nlmsg_len), NFT_POLICIES_MAX, err) != 0)
			return FAILED;
	}
	return DONE;
}

static enum outcome dump(struct mnl_socket *socket, struct nft_bytes *out, struct error *err)
{
	static const struct timeval patience = {.tv_sec = 10};
	_Alignas(struct nlmsghdr) uint8_t buffer[RECEIVE_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	bool end = false;
	request->nlmsg_type = XFRM_MSG_GETPOLICY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	out->len = 0;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0 ||
	        setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	        mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return fail_errno(errno, err);
	while (!end) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		enum outcome o = n < 0 ? fail_errno(errno, err) : keep(buffer, (size_t)n, out, &end, err);
		if (o != DONE)
			return o;
	}
	return DONE;
}

int nft_policies_read(struct nft_bytes *out, struct error *err)
{
	enum outcome o = AGAIN;
	for (int i = 0; i < ATTEMPTS && o == AGAIN; i++) {
		struct mnl_socket *socket = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC);
		/* A kernel without IPsec. */
		if (socket == NULL && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
			return 0;
		o = socket == NULL ? fail_errno(errno, err) : dump(socket, out, err);
		if (socket != NULL)
			mnl_socket_close(socket);
	}
	if (o == AGAIN)
		error_set(
		        err, ERR_UNAVAILABLE, WHERE, "they changed during each of %d attempts to read them", ATTEMPTS);
	if (o != DONE)
		nft_bytes_fini(out);
	return o == DONE ? 0 : -1;
}

int nft_policies_check(const uint8_t *bytes, size_t len, struct error *err)
{
	for (size_t at = 0, n = 1; at < len; n++) {
		struct nlmsghdr m = {0};
		if (len - at >= sizeof(m))
			memcpy(&m, bytes + at, sizeof(m));
		if (m.nlmsg_type != XFRM_MSG_NEWPOLICY ||
		        m.nlmsg_len < sizeof(m) + sizeof(struct xfrm_userpolicy_info) || m.nlmsg_len > len - at ||
		        nft_netlink_aligned(m.nlmsg_len) > len - at)
			return error_set(err, ERR_FORMAT, WHERE,
			        "netlink message %zu at byte %zu is cut or is not one of a policy", n, at);
		at += nft_netlink_aligned(m.nlmsg_len);
	}
	return 0;
}
