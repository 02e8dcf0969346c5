#ifndef PORTCULLIS_SNMP_TABLE_H
#define PORTCULLIS_SNMP_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "portcullis/flat.h"

/*
 * PORTCULLIS-MIB without any SNMP library: find the row, then project the column. One array of columns per table, in the
 * order of their numbers; the same functions serve GET and GETNEXT of the AgentX subagent, tests, and a plugin.
 */

#define TABLE_OID_MAX 8 /* column and index below an entry: 1 + 6 */

enum column_kind {
	COLUMN_ENUM, /* uint8_t; the MIB's numbers are the C enums' plus 1, here and nowhere else */
	COLUMN_TRUTH, /* uint8_t -> TruthValue */
	COLUMN_GAUGE, /* uint32_t -> Gauge32, Unsigned32 */
	COLUMN_COUNTER, /* uint32_t -> Counter32 */
	COLUMN_COUNTER64, /* uint64_t -> Counter64 */
	COLUMN_LOCK, /* uint32_t -> TestAndIncr */
	COLUMN_TEXT, /* flat_text -> OCTET STRING */
	COLUMN_STRING, /* const char * -> OCTET STRING; of tables that are not in the snapshot */
	COLUMN_STAMP, /* int64_t monotonic ms -> TimeStamp */
	COLUMN_AGE, /* int64_t monotonic ms -> Gauge32, seconds since */
	COLUMN_DATE /* int64_t seconds since 1970 -> DateAndTime, UTC */
};

/** What can be set. */
enum set_object {
	SET_NOTHING, /* read-only */
	SET_ENABLE,
	SET_HOLD_DOWN,
	SET_MINIMUM_INTERVAL,
	SET_PER_FLOW,
	SET_LOCK,
	SET_VERIFY,
	SET_TEST
};

struct column {
	uint32_t number;
	enum column_kind kind;
	size_t offset; /* in the row */
	const char *name; /* descriptor in the MIB */
};

/** Tables that are not in the snapshot follow those of enum flat_table. */
enum { TABLE_NOTIFY = FLAT_TABLE_N, TABLE_RULE, TABLE_CONTROL, TABLE_N };

struct table {
	const char *entry; /* descriptor of the entry, or of the node above the scalars */
	uint32_t suffix[4]; /* OID of it below the root */
	size_t n_suffix;
	const struct column *column;
	size_t n_column;
};

/** Every table, numbered by enum flat_table, TABLE_NOTIFY and those behind it. */
extern const struct table tables[TABLE_N];

/** The one row of TABLE_NOTIFY: counters of the notifications, and their settings. */
struct notify_row {
	uint32_t instance;
	uint32_t sent, suppressed, waiting, last_sequence;
	uint32_t hold_down, minimum_interval; /* milliseconds */
	uint8_t enable, per_flow;
};

/** The one row of TABLE_CONTROL: what is asked for shows nothing when it is read. */
struct control_row {
	uint32_t instance;
	uint32_t lock;
	uint8_t verify, test;
};

/** A row of TABLE_RULE: an explicit rule of the configuration, and what it has counted. */
struct rule_row {
	uint32_t id;
	uint32_t position; /* from 1 */
	uint64_t packets, octets;
	int64_t since, counted; /* seconds since 1970; 0: not in the kernel */
	const char *name, *comment;
	uint8_t path, action; /* enum path; enum firewall_action, less the one that no rule has */
};

/** Rows of TABLE_RULE by id, and what they are made of and borrow from. */
struct inputs;
struct usage_reading;
struct rule_rows {
	struct rule_row *row;
	size_t n;
	struct inputs *inputs;
	struct usage_reading *reading;
};

enum value_type { VALUE_INTEGER, VALUE_GAUGE, VALUE_COUNTER, VALUE_TICKS, VALUE_OCTETS, VALUE_COUNTER64 };

struct value {
	enum value_type type;
	uint32_t number;
	uint64_t wide; /* of VALUE_COUNTER64 */
	const char *octets; /* in the flat block, in the row, or in buf */
	size_t len;
	char buf[11];
};

/** What a request is answered from: all of it taken at one moment. */
struct table_source {
	const struct flat_view *view; /* without rows where there is no snapshot */
	const struct notify_row *notify;
	const struct control_row *control;
	const struct rule_rows *rules;
	int64_t now_ms; /* monotonic */
	int64_t boot_ms; /* the same clock when sysUpTime was 0 */
};

/** What writing a column of a table asks for. */
enum set_object table_settable(size_t table, uint32_t column);
/** The column of a table with this number, or NULL. */
const struct column *table_column(size_t table, uint32_t number);

enum table_result { TABLE_OK, TABLE_NO_OBJECT, TABLE_NO_INSTANCE, TABLE_END };

/**
 * The value of one instance.
 *
 * @param oid  what follows the entry's OID: column, index.
 * @return TABLE_OK, TABLE_NO_OBJECT (no such column) or TABLE_NO_INSTANCE.
 */
enum table_result table_get(
        const struct table_source *source, size_t table, const uint32_t *oid, size_t n, struct value *out);

/**
 * The first instance after oid.
 *
 * @param oid    what follows the entry's OID, of any length; n 0: from the beginning.
 * @param next   its column and index.
 * @return TABLE_OK or TABLE_END.
 */
enum table_result table_next(const struct table_source *source, size_t table, const uint32_t *oid, size_t n,
        uint32_t next[TABLE_OID_MAX], size_t *n_next, struct value *out);

void value_set_date(struct value *v, int64_t wall);

#endif
