/*
 * HTML, parsed by libxml2 with callbacks so that every line number is exact in files of any length, comes in; tables of
 * cells, captions, metadata and links go out. Spans are expanded; a table inside a cell is text of that cell.
 */
#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document/build.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

/** A cell that reaches into the following rows. */
struct span {
	unsigned rows;
	char *text;
};

struct html {
	struct build *b;
	htmlParserCtxtPtr ctxt;
	unsigned line0; /* lines of the file before this piece */
	bool tables_only;
	int failed;
	unsigned table_depth, ignore_depth;
	bool in_head, in_row, in_cell, row_is_header, row_has_td;
	unsigned row_line, cell_line, colspan, rowspan;
	struct row row; /* cells of the open row, before it is known whether it is the header */
	struct text cell, heading, title, link;
	struct text para; /* the open paragraph outside tables */
	size_t bold; /* bytes of it inside <b> or <strong> */
	unsigned bold_depth;
	bool in_heading, in_title, in_link, first_heading_seen;
	char *target;
	struct span span[DOCUMENT_MAX_COLUMNS];
};

static unsigned line_now(const struct html *h)
{
	int line = h->ctxt->input != NULL ? h->ctxt->input->line : 1;
	return (line > 0 ? (unsigned)line : 1) + h->line0;
}

static void stop(struct html *h)
{
	h->failed = -1;
	xmlStopParser(h->ctxt);
}

static bool is(const xmlChar *name, const char *tag)
{
	return strcasecmp((const char *)name, tag) == 0;
}

static bool is_heading(const xmlChar *name)
{
	return (name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && name[2] == '\0') || is(name, "caption");
}

static const char *attribute(const xmlChar **atts, const char *name)
{
	for (; atts != NULL && atts[0] != NULL; atts += 2)
		if (is(atts[0], name))
			return atts[1] != NULL ? (const char *)atts[1] : "";
	return NULL;
}

static unsigned span_of(const xmlChar **atts, const char *name)
{
	const char *value = attribute(atts, name);
	unsigned long n = value != NULL ? strtoul(value, NULL, 10) : 1;
	return n >= 1 && n <= 1000 ? (unsigned)n : 1;
}

static int add_cell(struct html *h, const char *text, unsigned line)
{
	if (h->failed != 0 || build_cell(h->b, &h->row, text, line) == 0)
		return h->failed;
	stop(h);
	return -1;
}

/* Cells of earlier rows that reach down to here. */
static void spans_fill(struct html *h)
{
	while (h->row.n < DOCUMENT_MAX_COLUMNS && h->span[h->row.n].rows > 0) {
		struct span *span = &h->span[h->row.n];
		if (add_cell(h, span->text, h->row_line) != 0)
			return;
		if (--span->rows == 0) {
			free(span->text);
			span->text = NULL;
		}
	}
}

static void cell_close(struct html *h)
{
	if (!h->in_cell)
		return;
	h->in_cell = false;
	spans_fill(h);
	for (unsigned i = 0; i < h->colspan && h->failed == 0; i++) {
		if (h->rowspan > 1 && h->row.n < DOCUMENT_MAX_COLUMNS && h->span[h->row.n].rows == 0) {
			h->span[h->row.n].rows = h->rowspan - 1;
			h->span[h->row.n].text = xstrdup(i == 0 ? text_str(&h->cell) : "");
		}
		(void)add_cell(h, i == 0 ? text_str(&h->cell) : "", h->cell_line);
	}
}

static bool row_looks_like_data(const struct row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (strspn(row->cell[i].text, "0123456789-/ ") == strlen(row->cell[i].text) &&
		        row->cell[i].text[0] != '\0')
			return true;
	return false;
}

static void row_close(struct html *h)
{
	struct table *table;
	struct row *row;
	cell_close(h);
	if (!h->in_row || h->failed != 0)
		return;
	spans_fill(h);
	h->in_row = false;
	table = &h->b->doc->table[h->b->doc->n_table - 1];
	h->row.line = h->row_line;
	if (table->n_row == 0 && table->header.n == 0 && h->row.n > 0 &&
	        (h->row_is_header || !h->row_has_td || !row_looks_like_data(&h->row))) {
		table->header = h->row;
	} else if (h->row_is_header || (table->header.n == 0 && h->row.n == 0)) {
		row_fini(&h->row);
	} else if ((row = build_row(h->b, h->row_line)) != NULL) {
		*row = h->row;
	} else {
		stop(h);
		row_fini(&h->row);
	}
	memset(&h->row, 0, sizeof(h->row));
}

