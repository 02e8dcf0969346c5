/*
 * Numbers of groups, deployments and zones: a site with gaps comes in, one where each has its number goes out, and the
 * numbers are stored in the tree. A number is the one that was there before, else the hash of the name, else the next
 * that is free, so that the same configuration gives the same numbers on every device. A changed number is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

#define HASH_MASK 0x7fffffffu
/* The two above it are those of parties that every site has. */
#define ID_MAX 0x7ffffffdu

static const char *const kind_names[NAMED_KIND_N] = {"group", "deployment", "zone"};

struct named {
	const char *name;
	uint32_t *id;
	uint32_t hash; /* of the name */
};

/* Found by name: linear probing, at most half full. */
struct names {
	struct named *item; /* in the order of the site */
	size_t n, n_slot;
	uint32_t *slot; /* index + 1; 0: free */
};

/* Numbers that are taken: linear probing, at most half full; 0 is free. */
struct taken {
	uint32_t *slot;
	size_t n_slot;
};

static int named_cmp(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void names_index(struct names *names)
{
	for (names->n_slot = 16; names->n_slot < 2 * names->n; names->n_slot *= 2)
		;
	names->slot = xcalloc(names->n_slot, sizeof(*names->slot));
	for (size_t i = 0; i < names->n; i++) {
		size_t k = names->item[i].hash & (names->n_slot - 1);

		while (names->slot[k] != 0)
			k = (k + 1) & (names->n_slot - 1);
		names->slot[k] = (uint32_t)i + 1;
	}
}

static void names_fini(struct names *names)
{
	free(names->item);
	free(names->slot);
}

static struct names names_of(const struct site *site, enum named_kind kind)
{
	size_t n = kind == NAMED_GROUP ? site->n_group : kind == NAMED_DEPLOYMENT ? site->n_deployment : site->n_zone;
	struct names names = {.item = xcalloc(n + 1, sizeof(struct named)), .n = n};

	for (size_t i = 0; i < n; i++) {
		struct named *item = &names.item[i];

		if (kind == NAMED_GROUP)
			*item = (struct named){.name = site->group[i].name, .id = &site->group[i].id};
		else if (kind == NAMED_DEPLOYMENT)
			*item = (struct named){.name = site->deployment[i].name, .id = &site->deployment[i].id};
		else
			*item = (struct named){.name = site->zone[i].name, .id = &site->zone[i].id};
		item->hash = hash32(item->name);
	}
	names_index(&names);
	return names;
}

static const struct named *find(const struct names *names, const char *name)
{
	uint32_t hash = hash32(name);

	for (size_t k = hash & (names->n_slot - 1); names->slot[k] != 0; k = (k + 1) & (names->n_slot - 1)) {
		const struct named *item = &names->item[names->slot[k] - 1];

		if (item->hash == hash && strcmp(item->name, name) == 0)
			return item;
	}
	return NULL;
}

static uint32_t id_of(const struct names *names, const char *name)
{
	const struct named *found = find(names, name);
	return found != NULL ? *found->id : 0;
}

/* @return false when the number is taken already. */
static bool take(struct taken *t, uint32_t id)
{
	size_t i = (id * 2654435761u) & (t->n_slot - 1);

	for (; t->slot[i] != 0; i = (i + 1) & (t->n_slot - 1))
		if (t->slot[i] == id)
			return false;
	t->slot[i] = id;
	return true;
}

static void derive_one(struct taken *t, const struct named *item)
{
	uint32_t id = item->hash & HASH_MASK;

	do {
		if (id == 0 || id > ID_MAX)
			id = 1;
	} while (!take(t, id++));
	*item->id = id - 1;
}

static int check_unchanged(
        const struct names *names, const struct names *before, enum named_kind kind, struct error *err)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct named *item = &names->item[i];
		uint32_t old = id_of(before, item->name);
		if (old == 0 || *item->id == 0 || *item->id == old)
			continue;
		char where[128];
		snprintf(where, sizeof(where), "/portcullis:%s[name='%s']/id", kind_names[kind], item->name);
		return error_set(err, ERR_INVALID, where,
		        "the id of %s %s is %u and cannot become %u; keep it, or delete the %s and commit first",
		        kind_names[kind], item->name, old, *item->id, kind_names[kind]);
	}
	return 0;
}

/* Who else has the number, in a message. */
static const char *owner_of(const struct names *names, uint32_t id)
{
	for (size_t i = 0; i < names->n; i++)
		if (*names->item[i].id == id)
			return names->item[i].name;
	return "another one";
}

