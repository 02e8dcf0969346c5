/* links: catalog document base */
/*
 * Packs: the shipped ones load and hold what people rely on; broken ones are refused with file, place and reason; the
 * differences between two packs. Packs of these tests are written to a directory of their own.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

#define PACKS SOURCE_DIR "/yang/catalog"
#define YANG SOURCE_DIR "/yang"

static struct catalog *shipped(void)
{
	struct catalog *c = NULL;
	struct error err = {0};
	ck_assert_msg(catalog_load(PACKS, NULL, YANG, &c, &err) == 0, "%s: %s", err.where, err.text);
	return c;
}

START_TEST(shipped_packs_load)
{
	struct catalog *c = shipped();
	ck_assert_uint_ge(c->n_pack, 3);
	ck_assert_ptr_nonnull(catalog_find(c, "ocs-2007-r2"));
	ck_assert_ptr_nonnull(catalog_find(c, "lync-server-2013"));
	ck_assert_ptr_nonnull(catalog_find(c, "skype-for-business-server"));
	ck_assert_ptr_null(catalog_find(c, "nothing"));
	ck_assert_uint_eq(catalog_find(c, "skype-for-business-server")->n_ipsec, 15);
	for (size_t i = 0; i < c->n_pack; i++)
		ck_assert_uint_eq(strlen(c->pack[i].digest), 64);
	catalog_free(c);
}
END_TEST

struct want {
	const char *label, *listener, *initiator;
	enum reach reach;
	enum requirement_class class;
	enum lb_need lb;
	size_t n_flow;
	uint8_t proto;
	unsigned lo, hi;
	enum security security;
};

static void requirement_is(const struct catalog *c, const struct want *w)
{
	const struct pack *pack = NULL;
	const struct requirement *r = catalog_requirement_by_label(c, w->label, &pack);
	bool found = false;
	ck_assert_msg(r != NULL, "%s", w->label);
	ck_assert_ptr_eq(pack_requirement_find(pack, r->id), r);
	ck_assert_str_eq(r->listener, w->listener);
	for (size_t i = 0; i < r->n_initiator; i++)
		found = found || strcmp(r->initiator[i].role, w->initiator) == 0;
	ck_assert_msg(found, "%s lacks initiator %s", w->label, w->initiator);
	ck_assert_int_eq(r->reach, w->reach);
	ck_assert_int_eq(r->class, w->class);
	ck_assert_int_eq(r->lb_need, w->lb);
	ck_assert_uint_eq(r->n_flow, w->n_flow);
	ck_assert_uint_eq(r->flow[0].proto, w->proto);
	ck_assert_uint_eq(r->flow[0].ports.lo, w->lo);
	ck_assert_uint_eq(r->flow[0].ports.hi, w->hi);
	ck_assert_int_eq(r->flow[0].security, w->security);
}

START_TEST(requirements_say_who_talks_to_whom)
{
	static const struct want want[] = {
	        {"lync/front-end-server/front-end-service/5061-tcp", "front-end-server", "client", REACH_SITE,
	                CLASS_SIGNALLING, LB_NEED_HLB_IF_NO_DNS_LB, 1, PROTO_TCP, 5061, 5061, SECURITY_TLS_MTLS},
	        {"lync/front-end-server/web-compatibility-service/443-tcp", "front-end-server", "client", REACH_SITE,
	                CLASS_SIGNALLING, LB_NEED_HLB_ALWAYS, 1, PROTO_TCP, 443, 443, SECURITY_TLS},
	        {"lync/front-end-server/front-end-service/444-tcp", "front-end-server", "survivable-branch-appliance",
	                REACH_SITE, CLASS_SIGNALLING, LB_NEED_HLB_IF_NO_DNS_LB, 2, PROTO_TCP, 444, 444, SECURITY_TLS},
	        {"lync/pstn-gateway/mediation-service/5081-tcp", "pstn-gateway", "mediation-server", REACH_SITE,
	                CLASS_SIGNALLING, LB_NEED_NONE, 1, PROTO_TCP, 5081, 5081, SECURITY_NONE},
	        {"lync/e911-gateway/emergency-calls/5066-tcp", "e911-gateway", "front-end-server", REACH_SITE,
	                CLASS_SIGNALLING, LB_NEED_NONE, 1, PROTO_TCP, 5066, 5066, SECURITY_NONE},
	        {"lync/front-end-server/mobility-services/5086-tcp", "front-end-server", "front-end-server",
	                REACH_SAME_HOST, CLASS_SIGNALLING, LB_NEED_NONE, 1, PROTO_TCP, 5086, 5086, SECURITY_MTLS},
	        {"lync/all-servers/sql-browser/1434-udp", "all-servers", "all-servers", REACH_SAME_HOST,
	                CLASS_MANAGEMENT, LB_NEED_NONE, 1, PROTO_UDP, 1434, 1434, SECURITY_NONE},
	        {"lync/edge-server/av-edge-service/3478-udp", "edge-server", "external", REACH_EXTERNAL,
	                CLASS_SERVER_MEDIA, LB_NEED_NONE, 1, PROTO_UDP, 3478, 3478, SECURITY_NONE},
	        {"lync/client/audio/1024-65535-tcp+udp", "client", "client", REACH_SITE, CLASS_CLIENT_MEDIA,
	                LB_NEED_NONE, 2, PROTO_TCP, 1024, 65535, SECURITY_NONE},
	        {"lync/persistent-chat-server/persistent-chat-wcf/881-tcp", "persistent-chat-server",
	                "persistent-chat-server", REACH_SAME_POOL, CLASS_SIGNALLING, LB_NEED_NONE, 1, PROTO_TCP, 881,
	                881, SECURITY_TLS_MTLS},
	        {"lync/director/web-server-component/4443-tcp", "director", "reverse-proxy", REACH_SITE,
	                CLASS_SIGNALLING, LB_NEED_HLB_ALWAYS, 1, PROTO_TCP, 4443, 4443, SECURITY_TLS},
	        {"lync/office-web-apps-server/presentation/443-tcp", "office-web-apps-server", "front-end-server",
	                REACH_SITE, CLASS_SIGNALLING, LB_NEED_NONE, 1, PROTO_TCP, 443, 443, SECURITY_TLS},
	        {"sfb/file-share-server/file-share-access/445-tcp", "file-share-server", "front-end-server", REACH_SITE,
	                CLASS_MANAGEMENT, LB_NEED_NONE, 1, PROTO_TCP, 445, 445, SECURITY_NONE},
	        {"ocs/global-catalog/ldap/3268-tcp", "global-catalog", "communicator-web-access-server", REACH_SITE,
	                CLASS_MANAGEMENT, LB_NEED_NONE, 1, PROTO_TCP, 3268, 3268, SECURITY_NONE},
	        {"ocs/front-end-server/media/49152-65535-udp", "front-end-server", "client", REACH_SITE,
	                CLASS_SERVER_MEDIA, LB_NEED_NONE, 1, PROTO_UDP, 49152, 65535, SECURITY_NONE},
	        {"ocs/edge-server/av-edge-service/3478-udp-external", "edge-server", "external", REACH_EXTERNAL,
	                CLASS_SERVER_MEDIA, LB_NEED_HLB_ALWAYS, 1, PROTO_UDP, 3478, 3478, SECURITY_NONE},
	};
	struct catalog *c = shipped();
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		requirement_is(c, &want[i]);
	catalog_free(c);
}
END_TEST

START_TEST(every_requirement_is_whole)
{
	struct catalog *c = shipped();
	for (size_t i = 0; i < c->n_pack; i++)
		for (size_t k = 0; k < c->pack[i].n_requirement; k++) {
			const struct requirement *r = &c->pack[i].requirement[k];
			bool ranged = r->class == CLASS_CLIENT_MEDIA ||
			              (r->class == CLASS_PEER_TO_PEER && r->flow[0].ports.lo == 1024);
			ck_assert_msg(r->purpose[0] != '\0', "%s", r->label);
			ck_assert_msg(r->n_provenance > 0 || r->n_erratum > 0, "%s", r->label);
			ck_assert_msg(!ranged || r->configurable_minimum == 20, "%s", r->label);
			for (size_t f = 0; f < r->n_flow; f++)
				ck_assert_msg(r->flow[f].ports.lo <= r->flow[f].ports.hi && r->flow[f].ports.lo > 0,
				        "%s", r->label);
		}
	catalog_free(c);
}
END_TEST

START_TEST(roles_stand_for_those_they_include)
{
	struct catalog *c = shipped();
	const struct pack *p = catalog_find(c, "lync-server-2013");
	ck_assert(pack_role_includes(p, "all-servers", "front-end-server-cms"));
	ck_assert(pack_role_includes(p, "front-end-server", "front-end-server-collocated-mediation"));
	ck_assert(pack_role_includes(p, "all-internal-servers", "persistent-chat-server"));
	ck_assert(pack_role_includes(p, "client", "uc-client"));
	ck_assert(pack_role_includes(p, "client", "polycom-cx600"));
	ck_assert(!pack_role_includes(p, "front-end-server-collocated-mediation", "front-end-server"));
	ck_assert(!pack_role_includes(p, "all-internal-servers", "edge-server"));
	ck_assert_str_eq(role_label(pack_role_find(p, "mediation-server"), "de"), "Vermittlungsserver");
	ck_assert_str_eq(role_label(pack_role_find(p, "mediation-server"), "xx"), "Mediation Server");
	catalog_free(c);
}
END_TEST

START_TEST(only_corrections_of_low_confidence_are_advisory)
{
	struct catalog *c = shipped();
	ck_assert(requirement_is_advisory(catalog_requirement_by_label(
	        c, "ocs/communicator-web-access-server/desktop-sharing/49152-65535-tcp", NULL)));
	ck_assert(!requirement_is_advisory(
	        catalog_requirement_by_label(c, "lync/director/web-server-component/4443-tcp", NULL)));
	ck_assert(!requirement_is_advisory(
	        catalog_requirement_by_label(c, "lync/mediation-server/mediation-service/5070-tcp", NULL)));
	ck_assert(!requirement_is_advisory(
	        catalog_requirement_by_label(c, "ocs/edge-server/av-edge-service/50000-59999-tcp", NULL)));
	catalog_free(c);
}
END_TEST

START_TEST(two_products_differ_by_role_port_and_transport)
{
	struct catalog *c = shipped();
	struct pack_diff diff;
	const struct pack *lync = catalog_find(c, "lync-server-2013"),
	                  *sfb = catalog_find(c, "skype-for-business-server");
	char *json;
	pack_diff_build(lync, sfb, &diff);
	ck_assert_uint_eq(diff.n_added, 1);
	ck_assert_str_eq(diff.added[0].role, "front-end-server");
	ck_assert_str_eq(diff.added[0].label, "sfb/file-share-server/file-share-access/445-tcp");
	ck_assert_uint_eq(diff.added[0].ports.lo, 445);
	ck_assert_uint_eq(diff.n_removed + diff.n_changed, 0);
	pack_diff_fini(&diff);
	pack_diff_build(lync, lync, &diff);
	ck_assert_uint_eq(diff.n_added + diff.n_removed + diff.n_changed, 0);
	pack_diff_fini(&diff);
	pack_diff_build(catalog_find(c, "ocs-2007-r2"), lync, &diff);
	ck_assert_uint_eq(diff.n_added, 48);
	ck_assert_uint_eq(diff.n_removed, 26);
	ck_assert_uint_eq(diff.n_changed, 7);
	/* The pages of the newer products leave the Edge Server and the reverse proxy to others. */
	ck_assert_uint_eq(diff.n_not_compared, 3);
	for (size_t i = 0; i < diff.n_removed; i++)
		ck_assert_ptr_null(strstr(diff.removed[i].role, "edge"));
	/* Group chat became persistent chat, and 5041 stayed. */
	for (size_t i = 0; i < diff.n_added; i++)
		ck_assert(strcmp(diff.added[i].role, "persistent-chat-server") != 0 || diff.added[i].ports.lo == 881);
	json = pack_diff_json(&diff);
	ck_assert_ptr_nonnull(strstr(json, "\"before\": \"mtls\""));
	free(json);
	pack_diff_fini(&diff);
	catalog_free(c);
}
END_TEST

