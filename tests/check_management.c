/* links: compile conformance verify deployment ruleset base */
/*
 * The management plane as flows: each peer to each address of the device, and the session that asks, with the interfaces
 * that the routes say; what compile makes lets them pass whatever the rules are.
 */
#include "compile_scene.h"
#include "portcullis/plane.h"
#include "run_suite.h"

struct plane {
	struct compile_scene scene;
	struct management_access access[2];
	struct flows flows;
};

static void address_add(struct network *net, const char *text, const char *ifname)
{
	struct net_address *a;

	net->address = xgrow(net->address, net->n_address, &net->cap_address, sizeof(*net->address));
	a = &net->address[net->n_address++];
	*a = (struct net_address){0};
	a->address = text_range(text, &a->family).lo;
	snprintf(a->ifname, sizeof(a->ifname), "%s", ifname);
}

static void route_add(struct network *net, const char *text, const char *ifname)
{
	struct net_route *r;

	net->route = xgrow(net->route, net->n_route, &net->cap_route, sizeof(*net->route));
	r = &net->route[net->n_route++];
	*r = (struct net_route){0};
	r->destination = text_range(text, &r->family);
	r->prefix_length = range_prefix_length(r->family, r->destination);
	snprintf(r->ifname, sizeof(r->ifname), "%s", ifname);
	net->known = true;
}

static void plane_make(struct plane *p)
{
	struct network *net = &p->scene.net;

	memset(p, 0, sizeof(*p));
	scene_make(&p->scene);
	address_add(net, "127.0.0.1", "lo");
	address_add(net, "10.0.0.1", "c0");
	address_add(net, "10.1.0.1", "s0");
	address_add(net, "::1", "lo");
	address_add(net, "fd00::1", "c0");
	address_add(net, "fe80::1", "c0");
	route_add(net, "10.0.0.0/16", "c0");
	route_add(net, "10.1.0.0/24", "s0");
	route_add(net, "192.0.2.0/24", "m0");
	route_add(net, "fd00::/64", "c0");
	p->access[0] = (struct management_access){.name = "nms", .proto = PROTO_TCP, .ports = {22, 22}};
	p->access[0].n_source = scene_prefixes("192.0.2.0/24,fd00::9", &p->access[0].source);
	p->access[1] = (struct management_access){.name = "poller", .proto = PROTO_UDP, .ports = {161, 161}};
	p->access[1].n_source = scene_prefixes("10.0.0.77", &p->access[1].source);
	p->scene.site.firewall.management = xcalloc(2, sizeof(p->access[0]));
	memcpy(p->scene.site.firewall.management, p->access, sizeof(p->access));
	p->scene.site.firewall.n_management = 2;
}

static void plane_flows(struct plane *p, const struct flow_peer *session)
{
	struct error err;

	flows_fini(&p->flows);
	ck_assert_int_eq(flows_of_management(&p->scene.site.firewall, &p->scene.net, session, &p->flows, &err), 0);
}

static void plane_free(struct plane *p)
{
	flows_fini(&p->flows);
	free(p->access[0].source);
	free(p->access[1].source);
	network_fini(&p->scene.net);
	scene_free(&p->scene);
}

static void labels_are(const struct flows *flows, const char *want)
{
	struct text t = {0};

	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *f = &flows->flow[i];

		text_addf(&t, "%s %s %s\n", f->label, path_name(f->path), f->n_leg > 0 ? f->leg[0].iif : "-");
	}
	ck_assert_str_eq(text_str(&t), want);
	text_fini(&t);
}

START_TEST(each_peer_reaches_each_address)
{
	struct plane p;

	plane_make(&p);
	plane_flows(&p, NULL);
	labels_are(&p.flows, "management nms>10.0.0.1 ipv4 input m0\n"
	                     "management nms>10.1.0.1 ipv4 input m0\n"
	                     "management nms>fd00::1 ipv6 input c0\n"
	                     "management poller>10.0.0.1 ipv4 input c0\n"
	                     "management poller>10.1.0.1 ipv4 input c0\n");
	plane_free(&p);
}
END_TEST

