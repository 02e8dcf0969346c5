/* links: conformance verify deployment catalog ruleset base */
/*
 * Conformance: severities, the overall state, and one raise and one clear per cause, from hand-made findings.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/snapshot.h"

#define FLOWS 4

/* Four flows: two needed, one optional, one with an inferred initiator. */
struct scene {
	struct requirement needed, optional;
	struct flow flow[FLOWS];
	struct flows flows;
	struct finding finding[FLOWS];
	struct findings findings;
	struct ruleset ruleset;
	struct openings openings;
	struct conformance conformance;
	struct changes changes;
};

static void scene_init(struct scene *s)
{
	static const char *const labels[FLOWS] = {"a", "b", "c", "d"};
	memset(s, 0, sizeof(*s));
	s->optional.optional = true;
	for (uint32_t i = 0; i < FLOWS; i++) {
		s->flow[i].id.requirement = i + 1;
		s->flow[i].label = xstrdup(labels[i]);
		s->flow[i].requirement = i == 2 ? &s->optional : &s->needed;
		s->finding[i].evidence = &evidence_none;
		s->flow[i].basis = i == 3 ? BASIS_INFERRED : BASIS_STATED;
	}
	s->flows = (struct flows){s->flow, FLOWS, FLOWS};
	s->findings = (struct findings){s->finding, FLOWS};
	conformance_init(&s->conformance, 100, 1);
}

static void scene_fini(struct scene *s)
{
	for (size_t i = 0; i < FLOWS; i++)
		free(s->flow[i].label);
	conformance_fini(&s->conformance);
	changes_fini(&s->changes);
}

/* Set the verdicts, "cbpiu" for conformant, blocked, partial, indeterminate, unbound, and update. */
static bool update(struct scene *s, const char *verdicts, bool readable)
{
	static const struct cause cause = {CAUSE_RULESET, 42, "nft"};
	static int64_t now;
	for (size_t i = 0; i < FLOWS; i++) {
		const char c = verdicts[i];
		s->finding[i].verdict = c == 'b'   ? VERDICT_BLOCKED
		                        : c == 'p' ? VERDICT_PARTIAL
		                        : c == 'i' ? VERDICT_INDETERMINATE
		                        : c == 'u' ? VERDICT_UNBOUND
		                        : c == '?' ? VERDICT_UNKNOWN
		                                   : VERDICT_CONFORMANT;
	}
	changes_fini(&s->changes);
	now += 1000;
	return conformance_update(&s->conformance, &s->flows, &s->findings, &s->openings, readable ? &s->ruleset : NULL,
	        readable ? NULL : "why not", &cause, now, now / 1000, &s->changes);
}

static void kinds(const struct scene *s, char *out)
{
	static const char letter[] = {[CHANGE_VIOLATED] = 'V',
	        [CHANGE_CLEARED] = 'C',
	        [CHANGE_OVERALL] = 'O',
	        [CHANGE_UNREADABLE] = 'U',
	        [CHANGE_READABLE] = 'R',
	        [CHANGE_OPENING] = '+',
	        [CHANGE_OPENING_CLOSED] = '-',
	        [CHANGE_TEST] = 'T',
	        [CHANGE_JOURNAL_UNWRITABLE] = 'J',
	        [CHANGE_JOURNAL_WRITABLE] = 'j',
	        [CHANGE_FLOW_VIOLATED] = 'v',
	        [CHANGE_FLOW_CLEARED] = 'c'};
	size_t n = 0;
	for (size_t i = 0; i < s->changes.n; i++)
		out[n++] = letter[s->changes.change[i].kind];
	out[n] = '\0';
}

static const struct {
	const char *verdicts;
	enum overall want;
} overalls[] = {
        {"cccc", OVERALL_OK},
        {"bccc", OVERALL_VIOLATED},
        {"cpcc", OVERALL_VIOLATED},
        {"ccbc", OVERALL_DEGRADED}, /* optional */
        {"cccb", OVERALL_DEGRADED}, /* inferred initiator */
        {"iccc", OVERALL_CANNOT_TELL},
        {"biuc", OVERALL_VIOLATED}, /* a sure violation outranks doubt */
        {"uccc", OVERALL_INCOMPLETE},
        {"ccuc", OVERALL_OK}, /* an optional role may be missing */
        {"ucbc", OVERALL_INCOMPLETE},
};

