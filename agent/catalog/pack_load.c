/*
 * Directories of pack files come in, the shipped ones and the operator's own; one catalog of merged packs goes out. Refused
 * are packs that refer to roles that they lack, and labels that two requirements have.
 */
#include "catalog/pack_load.h"

#include <errno.h>
#include <libyang/libyang.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalog/overlay.h"
#include "catalog/pack_build.h"
#include "portcullis/alloc.h"

/* The entry of the list `pack` that holds just what was loaded. */
static char *pack_json(json_t *from, const char *digest)
{
	char *dump, *out;
	json_object_set_new(from, "digest", json_string(digest));
	dump = json_dumps(from, JSON_COMPACT);
	out = xstrdup(dump != NULL ? dump : "{}");
	free(dump);
	return out;
}

void pack_content_digest(const json_t *pack, char out[65])
{
	static const char *const lists[] = {"service", "role", "requirement"};
	json_t *plain = json_deep_copy(pack), *entry;
	size_t k;
	json_object_del(plain, "own-file");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		json_array_foreach(json_object_get(plain, lists[i]), k, entry) json_object_del(entry, "own-file");
	pack_digest(plain, out);
	json_decref(plain);
}

static int pack_cmp(const void *a, const void *b)
{
	uint32_t x = ((const struct pack *)a)->id, y = ((const struct pack *)b)->id;
	return (x > y) - (x < y);
}

static int label_cmp(const void *a, const void *b)
{
	return strcmp((*(const struct requirement *const *)a)->label, (*(const struct requirement *const *)b)->label);
}

static const struct pack *pack_of(const struct catalog *catalog, const struct requirement *r)
{
	size_t i = 0;
	while (r < catalog->pack[i].requirement || r >= catalog->pack[i].requirement + catalog->pack[i].n_requirement)
		i++;
	return &catalog->pack[i];
}

/* Two requirements with one label: the file that the operator can change is the one at fault. */
static int label_twice(
        const struct catalog *catalog, const struct requirement *a, const struct requirement *b, struct error *err)
{
	const struct pack *x = pack_of(catalog, a), *y = pack_of(catalog, b);
	const char *first = a->own_file != NULL ? a->own_file : x->file,
	           *second = b->own_file != NULL ? b->own_file : y->file;
	bool swap = (a->own_file != NULL || x->own) && b->own_file == NULL && !y->own;
	return error_set(err, ERR_INVALID, swap ? first : second, "label %s is also in %s; labels are unique", a->label,
	        swap ? second : first);
}

/* A label names one requirement, whichever pack it is in. */
static int labels_unique(const struct catalog *catalog, struct error *err)
{
	const struct requirement **all = NULL;
	size_t n = 0, cap = 0;
	int result = 0;
	for (size_t i = 0; i < catalog->n_pack; i++)
		for (size_t k = 0; k < catalog->pack[i].n_requirement; k++) {
			all = xgrow(all, n, &cap, sizeof(*all));
			all[n++] = &catalog->pack[i].requirement[k];
		}
	if (n > 1)
		qsort(all, n, sizeof(*all), label_cmp);
	for (size_t i = 1; i < n && result == 0; i++)
		if (strcmp(all[i - 1]->label, all[i]->label) == 0)
			result = label_twice(catalog, all[i - 1], all[i], err);
	free(all);
	return result;
}

static int entry_convert(const struct pack_entry *entry, struct pack *pack, struct error *err)
{
	pack_convert(entry->json, pack);
	pack->file = xstrdup(entry->file);
	pack->own = entry->own;
	if (pack_check(pack, err) != 0) {
		pack_fini(pack);
		return -1;
	}
	pack_content_digest(entry->json, pack->digest);
	pack->json = pack_json(entry->json, pack->digest);
	return 0;
}

int pack_files_convert(const struct pack_files *files, struct catalog **out, struct error *err)
{
	struct catalog *catalog = xcalloc(1, sizeof(*catalog));
	int result = 0;
	*out = NULL;
	catalog->refs = 1;
	catalog->pack = xcalloc(files->n_pack + 1, sizeof(*catalog->pack));
	for (size_t i = 0; i < files->n_pack && result == 0; i++) {
		result = entry_convert(&files->pack[i], &catalog->pack[catalog->n_pack], err);
		catalog->n_pack += result == 0;
	}
	if (result != 0 || labels_unique(catalog, err) != 0) {
		catalog_free(catalog);
		return -1;
	}
	if (catalog->n_pack > 1)
		qsort(catalog->pack, catalog->n_pack, sizeof(*catalog->pack), pack_cmp);
	*out = catalog;
	return 0;
}

/* Every pack file of a directory but one, which may be NULL. */
static int directory_add(const struct ly_ctx *ctx, const char *dir, bool own, const struct stat *but,
        struct pack_files *files, struct error *err)
{
	char **name;
	size_t n;
	int result = json_files(dir, &name, &n, err);
	if (result == 0 && n == 0 && !own)
		result = error_set(err, ERR_NOT_FOUND, dir, "the directory has no pack (*.json); see --catalog-dir");
	for (size_t i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, name[i]);
		struct stat st;
		if (result == 0 &&
		        (but == NULL || stat(path, &st) != 0 || st.st_dev != but->st_dev || st.st_ino != but->st_ino))
			result = pack_files_add(ctx, path, own, files, err);
		free(path);
		free(name[i]);
	}
	free(name);
	return result;
}

