/*
 * Who may connect: a uid as the kernel tells it comes in, a user name goes out, and the names of that user's groups.
 * Refused is everybody but uid 0 and the members of one group, by primary or supplementary membership. (Apart from the
 * rest, since <grp.h> has a struct group.)
 */
#include "netconf/admit.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* No system has more; beyond that it is not asked. */
#define GROUPS_MAX 65536
#define ENTRY_MAX ((size_t)64 << 20) /* of a group with all its members */

/* A user's own group and the others. @param list the caller frees it. @return how many. */
static int group_list(const struct passwd *pw, gid_t **list)
{
	int room = 64, n;
	do {
		n = room *= 4;
		*list = xrealloc(room > 256 ? *list : NULL, (size_t)room, sizeof(**list));
	} while (getgrouplist(pw->pw_name, pw->pw_gid, *list, &n) < 0 && room < GROUPS_MAX);
	return n < room ? n : room;
}

/* A group by its name, or without one by its id; @param buf the caller frees it. @return 0, or an error number. */
static int group_find(const char *name, gid_t gid, struct group *out, char **buf, bool *found)
{
	struct group *result = NULL;
	size_t size = 4096;
	int code;
	*buf = NULL;
	do {
		/* A group has as many members as it has; without room for all of them there is no answer. */
		size *= 4;
		*buf = xrealloc(*buf, size, 1);
		code = name != NULL ? getgrnam_r(name, out, *buf, size, &result)
		                    : getgrgid_r(gid, out, *buf, size, &result);
	} while (code == ERANGE && size < ENTRY_MAX);
	*found = code == 0 && result != NULL;
	return code;
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
	char pw_buf[16384], *gr_buf = NULL;
	struct passwd pw, *found_pw = NULL;
	struct group gr = {0};
	bool found = false;
	if (getpwuid_r(uid, &pw, pw_buf, sizeof(pw_buf), &found_pw) != 0)
		found_pw = NULL;
	if (uid == 0) {
		snprintf(user, size, "%s", found_pw != NULL ? pw.pw_name : "root");
		return 0;
	}
	if (found_pw == NULL)
		return error_set(err, ERR_DENIED, NULL, "uid %u has no name", (unsigned)uid);
	if (group != NULL)
		(void)group_find(group, 0, &gr, &gr_buf, &found);
	free(gr_buf);
	if (!found)
		return error_set(err, ERR_DENIED, NULL, "there is no group %s, so only root may connect; %s may not",
		        group != NULL ? group : "", pw.pw_name);
	if (!in_group(&pw, gr.gr_gid))
		return error_set(err, ERR_DENIED, NULL, "%s is not in group %s", pw.pw_name, group);
	if (strlen(pw.pw_name) >= size)
		return error_set(err, ERR_DENIED, NULL, "the user name of uid %u is too long", (unsigned)uid);
	snprintf(user, size, "%s", pw.pw_name);
	return 0;
}

int user_groups_read(struct user_groups *groups, uid_t uid, struct error *err)
{
	char pw_buf[16384];
	struct passwd pw, *found_pw = NULL;
	gid_t *list;
	int code = getpwuid_r(uid, &pw, pw_buf, sizeof(pw_buf), &found_pw);
	if (code != 0)
		return error_set(err, ERR_UNAVAILABLE, NULL, "the system does not say who uid %u is: %s", (unsigned)uid,
		        strerror(code));
	if (found_pw == NULL)
		return 0;
	int n = group_list(&pw, &list);
	groups->name = xcalloc((size_t)n, sizeof(*groups->name));
	for (int i = 0; i < n && code == 0; i++) {
		struct group gr = {0};
		char *buf;
		bool found;
		code = group_find(NULL, list[i], &gr, &buf, &found);
		if (found)
			groups->name[groups->n++] = xstrdup(gr.gr_name);
		free(buf);
	}
	free(list);
	if (code == 0)
		return 0;
	/* A rule that denies something to a group must not go unasked. */
	return error_set(err, ERR_UNAVAILABLE, NULL,
	        "the system does not say which groups %s is in: %s; ask again later", pw.pw_name, strerror(code));
}

void user_groups_fini(struct user_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->name[i]);
	free(groups->name);
	*groups = (struct user_groups){0};
}
