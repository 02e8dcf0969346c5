/*
 * What to do about a fault that the model found: a message of the library's and the schema or the tree come in, the same
 * goes out with what would be right. Nothing is refused here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "config/model.h"

#define NAMES_SHOWN 24

static void add_name(struct text *out, const char *name, size_t i, size_t n)
{
	text_addf(out, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", name);
}

static void add_enums(struct text *out, const struct lysc_type_enum *type)
{
	size_t n = LY_ARRAY_COUNT(type->enums);
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
		add_name(out, type->enums[i].name, i, n);
	text_add(out, n > NAMES_SHOWN ? ", ..." : "");
}

/* Bounds of numbers, or of lengths. */
static void add_range(struct text *out, const struct lysc_range *range, bool is_signed)
{
	size_t n = LY_ARRAY_COUNT(range->parts);
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++) {
		const struct lysc_range_part *part = &range->parts[i];
		char text[64];
		bool one = part->min_u64 == part->max_u64;
		if (is_signed)
			snprintf(text, sizeof(text), one ? "%" PRId64 : "%" PRId64 " to %" PRId64, part->min_64,
			        part->max_64);
		else
			snprintf(text, sizeof(text), one ? "%" PRIu64 : "%" PRIu64 " to %" PRIu64, part->min_u64,
			        part->max_u64);
		add_name(out, text, i, n);
	}
}

static void add_identities(struct text *out, const struct lysc_type_identityref *type)
{
	size_t n = LY_ARRAY_COUNT(type->bases[0]->derived);
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
		add_name(out, type->bases[0]->derived[i]->name, i, n);
	text_addf(out, " with a prefix for the namespace %s", type->bases[0]->module->ns);
}

static void add_number(struct text *out, const struct lysc_type_num *type)
{
	bool is_signed = type->basetype >= LY_TYPE_INT8;
	static const unsigned bits[] = {[LY_TYPE_UINT8] = 8,
	        [LY_TYPE_UINT16] = 16,
	        [LY_TYPE_UINT32] = 32,
	        [LY_TYPE_UINT64] = 64,
	        [LY_TYPE_INT8] = 8,
	        [LY_TYPE_INT16] = 16,
	        [LY_TYPE_INT32] = 32,
	        [LY_TYPE_INT64] = 64};
	text_add(out, "a number");
	if (type->range != NULL) {
		text_add(out, " of ");
		add_range(out, type->range, is_signed);
	} else {
		text_addf(out, " of %u bits%s", bits[type->basetype], is_signed ? "" : " that is not negative");
	}
}

void remedy_of_value(struct text *out, const struct lysc_node *schema)
{
	const struct lysc_type *type;
	if (schema == NULL || (schema->nodetype & LYD_NODE_TERM) == 0)
		return;
	type = ((const struct lysc_node_leaf *)schema)->type;
	while (out->len > 0 && out->s[out->len - 1] == '.')
		out->s[--out->len] = '\0';
	text_add(out, "; use ");
	const struct lysc_range *length =
	        type->basetype == LY_TYPE_STRING ? ((const struct lysc_type_str *)type)->length : NULL;
	if (type->basetype == LY_TYPE_BOOL)
		text_add(out, "true or false");
	else if (type->basetype == LY_TYPE_ENUM)
		add_enums(out, (const struct lysc_type_enum *)type);
	else if (type->basetype == LY_TYPE_IDENT)
		add_identities(out, (const struct lysc_type_identityref *)type);
	else if (type->basetype == LY_TYPE_EMPTY)
		text_addf(out, "<%s/> without a value", schema->name);
	else if (type->basetype >= LY_TYPE_INT8 ||
	         (type->basetype >= LY_TYPE_UINT8 && type->basetype <= LY_TYPE_UINT64))
		add_number(out, (const struct lysc_type_num *)type);
	else if (length != NULL) {
		add_range(out, length, false);
		text_add(out, " characters that the model permits");
	} else
		text_addf(out, "a value that the model permits for %s", schema->name);
}

/* An instance of the node above, root first, that has fewer of them. */
static const struct lyd_node *find_short(
        const struct lyd_node *first, const struct lysc_node *wanted, uint32_t min, uint32_t *have)
{
	const struct lysc_node *holder = lysc_data_parent(wanted);
	const struct lyd_node *node, *child, *found = NULL;
	LY_LIST_FOR(first, node)
	{
		*have = 0;
		if (node->schema == holder) {
			LY_LIST_FOR(lyd_child(node), child)
			{
				*have += child->schema == wanted;
			}
			if (*have < min)
				return node;
		} else if (node->schema != NULL && (node->schema->nodetype & LYD_NODE_INNER) != 0) {
			found = find_short(lyd_child(node), wanted, min, have);
		}
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* How many there must be of what the error is about; 0: it is about something else. */
static uint32_t least(const struct lysc_node *schema, const struct error *err)
{
	static const char mandatory[] = "Mandatory node \"";
	if (schema != NULL && strncmp(err->text, mandatory, strlen(mandatory)) == 0)
		return 1;
	if (schema == NULL || strcmp(err->app_tag, "too-few-elements") != 0)
		return 0;
	return schema->nodetype == LYS_LIST       ? ((const struct lysc_node_list *)schema)->min
	       : schema->nodetype == LYS_LEAFLIST ? ((const struct lysc_node_leaflist *)schema)->min
	                                          : 0;
}

void remedy_few(const struct ly_ctx *ctx, const struct lyd_node *root, struct error *err)
{
	char path[2 * sizeof(err->where)], app_tag[sizeof(err->app_tag)];
	uint32_t have = 0;
	if (err == NULL || err->where[0] != '/')
		return;
	const struct lysc_node *schema = lys_find_path(ctx, NULL, err->where, 0);
	uint32_t min = least(schema, err);
	ly_err_clean((struct ly_ctx *)ctx, NULL);
	const struct lyd_node *holder = min > 0 ? find_short(root, schema, min, &have) : NULL;
	if (holder == NULL)
		return;
	char *above = tree_path(holder);
	bool many = model_is_entry(schema);
	snprintf(path, sizeof(path), "%s/%s", above, schema->name);
	memcpy(app_tag, err->app_tag, sizeof(app_tag));
	if (many)
		error_set(err, err->code, path,
		        "%.300s has %" PRIu32 " of %s, and needs %" PRIu32 " at least; add one, or delete the %s",
		        above, have, schema->name, min, LYD_NAME(holder));
	else
		error_set(err, err->code, path, "%.300s has no %s; add it, or delete the %s", above, schema->name,
		        LYD_NAME(holder));
	memcpy(err->app_tag, app_tag, sizeof(app_tag));
	free(above);
}
