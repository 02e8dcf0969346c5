/* links: verify ruleset deployment base */
/*
 * Tolerated sources by set: what a rule drops of a flow is no fault where a set that the site names has the sources. Other
 * drops, sets that are not there and sets of something else are told as before.
 */
#include "verify/tolerated.h"
#include "verify_support.h"

#define FLOW "tcp 10.0.0.0/24 1024-65535 10.1.0.10/32 5061 forward c0 s0"

static const char json[] =
        "{\"nftables\":[{\"metainfo\":{\"json_schema_version\":1}},"
        "{\"table\":{\"family\":\"inet\",\"name\":\"filter\",\"handle\":1}},"
        "{\"set\":{\"family\":\"inet\",\"name\":\"bad\",\"table\":\"filter\",\"type\":\"ipv4_addr\",\"handle\":2,"
        "\"flags\":[\"interval\"],"
        "\"elem\":[\"10.0.0.7\",{\"prefix\":{\"addr\":\"10.0.0.64\",\"len\":28}},{\"prefix\":{\"addr\":\"192.0.2.0\","
        "\"len\":24}}]}},"
        "{\"set\":{\"family\":\"inet\",\"name\":\"ports\",\"table\":\"filter\",\"type\":\"inet_service\",\"handle\":3,"
        "\"elem\":[5061]}},"
        "{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"forward\",\"handle\":4,\"type\":\"filter\","
        "\"hook\":"
        "\"forward\",\"prio\":0,\"policy\":\"drop\"}},"
        "{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"forward\",\"handle\":5,\"expr\":[{\"match\":{"
        "\"op\":\"==\","
        "\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}},\"right\":\"@bad\"}},{\"drop\":null}]}},"
        "%s"
        "{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"forward\",\"handle\":9,\"expr\":[{\"%s\":null}"
        "]}}]}";

#define DROP_OF(addr)                                                                                                  \
	"{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"forward\",\"handle\":6,\"expr\":[{\"match\":" \
	"{\"op\":\"==\","                                                                                              \
	"\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}},\"right\":\"" addr                           \
	"\"}},{\"drop\":null}]}},"

static struct ruleset *ruleset_with(const char *rules, const char *end)
{
	char *text = xasprintf(json, rules, end);
	struct ruleset *rs;
	struct error err;

	ck_assert_msg(ruleset_parse_json(text, strlen(text), &rs, &err) == 0, "%s", err.text);
	free(text);
	return rs;
}

static void count(void *ctx, const char *text)
{
	snprintf(ctx, 256, "%s", text);
}

static const struct {
	const char *name, *set, *rules, *end;
	enum verdict verdict;
	uint64_t handle; /* to blame */
	size_t n_remainder;
	const char *caveat;
} cases[] = {
        {"no_set_is_tolerated", "", "", "accept", VERDICT_PARTIAL, 5, 2, ""},
        {"sources_of_the_set_are_no_fault", "inet filter bad", "", "accept", VERDICT_CONFORMANT, 0, 0, "3 elements"},
        {"other_sources_are", "inet filter bad", DROP_OF("10.0.0.9"), "accept", VERDICT_PARTIAL, 6, 1, "3 elements"},
        {"whoever_drops_them", "inet filter bad", DROP_OF("10.0.0.70"), "accept", VERDICT_CONFORMANT, 0, 0,
                "3 elements"},
        {"all_others_blocked_is_blocked", "inet filter bad", "", "drop", VERDICT_BLOCKED, 9, 3, "3 elements"},
        {"a_set_that_is_not_there", "inet filter worse", "", "accept", VERDICT_PARTIAL, 5, 2, "has no set"},
        {"a_set_of_another_table", "ip filter bad", "", "accept", VERDICT_PARTIAL, 5, 2, "has no set"},
        {"a_set_of_ports", "inet filter ports", "", "accept", VERDICT_PARTIAL, 5, 2, "not of addresses alone"},
};

START_TEST(a_set_takes_sources_out)
{
	struct tolerated_source t = {.name = (char[]){"t"}, .set = (char *)(uintptr_t)cases[_i].set};
	struct site site = {.tolerated_source = &t, .n_tolerated_source = 1};
	struct ruleset *rs = ruleset_with(cases[_i].rules, cases[_i].end);
	struct flows flows;
	struct findings found;
	struct flow flow;
	struct error err;
	char caveat[256] = "";

	flow_make(&flow, FLOW);
	flows = (struct flows){&flow, 1, 1};
	ck_assert_int_eq(verify_flows(&flows, rs, NULL, &site, 1000, &found, &err), 0);
	const struct finding *f = &found.finding[0];
	ck_assert_msg(f->verdict == cases[_i].verdict, "%s: %s", cases[_i].name, verdict_name(f->verdict));
	ck_assert_uint_eq(f->evidence->blame.present ? f->evidence->blame.handle : 0, cases[_i].handle);
	ck_assert_msg(f->evidence->n_remainder == cases[_i].n_remainder, "%s: %zu boxes", cases[_i].name,
	        f->evidence->n_remainder);
	for (size_t i = 0;
	        cases[_i].set[0] != '\0' && cases[_i].verdict != VERDICT_PARTIAL && i < f->evidence->n_remainder; i++)
		ck_assert(!box_has(&f->evidence->remainder[i], 0x0a000007, 0x0a01000a, 2000, 5061));
	tolerated_each_caveat(rs, &site, count, caveat);
	ck_assert_msg(strstr(caveat, cases[_i].caveat) != NULL && (caveat[0] != '\0') == (cases[_i].set[0] != '\0'),
	        "%s", caveat);
	findings_fini(&found);
	flow_free(&flow);
	ruleset_free(rs);
}
END_TEST

/* The elements that come and go are looked at again, though no rule asks for the set. */
START_TEST(a_set_that_changes_is_followed)
{
	struct tolerated_source t = {.name = (char[]){"t"}, .set = (char[]){"inet filter bad"}};
	struct site site = {.tolerated_source = &t, .n_tolerated_source = 1};
	struct network net = {.known = false};
	struct ruleset *before = ruleset_with(DROP_OF("10.0.0.9"), "accept"),
	               *after = ruleset_with(DROP_OF("10.0.0.9"), "accept");
	struct verification *v = verification_new();
	struct openings openings;
	struct findings one, two;
	struct flow flow;
	struct error err;

	flow_make(&flow, FLOW);
	struct flows flows = {&flow, 1, 1};
	struct verification_input in = {&flows, before, &site, &net, 1000};
	ck_assert_int_eq(verification_run(v, &in, NULL, &one, &openings, &err), 0);
	ck_assert_int_eq(one.finding[0].verdict, VERDICT_PARTIAL);
	openings_fini(&openings);
	for (size_t i = 0; i < after->n_set; i++)
		if (strcmp(after->set[i].name, "bad") == 0)
			after->set[i].element[0].key[0] = (struct range){0x0a000007, 0x0a000009};
	in.rs = after;
	ck_assert_int_eq(verification_run(v, &in, &one, &two, &openings, &err), 0);
	ck_assert_int_eq(two.finding[0].verdict, VERDICT_CONFORMANT);
	ck_assert_uint_gt(openings.n_caveat, 0);
	openings_fini(&openings);
	findings_fini(&one);
	findings_fini(&two);
	verification_free(v);
	flow_free(&flow);
	ruleset_free(before);
	ruleset_free(after);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tolerated");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, a_set_takes_sources_out, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, a_set_that_changes_is_followed);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
