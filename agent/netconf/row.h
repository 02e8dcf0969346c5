#ifndef PORTCULLIS_NETCONF_ROW_H
#define PORTCULLIS_NETCONF_ROW_H

#include <libyang/libyang.h>

#include "portcullis/text.h"
#include "portcullis/verify.h"

/*
 * Rows of state, node by node. The first failure is kept and everything after it does nothing. The same calls write XML
 * instead of making nodes when row_xml is set; then every container and list entry is ended with row_end().
 */

#define ROW_DEPTH 6

/** Rows as text. Start with {0}; release the text. */
struct row_xml {
	struct text text; /**< may be taken away and emptied between any two calls */
	const char *open[ROW_DEPTH]; /**< elements that are open */
	unsigned depth, written; /**< how many; how many of them are in the text: a container without content is none */
	const char *ns; /**< of the outermost */
	const struct lysc_node *root, *list; /**< the outermost; the list below it that was written last */
	/** Leaves right below the outermost are left out where this says so; NULL: none. */
	bool (*omits)(const void *ctx, const char *leaf);
	const void *omits_ctx;
};

struct rows {
	const struct lys_module *module; /**< of nodes without a parent */
	bool output; /**< nodes of an rpc's output */
	bool failed;
	struct error err;
	int64_t time_s; /**< the time that was printed last, and how: many rows have the same */
	char time[32];
	struct row_xml *xml; /**< NULL: nodes of libyang are made; else nothing is returned and no parent looked at */
};

/** A container; parent NULL: at the top, of b->module. */
struct lyd_node *row_container(struct rows *b, struct lyd_node *parent, const char *name);
/** A list entry with the values of its n keys, in their order. As XML: right below the outermost container. */
struct lyd_node *row_list_keys(
        struct rows *b, struct lyd_node *parent, const char *name, const char *const *key, size_t n);
/** The same with the keys as arguments. */
#define row_list(b, parent, name, ...)                                                                                 \
	row_list_keys(b, parent, name, (const char *const[]){__VA_ARGS__},                                             \
	        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
/** The innermost container or list entry is complete; nothing to do but for XML. */
void row_end(struct rows *b);
/** A leaf or an entry of a leaf-list; a value that is NULL or empty makes none. */
void row_leaf(struct rows *b, struct lyd_node *parent, const char *name, const char *value);
void row_number(struct rows *b, struct lyd_node *parent, const char *name, uint64_t value);
void row_bool(struct rows *b, struct lyd_node *parent, const char *name, bool value);
/** yang:date-and-time of seconds since 1970; 0 makes none. */
void row_time(struct rows *b, struct lyd_node *parent, const char *name, int64_t wall_s);
/** Container `rule`; none when there is no blame. */
void row_rule(struct rows *b, struct lyd_node *parent, const struct blame *blame);
/** Container `witness`. */
void row_witness(struct rows *b, struct lyd_node *parent, const struct packet *packet);

#endif
