/* links: ruleset base */
/* Any bytes as a netlink dump: a ruleset that can be printed, or an error; never a crash. */
#include <stdint.h>
#include <stdlib.h>

#include "portcullis/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset *rs;
	struct error err;
	if (ruleset_parse_netlink(data, size, &rs, &err) == 0)
		ruleset_free(rs);
	return 0;
}
