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
#include <sys/mman.h>

/* x86-64 and arm64; where pages are of another size nothing worse than a small gain happens. */
#define LARGE_PAGE ((size_t)2 << 20)
#define LARGE ((size_t)3 << 20)

__attribute__((noreturn)) static void out_of_memory(void)
{
	static const char message[] = "portcullis: out of memory\n";
	fwrite(message, 1, sizeof(message) - 1, stderr);
	abort();
}

/**
 * Large memory in large pages, where the kernel has them: gone through in any order it costs less to find, and less to have.
 * A wish: what becomes of it does not matter (madvise(2), MADV_HUGEPAGE).
 */
static void *in_large_pages(void *p, size_t size)
{
	uintptr_t first, end;
	if (size < LARGE)
		return p;
	first = ((uintptr_t)p + LARGE_PAGE - 1) & ~(uintptr_t)(LARGE_PAGE - 1);
	end = ((uintptr_t)p + size) & ~(uintptr_t)(LARGE_PAGE - 1);
	if (first < end)
		madvise((void *)first, end - first, MADV_HUGEPAGE);
	return p;
}

void *xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);
	if (p == NULL)
		out_of_memory();
	return in_large_pages(p, size);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
	if (p == NULL)
		out_of_memory();
	return in_large_pages(p, n * size);
}

void *xrealloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n > 0 ? n : 1, size > 0 ? size : 1);
	if (q == NULL)
		out_of_memory();
	return in_large_pages(q, n * size);
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
