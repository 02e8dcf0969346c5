/*
 * Rows of state as XML: the calls of row.h come in, text goes out, the same that libyang would print of the nodes. A
 * list that the model does not have is a fault of this program, kept with its name.
 */
#include "netconf/row_xml.h"

#include <string.h>

static void tag(struct text *out, const char *before, const char *name, const char *after)
{
	text_add(out, before);
	text_add(out, name);
	text_add(out, after);
}

/* Content comes: what is open is written. */
static void write_open(struct row_xml *x)
{
	for (; x->written < x->depth; x->written++) {
		if (x->written > 0) {
			tag(&x->text, "<", x->open[x->written], ">");
			continue;
		}
		tag(&x->text, "<", x->open[0], " xmlns=\"");
		text_add_xml(&x->text, x->ns);
		text_add(&x->text, "\">");
	}
}

static void push(struct rows *b, const char *name)
{
	struct row_xml *x = b->xml;
	if (x->depth < ROW_DEPTH) {
		x->open[x->depth++] = name;
		return;
	}
	if (!b->failed)
		(void)error_set(&b->err, ERR_INTERNAL, NULL, "state %s is deeper than %d levels", name, ROW_DEPTH);
	b->failed = true;
}

void row_xml_container(struct rows *b, const char *name)
{
	struct row_xml *x = b->xml;
	if (x->depth == 0) {
		x->ns = b->module->ns;
		x->root = lys_find_child(NULL, b->module, name, 0, 0, 0);
		x->list = NULL;
	}
	push(b, name);
}

void row_xml_list(struct rows *b, const char *name, const char *const *key, size_t n)
{
	struct row_xml *x = b->xml;
	if (x->list == NULL || strcmp(x->list->name, name) != 0)
		x->list = x->root != NULL ? lys_find_child(x->root, x->root->module, name, 0, LYS_LIST, 0) : NULL;
	if (x->list == NULL) {
		if (!b->failed)
			(void)error_set(&b->err, ERR_INTERNAL, NULL, "there is no list %s in the model", name);
		b->failed = true;
		return;
	}
	push(b, name);
	write_open(x);
	/* The keys come first among the nodes of a list. */
	const struct lysc_node *leaf = lysc_node_child(x->list);
	for (size_t i = 0; i < n && leaf != NULL; i++, leaf = leaf->next)
		row_xml_leaf(x, leaf->name, key[i]);
}

void row_xml_leaf(struct row_xml *x, const char *name, const char *value)
{
	if (x->depth == 1 && x->omits != NULL && x->omits(x->omits_ctx, name))
		return;
	write_open(x);
	tag(&x->text, "<", name, ">");
	text_add_xml(&x->text, value);
	tag(&x->text, "</", name, ">");
}

void row_xml_end(struct row_xml *x)
{
	if (x->depth == 0)
		return;
	x->depth--;
	if (x->written <= x->depth)
		return;
	x->written = x->depth;
	tag(&x->text, "</", x->open[x->depth], ">");
}
