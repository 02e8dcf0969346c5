/*
 * Puts a rule together: matches, atoms, statements and the verdict come in one by one in the order of the packet's walk,
 * a struct rs_rule goes into its chain. A match that the model cannot decide is turned into a named atom here.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/model.h"

void builder_begin(struct builder *b, struct ruleset *rs, size_t chain, uint64_t handle)
{
	enum rs_family family = rs->chain[chain].family;
	*b = (struct builder){
	        .rs = rs,
	        .chain = chain,
	        .nfproto = family == RS_IP    ? 2
	                   : family == RS_IP6 ? 10
	                                      : -1,
	        .l4proto = -1,
	        .rule = {.handle = handle, .vmap_set = SIZE_MAX},
	};
}

static struct rs_match *match_add(struct builder *b, enum rs_match_kind kind)
{
	b->rule.match = xgrow(b->rule.match, b->rule.n_match, &b->cap_match, sizeof(*b->rule.match));
	struct rs_match *m = &b->rule.match[b->rule.n_match++];
	*m = (struct rs_match){.kind = kind, .set = SIZE_MAX};
	return m;
}

/* A protocol that a match fixes is what later payload matches rest on. */
static void learn(struct builder *b, const struct rs_match *m)
{
	if (m->negate || m->ranges.n != 1 || m->ranges.item[0].lo != m->ranges.item[0].hi)
		return;
	int value = (int)m->ranges.item[0].lo;
	if (m->field[0] == RS_FIELD_NFPROTO)
		b->nfproto = value;
	if (m->field[0] == RS_FIELD_L4PROTO)
		b->l4proto = value;
}

/* `>= a` after `<= b` on one field is one range. */
static bool join_ranges(struct builder *b, unsigned field, const char *as, struct ranges *take)
{
	if (b->rule.n_match == 0 || (b->rule.notrack && b->rule.notrack_at == b->rule.n_match))
		return false;
	struct rs_match *last = &b->rule.match[b->rule.n_match - 1];
	if (last->kind != RS_MATCH_RANGES || last->negate || last->field[0] != field || last->as != as)
		return false;
	struct ranges both = {0};
	ranges_intersect(&both, &last->ranges, take);
	ranges_fini(&last->ranges);
	ranges_fini(take);
	last->ranges = both;
	learn(b, last);
	return true;
}

void builder_tracks(struct builder *b)
{
	enum rs_family family = b->rs->chain[b->chain].family;
	b->rs->uses_conntrack = true;
	b->rs->tracks[0] |= family != RS_IP6;
	b->rs->tracks[1] |= family != RS_IP;
}

void builder_notrack(struct builder *b)
{
	if (!b->rule.notrack)
		b->rule.notrack_at = b->rule.n_match;
	b->rule.notrack = true;
}

static void note_field(struct builder *b, unsigned field)
{
	if (field == RS_FIELD_CT_STATE || field == RS_FIELD_CT_STATUS || field == RS_FIELD_CT_DIRECTION)
		builder_tracks(b);
}

/* Where frames are seen there are others than IPv4 and IPv6, and tagged ones. */
static bool is_other_ethertype(const struct ranges *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->item[i].lo != r->item[i].hi || (r->item[i].lo != 0x0800 && r->item[i].lo != 0x86dd))
			return true;
	return false;
}