static bool json_is_valid(char *text)
{
	json_t *root = json_loads(text, 0, NULL);
	bool valid = root != NULL;
	json_decref(root);
	free(text);
	return valid;
}

START_TEST(json_of_every_pack_is_json)
{
	struct catalog *c = shipped();
	ck_assert(json_is_valid(catalog_list_json(c)));
	for (size_t i = 0; i < c->n_pack; i++) {
		ck_assert(json_is_valid(pack_show_json(&c->pack[i], "de")));
		for (size_t k = 0; k < c->pack[i].n_requirement; k++)
			ck_assert(
			        json_is_valid(requirement_explain_json(&c->pack[i], &c->pack[i].requirement[k], "en")));
	}
	catalog_free(c);
}
END_TEST

/* One small pack; the parts between are what tests break. */
static char *pack_text(const char *name, unsigned id, const char *prefix, const char *listener, const char *include)
{
	return xasprintf("{\"portcullis-catalog:catalog\":{\"pack\":[{\"name\":\"%s\",\"id\":%u,\"title\":\"T\","
	                 "\"version\":\"1\","
	                 "\"role\":[{\"name\":\"a\",\"id\":1,\"kind\":\"server\"%s},{\"name\":\"b\",\"id\":2,\"kind\":"
	                 "\"client\"}],"
	                 "\"requirement\":[{\"id\":7,\"label-name\":\"%s/a/x/1-tcp\",\"listener\":\"%s\",\"initiator\":"
	                 "[{\"role\":\"b\",\"basis\":\"stated\"}],\"reach\":\"site\",\"class\":\"management\",\"flow\":"
	                 "[{\"variant\":1,\"transport\":\"tcp\",\"port\":{\"lower\":1}}]}]}]}}",
	        name, id, include, prefix, listener);
}

