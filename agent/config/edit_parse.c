/*
 * The text of an edit: XML comes in, a tree of data nodes and of opaque nodes (those that fit no schema node or have no
 * fitting value) goes out. Refused are XML that is not well-formed, state data, and unknown attributes; what is wrong
 * with an opaque node is said with its path.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "config/edit.h"
#include "portcullis/alloc.h"

#define PARSE_OPTIONS (LYD_PARSE_ONLY | LYD_PARSE_OPAQ | LYD_PARSE_NO_STATE)

static const char *const op_names[] = {[OP_MERGE] = "merge",
        [OP_REPLACE] = "replace",
        [OP_CREATE] = "create",
        [OP_DELETE] = "delete",
        [OP_REMOVE] = "remove"};

#define N_OP_NAMES (sizeof(op_names) / sizeof(op_names[0]))
#define NETCONF_NS "urn:ietf:params:xml:ns:netconf:base:1.0"

static const struct lyd_node_opaq *opaque(const struct lyd_node *node)
{
	return (const struct lyd_node_opaq *)node;
}

const char *edit_meta(const struct lyd_node *node, const char *module, const char *name)
{
	const struct lyd_meta *m;

	LY_LIST_FOR(node->meta, m)
	{
		if (strcmp(m->name, name) == 0 && strcmp(m->annotation->module->name, module) == 0)
			return lyd_get_meta_value(m);
	}
	return NULL;
}

static const char *operation_text(const struct lyd_node *node)
{
	const struct lyd_attr *a;

	if (node->schema != NULL)
		return edit_meta(node, "ietf-netconf", "operation");
	LY_LIST_FOR(opaque(node)->attr, a)
	{
		if (strcmp(a->name.name, "operation") == 0 && a->name.module_ns != NULL &&
		        strcmp(a->name.module_ns, NETCONF_NS) == 0)
			return a->value;
	}
	return NULL;
}

bool edit_operation(const struct lyd_node *node, enum op inherited, enum op *out)
{
	const char *text = operation_text(node);

	*out = inherited;
	for (size_t i = 0; text != NULL && i < N_OP_NAMES; i++)
		if (strcmp(text, op_names[i]) == 0) {
			*out = (enum op)i;
			return true;
		}
	return text == NULL;
}

const struct lysc_node *edit_opaque_schema(const struct lyd_node *node)
{
	const struct lyd_node_opaq *o = opaque(node);
	const struct lys_module *module;

	if (o->name.module_ns == NULL)
		return NULL;
	module = ly_ctx_get_module_implemented_ns(LYD_CTX(node), o->name.module_ns);
	if (module == NULL)
		return NULL;
	return lys_find_child(node->parent != NULL ? node->parent->schema : NULL, module, o->name.name, 0, 0, 0);
}

char *edit_opaque_path(const struct lyd_node *node)
{
	const struct lyd_node_opaq *o = opaque(node);
	const struct lys_module *module = NULL;
	const struct lyd_node *parent = lyd_parent(node);
	char *above = parent != NULL ? tree_path(parent) : xstrdup("");

	if (o->name.module_ns != NULL)
		module = ly_ctx_get_module_implemented_ns(LYD_CTX(node), o->name.module_ns);
	bool same = parent != NULL && module == parent->schema->module;
	char *path = xasprintf("%s/%s%s%.64s", above, module != NULL && !same ? module->name : "",
	        module != NULL && !same ? ":" : "", o->name.name);
	free(above);
	return path;
}

static int value_error(const struct lyd_node *node, const struct lysc_node *schema, const char *path, struct error *err)
{
	struct text text = {0};
	char app_tag[sizeof(err->app_tag)];

	context_error(LYD_CTX(node), ERR_INVALID, path, err);
	if (err == NULL)
		return -1;
	text_addf(&text, "%s: %s", schema->name, err->text);
	remedy_of_value(&text, schema);
	memcpy(app_tag, err->app_tag, sizeof(app_tag));
	error_set(err, err->code, path, "%s", text_str(&text));
	memcpy(err->app_tag, app_tag, sizeof(app_tag));
	text_fini(&text);
	return -1;
}

/* An entry without a key, or with one that has no fitting value. */
static int list_error(const struct lyd_node *node, const char *path, const struct lysc_node *schema, struct error *err)
{
	const struct lysc_node *key;
	const struct lyd_node *child, *given;

	LY_LIST_FOR(lysc_node_child(schema), key)
	{
		if (!lysc_is_key(key))
			break;
		given = NULL;
		LY_LIST_FOR(lyd_child(node), child)
		{
			if (strcmp(LYD_NAME(child), key->name) == 0)
				given = child;
		}
		if (given == NULL)
			return error_item(err, ERR_MISSING_ELEMENT, path, key->name,
			        "an entry of list %s has no key %s; give every key", schema->name, key->name);
		const char *value = lyd_get_value(given);
		value = value != NULL ? value : "";
		if (lyd_value_validate(LYD_CTX(node), key, value, strlen(value), NULL, NULL, NULL) == LY_SUCCESS)
			continue;
		char *below = xasprintf("%s/%s", path, key->name);
		value_error(node, key, below, err);
		free(below);
		return -1;
	}
	return error_set(err, ERR_INVALID, path, "an entry of list %s lacks a valid value of a key; correct the keys",
	        schema->name);
}

