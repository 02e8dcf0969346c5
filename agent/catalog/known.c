/*
 * Imported documents and the packs of a catalog come in; their rows, by article and table, go out, as what documents in
 * unknown languages are aligned with. A row whose role was not understood is left out.
 */
#include "catalog/known.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/text.h"

char *numbers_print(const struct ports *ports)
{
	struct text t = {0};
	for (size_t i = 0; i < ports->n; i++) {
		const struct port_range *r = &ports->range[i];
		text_addf(&t, "%s%u", i > 0 ? " " : "", r->lo);
		if (r->hi != r->lo)
			text_addf(&t, " %u", r->hi);
	}
	return text_take(&t);
}

char *numbers_scan(const char *cell)
{
	struct text t = {0};
	unsigned long last = 0;
	size_t last_digits = 0, start = 0;
	for (const char *s = cell; *s != '\0';) {
		unsigned long value = 0;
		size_t digits = 0;
		if (!isdigit((unsigned char)*s)) {
			s++;
			continue;
		}
		for (; isdigit((unsigned char)*s); s++, digits++)
			value = value < 1000000 ? value * 10 + (unsigned long)(*s - '0') : value;
		/* "50 000": two groups that make one port. */
		if (last_digits > 0 && last_digits <= 2 && digits == 3 && last * 1000 + value <= 65535) {
			value += last * 1000;
			t.s[start] = '\0';
			t.len = start;
			digits = 5;
		}
		start = t.len;
		text_addf(&t, "%s%lu", t.len > 0 ? " " : "", value);
		last = value;
		last_digits = digits;
	}
	return text_take(&t);
}

struct import_known *import_known_new(void)
{
	return xcalloc(1, sizeof(struct import_known));
}

static void row_fini(struct known_row *row)
{
	free(row->numbers);
	ports_fini(&row->ports);
	for (size_t i = 0; i < row->n_role_id; i++)
		free(row->role_id[i]);
	free(row->service_id);
	free(row->source_id);
	free(row->destination_id);
	free(row->source_port_id);
	free(row->destination_port_id);
	free(row->action);
}

void import_known_free(struct import_known *known)
{
	if (known == NULL)
		return;
	for (size_t d = 0; d < known->n; d++) {
		struct known_document *doc = &known->document[d];
		for (size_t t = 0; t < doc->n; t++) {
			for (size_t r = 0; r < doc->table[t].n; r++)
				row_fini(&doc->table[t].row[r]);
			free(doc->table[t].row);
		}
		free(doc->table);
		free(doc->file);
		free(doc->article);
	}
	free(known->document);
	free(known);
}

static struct known_document *document_add(struct import_known *known, const char *file, const char *article)
{
	struct known_document *doc;
	known->document = xgrow(known->document, known->n, &known->cap, sizeof(*known->document));
	doc = &known->document[known->n++];
	*doc = (struct known_document){.file = xstrdup(file), .article = xstrdup(article)};
	return doc;
}

static struct known_table *table_of(struct known_document *doc, enum import_kind kind)
{
	for (size_t t = 0; t < doc->n; t++)
		if (doc->table[t].kind == kind)
			return &doc->table[t];
	doc->table = xgrow(doc->table, doc->n, &doc->cap, sizeof(*doc->table));
	doc->table[doc->n] = (struct known_table){.kind = kind};
	return &doc->table[doc->n++];
}

static struct known_row *row_add(struct known_table *table)
{
	table->row = xgrow(table->row, table->n, &table->cap, sizeof(*table->row));
	memset(&table->row[table->n], 0, sizeof(*table->row));
	return &table->row[table->n++];
}

static char *copy(const char *id)
{
	return xstrdup(id != NULL ? id : "");
}

static void ports_copy(const struct ports *from, struct ports *to)
{
	*to = (struct ports){.tcp = from->tcp, .udp = from->udp, .n = from->n, .cap = from->n};
	to->range = from->n > 0 ? xcalloc(from->n, sizeof(*to->range)) : NULL;
	for (size_t i = 0; i < from->n; i++)
		to->range[i] = from->range[i];
}

void import_known_add(struct import_known *known, const struct import *import)
{
	const struct document *d = &import->document;
	struct known_document *doc = document_add(known, d->file, d->article != NULL ? d->article : "");
	for (size_t t = 0; t < import->n_table; t++)
		for (size_t r = 0; r < import->table[t].n_row; r++) {
			const struct import_row *from = &import->table[t].row[r];
			struct known_row *row = row_add(table_of(doc, import->table[t].kind));
			ports_copy(&from->ports, &row->ports);
			row->numbers = numbers_print(&row->ports);
			row->means = from->means;
			for (size_t i = 0; i < from->n_role_id; i++)
				row->role_id[row->n_role_id++] = xstrdup(from->role_ids[i]);
			if (row->n_role_id == 0)
				row->role_id[row->n_role_id++] = copy(from->role_id);
			row->service_id = copy(from->service_id);
			row->source_id = copy(from->source_id);
			row->destination_id = copy(from->destination_id);
			row->source_port_id = copy(from->source_port_id);
			row->destination_port_id = copy(from->destination_port_id);
			row->action = copy(from->action);
		}
}

