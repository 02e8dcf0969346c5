/* links: ruleset base */
/*
 * The JSON reader on files and texts of our own: the golden ruleset, statements one by one, what must be refused, and the
 * limits. No kernel is needed; that both readers agree is checked where rulesets can be loaded.
 */
#include <check.h>
#include <stdio.h>

#include "portcullis/ruleset.h"
#include "ruleset_dump.h"

static struct ruleset *parse(const char *json)
{
	struct ruleset *rs;
	struct error err = {0};
	int result = ruleset_parse_json(json, strlen(json), &rs, &err);
	ck_assert_msg(result == 0, "%s: %s in %.200s", err.where, err.text, json);
	return rs;
}

static char *read_file(const char *name)
{
	char path[512], *text;
	size_t len;
	struct error err;
	snprintf(path, sizeof(path), "%s/tests/data/ruleset/%s", SOURCE_DIR, name);
	ck_assert_int_eq(file_read(path, 1 << 20, &text, &len, &err), 0);
	return text;
}

START_TEST(prints_the_golden_ruleset)
{
	char *json = read_file("edge.json"), *want = read_file("edge.ok");
	struct ruleset *rs = parse(json);
	char *text = ruleset_print(rs), digest[65];
	ck_assert_str_eq(text, want);
	ck_assert_uint_eq(rs->n_rule, 16);
	ck_assert_uint_eq(rs->n_undecoded, 3);
	ck_assert_uint_eq(rs->generation, 0);
	sha256_hex(text, strlen(text), digest);
	ck_assert_str_eq(rs->digest, digest);
	free(text);
	ruleset_free(rs);
	free(json);
	free(want);
}
END_TEST

#define CHAIN                                                                                                          \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"f\",\"handle\":1,\"type\":\"filter\","             \
	"\"hook\":\"forward\",\"prio\":0,\"policy\":\"drop\"}}"
#define RULE(expr)                                                                                                     \
	"{\"nftables\":[" CHAIN ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":7,"        \
	"\"expr\":[" expr "]}}]}"
#define TCP_DPORT "{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}"
#define MATCH(op, left, right) "{\"match\":{\"op\":\"" op "\",\"left\":" left ",\"right\":" right "}}"
#define ACCEPT ",{\"accept\":null}"

