#ifndef PORTCULLIS_SNMP_SHARE_H
#define PORTCULLIS_SNMP_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "portcullis/flat.h"

/*
 * The flat block of the newest snapshot in a file, for a plugin inside snmpd: written beside it and renamed, so that who has
 * it open has all of it. A lock on the file PATH.lock says that the agent lives; without it the file counts for nothing. No
 * SNMP library and, on the reading side, nothing else of the agent.
 *
 *   struct share_head | flat block
 */

#define SHARE_MAGIC 0x50545348u
#define SHARE_VERSION 1u
#define SHARE_MAX_SIZE ((uint64_t)1 << 30) /* a reader takes no more into memory */

struct share_head {
	uint32_t magic, version;
	uint64_t size; /* of the block */
	uint64_t sum; /* share_sum() of it */
};

uint64_t share_sum(const void *bytes, size_t n);

/* Reading */

struct share_reader {
	char *path;
	int lock_fd; /* -1: not open */
	struct timespec changed; /* of the file that was read */
	uint64_t device, inode, size;
	void *block; /* NULL: there is none */
	struct flat_view view;
};

void share_reader_init(struct share_reader *r, const char *path);
void share_reader_fini(struct share_reader *r);
/**
 * What there is now: read again only where it is another one. A file that is not sound, or whose agent is gone, has no rows.
 *
 * @return valid until the next call.
 */
const struct flat_view *share_reader_look(struct share_reader *r);

/* Writing */

struct hub;
struct error;
struct share;
/**
 * A thread that writes what the hub has.
 *
 * @param hub  borrowed until share_stop().
 * @return -1: ERR_IO (the lock cannot be made), ERR_IN_USE (another agent writes it).
 */
int share_start(const char *path, struct hub *hub, struct share **out, struct error *err);
/** There is a new snapshot. Never waits. */
void share_wake(struct share *s);
/** Ends the thread and takes the file away. NULL is fine. */
void share_stop(struct share *s);

#endif
