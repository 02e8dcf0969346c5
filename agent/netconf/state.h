#ifndef PORTCULLIS_NETCONF_STATE_H
#define PORTCULLIS_NETCONF_STATE_H

#include "netconf/filter.h"
#include "netconf/row.h"
#include "netconf/session.h"

/* State data: each function gives top-level trees of what the filter may select, or NULL. */

/** portcullis:conformance. */
struct lyd_node *state_conformance(
        struct rows *b, const struct netconf *n, const struct snapshot *snap, const struct filter *filter);
/** portcullis-catalog:catalog. */
struct lyd_node *state_catalog(struct rows *b, const struct ly_ctx *ctx, const struct snapshot *snap);
/** ietf-netconf-monitoring:netconf-state (RFC 6022). */
struct lyd_node *state_monitoring(struct rows *b, struct netconf *n);
/** portcullis:history. */
struct lyd_node *state_history(struct rows *b, struct netconf *n);
/** nc-notifications:netconf, the stream that there is (RFC 5277). */
struct lyd_node *state_streams(struct rows *b, const struct ly_ctx *ctx);

#endif
