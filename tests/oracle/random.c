/*
 * Random numbers of the oracle: a seed comes in, the same numbers go out for it. Nothing is refused.
 */
#include "oracle/oracle.h"

uint64_t oracle_seed = 1;

uint32_t draw(uint32_t below)
{
	oracle_seed = oracle_seed * 6364136223846793005u + 1442695040888963407u;
	return below == 0 ? 0 : (uint32_t)((oracle_seed >> 33) % below);
}

bool chance(unsigned percent)
{
	return draw(100) < percent;
}

u128 draw_range(struct range r)
{
	u128 width = r.hi - r.lo;

	switch (draw(5)) {
	case 0:
		return r.lo;
	case 1:
		return r.hi;
	case 2:
		/* Just outside: where a mistake of one would be. */
		return draw(2) == 0 ? (r.lo > 0 ? r.lo - 1 : r.lo) : r.hi + 1;
	default:
		return r.lo + (width >= UINT32_MAX ? draw(UINT32_MAX) : draw((uint32_t)width + 1));
	}
}
