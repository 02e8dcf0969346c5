/*
 * Paths of access rules: text comes in, a schema node and values of keys go out; a key that is not there may have any.
 * Refused are paths that name no data node of the models, positions, variables other than $USER, and values that a key
 * cannot have: a rule that says "deny" and matches nothing for a slip of the pen would protect nothing.
 */
#include "config/acm_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

struct scan {
	const struct ly_ctx *ctx;
	const char *text, *at;
	struct error *err;
};

struct word {
	const char *s;
	size_t n;
};

static int bad(const struct scan *s, const char *what, struct word w)
{
	return error_set(s->err, ERR_INVALID, NULL, "path %.200s: %s %.*s; correct the path of the rule", s->text, what,
	        (int)(w.n < 100 ? w.n : 100), w.s);
}

static void skip_space(struct scan *s)
{
	s->at += strspn(s->at, " \t\r\n");
}

static struct word identifier(struct scan *s)
{
	const char *from = s->at;
	while (isalnum((unsigned char)*s->at) || *s->at == '_' || *s->at == '-' || *s->at == '.')
		s->at++;
	return (struct word){from, (size_t)(s->at - from)};
}

/* [module:]name, below parent (NULL: at the top); without a module that of the parent. */
static int node_read(struct scan *s, const struct lysc_node *parent, const struct lysc_node **out)
{
	struct word prefix = {s->at, 0}, name = identifier(s);
	const struct lys_module *module = parent != NULL ? parent->module : NULL;
	*out = NULL;
	if (*s->at == ':') {
		s->at++;
		prefix = name;
		name = identifier(s);
		char *text = xstrndup(prefix.s, prefix.n);
		module = ly_ctx_get_module_implemented(s->ctx, text);
		free(text);
		if (module == NULL)
			return bad(s, "this device has no module", prefix);
	}
	if (name.n == 0)
		return bad(s, "a name is missing at", (struct word){s->at, strlen(s->at)});
	if (module == NULL)
		return bad(s, "a module is missing in front of", name);
	*out = lys_find_child(parent, module, name.s, name.n, 0, 0);
	return *out != NULL ? 0 : bad(s, "there is no node", name);
}

/* The only variable that RFC 8341 binds. */
static int variable_read(struct scan *s)
{
	const char *from = s->at++;
	struct word name = identifier(s);
	if (name.n == strlen("USER") && memcmp(name.s, "USER", name.n) == 0)
		return 0;
	return bad(s, "the only variable is $USER, not", (struct word){from, name.n + 1});
}

/* 'value', "value" or $USER after the equals sign. */
static int value_read(struct scan *s, const struct lysc_node *key, char **out)
{
	const char *canonical = NULL;
	char quote = *s->at;
	*out = NULL;
	if (quote == '$')
		return variable_read(s);
	const char *end = quote == '\'' || quote == '"' ? strchr(s->at + 1, quote) : NULL;
	if (end == NULL)
		return bad(s, "a value in quotation marks or $USER is missing at", (struct word){s->at, strlen(s->at)});
	struct word value = {s->at + 1, (size_t)(end - s->at - 1)};
	s->at = end + 1;
	LY_ERR r = lyd_value_validate(s->ctx, key, value.s, value.n, NULL, NULL, &canonical);
	ly_err_clean((struct ly_ctx *)s->ctx, NULL);
	if (r != LY_SUCCESS && r != LY_EINCOMPLETE)
		return bad(s, "a key cannot have the value", value);
	*out = canonical != NULL ? xstrdup(canonical) : xstrndup(value.s, value.n);
	lydict_remove(s->ctx, canonical);
	return 0;
}

