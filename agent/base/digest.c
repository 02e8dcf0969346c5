/*
 * Digests: SHA-256 for contents (libmd), FNV-1a for numbers derived from names.
 */
#include <sha2.h>
#include <stddef.h>

#include "portcullis/range.h"

void sha256_hex(const void *data, size_t len, char out[65])
{
	SHA256Data(data, len, out);
}

uint32_t hash32(const char *s)
{
	uint32_t h = 2166136261u;
	for (; *s != '\0'; s++) {
		h ^= (unsigned char)*s;
		h *= 16777619u;
	}
	return h;
}
