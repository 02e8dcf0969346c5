#ifndef NETCONF_SCENE_H
#define NETCONF_SCENE_H

/*
 * What the tests of the NETCONF server share: a server on a socket in a folder of its own, on a configuration without a
 * journal and a snapshot made by hand, and clients of several degrees of politeness.
 */
#include <check.h>
#include <libyang/libyang.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/netconf.h"
#include "portcullis/text.h"
#include "run_suite.h"
#include "sample_snapshot.h"

#define BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define PC "xmlns=\"urn:portcullis:yang:portcullis\""
#define CAP(v) "<capability>urn:ietf:params:netconf:base:" v "</capability>"
#define HELLO(caps) "<hello xmlns=\"" BASE "\"><capabilities>" caps "</capabilities></hello>]]>]]>"
#define HELLO10 HELLO(CAP("1.0"))
#define HELLO11 HELLO(CAP("1.1"))
#define RPC(id, body) "<rpc xmlns=\"" BASE "\" message-id=\"" id "\">" body "</rpc>"
/* Members may connect beside root. */
#ifndef SCENE_GROUP
#define SCENE_GROUP "root"
#endif
#define GET_SUMMARY "<get><filter><conformance " PC "><summary><overall/></summary></conformance></filter></get>"

struct server {
	char directory[64], path[128], state[160];
	struct journal *journal;
	bool forgets; /* the server is given no journal */
	struct config *config;
	struct hub *hub;
	struct netconf *netconf;
	atomic_ulong generation, tests, asked; /* asked: to verify; the callbacks run on session threads */
	unsigned max_sessions; /* in all, and of one user; 0: the usual */
	atomic_bool held; /* verifications wait until it is false again */
};

static struct server server;
static struct usage *scene_usage; /* NULL: the server has no access to the kernel */

static inline int verify_now(void *ctx, struct error *err)
{
	struct server *s = ctx;
	(void)err;
	s->asked++;
	while (atomic_load(&s->held))
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	hub_set(s->hub, sample_new(++s->generation, clock_monotonic_ms()));
	return 0;
}

static inline int test_notification(void *ctx, struct error *err)
{
	struct server *s = ctx;
	(void)err;
	struct change change;
	sample_change(&change, CHANGE_TEST, ++s->tests);
	netconf_notify(s->netconf, &change);
	change_fini(&change);
	return 0;
}

static inline int pause_enforcement(
        void *ctx, const char *user, uint32_t seconds, const char *reason, struct error *err)
{
	(void)ctx;
	(void)seconds;
	return error_set(err, ERR_UNSUPPORTED, NULL, "no table to pause for %s: %s", user, reason);
}

static inline int no_connections(
        void *ctx, const struct connection_question *question, struct connection_report *out, struct error *err)
{
	(void)ctx;
	(void)question;
	(void)err;
	*out = (struct connection_report){0};
	return 0;
}

static inline int resume_enforcement(void *ctx, struct error *err)
{
	(void)ctx;
	return error_set(err, ERR_INVALID, NULL, "enforcement is not paused");
}

static inline int start(struct server *s, const char *path, struct error *err)
{
	struct netconf_host host = {
	        s, verify_now, test_notification, pause_enforcement, resume_enforcement, no_connections};
	struct netconf_options options = {.socket_path = path,
	        .group = SCENE_GROUP,
	        .socket_gid = (gid_t)-1,
	        .listen_fd = -1,
	        .yang_dir = SOURCE_DIR "/yang",
	        .usage = scene_usage,
	        .max_sessions = s->max_sessions,
	        .max_sessions_per_user = s->max_sessions};
	snprintf(s->state, sizeof(s->state), "%s.state", path);
	if (journal_open(s->state, &s->journal, err) != 0 ||
	        config_open(SOURCE_DIR "/yang", s->journal, NULL, &s->config, err) != 0)
		return -1;
	s->hub = hub_new();
	options.journal = s->forgets ? NULL : s->journal;
	return netconf_start(&options, s->config, s->hub, &host, &s->netconf, err);
}

