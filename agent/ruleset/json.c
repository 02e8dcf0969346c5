/*
 * Reads `nft -j list ruleset`: the JSON text comes in, a ruleset goes out. Objects are taken by kind (chains, sets, then
 * rules), so that each finds what it names. Refused: text that is not such JSON, objects without their names, rules of
 * chains that are not there, and whatever is beyond the limits.
 */
#include "ruleset/json.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

static bool family_of(const char *name, enum rs_family *out)
{
	static const enum rs_family all[] = {RS_INET, RS_IP, RS_IP6, RS_ARP, RS_BRIDGE, RS_NETDEV};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(rs_family_name(all[i]), name) == 0) {
			*out = all[i];
			return true;
		}
	}
	return false;
}

struct names {
	enum rs_family family;
	const char *table, *name;
	uint64_t handle;
};

/* The members that every object has; its own name is under `key`. */
static int names_read(const json_t *object, const char *key, struct names *out, struct error *err)
{
	out->table = json_member(object, "table");
	out->name = json_member(object, key);
	out->handle = (uint64_t)json_integer_value(json_object_get(object, "handle"));
	if (!family_of(json_member(object, "family"), &out->family))
		return error_set(err, ERR_FORMAT, NULL, "\"family\" is missing or not one of nf_tables");
	if (out->table[0] == '\0' || strlen(out->table) > RULESET_MAX_NAME)
		return error_set(err, ERR_FORMAT, NULL, "\"table\" is missing or too long");
	if (out->name[0] == '\0' || strlen(out->name) > RULESET_MAX_NAME)
		return error_set(err, ERR_FORMAT, NULL, "\"%s\" is missing or too long", key);
	return 0;
}

static int chain_hook(struct rs_chain *c, const json_t *object, struct error *err)
{
	const char *type = json_member(object, "type"), *hook = json_member(object, "hook");
	const json_t *priority = json_object_get(object, "prio"), *device = json_object_get(object, "dev");
	unsigned h = RS_HOOK_PREROUTING;
	while (h <= RS_HOOK_EGRESS && strcmp(rs_hook_name((enum rs_hook)h), hook) != 0)
		h++;
	if (h > RS_HOOK_EGRESS)
		return error_set(err, ERR_FORMAT, NULL, "chain '%.64s': hook '%.32s' is not known", c->name, hook);
	if (!json_is_integer(priority) || json_integer_value(priority) < INT32_MIN ||
	        json_integer_value(priority) > INT32_MAX)
		return error_set(err, ERR_FORMAT, NULL, "chain '%.64s': \"prio\" is not a number", c->name);
	c->hook = (enum rs_hook)h;
	c->type = strcmp(type, "nat") == 0     ? RS_CHAIN_NAT
	          : strcmp(type, "route") == 0 ? RS_CHAIN_ROUTE
	                                       : RS_CHAIN_FILTER;
	c->priority = (int32_t)json_integer_value(priority);
	c->policy = strcmp(json_member(object, "policy"), "drop") == 0 ? RS_DROP : RS_ACCEPT;
	if (json_is_string(device))
		c->device = xstrdup(json_string_value(device));
	c->base = true;
	return 0;
}

static int chain_read(struct json_reader *r, const json_t *object, struct error *err)
{
	struct names names;
	size_t other;
	if (names_read(object, "name", &names, err) != 0)
		return -1;
	if (name_index_find(&r->chains, names.family, names.table, names.name, &other))
		return error_set(err, ERR_FORMAT, NULL, "chain '%.64s' comes twice", names.name);
	struct rs_chain *c = ruleset_chain_add(r->rs, err);
	if (c == NULL)
		return -1;
	c->family = names.family;
	c->table = xstrdup(names.table);
	c->name = xstrdup(names.name);
	c->handle = names.handle;
	name_index_add(&r->chains, c->family, c->table, c->name, c->order);
	return json_object_get(object, "hook") != NULL ? chain_hook(c, object, err) : 0;
}

