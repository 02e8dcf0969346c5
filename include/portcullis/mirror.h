#ifndef PORTCULLIS_MIRROR_H
#define PORTCULLIS_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/ruleset.h"

/*
 * The kernel's nf_tables kept in step by its own events: a full dump fills it, each transaction's messages change it, and
 * the ruleset that follows is the one that a fresh dump would give. What the events leave in doubt is not guessed: the
 * mirror then knows nothing until the next dump.
 */
struct mirror;

struct mirror *mirror_new(void);
void mirror_free(struct mirror *m);

/**
 * Take a full dump for all there is.
 *
 * @param bytes  netlink messages as ruleset_parse_netlink() takes them; borrowed. Transactions up to its generation that
 *               are fed later are passed over.
 * @return 0, or -1 with ERR_FORMAT or ERR_LIMIT: the mirror knows nothing.
 */
int mirror_load(struct mirror *m, const void *bytes, size_t len, struct error *err) MUST_USE;

/**
 * Take event messages (NFNLGRP_NFTABLES), in their order; a transaction counts once its NFT_MSG_NEWGEN is there.
 *
 * @param bytes  may end inside a transaction, whose rest comes with the next call; borrowed; lengths are checked.
 * @return 0, or -1: a generation is missing, or a message does not fit what is known. The mirror then knows nothing, and
 *         a full dump is due; err says what it was.
 */
int mirror_feed(struct mirror *m, const void *bytes, size_t len, struct error *err) MUST_USE;

/** Forget everything: events were lost. */
void mirror_discard(struct mirror *m);
/** Is it in step with the kernel, as far as it was fed. */
bool mirror_is_known(const struct mirror *m);
/** Of the last transaction, or of the dump. */
uint32_t mirror_generation(const struct mirror *m);
/** Something is in it that changes without an event: elements that expire or that packets add, tables with an owner. */
bool mirror_is_silent(const struct mirror *m);
/** Something is in it that follows the network interfaces: chains and flowtables of devices. */
bool mirror_follows_devices(const struct mirror *m);

/** Network interfaces came, went or got other names: what names them by number is read anew. */
void mirror_interfaces_changed(struct mirror *m);

/** What is known as one dump; the caller frees it. NULL: nothing is known. */
uint8_t *mirror_bytes(const struct mirror *m, size_t *len);
/**
 * The ruleset: what ruleset_parse_netlink() makes of a fresh dump. What did not change since the last call is shared with
 * the ruleset that it gave.
 *
 * @param out  release with ruleset_free(); NULL on failure.
 * @return 0, or -1 with ERR_UNAVAILABLE (nothing is known) or an error of the reader.
 */
int mirror_ruleset(struct mirror *m, struct ruleset **out, struct error *err) MUST_USE;

/** How rulesets came about. */
struct mirror_counts {
	uint64_t in_part; /**< what had changed was decoded */
	uint64_t whole; /**< everything was */
	uint64_t parsed; /**< everything was, and the next time too */
};
struct mirror_counts mirror_counts(const struct mirror *m);

#endif
