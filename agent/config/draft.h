#ifndef CONFIG_DRAFT_H
#define CONFIG_DRAFT_H

#include "config/version.h"

/**
 * A version that is being made from another: what is looked at to be changed is taken out of the old one as a copy, the rest
 * stays. libyang 2 keeps no index of the siblings at the top: here is one.
 */
struct draft {
	const struct model *model;
	struct version *base;
	unsigned char *state; /* of each part of base */
	struct lyd_node *root; /**< the nodes that were taken out and those that are new, in any order; NULL: none */
	struct slot *slot;
	size_t n_slot, n_used; /* slots; slots that are or were taken */
};

/** base: borrowed for as long as the draft lives; NULL: from nothing. */
void draft_init(struct draft *d, const struct model *model, struct version *base);
void draft_fini(struct draft *d);
/** The node like this one, taken out; NULL: there is none. */
struct lyd_node *draft_find(struct draft *d, const struct lyd_node *like);
/** The node of this schema, of which there is one at most. */
struct lyd_node *draft_find_schema(struct draft *d, const struct lysc_node *schema);
/** A new node; there must be none like it. Takes it over. */
void draft_insert(struct draft *d, struct lyd_node *node);
/** One that draft_find() gave: unlinks and frees it. */
void draft_remove(struct draft *d, struct lyd_node *node);
/** Nothing of base stays. */
void draft_clear(struct draft *d);
/** Take out a part of base, by its index. */
struct lyd_node *draft_take_out(struct draft *d, size_t i);

/** Validate against the model and add what is implicit: only what was taken out, where the model allows that. */
int draft_validate(struct draft *d, struct error *err) MUST_USE;
/** Add what is implicit and no more. */
int draft_complete(struct draft *d, struct error *err) MUST_USE;
/** The parts of base that are not there any more or were taken out: copies, which the caller frees. */
struct lyd_node *draft_before(const struct draft *d);
/** The version that it is now; the draft is empty afterwards. valid: it was validated. */
struct version *draft_version(struct draft *d, bool valid);
/** All nodes, in order; the draft is empty afterwards. Only of one without base. */
struct lyd_node *draft_tree(struct draft *d);

#endif
