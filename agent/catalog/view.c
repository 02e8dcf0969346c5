/*
 * A loaded catalog comes in, the JSON that `portcullis catalog` prints goes out. The keys are fixed points that others
 * script against; ports are strings, names stand in the language that is asked for.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/catalog.h"

static char *dump(json_t *root)
{
	char *raw = json_dumps(root, JSON_INDENT(1)), *out = xstrdup(raw != NULL ? raw : "{}");
	free(raw);
	json_decref(root);
	return out;
}

static json_t *ports_json(struct port_range ports)
{
	char buf[16];
	return json_string(port_range_print(ports, buf, sizeof(buf)));
}

static const char *label_of(const struct pack *pack, const char *role, const char *language)
{
	const struct role *found = pack_role_find(pack, role);
	return found != NULL ? role_label(found, language) : role;
}

static json_t *pack_head(const struct pack *pack)
{
	json_t *own_files = json_array();
	for (size_t i = 0; i < pack->n_own_file; i++)
		json_array_append_new(own_files, json_string(pack->own_file[i]));
	return json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:b,s:o}", "name", pack->name, "id", (int)pack->id,
	        "title", pack->title, "version", pack->version, "digest", pack->digest, "file", pack->file, "roles",
	        (int)pack->n_role, "requirements", (int)pack->n_requirement, "ipsec_exemptions", (int)pack->n_ipsec,
	        "own", pack->own, "own_files", own_files);
}

static const char *own_file(const char *file)
{
	return file != NULL ? file : "";
}

char *catalog_list_json(const struct catalog *catalog)
{
	json_t *list = json_array();
	for (size_t i = 0; i < catalog->n_pack; i++)
		json_array_append_new(list, pack_head(&catalog->pack[i]));
	return dump(json_pack("{s:o}", "packs", list));
}

static json_t *flows_json(const struct requirement *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_flow; i++) {
		const struct requirement_flow *f = &r->flow[i];
		json_array_append_new(list,
		        json_pack("{s:i,s:s,s:o,s:o,s:s,s:s}", "variant", (int)i + 1, "transport", proto_name(f->proto),
		                "ports", ports_json(f->ports), "source_ports", ports_json(f->source_ports), "security",
		                security_name(f->security), "application", f->application));
	}
	return list;
}

static json_t *errata_json(const struct erratum *erratum, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct erratum *e = &erratum[i];
		json_array_append_new(list,
		        json_pack("{s:s,s:s,s:s,s:s,s:s}", "field", e->field, "as_printed", e->as_printed, "effective",
		                e->effective, "why", e->why, "confidence", confidence_name(e->confidence)));
	}
	return list;
}

static json_t *provenance_json(const struct requirement *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_provenance; i++) {
		const struct provenance *p = &r->provenance[i];
		json_array_append_new(
		        list, json_pack("{s:s,s:s,s:s,s:i,s:i,s:s,s:s,s:s,s:s,s:s,s:s}", "document", p->document,
		                      "language", p->language, "table", p->table, "row", (int)p->row, "line",
		                      (int)p->line, "role_id", p->role_id, "service_id", p->service_id, "role", p->role,
		                      "service", p->service, "port", p->port, "protocol", p->protocol));
	}
	return list;
}

/* "row" and "table" are there for a row of a table only, not for a line of running text. */
static json_t *stated_json(const struct initiator *initiator)
{
	json_t *list = json_array();
	for (size_t i = 0; i < initiator->n_stated; i++) {
		const struct stated_in *s = &initiator->stated[i];
		json_t *one = json_pack("{s:s,s:i}", "document", s->document, "line", (int)s->line);
		if (s->table[0] != '\0') {
			json_object_set_new(one, "table", json_string(s->table));
			json_object_set_new(one, "row", json_integer(s->row));
		}
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *initiators_json(const struct pack *pack, const struct requirement *r, const char *language)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_initiator; i++)
		json_array_append_new(
		        list, json_pack("{s:s,s:s,s:s,s:o}", "role", r->initiator[i].role, "label",
		                      label_of(pack, r->initiator[i].role, language), "basis",
		                      basis_name(r->initiator[i].basis), "stated_in", stated_json(&r->initiator[i])));
	return list;
}

static json_t *requirement_json(const struct pack *pack, const struct requirement *r, const char *language)
{
	return json_pack("{s:i,s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:i,s:s,s:s,s:o,s:o,s:o,s:s}", "id",
	        (int)r->id, "label", r->label, "listener", r->listener, "listener_label",
	        label_of(pack, r->listener, language), "initiators", initiators_json(pack, r, language), "service",
	        r->service, "service_label", pack_service_label(pack, r->service, language), "reach",
	        reach_name(r->reach), "class", requirement_class_name(r->class), "interface",
	        requirement_interface_name(r->interface), "condition", r->condition, "optional", r->optional,
	        "advisory", requirement_is_advisory(r), "configurable_minimum", (int)r->configurable_minimum,
	        "load_balancer", lb_need_name(r->lb_need), "purpose", r->purpose, "flows", flows_json(r), "provenance",
	        provenance_json(r), "errata", errata_json(r->erratum, r->n_erratum), "own_file", own_file(r->own_file));
}

