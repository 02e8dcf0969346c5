/*
 * What is in the rows of the flat block: a snapshot and the things that it shares come in, the numbers and texts of each
 * table go out, in the order of the snapshot. Nothing is refused here.
 */
#include <stdlib.h>
#include <string.h>

#include "flat_build.h"
#include "portcullis/pins.h"

static flat_text put_list(struct flat_builder *b, char *const *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		flat_join(b, item[i]);
	return flat_put_scratch(b);
}

/* Documents by title, those without one by their file. */
static flat_text put_documents(struct flat_builder *b, const struct pack *pack)
{
	for (size_t i = 0; i < pack->n_document; i++)
		flat_join(b, pack->document[i].title[0] != '\0' ? pack->document[i].title : pack->document[i].file);
	return flat_put_scratch(b);
}

static flat_text put_ports(struct flat_builder *b, struct port_range p)
{
	char buf[16];
	return flat_put(b, port_range_print(p, buf, sizeof(buf)));
}

static flat_text put_prefixes(struct flat_builder *b, const struct prefix *p, size_t n)
{
	char buf[96];
	for (size_t i = 0; i < n; i++)
		flat_join(b, range_print(p[i].family, p[i].range, buf, sizeof(buf)));
	return flat_put_scratch(b);
}

static flat_text put_range(struct flat_builder *b, enum family f, struct range r)
{
	char buf[96];
	return flat_put(b, range_print(f, r, buf, sizeof(buf)));
}

static flat_text put_witness(struct flat_builder *b, const struct packet *p)
{
	char *s = packet_print(p);
	flat_text at = flat_put_unique(b, s);
	free(s);
	return at;
}

static flat_text put_blame(struct flat_builder *b, const struct blame *blame)
{
	char *s = blame_print(blame);
	flat_text at = flat_put(b, s);
	free(s);
	return at;
}

static void fill_summary(struct flat_builder *b)
{
	const struct snapshot *s = b->s;
	struct flat_summary *row = flat_builder_row(b, FLAT_SUMMARY, 0);
	row->generation = (uint32_t)s->generation;
	row->problems = (uint32_t)s->n_problem;
	row->flows = (uint32_t)s->summary.n_flow;
	for (size_t v = 0; v < VERDICT_N; v++)
		row->count[v] = (uint32_t)s->summary.count[v];
	row->openings = (uint32_t)s->summary.openings;
	row->openings_unacknowledged = (uint32_t)s->summary.unacknowledged_openings;
	row->rules = (uint32_t)s->summary.rules;
	row->rules_undecoded = (uint32_t)s->summary.undecoded_rules;
	row->ruleset_generation = s->ruleset != NULL ? s->ruleset->generation : 0;
	row->verify_us = s->verify_us;
	row->oldest_sequence = flat_sequence(s->oldest_sequence);
	row->newest_sequence = flat_sequence(s->newest_sequence);
	row->readable = s->ruleset != NULL;
	row->unreadable = s->ruleset != NULL ? 0 : flat_put(b, s->unreadable);
	row->writable = s->unwritable == NULL;
	row->unwritable = flat_put(b, s->unwritable);
	row->unkept = (uint32_t)s->unkept;
	row->digest = s->ruleset != NULL ? flat_put(b, s->ruleset->digest) : 0;
	row->version = flat_put(b, s->version);
	for (size_t i = 0; i < b->n_pack; i++) {
		flat_join(b, b->pack[i]->name);
		text_addf(&b->scratch, " %s", b->pack[i]->version);
	}
	row->catalog = flat_put_scratch(b);
	row->overall = (uint8_t)s->summary.overall;
	row->started_ms = s->started_ms;
	row->verified_ms = s->verified_ms;
	row->sure_ms = s->sure_ms;
	row->changed_ms = s->changed_last_ms;
	row->verified_wall = s->verified_wall;
	row->changed_wall = s->changed_last_wall;
	row->mode = b->site != NULL ? (uint8_t)b->site->firewall.mode : FIREWALL_OBSERVE;
	row->deviates = s->own.deviates;
	row->deviation = flat_put(b, s->own.why);
	row->available = s->own.available;
	row->paused_until = s->own.paused_until;
	row->pause_reason = flat_put(b, s->own.paused_until != 0 ? s->own.pause_reason : "");
}

static void fill_product(struct flat_builder *b, size_t at, const struct pack *pack)
{
	struct flat_product *row = flat_builder_row(b, FLAT_PRODUCT, at);
	row->product = pack->id;
	row->roles = (uint32_t)pack->n_role;
	row->requirements = (uint32_t)pack->n_requirement;
	for (size_t i = 0; i < pack->n_requirement; i++)
		row->errata += (uint32_t)pack->requirement[i].n_erratum;
	row->name = flat_put(b, pack->name);
	row->title = flat_put(b, pack->title);
	row->version = flat_put(b, pack->version);
	row->digest = flat_put(b, pack->digest);
	row->documents = put_documents(b, pack);
}

