/*
 * The own table as libnftables JSON (libnftables-json(5)): the commands of the text, object by object. Nothing is refused.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compile/table.h"
#include "portcullis/alloc.h"
#include "ruleset/model.h"

/** An object that must be: memory is there, or the program has ended. */
static json_t *made(json_t *json)
{
	if (json == NULL)
		abort();
	return json;
}

static json_t *string(const char *s)
{
	return made(json_stringn_nocheck(s, strlen(s)));
}

static void command_add(json_t *list, const char *command, const char *kind, json_t *object)
{
	json_array_append_new(list, made(json_pack("{s:{s:o}}", command, kind, object)));
}

/** What a value is in JSON: a number, or what nft's text would say. */
static json_t *point(enum rs_field f, u128 value)
{
	struct text t = {0};
	char buf[64];
	json_t *json;

	switch (field_info(f)->format) {
	case FORMAT_IPV4:
		return string(addr_print(FAMILY_IPV4, value, buf, sizeof(buf)));
	case FORMAT_IPV6:
		return string(addr_print(FAMILY_IPV6, value, buf, sizeof(buf)));
	case FORMAT_IFNAME:
		return string(ifname_print((struct range){value, value}, buf, sizeof(buf)));
	case FORMAT_DECIMAL:
	case FORMAT_HEX:
		break;
	}
	if (field_info(f)->symbols == NULL)
		return made(json_integer((json_int_t)value));
	field_value_print(&t, f, (struct range){value, value});
	json = string(text_str(&t));
	text_fini(&t);
	return json;
}

static json_t *value(enum rs_field f, struct range r)
{
	enum field_format format = field_info(f)->format;
	enum family family = format == FORMAT_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
	int length = format == FORMAT_IPV4 || format == FORMAT_IPV6 ? range_prefix_length(family, r) : -1;

	if (r.lo == r.hi)
		return point(f, r.lo);
	if (length >= 0)
		return made(json_pack("{s:{s:o,s:i}}", "prefix", "addr", point(f, r.lo), "len", length));
	return made(json_pack("{s:[o,o]}", "range", point(f, r.lo), point(f, r.hi)));
}

static json_t *element(const struct own_set *set, const struct own_element *e)
{
	json_t *key = value(set->field[0], e->key[0]), *elem;

	if (set->n_field > 1) {
		json_t *parts = made(json_array());

		json_array_append_new(parts, key);
		for (size_t f = 1; f < set->n_field; f++)
			json_array_append_new(parts, value(set->field[f], e->key[f]));
		key = made(json_pack("{s:o}", "concat", parts));
	}
	if (!set->counts && e->comment == NULL)
		return key;
	elem = made(json_pack("{s:o}", "val", key));
	if (e->comment != NULL)
		json_object_set_new(elem, "comment", string(e->comment));
	if (set->counts)
		json_object_set_new(elem, "counter",
		        made(json_pack("{s:I,s:I}", "packets", (json_int_t)e->packets, "bytes", (json_int_t)e->bytes)));
	return made(json_pack("{s:o}", "elem", elem));
}

static json_t *in_table(void)
{
	return made(json_pack("{s:s,s:s}", "family", "inet", "table", OWN_TABLE));
}

static json_t *set_json(const struct own_set *set)
{
	json_t *json = in_table(), *type = made(json_array()), *elements = made(json_array());

	for (size_t f = 0; f < set->n_field; f++)
		json_array_append_new(type, string(field_info(set->field[f])->type));
	json_object_set_new(json, "name", string(set->name));
	if (set->n_field > 1) {
		json_object_set_new(json, "type", type);
	} else {
		json_object_set(json, "type", json_array_get(type, 0));
		json_decref(type);
	}
	if (own_set_is_interval(set))
		json_object_set_new(json, "flags", made(json_pack("[s]", "interval")));
	for (size_t i = 0; i < set->n_element; i++)
		json_array_append_new(elements, element(set, &set->element[i]));
	if (set->counts)
		json_object_set_new(json, "stmt", made(json_pack("[{s:n}]", "counter")));
	json_object_set_new(json, "elem", elements);
	return json;
}

/** @param l4proto  that an earlier match fixes, or -1. */
static json_t *field_json(enum rs_field f, int l4proto)
{
	const char *name = rs_field_name(f), *space = strchr(name, ' ');
	const char *protocol = port_protocol(l4proto);
	char head[16] = "";
	json_t *json;

	if (f == RS_FIELD_IIFNAME || f == RS_FIELD_OIFNAME)
		return made(json_pack("{s:{s:s}}", "meta", "key", name));
	memcpy(head, name, (size_t)(space - name) < sizeof(head) ? (size_t)(space - name) : sizeof(head) - 1);
	if (strcmp(head, "meta") == 0 || strcmp(head, "ct") == 0)
		return made(json_pack("{s:{s:s}}", head, "key", space + 1));
	json = made(json_pack("{s:s}", "field", space + 1));
	json_object_set_new(json, "protocol",
	        string((f == RS_FIELD_SPORT || f == RS_FIELD_DPORT) && protocol != NULL ? protocol : head));
	return made(json_pack("{s:o}", "payload", json));
}

static json_t *states(uint64_t bits)
{
	json_t *list = made(json_array());

	for (uint64_t bit = 1; bit != 0 && bit <= bits; bit <<= 1) {
		struct text t = {0};

		if ((bits & bit) == 0)
			continue;
		field_flags_print(&t, RS_FIELD_CT_STATE, bit, ",");
		json_array_append_new(list, string(text_str(&t)));
		text_fini(&t);
	}
	return list;
}

