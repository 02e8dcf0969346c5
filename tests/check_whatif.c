/* links: conformance verify ruleset base */
/*
 * What-if: of two states that differ in rules, flows or exceptions the difference is told, and nothing else; what cannot be
 * known is said. On random rulesets it is what two verifications say, packet by packet for the openings.
 */
#include "verify_generate.h"
#include "whatif_scene.h"

/* Rulesets from a few words: each rule is a line of libnftables JSON in chain forward of table inet filter. */

#define FIELD(p, f, v)                                                                                                 \
	"{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"" p "\",\"field\":\"" f "\"}},\"right\":" v   \
	"}}"
#define PREFIX(a, n) "{\"prefix\":{\"addr\":\"" a "\",\"len\":" n "}}"
#define DADDR(a, n) FIELD("ip", "daddr", PREFIX(a, n))
#define SADDR(a, n) FIELD("ip", "saddr", PREFIX(a, n))
#define DPORT(p) FIELD("tcp", "dport", p)
#define ESTABLISHED_ACCEPT                                                                                             \
	"{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":\"established\"}},{\"accept\":"     \
	"null}"
#define ACCEPT ",{\"accept\":null}"
#define DROP ",{\"drop\":null}"
#define LIMIT "{\"limit\":{\"rate\":10,\"per\":\"second\",\"inv\":true}}"

static struct ruleset *ruleset_of(const char *const *rule, bool drop)
{
	struct text t = {0};
	struct ruleset *rs;
	struct error err = {0};

	text_addf(&t,
	        "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"filter\",\"handle\":1}},{\"chain\":{"
	        "\"family\":"
	        "\"inet\",\"table\":\"filter\",\"name\":\"forward\",\"handle\":1,\"type\":\"filter\",\"hook\":"
	        "\"forward\","
	        "\"prio\":0,\"policy\":\"%s\"}}",
	        drop ? "drop" : "accept");
	for (unsigned i = 0; rule[i] != NULL; i++)
		text_addf(&t,
		        ",{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"forward\",\"handle\":%u,"
		        "\"expr\":"
		        "[%s]}}",
		        i + 2, rule[i]);
	text_add(&t, "]}");
	ck_assert_msg(ruleset_parse_json(text_str(&t), t.len, &rs, &err) == 0, "%s: %s", err.where, err.text);
	text_fini(&t);
	return rs;
}

#define FLOW_A "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061"
#define FLOW_B "tcp 10.0.0.0/24 1024-65535 10.1.0.11 443"

/* Letters of the flows by kind ("a" and "b" are the first and second), then openings: +new -closed. */
static char *told(const struct whatif *w)
{
	static const char letters[] = "RPC"; /* regression, repair, change */
	struct text t = {0};

	for (int k = 0; k < WHATIF_KIND_N; k++)
		for (size_t i = 0; i < w->flows[k].n; i++) {
			const struct whatif_flow *f = &w->flows[k].item[i];
			text_addf(&t, "%c%u:%s>%s ", letters[k], f->flow->id.variant,
			        f->now != NULL ? verdict_name(f->now->verdict) : "new",
			        f->then != NULL ? verdict_name(f->then->verdict) : "gone");
		}
	for (size_t i = 0; i < w->opened.n; i++)
		text_addf(&t, "+%s ", w->opened.item[i]->label);
	for (size_t i = 0; i < w->closed.n; i++)
		text_addf(&t, "-%s ", w->closed.item[i]->label);
	return text_take(&t);
}