START_TEST(session_is_one_more)
{
	struct plane p;
	struct flow_peer session = {.family = FAMILY_IPV4, .port = 830};
	enum family f;

	plane_make(&p);
	p.scene.site.firewall.n_management = 0;
	session.address = text_range("10.0.0.5", &f).lo;
	session.local = text_range("10.1.0.1", &f).lo;
	plane_flows(&p, &session);
	labels_are(&p.flows, "management session>10.1.0.1 ipv4 input c0\n");
	ck_assert_uint_eq(p.flows.flow[0].ports.lo, 830);
	session.local = session.address = text_range("127.0.0.1", &f).lo;
	plane_flows(&p, &session);
	ck_assert_uint_eq(p.flows.n, 0);
	plane_free(&p);
}
END_TEST

START_TEST(nothing_is_known_without_addresses)
{
	struct plane p;

	plane_make(&p);
	p.scene.net.known = false;
	plane_flows(&p, NULL);
	ck_assert_uint_eq(p.flows.n, 0);
	plane_free(&p);
}
END_TEST

START_TEST(compiled_rules_never_cut_it)
{
	struct plane p;
	struct ruleset *rs;
	struct findings findings;
	struct error err;

	plane_make(&p);
	scene_rule(&p.scene, "all input drop");
	scene_rule(&p.scene, "out output drop");
	p.scene.site.firewall.by_default[PATH_INPUT] = ACTION_DROP;
	p.scene.site.firewall.by_default[PATH_OUTPUT] = ACTION_DROP;
	plane_flows(&p, NULL);
	ck_assert_int_eq(own_table_ruleset(scene_compile(&p.scene), &rs, &err), 0);
	ck_assert_int_eq(verify_flows(&p.flows, rs, NULL, NULL, 1000, &findings, &err), 0);
	for (size_t i = 0; i < p.flows.n; i++)
		ck_assert_msg(findings.finding[i].verdict == VERDICT_CONFORMANT, "%s", p.flows.flow[i].label);
	findings_fini(&findings);
	ruleset_free(rs);
	plane_free(&p);
}
END_TEST

/* Before and after a change */

static void scene_ruleset(struct compile_scene *s, struct ruleset **out)
{
	struct error err;

	ck_assert_int_eq(own_table_ruleset(scene_compile(s), out, &err), 0);
}

static const struct {
	const char *now, *then; /**< rules of the device, "" for none */
	bool listed; /**< peers are in the configuration then */
	const char *session; /**< "PEER LOCAL" or "" */
	const char *cut; /**< "" for nobody */
} changes[] = {
        {"", "", true, "", ""},
        {"", "x input drop", true, "", ""}, /* management comes first */
        {"", "x input drop", false, "", "management nms>10.0.0.1 ipv4"},
        {"x input drop", "x input drop", false, "", ""}, /* cut already */
        {"", "x input drop proto=tcp to-port=80", false, "", ""},
        {"", "x input drop from-address=10.9.0.0/16", false, "10.9.0.1 10.0.0.1", "management session>10.0.0.1 ipv4"},
        {"", "x input drop from-address=10.9.0.0/16", false, "10.8.0.1 10.0.0.1", ""},
        {"", "x input drop from-address=192.0.2.64/26", false, "", "management nms>10.0.0.1 ipv4"},
        {"x input drop from-address=192.0.2.64/26", "x input drop from-address=192.0.2.64/27", false, "", ""},
        {"x input drop from-address=192.0.2.64/27", "x input drop from-address=192.0.2.64/26", false, "",
                "management nms>10.0.0.1 ipv4"},
        {"x input drop from-address=192.0.2.64/26", "x input drop from-address=192.0.2.128/26", false, "",
                "management nms>10.0.0.1 ipv4"},
        {"", "x output drop from-address=10.0.0.1 state=new,established", false, "", ""}, /* answers are let in */
        {"", "x input drop to-address=fd00::1", false, "", "management nms>fd00::1 ipv6"},
};

static void plane_side(struct plane *p, const char *rule, bool listed)
{
	plane_make(p);
	route_add(&p->scene.net, "10.8.0.0/15", "c0");
	if (rule[0] != '\0')
		scene_rule(&p->scene, rule);
	/* Rules alone: what compile puts before them for listed peers is not what is tried. */
	p->scene.site.firewall.n_management = listed ? 2 : 0;
}

