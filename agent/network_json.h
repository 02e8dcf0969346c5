#ifndef PORTCULLIS_AGENT_NETWORK_JSON_H
#define PORTCULLIS_AGENT_NETWORK_JSON_H

#include <jansson.h>

#include "portcullis/network.h"

/* What the files of the offline form share. */

/** An interface name of 1 to 15 characters; out is all zero before. */
int network_json_ifname(const char *name, char out[IFNAME_SIZE], const char *where, struct error *err) MUST_USE;
/**
 * The entries of `ip -j netconf`.
 *
 * @param list  NULL: there are none.
 */
int network_json_settings(const json_t *list, struct network *net, struct error *err) MUST_USE;
/** One entry of `ip -j rule`; the kernel's own on the tables local and default and on VRFs add nothing. */
int network_json_rule(const json_t *item, const char *list, size_t number, enum family f, struct network *net,
        struct error *err) MUST_USE;

#endif
