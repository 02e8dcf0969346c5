/* links: document base */
/*
 * Every limit of document.h: a document that just keeps it is read, one beyond it is refused with the limit, its value and
 * the line. Inputs that once took the libraries quadratic time or many times their size in memory are among them.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/document.h"
#include "portcullis/text.h"

/* head, then fits or over times piece, then tail. */
struct limit {
	const char *name, *head, *piece;
	size_t fits, over;
	const char *tail;
	const char *text; /* what the error says */
};

static char *repeat(const struct limit *limit, size_t n)
{
	struct text t = {0};
	text_add(&t, limit->head);
	for (size_t i = 0; i < n; i++)
		text_add(&t, limit->piece);
	text_add(&t, limit->tail);
	return text_take(&t);
}

static void refused(const char *name, const char *s, const char *text)
{
	struct document doc;
	struct error err = {0};
	ck_assert_msg(document_parse(s, strlen(s), "big", &doc, &err) != 0, "%s: not refused", name);
	ck_assert_msg(err.code == ERR_LIMIT, "%s: code %d", name, err.code);
	ck_assert_str_eq(err.where, "big");
	ck_assert_msg(strstr(err.text, text) != NULL, "%s: %s", name, err.text);
	ck_assert_msg(strstr(err.text, "; ") != NULL, "%s: does not say what to do: %s", name, err.text);
	ck_assert_ptr_null(doc.table);
	ck_assert_ptr_null(doc.file);
}

static void limits_check(const struct limit *limit, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct document doc;
		struct error err = {0};
		char *s = repeat(&limit[i], limit[i].fits);
		ck_assert_msg(document_parse(s, strlen(s), "big", &doc, &err) == 0, "%s: %s", limit[i].name, err.text);
		document_fini(&doc);
		free(s);
		s = repeat(&limit[i], limit[i].over);
		refused(limit[i].name, s, limit[i].text);
		free(s);
	}
}

#define LIMITS(table) limits_check(table, sizeof(table) / sizeof((table)[0]))

START_TEST(html_keeps_its_limits)
{
	static const struct limit limits[] = {
	        {"columns", "<table>\n<tr>", "<td>x</td>", 32, 33, "</tr></table>", "line 2: more than 32 columns"},
	        {"columns_of_cells_left_open", "<html><table><tr>", "<td>", 32, 1000000, "", "more than 32 columns"},
	        {"colspan", "<html><table><tr><td colspan=3", "2", 1, 2, ">", "more than 32 columns"},
	        {"cell", "<table><tr><td>\n\n", "x", 16382, 16383, "</table>",
	                "line 1: more than 16384 bytes in a cell"},
	        {"cell_of_breaks", "<html><table><tr><td>", "<br>", 16384, 1000000, "",
	                "more than 16384 bytes in a cell"},
	        {"rows", "<html><table>", "\n<tr><td>1", 200000, 200001, "</table>",
	                "line 200002: more than 200000 table rows"},
	        {"rows_of_many_tables", "<html>",
	                "<table><tr><td>1<tr><td>2<tr><td>3<tr><td>4<tr><td>5<tr><td>6<tr><td>7"
	                "<tr><td>8<tr><td>9<tr><td>1<tr><td>2<tr><td>3</table>",
	                100, 16667, "", "more than 200000 table rows"},
	        {"tables", "<html>", "<table><tr><td>x</table>", 20000, 20001, "", "more than 20000 tables"},
	        {"cells_of_colspans", "<html><table>", "<tr><td colspan=32>1", 1000, 50001, "",
	                "more than 1600000 table cells"},
	        {"heading", "<html><h2>", "x", 1024, 1025, "</h2>", "more than 1024 bytes in a heading or caption"},
	        {"caption", "<html><table><caption>", "x", 1024, 1025, "</caption></table>",
	                "more than 1024 bytes in a heading or caption"},
	        {"title", "<html><title>", "x", 1024, 1025, "</title>", "more than 1024 bytes in the title"},
	        {"metadata", "<html>\n<meta name=\"ms.assetid\" content=\"", "x", 1024, 1025, "\">",
	                "line 2: more than 1024 bytes in an item of metadata"},
	        {"link_target", "<html><a href=\"", "x", 4096, 4097, "\">t</a>", "more than 4096 bytes in a link"},
	        {"link_text", "<html><a href=x>", "t", 4096, 4097, "</a>", "more than 4096 bytes in a link"},
	        {"links", "<html>", "<a href=x>t</a>", 1000, 200001, "", "more than 200000 links"},
	        {"nesting", "<html><body>\n", "<div>", 998, 999, "", "line 2: more than 1000 tags open"},
	        {"nesting_of_tables", "<html><body>", "<table><tr><td>", 300, 400, "", "more than 1000 tags open"},
	        {"nesting_and_wrong_ends", "<html><body>", "<font></i>", 998, 200000, "", "more than 1000 tags open"},
	        {"attributes", "<html>\n<a ", "b=\"c d\" ", 256, 257, ">", "line 2: more than 256 attributes in a tag"},
	        {"attributes_without_blanks", "<html><a ", "b=\"c\"", 256, 257, ">",
	                "more than 256 attributes in a tag"},
	        {"attributes_behind_a_false_quote", "<html><a x==\"", "b ", 256, 257, ">", "more than 256 attributes"},
	        {"attributes_of_one_long_word", "<html><a ", "abcdefghij", 2560, 2561, ">", "more than 256 attributes"},
	        {"attributes_after_a_comment", "<html><!--><a ", "b ", 256, 257, ">", "more than 256 attributes"},
	        {"attributes_after_a_script", "<html><script>x</script><a ", "b ", 256, 257, ">",
	                "more than 256 attributes"},
	};
	LIMITS(limits);
}
END_TEST