START_TEST(advisory_flow_is_never_above_info)
{
	struct scene s;

	scene_init(&s);
	for (size_t i = 0; i < FLOWS; i++)
		s.flow[i].advisory = true;
	for (int v = 0; v < VERDICT_N; v++) {
		for (size_t i = 0; i < FLOWS; i++) {
			s.finding[i].verdict = (enum verdict)v;
			ck_assert_int_le(finding_severity(&s.flow[i], &s.finding[i]), SEVERITY_INFO);
		}
	}
	ck_assert_int_eq(update(&s, "bbbb", true), true);
	ck_assert_uint_eq(s.conformance.n_problem, 0);
	ck_assert_int_eq(s.conformance.overall, OVERALL_OK);
	s.flow[1].advisory = false;
	update(&s, "bbbb", true);
	ck_assert_uint_eq(s.conformance.n_problem, 1);
	ck_assert_uint_eq(s.conformance.problem[0].n_flow, 1);
	ck_assert_int_eq(s.conformance.overall, OVERALL_VIOLATED);
	scene_fini(&s);
}
END_TEST

START_TEST(overall_state_follows_from_verdicts)
{
	struct scene s;
	struct summary summary;
	scene_init(&s);
	update(&s, overalls[_i].verdicts, true);
	summary_build(&s.flows, &s.findings, &s.openings, &s.ruleset, &summary);
	ck_assert_str_eq(overall_name(summary.overall), overall_name(overalls[_i].want));
	scene_fini(&s);
}
END_TEST

START_TEST(one_cause_is_one_raise_and_one_clear)
{
	struct scene s;
	char seen[16];
	scene_init(&s);
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, ""); /* all is well: nothing to tell at the start */
	ck_assert(update(&s, "bpcc", true));
	kinds(&s, seen);
	ck_assert_str_eq(seen, "VO");
	const struct change *c = &s.changes.change[0];
	ck_assert_uint_eq(c->affected, 2);
	ck_assert_str_eq(c->label, "a"); /* the worst */
	ck_assert_int_eq(c->severity, SEVERITY_CRITICAL);
	ck_assert_str_eq(c->cause.author, "nft");
	ck_assert_uint_eq(c->sequence, 101);
	ck_assert_int_eq(c->new_overall, OVERALL_VIOLATED);
	uint32_t id = c->problem_id;
	ck_assert(!update(&s, "bpcc", true));
	kinds(&s, seen);
	ck_assert_str_eq(seen, ""); /* nothing new */
	update(&s, "cpcc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, ""); /* half mended: the problem lasts */
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "CO");
	ck_assert_uint_eq(s.changes.change[0].problem_id, id);
	ck_assert_uint_eq(s.changes.change[0].affected, 2);
	ck_assert_uint_eq(s.conformance.n_problem, 0);
	scene_fini(&s);
}
END_TEST