/* What the ids of one kind are given from. */
struct giving {
	enum named_kind kind;
	struct names names, before;
	struct named *gone; /* of `before`, those that are no more; by number */
	size_t n_gone;
	const struct retired *retired;
	struct taken taken;
};

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *((const struct named *)a)->id, y = *((const struct named *)b)->id;
	return x < y ? -1 : x > y;
}

static void gone_find(struct giving *g)
{
	g->gone = xcalloc(g->before.n + 1, sizeof(*g->gone));
	for (size_t i = 0; i < g->before.n; i++)
		if (find(&g->names, g->before.item[i].name) == NULL)
			g->gone[g->n_gone++] = g->before.item[i];
	if (g->n_gone > 0)
		qsort(g->gone, g->n_gone, sizeof(*g->gone), number_cmp);
}

/* Who had the number and is no more, or goes now; NULL: nobody else than `name`. */
static const char *owner_gone(const struct giving *g, uint32_t id, const char *name)
{
	const char *owner = retired_owner(g->retired, g->kind, id);
	const struct named key = {.id = &id}, *found = NULL;

	if (owner == NULL && g->n_gone > 0)
		found = bsearch(&key, g->gone, g->n_gone, sizeof(key), number_cmp);
	if (found != NULL)
		owner = found->name;
	return owner != NULL && strcmp(owner, name) != 0 ? owner : NULL;
}

static int take_given(struct giving *g, const struct named *item, struct error *err)
{
	const char *kind = kind_names[g->kind], *owner = owner_gone(g, *item->id, item->name);
	char where[128];

	take(&g->taken, *item->id);
	if (owner == NULL)
		return 0;
	snprintf(where, sizeof(where), "/portcullis:%s[name='%s']/id", kind, item->name);
	return error_set(err, ERR_INVALID, where,
	        "the id %u was that of %s %s, and what was told about it would be taken for %s; give %s another id",
	        *item->id, kind, owner, item->name, item->name);
}

/* The number that the name has or once had. */
static int take_former(struct giving *g, const struct named *item, struct error *err)
{
	uint32_t old = id_of(&g->before, item->name);
	const char *kind = kind_names[g->kind], *other;
	char where[128];

	if (old == 0)
		old = retired_id_of(g->retired, g->kind, item->name);
	if (old == 0)
		return 0;
	if (!take(&g->taken, old)) {
		other = owner_of(&g->names, old);
		snprintf(where, sizeof(where), "/portcullis:%s[name='%s']/id", kind, other);
		return error_set(err, ERR_INVALID, where,
		        "the id %u of %s %s is that of %s %s; give %s another id, or delete %s and commit first", old,
		        kind, other, kind, item->name, other, item->name);
	}
	*item->id = old;
	return 0;
}

/* By name, so that the order in which they were written does not count. */
static void derive_others(struct giving *g)
{
	struct named *left = xcalloc(g->names.n + 1, sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < g->names.n; i++)
		if (*g->names.item[i].id == 0)
			left[n++] = g->names.item[i];
	if (n > 0)
		qsort(left, n, sizeof(*left), named_cmp);
	for (size_t i = 0; i < n; i++)
		derive_one(&g->taken, &left[i]);
	free(left);
}

static int derive(struct giving *g, struct error *err)
{
	const struct names *names = &g->names;
	int result = 0;

	for (size_t i = 0; i < names->n && result == 0; i++)
		if (*names->item[i].id != 0)
			result = take_given(g, &names->item[i], err);
	for (size_t i = 0; i < names->n && result == 0; i++)
		if (*names->item[i].id == 0)
			result = take_former(g, &names->item[i], err);
	/* Nobody is given what was another's. */
	for (size_t i = 0; i < g->retired->n; i++)
		if (g->retired->id[i].kind == g->kind)
			take(&g->taken, g->retired->id[i].id);
	for (size_t i = 0; i < g->before.n; i++)
		take(&g->taken, *g->before.item[i].id);
	if (result == 0)
		derive_others(g);
	return result;
}

static int give(struct giving *g, struct error *err)
{
	size_t most = g->names.n + g->before.n + g->retired->n;
	int result = check_unchanged(&g->names, &g->before, g->kind, err);

	gone_find(g);

	g->taken.n_slot = 16;
	while (g->taken.n_slot < 2 * most)
		g->taken.n_slot *= 2;
	g->taken.slot = xcalloc(g->taken.n_slot, sizeof(*g->taken.slot));
	if (result == 0)
		result = derive(g, err);
	free(g->taken.slot);
	free(g->gone);
	return result;
}

