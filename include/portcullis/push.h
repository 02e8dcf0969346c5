#ifndef PORTCULLIS_PUSH_H
#define PORTCULLIS_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/flow.h"
#include "portcullis/network.h"
#include "portcullis/verify.h"

/* A change of the configuration on its way into the kernel: what it may not do, and what becomes of it. */

/** Where two rulesets meet the same site. */
struct plane_input {
	const struct site *now, *then; /**< peers of either must reach the device as far as they do now */
	const struct network *net;
	const struct ruleset *ruleset_now, *ruleset_then;
	const struct flow_peer *session; /**< who asks for the change; NULL: nobody from elsewhere */
	int64_t time; /**< seconds since 1970, for assumptions that end */
};

/**
 * May a peer of the management plane, or the session, no longer do what it can do now?
 *
 * @return 0: nobody; or -1 with ERR_DENIED: the flow, a packet and the rule that would stop it; ERR_LIMIT, ERR_INVALID as
 *         flows_of_management() and verify_flows(). What cannot be told about `then` counts as cut, unless it cannot be
 *         told now either.
 */
int plane_check(const struct plane_input *in, struct error *err) MUST_USE;

#endif
