/*
 * Printed names come in, ids of the vocabulary go out. Names are compared as bags of words, because translated editions
 * shuffle words and scatter product names; a name that matches no entry exactly this way is not found.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/vocabulary.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

struct vocabulary_name {
	char *key;
	const struct vocabulary_entry *entry;
};

struct vocabulary {
	struct vocabulary_name *name; /* sorted by key */
	size_t n, cap;
};

#define MAX_WORDS 64

/* What product names leave behind in names of services. */
static bool is_product_word(const char *word)
{
	static const char *const words[] = {"skype", "for", "business", "server", "lync", "microsoft", "office",
	        "communications", "2010", "2013", "2015", "2019", "para", "o", "do", "de", "da", "servidor",
	        "negócios"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static bool is_word_character(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
	return !utf8_is_space(c) && c != 0xab && c != 0xb7 && c != 0xbb && !(c >= 0x2010 && c <= 0x205e) &&
	       !(c >= 0x3000 && c <= 0x303f && c != 0x3005);
}

static int word_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t words_split(const char *name, char *word[MAX_WORDS])
{
	struct text t = {0};
	size_t n = 0, size;
	char buf[4];
	for (const char *s = name;; s += size) {
		uint32_t c = utf8_fold(utf8_next(s, &size));
		if (size > 0 && is_word_character(c)) {
			text_addn(&t, buf, utf8_put(c, buf));
			continue;
		}
		if (t.len > 0 && n < MAX_WORDS)
			word[n++] = text_take(&t);
		text_fini(&t);
		if (size == 0)
			return n;
	}
}

char *vocabulary_key(enum vocabulary_kind kind, const char *name)
{
	char *word[MAX_WORDS];
	struct text key = {0};
	size_t n = words_split(name, word);
	qsort(word, n, sizeof(word[0]), word_cmp);
	for (size_t i = 0; i < n; i++) {
		if (kind != VOCABULARY_SERVICE || !is_product_word(word[i])) {
			text_add(&key, word[i]);
			text_add(&key, " ");
		}
		free(word[i]);
	}
	return text_take(&key);
}

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

struct vocabulary *vocabulary_new(void)
{
	struct vocabulary *v = xcalloc(1, sizeof(*v));
	for (size_t i = 0; i < vocabulary_size; i++) {
		names_add(v, &vocabulary_table[i], vocabulary_table[i].en);
		names_add(v, &vocabulary_table[i], vocabulary_table[i].de);
		names_add(v, &vocabulary_table[i], vocabulary_table[i].pt);
		names_add(v, &vocabulary_table[i], vocabulary_table[i].other);
	}
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
