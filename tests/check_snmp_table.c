/* links: snmp conformance base */
/*
 * The SNMP face without an SNMP agent: GET and GETNEXT over every table against a tree made by brute force, the tables and
 * notifications of the code against the text of the MIB, and the queue of notifications.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "build.h"
#include "portcullis/text.h"
#include "sample_snapshot.h"
#include "snmp/notify.h"
#include "snmp/table.h"

/* The MIB's text */

static char *mib;

static void mib_setup(void)
{
	struct error err;
	size_t len;
	ck_assert_msg(file_read(BUILD_DIR "/generated/mibs/PORTCULLIS-MIB.txt", 1 << 20, &mib, &len, &err) == 0, "%s",
	        err.text);
}

static void mib_teardown(void)
{
	free(mib);
}

struct definition {
	char body[4096]; /* from the name to the end of "::= { PARENT NUMBER }" */
	char parent[64];
	unsigned number;
};

static void mib_find(const char *name, const char *macro, struct definition *out)
{
	char head[128];
	snprintf(head, sizeof(head), "\n%s %s\n", name, macro);
	const char *at = strstr(mib, head), *end = at != NULL ? strstr(at, "::= {") : NULL;
	ck_assert_msg(end != NULL, "%s is not in the MIB", head);
	ck_assert_int_eq(sscanf(end, "::= { %63s %u }", out->parent, &out->number), 2);
	snprintf(out->body, sizeof(out->body), "%.*s", (int)(end - at), at);
}

/* The SYNTAX clauses that a kind of column may have. */
static bool syntax_fits(enum column_kind kind, const char *syntax)
{
	static const char *const allowed[][8] = {
	        [COLUMN_ENUM] = {"INTEGER {", "PortcullisVerdict", "PortcullisOverallState", "PortcullisSeverity",
	                "PortcullisCause", "PortcullisPath", "PortcullisChange"},
	        [COLUMN_TRUTH] = {"TruthValue"},
	        [COLUMN_GAUGE] = {"Gauge32", "Unsigned32", "PortcullisSequence"},
	        [COLUMN_COUNTER] = {"Counter32"},
	        [COLUMN_COUNTER64] = {"Counter64"},
	        [COLUMN_LOCK] = {"TestAndIncr"},
	        [COLUMN_STRING] = {"PortcullisText"},
	        [COLUMN_TEXT] = {"PortcullisText", "DisplayString"},
	        [COLUMN_STAMP] = {"TimeStamp"},
	        [COLUMN_AGE] = {"Gauge32"},
	        [COLUMN_DATE] = {"DateAndTime"},
	};
	for (size_t i = 0; i < 8 && allowed[kind][i] != NULL; i++)
		if (strncmp(syntax, allowed[kind][i], strlen(allowed[kind][i])) == 0)
			return true;
	return false;
}

START_TEST(columns_are_those_of_the_mib)
{
	const struct table *t = &tables[_i];
	uint32_t last = 0;
	for (size_t i = 0; i < t->n_column; i++) {
		struct definition d;
		mib_find(t->column[i].name, "OBJECT-TYPE", &d);
		ck_assert_str_eq(d.parent, t->entry);
		ck_assert_uint_eq(d.number, t->column[i].number);
		ck_assert_msg(t->column[i].number > last, "%s is out of order", t->column[i].name);
		last = t->column[i].number;
		const char *syntax = strstr(d.body, "SYNTAX      ");
		ck_assert_ptr_nonnull(syntax);
		ck_assert_msg(syntax_fits(t->column[i].kind, syntax + 12), "%s: %.40s", t->column[i].name, syntax);
		bool settable = table_settable((size_t)_i, t->column[i].number) != SET_NOTHING;
		ck_assert_ptr_nonnull(strstr(d.body, settable ? "MAX-ACCESS  read-write" : "MAX-ACCESS  read-only"));
	}
}
END_TEST

START_TEST(every_readable_object_of_the_mib_is_served)
{
	size_t in_mib = 0, served = 0;
	for (const char *p = mib; (p = strstr(p, "MAX-ACCESS  read-")) != NULL; p++)
		in_mib++;
	for (size_t t = 0; t < TABLE_N; t++)
		served += tables[t].n_column;
	ck_assert_uint_eq(in_mib, served);
}
END_TEST

