#ifndef DOCUMENT_BUILD_H
#define DOCUMENT_BUILD_H

#include <stdbool.h>

#include "portcullis/document.h"

/** A document in the making: the readers add tables, rows and cells; the limits of document.h are kept here. */
struct build {
	struct document *doc;
	struct error *err;
	char *caption; /**< the last heading or bold line */
	size_t n_row; /**< rows of all tables */
};

/** Remember a heading or bold line; blanks are tidied. */
void build_caption(struct build *b, const char *text);
/** Open a table with the last caption. @return 0, or -1 with ERR_LIMIT. */
int build_table(struct build *b, unsigned line) MUST_USE;
/** Open a row of the last table. @return the row, or NULL with ERR_LIMIT. */
struct row *build_row(struct build *b, unsigned line) MUST_USE;
/** Add a cell; text is tidied with cell_tidy(). @return 0, or -1 with ERR_LIMIT. */
int build_cell(struct build *b, struct row *row, const char *text, unsigned line) MUST_USE;
/** Take the last table back when it turned out to be none. */
void build_table_drop(struct build *b);
void build_reference(struct build *b, const char *title, const char *target);
void row_fini(struct row *row);

/**
 * Text as a person reads it: runs of blanks of any kind become one space, lines are trimmed, empty lines go, entities that
 * were encoded twice are resolved. The caller frees it.
 */
char *cell_tidy(const char *s);

/** Set a field of the document if it has no value yet; blanks are tidied, empty values ignored. */
void document_set(char **field, const char *value);
/** A metadata item of front matter or <meta>: title, asset id, locale, version. */
void document_metadata(struct document *doc, const char *key, const char *value);
/** Primary language tag by the commonest words, or "" when the text is too short to tell. Static string. */
const char *language_guess(const char *text);
/** The product that the page's version, its title or its text names, in English, or NULL; the caller frees it. */
char *product_guess(const char *title, const char *version, const char *text);

/* One reader per kind: NUL-terminated UTF-8 with '\n' line ends. @return 0, or -1 with ERR_LIMIT or ERR_FORMAT. */
int markdown_read(struct build *b, const char *s, size_t len) MUST_USE;
int html_read(struct build *b, const char *s, size_t len) MUST_USE;
int paragraphs_read(struct build *b, const char *s, size_t len) MUST_USE;
/** Only the tables of a piece of HTML that starts on this line of the file. */
int html_read_tables(struct build *b, const char *s, size_t len, unsigned line) MUST_USE;

#endif