static const struct {
	const char *name;
	const char *now[6], *then[6];
	bool now_drops, then_drops;
	const char *want;
	const char *cure[3];
} cases[] = {
        {"nothing_changes", {ESTABLISHED_ACCEPT, DPORT("5061") ACCEPT}, {ESTABLISHED_ACCEPT, DPORT("5061") ACCEPT},
                true, true, "", {NULL}},
        {"rule_that_drops_is_a_regression_cured_before_it", {ESTABLISHED_ACCEPT},
                {ESTABLISHED_ACCEPT, DPORT("5061") DROP}, false, false, "R1:conformant>blocked ",
                {"insert rule inet filter forward handle 3 iifname \"c0\" oifname \"s0\" ip saddr 10.0.0.0/24 ip daddr "
                 "10.1.0.10 tcp sport 1024-65535 tcp dport 5061 accept"}},
        {"missing_rule_is_cured_behind_the_others",
                {ESTABLISHED_ACCEPT, DADDR("10.1.0.10", "32") "," DPORT("5061") ACCEPT,
                        DADDR("10.1.0.11", "32") "," DPORT("443") ACCEPT},
                {ESTABLISHED_ACCEPT, DADDR("10.1.0.11", "32") "," DPORT("443") ACCEPT}, true, true,
                "R1:conformant>blocked ",
                {"add rule inet filter forward iifname \"c0\" oifname \"s0\" ip saddr 10.0.0.0/24 ip daddr 10.1.0.10 "
                 "tcp "
                 "sport 1024-65535 tcp dport 5061 accept"}},
        {"part_is_cured_alone", {ESTABLISHED_ACCEPT, DPORT("5061") ACCEPT},
                {ESTABLISHED_ACCEPT, SADDR("10.0.0.7", "32") DROP, DPORT("5061") ACCEPT}, true, true,
                "R1:conformant>partial ",
                {"insert rule inet filter forward handle 3 iifname \"c0\" oifname \"s0\" ip saddr 10.0.0.7 ip daddr "
                 "10.1.0.10 tcp sport 1024-65535 tcp dport 5061 accept"}},
        {"answers_are_cured_too", {ESTABLISHED_ACCEPT, DPORT("5061") ACCEPT}, {DPORT("5061") ACCEPT}, true, true,
                "R1:conformant>partial ",
                {"add rule inet filter forward iifname \"s0\" oifname \"c0\" ip saddr 10.1.0.10 ip daddr 10.0.0.0/24 "
                 "tcp "
                 "sport 5061 tcp dport 1024-5060 ct state established accept",
                        "add rule inet filter forward iifname \"s0\" oifname \"c0\" ip saddr 10.1.0.10 ip daddr "
                        "10.0.0.0/24 tcp sport 5061 tcp dport 5062-65535 ct state established accept"}},
        {"doubt_is_a_regression", {DPORT("80") ACCEPT}, {LIMIT DROP}, false, false,
                "R1:conformant>indeterminate R2:conformant>indeterminate ",
                {"insert rule inet filter forward handle 2 iifname \"c0\" oifname \"s0\" ip saddr 10.0.0.0/24 ip daddr "
                 "10.1.0.10 tcp sport 1024-65535 tcp dport 5061 accept",
                        "insert rule inet filter forward handle 2 iifname \"s0\" oifname \"c0\" ip saddr 10.1.0.10 ip "
                        "daddr 10.0.0.0/24 tcp sport 5061 tcp dport 1024-65535 ct state established accept"}},
        {"repair", {ESTABLISHED_ACCEPT, DPORT("443") DROP}, {ESTABLISHED_ACCEPT, DPORT("80") DROP}, false, false,
                "P2:blocked>conformant ", {NULL}},
        {"worse_but_not_from_conformant", {SADDR("10.0.0.7", "32") DROP}, {SADDR("10.0.0.0", "16") DROP}, false, false,
                "C1:partial>blocked C2:partial>blocked ", {NULL}},
        {"another_rule_opens_nothing_new", {ESTABLISHED_ACCEPT, DPORT("80") ACCEPT},
                {ESTABLISHED_ACCEPT, DADDR("10.1.0.0", "29") "," DPORT("80") ACCEPT,
                        DADDR("10.1.0.8", "29") "," DPORT("80") ACCEPT},
                true, true, "", {NULL}},
        {"what_is_wider_is_new", {ESTABLISHED_ACCEPT, DADDR("10.1.0.1", "32") "," DPORT("80") ACCEPT},
                {ESTABLISHED_ACCEPT, DADDR("10.1.0.0", "31") "," DPORT("80") ACCEPT}, true, true,
                "+servers tcp 10.0.0.0/16>10.1.0.0/31:80 ", {NULL}},
        {"other_source_ports_of_a_set_of_flows_stay_open",
                {ESTABLISHED_ACCEPT, DPORT("5061") ACCEPT, DPORT("443") ACCEPT},
                {ESTABLISHED_ACCEPT, SADDR("10.0.0.0", "8") "," DPORT("443") ACCEPT,
                        SADDR("10.0.0.0", "8") "," DPORT("5061") ACCEPT},
                true, true, "", {NULL}},
        {"what_is_narrower_is_closed", {ESTABLISHED_ACCEPT, DADDR("10.1.0.0", "31") "," DPORT("80") ACCEPT},
                {ESTABLISHED_ACCEPT, DADDR("10.1.0.1", "32") "," DPORT("80") ACCEPT}, true, true,
                "-servers tcp 10.0.0.0/16>10.1.0.0/31:80 ", {NULL}},
};