static json_t *match_json(const struct own_table *t, const struct own_match *m, int l4proto)
{
	json_t *left = field_json(m->field[0], l4proto), *right;
	const char *op = "==";

	if (m->n_field > 1) {
		json_t *parts = made(json_array());

		json_array_append_new(parts, left);
		for (size_t f = 1; f < m->n_field; f++)
			json_array_append_new(parts, field_json(m->field[f], l4proto));
		left = made(json_pack("{s:o}", "concat", parts));
	}
	if (m->kind == OWN_SET) {
		char *name = xasprintf("@%s", t->set[m->set].name);

		right = string(name);
		free(name);
	} else if (m->kind == OWN_BITS) {
		right = states(m->bits);
		op = "in";
	} else {
		right = value(m->field[0], m->range);
	}
	return made(json_pack("{s:{s:s,s:o,s:o}}", "match", "op", op, "left", left, "right", right));
}

/** The matches, without those that nft's own syntax implies. */
static json_t *matches_json(const struct own_table *t, const struct own_rule *r, int *l4proto)
{
	json_t *list = made(json_array());

	*l4proto = -1;
	for (size_t i = 0; i < r->n_match; i++) {
		const struct own_match *m = &r->match[i];

		json_array_append_new(list, match_json(t, m, *l4proto));
		if (m->kind == OWN_RANGE && m->field[0] == RS_FIELD_L4PROTO && m->range.lo == m->range.hi)
			*l4proto = (int)m->range.lo;
	}
	return list;
}

static json_t *rule_json(const struct own_chain *c, json_t *expressions, const char *comment)
{
	json_t *json = in_table();

	json_object_set_new(json, "chain", string(c->name));
	if (comment != NULL)
		json_object_set_new(json, "comment", string(comment));
	json_object_set_new(json, "expr", expressions);
	return json;
}

static void rule_add(json_t *list, const struct own_table *t, const struct own_chain *c, const struct own_rule *r)
{
	int l4proto;
	json_t *expr = matches_json(t, r, &l4proto);

	if (r->log) {
		json_array_append_new(
		        expr, made(json_pack("{s:{s:I,s:i,s:s}}", "limit", "rate", (json_int_t)r->log_rate, "burst",
		                      (int)OWN_LOG_BURST, "per", "second")));
		json_array_append_new(expr, made(json_pack("{s:{s:o}}", "log", "prefix", string(r->log_prefix))));
		command_add(list, "add", "rule", rule_json(c, expr, NULL));
		expr = matches_json(t, r, &l4proto);
	}
	if (r->verdict == RS_CONTINUE) {
		json_decref(expr);
		return;
	}
	if (r->counts)
		json_array_append_new(expr, made(json_pack("{s:{s:I,s:I}}", "counter", "packets",
		                                    (json_int_t)r->packets, "bytes", (json_int_t)r->bytes)));
	if (r->reject && l4proto == PROTO_TCP)
		json_array_append_new(expr, made(json_pack("{s:{s:s}}", "reject", "type", "tcp reset")));
	else
		json_array_append_new(expr, made(json_pack("{s:n}", r->reject                 ? "reject"
		                                                    : r->verdict == RS_ACCEPT ? "accept"
		                                                                              : "drop")));
	command_add(list, "add", "rule", rule_json(c, expr, r->comment));
}

static json_t *table_json(const char *comment)
{
	json_t *json = made(json_pack("{s:s,s:s}", "family", "inet", "name", OWN_TABLE));

	if (comment != NULL)
		json_object_set_new(json, "comment", string(comment));
	return json;
}

static json_t *chain_json(const struct own_chain *c)
{
	json_t *json = in_table();

	json_object_set_new(json, "name", string(c->name));
	json_object_update_new(json, made(json_pack("{s:s,s:s,s:i,s:s}", "type", "filter", "hook",
	                                     rs_hook_name(c->hook), "prio", 0, "policy", "accept")));
	return json;
}

static json_t *origin_json(const struct own_table *t)
{
	json_t *json = in_table();

	json_object_set_new(json, "name", string(OWN_ORIGIN));
	json_object_set_new(json, "comment", string(t->comment));
	return json;
}

/* nft passes over what it does not know there. */
static json_t *metainfo(const struct own_table *t)
{
	json_t *json = made(json_pack("{s:i}", "json_schema_version", 1));

	if (t->comment != NULL)
		json_object_set_new(json, "comment", string(t->comment));
	return made(json_pack("{s:o}", "metainfo", json));
}

char *own_table_json(const struct own_table *t)
{
	json_t *list = made(json_array()), *root;
	char *text;

	json_array_append_new(list, metainfo(t));
	command_add(list, "add", "table", table_json(NULL));
	command_add(list, "delete", "table", table_json(NULL));
	command_add(list, "add", "table", table_json(OWN_TABLE_COMMENT));
	for (size_t i = 0; i < t->n_set; i++)
		command_add(list, "add", "set", set_json(&t->set[i]));
	for (size_t i = 0; i < t->n_chain; i++)
		command_add(list, "add", "chain", chain_json(&t->chain[i]));
	if (t->comment != NULL)
		command_add(list, "add", "chain", origin_json(t));
	for (size_t i = 0; i < t->n_chain; i++)
		for (size_t k = 0; k < t->chain[i].n_rule; k++)
			rule_add(list, t, &t->chain[i], &t->chain[i].rule[k]);
	root = made(json_pack("{s:o}", "nftables", list));
	text = json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	json_decref(root);
	return text;
}
