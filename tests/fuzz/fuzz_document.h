#ifndef FUZZ_DOCUMENT_H
#define FUZZ_DOCUMENT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes after a prefix that decides the reader go through reader and importer: rows, problems or one error. */
static int fuzz_document(const char *prefix, const uint8_t *data, size_t size)
{
	size_t head = strlen(prefix);
	char *bytes = xmalloc(head + size);
	struct document doc;
	struct error err;
	memcpy(bytes, prefix, head);
	if (size > 0)
		memcpy(bytes + head, data, size);
	if (document_parse(bytes, head + size, "fuzz", &doc, &err) == 0 && doc.n_table == 0) {
		/* The vocabulary takes most of an import's time: runs without tables go to the reader alone. */
		document_fini(&doc);
	} else if (doc.n_table > 0) {
		struct import import;
		import_build(&doc, &import);
		free(import_json(&import, 1));
		import_fini(&import);
	}
	free(bytes);
	return 0;
}

#endif
