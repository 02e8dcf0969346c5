#ifndef PORTCULLIS_NETCONF_ROW_H
#define PORTCULLIS_NETCONF_ROW_H

#include <libyang/libyang.h>

#include "portcullis/verify.h"

/* Rows of state, node by node. The first failure is kept and everything after it does nothing. */

struct rows {
	const struct lys_module *module; /**< of nodes without a parent */
	bool output; /**< nodes of an rpc's output */
	bool failed;
	struct error err;
};

/** A container; parent NULL: at the top, of b->module. */
struct lyd_node *row_container(struct rows *b, struct lyd_node *parent, const char *name);
/** A list entry; its keys follow as strings and end with NULL. */
struct lyd_node *row_list(struct rows *b, struct lyd_node *parent, const char *name, ...) __attribute__((sentinel));
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
