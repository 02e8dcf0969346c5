/* links: compile verify deployment ruleset base */
/*
 * What a configuration comes to: explicit rules as the lines that they are, required flows as disjoint boxes that let
 * exactly them pass, defaults and scope, the same output for the same input, and clear refusals.
 */
#include "compile_scene.h"
#include "run_suite.h"

/** A chain's lines without counters and the ones that every chain begins with. */
static char *lines_of(const char *text, const char *chain)
{
	char *head = xasprintf("\tchain %s {\n", chain);
	const char *from = strstr(text, head), *end;
	struct text out = {0};

	ck_assert_msg(from != NULL, "no chain %s in %s", chain, text);
	from = strstr(from, "policy accept;\n") + strlen("policy accept;\n");
	end = strstr(from, "\t}\n");
	while (from < end) {
		const char *next = strchr(from, '\n') + 1, *counter = strstr(from, "counter packets 0 bytes 0 ");

		if (counter != NULL && counter < next) {
			text_addn(&out, from + 2, (size_t)(counter - from - 2));
			counter += strlen("counter packets 0 bytes 0 ");
			text_addn(&out, counter, (size_t)(next - counter));
		} else {
			text_addn(&out, from + 2, (size_t)(next - from - 2));
		}
		from = next;
	}
	free(head);
	return text_take(&out);
}

/* Names of sets without what is told of their content. */
static void digests_cut(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0';) {
		size_t len = *from == '@' ? strcspn(from, " ") : 1;
		size_t keep = len > 1 + OWN_SET_DIGEST && from[len - 1 - OWN_SET_DIGEST] == '-'
		                      ? len - 1 - OWN_SET_DIGEST
		                      : len;

		memmove(to, from, keep);
		to += keep;
		from += len;
	}
	*to = '\0';
}

static void lines_are(struct compile_scene *s, const char *chain, const char *want)
{
	char *text = own_table_text(scene_compile(s)), *lines = lines_of(text, chain);

	digests_cut(lines);
	ck_assert_msg(strstr(lines, want) != NULL, "want:\n%s\nhave:\n%s", want, lines);
	free(lines);
	free(text);
}

static const struct {
	const char *rule, *lines;
} rules[] = {
        {"a forward accept", "accept comment \"rule a\"\n"},
        {"a forward drop from-address=10.0.0.0/8", "ip saddr 10.0.0.0/8 drop comment \"rule a\"\n"},
        {"a forward drop from-address=10.0.0.0/8,fd00::/8",
                "ip saddr 10.0.0.0/8 drop comment \"rule a\"\nip6 saddr fd00::/8 drop comment \"rule a\"\n"},
        {"a forward drop from-address=10.0.0.1,10.0.0.9", "ip saddr @a-source4 drop comment \"rule a\"\n"},
        {"a forward drop from-address=10.0.0.0/25,10.0.0.128/25", "ip saddr 10.0.0.0/24 drop comment \"rule a\"\n"},
        {"a forward drop from-address=10.0.0.0/8 to-group=servers",
                "ip saddr 10.0.0.0/8 ip daddr 10.1.0.0/24 drop comment \"rule a\"\n"},
        {"a forward accept to-group=servers proto=tcp to-port=443",
                "ip daddr 10.1.0.0/24 tcp dport 443 accept comment \"rule a\"\n"
                "ip6 daddr fd01::/64 tcp dport 443 accept comment \"rule a\"\n"},
        {"a forward accept proto=tcp,udp to-port=5060-5061 from-port=1024-65535",
                "tcp sport 1024-65535 tcp dport 5060-5061 accept comment \"rule a\"\n"
                "udp sport 1024-65535 udp dport 5060-5061 accept comment \"rule a\"\n"},
        {"a forward accept proto=tcp to-portset=web", "tcp dport @a-destination-ports accept comment \"rule a\"\n"},
        {"a forward accept proto=tcp to-portset=web to-port=79,81,82",
                "tcp dport @a-destination-ports accept comment \"rule a\"\n"},
        {"a forward drop from-set=bogons", "ip saddr @a-source4 drop comment \"rule a\"\n"
                                           "ip6 saddr fec0::/10 drop comment \"rule a\"\n"},
        {"a forward drop from-zone=outside to-zone=inside",
                "iifname @a-source-interfaces oifname \"s0\" drop comment \"rule a\"\n"},
        {"a forward accept proto=icmp icmp=8", "icmp type echo-request accept comment \"rule a\"\n"},
        {"a forward accept proto=icmp icmp=8,13 to-group=servers",
                "ip daddr 10.1.0.0/24 icmp type @a-types accept comment \"rule a\"\n"},
        {"a forward accept proto=icmpv6 to-group=servers",
                "ip6 daddr fd01::/64 meta l4proto ipv6-icmp accept comment \"rule a\"\n"},
        {"a forward drop state=invalid,new", "ct state invalid,new drop comment \"rule a\"\n"},
        {"a forward reject proto=tcp to-port=113", "tcp dport 113 reject with tcp reset comment \"rule a\"\n"},
        {"a forward reject proto=udp to-port=113", "udp dport 113 reject comment \"rule a\"\n"},
        {"a forward drop proto=tcp to-port=23 log=3 comment=telnet",
                "tcp dport 23 limit rate 3/second log prefix \"a: \"\n"
                "tcp dport 23 drop comment \"rule a: telnet\"\n"},
};

