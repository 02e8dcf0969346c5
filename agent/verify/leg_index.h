#ifndef VERIFY_LEG_INDEX_H
#define VERIFY_LEG_INDEX_H

#include "verify/leg.h"

/** Questions that were asked, each once, with a number: an open-addressed hash table. Start with {0}. */
struct leg_index {
	struct leg_key *key;
	size_t n, cap;
	uint32_t *slot; /**< number + 1; 0: free */
	size_t n_slot;
};

/** The question's number; where *is_new, one that was not asked before. */
size_t leg_index_find(struct leg_index *x, const struct leg_key *key, bool *is_new);
/** From here on nothing was asked. */
void leg_index_forget(struct leg_index *x);
void leg_index_fini(struct leg_index *x);

#endif
