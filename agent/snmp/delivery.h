#ifndef PORTCULLIS_SNMP_DELIVERY_H
#define PORTCULLIS_SNMP_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far notifications have come, in a file that outlives the process: what was queued for the master and what it has
 * answered, by sequence number. No SNMP library here. Safe from any thread; never waits for a disk.
 */

struct delivery;

/** @param path  made if it is missing; NULL: nothing is kept. A file that cannot be used is told in the log. */
struct delivery *delivery_open(const char *path);
/**
 * This process begins to tell. Where nothing is known of those before, all that they told counts as answered.
 *
 * @param newest  sequence number of the last one that was told before.
 */
void delivery_start(struct delivery *d, uint64_t newest);
/** All that was told is queued. NULL is fine. */
void delivery_close(struct delivery *d);

/**
 * What was queued before this process and not answered: from after up to until; UINT64_MAX: all that was told, for the process
 * before did not come to queue it. @return false for nothing.
 */
bool delivery_left(struct delivery *d, uint64_t *after, uint64_t *until);
void delivery_queued(struct delivery *d, uint64_t sequence);
/** This one and all before it. */
void delivery_answered(struct delivery *d, uint64_t sequence);

#endif
