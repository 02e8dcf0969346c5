/*
 * What an edit may tell (RFC 8341 sections 3.2.5 and 3.4.5): the nodes of an edit and what their user may do come in, the
 * first that he may not do goes out, in the order of the document. Refused is what is denied in every state of the
 * datastore, so that the answer is the same in each: to create, delete or remove what he may not, and to write to, or only
 * to name, what he can neither read nor write. What he can read and leaves as it is needs no permission.
 */
#include "config/edit.h"

#include "config/datastore.h"

struct walk {
	const struct config_access *access;
	struct error *err;
};

static bool may(const struct walk *w, enum config_right right, const struct lyd_node *node)
{
	return w->access->permits(w->access->ctx, right, node);
}

static int deny(const struct walk *w, enum config_right right, const struct lyd_node *node)
{
	return w->access->deny(w->access->ctx, right, node, w->err);
}

static int need(const struct walk *w, enum config_right right, const struct lyd_node *node, bool *writes)
{
	if (!may(w, right, node))
		return deny(w, right, node);
	*writes = true;
	return 0;
}

/* A node that the edit says all of; hidden: its user cannot read it. */
static int whole(const struct walk *w, const struct lyd_node *node, enum op op, bool hidden, bool *writes)
{
	bool any = op != OP_NONE && (may(w, RIGHT_CREATE, node) || may(w, RIGHT_UPDATE, node) ||
	                                    (op == OP_REPLACE && may(w, RIGHT_DELETE, node)));
	*writes |= any;
	return hidden && !any ? deny(w, RIGHT_UPDATE, node) : 0;
}

/* <leaf operation="delete"/> without a value; anything else that does not fit is a fault whatever is there. */
static int opaque(const struct walk *w, const struct lyd_node *node, enum op op, bool *writes)
{
	const struct lysc_node *schema = edit_opaque_schema(node);
	struct lyd_node leaf = {.schema = schema, .parent = node->parent};
	if (schema == NULL || schema->nodetype != LYS_LEAF || (op != OP_DELETE && op != OP_REMOVE))
		return 0;
	return need(w, RIGHT_DELETE, &leaf, writes);
}

/* writes: becomes true if the user may write anything at or below the node. */
static int check(const struct walk *w, const struct lyd_node *node, enum op inherited, bool hidden, bool *writes)
{
	const struct lyd_node *child;
	bool empty = true, below = false;
	enum op op;

	if (!edit_operation(node, inherited, &op))
		return 0;
	if (node->schema == NULL)
		return opaque(w, node, op, writes);
	if ((node->schema->flags & LYS_CONFIG_W) == 0 || lysc_is_key(node->schema))
		return 0;
	if (op == OP_DELETE || op == OP_REMOVE)
		return need(w, RIGHT_DELETE, node, writes);
	if (op == OP_CREATE && need(w, RIGHT_CREATE, node, writes) != 0)
		return -1;
	hidden = hidden || !may(w, RIGHT_READ, node);
	LY_LIST_FOR(lyd_child(node), child)
	{
		empty = empty && child->schema != NULL && lysc_is_key(child->schema);
		if (check(w, child, op, hidden, &below) != 0)
			return -1;
	}
	*writes |= below;
	if (lysc_is_np_cont(node->schema) || op == OP_CREATE)
		return 0;
	if (empty)
		return whole(w, node, op, hidden, writes);
	/* To name an entry, so that something else is done there, needs no permission. */
	return op == OP_NONE && hidden && !below ? deny(w, RIGHT_UPDATE, node) : 0;
}

int edit_access_check(const struct lyd_node *edit, enum op op, const struct config_access *access, struct error *err)
{
	const struct walk w = {access, err};
	const struct lyd_node *node;
	bool writes = false;
	LY_LIST_FOR(edit, node)
	{
		if (check(&w, node, op, false, &writes) != 0)
			return -1;
	}
	return 0;
}
