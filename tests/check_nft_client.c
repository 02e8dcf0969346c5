/* links: nft base */
/*
 * The unprivileged side against a scripted fake of the privileged one: dumps and events arrive in order and none is lost,
 * and a hostile, silent or dead other side gives an error, never a crash or a wait without end.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nft/process.h"
#include "nft_wire.h"
#include "portcullis/alloc.h"

struct client {
	struct nft_ops ops;
	int fake;
};

static struct client client_new(int deadline_ms)
{
	struct pair p = pair_new();
	struct nft_process process = {.pid = 0, .socket = p.ours};
	struct client c = {.fake = p.theirs};
	ck_assert_int_eq(nft_client_open(&process, deadline_ms, &c.ops, NULL), 0);
	return c;
}

static void client_free(struct client *c)
{
	c->ops.close(c->ops.self);
	if (c->fake >= 0)
		close(c->fake);
}

static void put_ruleset(int fd, uint32_t sequence, uint8_t generation)
{
	uint8_t m[256];
	size_t len = put_newgen(m, generation, 0, NULL);
	len += put_message(m + len, NFT_MSG_NEWTABLE, 0, 0, NULL);
	put(fd, NFT_MESSAGE_RULESET, sequence, m, len);
}

static void put_event(int fd, uint8_t generation, uint16_t pid, const char *author)
{
	uint8_t m[256];
	size_t len = put_message(m, NFT_MSG_DELRULE, 0, 0, NULL);
	len += put_newgen(m + len, generation, pid, author);
	put(fd, NFT_MESSAGE_EVENT, 0, m, len);
}

START_TEST(a_dump_arrives_with_its_generation_and_legacy_tables)
{
	struct client c = client_new(5000);
	struct nft_dump dump;
	struct error err = {0};
	put_ruleset(c.fake, 1, 42);
	put(c.fake, NFT_MESSAGE_TABLES, 2, "ip filter,\nip6\x01 nat", 19);
	ck_assert_msg(c.ops.dump(c.ops.self, &dump, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(dump.generation, 42);
	ck_assert_uint_eq(dump.len, 28 + 20);
	ck_assert_str_eq(dump.legacy, "ip filter,?ip6? nat");
	nft_dump_fini(&dump);
	put_ruleset(c.fake, 3, 43);
	put(c.fake, NFT_MESSAGE_TABLES, 4, NULL, 0);
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), 0);
	ck_assert_uint_eq(dump.generation, 43);
	ck_assert_ptr_null(dump.legacy);
	nft_dump_fini(&dump);
	client_free(&c);
}
END_TEST

START_TEST(events_that_arrive_during_a_dump_are_kept)
{
	struct client c = client_new(5000);
	struct nft_dump dump;
	struct nft_event event;
	struct error err = {0};
	int fd = c.ops.event_fd(c.ops.self);
	ck_assert(!readable(fd, 0));
	put_event(c.fake, 5, 77, "nft");
	put_ruleset(c.fake, 1, 6);
	put(c.fake, NFT_MESSAGE_OVERRUN, 0, NULL, 0);
	put_event(c.fake, 6, 78, "firewalld");
	put(c.fake, NFT_MESSAGE_TABLES, 2, NULL, 0);
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), 0);
	nft_dump_fini(&dump);
	ck_assert(readable(fd, 0));
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), 0);
	ck_assert(event.changed && event.overrun);
	ck_assert_uint_eq(event.generation, 6);
	ck_assert_uint_eq(event.author_pid, 78);
	ck_assert_str_eq(event.author, "firewalld");
	ck_assert_int_eq(nft_netlink_check(event.bytes, event.len, &err), 0);
	nft_event_fini(&event);
	ck_assert(!readable(fd, 0));
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), 0);
	ck_assert(!event.changed && !event.overrun && event.bytes == NULL);
	client_free(&c);
}
END_TEST

static void put_verdict(int fd, uint32_t sequence, const struct nft_verdict *v)
{
	put(fd, NFT_MESSAGE_VERDICT, sequence, v, sizeof(*v));
}

START_TEST(a_batch_is_answered_by_a_verdict)
{
	struct client c = client_new(5000);
	struct nft_batch b;
	struct nft_answer answer;
	struct error err = {0};
	ck_assert_int_eq(nft_encode_table(NULL, &b, &err), 0);
	put_verdict(c.fake, 1, &(struct nft_verdict){0});
	ck_assert_msg(c.ops.check(c.ops.self, &b, &answer, &err) == 0, "%s", err.text);
	put_verdict(c.fake, 2, &(struct nft_verdict){.done = 1, .generation = 77});
	ck_assert_msg(c.ops.replace(c.ops.self, &b, &answer, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(answer.generation, 77);
	put_verdict(c.fake, 3, &(struct nft_verdict){.number = 1, .message = 2, .reason = "no"});
	ck_assert_int_eq(c.ops.replace(c.ops.self, &b, &answer, &err), -1);
	ck_assert(answer.refused);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_str_eq(err.text, "the kernel refuses the table as a whole: Operation not permitted: no");
	/* What cannot be is no answer: neither done nor refused, or about a message that is none. */
	put_verdict(c.fake, 4, &(struct nft_verdict){0});
	ck_assert_int_eq(c.ops.replace(c.ops.self, &b, &answer, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	put_verdict(c.fake, 5, &(struct nft_verdict){.number = 1, .message = 3});
	ck_assert_int_eq(c.ops.replace(c.ops.self, &b, &answer, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	put(c.fake, NFT_MESSAGE_VERDICT, 6, "short", 5);
	ck_assert_int_eq(c.ops.replace(c.ops.self, &b, &answer, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_int_eq(c.ops.check(c.ops.self, &b, &answer, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	nft_batch_fini(&b);
	client_free(&c);
}
END_TEST

/* The other side, busy with its events: it takes the request only when all of them are taken. */
static void *flood(void *ctx)
{
	struct client *c = ctx;
	struct nft_stream s;
	struct nft_message m;
	int result;
	for (uint8_t i = 0; i < 200; i++) {
		uint8_t event[65536] = {0};
		size_t len = 0;
		while (len < sizeof(event) - 256)
			len += put_message(event + len, NFT_MSG_NEWRULE, 0, 0, "rule");
		len += put_newgen(event + len, i, 1, "nft");
		put(c->fake, NFT_MESSAGE_EVENT, 0, event, len);
	}
	nft_stream_init(&s, c->fake, NFT_SIDE_PRIVILEGED);
	while ((result = nft_stream_read(&s, &m, NULL)) == 0)
		readable(c->fake, 1000);
	ck_assert_int_eq(result, 1);
	ck_assert_uint_eq(m.type, NFT_MESSAGE_CHECK);
	free(m.payload);
	put_verdict(c->fake, m.sequence, &(struct nft_verdict){0});
	return NULL;
}

START_TEST(a_large_batch_and_a_flood_of_events_do_not_wait_for_each_other)
{
	struct client c = client_new(10000);
	struct nft_batch b = {.bytes = xcalloc(1, 8 << 20), .len = 8 << 20};
	struct nft_answer answer;
	struct nft_event event;
	struct error err = {0};
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, flood, &c), 0);
	ck_assert_msg(c.ops.check(c.ops.self, &b, &answer, &err) == 0, "%s", err.text);
	pthread_join(thread, NULL);
	ck_assert(readable(c.ops.event_fd(c.ops.self), 0));
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), 0);
	ck_assert(event.changed || event.overrun);
	nft_event_fini(&event);
	nft_batch_fini(&b);
	client_free(&c);
}
END_TEST

START_TEST(a_request_that_is_not_taken_ends_the_connection_in_time)
{
	struct client c = client_new(100);
	struct nft_batch b = {.bytes = xcalloc(1, 8 << 20), .len = 8 << 20};
	struct nft_answer answer;
	struct error err = {0};
	ck_assert_int_eq(c.ops.replace(c.ops.self, &b, &answer, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(err.text, "did not take a request"));
	ck_assert_int_eq(c.ops.replace(c.ops.self, &b, &answer, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is lost"));
	nft_batch_fini(&b);
	client_free(&c);
}
END_TEST

START_TEST(an_error_answer_does_not_end_the_connection)
{
	struct client c = client_new(5000);
	struct nft_dump dump;
	const struct error why = {.code = ERR_LIMIT, .where = "kernel", .text = "too large"};
	struct error err = {0};
	ck_assert_int_eq(nft_message_send_error(c.fake, 1, &why, &err), 0);
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_str_eq(err.text, "too large");
	put_ruleset(c.fake, 2, 42);
	put(c.fake, NFT_MESSAGE_TABLES, 3, NULL, 0);
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), 0);
	nft_dump_fini(&dump);
	client_free(&c);
}
END_TEST

/* What the fake sends in place of an answer. */
static void send_close(int fd)
{
	shutdown(fd, SHUT_RDWR);
}
static void send_garbage(int fd)
{
	put_raw(fd, "GET / HTTP/1.1\r\n\r\n", 18);
}
static void send_oversize(int fd)
{
	const uint32_t word[4] = {MAGIC, NFT_MESSAGE_RULESET, 1, 0x7fffffff};
	put_raw(fd, word, sizeof(word));
}
static void send_cut(int fd)
{
	const uint32_t word[4] = {MAGIC, NFT_MESSAGE_RULESET, 1, 5000};
	put_raw(fd, word, sizeof(word));
	put_raw(fd, "only this", 9);
	shutdown(fd, SHUT_WR);
}
static void send_request(int fd)
{
	put(fd, NFT_MESSAGE_DUMP, 1, NULL, 0);
}
static void send_ready_again(int fd)
{
	put(fd, NFT_MESSAGE_READY, 0, NULL, 0);
}
static void send_other_answer(int fd)
{
	put(fd, NFT_MESSAGE_TABLES, 1, NULL, 0);
}
static void send_future_answer(int fd)
{
	put_ruleset(fd, 2, 1);
}
static void send_past_answer(int fd)
{
	put_ruleset(fd, 0, 1);
}
static void send_answer_twice(int fd)
{
	put_ruleset(fd, 1, 1);
	put_ruleset(fd, 1, 1);
}
static void send_empty_ruleset(int fd)
{
	put(fd, NFT_MESSAGE_RULESET, 1, NULL, 0);
}
static void send_ruleset_without_generation(int fd)
{
	uint8_t m[64];
	put(fd, NFT_MESSAGE_RULESET, 1, m, put_message(m, NFT_MSG_NEWTABLE, 1, 0, NULL));
}
static void send_ruleset_of_text(int fd)
{
	put(fd, NFT_MESSAGE_RULESET, 1, "table inet filter { }", 21);
}
static void send_event_of_text(int fd)
{
	put(fd, NFT_MESSAGE_EVENT, 0, "flush ruleset", 13);
}
static void send_last_word(int fd)
{
	const struct error why = {.code = ERR_FORMAT, .text = "I refuse"};
	ck_assert_int_eq(nft_message_send_error(fd, 0, &why, NULL), 0);
}
static void send_empty_last_word(int fd)
{
	put(fd, NFT_MESSAGE_ERROR, 0, NULL, 0);
}

static const struct {
	void (*send)(int fd);
	enum error_code code;
} hostile[] = {
        {send_close, ERR_UNAVAILABLE},
        {send_garbage, ERR_FORMAT},
        {send_oversize, ERR_LIMIT},
        {send_cut, ERR_FORMAT},
        {send_request, ERR_FORMAT},
        {send_ready_again, ERR_FORMAT},
        {send_other_answer, ERR_FORMAT},
        {send_future_answer, ERR_FORMAT},
        {send_past_answer, ERR_FORMAT},
        {send_answer_twice, ERR_FORMAT},
        {send_empty_ruleset, ERR_FORMAT},
        {send_ruleset_without_generation, ERR_FORMAT},
        {send_ruleset_of_text, ERR_FORMAT},
        {send_event_of_text, ERR_FORMAT},
        {send_last_word, ERR_FORMAT},
        {send_empty_last_word, ERR_FORMAT},
};

START_TEST(the_unprivileged_side_breaks_off_on_a_hostile_answer)
{
	struct client c = client_new(5000);
	struct nft_dump dump;
	struct nft_event event;
	struct error err = {0};
	int fd = c.ops.event_fd(c.ops.self);
	hostile[_i].send(c.fake);
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), -1);
	ck_assert_msg(err.code == hostile[_i].code, "%d %s", err.code, err.text);
	ck_assert_ptr_null(dump.bytes);
	/* Told once to whoever polls, and never read from again. */
	ck_assert(readable(fd, 0));
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert(!readable(fd, 0));
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	client_free(&c);
}
END_TEST

START_TEST(policies_that_are_none_break_off)
{
	struct client c = client_new(5000);
	uint8_t *bytes = NULL, m[64];
	size_t len;
	struct error err = {0};
	put(c.fake, NFT_MESSAGE_XFRM, 1, NULL, 0);
	ck_assert_int_eq(c.ops.policies(c.ops.self, &bytes, &len, &err), 0);
	ck_assert_uint_eq(len, 0);
	free(bytes);
	put(c.fake, NFT_MESSAGE_XFRM, 2, m, put_message(m, NFT_MSG_NEWTABLE, 1, 0, NULL));
	ck_assert_int_eq(c.ops.policies(c.ops.self, &bytes, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_null(bytes);
	ck_assert_int_eq(c.ops.policies(c.ops.self, &bytes, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	client_free(&c);
}
END_TEST

START_TEST(connections_that_are_none_break_off)
{
	struct client c = client_new(5000);
	uint8_t *bytes = NULL, m[64];
	size_t len;
	struct error err = {0};
	const struct error why = {.code = ERR_UNSUPPORTED, .text = "not told"};
	put(c.fake, NFT_MESSAGE_CONNTRACK, 1, NULL, 0);
	ck_assert_int_eq(c.ops.connections(c.ops.self, &bytes, &len, &err), 0);
	ck_assert_uint_eq(len, 0);
	free(bytes);
	ck_assert_int_eq(nft_message_send_error(c.fake, 2, &why, NULL), 0);
	ck_assert_int_eq(c.ops.connections(c.ops.self, &bytes, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNSUPPORTED);
	put(c.fake, NFT_MESSAGE_CONNTRACK, 3, m, put_message(m, NFT_MSG_NEWTABLE, 1, 0, NULL));
	ck_assert_int_eq(c.ops.connections(c.ops.self, &bytes, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_null(bytes);
	ck_assert_int_eq(c.ops.connections(c.ops.self, &bytes, &len, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	client_free(&c);
}
END_TEST

static void put_ended(int fd, uint32_t sequence, uint32_t ended, uint32_t gone, uint32_t number)
{
	const struct nft_ended e = {ended, gone, number};
	put(fd, NFT_MESSAGE_ENDED, sequence, &e, sizeof(e));
}

START_TEST(what_ended_is_added_up_and_cannot_be_more_than_was_named)
{
	struct client c = client_new(5000);
	struct connection *many = xcalloc(NFT_ENDINGS_MAX + 2, sizeof(*many));
	size_t ended;
	struct error err = {0};
	put_ended(c.fake, 1, (uint32_t)NFT_ENDINGS_MAX - 1, 1, 0);
	put_ended(c.fake, 2, 1, 0, 0);
	ck_assert_msg(c.ops.connections_end(c.ops.self, many, NFT_ENDINGS_MAX + 2, &ended, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(ended, NFT_ENDINGS_MAX);
	put_ended(c.fake, 3, 1, 0, 1);
	ck_assert_int_eq(c.ops.connections_end(c.ops.self, many, 2, &ended, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_str_eq(err.text, "the kernel does not end connections: Operation not permitted");
	ck_assert_uint_eq(ended, 1);
	put_ended(c.fake, 4, 2, UINT32_MAX, 0);
	ck_assert_int_eq(c.ops.connections_end(c.ops.self, many, 2, &ended, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_int_eq(c.ops.connections_end(c.ops.self, many, 2, &ended, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	free(many);
	client_free(&c);
}
END_TEST

START_TEST(the_unprivileged_side_notices_an_end_while_it_waits_for_events)
{
	struct client c = client_new(5000);
	struct nft_event event;
	struct error err = {0};
	int fd = c.ops.event_fd(c.ops.self);
	close(c.fake);
	c.fake = -1;
	ck_assert(readable(fd, 0));
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert(!readable(fd, 0));
	client_free(&c);
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_breaks_off)
{
	struct client c = client_new(5000);
	struct nft_event event;
	struct error err = {0};
	put_ruleset(c.fake, 1, 1);
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	client_free(&c);
}
END_TEST

START_TEST(a_dump_gives_up_at_its_deadline_and_drops_the_late_answer)
{
	struct client c = client_new(10);
	struct nft_dump dump;
	struct nft_event event;
	struct error err = {0};
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	put_ruleset(c.fake, 1, 41);
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), 0);
	ck_assert(!event.changed);
	ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), -1);
	put_ruleset(c.fake, 2, 42);
	put_ruleset(c.fake, 3, 43);
	put(c.fake, NFT_MESSAGE_TABLES, 4, NULL, 0);
	ck_assert_msg(c.ops.dump(c.ops.self, &dump, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(dump.generation, 43);
	nft_dump_fini(&dump);
	client_free(&c);
}
END_TEST

START_TEST(requests_to_a_side_that_never_answers_are_bounded)
{
	struct client c = client_new(1);
	struct nft_dump dump;
	struct error err = {0};
	char wire[4096];
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(c.ops.dump(c.ops.self, &dump, &err), -1);
		ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	}
	ck_assert_int_eq(recv(c.fake, wire, sizeof(wire), 0), 8 * 16);
	client_free(&c);
}
END_TEST

/* Five times 4 MB of events and then the answer, from a process of its own because the socket holds less. */
START_TEST(a_flood_of_events_becomes_an_overrun)
{
	struct client c = client_new(20000);
	struct nft_dump dump;
	struct nft_event event;
	struct error err = {0};
	pid_t writer = fork();
	if (writer == 0) {
		uint8_t *flood = xcalloc(1, NFT_EVENT_MAX);
		size_t len = 0;
		while (len + 64 < NFT_EVENT_MAX)
			len += put_newgen(flood + len, 3, 1, "loop");
		for (int i = 0; i < 5; i++)
			put(c.fake, NFT_MESSAGE_EVENT, 0, flood, len);
		put_ruleset(c.fake, 1, 4);
		put(c.fake, NFT_MESSAGE_TABLES, 2, NULL, 0);
		_exit(0);
	}
	ck_assert_msg(c.ops.dump(c.ops.self, &dump, &err) == 0, "%s", err.text);
	nft_dump_fini(&dump);
	ck_assert_int_eq(c.ops.events(c.ops.self, &event, &err), 0);
	ck_assert(event.overrun);
	ck_assert_uint_le(event.len, 16 << 20);
	nft_event_fini(&event);
	waitpid(writer, NULL, 0);
	client_free(&c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft_client");
	TCase *c = tcase_create("protocol");
	tcase_set_timeout(c, 30);
	tcase_add_test(c, a_dump_arrives_with_its_generation_and_legacy_tables);
	tcase_add_test(c, events_that_arrive_during_a_dump_are_kept);
	tcase_add_test(c, an_error_answer_does_not_end_the_connection);
	tcase_add_test(c, a_batch_is_answered_by_a_verdict);
	tcase_add_test(c, a_large_batch_and_a_flood_of_events_do_not_wait_for_each_other);
	tcase_add_test(c, a_request_that_is_not_taken_ends_the_connection_in_time);
	tcase_add_loop_test(c, the_unprivileged_side_breaks_off_on_a_hostile_answer, 0, N(hostile));
	tcase_add_test(c, policies_that_are_none_break_off);
	tcase_add_test(c, connections_that_are_none_break_off);
	tcase_add_test(c, what_ended_is_added_up_and_cannot_be_more_than_was_named);
	tcase_add_test(c, the_unprivileged_side_notices_an_end_while_it_waits_for_events);
	tcase_add_test(c, an_answer_that_nobody_asked_for_breaks_off);
	tcase_add_test(c, a_dump_gives_up_at_its_deadline_and_drops_the_late_answer);
	tcase_add_test(c, requests_to_a_side_that_never_answers_are_bounded);
	tcase_add_test(c, a_flood_of_events_becomes_an_overrun);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