static const struct {
	const char *json, *model, *text;
} rules[] = {
        {RULE(MATCH("==", TCP_DPORT, "5061") ACCEPT), "meta l4proto 6; th dport 13c5; accept", "tcp dport 5061 accept"},
        {RULE(MATCH("==", TCP_DPORT, "{\"range\":[1,5]}") ACCEPT), "meta l4proto 6; th dport 1-5; accept",
                "tcp dport 1-5 accept"},
        {RULE(MATCH("!=", TCP_DPORT, "{\"set\":[1,{\"range\":[3,5]}]}") ACCEPT),
                "meta l4proto 6; th dport not {1, 3-5}; accept", "tcp dport != { 1, 3-5 } accept"},
        {RULE(MATCH("<", TCP_DPORT, "0") ACCEPT), "meta l4proto 6; th dport ; accept", NULL},
        {RULE(MATCH("==", TCP_DPORT, "65536") ACCEPT), "meta l4proto 6; atom tcp dport@t/f#7; accept",
                "tcp dport 65536 accept"},
        {RULE(MATCH("==", TCP_DPORT, "\"http\"") ACCEPT), "meta l4proto 6; atom tcp dport@t/f#7; accept",
                "tcp dport http accept"},
        {RULE(MATCH("==", TCP_DPORT, "\"@missing\"") ACCEPT), "meta l4proto 6; atom tcp dport@t/f#7; accept",
                "tcp dport @missing accept"},
        {RULE(MATCH("in", "{\"ct\":{\"key\":\"state\"}}", "[\"established\",\"related\"]") ACCEPT),
                "ct state not & 6 == 0; accept", "ct state established,related accept"},
        {RULE(MATCH("!", "{\"ct\":{\"key\":\"state\"}}", "\"new\"") ACCEPT), "ct state & 8 == 0; accept",
                "ct state ! new accept"},
        {RULE(MATCH("==", "{\"&\":[{\"meta\":{\"key\":\"mark\"}},255]}", "5") ACCEPT), "meta mark & ff == 5; accept",
                "meta mark & 0x000000ff == 0x00000005 accept"},
        {RULE(MATCH("==", "{\"&\":[{\"meta\":{\"key\":\"mark\"}},1]}", "2") ACCEPT), "meta mark ; accept", NULL},
        {RULE(MATCH("==", "{\"meta\":{\"key\":\"iif\"}}", "5") ACCEPT), "atom iif@t/f#7; accept", "iif 5 accept"},
        {RULE(MATCH("==", "{\"meta\":{\"key\":\"iif\"}}", "\"lo\"") ACCEPT),
                "iifname 6c6f000000000000:0000000000000000; accept", "iif \"lo\" accept"},
        {RULE("{\"xt\":{\"type\":\"match\",\"name\":\"recent\"}}" ACCEPT), "atom recent@t/f#7; accept",
                "xt match \"recent\" accept"},
        {RULE("{\"xt\":{\"type\":\"target\",\"name\":\"LOG\"}}"), "unknown", "xt target \"LOG\""},
        {RULE("{\"something new\":{}}" ACCEPT), "unknown", "statement something new"},
        {RULE("{\"jump\":{\"target\":\"nowhere\"}}"), "unknown", "jump"},
        {RULE("7" ACCEPT), "unknown", "statement of unknown form"},
        {RULE("{\"vmap\":{\"key\":" TCP_DPORT ",\"data\":{\"set\":[[22,{\"accept\":null}],[\"*\",{\"goto\":{\"target\":"
              "\"f\"}}]]}}}"),
                "meta l4proto 6; th dport vmap {16: accept, *: goto f}", "tcp dport vmap { 22 : accept, * : goto f }"},
        {RULE("{\"dnat\":{\"family\":\"ip\",\"addr\":\"10.0.0.5\",\"port\":80}}"),
                "meta nfproto 2; nat-dst to a000005 port 80-80", "dnat ip to 10.0.0.5:80"},
        {RULE("{\"mangle\":{\"key\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"daddr\"}},\"value\":\"1.2.3.4\"}}"),
                "meta nfproto 2; unknown", "ip daddr set 1.2.3.4"},
        {RULE("{\"log\":{\"prefix\":\"a\\\"b\\u0001\"}}" ACCEPT), "accept", "log prefix \"a?b?\" accept"},
};

START_TEST(reads_statements)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct ruleset *rs = parse(rules[i].json);
		char *model = rule_dump(rs, &rs->chain[0].rule[0]),
		     *text = rule_print(rs, &rs->chain[0], &rs->chain[0].rule[0]);
		ck_assert_str_eq(model, rules[i].model);
		if (rules[i].text != NULL)
			ck_assert_str_eq(text, rules[i].text);
		free(model);
		free(text);
		ruleset_free(rs);
	}
}
END_TEST

START_TEST(a_set_that_a_rule_adds_to_is_dynamic)
{
	struct ruleset *rs =
	        parse("{\"nftables\":[" CHAIN
	              ",{\"set\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"s\",\"type\":\"ipv4_addr\","
	              "\"elem\":[\"1.2.3.4\"]}},{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\","
	              "\"handle\":1,\"expr\":[" MATCH("==", "{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}}",
	                      "\"@s\"") ",{\"drop\":null}]}},"
	                                "{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":2,"
	                                "\"expr\":[{\"set\":{\"op\":\"add\","
	                                "\"elem\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}},\"set\":\"@"
	                                "s\"}}]}}]}");
	char *model = rule_dump(rs, &rs->chain[0].rule[0]);
	ck_assert_str_eq(model, "meta nfproto 2; atom set s@t; drop");
	ck_assert(rs->set[0].dynamic);
	ck_assert_uint_eq(rs->set[0].n_element, 1);
	free(model);
	ruleset_free(rs);
}
END_TEST

