/*
 * In: a verified ruleset, its openings, the flows and the network that they come from. Out: what all of that does not see or
 * cannot vouch for, in words, the worst first. Nothing is refused.
 */
#include <stdlib.h>

#include "portcullis/alloc.h"
#include "portcullis/conformance.h"

static void tell(char *text, void (*each)(void *ctx, const char *text), void *ctx)
{
	if (text != NULL)
		each(ctx, text);
	free(text);
}

void conformance_each_caveat(const struct ruleset *rs, const struct openings *openings, const struct flows *flows,
        const struct network *net, void (*each)(void *ctx, const char *text), void *ctx)
{
	if (rs == NULL)
		return;
	if (rs->legacy != NULL)
		tell(xasprintf("rules of iptables-legacy exist and cannot be seen: %s", rs->legacy), each, ctx);
	if (rs->foreign_flowtable != NULL)
		tell(xasprintf("flowtable %s lets established connections bypass the chains", rs->foreign_flowtable),
		        each, ctx);
	flows_each_caveat(flows, net, each, ctx);
	tell(flows_open_caveat(flows), each, ctx);
	for (size_t i = 0; i < openings->n_caveat; i++)
		each(ctx, openings->caveat[i]);
	if (openings->incomplete)
		tell(xasprintf("there may be more openings than are listed: %s", openings->reason), each, ctx);
}
