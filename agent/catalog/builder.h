#ifndef CATALOG_BUILDER_H
#define CATALOG_BUILDER_H

#include <jansson.h>

#include "portcullis/import.h"

/* The parts of pack_build(): documents and an overlay on their way to a pack. */

struct builder {
	struct import **import;
	size_t n_import;
	const char *prefix; /**< first part of every label */
	struct error *err;
	const char *where; /**< the overlay */
	bool **claimed; /**< [import][row over all tables] */
};

/** A row that a claim names. */
struct match {
	size_t import;
	const struct import_table *table;
	const struct import_row *row;
};

struct matches {
	struct match *item;
	size_t n, cap;
};

/** A member that is a string, or "". Borrowed. */
const char *string_of(const json_t *object, const char *key);
/** Set a string that is not empty. */
void set_if(json_t *object, const char *key, const char *value);
/** Copy the members that are there. */
void copy_members(json_t *to, const json_t *from, const char *const *key, size_t n);
/** Has an entry of the overlay an erratum of this field. */
bool has_erratum(const json_t *entry, const char *field);
/** The part of a path behind its last slash. */
const char *base_name(const char *path);

/** "server-ports front-end-server front-end-service 5061": how claims name a row. The caller frees it. */
char *row_key(const struct import_table *table, const struct import_row *row);
/** Add the rows that a claim ("KEY" or "KEY #2") names to out. @return 0, or -1: no document has such a row. */
int claim_resolve(struct builder *b, const char *label, const char *claim, struct matches *out) MUST_USE;
/** Does a row stand for a load balancer rather than for a server. */
bool match_is_balancer(const struct match *m);
/** The row that says what a requirement is: the first that is no load balancer's; NULL when there is none. */
const struct match *matches_defining(const struct matches *rows);

/** The flows of a requirement. @return 0, or -1: readings that differ, or flows of the overlay without an erratum. */
int flows_build(struct builder *b, const json_t *requirement, const struct matches *rows, json_t *flows) MUST_USE;
/** "hlb-always", "hlb-if-no-dns-lb" or NULL, from the tables that the rows stand in. */
const char *lb_need(const struct matches *rows);

/** Where rows are printed, each once, in the order of documents; rows is sorted. New. */
json_t *provenance_json(struct builder *b, struct matches *rows);
/** The same for the rows of IPsec tables. New. */
json_t *ipsec_provenance_json(struct builder *b, struct matches *rows);
/**
 * Who connects, and where a document says so: in the rows of the first claim, or in those rows and lines that the overlay
 * names. New. @return NULL on failure.
 */
json_t *initiators_json(struct builder *b, const json_t *requirement);

/** Roles with their labels: the overlay's or the vocabulary's, and those that documents in further languages print. New. */
json_t *roles_json(const struct builder *b, const json_t *overlay);
/** The services of the requirements with their labels. New. @return NULL: a service has no English label. */
json_t *services_json(struct builder *b, const json_t *overlay, const json_t *requirements);
/** The documents themselves, then what an index page among them refers to: known by title, without rows. New. */
json_t *documents_json(const struct builder *b);

#endif
