#ifndef PORTCULLIS_RULESET_MIRROR_STORE_H
#define PORTCULLIS_RULESET_MIRROR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where the mirror keeps raw messages: objects in the kernel's order under their parents, found by kind, parent and key.
 */

enum mirror_kind {
	MIRROR_TABLE, /**< key: family and name */
	MIRROR_CHAIN, /**< key: name */
	MIRROR_SET,
	MIRROR_FLOWTABLE,
	MIRROR_RULE, /**< key: handle as it came */
	MIRROR_ELEMENT, /**< key: what tells it from others of its set; message: its attribute */
	MIRROR_KINDS
};

struct mirror_object;
struct mirror_rule;
struct mirror_list {
	struct mirror_object *first, *last;
};

struct mirror_object {
	enum mirror_kind kind;
	struct mirror_object *parent; /**< NULL: of a table */
	struct mirror_object *prev, *next; /**< siblings */
	bool placed; /**< among its siblings */
	struct mirror_list *part; /**< by kind, for those that have parts; else NULL */
	uint64_t handle; /**< of a chain */
	uint32_t flags; /**< of a table or set */
	bool has_devices; /**< a chain of devices */
	uint64_t thinned; /**< a chain: the last transaction that deleted a rule of it; 0: none */
	uint8_t *message; /**< owned */
	size_t len;
	uint8_t *key; /**< owned */
	size_t key_len;
	size_t slot; /**< of a chain or set in the decoded ruleset; SIZE_MAX: none */
	bool stale; /**< a set whose elements are not those that were decoded */
	struct mirror_rule *rule; /**< what a rule was decoded to; NULL: not yet */
	uint64_t hash;
	struct mirror_object *bucket;
};

struct mirror_store {
	struct mirror_list table;
	struct mirror_object **bucket;
	size_t n_bucket, n;
	size_t bytes; /**< of all messages */
	void (*release)(struct mirror_rule *rule); /**< may be NULL while no rule is decoded */
};

void store_fini(struct mirror_store *s);
struct mirror_object *store_find(const struct mirror_store *s, enum mirror_kind kind,
        const struct mirror_object *parent, const void *key, size_t key_len);
/** A new object, not placed yet. The key must be new. */
struct mirror_object *store_add(struct mirror_store *s, enum mirror_kind kind, struct mirror_object *parent,
        const void *key, size_t key_len, const void *message, size_t len);
/** Another message for the same object. */
void store_replace(struct mirror_store *s, struct mirror_object *o, const void *message, size_t len);
/** Put it behind a sibling; NULL: in front of all. */
void store_place_after(struct mirror_store *s, struct mirror_object *o, struct mirror_object *sibling);
void store_place_last(struct mirror_store *s, struct mirror_object *o);
/** With all its parts. */
void store_remove(struct mirror_store *s, struct mirror_object *o);

#endif
