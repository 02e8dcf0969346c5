#ifndef PORTCULLIS_IMPORT_H
#define PORTCULLIS_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/document.h"
#include "portcullis/error.h"
#include "portcullis/range.h"

/* From a document's cells to facts: normalised rows of port tables. What cannot be read is a problem, never a guess. */

enum import_kind {
	IMPORT_SERVER_PORTS,
	IMPORT_HLB_ONLY_PORTS,
	IMPORT_DNS_LB_PORTS,
	IMPORT_CLIENT_PORTS,
	IMPORT_OCS_PORTS,
	IMPORT_IPSEC_EXCEPTIONS,
	IMPORT_FLOW_PORTS, /**< with columns for source and destination */
	IMPORT_KIND_N
};
const char *import_kind_name(enum import_kind kind); /**< "server-ports", ... */
/** @return false: no such name. */
bool import_kind_parse(const char *name, enum import_kind *out);

#define IMPORT_MAX_APPLICATIONS 6
#define IMPORT_MAX_IDS 16

enum import_security { IMPORT_NONE, IMPORT_TLS, IMPORT_MTLS };
const char *import_security_name(enum import_security s);

/** What a protocol cell says. */
struct protocol {
	bool tcp, udp;
	bool udp_first; /**< UDP is named before TCP */
	enum import_security security[3];
	size_t n_security;
	const char *application[IMPORT_MAX_APPLICATIONS]; /**< static strings */
	size_t n_application;
};

/** Ports of a port cell, and transports where it names them. */
struct ports {
	struct port_range *range;
	size_t n, cap;
	bool tcp, udp;
};
void ports_fini(struct ports *p);

/** One data row. Ids are static strings, "" where the cell is empty or unknown. */
struct import_row {
	unsigned row, line;
	/** As printed; in IPsec tables role is the rule's name, note the action. */
	char *role, *service, *port, *protocol, *note;
	const char *role_id, *service_id;
	const char *role_ids[IMPORT_MAX_IDS]; /**< every role that the cell lists; role_id is the first */
	size_t n_role_id;
	struct ports ports;
	struct protocol means;
	char *source, *destination; /**< IPsec and flow tables only; as printed */
	char *source_port, *destination_port; /**< IPsec tables only; as printed */
	const char *source_id, *destination_id, *source_port_id, *destination_port_id, *action;
	char *direction; /**< as printed; "" in tables without such a column */
};

struct import_table {
	enum import_kind kind;
	char *caption;
	struct import_row *row;
	size_t n_row, cap_row;
};

/** What a cell should have told. */
enum import_field {
	IMPORT_FIELD_OTHER,
	IMPORT_FIELD_KIND, /**< of the table, from its caption and cells */
	IMPORT_FIELD_ROLE,
	IMPORT_FIELD_RULE, /**< of an IPsec table */
	IMPORT_FIELD_SERVICE,
	IMPORT_FIELD_PORT,
	IMPORT_FIELD_PROTOCOL,
	IMPORT_FIELD_SOURCE,
	IMPORT_FIELD_DESTINATION,
	IMPORT_FIELD_SOURCE_PORT,
	IMPORT_FIELD_DESTINATION_PORT,
	IMPORT_FIELD_ACTION
};

struct import_problem {
	unsigned line;
	char *cell, *reason;
	enum import_field field;
	size_t table, row; /**< index in import.table and in its rows, where field says what is missing there */
};

/** A name that no vocabulary has, understood because a known edition of the article has it in the same place. */
struct import_aligned {
	enum import_field field;
	unsigned line; /**< where it stands first */
	char *text, *meaning; /**< as printed; the id or the ports that it stands for */
	size_t cells; /**< how many cells hold it */
};

struct import {
	struct document document; /**< its tables' cells are released; metadata and references stay */
	const char *product; /**< pack name, or NULL */
	struct import_table *table;
	size_t n_table, cap_table;
	struct import_problem *problem;
	size_t n_problem, cap_problem;
	struct import_aligned *aligned; /**< what import_align() understood */
	size_t n_aligned, cap_aligned;
	char *aligned_with; /**< the known document, or NULL */
	char **owned; /**< ids that are in no vocabulary */
	size_t n_owned, cap_owned;
};

/**
 * Read a port cell: numbers, lists, ranges in the spellings of many languages, thousands separators, footnote marks.
 *
 * @param out     release with ports_fini(); empty on failure.
 * @param reason  set on failure: static string.
 * @return 0, or -1 when some part of the cell is not understood.
 */
int ports_parse(const char *cell, struct ports *out, const char **reason) MUST_USE;

/** Read a protocol cell; an empty one gives nothing. @return 0, or -1 with *reason (static). */
int protocol_parse(const char *cell, struct protocol *out, const char **reason) MUST_USE;

/** Are all words of a text names of protocols: "STUN,MSTURN", "SIP(MTLS)". */
bool protocol_words_only(const char *text);

/**
 * Understand a document.
 *
 * @param doc  moved into out.
 * @param out  release with import_fini(). Never fails: what is not understood is in out->problem.
 */
void import_build(struct document *doc, struct import *out);
void import_fini(struct import *import);

/** Editions of articles whose rows are understood: what others are aligned with. */
struct import_known;
struct import_known *import_known_new(void);
void import_known_free(struct import_known *known);
/** Add a document without problems. Copies what it keeps. */
void import_known_add(struct import_known *known, const struct import *import);
/** Add the documents that the packs of a catalog were made from. Copies what it keeps. */
struct catalog;
void import_known_add_catalog(struct import_known *known, const struct catalog *catalog);

/**
 * Understand names of an unknown language through a known edition of the same article (ms.assetid): the same tables, the same
 * order of rows, the same ports. Problems that this solves are taken back and listed in import->aligned; where rows that print
 * one name stand beside different ids, the problems stay. A document without problems is left as it is.
 *
 * @return how many problems were solved.
 */
size_t import_align(struct import *import, const struct import_known *known);
/** Can import_align() do anything for it: it has problems, and is an edition of an article or a long page. */
bool import_is_alignable(const struct import *import);
const char *import_field_name(enum import_field field); /**< "role", "service", ... */

/** Data rows of all tables. */
size_t import_rows(const struct import *import);

/** The JSON of `portcullis import --json` for n documents; the caller frees it. */
char *import_json(const struct import *import, size_t n);

/**
 * Make packs from documents and overlays.
 *
 * @param documents  directory of documents; each goes to the product that it speaks of.
 * @param overlay    directory of overlays, one JSON file per product.
 * @param output     directory that gets PRODUCT.json; each file is replaced at once.
 * @return 0, or -1: ERR_INVALID (a row that no requirement claims, a requirement that names no row, two readings of one
 *         requirement, a problem in a document: which), ERR_NOT_FOUND, ERR_FORMAT, ERR_LIMIT, ERR_IO. Nothing is written
 *         on failure.
 */
int catalog_build(const char *documents, const char *overlay, const char *output, struct error *err) MUST_USE;

#endif
