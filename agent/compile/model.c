/*
 * The own table as a ruleset of the model, alone or in place of the one that a live ruleset has: what a reader finds when
 * it is in the kernel. More than the model holds is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "compile/table.h"
#include "portcullis/alloc.h"
#include "ruleset/model.h"

static int set_put(const struct own_set *set, struct ruleset *rs, struct error *err)
{
	struct rs_set *to = ruleset_set_add(rs, err);
	struct text type = {0};

	if (to == NULL)
		return -1;
	to->family = RS_INET;
	to->table = xstrdup(OWN_TABLE);
	to->name = xstrdup(set->name);
	to->interval = own_set_is_interval(set);
	to->n_field = set->n_field;
	for (size_t f = 0; f < set->n_field; f++) {
		text_addf(&type, "%s%s", f > 0 ? " . " : "", field_info(set->field[f])->type);
		/* Of the type alone, as a reader has it. */
		to->field[f] = (enum rs_field)field_of_type(field_info(set->field[f])->type);
	}
	to->type = text_take(&type);
	for (size_t i = 0; i < set->n_element; i++)
		memcpy(set_element_add(to)->key, set->element[i].key, set->n_field * sizeof(struct range));
	set_sort(to);
	return 0;
}

static void match_put(struct builder *b, const struct own_match *m, size_t first_set)
{
	struct ranges ranges = {0};
	unsigned field[OWN_PARTS];

	switch (m->kind) {
	case OWN_RANGE:
		ranges_add(&ranges, m->range.lo, m->range.hi);
		builder_ranges(b, m->field[0], NULL, &ranges, false);
		break;
	case OWN_BITS:
		builder_mask(b, m->field[0], NULL, (u128)m->bits, 0, true);
		break;
	case OWN_SET:
		for (size_t i = 0; i < m->n_field; i++)
			field[i] = m->field[i];
		builder_set(b, field, m->n_field, NULL, first_set + m->set, false);
		break;
	}
}

static void matches_put(struct builder *b, const struct own_rule *r, size_t first_set)
{
	for (size_t i = 0; i < r->n_match; i++)
		match_put(b, &r->match[i], first_set);
}

static int log_put(struct ruleset *rs, size_t chain, const struct own_rule *r, size_t first_set, struct error *err)
{
	struct builder b;
	struct text limit = {0};
	char *log;

	builder_begin(&b, rs, chain, 0);
	matches_put(&b, r, first_set);
	limit_text(&limit, r->log_rate, "second", false, false, OWN_LOG_BURST);
	builder_atom(&b, "limit", text_str(&limit));
	text_fini(&limit);
	log = xasprintf("log prefix \"%s\"", r->log_prefix);
	builder_statement(&b, log);
	free(log);
	builder_verdict(&b, RS_CONTINUE);
	return builder_end(&b, err);
}

static bool is_tcp(const struct own_rule *r)
{
	for (size_t i = 0; i < r->n_match; i++)
		if (r->match[i].kind == OWN_RANGE && r->match[i].field[0] == RS_FIELD_L4PROTO)
			return r->match[i].range.lo == PROTO_TCP && r->match[i].range.hi == PROTO_TCP;
	return false;
}

static int rule_put(struct ruleset *rs, size_t chain, const struct own_rule *r, size_t first_set, struct error *err)
{
	struct builder b;

	if (r->log && log_put(rs, chain, r, first_set, err) != 0)
		return -1;
	if (r->verdict == RS_CONTINUE)
		return 0;
	builder_begin(&b, rs, chain, 0);
	matches_put(&b, r, first_set);
	if (r->counts)
		builder_statement(&b, "counter");
	builder_verdict(&b, r->verdict);
	if (r->reject) {
		b.rule.verdict.reject = true;
		b.rule.reject_with = is_tcp(r) ? xstrdup("tcp reset") : NULL;
	}
	b.rule.comment = r->comment != NULL ? xstrdup(r->comment) : NULL;
	return builder_end(&b, err);
}

static int chain_put(const struct own_chain *c, struct ruleset *rs, size_t first_set, struct error *err)
{
	size_t at = rs->n_chain;
	struct rs_chain *to = ruleset_chain_add(rs, err);

	if (to == NULL)
		return -1;
	to->family = RS_INET;
	to->table = xstrdup(OWN_TABLE);
	to->name = xstrdup(c->name);
	to->base = true;
	to->hook = c->hook;
	to->type = RS_CHAIN_FILTER;
	to->policy = RS_ACCEPT;
	for (size_t i = 0; i < c->n_rule; i++)
		if (rule_put(rs, at, &c->rule[i], first_set, err) != 0)
			return -1;
	return 0;
}

