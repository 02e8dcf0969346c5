/* links: verify ruleset config deployment catalog base */
/*
 * The pack that is written by hand: a deployment of portcullis-management against small rulesets. What is open is conformant,
 * what is closed is blocked by the policy of the chain, and nothing else changes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/config.h"
#include "portcullis/flow.h"
#include "portcullis/text.h"
#include "portcullis/verify.h"

static const char deployment[] =
        "{\"portcullis:group\":["
        "{\"name\":\"router\",\"id\":1,\"member-of\":[{\"product\":\"portcullis-management\",\"role\":\"managed-"
        "device\"}],"
        "\"address\":[\"10.1.0.1\"]},"
        "{\"name\":\"station\",\"id\":2,\"member-of\":[{\"product\":\"portcullis-management\",\"role\":"
        "\"management-station\"},{\"product\":\"portcullis-management\",\"role\":\"notification-receiver\"}],"
        "\"address\":[\"10.0.0.10\"]}],"
        "\"portcullis:deployment\":[{\"name\":\"net\",\"id\":1,\"product\":\"portcullis-management\","
        "\"group\":[\"router\",\"station\"]}]}";

static const struct opening_for {
	const char *label, *transport, *source, *destination;
	unsigned port;
} services[] = {
        {"management/managed-device/netconf/830-tcp", "tcp", "10.0.0.10", "10.1.0.1", 830},
        {"management/managed-device/ssh/22-tcp", "tcp", "10.0.0.10", "10.1.0.1", 22},
        {"management/managed-device/snmp/161-udp", "udp", "10.0.0.10", "10.1.0.1", 161},
        {"management/notification-receiver/snmp-notifications/162-udp", "udp", "10.1.0.1", "10.0.0.10", 162},
};
#define N_SERVICE (sizeof(services) / sizeof(services[0]))

/* What `nft -j list ruleset` prints of a forward chain that drops all but some services. */
static struct ruleset *ruleset_without(size_t closed)
{
	struct text t = {0};
	struct ruleset *rs = NULL;
	struct error err = {0};
	text_add(&t, "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"filter\",\"handle\":1}},"
	             "{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"forward\",\"handle\":1,\"type\":"
	             "\"filter\",\"hook\":\"forward\",\"prio\":0,\"policy\":\"drop\"}},"
	             "{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"forward\",\"handle\":2,\"expr\":["
	             "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":[\"established\","
	             "\"related\"]}},{\"accept\":null}]}}");
	for (size_t i = 0; i < N_SERVICE; i++)
		if (i != closed)
			text_addf(&t,
			        ",{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"forward\",\"handle\":"
			        "%zu,"
			        "\"expr\":[{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"ip\","
			        "\"field\":"
			        "\"saddr\"}},\"right\":\"%s\"}},{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{"
			        "\"protocol\":\"ip\",\"field\":\"daddr\"}},\"right\":\"%s\"}},{\"match\":{\"op\":\"=="
			        "\","
			        "\"left\":{\"payload\":{\"protocol\":\"%s\",\"field\":\"dport\"}},\"right\":%u}},"
			        "{\"accept\":null}]}}",
			        i + 3, services[i].source, services[i].destination, services[i].transport,
			        services[i].port);
	text_add(&t, "]}");
	ck_assert_msg(ruleset_parse_json(text_str(&t), t.len, &rs, &err) == 0, "%s: %s", err.where, err.text);
	text_fini(&t);
	return rs;
}

struct scene {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *site;
	struct network net;
	struct flows flows;
};

static void scene_make(struct scene *s)
{
	char path[] = "/tmp/portcullis-check-XXXXXX";
	struct error err = {0};
	int fd = mkstemp(path);
	*s = (struct scene){0};
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(file_replace(path, deployment, sizeof(deployment) - 1, &err), 0);
	ck_assert_int_eq(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &s->catalog, &err), 0);
	ck_assert_int_eq(config_context_new(SOURCE_DIR "/yang", &s->ctx, &err), 0);
	ck_assert_msg(config_site_read(s->ctx, path, &s->site, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_msg(site_check(s->site, s->catalog, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_int_eq(flows_derive(s->site, s->catalog, &s->net, 0, &s->flows, &err), 0);
	unlink(path);
}

static void scene_free(struct scene *s)
{
	flows_fini(&s->flows);
	site_free(s->site);
	config_context_free(s->ctx);
	catalog_free(s->catalog);
	network_fini(&s->net);
}

/* One service is closed, or none where the index is behind the last. */
START_TEST(what_is_closed_is_blocked_and_the_rest_conformant)
{
	struct ruleset *rs = ruleset_without((size_t)_i);
	struct findings findings;
	struct error err = {0};
	struct scene s;
	scene_make(&s);
	ck_assert_uint_eq(s.flows.n, N_SERVICE);
	ck_assert_int_eq(verify_flows(&s.flows, rs, NULL, s.site, 0, &findings, &err), 0);
	for (size_t i = 0; i < N_SERVICE; i++) {
		const struct flow *f = &s.flows.flow[i];
		bool closed = i == (size_t)_i;
		ck_assert_str_eq(f->requirement->label, services[i].label);
		ck_assert_int_eq(f->ports.lo, (int)services[i].port);
		ck_assert_msg(findings.finding[i].verdict == (closed ? VERDICT_BLOCKED : VERDICT_CONFORMANT), "%s: %s",
		        f->label, verdict_name(findings.finding[i].verdict));
		ck_assert(!closed || findings.finding[i].evidence->blame.policy);
	}
	findings_fini(&findings);
	ruleset_free(rs);
	scene_free(&s);
}
END_TEST

START_TEST(roles_and_services_have_names_in_three_languages)
{
	static const char *const language[] = {"en", "de", "pt"};
	struct catalog *c = NULL;
	struct error err = {0};
	const struct pack *p;
	ck_assert_int_eq(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &c, &err), 0);
	p = catalog_find(c, "portcullis-management");
	ck_assert_ptr_nonnull(p);
	ck_assert(!p->own);
	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < p->n_role; i++)
			ck_assert_str_ne(role_label(&p->role[i], language[k]), p->role[i].name);
		for (size_t i = 0; i < p->n_requirement; i++)
			ck_assert_str_ne(pack_service_label(p, p->requirement[i].service, language[k]),
			        p->requirement[i].service);
	}
	catalog_free(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalog_management");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_closed_is_blocked_and_the_rest_conformant, 0, N_SERVICE + 1);
	tcase_add_test(t, roles_and_services_have_names_in_three_languages);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