/** A row as a pack keeps it, with the place that it has in its document. */
struct printed {
	const struct provenance *at;
	const struct ipsec_exemption *exemption; /* of a row in an IPsec table, else at->role_id tells */
	const struct ipsec_provenance *ipsec;
	enum import_kind kind;
	unsigned row;
};

struct printed_rows {
	struct printed *item;
	size_t n, cap;
};

static void printed_add(struct printed_rows *rows, struct printed one)
{
	rows->item = xgrow(rows->item, rows->n, &rows->cap, sizeof(*rows->item));
	rows->item[rows->n++] = one;
}

static void printed_collect(const struct pack *pack, const char *file, struct printed_rows *out)
{
	enum import_kind kind;
	for (size_t i = 0; i < pack->n_requirement; i++)
		for (size_t k = 0; k < pack->requirement[i].n_provenance; k++) {
			const struct provenance *p = &pack->requirement[i].provenance[k];
			if (strcmp(p->document, file) == 0 && import_kind_parse(p->table, &kind))
				printed_add(out, (struct printed){.at = p, .kind = kind, .row = p->row});
		}
	for (size_t i = 0; i < pack->n_ipsec; i++)
		for (size_t k = 0; k < pack->ipsec[i].n_provenance; k++) {
			const struct ipsec_provenance *p = &pack->ipsec[i].provenance[k];
			if (strcmp(p->document, file) == 0)
				printed_add(out, (struct printed){.exemption = &pack->ipsec[i],
				                         .ipsec = p,
				                         .kind = IMPORT_IPSEC_EXCEPTIONS,
				                         .row = p->row});
		}
}

static int printed_cmp(const void *a, const void *b)
{
	const struct printed *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Every role that a cell lists; the pack keeps the first alone. */
static void roles_fill(const struct vocabulary *v, const struct provenance *p, struct known_row *row)
{
	char *lines = xstrdup(p->role), *rest = lines, *line;
	while ((line = strsep(&rest, "\n")) != NULL && row->n_role_id < IMPORT_MAX_IDS) {
		const char *id = vocabulary_find(v, VOCABULARY_ANY_ROLE, line);
		if (id == NULL)
			break;
		row->role_id[row->n_role_id++] = xstrdup(id);
	}
	free(lines);
	if (line == NULL && row->n_role_id > 1)
		return;
	while (row->n_role_id > 0)
		free(row->role_id[--row->n_role_id]);
	row->role_id[row->n_role_id++] = xstrdup(p->role_id);
}

static const char *port_id(const char *pack_word)
{
	return strcmp(pack_word, "media-range") == 0 ? "media-port-range" : pack_word;
}

static void printed_keep(const struct vocabulary *v, const struct printed *p, struct known_row *row)
{
	const struct ipsec_exemption *x = p->exemption;
	const char *reason;
	if (ports_parse(x != NULL ? "" : p->at->port, &row->ports, &reason) != 0)
		memset(&row->ports, 0, sizeof(row->ports));
	if (protocol_parse(x != NULL ? p->ipsec->protocol : p->at->protocol, &row->means, &reason) != 0)
		memset(&row->means, 0, sizeof(row->means));
	row->numbers = numbers_print(&row->ports);
	if (x != NULL)
		row->role_id[row->n_role_id++] = xstrdup(x->name);
	else
		roles_fill(v, p->at, row);
	row->service_id = copy(x != NULL ? "" : p->at->service_id);
	row->source_id = copy(x != NULL ? x->source : "");
	row->destination_id = copy(x != NULL ? x->destination : "");
	row->source_port_id = copy(x != NULL ? port_id(x->source_port) : "");
	row->destination_port_id = copy(x != NULL ? port_id(x->destination_port) : "");
	row->action = copy(x != NULL ? x->action : "");
}

void import_known_add_catalog(struct import_known *known, const struct catalog *catalog)
{
	const struct vocabulary *v = vocabulary_shared();
	for (size_t i = 0; i < catalog->n_pack; i++)
		for (size_t k = 0; k < catalog->pack[i].n_document; k++) {
			const struct pack_document *d = &catalog->pack[i].document[k];
			struct printed_rows rows = {0};
			struct known_document *doc;
			if (d->rows == 0)
				continue;
			printed_collect(&catalog->pack[i], d->file, &rows);
			if (rows.n > 1)
				qsort(rows.item, rows.n, sizeof(*rows.item), printed_cmp);
			doc = document_add(known, d->file, d->article);
			for (size_t r = 0; r < rows.n; r++)
				/* Two requirements may rest on one row. */
				if (r == 0 || printed_cmp(&rows.item[r - 1], &rows.item[r]) != 0)
					printed_keep(v, &rows.item[r], row_add(table_of(doc, rows.item[r].kind)));
			free(rows.item);
		}
}
