/* links: deployment catalog base */
/*
 * Each tests/data/flow/NAME.in describes a pack, a site and the device's network (flow_scene.h); NAME.ok holds the flows
 * that must come of it, in order, with their legs, or the error. NAME states the fact.
 */
#include <glob.h>
#include <sys/stat.h>

#include "flow_scene.h"
#include "portcullis/pins.h"
#include "portcullis/text.h"

static const char *state_name(enum flow_state s)
{
	return (const char *[]){"check", "waived", "unbound", "not-transit", "needs-range", "no-common-family"}[s];
}

static const char *or_dash(const char *ifname)
{
	return ifname[0] ? ifname : "-";
}

static void print_flow(struct text *out, const struct flow *f)
{
	char a[96], b[96], ports[16];

	text_addf(out, "%s %s %s %s %s%s%s%s%s\n", f->label, state_name(f->state), path_name(f->path),
	        proto_name(f->proto), port_range_print(f->ports, ports, sizeof(ports)), f->advisory ? " advisory" : "",
	        f->basis == BASIS_INFERRED ? " inferred" : "", f->caveat ? ": " : "", f->caveat ? f->caveat : "");
	for (size_t i = 0; i < f->n_leg; i++) {
		const struct flow_leg *leg = &f->leg[i];

		text_addf(out, "  %s %s > %s %s", range_print(f->family, leg->source, a, sizeof(a)), or_dash(leg->iif),
		        range_print(f->family, leg->destination, b, sizeof(b)), or_dash(leg->oif));
		if (leg->translated)
			text_addf(out, " inside %s:%s", range_print(f->family, leg->inside, a, sizeof(a)),
			        port_range_print(f->inside_ports, ports, sizeof(ports)));
		text_add(out, "\n");
	}
}

static char *derive_and_print(struct scene *s)
{
	struct flows flows;
	struct text out = {0};
	struct error err;

	if (flows_derive(&s->site, &s->catalog, &s->net, s->now, &flows, &err)) {
		text_addf(&out, "error %s: %s\n", err.where, err.text);
		ck_assert_uint_eq(flows.n, 0);
		return text_take(&out);
	}
	for (size_t i = 0; i < flows.n; i++) {
		ck_assert(!i || flow_id_cmp(&flows.flow[i - 1].id, &flows.flow[i].id) < 0);
		ck_assert_ptr_eq(flows_find(&flows, flows.flow[i].label), &flows.flow[i]);
		print_flow(&out, &flows.flow[i]);
	}
	flows_fini(&flows);
	return text_take(&out);
}

static glob_t cases;

START_TEST(derives_what_the_case_says)
{
	const char *file = cases.gl_pathv[_i];
	char *in, *want, *got, *ok = xasprintf("%.*s.ok", (int)(strlen(file) - 3), file);
	struct scene scene;
	size_t len;

	ck_assert(!file_read(file, 1 << 20, &in, &len, NULL));
	scene_read(&scene, in);
	got = derive_and_print(&scene);
	ck_assert_msg(!file_read(ok, 1 << 20, &want, &len, NULL), "%s is missing", ok);
	ck_assert_msg(!strcmp(got, want), "%s\nwant:\n%s\ngot:\n%s", file, want, got);
	scene_fini(&scene);
	free(in);
	free(want);
	free(got);
	free(ok);
}
END_TEST

/* n servers without address: rows of the cheapest kind. */
static char *crowd(unsigned n)
{
	struct text in = {0}, names = {0};

	text_add(&in, "role 1 server server\nrequirement 1 p/s listener=server from=server flow=tcp:1\n");
	for (unsigned i = 1; i <= n; i++) {
		text_addf(&in, "group %u g%u roles=server\n", i, i);
		text_addf(&names, "%sg%u", i > 1 ? "," : "", i);
	}
	text_addf(&in, "deployment 1 d groups=%s\n", text_str(&names));
	text_fini(&names);
	return text_take(&in);
}

