#ifndef PORTCULLIS_NETCONF_FILTER_H
#define PORTCULLIS_NETCONF_FILTER_H

#include <libyang/libyang.h>
#include <stdbool.h>

#include "netconf/filter_path.h"
#include "portcullis/error.h"

/* The filter of get, get-config and get-data: RFC 6241 sections 6 (subtree) and 8.9 (XPath), RFC 8526. */

struct filter {
	enum { FILTER_NONE, FILTER_SUBTREE, FILTER_XPATH } kind;
	const struct lyd_node *subtree; /**< first child of <filter>; borrowed from the rpc */
	const char *xpath; /**< borrowed from the rpc */
	char *evaluated; /**< the expression as it is evaluated */
	struct ly_set *result, *touched; /**< schema nodes that the expression gives and walks over */
	struct filter_path *path; /**< the expression, where it is made of plain paths; else NULL */
	size_t n_path;
};

/** @param rpc the get, get-config or get-data. @return 0, or -1: ERR_INVALID (no such type, bad expression). */
int filter_init(struct filter *f, const struct ly_ctx *ctx, const struct lyd_node *rpc, struct error *err) MUST_USE;
void filter_fini(struct filter *f);
/**
 * May the filter select anything at or below this schema node?
 *
 * @param node  top-level or second-level node; NULL: no.
 */
bool filter_wants(const struct filter *f, const struct lysc_node *node);

/** How much of a node's instances a filter selects, as far as the schema node tells. */
enum filter_extent { FILTER_NOTHING, FILTER_PART, FILTER_WHOLE };
/** @param node second-level node. FILTER_PART when it cannot be told. */
enum filter_extent filter_extent(const struct filter *f, const struct lysc_node *node);

/** Most alternatives that filter_terms() gives. */
#define FILTER_ALTERNATIVES 1000u
/**
 * What the filter asks of the leaves of a list's entries.
 *
 * @param list  second-level node.
 * @param out   alternatives, n of them: an entry that meets all terms of none of them is not selected. One that does
 *              may still not be. The caller frees it; values are borrowed from the filter.
 * @return false: nothing can be said, any entry may be selected; *out is NULL.
 */
bool filter_terms(const struct filter *f, const struct lysc_node *list, struct filter_terms **out, size_t *n);

/** Does it select anything of a tree? Marks nodes. @return 0, or -1: the expression cannot be evaluated on it. */
int filter_selects(const struct filter *f, const struct ly_ctx *ctx, struct lyd_node *tree, bool *selects,
        struct error *err) MUST_USE;
/** Take out of *tree what is not selected. */
int filter_apply(const struct filter *f, const struct ly_ctx *ctx, struct lyd_node **tree, struct error *err) MUST_USE;
/** The same, with so many levels left of each selected node; 0: all. */
int filter_apply_depth(const struct filter *f, const struct ly_ctx *ctx, unsigned depth, struct lyd_node **tree,
        struct error *err) MUST_USE;

#endif
