/* links: config deployment catalog base */
/*
 * The firewall part of a configuration: a file comes in, the values of a site go out; each fault that the model or
 * site_check() must find, with its place and the words that name rule, value and remedy; and what a review says of rules.
 */
#include "firewall_scene.h"

static const struct catalog no_catalog;

static void ck_range(const struct prefix *p, const char *want)
{
	char text[96];

	range_print(p->family, p->range, text, sizeof(text));
	ck_assert_str_eq(text, want);
}

static void ck_ports(const struct port_range *p, const char *want)
{
	char text[16];

	port_range_print(*p, text, sizeof(text));
	ck_assert_str_eq(text, want);
}

static void ck_first_rule(const struct firewall_rule *r)
{
	ck_assert_str_eq(r->name, "web-in");
	ck_assert_str_eq(r->comment, "Pages for the offices – all of them.");
	ck_assert_int_eq(r->path, PATH_FORWARD);
	ck_assert_uint_eq(r->source.n_address + r->source.n_group + r->source.n_port_set, 0);
	ck_assert_uint_eq(r->source.n_address_set, 1);
	ck_assert_str_eq(r->source.address_set[0], "offices");
	ck_assert_str_eq(r->source.zone[0], "outside");
	ck_ports(&r->source.ports[0], "1024-65535");
	ck_assert_uint_eq(r->destination.n_address, 1);
	ck_range(&r->destination.address[0], "10.2.0.0/31");
	ck_assert_str_eq(r->destination.group[0], "servers");
	ck_assert_str_eq(r->destination.port_set[0], "web");
	ck_ports(&r->destination.ports[0], "8443");
	ck_assert_uint_eq(r->n_proto, 2);
	ck_assert(r->proto[0] == PROTO_TCP && r->proto[1] == PROTO_SCTP);
	ck_assert_uint_eq(r->states, STATE_NEW | STATE_UNTRACKED);
	ck_assert_int_eq(r->action, ACTION_ACCEPT);
	ck_assert(r->log);
	ck_assert_str_eq(r->log_prefix, "web ");
	ck_assert_uint_eq(r->log_rate, 5);
}

static void ck_other_rules(const struct firewall_rule *r)
{
	ck_assert_str_eq(r[1].name, "ping");
	ck_assert_int_eq(r[1].path, PATH_INPUT);
	ck_assert_uint_eq(r[1].n_icmp_type, 2);
	ck_assert(r[1].icmp_type[0] == 8 && r[1].icmp_type[1] == 128);
	ck_assert(r[1].proto[0] == PROTO_ICMP && r[1].proto[1] == PROTO_ICMPV6);
	ck_assert_int_eq(r[1].action, ACTION_REJECT);
	ck_assert(r[1].log);
	ck_assert_str_eq(r[1].log_prefix, "");
	ck_assert_uint_eq(r[1].log_rate, 10);
	ck_assert_str_eq(r[2].name, "a-last");
	ck_assert_int_eq(r[2].path, PATH_OUTPUT);
	ck_assert_int_eq(r[2].action, ACTION_DROP);
	ck_assert(!r[2].log && r[2].n_proto == 0 && r[2].states == 0);
}

