#ifndef PORTCULLIS_NETCONF_MARK_H
#define PORTCULLIS_NETCONF_MARK_H

#include <stddef.h>

#include "portcullis/text.h"

/**
 * Look for a mark in bytes that come piece by piece. Pure.
 *
 * @param mark     its first character stands nowhere else in it, so that after a mismatch nothing of it fits but that.
 * @param matched  bytes of the mark that were seen and are held back; 0 at the beginning.
 * @param out      gets what stands before the mark.
 * @return bytes taken: all of them, unless the mark ends before; then *matched is its length.
 */
size_t mark_scan(const char *mark, size_t *matched, const char *s, size_t n, struct text *out);

#endif
