/*
 * The server's frame: connections come in, those of uid 0 and of the group are given a session each, within the caps.
 * Everybody else is closed with a log line. Sessions are listed here, found, told and ended.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netconf/admit.h"
#include "netconf/cut.h"
#include "netconf/nacm.h"
#include "netconf/session.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"

const char *session_name(const struct session *s, char *buf, size_t size)
{
	unsigned id = atomic_load(&s->id);
	if (id != 0)
		snprintf(buf, size, "session %u of %s", id, s->user);
	else
		snprintf(buf, size, "a new session of %s", s->user);
	return buf;
}

void session_count(atomic_ulong *of_session, atomic_ulong *of_all)
{
	atomic_fetch_add(of_session, 1);
	atomic_fetch_add(of_all, 1);
}

void session_by(struct session *s, struct event_by *out)
{
	*out = (struct event_by){.session = atomic_load(&s->id)};
	snprintf(out->user, sizeof(out->user), "%s", s->user);
	pthread_mutex_lock(&s->n->mutex);
	memcpy(out->source, s->source, sizeof(out->source));
	pthread_mutex_unlock(&s->n->mutex);
}

void session_wake(struct session *s)
{
	uint64_t one = 1;
	/* It can only fail when the counter is full, and then the pump is awake. */
	if (write(s->event, &one, sizeof(one)) < 0)
		return;
}

void session_end(struct session *s, enum session_end how)
{
	int lives = SESSION_LIVES;
	atomic_compare_exchange_strong(&s->end, &lives, how);
	session_wake(s);
}

int session_kill(struct netconf *n, uint32_t id, uint32_t by, struct error *err)
{
	bool found = false;
	pthread_mutex_lock(&n->mutex);
	for (struct session *s = n->session; s != NULL; s = s->next)
		if (atomic_load(&s->id) == id && id != 0) {
			atomic_store(&s->killed_by, by);
			session_end(s, SESSION_KILLED);
			found = true;
		}
	pthread_mutex_unlock(&n->mutex);
	if (!found)
		return error_set(
		        err, ERR_INVALID, NULL, "there is no session %u; netconf-state/sessions lists them", id);
	/* Its locks go now, even while it is inside a long operation. */
	config_session_end(n->config, id);
	return 0;
}

void session_leave(struct session *s)
{
	struct netconf *n = s->n;
	pthread_mutex_lock(&n->mutex);
	for (struct session **p = &n->session; *p != NULL; p = &(*p)->next)
		if (*p == s) {
			*p = s->next;
			break;
		}
	close(s->event);
	subscription_fini(&s->subscription);
	nacm_view_free(s->view);
	nacm_view_free(s->notification_view);
	user_groups_fini(&s->groups);
	free(s);
	n->n_session--;
	/* Under the mutex: whoever waits for the last session frees n next. */
	pthread_cond_broadcast(&n->ended);
	pthread_mutex_unlock(&n->mutex);
}

static int check_caps(struct netconf *n, uid_t uid, const char *user, struct error *err)
{
	const struct netconf_options *o = &n->options;
	unsigned of_user = 0, max = o->max_sessions != 0 ? o->max_sessions : SESSIONS_MAX;
	unsigned own = o->max_sessions_per_user != 0 ? o->max_sessions_per_user : SESSIONS_PER_USER;
	for (const struct session *s = n->session; s != NULL; s = s->next)
		of_user += s->uid == uid;
	if (n->n_session >= max)
		return error_set(err, ERR_LIMIT, NULL, "%u sessions are open, the most that is allowed", max);
	if (of_user >= own)
		return error_set(err, ERR_LIMIT, NULL, "%s has %u sessions open, the most that one user may have", user,
		        of_user);
	return 0;
}

static struct session *session_new(struct netconf *n, int client, uid_t uid, const char *user)
{
	struct session *s = xcalloc(1, sizeof(*s));
	s->n = n;
	s->client = client;
	s->worker_fd = -1;
	s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->uid = uid;
	snprintf(s->user, sizeof(s->user), "%s", user);
	s->login_wall = clock_wall_s();
	subscription_init(&s->subscription);
	return s;
}

/* A session of an admitted user: listed, then its pump runs by itself. */
static int session_start(struct netconf *n, int client, uid_t uid, const char *user, struct error *err)
{
	pthread_t thread;
	pthread_attr_t detached;
	int result = -1;
	pthread_mutex_lock(&n->mutex);
	if (check_caps(n, uid, user, err) != 0)
		goto out;
	struct session *s = session_new(n, client, uid, user);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (s->event < 0 || pthread_create(&thread, &detached, pump_run, s) != 0) {
		(void)error_set(
		        err, ERR_UNAVAILABLE, NULL, "no descriptor or thread for a session: %s", strerror(errno));
		if (s->event >= 0)
			close(s->event);
		subscription_fini(&s->subscription);
		free(s);
	} else {
		s->next = n->session;
		n->session = s;
		n->n_session++;
		atomic_fetch_add(&n->in_sessions, 1);
		result = 0;
	}
	pthread_attr_destroy(&detached);
out:
	pthread_mutex_unlock(&n->mutex);
	return result;
}

