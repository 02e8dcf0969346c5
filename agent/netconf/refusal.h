#ifndef PORTCULLIS_NETCONF_REFUSAL_H
#define PORTCULLIS_NETCONF_REFUSAL_H

#include <libyang/libyang.h>
#include <stdbool.h>

#include "portcullis/error.h"

/**
 * Turn libyang's last error on this thread, about an rpc that does not fit the models, into *err: with the tag of RFC 6241,
 * the parameter and what would be right.
 *
 * @return false: there is no error.
 */
bool refusal_read(const struct ly_ctx *ctx, struct error *err);

#endif
