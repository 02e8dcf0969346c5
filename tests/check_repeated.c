/* links: nft base */
/*
 * Elements that a dump lists twice, in one message or in two, with and without what else an element has. Keys that are the
 * same at a start and at an end of an interval are two elements. Messages that end early are looked at as far as they go.
 */
#include <check.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft/netlink.h"
#include "nft/repeated.h"

struct dump {
	_Alignas(struct nlmsghdr) uint8_t data[65536];
	size_t len;
};

/* Keys with their flags and an expiration that differs each time; n of them in one message. */
struct key {
	uint32_t value, flags, end;
};

static void message_add(struct dump *d, const struct key *key, size_t n)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(d->data + d->len);
	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM;
	mnl_nlmsg_put_extra_header(m, sizeof(struct nfgenmsg));
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, "t");
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, "s");
	struct nlattr *list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < n; i++) {
		struct nlattr *element = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
		struct nlattr *data = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);
		mnl_attr_put_u32(m, NFTA_DATA_VALUE, key[i].value);
		mnl_attr_nest_end(m, data);
		if (key[i].end != 0) {
			data = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY_END);
			mnl_attr_put_u32(m, NFTA_DATA_VALUE, key[i].end);
			mnl_attr_nest_end(m, data);
		}
		if (key[i].flags != 0)
			mnl_attr_put_u32(m, NFTA_SET_ELEM_FLAGS, key[i].flags);
		mnl_attr_put_u64(m, NFTA_SET_ELEM_EXPIRATION, d->len + i);
		mnl_attr_nest_end(m, element);
	}
	mnl_attr_nest_end(m, list);
	d->len += nft_netlink_aligned(m->nlmsg_len);
}

static const struct {
	const char *name;
	struct key first[3], second[3];
	size_t n_first, n_second;
	bool repeated;
} cases[] = {
        {"nothing", {{0, 0, 0}}, {{0, 0, 0}}, 0, 0, false},
        {"different_keys", {{1, 0, 0}, {2, 0, 0}, {3, 0, 0}}, {{4, 0, 0}, {5, 0, 0}}, 3, 2, false},
        {"twice_in_one_message", {{1, 0, 0}, {2, 0, 0}, {1, 0, 0}}, {{0, 0, 0}}, 3, 0, true},
        {"twice_in_two_messages", {{1, 0, 0}, {2, 0, 0}}, {{3, 0, 0}, {2, 0, 0}}, 2, 2, true},
        {"start_and_end_of_intervals", {{1, 0, 0}, {1, NFT_SET_ELEM_INTERVAL_END, 0}}, {{0, 0, 0}}, 2, 0, false},
        {"intervals_of_one_start", {{1, 0, 5}, {1, 0, 9}}, {{0, 0, 0}}, 2, 0, false},
        {"the_same_interval", {{1, 0, 5}}, {{1, 0, 5}}, 1, 1, true},
};

START_TEST(elements_that_come_twice_are_seen)
{
	static struct dump d;
	d.len = 0;
	message_add(&d, cases[_i].first, cases[_i].n_first);
	if (cases[_i].n_second > 0)
		message_add(&d, cases[_i].second, cases[_i].n_second);
	ck_assert_msg(elements_repeated(d.data, d.len) == cases[_i].repeated, "%s", cases[_i].name);
}
END_TEST

/* As many as make the table grow, the last one twice or not. */
START_TEST(among_many_too)
{
	static struct dump d;
	d.len = 0;
	for (uint32_t i = 0; i < 600; i++)
		message_add(&d, &(struct key){i, 0, 0}, 1);
	ck_assert(!elements_repeated(d.data, d.len));
	message_add(&d, &(struct key){300, 0, 0}, 1);
	ck_assert(elements_repeated(d.data, d.len));
}
END_TEST

/* An attribute that claims more than its message has is not followed: the sanitizer would tell. */
START_TEST(lengths_are_checked)
{
	static struct dump d;
	size_t seen = 0;
	for (size_t at = sizeof(struct nlmsghdr); at < 120; at += 2) {
		d.len = 0;
		message_add(&d, cases[2].first, 3);
		uint8_t *copy = malloc(d.len);
		memcpy(copy, d.data, d.len);
		if (at + 2 <= d.len)
			memset(copy + at, 0xff, 2);
		seen += elements_repeated(copy, d.len);
		free(copy);
	}
	/* Some places matter, and some do not. */
	ck_assert_uint_gt(seen, 0);
	ck_assert_uint_lt(seen, 52);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repeated");
	TCase *t = tcase_create("all");
	tcase_add_loop_test(t, elements_that_come_twice_are_seen, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, among_many_too);
	tcase_add_test(t, lengths_are_checked);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