START_TEST(tables_lie_where_the_mib_puts_them)
{
	const struct table *t = &tables[_i];
	char name[64], macro[80];
	struct definition d;
	size_t at = t->n_suffix;
	snprintf(name, sizeof(name), "%s", t->entry);
	while (strcmp(name, "portcullisMIB") != 0) {
		ck_assert_uint_gt(at, 0);
		snprintf(macro, sizeof(macro), "\n%s ", name);
		const char *p = strstr(mib, macro);
		ck_assert_msg(p != NULL, "%s", name);
		ck_assert_int_eq(sscanf(strstr(p, "::= {"), "::= { %63s %u }", d.parent, &d.number), 2);
		ck_assert_uint_eq(d.number, t->suffix[--at]);
		snprintf(name, sizeof(name), "%s", d.parent);
	}
	ck_assert_uint_eq(at, 0);
}
END_TEST

START_TEST(root_of_the_mib_is_the_root_of_the_build)
{
	char oid[256] = "1.3.6.1.4.1"; /* enterprises */
	const char *p = strstr(mib, "::= { enterprises");
	ck_assert_ptr_nonnull(p);
	const char *end = strchr(p, '}');
	for (p += strlen("::= { enterprises"); p < end; p++)
		if (*p >= '0' && *p <= '9') {
			char *next;
			size_t n = strlen(oid);
			snprintf(oid + n, sizeof(oid) - n, ".%lu", strtoul(p, &next, 10));
			p = next;
		}
	ck_assert_str_eq(oid, PORTCULLIS_OID_ROOT);
}
END_TEST

/* The name of a C enum with '-' and '_' as the MIB writes it: no-common-family -> noCommonFamily. */
static void camel(const char *name, char *out)
{
	for (; *name != '\0'; name++) {
		if (*name == '-' && name[1] != '\0')
			*out++ = (char)(*++name - 'a' + 'A');
		else
			*out++ = *name;
	}
	*out = '\0';
}

static const char *verdict_at(unsigned i)
{
	return verdict_name((enum verdict)i);
}
static const char *overall_at(unsigned i)
{
	return overall_name((enum overall)i);
}
static const char *severity_at(unsigned i)
{
	return severity_name((enum severity)i);
}
static const char *cause_at(unsigned i)
{
	return cause_kind_name((enum cause_kind)i);
}
static const char *path_at(unsigned i)
{
	return path_name((enum path)i);
}
static const char *change_at(unsigned i)
{
	return change_kind_name((enum change_kind)i);
}
static const char *role_kind_at(unsigned i)
{
	return role_kind_name((enum role_kind)i);
}
static const char *basis_at(unsigned i)
{
	return basis_name((enum basis)i);
}
static const char *reach_at(unsigned i)
{
	return reach_name((enum reach)i);
}
static const char *class_at(unsigned i)
{
	return requirement_class_name((enum requirement_class)i);
}
static const char *ipsec_at(unsigned i)
{
	return ipsec_state_name((enum ipsec_state)i);
}
static const char *interface_at(unsigned i)
{
	return requirement_interface_name((enum requirement_interface)i);
}

static const struct {
	const char *head; /* in the MIB */
	unsigned n;
	const char *(*name)(unsigned i);
} enums[] = {
        {"\nPortcullisVerdict ::=", VERDICT_N, verdict_at},
        {"\nPortcullisOverallState ::=", OVERALL_CANNOT_TELL + 1, overall_at},
        {"\nPortcullisSeverity ::=", SEVERITY_CRITICAL + 1, severity_at},
        {"\nPortcullisCause ::=", CAUSE_ASSUMPTION + 1, cause_at},
        {"\nPortcullisPath ::=", PATH_NONE + 1, path_at},
        {"\nPortcullisChange ::=", CHANGE_N, change_at},
        {"\nportcullisIpsecState ", IPSEC_UNBOUND + 1, ipsec_at},
        {"\nportcullisRoleKind ", ROLE_EXTERNAL + 1, role_kind_at},
        {"\nportcullisReqBasis ", BASIS_INFERRED + 1, basis_at},
        {"\nportcullisReqReach ", REACH_EXTERNAL + 1, reach_at},
        {"\nportcullisReqClass ", CLASS_MANAGEMENT + 1, class_at},
        {"\nportcullisReqInterface ", INTERFACE_EXTERNAL + 1, interface_at},
};

