#ifndef PORTCULLIS_NFT_ANSWER_H
#define PORTCULLIS_NFT_ANSWER_H

#include "nft/netlink.h"
#include "portcullis/nft.h"

/**
 * What the kernel said to a batch, in the terms of the own table it was made from.
 *
 * @return 0: nothing is against it (with commit: it is done); -1: ERR_INVALID, ERR_UNSUPPORTED or ERR_IO (refused, with
 *         the object's name), ERR_FORMAT (a verdict that cannot be).
 */
int nft_answer_judge(const struct nft_batch *batch, const struct nft_verdict *verdict, bool commit,
        struct nft_answer *out, struct error *err) MUST_USE;

#endif
