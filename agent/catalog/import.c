/*
 * A document's tables of cells come in, normalised rows go out: ids of roles and services, ports, transports, security.
 * A cell that cannot be read makes a problem with its line; the row stays, with what was understood.
 */
#include "portcullis/import.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/columns.h"
#include "portcullis/alloc.h"

struct importer {
	struct import *out;
	const struct vocabulary *vocabulary;
	const struct table *table;
	struct columns columns;
};

const char *import_kind_name(enum import_kind kind)
{
	static const char *const names[] = {
	        "server-ports", "hlb-only-ports", "dns-lb-ports", "client-ports", "ocs-ports", "ipsec-exceptions"};
	return names[kind];
}

const char *import_security_name(enum import_security s)
{
	static const char *const names[] = {"none", "tls", "mtls"};
	return names[s];
}

static void problem(struct import *out, unsigned line, const char *cell, const char *reason)
{
	struct import_problem *p;
	out->problem = xgrow(out->problem, out->n_problem, &out->cap_problem, sizeof(*out->problem));
	p = &out->problem[out->n_problem++];
	p->line = line;
	p->cell = xstrdup(cell);
	p->reason = xstrdup(reason);
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
	if (id != NULL && strcmp(id, "hlb-only-ports") == 0)
		return IMPORT_HLB_ONLY_PORTS;
	if (id != NULL && strcmp(id, "dns-lb-ports") == 0)
		return IMPORT_DNS_LB_PORTS;
	return strstr(im->table->caption, "DNS") != NULL ? IMPORT_DNS_LB_PORTS : IMPORT_HLB_ONLY_PORTS;
}

static bool has_role_of(const struct importer *im, unsigned kinds)
{
	for (size_t i = 0; i < im->table->n_row; i++)
		if (vocabulary_find(
		            im->vocabulary, kinds, column_text(&im->columns, &im->table->row[i], COLUMN_ROLE)) != NULL)
			return true;
	return false;
}

static enum import_kind kind_decide(const struct importer *im)
{
	if (im->columns.at[COLUMN_RULE] >= 0)
		return IMPORT_IPSEC_EXCEPTIONS;
	if (im->columns.at[COLUMN_SERVICE] >= 0)
		return IMPORT_SERVER_PORTS;
	if (im->columns.load_balancer)
		return balancer_kind(im);
	if (has_role_of(im, VOCABULARY_CLIENT) && !has_role_of(im, VOCABULARY_ROLE))
		return IMPORT_CLIENT_PORTS;
	if (im->columns.component)
		return IMPORT_OCS_PORTS;
	return has_role_of(im, VOCABULARY_LOAD_BALANCER) && !has_role_of(im, VOCABULARY_ROLE) ? balancer_kind(im)
	                                                                                      : IMPORT_SERVER_PORTS;
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
				problem(im->out, row->line, line,
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
		problem(im->out, row->line, row->service, "a service that the vocabulary does not have");
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
		problem(im->out, row->line, row->port, row->port[0] != '\0' ? reason : "no port");
	if (protocol_parse(row->protocol, &row->means, &reason) != 0)
		problem(im->out, row->line, row->protocol, reason);
	if (!row->means.tcp && !row->means.udp) {
		row->means.tcp = row->ports.tcp;
		row->means.udp = row->ports.udp;
	}
	application_conclude(row);
}

static void row_understand(struct importer *im, const struct row *from, struct import_row *row)
{
	row->role = xstrdup(column_text(&im->columns, from, COLUMN_ROLE));
	row->service = xstrdup(column_text(&im->columns, from, COLUMN_SERVICE));
	row->port = xstrdup(column_text(&im->columns, from, COLUMN_PORT));
	row->protocol = xstrdup(column_text(&im->columns, from, COLUMN_PROTOCOL));
	row->note = xstrdup(column_text(&im->columns, from, COLUMN_NOTES));
	role_resolve(im, row);
	service_resolve(im, row);
	facts_resolve(im, row);
}

static const char *resolve(struct importer *im, unsigned line, unsigned kinds, const char *text, const char *reason)
{
	const char *id = vocabulary_find(im->vocabulary, kinds, text);
	if (id == NULL)
		problem(im->out, line, text, reason);
	return id != NULL ? id : "";
}

static void ipsec_understand(struct importer *im, const struct row *from, struct import_row *row)
{
	const unsigned port = VOCABULARY_VALUE | VOCABULARY_ROLE;
	const char *action = column_text(&im->columns, from, COLUMN_ACTION), *reason;
	row->role = xstrdup(column_text(&im->columns, from, COLUMN_RULE));
	row->source = xstrdup(column_text(&im->columns, from, COLUMN_SOURCE));
	row->destination = xstrdup(column_text(&im->columns, from, COLUMN_DESTINATION));
	row->protocol = xstrdup(column_text(&im->columns, from, COLUMN_PROTOCOL));
	row->source_port = xstrdup(column_text(&im->columns, from, COLUMN_SOURCE_PORT));
	row->destination_port = xstrdup(column_text(&im->columns, from, COLUMN_DESTINATION_PORT));
	row->note = xstrdup(action);
	row->role_id = resolve(
	        im, row->line, VOCABULARY_IPSEC_RULE, row->role, "an IPsec rule that the vocabulary does not have");
	row->source_id =
	        resolve(im, row->line, VOCABULARY_ROLE, row->source, "an endpoint that the vocabulary does not have");
	row->destination_id = resolve(
	        im, row->line, VOCABULARY_ROLE, row->destination, "an endpoint that the vocabulary does not have");
	row->source_port_id =
	        resolve(im, row->line, port, row->source_port, "a port that is neither any nor the media range");
	row->destination_port_id =
	        resolve(im, row->line, port, row->destination_port, "a port that is neither any nor the media range");
	row->action = resolve(im, row->line, VOCABULARY_VALUE, action, "an action that is not known");
	if (protocol_parse(row->protocol, &row->means, &reason) != 0)
		problem(im->out, row->line, row->protocol, reason);
}

static void table_understand(struct importer *im)
{
	struct import *out = im->out;
	struct import_table *table;
	out->table = xgrow(out->table, out->n_table, &out->cap_table, sizeof(*out->table));
	table = &out->table[out->n_table++];
	memset(table, 0, sizeof(*table));
	table->kind = kind_decide(im);
	table->caption = xstrdup(im->table->caption);
	for (size_t i = 0; i < im->table->n_row; i++) {
		const struct row *from = &im->table->row[i];
		struct import_row *row;
		if (is_blank_row(from))
			continue;
		table->row = xgrow(table->row, table->n_row, &table->cap_row, sizeof(*table->row));
		row = &table->row[table->n_row++];
		memset(row, 0, sizeof(*row));
		row->row = (unsigned)i + 1;
		row->line = from->line;
		row->role_id = row->service_id = row->action = "";
		if (table->kind == IMPORT_IPSEC_EXCEPTIONS)
			ipsec_understand(im, from, row);
		else
			row_understand(im, from, row);
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
	struct vocabulary *v = vocabulary_new();
	struct importer im = {.out = out, .vocabulary = v};
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < doc->n_table; i++) {
		im.table = &doc->table[i];
		if (columns_find(v, doc, im.table, &im.columns))
			table_understand(&im);
		else if (table_holds_ports(im.table))
			problem(out, im.table->line, im.table->caption,
			        "a table with ports whose columns are not understood");
	}
	out->product = product_decide(v, doc);
	out->document = *doc;
	memset(doc, 0, sizeof(*doc));
	vocabulary_free(v);
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
