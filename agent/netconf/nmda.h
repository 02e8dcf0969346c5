#ifndef PORTCULLIS_NETCONF_NMDA_H
#define PORTCULLIS_NETCONF_NMDA_H

#include "netconf/reply.h"

/* Datastores by the names of RFC 8342. */

/** @param identity  "ietf-datastores:running". @return 0, or -1 with ERR_INVALID: not one that can be written. */
int nmda_datastore(const char *identity, enum datastore *out, struct error *err) MUST_USE;
/** Complete what libyang has made of its yang-library: the datastores of this server, all with all modules. */
int nmda_library(struct lyd_node *library, struct error *err) MUST_USE;

#endif
