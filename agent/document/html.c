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

#define MAX_ROWSPAN 65534u

struct html {
	struct build *b;
	htmlParserCtxtPtr ctxt;
	unsigned line0; /* lines of the file before this piece */
	bool tables_only;
	int failed;
	unsigned depth; /* open elements */
	unsigned table_depth, ignore_depth;
	bool in_head, in_row, in_cell, row_is_header, row_has_td;
	unsigned row_line, cell_line, colspan, rowspan;
	struct row row; /* cells of the open row, before it is known whether it is the header */
	struct text cell, heading, title, link;
	struct text para; /* the open paragraph outside tables */
	size_t bold; /* bytes of it inside <b> or <strong> */
	unsigned bold_depth;
	bool in_heading, in_title, in_link;
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

static void must(struct html *h, int result)
{
	if (result != 0 && h->failed == 0)
		stop(h);
}

static bool is(const xmlChar *name, const char *tag)
{
	return strcasecmp((const char *)name, tag) == 0;
}

static bool is_heading(const xmlChar *name)
{
	return ((name[0] == 'h' || name[0] == 'H') && name[1] >= '1' && name[1] <= '6' && name[2] == '\0') ||
	       is(name, "caption");
}

static const char *attribute(const xmlChar **atts, const char *name)
{
	for (; atts != NULL && atts[0] != NULL; atts += 2)
		if (is(atts[0], name))
			return atts[1] != NULL ? (const char *)atts[1] : "";
	return NULL;
}

/* HTML Living Standard section 4.9.11: at most 1000 columns and 65534 rows; a rowspan of 0 reaches to the table's end. */
static unsigned span_of(const xmlChar **atts, const char *name, unsigned zero, unsigned max)
{
	const char *value = attribute(atts, name);
	unsigned long n;
	if (value == NULL)
		return 1;
	value += strspn(value, " \t\n");
	if (*value < '0' || *value > '9')
		return 1;
	n = strtoul(value, NULL, 10);
	return n == 0 ? zero : n > max ? max : (unsigned)n;
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

/* In rows below, cells that end before a span of an earlier row are empty up to it. */
static void spans_finish(struct html *h)
{
	size_t last = DOCUMENT_MAX_COLUMNS;
	while (last > 0 && h->span[last - 1].rows == 0)
		last--;
	spans_fill(h);
	while (h->row.n < last && h->failed == 0) {
		(void)add_cell(h, "", h->row_line);
		spans_fill(h);
	}
}

/* A cell of digits with the marks of ranges, lists and thousands; headers are words. */
static bool row_looks_like_data(const struct row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		const char *text = row->cell[i].text;
		if (*text >= '0' && *text <= '9' && strspn(text, "0123456789-/ ,.*\n\xe2\x80\x93") == strlen(text))
			return true;
	}
	return false;
}

static void row_close(struct html *h)
{
	struct table *table;
	struct row *row;
	cell_close(h);
	if (!h->in_row || h->failed != 0)
		return;
	spans_finish(h);
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

static void heading_close(struct html *h, bool first_level, bool caption)
{
	if (!h->in_heading)
		return;
	h->in_heading = false;
	must(h, build_caption(h->b, text_str(&h->heading), line_now(h)));
	if (caption && h->failed == 0 && h->table_depth == 1 && h->b->caption != NULL) {
		struct table *table = &h->b->doc->table[h->b->doc->n_table - 1];
		free(table->caption);
		table->caption = xstrdup(h->b->caption);
	}
	if (!h->tables_only && first_level)
		must(h, build_title(h->b, text_str(&h->heading), line_now(h)));
}

static void table_open(struct html *h)
{
	if (++h->table_depth > 1)
		return;
	heading_close(h, false, false); /* one that nobody closed would swallow the cells */
	spans_clear(h);
	h->in_head = h->in_row = h->in_cell = false;
	if (build_table(h->b, line_now(h)) != 0)
		stop(h);
}

static void table_close(struct html *h)
{
	if (h->table_depth == 0)
		return;
	if (--h->table_depth > 0) {
		if (h->in_cell)
			text_add_upto(&h->cell, "\n", 1, DOCUMENT_MAX_CELL);
		return;
	}
	row_close(h);
	spans_clear(h);
}

static bool breaks_line(const xmlChar *name)
{
	return is(name, "br") || is(name, "p") || is(name, "li") || is(name, "div") || is_heading(name);
}

static void open_in_table(struct html *h, const xmlChar *name, const xmlChar **atts)
{
	if (h->table_depth > 1 || breaks_line(name)) {
		if (h->in_cell)
			text_add_upto(&h->cell, "\n", 1, DOCUMENT_MAX_CELL);
	} else if (is(name, "thead")) {
		h->in_head = true;
	} else if (is(name, "tbody") || is(name, "tfoot")) {
		h->in_head = false;
	} else if (is(name, "tr")) {
		heading_close(h, false, true);
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
		h->colspan = span_of(atts, "colspan", 1, 1000);
		h->rowspan = span_of(atts, "rowspan", MAX_ROWSPAN, MAX_ROWSPAN);
		text_fini(&h->cell);
	}
}

static void open_metadata(struct html *h, const xmlChar *name, const xmlChar **atts)
{
	const char *key, *value;
	if (is(name, "html") && (value = attribute(atts, "lang")) != NULL)
		must(h, build_metadata(h->b, "lang", value, line_now(h)));
	if (!is(name, "meta") || (value = attribute(atts, "content")) == NULL)
		return;
	if ((key = attribute(atts, "name")) != NULL || (key = attribute(atts, "property")) != NULL)
		must(h, build_metadata(h->b, key, value, line_now(h)));
}

static void open_outside(struct html *h, const xmlChar *name, const xmlChar **atts)
{
	const char *target;
	if (is(name, "title")) {
		h->in_title = true;
	} else if (is(name, "p") || is(name, "div")) {
		text_fini(&h->para);
		h->bold = 0;
	} else if (is(name, "b") || is(name, "strong")) {
		h->bold_depth++;
	} else if (is(name, "a") && (target = attribute(atts, "href")) != NULL) {
		free(h->target);
		/* One byte more than is allowed is enough to refuse it. */
		h->target = xstrndup(target, DOCUMENT_MAX_REFERENCE + 1);
		h->in_link = true;
		text_fini(&h->link);
	}
	open_metadata(h, name, atts);
}

static void on_open(void *user, const xmlChar *name, const xmlChar **atts)
{
	struct html *h = user;
	if (h->failed != 0)
		return;
	if (++h->depth > DOCUMENT_MAX_NESTING) {
		must(h, build_limit(h->b, line_now(h), DOCUMENT_MAX_NESTING, "tags open in each other",
		                "close them or nest them less"));
		return;
	}
	if (is(name, "script") || is(name, "style"))
		h->ignore_depth++;
	if (is(name, "table"))
		table_open(h);
	else if (is_heading(name) && !h->in_cell) {
		h->in_heading = true;
		text_fini(&h->heading);
	} else if (h->table_depth > 0)
		open_in_table(h, name, atts);
	else
		open_outside(h, name, atts);
}

static void close_outside(struct html *h, const xmlChar *name)
{
	if (is(name, "title")) {
		h->in_title = false;
		must(h, build_title(h->b, text_str(&h->title), line_now(h)));
	} else if (is(name, "p") || is(name, "div")) {
		if (h->bold > 0 && h->bold == h->para.len)
			must(h, build_caption_maybe(h->b, text_str(&h->para), line_now(h)));
		text_fini(&h->para);
		h->bold = 0;
	} else if ((is(name, "b") || is(name, "strong")) && h->bold_depth > 0) {
		h->bold_depth--;
	} else if (is(name, "a") && h->in_link) {
		h->in_link = false;
		must(h, build_reference(h->b, text_str(&h->link), h->target, line_now(h)));
	}
}

static void on_close(void *user, const xmlChar *name)
{
	struct html *h = user;
	if (h->failed != 0)
		return;
	h->depth -= h->depth > 0;
	if ((is(name, "script") || is(name, "style")) && h->ignore_depth > 0)
		h->ignore_depth--;
	if (is(name, "table"))
		table_close(h);
	else if (is_heading(name) && h->in_heading)
		heading_close(h, is(name, "h1"), is(name, "caption"));
	else if (h->table_depth == 1 && (is(name, "td") || is(name, "th")))
		cell_close(h);
	else if (h->table_depth == 1 && is(name, "tr"))
		row_close(h);
	else if (h->table_depth == 1 && is(name, "thead"))
		h->in_head = false;
	else if (h->table_depth > 0 && h->in_cell && (is(name, "p") || is_heading(name)))
		text_add_upto(&h->cell, "\n", 1, DOCUMENT_MAX_CELL);
	else if (h->table_depth == 0)
		close_outside(h, name);
}

/* A line end in the source is a blank; only markup breaks a line of a cell. Beyond the longest limit text is cut. */
static void add_characters(struct text *t, const xmlChar *s, int len)
{
	for (int i = 0; i < len; i++)
		text_add_upto(t, s[i] == '\n' ? " " : (const char *)&s[i], 1, DOCUMENT_MAX_CELL);
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
		if (h->in_cell)
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

/* libxml2 drops "</br>", which pages hold and browsers take for "<br>": "<br " is as long. NULL when there is none. */
static char *breaks_repair(const char *s, size_t len)
{
	char *copy = NULL;
	for (const char *p = s; (p = memchr(p, '<', len - (size_t)(p - s))) != NULL; p++) {
		if ((size_t)(p - s) + 4 > len || strncasecmp(p, "</br", 4) != 0)
			continue;
		if (copy == NULL) {
			copy = xmalloc(len + 1);
			memcpy(copy, s, len);
			copy[len] = '\0';
		}
		memcpy(copy + (p - s), "<br ", 4);
	}
	return copy;
}

static int parse_repaired(struct html *h, const char *s, size_t len)
{
	if (html_limits(h->b, s, len, h->line0 + 1) != 0)
		return -1;
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

static int parse(struct html *h, const char *s, size_t len)
{
	char *repaired = breaks_repair(s, len);
	int result = parse_repaired(h, repaired != NULL ? repaired : s, len);
	free(repaired);
	return result;
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