/* Two groups of n hosts each, none beside another. */
static char *scattered(unsigned n)
{
	struct text in = {0};

	text_add(&in, "role 1 server server\nrole 2 client client\n"
	              "requirement 1 p/s listener=server from=client flow=tcp:1\n");
	for (unsigned side = 1; side <= 2; side++) {
		text_addf(&in, "group %u g%u roles=%s address=", side, side, side == 1 ? "client" : "server");
		for (unsigned i = 0; i < n; i++)
			text_addf(&in, "%s10.%u.%u.%u", i ? "," : "", side, i / 100, i % 100 * 2);
		text_add(&in, "\n");
	}
	text_add(&in, "deployment 1 d groups=g1,g2\n");
	return text_take(&in);
}

static void refuses(char *in, const char *start)
{
	struct scene scene;
	char *got;

	scene_read(&scene, in);
	got = derive_and_print(&scene);
	ck_assert_msg(!strncmp(got, start, strlen(start)), "%.300s", got);
	scene_fini(&scene);
	free(got);
	free(in);
}

START_TEST(refuses_more_than_a_million_flows)
{
	refuses(crowd(1001), "error d: deployment d brings the required flows above 1000000;");
}
END_TEST

START_TEST(refuses_more_than_a_million_legs)
{
	refuses(scattered(1001),
	        "error d/p/s#1 g1>g2 ipv4: the flows have more than 1000000 combinations of source range, destination "
	        "range and interfaces; give the groups g1 and g2 fewer and larger prefixes");
}
END_TEST

START_TEST(override_may_name_a_variant_that_the_errata_policy_brings)
{
	static const struct {
		const char *policy;
		int result;
	} table[] = {{"all", 0}, {"high", -1}, {"printed", -1}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *in = xasprintf("role 1 server server\n"
		                     "requirement 1 p/dcom listener=server from=any flow=tcp:135 minimum=20 "
		                     "erratum=medium:port:135:135,49152-65535\n"
		                     "group 1 servers roles=server address=10.2.0.1\n"
		                     "deployment 1 site groups=servers errata=%s\noverride p/dcom 2 50000-50099\n",
		        table[i].policy);
		struct scene scene;
		struct error err;

		scene_read(&scene, in);
		ck_assert_int_eq(site_check(&scene.site, &scene.catalog, &err), table[i].result);
		scene_fini(&scene);
		free(in);
	}
}
END_TEST

START_TEST(shipped_roles_name_what_they_replace)
{
	struct catalog *catalog;
	const struct pack *lync;
	struct error err = {0};

	ck_assert_msg(
	        !catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &catalog, &err), "%s", err.text);
	lync = catalog_find(catalog, "lync-server-2013");
	ck_assert_ptr_nonnull(lync);
	ck_assert_str_eq(pack_role_find(lync, "persistent-chat-server")->successor_of, "group-chat-server");
	ck_assert_ptr_null(pack_role_find(lync, "office-web-apps-server")->successor_of);
	catalog_free(catalog);
}
END_TEST

/* A pack of one requirement, as a file of a directory of its own. */
static struct catalog *one_pack(const char *dir, const char *port)
{
	struct catalog *catalog;
	struct error err = {0};
	char *path = xasprintf("%s/p.json", dir),
	     *json = xasprintf("{\"portcullis-catalog:catalog\":{\"pack\":[{\"name\":\"p\",\"id\":1,\"title\":\"P\","
	                       "\"version\":\"1\",\"role\":[{\"id\":1,\"name\":\"server\",\"kind\":\"server\"},"
	                       "{\"id\":2,\"name\":\"client\",\"kind\":\"client\"}],\"requirement\":[{\"id\":1,"
	                       "\"label-name\":\"p/a\",\"listener\":\"server\",\"initiator\":[{\"role\":\"client\","
	                       "\"basis\":\"stated\"}],\"reach\":\"site\",\"class\":\"signalling\",\"purpose\":\"x\","
	                       "\"flow\":[{\"variant\":1,\"transport\":\"tcp\",\"port\":{\"lower\":%s}}]}]}]}}",
	             port);

