/*
 * A port cell comes in, ports and stated transports go out. Lists, ranges, thousands separators and footnote marks are read
 * in the spellings of many languages; an unknown word, a bare pair of numbers or a number out of range is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/import.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

enum mark { MARK_NONE, MARK_RANGE, MARK_LIST };
enum { IS_TCP = 1, IS_UDP = 2 };

struct scan {
	const char *cell, *s; /* folded */
	struct ports *out;
	enum mark mark; /* between the last number and the next */
	bool between, range_seen; /* "between X and Y": "and" makes a range, and there must be one */
	bool number_open; /* the last number may still become the start of a range */
	unsigned stated, group; /* transports of the groups so far, and of the group that is being read */
	bool group_open, number_first, number_last;
	const char *reason;
};

void ports_fini(struct ports *p)
{
	free(p->range);
	memset(p, 0, sizeof(*p));
}

enum word_kind { WORD_RANGE, WORD_LIST, WORD_BETWEEN, WORD_NEUTRAL, WORD_TCP, WORD_UDP };

/* All of them folded. */
static const struct {
	enum word_kind kind;
	const char *words; /* each with a blank after it */
} word_lists[] = {
        {WORD_TCP, "tcp "},
        {WORD_UDP, "udp "},
        {WORD_RANGE, "bis to through thru a à ao até al alla hasta jusqu'à jusqu’à до по から より 至 到 에서 부터 "},
        {WORD_LIST, "und oder sowie and or e ed o ou y u et и или 和 与 與 及 以及 或 或者 跟 と および 及び または "
                    "又は もしくは ならびに 並びに また や 및 또는 와 과 그리고 "},
        {WORD_BETWEEN, "between zwischen entre между tra fra 之间 之間 之间的 之間的 の間 間 介于 介於 사이 사이의 "},
        {WORD_NEUTRAL,
                "port ports portas porta porte puerto puertos порт порты порта портов ポート 포트 端口 連接埠 通訊埠 "
                "from von vom de du del desde da dal dalla от с со 从 從 由 自 在 まで 까지 の 的 の範囲 範囲 범위 "
                "范围 "
                "範圍 range bereich plage intervalo intervallo диапазон "},
};

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_range_mark(uint32_t c)
{
	return c == '-' || c == '~' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x223c || c == 0x301c ||
	       c == 0xfe58 || c == 0xfe63;
}

/* The long vowel of Japanese is typed for a dash, but stands inside words too. */
static bool is_range_mark_alone(uint32_t c)
{
	return c == 0x30fc || c == 0xff70;
}

static bool is_list_mark(uint32_t c)
{
	return c == '/' || c == ',' || c == ';' || c == '&' || c == '\n' || c == 0x3001 || c == 0x30fb || c == 0xff64;
}

/* Blanks, brackets around a transport, and marks of footnotes. */
static bool is_neutral(uint32_t c)
{
	return utf8_is_space(c) || c == '*' || c == '\\' || c == ':' || c == '(' || c == ')' || c == '.' ||
	       c == 0x2020 || c == 0x2021 || c == 0x203b || c == 0xb9 || c == 0xb2 || c == 0xb3 || c == 0x3002;
}

/* Scripts without blanks between words. */
static bool is_eastern(uint32_t c)
{
	return c >= 0x2e80 && !is_neutral(c) && !is_list_mark(c) && !is_range_mark(c);
}

static const char *digits_read(const char *s, unsigned long *value, size_t *n)
{
	*value = 0;
	for (*n = 0; is_digit((unsigned char)*s); s++, (*n)++)
		if (*value < 1000000)
			*value = *value * 10 + (unsigned long)(*s - '0');
	return s;
}

static bool is_thousands_mark(uint32_t c)
{
	return c == ',' || c == '.' || c == '\'' || c == 0x2019 || (c != '\n' && utf8_is_space(c));
}

/* "50,000", "50.000" and "50 000" are one number; what would exceed 65535 that way is two. */
static const char *thousands_read(const char *s, size_t digits, unsigned long *value)
{
	unsigned long rest;
	size_t size, n;
	uint32_t c = utf8_next(s, &size);
	const char *end;
	if (digits > 2 || size == 0 || !is_thousands_mark(c))
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
		scan->range_seen = true;
	} else {
		out->range = xgrow(out->range, out->n, &out->cap, sizeof(*out->range));
		out->range[out->n].lo = out->range[out->n].hi = (uint16_t)value;
		out->n++;
		scan->number_open = true;
	}
	scan->mark = MARK_NONE;
	return 0;
}

/* "443/TCP, 3478/UDP": which port goes with which transport cannot be said in one row. */
static int group_end(struct scan *scan)
{
	if (!scan->group_open)
		return 0;
	scan->group_open = false;
	if (scan->stated != 0 && scan->stated != scan->group)
		return fail(scan, "ports of different transports in one cell: make a row of each");
	scan->stated = scan->group;
	scan->group = 0;
	return 0;
}

