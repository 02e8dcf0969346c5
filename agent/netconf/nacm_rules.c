/*
 * Access rules: the container nacm of ietf-netconf-acm comes in, rules in their order with modules and paths found in the
 * models go out, and for a user those of his groups. What names something that this device does not have matches
 * nothing; such paths are refused by a commit, so that they only come from a configuration older than the models.
 */
#include "netconf/nacm_rules.h"

#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"

/* Reading is what these operations do; all others change something or make others wait. ' stands for ". */
static const char shipped[] =
        "{'ietf-netconf-acm:nacm':{'rule-list':["
        "{'name':'portcullis-admin','group':['portcullis-admin'],'rule':["
        "{'name':'everything','action':'permit'}"
        "]},"
        "{'name':'portcullis-read','group':['portcullis-read'],'rule':["
        "{'name':'access-rules','path':'/ietf-netconf-acm:nacm','action':'deny'},"
        "{'name':'data','path':'/','access-operations':'read','action':'permit'},"
        "{'name':'notifications','notification-name':'*','action':'permit'},"
        "{'name':'verify','module-name':'portcullis','rpc-name':'verify','action':'permit'},"
        "{'name':'explain','module-name':'portcullis','rpc-name':'explain','action':'permit'},"
        "{'name':'what-if','module-name':'portcullis','rpc-name':'what-if','action':'permit'},"
        "{'name':'commit-changes','module-name':'portcullis','rpc-name':'commit-changes','action':'permit'}"
        "]},"
        "{'name':'everybody','group':['*'],'rule':["
        "{'name':'get','module-name':'ietf-netconf','rpc-name':'get','action':'permit'},"
        "{'name':'get-config','module-name':'ietf-netconf','rpc-name':'get-config','action':'permit'},"
        "{'name':'get-data','module-name':'ietf-netconf-nmda','rpc-name':'get-data','action':'permit'},"
        "{'name':'get-schema','module-name':'ietf-netconf-monitoring','rpc-name':'get-schema','action':'permit'},"
        "{'name':'subscribe','module-name':'notifications','rpc-name':'create-subscription','action':'permit'},"
        "{'name':'no-other-operation','access-operations':'exec','action':'deny'}"
        "]}"
        "]}}";

static bool leaf_is(const struct lyd_node *parent, const char *name, const char *value, bool otherwise)
{
	const char *have = tree_value(parent, name);
	return have != NULL ? strcmp(have, value) == 0 : otherwise;
}

static bool is_any(const char *value)
{
	return value == NULL || strcmp(value, "*") == 0;
}

/* "*", or names of bits with blanks between them. */
static unsigned ops_of(const char *value)
{
	static const char *const names[NACM_OPS] = {"create", "read", "update", "delete", "exec"};
	unsigned ops = 0;
	if (is_any(value))
		return NACM_ALL_OPS;
	for (; *value != '\0'; value += strspn(value, " ")) {
		size_t n = strcspn(value, " ");
		for (size_t i = 0; i < NACM_OPS; i++)
			if (strlen(names[i]) == n && memcmp(names[i], value, n) == 0)
				ops |= 1u << i;
		value += n;
	}
	return ops;
}

static int kind_of(const struct nacm *nacm, const struct lyd_node *node, struct nacm_rule *rule, struct error *err)
{
	const char *rpc = tree_value(node, "rpc-name"), *notification = tree_value(node, "notification-name");
	const char *path = tree_value(node, "path"), *name = rpc != NULL ? rpc : notification;
	rule->kind = rpc != NULL            ? NACM_RULE_RPC
	             : notification != NULL ? NACM_RULE_NOTIFICATION
	             : path != NULL         ? NACM_RULE_DATA
	                                    : NACM_RULE_ANY;
	rule->name = is_any(name) ? NULL : name;
	return path != NULL ? acm_path_parse(nacm->ctx, path, &rule->path, err) : 0;
}

static void add_rule(struct nacm *nacm, const struct lyd_node *node)
{
	struct nacm_rule rule = {0};
	struct error err;
	const char *module = tree_value(node, "module-name");
	if (!is_any(module) && (rule.module = ly_ctx_get_module_implemented(nacm->ctx, module)) == NULL)
		return;
	rule.ops = ops_of(tree_value(node, "access-operations"));
	rule.permit = leaf_is(node, "action", "permit", false);
	if (kind_of(nacm, node, &rule, &err) != 0) {
		log_warning("netconf: access rule %s matches nothing: %s", tree_value(node, "name"), err.text);
		return;
	}
	nacm->rule = xgrow(nacm->rule, nacm->n_rule, &nacm->cap_rule, sizeof(*nacm->rule));
	nacm->rule[nacm->n_rule++] = rule;
}

