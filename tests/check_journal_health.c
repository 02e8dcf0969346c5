/* links: journal deployment base */
/*
 * The journal on a disk that takes nothing, or that damaged it: what was there stays readable, every step that writes is
 * refused with the reason, this is known once and over again by itself; no start changes what it cannot read. The disks are
 * file systems in memory, in a mount namespace of each test.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "journal_scene.h"

#define DISK "size=32m,mode=0700"

static void disk_setup(void)
{
	setup();
	ck_assert_int_eq(mkdir(state, 0700), 0);
	ck_assert_int_eq(setenv("STATE", state, 1), 0); /* for shell commands */
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("none", state, "tmpfs", 0, DISK), 0);
}

static void disk_teardown(void)
{
	umount2(state, MNT_DETACH);
	teardown();
}

static void remount(unsigned long flags)
{
	ck_assert_int_eq(mount("none", state, "tmpfs", MS_REMOUNT | flags, DISK), 0);
}

/* Until nothing more goes onto the disk. */
static void fill(void)
{
	static char block[4096];
	char *path = xasprintf("%s/ballast", state);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
	free(path);
}

static void empty(void)
{
	char *path = xasprintf("%s/ballast", state);
	ck_assert_int_eq(unlink(path), 0);
	free(path);
}

static int commit(struct journal *j, const char *json)
{
	memset(&err, 0, sizeof(err));
	return journal_commit(
	        j, &(struct journal_commit){.datastore = "running", .json = json, .user = "u", .session = 1}, &err);
}

static int commit_large(struct journal *j)
{
	char *json = xmalloc(300001);
	memset(json, 'x', 300000);
	json[300000] = '\0';
	int result = commit(j, json);
	free(json);
	return result;
}

static void ck_running(struct journal *j, const char *want)
{
	char *json = NULL;
	ck_assert_msg(journal_load(j, "running", &json, &err) == 0, "%s", err.text);
	ck_assert_str_eq(json != NULL ? json : "(none)", want);
	free(json);
}

static struct journal_health health(struct journal *j)
{
	struct journal_health h;
	journal_health(j, &h);
	return h;
}

