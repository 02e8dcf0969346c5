/*
 * Imported documents and an overlay come in, a pack (JSON instance data of portcullis-catalog.yang) goes out. Refused are
 * rows that no requirement claims, claims that no row answers, and two readings of one requirement without an erratum.
 */
#include "catalog/pack_build.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/builder.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

const char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s != NULL ? s : "";
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

void set_if(json_t *object, const char *key, const char *value)
{
	if (*value != '\0')
		json_object_set_new(object, key, json_string(value));
}

void copy_members(json_t *to, const json_t *from, const char *const *key, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, key[i]);
		if (value != NULL)
			json_object_set(to, key[i], value);
	}
}

static void set_array(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array) > 0)
		json_object_set(object, key, array);
}

static json_t *requirement_json(struct builder *b, const json_t *from, struct matches *rows)
{
	static const char *const members[] = {
	        "reach", "class", "interface", "condition", "optional", "configurable-minimum"};
	const struct match *first = matches_defining(rows);
	const char *listener = string_of(from, "listener"), *service = string_of(from, "service"),
	           *need = lb_need(rows);
	json_t *out, *flows = json_array(), *initiators = NULL;
	char *label;
	if (flows_build(b, from, rows, flows) != 0 || (initiators = initiators_json(b, from)) == NULL) {
		json_decref(flows);
		return NULL;
	}
	if (*listener == '\0' && first != NULL)
		listener = first->row->role_id;
	if (*service == '\0' && first != NULL)
		service = first->row->service_id;
	label = xasprintf("%s/%s", b->prefix, string_of(from, "label"));
	out = json_pack("{s:O*,s:s,s:s,s:o}", "id", json_object_get(from, "id"), "label-name", label, "listener",
	        listener, "initiator", initiators);
	free(label);
	set_if(out, "service", service);
	copy_members(out, from, members, sizeof(members) / sizeof(members[0]));
	/* The digest is taken without defaults: a pack leaves them out. */
	if (strcmp(string_of(out, "interface"), "any") == 0)
		json_object_del(out, "interface");
	if (json_is_false(json_object_get(out, "optional")))
		json_object_del(out, "optional");
	if (need != NULL)
		json_object_set_new(out, "load-balancer", json_string(need));
	set_if(out, "purpose", string_of(from, "purpose"));
	json_object_set_new(out, "flow", flows);
	if (rows->n > 0)
		json_object_set_new(out, "provenance", provenance_json(b, rows));
	set_array(out, "erratum", json_object_get(from, "errata"));
	return out;
}

static int requirements_build(struct builder *b, const json_t *overlay, json_t *out)
{
	json_t *from, *claim, *made;
	size_t i, k;
	json_array_foreach(json_object_get(overlay, "requirement"), i, from)
	{
		struct matches rows = {0};
		int result = 0;
		json_array_foreach(json_object_get(from, "rows"), k, claim)
		{
			if (result == 0)
				result = claim_resolve(b, string_of(from, "label"),
				        json_string_value(claim) != NULL ? json_string_value(claim) : "", &rows);
		}
		made = result == 0 ? requirement_json(b, from, &rows) : NULL;
		free(rows.item);
		if (made == NULL)
			return -1;
		json_array_append_new(out, made);
	}
	return 0;
}

static void ipsec_fill(json_t *out, const struct import_row *row)
{
	json_t *transports = json_array();
	json_object_set_new(out, "source", json_string(row->source_id));
	json_object_set_new(out, "destination", json_string(row->destination_id));
	if (row->means.tcp)
		json_array_append_new(transports, json_string("tcp"));
	if (row->means.udp)
		json_array_append_new(transports, json_string("udp"));
	json_object_set_new(out, "transport", transports);
	json_object_set_new(out, "source-port",
	        json_string(
	                strcmp(row->source_port_id, "media-port-range") == 0 ? "media-range" : row->source_port_id));
	json_object_set_new(out, "destination-port",
	        json_string(strcmp(row->destination_port_id, "media-port-range") == 0 ? "media-range"
	                                                                              : row->destination_port_id));
	json_object_set_new(out, "action", json_string(row->action));
}

static bool has_ipsec_table(const struct builder *b)
{
	for (size_t d = 0; d < b->n_import; d++)
		for (size_t t = 0; t < b->import[d]->n_table; t++)
			if (b->import[d]->table[t].kind == IMPORT_IPSEC_EXCEPTIONS)
				return true;
	return false;
}

