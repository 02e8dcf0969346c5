#ifndef PORTCULLIS_NETCONF_EVENT_H
#define PORTCULLIS_NETCONF_EVENT_H

#include <stdint.h>

#include "config/datastore.h"
#include "portcullis/netconf.h"

/*
 * The notifications of RFC 6470 about the server itself. Each constructor gives the XML of one, which
 * netconf_notify_event() keeps and sends. netconf-capability-change never happens: modules, features and capabilities
 * are those that the server was started with. A session that ends before its hello was read had no beginning either:
 * in-bad-hellos counts it.
 */

/** Whose doing it is. */
struct event_by {
	uint32_t session; /**< 0: the server's own */
	char user[64];
	char source[64]; /**< client's address, "" unknown */
};

#define EVENT_EDITS 100u

/** termination-reason. */
enum event_end { EVENT_END_DROPPED, EVENT_END_CLOSED, EVENT_END_KILLED, EVENT_END_TIMEOUT, EVENT_END_OTHER };

char *event_session_start(const struct event_by *by);
/** @param killed_by  session that did, of EVENT_END_KILLED; 0 unknown. */
char *event_session_end(const struct event_by *by, enum event_end reason, uint32_t killed_by);
/**
 * At most EVENT_EDITS edits: of each node that was made, deleted or changed; when these are more, of the topmost nodes
 * above them; and when these are more, of the first of them and one that names no target. Nor does one whose path is
 * longer than 4,096 bytes, or holds both quotation marks.
 *
 * @param before  NULL: empty; as after.
 * @return NULL when the trees do not differ.
 */
char *event_config_change(
        const struct event_by *by, enum datastore d, const struct lyd_node *before, const struct lyd_node *after);
/** @param timeout_s  of CONFIG_UNCONFIRMED and CONFIG_EXTENDED. */
char *event_confirmed(const struct event_by *by, enum config_news what, uint32_t timeout_s);

/** Keep it for replay and send it to subscribers; content is taken over. Safe from any thread. */
void netconf_notify_event(struct netconf *n, char *content);
/** Begin and end to tell of what is done to datastores. */
void event_watch(struct netconf *n);
void event_unwatch(struct netconf *n);

#endif
