#ifndef PORTCULLIS_NETCONF_ANSWER_H
#define PORTCULLIS_NETCONF_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/text.h"

/*
 * What libnetconf2 answers by itself to an rpc that does not fit the models: "operation-failed", with whole values of the
 * client's in the message. Pure.
 */

/** Longest beginning of such an answer that is kept; the attributes of the rpc fit in (ENVELOPE_ATTRIBUTES). */
#define ANSWER_MAX (64u * 1024)

struct answer {
	struct text text; /**< the answer, or its beginning */
	bool cut; /**< not all of it */
	bool whole; /**< its end has come */
};

/** Keep a piece of the answer, as far as there is room. */
void answer_add(struct answer *a, const char *piece, size_t n);
/** Make it short and the client's fault (invalid-value); what is no rpc-error stays as it is. */
void answer_finish(struct answer *a);

#endif