/* From its rows, where a document has such a table; else from the overlay, which then has to say so in an erratum. */
static json_t *exemption_json(struct builder *b, const json_t *from, bool printed)
{
	static const char *const names[] = {"id", "name", "direction"};
	static const char *const values[] = {
	        "source", "destination", "transport", "source-port", "destination-port", "action"};
	struct matches rows = {0};
	char *claim = xasprintf("ipsec-exceptions %s", string_of(from, "name"));
	json_t *one = json_object();
	int result = 0;
	copy_members(one, from, names, sizeof(names) / sizeof(names[0]));
	if (printed)
		result = claim_resolve(b, string_of(from, "name"), claim, &rows);
	else if (!has_erratum(from, "row"))
		result = error_set(b->err, ERR_INVALID, b->where,
		        "IPsec exemption %s: no document has a table of them; add an erratum \"row\" that says where "
		        "it "
		        "comes from",
		        string_of(from, "name"));
	if (result == 0 && printed)
		ipsec_fill(one, rows.item[0].row);
	else if (result == 0)
		copy_members(one, from, values, sizeof(values) / sizeof(values[0]));
	set_array(one, "erratum", json_object_get(from, "errata"));
	if (rows.n > 0)
		json_object_set_new(one, "provenance", ipsec_provenance_json(b, &rows));
	free(rows.item);
	free(claim);
	if (result == 0)
		return one;
	json_decref(one);
	return NULL;
}

static int ipsec_build(struct builder *b, const json_t *overlay, json_t *out)
{
	bool printed = has_ipsec_table(b);
	json_t *from, *one;
	size_t i;
	json_array_foreach(json_object_get(overlay, "ipsec-exemption"), i, from)
	{
		one = exemption_json(b, from, printed);
		if (one == NULL)
			return -1;
		json_array_append_new(out, one);
	}
	return 0;
}

static int all_claimed(struct builder *b)
{
	for (size_t d = 0; d < b->n_import; d++) {
		size_t index = 0;
		for (size_t t = 0; t < b->import[d]->n_table; t++)
			for (size_t r = 0; r < b->import[d]->table[t].n_row; r++, index++)
				if (!b->claimed[d][index]) {
					char *key = row_key(&b->import[d]->table[t], &b->import[d]->table[t].row[r]);
					(void)error_set(b->err, ERR_INVALID, b->where,
					        "%s line %u: no requirement claims the row \"%s\"; add one",
					        b->import[d]->document.file, b->import[d]->table[t].row[r].line, key);
					free(key);
					return -1;
				}
	}
	return 0;
}

static json_t *pack_json(struct builder *b, const json_t *overlay)
{
	static const char *const members[] = {"name", "id", "title", "product-version", "not-covered", "version"};
	json_t *pack = json_object(), *requirements = json_array(), *ipsec = json_array(), *services = NULL;
	copy_members(pack, overlay, members, sizeof(members) / sizeof(members[0]));
	json_object_set_new(pack, "document", documents_json(b));
	json_object_set_new(pack, "role", roles_json(b, overlay));
	json_object_set_new(pack, "requirement", requirements);
	if (requirements_build(b, overlay, requirements) != 0 || ipsec_build(b, overlay, ipsec) != 0 ||
	        (services = services_json(b, overlay, requirements)) == NULL || all_claimed(b) != 0) {
		json_decref(services);
		json_decref(ipsec);
		json_decref(pack);
		return NULL;
	}
	json_object_set_new(pack, "service", services);
	if (json_array_size(ipsec) > 0)
		json_object_set(pack, "ipsec-exemption", ipsec);
	json_decref(ipsec);
	return pack;
}

int pack_build(
        struct import **import, size_t n, const json_t *overlay, const char *where, json_t **out, struct error *err)
{
	struct builder b = {import, n, string_of(overlay, "prefix"), err, where, NULL};
	b.claimed = xcalloc(n > 0 ? n : 1, sizeof(*b.claimed));
	for (size_t d = 0; d < n; d++)
		b.claimed[d] = xcalloc(import_rows(import[d]) + 1, sizeof(bool));
	*out = pack_json(&b, overlay);
	for (size_t d = 0; d < n; d++)
		free(b.claimed[d]);
	free(b.claimed);
	return *out != NULL ? 0 : -1;
}