START_TEST(site_has_the_firewall_that_the_file_says)
{
	struct site *site = NULL;
	struct error err = {0};
	const struct firewall *f;

	ck_assert_msg(!config_site_read(context, SOURCE_DIR "/tests/data/config/firewall.json", &site, &err), "%s: %s",
	        err.where, err.text);
	ck_assert_msg(!site_check(site, &no_catalog, &err), "%s: %s", err.where, err.text);
	f = &site->firewall;
	ck_assert(f->mode == FIREWALL_ENFORCE && f->scope == SCOPE_ALL && f->gate == GATE_REJECT);
	ck_assert_uint_eq(f->n_management, 2);
	ck_assert_uint_eq(f->management[0].n_source, 2);
	ck_range(&f->management[0].source[1], "fd00:9::5");
	ck_assert_uint_eq(f->management[0].proto, PROTO_TCP);
	ck_ports(&f->management[0].ports, "22");
	ck_assert_uint_eq(f->management[1].proto, PROTO_UDP);
	ck_ports(&f->management[1].ports, "161-162");
	ck_assert_uint_eq(f->n_address_set, 2);
	ck_assert_uint_eq(f->address_set[0].n_address, 3);
	ck_range(&f->address_set[0].address[0], "10.1.0.0/23");
	ck_range(&f->address_set[0].address[1], "10.5.0.0/16");
	ck_range(&f->address_set[0].address[2], "fd00:1::/48");
	ck_assert_uint_eq(f->n_port_set, 1);
	ck_assert_uint_eq(f->port_set[0].n_ports, 2);
	ck_ports(&f->port_set[0].ports[0], "80-90");
	ck_ports(&f->port_set[0].ports[1], "443");
	ck_assert_uint_eq(f->n_rule, 3);
	ck_first_rule(f->rule);
	ck_other_rules(f->rule);
	ck_assert_int_eq(f->by_default[PATH_FORWARD], ACTION_DROP);
	ck_assert_int_eq(f->by_default[PATH_INPUT], ACTION_ACCEPT);
	ck_assert_int_eq(f->by_default[PATH_OUTPUT], ACTION_FALL_THROUGH);
	site_free(site);
}
END_TEST

START_TEST(what_is_not_said_has_the_defaults_of_the_model)
{
	static const char *const said[] = {"", "'default-action':{}"};
	struct site *site;
	struct error err;

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		ck_assert_msg(!site_read(said[i], &site, &err), "%s", err.text);
		ck_assert_int_eq(site->firewall.mode, FIREWALL_OBSERVE);
		ck_assert_int_eq(site->firewall.scope, SCOPE_BOUND_GROUPS);
		ck_assert_int_eq(site->firewall.gate, GATE_WARN);
		for (size_t k = 0; k < PATH_N; k++)
			ck_assert_int_eq(site->firewall.by_default[k], ACTION_FALL_THROUGH);
		ck_assert_uint_eq(site->firewall.n_rule + site->firewall.n_management, 0);
		site_free(site);
	}
}
END_TEST

/* Bad input */

#define RULE(matches) "'rule':[{'name':'r','matches':{" matches "},'actions':{'forwarding':'drop'}}]"
#define AT "/portcullis:firewall/rule[name='r']/matches"

