#ifndef VERIFY_UNIFORM_H
#define VERIFY_UNIFORM_H

#include "verify/engine.h"

/*
 * Kinds of packets that all meet one end, whatever their addresses and ports: what a stateful ruleset does to established
 * connections. Any part of such a kind meets that end too and need not walk the ruleset again.
 */
struct uniform;

struct uniform *uniform_new(void);
void uniform_free(struct uniform *u);
/** The ruleset is another one. */
void uniform_forget(struct uniform *u);
/**
 * The end of all packets of the set's kind, asked for once with `walk`.
 *
 * @param walk  runs a set whose cell is everything, and may give up early: *limit of the outcomes is then set.
 * @return NULL: not one end, or one that depends on something; ask for the set itself.
 */
const struct outcome *uniform_find(struct uniform *u, const struct packet_set *set,
        void (*walk)(void *ctx, const struct packet_set *all, struct outcomes *out), void *ctx);
/** Does a statement hold that is about all packets of the set's kind: asked for once with `ask`. */
bool uniform_holds(struct uniform *u, const struct packet_set *set, bool (*ask)(void *ctx), void *ctx);

#endif
