#ifndef FUZZ_DOCUMENT_H
#define FUZZ_DOCUMENT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What names of unknown languages are aligned with: an edition of our own, read once. */
static const struct import_known *fuzz_known(void)
{
	static struct import_known *known;
	struct document doc;
	struct import import;
	struct error err;
	if (known != NULL)
		return known;
	known = import_known_new();
	if (document_read(SOURCE_DIR "/tests/data/document/ports-de.md", &doc, &err) != 0)
		abort();
	import_build(&doc, &import);
	import_known_add(known, &import);
	import_fini(&import);
	return known;
}

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
		(void)import_align(&import, fuzz_known());
		free(import_json(&import, 1));
		import_fini(&import);
	}
	free(bytes);
	return 0;
}

#endif
