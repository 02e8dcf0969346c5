/* links: catalog document base */
/*
 * From cells to facts: spellings of protocols, and whole documents against the JSON that `portcullis import --json` must
 * give. All documents are made for these tests.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/import.h"
#include "portcullis/text.h"

#define DATA SOURCE_DIR "/tests/data/document/"

START_TEST(port_spellings)
{
	static const struct {
		const char *in, *want; /* "!": refused */
	} cell[] = {
	        {"5061", "5061"},
	        {"5060/5061", "5060 5061"},
	        {"67/68", "67 68"},
	        {"49152-57500", "49152-57500"},
	        {"49152 \xe2\x80\x93 57500", "49152-57500"},
	        {"49152\xe2\x80\x91"
	         "57500",
	                "49152-57500"},
	        {"49152 bis 65535", "49152-65535"},
	        {"49152 A 65535", "49152-65535"},
	        {"49152 a 65535", "49152-65535"},
	        {"49152 to 65535", "49152-65535"},
	        {"49152 ～ 65535", "49152-65535"},
	        {"49152~65535", "49152-65535"},
	        {"49152 和 65535 之间", "49152-65535"},
	        {"between 1024 and 2048", "1024-2048"},
	        {"zwischen 1024 und 2048", "1024-2048"},
	        {"entre 1024 e 2048", "1024-2048"},
	        {"49152から65535", "49152-65535"},
	        {"50,000-59,999", "50000-59999"},
	        {"50.000-59.999", "50000-59999"},
	        {"50\xc2\xa0"
	         "000-59\xc2\xa0"
	         "999",
	                "50000-59999"},
	        {"50,001", "50001"},
	        {"443, 444", "443 444"},
	        {"443,444", "443 444"},
	        {"443 und 444", "443 444"},
	        {"443, 5061-5063", "443 5061-5063"},
	        {"1024-65535 *", "1024-65535"},
	        {"1024-65535*", "1024-65535"},
	        {"443/TCP", "443"},
	        {"UDP 3478", "3478"},
	        {"TCP:443", "443"},
	        {"４４３", "443"},
	        {"443（TCP）", "443"},
	        {"", "!"},
	        {"67 68", "!"},
	        {"6891 6901", "!"},
	        {"0", "!"},
	        {"65536", "!"},
	        {"99999999999999999999", "!"},
	        {"500-400", "!"},
	        {"443-", "!"},
	        {"-443", "!"},
	        {"80-90-100", "!"},
	        {"80--90", "!"},
	        {"http", "!"},
	        {"443 (extern)", "!"},
	        {"*", "!"},
	};
	for (size_t i = 0; i < sizeof(cell) / sizeof(cell[0]); i++) {
		struct ports ports;
		struct text got = {0};
		const char *reason = NULL;
		char buf[16];
		if (ports_parse(cell[i].in, &ports, &reason) != 0) {
			ck_assert_msg(strcmp(cell[i].want, "!") == 0 && reason != NULL, "'%s' is refused: %s",
			        cell[i].in, reason);
			continue;
		}
		for (size_t k = 0; k < ports.n; k++)
			text_addf(&got, "%s%s", k > 0 ? " " : "", port_range_print(ports.range[k], buf, sizeof(buf)));
		ck_assert_msg(
		        strcmp(text_str(&got), cell[i].want) == 0, "'%s' is read as '%s'", cell[i].in, text_str(&got));
		text_fini(&got);
		ports_fini(&ports);
	}
}
END_TEST

static char *protocol_text(const struct protocol *p)
{
	struct text t = {0};
	text_addf(&t, "%s%s", p->tcp ? "t" : "", p->udp ? "u" : "");
	for (size_t i = 0; i < p->n_security; i++)
		text_addf(&t, " %s", import_security_name(p->security[i]));
	for (size_t i = 0; i < p->n_application; i++)
		text_addf(&t, " +%s", p->application[i]);
	return text_take(&t);
}