START_TEST(flows_are_told_one_by_one_where_that_is_wanted)
{
	struct scene s;
	char seen[16];
	scene_init(&s);
	s.conformance.per_flow = true;
	update(&s, "cccc", true);
	update(&s, "bpcc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "VvvO");
	const struct change *a = &s.changes.change[1], *b = &s.changes.change[2];
	ck_assert_str_eq(a->label, "a");
	ck_assert_str_eq(b->label, "b");
	ck_assert_int_eq(a->verdict, VERDICT_BLOCKED);
	ck_assert_int_eq(b->severity, SEVERITY_MAJOR);
	ck_assert_uint_eq(b->affected, 1);
	ck_assert_uint_eq(a->problem_id, s.changes.change[0].problem_id);
	update(&s, "bpcc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "");
	update(&s, "cpbc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "Vcv"); /* one mended, one more */
	s.conformance.per_flow = false;
	update(&s, "ccbc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "CcO"); /* what was told is cleared in any case */
	s.conformance.per_flow = true;
	update(&s, "ccbc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, ""); /* told already */
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "CcO");
	ck_assert_uint_eq(s.conformance.n_flow, 0);
	scene_fini(&s);
}
END_TEST

START_TEST(flows_of_problems_from_before_a_restart_are_told)
{
	struct scene s;
	char seen[16];
	scene_init(&s);
	struct problem *p = xcalloc(1, sizeof(*p));
	*p = (struct problem){.id = 9, .label = xstrdup("a"), .rule = xstrdup(""), .witness = xstrdup(""), .n_flow = 2};
	p->flow = xcalloc(2, sizeof(*p->flow));
	p->flow[0] = s.flow[0].id;
	p->flow[1] = s.flow[1].id;
	conformance_restore(&s.conformance, p, 1, OVERALL_VIOLATED, true);
	s.conformance.per_flow = true;
	update(&s, "bccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "c"); /* told before: not twice, and cleared */
	ck_assert_str_eq(s.changes.change[0].label, "b");
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "CcO");
	scene_fini(&s);
}
END_TEST

START_TEST(two_causes_are_two_problems)
{
	struct scene s;
	char seen[16];
	scene_init(&s);
	update(&s, "bccc", true);
	update(&s, "bbcc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "V");
	ck_assert_str_eq(s.changes.change[0].label, "b");
	ck_assert_uint_eq(s.conformance.n_problem, 2);
	ck_assert_uint_ne(s.conformance.problem[0].id, s.conformance.problem[1].id);
	update(&s, "cbcc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "C");
	scene_fini(&s);
}
END_TEST

START_TEST(unreadable_neither_raises_nor_clears)
{
	struct scene s;
	char seen[16];
	scene_init(&s);
	update(&s, "bccc", true);
	update(&s, "????", false);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "UO");
	ck_assert_str_eq(s.changes.change[0].reason, "why not"); /* whatever the first flow says, if there is one */
	ck_assert_int_eq(s.changes.change[1].new_overall, OVERALL_CANNOT_TELL);
	ck_assert_uint_eq(s.conformance.n_problem, 1);
	update(&s, "????", false);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "");
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "RCO");
	scene_fini(&s);
}
END_TEST

START_TEST(openings_are_told_when_they_appear_and_close)
{
	struct scene s;
	char seen[16];
	struct opening o = {.id = 7, .label = "open", .witness = {.family = FAMILY_IPV4, .proto = PROTO_TCP}};
	struct opening known = {.id = 8, .label = "known", .acknowledged = true};
	struct opening both[] = {o, known};
	scene_init(&s);
	update(&s, "cccc", true);
	s.openings = (struct openings){.opening = both, .n = 2};
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "+");
	ck_assert_int_eq(s.changes.change[0].severity, SEVERITY_WARNING);
	ck_assert_uint_eq(s.changes.change[0].problem_id, 7);
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "");
	s.openings.n = 0;
	update(&s, "cccc", true);
	kinds(&s, seen);
	ck_assert_str_eq(seen, "-");
	scene_fini(&s);
}
END_TEST

/* Openings 0 to n - 1, of which those in [from, to) are outside the baseline. */
static void look(struct scene *s, struct opening *o, size_t n, size_t from, size_t to)
{
	for (size_t i = 0; i < n; i++)
		o[i] = (struct opening){.id = (uint32_t)(1000 - i),
		        .label = (char *)(uintptr_t) "open",
		        .acknowledged = i < from || i >= to,
		        .witness = {.family = FAMILY_IPV4, .proto = PROTO_TCP}};
	s->openings = (struct openings){.opening = o, .n = n};
	update(s, "cccc", true);
}

static size_t told(const struct scene *s, enum change_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < s->changes.n; i++)
		n += s->changes.change[i].kind == kind;
	return n;
}

