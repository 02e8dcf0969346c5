#ifndef PORTCULLIS_NFT_H
#define PORTCULLIS_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "portcullis/connection.h"
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

struct own_table;

/** What one message of a batch is about; indexes are those of the own table. */
enum nft_object_kind {
	NFT_OBJECT_TABLE,
	NFT_OBJECT_SET,
	NFT_OBJECT_ELEMENTS, /**< of set[set], the first that begins in the message is element[first] */
	NFT_OBJECT_CHAIN,
	NFT_OBJECT_RULE /**< chain[chain].rule[rule], from the explicit rule with index from (SIZE_MAX: none) */
};
struct nft_object {
	enum nft_object_kind kind;
	size_t set, first, chain, rule, from;
};

/** Netlink messages that replace the own table, without the frame of a transaction. Release with nft_batch_fini(). */
struct nft_batch {
	const struct own_table *table; /**< what it was made from; borrowed, NULL: it removes the table */
	uint8_t *bytes;
	size_t len;
	struct nft_object *object; /**< object[k] is of message k */
	size_t n;
};
void nft_batch_fini(struct nft_batch *batch);

/**
 * Encode the own table as the messages that put it in place of `inet portcullis`, whatever is there; t NULL: that remove it.
 * A rule that logs and decides becomes two of the kernel's: its matches, limit and log; its matches, counter and verdict.
 * A match on an address or ICMP type comes behind its family (and protocol), which is put in where the rule does not ask it.
 *
 * @return 0, or -1: ERR_LIMIT (a comment, prefix or name that the kernel does not keep; more than NFT_BATCH_MAX or
 *         NFT_BATCH_WORK, the rest is for check to say), ERR_UNSUPPORTED (a match, verdict or hook that an own table has
 *         not). out is empty on failure.
 */
int nft_encode_table(const struct own_table *t, struct nft_batch *out, struct error *err) MUST_USE;

/**
 * A replacement in two transactions. The kernel may show elements of a set only behind the rules of the transaction that has
 * them: for some milliseconds packets would meet rules whose sets are empty. Release with nft_exchange_fini().
 */
struct nft_exchange {
	struct nft_batch first; /**< adds the sets that are not there by name; len 0: there are none */
	struct nft_batch second; /**< other rules, in the same chains; sets that both have stay, with their counters */
	struct nft_batch withdrawal; /**< instead of second: takes out again what first added; len 0: nothing */
};
/**
 * Make an exchange of two batches of nft_encode_table() that put a table in place.
 *
 * @param old   what the kernel has, and nothing else in that table: bytes as they were kept suffice.
 * @param next  what it is to have; next->table is that of first and second. Sets of the same name have the same content
 *              (OWN_SET_DIGEST).
 * @return 0, or -1: ERR_FORMAT (one of them is no such batch), ERR_LIMIT (more than NFT_BATCH_MAX). out is empty on failure.
 */
int nft_batch_exchange(const struct nft_batch *old, const struct nft_batch *next, struct nft_exchange *out,
        struct error *err) MUST_USE;
void nft_exchange_fini(struct nft_exchange *x);

/** What the kernel said to a batch. */
struct nft_answer {
	uint32_t generation; /**< of a replace that was done: the id of this very transaction */
	bool refused; /**< by the kernel: message says which, the rest what */
	size_t message; /**< batch->n: the transaction as a whole */
	size_t element; /**< of elements: which of the set; SIZE_MAX: not known */
	int number; /**< errno */
	char reason[128]; /**< the kernel's own words; mostly "" */
};

/** What replaces may hold the kernel with; more is refused before it sees anything (ERR_LIMIT). */
#define NFT_BATCH_MAX ((size_t)32 << 20)
#define NFT_BATCH_RULES ((size_t)20000)
#define NFT_BATCH_SETS ((size_t)4000)
#define NFT_BATCH_CHAINS ((size_t)16)
#define NFT_BATCH_ELEMENTS ((size_t)100000) /**< an interval of a set of one field is two */
#define NFT_BATCH_SEARCHES                                                                                             \
	((uint64_t)100000000) /**< sets that it passes by to find others by name: two or three seconds */
#define NFT_BATCH_WORK                                                                                                 \
	((uint64_t)8000000000) /**< bytes that it copies while concatenated sets grow: two or three seconds */

