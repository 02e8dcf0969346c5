#ifndef CATALOG_COLUMNS_H
#define CATALOG_COLUMNS_H

#include "catalog/vocabulary.h"
#include "portcullis/document.h"
#include "portcullis/import.h"

enum column {
	COLUMN_ROLE,
	COLUMN_SERVICE,
	COLUMN_PORT,
	COLUMN_PROTOCOL,
	COLUMN_TRANSPORT, /**< TCP or UDP, beside a column for the protocol or alone */
	COLUMN_COMPOUND, /**< role, protocol, transport and port in one cell, with slashes */
	COLUMN_ROLE_OR_PROTOCOL, /**< role and protocol in one cell, with slashes */
	COLUMN_NOTES,
	COLUMN_DIRECTION,
	COLUMN_RULE,
	COLUMN_SOURCE,
	COLUMN_DESTINATION,
	COLUMN_SOURCE_PORT,
	COLUMN_DESTINATION_PORT,
	COLUMN_ACTION,
	COLUMN_N
};

/** Where each fact stands in a table: index of the cell, -1 when the table has no such column. */
struct columns {
	int at[COLUMN_N];
	bool component, load_balancer; /**< what the first column is called */
	bool concluded; /**< no header word told, the cells did */
};

enum columns_found {
	COLUMNS_NONE, /**< not a port table */
	COLUMNS_UNCLEAR, /**< there are ports, but not where everything stands */
	COLUMNS_PORTS,
	COLUMNS_IPSEC
};

/** Find the columns by header words, then by what the cells hold. */
enum columns_found columns_find(const struct vocabulary *v, const struct table *table, struct columns *out);
/** The cell's text, "" when the row has none. */
const char *column_text(const struct columns *columns, const struct row *row, enum column column);

#endif