static int predicate_read(struct scan *s, const struct lysc_node *node, struct acm_path *path)
{
	struct acm_key key = {node, NULL};
	const char *from = ++s->at;
	skip_space(s);
	if (*s->at == '.' && node->nodetype == LYS_LEAFLIST)
		s->at++;
	else if (node->nodetype != LYS_LIST)
		return bad(s, "only a list has keys:", (struct word){from, strlen(from)});
	else if (isdigit((unsigned char)*s->at))
		return bad(
		        s, "entries are named by their keys, not by their place:", (struct word){from, strlen(from)});
	else if (node_read(s, node, &key.node) != 0)
		return -1;
	if (key.node != node && !lysc_is_key(key.node))
		return bad(s, "not a key:", (struct word){from, strlen(from)});
	for (size_t i = 0; i < path->n_key; i++)
		if (path->key[i].node == key.node)
			return bad(s, "a key is there twice:", (struct word){from, strlen(from)});
	skip_space(s);
	if (*s->at != '=')
		return bad(s, "'=' is missing at", (struct word){s->at, strlen(s->at)});
	s->at++;
	skip_space(s);
	if (value_read(s, key.node, &key.value) != 0)
		return -1;
	path->key = xrealloc(path->key, path->n_key + 1, sizeof(*path->key));
	path->key[path->n_key++] = key;
	skip_space(s);
	if (*s->at != ']')
		return bad(s, "']' is missing at", (struct word){s->at, strlen(s->at)});
	s->at++;
	skip_space(s);
	return 0;
}

static int by_node(const void *a, const void *b)
{
	const struct acm_key *x = a, *y = b;
	return ((uintptr_t)x->node > (uintptr_t)y->node) - ((uintptr_t)x->node < (uintptr_t)y->node);
}

static int steps_read(struct scan *s, struct acm_path *path)
{
	while (*s->at == '/') {
		const char *from = ++s->at;
		if (node_read(s, path->node, &path->node) != 0)
			return -1;
		if ((path->node->nodetype & (LYS_RPC | LYS_NOTIF)) != 0 && path->node->parent == NULL)
			return bad(s, "not data, name it in rpc-name or notification-name:",
			        (struct word){from, strlen(from)});
		skip_space(s);
		while (*s->at == '[')
			if (predicate_read(s, path->node, path) != 0)
				return -1;
	}
	return *s->at == '\0' ? 0 : bad(s, "'/' is missing at", (struct word){s->at, strlen(s->at)});
}

int acm_path_parse(const struct ly_ctx *ctx, const char *text, struct acm_path *out, struct error *err)
{
	struct scan s = {ctx, text, text, err};
	memset(out, 0, sizeof(*out));
	skip_space(&s);
	if (s.at[0] == '/' && s.at[1 + strspn(s.at + 1, " \t\r\n")] == '\0')
		return 0;
	if (s.at[0] != '/')
		return bad(&s, "it does not begin with '/':", (struct word){text, strlen(text)});
	if (steps_read(&s, out) != 0) {
		acm_path_fini(out);
		return -1;
	}
	if (out->n_key > 1)
		qsort(out->key, out->n_key, sizeof(*out->key), by_node);
	return 0;
}

void acm_path_fini(struct acm_path *path)
{
	for (size_t i = 0; i < path->n_key; i++)
		free(path->key[i].value);
	free(path->key);
	memset(path, 0, sizeof(*path));
}

static const struct lyd_node *find(const struct lyd_node *first, const char *name)
{
	const struct lyd_node *node;
	LY_LIST_FOR(first, node)
	{
		if (strcmp(LYD_NAME(node), name) == 0)
			return node;
	}
	return NULL;
}

static int rule_check(const struct lyd_node *rule, struct error *err)
{
	const struct lyd_node *leaf = find(lyd_child(rule), "path");
	struct acm_path path;
	if (leaf == NULL)
		return 0;
	if (acm_path_parse(LYD_CTX(leaf), lyd_get_value(leaf), &path, err) == 0) {
		acm_path_fini(&path);
		return 0;
	}
	char *where = tree_path(leaf);
	(void)error_prefix(err, "%s", where);
	free(where);
	return -1;
}

int acm_check(const struct lyd_node *root, struct error *err)
{
	const struct lyd_node *top, *list, *rule;
	LY_LIST_FOR(root, top)
	{
		if (strcmp(top->schema->module->name, "ietf-netconf-acm") != 0)
			continue;
		LY_LIST_FOR(lyd_child(top), list)
		{
			if (list->schema->nodetype != LYS_LIST)
				continue;
			LY_LIST_FOR(lyd_child(list), rule)
			{
				if (rule->schema->nodetype == LYS_LIST && rule_check(rule, err) != 0)
					return -1;
			}
		}
	}
	return 0;
}
