#ifndef PORTCULLIS_NETCONF_FILTER_H
#define PORTCULLIS_NETCONF_FILTER_H

#include <libyang/libyang.h>
#include <stdbool.h>

#include "portcullis/error.h"

/* The filter of get and get-config: RFC 6241 sections 6 (subtree) and 8.9 (XPath). */

struct filter {
	enum { FILTER_NONE, FILTER_SUBTREE, FILTER_XPATH } kind;
	const struct lyd_node *subtree; /**< first child of <filter>; borrowed from the rpc */
	const char *xpath; /**< borrowed from the rpc */
	struct ly_set *result, *touched; /**< schema nodes that the expression gives and walks over */
};

/** @param rpc the get or get-config. @return 0, or -1: ERR_INVALID (no such type, bad expression). */
int filter_init(struct filter *f, const struct ly_ctx *ctx, const struct lyd_node *rpc, struct error *err) MUST_USE;
void filter_fini(struct filter *f);
/**
 * May the filter select anything at or below this schema node?
 *
 * @param node  top-level or second-level node; NULL: no.
 */
bool filter_wants(const struct filter *f, const struct lysc_node *node);
/** Take out of *tree what is not selected. */
int filter_apply(const struct filter *f, const struct ly_ctx *ctx, struct lyd_node **tree, struct error *err) MUST_USE;

#endif