const char *catalog_own_dir(const char *named, const char *otherwise)
{
	struct stat st;
	if (named != NULL)
		return named;
	return stat(otherwise, &st) == 0 || errno != ENOENT ? otherwise : NULL;
}

int catalog_load(
        const char *catalog_dir, const char *own_dir, const char *yang_dir, struct catalog **out, struct error *err)
{
	struct pack_files files = {0};
	struct ly_ctx *ctx;
	int result = -1;
	*out = NULL;
	if (pack_context_new(yang_dir, &ctx, err) != 0)
		return -1;
	if (directory_add(ctx, catalog_dir, false, NULL, &files, err) == 0 &&
	        (own_dir == NULL || directory_add(ctx, own_dir, true, NULL, &files, err) == 0) &&
	        pack_merge(&files, err) == 0)
		result = pack_files_convert(&files, out, err);
	pack_files_fini(&files);
	ly_ctx_destroy(ctx);
	return result;
}

static int file_load(const char *file, const char *yang_dir, bool copy, struct catalog **out, struct error *err)
{
	struct pack_files files = {.copy = copy};
	struct ly_ctx *ctx;
	int result = -1;
	*out = NULL;
	if (pack_context_new(yang_dir, &ctx, err) != 0)
		return -1;
	if (pack_files_add(ctx, file, false, &files, err) == 0 && files.n_pack == 0)
		(void)error_set(err, ERR_INVALID, file, "holds overrides, but no pack; a pack is needed here");
	else if (files.n_pack > 0 && pack_merge(&files, err) == 0)
		result = pack_files_convert(&files, out, err);
	pack_files_fini(&files);
	ly_ctx_destroy(ctx);
	return result;
}

int catalog_load_file(const char *file, const char *yang_dir, struct catalog **out, struct error *err)
{
	return file_load(file, yang_dir, false, out, err);
}

int catalog_load_copy(const char *file, const char *yang_dir, struct catalog **out, struct error *err)
{
	return file_load(file, yang_dir, true, out, err);
}

static bool has_pack(const struct pack_files *files, const char *name)
{
	for (size_t i = 0; i < files->n_pack; i++)
		if (strcmp(json_string_value(json_object_get(files->pack[i].json, "name")), name) == 0)
			return true;
	return false;
}

/* What the overrides of a file meet: shipped packs with their overrides, own packs, and none that the file has itself. */
static int surroundings_add(const struct ly_ctx *ctx, const struct stat *file, const char *catalog_dir,
        const char *own_dir, struct pack_files *files, struct error *err)
{
	struct pack_files around = {.n_file = files->n_file, .bytes = files->bytes};
	size_t n_override;
	int result = directory_add(ctx, catalog_dir, false, file, &around, err);
	n_override = around.n_override;
	if (result == 0 && own_dir != NULL)
		result = directory_add(ctx, own_dir, true, file, &around, err);
	for (size_t i = 0; i < around.n_pack && result == 0; i++)
		if (!has_pack(files, json_string_value(json_object_get(around.pack[i].json, "name")))) {
			files->pack = xgrow(files->pack, files->n_pack, &files->cap_pack, sizeof(*files->pack));
			files->pack[files->n_pack++] = around.pack[i];
			around.pack[i] = (struct pack_entry){0};
		}
	for (size_t i = 0; i < n_override && result == 0; i++) {
		files->override =
		        xgrow(files->override, files->n_override, &files->cap_override, sizeof(*files->override));
		files->override[files->n_override++] = around.override[i];
		around.override[i] = (struct pack_entry){0};
	}
	pack_files_fini(&around);
	return result;
}

static void effects_take(const struct pack_files *files, size_t n, struct catalog_check *out)
{
	out->override = xcalloc(n + 1, sizeof(*out->override));
	for (size_t i = 0; i < n; i++) {
		out->override[i] = files->override[i].effect;
		out->override[i].pack = xstrdup(json_string_value(json_object_get(files->override[i].json, "pack")));
	}
	out->n_override = n;
}

int catalog_check(const char *file, const char *catalog_dir, const char *own_dir, const char *yang_dir,
        struct catalog_check *out, struct error *err)
{
	struct pack_files files = {0};
	struct stat st;
	struct ly_ctx *ctx;
	size_t n;
	int result;
	*out = (struct catalog_check){0};
	if (pack_context_new(yang_dir, &ctx, err) != 0)
		return -1;
	result = pack_files_add(ctx, file, true, &files, err);
	n = files.n_override;
	if (result == 0 && n > 0)
		result = surroundings_add(ctx, stat(file, &st) == 0 ? &st : NULL, catalog_dir, own_dir, &files, err);
	if (result == 0)
		result = pack_merge(&files, err);
	if (result == 0)
		result = pack_files_convert(&files, &out->catalog, err);
	if (result == 0)
		effects_take(&files, n, out);
	pack_files_fini(&files);
	ly_ctx_destroy(ctx);
	return result;
}

void catalog_check_fini(struct catalog_check *check)
{
	catalog_free(check->catalog);
	for (size_t i = 0; i < check->n_override; i++)
		free(check->override[i].pack);
	free(check->override);
	*check = (struct catalog_check){0};
}
