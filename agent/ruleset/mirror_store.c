/*
 * Objects of the mirror: raw messages come in with their place, kind and key, and are found again by kind, parent and key
 * or in order. What a message says is not looked at here. Nothing is refused: the caller bounds what it adds.
 */
#include "ruleset/mirror_store.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define FIRST_BUCKETS ((size_t)64)

static uint64_t hash_of(enum mirror_kind kind, const struct mirror_object *parent, const void *key, size_t key_len)
{
	const uint8_t *p = key;
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)kind ^ (uint64_t)(uintptr_t)parent;

	for (size_t i = 0; i < key_len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

static struct mirror_list *siblings(struct mirror_store *s, const struct mirror_object *o)
{
	return o->parent == NULL ? &s->table : &o->parent->part[o->kind];
}

static void grow(struct mirror_store *s)
{
	size_t n = s->n_bucket == 0 ? FIRST_BUCKETS : 2 * s->n_bucket;
	struct mirror_object **bucket = xcalloc(n, sizeof(*bucket));

	for (size_t i = 0; i < s->n_bucket; i++) {
		for (struct mirror_object *o = s->bucket[i], *next; o != NULL; o = next) {
			next = o->bucket;
			o->bucket = bucket[o->hash & (n - 1)];
			bucket[o->hash & (n - 1)] = o;
		}
	}
	free(s->bucket);
	s->bucket = bucket;
	s->n_bucket = n;
}

struct mirror_object *store_find(const struct mirror_store *s, enum mirror_kind kind,
        const struct mirror_object *parent, const void *key, size_t key_len)
{
	uint64_t h = hash_of(kind, parent, key, key_len);

	if (s->n_bucket == 0)
		return NULL;
	for (struct mirror_object *o = s->bucket[h & (s->n_bucket - 1)]; o != NULL; o = o->bucket)
		if (o->hash == h && o->kind == kind && o->parent == parent && o->key_len == key_len &&
		        memcmp(o->key, key, key_len) == 0)
			return o;
	return NULL;
}

static uint8_t *copy(const void *bytes, size_t len)
{
	uint8_t *p = xmalloc(len + 1);
	memcpy(p, bytes, len);
	return p;
}

struct mirror_object *store_add(struct mirror_store *s, enum mirror_kind kind, struct mirror_object *parent,
        const void *key, size_t key_len, const void *message, size_t len)
{
	struct mirror_object *o = xcalloc(1, sizeof(*o));

	if (s->n >= s->n_bucket)
		grow(s);
	o->kind = kind;
	o->parent = parent;
	o->key = copy(key, key_len);
	o->key_len = key_len;
	o->message = copy(message, len);
	o->len = len;
	o->slot = SIZE_MAX;
	o->hash = hash_of(kind, parent, key, key_len);
	if (kind < MIRROR_FLOWTABLE)
		o->part = xcalloc(MIRROR_KINDS, sizeof(*o->part));
	o->bucket = s->bucket[o->hash & (s->n_bucket - 1)];
	s->bucket[o->hash & (s->n_bucket - 1)] = o;
	s->n++;
	s->bytes += len;
	return o;
}

void store_replace(struct mirror_store *s, struct mirror_object *o, const void *message, size_t len)
{
	s->bytes = s->bytes - o->len + len;
	free(o->message);
	o->message = copy(message, len);
	o->len = len;
}

void store_place_after(struct mirror_store *s, struct mirror_object *o, struct mirror_object *sibling)
{
	struct mirror_list *list = siblings(s, o);

	o->prev = sibling;
	o->next = sibling == NULL ? list->first : sibling->next;
	*(o->prev == NULL ? &list->first : &o->prev->next) = o;
	*(o->next == NULL ? &list->last : &o->next->prev) = o;
	o->placed = true;
}

void store_place_last(struct mirror_store *s, struct mirror_object *o)
{
	store_place_after(s, o, siblings(s, o)->last);
}

static void unlink_object(struct mirror_store *s, struct mirror_object *o)
{
	struct mirror_list *list = siblings(s, o);
	struct mirror_object **at = &s->bucket[o->hash & (s->n_bucket - 1)];

	while (*at != o)
		at = &(*at)->bucket;
	*at = o->bucket;
	s->n--;
	s->bytes -= o->len;
	if (!o->placed)
		return;
	*(o->prev == NULL ? &list->first : &o->prev->next) = o->next;
	*(o->next == NULL ? &list->last : &o->next->prev) = o->prev;
}

static void object_free(const struct mirror_store *s, struct mirror_object *o)
{
	if (o->rule != NULL)
		s->release(o->rule);
	free(o->part);
	free(o->message);
	free(o->key);
	free(o);
}

void store_remove(struct mirror_store *s, struct mirror_object *o)
{
	for (int kind = 0; o->part != NULL && kind < MIRROR_KINDS; kind++)
		while (o->part[kind].first != NULL)
			store_remove(s, o->part[kind].first);
	unlink_object(s, o);
	object_free(s, o);
}

void store_fini(struct mirror_store *s)
{
	/* Parts that were never placed are in no list. */
	for (size_t i = 0; i < s->n_bucket; i++) {
		for (struct mirror_object *o = s->bucket[i], *next; o != NULL; o = next) {
			next = o->bucket;
			object_free(s, o);
		}
	}
	free(s->bucket);
	memset(s, 0, sizeof(*s));
}
