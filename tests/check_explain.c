/* links: verify ruleset base */
/*
 * One packet's walk, and packets in text: the steps that a trace shows, in order, and the forms that are read and
 * refused.
 */
#include "verify_support.h"

static const struct {
	const char *ruleset, *packet;
	enum verdict verdict;
	const char *step[8]; /**< "CHAIN|NOTE|part of the text", in this order, others may stand between */
} walks[] = {
        {"jumps", "tcp 10.0.0.5:40000 > 10.1.0.10:5061", VERDICT_CONFORMANT,
                {"forward|enters|chain", "forward|matches|jump deny", "deny|enters|chain",
                        "deny|does not match|udp dport 53", "forward|matches|jump services", "services|matches|return",
                        "forward|matches|5061-5065 accept"}},
        {"jumps", "tcp 10.0.0.5:40000 > 10.1.2.10:25", VERDICT_BLOCKED,
                {"forward|matches|jump deny", "deny|matches|reject"}},
        {"jumps", "tcp 10.0.0.5:40000 > 10.2.0.1:26", VERDICT_CONFORMANT, {"forward|policy|policy accept"}},
        {"stateful", "tcp [fd00::1]:40000 > [fd01::1]:444", VERDICT_BLOCKED,
                {"forward|does not match: ct state|established", "forward|policy|policy drop"}},
        {"atoms", "tcp 10.0.0.5:40000 > 10.1.0.10:1002", VERDICT_INDETERMINATE,
                {"forward|matches if limit@filter/forward#|1002"}},
        {"atoms", "tcp 10.0.0.5:40000 > 10.1.0.10:1001", VERDICT_CONFORMANT,
                {"forward|matches if set blocklist@filter|drop"}},
        {"nat", "tcp 10.0.0.5:40000 > 10.1.0.10:8080", VERDICT_MISDIRECTED, {"prerouting|matches|dnat"}},
        {"vmaps", "tcp 10.0.0.5:40000 > 10.1.0.10:5060", VERDICT_CONFORMANT,
                {"forward|matches|vmap @byport", "sip|enters|chain", "sip|matches|10.0.0.0/24 accept"}},
};

static bool step_is(const struct trace_step *step, const char *want)
{
	char chain[64], note[64], text[64];

	ck_assert_int_eq(sscanf(want, "%63[^|]|%63[^|]|%63[^|]", chain, note, text), 3);
	return strcmp(step->where.chain, chain) == 0 && strncmp(step->note, note, strlen(note)) == 0 &&
	       strstr(step->where.text, text) != NULL;
}

START_TEST(walk_shows_the_steps_in_order)
{
	struct ruleset *rs = ruleset_load(walks[_i].ruleset);
	struct packet p;
	struct trace t;
	struct error err;
	size_t at = 0;

	ck_assert_int_eq(packet_parse(walks[_i].packet, &p, &err), 0);
	memcpy(p.iif, "c0", 3);
	memcpy(p.oif, "s0", 3);
	ck_assert_int_eq(verify_explain(&p, NULL, NULL, rs, NULL, 1000, &t, &err), 0);
	ck_assert_msg(t.verdict == walks[_i].verdict, "%s: %s", walks[_i].packet, verdict_name(t.verdict));
	for (size_t i = 0; i < 8 && walks[_i].step[i] != NULL; i++) {
		while (at < t.n && !step_is(&t.step[at], walks[_i].step[i]))
			at++;
		ck_assert_msg(at < t.n, "%s: %s", walks[_i].packet, walks[_i].step[i]);
	}
	trace_fini(&t);
	ruleset_free(rs);
}
END_TEST