START_TEST(enumerations_are_those_of_the_code_plus_one)
{
	const char *p = strstr(mib, enums[_i].head);
	ck_assert_msg(p != NULL, "%s", enums[_i].head);
	p = strstr(p, "INTEGER {");
	ck_assert_ptr_nonnull(p);
	p += strlen("INTEGER {");
	for (unsigned i = 0; i < enums[_i].n; i++) {
		char name[64], got[64], want[64];
		int used;
		unsigned number;
		camel(enums[_i].name(i), name);
		snprintf(want, sizeof(want), "%s", name);
		ck_assert_int_eq(sscanf(p, " %63[A-Za-z](%u)%n", got, &number, &used), 2);
		ck_assert_str_eq(got, want);
		ck_assert_uint_eq(number, i + 1);
		p += used + (p[used] == ',');
	}
	while (*p == ' ' || *p == '\n')
		p++;
	ck_assert_int_eq(*p, '}');
}
END_TEST

START_TEST(notifications_are_those_of_the_mib)
{
	static const char *const object[] = {"", "Sequence", "Problem", "Label", "Affected", "Severity", "Verdict",
	        "Rule", "Witness", "Cause", "Author", "AuthorPid", "Overall", "OldOverall", "Reason", "Lost", "Time",
	        "Unkept"};
	const struct notify_form *form = &notify_forms[_i];
	struct definition d;
	char want[1024] = "    OBJECTS {\n";
	mib_find(form->name, "NOTIFICATION-TYPE", &d);
	ck_assert_str_eq(d.parent, "portcullisNotifications");
	ck_assert_uint_eq(d.number, form->number);
	for (size_t i = 0; form->object[i] != 0; i++) {
		struct definition o;
		char name[64];
		size_t n = strlen(want);
		snprintf(name, sizeof(name), "portcullisNotify%s", object[form->object[i]]);
		snprintf(want + n, sizeof(want) - n, "        %s%s\n", name, form->object[i + 1] != 0 ? "," : "");
		mib_find(name, "OBJECT-TYPE", &o);
		ck_assert_str_eq(o.parent, "portcullisNotifyData");
		ck_assert_uint_eq(o.number, form->object[i]);
	}
	ck_assert_msg(strstr(d.body, want) != NULL, "%s has not the objects\n%s", form->name, want);
	ck_assert_ptr_nonnull(strstr(d.body, "--#SUMMARY"));
	ck_assert_ptr_nonnull(strstr(d.body, "--#SEVERITY"));
}
END_TEST

START_TEST(raise_and_clear_carry_the_same)
{
	ck_assert_mem_eq(
	        notify_forms[CHANGE_VIOLATED].object, notify_forms[CHANGE_CLEARED].object, NOTIFY_VARBINDS_MAX);
	ck_assert_mem_eq(
	        notify_forms[CHANGE_OPENING].object, notify_forms[CHANGE_OPENING_CLOSED].object, NOTIFY_VARBINDS_MAX);
	ck_assert_mem_eq(
	        notify_forms[CHANGE_UNREADABLE].object, notify_forms[CHANGE_READABLE].object, NOTIFY_VARBINDS_MAX);
	ck_assert_mem_eq(notify_forms[CHANGE_JOURNAL_UNWRITABLE].object, notify_forms[CHANGE_JOURNAL_WRITABLE].object,
	        NOTIFY_VARBINDS_MAX);
}
END_TEST

/* GET and GETNEXT */

static struct snapshot *snapshot;
static struct flat_view view;
static const struct notify_row counters = {0, 7, 8, 9, 10, 200, 0, 1, 0};
static const struct control_row control = {0, 2147483647, 0, 0};
static struct rule_row rule[] = {
        {4, 2, 5000000000, 7, 1700000000, 1700000001, "b", "no more", PATH_FORWARD, 1},
        {9, 1, 0, 0, 0, 0, "a", "", PATH_INPUT, 0},
};
static const struct rule_rows rules = {.row = rule, .n = 2};
static struct table_source source;

