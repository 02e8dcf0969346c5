/*
 * A document's tables of cells come in, normalised rows go out: ids of roles and services, ports, transports, security.
 * A cell that cannot be read makes a problem with its line; the row stays, with what was understood.
 */
#include "portcullis/import.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/columns.h"
#include "catalog/row_cells.h"
#include "portcullis/alloc.h"

struct importer {
	struct import *out;
	const struct vocabulary *vocabulary;
	const struct table *table;
	struct columns columns;
	size_t at_table, at_row; /* what problems are about */
};

static const char *const kind_names[IMPORT_KIND_N] = {"server-ports", "hlb-only-ports", "dns-lb-ports", "client-ports",
        "ocs-ports", "ipsec-exceptions", "flow-ports"};

const char *import_kind_name(enum import_kind kind)
{
	return kind_names[kind];
}

bool import_kind_parse(const char *name, enum import_kind *out)
{
	for (size_t i = 0; i < IMPORT_KIND_N; i++)
		if (strcmp(kind_names[i], name) == 0) {
			*out = (enum import_kind)i;
			return true;
		}
	return false;
}

const char *import_security_name(enum import_security s)
{
	static const char *const names[] = {"none", "tls", "mtls"};
	return names[s];
}

const char *import_field_name(enum import_field field)
{
	static const char *const names[] = {"other", "kind", "role", "rule", "service", "port", "protocol", "source",
	        "destination", "source-port", "destination-port", "action"};
	return names[field];
}

static void problem(struct importer *im, enum import_field field, unsigned line, const char *cell, const char *reason)
{
	struct import *out = im->out;
	struct import_problem *p;
	out->problem = xgrow(out->problem, out->n_problem, &out->cap_problem, sizeof(*out->problem));
	p = &out->problem[out->n_problem++];
	*p = (struct import_problem){line, xstrdup(cell), xstrdup(reason), field, im->at_table, im->at_row};
}

static bool is_blank_row(const struct row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (row->cell[i].text[0] != '\0')
			return false;
	return true;
}

/* Captions name the kinds of load-balancer tables; of the words that differ between languages "DNS" stays. */
static enum import_kind balancer_kind(const struct importer *im)
{
	const char *id = vocabulary_find(im->vocabulary, VOCABULARY_TABLE, im->table->caption);
	bool dns = (id != NULL && strcmp(id, "dns-lb-ports") == 0) || strstr(im->table->caption, "DNS") != NULL;
	return dns && (id == NULL || strcmp(id, "hlb-only-ports") != 0) ? IMPORT_DNS_LB_PORTS : IMPORT_HLB_ONLY_PORTS;
}

static bool has_role_of(const struct importer *im, unsigned kinds)
{
	for (size_t i = 0; i < im->table->n_row; i++)
		if (vocabulary_find(
		            im->vocabulary, kinds, column_text(&im->columns, &im->table->row[i], COLUMN_ROLE)) != NULL)
			return true;
	return false;
}

/* *sure is false where nothing in the table tells, only its shape. */
static enum import_kind kind_decide(const struct importer *im, bool *sure)
{
	const struct columns *c = &im->columns;
	bool servers = has_role_of(im, VOCABULARY_ROLE),
	     clients = has_role_of(im, VOCABULARY_CLIENT | VOCABULARY_DEVICE),
	     balancers = has_role_of(im, VOCABULARY_LOAD_BALANCER);
	*sure = true;
	if (c->at[COLUMN_COMPOUND] >= 0 || (c->at[COLUMN_SOURCE] >= 0 && c->at[COLUMN_DESTINATION] >= 0))
		return IMPORT_FLOW_PORTS;
	if (c->at[COLUMN_SERVICE] >= 0)
		return IMPORT_SERVER_PORTS;
	if (c->load_balancer || (balancers && !servers && !clients))
		return balancer_kind(im);
	if (clients && !servers)
		return IMPORT_CLIENT_PORTS;
	*sure = servers;
	if (c->component)
		return IMPORT_OCS_PORTS;
	/* Tables of load balancers have no notes. */
	return servers || c->at[COLUMN_NOTES] >= 0 ? IMPORT_SERVER_PORTS : balancer_kind(im);
}

