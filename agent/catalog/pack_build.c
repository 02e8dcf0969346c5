/*
 * Imported documents and an overlay come in, a pack (JSON instance data of portcullis-catalog.yang) goes out. Refused are
 * rows that no requirement claims, claims that no row answers, and two readings of one requirement without an erratum.
 */
#include "catalog/pack_build.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define MAX_PRINTED_FLOWS 32

struct builder {
	struct import **import;
	size_t n_import;
	const char *prefix;
	struct error *err;
	const char *where; /* the overlay */
	bool **claimed; /* [import][row over all tables] */
};

/** Rows that one claim matched. */
struct match {
	size_t import;
	const struct import_table *table;
	const struct import_row *row;
};

struct matches {
	struct match *item;
	size_t n, cap;
};

struct printed_flow {
	bool udp;
	struct port_range ports;
	const char *security, *application;
};

static const char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s != NULL ? s : "";
}

/* "server-ports front-end-server front-end-service 5061": how claims name a row. */
static char *row_key(const struct import_table *table, const struct import_row *row)
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

static int claim_resolve(struct builder *b, const char *label, const char *claim, struct matches *out)
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

static bool is_balancer_row(const struct match *m)
{
	return m->table->kind == IMPORT_HLB_ONLY_PORTS || m->table->kind == IMPORT_DNS_LB_PORTS ||
	       vocabulary_entry_find(VOCABULARY_LOAD_BALANCER, m->row->role_id) != NULL;
}

static const struct match *defining_row(const struct matches *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (!is_balancer_row(&rows->item[i]))
			return &rows->item[i];
	return rows->n > 0 ? &rows->item[0] : NULL;
}

static void printed_add(struct printed_flow *flow, size_t *n, struct printed_flow one)
{
	if (*n < MAX_PRINTED_FLOWS)
		flow[(*n)++] = one;
}

/* TLS and mutual TLS on one port are one flow; HTTPS beside plain TCP are two. */
static size_t printed_flows(const struct import_row *row, const char *application, struct printed_flow *out)
{
	const struct protocol *p = &row->means;
	bool tls = false, mtls = false, none = p->n_security == 0;
	size_t n = 0;
	const char *own = *application != '\0' ? application : p->n_application > 0 ? p->application[0] : "";
	/* NTLM authenticates inside another protocol; on these ports that is HTTP. */
	own = strcmp(own, "ntlm") == 0 ? "http" : own;
	for (size_t i = 0; i < p->n_security; i++) {
		tls = tls || p->security[i] == IMPORT_TLS;
		mtls = mtls || p->security[i] == IMPORT_MTLS;
		none = none || p->security[i] == IMPORT_NONE;
	}
	for (size_t r = 0; r < row->ports.n; r++)
		for (int udp = 0; udp <= 1; udp++) {
			struct printed_flow flow = {udp != 0, row->ports.range[r], "none", own};
			if (!(udp != 0 ? p->udp : p->tcp))
				continue;
			if (tls || mtls) {
				flow.security = tls && mtls ? "tls+mtls" : tls ? "tls" : "mtls";
				printed_add(out, &n, flow);
			}
			flow.security = "none";
			flow.application = tls || mtls ? "" : own;
			if (none)
				printed_add(out, &n, flow);
		}
	return n;
}

static json_t *range_json(struct port_range range)
{
	json_t *object = json_pack("{s:i}", "lower", (int)range.lo);
	if (range.hi != range.lo)
		json_object_set_new(object, "upper", json_integer(range.hi));
	return object;
}

static json_t *flow_json(size_t variant, const struct printed_flow *f, const struct port_range *source)
{
	json_t *flow = json_pack("{s:i,s:s,s:o}", "variant", (int)variant, "transport", f->udp ? "udp" : "tcp", "port",
	        range_json(f->ports));
	if (source != NULL)
		json_object_set_new(flow, "source-port", range_json(*source));
	if (strcmp(f->security, "none") != 0)
		json_object_set_new(flow, "security", json_string(f->security));
	if (f->application[0] != '\0')
		json_object_set_new(flow, "application", json_string(f->application));
	return flow;
}

