/* links: usage nft journal compile verify deployment ruleset base */
/*
 * Since when the own table counts: what breaks the count and what does not, over readings, replaces, starts of the agent and
 * of the device; and how often the kernel is asked.
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "portcullis/log.h"
#include "run_suite.h"
#include "scratch_dir.h"
#include "usage_scene.h"

#define BOOT "11111111-2222-3333-4444-555555555555"

static char base[64];
static struct journal *journal;
static struct usage *usage;
static struct error err;
static int64_t begun_s;

static void begin(void)
{
	log_init("check_usage", LOG_LEVEL_ERROR, false);
	snprintf(base, sizeof(base), "/tmp/portcullis-usage-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(journal_open(base, &journal, &err), 0);
	kernel_begin(3);
	kernel_rule("rule a");
	kernel_rule("rule a");
	kernel_rule("rule b: with a comment");
	kernel_rule("default action");
	usage = usage_begun(journal, BOOT);
	begun_s = wall_now_s;
}

static void end(void)
{
	usage_free(usage);
	usage = NULL;
	journal_close(journal);
	kernel_end();
	remove_all(base);
}

static struct usage_reading *reading(void)
{
	struct usage_reading *r;

	ck_assert_msg(usage_get(usage, &r, &err) == 0, "%s", err.text);
	return r;
}

/* A reading that is not of the last second. */
static struct usage_reading *later(void)
{
	pass_ms(10000);
	return reading();
}

static void ck_since(size_t box, int64_t want_s, const char *when)
{
	struct usage_reading *r = later();

	ck_assert_uint_gt(r->n_box, box);
	ck_assert_msg(r->box[box].count.since == want_s, "%s: box %zu is counted since %lld, not %lld", when, box,
	        (long long)r->box[box].count.since, (long long)want_s);
	usage_reading_unref(r);
}

/* Another agent, over the same kernel. */
static void restarted(const char *boot)
{
	usage_free(usage);
	journal_close(journal);
	ck_assert_int_eq(journal_open(base, &journal, &err), 0);
	usage = usage_begun(journal, boot);
	struct nft_counters c = kernel_counters();
	usage_begin(usage, &c);
	usage_end(usage, &c);
	nft_counters_fini(&c);
}

START_TEST(without_a_table_of_the_agent_nothing_is_asked)
{
	struct usage_reading *r = reading();

	ck_assert(!r->present && r->n_box == 0 && r->n_rule == 0);
	ck_assert_uint_eq(kernel.dumps, 0);
	usage_reading_unref(r);
	kernel_pushed(usage);
	kernel.handle = 0;
	struct nft_counters none = {0}, c = kernel_counters();
	usage_begin(usage, &c);
	usage_end(usage, &none);
	r = reading();
	ck_assert(!r->present);
	ck_assert_uint_eq(kernel.dumps, 0);
	usage_reading_unref(r);
	nft_counters_fini(&c);
}
END_TEST

START_TEST(reading_has_boxes_and_rules)
{
	struct usage_reading *r;

	kernel.table.set[0].element[1].packets = UINT64_MAX;
	kernel.table.set[0].element[1].bytes = 77;
	kernel.table.chain[0].rule[1].packets = 3;
	kernel.table.chain[0].rule[2].packets = 4;
	kernel.table.chain[0].rule[2].bytes = 400;
	kernel_pushed(usage);
	r = reading();
	ck_assert(r->present);
	ck_assert_uint_eq(r->n_box, 3);
	ck_assert_uint_eq(r->n_rule, 2);
	ck_assert(r->box[1].path == PATH_FORWARD && r->box[1].family == FAMILY_IPV4 && r->box[1].proto == PROTO_TCP);
	ck_assert(r->box[1].ports && r->box[1].box.ports.lo == 5001 && r->box[1].box.ports.hi == 5001);
	ck_assert(r->box[1].box.source.lo == own_address("10.0.0.0/8").lo);
	ck_assert(r->box[1].box.destination.hi == own_address("10.1.0.0/16").hi);
	ck_assert_str_eq(r->box[1].comment, "some/label");
	ck_assert_uint_eq(r->box[1].count.packets, UINT64_MAX);
	ck_assert_uint_eq(r->box[1].count.octets, 77);
	ck_assert(r->box[0].id != r->box[1].id && r->box[1].id != r->box[2].id);
	ck_assert_uint_eq(usage_rule_find(r, "a")->count.packets, 7);
	ck_assert_uint_eq(usage_rule_find(r, "a")->count.octets, 400);
	ck_assert_uint_eq(usage_rule_find(r, "b")->count.packets, 0);
	ck_assert_ptr_null(usage_rule_find(r, "default action"));
	ck_assert_int_eq(r->time, wall_now_s);
	usage_reading_unref(r);
}
END_TEST

