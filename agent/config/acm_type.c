/*
 * The type of the paths of access rules, for libyang: text comes in with the prefixes of its encoding, text with module
 * names goes out, and the other way round. Refused are prefixes that stand for nothing, and, in XML, names without one;
 * whether a path names something is asked when the configuration is checked (acm_path.c), where there is more to say.
 */
#include "config/acm_type.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libyang/plugins_types.h>

#include "portcullis/text.h"

#define PATH_LEN_MAX 4096u

/* Who writes it, and how. */
struct spelling {
	LY_VALUE_FORMAT format;
	void *prefixes;
};

struct rewrite {
	const struct ly_ctx *ctx;
	struct spelling from, to;
	const char *at, *end;
	const struct lys_module *step; /* of the last step, which others inherit in JSON */
	unsigned depth; /* of predicates */
	struct text out;
	const char *why; /* it cannot be */
	const char *bad; /* what it is about, n bytes */
	size_t n;
};

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool names_modules(LY_VALUE_FORMAT format)
{
	return format == LY_VALUE_CANON || format == LY_VALUE_JSON || format == LY_VALUE_LYB;
}

static size_t name_len(const struct rewrite *r)
{
	size_t n = 0;
	while (r->at + n < r->end && is_name(r->at[n]))
		n++;
	return n;
}

static bool refuse(struct rewrite *r, const char *why, const char *bad, size_t n)
{
	r->why = why;
	r->bad = bad;
	r->n = n < 100 ? n : 100;
	return false;
}

static void put_name(struct rewrite *r, const struct lys_module *module, const char *name, size_t n)
{
	if (!names_modules(r->to.format))
		text_addf(&r->out, "%s:", lyplg_type_get_prefix(module, r->to.format, r->to.prefixes));
	else if (module != r->step)
		text_addf(&r->out, "%s:", module->name);
	text_addn(&r->out, name, n);
	if (r->depth == 0)
		r->step = module;
}

/* [prefix:]name */
static bool name(struct rewrite *r)
{
	const struct lys_module *module = r->step;
	const char *from = r->at;
	size_t n = name_len(r), n_prefix = 0;
	r->at += n;
	if (r->at < r->end && *r->at == ':') {
		n_prefix = n;
		r->at++;
		n = name_len(r);
		if (n == 0)
			return refuse(r, "a name is missing behind prefix", from, n_prefix);
		r->at += n;
		module = lyplg_type_identity_module(r->ctx, NULL, from, n_prefix, r->from.format, r->from.prefixes);
	} else if (!names_modules(r->from.format)) {
		return refuse(r, "a prefix is missing in front of", from, n);
	}
	if (module == NULL && !names_modules(r->from.format))
		return refuse(r, "no module has the namespace of prefix", from, n_prefix);
	/* A module that this device does not have, in what was stored. */
	if (module == NULL)
		text_addn(&r->out, from, (size_t)(r->at - from));
	else
		put_name(r, module, r->at - n, n);
	return true;
}

/* To the closing quotation mark, or the end. */
static void literal(struct rewrite *r)
{
	const char *shut = memchr(r->at + 1, *r->at, (size_t)(r->end - r->at - 1));
	size_t n = shut != NULL ? (size_t)(shut - r->at) + 1 : (size_t)(r->end - r->at);
	text_addn(&r->out, r->at, n);
	r->at += n;
}

/* Blanks say nothing but between two names, where they keep them apart. */
static void blanks(struct rewrite *r)
{
	bool after_name = r->out.len > 0 && is_name(r->out.s[r->out.len - 1]);
	while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL)
		r->at++;
	if (after_name && r->at < r->end && is_name(*r->at))
		text_add(&r->out, " ");
}

static void sign(struct rewrite *r)
{
	r->depth += *r->at == '[';
	r->depth -= *r->at == ']' && r->depth > 0;
	size_t n = 1;
	/* A variable is not a node. */
	if (*r->at == '$')
		while (r->at + n < r->end && is_name(r->at[n]))
			n++;
	text_addn(&r->out, r->at, n);
	r->at += n;
}