static const struct fault {
	const char *name, *firewall, *where, *text;
} faults[] = {
        /* by the model, or while the site is built */
        {"rejects_prefix_with_host_bits_of_a_rule", RULE("'source':{'address':['10.1.2.3/8']}"),
                AT "/source/address[.='10.0.0.0/8']", "10.0.0.0/8"},
        {"rejects_prefix_with_host_bits_of_a_set", "'address-set':[{'name':'s','address':['fd00::1/16']}]",
                "/portcullis:firewall/address-set[name='s']/address[.='fd00::/16']", "fd00::/16"},
        {"rejects_prefix_with_host_bits_of_a_peer",
                "'management-access':[{'name':'m','source':['10.9.0.1/24'],'port':{'lower':22}}]",
                "/portcullis:firewall/management-access[name='m']/source[.='10.9.0.0/24']", "10.9.0.0/24"},
        {"rejects_reversed_ports_of_a_rule", RULE("'destination':{'port':[{'lower':9,'upper':8}]},'transport':['tcp']"),
                AT "/destination/port[lower='9']/upper", "swap them"},
        {"rejects_reversed_ports_of_a_set", "'port-set':[{'name':'s','port':[{'lower':443,'upper':80}]}]",
                "/portcullis:firewall/port-set[name='s']/port[lower='443']/upper", "swap them"},
        {"rejects_reversed_ports_of_a_peer",
                "'management-access':[{'name':'m','source':['10.9.0.1'],'port':{'lower':22,'upper':21}}]",
                "/portcullis:firewall/management-access[name='m']/port/upper", "swap them"},
        {"rejects_management_access_without_peer", "'management-access':[{'name':'m','port':{'lower':22}}]",
                "management-access", "source"},
        {"rejects_management_access_without_port", "'management-access':[{'name':'m','source':['10.9.0.1']}]",
                "management-access", "lower"},
        {"rejects_rule_without_action", "'rule':[{'name':'r'}]", "rule", "forwarding"},
        {"rejects_two_rules_of_one_name",
                "'rule':[{'name':'r','actions':{'forwarding':'drop'}},{'name':'r','actions':{'forwarding':'drop'}}]",
                "rule", "r"},
        {"rejects_unknown_transport", RULE("'transport':['gre']"), "", "gre"},
        {"rejects_unknown_state", RULE("'state':['old']"), "", "old"},
        {"rejects_large_icmp_type", RULE("'transport':['icmp'],'icmp-type':[256]"), "", "256"},
        {"rejects_quotation_mark_in_a_log_prefix",
                "'rule':[{'name':'r','actions':{'forwarding':'drop','log':{'prefix':'a\\\"b'}}}]", "",
                "without quotation marks"},
        {"rejects_log_rate_zero", "'rule':[{'name':'r','actions':{'forwarding':'drop','log':{'rate':0}}}]", "",
                "range"},
        {"rejects_state_as_configuration",
                "'rule':[{'name':'r','actions':{'forwarding':'drop'},'statistics':{'matched-packets':'1'}}]", "",
                "statistics"},
        /* names */
        {"rejects_unknown_address_set", RULE("'source':{'address-set':['s']}"), AT "/source/address-set[.='s']",
                "rule r names the address set s as source, which does not exist; add the address set or remove"},
        {"rejects_unknown_port_set", RULE("'destination':{'port-set':['s']},'transport':['tcp']"),
                AT "/destination/port-set[.='s']", "rule r names the port set s as destination"},
        {"rejects_unknown_group", RULE("'destination':{'group':['g4','gone']}"), AT "/destination/group[.='gone']",
                "rule r names the group gone as destination, which does not exist; add the group or remove the name"},
        {"rejects_unknown_zone", RULE("'source':{'zone':['x']}"), AT "/source/zone[.='x']",
                "rule r names the zone x as source"},
        /* rules that no packet matches */
        {"rejects_group_without_address", RULE("'source':{'group':['nobody']}"), AT "/source",
                "the source of rule r, nobody, has no address, so that no packet matches the rule; add an address"},
        {"rejects_set_without_address",
                "'address-set':[{'name':'s'}]," RULE("'destination':{'address-set':['s'],'group':['nobody']}"),
                AT "/destination", "the destination of rule r, s, has no address"},
        {"rejects_set_without_port",
                "'port-set':[{'name':'s'}]," RULE("'source':{'port-set':['s']},'transport':['udp']"),
                AT "/source/port-set", "the port set s that rule r names as source has no port"},
        {"rejects_destination_zone_of_input", RULE("'path':'input','destination':{'zone':['in']}"),
                AT "/destination/zone", "packets to this device have no output interface; remove the zone or choose"},
        {"rejects_source_zone_of_output", RULE("'path':'output','source':{'zone':['in']}"), AT "/source/zone",
                "rule r has path output and the source zone in, but packets from this device have no input"},
        {"rejects_ports_without_transport", RULE("'destination':{'port':[{'lower':80}]}"), AT "/destination/port",
                "rule r has destination ports, but no transport that they are of; add the transport tcp, udp or sctp"},
        {"rejects_port_set_without_transport",
                "'port-set':[{'name':'s','port':[{'lower':1}]}]," RULE("'source':{'port-set':['s']}"),
                AT "/source/port-set", "rule r has source ports, but no transport"},
        {"rejects_ports_with_icmp", RULE("'source':{'port':[{'lower':80}]},'transport':['tcp','icmp']"),
                AT "/source/port",
                "rule r has source ports and the transport icmp, which has none; make a rule of its own for icmp"},
        {"rejects_icmp_type_without_transport", RULE("'icmp-type':[8]"), AT "/icmp-type",
                "rule r has ICMP types, but no transport that they are of; add the transport icmp or icmpv6"},
        {"rejects_icmp_type_with_tcp", RULE("'transport':['icmp','tcp'],'icmp-type':[8]"), AT "/icmp-type",
                "rule r has ICMP types and the transport tcp, which has none; make a rule of its own for tcp"},
        {"rejects_two_families", RULE("'source':{'address':['10.0.0.0/8']},'destination':{'group':['g6']}"), AT,
                "rule r has a source of IPv4 and a destination of IPv6 alone, so that no packet matches it; give both"},
        {"rejects_icmp_of_the_other_family", RULE("'source':{'group':['g6']},'transport':['icmp']"), AT,
                "rule r is for addresses of IPv6 alone, and its transport icmp is of the other family; choose icmpv6"},
        {"rejects_icmpv6_of_the_other_family",
                RULE("'destination':{'address':['10.0.0.1']},'transport':['tcp','icmpv6']"), AT,
                "rule r is for addresses of IPv4 alone, and its transport icmpv6 is of the other family; choose icmp"},
};

