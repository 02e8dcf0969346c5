/* links: snmp conformance base */
/*
 * The block without pointers: what goes in comes out, rows are sorted, equal texts are stored once; a block with a wrong
 * magic, size, offset or count is refused, and a wild text reference reads as empty.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "sample_snapshot.h"

static struct snapshot *snapshot;
static void *block;
static size_t block_size;
static struct flat_view view;

static void setup(void)
{
	snapshot = sample_new(3, 200000);
	ck_assert_int_eq(flat_build(snapshot, &block, &block_size), 0);
	ck_assert_int_eq(flat_open(block, block_size, &view), 0);
}

static void teardown(void)
{
	free(block);
	snapshot_unref(snapshot);
}

static void assert_text(flat_text text, const char *want)
{
	size_t len;
	const char *s = flat_text_get(&view, text, &len);
	ck_assert_msg(len == strlen(want) && memcmp(s, want, len) == 0, "'%.*s' is not '%s'", (int)len, s, want);
}

START_TEST(summary_carries_counts_and_times)
{
	const struct flat_summary *row = flat_row(&view, FLAT_SUMMARY, 0);
	ck_assert_uint_eq(row->generation, 3);
	ck_assert_uint_eq(row->flows, 4);
	ck_assert_uint_eq(row->count[VERDICT_BLOCKED], 1);
	ck_assert_uint_eq(row->count[VERDICT_CONFORMANT], 1);
	ck_assert_uint_eq(row->count[VERDICT_UNBOUND], 1);
	ck_assert_uint_eq(row->count[VERDICT_INDETERMINATE], 1);
	ck_assert_uint_eq(row->problems, 1);
	ck_assert_uint_eq(row->openings, 1);
	ck_assert_uint_eq(row->openings_unacknowledged, 1);
	ck_assert_uint_eq(row->rules, 30);
	ck_assert_uint_eq(row->overall, OVERALL_VIOLATED);
	ck_assert_uint_eq(row->readable, 1);
	ck_assert_int_eq(row->started_ms, 100000);
	assert_text(row->catalog, "lync-server-2013 1.0");
	assert_text(row->unreadable, "");
}
END_TEST

START_TEST(tables_have_a_row_for_each_thing)
{
	static const size_t want[FLAT_TABLE_N] = {1, 1, 2, 2, 1, 2, 4, 1, 1, 2};
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++)
		ck_assert_uint_eq(flat_rows(&view, t).count, want[t]);
	ck_assert_ptr_null(flat_row(&view, FLAT_FLOW, 4));
}
END_TEST

START_TEST(roles_are_sorted_by_id_though_the_pack_sorts_by_name)
{
	const struct flat_role *first = flat_row(&view, FLAT_ROLE, 0), *second = flat_row(&view, FLAT_ROLE, 1);
	ck_assert_uint_eq(first->role, 4);
	ck_assert_uint_eq(second->role, 9);
	assert_text(first->label, "lync-server-2013/front-end-server");
	assert_text(first->title, "Front End Server");
	assert_text(first->includes, "registrar");
	assert_text(first->groups, "fe-pool");
	assert_text(second->title, "");
}
END_TEST

START_TEST(requirement_says_ports_and_source)
{
	const struct flat_requirement *row = flat_row(&view, FLAT_REQUIREMENT, 0),
	                              *other = flat_row(&view, FLAT_REQUIREMENT, 1);
	assert_text(row->ports, "tcp 5061 tls sip");
	assert_text(row->source, "a.md server-ports row 7 line 60");
	ck_assert_uint_eq(row->basis, BASIS_STATED);
	ck_assert_uint_eq(other->basis, BASIS_INFERRED);
}
END_TEST

/* An index is there once: the pack that a deployment pins gives it, and what only the installed one has joins in. */
START_TEST(two_packs_of_a_product_are_rows_of_one)
{
	struct catalog *pinned = snapshot->inputs->catalog, *installed = sample_catalog();
	struct pack *newer = &installed->pack[0];
	struct deployment *d = &snapshot->inputs->site->deployment[0];
	pinned->pack[0].kept = true;
	memset(newer->digest, 'b', 64);
	free(newer->version);
	newer->version = xstrdup("2.0");
	newer->requirement[1].id = 77;
	newer->role[1].id = 5;
	free(d->pack_digest);
	d->pack_digest = xstrdup(pinned->pack[0].digest);
	snapshot->inputs->catalog = catalog_join((struct catalog *[]){installed, pinned}, 2);
	catalog_free(installed);
	catalog_free(pinned);
	free(block);
	ck_assert_int_eq(flat_build(snapshot, &block, &block_size), 0);
	ck_assert_int_eq(flat_open(block, block_size, &view), 0);
	const struct flat_deployment *deployment = flat_row(&view, FLAT_DEPLOYMENT, 0);
	const struct flat_product *product = flat_row(&view, FLAT_PRODUCT, 0);
	assert_text(deployment->version, "1.0");
	ck_assert_uint_eq(flat_rows(&view, FLAT_PRODUCT).count, 1);
	assert_text(product->version, "1.0");
	ck_assert_uint_eq(flat_rows(&view, FLAT_ROLE).count, 3);
	ck_assert_uint_eq(flat_rows(&view, FLAT_REQUIREMENT).count, 3);
	ck_assert_uint_eq(((const struct flat_requirement *)flat_row(&view, FLAT_REQUIREMENT, 2))->requirement, 77);
}
END_TEST

