/* links: config */
/*
 * Datastores change part by part: random edits come in, and a second config, which is told that its model is not local and
 * so copies, validates and prints everything each time, must say and hold the same. And what a model may be for that, and
 * that what was not changed is shared.
 */
#include "config/draft.h"

#include "config/store.h"
#include "config_scene.h"
#include "portcullis/text.h"

#define STEPS 1000
#define MODULE(name, body)                                                                                             \
	"module " name " { yang-version 1.1; namespace \"urn:" name                                                    \
	"\"; prefix p; import ietf-yang-types { prefix y; }\n"                                                         \
	"  leaf-list a { type y:counter32; config false; }\n" body " }"

static uint32_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static const char *operation(void)
{
	static const char *const all[] = {"", "", "", " nc:operation='create'", " nc:operation='replace'",
	        " nc:operation='delete'", " nc:operation='remove'", " nc:operation='merge'"};

	return all[below(sizeof(all) / sizeof(all[0]))];
}

static void add_group(struct text *t)
{
	text_addf(t, "<group" NS "%s><name>g%u</name>", operation(), below(12));
	if (below(3) == 0)
		text_addf(t, "<zone%s>z%u</zone>", operation(), below(3));
	if (below(2) == 0)
		text_addf(t, "<address%s>10.%u.0.0/%u</address>", operation(), below(3), below(20) == 0 ? 8 : 16);
	if (below(30) == 0)
		text_addf(t, "<id>%u</id>", 1 + below(3));
	text_add(t, "</group>");
}

static void add_deployment(struct text *t)
{
	text_addf(t, "<deployment" NS "%s><name>d%u</name>", operation(), below(4));
	if (below(3) != 0)
		text_addf(t, "<product>product%u</product>", below(2));
	if (below(4) == 0)
		text_addf(t,
		        "<port-override><requirement>r1</requirement><variant>0</variant><lower>%u</lower>"
		        "<upper>%u</upper></port-override>",
		        10 + below(3), 11 + below(2));
	text_add(t, "</deployment>");
}

/* Rules in an order of the user's, where the feature is on; else what is left of the firewall. */
static void add_firewall(struct text *t)
{
	const struct lys_module *portcullis = ly_ctx_get_module_implemented(config_context(config), "portcullis");

	text_add(t, "<firewall" NS ">");
	if (lys_feature_value(portcullis, "enforce") != LY_SUCCESS || below(4) == 0)
		text_addf(t, "<mode%s>observe</mode>", operation());
	else if (below(4) == 0)
		text_addf(t, "<port-set%s><name>s%u</name><port%s><lower>%u</lower><upper>%u</upper></port></port-set>",
		        operation(), below(2), operation(), 10 + below(3), 11 + below(2));
	else
		text_addf(t,
		        "<rule%s><name>r%u</name><matches><source><address>10.%u.0.0/%u</address></source></matches>"
		        "%s</rule>",
		        operation(), below(5), below(3), below(20) == 0 ? 8 : 16,
		        below(8) != 0 ? "<actions><forwarding>drop</forwarding></actions>" : "");
	text_add(t, "</firewall>");
}

/* A container, a list whose entries need something, an exception. */
static void add_other(struct text *t)
{
	switch (below(7)) {
	case 0:
		text_addf(t, "<zone" NS "%s><name>z%u</name>%s</zone>", operation(), below(3),
		        below(3) != 0 ? "<interface>eth0</interface>" : "");
		break;
	case 1:
		text_addf(t, "<notification" NS "%s><hold-down>%u</hold-down></notification>", operation(), below(500));
		break;
	case 2:
		text_addf(t,
		        "<baseline" NS "%s><opening%s><id>%u</id><reason>known</reason><owner>me</owner></opening>"
		        "</baseline>",
		        operation(), operation(), 1 + below(4));
		break;
	case 3:
		text_addf(t,
		        "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' "
		        "xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0'%s><rule-list%s><name>l%u</name></rule-list>"
		        "</nacm>",
		        operation(), operation(), below(3));
		break;
	case 4:
		add_firewall(t);
		break;
	case 5:
		text_addf(t, "<retention" NS "><commits%s>%u</commits></retention>", operation(), 10 + below(5));
		break;
	default:
		text_addf(t,
		        "<allowance" NS "%s><name>w%u</name><source>192.0.2.0/24</source><reason>x</reason>%s"
		        "</allowance>",
		        operation(), below(3), below(4) != 0 ? "<owner>me</owner>" : "");
		break;
	}
}