void builder_ranges(struct builder *b, unsigned field, const char *as, struct ranges *take, bool negate)
{
	ranges_normalise(take);
	enum rs_family family = b->rs->chain[b->chain].family;
	if (field == FIELD_ETHERTYPE && (family == RS_BRIDGE || family == RS_NETDEV) && is_other_ethertype(take)) {
		struct text text = {0};
		text_add(&text, negate ? "meta protocol != " : "meta protocol ");
		field_value_print(&text, field, take->item[0]);
		builder_atom(b, "meta protocol", text_str(&text));
		text_fini(&text);
		ranges_fini(take);
		return;
	}
	if (field == FIELD_ETHERTYPE) {
		ethertype_ranges(take);
		field = RS_FIELD_NFPROTO;
		as = as != NULL ? as : "meta protocol";
	} else if (field == FIELD_IIF || field == FIELD_OIF) {
		const char *name = field_info(field)->name;
		if (!ifindex_ranges(take)) {
			struct text text = {0};
			text_addf(&text, "%s %s", name, negate ? "!= " : "");
			for (size_t i = 0; i < take->n && i < 4; i++) {
				text_add(&text, i > 0 ? ", " : "");
				field_value_print(&text, field, take->item[i]);
			}
			builder_atom(b, name, text_str(&text));
			text_fini(&text);
			ranges_fini(take);
			return;
		}
		as = name;
		field = field == FIELD_IIF ? RS_FIELD_IIFNAME : RS_FIELD_OIFNAME;
	}
	note_field(b, field);
	if (!negate && join_ranges(b, field, as, take))
		return;
	struct rs_match *m = match_add(b, RS_MATCH_RANGES);
	m->field[0] = (enum rs_field)field;
	m->n_field = 1;
	m->as = as;
	m->negate = negate;
	m->ranges = *take;
	*take = (struct ranges){0};
	learn(b, m);
}

void builder_point(struct builder *b, unsigned field, const char *as, u128 value)
{
	struct ranges r = {0};
	ranges_add(&r, value, value);
	builder_ranges(b, field, as, &r, false);
}

void builder_never(struct builder *b)
{
	struct rs_match *m = match_add(b, RS_MATCH_RANGES);
	m->field[0] = RS_FIELD_NFPROTO;
	m->n_field = 1;
}

void builder_mask(struct builder *b, unsigned field, const char *as, u128 mask, u128 value, bool negate)
{
	u128 max = field_max(field), rest = max & ~mask;
	const struct field_info *info = field_info(field);
	bool prefix = (rest & (rest + 1)) == 0;
	bool may_be_range = mask == max || (prefix && !info->flags && field != RS_FIELD_MARK);
	if ((value & ~mask) != 0 || may_be_range || field >= RS_FIELD_N) {
		struct ranges r = {0};
		if ((value & ~mask) == 0) {
			u128 hi = value | rest;
			/* Names are padded with NUL: what starts with "eth1" and a NUL is eth1 alone. */
			if (info->format == FORMAT_IFNAME && rest != 0 && ((value / (rest + 1)) & 0xff) == 0)
				hi = value;
			ranges_add(&r, value, hi);
		}
		builder_ranges(b, field, as, &r, negate);
		return;
	}
	note_field(b, field);
	struct rs_match *m = match_add(b, RS_MATCH_MASK);
	m->field[0] = (enum rs_field)field;
	m->n_field = 1;
	m->as = as;
	m->negate = negate;
	m->mask = mask;
	m->value = value;
}

static unsigned real_field(unsigned field)
{
	return field == FIELD_ETHERTYPE ? RS_FIELD_NFPROTO
	       : field == FIELD_IIF     ? RS_FIELD_IIFNAME
	       : field == FIELD_OIF     ? RS_FIELD_OIFNAME
	                                : field;
}

static bool set_has_catch_all(const struct rs_set *set)
{
	return set->n_element > 0 && set->element[set->n_element - 1].catch_all;
}

static void fields_print(struct text *t, const struct builder *b, const unsigned *field, size_t n)
{
	const char *protocol = port_protocol(b->l4proto);
	for (size_t i = 0; i < n; i++) {
		const char *name = field_info(field[i])->name;
		text_add(t, i > 0 ? " . " : "");
		if (protocol != NULL && strncmp(name, "th ", 3) == 0)
			text_addf(t, "%s %s", protocol, name + 3);
		else
			text_add(t, name);
	}
}

