#ifndef PORTCULLIS_FLAT_H
#define PORTCULLIS_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/snapshot.h"

/*
 * A snapshot in one block without pointers, for SNMP: a header, per table an array of rows of one size sorted by index,
 * and an area of texts. It is only read, by offset, with every offset checked: it may come from memory shared with
 * another program.
 *
 *   struct flat | rows of FLAT_SUMMARY | rows of FLAT_PRODUCT | ... | texts: length (2 octets), octets
 *
 * Enumerations are stored with the values of the C enums, times as monotonic milliseconds (_ms) or seconds since 1970
 * (_wall), 0 where not known.
 */

#define FLAT_MAGIC 0x50544c46u
#define FLAT_VERSION 4u
#define FLAT_TEXT_MAX 1024u /**< octets; longer texts end in "..." */
#define FLAT_MAX_ROWS 16777216u /**< per table */

enum flat_table {
	FLAT_SUMMARY,
	FLAT_PRODUCT,
	FLAT_ROLE,
	FLAT_REQUIREMENT,
	FLAT_DEPLOYMENT,
	FLAT_GROUP,
	FLAT_FLOW,
	FLAT_PROBLEM,
	FLAT_OPENING,
	FLAT_HISTORY,
	FLAT_IPSEC,
	FLAT_TABLE_N
};

/** Where a text begins in the text area; 0: the empty text. */
typedef uint32_t flat_text;

struct flat_section {
	uint64_t offset; /**< from the start of the block, a multiple of 8 */
	uint32_t row_size, count;
};

struct flat {
	uint32_t magic;
	uint16_t version, n_section;
	uint64_t size; /**< of the whole block */
	uint64_t text_offset, text_size;
	uint64_t table_text_size; /**< texts of all tables but the summary's, which come last */
	struct flat_section section[FLAT_TABLE_N];
};

/* Rows: the index comes first, as 32-bit numbers. */

/** The one row of the scalars; its index is the instance 0. */
struct flat_summary {
	uint32_t instance;
	uint32_t generation; /**< low 32 bits */
	uint32_t problems, flows, count[VERDICT_N], openings, openings_unacknowledged;
	uint32_t rules, rules_undecoded, ruleset_generation, verify_us, oldest_sequence, newest_sequence;
	uint32_t unkept;
	flat_text unreadable, unwritable, digest, catalog, version, deviation, pause_reason;
	uint8_t overall, readable, writable;
	uint8_t mode; /**< enum firewall_mode */
	uint8_t deviates, available;
	int64_t started_ms, verified_ms, changed_ms, verified_wall, changed_wall, paused_until;
	int64_t tables_changed_ms; /**< when a row of any table was other than before */
	int64_t sure_ms; /**< when all of it was last known to hold */
};

struct flat_product {
	uint32_t product;
	uint32_t roles, requirements, errata;
	flat_text name, title, version, digest, documents;
};

struct flat_role {
	uint32_t product, role;
	flat_text label, name, title, includes, groups;
	uint8_t kind;
};

struct flat_requirement {
	uint32_t product, requirement;
	uint32_t minimum_ports;
	flat_text label, listener, initiators, service, condition, ports, purpose, source, errata;
	uint8_t basis, reach, class, interface, optional, lb_need;
};

struct flat_deployment {
	uint32_t deployment;
	uint32_t flows, conformant, violated, undecided;
	flat_text name, product, version, groups;
	uint8_t severity; /**< worst of its flows */
};

struct flat_group {
	uint32_t group;
	flat_text name, zone, addresses, roles, virtual_addresses;
	uint8_t lb_kind;
};

struct flat_flow {
	uint32_t deployment, requirement, variant, initiator, listener, family;
	flat_text label, deployment_name, requirement_label, source, destination, transport, ports, source_ports;
	flat_text rule, witness, conditions, assumed, reason;
	uint8_t verdict, severity, path;
	int64_t changed_ms;
};

struct flat_problem {
	uint32_t problem;
	uint32_t affected, raised, author_pid;
	flat_text label, rule, witness, author;
	uint8_t severity, verdict, cause;
	int64_t since_ms, since_wall;
};

