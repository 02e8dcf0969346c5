#ifndef VERIFY_SHARES_H
#define VERIFY_SHARES_H

#include "verify/index.h"
#include "verify/leg.h"

/** Shares as they are found, those of earlier walks before the others. Start with {0}; release with shares_fini(). */
struct share_list {
	struct share *item;
	size_t n, cap;
	size_t n_before; /**< shares up to the last shares_mark() */
	struct box_index *index; /**< of these; NULL: they are few */
};

void shares_fini(struct share_list *list);
void shares_add(struct share_list *list, const struct share *s);
/** All that are there now are of earlier walks. */
void shares_mark(struct share_list *list);
/**
 * Take from the cells what shares have.
 *
 * @param all  of all shares; else of those of earlier walks.
 * @return false: more than VERIFY_MAX_BOXES cells; they are then not meaningful.
 */
bool shares_subtract(const struct share_list *list, bool all, struct cells *cells, struct positions *scratch) MUST_USE;

#endif