START_TEST(deployment_counts_its_flows)
{
	const struct flat_deployment *row = flat_row(&view, FLAT_DEPLOYMENT, 0);
	ck_assert_uint_eq(row->flows, 4);
	ck_assert_uint_eq(row->conformant, 1);
	ck_assert_uint_eq(row->violated, 1);
	ck_assert_uint_eq(row->undecided, 1);
	ck_assert_uint_eq(row->severity, SEVERITY_CRITICAL);
	assert_text(row->version, "1.0");
}
END_TEST

START_TEST(blocked_flow_names_rule_and_witness)
{
	const struct flat_flow *row = flat_row(&view, FLAT_FLOW, 0);
	ck_assert_uint_eq(row->verdict, VERDICT_BLOCKED);
	ck_assert_uint_eq(row->severity, SEVERITY_CRITICAL);
	assert_text(row->label, "hq/lync/front-end-server/front-end-service/5061-tcp#1 clients>fe-pool ipv4");
	assert_text(row->rule, SAMPLE_RULE);
	assert_text(row->witness, SAMPLE_WITNESS);
	assert_text(row->ports, "5061");
	assert_text(row->source_ports, "1024-65535");
	assert_text(row->transport, "tcp");
	ck_assert_int_eq(row->changed_ms, 190000);
	row = flat_row(&view, FLAT_FLOW, 3);
	ck_assert_uint_eq(row->initiator, PARTY_ANY);
	assert_text(row->conditions, "limit@filter/forward#7");
}
END_TEST

START_TEST(opening_keeps_a_count_beyond_64_bits)
{
	const struct flat_opening *row = flat_row(&view, FLAT_OPENING, 0);
	ck_assert_uint_eq(row->opening, 2147483647);
	assert_text(row->packets, SAMPLE_PACKETS);
	assert_text(row->destination, "10.1.0.10");
	assert_text(row->iif, "eth0");
}
END_TEST

START_TEST(history_has_a_unique_label)
{
	const struct flat_history *row = flat_row(&view, FLAT_HISTORY, 1);
	ck_assert_uint_eq(row->sequence, 42);
	assert_text(
	        row->label, "42 violated hq/lync/front-end-server/front-end-service/5061-tcp#1 clients>fe-pool ipv4");
	assert_text(row->author, "nft");
}
END_TEST

START_TEST(equal_texts_are_stored_once)
{
	const struct flat_flow *a = flat_row(&view, FLAT_FLOW, 0), *b = flat_row(&view, FLAT_FLOW, 1);
	ck_assert_uint_eq(a->requirement_label, b->requirement_label);
	ck_assert_uint_ne(a->label, b->label);
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
	struct snapshot s = {.version = xmalloc(2000)};
	struct flat_view v;
	void *p;
	size_t size, len;
	/* Two octets per character, shifted by one, so that the limit falls inside one. */
	s.version[0] = 'x';
	for (size_t i = 1; i < 1999; i += 2)
		memcpy(s.version + i, "\xc3\xa9", 2);
	s.version[1999] = '\0';
	ck_assert_int_eq(flat_build(&s, &p, &size), 0);
	ck_assert_int_eq(flat_open(p, size, &v), 0);
	const char *text =
	        flat_text_get(&v, ((const struct flat_summary *)flat_row(&v, FLAT_SUMMARY, 0))->version, &len);
	ck_assert_uint_eq(len, FLAT_TEXT_MAX);
	ck_assert_mem_eq(text + len - 5, "\xc3\xa9...", 5);
	free(p);
	free(s.version);
}
END_TEST

START_TEST(snapshot_without_inputs_has_only_a_summary)
{
	struct snapshot s = {.generation = 1, .unreadable = (char[]){"no netlink"}};
	struct flat_view v;
	void *p;
	size_t size, len;
	ck_assert_int_eq(flat_build(&s, &p, &size), 0);
	ck_assert_int_eq(flat_open(p, size, &v), 0);
	const struct flat_summary *row = flat_row(&v, FLAT_SUMMARY, 0);
	ck_assert_uint_eq(row->readable, 0);
	ck_assert_mem_eq(flat_text_get(&v, row->unreadable, &len), "no netlink", 10);
	for (enum flat_table t = FLAT_SUMMARY + 1; t < FLAT_TABLE_N; t++)
		ck_assert_uint_eq(flat_rows(&v, t).count, 0);
	free(p);
}
END_TEST