START_TEST(rule_is_these_lines)
{
	struct compile_scene s;

	scene_make(&s);
	scene_rule(&s, rules[_i].rule);
	lines_are(&s, "forward", rules[_i].lines);
	scene_free(&s);
}
END_TEST

static const struct {
	const char *rule, *text;
} refused[] = {
        {"a forward drop from-group=gone", "there is no group 'gone'"},
        {"a forward drop to-set=gone", "there is no address-set 'gone'"},
        {"a forward drop to-zone=gone", "there is no zone 'gone'"},
        {"a forward drop proto=tcp to-portset=gone", "there is no port-set 'gone'"},
        {"a forward drop to-port=80", "name tcp or udp"},
        {"a forward drop to-port=80 proto=icmp", "name tcp or udp"},
        {"a forward drop icmp=8", "name icmp or icmpv6"},
        {"a forward drop icmp=8 proto=tcp", "name icmp or icmpv6"},
        {"a forward drop from-address=10.0.0.1 to-address=fd00::1", "no address family in common"},
        {"a forward drop from-address=10.0.0.1 proto=icmpv6", "no address family in common"},
        {"a input drop to-zone=inside", "leave by no interface"},
        {"a output drop from-zone=inside", "come in by no interface"},
};

START_TEST(rule_that_cannot_be_is_refused)
{
	struct compile_scene s;

	scene_make(&s);
	scene_rule(&s, refused[_i].rule);
	scene_refused(&s, ERR_INVALID, "/portcullis:firewall/rule[name='a']", refused[_i].text);
	scene_free(&s);
}
END_TEST

START_TEST(rules_keep_their_order_and_come_before_required_flows)
{
	struct compile_scene s;

	scene_make(&s);
	scene_flow(&s, "tcp 10.0.0.0/16 1024-65535 10.1.0.10 5061");
	scene_rule(&s, "z forward accept proto=tcp to-port=1");
	scene_rule(&s, "a forward drop proto=tcp to-port=1");
	lines_are(&s, "forward",
	        "tcp dport 1 accept comment \"rule z\"\n"
	        "tcp dport 1 drop comment \"rule a\"\n"
	        "ip saddr . ip daddr . meta l4proto . th sport . th dport @required-forward4 accept comment \"required "
	        "flows\"\n"
	        "ct state new ip daddr 10.1.0.0/24 drop comment \"scope bound-groups\"\n"
	        "ip daddr 10.1.0.0/24 meta l4proto ipv6-icmp drop comment \"scope bound-groups: ICMP of the other "
	        "family\"\n"
	        "ct state new ip6 daddr fd01::/64 drop comment \"scope bound-groups\"\n"
	        "ip6 daddr fd01::/64 meta l4proto icmp drop comment \"scope bound-groups: ICMP of the other family\"\n"
	        "ct state untracked ip6 daddr fd01::/64 meta l4proto ipv6-icmp drop comment \"scope bound-groups: "
	        "between neighbours\"\n");
	scene_free(&s);
}
END_TEST