static int child_error(const struct lyd_node *node, const char *path, struct error *err)
{
	const char *child = LYD_NAME(lyd_child(node));
	char *below = xasprintf("%s/%s", path, child);

	error_set(err, ERR_UNKNOWN_ELEMENT, below,
	        "%.64s stands in %s, which holds a value and no elements; leave it out", child, LYD_NAME(node));
	free(below);
	return -1;
}

static bool is_foreign(const struct lyd_node *node)
{
	const char *ns = opaque(node)->name.module_ns;
	return ns != NULL && ly_ctx_get_module_implemented_ns(LYD_CTX(node), ns) == NULL;
}

int edit_opaque_error(const struct lyd_node *node, struct error *err)
{
	const struct lysc_node *schema = edit_opaque_schema(node);
	const struct lyd_node_opaq *o = opaque(node);
	char *path = edit_opaque_path(node);
	int result;

	/* A path that is cut off does not end in the element. */
	if (is_foreign(node))
		result = error_item(err, ERR_UNKNOWN_NAMESPACE, path, o->name.module_ns,
		        "%.64s is in the unknown namespace %.120s; the hello and the yang-library list those of this "
		        "server",
		        o->name.name, o->name.module_ns);
	else if (schema == NULL || (schema->flags & LYS_CONFIG_W) == 0)
		result = error_set(err, strlen(path) < sizeof(err->where) ? ERR_UNKNOWN_ELEMENT : ERR_INVALID, path,
		        "unknown element %.64s in namespace %.120s; it is not part of the configuration", o->name.name,
		        o->name.module_ns != NULL ? o->name.module_ns : "(none)");
	else if (o->child != NULL && (schema->nodetype & LYD_NODE_TERM) != 0)
		result = child_error(node, path, err);
	else if (o->value != NULL && o->value[0] != '\0' && schema->nodetype == LYS_CONTAINER)
		result = error_item(err, ERR_BAD_ELEMENT, path, o->name.name,
		        "%s holds the text \"%.100s\" where elements alone may stand; leave it out", o->name.name,
		        o->value);
	else if (schema->nodetype == LYS_LIST)
		result = list_error(node, path, schema, err);
	else if (lyd_parse_opaq_error(node) != LY_SUCCESS)
		result = value_error(node, schema, path, err);
	else
		result = error_set(err, ERR_INVALID, path, "%s does not fit the model", o->name.name);
	ly_err_clean((struct ly_ctx *)LYD_CTX(node), NULL);
	free(path);
	return result;
}