static void accept_one(struct netconf *n)
{
	struct error err = {0};
	struct ucred peer;
	socklen_t len = sizeof(peer);
	char user[sizeof(((struct session *)0)->user)] = "";
	int client = accept4(n->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			log_warning("netconf: cannot take a connection: %s", strerror(errno));
			struct pollfd stop = {.fd = n->stop_event, .events = POLLIN};
			(void)poll(&stop, 1, 100); /* the connection stays in the backlog: do not spin on it */
		}
		return;
	}
	if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		(void)error_set(&err, ERR_DENIED, NULL, "the kernel does not say who connects: %s", strerror(errno));
	else if (admit_user(peer.uid, n->group, user, sizeof(user), &err) == 0 &&
	         session_start(n, client, peer.uid, user, &err) == 0)
		return;
	log_warning("netconf: connection refused: %s", err.text);
	close(client);
}

static void *acceptor_run(void *arg)
{
	struct netconf *n = arg;
	struct pollfd fds[] = {{.fd = n->stop_event, .events = POLLIN}, {.fd = n->listen_fd, .events = POLLIN}};
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			log_error("netconf: poll: %s", strerror(errno));
		if (fds[0].revents != 0)
			return NULL;
		if (fds[1].revents != 0)
			accept_one(n);
	}
}

static void netconf_free(struct netconf *n)
{
	if (n->stop_event >= 0)
		close(n->stop_event);
	if (n->listen_fd >= 0 && n->options.listen_fd < 0)
		close(n->listen_fd);
	access_fini(&n->access);
	pthread_cond_destroy(&n->ended);
	pthread_mutex_destroy(&n->mutex);
	free(n->socket_path);
	free(n->group);
	free(n);
}

int netconf_start(const struct netconf_options *options, struct config *config, struct hub *hub,
        const struct netconf_host *host, struct netconf **out, struct error *err)
{
	struct netconf *n = xcalloc(1, sizeof(*n));
	n->options = *options;
	n->socket_path = options->socket_path != NULL ? xstrdup(options->socket_path) : NULL;
	n->group = options->group != NULL ? xstrdup(options->group) : NULL;
	n->config = config;
	n->hub = hub;
	n->host = *host;
	n->ctx = config_context(config);
	n->started_wall = clock_wall_s();
	pthread_mutex_init(&n->mutex, NULL);
	pthread_cond_init(&n->ended, NULL);
	access_init(&n->access);
	n->listen_fd = -1;
	n->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*out = NULL;
	if (worker_library_start(n, err) != 0) {
		netconf_free(n);
		return -1;
	}
	event_watch(n);
	n->listen_fd =
	        options->listen_fd >= 0 ? options->listen_fd : netconf_listen(n->socket_path, options->socket_gid, err);
	if (n->listen_fd >= 0 && n->stop_event < 0)
		(void)error_set(err, ERR_IO, NULL, "cannot make an eventfd: %s", strerror(errno));
	else if (n->listen_fd >= 0 && pthread_create(&n->acceptor, NULL, acceptor_run, n) == 0) {
		*out = n;
		return 0;
	} else if (n->listen_fd >= 0) {
		(void)error_set(err, ERR_UNAVAILABLE, NULL, "cannot start a thread: %s", strerror(errno));
	}
	event_unwatch(n);
	worker_library_stop();
	netconf_free(n);
	return -1;
}

void session_tell(struct netconf *n, struct notice *notice)
{
	struct nacm *rules = access_rules(n);
	struct cuts cuts = {0};
	pthread_mutex_lock(&n->mutex);
	for (struct session *s = n->session; s != NULL; s = s->next) {
		bool active = subscription_is_active(&s->subscription);
		struct notice *left = active ? access_notice(s, rules, &cuts, notice) : NULL;
		if (left != NULL && subscription_put(&s->subscription, left))
			session_wake(s);
	}
	pthread_mutex_unlock(&n->mutex);
	cuts_fini(&cuts);
	nacm_unref(rules);
}

struct notice *session_part(struct session *s, struct notice *notice)
{
	struct nacm *rules = access_rules(s->n);
	struct cuts cuts = {0};
	pthread_mutex_lock(&s->n->mutex);
	struct notice *left = access_notice(s, rules, &cuts, notice);
	pthread_mutex_unlock(&s->n->mutex);
	if (left != NULL)
		notice_ref(left);
	cuts_fini(&cuts);
	notice_unref(notice);
	nacm_unref(rules);
	return left;
}

void netconf_notify(struct netconf *n, const struct change *change)
{
	struct notice *notice = notice_new(change);
	session_tell(n, notice);
	notice_unref(notice);
}

void netconf_stop(struct netconf *n)
{
	uint64_t one = 1;
	if (n == NULL)
		return;
	if (write(n->stop_event, &one, sizeof(one)) < 0)
		log_error("netconf: cannot stop the acceptor: %s", strerror(errno));
	pthread_join(n->acceptor, NULL);
	pthread_mutex_lock(&n->mutex);
	for (struct session *s = n->session; s != NULL; s = s->next)
		session_end(s, SESSION_STOPPED);
	while (n->n_session > 0)
		pthread_cond_wait(&n->ended, &n->mutex);
	pthread_mutex_unlock(&n->mutex);
	event_unwatch(n);
	worker_library_stop();
	if (n->socket_path != NULL)
		unlink(n->socket_path);
	netconf_free(n);
}