/* Where a case speaks of flows alone its openings are left out, which would only repeat its rules. */
static void leave_out_openings(char *text, const char *want)
{
	char *from = strpbrk(text, "+-");

	if (from != NULL && strpbrk(want, "RPC") != NULL)
		*from = '\0';
}

START_TEST(tells_the_difference)
{
	struct ruleset *now = ruleset_of(cases[_i].now, cases[_i].now_drops),
	               *then = ruleset_of(cases[_i].then, cases[_i].then_drops);
	struct place p;
	struct whatif w;
	char *text;

	place_make(&p);
	place_add(&p, 1, FLOW_A);
	place_add(&p, 2, FLOW_B);
	compare(&p, now, &p, then, &w);
	text = told(&w);
	leave_out_openings(text, cases[_i].want);
	ck_assert_msg(strcmp(text, cases[_i].want) == 0, "%s: '%s'", cases[_i].name, text);
	ck_assert_ptr_null(w.reason);
	ck_assert_int_eq(whatif_exit_code(&w), w.flows[WHATIF_REGRESSION].n > 0);
	for (size_t i = 0; cases[_i].cure[i] != NULL; i++) {
		const struct whatif_cure *c = &w.flows[WHATIF_REGRESSION].item[0].cure;

		ck_assert_msg(c->why == NULL && i < c->n, "%s: %s", cases[_i].name, c->why);
		ck_assert_str_eq(c->line[i], cases[_i].cure[i]);
	}
	free(text);
	whatif_fini(&w);
	place_free(&p);
	ruleset_free(now);
	ruleset_free(then);
}
END_TEST

START_TEST(flows_come_and_go)
{
	struct ruleset *rs = ruleset_of((const char *[]){DPORT("443") DROP, NULL}, false);
	struct place a, b;
	struct whatif w;
	char *text;

	place_make(&a);
	place_add(&a, 1, FLOW_A);
	place_add(&a, 3, FLOW_A);
	place_make(&b);
	place_add(&b, 1, FLOW_A);
	place_add(&b, 2, FLOW_B);
	compare(&a, rs, &b, rs, &w);
	text = told(&w);
	ck_assert_str_eq(text, "C2:new>blocked C3:conformant>gone ");
	ck_assert_uint_eq(w.n_new, 1);
	ck_assert_uint_eq(w.n_gone, 1);
	ck_assert_uint_eq(w.flows[WHATIF_CHANGE].total, 2);
	ck_assert_int_eq(w.now.overall, OVERALL_OK);
	ck_assert_int_eq(w.then.overall, OVERALL_VIOLATED);
	free(text);
	whatif_fini(&w);
	/* The same number of another requirement is another flow. */
	struct requirement other = {.label = (char *)"ocs/front-end/other"};
	place_free(&b);
	place_make(&b);
	place_add(&b, 1, FLOW_A);
	place_add(&b, 3, FLOW_A);
	b.flow[1].requirement = &other;
	compare(&a, rs, &b, rs, &w);
	text = told(&w);
	ck_assert_str_eq(text, "C3:conformant>gone C3:new>conformant ");
	free(text);
	whatif_fini(&w);
	place_free(&a);
	place_free(&b);
	ruleset_free(rs);
}
END_TEST

START_TEST(waived_flows_regress_when_they_are_required_again)
{
	struct ruleset *now = ruleset_of((const char *[]){DPORT("80") DROP, NULL}, false),
	               *then = ruleset_of((const char *[]){DPORT("5061") DROP, NULL}, false);
	struct place a, b;
	struct whatif w;
	char *text;

	place_make(&a);
	place_add(&a, 1, FLOW_A);
	a.flow[0].state = FLOW_WAIVED;
	place_make(&b);
	place_add(&b, 1, FLOW_A);
	compare(&a, now, &b, then, &w); /* it passed although it was waived */
	text = told(&w);
	ck_assert_msg(strncmp(text, "R1:waived>blocked ", 18) == 0, "%s", text);
	free(text);
	whatif_fini(&w);
	compare(&a, then, &b, then, &w); /* it did not pass, and nobody asked */
	text = told(&w);
	ck_assert_str_eq(text, "C1:waived>blocked ");
	free(text);
	whatif_fini(&w);
	compare(&b, now, &a, then, &w); /* nobody asks any more */
	text = told(&w);
	ck_assert_msg(strncmp(text, "C1:conformant>waived ", 21) == 0, "%s", text);
	free(text);
	whatif_fini(&w);
	place_free(&a);
	place_free(&b);
	ruleset_free(now);
	ruleset_free(then);
}
END_TEST

