/*
 * An overlay and documents come in, the roles, services and documents of a pack go out, with names for people in every
 * language that the vocabulary, the overlay or a document knows. A service without an English name is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/builder.h"
#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

static bool labels_have(const json_t *labels, const char *language)
{
	size_t i;
	json_t *one;
	json_array_foreach(labels, i, one)
	{
		if (strcmp(string_of(one, "language"), language) == 0)
			return true;
	}
	return false;
}

/* The first of the names, where the language has none yet. */
static void label_add(json_t *labels, const char *language, const char *names)
{
	char *first = xstrndup(names, strcspn(names, ";"));
	if (*first != '\0' && *language != '\0' && !labels_have(labels, language))
		json_array_append_new(labels, json_pack("{s:s,s:s}", "language", language, "text", first));
	free(first);
}

static void labels_own(json_t *labels, json_t *own)
{
	const char *language;
	json_t *text;
	json_object_foreach(own, language, text)
	        json_array_append_new(labels, json_pack("{s:s,s:O}", "language", language, "text", text));
}

static void labels_known(json_t *labels, unsigned kinds, const char *name)
{
	const struct vocabulary_entry *entry = vocabulary_entry_find(kinds, name);
	if (entry == NULL)
		return;
	label_add(labels, "en", entry->en);
	label_add(labels, "de", entry->de);
	label_add(labels, "pt", entry->pt);
}

/* A row's own words for a role (when it names no other) or a service; "" when it speaks of something else. */
static const char *words_for(const struct import_row *row, bool service, const char *name)
{
	if (service)
		return strcmp(row->service_id, name) == 0 ? row->service : "";
	return row->n_role_id == 1 && strcmp(row->role_id, name) == 0 ? row->role : "";
}

/* What a document prints most often for it, so that a slip in one row is no name; NULL: nothing. */
static const char *words_usual(const struct import *import, bool service, const char *name)
{
	json_t *count = json_object(), *n;
	const char *best = NULL, *words;
	json_int_t most = 0;
	for (size_t t = 0; t < import->n_table; t++)
		for (size_t r = 0; r < import->table[t].n_row; r++) {
			if (import->table[t].kind == IMPORT_IPSEC_EXCEPTIONS)
				continue;
			words = words_for(&import->table[t].row[r], service, name);
			if (*words == '\0')
				continue;
			n = json_object_get(count, words);
			json_object_set_new(count, words, json_integer(json_integer_value(n) + 1));
			if (json_integer_value(json_object_get(count, words)) > most) {
				most = json_integer_value(json_object_get(count, words));
				best = words;
			}
		}
	json_decref(count);
	return best;
}

/* Names in the languages of the documents, where there is none yet. */
static void labels_learn(const struct builder *b, json_t *labels, bool service, const char *name)
{
	for (size_t d = 0; d < b->n_import; d++) {
		const char *words = words_usual(b->import[d], service, name);
		char *line;
		if (words == NULL)
			continue;
		line = xstrdup(words);
		for (char *c = line; *c != '\0'; c++)
			*c = *c == '\n' ? ' ' : *c;
		label_add(labels, b->import[d]->document.language, line);
		free(line);
	}
}

json_t *roles_json(const struct builder *b, const json_t *overlay)
{
	static const char *const members[] = {"name", "id", "kind", "include", "successor-of"};
	json_t *list = json_array(), *role;
	size_t i;
	json_array_foreach(json_object_get(overlay, "role"), i, role)
	{
		const char *name = string_of(role, "name");
		json_t *one = json_object(), *labels = json_array();
		copy_members(one, role, members, sizeof(members) / sizeof(members[0]));
		labels_own(labels, json_object_get(role, "label"));
		labels_known(labels, VOCABULARY_ANY_ROLE, name);
		labels_learn(b, labels, false, name);
		if (json_array_size(labels) > 0)
			json_object_set(one, "label", labels);
		json_decref(labels);
		json_array_append_new(list, one);
	}
	return list;
}

/* The overlay's entry of a service, or NULL. */
static const json_t *service_find(const json_t *overlay, const char *name)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(overlay, "service"), i, one)
	{
		if (strcmp(string_of(one, "name"), name) == 0)
			return one;
	}
	return NULL;
}

static bool is_listed(const json_t *services, const char *name)
{
	size_t i;
	json_t *one;
	json_array_foreach(services, i, one)
	{
		if (strcmp(string_of(one, "name"), name) == 0)
			return true;
	}
	return false;
}

json_t *services_json(struct builder *b, const json_t *overlay, const json_t *requirements)
{
	json_t *list = json_array(), *requirement;
	size_t i;
	json_array_foreach(requirements, i, requirement)
	{
		const char *name = string_of(requirement, "service");
		json_t *labels;
		if (*name == '\0' || is_listed(list, name))
			continue;
		labels = json_array();
		labels_own(labels, json_object_get(service_find(overlay, name), "label"));
		/* The pack's own documents name a service with its product, the vocabulary with any. */
		labels_learn(b, labels, true, name);
		labels_known(labels, VOCABULARY_SERVICE, name);
		if (!labels_have(labels, "en")) {
			(void)error_set(b->err, ERR_INVALID, b->where,
			        "service %s of requirement %s has no English name; add {\"name\": \"%s\", \"label\": "
			        "{\"en\": ...}} to the overlay's \"service\"",
			        name, string_of(requirement, "label-name"), name);
			json_decref(labels);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, json_pack("{s:s,s:o}", "name", name, "label", labels));
	}
	return list;
}

static bool documents_have(const json_t *list, const char *file)
{
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one)
	{
		if (strcmp(string_of(one, "file"), file) == 0)
			return true;
	}
	return false;
}

json_t *documents_json(const struct builder *b)
{
	json_t *list = json_array();
	for (size_t d = 0; d < b->n_import; d++) {
		const struct document *doc = &b->import[d]->document;
		json_t *one = json_pack("{s:s}", "file", base_name(doc->file));
		set_if(one, "title", doc->title);
		set_if(one, "language", doc->language);
		set_if(one, "article", doc->article != NULL ? doc->article : "");
		json_object_set_new(one, "rows", json_integer((json_int_t)import_rows(b->import[d])));
		json_array_append_new(list, one);
	}
	for (size_t d = 0; d < b->n_import; d++) {
		const struct document *doc = &b->import[d]->document;
		for (size_t i = 0; b->import[d]->n_table == 0 && i < doc->n_reference; i++)
			if (!documents_have(list, doc->reference[i].target))
				json_array_append_new(list, json_pack("{s:s,s:s,s:i}", "file", doc->reference[i].target,
				                                    "title", doc->reference[i].title, "rows", 0));
	}
	return list;
}
