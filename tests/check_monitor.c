/* links: daemon snmp config nft conformance verify deployment catalog ruleset base */
/*
 * The monitor with a real configuration, catalog, journal and kernel (a network namespace of its own); only what cannot
 * be provoked otherwise, a kernel that refuses a dump, is a fake around the real operations. Time is a parameter.
 */
#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/monitor.h"
#include "portcullis/flat.h"
#include "portcullis/push.h"

#define HOLD_DOWN_MS 200

static char directory[] = "/tmp/portcullis-monitor-XXXXXX"; /* of all scenes */

struct scene {
	char dir[64];
	struct nft_ops real;
	bool refuse; /* the next dumps fail */
	unsigned dumps;
	const char *tables; /* of iptables-legacy, as the kernel would say; NULL: none */
	struct journal *journal;
	struct config *config;
	struct pins *pins;
	struct hub *hub;
	struct push *push; /* NULL: none */
	struct monitor *monitor;
	struct changes changes;
	int64_t now_ms;
	int64_t wall_ahead; /* of the other clock, s */
};

/* What a verification costs is no matter of these tests: it takes no time. */
static int64_t test_clock_ms(void)
{
	return 1000000;
}

static int dump(void *self, struct nft_dump *out, struct error *err)
{
	struct scene *s = self;
	s->dumps++;
	if (s->refuse) {
		memset(out, 0, sizeof(*out));
		return error_set(err, ERR_IO, "nf_tables", "the kernel refused");
	}
	if (s->real.dump(s->real.self, out, err) != 0)
		return -1;
	if (s->tables != NULL)
		out->legacy = strdup(s->tables);
	return 0;
}

static int legacy(void *self, char **out, struct error *err)
{
	const struct scene *s = self;
	(void)err;
	*out = s->tables != NULL ? strdup(s->tables) : NULL;
	return 0;
}

static void shell(const char *command)
{
	int code = system(command);
	ck_assert_msg(code == 0, "`%s` ended with %d", command, code);
}

/* Of the parent process: a test that fails ends its own without any teardown. */
static void directory_make(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void directory_remove(void)
{
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	shell(command);
}

/* The device of the example: its three interfaces, its ruleset. */
static void device_make(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	shell("ip link set lo up");
	shell("for i in lan0 srv0 dmz0; do ip link add $i type veth peer name peer-$i && ip link set $i up && "
	      "ip link set peer-$i up || exit 1; done");
	shell("/usr/bin/python3 -c 'import json; t = json.load(open(0))\n"
	      "for s in t[\"namespaces\"]:\n"
	      "  if s[\"name\"] == \"device\":\n"
	      "    for i in s[\"interfaces\"]:\n"
	      "      for a in i.get(\"addresses\", []): print(\"ip addr add\", a, \"dev\", i[\"name\"], \"nodad\" if "
	      "\":\" in a else \"\")\n"
	      "    for r in s.get(\"routes\", []): print(\"ip route add\", r[\"to\"], \"via\", r[\"via\"])' "
	      "<\"$SOURCE_DIR/contrib/example/topology.json\" | sh");
	shell("nft -f \"$SOURCE_DIR/contrib/example/ruleset.nft\"");
}

static void scene_init_with(struct scene *s, const char *deployment)
{
	struct error err = {0};
	struct catalog *catalog;
	memset(s, 0, sizeof(*s));
	s->now_ms = 1000000;
	snprintf(s->dir, sizeof(s->dir), "%s/XXXXXX", directory);
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	device_make();
	ck_assert_msg(nft_open_direct(&s->real, &err) == 0, "%s", err.text);
	ck_assert_msg(journal_open(s->dir, &s->journal, &err) == 0, "%s", err.text);
	ck_assert_msg(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &catalog, &err) == 0, "%s",
	        err.text);
	ck_assert_msg(config_open(SOURCE_DIR "/yang", s->journal, catalog, &s->config, &err) == 0, "%s", err.text);
	ck_assert_msg(config_load_file(s->config, deployment, &err) == 0, "%s", err.text);
	s->hub = hub_new();
	struct nft_ops nft = {.self = s, .dump = dump, .legacy = legacy};
	struct monitor_parts parts = {s->config, s->journal, nft, s->hub, catalog, s->pins, s->push, 0, test_clock_ms};
	ck_assert_msg(monitor_new(&parts, &s->monitor, &err) == 0, "%s", err.text);
}