START_TEST(what_looks_like_attributes_is_none)
{
	static const char *const heads[] = {
	        "<html><!-- <a ", "<html><script>if (x<a ", "<html><a b=\"", "<html>a < b "};
	static const char *const tails[] = {" -->", "</script>", "\">", ""};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct limit limit = {.head = heads[i], .piece = "c ", .tail = tails[i]};
		struct document doc;
		struct error err = {0};
		char *s = repeat(&limit, 1000);
		ck_assert_msg(document_parse(s, strlen(s), "big", &doc, &err) == 0, "%s: %s", heads[i], err.text);
		document_fini(&doc);
		free(s);
	}
}
END_TEST

START_TEST(refuses_more_names_than_the_dictionary_takes)
{
	struct text t = {0};
	text_add(&t, "<html>");
	for (unsigned i = 0; i < 30000; i++)
		text_addf(&t, "<a%u></a%u>", i, i);
	refused("names", text_str(&t), "more than 20000 different names");
	text_fini(&t);
}
END_TEST

START_TEST(refuses_a_rowspan_that_repeats_its_text_too_often)
{
	/* 31 cells of 16000 bytes in each of 65534 rows: 32 GB from 520 KB. */
	struct limit cell = {.head = "<td rowspan=65534>", .piece = "x", .tail = ""};
	struct limit row = {.head = "", .piece = "<tr><td>y", .tail = "</table>"};
	struct text t = {0};
	char *wide = repeat(&cell, 16000), *rows = repeat(&row, 2000);
	text_add(&t, "<html><table><tr>");
	for (size_t i = 0; i < 31; i++)
		text_add(&t, wide);
	text_add(&t, rows);
	refused("rowspan", text_str(&t), "more than 33554432 bytes in all cells");
	text_fini(&t);
	free(wide);
	free(rows);
}
END_TEST

