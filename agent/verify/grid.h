#ifndef VERIFY_GRID_H
#define VERIFY_GRID_H

#include "verify/program.h"

/*
 * The places where any rule, set or translation of a ruleset begins or ends to match, in either direction. Packets between
 * two places that lie next to each other are all treated alike, so what is found for the whole interval holds for any
 * part of it.
 */
struct grid;

struct grid *grid_new(const struct engine *e);
void grid_free(struct grid *g);
/**
 * Widen a cell to whole intervals.
 *
 * @return false: some rule tells addresses apart within any interval (a mask that is no prefix, IPsec).
 */
bool grid_round(const struct grid *g, enum family family, const struct cell *cell, struct cell *out);

#endif
