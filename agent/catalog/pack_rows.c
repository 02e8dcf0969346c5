/*
 * Claims of the overlay come in, the rows that they name, their provenance and who connects go out. Refused are claims that
 * no row answers, and statements that no document holds.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/builder.h"
#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

char *row_key(const struct import_table *table, const struct import_row *row)
{
	struct text key = {0};
	char buf[16];
	if (table->kind == IMPORT_IPSEC_EXCEPTIONS)
		return xasprintf("%s %s", import_kind_name(table->kind), row->role_id);
	text_addf(&key, "%s %s %s ", import_kind_name(table->kind), row->role_id,
	        row->service_id[0] != '\0' ? row->service_id : "-");
	for (size_t i = 0; i < row->ports.n; i++)
		text_addf(&key, "%s%s", i > 0 ? "," : "", port_range_print(row->ports.range[i], buf, sizeof(buf)));
	return text_take(&key);
}

/* Split "KEY #2" into the key and the ordinal among rows of this key in one document; 0: all of them. */
static char *claim_split(const char *claim, unsigned long *ordinal)
{
	const char *mark = strstr(claim, " #");
	*ordinal = mark != NULL ? strtoul(mark + 2, NULL, 10) : 0;
	return xstrndup(claim, mark != NULL ? (size_t)(mark - claim) : strlen(claim));
}

static void claim_in_document(struct builder *b, size_t d, const char *key, unsigned long ordinal, struct matches *out)
{
	unsigned long seen = 0;
	size_t index = 0;
	for (size_t t = 0; t < b->import[d]->n_table; t++) {
		const struct import_table *table = &b->import[d]->table[t];
		for (size_t r = 0; r < table->n_row; r++, index++) {
			char *have = row_key(table, &table->row[r]);
			if (strcmp(have, key) == 0 && (++seen == ordinal || ordinal == 0)) {
				b->claimed[d][index] = true;
				out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
				out->item[out->n++] = (struct match){d, table, &table->row[r]};
			}
			free(have);
		}
	}
}

int claim_resolve(struct builder *b, const char *label, const char *claim, struct matches *out)
{
	unsigned long ordinal;
	char *key = claim_split(claim, &ordinal);
	size_t before = out->n;
	for (size_t d = 0; d < b->n_import; d++)
		claim_in_document(b, d, key, ordinal, out);
	free(key);
	if (out->n == before)
		return error_set(b->err, ERR_INVALID, b->where,
		        "requirement %s: no document has a row \"%s\"; correct the claim", label, claim);
	return 0;
}

bool match_is_balancer(const struct match *m)
{
	return m->table->kind == IMPORT_HLB_ONLY_PORTS || m->table->kind == IMPORT_DNS_LB_PORTS ||
	       vocabulary_entry_find(VOCABULARY_LOAD_BALANCER, m->row->role_id) != NULL;
}

const struct match *matches_defining(const struct matches *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (!match_is_balancer(&rows->item[i]))
			return &rows->item[i];
	return rows->n > 0 ? &rows->item[0] : NULL;
}

static int match_cmp(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	if (x->import != y->import)
		return x->import < y->import ? -1 : 1;
	if (x->table->kind != y->table->kind)
		return x->table->kind < y->table->kind ? -1 : 1;
	return (x->row->row > y->row->row) - (x->row->row < y->row->row);
}

/* Some protocol cells go on with a sentence behind a dash: a pack keeps the protocol and marks the rest as left out. */
static void set_protocol(json_t *object, const char *printed)
{
	static const char *const dashes[] = {" \xe2\x80\x93 ", " - "};
	size_t len = strlen(printed);
	for (size_t i = 0; i < sizeof(dashes) / sizeof(dashes[0]); i++) {
		const char *dash = strstr(printed, dashes[i]);
		if (dash != NULL && (size_t)(dash - printed) < len)
			len = (size_t)(dash - printed);
	}
	char *kept = len < strlen(printed) ? xasprintf("%.*s \xe2\x80\xa6", (int)len, printed) : xstrdup(printed);
	set_if(object, "protocol", kept);
	free(kept);
}

static json_t *place_json(const struct builder *b, const struct match *m)
{
	return json_pack("{s:s,s:s,s:i,s:i}", "document", base_name(b->import[m->import]->document.file), "table",
	        import_kind_name(m->table->kind), "row", (int)m->row->row, "line", (int)m->row->line);
}

/* Rows in the order of documents, each once. */
static void matches_settle(struct matches *rows)
{
	size_t kept = 0;
	if (rows->n > 1)
		qsort(rows->item, rows->n, sizeof(*rows->item), match_cmp);
	for (size_t i = 0; i < rows->n; i++)
		if (kept == 0 || match_cmp(&rows->item[kept - 1], &rows->item[i]) != 0)
			rows->item[kept++] = rows->item[i];
	rows->n = kept;
}

