#ifndef DOCUMENT_BUILD_H
#define DOCUMENT_BUILD_H

#include <stdbool.h>

#include "portcullis/document.h"
#include "portcullis/text.h"

/** A document in the making: the readers add tables, rows and cells; the limits of document.h are kept here. */
struct build {
	struct document *doc;
	struct error *err;
	char *caption; /**< the last heading or bold line */
	size_t n_row, n_cell, n_text; /**< rows, cells and bytes of cells of all tables */
};

/** ERR_LIMIT with "line N: more than MAX WHAT; ADVICE". @return -1. */
int build_limit(const struct build *b, unsigned line, unsigned max, const char *what, const char *advice);
/** Remember a heading or bold line; blanks are tidied. @return 0, or -1 with ERR_LIMIT. */
int build_caption(struct build *b, const char *text, unsigned line) MUST_USE;
/** Open a table with the last caption. @return 0, or -1 with ERR_LIMIT. */
int build_table(struct build *b, unsigned line) MUST_USE;
/** Open a row of the last table. @return the row, or NULL with ERR_LIMIT. */
struct row *build_row(struct build *b, unsigned line) MUST_USE;
/** Add a cell; text is tidied with cell_tidy(). @return 0, or -1 with ERR_LIMIT. */
int build_cell(struct build *b, struct row *row, const char *text, unsigned line) MUST_USE;
/** build_caption() of a bold line or a paragraph: one that is too long is text, not a caption. */
int build_caption_maybe(struct build *b, const char *text, unsigned line) MUST_USE;
/** A link; only those within the document's own folders are kept. @return 0, or -1 with ERR_LIMIT. */
int build_reference(struct build *b, const char *title, const char *target, unsigned line) MUST_USE;
/** The title, if there is none yet. @return 0, or -1 with ERR_LIMIT. */
int build_title(struct build *b, const char *title, unsigned line) MUST_USE;
/** A metadata item of front matter or <meta>: title, asset id, locale, version. @return 0, or -1 with ERR_LIMIT. */
int build_metadata(struct build *b, const char *key, const char *value, unsigned line) MUST_USE;
void row_fini(struct row *row);

/**
 * Text as a person reads it: runs of blanks of any kind become one space, lines are trimmed, empty lines go, entities that
 * were encoded twice are resolved. The caller frees it.
 */
char *cell_tidy(const char *s);

/** text_addn() that stops once t holds more than max bytes: enough for the caller to refuse it. */
void text_add_upto(struct text *t, const char *s, size_t n, size_t max);

/** Set a field of the document if it has no value yet; blanks are tidied, empty values ignored. */
void document_set(char **field, const char *value);
/** Primary language tag by the commonest words, or "" when the text is too short to tell. Static string. */
const char *language_guess(const char *text);
/** The product that the page's version, its title or its text names, in English, or NULL; the caller frees it. */
char *product_guess(const char *title, const char *version, const char *text);

/* One reader per kind: NUL-terminated UTF-8 with '\n' line ends. @return 0, or -1 with ERR_LIMIT or ERR_FORMAT. */
int markdown_read(struct build *b, const char *s, size_t len) MUST_USE;
int html_read(struct build *b, const char *s, size_t len) MUST_USE;
int paragraphs_read(struct build *b, const char *s, size_t len) MUST_USE;
/**
 * Refuse what would take the libraries more than linear time or memory, before they see it.
 *
 * @param line  the line of the file that s begins on.
 * @return 0, or -1 with ERR_LIMIT.
 */
int markdown_limits(const struct build *b, const char *s, size_t len, unsigned line) MUST_USE;
int html_limits(const struct build *b, const char *s, size_t len, unsigned line) MUST_USE;
/** A port as cells print it: digits with range, list and thousands marks, a footnote mark, and at most two short words ("bis", "TCP"). */
bool text_is_port(const char *s);
/**
 * Length of the tab-separated table that begins with the line at s, 0 when none does: lines of three fields and more, of
 * which at least one is a port. *until is where a search that found none may go on.
 */
size_t tabs_length(const char *s, const char **until);
/** Read what tabs_length() found. @return 0, or -1 with ERR_LIMIT. */
int tabs_read(struct build *b, const char *s, size_t len, unsigned line) MUST_USE;
/** Only the tables of a piece of HTML that starts on this line of the file. */
int html_read_tables(struct build *b, const char *s, size_t len, unsigned line) MUST_USE;

#endif