static void table_setup(void)
{
	snapshot = sample_firewall(sample_new(3, 200000));
	ck_assert_int_eq(flat_build(snapshot, &snapshot->flat, &snapshot->flat_size), 0);
	ck_assert_int_eq(flat_open(snapshot->flat, snapshot->flat_size, &view), 0);
	source = (struct table_source){&view, &counters, &control, &rules, 200000, -300000};
}

static void table_teardown(void)
{
	snapshot_unref(snapshot);
}

struct leaf {
	uint32_t oid[TABLE_OID_MAX];
	size_t n;
};

/* Every instance of a table in the order of OIDs. */
static size_t tree(size_t table, struct leaf *leaf)
{
	struct flat_rows rows = {(const uint8_t *)&counters, sizeof(counters), 1, 1};
	size_t n = 0;
	if (table == TABLE_CONTROL)
		rows = (struct flat_rows){(const uint8_t *)&control, sizeof(control), 1, 1};
	else if (table == TABLE_RULE)
		rows = (struct flat_rows){(const uint8_t *)rule, sizeof(rule[0]), 2, 1};
	else if (table != TABLE_NOTIFY)
		rows = flat_rows(&view, (enum flat_table)table);
	for (size_t c = 0; c < tables[table].n_column; c++)
		for (size_t r = 0; r < rows.count; r++) {
			leaf[n].oid[0] = tables[table].column[c].number;
			memcpy(leaf[n].oid + 1, rows.base + r * rows.size, rows.n_index * sizeof(uint32_t));
			leaf[n++].n = rows.n_index + 1;
		}
	return n;
}

