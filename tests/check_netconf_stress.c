/* links: netconf config conformance catalog base */
/*
 * Fifty sessions at once that read, edit, lock, commit, subscribe, send half a message and vanish, while snapshots and
 * notifications come in: for STRESS_SECONDS seconds. Afterwards nothing is left of them, and the server answers at once.
 */
#include <pthread.h>
#include <time.h>

#include "netconf_scene.h"

#define SESSIONS 50
#define SECONDS 5

static atomic_bool over;
static atomic_ulong answered, vanished, notified;

static int64_t seconds_of_stress(void)
{
	const char *text = getenv("STRESS_SECONDS");
	return text != NULL ? strtol(text, NULL, 10) : SECONDS;
}

static unsigned draw(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % below;
}

#define END "]]>]]>"
static const char *const operations[] = {
        GET_SUMMARY,
        "<get><filter><conformance " PC "><result/></conformance></filter></get>",
        "<get/>",
        GET_CONFIG("running"),
        GET_CONFIG("candidate"),
        EDIT("candidate", "", ZONE("inside", "eth1")),
        EDIT("running", "", ZONE("outside", "eth0")),
        EDIT("running", "<default-operation>replace</default-operation>", ""),
        "<lock><target><candidate/></target></lock>",
        "<unlock><target><candidate/></target></unlock>",
        "<lock><target><running/></target></lock>",
        "<commit/>",
        "<commit><confirmed/><confirm-timeout>1</confirm-timeout></commit>",
        "<commit><confirmed/><persist>t</persist><confirm-timeout>1</confirm-timeout></commit>",
        "<cancel-commit><persist-id>t</persist-id></cancel-commit>",
        "<discard-changes/>",
        "<validate><source><candidate/></source></validate>",
        "<copy-config><target><startup/></target><source><running/></source></copy-config>",
        "<verify " PC "/>",
        "<get><filter><history " PC "/></filter></get>",
        "<get><filter><netconf-state xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"/></filter></get>",
        "<rollback-to " PC "><number>1</number></rollback-to>",
        SUBSCRIBE,
};
#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* Read until one more reply is there. @return false: the server ended the session. */
static bool await_reply(int fd, struct text *got)
{
	char buffer[16384];
	for (;;) {
		const char *end = strstr(text_str(got), "</rpc-reply>" END);
		if (end != NULL) {
			text_fini(got);
			return true;
		}
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ck_assert_msg(poll(&p, 1, 60000) == 1, "no reply within a minute");
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		if (n <= 0)
			return false;
		/* Notifications between: only what may still end a reply is kept. */
		if (got->len > 65536) {
			struct text rest = {0};
			text_add(&rest, got->s + got->len - 64);
			text_fini(got);
			*got = rest;
		}
		text_addn(got, buffer, (size_t)n);
	}
}

static void one_session(uint64_t *seed)
{
	int fd = raw();
	struct text got = {0};
	unsigned n = 1 + draw(seed, 12);
	bool lives = true;
	put_text(fd, HELLO10);
	for (unsigned i = 0; i < n && lives && !atomic_load(&over); i++) {
		struct text rpc = {0};
		text_addf(&rpc, "<rpc xmlns=\"" BASE "\" message-id=\"%u\">%s</rpc>" END, i,
		        operations[draw(seed, N_OPERATIONS)]);
		unsigned way = draw(seed, 40);
		/* Half of it, or all of it, and gone. */
		put(fd, rpc.s, way == 0 ? rpc.len / 2 : rpc.len);
		text_fini(&rpc);
		if (way <= 1) {
			atomic_fetch_add(&vanished, 1);
			break;
		}
		lives = await_reply(fd, &got);
		atomic_fetch_add(&answered, lives);
	}
	text_fini(&got);
	close(fd);
}

static void *session_run(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg;
	while (!atomic_load(&over))
		one_session(&seed);
	return NULL;
}

static void *daemon_run(void *arg)
{
	struct change change;
	struct error err;
	(void)arg;
	for (uint64_t i = 1; !atomic_load(&over); i++) {
		sample_change(&change, CHANGE_TEST, i);
		netconf_notify(server.netconf, &change);
		change_fini(&change);
		atomic_fetch_add(&notified, 1);
		if (i % 50 == 0)
			ck_assert_int_eq(verify_now(&server, &err), 0);
		struct pollfd timer = {.fd = config_timer_fd(server.config), .events = POLLIN};
		if (poll(&timer, 1, 2) == 1)
			config_tick(server.config);
	}
	return NULL;
}

START_TEST(fifty_sessions)
{
	pthread_t session[SESSIONS], daemon;
	struct timespec from, to;
	ck_assert_int_eq(pthread_create(&daemon, NULL, daemon_run, NULL), 0);
	for (uintptr_t i = 0; i < SESSIONS; i++)
		ck_assert_int_eq(pthread_create(&session[i], NULL, session_run, (void *)(i + 1)), 0);
	for (int64_t end = clock_monotonic_ms() + seconds_of_stress() * 1000; clock_monotonic_ms() < end;) {
		/* Somebody who just asks is answered meanwhile. */
		struct netconf_client *c = client();
		ask_has(c, GET_SUMMARY, "<overall>", NULL);
		netconf_client_close(c);
		nanosleep(&(struct timespec){0, 200000000}, NULL);
	}
	atomic_store(&over, true);
	for (int i = 0; i < SESSIONS; i++)
		pthread_join(session[i], NULL);
	pthread_join(daemon, NULL);
	for (int i = 0; i < 500 && (config_lock_holder(server.config, DATASTORE_CANDIDATE) != 0 ||
	                                   config_lock_holder(server.config, DATASTORE_RUNNING) != 0);
	        i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	ck_assert_uint_eq(config_lock_holder(server.config, DATASTORE_CANDIDATE), 0);
	ck_assert_uint_eq(config_lock_holder(server.config, DATASTORE_RUNNING), 0);
	struct netconf_client *c = client();
	clock_gettime(CLOCK_MONOTONIC, &from);
	ask_has(c, GET_SUMMARY, "<overall>", NULL);
	clock_gettime(CLOCK_MONOTONIC, &to);
	netconf_client_close(c);
	printf("%lu rpcs answered, %lu sessions vanished, %lu notifications; then %.1f ms for an answer\n",
	        atomic_load(&answered), atomic_load(&vanished), atomic_load(&notified),
	        (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	ck_assert_uint_gt(atomic_load(&answered), SESSIONS);
	ck_assert_uint_gt(atomic_load(&vanished), 0);
}
END_TEST

static void begin(void)
{
	/* Those that vanished are there until the server has noticed. */
	setup_with(10 * SESSIONS);
}

int main(void)
{
	Suite *s = suite_create("netconf stress");
	TCase *t = tcase_create("stress");
	tcase_add_checked_fixture(t, begin, teardown);
	tcase_add_test(t, fifty_sessions);
	tcase_set_timeout(t, (double)seconds_of_stress() + 120);
	suite_add_tcase(s, t);
	return run_suite(s);
}