/* "ipv4_addr" or ["ipv4_addr","inet_service"]; types without a field leave the set undecided. */
static void set_type(struct rs_set *set, const json_t *type)
{
	struct text t = {0};
	size_t n = json_is_array(type) ? json_array_size(type) : 1;
	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(json_is_array(type) ? json_array_get(type, i) : type);
		unsigned f = name != NULL ? field_of_type(name) : FIELD_NONE;
		text_addf(&t, "%s%s", i > 0 ? " . " : "", name != NULL ? name : "?");
		if (f == FIELD_NONE || i >= RS_CONCAT_MAX) {
			set->undecided = true;
			continue;
		}
		set->field[i] = f == FIELD_ETHERTYPE ? RS_FIELD_NFPROTO
		                : f == FIELD_IIF     ? RS_FIELD_IIFNAME
		                                     : (enum rs_field)f;
	}
	set->n_field = n < RS_CONCAT_MAX ? n : RS_CONCAT_MAX;
	set->type = text_take(&t);
}

static bool has_flag(const json_t *object, const char *flag)
{
	const json_t *flags = json_object_get(object, "flags");
	if (json_is_string(flags))
		return strcmp(json_string_value(flags), flag) == 0;
	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *s = json_string_value(json_array_get(flags, i));
		if (s != NULL && strcmp(s, flag) == 0)
			return true;
	}
	return false;
}

static int set_read(struct json_reader *r, const json_t *object, bool map, struct error *err)
{
	struct names names;
	size_t other;
	if (names_read(object, "name", &names, err) != 0)
		return -1;
	if (name_index_find(&r->sets, names.family, names.table, names.name, &other))
		return error_set(err, ERR_FORMAT, NULL, "set '%.64s' comes twice", names.name);
	struct rs_set *set = ruleset_set_add(r->rs, err);
	if (set == NULL)
		return -1;
	set->family = names.family;
	set->table = xstrdup(names.table);
	set->name = xstrdup(names.name);
	set->handle = names.handle;
	set->map = map;
	set->interval = has_flag(object, "interval");
	set->dynamic = has_flag(object, "dynamic");
	set->timeout = has_flag(object, "timeout") || json_object_get(object, "timeout") != NULL;
	set_type(set, json_object_get(object, "type"));
	name_index_add(&r->sets, set->family, set->table, set->name, r->rs->n_set - 1);
	return 0;
}

/* Elements name chains, so they are read once all chains are known. */
static int set_elements(struct json_reader *r, const json_t *object, struct error *err)
{
	struct names names;
	size_t index, i;
	const json_t *element;
	if (names_read(object, "name", &names, err) != 0)
		return -1;
	if (!name_index_find(&r->sets, names.family, names.table, names.name, &index))
		return error_set(err, ERR_INTERNAL, NULL, "set '%.64s' was lost", names.name);
	bool map = r->rs->set[index].map;
	json_array_foreach(json_object_get(object, "elem"), i, element)
	{
		if (map && json_array_size(element) == 2)
			json_element(r, index, names.family, names.table, json_array_get(element, 0),
			        json_array_get(element, 1));
		else
			json_element(r, index, names.family, names.table, element, NULL);
	}
	json_set_finish(&r->rs->set[index]);
	return 0;
}

/* nft does not print the dynamic flag: a rule that adds to a set tells. */
static void mark_dynamic(struct json_reader *r, const json_t *rule)
{
	enum rs_family family;
	const json_t *statement;
	size_t i, index;
	if (!family_of(json_member(rule, "family"), &family))
		return;
	json_array_foreach(json_object_get(rule, "expr"), i, statement)
	{
		const char *name = json_member(json_object_get(statement, "set"), "set");
		if (name[0] == '@' && name_index_find(&r->sets, family, json_member(rule, "table"), name + 1, &index))
			r->rs->set[index].dynamic = true;
	}
}

static int rule_read(struct json_reader *r, const json_t *object, struct error *err)
{
	struct names names;
	struct builder b;
	size_t index, i;
	const json_t *statement;
	if (names_read(object, "chain", &names, err) != 0)
		return -1;
	if (!name_index_find(&r->chains, names.family, names.table, names.name, &index))
		return error_set(
		        err, ERR_FORMAT, NULL, "a rule of chain '%.64s', which is not in the dump", names.name);
	builder_begin(&b, r->rs, index, names.handle);
	json_array_foreach(json_object_get(object, "expr"), i, statement) if (!json_statement(r, &b, statement)) break;
	const char *comment = json_string_value(json_object_get(object, "comment"));
	if (comment != NULL) {
		struct text t = {0};
		json_print(&t, json_object_get(object, "comment"), 0);
		b.rule.comment = text_take(&t);
	}
	return builder_end(&b, err);
}

