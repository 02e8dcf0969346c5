/* links: document base */
/*
 * The shapes that tables have in documents: each input beside the tables that a person would read in it. All input is made
 * for these tests.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/document.h"
#include "portcullis/text.h"

struct shape {
	const char *name, *in, *want;
};

static void row_print(struct text *t, char mark, const struct row *row)
{
	text_addf(t, "%c%u", mark, row->line);
	for (size_t c = 0; c < row->n; c++) {
		text_add(t, c == 0 ? " " : " | ");
		for (const char *s = row->cell[c].text; *s != '\0'; s++)
			text_addn(t, *s == '\n' ? "/" : s, 1);
	}
	text_add(t, "\n");
}

/* "=LINE CAPTION" opens a table, "#LINE" its header, "-LINE" a row; '/' is a line end inside a cell. */
static char *document_print(const struct document *doc)
{
	struct text t = {0};
	for (size_t i = 0; i < doc->n_table; i++) {
		const struct table *table = &doc->table[i];
		text_addf(&t, "=%u %s\n", table->line, table->caption);
		if (table->header.n > 0)
			row_print(&t, '#', &table->header);
		for (size_t r = 0; r < table->n_row; r++)
			row_print(&t, '-', &table->row[r]);
	}
	return text_take(&t);
}

static void shapes_check(const struct shape *shape, size_t n, enum document_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		struct document doc;
		struct error err = {0};
		char *got;
		ck_assert_msg(document_parse(shape[i].in, strlen(shape[i].in), "test", &doc, &err) == 0, "%s: %s",
		        shape[i].name, err.text);
		ck_assert_msg(doc.kind == kind, "%s: read as %s", shape[i].name, document_kind_name(doc.kind));
		got = document_print(&doc);
		ck_assert_msg(strcmp(got, shape[i].want) == 0, "%s:\n%s--- not\n%s", shape[i].name, got, shape[i].want);
		free(got);
		document_fini(&doc);
	}
}

START_TEST(markdown_shapes)
{
	static const struct shape shapes[] = {
	        {"without_outer_pipes",
	                "# T\n\nRole | Port | Protocol\n--- | --- | ---\nEdge | 443 | TCP\nDirector | 5061 | TLS\n",
	                "=3 T\n#3 Role | Port | Protocol\n-5 Edge | 443 | TCP\n-6 Director | 5061 | TLS\n"},
	        {"right_after_a_paragraph",
	                "# T\n\nSome words\nand more\n| Role | Port |\n| --- | --- |\n| Edge | 443 |\n",
	                "=5 T\n#5 Role | Port\n-7 Edge | 443\n"},
	        {"header_alone_after_a_paragraph", "# T\n\nWords\n| Role | Port |\n| --- | --- |\n",
	                "=4 T\n#4 Role | Port\n"},
	        {"escaped_pipes", "# T\n\n|Role|Port|\n|-|-|\n|Edge \\| Proxy|443|\n|`a \\| b`|5061|\n",
	                "=3 T\n#3 Role | Port\n-5 Edge | Proxy | 443\n-6 a | b | 5061\n"},
	        {"in_a_block_quote", "# T\n\n> |Role|Port|\n> |-|-|\n> |Edge|443|\n> |Director|5061|\n",
	                "=3 T\n#3 Role | Port\n-5 Edge | 443\n-6 Director | 5061\n"},
	        {"in_a_block_quote_with_a_broken_row",
	                "# T\n\n> |Role|Port|\n> |-|-|\n> |Front\n> end|443|\n> |Edge|5061|\n",
	                "=3 T\n#3 Role | Port\n-5 Front end | 443\n-7 Edge | 5061\n"},
	        {"in_a_list", "# T\n\n- one\n\n  |Role|Port|\n  |-|-|\n  |Edge|443|\n",
	                "=5 T\n#5 Role | Port\n-7 Edge | 443\n"},
	        {"dos_line_ends_and_mark", "\xef\xbb\xbf# T\r\n\r\n|Role|Port|\r\n|-|-|\r\n|Edge|443|\r\n",
	                "=3 T\n#3 Role | Port\n-5 Edge | 443\n"},
	        {"old_mac_line_ends", "# T\r\r|Role|Port|\r|-|-|\r|Edge|443|\r",
	                "=3 T\n#3 Role | Port\n-5 Edge | 443\n"},
	        {"breaks_of_every_spelling",
	                "# T\n\n|a|b|\n|-|-|\n|q<br>r<br/>s<BR />t</br>u<br >v<br class=\"x\">w<bruce>x|1|\n",
	                "=3 T\n#3 a | b\n-5 q/r/s/t/u/v/wx | 1\n"},
	        {"entities_encoded_twice", "# T\n\n|a|b|\n|-|-|\n|x &amp;amp; y&amp;nbsp;z &amp;#8211; &amp;foo;|1|\n",
	                "=3 T\n#3 a | b\n-5 x & y z \xe2\x80\x93 &foo; | 1\n"},
	        {"characters_without_width",
	                "# T\n\n|a|b|\n|-|-|\n|so\xc2\xad"
	                "ft|50\xe2\x80\x8b"
	                "60\xef\xbb\xbf|\n",
	                "=3 T\n#3 a | b\n-5 soft | 5060\n"},
	        {"bold_caption", "# T\n\n**Ports of the edge**\n\n|a|b|\n|-|-|\n|x|1|\n",
	                "=5 Ports of the edge\n#5 a | b\n-7 x | 1\n"},
	        {"html_table_with_blank_lines",
	                "# T\n\n<table>\n<tr><th>a</th></tr>\n\n<tr><td>443</td></tr>\n\n</table>\n",
	                "=3 T\n#4 a\n-6 443\n"},
	};
	shapes_check(shapes, sizeof(shapes) / sizeof(shapes[0]), DOCUMENT_MARKDOWN);
}
END_TEST