static void role_add(struct import_row *row, const char *id)
{
	if (row->n_role_id < IMPORT_MAX_IDS)
		row->role_ids[row->n_role_id++] = id;
}

/* One role, or several on lines of their own (a list of devices). */
static void role_resolve(struct importer *im, struct import_row *row)
{
	const char *id = vocabulary_find(im->vocabulary, VOCABULARY_ANY_ROLE, row->role);
	if (id != NULL) {
		role_add(row, id);
	} else {
		char *copy = xstrdup(row->role), *rest = copy, *line;
		while ((line = strsep(&rest, "\n")) != NULL) {
			id = vocabulary_find(im->vocabulary, VOCABULARY_ANY_ROLE, line);
			if (id != NULL)
				role_add(row, id);
			else
				problem(im, IMPORT_FIELD_ROLE, row->line, line,
				        *line != '\0' ? "a role that the vocabulary does not have" : "no role");
		}
		free(copy);
	}
	row->role_id = row->n_role_id > 0 ? row->role_ids[0] : "";
}

static void service_resolve(struct importer *im, struct import_row *row)
{
	const char *id;
	row->service_id = "";
	if (row->service[0] == '\0')
		return;
	id = vocabulary_find(im->vocabulary, VOCABULARY_SERVICE, row->service);
	if (id != NULL)
		row->service_id = id;
	else
		problem(im, IMPORT_FIELD_SERVICE, row->line, row->service,
		        "a service that the vocabulary does not have");
}

static void application_conclude(struct import_row *row)
{
	struct protocol *p = &row->means;
	/* The SQL Browser answers the SQL Server Resolution Protocol and nothing else. */
	if (p->n_application == 0 && row->ports.n == 1 && row->ports.range[0].lo == 1434 &&
	        row->ports.range[0].hi == 1434 && p->udp && !p->tcp)
		p->application[p->n_application++] = "ssrp";
}

static void facts_resolve(struct importer *im, struct import_row *row)
{
	const char *reason;
	if (ports_parse(row->port, &row->ports, &reason) != 0)
		problem(im, IMPORT_FIELD_PORT, row->line, row->port, row->port[0] != '\0' ? reason : "no port");
	if (protocol_parse(row->protocol, &row->means, &reason) != 0)
		problem(im, IMPORT_FIELD_PROTOCOL, row->line, row->protocol, reason);
	if (!row->means.tcp && !row->means.udp) {
		row->means.tcp = row->ports.tcp;
		row->means.udp = row->ports.udp;
	}
	application_conclude(row);
}

static const char *resolve(struct importer *im, enum import_field field, unsigned line, unsigned kinds,
        const char *text, const char *reason)
{
	const char *id = vocabulary_find(im->vocabulary, kinds, text);
	if (id == NULL)
		problem(im, field, line, text, reason);
	return id != NULL ? id : "";
}

/* An endpoint as a whole, else without what its parentheses add. */
static const char *endpoint_resolve(struct importer *im, enum import_field field, unsigned line, const char *text)
{
	const char *open = strchr(text, '('), *id = NULL;
	if (open != NULL && open > text) {
		char *head = xstrndup(text, (size_t)(open - text));
		if (vocabulary_find(im->vocabulary, VOCABULARY_ANY_ROLE, text) == NULL)
			id = vocabulary_find(im->vocabulary, VOCABULARY_ANY_ROLE, head);
		free(head);
	}
	return id != NULL ? id
	                  : resolve(im, field, line, VOCABULARY_ANY_ROLE, text,
	                            *text != '\0' ? "an endpoint that the vocabulary does not have" : "no endpoint");
}

