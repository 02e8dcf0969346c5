/*
 * Rpcs that do not fit the models: what libyang says about one comes in, the error-tag that RFC 6241 and section 8.3.1 of
 * RFC 7950 ask for goes out, with the parameter and a remedy. What is not known here stays as libyang says it.
 */
#include "netconf/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define NAME_MAX_SHOWN 64

/* What was said, and where. */
struct said {
	const struct ly_ctx *ctx;
	const struct lysc_node *schema; /* that it is about, or NULL */
	struct error *err;
	char first[NAME_MAX_SHOWN], second[NAME_MAX_SHOWN]; /* what stands in quotation marks */
};

/* The nodes `input` of the schema are not in the message. */
static void drop_input(char *path)
{
	static const char step[] = "/input/";
	char *at = strstr(path, step);
	if (at != NULL)
		memmove(at, at + strlen(step) - 1, strlen(at + strlen(step) - 1) + 1);
}

/* "Data location "/a:b", line number 1": no list is in an rpc of ours, so the path is that of the schema. */
static const struct lysc_node *schema_of(const struct ly_ctx *ctx, const char *sentence)
{
	static const char label[] = " location \"";
	const char *from = sentence != NULL ? strstr(sentence, label) : NULL;
	if (from == NULL)
		return NULL;
	from += strlen(label);
	char *path = xstrndup(from, strcspn(from, "\""));
	drop_input(path);
	const struct lysc_node *schema = lys_find_path(ctx, NULL, path, 0);
	free(path);
	return schema;
}

/* The next word in quotation marks. @return what follows it. */
static const char *quoted(const char *s, char out[NAME_MAX_SHOWN])
{
	const char *open = strchr(s, '"');
	size_t n = open != NULL ? strcspn(open + 1, "\"") : 0;
	snprintf(out, NAME_MAX_SHOWN, "%.*s", (int)(n < NAME_MAX_SHOWN ? n : NAME_MAX_SHOWN - 1),
	        open != NULL ? open + 1 : "");
	return open != NULL && open[1 + n] == '"' ? open + n + 2 : "";
}

/* "a, b or c": the elements that may stand in a node. */
static void add_children(struct text *out, const struct lysc_node *parent)
{
	const struct lysc_node *node = NULL, *next = lys_getnext(NULL, parent, NULL, 0);
	while ((node = next) != NULL) {
		next = lys_getnext(node, parent, NULL, 0);
		text_addf(out, "%s<%s>", out->len == 0 ? "" : next == NULL ? " or " : ", ", node->name);
	}
}

static void value(struct said *s)
{
	struct text text = {0};
	char *where = xstrdup(s->err->where);
	bool leaf = s->schema != NULL && (s->schema->nodetype & LYD_NODE_TERM) != 0;
	/* Of an attribute of a filter: an empty XPath is refused without a word. */
	bool silent = !leaf && strncmp(s->err->text, "Storing value failed", strlen("Storing value failed")) == 0;
	if (silent)
		text_add(&text, "select is no XPath expression; give one");
	else
		text_addf(&text, "%s%s%s", leaf ? s->schema->name : "", leaf ? ": " : "", s->err->text);
	remedy_of_value(&text, s->schema);
	(void)error_set(s->err, s->err->code, where, "%s", text_str(&text));
	text_fini(&text);
	free(where);
}

static void unknown_element(struct said *s)
{
	struct text may = {0}, path = {0};
	text_addf(&path, "%s/%s", s->err->where, s->first);
	if (s->schema != NULL)
		add_children(&may, s->schema);
	(void)error_set(s->err, ERR_UNKNOWN_ELEMENT, text_str(&path), "<%s> has no element <%s>; %s%.300s", s->second,
	        s->first, may.len > 0 ? "use " : "leave it out", text_str(&may));
	text_fini(&may);
	text_fini(&path);
}

static void missing_element(struct said *s)
{
	char *where = xstrdup(s->err->where);
	(void)error_item(s->err, ERR_MISSING_ELEMENT, where, s->first, "the element <%s> is missing; add it", s->first);
	free(where);
}

static const struct lysc_node *choice_find(const struct lysc_node *parent, const char *name)
{
	const struct lysc_node *node, *found;
	for (node = lysc_node_child(parent); node != NULL; node = node->next) {
		if (node->nodetype == LYS_CHOICE && strcmp(node->name, name) == 0)
			return node;
		found = (node->nodetype & (LYS_CONTAINER | LYS_INPUT)) != 0 ? choice_find(node, name) : NULL;
		if (found != NULL)
			return found;
	}
	return NULL;
}

