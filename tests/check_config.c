/* links: config */
/*
 * Datastores and their life: locks, commits, what survives a restart, what readers see while another writes; and the
 * step from configuration to a site, with every refusal by file, path and value.
 */
#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/pins.h"
#include "portcullis/text.h"

#include "config_scene.h"

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* The schema context */

START_TEST(context_implements_what_a_netconf_server_needs)
{
	static const char *const names[] = {"ietf-netconf", "ietf-netconf-monitoring", "ietf-netconf-with-defaults",
	        "ietf-netconf-acm", "ietf-netconf-notifications", "notifications", "nc-notifications",
	        "portcullis-catalog", "portcullis", "ietf-yang-library"};
	const struct ly_ctx *ctx = config_context(config);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(ly_ctx_get_module_implemented(ctx, names[i]) != NULL, "%s", names[i]);
	const struct lys_module *netconf = ly_ctx_get_module_implemented(ctx, "ietf-netconf");
	ck_assert_int_eq(lys_feature_value(netconf, "candidate"), LY_SUCCESS);
	ck_assert_int_eq(lys_feature_value(netconf, "confirmed-commit"), LY_SUCCESS);
	ck_assert_int_eq(lys_feature_value(netconf, "startup"), LY_SUCCESS);
	const struct lys_module *portcullis = ly_ctx_get_module_implemented(ctx, "portcullis");
	ck_assert_int_eq(lys_feature_value(portcullis, "enforce"), LY_SUCCESS);
	ck_assert_ptr_null(ly_ctx_get_module_latest(ctx, "yuma-ncx"));
}
END_TEST

static void copy_yang(const char *to, const char *without)
{
	DIR *d = opendir(YANG_DIR);
	ck_assert_int_eq(mkdir(to, 0755), 0);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (strstr(e->d_name, ".yang") == NULL || strcmp(e->d_name, without) == 0)
			continue;
		char *from = xasprintf(YANG_DIR "/%s", e->d_name), *path = xasprintf("%s/%s", to, e->d_name),
		     *text = NULL;
		size_t len = 0;
		ck_ok(file_read(from, 1 << 20, &text, &len, &err));
		write_file(path, text);
		free(from);
		free(path);
		free(text);
	}
	closedir(d);
}

START_TEST(missing_module_is_named_with_its_package)
{
	static const char *const names[] = {"notifications", "nc-notifications", "portcullis-catalog", "portcullis"};
	const char *name = names[_i];
	struct config *c = NULL;
	char *left_out = xasprintf("%s.yang", name);

	setup_directory();
	char *dir = xasprintf("%s/yang", base);
	copy_yang(dir, left_out);
	ck_fails(config_open(dir, NULL, NULL, &c, &err), ERR_NOT_FOUND, name);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(err.text, name));
	ck_assert_ptr_nonnull(strstr(err.text, dir));
	ck_assert_ptr_nonnull(strstr(err.text, "/usr/share/yuma/modules/ietf"));
	ck_assert_ptr_nonnull(strstr(err.text, "portcullis's own yang directory"));
	free(dir);
	free(left_out);
	remove_all(base);
}
END_TEST

START_TEST(broken_module_is_named_with_the_reason)
{
	struct config *c = NULL;
	char *dir = xasprintf("%s/yang", base), *path = xasprintf("%s/yang/notifications.yang", base);

	copy_yang(dir, "notifications.yang");
	write_file(path, "module notifications { namespace \"urn:x\"; prefix x; leaf }");
	ck_fails(config_open(dir, NULL, NULL, &c, &err), ERR_NOT_FOUND, "notifications");
	ck_assert_ptr_nonnull(strstr(err.text, "cannot be used"));
	ck_fails(config_open("/nonexistent", NULL, NULL, &c, &err), ERR_NOT_FOUND, "/nonexistent");
	free(dir);
	free(path);
}
END_TEST

START_TEST(offline_context_has_our_modules_alone)
{
	struct ly_ctx *ctx = NULL;

	ck_ok(config_context_new(YANG_DIR, &ctx, &err));
	ck_assert_ptr_nonnull(ly_ctx_get_module_implemented(ctx, "portcullis"));
	ck_assert_ptr_nonnull(ly_ctx_get_module_implemented(ctx, "ietf-netconf-acm"));
	ck_assert_ptr_null(ly_ctx_get_module_latest(ctx, "ietf-netconf"));
	config_context_free(ctx);
}
END_TEST

/* What lasts */

