/*
 * Validated JSON of one pack comes in, a struct pack goes out, sorted as catalog.h says. Nothing is refused here: the model
 * has been checked before, and a member that is absent gives its default.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/names.h"
#include "catalog/pack_load.h"
#include "portcullis/alloc.h"

static const char *str(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s != NULL ? s : "";
}

static char *dup(const json_t *object, const char *key)
{
	return xstrdup(str(object, key));
}

static uint32_t number(const json_t *object, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(object, key));
}

static void *list_new(const json_t *object, const char *key, size_t size, size_t *n)
{
	*n = json_array_size(json_object_get(object, key));
	return *n > 0 ? xcalloc(*n, size) : NULL;
}

static const json_t *item(const json_t *object, const char *key, size_t i)
{
	return json_array_get(json_object_get(object, key), i);
}

static char **strings(const json_t *object, const char *key, size_t *n)
{
	char **out = list_new(object, key, sizeof(*out), n);
	for (size_t i = 0; i < *n; i++) {
		const char *s = json_string_value(item(object, key, i));
		out[i] = xstrdup(s != NULL ? s : "");
	}
	return out;
}

static struct label *labels_convert(const json_t *from, size_t *n)
{
	struct label *label = list_new(from, "label", sizeof(*label), n);
	for (size_t i = 0; i < *n; i++) {
		label[i].language = dup(item(from, "label", i), "language");
		label[i].text = dup(item(from, "label", i), "text");
	}
	return label;
}

static char *own_file(const json_t *from)
{
	return json_object_get(from, "own-file") != NULL ? dup(from, "own-file") : NULL;
}

static void role_convert(const json_t *from, struct role *role)
{
	role->id = number(from, "id");
	role->name = dup(from, "name");
	role->kind = role_kind_parse(str(from, "kind"));
	role->include = strings(from, "include", &role->n_include);
	role->successor_of = json_object_get(from, "successor-of") != NULL ? dup(from, "successor-of") : NULL;
	role->label = labels_convert(from, &role->n_label);
	role->own_file = own_file(from);
}

static struct port_range range_convert(const json_t *from, struct port_range absent)
{
	struct port_range range;
	if (from == NULL || json_object_get(from, "lower") == NULL)
		return absent;
	range.lo = range.hi = (uint16_t)number(from, "lower");
	if (json_object_get(from, "upper") != NULL)
		range.hi = (uint16_t)number(from, "upper");
	return range;
}

static int variant_cmp(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	uint32_t i = number(x, "variant"), k = number(y, "variant");
	return (i > k) - (i < k);
}

static void flows_convert(const json_t *from, struct requirement *r)
{
	const json_t **order = list_new(from, "flow", sizeof(*order), &r->n_flow);
	r->flow = r->n_flow > 0 ? xcalloc(r->n_flow, sizeof(*r->flow)) : NULL;
	for (size_t i = 0; i < r->n_flow; i++)
		order[i] = item(from, "flow", i);
	if (r->n_flow > 1)
		qsort(order, r->n_flow, sizeof(*order), variant_cmp);
	for (size_t i = 0; i < r->n_flow; i++) {
		struct requirement_flow *flow = &r->flow[i];
		flow->proto = strcmp(str(order[i], "transport"), "udp") == 0 ? PROTO_UDP : PROTO_TCP;
		flow->ports = range_convert(json_object_get(order[i], "port"), (struct port_range){0, 0});
		/* RFC 6335 section 6: the ports that a client's own system assigns lie above the system ports. */
		flow->source_ports =
		        range_convert(json_object_get(order[i], "source-port"), (struct port_range){1024, 65535});
		flow->security = security_parse(str(order[i], "security"));
		flow->application = dup(order[i], "application");
	}
	free(order);
}

static void provenance_convert(const json_t *from, struct requirement *r)
{
	r->provenance = list_new(from, "provenance", sizeof(*r->provenance), &r->n_provenance);
	for (size_t i = 0; i < r->n_provenance; i++) {
		const json_t *one = item(from, "provenance", i);
		struct provenance *p = &r->provenance[i];
		p->document = dup(one, "document");
		p->language = dup(one, "language");
		p->table = dup(one, "table");
		p->row = number(one, "row");
		p->line = number(one, "line");
		p->role_id = dup(one, "role-id");
		p->service_id = dup(one, "service-id");
		p->role = dup(one, "role");
		p->service = dup(one, "service");
		p->port = dup(one, "port");
		p->protocol = dup(one, "protocol");
	}
}

static struct erratum *errata_convert(const json_t *from, size_t *n)
{
	struct erratum *erratum = list_new(from, "erratum", sizeof(*erratum), n);
	for (size_t i = 0; i < *n; i++) {
		const json_t *one = item(from, "erratum", i);
		erratum[i] = (struct erratum){dup(one, "field"), dup(one, "as-printed"), dup(one, "effective"),
		        dup(one, "why"), confidence_parse(str(one, "confidence"))};
	}
	return erratum;
}

