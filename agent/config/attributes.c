/*
 * Attributes of an edit that the parser refused: XML comes in, the first attribute goes out that no one knows or that has
 * no value of its own, with the path of its element. The library names the value alone. Nothing is refused that the parser
 * takes.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define NS_YANG "urn:ietf:params:xml:ns:yang:1"
#define NS_DEFAULTS "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
#define NS_XML "http://www.w3.org/XML/1998/namespace"

/* Attributes that an edit may have, and their values; values NULL: any. */
static const struct {
	const char *ns, *name, *prefixed, *values;
} known[] = {
        {NS_BASE, "operation", "nc:operation", "merge, replace, create, delete or remove"},
        {NS_YANG, "insert", "yang:insert", "first, last, before or after"},
        {NS_YANG, "key", "yang:key", NULL},
        {NS_YANG, "value", "yang:value", NULL},
        {NS_DEFAULTS, "default", "wd:default", "true or false"},
};

#define N_KNOWN (sizeof(known) / sizeof(known[0]))

/* Does a sentence "a, b or c" have this word? */
static bool has_word(const char *sentence, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = sentence; n > 0 && (p = strstr(p, word)) != NULL; p += n) {
		bool begins = p == sentence || p[-1] == ' ', ends = p[n] == '\0' || p[n] == ',' || p[n] == ' ';
		if (begins && ends && strcmp(word, "or") != 0)
			return true;
	}
	return false;
}

/* Step of an element in a path: with its module where that changes, and with the keys of an entry. */
static void add_step(struct text *path, const struct lyd_node *node, const struct lysc_node *above,
        const struct lysc_node *schema, const struct lys_module *module)
{
	const struct lyd_node_opaq *o = (const struct lyd_node_opaq *)node;
	const struct lyd_node *child;
	bool changes = module != NULL && (above == NULL || above->module != module);
	text_addf(path, "/%s%s%.64s", changes ? module->name : "", changes ? ":" : "", o->name.name);
	if (schema == NULL || schema->nodetype != LYS_LIST)
		return;
	LY_LIST_FOR(o->child, child)
	{
		const struct lyd_node_opaq *c = (const struct lyd_node_opaq *)child;
		const struct lysc_node *key = lys_find_child(schema, schema->module, c->name.name, 0, LYS_LEAF, 0);
		const char *quote = strchr(c->value, '\'') != NULL ? "\"" : "'";
		if (key != NULL && lysc_is_key(key))
			text_addf(path, "[%s=%s%.100s%s]", key->name, quote, c->value, quote);
	}
}

static int check_attribute(const struct lyd_attr *a, const char *element, const char *path, struct error *err)
{
	const char *ns = a->name.module_ns, *name = a->name.name;
	if (ns == NULL) {
		for (size_t i = 0; i < N_KNOWN; i++)
			if (strcmp(known[i].name, name) == 0)
				return error_item(err, ERR_UNKNOWN_ATTRIBUTE, path, name,
				        "the attribute %s of %s has no namespace; write %s, with the prefix bound to "
				        "%s",
				        name, element, known[i].prefixed, known[i].ns);
		return error_item(err, ERR_UNKNOWN_ATTRIBUTE, path, name,
		        "the attribute %.64s of %s is unknown; remove it", name, element);
	}
	if (strcmp(ns, NS_XML) == 0)
		return 0;
	for (size_t i = 0; i < N_KNOWN; i++) {
		if (strcmp(known[i].ns, ns) != 0 || strcmp(known[i].name, name) != 0)
			continue;
		if (known[i].values == NULL || has_word(known[i].values, a->value))
			return 0;
		return error_item(err, ERR_BAD_ATTRIBUTE, path, name,
		        "the attribute %s of %s has the unknown value \"%.100s\"; use %s", known[i].prefixed, element,
		        a->value, known[i].values);
	}
	return error_item(err, ERR_UNKNOWN_ATTRIBUTE, path, name,
	        "the attribute %.64s of %s in namespace %.120s is unknown; remove it", name, element, ns);
}

static int check(const struct ly_ctx *ctx, const struct lyd_node *first, const struct lysc_node *above,
        struct text *path, struct error *err)
{
	const struct lyd_node *node;
	const struct lyd_attr *a;
	LY_LIST_FOR(first, node)
	{
		const struct lyd_node_opaq *o = (const struct lyd_node_opaq *)node;
		const struct lys_module *module = ly_ctx_get_module_implemented_ns(ctx, o->name.module_ns);
		const struct lysc_node *schema =
		        module != NULL ? lys_find_child(above, module, o->name.name, 0, 0, 0) : NULL;
		size_t len = path->len;
		add_step(path, node, above, schema, module);
		LY_LIST_FOR(o->attr, a)
		{
			if (check_attribute(a, o->name.name, path->s, err) != 0)
				return -1;
		}
		if (schema != NULL && check(ctx, o->child, schema, path, err) != 0)
			return -1;
		path->len = len;
		path->s[len] = '\0';
	}
	return 0;
}

int attributes_check(const struct ly_ctx *ctx, const char *xml, struct error *err)
{
	struct ly_ctx *empty = NULL; /* to it everything is opaque */
	struct lyd_node *root = NULL;
	struct text path = {0};
	int result = 0;
	if (ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &empty) != LY_SUCCESS)
		return 0;
	if (edit_parse_opaque(empty, xml, &root) == 0)
		result = check(ctx, root, NULL, &path, err);
	lyd_free_siblings(root);
	ly_ctx_destroy(empty);
	text_fini(&path);
	return result;
}
