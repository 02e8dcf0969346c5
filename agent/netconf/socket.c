/*
 * The listening UNIX socket: a path comes in, a socket that root and one group may connect to goes out. A path on which
 * somebody still answers, or that is no socket, is refused; a socket that nobody answers on is left over and replaced.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "portcullis/netconf.h"

static int fill(const char *path, struct sockaddr_un *address, struct error *err)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return error_set(err, ERR_INVALID, path, "a socket path has at most %zu bytes; use a shorter one",
		        sizeof(address->sun_path) - 1);
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

/* Nothing, or a socket that nobody answers on, may be at the path; then it is free. */
static int make_room(const struct sockaddr_un *address, struct error *err)
{
	const char *path = address->sun_path;
	struct stat st;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : error_set(err, ERR_IO, path, "cannot look at it: %s", strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(
		        err, ERR_EXISTS, path, "something that is not a socket is there; move it or use another path");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, ERR_IO, path, "cannot make a socket: %s", strerror(errno));
	int refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
	close(fd);
	if (!refused)
		return error_set(
		        err, ERR_IN_USE, path, "another program answers on it; stop that one or use another path");
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set(err, ERR_IO, path, "cannot remove the socket that is left over: %s", strerror(errno));
	return 0;
}

int netconf_listen(const char *path, gid_t gid, struct error *err)
{
	struct sockaddr_un address;
	if (fill(path, &address, err) != 0 || make_room(&address, err) != 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, ERR_IO, path, "cannot make a socket: %s", strerror(errno));
	/* Nobody can connect before its mode and group are right: it does not listen yet. */
	if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)error_set(err, ERR_IO, path, "cannot bind it: %s; does its folder exist?", strerror(errno));
		close(fd);
		return -1;
	}
	if ((gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) != 0) || chmod(path, 0660) != 0 || listen(fd, 128) != 0) {
		(void)error_set(err, ERR_IO, path, "cannot give it to its group: %s", strerror(errno));
		close(fd);
		unlink(path);
		return -1;
	}
	return fd;
}
