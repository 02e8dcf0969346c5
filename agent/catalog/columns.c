/*
 * A table of cells comes in; which column holds the role, the port, the protocol and so on goes out. Header words decide
 * first, the cells' content where no header word is known; a table without ports is none of ours.
 */
#include "catalog/columns.h"

#include <string.h>

#include "catalog/row_cells.h"

static const struct {
	const char *id;
	enum column column;
} ids[] = {
        {"server-role", COLUMN_ROLE},
        {"load-balancer", COLUMN_ROLE},
        {"component", COLUMN_ROLE},
        {"service-name", COLUMN_SERVICE},
        {"port", COLUMN_PORT},
        {"protocol", COLUMN_PROTOCOL},
        {"transport", COLUMN_TRANSPORT},
        {"compound", COLUMN_COMPOUND},
        {"role-or-protocol", COLUMN_ROLE_OR_PROTOCOL},
        {"notes", COLUMN_NOTES},
        {"direction", COLUMN_DIRECTION},
        {"rule-name", COLUMN_RULE},
        {"source-ip", COLUMN_SOURCE},
        {"destination-ip", COLUMN_DESTINATION},
        {"source-port", COLUMN_SOURCE_PORT},
        {"destination-port", COLUMN_DESTINATION_PORT},
        {"authentication-requirement", COLUMN_ACTION},
};

/* Rows that are looked at to tell what a column holds. */
#define SAMPLE 40
/* Columns of the table of IPsec exemptions: rule, source, destination, protocol, source port, destination port, action. */
#define IPSEC_COLUMNS 7

static void header_read(const struct vocabulary *v, const struct row *header, struct columns *out)
{
	for (size_t c = 0; c < header->n; c++) {
		const char *id = vocabulary_find(v, VOCABULARY_COLUMN, header->cell[c].text);
		for (size_t i = 0; id != NULL && i < sizeof(ids) / sizeof(ids[0]); i++)
			if (strcmp(ids[i].id, id) == 0 && out->at[ids[i].column] < 0) {
				out->at[ids[i].column] = (int)c;
				out->component = out->component || strcmp(id, "component") == 0;
				out->load_balancer = out->load_balancer || strcmp(id, "load-balancer") == 0;
			}
	}
}

/* Numbers alone are meant as ports, even where the marks between them are lost. */
static bool cell_is_port(const char *text)
{
	struct ports ports;
	const char *reason;
	if (ports_parse(text, &ports, &reason) != 0)
		return *text != '\0' && strspn(text, "0123456789 ,.*\n") == strlen(text) && strpbrk(text, "0123456789");
	ports_fini(&ports);
	return true;
}

static bool cell_is_protocol(const char *text)
{
	struct protocol protocol;
	const char *reason;
	return strlen(text) < 100 && protocol_parse(text, &protocol, &reason) == 0;
}

static bool cell_is_transport(const char *text)
{
	struct protocol p;
	const char *reason;
	return cell_is_protocol(text) && protocol_parse(text, &p, &reason) == 0 && p.n_application == 0 &&
	       p.n_security == 1 && p.security[0] == IMPORT_NONE;
}

static bool is_taken(const struct columns *known, size_t c)
{
	for (size_t i = 0; i < COLUMN_N; i++)
		if (known->at[i] == (int)c)
			return true;
	return false;
}

/* How many of the first rows have a text in the column, and how many of these pass the test. */
static void column_count(
        const struct table *table, size_t c, bool (*test)(const char *), size_t *filled, size_t *passed)
{
	*filled = *passed = 0;
	for (size_t r = 0; r < table->n_row && r < SAMPLE; r++)
		if (c < table->row[r].n && table->row[r].cell[c].text[0] != '\0') {
			++*filled;
			*passed += test(table->row[r].cell[c].text);
		}
}

static bool column_holds(const struct table *table, int c, bool (*test)(const char *))
{
	size_t filled, passed;
	if (c < 0)
		return false;
	column_count(table, (size_t)c, test, &filled, &passed);
	return passed > 0 && passed * 4 >= filled * 3;
}

/* The free column most of whose filled cells pass the test, or -1. */
static int column_by_content(const struct table *table, const struct columns *known, bool (*test)(const char *))
{
	int best = -1;
	size_t most = 0;
	for (size_t c = 0; c < DOCUMENT_MAX_COLUMNS; c++) {
		size_t filled, passed;
		if (is_taken(known, c))
			continue;
		column_count(table, c, test, &filled, &passed);
		if (passed * 4 >= filled * 3 && passed > most) {
			most = passed;
			best = (int)c;
		}
	}
	return best;
}

static size_t table_width(const struct table *table)
{
	size_t n = table->header.n;
	for (size_t r = 0; r < table->n_row && r < SAMPLE; r++)
		n = table->row[r].n > n ? table->row[r].n : n;
	return n;
}

/* Ports stand in a column of their own, in one with everything else, or behind "destination". */
static void port_conclude(const struct table *table, struct columns *out)
{
	if (out->at[COLUMN_PORT] >= 0 || out->at[COLUMN_COMPOUND] >= 0)
		return;
	if (column_holds(table, out->at[COLUMN_DESTINATION_PORT], cell_is_port)) {
		out->at[COLUMN_PORT] = out->at[COLUMN_DESTINATION_PORT];
		return;
	}
	out->at[COLUMN_PORT] = column_by_content(table, out, cell_is_port);
	if (out->at[COLUMN_PORT] < 0)
		out->at[COLUMN_COMPOUND] = column_by_content(table, out, cell_is_compound);
	out->concluded = out->concluded || out->at[COLUMN_PORT] >= 0 || out->at[COLUMN_COMPOUND] >= 0;
}