START_TEST(running_survives_a_restart)
{
	ck_ok(edit(&one, DATASTORE_RUNNING,
	        GROUP("a", "<id>7</id><address>10.0.0.0/8</address>") "<nacm "
	                                                              "xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-"
	                                                              "acm'><enable-nacm>false</enable-nacm></nacm>"));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("b", "<id>8</id>")));
	close_config();
	open_config(NULL);
	ck_content(DATASTORE_RUNNING, "{\"ietf-netconf-acm:nacm\":{\"enable-nacm\":false},"
	                              "\"portcullis:group\":[{\"name\":\"a\",\"id\":7,\"address\":[\"10.0.0.0/8\"]}]}");
}
END_TEST

START_TEST(stored_configuration_that_fits_no_more_is_refused)
{
	struct config *c = NULL;

	ck_ok(journal_commit(journal,
	        &(struct journal_commit){.datastore = "running",
	                .json = "{\"portcullis:group\":[{\"name\":\"a\",\"gone\":1}]}",
	                .user = "u",
	                .session = 1},
	        &err));
	ck_assert_int_eq(config_open(YANG_DIR, journal, NULL, &c, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.where, "stored configuration"));
	ck_assert_ptr_nonnull(strstr(err.text, "gone"));
}
END_TEST

START_TEST(ids_are_derived_from_names_and_stored)
{
	char *want = xasprintf("{\"portcullis:group\":[{\"name\":\"a\",\"id\":%u}],"
	                       "\"portcullis:zone\":[{\"name\":\"a\",\"id\":%u,\"interface\":[\"eth0\"]}]}",
	        hash32("a") & 0x7fffffff, hash32("a") & 0x7fffffff);

	ck_ok(edit(&one, DATASTORE_CANDIDATE,
	        GROUP("a", "") "<zone" NS "><name>a</name><interface>eth0</interface></zone>"));
	ck_content(DATASTORE_CANDIDATE, "{\"portcullis:group\":[{\"name\":\"a\"}],\"portcullis:zone\":[{\"name\":\"a\","
	                                "\"interface\":[\"eth0\"]}]}");
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_content(DATASTORE_RUNNING, want);
	ck_content(DATASTORE_CANDIDATE, want);
	free(want);
}
END_TEST

START_TEST(derived_id_that_is_taken_gives_the_next)
{
	uint32_t id = hash32("a") & 0x7fffffff;
	char *xml = xasprintf(GROUP("a", "") GROUP("b", "<id>%u</id>") GROUP("c", "<id>%u</id>"), id, id + 1);
	struct site *site = NULL;

	ck_ok(edit(&one, DATASTORE_RUNNING, xml));
	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site_group_find(site, "a")->id, id + 2);
	ck_assert_str_eq(site->group[0].name, "b");
	ck_assert_str_eq(site->group[2].name, "a");
	site_free(site);
	free(xml);
}
END_TEST

START_TEST(ids_stay_with_their_names)
{
	struct site *site = NULL;

	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "<id>5</id>")));
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, GROUP("a", "<zone>z</zone>"), &err));
	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site->group[0].id, 5);
	site_free(site);
	ck_fails(
	        edit(&one, DATASTORE_RUNNING, GROUP("a", "<id>6</id>")), ERR_INVALID, "/portcullis:group[name='a']/id");
}
END_TEST

/* What was told about a group that is gone is never taken for another one. */
START_TEST(id_of_a_deleted_group_is_never_anothers)
{
	uint32_t id = hash32("a") & 0x7fffffff;
	char *xml = xasprintf(GROUP("q", "<id>%u</id>"), id), *again = xasprintf(GROUP("b", "<id>%u</id>"), id);
	struct site *site = NULL;

	ck_ok(edit(&one, DATASTORE_RUNNING, xml));
	ck_fails(config_replace(config, &one, DATASTORE_RUNNING, again, &err), ERR_INVALID,
	        "/portcullis:group[name='b']/id");
	ck_assert_ptr_nonnull(strstr(err.text, "was that of group q"));
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, GROUP("z", ""), &err));
	for (int i = 0; i < 2; i++) {
		ck_fails(edit(&one, DATASTORE_RUNNING, again), ERR_INVALID, "/portcullis:group[name='b']/id");
		close_config();
		open_config(NULL);
	}
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "") GROUP("q", "")));
	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site_group_find(site, "q")->id, id);
	ck_assert_uint_eq(site_group_find(site, "a")->id, id + 1);
	site_free(site);
	/* Another kind counts for itself. */
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("q", "")));
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, GROUP("a", ""), &err));
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, GROUP("q", "<id>77</id>"), &err));
	ck_ok(config_replace(config, &one, DATASTORE_RUNNING, GROUP("a", ""), &err));
	ck_fails(edit(&one, DATASTORE_RUNNING, GROUP("b", "<id>77</id>")), ERR_INVALID,
	        "/portcullis:group[name='b']/id");
	free(xml);
	free(again);
}
END_TEST