START_TEST(rejects)
{
	const struct fault *f = &faults[_i];
	struct site *site = NULL;
	struct error err;

	if (site_read(f->firewall, &site, &err) == 0)
		ck_assert_msg(site_check(site, &no_catalog, &err) == -1, "%s", f->name);
	ck_assert_msg(err.code == ERR_INVALID, "%s: %d %s: %s", f->name, err.code, err.where, err.text);
	ck_assert_msg(strstr(err.where, f->where) != NULL, "%s: %s: %s", f->name, err.where, err.text);
	ck_assert_msg(strstr(err.text, f->text) != NULL, "%s: %s: %s", f->name, err.where, err.text);
	site_free(site);
}
END_TEST

/* Ranges of a site that no model has checked. */
START_TEST(rejects_reversed_ranges_of_a_site)
{
	struct port_range ports = {9, 8};
	struct port_set set = {(char[]){"s"}, &ports, 1};
	struct prefix peer = {FAMILY_IPV4, {1, 1}};
	struct management_access access = {(char[]){"m"}, &peer, 1, PROTO_TCP, {9, 8}};
	uint8_t tcp = PROTO_TCP;
	struct firewall_rule rule = {.name = (char[]){"r"}, .proto = &tcp, .n_proto = 1, .action = ACTION_DROP};
	struct site site = {.firewall = {.port_set = &set, .n_port_set = 1}};
	struct error err = {0};

	ck_assert_int_eq(site_check(&site, &no_catalog, &err), -1);
	ck_assert_str_eq(err.where, "/portcullis:firewall/port-set[name='s']/port[lower='9']");
	site.firewall = (struct firewall){.management = &access, .n_management = 1};
	ck_assert_int_eq(site_check(&site, &no_catalog, &err), -1);
	ck_assert_str_eq(err.where, "/portcullis:firewall/management-access[name='m']/port");
	rule.destination = (struct firewall_side){.ports = &ports, .n_ports = 1};
	site.firewall = (struct firewall){.rule = &rule, .n_rule = 1};
	ck_assert_int_eq(site_check(&site, &no_catalog, &err), -1);
	ck_assert_str_eq(err.where, AT "/destination/port[lower='9']");
	ports.hi = 9;
	ck_assert_msg(!site_check(&site, &no_catalog, &err), "%s", err.text);
}
END_TEST

/* Review */

#define NAMED(name, action, matches) "{'name':'" name "','matches':{" matches "},'actions':{'forwarding':'" action "'}}"
#define TWO(a, first, b, second) "'rule':[" NAMED("one", a, first) "," NAMED("two", b, second) "]"
#define TO(address) "'destination':{'address':['" address "']}"
#define ON_TWO "/portcullis:firewall/rule[name='two']"

