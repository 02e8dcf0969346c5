#ifndef VERIFY_FLOW_INDEX_H
#define VERIFY_FLOW_INDEX_H

#include "verify/difference.h"

/* Flows by where their packets are, so that what a changed rule cannot concern need not be looked at. */
struct flow_index;

/** Of flows that stay as they are until flow_index_free(). */
struct flow_index *flow_index_new(const struct flows *flows);
void flow_index_free(struct flow_index *x);
/** Set touched[i] for each flow that a region of the difference may concern; it may also concern none of its packets. */
void flow_index_touch(struct flow_index *x, const struct difference *d, bool *touched);

#endif
