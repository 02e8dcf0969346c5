#ifndef VERIFY_EXCESS_H
#define VERIFY_EXCESS_H

#include "verify/cell.h"

/* Accepted packets that nobody needs, of one question for openings. */

struct excess {
	size_t chain, rule;
	uint8_t proto;
	bool other; /**< no protocol of its own: may join others with the same box */
	unsigned factor; /**< protocols that it stands for */
	struct cell cell; /**< of all parts, where there are several */
	struct cell first; /**< one part */
	size_t parts;
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
/** Forget all, and keep the memory. */
void excesses_reset(struct excesses *list);
void excesses_fini(struct excesses *list);

#endif