/** Is this the report of one transaction alone, the one with this generation id? (Of a replace: our own change.) */
bool nft_event_is(const struct nft_event *event, uint32_t generation);

struct own_set;

/** Counters of a table, as they were when it was dumped. Release with nft_counters_fini(). */
struct nft_counter {
	char *set; /**< without OWN_SET_DIGEST; NULL: of a rule */
	uint8_t key[64], key_end[64]; /**< of an element: bytes as the kernel keeps them, both inclusive */
	size_t len;
	char *chain; /**< of a rule */
	char *comment; /**< rules without one are left out; of an element it may be NULL */
	uint64_t packets, bytes;
};
struct nft_counters {
	struct nft_counter *counter; /**< sorted: rules by chain and comment, then elements by set and key */
	size_t n, cap;
	uint64_t table; /**< the kernel's handle of the table, which no other one ever has; 0: there is none */
};
void nft_counters_fini(struct nft_counters *c);
/**
 * Read the counters of `inet TABLE` from a dump's bytes. Counters of rules that have chain and comment in common are added up.
 *
 * @return 0, or -1 with ERR_FORMAT (bytes that are no netlink messages). What has no counter is passed over.
 */
int nft_counters_read(
        const uint8_t *bytes, size_t len, const char *table, struct nft_counters *out, struct error *err) MUST_USE;
/** Let a table go on counting where the same elements (of a set of that name) and rules (of that chain and comment) were. */
void nft_counters_apply(const struct nft_counters *c, struct own_table *t);
/**
 * The same of messages that nft_encode_table() made earlier. Elements of sets of one field that are intervals begin as the
 * messages say.
 */
void nft_counters_renew(const struct nft_counters *c, uint8_t *bytes, size_t len);
/**
 * The ranges of an element's key, whose set has these fields (all of a table's own, none a number in host order).
 *
 * @return false: that is not what its key has.
 */
bool nft_counter_key(const struct nft_counter *c, const enum rs_field *field, size_t n, struct range *out);

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
	/**
	 * Would the kernel take the batch? Nothing changes, as with `nft -c`. NULL: this one cannot.
	 *
	 * @return 0, or -1: ERR_INVALID (answer->refused: the error names the object and what the kernel has against it),
	 *         ERR_UNSUPPORTED (refused: the kernel lacks what it needs), ERR_LIMIT, ERR_DENIED, ERR_IO, ERR_UNAVAILABLE.
	 */
	int (*check)(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err);
	/**
	 * Do it, in one transaction: all of it or nothing. NULL: this one cannot.
	 *
	 * @return as check. After ERR_IO and ERR_UNAVAILABLE it may have been done all the same: read the ruleset.
	 */
	int (*replace)(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err);
	/**
	 * The connections that the kernel tracks as netlink messages, not decoded; *bytes is the caller's, NULL when there are
	 * none. ERR_UNSUPPORTED: the kernel does not tell. NULL in a fake: none are tracked.
	 */
	int (*connections)(void *self, uint8_t **bytes, size_t *len, struct error *err);
	/**
	 * Take exactly these out of the kernel's table: by first packet, zone and id, so that another connection of the same
	 * addresses stays. What is not there any more is nobody's fault. NULL: this one cannot.
	 *
	 * @param ended  how many were there, also on failure.
	 * @return 0, or -1: ERR_IO, ERR_DENIED, ERR_UNAVAILABLE, ERR_UNSUPPORTED; some of them may have ended.
	 */
	int (*connections_end)(
	        void *self, const struct connection *connection, size_t n, size_t *ended, struct error *err);
};

void nft_dump_fini(struct nft_dump *dump);
/**
 * A dump as a model, with the names of iptables-legacy tables and IPsec policies.
 *
 * @param bytes  the dump itself, release with nft_dump_fini(); NULL: it is not wanted.
 * @return 0, or -1 as ops->dump() and ruleset_parse_netlink().
 */
int nft_ruleset(const struct nft_ops *ops, struct nft_dump *bytes, struct ruleset **out, struct error *err) MUST_USE;
void nft_event_fini(struct nft_event *event);
/**
 * The connections that the kernel tracks; none where it tracks none.
 *
 * @return 0, or -1 as ops->connections() and connections_parse().
 */
int nft_connections(const struct nft_ops *ops, struct connections *out, struct error *err) MUST_USE;

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