static void scene_init(struct scene *s)
{
	scene_init_with(s, SOURCE_DIR "/contrib/example/deployment.json");
}

static void scene_fini(struct scene *s)
{
	changes_fini(&s->changes);
	monitor_free(s->monitor);
	hub_free(s->hub);
	config_close(s->config);
	pins_free(s->pins);
	journal_close(s->journal);
	s->real.close(s->real.self);
}

/* One step so many milliseconds later; what it tells is in s->changes. */
static int step(struct scene *s, int64_t later_ms)
{
	changes_fini(&s->changes);
	s->now_ms += later_ms;
	return monitor_step(s->monitor, s->now_ms, s->now_ms / 1000 + s->wall_ahead, &s->changes);
}

/* Until the announced change is read: the monitor says how long that is. */
static int settle(struct scene *s)
{
	int wait = step(s, 0);
	return step(s, wait);
}

static enum overall overall(struct scene *s)
{
	struct snapshot *snapshot = hub_get(s->hub);
	enum overall o = snapshot->summary.overall;
	snapshot_unref(snapshot);
	return o;
}

static void event(struct scene *s, const char *author)
{
	struct nft_event e = {.changed = true, .author_pid = author[0] != '\0' ? 42 : 0};
	snprintf(e.author, sizeof(e.author), "%s", author);
	monitor_changed(s->monitor, CAUSE_RULESET, &e, s->now_ms);
}

/* What the kernel itself said. */
static void real_event(struct scene *s)
{
	struct nft_event e;
	struct error err;
	ck_assert_int_eq(s->real.events(s->real.self, &e, &err), 0);
	ck_assert(e.changed);
	monitor_changed(s->monitor, CAUSE_RULESET, &e, s->now_ms);
	nft_event_fini(&e);
}

static void break_rule(void)
{
	shell("nft delete rule inet filter to_servers handle $(nft -a list ruleset | sed -n 's/.*demonstration.* "
	      "handle //p')");
}

/* The daemon ends and starts again on the same journal. */
static void restart(struct scene *s)
{
	monitor_free(s->monitor);
	struct error err = {0};
	struct catalog *catalog;
	ck_assert_int_eq(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &catalog, &err), 0);
	config_set_catalog(s->config, catalog);
	struct nft_ops nft = {.self = s, .dump = dump, .legacy = legacy};
	struct monitor_parts parts = {s->config, s->journal, nft, s->hub, catalog, s->pins, s->push, 0, test_clock_ms};
	ck_assert_int_eq(monitor_new(&parts, &s->monitor, &err), 0);
}

START_TEST(a_restart_tells_nothing_twice_and_clears_what_was_mended)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	break_rule();
	event(&s, "nft");
	settle(&s);
	step(&s, HOLD_DOWN_MS);
	ck_assert_uint_ge(s.changes.n, 2);
	uint32_t problem = s.changes.change[0].problem_id;
	restart(&s);
	step(&s, 10);
	ck_assert_uint_eq(s.changes.n, 0); /* still broken, told before */
	ck_assert_int_eq(overall(&s), OVERALL_VIOLATED);
	struct snapshot *snapshot = hub_get(s.hub);
	ck_assert_uint_eq(snapshot->n_problem, 1);
	ck_assert_uint_eq(snapshot->problem[0].id, problem);
	ck_assert_str_eq(snapshot->problem[0].cause.author, "nft");
	snapshot_unref(snapshot);
	shell("nft flush ruleset; nft -f \"$SOURCE_DIR/contrib/example/ruleset.nft\"");
	restart(&s);
	step(&s, 10); /* mended while nobody looked */
	ck_assert_uint_eq(s.changes.n, 2);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_CLEARED);
	ck_assert_uint_eq(s.changes.change[0].problem_id, problem);
	ck_assert_int_eq(s.changes.change[1].kind, CHANGE_OVERALL);
	ck_assert_int_eq(s.changes.change[1].old_overall, OVERALL_VIOLATED);
	scene_fini(&s);
}
END_TEST

