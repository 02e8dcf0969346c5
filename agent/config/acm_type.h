#ifndef CONFIG_ACM_TYPE_H
#define CONFIG_ACM_TYPE_H

#include <libyang/libyang.h>

/**
 * Let the paths of access rules (RFC 8341, node-instance-identifier) be all that their type may be: libyang's own knows
 * neither $USER nor predicates for some of the keys. To be called when the modules of a context are loaded.
 */
void acm_type_install(struct ly_ctx *ctx);

#endif
