/*
 * A snapshot comes in, one block without pointers goes out: header, sorted rows, texts. Equal texts are stored once,
 * but for those that are unique anyway. Refused are more rows or texts than the header can count.
 */
#include "portcullis/flat.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define LAYOUT(table, row, index) [table] = {sizeof(row), index},

static const struct {
	uint32_t row_size;
	unsigned n_index;
} layout[FLAT_TABLE_N] = {FLAT_TABLES(LAYOUT)};

uint32_t flat_sequence(uint64_t sequence)
{
	return sequence == 0 ? 0 : (uint32_t)((sequence - 1) % UINT32_MAX + 1);
}

struct builder {
	const struct snapshot *s;
	const struct site *site; /* or NULL */
	const struct catalog *catalog; /* or NULL */
	const struct flows *flows;
	struct flat *block;
	struct text text;
	flat_text *slot; /* open addressing, 0: free */
	size_t n_slot, used;
	bool full;
	struct text scratch; /* for one text that is put together */
};

static void *builder_row(struct builder *b, enum flat_table table, size_t i)
{
	return (uint8_t *)b->block + b->block->section[table].offset + i * layout[table].row_size;
}

static flat_text text_append(struct builder *b, const char *s, size_t len)
{
	const char head[FLAT_TEXT_HEAD] = {(char)(len >> 8), (char)(len & 0xff)};
	size_t at = b->text.len;
	if (at + FLAT_TEXT_HEAD + len > UINT32_MAX) {
		b->full = true;
		return 0;
	}
	text_addn(&b->text, head, sizeof(head));
	text_addn(&b->text, s, len);
	return (flat_text)at;
}

/* Where s is longer than a text may be: its beginning, cut between two characters, and "...". */
static const char *text_cut(const char *s, size_t *len, char buf[FLAT_TEXT_MAX])
{
	size_t n = strnlen(s, FLAT_TEXT_MAX + 1);
	*len = n;
	if (n <= FLAT_TEXT_MAX)
		return s;
	n = FLAT_TEXT_MAX - 3;
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	memcpy(buf, s, n);
	memcpy(buf + n, "...", 3);
	*len = n + 3;
	return buf;
}

/* A text that no other row has. */
static flat_text put_unique(struct builder *b, const char *s)
{
	char buf[FLAT_TEXT_MAX];
	size_t len;
	s = text_cut(s != NULL ? s : "", &len, buf);
	return len == 0 ? 0 : text_append(b, s, len);
}

static size_t text_hash(const char *s, size_t len)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

static bool text_equal(const struct builder *b, flat_text at, const char *s, size_t len)
{
	const unsigned char *t = (const unsigned char *)b->text.s + at;
	return ((size_t)t[0] << 8 | t[1]) == len && memcmp(t + FLAT_TEXT_HEAD, s, len) == 0;
}

static void slots_grow(struct builder *b)
{
	size_t n = b->n_slot == 0 ? 1024 : b->n_slot * 2;
	flat_text *slot = xcalloc(n, sizeof(*slot));
	for (size_t i = 0; i < b->n_slot; i++) {
		flat_text at = b->slot[i];
		if (at == 0)
			continue;
		const unsigned char *t = (const unsigned char *)b->text.s + at;
		size_t to = text_hash((const char *)t + FLAT_TEXT_HEAD, (size_t)t[0] << 8 | t[1]) & (n - 1);
		while (slot[to] != 0)
			to = (to + 1) & (n - 1);
		slot[to] = at;
	}
	free(b->slot);
	b->slot = slot;
	b->n_slot = n;
}

static flat_text put(struct builder *b, const char *s)
{
	char buf[FLAT_TEXT_MAX];
	size_t len;
	s = text_cut(s != NULL ? s : "", &len, buf);
	if (len == 0)
		return 0;
	if (b->used * 2 >= b->n_slot)
		slots_grow(b);
	size_t i = text_hash(s, len) & (b->n_slot - 1);
	while (b->slot[i] != 0) {
		if (text_equal(b, b->slot[i], s, len))
			return b->slot[i];
		i = (i + 1) & (b->n_slot - 1);
	}
	flat_text at = text_append(b, s, len);
	if (at != 0) {
		b->slot[i] = at;
		b->used++;
	}
	return at;
}

/* Texts of several parts are put together in b->scratch: join() adds a part, put_scratch() ends. */

