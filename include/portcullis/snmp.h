#ifndef PORTCULLIS_SNMP_H
#define PORTCULLIS_SNMP_H

#include "portcullis/conformance.h"
#include "portcullis/deployment.h"
#include "portcullis/error.h"
#include "portcullis/snapshot.h"

/** The AgentX face (RFC 2741): a thread of its own that answers from the hub's newest snapshot and sends traps. */
struct snmp;

struct snmp_options {
	const char *agentx; /**< master's socket: "/run/x/agentx.sock" or "tcp:localhost:705" */
	const char *snapshot; /**< file for the plugin of snmpd; NULL: none is written */
	const char
	        *delivery; /**< file of how far notifications have come; NULL: those that wait end with the process */
};

struct usage_reading;
struct journal;
/** What managers may ask of the agent; called in a thread of the face's own, but for settings(). */
struct snmp_host {
	void *ctx;
	/** The settings of running. Waits for nobody: it is called for every request. */
	void (*settings)(void *ctx, struct notification_settings *out);
	/** Nobody else changes running until release(). @return -1: somebody else does, or has it locked. */
	int (*reserve)(void *ctx, struct error *err);
	void (*release)(void *ctx); /**< also where nothing is reserved */
	/** They hold, and are durable. */
	int (*set)(void *ctx, const struct notification_settings *settings, struct error *err);
	void (*verify)(void *ctx); /**< soon */
	int (*test)(void *ctx, struct error *err); /**< a test notification, soon */
	int (*usage)(void *ctx, struct usage_reading **out, struct error *err); /**< usage_get() */
};

/**
 * Start the thread. The master may be away: it is tried after pauses that grow, from a quarter of a second to five. Where it may
 * run on some processors alone, the thread runs there too.
 *
 * @param host, hub  borrowed until snmp_stop(); *host is copied.
 * @return 0, or -1: ERR_USAGE (no socket, or too long), ERR_IO (no thread, or the file for the plugin cannot be written).
 */
int snmp_start(const struct snmp_options *options, const struct snmp_host *host, struct hub *hub, struct snmp **out,
        struct error *err) MUST_USE;
/** The hub has another snapshot. Safe from any thread, never waits. */
void snmp_published(struct snmp *s);
/**
 * Queue a notification. Copied; kept while the master is away, and until it has answered. Beyond 1024 the oldest are
 * counted as suppressed, and one digest tells how many. Safe from any thread, never waits.
 */
void snmp_notify(struct snmp *s, const struct change *change);
/**
 * Queue again what was told before this start and the master has not answered, from the journal. Before anything is told by
 * snmp_notify().
 *
 * @param journal  borrowed until it returns.
 * @param newest   sequence number of the last one that is not of this process.
 */
void snmp_resume(struct snmp *s, struct journal *journal, uint64_t newest);
/** Nothing of what was told waits any more: for a start without SNMP. @param delivery  as in struct snmp_options */
void snmp_forget(const char *delivery);
/**
 * End the thread within a second, or when the host has done what a manager asked. One that hangs, because the master does not read, is left behind: it reaches
 * nothing of the caller any more, not even the hub, and does not hold up the end of the process. NULL is fine.
 */
void snmp_stop(struct snmp *s);

#endif
