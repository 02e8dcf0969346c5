/*
 * The AgentX face (RFC 2741): a thread that joins the SNMP agent of the device, answers its requests and sends it
 * notifications. Everything that touches the SNMP library runs in this thread, which may hang as long as the master does:
 * nobody waits for it. Refused are options that cannot work, and a second start in one process.
 *
 * snmp_stop() takes the hub away from the thread and gives it a second. A thread that hangs inside the library is then
 * detached: it owns what it still uses (struct snmp is counted), reaches nothing else of the program, and ends when the
 * library returns or with the process.
 */
#include "snmp/subagent.h"

#include <errno.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/large_fd_set.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "build.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "snmp/answer.h"
#include "snmp/share.h"

#define PROGRAM "portcullisd" /* the library's name for its files, of which there are none */
#define PING_S 2 /* how often a missing master is tried, and a present one asked */
#define STOP_S 1
#define SET_PAUSE_US 10000 /* between looks for the next phase of a set */

/* The library's state is the process's, and what it keeps after a shutdown registers nothing a second time. */
static atomic_bool library_used;

static void unref(struct snmp *s)
{
	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	close(s->wake);
	notify_queue_free(s->queue);
	rules_fini(&s->rules);
	control_free(s->control);
	pthread_mutex_destroy(&s->mutex);
	free(s->agentx);
	free(s->persistent_dir);
	free(s);
}

/* The library's callbacks */

/* A connection that ends among registrations leaves the library with a timer more that tries a new one, for good. */
static bool is_idle_talk(const char *msg)
{
	return strstr(msg, "attempted to be re-opened") != NULL;
}

static int on_log(int major, int minor, void *server, void *client)
{
	const struct snmp_log_message *m = server;
	size_t len = strlen(m->msg);
	(void)major;
	(void)minor;
	(void)client;
	while (len > 0 && m->msg[len - 1] == '\n')
		len--;
	log_write(is_idle_talk(m->msg)         ? LOG_LEVEL_DEBUG
	          : m->priority <= LOG_ERR     ? LOG_LEVEL_ERROR
	          : m->priority <= LOG_WARNING ? LOG_LEVEL_WARNING
	                                       : LOG_LEVEL_DEBUG,
	        "net-snmp: %.*s", (int)len, m->msg);
	return 0;
}

static int on_master_came(int major, int minor, void *server, void *client)
{
	struct snmp *s = client;
	(void)major;
	(void)minor;
	/* The library registers next what is not marked as done, and a connection that ended meanwhile marks what it has not. */
	register_mib_detach();
	direct_begin(s, server);
	trap_master(s, server);
	log_info("joined the SNMP agent at %s", s->agentx);
	return 0;
}

static int on_master_went(int major, int minor, void *server, void *client)
{
	struct snmp *s = client;
	(void)major;
	(void)minor;
	(void)server;
	if (s->master != NULL)
		log_warning("the SNMP agent at %s went away; tried again every %d seconds", s->agentx, PING_S);
	trap_master(s, NULL);
	/* It does not say how a request ends that it has begun. */
	set_drop(&s->set);
	return 0;
}

/* The library says nothing when the master closes the connection: its session is gone then. */
static void check_master(struct snmp *s)
{
	if (s->master != NULL && snmp_sess_pointer(s->master) == NULL)
		on_master_went(0, 0, NULL, s);
}

/* The thread */

static void library_settings(struct snmp *s)
{
	static const int on[] = {
	        NETSNMP_DS_LIB_DONT_READ_CONFIGS,
	        NETSNMP_DS_LIB_DONT_PERSIST_STATE,
	        NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD,
	        NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE,
	        NETSNMP_DS_LIB_ALARM_DONT_USE_SIG,
	};
	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, on[i], 1);
	set_persistent_directory(s->persistent_dir);
	set_configuration_directory(s->persistent_dir);
	netsnmp_set_mib_directory(s->persistent_dir);
	snmp_disable_log();
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, s->agentx);
}

static int library_open(struct snmp *s)
{
	library_settings(s);
	if (init_agent(PROGRAM) != 0)
		return -1;
	/* init_agent() has put its own value there. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_S);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_master_came, s);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_master_went, s);
	if (responder_register(s) != 0)
		return -1;
	responder_begin(s); /* the master may ask as soon as the first table is registered */
	init_snmp(PROGRAM);
	responder_end(s);
	if (s->master == NULL)
		log_warning("no SNMP agent at %s; tried again every %d seconds", s->agentx, PING_S);
	return 0;
}

/* The library frees what is registered with a callback, so ours go first. */
static void library_close(struct snmp *s)
{
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_master_came, s, 1);
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_master_went, s, 1);
	snmp_shutdown(PROGRAM);
	shutdown_agent();
}

