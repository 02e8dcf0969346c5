#ifndef PORTCULLIS_NFT_ENDING_H
#define PORTCULLIS_NFT_ENDING_H

#include "nft/source.h"

typedef int nft_end_fn(void *ctx, const struct nft_ending *record, size_t n, struct nft_ended *out, struct error *err);
/** Connections as records, at most NFT_ENDINGS_MAX in each call of `end`; as nft_ops.connections_end. */
int nft_endings_each(const struct connection *connection, size_t n, nft_end_fn *end, void *ctx, size_t *ended,
        struct error *err) MUST_USE;

#endif
