/* links: push usage nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * Real packets through a pushed table in a namespace, and what is known of them: counted where they belong, over commits, ways
 * back and starts of the agent, but not over what somebody else does to the table.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "ip_wire.h"
#include "push_scene.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define PACKET 40 /* IPv4 and TCP without data */

static int tun[2];
static uint16_t port = 40000;
static int64_t now_ms, now_s;
static unsigned dumps;
static int (*real_dump)(void *self, struct nft_dump *out, struct error *e);

static int64_t the_clock(void)
{
	return now_ms;
}

static int64_t the_wall(void)
{
	return now_s;
}

static void pass(int64_t seconds)
{
	now_ms += seconds * 1000;
	now_s += seconds;
}

static int dump_counted(void *self, struct nft_dump *out, struct error *e)
{
	dumps++;
	return real_dump(self, out, e);
}

static int tun_open(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ck_assert_int_eq(ioctl(fd, TUNSETIFF, &ifr), 0);
	return fd;
}

static void begin_usage(const char *boot_id)
{
	const struct usage_parts parts = {
	        .nft = nft, .journal = journal, .boot = boot_id, .clock_ms = the_clock, .wall_s = the_wall};

	usage = usage_new(&parts);
}

static void begin_counting(void)
{
	begin();
	real_dump = nft.dump;
	nft.dump = dump_counted;
	now_ms = 1000000;
	now_s = 1700000000;
	begin_usage(BOOT);
	begin_push();
	tun[0] = tun_open("c0");
	tun[1] = tun_open("s0");
	ck_assert_int_eq(
	        system("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.c0.rp_filter=0 "
	               "net.ipv4.conf.s0.rp_filter=0 && ip link set c0 up && ip link set s0 up && "
	               "ip addr add 10.10.255.254/16 dev c0 && ip addr add 10.20.255.254/16 dev s0"),
	        0);
}

static void end_counting(void)
{
	push_free(push);
	push = NULL;
	usage_free(usage);
	usage = NULL;
	close(tun[0]);
	close(tun[1]);
	end();
}

/* The agent ends, and begins again. */
static void restart(const char *running, const char *boot_id)
{
	struct site *site = site_of(running);

	push_free(push);
	push = NULL;
	usage_free(usage);
	journal_close(journal);
	ck_assert_int_eq(journal_open(base, &journal, &err), 0);
	begin_usage(boot_id);
	begin_push();
	ck_assert_msg(push_start(push, site, catalog, &err) == 0, "%s: %s", err.where, err.text);
	site_free(site);
}

