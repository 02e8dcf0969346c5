/*
 * Pack files (JSON instance data of portcullis-catalog.yang) come in, validated by libyang, and become packs of a catalog.
 * Refused are files that break the model, refer to roles that they lack, or whose digest does not fit their content.
 */
#include "catalog/pack_load.h"

#include <errno.h>
#include <libyang/libyang.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/overlay.h"
#include "catalog/pack_build.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define PACK_MAX_BYTES (16u * 1024 * 1024)

static int ly_failure(const struct ly_ctx *ctx, const char *file, enum error_code code, struct error *err)
{
	const char *text = ly_errmsg(ctx), *path = ly_errpath(ctx);
	return error_set(err, code, file, "%.400s%s%.200s", text != NULL ? text : "breaks the model portcullis-catalog",
	        path != NULL ? " at " : "", path != NULL ? path : "");
}

int pack_context_new(const char *yang_dir, struct ly_ctx **out, struct error *err)
{
	char *module = xasprintf("%s/portcullis-catalog.yang", yang_dir);
	struct ly_ctx *ctx = NULL;
	int result = -1;
	*out = NULL;
	/* libyang prints to standard error unless told to keep its messages. */
	ly_log_options(LY_LOSTORE_LAST);
	if (access(module, R_OK) != 0) {
		(void)error_set(err, ERR_NOT_FOUND, module,
		        "YANG module portcullis-catalog cannot be read (%s); it comes with package portcullis, see "
		        "--yang-dir",
		        strerror(errno));
	} else if (ly_ctx_new(yang_dir, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIR_CWD, &ctx) != LY_SUCCESS) {
		(void)error_set(err, ERR_INTERNAL, yang_dir, "libyang cannot start; reinstall package libyang2");
	} else {
		/* Modules that ours may import: libyang2 and libyuma-base bring them. */
		(void)ly_ctx_set_searchdir(ctx, "/usr/share/yang/modules/libyang");
		(void)ly_ctx_set_searchdir(ctx, "/usr/share/yuma/modules/ietf");
		if (ly_ctx_load_module(ctx, "portcullis-catalog", NULL, NULL) != NULL)
			result = 0;
		else
			(void)ly_failure(ctx, module, ERR_INVALID, err);
	}
	free(module);
	if (result == 0)
		*out = ctx;
	else
		ly_ctx_destroy(ctx);
	return result;
}

/* The tree printed again has one spelling for what RFC 7951 allows several for; values that are defaults are left out. */
static int validated_json(
        const struct ly_ctx *ctx, const char *bytes, const char *file, json_t **out, struct error *err)
{
	struct lyd_node *tree = NULL;
	char *text = NULL;
	json_error_t fault;
	int result = -1;
	*out = NULL;
	if (lyd_parse_data_mem(ctx, bytes, LYD_JSON, LYD_PARSE_STRICT, LYD_VALIDATE_PRESENT, &tree) != LY_SUCCESS) {
		(void)ly_failure(ctx, file, ERR_INVALID, err);
	} else if (tree == NULL ||
	           lyd_print_mem(&text, tree, LYD_JSON,
	                   LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS | LYD_PRINT_WD_TRIM) != LY_SUCCESS ||
	           text == NULL || (*out = json_loads(text, 0, &fault)) == NULL) {
		(void)error_set(err, ERR_INVALID, file, "holds no pack; see yang/catalog/README.md");
	} else {
		result = 0;
	}
	free(text);
	lyd_free_all(tree);
	return result;
}

static int digest_check(const json_t *from, struct pack *pack, struct error *err)
{
	const char *stated = json_string_value(json_object_get(from, "digest"));
	pack_digest(from, pack->digest);
	if (stated == NULL || strcmp(stated, pack->digest) == 0)
		return 0;
	return error_set(err, ERR_INVALID, pack->file,
	        "pack %s: the digest does not fit the content (it would be %.12s...); remove the digest after a change "
	        "by hand",
	        pack->name, pack->digest);
}

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

