#ifndef VERIFY_TRACE_H
#define VERIFY_TRACE_H

#include "verify/engine.h"

/** Records one walk of a single packet as steps; the steps go into `trace`, which must be zero at first. */
struct recorder {
	const struct engine *e;
	const struct packet_set *set; /**< a point */
	struct trace *trace;
	bool inside; /**< the connection's own destination NAT was told */
	size_t missed; /**< rules of a long chain that did not match, not yet told */
	size_t missed_chain, missed_rule; /**< where the first of them stands */
	bool cut;
};

/** engine_run()'s trace function; ctx is a recorder. */
void trace_record(void *ctx, enum trace_event event, size_t chain, size_t rule, const char *what);
/** Tell what is still kept back; after the walk. */
void trace_flush(struct recorder *r);

#endif