/* Whether it said since the last question that something changed. */
static bool told(struct journal *j)
{
	struct pollfd fd = {.fd = journal_event_fd(j), .events = POLLIN};
	uint64_t n;
	return poll(&fd, 1, 0) == 1 && read(fd.fd, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

static void ck_fault(struct journal *j, const char *why)
{
	struct journal_health h = health(j);
	ck_assert_msg(h.why[0] != '\0' && strstr(h.why, why) != NULL, "'%s' has no '%s'", h.why, why);
}

static void ck_well(struct journal *j)
{
	struct journal_health h = health(j);
	ck_assert_str_eq(h.why, "");
}

static void ck_refused(int result, enum error_code code, const char *text)
{
	ck_assert_int_eq(result, -1);
	ck_assert_msg(err.code == code, "code %d, %s: %s", err.code, err.where, err.text);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

static struct journal *open_anyway(void)
{
	struct journal *j = NULL;
	memset(&err, 0, sizeof(err));
	ck_assert_msg(journal_open_anyway(state, &j, &err) == 0, "%s: %s", err.where, err.text);
	return j;
}

/* A journal with a commit that is closed in order, or whose writer was killed: then there is a log beside the file. */
static void make(const char *json, bool killed)
{
	struct journal *j = open_journal();
	ck_assert_int_eq(commit(j, json), 0);
	if (!killed) {
		journal_close(j);
		return;
	}
	ck_assert_int_eq(system("cd \"$STATE\" && cp journal.db copy && cp journal.db-wal copy-wal"), 0);
	journal_close(j);
	ck_assert_int_eq(
	        system("cd \"$STATE\" && mv copy journal.db && mv copy-wal journal.db-wal && rm -f journal.db-shm"), 0);
}

static void sum(char out[80])
{
	FILE *f = popen("cd \"$STATE\" && cat journal.db journal.db-wal 2>/dev/null | sha256sum", "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(out, 80, f));
	pclose(f);
}

static void ck_untouched(const char *before)
{
	char after[80];
	sum(after);
	ck_assert_str_eq(before, after);
}

/* It takes a commit again, which is there after the next start. */
static void ck_writes(struct journal *j)
{
	ck_assert_int_eq(commit(j, "{\"b\":2}"), 0);
	journal_close(j);
	j = open_journal();
	ck_running(j, "{\"b\":2}");
	journal_close(j);
}

START_TEST(a_full_disk_is_told_once_and_over_when_there_is_room)
{
	struct journal *j = open_anyway();
	uint64_t id = 1;
	ck_assert_int_eq(commit(j, "{\"a\":1}"), 0);
	ck_well(j);
	ck_assert(!told(j));
	fill();
	for (int i = 0; i < 3; i++)
		ck_refused(commit_large(j), ERR_UNAVAILABLE, "disk full; make room");
	ck_assert(told(j));
	ck_assert(!told(j));
	ck_fault(j, "disk full");
	ck_running(j, "{\"a\":1}");
	/* A probe that fails changes nothing, and a small step that still finds a place ends nothing. */
	journal_probe(j);
	ck_fault(j, "disk full");
	for (int i = 0; i < 200 && journal_event_add(j, 5, "<a/>", &id, &err) == 0; i++)
		ck_fault(j, "disk full");
	ck_assert(!told(j));
	empty();
	journal_probe(j);
	ck_well(j);
	ck_assert(told(j));
	ck_assert_int_eq(commit_large(j), 0);
	journal_close(j);
}
END_TEST

START_TEST(events_that_are_not_kept_are_counted)
{
	struct journal *j = open_anyway();
	struct change c = {
	        .sequence = 1, .label = (char *)"", .rule = (char *)"", .witness = (char *)"", .reason = NULL};
	uint64_t id = 1, n = 0;
	char *large = xmalloc(300001);
	memset(large, 'x', 300000);
	large[300000] = '\0';
	fill();
	ck_assert_int_eq(journal_event_add(j, 5, large, &id, &err), -1);
	ck_assert_uint_eq(id, 0);
	c.reason = large;
	ck_assert_int_eq(journal_change_add(j, &c, &err), -1);
	ck_assert_uint_eq(c.event, 0);
	ck_assert_uint_eq(health(j).unkept, 2);
	empty();
	/* A step that goes well is as good as a probe. */
	ck_assert_int_eq(journal_event_add(j, 6, "<a/>", &id, &err), 0);
	ck_assert_uint_eq(id, 1);
	ck_well(j);
	ck_assert_uint_eq(health(j).unkept, 2);
	ck_assert_int_eq(journal_number_get(j, "sequence", &n, &err), 0);
	free(large);
	journal_close(j);
}
END_TEST

START_TEST(a_start_on_a_full_disk_reads)
{
	make("{\"a\":1}", _i == 1);
	fill();
	struct journal *j = open_anyway();
	ck_running(j, "{\"a\":1}");
	if (health(j).why[0] == '\0')
		ck_refused(commit_large(j), ERR_UNAVAILABLE, "disk full");
	else
		ck_assert_int_eq(commit(j, "{\"b\":1}"), -1);
	ck_assert(health(j).why[0] != '\0' && !health(j).lost);
	empty();
	journal_probe(j);
	ck_well(j);
	ck_writes(j);
}
END_TEST

START_TEST(a_file_system_for_reading_alone_is_read)
{
	char before[80];
	make("{\"a\":1}", _i == 1);
	sum(before);
	remount(MS_RDONLY);
	struct journal *j = open_anyway();
	ck_running(j, "{\"a\":1}");
	ck_fault(j, "Read-only file system");
	ck_assert(!health(j).lost);
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "Read-only file system");
	ck_assert_int_eq(journal_number_set(j, "n", 1, &err), -1);
	journal_probe(j);
	ck_fault(j, "Read-only file system");
	ck_running(j, "{\"a\":1}");
	/* The directory is locked all the same. */
	struct journal *other = NULL;
	ck_assert_int_eq(journal_open_anyway(state, &other, &err), -1);
	ck_assert_int_eq(err.code, ERR_IN_USE);
	ck_untouched(before);
	ck_assert(told(j));
	remount(0);
	journal_probe(j);
	ck_well(j);
	ck_assert(told(j));
	ck_writes(j);
}
END_TEST

START_TEST(a_first_start_needs_a_place_to_write)
{
	struct journal *j = NULL;
	if (_i == 0)
		fill();
	else
		remount(MS_RDONLY);
	ck_assert_int_eq(journal_open_anyway(state, &j, &err), -1);
	ck_assert_ptr_null(j);
	ck_assert_msg(strstr(err.text, _i == 0 ? "full" : "Read-only file system") != NULL || _i == 0, "%s", err.text);
	ck_assert_msg(err.code == ERR_UNAVAILABLE || err.code == ERR_IO, "%d: %s", err.code, err.text);
}
END_TEST

/* Where a file may not grow the system gives another error than where a disk is full. */
START_TEST(a_write_that_fails_is_told_like_a_full_disk)
{
	struct journal *j = open_anyway();
	struct rlimit old, none;
	ck_assert_int_eq(commit(j, "{\"a\":1}"), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 1;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "check the disk");
	ck_fault(j, "check the disk");
	journal_probe(j);
	ck_fault(j, "check the disk");
	ck_running(j, "{\"a\":1}");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	journal_probe(j);
	ck_well(j);
	ck_assert_int_eq(commit(j, "{\"b\":2}"), 0);
	ck_running(j, "{\"b\":2}");
	journal_close(j);
}
END_TEST

/* What is written to a file without a name is lost with the next start. */
START_TEST(a_file_that_was_moved_away_is_not_written)
{
	struct journal *j = open_anyway();
	ck_assert_int_eq(commit(j, "{\"a\":1}"), 0);
	ck_assert_int_eq(system("cd \"$STATE\" && mv journal.db aside"), 0);
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "not in its place");
	ck_fault(j, "put it back");
	ck_assert_int_eq(system("cd \"$STATE\" && mv aside journal.db"), 0);
	journal_probe(j);
	ck_well(j);
	ck_assert_int_eq(commit(j, "{\"b\":2}"), 0);
	journal_close(j);
}
END_TEST

static void overwrite(off_t at, const void *bytes, size_t n)
{
	int fd = open(file, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

/* Where a text is in the file. */
static off_t place_of(const char *text)
{
	static char bytes[1 << 20];
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));
	close(fd);
	ck_assert_int_gt(n, 0);
	const char *found = memmem(bytes, (size_t)n, text, strlen(text));
	ck_assert_ptr_nonnull(found);
	return found - bytes;
}

enum damage { DAMAGE_HEAD, DAMAGE_TEXT, DAMAGE_LOG, DAMAGE_SCHEMA, DAMAGE_CUT, DAMAGE_N };

static void damage(enum damage what)
{
	static const char rubbish[4096] = "rubbish";
	switch (what) {
	case DAMAGE_HEAD:
		overwrite(0, rubbish, 100);
		break;
	case DAMAGE_TEXT:
		overwrite(place_of("{\"address\":\"10.0.0.1\"}") + 13, "7", 1);
		break;
	case DAMAGE_LOG: /* the page of the last commits */
		overwrite(place_of("commit that is damaged") / 4096 * 4096, rubbish, sizeof(rubbish));
		break;
	case DAMAGE_SCHEMA:
		overwrite(100, rubbish, 3000);
		break;
	case DAMAGE_CUT:
		ck_assert_int_eq(truncate(file, 5000), 0);
		break;
	case DAMAGE_N:
		break;
	}
}

START_TEST(a_damaged_file_is_left_alone_and_not_believed)
{
	char before[80];
	struct journal *j = open_journal();
	ck_assert_int_eq(journal_commit(j,
	                         &(struct journal_commit){.datastore = "running",
	                                 .json = "{\"address\":\"10.0.0.1\"}",
	                                 .user = "u",
	                                 .comment = "commit that is damaged"},
	                         &err),
	        0);
	journal_close(j);
	damage((enum damage)_i);
	sum(before);
	ck_assert_int_eq(journal_open(state, &j, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	j = open_anyway();
	ck_assert(health(j).lost);
	ck_fault(j, "move it away");
	ck_running(j, "(none)");
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "damaged");
	journal_probe(j);
	ck_fault(j, "damaged");
	uint64_t id;
	ck_assert_int_eq(journal_event_add(j, 6, "<a/>", &id, &err), -1);
	ck_assert_uint_eq(health(j).unkept, 1);
	journal_close(j);
	ck_untouched(before);
}
END_TEST

/* Of a startup that was damaged nothing is begun with; running is, and nothing is written. */
START_TEST(startup_that_was_damaged_is_not_given_out)
{
	char before[80], *json = NULL;
	struct journal *j = open_journal();
	ck_assert_int_eq(commit(j, "{\"address\":\"10.0.0.1\"}"), 0);
	const struct journal_commit startup = {
	        .datastore = "startup", .json = "{\"address\":\"10.0.0.2\"}", .user = "u"};
	ck_assert_int_eq(journal_commit(j, &startup, &err), 0);
	journal_close(j);
	overwrite(place_of("{\"address\":\"10.0.0.2\"}") + 13, "7", 1);
	sum(before);
	ck_assert_int_eq(journal_open(state, &j, &err), -1);
	ck_assert_msg(
	        err.code == ERR_FORMAT && strstr(err.text, "startup is not what was written") != NULL, "%s", err.text);
	if (_i == 1)
		remount(MS_RDONLY);
	j = open_anyway();
	ck_assert(health(j).startup_lost && !health(j).lost);
	ck_fault(j, "startup is not what was written to it, and is not loaded");
	ck_running(j, "{\"address\":\"10.0.0.1\"}");
	ck_assert_int_eq(journal_load(j, "startup", &json, &err), 0);
	ck_assert_ptr_null(json);
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "startup");
	ck_assert_int_eq(journal_commit(j, &startup, &err), -1);
	if (_i == 1)
		remount(0);
	journal_probe(j);
	ck_fault(j, "startup");
	journal_close(j);
	ck_untouched(before);
}
END_TEST

START_TEST(startup_that_was_deleted_is_no_damage)
{
	struct journal *j = open_journal();
	const struct journal_commit startup = {.datastore = "startup", .json = "{}", .user = "u"};
	ck_assert_int_eq(journal_commit(j, &startup, &err), 0);
	ck_assert_int_eq(journal_delete(j, &startup, &err), 0);
	journal_close(j);
	j = open_anyway();
	ck_well(j);
	ck_assert(!health(j).startup_lost);
	journal_close(j);
}
END_TEST

/* A mount over the directory, under a journal that is open: nothing is written below it either. */
START_TEST(a_directory_that_is_bound_for_reading_alone_is_not_written)
{
	struct journal *j = open_anyway();
	uint64_t id;
	ck_assert_int_eq(commit(j, "{\"a\":1}"), 0);
	/* What is open for writing keeps its own file system from becoming one for reading alone. */
	ck_assert_int_eq(mount("none", state, "tmpfs", MS_REMOUNT | MS_RDONLY, DISK), -1);
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_int_eq(commit(j, "{\"a\":2}"), 0);
	ck_assert_int_eq(mount(state, state, NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(NULL, state, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "Read-only file system; mount the state directory for writing");
	ck_assert(told(j));
	ck_fault(j, "Read-only file system");
	ck_assert_int_eq(journal_event_add(j, 6, "<a/>", &id, &err), -1);
	ck_assert_uint_eq(health(j).unkept, 1);
	journal_probe(j);
	ck_fault(j, "Read-only file system");
	ck_assert(!told(j));
	ck_running(j, "{\"a\":2}");
	ck_assert_int_eq(mount(NULL, state, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
	journal_probe(j);
	ck_well(j);
	ck_assert(told(j));
	ck_assert_int_eq(umount2(state, MNT_DETACH), 0);
	ck_writes(j);
}
END_TEST

/* Damage elsewhere leaves a running whose digest is right: it is monitored on, and nothing is written. */
START_TEST(running_of_a_damaged_file_is_read_where_it_is_sure)
{
	char before[80];
	struct journal *j = open_journal();
	uint64_t id;
	ck_assert_int_eq(commit(j, "{\"a\":1}"), 0);
	char *large = xmalloc(20001);
	memset(large, 'e', 20000);
	large[20000] = '\0';
	ck_assert_int_eq(journal_event_add(j, 6, large, &id, &err), 0);
	journal_close(j);
	free(large);
	char rubbish[4096];
	memset(rubbish, 0xff, sizeof(rubbish));
	overwrite((place_of("eeeeeeee") + 4096) / 4096 * 4096, rubbish, sizeof(rubbish));
	sum(before);
	j = open_anyway();
	ck_assert(!health(j).lost);
	ck_running(j, "{\"a\":1}");
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "damaged");
	journal_probe(j);
	ck_fault(j, "damaged");
	ck_running(j, "{\"a\":1}");
	journal_close(j);
	ck_untouched(before);
}
END_TEST

/* Damage that shows while the agent runs: from there on nothing more is written. */
START_TEST(damage_that_is_met_ends_all_writing)
{
	struct journal *j = open_journal();
	uint64_t id;
	ck_assert_int_eq(commit(j, "{\"a\":1}"), 0);
	/* More than is kept in memory. */
	char large[4001];
	memset(large, 'e', 4000);
	large[4000] = '\0';
	for (int i = 0; i < 1500; i++)
		ck_assert_int_eq(journal_event_add(j, 6, large, &id, &err), 0);
	journal_close(j);
	j = open_anyway();
	char rubbish[4096];
	memset(rubbish, 0xff, sizeof(rubbish));
	overwrite(place_of("eeeeeeee") / 4096 * 4096, rubbish, sizeof(rubbish));
	struct journal_events events;
	int result = 0;
	for (uint64_t after = 0; result == 0 && after < 1500; after += JOURNAL_EVENTS_PAGE)
		if ((result = journal_events(j, after, 0, INT64_MAX, &events, &err)) == 0)
			journal_events_fini(&events);
	ck_assert_int_eq(result, -1);
	ck_fault(j, "damaged");
	ck_assert(told(j));
	ck_refused(commit(j, "{\"b\":1}"), ERR_IO, "damaged");
	journal_probe(j);
	ck_fault(j, "damaged");
	ck_running(j, "{\"a\":1}");
	journal_close(j);
}
END_TEST

START_TEST(others_files_are_refused)
{
	struct journal *j = NULL;
	journal_close(open_journal());
	change(_i == 0 ? "PRAGMA user_version=99" : "PRAGMA application_id=7");
	char before[80];
	sum(before);
	ck_assert_int_eq(journal_open_anyway(state, &j, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, _i == 0 ? "version 99" : "another program"));
	ck_untouched(before);
}
END_TEST

int main(void)
{
	if (geteuid() != 0) {
		printf("skipped: needs root for mount namespaces\n");
		return 77;
	}
	Suite *suite = suite_create("journal health");
	TCase *c = tcase_create("health");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, disk_setup, disk_teardown);
	tcase_add_test(c, a_full_disk_is_told_once_and_over_when_there_is_room);
	tcase_add_test(c, events_that_are_not_kept_are_counted);
	tcase_add_loop_test(c, a_start_on_a_full_disk_reads, 0, 2);
	tcase_add_loop_test(c, a_file_system_for_reading_alone_is_read, 0, 2);
	tcase_add_loop_test(c, a_first_start_needs_a_place_to_write, 0, 2);
	tcase_add_test(c, a_write_that_fails_is_told_like_a_full_disk);
	tcase_add_test(c, a_file_that_was_moved_away_is_not_written);
	tcase_add_loop_test(c, a_damaged_file_is_left_alone_and_not_believed, 0, DAMAGE_N);
	tcase_add_loop_test(c, startup_that_was_damaged_is_not_given_out, 0, 2);
	tcase_add_test(c, startup_that_was_deleted_is_no_damage);
	tcase_add_test(c, a_directory_that_is_bound_for_reading_alone_is_not_written);
	tcase_add_test(c, running_of_a_damaged_file_is_read_where_it_is_sure);
	tcase_add_test(c, damage_that_is_met_ends_all_writing);
	tcase_add_loop_test(c, others_files_are_refused, 0, 2);
	suite_add_tcase(suite, c);
	return run_suite(suite);
}
