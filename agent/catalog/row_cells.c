/*
 * A row of a table and its columns come in, the printed role, service, port, protocol and so on go out. Some tables put
 * several facts into one cell with slashes between them; a cell that is not made so is left whole.
 */
#include "catalog/row_cells.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define MAX_PARTS 12

enum part_kind { PART_NAME, PART_PROTOCOL, PART_PORT };

/** A cell in parts: pointers into the cell, without the slashes. */
struct parts {
	const char *at[MAX_PARTS];
	size_t len[MAX_PARTS];
	enum part_kind kind[MAX_PARTS];
	size_t n;
};

static enum part_kind part_classify(const char *s, size_t len)
{
	char *text = xstrndup(s, len);
	struct ports ports;
	const char *reason;
	enum part_kind kind = PART_NAME;
	if (ports_parse(text, &ports, &reason) == 0) {
		ports_fini(&ports);
		kind = PART_PORT;
	} else if (protocol_words_only(text)) {
		kind = PART_PROTOCOL;
	}
	free(text);
	return kind;
}

/* Slashes in parentheses divide nothing: "TCP (PSOM/TLS)". */
static bool parts_split(const char *cell, struct parts *out)
{
	size_t depth = 0;
	const char *start = cell;
	out->n = 0;
	for (const char *s = cell;; s++) {
		depth += *s == '(';
		depth -= *s == ')' && depth > 0;
		if (*s != '\0' && (*s != '/' || depth > 0))
			continue;
		if (out->n == MAX_PARTS)
			return false;
		while (*start == ' ' || *start == '\n')
			start++;
		out->at[out->n] = start;
		out->len[out->n] = s > start ? (size_t)(s - start) : 0;
		out->kind[out->n] = part_classify(start, out->len[out->n]);
		if (out->len[out->n++] == 0)
			return false;
		if (*s == '\0')
			return true;
		start = s + 1;
	}
}

/* Names first ("A/V" is one name of two parts), then protocols, then ports. @return false: not made so. */
static bool parts_ordered(const struct parts *p)
{
	for (size_t i = 1; i < p->n; i++)
		if (p->kind[i] < p->kind[i - 1])
			return false;
	return true;
}

/* The text from the first part of a kind to the last one, with what stands between them. */
static char *parts_text(const struct parts *p, enum part_kind kind)
{
	size_t first = 0, last;
	while (first < p->n && p->kind[first] != kind)
		first++;
	if (first == p->n)
		return xstrdup("");
	last = first;
	while (last + 1 < p->n && p->kind[last + 1] == kind)
		last++;
	size_t len = (size_t)(p->at[last] + p->len[last] - p->at[first]);
	while (len > 0 && strchr(" \n", p->at[first][len - 1]) != NULL)
		len--;
	return xstrndup(p->at[first], len);
}

bool cell_is_compound(const char *text)
{
	struct parts p;
	return strchr(text, '/') != NULL && parts_split(text, &p) && parts_ordered(&p) && p.n > 1 &&
	       p.kind[p.n - 1] == PART_PORT && p.kind[0] != PART_PORT;
}

static char *joined(const char *a, const char *b)
{
	return *a != '\0' && *b != '\0' ? xasprintf("%s/%s", a, b) : xstrdup(*a != '\0' ? a : b);
}

static void set(char **field, char *value)
{
	free(*field);
	*field = value;
}

/* What one cell says of role, protocol and port goes where no cell of its own says it. */
static void compound_apply(const char *text, bool with_port, struct row_cells *out)
{
	struct parts p;
	if (*text == '\0')
		return;
	if (!parts_split(text, &p) || !parts_ordered(&p) ||
	        (with_port ? p.kind[p.n - 1] != PART_PORT : p.kind[p.n - 1] == PART_PORT)) {
		if (with_port)
			set(&out->port, xstrdup(text));
		else
			set(&out->role, xstrdup(text));
		return;
	}
	if (*out->role == '\0')
		set(&out->role, parts_text(&p, PART_NAME));
	if (*out->protocol == '\0')
		set(&out->protocol, parts_text(&p, PART_PROTOCOL));
	if (with_port)
		set(&out->port, parts_text(&p, PART_PORT));
}

void row_cells_read(const struct columns *columns, const struct row *row, struct row_cells *out)
{
	const char *transport = column_text(columns, row, COLUMN_TRANSPORT);
	out->role = xstrdup(column_text(columns, row, COLUMN_ROLE));
	out->service = xstrdup(column_text(columns, row, COLUMN_SERVICE));
	out->port = xstrdup(column_text(columns, row, COLUMN_PORT));
	out->protocol = xstrdup(column_text(columns, row, COLUMN_PROTOCOL));
	out->note = xstrdup(column_text(columns, row, COLUMN_NOTES));
	out->direction = xstrdup(column_text(columns, row, COLUMN_DIRECTION));
	out->source = xstrdup(column_text(columns, row, COLUMN_SOURCE));
	out->destination = xstrdup(column_text(columns, row, COLUMN_DESTINATION));
	compound_apply(column_text(columns, row, COLUMN_COMPOUND), true, out);
	compound_apply(column_text(columns, row, COLUMN_ROLE_OR_PROTOCOL), false, out);
	set(&out->protocol, joined(out->protocol, transport));
}

void row_cells_fini(struct row_cells *cells)
{
	free(cells->role);
	free(cells->service);
	free(cells->port);
	free(cells->protocol);
	free(cells->note);
	free(cells->direction);
	free(cells->source);
	free(cells->destination);
	memset(cells, 0, sizeof(*cells));
}
