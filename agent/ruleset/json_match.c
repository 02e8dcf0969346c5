/*
 * Matches and verdict maps of nft's JSON: {"match":{op,left,right}} and {"vmap":{key,data}} become matches of the model,
 * or atoms where an operand has no field. Nothing that is not understood is taken for true or false.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/json.h"

static void match_atom(struct builder *b, const json_t *match)
{
	const json_t *left = json_object_get(match, "left");
	const char *op = json_member(match, "op");
	struct text t = {0};
	char *kind = json_kind(left);
	uint32_t ethertype;
	json_print(&t, left, 0);
	text_addf(&t, " %s%s", strcmp(op, "==") == 0 || strcmp(op, "in") == 0 ? "" : op,
	        strcmp(op, "==") == 0 || strcmp(op, "in") == 0 ? "" : " ");
	json_print(&t, json_object_get(match, "right"), 0);
	builder_ether_atom(b, kind, text_str(&t));
	if (strncmp(text_str(&t), "ether type ", 11) == 0 &&
	        symbol_value(symbols_ethertype, text_str(&t) + 11, &ethertype))
		builder_ethertype(b, ethertype);
	text_fini(&t);
	free(kind);
}

/* The set that a right-hand side names or lists; SIZE_MAX: none. */
static size_t right_set(
        struct json_reader *r, struct builder *b, const struct left *left, const json_t *right, bool map)
{
	const struct rs_chain *c = &b->rs->chain[b->chain];
	const char *name = json_string_value(right);
	size_t index;
	if (name != NULL && name[0] == '@' && name_index_find(&r->sets, c->family, c->table, name + 1, &index))
		return index;
	const json_t *elements = json_object_get(right, "set");
	if (elements == NULL || left->n == 0)
		return SIZE_MAX;
	return json_anonymous_set(r, b, left, elements, map);
}

/* A named set is for these fields when the types are. */
static bool types_fit(const struct rs_set *set, const struct left *left)
{
	if (set->undecided || set->n_field != left->n)
		return false;
	for (size_t i = 0; i < left->n; i++) {
		unsigned f = left->field[i] == FIELD_ETHERTYPE ? RS_FIELD_NFPROTO : left->field[i];
		if (strcmp(field_info(set->field[i])->type, field_info(f)->type) != 0)
			return false;
	}
	return true;
}

static bool compare_flags(struct builder *b, const struct left *left, const char *op, const json_t *right)
{
	unsigned f = left->field[0];
	u128 bits;
	if (left->n != 1 || left->masked || f >= RS_FIELD_N || !json_flags(f, right, &bits))
		return false;
	builder_mask(b, f, left->as, bits, 0, strcmp(op, "in") == 0);
	return true;
}

static bool compare_masked(struct builder *b, const struct left *left, const char *op, const json_t *right)
{
	bool negate = strcmp(op, "!=") == 0;
	u128 value;
	if ((!negate && strcmp(op, "==") != 0) || !json_flags(left->field[0], right, &value))
		return false;
	builder_mask(b, left->field[0], left->as, left->mask, value, negate);
	return true;
}

static bool compare_value(struct builder *b, const struct left *left, const char *op, const json_t *right)
{
	unsigned f = left->field[0];
	u128 max = field_max(f);
	struct range v;
	struct ranges r = {0};
	if (left->n != 1 || !json_value(f, right, &v))
		return false;
	bool equal = strcmp(op, "==") == 0 || strcmp(op, "!=") == 0;
	if (!equal && v.lo != v.hi)
		return false;
	/* Everything of a field is still a match on its protocol, and nft makes no more of it. */
	if (strcmp(op, "==") == 0 && v.lo == 0 && v.hi == max)
		return true;
	if (equal)
		ranges_add(&r, v.lo, v.hi);
	else if (strcmp(op, "<=") == 0)
		ranges_add(&r, 0, v.hi);
	else if (strcmp(op, ">=") == 0)
		ranges_add(&r, v.lo, max);
	else if (strcmp(op, "<") == 0 && v.lo > 0)
		ranges_add(&r, 0, v.lo - 1);
	else if (strcmp(op, ">") == 0 && v.hi < max)
		ranges_add(&r, v.hi + 1, max);
	else if (strcmp(op, "<") != 0 && strcmp(op, ">") != 0)
		return false;
	builder_ranges(b, f, left->as, &r, strcmp(op, "!=") == 0);
	return true;
}

static bool lookup(
        struct json_reader *r, struct builder *b, const struct left *left, const char *op, const json_t *right)
{
	bool negate = strcmp(op, "!=") == 0;
	size_t index = left->masked ? SIZE_MAX : right_set(r, b, left, right, false);
	if (index == SIZE_MAX || left->n == 0 || (!negate && strcmp(op, "==") != 0 && strcmp(op, "in") != 0))
		return false;
	const struct rs_set *set = &b->rs->set[index];
	if (!set->undecided && !set->dynamic && !set->timeout && !types_fit(set, left))
		return false;
	builder_set(b, left->field, left->n, left->as, index, negate);
	return true;
}

