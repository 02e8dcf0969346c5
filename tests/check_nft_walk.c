/* links: nft ruleset base */
/*
 * Hostile batches: whatever is not the replacement of our own table is refused by the walk, and, given to the privileged
 * process of a real kernel, changes nothing there. What the encoder makes is let through.
 */
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "nft/process.h"
#include "nft/walk.h"
#include "nft_hostile.h"
#include "own_fixture.h"
#include "portcullis/nft.h"

static int walk(const uint8_t *b, size_t len, struct error *err)
{
	size_t n;
	uint8_t *copy = xmalloc(len + 1);
	memcpy(copy, b, len);
	memset(err, 0, sizeof(*err));
	int result = nft_batch_walk(copy, len, &n, err);
	free(copy);
	return result;
}

START_TEST(hostile_batches_are_refused)
{
	const struct hostile *h = &hostiles[_i];
	struct error err;
	struct wire w = wire_new(h->make);
	ck_assert_msg(walk(w.b, w.len, &err) != 0, "%s is let through", h->name);
	ck_assert_msg(err.code == h->code && strstr(err.text, h->words) != NULL, "%s: %d %s", h->name, (int)err.code,
	        err.text);
	free(w.b);
}
END_TEST

static bool is_allowed(int type)
{
	static const int allowed[] = {NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM,
	        NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_DELSET, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE};

	for (int i = 0; i < N(allowed); i++)
		if (allowed[i] == type)
			return true;
	return false;
}

START_TEST(other_types_are_refused)
{
	struct error err;
	uint8_t *room = xcalloc(1, WIRE_MAX);

	for (int type = 0; type < 256; type++) {
		struct wire w = {.b = room};

		if (is_allowed(type))
			continue;
		of_type(&w, (unsigned)type);
		end_message(&w);
		ck_assert_msg(walk(w.b, w.len, &err) != 0, "type %d", type);
		ck_assert_int_eq(err.code, ERR_DENIED);
		ck_assert_ptr_nonnull(strstr(err.text, "none of those that make a table"));
	}
	free(room);
}
END_TEST

static struct nft_batch encode_every(void)
{
	struct own_table t;
	struct nft_batch b;
	struct error err = {0};
	own_every(&t);
	ck_assert_msg(nft_encode_table(&t, &b, &err) == 0, "%s", err.text);
	own_fini(&t);
	b.table = NULL;
	return b;
}

