#ifndef VERIFY_DIFFERENCE_H
#define VERIFY_DIFFERENCE_H

#include "verify/leg.h"

/* What differs between two rulesets, as far as packets can meet it. */

struct line;
struct region;

struct difference {
	bool everything; /**< any packet may be treated otherwise */
	struct region *region; /**< else packets of one of these */
	size_t n, cap;
};

/** Both engines were made for the same site. Release with difference_fini(). */
void difference_find(const struct engine *before, const struct engine *after, struct difference *out);
void difference_fini(struct difference *d);

/** May some packet of the connection be treated otherwise. */
bool difference_touches_leg(const struct difference *d, const struct leg_key *key);
/** The same for packets of a set from some addresses to others; the addresses of its cell do not count. */
bool difference_touches_set(const struct difference *d, const struct packet_set *set, const struct ranges *source,
        const struct ranges *destination);

#endif
