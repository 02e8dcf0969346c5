/*
 * A directory of documents and one of overlays come in, one pack file per overlay goes out, the same to the byte for the
 * same input. A document with problems, or of a product without overlay, is refused before anything is written.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalog/overlay.h"
#include "catalog/pack_build.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define MAX_DOCUMENTS 1024u

struct documents {
	struct import *import;
	size_t n, cap;
	bool *used;
};

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_read(const char *dir, char ***out, size_t *n, struct error *err)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	size_t cap = 0;
	*out = NULL;
	*n = 0;
	if (d == NULL)
		return error_set(
		        err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, dir, "cannot be opened: %s", strerror(errno));
	while ((entry = readdir(d)) != NULL && *n < MAX_DOCUMENTS)
		if (entry->d_name[0] != '.') {
			*out = xgrow(*out, *n, &cap, sizeof(**out));
			(*out)[(*n)++] = xstrdup(entry->d_name);
		}
	closedir(d);
	if (*n == 0)
		return error_set(err, ERR_NOT_FOUND, dir, "the directory has no documents");
	qsort(*out, *n, sizeof(**out), name_cmp);
	return 0;
}

static int document_add(struct documents *docs, const char *path, struct error *err)
{
	struct document doc;
	if (document_read(path, &doc, err) != 0)
		return -1;
	docs->import = xgrow(docs->import, docs->n, &docs->cap, sizeof(*docs->import));
	import_build(&doc, &docs->import[docs->n++]);
	return 0;
}

static const char *article_of(const struct import *import)
{
	return import->document.article != NULL ? import->document.article : "";
}

/* A page that does not name its product is about that of the other editions of its article, if they agree. */
static void product_conclude(const struct documents *docs, struct import *import)
{
	const char *product = NULL;
	for (size_t i = 0; i < docs->n && *article_of(import) != '\0'; i++) {
		const struct import *other = &docs->import[i];
		if (other->product == NULL || strcmp(article_of(other), article_of(import)) != 0)
			continue;
		if (product != NULL && strcmp(product, other->product) != 0)
			return;
		product = other->product;
	}
	import->product = product;
}

static int document_check(const struct import *import, struct error *err)
{
	const char *path = import->document.file;
	if (import->n_problem > 0)
		return error_set(err, ERR_INVALID, path,
		        "line %u: %s: \"%.80s\" (%zu problems in all); see portcullis import", import->problem[0].line,
		        import->problem[0].reason, import->problem[0].cell, import->n_problem);
	if (import->product == NULL)
		return error_set(
		        err, ERR_INVALID, path, "names no product that is known; remove it from the directory");
	return 0;
}

/* Documents with unknown names are aligned with those that have none, then each must be understood. */
static int documents_settle(struct documents *docs, struct error *err)
{
	struct import_known *known = import_known_new();
	int result = 0;
	for (size_t i = 0; i < docs->n; i++)
		if (docs->import[i].n_problem == 0)
			import_known_add(known, &docs->import[i]);
	for (size_t i = 0; i < docs->n; i++) {
		(void)import_align(&docs->import[i], known);
		if (docs->import[i].product == NULL)
			product_conclude(docs, &docs->import[i]);
	}
	import_known_free(known);
	for (size_t i = 0; i < docs->n && result == 0; i++)
		result = document_check(&docs->import[i], err);
	return result;
}

static int documents_read(const char *dir, struct documents *docs, struct error *err)
{
	char **name;
	size_t n;
	int result = names_read(dir, &name, &n, err);
	for (size_t i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, name[i]);
		if (result == 0)
			result = document_add(docs, path, err);
		free(path);
		free(name[i]);
	}
	free(name);
	return result == 0 ? documents_settle(docs, err) : -1;
}

void pack_digest(const json_t *pack, char out[65])
{
	json_t *copy = json_copy((json_t *)(uintptr_t)pack);
	char *canonical;
	json_object_del(copy, "digest");
	canonical = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	sha256_hex(canonical != NULL ? canonical : "", canonical != NULL ? strlen(canonical) : 0, out);
	free(canonical);
	json_decref(copy);
}

static char *pack_text(json_t *pack)
{
	char digest[65], *dump, *text;
	json_t *root;
	pack_digest(pack, digest);
	json_object_set_new(pack, "digest", json_string(digest));
	root = json_pack("{s:{s:[O]}}", "portcullis-catalog:catalog", "pack", pack);
	dump = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	text = xasprintf("%s\n", dump != NULL ? dump : "");
	free(dump);
	return text;
}

static int one_build(
        struct documents *docs, const char *overlay_dir, const char *file, char **name, char **text, struct error *err)
{
	struct import **mine = xcalloc(docs->n + 1, sizeof(*mine));
	json_t *overlay = NULL, *pack = NULL;
	const char *product;
	size_t n = 0;
	int result = -1;
	if (overlay_read(overlay_dir, file, &overlay, err) != 0)
		goto out;
	product = json_string_value(json_object_get(overlay, "name"));
	for (size_t i = 0; product != NULL && i < docs->n; i++)
		if (strcmp(docs->import[i].product, product) == 0) {
			mine[n++] = &docs->import[i];
			docs->used[i] = true;
		}
	if (product == NULL || n == 0) {
		result = error_set(err, ERR_INVALID, file,
		        "no document is about the product \"%s\"; add one or remove the overlay",
		        product != NULL ? product : "");
		goto out;
	}
	if (pack_build(mine, n, overlay, file, &pack, err) != 0)
		goto out;
	*name = xasprintf("%s.json", product);
	*text = pack_text(pack);
	result = 0;
out:
	json_decref(pack);
	json_decref(overlay);
	free(mine);
	return result;
}

struct output {
	char *name, *text;
};

static int outputs_write(const char *dir, const struct output *out, size_t n, struct error *err)
{
	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return error_set(err, ERR_IO, dir, "cannot be made: %s", strerror(errno));
	for (size_t i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, out[i].name);
		int result = file_replace(path, out[i].text, strlen(out[i].text), err);
		free(path);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int all_used(const struct documents *docs, struct error *err)
{
	for (size_t i = 0; i < docs->n; i++)
		if (!docs->used[i])
			return error_set(err, ERR_INVALID, docs->import[i].document.file,
			        "is about %s, for which there is no overlay; add one or remove the document",
			        docs->import[i].product);
	return 0;
}

int catalog_build(const char *documents, const char *overlay, const char *output, struct error *err)
{
	struct documents docs = {0};
	struct output *out = NULL;
	char **file = NULL;
	size_t n = 0;
	int result = json_files(overlay, &file, &n, err);
	if (result == 0 && n == 0)
		result = error_set(err, ERR_NOT_FOUND, overlay, "the directory has no overlay (*.json)");
	if (result == 0)
		result = documents_read(documents, &docs, err);
	docs.used = xcalloc(docs.n + 1, sizeof(*docs.used));
	out = xcalloc(n + 1, sizeof(*out));
	for (size_t i = 0; i < n && result == 0; i++)
		result = one_build(&docs, overlay, file[i], &out[i].name, &out[i].text, err);
	if (result == 0)
		result = all_used(&docs, err);
	if (result == 0)
		result = outputs_write(output, out, n, err);
	for (size_t i = 0; i < n; i++) {
		free(out[i].name);
		free(out[i].text);
		free(file[i]);
	}
	for (size_t i = 0; i < docs.n; i++)
		import_fini(&docs.import[i]);
	free(docs.import);
	free(docs.used);
	free(out);
	free(file);
	return result;
}
