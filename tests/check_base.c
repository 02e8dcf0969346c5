/* links: base */
/*
 * The base room: ranges as sets (against a bit-by-bit model), addresses, ports, interface names, times, files.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/range.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

static void random_set(struct ranges *r, bool *bit, unsigned *seed)
{
	for (int i = 0; i < 6; i++) {
		unsigned lo = (unsigned)rand_r(seed) % 64, hi = lo + (unsigned)rand_r(seed) % 12;
		hi = hi > 63 ? 63 : hi;
		ranges_add(r, lo, hi);
		for (unsigned b = lo; b <= hi; b++)
			bit[b] = true;
	}
	ranges_normalise(r);
}

START_TEST(set_operations_agree_with_bits)
{
	unsigned seed = (unsigned)_i + 1;
	bool a_bit[64] = {0}, b_bit[64] = {0};
	struct ranges a = {0}, b = {0}, minus = {0}, both = {0};
	random_set(&a, a_bit, &seed);
	random_set(&b, b_bit, &seed);
	ranges_subtract(&minus, &a, &b);
	ranges_intersect(&both, &a, &b);
	for (unsigned i = 0; i < 64; i++) {
		ck_assert_int_eq(ranges_contain(&a, i), a_bit[i]);
		ck_assert_int_eq(ranges_contain(&minus, i), a_bit[i] && !b_bit[i]);
		ck_assert_int_eq(ranges_contain(&both, i), a_bit[i] && b_bit[i]);
	}
	for (size_t i = 1; i < minus.n; i++)
		ck_assert(minus.item[i - 1].hi < minus.item[i].lo);
	ranges_fini(&a);
	ranges_fini(&b);
	ranges_fini(&minus);
	ranges_fini(&both);
}
END_TEST

START_TEST(numbers_and_ranges_are_printed_whole_or_cut)
{
	static const uint64_t values[] = {0, 9, 10, 65535, UINT32_MAX, UINT64_MAX};
	char buf[DECIMAL_SIZE], expected[32];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)values[i]);
		ck_assert_str_eq(decimal_print(values[i], buf), expected);
	}
	ck_assert_str_eq(port_range_print((struct port_range){5060, 5061}, expected, sizeof(expected)), "5060-5061");
	ck_assert_str_eq(port_range_print((struct port_range){0, 65535}, expected, sizeof(expected)), "0-65535");
	ck_assert_str_eq(port_range_print((struct port_range){443, 443}, expected, sizeof(expected)), "443");
	ck_assert_str_eq(port_range_print((struct port_range){5060, 5061}, expected, 5), "5060");
	ck_assert_str_eq(port_range_print((struct port_range){5060, 5061}, expected, 1), "");
}
END_TEST

START_TEST(ranges_at_the_end_of_the_number_line_do_not_wrap)
{
	struct ranges a = {0}, b = {0}, out = {0};
	ranges_add(&a, 0, U128_MAX);
	ranges_add(&b, U128_MAX, U128_MAX);
	ranges_add(&a, 5, U128_MAX);
	ranges_normalise(&a);
	ck_assert_uint_eq(a.n, 1);
	ranges_subtract(&out, &a, &b);
	ck_assert_uint_eq(out.n, 1);
	ck_assert(out.item[0].lo == 0 && out.item[0].hi == U128_MAX - 1);
	ck_assert(ranges_cover(&a, (struct range){1, U128_MAX}));
	ck_assert(!ranges_overlap(&out, (struct range){U128_MAX, U128_MAX}));
	ranges_fini(&a);
	ranges_fini(&b);
	ranges_fini(&out);
}
END_TEST

static const struct {
	const char *in, *want; /* want NULL: refused, and the message contains `says` */
	const char *says;
} prefixes[] = {
        {"10.0.0.0/8", "10.0.0.0/8", NULL},
        {"10.1.2.3", "10.1.2.3", NULL},
        {"0.0.0.0/0", "0.0.0.0/0", NULL},
        {"fd00:20::/64", "fd00:20::/64", NULL},
        {"::/0", "::/0", NULL},
        {"::1/128", "::1", NULL},
        {"10.0.0.1/8", NULL, "write 10.0.0.0/8"},
        {"fd00::1/64", NULL, "write fd00::/64"},
        {"10.0.0.0/33", NULL, "0 to 32"},
        {"10.0.0.0/", NULL, "prefix length"},
        {"10.0.0.0/-1", NULL, "prefix length"},
        {"10.0.0", NULL, "not an address"},
        {"", NULL, "not an address"},
        {"1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21:22:23:24:25:26:27:28:29:30", NULL, "not an address"},
};

