#ifndef PORTCULLIS_NETCONF_NOTIFY_H
#define PORTCULLIS_NETCONF_NOTIFY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "portcullis/conformance.h"
#include "portcullis/text.h"

/* Notifications: one as XML once, then shared by the queues of the sessions that subscribed. */

#define NOTICE_QUEUE 10000u
/** As many may wait for the client when a thread fills the queue: it waits itself. */
#define NOTICE_AHEAD 256u

/** One notification, immutable and reference-counted; `suppressed` of each receiver goes between head and tail. */
struct notice {
	atomic_int refs;
	int64_t wall_ms;
	uint64_t event; /**< its place in the journal's log of events; 0: it is not there */
	const char *module; /**< that has this notification; static */
	char name[64]; /**< of the notification */
	bool counts; /**< has a leaf `suppressed` */
	bool last; /**< nothing comes after it in its subscription */
	char *head, *tail; /**< without the end of the envelope */
	size_t content; /**< where in head the notification itself begins, behind the envelope and its time */
};

/** Build the notification of a change (portcullis.yang). */
struct notice *notice_new(const struct change *change);
/** Build any other. @param content its element as XML, which begins with its name and its namespace; borrowed. */
struct notice *notice_of(int64_t wall_ms, const char *content, uint64_t event);
struct notice *notice_ref(struct notice *notice);
void notice_unref(struct notice *notice);
/** The notification itself, without the envelope; the caller frees it. */
char *notice_content(const struct notice *notice);

/** A queue. Start with {0}; release with ring_clear(). */
struct ring {
	struct notice **item;
	size_t first, n, cap;
};
void ring_put(struct ring *r, struct notice *notice); /**< takes the reference over */
struct notice *ring_take(struct ring *r); /**< NULL: it is empty */
void ring_clear(struct ring *r);

enum subscription_state { SUBSCRIPTION_NONE, SUBSCRIPTION_ASKED, SUBSCRIPTION_ACTIVE };

/** Where what happens goes. */
enum gate {
	GATE_DIRECT, /**< to the client */
	GATE_LIVE, /**< to the thread that feeds the client */
	GATE_SHUT, /**< nowhere: that thread will read it from the journal */
	GATE_COLLECT, /**< to the thread, unless that is too much for the queue: then the gate shuts */
	GATE_OVER /**< nowhere: the subscription has ended */
};

/** A session's subscription (RFC 5277). */
struct subscription {
	atomic_int state; /**< asked: the reply to create-subscription goes first */
	pthread_mutex_t mutex; /**< of what follows */
	pthread_cond_t moved; /**< something came in or went out, or the session ends */
	enum gate gate;
	bool closed; /**< the session ends */
	struct ring ready, incoming; /**< for the client; for the thread */
	unsigned suppressed; /**< not taken since the last one that told */
};

void subscription_init(struct subscription *s);
void subscription_fini(struct subscription *s);
/** Is there one, if only asked for? */
bool subscription_is_active(const struct subscription *s);
/** Begin one, with empty queues. @return false: there is one. */
bool subscription_begin(struct subscription *s, enum gate gate);
/**
 * Queue a reference of its own; past NOTICE_QUEUE it is counted.
 *
 * @return whether there is something for the client again: who sends it must be woken.
 */
bool subscription_put(struct subscription *s, struct notice *notice);
/** Append the next one for the client, unframed. @return false when there is none. */
bool subscription_take(struct subscription *s, struct text *out);

#endif
