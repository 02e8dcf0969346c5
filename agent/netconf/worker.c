/*
 * The worker of one session: libnetconf2 on its end of a socket pair, with the rpc callbacks. It may block, since only
 * its own pump is on the other end. What the library prints about clients' faults goes to the debug log.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "config/datastore.h"
#include "netconf/refusal.h"
#include "netconf/reply.h"
#include "portcullis/log.h"

/* libnetconf2 keeps one server per process. */
static atomic_flag library_taken = ATOMIC_FLAG_INIT;

static void library_log(const struct nc_session *session, NC_VERB_LEVEL level, const char *text)
{
	(void)level;
	/* It may echo whole values of a client. */
	log_debug("netconf: session %u: %.300s", session != NULL ? nc_session_get_id(session) : 0, text);
}

/* RFC 6022's get-schema of the library frees what it has given away: ours takes its place before nc_server_init(). */
static int replace_get_schema(const struct ly_ctx *ctx, struct error *err)
{
	union {
		const struct lysc_node *in;
		struct lysc_node *out;
	} node = {lys_find_path(ctx, NULL, "/ietf-netconf-monitoring:get-schema", 0)}; /* its priv is meant to be set */
	if (node.in == NULL)
		return error_set(
		        err, ERR_INTERNAL, "ietf-netconf-monitoring", "the module is not among those that are loaded");
	node.out->priv = (void *)rpc_dispatch;
	return 0;
}

/* The identity of sessions on the UNIX socket, which RFC 6022 has no name for. */
static int load_transport(struct ly_ctx *ctx, struct error *err)
{
	if (ly_ctx_get_module_implemented(ctx, "portcullis-transport") != NULL)
		return 0;
	if (ly_ctx_load_module(ctx, "portcullis-transport", NULL, NULL) == NULL)
		return context_error(ctx, ERR_NOT_FOUND, "portcullis-transport", err);
	return 0;
}

int worker_library_start(struct netconf *n, struct error *err)
{
	union {
		const struct ly_ctx *in;
		struct ly_ctx *out;
	} ctx = {n->ctx}; /* no session exists yet that could be reading it */
	if (atomic_flag_test_and_set(&library_taken))
		return error_set(
		        err, ERR_EXISTS, "netconf", "the NETCONF library serves one server per process, and it runs");
	nc_set_print_clb_session(library_log);
	if (load_transport(ctx.out, err) != 0 || replace_get_schema(n->ctx, err) != 0)
		goto failed;
	if (nc_server_init(ctx.out) != 0) {
		(void)error_set(err, ERR_INTERNAL, "netconf", "libnetconf2 does not start");
		goto failed;
	}
	nc_set_global_rpc_clb(rpc_dispatch);
	/* RFC 5277; the second: rpcs are answered while notifications flow. */
	nc_server_set_capability("urn:ietf:params:netconf:capability:notification:1.0");
	nc_server_set_capability("urn:ietf:params:netconf:capability:interleave:1.0");
	/* RFC 8526 section 3.1.1.2: with-defaults is understood for the operational datastore too. */
	nc_server_set_capability("urn:ietf:params:netconf:capability:with-operational-defaults:1.0");
	nc_server_set_capab_withdefaults(NC_WD_EXPLICIT, NC_WD_ALL | NC_WD_ALL_TAG | NC_WD_TRIM);
	/* The guard ends whoever is silent; these two must never fire before it. */
	nc_server_set_hello_timeout(600);
	nc_server_set_idle_timeout(0);
	return 0;
failed:
	atomic_flag_clear(&library_taken);
	return -1;
}

void worker_library_stop(void)
{
	nc_server_destroy();
	atomic_flag_clear(&library_taken);
}

/* One turn of the library. @return whether the session lives. */
static bool turn(struct session *s, struct nc_pollsession *ps)
{
	struct session_counters *all = &s->n->counters;
	ly_err_clean((struct ly_ctx *)s->n->ctx, NULL);
	int result = nc_ps_poll(ps, 0, NULL);
	if ((result & NC_PSPOLL_RPC) != 0)
		session_count(&s->counters.in_rpcs, &all->in_rpcs);
	if ((result & NC_PSPOLL_BAD_RPC) != 0)
		session_count(&s->counters.in_bad_rpcs, &all->in_bad_rpcs);
	if ((result & (NC_PSPOLL_REPLY_ERROR | NC_PSPOLL_BAD_RPC)) != 0)
		session_count(&s->counters.out_rpc_errors, &all->out_rpc_errors);
	if ((result & (NC_PSPOLL_RPC | NC_PSPOLL_BAD_RPC)) != 0) {
		s->refusal.code = ERR_NONE;
		if ((result & NC_PSPOLL_BAD_RPC) != 0)
			(void)refusal_read(s->n->ctx, &s->refusal);
		atomic_fetch_add(&s->answered, 1);
		session_wake(s);
	}
	return (result & (NC_PSPOLL_SESSION_TERM | NC_PSPOLL_SESSION_ERROR | NC_PSPOLL_ERROR | NC_PSPOLL_NOSESSIONS)) ==
	       0;
}

static void tell_start(struct session *s)
{
	struct event_by by;
	session_by(s, &by);
	netconf_notify_event(s->n, event_session_start(&by));
}

static void tell_end(struct session *s, const struct nc_session *nc)
{
	struct event_by by;
	int end = atomic_load(&s->end);
	enum event_end reason = (enum event_end)atomic_load(&s->reason);
	if (end == SESSION_KILLED)
		reason = EVENT_END_KILLED;
	else if (end == SESSION_STOPPED)
		reason = EVENT_END_OTHER;
	else if (nc_session_get_term_reason(nc) == NC_SESSION_TERM_CLOSED)
		reason = EVENT_END_CLOSED;
	session_by(s, &by);
	netconf_notify_event(s->n, event_session_end(&by, reason, atomic_load(&s->killed_by)));
}

static void serve(struct session *s, struct nc_session *nc)
{
	struct nc_pollsession *ps = nc_ps_new();
	struct pollfd fd = {.fd = s->worker_fd, .events = POLLIN};
	char name[128];
	nc_session_set_data(nc, s);
	atomic_store(&s->id, nc_session_get_id(nc));
	log_info("netconf: %s has begun", session_name(s, name, sizeof(name)));
	tell_start(s);
	if (ps != NULL && nc_ps_add_session(ps, nc) == 0) {
		do {
			fd.revents = 0;
		} while ((poll(&fd, 1, -1) >= 0 || errno == EINTR) && (fd.revents == 0 || turn(s, ps)));
		nc_ps_del_session(ps, nc);
	}
	nc_ps_free(ps);
	config_session_end(s->n->config, nc_session_get_id(nc));
	tell_end(s, nc);
}

void *worker_run(void *arg)
{
	struct session *s = arg;
	struct nc_session *nc = NULL;
	struct error err;
	sigset_t pipe;
	/* The library writes with write(2): a pump that has gone must not raise a signal. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	/* Of root nothing is asked. */
	if (s->uid != 0 && user_groups_read(&s->groups, s->uid, &err) != 0)
		log_error("netconf: a session of %s is refused: %s", s->user, err.text);
	else if (nc_accept_inout(s->worker_fd, s->worker_fd, s->user, &nc) == NC_MSG_HELLO && nc != NULL)
		serve(s, nc);
	nc_session_free(nc, NULL);
	close(s->worker_fd);
	return NULL;
}
