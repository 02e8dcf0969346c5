#ifndef PORTCULLIS_CLI_VERIFY_H
#define PORTCULLIS_CLI_VERIFY_H

#include "portcullis/conformance.h"
#include "portcullis/ipsec.h"

struct ly_ctx;

/** What `portcullis verify` works on, and what it finds. */
struct work {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *site;
	struct network network;
	struct ruleset *ruleset;
	struct flows flows;
	struct findings findings;
	struct openings openings;
	struct summary summary;
	bool live;
	struct ipsec_findings ipsec;
	char **caveat; /**< in the order of conformance_each_caveat() */
	size_t n_caveat, cap_caveat;
};

/** Print it for programs (INTERFACES). */
void verify_print_json(const struct work *w);

#endif
