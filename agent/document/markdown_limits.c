/*
 * Markdown comes in before the library sees it; nothing goes out but yes or no. Refused, with the line, is what cmark-gfm
 * would take quadratic time or a multiple of its size in memory for: deep nesting, lines of pipes, floods of marks.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "document/build.h"

/*
 * Steps that the library may take beyond its linear pass, at about a nanosecond each. A table's header is searched in the
 * whole paragraph before it, and "<?", "<!X" and "<![" look for their end in the rest of the paragraph.
 */
#define MAX_STEPS (512ul * 1024 * 1024)
/* What a line of a paragraph costs when it is searched for a table's header, besides its bytes. */
#define STEPS_PER_LINE 200
/* A list in a list is indented by two columns at least. */
#define MAX_INDENT (2 * DOCUMENT_MAX_CONTAINERS)
/* CommonMark 0.29 section 4.7: a link label has at most 999 characters; the library counts bytes. */
#define MAX_LABEL 1000

struct scan {
	const struct build *b;
	const char *end;
	unsigned line;
	size_t marks, brackets, longest; /* of the text; bytes of the longest link definition */
	unsigned longest_line;
	const char *title_end[3]; /* of the last title in "", '' and (): one that stays open is searched once */
	unsigned long header_steps, declaration_steps;
	unsigned declaration_line, first_declaration; /* where there were too many of the latter; of the paragraph */
	/* The lines since the last blank one: a paragraph is never longer. */
	unsigned long search; /* steps that one search for a table's header takes in them */
	size_t bytes, to_pipe, declarations;
};

/* Markers of block quotes and lists before the text of a line; *text is what follows them. */
static size_t containers_count(const char *s, const char *end, const char **text, size_t *indent)
{
	size_t n = 0;
	*indent = 0;
	while (s < end) {
		const char *p = s;
		while (p < end && (*p == ' ' || *p == '\t'))
			*indent += *p++ == '\t' ? 4 : 1;
		s = p;
		while (p < end && isdigit((unsigned char)*p))
			p++;
		if (p > s && (p >= end || (*p != '.' && *p != ')')))
			break;
		if (p >= end || strchr(">-+*.)", *p) == NULL || (p == s && (*p == '.' || *p == ')')))
			break;
		if (*p++ != '>' && p < end && *p != ' ' && *p != '\t')
			break;
		n++;
		s = p;
	}
	*text = s;
	return n;
}

static bool is_delimiter_row(const char *s, const char *end)
{
	bool dash = false;
	for (; s < end; s++) {
		dash = dash || *s == '-';
		if (strchr("|:- \t\v\f", *s) == NULL)
			return false;
	}
	return dash;
}

/* The end of a title whose text begins at p: its closing mark or the next blank line. */
static const char *title_end(struct scan *scan, const char *p, char open)
{
	const char **end = &scan->title_end[open == '"' ? 0 : open == '\'' ? 1 : 2];
	char close = (char)(open == '(' ? ')' : open);
	if (*end != NULL && p < *end)
		return *end;
	for (; p < scan->end && *p != close; p++)
		if (*p == '\\' && p + 1 < scan->end)
			p++;
		else if (*p == '\n' && p + 1 < scan->end && p[1] == '\n')
			break;
	*end = p < scan->end ? p : scan->end;
	return *end;
}

/* Bytes of a link definition whose label begins at s, 0 when it is none: what each use of it copies. */
static size_t definition_length(struct scan *scan, const char *s)
{
	const char *end = scan->end, *p = s + 1;
	const char *label_end = end - s > MAX_LABEL ? s + MAX_LABEL : end;
	while (p < label_end && *p != ']' && *p != '[')
		p += *p == '\\' ? 2 : 1;
	if (p + 1 >= label_end || *p != ']' || p[1] != ':')
		return 0;
	p += 2;
	p += strspn(p, " \t\n>");
	if (*p == '<')
		while (p < end && *p != '>' && *p != '\n')
			p += *p == '\\' ? 2 : 1;
	while (p < end && strchr(" \t\n", *p) == NULL)
		p++;
	p += p < end ? strspn(p, " \t\n>") : 0;
	if (p < end && strchr("\"'(", *p) != NULL)
		p = title_end(scan, p + 1, *p);
	return (size_t)((p < end ? p : end) - s);
}

static void definition_note(struct scan *scan, const char *s)
{
	size_t n = definition_length(scan, s);
	if (n <= scan->longest)
		return;
	scan->longest = n;
	scan->longest_line = scan->line;
}

