/* links: document base */
/*
 * The readers of documents: kinds, metadata, tables with their lines, and refusal of what is no document. All input is
 * made for these tests.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document/build.h"
#include "portcullis/document.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

#define DATA SOURCE_DIR "/tests/data/document/"

static void read_ok(const char *name, struct document *doc)
{
	struct error err = {0};
	char path[512];
	snprintf(path, sizeof(path), DATA "%s", name);
	ck_assert_msg(document_read(path, doc, &err) == 0, "%s: %s", err.where, err.text);
}

static void parse_ok(const char *s, struct document *doc)
{
	struct error err = {0};
	ck_assert_msg(document_parse(s, strlen(s), "test", doc, &err) == 0, "%s: %s", err.where, err.text);
}

START_TEST(finds_kind_title_language_article)
{
	static const struct {
		const char *file;
		enum document_kind kind;
		const char *title, *language, *article;
		size_t tables, references;
	} want[] = {
	        {"ports-de.md", DOCUMENT_MARKDOWN, "Ports der Testlandschaft: alle's auf einen Blick", "de",
	                "11111111-2222-3333-4444-555555555555", 4, 1},
	        {"ports-html.md", DOCUMENT_MARKDOWN, "Lync Server 2013 Ports in HTML", "de",
	                "66666666-2222-3333-4444-555555555555", 2, 0},
	        {"ports-pt.html", DOCUMENT_HTML, "Portas de teste do Skype para Business Server", "pt",
	                "11111111-2222-3333-4444-555555555555", 2, 1},
	        {"ports-paragraphs.txt", DOCUMENT_PARAGRAPHS, "Ports einer Testumgebung", "de", NULL, 1, 0},
	        {"ports-other.md", DOCUMENT_MARKDOWN, "Ports requis", "fr", NULL, 1, 0},
	        {"index.md", DOCUMENT_MARKDOWN, "Verzeichnis", "", NULL, 0, 2},
	};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct document doc;
		read_ok(want[i].file, &doc);
		ck_assert_int_eq(doc.kind, want[i].kind);
		ck_assert_str_eq(doc.title, want[i].title);
		ck_assert_str_eq(doc.language, want[i].language);
		ck_assert_pstr_eq(doc.article, want[i].article);
		ck_assert_uint_eq(doc.n_table, want[i].tables);
		ck_assert_uint_eq(doc.n_reference, want[i].references);
		document_fini(&doc);
	}
}
END_TEST

START_TEST(joins_a_row_that_a_line_break_splits)
{
	struct document doc;
	const struct row *row;
	read_ok("ports-de.md", &doc);
	ck_assert_uint_eq(doc.table[2].n_row, 2);
	row = &doc.table[2].row[1];
	ck_assert_uint_eq(row->line, 36);
	ck_assert_uint_eq(row->n, 4);
	ck_assert_str_eq(row->cell[0].text, "Telefonapparat Aastra 6725ip\nIP-Konferenztelefon Polycom CX3000");
	ck_assert_str_eq(row->cell[1].text, "67/68");
	ck_assert_str_eq(row->cell[3].text, "zwei Geräte");
	document_fini(&doc);
}
END_TEST

START_TEST(keeps_empty_rows_in_their_place)
{
	struct document doc;
	read_ok("ports-html.md", &doc);
	ck_assert_uint_eq(doc.table[0].n_row, 4);
	for (size_t c = 0; c < doc.table[0].row[1].n; c++)
		ck_assert_str_eq(doc.table[0].row[1].cell[c].text, "");
	ck_assert_uint_eq(doc.table[0].row[2].line, 40);
	/* rowspan: the role of the row above */
	ck_assert_str_eq(doc.table[0].row[3].cell[0].text, "Vermittlungsserver");
	ck_assert_str_eq(doc.table[0].row[2].cell[1].text, "Lync Server-Vermittlungsdienst");
	document_fini(&doc);
}
END_TEST

