/*
 * A port cell comes in, ports and stated transports go out. Lists, ranges, thousands separators and footnote marks are read
 * in the spellings of many languages; an unknown word, a bare pair of numbers or a number out of range is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/import.h"
#include "portcullis/utf8.h"

enum mark { MARK_NONE, MARK_RANGE, MARK_LIST };

struct scan {
	const char *s;
	struct ports *out;
	enum mark mark; /* between the last number and the next */
	bool between; /* "between X and Y": "and" makes a range */
	bool number_open; /* the last number may still become the start of a range */
	const char *reason;
};

void ports_fini(struct ports *p)
{
	free(p->range);
	memset(p, 0, sizeof(*p));
}

struct word {
	const char *text;
	enum mark mark;
};

static const struct word words[] = {
        {"bis", MARK_RANGE},
        {"to", MARK_RANGE},
        {"through", MARK_RANGE},
        {"a", MARK_RANGE},
        {"à", MARK_RANGE},
        {"até", MARK_RANGE},
        {"al", MARK_RANGE},
        {"hasta", MARK_RANGE},
        {"до", MARK_RANGE},
        {"по", MARK_RANGE},
        {"から", MARK_RANGE},
        {"至", MARK_RANGE},
        {"到", MARK_RANGE},
        {"에서", MARK_RANGE},
        {"und", MARK_LIST},
        {"oder", MARK_LIST},
        {"and", MARK_LIST},
        {"or", MARK_LIST},
        {"e", MARK_LIST},
        {"ou", MARK_LIST},
        {"y", MARK_LIST},
        {"o", MARK_LIST},
        {"et", MARK_LIST},
        {"и", MARK_LIST},
        {"или", MARK_LIST},
        {"及", MARK_LIST},
        {"和", MARK_LIST},
        {"与", MARK_LIST},
        {"と", MARK_LIST},
        {"また", MARK_LIST},
        {"및", MARK_LIST},
};

static const char *const between_words[] = {"between", "zwischen", "entre", "между", "之间", "の間", "tra", "在"};

static bool is_digit(uint32_t c)
{
	c = utf8_fold(c);
	return c >= '0' && c <= '9';
}

static bool is_range_mark(uint32_t c)
{
	return c == '-' || c == '~' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x301c || c == 0xff5e ||
	       c == 0xff0d;
}

static bool is_list_mark(uint32_t c)
{
	return c == '/' || c == ',' || c == ';' || c == '&' || c == '\n' || c == 0x3001 || c == 0xff0c || c == 0xff0f ||
	       c == 0x30fb;
}

static bool is_neutral(uint32_t c)
{
	return utf8_is_space(c) || c == '*' || c == ':' || c == '(' || c == ')' || c == '.' || c == '+' ||
	       c == 0x2020 || c == 0x2021 || c == 0xb9 || c == 0xb2 || c == 0xb3 || c == 0xff08 || c == 0xff09 ||
	       c == 0x3002;
}

static const char *digits_read(const char *s, unsigned long *value, size_t *n)
{
	size_t size;
	*value = 0;
	*n = 0;
	for (;; s += size) {
		uint32_t c = utf8_next(s, &size);
		if (size == 0 || !is_digit(c))
			return s;
		if (*value < 1000000)
			*value = *value * 10 + (utf8_fold(c) - '0');
		(*n)++;
	}
}

/* "50,000", "50.000" and "50 000" are one number; what would exceed 65535 that way is two. */
static const char *thousands_read(const char *s, size_t digits, unsigned long *value)
{
	unsigned long rest;
	size_t size, n;
	uint32_t c = utf8_next(s, &size);
	const char *end;
	if (digits > 2 || size == 0 || !(c == ',' || c == '.' || (c != '\n' && utf8_is_space(c))))
		return s;
	end = digits_read(s + size, &rest, &n);
	if (n != 3 || *value * 1000 + rest > 65535)
		return s;
	*value = *value * 1000 + rest;
	return end;
}

