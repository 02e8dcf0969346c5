#ifndef PORTCULLIS_CLI_LIVE_H
#define PORTCULLIS_CLI_LIVE_H

#include <jansson.h>

#include "portcullis/ipsec.h"
#include "portcullis/ruleset.h"
#include "portcullis/verify.h"

/* What the verbs share that look at rulesets themselves, without the daemon. */

/** The kernel's ruleset in this network namespace, with IPsec policies and the names of iptables-legacy tables; needs CAP_NET_ADMIN. */
int live_ruleset(struct ruleset **out, struct error *err) MUST_USE;
/** The ruleset of a file with what `nft -j list ruleset` prints; "-": standard input. */
int dump_ruleset(const char *path, struct ruleset **out, struct error *err) MUST_USE;
struct ly_ctx;
/** The site of a file, checked; *out is the caller's on failure, too (NULL: it could not be read). */
int site_file(const struct ly_ctx *ctx, const struct catalog *catalog, const char *path, struct site **out,
        struct error *err) MUST_USE;
/** Addresses and routes as --network has them. */
int network_file(const char *path, struct network *out, struct error *err) MUST_USE;

/** Text of a ruleset, which can be any bytes, as JSON, which is UTF-8; NULL: "". */
json_t *json_text(const char *s);
/** The rule or policy that decides; null when there is none. */
json_t *json_blame(const struct blame *b);
json_t *json_witness(const struct packet *p);

#endif