static const struct {
	const char *flow, *packet;
	enum phase phase;
	enum verdict verdict;
	const char *end, *step; /**< how it leaves; part of a note */
} published[] = {
        {"tcp 10.0.0.0/24 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443", "tcp 10.0.0.20:40000 > 198.51.100.7:8443",
                PHASE_NEW, VERDICT_CONFORMANT, "tcp 10.0.0.20:40000 > 10.1.0.20:443",
                "destination is translated: dnat to 10.1.0.20:443"},
        {"tcp 10.0.0.0/24 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443", "tcp 10.1.0.20:443 > 10.0.0.20:40000",
                PHASE_REPLY, VERDICT_CONFORMANT, "tcp 198.51.100.7:8443 > 10.0.0.20:40000",
                "enters at hook prerouting"},
        {"tcp 10.0.0.0/24 1024-65535 198.51.100.7 8443 inside 10.1.0.20 443", "tcp 10.0.0.20:40000 > 198.51.100.7:8443",
                PHASE_ESTABLISHED, VERDICT_CONFORMANT, "tcp 10.0.0.20:40000 > 10.1.0.20:443",
                "connection tracking translates the destination to 10.1.0.20"},
        {"tcp 10.0.0.0/24 1024-65535 198.51.100.7 8443 inside 10.1.0.99 443", "tcp 10.0.0.20:40000 > 198.51.100.7:8443",
                PHASE_NEW, VERDICT_MISDIRECTED, "tcp 10.0.0.20:40000 > 198.51.100.7:8443", "dnat to 10.1.0.20:443"},
        {"tcp 10.0.0.0/24 1024-65535 198.51.100.7 444 inside 10.1.0.20 444", "tcp 10.0.0.20:40000 > 198.51.100.7:444",
                PHASE_NEW, VERDICT_MISDIRECTED, "tcp 10.0.0.20:40000 > 198.51.100.7:444", "policy"},
};

START_TEST(published_address_is_followed_in_every_phase)
{
	struct ruleset *rs = ruleset_load("published");
	struct flow flow;
	struct packet p;
	struct trace t;
	struct error err;
	bool seen = false;

	flow_make(&flow, published[_i].flow);
	ck_assert_int_eq(packet_parse(published[_i].packet, &p, &err), 0);
	p.phase = published[_i].phase;
	memcpy(p.iif, p.phase == PHASE_REPLY ? "s0" : "c0", 3);
	memcpy(p.oif, p.phase == PHASE_REPLY ? "c0" : "s0", 3);
	ck_assert_int_eq(verify_explain(&p, &flow, NULL, rs, NULL, 1000, &t, &err), 0);
	ck_assert_msg(t.verdict == published[_i].verdict, "%s: %s", published[_i].packet, verdict_name(t.verdict));
	for (size_t i = 0; i < t.n; i++)
		seen = seen || strstr(t.step[i].note, published[_i].step) != NULL;
	ck_assert_msg(seen, "%s: no step says '%s'", published[_i].packet, published[_i].step);
	char *end = packet_print(&t.end);
	ck_assert_str_eq(end, published[_i].end);
	free(end);
	trace_fini(&t);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

/** A walk of one packet as text, a line per step. */
static char *walk_text(const char *packet, const struct ruleset *rs, const struct site *site)
{
	struct text text = {0};
	struct packet p;
	struct trace t;
	struct error err;

	ck_assert_int_eq(packet_parse(packet, &p, &err), 0);
	memcpy(p.iif, "c0", 3);
	memcpy(p.oif, "s0", 3);
	ck_assert_int_eq(verify_explain(&p, NULL, NULL, rs, site, 1000, &t, &err), 0);
	for (size_t i = 0; i < t.n; i++)
		text_addf(&text, "%s\n", t.step[i].note);
	text_addf(&text, "%s\n", verdict_name(t.verdict));
	trace_fini(&t);
	return text_take(&text);
}

START_TEST(assumption_is_named_where_it_decides)
{
	struct ruleset *rs = ruleset_load("atoms");
	struct assumption assumption = {.name = (char[]){"quiet"}, .pattern = (char[]){"limit@*"}, .value = true};
	struct site site = {.assumption = &assumption, .n_assumption = 1};
	char *text = walk_text("tcp 10.0.0.5:40000 > 10.1.0.10:1002", rs, &site);

	ck_assert_msg(strstr(text, ", which assumption quiet takes to be true\n") != NULL, "%s", text);
	ck_assert_msg(strstr(text, "conformant\n") != NULL, "%s", text);
	free(text);
	ruleset_free(rs);
}
END_TEST

START_TEST(rules_of_a_long_chain_that_do_not_match_are_counted)
{
	struct ruleset *rs;
	struct text json = {0};
	struct error err;

	text_add(&json, "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"t\",\"handle\":1}},"
	                "{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"f\",\"handle\":1,\"type\":"
	                "\"filter\",\"hook\":\"forward\",\"prio\":-7,\"policy\":\"drop\"}}");
	for (int i = 0; i < 100; i++)
		text_addf(&json,
		        ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":%d,\"expr\":[{"
		        "\"match\":"
		        "{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":%d}"
		        "},"
		        "{\"accept\":null}]}}",
		        i + 2, i + 1000);
	text_add(&json, "]}");
	ck_assert_int_eq(ruleset_parse_json(json.s, json.len, &rs, &err), 0);
	char *text = walk_text("tcp 10.0.0.5:40000 > 10.1.0.10:1050", rs, NULL);
	ck_assert_str_eq(text, "enters at hook forward, priority -7\ndoes not match, nor do the 49 behind it\nmatches\n"
	                       "conformant\n");
	free(text);
	text = walk_text("tcp 10.0.0.5:40000 > 10.1.0.10:999", rs, NULL);
	ck_assert_str_eq(text, "enters at hook forward, priority -7\ndoes not match, nor do the 99 behind it\npolicy\n"
	                       "blocked\n");
	free(text);
	text_fini(&json);
	ruleset_free(rs);
}
END_TEST

