#ifndef PORTCULLIS_NETCONF_CUT_H
#define PORTCULLIS_NETCONF_CUT_H

#include <libyang/libyang.h>

#include "netconf/nacm.h"
#include "netconf/notify.h"

/*
 * What a change of the configuration says to whom (RFC 8341 asks for permission of the notification alone; the nodes that
 * changed are named in it, and who may not read one shall not learn that it did).
 */

/** What one notification becomes for several users. Start with {0}; release with cuts_fini(). */
struct cuts {
	bool is_read;
	size_t n; /**< its edits, in order */
	struct cut_edit *edit; /**< NULL: it is about no node of the configuration, or cannot be read */
	struct cut *cut; /**< what was made of it */
	size_t n_cut, cap_cut;
};

/**
 * Leave out the edits of a netconf-config-change whose targets may not be read. An edit that names no node stays beside one
 * that does; one that stands for several below a node at the top needs permission for all that can be there.
 *
 * @param notice  always the same of one struct cuts; borrowed. Any other notification stays as it is.
 * @return borrowed from the notice or the cuts; NULL: nothing is left of it.
 */
struct notice *cuts_for(struct cuts *cuts, const struct ly_ctx *ctx, struct notice *notice, struct nacm_view *view);
void cuts_fini(struct cuts *cuts);

#endif
