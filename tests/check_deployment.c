/* links: deployment catalog base */
/* Each fault of a site that site_check() must find, with its place and the words that name object, value and remedy. */
#include "flow_scene.h"
#include "portcullis/review.h"
#include "portcullis/text.h"

#define PACK                                                                                                           \
	"role 1 server server\n"                                                                                       \
	"role 2 client client\n"                                                                                       \
	"role 3 all-servers server server\n"                                                                           \
	"role 4 balancer load-balancer\n"                                                                              \
	"requirement 1 p/sip listener=server from=client flow=tcp:5061 service=front-end lb=hlb-always\n"              \
	"requirement 2 p/media listener=server from=client flow=udp:49152-57500,tcp:49152-57500 "                      \
	"class=server-media minimum=20\n"                                                                              \
	"requirement 3 p/peer listener=client from=client flow=udp:1024-65535 class=peer-to-peer\n"
#define GROUPS                                                                                                         \
	"zone 1 inside eth0\n"                                                                                         \
	"zone 2 outside eth1 eth2\n"                                                                                   \
	"group 1 clients roles=client address=10.1.0.0/24 zone=inside\n"                                               \
	"group 2 servers roles=server address=10.2.0.1 zone=outside\n"
#define SITE GROUPS "deployment 1 site groups=clients,servers\n"

