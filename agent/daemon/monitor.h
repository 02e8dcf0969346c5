#ifndef PORTCULLIS_DAEMON_MONITOR_H
#define PORTCULLIS_DAEMON_MONITOR_H

#include <stdint.h>

#include "portcullis/config.h"
#include "portcullis/conformance.h"
#include "portcullis/journal.h"
#include "portcullis/nft.h"
#include "portcullis/pins.h"
#include "portcullis/snapshot.h"

/*
 * The heart of the daemon, driven by main's loop: takes in what changed (ruleset, configuration, catalog, routes,
 * time), verifies, publishes a snapshot, and after the hold-down hands out what is to be told.
 */
struct monitor;

struct monitor_parts {
	struct config *config;
	struct journal *journal;
	struct nft_ops nft;
	struct hub *hub;
	struct catalog *catalog; /**< one reference is taken over */
	struct pins *pins; /**< borrowed; NULL: no copy of a pinned pack is kept */
	struct push *push; /**< borrowed; NULL: there is no own table */
	pid_t own_pid; /**< of the process that changes the ruleset for the agent */
	int64_t (*clock_ms)(void); /**< measures what a verification costs: clock_monotonic_ms(), or a test's */
};

int monitor_new(const struct monitor_parts *parts, struct monitor **out, struct error *err) MUST_USE;
void monitor_free(struct monitor *m);

/** Something changed; remembered until monitor_step(). The author is set for CAUSE_RULESET, else NULL. */
void monitor_changed(struct monitor *m, enum cause_kind kind, const struct nft_event *event, int64_t now_ms);
/** A new catalog (SIGHUP); one reference is taken over. */
void monitor_catalog(struct monitor *m, struct catalog *catalog, int64_t now_ms);
/** The catalog that is installed; borrowed until the next one. */
struct catalog *monitor_installed(const struct monitor *m);
/** Look at the own table at the next step, whatever was read. */
void monitor_look_at_push(struct monitor *m);
/** Verify at the next step, whatever changed. @return the ticket to wait for. Safe from any thread. */
uint64_t monitor_request(struct monitor *m);
/** Wait until the request was served or timeout_ms passed. Safe from any thread. @return 0 or -1 (ERR_UNAVAILABLE). */
int monitor_wait(struct monitor *m, uint64_t ticket, int timeout_ms, struct error *err) MUST_USE;

/**
 * Do what is due: read, verify, publish, tell.
 *
 * @param out  what to send now (enabled notifications only; all are in the journal); release with changes_fini().
 * @return milliseconds until the next step is due, at most 30,000.
 */
int monitor_step(struct monitor *m, int64_t now_ms, int64_t now_wall, struct changes *out);
/** So many test notifications may wait for the next step. */
#define MONITOR_TESTS 1000u
/** Ask for one test notification more at the next step. Safe from any thread. @return 0 or -1 (ERR_UNAVAILABLE). */
int monitor_test_notification(struct monitor *m, struct error *err) MUST_USE;

#endif