static void set_atom(struct builder *b, const unsigned *field, size_t n, size_t index, bool negate)
{
	const struct rs_set *set = &b->rs->set[index];
	struct text name = {0}, text = {0};
	bool usual = true;
	fields_print(&text, b, field, n);
	text_addf(&text, " %s@%s", negate ? "!= " : "", set->name);
	if (set->undecided || (!set->dynamic && !set->timeout)) {
		builder_atom(b, "lookup", text_str(&text));
		text_fini(&text);
		return;
	}
	for (size_t i = 0; i < n; i++)
		usual &= field[i] == field_of_type(field_info(field[i])->type);
	text_addf(&name, "%sset %s@", negate ? "not " : "", set->name);
	table_label(&name, set->family, set->table);
	for (size_t i = 0; !usual && i < n; i++)
		text_addf(&name, "%s%s", i > 0 ? " . " : " by ", field_info(real_field(field[i]))->name);
	struct rs_match *m = match_add(b, RS_MATCH_ATOM);
	for (size_t i = 0; i < n; i++)
		m->field[i] = (enum rs_field)real_field(field[i]);
	m->n_field = n;
	m->set = index;
	m->atom = text_take(&name);
	m->text = text_take(&text);
	b->n_atom++;
}

void builder_set(struct builder *b, const unsigned *field, size_t n, const char *as, size_t index, bool negate)
{
	const struct rs_set *set = &b->rs->set[index];
	for (size_t i = 0; i < n; i++)
		note_field(b, field[i]);
	/* What a catch-all element does to an inverted look-up changed between kernels. */
	bool undecided = set->undecided || set->dynamic || set->timeout || n != set->n_field ||
	                 (negate && set_has_catch_all(set));
	if (undecided) {
		set_atom(b, field, n, index, negate);
		return;
	}
	struct rs_match *m = match_add(b, RS_MATCH_SET);
	for (size_t i = 0; i < n; i++)
		m->field[i] = (enum rs_field)real_field(field[i]);
	m->n_field = n;
	m->as = n == 1 && field[0] >= RS_FIELD_N ? field_info(field[0])->name : as;
	m->set = index;
	m->negate = negate;
}

char *atom_name(const struct rs_chain *c, uint64_t handle, size_t position, const char *kind, unsigned number)
{
	struct text name = {0};
	text_addf(&name, "%s@", kind);
	table_label(&name, c->family, c->table);
	if (handle != 0)
		text_addf(&name, "/%s#%llu", c->name, (unsigned long long)handle);
	else
		text_addf(&name, "/%s#p%zu", c->name, position + 1);
	if (number > 1)
		text_addf(&name, ".%u", number);
	return text_take(&name);
}

void builder_ipsec(struct builder *b, const char *kind, const char *text, struct rs_ipsec *take)
{
	const struct rs_chain *c = &b->rs->chain[b->chain];
	struct rs_match *m = match_add(b, RS_MATCH_ATOM);
	m->atom = atom_name(c, b->rule.handle, c->n_rule, kind, ++b->n_atom);
	m->text = xstrdup(text);
	m->ipsec = take;
}

void builder_atom(struct builder *b, const char *kind, const char *text)
{
	builder_ipsec(b, kind, text, ipsec_question(text));
}

void builder_ether_atom(struct builder *b, const char *kind, const char *text)
{
	struct rs_match *last = b->rule.n_match > 0 ? &b->rule.match[b->rule.n_match - 1] : NULL;
	if (strncmp(text, "ether ", 6) == 0 && last != NULL && last->kind == RS_MATCH_ATOM &&
	        strcmp(last->text, "meta iiftype ether") == 0) {
		free(last->atom);
		free(last->text);
		free(last->ipsec);
		b->rule.n_match--;
		b->n_atom--;
	}
	builder_atom(b, kind, text);
}

void builder_ethertype(struct builder *b, uint32_t ethertype)
{
	if (ethertype == 0x0800)
		builder_need_nfproto(b, 2);
	if (ethertype == 0x86dd)
		builder_need_nfproto(b, 10);
}

void builder_statement(struct builder *b, const char *text)
{
	if (b->statements.len > 0)
		text_add(&b->statements, " ");
	text_add(&b->statements, text);
}

