/*
 * In: sites with pinned packs, the installed catalog, and a directory of copies. Out: copies of what is pinned, and catalogs
 * with the pinned packs beside the installed ones. Refused: a copy that is not the pack that its name says.
 */
#include "portcullis/pins.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define COPY_MAX ((size_t)64 << 20)

struct pins {
	char *dir, *yang_dir;
	pthread_mutex_t mutex; /* of what follows */
	struct catalog **copy; /* loaded, of one pack each */
	size_t n_copy;
	char **known; /* paths of copies that are as they should be */
	size_t n_known;
};

struct pins *pins_new(const char *dir, const char *yang_dir)
{
	struct pins *pins = xcalloc(1, sizeof(*pins));

	pins->dir = xstrdup(dir);
	pins->yang_dir = xstrdup(yang_dir);
	pthread_mutex_init(&pins->mutex, NULL);
	return pins;
}

void pins_free(struct pins *pins)
{
	if (!pins)
		return;
	for (size_t i = 0; i < pins->n_copy; i++)
		catalog_free(pins->copy[i]);
	for (size_t i = 0; i < pins->n_known; i++)
		free(pins->known[i]);
	free(pins->copy);
	free(pins->known);
	free(pins->dir);
	free(pins->yang_dir);
	pthread_mutex_destroy(&pins->mutex);
	free(pins);
}

static bool is_pinned_by(const struct deployment *d, const struct pack *pack)
{
	return d->pack_digest[0] && !strcmp(pack->name, d->product) && !strcmp(pack->digest, d->pack_digest);
}

static const struct pack *pinned_find(const struct catalog *catalog, const struct deployment *d)
{
	for (size_t i = 0; i < catalog->n_pack; i++)
		if (is_pinned_by(d, &catalog->pack[i]))
			return &catalog->pack[i];
	return NULL;
}

const struct pack *deployment_pack(const struct catalog *catalog, const struct deployment *d)
{
	const struct pack *pinned = pinned_find(catalog, d);

	return pinned ? pinned : catalog_find(catalog, d->product);
}

const struct pack *deployment_available(const struct catalog *catalog, const struct deployment *d)
{
	for (size_t i = 0; d->pack_digest[0] && i < catalog->n_pack; i++) {
		const struct pack *pack = &catalog->pack[i];

		if (!pack->kept && !strcmp(pack->name, d->product))
			return strcmp(pack->digest, d->pack_digest) != 0 ? pack : NULL;
	}
	return NULL;
}

static bool is_used(const struct site *site, const struct catalog *catalog, const struct pack *pack)
{
	for (size_t i = 0; site && i < site->n_deployment; i++)
		if (deployment_pack(catalog, &site->deployment[i]) == pack)
			return true;
	return false;
}

const struct pack **site_packs(const struct site *site, const struct catalog *catalog)
{
	const struct pack **out = xcalloc(catalog->n_pack + 1, sizeof(const struct pack *));

	for (size_t i = 0; i < catalog->n_pack; i++) {
		const struct pack *pack = &catalog->pack[i];
		size_t at = i;

		for (; at > 0 && out[at - 1]->id == pack->id && is_used(site, catalog, pack) &&
		        !is_used(site, catalog, out[at - 1]);
		        at--)
			out[at] = out[at - 1];
		out[at] = pack;
	}
	return out;
}

/* Product names may have slashes, which would lead elsewhere; digests are hexadecimal. */
static char *copy_path(const struct pins *pins, const struct deployment *d)
{
	char *path = xasprintf("%s/%s-%s.json", pins->dir, d->product, d->pack_digest);

	for (char *p = path + strlen(pins->dir) + 1; (p = strchr(p, '/'));)
		*p = '_';
	return path;
}

static bool is_known(const struct pins *pins, const char *path)
{
	for (size_t i = 0; i < pins->n_known; i++)
		if (!strcmp(pins->known[i], path))
			return true;
	return false;
}

static bool is_whole(const char *path, const char *want)
{
	struct error err;
	char *have;
	size_t len;
	bool whole;

	if (file_read(path, COPY_MAX, &have, &len, &err))
		return false;
	whole = strlen(want) == len && !memcmp(have, want, len);
	free(have);
	return whole;
}

