#ifndef CATALOG_KNOWN_H
#define CATALOG_KNOWN_H

#include "portcullis/import.h"

/* Rows of documents whose meaning is known, by article and table. */

struct known_row {
	char *numbers; /**< of the port cell, as numbers_print() gives them */
	struct ports ports;
	struct protocol means;
	char *role_id[IMPORT_MAX_IDS]; /**< in IPsec tables: the rule */
	size_t n_role_id;
	char *service_id, *source_id, *destination_id, *source_port_id, *destination_port_id,
	        *action; /**< "" for none */
};

struct known_table {
	enum import_kind kind;
	struct known_row *row;
	size_t n, cap;
};

struct known_document {
	char *file, *article; /**< article: "" when it has none */
	struct known_table *table;
	size_t n, cap;
};

struct import_known {
	struct known_document *document;
	size_t n, cap;
};

/** "67 68" for 67 and 68 as well as for 67-68: what is left of ports when the marks between them are lost. New. */
char *numbers_print(const struct ports *ports);
/** The same of a cell that could not be read as ports, thousands separators understood. New. */
char *numbers_scan(const char *cell);

#endif