struct flat_opening {
	uint32_t opening;
	flat_text label, family, transport, listener, source, destination, source_ports, ports, packets, rule, witness;
	flat_text iif, oif;
	uint8_t acknowledged;
};

struct flat_history {
	uint32_t sequence; /**< flat_sequence() of the change's */
	uint32_t problem, affected, author_pid;
	flat_text label, flow, rule, witness, author, reason;
	uint8_t kind, severity, verdict, cause, old_overall, new_overall;
	int64_t wall;
};

struct flat_ipsec {
	uint32_t deployment, exemption;
	flat_text label, direction, source, destination, transports, source_ports, ports, policy, witness, reason;
	uint8_t state, advisory;
};

/** Each table with its row and the numbers in its index: X(table, row, n_index). */
#define FLAT_TABLES(X)                                                                                                 \
	X(FLAT_SUMMARY, struct flat_summary, 1)                                                                        \
	X(FLAT_PRODUCT, struct flat_product, 1)                                                                        \
	X(FLAT_ROLE, struct flat_role, 2)                                                                              \
	X(FLAT_REQUIREMENT, struct flat_requirement, 2)                                                                \
	X(FLAT_DEPLOYMENT, struct flat_deployment, 1)                                                                  \
	X(FLAT_GROUP, struct flat_group, 1)                                                                            \
	X(FLAT_FLOW, struct flat_flow, 6)                                                                              \
	X(FLAT_PROBLEM, struct flat_problem, 1)                                                                        \
	X(FLAT_OPENING, struct flat_opening, 1)                                                                        \
	X(FLAT_HISTORY, struct flat_history, 1)                                                                        \
	X(FLAT_IPSEC, struct flat_ipsec, 2)

#define FLAT_TEXT_HEAD 2u /**< octets of the length in front of a text, the high one first */

/** A block that was found sound. The numbers are copied, so that a writer gone wild cannot move them afterwards. */
struct flat_view {
	const uint8_t *base;
	size_t size;
	uint64_t text_offset, text_size;
	struct flat_section section[FLAT_TABLE_N];
};

/** The rows of one table: row i begins at base + i * size, its index are the first n_index numbers of 32 bits. */
struct flat_rows {
	const uint8_t *base;
	size_t size, count;
	unsigned n_index;
};

/**
 * Make the block of a snapshot.
 *
 * @param s     borrowed; its inputs may be NULL (then there are no tables of catalog, site and flows); s->flat is not read.
 * @param out   free() it; NULL on failure.
 * @param size  of *out.
 * @return 0, or -1 when a table has more than FLAT_MAX_ROWS rows or the texts take more than 4 GiB.
 *
 * Pure: no I/O, no clock. In agent/flat.c; the functions below, which only read, are in agent/snmp/flat_view.c.
 */
int flat_build(const struct snapshot *s, void **out, size_t *size) MUST_USE;

/** Have the tables of two blocks that flat_build() made the same rows, but for the summary? NULL: there was none. */
bool flat_same_tables(const void *a, const void *b);
/** Say in the summary of a block when its tables changed last, and when all of it was last known to hold. */
void flat_stamp(void *block, int64_t tables_changed_ms, int64_t sure_ms);

/**
 * Check a block: magic, version, size, alignment to 8, sizes and bounds of every section. Takes the same time for every
 * size: texts are checked when they are read.
 *
 * @param block  borrowed by *out; may be NULL.
 * @return 0, or -1 when it is not a sound block of this version; *out then has no rows.
 */
int flat_open(const void *block, size_t size, struct flat_view *out) MUST_USE;

/** The rows of a table; none for a view that flat_open() refused. */
struct flat_rows flat_rows(const struct flat_view *view, enum flat_table table);
/** Row number i (from 0), or NULL beyond the last. */
const void *flat_row(const struct flat_view *view, enum flat_table table, size_t i);
/** A text and its length, not terminated; "" when the reference is not sound. Never NULL. */
const char *flat_text_get(const struct flat_view *view, flat_text text, size_t *len);

/** A sequence number in 32 bits, 1..4294967295, as indexes and notifications carry it; 0 stays 0. */
uint32_t flat_sequence(uint64_t sequence);

#endif
