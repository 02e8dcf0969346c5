#ifndef PORTCULLIS_NETCONF_STATE_H
#define PORTCULLIS_NETCONF_STATE_H

#include "netconf/filter.h"
#include "netconf/row.h"
#include "netconf/session.h"

/* State data: each function gives top-level trees of what the filter may select, or NULL. */

#define STATE_CONFORMANCE "/portcullis:conformance"
#define STATE_FIREWALL_USE "/portcullis:firewall-use"

/** Containers that are walked over, for they may be large. */
struct walk_top;
extern const struct walk_top walk_conformance; /**< portcullis:conformance */
extern const struct walk_top walk_firewall_use; /**< portcullis:firewall-use */

/** A walk over what a filter may select of such a container. It holds a reference to the snapshot. */
struct state_walk;
/**
 * @param whole  set when the filter takes all of whatever it touches: then the walk is all that the reply has of it.
 * @return NULL when the filter selects nothing of it.
 */
struct state_walk *state_walk_new(const struct netconf *n, const struct walk_top *top, struct snapshot *snap,
        const struct filter *filter, bool *whole);
/** One that is written behind another, as XML; both NULL-safe. @return the first. */
struct state_walk *state_walk_join(struct state_walk *first, struct state_walk *then);
/** With those behind it. */
void state_walk_free(struct state_walk *w);
/** All of it as nodes. */
struct lyd_node *state_walk_tree(struct state_walk *w, struct rows *b);
/** Write on, into b->xml, which was {0} at first, until its text holds so many bytes. @return false when that was all. */
bool state_walk_text(struct state_walk *w, struct rows *b, size_t enough);
/** Counters of explicit rules, put below the rules of a tree; where it has no configuration they are made. */
void state_add_rules(
        struct rows *b, const struct netconf *n, const struct snapshot *snap, bool config, struct lyd_node **tree);
/** portcullis-catalog:catalog. */
struct lyd_node *state_catalog(struct rows *b, const struct ly_ctx *ctx, const struct snapshot *snap);
/** ietf-netconf-monitoring:netconf-state (RFC 6022). */
struct lyd_node *state_monitoring(struct rows *b, struct netconf *n);
/** portcullis:history. */
struct lyd_node *state_history(struct rows *b, struct netconf *n);
/** nc-notifications:netconf, the stream that there is (RFC 5277). */
struct lyd_node *state_streams(struct rows *b, const struct netconf *n);

#endif
