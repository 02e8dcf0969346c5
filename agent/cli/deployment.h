#ifndef PORTCULLIS_CLI_DEPLOYMENT_H
#define PORTCULLIS_CLI_DEPLOYMENT_H

#include <jansson.h>

#include "portcullis/catalog.h"

/** A deployment of the product to fill in, as instance data of portcullis.yang; every value to replace is a placeholder. */
json_t *skeleton_build(const struct pack *pack);

#endif
