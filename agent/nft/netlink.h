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
#define NFT_CONNECTIONS_MAX ((size_t)128 << 20) /* about 600,000 */
#define NFT_ENDINGS_MAX ((size_t)4096)

/** Concatenated netlink messages. Start with {0}; release with nft_bytes_fini(). */
struct nft_bytes {
	uint8_t *data;
	size_t len, cap;
};
void nft_bytes_fini(struct nft_bytes *b);
/** Append. @return 0, or -1 with ERR_LIMIT when more than limit bytes would be kept. */
int nft_bytes_add(struct nft_bytes *b, const void *data, size_t len, size_t limit, struct error *err) MUST_USE;

/** What the kernel said to a batch; as it is on the wire between the two processes. */
struct nft_verdict {
	uint32_t done; /**< of a replace: it is in place, with this generation: */
	uint32_t generation;
	uint32_t number; /**< errno of the first refusal; 0: none */
	uint32_t message; /**< which message it refuses; their number: the transaction as a whole */
	uint32_t offset; /**< where in it; 0: not told */
	char reason[128]; /**< the kernel's own words, printable; mostly "" */
};

/**
 * A connection that is to end, as it is on the wire between the two processes: its first packet, and which of the entries
 * that the same packet may have had. Numbers in host order; what the protocol has not is 0.
 */
struct nft_ending {
	uint8_t source[16], destination[16]; /**< network order; IPv4 in the first four */
	uint8_t family; /**< 4 or 6 */
	uint8_t proto, icmp_type, icmp_code;
	uint16_t source_port, destination_port, icmp_id, zone;
	uint32_t id;
};
/** What became of them; the same. */
struct nft_ended {
	uint32_t ended, gone; /**< gone: it was not there any more, or is another one now */
	uint32_t number; /**< errno of the first refusal of another kind; 0: none */
};

struct nlmsghdr;
struct nlattr;
struct mnl_socket;

/** Begin a request of nfnetlink. @param type  subsystem << 8 | message. @param buffer  with room for what follows. */
struct nlmsghdr *nft_request_new(void *buffer, unsigned type, uint16_t flags, uint8_t family);

/** How a question to the kernel ended; NFT_AGAIN: what it is about changed, ask again from the start. */
enum nft_outcome { NFT_DONE, NFT_AGAIN, NFT_FAILED };

#define NFT_RECEIVE_SIZE ((size_t)65536)

/** Who asks the kernel over one netlink socket. */
struct nft_asker {
	int protocol; /**< NETLINK_NETFILTER, NETLINK_XFRM */
	const char *where; /**< for errors */
	int peer; /**< gives up when this socket is hung up; -1: does not */
	size_t limit; /**< bytes that answers may have together */
	bool (*keeps)(uint16_t type); /**< messages of other types are passed over */
	/** What an error number of the kernel means; fills *err for NFT_FAILED. */
	enum nft_outcome (*fails)(const char *what, int error, struct error *err);
	struct mnl_socket *socket; /**< NULL: closed */
	uint32_t sequence;
	_Alignas(8) uint8_t buffer[NFT_RECEIVE_SIZE];
};
/** A new socket: after an interrupted dump an old one still holds its rest. */
enum nft_outcome nft_asker_open(struct nft_asker *a, struct error *err);
void nft_asker_close(struct nft_asker *a);
/**
 * Send a request and append its answers to *to: all of a dump, or the first message where it is none.
 *
 * @param what  for errors: "listing tables".
 */
enum nft_outcome nft_ask(
        struct nft_asker *a, const char *what, struct nlmsghdr *request, struct nft_bytes *to, struct error *err);
/** Is the socket hung up, now or within wait_ms? */
bool nft_peer_gone(int peer, int wait_ms);
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
