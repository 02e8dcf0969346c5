#ifndef PORTCULLIS_NETCONF_H
#define PORTCULLIS_NETCONF_H

#include <stdbool.h>
#include <sys/types.h>

#include "portcullis/config.h"
#include "portcullis/conformance.h"
#include "portcullis/connection.h"
#include "portcullis/snapshot.h"
#include "portcullis/usage.h"

/** The NETCONF face: sessions on a UNIX socket behind the guard, one thread each, libnetconf2 inside. */
struct netconf;

/** What the server asks of the program it lives in; called from session threads. */
struct netconf_host {
	void *ctx;
	/** Verify now; returns when a snapshot made after the call is published (or ERR_UNAVAILABLE after 10 s). */
	int (*verify_now)(void *ctx, struct error *err);
	/** Send a test notification of its own on every face, soon (or ERR_UNAVAILABLE: too many wait). */
	int (*test_notification)(void *ctx, struct error *err);
	/** Leave the own table alone for so many seconds (see push_pause()). */
	int (*pause)(void *ctx, const char *user, uint32_t seconds, const char *reason, struct error *err);
	int (*resume)(void *ctx, struct error *err);
	/** Which of the connections that the kernel tracks would a ruleset no longer admit? (See push_connections().) */
	int (*connections)(void *ctx, const struct connection_question *question, struct connection_report *out,
	        struct error *err);
};

struct netconf_options {
	const char *socket_path; /**< 0660, group `group` */
	const char *group; /**< "portcullis"; members and uid 0 may connect */
	gid_t socket_gid; /**< group of the socket; (gid_t)-1: leave it as it is made */
	int listen_fd; /**< a socket made before privileges were dropped; -1: make it here */
	const char *yang_dir;
	struct journal *journal; /**< keeps notifications for replay, borrowed; NULL: none can be replayed */
	struct usage *usage; /**< what went through the own table, borrowed; NULL: there never is one */
	unsigned max_sessions; /**< in all; 0: 64 */
	unsigned max_sessions_per_user; /**< 0: 16 */
};

/** Make and bind the socket (as root, before privileges are dropped): 0660 root:group. @return fd or -1. */
int netconf_listen(const char *path, gid_t gid, struct error *err) MUST_USE;
int netconf_start(const struct netconf_options *options, struct config *config, struct hub *hub,
        const struct netconf_host *host, struct netconf **out, struct error *err) MUST_USE;
/** Send to subscribers (copied; bounded queue per session). Safe from any thread. */
void netconf_notify(struct netconf *n, const struct change *change);
/** Wake every session, let them end within a second, join. */
void netconf_stop(struct netconf *n);

/* The client side, for the `portcullis` command. */
struct netconf_client;
int netconf_client_open(
        const char *socket_path, const char *yang_dir, struct netconf_client **out, struct error *err) MUST_USE;
void netconf_client_close(struct netconf_client *c);
/**
 * Send one rpc (the XML of its operation element) and wait for the reply.
 *
 * @param reply_xml  the children of <rpc-reply> as XML; the caller frees it.
 * @return 0, or -1: ERR_IO, ERR_UNAVAILABLE (time-out), or the first rpc-error as code, where (error-path) and text.
 */
int netconf_client_rpc(struct netconf_client *c, const char *operation_xml, int timeout_ms, char **reply_xml,
        struct error *err) MUST_USE;

#endif