START_TEST(verdicts_are_published_at_once_and_told_after_the_hold_down)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	ck_assert_int_eq(overall(&s), OVERALL_OK);
	ck_assert_uint_eq(s.changes.n, 0);
	break_rule();
	event(&s, "nft");
	int wait = settle(&s);
	ck_assert_int_eq(overall(&s), OVERALL_VIOLATED);
	ck_assert_uint_eq(s.changes.n, 0);
	ck_assert_int_le(wait, HOLD_DOWN_MS);
	step(&s, HOLD_DOWN_MS);
	ck_assert_uint_ge(s.changes.n, 1);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_VIOLATED);
	ck_assert_str_eq(s.changes.change[0].cause.author, "nft");
	ck_assert_uint_eq(s.changes.change[0].cause.author_pid, 42);
	scene_fini(&s);
}
END_TEST

START_TEST(what_is_mended_within_the_hold_down_is_not_told)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	break_rule();
	event(&s, "nft");
	settle(&s);
	ck_assert_int_eq(overall(&s), OVERALL_VIOLATED);
	shell("nft flush ruleset; nft -f \"$SOURCE_DIR/contrib/example/ruleset.nft\"");
	event(&s, "nft");
	settle(&s);
	step(&s, HOLD_DOWN_MS);
	ck_assert_int_eq(overall(&s), OVERALL_OK);
	ck_assert_uint_eq(s.changes.n, 0);
	scene_fini(&s);
}
END_TEST

/* As a manager sets it. */
static void set(struct scene *s, const struct notification_settings *settings)
{
	struct error err;
	ck_assert_int_eq(config_notification_set(s->config, "test", settings, &err), 0);
	monitor_changed(s->monitor, CAUSE_DEPLOYMENT, NULL, s->now_ms);
	settle(s);
}

START_TEST(what_comes_too_soon_is_told_together_later)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	set(&s, &(struct notification_settings){.enable = true, .hold_down_ms = 10, .minimum_interval_ms = 5000});
	break_rule();
	event(&s, "nft");
	settle(&s);
	step(&s, 10);
	ck_assert_uint_eq(s.changes.n, 2); /* the first one waits for the hold-down alone */
	shell("nft flush ruleset; nft -f \"$SOURCE_DIR/contrib/example/ruleset.nft\"");
	event(&s, "nft");
	settle(&s);
	step(&s, 10);
	ck_assert_int_eq(overall(&s), OVERALL_OK);
	ck_assert_uint_eq(s.changes.n, 0);
	break_rule(); /* mended and broken again: the same state as was told */
	event(&s, "nft");
	settle(&s);
	step(&s, 5000);
	ck_assert_uint_eq(s.changes.n, 0);
	shell("nft flush ruleset; nft -f \"$SOURCE_DIR/contrib/example/ruleset.nft\"");
	event(&s, "nft");
	settle(&s);
	step(&s, 10);
	ck_assert_uint_eq(s.changes.n, 2); /* long enough after what was told last */
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_CLEARED);
	scene_fini(&s);
}
END_TEST

START_TEST(flows_that_are_broken_are_told_when_that_is_wanted)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	break_rule();
	event(&s, "nft");
	settle(&s);
	step(&s, HOLD_DOWN_MS);
	size_t told = s.changes.n;
	ck_assert_uint_eq(told, 2);
	uint64_t affected = s.changes.change[0].affected;
	set(&s, &(struct notification_settings){.enable = true, .hold_down_ms = 50, .per_flow = true});
	step(&s, 50);
	ck_assert_uint_eq(s.changes.n, affected);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_FLOW_VIOLATED);
	scene_fini(&s);
}
END_TEST

START_TEST(rows_that_stay_the_same_have_the_same_time)
{
	struct scene s;
	struct flat_view view;
	scene_init(&s);
	step(&s, 0);
	int64_t at[3];
	for (size_t i = 0; i < 3; i++) {
		if (i == 2)
			break_rule();
		else if (i == 1)
			shell("nft add table inet elsewhere");
		event(&s, "nft");
		settle(&s);
		step(&s, 1000);
		struct snapshot *snapshot = hub_get(s.hub);
		ck_assert_int_eq(flat_open(snapshot->flat, snapshot->flat_size, &view), 0);
		at[i] = ((const struct flat_summary *)flat_row(&view, FLAT_SUMMARY, 0))->tables_changed_ms;
		snapshot_unref(snapshot);
	}
	ck_assert_int_eq(at[1], at[0]); /* another digest and generation, and no other row */
	ck_assert_int_gt(at[2], at[1]);
	scene_fini(&s);
}
END_TEST

