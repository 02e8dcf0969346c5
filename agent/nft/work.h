#ifndef PORTCULLIS_NFT_WORK_H
#define PORTCULLIS_NFT_WORK_H

#include <stddef.h>
#include <stdint.h>

#define NFT_WORK_FIELDS 5

/**
 * What a concatenated set costs the kernel while it grows: it keeps each range as prefixes, one table of them per field,
 * and copies that table anew for every 64 more. Start with the lengths of the fields in bytes, the rest 0.
 */
struct nft_work {
	size_t n_field;
	uint32_t len[NFT_WORK_FIELDS];
	uint64_t prefixes[NFT_WORK_FIELDS];
};

/** Add one field's range (big-endian, len[field] bytes). @return the bytes that the kernel copies for it, about. */
uint64_t nft_work_add(struct nft_work *w, size_t field, const uint8_t *lo, const uint8_t *hi);

#endif