START_TEST(what_the_encoder_makes_is_let_through_and_numbered)
{
	size_t n;
	struct error err = {0};
	struct nft_batch b = encode_every();
	ck_assert_msg(nft_batch_walk(b.bytes, b.len, &n, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(n, b.n);
	size_t at = 0;
	for (size_t k = 0; k < n; k++) {
		struct nlmsghdr h;
		memcpy(&h, b.bytes + at, sizeof(h));
		ck_assert_uint_eq(h.nlmsg_seq, k + NFT_BATCH_FIRST);
		at += nft_netlink_aligned(h.nlmsg_len);
	}
	ck_assert_uint_eq(at, b.len);
	nft_batch_fini(&b);
	struct wire w = wire_new(good_rule);
	ck_assert_msg(walk(w.b, w.len, &err) == 0, "%s", err.text);
	free(w.b);
	w = wire_new(good_set);
	ck_assert_msg(walk(w.b, w.len, &err) == 0, "%s", err.text);
	free(w.b);
}
END_TEST

/* At every byte, and with a bit of every byte wrong. Memory faults are the sanitizer's to find. */
START_TEST(cut_and_stretched_batches_are_refused)
{
	struct error err;
	struct nft_batch b = encode_every();
	size_t whole = 0, next = 0;
	for (size_t len = 0; len < b.len; len++) {
		struct nlmsghdr h;
		if (len == next) { /* a message's end */
			memcpy(&h, b.bytes + len, sizeof(h));
			next += nft_netlink_aligned(h.nlmsg_len);
			whole += walk(b.bytes, len, &err) == 0;
		} else {
			ck_assert_int_ne(walk(b.bytes, len, &err), 0);
		}
	}
	ck_assert_uint_eq(whole, b.n - 2); /* nothing, and a table that is only added, are none */
	for (size_t at = 0; at < b.len; at++) {
		uint8_t bit = (uint8_t)(1u << at % 8);
		b.bytes[at] ^= bit;
		(void)walk(b.bytes, b.len, &err);
		b.bytes[at] ^= bit;
	}
	nft_batch_fini(&b);
}
END_TEST

START_TEST(work_that_would_hold_the_kernel_is_refused)
{
	struct own_table t;
	struct nft_batch b;
	struct error err = {0};
	for (int twice = 0; twice < 2; twice++) {
		own_many(&t, true, twice ? 600 : 1000);
		u128 from = own_address("2001:db8::").lo, step = (u128)1 << 70;
		for (size_t i = 0; i < t.set[0].n_element; i++) {
			struct own_element *e = &t.set[0].element[i];
			e->key[0] = e->key[3] = (struct range){from + step * i + 1, from + step * (i + 1) - 2};
			e->key[2] = e->key[4] = (struct range){1, 65534};
		}
		int result = nft_encode_table(&t, &b, &err);
		if (twice == 0) {
			ck_assert_int_ne(result, 0);
			ck_assert_int_eq(err.code, ERR_LIMIT);
			ck_assert_msg(strstr(err.text, "1000 elements would hold the kernel") != NULL, "%s", err.text);
		} else {
			/* A side that does not look itself: the same set once more, under the same guard. */
			ck_assert_msg(result == 0, "%s", err.text);
			ck_assert_msg(walk(b.bytes, b.len, &err) == 0, "%s", err.text);
			struct nlmsghdr h;
			size_t at = 0;
			for (size_t k = 0; k < 3; k++) {
				memcpy(&h, b.bytes + at, sizeof(h));
				at += nft_netlink_aligned(h.nlmsg_len);
			}
			uint8_t *more = xmalloc(2 * b.len);
			memcpy(more, b.bytes, b.len);
			memcpy(more + b.len, b.bytes + at, b.len - at);
			ck_assert_int_ne(walk(more, 2 * b.len - at, &err), 0);
			ck_assert_int_eq(err.code, ERR_LIMIT);
			ck_assert_ptr_nonnull(strstr(err.text, "its intervals would hold the kernel"));
			free(more);
		}
		nft_batch_fini(&b);
		own_fini(&t);
	}
}
END_TEST

START_TEST(more_bytes_than_allowed_are_refused)
{
	struct error err = {0};
	size_t n;
	uint8_t *b = xcalloc(1, NFT_BATCH_MAX + 4);
	ck_assert_int_ne(nft_batch_walk(b, NFT_BATCH_MAX + 4, &n, &err), 0);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	free(b);
}
END_TEST

/* ---- the privileged process over a real kernel ---- */

static char *listed(void)
{
	char *text = xcalloc(1, 65536);
	FILE *f = popen("nft -a list ruleset", "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(text, 1, 65535, f);
	ck_assert_uint_lt(n, 65535);
	ck_assert_int_eq(pclose(f), 0);
	return text;
}

START_TEST(hostile_batches_change_nothing)
{
	struct nft_process process;
	struct nft_ops ops;
	struct error err = {0};
	struct nft_answer answer;
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(
	        system("nft 'table inet portcullis { set s { type ipv4_addr; }; chain forward { counter; }; }; "
	               "table inet other { chain input { counter accept; }; }; "
	               "table inet portcullis2 { set s { type ipv4_addr; }; }; table ip portcullis { }'"),
	        0);
	ck_assert_msg(nft_process_start(&process, &err) == 0, "%s", err.text);
	ck_assert_int_eq(nft_open_process(&process, &ops, &err), 0);
	char *before = listed();
	for (int i = 0; i < N(hostiles); i++) {
		struct wire w = wire_new(hostiles[i].make);
		const struct nft_batch b = {.bytes = w.b, .len = w.len};
		for (int commit = 0; commit < 2; commit++) {
			memset(&err, 0, sizeof(err));
			ck_assert_int_eq((commit ? ops.replace : ops.check)(ops.self, &b, &answer, &err), -1);
			ck_assert_msg(err.code == hostiles[i].code, "%s: %s", hostiles[i].name, err.text);
			ck_assert(!answer.refused);
		}
		free(w.b);
	}
	char *after = listed();
	ck_assert_str_eq(after, before);
	free(before);
	free(after);
	/* It serves on, and does what it should. */
	struct nft_batch good = encode_every();
	ck_assert_msg(ops.replace(ops.self, &good, &answer, &err) == 0, "%s", err.text);
	nft_batch_fini(&good);
	ops.close(ops.self);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft_walk");
	TCase *c = tcase_create("walk");
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, hostile_batches_are_refused, 0, N(hostiles));
	tcase_add_test(c, other_types_are_refused);
	tcase_add_test(c, what_the_encoder_makes_is_let_through_and_numbered);
	tcase_add_test(c, cut_and_stretched_batches_are_refused);
	tcase_add_test(c, work_that_would_hold_the_kernel_is_refused);
	tcase_add_test(c, more_bytes_than_allowed_are_refused);
	tcase_add_test(c, hostile_batches_change_nothing);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