static bool rewrite(struct rewrite *r)
{
	while (r->at < r->end) {
		if (*r->at == '\0')
			return refuse(r, "a NUL is in it behind", r->at, 0);
		if (strchr(" \t\r\n", *r->at) != NULL) {
			blanks(r);
		} else if (*r->at == '\'' || *r->at == '"') {
			literal(r);
		} else if (isalpha((unsigned char)*r->at) || *r->at == '_') {
			if (!name(r))
				return false;
		} else if (isdigit((unsigned char)*r->at)) {
			size_t n = name_len(r);
			text_addn(&r->out, r->at, n);
			r->at += n;
		} else {
			sign(r);
		}
	}
	return true;
}

static LY_ERR store(const struct ly_ctx *ctx, const struct lysc_type *type, const void *value, size_t value_len,
        uint32_t options, LY_VALUE_FORMAT format, void *prefix_data, uint32_t hints, const struct lysc_node *ctx_node,
        struct lyd_value *storage, struct lys_glob_unres *unres, struct ly_err_item **err)
{
	struct rewrite r = {.ctx = ctx,
	        .from = {format, prefix_data},
	        .to = {LY_VALUE_JSON, NULL},
	        .at = value,
	        .end = (const char *)value + value_len};
	(void)ctx_node;
	(void)unres;
	memset(storage, 0, sizeof(*storage));
	storage->realtype = type;
	LY_ERR result = lyplg_type_check_hints(hints, value, value_len, type->basetype, NULL, err);
	if (result == LY_SUCCESS && value_len > PATH_LEN_MAX)
		result = ly_err_new(err, LY_EVALID, LYVE_DATA, NULL, NULL,
		        "the path of an access rule has %zu bytes; give at most %u", value_len, PATH_LEN_MAX);
	if (result == LY_SUCCESS && !rewrite(&r))
		result = ly_err_new(err, LY_EVALID, LYVE_DATA, NULL, NULL,
		        "path %.*s: %s %.*s; correct the path of the rule", (int)(value_len < 200 ? value_len : 200),
		        (const char *)value, r.why, (int)r.n, r.bad);
	if (result == LY_SUCCESS)
		result = lydict_insert(ctx, text_str(&r.out), r.out.len, &storage->_canonical);
	text_fini(&r.out);
	if ((options & LYPLG_TYPE_STORE_DYNAMIC) != 0)
		free((void *)(uintptr_t)value);
	return result;
}

static const void *print(const struct ly_ctx *ctx, const struct lyd_value *value, LY_VALUE_FORMAT format,
        void *prefix_data, ly_bool *dynamic, size_t *value_len)
{
	const char *canonical = value->_canonical;
	struct rewrite r = {.ctx = ctx,
	        .from = {LY_VALUE_JSON, NULL},
	        .to = {format, prefix_data},
	        .at = canonical,
	        .end = canonical + strlen(canonical)};
	if (names_modules(format) || !rewrite(&r)) {
		text_fini(&r.out);
		*dynamic = 0;
		if (value_len != NULL)
			*value_len = strlen(canonical);
		return canonical;
	}
	if (value_len != NULL)
		*value_len = r.out.len;
	*dynamic = 1;
	return text_take(&r.out);
}

void acm_type_install(struct ly_ctx *ctx)
{
	static struct lyplg_type path_type = {.id = "portcullis access rule path",
	        .store = store,
	        .compare = lyplg_type_compare_simple,
	        .print = print,
	        .duplicate = lyplg_type_dup_simple,
	        .free = lyplg_type_free_simple,
	        .lyb_data_len = -1};
	const struct lysc_node *leaf = lys_find_path(ctx, NULL, "/ietf-netconf-acm:nacm/rule-list/rule/path", 0);
	if (leaf != NULL && leaf->nodetype == LYS_LEAF)
		((struct lysc_node_leaf *)(uintptr_t)leaf)->type->plugin = &path_type;
}
