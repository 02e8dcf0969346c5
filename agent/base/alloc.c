/*
 * Allocation that ends the program when memory is out: callers bound sizes first, so that this is never an answer to
 * input.
 */
#include "portcullis/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noreturn)) static void out_of_memory(void)
{
	static const char message[] = "portcullis: out of memory\n";
	fwrite(message, 1, sizeof(message) - 1, stderr);
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n > 0 ? n : 1, size > 0 ? size : 1);
	if (q == NULL)
		out_of_memory();
	return q;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = xmalloc(len + 1);
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xasprintf(const char *format, ...)
{
	va_list ap;
	char *s;
	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0)
		out_of_memory();
	va_end(ap);
	return s;
}

void *xgrow(void *items, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return items;
	if (*cap > SIZE_MAX / 4)
		out_of_memory();
	*cap = *cap == 0 ? 8 : *cap * 2;
	return xrealloc(items, *cap, size);
}