static void initiator_convert(const json_t *from, struct initiator *initiator)
{
	initiator->role = dup(from, "role");
	initiator->basis = basis_parse(str(from, "basis"));
	initiator->stated = list_new(from, "stated-in", sizeof(*initiator->stated), &initiator->n_stated);
	for (size_t i = 0; i < initiator->n_stated; i++) {
		const json_t *one = item(from, "stated-in", i);
		initiator->stated[i] = (struct stated_in){
		        dup(one, "document"), dup(one, "table"), number(one, "row"), number(one, "line")};
	}
}

static void requirement_convert(const json_t *from, struct requirement *r)
{
	r->id = number(from, "id");
	r->label = dup(from, "label-name");
	r->listener = dup(from, "listener");
	r->initiator = list_new(from, "initiator", sizeof(*r->initiator), &r->n_initiator);
	for (size_t i = 0; i < r->n_initiator; i++)
		initiator_convert(item(from, "initiator", i), &r->initiator[i]);
	r->service = dup(from, "service");
	r->reach = reach_parse(str(from, "reach"));
	r->class = requirement_class_parse(str(from, "class"));
	r->interface = requirement_interface_parse(str(from, "interface"));
	r->condition = dup(from, "condition");
	r->optional = json_is_true(json_object_get(from, "optional"));
	r->configurable_minimum = number(from, "configurable-minimum");
	r->lb_need = lb_need_parse(str(from, "load-balancer"));
	r->purpose = dup(from, "purpose");
	flows_convert(from, r);
	provenance_convert(from, r);
	r->erratum = errata_convert(from, &r->n_erratum);
	r->own_file = own_file(from);
}

static void ipsec_convert(const json_t *from, struct ipsec_exemption *x)
{
	size_t n;
	char **transport = strings(from, "transport", &n);
	x->id = number(from, "id");
	x->name = dup(from, "name");
	x->direction = dup(from, "direction");
	x->source = dup(from, "source");
	x->destination = dup(from, "destination");
	x->source_port = dup(from, "source-port");
	x->destination_port = dup(from, "destination-port");
	x->action = dup(from, "action");
	for (size_t i = 0; i < n; i++) {
		x->tcp = x->tcp || strcmp(transport[i], "tcp") == 0;
		x->udp = x->udp || strcmp(transport[i], "udp") == 0;
		free(transport[i]);
	}
	free(transport);
	x->erratum = errata_convert(from, &x->n_erratum);
	x->provenance = list_new(from, "provenance", sizeof(*x->provenance), &x->n_provenance);
	for (size_t i = 0; i < x->n_provenance; i++) {
		const json_t *one = item(from, "provenance", i);
		x->provenance[i] = (struct ipsec_provenance){dup(one, "document"), dup(one, "language"),
		        dup(one, "table"), number(one, "row"), number(one, "line"), dup(one, "rule"),
		        dup(one, "source"), dup(one, "destination"), dup(one, "protocol"), dup(one, "source-port"),
		        dup(one, "destination-port"), dup(one, "action")};
	}
}

static int role_cmp(const void *a, const void *b)
{
	return strcmp(((const struct role *)a)->name, ((const struct role *)b)->name);
}

static int requirement_cmp(const void *a, const void *b)
{
	uint32_t x = ((const struct requirement *)a)->id, y = ((const struct requirement *)b)->id;
	return (x > y) - (x < y);
}

static int service_cmp(const void *a, const void *b)
{
	return strcmp(((const struct service *)a)->name, ((const struct service *)b)->name);
}

static void services_convert(const json_t *from, struct pack *pack)
{
	pack->service = list_new(from, "service", sizeof(*pack->service), &pack->n_service);
	for (size_t i = 0; i < pack->n_service; i++) {
		pack->service[i].name = dup(item(from, "service", i), "name");
		pack->service[i].label = labels_convert(item(from, "service", i), &pack->service[i].n_label);
	}
	if (pack->n_service > 1)
		qsort(pack->service, pack->n_service, sizeof(*pack->service), service_cmp);
}

static void documents_convert(const json_t *from, struct pack *pack)
{
	pack->document = list_new(from, "document", sizeof(*pack->document), &pack->n_document);
	for (size_t i = 0; i < pack->n_document; i++) {
		const json_t *one = item(from, "document", i);
		pack->document[i] = (struct pack_document){dup(one, "file"), dup(one, "title"), dup(one, "language"),
		        dup(one, "article"), number(one, "rows")};
	}
}

