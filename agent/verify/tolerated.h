#ifndef VERIFY_TOLERATED_H
#define VERIFY_TOLERATED_H

#include "portcullis/deployment.h"
#include "portcullis/ruleset.h"

/* Sources that no verdict speaks of, because a set of the ruleset has them and the site says so. */

/** Addresses of the sets that tolerated sources name, [0] IPv4, [1] IPv6; site may be NULL. */
void tolerated_find(const struct ruleset *rs, const struct site *site, struct ranges out[2]);
/** One sentence for each tolerated source with a set: how many ranges it takes out, or why none. */
void tolerated_each_caveat(
        const struct ruleset *rs, const struct site *site, void (*each)(void *ctx, const char *text), void *ctx);

#endif
