/* links: nft base */
/*
 * The messages between the two processes and the privileged side over a fake kernel: what is in order is understood, and
 * garbage, oversize, cut and out-of-turn messages give an error and a clean end. No privilege is needed.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "nft/process.h"
#include "nft_wire.h"
#include "portcullis/alloc.h"

/* ---- framing ---- */

START_TEST(a_message_arrives_whole_however_it_is_cut)
{
	uint8_t wire[64];
	struct pair p = pair_new();
	struct nft_stream s;
	struct nft_message m;
	struct error err = {0};
	put(p.theirs, NFT_MESSAGE_TABLES, 9, "ip filter", 9);
	put(p.theirs, NFT_MESSAGE_READY, 0, NULL, 0);
	ssize_t len = recv(p.ours, wire, sizeof(wire), 0);
	ck_assert_int_eq(len, 16 + 9 + 16);
	nft_stream_init(&s, p.ours, NFT_SIDE_UNPRIVILEGED);
	for (ssize_t i = 0; i < len; i++) {
		put_raw(p.theirs, wire + i, 1);
		int result = nft_stream_read(&s, &m, &err);
		ck_assert_int_eq(result, i == 24 || i == 40 ? 1 : 0);
		if (i == 24) {
			ck_assert_uint_eq(m.type, NFT_MESSAGE_TABLES);
			ck_assert_uint_eq(m.sequence, 9);
			ck_assert_str_eq((char *)m.payload, "ip filter");
		}
		if (result == 1)
			free(m.payload);
	}
	close(p.theirs);
	ck_assert_int_eq(nft_stream_read(&s, &m, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	nft_stream_fini(&s);
	close(p.ours);
}
END_TEST

static const struct {
	const char *name;
	enum nft_side side;
	uint32_t word[4];
	size_t len; /* bytes of the header that are sent before the end */
	enum error_code code;
} headers[] = {
        {"nothing", NFT_SIDE_PRIVILEGED, {0}, 0, ERR_UNAVAILABLE},
        {"zeros", NFT_SIDE_PRIVILEGED, {0}, 16, ERR_FORMAT},
        {"another version", NFT_SIDE_PRIVILEGED, {MAGIC + 1, NFT_MESSAGE_DUMP, 1, 0}, 16, ERR_FORMAT},
        {"cut header", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_DUMP, 1, 0}, 15, ERR_FORMAT},
        {"one byte", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_READY, 0, 0}, 1, ERR_FORMAT},
        {"unknown request", NFT_SIDE_PRIVILEGED, {MAGIC, 8, 1, 0}, 16, ERR_FORMAT},
        {"a check above the limit", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_CHECK, 1, (32u << 20) + 1}, 16, ERR_LIMIT},
        {"a replace above the limit", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_REPLACE, 1, 0xffffffff}, 16, ERR_LIMIT},
        {"a replace that is cut", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_REPLACE, 1, 1000}, 16, ERR_FORMAT},
        {"a verdict above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_VERDICT, 1, 4096}, 16, ERR_LIMIT},
        {"type 0", NFT_SIDE_PRIVILEGED, {MAGIC, 0, 1, 0}, 16, ERR_FORMAT},
        {"huge type", NFT_SIDE_UNPRIVILEGED, {MAGIC, 0xffffffff, 1, 0}, 16, ERR_FORMAT},
        {"a reply to the privileged side", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_RULESET, 1, 0}, 16, ERR_FORMAT},
        {"a request to the unprivileged side", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_DUMP, 1, 0}, 16, ERR_FORMAT},
        {"a request with a parameter", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_DUMP, 1, 1}, 16, ERR_LIMIT},
        {"a request of 4 GB", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_LEGACY, 1, 0xffffffff}, 16, ERR_LIMIT},
        {"a dump above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_RULESET, 1, (256u << 20) + 1}, 16,
                ERR_LIMIT},
        {"a request for policies with a parameter", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_POLICIES, 1, 4}, 16,
                ERR_LIMIT},
        {"policies above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_XFRM, 1, (16u << 20) + 1}, 16,
                ERR_LIMIT},
        {"a request for connections with a parameter", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_CONNECTIONS, 1, 4}, 16,
                ERR_LIMIT},
        {"connections to end above the limit", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_END, 1, 4096 * 48 + 1}, 16,
                ERR_LIMIT},
        {"connections to end that are cut", NFT_SIDE_PRIVILEGED, {MAGIC, NFT_MESSAGE_END, 1, 48}, 16, ERR_FORMAT},
        {"connections above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_CONNTRACK, 1, (128u << 20) + 1}, 16,
                ERR_LIMIT},
        {"ended connections above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_ENDED, 1, 13}, 16, ERR_LIMIT},
        {"tables above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_TABLES, 1, 4097}, 16, ERR_LIMIT},
        {"events above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_EVENT, 0, (4u << 20) + 1}, 16, ERR_LIMIT},
        {"an error above the limit", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_ERROR, 1, 2049}, 16, ERR_LIMIT},
        {"an overrun with bytes", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_OVERRUN, 0, 1}, 16, ERR_LIMIT},
        {"no payload where one is told", NFT_SIDE_UNPRIVILEGED, {MAGIC, NFT_MESSAGE_RULESET, 1, 256u << 20}, 16,
                ERR_FORMAT},
};