static const struct fault {
	const char *name, *site, *where, *text;
} faults[] = {
        {"rejects_two_groups_of_one_name", GROUPS "group 3 servers roles=server address=10.2.0.2\n",
                "/portcullis:group[name='servers']", "two objects of kind group have the name servers; rename one"},
        {"rejects_two_groups_of_one_id", GROUPS "group 2 more roles=server address=10.2.0.2\n",
                "/portcullis:group[name='servers']/id",
                "group servers has the id 2 of group more; give one of them another id"},
        {"rejects_two_deployments_of_one_id", SITE "deployment 1 again groups=clients\n",
                "/portcullis:deployment[name='site']/id",
                "deployment site has the id 1 of deployment again; give one of them another id"},
        {"rejects_two_zones_of_one_id", SITE "zone 2 more eth7\n", "/portcullis:zone[name='outside']/id",
                "zone outside has the id 2 of zone more; give one of them another id"},
        {"rejects_id_zero", GROUPS "group 0 zero roles=server\n", "/portcullis:group[name='zero']/id",
                "group zero has the id 0; choose one from 1 to 2147483645"},
        {"rejects_id_of_a_fixed_party", GROUPS "group 2147483646 high roles=server\n",
                "/portcullis:group[name='high']/id",
                "group high has the id 2147483646; choose one from 1 to 2147483645"},
        {"rejects_interface_in_two_zones", SITE "zone 3 more eth7 eth2\n",
                "/portcullis:zone[name='more']/interface[.='eth2']",
                "interface eth2 is in zone outside and in zone more; leave it in one of them"},
        {"rejects_group_named_any", GROUPS "group 3 any roles=server\n", "/portcullis:group[name='any']",
                "the group name any has a meaning of its own; give the group another name"},
        {"rejects_member_of_unknown_product", GROUPS "group 3 g roles=q:server\n",
                "/portcullis:group[name='g']/member-of[product='q'][role='server']",
                "group g is a member of product q, which no catalog pack describes; add the pack or correct the name"},
        {"rejects_member_of_unknown_role", GROUPS "group 3 g roles=waiter\n",
                "/portcullis:group[name='g']/member-of[product='p'][role='waiter']",
                "group g has the role waiter, which product p does not know; choose a role of its pack"},
        {"rejects_group_in_unknown_zone", GROUPS "group 3 g roles=server zone=nowhere\n",
                "/portcullis:group[name='g']/zone",
                "group g is in zone nowhere, which does not exist; add the zone or correct the name"},
        {"rejects_published_seen_from_unknown_zone",
                GROUPS "group 3 g roles=server published=192.0.2.1,tcp,443,8443,nowhere\n",
                "/portcullis:group[name='g']/published[address='192.0.2.1'][transport='tcp'][lower='443']",
                "the published address 192.0.2.1 of group g is seen from zone nowhere, which does not exist; "
                "add the zone or correct the name"},
        {"rejects_published_ranges_of_different_size",
                GROUPS "group 3 g roles=server published=192.0.2.1,udp,50000-50009,60000-60008,outside\n",
                "/portcullis:group[name='g']/published[address='192.0.2.1'][transport='udp'][lower='50000']",
                "the published ports 50000-50009 of group g stand for the ports 60000-60008; give both ranges the "
                "same size"},
        {"rejects_balancing_without_virtual_address", GROUPS "group 3 g roles=server lb=hardware\n",
                "/portcullis:group[name='g']/load-balancing",
                "group g is load balanced, but has no virtual address and no group has a load balancer's role; add "
                "a virtual-address or set the kind to none"},
        {"rejects_prefix_of_two_groups", GROUPS "group 3 g roles=server address=10.1.0.0/24\n",
                "/portcullis:group[name='g']/address[.='10.1.0.0/24']",
                "10.1.0.0/24 belongs to group clients and to group g; list it in one of them, with the roles of both"},
        {"rejects_virtual_address_of_another_groups_host",
                GROUPS "group 3 z roles=server lb=hardware virtual=10.2.0.1\n",
                "/portcullis:group[name='z']/load-balancing/virtual-address[.='10.2.0.1']",
                "10.2.0.1 belongs to group servers and to group z; list it in one of them, with the roles of both"},
        {"rejects_deployment_of_unknown_product", GROUPS "deployment 1 site product=q groups=clients\n",
                "/portcullis:deployment[name='site']/product",
                "deployment site is of product q, which no catalog pack describes; add the pack or correct the name"},
        {"rejects_pin_of_another_version", GROUPS "deployment 1 site version=2 groups=clients\n",
                "/portcullis:deployment[name='site']/pack-version",
                "deployment site pins version 2 of p, but version 1 is loaded; load the pinned pack or change the pin"},
        {"rejects_pin_of_another_digest", GROUPS "deployment 1 site digest=d2 groups=clients\n",
                "/portcullis:deployment[name='site']/pack-digest",
                "deployment site pins digest d2 of p, but the loaded pack has digest d1; load the pinned pack or "
                "change "
                "the pin"},
        {"rejects_unknown_group", GROUPS "deployment 1 site groups=clients,nobody\n",
                "/portcullis:deployment[name='site']/group[.='nobody']",
                "deployment site names group nobody, which does not exist; add the group or remove the name"},
        {"rejects_group_without_role_of_the_product", GROUPS "group 3 g address=10.9.0.1\ndeployment 1 site groups=g\n",
                "/portcullis:deployment[name='site']/group[.='g']",
                "group g has no role of product p; add a member-of or remove the group from deployment site"},
        {"rejects_absence_of_unknown_role", GROUPS "deployment 1 site groups=clients absent=waiter\n",
                "/portcullis:deployment[name='site']/role-absent[.='waiter']",
                "deployment site declares the role waiter absent, which product p does not know; choose a role of its "
                "pack"},
        {"rejects_absence_of_a_bound_role", GROUPS "deployment 1 site groups=clients,servers absent=all-servers\n",
                "/portcullis:deployment[name='site']/role-absent[.='all-servers']",
                "deployment site declares the role all-servers absent, but its group servers has it; remove one of the "
                "two"},
        {"rejects_unknown_service_off", GROUPS "deployment 1 site groups=clients off=tea\n",
                "/portcullis:deployment[name='site']/service-off[.='tea']",
                "deployment site switches off service tea, which no requirement of product p has; choose a service of "
                "its pack"},
        {"rejects_override_of_unknown_requirement", SITE "override p/none 0 50000-50100\n",
                "/portcullis:deployment[name='site']/port-override[requirement='p/none'][variant='0']",
                "deployment site names requirement p/none, which product p does not have; choose a label of its pack"},
        {"rejects_override_of_unknown_variant", SITE "override p/media 3 50000-50100\n",
                "/portcullis:deployment[name='site']/port-override[requirement='p/media'][variant='3']",
                "the port override names variant 3 of p/media, which has 2; choose one of these, or 0 for all"},
        {"rejects_override_of_fixed_ports", SITE "override p/sip 1 50000-50100\n",
                "/portcullis:deployment[name='site']/port-override[requirement='p/sip'][variant='1']",
                "the ports of p/sip are fixed by the product; remove the port override"},
        {"rejects_override_reversed", SITE "override p/media 1 50100-50000\n",
                "/portcullis:deployment[name='site']/port-override[requirement='p/media'][variant='1']",
                "the port override of p/media is 50100-50000; give a lower port from 1 and an upper port that is not "
                "below it"},
        {"rejects_override_of_port_zero", SITE "override p/peer 1 0-100\n",
                "/portcullis:deployment[name='site']/port-override[requirement='p/peer'][variant='1']",
                "the port override of p/peer is 0-100; give a lower port from 1 and an upper port that is not below "
                "it"},
        {"rejects_override_below_the_minimum", SITE "override p/media 1 50000-50018\n",
                "/portcullis:deployment[name='site']/port-override[requirement='p/media'][variant='1']",
                "the port override of p/media has 19 ports (50000-50018), but the product needs at least 20; widen the "
                "range"},
        {"rejects_accepted_range_of_unknown_requirement", GROUPS "deployment 1 site groups=clients accept=p/none\n",
                "/portcullis:deployment[name='site']/accept-default-range[.='p/none']",
                "deployment site names requirement p/none, which product p does not have; choose a label of its pack"},
        {"rejects_initiators_of_unknown_requirement", SITE "initiators p/none clients\n",
                "/portcullis:deployment[name='site']/initiator-override[requirement='p/none']",
                "deployment site names requirement p/none, which product p does not have; choose a label of its pack"},
        {"rejects_unknown_initiator_group", SITE "initiators p/sip clients,nobody\n",
                "/portcullis:deployment[name='site']/initiator-override[requirement='p/sip']/group[.='nobody']",
                "the initiator override of p/sip names group nobody, which does not exist; add the group or remove the "
                "name"},
        {"rejects_coexistence_with_itself", GROUPS "deployment 1 site groups=clients coexists=site\n",
                "/portcullis:deployment[name='site']/coexists-with[.='site']",
                "deployment site coexists with site, which is itself; name another deployment"},
        {"rejects_coexistence_with_nothing", GROUPS "deployment 1 site groups=clients coexists=old\n",
                "/portcullis:deployment[name='site']/coexists-with[.='old']",
                "deployment site coexists with old, which is not a deployment; name another deployment"},
        {"rejects_waiver_that_matches_nothing", SITE "waiver q/*\n",
                "/portcullis:deployment[name='site']/waiver[name='w']/requirement",
                "waiver w is for requirement q/*, which matches none of product p; choose a label of its pack, or one "
                "that ends in *"},
        {"rejects_waiver_for_unknown_initiator", SITE "waiver p/* from=nobody\n",
                "/portcullis:deployment[name='site']/waiver[name='w']/initiator",
                "waiver w names the initiator nobody; name a group, GROUP/balancer, any or external"},
        {"rejects_waiver_for_unknown_balancer", SITE "waiver p/* from=any to=nobody/balancer\n",
                "/portcullis:deployment[name='site']/waiver[name='w']/listener",
                "waiver w names the listener nobody/balancer; name a group, GROUP/balancer, any or external"},
        {"rejects_allowance_with_reversed_ports", SITE "allowance a transport=tcp lower=80 upper=79\n",
                "/portcullis:allowance[name='a']/port",
                "allowance a has the ports 80-79; give an upper port that is not below the lower one"},
        {"rejects_allowance_of_icmp_with_ports", SITE "allowance a transport=icmp lower=80 upper=80\n",
                "/portcullis:allowance[name='a']/port",
                "allowance a has ports, but icmp has none; remove the port or choose tcp or udp"},
        {"rejects_tolerated_source_of_nothing", SITE "tolerated\n", "/portcullis:tolerated-source[name='t']",
                "tolerated source t has neither a prefix nor a set; add one or remove it"},
        {"rejects_tolerated_set_without_table", SITE "tolerated set=inet,blocklist\n",
                "/portcullis:tolerated-source[name='t']/set",
                "tolerated source t names the set 'inet blocklist'; write family, table and name, as in 'inet filter "
                "blocklist'"},
};