static char *random_edit(void)
{
	struct text t = {0};

	for (uint32_t n = 1 + below(3); n > 0; n--) {
		uint32_t kind = below(5);

		if (kind < 2)
			add_group(&t);
		else if (kind < 3)
			add_deployment(&t);
		else
			add_other(&t);
	}
	return text_take(&t);
}

static char *print_of(struct config *c, enum datastore d)
{
	struct lyd_node *root = config_get(c, d);
	char *json = NULL;

	ck_assert_int_eq(root != NULL ? lyd_print_mem(&json, root, LYD_JSON,
	                                        LYD_PRINT_WITHSIBLINGS | LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL_TAG)
	                              : LY_SUCCESS,
	        LY_SUCCESS);
	lyd_free_siblings(root);
	return json != NULL ? json : xstrdup("");
}

/* One step, the same for each config that is asked. */
struct step {
	uint32_t what;
	char *xml;
	enum edit_operation operation;
	enum test_option test;
	bool goes_on;
	enum datastore target;
};

static int do_step(struct config *c, const struct step *s, struct error *e)
{
	const struct config_edit edit = {s->target, s->xml, s->operation, s->test, s->goes_on};
	struct errors faults = {0};
	int result;

	memset(e, 0, sizeof(*e));
	switch (s->what) {
	case 0:
		return config_commit(c, &one, NULL, e);
	case 1:
		return config_discard(c, &one, e);
	case 2:
		return config_replace(c, &one, DATASTORE_CANDIDATE, s->xml, e);
	case 3:
		return config_copy(c, &one, DATASTORE_RUNNING, DATASTORE_STARTUP, e);
	case 4:
		return config_copy(c, &one, DATASTORE_STARTUP, DATASTORE_CANDIDATE, e);
	case 5:
		return config_validate(c, &(const struct config_actor){0}, DATASTORE_CANDIDATE, e);
	default:
		result = config_edit(c, &one, &edit, &faults, e);
		errors_fini(&faults);
		return result;
	}
}

static void ck_same(struct config *parts, struct config *whole, unsigned step, const char *xml)
{
	for (enum datastore d = DATASTORE_RUNNING; d < DATASTORE_N; d++) {
		char *a = print_of(parts, d), *b = print_of(whole, d);

		ck_assert_msg(strcmp(a, b) == 0, "step %u, %s after %s\n%s\n%s", step, datastore_name(d), xml, a, b);
		free(a);
		free(b);
	}
	ck_assert_str_eq(parts->stored, whole->stored);
	ck_assert_uint_eq(config_version(parts), config_version(whole));
}

static void ck_sites(struct config *parts, struct config *whole)
{
	struct site *a = NULL, *b = NULL;

	ck_assert_int_eq(config_site(parts, &a, &err), 0);
	ck_assert_int_eq(config_site(whole, &b, &err), 0);
	ck_assert_uint_eq(a->n_group, b->n_group);
	for (size_t i = 0; i < a->n_group; i++) {
		ck_assert_uint_eq(a->group[i].id, b->group[i].id);
		ck_assert_str_eq(a->group[i].name, b->group[i].name);
		ck_assert_uint_eq(a->group[i].n_address, b->group[i].n_address);
	}
	ck_assert_uint_eq(a->n_deployment, b->n_deployment);
	ck_assert_uint_eq(a->n_zone, b->n_zone);
	ck_assert_uint_eq(a->n_allowance, b->n_allowance);
	ck_assert_uint_eq(a->n_baseline, b->n_baseline);
	ck_assert_uint_eq(a->notification.hold_down_ms, b->notification.hold_down_ms);
	ck_assert_uint_eq(a->retention.commits, b->retention.commits);
	ck_assert_uint_eq(a->firewall.n_rule, b->firewall.n_rule);
	for (size_t i = 0; i < a->firewall.n_rule; i++)
		ck_assert_str_eq(a->firewall.rule[i].name, b->firewall.rule[i].name);
	ck_assert_uint_eq(a->firewall.n_port_set, b->firewall.n_port_set);
	site_free(a);
	site_free(b);
}

/* The text that is put together from the parts is the one that libyang makes of the whole. */
static void ck_stored(struct config *c)
{
	struct lyd_node *root = config_get(c, DATASTORE_RUNNING);
	char *json = NULL;

	ck_assert_int_eq(tree_print(root, &json, &err), 0);
	ck_assert_str_eq(c->stored, json);
	free(json);
	lyd_free_siblings(root);
}