/* English where there is a label in English, else the first. */
static const char *role_title(const struct role *role)
{
	for (size_t i = 0; i < role->n_label; i++)
		if (strncmp(role->label[i].language, "en", 2) == 0)
			return role->label[i].text;
	return role->n_label > 0 ? role->label[0].text : "";
}

static bool is_member(const struct group *group, const char *product, const char *role)
{
	for (size_t i = 0; i < group->n_member_of; i++)
		if (strcmp(group->member_of[i].product, product) == 0 && strcmp(group->member_of[i].role, role) == 0)
			return true;
	return false;
}

static void fill_role(struct flat_builder *b, size_t at, const struct pack *pack, const struct role *role)
{
	struct flat_role *row = flat_builder_row(b, FLAT_ROLE, at);
	row->product = pack->id;
	row->role = role->id;
	text_addf(&b->scratch, "%s/%s", pack->name, role->name);
	row->label = flat_put_scratch(b);
	row->name = flat_put(b, role->name);
	row->title = flat_put(b, role_title(role));
	row->includes = put_list(b, role->include, role->n_include);
	for (size_t i = 0; b->site != NULL && i < b->site->n_group; i++)
		if (is_member(&b->site->group[i], pack->name, role->name))
			flat_join(b, b->site->group[i].name);
	row->groups = flat_put_scratch(b);
	row->kind = (uint8_t)role->kind;
}

static flat_text put_requirement_ports(struct flat_builder *b, const struct requirement *r)
{
	char buf[16];
	for (size_t i = 0; i < r->n_flow; i++) {
		const struct requirement_flow *f = &r->flow[i];
		flat_join(b, proto_name(f->proto));
		text_addf(&b->scratch, " %s", port_range_print(f->ports, buf, sizeof(buf)));
		if (f->security != SECURITY_NONE)
			text_addf(&b->scratch, " %s", security_name(f->security));
		if (f->application != NULL && f->application[0] != '\0')
			text_addf(&b->scratch, " %s", f->application);
	}
	return flat_put_scratch(b);
}

static flat_text put_provenance(struct flat_builder *b, const struct requirement *r)
{
	for (size_t i = 0; i < r->n_provenance; i++) {
		const struct provenance *p = &r->provenance[i];
		flat_join(b, p->document);
		text_addf(&b->scratch, " %s row %u line %u", p->table, p->row, p->line);
	}
	return flat_put_scratch(b);
}

static flat_text put_errata(struct flat_builder *b, const struct requirement *r)
{
	for (size_t i = 0; i < r->n_erratum; i++) {
		const struct erratum *e = &r->erratum[i];
		flat_join(b, e->field);
		text_addf(&b->scratch, ": printed '%s', effective '%s' (%s): %s", e->as_printed, e->effective,
		        confidence_name(e->confidence), e->why);
	}
	return flat_put_scratch(b);
}

static void fill_requirement(struct flat_builder *b, size_t at, const struct pack *pack, const struct requirement *r)
{
	struct flat_requirement *row = flat_builder_row(b, FLAT_REQUIREMENT, at);
	row->product = pack->id;
	row->requirement = r->id;
	row->minimum_ports = r->configurable_minimum;
	row->label = flat_put(b, r->label);
	row->listener = flat_put(b, r->listener);
	for (size_t i = 0; i < r->n_initiator; i++) {
		flat_join(b, r->initiator[i].role);
		if (r->initiator[i].basis == BASIS_INFERRED)
			row->basis = BASIS_INFERRED;
	}
	row->initiators = flat_put_scratch(b);
	row->service = flat_put(b, r->service);
	row->condition = flat_put(b, r->condition);
	row->ports = put_requirement_ports(b, r);
	row->purpose = flat_put(b, r->purpose);
	row->source = put_provenance(b, r);
	row->errata = put_errata(b, r);
	row->reach = (uint8_t)r->reach;
	row->class = (uint8_t)r->class;
	row->interface = (uint8_t)r->interface;
	row->optional = r->optional;
	row->lb_need = (uint8_t)r->lb_need;
}

static void fill_catalog(struct flat_builder *b)
{
	size_t product = 0, role = 0, requirement = 0;
	for (size_t i = 0; i < b->n_pack; i++) {
		const struct pack *pack = b->pack[i];
		if (flat_product_is_first(b, i))
			fill_product(b, product++, pack);
		for (size_t k = 0; k < pack->n_role; k++)
			if (flat_role_is_first(b, i, pack->role[k].id))
				fill_role(b, role++, pack, &pack->role[k]);
		for (size_t k = 0; k < pack->n_requirement; k++)
			if (flat_requirement_is_first(b, i, pack->requirement[k].id))
				fill_requirement(b, requirement++, pack, &pack->requirement[k]);
	}
}

