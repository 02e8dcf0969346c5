#ifndef NACM_SCENE_H
#define NACM_SCENE_H

/*
 * What the tests of access control share: the models, rules and trees written as JSON with ' for ", and a user called alice
 * with two UNIX groups.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/acm_path.h"
#include "config/datastore.h"
#include "netconf/nacm.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/text.h"
#include "run_suite.h"

static struct ly_ctx *ctx;

static inline void setup(void)
{
	struct error err;
	log_init("check_nacm", LOG_LEVEL_ERROR, false);
	ck_assert_msg(context_server_new(SOURCE_DIR "/yang", &ctx, &err) == 0, "%s: %s", err.where, err.text);
}

static inline void teardown(void)
{
	ly_ctx_destroy(ctx);
}

/* JSON is written with ' for ", and ^ for '. */
static inline char *json_of(const char *s)
{
	char *json = xstrdup(s);
	for (char *p = json; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p == '^' ? '\'' : *p;
	return json;
}

static inline struct lyd_node *tree_of(const char *s)
{
	struct lyd_node *tree = NULL;
	struct error err;
	char *json = json_of(s);
	ck_assert_msg(tree_parse(ctx, json, &tree, &err) == 0, "%s: %s: %s", json, err.where, err.text);
	free(json);
	return tree;
}

static inline struct nacm *rules_of(const char *content)
{
	/* Something must be set, or the shipped rules hold. */
	char *s = xasprintf("{'ietf-netconf-acm:nacm':{%s}}", content[0] != '\0' ? content : "'enable-nacm':true");
	struct lyd_node *tree = tree_of(s);
	struct nacm *nacm = nacm_compile(ctx, tree);
	lyd_free_siblings(tree);
	free(s);
	return nacm;
}

/* What rules say to alice, whose UNIX groups are ops and staff. */
static inline struct nacm_view *view_of(const char *content)
{
	static const char *const groups[] = {"ops", "staff"};
	const struct nacm_user alice = {"alice", false, groups, 2};
	struct nacm *nacm = content != NULL ? rules_of(content) : nacm_compile(ctx, NULL);
	struct nacm_view *view = nacm_view_new(nacm, &alice);
	nacm_unref(nacm);
	return view;
}

static inline const struct lysc_node *schema(const char *path)
{
	const struct lysc_node *node = lys_find_path(ctx, NULL, path, 0);
	ck_assert_msg(node != NULL, "no schema node %s", path);
	return node;
}

#define LIST(group, rules) "'rule-list':[{'name':'l','group':['" group "'],'rule':[" rules "]}]"
#define TWO(group1, rules1, group2, rules2)                                                                            \
	"'rule-list':[{'name':'l','group':['" group1 "'],'rule':[" rules1 "]},{'name':'m','group':['" group2           \
	"'],'rule':[" rules2 "]}]"
#define RULE(name, more) "{'name':'" name "'," more "}"
#define PERMIT "'action':'permit'"
#define DENY "'action':'deny'"
#define PATH(path) "'path':'" path "',"
#define OPS(ops) "'access-operations':'" ops "',"
#define MODULE(module) "'module-name':'" module "',"
#define RPC(name) "'rpc-name':'" name "',"
#define NOTIFICATION(name) "'notification-name':'" name "',"
#define ALICE_IS_IN(group) "'groups':{'group':[{'name':'" group "','user-name':['bob','alice']}]},"
#define NACM "/ietf-netconf-acm:nacm"
#define BOB_IS_IN(group) "'groups':{'group':[{'name':'" group "','user-name':['bob']}]},"

#endif
