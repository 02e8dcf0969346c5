#ifndef CATALOG_DIFF_REQUIREMENTS_H
#define CATALOG_DIFF_REQUIREMENTS_H

#include "portcullis/catalog.h"

/** Fill the part of a difference that is about requirements; without effect unless both packs are of one product. */
void requirements_diff(const struct pack *a, const struct pack *b, struct pack_diff *out);
/** Free that part. */
void requirements_diff_fini(struct pack_diff *diff);

#endif
