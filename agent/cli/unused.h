#ifndef PORTCULLIS_CLI_UNUSED_H
#define PORTCULLIS_CLI_UNUSED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/daemon.h"

/* What the own table lets in and nothing used, for `portcullis conformance --unused`. */

struct unused {
	xmlDoc *doc;
	xmlNode *firewall, *table; /**< firewall NULL: nothing is configured */
	int64_t min_s; /**< what has been counted for less is left out */
	json_t *used; /**< labels of flows that went through some box */
};

/** "45s", "90m", "12h", "30d" or "4w" in seconds. @return false: it is none. */
bool unused_age(const char *text, int64_t *out);
/** Ask the daemon. Release with unused_fini(). @return 0, or -1: it does not answer, or does not show it. */
int unused_ask(const struct daemon_options *o, int64_t min_s, struct unused *out, struct error *err) MUST_USE;
void unused_fini(struct unused *u);
/** Is the mode to enforce, and what the table counted not known? */
bool unused_is_unknown(const struct unused *u);
json_t *unused_json(const struct unused *u);
void unused_show(const struct unused *u);

#endif
