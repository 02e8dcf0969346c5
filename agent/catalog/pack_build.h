#ifndef CATALOG_PACK_BUILD_H
#define CATALOG_PACK_BUILD_H

#include <jansson.h>

#include "portcullis/import.h"

/**
 * Make one pack.
 *
 * @param import   the documents of this product, in the order of their names.
 * @param overlay  as overlay_read() gives it.
 * @param where    the overlay's name for messages.
 * @param out      the pack object without digest; json_decref() it; NULL on failure.
 * @return 0, or -1 with ERR_INVALID.
 */
int pack_build(struct import **import, size_t n, const json_t *overlay, const char *where, json_t **out,
        struct error *err) MUST_USE;
/** SHA-256 of a pack object without digest and defaults, members sorted by name, no insignificant blanks (see the YANG). */
void pack_digest(const json_t *pack, char out[65]);

#endif