/* One element after the other: libyang appends to a row of siblings by walking along it. */
static int parse(const struct ly_ctx *ctx, const char *xml, uint32_t options, struct lyd_node **out)
{
	struct lyd_node *node = NULL;
	struct ly_in *in = NULL;
	LY_ERR r = ly_in_new_memory(xml, &in);

	*out = NULL;
	while (r == LY_SUCCESS || r == LY_ENOT) {
		/* LY_ENOT: this element is fine and is not the last. */
		r = lyd_parse_data(ctx, NULL, in, LYD_XML, options | LYD_PARSE_SUBTREE, 0, &node);
		tree_append(out, node);
		node = NULL;
		if (r == LY_SUCCESS)
			break;
	}
	ly_in_free(in, 0);
	if (r == LY_SUCCESS)
		return 0;
	lyd_free_siblings(*out);
	*out = NULL;
	return -1;
}

static const struct lyd_node *unknown_find(const struct lyd_node *first)
{
	const struct lyd_node *node, *found;

	LY_LIST_FOR(first, node)
	{
		if (node->schema == NULL) {
			const struct lysc_node *schema = edit_opaque_schema(node);
			if (schema == NULL || schema->nodetype == LYS_LIST || opaque(node)->child != NULL)
				return node;
			continue;
		}
		found = unknown_find(lyd_child(node));
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* libyang 2.1.30 compares the namespaces of opaque siblings without asking whether there are any: NULL and a crash. */
static bool has_empty_namespace(const char *xml)
{
	while ((xml = strstr(xml, "xmlns")) != NULL) {
		xml += strlen("xmlns");
		const char *value = xml + strspn(xml, " \t\r\n");
		if (*value != '=')
			continue;
		value += 1 + strspn(value + 1, " \t\r\n");
		if ((value[0] == '"' || value[0] == '\'') && value[1] == value[0])
			return true;
	}
	return false;
}

static void state_error(struct error *err)
{
	static const char says[] = "Unexpected data state node";
	char *where;

	if (err == NULL || strncmp(err->text, says, strlen(says)) != 0)
		return;
	where = xstrdup(err->where);
	error_set(err, ERR_INVALID, where, "%.200s is state, which no edit changes; leave it out", where);
	free(where);
}

/* The strict parser refuses unknown elements and attributes, but says little: the lenient one shows which. */
static int parse_error(const struct ly_ctx *ctx, const char *xml, struct error *err)
{
	struct lyd_node *root = NULL;
	const struct lyd_node *unknown;

	context_error(ctx, ERR_INVALID, NULL, err);
	state_error(err);
	if (has_empty_namespace(xml) || attributes_check(ctx, xml, err) != 0)
		return -1;
	if (parse(ctx, xml, PARSE_OPTIONS, &root) != 0) {
		context_error(ctx, ERR_INVALID, NULL, err);
		state_error(err);
		return -1;
	}
	unknown = unknown_find(root);
	if (unknown != NULL)
		edit_opaque_error(unknown, err);
	ly_err_clean((struct ly_ctx *)ctx, NULL);
	lyd_free_siblings(root);
	return -1;
}

int edit_parse_opaque(const struct ly_ctx *empty, const char *xml, struct lyd_node **out)
{
	return parse(empty, xml, LYD_PARSE_ONLY | LYD_PARSE_OPAQ, out);
}

int edit_parse(const struct ly_ctx *ctx, const char *xml, bool lenient, struct lyd_node **out, struct error *err)
{
	if (parse(ctx, xml, PARSE_OPTIONS | LYD_PARSE_STRICT, out) == 0)
		return 0;
	/* What is unknown becomes opaque nodes, and the edit finds each of them. */
	if (lenient && !has_empty_namespace(xml) && parse(ctx, xml, PARSE_OPTIONS, out) == 0) {
		if (unknown_find(*out) != NULL) {
			ly_err_clean((struct ly_ctx *)ctx, NULL);
			return 0;
		}
		lyd_free_siblings(*out);
		*out = NULL;
	}
	return parse_error(ctx, xml, err);
}
