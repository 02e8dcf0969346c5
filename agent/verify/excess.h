#ifndef VERIFY_EXCESS_H
#define VERIFY_EXCESS_H

#include "verify/cell.h"

/* Accepted packets that nobody needs, of one question for openings. */

struct excess {
	size_t chain, rule;
	uint8_t proto;
	bool other; /**< no protocol of its own: may join others with the same box */
	unsigned factor; /**< protocols that it stands for */
	uint64_t protocol[4]; /**< their bits */
	struct cell cell; /**< of all parts, where there are several */
	struct cell first; /**< one part */
	size_t parts;
	struct cell *part; /**< the parts, where there are several and not too many; else NULL */
	char *packets; /**< of several parts together; else NULL */
	bool source_ports; /**< nothing but the source port keeps it from being needed */
};

/** Start with {0}; release with excesses_fini(). */
struct excesses {
	struct excess *item;
	size_t n, cap;
	uint32_t *slot; /**< of those that may join others, by rule and box: index + 1; 0: free */
	size_t n_slot;
};

/** Take one over; protocols without one of their own that share rule and box become one. */
void excesses_add(struct excesses *list, const struct excess *x);
/** Its factor protocols are this one and those behind it. */
void excess_set_protocols(struct excess *x, uint8_t first);
/** Keep copies of its parts where there are several. @param kept  in/out: of how many copies are kept; at most OPENING_PARTS_MAX. */
void excess_keep_parts(struct excess *x, const struct cell *part, size_t *kept);
/** The parts that it keeps; the caller frees them. NULL: none. */
struct box *excess_boxes(const struct excess *x);
/** Forget all, and keep the memory. */
void excesses_reset(struct excesses *list);
void excesses_fini(struct excesses *list);

#endif
