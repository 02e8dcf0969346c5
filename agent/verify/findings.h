#ifndef VERIFY_FINDINGS_H
#define VERIFY_FINDINGS_H

#include "verify/difference.h"

/** What is asked of one leg of a flow, without the inside addresses of other legs. */
struct leg_key flow_leg_key(const struct flow *flow, size_t i);
/** @return 0, or -1 with ERR_LIMIT: too many flows. */
int findings_check(const struct flows *flows, struct error *err) MUST_USE;
struct flow_index;

/**
 * @param engine      of the ruleset; NULL when rs is.
 * @param difference  from the ruleset of the findings before, everything else being equal; NULL: all flows are verified.
 * @param index       of the flows, where there is a difference; NULL: each flow is compared with it.
 * @return how many flows were verified; the findings of the others are copies.
 */
size_t findings_find(struct engine *engine, const struct flows *flows, const struct ruleset *rs, const char *why,
        const struct difference *difference, struct flow_index *index, const struct findings *before,
        struct findings *out);

#endif
