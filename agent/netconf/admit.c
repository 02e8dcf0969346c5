/*
 * Who may connect: a uid as the kernel tells it comes in, a user name goes out, and the names of that user's groups.
 * Refused is everybody but uid 0 and the members of one group, by primary or supplementary membership. (Apart from the
 * rest, since <grp.h> has a struct group.)
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

/* A user's own group and the others. @param list the caller frees it. @return how many. */
static int group_list(const struct passwd *pw, gid_t **list)
{
	int n = GROUPS_MAX;
	*list = xcalloc(GROUPS_MAX, sizeof(**list));
	if (getgrouplist(pw->pw_name, pw->pw_gid, *list, &n) < 0)
		n = n < GROUPS_MAX ? n : GROUPS_MAX;
	return n;
}

static bool in_group(const struct passwd *pw, gid_t gid)
{
	gid_t *list;
	int n = group_list(pw, &list);
	bool found = false;
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

void user_groups_read(struct user_groups *groups, uid_t uid)
{
	char pw_buf[16384], gr_buf[65536];
	struct passwd pw, *found_pw = NULL;
	struct group gr, *found_gr = NULL;
	gid_t *list;
	if (getpwuid_r(uid, &pw, pw_buf, sizeof(pw_buf), &found_pw) != 0 || found_pw == NULL)
		return;
	int n = group_list(&pw, &list);
	groups->name = xcalloc((size_t)n, sizeof(*groups->name));
	for (int i = 0; i < n; i++)
		if (getgrgid_r(list[i], &gr, gr_buf, sizeof(gr_buf), &found_gr) == 0 && found_gr != NULL)
			groups->name[groups->n++] = xstrdup(gr.gr_name);
	free(list);
}

void user_groups_fini(struct user_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->name[i]);
	free(groups->name);
	*groups = (struct user_groups){0};
}
