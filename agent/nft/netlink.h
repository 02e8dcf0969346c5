#ifndef PORTCULLIS_NFT_NETLINK_H
#define PORTCULLIS_NFT_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/nft.h"

/** Limits of what is kept and handed on. */
#define NFT_DUMP_MAX ((size_t)256 << 20)
#define NFT_POLICIES_MAX ((size_t)16 << 20)
#define NFT_EVENT_MAX ((size_t)4 << 20)

/** Concatenated netlink messages. Start with {0}; release with nft_bytes_fini(). */
struct nft_bytes {
	uint8_t *data;
	size_t len, cap;
};
void nft_bytes_fini(struct nft_bytes *b);
/** Append. @return 0, or -1 with ERR_LIMIT when more than limit bytes would be kept. */
int nft_bytes_add(struct nft_bytes *b, const void *data, size_t len, size_t limit, struct error *err) MUST_USE;

struct nlmsghdr;
struct nlattr;
/** Length of a message or attribute with its padding. */
size_t nft_netlink_aligned(size_t len);
/** Sort the attributes of a kernel's message: table[type] for types below n; the caller clears the table. */
void nft_netlink_attributes(const struct nlmsghdr *m, size_t offset, const struct nlattr **table, size_t n);

/** Are these complete netlink messages of nf_tables, and nothing else? @return 0, or -1 with ERR_FORMAT. */
int nft_netlink_check(const uint8_t *bytes, size_t len, struct error *err) MUST_USE;
/** Generation id of the first message, which must be NFT_MSG_NEWGEN. @return 0, or -1 with ERR_FORMAT. */
int nft_netlink_generation(const uint8_t *bytes, size_t len, uint32_t *generation, struct error *err) MUST_USE;
/** Is the last message the NFT_MSG_NEWGEN that ends the report of a transaction? Checked bytes only. */
bool nft_netlink_ends_transaction(const uint8_t *bytes, size_t len);
/** Fill *out from event messages that nft_netlink_check() accepted; takes their bytes out of b. */
void nft_netlink_event(struct nft_bytes *b, bool overrun, struct nft_event *out);

#endif