static char *scene_text(const char *site)
{
	return xasprintf("%s%s", PACK, site);
}

START_TEST(rejects_each_fault_with_place_and_remedy)
{
	const struct fault *f = &faults[_i];
	char *in = scene_text(f->site);
	struct scene scene;
	struct error err = {0};

	scene_read(&scene, in);
	ck_assert_msg(site_check(&scene.site, &scene.catalog, &err) == -1, "%s: accepted", f->name);
	ck_assert_msg(err.code == ERR_INVALID || err.code == ERR_UNSUPPORTED, "%s: code %d", f->name, (int)err.code);
	ck_assert_msg(!strcmp(err.where, f->where), "%s: %s", f->name, err.where);
	ck_assert_msg(!strcmp(err.text, f->text), "%s: %s", f->name, err.text);
	scene_fini(&scene);
	free(in);
}
END_TEST

static const struct sound {
	const char *name, *site;
} sounds[] = {
        {"accepts_an_empty_site", ""},
        {"accepts_a_plain_site", SITE},
        {"accepts_pins_that_match", GROUPS "deployment 1 site version=1 digest=d1 groups=clients,servers\n"},
        {"accepts_nested_prefixes", SITE "group 3 part roles=client address=10.1.0.0/25\n"},
        {"accepts_one_number_for_a_group_and_a_zone", SITE "zone 3 more eth9\ngroup 3 g roles=server\n"},
        {"accepts_a_shared_source_nat_address",
                SITE "group 3 a roles=server lb=hardware virtual=10.9.0.1 nat=10.9.0.9\n"
                     "group 4 b roles=server lb=hardware virtual=10.9.0.2 nat=10.9.0.9\n"},
        {"accepts_balancing_by_a_group_of_a_balancers_role", SITE
                "group 3 a roles=server address=10.9.0.2 lb=hardware\ngroup 4 b roles=balancer address=10.9.0.1\n"},
        {"accepts_a_published_service", SITE "group 3 g roles=server published=192.0.2.1,tcp,443,8443,outside\n"},
        {"accepts_the_smallest_range", SITE "override p/media 0 50000-50019\n"},
        {"accepts_a_range_for_peers", SITE "override p/peer 1 50000-50000\n"},
        {"accepts_every_choice_of_a_deployment",
                GROUPS "deployment 2 old groups=clients\n"
                       "deployment 1 site groups=clients absent=all-servers off=front-end coexists=old accept=p/peer\n"
                       "initiators p/sip servers\nwaiver p/s* from=servers/balancer to=external\n"},
        {"accepts_exceptions", SITE "allowance a transport=icmp lower=0 upper=65535\nallowance b lower=22 upper=22\n"
                                    "tolerated prefix=192.0.2.0/24\n"},
};

