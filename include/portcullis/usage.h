#ifndef PORTCULLIS_USAGE_H
#define PORTCULLIS_USAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/firewall.h"
#include "portcullis/journal.h"
#include "portcullis/nft.h"
#include "portcullis/verify.h"

/*
 * What went through the own table: its counters as the kernel has them, and since when each has been counted without a
 * break. A break is a start of the device, a table that somebody else put there, and a counter that is smaller than it was.
 */

struct usage_count {
	uint64_t packets, octets;
	int64_t since; /**< seconds since 1970 */
};

/** Packets of required flows that the table lets in together. */
struct usage_box {
	uint64_t id; /**< the same as long as its packets are the same */
	enum path path;
	enum family family;
	uint8_t proto;
	bool ports; /**< it has some; else it is of echo requests */
	struct box box;
	char *comment; /**< what the kernel has with it, or NULL */
	struct usage_count count;
};

/** An explicit rule; what it became in the kernel counts together. */
struct usage_rule {
	char *name;
	struct usage_count count;
};

/** As it was read at one moment; nobody changes it. */
struct usage_reading {
	atomic_int refs;
	int64_t time; /**< seconds since 1970 */
	bool present; /**< the kernel has the table */
	struct usage_box *box; /**< by path, IPv4 first, protocol and addresses */
	size_t n_box;
	struct usage_rule *rule; /**< by name */
	size_t n_rule;
};
struct usage_reading *usage_reading_ref(struct usage_reading *r);
void usage_reading_unref(struct usage_reading *r); /**< NULL is fine */
/** NULL: the kernel has no such rule. */
const struct usage_rule *usage_rule_find(const struct usage_reading *r, const char *name);

/** Keeps count. Safe from any thread. */
struct usage;

struct usage_parts {
	struct nft_ops nft;
	struct journal *journal; /**< NULL: nothing outlives the agent */
	const char *boot; /**< which start of the device this is; NULL: as the kernel says */
	int64_t (*clock_ms)(void); /**< clock_monotonic_ms(), or a test's */
	int64_t (*wall_s)(void); /**< clock_wall_s(), or a test's */
};

struct usage *usage_new(const struct usage_parts *parts);
void usage_free(struct usage *u);

/**
 * The counters of now: at most a second old, or four times as long as the kernel took to give them. Where the agent has put
 * no table into the kernel, that is not asked.
 *
 * @param out  release with usage_reading_unref().
 * @return 0, or -1: the kernel cannot be read (as ops->dump()), *out is NULL.
 */
int usage_get(struct usage *u, struct usage_reading **out, struct error *err) MUST_USE;

/* For who replaces the table. From begin to end nobody else counts: both have to be called. */

/** @param before  what the kernel has, or had a moment ago; NULL: that is not known, and what there was has an end. */
void usage_begin(struct usage *u, const struct nft_counters *before);
/** @param after  what it has now; NULL: that could not be read. */
void usage_end(struct usage *u, const struct nft_counters *after);

#endif