/* Where no cell names the role, the row speaks of the one that listens; where anybody may, of the one that connects. */
static void endpoints_resolve(struct importer *im, struct import_row *row)
{
	row->source_id = endpoint_resolve(im, IMPORT_FIELD_SOURCE, row->line, row->source);
	row->destination_id = endpoint_resolve(im, IMPORT_FIELD_DESTINATION, row->line, row->destination);
	if (row->role[0] != '\0')
		return;
	row->role_id = strcmp(row->destination_id, "any") == 0 ? row->source_id : row->destination_id;
	if (row->role_id[0] != '\0')
		role_add(row, row->role_id);
}

static void row_understand(struct importer *im, enum import_kind kind, const struct row *from, struct import_row *row)
{
	struct row_cells cells;
	row_cells_read(&im->columns, from, &cells);
	row->role = xstrdup(cells.role);
	row->service = xstrdup(cells.service);
	row->port = xstrdup(cells.port);
	row->protocol = xstrdup(cells.protocol);
	row->note = xstrdup(cells.note);
	row->direction = xstrdup(cells.direction);
	row->source = xstrdup(cells.source);
	row->destination = xstrdup(cells.destination);
	row_cells_fini(&cells);
	if (kind == IMPORT_FLOW_PORTS && im->columns.at[COLUMN_DESTINATION] >= 0)
		endpoints_resolve(im, row);
	if (kind != IMPORT_FLOW_PORTS || row->role[0] != '\0' || im->columns.at[COLUMN_DESTINATION] < 0)
		role_resolve(im, row);
	service_resolve(im, row);
	facts_resolve(im, row);
}

static void ipsec_understand(struct importer *im, const struct row *from, struct import_row *row)
{
	const unsigned port = VOCABULARY_VALUE | VOCABULARY_ROLE;
	static const char no_endpoint[] = "an endpoint that the vocabulary does not have";
	static const char no_port[] = "a port that is neither any nor the media range";
	const char *reason;
	row->role = xstrdup(column_text(&im->columns, from, COLUMN_RULE));
	row->source = xstrdup(column_text(&im->columns, from, COLUMN_SOURCE));
	row->destination = xstrdup(column_text(&im->columns, from, COLUMN_DESTINATION));
	row->protocol = xstrdup(column_text(&im->columns, from, COLUMN_PROTOCOL));
	row->source_port = xstrdup(column_text(&im->columns, from, COLUMN_SOURCE_PORT));
	row->destination_port = xstrdup(column_text(&im->columns, from, COLUMN_DESTINATION_PORT));
	row->note = xstrdup(column_text(&im->columns, from, COLUMN_ACTION));
	row->service = xstrdup("");
	row->port = xstrdup("");
	row->direction = xstrdup("");
	row->role_id = resolve(im, IMPORT_FIELD_RULE, row->line, VOCABULARY_IPSEC_RULE, row->role,
	        "an IPsec rule that the vocabulary does not have");
	row->source_id = resolve(im, IMPORT_FIELD_SOURCE, row->line, VOCABULARY_ROLE, row->source, no_endpoint);
	row->destination_id =
	        resolve(im, IMPORT_FIELD_DESTINATION, row->line, VOCABULARY_ROLE, row->destination, no_endpoint);
	row->source_port_id = resolve(im, IMPORT_FIELD_SOURCE_PORT, row->line, port, row->source_port, no_port);
	row->destination_port_id =
	        resolve(im, IMPORT_FIELD_DESTINATION_PORT, row->line, port, row->destination_port, no_port);
	row->action =
	        resolve(im, IMPORT_FIELD_ACTION, row->line, VOCABULARY_VALUE, row->note, "an action that is not known");
	if (protocol_parse(row->protocol, &row->means, &reason) != 0)
		problem(im, IMPORT_FIELD_PROTOCOL, row->line, row->protocol, reason);
}