static int overlay_flow(struct builder *b, const char *label, const json_t *from, size_t variant, json_t *flows)
{
	struct port_range source, *with_source = NULL;
	const char *security = string_of(from, "security");
	struct printed_flow f = {.udp = strcmp(string_of(from, "transport"), "udp") == 0,
	        .security = *security != '\0' ? security : "none",
	        .application = string_of(from, "application")};
	if (port_range_parse(string_of(from, "port"), &f.ports, b->err) != 0)
		return error_prefix(b->err, "%s: requirement %s", b->where, label);
	if (json_object_get(from, "source-port") != NULL) {
		if (port_range_parse(string_of(from, "source-port"), &source, b->err) != 0)
			return error_prefix(b->err, "%s: requirement %s", b->where, label);
		with_source = &source;
	}
	json_array_append_new(flows, flow_json(variant, &f, with_source));
	return 0;
}

static bool has_erratum(const json_t *requirement, const char *field)
{
	size_t i;
	json_t *erratum;
	json_array_foreach(json_object_get(requirement, "errata"), i, erratum)
	{
		if (strcmp(string_of(erratum, "field"), field) == 0)
			return true;
	}
	return false;
}

static bool flows_have(const struct printed_flow *flow, size_t n, const struct printed_flow *one, bool security)
{
	for (size_t i = 0; i < n; i++)
		if (flow[i].udp == one->udp && flow[i].ports.lo == one->ports.lo && flow[i].ports.hi == one->ports.hi &&
		        (!security || strcmp(flow[i].security, one->security) == 0))
			return true;
	return false;
}

/* Every further row says nothing but what the first one says, or an erratum tells which of them holds. */
static int rows_agree(struct builder *b, const json_t *requirement, const struct matches *rows,
        const struct printed_flow *flow, size_t n)
{
	const char *label = string_of(requirement, "label");
	bool any_security = has_erratum(requirement, "security") || has_erratum(requirement, "load-balancer-security");
	bool any_transport =
	        has_erratum(requirement, "transport") || has_erratum(requirement, "load-balancer-transport");
	for (size_t i = 0; i < rows->n; i++) {
		const struct match *m = &rows->item[i];
		struct printed_flow other[MAX_PRINTED_FLOWS];
		size_t n_other = printed_flows(m->row, "", other);
		/* Client and load-balancer rows of one port leave out what the server row says about its protection. */
		bool security = !any_security && m->table->kind == IMPORT_SERVER_PORTS;
		for (size_t k = 0; k < n_other; k++)
			if (!any_transport && !flows_have(flow, n, &other[k], security))
				return error_set(b->err, ERR_INVALID, b->where,
				        "requirement %s: %s line %u reads it otherwise; add an erratum for transport "
				        "or security, or a "
				        "requirement of its own",
				        label, b->import[m->import]->document.file, m->row->line);
	}
	return 0;
}

/* The first reading, and whether the overlay's own flows need an erratum to differ from it. */
static int flows_build(struct builder *b, const json_t *requirement, const struct matches *rows, json_t *flows)
{
	const char *label = string_of(requirement, "label");
	struct printed_flow printed[MAX_PRINTED_FLOWS];
	const struct match *first = defining_row(rows);
	size_t n = first != NULL ? printed_flows(first->row, string_of(requirement, "application"), printed) : 0, i;
	json_t *own = json_object_get(requirement, "flow"), *flow;
	if (n > 0 && rows_agree(b, requirement, rows, printed, n) != 0)
		return -1;
	if (own == NULL) {
		for (i = 0; i < n; i++)
			json_array_append_new(flows, flow_json(i + 1, &printed[i], NULL));
		if (n == 0)
			return error_set(b->err, ERR_INVALID, b->where,
			        "requirement %s: its rows give no transport; add \"flow\" and an erratum", label);
		return 0;
	}
	if (!has_erratum(requirement, "row") && !has_erratum(requirement, "port") &&
	        !has_erratum(requirement, "transport") && !has_erratum(requirement, "security") &&
	        !has_erratum(requirement, "application"))
		return error_set(b->err, ERR_INVALID, b->where,
		        "requirement %s: its own flows need an erratum that says what they correct", label);
	json_array_foreach(own, i, flow)
	{
		if (overlay_flow(b, label, flow, i + 1, flows) != 0)
			return -1;
	}
	return 0;
}