START_TEST(accepts_each_sound_site)
{
	char *in = scene_text(sounds[_i].site);
	struct scene scene;
	struct error err = {0};

	scene_read(&scene, in);
	ck_assert_msg(
	        !site_check(&scene.site, &scene.catalog, &err), "%s: %s: %s", sounds[_i].name, err.where, err.text);
	scene_fini(&scene);
	free(in);
}
END_TEST

START_TEST(finds_objects_by_name)
{
	char *in = scene_text(SITE);
	struct scene scene;

	scene_read(&scene, in);
	ck_assert_ptr_eq(site_group_find(&scene.site, "servers"), &scene.site.group[1]);
	ck_assert_ptr_eq(site_zone_find(&scene.site, "outside"), &scene.site.zone[1]);
	ck_assert_ptr_eq(site_deployment_find(&scene.site, "site"), &scene.site.deployment[0]);
	ck_assert_ptr_null(site_group_find(&scene.site, "outside"));
	ck_assert_ptr_null(site_zone_find(&scene.site, "site"));
	ck_assert_ptr_null(site_deployment_find(&scene.site, "servers"));
	scene_fini(&scene);
	free(in);
}
END_TEST

START_TEST(frees_nothing)
{
	site_free(NULL);
}
END_TEST

START_TEST(tells_an_end_passed_in_either_direction)
{
	static const struct {
		int64_t before, now;
		bool want;
	} table[] = {{99, 100, true}, {100, 101, false}, {0, 99, false}, {50, 500, true}, {100, 99, true},
	        {500, 50, true}, {101, 100, false}, {100, 100, false}};
	const char *const sites[] = {
	        SITE "waiver p/sip expires=100\n", SITE "allowance a expires=100\n", SITE "assumption a expires=100\n"};

	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
		char *in = scene_text(sites[i]);
		struct scene scene;

		scene_read(&scene, in);
		for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++)
			ck_assert_int_eq(
			        site_expiry_between(&scene.site, table[k].before, table[k].now), table[k].want);
		scene_fini(&scene);
		free(in);
	}
}
END_TEST