START_TEST(all_openings_that_were_told_are_told_as_closed_and_no_others)
{
	struct scene s;
	struct opening o[100];
	scene_init(&s);
	look(&s, o, 100, 0, 5);
	ck_assert_uint_eq(told(&s, CHANGE_OPENING), 0); /* there before anybody was told of anything */
	look(&s, o, 100, 0, 50);
	ck_assert_uint_eq(told(&s, CHANGE_OPENING), CONFORMANCE_OPENINGS_AT_ONCE);
	look(&s, o, 100, 0, 50);
	ck_assert_uint_eq(s.changes.n, 0);
	look(&s, o, 100, 0, 100);
	ck_assert_uint_eq(told(&s, CHANGE_OPENING), CONFORMANCE_OPENINGS_AT_ONCE);
	look(&s, o, 100, 0, 0);
	ck_assert_uint_eq(told(&s, CHANGE_OPENING_CLOSED), 2 * CONFORMANCE_OPENINGS_AT_ONCE);
	scene_fini(&s);
}
END_TEST

START_TEST(openings_that_let_in_most_are_told_first)
{
	static const char *const packets[] = {"9", "18446744073709551616", "100", "99", "100"};
	struct scene s;
	struct opening o[40];
	scene_init(&s);
	look(&s, o, 0, 0, 0);
	for (size_t i = 0; i < 40; i++)
		o[i] = (struct opening){.id = (uint32_t)(i + 1),
		        .label = (char *)(uintptr_t) "open",
		        .packets = (char *)(uintptr_t)(i < 35 ? "1" : packets[i - 35]),
		        .witness = {.family = FAMILY_IPV4, .proto = PROTO_TCP}};
	s.openings = (struct openings){.opening = o, .n = 40};
	update(&s, "cccc", true);
	ck_assert_uint_eq(s.changes.n, CONFORMANCE_OPENINGS_AT_ONCE);
	static const uint32_t want[] = {37, 38, 40, 39, 36, 1, 2};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ck_assert_uint_eq(s.changes.change[i].problem_id, want[i]);
	scene_fini(&s);
}
END_TEST

START_TEST(openings_are_told_up_to_a_limit)
{
	static struct opening o[2 * CONFORMANCE_OPENINGS_TOLD];
	struct scene s;
	size_t n = 0;
	scene_init(&s);
	look(&s, o, 0, 0, 0);
	for (size_t to = 20; to <= 2 * CONFORMANCE_OPENINGS_TOLD; to += 20) {
		look(&s, o, 2 * CONFORMANCE_OPENINGS_TOLD, 0, to);
		n += told(&s, CHANGE_OPENING);
	}
	ck_assert_uint_eq(n, CONFORMANCE_OPENINGS_TOLD);
	look(&s, o, 0, 0, 0);
	ck_assert_uint_eq(told(&s, CHANGE_OPENING_CLOSED), CONFORMANCE_OPENINGS_TOLD);
	scene_fini(&s);
}
END_TEST

START_TEST(openings_are_told_over_a_restart)
{
	struct scene s;
	struct opening o[3];
	struct told_opening *before = xcalloc(2, sizeof(*before));
	before[0] = (struct told_opening){998, true, xstrdup("open")};
	before[1] = (struct told_opening){1000, true, xstrdup("gone")};
	scene_init(&s);
	conformance_restore_openings(&s.conformance, before, 2);
	look(&s, o, 3, 1, 3); /* 999 came, 1000 went */
	ck_assert_uint_eq(s.changes.n, 2);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_OPENING);
	ck_assert_uint_eq(s.changes.change[0].problem_id, 999);
	ck_assert_int_eq(s.changes.change[1].kind, CHANGE_OPENING_CLOSED);
	ck_assert_uint_eq(s.changes.change[1].problem_id, 1000);
	ck_assert_str_eq(s.changes.change[1].label, "gone");
	ck_assert(s.conformance.openings_changed);
	s.conformance.openings_changed = false;
	look(&s, o, 3, 1, 3);
	ck_assert(!s.conformance.openings_changed);
	scene_fini(&s);
}
END_TEST

