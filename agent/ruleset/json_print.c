/*
 * Expressions of nft's JSON in nft syntax, for the text of atoms and statements. Any JSON comes in; what is not known is
 * named by its key, and nesting beyond a limit is cut.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/json.h"

static void plain(struct text *t, const char *s)
{
	char *clean = quoted_clean(xstrdup(s));
	text_add(t, clean);
	free(clean);
}

static void list_print(struct text *t, const json_t *list, const char *separator, int depth)
{
	for (size_t i = 0; i < json_array_size(list) && t->len < 4096; i++) {
		text_add(t, i > 0 ? separator : "");
		json_print(t, json_array_get(list, i), depth);
	}
}

static void payload_print(struct text *t, const json_t *json)
{
	if (json_object_get(json, "base") != NULL)
		text_addf(t, "@%s,%lld,%lld", json_member(json, "base"),
		        (long long)json_integer_value(json_object_get(json, "offset")),
		        (long long)json_integer_value(json_object_get(json, "len")));
	else
		text_addf(t, "%s %s", json_member(json, "protocol"), json_member(json, "field"));
}

static void meta_print(struct text *t, const json_t *json)
{
	static const char *const bare[] = {"iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup"};
	const char *key = json_member(json, "key");
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		if (strcmp(bare[i], key) == 0) {
			text_add(t, key);
			return;
		}
	}
	text_add(t, "meta ");
	plain(t, key);
}

static void ct_print(struct text *t, const json_t *json)
{
	const char *direction = json_member(json, "dir");
	text_addf(t, "ct %s%s", direction, direction[0] != '\0' ? " " : "");
	plain(t, json_member(json, "key"));
}

static void fib_print(struct text *t, const json_t *json)
{
	const json_t *flags = json_object_get(json, "flags");
	text_add(t, "fib ");
	if (json_is_string(flags))
		plain(t, json_string_value(flags));
	list_print(t, flags, " . ", JSON_MAX_DEPTH);
	text_add(t, " ");
	plain(t, json_member(json, "result"));
}

static void numgen_print(struct text *t, const json_t *json)
{
	long long offset = (long long)json_integer_value(json_object_get(json, "offset"));
	text_addf(t, "numgen %s mod %lld", json_member(json, "mode"),
	        (long long)json_integer_value(json_object_get(json, "mod")));
	if (offset != 0)
		text_addf(t, " offset %lld", offset);
}

static void hash_print(struct text *t, const char *word, const json_t *json, int depth)
{
	text_add(t, word);
	if (json_object_get(json, "expr") != NULL) {
		text_add(t, " ");
		json_print(t, json_object_get(json, "expr"), depth);
	}
	text_addf(t, " mod %lld", (long long)json_integer_value(json_object_get(json, "mod")));
}

/* {"name":...,"field":...} of extension headers and options; {"key":...,"family":...} of rt and socket. */
static void named_print(struct text *t, const char *word, const json_t *json)
{
	static const char *const members[] = {"family", "name", "key", "field"};
	text_add(t, word);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!json_is_string(json_object_get(json, members[i])))
			continue;
		text_add(t, " ");
		plain(t, json_member(json, members[i]));
	}
}

/* {"key":"saddr","family":"ip","dir":"out","spnum":0} */
static void ipsec_print(struct text *t, const json_t *json)
{
	long long number = (long long)json_integer_value(json_object_get(json, "spnum"));
	text_add(t, "ipsec ");
	plain(t, json_member(json, "dir"));
	if (number != 0)
		text_addf(t, " spnum %lld", number);
	if (json_is_string(json_object_get(json, "family"))) {
		text_add(t, " ");
		plain(t, json_member(json, "family"));
	}
	text_add(t, " ");
	plain(t, json_member(json, "key"));
}

static void elements_print(struct text *t, const json_t *list, int depth)
{
	text_add(t, "{ ");
	if (json_is_array(list))
		list_print(t, list, ", ", depth);
	else
		json_print(t, list, depth);
	text_add(t, " }");
}

static void object_print(struct text *t, const char *key, const json_t *v, int depth)
{
	if (strcmp(key, "payload") == 0) {
		payload_print(t, v);
	} else if (strcmp(key, "meta") == 0) {
		meta_print(t, v);
	} else if (strcmp(key, "ct") == 0) {
		ct_print(t, v);
	} else if (strcmp(key, "fib") == 0) {
		fib_print(t, v);
	} else if (strcmp(key, "ipsec") == 0) {
		ipsec_print(t, v);
	} else if (strcmp(key, "numgen") == 0) {
		numgen_print(t, v);
	} else if (strcmp(key, "jhash") == 0 || strcmp(key, "symhash") == 0) {
		hash_print(t, key, v, depth);
	} else if (strcmp(key, "prefix") == 0) {
		json_print(t, json_object_get(v, "addr"), depth);
		text_addf(t, "/%lld", (long long)json_integer_value(json_object_get(v, "len")));
	} else if (strcmp(key, "range") == 0) {
		list_print(t, v, "-", depth);
	} else if (strcmp(key, "concat") == 0) {
		list_print(t, v, " . ", depth);
	} else if (strcmp(key, "set") == 0) {
		elements_print(t, v, depth);
	} else if (strcmp(key, "elem") == 0) {
		json_print(t, json_object_get(v, "val"), depth);
	} else if (strcmp(key, "map") == 0) {
		json_print(t, json_object_get(v, "key"), depth);
		text_add(t, " map ");
		json_print(t, json_object_get(v, "data"), depth);
	} else if (json_is_array(v)) {
		text_addf(t, "%s", "");
		list_print(t, v, strcmp(key, "&") == 0 ? " & " : strcmp(key, "|") == 0 ? " | " : " ^ ", depth);
	} else {
		named_print(t, key, v);
	}
}

void json_print(struct text *t, const json_t *json, int depth)
{
	const json_t *inner;
	const char *key;
	if (depth > JSON_MAX_DEPTH + 1) {
		text_add(t, "...");
		return;
	}
	if (json_is_string(json))
		plain(t, json_string_value(json));
	else if (json_is_integer(json))
		text_addf(t, "%lld", (long long)json_integer_value(json));
	else if (json_is_boolean(json))
		text_add(t, json_is_true(json) ? "exists" : "missing");
	else if (json_is_array(json))
		list_print(t, json, ",", depth + 1);
	else if ((key = json_single(json, &inner)) != NULL)
		object_print(t, key, inner, depth + 1);
	else
		text_add(t, "...");
}

char *json_kind(const json_t *json)
{
	const json_t *inner, *first;
	const char *key = json_single(json, &inner);
	struct text t = {0};
	if (key != NULL && (strcmp(key, "fib") == 0 || strcmp(key, "ipsec") == 0))
		return xstrdup(key);
	if (key != NULL && (strcmp(key, "&") == 0 || strcmp(key, "|") == 0 || strcmp(key, "^") == 0) &&
	        json_single(json_array_get(inner, 0), &first) != NULL)
		json = json_array_get(inner, 0);
	json_print(&t, json, 0);
	if (t.len > 64)
		t.s[64] = '\0';
	return text_take(&t);
}