static int oid_cmp(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
	for (size_t i = 0; i < na && i < nb; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return na == nb ? 0 : na < nb ? -1 : 1;
}

static void assert_next(size_t table, const struct leaf *leaf, size_t n_leaf, const uint32_t *oid, size_t n)
{
	uint32_t next[TABLE_OID_MAX];
	size_t n_next, want = 0;
	struct value v;
	while (want < n_leaf && oid_cmp(leaf[want].oid, leaf[want].n, oid, n) <= 0)
		want++;
	enum table_result result = table_next(&source, table, oid, n, next, &n_next, &v);
	if (want == n_leaf) {
		ck_assert_int_eq(result, TABLE_END);
		return;
	}
	ck_assert_int_eq(result, TABLE_OK);
	ck_assert_uint_eq(n_next, leaf[want].n);
	ck_assert_mem_eq(next, leaf[want].oid, n_next * sizeof(*next));
}

START_TEST(getnext_agrees_with_the_tree_from_everywhere)
{
	static struct leaf leaf[1024];
	size_t n_leaf = tree((size_t)_i, leaf);
	ck_assert_uint_gt(n_leaf, 0);
	assert_next((size_t)_i, leaf, n_leaf, NULL, 0);
	for (size_t i = 0; i < n_leaf; i++) {
		uint32_t oid[TABLE_OID_MAX + 1] = {0};
		struct value v;
		ck_assert_int_eq(table_get(&source, (size_t)_i, leaf[i].oid, leaf[i].n, &v), TABLE_OK);
		for (size_t n = 1; n <= leaf[i].n; n++) {
			memcpy(oid, leaf[i].oid, n * sizeof(*oid));
			assert_next((size_t)_i, leaf, n_leaf, oid, n);
			oid[n - 1]++;
			assert_next((size_t)_i, leaf, n_leaf, oid, n);
			oid[n - 1] -= oid[n - 1] > 1 ? 2 : oid[n - 1];
			assert_next((size_t)_i, leaf, n_leaf, oid, n);
			oid[n - 1] = UINT32_MAX;
			assert_next((size_t)_i, leaf, n_leaf, oid, n);
		}
		memcpy(oid, leaf[i].oid, leaf[i].n * sizeof(*oid));
		oid[leaf[i].n] = 0;
		assert_next((size_t)_i, leaf, n_leaf, oid, leaf[i].n + 1);
	}
}
END_TEST

static const struct {
	const char *name;
	size_t table;
	uint32_t oid[TABLE_OID_MAX + 1];
	size_t n;
	enum table_result want;
} gets[] = {
        {"the entry itself", FLAT_FLOW, {0}, 0, TABLE_NO_OBJECT},
        {"an index object", FLAT_FLOW, {1, 5, 1, 1, 1, 2, 4}, 7, TABLE_NO_OBJECT},
        {"a column beyond the last", FLAT_FLOW, {22, 5, 1, 1, 1, 2, 4}, 7, TABLE_NO_OBJECT},
        {"no index", FLAT_FLOW, {5}, 1, TABLE_NO_INSTANCE},
        {"a cut index", FLAT_FLOW, {5, 5, 1, 1, 1, 2}, 6, TABLE_NO_INSTANCE},
        {"an index too long", FLAT_FLOW, {5, 5, 1, 1, 1, 2, 4, 0}, 8, TABLE_NO_INSTANCE},
        {"an unknown row", FLAT_FLOW, {5, 5, 1, 1, 1, 2, 5}, 7, TABLE_NO_INSTANCE},
        {"a row", FLAT_FLOW, {5, 5, 1, 1, 1, 2, 6}, 7, TABLE_OK},
        {"a row with the largest party", FLAT_FLOW, {5, 5, 2, 1, 0xffffffff, 2, 4}, 7, TABLE_OK},
        {"a scalar", FLAT_SUMMARY, {1, 0}, 2, TABLE_OK},
        {"a scalar without instance", FLAT_SUMMARY, {1}, 1, TABLE_NO_INSTANCE},
        {"a scalar with instance 1", FLAT_SUMMARY, {1, 1}, 2, TABLE_NO_INSTANCE},
        {"a counter", TABLE_NOTIFY, {2, 0}, 2, TABLE_OK},
};

START_TEST(get_finds_exactly_the_instances)
{
	struct value v;
	ck_assert_msg(
	        table_get(&source, gets[_i].table, gets[_i].oid, gets[_i].n, &v) == gets[_i].want, "%s", gets[_i].name);
}
END_TEST

static struct value get(size_t table, uint32_t column, uint32_t index)
{
	const uint32_t oid[] = {column, index};
	struct value v;
	ck_assert_int_eq(table_get(&source, table, oid, 2, &v), TABLE_OK);
	return v;
}

START_TEST(values_have_the_types_of_the_mib)
{
	struct value v = get(FLAT_SUMMARY, 1, 0);
	ck_assert_int_eq(v.type, VALUE_INTEGER);
	ck_assert_uint_eq(v.number, OVERALL_VIOLATED + 1);
	v = get(FLAT_SUMMARY, 2, 0);
	ck_assert_int_eq(v.type, VALUE_COUNTER);
	ck_assert_uint_eq(v.number, 3);
	v = get(FLAT_SUMMARY, 20, 0);
	ck_assert_int_eq(v.type, VALUE_INTEGER);
	ck_assert_uint_eq(v.number, 1);
	v = get(FLAT_SUMMARY, 28, 0);
	ck_assert_int_eq(v.type, VALUE_GAUGE);
	ck_assert_uint_eq(v.number, 5);
	v = get(TABLE_NOTIFY, 3, 0);
	ck_assert_int_eq(v.type, VALUE_GAUGE);
	ck_assert_uint_eq(v.number, 9);
	v = get(FLAT_OPENING, 10, 2147483647);
	ck_assert_int_eq(v.type, VALUE_OCTETS);
	ck_assert_mem_eq(v.octets, SAMPLE_PACKETS, v.len);
}
END_TEST

START_TEST(time_stamp_is_uptime_minus_age)
{
	/* The change was 10 s, the start 100 s ago; the SNMP agent runs for 500 s, then for 50 s. */
	ck_assert_uint_eq(get(FLAT_SUMMARY, 3, 0).number, 49000);
	ck_assert_uint_eq(get(FLAT_SUMMARY, 30, 0).number, 40000);
	source.boot_ms = 150000;
	ck_assert_uint_eq(get(FLAT_SUMMARY, 3, 0).number, 4000);
	ck_assert_uint_eq(get(FLAT_SUMMARY, 30, 0).number, 0);
	ck_assert_int_eq(get(FLAT_SUMMARY, 30, 0).type, VALUE_TICKS);
}
END_TEST

START_TEST(date_and_time_is_utc_in_eleven_octets)
{
	struct value v = get(FLAT_SUMMARY, 4, 0);
	/* 2023-11-14 22:13:20 */
	ck_assert_uint_eq(v.len, 11);
	value_set_date(&v, 1700000000);
	ck_assert_mem_eq(v.octets, "\x07\xe7\x0b\x0e\x16\x0d\x14\x00+\x00\x00", 11);
	value_set_date(&v, 0);
	ck_assert_uint_eq(v.len, 8);
	ck_assert_mem_eq(v.octets, "\0\0\0\0\0\0\0\0", 8);
}
END_TEST

START_TEST(without_a_snapshot_only_the_counters_exist)
{
	static const struct flat_view nothing;
	uint32_t next[TABLE_OID_MAX];
	const uint32_t overall[] = {1, 0};
	size_t n;
	struct value v;
	source.view = &nothing;
	for (size_t t = 0; t < FLAT_TABLE_N; t++)
		ck_assert_int_eq(table_next(&source, t, NULL, 0, next, &n, &v), TABLE_END);
	ck_assert_int_eq(table_get(&source, FLAT_SUMMARY, overall, 2, &v), TABLE_NO_INSTANCE);
	ck_assert_int_eq(table_next(&source, TABLE_NOTIFY, NULL, 0, next, &n, &v), TABLE_OK);
}
END_TEST

/* The queue */

static struct notify_queue *queue;

static void queue_setup(void)
{
	queue = notify_queue_new();
}

static void queue_teardown(void)
{
	notify_queue_free(queue);
}

static void add(uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		struct change c;
		sample_change(&c, CHANGE_VIOLATED, i);
		notify_queue_add(queue, &c);
		change_fini(&c);
	}
}