/* A site that nothing can be said about, so that each row's own line is what the remark comes from. */
#define CLEAN_GROUPS                                                                                                   \
	"zone 1 inside eth0\nzone 2 outside eth1 eth2\n"                                                               \
	"group 1 clients roles=client address=10.1.0.0/24 zone=inside\n"                                               \
	"group 2 servers roles=server address=10.2.0.1 zone=outside\n"
#define CLEAN CLEAN_GROUPS "deployment 1 site digest=d1 groups=clients,servers accept=p/peer\n"
#define ROUTED CLEAN "local 10.1.0.254 eth0\nroute 10.1.0.0/24 eth0\nroute 10.2.0.0/24 eth1\nroute 10.3.0.0/24 eth2\n"

static const struct remarkable {
	const char *name, *site, *level, *kind, *where, *words;
} remarkables[] = {
        {"role_that_nobody_has", CLEAN_GROUPS "deployment 1 site digest=d1 groups=servers\n", "warning", "unbound-role",
                "/portcullis:deployment[name='site']/role-absent",
                "the role client, which 5 requirements name, for example p/sip"},
        {"role_that_nobody_has_on_that_side",
                "requirement 6 p/in listener=server from=client flow=tcp:81 interface=internal\n" CLEAN_GROUPS
                "group 3 out roles=server@external address=10.3.0.1\n"
                "deployment 1 site digest=d1 groups=clients,out accept=p/peer\n",
                "warning", "unbound-role", "/portcullis:deployment[name='site']/role-absent",
                "the role server, which 4 requirements name, for example p/sip"},
        {"composite_role",
                CLEAN_GROUPS "group 3 all roles=all-servers address=10.3.0.1\n"
                             "deployment 1 site digest=d1 groups=clients,servers,all accept=p/peer\n",
                "warning", "composite-role", "/portcullis:group[name='all']/member-of[product='p'][role='all-servers']",
                "requirements of server do"},
        {"group_of_both_interfaces",
                "requirement 6 p/out listener=server from=client flow=tcp:81 interface=external reach=external\n" CLEAN,
                "warning", "both-interfaces",
                "/portcullis:group[name='servers']/member-of[product='p'][role='server']/interface",
                "external interface (p/out) and an internal one (p/sip)"},
        {"group_that_nothing_is_asked_of",
                CLEAN_GROUPS "group 3 b roles=balancer address=10.3.0.1\n"
                             "deployment 1 site digest=d1 groups=clients,servers,b accept=p/peer\n",
                "warning", "group-without-flow", "/portcullis:deployment[name='site']/group[.='b']", "group b"},
        {"group_of_no_deployment", CLEAN "group 3 g roles=server address=10.3.0.1\n", "warning", "group-unused",
                "/portcullis:group[name='g']", "no deployment lists group g"},
        {"range_that_waits", CLEAN_GROUPS "deployment 1 site digest=d1 groups=clients,servers\n", "warning",
                "needs-range", "/portcullis:deployment[name='site']/port-override[requirement='p/peer']",
                "p/peer waits for a range"},
        {"overlapping_ranges", CLEAN "override p/peer 0 50000-50019\noverride p/peer2 0 50019-50038\n", "warning",
                "ranges-overlap",
                "/portcullis:deployment[name='site']/port-override[requirement='p/peer2'][variant='0']",
                "50019-50038 of p/peer2 overlaps 50000-50019 of p/peer"},
        {"placeholder_address", CLEAN "group 3 g roles=server address=192.0.2.1,2001:db8::1\n", "warning",
                "placeholder-address", "/portcullis:group[name='g']", "2 addresses"},
        {"published_placeholder", CLEAN "group 3 g roles=server address=10.3.0.1 published=203.0.113.1,tcp,443,443\n",
                "warning", "placeholder-address", "/portcullis:group[name='g']", "203.0.113.1"},
        {"prefix_inside_another_groups", CLEAN "group 3 g roles=client address=10.1.0.0/25\n", "warning", "overlap",
                "/portcullis:group[name='g']/address[.='10.1.0.0/25']", "inside a prefix of group clients"},
        {"group_without_address", CLEAN "group 3 g roles=client\n", "warning", "no-address",
                "/portcullis:group[name='g']", "has no address"},
        {"group_whose_addresses_others_have",
                CLEAN "group 3 g roles=client address=10.3.0.0/31\ngroup 4 a roles=client address=10.3.0.0\n"
                      "group 5 b roles=client address=10.3.0.1\n",
                "warning", "no-address", "/portcullis:group[name='g']", "every address of group g"},
        {"expired_waiver", CLEAN "waiver p/sip expires=100\nnow 100\n", "warning", "expired",
                "/portcullis:deployment[name='site']/waiver[name='w']/expires", "ended at 1970-01-01T00:01:40Z"},
        {"waiver_that_ends_soon", CLEAN "waiver p/sip expires=2592000\n", "warning", "expires-soon",
                "/portcullis:deployment[name='site']/waiver[name='w']/expires", "ends at 1970-01-31"},
        {"expired_allowance", CLEAN "allowance a lower=1 upper=1 expires=1\nnow 2\n", "warning", "expired",
                "/portcullis:allowance[name='a']/expires", "allowance a"},
        {"expired_assumption", CLEAN "assumption a expires=1\nnow 2\n", "warning", "expired",
                "/portcullis:assumption[name='a']/expires", "assumption a"},
        {"no_common_family",
                CLEAN "group 3 g roles=client address=fd00::1\n"
                      "deployment 2 two digest=d1 groups=g,servers accept=p/peer\n",
                "warning", "no-common-family", "", "two/p/"},
        {"pack_that_is_not_pinned", CLEAN_GROUPS "deployment 1 site groups=clients,servers accept=p/peer\n", "note",
                "not-pinned", "/portcullis:deployment[name='site']/pack-digest", "digest d1"},
        {"condition", CLEAN, "note", "condition", "/portcullis:deployment[name='site']", "condition sometimes"},
        {"network_that_is_not_known", CLEAN, "note", "network-unknown", "", "not known"},
        {"zone_of_nobody", CLEAN "zone 3 spare eth9\n", "note", "zone-unused", "/portcullis:zone[name='spare']",
                "spare"},
        {"tolerated_source", CLEAN "tolerated prefix=10.1.0.2,10.6.0.0/16\n", "note", "tolerated",
                "/portcullis:tolerated-source[name='t']", "2 prefixes, the first is 10.1.0.2"},
        {"tolerated_source_of_a_set", CLEAN "tolerated set=inet,filter,blocklist\n", "note", "tolerated",
                "/portcullis:tolerated-source[name='t']", "set inet filter blocklist"},
        {"interface_that_does_not_exist", ROUTED "zone 3 spare eth9\n", "warning", "interface-unknown",
                "/portcullis:zone[name='spare']/interface[.='eth9']", "eth9"},
        {"address_of_the_device", ROUTED "group 3 g roles=server address=10.1.0.254\n", "warning", "device-address",
                "/portcullis:group[name='g']/address[.='10.1.0.254']", "of this device"},
        {"group_without_route", ROUTED "group 3 g roles=server address=10.9.0.1 zone=outside\n", "warning", "no-route",
                "/portcullis:group[name='g']", "ipv4 addresses of group g in zone outside"},
        {"interface_that_cannot_be_told", ROUTED "rule 100 isp2 from=10.1.0.0/24\n", "note", "path-open", "",
                "for example site/p/sip#1"},
        {"policy_of_routing", ROUTED "rule 100 isp2 from=10.7.0.0/24\n", "note", "network", "",
                "1 rules of the routing"},
};