int pack_parse(const struct ly_ctx *ctx, const char *bytes, size_t len, const char *file, struct catalog *catalog,
        struct error *err)
{
	json_t *root, *packs, *from;
	json_error_t fault;
	size_t i;
	int result = 0;
	/* Syntax first: jansson names line and fault, and bounds the nesting. */
	root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &fault);
	if (root == NULL)
		return error_set(err, ERR_FORMAT, file, "line %d: %.300s; correct the JSON", fault.line, fault.text);
	json_decref(root);
	if (validated_json(ctx, bytes, file, &root, err) != 0)
		return -1;
	packs = json_object_get(json_object_get(root, "portcullis-catalog:catalog"), "pack");
	if (json_array_size(packs) == 0)
		result = error_set(err, ERR_INVALID, file, "holds no pack; see yang/catalog/README.md");
	json_array_foreach(packs, i, from)
	{
		struct pack pack;
		if (result != 0)
			break;
		pack_convert(from, &pack);
		pack.file = xstrdup(file);
		result = pack_check(&pack, err) != 0 || digest_check(from, &pack, err) != 0 ? -1 : 0;
		if (result == 0) {
			pack.json = pack_json(from, pack.digest);
			catalog->pack = xrealloc(catalog->pack, catalog->n_pack + 1, sizeof(*catalog->pack));
			catalog->pack[catalog->n_pack++] = pack;
		} else {
			pack_fini(&pack);
		}
	}
	json_decref(root);
	return result;
}

static int file_add(const struct ly_ctx *ctx, const char *path, struct catalog *catalog, struct error *err)
{
	char *bytes;
	size_t len;
	int result;
	if (file_read(path, PACK_MAX_BYTES, &bytes, &len, err) != 0)
		return -1;
	result = pack_parse(ctx, bytes, len, path, catalog, err);
	free(bytes);
	return result;
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

static const char *file_of(const struct catalog *catalog, const struct requirement *r)
{
	for (size_t i = 0; i < catalog->n_pack; i++)
		if (r >= catalog->pack[i].requirement &&
		        r < catalog->pack[i].requirement + catalog->pack[i].n_requirement)
			return catalog->pack[i].file;
	return "";
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
			result = error_set(err, ERR_INVALID, file_of(catalog, all[i]),
			        "label %s is also in %s; labels are unique", all[i]->label,
			        file_of(catalog, all[i - 1]));
	free(all);
	return result;
}

static int packs_unique(const struct catalog *catalog, struct error *err)
{
	for (size_t i = 0; i < catalog->n_pack; i++)
		for (size_t k = i + 1; k < catalog->n_pack; k++) {
			const struct pack *a = &catalog->pack[i], *b = &catalog->pack[k];
			if (strcmp(a->name, b->name) == 0)
				return error_set(err, ERR_INVALID, b->file, "pack %s is also in %s; keep one of them",
				        b->name, a->file);
			if (a->id == b->id)
				return error_set(err, ERR_INVALID, b->file,
				        "pack %s has the id %u, as pack %s in %s; choose another", b->name, b->id,
				        a->name, a->file);
		}
	return labels_unique(catalog, err);
}

static int load(
        const char *dir, char *const *name, size_t n, const char *yang_dir, struct catalog **out, struct error *err)
{
	struct catalog *catalog;
	struct ly_ctx *ctx;
	int result = 0;
	*out = NULL;
	if (pack_context_new(yang_dir, &ctx, err) != 0)
		return -1;
	catalog = xcalloc(1, sizeof(*catalog));
	catalog->refs = 1;
	for (size_t i = 0; i < n && result == 0; i++) {
		char *path = dir != NULL ? xasprintf("%s/%s", dir, name[i]) : xstrdup(name[i]);
		result = file_add(ctx, path, catalog, err);
		free(path);
	}
	ly_ctx_destroy(ctx);
	if (result == 0)
		result = packs_unique(catalog, err);
	if (result != 0) {
		catalog_free(catalog);
		return -1;
	}
	if (catalog->n_pack > 1)
		qsort(catalog->pack, catalog->n_pack, sizeof(*catalog->pack), pack_cmp);
	*out = catalog;
	return 0;
}

int catalog_load(const char *catalog_dir, const char *yang_dir, struct catalog **out, struct error *err)
{
	char **name;
	size_t n;
	int result;
	*out = NULL;
	if (json_files(catalog_dir, &name, &n, err) != 0)
		return -1;
	if (n == 0)
		result = error_set(
		        err, ERR_NOT_FOUND, catalog_dir, "the directory has no pack (*.json); see --catalog-dir");
	else
		result = load(catalog_dir, name, n, yang_dir, out, err);
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
	return result;
}

int catalog_load_file(const char *file, const char *yang_dir, struct catalog **out, struct error *err)
{
	char *name = xstrdup(file);
	int result = load(NULL, &name, 1, yang_dir, out, err);
	free(name);
	return result;
}