START_TEST(elements_that_are_not_of_the_type_leave_the_set_undecided)
{
	static const char *const elements[] = {"\"fe80::1\"", "true", "{\"concat\":[\"1.2.3.4\",5]}", "{\"prefix\":{}}",
	        "{\"range\":[\"1.2.3.4\",\"1.2.3.1\"]}", "{\"elem\":{\"val\":\"1.2.3.4\",\"limit\":{\"rate\":1}}}",
	        "[]"};
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		char json[512];
		snprintf(json, sizeof(json),
		        "{\"nftables\":[{\"set\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"s\",\"type\":\"ipv4_"
		        "addr\","
		        "\"elem\":[\"10.0.0.1\",%s]}}]}",
		        elements[i]);
		struct ruleset *rs = parse(json);
		ck_assert_msg(rs->set[0].undecided, "%s", elements[i]);
		ruleset_free(rs);
	}
}
END_TEST

static const struct {
	const char *json;
	enum error_code code;
	const char *what;
} refused[] = {
        {"", ERR_FORMAT, "line"},
        {"{", ERR_FORMAT, "line 1"},
        {"[]", ERR_FORMAT, "nftables"},
        {"{\"nftables\":7}", ERR_FORMAT, "nftables"},
        {"{\"nftables\":[7]}", ERR_FORMAT, "nftables[0]"},
        {"{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"t\"}}]}", ERR_FORMAT, "name"},
        {"{\"nftables\":[{\"chain\":{\"family\":\"ipx\",\"table\":\"t\",\"name\":\"f\"}}]}", ERR_FORMAT, "family"},
        {"{\"nftables\":[" CHAIN "," CHAIN "]}", ERR_FORMAT, "twice"},
        {"{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"f\",\"hook\":\"sky\",\"prio\":0}}]"
         "}",
                ERR_FORMAT, "hook"},
        {"{\"nftables\":[{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"expr\":[]}}]}", ERR_FORMAT,
                "not in the dump"},
        {"{\"nftables\":[],\"nftables\":[]}", ERR_FORMAT, "line"},
};

START_TEST(refuses_what_is_no_ruleset)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct ruleset *rs;
		struct error err = {0};
		char line[1100];
		ck_assert_int_eq(ruleset_parse_json(refused[i].json, strlen(refused[i].json), &rs, &err), -1);
		ck_assert(rs == NULL);
		ck_assert_int_eq(err.code, refused[i].code);
		error_line(&err, line, sizeof(line));
		ck_assert_msg(strstr(line, refused[i].what) != NULL, "%s: %s", refused[i].json, line);
	}
}
END_TEST

START_TEST(keeps_the_limits)
{
	struct ruleset *rs;
	struct error err = {0};
	struct text t = {0};
	ck_assert_int_eq(ruleset_parse_json("{", ((size_t)64 << 20) + 1, &rs, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	text_add(&t, "{\"nftables\":[" CHAIN);
	for (unsigned i = 0; i <= 200000; i++)
		text_add(&t,
		        ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"expr\":[{\"drop\":null}]}}");
	text_add(&t, "]}");
	ck_assert_int_eq(ruleset_parse_json(text_str(&t), t.len, &rs, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	text_fini(&t);
	for (unsigned i = 0; i < 100000; i++)
		text_add(&t, "[");
	ck_assert_int_eq(ruleset_parse_json(text_str(&t), t.len, &rs, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	text_fini(&t);
	text_add(&t, "{\"nftables\":[" CHAIN
	             ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"expr\":[{\"match\":"
	             "{\"op\":\"==\",\"right\":1,\"left\":");
	for (unsigned i = 0; i < 500; i++)
		text_add(&t, "{\"&\":[");
	text_add(&t, "1");
	for (unsigned i = 0; i < 500; i++)
		text_add(&t, ",1]}");
	text_add(&t, "}}]}}]}");
	rs = parse(text_str(&t));
	ck_assert_uint_eq(rs->n_undecoded, 1);
	ruleset_free(rs);
	text_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ruleset_json");
	TCase *c = tcase_create("json");
	tcase_set_timeout(c, 60);
	tcase_add_test(c, prints_the_golden_ruleset);
	tcase_add_test(c, reads_statements);
	tcase_add_test(c, a_set_that_a_rule_adds_to_is_dynamic);
	tcase_add_test(c, elements_that_are_not_of_the_type_leave_the_set_undecided);
	tcase_add_test(c, refuses_what_is_no_ruleset);
	tcase_add_test(c, keeps_the_limits);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
