#ifndef PORTCULLIS_AGENT_FLOW_SITE_H
#define PORTCULLIS_AGENT_FLOW_SITE_H

#include "portcullis/deployment.h"

/* What the files of site_check() share: where the check is, and what it looks at. */

struct checker {
	const struct site *site;
	const struct catalog *catalog;
	const struct group **by_name; /* sorted */
	const struct deployment *deployment; /* being checked */
	const struct pack *pack; /* its product */
	struct error *err;
	char where[256];
};

/** Say where: an instance path below the root; then return error_set(c->err, ERR_INVALID, c->where, ...). */
void checker_at(struct checker *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** NULL when there is none. */
const struct group *checker_group(const struct checker *c, const char *name);
/** One deployment; the groups have been checked. */
int checker_deployment(struct checker *c, const struct deployment *d) MUST_USE;
/** The firewall; groups and zones have been checked. */
int checker_firewall(struct checker *c) MUST_USE;

#endif
