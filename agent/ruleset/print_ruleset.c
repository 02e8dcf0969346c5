/*
 * A whole ruleset as text in nft syntax, table by table in the order in which they were met: sets, then chains. Takes any
 * ruleset; what changes without a change of the ruleset (counters, elements with timeouts) is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/model.h"

/* The chains and sets of one table, as positions in lists that are sorted by table. */
struct table {
	enum rs_family family;
	const char *name;
	bool dormant;
};

struct tables {
	struct table *table;
	size_t n, cap;
	struct name_index index;
	size_t *of_chain, *of_set; /**< table of each */
};

static size_t table_of(struct tables *t, enum rs_family family, const char *name)
{
	size_t i;
	if (name_index_find(&t->index, family, name, "", &i))
		return i;
	t->table = xgrow(t->table, t->n, &t->cap, sizeof(*t->table));
	t->table[t->n] = (struct table){.family = family, .name = name};
	name_index_add(&t->index, family, name, "", t->n);
	return t->n++;
}

/* Positions sorted by table, stable; first[i] is where table i starts. */
static size_t *sort_by_table(const size_t *table_of_item, size_t n, size_t n_table, size_t **first)
{
	size_t *order = xcalloc(n + 1, sizeof(*order));
	size_t *next = xcalloc(n_table + 2, sizeof(*next));
	*first = xcalloc(n_table + 2, sizeof(**first));
	for (size_t i = 0; i < n; i++)
		(*first)[table_of_item[i] + 1]++;
	for (size_t i = 0; i < n_table; i++)
		(*first)[i + 1] += (*first)[i];
	memcpy(next, *first, (n_table + 1) * sizeof(*next));
	for (size_t i = 0; i < n; i++)
		order[next[table_of_item[i]]++] = i;
	free(next);
	return order;
}

static void set_elements(struct text *t, const struct ruleset *rs, const struct rs_set *set)
{
	if (set->dynamic || set->timeout || set->n_element == 0)
		return;
	text_add(t, "\t\telements = ");
	set_body_print(t, rs, set);
	text_add(t, "\n");
}

static void set_print(struct text *t, const struct ruleset *rs, const struct rs_set *set)
{
	const char *separator = "\t\tflags ";
	const struct {
		bool is;
		const char *name;
	} flags[] = {{set->interval, "interval"}, {set->dynamic, "dynamic"}, {set->timeout, "timeout"}};
	text_addf(t, "\t%s %s {\n", set->map ? "map" : "set", set->name);
	if (set->type != NULL)
		text_addf(t, "\t\ttype %s%s\n", set->type, set_has_verdicts(set) ? " : verdict" : "");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!flags[i].is)
			continue;
		text_addf(t, "%s%s", separator, flags[i].name);
		separator = ",";
	}
	if (separator[0] == ',')
		text_add(t, "\n");
	if (set->undecided)
		text_add(t, "\t\t# elements not decoded\n");
	else
		set_elements(t, rs, set);
	text_add(t, "\t}\n");
}

static void chain_print(struct text *t, const struct ruleset *rs, const struct rs_chain *c)
{
	static const char *const types[] = {"filter", "nat", "route"};
	text_addf(t, "\tchain %s {\n", c->name);
	if (c->base || c->dormant) {
		text_addf(t, "\t\ttype %s hook %s", types[c->type], rs_hook_name(c->hook));
		if (c->device != NULL)
			text_addf(t, " devices = { %s }", c->device);
		text_addf(t, " priority %d; policy %s;\n", c->priority, c->policy == RS_DROP ? "drop" : "accept");
	}
	for (size_t i = 0; i < c->n_rule; i++) {
		const char *known = rule_text(&c->rule[i]);
		char *rule = known == NULL ? rule_print(rs, c, &c->rule[i]) : NULL;
		text_add(t, "\t\t");
		text_add(t, known != NULL ? known : rule);
		text_add(t, "\n");
		free(rule);
	}
	text_add(t, "\t}\n");
}

static void tables_collect(struct tables *t, const struct ruleset *rs)
{
	t->of_chain = xcalloc(rs->n_chain + 1, sizeof(*t->of_chain));
	t->of_set = xcalloc(rs->n_set + 1, sizeof(*t->of_set));
	for (size_t i = 0; i < rs->n_chain; i++) {
		t->of_chain[i] = table_of(t, rs->chain[i].family, rs->chain[i].table);
		t->table[t->of_chain[i]].dormant |= rs->chain[i].dormant;
	}
	for (size_t i = 0; i < rs->n_set; i++)
		t->of_set[i] = table_of(t, rs->set[i].family, rs->set[i].table);
}

char *ruleset_print(const struct ruleset *rs)
{
	struct text t = {0};
	struct tables tables = {0};
	size_t *chain_first, *set_first;
	tables_collect(&tables, rs);
	size_t *chain = sort_by_table(tables.of_chain, rs->n_chain, tables.n, &chain_first);
	size_t *set = sort_by_table(tables.of_set, rs->n_set, tables.n, &set_first);
	for (size_t i = 0; i < tables.n; i++) {
		const struct table *table = &tables.table[i];
		text_addf(&t, "table %s %s {\n", rs_family_name(table->family), table->name);
		if (table->dormant)
			text_add(&t, "\tflags dormant\n");
		for (size_t k = set_first[i]; k < set_first[i + 1]; k++)
			if (!rs->set[set[k]].anonymous)
				set_print(&t, rs, &rs->set[set[k]]);
		for (size_t k = chain_first[i]; k < chain_first[i + 1]; k++)
			chain_print(&t, rs, &rs->chain[chain[k]]);
		text_add(&t, "}\n");
	}
	free(chain);
	free(set);
	free(chain_first);
	free(set_first);
	free(tables.table);
	free(tables.of_chain);
	free(tables.of_set);
	name_index_fini(&tables.index);
	return text_take(&t);
}
