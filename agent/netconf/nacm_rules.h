#ifndef PORTCULLIS_NETCONF_NACM_RULES_H
#define PORTCULLIS_NETCONF_NACM_RULES_H

#include <stdatomic.h>

#include "config/acm_path.h"
#include "netconf/nacm.h"

/* Compiled rules, for the files of access control alone. Strings are those of the copied tree. */

enum nacm_kind { NACM_RULE_ANY, NACM_RULE_RPC, NACM_RULE_NOTIFICATION, NACM_RULE_DATA };

#define NACM_ALL_OPS ((1u << NACM_OPS) - 1)

struct nacm_rule {
	enum nacm_kind kind;
	const struct lys_module *module; /**< NULL: any */
	const char *name; /**< of the rpc or notification; NULL: any */
	struct acm_path path; /**< of data */
	unsigned ops; /**< bits 1 << enum nacm_op */
	bool permit;
};

struct nacm_list {
	const struct lyd_node *node; /**< its groups are read there */
	size_t first, n; /**< its rules */
};

struct nacm {
	atomic_int refs;
	const struct ly_ctx *ctx;
	struct lyd_node *tree;
	bool enabled, external; /**< enable-nacm, enable-external-groups */
	bool read, write, exec; /**< the defaults: permitted? */
	struct nacm_list *list;
	size_t n_list, cap_list;
	struct nacm_rule *rule;
	size_t n_rule, cap_rule;
};

/**
 * Find the rules that apply to a user, in order.
 *
 * @param out  the caller frees the array.
 * @return how many.
 */
size_t nacm_rules_of(const struct nacm *nacm, const struct nacm_user *user, const struct nacm_rule ***out);

#endif