START_TEST(a_quiet_device_is_known_to_be_as_it_was)
{
	struct scene s;
	struct flat_view view;
	struct flat_summary at[2];
	scene_init(&s);
	step(&s, 0);
	for (size_t i = 0; i < 2; i++) {
		step(&s, 31000);
		struct snapshot *snapshot = hub_get(s.hub);
		ck_assert_int_eq(flat_open(snapshot->flat, snapshot->flat_size, &view), 0);
		at[i] = *(const struct flat_summary *)flat_row(&view, FLAT_SUMMARY, 0);
		ck_assert_uint_gt(flat_rows(&view, FLAT_FLOW).count, 0);
		ck_assert_int_eq(at[i].sure_ms, s.now_ms);
		snapshot_unref(snapshot);
	}
	ck_assert_uint_eq(at[1].generation, at[0].generation);
	ck_assert_int_eq(at[1].verified_ms, at[0].verified_ms);
	ck_assert_int_eq(at[1].tables_changed_ms, at[0].tables_changed_ms);
	scene_fini(&s);
}
END_TEST

START_TEST(a_refused_dump_makes_every_verdict_unknown_and_is_told)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	s.refuse = true;
	event(&s, "");
	settle(&s);
	step(&s, HOLD_DOWN_MS);
	ck_assert_int_eq(overall(&s), OVERALL_CANNOT_TELL);
	ck_assert_uint_ge(s.changes.n, 1);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_UNREADABLE);
	ck_assert_msg(
	        strstr(s.changes.change[0].reason, "the kernel refused") != NULL, "%s", s.changes.change[0].reason);
	struct snapshot *snapshot = hub_get(s.hub);
	ck_assert_ptr_null(snapshot->ruleset);
	ck_assert_msg(strstr(snapshot->unreadable, "the kernel refused") != NULL, "%s", snapshot->unreadable);
	ck_assert_uint_eq(snapshot->summary.count[VERDICT_CONFORMANT], 0);
	ck_assert_uint_gt(snapshot->summary.count[VERDICT_UNKNOWN], 0);
	snapshot_unref(snapshot);
	/* It is tried again by itself, without an event. */
	s.refuse = false;
	unsigned before = s.dumps;
	step(&s, 1100);
	settle(&s);
	ck_assert_uint_gt(s.dumps, before);
	step(&s, HOLD_DOWN_MS);
	ck_assert_int_eq(overall(&s), OVERALL_OK);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_READABLE);
	scene_fini(&s);
}
END_TEST

/* How many openings there are and how many of them nobody knows of, when the wall clock says so. */
static void openings_are(struct scene *s, int64_t wall_ahead, unsigned n, unsigned unacknowledged)
{
	s->wall_ahead = wall_ahead;
	settle(s);
	struct snapshot *snapshot = hub_get(s->hub);
	ck_assert_uint_eq(snapshot->openings.n, n);
	ck_assert_uint_eq(snapshot->summary.unacknowledged_openings, unacknowledged);
	snapshot_unref(snapshot);
}

START_TEST(the_end_of_an_acknowledgement_is_noticed_and_undone_by_the_clock)
{
	static const char open_one[] = "nft insert rule inet filter to_servers ip saddr 10.11.0.10 ip daddr 10.20.1.11 "
	                               "udp sport 4444 udp dport 4444 accept";
	char file[128], command[700];
	struct scene s;
	scene_init(&s);
	shell(open_one);
	step(&s, 0);
	struct snapshot *snapshot = hub_get(s.hub);
	unsigned n = (unsigned)snapshot->openings.n;
	ck_assert_uint_ge(n, 1);
	size_t known = 0;
	while (strstr(snapshot->openings.opening[known].label, "4444") == NULL)
		ck_assert_uint_lt(++known, n);
	uint32_t id = snapshot->openings.opening[known].id;
	unsigned others = (unsigned)snapshot->summary.unacknowledged_openings - 1;
	snapshot_unref(snapshot);
	snprintf(file, sizeof(file), "%s/known.json", s.dir);
	snprintf(command, sizeof(command),
	        "/usr/bin/python3 -c 'import json, sys; d = json.load(open(0)); d[\"portcullis:baseline\"] = "
	        "{\"opening\": [{\"id\": %u, \"reason\": \"test\", \"owner\": \"test\", \"expires\": "
	        "\"1970-01-01T00:33:20Z\"}]}; json.dump(d, sys.stdout)' "
	        "<\"$SOURCE_DIR/contrib/example/deployment.json\" >%s",
	        id, file);
	shell(command);
	scene_fini(&s);
	scene_init_with(&s, file);
	shell(open_one);
	openings_are(&s, 0, n, others);
	openings_are(&s, 1000, n, others + 1);
	/* The clock was set back: it holds again. */
	openings_are(&s, 500, n, others);
	scene_fini(&s);
}
END_TEST