static void table_understand(struct importer *im, bool ipsec)
{
	static const char unsure[] = "what kind of port table this is cannot be told from its caption and names";
	struct import *out = im->out;
	struct import_table *table;
	bool sure = true;
	out->table = xgrow(out->table, out->n_table, &out->cap_table, sizeof(*out->table));
	im->at_table = out->n_table;
	table = &out->table[out->n_table++];
	memset(table, 0, sizeof(*table));
	table->kind = ipsec ? IMPORT_IPSEC_EXCEPTIONS : kind_decide(im, &sure);
	table->caption = xstrdup(im->table->caption);
	if (!sure)
		problem(im, IMPORT_FIELD_KIND, im->table->line, table->caption, unsure);
	for (size_t i = 0; i < im->table->n_row; i++) {
		const struct row *from = &im->table->row[i];
		struct import_row *row;
		if (is_blank_row(from))
			continue;
		table->row = xgrow(table->row, table->n_row, &table->cap_row, sizeof(*table->row));
		im->at_row = table->n_row;
		row = &table->row[table->n_row++];
		memset(row, 0, sizeof(*row));
		row->row = (unsigned)i + 1;
		row->line = from->line;
		row->role_id = row->service_id = row->action = "";
		row->source_id = row->destination_id = row->source_port_id = row->destination_port_id = "";
		if (ipsec)
			ipsec_understand(im, from, row);
		else
			row_understand(im, table->kind, from, row);
	}
}

static const char *product_decide(const struct vocabulary *v, const struct document *doc)
{
	const char *id = NULL;
	if (doc->body_product_hint != NULL)
		id = vocabulary_find(v, VOCABULARY_PRODUCT, doc->body_product_hint);
	/* The page versions of the publisher's library: OCS.15 is the release of 2013. */
	if (id == NULL && doc->version != NULL && strstr(doc->version, "OCS.15") != NULL)
		id = "lync-server-2013";
	return id;
}

void import_build(struct document *doc, struct import *out)
{
	const struct vocabulary *v = vocabulary_shared();
	struct importer im = {.out = out, .vocabulary = v};
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < doc->n_table; i++) {
		enum columns_found found;
		im.table = &doc->table[i];
		found = columns_find(v, im.table, &im.columns);
		if (found == COLUMNS_PORTS || found == COLUMNS_IPSEC)
			table_understand(&im, found == COLUMNS_IPSEC);
		else if (found == COLUMNS_UNCLEAR)
			problem(&im, IMPORT_FIELD_OTHER, im.table->line, im.table->caption,
			        "a table with ports whose columns are not understood");
	}
	out->product = product_decide(v, doc);
	out->document = *doc;
	memset(doc, 0, sizeof(*doc));
}

static void import_row_fini(struct import_row *row)
{
	free(row->role);
	free(row->service);
	free(row->port);
	free(row->protocol);
	free(row->note);
	free(row->source);
	free(row->destination);
	free(row->source_port);
	free(row->destination_port);
	free(row->direction);
	ports_fini(&row->ports);
}

void import_fini(struct import *import)
{
	for (size_t t = 0; t < import->n_table; t++) {
		for (size_t r = 0; r < import->table[t].n_row; r++)
			import_row_fini(&import->table[t].row[r]);
		free(import->table[t].row);
		free(import->table[t].caption);
	}
	free(import->table);
	for (size_t i = 0; i < import->n_problem; i++) {
		free(import->problem[i].cell);
		free(import->problem[i].reason);
	}
	free(import->problem);
	for (size_t i = 0; i < import->n_aligned; i++) {
		free(import->aligned[i].text);
		free(import->aligned[i].meaning);
	}
	free(import->aligned);
	free(import->aligned_with);
	for (size_t i = 0; i < import->n_owned; i++)
		free(import->owned[i]);
	free(import->owned);
	document_fini(&import->document);
	memset(import, 0, sizeof(*import));
}

size_t import_rows(const struct import *import)
{
	size_t n = 0;
	for (size_t i = 0; i < import->n_table; i++)
		n += import->table[i].n_row;
	return n;
}