static void join(struct builder *b, const char *part)
{
	if (b->scratch.len > 0)
		text_add(&b->scratch, ", ");
	text_add(&b->scratch, part);
}

static flat_text put_scratch(struct builder *b)
{
	flat_text at = put(b, text_str(&b->scratch));
	text_fini(&b->scratch);
	return at;
}

static flat_text put_list(struct builder *b, char *const *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		join(b, item[i]);
	return put_scratch(b);
}

static flat_text put_ports(struct builder *b, struct port_range p)
{
	char buf[16];
	return put(b, port_range_print(p, buf, sizeof(buf)));
}

static flat_text put_prefixes(struct builder *b, const struct prefix *p, size_t n)
{
	char buf[96];
	for (size_t i = 0; i < n; i++)
		join(b, range_print(p[i].family, p[i].range, buf, sizeof(buf)));
	return put_scratch(b);
}

static flat_text put_range(struct builder *b, enum family f, struct range r)
{
	char buf[96];
	return put(b, range_print(f, r, buf, sizeof(buf)));
}

static flat_text put_witness(struct builder *b, const struct packet *p)
{
	char *s = packet_print(p);
	flat_text at = put_unique(b, s);
	free(s);
	return at;
}

static flat_text put_blame(struct builder *b, const struct blame *blame)
{
	char *s = blame_print(blame);
	flat_text at = put(b, s);
	free(s);
	return at;
}

static void fill_summary(struct builder *b)
{
	const struct snapshot *s = b->s;
	struct flat_summary *row = builder_row(b, FLAT_SUMMARY, 0);
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
	row->unreadable = s->ruleset != NULL ? 0 : put(b, s->unreadable);
	row->digest = s->ruleset != NULL ? put(b, s->ruleset->digest) : 0;
	row->version = put(b, s->version);
	for (size_t i = 0; b->catalog != NULL && i < b->catalog->n_pack; i++) {
		join(b, b->catalog->pack[i].name);
		text_addf(&b->scratch, " %s", b->catalog->pack[i].version);
	}
	row->catalog = put_scratch(b);
	row->overall = (uint8_t)s->summary.overall;
	row->started_ms = s->started_ms;
	row->verified_ms = s->verified_ms;
	row->changed_ms = s->changed_last_ms;
	row->verified_wall = s->verified_wall;
	row->changed_wall = s->changed_last_wall;
}

