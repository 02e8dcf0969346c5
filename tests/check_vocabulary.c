/* links: catalog document base */
/*
 * The vocabulary: printed names in the forms that editions of eleven languages give them, and that no name stands for two
 * ids.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/vocabulary.h"

#define N(list) (sizeof(list) / sizeof(list[0]))

START_TEST(names_resolve_in_every_printed_form)
{
	static const struct {
		unsigned kinds;
		const char *name, *id;
	} name[] = {
	        {VOCABULARY_ANY_ROLE, "Front-End Server", "front-end-server"},
	        {VOCABULARY_ANY_ROLE,
	                "FRONT\xe2\x80\x91"
	                "END\xe2\x80\x91"
	                "SERVER",
	                "front-end-server"},
	        {VOCABULARY_ANY_ROLE, "Front servidores End em que reside o repositório de gerenciamento Central",
	                "front-end-server-cms"},
	        {VOCABULARY_ANY_ROLE, "Mediation\nServer", "mediation-server"},
	        {VOCABULARY_ANY_ROLE, "Mediação\nServidor(es)", "mediation-server"},
	        {VOCABULARY_ANY_ROLE,
	                "Live Meeting\xc2\xa0"
	                "2007-Client",
	                "live-meeting-2007"},
	        {VOCABULARY_SERVICE, "Lync ServerFront-End-Dienst", "front-end-service"},
	        {VOCABULARY_SERVICE, "Skype for Business Server 2019 Front-End Dienst", "front-end-service"},
	        {VOCABULARY_SERVICE, "Skype para serviço de compatibilidade da Web Server Business",
	                "web-compatibility-service"},
	        {VOCABULARY_SERVICE, "Skype para serviço de compatibilidade de webconferência Business Server",
	                "web-conferencing-compatibility-service"},
	        {VOCABULARY_ANY_ROLE, "Front-End", NULL},
	        {VOCABULARY_ANY_ROLE, "", NULL},
	        {VOCABULARY_SERVICE, "Lync Server", NULL},
	        {VOCABULARY_SERVICE, "Skype for Business サーバー", NULL},
	        {VOCABULARY_ANY_ROLE, "Mediation Server(s)", "mediation-server"},
	        {VOCABULARY_ANY_ROLE, "the Directors", "director"},
	        {VOCABULARY_ANY_ROLE, "Serveurs de mediation", "mediation-server"},
	        {VOCABULARY_ANY_ROLE,
	                "Serveurs de me\xcc\x81"
	                "diation",
	                "mediation-server"},
	        {VOCABULARY_ANY_ROLE, "Reverse\xe2\x80\x8bproxy", "reverse-proxy"},
	        {VOCABULARY_ANY_ROLE,
	                "Vermittlungs\xc2\xad"
	                "server",
	                "mediation-server"},
	        {VOCABULARY_ANY_ROLE, "Ｅｄｇｅ　Ｓｅｒｖｅｒ", "edge-server"},
	        {VOCABULARY_ANY_ROLE, "フロント・エンド・サーバ", "front-end-server"},
	        {VOCABULARY_ANY_ROLE, "프런트엔드서버", "front-end-server"},
	        {VOCABULARY_ANY_ROLE, "серверы  Переднего плана", "front-end-server"},
	        {VOCABULARY_ANY_ROLE, "前端服务器负载均衡器（如果池也运行中介服务器）",
	                "front-end-load-balancer-collocated-mediation"},
	        {VOCABULARY_SERVICE, "Lync Server 前端服务", "front-end-service"},
	        {VOCABULARY_SERVICE, "Lync Server前端服务", "front-end-service"},
	        {VOCABULARY_SERVICE, "商務用 Skype Server 前端服務", "front-end-service"},
	        {VOCABULARY_SERVICE, "Skype for Business Server フロントエンド サービス", "front-end-service"},
	        {VOCABULARY_SERVICE, "フロントエンドサービスのSkype for Business サーバー", "front-end-service"},
	        {VOCABULARY_SERVICE, "비즈니스용 Skype 서버 중재 서비스", "mediation-service"},
	        {VOCABULARY_SERVICE, "Служба-посредник Skype для бизнеса Server", "mediation-service"},
	        {VOCABULARY_SERVICE, "Service frontal Skype Entreprise Server", "front-end-service"},
	        {VOCABULARY_SERVICE, "Servicio de mediación de Skype Empresarial Server", "mediation-service"},
	        {VOCABULARY_SERVICE, "Servizio Mediation di Lync Server", "mediation-service"},
	        {VOCABULARY_SERVICE, "Службы сервера-посредника Lync Server", "mediation-service"},
	        {VOCABULARY_SERVICE, "Skype для бизнеса Server Службе веб-конференций", "web-conferencing-service"},
	        {VOCABULARY_ANY_ROLE, "Серверами переднего плана", "front-end-server"},
	        {VOCABULARY_ANY_ROLE, "Servidores perimetrales", "edge-server"},
	        {VOCABULARY_SERVICE, "Mobility Service components", "mobility-services"},
	        /* The same characters, another thing. */
	        {VOCABULARY_IPSEC_RULE, "A/V エッジ サーバー内部受信", "av-edge-internal-inbound"},
	        {VOCABULARY_IPSEC_RULE, "A/V エッジ サーバー内部送信", "av-edge-internal-outbound"},
	        {VOCABULARY_ANY_ROLE, "A/V エッジ サーバー内部受信", NULL},
	        {VOCABULARY_ANY_ROLE, "前端服务器 Web 服务", NULL},
	        /* Roles of pages that list what the edge needs. */
	        {VOCABULARY_ANY_ROLE, "Edge Server Access Edge service", "access-edge-server"},
	        {VOCABULARY_ANY_ROLE, "Edge Server Web Conferencing Edge service", "web-conferencing-edge-server"},
	        {VOCABULARY_ANY_ROLE, "Edge Server A/V Edge service", "av-edge-server"},
	        {VOCABULARY_ANY_ROLE, "Edgeserver Webkonferenz-Edgedienst", "web-conferencing-edge-server"},
	        {VOCABULARY_ANY_ROLE, "Access", "access-edge-server"},
	        {VOCABULARY_ANY_ROLE, "Web Conferencing", "web-conferencing-edge-server"},
	        {VOCABULARY_ANY_ROLE, "A/V", "av-edge-server"},
	        {VOCABULARY_ANY_ROLE, "XMPP Proxy service", "xmpp-proxy"},
	        {VOCABULARY_ANY_ROLE, "XMPP-Gateway", "xmpp-gateway"},
	        {VOCABULARY_PRODUCT, "Skype for Business Server 2019", "skype-for-business-server"},
	        {VOCABULARY_PRODUCT, "Lync Server 2010", "lync-server-2010"},
	};
	struct vocabulary *v = vocabulary_new();
	for (size_t i = 0; i < N(name); i++) {
		const char *id = vocabulary_find(v, name[i].kinds, name[i].name);
		const char *have = id != NULL ? id : "none", *want = name[i].id != NULL ? name[i].id : "none";
		ck_assert_msg(strcmp(have, want) == 0, "'%s' finds %s, not %s", name[i].name, have, want);
	}
	vocabulary_free(v);
}
END_TEST