static void spans_clear(struct html *h)
{
	for (size_t i = 0; i < DOCUMENT_MAX_COLUMNS; i++)
		free(h->span[i].text);
	memset(h->span, 0, sizeof(h->span));
}

static void table_open(struct html *h)
{
	if (++h->table_depth > 1)
		return;
	spans_clear(h);
	h->in_head = h->in_row = h->in_cell = false;
	if (build_table(h->b, line_now(h)) != 0)
		stop(h);
}

static void table_close(struct html *h)
{
	if (h->table_depth == 0 || --h->table_depth > 0)
		return;
	row_close(h);
	spans_clear(h);
}

static void text_restart(struct text *t)
{
	text_fini(t);
}

static void open_in_table(struct html *h, const xmlChar *name, const xmlChar **atts)
{
	if (h->table_depth > 1 || is(name, "br") || is(name, "p") || is(name, "li") || is(name, "div")) {
		if (h->in_cell)
			text_add(&h->cell, "\n");
	} else if (is(name, "thead")) {
		h->in_head = true;
	} else if (is(name, "tbody")) {
		h->in_head = false;
	} else if (is(name, "tr")) {
		row_close(h);
		h->in_row = true;
		h->row_is_header = h->in_head;
		h->row_has_td = false;
		h->row_line = line_now(h);
	} else if (h->in_row && (is(name, "td") || is(name, "th"))) {
		cell_close(h);
		h->in_cell = true;
		h->row_has_td = h->row_has_td || is(name, "td");
		h->cell_line = line_now(h);
		h->colspan = span_of(atts, "colspan");
		h->rowspan = span_of(atts, "rowspan");
		text_restart(&h->cell);
	}
}

static void open_metadata(struct html *h, const xmlChar *name, const xmlChar **atts)
{
	const char *key, *value;
	if (is(name, "html") && (value = attribute(atts, "lang")) != NULL)
		document_metadata(h->b->doc, "lang", value);
	if (!is(name, "meta") || (value = attribute(atts, "content")) == NULL)
		return;
	if ((key = attribute(atts, "name")) != NULL || (key = attribute(atts, "property")) != NULL)
		document_metadata(h->b->doc, key, value);
}

static void open_outside(struct html *h, const xmlChar *name, const xmlChar **atts)
{
	const char *target;
	if (is(name, "title")) {
		h->in_title = true;
	} else if (is(name, "p") || is(name, "div")) {
		text_restart(&h->para);
		h->bold = 0;
	} else if (is(name, "b") || is(name, "strong")) {
		h->bold_depth++;
	} else if (is(name, "a") && (target = attribute(atts, "href")) != NULL) {
		free(h->target);
		h->target = xstrdup(target);
		h->in_link = true;
		text_restart(&h->link);
	}
	open_metadata(h, name, atts);
}

static void on_open(void *user, const xmlChar *name, const xmlChar **atts)
{
	struct html *h = user;
	if (h->failed != 0)
		return;
	if (is(name, "script") || is(name, "style"))
		h->ignore_depth++;
	if (is(name, "table"))
		table_open(h);
	else if (is_heading(name)) {
		h->in_heading = true;
		text_restart(&h->heading);
	} else if (h->table_depth > 0)
		open_in_table(h, name, atts);
	else
		open_outside(h, name, atts);
}

static void heading_close(struct html *h, const xmlChar *name)
{
	h->in_heading = false;
	build_caption(h->b, text_str(&h->heading));
	if (is(name, "caption") && h->table_depth == 1 && h->b->caption != NULL) {
		struct table *table = &h->b->doc->table[h->b->doc->n_table - 1];
		free(table->caption);
		table->caption = xstrdup(h->b->caption);
	}
	if (!h->tables_only && is(name, "h1"))
		document_set(&h->b->doc->title, text_str(&h->heading));
}