void builder_may_end(struct builder *b, const char *statement)
{
	free(b->may_end);
	b->may_end = xstrdup(statement);
}

void builder_set_from(struct builder *b, const char *value, const char *statement)
{
	static const char *const absent[] = {"ct ", "socket ", "rt ", "osf "};
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (strncmp(value, absent[i], strlen(absent[i])) == 0)
			builder_may_end(b, statement);
}

void builder_reached(struct builder *b)
{
	if (b->may_end != NULL)
		builder_atom(b, "statement", b->may_end);
}

void builder_verdict(struct builder *b, enum rs_verdict_code code)
{
	b->rule.verdict = (struct rs_verdict){.code = code};
}

void builder_undecided(struct builder *b, enum rs_verdict_code code, const char *text)
{
	builder_verdict(b, code);
	free(b->rule.undecided);
	b->rule.undecided = xstrdup(text);
}

void builder_vmap(struct builder *b, const unsigned *field, size_t n, size_t index)
{
	const struct rs_set *set = &b->rs->set[index];
	for (size_t i = 0; i < n; i++)
		note_field(b, field[i]);
	if (set->undecided || set->dynamic || set->timeout || n != set->n_field) {
		struct text text = {0};
		fields_print(&text, b, field, n);
		text_addf(&text, " vmap @%s", set->name);
		builder_undecided(b, RS_UNKNOWN, text_str(&text));
		text_fini(&text);
		return;
	}
	b->rule.vmap = true;
	b->rule.vmap_set = index;
	b->rule.n_vmap_field = n;
	for (size_t i = 0; i < n; i++)
		b->rule.vmap_field[i] = (enum rs_field)real_field(field[i]);
}

void builder_need_nfproto(struct builder *b, int nfproto)
{
	if (b->nfproto != nfproto)
		builder_point(b, RS_FIELD_NFPROTO, NULL, (u128)nfproto);
}

void builder_need_l4proto(struct builder *b, int l4proto)
{
	if (b->l4proto != l4proto)
		builder_point(b, RS_FIELD_L4PROTO, NULL, (u128)l4proto);
}

/**
 * A rule's matches and their ranges in one block: a ruleset is read from the first rule to the last, and costs what it takes
 * to read its memory.
 */
static void pack(struct rs_rule *rule)
{
	size_t n_range = 0;
	for (size_t i = 0; i < rule->n_match; i++)
		n_range += rule->match[i].ranges.n;
	if (rule->n_match == 0)
		return;
	struct rs_match *match = xmalloc(rule->n_match * sizeof(*match) + n_range * sizeof(struct range));
	struct range *range = (struct range *)(match + rule->n_match);
	memcpy(match, rule->match, rule->n_match * sizeof(*match));
	for (size_t i = 0; i < rule->n_match; i++) {
		size_t n = match[i].ranges.n;
		if (n > 0)
			memcpy(range, match[i].ranges.item, n * sizeof(*range));
		ranges_fini(&match[i].ranges);
		match[i].ranges = (struct ranges){.item = range, .n = n};
		range += n;
	}
	free(rule->match);
	rule->match = match;
}

int builder_end(struct builder *b, struct error *err)
{
	struct rs_chain *chain = &b->rs->chain[b->chain];
	if (b->rs->n_rule >= RULESET_MAX_RULES) {
		builder_abort(b);
		return error_set(err, ERR_LIMIT, NULL, "more than %d rules; nothing was read", RULESET_MAX_RULES);
	}
	if (b->statements.len > 0)
		b->rule.statements = text_take(&b->statements);
	text_fini(&b->statements);
	free(b->may_end);
	pack(&b->rule);
	chain->rule = xgrow(chain->rule, chain->n_rule, &chain->cap_rule, sizeof(*chain->rule));
	chain->rule[chain->n_rule++] = b->rule;
	b->rs->n_rule++;
	return 0;
}

void builder_abort(struct builder *b)
{
	rule_fini(&b->rule);
	text_fini(&b->statements);
	free(b->may_end);
}
