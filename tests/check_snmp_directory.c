/* links: snmp conformance base */
/*
 * The directory of the SNMP library where it cannot be made: a disk that is full or mounted for reading alone keeps nobody
 * from being asked, and a place that is wrong is refused. The disks are file systems in memory, in a mount namespace of
 * each test.
 */
#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "portcullis/log.h"
#include "portcullis/snapshot.h"
#include "portcullis/snmp.h"
#include "snmp_host.h"

static char dir[64], path[96], agentx[96];

static void setup(void)
{
	log_init("check_snmp_directory", LOG_LEVEL_ERROR, false);
	snprintf(dir, sizeof(dir), "/tmp/portcullis-snmp-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/snmp", dir);
	snprintf(agentx, sizeof(agentx), "%s/nobody", dir);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

static void teardown(void)
{
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}

static const struct {
	const char *name, *options;
	unsigned long flags;
} disks[] = {{"full", "nr_inodes=1", 0}, {"for reading alone", "size=1m", MS_RDONLY}};

START_TEST(a_start_needs_no_room)
{
	struct hub *hub = hub_new();
	struct snmp *snmp = NULL;
	struct error err = {0};
	ck_assert_int_eq(mount("none", dir, "tmpfs", disks[_i].flags, disks[_i].options), 0);
	int result = snmp_start(&(struct snmp_options){agentx, NULL, path}, &snmp_host, hub, &snmp, &err);
	ck_assert_msg(result == 0, "%s: %s", disks[_i].name, err.text);
	ck_assert_int_ne(access(path, F_OK), 0);
	snmp_stop(snmp);
	hub_free(hub);
}
END_TEST

START_TEST(a_place_that_is_none_is_refused)
{
	struct hub *hub = hub_new();
	struct snmp *snmp = NULL;
	struct error err = {0};
	snprintf(path, sizeof(path), "%s/none/snmp", dir);
	ck_assert_int_eq(snmp_start(&(struct snmp_options){agentx, NULL, path}, &snmp_host, hub, &snmp, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_str_eq(err.where, path);
	hub_free(hub);
}
END_TEST

int main(void)
{
	if (geteuid() != 0) {
		puts("skipped: needs root for mount namespaces");
		return 77;
	}
	Suite *s = suite_create("snmp directory");
	TCase *t = tcase_create("directory");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_start_needs_no_room, 0, 2);
	tcase_add_test(t, a_place_that_is_none_is_refused);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