static void review_scene(struct scene *s, struct review *out)
{
	struct flows flows;
	struct error err = {0};
	enum remark_level worst;

	ck_assert_msg(!site_check(&s->site, &s->catalog, &err), "%s: %s", err.where, err.text);
	ck_assert_msg(!flows_derive(&s->site, &s->catalog, &s->net, s->now, &flows, &err), "%s", err.text);
	*out = (struct review){0};
	review_site(&s->site, &s->catalog, &s->net, &flows, s->now, out);
	(void)review_finish(out, &worst);
	for (size_t i = 1; i < out->n; i++)
		ck_assert_int_ge(out->remark[i - 1].level, out->remark[i].level);
	flows_fini(&flows);
}

static char *review_text(const char *site)
{
	return xasprintf(
	        "%srequirement 4 p/peer2 listener=client from=client flow=udp:1024-65535 class=server-media "
	        "minimum=20\nrequirement 5 p/if listener=server from=client flow=tcp:80 condition=sometimes\n%s",
	        PACK, site);
}

START_TEST(remarks_what_is_to_be_known)
{
	const struct remarkable *want = &remarkables[_i];
	char *in = review_text(want->site);
	struct scene scene;
	struct review review;
	size_t found = 0;
	struct text all = {0};

	scene_read(&scene, in);
	review_scene(&scene, &review);
	for (size_t i = 0; i < review.n; i++) {
		const struct remark *r = &review.remark[i];

		text_addf(&all, "\n%s %s %s: %s", remark_level_name(r->level), r->kind, r->where, r->text);
		found += !strcmp(r->kind, want->kind) && !strcmp(remark_level_name(r->level), want->level) &&
		         !strcmp(r->where, want->where) && strstr(r->text, want->words);
	}
	ck_assert_msg(found == 1, "%s: %zu times in%s", want->name, found, text_str(&all));
	text_fini(&all);
	review_fini(&review);
	scene_fini(&scene);
	free(in);
}
END_TEST

START_TEST(warns_of_nothing_in_a_clean_site)
{
	char *in = review_text(ROUTED);
	struct scene scene;
	struct review review;

	scene_read(&scene, in);
	review_scene(&scene, &review);
	for (size_t i = 0; i < review.n; i++)
		ck_assert_msg(
		        review.remark[i].level == REMARK_NOTE, "%s: %s", review.remark[i].where, review.remark[i].text);
	review_fini(&review);
	scene_fini(&scene);
	free(in);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("deployment");
	TCase *tc = tcase_create("site");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, rejects_each_fault_with_place_and_remedy, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_loop_test(tc, accepts_each_sound_site, 0, sizeof(sounds) / sizeof(sounds[0]));
	tcase_add_test(tc, finds_objects_by_name);
	tcase_add_test(tc, frees_nothing);
	tcase_add_test(tc, tells_an_end_passed_in_either_direction);
	tcase_add_loop_test(tc, remarks_what_is_to_be_known, 0, sizeof(remarkables) / sizeof(remarkables[0]));
	tcase_add_test(tc, warns_of_nothing_in_a_clean_site);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