static void missing_choice(struct said *s)
{
	const struct lysc_node *rpc = s->schema, *choice, *holder;
	char *where = xstrdup(s->err->where);
	struct text may = {0};
	while (rpc != NULL && rpc->parent != NULL)
		rpc = rpc->parent;
	choice = rpc != NULL ? choice_find(rpc, s->first) : NULL;
	if (choice == NULL)
		goto out;
	holder = lysc_data_parent(choice);
	bool inside = holder != NULL && holder->nodetype == LYS_CONTAINER;
	for (const struct lysc_node *c = lysc_node_child(choice); c != NULL; c = c->next)
		text_addf(&may, "%s<%s>", c == lysc_node_child(choice) ? "" : c->next == NULL ? " or " : ", ", c->name);
	if (inside)
		(void)error_item(s->err, ERR_MISSING_ELEMENT, where, holder->name,
		        "the element <%s> is missing or says nothing; put %s into it", holder->name, text_str(&may));
	else
		(void)error_item(s->err, ERR_MISSING_ELEMENT, where, lysc_node_child(choice)->name,
		        "%s is missing; add one", text_str(&may));
out:
	text_fini(&may);
	free(where);
}

static void both_cases(struct said *s)
{
	char *where = xstrdup(s->err->where);
	(void)error_item(s->err, ERR_BAD_ELEMENT, where, s->second,
	        "<%s> and <%s> exclude each other; give one of them", s->first, s->second);
	free(where);
}

static void twice(struct said *s)
{
	char *where = xstrdup(s->err->where);
	(void)error_item(s->err, ERR_BAD_ELEMENT, where, s->first, "<%s> is there twice; give it once", s->first);
	free(where);
}

static void text_inside(struct said *s)
{
	char *where = xstrdup(s->err->where);
	(void)error_item(s->err, ERR_BAD_ELEMENT, where, s->second,
	        "<%s> holds the text \"%s\" where elements alone may stand; leave it out", s->second, s->first);
	free(where);
}

/* The only attributes that rpcs have, beside those in a configuration, are those of filters. */
static void bad_type(struct said *s)
{
	char *where = xasprintf("%s/filter", s->err->where);
	if (s->schema != NULL && (s->schema->nodetype & LYD_NODE_INNER) != 0)
		(void)error_item(s->err, ERR_BAD_ATTRIBUTE, where, "type",
		        "the attribute type of <filter> is \"%s\"; use subtree or xpath", s->first);
	else
		value(s);
	free(where);
}

static void unbound_prefix(struct said *s)
{
	char *where = xstrdup(s->err->where);
	(void)error_set(s->err, ERR_INVALID, where,
	        "the prefix %s is not bound to a namespace; declare it with xmlns:%s on the element or around it",
	        s->first, s->first);
	free(where);
}

/* RFC 7950 section 8.3.1. */
static void when_false(struct said *s)
{
	char *where = xstrdup(s->err->where);
	(void)error_set(s->err, ERR_UNKNOWN_ELEMENT, where,
	        "<%s> has no place in this request: its condition in the model does not hold; leave it out",
	        s->schema != NULL ? s->schema->name : "element");
	free(where);
}

static void stray_text(struct said *s)
{
	char *where = xstrdup(s->err->where);
	(void)error_set(s->err, ERR_FORMAT, where, "text stands beside elements: \"%s\"; leave it out", s->first);
	free(where);
}

static const struct {
	const char *begins, *has;
	void (*explain)(struct said *s);
} sayings[] = {
        {"Node \"", "\" not found as a child of \"", unknown_element},
        {"Mandatory node \"", "\" instance does not exist", missing_element},
        {"Mandatory choice \"", "\" data do not exist", missing_choice},
        {"Data for both cases \"", "\" exist", both_cases},
        {"Duplicate instance of \"", "", twice},
        {"Invalid enumeration value \"", "", bad_type},
        {"Invalid character sequence \"", "expected element tag start", stray_text},
        {"Failed to resolve prefix \"", "", unbound_prefix},
        {"When condition \"", "", when_false},
        {"Text value \"", "\" inside an inner node \"", text_inside},
};

static void explain(struct said *s)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		if (strncmp(s->err->text, sayings[i].begins, strlen(sayings[i].begins)) != 0 ||
		        strstr(s->err->text, sayings[i].has) == NULL)
			continue;
		(void)quoted(quoted(s->err->text, s->first), s->second);
		sayings[i].explain(s);
		s->err->app_tag[0] = '\0';
		return;
	}
	value(s);
}

bool refusal_read(const struct ly_ctx *ctx, struct error *err)
{
	struct said s = {.ctx = ctx, .err = err};
	if (ly_errmsg(ctx) == NULL)
		return false;
	char *place = ly_errpath(ctx) != NULL ? xstrdup(ly_errpath(ctx)) : NULL;
	(void)context_error(ctx, ERR_INVALID, NULL, err);
	s.schema = schema_of(ctx, place);
	free(place);
	char *line = strstr(err->text, " (line ");
	if (line != NULL)
		*line = '\0';
	explain(&s);
	ly_err_clean((struct ly_ctx *)ctx, NULL);
	drop_input(err->where);
	return true;
}
