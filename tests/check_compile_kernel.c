/* links: compile nft verify deployment ruleset base */
/*
 * The own table in a real kernel, in network namespaces of the tests' own: it takes the text and the JSON, what is read back
 * is the model, and the table is replaced while another one stays as it is.
 */
#include <sched.h>
#include <unistd.h>

#include "compile_scene.h"
#include "portcullis/nft.h"
#include "run_suite.h"

static void setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
}

static void load(const char *command, const char *text)
{
	FILE *f = popen(command, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_msg(pclose(f) == 0, "%s refuses: %s", command, text);
}

/** What the kernel has, printed. */
static char *live(void)
{
	struct nft_ops ops;
	struct nft_dump dump;
	struct ruleset *rs;
	struct error err = {0};
	char *text;

	ck_assert_msg(nft_open_direct(&ops, &err) == 0, "%s", err.text);
	ck_assert_msg(ops.dump(ops.self, &dump, &err) == 0, "%s", err.text);
	ops.close(ops.self);
	ck_assert_msg(ruleset_parse_netlink(dump.bytes, dump.len, &rs, &err) == 0, "%s", err.text);
	nft_dump_fini(&dump);
	text = ruleset_print(rs);
	ruleset_free(rs);
	return text;
}

static char *model(const struct own_table *t)
{
	struct ruleset *rs;
	struct error err;
	char *text;

	ck_assert_int_eq(own_table_ruleset(t, &rs, &err), 0);
	text = ruleset_print(rs);
	ruleset_free(rs);
	return text;
}

static const char *const some_rules[] = {
        "a forward accept",
        "b forward drop from-address=10.0.0.0/8,10.200.0.1,fd00::/8 to-group=servers",
        "c forward accept proto=tcp,udp to-port=5060-5061 from-port=1024-65535",
        "d forward accept proto=tcp to-portset=web to-port=8080",
        "e forward drop from-set=bogons log=3",
        "f forward drop from-zone=outside to-zone=inside",
        "g forward accept proto=icmp icmp=8,13 to-group=servers",
        "h forward accept proto=icmpv6 icmp=128,1",
        "i forward drop state=invalid,untracked",
        "j forward reject proto=tcp to-port=113 log=1000 comment=ident",
        "k forward reject from-group=printers",
        "l input accept proto=tcp to-port=22 from-zone=inside",
        "m output drop proto=udp to-port=1-65535 to-zone=outside",
        "n input drop state=new,established,related",
};

static void make(struct compile_scene *s, uint64_t random)
{
	static const enum firewall_action actions[] = {ACTION_FALL_THROUGH, ACTION_ACCEPT, ACTION_DROP, ACTION_REJECT};
	size_t n_flow = scene_draw(&random, 40), n_rule = scene_draw(&random, 12);

	scene_make(s);
	for (size_t i = 0; i < n_flow; i++)
		scene_random_flow(s, &random);
	for (size_t i = 0; i < n_rule; i++)
		scene_rule(s, some_rules[scene_draw(&random, sizeof(some_rules) / sizeof(some_rules[0]))]);
	s->site.firewall.scope = scene_draw(&random, 2) == 0 ? SCOPE_ALL : SCOPE_BOUND_GROUPS;
	for (int p = 0; p < PATH_N; p++)
		s->site.firewall.by_default[p] = actions[scene_draw(&random, 4)];
	if (s->site.firewall.scope == SCOPE_ALL && s->site.firewall.by_default[PATH_FORWARD] == ACTION_ACCEPT)
		s->site.firewall.by_default[PATH_FORWARD] = ACTION_DROP;
	scene_compile(s);
}

START_TEST(kernel_has_what_the_model_says)
{
	struct compile_scene s;
	char *text, *json, *want, *have;

	make(&s, 4101842887655102017u + (uint64_t)_i);
	text = own_table_text(s.table);
	json = own_table_json(s.table);
	want = model(s.table);
	load("nft -f -", text);
	have = live();
	ck_assert_str_eq(have, want);
	free(have);
	load("nft -j -f -", json);
	have = live();
	ck_assert_str_eq(have, want);
	free(have);
	free(want);
	free(json);
	free(text);
	scene_free(&s);
}
END_TEST

static char *listed(void)
{
	size_t len, cap = 1 << 20;
	char *text = xcalloc(cap, 1);
	FILE *f = popen("nft list ruleset", "r");

	ck_assert_ptr_nonnull(f);
	len = fread(text, 1, cap - 1, f);
	ck_assert_uint_lt(len, cap - 1);
	ck_assert_int_eq(pclose(f), 0);
	return text;
}

/* The third way in, and the one that the agent goes: messages to the kernel, without nft. */
START_TEST(kernel_has_the_same_of_the_messages)
{
	struct compile_scene s;
	struct nft_ops ops;
	struct nft_batch batch;
	struct nft_answer answer;
	struct error err = {0};
	char *text, *want, *have;
	size_t at, line;

	make(&s, 4101842887655102017u + (uint64_t)_i);
	text = own_table_text(s.table);
	load("nft -f -", text);
	want = listed();
	load("nft -f -", "delete table inet portcullis");
	ck_assert_msg(nft_open_direct(&ops, &err) == 0, "%s", err.text);
	ck_assert_msg(nft_encode_table(s.table, &batch, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_msg(ops.check(ops.self, &batch, &answer, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_msg(ops.replace(ops.self, &batch, &answer, &err) == 0, "%s: %s", err.where, err.text);
	have = listed();
	for (at = 0, line = 0; have[at] == want[at] && have[at] != '\0'; at++)
		line = have[at] == '\n' ? at + 1 : line;
	ck_assert_msg(have[at] == want[at], "%.300s\nis not\n%.300s", have + line, want + line);
	free(have);
	free(want);
	have = live();
	want = model(s.table);
	ck_assert_str_eq(have, want);
	nft_batch_fini(&batch);
	ops.close(ops.self);
	free(have);
	free(want);
	free(text);
	scene_free(&s);
}
END_TEST

START_TEST(other_tables_stay)
{
	struct compile_scene s;
	char *text, *with, *without;

	load("nft -f -", "table ip other { chain c { type filter hook forward priority 0; tcp dport 1 drop; }; }");
	without = live();
	for (uint64_t i = 0; i < 20; i++) {
		make(&s, i);
		text = own_table_text(s.table);
		load("nft -f -", text);
		free(text);
		scene_free(&s);
		with = live();
		ck_assert_msg(strncmp(with, without, strlen(without)) == 0, "%s", with);
		free(with);
	}
	load("nft -f -", "delete table inet portcullis");
	with = live();
	ck_assert_str_eq(with, without);
	free(with);
	free(without);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compile_kernel");
	TCase *t = tcase_create("compile_kernel");

	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, kernel_has_what_the_model_says, 0, 40);
	tcase_add_loop_test(t, kernel_has_the_same_of_the_messages, 0, 40);
	tcase_add_test(t, other_tables_stay);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
