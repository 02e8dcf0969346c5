/*
 * Numbers for questions about legs: a question comes in, out goes the number of the equal one that was asked before, or the next
 * one. Nothing is refused; who asks decides how many are kept.
 */
#include "verify/leg_index.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

static uint64_t hash_mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t key_hash(const struct leg_key *k)
{
	uint64_t h = hash_mix((uint64_t)k->family << 16 | (uint64_t)k->proto << 8, (uint64_t)k->path);

	/* The interfaces follow from the addresses, mostly. */
	for (int i = 0; i < AXIS_N; i++) {
		h = hash_mix(h, (uint64_t)k->cell.axis[i].lo ^ (uint64_t)(k->cell.axis[i].lo >> 64));
		h = hash_mix(h, (uint64_t)k->cell.axis[i].hi ^ (uint64_t)(k->cell.axis[i].hi >> 64));
	}
	return hash_mix(hash_mix(h, (uint64_t)k->inside.lo), (uint64_t)k->shift);
}

static bool key_equal(const struct leg_key *a, const struct leg_key *b)
{
	return a->family == b->family && a->proto == b->proto && a->path == b->path && strcmp(a->iif, b->iif) == 0 &&
	       strcmp(a->oif, b->oif) == 0 && cell_covers(&a->cell, &b->cell) && cell_covers(&b->cell, &a->cell) &&
	       a->translated == b->translated && a->inside.lo == b->inside.lo && a->inside.hi == b->inside.hi &&
	       a->shift == b->shift && a->siblings == b->siblings;
}

static uint32_t *slot_of(struct leg_index *x, const struct leg_key *key)
{
	size_t i = (size_t)key_hash(key) & (x->n_slot - 1);

	while (x->slot[i] != 0 && !key_equal(&x->key[x->slot[i] - 1], key))
		i = (i + 1) & (x->n_slot - 1);
	return &x->slot[i];
}

static void grow(struct leg_index *x)
{
	x->n_slot = x->n_slot == 0 ? 256 : x->n_slot * 2;
	free(x->slot);
	x->slot = xcalloc(x->n_slot, sizeof(*x->slot));
	for (size_t i = 0; i < x->n; i++)
		*slot_of(x, &x->key[i]) = (uint32_t)(i + 1);
}

size_t leg_index_find(struct leg_index *x, const struct leg_key *key, bool *is_new)
{
	uint32_t *slot;

	if (x->n * 2 >= x->n_slot)
		grow(x);
	slot = slot_of(x, key);
	*is_new = *slot == 0;
	if (!*is_new)
		return *slot - 1;
	x->key = xgrow(x->key, x->n, &x->cap, sizeof(*x->key));
	x->key[x->n] = *key;
	*slot = (uint32_t)++x->n;
	return *slot - 1;
}

void leg_index_forget(struct leg_index *x)
{
	x->n = 0;
	if (x->slot != NULL)
		memset(x->slot, 0, x->n_slot * sizeof(*x->slot));
}

void leg_index_fini(struct leg_index *x)
{
	free(x->key);
	free(x->slot);
	memset(x, 0, sizeof(*x));
}
