#ifndef PORTCULLIS_NETCONF_SESSION_H
#define PORTCULLIS_NETCONF_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "netconf/access.h"
#include "netconf/admit.h"
#include "netconf/event.h"
#include "netconf/guard.h"
#include "netconf/inlay.h"
#include "netconf/notify.h"
#include "portcullis/netconf.h"

/*
 * The server inside. Per connection two threads: the pump owns the client's socket and the guard; the worker is
 * libnetconf2's and sees its own end of a socket pair only. The pump is never blocked by anything but poll(2).
 */

#define SESSIONS_MAX 64u
#define SESSIONS_PER_USER 16u

enum session_end { SESSION_LIVES, SESSION_KILLED, SESSION_STOPPED };

/** Counters of RFC 6022. */
struct session_counters {
	atomic_ulong in_rpcs, in_bad_rpcs, out_rpc_errors, out_notifications;
};

struct session {
	struct netconf *n;
	struct session *next; /**< in n->session, under n->mutex */
	int client, worker_fd; /**< the client's socket; the worker's end of the pair */
	int event; /**< eventfd: wakes the pump */
	uid_t uid;
	char user[64];
	bool relayed;
	char source[64]; /**< client's address as the relay says, under n->mutex; "" unknown */
	struct flow_peer peer; /**< both ends of its connection, under n->mutex; FAMILY_NONE: not known */
	atomic_uint id; /**< 0 until libnetconf2 has given one */
	int64_t login_wall;
	int64_t lock_wall[DATASTORE_N]; /**< when it locked each, under n->mutex */
	bool costly; /**< runs an operation that costs much, under n->mutex */
	struct session_counters counters;
	atomic_ulong answered; /**< rpcs that the worker is done with */
	atomic_ulong dispatched; /**< the last rpc that came as far as an operation, counted like `answered` */
	struct error
	        refusal; /**< why the library refused what `answered` counts; ERR_NONE: it did not, or did not say */
	atomic_int end; /**< enum session_end */
	atomic_uint killed_by;
	atomic_int reason; /**< enum event_end, when it was neither killed nor stopped nor closed */
	struct subscription subscription;
	_Atomic(char *)
	        content; /**< from the pump to the worker: the configuration that the rpc which comes holds, or NULL */
	_Atomic(struct inlay *) inlay; /**< from the worker to the pump: what belongs into the reply that comes */
	atomic_bool chunked; /**< client and server speak base:1.1 */
	atomic_bool tagged; /**< from the worker to the pump: defaults are tagged in the reply that comes */
	struct user_groups groups; /**< read by the worker before anything is asked */
	struct nacm_view *view; /**< the worker's; see access_view() */
	struct nacm_view *notification_view; /**< under n->mutex */
	struct feed *feed; /**< fills the subscription (subscribe.c), or NULL; of the worker, then of the pump */
};

struct netconf {
	struct netconf_options options;
	char *socket_path, *group;
	struct config *config;
	struct hub *hub;
	struct netconf_host host;
	const struct ly_ctx *ctx;
	int listen_fd, stop_event;
	pthread_t acceptor;
	int64_t started_wall;
	pthread_mutex_t mutex;
	pthread_cond_t ended; /**< a session has left the list */
	struct session *session;
	unsigned n_session;
	struct session_counters counters; /**< of all sessions ever */
	atomic_ulong in_sessions, in_bad_hellos, dropped_sessions;
	struct access access;
};

/** Wake a session's pump. */
void session_wake(struct session *s);
/** End a session from any thread. */
void session_end(struct session *s, enum session_end how);
/** Kill by NETCONF session id. @return 0, or -1 with ERR_NOT_FOUND. */
int session_kill(struct netconf *n, uint32_t id, uint32_t by, struct error *err) MUST_USE;
/** Who a log line speaks of: "session 4 of alice". buf of at least 112 bytes. @return buf. */
const char *session_name(const struct session *s, char *buf, size_t size);
/** Who it is, for notifications. */
void session_by(struct session *s, struct event_by *out);
/** Queue a notification for every session that subscribed, as far as it may have it. */
void session_tell(struct netconf *n, struct notice *notice);
/** What the session may have of a notification; the reference is taken over. @return one to it, or NULL. */
struct notice *session_part(struct session *s, struct notice *notice);
/** End what fills a session's subscription; the worker has ended. */
void subscribe_close(struct session *s);
void session_count(atomic_ulong *of_session, atomic_ulong *of_all);

/** The pump's thread; ends with the session taken off the list and freed. @param arg struct session */
void *pump_run(void *arg);
/** The worker's thread. @param arg struct session */
void *worker_run(void *arg);
/** Prepare libnetconf2, which keeps process-wide state: one server per process. */
int worker_library_start(struct netconf *n, struct error *err) MUST_USE;
void worker_library_stop(void);
/** The session list loses s, which is freed. */
void session_leave(struct session *s);

#endif
