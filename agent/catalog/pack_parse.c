/*
 * Pack files (JSON instance data of portcullis-catalog.yang) come in, validated by libyang; their packs and overrides go
 * out as JSON with one spelling. Refused are files that break the model or a limit, state what the agent makes, or whose
 * digest does not fit their content.
 */
#include <errno.h>
#include <libyang/libyang.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/pack_build.h"
#include "catalog/pack_load.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

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

void pack_entry_fini(struct pack_entry *entry)
{
	json_decref(entry->json);
	free(entry->file);
	*entry = (struct pack_entry){0};
}

void pack_files_fini(struct pack_files *files)
{
	for (size_t i = 0; i < files->n_pack; i++)
		pack_entry_fini(&files->pack[i]);
	for (size_t i = 0; i < files->n_override; i++)
		pack_entry_fini(&files->override[i]);
	free(files->pack);
	free(files->override);
	*files = (struct pack_files){0};
}

size_t pack_list_limit(const char *list)
{
	return strcmp(list, "requirement") == 0 ? PACK_MAX_REQUIREMENTS
	       : strcmp(list, "role") == 0      ? PACK_MAX_ROLES
	                                        : PACK_MAX_SERVICES;
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

static int digest_check(const json_t *from, const char *name, const char *file, struct error *err)
{
	const char *stated = json_string_value(json_object_get(from, "digest"));
	char digest[65];
	if (stated == NULL)
		return 0;
	pack_content_digest(from, digest);
	if (strcmp(stated, digest) == 0)
		return 0;
	return error_set(err, ERR_INVALID, file,
	        "pack %s: the digest does not fit the content (it would be %.12s...); remove the digest after a change "
	        "by hand",
	        name, digest);
}

/* The lists of a pack or an override: few enough entries, and none that says what the agent is to say. */
static int lists_check(const json_t *from, const char *name, const char *file, bool copy, struct error *err)
{
	static const char *const lists[] = {"service", "role", "requirement"};
	bool marked = json_object_get(from, "own-file") != NULL;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const json_t *list = json_object_get(from, lists[i]), *entry;
		size_t n = json_array_size(list), limit = pack_list_limit(lists[i]), k;
		if (n > limit)
			return error_set(err, ERR_LIMIT, file,
			        "pack %s: %zu entries of list %s; at most %zu, divide it", name, n, lists[i], limit);
		json_array_foreach(list, k, entry) marked = marked || json_object_get(entry, "own-file") != NULL;
	}
	if (marked && !copy)
		return error_set(err, ERR_INVALID, file,
		        "pack %s: own-file is what the agent says of files of your own; remove it", name);
	return 0;
}

static int entries_add(const json_t *list, const char *key, const struct pack_entry *like, bool copy,
        struct pack_entry **to, size_t *n, size_t *cap, struct error *err)
{
	size_t i;
	json_t *from;
	json_array_foreach(list, i, from)
	{
		const char *name = json_string_value(json_object_get(from, key));
		if (lists_check(from, name, like->file, copy, err) != 0 ||
		        digest_check(from, name, like->file, err) != 0)
			return -1;
		*to = xgrow(*to, *n, cap, sizeof(**to));
		(*to)[(*n)++] = (struct pack_entry){json_incref(from), xstrdup(like->file), like->own, {0}};
	}
	return 0;
}

static int count_check(const char *what, size_t n, size_t limit, const char *file, struct error *err)
{
	if (n <= limit)
		return 0;
	return error_set(
	        err, ERR_LIMIT, file, "%zu %s with those of the files before; at most %zu in all", n, what, limit);
}

static int file_name_check(const char *file, struct error *err)
{
	char *clean = xstrdup(file);
	bool fit;
	utf8_clean(clean);
	fit = strcmp(clean, file) == 0;
	free(clean);
	if (fit)
		return 0;
	return error_set(err, ERR_INVALID, file,
	        "the file's name has control characters or is no UTF-8, so that it cannot be shown as own-file; rename "
	        "it");
}

int pack_parse(const struct ly_ctx *ctx, const char *bytes, size_t len, const char *file, bool own,
        struct pack_files *files, struct error *err)
{
	/* Syntax first: jansson names line and fault, and bounds the nesting. */
	json_error_t fault;
	json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &fault);
	const json_t *packs, *overrides;
	struct pack_entry like = {NULL, (char *)(uintptr_t)file, own, {0}};
	int result = -1;
	if (root == NULL)
		return error_set(err, ERR_FORMAT, file, "line %d: %.300s; correct the JSON", fault.line, fault.text);
	json_decref(root);
	if (validated_json(ctx, bytes, file, &root, err) != 0)
		return -1;
	packs = json_object_get(json_object_get(root, "portcullis-catalog:catalog"), "pack");
	overrides = json_object_get(json_object_get(root, "portcullis-catalog:catalog"), "override");
	if (json_array_size(packs) + json_array_size(overrides) == 0)
		(void)error_set(err, ERR_INVALID, file, "holds no pack and no override; see yang/catalog/README.md");
	else if (count_check("packs", files->n_pack + json_array_size(packs), PACK_MAX_PACKS, file, err) == 0 &&
	         count_check("overrides", files->n_override + json_array_size(overrides), PACK_MAX_OVERRIDES, file,
	                 err) == 0 &&
	         ((!own && json_array_size(overrides) == 0) || file_name_check(file, err) == 0) &&
	         entries_add(packs, "name", &like, files->copy, &files->pack, &files->n_pack, &files->cap_pack, err) ==
	                 0 &&
	         entries_add(overrides, "pack", &like, false, &files->override, &files->n_override,
	                 &files->cap_override, err) == 0)
		result = 0;
	json_decref(root);
	return result;
}

int pack_files_add(const struct ly_ctx *ctx, const char *path, bool own, struct pack_files *files, struct error *err)
{
	size_t left = PACK_MAX_BYTES - files->bytes, len;
	char *bytes;
	int result;
	if (files->n_file == PACK_MAX_FILES)
		return error_set(err, ERR_LIMIT, path, "is file %zu of the catalog; at most %u, join some of them",
		        files->n_file + 1, PACK_MAX_FILES);
	if (file_read(path, left < PACK_MAX_FILE_BYTES ? left : PACK_MAX_FILE_BYTES, &bytes, &len, err) != 0)
		return err->code == ERR_LIMIT && left < PACK_MAX_FILE_BYTES
		               ? error_set(err, ERR_LIMIT, path,
		                         "more than the %zu bytes that are left; all pack files have at most %u", left,
		                         PACK_MAX_BYTES)
		               : -1;
	files->n_file++;
	files->bytes += len;
	result = pack_parse(ctx, bytes, len, path, own, files, err);
	free(bytes);
	return result;
}
