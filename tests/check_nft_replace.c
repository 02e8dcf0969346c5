/* links: nft ruleset base */
/*
 * The own table is put into real kernels, in network namespaces of the tests' own: what the batch leaves there is what nft
 * would have put there from text, a check leaves nothing, other tables stay as they are, and counters go on counting.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <time.h>

#include "portcullis/mirror.h"
#include "replace_scene.h"

static const char other[] = "table ip other { chain input { type filter hook input priority 10; counter; udp dport 53 "
                            "accept; }; }\n"
                            "table inet portcullis2 { set s { type ipv4_addr; elements = { 10.0.0.1 }; }; }\n"
                            "table ip portcullis { chain c { counter drop; }; }\n";

/* ---- what is put is what nft puts ---- */

START_TEST(the_kernel_has_what_the_text_says)
{
	struct own_table t;
	own_every(&t);
	nft(own_every_text);
	char *want = listed(), *want_counts = output("nft list table inet portcullis");
	new_namespace();
	nft("table inet portcullis { chain old { counter; }; set older { type ipv4_addr; }; }");
	struct nft_ops ops = open_either(_i);
	uint32_t before = generation(&ops), done = replace(&ops, &t);
	ck_assert_uint_ne(before, done);
	ck_assert_uint_eq(generation(&ops), done);
	char *got = listed(), *got_counts = output("nft list table inet portcullis");
	same(got, want);
	same(got_counts, want_counts);
	ck_assert_ptr_nonnull(strstr(got_counts, "counter packets 7 bytes 700 comment \"box one\""));
	ck_assert_ptr_nonnull(strstr(got_counts, "counter packets 3 bytes 333 accept"));
	free(want);
	free(want_counts);
	free(got);
	free(got_counts);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

/* Both forms are read alike: the model knows no difference between them. */
START_TEST(the_model_of_both_is_the_same)
{
	struct nft_dump d;
	struct ruleset *rs;
	struct own_table t;
	char digest[2][65];
	struct error err = {0};
	own_every(&t);
	for (int which = 0; which < 2; which++) {
		new_namespace();
		struct nft_ops ops = open_either(0);
		if (which == 0)
			nft(own_every_text);
		else
			replace(&ops, &t);
		ck_assert_int_eq(ops.dump(ops.self, &d, &err), 0);
		ck_assert_msg(ruleset_parse_netlink(d.bytes, d.len, &rs, &err) == 0, "%s", err.text);
		/* The two rules that log, which is limited: that is no decision. */
		ck_assert_uint_le(rs->n_undecoded, 2);
		memcpy(digest[which], rs->digest, sizeof(rs->digest));
		ruleset_free(rs);
		nft_dump_fini(&d);
		ops.close(ops.self);
	}
	ck_assert_str_eq(digest[0], digest[1]);
	own_fini(&t);
}
END_TEST

START_TEST(no_table_is_encoded_as_its_removal)
{
	struct nft_ops ops = open_either(_i);
	nft(other);
	char *want = listed();
	replace(&ops, NULL); /* where there is none */
	struct own_table t;
	own_every(&t);
	replace(&ops, &t);
	char *between = listed();
	ck_assert_str_ne(between, want);
	replace(&ops, NULL);
	char *got = listed();
	same(got, want);
	free(got);
	free(between);
	free(want);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

/* ---- a check ---- */

START_TEST(a_check_changes_nothing)
{
	struct nft_answer answer;
	struct error err;
	struct own_table t;
	struct nft_ops ops = open_either(_i);
	own_every(&t);
	nft(other);
	for (int round = 0; round < 2; round++) {
		char *before = output("nft -a list ruleset");
		uint32_t g = generation(&ops);
		ck_assert_msg(check(&ops, &t, &answer, &err) == 0, "%s", err.text);
		ck_assert_msg(check(&ops, NULL, &answer, &err) == 0, "%s", err.text);
		ck_assert_uint_eq(answer.generation, 0);
		ck_assert_uint_eq(generation(&ops), g);
		/* Nobody hears of it; what nft put before was told at the first dump. */
		for (struct nft_event event; round == 0 && readable(ops.event_fd(ops.self), 0);
		        nft_event_fini(&event)) {
			ck_assert_int_eq(ops.events(ops.self, &event, &err), 0);
			ck_assert(event.generation == 0 || event.generation == g);
		}
		char *after = output("nft -a list ruleset");
		same(after, before);
		free(before);
		free(after);
		replace(&ops, &t); /* and once more where the table is there already */
	}
	/* Nothing of the checks' tables is left in the kernel's names: the same batch goes in. */
	replace(&ops, &t);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

/* ---- many ---- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

START_TEST(ten_thousand_elements_are_put_and_counted)
{
	struct own_table t;
	struct nft_answer answer;
	struct error err;
	struct nft_dump d;
	struct nft_counters c;
	struct nft_ops ops = open_either(1);
	own_many(&t, _i == 1, 10000);
	int64_t start = now_ms();
	struct nft_batch b = encode(&t);
	int64_t encoded = now_ms();
	ck_assert_msg(ops.check(ops.self, &b, &answer, &err) == 0, "%s", err.text);
	int64_t checked = now_ms();
	ck_assert_msg(ops.replace(ops.self, &b, &answer, &err) == 0, "%s", err.text);
	int64_t replaced = now_ms();
	ck_assert_msg(ops.replace(ops.self, &b, &answer, &err) == 0, "%s", err.text);
	int64_t again = now_ms();
	fprintf(stderr, "10000 elements, IPv%d, %zu bytes: encoded %d, checked %d, put %d, replaced %d ms\n",
	        _i == 1 ? 6 : 4, b.len, (int)(encoded - start), (int)(checked - encoded), (int)(replaced - checked),
	        (int)(again - replaced));
	ck_assert_int_eq(ops.dump(ops.self, &d, &err), 0);
	ck_assert_int_eq(nft_counters_read(d.bytes, d.len, OWN_TABLE, &c, &err), 0);
	ck_assert_uint_eq(c.n, 10000);
	nft_counters_fini(&c);
	nft_dump_fini(&d);
	nft_batch_fini(&b);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

START_TEST(a_hundred_replaces_leave_other_tables_alone)
{
	struct own_table every, many;
	struct nft_ops ops = open_either(1);
	own_every(&every);
	own_many(&many, false, 500);
	nft(other);
	char *before = output(
	        "nft -a list table ip other; nft -a list table inet portcullis2; nft -a list table ip portcullis");
	uint32_t last = 0;
	for (int i = 0; i < 100; i++) {
		uint32_t g = replace(&ops, i % 2 == 0 ? &every : &many);
		ck_assert(last == 0 || g == last + 1);
		last = g;
	}
	char *after = output(
	        "nft -a list table ip other; nft -a list table inet portcullis2; nft -a list table ip portcullis");
	same(after, before);
	free(before);
	free(after);
	ops.close(ops.self);
	own_fini(&every);
	own_fini(&many);
}
END_TEST

/* ---- own changes among the events ---- */

static bool readable_event(const struct nft_ops *ops)
{
	return readable(ops->event_fd(ops->self), 5000);
}

static void next_part(const struct nft_ops *ops, struct nft_event *event)
{
	struct error err = {0};
	ck_assert(readable_event(ops));
	ck_assert_msg(ops->events(ops->self, event, &err) == 0, "%s", err.text);
}

/* A report may come in two parts on a busy machine: the part with the generation. */
static void next_report(const struct nft_ops *ops, struct nft_event *event)
{
	for (next_part(ops, event); event->generation == 0; next_part(ops, event))
		nft_event_fini(event);
}

START_TEST(an_own_change_is_known_by_its_generation)
{
	struct own_table t;
	struct nft_event event;
	struct nft_ops ops = open_either(_i);
	own_every(&t);
	uint32_t g = replace(&ops, &t);
	next_report(&ops, &event);
	ck_assert(event.changed && !event.overrun);
	ck_assert_uint_eq(event.generation, g);
	ck_assert(nft_event_is(&event, g));
	ck_assert(!nft_event_is(&event, g + 1));
	nft_event_fini(&event);
	nft("table ip more { }");
	next_report(&ops, &event);
	ck_assert_msg(nft_event_is(&event, g + 1), "%d %u, not %u + 1: %zu bytes", event.changed, event.generation, g,
	        event.len);
	ck_assert(!nft_event_is(&event, g));
	ck_assert_str_eq(event.author, "nft");
	nft_event_fini(&event);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

/* Each element is an event: more than fit are told as lost, and the reader goes on. */
START_TEST(a_large_change_of_our_own_does_not_stop_the_reader)
{
	struct own_table t;
	struct error err = {0};
	struct nft_ops ops = open_either(_i);
	own_many(&t, false, 10000);
	uint32_t g = 0;
	for (int i = 0; i < 5; i++)
		g = replace(&ops, &t);
	uint32_t seen = 0;
	bool lost = false;
	while (seen != g && !lost) {
		struct nft_event event;
		ck_assert(readable_event(&ops));
		ck_assert_msg(ops.events(ops.self, &event, &err) == 0, "%s", err.text);
		if (event.generation != 0)
			seen = event.generation;
		lost = event.overrun;
		nft_event_fini(&event);
	}
	ck_assert_uint_eq(generation(&ops), g);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

/* The mirror takes what a replace reports as it takes anybody's changes. */
START_TEST(the_mirror_stays_in_step_with_our_own_changes)
{
	struct own_table every, many;
	struct nft_dump d;
	struct mirror *m = mirror_new();
	struct error err = {0};
	struct nft_ops ops = open_either(_i);
	own_every(&every);
	own_many(&many, true, 50);
	const struct own_table *const steps[] = {&every, &many, NULL, &every, &every};
	nft(other);
	ck_assert_int_eq(ops.dump(ops.self, &d, &err), 0);
	ck_assert_int_eq(mirror_load(m, d.bytes, d.len, &err), 0);
	nft_dump_fini(&d);
	for (int i = 0; i < N(steps); i++) {
		struct ruleset *followed, *fresh;
		uint32_t g = replace(&ops, steps[i]);
		while (mirror_generation(m) != g) {
			struct nft_event event;
			next_part(&ops, &event);
			ck_assert(!event.overrun);
			ck_assert_msg(mirror_feed(m, event.bytes, event.len, &err) == 0, "%s", err.text);
			nft_event_fini(&event);
		}
		ck_assert_int_eq(ops.dump(ops.self, &d, &err), 0);
		ck_assert_int_eq(ruleset_parse_netlink(d.bytes, d.len, &fresh, &err), 0);
		ck_assert_msg(mirror_ruleset(m, &followed, &err) == 0, "%s", err.text);
		ck_assert_str_eq(followed->digest, fresh->digest);
		nft_dump_fini(&d);
		ruleset_free(followed);
		ruleset_free(fresh);
	}
	mirror_free(m);
	ops.close(ops.self);
	own_fini(&every);
	own_fini(&many);
}
END_TEST

/* ---- counters ---- */

/* Sets of each kind that packets to the loopback are in, looked up by rules that only count. */
static void own_loopback(struct own_table *t)
{
	static const char *const address[] = {"127.0.0.0/8", "::1"};
	*t = (struct own_table){0};
	for (int six = 0; six < 2; six++) {
		own_put_set(t, six ? "flows6" : "flows4", true, 5, six ? RS_FIELD_IP6_SADDR : RS_FIELD_IP_SADDR,
		        RS_FIELD_L4PROTO, RS_FIELD_SPORT, six ? RS_FIELD_IP6_DADDR : RS_FIELD_IP_DADDR, RS_FIELD_DPORT);
		for (unsigned i = 0; i < 2; i++) {
			struct own_element *e = own_put_element(t, NULL);
			e->key[0] = e->key[3] = own_address(address[six]);
			e->key[1] = own_number(PROTO_UDP, PROTO_UDP);
			e->key[2] = own_number(1, 65535);
			e->key[4] = own_number(5061 + i, 5061 + i);
		}
	}
	own_put_set(t, "ports", true, 1, RS_FIELD_DPORT);
	own_put_one(t, own_number(5000, 5060), NULL);
	own_put_one(t, own_number(5061, 5061), NULL);
	own_put_one(t, own_number(5062, 65535), NULL);
	own_put_set(t, "ways", true, 2, RS_FIELD_OIFNAME, RS_FIELD_DPORT);
	struct own_element *e = own_put_element(t, NULL);
	e->key[0] = own_interface("lo");
	e->key[1] = own_number(5061, 5062);
	own_put_set(t, "zone", true, 1, RS_FIELD_OIFNAME);
	own_put_one(t, own_interface("l*"), NULL);
	own_put_chain(t, "output", RS_HOOK_OUTPUT);
	own_rule2(t, RS_CONTINUE, own_is(RS_FIELD_NFPROTO, 2), own_in(t, 0));
	own_rule2(t, RS_CONTINUE, own_is(RS_FIELD_NFPROTO, 10), own_in(t, 1));
	own_rule2(t, RS_CONTINUE, own_is(RS_FIELD_L4PROTO, PROTO_UDP), own_in(t, 2));
	own_rule2(t, RS_CONTINUE, own_is(RS_FIELD_L4PROTO, PROTO_UDP), own_in(t, 3));
	own_rule2(t, RS_CONTINUE, own_is(RS_FIELD_L4PROTO, PROTO_UDP), own_in(t, 4));
	struct own_rule *r = own_rule2(
	        t, RS_CONTINUE, own_is(RS_FIELD_L4PROTO, PROTO_UDP), own_range(RS_FIELD_OIFNAME, own_interface("l*")));
	r->counts = true;
	r->comment = xstrdup("loopback");
}

static void send_packets(bool ipv6, int n)
{
	struct sockaddr_in four = {
	        .sin_family = AF_INET, .sin_port = htons(5061), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 six = {
	        .sin6_family = AF_INET6, .sin6_port = htons(5061), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(fd, 0);
	for (int i = 0; i < n; i++) {
		const struct sockaddr *to = ipv6 ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
		(void)!sendto(fd, "x", 1, 0, to, ipv6 ? sizeof(six) : sizeof(four));
		/* A packet that nobody takes is answered, and the answer is the next call's error. */
		(void)!recv(fd, &(char){0}, 1, MSG_DONTWAIT);
	}
	close(fd);
}

static void carry(const struct nft_ops *ops, struct own_table *t)
{
	struct nft_dump d;
	struct nft_counters c;
	struct error err = {0};
	ck_assert_int_eq(ops->dump(ops->self, &d, &err), 0);
	ck_assert_msg(nft_counters_read(d.bytes, d.len, OWN_TABLE, &c, &err) == 0, "%s", err.text);
	nft_dump_fini(&d);
	nft_counters_apply(&c, t);
	nft_counters_fini(&c);
}

static void packets_are(const struct own_table *t, uint64_t four, uint64_t six)
{
	ck_assert_uint_eq(t->set[0].element[0].packets, four);
	ck_assert_uint_eq(t->set[0].element[1].packets, 0);
	ck_assert_uint_eq(t->set[1].element[0].packets, six);
	ck_assert_uint_eq(t->set[1].element[0].bytes, six * (40 + 8 + 1));
	ck_assert_uint_eq(t->set[1].element[1].packets, 0);
	ck_assert_uint_eq(t->set[2].element[0].packets, 0);
	ck_assert_uint_eq(t->set[2].element[1].packets, four + six);
	ck_assert_uint_eq(t->set[2].element[2].packets, 0);
	ck_assert_uint_eq(t->set[3].element[0].packets, four + six);
	ck_assert_uint_eq(t->set[4].element[0].packets, four + six);
	ck_assert_uint_eq(t->chain[0].rule[5].packets, four + six);
}

START_TEST(real_packets_are_counted_on_over_a_replace)
{
	struct own_table t;
	struct nft_ops ops = open_either(1);
	ck_assert_int_eq(system("ip link set lo up"), 0);
	own_loopback(&t);
	replace(&ops, &t);
	send_packets(false, 3);
	send_packets(true, 2);
	carry(&ops, &t);
	packets_are(&t, 3, 2);
	replace(&ops, &t);
	send_packets(false, 4);
	carry(&ops, &t);
	packets_are(&t, 7, 2);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

START_TEST(counters_are_read_and_carried_over_a_replace)
{
	struct own_table t, next;
	struct nft_dump d;
	struct nft_counters c;
	struct error err = {0};
	struct nft_ops ops = open_either(_i);
	own_every(&t);
	t.set[3].element[1].packets = 11;
	t.set[3].element[3].packets = 44;
	t.set[3].element[3].bytes = 4400;
	nft("table inet elsewhere { chain input { counter packets 99 bytes 9 comment \"rule no-ssh\"; }; }");
	replace(&ops, &t);
	ck_assert_int_eq(ops.dump(ops.self, &d, &err), 0);
	ck_assert_msg(nft_counters_read(d.bytes, d.len, OWN_TABLE, &c, &err) == 0, "%s", err.text);
	nft_dump_fini(&d);
	own_every(&next);
	next.set[0].element[0].packets = next.set[0].element[0].bytes = 0;
	next.set[8].element[0].packets = 0;
	next.set[8].element[1].packets = 5;
	next.chain[0].rule[1].packets = next.chain[0].rule[1].bytes = 0;
	/* It begins where another one began, but is another one. */
	next.set[3].element[2].packets = 5;
	next.set[3].element[1].key[0].hi = 19;
	nft_counters_apply(&c, &next);
	ck_assert_uint_eq(next.set[0].element[0].packets, 7);
	ck_assert_uint_eq(next.set[0].element[0].bytes, 700);
	ck_assert_uint_eq(next.set[0].element[1].packets, 0);
	ck_assert_uint_eq(next.set[3].element[0].packets, 0);
	ck_assert_uint_eq(next.set[3].element[1].packets, 0);
	ck_assert_uint_eq(next.set[3].element[2].packets, 0);
	ck_assert_uint_eq(next.set[3].element[3].packets, 44);
	ck_assert_uint_eq(next.set[3].element[3].bytes, 4400);
	ck_assert_uint_eq(next.set[8].element[0].packets, 21);
	ck_assert_uint_eq(next.set[8].element[1].packets, 0);
	ck_assert_uint_eq(next.chain[0].rule[1].packets, 3);
	ck_assert_uint_eq(next.chain[0].rule[1].bytes, 333);
	ck_assert_uint_eq(next.chain[0].rule[5].packets, 0);
	nft_counters_fini(&c);
	nft_counters_fini(&c);
	ops.close(ops.self);
	own_fini(&t);
	own_fini(&next);
}
END_TEST

/* What was encoded before packets came goes on with those packets. */
START_TEST(messages_are_renewed)
{
	static const enum rs_field fields[] = {
	        RS_FIELD_IP_SADDR, RS_FIELD_L4PROTO, RS_FIELD_SPORT, RS_FIELD_IP_DADDR, RS_FIELD_DPORT};
	struct own_table t;
	struct nft_dump d;
	struct nft_counters c;
	struct nft_answer answer;
	struct range key[OWN_PARTS];
	struct error err = {0};
	struct nft_ops ops = open_either(_i);
	ck_assert_int_eq(system("ip link set lo up"), 0);
	own_loopback(&t);
	t.set[1].element[1].packets = 9;
	struct nft_batch old = encode(&t);
	ck_assert_int_eq(ops.replace(ops.self, &old, &answer, &err), 0);
	send_packets(false, 3);
	send_packets(true, 2);
	ck_assert_int_eq(ops.dump(ops.self, &d, &err), 0);
	ck_assert_int_eq(nft_counters_read(d.bytes, d.len, OWN_TABLE, &c, &err), 0);
	nft_dump_fini(&d);
	const uint64_t first = c.table;
	ck_assert_uint_gt(first, 0);
	for (size_t i = 0; i < c.n; i++)
		if (c.counter[i].set != NULL && strcmp(c.counter[i].set, "flows4") == 0) {
			ck_assert(nft_counter_key(&c.counter[i], fields, 5, key));
			ck_assert(key[0].lo == own_address("127.0.0.0/8").lo &&
			          key[0].hi == own_address("127.0.0.0/8").hi);
			ck_assert(key[1].lo == PROTO_UDP && key[2].lo == 1 && key[2].hi == 65535);
			ck_assert(key[4].lo == key[4].hi && key[4].lo >= 5061 && key[4].lo <= 5062);
			ck_assert(!nft_counter_key(&c.counter[i], fields, 4, key));
		}
	nft_counters_renew(&c, old.bytes, old.len);
	nft_counters_fini(&c);
	ck_assert_int_eq(ops.replace(ops.self, &old, &answer, &err), 0);
	ck_assert_int_eq(ops.dump(ops.self, &d, &err), 0);
	ck_assert_int_eq(nft_counters_read(d.bytes, d.len, OWN_TABLE, &c, &err), 0);
	nft_dump_fini(&d);
	ck_assert_uint_ne(c.table, first);
	t.set[1].element[1].packets = 0;
	nft_counters_apply(&c, &t);
	/* Those of one field lose theirs: where an interval ends is not in one message alone. */
	ck_assert_uint_eq(t.set[0].element[0].packets, 3);
	ck_assert_uint_eq(t.set[0].element[1].packets, 0);
	ck_assert_uint_eq(t.set[1].element[0].packets, 2);
	ck_assert_uint_eq(t.set[1].element[0].bytes, 2 * (40 + 8 + 1));
	ck_assert_uint_eq(t.set[1].element[1].packets, 9);
	ck_assert_uint_eq(t.set[3].element[0].packets, 5);
	ck_assert_uint_eq(t.chain[0].rule[5].packets, 5);
	nft_counters_fini(&c);
	nft_batch_fini(&old);
	ops.close(ops.self);
	own_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft_replace");
	TCase *c = tcase_create("kernel");
	if (geteuid() != 0 || system("nft --version >/dev/null 2>&1") != 0) {
		printf("check_nft_replace: needs root and nft\n");
		return 77;
	}
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_loop_test(c, the_kernel_has_what_the_text_says, 0, 2);
	tcase_add_test(c, the_model_of_both_is_the_same);
	tcase_add_loop_test(c, no_table_is_encoded_as_its_removal, 0, 2);
	tcase_add_loop_test(c, a_check_changes_nothing, 0, 2);
	tcase_add_loop_test(c, ten_thousand_elements_are_put_and_counted, 0, 2);
	tcase_add_test(c, a_hundred_replaces_leave_other_tables_alone);
	tcase_add_loop_test(c, an_own_change_is_known_by_its_generation, 0, 2);
	tcase_add_loop_test(c, a_large_change_of_our_own_does_not_stop_the_reader, 0, 2);
	tcase_add_loop_test(c, the_mirror_stays_in_step_with_our_own_changes, 0, 2);
	tcase_add_test(c, real_packets_are_counted_on_over_a_replace);
	tcase_add_loop_test(c, counters_are_read_and_carried_over_a_replace, 0, 2);
	tcase_add_loop_test(c, messages_are_renewed, 0, 2);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
