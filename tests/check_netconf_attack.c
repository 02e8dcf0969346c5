/* links: netconf config conformance catalog base */
/*
 * What clients must not be able to do to the NETCONF server: broken framing and messages, floods, silence, deafness, and
 * strangers. After each the server still answers somebody else at once.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "netconf_scene.h"

/* What must not hurt */

static const struct {
	const char *bytes;
	bool ends; /* the session ends by itself */
} attacks[] = {
        {HELLO11 "\n#0\n", true},
        {HELLO11 "\n##\n", true},
        {HELLO11 "\n#abc\n", true},
        {HELLO11 "\n#18446744073709551615\n<rpc", true},
        {HELLO11 "\n#4294967295\n<rpc", true},
        {HELLO11 "\n#05\n<rpc>", true},
        {HELLO11 "no framing at all", true},
        {HELLO11 "\n#1\n \n##\n", false},
        {HELLO11 "\n#8\n<!-- -->\n##\n", false},
        {HELLO10 "]]>]]>", false},
        {HELLO10 "<!-- nothing -->]]>]]>", false},
        {HELLO10 "<?xml version=\"1.0\"?>]]>]]>", false},
        {HELLO10 "<!DOCTYPE a [<!ENTITY b \"c\">]>" RPC("1", "<get/>") "]]>]]>", false},
        {HELLO10 "<rpc-reply xmlns=\"" BASE "\"/>]]>]]>", false},
        {HELLO10 "<hello xmlns=\"" BASE "\"><get/></hello>]]>]]>", false},
        {HELLO10 "<rpc xmlns=\"" BASE "\">]]>]]>", false},
        {HELLO10 "<rpc xmlns=\"" BASE "\"/>]]>]]>", false},
        {HELLO10 "<rpc xmlns=\"" BASE "\"><get/></rpc>]]>]]>", false},
        {HELLO10 RPC("1", "<get><filter type=\"xpath\" select=\"&undefined;\"/></get>") "]]>]]>", false},
        {HELLO10 RPC("1", "") "]]>]]>", false},
        {HELLO10 RPC("1", "text") "]]>]]>", false},
        {HELLO10 RPC("1", "<get xmlns=\"\"/>") "]]>]]>", false},
        {HELLO10 RPC("1", "<edit-config/>") "]]>]]>", false},
        {HELLO10 RPC("1", EDIT("running", "", "<group xmlns=\"\"><name>a</name><name>b</name></group>")) "]]>]]>",
                false},
        {HELLO10 RPC("1", "<action xmlns=\"urn:ietf:params:xml:ns:yang:1\">x</action>") "]]>]]>", false},
        {HELLO10 RPC("1", "<action xmlns=\"urn:ietf:params:xml:ns:yang:1\"/>") "]]>]]>", false},
        {HELLO10 RPC("1", EDIT("running", "", "<p:a/><p:a/>")) "]]>]]>", false},
        {HELLO10 RPC("1", EDIT("running", "", "<xml:a/><xml:a/>")) "]]>]]>", false},
        {HELLO10 RPC("1", EDIT("running", "", "<a xmlns=\"urn:x\" p:b=\"\"/>")) "]]>]]>", false},
        {HELLO10 "<n:rpc xmlns:n=\"" BASE "\"><n:edit-config><n:target><n:running/></n:target><n:config><a/><a/>"
                 "</n:config></n:edit-config></n:rpc>]]>]]>",
                false},
        {HELLO10 RPC("1", "<get-schema xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"/>") "]]>]]>",
                false},
        {"<hello xmlns=\"" BASE "\"><capabilities>" CAP("1.1") "</capabilities><get/></hello>]]>]]>", true},
        {"<hello xmlns=\"" BASE "\"><capabilities>" CAP("1.1") "</capabilities><conformance " PC "/></hello>]]>]]>",
                true},
        {"<hello xmlns=\"" BASE "\"/>]]>]]>", true},
        {RPC("1", "<get/>") "]]>]]>", true},
        {"]]>]]>", true},
        {"portcullis-relay 9 x\n" HELLO10, true},
        {"SSH-2.0-OpenSSH_9.2\r\n", false},
};

static void attack(size_t i)
{
	bool ended;
	int fd = raw();
	put_text(fd, attacks[i].bytes);
	if (attacks[i].ends) {
		expect_end(fd);
		expect_alive();
		return;
	}
	if (strstr(attacks[i].bytes, HELLO10) == attacks[i].bytes) {
		char *reply = read_until(fd, "</rpc-reply>", 1, &ended);
		ck_assert_msg(strstr(reply, "rpc-error") != NULL || strstr(attacks[i].bytes, "<get/>") != NULL,
		        "%s: %s", attacks[i].bytes, reply);
		free(reply);
	}
	expect_alive();
	close(fd);
}
START_TEST(answers_others_at_once_after_every_attack)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		attack(i);
}
END_TEST

