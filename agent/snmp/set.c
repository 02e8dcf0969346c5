/*
 * Values for objects come in, phase by phase, and what they ask for goes to the control thread: settings in the second
 * phase, and what cannot be undone in the last one. Refused are values that an object does not have, wishes that come too
 * often, and a request while another one, or somebody else, changes the configuration.
 */
#include "snmp/set.h"

#include <string.h>

#define INTERVAL_MAX_MS 600000
#define LOCK_MAX 2147483647
/* A verification, and a test, no more often than that. */
#define AGAIN_MS 1000
/* The SNMP agent of the device takes no longer from phase to phase. */
#define PHASES_MS 5000

enum set_error set_check(enum set_object object, const struct set_value *value)
{
	const bool number = object == SET_HOLD_DOWN || object == SET_MINIMUM_INTERVAL;
	int64_t min = 1, max = 2;

	if (object == SET_NOTHING)
		return SET_NOT_WRITABLE;
	if (value->type != (number ? SET_IS_UNSIGNED : SET_IS_INTEGER))
		return SET_WRONG_TYPE;
	if (number || object == SET_LOCK) {
		min = 0;
		max = number ? INTERVAL_MAX_MS : LOCK_MAX;
	}
	return value->number < min || value->number > max ? SET_WRONG_VALUE : SET_NO_ERROR;
}

static void end(struct set *s)
{
	if (s->reserved)
		control_release(s->control);
	s->open = s->reserved = s->done = s->over = false;
	s->changes = s->takes_lock = s->verifies = s->tests = false;
}

static enum set_error reserve(struct set *s)
{
	if (s->reserved)
		return SET_NO_ERROR;
	if (control_reserve(s->control) != CONTROL_DONE)
		return SET_RESOURCE_UNAVAILABLE;
	s->reserved = true;
	control_settings(s->control, &s->before);
	s->next = s->before;
	return SET_NO_ERROR;
}

static enum set_error collect_setting(struct set *s, enum set_object object, const struct set_value *value)
{
	enum set_error e = reserve(s);

	if (e != SET_NO_ERROR)
		return e;
	s->changes = true;
	if (object == SET_ENABLE)
		s->next.enable = value->number == 1;
	else if (object == SET_PER_FLOW)
		s->next.per_flow = value->number == 1;
	else if (object == SET_HOLD_DOWN)
		s->next.hold_down_ms = (unsigned)value->number;
	else
		s->next.minimum_interval_ms = (unsigned)value->number;
	return SET_NO_ERROR;
}

static bool too_soon(int64_t last_ms, int64_t now_ms)
{
	return last_ms != 0 && now_ms - last_ms < AGAIN_MS;
}

enum set_error set_collect(
        struct set *s, uint32_t id, enum set_object object, const struct set_value *value, int64_t now_ms)
{
	if (s->open && s->id != id && !s->over)
		return SET_RESOURCE_UNAVAILABLE;
	if (s->open && s->id != id)
		end(s);
	if (!s->open) {
		s->open = true;
		s->id = id;
		s->since_ms = now_ms;
	}
	switch (object) {
	case SET_LOCK:
		if (value->number != s->lock)
			return SET_INCONSISTENT_VALUE;
		s->takes_lock = true;
		return SET_NO_ERROR;
	case SET_VERIFY:
		s->verifies = value->number == 2;
		return s->verifies && too_soon(s->verify_ms, now_ms) ? SET_RESOURCE_UNAVAILABLE : SET_NO_ERROR;
	case SET_TEST:
		s->tests = value->number == 2;
		return s->tests && too_soon(s->test_ms, now_ms) ? SET_RESOURCE_UNAVAILABLE : SET_NO_ERROR;
	case SET_NOTHING:
	case SET_ENABLE:
	case SET_HOLD_DOWN:
	case SET_MINIMUM_INTERVAL:
	case SET_PER_FLOW:
		break;
	}
	return collect_setting(s, object, value);
}

enum set_error set_commit(struct set *s, int64_t now_ms)
{
	if (!s->open || s->done)
		return SET_NO_ERROR;
	if (s->over)
		return SET_COMMIT_FAILED;
	if (s->changes && control_set(s->control, &s->next) != CONTROL_DONE) {
		end(s);
		s->open = s->over = true;
		return SET_COMMIT_FAILED;
	}
	if (s->takes_lock)
		s->lock = s->lock == LOCK_MAX ? 0 : s->lock + 1;
	s->done = true;
	s->since_ms = now_ms;
	return SET_NO_ERROR;
}

void set_finish(struct set *s, int64_t now_ms)
{
	if (!s->open)
		return;
	if (s->verifies) {
		s->verify_ms = now_ms;
		control_verify(s->control);
	}
	if (s->tests) {
		s->test_ms = now_ms;
		control_test(s->control);
	}
	end(s);
}

enum set_error set_undo(struct set *s)
{
	enum set_error e = SET_NO_ERROR;

	if (!s->open)
		return e;
	if (s->done && s->changes && control_set(s->control, &s->before) != CONTROL_DONE)
		e = SET_UNDO_FAILED;
	if (s->done && s->takes_lock)
		s->lock = s->lock == 0 ? LOCK_MAX : s->lock - 1;
	end(s);
	return e;
}

void set_drop(struct set *s)
{
	if (s->open)
		end(s);
}

void set_expire(struct set *s, int64_t now_ms)
{
	if (s->open && now_ms - s->since_ms > PHASES_MS)
		end(s);
}
