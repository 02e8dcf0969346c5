/*
 * Imported documents come in, the JSON of `portcullis import --json` goes out. Strings are UTF-8 by the time they get here;
 * the keys are fixed points that others script against.
 */
#include <jansson.h>
#include <stdlib.h>

#include "portcullis/alloc.h"
#include "portcullis/import.h"

static json_t *nullable(const char *s)
{
	return s != NULL && *s != '\0' ? json_string(s) : json_null();
}

static json_t *transports_json(const struct protocol *p, bool as_printed)
{
	json_t *list = json_array();
	bool udp_first = as_printed && p->udp_first;
	if (p->udp && udp_first)
		json_array_append_new(list, json_string("udp"));
	if (p->tcp)
		json_array_append_new(list, json_string("tcp"));
	if (p->udp && !udp_first)
		json_array_append_new(list, json_string("udp"));
	return list;
}

static json_t *ports_json(const struct ports *ports)
{
	json_t *list = json_array();
	char buf[16];
	for (size_t i = 0; i < ports->n; i++)
		json_array_append_new(list, json_string(port_range_print(ports->range[i], buf, sizeof(buf))));
	return list;
}

/* What tables with source and destination have more. */
static void endpoints_add(json_t *row, const struct import_row *from)
{
	if (from->direction[0] != '\0')
		json_object_set_new(row, "direction", json_string(from->direction));
	if (from->source[0] == '\0' && from->destination[0] == '\0')
		return;
	json_object_set_new(row, "source", json_string(from->source));
	json_object_set_new(row, "source_id", json_string(from->source_id));
	json_object_set_new(row, "destination", json_string(from->destination));
	json_object_set_new(row, "destination_id", json_string(from->destination_id));
}

static json_t *row_json(const struct import_row *row)
{
	json_t *out;
	json_t *ids = json_array(), *security = json_array(), *applications = json_array();
	for (size_t i = 0; i < row->n_role_id; i++)
		json_array_append_new(ids, json_string(row->role_ids[i]));
	for (size_t i = 0; i < row->means.n_security; i++)
		json_array_append_new(security, json_string(import_security_name(row->means.security[i])));
	/* An empty protocol cell states no security either. */
	if (row->means.n_security == 0)
		json_array_append_new(security, json_string("none"));
	for (size_t i = 0; i < row->means.n_application; i++)
		json_array_append_new(applications, json_string(row->means.application[i]));
	out = json_pack("{s:i,s:i,s:s,s:s,s:s,s:s,s:b,s:s,s:o,s:s,s:o,s:o,s:o,s:o}", "row", (int)row->row, "line",
	        (int)row->line, "role", row->role, "service", row->service, "port", row->port, "protocol",
	        row->protocol, "notes", row->note[0] != '\0', "role_id", row->role_id, "role_ids", ids, "service_id",
	        row->service_id, "ports", ports_json(&row->ports), "transports", transports_json(&row->means, false),
	        "security", security, "applications", applications);
	endpoints_add(out, row);
	return out;
}

static json_t *alignment_json(const struct import *import)
{
	json_t *names = json_array();
	for (size_t i = 0; i < import->n_aligned; i++) {
		const struct import_aligned *a = &import->aligned[i];
		json_array_append_new(
		        names, json_pack("{s:s,s:i,s:s,s:s,s:i}", "field", import_field_name(a->field), "line",
		                       (int)a->line, "text", a->text, "means", a->meaning, "cells", (int)a->cells));
	}
	return json_pack("{s:s,s:o}", "document", import->aligned_with, "names", names);
}

static json_t *ipsec_json(const struct import_row *row)
{
	return json_pack("{s:i,s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "row", (int)row->row, "line",
	        (int)row->line, "rule", row->role, "rule_id", row->role_id, "source", row->source, "source_id",
	        row->source_id, "destination", row->destination, "destination_id", row->destination_id, "protocol",
	        row->protocol, "source_port", row->source_port, "destination_port", row->destination_port, "action",
	        row->action, "transports", transports_json(&row->means, true));
}

static json_t *table_json(const struct import_table *table)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < table->n_row; i++)
		json_array_append_new(rows,
		        table->kind == IMPORT_IPSEC_EXCEPTIONS ? ipsec_json(&table->row[i]) : row_json(&table->row[i]));
	return json_pack(
	        "{s:s,s:s,s:o}", "kind", import_kind_name(table->kind), "caption", table->caption, "rows", rows);
}

static json_t *document_json(const struct import *import)
{
	const struct document *doc = &import->document;
	json_t *out, *tables = json_array(), *references = json_array(), *problems = json_array();
	for (size_t i = 0; i < import->n_table; i++)
		json_array_append_new(tables, table_json(&import->table[i]));
	for (size_t i = 0; i < doc->n_reference; i++)
		json_array_append_new(references,
		        json_pack("{s:s,s:s}", "title", doc->reference[i].title, "target", doc->reference[i].target));
	for (size_t i = 0; i < import->n_problem; i++)
		json_array_append_new(problems, json_pack("{s:i,s:s,s:s}", "line", (int)import->problem[i].line, "cell",
		                                        import->problem[i].cell, "reason", import->problem[i].reason));
	out = json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "file", doc->file, "kind",
	        document_kind_name(doc->kind), "title", doc->title, "language", doc->language, "article",
	        nullable(doc->article), "product", nullable(import->product), "tables", tables, "references",
	        references, "problems", problems);
	if (import->aligned_with != NULL)
		json_object_set_new(out, "alignment", alignment_json(import));
	return out;
}

char *import_json(const struct import *import, size_t n)
{
	json_t *documents = json_array(), *root;
	char *dump, *out;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(documents, document_json(&import[i]));
	root = json_pack("{s:o}", "documents", documents);
	dump = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	/* json_dumps() fails only on a lack of memory or text that is not UTF-8, which the readers have refused. */
	out = xstrdup(dump != NULL ? dump : "{}");
	free(dump);
	return out;
}