START_TEST(change_that_cuts_a_peer_off_is_told)
{
	struct plane now, then;
	struct ruleset *before, *after;
	struct flow_peer session = {.family = FAMILY_IPV4, .port = 22};
	char peer[32], local[32];
	enum family f;
	struct error err = {0};
	int result;

	plane_side(&now, changes[_i].now, false);
	plane_side(&then, changes[_i].then, changes[_i].listed);
	scene_ruleset(&now.scene, &before);
	scene_ruleset(&then.scene, &after);
	now.scene.site.firewall.n_management = 2;
	if (sscanf(changes[_i].session, "%31s %31s", peer, local) == 2) {
		session.address = text_range(peer, &f).lo;
		session.local = text_range(local, &f).lo;
		now.scene.site.firewall.n_management = 0;
	}
	struct plane_input in = {&now.scene.site, &then.scene.site, &now.scene.net, before, after,
	        session.address != 0 ? &session : NULL, 1000};
	result = plane_check(&in, &err);
	ck_assert_msg((result != 0) == (changes[_i].cut[0] != '\0'), "%d: %s", _i, result != 0 ? err.text : "nobody");
	if (result != 0) {
		ck_assert_int_eq(err.code, ERR_DENIED);
		ck_assert_str_eq(err.where, changes[_i].cut);
		ck_assert_msg(
		        strstr(err.text, "portcullis input: ") != NULL && strstr(err.text, "for example ") != NULL,
		        "%s", err.text);
	}
	ruleset_free(before);
	ruleset_free(after);
	plane_free(&now);
	plane_free(&then);
}
END_TEST

/* All of them, each once, whichever site has the peer; and nothing where nobody knows where they are. */
START_TEST(everybody_who_is_cut_off_is_listed)
{
	static const char *const want[] = {"management nms>10.0.0.1 ipv4", "management nms>10.1.0.1 ipv4",
	        "management poller>10.0.0.1 ipv4", "management poller>10.1.0.1 ipv4",
	        "management session>10.0.0.1 ipv4"};
	struct plane now, then;
	struct ruleset *before, *after;
	struct plane_report report;
	struct flow_peer session = {.family = FAMILY_IPV4, .port = 22};
	enum family f;
	struct error err = {0};

	plane_side(&now, "", false);
	plane_side(&then, "x input drop to-address=10.0.0.0/8", false);
	scene_ruleset(&now.scene, &before);
	scene_ruleset(&then.scene, &after);
	now.scene.site.firewall.n_management = then.scene.site.firewall.n_management = 2;
	session.address = text_range("10.9.0.9", &f).lo;
	session.local = text_range("10.0.0.1", &f).lo;
	struct plane_input in = {&now.scene.site, &then.scene.site, &now.scene.net, before, after, &session, 1000};
	ck_assert_msg(plane_judge(&in, &report, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(report.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < report.n; i++) {
		ck_assert_str_eq(report.loss[i].flow->label, want[i]);
		ck_assert_int_eq(report.loss[i].now->verdict, VERDICT_CONFORMANT);
		ck_assert_int_eq(report.loss[i].then->verdict, VERDICT_BLOCKED);
	}
	plane_report_fini(&report);
	now.scene.net.known = false;
	ck_assert_int_eq(plane_judge(&in, &report, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert_uint_eq(report.n, 0);
	in.session = NULL;
	now.scene.site.firewall.n_management = then.scene.site.firewall.n_management = 0;
	ck_assert_int_eq(plane_judge(&in, &report, &err), 0);
	ck_assert_uint_eq(report.n, 0);
	plane_report_fini(&report);
	ruleset_free(before);
	ruleset_free(after);
	plane_free(&now);
	plane_free(&then);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("management");
	TCase *t = tcase_create("management");

	tcase_add_test(t, each_peer_reaches_each_address);
	tcase_add_test(t, session_is_one_more);
	tcase_add_test(t, nothing_is_known_without_addresses);
	tcase_add_test(t, compiled_rules_never_cut_it);
	tcase_add_loop_test(t, change_that_cuts_a_peer_off_is_told, 0, (int)(sizeof(changes) / sizeof(changes[0])));
	tcase_add_test(t, everybody_who_is_cut_off_is_listed);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
