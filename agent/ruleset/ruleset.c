/*
 * The life of a ruleset value: chains and sets are added within limits, and at the end marks are looked after, rules are
 * counted and the digest is made. Nothing is read here; what is beyond a limit is refused.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/model.h"

/* Rulesets are released by whichever thread reads them last. */
struct rs_share {
	atomic_uint owners;
	char *text;
};

static struct rs_share *share_new(char *text)
{
	struct rs_share *s = xcalloc(1, sizeof(*s));
	s->owners = 1;
	s->text = text;
	return s;
}

/* @return whether others still have it. */
static bool share_leave(struct rs_share *s)
{
	if (s == NULL)
		return false;
	if (atomic_fetch_sub(&s->owners, 1) != 1)
		return true;
	free(s->text);
	free(s);
	return false;
}

void rule_share(struct rs_rule *rule, char *text)
{
	rule->share = share_new(text);
}

void set_share(struct rs_set *set)
{
	set->share = share_new(NULL);
}

void ruleset_share(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->n_chain; i++)
		for (size_t k = 0; k < rs->chain[i].n_rule; k++)
			if (rs->chain[i].rule[k].share == NULL)
				rule_share(&rs->chain[i].rule[k], NULL);
	for (size_t i = 0; i < rs->n_set; i++)
		if (rs->set[i].share == NULL)
			set_share(&rs->set[i]);
}

struct rs_rule rule_copy(const struct rs_rule *rule)
{
	atomic_fetch_add(&rule->share->owners, 1);
	return *rule;
}

struct rs_set set_copy(const struct rs_set *set)
{
	atomic_fetch_add(&set->share->owners, 1);
	return *set;
}

const char *rule_text(const struct rs_rule *rule)
{
	return rule->share != NULL ? rule->share->text : NULL;
}

void set_fini(struct rs_set *set)
{
	if (share_leave(set->share))
		return;
	free(set->table);
	free(set->name);
	free(set->type);
	free(set->element);
}

void rule_fini(struct rs_rule *rule)
{
	if (share_leave(rule->share)) {
		memset(rule, 0, sizeof(*rule));
		return;
	}
	for (size_t i = 0; i < rule->n_match; i++) {
		ranges_fini(&rule->match[i].ranges);
		free(rule->match[i].atom);
		free(rule->match[i].text);
		free(rule->match[i].ipsec);
	}
	free(rule->match);
	free(rule->undecided);
	free(rule->statements);
	free(rule->comment);
	free(rule->reject_with);
	memset(rule, 0, sizeof(*rule));
}

void ruleset_free(struct ruleset *rs)
{
	if (rs == NULL)
		return;
	for (size_t i = 0; i < rs->n_chain; i++) {
		struct rs_chain *c = &rs->chain[i];
		for (size_t j = 0; j < c->n_rule; j++)
			rule_fini(&c->rule[j]);
		free(c->rule);
		free(c->table);
		free(c->name);
		free(c->device);
	}
	for (size_t i = 0; i < rs->n_set; i++)
		set_fini(&rs->set[i]);
	free(rs->chain);
	free(rs->set);
	free(rs->legacy);
	ipsec_policies_unref(rs->policies);
	free(rs->foreign_flowtable);
	free(rs);
}

struct rs_chain *ruleset_chain_add(struct ruleset *rs, struct error *err)
{
	if (rs->n_chain >= RULESET_MAX_CHAINS) {
		error_set(err, ERR_LIMIT, NULL, "more than %d chains; nothing was read", RULESET_MAX_CHAINS);
		return NULL;
	}
	rs->chain = xgrow(rs->chain, rs->n_chain, &rs->cap_chain, sizeof(*rs->chain));
	struct rs_chain *chain = &rs->chain[rs->n_chain];
	*chain = (struct rs_chain){.order = rs->n_chain, .policy = RS_ACCEPT};
	rs->n_chain++;
	return chain;
}

struct rs_set *ruleset_set_add(struct ruleset *rs, struct error *err)
{
	if (rs->n_set >= RULESET_MAX_SETS) {
		error_set(err, ERR_LIMIT, NULL, "more than %d sets; nothing was read", RULESET_MAX_SETS);
		return NULL;
	}
	rs->set = xgrow(rs->set, rs->n_set, &rs->cap_set, sizeof(*rs->set));
	struct rs_set *set = &rs->set[rs->n_set++];
	*set = (struct rs_set){.n_field = 1};
	return set;
}