static char directory[64];

static void directory_make(void)
{
	snprintf(directory, sizeof(directory), "/tmp/portcullis-check-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void file_write(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", directory, name);
	struct error err = {0};
	ck_assert_int_eq(file_replace(path, text, strlen(text), &err), 0);
	free(path);
}

static void directory_remove(void)
{
	static const char *const names[] = {"a.json", "b.json"};
	for (size_t i = 0; i < 2; i++) {
		char *path = xasprintf("%s/%s", directory, names[i]);
		unlink(path);
		free(path);
	}
	rmdir(directory);
}

static void refused(const char *a, const char *b, enum error_code code, const char *text)
{
	struct catalog *c = NULL;
	struct error err = {0};
	char line[1200];
	directory_make();
	if (a != NULL)
		file_write("a.json", a);
	if (b != NULL)
		file_write("b.json", b);
	ck_assert_int_ne(catalog_load(directory, NULL, YANG, &c, &err), 0);
	ck_assert_ptr_null(c);
	error_line(&err, line, sizeof(line));
	ck_assert_msg(err.code == code && strstr(line, text) != NULL, "%d %s (wanted %s)", err.code, line, text);
	directory_remove();
}

START_TEST(broken_packs_are_refused)
{
	char *good = pack_text("p", 5, "p", "a", "");
	char *listener = pack_text("p", 5, "p", "nobody", ""),
	     *include = pack_text("p", 5, "p", "a", ",\"include\":[\"zz\"]");
	char *circle = pack_text("p", 5, "p", "a", ",\"include\":[\"a\"]"), *upper = pack_text("P P", 5, "p", "a", "");
	char *same_name = pack_text("p", 6, "q", "a", ""), *same_id = pack_text("q", 5, "q", "a", "");
	char *same_label = pack_text("q", 6, "p", "a", "");
	refused(NULL, NULL, ERR_NOT_FOUND, "no pack");
	refused("{", NULL, ERR_FORMAT, "line 1");
	refused("[]", NULL, ERR_INVALID, "a.json");
	refused("{}", NULL, ERR_INVALID, "no pack");
	refused("{\"portcullis-catalog:catalog\":{}}", NULL, ERR_INVALID, "no pack");
	refused("{\"portcullis-catalog:catalog\":{\"pack\":[{\"name\":\"x\",\"nonsense\":1}]}}", NULL, ERR_INVALID,
	        "nonsense");
	refused("{\"portcullis-catalog:catalog\":{\"pack\":[{\"name\":\"x\"}]}}", NULL, ERR_INVALID, "andatory");
	refused(listener, NULL, ERR_INVALID, "listener nobody");
	refused(include, NULL, ERR_INVALID, "includes zz");
	refused(circle, NULL, ERR_INVALID, "circle");
	refused(upper, NULL, ERR_INVALID, "P P");
	refused(good, same_name, ERR_INVALID, "a.json");
	refused(good, same_id, ERR_INVALID, "a.json");
	refused(good, same_label, ERR_INVALID, "a.json");
	free(good);
	free(listener);
	free(include);
	free(circle);
	free(upper);
	free(same_name);
	free(same_id);
	free(same_label);
}
END_TEST

