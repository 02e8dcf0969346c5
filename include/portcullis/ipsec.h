#ifndef PORTCULLIS_IPSEC_H
#define PORTCULLIS_IPSEC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/deployment.h"
#include "portcullis/network.h"
#include "portcullis/verify.h"

/* The kernel's IPsec policies, and what they do to packets that a product wants exempted from IPsec. */

enum ipsec_direction { IPSEC_IN, IPSEC_OUT, IPSEC_FORWARD };
enum ipsec_mode { IPSEC_TRANSPORT, IPSEC_TUNNEL, IPSEC_OTHER_MODE };

#define IPSEC_MAX_TEMPLATES 6 /* XFRM_MAX_DEPTH */

struct ipsec_template {
	enum ipsec_mode mode;
	uint8_t proto; /**< 50 ESP, 51 AH, 108 IPComp */
	uint32_t reqid;
	bool optional;
	enum family family; /**< of the two addresses */
	u128 source, destination; /**< tunnel ends; 0 otherwise */
};

struct ipsec_policy {
	enum family family;
	struct range source, destination;
	uint8_t proto; /**< 0: any */
	struct range source_ports, ports;
	bool masked_ports; /**< a port mask that is no prefix: the ranges are around it */
	char ifname[IFNAME_SIZE]; /**< or "" for any */
	enum ipsec_direction direction;
	bool block;
	uint32_t priority, index, mark, mark_mask, if_id;
	struct ipsec_template template[IPSEC_MAX_TEMPLATES];
	size_t n_template; /**< 0: lets pass what it catches, without IPsec */
};

/** What the kernel has, shared by readers; or why it is not known. */
struct ipsec_policies {
	atomic_int refs;
	struct ipsec_policy *policy; /**< in the order in which the kernel looks: priority, then age */
	size_t n, cap;
	char *unreadable; /**< NULL: they were read */
};

/**
 * Decode a dump of policies (XFRM_MSG_NEWPOLICY messages; lengths are checked).
 *
 * @param out  one reference; give it back with ipsec_policies_unref().
 * @return 0, or -1 with ERR_FORMAT (message number and what) or ERR_LIMIT (more than 100,000).
 *
 * Policies of single sockets are left out: they speak of programs on this device. Interface indexes are named by
 * if_indextoname(3) in the caller's network namespace.
 */
int ipsec_parse(const void *bytes, size_t len, struct ipsec_policies **out, struct error *err) MUST_USE;
/** Policies that could not be read, and why. */
struct ipsec_policies *ipsec_unreadable(const char *why);
struct ipsec_policies *ipsec_policies_ref(struct ipsec_policies *p);
void ipsec_policies_unref(struct ipsec_policies *p); /**< NULL is fine */
/** In words of ip-xfrm(8): "dir fwd src 10.0.0.0/8 dst 10.1.0.0/16 proto udp priority 100 esp transport reqid 1". */
char *ipsec_policy_print(const struct ipsec_policy *p);

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
