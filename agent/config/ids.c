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

enum kind { KIND_GROUP, KIND_DEPLOYMENT, KIND_ZONE, KIND_N };
static const char *const kind_names[KIND_N] = {"group", "deployment", "zone"};

struct named {
	const char *name;
	uint32_t *id;
};

struct names {
	struct named *item; /* sorted by name */
	size_t n;
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

static struct names names_of(const struct site *site, enum kind kind)
{
	size_t n = kind == KIND_GROUP ? site->n_group : kind == KIND_DEPLOYMENT ? site->n_deployment : site->n_zone;
	struct names names = {xcalloc(n + 1, sizeof(struct named)), n};

	for (size_t i = 0; i < n; i++) {
		if (kind == KIND_GROUP)
			names.item[i] = (struct named){site->group[i].name, &site->group[i].id};
		else if (kind == KIND_DEPLOYMENT)
			names.item[i] = (struct named){site->deployment[i].name, &site->deployment[i].id};
		else
			names.item[i] = (struct named){site->zone[i].name, &site->zone[i].id};
	}
	qsort(names.item, n, sizeof(*names.item), named_cmp);
	return names;
}

static uint32_t id_of(const struct names *names, const char *name)
{
	struct named key = {name, NULL};
	const struct named *found = bsearch(&key, names->item, names->n, sizeof(key), named_cmp);
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
	uint32_t id = hash32(item->name) & HASH_MASK;

	do {
		if (id == 0 || id > ID_MAX)
			id = 1;
	} while (!take(t, id++));
	*item->id = id - 1;
}

static int check_unchanged(const struct names *names, const struct names *before, enum kind kind, struct error *err)
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

static int derive(const struct names *names, const struct names *before, enum kind kind, struct error *err)
{
	struct taken taken = {NULL, 16};
	int result = 0;

	while (taken.n_slot < 2 * names->n)
		taken.n_slot *= 2;
	taken.slot = xcalloc(taken.n_slot, sizeof(*taken.slot));
	for (size_t i = 0; i < names->n; i++)
		if (*names->item[i].id != 0)
			take(&taken, *names->item[i].id);
	for (size_t i = 0; i < names->n && result == 0; i++) {
		const struct named *item = &names->item[i];
		uint32_t old = *item->id == 0 ? id_of(before, item->name) : 0;
		char where[128];
		if (old == 0)
			continue;
		if (!take(&taken, old)) {
			const char *other = owner_of(names, old);
			snprintf(where, sizeof(where), "/portcullis:%s[name='%s']/id", kind_names[kind], other);
			result = error_set(err, ERR_INVALID, where,
			        "the id %u of %s %s is that of %s %s; give %s another id, or delete %s and commit "
			        "first",
			        old, kind_names[kind], other, kind_names[kind], item->name, other, item->name);
		}
		*item->id = old;
	}
	for (size_t i = 0; i < names->n && result == 0; i++)
		if (*names->item[i].id == 0)
			derive_one(&taken, &names->item[i]);
	free(taken.slot);
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

int ids_derive(struct site *site, const struct site *before, struct error *err)
{
	static const struct site nothing;
	int result = 0;

	for (enum kind kind = KIND_GROUP; result == 0 && kind < KIND_N; kind++) {
		struct names names = names_of(site, kind);
		struct names old = names_of(before != NULL ? before : &nothing, kind);
		result = check_unchanged(&names, &old, kind, err);
		if (result == 0)
			result = derive(&names, &old, kind, err);
		free(names.item);
		free(old.item);
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

int ids_site(const struct lyd_node *root, const struct site *before, struct site **out, struct error *err)
{
	if (site_build(root, out, err) != 0)
		return -1;
	if (ids_derive(*out, before, err) == 0)
		return 0;
	site_free(*out);
	*out = NULL;
	return -1;
}

static bool has_id(const struct lyd_node *entry)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(entry), child)
	{
		if (strcmp(LYD_NAME(child), "id") == 0)
			return true;
	}
	return false;
}

static int store_one(struct lyd_node *entry, const struct names *names, struct error *err)
{
	struct lyd_node *leaf = NULL;
	char text[16];

	if (has_id(entry))
		return 0;
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

	for (enum kind kind = KIND_GROUP; result == 0 && kind < KIND_N; kind++) {
		struct names names = names_of(site, kind);
		LY_LIST_FOR(root, node)
		{
			if (result == 0 && strcmp(node->schema->module->name, "portcullis") == 0 &&
			        strcmp(node->schema->name, kind_names[kind]) == 0)
				result = store_one(node, &names, err);
		}
		free(names.item);
	}
	return result;
}
