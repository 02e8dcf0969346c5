#ifndef USAGE_READING_H
#define USAGE_READING_H

#include "portcullis/usage.h"

/** What counters of the own table say, without since when: count.since is 0. One reference. */
struct usage_reading *usage_reading_new(const struct nft_counters *c);
/** Of an explicit rule, as usage_box.id. */
uint64_t usage_rule_id(const struct usage_rule *rule);

#endif