/* Take one; its sequence, 0 when there is none. */
static uint64_t take(uint64_t *ticket, uint32_t *lost)
{
	struct notification n;
	if (!notify_queue_next(queue, &n, ticket))
		return 0;
	uint64_t sequence = n.change.sequence;
	if (lost != NULL)
		*lost = n.digest ? n.lost : 0;
	notification_fini(&n);
	return sequence;
}

START_TEST(window_bounds_what_is_on_its_way)
{
	uint64_t ticket[NOTIFY_WINDOW], more;
	add(1, 30);
	for (uint64_t i = 0; i < NOTIFY_WINDOW; i++)
		ck_assert_uint_eq(take(&ticket[i], NULL), i + 1);
	ck_assert_uint_eq(take(&more, NULL), 0);
	notify_queue_ack(queue, ticket[2]);
	for (uint64_t i = 21; i <= 23; i++)
		ck_assert_uint_eq(take(&more, NULL), i);
	ck_assert_uint_eq(take(&more, NULL), 0);
	struct notify_row row;
	notify_queue_count(queue, &row);
	ck_assert_uint_eq(row.sent, 3);
	ck_assert_uint_eq(row.waiting, 27);
	ck_assert_uint_eq(row.last_sequence, 3);
}
END_TEST

START_TEST(what_was_not_answered_is_sent_again)
{
	uint64_t ticket, again;
	add(1, 3);
	take(&ticket, NULL);
	notify_queue_ack(queue, ticket);
	ck_assert_uint_eq(take(&ticket, NULL), 2);
	ck_assert_uint_eq(take(&ticket, NULL), 3);
	notify_queue_rewind(queue);
	ck_assert_uint_eq(take(&again, NULL), 2);
	notify_queue_ack(queue, again);
	ck_assert_uint_eq(take(&again, NULL), 3);
	notify_queue_ack(queue, again);
	ck_assert_uint_eq(take(&again, NULL), 0);
}
END_TEST

