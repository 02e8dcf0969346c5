/*
 * Nodes of a valid tree of portcullis.yang come in, copies of their values go out, as a site has them. Refused are prefixes
 * with host bits and ranges that end before they begin.
 */
#include "config/site_node.h"

#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

void *site_append(void *array, size_t *n, size_t size)
{
	char *items;

	memcpy(&items, array, sizeof(items));
	if ((*n & (*n - 1)) == 0)
		items = xrealloc(items, *n == 0 ? 1 : 2 * *n, size);
	memcpy(array, &items, sizeof(items));
	memset(items + *n * size, 0, size);
	return items + (*n)++ * size;
}

bool site_is(const struct lyd_node *node, const char *name)
{
	return strcmp(LYD_NAME(node), name) == 0;
}

const struct lyd_node *site_child(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (site_is(child, name))
			return child;
	}
	return NULL;
}

char *site_string(const struct lyd_node *parent, const char *name)
{
	const char *value = tree_value(parent, name);
	return xstrdup(value != NULL ? value : "");
}

/* The model has checked the digits and the range. */
uint32_t site_number(const struct lyd_node *parent, const char *name, uint32_t absent)
{
	const char *value = tree_value(parent, name);
	return value != NULL ? (uint32_t)strtoul(value, NULL, 10) : absent;
}

bool site_bool(const struct lyd_node *parent, const char *name, bool absent)
{
	const char *value = tree_value(parent, name);
	return value != NULL ? strcmp(value, "true") == 0 : absent;
}

void site_strings(const struct lyd_node *parent, const char *name, char ***items, size_t *n)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (site_is(child, name))
			*(char **)site_append(items, n, sizeof(char *)) = xstrdup(lyd_get_value(child));
	}
}

int site_error(const struct lyd_node *node, struct error *err, enum error_code code, const char *text)
{
	char *path = tree_path(node);
	error_set(err, code, path, "%s", text);
	free(path);
	return -1;
}

/* The canonical form of a prefix has no host bits any more: only what was written shows them. */
static char *written(const struct lyd_node *node)
{
	const struct lyd_value *value = &((const struct lyd_node_term *)node)->value;
	const struct lyd_value_union *u = value->subvalue;

	if (value->realtype->basetype != LY_TYPE_UNION || (u->format != LY_VALUE_XML && u->format != LY_VALUE_JSON))
		return xstrdup(lyd_get_value(node));
	return xstrndup(u->original, u->orig_len);
}

static int prefix_of(const struct lyd_node *node, struct prefix *out, struct error *err)
{
	char *text = written(node);
	int result = prefix_parse(text, &out->family, &out->range, err);

	free(text);
	if (result != 0 && err != NULL) {
		char why[sizeof(err->text)];
		memcpy(why, err->text, sizeof(why));
		site_error(node, err, err->code, why);
	}
	return result;
}

int site_prefixes(const struct lyd_node *parent, const char *name, struct prefix **items, size_t *n, struct error *err)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (site_is(child, name) && prefix_of(child, site_append(items, n, sizeof(struct prefix)), err) != 0)
			return -1;
	}
	return 0;
}

int site_ports(const struct lyd_node *parent, struct port_range *out, struct error *err)
{
	uint32_t lower = site_number(parent, "lower", 0), upper = site_number(parent, "upper", lower);

	if (upper < lower)
		return site_error(site_child(parent, "upper"), err, ERR_INVALID,
		        "the upper port is below the lower port; swap them");
	out->lo = (uint16_t)lower;
	out->hi = (uint16_t)upper;
	return 0;
}