static void close_outside(struct html *h, const xmlChar *name)
{
	if (is(name, "title")) {
		h->in_title = false;
		document_set(&h->b->doc->title, text_str(&h->title));
	} else if (is(name, "p") || is(name, "div")) {
		if (h->bold > 0 && h->bold == h->para.len)
			build_caption(h->b, text_str(&h->para));
		text_restart(&h->para);
		h->bold = 0;
	} else if ((is(name, "b") || is(name, "strong")) && h->bold_depth > 0) {
		h->bold_depth--;
	} else if (is(name, "a") && h->in_link) {
		h->in_link = false;
		build_reference(h->b, text_str(&h->link), h->target);
	}
}

static void on_close(void *user, const xmlChar *name)
{
	struct html *h = user;
	if (h->failed != 0)
		return;
	if ((is(name, "script") || is(name, "style")) && h->ignore_depth > 0)
		h->ignore_depth--;
	if (is(name, "table"))
		table_close(h);
	else if (is_heading(name) && h->in_heading)
		heading_close(h, name);
	else if (h->table_depth == 1 && (is(name, "td") || is(name, "th")))
		cell_close(h);
	else if (h->table_depth == 1 && is(name, "tr"))
		row_close(h);
	else if (h->table_depth == 1 && is(name, "thead"))
		h->in_head = false;
	else if (h->table_depth > 0 && h->in_cell && is(name, "p"))
		text_add(&h->cell, "\n");
	else if (h->table_depth == 0)
		close_outside(h, name);
}

/* A line end in the source is a blank; only markup breaks a line of a cell. */
static void add_characters(struct text *t, const xmlChar *s, int len)
{
	for (int i = 0; i < len; i++)
		text_addn(t, s[i] == '\n' ? " " : (const char *)&s[i], 1);
}

static bool is_blank(const xmlChar *s, int len)
{
	for (int i = 0; i < len; i++)
		if (strchr(" \t\n", s[i]) == NULL)
			return false;
	return true;
}

static void on_text(void *user, const xmlChar *s, int len)
{
	struct html *h = user;
	if (h->failed != 0 || h->ignore_depth > 0)
		return;
	if (h->in_heading) {
		add_characters(&h->heading, s, len);
	} else if (h->table_depth > 0) {
		if (h->in_cell && h->cell.len <= DOCUMENT_MAX_CELL)
			add_characters(&h->cell, s, len);
	} else if (h->in_title) {
		add_characters(&h->title, s, len);
	} else {
		if (h->in_link)
			add_characters(&h->link, s, len);
		if (is_blank(s, len) && h->para.len == 0)
			return;
		add_characters(&h->para, s, len);
		h->bold += h->bold_depth > 0 ? (size_t)len : 0;
	}
}

static void html_fini(struct html *h)
{
	row_fini(&h->row);
	spans_clear(h);
	text_fini(&h->cell);
	text_fini(&h->heading);
	text_fini(&h->title);
	text_fini(&h->link);
	text_fini(&h->para);
	free(h->target);
}

static int parse(struct html *h, const char *s, size_t len)
{
	h->ctxt = htmlNewParserCtxt();
	if (h->ctxt == NULL)
		return error_set(
		        h->b->err, ERR_INTERNAL, h->b->doc->file, "the HTML parser cannot start; free some memory");
	memset(h->ctxt->sax, 0, sizeof(*h->ctxt->sax));
	h->ctxt->sax->startElement = on_open;
	h->ctxt->sax->endElement = on_close;
	h->ctxt->sax->characters = on_text;
	h->ctxt->sax->ignorableWhitespace = on_text;
	h->ctxt->sax->cdataBlock = on_text;
	h->ctxt->userData = h;
	htmlDocPtr tree = htmlCtxtReadMemory(h->ctxt, s, (int)len, NULL, "UTF-8",
	        HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT);
	if (tree != NULL)
		xmlFreeDoc(tree);
	if (h->failed == 0 && h->table_depth > 0) {
		h->table_depth = 1;
		table_close(h);
	}
	htmlFreeParserCtxt(h->ctxt);
	return h->failed;
}

int html_read(struct build *b, const char *s, size_t len)
{
	struct html h = {.b = b};
	int result = parse(&h, s, len);
	html_fini(&h);
	return result;
}

int html_read_tables(struct build *b, const char *s, size_t len, unsigned line)
{
	struct html h = {.b = b, .tables_only = true, .line0 = line - 1};
	char *caption = b->caption != NULL ? xstrdup(b->caption) : NULL;
	int result = parse(&h, s, len);
	html_fini(&h);
	free(b->caption);
	b->caption = caption;
	return result;
}
