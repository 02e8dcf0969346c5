#ifndef CONFIG_RETIRED_H
#define CONFIG_RETIRED_H

#include "portcullis/journal.h"

/** Ids whose owners are gone, by id and by name. */
struct retired {
	struct retired_id *id; /**< sorted by kind and id */
	size_t n, cap;
	const struct retired_id **named; /**< sorted by kind and name */
};

/** Takes the list over, in any order. */
void retired_init(struct retired *r, struct retired_id *id, size_t n);
void retired_fini(struct retired *r);
/** Whose the id was, or NULL: nobody's. */
const char *retired_owner(const struct retired *r, enum named_kind kind, uint32_t id);
/** An id that the name had, or 0. */
uint32_t retired_id_of(const struct retired *r, enum named_kind kind, const char *name);
/** For retired_join(): the list is not sorted. */
void retired_add(struct retired *r, enum named_kind kind, uint32_t id, const char *name);
/** Empties *more. */
void retired_join(struct retired *r, struct retired *more);

#endif
