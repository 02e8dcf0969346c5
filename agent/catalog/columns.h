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
	COLUMN_NOTES,
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
};

/** Find the columns by header words, then by what the cells hold. @return false: not a port table. */
bool columns_find(
        const struct vocabulary *v, const struct document *doc, const struct table *table, struct columns *out);
/** Does the table hold port numbers in some column, though its columns were not found. */
bool table_holds_ports(const struct table *table);
/** The cell's text, "" when the row has none. */
const char *column_text(const struct columns *columns, const struct row *row, enum column column);

#endif
