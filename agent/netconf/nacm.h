#ifndef PORTCULLIS_NETCONF_NACM_H
#define PORTCULLIS_NETCONF_NACM_H

#include <libyang/libyang.h>
#include <stdbool.h>
#include <stddef.h>

#include "portcullis/error.h"

/*
 * Access control (RFC 8341): the rules of a configuration, compiled once and shared, and what they say to one user. Pure:
 * no I/O, no clock. Trees that are given here are the caller's own, or are not changed while it runs.
 */

enum nacm_op { NACM_CREATE, NACM_READ, NACM_UPDATE, NACM_DELETE, NACM_EXEC, NACM_OPS };

/** Rules; immutable and reference-counted. */
struct nacm;

/**
 * Compile the container nacm of a valid configuration; a copy is kept.
 *
 * A rule that names a module or a node that this device does not have matches nothing.
 *
 * @param nacm  NULL, or without anything that was set: the shipped rules take its place.
 */
struct nacm *nacm_compile(const struct ly_ctx *ctx, const struct lyd_node *nacm);
struct nacm *nacm_ref(struct nacm *nacm);
void nacm_unref(struct nacm *nacm);

struct nacm_user {
	const char *name;
	bool recovery; /**< an emergency recovery session (RFC 8341 section 3.3.3): nothing is asked of it */
	const char *const *group; /**< groups outside of the configuration */
	size_t n_group;
};

/** What the rules say to a user. It remembers what it was asked: one thread at a time. */
struct nacm_view;

/** @param nacm  a reference of the view's own is taken. */
struct nacm_view *nacm_view_new(struct nacm *nacm, const struct nacm_user *user);
void nacm_view_free(struct nacm_view *view);
/** The rules that it was made of; borrowed. */
const struct nacm *nacm_view_rules(const struct nacm_view *view);
/** May the user do everything? Then nothing else need be asked. */
bool nacm_permits_all(const struct nacm_view *view);
/** RFC 8341 section 3.4.4. */
bool nacm_executes(const struct nacm_view *view, const struct lysc_node *rpc);
/** Section 3.4.6. */
bool nacm_notifies(struct nacm_view *view, const struct lysc_node *notification);
/** Section 3.4.5, of the node alone: whoever may not read what is above it does not get it either. */
bool nacm_permits(struct nacm_view *view, const struct lyd_node *node, enum nacm_op op);
struct acm_path;
/** Is the node that is, or was, at this place readable, with all above it? The path has every key on the way. */
bool nacm_reads_path(struct nacm_view *view, const struct acm_path *path);
/** Is every instance of this node, of what is above it and of what is below it readable? */
bool nacm_reads_all(struct nacm_view *view, const struct lysc_node *node);
/** Is everything below the instances of this node readable that it has? */
bool nacm_reads_below(struct nacm_view *view, const struct lysc_node *node);

/**
 * Take out of *tree what may not be read, with all below it; a list entry of which a key may not be read goes as a whole.
 *
 * @return whether there was any.
 */
bool nacm_prune(struct nacm_view *view, struct lyd_node **tree);
/** Is a node readable, as far as it and, of an entry of a list, its keys are asked? */
bool nacm_reads(struct nacm_view *view, const struct lyd_node *node);
/** Say that he may not. @return -1, ERR_DENIED with the path of the node, as far as he may read it. */
int nacm_deny(struct nacm_view *view, const struct lyd_node *node, enum nacm_op op, struct error *err);
/**
 * May the user make `after` of `before`? Only what was set counts: defaults and containers without presence are always
 * there. An entry of a list that the user orders is updated when it changes its place.
 *
 * @return 0, or -1 with ERR_DENIED and the path of the first node that he may not create, update or delete; of one that
 *         he may not read, only the readable part of its path.
 */
int nacm_may_write(struct nacm_view *view, const struct lyd_node *before, const struct lyd_node *after,
        struct error *err) MUST_USE;

#endif
