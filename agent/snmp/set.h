#ifndef PORTCULLIS_SNMP_SET_H
#define PORTCULLIS_SNMP_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "snmp/control.h"
#include "snmp/table.h"

/*
 * One SetRequest in its phases (RFC 3416 section 4.2.5, RFC 2741 section 7.2.4): checked and reserved, committed, then either
 * finished or undone. Errors are those of RFC 3416. No SNMP library here.
 */

enum set_error {
	SET_NO_ERROR = 0,
	SET_WRONG_TYPE = 7,
	SET_WRONG_VALUE = 10,
	SET_NO_CREATION = 11,
	SET_INCONSISTENT_VALUE = 12,
	SET_RESOURCE_UNAVAILABLE = 13,
	SET_COMMIT_FAILED = 14,
	SET_UNDO_FAILED = 15,
	SET_NOT_WRITABLE = 17
};

/** What somebody wants to write. */
struct set_value {
	enum { SET_IS_INTEGER, SET_IS_UNSIGNED, SET_IS_OTHER } type; /* INTEGER, Gauge32 */
	int64_t number;
};

struct set {
	struct control *control;
	uint32_t lock; /* value of the TestAndIncr object */
	int64_t verify_ms, test_ms; /* when each was asked for last; 0: never */

	bool open, reserved, done;
	bool over; /* it failed: only its end is waited for */
	uint32_t id; /* of the request */
	int64_t since_ms;
	struct notification_settings before, next;
	bool changes, takes_lock, verifies, tests;
};

/** Is this a value for the object at all? */
enum set_error set_check(enum set_object object, const struct set_value *value);
/**
 * One more value of request `id`; the first one reserves what it takes.
 *
 * @param value  set_check() had nothing against it.
 */
enum set_error set_collect(
        struct set *s, uint32_t id, enum set_object object, const struct set_value *value, int64_t now_ms);
/** All of them, once. */
enum set_error set_commit(struct set *s, int64_t now_ms);
/** Nobody undoes it any more: what cannot be undone happens now. */
void set_finish(struct set *s, int64_t now_ms);
enum set_error set_undo(struct set *s);
/** It is given up before it was committed. */
void set_drop(struct set *s);
/** A request that never came to its end gives back what it has reserved. */
void set_expire(struct set *s, int64_t now_ms);

#endif
