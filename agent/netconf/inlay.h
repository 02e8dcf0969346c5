#ifndef PORTCULLIS_NETCONF_INLAY_H
#define PORTCULLIS_NETCONF_INLAY_H

#include <libyang/libyang.h>
#include <stdbool.h>
#include <stddef.h>

#include "portcullis/text.h"

/*
 * A part of a reply that is too large to be built: the worker puts a mark in its place, and the pump, when it comes to
 * the mark, writes the part instead, as fast as the client reads.
 */

struct session;
struct state_walk;
struct inlay;

/** The mark, as a node to be put among the data of a reply; NULL when there is no memory. */
struct lyd_node *inlay_mark(const struct ly_ctx *ctx);
/** Hand the pump what stands for the mark in the reply that comes next; takes the walk over. */
void inlay_offer(struct session *s, struct state_walk *walk);
/** Pump: what the worker has offered; NULL: nothing. */
struct inlay *inlay_take(struct session *s);
void inlay_free(struct inlay *x);
/**
 * Look for the mark in bytes of the reply.
 *
 * @param out  gets what stands before it.
 * @return bytes taken: all of them, unless the mark ends before; then inlay_is_open().
 */
size_t inlay_scan(struct inlay *x, const char *s, size_t n, struct text *out);
bool inlay_is_open(const struct inlay *x);
/** Write about `size` bytes of the part, which *out is emptied for. @return 1, 0 when that was the last, -1: it broke. */
int inlay_write(struct inlay *x, size_t size, struct text *out);

#endif
