/*
 * The kernel's ruleset as a model, from one dump of whoever speaks to it: with the names of iptables-legacy tables and the
 * IPsec policies, which a dump of nf_tables does not have. What cannot be read is an error.
 */
#include "portcullis/alloc.h"
#include "portcullis/nft.h"

int nft_ruleset(const struct nft_ops *ops, struct nft_dump *bytes, struct ruleset **out, struct error *err)
{
	struct nft_dump dump = {0};
	*out = NULL;
	int result = ops->dump(ops->self, &dump, err);
	if (result == 0)
		result = ruleset_parse_netlink(dump.bytes, dump.len, out, err);
	if (result == 0) {
		(*out)->legacy = dump.legacy != NULL ? xstrdup(dump.legacy) : NULL;
		(*out)->policies = ipsec_policies_read(ops->policies, ops->self);
	}
	if (result == 0 && bytes != NULL)
		*bytes = dump;
	else
		nft_dump_fini(&dump);
	return result;
}