/* What the guard refuses by itself is answered at once, but not before the server has said hello. */
START_TEST(says_hello_before_anything_else)
{
	static const char *const first[] = {"<!-- x -->]]>]]>", HELLO10, "<rpc/>]]>]]>", "\n#x\n"};
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		for (int chunked = 0; chunked < 2; chunked++) {
			bool ended;
			int fd = raw();
			char *bytes = xasprintf(
			        "%s%s" RPC("next", GET_SUMMARY) "]]>]]>", chunked ? HELLO11 : HELLO10, first[i]);
			put_text(fd, bytes);
			free(bytes);
			shutdown(fd, SHUT_WR);
			char *reply = read_until(fd, NULL, 0, &ended);
			const char *hello = strstr(reply, "<hello"), *answer = strstr(reply, "<rpc-reply");
			ck_assert_ptr_nonnull(hello);
			ck_assert_msg(answer == NULL || answer > strstr(reply, "]]>]]>"), "%s", reply);
			free(reply);
			close(fd);
		}
	expect_alive();
}
END_TEST

/* n times a text inside an rpc. */
static char *repeated(const char *head, const char *what, size_t n, const char *tail)
{
	struct text t = {0};
	text_add(&t, head);
	for (size_t i = 0; i < n; i++)
		text_add(&t, what);
	text_add(&t, tail);
	return text_take(&t);
}

START_TEST(refuses_what_is_too_deep_or_too_wide_and_goes_on)
{
	static const struct {
		const char *what;
		size_t n;
		const char *word;
	} cases[] = {
	        {"<a>", 100000, "deep; the limit is 64"}, {"<a/>", 100000, "children"}, {"<a/>", 20001, "children"}};
	for (size_t i = 0; i < 3; i++) {
		bool ended;
		int fd = raw();
		char *bytes = repeated(HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"w\"><get><filter>", cases[i].what,
		        cases[i].n, "</filter></get></rpc>]]>]]>" RPC("next", GET_SUMMARY) "]]>]]>");
		put_text(fd, bytes);
		free(bytes);
		char *reply = read_until(fd, "</rpc-reply>", 2, &ended);
		ck_assert_msg(strstr(reply, cases[i].word) != NULL && strstr(reply, "message-id=\"w\"") != NULL &&
		                      strstr(reply, "too-big") != NULL && strstr(reply, "message-id=\"next\"") != NULL,
		        "%s", reply);
		free(reply);
		close(fd);
	}
	expect_alive();
}
END_TEST

START_TEST(ends_a_session_that_sends_too_much)
{
	int fd = raw();
	char *chunk = xmalloc(1024 * 1024);
	memset(chunk, 'x', 1024 * 1024);
	put_text(fd, HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"big\"><get><filter>");
	for (int i = 0; i < 34; i++)
		put(fd, chunk, 1024 * 1024);
	free(chunk);
	bool ended;
	char *reply = read_until(fd, NULL, 0, &ended);
	ck_assert_msg(strstr(reply, "too-big") != NULL && strstr(reply, "message-id=\"big\"") != NULL, "%s", reply);
	free(reply);
	close(fd);
	expect_alive();
}
END_TEST