START_TEST(each_side_refuses_what_is_not_for_it)
{
	struct pair p = pair_new();
	struct nft_stream s;
	struct nft_message m;
	struct error err = {0};
	put_raw(p.theirs, headers[_i].word, headers[_i].len);
	close(p.theirs);
	nft_stream_init(&s, p.ours, headers[_i].side);
	ck_assert_int_eq(nft_stream_read(&s, &m, &err), -1);
	ck_assert_msg(err.code == headers[_i].code, "%s: %d %s", headers[_i].name, err.code, err.text);
	/* A stated length is not yet memory. */
	ck_assert_uint_le(s.cap, 65536);
	nft_stream_fini(&s);
	close(p.ours);
}
END_TEST

/* ---- the privileged side over a fake kernel ---- */

struct fake {
	int bell[2]; /* one byte for each datagram that waits */
	uint8_t datagram[4][128];
	size_t len[4], n, taken;
	bool overrun, denied;
};

static int fake_dump(void *self, int peer, struct nft_bytes *out, struct error *err)
{
	uint8_t m[128];
	const struct fake *f = self;
	ck_assert_int_ge(peer, 0);
	if (f->denied)
		return error_set(err, ERR_DENIED, "fake", "not permitted");
	return nft_bytes_add(out, m, put_newgen(m, 7, 0, NULL), NFT_DUMP_MAX, err);
}

static int fake_legacy(void *self, char **out, struct error *err)
{
	(void)err;
	*out = ((const struct fake *)self)->denied ? NULL : xstrdup("ip nat");
	return 0;
}

static int fake_event_fd(void *self)
{
	return ((const struct fake *)self)->bell[0];
}

/* One datagram at each look, as when the kernel is in the middle of a report. */
static int fake_events(void *self, struct nft_bytes *out, bool *overrun, struct error *err)
{
	struct fake *f = self;
	char byte;
	ck_assert_int_eq(read(f->bell[0], &byte, 1), 1);
	*overrun = *overrun || f->overrun;
	f->overrun = false;
	if (f->taken == f->n)
		return error_set(err, ERR_IO, "fake", "broken");
	size_t i = f->taken++;
	return nft_bytes_add(out, f->datagram[i], f->len[i], NFT_EVENT_MAX, err);
}

static int fake_transaction(
        void *self, uint8_t *bytes, size_t len, bool commit, struct nft_verdict *out, struct error *err)
{
	const struct fake *f = self;
	if (f->denied)
		return error_set(err, ERR_DENIED, "fake", "not let through");
	*out = (struct nft_verdict){.done = commit, .generation = commit ? 9 : 0, .message = (uint32_t)len};
	memcpy(out->reason, bytes, len < 8 ? len : 8);
	return 0;
}