/* A file without numbers replaces the configuration, and claims the number of a group that has one. */
START_TEST(an_id_that_another_group_was_given_is_refused)
{
	uint32_t id = hash32("a") & 0x7fffffff;
	char *xml = xasprintf(GROUP("a", "") GROUP("b", "<id>%u</id>"), id);
	struct site *site = NULL;

	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "")));
	ck_fails(config_replace(config, &one, DATASTORE_RUNNING, xml, &err), ERR_INVALID,
	        "/portcullis:group[name='b']/id");
	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site->n_group, 1);
	ck_assert_uint_eq(site->group[0].id, id);
	site_free(site);
	free(xml);
}
END_TEST

/* 2147483646 and 2147483647 are no group's: site_check() refuses them. */
START_TEST(a_hash_beyond_the_last_id_gives_the_first)
{
	struct site *site = NULL;

	ck_assert_uint_eq(hash32("grx01k6") & 0x7fffffff, 0x7ffffffe);
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("grx01k6", "") GROUP("b", "<id>1</id>")));
	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site_group_find(site, "grx01k6")->id, 2);
	site_free(site);
}
END_TEST

START_TEST(changes_of_running_show_on_the_event_descriptor)
{
	char event[8];
	int fd = config_event_fd(config);

	ck_assert_int_eq(read(fd, event, sizeof(event)), -1);
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("a", "")));
	ck_assert_int_eq(read(fd, event, sizeof(event)), -1);
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_assert_int_eq(read(fd, event, sizeof(event)), 8);
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_assert_int_eq(read(fd, event, sizeof(event)), -1);
}
END_TEST

/* Candidate, copies, locks */

START_TEST(candidate_follows_running_until_it_is_changed)
{
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("a", "<id>1</id>")));
	ck_content(DATASTORE_CANDIDATE, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("b", "<id>2</id>")));
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("c", "<id>3</id>")));
	ck_content(DATASTORE_CANDIDATE, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1},{\"name\":\"b\",\"id\":2}]}");
	ck_ok(config_discard(config, &one, &err));
	ck_content(DATASTORE_CANDIDATE, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1},{\"name\":\"c\",\"id\":3}]}");
}
END_TEST

START_TEST(copies_go_both_ways)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("a", "<id>1</id>")));
	ck_ok(config_copy(config, &one, DATASTORE_CANDIDATE, DATASTORE_RUNNING, &err));
	ck_content(DATASTORE_RUNNING, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
	ck_ok(config_replace(config, &one, DATASTORE_CANDIDATE, NULL, &err));
	ck_content(DATASTORE_CANDIDATE, "{}");
	ck_ok(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_CANDIDATE, &err));
	ck_content(DATASTORE_CANDIDATE, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
	ck_assert_int_eq(config_copy(config, &one, DATASTORE_RUNNING, DATASTORE_RUNNING, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(lock_keeps_other_sessions_out)
{
	ck_ok(config_lock(config, &one, DATASTORE_RUNNING, &err));
	ck_assert_uint_eq(config_lock_holder(config, DATASTORE_RUNNING), 1);
	ck_fails(config_lock(config, &two, DATASTORE_RUNNING, &err), ERR_IN_USE, "1");
	ck_fails(config_lock(config, &one, DATASTORE_RUNNING, &err), ERR_IN_USE, "1");
	ck_fails(config_unlock(config, &two, DATASTORE_RUNNING, &err), ERR_IN_USE, "1");
	ck_fails(edit(&two, DATASTORE_RUNNING, GROUP("a", "")), ERR_IN_USE, "1");
	ck_fails(config_replace(config, &two, DATASTORE_RUNNING, NULL, &err), ERR_IN_USE, "1");
	ck_fails(config_copy(config, &two, DATASTORE_CANDIDATE, DATASTORE_RUNNING, &err), ERR_IN_USE, "1");
	ck_fails(config_commit(config, &two, NULL, &err), ERR_IN_USE, "1");
	ck_ok(edit(&two, DATASTORE_CANDIDATE, GROUP("a", "<id>1</id>")));
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("b", "<id>2</id>")));
	ck_ok(config_unlock(config, &one, DATASTORE_RUNNING, &err));
	ck_assert_int_eq(config_unlock(config, &one, DATASTORE_RUNNING, &err), -1);
	ck_ok(config_commit(config, &two, NULL, &err));
	ck_content(DATASTORE_RUNNING, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
}
END_TEST

START_TEST(changed_candidate_cannot_be_locked)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("a", "")));
	ck_fails(config_lock(config, &two, DATASTORE_CANDIDATE, &err), ERR_IN_USE, "0");
	ck_ok(config_discard(config, &two, &err));
	ck_ok(config_lock(config, &two, DATASTORE_CANDIDATE, &err));
	ck_fails(config_discard(config, &one, &err), ERR_IN_USE, "2");
	ck_fails(config_commit(config, &one, NULL, &err), ERR_IN_USE, "2");
	ck_fails(edit(&one, DATASTORE_CANDIDATE, GROUP("a", "")), ERR_IN_USE, "2");
}
END_TEST