START_TEST(paragraph_rows_of_three_to_six_paragraphs_stay_whole)
{
	static const struct {
		unsigned line;
		const char *role, *port, *protocol;
	} want[] = {
	        {9, "Front-End-Server", "5060/5061", "TCP\nMTLS"},
	        {19, "Communicator Web Access", "49152 bis 65535", ""},
	        {25, "Communicator Web Access-Server", "443", "HTTPS"},
	        {33, "Edgeserver", "50,000-59,999", "RTP/TCP"},
	        {41, "System zum Lastenausgleich für Edgeserver", "3478", "User Datagram Protocol (UDP)"},
	        {52, "Live Meeting 2007-Client", "8057", "TCP"},
	};
	struct document doc;
	read_ok("ports-paragraphs.txt", &doc);
	ck_assert_uint_eq(doc.table[0].n_row, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct row *row = &doc.table[0].row[i];
		ck_assert_uint_eq(row->line, want[i].line);
		ck_assert_str_eq(row->cell[0].text, want[i].role);
		ck_assert_str_eq(row->cell[1].text, want[i].port);
		ck_assert_str_eq(row->cell[2].text, want[i].protocol);
	}
	ck_assert_str_eq(doc.table[0].row[2].cell[3].text, "HTTP über TLS");
	ck_assert_str_eq(doc.table[0].row[5].cell[3].text, "Der letzte Hinweis");
	ck_assert_str_eq(doc.table[0].caption, "Tabelle 1. Ports der Testumgebung");
	document_fini(&doc);
}
END_TEST

START_TEST(refuses_what_is_no_document)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		const char *text;
	} bad[] = {
	        {"empty", "", 0, "empty"},
	        {"blank", " \n\t\n", 4, "empty"},
	        {"only_a_byte_order_mark", "\xef\xbb\xbf", 3, "empty"},
	        {"nul", "a\0b", 3, "binary"},
	        {"elf",
	                "\x7f"
	                "ELF",
	                4, "binary"},
	        {"latin1", "T\xfcr\n", 4, "line 1: byte 0xfc is not UTF-8"},
	        {"cut_character", "a\n\xe2\x82", 4, "line 2: byte 0xe2 is not UTF-8"},
	        {"overlong", "\xc0\xaf", 2, "not UTF-8"},
	        {"surrogate", "\xed\xa0\x80", 3, "not UTF-8"},
	        {"utf16", "\xff\xfe|\0", 4, "UTF-16"},
	        {"utf16_big_endian", "\xfe\xff\0|", 4, "UTF-16"},
	        {"utf16_without_mark", "|\0a\0|\0", 6, "UTF-16"},
	        {"utf16_big_endian_without_mark", "\0|\0a\0|", 6, "UTF-16"},
	        {"nul_far_in_the_text", "| a |\n|---|\n| \0 |", 16, "line 3: byte 0x00 at offset 14: a binary file"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct document doc;
		struct error err = {0};
		ck_assert_msg(document_parse(bad[i].bytes, bad[i].len, "x", &doc, &err) != 0, "%s", bad[i].name);
		ck_assert_int_eq(err.code, ERR_FORMAT);
		ck_assert_str_eq(err.where, "x");
		ck_assert_msg(strstr(err.text, bad[i].text) != NULL, "%s: %s", bad[i].name, err.text);
		ck_assert_ptr_null(doc.table);
	}
}
END_TEST

START_TEST(refuses_a_huge_file_before_reading_it)
{
	char path[] = "/tmp/portcullis-check-XXXXXX";
	int fd = mkstemp(path);
	struct document doc;
	struct error err = {0};
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 200l * 1024 * 1024), 0);
	close(fd);
	ck_assert_int_ne(document_read(path, &doc, &err), 0);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	unlink(path);
	ck_assert_int_ne(document_read("/nonexistent/x.md", &doc, &err), 0);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

