/*
 * The kernel's IPsec policies and how many security associations there are: two fixed requests go out
 * (XFRM_MSG_GETPOLICY, a dump, and XFRM_MSG_GETSADINFO; the associations themselves hold keys and are not asked for), the
 * kernel's own messages come back as bytes and are handed on undecoded. A kernel without IPsec has no policies; bytes that
 * are not whole messages of these two kinds, and dumps above the limit, are refused.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <string.h>

#include "nft/source.h"

#define ATTEMPTS 5
#define WHERE "IPsec policies"

static enum nft_outcome fail_errno(const char *what, int error, struct error *err)
{
	if (error == EINTR || error == ENOBUFS)
		return NFT_AGAIN;
	if (error == EPROTONOSUPPORT || error == EAFNOSUPPORT)
		error_set(err, ERR_UNAVAILABLE, WHERE, "the kernel has no IPsec");
	else if (error == EPERM || error == EACCES)
		error_set(err, ERR_DENIED, WHERE, "reading them needs CAP_NET_ADMIN");
	else
		error_set(err, ERR_IO, WHERE, "%s: %s", what, strerror(error));
	return NFT_FAILED;
}

/* Least length of a message's own header; 0: not one of ours. */
static size_t header_size(uint16_t type)
{
	return type == XFRM_MSG_NEWPOLICY    ? sizeof(struct xfrm_userpolicy_info)
	       : type == XFRM_MSG_NEWSADINFO ? sizeof(uint32_t)
	                                     : 0;
}

static bool is_ours(uint16_t type)
{
	return header_size(type) > 0;
}

static enum nft_outcome list_policies(struct nft_asker *a, struct nft_bytes *out, struct error *err)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = XFRM_MSG_GETPOLICY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return nft_ask(a, "listing policies", request, out, err);
}

static enum nft_outcome count_associations(struct nft_asker *a, struct nft_bytes *out, struct error *err)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = XFRM_MSG_GETSADINFO;
	request->nlmsg_flags = NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(request, sizeof(uint32_t)); /* flags, which the kernel gives back */
	return nft_ask(a, "counting security associations", request, out, err);
}

int nft_policies_read(struct nft_bytes *out, struct error *err)
{
	struct nft_asker a = {.protocol = NETLINK_XFRM,
	        .where = WHERE,
	        .peer = -1,
	        .limit = NFT_POLICIES_MAX,
	        .keeps = is_ours,
	        .fails = fail_errno};
	enum nft_outcome o = NFT_AGAIN;
	for (int i = 0; i < ATTEMPTS && o == NFT_AGAIN; i++) {
		struct error why = {0};
		out->len = 0;
		o = nft_asker_open(&a, &why);
		if (a.socket == NULL && why.code == ERR_UNAVAILABLE)
			return 0;
		if (o == NFT_DONE)
			o = list_policies(&a, out, &why);
		if (o == NFT_DONE)
			o = count_associations(&a, out, &why);
		nft_asker_close(&a);
		if (o == NFT_FAILED)
			*err = why;
	}
	if (o == NFT_AGAIN)
		error_set(
		        err, ERR_UNAVAILABLE, WHERE, "they changed during each of %d attempts to read them", ATTEMPTS);
	if (o != NFT_DONE)
		nft_bytes_fini(out);
	return o == NFT_DONE ? 0 : -1;
}

int nft_policies_check(const uint8_t *bytes, size_t len, struct error *err)
{
	for (size_t at = 0, n = 1; at < len; n++) {
		struct nlmsghdr m = {0};
		if (len - at >= sizeof(m))
			memcpy(&m, bytes + at, sizeof(m));
		size_t header = header_size(m.nlmsg_type);
		if (header == 0 || m.nlmsg_len < sizeof(m) + header || m.nlmsg_len > len - at ||
		        nft_netlink_aligned(m.nlmsg_len) > len - at)
			return error_set(err, ERR_FORMAT, WHERE,
			        "netlink message %zu at byte %zu is cut or is not one of a policy", n, at);
		at += nft_netlink_aligned(m.nlmsg_len);
	}
	return 0;
}
