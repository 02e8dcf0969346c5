/* links: nft verify deployment ruleset base */
/*
 * Sets and maps of 100,000 elements in the kernel, in network namespaces of the tests' own: dumped over netlink and by nft
 * as JSON, mirrored, changed by one element and followed. What that costs is printed and may not grow faster than the sets.
 */
#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "netlink_dump.h"
#include "portcullis/mirror.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"

/* As many in the release build; the sanitizers look at the same paths with fewer. */
#ifdef __SANITIZE_ADDRESS__
#define ELEMENTS 8000u
#else
#define ELEMENTS 100000u
#endif
#define FIRST 0x0a000000u

static const struct {
	const char *name, *type, *rule, *more; /**< more: one element that is not there yet */
	bool interval, concat, map;
} shapes[] = {
        {"hash", "ipv4_addr;", "ip saddr @s accept", "11.0.0.1", false, false, false},
        {"interval", "ipv4_addr; flags interval;", "ip saddr @s accept", "11.0.0.0/24", true, false, false},
        {"concatenation", "ipv4_addr . inet_service;", "ip saddr . tcp dport @s accept", "11.0.0.1 . 80", false, true,
                false},
        {"interval concatenation", "ipv4_addr . inet_service; flags interval;", "ip saddr . tcp dport @s accept",
                "11.0.0.0/24 . 80", true, true, false},
        {"verdicts", "ipv4_addr : verdict;", "ip saddr vmap @s", "11.0.0.1 : drop", false, false, true},
};

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void load_set(size_t shape, unsigned n)
{
	FILE *f = popen("nft -f -", "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "table inet t { chain b { }\n %s s { type %s elements = { ", shapes[shape].map ? "map" : "set",
	        shapes[shape].type);
	for (unsigned i = 0; i < n; i++) {
		unsigned lo = FIRST + 100 * i, hi = lo + 49;
		fprintf(f, "%s%u.%u.%u.%u", i > 0 ? ", " : "", lo >> 24, lo >> 16 & 255, lo >> 8 & 255, lo & 255);
		if (shapes[shape].interval)
			fprintf(f, "-%u.%u.%u.%u", hi >> 24, hi >> 16 & 255, hi >> 8 & 255, hi & 255);
		if (shapes[shape].concat)
			fprintf(f, " . %u", 5061 + i % 3);
		if (shapes[shape].map)
			fputs(i % 2 == 0 ? " : accept" : " : jump b", f);
	}
	fprintf(f, " } }\n chain f { type filter hook forward priority 0; policy drop; %s; }\n}\n", shapes[shape].rule);
	ck_assert_int_eq(pclose(f), 0);
}

static struct ruleset *mirrored(struct mirror *m, size_t n)
{
	struct ruleset *rs;
	struct error err = {0};
	ck_assert_msg(mirror_ruleset(m, &rs, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(rs->set[0].n_element, n);
	ck_assert(!rs->set[0].undecided);
	ck_assert_uint_eq(rs->n_undecoded, 0);
	return rs;
}

/** One element more is an event, not a dump. */
static double follow_one(const struct nft_ops *nft, struct mirror *m, size_t shape, size_t n)
{
	struct nft_event event;
	struct error err = {0};
	char command[128];
	ck_assert_int_eq(nft->events(nft->self, &event, &err), 0);
	nft_event_fini(&event);
	snprintf(command, sizeof(command), "nft 'add element inet t s { %s }'", shapes[shape].more);
	ck_assert_int_eq(system(command), 0);
	double start = cpu_s();
	ck_assert_int_eq(nft->events(nft->self, &event, &err), 0);
	ck_assert(event.changed && !event.overrun);
	ck_assert_msg(mirror_feed(m, event.bytes, event.len, &err) == 0, "%s", err.text);
	nft_event_fini(&event);
	struct ruleset *rs = mirrored(m, n + 1);
	double end = cpu_s();
	ruleset_free(rs);
	return end - start;
}

static double json_read(size_t n)
{
	char *json = run_output("nft -j list ruleset");
	struct ruleset *rs;
	struct error err = {0};
	double start = cpu_s();
	ck_assert_msg(ruleset_parse_json(json, strlen(json), &rs, &err) == 0, "%s", err.text);
	double end = cpu_s();
	ck_assert_uint_eq(rs->set[0].n_element, n);
	ck_assert(!rs->set[0].undecided);
	ruleset_free(rs);
	free(json);
	return end - start;
}

static double cost(size_t shape, unsigned n)
{
	struct nft_ops nft;
	struct nft_dump d;
	struct error err = {0};
	struct ruleset *rs;
	struct rusage usage;
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	load_set(shape, n);
	ck_assert_msg(nft_open_direct(&nft, &err) == 0, "%s", err.text);
	double start = cpu_s();
	ck_assert_msg(nft.dump(nft.self, &d, &err) == 0, "%s", err.text);
	double got = cpu_s();
	ck_assert_msg(ruleset_parse_netlink(d.bytes, d.len, &rs, &err) == 0, "%s", err.text);
	double read = cpu_s();
	ck_assert_uint_eq(rs->set[0].n_element, n);
	ck_assert(!rs->set[0].undecided);
	ruleset_free(rs);
	double json = json_read(n), before = cpu_s();
	struct mirror *m = mirror_new();
	ck_assert_msg(mirror_load(m, d.bytes, d.len, &err) == 0, "%s", err.text);
	ruleset_free(mirrored(m, n));
	double mirror = cpu_s() - before, follow = follow_one(&nft, m, shape, n);
	getrusage(RUSAGE_SELF, &usage);
	printf("%-24s %6u: dump %.2f s (%zu bytes), read %.2f s, JSON read %.2f s, mirrored %.2f s, one more element "
	       "%.2f s, "
	       "peak %ld MB\n",
	        shapes[shape].name, n, got - start, d.len, read - got, json, mirror, follow, usage.ru_maxrss / 1024);
	fflush(stdout);
	mirror_free(m);
	nft_dump_fini(&d);
	nft.close(nft.self);
	return read - got + json + mirror + follow;
}

START_TEST(time_grows_no_faster_than_the_set)
{
	double quarter = cost((size_t)_i, ELEMENTS / 4), whole = cost((size_t)_i, ELEMENTS);
	ck_assert_msg(whole < 8 * quarter + 0.5, "%s: %u elements %.2f s, a quarter of them %.2f s", shapes[_i].name,
	        ELEMENTS, whole, quarter);
}
END_TEST

int main(void)
{
	if (!can_load_rulesets()) {
		printf("skipped: root, nft and a kernel with nf_tables are needed\n");
		return 77;
	}
	Suite *s = suite_create("bounds_kernel");
	TCase *c = tcase_create("size");
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, time_grows_no_faster_than_the_set, 0, sizeof(shapes) / sizeof(shapes[0]));
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
