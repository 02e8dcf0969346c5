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
	        {"TCP et UDP", "tu none"},
	        {"TCP e UDP", "tu none"},
	        {"UDP y TCP", "tu none"},
	        {"UDP и TCP", "tu none"},
	        {"UDP and TCP", "tu none"},
	        {"UDP および TCP", "tu none"},
	        {"UDPおよびTCP", "tu none"},
	        {"UDP 및 TCP", "tu none"},
	        {"TCP와 UDP", "tu none"},
	        {"UDP 和 TCP", "tu none"},
	        {"UDP及TCP", "tu none"},
	        {"TCP、UDP", "tu none"},
	        {"TCP／UDP", "tu none"},
	        {"TCP（TLS）和 TCP（MTLS）", "t tls mtls"},
	        {"TCP (TLS) et TCP (MTLS)", "t tls mtls"},
	        {"TCP(TLS) 및 TCP(MTLS)", "t tls mtls"},
	        {"HTTPS (from reverse proxy)", "t tls +https"},
	        {"HTTPS (à partir du proxy inverse)", "t tls +https"},
	        {"HTTPS (desde el proxy inverso)", "t tls +https"},
	        {"HTTPS (dal proxy inverso)", "t tls +https"},
	        {"HTTPS (с обратного прокси-сервера)", "t tls +https"},
	        {"HTTPS（リバース プロキシから）", "t tls +https"},
	        {"HTTPS(역방향 프록시에서)", "t tls +https"},
	        {"HTTPS（来自反向代理）", "t tls +https"},
	        {"HTTPS (來自反向 Proxy)", "t tls +https"},
	        {"TCP と HTTP", "t none +http"},
	        {"DCOM et appel de procédure distante (RPC)", "t none +dcom-rpc"},
	        {"DCOM и удаленный вызов процедур (RPC)", "t none +dcom-rpc"},
	        {"DCOM とリモート プロシージャ コール (RPC)", "t none +dcom-rpc"},
	        {"DCOM 及远程过程调用 (RPC)", "t none +dcom-rpc"},
	        {"TCP - NTLM で認証されたクライアント", "t none +ntlm"},
	        {"NTLM 인증 클라이언트 - TCP", "t none +ntlm"},
	        {"RTCP/UDP", "u none +rtp"},
	        {"QUIC", "!"},
	        {"ICMP", "!not TCP or UDP"},
	        {"Icmp", "!not TCP or UDP"},
	        {"SCTP", "!not TCP or UDP"},
	        {"TCP/SCTP", "!not TCP or UDP"},
	        {"UDP и ICMP", "!not TCP or UDP"},
	        {"TCP/QUIC", "!"},
	        {"irgendwas", "!"},
	};
	for (size_t i = 0; i < sizeof(cell) / sizeof(cell[0]); i++) {
		struct protocol p;
		const char *reason = NULL;
		char *got;
		if (protocol_parse(cell[i].in, &p, &reason) != 0) {
			ck_assert_msg(cell[i].want[0] == '!' && strstr(reason, cell[i].want + 1) != NULL,
			        "'%s' is refused: %s", cell[i].in, reason);
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
	golden("ports-flow", "ports-flow.md");
	golden("ports-tabs", "ports-tabs.txt");
	golden("index", "index.md");
	golden("ports-en", "ports-en.md");
	golden("ports-fr", "ports-fr.md");
	golden("ports-es", "ports-es.html");
	golden("ports-it", "ports-it.txt");
	golden("ports-ru", "ports-ru.md");
	golden("ports-ja", "ports-ja.md");
	golden("ports-ko", "ports-ko.md");
	golden("ports-zh-cn", "ports-zh-cn.md");
	golden("ports-zh-tw", "ports-zh-tw.html");
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
