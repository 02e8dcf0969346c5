#ifndef COMPILE_TABLE_H
#define COMPILE_TABLE_H

#include "portcullis/compile.h"
#include "portcullis/text.h"

/* The own table while it is made. */

/** Elements of all sets, and rules of all chains: replacing more would hold the kernel for longer than about two seconds. */
#define OWN_ELEMENTS_MAX 32768u
#define OWN_RULES_MAX 4096u
/** Packets that may be logged at once, whatever the rate: the default of nft. */
#define OWN_LOG_BURST 5u

size_t own_chain_add(struct own_table *t, const char *name, enum rs_hook hook);
/**
 * A set with these elements, which it takes over; one that has the same content already, and does not count, is used again.
 *
 * @param name  its name, where it is new, with a digest of its keys behind it (OWN_SET_DIGEST).
 */
size_t own_set_add(struct own_table *t, const char *name, struct own_set *take);
/** Takes the rule over. */
void own_rule_add(struct own_table *t, size_t chain, const struct own_rule *rule);
/** At most OWN_COMMENT_MAX bytes, cut between two characters; what would end nft's string is left out. */
char *own_comment(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** `field in range`. */
void own_match_range(struct own_rule *r, enum rs_field field, struct range range);
void own_match_bits(struct own_rule *r, enum rs_field field, uint64_t bits);
void own_match_set(struct own_rule *r, const struct own_table *t, size_t set);
/** `field in ranges`: a range where there is one, else a set of the name. */
void own_match_ranges(
        struct own_rule *r, struct own_table *t, enum rs_field field, const struct ranges *ranges, const char *name);
enum rs_field own_address_field(enum family f, bool source);

/** The keys of a set are written as ranges: every set but those of interface names, whose keys are exact. */
bool own_set_is_interval(const struct own_set *set);
/** Connection states as the kernel has them, of STATE_* bits. */
uint64_t own_states(unsigned states);

#endif
