#ifndef PORTCULLIS_DOCUMENT_H
#define PORTCULLIS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/error.h"

/* What one document may hold: beyond it ERR_LIMIT says which limit, its value, the line, and what to do. */
#define DOCUMENT_MAX_BYTES (32u * 1024 * 1024)
#define DOCUMENT_MAX_TABLES 20000u
#define DOCUMENT_MAX_ROWS 200000u /**< of all tables */
#define DOCUMENT_MAX_CELLS 1600000u /**< of all tables */
#define DOCUMENT_MAX_COLUMNS 32u
#define DOCUMENT_MAX_CELL 16384u /**< bytes of a cell before blanks are tidied */
#define DOCUMENT_MAX_TEXT (32u * 1024 * 1024) /**< bytes of all cells: a rowspan repeats its text */
#define DOCUMENT_MAX_CAPTION 1024u /**< bytes; every table of a section has a copy */
#define DOCUMENT_MAX_METADATA 1024u /**< bytes of a title and of each item of front matter or <meta> */
#define DOCUMENT_MAX_REFERENCES 200000u
#define DOCUMENT_MAX_REFERENCE 4096u /**< bytes of a link's text and of its target */
#define DOCUMENT_MAX_NESTING 1000u /**< open HTML elements */
#define DOCUMENT_MAX_ATTRIBUTES 256u /**< of one HTML tag */
#define DOCUMENT_MAX_NAMES 20000u /**< different names of tags and attributes in HTML */
#define DOCUMENT_MAX_CONTAINERS 100u /**< block quotes and lists of Markdown inside each other */
#define DOCUMENT_MAX_PIPES 256u /**< '|' in a line of Markdown */
#define DOCUMENT_MAX_MARKS 1000000u /**< characters that mean something to Markdown, line ends included */
#define DOCUMENT_MAX_PARAGRAPHS 1000000u /**< of plain text */

enum document_kind { DOCUMENT_MARKDOWN, DOCUMENT_HTML, DOCUMENT_PARAGRAPHS };

/** One cell as printed: UTF-8, entities resolved, markup gone, paragraphs and breaks inside it joined by '\n'. */
struct cell {
	char *text;
	unsigned line; /**< first line of the cell in the file, from 1 */
};

struct row {
	struct cell *cell;
	size_t n;
	unsigned line; /**< first line of the row in the file */
};

/** A table of cells. Rows that the document breaks in two are one row here; empty rows are kept (they count). */
struct table {
	char *caption; /**< the heading or bold line before it; may be "" */
	unsigned line;
	/** Columns are role, port, protocol, notes by their place and the header is one cell: plain text, a paragraph per cell. */
	bool positional;
	struct row header;
	struct row *row;
	size_t n_row, cap_row;
};

struct reference {
	char *title, *target;
};

/** What one document says, before anything is understood. */
struct document {
	enum document_kind kind;
	char *file;
	char *title;
	char *language; /**< BCP 47 primary tag ("de"), or "" when nothing tells */
	char *article; /**< ms.assetid, or NULL */
	char *version; /**< mtps_version or a similar product hint of the front matter, or NULL */
	char *body_product_hint; /**< product words found in title or text ("Lync Server 2013"), or NULL */
	struct table *table;
	size_t n_table, cap_table;
	struct reference *reference;
	size_t n_reference, cap_reference;
};

const char *document_kind_name(enum document_kind kind); /**< "markdown", "html", "paragraphs" */

/**
 * Read one document: decide its kind, then parse it.
 *
 * @param bytes  the file; borrowed; need not be NUL-terminated.
 * @param file   its name for messages.
 * @param out    release with document_fini(); empty on failure.
 * @return 0, or -1: ERR_FORMAT (binary, not UTF-8, empty), ERR_LIMIT.
 */
int document_parse(const char *bytes, size_t len, const char *file, struct document *out, struct error *err) MUST_USE;
/** document_parse() of a file; ERR_LIMIT over DOCUMENT_MAX_BYTES before it is read. */
int document_read(const char *path, struct document *out, struct error *err) MUST_USE;
void document_fini(struct document *doc);

#endif
