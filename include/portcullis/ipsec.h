#ifndef PORTCULLIS_IPSEC_H
#define PORTCULLIS_IPSEC_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/deployment.h"
#include "portcullis/network.h"
#include "portcullis/policies.h"
#include "portcullis/verify.h"

/* What the kernel's IPsec policies do to packets that a product wants exempted from IPsec. */

enum ipsec_state {
	IPSEC_CLEAR, /**< this device is one of the two hosts, and none of its policies catches a packet */
	IPSEC_NOT_OBSERVABLE, /**< no policy here catches a packet; what the hosts do, only they know */
	IPSEC_TUNNELLED, /**< a tunnel of this device carries packets of it, which their hosts need not know */
	IPSEC_VIOLATED, /**< a policy of this device authenticates or encrypts between the hosts, or blocks */
	IPSEC_UNBOUND /**< no group is bound to one of its two ends, or its media range is not set */
};
const char *ipsec_state_name(enum ipsec_state s); /**< "not-observable", "carried-in-a-tunnel" */

const char *ipsec_transports(const struct ipsec_exemption *e); /**< "tcp, udp" */

/** What is known of one exemption of a deployment's product. */
struct ipsec_finding {
	const char *deployment; /**< borrowed from the site */
	const struct ipsec_exemption *exemption; /**< borrowed from the catalog */
	enum ipsec_state state;
	bool advisory; /**< rests on a correction of less than high confidence */
	char *policy; /**< ipsec_policy_print() of the one that decides, or NULL */
	bool has_witness;
	struct packet witness; /**< a packet that this policy catches */
	char *reason; /**< why nothing more is known, or NULL */
};
struct ipsec_findings {
	struct ipsec_finding *finding; /**< by deployment, then as the pack has them */
	size_t n, cap;
};

/**
 * Decide every exemption of every deployment (DESIGN: "Catalog", ipsec exemption). Pure.
 *
 * @param policies  NULL: not read yet.
 * @param net       whose addresses are this device's own.
 * @param out       borrows from site and catalog; release with ipsec_findings_fini().
 */
void ipsec_decide(const struct site *site, const struct catalog *catalog, const struct network *net,
        const struct ipsec_policies *policies, struct ipsec_findings *out);
void ipsec_findings_fini(struct ipsec_findings *f);

#endif
