/* links: ruleset base */
/*
 * Any bytes as a dump and as events: first a length of the dump, then the dump, then events. What is known afterwards can
 * be read as a ruleset, or the reader refuses it; never a crash.
 */
#include <stdint.h>
#include <stdlib.h>

#include "portcullis/mirror.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mirror *m = mirror_new();
	struct ruleset *rs;
	struct error err;
	size_t dump = size >= 4 ? (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16 : 0;

	if (size >= 4) {
		data += 4;
		size -= 4;
		dump = dump < size ? dump : size;
	}
	if (mirror_load(m, data, dump, &err) == 0) {
		/* In two parts, as a socket may give them. */
		size_t half = (size - dump) / 8 * 4;

		if (mirror_feed(m, data + dump, half, &err) == 0 &&
		        mirror_feed(m, data + dump + half, size - dump - half, &err) == 0 &&
		        mirror_ruleset(m, &rs, &err) == 0)
			ruleset_free(rs);
	}
	mirror_free(m);
	return 0;
}