START_TEST(changes_of_candidate_do_not_outlive_its_lock)
{
	ck_ok(config_lock(config, &one, DATASTORE_CANDIDATE, &err));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("a", "")));
	ck_ok(config_unlock(config, &one, DATASTORE_CANDIDATE, &err));
	ck_content(DATASTORE_CANDIDATE, "{}");
	ck_ok(config_lock(config, &one, DATASTORE_CANDIDATE, &err));
	ck_ok(config_lock(config, &one, DATASTORE_RUNNING, &err));
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("a", "")));
	config_session_end(config, 2);
	ck_assert_uint_eq(config_lock_holder(config, DATASTORE_CANDIDATE), 1);
	config_session_end(config, 1);
	ck_assert_uint_eq(config_lock_holder(config, DATASTORE_CANDIDATE), 0);
	ck_assert_uint_eq(config_lock_holder(config, DATASTORE_RUNNING), 0);
	ck_content(DATASTORE_CANDIDATE, "{}");
}
END_TEST

START_TEST(unlocked_candidate_is_shared_and_outlives_sessions)
{
	ck_ok(edit(&one, DATASTORE_CANDIDATE, GROUP("a", "<id>1</id>")));
	config_session_end(config, 1);
	ck_content(DATASTORE_CANDIDATE, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
}
END_TEST

START_TEST(validates_inline_configuration)
{
	ck_ok(config_validate_xml(config, &(const struct config_actor){0}, GROUP("a", ""), &err));
	ck_assert_int_eq(config_validate_xml(config, &(const struct config_actor){0},
	                         "<deployment" NS "><name>d</name></deployment>", &err),
	        -1);
	ck_ok(config_validate(config, &(const struct config_actor){0}, DATASTORE_RUNNING, &err));
	ck_content(DATASTORE_CANDIDATE, "{}");
}
END_TEST

START_TEST(site_is_checked_against_the_catalog)
{
	struct pack pack = {
	        .id = 1, .name = (char *)"p", .title = (char *)"P", .version = (char *)"1", .file = (char *)"p.json"};
	struct catalog catalog = {.pack = &pack, .n_pack = 1, .refs = 1};
	const char *known = "<deployment" NS "><name>d</name><product>p</product></deployment>";
	const char *unknown = "<deployment" NS "><name>d</name><product>q</product></deployment>";

	config_set_catalog(config, &catalog);
	ck_ok(edit(&one, DATASTORE_CANDIDATE, known));
	ck_assert_int_eq(edit(&one, DATASTORE_CANDIDATE, unknown), -1);
	ck_assert_ptr_nonnull(strstr(err.where, "/portcullis:deployment[name='d']"));
	ck_assert_int_eq(edit(&one, DATASTORE_RUNNING, unknown), -1);
	config_set_catalog(config, NULL);
}
END_TEST

#define DEPLOYMENT(digest)                                                                                             \
	"<deployment" NS "><name>d</name><product>p</product><pack-digest>" digest "</pack-digest></deployment>"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What a commit pins is kept before the commit is; where that cannot be, the commit is refused. */
START_TEST(a_commit_keeps_what_it_pins)
{
	struct pack pack = {.id = 1,
	        .name = (char *)"p",
	        .title = (char *)"P",
	        .version = (char *)"1",
	        .file = (char *)"p.json",
	        .json = (char *)"{}",
	        .digest = DIGEST};
	struct catalog catalog = {.pack = &pack, .n_pack = 1, .refs = 1};
	char packs[96], copy[192];
	snprintf(packs, sizeof(packs), "%s/packs", base);
	snprintf(copy, sizeof(copy), "%s/p-" DIGEST ".json", packs);
	struct pins *pins = pins_new(packs, YANG_DIR);

	config_set_catalog(config, &catalog);
	config_set_pins(config, pins);
	write_file(packs, "in the way");
	ck_ok(edit(&one, DATASTORE_CANDIDATE, DEPLOYMENT(DIGEST)));
	ck_fails(config_commit(config, &one, NULL, &err), ERR_IO, copy);
	ck_content(DATASTORE_RUNNING, "{}");
	ck_assert_int_eq(unlink(packs), 0);
	ck_ok(config_commit(config, &one, NULL, &err));
	ck_assert_int_eq(access(copy, R_OK), 0);
	/* Another pack is installed, and the copy is none: nothing is evaluated with either. */
	pack.digest[0] = '1';
	ck_assert_int_eq(config_validate(config, &(const struct config_actor){0}, DATASTORE_RUNNING, &err), -1);
	ck_assert_msg(err.code == ERR_INVALID && strstr(err.where, copy) != NULL, "%s: %s", err.where, err.text);
	config_set_pins(config, NULL);
	config_set_catalog(config, NULL);
	pins_free(pins);
}
END_TEST

/* Files and sites */

START_TEST(file_fills_running_at_the_first_start_only)
{
	write_file(file, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
	ck_ok(config_load_file(config, file, &err));
	ck_content(DATASTORE_RUNNING, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
	write_file(file, "{\"portcullis:group\":[{\"name\":\"b\",\"id\":1}]}");
	ck_ok(config_load_file(config, file, &err));
	close_config();
	open_config(NULL);
	ck_content(DATASTORE_RUNNING, "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1}]}");
}
END_TEST

static void ck_prefix(const struct prefix *p, const char *want)
{
	char buf[96];
	ck_assert_str_eq(range_print(p->family, p->range, buf, sizeof(buf)), want);
}

static void ck_group(const struct group *g)
{
	ck_assert_str_eq(g->name, "fe-pool");
	ck_assert_uint_eq(g->id, 20);
	ck_assert_str_eq(g->zone, "inside");
	ck_assert_uint_eq(g->n_member_of, 2);
	ck_assert_str_eq(g->member_of[1].product, "lync-server-2013");
	ck_assert_str_eq(g->member_of[1].role, "mediation-server");
	ck_assert_int_eq(g->member_of[0].interface, INTERFACE_INTERNAL);
	ck_assert_int_eq(g->member_of[1].interface, INTERFACE_ANY);
	ck_assert_uint_eq(g->n_address, 2);
	ck_prefix(&g->address[0], "10.1.0.0/24");
	ck_prefix(&g->address[1], "2001:db8:1::10");
	ck_assert_int_eq(g->lb_kind, LB_KIND_DNS_WITH_WEB_VIP);
	ck_assert_uint_eq(g->n_virtual_address, 1);
	ck_prefix(&g->virtual_address[0], "10.1.9.1");
	ck_assert_uint_eq(g->n_source_nat_address, 2);
	ck_assert_uint_eq(g->n_published, 3);
	const struct published *p = g->published;
	ck_assert_int_eq(p[0].family, FAMILY_IPV4);
	ck_assert_uint_eq(p[0].proto, PROTO_TCP);
	ck_assert_uint_eq(p[0].external.lo, 443);
	ck_assert_uint_eq(p[0].external.hi, 444);
	ck_assert_uint_eq(p[0].internal.lo, 4443);
	ck_assert_uint_eq(p[0].internal.hi, 4444);
	ck_assert_str_eq(p[0].seen_from, "outside");
	ck_assert_int_eq(p[1].family, FAMILY_IPV6);
	ck_assert_uint_eq(p[1].proto, 0);
	ck_assert_uint_eq(p[1].external.hi, 65535);
	ck_assert_uint_eq(p[2].internal.lo, 3478);
	ck_assert_uint_eq(p[2].internal.hi, 3478);
}

static void ck_deployment(const struct deployment *d)
{
	ck_assert_str_eq(d->name, "site");
	ck_assert_uint_eq(d->id, 3);
	ck_assert_str_eq(d->product, "lync-server-2013");
	ck_assert_str_eq(d->pack_version, "1");
	ck_assert_str_eq(d->pack_digest, "");
	ck_assert_uint_eq(d->n_group, 2);
	ck_assert_str_eq(d->group[0], "fe-pool");
	ck_assert_str_eq(d->role_absent[0], "edge-server");
	ck_assert_str_eq(d->service_off[0], "web-conferencing");
	ck_assert_str_eq(d->port_override[0].requirement, "lync/media");
	ck_assert_uint_eq(d->port_override[0].variant, 2);
	ck_assert_uint_eq(d->port_override[0].ports.lo, 50000);
	ck_assert_uint_eq(d->port_override[0].ports.hi, 50099);
	ck_assert_str_eq(d->accept_default_range[0], "lync/other-media");
	ck_assert_str_eq(d->initiator_override[0].group[0], "clients");
	ck_assert_str_eq(d->coexists_with[0], "old");
	ck_assert_uint_eq(d->n_waiver, 1);
	ck_assert_str_eq(d->waiver[0].requirement, "lync/ftp/*");
	ck_assert_str_eq(d->waiver[0].initiator, "");
	ck_assert_str_eq(d->waiver[0].listener, "fe-pool");
	ck_assert_int_eq(d->waiver[0].expires, 1896091200);
	ck_assert_int_eq(d->errata_policy, ERRATA_PRINTED);
}

static void ck_rest(const struct site *s)
{
	ck_assert_uint_eq(s->n_zone, 2);
	ck_assert_str_eq(s->zone[1].interface[1], "eth2");
	ck_assert_uint_eq(s->n_allowance, 2);
	ck_assert_uint_eq(s->allowance[0].proto, PROTO_UDP);
	ck_assert_uint_eq(s->allowance[0].ports.hi, 53);
	ck_assert_uint_eq(s->allowance[0].n_destination, 0);
	ck_assert_uint_eq(s->allowance[1].proto, PROTO_ICMP);
	ck_assert_uint_eq(s->allowance[1].ports.hi, 65535);
	ck_assert_int_eq(s->allowance[1].expires, 0);
	ck_prefix(&s->tolerated_source[0].prefix[0], "203.0.113.0/24");
	ck_assert_str_eq(s->tolerated_source[0].set, "inet filter bad");
	ck_assert_str_eq(s->assumption[0].pattern, "limit@*");
	ck_assert(s->assumption[0].value);
	ck_assert(s->n_baseline == 1 && s->baseline[0] == 77);
	ck_assert(s->n_baseline_until == 1 && s->baseline_until[0].id == 5);
	ck_assert_int_eq(s->baseline_until[0].expires, 1896091200);
	ck_assert(site_expiry_between(s, 1896091199, 1896091200) && !site_expiry_between(s, 1896091200, 1896091201));
	ck_assert(s->notification.enable);
	ck_assert(s->notification.per_flow);
	ck_assert_uint_eq(s->notification.hold_down_ms, 50);
	ck_assert_uint_eq(s->notification.minimum_interval_ms, 1000);
}

START_TEST(site_has_everything_that_the_file_says)
{
	struct ly_ctx *ctx = NULL;
	struct site *site = NULL;

	ck_ok(config_context_new(YANG_DIR, &ctx, &err));
	ck_ok(config_site_read(ctx, SOURCE_DIR "/tests/data/config/site.json", &site, &err));
	ck_assert_uint_eq(site->n_group, 2);
	ck_assert_str_eq(site->group[0].name, "clients");
	ck_group(&site->group[1]);
	ck_assert_uint_eq(site->n_deployment, 1);
	ck_deployment(&site->deployment[0]);
	ck_rest(site);
	site_free(site);
	config_context_free(ctx);
}
END_TEST

START_TEST(empty_configuration_has_the_defaults)
{
	struct site *site = NULL;

	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site->n_group, 0);
	ck_assert(site->notification.enable);
	ck_assert(!site->notification.per_flow);
	ck_assert_uint_eq(site->notification.hold_down_ms, 200);
	site_free(site);
}
END_TEST

#define IN_GROUP(x) "{\"portcullis:group\":[{\"name\":\"a\"," x "}]}"

static const struct bad_file {
	const char *name, *json;
	enum error_code code;
	const char *where, *text;
} bad_files[] = {
        {"empty", "", ERR_FORMAT, "", "JSON"},
        {"xml", "<group/>", ERR_FORMAT, "", "JSON"},
        {"array", "[]", ERR_FORMAT, "", "JSON"},
        {"cut_short", "{\"portcullis:group\":[{\"name\"", ERR_FORMAT, "", ""},
        {"trailing_text", "{} {}", ERR_FORMAT, "", ""},
        {"unknown_module", "{\"x:group\":[]}", ERR_INVALID, "", "x"},
        {"unknown_member", IN_GROUP("\"adress\":[\"10.0.0.0/8\"]"), ERR_INVALID, "", "adress"},
        {"bad_address", IN_GROUP("\"address\":[\"10.0.0.300\"]"), ERR_INVALID, "", "10.0.0.300"},
        {"host_bits", IN_GROUP("\"address\":[\"10.1.2.3/8\"]"), ERR_INVALID, "/portcullis:group[name='a']/address",
                "10.0.0.0/8"},
        {"bad_name", "{\"portcullis:group\":[{\"name\":\"a b\"}]}", ERR_INVALID, "", "a b"},
        {"id_zero", IN_GROUP("\"id\":0"), ERR_INVALID, "", "range"},
        {"twice", "{\"portcullis:group\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", ERR_INVALID,
                "/portcullis:group[name='a']", "twice"},
        {"no_product", "{\"portcullis:deployment\":[{\"name\":\"d\"}]}", ERR_INVALID, "/portcullis:deployment",
                "product"},
        {"reversed_ports",
                "{\"portcullis:allowance\":[{\"name\":\"x\",\"reason\":\"r\",\"owner\":\"o\",\"port\":{\"lower\":9,"
                "\"upper\":8}}]}",
                ERR_INVALID, "/portcullis:allowance[name='x']/port/upper", "below"},
        {"reversed_published_ports",
                IN_GROUP("\"published\":[{\"address\":\"10.0.0.1\",\"transport\":\"tcp\",\"lower\":9,\"upper\":8}]"),
                ERR_INVALID, "/upper", "below"},
        {"published_beyond_last_port",
                IN_GROUP("\"published\":[{\"address\":\"10.0.0.1\",\"transport\":\"tcp\",\"lower\":1,\"upper\":9,"
                         "\"internal-lower\":65530}]"),
                ERR_INVALID, "/internal-lower", "65535"},
        {"state", "{\"portcullis:conformance\":{}}", ERR_INVALID, "", "conformance"},
        {"unknown_mode", "{\"portcullis:firewall\":{\"mode\":\"force\"}}", ERR_INVALID, "", "force"},
};

START_TEST(bad_file_is_refused_with_path_and_value)
{
	const struct bad_file *b = &bad_files[_i];
	struct ly_ctx *ctx = NULL;
	struct site *site = NULL;

	setup_directory();
	ck_ok(config_context_new(YANG_DIR, &ctx, &err));
	write_file(file, b->json);
	ck_assert_msg(config_site_read(ctx, file, &site, &err) == -1, "%s", b->name);
	ck_assert_ptr_null(site);
	ck_assert_msg(err.code == b->code, "%s: code %d, %s: %s", b->name, err.code, err.where, err.text);
	ck_assert_msg(strncmp(err.where, file, strlen(file)) == 0, "%s: %s", b->name, err.where);
	ck_assert_msg(strstr(err.where, b->where) != NULL, "%s: %s: %s", b->name, err.where, err.text);
	ck_assert_msg(strstr(err.text, b->text) != NULL, "%s: %s", b->name, err.text);
	config_context_free(ctx);
	remove_all(base);
}
END_TEST

START_TEST(file_that_is_not_there_or_too_large_is_refused)
{
	struct ly_ctx *ctx = NULL;
	struct site *site = NULL;

	ck_ok(config_context_new(YANG_DIR, &ctx, &err));
	ck_assert_int_eq(config_site_read(ctx, "/nonexistent/file", &site, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.where, "/nonexistent/file"));
	write_file(file, "{");
	ck_assert_int_eq(truncate(file, ((off_t)64 << 20) + 1), 0);
	ck_assert_int_eq(config_site_read(ctx, file, &site, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	config_context_free(ctx);
}
END_TEST

/* Readers beside a writer */

static atomic_bool stop;

static void *read_on(void *arg)
{
	intptr_t bad = 0;
	(void)arg;
	while (!atomic_load(&stop)) {
		struct error e = {0};
		struct site *site = NULL;
		char *json = NULL;
		struct lyd_node *root = config_get(config, DATASTORE_CANDIDATE);
		bad += tree_print(root, &json, &e) != 0;
		lyd_free_siblings(root);
		free(json);
		/* Groups come and go in pairs: half of an edit is never seen. */
		bad += config_site(config, &site, &e) != 0 || site->n_group % 2 != 0;
		site_free(site);
	}
	return (void *)bad;
}

START_TEST(readers_see_whole_edits_only)
{
	pthread_t thread[3];

	atomic_store(&stop, false);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, read_on, NULL), 0);
	for (int i = 0; i < 60; i++) {
		char *xml = xasprintf(GROUP("a%d", "<address>10.0.0.0/24</address>")
		                              GROUP("b%d", "<address>fd00::/64</address>"),
		        i, i);
		ck_ok(edit(&one, DATASTORE_CANDIDATE, xml));
		ck_ok(config_commit(config, &one, NULL, &err));
		ck_assert_int_eq(edit(&two, DATASTORE_RUNNING, GROUP("x", "<id>none</id>")), -1);
		if (i % 10 == 9)
			ck_ok(config_replace(config, &two, DATASTORE_RUNNING, NULL, &err));
		free(xml);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++) {
		void *bad = NULL;
		pthread_join(thread[i], &bad);
		ck_assert_ptr_null(bad);
	}
}
END_TEST

START_TEST(ten_thousand_groups_are_edited_and_committed)
{
	struct text xml = {0};
	int64_t start = clock_monotonic_ms(), edited, committed;
	struct site *site = NULL;

	for (int i = 0; i < 10000; i++)
		text_addf(&xml, GROUP("g%d", "<address>10.%d.%d.0/24</address>"), i * 7919 % 10000, i / 256, i % 256);
	ck_ok(edit(&one, DATASTORE_CANDIDATE, text_str(&xml)));
	edited = clock_monotonic_ms();
	ck_ok(config_commit(config, &one, NULL, &err));
	committed = clock_monotonic_ms();
	ck_ok(edit(&one, DATASTORE_RUNNING, GROUP("g5", "<zone>z</zone>")));
	printf("10,000 groups: edit %lld ms, commit %lld ms, edit one of them %lld ms\n", (long long)(edited - start),
	        (long long)(committed - edited), (long long)(clock_monotonic_ms() - committed));
	ck_ok(config_site(config, &site, &err));
	ck_assert_uint_eq(site->n_group, 10000);
	for (size_t i = 1; i < site->n_group; i++)
		ck_assert_uint_lt(site->group[i - 1].id, site->group[i].id);
	site_free(site);
	text_fini(&xml);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, context_implements_what_a_netconf_server_needs);
	tcase_add_test(tc, broken_module_is_named_with_the_reason);
	tcase_add_test(tc, offline_context_has_our_modules_alone);
	tcase_add_test(tc, running_survives_a_restart);
	tcase_add_test(tc, stored_configuration_that_fits_no_more_is_refused);
	tcase_add_test(tc, ids_are_derived_from_names_and_stored);
	tcase_add_test(tc, derived_id_that_is_taken_gives_the_next);
	tcase_add_test(tc, ids_stay_with_their_names);
	tcase_add_test(tc, an_id_that_another_group_was_given_is_refused);
	tcase_add_test(tc, id_of_a_deleted_group_is_never_anothers);
	tcase_add_test(tc, a_hash_beyond_the_last_id_gives_the_first);
	tcase_add_test(tc, changes_of_running_show_on_the_event_descriptor);
	tcase_add_test(tc, candidate_follows_running_until_it_is_changed);
	tcase_add_test(tc, copies_go_both_ways);
	tcase_add_test(tc, lock_keeps_other_sessions_out);
	tcase_add_test(tc, changed_candidate_cannot_be_locked);
	tcase_add_test(tc, changes_of_candidate_do_not_outlive_its_lock);
	tcase_add_test(tc, unlocked_candidate_is_shared_and_outlives_sessions);
	tcase_add_test(tc, validates_inline_configuration);
	tcase_add_test(tc, site_is_checked_against_the_catalog);
	tcase_add_test(tc, a_commit_keeps_what_it_pins);
	tcase_add_test(tc, file_fills_running_at_the_first_start_only);
	tcase_add_test(tc, site_has_everything_that_the_file_says);
	tcase_add_test(tc, empty_configuration_has_the_defaults);
	tcase_add_test(tc, file_that_is_not_there_or_too_large_is_refused);
	tcase_add_test(tc, readers_see_whole_edits_only);
	tcase_add_test(tc, ten_thousand_groups_are_edited_and_committed);
}

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("datastores"), *alone = tcase_create("alone");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(alone, 120);
	tcase_add_loop_test(alone, missing_module_is_named_with_its_package, 0, 4);
	tcase_add_loop_test(
	        alone, bad_file_is_refused_with_path_and_value, 0, (int)(sizeof(bad_files) / sizeof(bad_files[0])));
	suite_add_tcase(suite, alone);
	return run_suite(suite);
}
