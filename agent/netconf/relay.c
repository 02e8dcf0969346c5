/*
 * portcullis-netconf-subsystem: OpenSSH runs it as `Subsystem netconf`. What the client sends comes in on standard input
 * and goes to the daemon's UNIX socket, what the daemon answers goes to standard output, until either side ends; one
 * line before it says where the SSH connection comes from. A socket that is not there or not permitted is refused with
 * one line.
 */
#include <build.h> /* the generated one, not netconf/build.h beside this file */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "portcullis/error.h"

#define PROGRAM "portcullis-netconf-subsystem"
#define BUFFER ((size_t)65536)
#define CONNECTION_MAX 200

/* One direction: at most a buffer of bytes that were read and not yet written. */
struct pipe {
	int from, to;
	bool to_is_socket, ended; /**< ended: nothing more comes from `from` */
	size_t start, end;
	char buffer[BUFFER];
};

static int fail(const struct error *err)
{
	char line[sizeof(err->where) + sizeof(err->text) + 4];
	fprintf(stderr, PROGRAM ": %s\n", error_line(err, line, sizeof(line)));
	return 1;
}

static int connect_error(const char *path, int error, struct error *err)
{
	switch (error) {
	case ENOENT:
		return error_set(
		        err, ERR_NOT_FOUND, path, "no such socket: is portcullisd running, and is --socket right?");
	case EACCES:
	case EPERM:
		return error_set(
		        err, ERR_DENIED, path, "permission denied: the user must be a member of the socket's group");
	case ECONNREFUSED:
		return error_set(err, ERR_UNAVAILABLE, path, "nobody listens on this socket: start portcullisd");
	default:
		return error_set(err, ERR_IO, path, "%s", strerror(error));
	}
}

static int open_socket(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if (len == 0 || len >= sizeof(address.sun_path))
		return error_set(
		        err, ERR_USAGE, path, "a socket's path has 1 to %zu characters", sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, len + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, ERR_IO, path, "no socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	connect_error(path, errno, err);
	close(fd);
	return -1;
}

/* SSH_CONNECTION is "client port server port"; a zone behind an address ("%eth0") and any other sign are left out. */
static size_t clean_connection(const char *value, char *out, size_t size)
{
	static const char signs[] = "0123456789abcdefABCDEF.: ";
	size_t n = 0;
	bool zone = false;
	for (; *value != '\0' && n + 1 < size; value++) {
		if (*value == '%' || *value == ' ')
			zone = *value == '%';
		if (!zone && strchr(signs, *value) != NULL)
			out[n++] = *value;
	}
	out[n] = '\0';
	return n;
}

/* The first thing that goes out is the line, if there is one. */
static void greet(struct pipe *p)
{
	char connection[CONNECTION_MAX];
	const char *value = getenv("SSH_CONNECTION");
	if (value == NULL || clean_connection(value, connection, sizeof(connection)) == 0)
		return;
	p->end = (size_t)snprintf(p->buffer, sizeof(p->buffer), "portcullis-relay 1 %s\n", connection);
}

static bool is_empty(const struct pipe *p)
{
	return p->start == p->end;
}

/* false: it cannot be read any more. */
static bool take(struct pipe *p)
{
	ssize_t n = read(p->from, p->buffer, sizeof(p->buffer));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		p->ended = true;
		return n == 0;
	}
	p->start = 0;
	p->end = (size_t)n;
	return true;
}

/*
 * The descriptors stay blocking, because others may share them. A socket is told not to wait; a pipe that poll() calls
 * writable takes PIPE_BUF bytes without waiting.
 */
static bool give(struct pipe *p)
{
	size_t len = p->end - p->start;
	ssize_t n;
	if (p->to_is_socket)
		n = send(p->to, p->buffer + p->start, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(p->to, p->buffer + p->start, len < PIPE_BUF ? len : PIPE_BUF);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	p->start += (size_t)n;
	return true;
}

static bool is_socket(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* A descriptor that nothing is wanted of is not polled at all: its hang-up would wake without end. */
static struct pollfd wish(int fd, bool wanted, short events)
{
	return (struct pollfd){.fd = wanted ? fd : -1, .events = events};
}

/* Client to daemon. A daemon that takes nothing more may still have a last word: that does not end the relay. */
static bool move_up(struct pipe *p, const struct pollfd *from, const struct pollfd *to)
{
	if (from->revents != 0 && !take(p))
		return false;
	if (to->revents != 0 && !give(p)) {
		p->ended = true;
		p->start = p->end = 0;
	}
	return true;
}

/* Daemon to client. Whoever read standard output has gone: the end, even while nothing is to be written. */
static bool move_down(struct pipe *p, const struct pollfd *from, const struct pollfd *to)
{
	if ((to->revents & (POLLERR | POLLNVAL)) != 0 || ((to->revents & POLLHUP) != 0 && is_empty(p)))
		return false;
	if (to->revents != 0 && !is_empty(p) && !give(p))
		return false;
	return from->revents == 0 || take(p);
}

static void relay(struct pipe *up, struct pipe *down)
{
	bool half_closed = false;
	/* The daemon's end ends the session; the client's end only ends what it sends. */
	while (!down->ended || !is_empty(down)) {
		struct pollfd p[4] = {
		        wish(up->from, !up->ended && is_empty(up), POLLIN),
		        wish(up->to, !is_empty(up), POLLOUT),
		        wish(down->from, !down->ended && is_empty(down), POLLIN),
		        wish(down->to, true, is_empty(down) ? 0 : POLLOUT),
		};
		if (poll(p, 4, -1) < 0 && errno != EINTR)
			return;
		if (!move_up(up, &p[0], &p[1]) || !move_down(down, &p[2], &p[3]))
			return;
		if (up->ended && is_empty(up) && !half_closed) {
			shutdown(up->to, SHUT_WR);
			half_closed = true;
		}
	}
}

static void usage(FILE *out)
{
	fputs("Usage: " PROGRAM " [--socket PATH]\n"
	      "Join standard input and output to portcullisd's NETCONF socket. For sshd_config:\n"
	      "  Subsystem netconf " PROGRAM "\n"
	      "\n"
	      "  --socket PATH  the daemon's socket (default " PORTCULLIS_SOCKET ")\n"
	      "  --help         this text\n"
	      "  --version      the version\n",
	        out);
}

static const char *options(int argc, char **argv)
{
	static const struct option list[] = {
	        {"socket", required_argument, NULL, 's'},
	        {"help", no_argument, NULL, 'h'},
	        {"version", no_argument, NULL, 'V'},
	        {NULL, 0, NULL, 0},
	};
	const char *path = PORTCULLIS_SOCKET;
	int c;
	while ((c = getopt_long(argc, argv, "", list, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case 'V':
			puts(PROGRAM " " PORTCULLIS_VERSION);
			exit(0);
		default:
			fputs("Try '" PROGRAM " --help'.\n", stderr);
			exit(1);
		}
	}
	if (optind < argc) {
		fprintf(stderr, PROGRAM ": unexpected argument '%s'; try '" PROGRAM " --help'\n", argv[optind]);
		exit(1);
	}
	return path;
}

int main(int argc, char **argv)
{
	static struct pipe up = {.from = STDIN_FILENO, .to_is_socket = true};
	static struct pipe down = {.to = STDOUT_FILENO};
	struct error err = {0};
	const char *path = options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	int fd = open_socket(path, &err);
	if (fd < 0)
		return fail(&err);
	up.to = down.from = fd;
	down.to_is_socket = is_socket(STDOUT_FILENO);
	greet(&up);
	relay(&up, &down);
	close(fd);
	return 0;
}
