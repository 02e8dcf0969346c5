/* links: deployment base */
/*
 * The offline form of addresses and routes: any bytes as the file; what is read is cut by its own routes, is equal to
 * itself and is freed.
 */
#include <stdint.h>
#include <stdlib.h>

#include "portcullis/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct cover {
	u128 last; /* the addresses up to here have an answer */
	bool any;
};

/* One part has as many answers as next hops, so parts may overlap; they leave no gap. */
static void on_part(void *ctx, struct range part, const char *ifname)
{
	struct cover *c = ctx;
	if (part.hi < part.lo || ifname == NULL || (c->any ? part.lo > c->last && part.lo - c->last > 1 : part.lo > 0))
		abort();
	if (!c->any || part.hi > c->last)
		c->last = part.hi;
	c->any = true;
}

static void cut(const struct network *net, enum family f)
{
	struct cover c = {0};
	network_each_route(net, f, (struct range){0, family_max(f)}, on_part, &c);
	if (!c.any || c.last != family_max(f))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct network net;
	struct error err = {0};
	if (network_parse_json((const char *)data, size, &net, &err) != 0) {
		if (err.code == ERR_NONE || err.text[0] == '\0')
			abort();
		return 0;
	}
	cut(&net, FAMILY_IPV4);
	cut(&net, FAMILY_IPV6);
	if (!network_equal(&net, &net))
		abort();
	network_fini(&net);
	return 0;
}
