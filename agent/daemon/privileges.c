/*
 * From root to the unprivileged user: directories are prepared first, then every privilege goes for good. What cannot
 * be given up ends the start.
 */
#include "daemon/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/log.h"

int identity_find(const char *user, const char *group, struct identity *out, struct error *err)
{
	const struct passwd *pw = getpwnam(user);
	if (pw == NULL)
		return error_set(err, ERR_NOT_FOUND, "--user",
		        "user '%s' does not exist; make it with `useradd --system --user-group %s` or name another "
		        "with --user",
		        user, user);
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	const struct group *gr = getgrnam(group);
	out->socket_gid = gr != NULL ? gr->gr_gid : 0;
	if (gr == NULL)
		log_warning("group '%s' does not exist: only root may use the NETCONF socket", group);
	return 0;
}

int directory_prepare(const char *path, mode_t mode, const struct identity *owner, struct error *err)
{
	struct stat st;
	if (mkdir(path, mode) == 0) {
		if (geteuid() == 0 && chown(path, owner->uid, owner->gid) != 0)
			return error_set(
			        err, ERR_IO, path, "cannot be given to the daemon's user: %s", strerror(errno));
		return 0;
	}
	if (errno != EEXIST)
		return error_set(err, ERR_IO, path, "cannot be made: %s", strerror(errno));
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return error_set(err, ERR_INVALID, path, "is not a directory; name another or move it away");
	return 0;
}

int directory_share(const char *path, const struct identity *owner, const char *group, struct error *err)
{
	const struct group *gr = getgrnam(group);

	if (gr == NULL)
		log_warning("group '%s' does not exist: only root may read what is in %s", group, path);
	if (directory_prepare(path, 0750, owner, err) != 0)
		return -1;
	if (geteuid() != 0)
		return 0;
	/* Its parent may be the daemon's user's: what is there could lead somewhere else. */
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, ERR_INVALID, path, "is not a directory of its own: %s", strerror(errno));
	int result = fchown(fd, owner->uid, gr != NULL ? gr->gr_gid : 0);
	if (result == 0)
		result = fchmod(fd, S_ISGID | 0750);
	if (result != 0)
		error_set(err, ERR_IO, path, "cannot be given to its readers: %s", strerror(errno));
	close(fd);
	return result;
}

int privileges_drop(const struct identity *id, struct error *err)
{
	if (geteuid() == 0 && id->uid != 0) {
		if (setgroups(0, NULL) != 0 || setresgid(id->gid, id->gid, id->gid) != 0 ||
		        setresuid(id->uid, id->uid, id->uid) != 0)
			return error_set(
			        err, ERR_DENIED, NULL, "root privileges cannot be given up: %s", strerror(errno));
		if (setuid(0) == 0)
			return error_set(err, ERR_INTERNAL, NULL, "root privileges came back after they were given up");
	}
	capng_clear(CAPNG_SELECT_BOTH);
	if (geteuid() == 0 ? capng_apply(CAPNG_SELECT_CAPS) != 0 : 0)
		return error_set(err, ERR_DENIED, NULL, "capabilities cannot be given up: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set(err, ERR_INTERNAL, NULL, "no_new_privs cannot be set: %s", strerror(errno));
	return 0;
}