static char *repeat(const char *head, const char *piece, size_t n, const char *tail)
{
	struct text t = {0};
	text_add(&t, head);
	for (size_t i = 0; i < n; i++)
		text_add(&t, piece);
	text_add(&t, tail);
	return text_take(&t);
}

START_TEST(html_lines_are_exact_beyond_65535)
{
	char *s = repeat("<html><body>", "\n", 70000, "<table><tr><th>Port</th></tr>\n<tr><td>443</td></tr></table>");
	struct document doc;
	parse_ok(s, &doc);
	ck_assert_uint_eq(doc.n_table, 1);
	ck_assert_uint_eq(doc.table[0].row[0].line, 70002);
	document_fini(&doc);
	free(s);
}
END_TEST

START_TEST(a_table_without_closing_tags_is_read)
{
	struct document doc;
	parse_ok("<table><tr><td>Port<tr><td>443", &doc);
	ck_assert_uint_eq(doc.n_table, 1);
	ck_assert_str_eq(doc.table[0].header.cell[0].text, "Port");
	ck_assert_str_eq(doc.table[0].row[0].cell[0].text, "443");
	document_fini(&doc);
}
END_TEST

START_TEST(text_without_tables_gives_none)
{
	struct document doc;
	parse_ok("Ein Satz.\n\n2009\n\nNoch ein Satz, in dem nichts steht.\n", &doc);
	ck_assert_int_eq(doc.kind, DOCUMENT_PARAGRAPHS);
	ck_assert_uint_eq(doc.n_table, 0);
	document_fini(&doc);
}
END_TEST

START_TEST(cells_are_tidied)
{
	static const struct {
		const char *in, *want;
	} cell[] = {
	        {"  a \xc2\xa0 b  ", "a b"},
	        {"\n\n a \n\n b\n", "a\nb"},
	        {"UDP &amp; TCP", "UDP & TCP"},
	        {"a&nbsp;b", "a b"},
	        {"a\xc2\xad"
	         "b\xe2\x80\x8b"
	         "c",
	                "abc"},
	        {"\xe2\x80\x91"
	         "x",
	                "\xe2\x80\x91"
	                "x"},
	        {"", ""},
	};
	for (size_t i = 0; i < sizeof(cell) / sizeof(cell[0]); i++) {
		char *got = cell_tidy(cell[i].in);
		ck_assert_str_eq(got, cell[i].want);
		free(got);
	}
}
END_TEST

START_TEST(concatenation_grows_linearly)
{
	/* Not time, which a busy machine stretches: rows and lines of the last copy must be right. */
	char *piece, *s;
	size_t len, lines = 0;
	struct error err = {0};
	struct document doc;
	ck_assert_int_eq(file_read(DATA "ports-html.md", 1 << 20, &piece, &len, &err), 0);
	for (size_t i = 0; i < len; i++)
		lines += piece[i] == '\n';
	s = repeat("", piece, 50, "");
	parse_ok(s, &doc);
	ck_assert_uint_eq(doc.n_table, 100);
	ck_assert_uint_eq(doc.table[98].row[0].line, 49 * lines + 23);
	document_fini(&doc);
	free(s);
	free(piece);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("document");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, finds_kind_title_language_article);
	tcase_add_test(t, joins_a_row_that_a_line_break_splits);
	tcase_add_test(t, keeps_empty_rows_in_their_place);
	tcase_add_test(t, paragraph_rows_of_three_to_six_paragraphs_stay_whole);
	tcase_add_test(t, refuses_what_is_no_document);
	tcase_add_test(t, refuses_a_huge_file_before_reading_it);
	tcase_add_test(t, html_lines_are_exact_beyond_65535);
	tcase_add_test(t, a_table_without_closing_tags_is_read);
	tcase_add_test(t, text_without_tables_gives_none);
	tcase_add_test(t, cells_are_tidied);
	tcase_add_test(t, concatenation_grows_linearly);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