START_TEST(columns_are_told_apart)
{
	static const struct {
		const char *id, *header[12];
	} column[] = {
	        {"protocol", {"Protocol", "Protokoll", "Protocolo", "Protocole", "Protocollo", "Протокол", "プロトコル",
	                             "프로토콜", "协议", "通訊協定"}},
	        {"transport", {"Transport", "TCP or UDP", "TCP/UDP", "TCP oder UDP", "TCP ou UDP", "TCP o UDP",
	                              "TCP или UDP", "TCP または UDP", "TCP 또는 UDP", "TCP 或 UDP", "UDP/TCP"}},
	        {"compound", {"Role/Protocol/TCP or UDP/Port", "Protocol/TCP or UDP/Port",
	                             "Rolle/Protokoll/TCP oder UDP/Port", "Função/Protocolo/TCP ou UDP/Porta",
	                             "Rôle/Protocole/TCP ou UDP/Port", "Rol/Protocolo/TCP o UDP/Puerto",
	                             "Ruolo/Protocollo/TCP o UDP/Porta", "Роль/Протокол/TCP или UDP/Порт",
	                             "役割/プロトコル/TCP または UDP/ポート", "역할/프로토콜/TCP 또는 UDP/포트",
	                             "角色/协议/TCP 或 UDP/端口", "角色/通訊協定/TCP 或 UDP/連接埠"}},
	        {"role-or-protocol", {"Role or protocol", "Rolle oder Protokoll", "Rôle ou protocole"}},
	        {"direction", {"Direction", "Richtung", "Sentido", "Направление", "方向", "방향"}},
	        {"port", {"Port or port range", "Puerto", "Порт", "ポート", "포트", "端口", "連接埠", "Ports"}},
	        {"source-ip", {"Source IP address", "Source", "Quell-IP-Adresse", "Origem", "送信元 IP", "源 IP"}},
	        {"destination-ip", {"Destination IP address", "Destination", "Ziel", "宛先IP", "대상 IP", "目的地 IP"}},
	        {"destination-port", {"Destination port or port range", "Zielport oder Portbereich", "目标端口"}},
	        {"notes", {"Comments", "Purpose", "Zweck", "Finalidade", "備考", "참고", "備註", "备注", "Note"}},
	};
	struct vocabulary *v = vocabulary_new();
	for (size_t i = 0; i < N(column); i++)
		for (size_t k = 0; k < 12 && column[i].header[k] != NULL; k++) {
			const char *id = vocabulary_find(v, VOCABULARY_COLUMN, column[i].header[k]);
			ck_assert_msg(id != NULL && strcmp(id, column[i].id) == 0, "'%s' finds %s, not %s",
			        column[i].header[k], id != NULL ? id : "none", column[i].id);
		}
	vocabulary_free(v);
}
END_TEST