static int number_scan(struct scan *scan)
{
	unsigned long value;
	size_t digits;
	if (group_end(scan) != 0)
		return -1;
	scan->number_first = scan->number_first || scan->stated == 0;
	scan->number_last = true;
	scan->s = digits_read(scan->s, &value, &digits);
	if (digits > 5)
		return fail(scan, "a port is between 1 and 65535");
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

static void transport_add(struct scan *scan, unsigned transport)
{
	scan->group_open = true;
	scan->number_last = false;
	scan->group |= transport;
}

static int word_apply(struct scan *scan, enum word_kind kind)
{
	if (kind == WORD_RANGE)
		return mark_set(scan, MARK_RANGE);
	if (kind == WORD_LIST)
		return mark_set(scan, scan->between ? MARK_RANGE : MARK_LIST);
	if (kind == WORD_TCP)
		transport_add(scan, IS_TCP);
	else if (kind == WORD_UDP)
		transport_add(scan, IS_UDP);
	return 0;
}

/* The length of the word at s: up to a mark or number, or to the next script. */
static size_t word_length(const char *s)
{
	size_t n = 0, size;
	bool eastern = is_eastern(utf8_next(s, &size));
	for (;; n += size) {
		uint32_t c = utf8_next(s + n, &size);
		if (size == 0 || is_digit(c) || is_range_mark(c) || is_list_mark(c) || is_neutral(c) ||
		        is_eastern(c) != eastern)
			return n;
	}
}

/* The known word at s: all n bytes, or the longest one that they begin with. @return its length, or 0. */
static size_t word_find(const char *s, size_t n, bool whole, enum word_kind *kind)
{
	size_t longest = 0;
	for (size_t i = 0; i < sizeof(word_lists) / sizeof(word_lists[0]); i++)
		for (const char *word = word_lists[i].words; *word != '\0';) {
			size_t len = strcspn(word, " ");
			if (len <= n && len > longest && (!whole || len == n) && memcmp(word, s, len) == 0) {
				longest = len;
				*kind = word_lists[i].kind;
			}
			word += len + 1;
		}
	return longest;
}

/* "E911" and "443a": a letter that touches a number is part of a name, not a word of its own. */
static bool is_single_letter_at_number(const struct scan *scan, size_t n)
{
	size_t size;
	(void)utf8_next(scan->s, &size);
	return n == size &&
	       ((scan->s > scan->cell && is_digit((unsigned char)scan->s[-1])) || is_digit((unsigned char)scan->s[n]));
}

static int word_scan(struct scan *scan)
{
	enum word_kind kind = WORD_NEUTRAL;
	size_t size, n = word_length(scan->s);
	bool eastern = is_eastern(utf8_next(scan->s, &size));
	size_t found = word_find(scan->s, n, !eastern, &kind);
	if (found == 0 || (!eastern && is_single_letter_at_number(scan, n)))
		return fail(scan, "a word in a port cell that is not understood");
	scan->s += found;
	return word_apply(scan, kind);
}

static int cell_scan(struct scan *scan)
{
	size_t size;
	while (*scan->s != '\0') {
		uint32_t c = utf8_next(scan->s, &size);
		int result = 0;
		if (is_digit(c))
			result = number_scan(scan);
		else if (is_range_mark(c) || is_range_mark_alone(c) || is_list_mark(c) || is_neutral(c)) {
			if (is_range_mark(c) || is_range_mark_alone(c))
				result = mark_set(scan, MARK_RANGE);
			else if (is_list_mark(c))
				result = mark_set(scan, MARK_LIST);
			scan->s += size;
		} else
			result = word_scan(scan);
		if (result != 0)
			return -1;
	}
	if (group_end(scan) != 0)
		return -1;
	if (scan->mark == MARK_RANGE)
		return fail(scan, "a range without an end");
	if (scan->between && !scan->range_seen)
		return fail(scan, "\"between\" without two ends");
	if (scan->number_first && scan->number_last && scan->stated != 0)
		return fail(scan, "a transport that is stated for some of the ports: make a row of each");
	return scan->out->n > 0 ? 0 : fail(scan, "no port number");
}

static char *fold(const char *s)
{
	struct text out = {0};
	char buf[4];
	size_t size;
	for (;; s += size) {
		uint32_t c = utf8_fold(utf8_next(s, &size));
		if (size == 0)
			return text_take(&out);
		text_addn(&out, buf, utf8_put(c, buf));
	}
}

static bool has_between(const char *cell)
{
	enum word_kind kind = WORD_NEUTRAL;
	size_t size;
	for (const char *s = cell; *s != '\0'; s += size) {
		size_t n = word_length(s);
		bool eastern = is_eastern(utf8_next(s, &size));
		if (n == 0)
			continue;
		if (!eastern)
			size = n;
		if (word_find(s, n, !eastern, &kind) > 0 && kind == WORD_BETWEEN)
			return true;
	}
	return false;
}

int ports_parse(const char *cell, struct ports *out, const char **reason)
{
	char *folded = fold(cell);
	struct scan scan = {.cell = folded, .s = folded, .out = out, .between = has_between(folded)};
	int result;
	memset(out, 0, sizeof(*out));
	result = cell_scan(&scan);
	free(folded);
	if (result == 0) {
		out->tcp = (scan.stated & IS_TCP) != 0;
		out->udp = (scan.stated & IS_UDP) != 0;
		return 0;
	}
	*reason = scan.reason;
	ports_fini(out);
	return -1;
}
