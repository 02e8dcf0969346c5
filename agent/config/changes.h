#ifndef CONFIG_CHANGES_H
#define CONFIG_CHANGES_H

#include <libyang/libyang.h>
#include <stdbool.h>

enum tree_operation {
	TREE_CREATE,
	TREE_DELETE,
	TREE_MODIFY, /**< another value of a leaf */
	TREE_MOVE /**< another place among the entries of a list that the user orders */
};

/**
 * One difference: a node with all that is below it.
 *
 * @param old  NULL: TREE_CREATE. @param new  NULL: TREE_DELETE.
 * @return false: no more are wanted.
 */
typedef bool tree_change(
        void *ctx, enum tree_operation operation, const struct lyd_node *old, const struct lyd_node *new);
/** Tell what differs between two trees of one context (the first of their siblings; NULL: empty). */
void tree_changes(const struct lyd_node *before, const struct lyd_node *after, tree_change *each, void *ctx);

#endif
