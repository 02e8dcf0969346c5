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
	struct line *gone; /**< lines that some regions are of; may be NULL */
};

/** Both engines were made for the same site. Release with difference_fini(). */
void difference_find(const struct engine *before, const struct engine *after, struct difference *out);
void difference_fini(struct difference *d);
/**
 * A line that only one of the rulesets has, in a chain that is reached from these hooks, as region_hooks() has them.
 *
 * @param nat   one of the rulesets translates.
 * @param part  of its hull; NULL: all of it.
 */
void difference_add(struct difference *d, const struct line *line, uint32_t hooks, bool nat, const struct cell *part);
/** Fields that decide which kinds of packets are tried; bits per field. */
#define DIFFERENCE_DECIDING                                                                                            \
	(1u << RS_FIELD_TCP_FLAGS | 1u << RS_FIELD_CT_STATE | 1u << RS_FIELD_CT_STATUS | 1u << RS_FIELD_ICMP_TYPE |    \
	        1u << RS_FIELD_ICMPV6_TYPE)

/** May some packet of the connection be treated otherwise. */
bool difference_touches_leg(const struct difference *d, const struct leg_key *key);
/** The same for packets of a set from some addresses to others; the addresses of its cell do not count. */
bool difference_touches_set(const struct difference *d, const struct packet_set *set, const struct ranges *source,
        const struct ranges *destination);

#endif