START_TEST(what_cannot_be_read_is_said)
{
	struct ruleset *rs = ruleset_of((const char *[]){DPORT("5061") DROP, NULL}, false);
	struct whatif_state known, unknown;
	struct place p;
	struct whatif w;
	struct error err;

	place_make(&p);
	place_add(&p, 1, FLOW_A);
	known = state_of(&p, rs);
	unknown = state_of(&p, NULL);
	unknown.why = "no right to read it";
	ck_assert_int_eq(whatif_compare(&known, &unknown, AT, &w, &err), 0);
	ck_assert_str_eq(w.reason, "the ruleset of then is not known: no right to read it");
	ck_assert_uint_eq(w.flows[WHATIF_REGRESSION].total + w.flows[WHATIF_CHANGE].total, 0);
	ck_assert_int_eq(whatif_exit_code(&w), 2);
	ck_assert_int_eq(w.then.overall, OVERALL_CANNOT_TELL);
	whatif_fini(&w);
	ck_assert_int_eq(whatif_compare(&unknown, &known, AT, &w, &err), 0);
	ck_assert_str_eq(w.reason, "the ruleset of now is not known: no right to read it");
	whatif_fini(&w);
	place_free(&p);
	ruleset_free(rs);
}
END_TEST

START_TEST(names_that_nft_does_not_read_are_in_no_line)
{
	struct ruleset *now = ruleset_of((const char *[]){DPORT("80") DROP, NULL}, false),
	               *then = ruleset_of((const char *[]){DPORT("5061") DROP, NULL}, false);
	struct place p;
	struct whatif w;

	place_make(&p);
	place_add(&p, 1, FLOW_A);
	free(then->chain[0].name);
	then->chain[0].name = xstrdup("forward; flush ruleset");
	compare(&p, now, &p, then, &w);
	ck_assert_uint_eq(w.flows[WHATIF_REGRESSION].n, 1);
	ck_assert_uint_eq(w.flows[WHATIF_REGRESSION].item[0].cure.n, 0);
	ck_assert_ptr_nonnull(w.flows[WHATIF_REGRESSION].item[0].cure.why);
	whatif_fini(&w);
	place_free(&p);
	ruleset_free(now);
	ruleset_free(then);
}
END_TEST

/* Random rulesets */

#ifdef __SANITIZE_ADDRESS__
#define CASES 60
#else
#define CASES 600
#endif