/* As the journal has it after a commit. */
static void recorded(const char *next)
{
	struct site *a = site_of(ENFORCE), *b = site_of(next);
	struct config_push p = {.now = a, .next = b, .catalog = catalog, .actor = &somebody};
	struct config_plan *plan;
	struct journal_commit commit = {.datastore = "running", .json = "{}", .table = JOURNAL_TABLE_IS};

	ck_assert_msg(carrier.prepare(carrier.ctx, &p, &plan, &err) == 0, "%s", err.text);
	ck_assert_int_eq(carrier.apply(carrier.ctx, plan, &err), 0);
	commit.bytes = plan->bytes;
	commit.n_byte = plan->n_byte;
	ck_assert_int_eq(journal_commit(journal, &commit, &err), 0);
	carrier.done(carrier.ctx, plan, true);
	site_free(a);
	site_free(b);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A TCP SYN from 10.10.0.5 to a server; it is forwarded where nothing drops it. */
static void syn(const char *to, unsigned to_port)
{
	uint8_t p[PACKET] = {0x45}, got[2048];
	enum family f;
	u128 source, destination;

	ck_assert(addr_parse("10.10.0.5", &f, &source) && addr_parse(to, &f, &destination));
	put16(p + 2, PACKET);
	p[8] = 64;
	p[9] = PROTO_TCP;
	put_address(p + 12, 4, source);
	put_address(p + 16, 4, destination);
	put16(p + 10, fold(sum16(p, 20, 0)));
	put16(p + 20, port++);
	put16(p + 22, to_port);
	p[32] = 5 << 4;
	p[33] = 2;
	put16(p + 36, fold(sum16(p + 12, 28, PROTO_TCP + 20)));
	ck_assert_int_eq(write(tun[0], p, PACKET), PACKET);
	/* The kernel forwards before write() returns; other packets on the device are its own. */
	while (read(tun[1], got, sizeof(got)) > 0)
		;
}

static struct usage_reading *reading(void)
{
	struct usage_reading *r;

	pass(100);
	ck_assert_msg(usage_get(usage, &r, &err) == 0, "%s", err.text);
	return r;
}

static const struct usage_box *box_of(const struct usage_reading *r, const char *to, unsigned to_port)
{
	const struct usage_box *found = NULL;
	enum family f;
	u128 destination, source;

	ck_assert(addr_parse("10.10.0.5", &f, &source) && addr_parse(to, &f, &destination));
	for (size_t i = 0; i < r->n_box; i++) {
		const struct box *b = &r->box[i].box;

		if (r->box[i].family != FAMILY_IPV4 || r->box[i].proto != PROTO_TCP || b->source.lo > source ||
		        b->source.hi < source || b->destination.lo > destination || b->destination.hi < destination ||
		        b->ports.lo > to_port || b->ports.hi < to_port)
			continue;
		ck_assert_ptr_null(found);
		found = &r->box[i];
	}
	ck_assert_ptr_nonnull(found);
	return found;
}

static void ck_box(uint64_t packets, int64_t since, const char *when)
{
	struct usage_reading *r = reading();
	const struct usage_box *b = box_of(r, "10.20.1.100", 5061);

	ck_assert_msg(b->count.packets == packets && b->count.octets == packets * PACKET && b->count.since == since,
	        "%s: %llu packets of %llu bytes since %lld, not %llu since %lld", when,
	        (unsigned long long)b->count.packets, (unsigned long long)b->count.octets, (long long)b->count.since,
	        (unsigned long long)packets, (long long)since);
	for (size_t i = 0; i < r->n_box; i++)
		ck_assert_msg(&r->box[i] == b || r->box[i].count.packets == 0, "%s: another box has packets", when);
	usage_reading_unref(r);
}

static void ck_rule(const char *name, uint64_t packets, int64_t since, const char *when)
{
	struct usage_reading *r = reading();
	const struct usage_rule *rule = usage_rule_find(r, name);

	ck_assert_msg(rule != NULL, "%s: no rule %s", when, name);
	ck_assert_msg(rule->count.packets == packets && rule->count.since == since, "%s: %llu packets since %lld", when,
	        (unsigned long long)rule->count.packets, (long long)rule->count.since);
	usage_reading_unref(r);
}

#define X_DROPS RULE("x", "\"destination\":{\"address\":[\"192.0.2.0/24\"]}", "drop")
#define Y_DROPS RULE("y", "\"destination\":{\"address\":[\"192.0.2.0/24\"]}", "drop")
#define X_COMMENTED                                                                                                    \
	",\"rule\":[{\"name\":\"x\",\"comment\":\"c\",\"matches\":{\"destination\":{\"address\":[\"192.0.2.0/24\"]}}," \
	"\"actions\":{\"forwarding\":\"drop\"}}]"

START_TEST(packets_are_counted_over_commits_and_ways_back)
{
	int64_t since = now_s, later;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	ck_box(0, since, "at first");
	for (int i = 0; i < 3; i++)
		syn("10.20.1.100", 5061);
	syn("10.20.1.100", 5062);
	ck_box(3, since, "packets");
	later = now_s;
	ck_assert_int_eq(commit(ENFORCE, ENFORCE X_DROPS), DONE);
	ck_box(3, since, "another table");
	ck_rule("x", 0, later, "a new rule");
	syn("10.20.1.100", 5061);
	ck_box(4, since, "a packet more");
	/* Undone by who asked for it. */
	ck_assert_int_eq(change(ENFORCE X_DROPS, ENFORCE ",\"scope\":\"all\"", false, false, true, NULL), UNDONE);
	ck_box(4, since, "undone");
	/* Taken back, with packets meanwhile. */
	ck_assert_int_eq(change(ENFORCE X_DROPS, ENFORCE Y_DROPS, true, false, false, NULL), WAITS);
	syn("10.20.1.100", 5061);
	later = now_s;
	ck_assert_int_eq(change(ENFORCE Y_DROPS, ENFORCE X_DROPS, false, true, false, NULL), DONE);
	ck_box(5, since, "taken back");
	ck_rule("x", 0, later, "a rule that was away");
	/* Another comment is no other rule. */
	ck_assert_int_eq(commit(ENFORCE X_DROPS, ENFORCE X_COMMENTED), DONE);
	ck_rule("x", 0, later, "another comment");
	ck_assert_int_eq(commit(ENFORCE X_COMMENTED, "\"mode\":\"observe\""), DONE);
	struct usage_reading *r = reading();
	ck_assert(!r->present && r->n_box == 0);
	usage_reading_unref(r);
	later = now_s;
	ck_assert_int_eq(commit("", ENFORCE), DONE);
	ck_box(0, later, "enforced again");
}
END_TEST

START_TEST(explicit_rules_count_their_packets)
{
	int64_t since = now_s;

	ck_assert_int_eq(commit("", ENFORCE CLIENTS_DROPPED), DONE);
	for (int i = 0; i < 4; i++)
		syn("10.20.1.100", 5061);
	ck_rule("x", 4, since, "a rule");
	ck_box(0, since, "what a rule drops comes to no box");
	ck_assert_int_eq(commit(ENFORCE CLIENTS_DROPPED, ENFORCE CLIENTS_DROPPED ",\"scope\":\"all\""), DONE);
	ck_rule("x", 4, since, "a rule over a replace");
}
END_TEST

START_TEST(start_of_the_agent_is_no_break)
{
	int64_t since = now_s;

	recorded(ENFORCE);
	syn("10.20.1.100", 5061);
	ck_box(1, since, "before");
	restart(ENFORCE, BOOT);
	ck_box(1, since, "a start");
	/* It was killed before it wrote what it had seen. */
	syn("10.20.1.100", 5061);
	restart(ENFORCE, BOOT);
	ck_box(2, since, "another start");
	/* A compiler that makes another table of it: the very one of before is put back, and goes on. */
	syn("10.20.1.100", 5061);
	restart(ENFORCE CLIENTS_DROPPED, BOOT);
	ck_box(3, since, "a start that puts the table back");
	restart(ENFORCE, "22222222-2222-3333-4444-555555555555");
	ck_box(3, now_s, "a start of the device");
}
END_TEST

START_TEST(what_others_do_to_the_table_is_a_break)
{
	char *list, *text;
	int64_t since = now_s;
	const char *at;

	recorded(ENFORCE);
	syn("10.20.1.100", 5061);
	ck_box(1, since, "before");
	/* Every element is taken out and put in: of those that had counted it is seen. */
	list = listed();
	struct text flush = {0};
	text_add(&flush, "flush table inet portcullis\n");
	for (at = list; (at = strstr(at, "\tset ")) != NULL; at++)
		text_addf(&flush, "flush set inet portcullis %.*s\n", (int)strcspn(at + 5, " "), at + 5);
	text = xasprintf("%s%s", text_str(&flush), list);
	run(text);
	free(text);
	text_fini(&flush);
	ck_box(0, now_s + 100, "elements anew");
	struct usage_reading *r = reading();
	ck_assert_int_eq(box_of(r, "10.20.1.100", 443)->count.since, since);
	usage_reading_unref(r);
	/* The same table, but another one. */
	text = xasprintf("delete table inet portcullis\n%s", list);
	run(text);
	free(text);
	int64_t then = now_s + 100;
	ck_box(0, then, "the table anew");
	r = reading();
	ck_assert_int_eq(box_of(r, "10.20.1.100", 443)->count.since, then);
	usage_reading_unref(r);
	run("delete table inet portcullis");
	r = reading();
	ck_assert(!r->present && r->n_box == 0);
	usage_reading_unref(r);
	restart(ENFORCE, BOOT);
	ck_box(0, now_s, "put back");
	free(list);
}
END_TEST

/* What the agent does about it, as main's loop has it done. */
static void looked(void)
{
	for (int i = 0; i < 2; i++) {
		struct ruleset *rs;

		ck_assert_msg(nft_ruleset(&nft, NULL, &rs, &err) == 0, "%s", err.text);
		ruleset_share(rs);
		(void)push_look(push, rs, 0, now_ms, now_s);
		ruleset_free(rs);
		pass(10); /* the second time it is waited */
	}
}

START_TEST(table_that_is_put_back_goes_on_counting)
{
	int64_t since = now_s;

	recorded(ENFORCE);
	syn("10.20.1.100", 5061);
	syn("10.20.1.100", 5061);
	run("flush chain inet portcullis forward");
	looked();
	ck_assert(has("required-forward4"));
	syn("10.20.1.100", 5061);
	ck_box(3, since, "rules that were taken out");
	run("delete table inet portcullis");
	looked();
	ck_assert(has("required-forward4"));
	struct usage_reading *r = reading();
	ck_assert_int_eq(box_of(r, "10.20.1.100", 443)->count.since, now_s - 110);
	ck_assert_uint_eq(box_of(r, "10.20.1.100", 443)->count.packets, 0);
	usage_reading_unref(r);
}
END_TEST

START_TEST(many_readers_make_one_dump)
{
	struct usage_reading *r;

	ck_assert_int_eq(commit("", ENFORCE), DONE);
	usage_reading_unref(reading());
	dumps = 0;
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(usage_get(usage, &r, &err), 0);
		usage_reading_unref(r);
		now_ms += 9;
	}
	ck_assert_uint_eq(dumps, 0);
	pass(1);
	ck_assert_int_eq(usage_get(usage, &r, &err), 0);
	usage_reading_unref(r);
	ck_assert_uint_eq(dumps, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usage-kernel");
	TCase *t = tcase_create("usage-kernel");

	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
		puts("skipped: needs root and /dev/net/tun, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, begin_counting, end_counting);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, packets_are_counted_over_commits_and_ways_back);
	tcase_add_test(t, explicit_rules_count_their_packets);
	tcase_add_test(t, start_of_the_agent_is_no_break);
	tcase_add_test(t, what_others_do_to_the_table_is_a_break);
	tcase_add_test(t, table_that_is_put_back_goes_on_counting);
	tcase_add_test(t, many_readers_make_one_dump);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