START_TEST(defaults_and_scope_end_a_chain)
{
	struct compile_scene s;

	scene_make(&s);
	s.site.firewall.by_default[PATH_INPUT] = ACTION_DROP;
	s.site.firewall.by_default[PATH_OUTPUT] = ACTION_ACCEPT;
	s.site.firewall.scope = SCOPE_ALL;
	lines_are(&s, "forward", "\"connections that were let in\"\ndrop comment \"default action\"\n");
	lines_are(&s, "input",
	        "iifname \"lo\" accept comment \"loopback\"\n"
	        "icmpv6 type @neighbour-types accept comment \"IPv6 neighbours and multicast listeners\"\n"
	        "drop comment \"default action\"\n");
	lines_are(&s, "output", "accept comment \"default action\"\n");
	s.site.firewall.by_default[PATH_FORWARD] = ACTION_ACCEPT;
	scene_refused(
	        &s, ERR_INVALID, "/portcullis:firewall/default-action/forward", "scope all drops what nothing lets in");
	scene_free(&s);
}
END_TEST

START_TEST(management_comes_before_every_rule)
{
	struct compile_scene s;
	struct management_access *m;

	scene_make(&s);
	m = s.site.firewall.management = xcalloc(1, sizeof(*m));
	s.site.firewall.n_management = 1;
	*m = (struct management_access){.name = "nms", .proto = PROTO_TCP, .ports = {22, 22}};
	m->n_source = scene_prefixes("192.0.2.1,192.0.2.9,fd02::/64", &m->source);
	scene_rule(&s, "all input drop");
	lines_are(&s, "input",
	        "ip saddr @management-nms4 tcp dport 22 accept comment \"management-access nms\"\n"
	        "ip6 saddr fd02::/64 tcp dport 22 accept comment \"management-access nms\"\n"
	        "drop comment \"rule all\"\n");
	free(m->source);
	scene_free(&s);
}
END_TEST

START_TEST(equal_sets_are_one)
{
	struct compile_scene s;

	scene_make(&s);
	scene_rule(&s, "a forward drop from-group=printers");
	scene_rule(&s, "b forward drop from-address=10.9.0.3,10.9.0.1");
	ck_assert_uint_eq(scene_compile(&s)->n_set, 1);
	ck_assert_uint_eq(s.table->chain[0].rule[1].match[0].set, s.table->chain[0].rule[2].match[0].set);
	scene_free(&s);
}
END_TEST

START_TEST(more_rules_than_the_kernel_likes_are_refused)
{
	struct compile_scene s;
	struct firewall_rule *many = xcalloc(100000, sizeof(*many));

	scene_make(&s);
	for (size_t i = 0; i < 100000; i++)
		many[i] = (struct firewall_rule){.name = "r", .action = ACTION_DROP};
	s.site.firewall.rule = many;
	s.site.firewall.n_rule = 100000;
	scene_refused(&s, ERR_LIMIT, "/portcullis:firewall/rule", "more than 4096");
	s.site.firewall.n_rule = 0;
	free(many);
	scene_free(&s);
}
END_TEST

/* Required flows */

static void all_conformant_and_nothing_open(struct compile_scene *s)
{
	struct ruleset *rs;
	struct findings findings;
	struct openings openings;
	struct error err;

	scene_compile(s);
	ck_assert_int_eq(own_table_ruleset(s->table, &rs, &err), 0);
	ck_assert_int_eq(verify_flows(&s->flows, rs, NULL, &s->site, 1000, &findings, &err), 0);
	for (size_t i = 0; i < s->flows.n; i++)
		ck_assert_msg(findings.finding[i].verdict == VERDICT_CONFORMANT, "%s: %s", s->flow[i].label,
		        verdict_name(findings.finding[i].verdict));
	ck_assert_int_eq(verify_openings(&s->flows, rs, &s->site, &s->net, 1000, &openings, &err), 0);
	for (size_t i = 0; i < openings.n; i++) {
		char *packet = packet_print(&openings.opening[i].witness),
		     *who = blame_text(&openings.opening[i].blame);

		ck_abort_msg("%s is open: %s by %s, type %u", openings.opening[i].label, packet, who,
		        openings.opening[i].witness.icmp_type);
	}
	ck_assert(!openings.incomplete);
	openings_fini(&openings);
	findings_fini(&findings);
	ruleset_free(rs);
}