/* What a site says until 2000 s of the wall clock; the monitor's clock, which only goes forward, says half of that. */
static const struct {
	const char *name, *says, *change;
	enum overall within, ended;
} ends[] = {
        {"waiver", "d[\"portcullis:deployment\"][0][\"waiver\"] = [{\"name\": \"w\", \"requirement\": \"*\", %s}]",
                "nft flush chain inet filter to_servers", OVERALL_OK, OVERALL_VIOLATED},
        {"assumption",
                "d[\"portcullis:assumption\"] = [{\"name\": \"a\", \"pattern\": \"limit@*\", \"value\": False, %s}]",
                "nft insert rule inet filter to_servers limit rate over 1/second drop", OVERALL_OK,
                OVERALL_CANNOT_TELL},
        {"allowance", "d[\"portcullis:allowance\"].append({\"name\": \"a\", %s})",
                "nft insert rule inet filter to_servers udp sport 4444 udp dport 4444 accept", OVERALL_OK, OVERALL_OK},
};

static void overall_is(struct scene *s, int64_t wall_ahead, enum overall want, const char *name)
{
	s->wall_ahead = wall_ahead;
	settle(s);
	ck_assert_msg(overall(s) == want, "%s, %lld s ahead: %d, should be %d", name, (long long)wall_ahead,
	        (int)overall(s), (int)want);
}

START_TEST(what_a_site_says_for_a_time_ends_and_comes_back_with_the_clock)
{
	static const char until[] = "\"reason\": \"test\", \"owner\": \"test\", \"expires\": \"1970-01-01T00:33:20Z\"";
	char dir[] = "/tmp/portcullis-monitor-XXXXXX", file[128], says[400], command[900];
	struct scene s;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/site.json", dir);
	snprintf(says, sizeof(says), ends[_i].says, until);
	snprintf(command, sizeof(command),
	        "/usr/bin/python3 -c 'import json, sys; d = json.load(open(0)); %s; json.dump(d, sys.stdout)' "
	        "<\"$SOURCE_DIR/contrib/example/deployment.json\" >%s",
	        says, file);
	shell(command);
	scene_init_with(&s, file);
	shell(ends[_i].change);
	step(&s, 0);
	struct snapshot *snapshot = hub_get(s.hub);
	size_t open = snapshot->openings.n;
	snapshot_unref(snapshot);
	overall_is(&s, 0, ends[_i].within, ends[_i].name);
	overall_is(&s, 1000, ends[_i].ended, ends[_i].name);
	snapshot = hub_get(s.hub);
	ck_assert(strcmp(ends[_i].name, "allowance") != 0 || snapshot->openings.n > open);
	snapshot_unref(snapshot);
	/* Set back, far back, and far ahead. */
	overall_is(&s, 500, ends[_i].within, ends[_i].name);
	overall_is(&s, 1000000000, ends[_i].ended, ends[_i].name);
	overall_is(&s, -900, ends[_i].within, ends[_i].name);
	snapshot = hub_get(s.hub);
	ck_assert_uint_eq(snapshot->openings.n, open);
	snapshot_unref(snapshot);
	scene_fini(&s);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(the_event_names_the_author_even_behind_a_periodic_look)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	step(&s, 31000); /* the periodic look is due, and changes nothing */
	break_rule();
	event(&s, "ansible");
	settle(&s);
	step(&s, HOLD_DOWN_MS);
	ck_assert_uint_ge(s.changes.n, 1);
	ck_assert_str_eq(s.changes.change[0].cause.author, "ansible");
	scene_fini(&s);
}
END_TEST

