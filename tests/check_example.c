/* links: config deployment catalog base */
/* The example of contrib/: what it says is sound, and nothing in it is left open. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/config.h"
#include "portcullis/flow.h"

struct example {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *site;
	struct flows flows;
};

static void example_load(struct example *e)
{
	const struct network unknown = {0};
	struct error err = {0};

	ck_assert_msg(!catalog_load(SOURCE_DIR "/yang/catalog", SOURCE_DIR "/yang", &e->catalog, &err), "%s", err.text);
	ck_assert_msg(!config_context_new(SOURCE_DIR "/yang", &e->ctx, &err), "%s", err.text);
	ck_assert_msg(!config_site_read(e->ctx, SOURCE_DIR "/contrib/example/deployment.json", &e->site, &err),
	        "%s: %s", err.where, err.text);
	ck_assert_msg(!site_check(e->site, e->catalog, &err), "%s: %s", err.where, err.text);
	ck_assert_msg(!flows_derive(e->site, e->catalog, &unknown, 0, &e->flows, &err), "%s: %s", err.where, err.text);
}

static void example_free(struct example *e)
{
	flows_fini(&e->flows);
	site_free(e->site);
	config_context_free(e->ctx);
	catalog_free(e->catalog);
}

START_TEST(leaves_no_role_range_or_family_open)
{
	struct example e;

	example_load(&e);
	ck_assert_uint_gt(e.flows.n, 0);
	for (size_t i = 0; i < e.flows.n; i++)
		ck_assert_msg(e.flows.flow[i].state == FLOW_CHECK || e.flows.flow[i].state == FLOW_NOT_TRANSIT, "%s",
		        e.flows.flow[i].label);
	example_free(&e);
}
END_TEST

START_TEST(each_group_and_family_takes_part_in_a_flow_across_the_device)
{
	static const char *const party[] = {"clients", "pstn-gateway", "fe-pool", "fe-pool/balancer", "director-pool",
	        "director-pool/balancer", "mediation-pool", "persistent-chat-pool", "office-web-apps"};
	struct example e;

	example_load(&e);
	for (size_t k = 0; k < sizeof(party) / sizeof(party[0]); k++) {
		bool seen[7] = {false};

		for (size_t i = 0; i < e.flows.n; i++) {
			const struct flow *f = &e.flows.flow[i];

			if (f->state == FLOW_CHECK &&
			        (!strcmp(f->source, party[k]) || !strcmp(f->destination, party[k])))
				seen[f->family] = true;
		}
		ck_assert_msg(seen[FAMILY_IPV4], "%s", party[k]);
		ck_assert_msg(seen[FAMILY_IPV6] == (strcmp(party[k], "pstn-gateway") != 0), "%s", party[k]);
	}
	example_free(&e);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("example");
	TCase *tc = tcase_create("deployment.json");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, leaves_no_role_range_or_family_open);
	tcase_add_test(tc, each_group_and_family_takes_part_in_a_flow_across_the_device);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