/* kind NULL: nothing is said of one rule taking another's packets. */
static const struct remarkable {
	const char *name, *firewall, *kind, *where, *words;
} remarkables[] = {
        {"the_same_twice", TWO("accept", TO("10.0.0.1"), "accept", TO("10.0.0.1")), "rule-shadowed", ON_TWO,
                "rule two is shadowed by rule one, which stands before it, takes every packet of it and does the same"},
        {"narrower_with_another_action", TWO("drop", TO("10.0.0.0/8"), "accept", TO("10.1.0.0/16")),
                "rule-contradicted", ON_TWO, "rule two (accept) contradicts rule one (drop), which stands before it"},
        {"narrower_first", TWO("drop", TO("10.1.0.0/16"), "accept", TO("10.0.0.0/8")), NULL, "", ""},
        {"overlapping_in_part", TWO("drop", TO("10.0.0.0/9") ",'state':['new']", "accept", TO("10.0.0.0/8")), NULL, "",
                ""},
        {"reject_is_not_drop", TWO("drop", TO("10.0.0.0/8"), "reject", TO("10.1.0.0/16")), "rule-contradicted", ON_TWO,
                "rule two (reject) contradicts rule one (drop)"},
        {"another_path", TWO("drop", TO("10.0.0.0/8"), "accept", "'path':'input'," TO("10.1.0.0/16")), NULL, "", ""},
        {"another_family", TWO("drop", TO("10.0.0.0/8"), "accept", TO("fd00::1")), NULL, "", ""},
        {"any_family_is_wider_than_one", TWO("drop", TO("10.0.0.0/8"), "accept", "'transport':['tcp']"), NULL, "", ""},
        {"two_families_covered_by_two",
                TWO("drop", "'destination':{'address':['10.0.0.0/8','fd00::/8']}", "accept",
                        "'destination':{'address':['10.0.0.1','fd00::1']}"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"two_families_covered_in_one",
                TWO("drop", TO("10.0.0.0/8"), "accept", "'destination':{'address':['10.0.0.1','fd00::1']}"), NULL, "",
                ""},
        {"group_inside_a_prefix",
                TWO("drop", "'source':{'address':['10.0.0.0/8']}", "accept", "'source':{'group':['g4']}"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"set_joined_from_halves",
                "'address-set':[{'name':'s','address':['10.4.128.0/17','10.4.0.0/17']}]," TWO(
                        "drop", "'source':{'address-set':['s']}", "accept", "'source':{'group':['g4']}"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"two_sets_and_an_address_together",
                "'address-set':[{'name':'s','address':['10.4.128.0/17']},{'name':'t','address':['10.4.64.0/18']}]," TWO(
                        "drop", "'source':{'address-set':['s','t'],'address':['10.4.0.0/18']}", "accept",
                        "'source':{'group':['g4']}"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"ports_inside_a_range",
                TWO("drop", "'destination':{'port':[{'lower':1,'upper':1023}]},'transport':['tcp','udp']", "accept",
                        "'destination':{'port':[{'lower':80},{'lower':443}]},'transport':['tcp']"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"ports_beside_a_range",
                TWO("drop", "'destination':{'port':[{'lower':1,'upper':1023}]},'transport':['tcp','udp']", "accept",
                        "'destination':{'port':[{'lower':80},{'lower':8443}]},'transport':['tcp']"),
                NULL, "", ""},
        {"port_set_inside_a_range",
                "'port-set':[{'name':'p','port':[{'lower':80},{'lower':443}]}]," TWO("drop",
                        "'source':{'port':[{'lower':1,'upper':1023}]},'transport':['tcp']", "accept",
                        "'source':{'port-set':['p']},'transport':['tcp']"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"every_transport_is_wider_than_all_named",
                TWO("drop", "'transport':['tcp','udp','sctp','icmp','icmpv6']", "accept", TO("10.0.0.1")), NULL, "",
                ""},
        {"icmp_types_inside_all",
                TWO("drop", "'transport':['icmp','icmpv6']", "accept", "'transport':['icmp'],'icmp-type':[8]"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"all_icmp_types_behind_one",
                TWO("drop", "'transport':['icmp'],'icmp-type':[8]", "accept", "'transport':['icmp']"), NULL, "", ""},
        {"states_inside_all", TWO("drop", TO("10.0.0.1"), "accept", TO("10.0.0.1") ",'state':['new']"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"all_states_behind_one", TWO("drop", TO("10.0.0.1") ",'state':['new']", "accept", TO("10.0.0.1")), NULL, "",
                ""},
        {"all_addresses_ask_nothing",
                TWO("drop", "'source':{'address':['0.0.0.0/0','::/0']}", "accept", "'transport':['tcp']"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"all_addresses_of_one_family_ask_for_it",
                TWO("drop", "'source':{'address':['0.0.0.0/0']}", "accept", "'transport':['tcp']"), NULL, "", ""},
        {"all_ports_ask_nothing",
                TWO("drop", "'source':{'port':[{'lower':0,'upper':65535}]},'transport':['tcp']", "accept",
                        "'transport':['tcp']"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"states_that_pass_before_any_rule",
                TWO("drop", TO("10.0.0.1"), "accept", TO("10.0.0.1") ",'state':['established','related']"),
                "rule-shadowed", ON_TWO, "rule two is for established and related packets alone, which pass before"},
        {"states_but_for_those_that_pass",
                TWO("drop", TO("10.0.0.1") ",'state':['new','invalid','untracked']", "accept", TO("10.0.0.1")),
                "rule-contradicted", ON_TWO, "rule one"},
        {"group_with_a_virtual_address",
                TWO("drop", "'source':{'address':['10.6.0.0/16']}", "accept", "'source':{'group':['balanced']}"), NULL,
                "", ""},
        {"zone_inside_all", TWO("drop", TO("10.0.0.1"), "accept", TO("10.0.0.1") ",'source':{'zone':['in']}"),
                "rule-contradicted", ON_TWO, "rule one"},
        {"another_zone",
                TWO("drop", "'source':{'zone':['in']}," TO("10.0.0.1"), "accept",
                        "'source':{'zone':['in','out']}," TO("10.0.0.1")),
                NULL, "", ""},
        {"management_access_takes_it",
                "'management-access':[{'name':'m','source':['10.9.0.0/24'],'port':{'lower':22}}],'rule':[" NAMED("two",
                        "drop",
                        "'path':'input','source':{'address':['10.9.0.7']},'destination':{'port':[{'lower':22}]},"
                        "'transport':['tcp']") "]",
                "rule-contradicted", ON_TWO, "rule two (drop) contradicts management access m (accept)"},
        {"rule_without_condition", "'rule':[" NAMED("two", "drop", "") "]", "rule-matches-all", ON_TWO,
                "rule two has no condition: it does drop with every forwarded packet"},
        {"rule_behind_one_without_condition", TWO("accept", "", "drop", TO("10.0.0.1")), "rule-contradicted", ON_TWO,
                "rule one"},
        {"set_that_no_rule_names",
                "'address-set':[{'name':'s','address':['10.0.0.1']}],'port-set':[{'name':'p'}]," RULE(TO("10.0.0.1")),
                "set-unused", "/portcullis:firewall/address-set[name='s']", "no rule names address set s"},
        {"port_set_that_no_rule_names", "'port-set':[{'name':'p'}]", "set-unused",
                "/portcullis:firewall/port-set[name='p']", "no rule names port set p"},
        {"rules_that_are_not_installed", RULE(TO("10.0.0.1")), "mode-observe", "/portcullis:firewall/mode",
                "the mode is observe: the 1 rules are not installed"},
        {"management_that_may_be_cut", "'default-action':{'input':'drop'}", "no-management-access",
                "/portcullis:firewall", "name the peers of NETCONF, SSH and SNMP in management-access"},
        {"management_that_a_rule_may_cut", RULE("'path':'output'," TO("10.0.0.1")), "no-management-access",
                "/portcullis:firewall", "nothing says who must always reach it"},
};

START_TEST(remarks)
{
	const struct remarkable *want = &remarkables[_i];
	struct site *site;
	struct review review;
	struct error err;
	struct text all = {0};
	size_t found = 0, compared = 0;

	ck_assert_msg(!site_read(want->firewall, &site, &err), "%s: %s: %s", want->name, err.where, err.text);
	site_review(site, &review);
	for (size_t i = 0; i < review.n; i++) {
		const struct remark *r = &review.remark[i];

		text_addf(&all, "\n%s %s: %s", r->kind, r->where, r->text);
		compared += !strcmp(r->kind, "rule-shadowed") || !strcmp(r->kind, "rule-contradicted");
		found += want->kind && !strcmp(r->kind, want->kind) && !strcmp(r->where, want->where) &&
		         strstr(r->text, want->words);
	}
	ck_assert_msg(want->kind ? found == 1 : compared == 0, "%s:%s", want->name, text_str(&all));
	text_fini(&all);
	review_fini(&review);
	site_free(site);
}
END_TEST

static void ck_no_warning(struct site *site)
{
	struct review review;

	site_review(site, &review);
	for (size_t i = 0; i < review.n; i++)
		ck_assert_msg(!strstr(review.remark[i].where, "firewall") || review.remark[i].level == REMARK_NOTE,
		        "%s", review.remark[i].text);
	review_fini(&review);
}

START_TEST(sound_rules_have_no_warning)
{
	struct site *site;
	struct error err;

	ck_assert_msg(
	        !config_site_read(context, SOURCE_DIR "/tests/data/config/firewall.json", &site, &err), "%s", err.text);
	/* The last rule has no condition. */
	site->firewall.n_rule--;
	ck_no_warning(site);
	site->firewall.n_rule++;
	site_free(site);
}
END_TEST

/* Its second rule is wider than the first: the other way round they would contradict each other. */
START_TEST(example_is_sound_in_its_order)
{
	struct site *site;
	struct review review;
	struct error err;
	struct firewall_rule first;
	size_t found = 0;

	ck_assert_msg(!config_site_read(context, SOURCE_DIR "/contrib/example/firewall.json", &site, &err), "%s: %s",
	        err.where, err.text);
	ck_no_warning(site);
	ck_assert_int_eq(site->firewall.mode, FIREWALL_ENFORCE);
	ck_assert_int_eq(site->firewall.scope, SCOPE_BOUND_GROUPS);
	ck_assert_uint_gt(site->firewall.n_management, 0);
	ck_assert_uint_eq(site->firewall.n_address_set, 1);
	first = site->firewall.rule[0];
	site->firewall.rule[0] = site->firewall.rule[1];
	site->firewall.rule[1] = first;
	site_review(site, &review);
	for (size_t i = 0; i < review.n; i++)
		found += !strcmp(review.remark[i].kind, "rule-contradicted") &&
		         strstr(review.remark[i].text,
		                 "administrators-log-in (accept) contradicts rule nobody-else-logs-in");
	ck_assert_uint_eq(found, 1);
	review_fini(&review);
	site_free(site);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("firewall");
	TCase *tc = tcase_create("configuration");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, site_has_the_firewall_that_the_file_says);
	tcase_add_test(tc, what_is_not_said_has_the_defaults_of_the_model);
	tcase_add_loop_test(tc, rejects, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tc, rejects_reversed_ranges_of_a_site);
	tcase_add_loop_test(tc, remarks, 0, sizeof(remarkables) / sizeof(remarkables[0]));
	tcase_add_test(tc, sound_rules_have_no_warning);
	tcase_add_test(tc, example_is_sound_in_its_order);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