/* What one line adds: marks, pipes, the distance to the last pipe, declarations that may stay open. */
static size_t characters_count(struct scan *scan, const char *s, const char *end)
{
	size_t pipes = 0;
	for (; s < end; s++, scan->bytes++, scan->to_pipe++) {
		scan->marks += strchr("`\\&_*[]<!|", *s) != NULL;
		scan->brackets += *s == '[';
		if (*s == '|') {
			pipes++;
			scan->to_pipe = 0;
		}
		if (*s == '<' && s + 1 < end &&
		        (s[1] == '?' || (s[1] == '!' && s + 2 < end && (s[2] == '[' || isalpha((unsigned char)s[2])))))
			scan->first_declaration = scan->declarations++ == 0 ? scan->line : scan->first_declaration;
	}
	return pipes;
}

static void paragraph_end(struct scan *scan)
{
	scan->declaration_steps += scan->declarations * scan->bytes;
	if (scan->declaration_line == 0 && scan->declaration_steps > MAX_STEPS)
		scan->declaration_line = scan->first_declaration;
	scan->search = 0;
	scan->bytes = scan->to_pipe = scan->declarations = 0;
}

/* A blank line, also in block quotes, and the line under a heading; only lines that end a paragraph everywhere. */
static bool ends_paragraph(const char *s, const char *end)
{
	size_t blanks = 0, dashes;
	const char *p = s;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end)
		return true;
	if (p - s > 3 || memchr(s, '\t', (size_t)(p - s)) != NULL)
		return false;
	for (dashes = 0; p + dashes < end && p[dashes] == '-';)
		dashes++;
	if (dashes >= 3 && p + dashes == end)
		return true;
	for (; p < end && blanks < 4; p++) {
		if (*p != '>' && *p != ' ')
			return false;
		blanks = *p == ' ' ? blanks + 1 : 0;
	}
	return p == end;
}

static int line_check(struct scan *scan, const char *s, const char *end)
{
	const char *text;
	size_t indent, containers = containers_count(s, end, &text, &indent);
	if (ends_paragraph(s, end))
		paragraph_end(scan);
	else
		scan->marks += containers + 1;
	if (containers > DOCUMENT_MAX_CONTAINERS || (containers > 0 && indent > MAX_INDENT))
		return build_limit(scan->b, scan->line, DOCUMENT_MAX_CONTAINERS, "block quotes and lists in each other",
		        "nest them less");
	if (is_delimiter_row(text, end))
		scan->header_steps += scan->search;
	if (characters_count(scan, text, end) > DOCUMENT_MAX_PIPES)
		return build_limit(scan->b, scan->line, DOCUMENT_MAX_PIPES, "'|' in a line", "split the table");
	/* The line end counts, too. */
	scan->bytes++;
	scan->search += ++scan->to_pipe + STEPS_PER_LINE;
	if (text < end && *text == '[')
		definition_note(scan, text);
	if (scan->marks > DOCUMENT_MAX_MARKS)
		return build_limit(scan->b, scan->line, DOCUMENT_MAX_MARKS,
		        "marks of Markdown (` * _ [ ] < | and line ends)", "split the document");
	if (scan->header_steps > MAX_STEPS)
		return error_set(scan->b->err, ERR_LIMIT, scan->b->doc->file,
		        "line %u: more than %lu steps to tell whether the %zu bytes before it are a table's header; "
		        "put "
		        "a blank line before the table",
		        scan->line, MAX_STEPS, scan->bytes);
	return 0;
}

int markdown_limits(const struct build *b, const char *s, size_t len, unsigned line)
{
	struct scan scan = {.b = b, .end = s + len, .line = line};
	for (const char *next = s; next < s + len; scan.line++) {
		const char *end = memchr(next, '\n', (size_t)(s + len - next));
		if (end == NULL)
			end = s + len;
		if (line_check(&scan, next, end) != 0)
			return -1;
		next = end + 1;
	}
	paragraph_end(&scan);
	if (scan.declaration_steps > MAX_STEPS)
		return error_set(b->err, ERR_LIMIT, b->doc->file,
		        "line %u: more than %lu steps to find the ends of declarations (<? <! <![); close them",
		        scan.declaration_line, MAX_STEPS);
	if (scan.longest > 0 && scan.brackets > DOCUMENT_MAX_BYTES / scan.longest)
		return error_set(b->err, ERR_LIMIT, b->doc->file,
		        "line %u: a link definition of %zu bytes that %zu brackets may repeat (more than %u bytes in "
		        "all); "
		        "shorten it",
		        scan.longest_line, scan.longest, scan.brackets, DOCUMENT_MAX_BYTES);
	return 0;
}
