#ifndef PORTCULLIS_SNMP_CONTROL_H
#define PORTCULLIS_SNMP_CONTROL_H

#include <stdbool.h>

#include "portcullis/snmp.h"

/*
 * What SNMP may ask of the agent, done by a thread of its own: the one that talks to the SNMP agent of the device waits for
 * an answer no longer than that agent does. No SNMP library here.
 */
struct control;

enum control_result {
	CONTROL_DONE,
	CONTROL_BUSY, /* somebody else changes running, or has it locked */
	CONTROL_FAILED /* not done, or not in time: then it is taken back */
};

/** @param host  copied; what it reaches is borrowed until control_stop(). */
struct control *control_new(const struct snmp_host *host);
/** The owner's: ends the thread after what it does. Nothing reaches the host any more, and what is asked is CONTROL_BUSY. */
void control_stop(struct control *c);
void control_free(struct control *c);

/* From here on in the thread of the SNMP agent. */

/** What holds now. Does not wait. */
void control_settings(struct control *c, struct notification_settings *out);
/** Nobody else changes running from here on, until control_release(). */
enum control_result control_reserve(struct control *c);
/** Reserved. Durable when it is done. */
enum control_result control_set(struct control *c, const struct notification_settings *settings);
/* Not waited for: */
void control_release(struct control *c);
void control_verify(struct control *c);
void control_test(struct control *c);

/**
 * The counters of the own table when they were last read; who asks makes the next reading come sooner.
 *
 * @return one reference; NULL: they were not read yet, or could not be.
 */
struct usage_reading *control_usage(struct control *c);

#endif
