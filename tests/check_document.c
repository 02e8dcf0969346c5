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

START_TEST(language_is_read_from_metadata)
{
	static const struct {
		const char *name, *bytes, *language;
	} meta[] = {
	        {"contentlocale", "---\nms.contentlocale: ko-KR\n---\n# x\n", "ko"},
	        {"locale", "---\nlocale: zh-tw\n---\n# x\n", "zh"},
	        {"simplified", "---\nms.contentlocale: zh-Hans-CN\n---\n# x\n", "zh"},
	        {"quoted", "---\nms.locale: \"fr-fr\"\n---\n# x\n", "fr"},
	        {"mtpsurl", "---\nms:mtpsurl: https://example.org/ja-jp/library/Gg1(v=OCS.15)\n---\n# x\n", "ja"},
	        {"first_counts", "---\nms.contentlocale: ru-RU\nms:mtpsurl: https://example.org/de-de/l/x\n---\n# x\n",
	                "ru"},
	        {"html_lang", "<html lang=\"zh-CN\"><body><p>x</p></body></html>", "zh"},
	        {"meta_locale", "<html><head><meta name=\"ms.locale\" content=\"it-it\"></head><body></body></html>",
	                "it"},
	        {"no_language", "---\nlanguage: 7\n---\n# x\n", ""},
	};
	for (size_t i = 0; i < sizeof(meta) / sizeof(meta[0]); i++) {
		struct document doc;
		parse_ok(meta[i].bytes, &doc);
		ck_assert_msg(strcmp(doc.language, meta[i].language) == 0, "%s: %s", meta[i].name, doc.language);
		document_fini(&doc);
	}
}
END_TEST

START_TEST(language_is_guessed_from_words)
{
	static const struct {
		const char *language, *text;
	} sample[] = {
	        {"de", "Der Dienst wird von den Servern und von der Firewall verwendet, die für Skype for Business "
	               "Server "
	               "offen ist."},
	        {"en", "The service is used by the servers and by clients of Skype for Business Server; ports are open "
	               "to "
	               "all of them."},
	        {"fr", "Le serveur est utilisé par les clients et les serveurs pour Skype for Business Server, et aux "
	               "frontières du réseau."},
	        {"es", "El puerto del servicio se utiliza por los servidores y las aplicaciones de Skype for Business "
	               "Server; una regla basta."},
	        {"it", "Il servizio che viene utilizzata per gli utenti di Skype for Business Server è quello della "
	               "rete, "
	               "dal ruolo."},
	        {"pt", "Uma porta não usada pelo serviço; os clientes em Skype for Business Server são poucos para uma "
	               "função."},
	        {"ru", "Порт открывает служба Skype для бизнеса Server на каждом сервере."},
	        {"ja", "このポートは Skype for Business Server のサービスが使うもので、常に開いています。"},
	        {"ko", "이 포트는 비즈니스용 Skype 서버 서비스가 사용하며 항상 열려 있어야 합니다."},
	        {"zh", "此端口由前端服务器上的服务使用，必须在防火墙上保持打开状态，不得关闭。"},
	        {"zh", "此連接埠由前端伺服器上的服務使用，必須在防火牆上保持開啟狀態，不得關閉。"},
	        {"", "TCP 443 UDP 3478 Skype for Business Server for for for for for"},
	        /* A name in another script is no edition of it. */
	        {"en", "The word Корпоративный Интерфейсный Сервер is a quotation; the rest of the page is in English "
	               "and "
	               "is used to test that the letters of a name, however long it is, do not decide what the "
	               "language "
	               "of the page is. Padding: Skype for Business Server, Lync Server, Office Communications Server, "
	               "Front End Server, Mediation Server, Director, Edge Server, reverse proxy, load balancer, "
	               "client, "
	               "phone, gateway, and whatever else the tables of such a page are made of, again and again and "
	               "again, so that there is Latin text in plenty around the few letters of the quoted name."},
	};
	for (size_t i = 0; i < sizeof(sample) / sizeof(sample[0]); i++)
		ck_assert_msg(strcmp(language_guess(sample[i].text), sample[i].language) == 0, "'%s' is taken for '%s'",
		        sample[i].text, language_guess(sample[i].text));
}
END_TEST

