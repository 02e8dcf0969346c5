/* links: nft base */
/*
 * The privileged side's walk over a batch: any bytes. What it lets through is looked at once more, by other means: our
 * table in each message, and the types of one of the four forms in their order.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft/walk.h"
#include "portcullis/alloc.h"
#include "portcullis/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The number of attributes of type 1, which is the table's name in each message; all of them must be ours. */
static size_t names_of(const uint8_t *p, size_t len)
{
	size_t n = 0;
	for (size_t at = 0; at + sizeof(struct nlattr) <= len;) {
		struct nlattr a;
		memcpy(&a, p + at, sizeof(a));
		require(a.nla_len >= sizeof(a) && a.nla_len <= len - at);
		if ((a.nla_type & NLA_TYPE_MASK) == 1) {
			require(a.nla_len == sizeof(a) + sizeof(OWN_TABLE));
			require(memcmp(p + at + sizeof(a), OWN_TABLE, sizeof(OWN_TABLE)) == 0);
			n++;
		}
		at += (size_t)NLA_ALIGN(a.nla_len);
	}
	return n;
}

/* As letters, for the order of each form is then that of text. */
static char letter_of(unsigned type)
{
	switch (type) {
	case NFT_MSG_NEWTABLE:
		return 'T';
	case NFT_MSG_DELTABLE:
		return 't';
	case NFT_MSG_NEWSET:
		return 'S';
	case NFT_MSG_DELSET:
		return 's';
	case NFT_MSG_NEWSETELEM:
		return 'E';
	case NFT_MSG_NEWCHAIN:
		return 'C';
	case NFT_MSG_DELCHAIN:
		return 'c';
	case NFT_MSG_NEWRULE:
		return 'R';
	case NFT_MSG_DELRULE:
		return 'r';
	default:
		abort();
	}
}

static void require_form(const char *letters)
{
	const char *p = letters + 2;
	require(letters[0] == 'T');
	switch (letters[1]) {
	case 't':
		require(*p == '\0' || *p++ == 'T');
		p += strspn(p, "SECR");
		break;
	case 'S':
		p += strspn(p, "SE");
		break;
	case 's':
		p += strspn(p, "s");
		break;
	default:
		require(letters[1] == 'r');
		for (const char *kind = "csCR"; *kind != '\0'; kind++)
			while (*p == *kind)
				p++;
		break;
	}
	require(*p == '\0');
}

static void look(const uint8_t *bytes, size_t len, size_t n)
{
	const size_t head = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	size_t k = 0, at = 0;
	char *letters = xcalloc(1, n + 1);
	for (; at < len; k++) {
		struct nlmsghdr m;
		struct nfgenmsg family;
		memcpy(&m, bytes + at, sizeof(m));
		memcpy(&family, bytes + at + sizeof(m), sizeof(family));
		require(m.nlmsg_len >= head && m.nlmsg_len <= len - at && m.nlmsg_seq == k + NFT_BATCH_FIRST);
		require(family.nfgen_family == NFPROTO_INET && NFNL_SUBSYS_ID(m.nlmsg_type) == NFNL_SUBSYS_NFTABLES);
		require(k < n);
		letters[k] = letter_of(NFNL_MSG_TYPE(m.nlmsg_type));
		require(names_of(bytes + at + head, m.nlmsg_len - head) == 1);
		at += (size_t)NLMSG_ALIGN(m.nlmsg_len);
	}
	require(k == n && at == len);
	require_form(letters);
	free(letters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0;
	struct error err = {0};
	uint8_t *bytes = xmalloc(size > 0 ? size : 1); /* exact: a read past the end is seen */
	if (size > 0)
		memcpy(bytes, data, size);
	if (nft_batch_walk(bytes, size, &n, &err) == 0)
		look(bytes, size, n);
	else
		require(err.code == ERR_FORMAT || err.code == ERR_DENIED || err.code == ERR_LIMIT);
	free(bytes);
	return 0;
}