/* Names and comments that somebody else gave. */
START_TEST(what_is_not_the_agents_is_left_out)
{
	static const char *const names[] = {"required-forward4.2", "required-forward4x", "required-forward4.",
	        "required-forward5", "required-sideways4", "required-output-ping6"};
	struct usage_reading *r;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool pings = strstr(names[i], "ping") != NULL;

		own_put_set(&kernel.table, names[i], true, pings ? 2 : 5,
		        pings ? RS_FIELD_IP6_SADDR : RS_FIELD_IP_SADDR, pings ? RS_FIELD_IP6_DADDR : RS_FIELD_IP_DADDR,
		        RS_FIELD_L4PROTO, RS_FIELD_SPORT, RS_FIELD_DPORT);
		struct own_element *e = own_put_element(&kernel.table, "of\tanother \xff");
		e->key[0] = e->key[1] = own_address(pings ? "fd00::/16" : "192.0.2.0/24");
		e->key[2] = own_number(PROTO_UDP, PROTO_UDP);
	}
	kernel_pushed(usage);
	r = reading();
	ck_assert_uint_eq(r->n_box, 5);
	ck_assert(r->box[3].proto == PROTO_UDP);
	ck_assert_str_eq(r->box[3].comment, "of?another ?");
	ck_assert(r->box[4].path == PATH_OUTPUT && r->box[4].proto == PROTO_ICMPV6 && !r->box[4].ports);
	usage_reading_unref(r);
}
END_TEST

/* Of one box with 5 packets, and others with none. */
static const struct {
	const char *name;
	uint64_t packets; /* afterwards */
	uint64_t handle; /* more than before */
	bool replaced, pushed, goes_on;
} breaks[] = {
        {"more packets", 9, 0, false, false, true},
        {"as many", 5, 0, false, false, true},
        {"fewer", 4, 0, false, false, false},
        {"none", 0, 0, false, false, false},
        {"somebody else's table", 9, 3, false, false, false},
        {"a replace", 9, 0, true, false, true},
        {"a replace that lost some", 3, 0, true, false, true},
        {"a replace that lost all", 0, 0, true, false, false},
        {"a replace of somebody else's table", 9, 3, true, false, false},
        {"a push where there was none", 9, 1, false, true, false},
};

START_TEST(break_is_noticed)
{
	kernel.table.set[0].element[0].packets = 5;
	kernel_pushed(usage);
	ck_since(0, begun_s, "at first");
	kernel.table.set[0].element[0].packets = breaks[_i].packets;
	kernel.handle += breaks[_i].handle;
	pass_ms(1000000);
	if (breaks[_i].pushed)
		kernel_pushed(usage);
	if (breaks[_i].replaced)
		kernel_replaced(usage);
	int64_t then_s = wall_now_s + (breaks[_i].replaced || breaks[_i].pushed ? 0 : 10);
	ck_since(0, breaks[_i].goes_on ? begun_s : then_s, breaks[_i].name);
	ck_since(0, breaks[_i].goes_on ? begun_s : then_s, "the next time");
	/* Of the others nothing was to be seen, but that the table is another one. */
	ck_since(1, breaks[_i].handle == 0 ? begun_s : then_s, breaks[_i].name);
}
END_TEST

START_TEST(box_that_was_away_begins_anew)
{
	kernel_pushed(usage);
	pass_ms(100000);
	kernel.table.set[0].element[2].key[4] = own_number(99, 99);
	kernel_replaced(usage);
	int64_t then_s = wall_now_s;
	ck_since(0, then_s, "another box, which sorts first");
	ck_since(1, begun_s, "a box that stays");
	kernel.table.set[0].element[2].key[4] = own_number(5002, 5002);
	kernel_replaced(usage);
	ck_since(2, then_s + 20, "a box that came back");
	ck_since(0, begun_s, "a box that stays");
}
END_TEST

