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

#endif
