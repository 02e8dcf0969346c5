#ifndef PORTCULLIS_PLANE_H
#define PORTCULLIS_PLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/conformance.h"
#include "portcullis/error.h"
#include "portcullis/flow.h"
#include "portcullis/network.h"
#include "portcullis/ruleset.h"

/* The management plane before and after a change: whom it would cut off from the device. Pure. */

/** Where two rulesets meet the same device. */
struct plane_input {
	const struct site *now, *then; /**< peers of either must reach the device as far as they do now */
	const struct network *net; /**< of the device */
	const struct ruleset *ruleset_now, *ruleset_then;
	const struct flow_peer *session; /**< who asks for the change; NULL: nobody from elsewhere */
	int64_t time; /**< seconds since 1970, for assumptions that end */
};

/** A peer at one address of the device, of whose packets some pass now and would not then. */
struct plane_loss {
	const struct flow *flow;
	const struct finding *now, *then;
};

#define PLANE_LISTS 2 /**< peers of now with the session; peers of then */

struct plane_report {
	struct plane_loss *loss; /**< peers of now first, each once; borrows from the lists below */
	size_t n, cap;
	struct flows flows[PLANE_LISTS];
	struct findings now[PLANE_LISTS], then[PLANE_LISTS];
};

/**
 * Whom does the change cut off? Peers of management-access and the session that can no longer do what they can do now. What
 * cannot be told about `then` counts as cut, unless it cannot be told now either.
 *
 * @param out  release with plane_report_fini(); empty on failure.
 * @return 0, or -1 with ERR_UNAVAILABLE: there are peers, and the network is not known; ERR_LIMIT, ERR_INVALID as flows_of_management() and verify_flows().
 */
int plane_judge(const struct plane_input *in, struct plane_report *out, struct error *err) MUST_USE;
void plane_report_fini(struct plane_report *r);

/**
 * May it be done, as far as the management plane goes?
 *
 * @return 0: nobody is cut off; or -1 with ERR_DENIED: the first one, a packet and the rule that would stop it; else as
 *         plane_judge().
 */
int plane_check(const struct plane_input *in, struct error *err) MUST_USE;

#endif
