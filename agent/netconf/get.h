#ifndef PORTCULLIS_NETCONF_GET_H
#define PORTCULLIS_NETCONF_GET_H

#include "netconf/reply.h"

/* What get, get-config and get-data have in common. */

struct reading {
	enum datastore datastore;
	bool config, state; /**< which nodes are read; state is added to the datastore */
	bool in_use; /**< configuration with the defaults that are in use */
	NC_WD_MODE defaults; /**< how the reply shows defaults */
	unsigned depth; /**< levels of each selected node; 0: all */
	/** Called with what the filter has left; NULL: nothing more to do. */
	void (*finish)(const void *ctx, struct lyd_node **tree);
	const void *ctx;
};

/** The reply to a request with a filter. */
struct nc_server_reply *reading_answer(const struct call *call, const struct reading *r);

#endif
