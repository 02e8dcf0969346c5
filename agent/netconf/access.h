#ifndef PORTCULLIS_NETCONF_ACCESS_H
#define PORTCULLIS_NETCONF_ACCESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "portcullis/config.h"

/* Access control in the server: the rules of running, kept compiled, and what they say to a session. */

struct cuts;
struct nacm;
struct nacm_view;
struct netconf;
struct notice;
struct rows;
struct session;

struct access {
	pthread_mutex_t mutex; /**< nacm, source, version */
	struct nacm *nacm; /**< NULL until it is first asked for */
	char *source; /**< what it was compiled from */
	uint64_t version; /**< config_version() then */
	atomic_ulong denied_operations, denied_data_writes, denied_notifications;
};

void access_init(struct access *a);
void access_fini(struct access *a);
/** The rules that running has now; to be given back with nacm_unref(). */
struct nacm *access_rules(struct netconf *n);
/** What they say to the user of a session, for its worker alone: valid until the next call. */
struct nacm_view *access_view(struct session *s);
/**
 * What the session may have of a notification; counts one that it may not have. Called under n->mutex.
 *
 * @param cuts  of this notification, for all sessions that it goes to.
 * @return borrowed from one of them; NULL: nothing.
 */
struct notice *access_notice(struct session *s, struct nacm *rules, struct cuts *cuts, struct notice *notice);
/** What the datastores have to ask; ctx of the result is the session. */
struct config_access access_of(struct session *s);
/** Add the counters to ietf-netconf-acm:nacm, which is made when *tree has none. */
void access_add_state(struct rows *b, struct netconf *n, struct lyd_node **tree);

#endif
