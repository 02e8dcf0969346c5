/*
 * A table of cells comes in; which column holds the role, the port, the protocol and so on goes out. Header words decide
 * first, the cells' content where no header word is known; a table without a port column is none of ours.
 */
#include "catalog/columns.h"

#include <string.h>

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
        {"notes", COLUMN_NOTES},
        {"rule-name", COLUMN_RULE},
        {"source-ip", COLUMN_SOURCE},
        {"destination-ip", COLUMN_DESTINATION},
        {"source-port", COLUMN_SOURCE_PORT},
        {"destination-port", COLUMN_DESTINATION_PORT},
        {"authentication-requirement", COLUMN_ACTION},
};

/* Rows that are looked at to tell what a column holds. */
#define SAMPLE 40

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

static bool cell_is_port(const char *text)
{
	struct ports ports;
	const char *reason;
	if (ports_parse(text, &ports, &reason) != 0)
		return false;
	ports_fini(&ports);
	return true;
}

static bool cell_is_protocol(const char *text)
{
	struct protocol protocol;
	const char *reason;
	return *text != '\0' && strlen(text) < 100 && protocol_parse(text, &protocol, &reason) == 0;
}

/* The free column most of whose filled cells pass the test, or -1. */
static int column_by_content(const struct table *table, const struct columns *known, bool (*test)(const char *))
{
	int best = -1;
	size_t most = 0;
	for (size_t c = 0; c < DOCUMENT_MAX_COLUMNS; c++) {
		size_t filled = 0, passed = 0;
		bool taken = false;
		for (size_t i = 0; i < COLUMN_N; i++)
			taken = taken || known->at[i] == (int)c;
		for (size_t r = 0; !taken && r < table->n_row && r < SAMPLE; r++)
			if (c < table->row[r].n && table->row[r].cell[c].text[0] != '\0') {
				filled++;
				passed += test(table->row[r].cell[c].text);
			}
		if (passed * 4 >= filled * 3 && passed > most) {
			most = passed;
			best = (int)c;
		}
	}
	return best;
}

bool table_holds_ports(const struct table *table)
{
	struct columns none;
	memset(&none, 0xff, sizeof(none));
	return column_by_content(table, &none, cell_is_port) >= 0 &&
	       column_by_content(table, &none, cell_is_protocol) >= 0;
}

bool columns_find(
        const struct vocabulary *v, const struct document *doc, const struct table *table, struct columns *out)
{
	for (size_t i = 0; i < COLUMN_N; i++)
		out->at[i] = -1;
	out->component = out->load_balancer = false;
	/* The reader of paragraphs makes these four columns; the header is one line of words. */
	if (doc->kind == DOCUMENT_PARAGRAPHS) {
		out->at[COLUMN_ROLE] = 0;
		out->at[COLUMN_PORT] = 1;
		out->at[COLUMN_PROTOCOL] = 2;
		out->at[COLUMN_NOTES] = 3;
		out->component = true;
		return true;
	}
	header_read(v, &table->header, out);
	if (out->at[COLUMN_RULE] >= 0)
		return out->at[COLUMN_PROTOCOL] >= 0 && out->at[COLUMN_SOURCE] >= 0 && out->at[COLUMN_DESTINATION] >= 0;
	if (out->at[COLUMN_PORT] < 0)
		out->at[COLUMN_PORT] = column_by_content(table, out, cell_is_port);
	if (out->at[COLUMN_PORT] >= 0 && out->at[COLUMN_PROTOCOL] < 0)
		out->at[COLUMN_PROTOCOL] = column_by_content(table, out, cell_is_protocol);
	if (out->at[COLUMN_ROLE] < 0 && out->at[COLUMN_PORT] > 0)
		out->at[COLUMN_ROLE] = 0;
	return out->at[COLUMN_PORT] >= 0 && out->at[COLUMN_PROTOCOL] >= 0 && out->at[COLUMN_ROLE] >= 0;
}

const char *column_text(const struct columns *columns, const struct row *row, enum column column)
{
	int at = columns->at[column];
	return at >= 0 && (size_t)at < row->n ? row->cell[at].text : "";
}
