/* links: ruleset base */
/* Any bytes as a dump of connection tracking: connections that can be printed, or an error; never a crash. */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connections c;
	struct error err;
	size_t established = 0;
	uint8_t *bytes = xmalloc(size > 0 ? size : 1); /* exact: a read past the end is seen */
	if (size > 0)
		memcpy(bytes, data, size);
	if (connections_parse(bytes, size, &c, &err) == 0) {
		for (size_t i = 0; i < c.n; i++) {
			const struct connection *one = &c.connection[i];
			established += connection_is_established(one);
			free(connection_print(one));
			if (one->source > family_max(one->family) || one->answered > family_max(one->family))
				abort();
		}
		if (established > c.n)
			abort();
		connections_fini(&c);
	}
	free(bytes);
	return 0;
}