START_TEST(a_changed_pack_does_not_keep_its_digest)
{
	char *text, *at;
	size_t len;
	struct error err = {0};
	ck_assert_int_eq(file_read(PACKS "/lync-server-2013.json", 1 << 24, &text, &len, &err), 0);
	at = strstr(text, "\"lower\": 5061");
	ck_assert_ptr_nonnull(at);
	memcpy(at, "\"lower\": 5062", strlen("\"lower\": 5062"));
	refused(text, NULL, ERR_INVALID, "digest");
	free(text);
}
END_TEST

#define TABLE "Lync Server 2013\n\n|Server role|Service name|Port|Protocol|\n|-|-|-|-|\n"
#define ROW_5061 "|Front End Server|Front-End service|5061|TCP (TLS)|\n"
#define OVERLAY(requirements)                                                                                          \
	"{\"name\":\"lync-server-2013\",\"id\":2,\"title\":\"T\",\"prefix\":\"x\",\"version\":\"1\","                  \
	"\"role\":[{\"id\":1,\"name\":\"front-end-server\",\"kind\":\"server\"}],\"requirement\":[" requirements "]}"
#define CLAIM "server-ports front-end-server front-end-service 5061"
#define REQUIREMENT(members)                                                                                           \
	"{\"id\":1,\"label\":\"a\",\"initiators\":{\"front-end-server\":\"stated\"},\"reach\":\"site\","               \
	"\"class\":\"signalling\"" members "}"

