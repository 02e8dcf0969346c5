/* links: base */
/*
 * The NETCONF subsystem program between a client's pipes and a daemon's socket: a fake daemon in a folder of its own is
 * what it connects to.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM BUILD_DIR "/portcullis-netconf-subsystem"
#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static char folder[64], path[96];
static int listener = -1;

static void setup(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(folder, sizeof(folder), "/tmp/portcullis-relay.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/netconf.sock", folder);
	memcpy(address.sun_path, path, strlen(path) + 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	signal(SIGPIPE, SIG_IGN);
}

static void teardown(void)
{
	close(listener);
	unlink(path);
	rmdir(folder);
}

struct run {
	pid_t pid;
	int in, out, err; /* the client's ends */
	int daemon; /* the accepted connection, or -1 */
};

/* connection: SSH_CONNECTION or NULL; uid 0: as it is. */
static struct run start(const char *const *argv, const char *connection, uid_t uid)
{
	struct run r = {.daemon = -1};
	int in[2], out[2], err[2];
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	/* By descriptor: another user may not be allowed into the folders above it. */
	int program = open(PROGRAM, O_PATH | O_CLOEXEC);
	r.pid = fork();
	if (r.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		if (uid != 0 && (setgroups(0, NULL) != 0 || setgid(uid) != 0 || setuid(uid) != 0))
			_exit(99);
		unsetenv("SSH_CONNECTION");
		if (connection != NULL)
			setenv("SSH_CONNECTION", connection, 1);
		fexecve(program, (char *const *)argv, environ);
		_exit(98);
	}
	ck_assert_int_gt(r.pid, 0);
	close(program);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	r.in = in[1];
	r.out = out[0];
	r.err = err[0];
	return r;
}

static struct run start_connected(const char *connection)
{
	const char *const argv[] = {PROGRAM, "--socket", path, NULL};
	struct run r = start(argv, connection, 0);
	r.daemon = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(r.daemon, 0);
	return r;
}

static int finish(struct run *r)
{
	int status;
	if (r->in >= 0)
		close(r->in);
	if (r->daemon >= 0)
		close(r->daemon);
	ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
	close(r->out);
	close(r->err);
	ck_assert_msg(WIFEXITED(status), "status %d", status);
	return WEXITSTATUS(status);
}

static size_t read_to_end(int fd, char *to, size_t size)
{
	size_t len = 0;
	ssize_t n;
	while (len < size && (n = read(fd, to + len, size - len)) > 0)
		len += (size_t)n;
	return len;
}

static void expect(int fd, const char *want)
{
	char got[512] = "";
	size_t len = strlen(want), have = 0;
	while (have < len) {
		ssize_t n = read(fd, got + have, len - have);
		ck_assert_int_gt(n, 0);
		have += (size_t)n;
	}
	ck_assert_str_eq(got, want);
}

static void put(int fd, const char *s)
{
	ck_assert_int_eq(write(fd, s, strlen(s)), (ssize_t)strlen(s));
}

static const struct {
	const char *connection, *line;
} greetings[] = {
        {"192.0.2.7 40022 192.0.2.1 22", "portcullis-relay 1 192.0.2.7 40022 192.0.2.1 22\n"},
        {"2001:db8::7 40022 2001:db8::1 830", "portcullis-relay 1 2001:db8::7 40022 2001:db8::1 830\n"},
        {"fe80::1%eth0 40022 fe80::2%eth0 22", "portcullis-relay 1 fe80::1 40022 fe80::2 22\n"},
        {"192.0.2.7\n<hello>\x01 1 2 3", "portcullis-relay 1 192.0.2.7e 1 2 3\n"},
        {"<>", ""},
        {"", ""},
        {NULL, ""},
};

START_TEST(says_first_where_the_ssh_connection_comes_from)
{
	char want[256];
	struct run r = start_connected(greetings[_i].connection);
	put(r.in, "<hello/>]]>]]>");
	snprintf(want, sizeof(want), "%s<hello/>]]>]]>", greetings[_i].line);
	expect(r.daemon, want);
	ck_assert_int_eq(finish(&r), 0);
}
END_TEST