START_TEST(reads_and_prints_prefixes)
{
	enum family f;
	struct range r;
	struct error err = {0};
	char buf[96];
	int result = prefix_parse(prefixes[_i].in, &f, &r, &err);
	if (prefixes[_i].want == NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(err.text, prefixes[_i].says) != NULL, "%s", err.text);
	} else {
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(range_print(f, r, buf, sizeof(buf)), prefixes[_i].want);
	}
}
END_TEST

static void collect(void *ctx, const char *cidr)
{
	struct text *t = ctx;
	text_addf(t, "%s%s", t->len > 0 ? " " : "", cidr);
}

static const struct {
	const char *lo, *hi, *want;
} splits[] = {
        {"10.0.0.0", "10.0.0.255", "10.0.0.0/24"},
        {"10.0.0.1", "10.0.0.6", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32"},
        {"0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
        {"255.255.255.254", "255.255.255.255", "255.255.255.254/31"},
        {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
        {"fd00::", "fd00::2", "fd00::/127 fd00::2/128"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"},
};

START_TEST(splits_ranges_into_prefixes)
{
	enum family f;
	struct range r;
	struct text t = {0};
	ck_assert(addr_parse(splits[_i].lo, &f, &r.lo) && addr_parse(splits[_i].hi, &f, &r.hi));
	range_each_prefix(f, r, collect, &t);
	ck_assert_str_eq(text_str(&t), splits[_i].want);
	text_fini(&t);
}
END_TEST

static const struct {
	const char *in;
	int lo, hi; /* lo -1: refused */
} ports[] = {
        {"5061", 5061, 5061},
        {"49152-57500", 49152, 57500},
        {"0", 0, 0},
        {"65535", 65535, 65535},
        {"65536", -1, 0},
        {"2-1", -1, 0},
        {"", -1, 0},
        {"-", -1, 0},
        {"1-", -1, 0},
        {"-1", -1, 0},
        {"1 ", -1, 0},
        {"1-2-3", -1, 0},
        {"000080", -1, 0},
};

START_TEST(reads_port_ranges)
{
	struct port_range p;
	struct error err;
	int result = port_range_parse(ports[_i].in, &p, &err);
	if (ports[_i].lo < 0) {
		ck_assert_int_eq(result, -1);
	} else {
		ck_assert_int_eq(result, 0);
		ck_assert_int_eq(p.lo, ports[_i].lo);
		ck_assert_int_eq(p.hi, ports[_i].hi);
	}
}
END_TEST

START_TEST(interface_names_are_points_and_wildcards_intervals)
{
	char buf[20];
	u128 eth0 = ifname_value("eth0");
	ck_assert_str_eq(ifname_print((struct range){eth0, eth0}, buf, sizeof(buf)), "eth0");
	struct range wild = {ifname_value("eth"), ifname_value("eth") | (((u128)1 << (8 * 13)) - 1)};
	ck_assert(eth0 >= wild.lo && eth0 <= wild.hi);
	ck_assert_str_eq(ifname_print(wild, buf, sizeof(buf)), "eth*");
	ck_assert(ifname_value("fth0") > wild.hi);
}
END_TEST

static const struct {
	const char *in;
	const char *want; /* in UTC, or NULL */
} times[] = {
        {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"},
        {"2026-01-31T12:00:00.123+02:00", "2026-01-31T10:00:00Z"},
        {"2026-01-31T12:00:00-00:30", "2026-01-31T12:30:00Z"},
        {"2026-01-31T12:00:00", NULL},
        {"2026-01-31 12:00:00Z", NULL},
        {"2026-01-31T12:00:00Zx", NULL},
        {"2026-01-31T12:00:00.Z", NULL},
        {"2026-02-30T12:00:00Z", NULL},
        {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
};

START_TEST(reads_and_prints_times)
{
	int64_t t;
	char buf[32];
	bool ok = time_parse(times[_i].in, &t);
	ck_assert_int_eq(ok, times[_i].want != NULL);
	if (ok)
		ck_assert_str_eq(time_print(t, buf, sizeof(buf)), times[_i].want);
}
END_TEST

START_TEST(files_are_replaced_whole_and_read_within_limits)
{
	char dir[] = "/tmp/portcullis-base-XXXXXX", *path, *data;
	size_t len;
	struct error err = {0};
	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = xasprintf("%s/file", dir);
	ck_assert_int_eq(file_replace(path, "one", 3, &err), 0);
	ck_assert_int_eq(file_replace(path, "two!", 4, &err), 0);
	ck_assert_int_eq(file_read(path, 10, &data, &len, &err), 0);
	ck_assert_uint_eq(len, 4);
	ck_assert_str_eq(data, "two!");
	free(data);
	ck_assert_int_eq(file_read(path, 3, &data, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_int_eq(file_read(dir, 3, &data, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	unlink(path);
	ck_assert_int_eq(file_read(path, 3, &data, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(rmdir(dir), 0); /* no temporary file was left */
	free(path);
}
END_TEST

START_TEST(errors_are_one_line_and_prefixed_outward)
{
	struct error err = {0};
	char line[1200];
	ck_assert_int_eq(error_set(&err, ERR_INVALID, "row 3", "bad\nport %d", 7), -1);
	ck_assert_int_eq(error_prefix(&err, "%s", "file.md"), -1);
	ck_assert_str_eq(error_line(&err, line, sizeof(line)), "file.md: row 3: bad port 7");
	ck_assert_str_eq(error_tag(err.code), "invalid-value");
	ck_assert_int_eq(error_set(NULL, ERR_IO, NULL, "nobody listens"), -1);
}
END_TEST

START_TEST(digest_is_sha256)
{
	char hex[65];
	sha256_hex("abc", 3, hex); /* FIPS 180-4 example */
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(text_grows_and_escapes)
{
	struct text t = {0};
	ck_assert_str_eq(text_str(&t), "");
	for (int i = 0; i < 1000; i++)
		text_addf(&t, "%d,", i);
	ck_assert_uint_eq(t.len, 3890);
	text_fini(&t);
	text_add_xml(&t, "a<b>&\"\x01");
	char *s = text_take(&t);
	ck_assert_str_eq(s, "a&lt;b&gt;&amp;&quot;?");
	free(s);
	text_add_xml(&t, "f\xe4hrt\n \xc3\xa4");
	s = text_take(&t);
	ck_assert_str_eq(s, "f?hrt? \xc3\xa4");
	free(s);
}
END_TEST

static const struct {
	const char *in, *want;
} cleaned[] = {
        {"", ""},
        {"plain", "plain"},
        {"f\xe4hrt", "f?hrt"},
        {"\xc3\xa4\xc3", "\xc3\xa4?"}, /* cut inside a character */
        {"a\xc2\x9b"
         "31m",
                "a??31m"}, /* C1 control that steers terminals */
        {"a\x1b[31m\x7f\n", "a?[31m??"},
        {"\xed\xa0\x80", "???"}, /* surrogate */
        {"\xff\xfe", "??"},
};

START_TEST(cleans_what_is_not_text)
{
	char *s = xstrdup(cleaned[_i].in);
	utf8_clean(s);
	ck_assert_str_eq(s, cleaned[_i].want);
	free(s);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
	Suite *s = suite_create("base");
	TCase *c = tcase_create("base");
	tcase_add_loop_test(c, set_operations_agree_with_bits, 0, 300);
	tcase_add_test(c, numbers_and_ranges_are_printed_whole_or_cut);
	tcase_add_test(c, ranges_at_the_end_of_the_number_line_do_not_wrap);
	tcase_add_loop_test(c, reads_and_prints_prefixes, 0, N(prefixes));
	tcase_add_loop_test(c, splits_ranges_into_prefixes, 0, N(splits));
	tcase_add_loop_test(c, reads_port_ranges, 0, N(ports));
	tcase_add_test(c, interface_names_are_points_and_wildcards_intervals);
	tcase_add_loop_test(c, reads_and_prints_times, 0, N(times));
	tcase_add_test(c, files_are_replaced_whole_and_read_within_limits);
	tcase_add_test(c, errors_are_one_line_and_prefixed_outward);
	tcase_add_test(c, digest_is_sha256);
	tcase_add_test(c, text_grows_and_escapes);
	tcase_add_loop_test(c, cleans_what_is_not_text, 0, N(cleaned));
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