START_TEST(part_by_part_is_the_same_as_all_at_once)
{
	unsigned done = 0, refused = 0;
	struct config *whole;

	seed = (uint32_t)_i + 1;
	ck_assert(config->model.local);
	ck_assert_int_eq(config_open(YANG_DIR, NULL, NULL, &whole, &err), 0);
	whole->model.local = false;
	for (unsigned i = 0; i < STEPS; i++) {
		struct step s = {.what = below(30),
		        .xml = random_edit(),
		        .operation = below(8) == 0 ? EDIT_NONE : EDIT_MERGE,
		        .test = below(4) == 0    ? TEST_SET
		                : below(10) == 0 ? TEST_ONLY
		                                 : TEST_THEN_SET,
		        .goes_on = below(4) == 0,
		        .target = below(5) == 0 ? DATASTORE_RUNNING : DATASTORE_CANDIDATE};
		struct error a, b;
		int result = do_step(config, &s, &a);

		ck_assert_msg(do_step(whole, &s, &b) == result, "step %u: %s\n%s / %s", i, s.xml, a.text, b.text);
		if (result != 0) {
			ck_assert_int_eq(a.code, b.code);
			ck_assert_str_eq(a.where, b.where);
			ck_assert_str_eq(a.text, b.text);
		}
		done += result == 0;
		refused += result != 0;
		ck_same(config, whole, i, s.xml);
		if (i % 50 == 0) {
			ck_sites(config, whole);
			ck_stored(config);
		}
		free(s.xml);
	}
	ck_assert_uint_gt(done, STEPS / 4);
	ck_assert_uint_gt(refused, STEPS / 20);
	config_close(whole);
}
END_TEST

START_TEST(what_was_not_changed_is_shared)
{
	struct config_edit edit = {.target = DATASTORE_CANDIDATE, .xml = GROUP("a", "") GROUP("b", "") GROUP("c", "")};
	struct version *before, *after;
	size_t group, shared = 0;

	ck_assert_int_eq(config_edit(config, &one, &edit, NULL, &err), 0);
	ck_assert_int_eq(config_commit(config, &one, NULL, &err), 0);
	before = version_current(config, DATASTORE_RUNNING);
	edit.xml = GROUP("b", "<zone>inside</zone>");
	ck_assert_int_eq(config_edit(config, &one, &edit, NULL, &err), 0);
	ck_assert_int_eq(config_commit(config, &one, NULL, &err), 0);
	after = version_current(config, DATASTORE_RUNNING);
	group = model_place_named(&config->model, "portcullis", "group");
	ck_assert_uint_eq(before->n, after->n);
	for (size_t i = 0; i < before->n; i++) {
		shared += before->held[i].part == after->held[i].part;
		if (before->held[i].part != after->held[i].part)
			ck_assert_uint_eq(before->held[i].place, group);
	}
	ck_assert_uint_eq(shared, before->n - 1);
	version_unref(before);
	version_unref(after);
}
END_TEST

/* A site that a reader still has outlives the versions that follow. */
START_TEST(a_site_holds_what_it_was_made_of)
{
	struct config_edit edit = {.target = DATASTORE_CANDIDATE, .xml = GROUP("a", "")};
	struct site *site = NULL;

	ck_assert_int_eq(config_edit(config, &one, &edit, NULL, &err), 0);
	ck_assert_int_eq(config_commit(config, &one, NULL, &err), 0);
	ck_assert_int_eq(config_site(config, &site, &err), 0);
	ck_assert_int_eq(config_replace(config, &one, DATASTORE_RUNNING, NULL, &err), 0);
	ck_assert_uint_eq(site->n_group, 1);
	ck_assert_str_eq(site->group[0].name, "a");
	site_free(site);
}
END_TEST