/* The kinds that an entry is looked up among. */
static unsigned kinds_beside(enum vocabulary_kind kind)
{
	if ((kind & VOCABULARY_ANY_ROLE) != 0)
		return VOCABULARY_ANY_ROLE;
	return kind == VOCABULARY_VALUE ? VOCABULARY_VALUE | VOCABULARY_ROLE : kind;
}

/* Returns how many names are wrong, so that a failure lists them all. */
static unsigned names_check(const struct vocabulary *v, const struct vocabulary_entry *e, const char *names)
{
	unsigned wrong = 0;
	while (*names != '\0') {
		const char *end = strstr(names, "; ");
		char *one = strndup(names, end != NULL ? (size_t)(end - names) : strlen(names));
		const char *id = vocabulary_find(v, kinds_beside(e->kind), one);
		if (id == NULL || strcmp(id, e->id) != 0) {
			fprintf(stderr, "'%s' finds %s, not %s\n", one, id != NULL ? id : "none", e->id);
			wrong++;
		}
		free(one);
		names = end != NULL ? end + 2 : "";
	}
	return wrong;
}

/* Two ids with one key would make the answer depend on the order of the table: the later one's name finds the first. */
START_TEST(every_name_of_the_vocabulary_finds_its_own_id)
{
	struct vocabulary *v = vocabulary_new();
	unsigned wrong = 0;
	for (size_t i = 0; i < vocabulary_size; i++) {
		const struct vocabulary_entry *e = &vocabulary_table[i];
		wrong += names_check(v, e, e->en) + names_check(v, e, e->de) + names_check(v, e, e->pt);
	}
	for (size_t i = 0; vocabulary_editions[i] != NULL; i++)
		for (const struct vocabulary_names *n = vocabulary_editions[i]; n->id != NULL; n++) {
			const struct vocabulary_entry *e = vocabulary_entry_find(~0u, n->id);
			ck_assert_msg(e != NULL, "edition %zu names an unknown id %s", i, n->id);
			wrong += names_check(v, e, n->names);
		}
	ck_assert_uint_eq(wrong, 0);
	vocabulary_free(v);
}
END_TEST

START_TEST(ids_are_unique_among_all_kinds)
{
	for (size_t i = 0; i < vocabulary_size; i++)
		ck_assert_msg(vocabulary_entry_find(~0u, vocabulary_table[i].id) == &vocabulary_table[i], "%s twice",
		        vocabulary_table[i].id);
}
END_TEST

/* What the tables of every edition are made of must have a name in each. */
START_TEST(every_edition_names_what_its_tables_need)
{
	static const char *const needed[] = {"front-end-server", "mediation-server", "edge-server", "reverse-proxy",
	        "front-end-server-cms", "front-end-load-balancer", "director-load-balancer", "mediation-load-balancer",
	        "front-end-load-balancer-collocated-mediation", "im-conferencing-service", "av-conferencing-service",
	        "call-park-service", "uc-client", "polycom-cx3000", "server-ports", "hlb-only-ports", "dns-lb-ports",
	        "client-ports", "server-role", "service-name", "port", "protocol", "transport", "compound", "notes",
	        "load-balancer", "component", "rule-name", "source-ip", "destination-ip", "source-port",
	        "destination-port", "authentication-requirement", "do-not-authenticate", "media-port-range"};
	for (size_t i = 0; vocabulary_editions[i] != NULL; i++) {
		/* The first three only add to the names of the table. */
		for (size_t k = 0; i >= 3 && k < N(needed); k++) {
			const struct vocabulary_names *n = vocabulary_editions[i];
			while (n->id != NULL && strcmp(n->id, needed[k]) != 0)
				n++;
			ck_assert_msg(n->id != NULL, "edition %zu has no %s", i, needed[k]);
		}
	}
}
END_TEST

START_TEST(a_name_of_too_many_words_has_no_key)
{
	char name[2001], *key;
	for (size_t i = 0; i < 1000; i++)
		memcpy(name + 2 * i, "x ", 2);
	name[2000] = '\0';
	key = vocabulary_key(VOCABULARY_ROLE, name);
	ck_assert_str_eq(key, "");
	free(key);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vocabulary");
	TCase *t = tcase_create("all");
	tcase_add_test(t, names_resolve_in_every_printed_form);
	tcase_add_test(t, columns_are_told_apart);
	tcase_add_test(t, every_name_of_the_vocabulary_finds_its_own_id);
	tcase_add_test(t, ids_are_unique_among_all_kinds);
	tcase_add_test(t, every_edition_names_what_its_tables_need);
	tcase_add_test(t, a_name_of_too_many_words_has_no_key);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