/* A directory with one document, one with one overlay; @return the build's result. */
static int build(const char *document, const char *overlay, struct error *err)
{
	static const char *const sub[] = {"doc", "overlay", "out"};
	char *path[3], *file[3];
	int result;
	directory_make();
	for (size_t i = 0; i < 3; i++) {
		path[i] = xasprintf("%s/%s", directory, sub[i]);
		ck_assert_int_eq(mkdir(path[i], 0700), 0);
	}
	file_write("doc/a.md", document);
	file_write("overlay/lync-server-2013.json", overlay);
	result = catalog_build(path[0], path[1], path[2], err);
	if (result == 0) {
		struct catalog *c = NULL;
		ck_assert_msg(catalog_load(path[2], NULL, YANG, &c, err) == 0, "%s: %s", err->where, err->text);
		catalog_free(c);
	}
	file[0] = xasprintf("%s/a.md", path[0]);
	file[1] = xasprintf("%s/lync-server-2013.json", path[1]);
	file[2] = xasprintf("%s/lync-server-2013.json", path[2]);
	ck_assert_int_eq(access(file[2], R_OK) == 0, result == 0);
	for (size_t i = 0; i < 3; i++) {
		unlink(file[i]);
		rmdir(path[i]);
		free(file[i]);
		free(path[i]);
	}
	rmdir(directory);
	return result;
}

