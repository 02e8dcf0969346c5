/*
 * The order in which flows are looked at: flows come in, out go their places, sorted by destination and then by source.
 * Nothing depends on it but time.
 */
#include "verify/place.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/radix.h"

/** The low half of an IPv6 address tells hosts of one network apart, which is near enough. */
struct place place_of(const struct flows *flows, size_t i)
{
	const struct flow *flow = &flows->flow[i];
	struct place p = {.flow = (uint32_t)i};

	if (flow->n_leg > 0 && flow->family == FAMILY_IPV4)
		p.key = (uint64_t)flow->leg[0].destination.lo << 32 | (uint64_t)flow->leg[0].source.lo;
	else if (flow->n_leg > 0)
		p.key = (uint64_t)flow->leg[0].destination.lo;
	return p;
}

static void sort_byte(const struct place *place, struct place *out, size_t n, unsigned shift)
{
	size_t at[RADIX] = {0};

	for (size_t i = 0; i < n; i++)
		at[place[i].key >> shift & (RADIX - 1)]++;
	radix_places(at);
	for (size_t i = 0; i < n; i++)
		out[at[place[i].key >> shift & (RADIX - 1)]++] = place[i];
}

void places_sort(struct place *place, size_t n)
{
	struct place *spare = xmalloc(n * sizeof(*spare) + 1), *from = place, *to = spare;
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= place[i].key ^ place[0].key;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		struct place *swap = from;

		if ((differ >> shift & (RADIX - 1)) == 0)
			continue;
		sort_byte(from, to, n, shift);
		from = to;
		to = swap;
	}
	if (from != place)
		memcpy(place, from, n * sizeof(*place));
	free(spare);
}
