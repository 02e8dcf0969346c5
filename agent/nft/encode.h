#ifndef PORTCULLIS_NFT_ENCODE_H
#define PORTCULLIS_NFT_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft/netlink.h"
#include "portcullis/compile.h"
#include "portcullis/nft.h"

/** A message, and with it the list of a set's elements, stays below what 16 bits of an attribute's length can say. */
#define NFT_MESSAGE_ROOM ((size_t)65536)
/** Elements are added to a message until it has this many bytes: a refusal is told per message. */
#define NFT_MESSAGE_FULL ((size_t)16384)

/** Where the kernel takes a field from, and how it keeps it. */
enum nft_load { NFT_LOAD_META, NFT_LOAD_CT, NFT_LOAD_NETWORK, NFT_LOAD_TRANSPORT };
struct nft_field {
	enum nft_load load;
	uint32_t key; /**< of meta and ct; else the offset in the header */
	uint32_t len; /**< bytes */
	uint32_t type; /**< number of nft's data type, for keys of sets */
	enum nft_order { NFT_ORDER_NONE, NFT_ORDER_HOST, NFT_ORDER_NETWORK } order; /**< as nft notes it at sets */
	bool number; /**< several bytes in host order, which ranges and sets do not compare */
	uint8_t nfproto, l4proto; /**< what the packet must be to have it; 0: anything */
};
/** NULL: not one of those that an own table matches on. */
const struct nft_field *nft_field(enum rs_field f);
/** A value as the kernel keeps it in f->len bytes. */
void nft_field_put(const struct nft_field *f, u128 value, uint8_t *out);

/**
 * Is it one of intervals? A set of interfaces whose keys are all exact is none, as in the text of compile: the kernel then
 * looks a name up by its hash.
 */
bool nft_set_is_interval(const struct own_set *set);
/** Bytes of the registers that a key of several fields takes: each begins at a multiple of four. */
size_t nft_key_length(const struct own_set *set);
/** The lower or upper ends of an element's ranges as a key; out has room for OWN_PARTS fields. */
void nft_key_put(const struct own_set *set, const struct own_element *e, bool upper, uint8_t *out);
#define NFT_KEY_MAX (OWN_PARTS * (size_t)16)

struct nlmsghdr;

/** A batch in the making. */
struct nft_encoder {
	const struct own_table *table;
	struct nft_bytes bytes;
	struct nft_object *object;
	size_t n, cap;
	uint64_t work; /**< of the kernel on concatenated sets */
	struct error *err;
	_Alignas(8) char room[2 * NFT_MESSAGE_ROOM];
};
struct nlmsghdr *nft_encoder_begin(struct nft_encoder *e, uint16_t type, uint16_t flags);
int nft_encoder_end(struct nft_encoder *e, const struct nlmsghdr *m, const struct nft_object *object) MUST_USE;

struct nftnl_udata_buf;
/** A comment as nft keeps it in user data; NULL where there is none; else the caller frees it. Longer than allowed: ERR_LIMIT. */
int nft_comment(const char *comment, const char *of, struct nftnl_udata_buf **out, struct error *err) MUST_USE;

int nft_encode_set(struct nft_encoder *e, size_t set) MUST_USE;
int nft_encode_rule(struct nft_encoder *e, size_t chain, size_t rule) MUST_USE;

#endif
