/*
 * Pieces of tables come in from the readers, tidy cells in a struct document go out. Whatever exceeds the limits of
 * document.h is refused with the line before memory is taken for it.
 */
#include "document/build.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

static const struct {
	const char *name, *value;
} entities[] = {
        {"nbsp;", " "},
        {"lt;", "<"},
        {"gt;", ">"},
        {"quot;", "\""},
        {"apos;", "'"},
        {"shy;", ""},
        {"ndash;", "\xe2\x80\x93"},
        {"mdash;", "\xe2\x80\x94"},
};

/* "#160;" or "#xa0;"; what is no number of a printable character stays as it is. */
static size_t number_resolve(const char *s, char *out)
{
	bool hex = s[1] == 'x' || s[1] == 'X';
	const char *digits = s + 1 + hex;
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	unsigned long c = n > 0 && n <= 7 && digits[n] == ';' ? strtoul(digits, NULL, hex ? 16 : 10) : 0;
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	out[utf8_put((uint32_t)c, out)] = '\0';
	return (size_t)(digits - s) + n + 1;
}

/*
 * Pages of this family carry "&amp;amp;" and "&amp;nbsp;" where an editor encoded text that was encoded already. s begins
 * with '&'; value has room for 5 bytes. Returns the length of what was read, 0 when it is a plain ampersand.
 */
static size_t entity_resolve(const char *s, char *value)
{
	const char *p = s + 1;
	size_t n;
	while (strncmp(p, "amp;", 4) == 0)
		p += 4;
	if (*p == '#' && (n = number_resolve(p, value)) > 0)
		return (size_t)(p - s) + n;
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (strncmp(p, entities[i].name, strlen(entities[i].name)) == 0) {
			strcpy(value, entities[i].value);
			return (size_t)(p - s) + strlen(entities[i].name);
		}
	strcpy(value, "&");
	return p > s + 1 ? (size_t)(p - s) : 0;
}

static bool is_zero_width(uint32_t c)
{
	return c == 0xad || c == 0x200b || c == 0x200c || c == 0x200d || c == 0x2060 || c == 0xfeff;
}