static void fill_deployment(struct flat_builder *b, size_t at, const struct deployment *d)
{
	struct flat_deployment *row = flat_builder_row(b, FLAT_DEPLOYMENT, at);
	const struct pack *pack = b->catalog != NULL ? deployment_pack(b->catalog, d) : NULL;
	row->deployment = d->id;
	row->name = flat_put(b, d->name);
	row->product = flat_put(b, d->product);
	row->version = flat_put(b, pack != NULL ? pack->version : d->pack_version);
	row->groups = put_list(b, d->group, d->n_group);
}

static void fill_group(struct flat_builder *b, size_t at, const struct group *g)
{
	struct flat_group *row = flat_builder_row(b, FLAT_GROUP, at);
	row->group = g->id;
	row->name = flat_put(b, g->name);
	row->zone = flat_put(b, g->zone);
	row->addresses = put_prefixes(b, g->address, g->n_address);
	for (size_t i = 0; i < g->n_member_of; i++) {
		flat_join(b, g->member_of[i].product);
		text_addf(&b->scratch, "/%s", g->member_of[i].role);
	}
	row->roles = flat_put_scratch(b);
	row->virtual_addresses = put_prefixes(b, g->virtual_address, g->n_virtual_address);
	row->lb_kind = (uint8_t)g->lb_kind;
}

static void fill_site(struct flat_builder *b)
{
	for (size_t i = 0; b->site != NULL && i < b->site->n_deployment; i++)
		fill_deployment(b, i, &b->site->deployment[i]);
	for (size_t i = 0; b->site != NULL && i < b->site->n_group; i++)
		fill_group(b, i, &b->site->group[i]);
}

static void count_flow(struct flat_deployment *d, enum verdict verdict, enum severity severity)
{
	d->flows++;
	if (verdict == VERDICT_CONFORMANT)
		d->conformant++;
	else if (verdict == VERDICT_PARTIAL || verdict == VERDICT_BLOCKED || verdict == VERDICT_MISDIRECTED)
		d->violated++;
	else if (verdict == VERDICT_INDETERMINATE || verdict == VERDICT_UNKNOWN)
		d->undecided++;
	if (severity > d->severity)
		d->severity = (uint8_t)severity;
}

static void fill_flow(struct flat_builder *b, size_t at, const struct flow *flow, const struct finding *finding)
{
	const struct evidence *evidence = finding->evidence;
	struct flat_flow *row = flat_builder_row(b, FLAT_FLOW, at);
	row->deployment = flow->id.deployment;
	row->requirement = flow->id.requirement;
	row->variant = flow->id.variant;
	row->initiator = flow->id.initiator;
	row->listener = flow->id.listener;
	row->family = flow->id.family;
	row->label = flat_put_unique(b, flow->label);
	row->deployment_name = flat_put(b, flow->deployment);
	row->requirement_label = flat_put(b, flow->requirement->label);
	row->source = flat_put(b, flow->source);
	row->destination = flat_put(b, flow->destination);
	row->transport = flat_put(b, proto_name(flow->proto));
	row->ports = put_ports(b, flow->ports);
	row->source_ports = put_ports(b, flow->source_ports);
	row->rule = put_blame(b, &evidence->blame);
	row->witness = evidence->has_witness ? put_witness(b, &evidence->witness) : 0;
	row->conditions = put_list(b, evidence->atom, evidence->n_atom);
	row->assumed = put_list(b, evidence->assumed, evidence->n_assumed);
	row->reason = flat_put(b, evidence->reason);
	row->verdict = (uint8_t)finding->verdict;
	row->severity = (uint8_t)finding_severity(flow, finding);
	row->path = (uint8_t)flow->path;
	row->changed_ms = b->s->changed_ms != NULL ? b->s->changed_ms[at] : 0;
}

/* Flows and deployments are both sorted by the deployment's id. */
static void fill_flows(struct flat_builder *b)
{
	const struct flat_section *deployments = &b->block->section[FLAT_DEPLOYMENT];
	size_t d = 0;
	for (size_t i = 0; i < b->block->section[FLAT_FLOW].count; i++) {
		const struct flat_flow *row = flat_builder_row(b, FLAT_FLOW, i);
		fill_flow(b, i, &b->flows->flow[i], &b->s->findings.finding[i]);
		for (; d < deployments->count; d++) {
			struct flat_deployment *owner = flat_builder_row(b, FLAT_DEPLOYMENT, d);
			if (owner->deployment == row->deployment)
				count_flow(owner, row->verdict, row->severity);
			if (owner->deployment >= row->deployment)
				break;
		}
	}
}

