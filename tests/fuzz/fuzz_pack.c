/* links: catalog document base */
/*
 * Any bytes as a pack file of the operator's own, beside one sound pack that its overrides can change: loaded and merged, or
 * refused with one error. The schema is read once, from the project's own folder.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/pack_load.h"
#include "portcullis/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] =
        "{\"portcullis-catalog:catalog\":{\"pack\":[{\"name\":\"base\",\"id\":77,\"title\":\"B\",\"version\":\"1\","
        "\"service\":[{\"name\":\"s\"}],\"role\":[{\"name\":\"a\",\"id\":1,\"kind\":\"server\",\"include\":[\"b\"]},"
        "{\"name\":\"b\",\"id\":2,\"kind\":\"client\"}],\"requirement\":[{\"id\":7,\"label-name\":\"base/a/1-tcp\","
        "\"listener\":\"a\",\"initiator\":[{\"role\":\"b\",\"basis\":\"stated\"}],\"reach\":\"site\","
        "\"class\":\"management\",\"flow\":[{\"variant\":1,\"transport\":\"tcp\",\"port\":{\"lower\":1}}]}]}]}}";

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
	struct pack_files files = {0};
	struct catalog *catalog = NULL;
	struct error err = {0};
	/* pack_parse() takes what file_read() gives: a NUL stands behind the last byte. */
	char *bytes = xmalloc(size + 1);
	if (size > 0)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	if (pack_parse(context(), base, sizeof(base) - 1, "base", false, &files, &err) != 0)
		abort();
	if (pack_parse(context(), bytes, size, "fuzz", true, &files, &err) == 0 && pack_merge(&files, &err) == 0 &&
	        pack_files_convert(&files, &catalog, &err) == 0) {
		const struct pack *merged = catalog_find(catalog, "base");
		struct pack_diff diff;
		free(catalog_list_json(catalog));
		free(pack_show_json(merged, "en"));
		pack_diff_build(&catalog->pack[0], merged, &diff);
		pack_diff_fini(&diff);
	}
	if (catalog == NULL && err.code == ERR_NONE)
		abort();
	catalog_free(catalog);
	pack_files_fini(&files);
	free(bytes);
	return 0;
}
