/*
 * A snapshot comes in, one block without pointers goes out: header, sorted rows, texts. Equal texts are stored once,
 * but for those that are unique anyway. Refused are more rows or texts than the header can count.
 */
#include <stdlib.h>
#include <string.h>

#include "flat_build.h"
#include "portcullis/alloc.h"
#include "portcullis/pins.h"

#define LAYOUT(table, row, index) [table] = {sizeof(row), index},

static const struct {
	uint32_t row_size;
	unsigned n_index;
} layout[FLAT_TABLE_N] = {FLAT_TABLES(LAYOUT)};

uint32_t flat_sequence(uint64_t sequence)
{
	return sequence == 0 ? 0 : (uint32_t)((sequence - 1) % UINT32_MAX + 1);
}

void *flat_builder_row(struct flat_builder *b, enum flat_table table, size_t i)
{
	return (uint8_t *)b->block + b->block->section[table].offset + i * layout[table].row_size;
}

static flat_text text_append(struct flat_builder *b, const char *s, size_t len)
{
	const char head[FLAT_TEXT_HEAD] = {(char)(len >> 8), (char)(len & 0xff)};
	size_t at = b->text.len;
	if (at + FLAT_TEXT_HEAD + len > UINT32_MAX) {
		b->full = true;
		return 0;
	}
	text_addn(&b->text, head, sizeof(head));
	text_addn(&b->text, s, len);
	return (flat_text)at;
}

/* Where s is longer than a text may be: its beginning, cut between two characters, and "...". */
static const char *text_cut(const char *s, size_t *len, char buf[FLAT_TEXT_MAX])
{
	size_t n = strnlen(s, FLAT_TEXT_MAX + 1);
	*len = n;
	if (n <= FLAT_TEXT_MAX)
		return s;
	n = FLAT_TEXT_MAX - 3;
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	memcpy(buf, s, n);
	memcpy(buf + n, "...", 3);
	*len = n + 3;
	return buf;
}

/* A text that no other row has. */
flat_text flat_put_unique(struct flat_builder *b, const char *s)
{
	char buf[FLAT_TEXT_MAX];
	size_t len;
	s = text_cut(s != NULL ? s : "", &len, buf);
	return len == 0 ? 0 : text_append(b, s, len);
}

static size_t text_hash(const char *s, size_t len)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

static bool text_equal(const struct flat_builder *b, flat_text at, const char *s, size_t len)
{
	const unsigned char *t = (const unsigned char *)b->text.s + at;
	return ((size_t)t[0] << 8 | t[1]) == len && memcmp(t + FLAT_TEXT_HEAD, s, len) == 0;
}

static void slots_grow(struct flat_builder *b)
{
	size_t n = b->n_slot == 0 ? 1024 : b->n_slot * 2;
	flat_text *slot = xcalloc(n, sizeof(*slot));
	for (size_t i = 0; i < b->n_slot; i++) {
		flat_text at = b->slot[i];
		if (at == 0)
			continue;
		const unsigned char *t = (const unsigned char *)b->text.s + at;
		size_t to = text_hash((const char *)t + FLAT_TEXT_HEAD, (size_t)t[0] << 8 | t[1]) & (n - 1);
		while (slot[to] != 0)
			to = (to + 1) & (n - 1);
		slot[to] = at;
	}
	free(b->slot);
	b->slot = slot;
	b->n_slot = n;
}

flat_text flat_put(struct flat_builder *b, const char *s)
{
	char buf[FLAT_TEXT_MAX];
	size_t len;
	s = text_cut(s != NULL ? s : "", &len, buf);
	if (len == 0)
		return 0;
	if (b->used * 2 >= b->n_slot)
		slots_grow(b);
	size_t i = text_hash(s, len) & (b->n_slot - 1);
	while (b->slot[i] != 0) {
		if (text_equal(b, b->slot[i], s, len))
			return b->slot[i];
		i = (i + 1) & (b->n_slot - 1);
	}
	flat_text at = text_append(b, s, len);
	if (at != 0) {
		b->slot[i] = at;
		b->used++;
	}
	return at;
}

/* Texts of several parts are put together in b->scratch: flat_join() adds a part, flat_put_scratch() ends. */

void flat_join(struct flat_builder *b, const char *part)
{
	if (b->scratch.len > 0)
		text_add(&b->scratch, ", ");
	text_add(&b->scratch, part);
}

flat_text flat_put_scratch(struct flat_builder *b)
{
	flat_text at = flat_put(b, text_str(&b->scratch));
	text_fini(&b->scratch);
	return at;
}

