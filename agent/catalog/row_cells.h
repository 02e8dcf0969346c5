#ifndef CATALOG_ROW_CELLS_H
#define CATALOG_ROW_CELLS_H

#include "catalog/columns.h"

/** The facts of one row as printed, whichever cells hold them; strings are never NULL. Release with row_cells_fini(). */
struct row_cells {
	char *role, *service, *port, *protocol, *note, *direction, *source, *destination;
};

/** Take a row apart. A cell with several facts that cannot be told apart stays whole, in the column that names it. */
void row_cells_read(const struct columns *columns, const struct row *row, struct row_cells *out);
void row_cells_fini(struct row_cells *cells);

/** "Access/SIP(MTLS)/TCP/5061": several facts in one cell, the last of them ports. */
bool cell_is_compound(const char *text);

#endif
