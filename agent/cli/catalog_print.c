/*
 * For people: what `portcullis catalog` shows of packs, requirements, differences and checks, as tables and lines on
 * standard output. Text of packs is printed without control characters.
 */
#include "cli/catalog_print.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

void catalog_print(const struct catalog *catalog)
{
	static const char *const header[] = {
	        "PRODUCT", "ID", "VERSION", "ROLES", "REQUIREMENTS", "DIGEST", "OWN", "TITLE"};
	struct cli_table *t = cli_table_new(8, header);
	for (size_t i = 0; i < catalog->n_pack; i++) {
		const struct pack *p = &catalog->pack[i];
		char id[16], roles[24], requirements[24], digest[13];
		const char *own = p->own ? "pack" : p->n_own_file > 0 ? "changes" : "";
		const char *cell[] = {p->name, id, p->version, roles, requirements, digest, own, p->title};
		snprintf(id, sizeof(id), "%u", p->id);
		snprintf(roles, sizeof(roles), "%zu", p->n_role);
		snprintf(requirements, sizeof(requirements), "%zu", p->n_requirement);
		snprintf(digest, sizeof(digest), "%.12s", p->digest);
		cli_table_row(t, cell);
	}
	cli_table_print(t, stdout);
}

static void flow_add(struct text *t, const struct requirement_flow *f)
{
	char buf[16];
	text_addf(t, "%s%s/%s", t->len > 0 ? " " : "", port_range_print(f->ports, buf, sizeof(buf)),
	        proto_name(f->proto));
	if (f->security != SECURITY_NONE)
		text_addf(t, " (%s)", security_name(f->security));
}

static const char *role_text(const struct pack *pack, const char *name, const char *language)
{
	const struct role *role = pack_role_find(pack, name);
	return role != NULL ? role_label(role, language) : name;
}

static void requirement_row(
        struct cli_table *t, const struct pack *pack, const struct requirement *r, const char *language)
{
	struct text ports = {0}, from = {0}, marks = {0};
	for (size_t i = 0; i < r->n_flow; i++)
		flow_add(&ports, &r->flow[i]);
	for (size_t i = 0; i < r->n_initiator; i++)
		text_addf(&from, "%s%s%s", i > 0 ? "; " : "", role_text(pack, r->initiator[i].role, language),
		        r->initiator[i].basis == BASIS_INFERRED ? " (?)" : "");
	text_addf(&marks, "%s%s%s%s", r->optional ? "o" : "", r->n_erratum > 0 ? "c" : "",
	        requirement_is_advisory(r) ? "a" : "", r->own_file != NULL ? "+" : "");
	const char *cell[] = {text_str(&ports), requirement_class_name(r->class), reach_name(r->reach),
	        text_str(&marks), r->label, text_str(&from)};
	cli_table_row(t, cell);
	text_fini(&ports);
	text_fini(&from);
	text_fini(&marks);
}

