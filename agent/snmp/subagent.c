/*
 * The AgentX face (RFC 2741): a thread that joins the SNMP agent of the device, answers its requests and sends it
 * notifications. Everything that touches the SNMP library runs in this thread, which may hang while the master does not
 * read: nobody waits for it. Refused are options that cannot work.
 *
 * snmp_stop() takes the hub away from the thread and gives it a second. A thread that hangs is then detached: it owns what it
 * still uses (struct snmp is counted), reaches nothing else of the program, and ends when the master goes on or with the
 * process.
 */
#include "snmp/subagent.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "build.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/thread.h"
#include "snmp/answer.h"
#include "snmp/share.h"

#define STOP_S 1
#define SET_PAUSE_MS 1000 /* between looks whether a set has been left unfinished */

static void unref(struct snmp *s)
{
	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	close(s->wake);
	notify_queue_free(s->queue);
	delivery_close(s->delivery);
	rules_fini(&s->rules);
	control_free(s->control);
	pthread_cond_destroy(&s->end);
	pthread_mutex_destroy(&s->mutex);
	master_fini(&s->master);
	free(s);
}

/* What the library says. It has one log for the process. */

static int on_log(int major, int minor, void *server, void *client)
{
	const struct snmp_log_message *m = server;
	size_t len = strlen(m->msg);
	(void)major;
	(void)minor;
	(void)client;
	while (len > 0 && m->msg[len - 1] == '\n')
		len--;
	log_write(m->priority <= LOG_ERR       ? LOG_LEVEL_ERROR
	          : m->priority <= LOG_WARNING ? LOG_LEVEL_WARNING
	                                       : LOG_LEVEL_DEBUG,
	        "net-snmp: %.*s", (int)len, m->msg);
	return 0;
}

static void library_log(void)
{
	snmp_disable_log();
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
}

/* The thread */

static int timeout_ms(const struct snmp *s, int64_t now_ms)
{
	int64_t left = master_due_ms(&s->master) - now_ms;
	if (s->set.open && left > SET_PAUSE_MS)
		left = SET_PAUSE_MS;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Wait for the master, the queue, what is due, or stop; then answer what has come. */
static void pass(struct snmp *s, netsnmp_large_fd_set *fds)
{
	struct pollfd p[] = {{s->master.fd, POLLIN, 0}, {s->wake, POLLIN, 0}};
	uint64_t count;

	if (poll(p, 2, timeout_ms(s, clock_monotonic_ms())) <= 0)
		return; /* something is due, or EINTR */
	if (p[1].revents != 0 && read(s->wake, &count, sizeof(count)) < 0)
		count = 0;
	if (p[0].revents == 0)
		return;
	responder_begin(s);
	master_read(s, fds);
	responder_end(s);
}

static void *run(void *arg)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct snmp *s = arg;
	netsnmp_large_fd_set fds;
	pthread_once(&once, library_log);
	netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
	while (!atomic_load(&s->stop)) {
		int64_t now_ms = clock_monotonic_ms();
		master_go_on(s, now_ms);
		set_expire(&s->set, now_ms);
		trap_send(s);
		pass(s, &fds);
	}
	master_end(s);
	netsnmp_large_fd_set_cleanup(&fds);
	pthread_mutex_lock(&s->mutex);
	s->ended = true;
	pthread_cond_signal(&s->end);
	pthread_mutex_unlock(&s->mutex);
	unref(s);
	return NULL;
}

/* The owner's side */

static int root_parse(struct snmp *s, struct error *err)
{
	s->n_root = answer_root(s->root);
	if (s->n_root == 0)
		return error_set(err, ERR_USAGE, "PORTCULLIS_OID_ROOT",
		        "'%s' is not an object identifier: build with numbers separated by dots", PORTCULLIS_OID_ROOT);
	return 0;
}

static int options_check(const struct snmp_options *o, struct error *err)
{
	const char *path = o->agentx;
	if (path == NULL || path[0] == '\0')
		return error_set(err, ERR_USAGE, "agentx",
		        "no socket of the SNMP agent given: name it, e.g. /var/agentx/master");
	if (strncmp(path, "unix:", 5) == 0)
		path += 5;
	if (path[0] == '/' && strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return error_set(err, ERR_USAGE, "agentx", "'%s' is too long for a socket (107 characters)", path);
	return 0;
}

static void control_start(struct snmp *s, const struct snmp_host *host)
{
	s->control = control_new(host);
	s->set.control = s->control;
	/* A lock that begins somewhere else after every start is not taken with what was read before (SNMPv2-TC, TestAndIncr). */
	if (getentropy(&s->set.lock, sizeof(s->set.lock)) != 0)
		s->set.lock = (uint32_t)clock_wall_ms();
	s->set.lock &= 0x7fffffffu;
}

int snmp_start(const struct snmp_options *options, const struct snmp_host *host, struct hub *hub, struct snmp **out,
        struct error *err)
{
	*out = NULL;
	if (options_check(options, err) != 0)
		return -1;
	struct snmp *s = xcalloc(1, sizeof(*s));
	atomic_init(&s->refs, 2);
	pthread_mutex_init(&s->mutex, NULL);
	thread_cond_init(&s->end);
	s->hub = hub;
	master_init(&s->master, options->agentx);
	responder_init(s);
	s->queue = notify_queue_new();
	s->delivery = delivery_open(options->delivery);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int result = root_parse(s, err);
	if (result == 0 && s->wake < 0)
		result = error_set(err, ERR_IO, "snmp", "no event descriptor: %s", strerror(errno));
	if (result == 0 && options->snapshot != NULL)
		result = share_start(options->snapshot, hub, &s->share, err);
	if (result == 0)
		control_start(s, host);
	int code = result == 0 ? thread_start(&s->thread, "snmp", run, s) : 0;
	if (code != 0)
		result = error_set(err, ERR_IO, "snmp", "no thread: %s", strerror(code));
	if (result != 0) {
		atomic_store(&s->refs, 1);
		share_stop(s->share);
		if (s->control != NULL)
			control_stop(s->control);
		unref(s);
		return -1;
	}
	*out = s;
	return 0;
}

static void wake(struct snmp *s)
{
	const uint64_t one = 1;
	/* A full counter wakes as well. */
	if (write(s->wake, &one, sizeof(one)) < 0)
		return;
}

void snmp_published(struct snmp *s)
{
	if (s->share != NULL)
		share_wake(s->share);
}

void snmp_notify(struct snmp *s, const struct change *change)
{
	delivery_queued(s->delivery, change->sequence);
	notify_queue_add(s->queue, change);
	wake(s);
}

/* @return whether it is over; not waited for longer than that. */
static bool wait_for_end(struct snmp *s)
{
	struct timespec until;
	int result = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_S;
	pthread_mutex_lock(&s->mutex);
	while (!s->ended && result == 0)
		result = pthread_cond_timedwait(&s->end, &s->mutex, &until);
	bool ended = s->ended;
	pthread_mutex_unlock(&s->mutex);
	return ended;
}

void snmp_stop(struct snmp *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->mutex);
	s->hub = NULL;
	pthread_mutex_unlock(&s->mutex);
	atomic_store(&s->stop, true);
	share_stop(s->share);
	control_stop(s->control);
	wake(s);
	if (wait_for_end(s)) {
		pthread_join(s->thread, NULL);
	} else {
		log_warning("the SNMP agent at %s does not answer; not waited for", s->master.agentx);
		pthread_detach(s->thread);
	}
	unref(s);
}