bool json_match(struct json_reader *r, struct builder *b, const json_t *match)
{
	const json_t *right = json_object_get(match, "right");
	const char *op = json_member(match, "op");
	struct left left;
	json_left(b, json_object_get(match, "left"), &left);
	bool flags = strcmp(op, "in") == 0 || strcmp(op, "!") == 0;
	if (left.n == 0 || right == NULL) {
		match_atom(b, match);
	} else if (json_object_get(right, "set") != NULL ||
	           (json_is_string(right) && json_string_value(right)[0] == '@')) {
		if (!lookup(r, b, &left, op, right))
			match_atom(b, match);
	} else if (flags         ? !compare_flags(b, &left, op, right)
	           : left.masked ? !compare_masked(b, &left, op, right)
	                         : !compare_value(b, &left, op, right)) {
		match_atom(b, match);
	}
	return true;
}

bool json_vmap(struct json_reader *r, struct builder *b, const json_t *vmap)
{
	const json_t *key = json_object_get(vmap, "key"), *data = json_object_get(vmap, "data");
	struct left left;
	json_left(b, key, &left);
	builder_reached(b);
	size_t index = left.n == 0 || left.masked ? SIZE_MAX : right_set(r, b, &left, data, true);
	if (index != SIZE_MAX && (b->rs->set[index].undecided || types_fit(&b->rs->set[index], &left))) {
		builder_vmap(b, left.field, left.n, index);
		return false;
	}
	struct text t = {0};
	json_print(&t, key, 0);
	text_add(&t, " vmap ");
	text_add(&t, json_is_string(data) ? json_string_value(data) : "{ ... }");
	builder_undecided(b, RS_UNKNOWN, text_str(&t));
	text_fini(&t);
	return false;
}

/* A number that has nothing to do with what the model has of the packet. @return false: something else. */
static bool drawn_range(const json_t *key, struct range *out)
{
	static const char *const words[] = {"numgen", "jhash", "symhash"};
	const json_t *v = NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && v == NULL; i++)
		v = json_object_get(key, words[i]);
	json_int_t modulus = json_integer_value(json_object_get(v, "mod")),
	           offset = json_integer_value(json_object_get(v, "offset"));
	if (modulus <= 0 || offset < 0 || modulus > UINT32_MAX || offset > UINT32_MAX - modulus)
		return false;
	*out = (struct range){(u128)offset, (u128)(offset + modulus - 1)};
	return true;
}

/* Is the number in the map whatever it is? */
static bool drawn_map(struct json_reader *r, struct builder *b, const json_t *map, struct nat_map *out)
{
	const struct left number = {.field = {RS_FIELD_MARK}, .n = 1};
	const json_t *data = json_object_get(map, "data");
	if (!drawn_range(json_object_get(map, "key"), &out->key) || !json_is_object(data))
		return false;
	out->set = right_set(r, b, &number, data, true);
	if (out->set == SIZE_MAX || b->rs->set[out->set].undecided)
		return false;
	const struct rs_set *set = &b->rs->set[out->set];
	u128 next = out->key.lo;
	for (size_t i = 0; i < set->n_element && next <= out->key.hi; i++)
		if (!set->element[i].catch_all && set->element[i].key[0].lo <= next &&
		        set->element[i].key[0].hi >= next)
			next = set->element[i].key[0].hi + 1;
	return next > out->key.hi;
}

bool json_map_key(struct json_reader *r, struct builder *b, const json_t *map, struct nat_map *out)
{
	struct left left;
	if (out != NULL)
		*out = (struct nat_map){.set = SIZE_MAX};
	if (out != NULL && drawn_map(r, b, map, out))
		return true;
	json_left(b, json_object_get(map, "key"), &left);
	size_t index =
	        left.n == 0 || left.masked ? SIZE_MAX : right_set(r, b, &left, json_object_get(map, "data"), true);
	if (index != SIZE_MAX && types_fit(&b->rs->set[index], &left)) {
		builder_set(b, left.field, left.n, left.as, index, false);
		if (out == NULL)
			return false;
		*out = (struct nat_map){.set = index, .n_field = left.n};
		memcpy(out->field, left.field, sizeof(out->field));
		return true;
	}
	struct text t = {0};
	json_print(&t, json_object_get(map, "key"), 0);
	char *kind = json_kind(json_object_get(map, "key"));
	text_add(&t, " ");
	json_print(&t, json_object_get(map, "data"), 0);
	builder_atom(b, kind, text_str(&t));
	free(kind);
	text_fini(&t);
	return false;
}