	ck_assert_msg(!file_replace(path, json, strlen(json), &err), "%s", err.text);
	ck_assert_msg(!catalog_load(dir, NULL, SOURCE_DIR "/yang", &catalog, &err), "%s: %s", err.where, err.text);
	free(json);
	free(path);
	return catalog;
}

static char *temporary(void)
{
	char *dir = xstrdup("/tmp/check_flow.XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(dir));
	return dir;
}

static void removed(char *dir)
{
	char *command = xasprintf("rm -r '%s'", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
	free(dir);
}

static uint16_t derived_port(struct scene *s, const struct catalog *catalog)
{
	struct flows flows;
	struct error err = {0};
	uint16_t port;

	ck_assert_msg(!site_check(&s->site, catalog, &err), "%s: %s", err.where, err.text);
	ck_assert_msg(!flows_derive(&s->site, catalog, &s->net, 0, &flows, &err), "%s", err.text);
	ck_assert_uint_eq(flows.n, 1);
	port = flows.flow[0].ports.lo;
	flows_fini(&flows);
	return port;
}

START_TEST(an_upgrade_leaves_a_pinned_deployment_with_its_pack)
{
	char *dir = temporary(), *kept = xasprintf("%s/kept", dir);
	struct catalog *before = one_pack(dir, "443"), *after, *all;
	struct pins *pins = pins_new(kept, SOURCE_DIR "/yang");
	struct error err = {0};
	struct flows flows;
	struct scene s;
	char *in = xasprintf("group 1 clients roles=client address=10.1.0.1\ngroup 2 servers roles=server "
	                     "address=10.2.0.1\ndeployment 1 site groups=clients,servers digest=%s\n",
	        before->pack[0].digest);

	scene_read(&s, in);
	ck_assert_uint_eq(derived_port(&s, before), 443);
	ck_assert_int_eq(pins_keep(pins, &s.site, before, &err), 0);
	after = one_pack(dir, "444");
	/* Without its copy the deployment is refused by the derivation too, not evaluated against the other pack. */
	ck_assert_int_eq(flows_derive(&s.site, after, &s.net, 0, &flows, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, before->pack[0].digest));
	ck_assert_ptr_nonnull(strstr(err.text, after->pack[0].digest));
	ck_assert_int_eq(pins_keep(pins, &s.site, after, &err), 0);
	ck_assert_msg(!pins_catalog(pins, &s.site, after, &all, &err), "%s: %s", err.where, err.text);
	ck_assert_uint_eq(all->n_pack, 2);
	ck_assert_uint_eq(derived_port(&s, all), 443);
	ck_assert(deployment_pack(all, &s.site.deployment[0])->kept);
	ck_assert_str_eq(deployment_available(all, &s.site.deployment[0])->digest, after->pack[0].digest);
	ck_assert_ptr_null(deployment_available(before, &s.site.deployment[0]));
	s.site.deployment[0].pack_digest[0] = '\0';
	ck_assert_uint_eq(derived_port(&s, all), 444);
	ck_assert_ptr_null(deployment_available(all, &s.site.deployment[0]));
	pins_free(pins); /* what was given out stays */
	catalog_free(after);
	ck_assert_uint_eq(derived_port(&s, all), 444);
	scene_fini(&s);
	catalog_free(before);
	catalog_free(all);
	free(in);
	free(kept);
	removed(dir);
}
END_TEST

START_TEST(the_packs_in_use_come_first)
{
	char *dir = temporary();
	struct catalog *old = one_pack(dir, "443"), *new = one_pack(dir, "444"), *all;
	const struct pack **packs;
	struct scene s;
	char *in = xasprintf("group 1 servers roles=server address=10.2.0.1\ndeployment 1 site groups=servers "
	                     "digest=%s\n",
	        old->pack[0].digest);

	scene_read(&s, in);
	all = catalog_join((struct catalog *[]){new, old}, 2);
	ck_assert_str_eq(catalog_find(all, "p")->digest, new->pack[0].digest);
	packs = site_packs(&s.site, all);
	ck_assert_str_eq(packs[0]->digest, old->pack[0].digest);
	ck_assert_str_eq(packs[1]->digest, new->pack[0].digest);
	free(packs);
	packs = site_packs(NULL, all);
	ck_assert_str_eq(packs[0]->digest, new->pack[0].digest);
	free(packs);
	scene_fini(&s);
	catalog_free(old);
	catalog_free(new);
	catalog_free(all);
	free(in);
	removed(dir);
}
END_TEST

/* A pack that files of one's own made what it is says so, in its copy too. */
START_TEST(keeps_packs_with_overrides)
{
	static const char override[] =
	        "{\"portcullis-catalog:catalog\":{\"override\":[{\"pack\":\"p\",\"role\":[{\"id\":3,\"name\":\"other\","
	        "\"kind\":\"client\"}]}]}}";
	char *dir = temporary(), *own = xasprintf("%s/own", dir), *file = xasprintf("%s/o.json", own);
	struct catalog *plain = one_pack(dir, "443"), *merged, *all;
	struct pins *pins = pins_new(dir, SOURCE_DIR "/yang");
	struct error err = {0};
	struct scene s;
	char *in;

	ck_assert_int_eq(mkdir(own, 0700), 0);
	ck_assert_int_eq(file_replace(file, override, strlen(override), &err), 0);
	ck_assert_msg(!catalog_load(dir, own, SOURCE_DIR "/yang", &merged, &err), "%s: %s", err.where, err.text);
	in = xasprintf("group 1 servers roles=server address=10.2.0.1\ndeployment 1 site groups=servers digest=%s\n",
	        merged->pack[0].digest);
	scene_read(&s, in);
	ck_assert_int_eq(pins_keep(pins, &s.site, merged, &err), 0);
	ck_assert_msg(!pins_catalog(pins, &s.site, plain, &all, &err), "%s: %s", err.where, err.text);
	ck_assert_str_eq(deployment_pack(all, &s.site.deployment[0])->digest, merged->pack[0].digest);
	ck_assert_str_eq(pack_role_find(deployment_pack(all, &s.site.deployment[0]), "other")->own_file, file);
	pins_free(pins);
	scene_fini(&s);
	catalog_free(plain);
	catalog_free(merged);
	catalog_free(all);
	free(in);
	free(file);
	free(own);
	removed(dir);
}
END_TEST

START_TEST(refuses_a_copy_that_is_another_pack)
{
	char *dir = temporary(), *copy;
	struct catalog *catalog = one_pack(dir, "443"), *all;
	struct pins *pins = pins_new(dir, SOURCE_DIR "/yang");
	struct error err = {0};
	struct scene s;
	char in[] = "group 1 servers roles=server address=10.2.0.1\ndeployment 1 site groups=servers digest=d2\n";

	scene_read(&s, in);
	ck_assert_int_eq(pins_catalog(pins, &s.site, catalog, &all, &err), 0);
	ck_assert_ptr_eq(all, catalog);
	catalog_free(all);
	copy = xasprintf("cp '%s/p.json' '%s/p-d2.json'", dir, dir);
	ck_assert_int_eq(system(copy), 0);
	ck_assert_int_eq(pins_catalog(pins, &s.site, catalog, &all, &err), -1);
	ck_assert_ptr_null(all);
	ck_assert_msg(strstr(err.where, "p-d2.json") && strstr(err.text, "digest d2"), "%s: %s", err.where, err.text);
	pins_free(pins);
	scene_fini(&s);
	catalog_free(catalog);
	free(copy);
	removed(dir);
}
END_TEST

/* Cut short, changed, or no file at all: refused with its name, and made anew once the pack is installed again. */
START_TEST(a_broken_copy_is_refused_and_made_anew)
{
	static const char *const breakage[] = {"truncate -s 100", "sed -i s/443/442/", ": >"};
	char *dir = temporary(), *kept = xasprintf("%s/kept", dir), *path, *command;
	struct catalog *before = one_pack(dir, "443"), *after, *all;
	struct pins *pins = pins_new(kept, SOURCE_DIR "/yang");
	struct error err = {0};
	struct scene s;
	char *in = xasprintf("group 1 servers roles=server address=10.2.0.1\ndeployment 1 site groups=servers "
	                     "digest=%s\n",
	        before->pack[0].digest);

	scene_read(&s, in);
	ck_assert_int_eq(pins_keep(pins, &s.site, before, &err), 0);
	pins_free(pins);
	after = one_pack(dir, "444");
	path = xasprintf("%s/p-%s.json", kept, before->pack[0].digest);
	command = xasprintf("%s '%s'", breakage[_i], path);
	ck_assert_int_eq(system(command), 0);
	pins = pins_new(kept, SOURCE_DIR "/yang");
	ck_assert_int_eq(pins_catalog(pins, &s.site, after, &all, &err), -1);
	ck_assert_msg(strstr(err.where, before->pack[0].digest), "%s: %s", err.where, err.text);
	ck_assert_int_eq(pins_keep(pins, &s.site, before, &err), 0);
	ck_assert_msg(!pins_catalog(pins, &s.site, after, &all, &err), "%s: %s", err.where, err.text);
	ck_assert_uint_eq(all->n_pack, 2);
	catalog_free(all);
	pins_free(pins);
	scene_fini(&s);
	catalog_free(before);
	catalog_free(after);
	free(command);
	free(path);
	free(kept);
	free(in);
	removed(dir);
}
END_TEST

START_TEST(orders_ids_by_every_field)
{
	const struct flow_id low = {1, 2, 3, 4, 5, 4};
	const struct flow_id high[] = {{2, 0, 0, 0, 0, 0}, {1, 3, 0, 0, 0, 0}, {1, 2, 4, 0, 0, 0},
	        {1, 2, 3, PARTY_ANY, 0, 0}, {1, 2, 3, 4, 6, 0}, {1, 2, 3, 4, 5, 6}};

	ck_assert_int_eq(flow_id_cmp(&low, &low), 0);
	for (size_t i = 0; i < sizeof(high) / sizeof(high[0]); i++) {
		ck_assert_int_lt(flow_id_cmp(&low, &high[i]), 0);
		ck_assert_int_gt(flow_id_cmp(&high[i], &low), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tc = tcase_create("derive");
	SRunner *runner;
	int failed;

	if (glob(SOURCE_DIR "/tests/data/flow/*.in", 0, NULL, &cases) || !cases.gl_pathc) {
		fprintf(stderr, "no case in %s/tests/data/flow\n", SOURCE_DIR);
		return EXIT_FAILURE;
	}
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, derives_what_the_case_says, 0, (int)cases.gl_pathc);
	tcase_add_test(tc, refuses_more_than_a_million_flows);
	tcase_add_test(tc, refuses_more_than_a_million_legs);
	tcase_add_test(tc, override_may_name_a_variant_that_the_errata_policy_brings);
	tcase_add_test(tc, shipped_roles_name_what_they_replace);
	tcase_add_test(tc, an_upgrade_leaves_a_pinned_deployment_with_its_pack);
	tcase_add_test(tc, the_packs_in_use_come_first);
	tcase_add_test(tc, keeps_packs_with_overrides);
	tcase_add_test(tc, refuses_a_copy_that_is_another_pack);
	tcase_add_loop_test(tc, a_broken_copy_is_refused_and_made_anew, 0, 3);
	tcase_add_test(tc, orders_ids_by_every_field);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