START_TEST(overflow_leaves_one_digest_with_the_number)
{
	uint64_t ticket;
	uint32_t lost;
	struct notify_row row;
	add(1, NOTIFY_QUEUE_MAX + 100);
	notify_queue_count(queue, &row);
	ck_assert_uint_eq(row.waiting, NOTIFY_QUEUE_MAX);
	ck_assert_uint_eq(row.suppressed, 101);
	/* The digest stands for 1..101 and carries the last of their numbers. */
	ck_assert_uint_eq(take(&ticket, &lost), 101);
	ck_assert_uint_eq(lost, 101);
	ck_assert_uint_eq(take(&ticket, &lost), 102);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

START_TEST(overflow_spares_what_is_on_its_way)
{
	uint64_t first, second;
	uint32_t lost;
	add(1, NOTIFY_QUEUE_MAX);
	ck_assert_uint_eq(take(&first, NULL), 1);
	ck_assert_uint_eq(take(&second, NULL), 2);
	add(NOTIFY_QUEUE_MAX + 1, NOTIFY_QUEUE_MAX + 1);
	notify_queue_rewind(queue);
	ck_assert_uint_eq(take(&first, NULL), 1);
	ck_assert_uint_eq(take(&first, NULL), 2);
	ck_assert_uint_eq(take(&first, &lost), 4);
	ck_assert_uint_eq(lost, 2);
}
END_TEST

START_TEST(notification_carries_its_values)
{
	struct notification n = {.digest = false};
	struct value v;
	sample_change(&n.change, CHANGE_VIOLATED, 42);
	ck_assert_uint_eq(notification_form(&n)->number, 1);
	notification_value(&n, NOTIFY_SEQUENCE, &v);
	ck_assert_uint_eq(v.number, 42);
	notification_value(&n, NOTIFY_RULE, &v);
	ck_assert_mem_eq(v.octets, SAMPLE_RULE, v.len);
	notification_value(&n, NOTIFY_OVERALL, &v);
	ck_assert_uint_eq(v.number, 3);
	notification_value(&n, NOTIFY_AUTHOR, &v);
	ck_assert_mem_eq(v.octets, "nft", v.len);
	n.digest = true;
	ck_assert_uint_eq(notification_form(&n)->number, 8);
	notification_fini(&n);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snmp_table");
	TCase *c = tcase_create("mib");
	tcase_add_checked_fixture(c, mib_setup, mib_teardown);
	tcase_add_loop_test(c, columns_are_those_of_the_mib, 0, TABLE_N);
	tcase_add_test(c, every_readable_object_of_the_mib_is_served);
	tcase_add_loop_test(c, tables_lie_where_the_mib_puts_them, 0, TABLE_N);
	tcase_add_test(c, root_of_the_mib_is_the_root_of_the_build);
	tcase_add_loop_test(c, enumerations_are_those_of_the_code_plus_one, 0, sizeof(enums) / sizeof(enums[0]));
	tcase_add_loop_test(c, notifications_are_those_of_the_mib, 0, NOTIFY_FORM_N);
	tcase_add_test(c, raise_and_clear_carry_the_same);
	suite_add_tcase(suite, c);
	c = tcase_create("table");
	tcase_add_checked_fixture(c, table_setup, table_teardown);
	tcase_add_loop_test(c, getnext_agrees_with_the_tree_from_everywhere, 0, TABLE_N);
	tcase_add_loop_test(c, get_finds_exactly_the_instances, 0, sizeof(gets) / sizeof(gets[0]));
	tcase_add_test(c, values_have_the_types_of_the_mib);
	tcase_add_test(c, time_stamp_is_uptime_minus_age);
	tcase_add_test(c, date_and_time_is_utc_in_eleven_octets);
	tcase_add_test(c, without_a_snapshot_only_the_counters_exist);
	suite_add_tcase(suite, c);
	c = tcase_create("queue");
	tcase_add_checked_fixture(c, queue_setup, queue_teardown);
	tcase_add_test(c, window_bounds_what_is_on_its_way);
	tcase_add_test(c, what_was_not_answered_is_sent_again);
	tcase_add_test(c, overflow_leaves_one_digest_with_the_number);
	tcase_add_test(c, overflow_spares_what_is_on_its_way);
	tcase_add_test(c, notification_carries_its_values);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
