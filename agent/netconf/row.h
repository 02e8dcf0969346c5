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
/** A list entry with the values of its n keys, in their order. */
struct lyd_node *row_list_keys(
        struct rows *b, struct lyd_node *parent, const char *name, const char *const *key, size_t n);
/** The same with the keys as arguments. */
#define row_list(b, parent, name, ...)                                                                                 \
	row_list_keys(b, parent, name, (const char *const[]){__VA_ARGS__},                                             \
	        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
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
