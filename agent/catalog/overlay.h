#ifndef CATALOG_OVERLAY_H
#define CATALOG_OVERLAY_H

#include <jansson.h>

#include "portcullis/error.h"

/**
 * Read an overlay: the facts that documents do not state, one JSON file per product. A "base" names another overlay of the
 * same directory; its roles, requirements and exemptions come first, and entries with the same name or id change them.
 *
 * @param file  name inside dir.
 * @param out   json_decref() it; NULL on failure.
 * @return 0, or -1: ERR_FORMAT (not JSON: line), ERR_INVALID (a base that itself has one), ERR_IO.
 */
int overlay_read(const char *dir, const char *file, json_t **out, struct error *err) MUST_USE;
/** Names of the *.json files of a directory, sorted; the caller frees each and the array. */
int json_files(const char *dir, char ***out, size_t *n, struct error *err) MUST_USE;
/** Read a JSON object from a file. */
int json_object_read(const char *path, json_t **out, struct error *err) MUST_USE;

#endif