static void add_list(struct nacm *nacm, const struct lyd_node *node)
{
	struct nacm_list list = {.node = node, .first = nacm->n_rule};
	const struct lyd_node *child;
	LY_LIST_FOR(lyd_child(node), child)
	{
		if (strcmp(LYD_NAME(child), "rule") == 0)
			add_rule(nacm, child);
	}
	list.n = nacm->n_rule - list.first;
	nacm->list = xgrow(nacm->list, nacm->n_list, &nacm->cap_list, sizeof(*nacm->list));
	nacm->list[nacm->n_list++] = list;
}

static struct lyd_node *shipped_tree(const struct ly_ctx *ctx)
{
	struct lyd_node *root = NULL;
	struct error err;
	char *json = xstrdup(shipped);
	for (char *p = json; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	if (tree_parse(ctx, json, &root, &err) != 0)
		log_error("netconf: the shipped access rules cannot be read: %s", err.text);
	free(json);
	return root;
}

/* Values are printed when they are first asked for, and several threads will ask. */
static void settle(const struct lyd_node *first)
{
	const struct lyd_node *node;
	LY_LIST_FOR(first, node)
	{
		(void)lyd_get_value(node);
		settle(lyd_child(node));
	}
}

struct nacm *nacm_compile(const struct ly_ctx *ctx, const struct lyd_node *nacm)
{
	struct nacm *n = xcalloc(1, sizeof(*n));
	const struct lyd_node *child;
	atomic_init(&n->refs, 1);
	n->ctx = ctx;
	if (nacm == NULL || (nacm->flags & LYD_DEFAULT) != 0)
		n->tree = shipped_tree(ctx);
	else if (lyd_dup_single(nacm, NULL, LYD_DUP_RECURSIVE, &n->tree) != LY_SUCCESS)
		abort();
	settle(n->tree);
	n->enabled = leaf_is(n->tree, "enable-nacm", "true", true);
	n->external = leaf_is(n->tree, "enable-external-groups", "true", true);
	n->read = leaf_is(n->tree, "read-default", "permit", true);
	n->write = leaf_is(n->tree, "write-default", "permit", false);
	n->exec = leaf_is(n->tree, "exec-default", "permit", true);
	LY_LIST_FOR(lyd_child(n->tree), child)
	{
		if (strcmp(LYD_NAME(child), "rule-list") == 0)
			add_list(n, child);
	}
	return n;
}

struct nacm *nacm_ref(struct nacm *nacm)
{
	atomic_fetch_add(&nacm->refs, 1);
	return nacm;
}

void nacm_unref(struct nacm *nacm)
{
	if (nacm == NULL || atomic_fetch_sub(&nacm->refs, 1) != 1)
		return;
	for (size_t i = 0; i < nacm->n_rule; i++)
		acm_path_fini(&nacm->rule[i].path);
	free(nacm->rule);
	free(nacm->list);
	lyd_free_siblings(nacm->tree);
	free(nacm);
}

/* A user's groups, sorted by name. */
struct names {
	const char **name;
	size_t n, cap;
};

static void names_add(struct names *names, const char *name)
{
	names->name = xgrow(names->name, names->n, &names->cap, sizeof(*names->name));
	names->name[names->n++] = name;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_groups(struct names *names, const struct nacm *nacm, const char *user)
{
	const struct lyd_node *groups, *group, *member;
	LY_LIST_FOR(lyd_child(nacm->tree), groups)
	{
		if (strcmp(LYD_NAME(groups), "groups") != 0)
			continue;
		LY_LIST_FOR(lyd_child(groups), group)
		{
			LY_LIST_FOR(lyd_child(group), member)
			{
				if (strcmp(LYD_NAME(member), "user-name") == 0 &&
				        strcmp(lyd_get_value(member), user) == 0)
					names_add(names, tree_value(group, "name"));
			}
		}
	}
}

static bool applies(const struct nacm_list *list, const struct names *names)
{
	const struct lyd_node *child;
	LY_LIST_FOR(lyd_child(list->node), child)
	{
		if (strcmp(LYD_NAME(child), "group") != 0)
			continue;
		const char *group = lyd_get_value(child);
		if (strcmp(group, "*") == 0 ||
		        bsearch(&group, names->name, names->n, sizeof(*names->name), by_name) != NULL)
			return true;
	}
	return false;
}

size_t nacm_rules_of(const struct nacm *nacm, const struct nacm_user *user, const struct nacm_rule ***out)
{
	struct names names = {0};
	size_t n = 0, cap = 0;
	*out = NULL;
	add_groups(&names, nacm, user->name);
	for (size_t i = 0; nacm->external && i < user->n_group; i++)
		names_add(&names, user->group[i]);
	/* Who is in no group has no rules, not even those of "*". */
	if (names.n == 0)
		return 0;
	qsort(names.name, names.n, sizeof(*names.name), by_name);
	for (size_t i = 0; i < nacm->n_list; i++) {
		const struct nacm_list *list = &nacm->list[i];
		if (!applies(list, &names))
			continue;
		for (size_t k = 0; k < list->n; k++) {
			*out = xgrow(*out, n, &cap, sizeof(**out));
			(*out)[n++] = &nacm->rule[list->first + k];
		}
	}
	free(names.name);
	return n;
}
