#ifndef PORTCULLIS_WHATIF_H
#define PORTCULLIS_WHATIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/conformance.h"

/* What a change of configuration or ruleset would do: two states come in, what differs between them goes out. Pure. */

/** A configuration on a ruleset; all borrowed. */
struct whatif_state {
	const struct site *site;
	const struct flows *flows; /**< of this site */
	const struct network *network; /**< that the flows were derived with */
	const struct ruleset *rs; /**< NULL: it cannot be read */
	const char *why; /**< reason for rs == NULL, else NULL */
	const struct findings *findings; /**< what was found of them already; NULL: it is found here, and so are */
	const struct openings *openings;
};

enum whatif_kind {
	WHATIF_REGRESSION, /**< all of it passes now, and then some does not, or nobody knows */
	WHATIF_REPAIR, /**< the other way round */
	WHATIF_CHANGE, /**< any other change of a verdict; a flow that comes or goes */
	WHATIF_KIND_N
};

#define WHATIF_MAX_ROWS 10000 /**< flows of a kind that are listed; all are counted */
#define WHATIF_MAX_LINES 16 /**< of a cure that are told; all are counted */

/**
 * Commands of nft(8) that together let the whole flow pass: each puts a rule, with the flow's own packets and nothing else,
 * where it decides. They were tried on the model before they are told.
 */
struct whatif_cure {
	char **line; /**< "insert rule inet filter forward handle 12 ip saddr 10.0.0.0/24 tcp dport 5061 accept" */
	size_t n;
	size_t n_more; /**< lines that are not told, and are needed too */
	const char *why; /**< where no line is told, why not: static; else NULL */
};

struct whatif_flow {
	const struct flow *flow; /**< as it is then; of one that is gone, as it is now */
	const struct finding *now, *then; /**< NULL: there is no such flow */
	struct whatif_cure cure; /**< of a regression */
};

struct whatif_flows {
	struct whatif_flow *item; /**< by id */
	size_t n, cap;
	size_t total; /**< with those that are not listed */
};

struct whatif_openings {
	const struct opening **item; /**< by id */
	size_t n, cap;
};

struct whatif_found;

struct whatif {
	char *reason; /**< why nothing can be told; then only the summaries are set. NULL: it can */
	struct summary now, then;
	struct whatif_flows flows[WHATIF_KIND_N]; /**< borrow from the states */
	size_t n_advisory; /**< regressions that do not count: see whatif_counts() */
	size_t n_new, n_gone; /**< among the changes: flows that come, flows that go */
	struct whatif_openings opened, closed; /**< some packets of each were not open before, or are not any more */
	char **caveat; /**< what of this is less than certain */
	size_t n_caveat;
	struct whatif_found *found; /**< what was verified here */
};

/**
 * Compare two states. Flows are the same when their ids and requirements are; openings by their packets, whichever rule
 * accepts them.
 *
 * @param at   seconds since 1970: when exceptions end.
 * @param out  borrows from both states; release with whatif_fini() before these.
 * @return 0, or -1 with ERR_LIMIT: more than the verification takes. A ruleset that cannot be read is no failure: see
 *         out->reason.
 */
int whatif_compare(const struct whatif_state *now, const struct whatif_state *then, int64_t at, struct whatif *out,
        struct error *err) MUST_USE;
void whatif_fini(struct whatif *w);

/**
 * Does a regression count, for those who ask and for the gate of a commit? Not one of a flow that nobody has to open: it
 * rests on an unsure correction, or is a side that need not open.
 */
bool whatif_counts(const struct whatif_flow *f);
/** Regressions that count, with those that are not listed. */
size_t whatif_breaks(const struct whatif *w);

/** Exit code of the commands: 0 no regression that counts, 1 some, 2 cannot tell. */
int whatif_exit_code(const struct whatif *w);

#endif
