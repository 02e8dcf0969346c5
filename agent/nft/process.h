#ifndef PORTCULLIS_NFT_PROCESS_H
#define PORTCULLIS_NFT_PROCESS_H

#include "nft/source.h"
#include "portcullis/error.h"
#include "portcullis/nft.h"

/**
 * The privileged side: answer requests and push events until the other end closes.
 *
 * @return 0: closed in order; -1: ERR_FORMAT or ERR_LIMIT (the other side broke the protocol), ERR_IO, ERR_UNAVAILABLE.
 */
int nft_serve(int peer, const struct nft_source *source, struct error *err) MUST_USE;

/** Give up every right but CAP_NET_ADMIN and every system call but those that serving needs. Cannot be undone. */
int nft_confine(int proc_fd, struct error *err) MUST_USE;

/** nft_open_process() with a deadline of one's own; process->pid 0: nobody to wait for. */
int nft_client_open(
        const struct nft_process *process, int deadline_ms, struct nft_ops *out, struct error *err) MUST_USE;

#endif
