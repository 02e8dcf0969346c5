/* links: catalog document base */
/* Any bytes as Markdown: the reader and the importer must end with rows, problems or one error. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char prefix[] = "# x\n\n";
	size_t head = sizeof(prefix) - 1;
	char *bytes = xmalloc(head + size);
	struct document doc;
	struct error err;
	if (head > 0)
		memcpy(bytes, prefix, head);
	if (size > 0)
		memcpy(bytes + head, data, size);
	if (document_parse(bytes, head + size, "fuzz", &doc, &err) == 0) {
		struct import import;
		import_build(&doc, &import);
		free(import_json(&import, 1));
		import_fini(&import);
	}
	free(bytes);
	return 0;
}
