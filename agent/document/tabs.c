/*
 * Lines of plain text whose fields are separated by tabs come in; a table of cells goes out. A line of two fields, a run
 * without a port, and a line that stands alone are no table.
 */
#include <stdlib.h>
#include <string.h>

#include "document/build.h"
#include "portcullis/alloc.h"
#include "portcullis/utf8.h"

#define MIN_FIELDS 3

/** A line of such a table. */
struct line {
	size_t len; /* bytes, line end included */
	size_t fields, filled; /* filled: not blank */
	bool port; /* one of them is a port */
};

static struct line line_look(const char *s)
{
	struct line line = {.len = strcspn(s, "\n")};
	const char *end = s + line.len;
	while (s <= end) {
		size_t n = 0;
		while (s + n < end && s[n] != '\t')
			n++;
		char *raw = xstrndup(s, n), *tidy = cell_tidy(raw);
		line.fields++;
		line.filled += *tidy != '\0';
		line.port = line.port || text_is_port(tidy);
		free(raw);
		free(tidy);
		s += n + 1;
	}
	line.len += *end == '\n';
	return line;
}

static bool is_row(const struct line *line)
{
	return line->fields >= MIN_FIELDS && line->filled > 0;
}

size_t tabs_length(const char *s, const char **until)
{
	size_t len = strcspn(s, "\n"), rows = 0, at = 0;
	struct line line;
	bool port = false;
	*until = s + len;
	if (memchr(s, '\t', len) == NULL)
		return 0;
	len = 0;
	line = line_look(s);
	*until = s + line.len;
	if (!is_row(&line) || line.filled < 2)
		return 0;
	/* One blank line may stand between rows. */
	while (is_row(&line)) {
		at += line.len;
		len = at;
		rows++;
		port = port || line.port;
		line = line_look(s + at);
		if (line.filled == 0 && line.len > 0) {
			at += line.len;
			line = line_look(s + at);
		}
	}
	*until = s + len;
	return port && rows > 1 ? len : 0;
}

static int fields_add(struct build *b, struct row *row, const char *s, size_t len, unsigned line)
{
	const char *end = s + len;
	while (s <= end) {
		size_t n = 0;
		while (s + n < end && s[n] != '\t')
			n++;
		char *field = xstrndup(s, n);
		int result = build_cell(b, row, field, line);
		free(field);
		if (result != 0)
			return -1;
		s += n + 1;
	}
	return 0;
}

int tabs_read(struct build *b, const char *s, size_t len, unsigned line)
{
	struct table *table;
	if (build_table(b, line) != 0)
		return -1;
	table = &b->doc->table[b->doc->n_table - 1];
	for (size_t at = 0; at < len; line++) {
		struct line look = line_look(s + at);
		size_t n = strcspn(s + at, "\n");
		if (look.filled > 0) {
			struct row *row = at == 0 && !look.port ? &table->header : build_row(b, line);
			if (row == NULL)
				return -1;
			row->line = line;
			if (fields_add(b, row, s + at, n, line) != 0)
				return -1;
		}
		at += look.len;
	}
	return 0;
}
