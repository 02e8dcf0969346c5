/*
 * HTML comes in before the library sees it; nothing goes out but yes or no. Refused, with the line, are a tag with too many
 * attributes, for libxml2 compares each with all before it, and too many different names, for its dictionary stops growing.
 * Tags are told apart as libxml2 does it (2.9, htmlParseStartTag), so that nothing hides from the count.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "document/build.h"

/* Names seen, as bits chosen by a hash: two that share a bit count once, which the limit leaves room for. */
#define NAME_BITS 17

struct names {
	uint8_t seen[1u << (NAME_BITS - 3)];
	size_t n;
};

/* FNV-1a, case folded. */
static void name_note(struct names *names, const char *s, const char *end)
{
	uint32_t hash = 2166136261u;
	for (; s < end; s++)
		hash = (hash ^ (uint32_t)tolower((unsigned char)*s)) * 16777619u;
	hash = (hash >> NAME_BITS ^ hash) & ((1u << NAME_BITS) - 1);
	names->n += (names->seen[hash / 8] >> hash % 8 & 1) == 0;
	names->seen[hash / 8] = (uint8_t)(names->seen[hash / 8] | 1u << hash % 8);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == ':' || c == '-' || c == '_' || c == '.';
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == ':' || c == '_' || c == '.';
}

/* libxml2 cuts names: what follows the cut is the next attribute. */
#define MAX_NAME 100

static const char *name_skip(const char *p, const char *end)
{
	const char *cut = end - p > MAX_NAME ? p + MAX_NAME : end;
	while (p < cut && is_name(*p))
		p++;
	return p;
}

static const char *blanks_skip(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static bool at_end(const char *p, const char *end)
{
	return p >= end || *p == '>' || (*p == '/' && p + 1 < end && p[1] == '>');
}

static const char *value_skip(const char *p, const char *end)
{
	p = blanks_skip(p, end);
	if (p < end && (*p == '"' || *p == '\'')) {
		const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
		return close != NULL ? close + 1 : end;
	}
	while (p < end && *p != '>' && !is_blank(*p))
		p++;
	return p;
}

/* From behind the tag's name to its end; *n is the number of attributes. */
static const char *attributes_skip(struct names *names, const char *p, const char *end, size_t *n)
{
	const char *name;
	*n = 0;
	for (p = blanks_skip(p, end); !at_end(p, end); p = blanks_skip(p, end)) {
		if (!is_name_start(*p)) {
			while (!at_end(p, end) && !is_blank(*p))
				p++;
			continue;
		}
		++*n;
		name = p;
		p = name_skip(p, end);
		name_note(names, name, p);
		p = blanks_skip(p, end);
		if (p < end && *p == '=')
			p = value_skip(p + 1, end);
	}
	return p;
}

static const char *comment_skip(const char *p, const char *end)
{
	const char *from = p + 4;
	if (from < end && *from == '>')
		return from;
	for (p = from; p < end; p++)
		if (*p == '>' && p >= from + 1 && p[-1] == '-' && (p == from + 1 || p[-2] == '-'))
			return p;
		else if (*p == '>' && p >= from + 3 && memcmp(p - 3, "--!", 3) == 0)
			return p;
	return end;
}

/* To the end tag of a script or style sheet, whose text may look like tags. */
static const char *raw_skip(const char *p, const char *end, const char *name, size_t n)
{
	for (; p + n + 2 <= end; p++)
		if (*p == '<' && p[1] == '/' && strncasecmp(p + 2, name, n) == 0)
			return p;
	return end;
}

static unsigned lines_between(const char *p, const char *end)
{
	unsigned n = 0;
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

int html_limits(const struct build *b, const char *s, size_t len, unsigned line)
{
	const char *end = s + len;
	struct names names = {.n = 0};
	for (const char *p = s; (p = memchr(p, '<', (size_t)(end - p))) != NULL;) {
		const char *name = p + 1, *after;
		size_t n;
		if (end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
			p = comment_skip(p, end);
			continue;
		}
		if (name >= end || !is_name_start(*name)) {
			p++;
			continue;
		}
		after = name_skip(name, end);
		name_note(&names, name, after);
		p = attributes_skip(&names, after, end, &n);
		if (n > DOCUMENT_MAX_ATTRIBUTES)
			return build_limit(b, line + lines_between(s, name), DOCUMENT_MAX_ATTRIBUTES,
			        "attributes in a tag", "shorten it");
		if (names.n > DOCUMENT_MAX_NAMES)
			return build_limit(b, line + lines_between(s, name), DOCUMENT_MAX_NAMES,
			        "different names of tags and attributes", "give a page of HTML");
		if (p < end && *p == '>' && after - name == 6 && strncasecmp(name, "script", 6) == 0)
			p = raw_skip(p, end, "script", 6);
		else if (p < end && *p == '>' && after - name == 5 && strncasecmp(name, "style", 5) == 0)
			p = raw_skip(p, end, "style", 5);
	}
	return 0;
}
