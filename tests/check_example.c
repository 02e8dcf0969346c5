/* links: verify ruleset config deployment catalog base */
/* The example of contrib/: what it says is sound, nothing in it is left open, and its ruleset does what it requires. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/config.h"
#include "portcullis/flow.h"
#include "portcullis/text.h"
#include "portcullis/verify.h"

struct example {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *site;
	struct network net;
	struct flows flows;
};

/* An address with its prefix length brings the route to its link. */
static void network_add(struct network *net, const char *ifname, const char *text)
{
	const char *slash = strchr(text, '/');
	char *host = xstrndup(text, (size_t)(slash - text));
	struct net_address a = {0};
	struct net_route r = {.prefix_length = atoi(slash + 1)};
	u128 size;

	ck_assert_msg(addr_parse(host, &a.family, &a.address), "%s", text);
	snprintf(a.ifname, sizeof(a.ifname), "%s", ifname);
	net->address = xgrow(net->address, net->n_address, &net->cap_address, sizeof(a));
	net->address[net->n_address++] = a;
	size = (u128)1 << ((a.family == FAMILY_IPV4 ? 32 : 128) - r.prefix_length);
	r.family = a.family;
	r.destination.lo = a.address / size * size;
	r.destination.hi = r.destination.lo + (size - 1);
	snprintf(r.ifname, sizeof(r.ifname), "%s", ifname);
	net->route = xgrow(net->route, net->n_route, &net->cap_route, sizeof(r));
	net->route[net->n_route++] = r;
	net->known = true;
	free(host);
}

/* What topology.json says of the device. */
static void example_network(struct network *net)
{
	json_t *topology = json_load_file(SOURCE_DIR "/contrib/example/topology.json", 0, NULL), *space, *interface,
	       *address;
	size_t i, k, n;

	ck_assert_ptr_nonnull(topology);
	json_array_foreach(json_object_get(topology, "namespaces"), i, space)
	{
		if (strcmp(json_string_value(json_object_get(space, "name")), "device") != 0)
			continue;
		json_array_foreach(json_object_get(space, "interfaces"), k, interface)
		        json_array_foreach(json_object_get(interface, "addresses"), n, address) network_add(
		                net, json_string_value(json_object_get(interface, "name")), json_string_value(address));
	}
	json_decref(topology);
}

static void example_load(struct example *e, bool routed)
{
	struct error err = {0};

	e->net = (struct network){0};
	if (routed)
		example_network(&e->net);
	ck_assert_msg(
	        !catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &e->catalog, &err), "%s", err.text);
	ck_assert_msg(!config_context_new(SOURCE_DIR "/yang", &e->ctx, &err), "%s", err.text);
	ck_assert_msg(!config_site_read(e->ctx, SOURCE_DIR "/contrib/example/deployment.json", &e->site, &err),
	        "%s: %s", err.where, err.text);
	ck_assert_msg(!site_check(e->site, e->catalog, &err), "%s: %s", err.where, err.text);
	ck_assert_msg(!flows_derive(e->site, e->catalog, &e->net, 0, &e->flows, &err), "%s: %s", err.where, err.text);
}

static void example_free(struct example *e)
{
	flows_fini(&e->flows);
	site_free(e->site);
	config_context_free(e->ctx);
	catalog_free(e->catalog);
	network_fini(&e->net);
}

START_TEST(leaves_no_role_range_or_family_open)
{
	struct example e;

	example_load(&e, false);
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

	example_load(&e, false);
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

/* As the kernel understands it, loaded into a network namespace of its own. */
static struct ruleset *example_ruleset(void)
{
	struct text json = {0};
	struct ruleset *rs = NULL;
	struct error err = {0};
	char buf[4096];
	FILE *f = popen(
	        "unshare -n sh -c 'nft -f \"" SOURCE_DIR "/contrib/example/ruleset.nft\" && nft -j list ruleset'", "r");

	ck_assert_ptr_nonnull(f);
	for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		text_addn(&json, buf, n);
	ck_assert_int_eq(pclose(f), 0);
	ck_assert_msg(!ruleset_parse_json(text_str(&json), json.len, &rs, &err), "%s", err.text);
	text_fini(&json);
	return rs;
}

START_TEST(ruleset_lets_pass_what_is_required_and_nothing_else)
{
	struct ruleset *rs = example_ruleset();
	struct findings findings;
	struct openings openings;
	struct example e;
	struct error err;

	example_load(&e, true);
	ck_assert_int_eq(verify_flows(&e.flows, rs, NULL, e.site, 0, &findings, &err), 0);
	for (size_t i = 0; i < e.flows.n; i++)
		ck_assert_msg(e.flows.flow[i].state != FLOW_CHECK || findings.finding[i].verdict == VERDICT_CONFORMANT,
		        "%s: %s", e.flows.flow[i].label, verdict_name(findings.finding[i].verdict));
	ck_assert_int_eq(verify_openings(&e.flows, rs, e.site, &e.net, 0, &openings, &err), 0);
	ck_assert(!openings.incomplete);
	ck_assert_msg(openings.n == 0, "%s", openings.n > 0 ? openings.opening[0].label : "");
	/* What the echo requests of both families need is the allowance. */
	e.site->allowance[0].expires = 1;
	openings_fini(&openings);
	ck_assert_int_eq(verify_openings(&e.flows, rs, e.site, &e.net, 2, &openings, &err), 0);
	for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family += 2) {
		bool seen = false;

		for (size_t i = 0; i < openings.n; i++)
			seen = seen || (int)openings.opening[i].family == family;
		ck_assert(seen);
	}
	openings_fini(&openings);
	findings_fini(&findings);
	ruleset_free(rs);
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
	if (geteuid() == 0 && !system("nft --version >/dev/null 2>&1 && unshare --version >/dev/null 2>&1"))
		tcase_add_test(tc, ruleset_lets_pass_what_is_required_and_nothing_else);
	else
		fprintf(stderr, "skipped: the example's ruleset needs root, nft and unshare\n");
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