START_TEST(markdown_keeps_its_limits)
{
	static const struct limit limits[] = {
	        {"cell", "# a\n|a|\n|-|\n|", "x", 16384, 16385, "|\n", "line 4: more than 16384 bytes in a cell"},
	        {"cell_of_a_broken_row", "# a\n\n|a|b|\n|-|-|\n|c", "\nd", 8000, 9000, "|e|\n",
	                "more than 16384 bytes in a cell"},
	        {"rows", "|a|\n|-|\n", "|b|\n", 1000, 200001, "", "line 200003: more than 200000 table rows"},
	        {"tables", "# a\n\n", "a|b\n-|-\n\n", 20000, 20001, "", "more than 20000 tables"},
	        {"pipes", "# a\n\n", "|", 256, 257, "\n", "line 3: more than 256 '|' in a line"},
	        {"pipes_of_a_wide_row", "|a|\n|-|\n|", "b|", 255, 100000, "\n", "line 3: more than 256 '|' in a line"},
	        {"heading", "---\nx: y\n---\n# ", "x", 1024, 1025, "\n", "line 4: more than 1024 bytes in a heading"},
	        {"front_matter", "---\na: b\ntitle: ", "x", 1024, 1025, "\n---\n",
	                "line 3: more than 1024 bytes in an item of metadata"},
	        {"link_target", "# a\n\n[t](", "x", 4096, 4097, ")\n", "line 3: more than 4096 bytes in a link"},
	        {"links", "# a\n\n", "[t](u)\n\n", 1000, 200001, "", "more than 200000 links"},
	        {"block_quotes", "# a\n\n", "> ", 100, 101, "b\n", "line 3: more than 100 block quotes and lists"},
	        {"block_quotes_without_blanks", "# a\n\n", ">", 100, 1000000, "",
	                "more than 100 block quotes and lists"},
	        {"lists", "# a\n\n", "- ", 100, 500000, "b\n", "more than 100 block quotes and lists"},
	        {"numbered_lists", "# a\n\n", "1. ", 100, 101, "b\n", "more than 100 block quotes and lists"},
	        {"indented_lists", "# a\n\n", " ", 199, 200, "- b\n", "more than 100 block quotes and lists"},
	        {"marks", "# a\n```\n", "[[[[[[[[[\n", 99999, 100000, "", "more than 1000000 marks"},
	        {"open_brackets", "# a\n", "[", 10000, 1000001, "", "more than 1000000 marks"},
	        {"emphasis", "# a\n", "*a", 10000, 1000001, "", "more than 1000000 marks"},
	        {"definition_with_a_long_title", "# a\n\n[a]: /u \"", "t [a]\n", 2000, 3000, "\"\n",
	                "line 3: a link definition of 18009 bytes"},
	        {"definition_with_a_long_target", "# a\n\n[a]: /u", "[a]", 3000, 4000, "\n",
	                "a link definition of 12008 bytes"},
	        {"definition_over_two_lines", "# a\n\n> [a]:\n> /u\n> (", "[a] ", 2500, 4000, ")\n",
	                "a link definition of"},
	        {"paragraph_before_a_table", "# a\n\n", "a\n", 5000, 30000, "a|b\n-|-\nc|d\n",
	                "line 30004: more than 536870912 steps"},
	        {"rules_of_a_table_that_is_none", "# a\n\n", "a\n|-|-|\n", 500, 500000, "", "a table's header"},
	        {"declarations", "# a\n\n", "a <!X ", 2000, 20000, "", "line 3: more than 536870912 steps"},
	        {"instructions", "# a\n\n", "<? ", 2000, 20000, "", "the ends of declarations"},
	        {"character_data", "# a\n\na ", "<![CDATA[ ", 2000, 20000, "", "the ends of declarations"},
	        {"html_in_markdown", "# a\n\n<table>\n<tr>", "<td>x", 32, 33, "</table>",
	                "line 4: more than 32 columns"},
	};
	LIMITS(limits);
}
END_TEST

START_TEST(paragraphs_and_lines_under_rules_may_be_many)
{
	static const struct limit many[] = {
	        {.name = "separate tables", .head = "# a\n", .piece = "\nb\n\na|b\n-|-\nc|d\n", .tail = ""},
	        {.name = "rules", .head = "# a\n", .piece = "\nb\n---\nc\n", .tail = ""},
	        {.name = "definitions", .head = "# a\n\n", .piece = "[a]: /u\n", .tail = "\n[a] [a]\n"},
	        {.name = "blank lines", .head = "# a\n", .piece = "\n\n\n\n\n\n\n\n\n\n\n", .tail = "\n"},
	};
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		struct document doc;
		struct error err = {0};
		char *s = repeat(&many[i], i == 3 ? 100000 : 10000);
		ck_assert_msg(document_parse(s, strlen(s), "big", &doc, &err) == 0, "%s: %s", many[i].name, err.text);
		document_fini(&doc);
		free(s);
	}
}
END_TEST

START_TEST(refuses_a_wide_markdown_table)
{
	for (size_t columns = 32; columns <= 33; columns++) {
		struct text t = {0};
		struct document doc;
		struct error err = {0};
		text_add(&t, "# a\n\n|");
		for (size_t i = 0; i < columns; i++)
			text_add(&t, "a|");
		text_add(&t, "\n|");
		for (size_t i = 0; i < columns; i++)
			text_add(&t, "-|");
		if (columns == 33) {
			refused("columns", text_str(&t), "line 3: more than 32 columns");
		} else {
			ck_assert_int_eq(document_parse(text_str(&t), t.len, "big", &doc, &err), 0);
			ck_assert_uint_eq(doc.table[0].header.n, 32);
			document_fini(&doc);
		}
		text_fini(&t);
	}
}
END_TEST

