#ifndef PORTCULLIS_ALLOC_H
#define PORTCULLIS_ALLOC_H

#include <stddef.h>

/* Out of memory ends the program: sizes are bounded before allocation. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/**
 * Make room for one more item in a growing array: capacity doubles.
 *
 * @param items  the array (may be NULL while *cap is 0).
 * @param n      items in use.
 * @param cap    in/out: items allocated.
 * @return the array, possibly moved.
 */
void *xgrow(void *items, size_t n, size_t *cap, size_t size) __attribute__((returns_nonnull));

#endif