static void flowtable_read(struct json_reader *r, const json_t *object)
{
	if (r->rs->foreign_flowtable == NULL)
		r->rs->foreign_flowtable = xasprintf("%s %s %s", json_member(object, "family"),
		        json_member(object, "table"), json_member(object, "name"));
}

enum pass { PASS_NAMES, PASS_ELEMENTS, PASS_RULES, PASS_N };

static int object_read(struct json_reader *r, enum pass pass, const char *key, const json_t *v, struct error *err)
{
	bool map = strcmp(key, "map") == 0, set = map || strcmp(key, "set") == 0;
	if (pass == PASS_NAMES && strcmp(key, "chain") == 0)
		return chain_read(r, v, err);
	if (pass == PASS_NAMES && set)
		return set_read(r, v, map, err);
	if (pass == PASS_NAMES && strcmp(key, "flowtable") == 0)
		flowtable_read(r, v);
	if (pass == PASS_ELEMENTS && set)
		return set_elements(r, v, err);
	if (pass == PASS_ELEMENTS && strcmp(key, "rule") == 0)
		mark_dynamic(r, v);
	if (pass == PASS_RULES && strcmp(key, "rule") == 0)
		return rule_read(r, v, err);
	return 0;
}

static int objects_read(struct json_reader *r, const json_t *list, struct error *err)
{
	const json_t *object, *v;
	size_t i;
	for (enum pass pass = PASS_NAMES; pass < PASS_N; pass++) {
		json_array_foreach(list, i, object)
		{
			const char *key = json_single(object, &v);
			if (key == NULL || !json_is_object(v))
				return error_set(
				        err, ERR_FORMAT, NULL, "nftables[%zu] is not an object of one member", i);
			if (object_read(r, pass, key, v, err) != 0)
				return error_prefix(err, "nftables[%zu].%.32s", i, key);
			if (r->too_many)
				return error_set(
				        err, ERR_LIMIT, NULL, "more than %d set elements", RULESET_MAX_ELEMENTS);
		}
	}
	return 0;
}

/* What the text will be in memory, before any of it is: an empty object is 3 bytes of text and 240 of memory. */
static int values_check(const char *json, size_t len, struct error *err)
{
	size_t containers = 0, values = 0;
	bool quoted = false;
	for (size_t i = 0; i < len; i++) {
		if (quoted && json[i] == '\\')
			i++;
		else if (json[i] == '"')
			quoted = !quoted;
		else if (!quoted && (json[i] == '{' || json[i] == '['))
			containers++;
		else if (!quoted && (json[i] == ',' || json[i] == ':'))
			values++;
	}
	if (containers > JSON_MAX_CONTAINERS || values > JSON_MAX_VALUES)
		return error_set(err, ERR_LIMIT, NULL,
		        "%zu objects and lists with %zu values; at most %d and %d are read", containers, values,
		        JSON_MAX_CONTAINERS, JSON_MAX_VALUES);
	return 0;
}

int ruleset_parse_json(const char *json, size_t len, struct ruleset **out, struct error *err)
{
	struct json_reader r = {0};
	json_error_t problem;
	int result = -1;
	*out = NULL;
	if (len > JSON_MAX_BYTES)
		return error_set(err, ERR_LIMIT, NULL, "%zu bytes of JSON; at most %zu are read", len, JSON_MAX_BYTES);
	if (values_check(json, len, err) != 0)
		return -1;
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &problem);
	if (root == NULL) {
		char where[32];
		snprintf(where, sizeof(where), "line %d", problem.line);
		return error_set(err, ERR_FORMAT, where, "not JSON: %s", problem.text);
	}
	const json_t *list = json_object_get(root, "nftables");
	r.rs = xcalloc(1, sizeof(*r.rs));
	if (!json_is_array(list)) {
		error_set(err, ERR_FORMAT, NULL, "no \"nftables\" list; give the output of nft -j list ruleset");
		goto out;
	}
	if (objects_read(&r, list, err) != 0)
		goto out;
	ruleset_finish(r.rs);
	*out = r.rs;
	r.rs = NULL;
	result = 0;
out:
	name_index_fini(&r.chains);
	name_index_fini(&r.sets);
	ruleset_free(r.rs);
	json_decref(root);
	return result;
}
