/*
 * The kernel's work on concatenated sets, estimated: ranges come in, bytes that it copies go out. 10,000 boxes of a few
 * prefixes each cost nothing; a thousand with odd IPv6 and port ranges took seven seconds.
 */
#include "nft/work.h"

#include "portcullis/range.h"

/* Of a range of len bytes: how many aligned powers of two it is made of. A reversed one is refused by the kernel. */
static uint64_t prefixes_of(u128 lo, u128 hi)
{
	uint64_t n = 0;
	while (lo <= hi) {
		u128 size = lo != 0 ? lo & (~lo + 1) : (u128)1 << 127;
		while (size - 1 > hi - lo)
			size >>= 1;
		n++;
		if (hi - lo == size - 1)
			break;
		lo += size;
	}
	return n;
}

static u128 number(const uint8_t *p, uint32_t len)
{
	u128 value = 0;
	for (uint32_t i = 0; i < len; i++)
		value = value << 8 | p[i];
	return value;
}

/*
 * A table of n prefixes has two groups of four bits per byte, each with 16 bit sets of n bits; when it has grown to n it
 * was copied n / 64 times at half that size: n * n * len / 32 bytes.
 */
static uint64_t copied(uint64_t n, uint32_t len)
{
	return n * n / 32 * len;
}

uint64_t nft_work_add(struct nft_work *w, size_t field, const uint8_t *lo, const uint8_t *hi)
{
	uint32_t len = w->len[field];
	uint64_t before = w->prefixes[field];
	w->prefixes[field] += prefixes_of(number(lo, len), number(hi, len));
	return copied(w->prefixes[field], len) - copied(before, len);
}
