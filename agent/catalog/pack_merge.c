/*
 * Packs and overrides as pack files state them come in; the packs go out with every override merged and its entries marked
 * with the file that they come from. Refused are two packs with one name or id, overrides that contradict a pack or each
 * other, and overrides of a product that there is not.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/pack_load.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

/* A list that overrides can change: what names its entries, and where its counts are. */
struct kind {
	const char *list, *id, *name; /* id: NULL where the name is the only key */
	size_t count;
};

static const struct kind kinds[] = {
        {"service", NULL, "name", offsetof(struct catalog_override, service)},
        {"role", "id", "name", offsetof(struct catalog_override, role)},
        {"requirement", "id", "label-name", offsetof(struct catalog_override, requirement)},
};
#define N_KIND (sizeof(kinds) / sizeof(kinds[0]))

/* One list of one pack while an override changes it. */
struct merge {
	const struct kind *kind;
	const struct pack_entry *pack, *override;
	json_t *list, *by_id, *by_name; /* by_x: its text > index in the list */
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s != NULL ? s : "";
}

static json_int_t id_of(const json_t *object)
{
	return json_integer_value(json_object_get(object, "id"));
}

static const char *id_text(const json_t *entry, char buf[24])
{
	snprintf(buf, 24, "%lld", (long long)id_of(entry));
	return buf;
}

static void index_add(struct merge *m, const json_t *entry, size_t at)
{
	char id[24];
	json_object_set_new(m->by_id, id_text(entry, id), json_integer((json_int_t)at));
	json_object_set_new(m->by_name, text_of(entry, m->kind->name), json_integer((json_int_t)at));
}

static const json_t *indexed(const struct merge *m, const json_t *index, const char *key, size_t *at)
{
	const json_t *found = json_object_get(index, key);
	if (found == NULL)
		return NULL;
	*at = (size_t)json_integer_value(found);
	return json_array_get(m->list, *at);
}

/* The file that an entry of the list comes from. */
static const char *entry_file(const struct merge *m, const json_t *entry)
{
	const char *own = json_string_value(json_object_get(entry, "own-file"));
	return own != NULL ? own : m->pack->file;
}

static int conflict(const struct merge *m, const json_t *old, const json_t *new, struct error *err)
{
	const struct kind *k = m->kind;
	const char *product = text_of(m->pack->json, "name"), *file = entry_file(m, old);
	bool same_id = id_of(old) == id_of(new);
	const char *fixed = same_id ? k->id : k->name, *other = same_id ? k->name : k->id;
	struct text advice = {0};
	/* What another override has cannot be replaced. */
	if (json_object_get(old, "own-file") == NULL)
		text_addf(&advice, "to replace it use that %s, to add one ", other);
	text_addf(&advice, "take another %s", fixed);
	if (same_id)
		(void)error_set(err, ERR_INVALID, m->override->file, "%s %lld of %s is %s here, but %s in %s; %s",
		        k->list, (long long)id_of(new), product, text_of(new, k->name), text_of(old, k->name), file,
		        text_str(&advice));
	else
		(void)error_set(err, ERR_INVALID, m->override->file, "%s %s of %s has id %lld here, but %lld in %s; %s",
		        k->list, text_of(new, k->name), product, (long long)id_of(new), (long long)id_of(old), file,
		        text_str(&advice));
	text_fini(&advice);
	return -1;
}

/* A copy of the override's entry that says where it comes from. */
static json_t *marked(const struct merge *m, const json_t *entry)
{
	json_t *copy = json_deep_copy(entry);
	json_object_set_new(copy, "own-file", json_string(m->override->file));
	return copy;
}

static int entry_merge(struct merge *m, const json_t *entry, struct override_count *count, struct error *err)
{
	char id[24];
	size_t at = 0;
	const json_t *same_name = indexed(m, m->by_name, text_of(entry, m->kind->name), &at);
	const json_t *same_id = m->kind->id != NULL ? indexed(m, m->by_id, id_text(entry, id), &at) : same_name;
	if (same_id != same_name)
		return conflict(m, same_id != NULL ? same_id : same_name, entry, err);
	if (same_id == NULL) {
		size_t n = json_array_size(m->list), limit = pack_list_limit(m->kind->list);
		if (n >= limit)
			return error_set(err, ERR_LIMIT, m->override->file,
			        "pack %s: %zu entries of list %s with this override; at most %zu",
			        text_of(m->pack->json, "name"), n + 1, m->kind->list, limit);
		index_add(m, entry, n);
		json_array_append_new(m->list, marked(m, entry));
		count->added++;
		return 0;
	}
	if (json_object_get(same_id, "own-file") != NULL)
		return error_set(err, ERR_INVALID, m->override->file,
		        "%s %s of %s is also in the override in %s; keep one of them", m->kind->list,
		        text_of(entry, m->kind->name), text_of(m->pack->json, "name"), entry_file(m, same_id));
	json_array_set_new(m->list, at, marked(m, entry));
	count->replaced++;
	return 0;
}

