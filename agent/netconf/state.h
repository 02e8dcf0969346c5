#ifndef PORTCULLIS_NETCONF_STATE_H
#define PORTCULLIS_NETCONF_STATE_H

#include "netconf/filter.h"
#include "netconf/row.h"
#include "netconf/session.h"

/* State data: each function gives top-level trees of what the filter may select, or NULL. */

#define STATE_CONFORMANCE "/portcullis:conformance"

/** A walk over what a filter may select of portcullis:conformance. It holds a reference to the snapshot. */
struct state_walk;
/**
 * @param whole  set when the filter takes all of whatever it touches: then the walk is all that the reply has of it.
 * @return NULL when the filter selects nothing of it.
 */
struct state_walk *state_walk_new(
        const struct netconf *n, struct snapshot *snap, const struct filter *filter, bool *whole);
void state_walk_free(struct state_walk *w);
/** All of it as nodes. */
struct lyd_node *state_walk_tree(struct state_walk *w, struct rows *b);
/** Begin to write it as XML into b->xml, which is {0}. */
void state_walk_begin(const struct state_walk *w, struct rows *b);
/** Write on until b->xml->text holds so many bytes. @return false when that was all. */
bool state_walk_text(struct state_walk *w, struct rows *b, size_t enough);
/** portcullis-catalog:catalog. */
struct lyd_node *state_catalog(struct rows *b, const struct ly_ctx *ctx, const struct snapshot *snap);
/** ietf-netconf-monitoring:netconf-state (RFC 6022). */
struct lyd_node *state_monitoring(struct rows *b, struct netconf *n);
/** portcullis:history. */
struct lyd_node *state_history(struct rows *b, struct netconf *n);
/** nc-notifications:netconf, the stream that there is (RFC 5277). */
struct lyd_node *state_streams(struct rows *b, const struct netconf *n);

#endif
