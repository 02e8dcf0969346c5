/* links: catalog document base */
/*
 * A document in a language that no vocabulary has is understood through a known edition of its article; what the two do not
 * say alike stays a problem. The editions are made for these tests; the language of one of them is Esperanto.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/known.h"
#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

#define DATA SOURCE_DIR "/tests/data/document/"
#define ARTICLE "11111111-2222-3333-4444-555555555555"

static void read_file(const char *file, struct import *import)
{
	struct document doc;
	struct error err = {0};
	ck_assert_msg(document_read(file, &doc, &err) == 0, "%s", err.text);
	import_build(&doc, import);
}

static void read_text(const char *text, struct import *import)
{
	struct document doc;
	struct error err = {0};
	ck_assert_msg(document_parse(text, strlen(text), "text.md", &doc, &err) == 0, "%s", err.text);
	import_build(&doc, import);
}

/* A copy of a file in which one text stands for another. */
static char *changed_file(const char *file, const char *from, const char *to)
{
	struct text t = {0};
	struct error err = {0};
	char *bytes, *at;
	size_t len;
	ck_assert_int_eq(file_read(file, 1 << 20, &bytes, &len, &err), 0);
	at = strstr(bytes, from);
	ck_assert_msg(at != NULL, "'%s' is not in %s", from, file);
	text_addn(&t, bytes, (size_t)(at - bytes));
	text_add(&t, to);
	text_add(&t, at + strlen(from));
	free(bytes);
	return text_take(&t);
}

static struct import_known *known_german(void)
{
	struct import_known *known = import_known_new();
	struct import german;
	read_file(DATA "ports-de.md", &german);
	ck_assert_uint_eq(german.n_problem, 0);
	import_known_add(known, &german);
	import_fini(&german);
	return known;
}

static void rows_equal(const struct import_row *a, const struct import_row *b)
{
	ck_assert_str_eq(a->role_id, b->role_id);
	ck_assert_str_eq(a->service_id, b->service_id);
	ck_assert_uint_eq(a->n_role_id, b->n_role_id);
	for (size_t i = 0; i < a->n_role_id; i++)
		ck_assert_str_eq(a->role_ids[i], b->role_ids[i]);
	ck_assert_uint_eq(a->ports.n, b->ports.n);
	for (size_t i = 0; i < a->ports.n; i++)
		ck_assert_mem_eq(&a->ports.range[i], &b->ports.range[i], sizeof(a->ports.range[i]));
	ck_assert(a->means.tcp == b->means.tcp && a->means.udp == b->means.udp);
	ck_assert_str_eq(a->source_id, b->source_id);
	ck_assert_str_eq(a->destination_id, b->destination_id);
	ck_assert_str_eq(a->source_port_id, b->source_port_id);
	ck_assert_str_eq(a->destination_port_id, b->destination_port_id);
	ck_assert_str_eq(a->action, b->action);
}

START_TEST(unknown_language_means_what_the_known_edition_says)
{
	struct import_known *known = known_german();
	struct import german, foreign;
	read_file(DATA "ports-de.md", &german);
	read_file(DATA "ports-xx.md", &foreign);
	ck_assert_uint_gt(foreign.n_problem, 20);
	size_t problems = foreign.n_problem;
	ck_assert_uint_eq(import_align(&foreign, known), problems);
	for (size_t i = 0; i < foreign.n_problem; i++)
		ck_assert_msg(false, "line %u: %s", foreign.problem[i].line, foreign.problem[i].reason);
	ck_assert_str_eq(foreign.aligned_with, DATA "ports-de.md");
	ck_assert_uint_eq(foreign.n_table, german.n_table);
	for (size_t t = 0; t < german.n_table; t++) {
		ck_assert_int_eq(foreign.table[t].kind, german.table[t].kind);
		ck_assert_uint_eq(foreign.table[t].n_row, german.table[t].n_row);
		for (size_t r = 0; r < german.table[t].n_row; r++)
			rows_equal(&foreign.table[t].row[r], &german.table[t].row[r]);
	}
	import_fini(&german);
	import_fini(&foreign);
	import_known_free(known);
}
END_TEST

