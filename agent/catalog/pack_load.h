#ifndef CATALOG_PACK_LOAD_H
#define CATALOG_PACK_LOAD_H

#include <jansson.h>

#include "portcullis/catalog.h"

struct ly_ctx;

/* What all pack files of a catalog may hold; the entries of a list are counted before anything is made of them. */
#define PACK_MAX_FILES 256u
#define PACK_MAX_FILE_BYTES (16u * 1024 * 1024)
#define PACK_MAX_BYTES (32u * 1024 * 1024)
#define PACK_MAX_PACKS 256u
#define PACK_MAX_OVERRIDES 1024u
#define PACK_MAX_SERVICES 2000u /* of one pack, as the next two */
#define PACK_MAX_ROLES 2000u
#define PACK_MAX_REQUIREMENTS 10000u

/** An entry of the list `pack` or `override` of a pack file. */
struct pack_entry {
	json_t *json;
	char *file;
	bool own; /**< from the operator's own directory */
	struct catalog_override effect; /**< of an override, once merged: what it did; pack is not set */
};

/** What pack files say, before overrides are merged. Start with {0}; release with pack_files_fini(). */
struct pack_files {
	struct pack_entry *pack, *override;
	size_t n_pack, cap_pack, n_override, cap_override;
	size_t n_file, bytes; /**< what pack_files_add() has read */
	bool copy; /**< made by the agent: own-file may be in it */
};

/** A schema context with portcullis-catalog.yang; ly_ctx_destroy() it. @return 0, or -1 with ERR_NOT_FOUND, ERR_INVALID. */
int pack_context_new(const char *yang_dir, struct ly_ctx **out, struct error *err) MUST_USE;
/**
 * Validate the bytes of a pack file against the model and add its packs and overrides.
 *
 * @param file  for messages, pack->file and own-file.
 * @param own   the file is from the operator's own directory.
 * @return 0, or -1: ERR_FORMAT (not JSON), ERR_INVALID (breaks the model, states own-file, or its digest does not fit),
 *         ERR_LIMIT. What was added before stays.
 */
int pack_parse(const struct ly_ctx *ctx, const char *bytes, size_t len, const char *file, bool own,
        struct pack_files *files, struct error *err) MUST_USE;
/** Read and pack_parse() a file, within the limits of all files. */
int pack_files_add(
        const struct ly_ctx *ctx, const char *path, bool own, struct pack_files *files, struct error *err) MUST_USE;
void pack_entry_fini(struct pack_entry *entry);
void pack_files_fini(struct pack_files *files);
/** How many entries of a list ("service", "role", "requirement") a pack may have. */
size_t pack_list_limit(const char *list);

/**
 * Merge every override into its pack, and mark what it brings with own-file. The outcome does not depend on the order of
 * the files, but for the order of the marks.
 *
 * @return 0, or -1: ERR_INVALID (two packs with one name or id, an override of a product that there is not, an id with
 *         another name, two overrides of one entry: both files), ERR_LIMIT. The packs are then merged in part.
 */
int pack_merge(struct pack_files *files, struct error *err) MUST_USE;
/** SHA-256 of a pack's content. The same content has the same digest, whoever states it: the agent's marks are no content. */
void pack_content_digest(const json_t *pack, char out[65]);
/** A catalog of merged packs, checked. @return 0, or -1 with ERR_INVALID; *out is NULL then. */
int pack_files_convert(const struct pack_files *files, struct catalog **out, struct error *err) MUST_USE;

/** Fill a pack from validated JSON; *pack is zeroed before. Release with pack_fini(). */
void pack_convert(const json_t *from, struct pack *pack);
void pack_fini(struct pack *pack);
/** What the model cannot say: roles exist, includes form no circle, flows are numbered from 1. */
int pack_check(const struct pack *pack, struct error *err) MUST_USE;

#endif
