#ifndef PORTCULLIS_RULESET_JSON_H
#define PORTCULLIS_RULESET_JSON_H

#include <jansson.h>

#include "ruleset/model.h"

/* The reader of `nft -j`: values, left-hand sides, statements, and text for what the model has no form for. */

#define JSON_MAX_BYTES ((size_t)64 << 20)
#define JSON_MAX_CONTAINERS 6000000 /**< 64 MiB of rules have 4 million */
#define JSON_MAX_VALUES 16000000
#define JSON_MAX_DEPTH 16 /**< of nested expressions; deeper ones are not decoded */

struct json_reader {
	struct ruleset *rs;
	struct name_index chains, sets;
	size_t n_element;
	bool too_many; /**< the limit of elements was met */
};

/** A left-hand side made of fields of the model. */
struct left {
	unsigned field[RS_CONCAT_MAX];
	size_t n; /**< 0: not made of fields */
	const char *as; /**< spelling of a single field, or NULL */
	bool masked; /**< a single field with "&" */
	u128 mask;
	const json_t *unread; /**< n is 0: what it was */
};

/** String member, or "" when there is none. */
const char *json_member(const json_t *object, const char *key);
/** The only key of an object and its value; NULL when it is not such an object. */
const char *json_single(const json_t *object, const json_t **value);

/** A value of a field: number, name, address, {"prefix"}, {"range"}, flags. @return false: not one of this field's. */
bool json_value(unsigned field, const json_t *json, struct range *out);
bool json_flags(unsigned field, const json_t *json, u128 *out);

/** Resolve a left-hand side; what its protocol needs is added to the rule. */
void json_left(struct builder *b, const json_t *json, struct left *out);
/** nft's words for any expression. */
void json_print(struct text *t, const json_t *json, int depth);
/** Kind of an atom on this expression: "ct mark", "fib". The caller frees it. */
char *json_kind(const json_t *json);

/** Add an element to a set from its JSON; data NULL unless a map. */
void json_element(struct json_reader *r, size_t set, enum rs_family family, const char *table, const json_t *json,
        const json_t *data);
void json_set_finish(struct rs_set *set);
/** A new anonymous set for these fields with these elements. @return its index, or SIZE_MAX: too many sets. */
size_t json_anonymous_set(
        struct json_reader *r, const struct builder *b, const struct left *left, const json_t *elements, bool map);
/** {"accept":null}, {"jump":{"target":"x"}}, ... @return false: not a verdict. */
bool json_verdict(const struct json_reader *r, enum rs_family family, const char *table, const char *key,
        const json_t *value, struct rs_verdict *out);

/** One statement of a rule's expr. @return false: nothing after it is reached, or it was not understood. */
bool json_statement(struct json_reader *r, struct builder *b, const json_t *statement);
bool json_match(struct json_reader *r, struct builder *b, const json_t *match);
bool json_vmap(struct json_reader *r, struct builder *b, const json_t *vmap);
bool json_nat(struct json_reader *r, struct builder *b, const char *word, const json_t *value);
/**
 * The match that a map's key is in the map, unless it is whatever it is.
 *
 * @param out  or NULL: the key decides.
 * @return whether *out says which map with which key it is.
 */
bool json_map_key(struct json_reader *r, struct builder *b, const json_t *map, struct nat_map *out);

#endif