struct rs_element *set_element_add(struct rs_set *set)
{
	set->element = xgrow(set->element, set->n_element, &set->cap_element, sizeof(*set->element));
	struct rs_element *element = &set->element[set->n_element++];
	*element = (struct rs_element){.verdict = {.code = RS_CONTINUE}};
	return element;
}

const struct rs_chain *ruleset_chain_find(
        const struct ruleset *rs, enum rs_family f, const char *table, const char *name)
{
	for (size_t i = 0; i < rs->n_chain; i++) {
		const struct rs_chain *c = &rs->chain[i];
		if (c->family == f && strcmp(c->name, name) == 0 && strcmp(c->table, table) == 0)
			return c;
	}
	return NULL;
}

void table_label(struct text *t, enum rs_family family, const char *table)
{
	if (family != RS_INET)
		text_addf(t, "%s ", rs_family_name(family));
	text_add(t, table);
}

static bool match_reads_mark(const struct rs_match *m)
{
	for (size_t i = 0; m->kind != RS_MATCH_ATOM && i < m->n_field; i++)
		if (m->field[i] == RS_FIELD_MARK)
			return true;
	return false;
}

bool rule_reads_mark(const struct rs_rule *rule)
{
	for (size_t i = 0; i < rule->n_match; i++)
		if (match_reads_mark(&rule->match[i]))
			return true;
	for (size_t i = 0; rule->vmap && i < rule->n_vmap_field; i++)
		if (rule->vmap_field[i] == RS_FIELD_MARK)
			return true;
	return false;
}

/* The model does not follow marks, so once a rule writes them nothing can be said of a match on them. */
static void mark_to_atom(const struct ruleset *rs, const struct rs_chain *chain, struct rs_rule *rule, size_t i)
{
	struct rs_match *m = &rule->match[i];
	struct text text = {0};
	unsigned number = 1;
	match_print(&text, rs, chain, m, -1);
	for (size_t k = 0; k < rule->n_match; k++)
		number += rule->match[k].kind == RS_MATCH_ATOM;
	ranges_fini(&m->ranges);
	*m = (struct rs_match){
	        .kind = RS_MATCH_ATOM,
	        .atom = atom_name(chain, rule->handle, (size_t)(rule - chain->rule), "meta mark", number),
	        .text = text_take(&text),
	        .set = SIZE_MAX,
	};
}

static void rule_drop_marks(const struct ruleset *rs, const struct rs_chain *chain, struct rs_rule *rule)
{
	for (size_t i = 0; i < rule->n_match; i++)
		if (match_reads_mark(&rule->match[i]))
			mark_to_atom(rs, chain, rule, i);
	for (size_t i = 0; rule->vmap && i < rule->n_vmap_field; i++) {
		if (rule->vmap_field[i] != RS_FIELD_MARK)
			continue;
		rule->vmap = false;
		rule->n_vmap_field = 0;
		rule->verdict = (struct rs_verdict){.code = RS_UNKNOWN};
		free(rule->undecided);
		rule->undecided = xstrdup("meta mark vmap");
	}
}

static bool rule_is_undecided(const struct ruleset *rs, const struct rs_rule *rule)
{
	const struct rs_set *map = rule->vmap ? &rs->set[rule->vmap_set] : NULL;
	for (size_t i = 0; map != NULL && i < map->n_element; i++)
		if (map->element[i].verdict.code == RS_UNKNOWN)
			return true;
	for (size_t i = 0; i < rule->n_match; i++)
		if (rule->match[i].kind == RS_MATCH_ATOM)
			return true;
	return rule->verdict.code == RS_UNKNOWN;
}

void ruleset_finish(struct ruleset *rs)
{
	rs->n_rule = rs->n_undecoded = 0;
	for (size_t i = 0; i < rs->n_chain; i++) {
		struct rs_chain *c = &rs->chain[i];
		for (size_t j = 0; j < c->n_rule; j++) {
			if (rs->sets_mark)
				rule_drop_marks(rs, c, &c->rule[j]);
			rs->n_undecoded += rule_is_undecided(rs, &c->rule[j]);
		}
		rs->n_rule += c->n_rule;
	}
	char *text = ruleset_print(rs);
	sha256_hex(text, strlen(text), rs->digest);
	free(text);
}
