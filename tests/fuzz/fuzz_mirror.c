/* links: ruleset base */
/*
 * Any bytes as a dump and as events: first a length of the dump, then the dump, then events. What is known afterwards can
 * be read as a ruleset, or the reader refuses it; never a crash.
 */
#include <stdint.h>
#include <stdlib.h>

#include "portcullis/mirror.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct mirror *m)
{
	struct ruleset *rs;
	struct error err;

	if (mirror_ruleset(m, &rs, &err) == 0)
		ruleset_free(rs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mirror *m = mirror_new();
	struct error err;
	size_t dump = size >= 4 ? (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16 : 0;

	if (size >= 4) {
		data += 4;
		size -= 4;
		dump = dump < size ? dump : size;
	}
	if (mirror_load(m, data, dump, &err) == 0) {
		/* In parts, as a socket may give them. */
		size_t part = (size - dump) / 32 * 4;

		data += dump;
		size -= dump;
		look(m);
		for (; size > 0 && mirror_feed(m, data, part > 0 && part < size ? part : size, &err) == 0;) {
			look(m);
			data += part > 0 && part < size ? part : size;
			size -= part > 0 && part < size ? part : size;
		}
	}
	mirror_free(m);
	return 0;
}
