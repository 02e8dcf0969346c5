/*
 * The own table as nft text: one file that puts it in the place of the one before in one transaction. Rules are printed
 * from the model, so that they read as they will be shown.
 */
#include <stdlib.h>
#include <string.h>

#include "compile/table.h"
#include "portcullis/alloc.h"
#include "ruleset/model.h"

static void element_print(struct text *t, const struct own_set *set, const struct own_element *e)
{
	for (size_t f = 0; f < set->n_field; f++) {
		text_add(t, f > 0 ? " . " : "");
		field_value_print(t, set->field[f], e->key[f]);
	}
	if (set->counts)
		text_addf(t, " counter packets %llu bytes %llu", (unsigned long long)e->packets,
		        (unsigned long long)e->bytes);
	if (e->comment != NULL)
		text_addf(t, " comment \"%s\"", e->comment);
}

static void set_print(struct text *t, const struct own_set *set)
{
	text_addf(t, "\tset %s {\n\t\ttype ", set->name);
	for (size_t f = 0; f < set->n_field; f++)
		text_addf(t, "%s%s", f > 0 ? " . " : "", field_info(set->field[f])->type);
	text_addf(t, "\n%s%s", own_set_is_interval(set) ? "\t\tflags interval\n" : "",
	        set->counts ? "\t\tcounter\n" : "");
	for (size_t i = 0; i < set->n_element; i++) {
		text_add(t, i == 0 ? "\t\telements = { " : ",\n\t\t             ");
		element_print(t, set, &set->element[i]);
	}
	text_add(t, set->n_element > 0 ? " }\n\t}\n\n" : "\t}\n\n");
}

/** "counter" of the model with the numbers that it begins with. */
static void rule_text_add(struct text *t, const char *line, const struct own_rule *r)
{
	const char *counter = r != NULL && r->counts ? strstr(line, " counter") : NULL;

	if (r != NULL && r->counts && counter == NULL && strncmp(line, "counter", 7) == 0)
		counter = line - 1;
	text_add(t, "\t\t");
	if (counter == NULL) {
		text_addf(t, "%s\n", line);
		return;
	}
	counter += strlen(" counter");
	text_addn(t, line, (size_t)(counter - line));
	text_addf(t, " packets %llu bytes %llu%s\n", (unsigned long long)r->packets, (unsigned long long)r->bytes,
	        counter);
}

static void chain_print(
        struct text *t, const struct own_chain *c, const struct ruleset *rs, const struct rs_chain *model)
{
	size_t k = 0;

	text_addf(t, "\tchain %s {\n\t\ttype filter hook %s priority filter; policy accept;\n", c->name,
	        rs_hook_name(c->hook));
	for (size_t i = 0; i < c->n_rule; i++) {
		/* One that logs is two: what is over the rate is still decided. */
		size_t n = (c->rule[i].log ? 1u : 0u) + (c->rule[i].verdict != RS_CONTINUE ? 1u : 0u);

		for (; n > 0; n--, k++) {
			char *line = rule_print(rs, model, &model->rule[k]);

			rule_text_add(t, line, n == 1 && c->rule[i].verdict != RS_CONTINUE ? &c->rule[i] : NULL);
			free(line);
		}
	}
	text_add(t, "\t}\n");
}

char *own_table_text(const struct own_table *t)
{
	struct ruleset *rs;
	struct text text = {0};
	struct error err;

	if (t->comment != NULL)
		text_addf(&text, "# %s\n", t->comment);
	text_addf(&text, "table inet %s\ndelete table inet %s\n", OWN_TABLE, OWN_TABLE);
	text_addf(&text, "table inet %s {\n\tcomment \"%s\"\n\n", OWN_TABLE, OWN_TABLE_COMMENT);
	for (size_t i = 0; i < t->n_set; i++)
		set_print(&text, &t->set[i]);
	/* What compile makes is far below the model's limits. */
	if (own_table_ruleset(t, &rs, &err) != 0)
		abort();
	for (size_t i = 0; i < t->n_chain; i++) {
		text_add(&text, i > 0 ? "\n" : "");
		chain_print(&text, &t->chain[i], rs, &rs->chain[i]);
	}
	ruleset_free(rs);
	if (t->comment != NULL)
		text_addf(&text, "%s\tchain %s {\n\t\tcomment \"%s\"\n\t}\n", t->n_chain > 0 ? "\n" : "", OWN_ORIGIN,
		        t->comment);
	text_add(&text, "}\n");
	return text_take(&text);
}