START_TEST(unreadable_ruleset_is_unknown)
{
	struct packet p;
	struct trace t;
	struct error err;

	ck_assert_int_eq(packet_parse("tcp 10.0.0.5:40000 > 10.1.0.10:5061", &p, &err), 0);
	ck_assert_int_eq(verify_explain(&p, NULL, NULL, NULL, NULL, 0, &t, &err), 0);
	ck_assert_int_eq(t.verdict, VERDICT_UNKNOWN);
	ck_assert_ptr_nonnull(t.reason);
	trace_fini(&t);
}
END_TEST

static const char *const packets[] = {
        "tcp 10.0.0.5:40000 > 10.1.0.10:5061",
        "udp [2001:db8::1]:1024 > [2001:db8::2]:3478",
        "icmp 10.0.0.5 > 10.1.0.10",
        "icmp 10.0.0.5 > 10.1.0.10 type 13",
        "icmpv6 fd00::1 > fd01::1",
        "sctp 10.0.0.5:1 > 10.1.0.10:65535",
        "47 10.0.0.5 > 10.1.0.10",
};

START_TEST(packet_printed_is_the_packet_parsed)
{
	struct packet p;
	struct error err;
	char *text;

	ck_assert_int_eq(packet_parse(packets[_i], &p, &err), 0);
	text = packet_print(&p);
	ck_assert_str_eq(text, packets[_i]);
	free(text);
}
END_TEST

static const char *const refused[] = {
        "",
        "tcp",
        "tcp 10.0.0.5:40000",
        "tcp 10.0.0.5:40000 10.1.0.10:5061",
        "tcp > 10.1.0.10:5061",
        "tcp 10.0.0.5 > 10.1.0.10:5061",
        "tcp 10.0.0.5:40000 > 10.1.0.10",
        "tcp 10.0.0.5:40000 > 10.1.0.10:65536",
        "tcp 10.0.0.5:-1 > 10.1.0.10:5061",
        "tcp 10.0.0.5:40000 > 10.1.0.10:5061 more",
        "tcp 10.0.0.5:40000 > [fd01::1]:5061",
        "tcp [fd01::1:5 > [fd01::1]:5061",
        "tcp 10.0.0.256:40000 > 10.1.0.10:5061",
        "icmp 10.0.0.5:1 > 10.1.0.10:1",
        "icmp fd00::1 > fd01::1",
        "icmp 10.0.0.5 > 10.1.0.10 type 256",
        "300 10.0.0.5 > 10.1.0.10",
        "xyz 10.0.0.5 > 10.1.0.10",
};

START_TEST(text_that_is_no_packet_is_refused)
{
	struct packet p = {0};
	struct error err = {0};

	ck_assert_msg(packet_parse(refused[_i], &p, &err) == -1, "%s", refused[_i]);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "write it like"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("explain");
	TCase *t = tcase_create("explain");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, walk_shows_the_steps_in_order, 0, (int)(sizeof(walks) / sizeof(walks[0])));
	tcase_add_loop_test(
	        t, published_address_is_followed_in_every_phase, 0, (int)(sizeof(published) / sizeof(published[0])));
	tcase_add_test(t, assumption_is_named_where_it_decides);
	tcase_add_test(t, rules_of_a_long_chain_that_do_not_match_are_counted);
	tcase_add_test(t, unreadable_ruleset_is_unknown);
	tcase_add_loop_test(t, packet_printed_is_the_packet_parsed, 0, (int)(sizeof(packets) / sizeof(packets[0])));
	tcase_add_loop_test(t, text_that_is_no_packet_is_refused, 0, (int)(sizeof(refused) / sizeof(refused[0])));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
