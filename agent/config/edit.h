#ifndef CONFIG_EDIT_H
#define CONFIG_EDIT_H

#include <libyang/libyang.h>
#include <stdbool.h>

#include "portcullis/config.h"

/* What the files of edits share: edit.c, edit_access.c, edit_parse.c. */

enum op { OP_MERGE, OP_REPLACE, OP_CREATE, OP_DELETE, OP_REMOVE, OP_NONE };

/* edit_parse.c */

/** The value of an attribute, or NULL. */
const char *edit_meta(const struct lyd_node *node, const char *module, const char *name);
/** The operation of a node: its own, or the one that it inherits. @return false: it is none of the protocol's. */
bool edit_operation(const struct lyd_node *node, enum op inherited, enum op *out);

/* edit_access.c */

/**
 * Refuse what the user may not do whether the nodes are there or not, before anything is looked up.
 *
 * @param edit  first of its nodes; NULL: none.
 * @param op    what those do that do not say.
 * @return 0, or -1 with ERR_DENIED. What is permitted in some states of the datastore is asked when it is known what changes.
 */
int edit_access_check(
        const struct lyd_node *edit, enum op op, const struct config_access *access, struct error *err) MUST_USE;

#endif