static int fake_connections(void *self, int peer, struct nft_bytes *out, struct error *err)
{
	ck_assert_int_ge(peer, 0);
	if (((const struct fake *)self)->denied)
		return error_set(err, ERR_UNSUPPORTED, "fake", "not told");
	return nft_bytes_add(out, "four", 4, NFT_CONNECTIONS_MAX, err);
}

/* As the real one, without a kernel behind it. */
static int fake_end(void *self, const uint8_t *records, size_t len, struct nft_ended *out, struct error *err)
{
	size_t n;
	(void)self;
	if (nft_endings_check(records, len, &n, err) != 0)
		return -1;
	out->ended = (uint32_t)n;
	return 0;
}

static void fake_close(void *self)
{
	(void)self;
}

struct server {
	struct fake fake;
	struct pair pair;
	pthread_t thread;
	int result;
	struct error err;
};

static void *serve(void *ctx)
{
	struct server *s = ctx;
	const struct nft_source source = {&s->fake, fake_dump, fake_legacy, NULL, fake_event_fd, fake_events,
	        fake_close, fake_transaction, fake_connections, fake_end};
	s->result = nft_serve(s->pair.ours, &source, &s->err);
	close(s->pair.ours);
	return NULL;
}

static void server_start(struct server *s)
{
	s->pair = pair_new();
	ck_assert_int_eq(pipe(s->fake.bell), 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	if (s->pair.theirs >= 0)
		close(s->pair.theirs);
	pthread_join(s->thread, NULL);
	close(s->fake.bell[0]);
	close(s->fake.bell[1]);
}

static struct nft_message next_message(struct server *s)
{
	struct nft_stream stream;
	struct nft_message m = {0};
	struct error err = {0};
	int result;
	nft_stream_init(&stream, s->pair.theirs, NFT_SIDE_UNPRIVILEGED);
	while ((result = nft_stream_read(&stream, &m, &err)) == 0)
		ck_assert(readable(s->pair.theirs, 5000));
	ck_assert_msg(result == 1, "%s", err.text);
	return m;
}

START_TEST(the_privileged_side_answers_each_request_with_its_sequence)
{
	static struct server s;
	server_start(&s);
	put(s.pair.theirs, NFT_MESSAGE_DUMP, 5, NULL, 0);
	put(s.pair.theirs, NFT_MESSAGE_LEGACY, 0xffffffff, NULL, 0);
	struct nft_message m = next_message(&s);
	uint32_t generation = 0;
	ck_assert_uint_eq(m.type, NFT_MESSAGE_RULESET);
	ck_assert_uint_eq(m.sequence, 5);
	ck_assert_int_eq(nft_netlink_generation(m.payload, m.length, &generation, NULL), 0);
	ck_assert_uint_eq(generation, 7);
	free(m.payload);
	m = next_message(&s);
	ck_assert_uint_eq(m.type, NFT_MESSAGE_TABLES);
	ck_assert_uint_eq(m.sequence, 0xffffffff);
	ck_assert_str_eq((char *)m.payload, "ip nat");
	free(m.payload);
	server_stop(&s);
	ck_assert_msg(s.result == 0, "%s", s.err.text);
}
END_TEST

START_TEST(the_privileged_side_hands_the_kernels_refusal_on)
{
	static struct server s = {.fake.denied = true};
	struct error err = {0};
	server_start(&s);
	put(s.pair.theirs, NFT_MESSAGE_DUMP, 1, NULL, 0);
	struct nft_message m = next_message(&s);
	ck_assert_uint_eq(m.type, NFT_MESSAGE_ERROR);
	ck_assert_uint_eq(m.sequence, 1);
	nft_message_error_parse(&m, &err);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_str_eq(err.where, "fake");
	ck_assert_str_eq(err.text, "not permitted");
	free(m.payload);
	put(s.pair.theirs, NFT_MESSAGE_LEGACY, 2, NULL, 0);
	m = next_message(&s);
	ck_assert_uint_eq(m.type, NFT_MESSAGE_TABLES);
	ck_assert_uint_eq(m.length, 0);
	free(m.payload);
	server_stop(&s);
	ck_assert_int_eq(s.result, 0);
}
END_TEST

START_TEST(the_privileged_side_answers_batches_and_serves_on)
{
	static struct server s;
	struct nft_verdict v;
	s.fake.denied = _i == 1;
	server_start(&s);
	for (uint32_t i = 0; i < 2; i++) {
		put(s.pair.theirs, i == 0 ? NFT_MESSAGE_CHECK : NFT_MESSAGE_REPLACE, i + 1, "batch", i == 0 ? 5 : 0);
		struct nft_message m = next_message(&s);
		ck_assert_uint_eq(m.sequence, i + 1);
		if (_i == 1) {
			struct error err = {0};
			ck_assert_uint_eq(m.type, NFT_MESSAGE_ERROR);
			nft_message_error_parse(&m, &err);
			ck_assert_int_eq(err.code, ERR_DENIED);
			ck_assert_str_eq(err.text, "not let through");
		} else {
			ck_assert_uint_eq(m.type, NFT_MESSAGE_VERDICT);
			ck_assert_uint_eq(m.length, sizeof(v));
			memcpy(&v, m.payload, sizeof(v));
			ck_assert_uint_eq(v.done, i);
			ck_assert_uint_eq(v.generation, 9 * i);
			ck_assert_str_eq(v.reason, i == 0 ? "batch" : "");
		}
		free(m.payload);
	}
	server_stop(&s);
	ck_assert_int_eq(s.result, 0);
}
END_TEST

START_TEST(the_privileged_side_hands_connections_on)
{
	static struct server s;
	s.fake.denied = _i == 1;
	server_start(&s);
	put(s.pair.theirs, NFT_MESSAGE_CONNECTIONS, 1, NULL, 0);
	struct nft_message m = next_message(&s);
	ck_assert_uint_eq(m.sequence, 1);
	ck_assert_uint_eq(m.type, _i == 1 ? NFT_MESSAGE_ERROR : NFT_MESSAGE_CONNTRACK);
	if (_i == 0)
		ck_assert_str_eq((char *)m.payload, "four");
	free(m.payload);
	server_stop(&s);
	ck_assert_int_eq(s.result, 0);
}
END_TEST

START_TEST(the_privileged_side_answers_what_is_to_end_and_serves_on)
{
	static struct server s;
	struct nft_ending e[2] = {{.family = 4, .proto = 6}, {.family = 4, .proto = 6}};
	struct nft_ended ended;
	server_start(&s);
	for (uint32_t i = 0; i < 3; i++) {
		/* Whole, with a record that is not in order, cut. */
		e[1].family = i == 1 ? 0 : 4;
		put(s.pair.theirs, NFT_MESSAGE_END, i + 1, e, sizeof(e) - (i == 2));
		struct nft_message m = next_message(&s);
		ck_assert_uint_eq(m.sequence, i + 1);
		ck_assert_uint_eq(m.type, i == 0 ? NFT_MESSAGE_ENDED : NFT_MESSAGE_ERROR);
		if (i == 0) {
			ck_assert_uint_eq(m.length, sizeof(ended));
			memcpy(&ended, m.payload, sizeof(ended));
			ck_assert_uint_eq(ended.ended, 2);
		}
		free(m.payload);
	}
	server_stop(&s);
	ck_assert_int_eq(s.result, 0);
}
END_TEST

static void fake_put(struct fake *f, unsigned type, uint8_t generation, const char *name)
{
	f->len[f->n] = put_message(f->datagram[f->n], type, generation, 99, name);
	f->n++;
}

START_TEST(the_privileged_side_pushes_a_change_with_its_author)
{
	static struct server s = {.fake.overrun = true};
	struct nft_event event;
	fake_put(&s.fake, NFT_MSG_NEWRULE, 0, NULL);
	fake_put(&s.fake, NFT_MSG_NEWGEN, 8, "nft");
	server_start(&s);
	ck_assert_int_eq(write(s.fake.bell[1], "..", 2), 2);
	struct nft_message m = next_message(&s);
	ck_assert_uint_eq(m.type, NFT_MESSAGE_OVERRUN);
	free(m.payload);
	m = next_message(&s);
	ck_assert_uint_eq(m.type, NFT_MESSAGE_EVENT);
	ck_assert_int_eq(nft_netlink_check(m.payload, m.length, NULL), 0);
	struct nft_bytes bytes = {m.payload, m.length, m.length};
	nft_netlink_event(&bytes, false, &event);
	ck_assert(event.changed && !event.overrun);
	ck_assert_uint_eq(event.generation, 8);
	ck_assert_uint_eq(event.author_pid, 99);
	ck_assert_str_eq(event.author, "nft");
	nft_event_fini(&event);
	server_stop(&s);
	ck_assert_int_eq(s.result, 0);
}
END_TEST

START_TEST(the_privileged_side_ends_when_its_kernel_socket_breaks)
{
	static struct server s;
	server_start(&s);
	ck_assert_int_eq(write(s.fake.bell[1], ".", 1), 1);
	pthread_join(s.thread, NULL);
	ck_assert_int_eq(s.result, -1);
	ck_assert_int_eq(s.err.code, ERR_IO);
	close(s.pair.theirs);
}
END_TEST

START_TEST(the_privileged_side_ends_cleanly_on_what_it_refuses)
{
	static struct server s;
	if (headers[_i].side != NFT_SIDE_PRIVILEGED)
		return;
	server_start(&s);
	put_raw(s.pair.theirs, headers[_i].word, headers[_i].len);
	shutdown(s.pair.theirs, SHUT_WR);
	pthread_join(s.thread, NULL);
	ck_assert_int_eq(s.result, headers[_i].code == ERR_UNAVAILABLE ? 0 : -1);
	ck_assert_int_eq(s.err.code, s.result == 0 ? ERR_NONE : headers[_i].code);
	close(s.pair.theirs);
}
END_TEST

START_TEST(the_privileged_side_survives_a_reader_that_leaves)
{
	static struct server s;
	server_start(&s);
	for (uint32_t i = 0; i < 200; i++)
		put(s.pair.theirs, NFT_MESSAGE_DUMP, i, NULL, 0);
	server_stop(&s);
	ck_assert(s.result == 0 || s.err.code == ERR_UNAVAILABLE || s.err.code == ERR_FORMAT);
}
END_TEST

/* ---- netlink bytes ---- */

static const struct {
	const char *name;
	size_t len; /* of a message of 20 bytes that are sent */
	uint32_t stated; /* its nlmsg_len */
	uint16_t type;
	int result;
} runs[] = {
        {"whole", 20, 20, NFNL_SUBSYS_NFTABLES << 8, 0},
        {"nothing", 0, 0, 0, 0},
        {"cut header", 15, 20, NFNL_SUBSYS_NFTABLES << 8, -1},
        {"cut body", 19, 20, NFNL_SUBSYS_NFTABLES << 8, -1},
        {"length 0", 20, 0, NFNL_SUBSYS_NFTABLES << 8, -1},
        {"shorter than its header", 20, 16, NFNL_SUBSYS_NFTABLES << 8, -1},
        {"longer than what came", 20, 24, NFNL_SUBSYS_NFTABLES << 8, -1},
        {"padding is missing", 21, 21, NFNL_SUBSYS_NFTABLES << 8, -1},
        {"as long as can be", 20, 0xffffffff, NFNL_SUBSYS_NFTABLES << 8, -1},
        {"the end of a dump", 20, 20, NLMSG_DONE, -1},
        {"another subsystem", 20, 20, NFNL_SUBSYS_CTNETLINK << 8, -1},
};

START_TEST(bytes_that_are_no_nf_tables_messages_are_refused)
{
	struct error err = {0};
	struct nlmsghdr h = {.nlmsg_len = runs[_i].stated, .nlmsg_type = runs[_i].type};
	uint8_t whole[24] = {0}, *exact = xmalloc(runs[_i].len);
	memcpy(whole, &h, sizeof(h));
	memcpy(exact, whole, runs[_i].len);
	ck_assert_msg(nft_netlink_check(exact, runs[_i].len, &err) == runs[_i].result, "%s", runs[_i].name);
	free(exact);
}
END_TEST

START_TEST(the_authors_name_is_made_printable_and_cut)
{
	char name[200] = "evil\n\x1b[2J\xff";
	uint8_t m[512];
	struct nft_event event;
	struct nft_bytes bytes = {0};
	memset(name + 10, 'x', sizeof(name) - 11);
	ck_assert_int_eq(nft_bytes_add(&bytes, m, put_newgen(m, 9, 3, name), NFT_EVENT_MAX, NULL), 0);
	nft_netlink_event(&bytes, false, &event);
	ck_assert_uint_eq(strlen(event.author), sizeof(event.author) - 1);
	ck_assert_int_eq(strncmp(event.author, "evil??[2J?x", 11), 0);
	nft_event_fini(&event);
	nft_event_fini(NULL);
	nft_dump_fini(NULL);
}
END_TEST

START_TEST(attributes_with_false_lengths_tell_nothing)
{
	uint8_t m[128];
	uint32_t generation = 0;
	size_t len = put_newgen(m, 9, 3, "nft");
	for (size_t at = 20; at + 4 <= len; at += 4) {
		for (unsigned value = 0; value < 0x100; value += 3) {
			uint8_t old = m[at];
			m[at] = (uint8_t)value;
			(void)!nft_netlink_generation(m, len, &generation, NULL);
			m[at] = old;
		}
	}
	m[20] = 0;
	ck_assert_int_eq(nft_netlink_generation(m, len, &generation, NULL), -1);
}
END_TEST

START_TEST(kept_bytes_have_a_limit)
{
	struct nft_bytes b = {0};
	struct error err = {0};
	char block[100] = "";
	ck_assert_int_eq(nft_bytes_add(&b, block, 60, 100, &err), 0);
	ck_assert_int_eq(nft_bytes_add(&b, block, 40, 100, &err), 0);
	ck_assert_int_eq(nft_bytes_add(&b, block, 1, 100, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_uint_eq(b.len, 100);
	nft_bytes_fini(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft_message");
	TCase *c = tcase_create("protocol");
	tcase_set_timeout(c, 30);
	tcase_add_test(c, a_message_arrives_whole_however_it_is_cut);
	tcase_add_loop_test(c, each_side_refuses_what_is_not_for_it, 0, N(headers));
	tcase_add_test(c, the_privileged_side_answers_each_request_with_its_sequence);
	tcase_add_test(c, the_privileged_side_hands_the_kernels_refusal_on);
	tcase_add_loop_test(c, the_privileged_side_answers_batches_and_serves_on, 0, 2);
	tcase_add_loop_test(c, the_privileged_side_hands_connections_on, 0, 2);
	tcase_add_test(c, the_privileged_side_answers_what_is_to_end_and_serves_on);
	tcase_add_test(c, the_privileged_side_pushes_a_change_with_its_author);
	tcase_add_test(c, the_privileged_side_ends_when_its_kernel_socket_breaks);
	tcase_add_loop_test(c, the_privileged_side_ends_cleanly_on_what_it_refuses, 0, N(headers));
	tcase_add_test(c, the_privileged_side_survives_a_reader_that_leaves);
	tcase_add_loop_test(c, bytes_that_are_no_nf_tables_messages_are_refused, 0, N(runs));
	tcase_add_test(c, the_authors_name_is_made_printable_and_cut);
	tcase_add_test(c, attributes_with_false_lengths_tell_nothing);
	tcase_add_test(c, kept_bytes_have_a_limit);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
