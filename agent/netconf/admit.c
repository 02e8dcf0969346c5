/*
 * Who may connect: a uid as the kernel tells it comes in, a user name goes out. Refused is everybody but uid 0 and the
 * members of one group, by primary or supplementary membership. (Apart from the rest, since <grp.h> has a struct group.)
 */
#include "netconf/admit.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define GROUPS_MAX 1024

/* Is the user in the group: its own group or one of the others? */
static bool in_group(const struct passwd *pw, gid_t gid)
{
	gid_t *list = xcalloc(GROUPS_MAX, sizeof(*list));
	int n = GROUPS_MAX;
	bool found = false;
	if (getgrouplist(pw->pw_name, pw->pw_gid, list, &n) < 0)
		n = n < GROUPS_MAX ? n : GROUPS_MAX;
	for (int i = 0; i < n && !found; i++)
		found = list[i] == gid;
	free(list);
	return found;
}

int admit_user(uid_t uid, const char *group, char *user, size_t size, struct error *err)
{
	char pw_buf[16384], gr_buf[65536];
	struct passwd pw, *found_pw = NULL;
	struct group gr, *found_gr = NULL;
	if (getpwuid_r(uid, &pw, pw_buf, sizeof(pw_buf), &found_pw) != 0)
		found_pw = NULL;
	if (uid == 0) {
		snprintf(user, size, "%s", found_pw != NULL ? pw.pw_name : "root");
		return 0;
	}
	if (found_pw == NULL)
		return error_set(err, ERR_DENIED, NULL, "uid %u has no name", (unsigned)uid);
	if (group == NULL || getgrnam_r(group, &gr, gr_buf, sizeof(gr_buf), &found_gr) != 0 || found_gr == NULL)
		return error_set(err, ERR_DENIED, NULL, "there is no group %s, so only root may connect; %s may not",
		        group != NULL ? group : "", pw.pw_name);
	if (!in_group(&pw, gr.gr_gid))
		return error_set(err, ERR_DENIED, NULL, "%s is not in group %s", pw.pw_name, group);
	if (strlen(pw.pw_name) >= size)
		return error_set(err, ERR_DENIED, NULL, "the user name of uid %u is too long", (unsigned)uid);
	snprintf(user, size, "%s", pw.pw_name);
	return 0;
}