START_TEST(cuts_an_overlong_connection)
{
	char connection[1000], got[1200];
	memset(connection, '1', sizeof(connection) - 1);
	connection[sizeof(connection) - 1] = '\0';
	struct run r = start_connected(connection);
	close(r.in);
	r.in = -1;
	size_t len = read_to_end(r.daemon, got, sizeof(got));
	ck_assert_uint_lt(len, 256);
	ck_assert_int_eq(got[len - 1], '\n');
	ck_assert_int_eq(finish(&r), 0);
}
END_TEST

START_TEST(passes_bytes_both_ways_unchanged)
{
	static const char binary[] = "\n#3\nabc\n##\n\xff\x80";
	struct run r = start_connected(NULL);
	for (int i = 0; i < 3; i++) {
		put(r.in, binary);
		expect(r.daemon, binary);
		put(r.daemon, binary);
		expect(r.out, binary);
	}
	ck_assert_int_eq(finish(&r), 0);
}
END_TEST

START_TEST(the_end_of_input_leaves_the_answer_coming)
{
	const size_t size = 3 << 20;
	char *answer = malloc(size), *got = malloc(size + 1), word[16];
	struct run r = start_connected(NULL);
	put(r.in, "last");
	close(r.in);
	r.in = -1;
	ck_assert_uint_eq(read_to_end(r.daemon, word, sizeof(word)), 4);
	for (size_t i = 0; i < size; i++)
		answer[i] = (char)(i * 7 + i / 251);
	pid_t writer = fork();
	if (writer == 0) {
		for (size_t at = 0; at < size;) {
			ssize_t n = write(r.daemon, answer + at, size - at);
			if (n <= 0)
				_exit(1);
			at += (size_t)n;
		}
		_exit(0);
	}
	close(r.daemon);
	r.daemon = -1;
	ck_assert_uint_eq(read_to_end(r.out, got, size + 1), size);
	ck_assert_int_eq(memcmp(answer, got, size), 0);
	waitpid(writer, NULL, 0);
	ck_assert_int_eq(finish(&r), 0);
	free(answer);
	free(got);
}
END_TEST

/* Fill the way to the client until nothing more goes in, then see that the other way is open. */
START_TEST(a_client_that_does_not_read_can_still_send)
{
	static char chunk[65536];
	struct run r = start_connected(NULL);
	struct pollfd p = {.fd = r.daemon, .events = POLLOUT};
	fcntl(r.daemon, F_SETFL, O_NONBLOCK);
	while (poll(&p, 1, 200) > 0)
		if (write(r.daemon, chunk, sizeof(chunk)) < 0)
			ck_assert_int_eq(errno, EAGAIN);
	fcntl(r.daemon, F_SETFL, 0);
	put(r.in, "<close-session/>");
	expect(r.daemon, "<close-session/>");
	close(r.daemon);
	r.daemon = -1;
	while (read(r.out, chunk, sizeof(chunk)) > 0)
		;
	ck_assert_int_eq(finish(&r), 0);
}
END_TEST

START_TEST(the_daemons_last_word_arrives_and_ends_it)
{
	char got[16] = "";
	struct run r = start_connected(NULL);
	put(r.daemon, "busy");
	close(r.daemon);
	r.daemon = -1;
	ck_assert_uint_eq(read_to_end(r.out, got, sizeof(got)), 4);
	ck_assert_str_eq(got, "busy");
	ck_assert_int_eq(finish(&r), 0);
}
END_TEST

START_TEST(ends_when_the_client_is_gone)
{
	char word[4];
	struct run r = start_connected(NULL);
	close(r.out);
	r.out = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_uint_eq(read_to_end(r.daemon, word, sizeof(word)), 0);
	ck_assert_int_eq(finish(&r), 0);
}
END_TEST

