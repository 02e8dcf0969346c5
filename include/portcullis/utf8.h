#ifndef PORTCULLIS_UTF8_H
#define PORTCULLIS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Offset of the first byte that is not UTF-8 (RFC 3629), or len. */
size_t utf8_check(const char *s, size_t len);
/**
 * Make a string from outside fit to print and to send: bytes that are not UTF-8 and control characters (C0, C1, DEL)
 * become '?', one for one, so that the length stays.
 */
void utf8_clean(char *s);
/** Decode the character at s (valid UTF-8, NUL-terminated); *size is its length in bytes, 0 at the end. */
uint32_t utf8_next(const char *s, size_t *size);
/** White space of any kind: blanks, no-break and fixed-width spaces, zero-width marks. */
bool utf8_is_space(uint32_t c);
/** Lower case for ASCII, Latin-1, Greek and Cyrillic letters; full-width ASCII becomes ASCII; others stay. */
uint32_t utf8_fold(uint32_t c);
/** Write a character; buf of at least 4 bytes. @return its length. */
size_t utf8_put(uint32_t c, char *buf);

#endif
