#ifndef PORTCULLIS_NETCONF_SELECT_H
#define PORTCULLIS_NETCONF_SELECT_H

#include "netconf/filter.h"
#include "portcullis/snapshot.h"

/* Results of a snapshot that a filter may select, found without building their nodes. */

struct selection {
	bool all;
	size_t *row, n; /**< else indices of flows, ascending */
};

/** @param top schema node of the conformance. Rows that cannot be selected are left out; others may be there. */
void select_results(
        const struct filter *f, const struct lysc_node *top, const struct snapshot *snap, struct selection *out);
void selection_fini(struct selection *s);

#endif
