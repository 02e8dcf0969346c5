/*
 * The limits of the NETCONF server: a configuration tree comes in, numbers go out. Only links and stored values are
 * looked at, so that others may read the tree at the same time. Nothing is refused: the model has the ranges.
 */
#include <string.h>

#include "config/datastore.h"

static const struct lyd_node *sibling(const struct lyd_node *first, const char *name)
{
	const struct lyd_node *node;
	LY_LIST_FOR(first, node)
	{
		if (node->schema != NULL && strcmp(node->schema->name, name) == 0 &&
		        strcmp(node->schema->module->name, "portcullis") == 0)
			return node;
	}
	return NULL;
}

static uint32_t number(const struct lyd_node *limits, const char *name, uint32_t otherwise)
{
	const struct lyd_node *leaf = sibling(lyd_child(limits), name);
	return leaf != NULL ? ((const struct lyd_node_term *)leaf)->value.uint32 : otherwise;
}

void limits_read(const struct lyd_node *root, struct config_limits *out)
{
	const struct lyd_node *limits = sibling(lyd_child(sibling(root, "netconf-server")), "limits");
	out->message = number(limits, "message-size", 32u * 1024 * 1024);
	out->depth = number(limits, "depth", 64);
	out->children = number(limits, "children", 20000);
}