static const char *lb_need(const struct matches *rows)
{
	const char *need = NULL;
	for (size_t i = 0; i < rows->n; i++) {
		const struct match *m = &rows->item[i];
		/* The product of 2007 knows no DNS load balancing: what its balancer rows list is always balanced. */
		if (m->table->kind == IMPORT_DNS_LB_PORTS || (m->table->kind == IMPORT_OCS_PORTS && is_balancer_row(m)))
			return "hlb-always";
		if (m->table->kind == IMPORT_HLB_ONLY_PORTS)
			need = "hlb-if-no-dns-lb";
	}
	return need;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
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

static void set_if(json_t *object, const char *key, const char *value)
{
	if (*value != '\0')
		json_object_set_new(object, key, json_string(value));
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

static json_t *provenance_json(struct builder *b, struct matches *rows, bool cells)
{
	json_t *list = json_array();
	if (rows->n > 1)
		qsort(rows->item, rows->n, sizeof(*rows->item), match_cmp);
	for (size_t i = 0; i < rows->n; i++) {
		const struct match *m = &rows->item[i];
		json_t *one = json_pack("{s:s,s:s,s:i,s:i}", "document", base_name(b->import[m->import]->document.file),
		        "table", import_kind_name(m->table->kind), "row", (int)m->row->row, "line", (int)m->row->line);
		if (i > 0 && match_cmp(m, &rows->item[i - 1]) == 0) {
			json_decref(one);
			continue;
		}
		if (cells) {
			set_if(one, "language", b->import[m->import]->document.language);
			set_if(one, "role", m->row->role);
			set_if(one, "service", m->row->service);
			set_if(one, "port", m->row->port);
			set_protocol(one, m->row->protocol);
		}
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *initiators_json(const json_t *requirement)
{
	json_t *list = json_array(), *basis;
	const char *role;
	json_object_foreach(json_object_get(requirement, "initiators"), role, basis)
	        json_array_append_new(list, json_pack("{s:s,s:O}", "role", role, "basis", basis));
	return list;
}

static void copy_members(json_t *to, const json_t *from, const char *const *key, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, key[i]);
		if (value != NULL)
			json_object_set(to, key[i], value);
	}
}

static json_t *requirement_json(struct builder *b, const json_t *from, struct matches *rows)
{
	static const char *const members[] = {
	        "reach", "class", "interface", "condition", "optional", "configurable-minimum"};
	const struct match *first = defining_row(rows);
	const char *listener = string_of(from, "listener"), *service = string_of(from, "service"),
	           *need = lb_need(rows);
	json_t *out, *flows = json_array();
	char *label;
	if (flows_build(b, from, rows, flows) != 0) {
		json_decref(flows);
		return NULL;
	}
	if (*listener == '\0' && first != NULL)
		listener = first->row->role_id;
	if (*service == '\0' && first != NULL)
		service = first->row->service_id;
	label = xasprintf("%s/%s", b->prefix, string_of(from, "label"));
	out = json_pack("{s:O*,s:s,s:s,s:o}", "id", json_object_get(from, "id"), "label-name", label, "listener",
	        listener, "initiator", initiators_json(from));
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
		json_object_set_new(out, "provenance", provenance_json(b, rows, true));
	if (json_object_get(from, "errata") != NULL)
		json_object_set(out, "erratum", json_object_get(from, "errata"));
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

static int ipsec_build(struct builder *b, const json_t *overlay, json_t *out)
{
	static const char *const members[] = {"id", "name", "direction"};
	json_t *from;
	size_t i;
	json_array_foreach(json_object_get(overlay, "ipsec-exemption"), i, from)
	{
		struct matches rows = {0};
		char *claim = xasprintf("ipsec-exceptions %s", string_of(from, "name"));
		int result = claim_resolve(b, string_of(from, "name"), claim, &rows);
		free(claim);
		if (result == 0) {
			json_t *one = json_object();
			copy_members(one, from, members, sizeof(members) / sizeof(members[0]));
			ipsec_fill(one, rows.item[0].row);
			json_object_set_new(one, "provenance", provenance_json(b, &rows, false));
			json_array_append_new(out, one);
		}
		free(rows.item);
		if (result != 0)
			return -1;
	}
	return 0;
}

static void label_add(json_t *labels, const char *language, const char *names)
{
	char *first = xstrndup(names, strcspn(names, ";"));
	if (*first != '\0')
		json_array_append_new(labels, json_pack("{s:s,s:s}", "language", language, "text", first));
	free(first);
}

static json_t *labels_json(const json_t *role)
{
	const struct vocabulary_entry *entry = vocabulary_entry_find(VOCABULARY_ANY_ROLE, string_of(role, "name"));
	json_t *labels = json_array(), *own = json_object_get(role, "label"), *text;
	const char *language;
	json_object_foreach(own, language, text)
	        json_array_append_new(labels, json_pack("{s:s,s:O}", "language", language, "text", text));
	if (own == NULL && entry != NULL) {
		label_add(labels, "en", entry->en);
		label_add(labels, "de", entry->de);
		label_add(labels, "pt", entry->pt);
	}
	return labels;
}

static json_t *roles_json(const json_t *overlay)
{
	static const char *const members[] = {"name", "id", "kind", "include", "successor-of"};
	json_t *list = json_array(), *role;
	size_t i;
	json_array_foreach(json_object_get(overlay, "role"), i, role)
	{
		json_t *one = json_object(), *labels = labels_json(role);
		copy_members(one, role, members, sizeof(members) / sizeof(members[0]));
		if (json_array_size(labels) > 0)
			json_object_set(one, "label", labels);
		json_decref(labels);
		json_array_append_new(list, one);
	}
	return list;
}

static bool documents_have(const json_t *list, const char *file)
{
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one)
	{
		if (strcmp(string_of(one, "file"), file) == 0)
			return true;
	}
	return false;
}

/* The documents themselves, then what an index page among them refers to: known by title, without rows. */
static json_t *documents_json(const struct builder *b)
{
	json_t *list = json_array();
	for (size_t d = 0; d < b->n_import; d++) {
		const struct document *doc = &b->import[d]->document;
		json_t *one = json_pack("{s:s}", "file", base_name(doc->file));
		set_if(one, "title", doc->title);
		set_if(one, "language", doc->language);
		set_if(one, "article", doc->article != NULL ? doc->article : "");
		json_object_set_new(one, "rows", json_integer((json_int_t)import_rows(b->import[d])));
		json_array_append_new(list, one);
	}
	for (size_t d = 0; d < b->n_import; d++) {
		const struct document *doc = &b->import[d]->document;
		for (size_t i = 0; b->import[d]->n_table == 0 && i < doc->n_reference; i++)
			if (!documents_have(list, doc->reference[i].target))
				json_array_append_new(list, json_pack("{s:s,s:s,s:i}", "file", doc->reference[i].target,
				                                    "title", doc->reference[i].title, "rows", 0));
	}
	return list;
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
	static const char *const members[] = {"name", "id", "title", "product-version", "version"};
	json_t *pack = json_object(), *requirements = json_array(), *ipsec = json_array();
	copy_members(pack, overlay, members, sizeof(members) / sizeof(members[0]));
	json_object_set_new(pack, "document", documents_json(b));
	json_object_set_new(pack, "role", roles_json(overlay));
	json_object_set_new(pack, "requirement", requirements);
	if (requirements_build(b, overlay, requirements) != 0 || ipsec_build(b, overlay, ipsec) != 0 ||
	        all_claimed(b) != 0) {
		json_decref(ipsec);
		json_decref(pack);
		return NULL;
	}
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
