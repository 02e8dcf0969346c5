#ifndef CONFIG_ACM_PATH_H
#define CONFIG_ACM_PATH_H

#include <libyang/libyang.h>

#include "portcullis/error.h"

/* The path of an access rule (RFC 8341, node-instance-identifier): schema nodes, and some of the keys on the way. */

/** A key of a list or the value of a leaf-list. */
struct acm_key {
	const struct lysc_node *node; /**< the key leaf, or the leaf-list */
	char *value; /**< canonical; NULL: the name of the user that is asked about */
};

struct acm_path {
	const struct lysc_node *node; /**< where it ends; NULL: "/", everything */
	struct acm_key *key; /**< sorted by node */
	size_t n_key;
};

/**
 * @param text  as libyang keeps it: module names as prefixes, inherited from step to step.
 * @param err   what is wrong with which path; err->where stays empty.
 * @return 0, or -1 with ERR_INVALID: it names no data node, or a value that the key cannot have. *out is empty then.
 */
int acm_path_parse(const struct ly_ctx *ctx, const char *text, struct acm_path *out, struct error *err) MUST_USE;
void acm_path_fini(struct acm_path *path);
/** Is every path of an access rule in this configuration one? @return 0, or -1 with ERR_INVALID and the rule's path. */
int acm_check(const struct lyd_node *root, struct error *err) MUST_USE;

#endif
