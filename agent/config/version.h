#ifndef CONFIG_VERSION_H
#define CONFIG_VERSION_H

#include <stdatomic.h>

#include "config/model.h"
#include "portcullis/deployment.h"

/**
 * A node at the top of a datastore with all below it, alone and never changed: versions that have it in common share it.
 * Duplicating and printing it is safe from several threads, searching in it is not.
 */
struct part {
	atomic_int refs;
	struct lyd_node *node;
	bool valid; /**< it fits the model, and has what is implicit */
	bool without_id; /**< ids_is_missing() */
	bool printed;
	char *json; /**< what version_print() needs of it, once printed; NULL: nothing of it is told */
	struct site *site; /**< what it alone says of the site, or NULL: nobody has asked yet */
};

/** A part in a version. */
struct held {
	struct part *part;
	uint32_t hash; /**< of the node */
	uint16_t place; /**< of its schema in the model */
	bool valid, without_id; /**< as the part's */
};

/** The content of a datastore, ordered by place; nobody changes it any more. */
struct version {
	atomic_int refs;
	struct held *held;
	size_t n, cap;
};

struct version *version_new(void);
struct version *version_ref(struct version *v);
void version_unref(struct version *v); /**< NULL: nothing */
/** While it is made: one more part, behind the others. The reference is the version's. */
void version_add(struct version *v, struct part *part, size_t place);
/** A part of a node that has no siblings. Takes the node over. */
struct part *part_new(struct lyd_node *node, bool valid);
struct part *part_ref(struct part *part);

/** A copy of all of it (the first of its siblings; NULL: empty); the caller frees it. */
struct lyd_node *version_tree(const struct version *v);
/** The first part of this schema, or NULL. */
const struct part *version_part(const struct version *v, size_t place);
/** Copies of the parts that only one of both has; the caller frees them. */
void version_difference(
        const struct version *before, const struct version *after, struct lyd_node **gone, struct lyd_node **come);

/** Whether a difference in a node at the top is of interest. */
typedef bool version_matters(const struct lysc_node *schema);
/** Has one of both a part that matters and the other has not? */
bool version_differs(const struct version *a, const struct version *b, version_matters *matters);

/** The tree as JSON (RFC 7951) in one line; the caller frees it. One thread at a time. */
int version_print(const struct model *m, const struct version *v, char **out, struct error *err) MUST_USE;
/**
 * The site that a valid version describes; missing ids are 0 and the order is that of the version. It holds the version.
 * The first time one thread at a time, then safe from all.
 */
int version_site(struct version *v, struct site **out, struct error *err) MUST_USE;

#endif