START_TEST(changed_time_is_that_of_the_last_change)
{
	struct scene s;
	scene_init(&s);
	update(&s, "cccc", true);
	int64_t first = conformance_changed_ms(&s.conformance, &s.flow[0].id);
	update(&s, "cbcc", true);
	ck_assert_int_eq(conformance_changed_ms(&s.conformance, &s.flow[0].id), first);
	ck_assert_int_gt(conformance_changed_ms(&s.conformance, &s.flow[1].id), first);
	scene_fini(&s);
}
END_TEST

START_TEST(hub_keeps_a_snapshot_alive_for_its_readers)
{
	struct hub *hub = hub_new();
	ck_assert_ptr_null(hub_get(hub));
	struct snapshot *a = xcalloc(1, sizeof(*a)), *b = xcalloc(1, sizeof(*b));
	a->refs = b->refs = 1;
	a->generation = 1;
	hub_set(hub, a);
	struct snapshot *reader = hub_get(hub);
	hub_set(hub, b);
	ck_assert_uint_eq(reader->generation, 1);
	snapshot_unref(reader);
	hub_free(hub);
}
END_TEST

START_TEST(exit_codes_follow_the_overall_state)
{
	ck_assert_int_eq(overall_exit_code(OVERALL_OK), 0);
	ck_assert_int_eq(overall_exit_code(OVERALL_DEGRADED), 1);
	ck_assert_int_eq(overall_exit_code(OVERALL_VIOLATED), 1);
	ck_assert_int_eq(overall_exit_code(OVERALL_INCOMPLETE), 2);
	ck_assert_int_eq(overall_exit_code(OVERALL_CANNOT_TELL), 2);
}
END_TEST

START_TEST(a_journal_that_cannot_be_written_is_told_once)
{
	struct scene s;
	char got[8];

	scene_init(&s);
	ck_assert(!conformance_journal(&s.conformance, "", 0, 50, &s.changes));
	ck_assert(conformance_journal(&s.conformance, "disk full", 3, 51, &s.changes));
	ck_assert(!conformance_journal(&s.conformance, "disk full, and more", 4, 52, &s.changes));
	ck_assert(conformance_journal(&s.conformance, "", 5, 53, &s.changes));
	ck_assert(!conformance_journal(&s.conformance, "", 5, 54, &s.changes));
	kinds(&s, got);
	ck_assert_str_eq(got, "Jj");
	ck_assert_str_eq(s.changes.change[0].reason, "disk full");
	ck_assert_uint_eq(s.changes.change[0].affected, 3);
	ck_assert_int_eq(s.changes.change[0].severity, SEVERITY_MAJOR);
	ck_assert_int_eq(s.changes.change[0].wall_s, 51);
	ck_assert_str_eq(s.changes.change[1].reason, "");
	ck_assert_uint_eq(s.changes.change[1].affected, 5);
	ck_assert_uint_eq(s.changes.change[1].sequence, s.changes.change[0].sequence + 1);
	scene_fini(&s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conformance");
	TCase *c = tcase_create("conformance");
	tcase_add_test(c, advisory_flow_is_never_above_info);
	tcase_add_loop_test(c, overall_state_follows_from_verdicts, 0, (int)(sizeof(overalls) / sizeof(overalls[0])));
	tcase_add_test(c, one_cause_is_one_raise_and_one_clear);
	tcase_add_test(c, flows_are_told_one_by_one_where_that_is_wanted);
	tcase_add_test(c, flows_of_problems_from_before_a_restart_are_told);
	tcase_add_test(c, two_causes_are_two_problems);
	tcase_add_test(c, unreadable_neither_raises_nor_clears);
	tcase_add_test(c, openings_are_told_when_they_appear_and_close);
	tcase_add_test(c, all_openings_that_were_told_are_told_as_closed_and_no_others);
	tcase_add_test(c, openings_that_let_in_most_are_told_first);
	tcase_add_test(c, openings_are_told_up_to_a_limit);
	tcase_add_test(c, openings_are_told_over_a_restart);
	tcase_add_test(c, changed_time_is_that_of_the_last_change);
	tcase_add_test(c, hub_keeps_a_snapshot_alive_for_its_readers);
	tcase_add_test(c, exit_codes_follow_the_overall_state);
	tcase_add_test(c, a_journal_that_cannot_be_written_is_told_once);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