START_TEST(sequence_wraps_to_one)
{
	ck_assert_uint_eq(flat_sequence(0), 0);
	ck_assert_uint_eq(flat_sequence(1), 1);
	ck_assert_uint_eq(flat_sequence(4294967295u), 4294967295u);
	ck_assert_uint_eq(flat_sequence(4294967296u), 1);
}
END_TEST

static const struct {
	const char *name;
	size_t offset;
	uint64_t value;
	size_t width;
} broken[] = {
        {"magic", offsetof(struct flat, magic), 1, 4},
        {"version", offsetof(struct flat, version), 99, 2},
        {"number of sections", offsetof(struct flat, n_section), 3, 2},
        {"size", offsetof(struct flat, size), 8, 8},
        {"text offset beyond the end", offsetof(struct flat, text_offset), UINT64_MAX, 8},
        {"text offset in the header", offsetof(struct flat, text_offset), 0, 8},
        {"text size", offsetof(struct flat, text_size), UINT64_MAX, 8},
        {"row size", offsetof(struct flat, section[FLAT_FLOW].row_size), 8, 4},
        {"section offset not aligned", offsetof(struct flat, section[FLAT_FLOW].offset), 257, 8},
        {"section offset in the header", offsetof(struct flat, section[FLAT_FLOW].offset), 0, 8},
        {"section offset beyond the end", offsetof(struct flat, section[FLAT_FLOW].offset), UINT64_MAX - 7, 8},
        {"count beyond the end", offsetof(struct flat, section[FLAT_FLOW].count), 100000, 4},
        {"count that overflows", offsetof(struct flat, section[FLAT_FLOW].count), UINT32_MAX, 4},
        {"no summary", offsetof(struct flat, section[FLAT_SUMMARY].count), 0, 4},
};

START_TEST(rejects_a_broken_header)
{
	struct flat_view v;
	memcpy((uint8_t *)block + broken[_i].offset, &broken[_i].value, broken[_i].width);
	ck_assert_msg(flat_open(block, block_size, &v) == -1, "%s", broken[_i].name);
	ck_assert_uint_eq(flat_rows(&v, FLAT_FLOW).count, 0);
	ck_assert_ptr_null(flat_row(&v, FLAT_SUMMARY, 0));
}
END_TEST

START_TEST(rejects_every_other_length)
{
	struct flat_view v;
	ck_assert_int_eq(flat_open(NULL, 0, &v), -1);
	for (size_t n = 0; n < block_size; n++)
		ck_assert_int_eq(flat_open(block, n, &v), -1);
}
END_TEST

START_TEST(wild_text_reads_as_empty)
{
	size_t len = 1;
	ck_assert_str_eq(flat_text_get(&view, UINT32_MAX, &len), "");
	ck_assert_uint_eq(len, 0);
	/* A length that leads out of the area. */
	uint8_t *last = (uint8_t *)block + block_size - 2;
	last[0] = 0xff;
	last[1] = 0xff;
	flat_text_get(&view, (flat_text)(view.text_size - 2), &len);
	ck_assert_uint_eq(len, 0);
	flat_text_get(&view, (flat_text)(view.text_size - 1), &len);
	ck_assert_uint_eq(len, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flat");
	TCase *c = tcase_create("flat");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, summary_carries_counts_and_times);
	tcase_add_test(c, tables_have_a_row_for_each_thing);
	tcase_add_test(c, roles_are_sorted_by_id_though_the_pack_sorts_by_name);
	tcase_add_test(c, requirement_says_ports_and_source);
	tcase_add_test(c, two_packs_of_a_product_are_rows_of_one);
	tcase_add_test(c, deployment_counts_its_flows);
	tcase_add_test(c, blocked_flow_names_rule_and_witness);
	tcase_add_test(c, opening_keeps_a_count_beyond_64_bits);
	tcase_add_test(c, history_has_a_unique_label);
	tcase_add_test(c, equal_texts_are_stored_once);
	tcase_add_test(c, long_text_is_cut_between_characters);
	tcase_add_test(c, snapshot_without_inputs_has_only_a_summary);
	tcase_add_test(c, sequence_wraps_to_one);
	tcase_add_loop_test(c, rejects_a_broken_header, 0, sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(c, rejects_every_other_length);
	tcase_add_test(c, wild_text_reads_as_empty);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