static int listener_cmp(const void *a, const void *b)
{
	const struct requirement *x = *(const struct requirement *const *)a, *y = *(const struct requirement *const *)b;
	int order = strcmp(x->listener, y->listener);
	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

/* One table per listener: the requirements from `first` on that have the same one. @return the index after them. */
static size_t listener_print(
        const struct pack *pack, const struct requirement *const *order, size_t first, const char *language)
{
	static const char *const header[] = {"PORTS", "CLASS", "REACH", "", "LABEL", "FROM"};
	struct cli_table *t = cli_table_new(6, header);
	const char *listener = order[first]->listener;
	size_t i = first;
	putchar('\n');
	cli_line("%s (%s)", role_text(pack, listener, language), listener);
	for (; i < pack->n_requirement && strcmp(order[i]->listener, listener) == 0; i++)
		requirement_row(t, pack, order[i], language);
	cli_table_print(t, stdout);
	return i;
}

static void exemption_print(const struct pack *pack, const struct ipsec_exemption *x, const char *language)
{
	cli_line("IPsec exemption %s: %s > %s, %s%s%s, ports %s > %s", x->name, role_text(pack, x->source, language),
	        role_text(pack, x->destination, language), x->udp ? "udp" : "", x->udp && x->tcp ? "+" : "",
	        x->tcp ? "tcp" : "", x->source_port, x->destination_port);
	for (size_t i = 0; i < x->n_erratum; i++)
		cli_line("  %s: printed \"%s\", %s \"%s\": %s", x->erratum[i].field, x->erratum[i].as_printed,
		        x->erratum[i].confidence == CONFIDENCE_HIGH ? "holds" : "perhaps", x->erratum[i].effective,
		        x->erratum[i].why);
}

void pack_print(const struct pack *pack, const char *language)
{
	const struct requirement **order = xcalloc(pack->n_requirement + 1, sizeof(*order));
	for (size_t i = 0; i < pack->n_requirement; i++)
		order[i] = &pack->requirement[i];
	qsort(order, pack->n_requirement, sizeof(*order), listener_cmp);
	cli_line("%s (%s), version %s, digest %.12s", pack->title, pack->name, pack->version, pack->digest);
	for (size_t i = 0; i < pack->n_own_file; i++)
		cli_line("%s %s", pack->own && i == 0 ? "a pack of your own," : "changed by", pack->own_file[i]);
	puts("(?) concluded, not printed in a document; o optional, c corrected, a advisory, + from an override");
	for (size_t i = 0; i < pack->n_requirement;)
		i = listener_print(pack, order, i, language);
	if (pack->n_ipsec > 0)
		putchar('\n');
	for (size_t i = 0; i < pack->n_ipsec; i++)
		exemption_print(pack, &pack->ipsec[i], language);
	free(order);
}

static void changes_print(const char *title, const struct pack_change *change, size_t n)
{
	printf("%s %zu\n", title, n);
	for (size_t i = 0; i < n; i++) {
		char buf[16];
		bool both = change[i].before != NULL;
		cli_line("  %s %s/%s%s%s%s%s", change[i].role, port_range_print(change[i].ports, buf, sizeof(buf)),
		        proto_name(change[i].proto), both ? "  " : "", both ? change[i].before : "", both ? " > " : "",
		        both ? change[i].after : "");
	}
}

static void requirements_print(const char *title, const struct requirement_change *change, size_t n)
{
	printf("requirements %s %zu\n", title, n);
	for (size_t i = 0; i < n; i++) {
		struct text fields = {0};
		for (size_t k = 0; k < change[i].n_field; k++)
			text_addf(&fields, "%s%s", k > 0 ? ", " : "  ", change[i].field[k]);
		cli_line("  %s%s", change[i].label, text_str(&fields));
		text_fini(&fields);
	}
}

void diff_print(const struct pack_diff *diff)
{
	changes_print("added", diff->added, diff->n_added);
	changes_print("removed", diff->removed, diff->n_removed);
	changes_print("changed", diff->changed, diff->n_changed);
	for (size_t i = 0; i < diff->n_not_compared; i++)
		cli_line("not compared %s: one of the products leaves its ports to other pages", diff->not_compared[i]);
	if (!diff->same_product)
		return;
	requirements_print("added", diff->requirement_added, diff->n_requirement_added);
	requirements_print("removed", diff->requirement_removed, diff->n_requirement_removed);
	requirements_print("changed", diff->requirement_changed, diff->n_requirement_changed);
}

/* A correction of less than high confidence is told, but by default it changes nothing. */
static void errata_print(const struct erratum *erratum, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct erratum *e = &erratum[i];
		bool holds = e->confidence == CONFIDENCE_HIGH;
		cli_line("%s  %s: printed \"%s\", %s \"%s\" (confidence %s): %s", holds ? "corrected" : "doubtful ",
		        e->field, e->as_printed, holds ? "holds" : "perhaps", e->effective,
		        confidence_name(e->confidence), e->why);
	}
}

static void initiator_print(const struct pack *pack, const struct initiator *initiator, const char *language)
{
	struct text places = {0};
	for (size_t i = 0; i < initiator->n_stated; i++)
		text_addf(&places, "%s%s:%u", i > 0 ? ", " : " in ", initiator->stated[i].document,
		        initiator->stated[i].line);
	cli_line("from       %s (%s%s)", role_text(pack, initiator->role, language), basis_name(initiator->basis),
	        text_str(&places));
	text_fini(&places);
}

static void properties_print(const struct pack *pack, const struct requirement *r, const char *language)
{
	if (r->service[0] != '\0')
		cli_line("service    %s", pack_service_label(pack, r->service, language));
	cli_line("class      %s, reach %s, interface %s, load balancer %s%s", requirement_class_name(r->class),
	        reach_name(r->reach), requirement_interface_name(r->interface), lb_need_name(r->lb_need),
	        r->optional ? ", optional" : "");
	if (r->condition[0] != '\0')
		cli_line("condition  %s", r->condition);
	if (r->configurable_minimum > 0)
		cli_line("range      a site may choose its own of at least %u ports", r->configurable_minimum);
	if (r->own_file != NULL)
		cli_line("own file   %s", r->own_file);
}

static void provenance_print(const struct requirement *r)
{
	static const char *const header[] = {"DOCUMENT", "TABLE", "ROW", "LINE", "ROLE", "SERVICE", "PORT", "PROTOCOL"};
	struct cli_table *t = cli_table_new(8, header);
	for (size_t i = 0; i < r->n_provenance; i++) {
		const struct provenance *p = &r->provenance[i];
		char row[16], line[16];
		const char *cell[] = {p->document, p->table, row, line, p->role, p->service, p->port, p->protocol};
		snprintf(row, sizeof(row), "%u", p->row);
		snprintf(line, sizeof(line), "%.0u", p->line); /* nothing where it is not known */
		cli_table_row(t, cell);
	}
	cli_table_print(t, stdout);
}

void requirement_print(const struct pack *pack, const struct requirement *r, const char *language)
{
	struct text ports = {0};
	for (size_t i = 0; i < r->n_flow; i++)
		flow_add(&ports, &r->flow[i]);
	cli_line("%s", r->label);
	cli_line("%s", r->purpose);
	putchar('\n');
	cli_line("listener   %s", role_text(pack, r->listener, language));
	cli_line("ports      %s", text_str(&ports));
	properties_print(pack, r, language);
	text_fini(&ports);
	for (size_t i = 0; i < r->n_initiator; i++)
		initiator_print(pack, &r->initiator[i], language);
	errata_print(r->erratum, r->n_erratum);
	putchar('\n');
	provenance_print(r);
}
