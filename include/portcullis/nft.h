#ifndef PORTCULLIS_NFT_H
#define PORTCULLIS_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "portcullis/error.h"
#include "portcullis/network.h"
#include "portcullis/ruleset.h"

/** A full dump of nf_tables: netlink messages, not decoded. */
struct nft_dump {
	uint8_t *bytes; /**< the caller frees it */
	size_t len;
	uint32_t generation; /**< the same before and after the dump */
	char *legacy; /**< content of ip_tables_names and ip6_tables_names, comma separated; NULL: none */
};

/** What the kernel said since the last look. */
struct nft_event {
	bool changed; /**< the ruleset changed */
	bool overrun; /**< events were lost (ENOBUFS) or the reader lost its socket */
	uint32_t generation; /**< of the newest change; 0 when not told */
	uint32_t author_pid;
	char author[64]; /**< process name (NFTA_GEN_PROC_NAME); "" when not told */
	uint8_t *bytes; /**< the event messages as they came; the caller frees it */
	size_t len;
};

/**
 * The kernel's side, as a table of functions: the privileged process behind a socket pair, the kernel directly (offline
 * `verify --live`), or a fake in tests.
 */
struct nft_ops {
	void *self;
	/** Full dump, retried while the generation changes; ERR_IO, ERR_DENIED (CAP_NET_ADMIN), ERR_LIMIT, ERR_UNAVAILABLE. */
	int (*dump)(void *self, struct nft_dump *out, struct error *err);
	/**
	 * The kernel's IPsec policies as netlink messages, not decoded; *bytes is the caller's, NULL when there are none.
	 * NULL in a fake: there is no IPsec.
	 */
	int (*policies)(void *self, uint8_t **bytes, size_t *len, struct error *err);
	/** Readable when events wait; -1: this one does not watch. */
	int (*event_fd)(void *self);
	/** Take the waiting events; never blocks. */
	int (*events)(void *self, struct nft_event *out, struct error *err);
	/** End it: the child is waited for, descriptors closed. NULL-safe callers only. */
	void (*close)(void *self);
	/** What struct nft_dump calls legacy, without a dump; the caller frees *out. NULL: this one cannot. */
	int (*legacy)(void *self, char **out, struct error *err);
};

void nft_dump_fini(struct nft_dump *dump);
void nft_event_fini(struct nft_event *event);

/** The kernel directly, in the caller's network namespace; needs CAP_NET_ADMIN. */
int nft_open_direct(struct nft_ops *out, struct error *err) MUST_USE;

/** What the two processes are started with. */
struct nft_process {
	pid_t pid; /**< the privileged child */
	int socket; /**< the unprivileged side's end */
};

/**
 * Fork the privileged process: it keeps CAP_NET_ADMIN alone, sets no_new_privs, installs a seccomp filter, subscribes
 * to NFNLGRP_NFTABLES and serves fixed requests over the socket pair until the other end closes. Call before threads.
 */
int nft_process_start(struct nft_process *out, struct error *err) MUST_USE;
/** The unprivileged side of it. Takes ownership of process->socket. */
int nft_open_process(const struct nft_process *process, struct nft_ops *out, struct error *err) MUST_USE;

/** One step of a traced packet: a rule that matched, or a policy. */
struct nft_trace_event {
	enum rs_family family;
	char table[128], chain[128];
	uint64_t handle; /**< 0 for a policy */
	bool policy, dropped, accepted; /**< neither: a jump, a return, or it goes on */
};
/** A socket that becomes readable when a packet with `meta nftrace` is told of, in the caller's network namespace. */
int nft_trace_open(struct error *err) MUST_USE;
/** Take the waiting steps, at most max; never blocks. @return their number. */
size_t nft_trace_read(int fd, struct nft_trace_event *out, size_t max);

/** Addresses and unicast routes of the main table by rtnetlink; needs no privilege. Release with network_fini(). */
int network_read(struct network *out, struct error *err) MUST_USE;
/** A socket that becomes readable when addresses, links or routes change; drain it with network_watch_drain(). */
int network_watch_open(struct error *err) MUST_USE;
void network_watch_drain(int fd);

#endif