START_TEST(protocol_spellings)
{
	static const struct {
		const char *in, *want;
	} cell[] = {
	        {"TCP", "t none"},
	        {"UDP", "u none"},
	        {"TCP/UDP", "tu none"},
	        {"UDP/TCP", "tu none"},
	        {"UDP und TCP", "tu none"},
	        {"UDP & TCP", "tu none"},
	        {"TCP (TLS)", "t tls"},
	        {"TCP (MTLS)", "t mtls"},
	        {"TCP\nMTLS", "t mtls"},
	        {"TCP und MTLS", "t mtls"},
	        {"TLS", "t tls"},
	        {"MTLS", "t mtls"},
	        {"TCP (TLS) und TCP (MTLS)", "t tls mtls"},
	        {"HTTPS", "t tls +https"},
	        {"HTTPS\nTCP", "t tls none +https"},
	        {"HTTP", "t none +http"},
	        {"TCP und HTTP", "t none +http"},
	        {"TCP (HTTP)", "t none +http"},
	        {"TCP SIP", "t none +sip"},
	        {"TCP (SIP)", "t none +sip"},
	        {"SIP", "t none +sip"},
	        {"DCOM und RPC", "t none +dcom-rpc"},
	        {"DCOM- und Remoteprozeduraufruf (Remote Procedure Call, RPC)", "t none +dcom-rpc"},
	        {"Message Queuing und RPC", "t none +msmq-rpc"},
	        {"DHCP", "u none +dhcp"},
	        {"Kerberos", "tu none +kerberos"},
	        {"LDAP", "t none +ldap"},
	        {"MSFT-GC", "t none +ldap-gc"},
	        {"TCP (PSOM/TLS)", "t tls +psom"},
	        {"TCP (STUN/MSTURN)", "t none +stun +msturn"},
	        {"UDP (STUN/MSTURN)", "u none +stun +msturn"},
	        {"RTP/TCP", "t none +rtp"},
	        {"SMB/TCP", "t none +smb"},
	        {"User Datagram Protocol (UDP)", "u none"},
	        {"HTTPS (vom Reverseproxy)", "t tls +https"},
	        {"TCP \xe2\x80\x93 Abruf durch Geräte, NTLM", "t none +ntlm"},
	        {"Clientes TCP - por NTLM", "t none +ntlm"},
	        {"Udp", "u none"},
	        {"ＴＣＰ（ＴＬＳ）", "t tls"},
	        {"", ""},
	        {"QUIC", "!"},
	        {"TCP/QUIC", "!"},
	        {"irgendwas", "!"},
	};
	for (size_t i = 0; i < sizeof(cell) / sizeof(cell[0]); i++) {
		struct protocol p;
		const char *reason = NULL;
		char *got;
		if (protocol_parse(cell[i].in, &p, &reason) != 0) {
			ck_assert_msg(strcmp(cell[i].want, "!") == 0 && reason != NULL, "'%s' is refused: %s",
			        cell[i].in, reason);
			continue;
		}
		got = protocol_text(&p);
		ck_assert_msg(strcmp(got, cell[i].want) == 0, "'%s' is read as '%s'", cell[i].in, got);
		free(got);
	}
}
END_TEST

static void golden(const char *name, const char *file)
{
	char path[512];
	struct document doc;
	struct import import;
	struct error err = {0};
	char *bytes, *want, *got;
	size_t len, want_len;
	snprintf(path, sizeof(path), DATA "%s", file);
	ck_assert_int_eq(file_read(path, 1 << 20, &bytes, &len, &err), 0);
	ck_assert_msg(document_parse(bytes, len, file, &doc, &err) == 0, "%s", err.text);
	import_build(&doc, &import);
	got = import_json(&import, 1);
	snprintf(path, sizeof(path), DATA "%s.json", name);
	ck_assert_int_eq(file_read(path, 1 << 20, &want, &want_len, &err), 0);
	if (want_len > 0 && want[want_len - 1] == '\n')
		want[want_len - 1] = '\0';
	ck_assert_msg(strcmp(got, want) == 0, "%s differs from %s:\n%s", file, path, got);
	free(bytes);
	free(want);
	free(got);
	import_fini(&import);
}

START_TEST(documents_give_the_golden_rows)
{
	golden("ports-de", "ports-de.md");
	golden("ports-html", "ports-html.md");
	golden("ports-pt", "ports-pt.html");
	golden("ports-paragraphs", "ports-paragraphs.txt");
	golden("ports-other", "ports-other.md");
	golden("index", "index.md");
}
END_TEST

START_TEST(what_is_not_understood_is_a_problem_with_its_line)
{
	struct document doc;
	struct import import;
	struct error err = {0};
	ck_assert_int_eq(document_read(DATA "ports-other.md", &doc, &err), 0);
	import_build(&doc, &import);
	ck_assert_uint_eq(import.n_problem, 5);
	ck_assert_uint_eq(import.problem[0].line, 11);
	ck_assert_str_eq(import.problem[0].cell, "QUIC");
	ck_assert_uint_eq(import.table[0].n_row, 9);
	import_fini(&import);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("import");
	TCase *t = tcase_create("all");
	tcase_add_test(t, port_spellings);
	tcase_add_test(t, protocol_spellings);
	tcase_add_test(t, documents_give_the_golden_rows);
	tcase_add_test(t, what_is_not_understood_is_a_problem_with_its_line);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
