/*
 * Markdown (GitHub's flavour, parsed by cmark-gfm) comes in; its pipe tables, the HTML tables inside it, front matter and
 * links go out. A row that a line break inside a cell splits in two is put together again; other markup is left aside.
 */
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document/build.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

struct markdown {
	struct build *b;
	const char *body;
	unsigned line0; /* lines of front matter before the body */
	size_t *line_start; /* offset of each line of the body; one more for its end */
	size_t n_line;
	unsigned html_until; /* body line of the last HTML table's end: nodes up to it are read already */
	bool title_seen;
};

static char *unquote(const char *s, size_t n)
{
	char *out = xmalloc(n + 1);
	size_t k = 0;
	while (n > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	char quote = n >= 2 && (*s == '\'' || *s == '"') && s[n - 1] == *s ? *s : '\0';
	for (size_t i = quote != '\0'; i < n - (quote != '\0'); i++) {
		out[k++] = s[i];
		/* YAML 1.2 section 7.3: in single quotes a quote is doubled, in double quotes a backslash stands before it. */
		if ((quote == '\'' && s[i] == '\'' && s[i + 1] == '\''))
			i++;
		else if (quote == '"' && s[i] == '\\' && i + 2 < n)
			out[k - 1] = s[++i];
	}
	out[k] = '\0';
	return out;
}

static int front_matter_item(struct build *b, const char *line, size_t n, unsigned number)
{
	/* Keys such as "ms:assetid" contain a colon: the one before the value is followed by a blank. */
	for (size_t i = 0; i + 1 < n; i++)
		if (line[i] == ':' && line[i + 1] == ' ') {
			char *key = xstrndup(line, i), *value = unquote(line + i + 2, n - i - 2);
			int result = build_metadata(b, key, value, number);
			free(key);
			free(value);
			return result;
		}
	return 0;
}

/* The length of "---" ... "---" at the start, 0 when there is none. */
static size_t front_matter_length(const char *s)
{
	const char *line, *next;
	if (strncmp(s, "---\n", 4) != 0)
		return 0;
	for (line = s + 4; *line != '\0'; line = next) {
		size_t n = strcspn(line, "\n");
		next = line + n + (line[n] == '\n');
		if (n >= 3 && strncmp(line, "---", 3) == 0 && strspn(line + 3, " \t") == n - 3)
			return (size_t)(next - s);
	}
	return 0;
}

static int front_matter_apply(struct build *b, const char *s, size_t len)
{
	unsigned line = 1;
	for (size_t at = 0; at < len; line++) {
		size_t n = strcspn(s + at, "\n");
		if (front_matter_item(b, s + at, n, line) != 0)
			return -1;
		at += n + 1;
	}
	return 0;
}

/* "<br>", "<br/>", "</BR >", "<p class=x>": tags that break a line. */
static bool is_break(const char *html)
{
	static const char *const names[] = {"br", "p", "div", "li"};
	size_t n;
	html += *html == '<';
	html += *html == '/';
	n = strspn(html, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (n == strlen(names[i]) && strncasecmp(html, names[i], n) == 0)
			return true;
	return false;
}

/* Beyond the limit of a cell, the longest of all that is made of it, text is cut: its caller refuses it. */
static void inline_text(cmark_node *node, struct text *out)
{
	cmark_iter *iter = cmark_iter_new(node);
	cmark_event_type event;
	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE && out->len <= DOCUMENT_MAX_CELL) {
		cmark_node *n = cmark_iter_get_node(iter);
		cmark_node_type type = cmark_node_get_type(n);
		const char *literal = cmark_node_get_literal(n);
		if (event != CMARK_EVENT_ENTER)
			continue;
		if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
			text_add_upto(out, literal, strlen(literal), DOCUMENT_MAX_CELL);
		else if (type == CMARK_NODE_SOFTBREAK)
			text_add(out, " ");
		else if (type == CMARK_NODE_LINEBREAK || (type == CMARK_NODE_HTML_INLINE && is_break(literal)))
			text_add(out, "\n");
	}
	cmark_iter_free(iter);
}

static bool is_type(cmark_node *node, const char *name)
{
	return strcmp(cmark_node_get_type_string(node), name) == 0;
}

static unsigned start_line(cmark_node *node)
{
	int line = cmark_node_get_start_line(node);
	return line > 0 ? (unsigned)line : 1;
}

static unsigned line_of_node(const struct markdown *m, cmark_node *node)
{
	return start_line(node) + m->line0;
}

static bool line_is_open(const struct markdown *m, unsigned line, bool at_end)
{
	size_t from, to;
	if (line == 0 || line > m->n_line)
		return false;
	from = m->line_start[line - 1];
	to = m->line_start[line];
	/* Marks of block quotes stand before the row, wherever the table is. */
	while (from < to && strchr(" \t\n>", m->body[from]) != NULL)
		from++;
	while (to > from && strchr(" \t\n", m->body[to - 1]) != NULL)
		to--;
	return from < to && (at_end ? m->body[to - 1] : m->body[from]) != '|';
}

/*
 * A line break inside a cell makes two rows of one: the first begins with a pipe and does not end with one, the second
 * does not begin with one. Tables without outer pipes never look like that.
 */
static bool row_continues(const struct markdown *m, cmark_node *row, bool joined)
{
	cmark_node *next = cmark_node_next(row);
	unsigned line = start_line(row);
	return next != NULL && (joined || !line_is_open(m, line, false)) && line_is_open(m, line, true) &&
	       line_is_open(m, start_line(next), false);
}

static size_t cells_text(cmark_node *row, struct text *cell)
{
	size_t n = 0;
	for (cmark_node *c = cmark_node_first_child(row); c != NULL && n < DOCUMENT_MAX_COLUMNS; c = cmark_node_next(c))
		inline_text(c, &cell[n++]);
	return n;
}

/* The rest of a broken row: its first cell ends the last one that has text, the others follow. */
static void cells_join(cmark_node *row, struct text *cell, size_t n)
{
	size_t last = 0;
	cmark_node *c = cmark_node_first_child(row);
	for (size_t i = 0; i < n; i++)
		if (cell[i].len > 0)
			last = i;
	text_add_upto(&cell[last], " ", 1, DOCUMENT_MAX_CELL);
	for (; c != NULL && last < n; c = cmark_node_next(c))
		inline_text(c, &cell[last++]);
}

/* A table right under a paragraph counts from the paragraph's first line: only rows under its header tell the line. */
static unsigned header_line(const struct markdown *m, cmark_node *table)
{
	cmark_node *header = cmark_node_first_child(table), *row = header != NULL ? cmark_node_next(header) : NULL;
	int end = row != NULL ? cmark_node_get_start_line(row) - 1 : cmark_node_get_end_line(table);
	return end > 1 ? (unsigned)end - 1 + m->line0 : line_of_node(m, table);
}

static int row_read(struct markdown *m, cmark_node **row)
{
	struct text cell[DOCUMENT_MAX_COLUMNS];
	struct table *table = &m->b->doc->table[m->b->doc->n_table - 1];
	unsigned line = is_type(*row, "table_header") ? header_line(m, cmark_node_parent(*row)) : line_of_node(m, *row);
	struct row *out;
	size_t n;
	int result = 0;
	memset(cell, 0, sizeof(cell));
	if (is_type(*row, "table_header")) {
		out = &table->header;
		out->line = line;
	} else if ((out = build_row(m->b, line)) == NULL) {
		return -1;
	}
	n = cells_text(*row, cell);
	for (bool joined = false; out != &table->header && n > 0 && row_continues(m, *row, joined); joined = true) {
		*row = cmark_node_next(*row);
		cells_join(*row, cell, n);
	}
	for (size_t i = 0; i < n; i++) {
		if (result == 0)
			result = build_cell(m->b, out, text_str(&cell[i]), line);
		text_fini(&cell[i]);
	}
	return result;
}

static int table_read(struct markdown *m, cmark_node *node)
{
	if (cmark_gfm_extensions_get_table_columns(node) > DOCUMENT_MAX_COLUMNS)
		return build_limit(m->b, line_of_node(m, node), DOCUMENT_MAX_COLUMNS, "columns", "split the table");
	if (build_table(m->b, header_line(m, node)) != 0)
		return -1;
	for (cmark_node *row = cmark_node_first_child(node); row != NULL; row = cmark_node_next(row))
		if (row_read(m, &row) != 0)
			return -1;
	return 0;
}

static unsigned line_at(const struct markdown *m, size_t offset)
{
	size_t lo = 0, hi = m->n_line;
	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;
		if (m->line_start[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return (unsigned)lo + 1;
}

/* The end of the table that starts at s, tables inside it included; the end of the text when it is not closed. */
static const char *html_table_end(const char *s)
{
	size_t depth = 0;
	for (const char *p = s; (p = strchr(p, '<')) != NULL; p++) {
		if (strncasecmp(p, "<table", 6) == 0)
			depth++;
		else if (strncasecmp(p, "</table", 7) == 0 && --depth == 0)
			return p + strcspn(p, ">");
	}
	return s + strlen(s);
}

/* Searched within the block only: a search to the end of the text for every block would take quadratic time. */
static const char *table_find(const char *from, const char *end)
{
	for (; from + 6 <= end; from++)
		if (*from == '<' && strncasecmp(from, "<table", 6) == 0)
			return from;
	return NULL;
}

/* An HTML table may contain blank lines, which end the HTML block for Markdown: it is read from the source to its end. */
static int html_block_read(struct markdown *m, cmark_node *node)
{
	const char *block = m->body + m->line_start[start_line(node) - 1];
	int end_line = cmark_node_get_end_line(node);
	const char *block_end =
	        m->body + m->line_start[end_line > 0 && (size_t)end_line <= m->n_line ? (size_t)end_line : m->n_line];
	for (const char *p = block; (p = table_find(p, block_end)) != NULL;) {
		const char *end = html_table_end(p);
		unsigned line = line_at(m, (size_t)(p - m->body));
		if (html_read_tables(m->b, p, (size_t)(end - p), line + m->line0) != 0)
			return -1;
		m->html_until = line_at(m, (size_t)(end - m->body));
		p = end;
	}
	return 0;
}

static int paragraph_read(struct markdown *m, cmark_node *node)
{
	cmark_node *child = cmark_node_first_child(node);
	struct text text = {0};
	int result;
	if (child == NULL || cmark_node_get_type(child) != CMARK_NODE_STRONG || cmark_node_next(child) != NULL)
		return 0;
	inline_text(child, &text);
	result = build_caption_maybe(m->b, text_str(&text), line_of_node(m, node));
	text_fini(&text);
	return result;
}

static int heading_read(struct markdown *m, cmark_node *node)
{
	struct text text = {0};
	int result;
	inline_text(node, &text);
	/* A paragraph becomes a heading when the line under it is meant as a rule: then it may be long. */
	result = cmark_node_get_end_line(node) > cmark_node_get_start_line(node)
	                 ? build_caption_maybe(m->b, text_str(&text), line_of_node(m, node))
	                 : build_caption(m->b, text_str(&text), line_of_node(m, node));
	if (result == 0 && text.len <= DOCUMENT_MAX_CAPTION && cmark_node_get_heading_level(node) == 1 &&
	        !m->title_seen) {
		result = build_title(m->b, text_str(&text), line_of_node(m, node));
		m->title_seen = true;
	}
	text_fini(&text);
	return result;
}

static int link_read(struct markdown *m, cmark_node *node)
{
	struct text text = {0};
	int result;
	inline_text(node, &text);
	result = build_reference(m->b, text_str(&text), cmark_node_get_url(node), line_of_node(m, node));
	text_fini(&text);
	return result;
}

static int node_read(struct markdown *m, cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);
	if (type == CMARK_NODE_HEADING)
		return heading_read(m, node);
	if (type == CMARK_NODE_PARAGRAPH)
		return paragraph_read(m, node);
	if (type == CMARK_NODE_LINK)
		return link_read(m, node);
	if (type == CMARK_NODE_HTML_BLOCK)
		return html_block_read(m, node);
	if (is_type(node, "table"))
		return table_read(m, node);
	return 0;
}

static int tree_read(struct markdown *m, cmark_node *root)
{
	cmark_iter *iter = cmark_iter_new(root);
	cmark_event_type event;
	int result = 0;
	while (result == 0 && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(iter);
		if (event == CMARK_EVENT_ENTER &&
		        (start_line(node) > m->html_until || cmark_node_get_start_line(node) == 0))
			result = node_read(m, node);
	}
	cmark_iter_free(iter);
	return result;
}

static void lines_index(struct markdown *m, size_t len)
{
	size_t cap = 0;
	m->line_start = xgrow(NULL, 0, &cap, sizeof(*m->line_start));
	m->line_start[0] = 0;
	m->n_line = 1;
	for (size_t i = 0; i < len; i++)
		if (m->body[i] == '\n') {
			m->line_start = xgrow(m->line_start, m->n_line, &cap, sizeof(*m->line_start));
			m->line_start[m->n_line++] = i + 1;
		}
	m->line_start = xgrow(m->line_start, m->n_line, &cap, sizeof(*m->line_start));
	m->line_start[m->n_line] = len;
}

static pthread_once_t extensions_once = PTHREAD_ONCE_INIT;

static int body_read(struct markdown *m, size_t len)
{
	cmark_parser *parser;
	cmark_node *root;
	int result;
	pthread_once(&extensions_once, cmark_gfm_core_extensions_ensure_registered);
	parser = cmark_parser_new(CMARK_OPT_DEFAULT);
	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
	cmark_parser_feed(parser, m->body, len);
	root = cmark_parser_finish(parser);
	lines_index(m, len);
	result = tree_read(m, root);
	free(m->line_start);
	cmark_node_free(root);
	cmark_parser_free(parser);
	return result;
}

int markdown_read(struct build *b, const char *s, size_t len)
{
	size_t front = front_matter_length(s);
	struct markdown m = {.b = b, .body = s + front};
	if (front_matter_apply(b, s, front) != 0)
		return -1;
	for (size_t i = 0; i < front; i++)
		m.line0 += s[i] == '\n';
	if (markdown_limits(b, m.body, len - front, m.line0 + 1) != 0)
		return -1;
	return body_read(&m, len - front);
}