static void fill_product(struct builder *b, size_t at, const struct pack *pack)
{
	struct flat_product *row = builder_row(b, FLAT_PRODUCT, at);
	row->product = pack->id;
	row->roles = (uint32_t)pack->n_role;
	row->requirements = (uint32_t)pack->n_requirement;
	for (size_t i = 0; i < pack->n_requirement; i++)
		row->errata += (uint32_t)pack->requirement[i].n_erratum;
	row->name = put(b, pack->name);
	row->title = put(b, pack->title);
	row->version = put(b, pack->version);
	row->digest = put(b, pack->digest);
	row->documents = put_list(b, pack->document, pack->n_document);
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

static void fill_role(struct builder *b, size_t at, const struct pack *pack, const struct role *role)
{
	struct flat_role *row = builder_row(b, FLAT_ROLE, at);
	row->product = pack->id;
	row->role = role->id;
	text_addf(&b->scratch, "%s/%s", pack->name, role->name);
	row->label = put_scratch(b);
	row->name = put(b, role->name);
	row->title = put(b, role_title(role));
	row->includes = put_list(b, role->include, role->n_include);
	for (size_t i = 0; b->site != NULL && i < b->site->n_group; i++)
		if (is_member(&b->site->group[i], pack->name, role->name))
			join(b, b->site->group[i].name);
	row->groups = put_scratch(b);
	row->kind = (uint8_t)role->kind;
}

static flat_text put_requirement_ports(struct builder *b, const struct requirement *r)
{
	char buf[16];
	for (size_t i = 0; i < r->n_flow; i++) {
		const struct requirement_flow *f = &r->flow[i];
		join(b, proto_name(f->proto));
		text_addf(&b->scratch, " %s", port_range_print(f->ports, buf, sizeof(buf)));
		if (f->security != SECURITY_NONE)
			text_addf(&b->scratch, " %s", security_name(f->security));
		if (f->application != NULL && f->application[0] != '\0')
			text_addf(&b->scratch, " %s", f->application);
	}
	return put_scratch(b);
}

static flat_text put_provenance(struct builder *b, const struct requirement *r)
{
	for (size_t i = 0; i < r->n_provenance; i++) {
		const struct provenance *p = &r->provenance[i];
		join(b, p->document);
		text_addf(&b->scratch, " %s row %u line %u", p->table, p->row, p->line);
	}
	return put_scratch(b);
}

static flat_text put_errata(struct builder *b, const struct requirement *r)
{
	for (size_t i = 0; i < r->n_erratum; i++) {
		const struct erratum *e = &r->erratum[i];
		join(b, e->field);
		text_addf(&b->scratch, ": printed '%s', effective '%s' (%s): %s", e->as_printed, e->effective,
		        confidence_name(e->confidence), e->why);
	}
	return put_scratch(b);
}

static void fill_requirement(struct builder *b, size_t at, const struct pack *pack, const struct requirement *r)
{
	struct flat_requirement *row = builder_row(b, FLAT_REQUIREMENT, at);
	row->product = pack->id;
	row->requirement = r->id;
	row->minimum_ports = r->configurable_minimum;
	row->label = put(b, r->label);
	row->listener = put(b, r->listener);
	for (size_t i = 0; i < r->n_initiator; i++) {
		join(b, r->initiator[i].role);
		if (r->initiator[i].basis == BASIS_INFERRED)
			row->basis = BASIS_INFERRED;
	}
	row->initiators = put_scratch(b);
	row->service = put(b, r->service);
	row->condition = put(b, r->condition);
	row->ports = put_requirement_ports(b, r);
	row->purpose = put(b, r->purpose);
	row->source = put_provenance(b, r);
	row->errata = put_errata(b, r);
	row->reach = (uint8_t)r->reach;
	row->class = (uint8_t)r->class;
	row->interface = (uint8_t)r->interface;
	row->optional = r->optional;
	row->lb_need = (uint8_t)r->lb_need;
}

static void fill_catalog(struct builder *b)
{
	size_t role = 0, requirement = 0;
	for (size_t i = 0; b->catalog != NULL && i < b->catalog->n_pack; i++) {
		const struct pack *pack = &b->catalog->pack[i];
		fill_product(b, i, pack);
		for (size_t k = 0; k < pack->n_role; k++)
			fill_role(b, role++, pack, &pack->role[k]);
		for (size_t k = 0; k < pack->n_requirement; k++)
			fill_requirement(b, requirement++, pack, &pack->requirement[k]);
	}
}

static void fill_deployment(struct builder *b, size_t at, const struct deployment *d)
{
	struct flat_deployment *row = builder_row(b, FLAT_DEPLOYMENT, at);
	const struct pack *pack = b->catalog != NULL ? catalog_find(b->catalog, d->product) : NULL;
	row->deployment = d->id;
	row->name = put(b, d->name);
	row->product = put(b, d->product);
	row->version = put(b, pack != NULL ? pack->version : d->pack_version);
	row->groups = put_list(b, d->group, d->n_group);
}

static void fill_group(struct builder *b, size_t at, const struct group *g)
{
	struct flat_group *row = builder_row(b, FLAT_GROUP, at);
	row->group = g->id;
	row->name = put(b, g->name);
	row->zone = put(b, g->zone);
	row->addresses = put_prefixes(b, g->address, g->n_address);
	for (size_t i = 0; i < g->n_member_of; i++) {
		join(b, g->member_of[i].product);
		text_addf(&b->scratch, "/%s", g->member_of[i].role);
	}
	row->roles = put_scratch(b);
	row->virtual_addresses = put_prefixes(b, g->virtual_address, g->n_virtual_address);
	row->lb_kind = (uint8_t)g->lb_kind;
}

static void fill_site(struct builder *b)
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

static void fill_flow(struct builder *b, size_t at, const struct flow *flow, const struct finding *finding)
{
	struct flat_flow *row = builder_row(b, FLAT_FLOW, at);
	row->deployment = flow->id.deployment;
	row->requirement = flow->id.requirement;
	row->variant = flow->id.variant;
	row->initiator = flow->id.initiator;
	row->listener = flow->id.listener;
	row->family = flow->id.family;
	row->label = put_unique(b, flow->label);
	row->deployment_name = put(b, flow->deployment);
	row->requirement_label = put(b, flow->requirement->label);
	row->source = put(b, flow->source);
	row->destination = put(b, flow->destination);
	row->transport = put(b, proto_name(flow->proto));
	row->ports = put_ports(b, flow->ports);
	row->source_ports = put_ports(b, flow->source_ports);
	row->rule = put_blame(b, &finding->blame);
	row->witness = finding->has_witness ? put_witness(b, &finding->witness) : 0;
	row->conditions = put_list(b, finding->atom, finding->n_atom);
	row->assumed = put_list(b, finding->assumed, finding->n_assumed);
	row->reason = put(b, finding->reason);
	row->verdict = (uint8_t)finding->verdict;
	row->severity = (uint8_t)finding_severity(flow, finding);
	row->path = (uint8_t)flow->path;
	row->changed_ms = b->s->changed_ms != NULL ? b->s->changed_ms[at] : 0;
}

/* Flows and deployments are both sorted by the deployment's id. */
static void fill_flows(struct builder *b)
{
	const struct flat_section *deployments = &b->block->section[FLAT_DEPLOYMENT];
	size_t d = 0;
	for (size_t i = 0; i < b->block->section[FLAT_FLOW].count; i++) {
		const struct flat_flow *row = builder_row(b, FLAT_FLOW, i);
		fill_flow(b, i, &b->flows->flow[i], &b->s->findings.finding[i]);
		for (; d < deployments->count; d++) {
			struct flat_deployment *owner = builder_row(b, FLAT_DEPLOYMENT, d);
			if (owner->deployment == row->deployment)
				count_flow(owner, row->verdict, row->severity);
			if (owner->deployment >= row->deployment)
				break;
		}
	}
}

static void fill_problems(struct builder *b)
{
	for (size_t i = 0; i < b->s->n_problem; i++) {
		const struct problem *p = &b->s->problem[i];
		struct flat_problem *row = builder_row(b, FLAT_PROBLEM, i);
		row->problem = p->id;
		row->affected = (uint32_t)p->n_flow;
		row->raised = (uint32_t)p->n_flow_raised;
		row->author_pid = p->cause.author_pid;
		row->label = put(b, p->label);
		row->rule = put(b, p->rule);
		row->witness = put(b, p->witness);
		row->author = put(b, p->cause.author);
		row->severity = (uint8_t)p->severity;
		row->verdict = (uint8_t)p->verdict;
		row->cause = (uint8_t)p->cause.kind;
		row->since_ms = p->since_ms;
		row->since_wall = p->since_wall;
	}
}

static void fill_openings(struct builder *b)
{
	for (size_t i = 0; i < b->s->openings.n; i++) {
		const struct opening *o = &b->s->openings.opening[i];
		struct flat_opening *row = builder_row(b, FLAT_OPENING, i);
		row->opening = o->id;
		row->label = put_unique(b, o->label);
		row->family = put(b, family_name(o->family));
		row->transport = put(b, o->proto != 0 ? proto_name(o->proto) : "other");
		row->listener = put(b, o->listener);
		row->source = put_range(b, o->family, o->box.source);
		row->destination = put_range(b, o->family, o->box.destination);
		row->source_ports = put_ports(
		        b, (struct port_range){(uint16_t)o->box.source_ports.lo, (uint16_t)o->box.source_ports.hi});
		row->ports = put_ports(b, (struct port_range){(uint16_t)o->box.ports.lo, (uint16_t)o->box.ports.hi});
		row->packets = put(b, o->packets);
		row->rule = put_blame(b, &o->blame);
		row->witness = put_witness(b, &o->witness);
		row->iif = put(b, o->iif);
		row->oif = put(b, o->oif);
		row->acknowledged = o->acknowledged;
	}
}

static void fill_history(struct builder *b)
{
	for (size_t i = 0; i < b->s->n_history; i++) {
		const struct change *c = &b->s->history[i];
		struct flat_history *row = builder_row(b, FLAT_HISTORY, i);
		row->sequence = flat_sequence(c->sequence);
		row->problem = c->problem_id;
		row->affected = (uint32_t)c->affected;
		row->author_pid = c->cause.author_pid;
		text_addf(&b->scratch, "%u %s", row->sequence, change_kind_name(c->kind));
		if (c->label[0] != '\0')
			text_addf(&b->scratch, " %s", c->label);
		row->label = put_scratch(b);
		row->flow = put(b, c->label);
		row->rule = put(b, c->rule);
		row->witness = put(b, c->witness);
		row->author = put(b, c->cause.author);
		row->reason = put(b, c->reason);
		row->kind = (uint8_t)c->kind;
		row->severity = (uint8_t)c->severity;
		row->verdict = (uint8_t)c->verdict;
		row->cause = (uint8_t)c->cause.kind;
		row->old_overall = (uint8_t)c->old_overall;
		row->new_overall = (uint8_t)c->new_overall;
		row->wall = c->wall_s;
	}
}

static int index_cmp(const void *a, const void *b, void *n_index)
{
	const uint32_t *x = a, *y = b;
	for (unsigned i = 0; i < *(const unsigned *)n_index; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static void sort_rows(struct builder *b, enum flat_table table)
{
	unsigned n_index = layout[table].n_index;
	uint8_t *row = builder_row(b, table, 0);
	size_t size = layout[table].row_size, count = b->block->section[table].count;
	for (size_t i = 1; i < count; i++)
		if (index_cmp(row + (i - 1) * size, row + i * size, &n_index) > 0) {
			qsort_r(row, count, size, index_cmp, &n_index);
			return;
		}
}

static void count_rows(const struct builder *b, size_t count[FLAT_TABLE_N])
{
	memset(count, 0, FLAT_TABLE_N * sizeof(*count));
	count[FLAT_SUMMARY] = 1;
	for (size_t i = 0; b->catalog != NULL && i < b->catalog->n_pack; i++) {
		count[FLAT_PRODUCT]++;
		count[FLAT_ROLE] += b->catalog->pack[i].n_role;
		count[FLAT_REQUIREMENT] += b->catalog->pack[i].n_requirement;
	}
	count[FLAT_DEPLOYMENT] = b->site != NULL ? b->site->n_deployment : 0;
	count[FLAT_GROUP] = b->site != NULL ? b->site->n_group : 0;
	if (b->flows != NULL)
		count[FLAT_FLOW] = b->flows->n < b->s->findings.n ? b->flows->n : b->s->findings.n;
	count[FLAT_PROBLEM] = b->s->n_problem;
	count[FLAT_OPENING] = b->s->openings.n;
	count[FLAT_HISTORY] = b->s->n_history;
}

/* The header and room for every row. */
static int block_new(struct builder *b)
{
	size_t count[FLAT_TABLE_N], size = sizeof(struct flat);
	_Static_assert(sizeof(struct flat) % 8 == 0, "rows are aligned to 8");
	count_rows(b, count);
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++) {
		if (count[t] > FLAT_MAX_ROWS)
			return -1;
		size += (count[t] * layout[t].row_size + 7) / 8 * 8;
	}
	b->block = xcalloc(1, size);
	*b->block = (struct flat){
	        .magic = FLAT_MAGIC, .version = FLAT_VERSION, .n_section = FLAT_TABLE_N, .text_offset = size};
	size = sizeof(struct flat);
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++) {
		b->block->section[t] = (struct flat_section){size, layout[t].row_size, (uint32_t)count[t]};
		size += (count[t] * layout[t].row_size + 7) / 8 * 8;
	}
	return 0;
}

static void block_fill(struct builder *b)
{
	text_append(b, "", 0); /* the empty text lies at 0 */
	fill_summary(b);
	fill_catalog(b);
	fill_site(b);
	fill_flows(b);
	fill_problems(b);
	fill_openings(b);
	fill_history(b);
	for (enum flat_table t = 0; t < FLAT_TABLE_N; t++)
		sort_rows(b, t);
}

int flat_build(const struct snapshot *s, void **out, size_t *size)
{
	struct builder b = {.s = s};
	int result = -1;
	*out = NULL;
	*size = 0;
	if (s->inputs != NULL) {
		b.site = s->inputs->site;
		b.catalog = s->inputs->catalog;
		b.flows = &s->inputs->flows;
	}
	if (block_new(&b) != 0)
		return -1;
	block_fill(&b);
	if (!b.full) {
		size_t rows = b.block->text_offset;
		b.block->text_size = b.text.len;
		b.block->size = rows + b.text.len;
		b.block = xrealloc(b.block, 1, rows + b.text.len);
		memcpy((uint8_t *)b.block + rows, b.text.s, b.text.len);
		*size = rows + b.text.len;
		*out = b.block;
		b.block = NULL;
		result = 0;
	}
	free(b.block);
	free(b.slot);
	text_fini(&b.text);
	text_fini(&b.scratch);
	return result;
}
