#ifndef VERIFY_BLAME_H
#define VERIFY_BLAME_H

#include "verify/engine.h"

/** Who decided, with text; chain OUTCOME_NO_CHAIN: nobody, the hook is empty. Release with blame_fini(). */
void blame_fill(const struct ruleset *rs, size_t chain, size_t rule, enum outcome_code code, struct blame *out);
void blame_copy(struct blame *out, const struct blame *in);
void blame_fini(struct blame *b);

/** One packet of the cell: low addresses that are no network address, source port from 1024 on. */
struct packet cell_witness(const struct packet_set *set, const struct cell *cell);

/** A list of strings without duplicates; takes a copy. */
void names_add(char ***list, size_t *n, const char *name);
void names_fini(char **list, size_t n);

#endif