static void expect_refusal(const char *const *argv, uid_t uid, const char *want)
{
	char text[1024];
	struct run r = start(argv, NULL, uid);
	size_t len = read_to_end(r.err, text, sizeof(text) - 1);
	text[len] = '\0';
	ck_assert_msg(strstr(text, want) != NULL, "'%s' lacks '%s'", text, want);
	ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
	ck_assert_int_eq(finish(&r), 1);
}

START_TEST(says_in_one_line_that_the_socket_is_missing)
{
	const char *const argv[] = {PROGRAM, "--socket", "/nonexistent/netconf.sock", NULL};
	expect_refusal(argv, 0, "/nonexistent/netconf.sock: no such socket: is portcullisd running");
}
END_TEST

START_TEST(says_in_one_line_that_nobody_listens)
{
	const char *const argv[] = {PROGRAM, "--socket", path, NULL};
	close(listener);
	listener = -1;
	expect_refusal(argv, 0, "start portcullisd");
}
END_TEST

START_TEST(says_in_one_line_that_it_is_not_permitted)
{
	const char *const argv[] = {PROGRAM, "--socket", path, NULL};
	if (getuid() != 0)
		return;
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chmod(path, 0660), 0);
	expect_refusal(argv, 65534, "permission denied: the user must be a member of the socket's group");
}
END_TEST

START_TEST(refuses_a_path_that_no_socket_can_have)
{
	char longer[200];
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	const char *const too_long[] = {PROGRAM, "--socket", longer, NULL};
	const char *const empty[] = {PROGRAM, "--socket", "", NULL};
	expect_refusal(too_long, 0, "a socket's path has 1 to");
	expect_refusal(empty, 0, "a socket's path has 1 to");
}
END_TEST

START_TEST(refuses_arguments_that_it_does_not_know)
{
	const char *const extra[] = {PROGRAM, "extra", NULL};
	expect_refusal(extra, 0, "unexpected argument 'extra'");
}
END_TEST

static const struct {
	const char *option, *want;
} informs[] = {{"--help", "Usage: portcullis-netconf-subsystem"}, {"--version", "portcullis-netconf-subsystem 0."}};

START_TEST(help_and_version_need_no_daemon)
{
	char text[2048];
	const char *const argv[] = {PROGRAM, informs[_i].option, NULL};
	struct run r = start(argv, NULL, 0);
	size_t len = read_to_end(r.out, text, sizeof(text) - 1);
	text[len] = '\0';
	ck_assert_ptr_eq(strstr(text, informs[_i].want), text);
	ck_assert_int_eq(finish(&r), 0);
}
END_TEST

int main(void)
{
	if (access(PROGRAM, X_OK) != 0) {
		printf("skipped: " PROGRAM " is not built\n");
		return 77;
	}
	Suite *s = suite_create("relay");
	TCase *c = tcase_create("relay");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 20);
	tcase_add_loop_test(c, says_first_where_the_ssh_connection_comes_from, 0, N(greetings));
	tcase_add_test(c, cuts_an_overlong_connection);
	tcase_add_test(c, passes_bytes_both_ways_unchanged);
	tcase_add_test(c, the_end_of_input_leaves_the_answer_coming);
	tcase_add_test(c, a_client_that_does_not_read_can_still_send);
	tcase_add_test(c, the_daemons_last_word_arrives_and_ends_it);
	tcase_add_test(c, ends_when_the_client_is_gone);
	tcase_add_test(c, says_in_one_line_that_the_socket_is_missing);
	tcase_add_test(c, says_in_one_line_that_nobody_listens);
	tcase_add_test(c, says_in_one_line_that_it_is_not_permitted);
	tcase_add_test(c, refuses_a_path_that_no_socket_can_have);
	tcase_add_test(c, refuses_arguments_that_it_does_not_know);
	tcase_add_loop_test(c, help_and_version_need_no_daemon, 0, N(informs));
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
