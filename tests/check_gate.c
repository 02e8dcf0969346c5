/* links: push compile conformance verify deployment ruleset base */
/*
 * The gate of a commit and what-if: what the one refuses for is what the other counts, and what nobody has to open is neither.
 */
#include "portcullis/push.h"
#include "run_suite.h"
#include "whatif_scene.h"

static struct ruleset *all(const char *policy)
{
	char json[512];
	struct ruleset *rs;
	struct error err;

	snprintf(json, sizeof(json),
	        "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"filter\",\"handle\":1}},{\"chain\":{"
	        "\"family\":"
	        "\"inet\",\"table\":\"filter\",\"name\":\"forward\",\"handle\":1,\"type\":\"filter\",\"hook\":"
	        "\"forward\","
	        "\"prio\":0,\"policy\":\"%s\"}}]}",
	        policy);
	ck_assert_msg(ruleset_parse_json(json, strlen(json), &rs, &err) == 0, "%s: %s", err.where, err.text);
	return rs;
}

static const struct {
	bool advisory[2];
	size_t breaks;
	const char *label; /* of the first flow that counts */
	const char *more; /* in the message */
} cases[] = {
        {{false, false}, 2, "first", "; and 1 more;"},
        {{true, false}, 1, "second", "would be blocked by inet filter forward: policy drop"},
        {{false, true}, 1, "first", "would be blocked by inet filter forward: policy drop"},
        {{true, true}, 0, NULL, NULL},
};

static void place_of(struct place *p, const bool advisory[2])
{
	static const char *const label[] = {"first", "second"};

	place_make(p);
	place_add(p, 1, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	place_add(p, 2, "tcp 10.0.0.0/24 1024-65535 10.1.0.11 443");
	for (size_t i = 0; i < 2; i++) {
		free(p->flow[i].label);
		p->flow[i].label = xstrdup(label[i]);
		p->flow[i].advisory = advisory[i];
	}
}

START_TEST(gate_and_whatif_count_the_same)
{
	struct place p;
	struct ruleset *now = all("accept"), *then = all("drop");
	struct whatif w;
	struct text warnings = {0};
	struct error err = {0};

	place_of(&p, cases[_i].advisory);
	const struct whatif_state a = state_of(&p, now), b = state_of(&p, then);

	compare(&p, now, &p, then, &w);
	ck_assert_uint_eq(whatif_breaks(&w), cases[_i].breaks);
	ck_assert_uint_eq(w.n_advisory, 2 - cases[_i].breaks);
	ck_assert_uint_eq(w.flows[WHATIF_REGRESSION].n, 2); /* all are listed */
	ck_assert_int_eq(whatif_exit_code(&w), cases[_i].breaks > 0);
	ck_assert_int_eq(gate_check(&a, &b, GATE_REJECT, AT, &warnings, &err), cases[_i].breaks > 0 ? -1 : 0);
	if (cases[_i].breaks > 0) {
		ck_assert_int_eq(err.code, ERR_DENIED);
		ck_assert_str_eq(err.where, cases[_i].label);
		ck_assert_msg(strstr(err.text, cases[_i].more) != NULL, "%s", err.text);
	}
	ck_assert_uint_eq(warnings.len, 0);
	ck_assert_int_eq(gate_check(&a, &b, GATE_WARN, AT, &warnings, &err), 0);
	size_t lines = 0;
	for (const char *c = text_str(&warnings); *c != '\0'; c++)
		lines += *c == '\n';
	ck_assert_uint_eq(lines, cases[_i].breaks);
	text_fini(&warnings);
	whatif_fini(&w);
	ruleset_free(now);
	ruleset_free(then);
	place_free(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gate");
	TCase *t = tcase_create("gate");

	tcase_add_loop_test(t, gate_and_whatif_count_the_same, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
