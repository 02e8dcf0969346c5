#ifndef CONFIG_SCENE_H
#define CONFIG_SCENE_H

/*
 * Datastores to test with, in a state directory of their own, and who asks.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"
#include "portcullis/config.h"
#include "portcullis/journal.h"
#include "run_suite.h"
#include "scratch_dir.h"

#define YANG_DIR SOURCE_DIR "/yang"
#define NS " xmlns='urn:portcullis:yang:portcullis' xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0'"
#define GROUP(name, rest) "<group" NS "><name>" name "</name>" rest "</group>"

static char base[64], state[80], file[80];
static struct error err;
static struct journal *journal;
static struct config *config;
static const struct config_actor one __attribute__((unused)) = {.session = 1, .user = "one"},
                                     two __attribute__((unused)) = {.session = 2, .user = "two"};

static inline void open_config(struct catalog *catalog)
{
	ck_assert_msg(journal_open(state, &journal, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_msg(config_open(YANG_DIR, journal, catalog, &config, &err) == 0, "%s: %s", err.where, err.text);
}

static inline void close_config(void)
{
	config_close(config);
	journal_close(journal);
	config = NULL;
	journal = NULL;
}

/* A start of the agent after the next. */
static inline void reopen(void)
{
	close_config();
	open_config(NULL);
}

static inline void setup_directory(void)
{
	snprintf(base, sizeof(base), "/tmp/portcullis-config-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(state, sizeof(state), "%s/state", base);
	snprintf(file, sizeof(file), "%s/file.json", base);
	memset(&err, 0, sizeof(err));
}

static inline void setup(void)
{
	setup_directory();
	open_config(NULL);
}

static inline void teardown(void)
{
	close_config();
	remove_all(base);
}

static inline char *print(enum datastore d)
{
	struct lyd_node *root = config_get(config, d);
	char *json = NULL;
	ck_assert_int_eq(tree_print(root, &json, &err), 0);
	lyd_free_siblings(root);
	return json;
}

static inline void ck_content(enum datastore d, const char *want)
{
	char *json = print(d);
	ck_assert_str_eq(json, want);
	free(json);
}

static inline int edit(const struct config_actor *actor, enum datastore d, const char *xml)
{
	memset(&err, 0, sizeof(err));
	return config_edit(config, actor, &(struct config_edit){d, xml, EDIT_MERGE, TEST_THEN_SET, false}, NULL, &err);
}

static inline void ck_ok(int result)
{
	ck_assert_msg(result == 0, "%s: %s", err.where, err.text);
}

static inline void ck_fails(int result, enum error_code code, const char *where)
{
	ck_assert_int_eq(result, -1);
	ck_assert_msg(err.code == code, "code %d, %s: %s", err.code, err.where, err.text);
	ck_assert_msg(strcmp(err.where, where) == 0, "where %s: %s", err.where, err.text);
}

#endif
