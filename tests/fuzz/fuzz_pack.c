/* links: catalog document base */
/* Any bytes as a pack file: loaded or refused with one error. The schema is read once, from the project's own folder. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/pack_load.h"
#include "portcullis/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ly_ctx *context(void)
{
	static struct ly_ctx *ctx;
	struct error err = {0};
	if (ctx == NULL && pack_context_new(SOURCE_DIR "/yang", &ctx, &err) != 0) {
		fprintf(stderr, "%s: %s\n", err.where, err.text);
		abort();
	}
	return ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct catalog *catalog = xcalloc(1, sizeof(*catalog));
	struct error err;
	/* pack_parse() takes what file_read() gives: a NUL stands behind the last byte. */
	char *bytes = xmalloc(size + 1);
	if (size > 0)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	if (pack_parse(context(), bytes, size, "fuzz", catalog, &err) == 0)
		free(catalog_list_json(catalog));
	catalog_free(catalog);
	free(bytes);
	return 0;
}