static int copy_write(struct pins *pins, char *path, const struct pack *pack, struct error *err)
{
	char *text = xasprintf("{\"portcullis-catalog:catalog\":{\"pack\":[%s]}}\n", pack->json);
	int result = 0;

	if (mkdir(pins->dir, 0750) && errno != EEXIST)
		result = error_set(
		        err, ERR_IO, pins->dir, "the directory of pinned packs cannot be made: %s", strerror(errno));
	else if (!is_whole(path, text))
		result = file_replace(path, text, strlen(text), err);
	free(text);
	if (result)
		return -1;
	pins->known = xrealloc(pins->known, pins->n_known + 1, sizeof(*pins->known));
	pins->known[pins->n_known++] = xstrdup(path);
	return 0;
}

int pins_keep(struct pins *pins, const struct site *site, const struct catalog *installed, struct error *err)
{
	int result = 0;

	if (!pins)
		return 0;
	pthread_mutex_lock(&pins->mutex);
	for (size_t i = 0; !result && i < site->n_deployment; i++) {
		const struct deployment *d = &site->deployment[i];
		const struct pack *pack = pinned_find(installed, d);
		char *path = copy_path(pins, d);

		if (pack && !pack->kept && !is_known(pins, path))
			result = copy_write(pins, path, pack, err);
		free(path);
	}
	pthread_mutex_unlock(&pins->mutex);
	return result;
}

static struct catalog *copy_find(const struct pins *pins, const struct deployment *d)
{
	for (size_t i = 0; i < pins->n_copy; i++)
		if (pinned_find(pins->copy[i], d))
			return pins->copy[i];
	return NULL;
}

static int copy_load(struct pins *pins, const char *path, const struct deployment *d, struct error *err)
{
	struct catalog *catalog;
	struct error why;

	if (catalog_load_copy(path, pins->yang_dir, &catalog, &why))
		return error_set(err, why.code, path,
		        "the copy of the pack that deployment %s pins cannot be used: %s%s%s; install that pack once, "
		        "or change the pin",
		        d->name, strcmp(why.where, path) != 0 ? why.where : "",
		        strcmp(why.where, path) != 0 && why.where[0] ? ": " : "", why.text);
	if (catalog->n_pack != 1 || !pinned_find(catalog, d)) {
		catalog_free(catalog);
		return error_set(err, ERR_INVALID, path,
		        "the copy of a pinned pack is not pack %s with digest %s; remove it and install that pack once",
		        d->product, d->pack_digest);
	}
	catalog->pack[0].kept = true;
	pins->copy = xrealloc(pins->copy, pins->n_copy + 1, sizeof(struct catalog *));
	pins->copy[pins->n_copy++] = catalog;
	return 0;
}

/* One more part for a deployment whose pack is not among them yet. */
static int part_add(struct pins *pins, const struct deployment *d, struct catalog **part, size_t *n, struct error *err)
{
	struct stat st;
	char *path;
	int result = 0;

	for (size_t i = 0; i < *n; i++)
		if (pinned_find(part[i], d))
			return 0;
	path = copy_path(pins, d);
	if (!copy_find(pins, d) && (!stat(path, &st) || errno != ENOENT))
		result = copy_load(pins, path, d, err);
	free(path);
	if (!result && copy_find(pins, d))
		part[(*n)++] = copy_find(pins, d);
	return result;
}

int pins_catalog(
        struct pins *pins, const struct site *site, struct catalog *installed, struct catalog **out, struct error *err)
{
	struct catalog **part;
	size_t n = 0;
	int result = 0;

	*out = NULL;
	part = xcalloc(site->n_deployment + 1, sizeof(struct catalog *));
	part[n++] = installed;
	if (pins)
		pthread_mutex_lock(&pins->mutex);
	for (size_t i = 0; pins && !result && i < site->n_deployment; i++)
		if (site->deployment[i].pack_digest[0])
			result = part_add(pins, &site->deployment[i], part, &n, err);
	if (pins)
		pthread_mutex_unlock(&pins->mutex);
	if (!result)
		*out = n > 1 ? catalog_join(part, n) : catalog_ref(installed);
	free(part);
	return result;
}
