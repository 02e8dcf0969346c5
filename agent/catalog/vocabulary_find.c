/*
 * Printed names come in, ids of the vocabulary go out. Names are compared as bags of words, because translated editions
 * shuffle words and scatter product names; a name that matches no entry exactly this way is not found.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"

struct vocabulary_name {
	char *key;
	const struct vocabulary_entry *entry;
};

struct vocabulary {
	struct vocabulary_name *name; /* sorted by key */
	size_t n, cap;
};

static int name_cmp(const void *a, const void *b)
{
	const struct vocabulary_name *x = a, *y = b;
	int order = strcmp(x->key, y->key);
	/* The table's order decides between equal keys, so that a look-up is the same everywhere. */
	return order != 0 ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

static void names_add(struct vocabulary *v, const struct vocabulary_entry *entry, const char *names)
{
	while (*names != '\0') {
		const char *end = strstr(names, "; ");
		char *name = xstrndup(names, end != NULL ? (size_t)(end - names) : strlen(names));
		v->name = xgrow(v->name, v->n, &v->cap, sizeof(*v->name));
		v->name[v->n].key = vocabulary_key(entry->kind, name);
		v->name[v->n++].entry = entry;
		free(name);
		names = end != NULL ? end + 2 : "";
	}
}

static void edition_add(struct vocabulary *v, const struct vocabulary_names *edition)
{
	size_t at = 0;
	for (; edition->id != NULL; edition++)
		/* Editions follow the order of the table, but for a few: the search goes on where the last one ended. */
		for (size_t tried = 0; tried < vocabulary_size; tried++, at = (at + 1) % vocabulary_size)
			if (strcmp(vocabulary_table[at].id, edition->id) == 0) {
				names_add(v, &vocabulary_table[at], edition->names);
				break;
			}
}

struct vocabulary *vocabulary_new(void)
{
	struct vocabulary *v = xcalloc(1, sizeof(*v));
	for (size_t i = 0; i < vocabulary_size; i++) {
		names_add(v, &vocabulary_table[i], vocabulary_table[i].en);
		names_add(v, &vocabulary_table[i], vocabulary_table[i].de);
		names_add(v, &vocabulary_table[i], vocabulary_table[i].pt);
	}
	for (size_t i = 0; vocabulary_editions[i] != NULL; i++)
		edition_add(v, vocabulary_editions[i]);
	qsort(v->name, v->n, sizeof(*v->name), name_cmp);
	return v;
}

void vocabulary_free(struct vocabulary *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->n; i++)
		free(v->name[i].key);
	free(v->name);
	free(v);
}

static const char *key_find(const struct vocabulary *v, unsigned kinds, const char *key)
{
	size_t lo = 0, hi = v->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (strcmp(v->name[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < v->n && strcmp(v->name[lo].key, key) == 0; lo++)
		if ((v->name[lo].entry->kind & kinds) != 0)
			return v->name[lo].entry->id;
	return NULL;
}

const char *vocabulary_find(const struct vocabulary *v, unsigned kinds, const char *name)
{
	char *key;
	const char *id = NULL;
	if ((kinds & ~(unsigned)VOCABULARY_SERVICE) != 0) {
		key = vocabulary_key(VOCABULARY_ROLE, name);
		if (*key != '\0')
			id = key_find(v, kinds & ~(unsigned)VOCABULARY_SERVICE, key);
		free(key);
	}
	if (id == NULL && (kinds & VOCABULARY_SERVICE) != 0) {
		key = vocabulary_key(VOCABULARY_SERVICE, name);
		if (*key != '\0')
			id = key_find(v, VOCABULARY_SERVICE, key);
		free(key);
	}
	return id;
}

const struct vocabulary_entry *vocabulary_entry_find(unsigned kinds, const char *id)
{
	for (size_t i = 0; i < vocabulary_size; i++)
		if ((vocabulary_table[i].kind & kinds) != 0 && strcmp(vocabulary_table[i].id, id) == 0)
			return &vocabulary_table[i];
	return NULL;
}

static struct vocabulary *shared;

static void shared_make(void)
{
	shared = vocabulary_new();
}

const struct vocabulary *vocabulary_shared(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, shared_make);
	return shared;
}