START_TEST(plain_text_keeps_its_limits)
{
	static const struct limit limits[] = {
	        {"paragraphs", "", "x\n\n", 1000, 1000001, "", "line 2000001: more than 1000000 paragraphs"},
	        {"rows", "", "a\n\n5060\n\n", 1000, 200001, "", "more than 200000 table rows"},
	        {"cell", "a\n\nb\n\nc\n\n1\n\nTCP\n\n", "x", 16384, 16385, "\n\nd\n\n2\n\nTCP\n",
	                "more than 16384 bytes in a cell"},
	        {"cell_of_bullets", "a\n\nb\n\nc\n\n1\n\nTCP\n\nx\n\nd\n\n2\n\nTCP\n\nx\n\n", "- b\n\n", 4000, 5000, "",
	                "more than 16384 bytes in a cell"},
	        {"columns_of_tabs", "a\tb\tc\nd\t1", "\tx", 30, 31, "\n", "line 2: more than 32 columns"},
	        {"cell_of_tabs", "a\tb\tc\nd\t1\t", "x", 16384, 16385, "\n", "line 2: more than 16384 bytes in a cell"},
	        {"rows_of_tabs", "a\tb\tc\n", "d\t1\tx\n", 1000, 200001, "",
	                "line 200002: more than 200000 table rows"},
	};
	LIMITS(limits);
}
END_TEST

START_TEST(long_text_is_no_title_and_no_caption)
{
	static const struct limit text[] = {
	        {.name = "first paragraph", .head = "", .tail = "\n\nb\n\nc\n\nd\n\n1\n\ne\n\n2\n"},
	        {.name = "paragraph before a table", .head = "a\n\n", .tail = "\n\nc\n\nd\n\n1\n\ne\n\n2\n"},
	        {.name = "bold paragraph", .head = "# a\n\n**", .tail = "**\n\na|b\n-|-\nc|d\n"},
	        {.name = "paragraph over a rule", .head = "# a\n\nb\n", .tail = "\n---\n\na|b\n-|-\nc|d\n"},
	        {.name = "bold paragraph of HTML",
	                .head = "<html><h1>a</h1><p><b>",
	                .tail = "</b></p><table><tr><td>1</table>"},
	};
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct limit limit = text[i];
		struct document doc;
		struct error err = {0};
		limit.piece = "x ";
		char *s = repeat(&limit, 4000);
		ck_assert_msg(document_parse(s, strlen(s), "big", &doc, &err) == 0, "%s: %s", limit.name, err.text);
		ck_assert_uint_eq(doc.n_table, 1);
		ck_assert_uint_le(strlen(doc.title), 1);
		ck_assert_uint_le(strlen(doc.table[0].caption), 1);
		document_fini(&doc);
		free(s);
	}
}
END_TEST

START_TEST(only_links_into_the_own_folders_count)
{
	static const char *const foreign[] = {
	        "https://example.net/x", "mailto:a@example.net", "data:text/plain,x", "#top", "//example.net/x"};
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		char *s = xasprintf("# a\n\n[t](%s) [u](v.md)\n", foreign[i]);
		struct document doc;
		struct error err = {0};
		ck_assert_int_eq(document_parse(s, strlen(s), "x", &doc, &err), 0);
		ck_assert_uint_eq(doc.n_reference, 1);
		ck_assert_str_eq(doc.reference[0].target, "v.md");
		document_fini(&doc);
		free(s);
	}
}
END_TEST

START_TEST(refuses_a_file_over_the_limit_unread)
{
	struct document doc;
	struct error err = {0};
	/* The length alone decides: the bytes behind it are not there. */
	ck_assert_int_ne(document_parse("x", DOCUMENT_MAX_BYTES + 1, "big", &doc, &err), 0);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.text, "33554433 bytes; the limit of a document is 33554432, split it"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("document_limits");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 240);
	tcase_add_test(t, html_keeps_its_limits);
	tcase_add_test(t, what_looks_like_attributes_is_none);
	tcase_add_test(t, refuses_more_names_than_the_dictionary_takes);
	tcase_add_test(t, refuses_a_rowspan_that_repeats_its_text_too_often);
	tcase_add_test(t, markdown_keeps_its_limits);
	tcase_add_test(t, paragraphs_and_lines_under_rules_may_be_many);
	tcase_add_test(t, refuses_a_wide_markdown_table);
	tcase_add_test(t, plain_text_keeps_its_limits);
	tcase_add_test(t, long_text_is_no_title_and_no_caption);
	tcase_add_test(t, only_links_into_the_own_folders_count);
	tcase_add_test(t, refuses_a_file_over_the_limit_unread);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
