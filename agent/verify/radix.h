#ifndef VERIFY_RADIX_H
#define VERIFY_RADIX_H

#include <stddef.h>

/* Sorting byte by byte: of keys that differ in few bytes it costs as many passes. */
#define RADIX 256

/** How many there are of each byte becomes where the first of each goes. */
static inline void radix_places(size_t at[RADIX])
{
	size_t sum = 0;

	for (unsigned k = 0; k < RADIX; k++) {
		size_t n = at[k];

		at[k] = sum;
		sum += n;
	}
}

#endif