START_TEST(what_changed_nothing_is_no_cause_of_what_comes_next)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	monitor_changed(s.monitor, CAUSE_ROUTES, NULL, s.now_ms);
	settle(&s);
	break_rule();
	event(&s, "nft");
	settle(&s);
	step(&s, HOLD_DOWN_MS);
	ck_assert_uint_ge(s.changes.n, 1);
	ck_assert_int_eq(s.changes.change[0].cause.kind, CAUSE_RULESET);
	scene_fini(&s);
}
END_TEST

START_TEST(a_change_is_followed_by_its_events_without_a_dump)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	ck_assert_uint_eq(s.dumps, 1);
	break_rule();
	real_event(&s);
	settle(&s);
	ck_assert_int_eq(overall(&s), OVERALL_VIOLATED);
	shell("nft flush ruleset; nft -f \"$SOURCE_DIR/contrib/example/ruleset.nft\"");
	real_event(&s);
	settle(&s);
	ck_assert_int_eq(overall(&s), OVERALL_OK);
	ck_assert_uint_eq(s.dumps, 1);
	scene_fini(&s);
}
END_TEST

START_TEST(lost_events_cost_one_dump)
{
	struct scene s;
	struct nft_event lost = {.overrun = true};
	scene_init(&s);
	step(&s, 0);
	break_rule();
	monitor_changed(s.monitor, CAUSE_RULESET, &lost, s.now_ms);
	settle(&s);
	ck_assert_int_eq(overall(&s), OVERALL_VIOLATED);
	ck_assert_uint_eq(s.dumps, 2);
	real_event(&s); /* it is in the dump already */
	settle(&s);
	shell("nft flush ruleset; nft -f \"$SOURCE_DIR/contrib/example/ruleset.nft\"");
	real_event(&s);
	settle(&s);
	ck_assert_int_eq(overall(&s), OVERALL_OK);
	ck_assert_uint_eq(s.dumps, 2);
	scene_fini(&s);
}
END_TEST

/* The kernel's own loss: a receive buffer too small for what a writer says. */
START_TEST(events_lost_in_the_kernel_leave_no_stale_verdict)
{
	struct scene s;
	struct nft_event e;
	struct error err = {0};
	const int tiny = 1;
	scene_init(&s);
	step(&s, 0);
	ck_assert_int_eq(overall(&s), OVERALL_OK);
	ck_assert_int_eq(setsockopt(s.real.event_fd(s.real.self), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
	for (int i = 0; i < 10; i++)
		shell("nft add table ip noise && nft add set ip noise s '{ type ipv4_addr; }' && nft delete table ip "
		      "noise");
	break_rule();
	ck_assert_int_eq(s.real.events(s.real.self, &e, &err), 0);
	ck_assert(e.overrun);
	monitor_changed(s.monitor, CAUSE_RULESET, &e, s.now_ms);
	nft_event_fini(&e);
	settle(&s);
	ck_assert_uint_eq(s.dumps, 2);
	ck_assert_int_eq(overall(&s), OVERALL_VIOLATED);
	step(&s, HOLD_DOWN_MS);
	ck_assert_uint_ge(s.changes.n, 1);
	scene_fini(&s);
}
END_TEST

START_TEST(who_asks_for_a_verification_gets_a_dump)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	break_rule(); /* its event is still on the way */
	monitor_request(s.monitor);
	step(&s, 10);
	ck_assert_int_eq(overall(&s), OVERALL_VIOLATED);
	ck_assert_uint_eq(s.dumps, 2);
	scene_fini(&s);
}
END_TEST

START_TEST(a_look_without_an_event_needs_no_dump_and_finds_legacy_tables)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	step(&s, 31000);
	settle(&s);
	ck_assert_uint_eq(s.dumps, 1);
	s.tables = "ip filter";
	step(&s, 31000);
	settle(&s);
	ck_assert_uint_eq(s.dumps, 2);
	ck_assert_int_eq(overall(&s), OVERALL_CANNOT_TELL);
	scene_fini(&s);
}
END_TEST

START_TEST(sets_that_change_without_an_event_are_looked_at)
{
	struct scene s;
	scene_init(&s);
	shell("nft add set inet filter listed '{ type ipv4_addr; flags dynamic,timeout; }'");
	step(&s, 0);
	step(&s, 31000);
	settle(&s);
	ck_assert_uint_eq(s.dumps, 2);
	scene_fini(&s);
}
END_TEST

