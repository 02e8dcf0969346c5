/* links: nft verify deployment ruleset base */
/*
 * The mirror beside a real kernel in network namespaces of the tests' own: after each of thousands of random changes the
 * ruleset that follows from events is compared with a fresh dump. What no kernel says is fed by hand.
 */
#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mutation.h"
#include "mutation_site.h"
#include "portcullis/mirror.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"

/* Random changes per seed; the environment's MUTATIONS asks for more, for a longer run by hand. */
static unsigned rounds(void)
{
	const char *given = getenv("MUTATIONS");
	unsigned n = given != NULL ? (unsigned)strtoul(given, NULL, 10) : 0;

	return n == 0 ? 300 : n < 100000 ? n : 100000;
}

struct scene {
	struct nft_ops nft;
	struct mirror *mirror;
	unsigned dumps, changes;
	struct mutation_site site;
	struct verification *verification;
	struct ruleset *ruleset; /* verified last */
	struct findings findings;
	size_t verified, flows; /* flows that were verified, that there are */
	char doubt[256]; /* why the last dump was due */
};

static void dump(struct scene *s, struct nft_dump *out)
{
	struct error err = {0};
	ck_assert_msg(s->nft.dump(s->nft.self, out, &err) == 0, "%s", err.text);
}

static void load(struct scene *s)
{
	struct nft_dump d;
	struct error err = {0};
	dump(s, &d);
	ck_assert_msg(mirror_load(s->mirror, d.bytes, d.len, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_uint_eq(mirror_generation(s->mirror), d.generation);
	nft_dump_fini(&d);
	s->dumps++;
}

static void scene_init(struct scene *s)
{
	struct error err = {0};
	memset(s, 0, sizeof(*s));
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(system("ip link set lo up"), 0);
	ck_assert_msg(nft_open_direct(&s->nft, &err) == 0, "%s", err.text);
	s->mirror = mirror_new();
	s->verification = verification_new();
	load(s);
	s->dumps = 0;
}

static void scene_fini(struct scene *s)
{
	verification_free(s->verification);
	findings_fini(&s->findings);
	ruleset_free(s->ruleset);
	mirror_free(s->mirror);
	s->nft.close(s->nft.self);
}

/* Take what the kernel said; a full dump where it left a doubt. */
static void follow(struct scene *s)
{
	struct nft_event event;
	struct error err = {0};
	ck_assert_int_eq(s->nft.events(s->nft.self, &event, &err), 0);
	ck_assert(!event.overrun);
	s->changes += event.changed;
	if (mirror_feed(s->mirror, event.bytes, event.len, &err) != 0) {
		snprintf(s->doubt, sizeof(s->doubt), "%.200s", err.text);
		ck_assert(!mirror_is_known(s->mirror));
		load(s);
	}
	nft_event_fini(&event);
}

static bool nft(const char *text)
{
	FILE *f = popen("nft -f - 2>/dev/null", "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	return pclose(f) == 0;
}

static struct ruleset *mirrored(struct scene *s)
{
	struct ruleset *rs;
	struct error err = {0};
	ck_assert_msg(mirror_ruleset(s->mirror, &rs, &err) == 0, "%s: %s", err.where, err.text);
	return rs;
}

static struct ruleset *dumped(struct scene *s)
{
	struct nft_dump d;
	struct ruleset *rs;
	struct error err = {0};
	dump(s, &d);
	ck_assert_msg(ruleset_parse_netlink(d.bytes, d.len, &rs, &err) == 0, "%s: %s", err.where, err.text);
	nft_dump_fini(&d);
	return rs;
}

/* Text, digest, marks, and what the text leaves out: handles, order, counts. */
static void compare(const struct ruleset *a, const struct ruleset *b, const char *after)
{
	char *x = ruleset_print(a), *y = ruleset_print(b);
	ck_assert_msg(strcmp(x, y) == 0, "after\n%s\nthe mirror has\n%s\nthe kernel\n%s", after, x, y);
	free(x);
	free(y);
	ck_assert_str_eq(a->digest, b->digest);
	ck_assert_uint_eq(a->generation, b->generation);
	ck_assert_uint_eq(a->n_rule, b->n_rule);
	ck_assert_uint_eq(a->n_undecoded, b->n_undecoded);
	ck_assert_int_eq(a->sets_mark, b->sets_mark);
	ck_assert_int_eq(a->uses_conntrack, b->uses_conntrack);
	for (int six = 0; six < 2; six++)
		ck_assert_int_eq(a->tracks[six], b->tracks[six]);
	ck_assert_uint_eq(a->n_chain, b->n_chain);
	for (size_t i = 0; i < a->n_chain; i++) {
		ck_assert_uint_eq(a->chain[i].handle, b->chain[i].handle);
		ck_assert_uint_eq(a->chain[i].order, b->chain[i].order);
		ck_assert_uint_eq(a->chain[i].n_rule, b->chain[i].n_rule);
		for (size_t k = 0; k < a->chain[i].n_rule; k++)
			ck_assert_uint_eq(a->chain[i].rule[k].handle, b->chain[i].rule[k].handle);
	}
}

/* What follows from the last verification is what a full one finds. Takes the ruleset of the mirror over. */
static void verify(struct scene *s, struct ruleset *mine, const struct ruleset *fresh, const char *after)
{
	struct mutation_site *p = &s->site;
	struct verification_input in = {&p->flows, mine, &p->site, &p->net, 1000};
	struct findings findings, full;
	struct openings openings, all;
	struct error err;
	ck_assert_int_eq(verification_run(s->verification, &in, s->ruleset != NULL ? &s->findings : NULL, &findings,
	                         &openings, &err),
	        0);
	ck_assert_int_eq(verify_flows(&p->flows, fresh, NULL, &p->site, 1000, &full, &err), 0);
	ck_assert_int_eq(verify_openings(&p->flows, fresh, &p->site, &p->net, 1000, &all, &err), 0);
	same_findings(&findings, &full, after);
	same_openings(&openings, &all, after);
	s->verified += verification_flows(s->verification);
	s->flows += full.n;
	findings_fini(&full);
	openings_fini(&all);
	openings_fini(&openings);
	findings_fini(&s->findings);
	s->findings = findings;
	ruleset_free(s->ruleset);
	s->ruleset = mine;
}

static void check(struct scene *s, const char *after)
{
	struct ruleset *a, *b = dumped(s);
	follow(s);
	a = mirrored(s);
	compare(a, b, after);
	verify(s, a, b, after);
	ruleset_free(b);
}

static void change(struct scene *s, const char *text)
{
	ck_assert_msg(nft(text), "nft refuses: %s", text);
	check(s, text);
}

static const char start[] = "table inet t0 {\n"
                            " chain c1 { tcp dport 5061 accept; }\n chain c2 { drop; }\n chain c3 { return; }\n"
                            " chain c0 { type filter hook forward priority 0; policy drop; jump c1; }\n"
                            "}\n";

START_TEST(random_changes_leave_mirror_and_kernel_equal)
{
	struct scene s;
	unsigned accepted = 0, n_round = rounds();
	scene_init(&s);
	mutation_site_make(&s.site, _i % 2 == 0);
	mutation_seed = (uint64_t)_i + 1;
	change(&s, start);
	for (unsigned round = 0; round < n_round; round++) {
		struct ruleset *rs = mirrored(&s);
		struct text t = {0};
		for (unsigned n = draw(4) == 0 ? 1 + draw(6) : 1; n > 0; n--)
			mutation(&t, rs);
		if (draw(16) == 0) {
			text_fini(&t);
			char *command = mutation_iptables();
			text_add(&t, command);
			free(command);
			accepted += system(t.s) == 0;
		} else {
			accepted += nft(text_str(&t));
		}
		ruleset_free(rs);
		check(&s, text_str(&t));
		ck_assert_msg(s.dumps == 0 || strstr(s.doubt, "in two ways") != NULL, "a dump was due (%s) after %s",
		        s.doubt, text_str(&t));
		text_fini(&t);
	}
	struct mirror_counts counts = mirror_counts(s.mirror);
	printf("%u of %u batches accepted, %u changes told, %u dumps, %zu of %zu flows verified again; "
	       "decoded: %llu times in part, %llu whole, %llu parsed\n",
	        accepted, n_round, s.changes, s.dumps, s.verified, s.flows, (unsigned long long)counts.in_part,
	        (unsigned long long)counts.whole, (unsigned long long)counts.parsed);
	ck_assert_uint_gt(accepted, n_round / 2);
	ck_assert_uint_lt(s.dumps, s.changes / 20);
	mutation_site_free(&s.site);
	scene_fini(&s);
}
END_TEST

/* What the mirror must follow, one kind of change each; between them it is compared with a dump. */
static const char *const followed[] = {
        "insert rule inet t0 c0 tcp dport 1 accept\ninsert rule inet t0 c0 tcp dport 2 accept\nadd rule inet t0 c0 tcp "
        "dport 3 accept\n",
        "replace rule inet t0 c1 handle 5 udp dport 7 accept\nreplace rule inet t0 c1 handle 5 udp dport 8 accept\n",
        "replace rule inet t0 c1 handle 5 tcp dport { 5, 6 } accept\n",
        "replace rule inet t0 c1 handle 5 tcp dport { 5, 7 } accept\ninsert rule inet t0 c1 position 5 drop\nadd rule "
        "inet t0 c1 position 5 accept\n",
        "flush chain inet t0 c1\nadd rule inet t0 c1 tcp dport { 5, 8 } accept\n",
        "add set inet t0 s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 1.2.3.4-1.2.3.9 }; }\nadd rule "
        "inet t0 c1 ip saddr @s accept\n",
        "add element inet t0 s { 11.0.0.0/8 }\ndelete element inet t0 s { 10.0.0.0/8 }\n",
        "flush set inet t0 s\n",
        "add chain inet t0 new\nadd rule inet t0 new accept\nadd rule inet t0 c1 jump new\n",
        "chain inet t0 c0 { policy accept; }\n",
        "add table inet t0 { flags dormant; }\n",
        "add table inet t0\n",
        "delete table inet t0\nadd table inet t0\nadd chain inet t0 c0 { type filter hook input priority 0; }\nadd "
        "rule inet t0 c0 accept\n",
        "flush ruleset\n",
};

START_TEST(changes_of_every_kind_are_followed_without_a_dump)
{
	struct scene s;
	scene_init(&s);
	mutation_site_make(&s.site, true);
	change(&s, start);
	for (size_t i = 0; i < sizeof(followed) / sizeof(followed[0]); i++) {
		change(&s, followed[i]);
		ck_assert_msg(s.dumps == 0, "a dump was due after %s: %s", followed[i], s.doubt);
	}
	mutation_site_free(&s.site);
	scene_fini(&s);
}
END_TEST

START_TEST(a_renamed_chain_costs_one_dump)
{
	struct scene s;
	scene_init(&s);
	mutation_site_make(&s.site, true);
	change(&s, start);
	change(&s, "rename chain inet t0 c1 other\n");
	ck_assert_uint_eq(s.dumps, 1);
	ck_assert_str_eq(s.doubt, "a chain was renamed");
	mutation_site_free(&s.site);
	scene_fini(&s);
}
END_TEST

/* Beside a rule that was deleted before in the same transaction: the event says neither first nor last. */
static const char *const beside[] = {
        "insert rule inet t0 c3 position 7 tcp dport 1 accept\ndelete rule inet t0 c3 handle 7\ninsert rule inet t0 c3 "
        "position 7 tcp dport 2 accept\n",
        "add rule inet t0 c3 tcp dport 3 accept\ndelete rule inet t0 c3 handle 7\nadd rule inet t0 c3 position 7 tcp "
        "dport 4 accept\n",
};

START_TEST(a_place_beside_a_deleted_rule_costs_one_dump)
{
	struct scene s;
	scene_init(&s);
	mutation_site_make(&s.site, true);
	change(&s, start);
	change(&s, beside[_i]);
	ck_assert_msg(s.dumps == 1 && strcmp(s.doubt, "the place of a rule can be read in two ways") == 0,
	        "%u dumps: %s", s.dumps, s.doubt);
	mutation_site_free(&s.site);
	scene_fini(&s);
}
END_TEST

START_TEST(transactions_that_the_dump_has_are_passed_over)
{
	struct scene s;
	scene_init(&s);
	mutation_site_make(&s.site, true);
	ck_assert(nft(start));
	load(&s); /* its events wait */
	check(&s, "events behind the dump");
	ck_assert_uint_eq(s.dumps, 1);
	change(&s, "add rule inet t0 c1 drop\n");
	ck_assert_uint_eq(s.dumps, 1);
	mutation_site_free(&s.site);
	scene_fini(&s);
}
END_TEST

START_TEST(a_transaction_in_parts_counts_when_it_is_whole)
{
	struct scene s;
	struct nft_event event;
	struct error err;
	scene_init(&s);
	ck_assert(nft(start));
	ck_assert_int_eq(s.nft.events(s.nft.self, &event, &err), 0);
	uint32_t before = mirror_generation(s.mirror);
	/* The generation message is the last one, and its length stands in front of it. */
	size_t at = 0, last = 0;
	while (at < event.len) {
		uint32_t len;
		memcpy(&len, event.bytes + at, sizeof(len));
		last = at;
		at += (len + 3) / 4 * 4;
	}
	ck_assert_int_eq(mirror_feed(s.mirror, event.bytes, last, &err), 0);
	ck_assert_uint_eq(mirror_generation(s.mirror), before);
	struct ruleset *rs = mirrored(&s);
	ck_assert_uint_eq(rs->n_chain, 0);
	ruleset_free(rs);
	ck_assert_int_eq(mirror_feed(s.mirror, event.bytes + last, event.len - last, &err), 0);
	ck_assert_uint_eq(mirror_generation(s.mirror), before + 1);
	rs = mirrored(&s);
	ck_assert_uint_eq(rs->n_chain, 4);
	ruleset_free(rs);
	nft_event_fini(&event);
	scene_fini(&s);
}
END_TEST

START_TEST(a_missing_generation_ends_what_is_known)
{
	struct scene s;
	struct nft_event event;
	struct ruleset *rs;
	struct error err;
	scene_init(&s);
	ck_assert(nft(start));
	ck_assert_int_eq(s.nft.events(s.nft.self, &event, &err), 0); /* and it is lost */
	nft_event_fini(&event);
	ck_assert(nft("add rule inet t0 c1 drop\n"));
	ck_assert_int_eq(s.nft.events(s.nft.self, &event, &err), 0);
	ck_assert_int_eq(mirror_feed(s.mirror, event.bytes, event.len, &err), -1);
	ck_assert_msg(strstr(err.text, "a change was not told") != NULL, "%s", err.text);
	ck_assert(!mirror_is_known(s.mirror));
	ck_assert_int_eq(mirror_ruleset(s.mirror, &rs, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	nft_event_fini(&event);
	scene_fini(&s);
}
END_TEST

/* Event messages cut or changed at every place: a refusal, or another state; what is known can still be read. */
START_TEST(broken_events_are_refused_or_read_but_never_more)
{
	struct scene s;
	struct nft_event event;
	struct nft_dump empty;
	struct error err;
	unsigned refused = 0;
	scene_init(&s);
	dump(&s, &empty);
	ck_assert(nft(start));
	ck_assert_int_eq(s.nft.events(s.nft.self, &event, &err), 0);
	for (size_t i = 0; i < event.len; i++) {
		struct ruleset *rs;
		uint8_t old = event.bytes[i];
		event.bytes[i] = (uint8_t)(i % 3 == 0 ? 0xff : i % 3 == 1 ? 0 : old + 1);
		ck_assert_int_eq(mirror_load(s.mirror, empty.bytes, empty.len, &err), 0);
		refused += mirror_feed(s.mirror, event.bytes, event.len, &err) != 0;
		if (mirror_ruleset(s.mirror, &rs, &err) == 0)
			ruleset_free(rs);
		event.bytes[i] = old;
		mirror_discard(s.mirror); /* an unfinished transaction is not for the next one */
		ck_assert_int_eq(mirror_load(s.mirror, empty.bytes, empty.len, &err), 0);
		if (mirror_feed(s.mirror, event.bytes, i, &err) == 0 && mirror_ruleset(s.mirror, &rs, &err) == 0)
			ruleset_free(rs);
		mirror_discard(s.mirror);
	}
	ck_assert_uint_gt(refused, 10);
	nft_dump_fini(&empty);
	nft_event_fini(&event);
	scene_fini(&s);
}
END_TEST

int main(void)
{
	if (geteuid() != 0) {
		puts("skipped: needs root for a network namespace");
		return 77;
	}
	Suite *suite = suite_create("mirror");
	TCase *c = tcase_create("mirror");
	tcase_set_timeout(c, 250 + rounds());
	tcase_add_test(c, changes_of_every_kind_are_followed_without_a_dump);
	tcase_add_test(c, a_renamed_chain_costs_one_dump);
	tcase_add_loop_test(c, a_place_beside_a_deleted_rule_costs_one_dump, 0, 2);
	tcase_add_test(c, transactions_that_the_dump_has_are_passed_over);
	tcase_add_test(c, a_transaction_in_parts_counts_when_it_is_whole);
	tcase_add_test(c, a_missing_generation_ends_what_is_known);
	tcase_add_test(c, broken_events_are_refused_or_read_but_never_more);
	tcase_add_loop_test(c, random_changes_leave_mirror_and_kernel_equal, 0, 2);
	suite_add_tcase(suite, c);
	SRunner *r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