START_TEST(start_of_the_agent_is_no_break)
{
	kernel.table.set[0].element[0].packets = 5;
	kernel_pushed(usage);
	pass_ms(1000000);
	restarted(BOOT);
	ck_since(0, begun_s, "a start");
	ck_since(1, begun_s, "a start");
	/* What was seen last is known then. */
	kernel.table.set[0].element[1].packets = 8;
	usage_reading_unref(later());
	usage_free(usage);
	usage = usage_begun(journal, BOOT);
	kernel.table.set[0].element[1].packets = 7;
	pass_ms(1000000);
	restarted(BOOT);
	int64_t then_s = wall_now_s;
	ck_since(0, begun_s, "another start");
	ck_since(1, then_s, "fewer packets over a start");
}
END_TEST

static const struct {
	const char *name, *before, *after;
	uint64_t handle;
	bool goes_on;
} starts[] = {
        {"the same boot", BOOT, BOOT, 0, true},
        {"another boot", BOOT, "99999999-2222-3333-4444-555555555555", 0, false},
        {"no boot is known", "", "", 0, false},
        {"somebody else's table", BOOT, BOOT, 2, false},
};

START_TEST(start_of_the_device_is_a_break)
{
	usage_free(usage);
	usage = usage_begun(journal, starts[_i].before);
	kernel_pushed(usage);
	pass_ms(1000000);
	kernel.handle += starts[_i].handle;
	restarted(starts[_i].after);
	ck_since(0, starts[_i].goes_on ? begun_s : wall_now_s, starts[_i].name);
}
END_TEST

/* The wall clock of a device without a battery begins in 1970, or anywhere. */
START_TEST(wall_clock_that_jumps_makes_nothing_old)
{
	struct usage_reading *r;

	wall_now_s = 100;
	kernel_pushed(usage);
	pass_ms(60000);
	wall_now_s = 1800000000;
	ck_since(0, 1800000000 - 60, "forward");
	ck_since(0, 1800000000 - 60, "once more");
	restarted(BOOT);
	ck_since(0, 1800000000 - 60, "over a start");
	wall_now_s -= 5000;
	ck_since(0, 1800000000 - 5060, "back");
	/* What is slewed by little moves nothing. */
	wall_now_s += 1;
	r = later();
	ck_assert_int_eq(r->box[0].count.since, 1800000000 - 5060);
	usage_reading_unref(r);
}
END_TEST

START_TEST(kernel_is_asked_once_in_a_second)
{
	kernel_pushed(usage);
	for (int i = 0; i < 10; i++) {
		usage_reading_unref(reading());
		pass_ms(99);
	}
	ck_assert_uint_eq(kernel.dumps, 1);
	pass_ms(100);
	usage_reading_unref(reading());
	ck_assert_uint_eq(kernel.dumps, 2);
	/* One that takes long is asked less often. */
	kernel.cost_ms = 3000;
	usage_reading_unref(later());
	pass_ms(11999);
	usage_reading_unref(reading());
	ck_assert_uint_eq(kernel.dumps, 3);
	pass_ms(1);
	usage_reading_unref(reading());
	ck_assert_uint_eq(kernel.dumps, 4);
	/* After a replace what was read before is nothing. */
	kernel_replaced(usage);
	usage_reading_unref(reading());
	ck_assert_uint_eq(kernel.dumps, 5);
}
END_TEST

START_TEST(kernel_that_cannot_be_read_breaks_nothing)
{
	struct usage_reading *r;

	kernel_pushed(usage);
	kernel.fails = true;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(usage_get(usage, &r, &err), -1);
		ck_assert_ptr_null(r);
		ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
		ck_assert_str_eq(err.text, "nf_tables is gone");
	}
	ck_assert_uint_eq(kernel.dumps, 1);
	kernel.fails = false;
	ck_since(0, begun_s, "afterwards");
	/* A replace whose outcome is not known: a table that is not the one of before counts anew. */
	struct nft_counters c = kernel_counters();
	usage_begin(usage, &c);
	usage_end(usage, NULL);
	ck_since(0, begun_s, "nothing was replaced");
	usage_begin(usage, &c);
	kernel.handle++;
	usage_end(usage, NULL);
	ck_since(0, wall_now_s + 10, "it was replaced");
	nft_counters_fini(&c);
}
END_TEST