START_TEST(html_shapes)
{
	static const struct shape shapes[] = {
	        {"row_headers",
	                "<html><table><tr><th>Role</th><th>Port</th></tr>\n<tr><th>Edge</th><td>443</td></tr>\n"
	                "<tr><th>Director</th><td>5061</td></tr></table>",
	                "=1 \n#1 Role | Port\n-2 Edge | 443\n-3 Director | 5061\n"},
	        {"row_headers_without_a_header", "<html><table><tr><th>Edge</th><td>443</td></tr></table>",
	                "=1 \n-1 Edge | 443\n"},
	        {"caption", "<html><h2>H</h2><table><caption>All <b>ports</b></caption><tr><td>Port<tr><td>443</table>",
	                "=1 All ports\n#1 Port\n-1 443\n"},
	        {"caption_left_open", "<html><table><caption>All ports<tr><td>Port<tr><td>443</table>",
	                "=1 All ports\n#1 Port\n-1 443\n"},
	        {"heading_left_open", "<html><h2>All ports<table><tr><td>Port<tr><td>443</table>",
	                "=1 All ports\n#1 Port\n-1 443\n"},
	        {"heading_in_a_cell", "<html><h2>H</h2><table><tr><td><h4>Port</h4>of it<tr><td>443</table>",
	                "=1 H\n#1 Port/of it\n-1 443\n"},
	        {"header_of_plain_cells", "<html><table><tr><td>Role<td>Port<tr><td>Edge<td>443</table>",
	                "=1 \n#1 Role | Port\n-1 Edge | 443\n"},
	        {"no_header_but_a_list_of_ports", "<html><table><tr><td>Edge<td>443, 5061<tr><td>A<td>80</table>",
	                "=1 \n-1 Edge | 443, 5061\n-1 A | 80\n"},
	        {"thead_and_tfoot",
	                "<html><table><thead><tr><td>Port<tfoot><tr><td>1<tbody><tr><td>443</tbody></table>",
	                "=1 \n#1 Port\n-1 1\n-1 443\n"},
	        {"spans",
	                "<html><table><tr><th>Role<th>Port<th>P\n<tr><td rowspan=2>Edge<td>443<td>TCP\n"
	                "<tr><td colspan=2>444\n<tr><td rowspan=0>All<td>1<td "
	                "rowspan=\"2\">UDP\n<tr><td>2\n<tr><td>3</table>",
	                "=1 \n#1 Role | Port | P\n-2 Edge | 443 | TCP\n-3 Edge | 444 | \n-4 All | 1 | UDP\n"
	                "-5 All | 2 | UDP\n-6 All | 3\n"},
	        {"span_behind_a_short_row",
	                "<html><table><tr><td>Role<td>Port<td>P<tr><td>E<td>443<td "
	                "rowspan=2>TCP<tr><td>F<tr><td>G</table>",
	                "=1 \n#1 Role | Port | P\n-1 E | 443 | TCP\n-1 F |  | TCP\n-1 G\n"},
	        {"spans_that_are_no_numbers", "<html><table><tr><td>Port<tr><td colspan=-3 rowspan=x>443</table>",
	                "=1 \n#1 Port\n-1 443\n"},
	        {"breaks_of_every_spelling",
	                "<html><table><tr><td>Port<tr><td>q<br>r<br/>s<BR />t</br>u</BR >v<br class=\"x\">w</table>",
	                "=1 \n#1 Port\n-1 q/r/s/t/u/v/w\n"},
	        {"table_in_a_cell",
	                "<html><table><tr><td>Port<tr><td>443<table><tr><td>in<td>ner</table>out<tr><td>444</table>",
	                "=1 \n#1 Port\n-1 443/in/ner/out\n-1 444\n"},
	        {"entities_encoded_twice",
	                "<html><table><tr><td>Port<tr><td>a &amp;amp; b&amp;nbsp;c &amp;amp;amp; "
	                "&amp;#xA0;d&amp;shy;e</table>",
	                "=1 \n#1 Port\n-1 a & b c & de\n"},
	        {"characters_without_width",
	                "<html><table><tr><td>Port<tr><td>50&#8203;60&shy;\xef\xbb\xbf &#x200d;x</table>",
	                "=1 \n#1 Port\n-1 5060 x\n"},
	        {"a_charset_that_is_not_so",
	                "<html><meta charset=iso-8859-1><table><tr><td>Port<tr><td>f\xc3\xbcr</table>",
	                "=1 \n#1 Port\n-1 f\xc3\xbcr\n"},
	        {"scripts_are_no_text",
	                "<html><script>if (a<b) "
	                "w(\"<table><tr><td>1</b>\");</script><table><tr><td>Port<tr><td>443</table>",
	                "=1 \n#1 Port\n-1 443\n"},
	        {"dos_line_ends_and_mark",
	                "\xef\xbb\xbf<html>\r\n<table>\r\n<tr><td>Port\r\n<tr><td>443\r\n</table>\r\n",
	                "=2 \n#3 Port\n-4 443\n"},
	};
	shapes_check(shapes, sizeof(shapes) / sizeof(shapes[0]), DOCUMENT_HTML);
}
END_TEST

