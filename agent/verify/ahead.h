#ifndef VERIFY_AHEAD_H
#define VERIFY_AHEAD_H

#include <stddef.h>

#define CACHE_LINE 64
/** Of a loop over things that lie apart in memory: so many before its turn comes a thing is asked for. */
#define AHEAD 4

/** Memory that is read soon. It may lie anywhere: nothing is read by this. */
static inline void ahead(const void *p, size_t size)
{
	for (size_t i = 0; i < size; i += CACHE_LINE)
		__builtin_prefetch((const char *)p + i);
	/* A function that does nothing else counts as one without effects, and is not called. */
	__asm__ volatile("");
}

#endif
