#ifndef PORTCULLIS_NFT_SOURCE_H
#define PORTCULLIS_NFT_SOURCE_H

#include <stdbool.h>

#include "nft/netlink.h"
#include "portcullis/error.h"

/**
 * Where bytes about the ruleset come from: the kernel, or a fake in tests. The privileged process serves one; the
 * direct operations are built on one.
 */
struct nft_source {
	void *self;
	/**
	 * Whole dump into *out (empty before), the first message is NFT_MSG_NEWGEN.
	 * @param peer  a socket whose hang-up ends the dump early with ERR_UNAVAILABLE; -1: none.
	 */
	int (*dump)(void *self, int peer, struct nft_bytes *out, struct error *err);
	/** Names of iptables-legacy tables, comma separated; *out NULL: none. The caller frees it. */
	int (*legacy)(void *self, char **out, struct error *err);
	/** IPsec policies (XFRM_MSG_NEWPOLICY messages) into *out, empty before. NULL: it knows of none. */
	int (*policies)(void *self, struct nft_bytes *out, struct error *err);
	int (*event_fd)(void *self);
	/** Append what waits, up to NFT_EVENT_MAX in all; never blocks. */
	int (*events)(void *self, struct nft_bytes *out, bool *overrun, struct error *err);
	void (*close)(void *self);
	/**
	 * A batch as one transaction; commit false: the kernel only looks at it. *bytes are numbered on the way.
	 * NULL: it takes none.
	 * @return 0: *out says what became of it; -1: refused before the kernel saw it, or its answer is not known.
	 */
	int (*transaction)(
	        void *self, uint8_t *bytes, size_t len, bool commit, struct nft_verdict *out, struct error *err);
	/** The connections that are tracked (IPCTNL_MSG_CT_NEW messages) into *out, empty before; peer as of dump. NULL: none are. */
	int (*connections)(void *self, int peer, struct nft_bytes *out, struct error *err);
	/** End connections: records of struct nft_ending, not looked at before. NULL: it ends none. */
	int (*end)(void *self, const uint8_t *records, size_t len, struct nft_ended *out, struct error *err);
};

/** The kernel, in the caller's network namespace: subscribes to changes at once. Needs CAP_NET_ADMIN. */
int nft_source_open(struct nft_source *out, struct error *err) MUST_USE;
/** The folder of proc(5) that the legacy tables are read from; for the confinement. */
int nft_source_proc_fd(const struct nft_source *source);

/** One dump of the caller's namespace, consistent by the generation before and after. */
int nft_dump_read(int peer, struct nft_bytes *out, struct error *err) MUST_USE;
/** A batch that nft_batch_walk() lets through as one transaction in the caller's namespace; as nft_source.transaction. */
int nft_transaction(uint8_t *bytes, size_t len, bool commit, struct nft_verdict *out, struct error *err) MUST_USE;
/** The IPsec policies of the caller's namespace; *out stays empty where the kernel has no IPsec. */
int nft_policies_read(struct nft_bytes *out, struct error *err) MUST_USE;
/** Are these complete messages of IPsec policies, and nothing else? @return 0, or -1 with ERR_FORMAT. */
int nft_policies_check(const uint8_t *bytes, size_t len, struct error *err) MUST_USE;
/** The connections that the kernel tracks in the caller's namespace; ERR_UNSUPPORTED: it does not tell. */
int nft_connections_read(int peer, struct nft_bytes *out, struct error *err) MUST_USE;
/** Are these complete messages of connections, and nothing else? @return 0, or -1 with ERR_FORMAT. */
int nft_connections_check(const uint8_t *bytes, size_t len, struct error *err) MUST_USE;
/** Are these records of struct nft_ending, in order to the last byte? @return 0, or -1 with ERR_FORMAT or ERR_LIMIT. */
int nft_endings_check(const uint8_t *bytes, size_t len, size_t *n, struct error *err) MUST_USE;
/** End the connections of records that nft_endings_check() lets through, in the caller's namespace; as nft_source.end. */
int nft_connections_end(const uint8_t *records, size_t len, struct nft_ended *out, struct error *err) MUST_USE;

#endif