static bool holds(const struct opening *o, unsigned proto, const u128 *v)
{
	size_t n = o->part != NULL ? o->n_box : 1;

	if ((o->protocol[proto / 64] >> proto % 64 & 1) == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (box_has(o->part != NULL ? &o->part[i] : &o->box, v[0], v[1], (unsigned)v[2], (unsigned)v[3]))
			return true;
	return false;
}

static bool any_holds(const struct openings *list, unsigned proto, const u128 *v)
{
	for (size_t i = 0; i < list->n; i++)
		if (holds(&list->opening[i], proto, v))
			return true;
	return false;
}

/* A packet of an opening: a corner of a box, or one inside. */
static void draw_packet(const struct opening *o, u128 *v)
{
	const struct box *b = o->part != NULL ? &o->part[draw((unsigned)o->n_box)] : &o->box;
	const struct range *r[] = {&b->source, &b->destination, &b->source_ports, &b->ports};

	for (int i = 0; i < 4; i++) {
		u128 width = r[i]->hi - r[i]->lo;
		v[i] = draw(3) == 0 ? r[i]->hi
		                    : r[i]->lo + (draw(2) == 0 ? 0 : draw(width < 64 ? (unsigned)width + 1 : 64));
	}
}

/* Packets that come are in openings that are told as new, and each of those has some that come. */
static void openings_agree(
        const struct openings *now, const struct openings *then, const struct whatif_openings *opened, unsigned *some)
{
	for (size_t i = 0; i < then->n; i++) {
		const struct opening *o = &then->opening[i];
		bool listed = false, fresh = false;

		for (size_t k = 0; k < opened->n; k++)
			listed = listed || opened->item[k]->id == o->id;
		for (int k = 0; k < 100 && !fresh; k++) {
			unsigned proto = k == 0 ? 0 : draw(256);
			u128 v[4];

			draw_packet(o, v);
			while (!holds(o, proto, v))
				proto = (proto + 1) % 256;
			fresh = !any_holds(now, proto, v);
		}
		ck_assert_msg(!fresh || listed, "%s is new and not told", o->label);
		*some += fresh;
	}
}

START_TEST(agrees_with_two_verifications)
{
	unsigned seen[WHATIF_KIND_N] = {0}, opened = 0, listed = 0;

	seed = 20071129;
	for (unsigned i = 0; i < CASES; i++) {
		struct ruleset *now = ruleset_draw(), *then = ruleset_draw();
		struct place p;
		struct findings a, b;
		struct openings x, y;
		struct whatif w;
		struct error err;
		size_t n = 0;

		place_make(&p);
		for (uint32_t k = 1; k <= 3; k++) {
			flow_draw(&p.flow[p.flows.n]);
			place_number(&p, k);
		}
		ck_assert_int_eq(verify_flows(&p.flows, now, NULL, &p.site, AT, &a, &err), 0);
		ck_assert_int_eq(verify_flows(&p.flows, then, NULL, &p.site, AT, &b, &err), 0);
		ck_assert_int_eq(verify_openings(&p.flows, now, &p.site, &p.net, AT, &x, &err), 0);
		ck_assert_int_eq(verify_openings(&p.flows, then, &p.site, &p.net, AT, &y, &err), 0);
		compare(&p, now, &p, then, &w);
		for (size_t k = 0; k < p.flows.n; k++) {
			bool was = a.finding[k].verdict == VERDICT_CONFORMANT,
			     will = b.finding[k].verdict == VERDICT_CONFORMANT;
			enum whatif_kind kind = was ? WHATIF_REGRESSION : will ? WHATIF_REPAIR : WHATIF_CHANGE;

			if (a.finding[k].verdict == b.finding[k].verdict)
				continue;
			size_t at = 0;
			while (at < w.flows[kind].n && w.flows[kind].item[at].flow != &p.flow[k])
				at++;
			ck_assert_uint_lt(at, w.flows[kind].n);
			ck_assert_int_eq(w.flows[kind].item[at].then->verdict, b.finding[k].verdict);
			seen[kind]++;
			n++;
		}
		ck_assert_uint_eq(n, w.flows[0].total + w.flows[1].total + w.flows[2].total);
		openings_agree(&x, &y, &w.opened, &opened);
		openings_agree(&y, &x, &w.closed, &opened);
		listed += (unsigned)(w.opened.n + w.closed.n);
		whatif_fini(&w);
		compare(&p, now, &p, now, &w);
		ck_assert_uint_eq(w.flows[0].total + w.flows[1].total + w.flows[2].total, 0);
		ck_assert_uint_eq(w.opened.n + w.closed.n, 0);
		ck_assert_uint_eq(w.n_caveat, x.incomplete);
		whatif_fini(&w);
		openings_fini(&x);
		openings_fini(&y);
		findings_fini(&a);
		findings_fini(&b);
		place_free(&p);
		ruleset_free(now);
		ruleset_free(then);
	}
	fprintf(stderr,
	        "%u regressions, %u repairs, %u changes; %u of %u openings that came or went have such a packet among "
	        "those drawn\n",
	        seen[0], seen[1], seen[2], opened, listed);
	for (int k = 0; k < WHATIF_KIND_N; k++)
		ck_assert_uint_gt(seen[k], CASES / 20);
	/* What is told without a packet drawn is so for want of luck. */
	ck_assert_uint_gt(opened, listed * 9 / 10);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("whatif");
	TCase *t = tcase_create("comparison");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, tells_the_difference, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, flows_come_and_go);
	tcase_add_test(t, waived_flows_regress_when_they_are_required_again);
	tcase_add_test(t, what_cannot_be_read_is_said);
	tcase_add_test(t, names_that_nft_does_not_read_are_in_no_line);
	tcase_add_test(t, agrees_with_two_verifications);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
