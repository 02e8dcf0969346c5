#ifndef CONFORMANCE_WHATIF_H
#define CONFORMANCE_WHATIF_H

#include "portcullis/whatif.h"

/* What the files of the comparison share. */

/** Cures are looked for until this much is used up. */
struct whatif_budget {
	size_t rules; /**< that may still be compiled */
};

/**
 * Openings of one list with packets that none of the other list has.
 *
 * @return how many of the first list are too many boxes to be compared: they are there if rule, hull and count are.
 */
size_t whatif_openings_beyond(const struct openings *list, const struct openings *other, struct whatif_openings *out);

/** Find what lets a flow pass on a ruleset on which it does not. */
void whatif_cure_find(const struct whatif_state *then, int64_t at, const struct flow *flow,
        const struct finding *finding, struct whatif_budget *budget, struct whatif_cure *out);
void whatif_cure_copy(struct whatif_cure *out, const struct whatif_cure *in);
void whatif_cure_fini(struct whatif_cure *c);

#endif