/* Wait for the master, the queue, a timer of the library, or stop; then let the library do what there is to do. */
static void pass(struct snmp *s, netsnmp_large_fd_set *fds)
{
	struct timeval timeout = {1, 0};
	struct notify_row waiting;
	int n = s->wake + 1, block = 1;
	uint64_t count;

	NETSNMP_LARGE_FD_ZERO(fds);
	NETSNMP_LARGE_FD_SET(s->wake, fds);
	snmp_select_info2(&n, fds, &timeout, &block);
	/* A ping that is due waits for the end of a set: while the library waits for the answer, it takes what comes itself. */
	if (s->set.open && !block && timeout.tv_sec == 0 && timeout.tv_usec < SET_PAUSE_US)
		timeout.tv_usec = SET_PAUSE_US;
	notify_queue_count(s->queue, &waiting);
	if (waiting.waiting > 0 && s->master != NULL && (block || timeout.tv_sec > 0)) {
		/* For what is to be sent again after a pause. */
		timeout = (struct timeval){1, 0};
		block = 0;
	}
	n = netsnmp_large_fd_set_select(n, fds, NULL, NULL, block ? NULL : &timeout);
	if (n < 0)
		return; /* EINTR */
	if (n > 0 && NETSNMP_LARGE_FD_ISSET(s->wake, fds)) {
		if (read(s->wake, &count, sizeof(count)) < 0)
			count = 0;
		NETSNMP_LARGE_FD_CLR(s->wake, fds);
	}
	responder_begin(s);
	snmp_read2(fds);
	snmp_timeout();
	if (!s->set.open)
		run_alarms();
	netsnmp_check_outstanding_agent_requests();
	responder_end(s);
}

static void *run(void *arg)
{
	struct snmp *s = arg;
	netsnmp_large_fd_set fds;
	if (library_open(s) != 0)
		log_error("the SNMP library refused to start: there is no SNMP");
	netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
	while (!atomic_load(&s->stop)) {
		check_master(s);
		set_expire(&s->set, clock_monotonic_ms());
		trap_send(s, clock_monotonic_ms());
		pass(s, &fds);
	}
	netsnmp_large_fd_set_cleanup(&fds);
	library_close(s);
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

/* The library looks for files in it that are never there, and saves none: without room for a directory there is none. */
static int directory_make(const char *path, struct error *err)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST) {
		if (access(path, W_OK | X_OK) != 0 && errno != EROFS)
			return error_set(err, ERR_IO, path, "cannot write to the directory: %s", strerror(errno));
		return 0;
	}
	if (errno != EROFS && errno != ENOSPC && errno != EDQUOT)
		return error_set(err, ERR_IO, path, "cannot make the directory: %s", strerror(errno));
	log_warning("%s: cannot make the directory: %s; SNMP goes on without it", path, strerror(errno));
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
	if (o->persistent_dir == NULL || o->persistent_dir[0] == '\0')
		return error_set(err, ERR_USAGE, "persistent_dir", "no directory for the SNMP library given");
	return directory_make(o->persistent_dir, err);
}

static int thread_start(struct snmp *s)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the other threads */
	int result = pthread_create(&s->thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (result == 0)
		pthread_setname_np(s->thread, "snmp");
	return result;
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
	if (atomic_exchange(&library_used, true))
		return error_set(
		        err, ERR_IN_USE, "snmp", "the SNMP library starts once in a process: start the program again");
	struct snmp *s = xcalloc(1, sizeof(*s));
	atomic_init(&s->refs, 2);
	pthread_mutex_init(&s->mutex, NULL);
	s->hub = hub;
	s->agentx = xstrdup(options->agentx);
	s->persistent_dir = xstrdup(options->persistent_dir);
	s->queue = notify_queue_new();
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int result = root_parse(s, err);
	if (result == 0 && s->wake < 0)
		result = error_set(err, ERR_IO, "snmp", "no event descriptor: %s", strerror(errno));
	/* The library would else read the names of MIB files from its environment or its defaults. */
	if (result == 0 && (setenv("MIBS", "", 1) != 0 || setenv("MIBDIRS", options->persistent_dir, 1) != 0))
		result = error_set(err, ERR_INTERNAL, "snmp", "cannot set the environment: %s", strerror(errno));
	if (result == 0 && options->snapshot != NULL)
		result = share_start(options->snapshot, hub, &s->share, err);
	if (result == 0)
		control_start(s, host);
	int code = result == 0 ? thread_start(s) : 0;
	if (code != 0)
		result = error_set(err, ERR_IO, "snmp", "no thread: %s", strerror(code));
	if (result != 0) {
		atomic_store(&library_used, false);
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
	notify_queue_add(s->queue, change);
	wake(s);
}

void snmp_stop(struct snmp *s)
{
	struct timespec until;
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->mutex);
	s->hub = NULL;
	pthread_mutex_unlock(&s->mutex);
	atomic_store(&s->stop, true);
	share_stop(s->share);
	control_stop(s->control);
	wake(s);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_S;
	if (pthread_clockjoin_np(s->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
		log_warning("the SNMP agent at %s does not answer; not waited for", s->agentx);
		pthread_detach(s->thread);
	}
	unref(s);
}
