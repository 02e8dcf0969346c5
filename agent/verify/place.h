#ifndef VERIFY_PLACE_H
#define VERIFY_PLACE_H

#include "portcullis/flow.h"

/** A flow that is to be verified, by where it leads: what lies near each other meets the same rules. */
struct place {
	uint64_t key;
	uint32_t flow;
};

struct place place_of(const struct flows *flows, size_t i);
/** By where they lead, then as they come. */
void places_sort(struct place *place, size_t n);

#endif