static bool elements_overlap(const struct own_element *a, const struct own_element *b, size_t n_field)
{
	for (size_t f = 0; f < n_field; f++)
		if (a->key[f].hi < b->key[f].lo || b->key[f].hi < a->key[f].lo)
			return false;
	return true;
}

static void elements_are_disjoint(const struct own_table *t)
{
	for (size_t i = 0; i < t->n_set; i++)
		for (size_t a = 0; a < t->set[i].n_element; a++)
			for (size_t b = 0; b < a; b++)
				ck_assert_msg(!elements_overlap(
				                      &t->set[i].element[a], &t->set[i].element[b], t->set[i].n_field),
				        "%s: %zu and %zu", t->set[i].name, a, b);
}

/** Flows of a box by what is found of them, and by what the comment of its element says. */
struct users {
	char *comment;
	size_t n;
};

static void user_add(void *ctx, const struct flow *flow)
{
	struct users *u = ctx;

	if (u->n++ == 0)
		u->comment = xstrdup(flow->label);
}

static void users_are_those_of_the_comment(const struct own_table *t, struct box_users *users)
{
	for (size_t i = 0; i < t->n_set; i++) {
		struct own_required set;

		if (!own_required_set(t->set[i].name, &set)) {
			ck_assert(!t->set[i].counts);
			continue;
		}
		ck_assert_uint_eq(set.n_field, t->set[i].n_field);
		ck_assert_mem_eq(set.field, t->set[i].field, set.n_field * sizeof(set.field[0]));
		for (size_t e = 0; e < t->set[i].n_element; e++) {
			const struct range *key = t->set[i].element[e].key;
			const struct box box = {key[0], key[1], key[3], key[4]};
			uint8_t ping = set.family == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6;
			struct users u = {0};

			box_users_each(
			        users, set.path, set.family, set.pings ? ping : (uint8_t)key[2].lo, &box, user_add, &u);
			ck_assert_uint_gt(u.n, 0);
			if (u.n > 1) {
				char *first = u.comment;

				u.comment = xasprintf("+%zu: %s", u.n - 1, first);
				free(first);
			}
			ck_assert_str_eq(u.comment, t->set[i].element[e].comment);
			free(u.comment);
		}
	}
}

START_TEST(users_of_a_box_are_found)
{
	uint64_t random = 4101842887655102017u + (uint64_t)_i;
	struct compile_scene s;
	struct box_users *users;
	const struct box all = {{0, U128_MAX}, {0, U128_MAX}, {0, U128_MAX}, {0, U128_MAX}};
	struct users none = {0};

	scene_make(&s);
	for (size_t i = 0, n = 1 + scene_draw(&random, 60); i < n; i++)
		scene_random_flow(&s, &random);
	scene_compile(&s);
	users = box_users_new(&s.flows);
	users_are_those_of_the_comment(s.table, users);
	box_users_each(users, PATH_FORWARD, FAMILY_IPV4, 250, &all, user_add, &none);
	ck_assert_uint_eq(none.n, 0);
	box_users_free(users);
	scene_free(&s);
}
END_TEST

START_TEST(random_flows_pass_and_nothing_else)
{
	uint64_t random = 88172645463325252u + (uint64_t)_i;
	struct compile_scene s;
	size_t n = 1 + scene_draw(&random, 40);

	scene_make(&s);
	for (size_t i = 0; i < n; i++)
		scene_random_flow(&s, &random);
	all_conformant_and_nothing_open(&s);
	elements_are_disjoint(s.table);
	scene_free(&s);
}
END_TEST

START_TEST(output_depends_on_the_flows_and_not_on_their_order)
{
	struct compile_scene a, b;
	uint64_t random = 7, again = 7;
	char *x, *y;

	scene_make(&a);
	scene_make(&b);
	for (size_t i = 0; i < 30; i++) {
		scene_random_flow(&a, &random);
		scene_random_flow(&b, &again);
	}
	x = own_table_text(scene_compile(&a));
	y = own_table_text(scene_compile(&b));
	ck_assert_str_eq(x, y);
	free(y);
	free(x);
	scene_free(&a);
	scene_free(&b);
}
END_TEST

