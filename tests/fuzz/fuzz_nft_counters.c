/* links: nft base */
/*
 * Any bytes as a dump: counters in order and within their lengths, or an error; messages that are
 * renewed by them; never a crash.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/nft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nft_counters c;
	struct error err;
	uint8_t *bytes = xmalloc(size > 0 ? size : 1); /* aligned, as a dump is */
	if (size > 0)
		memcpy(bytes, data, size);
	if (nft_counters_read(bytes, size, OWN_TABLE, &c, &err) == 0)
		for (size_t i = 0; i < c.n; i++)
			if ((c.counter[i].set == NULL) != (c.counter[i].chain != NULL) ||
			        c.counter[i].len > sizeof(c.counter[i].key))
				abort();
	nft_counters_renew(&c, bytes, size);
	nft_counters_fini(&c);
	free(bytes);
	return 0;
}