/* The state directory stays. */
static inline void halt(struct server *s)
{
	netconf_stop(s->netconf);
	hub_free(s->hub);
	config_close(s->config);
	journal_close(s->journal);
}

static inline void stop(struct server *s)
{
	static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm", "lock"};
	halt(s);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char file[192];
		snprintf(file, sizeof(file), "%s/%s", s->state, names[i]);
		unlink(file);
	}
	rmdir(s->state);
}

/* max_sessions: in all, and of one user; 0: the usual. */
static inline void setup_with(unsigned max_sessions)
{
	struct error err = {0};
	memset(&server, 0, sizeof(server));
	server.max_sessions = max_sessions;
	log_init("check_netconf", LOG_LEVEL_ERROR, false);
	strcpy(server.directory, "/tmp/check_netconf.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(server.directory));
	snprintf(server.path, sizeof(server.path), "%s/s", server.directory);
	ck_assert_msg(start(&server, server.path, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_int_eq(verify_now(&server, &err), 0);
}

static inline void setup(void)
{
	setup_with(0);
}

static inline void teardown(void)
{
	stop(&server);
	rmdir(server.directory);
}

/* Clients */

static inline struct netconf_client *client(void)
{
	struct netconf_client *c;
	struct error err = {0};
	ck_assert_msg(netconf_client_open(server.path, NULL, &c, &err) == 0, "%s: %s", err.where, err.text);
	return c;
}

/* The reply's content; the caller frees it. */
static inline char *ask(struct netconf_client *c, const char *operation)
{
	char *reply;
	struct error err = {0};
	ck_assert_msg(netconf_client_rpc(c, operation, 20000, &reply, &err) == 0, "%.300s: %s: %s", operation,
	        err.where, err.text);
	return reply;
}

static inline void ask_ok(struct netconf_client *c, const char *operation)
{
	char *reply = ask(c, operation);
	ck_assert_msg(strstr(reply, "<ok/>") != NULL, "%.300s: %s", operation, reply);
	free(reply);
}

/* An error is expected: its code, and its text holds a word. */
static inline void ask_error(struct netconf_client *c, const char *operation, enum error_code code, const char *word)
{
	char *reply = NULL;
	struct error err = {0};
	int result = netconf_client_rpc(c, operation, 20000, &reply, &err);
	ck_assert_msg(result != 0, "%.300s: %s", operation, reply);
	ck_assert_msg(err.code == code, "%.300s: code %d, not %d: %s", operation, err.code, code, err.text);
	ck_assert_msg(strstr(err.text, word) != NULL, "%.300s: '%s' is not in '%s'", operation, word, err.text);
	free(reply);
}

static inline void ask_has(struct netconf_client *c, const char *operation, const char *has, const char *has_not)
{
	char *reply = ask(c, operation);
	ck_assert_msg(has == NULL || strstr(reply, has) != NULL, "%.300s: no %s in %.3000s", operation, has, reply);
	ck_assert_msg(
	        has_not == NULL || strstr(reply, has_not) == NULL, "%.300s: %s in %.3000s", operation, has_not, reply);
	free(reply);
}

static inline size_t count_of(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static inline int raw(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(address.sun_path, server.path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void put(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
		if (sent < 0)
			return; /* the server may have closed already */
		bytes += sent;
		n -= (size_t)sent;
	}
}

static inline void put_text(int fd, const char *s)
{
	put(fd, s, strlen(s));
}

/* Read until a word has come `times` times, or the end. @return what was read; the caller frees it. */
static inline char *read_until(int fd, const char *word, unsigned times, bool *ended)
{
	struct text t = {0};
	char buffer[65536];
	unsigned n = 0;
	size_t seen = 0; /* looked at so far */
	*ended = false;
	for (;;) {
		for (const char *p; word != NULL && (p = strstr(text_str(&t) + seen, word)) != NULL; n++)
			seen = (size_t)(p - t.s) + 1;
		if (word != NULL && n >= times)
			break;
		if (word != NULL && t.len > seen + strlen(word))
			seen = t.len - strlen(word);
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		ck_assert_msg(poll(&poll_fd, 1, 20000) == 1, "nothing came after: %.500s", text_str(&t));
		ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
		if (got <= 0) {
			*ended = true;
			break;
		}
		text_addn(&t, buffer, (size_t)got);
	}
	return text_take(&t);
}

/* A session that is past its hello. */
static inline int raw_session(void)
{
	bool ended;
	int fd = raw();
	put_text(fd, HELLO10);
	free(read_until(fd, "]]>]]>", 1, &ended));
	return fd;
}

/* The reply, or the last word, to an rpc of a session that has just begun; the caller frees it. */
static inline char *last_word(const char *rpc)
{
	bool ended;
	int fd = raw_session();
	put_text(fd, rpc);
	put_text(fd, "]]>]]>");
	char *reply = read_until(fd, "</rpc-reply>", 1, &ended);
	close(fd);
	return reply;
}

static inline void expect_end(int fd)
{
	bool ended;
	free(read_until(fd, NULL, 0, &ended));
	ck_assert(ended);
	close(fd);
}

/* An ordinary session still gets its answer: not behind what others asked for, which takes seconds. Sanitizers are slow. */
static inline void expect_alive(void)
{
	struct netconf_client *c = client();
	int64_t before = clock_monotonic_ms();
	ask_has(c, GET_SUMMARY, "<overall>", NULL);
	int64_t took = clock_monotonic_ms() - before;
	ck_assert_msg(took <= 1000, "an answer took %lld ms", (long long)took);
	netconf_client_close(c);
}

#define ZONE(name, interface) "<zone " PC "><name>" name "</name><interface>" interface "</interface></zone>"
#define EDIT(target, more, config)                                                                                     \
	"<edit-config><target><" target "/></target>" more "<config>" config "</config></edit-config>"
#define GET_CONFIG(source) "<get-config><source><" source "/></source></get-config>"

/* Parse a whole notification with the models; with validate its rules are checked as well. */
static inline void check_notification_as(const char *xml, bool validate)
{
	const struct ly_ctx *ctx = config_context(server.config);
	struct lyd_node *envelope = NULL, *notification = NULL;
	struct ly_in *in;
	ck_assert_int_eq(ly_in_new_memory(xml, &in), LY_SUCCESS);
	LY_ERR result = lyd_parse_op(ctx, NULL, in, LYD_XML, LYD_TYPE_NOTIF_NETCONF, &envelope, &notification);
	ck_assert_msg(result == LY_SUCCESS, "%s: %s", xml, ly_errmsg(ctx));
	if (validate)
		result = lyd_validate_op(notification, NULL, LYD_TYPE_NOTIF_YANG, NULL);
	ck_assert_msg(result == LY_SUCCESS, "%s: %s", xml, ly_errmsg(ctx));
	ly_in_free(in, 0);
	lyd_free_all(envelope);
	lyd_free_all(notification);
}

static inline void check_notification(const char *xml)
{
	check_notification_as(xml, true);
}

/* Sequence numbers of notifications in s, which must be 1, 2, ... @return how many. */
static inline unsigned count_in_order(const char *s)
{
	unsigned n = 0;
	for (; (s = strchr(s, '<')) != NULL; s++)
		if (strncmp(s, "<sequence>", 10) == 0)
			ck_assert_uint_eq(strtoul(s + 10, NULL, 10), ++n);
	return n;
}

#define SUBSCRIBE "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"/>"

#define SUBSCRIBE_TO(more)                                                                                             \
	"<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\">" more "</"                    \
	"create-subscription>"

static inline int subscriber(void)
{
	bool ended;
	int fd = raw();
	put_text(fd, HELLO10 RPC("1", SUBSCRIBE) "]]>]]>");
	char *reply = read_until(fd, "</rpc-reply>", 1, &ended);
	ck_assert_msg(strstr(reply, "<ok/>") != NULL, "%s", reply);
	free(reply);
	/* The next answer comes after the subscription has begun. */
	put_text(fd, RPC("2", GET_SUMMARY) "]]>]]>");
	free(read_until(fd, "</rpc-reply>]]>]]>", 1, &ended));
	return fd;
}

#endif
