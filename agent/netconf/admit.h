#ifndef PORTCULLIS_NETCONF_ADMIT_H
#define PORTCULLIS_NETCONF_ADMIT_H

#include <stddef.h>
#include <sys/types.h>

#include "portcullis/error.h"

/**
 * May this user connect?
 *
 * @param group  its members may, beside uid 0; NULL: uid 0 alone.
 * @param user   his name, on success.
 * @return 0, or -1 with ERR_DENIED (who is not in what).
 */
int admit_user(uid_t uid, const char *group, char *user, size_t size, struct error *err) MUST_USE;

/** Names of the groups that a user is in. Start with {0}. */
struct user_groups {
	char **name;
	size_t n;
};

/**
 * Ask the system; a user without a name is in no group, and a group without a name is left out.
 *
 * @return 0, or -1 with ERR_UNAVAILABLE: the system does not answer, and there may be more groups than are in *groups.
 */
int user_groups_read(struct user_groups *groups, uid_t uid, struct error *err) MUST_USE;
void user_groups_fini(struct user_groups *groups);

#endif
