#ifndef PORTCULLIS_TEXT_H
#define PORTCULLIS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A growing, NUL-terminated string. Start with {0}; release with text_fini(). */
struct text {
	char *s; /**< NULL while empty; use text_str() */
	size_t len, cap;
	size_t max; /**< 0, or a length past which who prints a list may leave the rest out: text_shorten() */
};

void text_fini(struct text *t);
void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const char *s, size_t n);
/** Room for n bytes behind the text, to be written there and then told with text_written(). */
char *text_room(struct text *t, size_t n);
void text_written(struct text *t, size_t n);
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Add s as XML 1.0 character data or attribute value: &, <, >, " escaped; control characters and bytes that are no UTF-8 as '?'. */
void text_add_xml(struct text *t, const char *s);
/** Enough is printed. */
bool text_is_full(const struct text *t);
/** What is longer than t->max keeps its beginning, cut between two characters, and "...". */
void text_shorten(struct text *t);
/** The string, never NULL; owned by t. */
const char *text_str(const struct text *t);
/** Take the string out of t (never NULL; the caller frees it). */
char *text_take(struct text *t);

#define DECIMAL_SIZE 21 /**< of a 64 bit number, with the NUL */
/** Print a number so that it stops before `end`; at most 20 digits. Large tables have many. @return where it begins. */
char *decimal_before(char *end, uint64_t value);
/** The same with a NUL. @return where in buf it begins. */
const char *decimal_print(uint64_t value, char buf[DECIMAL_SIZE]);

/** Whole file into memory, NUL-terminated; at most max bytes (else ERR_LIMIT). The caller frees *out. */
struct error;
int file_read(const char *path, size_t max, char **out, size_t *len, struct error *err)
        __attribute__((warn_unused_result));
/** Replace a file so that a crash at any moment leaves the old or the new one: temporary file, fsync, rename. */
int file_replace(const char *path, const char *data, size_t len, struct error *err) __attribute__((warn_unused_result));
/** RFC 3339 UTC time with seconds, e.g. 2026-01-31T12:00:00Z; buf of at least 32 bytes. @return buf. */
const char *time_print(int64_t unix_seconds, char *buf, size_t size);
/** The same with milliseconds, e.g. 2026-01-31T12:00:00.250Z. */
const char *time_print_ms(int64_t unix_ms, char *buf, size_t size);
/** Parse RFC 3339 ("2026-01-31T12:00:00Z", offsets and fractions allowed). @return false when it is not one. */
bool time_parse(const char *s, int64_t *unix_seconds);

#endif
