#ifndef CATALOG_VOCABULARY_H
#define CATALOG_VOCABULARY_H

#include <stddef.h>

/** Kinds are bits, so that a cell can be looked up in several of them. */
enum vocabulary_kind {
	VOCABULARY_PRODUCT = 1 << 0,
	VOCABULARY_ROLE = 1 << 1,
	VOCABULARY_LOAD_BALANCER = 1 << 2,
	VOCABULARY_SERVICE = 1 << 3,
	VOCABULARY_CLIENT = 1 << 4,
	VOCABULARY_DEVICE = 1 << 5,
	VOCABULARY_TABLE = 1 << 6,
	VOCABULARY_COLUMN = 1 << 7,
	VOCABULARY_IPSEC_RULE = 1 << 8,
	VOCABULARY_VALUE = 1 << 9
};
#define VOCABULARY_ANY_ROLE (VOCABULARY_ROLE | VOCABULARY_LOAD_BALANCER | VOCABULARY_CLIENT | VOCABULARY_DEVICE)

struct vocabulary_entry {
	enum vocabulary_kind kind;
	const char *id; /**< unique among all kinds */
	const char *en, *de,
	        *pt; /**< names, divided by "; ", the first is the label in packs; "" where there is none */
};

extern const struct vocabulary_entry vocabulary_table[];
extern const size_t vocabulary_size;

/** Further names of an id, divided by "; ". A list of one language ends with an id that is NULL. */
struct vocabulary_names {
	const char *id, *names;
};

extern const struct vocabulary_names vocabulary_en[], vocabulary_de[], vocabulary_pt[], vocabulary_fr[],
        vocabulary_es[], vocabulary_it[], vocabulary_ru[], vocabulary_ja[], vocabulary_ko[], vocabulary_zh[];
/** All of them; NULL ends the list. */
extern const struct vocabulary_names *const vocabulary_editions[];

/** Names by key, for look-ups. */
struct vocabulary;
struct vocabulary *vocabulary_new(void);
void vocabulary_free(struct vocabulary *v);
/** One for the whole process, made at the first call, from any thread; never freed. Its names are folded only once. */
const struct vocabulary *vocabulary_shared(void);

/**
 * Find the id that a printed name stands for. Upper and lower case, accents, hyphens, blanks, punctuation, articles, endings
 * of the plural and of Russian cases and the order of words do not count. Japanese, Korean and Chinese characters are words
 * of their own, so blanks between them do not count. In names of services the words of product names do not count either
 * (translations scatter them).
 *
 * @param kinds  bits of enum vocabulary_kind.
 * @return a static string, or NULL.
 */
const char *vocabulary_find(const struct vocabulary *v, unsigned kinds, const char *name);

/** The entry of an id, or NULL. */
const struct vocabulary_entry *vocabulary_entry_find(unsigned kinds, const char *id);

/** The key by which names are compared; the caller frees it. */
char *vocabulary_key(enum vocabulary_kind kind, const char *name);

#endif