static int origin_put(struct ruleset *rs, struct error *err)
{
	struct rs_chain *to = ruleset_chain_add(rs, err);

	if (to == NULL)
		return -1;
	to->family = RS_INET;
	to->table = xstrdup(OWN_TABLE);
	to->name = xstrdup(OWN_ORIGIN);
	return 0;
}

static int table_put(const struct own_table *t, struct ruleset *rs, struct error *err)
{
	size_t first_set = rs->n_set;

	for (size_t i = 0; i < t->n_set; i++)
		if (set_put(&t->set[i], rs, err) != 0)
			return -1;
	for (size_t i = 0; i < t->n_chain; i++)
		if (chain_put(&t->chain[i], rs, first_set, err) != 0)
			return -1;
	return t->comment != NULL ? origin_put(rs, err) : 0;
}

int own_table_ruleset(const struct own_table *t, struct ruleset **out, struct error *err)
{
	return ruleset_with_own_table(&(const struct ruleset){0}, t, out, err);
}

static bool is_own(enum rs_family family, const char *table)
{
	return family == RS_INET && strcmp(table, OWN_TABLE) == 0;
}

static void chain_copy(const struct rs_chain *from, struct rs_chain *to)
{
	size_t order = to->order;

	*to = *from;
	to->order = order;
	to->table = xstrdup(from->table);
	to->name = xstrdup(from->name);
	to->device = from->device != NULL ? xstrdup(from->device) : NULL;
	to->rule = NULL;
	to->n_rule = to->cap_rule = 0;
	if (is_own(from->family, from->table)) {
		/* Its place stays, for others are found by theirs; nothing comes by it. */
		to->base = to->dormant = false;
		return;
	}
	to->rule = xcalloc(from->n_rule + 1, sizeof(*to->rule));
	to->cap_rule = from->n_rule + 1;
	for (size_t i = 0; i < from->n_rule; i++)
		to->rule[to->n_rule++] = rule_copy(&from->rule[i]);
}

static int live_copy(const struct ruleset *live, struct ruleset *rs, struct error *err)
{
	for (size_t i = 0; i < live->n_set; i++) {
		struct rs_set *to = ruleset_set_add(rs, err);

		if (to == NULL)
			return -1;
		*to = set_copy(&live->set[i]);
	}
	for (size_t i = 0; i < live->n_chain; i++) {
		struct rs_chain *to = ruleset_chain_add(rs, err);

		if (to == NULL)
			return -1;
		chain_copy(&live->chain[i], to);
	}
	rs->generation = live->generation;
	rs->sets_mark = live->sets_mark;
	rs->uses_conntrack = live->uses_conntrack;
	memcpy(rs->tracks, live->tracks, sizeof(rs->tracks));
	rs->legacy = live->legacy != NULL ? xstrdup(live->legacy) : NULL;
	rs->foreign_flowtable = live->foreign_flowtable != NULL ? xstrdup(live->foreign_flowtable) : NULL;
	rs->policies = live->policies != NULL ? ipsec_policies_ref(live->policies) : NULL;
	return 0;
}

int ruleset_with_own_table(
        const struct ruleset *live, const struct own_table *t, struct ruleset **out, struct error *err)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));

	*out = NULL;
	if (live_copy(live, rs, err) != 0 || (t != NULL && table_put(t, rs, err) != 0)) {
		ruleset_free(rs);
		return -1;
	}
	ruleset_finish(rs);
	ruleset_share(rs);
	*out = rs;
	return 0;
}

int ruleset_of_configuration(const struct ruleset *live, const struct compile_input *in, bool enforced,
        struct ruleset **out, struct error *err)
{
	struct own_table *table = NULL;
	int result = 0;

	*out = NULL;
	if (in->site->firewall.mode == FIREWALL_ENFORCE)
		result = compile(in, &table, err);
	else if (!enforced)
		return 0;
	if (result == 0)
		result = ruleset_with_own_table(live, table, out, err);
	own_table_free(table);
	return result;
}
