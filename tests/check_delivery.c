/* links: snmp conformance base */
/* How far notifications have come, in a file: what is left after an end at any moment, and files that are none. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/log.h"
#include "run_suite.h"
#include "snmp/delivery.h"

static char path[] = "/tmp/portcullis-delivery-XXXXXX";
static struct delivery *d;

static void setup(void)
{
	log_init("check_delivery", LOG_LEVEL_ERROR, false);
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(path);
	d = delivery_open(path);
	delivery_start(d, 0);
}

static void teardown(void)
{
	delivery_close(d);
	unlink(path);
}

enum { IN_ORDER, BROKEN_OFF };

/* What the next process finds: it copies the file, so that this one goes on as if nobody had asked. */
static void assert_left(int end, uint64_t after, uint64_t until)
{
	uint64_t a, u;
	char copy[80], line[64];
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	fclose(f);
	/* In order ends with 0, as delivery_close() writes. */
	ck_assert_int_eq(line[42], '1');
	if (end == IN_ORDER)
		line[42] = '0';
	snprintf(copy, sizeof(copy), "%s.copy", path);
	f = fopen(copy, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(line, f), 0);
	fclose(f);
	struct delivery *next = delivery_open(copy);
	bool left = delivery_left(next, &a, &u);
	ck_assert_int_eq(left, after < until);
	if (left) {
		ck_assert_uint_eq(a, after);
		ck_assert_uint_eq(u, until);
	}
	delivery_close(next);
	unlink(copy);
}

START_TEST(what_is_queued_and_not_answered_is_left)
{
	assert_left(IN_ORDER, 0, 0);
	delivery_queued(d, 1);
	assert_left(IN_ORDER, 0, 1);
	delivery_queued(d, 2);
	delivery_queued(d, 3);
	delivery_answered(d, 1);
	assert_left(IN_ORDER, 1, 3);
	delivery_answered(d, 3);
	assert_left(IN_ORDER, 0, 0);
}
END_TEST

/* The one that ended may have told more than it came to queue. */
START_TEST(all_is_left_that_is_not_answered_when_a_process_is_killed)
{
	delivery_queued(d, 1);
	assert_left(BROKEN_OFF, 0, UINT64_MAX);
	delivery_answered(d, 1);
	assert_left(BROKEN_OFF, 1, UINT64_MAX);
	delivery_close(d);
	d = delivery_open(path);
	uint64_t after, until;
	ck_assert(!delivery_left(d, &after, &until));
	delivery_start(d, 1);
}
END_TEST

/* What was told before there was a file is nobody's to send again, however the process ends. */
START_TEST(what_nothing_is_known_of_is_not_left)
{
	delivery_close(d);
	unlink(path);
	d = delivery_open(path);
	delivery_start(d, 5000);
	assert_left(BROKEN_OFF, 5000, UINT64_MAX);
	assert_left(IN_ORDER, 0, 0);
}
END_TEST

START_TEST(numbers_of_another_journal_are_not_believed)
{
	delivery_queued(d, 900);
	delivery_answered(d, 900);
	delivery_close(d);
	d = delivery_open(path);
	delivery_start(d, 3);
	assert_left(BROKEN_OFF, 3, UINT64_MAX);
}
END_TEST

/* As when they are queued again by the process that comes next. */
START_TEST(what_is_queued_again_is_left_until_it_is_answered)
{
	for (uint64_t i = 4; i <= 7; i++)
		delivery_queued(d, i);
	delivery_answered(d, 5);
	for (uint64_t i = 6; i <= 9; i++)
		delivery_queued(d, i);
	assert_left(IN_ORDER, 5, 9);
	delivery_answered(d, 8);
	assert_left(IN_ORDER, 8, 9);
}
END_TEST

START_TEST(what_was_not_to_be_sent_is_not_left)
{
	delivery_queued(d, 5);
	assert_left(IN_ORDER, 4, 5);
	delivery_answered(d, 5);
	delivery_queued(d, 90);
	assert_left(IN_ORDER, 89, 90);
}
END_TEST

START_TEST(an_answer_that_comes_late_takes_nothing_back)
{
	delivery_queued(d, 7);
	delivery_queued(d, 8);
	delivery_answered(d, 8);
	delivery_answered(d, 7);
	assert_left(IN_ORDER, 0, 0);
}
END_TEST

START_TEST(numbers_may_begin_anew)
{
	delivery_queued(d, 1000);
	delivery_queued(d, 1001);
	delivery_answered(d, 1000);
	delivery_queued(d, 1);
	assert_left(IN_ORDER, 0, 1);
	delivery_answered(d, 1);
	assert_left(IN_ORDER, 0, 0);
}
END_TEST

static const char *const damaged[] = {"", "text", "00000000000000000001 00000000000000000002 ", "1 2 1\n",
        "00000000000000000001 x0000000000000000009 1\n", "-0000000000000000001 00000000000000000009 1\n",
        "00000000000000000001 00000000000000000009 2\n", "99999999999999999999 99999999999999999999 1\n"};

START_TEST(a_damaged_file_has_nothing_left_and_is_used_again)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(damaged[_i], f), 0);
	ck_assert_int_eq(fclose(f), 0);
	uint64_t after, until;
	struct delivery *next = delivery_open(path);
	ck_assert(!delivery_left(next, &after, &until));
	delivery_start(next, 2);
	delivery_queued(next, 3);
	assert_left(IN_ORDER, 2, 3);
	delivery_close(next);
}
END_TEST

START_TEST(without_a_file_all_goes_on)
{
	uint64_t after, until;
	struct delivery *none = delivery_open(NULL), *nowhere = delivery_open("/nonexistent/directory/file");
	delivery_queued(none, 3);
	delivery_queued(nowhere, 3);
	ck_assert(delivery_left(none, &after, &until));
	delivery_answered(none, 3);
	delivery_answered(nowhere, 3);
	ck_assert(!delivery_left(nowhere, &after, &until));
	delivery_close(none);
	delivery_close(nowhere);
	delivery_close(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("delivery");
	TCase *t = tcase_create("delivery");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_queued_and_not_answered_is_left);
	tcase_add_test(t, all_is_left_that_is_not_answered_when_a_process_is_killed);
	tcase_add_test(t, what_nothing_is_known_of_is_not_left);
	tcase_add_test(t, numbers_of_another_journal_are_not_believed);
	tcase_add_test(t, what_is_queued_again_is_left_until_it_is_answered);
	tcase_add_test(t, what_was_not_to_be_sent_is_not_left);
	tcase_add_test(t, an_answer_that_comes_late_takes_nothing_back);
	tcase_add_test(t, numbers_may_begin_anew);
	tcase_add_loop_test(
	        t, a_damaged_file_has_nothing_left_and_is_used_again, 0, sizeof(damaged) / sizeof(damaged[0]));
	tcase_add_test(t, without_a_file_all_goes_on);
	suite_add_tcase(s, t);
	return run_suite(s);
}
