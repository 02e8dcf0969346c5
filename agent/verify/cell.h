#ifndef VERIFY_CELL_H
#define VERIFY_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/range.h"
#include "portcullis/verify.h"

/* A set of packets of one protocol and family: all combinations of one range per axis. */

enum axis { AXIS_SOURCE, AXIS_DESTINATION, AXIS_SPORT, AXIS_DPORT, AXIS_N };

struct cell {
	struct range axis[AXIS_N];
};

struct cells {
	struct cell *item;
	size_t n, cap;
};

void cells_fini(struct cells *c);
void cells_add(struct cells *c, const struct cell *cell);

bool cell_overlaps(const struct cell *a, const struct cell *b);
/** All of b inside a. */
bool cell_covers(const struct cell *a, const struct cell *b);
/** @return false when they share nothing; then *out is not meaningful. */
bool cell_intersect(const struct cell *a, const struct cell *b, struct cell *out);
/** The part of `a` where it differs from the overlapping `b` first, axis by axis, appended as disjoint cells. */
void cell_subtract(const struct cell *a, const struct cell *b, struct cells *out);

/**
 * Take one cell out of a list, in place.
 *
 * @return false when the list would exceed max cells; the list is then not meaningful.
 */
bool cells_subtract(struct cells *set, const struct cell *cut, size_t max) MUST_USE;
/** Join neighbours in a disjoint list while that makes it shorter; the result is sorted and does not depend on order. */
void cells_merge(struct cells *set);
/** A cell of `whole` that no item of `cover` touches. @return false: all of it is covered, or *limit was reached. */
bool cells_find_uncovered(const struct cell *whole, const struct cell *cover, size_t n, struct cell *out, bool *limit);

/** Number of packets in n disjoint cells times `factor`, in decimal; the caller frees it. */
char *cells_count(const struct cell *cell, size_t n, unsigned factor);
/** The smallest cell around both. */
struct cell cell_hull(const struct cell *a, const struct cell *b);

struct box cell_box(const struct cell *cell);
/** The same packets seen from the other end: source and destination swapped. */
struct cell cell_reverse(const struct cell *cell);

#endif