START_TEST(serves_others_while_clients_are_silent_or_do_not_read)
{
	int silent = raw(), half = raw(), deaf = raw(), gone = raw();
	put_text(half, "<hello xmlns=");
	put_text(deaf, HELLO10);
	for (int i = 0; i < 200; i++) {
		static const char get[] = RPC("1", "<get/>") "]]>]]>";
		if (send(deaf, get, sizeof(get) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
	}
	put_text(gone, HELLO10 RPC("1", "<get/>") "]]>]]>");
	close(gone);
	for (int i = 0; i < 5; i++)
		expect_alive();
	close(silent);
	close(half);
	close(deaf);
}
END_TEST

START_TEST(bounds_the_sessions_of_one_user)
{
	int fds[17];
	bool ended;
	for (int i = 0; i < 16; i++) {
		fds[i] = raw();
		free(read_until(fds[i], "]]>]]>", 1, &ended));
		ck_assert(!ended);
	}
	fds[16] = raw();
	expect_end(fds[16]);
	close(fds[0]);
	for (int i = 0; i < 200; i++) {
		fds[0] = raw();
		free(read_until(fds[0], "]]>]]>", 1, &ended));
		if (!ended)
			break;
		close(fds[0]);
		poll(NULL, 0, 10);
	}
	ck_assert(!ended);
	for (int i = 0; i < 16; i++)
		close(fds[i]);
}
END_TEST

START_TEST(admits_no_third_user)
{
	struct stat st;
	ck_assert_int_eq(stat(server.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	if (geteuid() != 0) {
		puts("skipped: needs root to become another user");
		return;
	}
	/* Even when the mode lets everybody knock. */
	ck_assert_int_eq(chmod(server.directory, 0755), 0);
	ck_assert_int_eq(chmod(server.path, 0666), 0);
	pid_t child = fork();
	if (child == 0) {
		char c;
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		strcpy(address.sun_path, server.path);
		if (setgid(65534) != 0 || setuid(65534) != 0 ||
		        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
			_exit(2);
		_exit(recv(fd, &c, 1, 0) == 0 ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(takes_over_a_socket_that_nobody_answers_on)
{
	struct error err = {0};
	char path[160];
	ck_assert_int_eq(netconf_listen(server.path, (gid_t)-1, &err), -1);
	ck_assert_int_eq(err.code, ERR_IN_USE);
	snprintf(path, sizeof(path), "%s/t", server.directory);
	int fd = netconf_listen(path, (gid_t)-1, &err);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = netconf_listen(path, (gid_t)-1, &err);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(path);
	ck_assert_int_eq(netconf_listen(server.directory, (gid_t)-1, &err), -1);
	ck_assert_int_eq(err.code, ERR_EXISTS);
	ck_assert_int_eq(netconf_listen("/nonexistent/folder/socket", (gid_t)-1, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
}
END_TEST

START_TEST(ends_with_sessions_open)
{
	int subscribed = subscriber(), idle = raw();
	struct netconf_client *c = client();
	ask_ok(c, "<lock><target><running/></target></lock>");
	int64_t before = clock_monotonic_ms();
	stop(&server);
	ck_assert_int_lt(clock_monotonic_ms() - before, 1000);
	netconf_client_close(c);
	close(subscribed);
	close(idle);
	struct error err = {0};
	ck_assert_msg(start(&server, server.path, &err) == 0, "%s", err.text);
	ck_assert_int_eq(verify_now(&server, &err), 0);
	expect_alive();
}
END_TEST

/* Sessions that come, do all sorts of things and vanish, from several threads at once. */
static void *vanish(void *arg)
{
	unsigned seed = *(unsigned *)arg;
	static const char *const operations[] = {RPC("1", "<get/>"), RPC("2", SUBSCRIBE),
	        RPC("3", EDIT("candidate", "", ZONE("z", "e"))), RPC("4", "<lock><target><running/></target></lock>"),
	        RPC("5", "<commit/>"), RPC("6", "<verify " PC "/>"), RPC("7", "<test-notification " PC "/>"),
	        RPC("8", "<kill-session><session-id>3</session-id></kill-session>"), "<x>"};
	for (int i = 0; i < 8; i++) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		char buffer[2000];
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		strcpy(address.sun_path, server.path);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
			put_text(fd, HELLO10);
			for (int k = 0; k < 6; k++) {
				put_text(fd, operations[(unsigned)rand_r(&seed) %
				                        (sizeof(operations) / sizeof(operations[0]))]);
				put_text(fd, "]]>]]>");
				if (rand_r(&seed) % 2 == 0 && recv(fd, buffer, sizeof(buffer), 0) <= 0)
					break;
			}
		}
		close(fd);
	}
	return NULL;
}

START_TEST(survives_sessions_that_vanish)
{
	pthread_t thread[6];
	unsigned seed[6];
	for (unsigned i = 0; i < 6; i++) {
		seed[i] = i + 1;
		ck_assert_int_eq(pthread_create(&thread[i], NULL, vanish, &seed[i]), 0);
	}
	for (unsigned i = 0; i < 6; i++)
		pthread_join(thread[i], NULL);
	struct netconf_client *c = client();
	ask_has(c, GET_SUMMARY, "<overall>", NULL);
	netconf_client_close(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netconf attack");
	TCase *t = tcase_create("server");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers_others_at_once_after_every_attack);
	tcase_add_test(t, says_hello_before_anything_else);
	tcase_add_test(t, refuses_what_is_too_deep_or_too_wide_and_goes_on);
	tcase_add_test(t, ends_a_session_that_sends_too_much);
	tcase_add_test(t, serves_others_while_clients_are_silent_or_do_not_read);
	tcase_add_test(t, bounds_the_sessions_of_one_user);
	tcase_add_test(t, admits_no_third_user);
	tcase_add_test(t, takes_over_a_socket_that_nobody_answers_on);
	tcase_add_test(t, ends_with_sessions_open);
	tcase_add_test(t, survives_sessions_that_vanish);
	suite_add_tcase(s, t);
	return run_suite(s);
}