void pack_convert(const json_t *from, struct pack *pack)
{
	memset(pack, 0, sizeof(*pack));
	pack->id = number(from, "id");
	pack->name = dup(from, "name");
	pack->title = dup(from, "title");
	pack->version = dup(from, "version");
	pack->own_file = strings(from, "own-file", &pack->n_own_file);
	pack->role = list_new(from, "role", sizeof(*pack->role), &pack->n_role);
	for (size_t i = 0; i < pack->n_role; i++)
		role_convert(item(from, "role", i), &pack->role[i]);
	pack->requirement = list_new(from, "requirement", sizeof(*pack->requirement), &pack->n_requirement);
	for (size_t i = 0; i < pack->n_requirement; i++)
		requirement_convert(item(from, "requirement", i), &pack->requirement[i]);
	pack->ipsec = list_new(from, "ipsec-exemption", sizeof(*pack->ipsec), &pack->n_ipsec);
	for (size_t i = 0; i < pack->n_ipsec; i++)
		ipsec_convert(item(from, "ipsec-exemption", i), &pack->ipsec[i]);
	pack->not_covered = strings(from, "not-covered", &pack->n_not_covered);
	services_convert(from, pack);
	documents_convert(from, pack);
	if (pack->n_role > 1)
		qsort(pack->role, pack->n_role, sizeof(*pack->role), role_cmp);
	if (pack->n_requirement > 1)
		qsort(pack->requirement, pack->n_requirement, sizeof(*pack->requirement), requirement_cmp);
}

static void labels_fini(struct label *label, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(label[i].language);
		free(label[i].text);
	}
	free(label);
}

static void role_fini(struct role *role)
{
	free(role->name);
	for (size_t i = 0; i < role->n_include; i++)
		free(role->include[i]);
	free(role->include);
	free(role->successor_of);
	free(role->own_file);
	labels_fini(role->label, role->n_label);
}

static void provenance_fini(struct provenance *p)
{
	free(p->document);
	free(p->language);
	free(p->table);
	free(p->role_id);
	free(p->service_id);
	free(p->role);
	free(p->service);
	free(p->port);
	free(p->protocol);
}

static void initiator_fini(struct initiator *initiator)
{
	free(initiator->role);
	for (size_t i = 0; i < initiator->n_stated; i++) {
		free(initiator->stated[i].document);
		free(initiator->stated[i].table);
	}
	free(initiator->stated);
}

static void errata_fini(struct erratum *erratum, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(erratum[i].field);
		free(erratum[i].as_printed);
		free(erratum[i].effective);
		free(erratum[i].why);
	}
	free(erratum);
}

static void requirement_fini(struct requirement *r)
{
	free(r->label);
	free(r->listener);
	for (size_t i = 0; i < r->n_initiator; i++)
		initiator_fini(&r->initiator[i]);
	free(r->initiator);
	free(r->service);
	free(r->condition);
	free(r->purpose);
	for (size_t i = 0; i < r->n_flow; i++)
		free(r->flow[i].application);
	free(r->flow);
	for (size_t i = 0; i < r->n_provenance; i++)
		provenance_fini(&r->provenance[i]);
	free(r->provenance);
	errata_fini(r->erratum, r->n_erratum);
	free(r->own_file);
}

static void ipsec_provenance_fini(struct ipsec_provenance *p)
{
	free(p->document);
	free(p->language);
	free(p->table);
	free(p->rule);
	free(p->source);
	free(p->destination);
	free(p->protocol);
	free(p->source_port);
	free(p->destination_port);
	free(p->action);
}

static void ipsec_fini(struct ipsec_exemption *x)
{
	for (size_t i = 0; i < x->n_provenance; i++)
		ipsec_provenance_fini(&x->provenance[i]);
	free(x->provenance);
	errata_fini(x->erratum, x->n_erratum);
	free(x->name);
	free(x->direction);
	free(x->source);
	free(x->destination);
	free(x->source_port);
	free(x->destination_port);
	free(x->action);
}

void pack_fini(struct pack *pack)
{
	free(pack->name);
	free(pack->title);
	free(pack->version);
	free(pack->file);
	free(pack->json);
	for (size_t i = 0; i < pack->n_own_file; i++)
		free(pack->own_file[i]);
	free(pack->own_file);
	for (size_t i = 0; i < pack->n_role; i++)
		role_fini(&pack->role[i]);
	free(pack->role);
	for (size_t i = 0; i < pack->n_requirement; i++)
		requirement_fini(&pack->requirement[i]);
	free(pack->requirement);
	for (size_t i = 0; i < pack->n_ipsec; i++)
		ipsec_fini(&pack->ipsec[i]);
	free(pack->ipsec);
	for (size_t i = 0; i < pack->n_service; i++) {
		free(pack->service[i].name);
		labels_fini(pack->service[i].label, pack->service[i].n_label);
	}
	free(pack->service);
	for (size_t i = 0; i < pack->n_not_covered; i++)
		free(pack->not_covered[i]);
	free(pack->not_covered);
	for (size_t i = 0; i < pack->n_document; i++) {
		free(pack->document[i].file);
		free(pack->document[i].title);
		free(pack->document[i].language);
		free(pack->document[i].article);
	}
	free(pack->document);
	memset(pack, 0, sizeof(*pack));
}
