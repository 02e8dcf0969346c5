#ifndef CONFIG_SITE_NODE_H
#define CONFIG_SITE_NODE_H

#include <libyang/libyang.h>

#include "portcullis/deployment.h"

/* What the builders of a site share: values of the nodes of a valid tree, copied. */

#define PORT_MAX 65535

/** One more item, zeroed. array: the address of a pointer to items. Without a capacity of its own it grows at powers of two. */
void *site_append(void *array, size_t *n, size_t size);
bool site_is(const struct lyd_node *node, const char *name);
/** The first child of that name, or NULL. */
const struct lyd_node *site_child(const struct lyd_node *parent, const char *name);
/** The value of a leaf right below, "" without; the caller's own. */
char *site_string(const struct lyd_node *parent, const char *name);
uint32_t site_number(const struct lyd_node *parent, const char *name, uint32_t absent);
bool site_bool(const struct lyd_node *parent, const char *name, bool absent);
/** Add all values of a leaf-list. */
void site_strings(const struct lyd_node *parent, const char *name, char ***items, size_t *n);
/** Set an error at the path of a node. @return -1. */
int site_error(const struct lyd_node *node, struct error *err, enum error_code code, const char *text);
/** Add all prefixes of a leaf-list. Host bits: ERR_INVALID. */
int site_prefixes(
        const struct lyd_node *parent, const char *name, struct prefix **items, size_t *n, struct error *err) MUST_USE;
/** The leaves lower and upper, which is lower where it is absent. Reversed: ERR_INVALID. */
int site_ports(const struct lyd_node *parent, struct port_range *out, struct error *err) MUST_USE;

/* site_firewall.c */

/** What holds where the configuration says nothing. */
void site_firewall_defaults(struct firewall *out);
/** The container firewall into the site's. */
int site_firewall_build(const struct lyd_node *node, struct site *site, struct error *err) MUST_USE;

#endif