static int group_cmp(const void *a, const void *b)
{
	uint32_t x = ((const struct group *)a)->id, y = ((const struct group *)b)->id;
	return x < y ? -1 : x > y;
}

static int deployment_cmp(const void *a, const void *b)
{
	uint32_t x = ((const struct deployment *)a)->id, y = ((const struct deployment *)b)->id;
	return x < y ? -1 : x > y;
}

static int zone_cmp(const void *a, const void *b)
{
	uint32_t x = ((const struct zone *)a)->id, y = ((const struct zone *)b)->id;
	return x < y ? -1 : x > y;
}

int ids_derive(struct site *site, const struct site *before, const struct retired *retired, struct error *err)
{
	static const struct site nothing;
	static const struct retired none;
	int result = 0;

	for (enum named_kind kind = NAMED_GROUP; result == 0 && kind < NAMED_KIND_N; kind++) {
		struct giving g = {.kind = kind,
		        .names = names_of(site, kind),
		        .before = names_of(before != NULL ? before : &nothing, kind),
		        .retired = retired != NULL ? retired : &none};
		result = give(&g, err);
		names_fini(&g.names);
		names_fini(&g.before);
	}
	if (result != 0)
		return -1;
	/* qsort() takes no NULL. */
	if (site->n_group > 0)
		qsort(site->group, site->n_group, sizeof(*site->group), group_cmp);
	if (site->n_deployment > 0)
		qsort(site->deployment, site->n_deployment, sizeof(*site->deployment), deployment_cmp);
	if (site->n_zone > 0)
		qsort(site->zone, site->n_zone, sizeof(*site->zone), zone_cmp);
	return 0;
}

void ids_retire(const struct site *before, const struct site *after, struct retired *out)
{
	for (enum named_kind kind = NAMED_GROUP; kind < NAMED_KIND_N; kind++) {
		struct names old = names_of(before, kind), names = names_of(after, kind);

		for (size_t i = 0; i < old.n; i++)
			if (find(&names, old.item[i].name) == NULL)
				retired_add(out, kind, *old.item[i].id, old.item[i].name);
		names_fini(&old);
		names_fini(&names);
	}
}

int ids_site(const struct lyd_node *root, const struct site *before, const struct retired *retired, struct site **out,
        struct error *err)
{
	if (site_build(root, out, err) != 0)
		return -1;
	if (ids_derive(*out, before, retired, err) == 0)
		return 0;
	site_free(*out);
	*out = NULL;
	return -1;
}

static bool is_kind(const struct lyd_node *entry, enum named_kind kind)
{
	return strcmp(entry->schema->module->name, "portcullis") == 0 &&
	       strcmp(entry->schema->name, kind_names[kind]) == 0;
}

bool ids_is_missing(const struct lyd_node *entry)
{
	const struct lyd_node *child;
	bool named = false;

	for (enum named_kind kind = NAMED_GROUP; kind < NAMED_KIND_N && !named; kind++)
		named = is_kind(entry, kind);
	LY_LIST_FOR(named ? lyd_child(entry) : NULL, child)
	{
		if (strcmp(LYD_NAME(child), "id") == 0)
			return false;
	}
	return named;
}

static int store_one(struct lyd_node *entry, const struct names *names, struct error *err)
{
	struct lyd_node *leaf = NULL;
	char text[16];

	snprintf(text, sizeof(text), "%u", id_of(names, lyd_get_value(lyd_child(entry))));
	if (lyd_new_term(entry, NULL, "id", text, 0, &leaf) != LY_SUCCESS)
		return context_error(LYD_CTX(entry), ERR_INTERNAL, NULL, err);
	leaf->flags &= ~(uint32_t)LYD_NEW;
	return 0;
}

int ids_store(struct lyd_node *root, const struct site *site, struct error *err)
{
	struct lyd_node *node;
	int result = 0;

	for (enum named_kind kind = NAMED_GROUP; result == 0 && kind < NAMED_KIND_N; kind++) {
		struct names names = names_of(site, kind);
		LY_LIST_FOR(root, node)
		{
			if (result == 0 && is_kind(node, kind) && ids_is_missing(node))
				result = store_one(node, &names, err);
		}
		names_fini(&names);
	}
	return result;
}