/* The list of the pack, which is made where the pack has none. */
static json_t *list_of(const struct pack_entry *pack, const char *name)
{
	json_t *list = json_object_get(pack->json, name);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(pack->json, name, list);
	}
	return list;
}

static int list_merge(
        const struct kind *kind, const struct pack_entry *pack, struct pack_entry *override, struct error *err)
{
	const json_t *from = json_object_get(override->json, kind->list), *entry;
	struct override_count *count = (struct override_count *)(void *)((char *)&override->effect + kind->count);
	struct merge m = {kind, pack, override, NULL, NULL, NULL};
	int result = 0;
	size_t i;
	if (json_array_size(from) == 0)
		return 0;
	m.list = list_of(pack, kind->list);
	m.by_id = json_object();
	m.by_name = json_object();
	json_array_foreach(m.list, i, entry) index_add(&m, entry, i);
	json_array_foreach(from, i, entry)
	{
		if (result == 0)
			result = entry_merge(&m, entry, count, err);
	}
	json_decref(m.by_id);
	json_decref(m.by_name);
	return result;
}

/* By id where there is one, else by name. */
static int entry_cmp(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	json_int_t i = id_of(x), k = id_of(y);
	return i != k ? (i > k) - (i < k) : strcmp(text_of(x, "name"), text_of(y, "name"));
}

/* What several files add behind the pack's own entries: in an order that the names of the files do not decide. */
static void added_sort(json_t *list, size_t first)
{
	size_t n = json_array_size(list);
	json_t **entry;
	if (n < first + 2)
		return;
	entry = xcalloc(n - first, sizeof(*entry));
	for (size_t i = first; i < n; i++)
		entry[i - first] = json_incref(json_array_get(list, i));
	qsort(entry, n - first, sizeof(*entry), entry_cmp);
	for (size_t i = first; i < n; i++)
		json_array_set_new(list, i, entry[i - first]);
	free(entry);
}

static void own_file_add(const struct pack_entry *pack, const char *file)
{
	json_t *files = list_of(pack, "own-file");
	json_array_append_new(files, json_string(file));
}

/* Every override of one pack, in the order of the files. */
static int pack_overrides_merge(struct pack_files *files, const struct pack_entry *pack, struct error *err)
{
	const char *name = text_of(pack->json, "name");
	size_t before[N_KIND];
	for (size_t k = 0; k < N_KIND; k++)
		before[k] = json_array_size(json_object_get(pack->json, kinds[k].list));
	if (pack->own)
		own_file_add(pack, pack->file);
	for (size_t i = 0; i < files->n_override; i++) {
		struct pack_entry *override = &files->override[i];
		if (strcmp(text_of(override->json, "pack"), name) != 0)
			continue;
		if (strcmp(override->file, pack->file) != 0 || !pack->own)
			own_file_add(pack, override->file);
		for (size_t k = 0; k < N_KIND; k++)
			if (list_merge(&kinds[k], pack, override, err) != 0)
				return -1;
	}
	for (size_t k = 0; k < N_KIND; k++)
		added_sort(json_object_get(pack->json, kinds[k].list), before[k]);
	return 0;
}

static int packs_unique(const struct pack_files *files, struct error *err)
{
	for (size_t i = 0; i < files->n_pack; i++)
		for (size_t k = i + 1; k < files->n_pack; k++) {
			const struct pack_entry *a = &files->pack[i], *b = &files->pack[k];
			const char *x = text_of(a->json, "name"), *y = text_of(b->json, "name");
			if (strcmp(x, y) == 0)
				return error_set(err, ERR_INVALID, b->file, "pack %s is also in %s; keep one of them",
				        y, a->file);
			if (id_of(a->json) == id_of(b->json))
				return error_set(err, ERR_INVALID, b->file,
				        "pack %s has the id %lld, as pack %s in %s; choose another", y,
				        (long long)id_of(b->json), x, a->file);
		}
	return 0;
}

static int product_find(const struct pack_files *files, const struct pack_entry *override, struct error *err)
{
	const char *product = text_of(override->json, "pack");
	struct text known = {0};
	int result;
	for (size_t i = 0; i < files->n_pack; i++) {
		const char *name = text_of(files->pack[i].json, "name");
		if (strcmp(name, product) == 0) {
			text_fini(&known);
			return 0;
		}
		text_addf(&known, "%s%s", i > 0 ? ", " : "", name);
	}
	result = error_set(err, ERR_INVALID, override->file,
	        "overrides pack %s, which there is not; the packs are: %.400s", product,
	        files->n_pack > 0 ? text_str(&known) : "none");
	text_fini(&known);
	return result;
}

int pack_merge(struct pack_files *files, struct error *err)
{
	if (packs_unique(files, err) != 0)
		return -1;
	for (size_t i = 0; i < files->n_override; i++)
		if (product_find(files, &files->override[i], err) != 0)
			return -1;
	for (size_t i = 0; i < files->n_pack; i++)
		if (pack_overrides_merge(files, &files->pack[i], err) != 0)
			return -1;
	return 0;
}