START_TEST(waived_advisory_and_unbound_flows_open_nothing)
{
	struct compile_scene s;

	scene_make(&s);
	for (int i = 0; i < 3; i++)
		scene_flow(&s, "tcp 10.0.0.0/16 1024-65535 10.1.0.10 5061");
	s.flow[0].state = FLOW_WAIVED;
	s.flow[1].advisory = true;
	s.flow[2].state = FLOW_UNBOUND;
	ck_assert_uint_eq(scene_compile(&s)->n_set, 0);
	scene_free(&s);
}
END_TEST

START_TEST(published_address_is_opened_behind_its_translation)
{
	struct compile_scene s;

	scene_make(&s);
	scene_flow(&s, "tcp 10.0.0.0/16 1024-65535 203.0.113.7 443 inside 10.1.0.10 4443");
	ck_assert_uint_eq(scene_compile(&s)->n_set, 1);
	char *text = own_table_text(s.table);
	ck_assert_msg(strstr(text, "10.0.0.0/16 . 10.1.0.10 . tcp . 1024-65535 . 4443 ") != NULL, "%s", text);
	free(text);
	scene_free(&s);
}
END_TEST

START_TEST(box_names_the_flows_that_it_is_for)
{
	struct compile_scene s;

	scene_make(&s);
	scene_flow(&s, "tcp 10.0.0.0/16 1024-65535 10.1.0.10 5061");
	scene_flow(&s, "tcp 10.0.0.0/24 1024-65535 10.1.0.10 5061");
	scene_compile(&s);
	ck_assert_uint_eq(s.table->set[0].n_element, 1);
	ck_assert_str_eq(s.table->set[0].element[0].comment, "+1: tcp 10.0.0.0/16 1024-65535 10.1.0.10 5061");
	scene_free(&s);
}
END_TEST

/* In place of what was there */

START_TEST(own_table_takes_the_place_of_the_live_one_and_leaves_others)
{
	struct compile_scene s;
	struct ruleset *live = ruleset_load("openings"), *first, *second;
	struct error err;
	char *a, *b;

	scene_make(&s);
	scene_flow(&s, "tcp 10.0.0.0/16 1024-65535 10.1.0.10 5061");
	scene_compile(&s);
	ruleset_share(live);
	ck_assert_int_eq(ruleset_with_own_table(live, s.table, &first, &err), 0);
	ruleset_share(first);
	ck_assert_int_eq(ruleset_with_own_table(first, s.table, &second, &err), 0);
	ck_assert_uint_eq(first->n_rule, second->n_rule);
	ck_assert_uint_eq(first->n_rule, live->n_rule + s.table->chain[0].n_rule);
	ruleset_free(first);
	ck_assert_int_eq(ruleset_with_own_table(second, NULL, &first, &err), 0);
	ck_assert_uint_eq(first->n_rule, live->n_rule);
	a = rule_print(live, &live->chain[0], &live->chain[0].rule[0]);
	b = rule_print(first, &first->chain[0], &first->chain[0].rule[0]);
	ck_assert_str_eq(a, b);
	free(a);
	free(b);
	ruleset_free(second);
	ruleset_free(first);
	ruleset_free(live);
	scene_free(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compile");
	TCase *t = tcase_create("compile");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, rule_is_these_lines, 0, (int)(sizeof(rules) / sizeof(rules[0])));
	tcase_add_loop_test(t, rule_that_cannot_be_is_refused, 0, (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(t, rules_keep_their_order_and_come_before_required_flows);
	tcase_add_test(t, defaults_and_scope_end_a_chain);
	tcase_add_test(t, management_comes_before_every_rule);
	tcase_add_test(t, equal_sets_are_one);
	tcase_add_test(t, more_rules_than_the_kernel_likes_are_refused);
	tcase_add_loop_test(t, random_flows_pass_and_nothing_else, 0, 60);
	tcase_add_loop_test(t, users_of_a_box_are_found, 0, 20);
	tcase_add_test(t, output_depends_on_the_flows_and_not_on_their_order);
	tcase_add_test(t, waived_advisory_and_unbound_flows_open_nothing);
	tcase_add_test(t, published_address_is_opened_behind_its_translation);
	tcase_add_test(t, box_names_the_flows_that_it_is_for);
	tcase_add_test(t, own_table_takes_the_place_of_the_live_one_and_leaves_others);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
