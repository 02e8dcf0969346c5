#ifndef PORTCULLIS_CONFIG_DATASTORE_H
#define PORTCULLIS_CONFIG_DATASTORE_H

#include <libyang/libyang.h>

#include "config/retired.h"
#include "portcullis/config.h"
#include "portcullis/text.h"

/* What the files of this room share, and what netconf/ may use of it: everything here speaks libyang. */

/* context.c */

/** Turn libyang's last error on this thread into *err and forget it; where NULL: libyang's own path. @return -1. */
int context_error(const struct ly_ctx *ctx, enum error_code code, const char *where, struct error *err);
/** Append a message of libyang's with the value that it echoes cut to 200 bytes. */
void context_message(struct text *out, const char *message);
/** Is there such an rpc, in a module that is implemented? */
bool context_has_rpc(const struct ly_ctx *ctx, const char *ns, const char *name);
/** Make the context of the server: every module of it implemented. */
int context_server_new(const char *yang_dir, struct ly_ctx **out, struct error *err) MUST_USE;

/* remedy.c */

/** Append to the message about a value what would be one ("; use true or false"). @param schema  its leaf, or NULL. */
void remedy_of_value(struct text *out, const struct lysc_node *schema);
/** An error about too few entries, or a leaf that has to be there, says where they are missing. @param root  what was validated. */
void remedy_few(const struct ly_ctx *ctx, const struct lyd_node *root, struct error *err);

/* attributes.c */

/** The first attribute of an edit that is unknown or has no fitting value. @return 0: there is none; or -1. */
int attributes_check(const struct ly_ctx *ctx, const char *xml, struct error *err) MUST_USE;

/* tree.c */

/** Add a node at the end of a top level, wherever libyang would put it; NULL adds nothing. */
void tree_append(struct lyd_node **first, struct lyd_node *node);
/** A whole copy with flags, in linear time. */
struct lyd_node *tree_dup(const struct lyd_node *root);
/** The tree as JSON (RFC 7951) in one line, "{}" when empty; the caller frees it. */
int tree_print(const struct lyd_node *root, char **out, struct error *err) MUST_USE;
/** Parse JSON in any order; *out is not validated. */
int tree_parse(const struct ly_ctx *ctx, const char *json, struct lyd_node **out, struct error *err) MUST_USE;
/** Validate against the model and add what is implicit. The top level holds no list entry twice. */
int tree_validate(const struct ly_ctx *ctx, struct lyd_node **root, struct error *err) MUST_USE;
/** The value of the first leaf of this name right below a node, or NULL. */
const char *tree_value(const struct lyd_node *parent, const char *name);
/** Path of a node, "" when out of memory; the caller frees it. */
char *tree_path(const struct lyd_node *node);

/* limits.c */

/** The limits that a tree sets, else the defaults of the model. Safe while others read the tree. */
void limits_read(const struct lyd_node *root, struct config_limits *out);

/* edit.c */

/**
 * Apply an edit (children of <config>) to a draft. What is wrong is left out, and the rest done all the same.
 *
 * @param access  what the user may know of what exists; NULL: everything.
 * @param faults  what is wrong is added to it, and unknown elements are among that; NULL: it is not wanted.
 * @return 0, or -1 with the first fault in *err; none is in faults where the edit could not be read at all.
 */
struct draft;
int edit_apply(struct draft *draft, const char *xml, enum edit_operation default_operation,
        const struct config_access *access, struct errors *faults, struct error *err) MUST_USE;

/* edit_parse.c */

/**
 * Parse an edit into data and opaque nodes, keeping the order of the document at the top.
 *
 * @param lenient  unknown elements become opaque nodes too.
 */
int edit_parse(
        const struct ly_ctx *ctx, const char *xml, bool lenient, struct lyd_node **out, struct error *err) MUST_USE;
/** Parse elements for a context that has no modules. @return 0, or -1: it is not well-formed. */
int edit_parse_opaque(const struct ly_ctx *empty, const char *xml, struct lyd_node **out) MUST_USE;
/** What is wrong with a node that fits no schema node or has no fitting value. @return -1. */
int edit_opaque_error(const struct lyd_node *node, struct error *err);
/** Path of an opaque node, for which lyd_path() says "*"; the caller frees it. */
char *edit_opaque_path(const struct lyd_node *node);
/** Schema node of an opaque node, or NULL. */
const struct lysc_node *edit_opaque_schema(const struct lyd_node *node);

/* site.c */

/** The site of a valid tree; missing ids are 0 and the order is that of the tree. */
int site_build(const struct lyd_node *root, struct site **out, struct error *err) MUST_USE;

/* ids.c */

/**
 * Give every group, deployment and zone without an id the one of `before`, else the one that it had once, else one derived
 * from its name; then sort.
 *
 * @param before   the site until now, or NULL. An id that differs from it is refused (ERR_INVALID).
 * @param retired  ids that were others' once, or NULL; to be given one of them, or one that goes with this change, is
 *                 refused (ERR_INVALID).
 */
int ids_derive(struct site *site, const struct site *before, const struct retired *retired, struct error *err) MUST_USE;
/** site_build() and ids_derive(). */
int ids_site(const struct lyd_node *root, const struct site *before, const struct retired *retired, struct site **out,
        struct error *err) MUST_USE;
/** Ids whose owners are gone with this change, for retired_join(). */
void ids_retire(const struct site *before, const struct site *after, struct retired *out);
/** Is it a group, a deployment or a zone that has no id yet? */
bool ids_is_missing(const struct lyd_node *entry);
/** Store the ids of the site in nodes that it was built from and that have none. */
int ids_store(struct lyd_node *root, const struct site *site, struct error *err) MUST_USE;

/* datastore.c */

bool datastore_is_empty(const struct config *c);
/** False: the journal held a configuration and could not be read. */
bool datastore_is_known(const struct config *c);
/** Make *root running, if running is still empty, as the daemon's own commit. Uses *root up. */
int datastore_init(struct config *c, struct lyd_node **root, const char *file, struct error *err) MUST_USE;

#endif
