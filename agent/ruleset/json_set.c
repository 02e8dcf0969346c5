/*
 * Elements of sets and maps in nft's JSON: each comes in as a value, a concatenation or "*", with a verdict in verdict maps,
 * and goes out as an element of the model. One that is not of the set's types leaves the whole set undecided.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/json.h"

/* Statements of an element that can end a rule. */
static bool has_condition(const json_t *element)
{
	static const char *const conditions[] = {"limit", "quota", "ct count"};
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (json_object_get(element, conditions[i]) != NULL)
			return true;
	return false;
}

static bool key_read(const struct rs_set *set, const json_t *json, struct rs_element *e)
{
	const json_t *parts = json_object_get(json, "concat");
	if (set->n_field == 1 && parts == NULL)
		return json_value(set->field[0], json, &e->key[0]);
	if (json_array_size(parts) != set->n_field)
		return false;
	for (size_t i = 0; i < set->n_field; i++)
		if (!json_value(set->field[i], json_array_get(parts, i), &e->key[i]))
			return false;
	return true;
}

/* Ether types that are neither of IPv4 nor IPv6 are in no packet of the model. */
static bool is_other_ethertype(const struct rs_set *set, const json_t *json)
{
	struct range r;
	return set->field[0] == RS_FIELD_NFPROTO && set->n_field == 1 && json_value(FIELD_ETHERTYPE, json, &r);
}

static const json_t *ethertype_key(const struct rs_set *set, const json_t *json, struct rs_element *e, bool *known)
{
	struct range r;
	*known = false;
	if (!is_other_ethertype(set, json) || !json_value(FIELD_ETHERTYPE, json, &r))
		return json;
	struct ranges ranges = {0};
	ranges_add(&ranges, r.lo, r.hi);
	ethertype_ranges(&ranges);
	*known = ranges.n > 0;
	if (*known)
		e->key[0] = (struct range){ranges.item[0].lo, ranges.item[ranges.n - 1].hi};
	ranges_fini(&ranges);
	return NULL;
}

static bool target_address(const json_t *json, struct rs_target *t)
{
	struct range r;
	if (!json_value(RS_FIELD_IP_DADDR, json, &r) && !json_value(RS_FIELD_IP6_DADDR, json, &r))
		return false;
	t->has_address = true;
	t->address_lo = r.lo;
	t->address_hi = r.hi;
	return true;
}

static bool target_port(const json_t *json, struct rs_target *t)
{
	struct range r;
	if (!json_value(RS_FIELD_DPORT, json, &r))
		return false;
	t->has_port = true;
	t->port = (struct port_range){(uint16_t)r.lo, (uint16_t)r.hi};
	return true;
}

/* "10.0.0.1", {"range":["10.0.0.1","10.0.0.9"]}, {"concat":["10.0.0.1",8080]}, 8080; nothing of anything else. */
static struct rs_target target_read(const json_t *json)
{
	const struct rs_target nothing = {.has_address = false};
	const json_t *parts = json_object_get(json, "concat");
	struct rs_target t = nothing;
	bool ok = parts == NULL ? target_address(json, &t) || target_port(json, &t)
	                        : json_array_size(parts) == 2 && target_address(json_array_get(parts, 0), &t) &&
	                                  target_port(json_array_get(parts, 1), &t);
	return ok ? t : nothing;
}

void json_element(struct json_reader *r, size_t index, enum rs_family family, const char *table, const json_t *json,
        const json_t *data)
{
	struct rs_set *set = &r->rs->set[index];
	const json_t *wrapped = json_object_get(json, "elem"), *value;
	struct rs_element e = {.verdict = {.code = RS_CONTINUE}};
	if (++r->n_element > RULESET_MAX_ELEMENTS) {
		r->too_many = true;
		return;
	}
	if (wrapped != NULL) {
		set->undecided |= has_condition(wrapped);
		json = json_object_get(wrapped, "val");
	}
	if (set->undecided)
		return;
	bool known = false;
	if (json_is_string(json) && strcmp(json_string_value(json), "*") == 0 && set->field[0] != RS_FIELD_IIFNAME) {
		e.catch_all = true;
	} else if (!key_read(set, json, &e)) {
		json = ethertype_key(set, json, &e, &known);
		if (json != NULL)
			set->undecided = true;
		if (!known)
			return;
	}
	const char *key = data != NULL ? json_single(data, &value) : NULL;
	if (key != NULL && !json_verdict(r, family, table, key, value, &e.verdict) && strcmp(key, "queue") != 0)
		e.verdict = (struct rs_verdict){.code = RS_CONTINUE};
	if (data != NULL)
		e.target = target_read(data);
	*set_element_add(set) = e;
}

void json_set_finish(struct rs_set *set)
{
	size_t n = 0;
	struct rs_element all = {0};
	for (size_t i = 0; i < set->n_element; i++) {
		if (set->element[i].catch_all)
			all = set->element[i];
		else
			set->element[n++] = set->element[i];
	}
	set->n_element = n;
	set_sort(set);
	if (all.catch_all)
		*set_element_add(set) = all;
}

size_t json_anonymous_set(
        struct json_reader *r, const struct builder *b, const struct left *left, const json_t *elements, bool map)
{
	const struct rs_chain *c = &b->rs->chain[b->chain];
	const json_t *element;
	size_t i, index = r->rs->n_set;
	struct rs_set *set = ruleset_set_add(r->rs, NULL);
	if (set == NULL)
		return SIZE_MAX;
	set->family = c->family;
	set->table = xstrdup(c->table);
	set->name = xasprintf(map ? "__map%zu" : "__set%zu", index);
	set->anonymous = true;
	set->map = map;
	set->n_field = left->n;
	for (i = 0; i < left->n; i++)
		set->field[i] = left->field[i] == FIELD_ETHERTYPE ? RS_FIELD_NFPROTO : (enum rs_field)left->field[i];
	if (!json_is_array(elements)) {
		json_element(r, index, c->family, c->table, elements, NULL);
	} else {
		json_array_foreach(elements, i, element)
		{
			bool pair = map && json_array_size(element) == 2;
			json_element(r, index, c->family, c->table, pair ? json_array_get(element, 0) : element,
			        pair ? json_array_get(element, 1) : NULL);
		}
	}
	set = &r->rs->set[index];
	for (i = 0; i < set->n_element; i++) {
		const struct rs_element *e = &set->element[i];
		for (size_t k = 0; k < set->n_field; k++)
			set->interval |= e->key[k].lo != e->key[k].hi;
	}
	json_set_finish(set);
	return index;
}