static json_t *role_json(const struct role *role)
{
	json_t *include = json_array(), *labels = json_object();
	for (size_t i = 0; i < role->n_include; i++)
		json_array_append_new(include, json_string(role->include[i]));
	for (size_t i = 0; i < role->n_label; i++)
		json_object_set_new(labels, role->label[i].language, json_string(role->label[i].text));
	return json_pack("{s:i,s:s,s:s,s:o,s:o,s:s}", "id", (int)role->id, "name", role->name, "kind",
	        role_kind_name(role->kind), "include", include, "labels", labels, "own_file", own_file(role->own_file));
}

static json_t *ipsec_provenance_json(const struct ipsec_exemption *x)
{
	json_t *list = json_array();
	for (size_t i = 0; i < x->n_provenance; i++) {
		const struct ipsec_provenance *p = &x->provenance[i];
		json_array_append_new(
		        list, json_pack("{s:s,s:s,s:s,s:i,s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "document", p->document,
		                      "language", p->language, "table", p->table, "row", (int)p->row, "line",
		                      (int)p->line, "rule", p->rule, "source", p->source, "destination", p->destination,
		                      "protocol", p->protocol, "source_port", p->source_port, "destination_port",
		                      p->destination_port, "action", p->action));
	}
	return list;
}

static json_t *ipsec_json(const struct ipsec_exemption *x)
{
	json_t *transports = json_array();
	if (x->tcp)
		json_array_append_new(transports, json_string("tcp"));
	if (x->udp)
		json_array_append_new(transports, json_string("udp"));
	return json_pack("{s:i,s:s,s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:o,s:o}", "id", (int)x->id, "name", x->name,
	        "direction", x->direction, "source", x->source, "destination", x->destination, "transports", transports,
	        "source_port", x->source_port, "destination_port", x->destination_port, "action", x->action,
	        "provenance", ipsec_provenance_json(x), "errata", errata_json(x->erratum, x->n_erratum));
}

static void document_add(json_t *titles, json_t *sources, const struct pack_document *d)
{
	json_array_append_new(titles, json_string(d->title[0] != '\0' ? d->title : d->file));
	json_array_append_new(sources, json_pack("{s:s,s:s,s:s,s:s,s:i}", "file", d->file, "title", d->title,
	                                       "language", d->language, "article", d->article, "rows", (int)d->rows));
}

char *pack_show_json(const struct pack *pack, const char *language)
{
	json_t *root = pack_head(pack), *roles = json_array(), *requirements = json_array(), *ipsec = json_array(),
	       *documents = json_array(), *sources = json_array();
	for (size_t i = 0; i < pack->n_role; i++)
		json_array_append_new(roles, role_json(&pack->role[i]));
	for (size_t i = 0; i < pack->n_requirement; i++)
		json_array_append_new(requirements, requirement_json(pack, &pack->requirement[i], language));
	for (size_t i = 0; i < pack->n_ipsec; i++)
		json_array_append_new(ipsec, ipsec_json(&pack->ipsec[i]));
	for (size_t i = 0; i < pack->n_document; i++)
		document_add(documents, sources, &pack->document[i]);
	json_object_set_new(root, "roles", roles);
	json_object_set_new(root, "requirements", requirements);
	json_object_set_new(root, "ipsec_exemptions", ipsec);
	json_object_set_new(root, "documents", documents);
	json_object_set_new(root, "sources", sources);
	return dump(root);
}

char *requirement_explain_json(const struct pack *pack, const struct requirement *r, const char *language)
{
	json_t *root = requirement_json(pack, r, language);
	json_object_set_new(root, "product", json_string(pack->name));
	json_object_set_new(root, "pack_version", json_string(pack->version));
	return dump(root);
}

static json_t *changes_json(const struct pack_change *change, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *one =
		        json_pack("{s:s,s:o,s:s,s:s}", "role", change[i].role, "port", ports_json(change[i].ports),
		                "transport", proto_name(change[i].proto), "label", change[i].label);
		if (change[i].before != NULL)
			json_object_set_new(one, "security",
			        json_pack("{s:s,s:s}", "before", change[i].before, "after", change[i].after));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *labels_json(const struct requirement_change *change, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(change[i].label));
	return list;
}

static json_t *requirements_json(const struct pack_diff *diff)
{
	json_t *changed = json_array();
	for (size_t i = 0; i < diff->n_requirement_changed; i++) {
		const struct requirement_change *change = &diff->requirement_changed[i];
		json_t *fields = json_array();
		for (size_t k = 0; k < change->n_field; k++)
			json_array_append_new(fields, json_string(change->field[k]));
		json_array_append_new(changed, json_pack("{s:s,s:o}", "label", change->label, "fields", fields));
	}
	return json_pack("{s:o,s:o,s:o}", "added", labels_json(diff->requirement_added, diff->n_requirement_added),
	        "removed", labels_json(diff->requirement_removed, diff->n_requirement_removed), "changed", changed);
}

char *pack_diff_json(const struct pack_diff *diff)
{
	json_t *root, *not_compared = json_array();
	for (size_t i = 0; i < diff->n_not_compared; i++)
		json_array_append_new(not_compared, json_string(diff->not_compared[i]));
	root = json_pack("{s:o,s:o,s:o,s:o}", "added", changes_json(diff->added, diff->n_added), "removed",
	        changes_json(diff->removed, diff->n_removed), "changed", changes_json(diff->changed, diff->n_changed),
	        "not_compared", not_compared);
	if (diff->same_product)
		json_object_set_new(root, "requirements", requirements_json(diff));
	return dump(root);
}
