/*
 * A column and an index come in, the value of that instance or of the next one goes out. Rows are found by binary search
 * in the sorted arrays of the flat block; what is not there is refused by name. No SNMP library, no I/O, no clock.
 */
#include "snmp/table.h"

#include <string.h>
#include <time.h>

static struct flat_rows rows_of(const struct table_source *source, size_t table)
{
	const struct rule_rows *rules = source->rules;

	switch (table) {
	case TABLE_NOTIFY:
		return (struct flat_rows){(const uint8_t *)source->notify, sizeof(*source->notify), 1, 1};
	case TABLE_CONTROL:
		return (struct flat_rows){(const uint8_t *)source->control, sizeof(*source->control), 1, 1};
	case TABLE_RULE:
		return (struct flat_rows){(const uint8_t *)rules->row, sizeof(*rules->row), rules->n, 1};
	default:
		break;
	}
	return flat_rows(source->view, (enum flat_table)table);
}

/* An index that is cut off sorts before every row that it begins. */
static int index_cmp(const uint8_t *row, unsigned n_index, const uint32_t *index, size_t n)
{
	for (unsigned i = 0; i < n_index; i++) {
		uint32_t v;
		if (i >= n)
			return 1;
		memcpy(&v, row + i * sizeof(v), sizeof(v));
		if (v != index[i])
			return v < index[i] ? -1 : 1;
	}
	return n > n_index ? -1 : 0;
}

/* The first row that is not before index, or (beyond) that is after it. */
static size_t search(const struct flat_rows *rows, const uint32_t *index, size_t n, int beyond)
{
	size_t lo = 0, hi = rows->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (index_cmp(rows->base + mid * rows->size, rows->n_index, index, n) < beyond)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void value_set_date(struct value *v, int64_t wall)
{
	struct tm tm;
	time_t t = (time_t)wall;
	v->type = VALUE_OCTETS;
	v->octets = v->buf;
	v->len = 8;
	memset(v->buf, 0, sizeof(v->buf));
	if (wall <= 0 || gmtime_r(&t, &tm) == NULL)
		return;
	unsigned year = (unsigned)tm.tm_year + 1900;
	const unsigned field[] = {year >> 8, year & 0xff, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
	        (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec, 0, '+'};
	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++)
		v->buf[i] = (char)field[i];
	v->len = sizeof(v->buf);
}

/*
 * An event before the last start of the SNMP agent is at 0 (SNMPv2-TC, TimeStamp). Computed from the event alone, so that
 * it is the same in every answer.
 */
static uint32_t stamp(const struct table_source *source, int64_t at_ms)
{
	return at_ms == 0 || at_ms < source->boot_ms ? 0 : (uint32_t)((at_ms - source->boot_ms) / 10);
}

static uint32_t age_s(const struct table_source *source, int64_t at_ms)
{
	int64_t age = at_ms == 0 ? 0 : (source->now_ms - at_ms) / 1000;
	return age < 0 ? 0 : age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
}

static void project(const struct table_source *source, const uint8_t *row, const struct column *c, struct value *out)
{
	uint8_t small = row[c->offset];
	uint32_t number;
	int64_t time;
	switch (c->kind) {
	case COLUMN_ENUM:
		out->type = VALUE_INTEGER;
		out->number = small + 1u;
		return;
	case COLUMN_TRUTH:
		out->type = VALUE_INTEGER;
		out->number = small ? 1 : 2;
		return;
	case COLUMN_GAUGE:
	case COLUMN_COUNTER:
	case COLUMN_LOCK:
		memcpy(&number, row + c->offset, sizeof(number));
		out->type = c->kind == COLUMN_GAUGE     ? VALUE_GAUGE
		            : c->kind == COLUMN_COUNTER ? VALUE_COUNTER
		                                        : VALUE_INTEGER;
		out->number = number;
		return;
	case COLUMN_COUNTER64:
		memcpy(&out->wide, row + c->offset, sizeof(out->wide));
		out->type = VALUE_COUNTER64;
		return;
	case COLUMN_STRING:
		memcpy(&out->octets, row + c->offset, sizeof(out->octets));
		out->type = VALUE_OCTETS;
		out->len = strlen(out->octets);
		return;
	case COLUMN_TEXT:
		memcpy(&number, row + c->offset, sizeof(number));
		out->type = VALUE_OCTETS;
		out->octets = flat_text_get(source->view, number, &out->len);
		return;
	case COLUMN_STAMP:
	case COLUMN_AGE:
	case COLUMN_DATE:
		break;
	}
	memcpy(&time, row + c->offset, sizeof(time));
	if (c->kind == COLUMN_DATE) {
		value_set_date(out, time);
		return;
	}
	out->type = c->kind == COLUMN_STAMP ? VALUE_TICKS : VALUE_GAUGE;
	out->number = c->kind == COLUMN_STAMP ? stamp(source, time) : age_s(source, time);
}

const struct column *table_column(size_t table, uint32_t number)
{
	const struct table *t = &tables[table];

	for (size_t c = 0; c < t->n_column; c++)
		if (t->column[c].number == number)
			return &t->column[c];
	return NULL;
}

enum table_result table_get(
        const struct table_source *source, size_t table, const uint32_t *oid, size_t n, struct value *out)
{
	const struct column *column = n > 0 ? table_column(table, oid[0]) : NULL;
	const struct flat_rows rows = rows_of(source, table);
	if (column == NULL)
		return TABLE_NO_OBJECT;
	size_t i = search(&rows, oid + 1, n - 1, 0);
	if (i == rows.count || index_cmp(rows.base + i * rows.size, rows.n_index, oid + 1, n - 1) != 0)
		return TABLE_NO_INSTANCE;
	project(source, rows.base + i * rows.size, column, out);
	return TABLE_OK;
}

enum table_result table_next(const struct table_source *source, size_t table, const uint32_t *oid, size_t n,
        uint32_t next[TABLE_OID_MAX], size_t *n_next, struct value *out)
{
	const struct table *t = &tables[table];
	const struct flat_rows rows = rows_of(source, table);
	size_t c = 0, i = 0;
	while (n > 0 && c < t->n_column && t->column[c].number < oid[0])
		c++;
	if (n > 1 && c < t->n_column && t->column[c].number == oid[0])
		i = search(&rows, oid + 1, n - 1, 1);
	if (i == rows.count) {
		c++;
		i = 0;
	}
	if (c >= t->n_column || rows.count == 0)
		return TABLE_END;
	next[0] = t->column[c].number;
	memcpy(next + 1, rows.base + i * rows.size, rows.n_index * sizeof(*next));
	*n_next = 1 + rows.n_index;
	project(source, rows.base + i * rows.size, &t->column[c], out);
	return TABLE_OK;
}
