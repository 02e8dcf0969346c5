#ifndef PORTCULLIS_NFT_WALK_H
#define PORTCULLIS_NFT_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"

/**
 * The privileged side's look at a batch before the kernel sees it: is this a replacement, exchange or removal of our own
 * table, or sets that are added to it or taken out again, and nothing else? Message k gets sequence number
 * k + NFT_BATCH_FIRST; nothing else is written.
 *
 * @param bytes  aligned as from malloc().
 * @param n      out: messages.
 * @return 0, or -1: ERR_FORMAT (cut, or not as an encoder makes it), ERR_DENIED (what is not ours, or not allowed),
 *         ERR_LIMIT (would hold the kernel too long: NFT_BATCH_*).
 */
int nft_batch_walk(uint8_t *bytes, size_t len, size_t *n, struct error *err) MUST_USE;

/** Sequence number of the first message; that of the frame comes before it. */
#define NFT_BATCH_FIRST 2u
#define NFT_BATCH_FRAME 1u

#endif
