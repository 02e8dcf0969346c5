/*
 * The birth of the privileged process: fork, everything given up but what serving needs, and one READY message, so that
 * a missing right is told at the start and not at the first dump.
 */
#include "nft/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nft/message.h"
#include "portcullis/clock.h"

#define START_MS 10000
#define WHERE "privileged process"

/* Standard input and output become /dev/null, standard error stays for faults, the socket becomes 3. */
static int descriptors_close(int *peer, struct error *err)
{
	const int place = STDERR_FILENO + 1;
	/* First out of the way of 0 to 2, which may have been closed when the pair was made. */
	int away = fcntl(*peer, F_DUPFD_CLOEXEC, place);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (away < 0 || null < 0)
		return error_set(err, ERR_IO, WHERE, "/dev/null: %s", strerror(errno));
	*peer = away;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(away, place) < 0)
		return error_set(err, ERR_IO, WHERE, "dup2: %s", strerror(errno));
	*peer = place;
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(STDIN_FILENO, STDERR_FILENO) < 0)
		return error_set(err, ERR_IO, WHERE, "dup2: %s", strerror(errno));
	if (close_range((unsigned)place + 1, ~0u, 0) != 0)
		return error_set(err, ERR_IO, WHERE, "close_range: %s", strerror(errno));
	return 0;
}

/* A terminal's Ctrl-C and a service manager's SIGTERM reach it too: it ends after the other side, by its socket. */
static void signals_ignore(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2};
	sigset_t none;
	sigemptyset(&none);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int run(int *peer, pid_t parent, struct error *err)
{
	struct nft_source source;
	if (descriptors_close(peer, err) != 0 || nft_source_open(&source, err) != 0)
		return -1;
	prctl(PR_SET_NAME, "portcullis-priv", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	int result = 0;
	/* The parent may have died before it was asked to take this process along. */
	if (getppid() != parent)
		result = error_set(err, ERR_UNAVAILABLE, WHERE, "its parent has ended");
	if (result == 0)
		result = nft_confine(nft_source_proc_fd(&source), err);
	if (result == 0)
		result = nft_message_send(*peer, NFT_MESSAGE_READY, 0, NULL, 0, err);
	if (result == 0)
		result = nft_serve(*peer, &source, err);
	source.close(source.self);
	return result;
}

__attribute__((noreturn)) static void child(int peer, pid_t parent)
{
	struct error err = {0};
	signals_ignore();
	int result = run(&peer, parent, &err);
	/* Before READY this is the reason that nft_process_start() gives; later a last word that may find no reader. */
	if (result != 0 && nft_message_send_error(peer, 0, &err, NULL) != 0)
		result = -1;
	_exit(result == 0 ? 0 : 1);
}

static int await_ready(int fd, struct error *err)
{
	struct nft_stream stream;
	struct nft_message m = {0};
	int64_t until = clock_monotonic_ms() + START_MS;
	int result;
	nft_stream_init(&stream, fd, NFT_SIDE_UNPRIVILEGED);
	while ((result = nft_stream_read(&stream, &m, err)) == 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = until - clock_monotonic_ms();
		if (left <= 0) {
			error_set(err, ERR_UNAVAILABLE, WHERE, "it was not ready within %d s", START_MS / 1000);
			break;
		}
		(void)poll(&p, 1, (int)left);
	}
	nft_stream_fini(&stream);
	if (result <= 0)
		return -1;
	if (m.type == NFT_MESSAGE_ERROR)
		result = nft_message_error_parse(&m, err);
	else if (m.type != NFT_MESSAGE_READY)
		result = error_set(err, ERR_FORMAT, WHERE, "its first message has type %u", m.type);
	free(m.payload);
	return result < 0 ? -1 : 0;
}

static void reap(pid_t pid, struct error *err)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		error_set(err, ERR_UNAVAILABLE, WHERE, "it was killed by signal %d (%s) while it started",
		        WTERMSIG(status), strsignal(WTERMSIG(status)));
}

int nft_process_start(struct nft_process *out, struct error *err)
{
	int pair[2];
	pid_t self = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set(err, ERR_IO, WHERE, "socketpair: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		child(pair[1], self);
	}
	int error = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return error_set(err, ERR_IO, WHERE, "fork: %s", strerror(error));
	}
	if (await_ready(pair[0], err) != 0) {
		close(pair[0]);
		reap(pid, err);
		return -1;
	}
	out->pid = pid;
	out->socket = pair[0];
	return 0;
}