static int index_cmp(const void *a, const void *b, void *n_index)
{
	const uint32_t *x = a, *y = b;
	for (unsigned i = 0; i < *(const unsigned *)n_index; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static void sort_rows(struct flat_builder *b, enum flat_table table)
{
	unsigned n_index = layout[table].n_index;
	uint8_t *row = flat_builder_row(b, table, 0);
	size_t size = layout[table].row_size, count = b->block->section[table].count;
	for (size_t i = 1; i < count; i++)
		if (index_cmp(row + (i - 1) * size, row + i * size, &n_index) > 0) {
			qsort_r(row, count, size, index_cmp, &n_index);
			return;
		}
}

bool flat_product_is_first(const struct flat_builder *b, size_t i)
{
	return i == 0 || b->pack[i - 1]->id != b->pack[i]->id;
}

bool flat_role_is_first(const struct flat_builder *b, size_t i, uint32_t id)
{
	for (; !flat_product_is_first(b, i); i--)
		for (size_t k = 0; k < b->pack[i - 1]->n_role; k++)
			if (b->pack[i - 1]->role[k].id == id)
				return false;
	return true;
}

bool flat_requirement_is_first(const struct flat_builder *b, size_t i, uint32_t id)
{
	for (; !flat_product_is_first(b, i); i--)
		if (pack_requirement_find(b->pack[i - 1], id) != NULL)
			return false;
	return true;
}

static void count_rows(const struct flat_builder *b, size_t count[FLAT_TABLE_N])
{
	memset(count, 0, FLAT_TABLE_N * sizeof(*count));
	count[FLAT_SUMMARY] = 1;
	for (size_t i = 0; i < b->n_pack; i++) {
		const struct pack *pack = b->pack[i];
		count[FLAT_PRODUCT] += flat_product_is_first(b, i);
		for (size_t k = 0; k < pack->n_role; k++)
			count[FLAT_ROLE] += flat_role_is_first(b, i, pack->role[k].id);
		for (size_t k = 0; k < pack->n_requirement; k++)
			count[FLAT_REQUIREMENT] += flat_requirement_is_first(b, i, pack->requirement[k].id);
	}
	count[FLAT_DEPLOYMENT] = b->site != NULL ? b->site->n_deployment : 0;
	count[FLAT_GROUP] = b->site != NULL ? b->site->n_group : 0;
	if (b->flows != NULL)
		count[FLAT_FLOW] = b->flows->n < b->s->findings.n ? b->flows->n : b->s->findings.n;
	count[FLAT_PROBLEM] = b->s->n_problem;
	count[FLAT_OPENING] = b->s->openings.n;
	count[FLAT_HISTORY] = b->s->n_history;
	count[FLAT_IPSEC] = b->ipsec.n;
}

/* The header and room for every row. */
static int block_new(struct flat_builder *b)
{
	size_t count[FLAT_TABLE_N], size = sizeof(struct flat);
	_Static_assert(sizeof(struct flat) % 8 == 0, "rows are aligned to 8");
	count_rows(b, count);
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++) {
		if (count[t] > FLAT_MAX_ROWS)
			return -1;
		size += (count[t] * layout[t].row_size + 7) / 8 * 8;
	}
	b->block = xcalloc(1, size);
	*b->block = (struct flat){
	        .magic = FLAT_MAGIC, .version = FLAT_VERSION, .n_section = FLAT_TABLE_N, .text_offset = size};
	size = sizeof(struct flat);
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++) {
		b->block->section[t] = (struct flat_section){size, layout[t].row_size, (uint32_t)count[t]};
		size += (count[t] * layout[t].row_size + 7) / 8 * 8;
	}
	return 0;
}

static void block_fill(struct flat_builder *b)
{
	text_append(b, "", 0); /* the empty text lies at 0 */
	flat_fill(b);
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++)
		sort_rows(b, t);
}

int flat_build(const struct snapshot *s, void **out, size_t *size)
{
	struct flat_builder b = {.s = s};
	int result = -1;
	*out = NULL;
	*size = 0;
	if (s->inputs != NULL) {
		b.site = s->inputs->site;
		b.catalog = s->inputs->catalog;
		b.flows = &s->inputs->flows;
	}
	if (b.catalog != NULL) {
		b.pack = site_packs(b.site, b.catalog);
		b.n_pack = b.catalog->n_pack;
	}
	if (b.catalog != NULL && b.site != NULL)
		ipsec_decide(b.site, b.catalog, &s->inputs->network, s->ruleset != NULL ? s->ruleset->policies : NULL,
		        &b.ipsec);
	if (block_new(&b) == 0)
		block_fill(&b);
	if (b.block != NULL && !b.full) {
		size_t rows = b.block->text_offset;
		b.block->text_size = b.text.len;
		b.block->size = rows + b.text.len;
		b.block = xrealloc(b.block, 1, rows + b.text.len);
		memcpy((uint8_t *)b.block + rows, b.text.s, b.text.len);
		*size = rows + b.text.len;
		*out = b.block;
		b.block = NULL;
		result = 0;
	}
	ipsec_findings_fini(&b.ipsec);
	free(b.pack);
	free(b.block);
	free(b.slot);
	text_fini(&b.text);
	text_fini(&b.scratch);
	return result;
}

/* Equal rows are equal bytes, and so are their texts: both are put together in the same order from nothing else. */
bool flat_same_tables(const void *a, const void *b)
{
	const struct flat *x = a, *y = b;
	const uint8_t *p = a, *q = b;

	if (x == NULL || y == NULL || x->text_offset != y->text_offset || x->table_text_size != y->table_text_size ||
	        memcmp(x->section, y->section, sizeof(x->section)) != 0)
		return false;
	size_t rows = x->section[FLAT_SUMMARY + 1].offset; /* the summary comes first */
	return memcmp(p + rows, q + rows, x->text_offset - rows) == 0 &&
	       memcmp(p + x->text_offset, q + x->text_offset, x->table_text_size) == 0;
}

void flat_stamp(void *block, int64_t tables_changed_ms, int64_t sure_ms)
{
	struct flat *f = block;
	struct flat_summary *row = (struct flat_summary *)((uint8_t *)block + f->section[FLAT_SUMMARY].offset);

	row->tables_changed_ms = tables_changed_ms;
	row->sure_ms = sure_ms;
}
