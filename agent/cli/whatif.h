#ifndef PORTCULLIS_CLI_WHATIF_H
#define PORTCULLIS_CLI_WHATIF_H

#include <jansson.h>

#include "cli/daemon.h"

/** What `portcullis what-if` is asked. */
struct whatif_request {
	struct daemon_options daemon;
	bool candidate, running;
	const char *ruleset; /**< file, or NULL */
	const char *deployment; /**< file: no daemon is asked; or NULL */
	const char *now_deployment, *now_ruleset; /**< files, without a daemon; NULL: the same as then */
	const char *network, *catalog_dir, *own_dir;
};

/** Compare without a daemon. *out: what is printed for programs. */
int whatif_offline(const struct whatif_request *r, json_t **out, struct error *err) MUST_USE;

#endif
