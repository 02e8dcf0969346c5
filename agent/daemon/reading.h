#ifndef PORTCULLIS_DAEMON_READING_H
#define PORTCULLIS_DAEMON_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "portcullis/nft.h"
#include "portcullis/ruleset.h"

/*
 * How the monitor comes to the kernel's ruleset: a full dump where nothing is known or something is in doubt, else what
 * the events say.
 */
struct reading;

/** nft is borrowed. */
struct reading *reading_new(const struct nft_ops *nft);
void reading_free(struct reading *r);

/** Take in what the kernel said. Lost events, or none that can be followed, make a full dump due. */
void reading_event(struct reading *r, const struct nft_event *event);
/** Interfaces came, went or were renamed: what follows them is read again. */
void reading_interfaces(struct reading *r);
/** A full dump is due at the next reading. why: static. */
void reading_doubt(struct reading *r, const char *why);

/**
 * The ruleset of now.
 *
 * @param out  release with ruleset_free(); NULL on failure.
 * @return 0, or -1: the kernel cannot be read, or what it says cannot; it is tried again at the next call.
 */
int reading_ruleset(struct reading *r, struct ruleset **out, struct error *err) MUST_USE;

/** Is a look without an event called for: elements that come and go in silence, tables of iptables-legacy that did. */
bool reading_look(struct reading *r);

struct reading_counts {
	uint64_t dumps; /**< full ones */
	uint64_t doubts; /**< of these, because of events that were lost or could not be followed */
	uint64_t followed; /**< readings without a dump */
};
struct reading_counts reading_counts(const struct reading *r);

#endif