START_TEST(product_is_known_by_version_title_or_text)
{
	static const struct {
		const char *name, *bytes, *product;
	} sample[] = {
	        {"title", "---\ntitle: Ports in Lync Server 2013\n---\nSkype for Business Server\n",
	                "Lync Server 2013"},
	        {"text", "# Ports\n\nFür Lync Server 2013 und Lync Server.\n", "Lync Server"},
	        {"commoner", "# Ports\n\nLync Server, Skype for Business Server, Skype for Business Server 2015.\n",
	                "Skype for Business Server"},
	        {"lync_2010_by_words", "# Ports\n\nLync Server 2010 und Lync Server.\n", "Lync Server 2010"},
	        {"ocs_15", "---\nmtps_version: v=OCS.15\n---\n# Ports\n\nLync Server 2010\n", "Lync Server 2013"},
	        {"ocs_14", "---\nmtps_version: v=OCS.14\n---\n# Ports\n\nLync Server\n", "Lync Server 2010"},
	        {"prod", "---\nms.prod: skype-for-business-itpro\n---\n# Ports\n", "Skype for Business Server"},
	        {"service", "---\nms.service: skype-for-business-server\n---\n# Ports\n", "Skype for Business Server"},
	        {"words_over_prod", "---\nms.prod: skype-for-business-itpro\n---\n# Ports\n\nLync Server 2013\n",
	                "Lync Server 2013"},
	        {"version_over_prod", "---\nms.prod: skype-for-business-itpro\nmtps_version: v=OCS.14\n---\n# Ports\n",
	                "Lync Server 2010"},
	        {"online",
	                "---\nms.prod: skype-for-business-itpro\nms.service: skype-for-business-online\n---\n# Ports\n",
	                NULL},
	        {"other_service", "---\nms.service: msteams\n---\n# Ports\n", NULL},
	        {"fr", "# Ports de Skype Entreprise Server\n", "Skype for Business Server"},
	        {"es", "# Puertos\n\nSkype Empresarial\xc2\xa0Server 2015\n", "Skype for Business Server"},
	        {"ru", "# Порты\n\nSkype для бизнеса Server\n", "Skype for Business Server"},
	        {"ja", "# ポート\n\nSkype for Business サーバー\n", "Skype for Business Server"},
	        {"ko", "# 포트\n\n비즈니스용 Skype 서버\n", "Skype for Business Server"},
	        {"zh_cn", "# 端口\n\nSkype for Business 服务器\n", "Skype for Business Server"},
	        {"zh_tw", "# 連接埠\n\n商務用 Skype Server\n", "Skype for Business Server"},
	        {"r2", "# Ports\n\nOffice Communications Server 2007 R2\n", "Office Communications Server 2007 R2"},
	        {"none", "# Ports\n\nSkype\n", NULL},
	};
	for (size_t i = 0; i < sizeof(sample) / sizeof(sample[0]); i++) {
		struct document doc;
		const char *have, *want = sample[i].product != NULL ? sample[i].product : "none";
		parse_ok(sample[i].bytes, &doc);
		have = doc.body_product_hint != NULL ? doc.body_product_hint : "none";
		ck_assert_msg(strcmp(have, want) == 0, "%s: is taken for %s", sample[i].name, have);
		document_fini(&doc);
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
	tcase_add_test(t, language_is_read_from_metadata);
	tcase_add_test(t, language_is_guessed_from_words);
	tcase_add_test(t, product_is_known_by_version_title_or_text);
	tcase_add_test(t, concatenation_grows_linearly);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
