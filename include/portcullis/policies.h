#ifndef PORTCULLIS_POLICIES_H
#define PORTCULLIS_POLICIES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/network.h"
#include "portcullis/range.h"

/* The kernel's IPsec policies: which packets it wants in a tunnel or protected, and which come or leave so. */

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
	bool sub; /**< one of a second list, which the kernel puts together with the first (XFRM_POLICY_TYPE_SUB) */
	uint32_t priority, index, mark, mark_mask, if_id;
	struct ipsec_template template[IPSEC_MAX_TEMPLATES];
	size_t n_template; /**< 0: lets pass what it catches, without IPsec */
};

/** What the kernel has, shared by readers; or why it is not known. */
struct ipsec_policies {
	atomic_int refs;
	struct ipsec_policy *policy; /**< in the order in which the kernel looks: priority, then age */
	size_t n, cap;
	uint32_t
	        n_association; /**< security associations (SAs) that exist; what they are is not asked: they hold keys */
	char *unreadable; /**< NULL: they were read */
};

/**
 * Decode a dump of policies (XFRM_MSG_NEWPOLICY messages, and one XFRM_MSG_NEWSADINFO; lengths are checked).
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
/** What `read` gives as bytes (nft_ops->policies), decoded, or why it cannot be read; one reference. */
struct ipsec_policies *ipsec_policies_read(
        int (*read)(void *self, uint8_t **bytes, size_t *len, struct error *err), void *self);
struct ipsec_policies *ipsec_policies_ref(struct ipsec_policies *p);
void ipsec_policies_unref(struct ipsec_policies *p); /**< NULL is fine */
/** The same policies in the same order, and associations for both or for none; NULL: not known. */
bool ipsec_policies_same(const struct ipsec_policies *a, const struct ipsec_policies *b);
/** In words of ip-xfrm(8): "dir fwd src 10.0.0.0/8 dst 10.1.0.0/16 proto udp priority 100 esp transport reqid 1". */
char *ipsec_policy_print(const struct ipsec_policy *p);

#endif