START_TEST(a_build_accounts_for_every_row_and_correction)
{
	static const struct {
		const char *document, *overlay, *text; /* NULL: built */
	} work[] = {
	        {TABLE ROW_5061, OVERLAY(REQUIREMENT(",\"rows\":[\"" CLAIM "\"]")), NULL},
	        {TABLE ROW_5061 "|Front End Server|Front-End service|444|TCP|\n",
	                OVERLAY(REQUIREMENT(",\"rows\":[\"" CLAIM "\"]")), "no requirement claims"},
	        {TABLE ROW_5061, OVERLAY(REQUIREMENT(",\"rows\":[\"" CLAIM "\",\"server-ports x - 1\"]")),
	                "no document has"},
	        {TABLE ROW_5061 "|Front End Server|Front-End service|5061|UDP|\n",
	                OVERLAY(REQUIREMENT(",\"rows\":[\"" CLAIM "\"]")), "reads it otherwise"},
	        {TABLE ROW_5061 "|Front End Server|Front-End service|5061|UDP|\n",
	                OVERLAY(REQUIREMENT(",\"rows\":[\"" CLAIM " #1\"]")), "no requirement claims"},
	        {TABLE ROW_5061,
	                OVERLAY(REQUIREMENT(
	                        ",\"rows\":[\"" CLAIM "\"],\"flow\":[{\"transport\":\"udp\",\"port\":\"1\"}]")),
	                "erratum"},
	        {TABLE "|Front End Server|Front-End service|5061||\n",
	                OVERLAY(REQUIREMENT(",\"rows\":[\"" CLAIM "\"]")), "no transport"},
	        {TABLE "|Cake Server|Front-End service|5061|TCP|\n", OVERLAY(REQUIREMENT("")), "vocabulary"},
	        {"Office Communications Server\n\n|Component|Port|Protocol|\n|-|-|-|\n|Director|1|TCP|\n",
	                OVERLAY(REQUIREMENT("")), "no document is about"},
	        {TABLE ROW_5061, "{\"base\":\"lync-server-2013.json\"}", "base"},
	        {TABLE ROW_5061, "{", "line 1"},
	        {TABLE ROW_5061, "[]", "not a JSON object"},
	};
	for (size_t i = 0; i < sizeof(work) / sizeof(work[0]); i++) {
		struct error err = {0};
		int result = build(work[i].document, work[i].overlay, &err);
		ck_assert_msg((result == 0) == (work[i].text == NULL), "%zu: %s: %s", i, err.where, err.text);
		ck_assert_msg(work[i].text == NULL || strstr(err.text, work[i].text) != NULL, "%zu: %s", i, err.text);
	}
}
END_TEST

START_TEST(a_missing_module_names_module_and_package)
{
	struct catalog *c = NULL;
	struct error err = {0};
	ck_assert_int_ne(catalog_load(PACKS, NULL, "/nonexistent", &c, &err), 0);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "portcullis-catalog"));
	ck_assert_ptr_nonnull(strstr(err.text, "package"));
	ck_assert_int_ne(catalog_load("/nonexistent", NULL, YANG, &c, &err), 0);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalog");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, shipped_packs_load);
	tcase_add_test(t, requirements_say_who_talks_to_whom);
	tcase_add_test(t, every_requirement_is_whole);
	tcase_add_test(t, roles_stand_for_those_they_include);
	tcase_add_test(t, only_corrections_of_low_confidence_are_advisory);
	tcase_add_test(t, two_products_differ_by_role_port_and_transport);
	tcase_add_test(t, json_of_every_pack_is_json);
	tcase_add_test(t, broken_packs_are_refused);
	tcase_add_test(t, a_changed_pack_does_not_keep_its_digest);
	tcase_add_test(t, a_build_accounts_for_every_row_and_correction);
	tcase_add_test(t, a_missing_module_names_module_and_package);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
