/* links: ruleset base */
/* Any bytes as the output of nft -j: a ruleset that can be printed, or an error; never a crash. */
#include <stdint.h>
#include <stdlib.h>

#include "portcullis/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset *rs;
	struct error err;
	if (ruleset_parse_json((const char *)data, size, &rs, &err) == 0)
		ruleset_free(rs);
	return 0;
}
