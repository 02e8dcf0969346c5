#ifndef PORTCULLIS_DAEMON_PRIVILEGES_H
#define PORTCULLIS_DAEMON_PRIVILEGES_H

#include <sys/types.h>

#include "portcullis/error.h"

/** Who the unprivileged process is. */
struct identity {
	uid_t uid;
	gid_t gid; /**< primary group */
	gid_t socket_gid; /**< group of the NETCONF socket; 0 when the named group does not exist */
};

/** Look user and group up. A missing user is an error that says how to make it; a missing group is only told. */
int identity_find(const char *user, const char *group, struct identity *out, struct error *err) MUST_USE;
/** Make a directory with that owner and mode if it is not there; an existing one must be a directory. */
int directory_prepare(const char *path, mode_t mode, const struct identity *owner, struct error *err) MUST_USE;
/**
 * The same of a directory whose files a group may read: what is made in it belongs to that group. A group that does not exist
 * is only told, and then root may read.
 */
int directory_share(const char *path, const struct identity *owner, const char *group, struct error *err) MUST_USE;
/** Give up root for good: groups, ids, capabilities, no_new_privs. Nothing to do when not root. */
int privileges_drop(const struct identity *id, struct error *err) MUST_USE;

#endif