/* What is understood, and what stays a problem, after one change of the document. */
START_TEST(what_the_editions_do_not_say_alike_stays_a_problem)
{
	static const struct {
		const char *from, *to;
		const char *cell; /* of the problem that stays; NULL: none does */
	} change[] = {
	        /* A row that the known edition lacks: its names are known from other rows, or are not. */
	        {"|Servilo de oficejaj", "|Fronta servilo |Fronta servo |777 |TCP ||\n|Servilo de oficejaj", NULL},
	        {"|Servilo de oficejaj", "|Fronta servilo |Nova servo |777 |TCP ||\n|Servilo de oficejaj",
	                "Nova servo"},
	        /* One name beside two meanings. */
	        {"|Servilo de daŭra babilo", "|Ĉiuj serviloj", "Ĉiuj serviloj"},
	        /* Another port is another row. */
	        {"|881 |", "|882 |", "Servilo de daŭra babilo"},
	        {"|57 501 65 535 |", "|57 501 65 534 |", "57 501 65 534"},
	        /* Another transport is another row. */
	        {"|1434 |UDP |", "|1434 |TCP |", "Ĉiuj serviloj"},
	        /* Another article is another page. */
	        {ARTICLE, "99999999-2222-3333-4444-555555555555", "Ĉiuj serviloj"},
	        {"ms.assetid: " ARTICLE "\n", "", "Ĉiuj serviloj"},
	        /* The exemptions are told by their order alone: one more, and none is sure. */
	        {"|Klientoj |Iu ajn", "|Plia |Iu ajn |Iu ajn |UDP |Iu ajn |Iu ajn |Ne aŭtentigi |\n|Klientoj |Iu ajn",
	                "Plia"},
	};
	struct import_known *known = known_german();
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		char *text = changed_file(DATA "ports-xx.md", change[i].from, change[i].to);
		struct import import;
		bool found = false;
		read_text(text, &import);
		import_align(&import, known);
		for (size_t k = 0; k < import.n_problem && change[i].cell != NULL; k++)
			found = found || strcmp(import.problem[k].cell, change[i].cell) == 0;
		ck_assert_msg(change[i].cell != NULL ? found : import.n_problem == 0,
		        "'%s' for '%s': %zu problems, the first '%s'", change[i].to, change[i].from, import.n_problem,
		        import.n_problem > 0 ? import.problem[0].cell : "");
		import_fini(&import);
		free(text);
	}
	import_known_free(known);
}
END_TEST

/* A name that stands beside two meanings says so, and the rest is understood all the same. */
START_TEST(disputed_name_is_told_and_the_others_are_understood)
{
	struct import_known *known = known_german();
	char *text = changed_file(DATA "ports-xx.md", "|Servilo de daŭra babilo", "|Ĉiuj serviloj");
	struct import import;
	read_text(text, &import);
	import_align(&import, known);
	ck_assert_uint_eq(import.n_problem, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_str_eq(import.problem[i].cell, "Ĉiuj serviloj");
		ck_assert_ptr_nonnull(strstr(import.problem[i].reason, "mean different things"));
	}
	ck_assert_str_eq(import.table[0].row[1].role_id, "front-end-server");
	import_fini(&import);
	free(text);
	import_known_free(known);
}
END_TEST

START_TEST(document_without_problems_is_left_alone)
{
	struct import_known *known = known_german();
	struct import german;
	read_file(DATA "ports-de.md", &german);
	ck_assert_uint_eq(import_align(&german, known), 0);
	ck_assert_ptr_null(german.aligned_with);
	import_fini(&german);
	import_known_free(known);
}
END_TEST

START_TEST(numbers_of_a_cell_are_found_without_the_marks_between)
{
	static const struct {
		const char *cell, *want;
	} cell[] = {
	        {"67 68", "67 68"},
	        {"6891 6901", "6891 6901"},
	        {"50 000 59 999", "50000 59999"},
	        {"443", "443"},
	        {"80 443", "80 443"},
	        {"", ""},
	        {"none", ""},
	        {"99999999999999999999", "9999999"},
	};
	for (size_t i = 0; i < sizeof(cell) / sizeof(cell[0]); i++) {
		char *got = numbers_scan(cell[i].cell);
		ck_assert_str_eq(got, cell[i].want);
		free(got);
	}
}
END_TEST

/* The shipped packs know the articles that they were made from, row by row. */
START_TEST(packs_are_known_editions)
{
	static const char *const head = "---\nms.assetid: c94063f1-e802-4a61-be90-022fc185335e\n---\n"
	                                "Skype for Business Server\n\n|A|B|C|\n|---|---|---|\n";
	static const char *const row[] = {
	        "80 |HTTP", "443 |HTTPS", "8080 |TCP", "4443 |HTTPS", "443 |HTTPS", "4443 |HTTPS"};
	struct import_known *known = import_known_new();
	struct catalog *catalog;
	struct import import;
	struct text t = {0};
	struct error err = {0};
	ck_assert_msg(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &catalog, &err) == 0, "%s",
	        err.text);
	import_known_add_catalog(known, catalog);
	catalog_free(catalog);
	text_add(&t, head);
	for (size_t i = 0; i < 6; i++)
		text_addf(&t, "|%s |%s |\n", i < 4 ? "Fronta dividilo" : "Direktora dividilo", row[i]);
	read_text(text_str(&t), &import);
	text_fini(&t);
	ck_assert_uint_gt(import_align(&import, known), 0);
	ck_assert_uint_eq(import.n_problem, 0);
	ck_assert_int_eq(import.table[0].kind, IMPORT_DNS_LB_PORTS);
	ck_assert_str_eq(import.table[0].row[0].role_id, "front-end-load-balancer");
	ck_assert_str_eq(import.table[0].row[5].role_id, "director-load-balancer");
	import_fini(&import);
	import_known_free(known);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("align");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, unknown_language_means_what_the_known_edition_says);
	tcase_add_test(t, what_the_editions_do_not_say_alike_stays_a_problem);
	tcase_add_test(t, disputed_name_is_told_and_the_others_are_understood);
	tcase_add_test(t, document_without_problems_is_left_alone);
	tcase_add_test(t, numbers_of_a_cell_are_found_without_the_marks_between);
	tcase_add_test(t, packs_are_known_editions);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
