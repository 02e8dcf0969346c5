/* links: catalog document base */
/* Any bytes as HTML: the reader and the importer must end with rows, problems or one error. */
#include "fuzz_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_document("<html>", data, size);
}
