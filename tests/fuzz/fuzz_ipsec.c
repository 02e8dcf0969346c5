/* links: verify catalog deployment base */
/* Any bytes as a dump of IPsec policies: policies that can be printed, or an error; never a crash. */
#include <stdlib.h>

#include "portcullis/ipsec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipsec_policies *policies;
	struct error err;
	if (ipsec_parse(data, size, &policies, &err) != 0)
		return 0;
	for (size_t i = 0; i < policies->n; i++)
		free(ipsec_policy_print(&policies->policy[i]));
	ipsec_policies_unref(policies);
	return 0;
}
