#ifndef COMPILE_RULES_H
#define COMPILE_RULES_H

#include "compile/table.h"

/** The operator's rules of one path, in his order, at the end of a chain. @return 0, or -1: ERR_INVALID, ERR_LIMIT. */
int rules_add(struct own_table *t, size_t chain, const struct site *site, enum path path, struct error *err) MUST_USE;
/** Peers that must always reach this device. */
void management_add(struct own_table *t, size_t chain, const struct site *site);
/** Those of one family, as they come: the caller makes them normal when all are there, and releases them. */
void prefixes_take(struct ranges *out, const struct prefix *prefix, size_t n, enum family family);

#endif