/* What a row of either kind says of itself. */
typedef void row_fill(json_t *one, const struct import_row *row);

static void fill_ports(json_t *one, const struct import_row *row)
{
	set_if(one, "role-id", row->role_id);
	set_if(one, "service-id", row->service_id);
	set_if(one, "role", row->role);
	set_if(one, "service", row->service);
	set_if(one, "port", row->port);
	set_protocol(one, row->protocol);
}

static void fill_ipsec(json_t *one, const struct import_row *row)
{
	set_if(one, "rule", row->role);
	set_if(one, "source", row->source);
	set_if(one, "destination", row->destination);
	set_if(one, "protocol", row->protocol);
	set_if(one, "source-port", row->source_port);
	set_if(one, "destination-port", row->destination_port);
	set_if(one, "action", row->note);
}

static json_t *rows_json(const struct builder *b, struct matches *rows, row_fill *fill)
{
	json_t *list = json_array();
	matches_settle(rows);
	for (size_t i = 0; i < rows->n; i++) {
		const struct match *m = &rows->item[i];
		json_t *one = place_json(b, m);
		set_if(one, "language", b->import[m->import]->document.language);
		fill(one, m->row);
		json_array_append_new(list, one);
	}
	return list;
}

json_t *provenance_json(struct builder *b, struct matches *rows)
{
	return rows_json(b, rows, fill_ports);
}

json_t *ipsec_provenance_json(struct builder *b, struct matches *rows)
{
	return rows_json(b, rows, fill_ipsec);
}

/* "FILE:LINE" of a document of this pack; of another document it says nothing here. @return true when it is a place. */
static bool line_add(struct builder *b, const char *place, json_t *list)
{
	const char *colon = strrchr(place, ':');
	if (colon == NULL || strchr(place, ' ') != NULL)
		return false;
	for (size_t d = 0; d < b->n_import; d++) {
		const char *file = base_name(b->import[d]->document.file);
		if (strlen(file) == (size_t)(colon - place) && strncmp(file, place, (size_t)(colon - place)) == 0)
			json_array_append_new(list, json_pack("{s:s,s:i}", "document", file, "line", atoi(colon + 1)));
	}
	return true;
}

/* Rows of claims and lines of text, the latter after the former. @return NULL: a claim without a row, or no place at all. */
static json_t *stated_json(struct builder *b, const char *label, const char *role, const json_t *places)
{
	struct matches rows = {0};
	json_t *list = json_array(), *lines = json_array(), *place;
	size_t i;
	int result = 0;
	json_array_foreach(places, i, place)
	{
		const char *text = json_string_value(place) != NULL ? json_string_value(place) : "";
		if (result == 0 && !line_add(b, text, lines))
			result = claim_resolve(b, label, text, &rows);
	}
	matches_settle(&rows);
	for (i = 0; i < rows.n; i++)
		json_array_append_new(list, place_json(b, &rows.item[i]));
	free(rows.item);
	json_array_extend(list, lines);
	json_decref(lines);
	if (result == 0 && json_array_size(list) > 0)
		return list;
	json_decref(list);
	if (result == 0)
		(void)error_set(b->err, ERR_INVALID, b->where,
		        "requirement %s: initiator %s is stated, but no row or line is named that says so; name one, "
		        "or say "
		        "\"inferred\"",
		        label, role);
	return NULL;
}

/* "inferred", "stated" (in the rows of the first claim), or {"stated": [claim or "FILE:LINE", ...]}. */
static json_t *initiator_json(struct builder *b, const json_t *requirement, const char *role, const json_t *basis)
{
	const json_t *first = json_array_get(json_object_get(requirement, "rows"), 0);
	json_t *places = NULL, *stated;
	if (json_is_object(basis))
		places = json_incref(json_object_get(basis, "stated"));
	else if (json_string_value(basis) != NULL && strcmp(json_string_value(basis), "stated") == 0)
		places = first != NULL ? json_pack("[O]", first) : json_array();
	if (places == NULL)
		return json_pack("{s:s,s:O}", "role", role, "basis", basis);
	stated = stated_json(b, string_of(requirement, "label"), role, places);
	json_decref(places);
	return stated != NULL ? json_pack("{s:s,s:s,s:o}", "role", role, "basis", "stated", "stated-in", stated) : NULL;
}

json_t *initiators_json(struct builder *b, const json_t *requirement)
{
	json_t *list = json_array(), *basis, *one;
	const char *role;
	json_object_foreach(json_object_get(requirement, "initiators"), role, basis)
	{
		one = initiator_json(b, requirement, role, basis);
		if (one == NULL) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, one);
	}
	return list;
}