static int fail(struct scan *scan, const char *reason)
{
	scan->reason = reason;
	return -1;
}

static int number_add(struct scan *scan, unsigned long value)
{
	struct ports *out = scan->out;
	if (value == 0 || value > 65535)
		return fail(scan, "a port is between 1 and 65535");
	if (out->n > 0 && scan->mark == MARK_NONE)
		return fail(scan, "two numbers without a mark between them: list or range?");
	if (scan->mark == MARK_RANGE) {
		if (!scan->number_open)
			return fail(scan, "a range needs a number on both sides");
		if (value < out->range[out->n - 1].lo)
			return fail(scan, "the range is reversed");
		out->range[out->n - 1].hi = (uint16_t)value;
		scan->number_open = false;
	} else {
		out->range = xgrow(out->range, out->n, &out->cap, sizeof(*out->range));
		out->range[out->n].lo = out->range[out->n].hi = (uint16_t)value;
		out->n++;
		scan->number_open = true;
	}
	scan->mark = MARK_NONE;
	return 0;
}

static int number_scan(struct scan *scan)
{
	unsigned long value;
	size_t digits;
	scan->s = digits_read(scan->s, &value, &digits);
	scan->s = thousands_read(scan->s, digits, &value);
	return number_add(scan, value);
}

static int mark_set(struct scan *scan, enum mark mark)
{
	/* "50000 – / 59999" says two things at once. */
	if (mark == MARK_RANGE && scan->mark == MARK_RANGE)
		return fail(scan, "two range marks in a row");
	if (scan->mark != MARK_RANGE)
		scan->mark = mark;
	return 0;
}

static bool word_is(const char *s, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(s, text, n) == 0;
}

static int word_apply(struct scan *scan, const char *s, size_t n)
{
	if (word_is(s, n, "tcp"))
		scan->out->tcp = true;
	else if (word_is(s, n, "udp"))
		scan->out->udp = true;
	else {
		for (size_t i = 0; i < sizeof(between_words) / sizeof(between_words[0]); i++)
			if (word_is(s, n, between_words[i]))
				return 0;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (word_is(s, n, words[i].text))
				return mark_set(
				        scan, scan->between && words[i].mark == MARK_LIST ? MARK_RANGE : words[i].mark);
		return fail(scan, "a word in a port cell that is not understood");
	}
	return 0;
}

static int word_scan(struct scan *scan)
{
	char word[64];
	size_t n = 0, size;
	for (;; scan->s += size) {
		uint32_t c = utf8_next(scan->s, &size);
		if (size == 0 || is_digit(c) || is_range_mark(c) || is_list_mark(c) || is_neutral(c))
			return word_apply(scan, word, n);
		if (n + 4 > sizeof(word))
			return fail(scan, "text in a port cell");
		n += utf8_put(utf8_fold(c), word + n);
	}
}

static int cell_scan(struct scan *scan)
{
	size_t size;
	while (*scan->s != '\0') {
		uint32_t c = utf8_next(scan->s, &size);
		int result = 0;
		if (is_digit(c))
			result = number_scan(scan);
		else if (is_range_mark(c) || is_list_mark(c) || is_neutral(c)) {
			if (is_range_mark(c))
				result = mark_set(scan, MARK_RANGE);
			else if (is_list_mark(c))
				result = mark_set(scan, MARK_LIST);
			scan->s += size;
		} else
			result = word_scan(scan);
		if (result != 0)
			return -1;
	}
	if (scan->mark == MARK_RANGE)
		return fail(scan, "a range without an end");
	return scan->out->n > 0 ? 0 : fail(scan, "no port number");
}

int ports_parse(const char *cell, struct ports *out, const char **reason)
{
	struct scan scan = {.s = cell, .out = out};
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(between_words) / sizeof(between_words[0]); i++)
		scan.between = scan.between || strstr(cell, between_words[i]) != NULL;
	if (cell_scan(&scan) == 0)
		return 0;
	*reason = scan.reason;
	ports_fini(out);
	return -1;
}
