#ifndef CATALOG_PACK_LOAD_H
#define CATALOG_PACK_LOAD_H

#include <jansson.h>

#include "portcullis/catalog.h"

struct ly_ctx;

/** A schema context with portcullis-catalog.yang; ly_ctx_destroy() it. @return 0, or -1 with ERR_NOT_FOUND, ERR_INVALID. */
int pack_context_new(const char *yang_dir, struct ly_ctx **out, struct error *err) MUST_USE;
/**
 * Validate the bytes of a pack file against the model and add its packs.
 *
 * @param file  for messages and pack->file.
 * @return 0, or -1: ERR_FORMAT (not JSON), ERR_INVALID (breaks the model or its own references: path and reason). What was
 *         added before stays in the catalog.
 */
int pack_parse(const struct ly_ctx *ctx, const char *bytes, size_t len, const char *file, struct catalog *catalog,
        struct error *err) MUST_USE;
/** Fill a pack from validated JSON; *pack is zeroed before. Release with pack_fini(). */
void pack_convert(const json_t *from, struct pack *pack);
void pack_fini(struct pack *pack);
/** What the model cannot say: roles exist, includes form no circle, flows are numbered from 1. */
int pack_check(const struct pack *pack, struct error *err) MUST_USE;

#endif