static void fill_problems(struct flat_builder *b)
{
	for (size_t i = 0; i < b->s->n_problem; i++) {
		const struct problem *p = &b->s->problem[i];
		struct flat_problem *row = flat_builder_row(b, FLAT_PROBLEM, i);
		row->problem = p->id;
		row->affected = (uint32_t)p->n_flow;
		row->raised = (uint32_t)p->n_flow_raised;
		row->author_pid = p->cause.author_pid;
		row->label = flat_put(b, p->label);
		row->rule = flat_put(b, p->rule);
		row->witness = flat_put(b, p->witness);
		row->author = flat_put(b, p->cause.author);
		row->severity = (uint8_t)p->severity;
		row->verdict = (uint8_t)p->verdict;
		row->cause = (uint8_t)p->cause.kind;
		row->since_ms = p->since_ms;
		row->since_wall = p->since_wall;
	}
}

static void fill_openings(struct flat_builder *b)
{
	for (size_t i = 0; i < b->s->openings.n; i++) {
		const struct opening *o = &b->s->openings.opening[i];
		struct flat_opening *row = flat_builder_row(b, FLAT_OPENING, i);
		row->opening = o->id;
		row->label = flat_put_unique(b, o->label);
		row->family = flat_put(b, family_name(o->family));
		row->transport = flat_put(b, o->proto != 0 ? proto_name(o->proto) : "other");
		row->listener = flat_put(b, o->listener);
		row->source = put_range(b, o->family, o->box.source);
		row->destination = put_range(b, o->family, o->box.destination);
		row->source_ports = put_ports(
		        b, (struct port_range){(uint16_t)o->box.source_ports.lo, (uint16_t)o->box.source_ports.hi});
		row->ports = put_ports(b, (struct port_range){(uint16_t)o->box.ports.lo, (uint16_t)o->box.ports.hi});
		row->packets = flat_put(b, o->packets);
		row->rule = put_blame(b, &o->blame);
		row->witness = put_witness(b, &o->witness);
		row->iif = flat_put(b, o->iif);
		row->oif = flat_put(b, o->oif);
		row->acknowledged = o->acknowledged;
	}
}

static void fill_history(struct flat_builder *b)
{
	for (size_t i = 0; i < b->s->n_history; i++) {
		const struct change *c = &b->s->history[i];
		struct flat_history *row = flat_builder_row(b, FLAT_HISTORY, i);
		row->sequence = flat_sequence(c->sequence);
		row->problem = c->problem_id;
		row->affected = (uint32_t)c->affected;
		row->author_pid = c->cause.author_pid;
		text_addf(&b->scratch, "%u %s", row->sequence, change_kind_name(c->kind));
		if (c->label[0] != '\0')
			text_addf(&b->scratch, " %s", c->label);
		row->label = flat_put_scratch(b);
		row->flow = flat_put(b, c->label);
		row->rule = flat_put(b, c->rule);
		row->witness = flat_put(b, c->witness);
		row->author = flat_put(b, c->cause.author);
		row->reason = flat_put(b, c->reason);
		row->kind = (uint8_t)c->kind;
		row->severity = (uint8_t)c->severity;
		row->verdict = (uint8_t)c->verdict;
		row->cause = (uint8_t)c->cause.kind;
		row->old_overall = (uint8_t)c->old_overall;
		row->new_overall = (uint8_t)c->new_overall;
		row->wall = c->wall_s;
	}
}

static void fill_ipsec(struct flat_builder *b)
{
	for (size_t i = 0; i < b->ipsec.n; i++) {
		const struct ipsec_finding *f = &b->ipsec.finding[i];
		const struct ipsec_exemption *e = f->exemption;
		const struct deployment *d = site_deployment_find(b->site, f->deployment);
		struct flat_ipsec *row = flat_builder_row(b, FLAT_IPSEC, i);
		row->deployment = d->id;
		row->exemption = e->id;
		text_addf(&b->scratch, "%s/%s", f->deployment, e->name);
		row->label = flat_put_scratch(b);
		row->direction = flat_put(b, e->direction);
		row->source = flat_put(b, e->source);
		row->destination = flat_put(b, e->destination);
		row->transports = flat_put(b, ipsec_transports(e));
		row->source_ports = flat_put(b, e->source_port);
		row->ports = flat_put(b, e->destination_port);
		row->state = (uint8_t)f->state;
		row->advisory = f->advisory;
		row->policy = flat_put(b, f->policy);
		row->witness = f->has_witness ? put_witness(b, &f->witness) : 0;
		row->reason = flat_put(b, f->reason);
	}
}

void flat_fill(struct flat_builder *b)
{
	fill_catalog(b);
	fill_site(b);
	fill_flows(b);
	fill_problems(b);
	fill_openings(b);
	fill_history(b);
	fill_ipsec(b);
	b->block->table_text_size = b->text.len;
	fill_summary(b);
}
