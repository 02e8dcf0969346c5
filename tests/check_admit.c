/* links: netconf config base */
/*
 * The groups of a user as the system tells them, which is this test here: groups of very many members, users in very many
 * groups, and a system that does not answer.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/admit.h"
#include "run_suite.h"

#define LARGE 7u /* the group that needs so much room: */
static size_t room_needed;
static int n_groups, failure;

int getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size, struct passwd **out)
{
	*pw = (struct passwd){.pw_uid = uid, .pw_gid = 1, .pw_name = buf};
	strncpy(buf, "alice", size);
	*out = pw;
	return 0;
}

int getgrouplist(const char *user, gid_t group, gid_t *groups, int *n)
{
	int room = *n;
	(void)user;
	(void)group;
	*n = n_groups;
	for (int i = 0; i < n_groups && i < room; i++)
		groups[i] = (gid_t)i + 1;
	return room < n_groups ? -1 : n_groups;
}

static int group_get(gid_t gid, struct group *gr, char *buf, size_t size, struct group **out)
{
	*out = NULL;
	if (failure != 0)
		return failure;
	if (gid == LARGE && size < room_needed)
		return ERANGE;
	if (gid == 3)
		return 0; /* it has no name */
	snprintf(buf, size, "g%u", (unsigned)gid);
	*gr = (struct group){.gr_name = buf, .gr_gid = gid};
	*out = gr;
	return 0;
}

int getgrgid_r(gid_t gid, struct group *gr, char *buf, size_t size, struct group **out)
{
	return group_get(gid, gr, buf, size, out);
}

int getgrnam_r(const char *name, struct group *gr, char *buf, size_t size, struct group **out)
{
	return group_get((gid_t)strtoul(name + 1, NULL, 10), gr, buf, size, out);
}

static bool has(const struct user_groups *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->name[i], name) == 0)
			return true;
	return false;
}

static void setup(void)
{
	n_groups = 9;
	failure = 0;
	room_needed = 0;
}

START_TEST(knows_groups_of_very_many_members)
{
	struct user_groups g = {0};
	struct error err = {0};
	char user[16];
	room_needed = 5000000;
	ck_assert_int_eq(user_groups_read(&g, 5, &err), 0);
	ck_assert_uint_eq(g.n, 8);
	ck_assert(has(&g, "g7") && has(&g, "g9") && !has(&g, "g3"));
	ck_assert_msg(admit_user(5, "g7", user, sizeof(user), &err) == 0, "%s", err.text);
	ck_assert_str_eq(user, "alice");
	user_groups_fini(&g);
}
END_TEST

START_TEST(knows_users_in_very_many_groups)
{
	struct user_groups g = {0};
	struct error err = {0};
	char user[16];
	n_groups = 5000;
	ck_assert_int_eq(user_groups_read(&g, 5, &err), 0);
	ck_assert_uint_eq(g.n, 4999);
	ck_assert(has(&g, "g5000"));
	ck_assert_int_eq(admit_user(5, "g5000", user, sizeof(user), &err), 0);
	user_groups_fini(&g);
}
END_TEST

/* Without them a rule that denies something would go unasked. */
START_TEST(does_not_do_with_fewer_groups_than_there_are)
{
	struct user_groups g = {0};
	struct error err = {0};
	char user[16];
	failure = EIO;
	ck_assert_int_eq(user_groups_read(&g, 5, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert_msg(strstr(err.text, "which groups alice is in") != NULL, "%s", err.text);
	ck_assert_int_eq(admit_user(5, "g7", user, sizeof(user), &err), -1);
	user_groups_fini(&g);
	/* A group that needs more room than there is. */
	failure = 0;
	room_needed = SIZE_MAX;
	ck_assert_int_eq(user_groups_read(&g, 5, &err), -1);
	user_groups_fini(&g);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("admit");
	TCase *t = tcase_create("groups");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, knows_groups_of_very_many_members);
	tcase_add_test(t, knows_users_in_very_many_groups);
	tcase_add_test(t, does_not_do_with_fewer_groups_than_there_are);
	suite_add_tcase(s, t);
	return run_suite(s);
}
