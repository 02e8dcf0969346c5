/*
 * In: a site with pinned packs, the installed catalog, and a directory of copies. Out: copies of what is pinned, and a
 * catalog with the pinned packs beside the installed ones. Refused: a copy that is not the pack that its name says.
 */
#include "portcullis/pins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"

static bool is_pinned_by(const struct deployment *d, const struct pack *pack)
{
	return d->pack_digest[0] && !strcmp(pack->name, d->product) && !strcmp(pack->digest, d->pack_digest);
}

const struct pack *deployment_pack(const struct catalog *catalog, const struct deployment *d)
{
	for (size_t i = 0; i < catalog->n_pack; i++)
		if (is_pinned_by(d, &catalog->pack[i]))
			return &catalog->pack[i];
	return catalog_find(catalog, d->product);
}

/* Product names and digests are identifiers of the model: no slash, no dot in front. */
static char *copy_path(const char *dir, const struct deployment *d)
{
	return xasprintf("%s/%s-%s.json", dir, d->product, d->pack_digest);
}

static int copy_write(const char *path, const struct pack *pack, struct error *err)
{
	char *text;
	int result;

	if (access(path, F_OK) == 0)
		return 0;
	text = xasprintf("{\"portcullis-catalog:catalog\":{\"pack\":[%s]}}\n", pack->json);
	result = file_replace(path, text, strlen(text), err);
	free(text);
	return result;
}

int pins_keep(const char *dir, const struct site *site, const struct catalog *catalog, struct error *err)
{
	int result = 0;

	for (size_t i = 0; !result && i < site->n_deployment; i++) {
		const struct deployment *d = &site->deployment[i];
		const struct pack *pack = deployment_pack(catalog, d);
		char *path;

		if (!pack || !is_pinned_by(d, pack))
			continue;
		if (mkdir(dir, 0750) && errno != EEXIST)
			return error_set(
			        err, ERR_IO, dir, "the directory of pinned packs cannot be made: %s", strerror(errno));
		path = copy_path(dir, d);
		result = copy_write(path, pack, err);
		free(path);
	}
	return result;
}

static int copy_load(
        const char *path, const char *yang_dir, const struct deployment *d, struct pins *out, struct error *err)
{
	struct catalog *catalog;

	if (catalog_load_file(path, yang_dir, &catalog, err))
		return -1;
	if (catalog->n_pack != 1 || !is_pinned_by(d, &catalog->pack[0])) {
		catalog_free(catalog);
		return error_set(err, ERR_INVALID, path,
		        "the copy of a pinned pack is not pack %s with digest %s; remove it and install that pack once",
		        d->product, d->pack_digest);
	}
	out->kept = xrealloc(out->kept, out->n + 1, sizeof(*out->kept));
	out->kept[out->n++] = catalog;
	return 0;
}

static bool is_there(const struct catalog *installed, const struct pins *pins, const struct deployment *d)
{
	bool found = false;

	for (size_t i = 0; i < installed->n_pack; i++)
		found = found || is_pinned_by(d, &installed->pack[i]);
	for (size_t i = 0; i < pins->n; i++)
		found = found || is_pinned_by(d, &pins->kept[i]->pack[0]);
	return found;
}

/* By value: what the packs point to stays where it is. */
static void all_build(const struct catalog *installed, struct pins *pins)
{
	pins->all = (struct catalog){.pack = xcalloc(installed->n_pack + pins->n, sizeof(struct pack))};
	for (size_t i = 0; i < installed->n_pack; i++)
		pins->all.pack[pins->all.n_pack++] = installed->pack[i];
	for (size_t i = 0; i < pins->n; i++)
		pins->all.pack[pins->all.n_pack++] = pins->kept[i]->pack[0];
}

int pins_load(const char *dir, const char *yang_dir, const struct site *site, const struct catalog *installed,
        struct pins *out, struct error *err)
{
	int result = 0;

	*out = (struct pins){0};
	for (size_t i = 0; !result && i < site->n_deployment; i++) {
		const struct deployment *d = &site->deployment[i];
		char *path = copy_path(dir, d);

		if (d->pack_digest[0] && !is_there(installed, out, d) && access(path, F_OK) == 0)
			result = copy_load(path, yang_dir, d, out, err);
		free(path);
	}
	all_build(installed, out);
	return result;
}

void pins_fini(struct pins *pins)
{
	for (size_t i = 0; i < pins->n; i++)
		catalog_free(pins->kept[i]);
	free(pins->kept);
	free(pins->all.pack);
	*pins = (struct pins){0};
}