START_TEST(an_idle_device_is_left_alone)
{
	struct scene s;
	scene_init(&s);
	int wait = step(&s, 0);
	unsigned before = s.dumps;
	for (int i = 0; i < 20; i++)
		wait = step(&s, 100);
	ck_assert_uint_eq(s.dumps, before);
	ck_assert_int_gt(wait, 1000);
	scene_fini(&s);
}
END_TEST

START_TEST(sequence_numbers_go_on_after_a_restart)
{
	struct scene s;
	scene_init(&s);
	step(&s, 0);
	ck_assert_int_eq(monitor_test_notification(s.monitor, NULL), 0);
	step(&s, 10);
	ck_assert_uint_eq(s.changes.n, 1);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_TEST);
	uint64_t sequence = s.changes.change[0].sequence;
	restart(&s);
	step(&s, 10);
	ck_assert_int_eq(monitor_test_notification(s.monitor, NULL), 0);
	step(&s, 10);
	ck_assert_uint_eq(s.changes.change[0].sequence, sequence + 1);
	struct snapshot *snapshot = hub_get(s.hub);
	ck_assert_uint_eq(snapshot->n_history, 2);
	snapshot_unref(snapshot);
	scene_fini(&s);
}
END_TEST

START_TEST(each_test_that_is_asked_for_is_told)
{
	struct scene s;
	struct error err;
	scene_init(&s);
	step(&s, 0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(monitor_test_notification(s.monitor, &err), 0);
	step(&s, 10);
	ck_assert_uint_eq(s.changes.n, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(s.changes.change[i].kind, CHANGE_TEST);
		ck_assert_uint_eq(s.changes.change[i].sequence, s.changes.change[0].sequence + i);
	}
	step(&s, 10);
	ck_assert_uint_eq(s.changes.n, 0);
	for (unsigned i = 0; i < MONITOR_TESTS; i++)
		ck_assert_int_eq(monitor_test_notification(s.monitor, &err), 0);
	ck_assert_int_eq(monitor_test_notification(s.monitor, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	step(&s, 10);
	ck_assert_uint_eq(s.changes.n, MONITOR_TESTS);
	ck_assert_int_eq(monitor_test_notification(s.monitor, &err), 0);
	scene_fini(&s);
}
END_TEST

START_TEST(of_what_is_not_to_be_sent_a_test_is_sent_alone)
{
	struct scene s;
	struct error err;
	scene_init(&s);
	step(&s, 0);
	set(&s, &(struct notification_settings){.enable = false});
	break_rule();
	event(&s, "nft");
	int wait = step(&s, 0);
	ck_assert_int_eq(monitor_test_notification(s.monitor, &err), 0);
	step(&s, wait);
	ck_assert_uint_eq(s.changes.n, 1);
	ck_assert_int_eq(s.changes.change[0].kind, CHANGE_TEST);
	struct snapshot *snapshot = hub_get(s.hub);
	ck_assert_uint_eq(snapshot->n_problem, 1);
	ck_assert_uint_gt(snapshot->n_history, 1);
	snapshot_unref(snapshot);
	scene_fini(&s);
}
END_TEST

START_TEST(the_oldest_number_is_that_of_the_oldest_row)
{
	struct scene s;
	struct error err;
	scene_init(&s);
	step(&s, 0);
	for (unsigned i = 0; i < SNAPSHOT_HISTORY + 3; i++)
		ck_assert_int_eq(monitor_test_notification(s.monitor, &err), 0);
	step(&s, 10);
	struct snapshot *snapshot = hub_get(s.hub);
	ck_assert_uint_eq(snapshot->n_history, SNAPSHOT_HISTORY);
	ck_assert_uint_eq(snapshot->oldest_sequence, 4);
	ck_assert_uint_eq(snapshot->oldest_sequence, snapshot->history[0].sequence);
	ck_assert_uint_eq(snapshot->newest_sequence, SNAPSHOT_HISTORY + 3);
	snapshot_unref(snapshot);
	scene_fini(&s);
}
END_TEST

/* A push that enforces nothing: a table of its name is somebody else's. */
static void push_init(struct scene *s)
{
	const struct push_parts parts = {.nft = s->real, .network = network_read};
	struct site *site;
	struct error err = {0};

	s->push = push_new(&parts);
	ck_assert_int_eq(config_site(s->config, &site, &err), 0);
	ck_assert_msg(push_start(s->push, site, NULL, &err) == 0, "%s", err.text);
	site_free(site);
	restart(s);
}

static const struct change *deviation(const struct scene *s)
{
	for (size_t i = 0; i < s->changes.n; i++)
		if (s->changes.change[i].kind == CHANGE_DEVIATION || s->changes.change[i].kind == CHANGE_DEVIATION_OVER)
			return &s->changes.change[i];
	return NULL;
}

START_TEST(who_changed_the_own_table_is_waited_for)
{
	struct scene s;

	scene_init(&s);
	push_init(&s);
	step(&s, 0);
	shell("nft 'table inet portcullis { chain c { type filter hook forward priority 0; }; }'");
	/* Who asks for a verification has it read before its event has come. */
	monitor_request(s.monitor);
	step(&s, 1);
	ck_assert_ptr_null(deviation(&s));
	real_event(&s);
	settle(&s);
	ck_assert(deviation(&s) != NULL && deviation(&s)->kind == CHANGE_DEVIATION);
	ck_assert_str_eq(deviation(&s)->cause.author, "nft");
	/* An event that is lost is not waited for without end. */
	shell("nft delete table inet portcullis");
	monitor_request(s.monitor);
	step(&s, 1);
	ck_assert_ptr_null(deviation(&s));
	step(&s, 1000);
	ck_assert(deviation(&s) != NULL && deviation(&s)->kind == CHANGE_DEVIATION_OVER);
	push_free(s.push);
	scene_fini(&s);
}
END_TEST

int main(void)
{
	if (geteuid() != 0) {
		puts("skipped: needs root for a network namespace");
		return 77;
	}
	Suite *suite = suite_create("monitor");
	TCase *c = tcase_create("monitor");
	setenv("SOURCE_DIR", SOURCE_DIR, 1); /* for shell commands: the path may have spaces */
	tcase_set_timeout(c, 60);
	tcase_add_unchecked_fixture(c, directory_make, directory_remove);
	tcase_add_test(c, verdicts_are_published_at_once_and_told_after_the_hold_down);
	tcase_add_test(c, what_is_mended_within_the_hold_down_is_not_told);
	tcase_add_test(c, what_comes_too_soon_is_told_together_later);
	tcase_add_test(c, flows_that_are_broken_are_told_when_that_is_wanted);
	tcase_add_test(c, rows_that_stay_the_same_have_the_same_time);
	tcase_add_test(c, a_quiet_device_is_known_to_be_as_it_was);
	tcase_add_test(c, a_refused_dump_makes_every_verdict_unknown_and_is_told);
	tcase_add_test(c, the_event_names_the_author_even_behind_a_periodic_look);
	tcase_add_test(c, what_changed_nothing_is_no_cause_of_what_comes_next);
	tcase_add_test(c, an_idle_device_is_left_alone);
	tcase_add_test(c, a_change_is_followed_by_its_events_without_a_dump);
	tcase_add_test(c, lost_events_cost_one_dump);
	tcase_add_test(c, events_lost_in_the_kernel_leave_no_stale_verdict);
	tcase_add_test(c, who_asks_for_a_verification_gets_a_dump);
	tcase_add_test(c, a_look_without_an_event_needs_no_dump_and_finds_legacy_tables);
	tcase_add_test(c, sets_that_change_without_an_event_are_looked_at);
	tcase_add_test(c, a_restart_tells_nothing_twice_and_clears_what_was_mended);
	tcase_add_test(c, who_changed_the_own_table_is_waited_for);
	tcase_add_test(c, sequence_numbers_go_on_after_a_restart);
	tcase_add_test(c, each_test_that_is_asked_for_is_told);
	tcase_add_test(c, of_what_is_not_to_be_sent_a_test_is_sent_alone);
	tcase_add_test(c, the_oldest_number_is_that_of_the_oldest_row);
	tcase_add_test(c, the_end_of_an_acknowledgement_is_noticed_and_undone_by_the_clock);
	tcase_add_loop_test(c, what_a_site_says_for_a_time_ends_and_comes_back_with_the_clock, 0,
	        (int)(sizeof(ends) / sizeof(ends[0])));
	suite_add_tcase(suite, c);
	SRunner *r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