/* TCP and UDP may stand in a column of their own beside the protocol. */
static void protocol_conclude(const struct table *table, struct columns *out)
{
	if (out->at[COLUMN_COMPOUND] >= 0)
		return;
	if (out->at[COLUMN_PROTOCOL] < 0 && out->at[COLUMN_TRANSPORT] < 0)
		out->at[COLUMN_PROTOCOL] = column_by_content(table, out, cell_is_protocol);
	if (out->at[COLUMN_TRANSPORT] < 0 && out->concluded)
		out->at[COLUMN_TRANSPORT] = column_by_content(table, out, cell_is_transport);
}

/* Without header words the names stand left of ports and protocol, the notes right of them. */
static void names_conclude(const struct table *table, struct columns *out)
{
	int port = out->at[COLUMN_PORT], protocol = out->at[COLUMN_PROTOCOL], width = (int)table_width(table);
	int first = protocol >= 0 && protocol < port ? protocol : port, last = protocol > port ? protocol : port;
	if (out->at[COLUMN_COMPOUND] >= 0 || out->at[COLUMN_ROLE_OR_PROTOCOL] >= 0)
		return;
	out->concluded = out->concluded || (out->at[COLUMN_ROLE] < 0 && out->at[COLUMN_DESTINATION] < 0);
	for (int c = 0; c < first; c++) {
		if (is_taken(out, (size_t)c))
			continue;
		if (out->at[COLUMN_ROLE] < 0)
			out->at[COLUMN_ROLE] = c;
		else if (out->at[COLUMN_SERVICE] < 0 && out->concluded)
			out->at[COLUMN_SERVICE] = c;
	}
	for (int c = last + 1; c < width; c++)
		if (!is_taken(out, (size_t)c) && out->at[COLUMN_NOTES] < 0 && out->concluded)
			out->at[COLUMN_NOTES] = c;
}

/* Unknown header words over seven columns, with a protocol in the middle and no port anywhere. */
static bool looks_like_ipsec(const struct table *table, struct columns *out)
{
	static const enum column order[IPSEC_COLUMNS] = {COLUMN_RULE, COLUMN_SOURCE, COLUMN_DESTINATION,
	        COLUMN_PROTOCOL, COLUMN_SOURCE_PORT, COLUMN_DESTINATION_PORT, COLUMN_ACTION};
	if (table_width(table) != IPSEC_COLUMNS || !column_holds(table, 3, cell_is_transport))
		return false;
	for (int c = 0; c < IPSEC_COLUMNS; c++)
		if (c != 3 && (column_holds(table, c, cell_is_port) || column_holds(table, c, cell_is_protocol)))
			return false;
	for (int c = 0; c < IPSEC_COLUMNS; c++)
		out->at[order[c]] = c;
	out->concluded = true;
	return true;
}

static bool ipsec_is_whole(const struct columns *c)
{
	return c->at[COLUMN_RULE] >= 0 && c->at[COLUMN_PROTOCOL] >= 0 && c->at[COLUMN_SOURCE] >= 0 &&
	       c->at[COLUMN_DESTINATION] >= 0;
}

static void columns_clear(struct columns *out)
{
	for (size_t i = 0; i < COLUMN_N; i++)
		out->at[i] = -1;
	out->component = out->load_balancer = out->concluded = false;
}

/* Does the table hold ports and protocols at all, wherever they stand. */
static bool holds_ports(const struct table *table)
{
	struct columns none;
	columns_clear(&none);
	return (column_by_content(table, &none, cell_is_port) >= 0 &&
	               column_by_content(table, &none, cell_is_protocol) >= 0) ||
	       column_by_content(table, &none, cell_is_compound) >= 0;
}

enum columns_found columns_find(const struct vocabulary *v, const struct table *table, struct columns *out)
{
	bool has_port, has_protocol, has_name;
	columns_clear(out);
	/* The reader of paragraphs makes these four columns; the header is one line of words. */
	if (table->positional) {
		out->at[COLUMN_ROLE] = 0;
		out->at[COLUMN_PORT] = 1;
		out->at[COLUMN_PROTOCOL] = 2;
		out->at[COLUMN_NOTES] = 3;
		out->component = true;
		return COLUMNS_PORTS;
	}
	header_read(v, &table->header, out);
	if (out->at[COLUMN_RULE] >= 0 && ipsec_is_whole(out))
		return COLUMNS_IPSEC;
	port_conclude(table, out);
	protocol_conclude(table, out);
	names_conclude(table, out);
	has_port = out->at[COLUMN_PORT] >= 0 || out->at[COLUMN_COMPOUND] >= 0;
	has_protocol = out->at[COLUMN_PROTOCOL] >= 0 || out->at[COLUMN_TRANSPORT] >= 0 ||
	               out->at[COLUMN_COMPOUND] >= 0 || out->at[COLUMN_ROLE_OR_PROTOCOL] >= 0;
	has_name = out->at[COLUMN_ROLE] >= 0 || out->at[COLUMN_DESTINATION] >= 0 || out->at[COLUMN_COMPOUND] >= 0;
	if (has_port && has_protocol && has_name)
		return COLUMNS_PORTS;
	if (holds_ports(table))
		return COLUMNS_UNCLEAR;
	columns_clear(out);
	return looks_like_ipsec(table, out) ? COLUMNS_IPSEC : COLUMNS_NONE;
}

const char *column_text(const struct columns *columns, const struct row *row, enum column column)
{
	int at = columns->at[column];
	return at >= 0 && (size_t)at < row->n ? row->cell[at].text : "";
}
