#ifndef PORTCULLIS_NETCONF_NOTIFY_H
#define PORTCULLIS_NETCONF_NOTIFY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "portcullis/conformance.h"
#include "portcullis/text.h"

/* Notifications: a change as XML once, then shared by the queues of the sessions that subscribed. */

#define NOTICE_QUEUE 10000u

/** One notification, immutable and reference-counted; `suppressed` of each receiver goes between head and tail. */
struct notice {
	atomic_int refs;
	bool counts; /**< has a leaf `suppressed` */
	const char *name; /**< of the notification, in portcullis.yang; static */
	char *head, *tail;
};

/** Build the notification of a change (portcullis.yang). */
struct notice *notice_new(const struct change *change);
struct notice *notice_ref(struct notice *notice);
void notice_unref(struct notice *notice);

enum subscription_state { SUBSCRIPTION_NONE, SUBSCRIPTION_ASKED, SUBSCRIPTION_ACTIVE };

/** A session's subscription (RFC 5277). */
struct subscription {
	atomic_int state; /**< asked: the reply to create-subscription goes first */
	pthread_mutex_t mutex;
	struct notice **queue; /**< ring */
	size_t first, n, cap;
	unsigned suppressed; /**< not taken since the last one that told */
};

void subscription_init(struct subscription *s);
void subscription_fini(struct subscription *s);
bool subscription_is_active(const struct subscription *s);
/** Queue a reference of its own; past NOTICE_QUEUE it is counted. @return false: the session has not subscribed. */
bool subscription_put(struct subscription *s, struct notice *notice);
/** Append the next one, unframed. @return false when there is none. */
bool subscription_take(struct subscription *s, struct text *out);

#endif
