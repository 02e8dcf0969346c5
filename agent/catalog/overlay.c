/*
 * Overlay files come in; one JSON object per product, its base merged, goes out. Refused are files that are not JSON
 * objects, and chains of bases.
 */
#include "catalog/overlay.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define OVERLAY_MAX_BYTES (16u * 1024 * 1024)
#define MAX_FILES 4096u

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int json_files(const char *dir, char ***out, size_t *n, struct error *err)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	size_t cap = 0;
	*out = NULL;
	*n = 0;
	if (d == NULL)
		return error_set(
		        err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, dir, "cannot be opened: %s", strerror(errno));
	while ((entry = readdir(d)) != NULL && *n < MAX_FILES) {
		size_t len = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || len < 6 || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		*out = xgrow(*out, *n, &cap, sizeof(**out));
		(*out)[(*n)++] = xstrdup(entry->d_name);
	}
	closedir(d);
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), name_cmp);
	return 0;
}

int json_object_read(const char *path, json_t **out, struct error *err)
{
	json_error_t fault;
	char *bytes;
	size_t len;
	*out = NULL;
	if (file_read(path, OVERLAY_MAX_BYTES, &bytes, &len, err) != 0)
		return -1;
	*out = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &fault);
	free(bytes);
	if (*out == NULL)
		return error_set(err, ERR_FORMAT, path, "line %d: %s; correct the JSON", fault.line, fault.text);
	if (json_is_object(*out))
		return 0;
	json_decref(*out);
	*out = NULL;
	return error_set(err, ERR_FORMAT, path, "not a JSON object; see yang/catalog/README.md");
}

static json_t *entry_find(json_t *list, const char *key, json_t *value)
{
	size_t i;
	json_t *entry;
	json_array_foreach(list, i, entry)
	{
		if (json_equal(json_object_get(entry, key), value))
			return entry;
	}
	return NULL;
}

static void list_merge(json_t *into, const json_t *from, const char *list, const char *key)
{
	json_t *target = json_object_get(into, list), *entry;
	size_t i;
	if (target == NULL) {
		target = json_array();
		json_object_set_new(into, list, target);
	}
	json_array_foreach(json_object_get(from, list), i, entry)
	{
		json_t *old = entry_find(target, key, json_object_get(entry, key));
		if (old != NULL)
			json_object_update(old, entry);
		else
			json_array_append(target, entry);
	}
}

/* Lists with keys are merged entry by entry, everything else is replaced. */
static const struct {
	const char *list, *key;
} merged[] = {{"role", "name"}, {"service", "name"}, {"requirement", "id"}, {"ipsec-exemption", "id"}};

static bool is_merged_list(const char *name)
{
	for (size_t i = 0; i < sizeof(merged) / sizeof(merged[0]); i++)
		if (strcmp(merged[i].list, name) == 0)
			return true;
	return false;
}

static void merge(json_t *into, json_t *from)
{
	const char *key;
	json_t *value;
	json_object_foreach(from, key, value)
	{
		if (!is_merged_list(key))
			json_object_set(into, key, value);
	}
	for (size_t i = 0; i < sizeof(merged) / sizeof(merged[0]); i++)
		list_merge(into, from, merged[i].list, merged[i].key);
	json_object_del(into, "base");
}

int overlay_read(const char *dir, const char *file, json_t **out, struct error *err)
{
	char *path = xasprintf("%s/%s", dir, file), *base_path = NULL;
	json_t *own = NULL, *base = NULL;
	const char *name;
	int result = -1;
	*out = NULL;
	if (json_object_read(path, &own, err) != 0)
		goto out;
	name = json_string_value(json_object_get(own, "base"));
	if (name != NULL) {
		base_path = xasprintf("%s/%s", dir, name);
		if (json_object_read(base_path, &base, err) != 0)
			goto out;
		if (json_object_get(base, "base") != NULL) {
			result =
			        error_set(err, ERR_INVALID, path, "its base %s has a base itself; name that one", name);
			goto out;
		}
	} else {
		base = json_object();
	}
	merge(base, own);
	*out = base;
	base = NULL;
	result = 0;
out:
	json_decref(own);
	json_decref(base);
	free(base_path);
	free(path);
	return result;
}
