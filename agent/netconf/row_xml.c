/*
 * Rows of state as XML: the calls of row.h come in, text goes out, the same that libyang would print of the nodes. A
 * list that the model does not have is a fault of this program, kept with its name.
 */
#include "netconf/row_xml.h"

#include <string.h>

/* <name> or </name> */
static void tag(struct text *out, const char *begin, const char *name, size_t n)
{
	size_t n_begin = strlen(begin);
	char *to = text_room(out, n_begin + n + 1);
	memcpy(to, begin, n_begin);
	memcpy(to + n_begin, name, n);
	to[n_begin + n] = '>';
	text_written(out, n_begin + n + 1);
}

/* Content comes: what is open is written. */
static void write_open(struct row_xml *x)
{
	for (; x->written < x->depth; x->written++) {
		if (x->written > 0) {
			tag(&x->text, "<", x->open[x->written], strlen(x->open[x->written]));
			continue;
		}
		text_addf(&x->text, "<%s xmlns=\"", x->open[0]);
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
	size_t n = strlen(name);
	tag(&x->text, "<", name, n);
	text_add_xml(&x->text, value);
	tag(&x->text, "</", name, n);
}

void row_xml_end(struct row_xml *x)
{
	if (x->depth == 0)
		return;
	x->depth--;
	if (x->written <= x->depth)
		return;
	x->written = x->depth;
	tag(&x->text, "</", x->open[x->depth], strlen(x->open[x->depth]));
}
