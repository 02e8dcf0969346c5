#ifndef VERIFY_UPDATE_H
#define VERIFY_UPDATE_H

#include "verify/difference.h"

/**
 * Turn the engine of one ruleset into that of the next where they differ in a few rules and share the others (copies of
 * one rule, made for a ruleset that follows events).
 *
 * @param rs   as the last one stays until this engine is turned again, or freed.
 * @param out  what differs; release with difference_fini() before the old ruleset goes.
 * @return false: they differ in more, and nothing was changed; make a new engine.
 */
bool engine_update(struct engine *e, const struct ruleset *rs, int64_t now, struct difference *out);

#endif
