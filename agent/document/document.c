/*
 * The bytes of a file come in; its kind is decided, and tables of cells with their lines go out. Empty files, binary data,
 * text that is not UTF-8 and files over DOCUMENT_MAX_BYTES are refused.
 */
#include "portcullis/document.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document/build.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

static const struct {
	const char *name;
	int (*read)(struct build *b, const char *s, size_t len);
} kinds[] = {
        [DOCUMENT_MARKDOWN] = {"markdown", markdown_read},
        [DOCUMENT_HTML] = {"html", html_read},
        [DOCUMENT_PARAGRAPHS] = {"paragraphs", paragraphs_read},
};

const char *document_kind_name(enum document_kind kind)
{
	return kinds[kind].name;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_delimiter_line(const char *s)
{
	size_t dashes = 0, pipes = 0;
	for (; *s != '\0' && *s != '\n'; s++) {
		dashes += *s == '-';
		pipes += *s == '|';
		if (strchr("-|: \t", *s) == NULL)
			return false;
	}
	return dashes > 0 && pipes > 0;
}

static bool has_markdown_marks(const char *s)
{
	for (const char *line = s; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (is_delimiter_line(line) || starts_with(line, "<table") || starts_with(line, "# ") ||
		        starts_with(line, "## ") || starts_with(line, "### "))
			return true;
	}
	return false;
}

static enum document_kind kind_decide(const char *s)
{
	const char *text = s + strspn(s, " \t\n");
	if (starts_with(text, "<!doctype") || starts_with(text, "<html") || starts_with(text, "<?xml") ||
	        starts_with(text, "<head") || starts_with(text, "<body"))
		return DOCUMENT_HTML;
	if (starts_with(s, "---\n") || has_markdown_marks(s))
		return DOCUMENT_MARKDOWN;
	return *text == '<' ? DOCUMENT_HTML : DOCUMENT_PARAGRAPHS;
}

static unsigned line_of(const char *s, size_t at)
{
	unsigned line = 1;
	for (size_t i = 0; i < at; i++)
		line += s[i] == '\n';
	return line;
}

static int bytes_check(const char *s, size_t len, const char *file, struct error *err)
{
	size_t bad;
	if (len >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
		return error_set(err, ERR_FORMAT, file, "UTF-16 text; save it as UTF-8");
	/* Every second byte of Latin text is zero there. */
	if (len >= 4 && ((s[0] == '\0') != (s[1] == '\0')) && (s[0] == '\0') == (s[2] == '\0') &&
	        (s[1] == '\0') == (s[3] == '\0'))
		return error_set(err, ERR_FORMAT, file, "UTF-16 text without a mark; save it as UTF-8");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c == 0x7f || (c < 0x20 && strchr("\t\n\v\f\r", c) == NULL) || c == 0)
			return error_set(err, ERR_FORMAT, file,
			        "line %u: byte 0x%02x at offset %zu: a binary file, not a document; give Markdown, "
			        "HTML "
			        "or plain text",
			        line_of(s, i), c, i);
	}
	bad = utf8_check(s, len);
	if (bad < len)
		return error_set(err, ERR_FORMAT, file, "line %u: byte 0x%02x is not UTF-8; save the document as UTF-8",
		        line_of(s, bad), (unsigned char)s[bad]);
	if (strspn(s, " \t\n\v\f\r") >= len)
		return error_set(err, ERR_FORMAT, file, "the document is empty; give one with port tables");
	return 0;
}

/* One kind of line end, so that every reader counts lines alike. */
static size_t newlines_unify(char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\r' && i + 1 < len && s[i + 1] == '\n')
			continue;
		s[n++] = s[i] == '\r' ? '\n' : s[i];
	}
	s[n] = '\0';
	return n;
}

static void fill_from_words(struct document *doc, const char *s)
{
	if (doc->title == NULL)
		doc->title = xstrdup("");
	if (doc->language == NULL)
		doc->language = xstrdup(language_guess(s));
	doc->body_product_hint = product_guess(doc->title, doc->version, s);
}

int document_parse(const char *bytes, size_t len, const char *file, struct document *out, struct error *err)
{
	struct build b = {.doc = out, .err = err};
	char *copy;
	int result = -1;
	memset(out, 0, sizeof(*out));
	if (len > DOCUMENT_MAX_BYTES)
		return error_set(err, ERR_LIMIT, file, "%zu bytes; the limit of a document is %u, split it", len,
		        DOCUMENT_MAX_BYTES);
	copy = xmalloc(len + 1);
	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	if (len >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0)
		memmove(copy, copy + 3, (len -= 3) + 1);
	if (bytes_check(copy, len, file, err) != 0)
		goto out;
	len = newlines_unify(copy, len);
	out->file = xstrdup(file);
	out->kind = kind_decide(copy);
	result = kinds[out->kind].read(&b, copy, len);
	if (result == 0)
		fill_from_words(out, copy);
	else
		document_fini(out);
out:
	free(b.caption);
	free(copy);
	return result;
}

int document_read(const char *path, struct document *out, struct error *err)
{
	char *bytes;
	size_t len;
	int result;
	memset(out, 0, sizeof(*out));
	if (file_read(path, DOCUMENT_MAX_BYTES, &bytes, &len, err) != 0)
		return -1;
	result = document_parse(bytes, len, path, out, err);
	free(bytes);
	return result;
}