static void replaced_meanwhile(void)
{
	kernel.table.set[0].element[0].packets += 10;
	kernel_replaced(usage);
}

START_TEST(dump_from_before_a_replace_says_nothing)
{
	struct usage_reading *r;

	kernel_pushed(usage);
	kernel.meanwhile = replaced_meanwhile;
	r = reading();
	ck_assert_uint_eq(kernel.dumps, 2);
	ck_assert_uint_eq(r->box[0].count.packets, 10);
	ck_assert_int_eq(r->box[0].count.since, begun_s);
	usage_reading_unref(r);
}
END_TEST

static double ms_since(const struct timespec *from)
{
	struct timespec to;

	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from->tv_sec) * 1e3 + (double)(to.tv_nsec - from->tv_nsec) / 1e6;
}

START_TEST(ten_thousand_boxes_are_kept)
{
	struct timespec from;
	struct usage_reading *r;
	double pushed, read;

	kernel_end();
	kernel_begin(10000);
	begun_s = wall_now_s;
	struct nft_counters none = {0}, after = kernel_counters();
	clock_gettime(CLOCK_MONOTONIC, &from);
	usage_begin(usage, &none);
	usage_end(usage, &after);
	pushed = ms_since(&from);
	nft_counters_fini(&after);
	pass_ms(1000000);
	restarted(BOOT);
	clock_gettime(CLOCK_MONOTONIC, &from);
	r = reading();
	read = ms_since(&from);
	ck_assert_uint_eq(r->n_box, 10000);
	for (size_t i = 0; i < r->n_box; i++)
		ck_assert_int_eq(r->box[i].count.since, begun_s);
	usage_reading_unref(r);
	printf("10000 boxes: a replace %.0f ms with the journal, a reading %.0f ms\n", pushed, read);
}
END_TEST

static void *reader(void *arg)
{
	struct usage_reading *r = reading();

	*(uint64_t *)arg = r->box[0].count.packets;
	usage_reading_unref(r);
	return NULL;
}

START_TEST(readers_share_a_dump_and_wait_for_a_replace)
{
	enum { READERS = 8 };
	pthread_t thread[READERS];
	uint64_t packets[READERS];

	kernel_pushed(usage);
	struct nft_counters before = kernel_counters(), after;
	usage_begin(usage, &before);
	for (int i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, reader, &packets[i]), 0);
	kernel.table.set[0].element[0].packets = 42;
	kernel.handle++;
	after = kernel_counters();
	usage_end(usage, &after);
	for (int i = 0; i < READERS; i++) {
		pthread_join(thread[i], NULL);
		ck_assert_uint_eq(packets[i], 42);
	}
	ck_assert_uint_eq(kernel.dumps, 1);
	nft_counters_fini(&before);
	nft_counters_fini(&after);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usage");
	TCase *t = tcase_create("usage");

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, without_a_table_of_the_agent_nothing_is_asked);
	tcase_add_test(t, reading_has_boxes_and_rules);
	tcase_add_test(t, what_is_not_the_agents_is_left_out);
	tcase_add_loop_test(t, break_is_noticed, 0, OWN_N(breaks));
	tcase_add_test(t, box_that_was_away_begins_anew);
	tcase_add_test(t, start_of_the_agent_is_no_break);
	tcase_add_loop_test(t, start_of_the_device_is_a_break, 0, OWN_N(starts));
	tcase_add_test(t, wall_clock_that_jumps_makes_nothing_old);
	tcase_add_test(t, kernel_is_asked_once_in_a_second);
	tcase_add_test(t, kernel_that_cannot_be_read_breaks_nothing);
	tcase_add_test(t, dump_from_before_a_replace_says_nothing);
	tcase_add_test(t, ten_thousand_boxes_are_kept);
	tcase_add_test(t, readers_share_a_dump_and_wait_for_a_replace);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
