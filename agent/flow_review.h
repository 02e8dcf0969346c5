#ifndef PORTCULLIS_AGENT_FLOW_REVIEW_H
#define PORTCULLIS_AGENT_FLOW_REVIEW_H

#include "portcullis/review.h"

/* What the files of review_site() share. */

struct reviewer {
	const struct site *site;
	const struct catalog *catalog;
	const struct network *net;
	const struct flows *flows;
	int64_t now;
	struct review *out;
};

/** Groups and zones: addresses, overlaps, interfaces, routes. */
void review_places(const struct reviewer *r);
/** Deployments: roles, ranges, conditions, pins. */
void review_deployments(const struct reviewer *r);
/** The firewall: rules that never decide, and what has no effect. */
void review_firewall(const struct reviewer *r);

#endif
