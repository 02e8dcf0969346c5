#ifndef PORTCULLIS_NFT_MESSAGE_H
#define PORTCULLIS_NFT_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"

/*
 * What the two processes say to each other on a stream socket: a header of four 32-bit words in host order (magic with
 * version, type, sequence, length of the payload), then the payload. A reply carries the sequence of its request; of the
 * requests only CHECK, REPLACE and END have a payload, which the privileged side reads to its last byte before it acts.
 */
#define NFT_MESSAGE_MAGIC 0x504e4631u /* "PNF1" */
#define NFT_MESSAGE_HEADER ((size_t)16)

enum nft_message_type {
	NFT_MESSAGE_DUMP = 1, /**< request: answered by RULESET or ERROR */
	NFT_MESSAGE_LEGACY = 2, /**< request: answered by TABLES or ERROR */
	NFT_MESSAGE_POLICIES = 3, /**< request: answered by XFRM or ERROR */
	NFT_MESSAGE_CHECK = 4, /**< request with a batch: answered by VERDICT or ERROR */
	NFT_MESSAGE_REPLACE = 5, /**< the same */
	NFT_MESSAGE_CONNECTIONS = 6, /**< request: answered by CONNTRACK or ERROR */
	NFT_MESSAGE_END = 7, /**< request with records of struct nft_ending: answered by ENDED or ERROR */
	NFT_MESSAGE_READY = 0x81, /**< once, first: the privileged side is confined and serves */
	NFT_MESSAGE_RULESET = 0x82, /**< netlink messages of a whole dump, the first is NFT_MSG_NEWGEN */
	NFT_MESSAGE_TABLES = 0x83, /**< names of iptables-legacy tables, comma separated; may be empty */
	NFT_MESSAGE_ERROR = 0x84, /**< nft_message_error_parse() */
	NFT_MESSAGE_EVENT = 0x85, /**< unasked: netlink messages of changes */
	NFT_MESSAGE_OVERRUN = 0x86, /**< unasked: the kernel dropped events */
	NFT_MESSAGE_VERDICT = 0x88, /**< struct nft_verdict: what the kernel said to a batch */
	NFT_MESSAGE_XFRM = 0x87, /**< netlink messages of IPsec policies; may be empty */
	NFT_MESSAGE_CONNTRACK = 0x89, /**< netlink messages of connections; may be empty */
	NFT_MESSAGE_ENDED = 0x8a /**< struct nft_ended: what became of connections that were to end */
};

/** Who reads: each side takes its own types only. */
enum nft_side { NFT_SIDE_PRIVILEGED, NFT_SIDE_UNPRIVILEGED };

struct nft_message {
	uint32_t type, sequence, length;
	uint8_t *payload; /**< length bytes and a NUL; the caller frees it */
};

/** A reader of one side, with what of a message has come so far. */
struct nft_stream {
	int fd; /**< borrowed */
	enum nft_side side;
	uint8_t header[NFT_MESSAGE_HEADER];
	size_t have; /**< bytes of the header, then of the payload behind it */
	struct nft_message message;
	size_t cap;
};

void nft_stream_init(struct nft_stream *s, int fd, enum nft_side side);
void nft_stream_fini(struct nft_stream *s);
/**
 * Take what has come; never blocks and never reads beyond one message.
 *
 * @return 1: *out is a whole message; 0: no whole one yet; -1: ERR_UNAVAILABLE (the other side closed between messages),
 *         ERR_FORMAT (garbage, a type that this side does not take, cut by the end), ERR_LIMIT (longer than its type
 *         may be), ERR_IO. After -1 the stream is of no further use.
 */
int nft_stream_read(struct nft_stream *s, struct nft_message *out, struct error *err) MUST_USE;

/** Send a whole message; waits while the other side does not read. @return 0, or -1 with ERR_IO or ERR_UNAVAILABLE. */
int nft_message_send(int fd, enum nft_message_type type, uint32_t sequence, const void *payload, size_t len,
        struct error *err) MUST_USE;
/**
 * The same without waiting, for a side that must read in between: *done counts the bytes that are sent, the header's too.
 *
 * @return 1: all is sent; 0: the other side must read first; -1: ERR_IO or ERR_UNAVAILABLE.
 */
int nft_message_send_part(int fd, enum nft_message_type type, uint32_t sequence, const void *payload, size_t len,
        size_t *done, struct error *err) MUST_USE;
int nft_message_send_error(int fd, uint32_t sequence, const struct error *what, struct error *err) MUST_USE;
/** What an ERROR message says, as an error of this side. @return -1 always: ERR_FORMAT where it says nothing valid. */
int nft_message_error_parse(const struct nft_message *m, struct error *err);

#endif