static const struct {
	const char *name, *module;
	bool local;
} models[] = {
        {"plain_list", MODULE("m", "list l { key k; leaf k { type string; } leaf v { type string; } }"), true},
        {"must_inside",
                MODULE("m", "list l { key k; leaf k { type string; } container c { leaf v { type string; } leaf w { "
                            "type string; must \"../v = '1'\"; } } }"),
                true},
        {"must_beside", MODULE("m", "leaf x { type string; } container c { leaf v { type string; must \"/p:x\"; } }"),
                false},
        {"must_on_other_entries", MODULE("m", "list l { key k; leaf k { type string; must \"count(/p:l) < 3\"; } }"),
                false},
        {"must_at_the_top", MODULE("m", "container c { must \"x\"; leaf x { type string; } }"), true},
        {"must_that_climbs",
                MODULE("m", "leaf x { type string; } container c { leaf v { type string; must \"../../p:x\"; } }"),
                false},
        {"when_beside", MODULE("m", "leaf x { type string; } leaf y { type string; when \"../x\"; }"), false},
        {"when_inside",
                MODULE("m", "container c { leaf x { type string; } container d { leaf y { type string; when "
                            "\"../../x\"; } } }"),
                true},
        {"leafref", MODULE("m", "leaf x { type string; } container c { leaf v { type leafref { path \"/p:x\"; } } }"),
                false},
        {"leafref_in_a_union",
                MODULE("m", "leaf x { type string; } container c { leaf v { type union { type uint8; type leafref { "
                            "path \"/p:x\"; } } } }"),
                false},
        {"instance_identifier", MODULE("m", "container c { leaf v { type instance-identifier; } }"), false},
        {"mandatory_leaf", MODULE("m", "leaf x { mandatory true; type string; }"), false},
        {"mandatory_below_a_container", MODULE("m", "container c { leaf x { mandatory true; type string; } }"), false},
        {"mandatory_below_presence", MODULE("m", "container c { presence c; leaf x { mandatory true; type string; } }"),
                true},
        {"mandatory_state", MODULE("m", "container c { leaf x { config false; mandatory true; type string; } }"), true},
        {"counted_list", MODULE("m", "list l { key k; min-elements 1; leaf k { type string; } }"), false},
        {"bounded_list", MODULE("m", "list l { key k; max-elements 9; leaf k { type string; } }"), false},
        {"unique_list", MODULE("m", "list l { key k; unique v; leaf k { type string; } leaf v { type string; } }"),
                false},
        {"unique_below",
                MODULE("m", "container c { list l { key k; unique v; leaf k { type string; } leaf v { type string; } "
                            "} }"),
                true},
        {"ordered_by_the_user", MODULE("m", "list l { key k; ordered-by user; leaf k { type string; } }"), false},
        {"alternatives", MODULE("m", "choice c { leaf x { type string; } leaf y { type string; } }"), false},
        {"alternatives_below",
                MODULE("m", "container d { choice c { leaf x { type string; } leaf y { type string; } } }"), true},
        {"default_leaf_list", MODULE("m", "leaf-list l { type string; default d; }"), false},
};

START_TEST(a_model_is_local_where_nothing_leads_out_of_a_part)
{
	struct lys_module *module = NULL;
	struct ly_ctx *ctx = NULL;
	struct model m;

	ck_assert_int_eq(ly_ctx_new(YANG_DIR, 0, &ctx), LY_SUCCESS);
	ck_assert_int_eq(lys_parse_mem(ctx, models[_i].module, LYS_IN_YANG, &module), LY_SUCCESS);
	model_init(&m, ctx);
	ck_assert_msg(m.local == models[_i].local, "%s", models[_i].name);
	model_fini(&m);
	ly_ctx_destroy(ctx);
}
END_TEST

/* Whether clients may already use them or not: parts of a configuration with rules stand for themselves. */
START_TEST(our_model_is_local_with_everything_that_it_has)
{
	struct ly_ctx *ctx = NULL;
	struct model m;

	ck_assert_int_eq(config_context_new(YANG_DIR, &ctx, &err), 0);
	ck_assert_int_eq(lys_feature_value(ly_ctx_get_module_implemented(ctx, "portcullis"), "enforce"), LY_SUCCESS);
	model_init(&m, ctx);
	ck_assert(m.local);
	ck_assert_uint_lt(model_place_named(&m, "portcullis", "firewall"), m.n_top);
	model_fini(&m);
	config_context_free(ctx);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("config_draft");
	TCase *parts = tcase_create("parts"), *local = tcase_create("model");

	tcase_add_checked_fixture(parts, setup, teardown);
	tcase_set_timeout(parts, 200);
	tcase_add_loop_test(parts, part_by_part_is_the_same_as_all_at_once, 0, 2);
	tcase_add_test(parts, what_was_not_changed_is_shared);
	tcase_add_test(parts, a_site_holds_what_it_was_made_of);
	suite_add_tcase(s, parts);
	tcase_add_loop_test(
	        local, a_model_is_local_where_nothing_leads_out_of_a_part, 0, sizeof(models) / sizeof(models[0]));
	tcase_add_test(local, our_model_is_local_with_everything_that_it_has);
	suite_add_tcase(s, local);
	SRunner *runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
