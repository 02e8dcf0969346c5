/*
 * The reading side of the block that flat_build() makes: rows and texts out of bytes that nobody is trusted to have
 * written well. A block that is not sound is refused as a whole, a text that is not inside it reads as empty.
 */
#include "portcullis/flat.h"

#include <string.h>

#define LAYOUT(table, row, index) [table] = {sizeof(row), index},

static const struct {
	uint32_t row_size;
	unsigned n_index;
} layout[FLAT_TABLE_N] = {FLAT_TABLES(LAYOUT)};

static int section_check(const struct flat *f, enum flat_table table, uint64_t size)
{
	const struct flat_section *s = &f->section[table];
	if (s->row_size != layout[table].row_size || s->offset % 8 != 0 || s->offset < sizeof(*f) || s->offset > size)
		return -1;
	if (s->count > FLAT_MAX_ROWS || (uint64_t)s->count * s->row_size > size - s->offset)
		return -1;
	return table == FLAT_SUMMARY && s->count != 1 ? -1 : 0;
}

int flat_open(const void *block, size_t size, struct flat_view *out)
{
	struct flat f;
	memset(out, 0, sizeof(*out));
	if (block == NULL || size < sizeof(f) || (uintptr_t)block % 8 != 0)
		return -1;
	memcpy(&f, block, sizeof(f));
	if (f.magic != FLAT_MAGIC || f.version != FLAT_VERSION || f.n_section != FLAT_TABLE_N || f.size != size)
		return -1;
	if (f.text_offset < sizeof(f) || f.text_offset > f.size || f.text_size > f.size - f.text_offset)
		return -1;
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++)
		if (section_check(&f, t, f.size) != 0)
			return -1;
	out->base = block;
	out->size = size;
	out->text_offset = f.text_offset;
	out->text_size = f.text_size;
	memcpy(out->section, f.section, sizeof(out->section));
	return 0;
}

struct flat_rows flat_rows(const struct flat_view *view, enum flat_table table)
{
	struct flat_rows rows = {.n_index = layout[table].n_index, .size = layout[table].row_size};
	if (view->base != NULL) {
		rows.base = view->base + view->section[table].offset;
		rows.count = view->section[table].count;
	}
	return rows;
}

const void *flat_row(const struct flat_view *view, enum flat_table table, size_t i)
{
	struct flat_rows rows = flat_rows(view, table);
	return i < rows.count ? rows.base + i * rows.size : NULL;
}

const char *flat_text_get(const struct flat_view *view, flat_text text, size_t *len)
{
	const uint8_t *at;
	*len = 0;
	if (view->base == NULL || view->text_size < FLAT_TEXT_HEAD || text > view->text_size - FLAT_TEXT_HEAD)
		return "";
	at = view->base + view->text_offset + text;
	size_t n = (size_t)at[0] << 8 | at[1];
	if (n > view->text_size - FLAT_TEXT_HEAD - text)
		return "";
	*len = n;
	return (const char *)at + FLAT_TEXT_HEAD;
}
