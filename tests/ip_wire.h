#ifndef PORTCULLIS_TESTS_IP_WIRE_H
#define PORTCULLIS_TESTS_IP_WIRE_H

/* For tests that make IP packets themselves: addresses and checksums (RFC 1071) as bytes. */
#include <stddef.h>
#include <stdint.h>

#include "portcullis/range.h"

/** An address of `size` bytes, in network order. */
static inline void put_address(uint8_t *p, size_t size, u128 a)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (uint8_t)(a >> (8 * (size - 1 - i)));
}

static inline u128 get_address(const uint8_t *p, size_t size)
{
	u128 a = 0;

	for (size_t i = 0; i < size; i++)
		a = a << 8 | p[i];
	return a;
}

/** Sum of 16 bit words, onto what was summed before. */
static inline uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return sum;
}

/** The checksum of a sum. */
static inline unsigned fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

#endif