#define TOP "Title\n\nTable 1. Servers\n\nComponent Port Protocol Notes\n\n"
#define TOP_WANT "=7 Table 1. Servers\n#5 Component Port Protocol Notes\n"

START_TEST(paragraph_shapes)
{
	static const struct shape shapes[] = {
	        {"notes_with_bullets",
	                TOP "Edge\n\n443\n\nTCP\n\nA list:\n\n\xe2\x80\xa2 one\n\n- "
	                    "two\n\nProxy\n\n80\n\nHTTP\n\nEnd\n\n* x\n\nOut\n",
	                TOP_WANT
	                "-7 Edge | 443 | TCP | A list:/\xe2\x80\xa2 one/- two\n-19 Proxy | 80 | HTTP | End/* x\n"},
	        {"rows_without_protocol_or_note",
	                TOP "Edge\n\n443\n\nno acronym but many "
	                    "words\n\nProxy\n\n80\n\nHTTP\n\nPool\n\n135\n\nAlso\n\n81\n\nTCP\n",
	                TOP_WANT
	                "-7 Edge | 443 |  | no acronym but many words\n-13 Proxy | 80 | HTTP | \n-19 Pool | 135 |  | \n"
	                "-23 Also | 81 | TCP | \n"},
	        {"two_tables",
	                TOP "Edge\n\n443\n\nTCP\n\none\n\nPool\n\n135\n\nRPC\n\ntwo\n\nTable 2. Clients\n\n"
	                    "Client Port Protocol Notes\n\nPhone\n\n67\n\nUDP\n\nthree\n\nDesk\n\n68\n\nUDP\n\nfour\n",
	                TOP_WANT
	                "-7 Edge | 443 | TCP | one\n-15 Pool | 135 | RPC | two\n=27 Table 2. Clients\n"
	                "#25 Client Port Protocol Notes\n-27 Phone | 67 | UDP | three\n-35 Desk | 68 | UDP | four\n"},
	        {"two_tables_under_one_caption",
	                TOP "Edge\n\n443\n\nTCP\n\none\n\nPool\n\n135\n\nRPC\n\ntwo\n\nClient Port Protocol Notes\n\n"
	                    "Phone\n\n67\n\nUDP\n\nthree\n\nDesk\n\n68\n\nUDP\n\nfour\n",
	                TOP_WANT
	                "-7 Edge | 443 | TCP | one\n-15 Pool | 135 | RPC | two\n=25 Table 1. Servers\n"
	                "#23 Client Port Protocol Notes\n-25 Phone | 67 | UDP | three\n-33 Desk | 68 | UDP | four\n"},
	        {"a_second_table_of_one_row",
	                TOP "Edge\n\n443\n\nTCP\n\none\n\nPool\n\n135\n\nRPC\n\ntwo\n\nTable 2\n\nClient Port Protocol "
	                    "Notes\n\n"
	                    "Phone\n\n67\n\nUDP\n\nthree\n\n- four\n\nOut\n",
	                TOP_WANT "-7 Edge | 443 | TCP | one\n-15 Pool | 135 | RPC | two\n=27 Table 2\n"
	                         "#25 Client Port Protocol Notes\n-27 Phone | 67 | UDP | three/- four\n"},
	        {"a_number_in_the_text_before",
	                "Title\n\nStep 20\n\nTable 1\n\nComponent Port Protocol\n\nEdge\n\n443\n\nTCP\n\n"
	                "one\n\nPool\n\nTCP 135\n\nRPC\n",
	                "=9 Table 1\n#7 Component Port Protocol\n-9 Edge | 443 | TCP | one\n-17 Pool | TCP 135 | RPC | "
	                "\n"},
	        {"blank_lines_that_hold_blanks",
	                "Title\r\n\r\nTable 1. Servers\r\n\t\r\nComponent Port Protocol Notes\r\n\xc2\xa0\r\nEdge\r\n "
	                "\t \r\n443"
	                "\r\n\xc2\xa0\xc2\xa0\r\nTCP\r\n\xe2\x80\x8b\r\none\xc2\xa0more\r\n\r\nPool\r\n\r\n135\r\n\r\nR"
	                "PC\r\n",
	                TOP_WANT "-7 Edge | 443 | TCP | one more\n-15 Pool | 135 | RPC | \n"},
	        {"columns_of_tabs",
	                "Title\n\nTable 1\n\nRole\tPort\tProtocol\tNotes\nEdge\t443\tTCP\ta note\nPool\t135\t\t\n\n"
	                "Front\t5060/5061\tTCP\tx\nText after it\n",
	                "=5 Table 1\n#5 Role | Port | Protocol | Notes\n-6 Edge | 443 | TCP | a note\n-7 Pool | 135 |  "
	                "| \n"
	                "-9 Front | 5060/5061 | TCP | x\n"},
	        {"columns_of_tabs_without_a_header", "Edge\t443\tTCP\r\nPool\t135\tRPC\r\n",
	                "=1 \n-1 Edge | 443 | TCP\n-2 Pool | 135 | RPC\n"},
	        {"tabs_between_paragraphs",
	                TOP
	                "Edge\n\n443\n\nTCP\n\none\n\nPool\n\n135\n\nRPC\n\ntwo\n\nRole\tPort\tProtocol\nA\t80\tTCP\n\n"
	                "Client Port Protocol Notes\n\nPhone\n\n67\n\nUDP\n\nthree\n\nDesk\n\n68\n\nUDP\n\nfour\n",
	                TOP_WANT
	                "-7 Edge | 443 | TCP | one\n-15 Pool | 135 | RPC | two\n=23 Table 1. Servers\n"
	                "#23 Role | Port | Protocol\n-24 A | 80 | TCP\n=28 Table 1. Servers\n"
	                "#26 Client Port Protocol Notes\n-28 Phone | 67 | UDP | three\n-36 Desk | 68 | UDP | four\n"},
	        {"tabs_without_ports_are_text",
	                "Title\n\nOne\ttwo\tthree\nfour\tfive\tsix\n\n\xe2\x80\xa2\tbullet\n\n1.\tmore\n", ""},
	};
	shapes_check(shapes, sizeof(shapes) / sizeof(shapes[0]), DOCUMENT_PARAGRAPHS);
}
END_TEST

START_TEST(only_paragraph_tables_are_positional)
{
	static const char in[] = TOP "Edge\n\n443\n\nTCP\n\none\n\nPool\n\n135\n\nRPC\n\ntwo\n\nA\tP\tX\nB\t80\tTCP\n";
	struct document doc;
	struct error err;
	ck_assert_int_eq(document_parse(in, strlen(in), "test", &doc, &err), 0);
	ck_assert_uint_eq(doc.n_table, 2);
	ck_assert(doc.table[0].positional);
	ck_assert(!doc.table[1].positional);
	document_fini(&doc);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("document_shapes");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, markdown_shapes);
	tcase_add_test(t, html_shapes);
	tcase_add_test(t, paragraph_shapes);
	tcase_add_test(t, only_paragraph_tables_are_positional);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
