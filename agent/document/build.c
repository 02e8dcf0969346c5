/*
 * Pieces of tables come in from the readers, tidy cells in a struct document go out. Whatever exceeds the limits of
 * document.h (rows, columns, bytes of a cell) is refused with the line before memory is taken for it.
 */
#include "document/build.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

/* Pages of this family carry "&amp;amp;" and "&amp;nbsp;" where an editor encoded text that was encoded already. */
static size_t entity_resolve(const char *s, char *out)
{
	static const struct {
		const char *name;
		char value;
	} entity[] = {{"&amp;", '&'}, {"&nbsp;", ' '}, {"&#160;", ' '}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}};
	for (size_t i = 0; i < sizeof(entity) / sizeof(entity[0]); i++)
		if (strncmp(s, entity[i].name, strlen(entity[i].name)) == 0) {
			*out = entity[i].value;
			return strlen(entity[i].name);
		}
	return 0;
}

char *cell_tidy(const char *s)
{
	char *out = xmalloc(strlen(s) + 1), resolved;
	size_t n = 0, size, skip;
	bool blank = false;
	while (*s != '\0') {
		uint32_t c = utf8_next(s, &size);
		if (c == '\n') {
			if (n > 0 && out[n - 1] != '\n')
				out[n++] = '\n';
			blank = false;
		} else if (utf8_is_space(c)) {
			blank = blank ||
			        (c != 0xad && c != 0x200b && c != 0x200c && c != 0x200d && c != 0x2060 && c != 0xfeff);
		} else {
			if (blank && n > 0 && out[n - 1] != '\n')
				out[n++] = ' ';
			blank = false;
			skip = c == '&' ? entity_resolve(s, &resolved) : 0;
			if (skip > 0 && resolved != ' ') {
				out[n++] = resolved;
				size = skip;
			} else if (skip > 0) {
				blank = true;
				size = skip;
			} else {
				memcpy(out + n, s, size);
				n += size;
			}
		}
		s += size;
	}
	while (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = '\0';
	return out;
}

void build_caption(struct build *b, const char *text)
{
	char *tidy = cell_tidy(text);
	if (*tidy == '\0') {
		free(tidy);
		return;
	}
	free(b->caption);
	b->caption = tidy;
}

int build_table(struct build *b, unsigned line)
{
	struct document *doc = b->doc;
	struct table *table;
	if (doc->n_table >= DOCUMENT_MAX_ROWS)
		return error_set(b->err, ERR_LIMIT, doc->file, "line %u: more than %u tables; split the document", line,
		        DOCUMENT_MAX_ROWS);
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
	if (++b->n_row > DOCUMENT_MAX_ROWS) {
		(void)error_set(b->err, ERR_LIMIT, b->doc->file, "line %u: more than %u table rows; split the document",
		        line, DOCUMENT_MAX_ROWS);
		return NULL;
	}
	table->row = xgrow(table->row, table->n_row, &table->cap_row, sizeof(*table->row));
	row = &table->row[table->n_row++];
	memset(row, 0, sizeof(*row));
	row->line = line;
	return row;
}

int build_cell(struct build *b, struct row *row, const char *text, unsigned line)
{
	struct cell *cell;
	if (row->n >= DOCUMENT_MAX_COLUMNS)
		return error_set(b->err, ERR_LIMIT, b->doc->file, "line %u: more than %u columns; split the table",
		        line, DOCUMENT_MAX_COLUMNS);
	if (strlen(text) > DOCUMENT_MAX_CELL)
		return error_set(b->err, ERR_LIMIT, b->doc->file, "line %u: a cell of more than %u bytes; shorten it",
		        line, DOCUMENT_MAX_CELL);
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

void build_table_drop(struct build *b)
{
	struct table *table = &b->doc->table[--b->doc->n_table];
	b->n_row -= table->n_row;
	table_fini(table);
}

void build_reference(struct build *b, const char *title, const char *target)
{
	struct document *doc = b->doc;
	struct reference *reference;
	if (*target == '\0' || *target == '#' || strstr(target, "://") != NULL || strncmp(target, "mailto:", 7) == 0)
		return;
	if (doc->n_reference >= DOCUMENT_MAX_ROWS)
		return;
	doc->reference = xgrow(doc->reference, doc->n_reference, &doc->cap_reference, sizeof(*doc->reference));
	reference = &doc->reference[doc->n_reference++];
	reference->title = cell_tidy(title);
	reference->target = xstrdup(target);
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
