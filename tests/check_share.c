/* links: snmp conformance base */
/*
 * The file for the plugin of snmpd: what is written is what is read, the newest counts, and nothing is read of what is cut
 * off, foreign, too large, not a file, or of an agent that is gone.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "run_suite.h"
#include "sample_snapshot.h"
#include "scratch_dir.h"
#include "snmp/share.h"

static char dir[] = "/tmp/portcullis-share-XXXXXX", path[64];
static struct hub *hub;
static struct share *share;
static struct share_reader reader;
static struct error err;

static void publish(uint64_t generation)
{
	struct snapshot *s = sample_new(generation, 200000);
	ck_assert_int_eq(flat_build(s, &s->flat, &s->flat_size), 0);
	hub_set(hub, s);
	share_wake(share);
}

/* 0: there is none. */
static uint32_t generation(void)
{
	const struct flat_summary *row = flat_row(share_reader_look(&reader), FLAT_SUMMARY, 0);
	return row != NULL ? row->generation : 0;
}

static void await(uint32_t want)
{
	int64_t start = clock_monotonic_ms();
	while (generation() != want) {
		ck_assert_int_lt(clock_monotonic_ms() - start, 8000);
		poll(NULL, 0, 2);
	}
}

static void setup(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/snapshot", dir);
	hub = hub_new();
	ck_assert_msg(share_start(path, hub, &share, &err) == 0, "%s", err.text);
	share_reader_init(&reader, path);
}

static void teardown(void)
{
	share_reader_fini(&reader);
	share_stop(share);
	hub_free(hub);
	remove_all(dir);
}

START_TEST(what_is_written_last_is_read)
{
	ck_assert_uint_eq(generation(), 0);
	publish(1);
	await(1);
	struct flat_rows flows = flat_rows(share_reader_look(&reader), FLAT_FLOW);
	ck_assert_uint_eq(flows.count, 4);
	for (uint64_t i = 2; i < 50; i++)
		publish(i);
	await(49);
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
}
END_TEST

START_TEST(what_is_not_another_one_is_not_read_again)
{
	publish(1);
	await(1);
	const void *block = share_reader_look(&reader)->base;
	ck_assert_ptr_eq(share_reader_look(&reader)->base, block);
	publish(2);
	await(2);
}
END_TEST

START_TEST(without_its_agent_a_file_counts_for_nothing)
{
	publish(7);
	await(7);
	char *kept = xasprintf("%s.kept", path);
	ck_assert_int_eq(link(path, kept), 0);
	share_stop(share);
	share = NULL;
	ck_assert_uint_eq(generation(), 0);
	/* As an agent leaves it that was killed. */
	ck_assert_int_eq(rename(kept, path), 0);
	ck_assert_uint_eq(generation(), 0);
	free(kept);
	ck_assert_int_eq(share_start(path, hub, &share, &err), 0);
	await(7); /* what the hub has */
}
END_TEST

START_TEST(a_second_agent_is_refused)
{
	struct share *other;
	publish(3);
	await(3);
	ck_assert_int_eq(share_start(path, hub, &other, &err), -1);
	ck_assert_int_eq(err.code, ERR_IN_USE);
	ck_assert_ptr_null(other);
	ck_assert_uint_eq(generation(), 3);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_refused)
{
	struct share *other;
	ck_assert_int_eq(share_start("/nonexistent/dir/snapshot", hub, &other, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_str_eq(err.where, "/nonexistent/dir/snapshot.lock");
}
END_TEST

static void *read_whole(size_t *n)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*n = (size_t)st.st_size;
	void *bytes = xmalloc(*n);
	ck_assert_int_eq(read(fd, bytes, *n), st.st_size);
	close(fd);
	return bytes;
}

static void put(const void *bytes, size_t n)
{
	char other[80];
	snprintf(other, sizeof(other), "%s.other", path);
	int fd = open(other, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
	ck_assert_int_eq(rename(other, path), 0);
}

enum damage { CUT, LONGER, EMPTY, MAGIC, VERSION, SIZE, BIT, BLOCK_MAGIC, BLOCK_OFFSET, HEAD_ALONE, DAMAGES };

static void damage(enum damage kind, uint8_t *bytes, size_t *n)
{
	struct share_head head;
	struct flat *f = (struct flat *)(bytes + sizeof(head));
	bool sound_sum = kind == BLOCK_MAGIC || kind == BLOCK_OFFSET;

	memcpy(&head, bytes, sizeof(head));
	if (kind == CUT)
		*n -= 1;
	else if (kind == LONGER)
		*n += 1;
	else if (kind == EMPTY)
		*n = 0;
	else if (kind == HEAD_ALONE)
		*n = sizeof(head);
	else if (kind == MAGIC)
		head.magic++;
	else if (kind == VERSION)
		head.version++;
	else if (kind == SIZE)
		head.size = UINT64_MAX;
	else if (kind == BIT)
		bytes[*n / 2] ^= 1;
	else if (kind == BLOCK_MAGIC)
		f->magic++;
	else
		f->section[FLAT_FLOW].offset = UINT64_MAX - 8;
	if (sound_sum)
		head.sum = share_sum(f, *n - sizeof(head));
	memcpy(bytes, &head, sizeof(head));
}

START_TEST(what_is_not_sound_has_no_rows_and_the_next_one_has)
{
	size_t n;
	publish(5);
	await(5);
	uint8_t *bytes = read_whole(&n), *more = xcalloc(1, n + 8);
	memcpy(more, bytes, n);
	damage((enum damage)_i, more, &n);
	put(more, n);
	ck_assert_uint_eq(generation(), 0);
	ck_assert_uint_eq(generation(), 0);
	publish(6);
	await(6);
	free(bytes);
	free(more);
}
END_TEST

START_TEST(what_is_written_over_after_it_was_read_reaches_nobody)
{
	publish(5);
	await(5);
	const struct flat_view *view = share_reader_look(&reader);
	struct flat_summary before = *(const struct flat_summary *)flat_row(view, FLAT_SUMMARY, 0);
	ck_assert_int_eq(truncate(path, 0), 0);
	/* Mapped, it would end who reads it. */
	ck_assert_mem_eq(flat_row(view, FLAT_SUMMARY, 0), &before, sizeof(before));
	ck_assert_uint_eq(generation(), 0);
}
END_TEST

START_TEST(neither_links_nor_pipes_nor_directories_are_read)
{
	char other[80];
	publish(5);
	await(5);
	snprintf(other, sizeof(other), "%s.moved", path);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	ck_assert_uint_eq(generation(), 0);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_uint_eq(generation(), 0);
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_uint_eq(generation(), 0);
	publish(6); /* cannot be written, which is told */
	poll(NULL, 0, 50);
	ck_assert_uint_eq(generation(), 0);
	rmdir(path);
	publish(7);
	await(7);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("share");
	TCase *t = tcase_create("share");

	log_init("check_share", LOG_LEVEL_ERROR, false);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_written_last_is_read);
	tcase_add_test(t, what_is_not_another_one_is_not_read_again);
	tcase_add_test(t, without_its_agent_a_file_counts_for_nothing);
	tcase_add_test(t, a_second_agent_is_refused);
	tcase_add_test(t, a_directory_that_is_not_there_is_refused);
	tcase_add_loop_test(t, what_is_not_sound_has_no_rows_and_the_next_one_has, 0, DAMAGES);
	tcase_add_test(t, what_is_written_over_after_it_was_read_reaches_nobody);
	tcase_add_test(t, neither_links_nor_pipes_nor_directories_are_read);
	suite_add_tcase(s, t);
	return run_suite(s);
}