char *cell_tidy(const char *s)
{
	char *out = xmalloc(strlen(s) + 1);
	size_t n = 0, size;
	bool blank = false;
	while (*s != '\0') {
		char value[5];
		const char *from = s;
		size_t skip = *s == '&' ? entity_resolve(s, value) : 0;
		uint32_t c = utf8_next(skip > 0 ? value : s, &size);
		if (skip > 0)
			from = value;
		if (c == '\n') {
			if (n > 0 && out[n - 1] != '\n')
				out[n++] = '\n';
			blank = false;
		} else if (c == 0 || utf8_is_space(c)) {
			blank = blank || (c != 0 && !is_zero_width(c));
		} else {
			if (blank && n > 0 && out[n - 1] != '\n')
				out[n++] = ' ';
			blank = false;
			memcpy(out + n, from, size);
			n += size;
		}
		s += skip > 0 ? skip : size;
	}
	while (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = '\0';
	return out;
}

void text_add_upto(struct text *t, const char *s, size_t n, size_t max)
{
	if (t->len > max)
		return;
	text_addn(t, s, n <= max + 1 - t->len ? n : max + 1 - t->len);
}

int build_limit(const struct build *b, unsigned line, unsigned max, const char *what, const char *advice)
{
	return error_set(b->err, ERR_LIMIT, b->doc->file, "line %u: more than %u %s; %s", line, max, what, advice);
}

int build_caption(struct build *b, const char *text, unsigned line)
{
	char *tidy;
	if (strlen(text) > DOCUMENT_MAX_CAPTION)
		return build_limit(b, line, DOCUMENT_MAX_CAPTION, "bytes in a heading or caption", "shorten it");
	tidy = cell_tidy(text);
	if (*tidy == '\0') {
		free(tidy);
		return 0;
	}
	free(b->caption);
	b->caption = tidy;
	return 0;
}

int build_caption_maybe(struct build *b, const char *text, unsigned line)
{
	return strlen(text) <= DOCUMENT_MAX_CAPTION ? build_caption(b, text, line) : 0;
}

int build_table(struct build *b, unsigned line)
{
	struct document *doc = b->doc;
	struct table *table;
	if (doc->n_table >= DOCUMENT_MAX_TABLES)
		return build_limit(b, line, DOCUMENT_MAX_TABLES, "tables", "split the document");
	doc->table = xgrow(doc->table, doc->n_table, &doc->cap_table, sizeof(*doc->table));
	table = &doc->table[doc->n_table++];
	memset(table, 0, sizeof(*table));
	table->caption = xstrdup(b->caption != NULL ? b->caption : "");
	table->line = line;
	return 0;
}

struct row *build_row(struct build *b, unsigned line)
{
	struct table *table = &b->doc->table[b->doc->n_table - 1];
	struct row *row;
	if (b->n_row >= DOCUMENT_MAX_ROWS) {
		(void)build_limit(b, line, DOCUMENT_MAX_ROWS, "table rows", "split the document");
		return NULL;
	}
	b->n_row++;
	table->row = xgrow(table->row, table->n_row, &table->cap_row, sizeof(*table->row));
	row = &table->row[table->n_row++];
	memset(row, 0, sizeof(*row));
	row->line = line;
	return row;
}

int build_cell(struct build *b, struct row *row, const char *text, unsigned line)
{
	struct cell *cell;
	size_t len = strlen(text);
	if (row->n >= DOCUMENT_MAX_COLUMNS)
		return build_limit(b, line, DOCUMENT_MAX_COLUMNS, "columns", "split the table");
	if (len > DOCUMENT_MAX_CELL)
		return build_limit(b, line, DOCUMENT_MAX_CELL, "bytes in a cell", "shorten it");
	if (b->n_cell >= DOCUMENT_MAX_CELLS)
		return build_limit(b, line, DOCUMENT_MAX_CELLS, "table cells", "split the document");
	if (len > DOCUMENT_MAX_TEXT - b->n_text)
		return build_limit(
		        b, line, DOCUMENT_MAX_TEXT, "bytes in all cells", "split the document or use smaller rowspans");
	b->n_cell++;
	b->n_text += len;
	row->cell = xrealloc(row->cell, row->n + 1, sizeof(*row->cell));
	cell = &row->cell[row->n++];
	cell->text = cell_tidy(text);
	cell->line = line;
	return 0;
}

void row_fini(struct row *row)
{
	for (size_t i = 0; i < row->n; i++)
		free(row->cell[i].text);
	free(row->cell);
	memset(row, 0, sizeof(*row));
}

static void table_fini(struct table *table)
{
	free(table->caption);
	row_fini(&table->header);
	for (size_t i = 0; i < table->n_row; i++)
		row_fini(&table->row[i]);
	free(table->row);
}

/* "mailto:", "https:", "data:": a scheme ends before the path begins (RFC 3986 section 3.1). */
static bool has_scheme(const char *target)
{
	size_t n = strcspn(target, ":/?#");
	return target[n] == ':';
}

int build_reference(struct build *b, const char *title, const char *target, unsigned line)
{
	struct document *doc = b->doc;
	struct reference *reference;
	if (*target == '\0' || *target == '#' || has_scheme(target) || strncmp(target, "//", 2) == 0)
		return 0;
	if (strlen(target) > DOCUMENT_MAX_REFERENCE || strlen(title) > DOCUMENT_MAX_REFERENCE)
		return build_limit(b, line, DOCUMENT_MAX_REFERENCE, "bytes in a link", "shorten its text or target");
	if (doc->n_reference >= DOCUMENT_MAX_REFERENCES)
		return build_limit(b, line, DOCUMENT_MAX_REFERENCES, "links to other documents", "split the document");
	doc->reference = xgrow(doc->reference, doc->n_reference, &doc->cap_reference, sizeof(*doc->reference));
	reference = &doc->reference[doc->n_reference++];
	reference->title = cell_tidy(title);
	reference->target = xstrdup(target);
	return 0;
}

void document_fini(struct document *doc)
{
	free(doc->file);
	free(doc->title);
	free(doc->language);
	free(doc->article);
	free(doc->version);
	free(doc->body_product_hint);
	for (size_t i = 0; i < doc->n_table; i++)
		table_fini(&doc->table[i]);
	free(doc->table);
	for (size_t i = 0; i < doc->n_reference; i++) {
		free(doc->reference[i].title);
		free(doc->reference[i].target);
	}
	free(doc->reference);
	memset(doc, 0, sizeof(*doc));
}
